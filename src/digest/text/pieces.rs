//! HTML as a flat list of what opens, closes and is said.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use lol_html::html_content::{Element, EndTag, TextChunk, TextType};
use lol_html::{ElementContentHandlers, RewriteStrSettings, Selector, rewrite_str};

use super::is_back;

/// One of them.
pub enum Piece {
    Open(String, Attributes),
    Close(String),
    Words(String),
}

/// What the text part needs of an element's attributes.
#[derive(Default)]
pub struct Attributes {
    pub href: Option<String>,
    pub alt: Option<String>,
    pub start: Option<u64>,
    pub checked: bool,
    pub checkbox: bool,
}

/// Of `html`, entities decoded.
pub fn pieces(html: &str) -> Vec<Piece> {
    let found = Rc::new(RefCell::new(Vec::new()));
    let (opened, said) = (Rc::clone(&found), Rc::clone(&found));
    let handlers = ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
        let tag = element.tag_name();
        let get = |name: &str| element.get_attribute(name).map(|value| unescape(&value));
        let attributes = Attributes {
            href: get("href"),
            alt: get("alt"),
            start: get("start").and_then(|start| start.parse().ok()),
            checked: element.has_attribute("checked"),
            checkbox: get("type").is_some_and(|kind| kind == "checkbox"),
        };
        opened.borrow_mut().push(Piece::Open(tag.clone(), attributes));
        if element.can_have_content() {
            let closed = Rc::clone(&opened);
            element.on_end_tag(Box::new(move |_: &mut EndTag<'_>| {
                closed.borrow_mut().push(Piece::Close(tag));
                Ok(())
            }))?;
        }
        Ok(())
    });
    let words = lol_html::DocumentContentHandlers::default().text(move |chunk: &mut TextChunk<'_>| {
        if matches!(chunk.text_type(), TextType::Data | TextType::RCData) {
            let mut found = said.borrow_mut();
            // An entity may be cut in two by the parser's chunks.
            if let Some(Piece::Words(words)) = found.last_mut() {
                words.push_str(chunk.as_str());
            } else {
                found.push(Piece::Words(chunk.as_str().to_owned()));
            }
        }
        Ok(())
    });
    let mut settings = RewriteStrSettings::new().append_document_content_handler(words);
    if let Ok(everything) = "*".parse::<Selector>() {
        settings = settings.append_element_content_handler((Cow::Owned(everything), handlers));
    }
    // What the parser gives up on was read up to there.
    drop(rewrite_str(html, settings));
    let mut pieces = found.take();
    for piece in &mut pieces {
        if let Piece::Words(words) = piece {
            *words = unescape(words);
        }
    }
    pieces
}

/// The entities that a serialiser writes, and numbers.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.bytes().take(12).position(|byte| byte == b';') else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let char = match &rest[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some('\u{a0}'),
            name => match name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
                Some(digits) => code(digits, 16),
                None => name.strip_prefix('#').and_then(|digits| code(digits, 10)),
            },
        };
        if let Some(char) = char {
            out.push(char);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// The words alone, in one line: for excerpts and counting. Blocks of code, tables, pictures, what stands in for films and sounds, and
/// what belongs to footnotes are left out.
pub fn words(html: &str) -> String {
    let is_left_out = |tag: &str| matches!(tag, "pre" | "table" | "sup" | "video" | "audio");
    let mut out = String::new();
    let mut inside = 0_usize;
    let mut back = false;
    for piece in pieces(html) {
        match piece {
            Piece::Open(tag, attributes) if tag == "a" => back = attributes.href.is_some_and(|href| is_back(&href)),
            Piece::Close(tag) if tag == "a" => back = false,
            Piece::Open(tag, _) if is_left_out(&tag) => inside += 1,
            Piece::Close(tag) if is_left_out(&tag) => inside = inside.saturating_sub(1),
            Piece::Words(words) if inside == 0 && !back => out.push_str(&words),
            Piece::Open(tag, _) | Piece::Close(tag) if is_block(&tag) => out.push(' '),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// 1 to 6 for a heading.
pub fn level(tag: &str) -> Option<u8> {
    match tag.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

/// Does it stand on lines of its own?
pub fn is_block(tag: &str) -> bool {
    level(tag).is_some()
        || matches!(
            tag,
            "p" | "div"
                | "section"
                | "article"
                | "header"
                | "footer"
                | "figure"
                | "figcaption"
                | "details"
                | "summary"
                | "ul"
                | "ol"
                | "li"
                | "dl"
                | "dt"
                | "dd"
                | "blockquote"
                | "pre"
                | "table"
                | "tr"
                | "td"
                | "th"
                | "hr"
                | "br"
                | "center"
                | "main"
                | "aside"
                | "address"
        )
}
