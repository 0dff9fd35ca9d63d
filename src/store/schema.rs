//! The schema and how it grows: numbered steps, each in one transaction, so that a crash leaves the old or the new and
//! nothing between. Two machines that start at once on one PostgreSQL take turns.

use super::{Db, Error, Result};
use crate::sabotage::point;
use sqlx::AssertSqlSafe;

/// Every step so far, in order. Never edit one that was released; add another.
pub(super) const STEPS: &[&str] = &[
    include_str!("migrations/001_first.sql"),
    include_str!("migrations/002_ids.sql"),
    include_str!("migrations/003_pictures.sql"),
    include_str!("migrations/004_bounces.sql"),
    include_str!("migrations/005_feeds.sql"),
    include_str!("migrations/006_pace.sql"),
    include_str!("migrations/007_gates.sql"),
    include_str!("migrations/008_uncertain.sql"),
    include_str!("migrations/009_leases.sql"),
    include_str!("migrations/010_one_index_less.sql"),
];

/// How a line of a step begins that only PostgreSQL reads; to SQLite it is a comment.
const POSTGRES_ONLY: &str = "--postgresql ";

/// Any number of ours: names the turn that machines take at the start.
const TURN: i64 = 0x706f_7374_7269_6465;

/// Runs the next step, if there is one, as `of` reads it; gives the version that is reached.
macro_rules! step {
    ($connection:expr, $steps:expr, $of:expr, $shown:expr) => {{
        sqlx::query("create table if not exists meta (name text not null primary key, value text not null)")
            .execute($connection)
            .await
            .map_err(|error| not_ours(error, $shown))?;
        let version: Option<String> = sqlx::query_scalar("select value from meta where name = 'schema'")
            .fetch_optional($connection)
            .await
            .map_err(|error| not_ours(error, $shown))?;
        let version = match version {
            None => 0,
            Some(text) => text.parse::<usize>().map_err(|_| {
                Error::Unusable(format!("{}: its table `meta` is not Postrider's (choose another `store.url`)", $shown))
            })?,
        };
        if version > $steps.len() {
            return Err(Error::Unusable(format!(
                "{}: made by a newer Postrider (schema {version}, this one knows {}): install that one again, or restore a backup",
                $shown,
                $steps.len()
            )));
        }
        if let Some(step) = $steps.get(version) {
            sqlx::raw_sql(AssertSqlSafe($of(*step))).execute($connection).await.map_err(|error| not_ours(error, $shown))?;
            sqlx::query("insert into meta (name, value) values ('schema', $1) on conflict (name) do update set value = excluded.value")
                .bind((version + 1).to_string())
                .execute($connection)
                .await?;
            version + 1
        } else {
            version
        }
    }};
}
/// Brings the schema to `steps`. `shown` names the database in messages, without its password.
pub(super) async fn upgrade(db: &Db, steps: &[&'static str], shown: &str) -> Result<()> {
    loop {
        let version = match db {
            Db::Sqlite { writer: pool, .. } => {
                let mut tx = pool.begin_with("begin immediate").await.map_err(|error| not_ours(error, shown))?;
                let version = step!(&mut *tx, steps, std::convert::identity::<&str>, shown);
                point!("before commit");
                tx.commit().await?;
                point!("after commit");
                version
            }
            Db::Postgres { pool, .. } => {
                let mut tx = pool.begin().await?;
                sqlx::query("select pg_advisory_xact_lock($1)").bind(TURN).execute(&mut *tx).await?;
                let version = step!(&mut *tx, steps, |step: &str| step.replace(POSTGRES_ONLY, ""), shown);
                point!("before commit");
                tx.commit().await?;
                point!("after commit");
                version
            }
        };
        if version == steps.len() {
            return Ok(());
        }
    }
}

/// A database that refuses the first words is not ours; one that does not answer is away.
fn not_ours(error: sqlx::Error, shown: &str) -> Error {
    match error {
        sqlx::Error::Database(cause) => {
            Error::Unusable(format!("{shown}: not a database of Postrider, or not writable: {}", cause.message()))
        }
        other => Error::Database(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::SqlitePool;
    use sqlx::sqlite::SqlitePoolOptions;

    async fn open(folder: &tempfile::TempDir) -> Db {
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("x.db").display());
        let pool = SqlitePoolOptions::new().connect(&url).await.unwrap();
        Db::Sqlite { readers: pool.clone(), writer: pool }
    }

    /// A store as it was before the step that holds `change`.
    async fn before(folder: &tempfile::TempDir, change: &str) -> (Db, SqlitePool) {
        let db = open(folder).await;
        let step = STEPS.iter().position(|step| step.contains(change)).unwrap();
        upgrade(&db, &STEPS[..step], "x.db").await.unwrap();
        let Db::Sqlite { writer, .. } = &db else { unreachable!("the tests open SQLite") };
        let pool = writer.clone();
        (db, pool)
    }

    async fn tables(db: &Db) -> Vec<String> {
        let Db::Sqlite { writer: pool, .. } = db else { unreachable!("the tests open SQLite") };
        sqlx::query_scalar("select name from sqlite_master where type = 'table' order by name")
            .fetch_all(pool)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn grows_by_whole_steps() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        upgrade(&db, &["create table a (x text)"], "x.db").await.unwrap();
        upgrade(&db, &["create table a (x text)"], "x.db").await.unwrap();
        assert_eq!(tables(&db).await, ["a", "meta"]);
        // The second step breaks in its middle: nothing of it stays, everything before it does.
        let broken = [
            "create table a (x text)",
            "create table b (x text); create table c (x text)",
            "create table d (x text); create tible e (x text)",
        ];
        let Err(Error::Unusable(said)) = upgrade(&db, &broken, "x.db").await else { panic!("it went through") };
        assert!(said.contains("x.db") && said.contains("tible"), "{said}");
        assert_eq!(tables(&db).await, ["a", "b", "c", "meta"]);
        let mended = [broken[0], broken[1], "create table d (x text); create table e (x text)"];
        upgrade(&db, &mended, "x.db").await.unwrap();
        assert_eq!(tables(&db).await, ["a", "b", "c", "d", "e", "meta"]);
    }

    #[tokio::test]
    async fn refuses_what_it_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        upgrade(&db, &["create table a (x text)", "create table b (x text)"], "x.db").await.unwrap();
        let Err(Error::Unusable(said)) = upgrade(&db, &["create table a (x text)"], "x.db").await else {
            panic!("went back")
        };
        assert!(said.contains("newer Postrider"), "{said}");

        let Db::Sqlite { writer: pool, .. } = &db else { unreachable!("the tests open SQLite") };
        sqlx::query("update meta set value = 'theirs'").execute(pool).await.unwrap();
        let Err(Error::Unusable(said)) = upgrade(&db, STEPS, "x.db").await else { panic!("took it") };
        assert!(said.contains("meta"), "{said}");
        sqlx::raw_sql("drop table meta; create table meta (k text); create table posts (k text)")
            .execute(pool)
            .await
            .unwrap();
        assert!(matches!(upgrade(&db, STEPS, "x.db").await, Err(Error::Unusable(_))));
        sqlx::raw_sql("drop table meta").execute(pool).await.unwrap();
        // Another program's tables: ours are not put between them.
        assert!(matches!(upgrade(&db, STEPS, "x.db").await, Err(Error::Unusable(_))));
        assert_eq!(tables(&db).await, ["a", "b", "posts"]);
    }

    #[tokio::test]
    async fn readers_who_were_there_before_have_their_lane() {
        let folder = tempfile::tempdir().unwrap();
        let (db, pool) = before(&folder, "add column lane").await;
        for domain in [
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.co.uk",
            "msn.com",
            "yahoo.de",
            "yahoo.co.jp",
            "aol.com",
            "ymail.com",
            "qq.com",
            "foxmail.com",
            "163.com",
            "vip.126.com",
            "yeah.net",
            "example.org",
            "notgmail.com",
            "mail.qq.example.org",
        ] {
            sqlx::query(
                "insert into subscribers (id, address, address_key, hash, name, source, created_at)
                values ($1, $1, 'r@' || $1, $1, '', 'form', 0)",
            )
            .bind(domain)
            .execute(&pool)
            .await
            .unwrap();
        }
        upgrade(&db, STEPS, "x.db").await.unwrap();
        let rows: Vec<(String, i64)> =
            sqlx::query_as("select address, lane from subscribers").fetch_all(&pool).await.unwrap();
        assert_eq!(rows.len(), 17);
        for (domain, lane) in rows {
            let group = crate::delivery::group::Group::of_domain(&domain);
            assert_eq!(usize::try_from(lane).unwrap(), group.number(), "{domain}");
        }
    }

    #[tokio::test]
    async fn who_is_being_sent_to_keeps_the_lease() {
        let folder = tempfile::tempdir().unwrap();
        let (db, pool) = before(&folder, "add column lease_at").await;
        for (state, wake_at) in [("queued", Some(7)), ("queued", None), ("sending", Some(9)), ("sent", None)] {
            sqlx::query(
                "insert into deliveries (id, rank, kind, digest, rendition, state, attempts, fence, owner, code, reply, due_at,
                    wake_at, expires_at, created_at, changed_at)
                values ($1 || coalesce($2, ''), 1, 'issue', 'd', 'r', $1, 0, 0, '', 0, '', 5, $2, 99, 0, 0)",
            )
            .bind(state)
            .bind(wake_at)
            .execute(&pool)
            .await
            .unwrap();
        }
        upgrade(&db, STEPS, "x.db").await.unwrap();
        let rows: Vec<(String, Option<i64>, i64)> =
            sqlx::query_as("select id, wake_at, lease_at from deliveries order by id").fetch_all(&pool).await.unwrap();
        let is = |id: &str, wake_at, lease_at| (id.to_owned(), wake_at, lease_at);
        let kept = [is("queued", None, 0), is("queued7", Some(7), 0), is("sending9", Some(5), 9), is("sent", None, 0)];
        assert_eq!(rows, kept);
    }
}
