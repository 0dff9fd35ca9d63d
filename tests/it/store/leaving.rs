//! Who leaves while mail to them is planned, on PostgreSQL, where transactions run side by side.

use postrider::delivery::FRESH;
use sqlx::Connection as _;

use super::*;
use crate::support::house::eventually;

/// On PostgreSQL who leaves may be planned and claimed while their leaving is being committed: the claim does not know of it, and
/// whoever leaves is answered when it must ask again.
#[tokio::test]
async fn who_leaves_while_their_issue_is_planned_is_answered_when_everybody_knows() {
    let bench = Bench::postgres().await;
    bench.readers(&["a@example.org"]).await;
    let subscription = bench.subscription("a@example.org").await;
    let mut hand = sqlx::PgConnection::connect(&bench.settings.url).await.unwrap();
    // What is committed waits for us: a slow disk, or a standby that answers late.
    for statement in [
        "create function wait() returns trigger language plpgsql as
            $$ begin perform pg_advisory_xact_lock(1); return null; end $$",
        "create constraint trigger slow after update on subscriptions deferrable initially deferred
            for each row execute function wait()",
        "select pg_advisory_lock(1)",
    ] {
        sqlx::query(statement).execute(&mut hand).await.unwrap();
    }
    let store = bench.again().await;
    let leaving = tokio::spawn(async move {
        store.unsubscribe(&subscription, at(1)).await.unwrap();
        std::time::Instant::now()
    });
    let waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted";
    eventually("it is about to be committed", || async {
        let mut eye = sqlx::PgConnection::connect(&bench.settings.url).await.unwrap();
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut eye).await.unwrap();
        (waiting > 0).then_some(())
    })
    .await;
    bench.store.create_issue(&issue(0, &["p"]), at(1)).await.unwrap();
    let claims = bench.claim(1).await;
    assert_eq!(claims.len(), 1, "nobody knows of it yet");
    let looked = std::time::Instant::now();
    sqlx::query("select pg_advisory_unlock(1)").execute(&mut hand).await.unwrap();
    let answered = leaving.await.unwrap();
    assert!(answered - looked >= FRESH, "what the claim saw was still good: {:?}", answered - looked);
    assert!(bench.store.still_wanted(&[&claims[0]]).await.unwrap().is_empty());
}
