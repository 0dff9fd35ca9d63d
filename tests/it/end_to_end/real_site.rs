//! `serve` on a real site, and readers that fetch what it serves: feedparser and newsboat by themselves, feed-rs by us.
//! Without the corpora the site is the demo's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use chrono::DateTime;
use postrider::feed::text;
use serde_json::Value;

use crate::support::house::House;
use crate::support::peers;

/// A site, and what must be in its feeds of one of its posts.
struct Real {
    /// In the house.
    folder: &'static str,
    url: &'static str,
    title: &'static str,
    /// As its file says it.
    date: &'static str,
    link: &'static str,
    author: &'static str,
    author_url: &'static str,
    tag: &'static str,
    cover: &'static str,
    /// Some of its words, from the first paragraph to the last.
    words: &'static [&'static str],
    /// Some of its links and pictures; those that are relative in the file among them.
    links: &'static [&'static str],
    /// Feeds that it stands in, beside the site's own.
    folders: &'static [&'static str],
    /// Feeds of each format, at least.
    feeds: usize,
}

const SOFASTACK: Real = Real {
    folder: "sofastack",
    url: "https://www.sofastack.tech/",
    title: "SOFA Weekly | QA 整理、SOFAStack&MOSN 新手任务",
    date: "2021-10-15T15:00:00+08:00",
    link: "https://www.sofastack.tech/blog/sofa-weekly-20211015/",
    author: "SOFA 团队",
    author_url: "https://github.com/sofastack",
    tag: "SOFAStack",
    cover: "https://gw.alipayobjects.com/mdn/rms_1c90e8/afts/img/A*_ewiQbuzeOQAAAAAAAAAAAAAARQnAQ",
    words: &[
        "每周精选，筛选每周精华问答",
        "每周读者问答提炼",
        "@崔伟协",
        "m.receiveHandler.SendHijackReply",
        "新手任务计划",
        "本周推荐阅读",
    ],
    links: &[
        "href=\"https://github.com/mosn/layotto/issues/108#issuecomment-872779356\"",
        "src=\"https://gw.alipayobjects.com/mdn/rms_1c90e8/afts/img/A*_ewiQbuzeOQAAAAAAAAAAAAAARQnAQ\"",
    ],
    folders: &["tags/sofastack/", "categories/sofastack/", "sections/blog/", "zh/"],
    feeds: 200,
};

const DEMO: Real = Real {
    folder: "demo",
    url: "https://weekly.example.org/",
    title: "纸鸢周报 044 | 初雪、快了五倍的竹骨，和一封读者来信",
    date: "2026-11-20T15:00:00+08:00",
    link: "https://weekly.example.org/weekly/2026-11-20/",
    author: "纸鸢社区",
    author_url: "https://paperkite.example.org/people/",
    tag: "问答",
    cover: "https://weekly.example.org/images/cover-2026-11-20.png",
    words: &["北方的几位维护者这周都拍到了初雪", "慢在哪里，就量哪里", "小满"],
    links: &[
        "src=\"https://weekly.example.org/images/startup.png\"",
        "href=\"https://bamboo.example.net/upgrade/0.9\"",
    ],
    folders: &["tags/%E9%97%AE%E7%AD%94/", "zh/"],
    feeds: 5,
};

/// What feedparser or newsboat says it read.
#[derive(serde::Deserialize)]
struct Said {
    feedparser: BTreeMap<String, Entries>,
    newsboat: Followed,
}

#[derive(serde::Deserialize)]
struct Entries {
    ids: Vec<String>,
    entry: Option<Value>,
}

