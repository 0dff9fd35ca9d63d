//! Deliveries of whole Issues: planned, woken when a held Issue is let go, dropped when it is skipped. In batches, each one a
//! transaction of its own that says behind which row the next one goes on: none of them keeps other writers waiting for long,
//! and a death between two of them leaves an Issue that whoever comes next finishes.
//!
//! Whom an Issue is for is said by the instant at which it was made: who confirms later gets the next one, who leaves before their
//! batch comes is not planned, and who leaves after it is passed over by the claim.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use super::deliveries::BEYOND;
use super::{Db, Result, Store, json, ms};
use crate::sabotage;

/// Rows a transaction: a fraction of a second's work.
pub(super) const BATCH: i64 = 5000;

/// What is left to be done to an Issue's Deliveries.
#[derive(sqlx::FromRow)]
pub(super) struct Plan {
    pub id: String,
    pub digest: String,
    pub state: String,
    /// `plan`, `wake`, `drop`
    pub todo: String,
    /// Behind which row.
    pub todo_after: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Serialize)]
struct Spoken<'a> {
    language: &'a str,
    rendition: &'a str,
}

/// The last reader of the next batch, and how many are in it; fewer than `$3`: nothing is left behind it. What is last a database's
/// collation says.
pub(super) const NEXT: &str = "
    select max(subscriber), count(*) from (
        select subscriber from subscriptions where digest = $1 and state = 'confirmed' and subscriber > $2
        order by subscriber limit $3) as batch";
pub(super) const RENDITIONS: &str = "select id, language from renditions where issue = $1 order by position";
pub(super) const LANGUAGES: &str = readers!(
    "select distinct s.language",
    "where n.digest = $1 and n.state = 'confirmed' and n.subscriber > $2 and n.subscriber <= $3 and x.hash is null
        and s.language is not null"
);
/// In the order of the ids, so that every index grows at one place and not all over. A language without a Rendition of its own
/// gets the first.
pub(super) const PLAN: &str = readers!(
    "with spoken as materialized (
        select r.value ->> 'language' as language, r.value ->> 'rendition' as rendition from {rows} as r
    )
    insert into deliveries (id, rank, kind, digest, issue, rendition, subscriber, subscription, state, attempts, fence,
        owner, code, reply, due_at, wake_at, expires_at, created_at, changed_at, lane)
    select $2 || s.id, 1, 'issue', n.digest, $2, coalesce(l.rendition, $3), s.id, n.id, 'queued', 0, 0,
        '', 0, '', $4, $5, $6, $4, $4, s.lane",
    "left join spoken l on l.language = s.language
    where n.digest = $7 and n.state = 'confirmed' and n.subscriber > $8 and n.subscriber <= $9
        and coalesce(n.confirmed_at, 0) <= $4 and x.hash is null
    order by n.subscriber on conflict (id) do nothing"
);
pub(super) const DONE: &str = "
    update issues set planned = planned + $2, todo = $3, todo_after = $4, changed_at = $5 where id = $1";
/// Planted by the crash harness (see `sabotage`).
pub(super) const TWICE: &str = "
    insert into deliveries (id, rank, kind, digest, issue, rendition, address, state, attempts, fence, owner, code, reply, due_at,
        wake_at, expires_at, created_at, changed_at)
    select d.id || 'x', d.rank, 'test', d.digest, d.issue, d.rendition, s.address, d.state, 0, 0, '', 0, '', d.due_at,
        d.wake_at, d.expires_at, d.created_at, d.changed_at
    from deliveries d join subscribers s on s.id = d.subscriber where d.issue = $1";

/// The next batch of Deliveries of the [`Plan`], and what is left then, in the transaction `$tx`.
macro_rules! plan_batch {
    ($store:expr, $tx:ident, $plan:expr, $now:expr) => {{
        use $crate::store::plan::{BATCH, DONE, LANGUAGES, NEXT, PLAN, RENDITIONS, TWICE, spoken};
        let plan = &$plan;
        let after = plan.todo_after.as_deref().unwrap_or_default();
        let size = $crate::sabotage::batch(BATCH);
        let (end, readers): (Option<String>, i64) =
            sqlx::query_as(NEXT).bind(&plan.digest).bind(after).bind(size).fetch_one(&mut *$tx).await?;
        let to = end.as_deref().unwrap_or(after);
        let last = end.as_ref().filter(|_| readers == size);
        let renditions: Vec<(String, String)> = sqlx::query_as(RENDITIONS).bind(&plan.id).fetch_all(&mut *$tx).await?;
        let languages: Vec<String> =
            sqlx::query_scalar(LANGUAGES).bind(&plan.digest).bind(after).bind(to).fetch_all(&mut *$tx).await?;
        let mut planned = 0;
        if let Some((first, _)) = renditions.first() {
            planned = sqlx::query($store.sql(PLAN))
                .bind(spoken(&languages, &renditions))
                .bind(&plan.id)
                .bind(first)
                .bind(plan.created_at)
                .bind(Some(plan.created_at).filter(|_| plan.state != "held"))
                .bind(plan.expires_at)
                .bind(&plan.digest)
                .bind(after)
                .bind(to)
                .execute(&mut *$tx)
                .await?
                .rows_affected();
        }
        if last.is_none() && $crate::sabotage::planted($crate::sabotage::Plant::DoublePlan) {
            sqlx::query(TWICE).bind(&plan.id).execute(&mut *$tx).await?;
        }
        sqlx::query(DONE)
            .bind(&plan.id)
            .bind(i64::try_from(planned).unwrap_or(i64::MAX))
            .bind(last.map(|_| &plan.todo))
            .bind(last)
            .bind($crate::store::ms($now))
            .execute(&mut *$tx)
            .await?;
        last.is_some()
    }};
}
pub(super) use plan_batch;

