//! Opening the store: which engine, its settings, the schema, the key. No message shows a password.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};
use tokio::time::Instant;

use super::turn::Turn;
use super::{Db, Error, Result, Settings, Shared, Store, lock_file, schema};
use crate::crypto::{self, Key};
use crate::sabotage::point;

/// How long a statement waits for another process that writes, and a caller for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// A machine that stands still in a transaction (it is paused, its network is gone) has its locks for so long: others wait for them.
const STANDSTILL: Duration = Duration::from_secs(10);
/// Between two tries to open a file that others open for the first time.
const AGAIN: Duration = Duration::from_millis(10);
/// A connection over the network that was not used for so long is tested first.
const UNTESTED: Duration = Duration::from_secs(1);

impl Store {
    /// Opens (and creates, for SQLite) the database and brings its schema up to date.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let Open { db, file, shown } = connect(&settings.url).await?;
        schema::upgrade(&db, schema::STEPS, &shown).await?;
        let key = key(&db, settings.secret.as_deref(), &shown).await?;
        Ok(Self::new(db, key, file))
    }

    fn new(db: Db, key: Key, file: Option<PathBuf>) -> Self {
        Self {
            shared: std::sync::Arc::new(Shared {
                db,
                key,
                turn: tokio::sync::Mutex::new(Turn::new()),
                looks: super::due::Looks::default(),
                file,
                daemon: std::sync::Mutex::new(None),
            }),
        }
    }

    /// The same store for another runtime, in which this is called. A connection to PostgreSQL is heard by the runtime that made it, so
    /// there it has connections of its own; SQLite's have threads of their own, and its writers queue in one place.
    pub(crate) fn apart(&self) -> Self {
        let Db::Postgres { pool, quick, lazy } = &self.shared.db else { return self.clone() };
        let anew = |pool: &PgPool| pool.options().clone().connect_lazy_with((*pool.connect_options()).clone());
        Self::new(
            Db::Postgres { pool: anew(pool), quick: anew(quick), lazy: anew(lazy) },
            self.shared.key.clone(),
            None,
        )
    }

    /// Ends what [`Store::apart`] made.
    pub(crate) async fn close_apart(&self) {
        if matches!(self.shared.db, Db::Postgres { .. }) {
            self.close().await;
        }
    }
}

/// For statements that find few rows, by their ids or in the order of an index: a plan is never worth making twice. So it may not
/// depend on what the tables held when it was made: no other way is left to it (see [`super::worded`]).
const QUICK: [(&str, &str); 8] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_indexonlyscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_sort", "off"),
    ("jit", "off"),
];

/// The pools, the file of SQLite, and what messages call the database.
struct Open {
    db: Db,
    file: Option<PathBuf>,
    shown: String,
}

