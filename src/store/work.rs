//! The unit of work: one body on whichever database is open.

use std::time::Duration;

use super::Result;

/// No work of ours on PostgreSQL takes so long. Its host may vanish without a word, and then nobody else says so.
const AWAY: Duration = Duration::from_mins(1);

/// What `work` gives, or that PostgreSQL does not answer. In a box: it is a part of every future of the store's.
pub(super) fn within<T>(work: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    let work = Box::pin(tokio::time::timeout(AWAY, work));
    let late = || sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "PostgreSQL does not answer"));
    async move { work.await.unwrap_or_else(|_| Err(late().into())) }
}

/// Runs one body on whichever pool is open. `quick`: on PostgreSQL's connections for statements that find few rows by index.
macro_rules! on {
    ($store:expr, $pool:ident => $body:expr) => {
        on!($store, pool, $pool => $body)
    };
    ($store:expr, $of:ident, $pool:ident => $body:expr) => {
        match &$store.shared.db {
            $crate::store::Db::Sqlite { readers: $pool, .. } => $body,
            $crate::store::Db::Postgres { $of: $pool, .. } => {
                $crate::store::work::within(async { Ok::<_, $crate::store::Error>($body) }).await?
            }
        }
    };
}

/// The same on the writer's connection whose turn it is, for outcomes of mails: kept when the body ends, and on the disk a little
/// later (see [`super::outcomes`]).
macro_rules! lazily {
    ($store:expr, $turn:expr, $connection:ident => $body:expr) => {
        match &$store.shared.db {
            $crate::store::Db::Sqlite { writer, .. } => {
                let $connection = $turn.lazy_sqlite(writer).await?;
                $body
            }
            $crate::store::Db::Postgres { lazy, .. } => {
                $crate::store::work::within(async {
                    let $connection = $turn.lazy_postgres(lazy).await?;
                    Ok::<_, $crate::store::Error>($body)
                })
                .await?
            }
        }
    };
}

/// Runs one body in a transaction of whichever pool is open and commits it; `return` inside leaves without a commit.
/// On PostgreSQL a body that lost a deadlock runs again, so it must not consume what it captures. On SQLite this
/// process's writers queue here, in order, instead of polling for the file's lock; other processes' are waited for
/// by the busy timeout.
macro_rules! unit {
    ($store:expr, $tx:ident => $body:expr) => {
        unit!($store, pool, $crate::store::Synced::Fully, $tx => $body)
    };
    // As with `on!`.
    ($store:expr, $of:ident, $tx:ident => $body:expr) => {
        unit!($store, $of, $crate::store::Synced::Fully, $tx => $body)
    };
    // The claim: on SQLite it is on the disk only when [`super::Store::durable`] was waited for, without keeping others from writing.
    ($store:expr, $of:ident, $synced:expr, $tx:ident => $body:expr) => {
        match &$store.shared.db {
            $crate::store::Db::Sqlite { writer: pool, .. } => {
                let mut turn = $store.shared.turn.lock().await;
                let done = async {
                    let connection = turn.sqlite(pool, $synced).await?;
                    let mut $tx = sqlx::Connection::begin_with(connection, $synced.begin()).await?;
                    let out = $body;
                    $crate::sabotage::point!("before commit");
                    $tx.commit().await?;
                    $crate::sabotage::point!("after commit");
                    Ok::<_, $crate::store::Error>(out)
                }
                .await;
                if done.is_err() {
                    turn.forget();
                }
                done
            }
            $crate::store::Db::Postgres { $of: pool, .. } => {
                let mut tries = 0;
                loop {
                    let done = $crate::store::work::within(async {
                        let mut $tx = pool.begin().await?;
                        let out = $body;
                        $crate::sabotage::point!("before commit");
                        $tx.commit().await?;
                        $crate::sabotage::point!("after commit");
                        Ok::<_, $crate::store::Error>(out)
                    })
                    .await;
                    tries += 1;
                    match done {
                        Err(error) if tries < 5 && error.lost_a_deadlock() => {}
                        done => break done,
                    }
                }
            }
        }
    };
}
