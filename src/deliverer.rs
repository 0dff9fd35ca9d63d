//! The deliverer loop: claim → message → SMTP → outcome.
//!
//! A claim is durable before anything of its mail is sent, an outcome is recorded as soon as it is known, and a mail is
//! begun only when its slowest course ends within the lease: so that no other machine sends it at the same time. While
//! the store is away outcomes are kept, and nothing else is begun before they are recorded.
//!
//! Who unsubscribes, is suppressed, removed or erased gets no mail whose message was not on its way when the store committed that:
//! directly before MAIL, and before the message itself, the store is asked once more, whichever process wrote to it. Only a
//! message that has begun to leave may end.
//!
//! It flows: while some mails are on their way, the outcomes of those before them are recorded, and those after them are claimed. A line
//! ends its next message only when the last one is recorded: a crash repeats at most one mail a line.

mod alone;
mod door;
mod doubts;
mod flow;
mod letter;
mod record;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

pub use self::alone::alone;
use self::doubts::Doubts;
use crate::clock::Clock;
use crate::crypto;
use crate::delivery::pace::Pace;
use crate::delivery::{Outcome, Verdict};
use crate::mail;
use crate::mail::message::Prepared;
use crate::mail::transport::{Line, Route};
use crate::store::{Report, Store};

/// What the loop works with.
#[derive(Clone)]
pub struct Parts {
    /// Rows.
    pub store: Store,
    /// `mail` of the configuration.
    pub settings: Arc<mail::Settings>,
    /// Names this process in leases; no other Deliverer has the same.
    pub owner: String,
    /// Rung when Deliveries were queued.
    pub mail_queued: Arc<Notify>,
}

/// Most mails claimed and not begun.
const BATCH: usize = 200;
/// The wall clock differs from the time that passed by so much: it was moved, or the machine slept.
const MOVED: chrono::Duration = chrono::Duration::seconds(2);
/// Where the pace lets more go within this time, connections are kept for it.
const SOON: chrono::Duration = chrono::Duration::seconds(10);
/// While lines are busy and nothing was due, it is looked again after this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long a claim is ours.
const LEASE: Duration = Duration::from_mins(20);
/// A mail is begun within this time of its claim, or given back: what is left of the lease is enough for all that RFC 5321
/// lets a server take, the ten minutes after the final dot among them.
const BEGIN_WITHIN: Duration = Duration::from_mins(2);
/// Kept back from the lease's end, for recording the outcome.
const RECORD_WITHIN: Duration = Duration::from_mins(1);
/// After this long a stop no longer waits for servers (the daemon ends after 30 s).
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// How long the store is waited for at the very end.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);
/// Renditions kept prepared: the Issues being sent, in their languages.
const PREPARED: usize = 16;

/// Claims, attempts and records until no Delivery is due or none may leave. Returns how many were attempted.
pub async fn step(parts: &Parts, now: DateTime<Utc>) -> anyhow::Result<usize> {
    let mut deliverer = Deliverer::new(parts.clone(), Clock::fixed(now));
    let attempted = deliverer.step(&CancellationToken::new()).await;
    deliverer.end().await;
    attempted
}

/// Repeats [`step`], at the pace that relays and receivers have, until nothing more can leave for now or `cancel`. Returns how many
/// were attempted.
pub async fn drain(parts: &Parts, clock: Clock, cancel: &CancellationToken) -> anyhow::Result<usize> {
    let mut deliverer = Deliverer::new(parts.clone(), clock);
    let mut all = 0;
    let outcome = loop {
        match deliverer.step(cancel).await {
            Err(error) => break Err(error),
            Ok(0) => match deliverer.soon().filter(|_| !cancel.is_cancelled()) {
                Some(time) => tokio::select! { () = tokio::time::sleep(time) => {}, () = cancel.cancelled() => {} },
                None => break Ok(all),
            },
            Ok(attempted) => all += attempted,
        }
    };
    deliverer.end().await;
    outcome
}

/// Repeats [`step`] until `cancel`: then no mail is begun any more, and what is on its way is waited for.
pub async fn run(parts: Parts, clock: Clock, cancel: CancellationToken) {
    let mail_queued = Arc::clone(&parts.mail_queued);
    let mut alone = false;
    let mut deliverer = Deliverer::new(parts, clock);
    let mut failing = false;
    while !cancel.is_cancelled() {
        // Listens before it looks, so that a ring in between is not missed.
        let rung = mail_queued.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        if !alone {
            // Whoever had claims on this SQLite file before us is dead: what was on its way then is sent again now.
            let parts = &deliverer.parts;
            alone = parts.store.end_leases(&parts.owner, deliverer.clock.now()).await.is_ok();
        }
        let wait = match deliverer.step(&cancel).await {
            Ok(0) => Wait::UntilDue,
            Ok(_) => Wait::No,
            Err(cause) => {
                if !failing {
                    error!("delivering failed, and is tried again every few seconds: {cause:#}");
                }
                Wait::For(Duration::from_secs(5))
            }
        };
        failing = matches!(wait, Wait::For(_));
        match wait {
            Wait::No => {}
            Wait::For(time) => {
                tokio::select! { () = tokio::time::sleep(time) => {}, () = cancel.cancelled() => {} }
            }
            Wait::UntilDue => {
                let soon = deliverer.soon();
                if soon.is_none() {
                    deliverer.rest().await;
                }
                let wait = async {
                    match soon {
                        Some(time) => tokio::time::sleep(time).await,
                        None => deliverer.until_due().await,
                    }
                };
                tokio::select! { () = wait => {}, () = rung => {}, () = cancel.cancelled() => {} }
            }
        }
    }
    deliverer.end().await;
}

