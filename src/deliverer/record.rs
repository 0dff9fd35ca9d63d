//! Outcomes become rows at once: those of several connections that are known by now in one transaction, with the claim of
//! what follows. And a line in the log a digest and code.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::work::Done;
use super::{LEASE, Parts, locked, random};
use crate::bounce::{Named, Reason, What, classify};
use crate::clock::Clock;
use crate::delivery::pace::{Ask, Pace};
use crate::delivery::{self, Outcome, State, Verdict};
use crate::mail::transport::Stage;
use crate::sabotage;
use crate::store::{self, Claim, Exchange, Report, Returned, Source, Who};

/// Most outcomes written in one transaction.
pub const GROUP: usize = 100;
/// While mail flows, Issues that have none left become done this often.
const FINISH_EVERY: Duration = Duration::from_secs(5);
/// An uncertain mail is repeated after this long, with the same Message-ID, so that mailboxes can tell.
const REPEAT_UNCERTAIN: chrono::Duration = chrono::Duration::minutes(15);
/// What there is no room for now comes again after this long.
const SURPLUS: chrono::Duration = chrono::Duration::seconds(30);
/// After this many attempts an uncertain one is left to a person: a server that takes mail and never says so would
/// otherwise give its readers one copy after the other.
const UNCERTAIN_ATTEMPTS: u32 = 3;

/// Said of outcomes that nobody took.
const LATE: &str = "known only after the lease: they may be sent twice";

/// Takes outcomes in and claims out.
pub struct Recorder {
    parts: Parts,
    clock: Clock,
    /// Cancelled when nothing can be recorded: no further mail is put at risk.
    no_more: CancellationToken,
    pace: Arc<Mutex<Pace>>,
    attempted: usize,
    /// Outcomes that the store did not take.
    owed: Vec<Report>,
    counts: BTreeMap<(String, &'static str, u16), u64>,
    finished: Instant,
}

impl Recorder {
    /// With nothing recorded yet.
    pub fn new(parts: &Parts, clock: Clock, pace: Arc<Mutex<Pace>>, no_more: CancellationToken) -> Self {
        let (attempted, owed, counts) = (0, Vec::new(), BTreeMap::new());
        Self { parts: parts.clone(), clock, no_more, pace, attempted, owed, counts, finished: Instant::now() }
    }

    /// How many mails were attempted.
    pub fn attempted(&self) -> usize {
        self.attempted
    }

    /// What is known and could not be recorded: a mail each that is not to be sent again.
    pub fn owed(self) -> Vec<Report> {
        self.owed
    }

    /// Records a group of outcomes, answers those who wait for that, gives back what was not begun in time and, for a little later, what
    /// there is no room for, and claims what is asked for. True beside it: what was given back is due again.
    pub async fn exchange(
        &mut self,
        group: Vec<Done>,
        ask: Ask,
        (late, surplus): (Vec<Arc<Claim>>, Vec<Arc<Claim>>),
    ) -> anyhow::Result<(Exchange, bool)> {
        let now = self.clock.now();
        let mut reports = Vec::with_capacity(group.len());
        let mut came_back = Vec::new();
        // Untouched, for when the way is clear.
        let returns = locked(&self.pace).returns(now);
        let mut back: Vec<Back> = late.iter().map(|claim| Back::of(claim, now)).collect();
        back.extend(surplus.iter().map(|claim| Back::of(claim, now + SURPLUS)));
        for done in &group {
            self.weigh(done);
            let elsewhere = done.attempt.outcome.verdict == Verdict::Temporary
                && done.attempt.is_about_the_route()
                && locked(&self.pace).has_another(done.place, now);
            match report(&done.claim, &done.attempt.outcome, now, random()).filter(|_| !elsewhere) {
                Some(report) => {
                    came_back.extend(returned(done, report.state));
                    reports.push(report);
                }
                None => back.push(Back::of(&done.claim, returns)),
            }
        }
        let outcomes = reports.len() as u64;
        let (exchange, unheard) = self.write(reports, &back, ask, now).await?;
        if exchange.taken < outcomes {
            tell_late(&group);
        }
        for done in group {
            // A worker that is gone does not wait for it.
            let _ = done.recorded.send(());
        }
        for returned in came_back {
            // A word against an address that is lost here is said again with the next mail.
            if let Err(error) = self.parts.store.returned(&returned, now).await {
                warn!(%error, "what the relay said of a reader could not be counted");
            }
        }
        unheard.map_or(Ok(()), Err).context("claiming")?;
        if self.finished.elapsed() >= FINISH_EVERY {
            self.finished = Instant::now();
            self.parts.store.finish_issues(now).await?;
        }
        Ok((exchange, back.iter().any(|back| back.due_at <= now)))
    }

