//! HTML that may be shown anywhere: an allow-list, every address absolute, ids that do not clash. The one owner of
//! `ammonia` and `lol_html`.
//!
//! What Markdown gives of itself is cleaned as it stands (`plain`); everything else in two passes. The first turns what
//! readers cannot show (frames, checkboxes, lazy pictures) into what they can, takes away the tags that none of them knows,
//! and bounds nesting. The second, `ammonia`, parses and decides alone what is safe. It writes what it parsed: had it to take
//! elements out of the tree, what stood in them could stand where no parser would have put it, and validators would refuse it.

mod embed;
mod islands;
mod plain;
mod prepare;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;

use memchr::memmem;
use url::Url;

use super::{Cover, links};
use crate::crypto;

/// Sanitised `html` of the page at `page`, every address absolute against it.
pub fn sanitize(html: &str, page: &Url) -> String {
    let clean = plain::clean(html, page).unwrap_or_else(|| by_parser(html, page));
    without_anchors(boxes_before_their_words(clean))
}

/// A box to tick stands in the paragraph that it belongs to. Markdown puts it above that where a list has paragraphs.
fn boxes_before_their_words(html: String) -> String {
    const ITEM: &str = "<li>";
    if memmem::find(html.as_bytes(), BALLOT).is_none() {
        return html;
    }
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html.as_str();
    while let Some(at) = rest.find(ITEM) {
        let (before, inside) = rest.split_at(at + ITEM.len());
        out.push_str(before);
        rest = inside;
        for mark in CHECKBOXES {
            if let Some(words) = inside.strip_prefix(mark).and_then(|inside| inside.trim_start().strip_prefix("<p>")) {
                out.extend(["<p>", mark.encode_utf8(&mut [0; 4]), " "]);
                rest = words;
            }
        }
    }
    out.push_str(rest);
    out
}

/// How a box to tick is written, open and ticked.
pub const CHECKBOXES: [char; 2] = ['☐', '☑'];

/// What both begin with in UTF-8.
const BALLOT: &[u8] = b"\xe2\x98";

fn by_parser(html: &str, page: &Url) -> String {
    let (prepared, ids) = prepare::prepared(&islands::in_words(html));
    let prefix = format!("p{}-", &crypto::sha256_hex(page.path().as_bytes())[..8]);
    let page = page.clone();
    let mut rules = rules();
    rules.attribute_filter(move |_, attribute, value| match attribute {
        "href" | "cite" => link(&page, value, &ids, &prefix).map(Cow::Owned),
        "src" | "poster" => absolute(&page, value).filter(|url| url.starts_with("http")).map(Cow::Owned),
        "srcset" => source_set(&page, value).map(Cow::Owned),
        "id" | "name" => Some(Cow::Owned(format!("{prefix}{}", value.trim()))),
        "style" => alignment(value).map(Cow::Borrowed),
        _ => Some(Cow::Borrowed(value)),
    });
    rules.clean(&prepared).to_string()
}

/// The values that a style gives a property, in lower case.
fn declared<'s>(style: &'s str, property: &'s str) -> impl Iterator<Item = String> + 's {
    style.split(';').filter_map(move |rule| {
        let (name, value) = rule.split_once(':')?;
        name.trim().eq_ignore_ascii_case(property).then(|| value.trim().to_ascii_lowercase())
    })
}

/// Of a style only how lines are set: the rest is the site's look, or hides and covers things.
pub fn alignment(style: &str) -> Option<&'static str> {
    let value = declared(style, "text-align").next()?;
    ["text-align:left", "text-align:right", "text-align:center", "text-align:justify"]
        .into_iter()
        .find(|known| known.ends_with(&format!(":{value}")))
}

/// What sites put beside headings to be copied.
const SIGNS: [&str; 6] = ["#", "¶", "§", "🔗", "⚓", "∞"];

/// `html` without the links of mere signs in its headings.
fn without_anchors(html: String) -> String {
    const END: &str = "</a>";
    let sign_at = |end: usize| {
        let sign = SIGNS.iter().find(|sign| html[..end].ends_with(*sign))?;
        html[..end - sign.len()].ends_with('>').then_some(end - sign.len())
    };
    let anchors = memmem::find_iter(html.as_bytes(), END).filter_map(|end| {
        let start = html[..sign_at(end)?].rfind('<').filter(|start| html[*start..].starts_with("<a "))?;
        // One that leads to a place in a page.
        attribute_of(&html[start..], "href").filter(|href| href.contains('#'))?;
        is_in_heading(&html, start).then(|| html[..start].trim_end().len()..end + END.len())
    });
    let anchors: Vec<Range<usize>> = anchors.collect();
    let mut out = html;
    for anchor in anchors.into_iter().rev() {
        out.replace_range(anchor, "");
    }
    out
}

