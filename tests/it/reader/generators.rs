//! Tiny sites of our own with the answers of the programs that build such sites: what we read must be what they publish.
//! `tests/fixtures/generators/README.md` says how the answers were had.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use postrider::library::{Library, Scan, Scanner, Settings};
use postrider::post::{Post, Status, id};
use serde_json::Value;

/// Case, path and field in which we differ on purpose.
const ON_PURPOSE: [(&str, &str, &str); 13] = [
    // Without any date it would be in no feed, and its address has one.
    ("path over slug", "content/blog/d.md", "published"),
    // Jekyll keeps numbers beside their text, and lists as what Ruby prints.
    ("categories 9", "_posts/2021-03-04-first-post.md", "categories"),
    ("categories 12", "_posts/2021-03-04-first-post.md", "categories"),
    ("categories 12", "_posts/2021-03-04-first-post.md", "url"),
    // Nobody writes a header of one line in braces and a time without zone in it, away from Greenwich.
    ("flow header", "_posts/2021-03-04-first-post.md", "published"),
    // Its theme is not in the folder, so what the theme has words for is not known; the site names the language.
    // Two lines of a title are a list to Pelican, which themes print with its brackets.
    ("header 10", "content/first.md", "title"),
    ("header 14", "content/first.md", "title"),
    // A month without a day is the day of the build there.
    ("date America/New_York 16", "content/first.md", "published"),
    ("date None 16", "content/first.md", "published"),
    // It is a draft until its time has come; to us it is due then.
    ("setting 21 WITH_FUTURE_DATES = False", "content/sub/deep/third.md", "draft"),
    ("setting 21 WITH_FUTURE_DATES = False", "content/sub/deep/third.md", "url"),
    ("languages", "source/_posts/fr/b.md", "language"),
    ("languages", "source/fr/page.md", "language"),
];

/// The clock at which the programs answered.
fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").expect("a time").to_utc()
}

/// What we say of a post, by the names that the answers use.
fn field(post: &Post, name: &str) -> Value {
    match name {
        "url" => post.url.clone().into(),
        "published" => post.published.map(|at| at.timestamp_millis()).into(),
        "updated" => post.updated.map(|at| at.timestamp_millis()).into(),
        "title" => post.written_title.clone().into(),
        "draft" => post.draft.into(),
        "listed" => (post.status == Status::Listed).into(),
        "language" => post.language.clone().into(),
        "tags" => post.tags.clone().into(),
        "categories" => post.categories.clone().into(),
        "authors" => serde_json::to_value(&post.authors).expect("JSON"),
        other => panic!("no field {other}"),
    }
}

fn written(folder: &Path, config: &str, case: &Value) {
    let files = case["files"].as_object().expect("files");
    let config = std::iter::once((config, &case["config"])).filter(|(_, text)| !text.is_null());
    for (path, content) in config.chain(files.iter().map(|(path, content)| (path.as_str(), content))) {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs_err::write(path, content.as_str().expect("text")).expect("a file");
    }
}

