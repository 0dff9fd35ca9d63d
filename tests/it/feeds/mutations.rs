//! Real files of every generator with real faults, each in a small site of its generator beside healthy posts: read,
//! shown and written into feeds. Nothing panics or hangs, and the healthy posts stay what they were.
//!
//! `POSTRIDER_TEST_LONG=1` makes it 100,000 files, none of which may take a quarter of a second, and says which was the
//! slowest; in time of the processors: whatever else the machine does counts for nothing, but other tests do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use postrider::feed;
use postrider::library::{self, Library, Scanner};
use postrider::post::body::Bodies as _;
use postrider::post::{Page, id};

use super::hostile::settings;
use super::mutation::mutated;
use super::noise::Noise;
use crate::support::peers;

/// No file may take more of the processors: counted in the long run, where nothing else runs and all is optimised.
const LIMIT: Duration = Duration::from_millis(250);

/// Longer than any machine takes for one file; who is still at it then hangs.
const HANGS: Duration = Duration::from_mins(2);

/// A site of one generator, with healthy posts and one place for a broken one.
struct Site {
    /// As the corpora's names begin.
    corpora: &'static [&'static str],
    /// Its configuration: name and text.
    config: (&'static str, &'static str),
    /// Of a post: what stands before and behind its name.
    post: (&'static str, &'static str),
}

const SITES: [Site; 7] = [
    Site {
        corpora: &["sofastack", "letsencrypt", "linkerd", "grpc", "vitess"],
        config: ("hugo.toml", "baseURL = \"https://www.example.org/\"\n"),
        post: ("content/blog/", ".md"),
    },
    Site {
        corpora: &["jekyll-docs", "jekyll-testsite", "bitcoincore"],
        config: ("_config.yml", "url: https://www.example.org\npermalink: pretty\n"),
        post: ("_posts/2021-01-02-", ".md"),
    },
    Site {
        corpora: &["rust-blog", "zola-docs"],
        config: ("config.toml", "base_url = \"https://www.example.org\"\n[markdown]\n"),
        post: ("content/blog/", ".md"),
    },
    Site {
        corpora: &["hexo-site"],
        config: ("_config.yml", "url: https://www.example.org\nnew_post_name: :title.md\nsource_dir: source\n"),
        post: ("source/_posts/", ".md"),
    },
    Site {
        corpora: &["react-native", "helm"],
        config: (
            "docusaurus.config.js",
            "module.exports = { url: 'https://www.example.org', baseUrl: '/', presets: [['classic', { blog: {} }]] };\n",
        ),
        post: ("blog/2021-01-02-", ".mdx"),
    },
    Site {
        corpora: &["v8"],
        config: (".eleventy.js", "module.exports = (config) => ({ dir: { input: 'src' } });\n"),
        post: ("src/blog/", ".md"),
    },
    Site {
        corpora: &["this-week-in-rust"],
        config: ("pelicanconf.py", "SITEURL = 'https://www.example.org'\nTIMEZONE = 'UTC'\nPATH = 'content'\n"),
        post: ("content/", ".md"),
    },
];

const HEALTHY: [&str; 3] = ["anchor", "beacon", "compass"];

impl Site {
    fn file(&self, root: &Path, name: &str) -> PathBuf {
        root.join(format!("{}{name}{}", self.post.0, self.post.1))
    }

    fn write(&self, root: &Path) {
        let (name, text) = self.config;
        fs_err::write(root.join(name), text).expect("the configuration");
        for name in HEALTHY {
            let header = format!("title: About the {name}\ndate: 2021-01-02 10:00:00\n");
            let body = format!("Only this post knows what a **{name}** is for: see <https://{name}.example/>.\n");
            let file = self.file(root, name);
            fs_err::create_dir_all(file.parent().expect("a folder")).expect("folders");
            fs_err::write(file, format!("---\n{header}---\n\n{body}")).expect("a post");
        }
    }
}

/// What a healthy post is, whatever lies beside it.
fn healthy(library: &Library) -> Vec<(Page, String)> {
    let posts: Vec<_> =
        library.posts.iter().filter(|post| HEALTHY.iter().any(|name| post.path.contains(name))).cloned().collect();
    let full = library.bodies.full(&posts).expect("bodies");
    full.iter().map(|full| (Page { version: 0, ..(*full.post.page).clone() }, full.shown.html.to_string())).collect()
}

