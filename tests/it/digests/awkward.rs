//! What posts hold that is hard on mails.

use postrider::post::{FullPost, markdown, sanitize};
use url::Url;

use super::clients::post;

pub const ARABIC: &str = "<h2>من دفتر الميناء</h2><p>وصلت السفينة <strong>النورس</strong> صباح الجمعة، ومعها <a href=\"https://harbour.example.org/log/\">دفتر السجل</a> كاملًا.</p>\
    <blockquote><p>العاصفة لا تأتي وحدها.</p></blockquote><ol><li>اربط الحبال</li><li>أطفئ المصابيح</li></ol>\
    <pre><code>tie --knot bowline</code></pre><table><thead><tr><th>السفينة</th><th>الوصول</th></tr></thead><tbody><tr><td>النورس</td><td>الجمعة</td></tr></tbody></table>";

pub const JAPANESE: &str = "<h2>今週の灯台 🗼</h2><p>金曜の朝、かもめ号 ⛵️ が港に戻りました。ロープの結び方について、読者の皆さまから三つの質問をいただいています👩‍👩‍👧。「もやい結び」は初めての方にもおすすめです。</p>\
    <ul><li>灯りを点ける💡</li><li>航海日誌を<a href=\"https://harbour.example.org/log/\">整理する</a></li></ul><p>それでは、よい週末を！🇯🇵</p>";

/// Every case of HTML that a post may hold behind our sanitiser.
pub fn everything() -> String {
    let token = "x".repeat(200);
    format!(
        "<h1>One</h1><h2>Two</h2><h3>Three</h3><h4>Four</h4><h6>Six</h6>\
         <p>Some <strong>strong</strong>, <em>soft</em>, <del>gone</del>, <mark>marked</mark> <code>code</code>, <kbd>Ctrl</kbd>, H<sub>2</sub>O, x<sup>2</sup>, <abbr title=\"a b c\">abc</abbr>.<br>A new line, {token}.</p>\
         <ul><li>a<ul><li>b<ol start=\"7\"><li>c</li></ol></li></ul></li><li><p>d</p><p>e</p></li></ul>\
         <ul><li>☑ done</li><li>☐ open</li></ul>\
         <blockquote><p>Quoted, <a href=\"https://e.org/{token}\">https://e.org/{token}</a></p><blockquote><p>twice</p></blockquote></blockquote>\
         <pre><code class=\"language-rust\">fn main() {{\n    println!(\"{token}\");\n}}\n</code></pre>\
         <table><thead><tr><th align=\"left\">Left</th><th align=\"center\">Centre</th><th align=\"right\">Right</th></tr></thead><tbody><tr><td>{token}</td><td colspan=\"2\"><img src=\"https://e.org/t.png\" alt=\"T\"></td></tr></tbody></table>\
         <p><img src=\"https://e.org/w.png\" alt=\"Wide\" width=\"1600\" height=\"900\"><a href=\"https://e.org/\"><img src=\"https://e.org/x\" alt=\"\"></a></p>\
         <figure><img src=\"https://e.org/f.jpg\" alt=\"A crane\"><figcaption>The crane, repaired</figcaption></figure>\
         <details><summary>More</summary><p>Folded away.</p></details>\
         <video src=\"https://e.org/v.mp4\" poster=\"https://e.org/p.jpg\" controls=\"\"></video><audio src=\"https://e.org/a.mp3\" controls=\"\"></audio>\
         <dl><dt>Pier</dt><dd>Where ships lie</dd></dl><hr>\
         <p lang=\"ja\">日本語の段落。</p><div align=\"center\"><p dir=\"rtl\">من اليمين</p></div>\
         <table><thead><tr><th>Phase</th><th>Component</th><th>Implementation</th><th>Operation</th><th>Remarks</th></tr></thead><tbody><tr><td>Backup</td><td>BackupEngine</td><td>Builtin</td><td><code>source:read</code></td><td style=\"text-align:center\">none</td></tr></tbody></table>\
         <table><thead><tr>{}</tr></thead><tbody><tr>{}</tr></tbody></table>\
         <ul><li><p>☐ a loose one</p></li><li><p>☑ another</p></li></ul><p style=\"text-align:center\">Centred</p>\
         <blockquote><p><img src=\"https://e.org/only.png\" alt=\"\"></p></blockquote><center>Old words, <strike>gone</strike> <tt>code</tt></center>\
         <p><mark><a href=\"https://e.org/m\">A marked link</a></mark> and <a href=\"https://e.org/c\"><code>a link in code</code></a></p>\
         <p>In 2021<sup><a href=\"https://harbour.example.org/9/#p-fn-1\">1</a></sup> it was.</p>\
         <section><ol><li><p>A footnote. <a href=\"https://harbour.example.org/9/#p-fnref-1\">↩</a></p></li></ol></section>",
        "<th>Column</th>".repeat(10),
        "<td>short</td>".repeat(10),
    ) + &of_markdown()
}

