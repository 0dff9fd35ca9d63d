//! Patterns of paths as generators' configurations have them: `*`, `**`, `?`, `[a-z]`, `{a,b}`.
//!
//! The cost is the pattern's length times the path's, whatever the pattern.

/// How a pattern is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `*` and `?` stay within a part of the path, `**/` is any number of folders (Hexo, Jekyll's shell patterns).
    Parts,
    /// `*` and `?` cross slashes (Zola).
    Whole,
    /// `*` and `?` stay within a part, `**` is anything at all; braces need no comma (Hugo).
    Go,
}

/// At most so many alternatives of `{a,b}` are written out.
const MAX_ALTERNATIVES: usize = 64;

enum Token {
    Char(char),
    /// One character, which may be a slash or not.
    Any(bool),
    /// Any number of characters, slashes among them or not.
    Many(bool),
    /// Nothing, or anything up to a slash: `**/`.
    Folders,
    /// `[a-z]`, and whether it is `[!a-z]`.
    Set(Vec<(char, char)>, bool),
}

/// Whether `path` is what `pattern` means.
pub fn matches(pattern: &str, path: &str, style: Style) -> bool {
    alternatives(pattern, style).iter().any(|pattern| fits(&tokens(pattern, style), path))
}

/// `a{b,c{d,e}}f` written out.
fn alternatives(pattern: &str, style: Style) -> Vec<String> {
    let mut todo = vec![pattern.to_owned()];
    let mut done = Vec::new();
    while let Some(pattern) = todo.pop() {
        let close = pattern.find('}');
        let open = close.and_then(|close| pattern[..close].rfind('{'));
        match (open, close) {
            (Some(open), Some(close))
                if todo.len() + done.len() < MAX_ALTERNATIVES
                    && (style == Style::Go || pattern[open..close].contains(',')) =>
            {
                let parts = pattern[open + 1..close].split(',');
                todo.extend(parts.map(|part| format!("{}{part}{}", &pattern[..open], &pattern[close + 1..])));
                todo.truncate(MAX_ALTERNATIVES);
            }
            _ => done.push(pattern),
        }
    }
    done
}

fn tokens(pattern: &str, style: Style) -> Vec<Token> {
    let whole = style == Style::Whole;
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => {
                let starts_part =
                    style != Style::Go && matches!(tokens.last(), None | Some(Token::Char('/') | Token::Folders));
                if let Some(after) = rest.strip_prefix("*/").filter(|_| starts_part) {
                    tokens.push(Token::Folders);
                    rest = after;
                } else if let Some(after) = rest.strip_prefix('*') {
                    tokens.push(Token::Many(true));
                    rest = after.trim_start_matches('*');
                } else {
                    tokens.push(Token::Many(whole));
                }
            }
            '?' => tokens.push(Token::Any(whole)),
            '\\' => {
                let escaped = rest.chars().next();
                rest = &rest[escaped.map_or(0, char::len_utf8)..];
                tokens.push(Token::Char(escaped.unwrap_or('\\')));
            }
            '[' => match set(rest) {
                Some((token, after)) => {
                    tokens.push(token);
                    rest = after;
                }
                None => tokens.push(Token::Char('[')),
            },
            c => tokens.push(Token::Char(c)),
        }
    }
    tokens
}

