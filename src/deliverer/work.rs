//! What the workers share: jobs that wait, and what is to be claimed or given back. Which mail is the next one, and whether one may go
//! at all, is `delivery::pace`'s to say.

mod helpers;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::helpers::Helpers;
use super::door::Doorkeeper;
use super::{BATCH, BEGIN_WITHIN, Parts, locked};
use crate::clock::Clock;
use crate::delivery::group::{Group, domain_of};
use crate::delivery::pace::queue::Queue;
use crate::delivery::pace::{Ask, Pace, Receiver};
use crate::mail::message::Prepared;
use crate::mail::transport::Attempt;
use crate::sabotage;
use crate::store::{Back, Claim};

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

    fn to(&self) -> Receiver<'_> {
        Receiver { group: self.group, domain: self.domain() }
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
    /// It is given back as it was: see [`crate::delivery::pace::Hearing`].
    pub untouched: bool,
    /// True when the outcome is in the store.
    pub recorded: watch::Sender<bool>,
}

/// `claim`, to be given back untouched until `due_at`.
pub fn back(claim: &Claim, due_at: DateTime<Utc>) -> Back {
    Back { delivery: claim.id.clone(), fence: claim.fence, due_at }
}

/// More than so many are not claimed, whatever cannot go.
const CROWD: usize = 10 * BATCH;

/// What the workers share.
pub struct Work {
    state: Mutex<State>,
    /// More are claimed when so few jobs are left.
    low: usize,
    pace: Arc<Mutex<Pace>>,
    /// Rung, for the lines of each relay, when there are new jobs, none will come, or it is its turn.
    more: Vec<Notify>,
    /// Rung when there may be something to claim, to give back, or nothing left to do.
    hungry: Notify,
    parts: Parts,
    clock: Clock,
    doorkeeper: Doorkeeper,
    /// For mails that are slow to compose.
    helpers: OnceLock<Helpers>,
    give_up: CancellationToken,
    no_more: CancellationToken,
}

struct State {
    jobs: Queue<Job>,
    /// Not begun, to be given back.
    returned: Vec<Arc<Claim>>,
    /// Something was given back and is due again.
    came_back: bool,
    /// What was recorded before is on the disk.
    settled: Option<Instant>,
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
        // Fifty at a time where a claim keeps outcomes waiting; elsewhere a hundred: each claim costs as much as some mails.
        let low = if parts.store.has_one_writer() { BATCH * 3 / 4 } else { BATCH / 2 };
        Arc::new(Self {
            state: Mutex::new(State {
                jobs,
                returned: Vec::new(),
                came_back: false,
                settled: None,
                busy: 0,
                closed: false,
                waived: false,
            }),
            low,
            pace,
            more: lines.iter().map(|_| Notify::new()).collect(),
            hungry: Notify::new(),
            doorkeeper: Doorkeeper::new(parts.store.clone()),
            helpers: OnceLock::new(),
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

    /// Are so few jobs left that more are claimed?
    pub fn is_low(&self) -> bool {
        self.state().jobs.len() <= self.low
    }

    /// How many workers have a job.
    pub fn busy(&self) -> usize {
        self.state().busy
    }

    /// How much more is worth claiming.
    pub fn ask(&self) -> Ask {
        let (now, state, mut pace) = (self.clock.now(), self.state(), self.pace());
        let waiting = state.jobs.len();
        let mut wanted = BATCH.saturating_sub(waiting);
        if waiting > self.low {
            // What cannot go now must not keep out what can, once it is known that it cannot, and somebody waits for it.
            let at = Instant::now().into_std();
            let ready = state.jobs.ready(self.low + 1, at, |job| pace.takes(job.to(), job.claim.kind, now));
            let enough = ready > self.low || waiting >= CROWD || !pace.has_idle() || state.jobs.is_undecided(at);
            wanted = if enough { 0 } else { BATCH - ready };
        }
        if wanted == 0 {
            return Ask::from(0);
        }
        let mut groups = [0; Group::COUNT];
        state.jobs.those_waiting().for_each(|job| groups[job.group.number()] += 1);
        pace.ask(wanted, &groups, now)
    }

    /// What is to be given back while others go on: what nobody came to in time, and, where a line waits for others, what a slow domain
    /// has no room for until later.
    pub fn given_back(&self) -> Vec<Back> {
        let (now, mut state) = (self.clock.now(), self.state());
        let mut back: Vec<Back> = std::mem::take(&mut state.returned).iter().map(|claim| back(claim, now)).collect();
        back.extend(self.beyond(&mut state, now));
        if state.jobs.len() > self.low && self.pace().has_idle() {
            let surplus = state.jobs.surplus(Instant::now().into_std());
            let later = |after| chrono::Duration::from_std(after).unwrap_or_default();
            back.extend(surplus.into_iter().map(|(job, after)| self::back(&job.claim, now + later(after))));
        }
        back
    }

    /// What a domain with a pace of its own takes later.
    fn beyond(&self, state: &mut State, now: DateTime<Utc>) -> Vec<Back> {
        let mut pace = self.pace();
        if pace.is_even() {
            return Vec::new();
        }
        let beyond = state.jobs.beyond(|domain| pace.room(domain, now));
        beyond.into_iter().map(|(job, nth)| back(&job.claim, pace.turn_at(job.domain(), nth, now))).collect()
    }

    /// Is every job done that may go now, and every outcome recorded?
    pub fn is_done(&self) -> bool {
        let (now, state) = (self.clock.now(), self.state());
        if state.busy > 0 || state.jobs.is_empty() {
            return state.busy == 0;
        }
        let (at, mut pace) = (Instant::now().into_std(), self.pace());
        !pace.could_begin(now) || state.jobs.ready(1, at, |job| pace.takes(job.to(), job.claim.kind, now)) == 0
    }

    /// Ends when [`Self::ask`], [`Self::given_back`] or [`Self::is_done`] may have changed.
    pub async fn hungry(&self) {
        self.hungry.notified().await;
    }

    /// Something was given back that is due at once.
    pub fn comes_back(&self) {
        self.state().came_back = true;
        self.hungry.notify_one();
    }

    /// Was it, since this was asked last?
    pub fn came_back(&self) -> bool {
        std::mem::take(&mut self.state().came_back)
    }

    /// What was recorded before `at` is on the disk.
    pub fn settles(&self, at: Instant) {
        self.state().settled = Some(at);
    }

    /// Until when it is, if anything is.
    pub fn settled(&self) -> Option<Instant> {
        self.state().settled
    }

    /// No job will come any more: workers without one end.
    pub fn close(&self) {
        self.state().closed = true;
        self.more.iter().for_each(Notify::notify_waiters);
    }

    /// What was not begun, to be given back.
    pub fn rest(&self) -> Vec<Back> {
        let (now, mut state) = (self.clock.now(), self.state());
        let mut rest = self.beyond(&mut state, now);
        let due_at = self.pace().returns(now);
        let returned = std::mem::take(&mut state.returned).into_iter();
        rest.extend(
            returned.chain(state.jobs.drain().into_iter().map(|job| job.claim)).map(|claim| back(&claim, due_at)),
        );
        rest
    }

    fn is_held(&self, place: usize, to: Receiver<'_>) -> bool {
        self.pace().is_held(place, to, self.clock.now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Only while [`Self::state`] is held, or alone.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        locked(&self.pace)
    }
}
