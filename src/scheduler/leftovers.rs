//! What a process that died left half planned: taken over at the start, and looked for again every half minute.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::Parts;
use crate::sabotage;

const EVERY: Duration = Duration::from_secs(30);
/// After a failure.
const AGAIN: Duration = Duration::from_secs(5);

/// When to look.
#[derive(Debug, Default)]
pub struct Leftovers {
    next: Option<Instant>,
    has_looked: bool,
}

impl Leftovers {
    /// Looks, if it is time to, and finishes what is there.
    pub async fn look(&mut self, parts: &Parts, now: DateTime<Utc>) {
        if self.next.is_some_and(|next| Instant::now() < next) {
            return;
        }
        let wait = match parts.store.finish_plans(!self.has_looked, now).await {
            Ok(issues) => {
                self.has_looked = true;
                if issues > 0 {
                    tracing::warn!(issues, "Issues that were left half planned are planned to their end");
                    parts.mail_queued.notify_one();
                }
                EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "what was left half planned is looked for again in a few seconds");
                AGAIN
            }
        };
        self.next = Some(Instant::now() + sabotage::really(wait));
    }
}