/// What follows `[`, and the rest behind `]`.
fn set(text: &str) -> Option<(Token, &str)> {
    let (negated, inner) = match text.strip_prefix(['!', '^']) {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    // A bracket directly behind the first is one of the set.
    let skip = usize::from(inner.starts_with(']'));
    let close = skip + inner.get(skip..)?.find(']')?;
    let mut ranges = Vec::new();
    let mut chars = inner[..close].chars().peekable();
    while let Some(from) = chars.next() {
        let mut to = from;
        if chars.peek() == Some(&'-') {
            chars.next();
            match chars.next() {
                Some(end) => to = end,
                None => ranges.push(('-', '-')),
            }
        }
        ranges.push((from, to));
    }
    Some((Token::Set(ranges, negated), &inner[close + 1..]))
}

/// All places in `tokens` that the text so far can have led to, followed character by character.
fn fits(tokens: &[Token], path: &str) -> bool {
    let mut places = vec![false; tokens.len() + 1];
    // In the middle of a folder's name that `**/` stands for.
    let mut inside = vec![false; tokens.len()];
    places[0] = true;
    skip(tokens, &mut places);
    for c in path.chars() {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate() {
            let here = places[at];
            match token {
                Token::Char(wanted) => next[at + 1] |= here && *wanted == c,
                Token::Any(slashes) => next[at + 1] |= here && (*slashes || c != '/'),
                Token::Many(slashes) => next[at] |= here && (*slashes || c != '/'),
                Token::Folders => {
                    let within = here || inside[at];
                    next[at] |= within && c == '/';
                    inside[at] = within && c != '/';
                }
                Token::Set(ranges, negated) => {
                    let listed = ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                    next[at + 1] |= here && listed != *negated && c != '/';
                }
            }
        }
        places = next;
        skip(tokens, &mut places);
    }
    places[tokens.len()]
}

/// `*` and `**/` may stand for nothing.
fn skip(tokens: &[Token], places: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        places[at + 1] |= places[at] && matches!(token, Token::Many(_) | Token::Folders);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_wholes() {
        for (pattern, path, parts, whole) in [
            ("*.md", "a.md", true, true),
            ("*.md", "x/a.md", false, true),
            ("**/a.md", "a.md", true, true),
            ("**/a.md", "x/y/a.md", true, true),
            ("**/a.md", "xa.md", false, false),
            ("x/**", "x/y/z", true, true),
            ("x/**/z", "x/z", true, true),
            ("x/**/z", "x/a/b/z", true, true),
            ("x/**/z", "x/abz", false, false),
            ("x/*/z", "x/a/b/z", false, true),
            ("a?c", "a/c", false, true),
            ("{a,b}/*.{md,txt}", "b/x.txt", true, true),
            ("{a,b{c,d}}", "bd", true, true),
            ("[a-c]x[!0-9]", "bxz", true, true),
            ("[a-c]x[!0-9]", "bx5", false, false),
            ("a\\*b", "a*b", true, true),
            ("[ab", "[ab", true, true),
            ("", "", true, true),
            ("**", "a/b", true, true),
            ("**/**/z", "a/b/z", true, true),
        ] {
            assert_eq!(matches(pattern, path, Style::Parts), parts, "{pattern} {path}");
            assert_eq!(matches(pattern, path, Style::Whole), whole, "{pattern} {path}");
        }
    }

    #[test]
    fn as_hugo_means_them() {
        for (pattern, path, expected) in [
            ("/blog/**", "/blog/a/b", true),
            ("/blog/*", "/blog/a/b", false),
            ("/blog/*", "/blog/a", true),
            ("/{blog,blog/**}", "/blog/a/b", true),
            ("/{blog,blog/**}", "/blogs/a", false),
            ("{/docs/**}", "/docs/a", true),
            ("**", "/x/y", true),
            ("**/q.md", "q.md", false),
            ("/b?og/[!p]", "/blog/x", true),
            ("/b?og/[!p]", "/blog/p", false),
            ("/*", "/about", true),
        ] {
            assert_eq!(matches(pattern, path, Style::Go), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let path = "a".repeat(4_000);
        assert!(!matches(&"*a".repeat(500), &path[..100], Style::Parts));
        assert!(!matches(&format!("{}b", "**/".repeat(500)), &path, Style::Parts));
        assert!(!matches(&"{a,b}".repeat(40), &path, Style::Whole));
        assert!(!matches(&"{".repeat(2_000), &path, Style::Whole));
    }
}
