//! Writers' turns, and the connections that they keep: a pool tests each one that comes back to it, which is one more round trip
//! (on SQLite: to its thread) a statement, before the next writer has it.

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};

use super::Synced;

/// Whose turn it is holds it.
pub(super) struct Turn {
    /// How SQLite's writer commits.
    synced: Synced,
    sqlite: Option<PoolConnection<Sqlite>>,
    lazy: Option<PoolConnection<Postgres>>,
}

impl Turn {
    /// With nothing kept.
    pub(super) const fn new() -> Self {
        Self { synced: Synced::Fully, sqlite: None, lazy: None }
    }

    /// SQLite's writer, for a transaction that begins with [`Synced::begin`].
    pub(super) async fn sqlite(&mut self, pool: &SqlitePool, synced: Synced) -> sqlx::Result<&mut SqliteConnection> {
        let connection = Self::kept(&mut self.sqlite, pool).await?;
        self.synced = synced;
        Ok(connection)
    }

    /// SQLite's writer, for one statement that is not waited for until it is on the disk.
    pub(super) async fn lazy_sqlite(&mut self, pool: &SqlitePool) -> sqlx::Result<&mut SqliteConnection> {
        if self.sqlite.is_none() {
            self.synced = Synced::Fully;
        }
        let connection = Self::kept(&mut self.sqlite, pool).await?;
        if self.synced == Synced::Fully {
            sqlx::query("pragma synchronous = normal").execute(&mut *connection).await?;
            self.synced = Synced::Lazily;
        }
        Ok(connection)
    }

    /// The one of PostgreSQL whose commits are not waited for.
    pub(super) async fn lazy_postgres(&mut self, pool: &PgPool) -> sqlx::Result<&mut PgConnection> {
        if self.lazy.is_none() {
            self.lazy = Some(pool.acquire().await?);
        }
        self.lazy.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// One that is still in a transaction was left on the way: its pool mends it, or makes another.
    async fn kept<'a>(
        kept: &'a mut Option<PoolConnection<Sqlite>>,
        pool: &SqlitePool,
    ) -> sqlx::Result<&'a mut SqliteConnection> {
        if kept.as_ref().is_none_or(|connection| connection.is_in_transaction()) {
            *kept = None;
            *kept = Some(pool.acquire().await?);
        }
        kept.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Gives back what is kept: something went wrong with it, or the store is closed.
    pub(super) fn forget(&mut self) {
        self.sqlite = None;
        self.lazy = None;
    }
}
