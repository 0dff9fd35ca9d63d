//! The workers of one batch: each takes the next mail, composes it and sends it over its own line.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Parts;
use crate::clock::Clock;
use crate::delivery::{Kind, Outcome, Verdict};
use crate::mail::message::{Error, Prepared, Recipient};
use crate::mail::transport::{Attempt, Gate, Limits, Line, Mail, Stage};
use crate::store::{Claim, Store};
use crate::subscriber::token::{self, Purpose};

/// One claimed Delivery. `prepared` is `None` when its Rendition is gone.
#[derive(Clone)]
pub struct Job {
    pub claim: Claim,
    pub prepared: Option<Arc<Prepared>>,
}

/// A job and what became of it.
pub struct Done {
    pub claim: Claim,
    /// Name of the Digest, for the log.
    pub digest: String,
    pub attempt: Attempt,
    /// Answered when the outcome is in the store.
    pub recorded: oneshot::Sender<()>,
}

/// Looks at the store at the last moment: a claim may be minutes old, and connecting may take minutes more.
struct StillWanted<'a> {
    store: &'a Store,
    claim: &'a Claim,
}

impl Gate for StillWanted<'_> {
    async fn is_open(&self) -> Result<bool, String> {
        self.store.still_wanted(self.claim).await.map_err(|error| error.to_string())
    }
}

/// A batch being worked on.
pub struct Work {
    queue: Mutex<VecDeque<Job>>,
    parts: Parts,
    clock: Clock,
    begin_until: Instant,
    limits: Limits,
    no_more: CancellationToken,
}

impl Work {
    pub fn new(
        jobs: Vec<Job>,
        parts: &Parts,
        clock: Clock,
        begin_until: Instant,
        limits: Limits,
        no_more: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::new(jobs.into()), parts: parts.clone(), clock, begin_until, limits, no_more })
    }

    /// One worker, until there is nothing more to do or to be begun. Gives its line back.
    pub async fn run(self: Arc<Self>, mut line: Line, results: mpsc::Sender<Done>) -> Line {
        while let Some(job) = self.next() {
            let digest = job.prepared.as_ref().map(|prepared| prepared.digest.clone()).unwrap_or_default();
            let claim = job.claim.clone();
            let fresh = line.another();
            // A task of its own: what panics takes this one mail with it, and its connection.
            let mine = Arc::clone(&self);
            let sent = tokio::spawn(async move {
                let attempt = mine.attempt(&job, &mut line).await;
                (attempt, line)
            });
            let attempt;
            (attempt, line) =
                sent.await.unwrap_or_else(|_| (not_composed("sending it broke off by a fault of ours"), fresh));
            if attempt.is_about_the_route() {
                self.no_more.cancel();
            }
            // The next mail waits until this one is recorded: what a crash repeats is at most one mail a connection.
            let (recorded, is_recorded) = oneshot::channel();
            if results.send(Done { claim, digest, attempt, recorded }).await.is_err() || is_recorded.await.is_err() {
                break;
            }
        }
        line
    }

    /// What was not begun.
    pub fn rest(&self) -> Vec<Claim> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.drain(..).map(|job| job.claim).collect()
    }

    fn next(&self) -> Option<Job> {
        if self.no_more.is_cancelled() || Instant::now() >= self.begin_until {
            return None;
        }
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    async fn attempt(&self, job: &Job, line: &mut Line) -> Attempt {
        let Some(prepared) = &job.prepared else { return not_composed("its rendition is gone") };
        let date = self.clock.now();
        let bytes = match prepared.compose(&recipient(&self.parts, &job.claim), date) {
            Ok(bytes) => bytes,
            Err(error @ Error::Recipient) => return not_composed(&error.to_string()),
            Err(error @ (Error::Rendition(_) | Error::Signature(_))) => return template_fault(&error.to_string()),
        };
        let Claim { id, kind, subscriber, .. } = &job.claim;
        let path = self.parts.settings.bounce_address.as_ref();
        let from = path.map(|path| path.sender(self.parts.store.key(), *kind, id, subscriber));
        let from = from.as_deref().unwrap_or(&prepared.from);
        let mail = Mail { from, to: &job.claim.address, message_id: &job.claim.message_id, bytes: &bytes, date };
        line.send(&mail, &self.limits, &StillWanted { store: &self.parts.store, claim: &job.claim }).await
    }
}

/// Whom `claim` goes to, with the links that are theirs.
pub fn recipient(parts: &Parts, claim: &Claim) -> Recipient {
    let link = |page: &str, purpose: Purpose, row: &str| {
        let token = match (row, claim.kind) {
            // A test mail belongs to no reader; its links show what a reader's look like and open nothing.
            ("", Kind::Test) => "test".to_owned(),
            ("", _) => return None,
            (row, _) => token::make(parts.store.key(), purpose, row),
        };
        Some(format!("{}{page}/{token}", parts.settings.public_url))
    };
    Recipient {
        address: claim.address.clone(),
        message_id: claim.message_id.clone(),
        unsubscribe_url: link("unsubscribe", Purpose::Unsubscribe, &claim.subscription),
        unsubscribe_address: Some(&claim.subscription)
            .filter(|row| !row.is_empty())
            .and_then(|row| parts.settings.bounce_address.as_ref()?.unsubscribe(parts.store.key(), row)),
        preferences_url: link("preferences", Purpose::Preferences, &claim.subscriber),
        confirm_url: link("confirm", Purpose::Confirm, &claim.confirmation),
    }
}

/// A mail that can never be made fails alone.
fn not_composed(why: &str) -> Attempt {
    let text = format!("the message could not be made: {why}");
    Attempt { stage: Stage::Data, outcome: Outcome { verdict: Verdict::Permanent, code: 0, text } }
}

/// Every mail of the Rendition would have it: they wait for a person, others go on.
fn template_fault(why: &str) -> Attempt {
    let text = format!("the message could not be made: {why}");
    Attempt { stage: Stage::Data, outcome: Outcome { verdict: Verdict::Temporary, code: 0, text } }
}