/// Real pages: ours, and those of the generator's corpora.
fn originals(site: &Site, into: &Path) -> Vec<(String, Vec<u8>)> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![ours.join("tests/fixtures/feeds"), ours.join("templates/demo")];
    for name in site.corpora {
        if let Some(corpora) = peers::corpora() {
            let archive = corpora.join(format!("{name}.tar.gz"));
            peers::run(Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(into), b"");
            folders.push(into.join(name));
        }
    }
    let walk = |folder: PathBuf| walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = folders.into_iter().flat_map(walk).map(|entry| entry.expect("an entry"));
    let is_page = |path: &Path| {
        path.extension().is_some_and(|end| ["md", "mdx", "markdown", "html"].iter().any(|page| end == *page))
    };
    let pages = files.filter(|entry| entry.file_type().is_file() && is_page(entry.path()));
    pages.map(|entry| (entry.path().display().to_string(), fs_err::read(entry.path()).expect("a page"))).collect()
}

/// Ends the program when nothing is told for [`HANGS`], and says which file it was.
fn watchdog() -> Sender<String> {
    let (tell, told) = channel::<String>();
    std::thread::spawn(move || {
        let mut at = String::new();
        loop {
            match told.recv_timeout(HANGS) {
                Ok(next) => at = next,
                Err(RecvTimeoutError::Timeout) => {
                    eprintln!("hangs at {at}");
                    std::process::abort();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    tell
}

/// What this program has had of the processors so far, in steps of 10 ms: `utime` and `stime` of proc(5).
fn processor_time() -> Duration {
    let stat = fs_err::read_to_string("/proc/self/stat").expect("proc");
    let fields = stat.rsplit_once(')').expect("a name").1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(10 * ticks)
}

#[test]
#[expect(clippy::print_stdout, reason = "the long run's figures are read by people")]
fn a_broken_file_of_any_generator_harms_no_other() {
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let long = std::env::var_os("POSTRIDER_TEST_LONG").is_some();
    let files: usize = if long { 100_000 } else { 700 };
    let watchdog = watchdog();
    let mut noise = Noise(0x9057_21de);
    let mut slowest = (Duration::ZERO, String::new());
    let (mut read, mut tried) = (0, 0);
    for site in &SITES {
        let folder = tempfile::tempdir().expect("a folder");
        let originals = originals(site, folder.path());
        let root = folder.path().join("the site");
        fs_err::create_dir_all(&root).expect("a folder");
        site.write(&root);
        let url = Some("https://www.example.org/".to_owned());
        let mut scanner = Scanner::new(library::Settings { root: root.clone(), url, ..library::Settings::default() });
        let mut made = |at: &str| {
            let scan = scanner.scan().unwrap_or_else(|problems| panic!("{at}: {problems:?}"));
            let own = scan.problems.iter().find(|problem| problem.what.contains("Postrider's own"));
            assert!(own.is_none(), "{at}: {own:?}");
            let ids = id::assign(&[], &scan.pages);
            Library::new(&scan, &ids, "2026-11-22T12:00:00Z".parse().expect("a time"))
        };
        let before = healthy(&made("the healthy posts"));
        assert_eq!(before.len(), HEALTHY.len(), "{:?}", site.config);
        for round in 0..files.div_ceil(SITES.len()) {
            let (name, bytes) = &originals[noise.next(originals.len())];
            let other = &originals[noise.next(originals.len())].1;
            let broken = mutated(&mut noise, bytes.clone(), other);
            let at = format!("{name}, round {round} of {}", site.corpora[0]);
            watchdog.send(at.clone()).expect("a watchdog");
            fs_err::write(site.file(&root, "broken"), &broken).expect("written");
            let begun = processor_time();
            let settings = feed::Settings { by: Vec::new(), ..settings() };
            // Files of one size, written within one tick of the clock, look the same: the next scan reads such a one anew.
            let (library, feeds) = (0..3)
                .find_map(|_| {
                    let library = made(&at);
                    let none = BTreeMap::new();
                    let feeds = feed::documents(&library.site, &library.posts, &settings, &library.bodies, &none);
                    feeds.ok().map(|feeds| (library, feeds))
                })
                .unwrap_or_else(|| panic!("{at}: never read as it was scanned"));
            let took = processor_time().saturating_sub(begun);
            if took > slowest.0 {
                slowest = (took, format!("{at}, {} bytes", broken.len()));
            }
            assert!(feeds.documents.iter().all(|document| !document.body.is_empty()), "{at}");
            assert_eq!(healthy(&library), before, "{at}");
            tried += 1;
            read += usize::from(library.all.len() > HEALTHY.len());
        }
    }
    println!("{tried} broken files, {read} of them read; the slowest took {:?}: {}", slowest.0, slowest.1);
    assert!(!long || slowest.0 < LIMIT, "{:?}: {}", slowest.0, slowest.1);
    assert!(read * 4 > tried, "hardly a file is read any more: {read} of {tried}");
}
