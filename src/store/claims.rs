//! The claim: Deliveries handed out by lease and fence, and what became of each attempt.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::deliveries::attempts;
use super::{Error, Result, Store, at, json, ms};
use crate::delivery::group::Group;
use crate::delivery::pace::Ask;
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

/// What is due of one lane, oldest first: a walk along one index, whatever else waits. The columns come from here and not from a second
/// look at the table, which on PostgreSQL would be at an older state of the row than the one that is locked.
macro_rules! lane {
    ($lane:literal, $limit:literal) => {
        concat!(
            "select * from (select id, lane, kind, rendition, subscriber, subscription, confirmation, address, address_hash, fence,
                attempts, expires_at, wake_at
            from deliveries where rank = $1 and lane = ",
            $lane,
            " and wake_at <= $2 order by wake_at, id limit ",
            $limit,
            " {lock}) as lane_",
            $lane
        )
    };
}
macro_rules! wakes {
    ($lane:literal) => {
        concat!("select min(wake_at) as at from deliveries where rank = $1 and wake_at is not null and lane = ", $lane)
    };
}

/// What is due: of each [`Group`] at most its own limit (`$4` on), `$3` in all, oldest first.
const DUE: &str = concat!(
    "select d.id, d.lane, d.kind, d.rendition, d.subscriber, d.subscription, d.confirmation, coalesce(s.address, d.address) as address,
        r.from_address, n.state as subscription_state, x.hash as suppressed, d.fence, d.attempts, d.expires_at
    from (select * from (",
    lane!("0", "$4"),
    " union all ",
    lane!("1", "$5"),
    " union all ",
    lane!("2", "$6"),
    " union all ",
    lane!("3", "$7"),
    " union all ",
    lane!("4", "$8"),
    " union all ",
    lane!("5", "$9"),
    ") as lanes order by wake_at, id limit $3) as d
    left join renditions r on r.id = d.rendition
    left join subscribers s on s.id = d.subscriber
    left join subscriptions n on n.id = d.subscription
    left join suppressions x on x.hash = coalesce(s.hash, d.address_hash)
    order by d.wake_at, d.id"
);
/// When the first of them wakes.
const NEXT: &str = concat!(
    "select min(at) from (",
    wakes!("0"),
    " union all ",
    wakes!("1"),
    " union all ",
    wakes!("2"),
    " union all ",
    wakes!("3"),
    " union all ",
    wakes!("4"),
    " union all ",
    wakes!("5"),
    ") as lanes"
);
const _: () = assert!(Group::COUNT == 6, "DUE and NEXT have a part for each group");

/// Transactional mail before Issues': a Confirmation does not wait for the end of an Issue.
const RANKS: [i64; 2] = [0, 1];

/// How many of a hundred claimed mails were of each lane lately: of each lane a little more than that is looked at (and locked, on
/// PostgreSQL), not as many as are wanted in all.
pub(super) struct Shares(Mutex<[[usize; Group::COUNT]; RANKS.len()]>);

impl Default for Shares {
    fn default() -> Self {
        Self(Mutex::new([[100; Group::COUNT]; RANKS.len()]))
    }
}

impl Shares {
    fn guess(&self, rank: i64, missing: usize, caps: &[usize; Group::COUNT]) -> [usize; Group::COUNT] {
        let lately = self.of(rank);
        std::array::from_fn(|lane| caps[lane].min(lately[lane].saturating_mul(missing).saturating_mul(3) / 200 + 4))
    }

    fn saw(&self, rank: i64, missing: usize, found: &[usize; Group::COUNT]) {
        let lately = found.map(|rows| rows.saturating_mul(100) / missing.max(1));
        let place = usize::try_from(rank).unwrap_or(0);
        if let Some(of_rank) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *of_rank = lately;
        }
    }

    fn of(&self, rank: i64) -> [usize; Group::COUNT] {
        let place = usize::try_from(rank).unwrap_or(0);
        let shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shares.get(place).copied().unwrap_or([100; Group::COUNT])
    }
}

fn of_each_lane(rows: &[Candidate]) -> [usize; Group::COUNT] {
    let mut found = [0; Group::COUNT];
    for lane in rows.iter().filter_map(|row| usize::try_from(row.lane).ok()) {
        if let Some(rows) = found.get_mut(lane) {
            *rows += 1;
        }
    }
    found
}

#[derive(sqlx::FromRow)]
struct Candidate {
    id: String,
    lane: i64,
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

    /// [`Self::report`], then [`Self::claim`] of what at most as many rows give as are asked for, in one transaction. Issues whose last
    /// Delivery ended become done when no more are due, or the claim ended some; see [`Self::finish_issues`].
    pub async fn exchange(
        &self,
        owner: &str,
        reports: &[Report],
        ask: impl Into<Ask>,
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
        const TAKE: &str = "
            update deliveries set state = r.value ->> 'state', wake_at = cast(r.value ->> 'wake_at' as bigint), owner = $2,
                attempts = attempts + cast(r.value ->> 'attempt' as bigint), fence = fence + 1, changed_at = $3
            from {rows} as r where deliveries.id = r.value ->> 'id'";
        let ask = ask.into();
        let limit = if ask.most > 0 && self.is_held(now).await? { 0 } else { ask.most };
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
            for (rank, lanes) in RANKS.into_iter().zip([&ask.transactional, &ask.issues]) {
                let missing = limit - rows.len();
                let caps = lanes.map(|most| most.min(missing));
                if caps.iter().any(|most| *most > 0) {
                    let mut limits = self.shared.shares.guess(rank, missing, &caps);
                    let due = loop {
                        let mut due = sqlx::query_as(self.sql(DUE)).bind(rank).bind(ms(now)).bind(bounded(missing));
                        for most in limits {
                            due = due.bind(bounded(most));
                        }
                        let due: Vec<Candidate> = due.fetch_all(&mut *tx).await?;
                        let found = of_each_lane(&due);
                        let has_more = |lane: usize| found[lane] >= limits[lane] && limits[lane] < caps[lane];
                        if due.len() < missing && (0..Group::COUNT).any(has_more) {
                            limits = caps;
                            continue;
                        }
                        self.shared.shares.saw(rank, missing, &found);
                        break due;
                    };
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
        let mut next: Option<i64> = None;
        for rank in RANKS {
            let wake: Option<i64> = on!(self, pool => sqlx::query_scalar(NEXT).bind(rank).fetch_one(pool).await?);
            next = next.into_iter().chain(wake).min();
        }
        Ok(next.map(at))
    }
}

fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
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
