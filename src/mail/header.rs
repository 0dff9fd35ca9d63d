//! Header text: cleaned, encoded (RFC 2047) and folded (RFC 5322 §2.2.3). Whatever a title or a name holds,
//! what leaves here is printable ASCII in lines of at most 76 characters, and never a second header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::digest::Mailbox;

/// Longest line aimed at, without its CRLF (RFC 2047 §2 allows encoded words no more).
const LINE: usize = 76;
/// Longest encoded word (RFC 2047 §2).
const WORD: usize = 75;
/// A longer run of ASCII without a blank cannot be folded, so it is encoded.
const TOKEN: usize = 56;

/// `text` as one line that may be shown in a header: control characters and separators of lines become blanks,
/// overrides and isolates of writing direction (with which a subject can pose as another) go away, runs of blanks
/// become one.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {}
            ' ' | '\u{2028}' | '\u{2029}' => blank(&mut out),
            c if c.is_control() => blank(&mut out),
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

fn blank(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// Writes `name: text` as an unstructured header (Subject).
pub fn text(out: &mut String, name: &str, text: &str) {
    let text = clean(text);
    let mut line = Line::begin(out, name);
    if is_plain(&text) {
        text.split(' ').for_each(|word| line.word(word));
    } else {
        line.encoded(&text);
    }
    line.end();
}

/// Writes `name: Display name <address>` (From, Reply-To). The address has been checked by whoever made the mailbox.
pub fn mailbox(out: &mut String, name: &str, mailbox: &Mailbox) {
    let mut line = Line::begin(out, name);
    line.phrase(&mailbox.name);
    let address = clean(&mailbox.address);
    if line.empty {
        line.word(&address);
    } else {
        line.word(&format!("<{address}>"));
    }
    line.end();
}

/// Writes `name: Phrase <id>` (List-ID, RFC 2919).
pub fn phrase_and_id(out: &mut String, name: &str, phrase: &str, id: &str) {
    let mut line = Line::begin(out, name);
    line.phrase(phrase);
    line.word(&format!("<{id}>"));
    line.end();
}

/// Writes `name: value` where `value` is ASCII of our own making.
pub fn plain(out: &mut String, name: &str, value: &str) {
    let mut line = Line::begin(out, name);
    line.word(value);
    line.end();
}

/// Writes `name: value, value`, each on a line of its own where they do not fit together.
pub fn list<'a>(out: &mut String, name: &str, values: impl Iterator<Item = &'a String>) {
    let mut line = Line::begin(out, name);
    let mut values = values.peekable();
    while let Some(value) = values.next() {
        line.word(&if values.peek().is_some() { format!("{value},") } else { value.clone() });
    }
    line.end();
}

/// May this stand as it is? `=?` would be taken for the start of an encoded word, and long tokens cannot be folded.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.contains("=?")
        && text.split(' ').all(|token| token.len() <= TOKEN)
}

/// RFC 5322 §3.2.3.
fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// One header being written, folded as it grows.
struct Line<'a> {
    out: &'a mut String,
    column: usize,
    empty: bool,
}

impl<'a> Line<'a> {
    fn begin(out: &'a mut String, name: &str) -> Self {
        out.push_str(name);
        out.push(':');
        Self { out, column: name.len() + 1, empty: true }
    }

    /// A blank and `word`, on a new line where it would not fit. The first word stays beside the header's name, so that no
    /// line is blank (RFC 5322 §4.2 calls that obsolete).
    fn word(&mut self, word: &str) {
        if !self.empty && self.column + 1 + word.len() > LINE {
            self.out.push_str("\r\n");
            self.column = 0;
        }
        if !word.is_empty() {
            self.out.push(' ');
            // Whoever made the word was to see to it; here nothing ends a line all the same.
            if word.bytes().any(|byte| byte.is_ascii_control()) {
                self.out.extend(word.chars().filter(|c| !c.is_ascii_control()));
            } else {
                self.out.push_str(word);
            }
            self.column += 1 + word.len();
            self.empty = false;
        }
    }