/// What comes of HTML in Markdown, through the sanitiser.
fn of_markdown() -> String {
    let text = "A film: <video controls><source src=\"/v/film.mp4\" type=\"video/mp4\">No film? <a href=\"/v/film.mp4\">Load it</a></video>\n\n\
                <video controls poster=\"/v/p.jpg\">\n<source src=\"/v/other.webm\">\n</video>\n\n\
                <audio controls><source src=\"/v/talk.mp3\"></audio>\n\n\
                <iframe src=\"https://www.youtube.com/embed/abc\" title=\"A talk\"></iframe>\n\n\
                <details><summary><h3>Folded</h3></summary>\n\nInside.\n\n</details>\n\n\
                - [ ] open\n\n- [x] done\n\n<img src=\"/s.png\" alt=\"Small\" style=\"width:100px\">\n";
    let page = Url::parse("https://harbour.example.org/9/").unwrap();
    sanitize::sanitize(&markdown::to_html(text), &page)
}

/// What somebody writes who wants a title or a name to be more than that; 2,000 characters of it.
pub fn hostile() -> String {
    "\u{202e}a\r\nBcc: x\u{0} <b>&amp; {{ 7*7 }} =?utf-8?b?QQ==?= \"'\u{2066}\u{85}".to_owned() + &"long ".repeat(400)
}

/// Words without an end, and what is too wide, in every place.
pub fn unbroken() -> [FullPost; 4] {
    let token = "x".repeat(300);
    let html = format!(
        "<h3>{token}</h3><p>{token} https://example.org/{token}</p><h4>Sub</h4><blockquote><p>{token}</p></blockquote><pre><code>{token}\n{}</code></pre>\
         <p><code>{token}</code> <a href=\"https://example.org/{token}\">https://example.org/{token}</a></p>\
         <ul><li>{token}<ol><li><p>{token}</p></li></ol></li></ul>\
         <p><img src=\"https://e.org/wide.png\" alt=\"wide\" width=\"1600\" height=\"900\"> <img src=\"https://e.org/w.png\" alt=\"wide\"></p>\
         <table><thead><tr><th>One</th><th>Two</th><th>Three</th></tr></thead><tbody><tr><td>{token}</td><td><img src=\"https://e.org/w.png\" alt=\"\"></td><td>z</td></tr></tbody></table>\
         <details><summary>More</summary><p>{token}</p></details><hr><dl><dt>T</dt><dd>{token}</dd></dl>",
        "long line of code ".repeat(20)
    );
    let summary = "Some words of summary that go on for a little while, as summaries do when nobody stops them.";
    [
        post(2, "港口周报 | 读者问答、新手任务与推荐阅读", "zh", summary, &html),
        post(4, &format!("A title with {token}"), "en", summary, &html),
        post(6, "أسبوع هادئ على الرصيف", "ar", summary, &html),
        post(7, "Short", "en", summary, "<p>x</p>"),
    ]
}
