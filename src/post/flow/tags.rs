//! The tags and the text of sanitised HTML.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

/// Does markup begin here, not a mere sign?
fn is_tag(text: &str) -> bool {
    text.as_bytes().get(1).is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?'))
}

/// Takes what an end tag closes off the elements that are `open`; false where it closes none of them.
pub fn closed(open: &mut Vec<&str>, name: &str) -> bool {
    let at = open.iter().rposition(|open| *open == name);
    open.truncate(at.unwrap_or(open.len()));
    at.is_some()
}

/// Every tag of sanitised `html`, in order.
pub fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr(b'<', &html.as_bytes()[at..])?;
            if let Some(tag) = Tag::at(html, start) {
                at = tag.range.end;
                return Some(tag);
            }
            // One that never ends has nothing behind it.
            at = if is_tag(&html[start..]) { html.len() } else { start + 1 };
        }
    })
}

/// A tag, as HTML has it.
#[derive(Debug, Clone)]
pub struct Tag<'h> {
    /// Of the element.
    pub name: &'h str,
    /// Is it an end tag?
    pub closes: bool,
    /// All of it, `<` to `>`.
    pub text: &'h str,
    /// Its bytes of the HTML.
    pub range: Range<usize>,
}

impl<'h> Tag<'h> {
    /// The one that begins at `start`.
    pub fn at(html: &'h str, start: usize) -> Option<Self> {
        let rest = &html[start..];
        if !is_tag(rest) {
            return None;
        }
        let mut quote = None;
        let end = rest.bytes().position(|byte| {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if open == byte => quote = None,
                (None, b'>') => return true,
                _ => {}
            }
            false
        })?;
        let text = &rest[..=end];
        let closes = text.starts_with("</");
        let inner = text.trim_start_matches(['<', '/']);
        let name = &inner[..inner.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(0)];
        Some(Self { name, closes, text, range: start..start + end + 1 })
    }

    /// An attribute's value, entities decoded.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let (_, value) = self.text.split_once(&format!(" {name}=\""))?;
        value.split_once('"').map(|(value, _)| decoded(value).into_owned())
    }
}

/// Does an element of this name stand among words?
pub fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "acronym"
            | "audio"
            | "b"
            | "bdi"
            | "big"
            | "br"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "mark"
            | "q"
            | "rp"
            | "rt"
            | "ruby"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "u"
            | "var"
    )
}

/// Has an element of this name no end tag (HTML standard §13.1.2)?
pub fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// What the serialiser writes, and nothing else: this is sanitised HTML.
pub fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", "\u{a0}");
    Cow::Owned(plain.replace("&amp;", "&"))
}

/// What stands raised, in characters that do so by themselves where there are such: `2` after an `x` is no other number then.
pub fn raised(text: &str) -> Cow<'_, str> {
    const RAISED: [(char, char); 14] = [
        ('0', '⁰'),
        ('1', '¹'),
        ('2', '²'),
        ('3', '³'),
        ('4', '⁴'),
        ('5', '⁵'),
        ('6', '⁶'),
        ('7', '⁷'),
        ('8', '⁸'),
        ('9', '⁹'),
        ('+', '⁺'),
        ('-', '⁻'),
        ('−', '⁻'),
        ('n', 'ⁿ'),
    ];
    let raise = |char: char| RAISED.iter().find(|(plain, _)| *plain == char).map(|(_, raised)| *raised);
    text.chars().map(raise).collect::<Option<String>>().map_or(Cow::Borrowed(text), Cow::Owned)
}
