//! The feeds of whole sites, from Markdown to every parser: one of ours that holds what breaks feeds, and real ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use postrider::feed::{self, Document};
use postrider::library::{self, Library, Scanner};
use postrider::post::id;

use super::agreement::{self, Folder};
use super::hostile::settings;
use super::of_library;
use crate::support::peers;

/// The clock of the corpora's expected answers.
fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

fn unpacked(corpora: &Path, name: &str, into: &Path) -> PathBuf {
    peers::run(Command::new("tar").arg("xzf").arg(corpora.join(format!("{name}.tar.gz"))).arg("-C").arg(into), b"");
    into.join(name)
}

fn library(root: &Path, url: Option<&str>) -> Library {
    let url = url.map(str::to_owned);
    let settings = library::Settings { root: root.to_owned(), url, ..library::Settings::default() };
    let scan = Scanner::new(settings).scan().expect("a site");
    let ids = id::assign(&[], &scan.pages);
    Library::new(&scan, &ids, now())
}

fn json(documents: &[Document], path: &str) -> serde_json::Value {
    let document = documents.iter().find(|document| document.path == path).unwrap_or_else(|| panic!("no {path}"));
    serde_json::from_slice(&document.body.to_bytes()).expect("JSON")
}

fn text(documents: &[Document], path: &str) -> String {
    let document = documents.iter().find(|document| document.path == path).unwrap_or_else(|| panic!("no {path}"));
    document.body.to_string()
}