    /// A display name: atoms, a quoted string, or encoded words (RFC 5322 §3.2.5, RFC 2047 §5).
    fn phrase(&mut self, text: &str) {
        let text = clean(text);
        if text.is_empty() {
        } else if !is_plain(&text) {
            self.encoded(&text);
        } else if text.bytes().all(|byte| byte == b' ' || is_atom(byte)) {
            text.split(' ').for_each(|word| self.word(word));
        } else if text.len() <= TOKEN {
            self.word(&format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
        } else {
            // A quoted string can be folded too, but not every reader unfolds it alike.
            self.encoded(&text);
        }
    }

    fn encoded(&mut self, text: &str) {
        let base64 = q_length(text) > text.len().div_ceil(3) * 4;
        let mut rest = text;
        while !rest.is_empty() {
            // Only the first word must leave room for the header's name before it.
            let room = if self.empty { LINE - self.column - 1 } else { WORD };
            let room = room - "=?utf-8?B??=".len();
            let taken = if base64 { fitting(rest, room / 4 * 3, str::len) } else { fitting(rest, room, q_length) };
            let (now, later) = rest.split_at(taken);
            rest = later;
            self.word(&if base64 {
                format!("=?utf-8?B?{}?=", STANDARD.encode(now))
            } else {
                format!("=?utf-8?Q?{}?=", q(now))
            });
        }
    }

    fn end(self) {
        self.out.push_str("\r\n");
    }
}

/// How many bytes of `text` fit into `room` as `measure` counts: whole graphemes where one fits at all, whole
/// characters always (RFC 2047 §5 (3): no character is divided between words).
fn fitting(text: &str, room: usize, measure: fn(&str) -> usize) -> usize {
    fn take<'a>(pieces: impl Iterator<Item = &'a str>, room: usize, measure: fn(&str) -> usize) -> usize {
        let mut used = 0;
        pieces
            .take_while(|piece| {
                used += measure(piece);
                used <= room
            })
            .map(str::len)
            .sum()
    }
    match take(text.graphemes(true), room, measure) {
        0 => take(text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]), room, measure),
        taken => taken,
    }
}

/// What RFC 2047 §5 (3) lets stand unencoded within a phrase; the same set serves everywhere.
fn q_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!*+-/".contains(&byte)
}

fn q_length(text: &str) -> usize {
    text.bytes().map(|byte| if byte == b' ' || q_safe(byte) { 1 } else { 3 }).sum()
}

fn q(text: &str) -> String {
    let mut out = String::with_capacity(q_length(text));
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('_'),
            byte if q_safe(byte) => out.push(char::from(byte)),
            byte => {
                out.push('=');
                out.push_str(&crate::crypto::hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(value: &str) -> String {
        let mut out = String::new();
        text(&mut out, "Subject", value);
        out
    }

    fn from(name: &str) -> String {
        let mut out = String::new();
        mailbox(&mut out, "From", &Mailbox { name: name.to_owned(), address: "w@example.org".to_owned() });
        out
    }

    #[test]
    fn plain_text_stays_plain() {
        assert_eq!(subject("Three new posts"), "Subject: Three new posts\r\n");
        assert_eq!(subject(""), "Subject:\r\n");
        assert_eq!(from("SOFA Weekly"), "From: SOFA Weekly <w@example.org>\r\n");
        assert_eq!(from(""), "From: w@example.org\r\n");
        assert_eq!(from("Doe, \"J\" \\"), "From: \"Doe, \\\"J\\\" \\\\\" <w@example.org>\r\n");
    }

    #[test]
    fn other_text_is_encoded_in_whichever_way_is_shorter() {
        assert_eq!(subject("Café au lait"), "Subject: =?utf-8?Q?Caf=C3=A9_au_lait?=\r\n");
        assert_eq!(subject("周报"), "Subject: =?utf-8?B?5ZGo5oql?=\r\n");
        assert_eq!(subject("=?utf-8?b?WA==?="), "Subject: =?utf-8?B?PT91dGYtOD9iP1dBPT0/PQ==?=\r\n");
    }

    #[test]
    fn control_and_direction_characters_never_get_in() {
        assert_eq!(clean(" a\r\nBcc: x\0\u{85}\u{2028}b\u{202E}c\u{2066}\t "), "a Bcc: x bc");
        assert_eq!(from("Joe\r\nX: 1"), "From: \"Joe X: 1\" <w@example.org>\r\n");
    }

    #[test]
    fn no_value_of_our_own_ends_its_line() {
        let mut out = String::new();
        plain(&mut out, "List-Archive", "<https://x/a\r\nBcc: y\0>");
        phrase_and_id(&mut out, "List-ID", "", "a\nb.c");
        assert_eq!(out, "List-Archive: <https://x/aBcc: y>\r\nList-ID: <ab.c>\r\n");
    }

    #[test]
    fn no_line_is_longer_than_76_and_no_character_is_divided() {
        for value in ["x".repeat(2000), "é ".repeat(1000), "👩‍👩‍👧‍👦".repeat(100), "周".repeat(2000), "a b".repeat(700)]
        {
            for header in [subject(&value), from(&value)] {
                assert!(header.ends_with("\r\n"));
                for line in header.trim_end_matches("\r\n").split("\r\n") {
                    assert!(!line.trim().is_empty() && line.len() <= LINE, "{line}");
                    for word in line.split(' ').filter_map(|word| word.strip_prefix("=?utf-8?B?")) {
                        let word = word.strip_suffix("?=").unwrap();
                        assert!(std::str::from_utf8(&STANDARD.decode(word).unwrap()).is_ok(), "{line}");
                    }
                }
            }
        }
    }
}
