//! A mail as text (RFC 5322, RFC 2045 to 2047), composed by ourselves: `lettre` is only the wire. A Rendition is
//! prepared once; composing one reader's mail writes a few headers and lines, and shares the rest.
//!
//! The same Rendition, reader and date give the same text, so that a repeat is recognised as one.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::dkim::Signer;
use super::{Settings, encode::Part, header};
use crate::crypto;
use crate::delivery::Kind;
use crate::digest::{Hole, Rendition};
use crate::rope::Rope;

/// A Rendition with everything encoded that is the same for all of its readers.
#[derive(Clone)]
pub struct Prepared {
    /// See [`Rendition::digest`].
    pub digest: String,
    /// Address of the sender.
    pub from: String,
    rendition: String,
    kind: Kind,
    /// Where it holds marks.
    subject: Option<String>,
    /// Headers from From to Content-Type, each with its CRLF; without those that differ between readers.
    headers: String,
    /// Are complaints asked for? Then each says which mail it is about.
    complaints: bool,
    boundary: String,
    text: Part,
    html: Part,
    signer: Option<Signer>,
}

/// Whose mail it becomes.
#[derive(Debug, Clone, Default)]
pub struct Recipient {
    /// Where it goes.
    pub address: String,
    /// Without angle brackets; the same for every attempt.
    pub message_id: String,
    /// See [`Hole::UnsubscribeUrl`].
    pub unsubscribe_url: Option<String>,
    /// A mail to this address unsubscribes too.
    pub unsubscribe_address: Option<String>,
    /// See [`Hole::PreferencesUrl`].
    pub preferences_url: Option<String>,
    /// See [`Hole::ConfirmUrl`].
    pub confirm_url: Option<String>,
}

impl Recipient {
    fn value(&self, hole: Hole) -> Option<&str> {
        match hole {
            Hole::UnsubscribeUrl => self.unsubscribe_url.as_deref(),
            Hole::PreferencesUrl => self.preferences_url.as_deref(),
            Hole::ConfirmUrl => self.confirm_url.as_deref(),
            Hole::Address => Some(&self.address),
        }
    }
}

/// Why a mail cannot be composed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The Rendition asks for what its readers do not have: nobody can be mailed.
    #[error("the mail holds {0:?}, which its reader does not have")]
    Rendition(Hole),
    /// This reader cannot be mailed.
    #[error("the address or Message-ID cannot stand in a header")]
    Recipient,
    /// No mail can be signed.
    #[error("{0}")]
    Signature(String),
}

impl Prepared {
    /// Encodes what all readers share.
    pub fn new(rendition: &Rendition, settings: &Settings) -> Self {
        let text = Part::new(&rendition.text, &rendition.id);
        let html = Part::new(&rendition.html, &rendition.id);
        // `=_` occurs neither in quoted-printable nor in base64, so no part can hold the boundary.
        let boundary = format!("=_postrider_{}", &crypto::sha256_hex(rendition.id.as_bytes())[..24]);
        let mut headers = String::with_capacity(1024);
        header::mailbox(&mut headers, "From", &rendition.from);
        if let Some(reply_to) = &rendition.reply_to {
            header::mailbox(&mut headers, "Reply-To", reply_to);
        }
        let personal = Hole::ALL.iter().any(|hole| rendition.subject.contains(&hole.mark(&rendition.id)));
        if !personal {
            header::text(&mut headers, "Subject", &rendition.subject);
        }
        if rendition.kind != Kind::Confirmation {
            let title = Some(&rendition.from.name).filter(|name| !name.is_empty()).unwrap_or(&rendition.digest);
            let id = list_id(&rendition.digest, &settings.public_url);
            header::phrase_and_id(&mut headers, "List-ID", title, &id);
            if !settings.hidden.contains(&rendition.digest) {
                let archive = format!("<{}archive/{}/>", settings.public_url, rendition.digest);
                header::plain(&mut headers, "List-Archive", &archive);
            }
        }
        header::plain(&mut headers, "Auto-Submitted", "auto-generated");
        header::plain(&mut headers, "Feedback-ID", &feedback_id(rendition));
        if let Some(address) = &settings.complaints_address {
            header::plain(&mut headers, "CFBL-Address", &format!("{address}; report=arf"));
        }
        header::plain(&mut headers, "MIME-Version", "1.0");
        let _ = write!(headers, "Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n");
        let begins = format!("{}{}", opened(&boundary, "plain", &text), text.beginning());
        let signer = Signer::new(&settings.dkim, &rendition.from.address)
            .map(|signer| signer.shares(&begins, text.shared().chain(html.shared())));
        Self {
            digest: rendition.digest.clone(),
            from: rendition.from.address.clone(),
            rendition: rendition.id.clone(),
            kind: rendition.kind,
            subject: personal.then(|| rendition.subject.clone()),
            headers,
            complaints: settings.complaints_address.is_some(),
            boundary,
            text,
            html,
            signer,
        }
    }

