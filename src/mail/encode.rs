//! A text part as it is on the wire (RFC 2045 §6.7, §6.8), prepared once: what is the same for every reader is encoded
//! beforehand, and a mail shares it with all others.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::Hole;
use crate::rope::Rope;

/// Encoded lines are at most this long, without CRLF.
const LINE: usize = 76;
/// That many octets make one line of base64.
const BASE64_LINE: usize = LINE / 4 * 3;
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// The body of one `text/*` part.
#[derive(Debug, Clone)]
pub struct Part {
    encoding: Encoding,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    QuotedPrintable,
    Base64,
}

#[derive(Debug, Clone)]
enum Segment {
    /// Quoted-printable that begins and ends at the start of a line.
    Quoted(Arc<str>),
    /// Base64 for each number (0, 1, 2) of octets left over from what comes before.
    Base64([Block; 3]),
    Hole(Hole),
}

/// Octets cut so that `lines` are whole groups of base64.
#[derive(Debug, Clone, Default)]
struct Block {
    head: Vec<u8>,
    lines: Arc<str>,
    tail: Vec<u8>,
}

impl Part {
    /// Prepares `text` with the marks of `rendition` as holes. Any kind of line end is taken; control characters that text
    /// cannot hold are left out. Base64 where most of the text is not ASCII, quoted-printable otherwise.
    pub fn new(text: &str, rendition: &str) -> Self {
        let text = unix(text);
        let dear = text.bytes().filter(|byte| !byte.is_ascii() || *byte == b'=').count();
        let encoding = if dear * 6 > text.len() { Encoding::Base64 } else { Encoding::QuotedPrintable };
        let mut segments = Vec::new();
        let pieces = split(&text, rendition);
        let last = pieces.len().saturating_sub(1);
        for (at, piece) in pieces.iter().enumerate() {
            match (piece, encoding) {
                (Piece::Hole(hole), _) => segments.push(Segment::Hole(*hole)),
                (Piece::Text(text), Encoding::QuotedPrintable) => {
                    let mut out = String::with_capacity(text.len() * 5 / 4);
                    quoted(&mut out, text, at == last);
                    segments.push(Segment::Quoted(out.into()));
                }
                (Piece::Text(text), Encoding::Base64) => {
                    let octets = text.replace('\n', "\r\n").into_bytes();
                    segments.push(Segment::Base64([0, 1, 2].map(|over| Block::new(&octets, over))));
                }
            }
        }
        Self { encoding, segments }
    }

    /// Value of Content-Transfer-Encoding.
    pub fn encoding(&self) -> &'static str {
        match self.encoding {
            Encoding::QuotedPrintable => "quoted-printable",
            Encoding::Base64 => "base64",
        }
    }

    /// How it begins for everybody, and perhaps more: up to the end of a line.
    pub fn beginning(&self) -> &str {
        match self.segments.first() {
            Some(Segment::Quoted(text)) => text,
            Some(Segment::Base64(blocks)) => &blocks[0].lines,
            Some(Segment::Hole(_)) | None => "",
        }
    }

    /// What those that it fills share.
    pub fn shared(&self) -> impl Iterator<Item = &Arc<str>> {
        self.segments.iter().flat_map(|segment| {
            let (quoted, blocks) = match segment {
                Segment::Quoted(text) => (Some(text), &[][..]),
                Segment::Base64(blocks) => (None, &blocks[..]),
                Segment::Hole(_) => (None, &[][..]),
            };
            quoted.into_iter().chain(blocks.iter().map(|block| &block.lines))
        })
    }

    /// The holes it has, each as often as it occurs.
    pub fn holes(&self) -> impl Iterator<Item = Hole> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Hole(hole) => Some(*hole),
            _ => None,
        })
    }

    /// Appends the part with its holes filled, and the CRLF that belongs to the boundary after it. Values are one line
    /// without control characters.
    pub fn fill<'a>(&self, out: &mut Rope, value: impl Fn(Hole) -> &'a str) {
        // Octets of base64 not written yet: a group or a line is not full.
        let mut pending = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            match (segment, self.encoding) {
                (Segment::Quoted(text), _) => out.share(text),
                (Segment::Base64(blocks), _) => {
                    let block = &blocks[pending.len() % 3];
                    pending.extend_from_slice(&block.head);
                    if !block.lines.is_empty() {
                        out.write(|out| base64_lines(out, &pending));
                        out.share(&block.lines);
                        pending.clear();
                        pending.extend_from_slice(&block.tail);
                    }
                }
                (Segment::Hole(hole), Encoding::QuotedPrintable) => {
                    out.write(|out| quoted(out, value(*hole), at + 1 == self.segments.len()));
                }
                (Segment::Hole(hole), Encoding::Base64) => pending.extend_from_slice(value(*hole).as_bytes()),
            }
        }
        out.write(|out| base64_lines(out, &pending));
        if self.encoding == Encoding::QuotedPrintable {
            out.push("\r\n");
        }
    }
}

