//! The HTML that Markdown gives when nobody has put HTML into it, made safe without a parser: most bodies are such.
//!
//! What is taken is a small language: known elements, each closed in its order, where it may stand, with known attributes.
//! Of it the parser would change nothing but what is changed here. Anything else is left to the parser.

use memchr::{memchr, memchr_iter};
use url::Url;

use super::absolute;
use crate::post::flow::decoded;

/// Larger bodies are the parser's.
const MOST: usize = 1_000_000;

/// Deeper nesting is the parser's, which has limits of its own.
const DEEPEST: usize = 40;

/// As many formatting elements in each other.
const FORMATTING: usize = 8;

/// Where an element may stand, and what may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Holds blocks and text: `<blockquote>`
    Container,
    /// Holds text: `<p>`
    Text,
    /// Holds text and nothing but code beside it: `<pre>`
    Pre,
    /// Holds items: `<ul>`
    List,
    /// Holds terms and what they mean: `<dl>`
    Terms,
    /// An item, which is a container.
    Item,
    /// A term, which holds text.
    Term,
    /// What a term means, which is a container.
    Meaning,
    /// `<table>`
    Table,
    /// `<thead>`
    Rows,
    /// `<tr>`
    Row,
    /// `<td>`, which holds text.
    Cell,
    /// `<em>`
    Inline,
    /// `<a>`
    Link,
    /// `<br />`, in text.
    Void,
    /// `<hr />`, a block.
    Rule,
}

/// Of an element that Markdown can give.
fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Kind::Text,
        "em" | "strong" | "del" | "code" | "sup" | "sub" => Kind::Inline,
        "a" => Kind::Link,
        "img" | "br" => Kind::Void,
        "li" => Kind::Item,
        "ul" | "ol" => Kind::List,
        "pre" => Kind::Pre,
        "blockquote" => Kind::Container,
        "hr" => Kind::Rule,
        "dl" => Kind::Terms,
        "dt" => Kind::Term,
        "dd" => Kind::Meaning,
        "table" => Kind::Table,
        "thead" | "tbody" => Kind::Rows,
        "tr" => Kind::Row,
        "td" | "th" => Kind::Cell,
        _ => return None,
    })
}

impl Kind {
    /// Whether it may stand directly in `parent`; `None` is the body itself.
    fn may_stand_in(self, parent: Option<Self>) -> bool {
        let holds_blocks = matches!(parent, None | Some(Self::Container | Self::Item | Self::Meaning));
        match self {
            Self::Container | Self::Text | Self::Pre | Self::List | Self::Terms | Self::Table | Self::Rule => {
                holds_blocks
            }
            Self::Item => parent == Some(Self::List),
            Self::Term | Self::Meaning => parent == Some(Self::Terms),
            Self::Rows => parent == Some(Self::Table),
            Self::Row => parent == Some(Self::Rows),
            Self::Cell => parent == Some(Self::Row),
            Self::Inline => parent.is_none_or(Self::holds_text),
            Self::Link | Self::Void => parent.is_none_or(|parent| parent.holds_text() && parent != Self::Pre),
        }
    }

    fn holds_text(self) -> bool {
        !matches!(self, Self::List | Self::Terms | Self::Table | Self::Rows | Self::Row | Self::Void | Self::Rule)
    }
}

/// The sanitised HTML of the page at `page`, the same that the parser would give; `None`: it has to be asked.
pub(super) fn clean(html: &str, page: &Url) -> Option<String> {
    if html.len() > MOST || html.starts_with('\u{feff}') {
        return None;
    }
    let mut walk = Walk { page, out: String::with_capacity(html.len() + html.len() / 8 + 64), open: Vec::new() };
    let mut rest = html;
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        walk.text(&rest[..at])?;
        rest = walk.tag(&rest[at..])?;
    }
    walk.text(rest)?;
    walk.open.is_empty().then_some(walk.out)
}

struct Walk<'h> {
    page: &'h Url,
    out: String,
    open: Vec<(&'h str, Kind)>,
}

