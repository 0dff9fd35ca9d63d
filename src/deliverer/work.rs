//! The workers: each takes the next mail, composes it and sends it over its own line, the one after it in its hand. Which mail
//! that is, and whether one may go at all, is `delivery::pace`'s to say.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::door::{Door, Doorkeeper};
use super::{BATCH, BEGIN_WITHIN, LEASE, LOW, Parts, RECORD_WITHIN, letter, locked, random};
use crate::clock::Clock;
use crate::delivery::group::{Group, domain_of};
use crate::delivery::pace::queue::Queue;
use crate::delivery::pace::{Ask, Heard, Pace, Turn};
use crate::mail::message::Prepared;
use crate::mail::transport::{Ahead, Attempt, Limits, Line, for_the_log};
use crate::sabotage;
use crate::store::Claim;
use letter::Letter;

/// One claimed Delivery. `prepared` is `None` when its Rendition is gone.
#[derive(Clone)]
pub struct Job {
    pub claim: Arc<Claim>,
    pub prepared: Option<Arc<Prepared>>,
    /// When it was claimed, at the latest.
    pub claimed: Instant,
    /// Of the reader's domain.
    pub group: Group,
}

impl Job {
    fn domain(&self) -> &str {
        domain_of(&self.claim.address)
    }

    fn may_begin(&self) -> bool {
        self.claimed.elapsed() < sabotage::really(BEGIN_WITHIN)
    }
}

/// A job and what became of it.
pub struct Done {
    pub claim: Arc<Claim>,
    /// When it was claimed, at the latest.
    pub claimed: Instant,
    /// Name of the Digest, for the log.
    pub digest: String,
    pub attempt: Attempt,
    /// Over which relay, by its place.
    pub place: usize,
    /// Answered when the outcome is in the store.
    pub recorded: oneshot::Sender<()>,
}

/// More than so many are not claimed, whatever cannot go; of the domain that has the most then, all is given back but what its
/// connections need.
const CROWD: usize = 10 * BATCH;

/// A mail that took no longer says that its domain is not slow.
const QUICK: Duration = Duration::from_secs(1);

/// What the workers share.
pub struct Work {
    state: Mutex<State>,
    pace: Arc<Mutex<Pace>>,
    /// Rung, for the lines of each relay, when there are new jobs, none will come, or it is its turn.
    more: Vec<Notify>,
    /// Rung when the last busy worker has nothing to do.
    idle: Notify,
    parts: Parts,
    clock: Clock,
    doorkeeper: Doorkeeper,
    give_up: CancellationToken,
    no_more: CancellationToken,
}

struct State {
    jobs: Queue<Job>,
    /// Not begun, to be given back.
    returned: Vec<Arc<Claim>>,
    busy: usize,
    closed: bool,
    /// Somebody let another relay go first.
    waived: bool,
}

impl Work {
    /// `no_more`: nothing is begun any more; `give_up`: what was begun is not waited for any more. `lines`: of each relay.
    pub fn new(
        parts: &Parts,
        clock: Clock,
        pace: Arc<Mutex<Pace>>,
        lines: &[usize],
        give_up: CancellationToken,
        no_more: CancellationToken,
    ) -> Arc<Self> {
        let jobs = Queue::new(lines.iter().sum());
        Arc::new(Self {
            state: Mutex::new(State { jobs, returned: Vec::new(), busy: 0, closed: false, waived: false }),
            pace,
            more: lines.iter().map(|_| Notify::new()).collect(),
            idle: Notify::new(),
            doorkeeper: Doorkeeper::new(parts.store.clone()),
            parts: parts.clone(),
            clock,
            give_up,
            no_more,
        })
    }

    /// Adds jobs; also without any, everybody looks again. `is_all`: no more are due.
    pub fn push(&self, jobs: impl IntoIterator<Item = Job>, is_all: bool) {
        let mut state = self.state();
        state.jobs.is_all(is_all);
        for job in jobs {
            let domain = domain_of(&job.claim.address).to_owned();
            state.jobs.push(&domain, job);
        }
        drop(state);
        self.more.iter().for_each(Notify::notify_waiters);
    }

    /// How many jobs nobody has taken yet.
    pub fn waiting(&self) -> usize {
        self.state().jobs.len()
    }

    /// How much more is worth claiming.
    pub fn ask(&self) -> Ask {
        let (now, state, mut pace) = (self.clock.now(), self.state(), self.pace());
        let waiting = state.jobs.len();
        let mut wanted = BATCH.saturating_sub(waiting);
        if waiting > LOW {
            // What cannot go now must not keep out what can.
            let ready = state.jobs.ready(LOW + 1, |job| pace.takes(job.group, job.claim.kind, now));
            wanted = if ready > LOW || waiting >= CROWD { 0 } else { BATCH - ready };
        }
        if wanted == 0 {
            return Ask::from(0);
        }
        let mut groups = [0; Group::COUNT];
        state.jobs.those_waiting().for_each(|job| groups[job.group.number()] += 1);
        pace.ask(wanted, &groups, now)
    }

