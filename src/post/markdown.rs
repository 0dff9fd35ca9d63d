//! Markdown to HTML: CommonMark and GFM, emphasis that works beside Chinese, Japanese and Korean text. The one owner
//! of the Markdown crate.
//!
//! Raw HTML passes: what comes out is not safe before `sanitize` has seen it.

mod attributes;

use comrak::nodes::{AstNode, NodeCode, NodeValue};
use comrak::{Arena, Options, format_html, parse_document};
use memchr::memmem;

use super::body::Dialect;
use super::flow;

/// What is asked of each link and picture: its address as written and its line, from 0; another address, or `None` to
/// leave it.
pub type OnLink<'a> = &'a mut dyn FnMut(&str, usize) -> Option<String>;

fn options(dialect: Dialect) -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.alerts = true;
    options.extension.cjk_friendly_emphasis = true;
    options.extension.description_lists =
        matches!(dialect, Dialect::Hugo | Dialect::Jekyll | Dialect::Pelican | Dialect::Hexo);
    // Hexo's renderer ends a line where its author does.
    options.render.hardbreaks = dialect == Dialect::Hexo;
    options.render.r#unsafe = true;
    options
}

/// HTML of a few lines of Markdown, unsafe.
pub fn to_html(markdown: &str) -> String {
    read(markdown, Dialect::Plain, &mut |_, _| None)
}

/// HTML of a page's body, unsafe.
pub fn read(markdown: &str, dialect: Dialect, on_link: OnLink<'_>) -> String {
    let mut options = options(dialect);
    // Where there is mathematics, it is not emphasis; a lone dollar is money.
    options.extension.math_dollars = memmem::find(markdown.as_bytes(), b"$$").is_some();
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    let mut gone = Vec::new();
    for node in root.descendants() {
        tidy(node, dialect, on_link, &mut gone);
    }
    for node in gone {
        node.detach();
    }
    let mut html = String::with_capacity(markdown.len() * 5 / 4);
    // Writing to a String cannot fail.
    let _ = format_html(root, &options, &mut html);
    html
}

/// Takes away what says how something looks, and asks after links.
fn tidy<'a>(node: &'a AstNode<'a>, dialect: Dialect, on_link: OnLink<'_>, gone: &mut Vec<&'a AstNode<'a>>) {
    let mut data = node.data.borrow_mut();
    let line = data.sourcepos.start.line.saturating_sub(1);
    match &mut data.value {
        NodeValue::Heading(_) => {
            drop(data);
            if let Some(last) = node.last_child() {
                attributes::cut_end(&mut last.data.borrow_mut().value);
            }
        }
        NodeValue::Paragraph => {
            drop(data);
            if is_contents(node) || attributes::cut_lines(node, gone) {
                gone.push(node);
            }
        }
        NodeValue::Link(link) | NodeValue::Image(link) => {
            if let Some(address) = on_link(&link.url, line) {
                link.url = address;
            }
        }
        NodeValue::Text(text) if text.contains('{') => {
            let behind = node.previous_sibling().is_some_and(attributes::may_have);
            if let Some(kept) = attributes::cut(text, behind, matches!(dialect, Dialect::Jekyll | Dialect::Pelican)) {
                *text = kept.into();
            }
        }
        NodeValue::Math(math) => {
            // As its author wrote it: no reader of feeds or mails sets formulas.
            let literal = math.literal.trim().to_owned();
            data.value = NodeValue::Code(NodeCode { num_backticks: 1, literal });
        }
        NodeValue::HtmlInline(html) if dialect == Dialect::Pelican => addresses_in(html, line, on_link),
        NodeValue::HtmlBlock(html) if dialect == Dialect::Pelican => addresses_in(&mut html.literal, line, on_link),
        _ => {}
    }
}

/// `[TOC]`, alone: a place-holder for a table of contents.
fn is_contents<'a>(paragraph: &'a AstNode<'a>) -> bool {
    let Some(only) = paragraph.first_child().filter(|child| child.next_sibling().is_none()) else { return false };
    match &only.data.borrow().value {
        NodeValue::Text(text) => {
            matches!(text.trim().to_ascii_lowercase().as_str(), "[toc]" | "[[toc]]" | "[[_toc_]]" | "@[toc]")
        }
        _ => false,
    }
}