#[test]
fn a_site_of_everything_that_breaks_feeds_in_every_parser() {
    let library = library(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feeds"), None);
    let told = feed::Settings { hubs: vec!["https://hub.example.net/?a=1&b=2".to_owned()], ..settings() };
    let (documents, listings) = of_library(&library, &told);
    let read = agreement::of_all_parsers(&Folder::of(&documents), &settings().public_url);
    assert_eq!(read["rss.xml"].len(), 41);
    assert_eq!(read["en/atom.xml"].len(), 1);
    for document in &documents {
        let text = format!("{} {}", document.path, document.body).to_lowercase();
        assert!(!text.contains("secret"), "{} holds what is no Post", document.path);
    }
    let titles: Vec<&str> = read["feed.json"].iter().map(|entry| entry.title.as_str()).collect();
    for title in [
        "AT&T & Vec<T> ’ </b>",
        "👩‍👩‍👧‍👦 🇨🇳",
        "控制 字符",
        "\u{202e}open\u{202c}",
        "Nothing inside",
        "Only text, and no title at all.",
    ] {
        assert!(titles.contains(&title), "no {title} in {titles:?}");
    }
    let folders: Vec<&str> = listings.iter().map(|listing| listing.folder.as_str()).collect();
    for folder in ["tags/c/", "tags/c%2B%2B/", "tags/csharp/", "tags/twin/", "tags/c%26c/"] {
        assert_eq!(folders.contains(&folder), folder != "tags/c/", "{folder} in {folders:?}");
    }
    let feed = json(&documents, "feed.json");
    let item = |name: &str| {
        let ends = format!("/{name}/");
        let items = feed["items"].as_array().expect("items");
        items
            .iter()
            .find(|item| item["url"].as_str().is_some_and(|url| url.ends_with(&ends)))
            .expect("the item")
            .clone()
    };
    assert_eq!(item("nepal")["date_published"], "2023-05-07T00:15:00+05:45");
    assert_eq!(item("updated-after")["date_modified"], "2023-06-01T12:00:00+00:00");
    assert_eq!(item("updated-before")["date_modified"], serde_json::Value::Null);
    assert_eq!(item("english")["language"], "en");
    assert_eq!(item("cover-unknown")["image"], "https://img.example.com/afts/A*_x");
    assert_eq!(item("cover-data")["image"], serde_json::Value::Null);
    assert_eq!(item("own-uuid")["id"], "urn:uuid:0e0e0e0e-0000-4000-8000-00000000abcd");
    assert_eq!(item("canonical")["id"], "https://www.example.org/x%2Fy");
    assert_eq!(item("twin-a")["id"], "https://www.example.org/twin");
    assert_ne!(item("twin-b")["id"], item("twin-a")["id"]);
    assert!(item("scheme")["id"].as_str().is_some_and(|id| id.starts_with("urn:uuid:")));
    assert_eq!(item("third")["language"], "zh-yue-Hant");
    assert_eq!(item("late")["attachments"][1]["mime_type"], "video/mp4");
    let tags: Vec<_> = item("entities")["tags"].as_array().expect("tags").clone();
    // What a picture's own octets say goes over what its name says.
    let rss = text(&documents, "rss.xml");
    for part in [
        "<enclosure url=\"https://www.example.org/base/images/own.png\" length=\"111\" type=\"image/png\"/>",
        "<media:content fileSize=\"111\" height=\"36\" medium=\"image\" type=\"image/png\" url=\"https://www.example.org/base/images/own.png\" width=\"64\">",
        "<enclosure url=\"https://www.example.org/base/images/lies.jpg\" length=\"35\" type=\"image/gif\"/>",
        "<enclosure url=\"https://www.example.org/talk.mp3\" length=\"0\" type=\"audio/mpeg\"/>",
        "<fh:complete></fh:complete>",
        "<atom:link href=\"https://hub.example.net/?a=1&#x26;b=2\" rel=\"hub\">",
    ] {
        assert!(rss.contains(part), "no {part}");
    }
    assert!(!rss.contains("<enclosure url=\"http://intranet/"), "an enclosure of a host without a dot");
    assert_eq!(tags, ["A & <B>", "C&C", "C++", "C#", "/", "云 原生", "Twin", "🎉"]);
}

#[test]
fn sofastack_in_every_parser() {
    let Some(corpora) = peers::corpora() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let library = library(&unpacked(&corpora, "sofastack", folder.path()), Some("https://www.sofastack.tech/"));

    // As anybody gets it: fifty entries, a megabyte. Readers fetch those feeds in `end_to_end::real_site`.
    let usual = feed::Settings { entries: 50, max_bytes: 1_000_000, ..settings() };
    let (documents, listings) = of_library(&library, &usual);
    assert_eq!(documents, of_library(&library, &usual).0);
    assert!(documents.iter().all(|document| document.body.len() <= 1_000_000 || document.path.ends_with("opml")));
    for folder in ["", "zh/", "en/", "tags/sofa-weekly/", "categories/sofastack/", "sections/blog/"] {
        assert!(listings.iter().any(|listing| listing.folder == folder), "no {folder}");
    }

    // Every post, by every parser and validator.
    let all = feed::Settings { by: Vec::new(), ..settings() };
    let (documents, _) = of_library(&library, &all);
    let read = agreement::of_all_parsers(&Folder::of(&documents), &all.public_url);
    assert_eq!(read["atom.xml"].len(), library.posts.len());
    assert_eq!(read["rss.xml"][0].title, library.posts[0].title);
}

/// Feeds as anybody gets them, of every real site, by every parser and validator; with all archives, which together hold
/// every post. In the long run all posts, else the newest of each site.
#[test]
fn every_real_site_in_every_parser() {
    let Some(corpora) = peers::corpora() else { return };
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let long = std::env::var_os("POSTRIDER_TEST_LONG").is_some();
    let mut sites: Vec<String> = fs_err::read_dir(&corpora)
        .expect("the corpora")
        .filter_map(|entry| entry.expect("an entry").file_name().to_str()?.strip_suffix(".tar.gz").map(str::to_owned))
        .collect();
    sites.sort();
    assert!(sites.len() > 10, "{sites:?}");
    for site in sites {
        let folder = tempfile::tempdir().expect("a folder");
        let mut library = library(&unpacked(&corpora, &site, folder.path()), Some("https://www.example.org/"));
        if !long {
            library.posts.truncate(40);
        }
        let usual = feed::Settings { entries: 20, max_bytes: 400_000, by: Vec::new(), ..settings() };
        let (documents, _) = of_library(&library, &usual);
        let read = agreement::of_all_parsers(&Folder::of(&documents), &usual.public_url);
        let ids: std::collections::BTreeSet<&str> = read.values().flatten().map(|entry| entry.id.as_str()).collect();
        let dated = library.posts.iter().filter(|post| post.published.is_some()).count();
        assert_eq!(ids.len(), dated, "{site}: not every post is in its history");
    }
}
