use super::*;

fn mail(html: &str) -> String {
    for_mail(html, Setting { top: 2, rtl: false }).unwrap()
}

#[test]
fn headings_go_below_the_mails_own() {
    let tags = |html: &str, top: u8| {
        let out = for_mail(html, Setting { top, rtl: false }).unwrap();
        out.match_indices("<h").map(|(at, _)| out[at + 1..at + 3].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags("<h1>a</h1><h2>b</h2>", 2), ["h2", "h3"]);
    assert_eq!(tags("<h3>a</h3><h4>b</h4>", 2), ["h2", "h3"]);
    assert_eq!(tags("<h3>a</h3><h4>b</h4>", 3), ["h3", "h4"]);
    assert_eq!(tags("<h1>a</h1><h6>b</h6>", 3), ["h3", "h6"]);
    assert!(mail("<h1>a</h1>").ends_with("</h2>"));
}

#[test]
fn pictures_shrink_and_never_say_their_file_name() {
    assert_eq!(
        mail(
            r#"<img src="https://e.org/a.jpg" alt="weekly.jpg" class="x" loading="lazy" srcset="y" width="1200" height="900">"#
        ),
        r#"<img src="https://e.org/a.jpg" alt="" width="536" style="max-width:100%;height:auto;border:0">"#
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
    assert!(
        for_mail("<blockquote>x</blockquote>", Setting { top: 2, rtl: true }).unwrap().contains("border-right:3px")
    );
}

#[test]
fn code_in_a_block_is_not_set_twice() {
    let out = mail("<pre><code class=\"language-rust\">let a = 1;</code></pre><p><code>b</code></p>");
    assert_eq!(out.matches("<code style=\"font-family:inherit").count(), 1, "{out}");
    assert_eq!(out.matches("background-color").count(), 2, "{out}");
}