    /// The whole message for one reader, sent and signed at `date`: CRLF only, ASCII but for an address that is not,
    /// lines of at most 998 octets.
    pub fn compose(&self, recipient: &Recipient, date: DateTime<Utc>) -> Result<Rope, Error> {
        for hole in self.text.holes().chain(self.html.holes()) {
            match recipient.value(hole) {
                None => return Err(Error::Rendition(hole)),
                Some(value) if value.chars().any(char::is_control) => return Err(Error::Recipient),
                Some(_) => {}
            }
        }
        let head = self.head(recipient, date)?;
        // What is a reader's own is a few lines.
        let mut body = Rope::with_capacity(4096);
        self.part(&mut body, "plain", &self.text, |hole| recipient.value(hole).unwrap_or_default());
        let escaped = Hole::ALL.map(|hole| recipient.value(hole).map(escape).unwrap_or_default());
        self.part(&mut body, "html", &self.html, |hole| {
            Hole::ALL.iter().position(|known| *known == hole).map_or("", |at| &escaped[at])
        });
        body.write(|out| {
            let _ = write!(out, "--{}--\r\n", self.boundary);
        });

        let mut out = String::with_capacity(head.len() + 2048);
        if let Some(signer) = &self.signer {
            signer.sign(&mut out, &head, &body, date).map_err(Error::Signature)?;
        }
        out.push_str(&head);
        out.push_str("\r\n");
        let mut out = Rope::from(out);
        out.append(body);
        Ok(out)
    }

    /// Does [`Self::compose`] keep a processor busy while others could go on?
    pub fn is_slow(&self) -> bool {
        self.signer.as_ref().is_some_and(Signer::is_slow)
    }

    /// Composes a mail and looks whether its signatures hold for who receives it: once, before the first of many.
    pub fn check(&self, recipient: &Recipient, date: DateTime<Utc>) -> Result<(), Error> {
        let message = self.compose(recipient, date)?;
        self.signer
            .as_ref()
            .map_or(Ok(()), |signer| signer.check(message.to_string().as_bytes()))
            .map_err(Error::Signature)
    }

    fn head(&self, recipient: &Recipient, date: DateTime<Utc>) -> Result<String, Error> {
        let Recipient { address, message_id, .. } = recipient;
        if !is_token(address, 320) || !is_token(message_id, 900) || !message_id.is_ascii() {
            return Err(Error::Recipient);
        }
        let mut out = String::with_capacity(self.headers.len() + 1024);
        header::plain(&mut out, "Date", &date.to_rfc2822());
        header::plain(&mut out, "To", address);
        header::plain(&mut out, "Message-ID", &format!("<{message_id}>"));
        if let Some(subject) = &self.subject {
            header::text(&mut out, "Subject", &self.filled(subject, recipient)?);
        }
        if let (Kind::Issue | Kind::Test, Some(url)) = (self.kind, &recipient.unsubscribe_url) {
            let mail = recipient.unsubscribe_address.as_ref();
            if !is_token(url, 900)
                || !url.is_ascii()
                || mail.is_some_and(|mail| !is_token(mail, 320) || !mail.is_ascii())
            {
                return Err(Error::Recipient);
            }
            // RFC 2369 §2: the first is preferred. RFC 8058 §3.1: the https one is what a mailbox's button uses.
            let values = [Some(format!("<{url}>")), mail.map(|mail| format!("<mailto:{mail}>"))];
            header::list(&mut out, "List-Unsubscribe", values.iter().flatten());
            header::plain(&mut out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
        if self.complaints {
            // RFC 9477 §3.2. Nobody can guess it, and it says nothing of the reader.
            let id = message_id.split('@').next().unwrap_or_default();
            header::plain(&mut out, "CFBL-Feedback-ID", id);
        }
        out.push_str(&self.headers);
        Ok(out)
    }

    fn filled(&self, subject: &str, recipient: &Recipient) -> Result<String, Error> {
        Hole::ALL.iter().try_fold(subject.to_owned(), |subject, hole| {
            let mark = hole.mark(&self.rendition);
            if subject.contains(&mark) {
                Ok(subject.replace(&mark, recipient.value(*hole).ok_or(Error::Rendition(*hole))?))
            } else {
                Ok(subject)
            }
        })
    }

    fn part<'a>(&self, out: &mut Rope, subtype: &str, part: &Part, value: impl Fn(Hole) -> &'a str) {
        out.push(&opened(&self.boundary, subtype, part));
        part.fill(out, value);
    }
}

/// What stands before a part.
fn opened(boundary: &str, subtype: &str, part: &Part) -> String {
    let encoding = part.encoding();
    format!(
        "--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
}

/// `digest.host`: stable as long as the digest's name and the public address are.
fn list_id(digest: &str, public_url: &str) -> String {
    let host = url::Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let host: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '-' }).collect();
    format!("{}.{}", digest.to_lowercase(), if host.is_empty() { "localhost" } else { &host })
}

/// What Gmail counts complaints by: the mail, the digest, its kind, and last the sender, 5 to 15 characters that never change.
/// No field is repeated; an empty one counts for nothing.
fn feedback_id(rendition: &Rendition) -> String {
    let domain = rendition.from.address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let mut sender: String = domain.chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    while sender.len() < 5 {
        sender.push('x');
    }
    let kind = rendition.kind.as_str();
    let of = if rendition.kind == Kind::Issue { rendition.id.as_str() } else { "" };
    let digest = Some(rendition.digest.as_str()).filter(|name| *name != sender && *name != kind).unwrap_or_default();
    format!("{of}:{digest}:{kind}:{sender}")
}

/// One unbroken run of visible characters that cannot close its angle brackets.
fn is_token(text: &str, longest: usize) -> bool {
    // Most are ASCII, and soon seen to be.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'));
    let is_clean = || {
        !text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>'))
            && header::clean(text) == text
    };
    (1..=longest).contains(&text.len()) && (is_plain || is_clean())
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    text.into()
}
