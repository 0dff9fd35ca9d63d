//! Python's source as logical lines, and a line as tokens.

use serde_json::Value;

/// Lines with their indent; what is in brackets, in a long string or behind a backslash belongs to the line.
pub(super) fn logical_lines(source: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut depth = 0_usize;
    let mut rest = source.trim_start_matches('\u{feff}');
    let mut finish = |line: &mut String| {
        if !line.trim().is_empty() {
            let indent =
                line.chars().take_while(|c| matches!(c, ' ' | '\t')).map(|c| if c == '\t' { 8 } else { 1 }).sum();
            lines.push((indent, std::mem::take(line)));
        }
        line.clear();
    };
    while let Some(c) = rest.chars().next() {
        match c {
            '#' => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '"' | '\'' => {
                let length = string_length(rest);
                line.push_str(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
            '\\' if rest[1..].trim_start_matches('\r').starts_with('\n') => {
                rest = &rest[rest.find('\n').map_or(rest.len(), |at| at + 1)..];
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '\n' if depth == 0 => finish(&mut line),
            _ => {}
        }
        if c != '\n' || depth > 0 {
            line.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
        }
        rest = &rest[c.len_utf8()..];
    }
    finish(&mut line);
    lines
}

/// Octets of the string literal that `text` begins with, its quotes among them.
fn string_length(text: &str) -> usize {
    let quote = &text[..1];
    let long = quote.repeat(3);
    let end = if text.starts_with(&long) { long.as_str() } else { quote };
    let mut at = end.len();
    while at < text.len() {
        if text[at..].starts_with(end) {
            return at + end.len();
        }
        let c = text[at..].chars().next().unwrap_or('"');
        if c == '\n' && end.len() == 1 {
            return at;
        }
        at += c.len_utf8();
        if c == '\\' {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    text.len()
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(Value),
    Sign(char),
    /// `==`, `!=`, `+=`, `<=` …
    Pair(String),
}

pub(super) fn tokens(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
        } else if c.is_ascii_digit() {
            let length =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_')).unwrap_or(rest.len());
            let number = rest[..length].replace('_', "");
            let value = number.parse::<i64>().map(Value::from).or_else(|_| number.parse::<f64>().map(Value::from));
            tokens.push(Token::Number(value.unwrap_or_default()));
            rest = &rest[length..];
        } else if word > 0 {
            let name = &rest[..word];
            let is_prefix = name.len() <= 2 && name.bytes().all(|byte| b"uUrRbBfF".contains(&byte));
            if is_prefix && rest[word..].starts_with(['"', '\'']) {
                let length = string_length(&rest[word..]);
                let raw = name.contains(['r', 'R']);
                tokens.push(Token::Text(unquoted(&rest[word..word + length], raw)));
                rest = &rest[word + length..];
            } else {
                tokens.push(Token::Name(name.to_owned()));
                rest = &rest[word..];
            }
        } else if matches!(c, '"' | '\'') {
            let length = string_length(rest);
            tokens.push(Token::Text(unquoted(&rest[..length], false)));
            rest = &rest[length..];
        } else {
            let two = rest.get(..2).filter(|two| two.ends_with('=') && "=!<>+-*/|".contains(c));
            match two {
                Some(two) => tokens.push(Token::Pair(two.to_owned())),
                None => tokens.push(Token::Sign(c)),
            }
            rest = &rest[two.map_or(c.len_utf8(), str::len)..];
        }
    }
    tokens
}

/// The text of a string literal.
fn unquoted(literal: &str, raw: bool) -> String {
    let quote = &literal[..1];
    let long = quote.repeat(3);
    let end = if literal.starts_with(&long) && literal.len() >= 6 { long.as_str() } else { quote };
    let inner = literal[end.len()..].strip_suffix(end).unwrap_or(&literal[end.len()..]);
    if raw || !inner.contains('\\') {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.clone().next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\n') | None => {}
            Some(c @ ('x' | 'u' | 'U')) => {
                let digits = match c {
                    'x' => 3,
                    'u' => 5,
                    _ => 9,
                };
                // The letter itself is taken with them.
                let text: String = rest.by_ref().take(digits).skip(1).collect();
                out.extend(u32::from_str_radix(&text, 16).ok().and_then(char::from_u32));
                continue;
            }
            Some(c @ ('\\' | '\'' | '"')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
        }
        rest.next();
    }
    out
}
