//! The marks of a page: hashes of its first lines and of its pictures, by which they are found again in other pages.
//!
//! A line of Markdown and the same line as a reader sees it have one mark: its letters count, not its markup, and not what
//! dates or counts it.

/// Only lines that begin in so many bytes at the top of a body are compared: there a post begins.
const TOP: usize = 2 * 1024;

/// At most so many lines, and so many pictures.
const LINES: usize = 48;
const PICTURES: usize = 8;

/// Pictures are looked for in so many bytes at the end as well.
const END: usize = 2 * 1024;

/// Bytes of a picture's text, at most: its `![` is looked for so far before its address.
const ALT: usize = 300;

/// What of a page may be found in others of its series: hashes of the summary that it states, of the first lines and of the
/// pictures of its `body`, ascending.
pub fn marks(stated: &str, body: &str) -> Box<[u32]> {
    let top = &body[..body.floor_char_boundary(TOP)];
    let (has_comments, mut in_comment) = (top.contains("<!--"), false);
    let hidden = |line: &str, inside: &mut bool| has_comments && is_commented(line, inside) || is_definition(line);
    let shown = |line: &&str| !hidden(line, &mut in_comment);
    let mut marks: Vec<u32> = top.lines().filter(shown).filter_map(written).take(LINES).collect();
    marks.extend(read(stated));
    let end = &body[body.floor_char_boundary(body.len().saturating_sub(END).max(top.len()))..];
    for part in [top, end] {
        marks.extend(pictures(part).filter_map(picture).take(PICTURES));
    }
    marks.sort_unstable();
    marks.dedup();
    marks.into()
}

/// FNV-1a: the same on every machine and in every run.
struct Letters(u64);

impl Default for Letters {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Letters {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn folded(&self) -> u32 {
        // Truncation is the fold.
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = (self.0 >> 32) as u32 ^ self.0 as u32;
        folded
    }
}

pub(super) fn hash_of(text: &str) -> u32 {
    let mut letters = Letters::default();
    letters.bytes(text.as_bytes());
    letters.folded()
}

/// The mark of a line of Markdown or HTML source.
fn written(line: &str) -> Option<u32> {
    Words::of(line, |rest| match rest.as_bytes()[0] {
        b'!' | b']' | b'<' | b'{' | b'&' | b'h' => skipped(rest),
        _ => None,
    })
}

/// The mark of a line as a reader sees it.
pub(super) fn read(line: &str) -> Option<u32> {
    Words::of(line, |rest| if rest.as_bytes()[0] == b'h' { address(rest) } else { None })
}

/// How many bytes of the source at the head of `rest` are markup, which a reader does not see.
fn skipped(rest: &str) -> Option<usize> {
    let to = |close: &str| rest.find(close).map(|at| at + close.len());
    match rest.as_bytes() {
        // Each closing mark is looked for once a line at most, because what is skipped is not looked at again; where there is
        // none, the rest of the line is.
        [b'!', b'[', ..] => Some(rest.find(']').unwrap_or(rest.len())),
        [b']', b'(', ..] => Some(to(")").unwrap_or(rest.len())),
        [b']', b'[', ..] => Some(rest[2..].find(']').map_or(rest.len(), |at| at + 3)),
        [b'<', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'/' | b'!') => {
            Some(to(">").unwrap_or(rest.len()))
        }
        [b'{', b'{', ..] => Some(to("}}").unwrap_or(rest.len())),
        [b'{', b'%', ..] => Some(to("%}").unwrap_or(rest.len())),
        [b'{', b':' | b'#', ..] => Some(to("}").unwrap_or(rest.len())),
        [b'&', next, ..] if next.is_ascii_alphabetic() => {
            let end = rest[1..].bytes().take(10).position(|byte| !byte.is_ascii_alphanumeric())?;
            (rest.as_bytes().get(end + 1) == Some(&b';')).then_some(end + 2)
        }
        _ => address(rest),
    }
}

/// How many bytes at the head of `rest` are an address.
fn address(rest: &str) -> Option<usize> {
    if !rest.starts_with('h') || !(rest.starts_with("http://") || rest.starts_with("https://")) {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, ')' | ']' | '<' | '>' | '"' | '\'' | '*');
    Some(rest.find(ends).unwrap_or(rest.len()))
}

/// Does a line stand in a comment of several lines?
fn is_commented(line: &str, inside: &mut bool) -> bool {
    let was_inside = *inside;
    match (line.rfind("<!--"), line.rfind("-->")) {
        (Some(open), close) if close.is_none_or(|close| close < open) => *inside = true,
        (_, Some(_)) => *inside = false,
        _ => {}
    }
    was_inside || *inside && line.trim_start().starts_with("<!--")
}

/// `[label]: address`, which is nothing to read.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.split_once("]:").is_some_and(|(label, _)| !label[1..].contains(']'))
}

