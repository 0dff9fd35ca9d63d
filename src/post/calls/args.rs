//! What is given to a call: `name "one" key="two"`, `(key='x', n=1)`, `key: x`.

/// Values in order, and values by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Args {
    /// Without a name.
    pub positional: Vec<String>,
    /// Names as written.
    pub named: Vec<(String, String)>,
}

impl Args {
    /// Of the text behind a call's name. Blanks part values, and commas where `commas` says so. What is odd is a value.
    pub fn parse(text: &str, commas: bool) -> Self {
        let mut args = Self::default();
        let is_gap = |c: char| c.is_whitespace() || commas && c == ',';
        let mut rest = text.trim_start_matches(is_gap);
        while !rest.is_empty() {
            let (word, after) = value(rest, commas);
            let gap = after.len() - after.trim_start().len();
            let mark = after[gap..].chars().next();
            let is_name = rest.starts_with(|c: char| c.is_alphabetic() || c == '_') && !word.is_empty();
            if is_name && (mark == Some('=') || mark == Some(':') && gap == 0 && !after.starts_with("://")) {
                let (named, after) = value(after[gap + 1..].trim_start(), commas);
                args.named.push((word, named));
                rest = after;
            } else {
                // A lone mark is nothing, but must not hold us up.
                let stuck = after.len() == rest.len();
                args.positional.extend((!word.is_empty() || rest.starts_with(['"', '\'', '`'])).then_some(word));
                rest = if stuck {
                    after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default()
                } else {
                    after
                };
            }
            rest = rest.trim_start_matches(is_gap);
        }
        args
    }

    /// The first of these names that has a value that is not empty.
    pub fn get(&self, names: &[&str]) -> Option<&str> {
        let named =
            |name: &&str| self.named.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty());
        names.iter().find_map(named).map(|(_, value)| value.as_str())
    }

    /// By one of these names, or else the value at `place`.
    pub fn at(&self, place: usize, names: &[&str]) -> Option<&str> {
        self.get(names).or_else(|| self.positional.get(place).map(String::as_str)).filter(|value| !value.is_empty())
    }
}

/// One value, quoted or bare, and what follows it.
fn value(text: &str, commas: bool) -> (String, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    if let Some(quote) = quote {
        let mut out = String::new();
        let mut chars = text[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if quote != '`' => match chars.next() {
                    Some((_, escaped)) if escaped == quote || escaped == '\\' => out.push(escaped),
                    Some((_, other)) => out.extend(['\\', other]),
                    None => out.push('\\'),
                },
                c if c == quote => return (out, &text[at + 2..]),
                c => out.push(c),
            }
        }
        // Never closed: an apostrophe or an inch; it ends with the word.
    }
    let is_address = is_in_address(text);
    let end = text.find(|c: char| c.is_whitespace() || commas && c == ',' || matches!(c, '=' | ':') && !is_address);
    let (word, after) = text.split_at(end.unwrap_or(text.len()));
    (word.to_owned(), after)
}

/// `https://a.example/?a=b` is one value.
fn is_in_address(text: &str) -> bool {
    let word = text.split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or_default();
    word.contains("://")
        || word.starts_with(['/', '.', '@', '-', '#'])
        || word.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_names() {
        for (text, positional, named) in [
            ("abc", vec!["abc"], vec![]),
            (" \"a b\" 'c d' `e \\ f` ", vec!["a b", "c d", "e \\ f"], vec![]),
            (
                "src=\"/x.png\" alt=\"a \\\"b\\\"\" width=10",
                vec![],
                vec![("src", "/x.png"), ("alt", "a \"b\""), ("width", "10")],
            ),
            ("id='x', n=1", vec![], vec![("id", "x"), ("n", "1")]),
            ("file.html title: \"x\"", vec!["file.html"], vec![("title", "x")]),
            ("https://a.example/?a=b t", vec!["https://a.example/?a=b", "t"], vec![]),
            ("title = \"x\"", vec![], vec![("title", "x")]),
            ("5' high", vec!["5'", "high"], vec![]),
            ("'open", vec!["'open"], vec![]),
            ("= : \"\"", vec![""], vec![]),
            ("src=\"a\nb\"", vec![], vec![("src", "a\nb")]),
            ("", vec![], vec![]),
        ] {
            let args = Args::parse(text, true);
            let shown: Vec<(&str, &str)> =
                args.named.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(
                (args.positional, shown),
                (positional.into_iter().map(str::to_owned).collect(), named),
                "{text}"
            );
        }
    }
}
