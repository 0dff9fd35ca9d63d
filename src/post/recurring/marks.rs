//! The marks of a page: hashes of its first lines and of its pictures, by which they are found again in other pages.
//!
//! A line of Markdown and the same line as a reader sees it have one mark: its letters count, not its markup, and not what
//! dates or counts it.

use memchr::memmem;

use crate::fingerprint;

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

/// Of letters, the same on every machine and in every run.
fn hash(letters: &[u8]) -> u32 {
    let hash = fingerprint::octets(letters);
    // Truncation is the fold.
    #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
    let folded = (hash >> 32) as u32 ^ hash as u32;
    folded
}

pub(super) fn hash_of(text: &str) -> u32 {
    hash(text.as_bytes())
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

/// Gathers the letters of words, without those that stand for a date or a number.
#[derive(Default)]
struct Words {
    /// Of all words that count, in lower case, and of the one that is being read.
    letters: Vec<u8>,
    /// Where that one begins.
    word: usize,
    /// Its characters, and those of all words before it.
    chars: usize,
    counted_chars: usize,
    number: String,
    /// Did the number behind the word begin as versions do?
    is_version: bool,
    /// Did a digit stand before the word?
    counted: bool,
}

impl Words {
    /// The mark of `line`, without what `skipped` tells to leave out at an ASCII character.
    fn of(line: &str, skipped: impl Fn(&str) -> Option<usize>) -> Option<u32> {
        let mut words = Self { letters: Vec::with_capacity(line.len()), ..Self::default() };
        let mut at = 0;
        while at < line.len() {
            at += words.plain(&line.as_bytes()[at..]);
            let Some(c) = line[at..].chars().next() else { break };
            at += if let Some(length) = skipped(&line[at..]).filter(|_| c.is_ascii()) {
                length
            } else {
                words.push(c);
                c.len_utf8()
            };
        }
        words.mark()
    }

    /// [`Words::push`] of all that `bytes` begin with at which nothing begins that may have to be left out: how many there are.
    /// Nearly all of a text in Latin letters is such, and every scan does this to the top of every new page.
    fn plain(&mut self, bytes: &[u8]) -> usize {
        if !self.number.is_empty() || bytes.first().is_none_or(|byte| PLAIN[usize::from(*byte)] == NOT_PLAIN) {
            return 0;
        }
        let mut end = self.letters.len();
        // Not for all of a long line, since it may end at any sign.
        self.letters.resize(end + bytes.len().min(ROOM), 0);
        let mut length = 0;
        loop {
            // The letters of a word.
            let rest = &bytes[length..];
            let mut run = 0;
            for (byte, place) in rest.iter().zip(&mut self.letters[end..]) {
                let letter = PLAIN[usize::from(*byte)];
                // An address may begin here.
                let is_open = *byte == b'h' && rest.get(run + 1) == Some(&b't');
                if letter <= SIGN || is_open {
                    break;
                }
                *place = letter;
                run += 1;
            }
            if run > 0 && self.chars == 0 {
                self.counted = false;
            }
            self.chars += run;
            (length, end) = (length + run, end + run);
            if bytes.get(length).is_none_or(|byte| PLAIN[usize::from(*byte)] != SIGN) {
                break;
            }
            length += 1;
            if self.chars > 0 {
                end = self.end_at(end);
            }
        }
        self.letters.truncate(end);
        length
    }

    fn push(&mut self, c: char) {
        if c.is_ascii_alphabetic() {
            self.begin();
            self.letters.push(c.to_ascii_lowercase() as u8);
            self.chars += 1;
        } else if c.is_ascii() {
            self.no_letter(c);
        } else if is_letter(c) {
            self.begin();
            for c in c.to_lowercase() {
                self.letters.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                self.chars += 1;
            }
        } else {
            self.no_letter(c);
        }
    }

    fn no_letter(&mut self, c: char) {
        if c.is_ascii_digit() || c == '.' && !self.number.is_empty() {
            if self.number.is_empty() {
                self.is_version = &self.letters[self.word..] == b"v";
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
        if self.chars == 0 {
            self.counted = counted;
        }
    }

    /// Numbers count and date, but for versions: `v0.7`, `1.4.0`.
    fn end_number(&mut self) {
        if self.number.is_empty() {
            return;
        }
        let number = self.number.trim_end_matches('.');
        let year = number.split('.').next().is_some_and(|first| first.len() > 3);
        if self.is_version || !year && number.matches('.').count() == 2 {
            self.letters.extend_from_slice(number.as_bytes());
            self.word = self.letters.len();
        }
        self.number.clear();
    }

    fn end(&mut self) {
        let end = self.end_at(self.letters.len());
        self.letters.truncate(end);
    }

    /// Ends the word that goes to `end` of the letters; where they end then.
    fn end_at(&mut self, end: usize) -> usize {
        let word = &self.letters[self.word..end];
        if is_date(word) || self.counted && matches!(word, b"st" | b"nd" | b"rd" | b"th") {
            self.chars = 0;
            return self.word;
        }
        self.counted_chars += std::mem::take(&mut self.chars);
        self.word = end;
        end
    }

    fn mark(mut self) -> Option<u32> {
        self.end_number();
        self.end();
        (self.counted_chars >= 2).then(|| hash(&self.letters))
    }
}

/// So many letters are taken at once.
const ROOM: usize = 128;

/// In [`PLAIN`]: a digit, no ASCII, or what markup may begin with.
const NOT_PLAIN: u8 = 0;
/// In [`PLAIN`]: ends a word.
const SIGN: u8 = b' ';

/// Letters in lower case, and what the other bytes are.
const PLAIN: [u8; 256] = {
    let mut plain = [NOT_PLAIN; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        plain[byte as usize] = match byte {
            b'!' | b']' | b'<' | b'{' | b'&' | b'0'..=b'9' => NOT_PLAIN,
            _ if byte.is_ascii_alphabetic() => byte.to_ascii_lowercase(),
            _ => SIGN,
        };
        byte += 1;
    }
    plain
};

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
    let Some(first) = word.first_chunk() else { return false };
    let is_start = b"jfmasondtw".contains(&first[0])
        && matches!(
            first,
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
    let markdown = memmem::find_iter(source.as_bytes(), "](").filter_map(|at| {
        let alt = source.floor_char_boundary(at.saturating_sub(ALT));
        source[alt..at].rsplit('\n').next()?.contains("![").then_some(())?;
        let rest = source[at + 2..].trim_start_matches('<');
        rest.find([')', ' ', '>', '\n']).map(|end| &rest[..end])
    });
    let html = memmem::find_iter(source.as_bytes(), "<img").filter_map(|at| {
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

    #[test]
    fn a_long_line_takes_no_longer_than_its_letters() {
        // Were all that is left of it looked at again at each sign, each of these would take a minute.
        for line in ["中", "ht ", "1a", "a&", "é a"] {
            assert!(read(&line.repeat(400_000)).is_some(), "{line}");
        }
    }

    proptest! {
        /// What is taken many bytes at a time is what each character would give.
        #[test]
        fn a_run_is_its_characters(line in "([a-zA-Z]{1,9}|[a-z]{120,140}|may|Monday|1st|2nd|v1|1\\.4\\.0|2021|htt|h|中|İ|[ -~éß一]){0,30}") {
            let mut words = Words::default();
            line.chars().for_each(|c| words.push(c));
            prop_assert_eq!(Words::of(&line, |_| None), words.mark());
        }

        #[test]
        fn any_body_has_few_marks_in_order(body in "(!?\\[[a-z中]{0,3}|\\]\\(|<img src=|<!--|-->|[ -~中é\n]{0,8}){0,200}") {
            let marks = marks(&body, &body);
            prop_assert!(marks.len() <= LINES + 2 * PICTURES + 1 && marks.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
