use std::sync::Arc;

use chrono::TimeZone as _;

use super::*;
use crate::digest::picture::Place;
use crate::digest::theme::{Colour, Palette, Theme};
use crate::digest::{Mailbox, Schedule};
use crate::post::body::Shown;
use crate::post::{Author, Cover, Page, Post, Status};
use crate::site::Language;

mod lengths;
mod looks;

fn templates() -> Templates {
    Templates::new(&std::collections::BTreeMap::new()).unwrap()
}

fn site() -> Site {
    Site {
        url: "https://harbour.example.org/".into(),
        title: "Harbour".into(),
        description: "News of the pier".into(),
        language: "zh-CN".into(),
        languages: vec![
            Language { key: "zh".into(), tag: "zh-CN".into(), ..Language::default() },
            Language { key: "en".into(), tag: "en".into(), ..Language::default() },
            Language { key: "ar".into(), tag: "ar".into(), ..Language::default() },
        ],
        ..Site::default()
    }
}

fn digest(template: &str) -> Digest {
    let from = Mailbox { name: "Harbour".into(), address: "weekly@harbour.example.org".into() };
    let trigger = Trigger::Cron(Schedule::parse("0 9 * * 5", chrono_tz::Asia::Shanghai).unwrap());
    Digest {
        title: "港口周报".into(),
        template: template.into(),
        language: "zh-CN".into(),
        public_url: "https://feeds.example.org/".into(),
        ..Digest::new("weekly", from, trigger)
    }
}

fn post(number: u32, title: &str, language: &str, summary: &str, html: &str) -> FullPost {
    let at = chrono::FixedOffset::east_opt(8 * 3600).unwrap().with_ymd_and_hms(2026, 11, number, 15, 0, 0).unwrap();
    let page = Page {
        path: format!("content/blog/{number}.md"),
        url: format!("https://harbour.example.org/blog/{number}/"),
        title: title.into(),
        published: Some(at),
        section: "blog".into(),
        tags: vec!["周报".into()],
        authors: vec![Author { name: "林海".into(), url: None }, Author { name: "Mira".into(), url: None }],
        language: language.into(),
        ..Page::default()
    };
    let cover = (number == 20 || number == 12)
        .then(|| Cover { url: format!("https://harbour.example.org/c/{number}.jpg"), alt: String::new() });
    let shown = Shown { html: html.into(), summary: summary.into(), cover, ..Shown::default() };
    let post = Post { id: format!("tag:{number}"), status: Status::Listed, page: Arc::new(page) };
    FullPost { post: Arc::new(post), shown: Arc::new(shown) }
}

const WEEKLY: &str = "<p>港口周报 | 每周精选，同步开源进展，欢迎留言互动</p>\n<blockquote>\n<p><img src=\"https://harbour.example.org/c/20.jpg\" alt=\"weekly.jpg\"></p>\n</blockquote>\n\
<h3>每周读者问答提炼</h3>\n<p><strong>@海风</strong> 提问：</p>\n<blockquote>\n<p>请问船靠岸之后缆绳要怎么系，<br>\n有没有新手也能学会的办法？</p>\n</blockquote>\n\
<p>A：可以的，先看这里：<a href=\"https://harbour.example.org/knots?a=1&amp;b=2\">https://harbour.example.org/knots?a=1&amp;b=2</a></p>\n\
<p>「<code>tie_knot(\"bowline\")</code>」的例子在<a href=\"https://harbour.example.org/docs/\">文档</a>里。</p>\n\
<h3>新手任务</h3>\n<ul>\n<li>为灯塔添加注释</li>\n<li>整理航海日志\n<ol>\n<li>先读</li>\n<li>再写</li>\n</ol>\n</li>\n</ul>\n\
<pre><code class=\"language-rust\">fn main() {\n    moor();\n}\n</code></pre>\n\
<h3>本周推荐阅读</h3>\n<ul>\n<li><a href=\"https://harbour.example.org/a/\">灯塔的十年：从煤油到 LED</a></li>\n<li><a href=\"https://harbour.example.org/b/\">A quiet week on the pier</a></li>\n</ul>\n\
<table><thead><tr><th>船</th><th>到港</th></tr></thead><tbody><tr><td>海鸥号</td><td>周五</td></tr></tbody></table>";

