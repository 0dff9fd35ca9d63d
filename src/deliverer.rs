//! The deliverer loop: claim → message → SMTP → outcome.
//!
//! A claim is durable before anything of its mail is sent, an outcome is recorded as soon as it is known, and a mail is
//! begun only when its slowest course ends within the lease: so that no other machine sends it at the same time. While
//! the store is away outcomes are kept, and nothing else is begun before they are recorded.
//!
//! Who unsubscribes, is suppressed, removed or erased gets no mail whose MAIL command was not on its way when the store
//! committed that: directly before MAIL the store is asked once more, whichever process wrote to it. A mail that is past
//! MAIL at that moment may end.
//!
//! It flows: while some mails are on their way, the outcomes of those before them and the claim of those after them are one
//! transaction. A line begins its next mail only when the last one is recorded: a crash repeats at most one mail a line.

mod door;
mod letter;
mod record;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::clock::Clock;
use crate::crypto;
use crate::delivery::group::Group;
use crate::delivery::pace::{Ask, Pace};
use crate::mail;
use crate::mail::message::{self, Prepared};
use crate::mail::transport::{Line, Route};
use crate::store::{Claim, Report, Store};
use record::Recorder;
use work::{Done, Job, Work};

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
const BATCH: usize = 100;
/// More are claimed when so few are left.
const LOW: usize = BATCH / 2;
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
    /// Claims of ours may be in the store that nobody works on: a step failed.
    unsettled: bool,
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
            unsettled: false,
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

    async fn deliver(&mut self, cancel: &CancellationToken) -> anyhow::Result<usize> {
        // Work stops for many reasons; what is on its way is given time, and then left.
        let no_more = cancel.child_token();
        let give_up = CancellationToken::new();
        let pace = Arc::clone(&self.pace);
        self.pace().afresh();
        let each: Vec<usize> = self.routes.iter().map(|route| route.way().lines).collect();
        let work = Work::new(&self.parts, self.clock.clone(), pace, &each, give_up.clone(), no_more.clone());
        let (results, incoming) = mpsc::channel(BATCH);
        for (place, (route, lines)) in self.routes.iter().zip(&each).enumerate() {
            let there = self.lines.iter().filter(|line| line.place() == place).count();
            self.lines.extend((there..*lines).map(|_| route.line()));
        }
        let lines = self.lines.drain(..);
        let running: Vec<_> = lines.map(|line| tokio::spawn(Arc::clone(&work).run(line, results.clone()))).collect();
        drop(results);
        let late = tokio::spawn({
            let cancel = cancel.clone();
            async move {
                cancel.cancelled().await;
                tokio::time::sleep(STOP_WITHIN).await;
                give_up.cancel();
            }
        });
        let mut recorder = Recorder::new(&self.parts, self.clock.clone(), Arc::clone(&self.pace), no_more.clone());
        let outcome = self.flow(&work, &mut recorder, incoming, &no_more).await;
        late.abort();
        for worker in running {
            if let Ok(line) = worker.await {
                self.lines.push(line);
            }
        }
        recorder.log();
        let attempted = recorder.attempted();
        self.owed = recorder.owed();
        outcome?;
        if attempted > 0 {
            self.parts.store.finish_issues(self.clock.now()).await?;
        }
        let rest = work.rest();
        let due_at = self.pace().returns(self.clock.now());
        self.release(&rest, due_at).await?;
        Ok(attempted)
    }

    /// Feeds the workers and records what they bring, until all of them have ended.
    async fn flow(
        &mut self,
        work: &Work,
        recorder: &mut Recorder,
        mut incoming: mpsc::Receiver<Done>,
        no_more: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut failed = Ok(());
        let mut is_dry = false;
        let mut probing = false;
        loop {
            let mut ask = Ask::from(0);
            if !is_dry && !no_more.is_cancelled() {
                if let Err(error) = self.reserve().await {
                    no_more.cancel();
                    failed = Err(error);
                    continue;
                }
                ask = work.ask();
                if ask.most > 0 && self.pace().is_doubtful(self.clock.now()) {
                    // The way was blocked: one mail goes ahead.
                    ask.most = usize::from(!std::mem::replace(&mut probing, true));
                }
                // Until the pace lets more go.
                is_dry = ask.most == 0 && work.waiting() <= LOW;
            }
            let mut group = Vec::new();
            let back = work.given_back();
            if ask.most == 0 && back.0.is_empty() && back.1.is_empty() {
                if work.is_done() {
                    work.close();
                }
                tokio::select! {
                    biased;
                    done = incoming.recv() => match done {
                        Some(done) => group.push(done),
                        None => return failed,
                    },
                    () = work.idle() => continue,
                    () = tokio::time::sleep(LOOK_AGAIN), if is_dry || work.waiting() > 0 => {
                        is_dry = false;
                        work.push([], is_dry);
                        continue;
                    }
                }
            }
            while group.len() < record::GROUP
                && let Ok(done) = incoming.try_recv()
            {
                group.push(done);
            }
            let claimed = Instant::now();
            let brought = match recorder.exchange(group, ask, back).await {
                Ok((brought, again)) => {
                    is_dry = (is_dry || brought.seen < ask.most) && !again;
                    self.jobs(brought.claims, claimed).await
                }
                Err(error) => Err(error),
            };
            match brought {
                Ok(jobs) => work.push(jobs, is_dry),
                // Even after a failure the rest is tried: each outcome that is recorded is a mail that is not repeated.
                Err(error) => {
                    no_more.cancel();
                    failed = Err(error);
                }
            }
        }
    }

    /// The claims with their Renditions prepared.
    async fn jobs(&mut self, claims: Vec<Claim>, claimed: Instant) -> anyhow::Result<Vec<Job>> {
        let mut jobs = Vec::with_capacity(claims.len());
        for claim in claims {
            let prepared = match self.prepared.get(&claim.rendition) {
                Some(prepared) => Some(Arc::clone(prepared)),
                None => self.prepare(&claim).await?,
            };
            let group = Group::of_address(&claim.address);
            jobs.push(Job { claim: Arc::new(claim), prepared, claimed, group });
        }
        Ok(jobs)
    }

    async fn prepare(&mut self, claim: &Claim) -> anyhow::Result<Option<Arc<Prepared>>> {
        let id = &claim.rendition;
        let Some(rendition) = self.parts.store.rendition(id).await? else { return Ok(None) };
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        let prepared = Arc::new(Prepared::new(&rendition, &self.parts.settings));
        // A signature that does not hold is a fault of ours that every reader's mailbox would count against the sender.
        if let Err(message::Error::Signature(why)) =
            prepared.check(&letter::recipient(&self.parts, claim), self.clock.now())
        {
            anyhow::bail!("no mail is sent: {why}");
        }
        self.prepared.insert(id.clone(), Arc::clone(&prepared));
        Ok(Some(prepared))
    }

    async fn release(&self, claims: &[Arc<Claim>], due_at: DateTime<Utc>) -> anyhow::Result<()> {
        if claims.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = claims.iter().map(|claim| (claim.id.clone(), claim.fence)).collect();
        Ok(self.parts.store.release(&keys, due_at, self.clock.now()).await?)
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

    /// Makes mails of today ours where a relay has a limit a day, before any of them is claimed.
    async fn reserve(&self) -> anyhow::Result<()> {
        let wanted = self.pace().wants(self.clock.now());
        for wanted in wanted {
            let more = self.parts.store.reserve(&wanted.name, wanted.day, &wanted.daily).await?;
            if self.pace().granted(&wanted, more) {
                let relay = wanted.name;
                info!(relay, "its mails of this day (of UTC) are sent; the others wait for the next one");
            }
        }
        Ok(())
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
        for mut line in self.lines.drain(..) {
            line.close().await;
        }
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

/// 0..=1, for jitter.
fn random() -> f64 {
    f64::from(u32::from_be_bytes(crypto::random())) / f64::from(u32::MAX)
}
