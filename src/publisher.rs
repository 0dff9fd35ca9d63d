//! The publisher loop: content → Library → feeds in memory, by file events with a slow full re-scan behind them, and
//! by a timer for pages whose time comes.

use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};

use crate::http::Published;
use crate::library::Scanner;
use crate::store::Store;

/// What the loop works with.
#[derive(Debug)]
pub struct Parts {
    /// Reads the site.
    pub scanner: Scanner,
    /// Keeps ids and times.
    pub store: Store,
    /// `feeds` of the configuration.
    pub feeds: crate::feed::Settings,
    /// What it fills.
    pub published: Arc<ArcSwap<Published>>,
    /// Names of the digests whose baseline is taken at the first scan.
    pub digests: Vec<String>,
}

/// One scan, and the feeds of what it found swapped in whole. Takes the baseline of digests never seen before.
pub async fn step(parts: &mut Parts, now: DateTime<Utc>) -> anyhow::Result<()> {
    let _ = (parts, now);
    todo!()
}
