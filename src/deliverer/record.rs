//! Outcomes become rows at once (on PostgreSQL within a moment), those of several connections that are known by then together, and are
//! on the disk within 50 ms: with the next claim, or by themselves. And a line in the log a digest and code.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::doubts::Doubts;
use super::work::{Done, Work, back};
use super::{LEASE, Parts, jitter, locked};
use crate::bounce::{Named, Reason, What};
use crate::clock::Clock;
use crate::delivery::pace::Pace;
use crate::delivery::{self, State, Verdict};
use crate::mail::OnUncertain;
use crate::sabotage;
use crate::store::{self, Back, Claim, Report, Returned, Source, Who};

/// Most outcomes written in one transaction.
const GROUP: usize = 100;
/// Where each is a round trip and keeps processors from others, so long after one transaction comes the next, unless half of those who
/// send wait for it.
const BETWEEN: Duration = Duration::from_millis(1);
/// Outcomes that wait so long for a claim to bring them to the disk go there by themselves.
const SETTLE_AFTER: Duration = Duration::from_millis(25);
/// While mail flows, Issues that have none left become done this often.
const FINISH_EVERY: Duration = Duration::from_secs(5);
/// An uncertain mail is repeated after this long, with the same Message-ID, so that mailboxes can tell.
const REPEAT_UNCERTAIN: chrono::Duration = chrono::Duration::minutes(15);
/// What a relay refused that refuses everybody comes again so long after the relay does.
const REFUSED_AGAIN: chrono::Duration = chrono::Duration::minutes(20);

/// What fails when it does.
const RECORDING: &str = "recording what was sent";
/// Said of outcomes that nobody took.
const LATE: &str = "known only after the lease: they may be sent twice";

/// Takes outcomes in.
pub struct Recorder {
    parts: Parts,
    clock: Clock,
    /// Cancelled when nothing can be recorded: no further mail is put at risk.
    no_more: CancellationToken,
    pace: Arc<Mutex<Pace>>,
    work: Arc<Work>,
    /// When outcomes were written last.
    wrote: Instant,
    /// The first and the last record that may not be on the disk.
    unsettled: Option<(Instant, Instant)>,
    counts: BTreeMap<(String, &'static str, u16), u64>,
    finished: Instant,
    /// So many mails were taken, by the relay's place.
    took: HashMap<usize, usize>,
    recorded: Recorded,
}

/// What a [`Recorder`] did.
#[derive(Debug, Default)]
pub struct Recorded {
    /// How many mails were attempted.
    pub attempted: usize,
    /// What is known and could not be recorded: a mail each that is not to be sent again.
    pub owed: Vec<Report>,
    /// What is not believed yet.
    pub doubts: Doubts,
    /// Why the last one of them could not.
    pub failed: Option<anyhow::Error>,
}

impl Recorder {
    /// With nothing recorded yet.
    pub fn new(
        parts: &Parts,
        clock: Clock,
        pace: Arc<Mutex<Pace>>,
        work: Arc<Work>,
        no_more: CancellationToken,
        doubts: Doubts,
    ) -> Self {
        let (counts, took, recorded) = (BTreeMap::new(), HashMap::new(), Recorded { doubts, ..Recorded::default() });
        let (parts, unsettled, now) = (parts.clone(), None, Instant::now());
        Self { parts, clock, no_more, pace, work, wrote: now, unsettled, counts, finished: now, took, recorded }
    }

