//! What mail services tell by webhook. Each has its proof that it is the service that speaks; nothing of a body is read
//! before that. Fields that are not known are no matter: services add some without a word.

pub mod mailgun;
pub mod postmark;
pub mod sendgrid;
pub mod ses;

use super::What;

/// One thing that a service tells of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The service's own name for it: told again, it is the same.
    pub id: String,
    /// Whose mail, as the service writes it.
    pub address: String,
    /// Envelope sender, where told: signed by us.
    pub sender: Option<String>,
    /// Our Message-ID without angle brackets, where told.
    pub message_id: Option<String>,
    /// What became of it.
    pub what: What,
}

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// No proof, or a wrong one.
    Unsigned,
    /// Proven, but older than five minutes: somebody may be repeating it.
    Stale,
    /// Proven, and not what the service sends.
    Malformed,
}

/// How long a signed request is good.
const WINDOW_SECONDS: i64 = 300;

/// Is `timestamp` (seconds since the epoch) about `now`?
fn is_fresh(timestamp: &str, now: chrono::DateTime<chrono::Utc>) -> bool {
    timestamp.parse::<i64>().is_ok_and(|at| (now.timestamp() - at).abs() <= WINDOW_SECONDS)
}

/// The text at `path`; empty when there is none.
fn text<'a>(value: &'a serde_json::Value, path: &str) -> &'a str {
    value.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// `<a@b>` without its brackets; `None`: empty.
fn bare(message_id: &str) -> Option<String> {
    let id = message_id.trim().trim_matches(['<', '>']);
    (!id.is_empty()).then(|| id.to_owned())
}

/// A bounce of which the service itself says that it is `permanent`: else nothing is hard, whatever the words.
fn bounce(status: &str, said: &str, permanent: bool, otherwise: super::Reason) -> What {
    let mut bounce = super::classify::bounce(status, said);
    if bounce.reason == super::Reason::Unknown {
        bounce.reason = otherwise;
    }
    if !permanent && bounce.reason.is_hard() {
        bounce.reason = super::Reason::Unknown;
    }
    What::Bounce(bounce)
}