enum Piece<'a> {
    Text(&'a str),
    Hole(Hole),
}

fn split<'a>(text: &'a str, rendition: &str) -> Vec<Piece<'a>> {
    let marks = Hole::ALL.map(|hole| (hole, hole.mark(rendition)));
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((at, hole, mark)) = marks
        .iter()
        .filter_map(|(hole, mark)| Some((rest.find(mark.as_str())?, *hole, mark)))
        .min_by_key(|found| found.0)
    {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        pieces.push(Piece::Hole(hole));
        rest = &rest[at + mark.len()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

impl Block {
    /// Cuts `octets` for `over` octets standing before them. Too short for a whole group: all head.
    fn new(octets: &[u8], over: usize) -> Self {
        let (head, rest) = octets.split_at(((3 - over) % 3).min(octets.len()));
        let (whole, tail) = rest.split_at(rest.len() / 3 * 3);
        if whole.is_empty() {
            return Self { head: octets.to_vec(), ..Self::default() };
        }
        let mut lines = String::with_capacity(whole.len() * 3 / 2);
        base64_lines(&mut lines, whole);
        Self { head: head.to_vec(), lines: lines.into(), tail: tail.to_vec() }
    }
}

fn base64_lines(out: &mut String, octets: &[u8]) {
    for line in octets.chunks(BASE64_LINE) {
        STANDARD.encode_string(line, out);
        out.push_str("\r\n");
    }
}

/// Appends `text` as quoted-printable from the start of a line. Unless `last`, ends at the start of a line too (by a soft
/// break where the text's own last line goes on), so that what follows needs to know nothing of it.
///
/// A line that starts with a dot or with `From ` is encoded there, so that no server on the way sees the end of the
/// message or the start of another one in it.
fn quoted(out: &mut String, text: &str, last: bool) {
    let bytes = text.as_bytes();
    let mut column = 0;
    let mut rest = 0;
    while let Some(&byte) = bytes.get(rest) {
        if column > 0 {
            // Most of a line is itself.
            let room = bytes.iter().skip(rest).take((LINE - 1).saturating_sub(column));
            let run = room.take_while(|byte| byte.is_ascii_graphic() && **byte != b'=').count();
            if run > 0 {
                out.push_str(&text[rest..rest + run]);
                column += run;
                rest += run;
                continue;
            }
        }
        let at = rest;
        rest += 1;
        if byte == b'\n' {
            out.push_str("\r\n");
            column = 0;
            continue;
        }
        let next = bytes.get(at + 1).copied();
        let ends = next == Some(b'\n') || (last && next.is_none());
        let literal = |column: usize| match byte {
            b' ' | b'\t' => !ends,
            b'.' => column > 0,
            b'F' => column > 0 || !bytes[at..].starts_with(b"From "),
            byte => byte.is_ascii_graphic() && byte != b'=',
        };
        // A character stays in one piece, and one place is kept for the `=` of a soft break.
        let width = match byte {
            0xC0.. => utf8_length(byte) * 3,
            _ if literal(column) => 1,
            _ => 3,
        };
        if column + width > LINE - usize::from(!ends) {
            out.push_str("=\r\n");
            column = 0;
        }
        if literal(column) {
            out.push(char::from(byte));
            column += 1;
        } else {
            out.extend([b'=', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]].map(char::from));
            column += 3;
        }
    }
    if column > 0 && !last {
        out.push_str("=\r\n");
    }
}

fn utf8_length(lead: u8) -> usize {
    match lead {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    }
}

/// Line ends as `\n`, and no other control character but the tab.
fn unix(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                characters.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str, value: &str) -> (Part, String) {
        let part = Part::new(text, "r");
        let mut out = Rope::default();
        part.fill(&mut out, |_| value);
        (part, out.to_string())
    }

    /// A decoder written from RFC 2045 §6.7 and §6.8, not from the encoder.
    fn decoded(part: &Part, wire: &str) -> String {
        if part.encoding() == "base64" {
            return String::from_utf8(STANDARD.decode(wire.replace("\r\n", "")).unwrap()).unwrap();
        }
        let joined = wire.strip_suffix("\r\n").unwrap().replace("=\r\n", "");
        let mut octets = Vec::new();
        let mut rest = joined.as_bytes();
        while let Some((&first, more)) = rest.split_first() {
            if first == b'=' {
                octets.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
                rest = &more[2..];
            } else {
                octets.push(first);
                rest = more;
            }
        }
        String::from_utf8(octets).unwrap()
    }

    fn check(text: &str, value: &str) {
        let (part, wire) = filled(text, value);
        let marks = Hole::ALL.map(|hole| hole.mark("r"));
        let expected = marks.iter().fold(unix(text), |text, mark| text.replace(mark, value)).replace('\n', "\r\n");
        assert_eq!(decoded(&part, &wire), expected, "{wire}");
        for line in wire.split("\r\n") {
            assert!(line.len() <= LINE && !line.contains(['\r', '\n']), "{line}");
            assert!(!line.ends_with([' ', '\t']) && !line.starts_with('.') && !line.starts_with("From "), "{line}");
            assert!(line.is_ascii(), "{line}");
        }
    }

    #[test]
    fn holes_are_filled_wherever_they_stand() {
        let (u, a) = (Hole::UnsubscribeUrl.mark("r"), Hole::Address.mark("r"));
        for filler in ["", "a", "ab", "abc", "周", "周报来了", "x =y", ".", "From me", "\n", " \n", "line\n.\nFrom x\n"]
        {
            for value in ["", "v", "https://example.org/unsubscribe/abc=d", &"long".repeat(60)] {
                check(&format!("{filler}{u}"), value);
                check(&format!("{u}{filler}"), value);
                check(&format!("{filler}{u}{filler}{a}{filler}"), value);
                check(&format!("{u}{a}"), value);
                check(&filler.repeat(40), value);
            }
        }
    }

    #[test]
    fn the_encoding_follows_the_text() {
        assert_eq!(Part::new("plain text, an é", "r").encoding(), "quoted-printable");
        assert_eq!(Part::new("SOFA 周报来了", "r").encoding(), "base64");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(pieces in prop::collection::vec(prop_oneof![
            ".{0,90}", "[ -~]{0,200}", "\\PC{0,30}", Just("\r\n".to_owned()), Just("\n".to_owned()), Just(" ".to_owned()),
            Just("hole-r-address".to_owned()), Just("hole-r-confirm".to_owned()), Just("\r".to_owned()),
        ], 0..12), value in "[!-~]{0,120}") {
            check(&pieces.concat(), &value);
        }
    }
}