/// Holds every case of `NAME.jsonl` against what we read; `config` is the file that a case's `config` goes into.
fn agrees(name: &str, config: &str, least: usize) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/generators/{name}.jsonl"));
    let (mut wrong, mut compared) = (String::new(), 0);
    for line in fs_err::read_to_string(file).expect("the answers").lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let title = case["case"].as_str().expect("a name");
        let folder = tempfile::tempdir().expect("a folder");
        written(folder.path(), config, &case);
        compared += 1;
        // Hugo's older answers name their version.
        let version = case["version"].as_array().map(|pair| {
            let number = |at: usize| u32::try_from(pair[at].as_u64().expect("a number")).expect("small");
            (number(0), number(1))
        });
        let settings = Settings { generator_version: version, ..Settings::default() };
        let scan = Scanner::new(Settings { root: folder.path().to_owned(), ..settings }).scan();
        if case["refused"] == true {
            let told = |scan: &Scan| !scan.problems.is_empty() || !scan.pages.is_empty();
            let told = scan.as_ref().map_or_else(|problems| !problems.is_empty(), told);
            assert!(told, "{title}: {name} refuses it; it is neither read, nor does anything say why");
            continue;
        }
        let scan = match scan {
            Ok(scan) => scan,
            Err(problems) => {
                let _ = writeln!(wrong, "{title}: {problems:?}");
                continue;
            }
        };
        assert_eq!(scan.site.generator, name, "{title}");
        for path in case["unread"].as_array().into_iter().flatten() {
            let path = path.as_str().expect("a path");
            let named = scan.problems.iter().any(|problem| problem.path == path);
            if !named {
                let _ = writeln!(wrong, "{title}: {name} leaves {path} out, and nothing says why");
            }
        }
        let library = Library::new(&scan, &id::assign(&[], &scan.pages), now());
        let expected = case["posts"].as_array().expect("posts");
        for expected in expected {
            let path = expected["path"].as_str().expect("a path");
            let Some(post) = library.all.iter().find(|post| post.path == path) else {
                let _ = writeln!(wrong, "{title}: {path} not read: {:?}", scan.problems);
                continue;
            };
            for (key, want) in expected.as_object().expect("an object").iter().filter(|(key, _)| *key != "path") {
                let (mut want, mut have) = (want.clone(), field(post, key));
                match key.as_str() {
                    "published" | "updated" => {
                        let at = want.as_str().map(|at| DateTime::parse_from_rfc3339(at).expect("a date"));
                        want = at.map(|at| at.timestamp_millis()).into();
                    }
                    // Which characters a generator encodes is its own business; which there are is not.
                    "url" => [&mut want, &mut have].into_iter().for_each(|url| {
                        let decoded = percent_decode_str(url.as_str().unwrap_or_default()).decode_utf8_lossy();
                        *url = decoded.into_owned().into();
                    }),
                    _ => {}
                }
                if want != have && !ON_PURPOSE.contains(&(title, path, key)) {
                    let _ = writeln!(wrong, "{title}: {path}: {key}: expected {want}, read {have}");
                }
            }
        }
        let ours = library.all.iter().filter(|post| post.status == Status::Listed).count();
        let theirs = expected.iter().filter(|post| post["listed"] == true).count();
        if ours != theirs {
            let _ = writeln!(wrong, "{title}: {ours} pages are listed, expected {theirs}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared >= least, "only {compared} cases");
}

#[test]
fn tiny_zola_sites_are_read_as_zola_publishes_them() {
    agrees("zola", "config.toml", 120);
}

#[test]
fn tiny_jekyll_sites_are_read_as_jekyll_publishes_them() {
    agrees("jekyll", "_config.yml", 230);
}

#[test]
fn tiny_hexo_sites_are_read_as_hexo_publishes_them() {
    agrees("hexo", "_config.yml", 90);
}

#[test]
fn tiny_docusaurus_sites_are_read_as_docusaurus_publishes_them() {
    agrees("docusaurus", "docusaurus.config.js", 90);
}

#[test]
fn tiny_eleventy_sites_are_read_as_eleventy_publishes_them() {
    agrees("eleventy", ".eleventy.js", 55);
}

#[test]
fn tiny_pelican_sites_are_read_as_pelican_publishes_them() {
    agrees("pelican", "pelicanconf.py", 190);
}

/// Every file of every case cut, joined and flipped: the others stay, and no fault is ours.
#[test]
fn broken_files_find_no_fault_of_ours() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
    };
    let mut scanned = 0;
    for (name, config) in
        [("zola", "config.toml"), ("hexo", "_config.yml"), ("jekyll", "_config.yml"), ("pelican", "pelicanconf.py")]
    {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/generators/{name}.jsonl"));
        for line in fs_err::read_to_string(file).expect("the answers").lines() {
            let case: Value = serde_json::from_str(line).expect("JSON");
            let folder = tempfile::tempdir().expect("a folder");
            written(folder.path(), config, &case);
            let files: Vec<&String> = case["files"].as_object().expect("files").keys().collect();
            for path in &files {
                let path = folder.path().join(path);
                let mut bytes = fs_err::read(&path).expect("a file");
                for _ in 0..=random(3) {
                    let at = random(bytes.len());
                    match random(5) {
                        0 => bytes.truncate(at),
                        1 if at < bytes.len() => bytes[at] ^= 1 << random(7),
                        2 => bytes.splice(at..at, *b"\n---\n").for_each(drop),
                        3 => bytes.splice(at..at, "[{: \u{e9}".bytes()).for_each(drop),
                        _ => bytes.extend_from_within(at..),
                    }
                }
                fs_err::write(&path, bytes).expect("a file");
            }
            let settings = Settings {
                root: folder.path().to_owned(),
                generator: Some(name.into()),
                url: Some("https://example.org/".into()),
                ..Settings::default()
            };
            let Ok(scan) = Scanner::new(settings).scan() else { continue };
            scanned += 1;
            for problem in &scan.problems {
                assert!(!problem.what.contains("fault of Postrider"), "{}: {problem}", case["case"]);
            }
        }
    }
    assert!(scanned > 150, "only {scanned} sites");
}

#[test]
fn tiny_hugo_sites_are_read_as_hugo_publishes_them() {
    agrees("hugo", "hugo.toml", 1550);
}
