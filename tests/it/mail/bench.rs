//! What tests of the deliverer begin with: a store on each engine, an Issue in it, and the scripted server as a relay.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use postrider::clock::Clock;
use postrider::crypto;
use postrider::deliverer::{Deliverer, Parts};
use postrider::delivery::Kind;
use postrider::digest::{Hole, Mailbox, Rendition};
use postrider::mail::{Relay, Security, Settings};
use postrider::store::{self, Import, NewIssue, Store};
use postrider::subscriber::Address;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::databases;

/// Makes of each `async fn case(bench: Bench)` one test an engine.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            use crate::mail::bench::Place;
            $(#[tokio::test] async fn $case() { super::$case(super::Bench::open(Place::sqlite()).await).await; })*
        }
        mod postgres {
            use crate::mail::bench::Place;
            $(#[tokio::test] async fn $case() { super::$case(super::Bench::open(Place::postgres().await).await).await; })*
        }
    };
}
pub(super) use on_both;

/// Where a store of its own is.
pub struct Place {
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: databases::sqlite(folder.path()), _folder: folder }
    }

    pub async fn postgres() -> Self {
        Self { url: databases::postgres().await, _folder: tempfile::tempdir().unwrap() }
    }

    /// Another one, on the same engine.
    pub async fn another(&self) -> Self {
        if self.url.starts_with("sqlite") { Self::sqlite() } else { Self::postgres().await }
    }

    pub async fn store(&self) -> Store {
        Store::open(&store::Settings { url: self.url.clone(), secret: None }).await.unwrap()
    }
}

/// A clock that stands where the test puts it.
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(now.timestamp_millis())))
    }

    pub fn clock(&self) -> Clock {
        Clock::Fixed(Arc::clone(&self.0))
    }

    pub fn set(&self, now: DateTime<Utc>) {
        self.0.store(now.timestamp_millis(), Ordering::SeqCst);
    }
}

/// What a deliverer of its own works with.
pub fn parts(store: &Store, settings: Settings) -> Parts {
    Parts {
        store: store.clone(),
        settings: Arc::new(settings),
        owner: crypto::new_id(),
        mail_queued: Arc::new(Notify::new()),
    }
}

pub async fn step(deliverer: &mut Deliverer) -> usize {
    deliverer.step(&CancellationToken::new()).await.unwrap()
}

/// So long after nine in the morning, UTC.
pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_634_288_400 + minutes * 60, 0).unwrap()
}

pub fn rendition(kind: Kind) -> Rendition {
    let id = crypto::new_id();
    let [unsubscribe, preferences, confirm, address] = Hole::ALL.map(|hole| hole.mark(&id));
    let link = if kind == Kind::Confirmation { confirm } else { unsubscribe };
    Rendition {
        kind,
        digest: "weekly".to_owned(),
        language: "en".to_owned(),
        from: Mailbox { name: "Weekly".to_owned(), address: "weekly@example.org".to_owned() },
        reply_to: None,
        subject: "News".to_owned(),
        html: format!("<a href=\"{link}\">leave</a> <a href=\"{preferences}\">change</a> {address}\n"),
        text: format!("{link}\n{preferences}\n{address}\n"),
        id,
    }
}

/// An Issue of `weekly`, due at `at(0)`, to these readers, who are confirmed.
pub async fn issue(
    store: &Store,
    readers: impl Iterator<Item = String>,
    rendition: Rendition,
    expires_at: DateTime<Utc>,
) {
    issue_of(store, "weekly", at(0), readers, rendition, expires_at).await;
}

/// An Issue of `rendition`, due at `slot`, to these readers of `digest`, who are confirmed.
pub async fn issue_of(
    store: &Store,
    digest: &str,
    slot: DateTime<Utc>,
    readers: impl Iterator<Item = String>,
    rendition: Rendition,
    expires_at: DateTime<Utc>,
) {
    let row = |text: String| Import { address: Address::parse(&text).unwrap(), name: String::new(), language: None };
    let rows: Vec<Import> = readers.map(row).collect();
    store.import(&rows, digest, "import", at(-10)).await.unwrap();
    let issue = NewIssue {
        id: crypto::new_id(),
        digest: digest.to_owned(),
        slot,
        held: false,
        expires_at,
        posts: vec!["p1".to_owned()],
        renditions: vec![rendition],
    };
    assert!(store.create_issue(&issue, slot).await.unwrap());
}

/// The server there, without TLS and login.
pub fn relay(address: SocketAddr) -> Relay {
    Relay { host: address.ip().to_string(), port: address.port(), security: Security::None, login: None, trusted: None }
}
