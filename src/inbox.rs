//! Mail that comes in: bounces, complaints, and letters to the unsubscribe address. However it is brought (a pipe, LMTP, a
//! mailbox), each message is taken in by [`take`], which is done when the store has it. Nothing is ever answered by mail.

pub mod imap;
pub mod lmtp;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::debug;

use crate::bounce::{self, Named, What};
use crate::crypto;
use crate::mail::imap::Mailbox;
use crate::mail::read::taken_apart;
use crate::store::{self, Became, Returned, Source, Store, Who};

/// `mail.inbox` of `postrider.yaml`.
#[derive(Clone, Default)]
pub struct Settings {
    /// Address to take mail by LMTP on.
    pub lmtp: Option<String>,
    /// A mailbox to look into, and how often. Holds a password: no `Debug`.
    pub imap: Option<(Mailbox, Duration)>,
}

/// Octets of a message that are looked at: the report stands before what is returned.
pub const LARGEST: usize = 1024 * 1024;

/// How a message came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Without angle brackets; `Some("")` is the null sender, `None`: not known.
    pub sender: Option<String>,
    /// Where it was sent to, as far as that is known.
    pub recipients: Vec<String>,
}

/// Takes one message in. Once this returns `Ok` it may be forgotten: what it says is in the store, and the same message
/// again changes nothing.
pub async fn take(store: &Store, envelope: &Envelope, bytes: &[u8], now: DateTime<Utc>) -> store::Result<Became> {
    let bytes = &bytes[..bytes.len().min(LARGEST)];
    let message = taken_apart(bytes);
    let what = bounce::read(&message, envelope.sender.as_deref());
    let Some(named) = bounce::about(store.key(), &message, &envelope.recipients) else {
        store.count_returned(Source::Mail, Became::Unsigned).await?;
        return Ok(Became::Unsigned);
    };
    let what = match (&named, what) {
        // A letter to this address needs no words. What a mail system says of itself is no letter.
        (Named::Unsubscribe(_), What::Other | What::AutoReply) => What::Unsubscribe,
        (Named::Unsubscribe(_), What::Bounce(_)) => What::Other,
        (_, what) => what,
    };
    debug!(?what, "a message came in");
    // One report may be brought to several of our addresses.
    let id = format!("mail:{}", crypto::sha256_hex(&[bytes, format!("{named:?}").as_bytes()].concat()));
    store.returned(&Returned { id, who: Who::Named(named), source: Source::Mail, what }, now).await
}
