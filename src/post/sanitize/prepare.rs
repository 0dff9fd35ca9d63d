//! The first pass: what readers cannot show becomes what they can, tags that none of them knows go, and nesting is bounded.
//!
//! It sees one tag after the other and builds no tree: what it takes away is not there for the parser that comes after it.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::LazyLock;

use lol_html::html_content::{ContentType, Element};
use lol_html::{RewriteStrSettings, element, rewrite_str};

use super::{embed, unescaped};

/// Deeper elements lose their tags.
const MAX_DEPTH: usize = 100;

/// Open formatting elements (`b`, `font`, …): HTML repeats each of them in every paragraph that follows.
const MAX_FORMATTING: usize = 12;

/// Elements that the parser may make in all; past it, tags are dropped.
const MAX_ELEMENTS: usize = 400_000;

/// The HTML for the parser, and the ids and names that are in it.
pub fn prepared(html: &str) -> (String, HashSet<String>) {
    let ids = RefCell::new(HashSet::new());
    let open = Rc::new(RefCell::new(Open::default()));
    let formatting = Rc::new(Cell::new(0_usize));
    let elements = Cell::new(0_usize);
    let each = |element: &mut Element<'_, '_>| {
        let tag = element.tag_name();
        for name in ["id", "name"] {
            if let Some(id) = element.get_attribute(name) {
                ids.borrow_mut().insert(id.trim().to_owned());
            }
        }
        let Some(tag) = replace(element, tag, &open.borrow()) else { return Ok(()) };
        if element.removed() || !element.can_have_content() {
            return Ok(());
        }
        let is_formatting = FORMATTING.contains(&tag.as_str());
        elements.set(elements.get() + 1 + formatting.get());
        open.borrow_mut().close_before(&tag);
        let too_many = elements.get() > MAX_ELEMENTS || open.borrow().0.len() >= MAX_DEPTH;
        if too_many || is_formatting && formatting.get() >= MAX_FORMATTING {
            unwrap(element);
            return Ok(());
        }
        let this = elements.get();
        open.borrow_mut().0.push((this, tag.clone()));
        formatting.set(formatting.get() + usize::from(is_formatting));
        if let Some(handlers) = element.end_tag_handlers() {
            let (open, formatting) = (Rc::clone(&open), Rc::clone(&formatting));
            handlers.push(Box::new(move |end| {
                // The rewriter takes `</li>` for the end of the `<ul>` in it as well; the parser does not.
                if end.name() == tag {
                    open.borrow_mut().close(this);
                }
                formatting.set(formatting.get().saturating_sub(usize::from(is_formatting)));
                Ok(())
            }));
        }
        Ok(())
    };
    let settings = RewriteStrSettings::new().with_strict(false).append_element_content_handler(element!("*", each));
    // It fails on nothing but its memory limit; then only text is left.
    let html = rewrite_str(html, settings).unwrap_or_else(|_| ammonia::clean_text(html));
    (html, ids.into_inner())
}

/// The elements that the parser holds open, outermost first, each with a number of its own. It may hold fewer: never more.
#[derive(Default)]
struct Open(Vec<(usize, String)>);

impl Open {
    /// Elements whose end tag may be left out.
    fn ends_by_itself(tag: &str) -> bool {
        matches!(tag, "p" | "li" | "dt" | "dd" | "td" | "th" | "tr" | "tbody" | "thead" | "tfoot")
    }

    /// What a start tag ends (HTML standard §13.2.6.4.7, .12 to .15). An item ends the one before it only where nothing but
    /// paragraphs lies between: `<li><dd><li><dd>` is nesting. Cells end something only in a table, where they are cells.
    fn close_before(&mut self, tag: &str) {
        let steps: &[&[&str]] = match tag {
            "p" => &[&["p"]],
            "li" => &[&["p"], &["li"]],
            "dt" | "dd" => &[&["p"], &["dt", "dd"]],
            "td" | "th" => &[&["p", "li", "dt", "dd"], &["td", "th"]],
            "tr" => &[&["p", "li", "dt", "dd"], &["td", "th"], &["tr"]],
            "tbody" | "thead" | "tfoot" => {
                &[&["p", "li", "dt", "dd"], &["td", "th"], &["tr"], &["tbody", "thead", "tfoot"]]
            }
            _ => return,
        };
        let below = self.0.iter().rev().find(|(_, open)| !Self::ends_by_itself(open));
        let in_a_table = below.is_some_and(|(_, open)| open == "table");
        if matches!(tag, "td" | "th" | "tr" | "tbody" | "thead" | "tfoot") && !in_a_table {
            return;
        }
        for (at, ended) in steps.iter().enumerate() {
            // A cell ends all that is open in the cell before it.
            let many = at == 0 && in_a_table;
            while self.0.last().is_some_and(|(_, open)| ended.contains(&open.as_str())) {
                self.0.pop();
                if !many {
                    break;
                }
            }
        }
    }

