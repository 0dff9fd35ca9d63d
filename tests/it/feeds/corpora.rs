//! The feeds of real sites, through the whole of reading and writing, in every parser.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use postrider::feed::{self, Document};
use postrider::library::{self, Library, Scanner};
use postrider::post::id;

use super::agreement::{self, Folder};
use super::hostile::settings;
use crate::support::peers;

/// The clock of the corpora's expected answers.
fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

fn unpacked(corpora: &Path, name: &str, into: &Path) -> PathBuf {
    peers::run(Command::new("tar").arg("xzf").arg(corpora.join(format!("{name}.tar.gz"))).arg("-C").arg(into), b"");
    into.join(name)
}

fn library(root: &Path, url: &str) -> Library {
    let settings =
        library::Settings { root: root.to_owned(), url: Some(url.to_owned()), ..library::Settings::default() };
    let scan = Scanner::new(settings).scan().expect("a site");
    let ids = id::assign(&[], &scan.pages);
    Library::new(&scan, &ids, now())
}

fn json(documents: &[Document], path: &str) -> serde_json::Value {
    let document = documents.iter().find(|document| document.path == path).unwrap_or_else(|| panic!("no {path}"));
    serde_json::from_slice(&document.body).expect("JSON")
}

#[test]
fn sofastack_in_every_parser() {
    let Some(corpora) = peers::corpora() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let library = library(&unpacked(&corpora, "sofastack", folder.path()), "https://www.sofastack.tech/");

    // As anybody gets it: fifty entries, a megabyte.
    let usual = feed::Settings { entries: 50, max_bytes: 1_000_000, ..settings() };
    let (documents, listings) = feed::documents(&library.site, &library.posts, &usual);
    assert_eq!(documents, feed::documents(&library.site, &library.posts, &usual).0);
    assert!(documents.iter().all(|document| document.body.len() <= 1_000_000 || document.path.ends_with("opml")));
    let read = agreement::of_all_parsers(&Folder::of(&documents), &usual.public_url);
    assert_eq!(read["rss.xml"][0].title, library.posts[0].title);
    for folder in ["", "zh/", "en/", "tags/sofa-weekly/", "categories/sofastack/", "sections/blog/"] {
        assert!(listings.iter().any(|listing| listing.folder == folder), "no {folder}");
    }

    // All of it: what the sample says must be there.
    let all = feed::Settings { by: Vec::new(), ..settings() };
    let (documents, _) = feed::documents(&library.site, &library.posts, &all);
    let read = agreement::of_all_parsers(&Folder::of(&documents), &all.public_url);
    assert_eq!(read["atom.xml"].len(), library.posts.len());
    let feed = json(&documents, "feed.json");
    let title = "SOFA Weekly | QA 整理、SOFAStack&MOSN 新手任务";
    let items = feed["items"].as_array().expect("items");
    let sample =
        items.iter().find(|item| item["title"] == title && item["date_published"] == "2021-10-15T15:00:00+08:00");
    let sample = sample.expect("the sample post");
    assert_eq!(sample["authors"][0]["name"], "SOFA 团队");
    assert_eq!(sample["authors"][0]["url"], "https://github.com/sofastack");
    assert!(sample["image"].as_str().expect("a cover").starts_with("https://gw.alipayobjects.com/mdn/"));
    assert_eq!(sample["language"], "zh-CN");
    let html = sample["content_html"].as_str().expect("content");
    for text in [
        "@崔伟协",
        "每周读者问答提炼",
        "新手任务计划",
        "本周推荐阅读",
        "href=\"https://github.com/mosn/layotto/issues/108#issuecomment-872779356\"",
    ] {
        assert!(html.contains(text), "no {text}");
    }
    let atom = documents.iter().find(|document| document.path == "atom.xml").expect("Atom");
    let atom = String::from_utf8_lossy(&atom.body);
    assert!(atom.contains("<published>2021-10-15T15:00:00+08:00</published>"));
    assert!(atom.contains(&format!("<id>{}</id>", sample["id"].as_str().expect("an id"))));
}