    /// Records what comes in, and answers those who wait for that, until nobody is left who could send anything.
    pub async fn run(mut self, mut incoming: mpsc::Receiver<Done>) -> Recorded {
        // On its way to the disk, while more is recorded.
        let mut settling: Option<JoinHandle<store::Result<()>>> = None;
        loop {
            let settle = self.unsettled().filter(|_| settling.is_none()).map(|first| first + SETTLE_AFTER);
            let brought = tokio::select! {
                biased;
                settled = ends(&mut settling), if settling.is_some() => settled,
                () = tokio::time::sleep_until(settle.unwrap_or(self.finished)), if settle.is_some() => {
                    self.unsettled = None;
                    let store = self.parts.store.clone();
                    settling = Some(tokio::spawn(async move { store.settle().await }));
                    continue;
                }
                first = incoming.recv() => {
                    let Some(first) = first else { break };
                    let group = self.gathered(first, &mut incoming).await;
                    self.take(group).await
                }
            };
            // Even after a failure the rest is tried: each outcome that is recorded is a mail that is not repeated.
            if let Err(error) = brought {
                self.no_more.cancel();
                self.recorded.failed = Some(error);
            }
        }
        let mut settled = ends(&mut settling).await;
        if settled.is_ok() && self.unsettled().is_some() {
            settled = self.parts.store.settle().await.context(RECORDING);
        }
        if let Err(error) = settled {
            self.recorded.failed = Some(error);
        }
        let believed = self.recorded.doubts.outweighed(&self.took);
        self.tell(believed).await;
        self.log();
        self.recorded
    }

    /// Since when something may not be on the disk that no claim has brought there.
    fn unsettled(&mut self) -> Option<Instant> {
        if let Some(settled) = self.work.settled() {
            let later = |(first, last): (Instant, Instant)| (last >= settled).then(|| (first.max(settled), last));
            self.unsettled = self.unsettled.and_then(later);
        }
        self.unsettled.map(|(first, _)| first)
    }

    /// `first`, and whatever others are about to know: as long as more comes while they are let go first, or for [`BETWEEN`].
    async fn gathered(&self, first: Done, incoming: &mut mpsc::Receiver<Done>) -> Vec<Done> {
        let mut group = vec![first];
        loop {
            let before = group.len();
            tokio::task::yield_now().await;
            while group.len() < GROUP
                && let Ok(more) = incoming.try_recv()
            {
                group.push(more);
            }
            if group.len() > before && group.len() < GROUP {
                continue;
            }
            let is_enough = group.len() >= GROUP || 2 * group.len() >= self.work.busy();
            if is_enough || self.parts.store.has_one_writer() || self.wrote.elapsed() >= BETWEEN {
                return group;
            }
            match tokio::time::timeout_at(self.wrote + BETWEEN, incoming.recv()).await {
                Ok(Some(more)) => group.push(more),
                Ok(None) | Err(_) => return group,
            }
        }
    }

    async fn take(&mut self, group: Vec<Done>) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut reports = Vec::with_capacity(group.len());
        let (mut believed, mut backs) = (Vec::new(), Vec::new());
        for done in &group {
            self.weigh(done);
            let elsewhere = done.attempt.outcome.verdict == Verdict::Temporary
                && done.attempt.is_about_the_route()
                && locked(&self.pace).has_another(done.place, now);
            let untouched = elsewhere || done.untouched;
            let on_uncertain = self.parts.settings.on_uncertain;
            let outcome = &done.attempt.outcome;
            let report = report(&done.claim, outcome, on_uncertain, now, jitter(outcome)).filter(|_| !untouched);
            if let Some(report) = report {
                believed.extend(self.believed(done, report.state));
                reports.push(report);
                continue;
            }
            // Untouched, for when the way is clear.
            let mut due_at = locked(&self.pace).returns(now);
            if done.attempt.outcome.verdict == Verdict::Permanent {
                // Another one finds out first whether it is so for all.
                due_at += REFUSED_AGAIN;
            }
            backs.push(back(&done.claim, due_at));
        }
        let outcomes = reports.len() as u64;
        let taken = self.write(reports, &backs, now).await?;
        let last = Instant::now();
        self.wrote = last;
        if outcomes > 0 {
            self.unsettled = Some((self.unsettled.map_or(last, |(first, _)| first), last));
        }
        if taken < outcomes {
            tell_late(&group);
        }
        if backs.iter().any(|back| back.due_at <= now) {
            self.work.comes_back();
        }
        for done in group {
            // A worker that is gone does not wait for it.
            let _ = done.recorded.send(true);
        }
        self.tell(believed).await;
        if self.finished.elapsed() >= FINISH_EVERY {
            self.finished = Instant::now();
            self.parts.store.finish_issues(now).await?;
        }
        Ok(())
    }