fn sample() -> Vec<FullPost> {
    vec![
        post(
            20,
            "港口周报 | 读者问答、新手任务与推荐阅读",
            "zh",
            "本周我们回答了三个关于缆绳的问题，整理了两项适合新手的任务，并推荐三篇文章。",
            WEEKLY,
        ),
        post(
            18,
            "A quiet week on the pier: what the logbook says about storms, <ropes> & patience",
            "en",
            "The logbook of the Gull has been read from end to end. What it says about storms is not what we expected, and worth a long evening.",
            "<p>Some words in English.</p>",
        ),
        post(
            12,
            "أسبوع هادئ على الرصيف",
            "ar",
            "يقول دفتر السجل إن العواصف جاءت مبكرة هذا العام.",
            "<h2>عنوان</h2><blockquote><p>كلمات قليلة.</p></blockquote>",
        ),
    ]
}

fn render(template: &str, posts: &[FullPost], language: &str) -> Rendition {
    rendered(&digest(template), posts, language, &Pictures::default()).rendition
}

fn rendered(digest: &Digest, posts: &[FullPost], language: &str, pictures: &Pictures) -> Rendered {
    let slot = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 1, 0, 0).unwrap();
    issue(&templates(), &site(), &Issue { digest, slot, posts, count: posts.len(), pictures }, language).unwrap()
}

/// With the random id taken out.
fn shown(rendition: &Rendition) -> String {
    let Rendition { id, subject, html, text, .. } = rendition;
    format!("Subject: {subject}\n\n{text}\n~~~~~~~~\n{html}").replace(id, "ID")
}

#[test]
fn snapshots_of_every_mail() {
    let posts = sample();
    insta::assert_snapshot!("digest", shown(&render("digest", &posts, "zh-CN")));
    insta::assert_snapshot!("letter", shown(&render("letter", &posts[..1], "zh-CN")));
    insta::assert_snapshot!("letter-of-three-in-english", shown(&render("letter", &posts, "en-GB")));
    insta::assert_snapshot!("plain", shown(&render("plain", &posts, "en")));
    let confirmation = confirmation(&templates(), &site(), &digest("digest"), "en").unwrap();
    insta::assert_snapshot!("confirmation", shown(&confirmation));
}

#[test]
fn the_same_posts_give_the_same_mail_but_for_the_marks() {
    let posts = sample();
    let (one, two) = (render("letter", &posts, "zh-CN"), render("letter", &posts, "zh-CN"));
    assert_ne!(one.id, two.id);
    assert_eq!(shown(&one), shown(&two));
    for hole in [Hole::UnsubscribeUrl, Hole::PreferencesUrl, Hole::Address] {
        let mark = hole.mark(&one.id);
        assert!(one.html.contains(&mark) && one.text.contains(&mark), "{hole:?}");
    }
    assert!(!one.html.contains(&Hole::ConfirmUrl.mark(&one.id)));
}

#[test]
fn a_confirmation_has_the_id_of_its_content() {
    let of = |digest: &Digest, language: &str| confirmation(&templates(), &site(), digest, language).unwrap();
    let one = of(&digest("digest"), "en");
    assert_eq!(one, of(&digest("digest"), "en"));
    assert_eq!(one.id, of(&digest("letter"), "en").id, "it does not depend on what it is not made of");
    assert_ne!(one.id, of(&digest("digest"), "zh-CN").id);
    assert_ne!(one.id, of(&Digest { title: "Other".into(), ..digest("digest") }, "en").id);
    assert_ne!(one.id, of(&Digest { name: "other".into(), ..digest("digest") }, "en").id);
    for text in [&one.html, &one.text] {
        assert!(text.contains(&Hole::ConfirmUrl.mark(&one.id)) && text.contains(&Hole::Address.mark(&one.id)));
        assert!(!text.contains(&Hole::UnsubscribeUrl.mark(&one.id)), "nobody has subscribed yet");
        assert!(!text.contains("hole--"), "no mark of no id is left");
    }
}

#[test]
fn ten_posts_are_shown_and_the_others_counted() {
    let posts: Vec<_> =
        (1..=13).rev().map(|number| post(number, &format!("Title {number}"), "en", "Dek.", "<p>x</p>")).collect();
    for template in ["digest", "plain", "letter"] {
        let mail = render(template, &posts, "en");
        assert_eq!(mail.subject, "Title 13 and 12 more");
        for part in [&mail.html, &mail.text] {
            assert!(part.contains("3 more posts on Harbour"), "{template}");
            assert!(
                part.contains("Title 4") && !part.contains("Title 3<") && !part.contains("Title 3\n"),
                "{template}"
            );
        }
    }
    let mail = render("digest", &posts, "en");
    assert!(mail.html.contains(">Title 12 · Title 11 · Title 10"), "the preheader tells what the subject does not");
    assert!(mail.html.len() < 40_000, "{} bytes", mail.html.len());
}