enum Wait {
    No,
    For(Duration),
    UntilDue,
}

/// The loop with its memory between steps: connections, prepared Renditions, and the pace of relays and receivers.
pub struct Deliverer {
    parts: Parts,
    clock: Clock,
    routes: Vec<Arc<Route>>,
    /// Connected or not; one a worker.
    lines: Vec<Line>,
    prepared: HashMap<String, Arc<Prepared>>,
    pace: Arc<Mutex<Pace>>,
    /// Outcomes that the store has not taken yet.
    owed: Vec<Report>,
    /// What relays said of readers and is not believed yet.
    doubts: Doubts,
    /// Claims of ours may be in the store that nobody works on: a step failed.
    unsettled: bool,
    /// When the wall clock was last looked at, and what it said.
    looked: Option<(Instant, DateTime<Utc>)>,
}

impl Deliverer {
    /// Nothing is connected yet.
    pub fn new(parts: Parts, clock: Clock) -> Self {
        Self {
            parts,
            clock,
            routes: Vec::new(),
            lines: Vec::new(),
            prepared: HashMap::new(),
            pace: Arc::default(),
            owed: Vec::new(),
            doubts: Doubts::default(),
            unsettled: false,
            looked: None,
        }
    }

    /// See [`step`]. Once `cancel` is, no further mail is begun, and what is on its way is waited for.
    pub async fn step(&mut self, cancel: &CancellationToken) -> anyhow::Result<usize> {
        self.settle().await?;
        self.ways_out()?;
        if cancel.is_cancelled() || !self.pace().is_open(self.clock.now()) {
            return Ok(0);
        }
        self.unsettled = true;
        let attempted = self.deliver(cancel).await?;
        self.unsettled = false;
        Ok(attempted)
    }

    /// After a step that failed: records what became of its mails, and gives back what was claimed and not begun, also
    /// what was claimed without our hearing of it.
    async fn settle(&mut self) -> anyhow::Result<()> {
        if self.unsettled {
            let now = self.clock.now();
            self.parts.store.report(&self.owed, now).await.context("recording what was sent")?;
            self.owed.clear();
            self.parts.store.release_all(&self.parts.owner, now).await?;
            self.unsettled = false;
        }
        Ok(())
    }

    /// The time, for a claim. Where somebody moved the clock since it was last looked at, the store's times are moved with it: forward,
    /// the mails that are in our hands would be handed out to us again; back, what is due would wait until the clock is there again.
    async fn now(&mut self) -> anyhow::Result<DateTime<Utc>> {
        let now = self.clock.now();
        let last = self.looked.replace((Instant::now(), now));
        let went_on = |(at, _): (Instant, _)| chrono::Duration::from_std(at.elapsed()).unwrap_or_default();
        // What an earlier process left may be of the future too.
        let moved = last.map_or(-MOVED, |last| now - last.1 - went_on(last));
        if moved.abs() >= MOVED {
            self.parts.store.clock_moved(&self.parts.owner, moved, now).await.context("after the clock was moved")?;
        }
        Ok(now)
    }

    /// Makes the ways out ready, and the pace that goes with them.
    fn ways_out(&mut self) -> anyhow::Result<()> {
        if self.routes.is_empty() {
            let settings = &self.parts.settings;
            self.routes = Route::all(settings).map_err(anyhow::Error::msg).context("mail")?;
            let ways = self.routes.iter().map(|route| route.way().clone()).collect();
            *self.pace() = Pace::new(ways, settings.quiet, self.clock.now());
        }
        Ok(())
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        locked(&self.pace)
    }

    /// How long to wait, with connections kept, where the pace lets more go soon.
    fn soon(&self) -> Option<Duration> {
        let now = self.clock.now();
        let wait = self.pace().opens(now) - now;
        wait.to_std().ok().filter(|time| !time.is_zero() && wait < SOON)
    }

    /// Nothing follows: the last chance to record and to give back. What stays behind does so until its lease ends.
    async fn end(&mut self) {
        self.rest().await;
        let _ = tokio::time::timeout(SETTLE_WITHIN, self.settle()).await;
    }

    /// Nothing is due: connections are closed, so that no server waits for us, and what is left of a day is anybody's.
    async fn rest(&mut self) {
        // All at once: a server that does not answer is waited for once.
        let goodbyes: JoinSet<()> = self.lines.drain(..).map(|mut line| async move { line.close().await }).collect();
        goodbyes.join_all().await;
        let unused = self.pace().unused();
        for (relay, day, mails) in unused {
            // What cannot be given back is lost until the next day: too few mails, never too many.
            let _ = self.parts.store.give_back(&relay, day, mails).await;
        }
    }

    /// Ends when something may be due. The wall clock is looked at every second, because it can be moved.
    async fn until_due(&self) {
        /// Other machines, and commands beside this daemon, queue without ringing here.
        const LOOK_AGAIN: u32 = 5;
        let opens = self.pace().opens(self.clock.now());
        let due = match self.parts.store.next_due().await {
            Ok(due) => due.map(|due| due.max(opens)),
            Err(_) => None,
        };
        for _ in 0..LOOK_AGAIN {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if due.is_some_and(|due| due <= self.clock.now()) {
                return;
            }
        }
    }
}

/// What panics elsewhere leaves it usable: each change is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 0..=1, for jitter, where `outcome` is tried again. A mail that was taken needs none.
fn jitter(outcome: &Outcome) -> f64 {
    if outcome.verdict == Verdict::Accepted {
        return 0.0;
    }
    f64::from(u32::from_be_bytes(crypto::random())) / f64::from(u32::MAX)
}
