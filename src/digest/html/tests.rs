use super::*;
use crate::digest::picture::Place;
use crate::digest::theme::Theme;

fn set_in(html: &str, top: u8, rtl: bool) -> String {
    let mut pictures = Pictures::default();
    let place = Place { url: "https://f.org/pictures/k.png".into(), width: 800, height: 600 };
    pictures.insert("https://e.org/i.webp?a=1&b=2", place);
    let theme = Theme::default();
    for_mail(html, Setting { top, rtl, colours: &theme.light, pictures: &pictures, own: "https://e.org/p/" }).unwrap()
}

fn mail(html: &str) -> String {
    set_in(html, 2, false)
}

#[test]
fn tables_break_words_only_where_one_is_too_long_for_a_telephone() {
    let of =
        |cell: &str| mail(&format!("<p>{0}</p><table><tr><th>Centre</th><td>{cell}</td></tr></table>", "x".repeat(99)));
    for short in [
        "a word",
        "把插件清单改为一次读入内存里的表格之中去吧啊呀呢吗哦",
        "<a href=\"https://e.org/a/very/long/address/\">x</a>",
    ] {
        assert!(of(short).contains("word-break:normal;overflow-wrap:break-word"), "{short}");
    }
    let cells = of(&"x".repeat(25));
    assert_eq!(cells.matches("word-break:normal").count(), 1, "the heading's: {cells}");
    let tables = ["x".repeat(25), "a word".into()].map(|cell| format!("<table><tr><td>{cell}</td></tr></table>"));
    assert_eq!(mail(&tables.concat()).matches("word-break:normal").count(), 1, "each for itself");
    let made = of("a");
    assert!(made.contains("<div style=\"overflow-x:auto\"><table") && made.ends_with("</table></div>"), "{made}");
}

