//! A Subscriber: an address that somebody asked us to mail, and the tokens that stand for it in links.

pub mod address;
pub mod token;

pub use address::Address;

use chrono::{DateTime, Utc};

/// A Subscriber's tie to one Digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Asked for, the Confirmation not answered yet.
    Unconfirmed,
    /// Gets the mail.
    Confirmed,
    /// Does not, and is never revived by an import.
    Unsubscribed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Unconfirmed, Self::Confirmed, Self::Unsubscribed];

    /// The text in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Confirmed => "confirmed",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// From the store's text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Who gets mail, and how they came.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Subscriber {
    /// Row id.
    pub id: String,
    /// Where the mail goes.
    pub address: String,
    /// May be empty.
    pub name: String,
    /// BCP 47 tag; `None`: the digest's.
    pub language: Option<String>,
    /// `form`, `import`, `command`.
    pub source: String,
    /// When they came.
    pub created_at: DateTime<Utc>,
    /// Ties to digests.
    pub subscriptions: Vec<Subscription>,
    /// Why the address is never mailed, if it is suppressed.
    pub suppressed: Option<String>,
}

/// See [`State`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Subscription {
    /// Row id; what unsubscribe tokens stand for.
    pub id: String,
    /// Name of the Digest.
    pub digest: String,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub changed_at: DateTime<Utc>,
}