async fn connect(url: &str) -> Result<Open> {
    match url.split_once(':') {
        Some(("sqlite", rest)) => {
            let path = Path::new(rest.strip_prefix("//").unwrap_or(rest));
            let (options, path) = sqlite(path).await?;
            let pool = |most: u32, options| {
                let pool = SqlitePoolOptions::new().max_connections(most).acquire_timeout(PATIENCE);
                // There is no network that a connection could be lost by. But a full disk ends a transaction by itself, after which
                // the connection believes for ever that it is in one.
                let pool = pool.test_before_acquire(false).before_acquire(|connection, _| {
                    Box::pin(async move {
                        if connection.is_in_transaction() {
                            // What was given up is rolled back first.
                            connection.ping().await?;
                        }
                        Ok(!connection.is_in_transaction())
                    })
                });
                pool.connect_lazy_with(options)
            };
            let shown = path.display().to_string();
            // 8 MiB: with SQLite's 2, planning an issue for many readers reads its own pages again and again.
            let writer = pool(1, options.clone().pragma("cache_size", "-8192"));
            Ok(Open { db: Db::Sqlite { readers: pool(3, options), writer }, file: Some(path), shown })
        }
        Some(("postgres" | "postgresql", _)) => {
            let options = PgConnectOptions::from_str(url).map_err(|_| {
                Error::Unusable("`store.url` is not a PostgreSQL address (like `postgres://user@host/database`)".to_owned())
            })?;
            let options = options
                .application_name("postrider")
                .options([("idle_in_transaction_session_timeout", STANDSTILL.as_millis().to_string())])
                .disable_statement_logging();
            let shown = format!("PostgreSQL database `{}`", options.get_database().unwrap_or(options.get_username()));
            // By itself first: the pool tries again for ever and then only says that it timed out.
            let first = tokio::time::timeout(PATIENCE, options.connect());
            let first = first.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
            drop(first);
            let pool = |most: u32, options| {
                let pool = PgPoolOptions::new().max_connections(most).acquire_timeout(PATIENCE).test_before_acquire(false);
                // One that was used just now is there, and asking it is a round trip.
                let pool = pool.before_acquire(|connection, used| {
                    Box::pin(async move {
                        if used.idle_for > UNTESTED {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                });
                pool.connect_lazy_with(options)
            };
            let finding = options.clone().options(QUICK);
            // The claim, the last look before a mail, and what is brought to the disk meanwhile.
            let quick = pool(3, finding.clone());
            let lazy = pool(1, finding.options([("synchronous_commit", "off")]));
            Ok(Open { db: Db::Postgres { pool: pool(8, options), quick, lazy }, file: None, shown })
        }
        _ => Err(Error::Unusable("`store.url` starts with neither `sqlite:` nor `postgres:` (like `sqlite:postrider.db` or `postgres://user@host/database`)".to_owned())),
    }
}

async fn sqlite(path: &Path) -> Result<(SqliteConnectOptions, PathBuf)> {
    let unusable =
        |error: std::io::Error| Error::Unusable(format!("{error} (`store.url` names the file of the database)"));
    create(path).map_err(unusable)?;
    // One name for one file, whatever links lead to it: the daemon's lock is beside it.
    let path = fs_err::canonicalize(path).map_err(unusable)?;
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(SqliteJournalMode::Wal)
        // Every commit is on the disk: a mail must not leave before its row.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // What is erased is overwritten in the file, not only unlinked.
        .pragma("secure_delete", "on")
        .disable_statement_logging();
    // Of several that open a new file at once SQLite lets one make it a WAL database, and tells the others so without a wait.
    let begun = Instant::now();
    let first = loop {
        match options.connect().await {
            Err(error) if is_busy(&error) && begun.elapsed() < PATIENCE => tokio::time::sleep(AGAIN).await,
            opened => break opened,
        }
    };
    let first = first.map_err(|error| match error {
        sqlx::Error::Database(cause) => Error::Unusable(format!(
            "{}: not a database of Postrider, or not writable: {}",
            path.display(),
            cause.message()
        )),
        other => Error::Database(other),
    })?;
    drop(first);
    Ok((options, path))
}

/// `SQLITE_BUSY`, whatever it is more exactly (<https://www.sqlite.org/rescode.html>).
fn is_busy(error: &sqlx::Error) -> bool {
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// Makes the file when there is none, readable by its owner only: it holds addresses. SQLite gives its companions the
/// same mode.
pub(super) fn create(path: &Path) -> std::io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// The key of tokens and keyed hashes: from `secret`, else one made once and kept in the store. Once there are
/// subscribers it stays: with another, links in mails that were sent would stop working, and erased addresses would
/// be strangers again.
async fn key(db: &Db, secret: Option<&str>, shown: &str) -> Result<Key> {
    const PUT: &str = "insert into meta (name, value) values ($1, $2) on conflict (name) do nothing";
    const CHANGE: &str = "update meta set value = $2 where name = $1";
    const GET: &str = "select value from meta where name = $1";
    macro_rules! settle {
        ($tx:expr) => {{
            let secret = match secret {
                Some(secret) => secret.to_owned(),
                None => {
                    let new = crypto::base64url(&crypto::random::<32>());
                    sqlx::query(PUT).bind("secret").bind(new).execute($tx).await?;
                    sqlx::query_scalar::<_, String>(GET).bind("secret").fetch_one($tx).await?
                }
            };
            let key = Key::new(secret.as_bytes());
            let print = crypto::base64url(&crypto::mac(&key, b"fingerprint")[..8]);
            sqlx::query(PUT).bind("secret-fingerprint").bind(&print).execute($tx).await?;
            let kept: String = sqlx::query_scalar(GET).bind("secret-fingerprint").fetch_one($tx).await?;
            if kept != print {
                let people: i64 = sqlx::query_scalar("select (select count(*) from subscribers) + (select count(*) from suppressions)")
                    .fetch_one($tx)
                    .await?;
                if people > 0 {
                    return Err(Error::Unusable(format!(
                        "{shown}: `store.secret` is not the one that its links were made with; give it the old one back (a store that \
                         began without `store.secret` keeps its own and needs none)"
                    )));
                }
                sqlx::query(CHANGE).bind("secret-fingerprint").bind(&print).execute($tx).await?;
            }
            key
        }};
    }
    match db {
        Db::Sqlite { writer: pool, .. } => {
            let mut tx = pool.begin_with("begin immediate").await?;
            let key = settle!(&mut *tx);
            point!("before commit");
            tx.commit().await?;
            point!("after commit");
            Ok(key)
        }
        Db::Postgres { pool, .. } => {
            let mut tx = pool.begin().await?;
            let key = settle!(&mut *tx);
            point!("before commit");
            tx.commit().await?;
            point!("after commit");
            Ok(key)
        }
    }
}

/// Takes the lock of the one daemon on `database` and writes our process id into it.
pub(super) fn lock(database: &Path) -> Result<fs_err::File> {
    use std::io::{Read as _, Seek as _, Write as _};
    let path = lock_file(database);
    let unusable =
        |error: std::io::Error| Error::Unusable(format!("{error} (the daemon's lock is kept beside the database)"));
    let mut options = fs_err::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(unusable)?;
    match file.file().try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(unusable)?;
            file.rewind().map_err(unusable)?;
            writeln!(file, "{}", std::process::id()).map_err(unusable)?;
            Ok(file)
        }
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let holder = match file.read_to_string(&mut holder) {
                Ok(_) if !holder.trim().is_empty() => format!("process {}", holder.trim()),
                _ => "another process".to_owned(),
            };
            Err(Error::Unusable(format!(
                "{}: {holder} already serves from this database; stop it first, or use PostgreSQL for several daemons",
                database.display()
            )))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(unusable(error)),
    }
}
