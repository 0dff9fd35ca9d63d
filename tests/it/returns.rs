//! What comes back: read, believed, brought in by each way, and what follows.

mod corpus;
mod lmtp;
mod mailbox;
mod pipe;
mod webhooks;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use postrider::bounce::ReturnPath;
use postrider::crypto;
use postrider::delivery::{Kind, Outcome, State, Verdict};
use postrider::digest::{Mailbox, Rendition};
use postrider::store::{Import, NewIssue, Report, Settings, Store};
use postrider::subscriber::Address;

use crate::support::databases;

/// Readers whose first Issue was handed over, and a second one waits for.
struct Harbour {
    store: Store,
    folder: tempfile::TempDir,
}

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-02T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + chrono::Duration::minutes(minutes)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bounces")
}

/// A message of the corpus, returned to `address`.
fn message(name: &str, address: &str) -> Vec<u8> {
    let raw = fs_err::read(fixtures().join(format!("{name}.eml"))).unwrap();
    let mark = b"{RETURN}";
    let mut out = Vec::new();
    let mut rest = raw.as_slice();
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(address.as_bytes());
        rest = &rest[at + mark.len()..];
    }
    out.extend_from_slice(rest);
    out
}

impl Harbour {
    async fn new(readers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(databases::sqlite(folder.path()), folder, readers).await
    }

    async fn at(url: String, folder: tempfile::TempDir, readers: &[&str]) -> Self {
        let store = Store::open(&Settings { url, secret: None }).await.unwrap();
        let harbour = Self { store, folder };
        let rows: Vec<Import> = readers
            .iter()
            .map(|text| Import { address: Address::parse(text).unwrap(), name: String::new(), language: None })
            .collect();
        harbour.store.import(&rows, "weekly", "import", at(-100)).await.unwrap();
        harbour.issue(0).await;
        harbour.hand_over(1).await;
        harbour
    }

    async fn issue(&self, minutes: i64) {
        let rendition = Rendition {
            id: crypto::new_id(),
            kind: Kind::Issue,
            digest: "weekly".into(),
            language: "en".into(),
            from: Mailbox { name: String::new(), address: "news@harbour.example.org".into() },
            reply_to: None,
            subject: "s".into(),
            html: "h".into(),
            text: "t".into(),
        };
        let issue = NewIssue {
            id: crypto::new_id(),
            digest: "weekly".into(),
            slot: at(minutes),
            held: false,
            expires_at: at(minutes + 4000),
            posts: vec![minutes.to_string()],
            renditions: vec![rendition],
        };
        assert!(self.store.create_issue(&issue, at(minutes)).await.unwrap());
    }

    /// Every due mail is handed to the relay.
    async fn hand_over(&self, minutes: i64) {
        let lease = std::time::Duration::from_mins(1);
        let claims = self.store.claim("test", 100, lease, at(minutes)).await.unwrap();
        let outcome = Outcome { verdict: Verdict::Accepted, code: 250, text: "taken".into() };
        let reports: Vec<Report> = claims
            .iter()
            .map(|claim| Report {
                delivery: claim.id.clone(),
                fence: claim.fence,
                outcome: outcome.clone(),
                state: State::Sent,
                due_at: None,
            })
            .collect();
        self.store.report(&reports, at(minutes)).await.unwrap();
    }

    /// Where the newest mail to `reader` comes back to.
    async fn return_address(&self, reader: &str) -> String {
        let rows = self.store.deliveries(None, Some(reader), Some(State::Sent), 1).await.unwrap();
        let subscriber = self.store.subscriber_by_address(reader).await.unwrap().unwrap().id;
        path().sender(self.store.key(), Kind::Issue, &rows[0].id, &subscriber)
    }

    async fn unsubscribe_address(&self, reader: &str) -> String {
        let reader = self.store.subscriber_by_address(reader).await.unwrap().unwrap();
        path().unsubscribe(self.store.key(), &reader.subscriptions[0].id).unwrap()
    }

    async fn suppressed(&self, reader: &str) -> Option<String> {
        self.store.subscriber_by_address(reader).await.unwrap().unwrap().suppressed
    }

    async fn returned(&self, source: &str, became: &str) -> u64 {
        let counts = self.store.returned_counts().await.unwrap();
        counts.iter().find(|(s, b, _)| s == source && b == became).map_or(0, |(.., count)| *count)
    }

    /// All that a message could change.
    async fn rows(&self) -> String {
        let readers = self.store.subscribers(None, None, "", 1000).await.unwrap();
        let mails = self.store.deliveries(None, None, None, 1000).await.unwrap();
        format!("{readers:#?}\n{mails:#?}\n{:?}", self.store.bounce_counts().await.unwrap())
    }
}

fn path() -> ReturnPath {
    ReturnPath::parse("@bounce.harbour.example.org").unwrap()
}
