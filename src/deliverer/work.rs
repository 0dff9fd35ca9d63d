//! The workers: each takes the next mail, composes it and sends it over its own line, the one after it in its hand.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::door::{Door, Doorkeeper};
use super::{BEGIN_WITHIN, LEASE, Parts, RECORD_WITHIN, letter};
use crate::clock::Clock;
use crate::mail::message::Prepared;
use crate::mail::transport::{Ahead, Attempt, Limits, Line};
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
}

impl Job {
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
    /// Answered when the outcome is in the store.
    pub recorded: oneshot::Sender<()>,
}

/// What the workers share. Here a pace can choose which mail goes next, when, and over which line.
pub struct Work {
    state: Mutex<State>,
    /// Rung when there are new jobs, or none will come.
    more: Notify,
    /// Rung when the last busy worker has nothing to do.
    idle: Notify,
    parts: Parts,
    clock: Clock,
    doorkeeper: Doorkeeper,
    give_up: CancellationToken,
    no_more: CancellationToken,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Not begun, to be given back.
    returned: Vec<Arc<Claim>>,
    busy: usize,
    closed: bool,
}

impl Work {
    /// `no_more`: nothing is begun any more; `give_up`: what was begun is not waited for any more.
    pub fn new(parts: &Parts, clock: Clock, give_up: CancellationToken, no_more: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            more: Notify::new(),
            idle: Notify::new(),
            doorkeeper: Doorkeeper::new(parts.store.clone()),
            parts: parts.clone(),
            clock,
            give_up,
            no_more,
        })
    }

    /// Adds jobs.
    pub fn push(&self, jobs: impl IntoIterator<Item = Job>) {
        self.state().jobs.extend(jobs);
        self.more.notify_waiters();
    }

    /// How many jobs nobody has taken yet.
    pub fn waiting(&self) -> usize {
        self.state().jobs.len()
    }

    /// Is every job done, and every outcome recorded?
    pub fn is_done(&self) -> bool {
        let state = self.state();
        state.jobs.is_empty() && state.busy == 0
    }

    /// Ends when [`Self::is_done`] may have become true.
    pub async fn idle(&self) {
        self.idle.notified().await;
    }

    /// No job will come any more: workers without one end.
    pub fn close(&self) {
        self.state().closed = true;
        self.more.notify_waiters();
    }

    /// What was not begun.
    pub fn rest(&self) -> Vec<Arc<Claim>> {
        let mut state = self.state();
        let mut rest = std::mem::take(&mut state.returned);
        rest.extend(state.jobs.drain(..).map(|job| job.claim));
        rest
    }

    /// One worker, until nothing is to be done or begun any more. Gives its line back.
    pub async fn run(self: Arc<Self>, mut line: Line, results: mpsc::Sender<Done>) -> Line {
        let mut busy = false;
        let mut in_hand: Option<Letter> = None;
        loop {
            let letter = match in_hand.take() {
                Some(letter) => letter,
                None => match self.next(&mut busy).await {
                    None => return line,
                    Some(job) => match self.make(job) {
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
                in_hand = match self.next_now().map(|job| self.make(job)) {
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
            let attempt = line.send_before(&mail, &letter.door, ahead, &limits).await;
            if attempt.is_about_the_route() {
                self.no_more.cancel();
            }
            // Nothing more leaves on this line until this one is recorded: what a crash repeats is at most one mail a
            // connection.
            let recorded = Self::report(&results, letter.done(attempt)).await;
            if let Some(next) = in_hand.take_if(|next| {
                let stopped = self.no_more.is_cancelled() && !line.has_begun();
                !recorded || stopped || !next.job.may_begin()
            }) {
                if line.has_begun() {
                    line.cut();
                }
                self.state().returned.push(next.job.claim);
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

    /// Composes the mail of `job`; what panics there takes this one mail with it.
    fn make(&self, job: Job) -> Result<Letter, Box<(Done, oneshot::Receiver<()>)>> {
        let door = Door::new(&self.doorkeeper, &job.claim);
        let made = catch_unwind(AssertUnwindSafe(|| letter::compose(&self.parts, &job, self.clock.now())));
        match made.unwrap_or_else(|_| Err(letter::not_composed("composing it broke off by a fault of ours"))) {
            Ok(content) => Ok(Letter { job, content, door }),
            Err(attempt) => Err(Box::new(letter::done(&job, attempt))),
        }
    }

    /// Waits for the next job; `None`: there is none and none will come. `busy`: is this worker counted as busy?
    async fn next(&self, busy: &mut bool) -> Option<Job> {
        loop {
            // Listens before it looks.
            let more = self.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            let job = self.next_now();
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
            }
            tokio::select! { () = more => {}, () = self.no_more.cancelled() => {} }
        }
    }

    /// The next job that may still be begun, if there is one.
    fn next_now(&self) -> Option<Job> {
        if self.no_more.is_cancelled() {
            return None;
        }
        let mut state = self.state();
        while let Some(job) = state.jobs.pop_front() {
            if job.may_begin() {
                return Some(job);
            }
            state.returned.push(job.claim);
        }
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
