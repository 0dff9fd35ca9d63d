//! The only reader of wall time. Everything else is told what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use crate::sabotage;

/// Where "now" comes from: the machine, or a test's hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// Milliseconds since the epoch, moved by whoever holds the other end.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until its shared value is changed.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.timestamp_millis())))
    }

    /// The instant it is, to the millisecond (what the store keeps).
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
        let millis = match self {
            Self::System => sabotage::hastened(Utc::now().timestamp_millis()),
            Self::Fixed(at) => at.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }
}