#[test]
fn hostile_titles_and_names_stay_text() {
    let title = "\u{202e}a\r\nBcc: x\u{0} <script>alert(1)</script> {{ 7*7 }} =?utf-8?b?QQ==?= ".to_owned()
        + &"long ".repeat(400);
    let mut hostile = post(9, &title, "en", "\"><img src=x onerror=y>", "<p>{{ lang }} {% raw %}</p>");
    let page = Arc::make_mut(&mut Arc::make_mut(&mut hostile.post).page);
    page.authors = vec![Author { name: "A\r\nB: c".into(), url: None }];
    let cover = Cover { url: "https://e.org/\"><script>".into(), alt: "\"onload=\"x".into() };
    Arc::make_mut(&mut hostile.shown).cover = Some(cover);
    let posts = [hostile];
    for template in ["digest", "letter", "plain"] {
        let mail = render(template, &posts, "en");
        assert!(!mail.subject.contains(char::is_control) && !mail.subject.contains('\u{202e}'));
        assert!(wrap::width(&mail.subject) <= SUBJECT_WIDTH && mail.subject.ends_with('…'));
        assert!(
            !mail.html.contains("<script") && !mail.html.contains("<img src=x") && !mail.html.contains("\"onload"),
            "{template}"
        );
        assert!(mail.html.contains("{{ 7*7 }}"), "{template}");
        assert!(!mail.text.contains(['\r', '\u{0}', '\u{202e}']));
    }
}

#[test]
fn mails_say_what_their_readers_will_miss() {
    let html = "<p><img src=\"https://e.org/1.png\" alt=\"A cat\"><img src=\"https://e.org/2.png\" alt=\"\"><img src=\"https://e.org/3.png\" alt=\"cat.png\"></p>";
    let mut pictures = Pictures::default();
    pictures.problems.push(Problem::warning("a.md", None, "the picture x is AVIF", "y"));
    let made = rendered(&digest("letter"), &[post(9, "T", "en", "S.", html)], "en", &pictures);
    let said: Vec<_> = made.problems().map(|problem| problem.what.as_str()).collect();
    assert_eq!(said, ["the picture x is AVIF", "the picture https://e.org/2.png has no alternative text, and 1 more"]);
}

#[test]
fn the_owners_look_is_everywhere() {
    let own = Theme::default();
    let accent = Colour::parse("#7a1f5c").unwrap();
    let light = Palette::new(accent, own.light.ink, own.light.soft, own.light.card, own.light.page);
    let theme = Theme {
        light,
        logo: "/images/logo.svg".into(),
        fonts: "Georgia,serif".into(),
        footer: "A <footer>\nof two lines".into(),
        postal_address: "Pier 1\nHarbour".into(),
        ..own
    };
    let mut pictures = Pictures::default();
    let place = |url: &str, width, height| Place { url: url.into(), width, height };
    pictures.insert("https://harbour.example.org/images/logo.svg", place("https://f.org/pictures/l.png", 300, 100));
    pictures.insert("https://harbour.example.org/c/20.jpg", place("https://f.org/pictures/c.jpg", 1600, 900));
    for template in ["digest", "letter", "plain"] {
        let digest = Digest { theme: Arc::new(theme.clone()), ..digest(template) };
        let Rendition { html, text, .. } = rendered(&digest, &sample(), "en", &pictures).rendition;
        assert!(html.contains("#7a1f5c") && !html.contains("#0b5cad"), "{template}");
        assert!(html.contains("font-family:Georgia,serif,-apple-system"), "{template}");
        assert!(html.contains("A &lt;footer&gt;") && html.contains("Pier 1<br>Harbour"), "{template}");
        assert!(text.contains("A <footer>\nof two lines") && text.contains("Pier 1\nHarbour"), "{template}");
        assert!(html.contains("https://feeds.example.org/archive/weekly/2026-11-20-0900/"), "{template}");
        if template != "plain" {
            assert!(
                html.contains("<img src=\"https://f.org/pictures/l.png\" alt=\"Harbour\" width=\"120\" height=\"40\""),
                "{template}"
            );
        }
        if template == "digest" {
            assert!(html.contains("<img src=\"https://f.org/pictures/c.jpg\" width=\"600\" height=\"338\""), "{html}");
        }
    }
    let hidden = Digest { public: false, ..digest("letter") };
    assert!(!rendered(&hidden, &sample(), "en", &pictures).rendition.html.contains("/archive/"));
    let wanted = super::pictures(&site(), &Digest { theme: Arc::new(theme), ..digest("letter") }, &sample());
    let wanted: Vec<_> = wanted.iter().map(|(post, url)| (*post, url.rsplit_once("org/").unwrap().1)).collect();
    assert_eq!(
        wanted,
        [(None, "images/logo.svg"), (Some(0), "c/20.jpg"), (Some(0), "c/20.jpg"), (Some(2), "c/12.jpg")]
    );
}

