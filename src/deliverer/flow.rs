//! One flow of mail: workers with a line each, a recorder beside them, and claims as the workers need them.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::record::Recorder;
use super::work::{Job, Work};
use super::{BATCH, Deliverer, LEASE, LOOK_AGAIN, PREPARED, STOP_WITHIN, letter};
use crate::delivery::group::Group;
use crate::delivery::pace::Ask;
use crate::mail::message::{self, Prepared};
use crate::store::Claim;

impl Deliverer {
    /// Sends until nothing is left that may go now, or `cancel`. How many mails were attempted.
    pub(super) async fn deliver(&mut self, cancel: &CancellationToken) -> anyhow::Result<usize> {
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
        for line in self.lines.iter().filter(|line| line.is_connected()) {
            self.pace().connects(line.place(), true);
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
        let (clock, pace) = (self.clock.clone(), Arc::clone(&self.pace));
        let doubts = std::mem::take(&mut self.doubts);
        let recorder = Recorder::new(&self.parts, clock, pace, Arc::clone(&work), no_more.clone(), doubts);
        let recording = tokio::spawn(recorder.run(incoming));
        let outcome = self.feed(&work, &no_more).await;
        if outcome.is_err() {
            no_more.cancel();
        }
        work.close();
        for worker in running {
            if let Ok(line) = worker.await {
                self.lines.push(line);
            }
        }
        let recorded = recording.await.context("recording")?;
        late.abort();
        (self.owed, self.doubts) = (recorded.owed, recorded.doubts);
        recorded.failed.map_or(outcome, Err)?;
        if recorded.attempted > 0 {
            self.parts.store.finish_issues(self.clock.now()).await?;
        }
        self.parts.store.release(&work.rest(), self.clock.now()).await?;
        Ok(recorded.attempted)
    }

    /// Claims what the workers need, and gives back what they have no use for, until nothing is left that may go now.
    async fn feed(&mut self, work: &Work, no_more: &CancellationToken) -> anyhow::Result<()> {
        // Nothing more is due, or may go.
        let mut is_dry = false;
        let mut probing = false;
        while !no_more.is_cancelled() {
            self.reserve().await?;
            let (now, back) = (self.now().await?, work.given_back());
            self.parts.store.release(&back, now).await?;
            is_dry &= !work.came_back() && back.iter().all(|back| back.due_at > now);
            let mut ask = if is_dry { Ask::from(0) } else { work.ask() };
            let is_doubtful = ask.most > 0 && self.pace().is_doubtful(now);
            if is_doubtful {
                // The way was blocked: one mail goes ahead.
                ask.most = usize::from(!probing);
            }
            if ask.most > 0 {
                let claimed = Instant::now();
                let handed_out =
                    self.parts.store.hand_out(&self.parts.owner, ask, LEASE, now).await.context("claiming")?;
                if handed_out.seen > 0 {
                    work.settles(claimed);
                }
                is_dry = handed_out.seen < ask.most;
                // What only came to its end is no mail.
                probing |= is_doubtful && !handed_out.claims.is_empty();
                work.push(self.jobs(handed_out.claims, claimed).await?, is_dry);
                continue;
            }
            is_dry |= work.is_low();
            if work.is_done() {
                return Ok(());
            }
            tokio::select! {
                () = work.hungry() => {}
                () = no_more.cancelled() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {
                    is_dry = false;
                    work.push([], is_dry);
                }
            }
        }
        Ok(())
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
            prepared.check(&letter::recipient(self.parts.store.key(), &self.parts.settings, claim), self.clock.now())
        {
            anyhow::bail!("no mail is sent: {why}");
        }
        self.prepared.insert(id.clone(), Arc::clone(&prepared));
        Ok(Some(prepared))
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
}
