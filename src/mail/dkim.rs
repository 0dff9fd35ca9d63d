//! DKIM (RFC 6376, 8301, 8463): each mail is signed with every configured key, so that a change of keys is two of them for
//! a while. Relaxed in header and body, over the bytes that leave; never with `l=`.
//!
//! Each header of `SIGNED` is named once more than it occurs, so that nobody can add one (RFC 6376 §8.15).

mod canonical;
mod check;

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::crypto::Sha256;
use crate::crypto::signing::{Algorithm, SigningKey};
use crate::rope::Rope;
use crate::sabotage;
use canonical::Fields;

/// What a reader sees or a mailbox acts on. Received, Return-Path and the like change on the way and are left out.
const SIGNED: [&str; 20] = [
    "From",
    "To",
    "Cc",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Archive",
    "List-Help",
    "Auto-Submitted",
    "Feedback-ID",
    "CFBL-Address",
    "CFBL-Feedback-ID",
];
/// Longest line of a DKIM-Signature header.
const LINE: usize = 76;
/// Longest string of a TXT record (RFC 1035 §3.3).
const TXT: usize = 255;

/// `mail.dkim` of `postrider.yaml`. Holds private keys: no `Debug`.
#[derive(Clone, Default)]
pub struct Settings {
    /// `d=`; default: the domain of the From address.
    pub domain: Option<String>,
    /// None: mail is not signed (the relay does it).
    pub keys: Vec<Arc<Key>>,
}

impl Settings {
    /// The domain that signs for `from`, an address.
    pub fn domain_of<'a>(&'a self, from: &'a str) -> &'a str {
        self.domain.as_deref().unwrap_or_else(|| from.rsplit_once('@').map_or(from, |(_, domain)| domain))
    }

    /// Is a signature of ours worth anything to DMARC (RFC 7489 §3.1.1)? Only when `d=` is the domain of `from` or above it.
    pub fn is_aligned(&self, from: &str) -> bool {
        let Some((_, of)) = from.rsplit_once('@') else { return false };
        let domain = self.domain_of(from);
        of.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// A key under its selector.
pub struct Key {
    selector: String,
    key: SigningKey,
}

impl Key {
    /// Under `selector`, one label of a DNS name.
    pub fn new(selector: &str, key: SigningKey) -> Result<Self, String> {
        let good = (1..=63).contains(&selector.len())
            && selector.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !selector.starts_with('-')
            && !selector.ends_with('-');
        if good {
            return Ok(Self { selector: selector.to_owned(), key });
        }
        Err(format!("`{selector}` is no selector; write lower-case letters, digits and hyphens, e.g. `s2026`"))
    }

    /// Reads the PEM file of `selector`'s key, which nobody but its owner may be able to read.
    pub fn read(selector: &str, file: &Path) -> Result<Self, String> {
        let mut text = String::new();
        let mut open = fs_err::File::open(file).map_err(|error| format!("cannot be read: {error}"))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // Of the open file: what a name stands for can change in between.
            let mode = open.metadata().map_err(|error| error.to_string())?.permissions().mode();
            if mode & 0o077 != 0 {
                let shown = file.display();
                return Err(format!(
                    "others may read `{shown}` (mode {:03o}), whoever has it mails in your name; run `chmod 600 {shown}`",
                    mode & 0o777
                ));
            }
        }
        open.read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
        let key = SigningKey::from_pem(&text).map_err(|why| format!("`{}` {why}", file.display()))?;
        Self::new(selector, key)
    }

    /// The label under which its record is.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The DNS record that verifiers look up (RFC 6376 §3.6.1), as a line of a zone file.
    pub fn record(&self, domain: &str) -> String {
        let value = self.value();
        let strings: Vec<String> =
            value.as_bytes().chunks(TXT).map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect();
        format!("{}._domainkey.{domain}. IN TXT ( {} )", self.selector, strings.join(" "))
    }

    /// The record's text.
    pub fn value(&self) -> String {
        let kind = match self.key.algorithm() {
            Algorithm::Rsa => "rsa",
            Algorithm::Ed25519 => "ed25519",
        };
        // RFC 8301 §3.1: nothing but SHA-256.
        format!("v=DKIM1; h=sha256; k={kind}; p={}", STANDARD.encode(self.key.public()))
    }

    /// `a=`
    fn algorithm(&self) -> &'static str {
        match self.key.algorithm() {
            Algorithm::Rsa => "rsa-sha256",
            Algorithm::Ed25519 => "ed25519-sha256",
        }
    }
}

/// Signs the mails of one sender.
#[derive(Clone)]
pub struct Signer {
    domain: String,
    keys: Vec<Arc<Key>>,
    shared: Shared,
}

/// What many bodies hold, looked at once for all of them.
#[derive(Clone, Default)]
struct Shared {
    /// They begin with it; whole lines.
    beginning: String,
    /// Of that.
    hash: Sha256,
    /// Pieces of them within which all is in its canonical form.
    fine: Vec<Arc<str>>,
}

