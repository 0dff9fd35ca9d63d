//! What mail clients make of our mails: every template, in many languages and of awkward posts, held against caniemail's data,
//! the HTML standard and a browser. Our own posts' mails are snapshots; of real weeklies only what can be counted is kept here.
//! The files are left in `target/mails`; the long run takes a picture of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use postrider::digest::picture::Pictures;
use postrider::digest::render::{self, Rendered};
use postrider::digest::{Digest, Mailbox, Rendition, Schedule, Selection, Trigger};
use postrider::library::{Library, Scan, Scanner, Settings};
use postrider::post::body::{Bodies as _, Shown};
use postrider::post::section::Section;
use postrider::post::{Author, Cover, FullPost, Page, Post, Status, id};
use postrider::site::{Language, Site};
use postrider::template::{Templates, wrap};

use crate::support::peers;

fn digest(template: &str, language: &str) -> Digest {
    Digest {
        name: "weekly".into(),
        title: "Harbour Weekly".into(),
        description: String::new(),
        trigger: Trigger::Cron(Schedule::parse("0 9 * * 5", chrono_tz::Asia::Shanghai).unwrap()),
        selection: Selection::default(),
        template: template.into(),
        from: Mailbox { name: "Harbour".into(), address: "weekly@harbour.example.org".into() },
        reply_to: None,
        language: language.into(),
        catch_up: chrono::Duration::hours(6),
        hold_above: 10,
        time_to_live: chrono::Duration::hours(72),
        public: true,
        theme: Arc::default(),
        public_url: "https://feeds.example.org/".into(),
    }
}

fn site() -> Site {
    let language = |key: &str, tag: &str| Language { key: key.into(), tag: tag.into(), ..Language::default() };
    Site {
        url: "https://harbour.example.org/".into(),
        title: "Harbour".into(),
        language: "en".into(),
        languages: vec![language("en", "en"), language("zh", "zh-CN"), language("ja", "ja"), language("ar", "ar")],
        ..Site::default()
    }
}

fn post(number: u32, title: &str, language: &str, summary: &str, html: &str) -> FullPost {
    let page = Page {
        path: format!("content/{number}.md"),
        url: format!("https://harbour.example.org/{number}/"),
        title: title.into(),
        published: Some(format!("2026-11-{number:02}T09:00:00+08:00").parse().unwrap()),
        authors: vec![Author { name: "Mira".into(), url: None }],
        language: language.into(),
        ..Page::default()
    };
    let cover = number
        .is_multiple_of(2)
        .then(|| Cover { url: format!("https://harbour.example.org/{number}.jpg"), alt: "Boats in the fog".into() });
    let shown = Shown { html: html.into(), summary: summary.into(), cover, ..Shown::default() };
    let post = Post { id: format!("tag:{number}"), status: Status::Listed, page: Arc::new(page) };
    FullPost { post: Arc::new(post), shown: Arc::new(shown) }
}

fn rendered(template: &str, site: &Site, posts: &[FullPost], count: usize, language: &str) -> Rendered {
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    let digest = digest(template, language);
    let slot = "2026-11-20T01:00:00Z".parse().unwrap();
    let pictures = Pictures::default();
    let issue = render::Issue { digest: &digest, slot, posts, count, pictures: &pictures };
    render::issue(&templates, site, &issue, language).unwrap()
}

fn ten() -> Vec<FullPost> {
    let words = [
        "The lamp keeper's log",
        "Knots that hold",
        "A quiet week on the pier",
        "Fog, and how to hear it",
        "Repairing the crane",
    ];
    (1..=10)
        .rev()
        .map(|number: u32| {
            let title = format!("{} ({number})", words[number as usize % words.len()]);
            post(
                number,
                &title,
                "en",
                "Somebody climbed the hundred and twenty steps, looked out, and wrote down what there was to see.",
                "<p>Words.</p>",
            )
        })
        .collect()
}

