//! HTML as a reader sees it: elements one below the other, and the lines of text in them.
//!
//! Made for what `sanitize` writes. Other input gives some answer in linear time: tags need not match.

mod tags;

use std::ops::Range;

use memchr::memmem;

pub use tags::{Tag, closed, decoded, is_inline, is_void, raised, tags};

/// Elements that may be open at once; what is nested deeper is not told apart any more.
const MAX_OPEN: usize = 256;

/// A page's HTML, taken apart once.
#[derive(Debug, Clone, Default)]
pub struct Flow<'h> {
    /// What it is made of.
    pub html: &'h str,
    /// Paragraphs, headings, lists, tables … of the outermost level, in order; mere containers (`div`, `section`) are
    /// looked into.
    pub elements: Vec<Element>,
    /// Every line that shows letters, a picture or a link, in order.
    pub lines: Vec<Line>,
}

/// One element of the outermost level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Bytes of the HTML.
    pub html: Range<usize>,
    /// Numbers of its lines.
    pub lines: Range<usize>,
}

/// What a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// A paragraph, or whatever is nothing else.
    #[default]
    Text,
    /// `<h1>` to `<h6>`
    Heading(u8),
    /// An item of a list.
    Item,
    /// A block of code.
    Code,
    /// A table.
    Table,
    /// A picture's caption.
    Caption,
}

/// One line: it ends where a block, a `<br>` or a line of the source ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Innermost.
    pub kind: Kind,
    /// Does it stand in a `<blockquote>`?
    pub quoted: bool,
    /// How many lists it stands in.
    pub depth: u8,
    /// The block that it is a line of: lines of one paragraph have the same number.
    pub block: usize,
    /// Plain text, blanks squeezed. May be empty (a picture).
    pub text: String,
    /// Do all of its letters stand in `<strong>`?
    pub bold: bool,
    /// The links that end in it.
    pub links: Vec<Link>,
    /// Addresses and texts of the pictures in it.
    pub pictures: Vec<Link>,
    /// Its bytes of the HTML; the tags in it need not match.
    pub html: Range<usize>,
}

/// An address with the text that leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Link {
    /// Plain text; a picture's `alt`. May be empty.
    pub text: String,
    /// As the HTML has it: absolute where it is sanitised.
    pub url: String,
}

impl<'h> Flow<'h> {
    /// Takes `html` apart.
    pub fn of(html: &'h str) -> Self {
        let mut walk = Walk { flow: Self { html, ..Self::default() }, ..Walk::default() };
        let mut at = 0;
        for tag in tags(html) {
            walk.text(at, tag.range.start);
            walk.tag(&tag);
            at = tag.range.end;
        }
        walk.text(at, html.len());
        walk.end_run(html.len());
        walk.end_line(html.len());
        walk.flow
    }
}

fn is_container(name: &str) -> bool {
    matches!(name, "div" | "section" | "center" | "main" | "details")
}

#[derive(Default)]
struct Walk<'h> {
    flow: Flow<'h>,
    open: Vec<&'h str>,
    /// Open elements that are neither inline nor containers.
    blocks: usize,
    quotes: usize,
    lists: usize,
    items: usize,
    strong: usize,
    code: usize,
    tables: usize,
    captions: usize,
    heading: Option<u8>,
    /// Where the element of the outermost level that is open began; with it, is it text that stands in none?
    element: Option<(usize, usize, bool)>,
    /// Of the line that is being read: where it began in the HTML, its letters, those of them in bold.
    begun: Option<usize>,
    line: Line,
    raw: String,
    letters: usize,
    bold: usize,
    block: usize,
    /// The link that is open: its address, and where its text began in `link_text`.
    link: Option<String>,
    link_text: String,
}

impl<'h> Walk<'h> {
    fn text(&mut self, from: usize, to: usize) {
        let text = &self.flow.html[from..to];
        if text.is_empty() {
            return;
        }
        if self.blocks == 0 && !text.trim().is_empty() {
            self.begin_run(from);
        }
        let mut at = from;
        for (number, part) in text.split('\n').enumerate() {
            if number > 0 {
                self.end_line(at - 1);
                if self.link.is_some() {
                    self.link_text.push(' ');
                }
            }
            if !part.trim().is_empty() {
                self.begun.get_or_insert(at);
                let part = decoded(part);
                let letters = letters(&part);
                self.letters += letters;
                self.bold += if self.strong > 0 { letters } else { 0 };
                self.raw.push_str(&part);
                if self.link.is_some() {
                    self.link_text.push_str(&part);
                }
            } else if !part.is_empty() {
                self.raw.push(' ');
            }
            at += part.len() + 1;
        }
    }