#[derive(serde::Deserialize)]
struct Followed {
    feeds: BTreeSet<String>,
    ids: BTreeSet<String>,
    entry: Option<Value>,
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_read_every_feed_of_a_site() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let base = format!("http://127.0.0.1:{port}/");
    let mut house = House::new("", "2026-11-22 12:00:00");
    let real = unpack(&house);
    let configuration = format!(
        "site: {{folder: ../{}, url: \"{}\"}}\nfeeds: {{entries: 250, max_bytes: 20MB}}\nhttp: {{public_url: \"{base}\"}}\n",
        real.folder, real.url
    );
    fs_err::write(house.site().join("postrider.yaml"), configuration).expect("the configuration");
    house.environment.push(("POSTRIDER_HTTP_LISTEN".into(), format!("127.0.0.1:{port}")));
    let daemon = house.serve();
    assert_eq!(daemon.address, base);

    // Every address of the OPML, as XML holds it, and its siblings.
    let opml = get(&format!("{base}feeds.opml"), None).await;
    let opml = String::from_utf8(opml.body).expect("text");
    let rss: Vec<&str> = opml.split(" xmlUrl=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(rss.len() >= real.feeds, "{} feeds", rss.len());
    let folders: Vec<&str> = rss.iter().map(|address| address.strip_suffix("rss.xml").expect("RSS")).collect();
    for folder in std::iter::once(&"").chain(real.folders) {
        assert!(folders.contains(&format!("{base}{folder}").as_str()), "no {folder} in {folders:?}");
    }

    // JSON says what there is; feed-rs reads the same in all formats.
    let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for folder in &folders {
        let own = get(&format!("{folder}feed.json"), None).await;
        let feed: Value = serde_json::from_slice(&own.body).expect("JSON");
        let items = feed["items"].as_array().expect("items");
        let names: Vec<String> = items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
        if let Some(item) = items.iter().find(|item| item["url"] == real.link) {
            samples.insert(*folder, item.clone());
        }
        for name in ["rss.xml", "atom.xml", "feed.json"] {
            let address = format!("{folder}{name}");
            let first = get(&address, None).await;
            assert_eq!(first.status, 200, "{address}");
            let again = get(&address, Some(&first.etag)).await;
            assert_eq!((again.status, again.body.len(), &again.etag), (304, 0, &first.etag), "{address}");
            let read = feed_rs::parser::parse(first.body.as_slice()).unwrap_or_else(|e| panic!("{address}: {e}"));
            let read: Vec<String> = read.entries.into_iter().map(|entry| entry.id).collect();
            assert_eq!(read, names, "feed-rs in {address}");
            if name == "atom.xml" && samples.contains_key(folder) {
                let text = String::from_utf8(first.body).expect("text");
                assert!(text.contains(&format!("<published>{}</published>", real.date)), "{address}");
            }
        }
        ids.insert(folder, names);
    }
    let id = the_sample_in_json(&real, &samples, &base);

    let all: BTreeSet<String> = ids.values().flatten().cloned().collect();
    std::thread::scope(|scope| {
        for name in ["rss.xml", "atom.xml"] {
            let (folders, ids, all, samples, real, id) = (&folders, &ids, &all, &samples, &real, &id);
            scope.spawn(move || {
                let addresses: BTreeMap<String, &str> =
                    folders.iter().map(|folder| (format!("{folder}{name}"), *folder)).collect();
                let input = addresses.keys().map(String::as_str).collect::<Vec<_>>().join("\n");
                let said = peers::run(peers::python("readers.py").arg(id), input.as_bytes());
                let said: Said = serde_json::from_str(&said).expect("its JSON");
                assert!(said.feedparser.keys().eq(addresses.keys()), "feedparser read other feeds");
                for (address, entries) in &said.feedparser {
                    let folder = addresses[address];
                    assert_eq!(entries.ids, ids[folder], "feedparser in {address}");
                    assert_eq!(entries.entry.is_some(), samples.contains_key(folder), "{address}");
                    if let Some(entry) = &entries.entry {
                        the_sample_in_feedparser(real, entry, name);
                    }
                }
                assert!(said.newsboat.feeds.iter().eq(addresses.keys()), "newsboat read {:?}", said.newsboat.feeds);
                assert_eq!(said.newsboat.ids, *all, "newsboat in all {name}");
                the_sample_in_newsboat(real, &said.newsboat.entry.expect("the sample post"));
            });
        }
    });
}

/// A real site beside the house's own, or the demo's.
fn unpack(house: &House) -> Real {
    if let Some(corpora) = peers::corpora() {
        let archive = corpora.join("sofastack.tar.gz");
        peers::run(Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(house.path("")), b"");
        return SOFASTACK;
    }
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/demo");
    peers::run(Command::new("cp").arg("-R").arg(from).arg(house.path("demo")), b"");
    DEMO
}

/// Its id, which is the same wherever it stands.
fn the_sample_in_json(real: &Real, samples: &BTreeMap<&str, Value>, base: &str) -> String {
    for folder in std::iter::once(&"").chain(real.folders) {
        let item = samples.get(format!("{base}{folder}").as_str()).unwrap_or_else(|| panic!("not in /{folder}"));
        assert_eq!(item["title"], real.title);
        assert_eq!(item["date_published"], real.date);
        assert_eq!(item["authors"][0]["name"], real.author);
        assert_eq!(item["authors"][0]["url"], real.author_url);
        assert_eq!(item["language"], "zh-CN");
        assert!(item["tags"].as_array().is_some_and(|tags| tags.contains(&real.tag.into())), "{item}");
        assert_eq!(item["image"], real.cover);
        the_content(real, item["content_html"].as_str().expect("content"));
    }
    let ids: BTreeSet<&str> = samples.values().filter_map(|item| item["id"].as_str()).collect();
    assert_eq!(ids.len(), 1, "one post, one id: {ids:?}");
    ids.into_iter().next().expect("an id").to_owned()
}

fn the_sample_in_feedparser(real: &Real, entry: &Value, name: &str) {
    // It hands out HTML for what an Atom feed says is HTML, and RSS has dates in GMT.
    let (title, date) = match name {
        "atom.xml" => (text::html(real.title), real.date.to_owned()),
        _ => (real.title.to_owned(), instant(real).to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
    };
    assert!(entry["title"] == title || entry["title"] == real.title, "{}", entry["title"]);
    assert_eq!((&entry["date"], &entry["published"]), (&date.into(), &instant(real).timestamp().into()));
    assert_eq!((&entry["link"], &entry["author"]), (&real.link.into(), &real.author.into()));
    assert!(entry["tags"].as_array().is_some_and(|tags| tags.contains(&real.tag.into())), "{}", entry["tags"]);
    assert_eq!(entry["cover"][0], real.cover);
    the_content(real, entry["content"].as_str().expect("content"));
}

fn the_sample_in_newsboat(real: &Real, entry: &Value) {
    assert_eq!((&entry["title"], &entry["published"]), (&real.title.into(), &instant(real).timestamp().into()));
    assert_eq!((&entry["link"], &entry["author"]), (&real.link.into(), &real.author.into()));
    the_content(real, entry["content"].as_str().expect("content"));
}

fn instant(real: &Real) -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339(real.date).expect("a date")
}

fn the_content(real: &Real, html: &str) {
    for part in real.words.iter().chain(real.links) {
        assert!(html.contains(part), "no {part} in {html}");
    }
    for link in html.split(" href=\"").skip(1).chain(html.split(" src=\"").skip(1)) {
        assert!(link.starts_with("https://") || link.starts_with("http://") || link.starts_with("mailto:"), "{link}");
    }
}

struct Answer {
    status: u16,
    etag: String,
    body: Vec<u8>,
}

async fn get(address: &str, etag: Option<&str>) -> Answer {
    let mut request = reqwest::Client::new().get(address);
    if let Some(etag) = etag {
        request = request.header("if-none-match", etag);
    }
    let answer = request.send().await.expect("an answer");
    let etag = answer.headers().get("etag").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    assert!(etag.starts_with('"') && etag.len() > 4, "{address}: no ETag");
    Answer { status: answer.status().as_u16(), etag, body: answer.bytes().await.expect("a body").into() }
}
