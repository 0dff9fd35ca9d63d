//! The first text of a page that is its own: what it shares with its series is passed over, and what tells most of an
//! issue (news, questions, titles) comes before its standing parts.

use std::borrow::Cow;

use memchr::memmem;

use super::super::flow::{Flow, Kind, Line};
use super::super::recurring::Own;
use super::super::section::{Entries, Roles, outline};
use super::{LENGTH, stands_alone};

/// Sections of these roles tell what is in an issue; those of other roles come after them.
const TELLING: [&str; 4] = ["news", "questions", "releases", "reading"];

/// More than a summary needs, in bytes of whatever is written.
const ENOUGH: usize = LENGTH * 8;

/// More than a summary needs, in graphemes: where it is cut depends on a few behind it.
const ENOUGH_GRAPHEMES: usize = LENGTH + 8;

/// So many bytes at the head of a long page mostly hold enough, where not, so many more; taking all of it apart takes as long as it is.
const HEADS: [usize; 3] = [LENGTH * 3, LENGTH * 8, LENGTH * 24];

/// The text, not cut yet; empty where the page has nothing of its own.
pub fn text(html: &str, own: &Own, roles: &Roles) -> String {
    let whole = || told(html, own, roles, &[true, false]).text;
    // What stands behind sections that tell less comes before them.
    let mut heads = HEADS.iter().filter_map(|bytes| Some(told(head(html, *bytes)?, own, roles, &[true])));
    heads.find(Told::is_settled).map_or_else(whole, |told| told.text)
}

/// The first paragraphs of a page that is longer than so many bytes.
fn head(html: &str, bytes: usize) -> Option<&str> {
    const END: &str = "</p>\n";
    let head = &html[..html.floor_char_boundary(bytes)];
    memmem::rfind(head.as_bytes(), END.as_bytes()).filter(|_| head.len() < html.len()).map(|at| &head[..at + END.len()])
}

/// `passes`: the sections that tell what is in an issue (`true`), the others.
fn told(html: &str, own: &Own, roles: &Roles, passes: &[bool]) -> Told {
    let flow = Flow::of(html);
    let mut recurring = Recurring { flow: &flow, own, known: vec![None; flow.lines.len()] };
    let parts = outline::parts(&flow, roles);
    let mut told = Told::default();
    let tells = |role: Option<&str>| role.is_none_or(|role| TELLING.contains(&role));
    for telling in passes {
        for part in parts.iter().filter(|part| tells(part.role.as_deref()) == *telling) {
            if told.is_enough() {
                return told;
            }
            match part.role.as_deref().and_then(Roles::entries) {
                Some(Entries::Questions) => {
                    told.questions = true;
                    questions(&flow, part, roles, &mut recurring, &mut told);
                }
                _ => prose(part, &mut recurring, &mut told),
            }
        }
    }
    told
}

/// Which lines are boilerplate, looked up where it is asked: most of a long page comes too late for a summary.
struct Recurring<'f> {
    flow: &'f Flow<'f>,
    own: &'f Own,
    known: Vec<Option<bool>>,
}

impl Recurring<'_> {
    /// Is line number `at`? A whole block is, where most of its letters are.
    fn is(&mut self, at: usize) -> bool {
        if let Some(known) = self.known[at] {
            return known;
        }
        let lines = &self.flow.lines;
        let same = |line: &&Line| line.block == lines[at].block;
        let start = at - lines[..at].iter().rev().take_while(same).count();
        let end = at + lines[at..].iter().take_while(same).count();
        let (mut all, mut shared) = (0, 0);
        for line in &lines[start..end] {
            let letters = letters(&line.text);
            all += letters;
            shared += if self.own.recurs(&line.text) { letters } else { 0 };
        }
        let recurs = all == 0 || shared * 2 > all;
        self.known[start..end].fill(Some(recurs));
        recurs
    }
}

fn letters(text: &str) -> usize {
    if text.is_ascii() {
        text.bytes().filter(u8::is_ascii_alphabetic).count()
    } else {
        text.chars().filter(|c| c.is_alphabetic()).count()
    }
}

/// What has been gathered.
#[derive(Default)]
struct Told {
    text: String,
    /// It has so many of them at least.
    graphemes: usize,
    after_item: bool,
    /// The block of the last line.
    block: Option<usize>,
    /// It holds questions, which are told by the whole of their section.
    questions: bool,
}

impl Told {
    /// Would what follows on the page change nothing of it?
    fn is_settled(&self) -> bool {
        self.is_enough() && !self.questions
    }

    fn is_enough(&self) -> bool {
        self.text.len() > ENOUGH || self.graphemes > ENOUGH_GRAPHEMES
    }

