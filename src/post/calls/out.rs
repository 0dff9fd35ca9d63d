//! A body being written without its calls: what Markdown is to read, and what it is to leave alone.
//!
//! HTML that a call becomes is put in after Markdown was read; until then a word stands for it that Markdown takes for
//! any other. So a call can stand in a list, a table, an address or a line of code without breaking it.

use std::borrow::Cow;
use std::cell::Cell;

use super::{Around, Expanded, Found, What};
use crate::crypto;

/// HTML that stands in a body for a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Insert {
    /// Need not be balanced: what opens may be another insert than what closes.
    pub html: String,
    /// What stands for it in an attribute: an address, a text. Escaped.
    pub plain: String,
    /// Not inside a paragraph.
    pub block: bool,
    /// What follows it in its paragraph is none: it stands in what this opens.
    pub bare: bool,
}

impl Insert {
    /// HTML inside of a paragraph.
    pub fn inline(html: impl Into<String>) -> Self {
        Self { html: html.into(), ..Self::default() }
    }

    /// HTML that is a paragraph of its own, or the start or end of something that holds paragraphs.
    pub fn block(html: impl Into<String>) -> Self {
        Self { html: html.into(), block: true, ..Self::default() }
    }

    /// HTML beside which text stands that is no paragraph: `<summary>`.
    pub fn bare(html: impl Into<String>) -> Self {
        Self { bare: true, ..Self::block(html) }
    }

    /// Text, an address: the same wherever it stands.
    pub fn text(text: &str) -> Self {
        let escaped = escape(text);
        Self { html: escaped.clone(), plain: escaped, ..Self::default() }
    }
}

/// What is written so far of a body.
pub struct Out<'t, 'a> {
    /// The body as the author wrote it.
    pub source: &'t str,
    /// Tags are calls: lines of them need not be left together.
    pub tags_are_calls: bool,
    around: &'a Around<'a>,
    expanded: Expanded<'static>,
    text: String,
    /// Where the last line of `text` begins, and whether it is blank so far.
    last: (usize, bool),
    /// Offset and line, in `source` and in `text`.
    read: Cell<(usize, usize)>,
    written: Cell<(usize, usize)>,
}

impl<'t, 'a> Out<'t, 'a> {
    /// Of a body of which nothing is read yet.
    pub fn new(source: &'t str, around: &'a Around<'a>) -> Self {
        Self::over(source, around, around.page.body.line.max(1))
    }

    /// Of a text that begins on line `first` of what lines are counted in.
    pub fn over(source: &'t str, around: &'a Around<'a>, first: usize) -> Self {
        Self {
            source,
            tags_are_calls: false,
            around,
            expanded: Expanded { first, ..Expanded::default() },
            text: String::with_capacity(source.len()),
            last: (0, true),
            read: Cell::new((0, first)),
            written: Cell::new((0, 0)),
        }
    }

    /// What the calls are read with.
    pub fn around(&self) -> &'a Around<'a> {
        self.around
    }

    /// The text of `source` between two offsets, as it is.
    pub fn copy(&mut self, from: usize, to: usize) {
        self.write(from, &self.source[from..to]);
    }

    /// Text for Markdown in place of what stands at `at` in the source.
    pub fn write(&mut self, at: usize, text: &str) {
        if !text.is_empty() {
            self.mark(at);
            self.push(text);
        }
    }

    fn push(&mut self, text: &str) {
        let line = text.rfind('\n').map(|at| at + 1);
        let is_blank = text[line.unwrap_or(0)..].trim_start().is_empty() && (line.is_some() || self.last.1);
        self.last = (line.map_or(self.last.0, |line| self.text.len() + line), is_blank);
        self.text.push_str(text);
    }

    /// A call's HTML in place of what stands at `at` in the source.
    pub fn insert(&mut self, at: usize, insert: Insert) {
        if self.expanded.token.is_empty() {
            // No text holds its own hash.
            self.expanded.token = format!("zQ{}c", &crypto::sha256_hex(self.source.as_bytes())[..20]);
        }
        let token = format!("{}{}Qz", self.expanded.token, self.expanded.inserts.len());
        self.write(at, &token);
        self.expanded.inserts.push(insert);
    }

