//! Outcomes become rows at once: those of several connections that are known by now in one transaction, with the claim of
//! what follows. And a line in the log a digest and code.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::pause::Pause;
use super::work::Done;
use super::{LEASE, Parts};
use crate::bounce::{Named, Reason, What, classify};
use crate::clock::Clock;
use crate::crypto;
use crate::delivery::{self, Outcome, State, Verdict};
use crate::mail;
use crate::mail::transport::Stage;
use crate::sabotage;
use crate::store::{self, Claim, Exchange, Report, Returned, Source, Who};

/// Most outcomes written in one transaction.
pub const GROUP: usize = 100;
/// While mail flows, Issues that have none left become done this often.
const FINISH_EVERY: Duration = Duration::from_secs(5);
/// An uncertain mail is repeated after this long, with the same Message-ID, so that mailboxes can tell.
const REPEAT_UNCERTAIN: chrono::Duration = chrono::Duration::minutes(15);
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
    attempted: usize,
    /// Outcomes that the store did not take.
    owed: Vec<Report>,
    counts: BTreeMap<(String, &'static str, u16), u64>,
    finished: Instant,
}

impl Recorder {
    /// With nothing recorded yet.
    pub fn new(parts: &Parts, clock: Clock, no_more: CancellationToken) -> Self {
        let (attempted, owed, counts) = (0, Vec::new(), BTreeMap::new());
        Self { parts: parts.clone(), clock, no_more, attempted, owed, counts, finished: Instant::now() }
    }

    /// How many mails were attempted.
    pub fn attempted(&self) -> usize {
        self.attempted
    }

    /// What is known and could not be recorded: a mail each that is not to be sent again.
    pub fn owed(self) -> Vec<Report> {
        self.owed
    }

    /// Records a group of outcomes, answers those who wait for that, and claims up to `wanted` more.
    pub async fn exchange(&mut self, group: Vec<Done>, wanted: usize, pause: &mut Pause) -> anyhow::Result<Exchange> {
        let now = self.clock.now();
        let mut reports = Vec::with_capacity(group.len());
        let mut ours = Vec::new();
        let mut came_back = Vec::new();
        for done in &group {
            self.weigh(done, now, pause);
            match report(&done.claim, &done.attempt.outcome, now, random()) {
                Some(report) => {
                    came_back.extend(returned(done, report.state));
                    reports.push(report);
                }
                None => ours.push((done.claim.id.clone(), done.claim.fence)),
            }
        }
        let outcomes = reports.len() as u64;
        let (exchange, unheard) = self.write(reports, &ours, wanted, pause.until().unwrap_or(now), now).await?;
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
        Ok(exchange)
    }

    /// What an outcome says about the way to the relay.
    fn weigh(&mut self, done: &Done, now: DateTime<Utc>, pause: &mut Pause) {
        self.attempted += 1;
        let outcome = &done.attempt.outcome;
        let (stage, code) = (done.attempt.stage, outcome.code);
        debug!(delivery = done.claim.id, ?stage, code, result = word(outcome.verdict), "attempted");
        *self.counts.entry((done.digest.clone(), word(outcome.verdict), outcome.code)).or_default() += 1;
        if done.attempt.is_about_the_route() {
            if !pause.is_doubtful() || pause.is_over(now) {
                let text = mail::transport::for_the_log(&outcome.text);
                warn!(?stage, code, "mail is paused: {text}");
            }
            pause.blocked(now, random());
        } else if done.attempt.is_about_policy() {
            if pause.refused() && !self.no_more.is_cancelled() {
                let text = mail::transport::for_the_log(&outcome.text);
                warn!(code, "mail is paused: one after the other is refused for what it is: {text}");
                pause.blocked(now, random());
                self.no_more.cancel();
            }
        } else if code != 0 {
            pause.clear();
        }
    }

    /// The error beside what was done: claims may have been made that we did not hear of.
    async fn write(
        &mut self,
        mut reports: Vec<Report>,
        ours: &[(String, i64)],
        wanted: usize,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<(Exchange, Option<store::Error>)> {
        let Parts { store, owner, .. } = &self.parts;
        let mut wait = Duration::from_millis(100);
        let mut unheard = None;
        loop {
            let wanted = if self.no_more.is_cancelled() { 0 } else { wanted };
            let written = async {
                if !ours.is_empty() {
                    store.release(ours, due_at, now).await?;
                }
                store.exchange(owner, &reports, wanted, LEASE, now).await
            };
            match written.await {
                Ok(exchange) => return Ok((exchange, unheard)),
                // With nothing to be recorded there is nothing at risk, and no hurry.
                Err(error) if wait > Duration::from_secs(5) || (reports.is_empty() && ours.is_empty()) => {
                    self.owed.append(&mut reports);
                    return Err(error).context("recording what was sent");
                }
                // Mails are out: while they are not recorded no other one may follow.
                Err(error) => {
                    self.no_more.cancel();
                    unheard = unheard.or(Some(error).filter(|_| wanted > 0));
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

fn random() -> f64 {
    f64::from(u32::from_be_bytes(crypto::random())) / f64::from(u32::MAX)
}
