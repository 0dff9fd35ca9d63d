//! Mail on its way out: messages composed as bytes and signed, SMTP, and a folder of `.eml` files as the embedded default.
//! The one owner of `lettre`, which is the wire and nothing else.

pub mod dkim;
pub mod imap;
pub mod message;
pub mod read;
pub mod transport;
pub mod visit;

mod connect;
mod encode;
mod folder;
mod header;
mod offers;
mod reply;
mod said;
mod smtp;
mod wire;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::bounce::ReturnPath;
use crate::delivery::pace::{Limits, Quiet};

pub use connect::client_config;

/// `mail` of `postrider.yaml`.
#[derive(Clone)]
pub struct Settings {
    /// Where mail goes.
    pub transport: Transport,
    /// Connections at once, where there is one relay.
    pub connections: usize,
    /// What it is given.
    pub limits: Limits,
    /// When no digest leaves.
    pub quiet: Option<Quiet>,
    /// Messages before a connection is closed.
    pub messages_per_connection: usize,
    /// What a relay is asked before it has answered.
    pub pipelining: Pipelining,
    /// What becomes of a mail whose end was not answered.
    pub on_uncertain: OnUncertain,
    /// Name for EHLO; default: the host part of `http.public_url`.
    pub hello: String,
    /// Start of every link in a mail, ends in `/`.
    pub public_url: String,
    /// Envelope sender (bounces go there); default: the From address.
    pub bounce_address: Option<ReturnPath>,
    /// Where mailboxes send complaints (CFBL-Address, RFC 9477).
    pub complaints_address: Option<String>,
    /// Digests that have no public archive, by name.
    pub hidden: BTreeSet<String>,
    /// Keys that mail is signed with.
    pub dkim: dkim::Settings,
    /// How long each step with a relay may take.
    pub timeouts: Timeouts,
}

impl Settings {
    /// With the defaults of everything else.
    pub fn new(transport: Transport, public_url: &str) -> Self {
        Self {
            transport,
            connections: 4,
            limits: Limits::default(),
            quiet: None,
            messages_per_connection: 100,
            pipelining: Pipelining::Full,
            on_uncertain: OnUncertain::Repeat,
            hello: "localhost".to_owned(),
            public_url: public_url.to_owned(),
            bounce_address: None,
            complaints_address: None,
            hidden: BTreeSet::new(),
            dkim: dkim::Settings::default(),
            timeouts: Timeouts::default(),
        }
    }
}

/// How long an SMTP server may take for each step. The defaults are RFC 5321 §4.5.3.2's: shorter ones turn slow servers
/// into repeated mails (RFC 1047).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP and TLS.
    pub connect: Duration,
    /// The greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT and RSET, each.
    pub command: Duration,
    /// 354 after DATA.
    pub data: Duration,
    /// Taking the message in, before the final dot.
    pub body: Duration,
    /// The answer to the final dot.
    pub dot: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_mins(5),
            data: Duration::from_mins(2),
            body: Duration::from_mins(3),
            dot: Duration::from_mins(10),
        }
    }
}

/// How much is said to a relay that offers PIPELINING (RFC 2920) before it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipelining {
    /// MAIL, RCPT and DATA together, and with the end of the message before: one round trip a mail.
    Full,
    /// MAIL, RCPT and DATA together: two.
    Mail,
    /// One command after the other.
    Off,
}

/// What becomes of a mail whose final dot was sent and never answered: it may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUncertain {
    /// It is sent once more, with the same Message-ID; after that a person decides.
    Repeat,
    /// A person decides (`deliveries retry`).
    Hold,
}

/// Where mail goes.
#[derive(Clone)]
pub enum Transport {
    /// One `.eml` file a mail in this folder.
    Folder(PathBuf),
    /// A relay.
    Smtp(Relay),
    /// Several, that share the mail and stand in for each other.
    Relays(Vec<NamedRelay>),
}

impl Transport {
    /// Every relay.
    pub fn relays(&self) -> Vec<&Relay> {
        match self {
            Self::Folder(_) => Vec::new(),
            Self::Smtp(relay) => vec![relay],
            Self::Relays(relays) => relays.iter().map(|named| &named.relay).collect(),
        }
    }

    /// Does mail leave this machine?
    pub fn is_to_the_world(&self) -> bool {
        self.relays().iter().any(|relay| !is_loopback(&relay.host))
    }
}

/// What a relay without a name is called: that of `mail.url`.
pub const ONLY: &str = "mail";

/// Where `postrider.yaml` has the relay called `name`.
pub fn section(name: &str) -> String {
    if name == ONLY { "mail".to_owned() } else { format!("mail.relays.{name}") }
}

/// One of several relays.
#[derive(Clone)]
pub struct NamedRelay {
    /// What its owner calls it.
    pub name: String,
    /// Where it is.
    pub relay: Relay,
    /// Connections at once.
    pub connections: usize,
    /// What it is given.
    pub limits: Limits,
}

/// An SMTP server that takes our mail. Holds a password: no `Debug`.
#[derive(Clone)]
pub struct Relay {
    /// Name or address.
    pub host: String,
    /// 465, 587, 25 …
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User and password.
    pub login: Option<(String, String)>,
    /// PEM certificates that are trusted besides the system's (`mail.ca`): a relay with a certificate of its own.
    pub trusted: Option<String>,
}

/// RFC 8314: mail is sent over TLS. There is no opportunistic mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `smtps://`: TLS from the first byte (port 465).
    Implicit,
    /// `smtp://`: STARTTLS, required (port 587).
    StartTls,
    /// `smtp://` to a loopback address only: no TLS.
    None,
}

/// Is `host` this machine? Only there may mail go without TLS.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
