//! The claim: Deliveries handed out by lease and fence.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::deliveries::attempts;
use super::due::{Candidate, DUE, Look, NEXT, RANKS};
use super::holds::{HELD_OR_FIRST, sortable};
use super::rows::{Holds, Rows, Value, list};
use super::{Error, Result, Store, Synced, at, ms};
use crate::delivery::pace::Ask;
use crate::delivery::{Kind, State};
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
    /// How many of them ended as [`crate::delivery::Verdict::Uncertain`].
    pub uncertain: u32,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
}

/// What [`Store::hand_out`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandedOut {
    /// Handed out.
    pub claims: Vec<Claim>,
    /// How many were looked at; fewer than were asked for: no more are due.
    pub seen: usize,
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
            uncertain: attempts(self.uncertain),
            expires_at: at(self.expires_at),
            id: self.id,
        }
    }
}

impl Store {
    /// Hands out at most `limit` due Deliveries, transactional ones first, then oldest first, for `lease`: queued ones, and
    /// those whose lease has ended. (What is due again that was handed out before may let others go first, for some seconds.)
    /// Those whose subscription is not confirmed any more, or whose address is suppressed, end as suppressed, those past their time
    /// as expired, in the same transaction. Held Issues' are passed over; while all mail is held ([`Self::is_held`])
    /// there are none. The claim is durable when this returns.
    /// A Delivery whose lease ended had an attempt of unknown outcome: it is handed out again (same Message-ID), its `attempts` counted.
    pub async fn claim(&self, owner: &str, limit: u32, lease: Duration, now: DateTime<Utc>) -> Result<Vec<Claim>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut claims = Vec::new();
        loop {
            let missing = limit - claims.len();
            let batch = self.hand_out(owner, missing, lease, now).await?;
            claims.extend(batch.claims);
            // A batch may end in itself (all unsubscribed since planning): there may be more behind it.
            if claims.len() >= limit || batch.seen < missing {
                return Ok(claims);
            }
        }
    }

    /// [`Self::claim`] of what at most as many rows give as are asked for, in one transaction. Issues whose last Delivery ended become
    /// done when no more are due, or the claim ended some; see [`Self::finish_issues`].
    pub async fn hand_out(
        &self,
        owner: &str,
        ask: impl Into<Ask>,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<HandedOut> {
        const TAKE: &str = "
            update deliveries set state = r.state, wake_at = case when r.lease_at is not null then deliveries.wake_at end,
                lease_at = coalesce(r.lease_at, 0), owner = $1, attempts = attempts + r.attempt, fence = fence + 1, changed_at = $2
            from r where deliveries.id = {one r.id}";
        const COLUMNS: [(&str, Holds); 4] =
            [("id", Holds::Text), ("state", Holds::Text), ("attempt", Holds::Number), ("lease_at", Holds::Number)];
        let ask = ask.into();
        let mut ends = now + chrono::Duration::from_std(lease).unwrap_or(chrono::Duration::days(1));
        if planted(Plant::LeaseIgnored) {
            ends = now;
        }
        let (rows, limit): (Vec<(Candidate, Kind, State)>, usize) = unit!(self, quick, Synced::Lazily, tx => {
            let (held, first): (i64, i64) =
                sqlx::query_as(HELD_OR_FIRST).bind(sortable(now)).bind(ms(now)).fetch_one(&mut *tx).await?;
            let limit = if held > 0 { 0 } else { ask.most };
            let mut rows = Vec::new();
            for (rank, lanes) in RANKS.into_iter().zip([&ask.transactional, &ask.issues]) {
                let missing = if rank > 0 || first > 0 { limit - rows.len() } else { 0 };
                let caps = lanes.map(|most| most.min(missing));
                if caps.iter().any(|most| *most > 0) {
                    let mut look = self.shared.looks.next(rank, missing, &caps);
                    let due = loop {
                        let mut due = sqlx::query(self.sql(DUE)).bind(rank).bind(ms(now)).bind(bounded(missing));
                        for most in look.limits {
                            due = due.bind(bounded(most));
                        }
                        for mark in &look.after {
                            due = due.bind(mark.wake_at).bind(&mark.id);
                        }
                        let mut due: Vec<Candidate> = list(due, &mut *tx).await?;
                        due.sort_by(|a, b| (a.wake_at, &a.id).cmp(&(b.wake_at, &b.id)));
                        if due.len() < missing && look.may_have_missed(&due, &caps) {
                            look = Look::whole(caps);
                            continue;
                        }
                        self.shared.looks.saw(rank, missing, &due);
                        break due;
                    };
                    for row in due {
                        let kind = Kind::parse(&row.kind).ok_or_else(|| Error::row("kind of mail", &row.kind))?;
                        let becomes = row.becomes(kind, now);
                        rows.push((row, kind, becomes));
                    }
                }
            }
            // What each of them becomes by it.
            let claimed: Vec<[Value<'_>; 4]> = rows
                .iter()
                .map(|(row, _, state)| {
                    let stays = *state == State::Sending && !planted(Plant::CursorAtFetch);
                    let becomes = if planted(Plant::CursorAtFetch) { State::Sent } else { *state };
                    [
                        Value::Text(&row.id),
                        Value::Text(becomes.as_str()),
                        i64::from(*state == State::Sending).into(),
                        Value::Number(stays.then_some(ms(ends))),
                    ]
                })
                .collect();
            for rows in Rows::of(COLUMNS, &claimed) {
                rows.query(TAKE, &[Value::Text(owner), ms(now).into()])?.execute(&mut *tx).await?;
            }
            (rows, limit)
        })?;
        let seen = rows.len();
        if seen > 0 {
            self.durable().await?;
        }
        let claimed = rows.into_iter().filter(|(_, _, state)| *state == State::Sending);
        let claims: Vec<Claim> = claimed.map(|(row, kind, _)| row.claim(kind)).collect();
        // With nothing to do also those whose last Delivery ended just before a process died.
        if seen < limit || claims.len() < seen {
            self.finish_issues(now).await?;
        }
        Ok(HandedOut { claims, seen })
    }

    /// Which of the claims still stand (nobody has a newer one, it is not erased) and are still wanted by their readers, by their
    /// Deliveries' ids. What any process committed before this was called is seen. Good for
    /// [`crate::delivery::FRESH`], counted from the call.
    pub async fn still_wanted(&self, claims: &[&Claim]) -> Result<HashSet<String>> {
        const STANDS: &str = "
            select d.id, d.kind, n.state, x.hash, coalesce(s.address, d.address)
            from r
            join deliveries d on d.id = {one r.id}
            left join subscribers s on s.id = {one d.subscriber}
            left join subscriptions n on n.id = {one d.subscription}
            left join suppressions x on x.hash = {one coalesce(s.hash, d.address_hash)}
            where d.fence = r.fence and d.state = 'sending'";
        const COLUMNS: [(&str, Holds); 2] = [("id", Holds::Text), ("fence", Holds::Number)];
        type Row = (String, String, Option<String>, Option<String>, Option<String>);
        let asked: Vec<[Value<'_>; 2]> =
            claims.iter().map(|claim| [Value::Text(&claim.id), claim.fence.into()]).collect();
        let mut standing: Vec<Row> = Vec::with_capacity(claims.len());
        for rows in Rows::of(COLUMNS, &asked) {
            let found = on!(self, quick, pool => rows.query_as(STANDS, &[])?.fetch_all(pool).await?);
            standing.extend(found);
        }
        let wanted = standing.into_iter().filter(|(_, kind, state, suppressed, address)| {
            Kind::parse(kind)
                .is_some_and(|kind| is_wanted(kind, state.as_deref(), suppressed.as_deref(), address.as_deref()))
        });
        if planted(Plant::CursorAtFetch) || planted(Plant::NoLastLook) {
            return Ok(claims.iter().map(|claim| claim.id.clone()).collect());
        }
        Ok(wanted.map(|row| row.0).collect())
    }

    /// Ends the leases of every other owner, so that their Deliveries are handed out at once. Only for who holds the daemon's
    /// lock: on SQLite every other owner is then a process that is gone. PostgreSQL: does nothing, others may be alive.
    pub async fn end_leases(&self, owner: &str, now: DateTime<Utc>) -> Result<u64> {
        const END: &str = "
            update deliveries set lease_at = $2, wake_at = case when wake_at > $2 then $2 else wake_at end
            where state = 'sending' and owner <> $1 and lease_at > $2";
        if matches!(self.shared.db, super::Db::Postgres { .. }) {
            return Ok(0);
        }
        unit!(self, tx => {
            if planted(Plant::SentAgain) {
                sqlx::query(AGAIN).bind(ms(now)).execute(&mut *tx).await?;
            }
            sqlx::query(END).bind(owner).bind(ms(now)).execute(&mut *tx).await?.rows_affected()
        })
    }

    /// The wall clock was moved by so much and says `now`. Forward: the leases of `owner` end as much later. Back: what was queued in
    /// what is the future now, and never tried, is due at once.
    pub async fn clock_moved(&self, owner: &str, by: chrono::Duration, now: DateTime<Utc>) -> Result<()> {
        const LATER: &str = "
            update deliveries set lease_at = lease_at + $2 where state = 'sending' and owner = $1 and wake_at is not null";
        const DUE: &str = "
            update deliveries set wake_at = $1, due_at = $1, changed_at = $1
            where state = 'queued' and attempts = 0 and wake_at > $1 and created_at > $1";
        unit!(self, tx => {
            if by > chrono::Duration::zero() {
                sqlx::query(LATER).bind(owner).bind(by.num_milliseconds()).execute(&mut *tx).await?;
            } else {
                sqlx::query(DUE).bind(ms(now)).execute(&mut *tx).await?;
            }
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

/// What was sent is handed out again: planted by the crash harness (see `sabotage`).
const AGAIN: &str = "
    update deliveries set state = 'sending', wake_at = $1, lease_at = $1 where state = 'sent'";
