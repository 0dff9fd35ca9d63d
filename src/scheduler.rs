//! The scheduler loop: a due Slot becomes an Issue, exactly once.

use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::digest::Digest;
use crate::http::Published;
use crate::store::Store;
use crate::template::Templates;

/// What the loop works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// All configured digests.
    pub digests: Arc<Vec<Digest>>,
    /// The Library to select from.
    pub published: Arc<ArcSwap<Published>>,
    /// Mails' templates.
    pub templates: Arc<Templates>,
    /// Rows.
    pub store: Store,
    /// Rung when Deliveries were queued.
    pub mail_queued: Arc<Notify>,
}

/// Makes the Issue of every Slot that is due at `now`.
pub async fn step(parts: &Parts, now: DateTime<Utc>) -> anyhow::Result<()> {
    let _ = (parts, now);
    todo!()
}

/// Repeats [`step`] until `cancel`, about once a second.
pub async fn run(parts: Parts, clock: crate::clock::Clock, cancel: tokio_util::sync::CancellationToken) {
    loop {
        if let Err(error) = step(&parts, clock.now()).await {
            tracing::error!(error = format!("{error:#}"), "the scheduler's step failed");
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
        }
    }
}
