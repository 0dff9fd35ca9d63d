//! What is read and not acted on: the pages, their headers, languages and escaping.

use postrider::feed::Family;
use postrider::subscriber::token::Purpose;

use super::harness::{FORM, Server, digest, listing, published, site, with_posts};

/// One address of each kind that answers without a token, with its status.
const ADDRESSES: [(&str, u16); 14] = [
    ("/", 200),
    ("/feeds/", 200),
    ("/feeds", 308),
    ("/subscribe", 200),
    ("/archive/weekly/", 200),
    ("/archive/inside/", 404),
    ("/assets/style.css", 200),
    ("/assets/copy.js", 200),
    ("/robots.txt", 200),
    ("/rss.xml", 200),
    ("/healthz", 200),
    ("/metrics", 200),
    ("/nothing/here", 404),
    ("/confirm/nonsense", 404),
];

#[tokio::test]
async fn every_answer_has_its_status_and_the_security_headers() {
    let server = Server::start().await;
    let mut tried = Vec::new();
    for (path, status) in ADDRESSES {
        for method in ["GET", "HEAD"] {
            let answer = server.ask(method, path, &[], "").await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert!(method == "GET" || answer.body.is_empty(), "{path}");
            tried.push((path, answer));
        }
    }
    for (method, path) in [("POST", "/"), ("DELETE", "/subscribe"), ("POST", "/rss.xml"), ("PUT", "/unsubscribe/x")] {
        let answer = server.ask(method, path, &[FORM], "").await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert!(!answer.header("allow").is_empty(), "{method} {path}");
        tried.push((path, answer));
    }
    for (path, answer) in tried {
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
        if path != "/rss.xml" {
            assert!(
                policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
                "{path}: {policy}"
            );
        }
        // The one page with something to copy has a script, of our own and in a file of its own.
        let has_script = path == "/feeds/" && answer.status == 200;
        assert_eq!(policy.contains("; script-src 'self'"), has_script, "{path}: {policy}");
        assert!(has_script || !policy.contains("script-src"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
        assert_eq!(answer.header("set-cookie"), "", "{path}");
        let scripts = answer.body.matches("<script").count();
        assert!(scripts == answer.body.matches("<script src=\"/news/assets/copy.js?v=").count(), "{path}");
        assert!(scripts == usize::from(has_script && !answer.body.is_empty()), "{path}");
    }
}

#[tokio::test]
async fn no_host_header_gets_into_a_page() {
    let server = Server::start().await;
    for path in ["/", "/feeds/", "/feeds", "/subscribe", "/archive/weekly/", "/nothing"] {
        let evil = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
        let answer = server.ask("GET", path, &evil, "").await;
        assert!(!format!("{answer:?}").contains("evil.example"), "{path}");
    }
    assert!(server.get("/feeds/").await.body.contains("https://feeds.example.org/news/tags/sofa-weekly/atom.xml"));
}

#[tokio::test]
async fn the_path_of_the_public_address_works_stripped_and_unstripped() {
    let server = Server::start().await;
    for path in ["/feeds/", "/news/feeds/", "/rss.xml", "/news/rss.xml", "/news/", "/news"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    let page = server.get("/subscribe").await.body;
    assert!(page.contains("action=\"/news/subscribe\""), "{page}");
    assert_eq!(server.get("/archive/weekly").await.header("location"), "/news/archive/weekly/");
    assert_eq!(server.get("/archive//evil.example").await.header("location"), "/news/archive//evil.example/");
    assert_eq!(server.get("/news//evil.example/feeds").await.header("location"), "");
}

#[tokio::test]
async fn what_others_wrote_is_escaped_everywhere() {
    const HOSTILE: &str = "\"'><img src=//canary.example onerror=alert(1)><script>x</script>";
    let mut hostile = digest("weekly", HOSTILE, true);
    hostile.description = HOSTILE.into();
    let server = Server::with(vec![hostile, digest("other", HOSTILE, true)], |_| ()).await;
    let mut site = site();
    (site.title, site.description) = (HOSTILE.into(), HOSTILE.into());
    let listings = vec![listing(None, HOSTILE, "", 1), listing(Some(Family::Tag), HOSTILE, "tags/x/", 1)];
    server
        .published
        .store(std::sync::Arc::new(with_posts(published(site, listings), &[(HOSTILE, "javascript:alert(1)")])));
    server.issue("weekly", "2021-10-15T01:00:00Z", false, HOSTILE).await;
    server.post("/subscribe", "digest=weekly&email=reader@example.org").await;
    let claim = server.store.claim("test", 1, std::time::Duration::from_mins(1), server.now()).await.unwrap().remove(0);
    let links = [
        server.link(Purpose::Confirm, &claim.confirmation),
        server.link(Purpose::Unsubscribe, &claim.subscription),
        server.link(Purpose::Preferences, &claim.subscriber),
    ];
    let mut pages = vec![
        server
            .post("/subscribe", "digest=weekly&email=%22%27%3E%3Cimg%20src%3D//canary.example%20onerror%3D1%3E")
            .await,
    ];
    for path in
        ["/", "/feeds/", "/subscribe", "/archive/weekly/", "/nothing/%3Cimg%20src=x%3E", "/?lang=%22%3E%3Cimg%3E"]
            .into_iter()
            .chain(links.iter().map(String::as_str))
    {
        pages.push(server.get(path).await);
    }
    for page in pages {
        let scripts =
            page.body.matches("<script").count() - page.body.matches("<script src=\"/news/assets/copy.js").count();
        assert!(!page.body.contains("<img") && scripts == 0, "{}", page.body);
        assert!(page.body.contains("&lt;img src=//canary.example"), "{}", page.body);
    }
}

#[tokio::test]
async fn pages_speak_the_visitors_language() {
    let server = Server::start().await;
    for (path, accepted, language, words) in [
        ("/feeds/", "", "zh-CN", "按标签"),
        ("/feeds/", "en-GB,en;q=0.9,zh;q=0.8", "en", "By tag"),
        ("/feeds/", "xx, zh-TW;q=0.5, en;q=0.4", "zh-TW", "依標籤"),
        ("/feeds/", "de-CH", "de", "Nach Schlagwort"),
        ("/subscribe", "ja,en;q=0.5", "ja", "メールで購読する"),
        ("/feeds/?lang=en", "zh-CN", "en", "By tag"),
        ("/feeds/?lang=nonsense", "en", "en", "By tag"),
        ("/nothing", "zh", "zh-CN", "这里什么都没有"),
        ("/", "zh", "zh-CN", "每星期五 09:00"),
        ("/", "en", "en", "every Friday at 09:00 (Asia/Shanghai)"),
        ("/", "en", "en", "next on Friday, 22 October 2021, 09:00"),
    ] {
        let page = server.ask("GET", path, &[("accept-language", accepted)], "").await.body;
        assert!(page.contains(&format!("<html lang=\"{language}\" dir=\"ltr\">")), "{path} {accepted}: {page}");
        assert!(page.contains(words), "{path} {accepted} {words}: {page}");
    }
    let arabic = server.ask("GET", "/", &[("accept-language", "ar")], "").await.body;
    assert!(arabic.contains("<html lang=\"ar\" dir=\"rtl\">") && arabic.contains("كل الجمعة"), "{arabic}");
}

#[tokio::test]
async fn the_feed_list_names_every_feed_and_format() {
    let server = Server::start().await;
    let page = server.get("/feeds/").await.body;
    for folder in ["", "tags/sofa-weekly/"] {
        for name in ["rss.xml", "atom.xml", "feed.json"] {
            assert!(
                page.contains(&format!("href=\"https://feeds.example.org/news/{folder}{name}\"")),
                "{folder}{name}"
            );
        }
    }
    for kind in ["application/rss+xml", "application/atom+xml", "application/feed+json"] {
        assert!(page.contains(&format!("<link rel=\"alternate\" type=\"{kind}\"")), "{kind}");
    }
    assert!(page.contains("https://feeds.example.org/news/feeds.opml") && page.contains("7 posts"));
    server.published.store(std::sync::Arc::default());
    let page = server.get("/feeds/").await;
    assert!(page.status == 200 && page.body.contains("being read for the first time"), "{}", page.body);
}

#[tokio::test]
async fn the_feed_list_shows_what_is_new_and_what_a_sites_own_pages_say() {
    let server = Server::start().await;
    let titles: Vec<String> = (0..9).map(|number| format!("第 {number} 期 <b>")).collect();
    let posts: Vec<_> = titles.iter().map(|title| (title.as_str(), "https://www.example.org/posts/x/")).collect();
    let listings = vec![listing(None, "SOFA & \"Stack\"", "", 9)];
    server.published.store(std::sync::Arc::new(with_posts(published(site(), listings), &posts)));
    let page = server.get("/feeds/?lang=en").await.body;
    let shown = "<a href=\"https://www.example.org/posts/x/\" lang=\"zh-CN\" dir=\"ltr\">第 0 期 &lt;b&gt;</a> \
                 <time class=\"quiet\" datetime=\"2021-10-15T09:00:00+08:00\">15 October 2021</time>";
    assert!(page.contains(shown), "{page}");
    assert!(page.contains("第 4 期") && !page.contains("第 5 期"), "the newest five: {page}");
    // Shown as what is to be pasted: it is escaped once more than the page's own.
    let own = super::harness::between(&page, "<link rel=\"alternate\"", ">");
    let snippet = super::harness::between(&page, "id=\"snippet\"", "</pre>");
    assert!(own.contains("title=\"SOFA &amp; &quot;Stack&quot; (RSS)\""), "{own}");
    assert!(
        snippet.contains(&postrider::template::escape(&format!("<link rel=\"alternate\"{own}>"))),
        "{snippet}\n{own}"
    );
    assert_eq!(page.matches("<button type=\"button\" class=\"copy\" hidden ").count(), 4);
}

#[tokio::test]
async fn a_site_of_thousands_of_tags_has_a_page_too() {
    let server = Server::start().await;
    let families = [Family::Language, Family::Section, Family::Category, Family::Tag, Family::Author];
    let listings = families.into_iter().flat_map(|family| {
        (0..3000)
            .map(move |number| listing(Some(family), &format!("a name of usual length {number}"), "tags/x/", number))
    });
    server.published.store(std::sync::Arc::new(published(site(), listings.collect())));
    let page = server.get("/feeds/").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("And 2,750 more") || page.body.contains("And 2750 more"));
    assert!(page.body.contains("length 2750<") && !page.body.contains("length 2749<"), "those with the most posts");
}

#[tokio::test]
async fn what_pages_bring_along_is_kept_for_ever_under_its_version() {
    let server = Server::start().await;
    let page = server.get("/feeds/").await.body;
    for (before, content_type) in [
        ("rel=\"stylesheet\" href=\"", "text/css; charset=utf-8"),
        ("<script src=\"", "text/javascript; charset=utf-8"),
    ] {
        let address = super::harness::between(&page, before, "\"");
        let asset = server.get(address).await;
        assert_eq!((asset.status, asset.header("content-type")), (200, content_type));
        assert!(asset.header("cache-control").contains("immutable"));
        let old = format!("{}?v=old", address.split('?').next().unwrap());
        assert!(!server.get(&old).await.header("cache-control").contains("immutable"));
    }
}