/// `href="{static}/x"` in raw HTML.
fn addresses_in(html: &mut String, line: usize, on_link: OnLink<'_>) {
    if !html.contains("=\"{") && !html.contains("='{") {
        return;
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html.as_str();
    while let Some(at) = rest.find("=\"{").or_else(|| rest.find("='{")) {
        let (before, after) = rest.split_at(at + 2);
        let end = after.find(&before[at + 1..]).unwrap_or(after.len());
        out.push_str(before);
        out.push_str(&on_link(&after[..end], line).unwrap_or_else(|| after[..end].to_owned()));
        rest = &after[end..];
    }
    out.push_str(rest);
    *html = out;
}

/// One line of plain text from inline Markdown: titles, descriptions. What looks like a tag is text.
pub fn plain(inline: &str) -> String {
    let line = if flow::is_squeezed(inline) {
        inline.to_owned()
    } else {
        inline.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    if !line.contains(['*', '_', '`', '[', '\\', '~', '&']) {
        return line;
    }
    // The full stop keeps what follows from being read as a block: a heading, a list, a rule.
    let arena = Arena::new();
    let stopped = format!(".{line}");
    let root = parse_document(&arena, &stopped, &options(Dialect::Plain));
    let mut out = String::with_capacity(line.len());
    for node in root.descendants() {
        match &node.data.borrow().value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::Code(code) => out.push_str(&code.literal),
            NodeValue::HtmlInline(html) => out.push_str(html),
            NodeValue::FootnoteReference(reference) => {
                out.push_str("[^");
                out.push_str(&reference.name);
                out.push(']');
            }
            _ => {}
        }
    }
    out.strip_prefix('.').map_or(line, |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_lose_markup_and_nothing_else() {
        for (written, plain_text) in [
            (" SOFA  Weekly\n| x ", "SOFA Weekly | x"),
            ("C ABI for `wasm32-unknown-unknown`", "C ABI for wasm32-unknown-unknown"),
            ("**bold** and _it_ [l](u)", "bold and it l"),
            ("Building <InputAccessoryView> `x`", "Building <InputAccessoryView> x"),
            ("faster_log and x86_64", "faster_log and x86_64"),
            ("1. # not *a* list", "1. # not a list"),
            ("A & B &amp; C * 2", "A & B & C * 2"),
            ("~~a~~ \\*b\\*", "a *b*"),
            ("", ""),
        ] {
            assert_eq!(plain(written), plain_text, "{written}");
        }
    }

    #[test]
    fn what_dialects_add() {
        use Dialect::{Docusaurus, Hexo, Hugo, Jekyll, Plain};
        for (dialect, markdown, expected) in [
            (Hugo, "## T {#id .c}\n\np\n{.c}", "<h2>T</h2><p>p</p>"),
            (Hugo, "![a](b.png){width=10 .c} t", "<p><img src=\"b.png\" alt=\"a\" /> t</p>"),
            (Hugo, "Term\n: Def", "<dl><dt>Term</dt><dd>Def</dd></dl>"),
            (
                Jekyll,
                "[a](b){:target=\"_blank\" rel=\"x\"} and `c`{:.d} e",
                "<p><a href=\"b\">a</a> and <code>c</code> e</p>",
            ),
            (Jekyll, "- {:.x} a\n- `{: .y}`", "<ul><li>a</li><li><code>{: .y}</code></li></ul>"),
            (Hexo, "a\nb", "<p>a<br />b</p>"),
            (Docusaurus, "a\nb", "<p>a\nb</p>"),
            (Plain, "[TOC]\n\nx {not} one", "<p>x {not} one</p>"),
            (
                Plain,
                "> [!NOTE]\n> a",
                "<div class=\"markdown-alert markdown-alert-note\"><p class=\"markdown-alert-title\">Note</p><p>a</p></div>",
            ),
            (Plain, "$$\na_1 * b_2 * c\n$$ and $x_1$", "<p><code>a_1 * b_2 * c</code> and <code>x_1</code></p>"),
            (Plain, "costs $5 *or* $6", "<p>costs $5 <em>or</em> $6</p>"),
            (Plain, "a {#b} c", "<p>a {#b} c</p>"),
        ] {
            let html = read(markdown, dialect, &mut |_, _| None).replace(">\n", ">");
            assert_eq!(html, expected, "{markdown}");
        }
    }

    #[test]
    fn links_are_asked_after_with_their_lines() {
        let mut asked = Vec::new();
        let text = "a [b](c.md)\n\n![d](e)\n\n[f][g] <https://h.example>\n\n[g]: i.md#j\n";
        let html = read(text, Dialect::Plain, &mut |address, line| {
            asked.push(format!("{line} {address}"));
            address.starts_with('i').then(|| "/other".into())
        });
        assert_eq!(asked, ["0 c.md", "2 e", "4 i.md#j", "4 https://h.example"]);
        assert!(html.contains("<a href=\"/other\">f</a>"), "{html}");
        let html = read("<img src=\"{static}/a.png\">", Dialect::Pelican, &mut |_, _| Some("/b".into()));
        assert_eq!(html.trim(), "<img src=\"/b\">");
    }

    #[test]
    fn gfm_and_emphasis_beside_chinese() {
        let html = to_html(
            "**要点：**汉字\n\n|a|b|\n|-|-|\n|1|2|\n\n- [x] done\n\n~~x~~ https://a.example x[^1]\n\n## H {#own}\n\n[^1]: note\n",
        );
        for part in [
            "<strong>要点：</strong>汉字",
            "<td>1</td>",
            "checkbox",
            "<del>x</del>",
            "<a href=\"https://a.example\">",
            "<h2>H</h2>",
            "note",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
