//! The store: every row, in SQLite or PostgreSQL, with one SQL text for both.
//!
//! A method is the unit of work: it opens its transaction and ends it; none is open across the network. Time comes in
//! as a parameter. Ids are made by the program. Writers on SQLite use `BEGIN IMMEDIATE`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::crypto::{self, Key};

#[macro_use]
mod work;

/// The statement that keeps a Rendition; on a conflict of `$4` (its content) the one that is there stays.
macro_rules! insert_rendition {
    ($rendition:expr, $content:expr, $now:expr, $issue:expr, $position:expr) => {
        sqlx::query(
            "insert into renditions (id, kind, digest, content, language, from_name, from_address, reply_name, reply_address,
                subject, html, plain, created_at, issue, position)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (content) do nothing",
        )
        .bind(&$rendition.id)
        .bind($rendition.kind.as_str())
        .bind(&$rendition.digest)
        .bind($content)
        .bind(&$rendition.language)
        .bind($crate::store::clean(&$rendition.from.name))
        .bind(&$rendition.from.address)
        .bind($rendition.reply_to.as_ref().map(|reply| $crate::store::clean(&reply.name)))
        .bind($rendition.reply_to.as_ref().map(|reply| reply.address.clone()))
        .bind($crate::store::clean(&$rendition.subject))
        .bind($crate::store::clean(&$rendition.html))
        .bind($crate::store::clean(&$rendition.text))
        .bind($crate::store::ms($now))
        .bind($issue)
        .bind($position)
    };
}

/// Confirmed and unsuppressed: the readers of the digest `$1`.
macro_rules! readers {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            " from subscriptions n join subscribers s on s.id = n.subscriber
            left join suppressions x on x.hash = s.hash ",
            $tail
        )
    };
}

mod backup;
mod bounces;
mod claims;
mod deliveries;
mod digests;
mod due;
mod feeds;
mod gates;
mod holds;
mod issues;
mod open;
mod outcomes;
mod pictures;
mod plan;
mod posts;
mod relays;
mod renditions;
mod rows;
mod schema;
mod subscribers;
mod subscriptions;
mod suppressions;
mod turn;

pub use bounces::{Became, BounceRow, Returned, Source, Who};
pub use claims::{Claim, HandedOut};
pub use deliveries::{DeliveryRow, IssueSum};
pub use feeds::{FeedVersion, Listed, Ping};
pub use gates::Judged;
pub use holds::Hold;
pub use issues::{ArchivedIssue, IssueRow, IssueState, NewIssue};
use outcomes::Synced;
pub use outcomes::{Back, Report};
pub use subscribers::{Import, Imported};
pub use subscriptions::{SignUp, TokenRow};
pub use suppressions::{Lifting, Suppression};

/// `store` of `postrider.yaml`.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://…`. May hold a password: no `Debug`.
    pub url: String,
    /// The secret that tokens are made with; `None`: made once and kept in the store.
    pub secret: Option<String>,
}

/// An open store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.shared.db {
            Db::Sqlite { .. } => "Store(SQLite)",
            Db::Postgres { .. } => "Store(PostgreSQL)",
        })
    }
}

struct Shared {
    db: Db,
    key: Key,
    /// Whose turn it is to write to SQLite, or outcomes to PostgreSQL.
    turn: tokio::sync::Mutex<turn::Turn>,
    looks: due::Looks,
    /// The SQLite file.
    file: Option<PathBuf>,
    /// Held while this process is the one daemon on the file.
    daemon: std::sync::Mutex<Option<fs_err::File>>,
}

/// What is open.
enum Db {
    /// One connection writes: it need not read again what others wrote.
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    /// `quick` and `lazy`: for statements that find few rows (see [`open`]). `lazy`: its commits are not waited for until they are on the disk.
    Postgres { pool: PgPool, quick: PgPool, lazy: PgPool },
}

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

impl Error {
    fn lost_a_deadlock(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(cause))
            if matches!(cause.code().as_deref(), Some("40P01" | "40001")))
    }

    fn row(what: &str, text: &str) -> Self {
        Self::Unusable(format!("the store holds a {what} that this Postrider does not know: `{text}`"))
    }
}

impl Store {
    /// The key that tokens are made with.
    pub fn key(&self) -> &Key {
        &self.shared.key
    }

    /// Is the database there? For `/readyz`.
    pub async fn ping(&self) -> Result<()> {
        let one: i64 = on!(self, pool => sqlx::query_scalar("select cast(1 as bigint)").fetch_one(pool).await?);
        debug_assert_eq!(one, 1);
        Ok(())
    }

    /// Makes this process the one daemon on an SQLite file (an advisory lock on `FILE.lock`, held until the Store's last clone
    /// is dropped). `Unusable`, naming the file and the holder's process id, when another has it. PostgreSQL: always granted.
    #[expect(clippy::unused_async, reason = "every method of the store is called alike")]
    pub async fn lock_daemon(&self) -> Result<()> {
        let Some(file) = &self.shared.file else { return Ok(()) };
        let mut held = self.shared.daemon.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if held.is_none() {
            *held = Some(open::lock(file)?);
        }
        Ok(())
    }

    /// Closes the connections; on SQLite this folds the write-ahead log into the file. The daemon's lock stays until
    /// the last clone is dropped.
    pub async fn close(&self) {
        self.shared.turn.lock().await.forget();
        match &self.shared.db {
            Db::Sqlite { readers, writer } => {
                writer.close().await;
                readers.close().await;
            }
            Db::Postgres { pool, quick, lazy } => {
                lazy.close().await;
                quick.close().await;
                pool.close().await;
            }
        }
    }