    fn tag(&mut self, tag: &Tag<'h>) {
        let name = tag.name;
        let (start, end) = (tag.range.start, tag.range.end);
        let inline = is_inline(name) || name.is_empty();
        if !inline {
            self.end_line(start);
            self.block += 1;
            if self.blocks == 0 {
                self.end_run(start);
            }
        } else if self.blocks == 0 && !tag.closes && !name.is_empty() {
            self.begin_run(start);
        }
        match name {
            "" => return,
            "br" => return self.end_line(start),
            "img" => {
                let url = tag.attribute("src").unwrap_or_default();
                let text = tag.attribute("alt").unwrap_or_default();
                self.begun.get_or_insert(start);
                self.line.pictures.push(Link { text, url });
                return;
            }
            "hr" if self.blocks == 0 => {
                let line = self.flow.lines.len();
                self.flow.elements.push(Element { html: start..end, lines: line..line });
                return;
            }
            _ if is_void(name) => return,
            "a" if !tag.closes => {
                self.begun.get_or_insert(start);
                self.link = tag.attribute("href");
                self.link_text.clear();
            }
            "a" => {
                if let Some(url) = self.link.take() {
                    let text = squeezed(&self.link_text);
                    self.line.links.push(Link { text, url });
                    self.begun.get_or_insert(start);
                }
            }
            _ if inline && !tag.closes => {
                self.begun.get_or_insert(start);
            }
            _ => {}
        }
        if tag.closes {
            let Some(at) = self.open.iter().rposition(|open| *open == name) else { return };
            while self.open.len() > at {
                if let Some(closed) = self.open.pop() {
                    self.count(closed, false);
                }
            }
            if self.blocks == 0 {
                self.end_element(end);
            }
        } else if self.open.len() < MAX_OPEN {
            if self.blocks == 0 && !inline && !is_container(name) {
                self.element = Some((start, self.flow.lines.len(), false));
            }
            self.open.push(name);
            self.count(name, true);
        }
    }

    /// Keeps the numbers of what is open.
    fn count(&mut self, name: &str, opens: bool) {
        let step = |number: &mut usize| *number = if opens { *number + 1 } else { number.saturating_sub(1) };
        match name {
            "blockquote" => step(&mut self.quotes),
            "ul" | "ol" | "dl" => step(&mut self.lists),
            "li" | "dd" => step(&mut self.items),
            "strong" | "b" => step(&mut self.strong),
            "pre" => step(&mut self.code),
            "table" => step(&mut self.tables),
            "figcaption" | "caption" | "summary" => step(&mut self.captions),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.heading = opens.then(|| name.as_bytes()[1] - b'0');
            }
            _ => {}
        }
        if !is_inline(name) && !is_container(name) {
            step(&mut self.blocks);
        }
    }

    /// Text that stands in no block is one until the next block.
    fn begin_run(&mut self, at: usize) {
        if self.element.is_none() {
            self.element = Some((at, self.flow.lines.len(), true));
        }
    }

    fn end_run(&mut self, at: usize) {
        if self.element.is_some_and(|(.., is_run)| is_run) {
            self.end_line(at);
            self.push_element(at);
        }
    }

    fn end_element(&mut self, at: usize) {
        if self.element.is_some_and(|(.., is_run)| !is_run) {
            self.push_element(at);
        }
    }

    fn push_element(&mut self, at: usize) {
        if let Some((start, line, _)) = self.element.take() {
            self.flow.elements.push(Element { html: start..at, lines: line..self.flow.lines.len() });
        }
    }

    fn end_line(&mut self, at: usize) {
        let mut line = std::mem::take(&mut self.line);
        let Some(begun) = self.begun.take() else {
            self.raw.clear();
            return;
        };
        line.text = squeezed(&self.raw);
        let (letters, bold) = (std::mem::take(&mut self.letters), std::mem::take(&mut self.bold));
        self.raw.clear();
        if line.text.is_empty() && line.pictures.is_empty() && line.links.is_empty() {
            return;
        }
        line.bold = letters > 0 && letters == bold;
        line.kind = match self.heading {
            Some(level) => Kind::Heading(level),
            None if self.code > 0 => Kind::Code,
            None if self.tables > 0 => Kind::Table,
            None if self.captions > 0 => Kind::Caption,
            None if self.items > 0 => Kind::Item,
            None => Kind::Text,
        };
        line.quoted = self.quotes > 0;
        line.depth = u8::try_from(self.lists).unwrap_or(u8::MAX);
        line.block = self.block;
        line.html = begun..at.max(begun);
        self.flow.lines.push(line);
    }
}

