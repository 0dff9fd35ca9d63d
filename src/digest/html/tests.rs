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
        mail(r#"<img src="https://e.org/a" width="50%">"#),
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
    let film = mail("<video src=\"https://e.org/f.mp4\" poster=\"https://e.org/i.webp?a=1&amp;b=2\" controls></video>");
    assert!(
        film.contains("href=\"https://e.org/f.mp4\"") && film.contains("pictures/k.png") && !film.contains("<video")
    );
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
        "<div><p style=\"margin:0 0 8px;font-weight:700\">More</p><p style=\"margin:0 0 16px\">x</p></div>"
    );
    assert_eq!(
        mail(r#"<iframe src="https://v.org/e?a=1&amp;b=2"></iframe>"#),
        r#"<p style="margin:0 0 16px"><a class="link" href="https://v.org/e?a=1&amp;b=2" style="color:#0b5cad">&#9654; v.org</a></p>"#
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
