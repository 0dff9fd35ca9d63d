//! A running server and the hands that drive it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use postrider::clock::Clock;
use postrider::crypto;
use postrider::delivery::Kind;
use postrider::digest::{Digest, Hole, Mailbox, Rendition, Schedule, Trigger};
use postrider::feed::{Document, Family, Listing};
use postrider::http::served::Home;
use postrider::http::server::Limits;
use postrider::http::webhooks::Settings as Webhooks;
use postrider::http::{self, App, Listener, Published, Served, Settings};
use postrider::library::Library;
use postrider::post::{Page, Post, Status};
use postrider::site::{Language, Site};
use postrider::store::{self, Claim, NewIssue, Store};
use postrider::subscriber::token::{self, Purpose};
use postrider::template::Templates;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio_util::sync::CancellationToken;

use crate::support::databases;

/// How the world is told to reach the server; nobody connects there.
pub const PUBLIC: &str = "https://feeds.example.org/news/";

/// A server on a free port.
pub struct Server {
    pub store: Store,
    pub published: Arc<ArcSwap<Published>>,
    pub address: SocketAddr,
    pub cancel: CancellationToken,
    pub running: tokio::task::JoinHandle<()>,
    pub mail_queued: Arc<tokio::sync::Notify>,
    time: Arc<AtomicI64>,
    folder: tempfile::TempDir,
    client: reqwest::Client,
}

/// What came back, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Friday, 15 October 2021, 16:00 in Shanghai.
pub fn start() -> DateTime<Utc> {
    "2021-10-15T08:00:00Z".parse().unwrap()
}

pub fn digest(name: &str, title: &str, public: bool) -> Digest {
    let zone = "Asia/Shanghai".parse().unwrap();
    let from = Mailbox { name: title.into(), address: "weekly@example.org".into() };
    let trigger = Trigger::Cron(Schedule::parse("0 9 * * 5", zone).unwrap());
    Digest {
        title: title.into(),
        language: "zh-CN".into(),
        public,
        public_url: "https://feeds.example.org/".into(),
        ..Digest::new(name, from, trigger)
    }
}

pub fn site() -> Site {
    let language = Language {
        key: "zh".into(),
        tag: "zh-CN".into(),
        title: "SOFAStack".into(),
        url: "https://www.example.org/".into(),
    };
    Site {
        url: "https://www.example.org/".into(),
        title: "SOFAStack".into(),
        description: "金融级云原生架构".into(),
        language: "zh-CN".into(),
        languages: vec![language],
        generator: "hugo".into(),
        main_sections: vec!["blog".into()],
    }
}

pub fn listing(family: Option<Family>, title: &str, folder: &str, posts: usize) -> Listing {
    Listing { family, title: title.into(), folder: folder.into(), posts, language: "zh-CN".into() }
}

pub fn published(site: Site, listings: Vec<Listing>) -> Published {
    let served = served("rss.xml", b"<rss/>".to_vec());
    let library = Library { site: Arc::new(site), ..Library::default() };
    let documents = ["rss.xml", "feeds.opml"].map(|path| (path.to_owned(), Arc::new(served.clone())));
    Published {
        library: Arc::new(library),
        scanned_at: Some(start()),
        documents: HashMap::from(documents),
        listings,
        past: Arc::default(),
    }
}

/// The same with posts of these titles and addresses, all of one day.
pub fn with_posts(published: Published, posts: &[(&str, &str)]) -> Published {
    let post = |&(title, url): &(&str, &str)| {
        let page = Page {
            title: title.to_owned(),
            url: url.to_owned(),
            published: Some(DateTime::parse_from_rfc3339("2021-10-15T09:00:00+08:00").unwrap()),
            language: "zh".to_owned(),
            ..Page::default()
        };
        Arc::new(Post { id: format!("urn:x:{url}"), status: Status::Listed, page: Arc::new(page) })
    };
    let site = Arc::clone(&published.library.site);
    let library = Library { site, posts: posts.iter().map(post).collect(), ..Library::default() };
    Published { library: Arc::new(library), ..published }
}

pub fn served(path: &str, body: Vec<u8>) -> Served {
    let body = String::from_utf8(body).expect("UTF-8").into();
    let content_type = "application/rss+xml; charset=utf-8";
    let document =
        Document { path: path.into(), content_type, made_of: 0, immutable: false, entries: Vec::new(), body };
    Served::new(document, "h".into(), start(), &Home { public_url: PUBLIC.into(), hubs: Vec::new() }).coded()
}

impl Server {
    /// One public digest, `weekly`, and a hidden one.
    pub async fn start() -> Self {
        Self::with(vec![digest("weekly", "SOFA Weekly", true), digest("inside", "Inside", false)], |_| ()).await
    }

    pub async fn with(digests: Vec<Digest>, change: impl FnOnce(&mut Limits)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = store::Settings { url: databases::sqlite(folder.path()), secret: None };
        Self::on(folder, Store::open(&settings).await.unwrap(), digests, PUBLIC, change).await
    }

    pub async fn on(
        folder: tempfile::TempDir,
        store: Store,
        digests: Vec<Digest>,
        public_url: &str,
        change: impl FnOnce(&mut Limits),
    ) -> Self {
        Self::hooked(folder, store, digests, public_url, Webhooks::default(), change).await
    }

    /// On a store of the test's own, with mail services that may tell what came back.
    pub async fn with_webhooks(store: Store, webhooks: Webhooks) -> Self {
        let digests = vec![digest("weekly", "SOFA Weekly", true)];
        Self::hooked(tempfile::tempdir().unwrap(), store, digests, PUBLIC, webhooks, |_| ()).await
    }

