//! How PostgreSQL does what is done for each mail: along indexes, and with the indexes left alone where that can be.

use sqlx::{Connection as _, PgConnection};

use super::*;
use crate::support::house::eventually;

/// Of a table: scans of the whole, rows changed, and those of them whose indexes stayed as they were.
type Seen = (i64, i64, i64);

/// What PostgreSQL has counted, once no store is connected: each connection adds what it did at its end.
async fn seen(bench: &Bench, table: &str) -> Seen {
    let stores = "select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'postrider'";
    eventually("the store's connections end", || async {
        let mut eye = PgConnection::connect(&bench.settings.url).await.unwrap();
        let others: i64 = sqlx::query_scalar(stores).fetch_one(&mut eye).await.unwrap();
        (others == 0).then_some(())
    })
    .await;
    let counted = "select seq_scan, n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = $1";
    let mut eye = PgConnection::connect(&bench.settings.url).await.unwrap();
    sqlx::query_as(counted).bind(table).fetch_one(&mut eye).await.unwrap()
}

#[tokio::test]
async fn a_claim_walks_along_an_index_and_leaves_it_alone() {
    const READERS: usize = 3_000;
    let bench = Bench::postgres().await;
    let addresses: Vec<String> = (0..READERS).map(|n| format!("r{n}@example.org")).collect();
    bench.readers(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    bench.store.close().await;
    let mut eye = PgConnection::connect(&bench.settings.url).await.unwrap();
    sqlx::query("vacuum analyze").execute(&mut eye).await.unwrap();
    eye.close().await.unwrap();
    let before = seen(&bench, "deliveries").await;
    let of_readers = seen(&bench, "subscribers").await;

    let store = bench.again().await;
    let mut claimed = 0;
    loop {
        let claims = store.claim("test", 100, LEASE, at(0)).await.unwrap();
        if claims.is_empty() {
            break;
        }
        claimed += claims.len();
        let reports: Vec<Report> = claims.iter().map(|claim| said(claim, State::Sent)).collect();
        assert_eq!(store.record(&reports, at(0)).await.unwrap(), claims.len() as u64);
    }
    assert_eq!(claimed, READERS);
    store.close().await;

    let (after, readers) = (seen(&bench, "deliveries").await, i64::try_from(READERS).unwrap());
    assert_eq!(after.1 - before.1, 2 * readers, "a claim and an outcome each");
    assert!(after.2 - before.2 >= readers * 9 / 10, "claims in place: {before:?} {after:?}");
    // Once at its end the Issue is looked at, which may be read from any of its rows.
    assert!(after.0 - before.0 <= 1, "all Deliveries were read: {before:?} {after:?}");
    assert_eq!(seen(&bench, "subscribers").await.0, of_readers.0, "all readers were read");
}
