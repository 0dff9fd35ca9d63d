//! The claim: Deliveries handed out by lease and fence, and what became of each attempt.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::deliveries::attempts;
use super::{Error, Result, Store, at, json, ms};
use crate::delivery::{Kind, Outcome, State, Verdict};
use crate::sabotage::{Plant, planted};
use crate::subscriber;

/// A Delivery that this process may attempt until `lease` has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Row id of the Delivery.
    pub id: String,
    /// What kind of mail.
    pub kind: Kind,
    /// The mail's [`crate::digest::Rendition::id`].
    pub rendition: String,
    /// Where to.
    pub address: String,
    /// Whose; empty for [`Kind::Test`].
    pub subscriber: String,
    /// What unsubscribe tokens stand for; empty when there is none.
    pub subscription: String,
    /// What confirm tokens stand for; empty when there is none.
    pub confirmation: String,
    /// Without angle brackets; the same at every attempt.
    pub message_id: String,
    /// Counts claims: a result is only taken with the newest.
    pub fence: i64,
    /// Attempts before this one.
    pub attempts: u32,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
}

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// [`Claim::id`]
    pub delivery: String,
    /// [`Claim::fence`]
    pub fence: i64,
    /// What the server said.
    pub outcome: Outcome,
    /// What the Delivery becomes.
    pub state: State,
    /// With [`State::Queued`]: not before.
    pub due_at: Option<DateTime<Utc>>,
}

/// What [`Store::exchange`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// How many reports were taken.
    pub taken: u64,
    /// Handed out.
    pub claims: Vec<Claim>,
    /// How many were looked at; fewer than were asked for: no more are due.
    pub seen: usize,
}

/// Transactional mail before Issues': a Confirmation does not wait for the end of an Issue.
const RANKS: [i64; 2] = [0, 1];

#[derive(sqlx::FromRow)]
struct Candidate {
    id: String,
    kind: String,
    rendition: String,
    subscriber: Option<String>,
    subscription: Option<String>,
    confirmation: Option<String>,
    address: Option<String>,
    from_address: Option<String>,
    subscription_state: Option<String>,
    suppressed: Option<String>,
    fence: i64,
    attempts: i64,
    expires_at: i64,
}

/// What a candidate becomes by the claim.
#[derive(Serialize)]
struct Claimed<'a> {
    id: &'a str,
    state: &'a str,
    attempt: i64,
    wake_at: Option<i64>,
}

#[derive(Serialize)]
struct Ended<'a> {
    id: &'a str,
    fence: i64,
    state: &'a str,
    code: u16,
    reply: &'a str,
    due_at: Option<i64>,
    wake_at: Option<i64>,
}

#[derive(Serialize)]
struct Fenced<'a> {
    id: &'a str,
    fence: i64,
}

/// The rule of who is mailed, for the claim and for the last look before the mail leaves. `state`: of the subscription.
fn is_wanted(kind: Kind, state: Option<&str>, suppressed: Option<&str>, address: Option<&str>) -> bool {
    let wanted = match kind {
        Kind::Issue => Some(subscriber::State::Confirmed),
        // Neither who confirmed meanwhile nor who left meanwhile is asked again.
        Kind::Confirmation => Some(subscriber::State::Unconfirmed),
        Kind::Test => None,
    };
    let there = wanted.is_none_or(|wanted| state == Some(wanted.as_str())) || planted(Plant::NoRecheck);
    let suppressed = suppressed.is_some() && !planted(Plant::SuppressionIgnored);
    there && !suppressed && address.is_some_and(|address| !address.is_empty())
}

/// Reports as rows, in the order in which every process locks them.
fn ended(reports: &[Report], now: DateTime<Utc>) -> String {
    let mut rows: Vec<Ended<'_>> = reports
        .iter()
        .map(|report| {
            let open = matches!(report.state, State::Queued | State::Sending);
            let due_at = report.due_at.filter(|_| open).map(ms);
            Ended {
                id: &report.delivery,
                fence: report.fence,
                // Nobody but a claim makes a Delivery `sending`.
                state: if open { State::Queued } else { report.state }.as_str(),
                code: report.outcome.code,
                reply: &report.outcome.text,
                due_at,
                wake_at: open.then(|| due_at.unwrap_or(ms(now))),
            }
        })
        .collect();
    rows.sort_by(|a, b| a.id.cmp(b.id));
    sabotage_results(&mut rows, reports);
    json(&rows)
}

