//! Eleventy's filters `slugify` and `slug`. What they make of letters beyond ASCII was asked of them, letter by letter.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Letter → what `slugify` and what `slug` make of it.
static LETTERS: LazyLock<HashMap<char, (&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("letters.txt").lines();
    let row = |line: &'static str| {
        let mut parts = line.split(' ');
        let letter = parts.next()?.chars().next()?;
        let mut part = || Some(parts.next()?.trim_matches('_'));
        Some((letter, (part()?, part()?)))
    };
    lines.filter_map(row).collect()
});

/// `{{ text | slugify }}`: ASCII letters and digits, hyphens between.
pub(super) fn slugify(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => ascii.push_str(" and "),
            c if c.is_ascii() => ascii.push(c.to_ascii_lowercase()),
            c => match LETTERS.get(&c) {
                Some((slugified, _)) => ascii.push_str(slugified),
                None => ascii.push('-'),
            },
        }
    }
    let mut out = String::with_capacity(ascii.len());
    let bytes = ascii.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let after_letter = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        let possessive = *byte == b'\''
            && after_letter
            && matches!(bytes.get(at + 1), Some(b't' | b's'))
            && bytes.get(at + 2).is_none_or(u8::is_ascii_whitespace);
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(*byte));
        } else if !possessive && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// `{{ text | slug }}`, the older one: keeps more signs.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '$' => out.push_str("dollar"),
            '%' => out.push_str("percent"),
            '&' => out.push_str("and"),
            '<' => out.push_str("less"),
            '>' => out.push_str("greater"),
            '|' => out.push_str("or"),
            '-' => out.push(' '),
            c if c.is_ascii_alphanumeric() || c.is_whitespace() || "*_+~.()'\"!:@".contains(c) => out.push(c),
            c => out.push_str(LETTERS.get(&c).map_or("", |(_, slug)| *slug)),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_filters_answered() {
        for (text, slugified, slugged) in [
            ("Hello World", "hello-world", "hello-world"),
            ("I ♥ Dogs", "i-love-dogs", "i-love-dogs"),
            ("  Déjà Vu!  ", "deja-vu", "deja-vu!"),
            ("你好 world", "world", "world"),
            ("foo & bar", "foo-and-bar", "foo-and-bar"),
            ("foo's don't", "foos-dont", "foo's-don't"),
            ("50% off", "50-off", "50percent-off"),
            ("a_b", "a-b", "a_b"),
            ("🦄 unicorn", "unicorn-unicorn", "unicorn"),
            ("C++", "c", "c++"),
            ("Straße", "strasse", "strasse"),
            ("x—y", "x-y", "xy"),
            ("tiếng Việt", "tieng-viet", "tieng-viet"),
            ("Привет", "privet", "privet"),
            ("a.b.c", "a-b-c", "a.b.c"),
            ("FooBar", "foobar", "foobar"),
            ("a -- b-", "a-b", "a-b"),
            ("(x)", "x", "(x)"),
        ] {
            assert_eq!((slugify(text).as_str(), slug(text).as_str()), (slugified, slugged), "{text}");
        }
    }
}
