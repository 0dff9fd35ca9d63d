//! Whether somebody was here lately. A machine that slept, or a copy of the store that was put back, holds mails that were to
//! leave long ago, and perhaps did: nothing of it is sent before a person says `postrider resume`.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::digest::{Digest, Trigger};
use crate::store::{self, Store};

/// How often the store is told that somebody is here.
const BEAT: chrono::Duration = chrono::Duration::minutes(1);

/// So long may nobody be here before what is planned is doubtful: the longest `catch_up`, at least an hour.
pub fn patience(digests: &[Digest]) -> chrono::Duration {
    let longest = digests.iter().map(|digest| digest.catch_up).max().unwrap_or(chrono::Duration::hours(6));
    longest.max(chrono::Duration::hours(1))
}

/// Looks at the start, and goes on telling the store.
pub struct Silence {
    /// Rows.
    pub store: Store,
    /// All configured digests.
    pub digests: Arc<Vec<Digest>>,
    /// The daemon's.
    pub clock: Clock,
}

impl Silence {
    /// At the start, before any loop. After a silence all mail is held where some was planned before it, where a Slot was
    /// missed, or where a digest announces whatever is new.
    pub async fn ends(&self) -> store::Result<()> {
        let now = self.clock.now();
        let since = self.store.silent_since(patience(&self.digests), now).await?;
        let doubtful = since.is_some_and(|since| self.digests.iter().any(|digest| missed(digest, since, now)));
        if !self.beat(since, doubtful, now).await?
            && let Some(hold) = self.store.hold().await?
        {
            tracing::warn!("{hold}; `postrider resume` lets it go");
        }
        Ok(())
    }

    /// Until `cancel`. A machine that slept in between holds what was planned before.
    pub async fn watch(self, cancel: CancellationToken) {
        let mut last = self.clock.now();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            let now = self.clock.now();
            if now - last < BEAT && now >= last {
                continue;
            }
            let told = async {
                let since = self.store.silent_since(patience(&self.digests), now).await?;
                self.beat(since, false, now).await
            };
            // A store that is away is told again in a second; others log it.
            if told.await.is_ok() {
                last = now;
            }
        }
    }

    /// True: all mail is held from now on, and it is told.
    async fn beat(&self, since: Option<DateTime<Utc>>, doubtful: bool, now: DateTime<Utc>) -> store::Result<bool> {
        let held = self.store.beat(since, doubtful, patience(&self.digests), now).await?;
        if held && let Some(hold) = self.store.hold().await? {
            tracing::error!(
                "{hold}: what was planned before may have been sent, or is stale; look at `postrider deliveries issues`, then \
                 `postrider resume`"
            );
        }
        Ok(held)
    }
}

/// Would the digest have sent something between `since` and `now`?
fn missed(digest: &Digest, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    match &digest.trigger {
        Trigger::OnPublish => true,
        Trigger::Cron(schedule) => schedule.next_after(since).is_some_and(|slot| slot <= now),
    }
}