    /// What is to be given back while others go on: those that nobody came to in time, and those of a domain that is too slow
    /// for as many as there are.
    pub fn given_back(&self) -> (Vec<Arc<Claim>>, Vec<Arc<Claim>>) {
        let mut state = self.state();
        let surplus = if state.jobs.len() >= CROWD { state.jobs.surplus() } else { Vec::new() };
        (std::mem::take(&mut state.returned), surplus.into_iter().map(|job| job.claim).collect())
    }

    /// Is every job done that may go now, and every outcome recorded?
    pub fn is_done(&self) -> bool {
        let (now, state) = (self.clock.now(), self.state());
        if state.busy > 0 || state.jobs.is_empty() {
            return state.busy == 0;
        }
        let mut pace = self.pace();
        !pace.could_begin(now) || state.jobs.ready(1, |job| pace.takes(job.group, job.claim.kind, now)) == 0
    }

    /// Ends when [`Self::is_done`] may have become true.
    pub async fn idle(&self) {
        self.idle.notified().await;
    }

    /// No job will come any more: workers without one end.
    pub fn close(&self) {
        self.state().closed = true;
        self.more.iter().for_each(Notify::notify_waiters);
    }

    /// What was not begun.
    pub fn rest(&self) -> Vec<Arc<Claim>> {
        let mut state = self.state();
        let mut rest = std::mem::take(&mut state.returned);
        rest.extend(state.jobs.drain().into_iter().map(|job| job.claim));
        rest
    }

    /// One worker, until nothing is to be done or begun any more. Gives its line back.
    pub async fn run(self: Arc<Self>, mut line: Line, results: mpsc::Sender<Done>) -> Line {
        let place = line.place();
        let mut busy = false;
        let mut in_hand: Option<Letter> = None;
        loop {
            let letter = match in_hand.take() {
                Some(letter) => letter,
                None => match self.next(place, &mut busy).await {
                    None => return line,
                    Some(job) => match self.make(job, place, None) {
                        Ok(letter) => letter,
                        Err(failed) => {
                            if !Self::report(&results, *failed).await {
                                return line;
                            }
                            continue;
                        }
                    },
                },
            };
            if line.goes_ahead() {
                let current = Some(letter.job.domain());
                in_hand = match self.next_now(place, current).map(|job| self.make(job, place, current)) {
                    Some(Err(failed)) => {
                        // Nobody waits for it: nothing of it left.
                        let _ = results.send(failed.0).await;
                        None
                    }
                    Some(Ok(letter)) => Some(letter),
                    None => None,
                };
            }
            let limits = Limits {
                until: letter.job.claimed + sabotage::really(LEASE.saturating_sub(RECORD_WITHIN)),
                stop: self.give_up.clone(),
            };
            let mail = letter.mail();
            let next = in_hand.as_ref().map(|next| (next.mail(), &next.door));
            let ahead = next.as_ref().map(|(mail, gate)| Ahead { mail, gate: *gate });
            let begun = Instant::now();
            let attempt = line.send_before(&mail, &letter.door, ahead, &limits).await;
            let next = in_hand.as_ref().map(|next| next.job.domain());
            self.learned(&letter.job, begun.elapsed() < QUICK);
            self.heard(place, &letter.job, &attempt, next);
            // Nothing more leaves on this line until this one is recorded: what a crash repeats is at most one mail a
            // connection.
            let recorded = Self::report(&results, letter.done(attempt, place)).await;
            if let Some(next) = in_hand.take_if(|next| {
                let stopped = self.no_more.is_cancelled() || self.is_held(place, next.job.group);
                !recorded || (stopped && !line.has_begun()) || !next.job.may_begin()
            }) {
                if line.has_begun() {
                    line.cut();
                }
                self.unsaid(place, next.job);
            }
            if !recorded {
                return line;
            }
        }
    }

    /// Hands an outcome over and waits until it is recorded. False: it could not be.
    async fn report(results: &mpsc::Sender<Done>, (done, recorded): (Done, oneshot::Receiver<()>)) -> bool {
        results.send(done).await.is_ok() && recorded.await.is_ok()
    }