    /// `block`: what the text is a line of, where that may have several.
    fn add(&mut self, text: &str, is_item: bool, block: Option<usize>) {
        let text = without_addresses(text);
        if !text.chars().any(char::is_alphabetic) || self.is_enough() {
            return;
        }
        if !self.text.is_empty() {
            let goes_on = block.is_some() && block == self.block;
            self.text.push_str(if !goes_on && (is_item || self.after_item) { " · " } else { " " });
        }
        let text = text.trim_end_matches(if is_item { [';', '；', ':', '：'] } else { [' '; 4] });
        self.text.push_str(text);
        self.graphemes += graphemes_at_least(text);
        (self.after_item, self.block) = (is_item, block);
    }
}

/// The questions alone: who asked and what was answered is for those who read on.
fn questions(flow: &Flow<'_>, part: &outline::Part, roles: &Roles, recurring: &mut Recurring<'_>, told: &mut Told) {
    let before = told.text.len();
    for question in super::super::section::questions_of(flow, part, roles) {
        if let Some(first) = question.exchanges.iter().find(|exchange| !exchange.question.text.is_empty()) {
            told.add(&first.question.text.replace('\n', " "), true, None);
        }
    }
    if told.text.len() == before {
        prose(part, recurring, told);
    }
}

fn prose(part: &outline::Part, recurring: &mut Recurring<'_>, told: &mut Told) {
    for at in part.lines.clone() {
        if told.is_enough() {
            return;
        }
        let flow = recurring.flow;
        let line = &flow.lines[at];
        let is_item = line.kind == Kind::Item;
        // A few words are a greeting or a label; as an item they may be a title.
        let may_tell =
            is_item || line.kind == Kind::Text && unicode_width::UnicodeWidthStr::width(line.text.as_str()) > 16;
        if may_tell && !recurring.is(at) {
            told.add(&said(flow, line), is_item, Some(line.block));
        }
    }
}

/// The line without what belongs to footnotes.
fn said<'l>(flow: &Flow<'_>, line: &'l Line) -> Cow<'l, str> {
    let html = &flow.html[line.html.clone()];
    if html.contains("<sup") || html.contains("fnref") {
        Cow::Owned(super::text(html, false))
    } else {
        Cow::Borrowed(&line.text)
    }
}

/// One ends between two characters that stand alone.
fn graphemes_at_least(text: &str) -> usize {
    let alone = || text.chars().map(stands_alone);
    alone().zip(alone().skip(1)).filter(|(a, b)| *a && *b).count()
}

/// An address is nothing to read.
fn without_addresses(text: &str) -> String {
    if !text.contains("http") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("http") {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let is_address = found.starts_with("http://") || found.starts_with("https://");
        let end =
            if is_address { found.find(|c: char| c.is_whitespace() || !c.is_ascii()) } else { Some("http".len()) };
        let end = end.unwrap_or(found.len());
        if !is_address {
            out.push_str(&found[..end]);
        }
        rest = &found[end..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cut;
    use super::*;
    use crate::post::{Page, recurring};

    proptest! {
        #[test]
        fn there_are_no_fewer_graphemes(text in "([a-zé 中。ぁー\\u{301}\\u{200d}👩🇨\\u{1100}\\u{1161}ก\\u{e33}\\u{600}\r\n~！]|\\PC){0,40}") {
            use unicode_segmentation::UnicodeSegmentation as _;
            prop_assert!(graphemes_at_least(&text) <= text.graphemes(true).count());
        }

        /// The first paragraphs of a page tell the same as all of it, or are not believed.
        #[test]
        fn a_part_of_a_page_tells_what_the_whole_does(pieces in prop::collection::vec(
            (prop_oneof![
                Just("<h2>Contributors</h2>"), Just("<h2>Releases</h2>"), Just("<h2>Questions</h2>"), Just("<h2>Other</h2>"),
                Just("<p>Ada asks:</p>\n<blockquote>\n<p>WORDS?</p>\n</blockquote>\n<p>A: WORDS</p>"),
                Just("<p>WORDS</p>"), Just("<p>WORDS<br>WORDS\nWORDS</p>"), Just("<ul>\n<li>WORDS</li>\n<li>\n<p>WORDS</p>\n</li>\n</ul>"),
            ], 1_usize..40), 0..60)) {
            let html: String = pieces.iter().enumerate().map(|(number, (piece, words))| {
                let words: Vec<String> = (0..*words).map(|word| format!("knot {number} rope {word}")).collect();
                piece.replace("WORDS", &words.join(" ")) + "\n"
            }).collect();
            let nobodys = recurring::Recurring::default().seen_from(&Page::default());
            let roles = Roles::default();
            let told = text(&html, &nobodys, &roles);
            // What stands behind what was told would change nothing of the summary.
            let more = told.clone() + " " + &"· 中 e\u{301} word".repeat(9);
            prop_assert!(graphemes_at_least(&told) <= LENGTH || cut(&more) == cut(&told));
            prop_assert_eq!(cut(&told), cut(&super::told(&html, &nobodys, &roles, &[true, false]).text));
        }
    }
}
