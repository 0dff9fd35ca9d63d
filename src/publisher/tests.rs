use std::path::Path;
use std::time::Duration;

use super::*;
use crate::store;

/// Without any event from the system the slow full re-scan finds what has changed.
#[tokio::test]
async fn a_deaf_watcher_costs_time_only() {
    sees_changes(Watcher::deaf).await;
}

/// So it does where the system's limits are reached.
#[tokio::test]
async fn a_watcher_that_is_refused_costs_time_only() {
    sees_changes(|site| Watcher::limited(site, &Arc::default())).await;
}

async fn sees_changes(watcher: impl FnOnce(&Path) -> Watcher) {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs_err::create_dir_all(site.join("content/blog")).unwrap();
    fs_err::write(site.join("hugo.toml"), "baseURL = \"https://example.org/\"\n").unwrap();
    let write = |name: &str| {
        let text = format!("---\ntitle: {name}\ndate: 2021-10-15\n---\nText.\n");
        fs_err::write(site.join(format!("content/blog/{name}.md")), text).unwrap();
    };
    write("one");
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    let mut parts = Parts {
        scanner: Scanner::new(library::Settings { root: site.clone(), ..library::Settings::default() }),
        store: Store::open(&store::Settings { url, secret: None }).await.unwrap(),
        identities: Identities::default(),
        memory: Memory::default(),
        feeds: feed::Settings {
            by: Vec::new(),
            public_url: "https://feeds.example.org/".to_owned(),
            ..feed::Settings::default()
        },
        published: Arc::new(ArcSwap::default()),
        digests: Vec::new(),
        clock: Clock::fixed("2026-11-22T12:00:00Z".parse().unwrap()),
        rescan: Duration::ZERO,
    };
    step(&mut parts, "2026-11-22T12:00:00Z".parse().unwrap()).await.unwrap();
    let published = Arc::clone(&parts.published);
    let cancel = CancellationToken::new();
    let running = tokio::spawn(run_with(parts, watcher(&site), cancel.clone()));
    write("two");
    fs_err::remove_file(site.join("content/blog/one.md")).unwrap();
    let titles = || published.load().library.posts.iter().map(|post| post.title.clone()).collect::<Vec<_>>();
    let seen = async {
        while titles() != ["two"] {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), seen).await.is_ok(), "{:?}", titles());
    cancel.cancel();
    running.await.unwrap().unwrap();
}
