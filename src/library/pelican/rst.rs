//! The head of a file in reStructuredText: its title and the fields below it. The text is shown as Markdown, which most
//! of it reads like.

use super::article::Cut;

/// Title and fields, in either order, and what follows them.
pub fn cut(text: &str) -> Cut<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut metadata: Vec<(String, String, usize)> = Vec::new();
    let (mut rest, mut number) = (text, 1);
    let mut titled = false;
    loop {
        let (line, after) = first(rest);
        let (next, behind) = first(after);
        let (third, behind_third) = first(behind);
        let in_fields = metadata.last().is_some_and(|(key, ..)| key != "title");
        if rest.is_empty() {
            return Cut { metadata, body: rest, body_line: number };
        } else if line.trim().is_empty() {
            (rest, number) = (after, number + 1);
        } else if !titled && is_rule(line) && !next.trim().is_empty() && third == line {
            titled = true;
            metadata.push(("title".into(), next.trim().into(), number + 1));
            (rest, number) = (behind_third, number + 3);
        } else if !titled && is_rule(next) && !line.starts_with([' ', ':', '.']) {
            titled = true;
            metadata.push(("title".into(), line.trim().into(), number));
            (rest, number) = (behind, number + 2);
        } else if let Some((key, value)) = field(line) {
            metadata.push((key.to_lowercase(), value.trim().into(), number));
            (rest, number) = (after, number + 1);
        } else if let (true, true, Some((_, value, _))) =
            (line.starts_with([' ', '\t']), in_fields, metadata.last_mut())
        {
            value.push(' ');
            value.push_str(line.trim());
            (rest, number) = (after, number + 1);
        } else {
            return Cut { metadata, body: rest, body_line: number };
        }
    }
}

/// The first line without its end, and what follows.
fn first(text: &str) -> (&str, &str) {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    (line.trim_end(), after)
}

/// A line of one sign, which stands below a title.
fn is_rule(line: &str) -> bool {
    let sign = line.bytes().next().filter(u8::is_ascii_punctuation);
    line.len() > 1 && sign.is_some_and(|sign| line.bytes().all(|byte| byte == sign))
}

/// `:key: value`
fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix(':')?.split_once(':')?;
    let fits = !key.is_empty() && !key.contains('`') && (value.is_empty() || value.starts_with([' ', '\t']));
    fits.then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let fields = ":date: 2020-01-02\n:Tags: a,\n  b\n\nBody\n";
        for (text, line) in [
            (format!("A title\n=======\n\n{fields}"), 8),
            (format!("=======\nA title\n=======\n\n{fields}"), 9),
            (format!("\r\nA title\r\n#######\r\n{fields}"), 8),
        ] {
            let cut = cut(&text);
            let found: Vec<(&str, &str)> =
                cut.metadata.iter().map(|(key, value, _)| (key.as_str(), value.as_str())).collect();
            assert_eq!(found, [("title", "A title"), ("date", "2020-01-02"), ("tags", "a, b")], "{text}");
            assert_eq!((cut.body, cut.body_line), ("Body\n", line), "{text}");
        }
        assert_eq!(cut("Only text\n").body, "Only text\n");
    }
}
