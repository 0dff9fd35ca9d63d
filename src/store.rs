//! The store: every row, in SQLite or PostgreSQL, with one SQL text for both.
//!
//! A method is the unit of work: it opens its transaction and ends it; none is open across the network. Time comes in
//! as a parameter. Ids are made by the program. Writers on SQLite use `BEGIN IMMEDIATE`.

pub mod deliveries;
pub mod issues;
pub mod posts;
pub mod subscribers;

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::crypto::Key;
use crate::delivery::{Kind, Outcome, State};
use crate::digest::Rendition;
use crate::post::id::{Known, PostId};
use crate::subscriber::{Address, Subscriber};

/// `store` of `postrider.yaml`.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://…`. May hold a password: no `Debug`.
    pub url: String,
    /// The secret that tokens are made with; `None`: made once and kept in the store.
    pub secret: Option<String>,
}

/// An open store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {}

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or is away.
    #[error("the store failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database is of a newer Postrider, or not ours.
    #[error("{0}")]
    Unusable(String),
}

/// See [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

// ---- posts ----

/// What the store takes in from one scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPost {
    /// As it is now.
    pub known: Known,
}

/// A document's bytes and since when they are what they are (Last-Modified).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedVersion {
    /// [`crate::feed::Document::path`].
    pub path: String,
    /// SHA-256 of the body, hexadecimal.
    pub hash: String,
    /// Since when.
    pub changed_at: DateTime<Utc>,
}

// ---- issues ----

/// An Issue to be written, whole, in one transaction.
#[derive(Debug, Clone)]
pub struct NewIssue {
    /// Row id, by [`crate::crypto::new_id`].
    pub id: String,
    /// Name of the Digest.
    pub digest: String,
    /// Unique per digest.
    pub slot: DateTime<Utc>,
    /// Waits for a person before its Deliveries may be claimed.
    pub held: bool,
    /// After this its mails expire.
    pub expires_at: DateTime<Utc>,
    /// Newest first.
    pub posts: Vec<PostId>,
    /// One a language of the audience; the first serves everybody whose language has none of its own. Empty: the
    /// Issue is recorded as skipped (nothing new, or by a person), so that its Slot is not made again.
    pub renditions: Vec<Rendition>,
}

/// Where an Issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueState {
    /// Waits for `digest approve`.
    Held,
    /// Its Deliveries are being sent.
    Sending,
    /// Every Delivery is at its end.
    Done,
    /// Nothing was sent: nothing new, too late, or a person said so.
    Skipped,
}

/// A row of `issues`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct IssueRow {
    /// Row id.
    pub id: String,
    /// Name of the Digest.
    pub digest: String,
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// See [`IssueState`].
    pub state: IssueState,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Post ids, newest first.
    pub posts: Vec<PostId>,
    /// Number of its Deliveries.
    pub deliveries: u64,
}

/// An Issue in the public archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedIssue {
    /// Row id.
    pub id: String,
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// [`IssueState::Sending`] or [`IssueState::Done`].
    pub state: IssueState,
    /// Of its first Rendition.
    pub subject: String,
}

// ---- deliveries ----

/// A Delivery that this process may attempt until `lease` has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Row id of the Delivery.
    pub id: String,
    /// What kind of mail.
    pub kind: Kind,
    /// The mail's [`Rendition::id`].
    pub rendition: String,
    /// Where to.
    pub address: String,
    /// Whose; empty for [`Kind::Test`].
    pub subscriber: String,
    /// What unsubscribe tokens stand for; empty when there is none.
    pub subscription: String,
    /// What confirm tokens stand for; empty when there is none.
    pub confirmation: String,
    /// Without angle brackets; the same at every attempt.
    pub message_id: String,
    /// Counts claims: a result is only taken with the newest.
    pub fence: i64,
    /// Attempts before this one.
    pub attempts: u32,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
}

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// [`Claim::id`]
    pub delivery: String,
    /// [`Claim::fence`]
    pub fence: i64,
    /// What the server said.
    pub outcome: Outcome,
    /// What the Delivery becomes.
    pub state: State,
    /// With [`State::Queued`]: not before.
    pub due_at: Option<DateTime<Utc>>,
}

/// A row of `deliveries`, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeliveryRow {
    /// Row id.
    pub id: String,
    /// What kind of mail.
    pub kind: Kind,
    /// Name of the Digest.
    pub digest: String,
    /// Row id of the Issue; empty for transactional mail.
    pub issue: String,
    /// Where to.
    pub address: String,
    /// See [`State`].
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// SMTP reply code of the last attempt, 0: none.
    pub code: u16,
    /// The server's words.
    pub text: String,
    /// Not before.
    pub due_at: DateTime<Utc>,
    /// Last change.
    pub changed_at: DateTime<Utc>,
}

