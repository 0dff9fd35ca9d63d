//! Lines of a page as HTML and text of their own.

use std::fmt::Write as _;
use std::ops::Range;

use super::super::flow::{Flow, Kind, Line};
use super::Piece;

/// The lines as they are read, one below the other.
pub fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The lines as HTML: whole elements as they are, parts of one as paragraphs.
pub fn html(flow: &Flow<'_>, lines: Range<usize>) -> String {
    made_of(flow, lines, false, 0)
}

/// The lines as a piece: without the quotation around them, and without so many visible characters at the beginning.
pub fn piece(flow: &Flow<'_>, lines: Range<usize>, without: usize) -> Piece {
    let text = text(&flow.lines[lines.clone()]);
    let mut rest = text.as_str();
    let mut left = without;
    while left > 0
        && let Some(c) = rest.chars().next()
    {
        left -= usize::from(!is_blank(c));
        rest = &rest[c.len_utf8()..];
    }
    Piece { html: made_of(flow, lines, true, without), text: rest.trim().to_owned() }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}')
}

fn made_of(flow: &Flow<'_>, lines: Range<usize>, unquoted: bool, mut without: usize) -> String {
    let mut out = String::new();
    let mut at = lines.start;
    // The element of the first line: they are in order.
    let mut element = flow.elements.partition_point(|element| element.lines.end <= at);
    let mut in_list = false;
    while at < lines.end {
        while flow.elements.get(element).is_some_and(|element| element.lines.end <= at) {
            element += 1;
        }
        let Some(whole) = flow.elements.get(element) else { break };
        let is_quote = flow.lines[at].quoted;
        if whole.lines.start == at && whole.lines.end <= lines.end && without == 0 && !(unquoted && is_quote) {
            separate(&mut out);
            out.push_str(flow.html[whole.html.clone()].trim());
            at = whole.lines.end;
            in_list = false;
            continue;
        }
        // The lines of one block.
        let line = &flow.lines[at];
        let end = (at + 1..lines.end).find(|next| flow.lines[*next].block != line.block).unwrap_or(lines.end);
        let inner = balanced(&flow.html[line.html.start..flow.lines[end - 1].html.end], without);
        without = 0;
        at = end;
        let inner = inner.trim();
        if inner.is_empty() {
            continue;
        }
        let was_in_list = std::mem::replace(&mut in_list, line.kind == Kind::Item);
        if was_in_list && in_list {
            out.truncate(out.len() - "</ul>".len());
        } else {
            separate(&mut out);
        }
        // Writing to a String cannot fail.
        let _ = match line.kind {
            Kind::Item if was_in_list => write!(out, "<li>{inner}</li></ul>"),
            Kind::Item => write!(out, "<ul><li>{inner}</li></ul>"),
            Kind::Code => write!(out, "<pre>{inner}</pre>"),
            _ => write!(out, "<p>{inner}</p>"),
        };
    }
    out
}

fn separate(out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
}

/// HTML with an end for every tag and a beginning for every end, without so many visible characters at its head.
fn balanced(html: &str, mut without: usize) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    let last_end = html.rfind('>').unwrap_or(0);
    while let Some(first) = rest.chars().next() {
        let at = html.len() - rest.len();
        if first == '<' && at < last_end {
            let (tag, after) = rest.split_at(rest.find('>').map_or(rest.len(), |end| end + 1));
            rest = after;
            let name = tag.trim_start_matches(['<', '/']);
            let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())];
            if tag.starts_with("</") {
                if open.last() == Some(&name) {
                    open.pop();
                    out.push_str(tag);
                }
            } else {
                if !matches!(name, "br" | "hr" | "img" | "wbr" | "source") {
                    open.push(name);
                }
                out.push_str(tag);
            }
            continue;
        }
        let end = rest[first.len_utf8()..].find('<').map_or(rest.len(), |at| at + first.len_utf8());
        let (mut text, after) = rest.split_at(end);
        rest = after;
        while without > 0
            && let Some(c) = text.chars().next()
        {
            // A character reference is one character.
            let reference = if c == '&' { text.bytes().take(10).position(|byte| byte == b';') } else { None };
            without -= usize::from(!is_blank(c));
            text = &text[reference.map_or(c.len_utf8(), |end| end + 1)..];
        }
        out.push_str(text);
    }
    for name in open.iter().rev() {
        // Writing to a String cannot fail.
        let _ = write!(out, "</{name}>");
    }
    out
}
