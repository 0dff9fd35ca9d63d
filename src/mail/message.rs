//! A mail as bytes (RFC 5322, RFC 2045 to 2047), composed by ourselves: `lettre` is only the wire. A Rendition is
//! prepared once; composing one reader's mail writes a few headers and copies the rest.
//!
//! The same Rendition, reader and date give the same bytes, so that a repeat is recognised as one.

use chrono::{DateTime, Utc};

use super::{encode::Part, header};
use crate::crypto;
use crate::delivery::Kind;
use crate::digest::{Hole, Rendition};

/// A Rendition with everything encoded that is the same for all of its readers.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// See [`Rendition::digest`].
    pub digest: String,
    /// Address of the sender.
    pub from: String,
    rendition: String,
    kind: Kind,
    /// May hold marks.
    subject: String,
    /// Headers from From to Content-Type, each with its CRLF; without those that differ between readers.
    headers: Vec<u8>,
    boundary: String,
    text: Part,
    html: Part,
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
}

impl Prepared {
    /// Encodes what all readers share. `public_url` gives the List-ID its host (RFC 2919).
    pub fn new(rendition: &Rendition, public_url: &str) -> Self {
        let text = Part::new(&rendition.text, &rendition.id);
        let html = Part::new(&rendition.html, &rendition.id);
        // `=_` occurs neither in quoted-printable nor in base64, so no part can hold the boundary.
        let boundary = format!("=_postrider_{}", &crypto::sha256_hex(rendition.id.as_bytes())[..24]);
        let mut headers = Vec::with_capacity(1024);
        header::mailbox(&mut headers, "From", &rendition.from);
        if let Some(reply_to) = &rendition.reply_to {
            header::mailbox(&mut headers, "Reply-To", reply_to);
        }
        if rendition.kind != Kind::Confirmation {
            let title = Some(&rendition.from.name).filter(|name| !name.is_empty()).unwrap_or(&rendition.digest);
            let id = list_id(&rendition.digest, public_url);
            header::phrase_and_id(&mut headers, "List-ID", title, &id);
        }
        header::plain(&mut headers, "Auto-Submitted", "auto-generated");
        header::plain(&mut headers, "MIME-Version", "1.0");
        headers.extend_from_slice(
            format!("Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n").as_bytes(),
        );
        Self {
            digest: rendition.digest.clone(),
            from: rendition.from.address.clone(),
            rendition: rendition.id.clone(),
            kind: rendition.kind,
            subject: rendition.subject.clone(),
            headers,
            boundary,
            text,
            html,
        }
    }

    /// The whole message for one reader, sent at `date`: CRLF only, ASCII but for an address that is not, lines of at
    /// most 998 octets.
    pub fn compose(&self, recipient: &Recipient, date: DateTime<Utc>) -> Result<Vec<u8>, Error> {
        let Recipient { address, message_id, .. } = recipient;
        if !is_token(address, 320) || !is_token(message_id, 900) || !message_id.is_ascii() {
            return Err(Error::Recipient);
        }
        for hole in self.text.holes().chain(self.html.holes()) {
            match recipient.value(hole) {
                None => return Err(Error::Rendition(hole)),
                Some(value) if value.chars().any(char::is_control) => return Err(Error::Recipient),
                Some(_) => {}
            }
        }
        let mut out = Vec::with_capacity(self.headers.len() + self.text.size() + self.html.size() + 2048);
        header::plain(&mut out, "Date", &date.to_rfc2822());
        header::plain(&mut out, "To", address);
        header::plain(&mut out, "Message-ID", &format!("<{message_id}>"));
        header::text(&mut out, "Subject", &self.subject(recipient)?);
        if let (Kind::Issue | Kind::Test, Some(url)) = (self.kind, &recipient.unsubscribe_url) {
            if !is_token(url, 900) || !url.is_ascii() {
                return Err(Error::Recipient);
            }
            header::plain(&mut out, "List-Unsubscribe", &format!("<{url}>"));
            header::plain(&mut out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
        out.extend_from_slice(&self.headers);
        self.part(&mut out, "plain", &self.text, |hole| recipient.value(hole).unwrap_or_default());
        let escaped = Hole::ALL.map(|hole| recipient.value(hole).map(escape).unwrap_or_default());
        self.part(&mut out, "html", &self.html, |hole| {
            Hole::ALL.iter().position(|known| *known == hole).map_or("", |at| escaped[at].as_str())
        });
        out.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        Ok(out)
    }

    fn subject(&self, recipient: &Recipient) -> Result<String, Error> {
        Hole::ALL.iter().try_fold(self.subject.clone(), |subject, hole| {
            let mark = hole.mark(&self.rendition);
            if subject.contains(&mark) {
                Ok(subject.replace(&mark, recipient.value(*hole).ok_or(Error::Rendition(*hole))?))
            } else {
                Ok(subject)
            }
        })
    }

    fn part<'a>(&self, out: &mut Vec<u8>, subtype: &str, part: &Part, value: impl Fn(Hole) -> &'a str) {
        out.extend_from_slice(
            format!(
                "{}--{}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n",
                // The empty line that ends the headers stands before the first boundary only.
                if subtype == "plain" { "\r\n" } else { "" },
                self.boundary,
                part.encoding()
            )
            .as_bytes(),
        );
        part.fill(out, value);
    }
}

/// `digest.host`: stable as long as the digest's name and the public address are.
fn list_id(digest: &str, public_url: &str) -> String {
    let host = url::Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let host: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '-' }).collect();
    format!("{}.{}", digest.to_lowercase(), if host.is_empty() { "localhost" } else { &host })
}

/// One unbroken run of visible characters that cannot close its angle brackets.
fn is_token(text: &str, longest: usize) -> bool {
    !text.is_empty()
        && text.len() <= longest
        && !text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>'))
        && header::clean(text) == text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
