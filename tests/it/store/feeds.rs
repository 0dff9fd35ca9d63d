use postrider::store::{Listed, Ping};

use super::*;

conform!(keeps_times_of_feeds, keeps_what_feeds_held, one_machine_tells_a_hub, what_failed_is_told_again);

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
    let second = chrono::Duration::seconds(1);
    assert_eq!(times(["1", "1"], 0).await, [at(0), at(0)]);
    assert_eq!(times(["1", "2"], 5).await, [at(0), at(5)]);
    // A clock that jumped back, and two changes within a second: other bytes have another time.
    assert_eq!(times(["2", "3"], 3).await, [at(3), at(5) + second]);
    assert_eq!(times(["3", "3"], 3).await, [at(3) + second, at(5) + second]);
    assert_eq!(times(["3", "3"], 9).await, [at(3) + second, at(5) + second]);
    assert_eq!(store.feed_versions(&[], at(9)).await.unwrap(), []);
    let known = bench.again().await.known_versions().await.unwrap();
    assert_eq!(known.len(), 2);
    assert_eq!((known["atom.xml"].hash.as_str(), known["atom.xml"].changed_at), ("3", at(5) + second));
}

async fn keeps_what_feeds_held(bench: Bench) {
    let store = &bench.store;
    assert_eq!((store.listed().await.unwrap(), store.withdrawn().await.unwrap()), (vec![], vec![]));
    let listed = |post: &str, folders: &[&str], gone: Option<i64>| Listed {
        post: post.to_owned(),
        folders: folders.iter().map(|folder| (*folder).to_owned()).collect(),
        published: at(-5),
        gone_at: gone.map(at),
    };
    let (one, two) = (listed("a", &["tags/云 \"x\"/", "zh/"], None), listed("b", &[], None));
    store.save_listed(&[two.clone(), one.clone()], &[], at(0)).await.unwrap();
    assert_eq!(store.listed().await.unwrap(), [one, two.clone()]);
    let gone = listed("a", &["zh/"], Some(3));
    let moved = [("tags/x/".to_owned(), Some("tags/y/".to_owned())), ("tags/a/".to_owned(), None)];
    store.save_listed(std::slice::from_ref(&gone), &moved, at(1)).await.unwrap();
    let back = [("tags/a/".to_owned(), Some("tags/b/".to_owned())), ("tags/x/".to_owned(), None)];
    store.save_listed(&[], &back, at(2)).await.unwrap();
    let store = bench.again().await;
    assert_eq!((store.listed().await.unwrap(), store.withdrawn().await.unwrap()), (vec![gone, two], back.to_vec()));
    let many: Vec<Listed> = (0..2500).map(|n| listed(&format!("m{n:05}"), &["tags/x/"], None)).collect();
    store.save_listed(&many, &[], at(3)).await.unwrap();
    assert_eq!(store.listed().await.unwrap().len(), 2502);
}

fn news(hash: &str) -> Vec<(String, String, String)> {
    let of = |hub: &str, path: &str| (format!("https://{hub}.example/"), path.to_owned(), hash.to_owned());
    vec![of("b", "rss.xml"), of("a", "rss.xml"), of("a", "atom.xml")]
}

async fn one_machine_tells_a_hub(bench: Bench) {
    // What is seen for the first time is no news.
    assert_eq!(bench.store.take_pings(&news("0"), at(0), at(1)).await.unwrap(), []);
    assert_eq!(bench.store.take_pings(&news("0"), at(5), at(6)).await.unwrap(), []);
    let tries = (0..6).map(|_| {
        let store = bench.store.clone();
        tokio::spawn(async move { store.take_pings(&news("1"), at(0), at(1)).await.unwrap() })
    });
    let mut taken: Vec<Ping> = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        taken.extend(one.await.unwrap());
    }
    taken.sort_by(|a, b| (&a.hub, &a.path).cmp(&(&b.hub, &b.path)));
    let shown: Vec<_> = taken.iter().map(|ping| (ping.hub.as_str(), ping.path.as_str(), ping.attempts)).collect();
    let (a, b) = ("https://a.example/", "https://b.example/");
    assert_eq!(shown, [(a, "atom.xml", 1), (a, "rss.xml", 1), (b, "rss.xml", 1)]);
    // Whoever took them died: they are free again when their time is over.
    assert_eq!(bench.store.take_pings(&news("1"), at(0), at(1)).await.unwrap(), []);
    assert_eq!(bench.store.take_pings(&news("1"), at(1), at(2)).await.unwrap().len(), 3);
}

async fn what_failed_is_told_again(bench: Bench) {
    let store = &bench.store;
    store.take_pings(&news("0"), at(0), at(1)).await.unwrap();
    let taken = store.take_pings(&news("1"), at(0), at(1)).await.unwrap();
    store.settle_ping(&taken[0], None).await.unwrap();
    store.settle_ping(&taken[1], None).await.unwrap();
    store.settle_ping(&taken[2], Some(at(10))).await.unwrap();
    assert_eq!(store.next_ping().await.unwrap(), Some(at(10)));
    assert_eq!(store.take_pings(&news("1"), at(9), at(11)).await.unwrap(), []);
    let again = store.take_pings(&news("1"), at(10), at(11)).await.unwrap();
    assert_eq!(again, [Ping { attempts: 2, ..taken[2].clone() }]);
    store.settle_ping(&again[0], Some(at(30))).await.unwrap();
    // Newer bytes do not wait for what failed before, and start anew.
    let newer = store.take_pings(&news("2"), at(12), at(13)).await.unwrap();
    assert_eq!(newer.iter().map(|ping| (ping.hash.as_str(), ping.attempts)).collect::<Vec<_>>(), [("2", 1); 3]);
    // The end of what is no news any more says nothing of what is.
    store.settle_ping(&again[0], None).await.unwrap();
    assert_eq!(store.next_ping().await.unwrap(), Some(at(13)));
    for ping in &newer {
        store.settle_ping(ping, None).await.unwrap();
    }
    let store = bench.again().await;
    assert_eq!(
        (store.next_ping().await.unwrap(), store.take_pings(&news("2"), at(99), at(100)).await.unwrap()),
        (None, vec![])
    );
}
