//! A post's HTML → the words of a mail's text part: wrapped by display width, links as numbered references, quotes
//! with `>`. Takes sanitised HTML (closed tags, few entities); anything else costs looks, never a panic.

mod pieces;

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::post::flow::raised;
use crate::template::wrap;
pub use pieces::words;
use pieces::{Attributes, Piece, is_block, level, pieces};

/// What [`text`] gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// Lines end in `\n`; no blank ones at the ends.
    pub body: String,
    /// Addresses in the order of their numbers.
    pub links: Vec<String>,
}

/// The text of `html`. Links are numbered from `first` on; one to `own` (the post's own address) is only its words.
pub fn text(html: &str, own: &str, first: usize) -> Text {
    let mut walk = Walk { own, first, ..Walk::default() };
    let pieces = pieces(html);
    walk.top = pieces.iter().filter_map(|piece| if let Piece::Open(tag, _) = piece { level(tag) } else { None }).min();
    for piece in pieces {
        match piece {
            Piece::Open(tag, attributes) => walk.open(&tag, attributes),
            Piece::Close(tag) => walk.close(&tag),
            Piece::Words(words) => walk.words(&words),
        }
    }
    walk.paragraph();
    while walk.lines.last().is_some_and(String::is_empty) {
        walk.lines.pop();
    }
    let mut body = walk.lines.join("\n");
    if !body.is_empty() {
        body.push('\n');
    }
    Text { body, links: walk.links }
}

/// Is this alternative text only the picture's file name? A sentence may end with one.
pub fn is_file_name(alt: &str) -> bool {
    const FEW: usize = 3;
    let lower = alt.trim().to_ascii_lowercase();
    let ends =
        [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif", ".bmp"].iter().any(|end| lower.ends_with(end));
    ends && (lower.split_whitespace().count() <= FEW || lower.contains(|char: char| char.is_ascii_digit()))
}

/// Does a link lead to a place in the post at `own` itself?
pub fn is_within(href: &str, own: &str) -> bool {
    let rest = if own.is_empty() { None } else { href.strip_prefix(own) };
    href.starts_with('#') || rest.is_some_and(|rest| rest.starts_with('#'))
}

/// Does a link to a place in a post lead from a footnote back to where it is mentioned?
pub fn is_back(href: &str) -> bool {
    href.split_once('#').is_some_and(|(_, place)| place.contains("fnref"))
}

/// Lists and quotes inside each other that are still shown as such.
const DEEPEST: usize = 12;

/// A container's beginning of line: once for its first, then for the others.
struct Prefix {
    first: Option<String>,
    rest: String,
}

#[derive(Default)]
struct Walk<'a> {
    own: &'a str,
    first: usize,
    /// The highest heading there is; it alone is underlined.
    top: Option<u8>,
    lines: Vec<String>,
    /// The paragraph so far; `\n` is a break that the author wants.
    inline: String,
    /// White space that stands before the next word: `\n` if there was one.
    gap: Option<char>,
    /// Put a blank line before the next paragraph.
    apart: bool,
    prefixes: Vec<Prefix>,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Open links: where to, and where their words begin.
    open_links: Vec<(String, usize)>,
    links: Vec<String>,
    /// Where the words begin that stand raised.
    raised: Vec<usize>,
    pre: usize,
    after_blank: bool,
    after_address: bool,
    cells: usize,
}

