//! Small sites of ours, one behaviour each, and hostile ones. No corpus is needed for these.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::time::Duration;

use chrono::{DateTime, Utc};
use postrider::library::watch::Watcher;
use postrider::library::{Library, Scan, Scanner, Settings};
use postrider::post::body::Bodies as _;
use postrider::post::{Page, Status, id};
use postrider::problem::Severity;

use super::{places, scan, settings, shown_at, site};

const HUGO: (&str, &[u8]) = ("hugo.toml", b"baseURL = \"https://www.example.org/\"\ntitle = \"Example\"\n");

fn page<'s>(scan: &'s Scan, path: &str) -> &'s Page {
    let found = scan.pages.iter().find(|page| page.path == path);
    found.unwrap_or_else(|| panic!("{path} is not among {:?}; {:?}", paths(scan), scan.problems))
}

fn paths(scan: &Scan) -> Vec<&str> {
    scan.pages.iter().map(|page| page.path.as_str()).collect()
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

#[test]
fn a_bad_file_costs_itself_and_is_named_with_its_line() {
    let folder = site(&[
        HUGO,
        ("content/blog/good.md", b"---\ntitle: Good\ndate: 2021-01-01\n---\nBody\n"),
        ("content/blog/date.md", b"---\ntitle: T\ndate: 2021/10/15\n---\nx\n"),
        ("content/blog/open.md", b"\n---\ntitle: T\nBody\n"),
        ("content/blog/quote.md", b"---\ntitle: a: b\n---\nx\n"),
        ("content/blog/tab.md", b"---\ntitle: T\ntags:\n\t- a\n---\nx\n"),
        ("content/blog/toml.md", b"+++\ntitle = \"T\"\ntitle = \"U\"\n+++\nx\n"),
        ("content/blog/json.md", b"{\n\"title\": }\nx\n"),
        ("content/blog/latin.md", b"---\ntitle: caf\xe9\n---\nx\n"),
        ("content/blog/url.md", b"---\ntitle: T\nurl: https://other.example/\n---\nx\n"),
        ("content/blog/list.md", b"---\n- a\n---\nx\n"),
        ("content/blog/twice.md", b"---\ntitle: A\ndate: 2021-01-01\ntitle: B\n---\nx\n"),
        ("content/blog/flag.md", b"---\ntitle: T\npublished: false\n---\nx\n"),
        ("content/blog/page.html", b"<p>x</p>"),
        ("content/blog/page.rst", b"x"),
    ]);
    let scan = scan(folder.path());
    let mut expected = vec![
        "content/blog/date.md:3",
        "content/blog/flag.md:3",
        "content/blog/json.md:2",
        "content/blog/latin.md:2",
        "content/blog/list.md:2",
        "content/blog/open.md:2",
        "content/blog/page.html:0",
        "content/blog/page.rst:0",
        "content/blog/quote.md:2",
        "content/blog/tab.md:4",
        "content/blog/toml.md:3",
        "content/blog/twice.md:4",
        "content/blog/url.md:3",
    ];
    expected.sort_unstable();
    assert_eq!(places(&scan.problems), expected, "{:#?}", scan.problems);
    assert!(
        scan.problems.iter().all(|problem| !problem.hint.is_empty() && !problem.what.is_empty()),
        "{:#?}",
        scan.problems
    );
    assert_eq!(paths(&scan), ["content/blog/flag.md", "content/blog/good.md", "content/blog/twice.md"]);
    assert_eq!(page(&scan, "content/blog/twice.md").title, "B");
    assert!(page(&scan, "content/blog/flag.md").draft);
}

#[test]
fn authors_terms_covers_and_summaries_in_every_spelling() {
    let folder = site(&[
        HUGO,
        ("content/blog/text.md", "---\ntitle: \"*Big* `news`\"\nauthor: \"Ann Lee\"\nauthorlink: /ann/\ntags: \"a, b\"\ncategories: News\ncover: /c p.png\nsummary: \"A **bold** <b>word</b>\"\n---\nx".as_bytes()),
        ("content/blog/list.md", b"---\nauthors: [Ann, {name: Bo, url: https://bo.example/}, Ann]\ntags: [1, 2.50, true, null, \"\", [x], a, a]\nimages: [\"one.png\", \"two.png\"]\n---\nIntro.\n\n<!--more-->\n\nRest.\n"),
        ("content/blog/map/index.md", b"---\nauthor: {name: Cy}\ncover: {image: pic.jpg, alt: A picture}\n---\n# Heading\n\nFirst *text*.\n"),
        ("content/blog/none.md", b"---\ntitle: N\n---\n![alt text](../x.png)\n\nWords.\n"),
        ("content/blog/params.md", b"---\nparams:\n  Author: Di\n  thumbnail: https://cdn.example/t.png\n---\nx"),
    ]);
    let scan = scan(folder.path());
    let shown = |name: &str| shown_at(&scan, &format!("content/blog/{name}"));
    let text = page(&scan, "content/blog/text.md");
    assert_eq!((text.title.as_str(), text.written_title.as_deref()), ("Big news", Some("*Big* `news`")));
    assert_eq!(
        (text.authors[0].name.as_str(), text.authors[0].url.as_deref()),
        ("Ann Lee", Some("https://www.example.org/ann/"))
    );
    assert_eq!((&text.tags[..], &text.categories[..]), (&["a, b".to_owned()][..], &["News".to_owned()][..]));
    assert_eq!(shown("text.md").cover.as_ref().expect("a cover").url, "https://www.example.org/c%20p.png");
    assert_eq!(shown("text.md").summary, "A bold word");
    let list = page(&scan, "content/blog/list.md");
    assert_eq!(list.authors.iter().map(|author| author.name.as_str()).collect::<Vec<_>>(), ["Ann", "Bo"]);
    assert_eq!(list.tags, ["1", "2.5", "true", "a"]);
    assert_eq!(shown("list.md").cover.as_ref().expect("a cover").url, "https://www.example.org/one.png");
    assert_eq!(shown("list.md").summary, "Intro.");
    let map = page(&scan, "content/blog/map/index.md");
    let shown_map = shown("map/index.md");
    let cover = shown_map.cover.as_ref().expect("a cover");
    assert_eq!((cover.url.as_str(), cover.alt.as_str()), ("https://www.example.org/blog/map/pic.jpg", "A picture"));
    assert_eq!((map.authors[0].name.as_str(), shown_map.summary.as_str()), ("Cy", "First text."));
    let shown_none = shown("none.md");
    let cover = shown_none.cover.as_ref().expect("the first picture");
    assert_eq!((cover.url.as_str(), cover.alt.as_str()), ("https://www.example.org/blog/x.png", "alt text"));
    assert_eq!(page(&scan, "content/blog/params.md").authors[0].name, "Di");
}

#[test]
fn languages_by_folder_by_name_and_by_mount() {
    let folder = site(&[
        (
            "config/_default/hugo.yaml",
            b"baseURL: https://www.example.org/sub\ndefaultContentLanguage: zh\ntimeZone: Asia/Shanghai\n",
        ),
        (
            "config/_default/languages.zh.toml",
            "title = \"\u{4f8b}\"\ncontentDir = \"content/zh\"\nlanguageCode = \"zh-cn\"\n".as_bytes(),
        ),
        (
            "config/_default/languages.en.toml",
            b"title = \"Example\"\ncontentDir = \"content/en\"\nweight = 2\n[params]\ndescription = \"In *English*\"\n",
        ),
        ("config/_default/languages.fr.toml", b"disabled = true\ncontentDir = \"content/fr\"\n"),
        ("content/zh/blog/a.md", b"---\ndate: 2021-01-01 08:00:00\n---\nx"),
        ("content/en/blog/a.md", b"---\ndate: 2021-01-01T08:00:00Z\nurl: own/\n---\nx"),
        ("content/en/blog/b.zh.md", b"x"),
        ("content/fr/blog/a.md", b"x"),
    ]);
    let scan = scan(folder.path());
    let site_ = &scan.site;
    assert_eq!(
        (site_.url.as_str(), site_.title.as_str(), site_.language.as_str()),
        ("https://www.example.org/sub/", "例", "zh-CN")
    );
    let languages: Vec<_> = site_
        .languages
        .iter()
        .map(|language| (language.key.as_str(), language.tag.as_str(), language.title.as_str(), language.url.as_str()))
        .collect();
    assert_eq!(
        languages,
        [
            ("zh", "zh-CN", "例", "https://www.example.org/sub/"),
            ("en", "en", "Example", "https://www.example.org/sub/en/")
        ]
    );
    assert_eq!(paths(&scan), ["content/en/blog/a.md", "content/en/blog/b.zh.md", "content/zh/blog/a.md"]);
    let chinese = page(&scan, "content/zh/blog/a.md");
    assert_eq!(chinese.published.expect("a date").to_rfc3339(), "2021-01-01T08:00:00+08:00");
    assert_eq!((chinese.url.as_str(), chinese.section.as_str()), ("https://www.example.org/sub/blog/a/", "blog"));
    assert_eq!(page(&scan, "content/en/blog/a.md").url, "https://www.example.org/sub/en/own/");
    assert_eq!(page(&scan, "content/en/blog/b.zh.md").language, "zh");

    let mounted = site(&[
        ("hugo.toml", b"baseURL = \"https://www.example.org/\"\n[languages.en]\n[languages.de]\n[[module.mounts]]\nsource = \"posts/en\"\ntarget = \"content/blog\"\nlang = \"en\"\n[[module.mounts]]\nsource = \"posts/de\"\ntarget = \"content/blog\"\nlang = \"de\"\n[[module.mounts]]\nsource = \"static\"\ntarget = \"static\"\n"),
        ("posts/en/a.md", b"x"),
        ("posts/de/a.md", b"x"),
        ("static/no.md", b"x"),
    ]);
    let scan = super::scan(mounted.path());
    assert_eq!(paths(&scan), ["posts/de/a.md", "posts/en/a.md"]);
    assert_eq!(scan.pages[0].url, "https://www.example.org/de/blog/a/");
}

#[test]
fn what_is_shown_when() {
    let folder = site(&[
        HUGO,
        ("content/blog/listed.md", b"---\ndate: 2021-01-01\n---\nx"),
        ("content/blog/draft.md", b"---\ndate: 2021-01-01\ndraft: true\n---\nx"),
        ("content/blog/future.md", b"---\ndate: 2021-01-01\npublishDate: 2022-01-01T12:00:00Z\n---\nx"),
        ("content/blog/expired.md", b"---\ndate: 2021-01-01\nexpiryDate: 2021-06-01\n---\nx"),
        ("content/blog/unlisted.md", b"---\ndate: 2021-01-01\nbuild: {list: never}\n---\nx"),
        ("content/blog/headless/index.md", b"---\ndate: 2021-01-01\nheadless: true\n---\nx"),
        ("content/quiet/_index.md", b"---\ncascade: {draft: true, author: Eve}\n---\n"),
        ("content/quiet/a.md", b"---\ndate: 2021-01-01\n---\nx"),
        ("content/quiet/b.md", b"---\ndate: 2021-01-01\ndraft: false\n---\nx"),
        ("content/about.md", b"---\ntitle: About\n---\nx"),
    ]);
    let scan = scan(folder.path());
    let library = Library::new(&scan, &id::assign(&[], &scan.pages), at("2021-12-31T00:00:00Z"));
    let status = |path: &str| library.all.iter().find(|post| post.path == path).expect(path).status;
    for (path, expected) in [
        ("content/blog/listed.md", Status::Listed),
        ("content/blog/draft.md", Status::Draft),
        ("content/blog/future.md", Status::Future),
        ("content/blog/expired.md", Status::Expired),
        ("content/blog/unlisted.md", Status::Unlisted),
        ("content/blog/headless/index.md", Status::Unlisted),
        ("content/quiet/a.md", Status::Draft),
        ("content/quiet/b.md", Status::Listed),
        ("content/about.md", Status::Listed),
    ] {
        assert_eq!(status(path), expected, "{path}");
    }
    assert_eq!(library.next_change, Some(at("2022-01-01T12:00:00Z")));
    assert_eq!(scan.site.main_sections, ["blog"]);
    assert_eq!(library.posts.iter().map(|post| post.path.as_str()).collect::<Vec<_>>(), ["content/blog/listed.md"]);
    assert_eq!(page(&scan, "content/quiet/b.md").authors[0].name, "Eve");
}

#[test]
fn the_address_may_come_from_us_only() {
    let folder = site(&[("hugo.toml", b"baseURL = \"\"\n"), ("content/a.md", b"x")]);
    let problems = Scanner::new(settings(folder.path())).scan().expect_err("no address");
    assert_eq!((problems[0].path.as_str(), problems[0].severity), ("hugo.toml", Severity::Error));
    assert!(problems[0].what.contains("baseURL") && problems[0].hint.contains("site.url"), "{problems:?}");
    let url = Some("https://blog.example/x".to_owned());
    let scan = Scanner::new(Settings { url, ..settings(folder.path()) }).scan().expect("a site");
    assert_eq!((scan.pages[0].url.as_str(), scan.site.title.as_str()), ("https://blog.example/x/a/", "blog.example"));

    let broken = site(&[("hugo.toml", b"a = 1\nb =\n")]);
    let problems = Scanner::new(settings(broken.path())).scan().expect_err("broken");
    assert_eq!((problems[0].path.as_str(), problems[0].line), ("hugo.toml", Some(2)));
}

#[test]
fn a_plain_folder_needs_an_address_and_nothing_else() {
    let folder = site(&[
        ("2021/first post.md", b"---\ntitle: First\ndate: 2021-01-01\n---\n[a](b.md)"),
        ("notes.md", b"x"),
        (".hidden/x.md", b"x"),
    ]);
    assert!(Scanner::new(settings(folder.path())).scan().is_err());
    let url = Some("https://notes.example/".to_owned());
    let scan = Scanner::new(Settings { url, ..settings(folder.path()) }).scan().expect("a site");
    assert_eq!((scan.site.generator.as_str(), paths(&scan)), ("folder", vec!["2021/first post.md", "notes.md"]));
    assert_eq!(scan.pages[0].url, "https://notes.example/2021/first-post/");
}

#[test]
fn nothing_outside_is_read_and_nothing_blocks() {
    let outside = site(&[("secret.md", b"---\ntitle: SECRET\n---\nx")]);
    let folder = site(&[
        HUGO,
        ("content/blog/good.md", b"x"),
        ("content/blog/.hidden.md", b"x"),
        ("content/blog/x.md~", b"x"),
        ("content/blog/#x.md#", b"x"),
    ]);
    let content = folder.path().join("content");
    symlink(outside.path().join("secret.md"), content.join("blog/link.md")).expect("a link");
    symlink(outside.path(), content.join("linked")).expect("a link");
    symlink("/dev/zero", content.join("blog/zero.md")).expect("a link");
    symlink(&content, content.join("loop")).expect("a link");
    let fifo = std::process::Command::new("mkfifo").arg(content.join("blog/fifo.md")).status().expect("mkfifo");
    assert!(fifo.success());
    fs_err::write(content.join("blog/huge.md"), vec![b'x'; 3 * 1024 * 1024]).expect("a file");
    let scan = scan(folder.path());
    assert_eq!(paths(&scan), ["content/blog/good.md"]);
    for path in [
        "content/blog/link.md",
        "content/blog/zero.md",
        "content/blog/fifo.md",
        "content/blog/huge.md",
        "content/linked",
        "content/loop",
    ] {
        assert!(scan.problems.iter().any(|problem| problem.path == path), "{path}: {:#?}", scan.problems);
    }

    let escaping = site(&[("hugo.toml", b"baseURL = \"https://x.example/\"\ncontentDir = \"../\"\n")]);
    assert!(Scanner::new(settings(escaping.path())).scan().is_err());
    let linked = site(&[HUGO]);
    symlink(outside.path(), linked.path().join("content")).expect("a link");
    let problems = Scanner::new(settings(linked.path())).scan().expect_err("no content inside");
    assert!(problems[0].what.contains("content folder"), "{problems:?}");
}

/// The binary in a site's folder: exit code, standard output.
fn run(root: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_postrider")).args(arguments).current_dir(root).output();
    let output = output.expect("the program");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn check_names_every_problem_and_posts_lists_every_page() {
    let folder = site(&[
        HUGO,
        (
            "content/blog/good.md",
            b"---\ntitle: \"Good *one*\"\ndate: 2021-01-01\ntags: [a]\nauthor: Ann\n---\nSome words.\n",
        ),
        ("content/blog/twice.md", b"---\ntitle: A\ntitle: B\ndraft: true\n---\nx\n"),
    ]);
    let (code, said) = run(folder.path(), &["check"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning: content/blog/twice.md:3: ") && said.contains("hint: "), "{said}");
    assert_eq!(run(folder.path(), &["check", "--strict"]).0, Some(1));

    let (code, said) = run(folder.path(), &["posts", "--json"]);
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    let expected = serde_json::json!({
        "path": "content/blog/good.md", "id": "tag:www.example.org,2021-01-01:/blog/good/", "url": "https://www.example.org/blog/good/",
        "title": "Good *one*", "published": "2021-01-01T00:00:00+00:00", "updated": null, "draft": false, "status": "listed",
        "section": "blog", "tags": ["a"], "categories": [], "authors": [{"name": "Ann", "url": null}], "summary": "Some words.", "language": "en",
    });
    assert_eq!(lines[0], expected);
    assert_eq!((&lines[1]["status"], &lines[1]["draft"]), (&"draft".into(), &true.into()));

    fs_err::write(folder.path().join("content/blog/undated.md"), "---\ntitle: U\n---\nx").expect("a file");
    let (code, said) = run(folder.path(), &["check"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("warning: content/blog/undated.md: has no date"), "{said}");
    fs_err::remove_file(folder.path().join("content/blog/undated.md")).expect("a file");

    fs_err::write(folder.path().join("content/blog/bad.md"), "---\ndate: 2021/10/15\n---\nx").expect("a file");
    let (code, said) = run(folder.path(), &["check", "--json"]);
    assert_eq!(code, Some(1));
    let first: serde_json::Value = serde_json::from_str(said.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (&first["path"], &first["line"], &first["severity"]),
        (&"content/blog/bad.md".into(), &2.into(), &"error".into())
    );
    assert_eq!(first["hint"], "write `2021-10-15`");
    assert_eq!(run(folder.path(), &["posts", "--json"]).1.lines().count(), 2, "one bad file costs itself");
}

#[test]
fn hostile_pages_harm_no_other() {
    let bomb = |header: String| format!("---\n{header}\n---\nx").into_bytes();
    let bodies = [
        "<div>".repeat(20_000),
        ">".repeat(20_000),
        "[".repeat(50_000),
        "*a ".repeat(30_000),
        "- ".repeat(10_000),
        "`".repeat(40_000),
        "![](".repeat(20_000),
        "<a href=\"".repeat(10_000),
        "{{< x ".repeat(20_000),
        "&lt;".repeat(50_000),
        "|a".repeat(20_000) + "\n" + &"|-".repeat(20_000),
        "[^1]".repeat(10_000),
        "<!--".repeat(20_000),
        "\u{0}\u{feff}\u{202e}".repeat(10_000),
        "**你：**".repeat(10_000),
    ];
    let mut files =
        vec![("hugo.toml".to_owned(), HUGO.1.to_vec()), ("content/blog/good.md".to_owned(), b"good".to_vec())];
    files.push(("content/blog/flow.md".into(), bomb("a: ".to_owned() + &"{\"\":[".repeat(14_000))));
    files.push(("content/blog/wide.md".into(), bomb("a: ".to_owned() + &"x".repeat(200_000))));
    files.push(("content/blog/toml.md".into(), format!("+++\na = {}\n+++\n", "[".repeat(60_000)).into_bytes()));
    files.push(("content/blog/json.md".into(), "{\"a\":".repeat(10_000).into_bytes()));
    for (number, body) in bodies.iter().enumerate() {
        files.push((format!("content/blog/body{number:02}.md"), body.clone().into_bytes()));
    }
    for (path, content) in &files {
        let folder = site(&[HUGO, ("content/other.md", b"x"), (path, content)]);
        let scan = scan(folder.path());
        assert!(paths(&scan).contains(&"content/other.md"), "{path} harms another page");
    }
    let all: Vec<(&str, &[u8])> = files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let folder = site(&all);
    assert!(paths(&scan(folder.path())).contains(&"content/blog/good.md"));
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let folder = site(&[
        HUGO,
        ("content/blog/a.md", b"---\ntitle: A\n---\nx"),
        ("content/blog/b.md", b"---\ntitle: B\n---\nx"),
        ("content/blog/_index.md", b"---\ntitle: S\n---\n"),
    ]);
    let mut scanner = Scanner::new(settings(folder.path()));
    let first = scanner.scan().expect("a site");
    assert_eq!(scanner.files_read(), 2);
    let second = scanner.scan().expect("a site");
    assert_eq!((scanner.files_read(), &first.pages), (0, &second.pages));
    fs_err::write(folder.path().join("content/blog/b.md"), "---\ntitle: Changed\n---\nx").expect("a file");
    let third = scanner.scan().expect("a site");
    assert_eq!((scanner.files_read(), third.pages[1].title.as_str()), (1, "Changed"));
    // What a section hands down changes its pages without touching them.
    fs_err::write(folder.path().join("content/blog/_index.md"), "---\ntitle: S\ncascade: {author: Ann}\n---\n")
        .expect("a file");
    assert_eq!(scanner.scan().expect("a site").pages[0].authors[0].name, "Ann");
    fs_err::write(folder.path().join("hugo.toml"), "baseURL = \"https://new.example/\"\n").expect("a file");
    assert_eq!(scanner.scan().expect("a site").pages[0].url, "https://new.example/blog/a/");
    fs_err::remove_file(folder.path().join("content/blog/a.md")).expect("removed");
    assert_eq!(paths(&scanner.scan().expect("a site")), ["content/blog/b.md"]);
    assert_eq!(first.pages.len(), 2, "a snapshot stays as it was");
}

#[tokio::test]
async fn a_change_is_told_once_it_is_whole() {
    let folder = site(&[HUGO, ("content/blog/a.md", b"---\ntitle: A\n---\nx")]);
    let mut scanner = Scanner::new(settings(folder.path()));
    scanner.scan().expect("a site");
    let mut watcher = Watcher::new(folder.path());
    watcher.follow(scanner.watched());
    let whole = "---\ntitle: New\n---\nAll of it.\n";
    let path = folder.path().join("content/blog/new.md");
    let writer = tokio::spawn(async move {
        use std::io::Write as _;
        let mut file = fs_err::File::create(&path).expect("a file");
        for part in whole.as_bytes().chunks(5) {
            file.write_all(part).expect("written");
            file.flush().expect("written");
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    });
    tokio::time::timeout(Duration::from_secs(20), watcher.changed()).await.expect("a signal");
    assert!(writer.is_finished(), "told before the file was whole");
    let scan = scanner.scan().expect("a site");
    assert!(shown_at(&scan, "content/blog/new.md").html.contains("All of it."));
    // Scanning reads files, and reading is no change; nor is what the store writes into the same folder.
    fs_err::write(folder.path().join("postrider.db-wal"), "x").expect("a file");
    scanner.scan().expect("a site");
    assert!(tokio::time::timeout(Duration::from_millis(900), watcher.changed()).await.is_err(), "told of a read");
    // A folder made later is watched, too.
    fs_err::create_dir_all(folder.path().join("content/news")).expect("a folder");
    tokio::time::timeout(Duration::from_secs(20), watcher.changed()).await.expect("a signal");
    fs_err::write(folder.path().join("content/news/b.md"), "x").expect("a file");
    tokio::time::timeout(Duration::from_secs(20), watcher.changed()).await.expect("a signal");
}

#[test]
fn a_file_that_is_not_what_was_scanned_is_read_again() {
    let folder = site(&[HUGO, ("content/blog/a.md", b"---\ntitle: A\n---\nOne."), ("content/blog/b.md", b"b")]);
    let mut scanner = Scanner::new(settings(folder.path()));
    let scan = scanner.scan().expect("a site");
    // As long as before and of the same time.
    let path = folder.path().join("content/blog/a.md");
    let written = fs_err::metadata(&path).expect("a file").modified().expect("a time");
    fs_err::write(&path, "---\ntitle: B\n---\nTwo.").expect("a file");
    fs_err::OpenOptions::new().write(true).open(&path).and_then(|file| file.file().set_modified(written)).expect("set");
    let library = Library::new(&scan, &id::assign(&[], &scan.pages), at("2021-12-31T00:00:00Z"));
    let problem = scan.bodies.full(&library.all).expect_err("another file");
    assert_eq!(
        (problem.path.as_str(), problem.what.as_str()),
        ("content/blog/a.md", "changed while the site was read")
    );
    let scan = scanner.scan().expect("a site");
    assert_eq!(scanner.files_read(), 1);
    assert_eq!((page(&scan, "content/blog/a.md").title.as_str()), "B");
    assert!(shown_at(&scan, "content/blog/a.md").html.contains("Two."));
}

#[test]
fn files_as_they_are_found_in_the_wild() {
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let large = format!("---\ntitle: Large\ndate: 2021-01-01\n---\n{}", "A line of words.\n\n".repeat(50_000));
    let folder = site(&[
        HUGO,
        ("content/blog/bom.md", "\u{feff}---\r\ntitle: \u{6807}\u{9898}\r\ndate: 2021-01-01\r\n---\r\nx".as_bytes()),
        ("content/blog/mac.md", b"---\rtitle: Mac\rdate: 2021-01-01\r---\rx"),
        ("content/blog/odd.md", b"\n\n--- \ntitle: \"Odd\n\"\ndate: 2021-01-01\n---------\nx"),
        ("content/blog/tag.md", b"---\ntitle: ! 'A: b'\ndate: 2021-01-01\ntags: one\n---\nx"),
        ("content/blog/maps.md", b"---\ntitle: 2021\ndate: 2021-01-01\ntags: [{name: a}, b]\n---\nx"),
        ("content/blog/comment.md", b"<!--\n---\ntitle: C\n---\n-->\nx"),
        ("content/blog/colons.md", "---\ndate: 2019-12-09T13\u{ff1a}00\u{ff1a}00-08\u{ff1a}00\n---\nx".as_bytes()),
        ("content/blog/My \u{ff08}folder\u{ff09}/index.md", b"---\ndate: 2021-01-01\n---\nx"),
        ("content/blog/large.md", large.as_bytes()),
        ("content/blog/utf16.md", &utf16("\u{feff}---\ntitle: T\n---\nx")),
        ("content/blog/same.md", b"---\ndate: 2021-01-01\nurl: /blog/bom/\n---\nx"),
        ("content/blog/twice.md", b"---\ndate: 2021-01-01\n---\nthe file"),
        ("content/blog/twice/index.md", b"---\ndate: 2021-01-01\n---\nthe bundle"),
    ]);
    let blog = folder.path().join("content/blog");
    let strange = std::ffi::OsStr::from_bytes(b"caf\xe9.md");
    fs_err::write(blog.join(strange), "x").expect("a file");
    let _socket = std::os::unix::net::UnixListener::bind(blog.join("socket.md")).expect("a socket");
    symlink("b.md", blog.join("a.md")).expect("a link");
    symlink("a.md", blog.join("b.md")).expect("a link");
    symlink("/dev/stdin", blog.join("device.md")).expect("a link");
    let scan = scan(folder.path());
    let read: Vec<(&str, &str, usize)> = scan
        .pages
        .iter()
        .map(|page| (page.path.trim_start_matches("content/blog/"), page.title.as_str(), page.tags.len()))
        .collect();
    let expected = [
        ("My \u{ff08}folder\u{ff09}/index.md", "", 0),
        ("bom.md", "\u{6807}\u{9898}", 0),
        // Hugo 0.168 sees no header in it.
        ("comment.md", "", 0),
        ("large.md", "Large", 0),
        ("mac.md", "Mac", 0),
        ("maps.md", "2021", 1),
        ("odd.md", "Odd", 0),
        ("same.md", "", 0),
        ("tag.md", "A: b", 1),
        ("twice/index.md", "", 0),
    ];
    assert_eq!(read, expected);
    assert_eq!(
        page(&scan, "content/blog/My \u{ff08}folder\u{ff09}/index.md").url,
        "https://www.example.org/blog/my-folder/"
    );
    for name in
        ["colons.md", "utf16.md", "same.md", "twice.md", "socket.md", "a.md", "b.md", "device.md", "caf\u{fffd}.md"]
    {
        let path = format!("content/blog/{name}");
        let found = scan.problems.iter().find(|problem| problem.path == path);
        let found = found.unwrap_or_else(|| panic!("{name}: {:#?}", scan.problems));
        assert!(!found.hint.is_empty(), "{found:?}");
    }
    // An older Hugo read the header in the comment.
    let old = Settings { generator_version: Some((0, 111)), ..settings(folder.path()) };
    let scan = Scanner::new(old).scan().expect("a site");
    assert_eq!(page(&scan, "content/blog/comment.md").title, "C");
    assert!(page(&scan, "content/blog/colons.md").published.is_none());
}