    /// Its end tag came. What may end by itself ends with it, and all that is open in a container (a table's own parts
    /// apart); any other end tag leaves what is open inside as it is.
    fn close(&mut self, number: usize) {
        let Some(at) = self.0.iter().rposition(|(open, _)| *open == number) else { return };
        let (inside, tag) = (&self.0[at + 1..], self.0[at].1.as_str());
        let is_container = !Self::ends_by_itself(tag) && !FORMATTING.contains(&tag);
        let ends_all = is_container && inside.iter().all(|(_, open)| open != "table");
        if ends_all || inside.iter().all(|(_, open)| Self::ends_by_itself(open)) {
            self.0.truncate(at);
        } else {
            self.0.remove(at);
        }
    }
}

const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Tags that are written, and those that go with all that is in them; all others are taken away before the parser comes.
static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut known = super::rules().clone_tags();
    known.extend(super::GONE);
    known.extend(["script", "style"]);
    known
});

/// Boxes on a page that are no more than that.
const BOXES: [&str; 14] = [
    "address", "article", "body", "dialog", "fieldset", "footer", "form", "header", "hgroup", "legend", "main", "menu",
    "nav", "search",
];

/// Puts what readers do not show as what they do; the name of the element that it is now, `None` where it is none any more.
fn replace(element: &mut Element<'_, '_>, tag: String, open: &Open) -> Option<String> {
    let is = |wanted: &str| {
        element
            .get_attribute("class")
            .is_some_and(|classes| classes.split_ascii_whitespace().any(|class| class == wanted))
    };
    match tag.as_str() {
        "iframe" | "embed" | "object" => {
            let names = ["data-src", "data-lazy-src", "src", "data"];
            match names.iter().filter_map(|name| element.get_attribute(name)).find(|address| is_loadable(address)) {
                Some(address) => {
                    let title = element.get_attribute("title").unwrap_or_default();
                    let link = embed::link(&unescaped(&address), &unescaped(&title));
                    element.replace(&link, ContentType::Html);
                    give_back(element);
                }
                // What stands in for it.
                None if tag == "object" => unwrap(element),
                None => {
                    element.remove();
                    give_back(element);
                }
            }
            return None;
        }
        "input" => {
            let checkbox = element.get_attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox"));
            let mark = super::CHECKBOXES[usize::from(element.has_attribute("checked"))];
            if checkbox {
                element.replace(mark.encode_utf8(&mut [0; 4]), ContentType::Text);
            } else {
                element.remove();
            }
        }
        "img" | "source" => {
            if tag == "img" {
                styled_width(element);
            }
            late_picture(element);
        }
        // The same formula again, sign by sign, for the eye.
        "span" if is("katex-html") => {
            element.remove();
            give_back(element);
            return None;
        }
        // Code is what it says: its colours are the site's.
        "span" | "font" if open.0.iter().any(|(_, open)| open == "pre") => {
            unwrap(element);
            return None;
        }
        "a" if ANCHORS.iter().any(|class| is(class)) && open.0.iter().any(|(_, open)| is_heading(open)) => {
            element.remove();
            give_back(element);
            return None;
        }
        "div" if is("mermaid") => return Some(rename(element, "pre")),
        _ if BOXES.contains(&tag.as_str()) => return Some(rename(element, "div")),
        _ if !KNOWN.contains(tag.as_str()) => {
            unwrap(element);
            return None;
        }
        _ => {}
    }
    Some(tag)
}