    /// Whether a call that ends at `to` stands alone on its line.
    pub fn is_alone(&self, to: usize) -> bool {
        let rest = self.source[to..].trim_start_matches([' ', '\t']);
        self.last.1 && (rest.is_empty() || rest.starts_with(['\n', '\r']))
    }

    /// A call's HTML in place of `source[from..to]`, where it may be alone on its line: then it gets room round it, so that
    /// it neither joins the text before it nor the text behind. Lines of HTML are left together, as blank lines end them.
    pub fn stand(&mut self, from: usize, to: usize, insert: Insert) {
        let is_alone = self.is_alone(to);
        let line = self.last.0;
        let rest = &self.source[to..];
        let tail = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let before = self.text[..line].trim_end_matches(['\n', '\r']);
        let before = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let after = rest[tail..].trim_start_matches(['\n', '\r']);
        let is_tag = |line: &str| line.starts_with('<') && !line.starts_with("<!--");
        let is_html = !self.tags_are_calls && (is_tag(before.trim_start()) || is_tag(after.trim_start()));
        let is_quoted = before.trim_start().starts_with('>') || after.trim_start().starts_with('>');
        if !is_alone || is_html || is_quoted {
            return self.insert(from, insert);
        }
        if !before.trim().is_empty() && !self.text[..line].ends_with("\n\n") {
            let indent = self.text.split_off(line);
            self.push("\n");
            self.push(&indent);
        }
        self.insert(from, insert);
        if !rest[tail..].is_empty() {
            self.push("\n");
        }
    }

    /// An unknown call in place of `source[from..to]`: nothing is shown of it, and it is told.
    pub fn unknown(&mut self, from: usize, to: usize, name: &str) {
        self.tell(from, name, What::Unknown);
        self.stand(from, to, Insert::inline(""));
    }

    /// Something that `check` is to tell of.
    pub fn tell(&mut self, at: usize, name: &str, what: What) {
        let line = self.line(at);
        let name: String = name.chars().take(80).collect();
        self.expanded.found.push(Found { line, name, what });
    }

    /// The whole, with `source` copied from `from` on.
    pub fn finish(mut self, from: usize) -> Expanded<'static> {
        self.copy(from, self.source.len());
        self.expanded.text = Cow::Owned(self.text);
        self.expanded
    }

    /// The line of the file at which `at` stands.
    fn line(&self, at: usize) -> usize {
        let (from, line) = self.read.get();
        if at < from {
            return line;
        }
        let line = line + newlines(&self.source[from..at]);
        self.read.set((at, line));
        line
    }

    /// Notes which line of the file the next written line is, where it is not the next one.
    fn mark(&mut self, at: usize) {
        let line = self.line(at);
        let (from, written) = self.written.get();
        let written = written + newlines(&self.text[from..]);
        self.written.set((self.text.len(), written));
        // A line that is written already began where it began; what follows it is meant.
        let ahead = usize::from(self.last.0 != self.text.len());
        if self.expanded.line(written + ahead) != line + ahead {
            let lines = &mut self.expanded.lines;
            while lines.last().is_some_and(|(at, _)| *at >= written + ahead) {
                lines.pop();
            }
            lines.push((written + ahead, line + ahead));
        }
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Text as HTML shows it.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `html`, in which words stand for `inserts`, with these in their places.
pub fn fill<'h>(html: &'h str, token: &str, inserts: &[Insert]) -> Cow<'h, str> {
    if inserts.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len() * 2);
    let mut place = Place::default();
    let mut rest = html;
    while let Some(at) = rest.find(token) {
        place.walk(&rest[..at], &mut out);
        let after = &rest[at + token.len()..];
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let insert = after[..digits].parse::<usize>().ok().and_then(|number| inserts.get(number));
        let Some((insert, next)) = insert.zip(after[digits..].strip_prefix("Qz")) else {
            place.walk(token, &mut out);
            rest = after;
            continue;
        };
        rest = next;
        match (place.in_tag, place.paragraph) {
            (true, _) => out.push_str(&insert.plain),
            (false, Some(start)) if insert.block => {
                end_paragraph(&mut out, start);
                out.push_str(&insert.html);
                place.paragraph = None;
                place.ended = insert.bare;
                if !insert.bare {
                    place.paragraph = Some(out.len());
                    out.push_str("<p>");
                }
            }
            _ => out.push_str(&insert.html),
        }
        place.touched = true;
    }
    place.walk(rest, &mut out);
    Cow::Owned(out)
}