    /// Is nothing written while something else is?
    pub fn has_one_writer(&self) -> bool {
        matches!(self.shared.db, Db::Sqlite { .. })
    }

    /// On SQLite, what was committed before is on the disk when this returns, lazily or not: its log is, or there is none and all is
    /// in the file. PostgreSQL: does nothing.
    async fn durable(&self) -> Result<()> {
        let Some(file) = &self.shared.file else { return Ok(()) };
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let synced = tokio::task::spawn_blocking(move || match fs_err::File::open(PathBuf::from(log)) {
            Ok(log) => log.sync_data(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        });
        synced.await.map_err(|_| sqlx::Error::WorkerCrashed)?.map_err(|error| Error::Database(error.into()))
    }

    /// Takes what was deleted out of SQLite's write-ahead log too (the file itself overwrites it). PostgreSQL keeps dead rows
    /// until its next vacuum.
    async fn forget(&self) -> Result<()> {
        if let Db::Sqlite { writer, .. } = &self.shared.db {
            let mut turn = self.shared.turn.lock().await;
            let connection = turn.lazy_sqlite(writer).await?;
            sqlx::query("pragma wal_checkpoint(truncate)").execute(connection).await?;
        }
        Ok(())
    }

    /// The one SQL text, in the words of the engine that is open.
    fn sql(&self, text: &'static str) -> AssertSqlSafe<String> {
        AssertSqlSafe(match self.shared.db {
            Db::Sqlite { .. } => worded(text, SQLITE),
            Db::Postgres { .. } => worded(text, POSTGRES),
        })
    }

    /// What suppressions know an address by: it says nothing of the address without the key.
    fn address_hash(&self, address_key: &str) -> String {
        self.keyed_hash("suppress", address_key)
    }

    fn keyed_hash(&self, purpose: &str, text: &str) -> String {
        crypto::base64url(&crypto::mac(self.key(), format!("{purpose}:{text}").as_bytes()))
    }
}

/// `text` in the words of an engine. `{rows}` is the table function that gives a JSON array (the statement's first parameter) as rows with
/// one column `value`; `{lock}` keeps what other claimers hold out of a claim; `{list COLUMNS list}` is read by [`rows::list`].
///
/// `{one EXPRESSION}` is what one row of a table is found by. Where PostgreSQL keeps a plan that it made when the table was small, that would
/// read the whole of it ever after; in these words it has one way, along the index.
fn worded(text: &str, words: Words) -> String {
    let mut out = String::with_capacity(text.len() + 512);
    let mut rest = text;
    // A word is found by its first brace.
    while let Some(brace) = rest.find(['{', '}']) {
        let found = words.iter().find_map(|(word, means)| {
            let at = brace.checked_sub(word.find(['{', '}'])?)?;
            rest.get(at..)?.starts_with(word).then_some((at, at + word.len(), *means))
        });
        // Where it is none, it stays.
        let (from, to, means) = found.unwrap_or((brace + 1, brace + 1, ""));
        out.push_str(&rest[..from]);
        out.push_str(means);
        rest = &rest[to..];
    }
    out.push_str(rest);
    out
}

type Words = [(&'static str, &'static str); 6];
const SQLITE: Words = [
    ("{rows}", "json_each($1)"),
    ("{lock}", ""),
    ("{list ", "cast(json_group_array(json_array("),
    (" list}", ")) as text)"),
    ("{one ", ""),
    ("}", ""),
];
const POSTGRES: Words = [
    ("{rows}", ELEMENTS),
    ("{lock}", "for update skip locked"),
    ("{list ", ""),
    (" list}", ""),
    ("{one ", "any(array["),
    ("}", "])"),
];
/// As JSONB: the text is read once, not once for each value that is taken out of it. With a limit, which PostgreSQL believes: for the few
/// hundred that it expects otherwise it would rather read a table whole, and lock its rows in no order.
const ELEMENTS: &str =
    "(select value from jsonb_array_elements(cast($1 as jsonb)) limit (select cast(2147483647 as bigint)))";

/// Rows for `{rows}`. PostgreSQL's text takes no U+0000, and nothing that we keep means anything by it.
fn json<T: serde::Serialize>(rows: &[T]) -> String {
    let text = serde_json::to_string(rows).unwrap_or_else(|_| "[]".to_owned());
    if text.contains("\\u0000") { without_nul(&text) } else { text }
}

/// `json` with every escaped U+0000 taken out, and nothing else touched (`\\u0000` is a backslash and five characters).
fn without_nul(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = escape.strip_prefix("\\u0000") {
            rest = after;
        } else {
            let end = escape.char_indices().nth(2).map_or(escape.len(), |(index, _)| index);
            out.push_str(&escape[..end]);
            rest = &escape[end..];
        }
    }
    out.push_str(rest);
    out
}

/// A parameter without U+0000.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}

fn ms(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// The instant of `ms`, as far as the calendar reaches.
fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(if ms < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

/// A count of rows from the database.
fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or(0)
}

/// `FILE.lock`, beside the database file.
fn lock_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_leaves_json_and_nothing_else_does() {
        for text in ["", "a\0b", "\0", "\\u0000", "\\\0\\", "\\\\u0000\0", "é\0\"\n\u{1}", "plain"] {
            let expected = vec![text.replace('\0', "")];
            assert_eq!(serde_json::from_str::<Vec<String>>(&json(&[text])).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn instants_survive() {
        for text in ["1969-12-31T23:59:59.999Z", "2021-10-15T07:00:00Z", "2199-01-01T00:00:00.001Z"] {
            let instant: DateTime<Utc> = text.parse().unwrap();
            assert_eq!(at(ms(instant)), instant);
        }
        assert_eq!(at(i64::MAX), DateTime::<Utc>::MAX_UTC);
    }
}