#[test]
fn headings_go_below_the_mails_own() {
    let tags = |html: &str, top: u8| {
        let out = set_in(html, top, false);
        out.match_indices("<h").map(|(at, _)| out[at + 1..at + 3].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags("<h1>a</h1><h2>b</h2>", 2), ["h2", "h3"]);
    assert_eq!(tags("<h3>a</h3><h4>b</h4>", 2), ["h2", "h3"]);
    assert_eq!(tags("<h3>a</h3><h4>b</h4>", 3), ["h3", "h4"]);
    // None is skipped, and those that were alike stay so.
    assert_eq!(tags("<h1>a</h1><h6>b</h6><h6>c</h6><h4>d</h4><h5>e</h5>", 3), ["h3", "h4", "h4", "h4", "h5"]);
    assert_eq!(tags("<h4>a</h4><h2>b</h2><h3>c</h3>", 2), ["h2", "h2", "h3"]);
    assert!(mail("<h1>a</h1>").ends_with("</h2>"));
}

#[test]
fn pictures_shrink_and_never_say_their_file_name() {
    assert_eq!(
        mail(
            r#"<img src="https://e.org/a.jpg" alt="weekly.jpg" class="x" loading="lazy" srcset="y" width="1200" height="900">"#
        ),
        r#"<img src="https://e.org/a.jpg" alt="" width="536" height="402" style="max-width:100%;height:auto;border:0">"#
    );
    assert_eq!(
        mail(r#"<img src="https://e.org/a" width="wide" height="50%">"#),
        r#"<img src="https://e.org/a" alt="" style="max-width:100%;height:auto;border:0">"#
    );
    assert!(
        mail(r#"<img src="https://e.org/a" alt="A cat" width="40" height="20">"#)
            .contains(r#"alt="A cat" width="40" height="20""#)
    );
}

#[test]
fn pictures_of_the_site_come_from_where_all_clients_see_them() {
    for (written, shown) in [
        ("", ["width=\"536\"", "height=\"402\""]),
        ("width=\"80\"", ["width=\"80\"", "height=\"60\""]),
        ("height=\"9\"", ["width=\"536\"", "height=\"402\""]),
    ] {
        let out = mail(&format!("<img src=\"https://e.org/i.webp?a=1&amp;b=2\" {written} alt=\"x\">"));
        assert!(out.contains("src=\"https://f.org/pictures/k.png\""), "{out}");
        assert!(shown.iter().all(|length| out.contains(length)), "{out}");
    }
    assert_eq!(
        posters("<video poster=\"https://e.org/?a=1&amp;b=2\" src=\"x\">").collect::<Vec<_>>(),
        ["https://e.org/?a=1&b=2"]
    );
}

#[test]
fn footnotes_stay_in_the_mail() {
    let html = "<p>a<sup><a href=\"https://e.org/p/#p1-fn-1\">1</a></sup></p>\
                <ol><li>Note <a href=\"https://e.org/p/#p1-fnref-1\">↩</a> <a href=\"https://e.org/q/#x\">q</a></li></ol>";
    let out = mail(html);
    assert!(!out.contains("e.org/p/") && !out.contains('↩') && out.contains(">1</sup>"), "{out}");
    assert!(out.contains("https://e.org/q/#x"));
}

#[test]
fn what_clients_cannot_do_degrades() {
    assert_eq!(mail("<!-- x --><script>alert(1)</script>a"), "a");
    assert_eq!(
        mail("<details><summary>More</summary><p>x</p></details>"),
        "<div><div style=\"margin:0 0 8px;font-weight:700\">More</div><p style=\"margin:0 0 16px\">x</p></div>"
    );
    assert_eq!(
        mail("<input type=\"checkbox\" checked=\"\" disabled> a <input type=\"checkbox\"> b"),
        "&#9745; a &#9744; b"
    );
    assert_eq!(mail("<a href=\"#x\">jump</a>"), "jump");
    assert!(
        !mail("<p class=\"a\" id=\"b\" data-x=\"c\" onclick=\"d\" style=\"position:fixed\">x</p>")
            .contains(['c', 'b', 'd'])
    );
}

#[test]
fn quotes_stand_at_the_side_where_reading_begins() {
    assert!(mail("<blockquote>x</blockquote>").contains("border-left:3px"));
    assert!(set_in("<blockquote>x</blockquote>", 2, true).contains("border-right:3px"));
}

#[test]
fn code_in_a_block_is_not_set_twice() {
    let out = mail("<pre><code class=\"language-rust\">let a = 1;</code></pre><p><code>b</code></p>");
    assert_eq!(out.matches("<code style=\"font-family:inherit").count(), 1, "{out}");
    assert_eq!(out.matches("background-color").count(), 2, "{out}");
}

#[test]
fn the_standard_takes_what_is_made_of_what_it_gave_up() {
    let made = mail(
        "<center>a</center><strike>b</strike><tt>c</tt><acronym title=\"x\">d</acronym><details><summary><h3>More</h3></summary>e</details>",
    );
    for gone in ["<center", "<strike", "<tt", "<acronym", "<p"] {
        assert!(!made.contains(gone), "{gone}: {made}");
    }
    assert!(made.starts_with("<div style=\"margin:0 0 16px;text-align:center\">a</div><s>b</s><code "), "{made}");
    let summary = mail("<summary>\n<span class=\"x\"><p>a</p></span></summary><span lang=\"de\">b</span>");
    assert_eq!(summary.matches("<span").count(), 1, "{summary}");
}

#[test]
fn lines_are_set_as_their_author_set_them() {
    for (html, wanted) in [
        ("<p style=\"text-align:center\">x</p>", "text-align:center"),
        ("<p align=\"right\">x</p>", "text-align:right"),
        ("<div align=\"center\">x</div>", "text-align:center"),
        ("<h2 style=\"text-align:right\">x</h2>", "text-align:right"),
        ("<table><tr><td style=\"text-align:center\">x</td></tr></table>", "text-align:center"),
        ("<table><tr><td align=\"right\">x</td></tr></table>", "text-align:right"),
        ("<table><tr><td>x</td></tr></table>", "text-align:left"),
        ("<td><p style=\"text-align:center\">x</p></td>", "margin:0;text-align:center"),
    ] {
        let made = mail(html);
        assert!(made.contains(wanted) && !made.contains(" align="), "{made}");
    }
}

#[test]
fn pictures_are_as_wide_as_their_author_says() {
    for (written, width, height) in [("50%", 268, 201), ("100%", 536, 402), ("120px", 120, 90), ("0", 536, 402)] {
        let made = mail(&format!("<img src=\"https://e.org/i.webp?a=1&amp;b=2\" width=\"{written}\" alt=\"x\">"));
        let sizes = [format!(" width=\"{width}\""), format!(" height=\"{height}\"")];
        assert!(sizes.iter().all(|size| made.contains(size)), "{written}: {made}");
    }
}

#[test]
fn what_holds_no_words_is_no_quotation() {
    let picture = "<img src=\"https://e.org/a.png\" alt=\"\">";
    assert!(!mail(&format!("<blockquote><p>{picture}</p></blockquote>")).contains("border-"));
    for words in ["<p>a</p>", "<img src=\"https://e.org/a.png\" alt=\"A cat\">"] {
        assert!(mail(&format!("<blockquote>{picture}{words}</blockquote>")).contains("border-left:3px"), "{words}");
    }
    let both = mail(&format!(
        "<blockquote>{picture}<blockquote>x</blockquote></blockquote><blockquote>{picture}</blockquote>"
    ));
    assert_eq!(both.matches("border-left:3px").count(), 2, "{both}");
}

#[test]
fn a_box_to_tick_stands_in_the_place_of_a_bullet() {
    let made = mail("<ul><li>\n<p>☐ open</p>\n</li><li>plain</li><li>☑ done</li></ul>");
    assert_eq!(made.matches("list-style-type:none").count(), 2, "{made}");
}

#[test]
fn a_link_in_marked_words_has_their_colour() {
    let made = mail("<mark><a href=\"https://e.org/\">x</a></mark>");
    assert!(
        !made.contains("class=\"link\"") && made.contains("style=\"color:#1f2328;text-decoration:underline"),
        "{made}"
    );
}
