//! Attribute lists behind words and blocks: `{#id .class key="value"}`, kramdown's `{: … }`. They say how something looks.

use comrak::nodes::{AstNode, NodeValue};

/// Whether a list may belong to this: text has none.
pub fn may_have<'a>(node: &'a AstNode<'a>) -> bool {
    !matches!(node.data.borrow().value, NodeValue::Text(_) | NodeValue::SoftBreak | NodeValue::LineBreak)
}

/// The text without its list at the start, when it stands `behind` a word; with `any`, without any `{: … }` in it.
pub fn cut(text: &str, behind: bool, any: bool) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    if behind && let Some(end) = list_at(rest) {
        rest = &rest[end..];
        found = true;
    }
    while any && let Some(at) = rest.find("{:") {
        let Some(end) = list_at(&rest[at..]) else { break };
        out.push_str(&rest[..at]);
        rest = rest[at + end..].strip_prefix(' ').filter(|_| out.is_empty()).unwrap_or(&rest[at + end..]);
        found = true;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// Cuts the list at the end of a heading's text.
pub fn cut_end(value: &mut NodeValue) {
    if let NodeValue::Text(text) = value
        && let Some(at) = text.rfind('{')
        && list_at(&text[at..]).is_some_and(|end| text[at + end..].trim().is_empty())
    {
        let kept = text[..at].trim_end().to_owned();
        *text = kept.into();
    }
}

/// Lines of a paragraph that are nothing but a list go to `gone`; whether nothing else is in it.
pub fn cut_lines<'a>(paragraph: &'a AstNode<'a>, gone: &mut Vec<&'a AstNode<'a>>) -> bool {
    let is_break =
        |node: &'a AstNode<'a>| matches!(node.data.borrow().value, NodeValue::SoftBreak | NodeValue::LineBreak);
    let is_list = |node: &'a AstNode<'a>| match &node.data.borrow().value {
        NodeValue::Text(text) => list_at(text.trim()).is_some_and(|end| end == text.trim().len()),
        _ => false,
    };
    let Some(last) = paragraph.last_child().filter(|last| is_list(last)) else { return false };
    match last.previous_sibling() {
        None => true,
        Some(before) if is_break(before) => {
            gone.extend([last, before]);
            false
        }
        Some(_) => false,
    }
}

/// How long the list is that `text` begins with.
fn list_at(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find('}')?;
    let words = inner[..end].trim();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':');
    let is_key = words.split_once('=').is_some_and(|(key, _)| !key.is_empty() && key.chars().all(is_name));
    let is_word = words
        .strip_prefix(['.', '#'])
        .is_some_and(|name| name.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_'));
    (is_key || is_word || words.starts_with(':')).then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_what_only_looks_like_one() {
        for (text, end) in [
            ("{.a}", Some(4)),
            ("{#a .b}x", Some(7)),
            ("{: .c}", Some(6)),
            ("{width=\"10\"}", Some(12)),
            ("{a}", None),
            ("{}", None),
            ("{. }", None),
            ("{a b=c}", None),
            ("x", None),
        ] {
            assert_eq!(list_at(text), end, "{text}");
        }
        assert_eq!(cut("{.a} b", true, false).as_deref(), Some(" b"));
        assert_eq!(cut("{.a} b", false, false), None);
        assert_eq!(cut("a {:.b}{: c} d {: e", false, true).as_deref(), Some("a  d {: e"));
    }
}
