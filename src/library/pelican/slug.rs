//! Names in addresses as Pelican makes them: tags away, other scripts written in ASCII, then the substitutions of
//! `SLUG_REGEX_SUBSTITUTIONS`.

use regex::{Regex, RegexBuilder};

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::post::slug;

/// What Python's `unidecode` reads in another way than our table does.
const READINGS: [(char, &str); 6] =
    [('Є', "Ie"), ('么', "Yao "), ('什', "Shi "), ('价', "Jie "), ('旅', "Lu "), ('术', "Zhu ")];

/// How names are made fit for addresses.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What is searched, and what is put in its place.
    substitutions: Vec<(Regex, String)>,
    /// Letters of other scripts stay.
    pub unicode: bool,
    /// Capitals stay.
    pub keep_case: bool,
}

/// Pelican's own substitutions.
pub const USUAL: [(&str, &str); 4] = [(r"[^\w\s-]", ""), (r"(?u)\A\s*", ""), (r"(?u)\s*\Z", ""), (r"[-\s]+", "-")];

impl Rules {
    /// Of these substitutions, in Python's notation. What cannot be read is left out and named.
    pub fn new<'s>(substitutions: impl Iterator<Item = (&'s str, &'s str)>, unknown: &mut Vec<String>) -> Self {
        let mut read = Vec::new();
        for (pattern, by) in substitutions {
            match expression(pattern, true) {
                Some(regex) => read.push((regex, replacement(by))),
                None => unknown.push(pattern.to_owned()),
            }
        }
        Self { substitutions: read, unicode: false, keep_case: false }
    }

    /// The name of `text` in addresses.
    pub fn slug(&self, text: &str) -> String {
        let mut value: String = without_tags(text).nfkc().collect();
        if !self.unicode {
            value = ascii(&value);
        }
        for (regex, by) in &self.substitutions {
            value = regex.replace_all(&value, by.as_str()).into_owned();
        }
        if !self.keep_case {
            value = value.to_lowercase();
        }
        value.trim().to_owned()
    }
}

/// An expression in Python's notation; `None` where it is none that is known here.
pub fn expression(pattern: &str, any_case: bool) -> Option<Regex> {
    let pattern = pattern.replace(r"\Z", r"\z").replace("(?u)", "");
    RegexBuilder::new(&pattern).case_insensitive(any_case).size_limit(1 << 20).build().ok()
}

/// `\1` and `\g<name>` in the notation of our expressions.
fn replacement(by: &str) -> String {
    let mut out = String::new();
    let mut rest = by.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek().copied()) {
            ('$', _) => out.push_str("$$"),
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                rest.next();
                out.extend(["${", &digit.to_string(), "}"]);
            }
            ('\\', Some('g')) => {
                let name: String = rest.by_ref().skip(2).take_while(|c| *c != '>').collect();
                out.extend(["${", &name, "}"]);
            }
            ('\\', Some(c)) => {
                rest.next();
                out.push(c);
            }
            (c, _) => out.push(c),
        }
    }
    out
}

/// Other scripts in ASCII. Pictures and signs have no name there.
fn ascii(text: &str) -> String {
    let is_sign = |c: char| {
        c >= '\u{1f000}'
            || c >= '\u{2300}'
                && matches!(c.general_category(), GeneralCategory::OtherSymbol | GeneralCategory::MathSymbol)
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_sign(*c)) {
        match READINGS.iter().find(|(read, _)| *read == c) {
            Some((_, reading)) => out.push_str(reading),
            None => out.push_str(&slug::transliterated(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

/// Without HTML tags and comments, entities read, single blanks.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        let end =
            if tag.starts_with("<!--") { tag.find("-->").map(|at| at + 3) } else { tag.find('>').map(|at| at + 1) };
        let Some(end) = end else { break };
        out.push_str(before);
        rest = &tag[end..];
    }
    out.push_str(rest);
    for (entity, is) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        out = out.replace(entity, is);
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_addresses() {
        let mut unknown = Vec::new();
        let mut rules = Rules::new(USUAL.into_iter(), &mut unknown);
        for (text, expected) in [
            ("A_b -- c.d (e)!", "a_b-cd-e"),
            ("<em>x</em> &amp; y", "x-y"),
            ("技术价值", "ji-zhu-jie-zhi"),
            ("Party 🎉 ☂ on", "party-on"),
            ("½ ﬁ", "12-fi"),
        ] {
            assert_eq!(rules.slug(text), expected, "{text}");
        }
        (rules.unicode, rules.keep_case) = (true, true);
        assert_eq!(rules.slug("Ｆｕｌｌ 你好"), "Full-你好");
        let own = Rules::new([(r"(\w)\s", r"\1_$"), ("(?=x)", "")].into_iter(), &mut unknown);
        assert_eq!((own.slug("a b"), unknown), ("a_$b".to_owned(), vec!["(?=x)".to_owned()]));
    }
}
