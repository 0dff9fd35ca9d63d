//! kramdown's attribute lists, Jekyll's Markdown: `{: .class}`, `{:toc}`, `{::options /}`. They say how something looks, and go.
//!
//! Lines stay where they are; what stands behind a word is taken out when Markdown was read (see `markdown`).

use super::code::Code;

/// The text without lists that stand on their own lines, and without comments.
pub fn without_lists(text: &str) -> Option<String> {
    if !text.contains("{:") {
        return None;
    }
    let mut code = Code::new(text);
    let mut out = String::with_capacity(text.len());
    let mut comment = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let indent = line.len() - line.trim_start_matches([' ', '\t', '>']).len();
        let bare = line[indent..].trim_end();
        let end = &line[line.trim_end_matches(['\n', '\r']).len()..];
        if code.end(start + indent).is_some() && !comment {
            out.push_str(line);
            continue;
        }
        if bare == "{::comment}" || comment {
            comment = !bare.ends_with("{:/comment}") && !bare.ends_with("{:/}");
            out.push_str(end);
        } else if is_list(bare) {
            if bare.split([' ', '{', ':', '}']).any(|word| word == "toc") {
                drop_item(&mut out);
            }
            // A quotation goes on.
            out.push_str(line[..indent].trim_end());
            out.push_str(end);
        } else {
            out.push_str(line);
        }
    }
    Some(out)
}

/// A line that is nothing but attribute lists and options: `{: #id .class key="value"}`.
fn is_list(bare: &str) -> bool {
    bare.starts_with("{:") && bare.ends_with('}') && !bare[..bare.len() - 1].contains('}')
}

/// The table of contents stands for a list item above, whose words are a place-holder.
fn drop_item(out: &mut String) {
    let text = out.trim_end();
    let line = text.rfind('\n').map_or(0, |at| at + 1);
    let item = text[line..].trim_start();
    let number = item.trim_start_matches(|c: char| c.is_ascii_digit());
    if item.starts_with(['*', '-', '+']) || number.len() < item.len() && number.starts_with(['.', ')']) {
        let end = out[text.len()..].to_owned();
        out.truncate(line);
        out.push_str(&end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_on_their_own_lines_go() {
        for (text, expected) in [
            ("a\n{: .b #c key=\"v\"}\nd", "a\n\nd"),
            ("* TOC\n{:toc}\n\nx", "\n\n\nx"),
            ("1. This will be replaced\n{:toc max=2}\nx", "\n\nx"),
            ("{::options parse_block_html=\"true\" /}\nx", "\nx"),
            ("{::comment}\ngone\n{:/comment}\nx", "\n\n\nx"),
            ("> q\n> {: .c}\n> r", "> q\n>\n> r"),
            ("```\n{: .x}\n```\n`{:`\n{:a: .b}\n", "```\n{: .x}\n```\n`{:`\n\n"),
            ("|a|\n|-|\n|b|\n{: .table}\n", "|a|\n|-|\n|b|\n\n"),
            ("text {: .x} more", "text {: .x} more"),
        ] {
            assert_eq!(without_lists(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(without_lists("none"), None);
    }
}