impl Shared {
    /// As much of `beginning` as is whole lines; those of `pieces` that are in their canonical form.
    fn new<'a>(beginning: &str, pieces: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let whole = beginning.rfind("\r\n").map_or("", |at| &beginning[..at + 2]);
        // In its canonical form it is hashed alike, whatever comes behind it.
        let is_fine = canonical::is_canonical([whole.as_bytes()], |_| false);
        let beginning = if is_fine { whole.to_owned() } else { String::new() };
        let hash = Sha256::of(beginning.as_bytes());
        let fine = pieces.filter(|piece| canonical::is_fine_within(piece.as_bytes())).cloned().collect();
        Self { beginning, hash, fine }
    }

    /// The hash of a body in its canonical form (RFC 6376 §3.7).
    fn of(&self, body: &Rope) -> [u8; 32] {
        let (hash, at) = if body.starts_with(&self.beginning) {
            (self.hash.clone(), self.beginning.len())
        } else {
            (Sha256::default(), 0)
        };
        // Not like one of them, but one of them.
        let is_fine = |piece: &[u8]| self.fine.iter().any(|fine| std::ptr::eq(fine.as_bytes(), piece));
        if canonical::is_canonical(body.rest(at), is_fine) {
            return body.rest(at).fold(hash, Sha256::and).finish();
        }
        hash.and(&canonical::body(&body.rest(at).collect::<Vec<_>>().concat())).finish()
    }
}

impl Signer {
    /// For mails from the address `from`. `None` without keys.
    pub fn new(settings: &Settings, from: &str) -> Option<Self> {
        let domain = settings.domain_of(from).to_owned();
        let keys = settings.keys.clone();
        (!keys.is_empty()).then_some(Self { domain, keys, shared: Shared::default() })
    }

    /// The same for mails whose bodies begin with `beginning`, which is not hashed again for each of them, and hold these pieces. Others
    /// are signed as well.
    #[must_use]
    pub fn shares<'a>(self, beginning: &str, pieces: impl Iterator<Item = &'a Arc<str>>) -> Self {
        Self { shared: Shared::new(beginning, pieces), ..self }
    }

    /// A signature by RSA takes as long as everything else about a mail, and longer.
    pub fn is_slow(&self) -> bool {
        self.keys.iter().any(|key| key.key.algorithm() == Algorithm::Rsa)
    }

    /// Appends the DKIM-Signature headers of a message to `out`: one a key. `head` is its header, without the blank line.
    pub fn sign(&self, out: &mut String, head: &str, body: &Rope, at: DateTime<Utc>) -> Result<(), String> {
        let fields = Fields::read(head.as_bytes());
        let mut data = Vec::with_capacity(head.len() + 1024);
        // `h=`: every name as often as it occurs, from the last one up (RFC 6376 §5.4.2), and once more.
        let mut names = Vec::with_capacity(2 * SIGNED.len());
        for name in SIGNED {
            for whole in fields.all(name).rev() {
                canonical::field(whole, &mut data);
                names.push(name);
            }
            names.push(name);
        }
        let hash = STANDARD.encode(self.shared.of(body));
        let common = data.len();
        for key in &self.keys {
            let start = out.len();
            self.unsigned(out, key, &names, &hash, at);
            data.truncate(common);
            canonical::field(&out.as_bytes()[start..], &mut data);
            // RFC 6376 §3.7: the signature's own header stands last, and without its line end.
            data.truncate(data.len() - 2);
            if sabotage::is_forged() {
                data.push(b'?');
            }
            folded(out, &STANDARD.encode(key.key.sign(&data)?));
            out.push_str("\r\n");
        }
        Ok(())
    }

    /// The header up to and with `b=`.
    fn unsigned(&self, out: &mut String, key: &Key, names: &[&str], hash: &str, at: DateTime<Utc>) {
        let (domain, selector, algorithm) = (&self.domain, &key.selector, key.algorithm());
        let text = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain}; s={selector}; t={};\r\n bh={hash};\r\n h=",
            at.timestamp()
        );
        out.push_str(&text);
        let mut column = 3;
        for (index, name) in names.iter().enumerate() {
            let mark = if index + 1 == names.len() { ";" } else { ":" };
            if column + name.len() + mark.len() > LINE {
                out.push_str("\r\n ");
                column = 1;
            }
            out.push_str(name);
            out.push_str(mark);
            column += name.len() + mark.len();
        }
        out.push_str("\r\n b=");
    }

    /// Reads a signed message as its receiver will, and checks each signature of ours. The error says which one fails.
    pub fn check(&self, message: &[u8]) -> Result<(), String> {
        for key in &self.keys {
            check::verify(message, &self.domain, &key.selector, key.key.algorithm(), &key.key.public())
                .map_err(|why| format!("the DKIM signature of `{}` does not hold: {why}", key.selector))?;
        }
        Ok(())
    }
}

/// A signature over several lines; blanks in `b=` mean nothing (RFC 6376 §3.5).
fn folded(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((line, more)) = rest.split_at_checked(LINE - 4) {
        out.push_str(line);
        if !more.is_empty() {
            out.push_str("\r\n ");
        }
        rest = more;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests;