/// Hashes words, without those that stand for a date or a number. Every scan does this to the top of every new page, so
/// nothing is copied but what may be a date.
#[derive(Default)]
struct Words {
    hash: Letters,
    /// The hash at the beginning of the word, to which it goes back when the word does not count.
    before: u64,
    /// The beginning of the word, where it is ASCII: longer is no date.
    head: [u8; 10],
    /// Bytes and characters of the word.
    bytes: usize,
    chars: usize,
    number: String,
    /// Did the number behind the word begin as versions do?
    is_version: bool,
    letters: usize,
    /// Did a digit stand before the word?
    counted: bool,
}

impl Words {
    /// The mark of `line`, without what `skipped` tells to leave out at an ASCII character.
    fn of(line: &str, skipped: impl Fn(&str) -> Option<usize>) -> Option<u32> {
        let mut words = Self::default();
        let mut at = 0;
        while let Some(&byte) = line.as_bytes().get(at) {
            if is_run(byte) {
                at += words.run(&line.as_bytes()[at..]);
            } else if byte == b' ' {
                words.no_letter(' ');
                at += 1;
            } else if !byte.is_ascii() {
                let c = line[at..].chars().next().unwrap_or_default();
                words.push(c);
                at += c.len_utf8();
            } else if let Some(length) = skipped(&line[at..]) {
                at += length;
            } else {
                words.push(char::from(byte));
                at += 1;
            }
        }
        words.mark()
    }

    /// [`Words::push`] of the ASCII letters at the head of `bytes`, all at once: how many there are.
    fn run(&mut self, bytes: &[u8]) -> usize {
        self.begin();
        let mut length = 0;
        for byte in bytes.iter().take_while(|byte| is_run(**byte)).map(u8::to_ascii_lowercase) {
            self.hash.bytes(&[byte]);
            if let Some(place) = self.head.get_mut(self.bytes + length) {
                *place = byte;
            }
            length += 1;
        }
        self.bytes += length;
        self.chars += length;
        length
    }

    fn push(&mut self, c: char) {
        if c.is_ascii_alphabetic() {
            self.begin();
            self.letter(&[c.to_ascii_lowercase() as u8]);
        } else if c.is_ascii() {
            self.no_letter(c);
        } else if is_letter(c) {
            self.begin();
            for c in c.to_lowercase() {
                self.letter(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        } else {
            self.no_letter(c);
        }
    }

    fn no_letter(&mut self, c: char) {
        if c.is_ascii_digit() || c == '.' && !self.number.is_empty() {
            if self.number.is_empty() {
                self.is_version = self.bytes == 1 && self.head[0] == b'v';
                self.end();
            }
            self.number.push(c);
        } else {
            self.end_number();
            self.end();
        }
    }

    /// Before a letter: the number before it ends, and where none stood before it, a word begins.
    fn begin(&mut self) {
        let counted = !self.number.is_empty();
        self.end_number();
        if self.bytes == 0 {
            self.counted = counted;
            self.before = self.hash.0;
        }
    }

    fn letter(&mut self, bytes: &[u8]) {
        self.hash.bytes(bytes);
        for byte in bytes {
            if let Some(place) = self.head.get_mut(self.bytes) {
                *place = *byte;
            }
            self.bytes += 1;
        }
        self.chars += 1;
    }

    /// Numbers count and date, but for versions: `v0.7`, `1.4.0`.
    fn end_number(&mut self) {
        if self.number.is_empty() {
            return;
        }
        let number = self.number.trim_end_matches('.');
        let year = number.split('.').next().is_some_and(|first| first.len() > 3);
        if self.is_version || !year && number.matches('.').count() == 2 {
            self.hash.bytes(number.as_bytes());
        }
        self.number.clear();
    }

    fn end(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let word = &self.head[..self.bytes.min(self.head.len())];
        if is_date(word) || self.counted && matches!(word, b"st" | b"nd" | b"rd" | b"th") {
            self.hash.0 = self.before;
        } else {
            self.letters += self.chars;
        }
        (self.bytes, self.chars) = (0, 0);
    }

    fn mark(mut self) -> Option<u32> {
        self.end_number();
        self.end();
        (self.letters >= 2).then(|| self.hash.folded())
    }
}

/// A letter at which nothing begins that may have to be left out: addresses begin with the other one.
fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphabetic() && byte != b'h'
}

/// A letter, but for the Chinese numerals.
fn is_letter(c: char) -> bool {
    match c {
        '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '千' | '零' | '两' => {
            false
        }
        '\u{4e00}'..='\u{9fff}' => true,
        _ => c.is_alphabetic(),
    }
}