const ARABIC: &str = "<h2>من دفتر الميناء</h2><p>وصلت السفينة <strong>النورس</strong> صباح الجمعة، ومعها <a href=\"https://harbour.example.org/log/\">دفتر السجل</a> كاملًا.</p>\
    <blockquote><p>العاصفة لا تأتي وحدها.</p></blockquote><ol><li>اربط الحبال</li><li>أطفئ المصابيح</li></ol>\
    <pre><code>tie --knot bowline</code></pre><table><thead><tr><th>السفينة</th><th>الوصول</th></tr></thead><tbody><tr><td>النورس</td><td>الجمعة</td></tr></tbody></table>";

const JAPANESE: &str = "<h2>今週の灯台 🗼</h2><p>金曜の朝、かもめ号 ⛵️ が港に戻りました。ロープの結び方について、読者の皆さまから三つの質問をいただいています👩‍👩‍👧。「もやい結び」は初めての方にもおすすめです。</p>\
    <ul><li>灯りを点ける💡</li><li>航海日誌を<a href=\"https://harbour.example.org/log/\">整理する</a></li></ul><p>それでは、よい週末を！🇯🇵</p>";

/// Every case of HTML that a post may hold behind our sanitiser.
fn everything() -> String {
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
         <section><ol><li><p>A footnote. <a href=\"https://harbour.example.org/9/#p-fnref-1\">↩</a></p></li></ol></section>"
    )
}

fn hostile() -> FullPost {
    let title = "\u{202e}a\r\nBcc: x\u{0} <b>&amp; {{ 7*7 }} =?utf-8?b?QQ==?= \"'".to_owned() + &"long ".repeat(400);
    let mut post = post(8, &title, "en", "</p><script>alert(1)</script>\u{0}", "<p>Harmless {{ lang }} {% raw %}</p>");
    let page = Arc::make_mut(&mut Arc::make_mut(&mut post.post).page);
    page.authors = vec![Author { name: "A\r\nB: c <x> \u{2066}".into(), url: None }];
    let cover = Cover { url: "https://e.org/%22%3E%3Cscript%3E".into(), alt: "\" onload=\"x".into() };
    Arc::make_mut(&mut post.shown).cover = Some(cover);
    post
}

/// Mails of our own posts, by name.
pub fn samples() -> Vec<(String, Rendition)> {
    let mut all = Vec::new();
    let mut add = |name: &str, template: &str, posts: &[FullPost], language: &str| {
        let rendition = rendered(template, &site(), posts, posts.len(), language).rendition;
        all.push((format!("{name}-{template}-{language}"), rendition));
    };
    let arabic = [post(12, "أسبوع هادئ على الرصيف", "ar", "يقول دفتر السجل إن العواصف جاءت مبكرة هذا العام.", ARABIC)];
    let japanese = [post(13, "灯台だより：かもめ号、帰港 ⛵️", "ja", "金曜の朝、かもめ号が港に戻りました。", JAPANESE)];
    let everything = [post(9, "Everything at once", "en", "All that a post may hold.", &everything())];
    add("arabic", "letter", &arabic, "ar");
    add("japanese", "letter", &japanese, "ja");
    add("everything", "letter", &everything, "en");
    for template in ["digest", "plain"] {
        add("ten", template, &ten(), "en");
    }
    add("hostile", "digest", &[hostile()], "en");
    let mixed = [&arabic[..], &japanese, &everything, &ten()[..2]].concat();
    for language in ["de", "fr", "es", "ar", "zh-TW", "ja"] {
        add("mixed", "digest", &mixed, language);
    }
    add("mixed", "plain", &mixed, "ar");
    let (site, posts) = bundled();
    for template in ["digest", "letter", "plain"] {
        let shown = if template == "letter" { &posts[..1] } else { &posts[..3] };
        let rendition = rendered(template, &site, shown, shown.len(), "zh-CN").rendition;
        all.push((format!("bundled-{template}-zh-CN"), rendition));
    }
    all
}

/// The weekly of `postrider demo`, in Chinese, newest first.
fn bundled() -> (Site, Vec<FullPost>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/demo");
    let settings = Settings { root, sections: Some(vec!["weekly".into()]), ..Settings::default() };
    let scan = Scanner::new(settings).scan().unwrap();
    let posts = newest(&scan, |post| post.language == "zh");
    (scan.site, posts)
}

