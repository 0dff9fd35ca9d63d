//! What comes back: bounces, complaints, and mails that unsubscribe.
//!
//! Who a message is about is told by a signed address alone ([`verp`]), never by what anybody wrote: words only say why.
//! Nothing here answers a mail, and nothing that a mail system sends by itself (absence notes, delays, receipts) counts.

pub mod classify;
pub mod provider;
pub mod report;
pub mod score;
pub mod verp;

pub use report::{about, read};
pub use verp::{Named, ReturnPath};

/// A message taken apart, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Names in lower case, values on one line, in order.
    pub headers: Vec<(String, String)>,
    /// The leaves, in order, decoded; without what was returned.
    pub parts: Vec<Part>,
    /// Headers of the message that was returned, where it was.
    pub returned: Vec<(String, String)>,
}

/// One leaf of a [`Message`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// `text/plain`, `message/delivery-status` …, in lower case.
    pub kind: String,
    /// HTML is made text.
    pub text: String,
}

impl Message {
    /// The first header of this (lower-case) name; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It could not be delivered.
    Bounce(Bounce),
    /// The reader called it spam.
    Complaint,
    /// The reader wants no more, and said so to their provider or by mail.
    Unsubscribe,
    /// It is still being tried.
    Delayed,
    /// It arrived.
    Arrived,
    /// The reader is away, or a program answered.
    AutoReply,
    /// Anything else.
    Other,
}

/// Why a mail came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// What it means for the address.
    pub reason: Reason,
    /// Enhanced status code (RFC 3463), empty where none was told.
    pub status: String,
    /// The server's words on one line.
    pub text: String,
}

/// Why a mail came back, as far as it matters for the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Nobody of that name is there.
    UserUnknown,
    /// The mailbox is switched off.
    Disabled,
    /// The reader moved and left another address.
    Moved,
    /// The domain takes no mail (RFC 7505).
    NoMail,
    /// The domain, or the way to it, is not there.
    NoHost,
    /// The mailbox holds no more.
    MailboxFull,
    /// It was tried until its time was over.
    Expired,
    /// The message is too large for the reader.
    TooBig,
    /// The server would not have it from us: reputation, authentication, spam. No word about the reader.
    Policy,
    /// The server would not have what is in it.
    Content,
    /// The reader's mail system is broken.
    System,
    /// Nobody knows.
    Unknown,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::UserUnknown,
        Self::Disabled,
        Self::Moved,
        Self::NoMail,
        Self::NoHost,
        Self::MailboxFull,
        Self::Expired,
        Self::TooBig,
        Self::Policy,
        Self::Content,
        Self::System,
        Self::Unknown,
    ];

    /// The text in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserUnknown => "user-unknown",
            Self::Disabled => "disabled",
            Self::Moved => "moved",
            Self::NoMail => "no-mail",
            Self::NoHost => "no-host",
            Self::MailboxFull => "mailbox-full",
            Self::Expired => "expired",
            Self::TooBig => "too-big",
            Self::Policy => "policy",
            Self::Content => "content",
            Self::System => "system",
            Self::Unknown => "unknown",
        }
    }

    /// From the store's text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Will it be the same next time? Else the bounce is soft.
    pub fn is_hard(self) -> bool {
        matches!(self, Self::UserUnknown | Self::Disabled | Self::Moved | Self::NoMail)
    }
}
