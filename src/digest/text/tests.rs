use proptest::prelude::*;

use super::*;

fn body(html: &str) -> String {
    text(html, "https://e.org/p/", 1).body
}

#[test]
fn blocks() {
    for (html, wanted) in [
        ("<p>One\ntwo &amp; <b>three</b>&#33;</p><p>four</p>", "One two & three!\n\nfour\n"),
        ("<h3>Head</h3><p>x</p><h4>Sub</h4><p>y</p>", "Head\n----\n\nx\n\n# Sub\n\ny\n"),
        ("<h3>标题</h3><p>一\n二</p>", "标题\n----\n\n一二\n"),
        ("<p>a<br>b<br/>\nc</p>", "a\nb\nc\n"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>d</p>", "- a\n- b\n  - c\n\nd\n"),
        (
            "<p>x</p>\n<ol start=\"9\">\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n<p>c</p>\n</li>\n</ol>",
            "x\n\n9. a\n\n10. b\n\n    c\n",
        ),
        (
            "<p>x</p><blockquote><p>q</p><blockquote><p>r</p></blockquote></blockquote><p>y</p>",
            "x\n\n> q\n>\n> > r\n\ny\n",
        ),
        ("<blockquote><ul><li>a</li></ul></blockquote>", "> - a\n"),
        ("<p>x</p><pre><code>a  b\n\n  c\n</code></pre>", "x\n\n    a  b\n\n      c\n"),
        (
            "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td><p>1</p></td><td>2</td></tr></tbody></table>",
            "A | B\n1 | 2\n",
        ),
        ("<p>a</p><hr><p>b</p>", "a\n\n----------\n\nb\n"),
        (
            "<ul><li><input type=\"checkbox\" checked> done</li><li><input type=\"checkbox\"> open</li></ul>",
            "- [x] done\n- [ ] open\n",
        ),
        ("<p><img src=\"x\" alt=\"A cat\"> and <img src=\"y\" alt=\"weekly.jpg\"></p>", "[A cat] and\n"),
        ("<blockquote><p><img src=\"y\" alt=\"weekly.jpg\"></p></blockquote><p>z</p>", "z\n"),
        ("<dl><dt>T</dt><dd>D</dd></dl>", "T\n  D\n"),
        (
            "<p>In 2021<sup><a href=\"https://e.org/p/#p1-fn-12\">12</a></sup> it was, x<sup>-2</sup>, H<sub>2</sub>O, the 10<sup>th</sup>.</p>",
            "In 2021¹² it was, x⁻², H2O, the 10th.\n",
        ),
        ("<p>In 2021<sup><a href=\"#fn:1\">[1]</a></sup> it was</p>", "In 2021¹ it was\n"),
        ("<ol><li><p>Note. <a href=\"https://e.org/p/#p1-fnref-1\">↩</a></p></li></ol>", "1. Note.\n"),
        ("<ul><li>\n<p>☐ open</p>\n</li><li>\n<p>☑ done</p>\n</li></ul>", "- ☐ open\n\n- ☑ done\n"),
        ("<p><img alt=\"Wide\"><a href=\"https://e.net/z\"><img alt=\"\"></a>, or</p>", "[Wide] https://e.net/z, or\n"),
        ("<p>(<a href=\"https://e.net/z\">e.net/z</a>)</p>", "(https://e.net/z)\n"),
        ("", ""),
        ("<p>  </p>", ""),
        ("plain", "plain\n"),
        ("<p>unclosed <b>tags", "unclosed tags\n"),
    ] {
        assert_eq!(body(html), wanted, "{html}");
    }
}

#[test]
fn links_are_numbered_once() {
    let html = "<p>See <a href=\"https://a.org/\">the docs</a>, <a href=\"https://b.org/?x=1&amp;y=2\">b</a> and \
                <a href=\"https://a.org/\">again</a>. 「MOSN」：<a href=\"https://m.org/x\">https://m.org/x</a>\n\
                <a href=\"mailto:a@b.org\">a@b.org</a> <a href=\"https://e.org/p/#fn1\">1</a> <a href=\"https://i.org\"><img alt=\"\"></a></p>";
    let text = text(html, "https://e.org/p/", 4);
    assert_eq!(
        text.body,
        "See the docs [4], b [5] and again [4]. 「MOSN」：https://m.org/x a@b.org\n1 https://i.org\n"
    );
    assert_eq!(text.links, ["https://a.org/", "https://b.org/?x=1&y=2"]);
    assert_eq!(body("<p><a href=\"https://x.org\">x.org</a>后面</p>"), "https://x.org 后面\n");
    let both = "<p>看<a href=\"https://x.org\">这里</a>。<a href=\"https://y.org\">y.org</a>。</p>";
    assert_eq!(body(both), "看这里 [1]。https://y.org 。\n");
}

#[test]
fn a_block_inside_a_link_ends_its_words() {
    let html = "<p>one <a href=\"https://a.org/\">two<p>中</p></a> after</p>";
    assert_eq!(body(html), "one two\n\n中\n\nhttps://a.org/ after\n");
}

#[test]
fn words_for_excerpts() {
    assert_eq!(
        words(
            "<p>a<sup><a href=\"#fn1\">1</a></sup> <a href=\"https://e.org/p/#p-fnref-1\">↩</a><video>No film?</video></p>"
        ),
        "a"
    );
    assert_eq!(words("<h2>A</h2><p>b <code>c</code></p><pre>no</pre><p>d</p>"), "A b c d");
}

proptest! {
    #[test]
    fn any_markup_is_read(html in "(<[a-z]{1,10}>|</[a-z]{1,10}>|<li>|<pre>|<a href=\"x\">|</a>|&[a-z#0-9]{0,4};?|[ -~\n]|[中é👩])*") {
        let text = text(&html, "", 1);
        prop_assert!(!text.body.starts_with('\n') && !text.body.ends_with("\n\n"));
        let _ = words(&html);
    }
}

#[test]
fn file_names_say_nothing() {
    for (alt, is) in [
        ("weekly.jpg", true),
        ("My photo.PNG", true),
        ("Screen Shot 2021-01-02 at 10.11.12 AM.png", true),
        ("截屏 2021.png", true),
        ("How to save a drawing as logo.svg", false),
        ("A cat", false),
    ] {
        assert_eq!(is_file_name(alt), is, "{alt}");
    }
}