    /// What is believed now of what relays said of readers, `done` among it.
    fn believed(&mut self, done: &Done, state: State) -> Vec<Returned> {
        let (place, doubts) = (done.place, &mut self.recorded.doubts);
        if state == State::Sent {
            *self.took.entry(place).or_default() += 1;
            return doubts.believed(place);
        }
        if let Some(said) = returned(done, state) {
            doubts.add(place, said);
        }
        if locked(&self.pace).refuses_everybody(place) {
            doubts.forget(place);
        }
        Vec::new()
    }

    /// A word against an address that is lost here is said again with the next mail.
    async fn tell(&self, believed: Vec<Returned>) {
        for said in believed {
            if let Err(error) = self.parts.store.returned(&said, self.clock.now()).await {
                warn!(%error, "what the relay said of a reader could not be counted");
            }
        }
    }

    fn weigh(&mut self, done: &Done) {
        self.recorded.attempted += 1;
        let outcome = &done.attempt.outcome;
        let (stage, code) = (done.attempt.stage, outcome.code);
        debug!(delivery = done.claim.id, ?stage, code, result = word(outcome.verdict), "attempted");
        *self.counts.entry((done.digest.clone(), word(outcome.verdict), outcome.code)).or_default() += 1;
    }

    /// How many of the reports counted.
    async fn write(&mut self, mut reports: Vec<Report>, backs: &[Back], now: DateTime<Utc>) -> anyhow::Result<u64> {
        let store = &self.parts.store;
        let mut wait = Duration::from_millis(100);
        loop {
            let written = async {
                store.release(backs, now).await?;
                store.record(&reports, now).await
            };
            match written.await {
                Ok(taken) => return Ok(taken),
                Err(error) if wait > Duration::from_secs(5) => {
                    self.recorded.owed.append(&mut reports);
                    return Err(error).context(RECORDING);
                }
                // Mails are out: while they are not recorded no other one may follow.
                Err(_) => self.no_more.cancel(),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    /// One line a digest and result; never an address.
    fn log(&self) {
        for ((digest, result, code), count) in &self.counts {
            info!(digest, result, code, count, "mail");
        }
    }
}

/// Waits for what is on its way to the disk, if anything is.
async fn ends(settling: &mut Option<JoinHandle<store::Result<()>>>) -> anyhow::Result<()> {
    let Some(task) = settling else { return Ok(()) };
    let ended = task.await;
    *settling = None;
    ended.context(RECORDING)?.context(RECORDING)
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
fn report(
    claim: &Claim,
    outcome: &delivery::Outcome,
    on_uncertain: OnUncertain,
    now: DateTime<Utc>,
    random: f64,
) -> Option<Report> {
    let (state, due_at) = match outcome.verdict {
        Verdict::Accepted => (State::Sent, None),
        Verdict::Permanent => (State::Failed, None),
        Verdict::Temporary => match delivery::next_attempt(claim.attempts + 1, now, claim.expires_at, random) {
            Some(at) => (State::Queued, Some(at)),
            None => (State::Expired, None),
        },
        // Once: a server that takes mail and never says so would otherwise give its readers one copy after the other.
        Verdict::Uncertain => match now + REPEAT_UNCERTAIN {
            at if on_uncertain == OnUncertain::Repeat && claim.uncertain == 0 && at < claim.expires_at => {
                (State::Queued, Some(at))
            }
            _ => (State::Uncertain, None),
        },
        Verdict::Unwanted => (State::Suppressed, None),
        Verdict::Ours => return None,
    };
    Some(Report { delivery: claim.id.clone(), fence: claim.fence, outcome: outcome.clone(), state, due_at })
}

/// What the relay said of the reader, where it is a word about the reader: that is a bounce like those that come by mail.
fn returned(done: &Done, state: State) -> Option<Returned> {
    let bounce = done.attempt.bounce().filter(|_| matches!(state, State::Failed | State::Expired))?;
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
