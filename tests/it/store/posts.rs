use postrider::post::id::{Doubt, Known};

use super::*;

conform!(keeps_posts, who_knows_an_older_state_saves_nothing, doubts_are_not_announced_again);

fn post(id: &str, title: &str) -> Known {
    Known {
        id: id.to_owned(),
        path: format!("content/{id}.md"),
        url: format!("https://example.org/{id}/"),
        title: title.to_owned(),
        published: None,
        source_hash: "h".to_owned(),
        own_id: None,
        gone: false,
    }
}

async fn save(bench: &Bench, posts: &[Known], minutes: i64) {
    let version = bench.store.posts_version().await.unwrap();
    let saved = bench.store.save_posts(posts, &[], &version, at(minutes)).await.unwrap().unwrap();
    assert_ne!(saved, version);
    assert_eq!(bench.store.posts_version().await.unwrap(), saved);
}

async fn keeps_posts(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.known_posts().await.unwrap(), []);
    save(&bench, &[], 0).await;
    let dated = Known {
        published: Some(-5),
        own_id: Some("名".to_owned()),
        gone: true,
        ..post("a", "第一篇 \\u0000 \"quoted\"\n")
    };
    save(&bench, &[dated.clone(), post("b", "two")], 0).await;
    let moved = Known { path: "content/new.md".to_owned(), published: Some(7), ..post("b", "two, edited") };
    save(&bench, &[moved.clone(), post("c", "nul\0nul")], 1).await;
    assert_eq!(store.known_posts().await.unwrap(), [dated, moved, post("c", "nulnul")]);
    let undated = post("b", "two");
    save(&bench, &[post("b", "first"), undated.clone()], 2).await;
    assert_eq!(bench.again().await.known_posts().await.unwrap()[1], undated);

    let many: Vec<Known> = (0..2500).map(|n| post(&format!("m{n:05}"), "many")).collect();
    save(&bench, &many, 3).await;
    assert_eq!(store.known_posts().await.unwrap().len(), 2503);
}

async fn who_knows_an_older_state_saves_nothing(bench: Bench) {
    let store = &bench.store;
    let old = store.posts_version().await.unwrap();
    save(&bench, &[post("a", "one")], 0).await;
    let doubt = Doubt { new: vec!["b".to_owned()], old: vec!["a".to_owned()] };
    assert_eq!(store.save_posts(&[post("b", "two")], &[doubt], &old, at(1)).await.unwrap(), None);
    assert_eq!(store.known_posts().await.unwrap(), [post("a", "one")]);
    // Of many that save at once from one state a single one does.
    let version = store.posts_version().await.unwrap();
    let tries = (0..8).map(|n| {
        let (store, version) = (store.clone(), version.clone());
        tokio::spawn(
            async move { store.save_posts(&[post(&format!("n{n}"), "x")], &[], &version, at(2)).await.unwrap() },
        )
    });
    let mut saved = 0;
    for one in tries.collect::<Vec<_>>() {
        saved += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!((saved, store.known_posts().await.unwrap().len()), (1, 2));
}

async fn doubts_are_not_announced_again(bench: Bench) {
    let store = &bench.store;
    let ids = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    store.begin_digest("weekly", &ids(&["a"]), at(0)).await.unwrap();
    store.begin_digest("daily", &ids(&["b", "x"]), at(0)).await.unwrap();
    store.begin_digest("other", &ids(&["c"]), at(0)).await.unwrap();
    let doubts =
        [Doubt { new: ids(&["x", "y"]), old: ids(&["a", "b"]) }, Doubt { new: ids(&["z"]), old: ids(&["gone"]) }];
    let version = store.posts_version().await.unwrap();
    store.save_posts(&[], &doubts, &version, at(1)).await.unwrap().unwrap();
    let announced = async |digest: &str| {
        let mut all: Vec<String> = store.announced(digest).await.unwrap().into_iter().collect();
        all.sort();
        all
    };
    assert_eq!(announced("weekly").await, ["a", "x", "y"]);
    assert_eq!(announced("daily").await, ["b", "x", "y"]);
    assert_eq!(announced("other").await, ["c"]);
}
