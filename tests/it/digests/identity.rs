//! Who a post is, through the store: no id moves to another post, and nothing is announced twice, whatever an editor does
//! between two scans, and wherever the program dies.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use postrider::digest::{Digest, Mailbox, Trigger};
use postrider::library::{Library, Scan};
use postrider::post::{Page, id};
use postrider::publisher::{self, Identities};
use postrider::scheduler;
use postrider::site::Site;
use postrider::store::{NewIssue, Settings, Store};
use sqlx::Connection as _;

use crate::support::databases;

fn start() -> DateTime<Utc> {
    "2026-03-06T01:00:00Z".parse().unwrap()
}

fn digest() -> Digest {
    let from = Mailbox { name: "N".into(), address: "n@example.org".into() };
    Digest {
        template: "letter".into(),
        hold_above: 1000,
        public_url: "https://feeds.example.org/".into(),
        ..Digest::new("news", from, Trigger::OnPublish)
    }
}

/// A post as its author knows it.
#[derive(Clone)]
struct Truth {
    who: usize,
    page: Page,
    words: String,
    /// A copy of another, as long as it says the same.
    copy_of: Option<usize>,
}

impl Truth {
    fn new(who: usize) -> Self {
        let published = start() - Duration::days(i64::try_from(who).unwrap() + 1);
        let page = Page {
            path: format!("content/blog/{who}.md"),
            url: format!("https://example.org/blog/{who}/"),
            title: format!("T{who}"),
            published: Some(published.fixed_offset()),
            section: "blog".into(),
            ..Page::default()
        };
        Self { who, page, words: format!("words {who}"), copy_of: None }
    }

    /// One may be taken for the other: that is what doubts are for.
    fn is_like(&self, other: &Self) -> bool {
        let header = |truth: &Self| (truth.page.title.clone(), truth.page.published);
        self.words == other.words || header(self) == header(other)
    }

    fn found(&self) -> Arc<Page> {
        let text = format!("{}.{:?}.{}", self.page.title, self.page.published, self.words);
        Arc::new(Page { source_hash: format!("{text}:{}", self.words).replacen(':', ";", 2), ..self.page.clone() })
    }
}

fn scan_of(posts: &[Truth]) -> Scan {
    let mut posts: Vec<&Truth> = posts.iter().collect();
    posts.sort_by(|a, b| a.page.path.cmp(&b.page.path));
    let site = Site { main_sections: vec!["blog".into()], ..Site::default() };
    Scan { site, pages: posts.iter().map(|truth| truth.found()).collect(), ..Scan::default() }
}

async fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(&Settings { url: databases::sqlite(folder.path()), secret: None }).await.unwrap()
}

/// Announces what is new, as the scheduler would; gives the ids.
async fn announce(store: &Store, library: &Library, now: DateTime<Utc>) -> Vec<id::PostId> {
    let fresh = scheduler::fresh(store, &digest(), library, now).await.unwrap();
    let posts: Vec<id::PostId> = fresh.iter().map(|post| post.id.clone()).collect();
    if !posts.is_empty() {
        let issue = NewIssue {
            id: postrider::crypto::new_id(),
            digest: "news".into(),
            slot: now,
            held: false,
            expires_at: now,
            posts: posts.clone(),
            renditions: Vec::new(),
        };
        assert!(store.create_issue(&issue, now).await.unwrap());
    }
    posts
}