impl Candidate {
    /// What this Delivery becomes when it is claimed at `now`: [`State::Sending`], or its end.
    fn becomes(&self, kind: Kind, now: DateTime<Utc>) -> State {
        let (state, suppressed) = (self.subscription_state.as_deref(), self.suppressed.as_deref());
        if !is_wanted(kind, state, suppressed, self.address.as_deref()) {
            State::Suppressed
        } else if self.expires_at <= ms(now) {
            State::Expired
        } else {
            State::Sending
        }
    }

    fn claim(self, kind: Kind) -> Claim {
        let from = self.from_address.unwrap_or_default();
        let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let again = if planted(Plant::NewMessageId) { self.fence.to_string() } else { String::new() };
        Claim {
            kind,
            message_id: format!("{}{again}@{domain}", self.id),
            rendition: self.rendition,
            address: self.address.unwrap_or_default(),
            subscriber: self.subscriber.unwrap_or_default(),
            subscription: self.subscription.unwrap_or_default(),
            confirmation: self.confirmation.unwrap_or_default(),
            fence: self.fence + 1,
            attempts: attempts(self.attempts),
            expires_at: at(self.expires_at),
            id: self.id,
        }
    }
}

impl Store {
    /// Hands out at most `limit` due Deliveries, transactional ones first, then oldest first, for `lease`: queued ones, and
    /// those whose lease has ended.
    /// Those whose subscription is not confirmed any more, or whose address is suppressed, end as suppressed, those past their time
    /// as expired, in the same transaction. Held Issues' are passed over; while all mail is held ([`Self::is_held`])
    /// there are none. The claim is durable when this returns.
    /// A Delivery whose lease ended had an attempt of unknown outcome: it is handed out again (same Message-ID), its `attempts` counted.
    pub async fn claim(&self, owner: &str, limit: u32, lease: Duration, now: DateTime<Utc>) -> Result<Vec<Claim>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut claims = Vec::new();
        loop {
            let missing = limit - claims.len();
            let batch = self.exchange(owner, &[], missing, lease, now).await?;
            claims.extend(batch.claims);
            // A batch may end in itself (all unsubscribed since planning): there may be more behind it.
            if claims.len() >= limit || batch.seen < missing {
                return Ok(claims);
            }
        }
    }

    /// [`Self::report`], then [`Self::claim`] of what at most `limit` rows give, in one transaction. Issues whose last Delivery
    /// ended become done when no more are due, or the claim ended some; see [`Self::finish_issues`].
    pub async fn exchange(
        &self,
        owner: &str,
        reports: &[Report],
        limit: usize,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Exchange> {
        const END: &str = "
            update deliveries set state = r.value ->> 'state', code = cast(r.value ->> 'code' as bigint),
                reply = r.value ->> 'reply', due_at = coalesce(cast(r.value ->> 'due_at' as bigint), due_at),
                wake_at = cast(r.value ->> 'wake_at' as bigint), changed_at = $2
            from {rows} as r
            where deliveries.id = r.value ->> 'id' and deliveries.fence = cast(r.value ->> 'fence' as bigint)
                and deliveries.state = 'sending'";
        const DUE: &str = "
            select d.id, d.kind, d.rendition, d.subscriber, d.subscription, d.confirmation, coalesce(s.address, d.address) as address,
                r.from_address, n.state as subscription_state, x.hash as suppressed, d.fence, d.attempts, d.expires_at
            from deliveries d
            left join renditions r on r.id = d.rendition
            left join subscribers s on s.id = d.subscriber
            left join subscriptions n on n.id = d.subscription
            left join suppressions x on x.hash = coalesce(s.hash, d.address_hash)
            where d.rank = $1 and d.wake_at <= $2
            order by d.wake_at, d.id limit $3 {lock}";
        const TAKE: &str = "
            update deliveries set state = r.value ->> 'state', wake_at = cast(r.value ->> 'wake_at' as bigint), owner = $2,
                attempts = attempts + cast(r.value ->> 'attempt' as bigint), fence = fence + 1, changed_at = $3
            from {rows} as r where deliveries.id = r.value ->> 'id'";
        let limit = if limit > 0 && self.is_held(now).await? { 0 } else { limit };
        let mut ends = now + chrono::Duration::from_std(lease).unwrap_or(chrono::Duration::days(1));
        if planted(Plant::LeaseIgnored) {
            ends = now;
        }
        let reports = (!reports.is_empty()).then(|| ended(reports, now));
        let (taken, rows): (u64, Vec<(Candidate, Kind, State)>) = unit!(self, tx => {
            let taken = match &reports {
                Some(reports) => {
                    if planted(Plant::NoFence) {
                        sqlx::query(self.sql(UNFENCED)).bind(reports).execute(&mut *tx).await?;
                    }
                    let end = sqlx::query(self.sql(END)).bind(reports).bind(ms(now));
                    end.execute(&mut *tx).await?.rows_affected()
                }
                None => 0,
            };
            let mut rows = Vec::new();
            for rank in RANKS {
                let missing = limit - rows.len();
                if missing > 0 {
                    let due: Vec<Candidate> = sqlx::query_as(self.sql(DUE))
                        .bind(rank)
                        .bind(ms(now))
                        .bind(i64::try_from(missing).unwrap_or(i64::MAX))
                        .fetch_all(&mut *tx)
                        .await?;
                    for row in due {
                        let kind = Kind::parse(&row.kind).ok_or_else(|| Error::row("kind of mail", &row.kind))?;
                        let becomes = row.becomes(kind, now);
                        rows.push((row, kind, becomes));
                    }
                }
            }
            if !rows.is_empty() {
                let claimed: Vec<Claimed<'_>> = rows
                    .iter()
                    .map(|(row, _, state)| Claimed {
                        id: &row.id,
                        state: if planted(Plant::CursorAtFetch) { State::Sent } else { *state }.as_str(),
                        attempt: i64::from(*state == State::Sending),
                        wake_at: (*state == State::Sending && !planted(Plant::CursorAtFetch)).then_some(ms(ends)),
                    })
                    .collect();
                sqlx::query(self.sql(TAKE)).bind(json(&claimed)).bind(owner).bind(ms(now)).execute(&mut *tx).await?;
            }
            (taken, rows)
        })?;
        let seen = rows.len();
        let claimed = rows.into_iter().filter(|(_, _, state)| *state == State::Sending);
        let claims: Vec<Claim> = claimed.map(|(row, kind, _)| row.claim(kind)).collect();
        // With nothing to do also those whose last Delivery ended just before a process died.
        if seen < limit || claims.len() < seen {
            self.finish_issues(now).await?;
        }
        Ok(Exchange { taken, claims, seen })
    }

    /// Which of the claims still stand (nobody has a newer one, it is not erased) and are still wanted by their readers, by their
    /// Deliveries' ids. What any process committed before this was called is seen. Good for
    /// [`crate::delivery::FRESH`], counted from the call.
    pub async fn still_wanted(&self, claims: &[&Claim]) -> Result<HashSet<String>> {
        const STANDS: &str = "
            select d.id, d.kind, n.state, x.hash, coalesce(s.address, d.address)
            from {rows} as r
            join deliveries d on d.id = r.value ->> 'id'
            left join subscribers s on s.id = d.subscriber
            left join subscriptions n on n.id = d.subscription
            left join suppressions x on x.hash = coalesce(s.hash, d.address_hash)
            where d.fence = cast(r.value ->> 'fence' as bigint) and d.state = 'sending'";
        type Row = (String, String, Option<String>, Option<String>, Option<String>);
        let asked: Vec<Fenced<'_>> = claims.iter().map(|claim| Fenced { id: &claim.id, fence: claim.fence }).collect();
        let asked = json(&asked);
        let rows: Vec<Row> = on!(self, pool => sqlx::query_as(self.sql(STANDS)).bind(&asked).fetch_all(pool).await?);
        let wanted = rows.into_iter().filter(|(_, kind, state, suppressed, address)| {
            Kind::parse(kind)
                .is_some_and(|kind| is_wanted(kind, state.as_deref(), suppressed.as_deref(), address.as_deref()))
        });
        if planted(Plant::CursorAtFetch) || planted(Plant::NoLastLook) {
            return Ok(claims.iter().map(|claim| claim.id.clone()).collect());
        }
        Ok(wanted.map(|row| row.0).collect())
    }

    /// Takes the results whose fence is the newest; returns how many were. Issues without open Deliveries become done.
    pub async fn report(&self, reports: &[Report], now: DateTime<Utc>) -> Result<u64> {
        if reports.is_empty() {
            return Ok(0);
        }
        let taken = self.exchange("", reports, 0, Duration::ZERO, now).await?.taken;
        self.finish_issues(now).await?;
        Ok(taken)
    }

    /// Gives claims back untouched (shutdown, relay down): queued again, the attempt not counted.
    pub async fn release(&self, claims: &[(String, i64)], due_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
        const BACK: &str = "
            update deliveries set state = 'queued', attempts = attempts - 1, due_at = $2, wake_at = $2, changed_at = $3
            from {rows} as r
            where deliveries.id = r.value ->> 'id' and deliveries.fence = cast(r.value ->> 'fence' as bigint)
                and deliveries.state = 'sending'";
        let mut rows: Vec<Fenced<'_>> = claims.iter().map(|(id, fence)| Fenced { id, fence: *fence }).collect();
        rows.sort_by(|a, b| a.id.cmp(b.id));
        let rows = json(&rows);
        unit!(self, tx => {
            if planted(Plant::NoFence) {
                sqlx::query(self.sql(UNFENCED)).bind(&rows).execute(&mut *tx).await?;
            }
            sqlx::query(self.sql(BACK)).bind(&rows).bind(ms(due_at)).bind(ms(now)).execute(&mut *tx).await?;
        })
    }

    /// Gives back every claim of `owner`, untouched: none of them was begun, or what became of it was reported.
    pub async fn release_all(&self, owner: &str, now: DateTime<Utc>) -> Result<u64> {
        const BACK: &str = "
            update deliveries set state = 'queued', attempts = attempts - 1, due_at = $2, wake_at = $2, changed_at = $2
            where state = 'sending' and owner = $1 and wake_at is not null";
        unit!(self, tx => {
            sqlx::query(BACK).bind(owner).bind(ms(now)).execute(&mut *tx).await?.rows_affected()
        })
    }

    /// Ends the leases of every other owner, so that their Deliveries are handed out at once. Only for who holds the daemon's
    /// lock: on SQLite every other owner is then a process that is gone. PostgreSQL: does nothing, others may be alive.
    pub async fn end_leases(&self, owner: &str, now: DateTime<Utc>) -> Result<u64> {
        const END: &str = "update deliveries set wake_at = $2 where state = 'sending' and owner <> $1 and wake_at > $2";
        if matches!(self.shared.db, super::Db::Postgres(_)) {
            return Ok(0);
        }
        unit!(self, tx => {
            if planted(Plant::SentAgain) {
                sqlx::query(AGAIN).bind(ms(now)).execute(&mut *tx).await?;
            }
            sqlx::query(END).bind(owner).bind(ms(now)).execute(&mut *tx).await?.rows_affected()
        })
    }

    /// When the next queued Delivery is due (held Issues' left out), or a lease ends.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>> {
        const NEXT: &str = "select min(wake_at) from deliveries where rank = $1 and wake_at is not null";
        let mut next: Option<i64> = None;
        for rank in RANKS {
            let wake: Option<i64> = on!(self, pool => sqlx::query_scalar(NEXT).bind(rank).fetch_one(pool).await?);
            next = next.into_iter().chain(wake).min();
        }
        Ok(next.map(at))
    }
}

// ---- planted by the crash harness (see `sabotage`) ----

/// Whatever a machine says of a mail is made to be of the newest claim.
const UNFENCED: &str = "
    update deliveries set state = 'sending', fence = cast(r.value ->> 'fence' as bigint)
    from {rows} as r where deliveries.id = r.value ->> 'id'";
/// What was sent is handed out again.
const AGAIN: &str = "update deliveries set state = 'sending', wake_at = $1 where state = 'sent'";

fn sabotage_results(rows: &mut Vec<Ended<'_>>, reports: &[Report]) {
    let verdict = |id: &str| reports.iter().find(|report| report.delivery == id).map(|report| report.outcome.verdict);
    for row in rows.iter_mut() {
        let becomes = match verdict(row.id) {
            Some(Verdict::Temporary) if planted(Plant::ResultBefore250) && row.code == 0 => State::Sent,
            Some(Verdict::Uncertain) if planted(Plant::UncertainFails) => State::Failed,
            _ => continue,
        };
        (row.state, row.wake_at) = (becomes.as_str(), None);
    }
    if planted(Plant::OutcomeLost) {
        rows.retain(|row| !row.id.ends_with(['a', 'c', 'e', 'g']));
    }
}
