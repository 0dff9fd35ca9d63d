//! The YAML that most headers are written in, `key: value` line by line, without the parser: it takes most of a scan's time.
//!
//! What is not plainly one of the few forms here is left to the parser: where this gives a value, the parser gives the
//! same one.

use serde_json::{Map, Value};

/// The value of `text`; `None` where the parser has to be asked.
pub fn parse(text: &str) -> Option<Value> {
    let is_usual = |byte: &u8| matches!(byte, b'\n' | b' '..=b'~');
    if !text.as_bytes().iter().all(is_usual) && !text.chars().all(is_plain) {
        return None;
    }
    // Room for what most headers have.
    let mut map = Map::with_capacity(8);
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        if is_idle(line) {
            continue;
        }
        let (key, rest) = line.split_once(':')?;
        if !is_key(key) || !(rest.is_empty() || rest.starts_with(' ')) {
            return None;
        }
        let value = match rest.trim_matches(' ') {
            "" => {
                let mut items = Vec::new();
                let mut indent = None;
                while let Some(item) =
                    lines.next_if(|line| is_idle(line) || line.trim_start_matches(' ').starts_with("- "))
                {
                    if is_idle(item) {
                        continue;
                    }
                    let item_text = item.trim_start_matches(' ');
                    if *indent.get_or_insert(item.len() - item_text.len()) != item.len() - item_text.len() {
                        return None;
                    }
                    items.push(scalar(item_text[2..].trim_matches(' '), false)?);
                }
                if indent.is_some() { Value::Array(items) } else { Value::Null }
            }
            list if list.starts_with('[') => {
                let inner = list.strip_prefix('[')?.strip_suffix(']')?.trim_matches(' ');
                let items = inner.split(',').map(|item| scalar(item.trim_matches(' '), true));
                if inner.is_empty() { Value::Array(Vec::new()) } else { Value::Array(items.collect::<Option<_>>()?) }
            }
            text => scalar(text, false)?,
        };
        // A value that goes on in the next line is the parser's.
        if lines.peek().is_some_and(|next| next.starts_with([' ', '-']) && !is_idle(next)) {
            return None;
        }
        if map.insert(key.to_owned(), value).is_some() {
            return None;
        }
    }
    if map.is_empty() { None } else { Some(Value::Object(map)) }
}

/// No control character, no separator but the line feed, nothing that the parser's reader treats in a way of its own.
fn is_plain(char: char) -> bool {
    matches!(char, '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{f900}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
        || char >= '\u{10000}'
}

/// A blank line, or a comment's.
fn is_idle(line: &str) -> bool {
    line.starts_with('#') || line.bytes().all(|byte| byte == b' ')
}

fn is_key(key: &str) -> bool {
    key.len() <= 64
        && key.starts_with(|char: char| char.is_ascii_alphabetic())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !is_word(key)
}

/// What the core schema (YAML 1.2 §10.3) does not take for text though it is made of letters.
fn is_word(text: &str) -> bool {
    matches!(text, "null" | "Null" | "NULL" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

/// A scalar without blanks around it, that ends where `text` does.
fn scalar(text: &str, in_list: bool) -> Option<Value> {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote)?;
            let is_simple = !inner.contains([quote, '\\']);
            return is_simple.then(|| Value::String(inner.to_owned()));
        }
    }
    match text {
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    let first = text.chars().next()?;
    let is_text = (first.is_alphabetic() || first == '/') && !is_word(text) || is_date(text);
    let ends_early = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    let is_list = in_list && text.contains(['[', ']', '{', '}', ':', '"', '\'', '#']);
    if is_text && !ends_early && !is_list {
        return Some(Value::String(text.to_owned()));
    }
    let is_number = text.len() <= 15 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse::<u64>().ok().map(Value::from) } else { None }
}

/// `2021-10-15` and what follows it: no number begins so.
fn is_date(text: &str) -> bool {
    let shape = b"9999-99-99";
    text.len() >= shape.len()
        && text.bytes().zip(shape).all(|(have, want)| if *want == b'9' { have.is_ascii_digit() } else { have == *want })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::full;
    use super::*;

    #[test]
    fn the_usual_header_is_read_here() {
        let text = "# ours\ntitle: \"SOFA Weekly | 问答\"\nauthor: 敖小剑\ndate: 2021-10-15T15:00:00+08:00\ndraft: false\n\n\
                    weight: 12\ntags: [a, \"b c\", 云原生]\ncategories:\n  - SOFA Weekly\n  - '2'\naliases:\n- /a/b.html\ncover: https://e.org/a#b\nempty:\n";
        let wanted = json!({
            "title": "SOFA Weekly | 问答", "author": "敖小剑", "date": "2021-10-15T15:00:00+08:00", "draft": false, "weight": 12,
            "tags": ["a", "b c", "云原生"], "categories": ["SOFA Weekly", "2"], "aliases": ["/a/b.html"], "cover": "https://e.org/a#b", "empty": null,
        });
        assert_eq!(parse(text), Some(wanted));
        assert_eq!(parse("author:\n  name: x\n"), None);
    }

    proptest! {
        #[test]
        fn the_parser_says_the_same(lines in prop::collection::vec(
            "(  |)(- )?(title|a-b|true|x|draft|'q'|null|- |\\?)(:|: |:  | : |)(yes|true|Null|nan|inf|1e5|0x1f|12|007|2021-10-15|2021-10-15 10:00|\
             a: b|a:b|a #b|a#b|a:|\"q\"|\"q\" x|\"\\\\n\"|'it''s'|'q'|\\[\\]|\\[a, b\\]|\\[a,\\]|\\[\"a\", 1\\]|\\[a: b\\]|\\[a:b\\]|\\[x]|[a#]|\\{a: 1\\}|&x y|\\*x|! z|\\||>|-|- x|~|é|/a/b|「a」|…|%|@|`|)( |  #c|\t|)", 0..8)
        ) {
            let text = lines.join("\n");
            if let Some(value) = parse(&text) {
                let full = full(&text, false);
                prop_assert_eq!(full.as_ref().map(|(value, _)| value).ok(), Some(&value), "{:?} {:?}", text, full);
            }
        }

        #[test]
        fn the_parser_says_the_same_of_noise(text in "([a-c]{1,2}(: | ?:)([ -~]|[\u{80}-\u{a5}]|[\u{2020}-\u{2030}]|[\u{feff}é中-]){0,6}\n?){0,5}") {
            if let Some(value) = parse(&text) {
                let full = full(&text, false);
                prop_assert_eq!(full.as_ref().map(|(value, _)| value).ok(), Some(&value), "{:?} {:?}", text, full);
            }
        }
    }
}