#[test]
fn the_text_of_a_letter_knows_its_sections() {
    let html = "<h3>每周读者问答提炼</h3><p><strong>@海风</strong> 提问：</p><blockquote><p>缆绳怎么系？</p></blockquote><p>A：先看文档。</p>\
                <p>「Knots」：<a href=\"https://e.org/knots\">https://e.org/knots</a></p>\
                <h3>新手任务</h3><p><strong>Pier</strong></p><p>-Easy</p><p>为灯塔添加注释</p><p>整理航海日志</p><p>「详细参考」：<a href=\"https://e.org/issues/9\">https://e.org/issues/9</a></p>\
                <h3>本周推荐阅读</h3><ul><li><a href=\"https://e.org/a\">灯塔的十年</a></li><li><a href=\"https://e.org/b\">安静的一周</a></li></ul>";
    let text = render("letter", &[post(9, "周报", "zh", "", html)], "zh-CN").text;
    for lines in [
        "每周读者问答提炼\n----------------\n\n@海风 · Knots [1]\n\n> 缆绳怎么系？\n\n先看文档。",
        "新手任务\n--------\n\nPier [2]\n\nEasy\n\n- 为灯塔添加注释\n- 整理航海日志",
        "本周推荐阅读\n------------\n\n- 灯塔的十年 [3]\n- 安静的一周 [4]",
        "[1] https://e.org/knots\n[2] https://e.org/issues/9\n[3] https://e.org/a",
    ] {
        assert!(text.contains(lines), "{lines}\n\n{text}");
    }
}

#[test]
fn an_owners_template_is_used_and_its_faults_are_named() {
    let with = |body: &str| {
        let own = |name: &str, text: &str| (format!("email/mine/{name}"), text.to_owned());
        let files = [
            own("subject.txt", "{{ digest.title }}\n"),
            own("body.html", body),
            own("body.txt", "{{ posts[0].text }}"),
        ];
        let templates = Templates::new(&files.into_iter().collect()).unwrap();
        let slot = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 1, 0, 0).unwrap();
        issue(
            &templates,
            &site(),
            &Issue { digest: &digest("mine"), slot, posts: &sample(), count: 3, pictures: &Pictures::default() },
            "en",
        )
        .map(|rendered| rendered.rendition)
    };
    let mail = with("<p>{{ posts[0].title }}</p>").unwrap();
    assert_eq!(
        (mail.subject.as_str(), mail.html.as_str()),
        ("港口周报", "<p>港口周报 | 读者问答、新手任务与推荐阅读</p>\n")
    );
    assert_eq!(
        with("<p>\n{{ post.title }}</p>").unwrap_err(),
        "templates/email/mine/body.html:2: unknown name in `post.title`"
    );
}

/// What the templates set in which colour is the palette's, whose contrasts `theme` checks.
#[test]
fn every_colour_is_the_themes() {
    let known = {
        let Theme { light, dark, .. } = Theme::default();
        let of = |p: Palette| [p.accent, p.ink, p.soft, p.card, p.page, p.code, p.line, p.quote];
        let marked = ["#fff1a8".to_owned(), "#1f2328".to_owned()];
        [of(light), of(dark)].concat().iter().map(ToString::to_string).chain(marked).collect::<Vec<_>>()
    };
    for template in ["digest", "letter", "plain"] {
        let html = render(template, &sample(), "en").html;
        for (at, _) in html.match_indices("color:#") {
            let colour = &html[at + 6..at + 13];
            assert!(known.iter().any(|known| known == colour), "{template}: {colour}");
            assert!(!html.as_bytes()[at + 13].is_ascii_hexdigit(), "Outlook knows colours of six digits only");
        }
    }
}

#[test]
fn a_letter_loses_no_link_that_its_entries_have_no_place_for() {
    let html = "<h3>每周读者问答提炼</h3><p><strong>@<a href=\"https://e.org/haifeng\">海风</a></strong> 提问：</p>\
                <blockquote><p>缆绳怎么系？</p></blockquote><p>A：看<a href=\"https://e.org/a?b=1&amp;c=2\">这里</a>。</p>\
                <p>「Knots」：<a href=\"https://e.org/knots\">https://e.org/knots</a></p>";
    let mail = render("letter", &[post(9, "周报", "zh", "", html)], "zh-CN");
    for link in ["https://e.org/haifeng", "https://e.org/a?b=1&amp;c=2", "https://e.org/knots"] {
        assert!(mail.html.contains(link), "{link}");
    }
}
