//! How PostgreSQL does what is done for each mail: along indexes, and with the indexes left alone where that can be.

use std::ops::Range;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::*;
use crate::support::house::eventually;

/// Of a table: scans of the whole, rows changed, those of them whose indexes stayed as they were; and entries of any index that were read.
#[derive(Debug, sqlx::FromRow)]
struct Seen {
    scans: i64,
    changed: i64,
    in_place: i64,
    entries: i64,
}

/// Who looks at what PostgreSQL has counted, once no store is connected: each connection adds what it did at its end.
async fn eye(bench: &Bench) -> PgConnection {
    let stores = "select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'postrider'";
    eventually("the store's connections end", || async {
        let mut eye = PgConnection::connect(&bench.settings.url).await.unwrap();
        let others: i64 = sqlx::query_scalar(stores).fetch_one(&mut eye).await.unwrap();
        (others == 0).then_some(())
    })
    .await;
    PgConnection::connect(&bench.settings.url).await.unwrap()
}

async fn seen(bench: &Bench, table: &str) -> Seen {
    let counted = "select seq_scan as scans, n_tup_upd as changed, n_tup_hot_upd as in_place, (
            select cast(sum(idx_tup_read) as bigint) from pg_stat_user_indexes
        ) as entries from pg_stat_user_tables where relname = $1";
    sqlx::query_as(counted).bind(table).fetch_one(&mut eye(bench).await).await.unwrap()
}

/// Pages of the index of what is due that were looked at.
async fn walked(bench: &Bench) -> i64 {
    let pages =
        "select idx_blks_hit + idx_blks_read from pg_statio_user_indexes where indexrelname = 'deliveries_to_wake'";
    sqlx::query_scalar(pages).fetch_one(&mut eye(bench).await).await.unwrap()
}

async fn say(bench: &Bench, statement: &str) {
    let mut eye = PgConnection::connect(&bench.settings.url).await.unwrap();
    sqlx::query(AssertSqlSafe(statement)).execute(&mut eye).await.unwrap();
    eye.close().await.unwrap();
}

async fn readers(bench: &Bench, numbers: Range<usize>) {
    let addresses: Vec<String> = numbers.map(|n| format!("r{n}@example.org")).collect();
    bench.readers(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// Sends all that is due. How many mails.
async fn send(store: &Store) -> usize {
    let mut sent = 0;
    loop {
        let claims = store.claim("test", 100, LEASE, at(0)).await.unwrap();
        if claims.is_empty() {
            return sent;
        }
        sent += claims.len();
        let reports: Vec<Report> = claims.iter().map(|claim| said(claim, State::Sent)).collect();
        assert_eq!(store.record(&reports, at(0)).await.unwrap(), claims.len() as u64);
    }
}

#[tokio::test]
async fn a_claim_walks_along_an_index_and_leaves_it_alone() {
    const READERS: usize = 3_000;
    let bench = Bench::postgres().await;
    readers(&bench, 0..READERS).await;
    bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    bench.store.close().await;
    say(&bench, "vacuum analyze").await;
    let before = seen(&bench, "deliveries").await;
    let of_readers = seen(&bench, "subscribers").await;

    let store = bench.again().await;
    assert_eq!(send(&store).await, READERS);
    store.close().await;

    let (after, readers) = (seen(&bench, "deliveries").await, i64::try_from(READERS).unwrap());
    assert_eq!(after.changed - before.changed, 2 * readers, "a claim and an outcome each");
    assert!(after.in_place - before.in_place >= readers * 9 / 10, "claims in place: {before:?} {after:?}");
    // Once at its end the Issue is looked at, which may be read from any of its rows.
    assert!(after.scans - before.scans <= 1, "all Deliveries were read: {before:?} {after:?}");
    assert_eq!(seen(&bench, "subscribers").await.scans, of_readers.scans, "all readers were read");
}

/// What is sent stays in the index until the next vacuum.
#[tokio::test]
async fn a_claim_does_not_walk_past_all_that_is_sent() {
    const READERS: usize = 12_000;
    const CLAIMS: i64 = 120;
    let bench = Bench::postgres().await;
    say(&bench, "alter table deliveries set (autovacuum_enabled = false)").await;
    readers(&bench, 0..READERS).await;
    bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    bench.store.close().await;
    let before = walked(&bench).await;

    let store = bench.again().await;
    assert_eq!(send(&store).await, READERS);
    store.close().await;

    let each = (walked(&bench).await - before) / CLAIMS;
    assert!(each < 60, "{each} pages of the index a claim");
}

/// A plan is made once: a daemon that has sent nothing for days has one of a time when nothing was open.
#[tokio::test]
async fn a_plan_that_was_made_of_little_holds_where_there_is_much() {
    const MANY: usize = 3_000;
    for few in [1, 60] {
        let bench = Bench::postgres().await;
        readers(&bench, 0..few).await;
        // Otherwise plans may be made again in the middle.
        for table in ["deliveries", "renditions", "subscribers", "subscriptions", "suppressions"] {
            say(&bench, &format!("alter table {table} set (autovacuum_enabled = false)")).await;
        }
        bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
        assert_eq!(send(&bench.store).await, few);
        say(&bench, "vacuum analyze").await;
        let store = bench.again().await;
        assert_eq!(send(&store).await, 0);
        bench.store.create_issue(&issue(1, &["q"]), at(0)).await.unwrap();
        assert_eq!(send(&store).await, few);

        readers(&bench, few..few + MANY).await;
        let gone = "insert into suppressions (hash, address, reason, created_at)
            select cast(n as text), '', 'complaint', 0 from generate_series(1, 3000) n";
        say(&bench, gone).await;
        bench.store.create_issue(&issue(2, &["r"]), at(0)).await.unwrap();
        assert_eq!(send(&store).await, few + MANY);
        store.close().await;
        bench.store.close().await;
        let (entries, mails) = (seen(&bench, "deliveries").await.entries, i64::try_from(3 * few + MANY).unwrap());
        assert!(entries < 20 * mails, "{entries} entries of indexes for {mails} mails, with plans made of {few}");
    }
}
