//! The deliverer loop: claim → message → SMTP → outcome.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::mail;
use crate::store::Store;

/// What the loop works with.
#[derive(Clone)]
pub struct Parts {
    /// Rows.
    pub store: Store,
    /// `mail` of the configuration.
    pub settings: Arc<mail::Settings>,
    /// Names this process in leases.
    pub owner: String,
    /// Rung when Deliveries were queued.
    pub mail_queued: Arc<Notify>,
}

/// Claims one batch of due Deliveries, attempts each, records what became of it. Returns how many were attempted.
pub async fn step(parts: &Parts, now: DateTime<Utc>) -> anyhow::Result<usize> {
    let _ = (parts, now);
    todo!()
}
