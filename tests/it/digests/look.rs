//! Every mail in Chromium: phone to desktop, light and dark, with its `<style>` and without (as clients cut it away).

use std::collections::BTreeMap;
use std::sync::Arc;

use postrider::digest::picture::Pictures;
use postrider::digest::{Digest, Mailbox, Schedule, Selection, Trigger, render};
use postrider::post::body::Shown;
use postrider::post::{Author, Cover, FullPost, Page, Post, Status};
use postrider::site::{Language, Site};
use postrider::template::Templates;

use crate::support::peers;

fn post(number: usize, title: &str, language: &str, html: &str) -> FullPost {
    let page = Page {
        path: format!("content/{number}.md"),
        url: format!("https://harbour.example.org/{number}/"),
        title: title.into(),
        published: Some("2026-11-20T09:00:00+08:00".parse().unwrap()),
        authors: vec![Author { name: "林海".into(), url: None }],
        language: language.into(),
        ..Page::default()
    };
    let shown = Shown {
        html: html.into(),
        summary: "Some words of summary that go on for a little while, as summaries do when nobody stops them.".into(),
        cover: number
            .is_multiple_of(2)
            .then(|| Cover { url: "https://harbour.example.org/c.jpg".into(), alt: String::new() }),
        ..Shown::default()
    };
    let post = Post { id: format!("tag:{number}"), status: Status::Listed, page: Arc::new(page) };
    FullPost { post: Arc::new(post), shown: Arc::new(shown) }
}

#[test]
fn mails_fit_phones_and_thumbs() {
    let token = "x".repeat(300);
    let everything = format!(
        "<h3>{token}</h3><p>{token} https://example.org/{token}</p><h4>Sub</h4><blockquote><p>{token}</p></blockquote><pre><code>{token}\n{}</code></pre>\
         <p><code>{token}</code> <a href=\"https://example.org/{token}\">https://example.org/{token}</a></p>\
         <ul><li>{token}<ol><li><p>{token}</p></li></ol></li></ul>\
         <p><img src=\"https://e.org/wide.png\" alt=\"wide\" width=\"1600\" height=\"900\"> <img src=\"https://e.org/w.png\" alt=\"wide\"></p>\
         <table><thead><tr><th>One</th><th>Two</th><th>Three</th></tr></thead><tbody><tr><td>{token}</td><td><img src=\"https://e.org/w.png\" alt=\"\"></td><td>z</td></tr></tbody></table>\
         <details><summary>More</summary><p>{token}</p></details><hr><dl><dt>T</dt><dd>{token}</dd></dl>",
        "long line of code ".repeat(20)
    );
    let posts = [
        post(2, "港口周报 | 读者问答、新手任务与推荐阅读", "zh", &everything),
        post(4, &format!("A title with {token}"), "en", &everything),
        post(6, "أسبوع هادئ على الرصيف", "ar", &everything),
        post(7, "Short", "en", "<p>x</p>"),
    ];
    let site = Site {
        url: "https://harbour.example.org/".into(),
        title: "Harbour".into(),
        language: "en".into(),
        languages: vec![Language { key: "zh".into(), tag: "zh-CN".into(), ..Language::default() }],
        ..Site::default()
    };
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut write = |name: String, html: &str| {
        let file = folder.path().join(format!("{name}.html"));
        fs_err::write(&file, html).unwrap();
        files.push(file);
    };
    let slot = "2026-11-20T01:00:00Z".parse().unwrap();
    for (template, language, count) in
        [("digest", "en", 4), ("letter", "zh-CN", 1), ("letter", "en", 4), ("plain", "en", 4)]
    {
        let digest = digest(template);
        let issue =
            render::Issue { digest: &digest, slot, posts: &posts[..count], count, pictures: &Pictures::default() };
        let mail = render::issue(&templates, &site, &issue, language).unwrap().rendition;
        write(format!("{template}-{language}-{count}"), &mail.html);
    }
    write("confirmation".to_owned(), &render::confirmation(&templates, &site, &digest("digest"), "en").unwrap().html);
    peers::run(peers::node("mail-look.js").args(files), b"");
}

fn digest(template: &str) -> Digest {
    Digest {
        name: "weekly".into(),
        title: "Harbour Weekly".into(),
        description: String::new(),
        trigger: Trigger::Cron(Schedule::parse("0 9 * * 5", chrono_tz::Asia::Shanghai).unwrap()),
        selection: Selection::default(),
        template: template.into(),
        from: Mailbox { name: "Harbour".into(), address: "weekly@harbour.example.org".into() },
        reply_to: None,
        language: "en".into(),
        catch_up: chrono::Duration::hours(6),
        hold_above: 10,
        time_to_live: chrono::Duration::hours(72),
        public: true,
        theme: std::sync::Arc::default(),
        public_url: "https://feeds.example.org/".into(),
    }
}
