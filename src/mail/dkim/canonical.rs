//! The relaxed canonical forms (RFC 6376 §3.4.2, §3.4.4).

use std::borrow::Cow;

/// The header fields of a message, in their order.
pub struct Fields<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Fields<'a> {
    /// Cuts `head` into fields: each its name and itself with its folded lines and last CRLF.
    pub fn read(head: &'a [u8]) -> Self {
        let mut fields = Vec::with_capacity(24);
        let mut rest = head;
        while !rest.is_empty() {
            let (field, later) = rest.split_at(end_of_field(rest));
            let name = field.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
            fields.push((name, field));
            rest = later;
        }
        Self(fields)
    }

    /// All of a name.
    pub fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.0.iter().filter(move |field| field.0.eq_ignore_ascii_case(name.as_bytes())).map(|field| field.1)
    }

    /// Appends the canonical form of what `names` (of `h=`) stands for: a name that comes again stands for the field above
    /// (RFC 6376 §5.4.2), and for nothing where there is none.
    pub fn select(&self, names: &[&str], out: &mut Vec<u8>) {
        let mut used = vec![false; self.0.len()];
        for name in names {
            let found =
                self.0.iter().enumerate().rev().find(|(at, f)| !used[*at] && f.0.eq_ignore_ascii_case(name.as_bytes()));
            if let Some((at, (_, whole))) = found {
                used[at] = true;
                field(whole, out);
            }
        }
    }
}

/// Where a field ends: at the first line end that no blank follows.
fn end_of_field(text: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| *byte == b'\n') {
        from += at + 1;
        if !matches!(text.get(from), Some(b' ' | b'\t')) {
            return from;
        }
    }
    text.len()
}

/// Appends one field in its canonical form, with CRLF: name in lower case, unfolded, blanks run together, none at the ends.
pub fn field(whole: &[u8], out: &mut Vec<u8>) {
    let colon = whole.iter().position(|byte| *byte == b':').unwrap_or(whole.len());
    let (name, value) = whole.split_at(colon);
    out.extend(name.trim_ascii_end().iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    for word in value.get(1..).unwrap_or_default().split(is_blank).filter(|word| !word.is_empty()) {
        if out.len() > start {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
    out.extend_from_slice(b"\r\n");
}

/// The canonical form of a body whose lines end in CRLF: blanks run together, none at the ends of lines, no blank lines at
/// the end; of an empty one nothing. Most bodies have it already: composing leaves no blank before a line's end.
pub fn body(text: &[u8]) -> Cow<'_, [u8]> {
    if is_canonical([text], |_| false) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 2);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut blank = false;
        for byte in line.iter().copied() {
            if matches!(byte, b' ' | b'\t') {
                blank = true;
                continue;
            }
            if blank {
                out.push(b' ');
            }
            blank = false;
            out.push(byte);
        }
        out.extend_from_slice(b"\r\n");
    }
    while out.ends_with(b"\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
    if out == b"\r\n" {
        out.clear();
    }
    Cow::Owned(out)
}

/// Is what these pieces are together its own canonical form? `known`: within this piece nothing is wrong.
pub fn is_canonical<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, known: impl Fn(&[u8]) -> bool) -> bool {
    // The last octets so far.
    let mut end: u32 = 0;
    for piece in pieces {
        let [_, _, _, last] = end.to_be_bytes();
        if piece.first().is_some_and(|first| wrong(last, *first) > 0) || !(known(piece) || is_fine_within(piece)) {
            return false;
        }
        let from = piece.len().saturating_sub(4);
        end = piece[from..].iter().fold(end, |end, byte| end << 8 | u32::from(*byte));
    }
    let (before, line_end) = (end >> 16, end & 0xFFFF);
    // No blank lines at its end, and it is none.
    line_end == CRLF && before != CRLF && before != 0
}

/// Its lines' ends aside: is it its own canonical form? Looks at every two neighbours without a branch, which the compiler makes into
/// wide instructions: this runs over what is a mail's own.
pub fn is_fine_within(piece: &[u8]) -> bool {
    let second = piece.get(1..).unwrap_or_default();
    piece.iter().zip(second).fold(0, |all, (a, b)| all | wrong(*a, *b)) == 0
}

/// 1 where these are not to stand side by side. A number: with truth values the compiler would branch.
fn wrong(a: u8, b: u8) -> u8 {
    u8::from(a == b'\t') | (u8::from(a == b' ') & (u8::from(b == b' ') | u8::from(b == b'\r')))
}

/// As the lower half of a number.
const CRLF: u32 = 0x0D0A;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_own_example() {
        // RFC 6376 §3.4.5
        let mut out = Vec::new();
        for whole in Fields::read(b"A: X\r\nB : Y\t\r\n\tZ  \r\n").0 {
            field(whole.1, &mut out);
        }
        assert_eq!(out, b"a:X\r\nb:Y Z\r\n");
        assert_eq!(&*body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
    }

    #[test]
    fn bodies_end_as_the_rfc_says() {
        for (text, expected) in [
            (&b""[..], &b""[..]),
            (b"\r\n", b""),
            (b"\r\n\r\n", b""),
            (b" \r\n", b""),
            (b"a", b"a\r\n"),
            (b"a\r\n", b"a\r\n"),
            (b"a \r\n\r\n", b"a\r\n"),
            (b"a\tb\r\n", b"a b\r\n"),
            (b"\ta\r\n", b" a\r\n"),
        ] {
            assert_eq!(&*body(text), expected, "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_name_that_comes_again_stands_for_the_field_above() {
        let fields = Fields::read(b"X: 1\r\ny: 2\r\nx: 3\r\n");
        let mut out = Vec::new();
        fields.select(&["x", "X", "x", "z"], &mut out);
        assert_eq!(out, b"x:3\r\nx:1\r\n");
        assert_eq!((fields.all("X").count(), fields.all("z").count()), (2, 0));
    }
}
