//! A message read back from its bytes, to be shown to people. Whatever the bytes are, it neither fails nor panics on them.

use mail_parser::{Address, Message, MessageParser};

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
