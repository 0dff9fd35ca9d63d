use std::sync::Arc;

use chrono::TimeZone as _;

use super::*;
use crate::digest::{Mailbox, Schedule, Selection};
use crate::post::body::Shown;
use crate::post::{Author, Cover, Page, Post, Status};
use crate::site::Language;

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
    Digest {
        name: "weekly".into(),
        title: "港口周报".into(),
        description: String::new(),
        trigger: Trigger::Cron(Schedule::parse("0 9 * * 5", chrono_tz::Asia::Shanghai).unwrap()),
        selection: Selection::default(),
        template: template.into(),
        from: Mailbox { name: "Harbour".into(), address: "weekly@harbour.example.org".into() },
        reply_to: None,
        language: "zh-CN".into(),
        catch_up: chrono::Duration::hours(6),
        hold_above: 10,
        time_to_live: chrono::Duration::hours(72),
        public: true,
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
    let digest = digest(template);
    let slot = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 1, 0, 0).unwrap();
    issue(&templates(), &site(), &Issue { digest: &digest, slot, posts, count: posts.len() }, language).unwrap()
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
fn a_post_too_long_for_a_mail_is_told_by_its_summary() {
    let posts = [post(9, "Long", "en", "The gist.", &"<p>word</p>".repeat(40_000))];
    let mail = render("letter", &posts, "en");
    assert!(mail.html.len() < 20_000 && mail.html.contains("The gist.") && mail.text.contains("The gist."));
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
        issue(&templates, &site(), &Issue { digest: &digest("mine"), slot, posts: &sample(), count: 3 }, "en")
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

/// WCAG 2.2, 1.4.3: the colours that stand on each other in the templates, light and dark.
#[test]
fn colours_have_contrast() {
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }
    let mails: String =
        ["digest", "letter", "plain"].iter().map(|template| render(template, &sample(), "en").html).collect();
    for (ink, ground) in [
        ("#1f2328", "#fdfdfc"),
        ("#525c67", "#fdfdfc"),
        ("#525c67", "#eef0f3"),
        ("#0b5cad", "#fdfdfc"),
        ("#4a5460", "#fdfdfc"),
        ("#fdfdfc", "#0b5cad"),
        ("#1f2328", "#f1f3f5"),
        ("#525c67", "#e4e8ee"),
        ("#e7e9ec", "#1a1d21"),
        ("#a9b1bb", "#1a1d21"),
        ("#a9b1bb", "#101214"),
        ("#82b8f5", "#1a1d21"),
        ("#101214", "#82b8f5"),
        ("#e7e9ec", "#262a30"),
    ] {
        assert!(mails.contains(ink) && mails.contains(ground), "{ink} on {ground} is not used any more");
        let (a, b) = (luminance(ink), luminance(ground));
        let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
        assert!(contrast >= 4.5, "{ink} on {ground}: {contrast:.2}");
    }
    for colour in mails.match_indices("color:#").map(|(at, _)| &mails[at + 7..]) {
        assert!(
            colour.bytes().take_while(u8::is_ascii_hexdigit).count() == 6,
            "Outlook knows colours of six digits only"
        );
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