/// Ends the paragraph that was opened at `start`; one in which nothing stands was none.
fn end_paragraph(out: &mut String, start: usize) {
    let kept = out.trim_end().len().max(start);
    if out[start..kept].trim_start_matches("<p>").trim().is_empty() {
        out.truncate(start);
    } else {
        out.truncate(kept);
        out.push_str("</p>");
    }
}

/// Where in HTML that Markdown wrote we are.
#[derive(Default)]
struct Place {
    in_tag: bool,
    quote: Option<u8>,
    /// Where the open paragraph begins in what is written.
    paragraph: Option<usize>,
    /// Something was put into it.
    touched: bool,
    /// The paragraph was ended before its end tag comes.
    ended: bool,
}

impl Place {
    /// Copies `html` and keeps track.
    fn walk(&mut self, html: &str, out: &mut String) {
        let bytes = html.as_bytes();
        let mut copied = 0;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'<' if !self.in_tag => {
                    let next = bytes.get(at + 1).copied().unwrap_or_default();
                    if html[at..].starts_with("<p>") {
                        out.push_str(&html[copied..at]);
                        copied = at;
                        self.paragraph = Some(out.len());
                        self.touched = false;
                        at += 3;
                        continue;
                    }
                    if html[at..].starts_with("</p>") {
                        out.push_str(&html[copied..at]);
                        copied = at + 4;
                        match self.paragraph.take() {
                            Some(start) if self.touched => end_paragraph(out, start),
                            None if std::mem::take(&mut self.ended) => {}
                            _ => out.push_str("</p>"),
                        }
                        at += 4;
                        continue;
                    }
                    self.in_tag = next.is_ascii_alphabetic() || next == b'/';
                }
                b'>' if self.in_tag && self.quote.is_none() => self.in_tag = false,
                quote @ (b'"' | b'\'') if self.in_tag => match self.quote {
                    Some(open) if open == quote => self.quote = None,
                    None => self.quote = Some(quote),
                    _ => {}
                },
                _ => {}
            }
            at += 1;
        }
        out.push_str(&html[copied..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::{Page, links::Knowledge, markdown};

    fn filled(markdown: &str, inserts: &[Insert]) -> String {
        fill(&markdown::to_html(markdown), "zQ", inserts).replace('\n', "")
    }

    #[test]
    fn inserts_stand_where_their_words_stood() {
        let inserts = [Insert::block("<hr>"), Insert::text("a \"b\""), Insert::inline("<b>x</b>"), Insert::inline("")];
        for (markdown, expected) in [
            ("zQ0Qz", "<hr>"),
            ("t zQ0Qz u", "<p>t</p><hr><p> u</p>"),
            ("zQ0Qz\nzQ0Qz", "<hr><hr>"),
            ("- zQ0Qz", "<ul><li><hr></li></ul>"),
            ("[l](/zQ1Qz)", "<p><a href=\"/a &quot;b&quot;\">l</a></p>"),
            ("*zQ2Qz*y", "<p><em><b>x</b></em>y</p>"),
            ("zQ3Qz", ""),
            ("zQ3Qz t", "<p> t</p>"),
            ("`zQ2Qz`", "<p><code><b>x</b></code></p>"),
            ("zQ9Qz zQ", "<p>zQ9Qz zQ</p>"),
            ("<a title='>zQ1Qz'>", "<a title='>a &quot;b&quot;'>"),
        ] {
            assert_eq!(filled(markdown, &inserts), expected, "{markdown}");
        }
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let page = Page { body: crate::post::body::Body { line: 10, ..Default::default() }, ..Page::default() };
        let site = Knowledge::default();
        let around = Around::new(&page, "", &site);
        let source = "one\n<\n\n>\nfive\nsix";
        let mut out = Out::new(source, &around);
        out.copy(0, 4);
        out.insert(4, Insert::text("x"));
        let expanded = out.finish(8);
        let lines: Vec<usize> = (0..4).map(|line| expanded.line(line)).collect();
        assert_eq!(lines, [10, 11, 14, 15], "{expanded:?}");
    }
}
