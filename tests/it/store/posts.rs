use postrider::post::id::Known;

use super::*;

conform!(keeps_posts, keeps_times_of_feeds);

fn post(id: &str, title: &str) -> Known {
    Known {
        id: id.to_owned(),
        path: format!("content/{id}.md"),
        url: format!("https://example.org/{id}/"),
        title: title.to_owned(),
        published: None,
        source_hash: "h".to_owned(),
    }
}

async fn keeps_posts(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.known_posts().await.unwrap(), []);
    store.save_posts(&[], at(0)).await.unwrap();
    let dated = Known { published: Some(-5), ..post("a", "第一篇 \\u0000 \"quoted\"\n") };
    store.save_posts(&[dated.clone(), post("b", "two")], at(0)).await.unwrap();
    let moved = Known { path: "content/new.md".to_owned(), published: Some(7), ..post("b", "two, edited") };
    store.save_posts(&[moved.clone(), post("c", "nul\0nul")], at(1)).await.unwrap();
    assert_eq!(store.known_posts().await.unwrap(), [dated, moved, post("c", "nulnul")]);
    let undated = post("b", "two");
    store.save_posts(&[post("b", "first"), undated.clone()], at(2)).await.unwrap();
    assert_eq!(bench.again().await.known_posts().await.unwrap()[1], undated);

    let many: Vec<Known> = (0..2500).map(|n| post(&format!("m{n:05}"), "many")).collect();
    store.save_posts(&many, at(3)).await.unwrap();
    assert_eq!(store.known_posts().await.unwrap().len(), 2503);
}

async fn keeps_times_of_feeds(bench: Bench) {
    let store = &bench.store;
    let documents = |hashes: [&str; 2]| {
        [("rss.xml".to_owned(), hashes[0].to_owned()), ("atom.xml".to_owned(), hashes[1].to_owned())]
    };
    let times = async |hashes, minutes| {
        let versions = store.feed_versions(&documents(hashes), at(minutes)).await.unwrap();
        assert_eq!(versions.iter().map(|v| v.path.as_str()).collect::<Vec<_>>(), ["rss.xml", "atom.xml"]);
        assert_eq!(versions.iter().map(|v| v.hash.as_str()).collect::<Vec<_>>(), hashes);
        versions.iter().map(|v| v.changed_at).collect::<Vec<_>>()
    };
    assert_eq!(times(["1", "1"], 0).await, [at(0), at(0)]);
    assert_eq!(times(["1", "2"], 5).await, [at(0), at(5)]);
    // A clock that jumped back.
    assert_eq!(times(["2", "3"], 3).await, [at(3), at(5)]);
    assert_eq!(times(["2", "3"], 9).await, [at(3), at(5)]);
    assert_eq!(store.feed_versions(&[], at(9)).await.unwrap(), []);
}