impl<'h> Walk<'h> {
    fn text(&mut self, text: &str) -> Option<()> {
        let Some(first) = text.bytes().next() else { return Some(()) };
        match self.open.last().map(|(_, kind)| *kind) {
            // The parser drops the first line end.
            Some(Kind::Pre) if first == b'\n' && self.out.ends_with("<pre>") => return None,
            Some(kind) if !kind.holds_text() => {
                text.bytes().all(|byte| matches!(byte, b'\n' | b' ')).then_some(())?;
            }
            _ => {}
        }
        let mut from = 0;
        // Looked at many bytes at a time, most text is as it is to be.
        if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            from = text.len();
            self.out.push_str(text);
        }
        while let Some(found) = text.as_bytes()[from..].iter().position(|byte| SPECIAL[usize::from(*byte)]) {
            let at = from + found;
            let (kept, shown, length) = match text.as_bytes()[at] {
                b'&' if text[at..].starts_with("&quot;") => (at, "\"", "&quot;".len()),
                b'&' => {
                    let known = ["&amp;", "&lt;", "&gt;"].into_iter().find(|known| text[at..].starts_with(known))?;
                    (at + known.len(), "", known.len())
                }
                0xc2 if text[at..].starts_with('\u{a0}') => (at, "&nbsp;", '\u{a0}'.len_utf8()),
                0xc2 => (at + 2, "", 2),
                _ => return None,
            };
            self.out.push_str(&text[from..kept]);
            self.out.push_str(shown);
            from = at + length;
        }
        self.out.push_str(&text[from..]);
        Some(())
    }

    /// One tag or comment at the beginning of `html`; what follows it.
    fn tag(&mut self, html: &'h str) -> Option<&'h str> {
        if let Some(comment) = html.strip_prefix("<!--") {
            // These end at once, or with an exclamation mark, to the parser.
            let (inner, rest) = comment.split_once("-->")?;
            let is_odd = inner.starts_with(['>', '-']) || inner.contains("--!>") || inner.contains("<!--");
            return (!is_odd && self.open.last().is_none_or(|(_, kind)| kind.holds_text())).then_some(rest);
        }
        if let Some(closed) = html.strip_prefix("</") {
            let (name, _) = self.open.pop()?;
            let rest = closed.strip_prefix(name)?.strip_prefix('>')?;
            self.out.push_str(&html[..name.len() + 3]);
            return Some(rest);
        }
        let inner = &html[1..];
        let length = inner.bytes().position(|byte| !byte.is_ascii_alphanumeric())?;
        let (name, mut rest) = inner.split_at(length);
        let kind = kind(name)?;
        let is_formatting = |kind: Kind| matches!(kind, Kind::Inline | Kind::Link);
        let parent = self.open.last().map(|(_, kind)| *kind);
        let fits = kind.may_stand_in(parent)
            && (parent != Some(Kind::Pre) || name == "code")
            && (kind != Kind::Link || self.open.iter().all(|(_, open)| *open != Kind::Link))
            && (!is_formatting(kind) || self.open.iter().filter(|(_, open)| is_formatting(*open)).count() < FORMATTING)
            && self.open.len() < DEEPEST;
        if !fits {
            return None;
        }
        self.out.push('<');
        self.out.push_str(name);
        let mut seen = 0;
        while let Some(attribute) = rest.strip_prefix(' ').filter(|rest| !rest.starts_with('/')) {
            let (attribute, value) = attribute.split_once('=')?;
            let value = value.strip_prefix('"')?;
            let end = memchr(b'"', value.as_bytes())?;
            seen += self.attribute(name, attribute, &value[..end], seen)?;
            rest = &value[end + 1..];
        }
        let is_void = matches!(kind, Kind::Void | Kind::Rule);
        let after =
            if is_void { rest.strip_prefix(" />").or_else(|| rest.strip_prefix('>')) } else { rest.strip_prefix('>') };
        // A picture without an address is none.
        if name == "img" && seen == 0 {
            return None;
        }
        self.out.push('>');
        if !is_void {
            self.open.push((name, kind));
        }
        after
    }

    /// Writes an attribute. Each element's come in one order, in which they are numbered; those that came before are `seen`.
    /// How many are seen by it.
    fn attribute(&mut self, element: &str, name: &str, value: &str, seen: usize) -> Option<usize> {
        let known = |at: usize| ["&amp;", "&lt;", "&gt;", "&quot;"].iter().any(|known| value[at..].starts_with(known));
        let is_plain = value.bytes().all(|byte| (byte >= b' ' || byte == b'\n') && byte != b'<' && byte != b'>')
            && memchr_iter(b'&', value.as_bytes()).all(known)
            && (value.is_ascii() || !value.contains('\u{a0}'));
        is_plain.then_some(())?;
        let number = match (element, name) {
            ("a", "href") | ("img", "src") | ("ol", "start") | ("td" | "th", "align") => 1,
            ("img", "alt") => 2,
            ("a" | "img", "title") => 4,
            // No class is kept.
            ("code" | "pre", "class") => return Some(0),
            _ => return None,
        };
        if number <= seen || seen == 0 && number > 1 {
            return None;
        }
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        match name {
            "href" | "src" => {
                let is_picture = name == "src";
                if is_picture && (value.trim().is_empty() || value.starts_with("data:")) {
                    return None;
                }
                let url = absolute(self.page, &decoded(value)).filter(|url| !is_picture || url.starts_with("http"))?;
                // Nothing else of an address would have to be escaped.
                url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"')).then_some(())?;
                for (number, part) in url.split('&').enumerate() {
                    self.out.push_str(if number > 0 { "&amp;" } else { "" });
                    self.out.push_str(part);
                }
            }
            _ => self.out.push_str(value),
        }
        self.out.push('"');
        Some(number)
    }
}

