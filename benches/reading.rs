//! Reading and publishing: what the README says of speed. `cargo bench --bench reading -- [POSTS]`
//!
//! Makes a site of synthetic posts of 5 kB and holds, run by run in turn, each step against what anybody has: `cat` and
//! `find` over the same files, and Hugo where `POSTRIDER_HUGO` names its program. Medians and ratios; machines are noisy.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark is told what to do and says what it found"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use postrider::clock::Clock;
use postrider::feed;
use postrider::library::{Scanner, Settings};
use postrider::publisher;
use postrider::store::{self, Store};

const RUNS: usize = 5;

/// Words to fill posts with; ours.
const WORDS: [&str; 24] = [
    "harbour", "lantern", "the", "keeper", "writes", "a", "letter", "to", "every", "ship", "that", "asked", "for",
    "news", "and", "posts", "it", "at", "dawn", "before", "gulls", "wake", "over", "water",
];

/// The same posts on every machine.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % below
    }

    fn sentence(&mut self) -> String {
        let words: Vec<&str> = (0..6 + self.next(14)).map(|_| WORDS[self.next(WORDS.len())]).collect();
        format!("{}. ", words.join(" "))
    }
}

fn post(noise: &mut Noise, number: usize) -> String {
    let (year, month, day) = (2000 + number / 336 % 25, 1 + number / 28 % 12, 1 + number % 28);
    let mut text = format!(
        "---\ntitle: \"Letter {number} from the harbour\"\ndate: {year}-{month:02}-{day:02}T{:02}:{:02}:00+08:00\n\
         author: keeper {}\ntags: [news, topic {}]\ndescription: What happened in week {number}\n---\n\n",
        number % 24,
        number / 24 % 60,
        number % 7,
        number % 40,
    );
    let mut part = 0;
    while text.len() < 5000 {
        part += 1;
        match part % 5 {
            0 => {
                let _ = write!(text, "## Part {part}\n\n");
            }
            1 => {
                let _ = write!(
                    text,
                    "- [{}](https://www.example.org/{number}/{part}/)\n- `code` and **bold**\n\n",
                    noise.sentence()
                );
            }
            _ => {
                let sentences: String = (0..4).map(|_| noise.sentence()).collect();
                let _ = write!(text, "{sentences}\n\n");
            }
        }
    }
    text
}

fn site(root: &Path, posts: usize) {
    let mut noise = Noise(7);
    fs_err::create_dir_all(root.join("content/posts")).expect("folders");
    fs_err::write(root.join("hugo.toml"), SITE).expect("a file");
    fs_err::write(root.join("newest.toml"), format!("{SITE}{RSS_ALONE}[services.rss]\nlimit = 20\n")).expect("a file");
    for number in 0..posts {
        let folder = root.join(format!("content/posts/{}", number / 500));
        if number % 500 == 0 {
            fs_err::create_dir_all(&folder).expect("folders");
        }
        fs_err::write(folder.join(format!("letter-{number}.md")), post(&mut noise, number)).expect("a file");
    }
}

const SITE: &str = "baseURL = \"https://www.example.org/\"\ntitle = \"Harbour\"\nlanguageCode = \"en\"\n";

/// Hugo writes its home page's RSS feed and nothing else.
const RSS_ALONE: &str = "disableKinds = [\"page\", \"section\", \"taxonomy\", \"term\", \"sitemap\", \"404\", \"robotsTXT\"]\n\
                         [outputs]\nhome = [\"rss\"]\n";

/// One way of doing something.
type Way<'a> = (&'a str, Box<dyn FnMut() -> Duration + 'a>);