/// Neither nothing nor what no reader can load.
fn is_loadable(address: &str) -> bool {
    let address = address.trim();
    let is = |scheme: &&str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    !address.is_empty() && !["data:", "about:", "javascript:", "blob:"].iter().any(is)
}

/// Takes the tags away. The rewriter's own way takes the end tag of what is around it, where its own is left out; so do its ways of
/// renaming and removing.
fn unwrap(element: &mut Element<'_, '_>) {
    let tag = element.tag_name();
    element.start_tag().remove();
    if let Some(handlers) = element.end_tag_handlers() {
        handlers.push(Box::new(move |end| {
            if end.name() == tag {
                end.remove();
            }
            Ok(())
        }));
    }
}

/// The name that it has then.
fn rename(element: &mut Element<'_, '_>, to: &'static str) -> String {
    let tag = element.tag_name();
    element.start_tag().set_name(to);
    if let Some(handlers) = element.end_tag_handlers() {
        handlers.push(Box::new(move |end| {
            if end.name() == tag {
                end.set_name(to);
            }
            Ok(())
        }));
    }
    to.to_owned()
}

/// The end tag of another that went with what was removed whole.
fn give_back(element: &mut Element<'_, '_>) {
    let tag = element.tag_name();
    if let Some(handlers) = element.end_tag_handlers() {
        handlers.push(Box::new(move |end| {
            let name = end.name();
            if name != tag {
                end.after(&format!("</{name}>"), ContentType::Html);
            }
            Ok(())
        }));
    }
}

/// Classes of the links beside headings that are there to be copied.
const ANCHORS: [&str; 9] = [
    "anchor",
    "anchor-link",
    "anchorjs-link",
    "direct-link",
    "hash-link",
    "header-anchor",
    "headerlink",
    "heading-anchor",
    "zola-anchor",
];

fn is_heading(tag: &str) -> bool {
    matches!(tag.as_bytes(), [b'h', b'1'..=b'6'])
}

/// The width that its style says: the style itself does not stay.
fn styled_width(element: &mut Element<'_, '_>) {
    let Some(style) = element.get_attribute("style") else { return };
    let width = super::declared(&style, "width").find_map(|value| {
        let value = value.split('!').next().unwrap_or_default().trim();
        let (number, unit) =
            value.strip_suffix("px").map(|px| (px, "")).or_else(|| value.strip_suffix('%').map(|of| (of, "%")))?;
        let number = number.split('.').next().filter(|number| number.parse::<u16>().is_ok_and(|number| number > 0))?;
        Some(format!("{number}{unit}"))
    });
    if let Some(width) = width {
        // It cannot fail: the name is one.
        let _ = element.set_attribute("width", &width);
    }
}

/// A picture that a script would have loaded is loaded by the reader; one that cannot be is what it is called.
fn late_picture(element: &mut Element<'_, '_>) {
    let first = |names: &[&str], element: &Element<'_, '_>| names.iter().find_map(|name| element.get_attribute(name));
    let is_source = element.tag_name() == "source";
    let late_set = first(&["data-srcset", "data-lazy-srcset"], element);
    if let Some(late) = &late_set {
        // It cannot fail: the name is one.
        let _ = element.set_attribute("srcset", late);
    }
    let src = element.get_attribute("src").filter(|src| is_loadable(src));
    let of_set = |set: String| {
        let mut words = set.split_ascii_whitespace().map(|word| word.trim_matches(','));
        words.find(|word| word.len() > 1 && is_loadable(word)).map(str::to_owned)
    };
    // What stands there meanwhile is no picture; and who knows no `srcset` shows what `src` says.
    let late = first(&super::LAZY, element).filter(|late| is_loadable(late)).or_else(|| late_set.and_then(of_set));
    let late = late.or_else(|| element.get_attribute("srcset").filter(|_| src.is_none()).and_then(of_set));
    if let Some(late) = late.filter(|_| !is_source) {
        let _ = element.set_attribute("src", &late);
    } else if src.is_none() && !is_source {
        let alt = element.get_attribute("alt").unwrap_or_default();
        element.replace(&unescaped(&alt), ContentType::Text);
    }
}
