//! The pages in a real browser: nothing on the console, nothing asked elsewhere, nothing too small or too wide, readable.
//! Pictures of all of them are left in `target/screenshots`.

use std::path::Path;

use postrider::feed::Family;
use postrider::subscriber::token::Purpose;

use super::harness::{Server, digest, listing, published, site, with_posts};
use crate::support::peers;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_right_in_a_browser() {
    let mut weekly = digest("weekly", "SOFA Weekly", true);
    weekly.description = "每周一期：社区里值得回答的问题、适合新人的任务、推荐阅读。".into();
    let mut daily = digest("releases", "Releases", true);
    "en".clone_into(&mut daily.language);
    daily.description = "Every new release, as soon as it is there.".into();
    daily.trigger = postrider::digest::Trigger::OnPublish;
    let server = Server::with(vec![weekly, daily], |_| ()).await;
    let mut feeds = vec![listing(None, "SOFAStack", "", 582)];
    let long = "一个非常非常长的标签名字用来看看手机上会不会溢出 and-an-unbreakable-english-word-of-forty-letters";
    for (family, folder, names) in [
        (Family::Language, "", &["中文", "English"][..]),
        (Family::Section, "sections/", &["blog", "projects"]),
        (Family::Category, "categories/", &["SOFA Weekly", "SOFALab"]),
        (Family::Tag, "tags/", &["SOFARPC", "SOFABoot", "C++", "العربية", long]),
        (Family::Author, "authors/", &["潘潘", "Ada Lovelace"]),
    ] {
        feeds.extend(names.iter().map(|name| listing(Some(family), name, &format!("{folder}x/"), 1 + name.len())));
    }
    let newest = [
        ("SOFA Weekly｜开源人、本周贡献 issue 精选", "https://www.example.org/blog/sofa-weekly-20211015/"),
        ("一个没有空格而且很长很长的标题，用来看看手机上会不会溢出屏幕之外", "https://www.example.org/blog/long/"),
        ("SOFARPC 5.8.0", "https://www.example.org/blog/sofarpc/"),
    ];
    server.published.store(std::sync::Arc::new(with_posts(published(site(), feeds), &newest)));
    server.issue("weekly", "2021-10-08T01:00:00Z", false, "SOFA Weekly｜Seata 社区、SOFARPC 5.8 发布、每周问答").await;
    server.issue("weekly", "2021-10-15T01:00:00Z", false, "SOFA Weekly｜开源人、本周贡献 issue 精选").await;
    server.post("/subscribe", "digest=weekly&digest=releases&email=reader@example.org").await;
    let claims = server.store.claim("t", 9, std::time::Duration::from_mins(1), server.now()).await.unwrap();
    server.store.confirm(&claims[0].confirmation, server.now()).await.unwrap();
    let paths = [
        ("home", "/".to_owned()),
        ("home-zh", "/?lang=zh-CN".to_owned()),
        ("feeds", "/feeds/".to_owned()),
        ("feeds-zh", "/feeds/?lang=zh-CN".to_owned()),
        ("feeds-ar", "/feeds/?lang=ar".to_owned()),
        ("subscribe", "/subscribe?digest=weekly".to_owned()),
        ("subscribe-zh", "/subscribe?lang=zh-CN".to_owned()),
        ("confirm", server.link(Purpose::Confirm, &claims[1].confirmation)),
        ("confirmed-zh", format!("{}?lang=zh-CN", server.link(Purpose::Confirm, &claims[0].confirmation))),
        ("unsubscribe", server.link(Purpose::Unsubscribe, &claims[0].subscription)),
        ("preferences", server.link(Purpose::Preferences, &claims[0].subscriber)),
        ("archive", "/archive/weekly/".to_owned()),
        ("error-404", "/nothing".to_owned()),
    ];
    let pages: serde_json::Map<String, serde_json::Value> = paths
        .into_iter()
        .map(|(name, path)| (name.to_owned(), format!("http://{}{path}", server.address).into()))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    let fill = serde_json::json!({ "subscribe": { "#address": "reader@example.org" } });
    let wanted = serde_json::json!({ "folder": folder, "pages": pages, "fill": fill }).to_string();
    let said = tokio::task::spawn_blocking(move || peers::run(&mut peers::node("screenshots.js"), wanted.as_bytes()));
    let complaints: Vec<String> = serde_json::from_str(&said.await.unwrap()).unwrap();
    // The missing page's own status is the only thing that a console may mention.
    let complaints: Vec<_> = complaints.iter().filter(|what| !what.contains("status of 404")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// With a clipboard, without one, and without scripts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_be_copied_is_copied() {
    let server = Server::start().await;
    let wanted = serde_json::json!({ "address": format!("http://{}/feeds/?lang=en", server.address) }).to_string();
    let said = tokio::task::spawn_blocking(move || peers::run(&mut peers::node("copy.js"), wanted.as_bytes()));
    let said: serde_json::Value = serde_json::from_str(&said.await.unwrap()).unwrap();
    let copied = |way: &str| -> Vec<(String, String, String)> { serde_json::from_value(said[way].clone()).unwrap() };
    for way in ["clipboard", "selection"] {
        let copied = copied(way);
        let (addresses, snippet) = copied.split_at(3);
        for ((text, button, status), name) in addresses.iter().zip(["rss.xml", "atom.xml", "feed.json"]) {
            assert_eq!(
                (text, button, status),
                (&format!("https://feeds.example.org/news/{name}"), button, button),
                "{way}"
            );
            assert_eq!(button, "Copied");
        }
        let [(snippet, ..)] = snippet else { panic!("{said}") };
        assert!(snippet.starts_with("<link rel=\"alternate\" type=\"application/rss+xml\" title="), "{way}: {snippet}");
        assert_eq!(snippet.matches("<link ").count(), 3, "{way}: {snippet}");
    }
    assert_eq!(said["scriptless"], 0);
}
