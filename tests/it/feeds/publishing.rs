//! The publisher: what it serves after a scan, what it keeps, and when a page's time comes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use postrider::clock::Clock;
use postrider::feed::Settings;
use postrider::http::{self, Published, Served};
use postrider::library::{self, Scanner};
use postrider::publisher::{self, Parts};
use postrider::store::{self, Store};

use crate::support::databases;

/// A Hugo site of three posts, a draft, one of the future and one that ends.
struct Bench {
    folder: tempfile::TempDir,
    database: String,
    clock: Clock,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

const NOW: &str = "2026-11-22T12:00:00Z";

impl Bench {
    fn new(database: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = database(folder.path());
        let bench = Self { folder, database, clock: Clock::fixed(at(NOW)) };
        bench.write(
            "site/hugo.toml",
            "baseURL = \"https://www.example.org/\"\ntitle = \"A weekly\"\nlanguageCode = \"en\"\n",
        );
        for (name, date, more) in [
            ("one", "2026-11-01T10:00:00Z", "tags: [Rust]\n"),
            ("two", "2026-11-08T10:00:00+08:00", "tags: [Rust, Mail]\n"),
            ("three", "2026-11-15", ""),
            ("draft", "2026-11-16T10:00:00Z", "draft: true\n"),
            ("future", "2026-11-22T13:00:00Z", "tags: [Rust]\n"),
            ("ending", "2026-11-10T10:00:00Z", "expiryDate: 2026-11-22T14:00:00Z\n"),
        ] {
            bench.post(name, date, more, "Text.");
        }
        bench
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.folder.path().join(path);
        fs_err::create_dir_all(file.parent().expect("its folder")).expect("made");
        fs_err::write(file, text).expect("written");
    }

    fn post(&self, name: &str, date: &str, more: &str, text: &str) {
        self.write(
            &format!("site/content/posts/{name}.md"),
            &format!("---\ntitle: On {name}\ndate: {date}\n{more}---\n{text}\n"),
        );
    }

    async fn parts(&self) -> Parts {
        let settings = store::Settings { url: self.database.clone(), secret: None };
        Parts {
            scanner: Scanner::new(library::Settings {
                root: self.folder.path().join("site"),
                ..library::Settings::default()
            }),
            store: Store::open(&settings).await.expect("a store"),
            identities: publisher::Identities::default(),
            memory: publisher::Memory::default(),
            feeds: Settings { public_url: "https://feeds.example.org/".to_owned(), ..Settings::default() },
            published: Arc::new(ArcSwap::default()),
            digests: vec!["weekly".to_owned()],
            clock: self.clock.clone(),
            rescan: Duration::from_mins(5),
        }
    }