// ---- subscribers ----

/// What became of a sign-up. The visitor is told the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// A Confirmation was queued in the same transaction.
    ConfirmationQueued,
    /// Already confirmed: nothing to do.
    AlreadyConfirmed,
    /// Suppressed, or asked too often lately: no mail.
    Refused,
}

/// What became of a confirm, unsubscribe or preferences token's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The subscriber's address.
    pub address: String,
    /// BCP 47 tag, if known.
    pub language: Option<String>,
    /// Row id of the subscriber.
    pub subscriber: String,
    /// Name of the digest that the token is for (confirm, unsubscribe).
    pub digest: String,
    /// Where that subscription stands.
    pub state: crate::subscriber::State,
    /// Confirm only: the 72 hours are over.
    pub expired: bool,
}

/// One line of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Whom.
    pub address: Address,
    /// May be empty.
    pub name: String,
    /// BCP 47.
    pub language: Option<String>,
}

/// What became of a batch of [`Import`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// New subscriptions, confirmed.
    pub added: u64,
    /// Already confirmed.
    pub unchanged: u64,
    /// Unsubscribed before: left so.
    pub unsubscribed: u64,
    /// Suppressed: left so.
    pub suppressed: u64,
}

macro_rules! contract {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)*) => {
        impl Store {
            $($(#[$doc])* pub async fn $name(&self, $($arg: $ty),*) -> Result<$out> { $(let _ = $arg;)* todo!() })*
        }
    };
}

impl Store {
    /// Opens (and creates, for SQLite) the database and brings its schema up to date.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let _ = settings;
        todo!()
    }

    /// The key that tokens are made with.
    pub fn key(&self) -> &Key {
        todo!()
    }
}

