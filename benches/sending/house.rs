//! A store with readers and an Issue for them.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use postrider::clock::Clock;
use postrider::crypto;
use postrider::crypto::signing::{Algorithm, SigningKey};
use postrider::deliverer::Parts;
use postrider::delivery::{Kind, State};
use postrider::digest::{Hole, Mailbox, Rendition};
use postrider::mail::message::Recipient;
use postrider::mail::{Relay, Security, Settings, Transport, dkim};
use postrider::store::{self, Import, NewIssue, Store};
use postrider::subscriber::Address;
use tokio::sync::Notify;

const PUBLIC: &str = "https://feeds.example.org/";
/// Readers imported in one go.
const BATCH: usize = 5_000;

/// By which keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Not,
    Ed25519,
    Both,
}

/// See the module.
pub struct House {
    pub store: Store,
    signed: Signed,
    rendition: Rendition,
    /// On PostgreSQL: the server, and the database on it.
    database: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl Drop for House {
    /// What PostgreSQL keeps it looks after, even while others are measured.
    fn drop(&mut self) {
        if let Some((server, name)) = &self.database {
            let dropped = psql(server, &format!("drop database {name} with (force)"));
            if dropped.is_none() {
                println!("the database {name} is left on {server}");
            }
        }
    }
}

impl House {
    /// With a fresh store: a file, or a database on `server`.
    pub async fn new(signed: Signed, size: usize, server: Option<&str>) -> Self {
        // Beside the build, because /tmp may be memory, where nothing is ever durable.
        let folder = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("target")).expect("a folder");
        let database = server.map(|server| (server.to_owned(), format!("bench{}", crypto::new_id())));
        let url = match &database {
            None => format!("sqlite:{}", folder.path().join("postrider.db").display()),
            Some((server, name)) => {
                psql(server, &format!("create database {name}")).expect("a database");
                format!("{server}/{name}")
            }
        };
        let store = Store::open(&store::Settings { url, secret: None }).await.expect("a store");
        Self { store, signed, rendition: rendition(size), database, _folder: folder }
    }

    /// `count` confirmed readers.
    pub async fn readers(&self, count: usize) {
        for start in (0..count).step_by(BATCH) {
            let rows: Vec<Import> = (start..count.min(start + BATCH))
                .map(|number| Import {
                    address: Address::parse(&format!("reader{number}@example.net")).expect("an address"),
                    name: String::new(),
                    language: None,
                })
                .collect();
            self.store.import(&rows, "weekly", "import", Clock::System.now()).await.expect("imported");
        }
    }

    /// An Issue for all of them, due now.
    pub async fn plan(&self) {
        let now = Clock::System.now();
        let issue = NewIssue {
            id: crypto::new_id(),
            digest: "weekly".to_owned(),
            slot: now,
            held: false,
            expires_at: now + chrono::Duration::days(1),
            posts: vec!["post".to_owned()],
            renditions: vec![self.rendition.clone()],
        };
        assert!(self.store.create_issue(&issue, now).await.expect("an Issue"));
    }

    /// [`Self::readers`], then [`Self::plan`].
    pub async fn issue(&self, readers: usize) {
        self.readers(readers).await;
        self.plan().await;
    }

    /// What a deliverer works with.
    pub fn parts(&self, port: u16, connections: usize) -> Parts {
        Parts {
            store: self.store.clone(),
            settings: Arc::new(settings(port, connections, self.signed)),
            owner: crypto::new_id(),
            mail_queued: Arc::new(Notify::new()),
        }
    }

    /// Every one of `mails` is recorded as sent.
    pub async fn all_sent(&self, mails: usize) {
        let counts = self.store.delivery_counts(None).await.expect("counts");
        assert_eq!(counts, [(State::Sent, mails as u64)]);
    }
}

/// `mail` for a relay on this machine.
pub fn settings(port: u16, connections: usize, signed: Signed) -> Settings {
    let relay = Relay { host: "127.0.0.1".to_owned(), port, security: Security::None, login: None, trusted: None };
    let mut settings = Settings::new(Transport::Smtp(relay), PUBLIC);
    settings.connections = connections;
    settings.messages_per_connection = 1_000_000;
    let algorithms = match signed {
        Signed::Not => &[][..],
        Signed::Ed25519 => &[Algorithm::Ed25519],
        Signed::Both => &[Algorithm::Rsa, Algorithm::Ed25519],
    };
    for (at, algorithm) in algorithms.iter().enumerate() {
        let key = SigningKey::generate(*algorithm).expect("a key");
        settings.dkim.keys.push(Arc::new(dkim::Key::new(&format!("s{at}"), key).expect("a selector")));
    }
    settings
}

/// A mail of about `size` octets when it leaves, signed by Ed25519: as many as `smtp-source` sends. A fifth of it is text, with the
/// links of its reader at the end of both parts.
pub fn rendition(size: usize) -> Rendition {
    const SENTENCE: &str =
        "Boats came in before dawn, and the keeper wrote a letter to everybody who had asked for one. ";
    let id = crypto::new_id();
    let [unsubscribe, preferences, _, address] = Hole::ALL.map(|hole| hole.mark(&id));
    let many = |octets: usize, before: &str, after: &str| {
        format!("{before}{}{after}\n", SENTENCE.repeat(2)).repeat(octets / (2 * SENTENCE.len() + 12))
    };
    let (text, html) = (many(size / 6, "", "\n"), many(size * 5 / 7, "<p class=\"x\">", "</p>"));
    Rendition {
        kind: Kind::Issue,
        digest: "weekly".to_owned(),
        language: "en".to_owned(),
        from: Mailbox { name: "Weekly".to_owned(), address: "weekly@example.org".to_owned() },
        reply_to: None,
        subject: "News from the harbour".to_owned(),
        html: format!("{html}<a href=\"{unsubscribe}\">leave</a> <a href=\"{preferences}\">change</a> {address}\n"),
        text: format!("{text}{unsubscribe}\n{preferences}\n{address}\n"),
        id,
    }
}

/// One of many.
pub fn reader(number: usize) -> Recipient {
    let link = |page: &str| Some(format!("{PUBLIC}{page}/abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEFG{number}"));
    Recipient {
        address: format!("reader{number}@example.net"),
        message_id: format!("abcdefghijklmnopqrstuvwxyz{number}@example.org"),
        unsubscribe_url: link("unsubscribe"),
        unsubscribe_address: None,
        preferences_url: link("preferences"),
        confirm_url: None,
    }
}

/// The one that `tests/postgres start` runs.
pub fn postgres_server() -> Option<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/postgres.url");
    let url = fs_err::read_to_string(file).ok()?.trim().to_owned();
    psql(&url, "select 1").map(|_| url)
}

/// Does it say that something is kept before it is?
pub fn is_hasty(server: &str) -> bool {
    psql(server, "show fsync").is_some_and(|said| said.starts_with("off"))
}

/// What `server` answers; `None`: nothing, or a refusal.
fn psql(server: &str, statement: &str) -> Option<String> {
    let said = Command::new("psql").args([&format!("{server}/postgres"), "-qAtc", statement]).output().ok()?;
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
}