    async fn hooked(
        folder: tempfile::TempDir,
        store: Store,
        digests: Vec<Digest>,
        public_url: &str,
        webhooks: Webhooks,
        change: impl FnOnce(&mut Limits),
    ) -> Self {
        let time = Arc::new(AtomicI64::new(start().timestamp_millis()));
        let listings =
            vec![listing(None, "SOFAStack", "", 12), listing(Some(Family::Tag), "SOFA Weekly", "tags/sofa-weekly/", 7)];
        let published = Arc::new(ArcSwap::from_pointee(published(site(), listings)));
        let settings = Settings {
            listen: "127.0.0.1:0".into(),
            public_url: public_url.into(),
            trusted_proxies: http::client::Network::loopback(),
            webhooks,
            polls_per_hour: None,
        };
        let mut listener = Listener::bind(&settings.listen).await.unwrap();
        change(&mut listener.limits);
        let address = listener.address();
        let app = App {
            settings: Arc::new(settings),
            published: Arc::clone(&published),
            digests: Arc::new(digests),
            templates: Arc::new(Templates::new(&std::collections::BTreeMap::new()).unwrap()),
            store: store.clone(),
            clock: Clock::Fixed(Arc::clone(&time)),
            mail_queued: Arc::default(),
        };
        let mail_queued = Arc::clone(&app.mail_queued);
        let cancel = CancellationToken::new();
        let running = tokio::spawn(http::serve(listener, app, cancel.clone()));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self { store, published, address, cancel, running, mail_queued, time, folder, client }
    }

    /// Takes a table away under the server's hands.
    pub async fn break_store(&self) {
        use sqlx::Connection as _;
        let url = databases::sqlite(self.folder.path());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query("alter table subscribers rename to gone").execute(&mut connection).await.unwrap();
    }

    pub fn now(&self) -> DateTime<Utc> {
        Clock::Fixed(Arc::clone(&self.time)).now()
    }

    pub fn pass(&self, time: chrono::Duration) {
        self.time.fetch_add(time.num_milliseconds(), Ordering::SeqCst);
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("accept-language", "en")], "").await
    }

    /// A form as a browser sends it from nowhere in particular.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.ask("POST", path, &[("accept-language", "en"), FORM], form).await
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("http://{}{path}", self.address))
            .body(body.to_owned());
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request = request.header(name, HeaderValue::from_str(value).unwrap());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    /// A stamped form's fields, two seconds after the form was fetched.
    pub async fn stamped(&self) -> String {
        let page = self.get("/subscribe").await;
        let stamp = between(&page.body, "name=\"stamp\" value=\"", "\"");
        self.pass(chrono::Duration::seconds(2));
        format!("stamp={stamp}")
    }

    /// Everything that a reader's act could change.
    pub async fn rows(&self) -> String {
        let readers = self.store.subscribers(None, None, "", 1000).await.unwrap();
        let mails = self.store.deliveries(None, None, None, 1000).await.unwrap();
        format!("{readers:#?}\n{mails:#?}\n{:?}", self.store.subscription_counts().await.unwrap())
    }

    /// How often a Confirmation to the address was queued.
    pub async fn confirmations(&self, address: &str) -> usize {
        let mails = self.store.deliveries(None, Some(address), None, 100).await.unwrap();
        mails.iter().filter(|mail| mail.kind == Kind::Confirmation).count()
    }

    /// Signs up and takes the Confirmation out of the queue.
    pub async fn sign_up(&self, address: &str) -> Claim {
        let answer = self.post("/subscribe", &format!("email={address}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let mut claims = self.store.claim("test", 10, Duration::from_mins(10), self.now()).await.unwrap();
        claims.retain(|claim| claim.address == address);
        claims.pop().expect("a Confirmation")
    }

    /// A reader of `weekly`: the claim whose ids the links are made of.
    pub async fn reader(&self, address: &str) -> Claim {
        let claim = self.sign_up(address).await;
        self.store.confirm(&claim.confirmation, self.now()).await.unwrap().expect("a row");
        claim
    }

    pub fn link(&self, purpose: Purpose, id: &str) -> String {
        let page = match purpose {
            Purpose::Confirm => "confirm",
            Purpose::Unsubscribe => "unsubscribe",
            Purpose::Preferences => "preferences",
        };
        format!("/{page}/{}", token::make(self.store.key(), purpose, id))
    }

    /// An Issue with one Rendition.
    pub async fn issue(&self, digest: &str, slot: &str, held: bool, subject: &str) -> String {
        let id = crypto::new_id();
        let rendition = rendition(digest, subject);
        let issue = NewIssue {
            id: id.clone(),
            digest: digest.into(),
            slot: slot.parse().unwrap(),
            held,
            expires_at: self.now() + chrono::Duration::hours(72),
            posts: vec![format!("tag:example.org,2021:{slot}")],
            renditions: vec![rendition],
        };
        assert!(self.store.create_issue(&issue, self.now()).await.unwrap());
        id
    }
}

pub fn rendition(digest: &str, subject: &str) -> Rendition {
    let id = crypto::new_id();
    let html = Hole::ALL.map(|hole| format!("<p><a href=\"{0}\">{0}</a></p>", hole.mark(&id))).concat();
    Rendition {
        kind: Kind::Issue,
        digest: digest.into(),
        language: "zh-CN".into(),
        from: Mailbox { name: String::new(), address: "weekly@example.org".into() },
        reply_to: None,
        subject: subject.into(),
        html: format!(
            "<!doctype html><html lang=\"zh-CN\"><body style=\"margin:0\"><h1>{subject}</h1>{html}</body></html>"
        ),
        text: "text".into(),
        id,
    }
}

pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The text between two marks.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
    &text[start..start + text[start..].find(after).expect("the end")]
}