    /// Composes the mail of `job`; what panics there takes this one mail with it. `current`: see [`Queue::take`].
    fn make(
        &self,
        job: Job,
        place: usize,
        current: Option<&str>,
    ) -> Result<Letter, Box<(Done, oneshot::Receiver<()>)>> {
        let door = Door::new(&self.doorkeeper, &job.claim);
        let made = catch_unwind(AssertUnwindSafe(|| letter::compose(&self.parts, &job, self.clock.now())));
        match made.unwrap_or_else(|_| Err(letter::not_composed("composing it broke off by a fault of ours"))) {
            Ok(content) => Ok(Letter { job, content, door }),
            Err(attempt) => {
                self.heard(place, &job, &attempt, current);
                Err(Box::new(letter::done(&job, attempt, place)))
            }
        }
    }

    /// Waits for the next job; `None`: there is none and none will come. `busy`: is this worker counted as busy?
    async fn next(&self, place: usize, busy: &mut bool) -> Option<Job> {
        let more = self.more.get(place)?;
        loop {
            // Listens before it looks.
            let rung = more.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let job = self.next_now(place, None);
            {
                let mut state = self.state();
                match (&job, *busy) {
                    (Some(_), false) => state.busy += 1,
                    (None, true) => state.busy -= 1,
                    _ => {}
                }
                *busy = job.is_some();
                if !*busy && state.busy == 0 {
                    self.idle.notify_one();
                }
                if job.is_some() || state.closed || self.no_more.is_cancelled() {
                    return job;
                }
                self.pace().waits(place, true);
            }
            tokio::select! { () = rung => {}, () = self.no_more.cancelled() => {} }
            self.pace().waits(place, false);
        }
    }

    /// The next job that may begin now over the relay at `place`, if there is one. `current`: see [`Queue::take`].
    fn next_now(&self, place: usize, current: Option<&str>) -> Option<Job> {
        if self.no_more.is_cancelled() {
            return None;
        }
        let (now, mut state) = (self.clock.now(), self.state());
        if state.jobs.is_empty() {
            return None;
        }
        let mut pace = self.pace();
        match pace.turn(place, now) {
            Turn::Now => {}
            Turn::No => return None,
            Turn::Of(other) => {
                state.waived = true;
                self.more.get(other)?.notify_waiters();
                return None;
            }
        }
        while let Some(job) = state.jobs.take(current, |job| pace.takes(job.group, job.claim.kind, now)) {
            if job.may_begin() {
                pace.begins(place, job.group, now);
                if std::mem::take(&mut state.waived) {
                    self.more.iter().for_each(Notify::notify_waiters);
                }
                return Some(job);
            }
            if current != Some(job.domain()) {
                state.jobs.ended(job.domain());
            }
            state.returned.push(job.claim);
        }
        None
    }

    fn learned(&self, job: &Job, is_quick: bool) {
        self.state().jobs.learned(job.domain(), is_quick);
    }

    /// An attempt is over: what it says of the way. Before anybody takes another job. `other`: the domain that its connection has
    /// another mail to.
    fn heard(&self, place: usize, job: &Job, attempt: &Attempt, other: Option<&str>) {
        let (now, mut state, mut pace) = (self.clock.now(), self.state(), self.pace());
        if other != Some(job.domain()) {
            state.jobs.ended(job.domain());
        }
        let heard = pace.heard(place, job.group, attempt.word(job.group), now, random());
        if !pace.is_open(now) {
            self.no_more.cancel();
        }
        if heard == Heard::Nothing {
            return;
        }
        let over = match pace.way(place).filter(|_| pace.has_choice()) {
            Some(way) => format!(" over `{}`", way.name),
            None => String::new(),
        };
        drop((state, pace));
        let (stage, code, text) = (attempt.stage, attempt.outcome.code, for_the_log(&attempt.outcome.text));
        let group = job.group.name();
        match heard {
            Heard::Nothing => {}
            Heard::Blocked => warn!(?stage, code, "mail{over} is paused: {text}"),
            Heard::Refused => {
                warn!(code, "mail{over} is paused: one after the other is refused for what it is: {text}");
            }
            Heard::Slowed(rate) => info!(code, group, rate, "mail to them goes more slowly: {text}"),
            Heard::Held => warn!(code, group, "mail to them is paused: {text}"),
        }
    }

    /// `job` was begun, and given back before anything was said of it that counts.
    fn unsaid(&self, place: usize, job: Job) {
        let mut state = self.state();
        self.pace().unsaid(place, job.group);
        state.jobs.ended(job.domain());
        state.returned.push(job.claim);
    }

    fn is_held(&self, place: usize, group: Group) -> bool {
        self.pace().is_held(place, group, self.clock.now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Only while [`Self::state`] is held, or alone.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        locked(&self.pace)
    }
}
