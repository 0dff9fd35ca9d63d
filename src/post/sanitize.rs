//! HTML that may be shown anywhere: an allow-list, every address absolute, ids that do not clash. The one owner of
//! `ammonia` and `lol_html`.
//!
//! What Markdown gives of itself is cleaned as it stands ([`plain`]); everything else in two passes. The first turns what readers cannot show (frames, checkboxes, lazy pictures) into what they can, and
//! bounds nesting. The second, `ammonia`, decides alone what is safe. Whatever comes in, what goes out is well-formed.

mod plain;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::rc::Rc;

use lol_html::html_content::{ContentType, Element};
use lol_html::{RewriteStrSettings, element, rewrite_str};
use url::Url;

use super::Cover;
use crate::crypto;

/// Deeper elements lose their tags.
const MAX_DEPTH: usize = 100;

/// Open formatting elements (`b`, `font`, …): HTML repeats each of them in every paragraph that follows.
const MAX_FORMATTING: usize = 12;

/// Elements that the parser may make in all; past it, tags are dropped.
const MAX_ELEMENTS: usize = 400_000;

/// Sanitised `html` of the page at `page`, every address absolute against it.
pub fn sanitize(html: &str, page: &Url) -> String {
    plain::clean(html, page).unwrap_or_else(|| by_parser(html, page))
}

fn by_parser(html: &str, page: &Url) -> String {
    let ids = RefCell::new(HashSet::new());
    let prepared = prepare(html, &ids);
    let prefix = format!("p{}-", &crypto::sha256_hex(page.path().as_bytes())[..8]);
    let (ids, page) = (ids.into_inner(), page.clone());
    let mut rules = rules();
    rules.attribute_filter(move |_, attribute, value| match attribute {
        "href" | "cite" => link(&page, value, &ids, &prefix).map(Cow::Owned),
        "src" | "poster" => absolute(&page, value).filter(|url| url.starts_with("http")).map(Cow::Owned),
        "srcset" => source_set(&page, value).map(Cow::Owned),
        "id" | "name" => Some(Cow::Owned(format!("{prefix}{}", value.trim()))),
        _ => Some(Cow::Borrowed(value)),
    });
    rules.clean(&prepared).to_string()
}