/// Medians, the ways in turn, run by run.
fn medians(ways: &mut [Way<'_>]) -> Vec<Duration> {
    let mut times = vec![Vec::new(); ways.len()];
    for run in 0..=RUNS {
        for ((_, way), times) in ways.iter_mut().zip(&mut times) {
            let took = way();
            // The first warms the caches.
            if run > 0 {
                times.push(took);
            }
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort();
            times[times.len() / 2]
        })
        .collect()
}

fn timed(command: &mut Command) -> Duration {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program");
    assert!(status.success(), "{command:?}");
    begun.elapsed()
}

fn settings(root: &Path) -> Settings {
    Settings { root: root.to_owned(), ..Settings::default() }
}

/// Peak memory of a program, KiB.
fn peak(command: &mut Command) -> u64 {
    let program = command.get_program().to_owned();
    let mut measured = Command::new("python3");
    measured.env_remove("POSTRIDER_HUGO");
    measured
        .arg("-c")
        .arg("import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL);print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        .arg(program)
        .args(command.get_args());
    let out = measured.output().expect("python3");
    String::from_utf8_lossy(&out.stdout).trim().parse().unwrap_or(0)
}

fn build(config: &Path, root: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
    command.env_remove("POSTRIDER_HUGO");
    command.arg("--config").arg(config).arg("--site").arg(root).arg("build").arg("--out").arg(out);
    command
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let posts = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("site");
    site(&root, posts);
    let config = |name: &str, feeds: &str| {
        let file = folder.path().join(name);
        fs_err::write(&file, format!("feeds: {feeds}\n")).expect("a file");
        file
    };
    let newest = config("newest.yaml", "{ entries: 20, by: [] }");
    let whole = config("whole.yaml", &format!("{{ entries: {posts}, max_bytes: 4000000000, by: [] }}"));
    let out = folder.path().join("out");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");

    let fresh_out = || {
        let _ = fs_err::remove_dir_all(&out);
    };
    let mut known = Scanner::new(settings(&root));
    known.scan().expect("a site");
    // What was written just before it was read is read once more, and then never again.
    let settled = || Instant::now() + Duration::from_secs(6);
    known.scan_at(settled()).expect("a site");
    let mut parts = publisher::Parts {
        scanner: Scanner::new(settings(&root)),
        store: runtime
            .block_on(Store::open(&store::Settings {
                url: format!("sqlite:{}", folder.path().join("published.db").display()),
                secret: None,
            }))
            .expect("a store"),
        identities: publisher::Identities::default(),
        feeds: feed::Settings {
            entries: 50,
            max_bytes: 1_000_000,
            by: vec![feed::Family::Tag, feed::Family::Section, feed::Family::Language],
            public_url: "https://feeds.example.org/".to_owned(),
        },
        published: Arc::new(ArcSwap::default()),
        digests: Vec::new(),
        clock: Clock::System,
        rescan: Duration::from_mins(5),
    };
    runtime.block_on(publisher::step(&mut parts, Clock::System.now())).expect("published");
    parts.scanner.scan_at(settled()).expect("a site");
    let hugo = std::env::var_os("POSTRIDER_HUGO");
    let hugo_out = folder.path().join("hugo");
    let mut edits = 0;
    let mut ways: Vec<Way<'_>> = vec![
        (
            "cat of all files",
            Box::new(|| {
                timed(
                    Command::new("sh")
                        .arg("-c")
                        .arg("find content -name '*.md' -print0 | xargs -0 cat")
                        .current_dir(&root),
                )
            }),
        ),
        (
            "find with time and size",
            Box::new(|| timed(Command::new("find").args(["content", "-printf", "%p %T@ %s\n"]).current_dir(&root))),
        ),
        (
            "build, RSS, Atom, JSON of the newest 20",
            Box::new(|| {
                fresh_out();
                timed(&mut build(&newest, &root, &out))
            }),
        ),
        (
            "build, every post in full",
            Box::new(|| {
                fresh_out();
                timed(&mut build(&whole, &root, &out))
            }),
        ),
        (
            "first scan",
            Box::new(|| {
                let begun = Instant::now();
                Scanner::new(settings(&root)).scan().expect("a site");
                begun.elapsed()
            }),
        ),
        (
            "re-scan, nothing changed",
            Box::new(|| {
                // The edit of the last run is another matter.
                known.scan().expect("a site");
                let begun = Instant::now();
                known.scan().expect("a site");
                assert_eq!(known.files_read(), 0);
                begun.elapsed()
            }),
        ),
        (
            "one post changed, published again",
            Box::new(|| {
                edits += 1;
                let file = root.join("content/posts/0/letter-7.md");
                let text = fs_err::read_to_string(&file).expect("a file");
                fs_err::write(&file, format!("{text}\nEdit {edits}.\n")).expect("a file");
                let begun = Instant::now();
                runtime.block_on(publisher::step(&mut parts, Clock::System.now())).expect("published");
                begun.elapsed()
            }),
        ),
    ];
    if let Some(hugo) = &hugo {
        let (root, out) = (&root, &hugo_out);
        let run = move || {
            let _ = fs_err::remove_dir_all(out);
            timed(Command::new(hugo).args(["--config", "newest.toml", "-d"]).arg(out).current_dir(root))
        };
        ways.push(("Hugo, RSS of the newest 20", Box::new(run)));
    }
    let names: Vec<&str> = ways.iter().map(|(name, _)| *name).collect();
    let times = medians(&mut ways);
    drop(ways);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("\n{posts} posts of 5 kB, medians of {RUNS}");
    for (name, time) in names.iter().zip(&times) {
        println!("{name:40} {:9.1} ms", ms(*time));
    }
    let ratio = |what: &str, a: usize, b: usize| println!("{what:60} {:.2}", ms(times[a]) / ms(times[b]));
    ratio("first scan / cat", 4, 0);
    ratio("re-scan / find", 5, 1);
    if hugo.is_some() {
        ratio("Hugo's RSS / all three formats of the newest 20", 7, 2);
        ratio("Hugo's RSS of the newest 20 / all three formats in full", 7, 3);
    }
    println!("peak memory of build, newest 20: {} MiB", peak(&mut build(&newest, &root, &out)) / 1024);
}