impl Walk<'_> {
    fn words(&mut self, words: &str) {
        if self.pre > 0 {
            self.inline.push_str(words);
            return;
        }
        for char in words.chars() {
            if matches!(char, ' ' | '\n' | '\t' | '\r') {
                self.gap = if char == '\n' { Some('\n') } else { self.gap.or(Some(' ')) };
            } else if !char.is_control() {
                self.char(char);
            }
        }
    }

    fn char(&mut self, char: char) {
        let mut buffer = [0; 4];
        let ideographic = |char: char, buffer: &mut [u8; 4]| wrap::ideographic(char.encode_utf8(buffer));
        let last = self.inline.chars().last().filter(|last| *last != '\n');
        if let (Some(gap), Some(last)) = (self.gap.take(), last) {
            // A line break in the source is no blank between characters of scripts that write none.
            if gap == ' ' || !(ideographic(last, &mut buffer) && ideographic(char, &mut buffer)) {
                self.inline.push(' ');
            }
        } else if self.after_address && !char.is_ascii_punctuation() {
            // What follows an address is taken for its end; a number in brackets ends by itself.
            if !(self.inline.ends_with(']') && "，。、：；！？」』）》】".contains(char)) {
                self.inline.push(' ');
            }
        }
        self.after_address = false;
        self.inline.push(char);
    }

    fn open(&mut self, tag: &str, attributes: Attributes) {
        match tag {
            "br" if self.pre > 0 => self.inline.push('\n'),
            "br" => {
                self.gap = None;
                self.inline.push('\n');
            }
            "img" => {
                let alt = attributes.alt.unwrap_or_default();
                if !alt.trim().is_empty() && !is_file_name(&alt) {
                    self.words(&format!("[{}]", alt.trim()));
                }
            }
            "sup" => self.raised.push(self.inline.len()),
            "input" if attributes.checkbox => self.words(if attributes.checked { "[x] " } else { "[ ] " }),
            "a" => {
                if let Some(href) = attributes.href {
                    // The blank before a link is not part of its words.
                    if self.gap.take().is_some() && !self.inline.is_empty() && !self.inline.ends_with('\n') {
                        self.inline.push(' ');
                    }
                    self.open_links.push((href, self.inline.len()));
                }
            }
            "hr" => {
                self.paragraph();
                self.apart = true;
                "-".repeat(10).clone_into(&mut self.inline);
                self.paragraph();
                self.apart = true;
            }
            "ul" | "ol" => {
                self.paragraph();
                self.apart |= self.lists.is_empty();
                self.lists.push((tag == "ol").then(|| attributes.start.unwrap_or(1)));
            }
            "li" => {
                self.paragraph();
                let mark = match self.lists.last_mut() {
                    Some(Some(next)) => {
                        *next = next.saturating_add(1);
                        format!("{}. ", *next - 1)
                    }
                    _ => "- ".to_owned(),
                };
                let rest = " ".repeat(wrap::width(&mark));
                self.enter(Some(mark), rest);
            }
            "blockquote" => {
                self.paragraph();
                self.apart = true;
                self.enter(None, "> ".to_owned());
            }
            "dd" => {
                self.paragraph();
                self.enter(None, "  ".to_owned());
            }
            "pre" => {
                self.paragraph();
                self.apart = true;
                self.pre += 1;
            }
            "td" | "th" => {
                if self.cells > 0 {
                    self.gap = None;
                    self.inline.push_str(" | ");
                }
                self.cells += 1;
            }
            "tr" => {
                self.paragraph();
                self.cells = 0;
            }
            "div" | "section" | "article" | "dt" | "figcaption" | "summary" | "center" => self.paragraph(),
            // A cell's paragraphs stay in its line.
            _ if is_block(tag) && self.cells == 0 => {
                self.paragraph();
                self.apart |= self.prefixes.last().is_none_or(|prefix| prefix.first.is_none());
            }
            _ => {}
        }
    }

    fn close(&mut self, tag: &str) {
        match tag {
            "a" => self.end_link(),
            "sup" => self.end_raised(),
            "ul" | "ol" => {
                self.paragraph();
                self.lists.pop();
                self.apart |= self.lists.is_empty();
            }
            "li" | "dd" => {
                self.paragraph();
                self.prefixes.pop();
            }
            "blockquote" => {
                self.paragraph();
                self.prefixes.pop();
                self.apart = true;
            }
            "pre" => {
                self.preformatted();
                self.pre = self.pre.saturating_sub(1);
                self.apart = true;
            }
            "table" => {
                self.paragraph();
                self.cells = 0;
                self.apart = true;
            }
            "tr" | "div" | "section" | "article" | "dt" | "figcaption" | "summary" | "center" => self.paragraph(),
            "td" | "th" => {}
            _ if level(tag).is_some() => self.heading(level(tag) == self.top),
            _ if is_block(tag) && self.cells == 0 => {
                self.paragraph();
                self.apart = true;
            }
            _ => {}
        }
    }

    /// `words [7]`; an address that is its own words stands alone.
    fn end_link(&mut self) {
        let Some((href, start)) = self.open_links.pop() else { return };
        let said = self.inline.get(start..).unwrap_or_default().trim().to_owned();
        let bare = |address: &str| {
            let address =
                ["https://", "http://", "mailto:"].iter().find_map(|s| address.strip_prefix(s)).unwrap_or(address);
            address.trim_end_matches('/').to_lowercase()
        };
        if href == self.own || is_within(&href, self.own) {
            if is_back(&href) {
                self.inline.truncate(start);
            }
            return;
        }
        if said.is_empty() || bare(&said) == bare(&href) {
            self.inline.truncate(start);
            let shown = href.strip_prefix("mailto:").unwrap_or(&href);
            // Words and marks that end something stand apart from it; marks of scripts without blanks bring their own.
            let apart = |last: char| {
                last.is_alphanumeric()
                    || last < '\u{3000}' && !last.is_whitespace() && !"([{<\"'“‘„«/=-–—".contains(last)
            };
            if self.inline.chars().last().is_some_and(apart) {
                self.inline.push(' ');
            }
            self.inline.push_str(shown);
            self.after_address = true;
            return;
        }
        let number = self.links.iter().position(|link| *link == href).unwrap_or(self.links.len());
        if number == self.links.len() {
            self.links.push(href);
        }
        // Writing to a String does not fail.
        let _ = write!(self.inline, " [{}]", self.first + number);
        self.after_address = true;
    }

    /// The number of a footnote is no digit more of the year before it.
    fn end_raised(&mut self) {
        let Some(start) = self.raised.pop() else { return };
        let words = self.inline.get(start..).unwrap_or_default();
        let said = words.trim();
        let number = said.strip_prefix('[').and_then(|said| said.strip_suffix(']')).unwrap_or(said);
        let shown = match raised(number) {
            Cow::Owned(raised) => words.replace(said, &raised),
            Cow::Borrowed(_) if number.starts_with(|char: char| char.is_ascii_digit()) => {
                format!(" {}", words.trim_start())
            }
            Cow::Borrowed(_) => return,
        };
        self.inline.truncate(start);
        self.inline.push_str(&shown);
    }

    fn enter(&mut self, first: Option<String>, rest: String) {
        if std::mem::take(&mut self.apart) {
            self.blank();
        }
        // Deeper, nobody can read it, and a hostile page would make every line as long as it is deep.
        let deep = self.prefixes.len() >= DEEPEST;
        self.prefixes.push(if deep { Prefix { first: None, rest: String::new() } } else { Prefix { first, rest } });
    }

    fn blank(&mut self) {
        let line: String = self.prefixes.iter().map(|prefix| prefix.rest.as_str()).collect();
        if !self.lines.is_empty() && !std::mem::replace(&mut self.after_blank, true) {
            self.lines.push(line.trim_end().to_owned());
        }
    }

    fn line(&mut self, text: &str) {
        let mut line: String =
            self.prefixes.iter_mut().map(|prefix| prefix.first.take().unwrap_or_else(|| prefix.rest.clone())).collect();
        line.push_str(text);
        self.after_blank = false;
        self.lines.push(line.trim_end().to_owned());
    }

    fn columns(&self) -> usize {
        let used: usize = self.prefixes.iter().map(|prefix| wrap::width(&prefix.rest)).sum();
        wrap::WIDTH.saturating_sub(used).max(24)
    }

    fn block(&mut self, text: &str) {
        if std::mem::take(&mut self.apart) {
            self.blank();
        }
        for line in text.lines() {
            self.line(line);
        }
    }

    /// The paragraph so far, which is ended. A link that is still open has the words after this one.
    fn taken(&mut self) -> String {
        self.gap = None;
        self.after_address = false;
        for start in self.open_links.iter_mut().map(|(_, start)| start).chain(&mut self.raised) {
            *start = 0;
        }
        std::mem::take(&mut self.inline)
    }

    fn paragraph(&mut self) {
        if self.pre > 0 {
            return;
        }
        let text = self.taken();
        if !text.trim().is_empty() {
            self.block(&wrap::wrap(text.trim(), self.columns()));
        }
    }

    fn heading(&mut self, underlined: bool) {
        let text = self.taken();
        if text.trim().is_empty() {
            return;
        }
        self.apart = true;
        let mut lines = wrap::wrap(text.trim(), self.columns());
        if underlined {
            let width = lines.lines().map(wrap::width).max().unwrap_or(0);
            lines = format!("{lines}\n{}", "-".repeat(width));
        } else {
            lines = format!("# {lines}");
        }
        self.block(&lines);
        self.apart = true;
    }

    fn preformatted(&mut self) {
        let text = self.taken();
        let text = text.trim_matches('\n');
        if !text.trim().is_empty() {
            self.block(&text.lines().map(|line| ["    ", line].concat()).collect::<Vec<_>>().join("\n"));
        }
    }
}

#[cfg(test)]
mod tests;