/// The address made absolute and percent-encoded; `None` for what is no address or has a scheme other than `http`,
/// `https` and `mailto`.
pub fn absolute(page: &Url, address: &str) -> Option<String> {
    let url = page.join(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https" | "mailto") {
        return None;
    }
    let text = url.as_str();
    let host_end = text.find("://").map_or(0, |at| text[at + 3..].find('/').map_or(text.len(), |end| at + 3 + end));
    let (host, rest) = text.split_at(host_end);
    if !rest.contains(['[', ']', '|', '^', '`', '{', '}', '\\', '"', '<', '>', '\'']) {
        return Some(text.to_owned());
    }
    // RFC 3986 allows these nowhere in a path, query or fragment; browsers leave them.
    let mut out = host.to_owned();
    for c in rest.chars() {
        match c {
            '[' | ']' | '|' | '^' | '`' | '{' | '}' | '\\' | '"' | '<' | '>' | '\'' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{:02X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Some(out)
}

/// The pictures in HTML that [`sanitize`] wrote, in order.
pub fn pictures(html: &str) -> impl Iterator<Item = Cover> {
    html.match_indices("<img ").filter_map(|(at, _)| {
        let (tag, _) = html[at..].split_once('>')?;
        let value = |name: &str| {
            let (_, value) = tag.split_once(&format!(" {name}=\""))?;
            value.split_once('"').map(|(value, _)| unescaped(value))
        };
        value("src").map(|url| Cover { url, alt: value("alt").unwrap_or_default() })
    })
}

/// A link; one into this page's own ids follows their prefix.
fn link(page: &Url, address: &str, ids: &HashSet<String>, prefix: &str) -> Option<String> {
    if let Some(fragment) = address.trim().strip_prefix('#').filter(|fragment| ids.contains(*fragment)) {
        let mut own = page.clone();
        own.set_fragment(Some(&format!("{prefix}{fragment}")));
        return Some(own.into());
    }
    absolute(page, address)
}

/// `srcset` (HTML standard §4.8.4.2.2): addresses may hold commas, so only a comma behind one ends it.
fn source_set(page: &Url, value: &str) -> Option<String> {
    let mut candidates = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (address, mut after) = rest.split_at(end);
        let mut descriptor = "";
        if !address.ends_with(',') {
            let comma = after.find(',').unwrap_or(after.len());
            (descriptor, after) = after.split_at(comma);
        }
        rest = after;
        if let Some(url) = absolute(page, address.trim_end_matches(',')).filter(|url| url.starts_with("http")) {
            candidates.push(format!("{url} {}", descriptor.trim()).trim_end().replace(',', "%2C"));
        }
    }
    (!candidates.is_empty()).then(|| candidates.join(", "))
}

fn rules() -> ammonia::Builder<'static> {
    let mut rules = ammonia::Builder::default();
    rules
        .add_tags(["section", "picture", "source", "video", "audio"])
        .rm_tags(["area", "bdo", "map", "nav", "rtc", "header", "footer", "hgroup", "article"])
        .add_tag_attributes("img", ["srcset", "sizes", "title"])
        .add_tag_attributes("source", ["src", "srcset", "sizes", "type", "media"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("a", ["name"])
        .add_tag_attributes("ol", ["type", "reversed"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("p", ["align"])
        .add_tag_attributes("div", ["align"])
        .add_generic_attributes(["id", "dir"])
        .rm_clean_content_tags(Vec::<&str>::new())
        .add_clean_content_tags([
            "svg", "math", "template", "noscript", "iframe", "object", "embed", "noembed", "noframes", "select",
            "textarea", "title", "head", "xmp", "canvas",
        ])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(None);
    rules
}

/// The first pass.
fn prepare(html: &str, ids: &RefCell<HashSet<String>>) -> String {
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
        replace(element, &tag);
        if element.removed() || !element.can_have_content() {
            return Ok(());
        }
        let is_formatting = FORMATTING.contains(&tag.as_str());
        elements.set(elements.get() + 1 + formatting.get());
        open.borrow_mut().close_before(&tag);
        let too_many = elements.get() > MAX_ELEMENTS || open.borrow().0.len() >= MAX_DEPTH;
        if too_many || is_formatting && formatting.get() >= MAX_FORMATTING {
            element.remove_and_keep_content();
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
    rewrite_str(html, settings).unwrap_or_else(|_| ammonia::clean_text(html))
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

/// What readers do not show, as what they do.
fn replace(element: &mut Element<'_, '_>, tag: &str) {
    match tag {
        "iframe" | "embed" | "object" => {
            let address = ["src", "data", "data-src"].iter().find_map(|name| element.get_attribute(name));
            match address.filter(|address| !address.trim().is_empty() && !address.trim().starts_with("data:")) {
                Some(address) => {
                    let address = watch_page(address.trim());
                    let shown = element.get_attribute("title").filter(|title| !title.trim().is_empty());
                    let shown = shown.unwrap_or_else(|| address.trim_start_matches("//").to_owned());
                    let link = format!("<a href=\"{}\">{}</a>", attribute(&address), ammonia::clean_text(&shown));
                    element.replace(&link, ContentType::Html);
                }
                None => element.remove(),
            }
        }
        "input" => {
            let checkbox = element.get_attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox"));
            let mark = if element.has_attribute("checked") { "☑" } else { "☐" };
            if checkbox { element.replace(mark, ContentType::Text) } else { element.remove() }
        }
        "img" => {
            let lazy =
                ["data-src", "data-original", "data-lazy-src"].iter().find_map(|name| element.get_attribute(name));
            let unseen =
                element.get_attribute("src").is_none_or(|src| src.trim().is_empty() || src.starts_with("data:"));
            match lazy {
                Some(lazy) if unseen => {
                    let _ = element.set_attribute("src", &lazy);
                }
                _ if unseen && !element.has_attribute("srcset") => {
                    let alt = element.get_attribute("alt").unwrap_or_default();
                    element.replace(&unescaped(&alt), ContentType::Text);
                }
                _ => {}
            }
        }
        "noscript" => element.remove(),
        _ => {}
    }
}

/// The page of a video instead of its player.
fn watch_page(address: &str) -> String {
    let id = ["youtube.com/embed/", "youtube-nocookie.com/embed/"].iter().find_map(|player| address.split_once(player));
    match id.map(|(_, id)| id.split(['?', '&', '/']).next().unwrap_or_default()) {
        Some(id) if !id.is_empty() => format!("https://www.youtube.com/watch?v={id}"),
        _ => address.to_owned(),
    }
}

/// Attribute values come raw, references and all.
fn attribute(raw: &str) -> String {
    raw.replace('"', "&quot;").replace('<', "&lt;")
}

fn unescaped(raw: &str) -> String {
    raw.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        sanitize(html, &Url::parse("https://example.org/blog/p/").unwrap())
    }

    #[test]
    fn every_address_is_absolute() {
        for (html, expected) in [
            ("<a href=\"/x\">a</a>", "<a href=\"https://example.org/x\">a</a>"),
            ("<a href=\"x y.md\">a</a>", "<a href=\"https://example.org/blog/p/x%20y.md\">a</a>"),
            ("<a href=\"//other.org/x\">a</a>", "<a href=\"https://other.org/x\">a</a>"),
            ("<a href=\"#there\">a</a>", "<a href=\"https://example.org/blog/p/#there\">a</a>"),
            (
                "<a href=\"/你好?a=1&copy=2\">a</a>",
                "<a href=\"https://example.org/%E4%BD%A0%E5%A5%BD?a=1&amp;copy=2\">a</a>",
            ),
            ("<a href=\"mailto:a@b.c\">a</a>", "<a href=\"mailto:a@b.c\">a</a>"),
            ("<a href=\"https://例子.测试/\">a</a>", "<a href=\"https://xn--fsqu00a.xn--0zwm56d/\">a</a>"),
            ("<img src=\"a.png\" alt=\"x\">", "<img src=\"https://example.org/blog/p/a.png\" alt=\"x\">"),
            (
                "<video poster=\"/p.png\" src=\"v.mp4\" controls></video>",
                "<video poster=\"https://example.org/p.png\" src=\"https://example.org/blog/p/v.mp4\" controls=\"\"></video>",
            ),
            (
                "<img src=\"/a\" srcset=\"a,b.png 1x, /c.png 2x\">",
                "<img src=\"https://example.org/a\" srcset=\"https://example.org/blog/p/a%2Cb.png 1x, https://example.org/c.png 2x\">",
            ),
            ("<a href=\"/a[1]|b\">a</a>", "<a href=\"https://example.org/a%5B1%5D%7Cb\">a</a>"),
            ("<blockquote cite=\"/c\">q</blockquote>", "<blockquote cite=\"https://example.org/c\">q</blockquote>"),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
    }

    #[test]
    fn only_addresses_of_the_web_and_of_mail() {
        let page = Url::parse("https://example.org/blog/p/").unwrap();
        for address in [
            "javascript:alert(1)",
            "data:image/png;base64,x",
            "ftp://a.example/",
            "file:///etc/passwd",
            "https://",
            "ttps://x",
        ] {
            assert_eq!(absolute(&page, address), None, "{address}");
        }
        assert_eq!(absolute(&page, " MAILTO:a@b.example ").as_deref(), Some("mailto:a@b.example"));
        assert_eq!(absolute(&page, "").as_deref(), Some("https://example.org/blog/p/"));
    }

    #[test]
    fn ids_do_not_clash_between_posts() {
        let html = "<p id=\"fn-1\">x <a href=\"#fn-1\">1</a></p>";
        let one = clean(html);
        let other = sanitize(html, &Url::parse("https://example.org/blog/q/").unwrap());
        let id = one.split('"').nth(1).unwrap().to_owned();
        assert!(one.contains(&format!("https://example.org/blog/p/#{id}")), "{one}");
        assert!(id.ends_with("-fn-1") && !other.contains(&id), "{other}");
    }

    #[test]
    fn what_is_unsafe_goes() {
        for html in [
            "<script>alert(1)</script>",
            "<style>p{}</style>",
            "<svg onload=alert(1)><script>x</script></svg>",
            "<math><mi xlink:href=\"javascript:alert(1)\">x</mi></math>",
            "<p onclick=\"x()\" style=\"color:red\">t</p>",
            "<a href=\"javascript:alert(1)\">t</a>",
            "<a href=\" jav&#x09;ascript:alert(1)\">t</a>",
            "<a href=\"data:text/html,x\">t</a>",
            "<a href=\"vbscript:x\">t</a>",
            "<form action=\"/x\"><input name=q><button>b</button></form>",
            "<base href=\"https://evil.example/\">",
            "<iframe srcdoc=\"<script>x</script>\"></iframe>",
            "<img src=x onerror=alert(1)>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<meta http-equiv=refresh content=0>",
            "<link rel=stylesheet href=x>",
            "<object data=\"javascript:alert(1)\">x</object>",
            "<template><script>x</script></template>",
            "<video><source onerror=\"alert(1)\"></video>",
            "<iframe src=\"javascript:alert(1)\"></iframe>",
        ] {
            let out = clean(html).to_lowercase();
            let tags: String =
                out.split('<').skip(1).filter_map(|part| part.split('>').next()).collect::<Vec<_>>().join(" ");
            for bad in [
                "script",
                "style",
                "svg",
                "math",
                "onclick",
                "onerror",
                "onload",
                "javascript",
                "vbscript",
                "data:",
                "form",
                "input",
                "iframe",
                "srcdoc",
                "evil",
                "meta",
                "link",
                "object",
                "base",
            ] {
                assert!(!tags.contains(bad), "{html}: {out}");
            }
            assert_eq!(clean(&out), out, "a second time changes it: {html}");
        }
    }

    #[test]
    fn what_readers_cannot_show_becomes_what_they_can() {
        for (html, expected) in [
            (
                "<iframe src=\"https://www.youtube.com/embed/abc?x=1\"></iframe>",
                "<a href=\"https://www.youtube.com/watch?v=abc\">https://www.youtube.com/watch?v=abc</a>",
            ),
            (
                "<iframe src=\"//player.example/v?a=1&amp;b=2\" title=\"Talk\"></iframe>",
                "<a href=\"https://player.example/v?a=1&amp;b=2\">Talk</a>",
            ),
            ("<li><input type=\"checkbox\" checked=\"\" disabled=\"\" /> done</li>", "<li>☑ done</li>"),
            ("<img data-src=\"/lazy.png\" alt=\"\">", "<img alt=\"\" src=\"https://example.org/lazy.png\">"),
            ("<img src=\"data:image/png;base64,xx\" alt=\"a &amp; b\">", "a &amp; b"),
            ("<my-card>text</my-card>", "text"),
            ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
    }

    #[test]
    fn hostile_nesting_is_cheap_and_small() {
        let fonts: String = (0..200).flat_map(|n| ["<font color=".to_owned(), n.to_string(), ">".to_owned()]).collect();
        for html in [
            "<div>".repeat(20_000),
            "<b>".repeat(20_000),
            format!("{fonts}{}", "<p>x".repeat(50_000)),
            "<table><tr><td>".repeat(5_000),
            "<a href=x>".repeat(20_000),
            "<ul><li>".repeat(10_000),
            "<".repeat(50_000),
            "<a ".repeat(50_000),
            "<select><option>".repeat(10_000),
        ] {
            let out = clean(&html);
            let shown: String = html.chars().take(20).collect();
            assert!(out.len() < 40 * html.len() + 1000, "{shown}: {}", out.len());
        }
    }

    #[test]
    fn what_the_parser_does_not_close_is_nesting() {
        let pairs = [
            "<li><dd>",
            "<dt><li>",
            "<td><p>",
            "<tr><li><dd>",
            "<p><li><dt>",
            "<table><td><li><dd>",
            "<li><ul></li>",
            "<p><ul></p>",
        ];
        for pair in pairs {
            let out = clean(&pair.repeat(20_000));
            let (mut depth, mut deepest) = (0, 0);
            for tag in out.split('<').skip(1) {
                depth += if tag.starts_with('/') { -1 } else { 1 };
                deepest = deepest.max(depth);
            }
            assert!(deepest < 300, "{pair}: {deepest}");
        }
    }

    #[test]
    fn what_its_container_ends_is_no_nesting() {
        let out = clean(&"<div><ul><li>x</div><section><blockquote>y</section>".repeat(300));
        assert_eq!((out.matches("<ul>").count(), out.matches("<blockquote>").count()), (300, 300));
    }

    #[test]
    fn end_tags_that_are_left_out_are_no_nesting() {
        let rows = "<tr><td>x<td><p>y<p>z<ul><li>a<li><p>b</ul>".repeat(300);
        let html =
            format!("<table>{rows}</table><ul>{}</ul><dl>{}</dl>", "<li>i<p>j".repeat(300), "<dt>t<dd>d".repeat(300));
        let out = clean(&html);
        for (tag, count) in [("<tr>", 300), ("<td>", 600), ("<li>", 900), ("<dt>", 300), ("<dd>", 300)] {
            assert_eq!(out.matches(tag).count(), count, "{tag}");
        }
    }
}
