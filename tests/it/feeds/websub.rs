//! WebSub: what hubs are told, when, and who is never spoken to; and an independent hub from subscribing to news.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use postrider::clock::Clock;
use postrider::feed::Document;
use postrider::http::served::Home;
use postrider::http::{Published, Served};
use postrider::store::{self, Store};
use postrider::websub::{self, Parts, Settings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::house::House;
use crate::support::{databases, peers};

const PUBLIC: &str = "https://feeds.example.org/";

fn at(minute: i64) -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse::<DateTime<Utc>>().expect("a time") + chrono::Duration::minutes(minute)
}

/// A hub that writes down what it is told and answers with one status after the other, the last for ever.
struct Hub {
    address: String,
    heard: tokio::sync::mpsc::UnboundedReceiver<String>,
}

impl Hub {
    async fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/hub?x=1", listener.local_addr().expect("an address"));
        let (sender, heard) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut statuses = statuses.iter().chain(statuses.last().into_iter().cycle());
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
                let form = loop {
                    let count = stream.read(&mut buffer).await.unwrap_or(0);
                    request.extend_from_slice(&buffer[..count]);
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.to_ascii_lowercase();
                    let (_, length) = length.split_once("content-length: ").expect("a length");
                    let length: usize = length.lines().next().unwrap_or_default().parse().expect("a number");
                    if body.len() >= length || count == 0 {
                        assert!(head.starts_with("POST /hub?x=1 HTTP/1.1\r\n"), "{head}");
                        break body.to_owned();
                    }
                };
                let _ = sender.send(form);
                let status = statuses.next().expect("a status");
                let _ = stream.write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").as_bytes()).await;
            }
        });
        Self { address, heard }
    }

    /// Paths of the topics that it was told of since the last time.
    fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(form) = self.heard.try_recv() {
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let value = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            assert_eq!(value("hub.mode").as_deref(), Some("publish"));
            assert_eq!(value("hub.url"), value("hub.topic"));
            told.push(value("hub.url").expect("a topic").strip_prefix(PUBLIC).expect("ours").to_owned());
        }
        told
    }
}

/// Publishes documents: path and hash of each.
fn publish(parts: &Parts, documents: &[(&str, &str)]) {
    let home = Home { public_url: PUBLIC.to_owned(), hubs: parts.settings.hubs.clone() };
    let served = |(path, hash): &(&str, &str)| {
        let document = Document {
            path: (*path).to_owned(),
            content_type: "application/rss+xml; charset=utf-8",
            made_of: 0,
            immutable: path.contains("archives/"),
            entries: Vec::new(),
            body: "<rss/>".into(),
        };
        ((*path).to_owned(), Arc::new(Served::new(document, (*hash).to_owned(), at(0), &home).coded()))
    };
    let documents = documents.iter().map(served).collect();
    parts.published.store(Arc::new(Published { documents, ..Published::default() }));
}

async fn parts(folder: &tempfile::TempDir, hubs: Vec<String>, private: bool) -> Parts {
    let settings = store::Settings { url: databases::sqlite(folder.path()), secret: None };
    Parts {
        settings: Settings { hubs, private },
        public_url: PUBLIC.to_owned(),
        published: Arc::new(ArcSwap::default()),
        store: Store::open(&settings).await.expect("a store"),
        clock: Clock::fixed(at(0)),
    }
}

#[tokio::test]
async fn one_ping_for_each_feed_that_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hub = Hub::start(&[204]).await;
    let parts = parts(&folder, vec![hub.address.clone()], true).await;
    let step = async |minute| websub::step(&parts, at(minute)).await.expect("a step");
    assert_eq!(step(0).await, 0);
    publish(&parts, &[("rss.xml", "1"), ("atom.xml", "1"), ("archives/x/rss.xml", "1"), ("feeds.opml", "1")]);
    assert_eq!(step(1).await, 0, "nobody can have subscribed yet");
    publish(&parts, &[("rss.xml", "2"), ("atom.xml", "1"), ("archives/x/rss.xml", "2"), ("feeds.opml", "2")]);
    assert_eq!((step(2).await, hub.told()), (1, vec!["rss.xml".to_owned()]));
    assert_eq!((step(3).await, hub.told()), (0, vec![]));
    publish(&parts, &[("rss.xml", "3"), ("atom.xml", "3"), ("tags/x/rss.xml", "3")]);
    assert_eq!((step(4).await, hub.told()), (2, vec!["atom.xml".to_owned(), "rss.xml".to_owned()]));
}

