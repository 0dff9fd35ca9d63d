//! Where a page's header ends and its body begins, by Jekyll's own expression.

/// Whether the first line is a fence.
pub(super) fn has_header(text: &str) -> bool {
    text.strip_prefix("---").and_then(|rest| rest.split_once('\n')).is_some_and(|(rest, _)| rest.trim().is_empty())
}

/// A page's text in its parts.
pub(super) struct Cut<'t> {
    pub(super) header: Option<&'t str>,
    pub(super) body: &'t str,
    /// 1-based.
    pub(super) body_line: usize,
}

/// By Jekyll's own expression: `---` alone on the first line, to the first line of `---` or `...`. Blank lines behind
/// it belong to neither.
pub(super) fn cut(text: &str) -> Cut<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let whole = Cut { header: None, body: text, body_line: 1 };
    if !has_header(text) {
        return whole;
    }
    let header_start = text.find('\n').map_or(text.len(), |at| at + 1);
    let mut at = header_start;
    let mut line = 2;
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length + 1);
        let fence = text[at..end].strip_prefix("---").or_else(|| text[at..end].strip_prefix("..."));
        if fence.is_some_and(|rest| rest.trim().is_empty()) {
            // A second document in the header is not read.
            let header = &text[header_start..at];
            let second = if header.starts_with("--- ") { Some(0) } else { header.find("\n--- ").map(|at| at + 1) };
            let header = &header[..second.unwrap_or(header.len())];
            let mut body = end;
            let mut body_line = line + 1;
            while let Some(length) =
                text[body..].find('\n').filter(|length| text[body..body + length].trim().is_empty())
            {
                body += length + 1;
                body_line += 1;
            }
            return Cut { header: Some(header), body: &text[body..], body_line };
        }
        at = end;
        line += 1;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_as_jekyll_cuts_it() {
        for (text, header, body, line) in [
            ("---\na: 1\n---\nx", Some("a: 1\n"), "x", 4),
            ("\u{feff}---  \r\na: 1\r\n...\r\n\r\n \n x", Some("a: 1\r\n"), " x", 6),
            ("---\n---\n\nx", Some(""), "x", 4),
            ("---\na: 1\n----\nx", None, "---\na: 1\n----\nx", 1),
            ("--- a\n---\nx", None, "--- a\n---\nx", 1),
            ("\n---\n---\nx", None, "\n---\n---\nx", 1),
        ] {
            let cut = cut(text);
            assert_eq!((cut.header, cut.body, cut.body_line), (header, body, line), "{text:?}");
        }
    }
}
