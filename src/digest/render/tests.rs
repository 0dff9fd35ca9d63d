use chrono::TimeZone as _;

use super::*;
use crate::digest::{Mailbox, Schedule, Selection};
use crate::post::{Author, Cover, Page, Status};
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

fn post(number: u32, title: &str, language: &str, summary: &str, html: &str) -> Arc<Post> {
    let at = chrono::FixedOffset::east_opt(8 * 3600).unwrap().with_ymd_and_hms(2026, 11, number, 15, 0, 0).unwrap();
    let page = Page {
        path: format!("content/blog/{number}.md"),
        url: format!("https://harbour.example.org/blog/{number}/"),
        title: title.into(),
        published: Some(at),
        section: "blog".into(),
        tags: vec!["周报".into()],
        authors: vec![Author { name: "林海".into(), url: None }, Author { name: "Mira".into(), url: None }],
        summary: summary.into(),
        language: language.into(),
        cover: (number == 20 || number == 12)
            .then(|| Cover { url: format!("https://harbour.example.org/c/{number}.jpg"), alt: String::new() }),
        html: html.into(),
        ..Page::default()
    };
    Arc::new(Post { id: format!("tag:{number}"), status: Status::Listed, page: Arc::new(page) })
}

const WEEKLY: &str = "<p>港口周报 | 每周精选，同步开源进展，欢迎留言互动</p>\n<blockquote>\n<p><img src=\"https://harbour.example.org/c/20.jpg\" alt=\"weekly.jpg\"></p>\n</blockquote>\n\
<h3>每周读者问答提炼</h3>\n<p><strong>@海风</strong> 提问：</p>\n<blockquote>\n<p>请问船靠岸之后缆绳要怎么系，<br>\n有没有新手也能学会的办法？</p>\n</blockquote>\n\
<p>A：可以的，先看这里：<a href=\"https://harbour.example.org/knots?a=1&amp;b=2\">https://harbour.example.org/knots?a=1&amp;b=2</a></p>\n\
<p>「<code>tie_knot(\"bowline\")</code>」的例子在<a href=\"https://harbour.example.org/docs/\">文档</a>里。</p>\n\
<h3>新手任务</h3>\n<ul>\n<li>为灯塔添加注释</li>\n<li>整理航海日志\n<ol>\n<li>先读</li>\n<li>再写</li>\n</ol>\n</li>\n</ul>\n\
<pre><code class=\"language-rust\">fn main() {\n    moor();\n}\n</code></pre>\n\
<h3>本周推荐阅读</h3>\n<ul>\n<li><a href=\"https://harbour.example.org/a/\">灯塔的十年：从煤油到 LED</a></li>\n<li><a href=\"https://harbour.example.org/b/\">A quiet week on the pier</a></li>\n</ul>\n\
<table><thead><tr><th>船</th><th>到港</th></tr></thead><tbody><tr><td>海鸥号</td><td>周五</td></tr></tbody></table>";

fn sample() -> Vec<Arc<Post>> {
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

fn render(template: &str, posts: &[Arc<Post>], language: &str) -> Rendition {
    let digest = digest(template);
    let slot = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 1, 0, 0).unwrap();
    issue(&templates(), &site(), &Issue { digest: &digest, slot, posts }, language).unwrap()
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