/// The name of a month or a day of the week, or its first three letters.
fn is_date(word: &[u8]) -> bool {
    const DATES: [&[u8]; 19] = [
        b"january",
        b"february",
        b"march",
        b"april",
        b"may",
        b"june",
        b"july",
        b"august",
        b"september",
        b"october",
        b"november",
        b"december",
        b"monday",
        b"tuesday",
        b"wednesday",
        b"thursday",
        b"friday",
        b"saturday",
        b"sunday",
    ];
    // Few words begin as one of them, and all words are asked.
    let Some(&[a, b, c]) = word.first_chunk() else { return false };
    let is_start = matches!(
        &[a, b, c],
        b"jan"
            | b"feb"
            | b"mar"
            | b"apr"
            | b"may"
            | b"jun"
            | b"jul"
            | b"aug"
            | b"sep"
            | b"oct"
            | b"nov"
            | b"dec"
            | b"mon"
            | b"tue"
            | b"wed"
            | b"thu"
            | b"fri"
            | b"sat"
            | b"sun"
    );
    is_start && (word.len() == 3 || word == b"sept" || DATES.contains(&word))
}

/// The addresses of the pictures in Markdown or HTML source.
fn pictures(source: &str) -> impl Iterator<Item = &str> {
    let markdown = source.match_indices("](").filter_map(|(at, _)| {
        let alt = source.floor_char_boundary(at.saturating_sub(ALT));
        source[alt..at].rsplit('\n').next()?.contains("![").then_some(())?;
        let rest = source[at + 2..].trim_start_matches('<');
        rest.find([')', ' ', '>', '\n']).map(|end| &rest[..end])
    });
    let html = source.match_indices("<img").filter_map(|(at, _)| {
        let tag = source[at..].split('>').next()?;
        let (_, value) = tag.split_once("src=")?;
        let value = value.trim_start_matches(['"', '\'']);
        value.find(['"', '\'', ' ', '>']).map(|end| &value[..end])
    });
    markdown.chain(html)
}

/// The mark of a picture, by its address as it is written; `None` for one that belongs to its page alone.
fn picture(address: &str) -> Option<u32> {
    let plain = address.replace("&amp;", "&");
    if plain.starts_with("http://") || plain.starts_with("https://") || plain.starts_with('/') {
        Some(hash_of(&plain))
    } else if plain.starts_with("../") {
        Some(hash_of(&format!("../{}", plain.trim_start_matches("../"))))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_of_the_source_is_found_again_as_a_reader_sees_it() {
        for (source, shown) in [
            ("**Issue 12** of *the* weekly, 5 May 2021", "Issue 13 of the weekly, 12th June 2021"),
            ("see [our page](https://e.org/a(b)) & [more][ref]&nbsp;here", "see our page & more here"),
            ("第一百二十三期：https://e.org/123 完", "第 124 期：https://e.org/124 完"),
            ("## Heading {#id}", "Heading"),
            ("![alt](x.png) text<br/>", "text"),
            ("{{< figure >}}after `code`", "after code"),
        ] {
            assert_eq!(written(source), read(shown), "{source}");
            assert!(read(shown).is_some(), "{shown}");
        }
        assert_ne!(written("v0.7.0 is out"), read("v0.8.0 is out"), "versions are news");
        assert_eq!(written("2021-10-15"), None);
    }

    proptest! {
        #[test]
        fn any_body_has_few_marks_in_order(body in "(!?\\[[a-z中]{0,3}|\\]\\(|<img src=|<!--|-->|[ -~中é\n]{0,8}){0,200}") {
            let marks = marks(&body, &body);
            prop_assert!(marks.len() <= LINES + 2 * PICTURES + 1 && marks.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
