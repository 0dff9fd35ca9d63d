//! Archives: everything is in them, what they hold stays where it is, and nothing is written that is there already.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{Duration, Utc};
use postrider::feed::{Archives, Document, Settings};
use postrider::post::FullPost;

use super::agreement::{self, Folder};
use super::hostile::{post, settings, site};
use super::made;
use super::noise::Noise;

/// The post of a day, with a text of a length of its own.
fn of_day(day: usize, text: &str) -> FullPost {
    post(&format!("day-{day}"), |page| {
        let first: chrono::DateTime<Utc> = "2020-01-01T10:00:00Z".parse().expect("a date");
        page.published = Some((first + Duration::days(i64::try_from(day).expect("small"))).fixed_offset());
        page.html = format!("<p>{text}</p>").into();
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        page.version = hasher.finish();
    })
}

fn days(number: usize) -> Vec<FullPost> {
    (0..number).rev().map(|day| of_day(day, &"x".repeat(day * 37 % 500))).collect()
}

fn limits(entries: usize) -> Settings {
    Settings { entries, by: Vec::new(), ..settings() }
}

type Site = BTreeMap<String, Document>;

/// What is published after the posts changed, how many of them were read, and how many documents written.
fn publish(before: &Site, posts: &[FullPost], settings: &Settings) -> (Site, usize, usize) {
    let there: Vec<Document> = before.values().cloned().collect();
    let (feeds, read) = made(&site(), posts, settings, &there);
    let written = feeds.documents.iter().filter(|document| !document.entries.is_empty()).count();
    let mut after: Site = feeds.kept.iter().map(|path| (path.clone(), before[path].clone())).collect();
    after.extend(feeds.documents.into_iter().map(|document| (document.path.clone(), document)));
    (after, read, written)
}

fn archives(site: &Site) -> Vec<&str> {
    site.keys().filter(|path| path.starts_with("archives/") && path.ends_with("atom.xml")).map(String::as_str).collect()
}

fn text(site: &Site, path: &str) -> String {
    site[path].body.to_string()
}

#[test]
fn everything_is_in_the_feed_or_its_archives() {
    for (number, entries, max_bytes, archived) in [
        (0, 20, 1_000_000, Some(0)),
        (20, 20, 1_000_000, Some(0)),
        (21, 20, 1_000_000, Some(2)),
        (65, 20, 1_000_000, Some(6)),
        // As many as the bytes allow.
        (30, 20, 12_000, None),
    ] {
        let settings = Settings { max_bytes, ..limits(entries) };
        let (published, ..) = publish(&Site::new(), &days(number), &settings);
        let there = archives(&published).len();
        assert!(archived.map_or(there > 3, |archived| there == archived), "{there} archives of {number} posts");
        assert_eq!(text(&published, "atom.xml").contains("<fh:complete"), there == 0);
        assert_eq!(text(&published, "rss.xml").contains("rel=\"prev-archive\""), there > 0);
        assert_eq!(text(&published, "feed.json").contains("\"next_url\""), there > 0);
        assert!(published.values().all(|document| document.body.len() <= max_bytes));
        assert!(published.values().all(|document| document.immutable == document.path.starts_with("archives/")));
        let documents: Vec<Document> = published.into_values().collect();
        let read = agreement::of_all_parsers(&Folder::of(&documents), &settings.public_url);
        let mut ids: Vec<&str> = read.values().flatten().map(|entry| entry.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), number);
    }
}

#[test]
fn a_new_post_leaves_the_archives_alone() {
    let settings = limits(20);
    let mut posts = days(65);
    let (first, ..) = publish(&Site::new(), &posts, &settings);
    assert_eq!(publish(&first, &posts, &settings), (first.clone(), 0, 0));

    posts.insert(0, of_day(65, "new"));
    let (second, read, written) = publish(&first, &posts, &settings);
    assert_eq!((read, written), (20, 3), "the feed's own entries, and the feed");
    assert!(archives(&first).iter().all(|path| first[*path] == second[*path]));
    for day in 66..70 {
        posts.insert(0, of_day(day, "new"));
    }
    let (third, _, written) = publish(&second, &posts, &settings);
    assert_eq!((archives(&third).len(), written), (7, 6), "the tail has become an archive");
}

#[test]
fn a_change_gives_its_archive_and_all_after_it_other_addresses() {
    let settings = limits(20);
    let mut posts = days(65);
    let (before, ..) = publish(&Site::new(), &posts, &settings);
    // The oldest ten are the first archive, and this one is in the fourth.
    posts[64 - 33] = of_day(33, "changed");
    let (after, ..) = publish(&before, &posts, &settings);
    let same = archives(&before).iter().filter(|path| after.contains_key(**path)).count();
    assert_eq!((archives(&after).len(), same), (6, 3));
    assert_ne!(before["atom.xml"].body, after["atom.xml"].body, "the feed says where the newest archive is");

    let none = Settings { archives: Archives::None, ..settings.clone() };
    let (without, ..) = publish(&after, &posts, &none);
    assert!(archives(&without).is_empty() && !text(&without, "atom.xml").contains("archive"));
}

/// Whatever happens to the posts: what is kept is what would be written anew, and no address ever has other bytes.
#[test]
fn any_history_is_what_it_would_be_from_nothing() {
    let mut noise = Noise(0xa5c4_17e5);
    for (entries, max_bytes) in [(6, 1_000_000), (7, 9_000), (1, 1_000_000), (12, 14_000)] {
        let settings = Settings { max_bytes, ..limits(entries) };
        let mut posts: BTreeMap<usize, FullPost> = BTreeMap::new();
        let mut published = Site::new();
        let mut ever: BTreeMap<String, String> = BTreeMap::new();
        for round in 0..60 {
            let day = noise.next(60);
            if noise.next(6) == 0 {
                posts.remove(&day);
            } else {
                // Most posts come at the end.
                let day = if noise.next(3) == 0 { day } else { round };
                posts.insert(day, of_day(day, &"y".repeat(noise.next(3000))));
            }
            let now: Vec<FullPost> = posts.values().rev().cloned().collect();
            published = publish(&published, &now, &settings).0;
            let (anew, ..) = publish(&Site::new(), &now, &settings);
            assert_eq!(published, anew, "round {round} of {entries} entries");
            for (path, document) in published.iter().filter(|(_, document)| document.immutable) {
                let first = ever.entry(path.clone()).or_insert_with(|| document.body.to_string());
                assert_eq!(*first, document.body.to_string(), "{path} changed");
            }
            let number = archives(&published).len();
            assert_ne!(number, 1, "a lone archive has no other to name");
        }
        assert!(archives(&published).len() > 3);
    }
}
