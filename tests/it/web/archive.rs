//! The web copies of Issues.

use std::path::Path;
use std::sync::Arc;

use postrider::crypto;
use postrider::digest::picture::{Kind, Picture, Pictures, Place};
use postrider::digest::render;
use postrider::post::body::Shown;
use postrider::post::{Author, Cover, FullPost, Page, Post, Status};
use postrider::store::NewIssue;
use postrider::subscriber::token::Purpose;
use postrider::template::Templates;

use super::harness::{Server, digest, published, site};
use crate::support::peers;

#[tokio::test]
async fn issues_are_listed_and_shown_without_anybodys_links() {
    let server = Server::start().await;
    server.reader("reader@example.org").await;
    server.issue("weekly", "2021-10-15T01:00:00Z", false, "Number 1").await;
    server.issue("weekly", "2021-10-15T02:00:00Z", false, "Number 2").await;
    // 00:30 of the next day in Shanghai.
    server.issue("weekly", "2021-10-15T16:30:00Z", false, "Number 3").await;
    server.issue("weekly", "2021-10-17T01:00:00Z", true, "Held").await;
    let list = server.get("/archive/weekly/").await;
    let hrefs: Vec<&str> =
        list.body.split("href=\"/news/archive/weekly/").skip(1).map(|x| &x[..x.find('"').unwrap()]).collect();
    assert_eq!(hrefs, ["2021-10-16/", "2021-10-15-2/", "2021-10-15/"], "{}", list.body);
    assert!(!list.body.contains("Held"));
    for (date, subject) in [("2021-10-15", "Number 1"), ("2021-10-15-2", "Number 2"), ("2021-10-16", "Number 3")] {
        let copy = server.get(&format!("/archive/weekly/{date}/")).await;
        assert_eq!(copy.status, 200, "{date}");
        assert!(copy.body.contains(&format!("<h1>{subject}</h1>")), "{date}: {}", copy.body);
        assert!(!copy.body.contains("hole-"), "{}", copy.body);
        for page in ["unsubscribe", "preferences"] {
            assert!(copy.body.contains(&format!("href=\"https://feeds.example.org/news/{page}\"")), "{}", copy.body);
            let instead = server.get(&format!("/{page}")).await;
            assert!(instead.status == 200 && instead.body.contains("The link is in your mail"), "{}", instead.body);
        }
        let policy = copy.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("allow-scripts")
        );
        assert!(policy.contains("form-action 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(copy.header("x-robots-tag"), "noindex", "its mails are still being sent");
    }
    for missing in
        ["/archive/weekly/2021-10-17/", "/archive/weekly/2021-10-15-3/", "/archive/weekly/x/", "/archive/none/"]
    {
        assert_eq!(server.get(missing).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn an_issue_that_nobody_got_is_there_too() {
    let server = Server::start().await;
    server.issue("weekly", "2021-10-15T01:00:00Z", false, "Number 1").await;
    let copy = server.get("/archive/weekly/2021-10-15/").await;
    assert_eq!((copy.status, copy.header("x-robots-tag")), (200, "all"));
    // The mail leads to the one, the archive to the other: it is one page.
    for date in ["2021-10-15", "2021-10-15-0900"] {
        let copy = server.get(&format!("/archive/weekly/{date}/")).await;
        let page = "<https://feeds.example.org/news/archive/weekly/2021-10-15/>; rel=\"canonical\"";
        assert_eq!((copy.status, copy.header("link")), (200, page), "{date}");
    }
}

#[tokio::test]
async fn hidden_digests_have_no_archive() {
    let server = Server::start().await;
    server.issue("inside", "2021-10-15T01:00:00Z", false, "Number 1").await;
    assert_eq!(server.get("/archive/inside/").await.status, 404);
    assert_eq!(server.get("/archive/inside/2021-10-15/").await.status, 404);
}

const HOSTILE: &str = "</title></h1><script>alert(1);document.title='PWNED'</script><img src=x onerror=alert(2)>\" onload=\"alert(3) '{{ 7*7 }} \u{202e}&amp;";

/// A post as hostile as its author can make it, behind the sanitiser as ever.
fn post(number: u32, title: &str, html: &str) -> FullPost {
    let page = Page {
        path: format!("content/{number}.md"),
        url: format!("https://www.example.org/{number}/"),
        title: title.into(),
        published: Some(format!("2021-10-{number:02}T09:00:00+08:00").parse().unwrap()),
        authors: vec![Author { name: title.into(), url: None }],
        tags: vec![title.into()],
        language: "zh".into(),
        ..Page::default()
    };
    let cover = Cover { url: "https://feeds.example.org/news/pictures/abc.png".into(), alt: title.into() };
    let shown = Shown { html: html.into(), summary: title.into(), cover: Some(cover), ..Shown::default() };
    let post = Post { id: format!("tag:{number}"), status: Status::Listed, page: Arc::new(page) };
    FullPost { post: Arc::new(post), shown: Arc::new(shown) }
}

/// An Issue of `posts`, rendered as the scheduler does.
async fn rendered(server: &Server, template: &str, slot: &str, posts: &[FullPost]) {
    let mut weekly = digest("weekly", HOSTILE, true);
    weekly.template = template.into();
    // Where this very server is, so that its pictures can be seen.
    weekly.public_url = format!("http://{}/news/", server.address);
    let mut pictures = Pictures::default();
    let place = Place { url: format!("{}pictures/abc.png", weekly.public_url), width: 1200, height: 675 };
    pictures.insert("https://feeds.example.org/news/pictures/abc.png", place);
    let templates = Templates::new(&std::collections::BTreeMap::new()).unwrap();
    let slot = slot.parse().unwrap();
    let issue = render::Issue { digest: &weekly, slot, posts, count: posts.len(), pictures: &pictures };
    let mut site = site();
    site.title = HOSTILE.into();
    let rendition = render::issue(&templates, &site, &issue, "zh-CN").unwrap().rendition;
    let issue = NewIssue {
        id: crypto::new_id(),
        digest: "weekly".into(),
        slot,
        held: false,
        expires_at: server.now() + chrono::Duration::hours(72),
        posts: posts.iter().map(|post| post.id.clone()).collect(),
        renditions: vec![rendition],
    };
    assert!(server.store.create_issue(&issue, server.now()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_titles_are_words_and_nobodys_token_is_shown() {
    let server = Server::with(vec![digest("weekly", HOSTILE, true)], |_| ()).await;
    let mut hostile_site = site();
    hostile_site.title = HOSTILE.into();
    server.published.store(Arc::new(published(hostile_site, Vec::new())));
    let reader = server.reader("reader@example.org").await;
    let bytes = fs_err::read("templates/demo/static/images/cover-2026-11-20.png").unwrap();
    let picture = Picture { key: "abc".into(), kind: Kind::Png, width: 1200, height: 675, bytes };
    server.store.keep_picture(&picture, server.now()).await.unwrap();
    let plain = "<h2>Boats</h2><p>Words, and <a href=\"https://www.example.org/x/\">more</a>.</p><blockquote><p>Quoted</p></blockquote>\
                 <table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table><pre><code>x</code></pre>";
    rendered(&server, "digest", "2021-10-15T01:00:00Z", &[post(15, HOSTILE, plain), post(14, "Boats", plain)]).await;
    rendered(&server, "letter", "2021-10-14T01:00:00Z", &[post(13, HOSTILE, plain)]).await;
    let list = server.get("/archive/weekly/").await;
    let copies = [server.get("/archive/weekly/2021-10-15/").await, server.get("/archive/weekly/2021-10-14/").await];
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data: ; form-action 'none'; \
                  frame-ancestors 'none'; base-uri 'none'; \
                  sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";
    for copy in &copies {
        assert_eq!((copy.status, copy.header("content-security-policy")), (200, policy));
        assert_eq!(copy.header("x-content-type-options"), "nosniff");
        assert!(!copy.body.contains('\u{202e}'), "nothing turns the words that follow");
    }
    let tokens: Vec<String> = [
        (Purpose::Unsubscribe, &reader.subscription),
        (Purpose::Preferences, &reader.subscriber),
        (Purpose::Confirm, &reader.confirmation),
    ]
    .into_iter()
    .map(|(purpose, row)| server.link(purpose, row).rsplit('/').next().unwrap().to_owned())
    .collect();
    for page in copies.iter().chain([&list]) {
        let html = &page.body;
        for wrong in ["<script", "<img src=x", " onload=\"", "onerror=alert(2)>", "hole-", "reader@example.org"] {
            assert!(!html.contains(wrong), "{wrong} in {html}");
        }
        assert!(html.contains("&lt;script&gt;") && html.contains("{{ 7*7 }}"), "{html}");
        for secret in tokens.iter().chain([&reader.subscription, &reader.subscriber]) {
            assert!(!html.contains(secret.as_str()), "{secret} in {html}");
        }
    }

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    fs_err::create_dir_all(&folder).unwrap();
    let at = |name: &str, path: &str| format!("{name}=http://{}/news{path}", server.address);
    let pages = [
        at("copy-digest", "/archive/weekly/2021-10-15/"),
        at("copy-letter", "/archive/weekly/2021-10-14/"),
        at("copies", "/archive/weekly/"),
    ];
    let mut script = peers::node("web-copy.js");
    script.arg(&folder).args(&pages);
    tokio::task::spawn_blocking(move || peers::run(&mut script, b"")).await.unwrap();
}

#[tokio::test]
async fn a_copy_is_found_by_search_engines_once_it_was_sent() {
    let server = Server::start().await;
    let reader = server.reader("reader@example.org").await;
    server.issue("weekly", "2021-10-15T01:00:00Z", false, "Number 1").await;
    assert_eq!(server.get("/archive/weekly/2021-10-15/").await.header("x-robots-tag"), "noindex");
    server.post(&server.link(Purpose::Unsubscribe, &reader.subscription), "").await;
    let claims = server.store.claim("test", 10, std::time::Duration::from_mins(10), server.now()).await.unwrap();
    assert_eq!(claims.len(), 0, "nobody is left to be mailed");
    server.store.finish_issues(server.now()).await.unwrap();
    assert_eq!(server.get("/archive/weekly/2021-10-15/").await.header("x-robots-tag"), "all");
}
