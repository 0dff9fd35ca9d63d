//! A folder that changes all the time: whatever was seen on the way, a scanner that has seen it all ends where a fresh one
//! begins. The clock is a parameter; nothing here waits.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postrider::clock::Clock;
use postrider::feed;
use postrider::library::{Library, Scan, Scanner};
use postrider::post::{Page, id};
use postrider::publisher::{self, Parts};
use postrider::store::{self, Store};

use super::{settings, site};

const CONFIGURATION: &[u8] = b"baseURL = \"https://www.example.org/\"\ntitle = \"A weekly\"\n";

/// A site, the scanner that watches it, and its clock.
struct Bench {
    folder: tempfile::TempDir,
    scanner: Scanner,
    now: Instant,
}

impl Bench {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = site(&[&[("hugo.toml", CONFIGURATION)], files].concat());
        let scanner = Scanner::new(settings(folder.path()));
        Self { folder, scanner, now: Instant::now() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A scan some time after the last one.
    fn scan(&mut self, later: Duration) -> Scan {
        self.now += later;
        self.scanner.scan_at(self.now).expect("a site")
    }

    /// What a fresh start says, and that the long-lived scanner says the same.
    fn agree(&mut self) -> Scan {
        let mut mine = self.scan(Duration::from_secs(6));
        if self.scanner.unsettled() {
            mine = self.scan(Duration::from_secs(1));
        }
        assert!(!self.scanner.unsettled());
        let fresh = Scanner::new(settings(self.folder.path())).scan().expect("a site");
        // How often it has changed is a matter of who has looked.
        let pages = |scan: &Scan| -> Vec<Page> {
            scan.pages.iter().map(|page| Page { version: 0, ..Page::clone(page) }).collect()
        };
        for (mine, fresh) in pages(&mine).iter().zip(&pages(&fresh)) {
            assert_eq!(mine, fresh);
        }
        assert_eq!(mine.pages.len(), fresh.pages.len());
        assert_eq!(mine.problems, fresh.problems);
        assert_eq!(mine.site, fresh.site);
        mine
    }

    /// The feeds of the long-lived scanner are those of a fresh one, byte by byte.
    fn feeds_agree(&mut self) {
        let mine = self.agree();
        let fresh = Scanner::new(settings(self.folder.path())).scan().expect("a site");
        assert!(feeds(&mine) == feeds(&fresh), "a fresh start writes other feeds");
    }
}

/// Address and text of every feed of a scan.
fn feeds(scan: &Scan) -> Vec<(String, String)> {
    let now = "2026-11-22T12:00:00Z".parse().expect("a time");
    let library = Library::new(scan, &id::assign(&[], &scan.pages), now);
    let settings = crate::feeds::hostile::settings();
    let none = BTreeMap::new();
    let made = feed::documents(&library.site, &library.posts, &settings, &library.bodies, &none).expect("feeds");
    made.documents.into_iter().map(|document| (document.path, document.body.to_string())).collect()
}

fn post(title: &str, text: &str) -> Vec<u8> {
    format!("---\ntitle: {title}\ndate: 2021-10-15\n---\n{text}\n").into_bytes()
}

fn write(path: &Path, bytes: &[u8]) {
    fs_err::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs_err::write(path, bytes).expect("written");
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = fs_err::OpenOptions::new().append(true).create(true).open(path).expect("opened");
    file.write_all(bytes).expect("written");
}

/// Of the one post `x.md`: its title, and whether its text is there to the end.
fn seen(scan: &Scan) -> Option<(String, String)> {
    let mut pages = scan.pages.iter();
    let found = pages.next().map(|page| (page.path.clone(), page.title.clone()));
    assert!(pages.next().is_none(), "a file on the way is no page: {:?}", scan.pages);
    found
}

/// A step of an editor's, on the post's path.
type Step = fn(&Path);

fn beside(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}

fn new_text() -> Vec<u8> {
    post("New", &"Many words. ".repeat(50))
}

/// What is on the disk on the way, and what may be seen of it: the old post, the new one, or for a moment none.
#[test]
fn editors_leave_nothing_behind_and_show_nothing_half() {
    let patterns: [(&str, &[Step]); 9] = [
        (
            "vim",
            &[
                |path| write(&beside(path, ".x.md.swp"), b"b0VIM 9.0"),
                |path| write(&beside(path, "4913"), b""),
                |path| fs_err::remove_file(beside(path, "4913")).expect("removed"),
                |path| fs_err::rename(path, beside(path, "x.md~")).expect("renamed"),
                |path| write(path, &new_text()),
                |path| fs_err::remove_file(beside(path, "x.md~")).expect("removed"),
                |path| fs_err::remove_file(beside(path, ".x.md.swp")).expect("removed"),
            ],
        ),
        (
            "emacs",
            &[
                |path| std::os::unix::fs::symlink("me@host.1:2", beside(path, ".#x.md")).expect("linked"),
                |path| write(&beside(path, "#x.md#"), &new_text()[..100]),
                |path| fs_err::copy(path, beside(path, "x.md~")).map(drop).expect("copied"),
                |path| write(path, &new_text()),
                |path| fs_err::remove_file(beside(path, "#x.md#")).expect("removed"),
                |path| fs_err::remove_file(beside(path, ".#x.md")).expect("removed"),
            ],
        ),
        ("emptied and written", &[|path| write(path, b""), |path| append(path, &new_text())]),
        (
            "written beside and renamed",
            &[
                |path| write(&beside(path, ".x.md.AbC123"), &new_text()[..60]),
                |path| append(&beside(path, ".x.md.AbC123"), &new_text()[60..]),
                |path| fs_err::rename(beside(path, ".x.md.AbC123"), path).expect("renamed"),
            ],
        ),
        (
            "an IDE",
            &[
                |path| write(&beside(path, "x.md___jb_tmp___"), &new_text()),
                |path| fs_err::rename(path, beside(path, "x.md___jb_old___")).expect("renamed"),
                |path| fs_err::rename(beside(path, "x.md___jb_tmp___"), path).expect("renamed"),
                |path| fs_err::remove_file(beside(path, "x.md___jb_old___")).expect("removed"),
            ],
        ),
        (
            "sed",
            &[
                |path| write(&beside(path, "sedAbC123"), &new_text()),
                |path| fs_err::rename(beside(path, "sedAbC123"), path).expect("renamed"),
            ],
        ),
        (
            "another name",
            &[
                |path| write(&beside(path, "x.md.part"), &new_text()),
                |path| write(&beside(path, "x.md.tmp"), &new_text()),
                |path| fs_err::remove_file(beside(path, "x.md.part")).expect("removed"),
                |path| fs_err::rename(beside(path, "x.md.tmp"), path).expect("renamed"),
            ],
        ),
        ("removed and written", &[|path| fs_err::remove_file(path).expect("removed"), |path| write(path, &new_text())]),
        (
            "the same size at the same time",
            &[|path| {
                let was = fs_err::metadata(path).and_then(|found| found.modified()).expect("a time");
                write(path, &new_text());
                let file = fs_err::OpenOptions::new().write(true).open(path).expect("opened");
                file.into_parts().0.set_modified(was).expect("set back");
            }],
        ),
    ];
    for (name, steps) in patterns {
        let old = post("Old", &"Many words. ".repeat(50));
        assert_eq!(old.len(), new_text().len());
        let mut bench = Bench::new(&[("content/blog/x.md", &old)]);
        let path = bench.path("content/blog/x.md");
        let whole = |title: &str| Some(("content/blog/x.md".to_owned(), title.to_owned()));
        assert_eq!(seen(&bench.agree()), whole("Old"));
        for step in steps {
            step(&path);
            let now = seen(&bench.scan(Duration::from_millis(20)));
            assert!(now.is_none() || now == whole("Old") || now == whole("New"), "{name}: {now:?}");
        }
        assert_eq!(seen(&bench.agree()), whole("New"), "{name}");
    }
}

#[test]
fn an_emptied_file_is_believed_only_after_a_while() {
    let mut bench = Bench::new(&[("content/blog/x.md", &post("Old", "Text."))]);
    let path = bench.path("content/blog/x.md");
    bench.agree();
    write(&path, b"");
    for _ in 0..2 {
        assert_eq!(bench.scan(Duration::from_millis(100)).pages[0].title, "Old");
        assert!(bench.scanner.unsettled(), "somebody must look again soon");
    }
    assert_eq!(bench.scan(Duration::from_millis(300)).pages[0].title, "");
    assert!(!bench.scanner.unsettled());
    bench.agree();
    // A new one is what it is, and the old one counts from the day on which it was emptied.
    write(&bench.path("content/blog/y.md"), b"");
    write(&path, &post("New", "Text."));
    assert_eq!(bench.scan(Duration::from_millis(10)).pages.len(), 2);
    write(&path, b"");
    assert_eq!(bench.scan(Duration::from_millis(10)).pages[0].title, "New");
}

/// Git's "racily clean": what is written twice within one tick of the file system's clock has one stamp.
#[test]
fn two_edits_in_one_tick_are_two() {
    let mut bench = Bench::new(&[("content/blog/x.md", &post("N0000", "Text."))]);
    let path = bench.path("content/blog/x.md");
    let stamp = || {
        let found = fs_err::metadata(&path).expect("there");
        (found.ctime(), found.ctime_nsec(), found.mtime(), found.mtime_nsec(), found.size(), found.ino())
    };
    let mut hidden = 0;
    for number in 0..200 {
        write(&path, &post(&format!("N{:04}", 2 * number), "Text."));
        bench.scan(Duration::from_secs(6));
        let before = stamp();
        write(&path, &post(&format!("N{:04}", 2 * number + 1), "Text."));
        hidden += usize::from(stamp() == before);
        let scan = bench.scan(Duration::from_secs(6));
        assert_eq!(scan.pages[0].title, format!("N{:04}", 2 * number + 1));
    }
    eprintln!("{hidden} of 200 changes left no other trace");
    // And then it is done with: nothing is read for ever.
    bench.scan(Duration::from_secs(6));
    bench.scan(Duration::from_secs(6));
    assert_eq!(bench.scanner.files_read(), 0);
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "gc.auto=0"]);
    command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let done = command.output().expect("git runs");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn another_branch_and_a_pull_of_a_thousand_files() {
    let mut bench = Bench::new(&[]);
    for number in 0..50 {
        write(&bench.path(&format!("content/blog/{number}.md")), &post(&format!("Old {number}"), "Text."));
    }
    let root = bench.folder.path().to_owned();
    git(&root, &["init", "-q", "-b", "main"]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-q", "-m", "one"]);
    git(&root, &["checkout", "-q", "-b", "other"]);
    git(&root, &["mv", "content/blog", "content/posts"]);
    for number in 0..1000 {
        write(&bench.path(&format!("content/posts/new-{number}.md")), &post(&format!("New {number}"), "Text."));
    }
    git(&root, &["rm", "-q", "-f", "content/posts/7.md"]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-q", "-m", "two"]);
    for (branch, pages) in [("main", 50), ("other", 1049), ("main", 50)] {
        git(&root, &["checkout", "-q", branch]);
        assert_eq!(bench.agree().pages.len(), pages);
    }
    git(&root, &["merge", "-q", "other"]);
    assert_eq!(bench.agree().pages.len(), 1049);
    git(&root, &["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(bench.agree().pages.len(), 50);
    assert_eq!(bench.scanner.files_read(), 50);
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % below.max(1)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    walk.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

/// People, editors and Git at work on a site, all at once.
struct Crowd {
    root: PathBuf,
    content: PathBuf,
    dice: Dice,
    removed: Vec<(PathBuf, Vec<u8>)>,
    commits: usize,
    done: usize,
}

impl Crowd {
    fn at(root: &Path, seed: u64) -> Self {
        let content = root.join("content");
        for number in 0..20 {
            write(&content.join(format!("blog/{number}.md")), &post(&format!("First {number}"), "Text."));
        }
        git(root, &["init", "-q", "-b", "main"]);
        git(root, &["add", "-A"]);
        git(root, &["commit", "-q", "-m", "one"]);
        git(root, &["branch", "other"]);
        Self { root: root.to_owned(), content, dice: Dice(seed), removed: Vec::new(), commits: 0, done: 0 }
    }

    /// One operation; `look` is called while a file is half written.
    fn operate(&mut self, mut look: impl FnMut()) {
        self.done += 1;
        let (operation, content, dice) = (self.done, &self.content, &mut self.dice);
        let all = files(content);
        let any = |dice: &mut Dice| (!all.is_empty()).then(|| all[dice.next(all.len())].clone());
        let folder = ["blog", "blog/deep", "news", "blog/一 二"][dice.next(4)];
        match (dice.next(14), any(dice)) {
            (0 | 1, _) => {
                let name = content.join(folder).join(format!("{}.md", dice.next(60)));
                write(&name, &post(&format!("T{operation}"), "Text."));
            }
            (2, Some(path)) => append(&path, format!("More {operation}.\n").as_bytes()),
            (3, Some(path)) => {
                let whole = post(&format!("P{operation}"), "Pieces.");
                write(&path, b"");
                for piece in whole.chunks(17) {
                    append(&path, piece);
                    if dice.next(3) == 0 {
                        look();
                    }
                }
            }
            (4, Some(path)) => {
                let to = content.join(folder).join(format!("r{}.md", dice.next(60)));
                fs_err::create_dir_all(to.parent().expect("a parent")).expect("folders");
                fs_err::rename(path, to).expect("renamed");
            }
            (5, Some(path)) => {
                self.removed.push((path.clone(), fs_err::read(&path).expect("read")));
                fs_err::remove_file(path).expect("removed");
            }
            (6, _) => {
                if let Some((path, bytes)) = self.removed.pop() {
                    write(&path, &bytes);
                }
            }
            (7, Some(path)) => {
                // The same size at the same time.
                let mut bytes = fs_err::read(&path).expect("read");
                let was = fs_err::metadata(&path).and_then(|found| found.modified()).expect("a time");
                if let Some(letter) = bytes.iter_mut().rev().find(|byte| byte.is_ascii_alphabetic()) {
                    *letter = b'a' + u8::try_from(dice.next(26)).expect("a letter");
                }
                write(&path, &bytes);
                let file = fs_err::OpenOptions::new().write(true).open(&path).expect("opened");
                file.into_parts().0.set_modified(was).expect("set back");
            }
            (8, Some(one)) => {
                let other = any(dice).expect("there is one");
                let aside = content.join("aside");
                fs_err::rename(&one, &aside).expect("renamed");
                if other.exists() {
                    fs_err::rename(&other, &one).expect("renamed");
                }
                fs_err::rename(&aside, &other).expect("renamed");
            }
            (9, _) => {
                let (from, to) = (content.join(folder), content.join(format!("moved{}", dice.next(5))));
                if from.exists() && !to.exists() {
                    fs_err::rename(&from, &to).expect("renamed");
                }
            }
            (10, Some(path)) => write(&path, b"---\ntitle: [broken\n---\n"),
            (11, Some(path)) => write(&path, if dice.next(2) == 0 { b"" } else { b"\xff\xfe" }),
            (12, _) => {
                self.commits += 1;
                git(&self.root, &["add", "-A"]);
                git(&self.root, &["commit", "-q", "--allow-empty", "-m", "more"]);
                git(&self.root, &["checkout", "-q", ["main", "other"][self.commits % 2]]);
            }
            _ => {
                let text = format!("baseURL = \"https://www.example.org/\"\ntitle = \"T{operation}\"\n");
                write(&self.root.join("hugo.toml"), text.as_bytes());
            }
        }
    }
}

/// So many in the long run, so many in the short one.
fn operations(long: usize, short: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let is_long = std::env::var_os("POSTRIDER_TEST_LONG").is_some();
    if is_long { long } else { short }
}

/// 10,000 operations in the long run.
#[test]
fn whatever_happens_the_end_is_that_of_a_fresh_start() {
    let mut bench = Bench::new(&[]);
    let mut crowd = Crowd::at(bench.folder.path(), 0x905e);
    for operation in 0..operations(10_000, 500) {
        crowd.operate(|| drop(bench.scan(Duration::from_millis(30))));
        // On the way somebody looks now and then; at the end of a batch all must be right.
        match crowd.dice.next(8) {
            0 => drop(bench.scan(Duration::from_millis(5))),
            1 => drop(bench.agree()),
            2 if operation % 10 == 0 => bench.feeds_agree(),
            _ => {}
        }
    }
    bench.feeds_agree();
    let scan = bench.agree();
    assert!(scan.pages.len() > 5, "hardly a page is left");
}

/// A publisher of the site in `root` that has just started, on a store that may know the posts.
async fn publisher(root: &Path, database: &str) -> Parts {
    let now = "2026-11-22T12:00:00Z".parse().expect("a time");
    Parts {
        scanner: Scanner::new(settings(root)),
        store: Store::open(&store::Settings { url: database.to_owned(), secret: None }).await.expect("a store"),
        identities: publisher::Identities::default(),
        memory: publisher::Memory::default(),
        feeds: feed::Settings { archives: feed::Archives::None, ..crate::feeds::hostile::settings() },
        published: Arc::default(),
        digests: Vec::new(),
        clock: Clock::fixed(now),
        rescan: Duration::from_mins(5),
    }
}

/// Publishes what is there. `later`: when what was written within a tick of the clock is read once more.
async fn publish(parts: &mut Parts, later: bool) -> BTreeMap<String, Vec<u8>> {
    if later {
        // What is empty is believed to be so the second time.
        for seconds in [6, 7] {
            parts.scanner.scan_at(Instant::now() + Duration::from_secs(seconds)).expect("a site");
        }
    }
    publisher::step(parts, parts.clock.now()).await.expect("published");
    let published = parts.published.load();
    published.documents.iter().map(|(path, served)| (path.clone(), served.body.identity.bytes.to_vec())).collect()
}

/// The publisher keeps what it thinks has not changed: ids, documents, the bytes of entries. One that starts anew on the same
/// store serves the same.
#[tokio::test]
async fn whatever_happens_a_fresh_publisher_serves_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = site(&[("hugo.toml", CONFIGURATION)]);
    let database = crate::support::databases::sqlite(folder.path());
    let mut crowd = Crowd::at(root.path(), 0x9057);
    let mut mine = publisher(root.path(), &database).await;
    let mut documents = 0;
    for _ in 0..operations(10_000, 200) {
        crowd.operate(|| {});
        match crowd.dice.next(10) {
            0..3 => drop(publish(&mut mine, false).await),
            3 => {
                let served = publish(&mut mine, true).await;
                let fresh = publish(&mut publisher(root.path(), &database).await, false).await;
                let other = served.iter().find(|(path, body)| fresh.get(*path) != Some(body));
                assert!(other.is_none(), "after {} operations: {:?}", crowd.done, other.map(|(path, _)| path));
                assert_eq!(served.len(), fresh.len());
                documents += served.len();
            }
            _ => {}
        }
    }
    assert!(documents > 100, "hardly a document was published");
}
