//! Small sites of ours with what their generators answered: Docusaurus 3.10.2, Eleventy 3.1.
//!
//! Each line of a fixture is a site: `files`, and either `posts` (what the generator publishes) or `refused` (its own
//! words). What it refuses is read or named as a Problem, and never takes the others with it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use postrider::library::{Library, Scanner};
use postrider::post::{Post, Status, id};
use serde_json::Value;
use url::Url;

use super::{settings, site};

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").expect("a time").to_utc()
}

/// What we read, by the names that the answers use.
fn field(post: &Post, name: &str) -> Value {
    match name {
        "url" => post.url.clone().into(),
        "published" => post.published.map(|at| at.timestamp_millis()).into(),
        "title" => post.written_title.clone().into(),
        "listed" => (post.status == Status::Listed).into(),
        "draft" => post.draft.into(),
        "language" => post.language.clone().into(),
        "tags" => post.tags.clone().into(),
        "authors" => serde_json::to_value(&post.authors).expect("JSON"),
        other => panic!("no field {other}"),
    }
}

/// As a browser sends it: what of an address is percent-encoded differs, and means nothing.
fn sent(url: &str) -> String {
    let url = Url::parse(url).map_or(url.to_owned(), |url| url.to_string());
    percent_encoding::percent_decode_str(&url).decode_utf8_lossy().into_owned()
}

/// `known`: cases that differ on purpose, with the reason.
fn agree(fixture: &str, known: &[(&str, &str)]) {
    let (mut wrong, mut sites, mut posts) = (String::new(), 0, 0);
    for line in fixture.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let name = case["case"].as_str().expect("a name");
        if known.iter().any(|(case, _)| *case == name) {
            continue;
        }
        sites += 1;
        let files = case["files"].as_object().expect("files");
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str().expect("text").as_bytes())).collect();
        let folder = site(&files);
        let scan = match Scanner::new(settings(folder.path())).scan() {
            Ok(scan) => scan,
            Err(problems) if case["refused"].is_string() => {
                assert!(!problems.is_empty(), "{name}");
                continue;
            }
            Err(problems) => {
                let _ = writeln!(wrong, "{name}: {problems:?}");
                continue;
            }
        };
        let library = Library::new(&scan, &id::assign(&[], &scan.pages), now());
        if case["refused"].is_string() {
            let held = !scan.problems.is_empty() || !library.all.is_empty();
            assert!(held, "{name}: neither read nor named");
            continue;
        }
        let expected = case["posts"].as_array().expect("posts");
        for expected in expected {
            let path = expected["path"].as_str().expect("a path");
            let Some(post) = library.all.iter().find(|post| post.path == path) else {
                let _ = writeln!(wrong, "{name}: {path} not read: {:?}", scan.problems);
                continue;
            };
            posts += 1;
            for (field_name, want) in
                expected.as_object().expect("an object").iter().filter(|(name, _)| *name != "path")
            {
                let (mut want, mut have) = (want.clone(), field(post, field_name));
                if field_name == "published" {
                    let at = want.as_str().map(|text| DateTime::parse_from_rfc3339(text).expect("a date"));
                    want = at.map(|at| at.timestamp_millis()).into();
                } else if field_name == "url" {
                    want = sent(want.as_str().unwrap_or_default()).into();
                    have = sent(have.as_str().unwrap_or_default()).into();
                } else if field_name == "authors" {
                    for author in want.as_array_mut().into_iter().flatten() {
                        if let Some(url) = author["url"].as_str().map(sent) {
                            author["url"] = url.into();
                        }
                    }
                }
                if want != have {
                    let _ = writeln!(wrong, "{name}: {path}: {field_name}: expected {want}, read {have}");
                }
            }
        }
        let shown = library.all.iter().filter(|post| matches!(post.status, Status::Listed | Status::Unlisted));
        let shown: Vec<&str> = shown
            .map(|post| post.path.as_str())
            .filter(|path| !expected.iter().any(|post| post["path"] == *path))
            .collect();
        if !shown.is_empty() {
            let _ = writeln!(wrong, "{name}: {shown:?} is not published");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(sites > 50 && posts > 100, "only {sites} sites and {posts} posts");
}

#[test]
fn blogs_of_ours_are_read_as_docusaurus_publishes_them() {
    agree(include_str!("../../fixtures/generators/docusaurus.jsonl"), &[]);
}
