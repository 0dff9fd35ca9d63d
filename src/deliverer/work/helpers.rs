//! Threads beside the one that sends: they compose mails whose signatures are slow. What they have no room for is composed by who asks:
//! so no more threads are busy than there are processors.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;

use tokio::sync::oneshot;

use super::super::letter::{self, Content};
use super::super::{Parts, locked};
use super::Job;
use crate::clock::Clock;
use crate::crypto::Key;
use crate::mail;
use crate::mail::transport::Attempt;

struct Asked {
    job: Job,
    answer: oneshot::Sender<Result<Content, Attempt>>,
}

/// They end with it.
pub struct Helpers(SyncSender<Asked>);

impl Helpers {
    /// One for each processor but the one that is taken.
    pub fn new(parts: &Parts, clock: &Clock) -> Self {
        let count = available_parallelism().map_or(1, NonZero::get).saturating_sub(1).max(1);
        // One mail each waits, so that none of them does.
        let (jobs, asked) = sync_channel(count);
        let asked = Arc::new(Mutex::new(asked));
        for _ in 0..count {
            // Not the store itself: who ends it need not wait for them.
            let (key, settings) = (parts.store.key().clone(), Arc::clone(&parts.settings));
            let (clock, asked) = (clock.clone(), Arc::clone(&asked));
            let help = move || help(&asked, |job| composed(&key, &settings, job, &clock));
            // Where there is no thread to be had, who asks is refused.
            let _ = std::thread::Builder::new().name("composer".to_owned()).spawn(help);
        }
        Self(jobs)
    }

    /// The mail of `job`; `None`: there is no room for it.
    pub async fn compose(&self, job: &Job) -> Option<Result<Content, Attempt>> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(Asked { job: job.clone(), answer }).ok()?;
        answered.await.ok()
    }
}

fn help(asked: &Mutex<Receiver<Asked>>, compose: impl Fn(&Job) -> Result<Content, Attempt>) {
    loop {
        let next = locked(asked).recv();
        let Ok(Asked { job, answer }) = next else { return };
        // Who asked may be gone.
        let _ = answer.send(compose(&job));
    }
}

/// Composed here and now; what panics takes this one mail with it.
pub fn composed(key: &Key, settings: &mail::Settings, job: &Job, clock: &Clock) -> Result<Content, Attempt> {
    let made = catch_unwind(AssertUnwindSafe(|| letter::compose(key, settings, job, clock.now())));
    made.unwrap_or_else(|_| Err(letter::not_composed("composing it broke off by a fault of ours")))
}
