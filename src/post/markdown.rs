//! Markdown to HTML: CommonMark and GFM, emphasis that works beside Chinese, Japanese and Korean text. The one owner
//! of the Markdown crate.
//!
//! Raw HTML passes: what comes out is not safe before `sanitize` has seen it.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, format_html, parse_document};

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.cjk_friendly_emphasis = true;
    options.render.r#unsafe = true;
    options
}

/// HTML of a page's body, unsafe.
pub fn to_html(markdown: &str) -> String {
    let options = options();
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    for node in root.descendants() {
        if matches!(node.data.borrow().value, NodeValue::Heading(_)) {
            drop_heading_id(node);
        }
    }
    let mut html = String::with_capacity(markdown.len() * 5 / 4);
    // Writing to a String cannot fail.
    let _ = format_html(root, &options, &mut html);
    html
}

/// `## Title {#id}`: the id is the site's own anchor, not text.
fn drop_heading_id<'a>(heading: &'a AstNode<'a>) {
    let Some(last) = heading.last_child() else { return };
    if let NodeValue::Text(text) = &mut last.data.borrow_mut().value
        && let Some(at) = text.rfind("{#")
        && text.trim_end().ends_with('}')
    {
        let kept = text[..at].trim_end().to_owned();
        *text = kept.into();
    }
}

/// One line of plain text from inline Markdown: titles, descriptions. What looks like a tag is text.
pub fn plain(inline: &str) -> String {
    let line = inline.split_whitespace().collect::<Vec<_>>().join(" ");
    if !line.contains(['*', '_', '`', '[', '\\', '~', '&']) {
        return line;
    }
    // The full stop keeps what follows from being read as a block: a heading, a list, a rule.
    let arena = Arena::new();
    let stopped = format!(".{line}");
    let root = parse_document(&arena, &stopped, &options());
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
