//! A Delivery: one mail to one address, from planning to its end; and at which pace they leave.

pub mod group;
pub mod pace;
pub mod progress;

use chrono::{DateTime, Duration, Utc};

/// What kind of mail a Delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Part of an Issue.
    Issue,
    /// The double opt-in mail.
    Confirmation,
    /// A person asked for it by `send-test`.
    Test,
}

impl Kind {
    /// The text in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Confirmation => "confirmation",
            Self::Test => "test",
        }
    }

    /// From the store's text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Issue, Self::Confirmation, Self::Test].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where a Delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for `due_at`.
    Queued,
    /// Claimed by a deliverer until its lease ends.
    Sending,
    /// The server took it.
    Sent,
    /// Refused for good.
    Failed,
    /// Not mailed: unsubscribed or suppressed since planning.
    Suppressed,
    /// Still refused when its time was over.
    Expired,
    /// The final dot was sent, no answer came, and nothing more is tried (`on_uncertain: hold`).
    Uncertain,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Queued, Self::Sending, Self::Sent, Self::Failed, Self::Suppressed, Self::Expired, Self::Uncertain];

    /// The text in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
            Self::Expired => "expired",
            Self::Uncertain => "uncertain",
        }
    }

    /// From the store's text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What became of one attempt, with the server's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// See [`Verdict`].
    pub verdict: Verdict,
    /// SMTP reply code, 0 when there was none.
    pub code: u16,
    /// The server's text (one line, control characters taken away, at most 500 characters), or what went wrong.
    pub text: String,
}

/// How long what the store said of a reader ("still wanted") may be relied on, from the asking to the MAIL command. Who
/// leaves is answered only when that long has passed: by then whoever asked before has said MAIL, or asks again.
pub const FRESH: std::time::Duration = std::time::Duration::from_millis(250);

/// What an attempt means for the Delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// 250 after the final dot.
    Accepted,
    /// 4xx, or the connection failed before the final dot: nothing was accepted, try again.
    Temporary,
    /// 5xx for this recipient.
    Permanent,
    /// The final dot was sent and no answer was read: it may have arrived.
    Uncertain,
    /// Our own fault (MAIL refused, authentication refused, template or message cannot be made): stop the run,
    /// keep the recipient.
    Ours,
    /// Nothing was said of it to a server: just before, its reader turned out to have left.
    Unwanted,
}

/// When to try again after `attempts` tries that failed, with a jitter of ±10 % from `random` (0..=1):
/// 5 min, 15 min, 1 h, then every 4 h. `None` once that would be after `expires_at`.
pub fn next_attempt(
    attempts: u32,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    random: f64,
) -> Option<DateTime<Utc>> {
    let minutes: f64 = match attempts {
        0 | 1 => 5.0,
        2 => 15.0,
        3 => 60.0,
        _ => 240.0,
    };
    #[expect(clippy::cast_possible_truncation, reason = "a few million milliseconds")]
    let wait = Duration::milliseconds((minutes * 60_000.0 * (0.9 + 0.2 * random)) as i64);
    Some(now + wait).filter(|at| *at < expires_at)
}