contract! {
    /// Is the database there? For `/readyz`.
    ping() -> ();
    /// Makes this process the one daemon on an SQLite file (an advisory lock on `FILE.lock`, held until the Store's last clone
    /// is dropped). `Unusable`, naming the file and the holder's process id, when another has it. PostgreSQL: always granted.
    lock_daemon() -> ();

    /// Everything known of posts.
    known_posts() -> Vec<Known>;
    /// Inserts or updates; rows not named stay (a deleted file may come back).
    save_posts(posts: &[Known], now: DateTime<Utc>) -> ();
    /// Since when each document has its bytes: keeps the time of those whose hash is known, gives `now` to the others
    /// (never earlier than before), returns all of `documents` (path, hash) in order.
    feed_versions(documents: &[(String, String)], now: DateTime<Utc>) -> Vec<FeedVersion>;

    /// On the first sight of a digest: records `posts` as its baseline, announced without a mail, and returns true.
    /// Known digests are left alone: false.
    begin_digest(digest: &str, posts: &[PostId], now: DateTime<Utc>) -> bool;
    /// When the digest was first seen.
    digest_begun(digest: &str) -> Option<DateTime<Utc>>;
    /// Posts that the digest never announces again.
    announced(digest: &str) -> HashSet<PostId>;
    /// The newest Slot that has an Issue of any state.
    last_slot(digest: &str) -> Option<DateTime<Utc>>;
    /// Languages that confirmed, unsuppressed subscribers of the digest named, each once, sorted, and how many readers there are in all.
    audience(digest: &str) -> (Vec<String>, u64);
    /// Writes the Issue, its announcements, Renditions and one Delivery for each confirmed, unsuppressed subscriber, all in one
    /// transaction and in set-based SQL. False: another machine won the Slot, nothing was written.
    /// Deliveries' Message-IDs are `{delivery id}@{domain of from}`.
    create_issue(issue: &NewIssue, now: DateTime<Utc>) -> bool;
    /// Newest first.
    issues(digest: Option<&str>, limit: u32) -> Vec<IssueRow>;
    /// Lets a held Issue go. False: it is not held (any more).
    approve_issue(id: &str, now: DateTime<Utc>) -> bool;
    /// The Issues that are sent or being sent, newest first; whether or not anybody was there to read them.
    archive(digest: &str, limit: u32) -> Vec<ArchivedIssue>;
    /// The Renditions of an Issue in the order of [`NewIssue::renditions`], for the web copy: needs an `issue` column in
    /// `renditions` (an Issue without readers has no Delivery that would lead to them).
    issue_renditions(issue: &str) -> Vec<Rendition>;
    /// Issues of each digest by state.
    issue_counts() -> Vec<(String, IssueState, u64)>;
    /// Drops a held Issue: its queued Deliveries end as suppressed; its posts stay announced. False: not held.
    skip_issue(id: &str, now: DateTime<Utc>) -> bool;

    /// Hands out at most `limit` due Deliveries, oldest first, for `lease`: queued ones, and those whose lease has ended.
    /// Those whose subscription is not confirmed any more, or whose address is suppressed, end as suppressed, those past their time
    /// as expired, in the same transaction. Held Issues' are passed over. The claim is durable when this returns.
    /// A Delivery whose lease ended had an attempt of unknown outcome: it is handed out again (same Message-ID), its `attempts` counted.
    claim(owner: &str, limit: u32, lease: Duration, now: DateTime<Utc>) -> Vec<Claim>;
    /// Takes the results whose fence is the newest; returns how many were. Issues without open Deliveries become done.
    report(reports: &[Report], now: DateTime<Utc>) -> u64;
    /// Gives claims back untouched (shutdown, relay down): queued again, the attempt not counted.
    release(claims: &[(String, i64)], due_at: DateTime<Utc>, now: DateTime<Utc>) -> ();
    /// The Rendition of a Delivery.
    rendition(id: &str) -> Option<Rendition>;
    /// When the next queued Delivery is due (held Issues' left out), or a lease ends.
    next_due() -> Option<DateTime<Utc>>;
    /// Newest first, filtered by issue, address or state.
    deliveries(issue: Option<&str>, address: Option<&str>, state: Option<State>, limit: u32) -> Vec<DeliveryRow>;
    /// Deliveries by state: of one Issue, or of all.
    delivery_counts(issue: Option<&str>) -> Vec<(State, u64)>;
    /// Puts failed, expired or uncertain Deliveries back into the queue. Returns how many.
    retry(issue: Option<&str>, address: Option<&str>, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> u64;
    /// Queues a test mail.
    queue_test(rendition: &Rendition, address: &Address, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> String;

    /// Subscribes (unconfirmed) and queues the Confirmation in one transaction. At most one Confirmation an address and digest in 24 hours,
    /// three in 30 days. `confirmation` is kept once per content.
    sign_up(address: &Address, language: Option<&str>, digest: &str, confirmation: &Rendition, now: DateTime<Utc>) -> SignUp;
    /// What a confirm token's row says, changing nothing. `None`: no such row.
    confirmation(id: &str, now: DateTime<Utc>) -> Option<TokenRow>;
    /// Confirms, if the row is unconfirmed and not expired; says how it stands afterwards. Never revives an unsubscribed one.
    confirm(id: &str, now: DateTime<Utc>) -> Option<TokenRow>;
    /// What an unsubscribe token's row says, changing nothing.
    subscription(id: &str) -> Option<TokenRow>;
    /// Unsubscribes; the same answer however often. Queued Deliveries of that digest to the reader end as suppressed.
    unsubscribe(id: &str, now: DateTime<Utc>) -> Option<TokenRow>;
    /// Makes an unsubscribed subscription that was confirmed before confirmed again, at the wish of the reader, who holds a
    /// preferences token from their own mail. Leaves every other state, and suppressed addresses, alone; says how it stands.
    rejoin(id: &str, now: DateTime<Utc>) -> Option<TokenRow>;
    /// The subscriber of a preferences token, by row id.
    subscriber(id: &str) -> Option<Subscriber>;
    /// By address (case does not matter).
    subscriber_by_address(address: &str) -> Option<Subscriber>;
    /// A page of subscribers ordered by address, after `after` (an address key; empty for the first page).
    subscribers(digest: Option<&str>, state: Option<crate::subscriber::State>, after: &str, limit: u32) -> Vec<Subscriber>;
    /// Adds confirmed subscriptions (a person says that they have consent), in one transaction. Never revives who unsubscribed or is suppressed.
    import(rows: &[Import], digest: &str, source: &str, now: DateTime<Utc>) -> Imported;
    /// Unsubscribes from one digest, or from all, by a person's hand. False: nobody of that address.
    remove(address: &str, digest: Option<&str>, now: DateTime<Utc>) -> bool;
    /// Deletes everything about the address; a keyed hash stays, so that it is never mailed again. False: nobody.
    erase(address: &str, now: DateTime<Utc>) -> bool;
    /// Never mails the address again.
    suppress(address: &Address, reason: &str, now: DateTime<Utc>) -> ();
    /// Confirmed, unconfirmed, unsubscribed subscriptions of each digest.
    subscription_counts() -> Vec<(String, crate::subscriber::State, u64)>;
}