    fn move_to(&self, to: DateTime<Utc>) {
        if let Clock::Fixed(now) = &self.clock {
            now.store(to.timestamp_millis(), std::sync::atomic::Ordering::SeqCst);
        }
    }
}

fn body(published: &Published, path: &str) -> String {
    let document = published.documents.get(path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(document.body.identity.bytes.to_vec()).expect("UTF-8")
}

fn titles(published: &Published, path: &str) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(&body(published, path)).expect("JSON");
    let items = json["items"].as_array().expect("items");
    items.iter().map(|item| item["title"].as_str().expect("a title").trim_start_matches("On ").to_owned()).collect()
}

#[tokio::test]
async fn a_scan_is_published_whole_with_its_baseline() {
    for database in [databases::postgres().await, String::new()] {
        let bench = Bench::new(|folder| if database.is_empty() { databases::sqlite(folder) } else { database });
        let mut parts = bench.parts().await;
        publisher::step(&mut parts, at(NOW)).await.expect("a step");
        let published = parts.published.load_full();
        assert_eq!(titles(&published, "feed.json"), ["three", "ending", "two", "one"]);
        assert_eq!(titles(&published, "tags/rust/feed.json"), ["two", "one"]);
        assert_eq!(titles(&published, "en/feed.json"), ["three", "ending", "two", "one"]);
        assert_eq!(published.scanned_at, Some(at(NOW)));
        assert_eq!(published.library.next_change, Some(at("2026-11-22T13:00:00Z")));
        for name in ["draft", "future"] {
            let leak = format!("On {name}");
            let leaked = published
                .documents
                .iter()
                .find(|(_, served)| String::from_utf8_lossy(&served.body.identity.bytes).contains(&leak));
            assert!(leaked.is_none(), "{name} is in {:?}", leaked.map(|(path, _)| path));
        }
        let announced = parts.store.announced("weekly").await.expect("an answer");
        assert_eq!(announced.len(), 4);
        assert!(published.library.posts.iter().all(|post| announced.contains(&post.id)));

        // What appears later is no part of the baseline.
        publisher::step(&mut parts, at("2026-11-22T13:00:00Z")).await.expect("a step");
        assert_eq!(parts.published.load().library.posts.len(), 5);
        assert_eq!(parts.store.announced("weekly").await.expect("an answer").len(), 4);
    }
}

#[tokio::test]
async fn what_a_generator_shows_of_the_future_is_news_when_its_time_comes() {
    let bench = Bench::new(databases::sqlite);
    bench.write("site/hugo.toml", "baseURL = \"https://www.example.org/\"\nbuildFuture = true\n");
    bench.post("changed", "2026-11-02T10:00:00Z", "lastmod: 2050-01-01\n", "Text.");
    let mut parts = bench.parts().await;
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let published = parts.published.load_full();
    assert_eq!(titles(&published, "feed.json"), ["three", "ending", "two", "changed", "one"]);
    assert!(!body(&published, "atom.xml").contains("2050"));
    assert_eq!(published.library.next_change, Some(at("2026-11-22T13:00:00Z")));

    publisher::step(&mut parts, at("2026-11-22T13:00:00Z")).await.expect("a step");
    let published = parts.published.load_full();
    assert_eq!(titles(&published, "feed.json")[0], "future");
    let announced = parts.store.announced("weekly").await.expect("an answer");
    assert_eq!(
        (announced.len(), announced.contains(&published.library.posts[0].id)),
        (5, false),
        "a digest has it to tell"
    );
}

#[tokio::test]
async fn what_did_not_change_is_the_same_object_and_keeps_its_time() {
    let bench = Bench::new(databases::sqlite);
    let mut parts = bench.parts().await;
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let first = parts.published.load_full();

    publisher::step(&mut parts, at("2026-11-22T12:10:00Z")).await.expect("a step");
    let second = parts.published.load_full();
    assert_eq!(first.documents.len(), second.documents.len());
    for (path, served) in &first.documents {
        assert!(Arc::ptr_eq(served, &second.documents[path]), "{path}");
        assert_eq!(served.changed_at, at(NOW));
    }

    // Files that are as young as the scan are read once more.
    parts.scanner.scan_at(Instant::now() + Duration::from_secs(6)).expect("a site");
    assert!(parts.scanner.files_read() > 0);
    publisher::step(&mut parts, at("2026-11-22T12:15:00Z")).await.expect("a step");
    let again = parts.published.load_full();
    for (path, served) in &first.documents {
        assert!(Arc::ptr_eq(served, &again.documents[path]), "{path}");
    }

    bench.post("two", "2026-11-08T10:00:00+08:00", "tags: [Rust, Mail]\n", "Other text.");
    let later = at("2026-11-22T12:20:00Z");
    publisher::step(&mut parts, later).await.expect("a step");
    let third = parts.published.load_full();
    for path in ["rss.xml", "tags/mail/atom.xml", "sections/posts/feed.json"] {
        assert_ne!(first.documents[path].hash, third.documents[path].hash, "{path}");
        assert_eq!(third.documents[path].changed_at, later, "{path}");
    }
    assert!(Arc::ptr_eq(&first.documents["feed.css"], &third.documents["feed.css"]));

    // Another process on the same store: the same bytes, tags and times.
    let mut again = bench.parts().await;
    publisher::step(&mut again, at("2026-11-22T12:30:00Z")).await.expect("a step");
    let fourth = again.published.load_full();
    assert_eq!(fourth.documents.len(), third.documents.len());
    for (path, served) in &third.documents {
        assert_eq!(
            (&served.hash, served.changed_at),
            (&fourth.documents[path].hash, fourth.documents[path].changed_at),
            "{path}"
        );
        let bytes = |served: &Served| served.body.all().map(|variant| variant.bytes.clone()).collect::<Vec<_>>();
        assert_eq!(bytes(served), bytes(&fourth.documents[path]), "{path}");
    }
}

#[tokio::test]
async fn a_renamed_and_edited_post_keeps_its_id() {
    let bench = Bench::new(databases::sqlite);
    let mut parts = bench.parts().await;
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let id = |published: &Published, title: &str| {
        published.library.posts.iter().find(|post| post.title == title).map(|post| post.id.clone()).expect("the post")
    };
    let before = id(&parts.published.load(), "On two");
    assert!(body(&parts.published.load(), "rss.xml").contains(&format!("<guid isPermaLink=\"false\">{before}</guid>")));

    let posts = bench.folder.path().join("site/content/posts");
    fs_err::rename(posts.join("two.md"), posts.join("zwei.md")).expect("renamed");
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    bench.post("zwei", "2026-11-09T10:00:00Z", "title: Zwei\n", "New.");
    let text = fs_err::read_to_string(posts.join("zwei.md")).expect("read").replacen("title: On zwei\n", "", 1);
    fs_err::write(posts.join("zwei.md"), text).expect("written");
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    assert_eq!(id(&parts.published.load(), "Zwei"), before);
    for path in ["rss.xml", "atom.xml", "feed.json"] {
        assert_eq!(body(&parts.published.load(), path).matches(&before).count(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_broken_file_costs_its_own_post_and_a_broken_site_nothing() {
    let bench = Bench::new(databases::sqlite);
    let mut parts = bench.parts().await;
    bench.write("site/content/posts/broken.md", "---\ntitle: [\n---\nText.\n");
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let good = parts.published.load_full();
    assert_eq!(good.library.posts.len(), 4);
    let problem = good.library.problems.iter().find(|problem| problem.path.ends_with("broken.md")).expect("a Problem");
    assert!(problem.line.is_some(), "{problem}");

    bench.write("site/hugo.toml", "baseURL = \n");
    let error = publisher::step(&mut parts, at(NOW)).await.expect_err("no site to read");
    assert!(format!("{error:#}").contains("hugo.toml:1"), "{error:#}");
    assert!(Arc::ptr_eq(&good, &parts.published.load_full()));

    bench.write("site/hugo.toml", "baseURL = \"https://www.example.org/\"\ntitle = \"B\"\n");
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    assert_eq!(parts.published.load().library.site.title, "B");
}

#[tokio::test]
async fn the_loop_follows_the_clock_and_the_files() {
    let bench = Bench::new(databases::sqlite);
    let mut parts = bench.parts().await;
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let published = Arc::clone(&parts.published);
    let cancel = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(publisher::run(parts, cancel.clone()));
    let shows = |expected: &'static [&'static str]| {
        let published = Arc::clone(&published);
        async move {
            let wait = async {
                while titles(&published.load(), "feed.json") != expected {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            let seen = tokio::time::timeout(Duration::from_secs(30), wait).await;
            assert!(seen.is_ok(), "{:?} instead of {expected:?}", titles(&published.load(), "feed.json"));
        }
    };

    bench.move_to(at("2026-11-22T13:00:00Z"));
    shows(&["future", "three", "ending", "two", "one"]).await;
    bench.move_to(at("2026-11-22T14:00:00Z"));
    shows(&["future", "three", "two", "one"]).await;
    bench.post("new", "2026-11-22T13:30:00Z", "", "Text.");
    shows(&["new", "future", "three", "two", "one"]).await;
    fs_err::remove_file(bench.folder.path().join("site/content/posts/two.md")).expect("removed");
    shows(&["new", "future", "three", "one"]).await;

    cancel.cancel();
    running.await.expect("no panic").expect("no error");
}

/// What the server answers for a path: the status, and where it sends the asker.
fn answered(published: &Published, path: &str) -> (u16, String) {
    let feeds = http::feeds::Feeds::new(&http::Settings {
        listen: String::new(),
        public_url: "https://feeds.example.org/".to_owned(),
        trusted_proxies: Vec::new(),
        webhooks: http::webhooks::Settings::default(),
        polls_per_hour: None,
    });
    let (headers, client) = (axum::http::HeaderMap::new(), || std::net::IpAddr::from([203, 0, 113, 1]));
    let method = axum::http::Method::GET;
    let asked = http::feeds::Asked { method: &method, path, headers: &headers, client: &client, now: at(NOW) };
    let Some(answer) = feeds.answer(published, asked) else { return (404, String::new()) };
    let location = answer.headers().get("location").map_or("", |value| value.to_str().expect("text"));
    (answer.status().as_u16(), location.to_owned())
}

#[tokio::test]
async fn what_was_renamed_is_found_and_what_was_withdrawn_is_gone() {
    for database in [databases::postgres().await, String::new()] {
        let bench = Bench::new(|folder| if database.is_empty() { databases::sqlite(folder) } else { database });
        bench.post("four", "2026-11-16T10:00:00Z", "tags: [Old]\n", "Text.");
        let mut parts = bench.parts().await;
        publisher::step(&mut parts, at(NOW)).await.expect("a step");
        let ask = |parts: &Parts, path: &str| answered(&parts.published.load(), path);
        let moved = |path: &str| (301, format!("https://feeds.example.org/{path}"));
        for path in ["/tags/rust/rss.xml", "/tags/old/atom.xml", "/tags/mail/feed.json"] {
            assert_eq!(ask(&parts, path).0, 200, "{path}");
        }
        for (path, to) in [
            ("/index.xml", "rss.xml"),
            ("/feed/", "rss.xml"),
            ("/feed.xml", "atom.xml"),
            ("/posts/index.xml", "sections/posts/rss.xml"),
            ("/tags/rust/index.xml", "tags/rust/rss.xml"),
            ("/tags/Rust/atom.xml", "tags/rust/atom.xml"),
            ("/en/index.xml", "en/rss.xml"),
        ] {
            assert_eq!(ask(&parts, path), moved(to), "{path}");
        }
        for path in ["/tags/never/rss.xml", "/tags/never/index.xml", "/sitemap.xml", "/nothing"] {
            assert_eq!(ask(&parts, path).0, 404, "{path}");
        }

        // Another name for a tag, one less, and one whose only post cannot be read for a while.
        bench.post("one", "2026-11-01T10:00:00Z", "tags: [Rust Language]\n", "Text.");
        bench.post("two", "2026-11-08T10:00:00+08:00", "tags: [Rust Language]\n", "Text.");
        let four = fs_err::read(bench.folder.path().join("site/content/posts/four.md")).expect("read");
        bench.write("site/content/posts/four.md", "---\ntitle: [\n---\n");
        // What happened while no daemon ran is noticed too.
        let mut parts = bench.parts().await;
        let later = at("2026-11-22T12:30:00Z");
        publisher::step(&mut parts, later).await.expect("a step");
        for (path, to) in [
            ("/tags/rust/rss.xml", "tags/rust-language/rss.xml"),
            ("/tags/rust/index.xml", "tags/rust-language/rss.xml"),
            ("/tags/rust/archives/0123/atom.xml", "tags/rust-language/atom.xml"),
        ] {
            assert_eq!(ask(&parts, path), moved(to), "{path}");
        }
        for path in ["/tags/mail/rss.xml", "/tags/mail/feed.json", "/tags/mail/index.xml", "/tag/Mail/feed/"] {
            assert_eq!(ask(&parts, path), (410, String::new()), "{path}");
        }
        assert_eq!(ask(&parts, "/tags/old/rss.xml").0, 404, "it may come back at any moment");

        // All the same in the next process; and what comes back is there.
        let mut parts = bench.parts().await;
        publisher::step(&mut parts, later).await.expect("a step");
        assert_eq!(ask(&parts, "/tags/rust/rss.xml"), moved("tags/rust-language/rss.xml"));
        assert_eq!(ask(&parts, "/tags/mail/rss.xml").0, 410);
        fs_err::write(bench.folder.path().join("site/content/posts/four.md"), four).expect("written");
        bench.post("two", "2026-11-08T10:00:00+08:00", "tags: [Rust Language, Mail]\n", "Text.");
        publisher::step(&mut parts, later).await.expect("a step");
        assert_eq!(ask(&parts, "/tags/old/rss.xml").0, 200);
        assert_eq!(ask(&parts, "/tags/mail/rss.xml").0, 200);
        fs_err::remove_file(bench.folder.path().join("site/content/posts/four.md")).expect("removed");
        publisher::step(&mut parts, later).await.expect("a step");
        assert_eq!(ask(&parts, "/tags/old/rss.xml").0, 410);
    }
}

#[tokio::test]
async fn a_lost_post_moves_its_feeds_dates_on_and_is_named_where_that_is_wanted() {
    let bench = Bench::new(databases::sqlite);
    let mut parts = bench.parts().await;
    parts.feeds.tombstones = true;
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let first = parts.published.load_full();
    assert!(!body(&first, "atom.xml").contains("at:"));
    assert!(body(&first, "atom.xml").contains("<updated>2026-11-15T"));
    let id = first.library.posts.iter().find(|post| post.title == "On three").map(|post| post.id.clone()).expect("it");

    fs_err::remove_file(bench.folder.path().join("site/content/posts/three.md")).expect("removed");
    publisher::step(&mut parts, at("2026-11-22T12:10:30.250Z")).await.expect("a step");
    let second = parts.published.load_full();
    let tombstone = format!("<at:deleted-entry ref=\"{id}\" when=\"2026-11-22T12:10:30+00:00\">");
    for (path, holds) in [("atom.xml", true), ("en/atom.xml", true), ("tags/rust/atom.xml", false)] {
        assert_eq!(body(&second, path).contains(&tombstone), holds, "{path}");
        assert_eq!(body(&second, path).contains("<updated>2026-11-22T12:10:30+00:00</updated>"), holds, "{path}");
    }
    assert!(body(&second, "rss.xml").contains("<lastBuildDate>Sun, 22 Nov 2026 12:10:30 GMT</lastBuildDate>"));
    assert_eq!(body(&first, "tags/rust/atom.xml"), body(&second, "tags/rust/atom.xml"));

    // The next process says the same, to the byte; without tombstones the dates stay.
    for tombstones in [true, false] {
        let mut again = bench.parts().await;
        again.feeds.tombstones = tombstones;
        publisher::step(&mut again, at("2026-11-22T12:30:00Z")).await.expect("a step");
        let third = again.published.load_full();
        assert_eq!(body(&third, "atom.xml") == body(&second, "atom.xml"), tombstones);
        assert!(body(&third, "atom.xml").contains("<updated>2026-11-22T12:10:30+00:00</updated>"));
        assert_eq!(body(&third, "rss.xml"), body(&second, "rss.xml"));
    }
}

#[tokio::test]
async fn readers_of_an_earlier_version_get_the_new_entries_where_that_is_wanted() {
    let bench = Bench::new(databases::sqlite);
    let mut parts = bench.parts().await;
    parts.feeds.deltas = true;
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let first = parts.published.load_full();
    bench.post("new", "2026-11-22T11:00:00Z", "", "News.");
    publisher::step(&mut parts, at("2026-11-22T12:10:00Z")).await.expect("a step");
    let second = parts.published.load_full();
    for path in ["rss.xml", "atom.xml", "feed.json"] {
        let [delta] = &second.documents[path].deltas[..] else { panic!("{path} has no delta") };
        assert_eq!(delta.hash, first.documents[path].hash);
        let text = String::from_utf8(delta.body.identity.bytes.to_vec()).expect("UTF-8");
        assert!(text.contains("On new") && !text.contains("On three"), "{text}");
        match path {
            "feed.json" => drop(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")),
            _ => assert_eq!(feed_rs::parser::parse(text.as_bytes()).expect("a feed").entries.len(), 1),
        }
    }
    assert!(second.documents["tags/rust/rss.xml"].deltas.is_empty());
}

/// What a reader sees who asks again and again while the site changes: at any moment all feeds of one state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_half_a_rebuild() {
    let bench = Bench::new(databases::sqlite);
    bench.post("three", "2026-11-15", "tags: [Rust]\n", "State 0000");
    let mut parts = bench.parts().await;
    publisher::step(&mut parts, at(NOW)).await.expect("a step");
    let published = Arc::clone(&parts.published);
    let ended = tokio_util::sync::CancellationToken::new();
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (published, ended) = (Arc::clone(&published), ended.clone());
            tokio::task::spawn_blocking(move || {
                let mut states = std::collections::BTreeSet::new();
                while !ended.is_cancelled() {
                    let now = published.load_full();
                    let mark = |path: &str| {
                        let text = body(&now, path);
                        let at = text.find("State ").unwrap_or_else(|| panic!("{path}: {text}"));
                        text[at..].chars().take(10).collect::<String>()
                    };
                    let paths = ["rss.xml", "atom.xml", "feed.json", "tags/rust/rss.xml", "en/atom.xml"];
                    let seen: std::collections::BTreeSet<String> = paths.iter().map(|path| mark(path)).collect();
                    assert_eq!(seen.len(), 1, "{seen:?}");
                    states.extend(seen);
                }
                states
            })
        })
        .collect();
    for round in 1..20 {
        bench.post("three", "2026-11-15", "tags: [Rust]\n", &format!("State {round:04}"));
        bench.post("two", "2026-11-08T10:00:00+08:00", "tags: [Rust, Mail]\n", &format!("State {round:04}"));
        publisher::step(&mut parts, at(NOW) + chrono::Duration::minutes(round)).await.expect("a step");
    }
    ended.cancel();
    for reader in readers {
        assert!(!reader.await.expect("no half state").is_empty());
    }
}
