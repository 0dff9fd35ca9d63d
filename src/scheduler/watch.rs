//! When it is worth while to look for a due Slot: what the loop remembers of a digest, so that it need not ask the store.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::digest::Trigger;
use crate::library::Library;

/// Of one digest; empty at the start of a process.
#[derive(Debug, Default)]
pub struct Watch {
    /// When it last looked, with success.
    looked_at: Option<DateTime<Utc>>,
    /// The next Slot after that.
    next: Option<DateTime<Utc>>,
    /// The Library that it last looked at.
    library: Option<Arc<Library>>,
    /// Not before.
    paused: Option<Instant>,
    /// The failure that was logged.
    said: String,
}

impl Watch {
    /// May there be something to do at `now`?
    pub fn is_due(&self, trigger: &Trigger, library: Option<&Arc<Library>>, now: DateTime<Utc>) -> bool {
        let paused = self.paused.is_some_and(|until| Instant::now() < until);
        let due = match trigger {
            // After a clock that went back the Slots that come again are looked up in the store.
            Trigger::Cron(_) => self.looked_at.is_none_or(|at| now < at) || self.next.is_some_and(|next| next <= now),
            Trigger::OnPublish => {
                self.library.as_ref().is_none_or(|seen| !library.is_some_and(|new| Arc::ptr_eq(seen, new)))
            }
        };
        due && !paused
    }

    /// What there was to do at `now` is done.
    pub fn looked(&mut self, trigger: &Trigger, library: Option<&Arc<Library>>, now: DateTime<Utc>) {
        self.looked_at = Some(now);
        self.next = match trigger {
            Trigger::Cron(schedule) => schedule.next_after(now),
            Trigger::OnPublish => None,
        };
        self.library = library.cloned();
        self.paused = None;
        self.said.clear();
    }

    /// Nothing is done, and is tried again after `pause`.
    pub fn waits(&mut self, pause: Duration) {
        self.paused = Some(Instant::now() + pause);
    }

    /// The same, for a fault, which is logged once.
    pub fn failed(&mut self, digest: &str, error: &str, pause: Duration) {
        if error != self.said {
            tracing::error!(digest, %error, "no Issue was made; it is tried again");
        }
        error.clone_into(&mut self.said);
        self.waits(pause);
    }
}
