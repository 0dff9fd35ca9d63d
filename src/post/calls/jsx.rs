//! A tag of JSX, as MDX has them in a body: `<Name attr="x" other={1} {...rest} />`.

use std::collections::HashMap;

use super::code::Code;
use super::seek::Seek;

/// A tag as it stands in the text.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag<'t> {
    /// `Tabs`, `img`, `Theme.Box`; empty for a fragment.
    pub name: &'t str,
    /// `</Name>`
    pub closes: bool,
    /// `<Name />`
    pub is_whole: bool,
    /// Names and values; an expression's braces are kept.
    pub attributes: Vec<(&'t str, &'t str)>,
    /// Bytes that it takes.
    pub length: usize,
}

/// Which brace ends which: read once, so that braces that are never closed cost nothing.
#[derive(Debug, Default)]
pub struct Braces(HashMap<usize, usize>);

/// The longest expression: what is longer was never meant to be one.
const LONGEST: usize = 20_000;

impl Braces {
    /// Of a text, in which quotes and comments inside of braces are passed over, and code everywhere.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut code = Code::new(text);
        let mut comments = Seek::new(text, "*/");
        let (mut open, mut pairs) = (Vec::new(), HashMap::new());
        let mut at = 0;
        while at < bytes.len() {
            if let Some(end) = code.end(at).filter(|end| *end > at) {
                at = end;
                continue;
            }
            match bytes[at] {
                b'\\' => at += 1,
                b'{' => open.push(at),
                b'}' => {
                    if let Some(start) = open.pop().filter(|start| at - start < LONGEST) {
                        pairs.insert(start, at + 1);
                    }
                }
                b'/' if bytes[at..].starts_with(b"/*") && open.last().is_some() => {
                    at = comments.from(at + 2).map_or(at, |end| end + 1);
                }
                quote @ (b'"' | b'\'') if open.last().is_some() => {
                    // An apostrophe in a text between tags is none.
                    at += string(&bytes[at + 1..], quote).map_or(0, |close| close + 1);
                }
                _ => {}
            }
            at += 1;
        }
        Self(pairs)
    }

    /// Behind the brace that ends the one at `start`.
    pub fn end(&self, start: usize) -> Option<usize> {
        self.0.get(&start).copied()
    }
}

/// The tag that begins at `start`.
pub fn tag<'t>(whole: &'t str, start: usize, braces: &Braces) -> Option<Tag<'t>> {
    let text = &whole[start..];
    let at = |rest: &str| whole.len() - rest.len();
    let rest = text.strip_prefix('<')?;
    let (closes, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
    let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
    let (name, mut rest) = rest.split_at(end);
    if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let mut attributes = Vec::new();
    loop {
        let gap = rest.trim_start();
        if let Some(after) = gap.strip_prefix("/>").or_else(|| gap.strip_prefix('>')) {
            let is_whole = gap.starts_with('/');
            return Some(Tag { name, closes, is_whole, attributes, length: text.len() - after.len() });
        }
        if closes || name.is_empty() || gap.len() == rest.len() && attributes.is_empty() {
            return None;
        }
        if gap.starts_with('{') {
            rest = &whole[braces.end(at(gap))?..];
            continue;
        }
        let end = gap.find(|c: char| !is_name(c) && c != ':' && c != '@').filter(|end| *end > 0)?;
        let (key, after) = gap.split_at(end);
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            attributes.push((key, ""));
            rest = after;
            continue;
        };
        let length = match value.chars().next()? {
            '{' => braces.end(at(value))? - at(value),
            quote @ ('"' | '\'') => value[1..].find(quote)? + 2,
            _ => value.find(|c: char| c.is_whitespace() || c == '>')?,
        };
        let written = &value[..length];
        attributes.push((key, written.trim_matches(['"', '\''])));
        rest = &value[length..];
    }
}

/// Where a string ends on its line.
fn string(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' => return None,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// What a value or an expression says by itself: a string, a number, an address that is imported.
pub fn literal(written: &str) -> Option<String> {
    let inner = match written.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        Some(inner) => inner.trim(),
        None => return Some(written.to_owned()),
    };
    for (call, end) in [("require(", ").default"), ("require(", ")"), ("useBaseUrl(", ")")] {
        if let Some(inner) = inner.strip_prefix(call).and_then(|inner| inner.strip_suffix(end)) {
            return quoted(inner.trim());
        }
    }
    if inner.parse::<f64>().is_ok() {
        return Some(inner.to_owned());
    }
    quoted(inner)
}

fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = text[1..].strip_suffix(quote)?;
    let is_more = inner.contains(quote) || quote == '`' && inner.contains("${");
    (!is_more).then(|| inner.replace("\\n", "\n").replace("\\'", "'").replace("\\\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (text, name, attributes, length) in [
            ("<A>", "A", vec![], 3),
            ("<a.B c=\"d\" e={f({g: '}'})} h />i", "a.B", vec![("c", "d"), ("e", "{f({g: '}'})}"), ("h", "")], 31),
            ("<A\n  b='c'\n>", "A", vec![("b", "c")], 12),
            ("<A {...b} c=\"\">", "A", vec![("c", "")], 15),
            ("<>", "", vec![], 2),
            ("</>x", "", vec![], 3),
            ("</A >", "A", vec![], 5),
            ("<br/>", "br", vec![], 5),
        ] {
            let tag = tag(text, 0, &Braces::new(text)).unwrap();
            assert_eq!((tag.name, tag.attributes, tag.length), (name, attributes, length), "{text}");
        }
        for text in ["<", "< a", "<1", "<a", "<a b", "<https://x>", "<a@b.c>", "<!-- x -->", "<A b={"] {
            assert_eq!(tag(text, 0, &Braces::new(text)), None, "{text}");
        }
    }

    #[test]
    fn expressions() {
        for (text, length) in
            [("{a}b", 3), ("{'}'}", 5), ("{/* } */}", 9), ("{`${a}`}", 8), ("{it's}", 6), ("{{a: 1}}", 8)]
        {
            assert_eq!(Braces::new(text).end(0), Some(length), "{text}");
        }
        assert_eq!(["{a", "{/* a", "a"].map(|text| Braces::new(text).end(0)), [None; 3]);
        assert_eq!(Braces::new("{ {a}").end(2), Some(5));
        for (written, value) in [
            ("x", Some("x")),
            ("{'x'}", Some("x")),
            ("{280}", Some("280")),
            ("{require('./a.png').default}", Some("./a.png")),
            ("{useBaseUrl('/img/a.png')}", Some("/img/a.png")),
            ("{`a ${b}`}", None),
            ("{a}", None),
        ] {
            assert_eq!(literal(written).as_deref(), value, "{written}");
        }
    }
}
