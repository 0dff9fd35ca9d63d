//! The beginning of a post that is too long for a mail, cut between its blocks.

/// Elements that never have an end tag (HTML standard §13.1.2).
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// The longest beginning of well-formed `html` that ends between two blocks of the outermost level and has at most `limit`
/// octets; a heading that nothing follows is left out. Empty where not even the first block fits.
pub fn beginning(html: &str, limit: usize) -> &str {
    if html.len() <= limit {
        return html;
    }
    let mut end = 0;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(open) = html[at..].find('<').map(|found| at + found) {
        let Some(close) = tag_end(&html[open..]).map(|found| open + found) else { break };
        let tag = &html[open + 1..close];
        at = close + 1;
        if tag.starts_with('!') {
            continue;
        }
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !VOID.contains(&name) {
            depth += 1;
        }
        if at > limit {
            break;
        }
        let heading = matches!(name.as_bytes(), [b'h', b'1'..=b'6']);
        if depth == 0 && tag.starts_with('/') && !heading {
            end = at;
        }
    }
    &html[..end]
}

/// Where the tag at the start of `html` has its `>`, which an attribute may hold too.
fn tag_end(html: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'>') => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_ends_between_blocks() {
        let html = "<p>one</p>\n<ul><li>a</li><li>b</li></ul><h2>Next</h2><p title=\"a>b\">three<br></p>";
        for (limit, wanted) in [
            (5, ""),
            (10, "<p>one</p>"),
            (39, "<p>one</p>"),
            (40, "<p>one</p>\n<ul><li>a</li><li>b</li></ul>"),
            (60, "<p>one</p>\n<ul><li>a</li><li>b</li></ul>"),
            (1000, html),
        ] {
            assert_eq!(beginning(html, limit), wanted, "{limit}");
        }
    }

    proptest! {
        #[test]
        fn it_is_a_beginning_and_fits(html in "(<p>|</p>|<li>|</li>|<br>|<img alt=\"[<>']\">|[a-z中<>\"/!]){0,60}", limit in 0..120_usize) {
            let cut = beginning(&html, limit);
            prop_assert!(html.starts_with(cut) && cut.len() <= limit.max(html.len().min(limit)));
        }
    }
}
