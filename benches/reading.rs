//! Reading and publishing: what the README says of speed. `cargo bench --bench reading -- [POSTS]`
//!
//! Makes sites of synthetic posts of 5 kB and holds, run by run in turn, each step against what anybody has: `cat` and
//! `find` over the same files, and Hugo where `POSTRIDER_HUGO` names its program. Medians and ratios; machines are noisy.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark is told what to do and says what it found"
)]

#[path = "reading/site.rs"]
mod site;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use postrider::clock::Clock;
use postrider::feed;
use postrider::http;
use postrider::library::{Scanner, Settings};
use postrider::publisher;
use postrider::store::{self, Store};

const RUNS: usize = 5;

/// Posts of the site that is held against others; a number on the command line is another.
const POSTS: usize = 10_000;

/// Time must grow as the number of posts does, and no faster.
const SCALE: [usize; 3] = [1_000, 10_000, 100_000];

/// One way of doing something.
type Way<'a> = (&'a str, Box<dyn FnMut() -> Duration + 'a>);

/// Medians, the ways in turn, run by run.
fn medians(ways: &mut [Way<'_>], runs: usize) -> Vec<Duration> {
    let mut times = vec![Vec::new(); ways.len()];
    for run in 0..=runs {
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

/// A site, and where its feeds go.
struct Bench {
    folder: tempfile::TempDir,
    root: PathBuf,
    out: PathBuf,
}

impl Bench {
    fn new(posts: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, out) = (folder.path().join("site"), folder.path().join("out"));
        site::write(&root, posts);
        // What is written to the disk meanwhile would be measured, too.
        let _ = Command::new("sync").status();
        Self { folder, root, out }
    }

    fn settings(&self) -> Settings {
        Settings { root: self.root.clone(), ..Settings::default() }
    }

    /// A configuration with these `feeds`.
    fn config(&self, name: &str, feeds: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        fs_err::write(&file, format!("feeds: {feeds}\n")).expect("a file");
        file
    }

    /// The newest 20 of the site.
    fn newest(&self) -> PathBuf {
        // Archives would write every post: that is the other figure.
        self.config("newest.yaml", "{ entries: 20, by: [], archives: none }")
    }

    /// Into a folder that is not there.
    fn build(&self, config: &Path) -> Command {
        let _ = fs_err::remove_dir_all(&self.out);
        let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
        command.env_remove("POSTRIDER_HUGO");
        command.arg("--config").arg(config).arg("--site").arg(&self.root).arg("build").arg("--out").arg(&self.out);
        command
    }

    fn hugo(&self, hugo: &OsString, config: &str) -> Command {
        let out = self.folder.path().join("hugo");
        let _ = fs_err::remove_dir_all(&out);
        let mut command = Command::new(hugo);
        command.args(["--config", config, "-d"]).arg(out).current_dir(&self.root);
        command
    }

    fn cat(&self) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg("find content -name '*.md' -print0 | xargs -0 cat").current_dir(&self.root);
        command
    }

    fn find(&self) -> Command {
        let mut command = Command::new("find");
        command.args(["content", "-printf", "%p %T@ %s\n"]).current_dir(&self.root);
        command
    }

    fn first_scan(&self) -> Duration {
        let mut scanner = Scanner::new(self.settings());
        let begun = Instant::now();
        let scan = scanner.scan().expect("a site");
        let took = begun.elapsed();
        drop(scan);
        took
    }

    /// A scanner that has read everything, and will not read anything once more.
    fn known(&self) -> Scanner {
        let mut known = Scanner::new(self.settings());
        known.scan().expect("a site");
        known.scan_at(settled()).expect("a site");
        known
    }
}

/// What was written just before it was read is read once more, and then never again.
fn settled() -> Instant {
    Instant::now() + Duration::from_secs(6)
}

fn rescan(known: &mut Scanner) -> Duration {
    // The edit of the last run is another matter.
    known.scan_at(settled()).expect("a site");
    let begun = Instant::now();
    known.scan().expect("a site");
    assert_eq!(known.files_read(), 0);
    begun.elapsed()
}

/// When the site's feed became another one. What is served is coded afterwards, for which nobody waits.
fn when_other(published: &ArcSwap<http::Published>, before: &http::Published) -> Instant {
    let hash = |published: &http::Published| published.documents.get("rss.xml").map(|served| served.hash.clone());
    while hash(&published.load()) == hash(before) {
        std::thread::sleep(Duration::from_millis(1));
    }
    Instant::now()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Each step beside what anybody has.
fn beside_others(posts: usize) {
    let bench = Bench::new(posts);
    let (newest, hugo) = (bench.newest(), std::env::var_os("POSTRIDER_HUGO"));
    let mut known = bench.known();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut parts = publisher::Parts {
        scanner: Scanner::new(bench.settings()),
        store: runtime
            .block_on(Store::open(&store::Settings {
                url: format!("sqlite:{}", bench.folder.path().join("published.db").display()),
                secret: None,
            }))
            .expect("a store"),
        identities: publisher::Identities::default(),
        memory: publisher::Memory::default(),
        feeds: feed::Settings {
            by: vec![feed::Family::Tag, feed::Family::Section, feed::Family::Language],
            public_url: "https://feeds.example.org/".to_owned(),
            archives: feed::Archives::None,
            ..feed::Settings::default()
        },
        published: Arc::new(ArcSwap::default()),
        digests: Vec::new(),
        clock: Clock::System,
        rescan: Duration::from_mins(5),
    };
    runtime.block_on(publisher::step(&mut parts, Clock::System.now())).expect("published");
    parts.scanner.scan_at(settled()).expect("a site");
    let mut edits = 0;
    let mut ways: Vec<Way<'_>> = vec![
        ("cat of all files", Box::new(|| timed(&mut bench.cat()))),
        ("find with time and size", Box::new(|| timed(&mut bench.find()))),
        ("build, RSS, Atom, JSON of the newest 20", Box::new(|| timed(&mut bench.build(&newest)))),
        ("first scan", Box::new(|| bench.first_scan())),
        ("re-scan, nothing changed", Box::new(|| rescan(&mut known))),
        (
            "the newest post changed, served again",
            Box::new(|| {
                edits += 1;
                let file = site::file(&bench.root, site::newest(posts));
                let text = fs_err::read_to_string(&file).expect("a file");
                fs_err::write(&file, format!("{text}\nEdit {edits}.\n")).expect("a file");
                // As the system tells the daemon.
                let below = file.strip_prefix(&bench.root).expect("below the site");
                parts.scanner.only(vec![below.to_string_lossy().into_owned()]);
                let (served, before) = (Arc::clone(&parts.published), parts.published.load_full());
                let begun = Instant::now();
                let news = std::thread::spawn(move || when_other(&served, &before));
                runtime.block_on(publisher::step(&mut parts, Clock::System.now())).expect("published");
                news.join().expect("no panic").duration_since(begun)
            }),
        ),
    ];
    if let Some(hugo) = &hugo {
        ways.push(("Hugo, RSS of the newest 20", Box::new(|| timed(&mut bench.hugo(hugo, site::NEWEST)))));
    }
    let times = medians(&mut ways, RUNS);
    println!("\n{posts} posts of 5 kB, medians of {RUNS}");
    for ((name, _), time) in ways.iter().zip(&times) {
        println!("{name:44} {:9.1} ms", ms(*time));
    }
    drop(ways);
    let ratio = |what: &str, a: Duration, b: Duration| println!("{what:60} {:6.2}", ms(a) / ms(b));
    ratio("first scan / cat", times[3], times[0]);
    ratio("re-scan / find", times[4], times[1]);
    if hugo.is_some() {
        ratio("Hugo's RSS / build of the newest 20", times[6], times[2]);
    }

    let all =
        bench.config("whole.yaml", &format!("{{ entries: {posts}, max_bytes: 4000000000, by: [], archives: none }}"));
    let mut ways: Vec<Way<'_>> = vec![("build, every post in full", Box::new(|| timed(&mut bench.build(&all))))];
    if let Some(hugo) = &hugo {
        ways.push(("Hugo, RSS with every post in full", Box::new(|| timed(&mut bench.hugo(hugo, site::WHOLE)))));
    }
    let times = medians(&mut ways, 3);
    for ((name, _), time) in ways.iter().zip(&times) {
        println!("{name:44} {:9.1} ms", ms(*time));
    }
    if hugo.is_some() {
        ratio("Hugo's RSS in full / build in full", times[1], times[0]);
    }
}

/// The same at another size, and what it takes of memory.
fn at_scale(posts: usize) {
    let bench = Bench::new(posts);
    let (newest, families) = (bench.newest(), bench.config("families.yaml", "{ entries: 50 }"));
    let mut known = bench.known();
    let mut ways: Vec<Way<'_>> = vec![
        ("build", Box::new(|| timed(&mut bench.build(&newest)))),
        ("first scan", Box::new(|| bench.first_scan())),
        ("re-scan", Box::new(|| rescan(&mut known))),
    ];
    let times = medians(&mut ways, 3);
    drop(ways);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(u32::try_from(posts).unwrap_or(u32::MAX));
    println!(
        "{posts:7} posts: build {:7.1} ms ({:4.1} us each), first scan {:7.1} ms ({:4.1}), re-scan {:6.1} ms ({:4.1}); \
         at its peak, build takes {} MiB for the newest 20, {} MiB for every feed",
        ms(times[0]),
        each(times[0]),
        ms(times[1]),
        each(times[1]),
        ms(times[2]),
        each(times[2]),
        peak(&mut bench.build(&newest)) / 1024,
        peak(&mut bench.build(&families)) / 1024,
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let posts = arguments.next().and_then(|count| count.parse().ok());
    beside_others(posts.unwrap_or(POSTS));
    if posts.is_none() {
        println!();
        SCALE.into_iter().for_each(at_scale);
    }
}