    fn weigh(&mut self, done: &Done) {
        self.attempted += 1;
        let outcome = &done.attempt.outcome;
        let (stage, code) = (done.attempt.stage, outcome.code);
        debug!(delivery = done.claim.id, ?stage, code, result = word(outcome.verdict), "attempted");
        *self.counts.entry((done.digest.clone(), word(outcome.verdict), outcome.code)).or_default() += 1;
    }

    /// The error beside what was done: claims may have been made that we did not hear of.
    async fn write(
        &mut self,
        mut reports: Vec<Report>,
        back: &[Back],
        ask: Ask,
        now: DateTime<Utc>,
    ) -> anyhow::Result<(Exchange, Option<store::Error>)> {
        let Parts { store, owner, .. } = &self.parts;
        let mut wait = Duration::from_millis(100);
        let mut unheard = None;
        loop {
            let ask = if self.no_more.is_cancelled() { Ask::from(0) } else { ask };
            let written = async {
                for same in back.chunk_by(|a, b| a.due_at == b.due_at) {
                    let keys: Vec<_> = same.iter().map(|back| (back.id.clone(), back.fence)).collect();
                    store.release(&keys, same[0].due_at, now).await?;
                }
                store.exchange(owner, &reports, ask, LEASE, now).await
            };
            match written.await {
                Ok(exchange) => return Ok((exchange, unheard)),
                // With nothing to be recorded there is nothing at risk, and no hurry.
                Err(error) if wait > Duration::from_secs(5) || (reports.is_empty() && back.is_empty()) => {
                    self.owed.append(&mut reports);
                    return Err(error).context("recording what was sent");
                }
                // Mails are out: while they are not recorded no other one may follow.
                Err(error) => {
                    self.no_more.cancel();
                    unheard = unheard.or(Some(error).filter(|_| ask.most > 0));
                }
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    /// One line a digest and result; never an address.
    pub fn log(&self) {
        for ((digest, result, code), count) in &self.counts {
            info!(digest, result, code, count, "mail");
        }
    }
}

/// A claim that is given back untouched.
struct Back {
    id: String,
    fence: i64,
    due_at: DateTime<Utc>,
}

impl Back {
    fn of(claim: &Claim, due_at: DateTime<Utc>) -> Self {
        Self { id: claim.id.clone(), fence: claim.fence, due_at }
    }
}

/// Outcomes that came when the lease was over: this machine was stopped, or starved of its processor, on the way. What it sent
/// then may come again from the one that had it next.
fn tell_late(group: &[Done]) {
    let late: Vec<_> = group.iter().filter(|done| done.claimed.elapsed() >= sabotage::really(LEASE)).collect();
    if !late.is_empty() {
        let ids: Vec<_> = late.iter().map(|done| done.claim.id.as_str()).collect();
        warn!(deliveries = ids.join(" "), "{LATE}");
    }
}

/// What the Delivery becomes. `None`: it is given back as it was.
fn report(claim: &Claim, outcome: &delivery::Outcome, now: DateTime<Utc>, random: f64) -> Option<Report> {
    let (state, due_at) = match outcome.verdict {
        Verdict::Accepted => (State::Sent, None),
        Verdict::Permanent => (State::Failed, None),
        Verdict::Temporary => match delivery::next_attempt(claim.attempts + 1, now, claim.expires_at, random) {
            Some(at) => (State::Queued, Some(at)),
            None => (State::Expired, None),
        },
        Verdict::Uncertain => match now + REPEAT_UNCERTAIN {
            at if at < claim.expires_at && claim.attempts + 1 < UNCERTAIN_ATTEMPTS => (State::Queued, Some(at)),
            _ => (State::Uncertain, None),
        },
        Verdict::Unwanted => (State::Suppressed, None),
        Verdict::Ours => return None,
    };
    Some(Report { delivery: claim.id.clone(), fence: claim.fence, outcome: outcome.clone(), state, due_at })
}

/// What the relay said of the reader, where it is a word about the reader: that is a bounce like those that come by mail.
fn returned(done: &Done, state: State) -> Option<Returned> {
    let Outcome { code, text, .. } = &done.attempt.outcome;
    if done.attempt.stage != Stage::Rcpt || *code == 0 || !matches!(state, State::Failed | State::Expired) {
        return None;
    }
    let bounce = classify::bounce("", &format!("{code} {text}"));
    (!matches!(bounce.reason, Reason::Policy | Reason::Content | Reason::TooBig)).then(|| Returned {
        id: format!("relay:{}:{}", done.claim.id, done.claim.fence),
        who: Who::Named(Named::Delivery(done.claim.id.clone())),
        source: Source::Relay,
        what: What::Bounce(bounce),
    })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "sent",
        Verdict::Temporary => "later",
        Verdict::Permanent => "refused",
        Verdict::Uncertain => "uncertain",
        Verdict::Ours => "held",
        Verdict::Unwanted => "unwanted",
    }
}
