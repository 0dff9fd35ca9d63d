//! The beginning of a post that is too long for a mail, cut between its blocks.

use std::borrow::Cow;

use crate::post::flow::{Tag, closed, is_inline, is_void, tags};

/// Where `html` can be cut.
struct Place<'h> {
    end: usize,
    /// What is open there, outermost first.
    open: Vec<&'h str>,
}

/// The longest beginning of well-formed `html` that ends between two blocks and has at most `limit` octets, and how many of `html`
/// it shows; a heading that nothing follows is left out. What stands in lists, boxes and tables is cut in there only where
/// it would be much shorter otherwise. Empty where not even the first block fits.
pub fn beginning(html: &str, limit: usize) -> (Cow<'_, str>, usize) {
    if html.len() <= limit {
        return (Cow::Borrowed(html), html.len());
    }
    let mut open: Vec<&str> = Vec::new();
    // The last one with so many elements around it.
    let mut places: Vec<Option<Place<'_>>> = Vec::new();
    for tag in tags(html) {
        if tag.range.end > limit {
            break;
        }
        if tag.closes && !closed(&mut open, tag.name) {
            continue;
        }
        if let Some(end) = ends_at(&tag, &open).filter(|end| end + closing(&open).len() <= limit) {
            places.resize_with(places.len().max(open.len() + 1), || None);
            places[open.len()] = Some(Place { end, open: open.clone() });
        }
        if !tag.closes && !is_void(tag.name) {
            open.push(tag.name);
        }
    }
    let most = places.iter().flatten().map(|place| place.end).max().unwrap_or(0);
    let good_enough = most - most / 20;
    let place = places.iter().flatten().find(|place| place.end >= good_enough);
    place.map_or((Cow::Borrowed(""), 0), |place| {
        let html = &html[..place.end];
        let shown = if place.open.is_empty() {
            Cow::Borrowed(html)
        } else {
            Cow::Owned([html, &closing(&place.open)].concat())
        };
        (shown, place.end)
    })
}

/// Where the text may end at this tag, inside of what is `open`.
fn ends_at(tag: &Tag<'_>, open: &[&str]) -> Option<usize> {
    // What these begin is not said before what follows them.
    let begins = matches!(
        tag.name,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dt" | "summary" | "caption" | "figcaption" | "colgroup" | "thead"
    );
    let (lines, around) = match open.split_last() {
        Some((&"p", around)) => (true, around),
        _ => (false, open),
    };
    let may = around.iter().all(|name| HOLDS_BLOCKS.contains(name));
    match tag.name {
        "br" if may => Some(tag.range.start),
        _ if tag.closes && may && !lines && !begins && !is_inline(tag.name) => Some(tag.range.end),
        _ => None,
    }
}

/// Elements that may end between two of those in them.
const HOLDS_BLOCKS: [&str; 13] =
    ["div", "section", "center", "main", "details", "ul", "ol", "li", "dl", "dd", "blockquote", "table", "tbody"];

fn closing(open: &[&str]) -> String {
    open.iter().rev().flat_map(|name| ["</", name, ">"]).collect()
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
            (29, "<p>one</p>"),
            (30, "<p>one</p>\n<ul><li>a</li></ul>"),
            (39, "<p>one</p>\n<ul><li>a</li></ul>"),
            (40, "<p>one</p>\n<ul><li>a</li><li>b</li></ul>"),
            (60, "<p>one</p>\n<ul><li>a</li><li>b</li></ul>"),
            (1000, html),
        ] {
            assert_eq!(beginning(html, limit).0, wanted, "{limit}");
        }
    }

    #[test]
    fn it_ends_inside_of_what_holds_much() {
        let rows = "<tr><td><p>x</p></td></tr>".repeat(9);
        for (html, limit, wanted, of) in [
            ("<div><p>a</p><h2>H</h2><p>b</p></div>", 36, "<div><p>a</p></div>", 13),
            ("<div><div><p>a</p></div><p>b</p></div>", 37, "<div><div><p>a</p></div></div>", 24),
            ("<p>ab<br>cd<br>ef<b>x<br>y</b></p>", 30, "<p>ab<br>cd</p>", 11),
            ("<table><thead><tr><th>x</th></tr></thead></table>", 40, "", 0),
            ("<p>one</p><p>two</p><p>three</p><ul><li>a</li></ul>", 50, "<p>one</p><p>two</p><p>three</p>", 32),
            (
                &format!("<table><tbody>{rows}</tbody></table>"),
                70,
                "<table><tbody><tr><td><p>x</p></td></tr></tbody></table>",
                40,
            ),
        ] {
            assert_eq!(beginning(html, limit), (Cow::Borrowed(wanted), of), "{html}");
        }
    }

    proptest! {
        #[test]
        fn it_is_a_beginning_and_fits(html in "(<p>|</p>|<li>|</li>|<br>|<img alt=\"[<>']\">|[a-z中<>\"/!]){0,60}", limit in 0..120_usize) {
            let (cut, of) = beginning(&html, limit);
            prop_assert!(cut.starts_with(&html[..of]) && cut.len() <= limit);
        }
    }
}