/// How many letters and digits.
fn letters(text: &str) -> usize {
    if text.is_ascii() {
        text.bytes().filter(u8::is_ascii_alphanumeric).count()
    } else {
        text.chars().filter(|c| c.is_alphanumeric()).count()
    }
}

/// Words of ASCII with one blank between two of them: most text is so, which is seen many bytes at a time.
pub fn is_squeezed(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'))
        && memmem::find(text.as_bytes(), b"  ").is_none()
        && !text.starts_with(' ')
        && !text.ends_with(' ')
}

/// Without the blanks, visible or not, at the ends and with one for many between.
pub fn squeezed(text: &str) -> String {
    if is_squeezed(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}')) {
        if !word.is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(html: &str) -> Vec<String> {
        Flow::of(html).lines.iter().map(|line| line.text.clone()).collect()
    }

    #[test]
    fn lines_end_where_a_reader_sees_them_end() {
        let html = "<h2>Head</h2><div><p>one <b>two</b><br>three\nfour</p></div><ul><li>a</li><li><p>b</p></li></ul>bare <i>text</i><hr><p></p>";
        assert_eq!(texts(html), ["Head", "one two", "three", "four", "a", "b", "bare text"]);
        let flow = Flow::of(html);
        let elements: Vec<&str> = flow.elements.iter().map(|element| &html[element.html.clone()]).collect();
        assert_eq!(
            elements,
            [
                "<h2>Head</h2>",
                "<p>one <b>two</b><br>three\nfour</p>",
                "<ul><li>a</li><li><p>b</p></li></ul>",
                "bare <i>text</i>",
                "<hr>",
                "<p></p>"
            ]
        );
        let blocks: Vec<usize> = flow.lines[1..4].iter().map(|line| line.block).collect();
        assert!(blocks.iter().all(|block| *block == blocks[0]) && flow.lines[4].block != blocks[0]);
    }

    #[test]
    fn a_line_knows_what_it_stands_in() {
        let flow = Flow::of(
            "<blockquote><p>q <a href=\"https://a.example/?x&amp;y\">l</a></p></blockquote><p><strong>all</strong></p>\
             <p><a href=\"u\"><img src=\"p.png\" alt=\"A &lt; B\"></a></p><pre><code>c</code></pre><ul><li><ol><li>i</li></ol></li></ul>",
        );
        let [quote, bold, picture, code, item] = &flow.lines[..] else { panic!("{:?}", flow.lines) };
        assert_eq!((quote.quoted, quote.links[0].url.as_str()), (true, "https://a.example/?x&y"));
        assert!(bold.bold && !quote.bold);
        assert_eq!((picture.pictures[0].text.as_str(), picture.links[0].url.as_str()), ("A < B", "u"));
        assert_eq!((code.kind, item.kind, item.depth), (Kind::Code, Kind::Item, 2));
    }

    proptest! {
        /// Whatever it is given: bytes in order, each in one element at most, and as many as there are.
        #[test]
        fn any_text_is_taken_apart(html in "(<(/)?(p|b|div|a href=\"x\"|br|li|ul|h2|blockquote|pre|img src='|[<>\"' é中a&;\n]{0,4})>?|[a-z中&; \n]{0,6}){0,40}") {
            let flow = Flow::of(&html);
            let mut end = 0;
            for element in &flow.elements {
                prop_assert!(element.html.start >= end && element.html.end <= html.len());
                end = element.html.end;
                let _ = &html[element.html.clone()];
            }
            for line in &flow.lines {
                let _ = &html[line.html.clone()];
            }
        }
    }
}
