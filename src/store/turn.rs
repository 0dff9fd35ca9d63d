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

impl Drop for Turn {
    /// With it goes the store, perhaps where no runtime is: a connection that goes back to its pool needs one.
    fn drop(&mut self) {
        drop((self.sqlite.take().map(PoolConnection::detach), self.lazy.take().map(PoolConnection::detach)));
    }
}

impl Turn {
    /// With nothing kept.
    pub(super) const fn new() -> Self {
        Self { synced: Synced::Fully, sqlite: None, lazy: None }
    }

    /// SQLite's writer, for a transaction that begins with [`Synced::begin`].
    pub(super) async fn sqlite(&mut self, pool: &SqlitePool, synced: Synced) -> sqlx::Result<&mut SqliteConnection> {
        self.keep(pool).await?;
        self.synced = synced;
        self.sqlite.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// SQLite's writer, for one statement that is not waited for until it is on the disk.
    pub(super) async fn lazy_sqlite(&mut self, pool: &SqlitePool) -> sqlx::Result<&mut SqliteConnection> {
        self.keep(pool).await?;
        let connection = self.sqlite.as_deref_mut().ok_or(sqlx::Error::PoolClosed)?;
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

    /// Keeps SQLite's writer. One that is still in a transaction was left on the way: its pool mends it, or makes another.
    async fn keep(&mut self, pool: &SqlitePool) -> sqlx::Result<()> {
        if self.sqlite.as_ref().is_none_or(|connection| connection.is_in_transaction()) {
            self.sqlite = None;
            self.sqlite = Some(pool.acquire().await?);
            // Perhaps a new one.
            self.synced = Synced::Fully;
        }
        Ok(())
    }

    /// Gives back what is kept: something went wrong with it, or the store is closed.
    pub(super) fn forget(&mut self) {
        self.sqlite = None;
        self.lazy = None;
    }
}
