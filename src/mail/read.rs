//! A message read back from its bytes, to be shown to people. Whatever the bytes are, it neither fails nor panics on them.

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{Address, Message, MessageParser};

use crate::bounce;

/// What a mail program shows of a message. Every text may be empty, and none of it is to be trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReadMail {
    /// `Name <address>`
    pub from: String,
    /// Likewise; several with commas.
    pub to: String,
    /// Decoded.
    pub subject: String,
    /// RFC 3339.
    pub date: String,
    /// The HTML part, as it is.
    pub html: String,
    /// The text part.
    pub text: String,
}

/// Reads a message (RFC 5322, MIME).
pub fn read(bytes: &[u8]) -> Option<ReadMail> {
    let message = MessageParser::default().parse(bytes)?;
    Some(ReadMail {
        from: people(message.from()),
        to: people(message.to()),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: message.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default(),
        html: part(&message, "html"),
        text: part(&message, "plain"),
    })
}

fn people(address: Option<&Address<'_>>) -> String {
    let one = |name: Option<&str>, address: Option<&str>| match (name, address) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    address
        .into_iter()
        .flat_map(Address::iter)
        .map(|person| one(person.name.as_deref(), person.address.as_deref()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The first part that really is `text/SUBTYPE`; the parser would make one out of the other.
fn part(message: &Message<'_>, subtype: &str) -> String {
    use mail_parser::{MimeHeaders as _, PartType};
    let is = |part: &&mail_parser::MessagePart<'_>| match part.content_type() {
        Some(kind) => kind.ctype() == "text" && kind.subtype() == Some(subtype),
        None => subtype == "plain",
    };
    let found =
        message.parts.iter().find(|part| matches!(part.body, PartType::Text(_) | PartType::Html(_)) && is(part));
    found.and_then(|part| part.text_contents()).unwrap_or_default().to_owned()
}

/// A message taken apart, to see what came back: see [`crate::bounce`]. Whatever the bytes are, it neither fails nor panics.
pub fn taken_apart(bytes: &[u8]) -> bounce::Message {
    let mut out = bounce::Message::default();
    if let Some(message) = MessageParser::default().parse(bytes) {
        out.headers = headers(&message);
        leaves(&message, &mut out);
    }
    out
}

/// Raw, on one line, with names in lower case; the subject decoded.
fn headers(message: &Message<'_>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = message
        .headers_raw()
        .map(|(name, value)| (name.to_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .filter(|(name, _)| name != "subject")
        .collect();
    found.extend(message.subject().map(|subject| ("subject".to_owned(), subject.to_owned())));
    found
}

fn leaves(message: &Message<'_>, out: &mut bounce::Message) {
    /// Octets of one part: a report is short, and what is longer is the mail that was returned.
    const MOST: usize = 64 * 1024;
    for part in &message.parts {
        use mail_parser::{MimeHeaders as _, PartType};
        let kind = part.content_type().map_or_else(
            || "text/plain".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_lowercase(),
        );
        let text = match &part.body {
            PartType::Message(inner) => {
                if out.returned.is_empty() {
                    out.returned = headers(inner);
                }
                continue;
            }
            PartType::Multipart(_) => continue,
            PartType::Text(text) if kind == "text/rfc822-headers" => {
                if let Some(inner) = MessageParser::default().parse_headers(text.as_bytes())
                    && out.returned.is_empty()
                {
                    out.returned = headers(&inner);
                }
                continue;
            }
            PartType::Text(text) => cut(text, MOST).to_owned(),
            PartType::Html(html) => html_to_text(cut(html, MOST)),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => readable(&bytes[..bytes.len().min(MOST)]),
        };
        out.parts.push(bounce::Part { kind, text });
    }
}

/// Octets of a report: UTF-8 where they are, else what Chinese mail servers write.
fn readable(bytes: &[u8]) -> String {
    match (std::str::from_utf8(bytes), charset_decoder(b"gb18030")) {
        (Ok(text), _) => text.to_owned(),
        (Err(_), Some(decode)) => decode(bytes),
        (Err(_), None) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_a_mail_program_shows() {
        let bytes = "From: =?UTF-8?B?57q46bii?= <weekly@example.org>\r\nTo: \"B, A\" <a@example.com>, b@example.com\r\n\
                     Subject: =?UTF-8?Q?caf=C3=A9?=\r\nDate: Fri, 20 Nov 2026 15:00:00 +0800\r\nMIME-Version: 1.0\r\n\
                     Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\
                     Content-Transfer-Encoding: base64\r\n\r\n5L2g5aW9\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n--x--\r\n";
        let mail = read(bytes.as_bytes()).expect("a mail");
        assert_eq!(mail.from, "纸鸢 <weekly@example.org>");
        assert_eq!(mail.to, "B, A <a@example.com>, b@example.com");
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("café", "你好"));
        assert_eq!(mail.html.trim(), "<p>hi</p>");
        assert_eq!(mail.date, "2026-11-20T15:00:00+08:00");
    }

    #[test]
    fn makes_nothing_up() {
        let mail = read(b"From: a@example.com\r\n\r\nplain").expect("a mail");
        assert_eq!((mail.text.as_str(), mail.html.as_str(), mail.to.as_str()), ("plain", "", ""));
        for junk in [&b""[..], b"\xff\xfe\x00", b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n"] {
            let _ = read(junk);
        }
    }
}
