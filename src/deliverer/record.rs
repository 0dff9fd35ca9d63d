//! Outcomes become rows at once: those of several connections that are known by now in one transaction. And a line in
//! the log a digest and code.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::pause::Pause;
use super::work::Done;
use crate::bounce::{Named, Reason, What, classify};
use crate::clock::Clock;
use crate::crypto;
use crate::delivery::{self, Outcome, State, Verdict};
use crate::mail;
use crate::mail::transport::Stage;
use crate::store::{Claim, Report, Returned, Source, Store, Who};

/// Most outcomes written in one transaction.
const GROUP: usize = 50;
/// An uncertain mail is repeated after this long, with the same Message-ID, so that mailboxes can tell.
const REPEAT_UNCERTAIN: chrono::Duration = chrono::Duration::minutes(15);
/// After this many attempts an uncertain one is left to a person: a server that takes mail and never says so would
/// otherwise give its readers one copy after the other.
const UNCERTAIN_ATTEMPTS: u32 = 3;

/// Takes a batch's outcomes in.
pub struct Recorder {
    store: Store,
    clock: Clock,
    /// Cancelled when nothing can be recorded: no further mail is put at risk.
    no_more: CancellationToken,
    attempted: usize,
    /// Outcomes that the store did not take.
    owed: Vec<Report>,
    counts: BTreeMap<(String, &'static str, u16), u64>,
}

impl Recorder {
    /// With nothing recorded yet.
    pub fn new(store: Store, clock: Clock, no_more: CancellationToken) -> Self {
        Self { store, clock, no_more, attempted: 0, owed: Vec::new(), counts: BTreeMap::new() }
    }

    /// How many mails were attempted.
    pub fn attempted(&self) -> usize {
        self.attempted
    }

    /// What is known and could not be recorded: a mail each that is not to be sent again.
    pub fn owed(self) -> Vec<Report> {
        self.owed
    }

    /// Records until all workers are done.
    pub async fn record(&mut self, mut incoming: mpsc::Receiver<Done>, pause: &mut Pause) -> anyhow::Result<()> {
        let mut failed = None;
        while let Some(first) = incoming.recv().await {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(done) = incoming.try_recv()
            {
                group.push(done);
            }
            // Even after a failure the rest is tried: each outcome that is recorded is a mail that is not repeated.
            match self.write(&group, pause).await {
                Ok(()) => {
                    for done in group {
                        // A worker that is gone does not wait for it.
                        let _ = done.recorded.send(());
                    }
                }
                Err(error) => {
                    self.no_more.cancel();
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn write(&mut self, group: &[Done], pause: &mut Pause) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut reports = Vec::with_capacity(group.len());
        let mut ours = Vec::new();
        let mut came_back = Vec::new();
        for done in group {
            self.attempted += 1;
            let outcome = &done.attempt.outcome;
            let (stage, code) = (done.attempt.stage, outcome.code);
            debug!(delivery = done.claim.id, ?stage, code, result = word(outcome.verdict), "attempted");
            *self.counts.entry((done.digest.clone(), word(outcome.verdict), outcome.code)).or_default() += 1;
            if done.attempt.is_about_the_route() {
                if !pause.is_doubtful() || pause.is_over(now) {
                    let text = mail::transport::for_the_log(&outcome.text);
                    warn!(stage = ?done.attempt.stage, code = outcome.code, "mail is paused: {text}");
                }
                pause.blocked(now, random());
            } else if done.attempt.is_about_policy() {
                if pause.refused() && !self.no_more.is_cancelled() {
                    let text = mail::transport::for_the_log(&outcome.text);
                    warn!(code = outcome.code, "mail is paused: one after the other is refused for what it is: {text}");
                    pause.blocked(now, random());
                    self.no_more.cancel();
                }
            } else if outcome.code != 0 {
                pause.clear();
            }
            match report(&done.claim, outcome, now, random()) {
                Some(report) => {
                    came_back.extend(returned(done, report.state));
                    reports.push(report);
                }
                None => ours.push((done.claim.id.clone(), done.claim.fence)),
            }
        }
        let due_at = pause.until().unwrap_or(now);
        let mut wait = Duration::from_millis(100);
        loop {
            let written = async {
                self.store.report(&reports, now).await?;
                if !ours.is_empty() {
                    self.store.release(&ours, due_at, now).await?;
                }
                Ok::<_, crate::store::Error>(())
            };
            match written.await {
                Ok(()) => break,
                Err(error) if wait > Duration::from_secs(5) => {
                    self.owed.append(&mut reports);
                    return Err(error).context("recording what was sent");
                }
                // Mails are out: while they are not recorded no other one may follow.
                Err(_) => self.no_more.cancel(),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        for returned in came_back {
            // A word against an address that is lost here is said again with the next mail.
            if let Err(error) = self.store.returned(&returned, now).await {
                warn!(%error, "what the relay said of a reader could not be counted");
            }
        }
        Ok(())
    }

    /// One line a digest and result; never an address.
    pub fn log(&self) {
        for ((digest, result, code), count) in &self.counts {
            info!(digest, result, code, count, "mail");
        }
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