#[tokio::test]
async fn an_id_stays_with_its_post_and_nothing_is_announced_twice() {
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let scans = if std::env::var_os("POSTRIDER_TEST_LONG").is_some() { 4000 } else { 300 };
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let mut identities = Identities::default();
    let mut dice = 0x1d5_u64;
    let mut roll = move |below: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap() % below.max(1)
    };
    let mut posts: Vec<Truth> = (0..5).map(Truth::new).collect();
    let mut deleted: Vec<Truth> = Vec::new();
    let mut next = 5;
    let mut owner: HashMap<id::PostId, usize> = HashMap::new();
    let mut told: HashSet<usize> = (0..5).collect();
    let first = publisher::take_in(&store, &scan_of(&posts), &["news".to_owned()], start()).await.unwrap();
    assert!(announce(&store, &first, start()).await.is_empty(), "the baseline");
    for round in 0..scans {
        let now = start() + Duration::minutes(round + 1);
        let mut added = HashSet::new();
        // One thing a post and scan; several posts at once.
        let mut touched: HashSet<usize> = HashSet::new();
        for _ in 0..=roll(3) {
            next += 1;
            let at = roll(posts.len());
            let kind = roll(9);
            // Nobody can tell two copies apart, so only one of them is touched.
            let alike = |truth: &Truth| -> Vec<usize> {
                let all = posts.iter().chain(&deleted).filter(|other| other.is_like(truth));
                all.map(|other| other.who).collect()
            };
            if kind < 6 {
                let twins = posts.get(at).map(alike).unwrap_or_default();
                if twins.is_empty() || twins.iter().any(|who| touched.contains(who)) {
                    continue;
                }
                touched.extend(twins);
            }
            match kind {
                0 => {
                    posts[at].page.path = format!("content/blog/r{next}.md");
                    posts[at].page.url = format!("https://example.org/blog/r{next}/");
                }
                1 => (posts[at].words, posts[at].copy_of) = (format!("edit {next}"), None),
                2 => {
                    let date = posts[at].page.published.map(|at| at + Duration::seconds(i64::try_from(next).unwrap()));
                    (posts[at].page.published, posts[at].copy_of) = (date, None);
                }
                3 => (posts[at].page.title, posts[at].copy_of) = (format!("title {next}"), None),
                4 if posts.len() > 2 => deleted.push(posts.remove(at)),
                5 => {
                    let other = roll(posts.len());
                    if alike(&posts[other]).len() == 1 && touched.insert(posts[other].who) {
                        let (one, two) = (posts[at].page.clone(), posts[other].page.clone());
                        (posts[at].page.path, posts[at].page.url) = (two.path, two.url);
                        (posts[other].page.path, posts[other].page.url) = (one.path, one.url);
                    }
                }
                6 => {
                    if let Some(back) = deleted.pop() {
                        if touched.contains(&back.who) || posts.iter().any(|truth| truth.page.path == back.page.path) {
                            deleted.push(back);
                        } else {
                            touched.insert(back.who);
                            posts.push(back);
                        }
                    }
                }
                7 => {
                    posts.push(Truth::new(next));
                    touched.insert(next);
                    added.insert(next);
                }
                _ => {
                    // A second copy of one text may be the first under another name.
                    let words =
                        |truth: &Truth| posts.iter().chain(&deleted).filter(|other| other.is_like(truth)).count();
                    let free = posts.get(at).filter(|truth| !touched.contains(&truth.who) && words(truth) == 1);
                    if let Some(original) = free.cloned() {
                        let mut copy = Truth { who: next, copy_of: Some(original.who), ..original.clone() };
                        copy.page.path = format!("content/blog/copy-{next}.md");
                        copy.page.url = format!("https://example.org/blog/copy-{next}/");
                        touched.extend([next, original.who]);
                        posts.push(copy);
                    }
                }
            }
        }
        let scan = scan_of(&posts);
        let expected = id::assign(&store.known_posts().await.unwrap(), &scan.pages);
        if roll(10) == 0 {
            identities = Identities::default();
        }
        let library = if roll(5) == 0 {
            // Another program on the same store.
            publisher::take_in(&store, &scan, &[], now).await.unwrap()
        } else {
            let ids = identities.identify(&store, &scan, now).await.unwrap();
            let library = Library::new(&scan, &ids, now);
            identities.remember(&library);
            library
        };
        let ids: Vec<id::PostId> = library.all.iter().map(|post| post.id.clone()).collect();
        assert_eq!(ids, expected, "what is remembered changes nothing");
        let who: HashMap<&str, &Truth> = posts.iter().map(|truth| (truth.page.path.as_str(), truth)).collect();
        for post in &library.all {
            let truth = who[post.path.as_str()];
            assert_eq!(*owner.entry(post.id.clone()).or_insert(truth.who), truth.who, "{} moved", post.id);
        }
        let news = announce(&store, &library, now).await;
        for id in &news {
            let truth = posts.iter().find(|truth| truth.who == owner[id]).unwrap();
            assert!(told.insert(truth.who), "{} is told twice", truth.page.path);
            let same = |other: &&Truth| {
                truth.copy_of == Some(other.who) && other.found().source_hash == truth.found().source_hash
            };
            let original = posts.iter().find(same).map(|other| other.who);
            assert!(original.is_none_or(|who| !told.contains(&who)), "{} says nothing new", truth.page.path);
        }
        for who in added {
            assert!(told.contains(&who) || !posts.iter().any(|truth| truth.who == who), "{who} is new and not told");
        }
    }
    assert!(told.len() > 20);
}

/// Where the program dies between the scan and the last row, the next start has the baseline, whole.
#[tokio::test]
async fn a_crash_at_any_row_announces_nothing_old() {
    for table in ["posts", "digests", "announcements"] {
        let folder = tempfile::tempdir().unwrap();
        let url = databases::sqlite(folder.path());
        let names = ["news".to_owned()];
        let mut posts: Vec<Truth> = (0..5).map(Truth::new).collect();
        {
            let store = store(&folder).await;
            let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
            let stop = format!("create trigger stop before insert on {table} begin select raise(abort, 'dead'); end");
            sqlx::query(sqlx::AssertSqlSafe(stop)).execute(&mut raw).await.unwrap();
            let dead = publisher::take_in(&store, &scan_of(&posts), &names, start()).await;
            assert!(format!("{:#}", dead.unwrap_err()).contains("dead"), "{table}");
            assert_eq!(store.digest_begun("news").await.unwrap(), None, "{table}: begun by halves");
            sqlx::query("drop trigger stop").execute(&mut raw).await.unwrap();
        }
        let store = store(&folder).await;
        posts[0].page.path = "content/blog/moved.md".into();
        let library = publisher::take_in(&store, &scan_of(&posts), &names, start()).await.unwrap();
        assert!(announce(&store, &library, start()).await.is_empty(), "{table}");
        posts.push(Truth::new(9));
        let now = start() + Duration::minutes(1);
        let library = publisher::take_in(&store, &scan_of(&posts), &names, now).await.unwrap();
        assert_eq!(announce(&store, &library, now).await.len(), 1, "{table}");
    }
}