#[tokio::test]
async fn what_a_hub_did_not_hear_is_said_again_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hub = Hub::start(&[503, 400, 202]).await;
    let parts = parts(&folder, vec![hub.address.clone()], true).await;
    let step = async |minute| websub::step(&parts, at(minute)).await.expect("a step");
    publish(&parts, &[("rss.xml", "1"), ("atom.xml", "1")]);
    step(0).await;
    publish(&parts, &[("rss.xml", "2"), ("atom.xml", "2")]);
    // The first failure is enough to know that the hub is not well.
    assert_eq!((step(10).await, hub.told()), (0, vec!["atom.xml".to_owned()]));
    assert_eq!(parts.store.next_ping().await.expect("a time"), Some(at(10) + chrono::Duration::seconds(30)));
    assert_eq!((step(10).await, hub.told()), (0, vec![]));
    assert_eq!((step(11).await, hub.told()), (0, vec!["atom.xml".to_owned()]));
    assert_eq!((step(11).await, hub.told()), (0, vec![]), "it waits twice as long");
    assert_eq!((step(12).await, hub.told()), (2, vec!["atom.xml".to_owned(), "rss.xml".to_owned()]));
    assert_eq!(parts.store.next_ping().await.expect("no time"), None);
}

#[tokio::test]
async fn a_hub_that_is_not_there_costs_no_other_hub_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hub = Hub::start(&[200]).await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("http://{}/", listener.local_addr().expect("an address"))
    };
    let parts = parts(&folder, vec![closed, hub.address.clone()], true).await;
    for (minute, hash) in [(0, "1"), (1, "2")] {
        publish(&parts, &[("rss.xml", hash)]);
        websub::step(&parts, at(minute)).await.expect("a step");
    }
    assert_eq!(hub.told(), ["rss.xml"]);
    assert!(parts.store.next_ping().await.expect("a time").is_some());
}

#[tokio::test]
async fn nothing_private_is_spoken_to_unless_it_may_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hub = Hub::start(&[200]).await;
    let port = url::Url::parse(&hub.address).expect("an address").port().expect("a port");
    let names = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "0x7f000001", "0.0.0.0"];
    let hubs = names.iter().map(|name| format!("http://{name}:{port}/hub?x=1")).collect();
    let parts = parts(&folder, hubs, false).await;
    for (minute, hash) in [(0, "1"), (1, "2"), (5, "2")] {
        publish(&parts, &[("rss.xml", hash)]);
        assert_eq!(websub::step(&parts, at(minute)).await.expect("a step"), 0);
    }
    assert_eq!(hub.told(), Vec::<String>::new());
    let parts = Parts { settings: Settings { private: true, ..parts.settings }, ..parts };
    assert_eq!(websub::step(&parts, at(60)).await.expect("a step"), names.len());
}

/// A hub and a subscriber of others, in a process of their own.
struct Peers {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Peers {
    fn start() -> (Self, String) {
        let mut child =
            peers::python("websub.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port = lines.next().expect("a line").expect("its port");
        (Self { child, lines }, format!("http://127.0.0.1:{port}/hub"))
    }

    fn subscribe(&mut self, topic: &str) {
        writeln!(self.child.stdin.as_mut().expect("its input"), "{topic}").expect("it takes lines");
    }

    /// What it says next.
    fn said(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.lines.next().expect("a line").expect("text")).expect("JSON")
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_hub_tells_its_subscribers_at_once() {
    let (mut others, hub) = Peers::start();
    let house = House::new(
        &format!("http: {{ listen: \"127.0.0.1:0\" }}\nfeeds: {{ hubs: [\"{hub}\"], private_hubs: true }}\n"),
        "2026-03-05 12:00:00",
    );
    house.publish("first", "The first", "2026-03-01", "Text.");
    let daemon = house.serve();
    let topics = ["rss.xml", "atom.xml", "feed.json"].map(|name| format!("{}{name}", daemon.address));
    for topic in &topics {
        others.subscribe(topic);
        assert_eq!(others.said(), serde_json::json!({ "subscribed": topic }));
    }
    house.publish("second", "The second", "2026-03-02", "News.");
    let mut heard: Vec<String> = Vec::new();
    for _ in &topics {
        let news = others.said();
        let body = news["body"].as_str().expect("a body");
        assert!(body.contains("The second") && body.contains(&hub), "{news}");
        heard.push(news["news"].as_str().expect("a topic").to_owned());
    }
    heard.sort();
    let mut expected = topics.to_vec();
    expected.sort();
    assert_eq!(heard, expected);
}