/// So far before it the heading of a sign begins.
const NEAR: usize = 2000;

fn is_in_heading(html: &str, at: usize) -> bool {
    let near = html.floor_char_boundary(at.saturating_sub(NEAR));
    let before = &html[near..at];
    let opens = before.rfind("<h").filter(|open| matches!(before.as_bytes().get(open + 2), Some(b'1'..=b'6')));
    opens.is_some_and(|open| !before[open..].contains("</h"))
}

/// The address made absolute and percent-encoded; `None` for what is no address or has a scheme other than `http`,
/// `https` and `mailto`.
pub fn absolute(page: &Url, address: &str) -> Option<String> {
    if links::settled(address).is_some() {
        return Some(address.to_owned());
    }
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
    memmem::find_iter(html.as_bytes(), "<img ").filter_map(|at| {
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
    let fragment = address.trim().strip_prefix('#').map(|fragment| {
        // Written as it is, or as addresses have it.
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8().unwrap_or(Cow::Borrowed(fragment));
        if ids.contains(fragment) { Cow::Borrowed(fragment) } else { decoded }
    });
    if let Some(fragment) = fragment.filter(|fragment| ids.contains(fragment.as_ref())) {
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

/// Elements that readers or validators refuse, though they are safe.
const REMOVED: [&str; 9] = ["area", "bdo", "map", "nav", "rtc", "header", "footer", "hgroup", "article"];

/// Elements of which nothing is shown, nor of what is in them.
const GONE: [&str; 15] = [
    "svg", "math", "template", "noscript", "iframe", "object", "embed", "noembed", "noframes", "select", "textarea",
    "title", "head", "xmp", "canvas",
];

/// Where pictures that are loaded late have their address.
const LAZY: [&str; 5] = ["data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-url"];

fn rules() -> ammonia::Builder<'static> {
    let mut rules = ammonia::Builder::default();
    rules
        .add_tags(["section", "picture", "source", "video", "audio"])
        .rm_tags(REMOVED)
        .add_tag_attributes("img", ["srcset", "sizes", "title"])
        .add_tag_attributes("source", ["src", "srcset", "sizes", "type", "media"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("a", ["name"])
        .add_tag_attributes("ol", ["type", "reversed"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("p", ["align"])
        .add_tag_attributes("div", ["align"])
        .add_generic_attributes(["id", "dir", "style"])
        .rm_clean_content_tags(Vec::<&str>::new())
        .add_clean_content_tags(GONE)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(None);
    rules
}

/// An attribute in the text of a tag (with or without its `<`), raw.
pub fn attribute_of<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let tag = &tag[..tag.find('>').map_or(tag.len(), |end| end + 1)];
    let at = tag.match_indices(name).map(|(at, _)| at).find(|at| {
        tag[..*at].ends_with(|c: char| c.is_ascii_whitespace()) && tag[at + name.len()..].trim_start().starts_with('=')
    })?;
    let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split(|c: char| c.is_ascii_whitespace() || c == '>').next(),
    }
}

/// Text as HTML and the values of its attributes have it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
    fn who_leaves_its_end_out_takes_nobody_elses() {
        for (html, expected) in [
            ("<a href=\"/x\">R<Option> C</a><h2>N</h2>", "<a href=\"https://example.org/x\">R C</a><h2>N</h2>"),
            ("<select><option value=de>G<option>F</select><p>rest</p>", "<p>rest</p>"),
            ("<template><p>x<nobr></template><p>para</p>", "<p>para</p>"),
            ("<h2><x-y>head</h2><p>para</p>", "<h2>head</h2><p>para</p>"),
            ("<pre><span class=k>let</pre><p>para</p>", "<pre>let</pre><p>para</p>"),
            ("<blockquote><fieldset>x</blockquote><p>p</p>", "<blockquote><div>x</div></blockquote><p>p</p>"),
            (
                "<div><object data=\"/x.swf\"></div><p>p</p>",
                "<div><a href=\"https://example.org/x.swf\">/x.swf</a></div><p>p</p>",
            ),
            ("<h2>T <a class=\"anchor\" href=\"#a\"></h2><p>p</p>", "<h2>T </h2><p>p</p>"),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
    }

    #[test]
    fn what_a_script_would_have_loaded_is_there_and_what_nobody_can_load_is_not() {
        let film = clean("<iframe src=\"about:blank\" data-src=\"https://www.youtube.com/embed/abc\"></iframe>");
        assert!(film.contains("youtube") && !film.contains("about:"), "{film}");
        for (html, expected) in [
            ("<iframe src=\"javascript:alert(1)\"></iframe>", ""),
            ("<iframe src=\"DATA:text/html;base64,x\"></iframe>", ""),
            (
                "<object data=\"data:x\"><a href=\"/f.pdf\">dl</a></object>",
                "<a href=\"https://example.org/f.pdf\">dl</a>",
            ),
            ("<img alt=\"x\" src=\"javascript:y\">", "x"),
            ("<!-- the <noscript> part --><p>a</p><noscript>b</noscript><p>c</p>", "<p>a</p>b<p>c</p>"),
            ("<!-- was <math> --><p><math alttext=\"a^2\"></math></p>", "<p><code>a^2</code></p>"),
            (
                "<h2>Intro <a href=\"https://github.com/x/1\">#</a></h2>",
                "<h2>Intro <a href=\"https://github.com/x/1\">#</a></h2>",
            ),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
        for html in [
            "<img data-srcset=\"/a-1.png 1x, /a-2.png 2x\">",
            "<img src=\"/blank.gif\" data-srcset=\"/a-1.png 1x\">",
            "<img src=\"data:x\" srcset=\"/a-1.png 1x\">",
        ] {
            assert!(clean(html).contains(" src=\"https://example.org/a-1.png\""), "{html}: {}", clean(html));
        }
        let twice = "<img src=\"/a.png\" alt=\"\"><noscript><img src=\"/a.png\" alt=\"\"></noscript>";
        assert_eq!(clean(twice).matches("<img").count(), 1, "{}", clean(twice));
        let other = "<img data-src=\"/a.png\" alt=\"\"><p>t</p><noscript><img src=\"/b.png\" alt=\"\"></noscript>";
        assert_eq!(clean(other).matches("<img").count(), 2, "{}", clean(other));
    }

    #[test]
    fn a_box_to_tick_stands_before_its_words() {
        let read = |text: &str| clean(&super::super::markdown::to_html(text));
        assert_eq!(read("- [ ] a\n- [x] b\n"), "<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n</ul>\n");
        let loose = read("- [ ] a\n\n- [x] b\n\n  c\n");
        assert!(loose.contains("<p>☐ a</p>") && loose.contains("<p>☑ b</p>\n<p>c</p>"), "{loose}");
    }

    #[test]
    fn pictures_are_as_wide_as_their_style_says() {
        for (style, width) in
            [("width:100px", "100"), ("height:auto; WIDTH: 50.4% !important", "50%"), ("max-width:9px", "")]
        {
            let made = clean(&format!("<img src=\"/a.png\" style=\"{style}\" alt=\"x\">"));
            let found = made.split_once(" width=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
            assert_eq!((found, made.contains("style")), (width, false), "{made}");
        }
        assert!(
            clean("<img src=\"/a.png\" width=\"7\" style=\"width:9px\">").contains("width=\"9\""),
            "a style counts for more"
        );
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
                "<a href=\"https://www.youtube.com/watch?v=abc\"><img src=\"https://i.ytimg.com/vi/abc/hqdefault.jpg\" alt=\"\"><br>https://www.youtube.com/watch?v=abc</a>",
            ),
            ("<h2 id=\"a\">T <a class=\"anchor\" href=\"#a\">link</a></h2>", "<h2 id=\"p23df346a-a\">T </h2>"),
            (
                "<h2>T <a href=\"#t\">#</a></h2><p>C <a href=\"/s\">#</a></p>",
                "<h2>T</h2><p>C <a href=\"https://example.org/s\">#</a></p>",
            ),
            (
                "<pre><code><span style=\"color:#fff\">let</span> <span class=k>x</span></code></pre>",
                "<pre><code>let x</code></pre>",
            ),
            ("<div class=\"mermaid\">a-->b\n c</div>", "<pre>a--&gt;b\n c</pre>"),
            ("<p style=\"color:red;Text-Align: Center\">m</p>", "<p style=\"text-align:center\">m</p>"),
            ("<article>a</article><nav>b</nav>", "<div>a</div><div>b</div>"),
            ("<p><marquee><div>x</div></marquee></p>", "<p></p><div>x</div><p></p>"),
            ("<p><button><div>x</div></button>y", "<p></p><div>x</div>y"),
            ("<h2><x-y><h3>z</h3></x-y></h2>", "<h2></h2><h3>z</h3>"),
            (
                "<img src=\"/blank.gif\" data-src=\"/a.png\" data-srcset=\"/b.png 2x\" alt=\"\">",
                "<img src=\"https://example.org/a.png\" alt=\"\" srcset=\"https://example.org/b.png 2x\">",
            ),
            (
                "<span class=\"katex\"><span><math><semantics><mi>a</mi><annotation encoding=\"application/x-tex\">a^2</annotation></semantics></math></span><span class=\"katex-html\" aria-hidden=\"true\">a<span>2</span></span></span>",
                "<span><span><code>a^2</code></span></span>",
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