impl Store {
    /// The next batch of what is to be done to an Issue's Deliveries. True: more is left.
    pub async fn work_off(&self, issue: &str, now: DateTime<Utc>) -> Result<bool> {
        // Whoever works on the same Issue at the same time waits here, and then sees what is left.
        const MINE: &str = "
            update issues set changed_at = $2 where id = $1 and todo is not null
            returning id, digest, state, todo, todo_after, created_at, expires_at";
        const NEXT: &str = "
            select max(id), count(*) from (
                select id from deliveries where id > $1 and id < $2 order by id limit $3) as batch";
        // The time that it was held does not count against its life.
        const WAKE: &str = "
            update deliveries set wake_at = $3, due_at = $3, changed_at = $3, expires_at = expires_at + ($3 - created_at)
            where id > $1 and id <= $2 and state = 'queued' and wake_at is null";
        const DROP: &str = "
            update deliveries set state = 'suppressed', wake_at = null, changed_at = $3
            where id > $1 and id <= $2 and state = 'queued'";
        unit!(self, tx => {
            let plan: Option<Plan> =
                sqlx::query_as(MINE).bind(issue).bind(ms(now)).fetch_optional(&mut *tx).await?;
            let Some(plan) = plan else { return Ok(false) };
            if plan.todo == "plan" {
                plan_batch!(self, tx, plan, now)
            } else {
                let after = plan.todo_after.as_deref().unwrap_or_default();
                // What was left by an earlier version says it by the reader's id alone.
                let after = format!("{}{}", plan.id, after.strip_prefix(&plan.id).unwrap_or(after));
                let size = sabotage::batch(BATCH);
                let (end, readers): (Option<String>, i64) = sqlx::query_as(NEXT)
                    .bind(&after)
                    .bind(format!("{}{BEYOND}", plan.id))
                    .bind(size)
                    .fetch_one(&mut *tx)
                    .await?;
                let last = end.as_ref().filter(|_| readers == size);
                sqlx::query(if plan.todo == "wake" { WAKE } else { DROP })
                    .bind(&after)
                    .bind(end.as_ref().unwrap_or(&after))
                    .bind(ms(now))
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(DONE)
                    .bind(&plan.id)
                    .bind(0_i64)
                    .bind(last.map(|_| &plan.todo))
                    .bind(last)
                    .bind(ms(now))
                    .execute(&mut *tx)
                    .await?;
                last.is_some()
            }
        })
    }

    /// Finishes what another process left half done: nobody has worked on it for a minute, or (`alone`, for who holds the daemon's
    /// lock on SQLite) nobody else can be at it. Returns how many Issues those were.
    pub async fn finish_plans(&self, alone: bool, now: DateTime<Utc>) -> Result<usize> {
        const LEFT: &str = "
            select id from issues where todo is not null and ($1 = 1 or changed_at < $2 or changed_at > $3) order by id";
        let patience = Duration::minutes(1);
        let alone = i64::from(alone && matches!(self.shared.db, Db::Sqlite { .. }));
        let left: Vec<String> = on!(self, pool => sqlx::query_scalar(LEFT)
            .bind(alone)
            .bind(ms(now - patience))
            .bind(ms(now + patience))
            .fetch_all(pool)
            .await?);
        for issue in &left {
            while self.work_off(issue, now).await? {}
        }
        if !left.is_empty() {
            self.finish_issues(now).await?;
        }
        Ok(left.len())
    }
}

/// Which Rendition (id and language) each language reads: its own, else one of the same primary language, else none (the first).
pub(super) fn spoken(languages: &[String], renditions: &[(String, String)]) -> String {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let rows: Vec<Spoken<'_>> = languages
        .iter()
        .filter_map(|language| {
            let own = renditions.iter().find(|(_, own)| own.eq_ignore_ascii_case(language));
            let near = || renditions.iter().find(|(_, near)| primary(near) == primary(language));
            own.or_else(near).map(|(rendition, _)| Spoken { language, rendition })
        })
        .collect();
    json(&rows)
}