/// ASCII that is written as it is: neither a control nor `&` nor `>`.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'%' | b'\''..=b'=' | b'?'..=b'~' | b'\n' | b'\t')
}

/// Bytes at which text is looked at: what is written otherwise, and what the parser has ideas of its own about.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        special[byte] = byte != b'\n' as usize && byte != b'\t' as usize;
        byte += 1;
    }
    special[b'&' as usize] = true;
    special[b'>' as usize] = true;
    special[0xc2] = true;
    special
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::by_parser;
    use super::*;
    use crate::post::body::Dialect;
    use crate::post::markdown;

    fn page() -> Url {
        Url::parse("https://example.org/blog/p/").unwrap()
    }

    /// Whether it was taken here; what is given is what the parser gives.
    fn same(html: &str) -> bool {
        let plain = clean(html, &page());
        if let Some(plain) = &plain {
            assert_eq!(*plain, by_parser(html, &page()), "{html}");
        }
        plain.is_some()
    }

    #[test]
    fn what_markdown_gives_is_taken_here() {
        for text in [
            "# A *b* **c**\n\np `q` \"r\" & <https://e.org/?a=1&b=2>\\\nx\n\n---\n\n![a \"b\"](/c.png 'd') [e](f.html#g)\n",
            "1. a\n2. b\n\n   c\n   - d\n\n7) e\n8) f\n\n> g\n>\n> h\n\n```rust\nif a < b && c > d {}\n```\n\n    i\n",
            "|a|b|c|\n|:-|:-:|-|\n|1 **x**|[2](/y)|~~3~~|\n\nTerm\n: Def\n\n你好\u{a0}世界 ~~é~~\n\n<!--more-->\n\nend\n",
        ] {
            assert!(same(&markdown::read(text, Dialect::Hugo, &mut |_, _| None)), "{text}");
        }
    }

    #[test]
    fn what_the_parser_would_change_is_left_to_it() {
        for html in [
            "<p>a<p>b</p>",
            "<p>a</em></p>",
            "<em>a",
            "<a href=\"x\"><a href=\"y\">z</a></a>",
            "<table><tr><td>a</td></tr></table>",
            "<table>x</table>",
            "<p><ul></ul></p>",
            "<pre>\nx</pre>",
            "<p id=\"x\">a</p>",
            "<p>&copy; &nbsp;</p>",
            "<a href=\"javascript:alert(1)\">a</a>",
            "<img src=\"data:image/png;base64,x\" alt=\"a\" />",
            "<img alt=\"a\" />",
            "<p>a\u{0}b\r\n</p>",
            "<script>x</script>",
            "<p onclick=\"x\">a</p>",
            "<!--> x --> y",
            "<P>a</P>",
            "a > b",
            "<br",
            "</p>",
        ] {
            assert!(!same(html), "{html}");
        }
    }

    proptest! {
        /// Whatever Markdown gives, this gives what the parser gives, or leaves it to it.
        #[test]
        fn of_any_markdown_it_is_what_the_parser_gives(
            parts in prop::collection::vec(
                "(\n|\n\n|    |\t|> |- |1\\. |7\\) |# |## |\\*|\\*\\*|_|`|```\n|~~|~|\\||\n\\|-\\|:-:\\|\n|\\[|\\]|\\]\\(|\\)|!\\[|\\]\\(/x 'y'\\)|\\]\\(a&b\"c\\)|\\]\\(#f\\)|<|>|&|&amp;|&nbsp;|&#0;|\"|'|\\\\|\u{a0}|\u{85}|\u{0}|\r|\u{feff}|é|中|a|b c|https://e\\.org/\\?a=b&c|<!--|-->|--!>|<b>|</b>|<p>|</p>|<br>|<em>|<img src=\"x\">|<a href=\"y\">|</a>|<td>|<li>|\\{\\{<|: |\\[\\^1\\]|\\[x\\] |---\n|\\$\\$)",
                0..40
            ),
            hugo: bool
        ) {
            let dialect = if hugo { Dialect::Hugo } else { Dialect::Hexo };
            same(&markdown::read(&parts.concat(), dialect, &mut |_, _| None));
        }

        /// Whatever the HTML.
        #[test]
        fn of_any_html_it_is_what_the_parser_gives(
            parts in prop::collection::vec(
                "(</?(p|h1|em|code|a|li|ul|ol|pre|blockquote|dl|dt|dd|table|thead|tbody|tr|td|br|hr|del)>|<br />|<hr />|<a href=\"(x|/y|#z|&amp;|a b|é|mailto:a|)\"( title=\"(t|&quot;|&amp;copy)\")?>|<img src=\"(x|//y|)\" alt=\"(a|)\" />|<ol start=\"(3|x)\">|<td align=\"center\">|<code class=\"l\">|<!--(>|->|a|--!>|)-->|&amp;|&lt;|&quot;|&|\n| |a|中|\u{a0}|\u{85}|\t)",
                0..24
            )
        ) {
            same(&parts.concat());
        }
    }
}