fn newest(scan: &Scan, takes: impl Fn(&Post) -> bool) -> Vec<FullPost> {
    let library = Library::new(scan, &id::assign(&[], &scan.pages), "2026-11-27T00:00:00Z".parse().unwrap());
    let posts: Vec<_> = library.posts.iter().filter(|post| takes(post)).cloned().collect();
    scan.bodies.full(&posts).unwrap()
}

/// Without what differs from run to run.
fn stable(rendition: &Rendition) -> String {
    let Rendition { id, subject, html, text, .. } = rendition;
    format!("Subject: {subject}\n\n{text}\n~~~~~~~~\n{html}").replace(id, "ID")
}

#[test]
fn mails_of_our_own_posts_are_as_they_were() {
    for (name, rendition) in samples().iter().filter(|(name, _)| !name.starts_with("mixed")) {
        insta::assert_snapshot!(name.as_str(), stable(rendition));
    }
}

#[test]
fn clients_and_the_standard_take_every_mail() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mails");
    fs_err::create_dir_all(&folder).unwrap();
    let files: Vec<PathBuf> = samples()
        .iter()
        .map(|(name, rendition)| {
            let file = folder.join(format!("{name}.html"));
            fs_err::write(&file, &rendition.html).unwrap();
            file
        })
        .collect();
    peers::run(peers::node("mail-clients.js").args(&files), b"");
    peers::run(peers::node("mail-look.js").args(&files), b"");
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    if std::env::var_os("POSTRIDER_TEST_LONG").is_some() {
        peers::run(peers::node("mail-pictures.js").arg(&folder).args(&files), b"");
    }
}

/// Folder, questions, tasks and things to read, as a person counted them (`tests/fixtures/sections`): of five years, in each notation
/// that its editors used.
const WEEKLIES: [(&str, usize, usize, usize); 6] = [
    ("sofa-weekly-20190830", 3, 0, 2),
    ("sofa-weekly-20201106", 4, 0, 7),
    ("sofa-weekly-0430", 5, 0, 4),
    ("sofa-weekly-20211112", 4, 12, 4),
    ("sofa-weekly-20220610", 3, 9, 4),
    ("sofa-weekly-20230623", 0, 0, 4),
];

#[test]
fn real_weeklies_become_letters_that_lose_nothing() {
    let Some(corpora) = peers::corpora() else { return };
    let folder = tempfile::tempdir().unwrap();
    let tar = Command::new("tar")
        .arg("xzf")
        .arg(corpora.join("sofastack.tar.gz"))
        .arg("-C")
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(tar.success());
    let root = folder.path().join("sofastack");
    let settings = Settings { root, url: Some("https://www.sofastack.tech/".into()), ..Settings::default() };
    let scan = Scanner::new(settings).scan().unwrap();
    let posts = newest(&scan, |post| post.path.contains("sofa-weekly"));
    for (name, asked, todo, read) in WEEKLIES {
        let post = posts.iter().find(|post| post.path.contains(&format!("/{name}/")));
        let post = post.unwrap_or_else(|| panic!("no {name}"));
        let made = rendered("letter", &scan.site, std::slice::from_ref(post), 1, "zh-CN");
        let Rendition { html, text, .. } = &made.rendition;
        let sections = post.shown.sections();
        let questions: Vec<_> = sections.iter().flat_map(Section::questions).collect();
        let tasks = sections.iter().flat_map(Section::tasks).count();
        let reading = sections.iter().flat_map(Section::reading).count();
        assert_eq!((questions.len(), tasks, reading), (asked, todo, read), "{name}");
        assert_eq!((made.cuts.as_slice(), html.matches("<h1").count()), (&[][..], 1), "{name}");
        assert!(html.len() <= render::budget::DECODED && render::budget::encoded(html) <= render::budget::ENCODED);
        for asker in questions.iter().map(|question| question.asker.as_str()) {
            assert!(html.contains(asker) && text.contains(asker), "{name}: {asker}");
        }
        for link in sections.iter().flat_map(|section| &section.links).map(|link| &link.url) {
            assert!(html.contains(&link.replace('&', "&amp;")) && text.contains(link.as_str()), "{name}: {link}");
        }
        for line in text.lines().filter(|line| wrap::width(line) > wrap::WIDTH) {
            assert!(line.contains("://") || line.starts_with("    "), "{name}: {line}");
        }
    }
}
