//! A due Slot becomes an Issue exactly once, whatever the clock and the machines do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration as Span;

use arc_swap::ArcSwap;
use chrono::{DateTime, Duration, Utc};
use postrider::clock::Clock;
use postrider::digest::gate::Reason;
use postrider::digest::{Digest, Mailbox, Schedule, Trigger};
use postrider::http::Published;
use postrider::library::{Bodies, Library, Scan};
use postrider::mail;
use postrider::post::{Page, id};
use postrider::problem::Problem;
use postrider::publisher;
use postrider::scheduler::gate::Gate;
use postrider::scheduler::{self, Parts};
use postrider::site::{Language, Site};
use postrider::store::{Import, IssueRow, IssueState, Settings, Store};
use postrider::subscriber::Address;
use postrider::template::Templates;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::databases;

/// Friday, 6 March 2026, 09:00 in Shanghai.
const SLOT: &str = "2026-03-06T01:00:00Z";

fn slot() -> DateTime<Utc> {
    SLOT.parse().unwrap()
}

fn minutes(minutes: i64) -> DateTime<Utc> {
    slot() + Duration::minutes(minutes)
}

struct House {
    store: Store,
    parts: Parts,
    pages: Vec<Arc<Page>>,
    _folder: tempfile::TempDir,
}

impl House {
    /// One post in the baseline, taken two days before the Slot; readers of `zh-CN`, `en` and none.
    async fn new(url: &str, folder: tempfile::TempDir) -> Self {
        let store = Store::open(&Settings { url: url.to_owned(), secret: None }).await.unwrap();
        let parts = Parts {
            digests: Arc::new(vec![digest()]),
            published: Arc::new(ArcSwap::default()),
            templates: Arc::new(Templates::new(&BTreeMap::new()).unwrap()),
            store: store.clone(),
            mail_queued: Arc::new(Notify::new()),
            gate: Arc::new(gate()),
        };
        let mut house = Self { store, parts, pages: Vec::new(), _folder: folder };
        house.publish("old", minutes(-4000));
        house.scan(minutes(-3000));
        let baseline: Vec<_> = house.parts.published.load().library.posts.iter().map(|post| post.id.clone()).collect();
        assert_eq!(baseline.len(), 1);
        assert!(house.store.begin_digest("weekly", &baseline, minutes(-3000)).await.unwrap());
        house.read("a@example.org", None).await;
        house.read("b@example.org", Some("en")).await;
        house.read("c@example.org", Some("zh-CN")).await;
        house
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = databases::sqlite(folder.path());
        Self::new(&url, folder).await
    }

    async fn read(&self, address: &str, language: Option<&str>) {
        let row = Import {
            address: Address::parse(address).unwrap(),
            name: String::new(),
            language: language.map(str::to_owned),
        };
        assert_eq!(self.store.import(&[row], "weekly", "test", minutes(-3000)).await.unwrap().added, 1);
    }

    fn publish(&mut self, name: &str, at: DateTime<Utc>) {
        self.pages.push(Arc::new(Page {
            path: format!("content/blog/{name}.md"),
            url: format!("https://harbour.example.org/blog/{name}/"),
            title: format!("Title of {name}"),
            published: Some(at.fixed_offset()),
            visible_from: Some(at.fixed_offset()),
            section: "blog".into(),
            language: "zh".into(),
            source_hash: name.into(),
            ..Page::default()
        }));
    }

    /// What the publisher does.
    fn scan(&self, now: DateTime<Utc>) {
        let site = Site {
            url: "https://harbour.example.org/".into(),
            title: "Harbour".into(),
            language: "zh-CN".into(),
            languages: vec![Language { key: "zh".into(), tag: "zh-CN".into(), ..Language::default() }],
            main_sections: vec!["blog".into()],
            ..Site::default()
        };
        let scan = Scan { site, pages: self.pages.clone(), problems: Vec::new(), bodies: Bodies::default() };
        let library = Library::new(&scan, &id::assign(&[], &scan.pages), now);
        self.parts.published.store(Arc::new(Published {
            library: Arc::new(library),
            scanned_at: Some(now),
            ..Published::default()
        }));
    }

    async fn step(&self, now: DateTime<Utc>) {
        scheduler::step(&self.parts, now).await.unwrap();
    }

    fn change(&mut self, change: impl FnOnce(&mut Digest)) {
        let mut digest = self.parts.digests[0].clone();
        change(&mut digest);
        self.parts.digests = Arc::new(vec![digest]);
    }

    async fn issues(&self) -> Vec<IssueRow> {
        self.store.issues(None, 100).await.unwrap()
    }

    /// (Slot, state, posts, Deliveries), oldest first.
    async fn rows(&self) -> Vec<(DateTime<Utc>, IssueState, usize, u64)> {
        let mut rows: Vec<_> = self
            .issues()
            .await
            .iter()
            .map(|issue| (issue.slot, issue.state, issue.posts.len(), issue.deliveries))
            .collect();
        rows.sort_by_key(|row| row.0);
        rows
    }
}

/// That has nothing against mails as they are rendered here.
fn gate() -> Gate {
    let folder = mail::Transport::Folder("nowhere".into());
    let settings = mail::Settings::new(folder, "https://feeds.example.org/");
    Gate { settings: Arc::new(settings), accept: BTreeMap::new(), dns: None }
}

fn digest() -> Digest {
    let from = Mailbox { name: "Harbour".into(), address: "weekly@harbour.example.org".into() };
    let trigger = Trigger::Cron(Schedule::parse("0 9 * * 5", chrono_tz::Asia::Shanghai).unwrap());
    Digest {
        title: "Weekly".into(),
        template: "letter".into(),
        language: "zh-CN".into(),
        hold_above: 3,
        public_url: "https://feeds.example.org/".into(),
        ..Digest::new("weekly", from, trigger)
    }
}

#[tokio::test]
async fn a_slot_makes_one_issue_across_restarts_and_clocks() {
    let mut house = House::sqlite().await;
    house.publish("new", minutes(-60));
    house.scan(minutes(-60));
    house.step(minutes(-1)).await;
    assert_eq!(house.rows().await, []);
    house.step(slot()).await;
    let once = [(slot(), IssueState::Sending, 1, 3)];
    assert_eq!(house.rows().await, once);
    // A second later, after a restart, an hour back, and there again; also with something new at hand.
    house.publish("newer", minutes(-30));
    house.scan(minutes(1));
    for now in [1, 2, -60, 0, 1, 300] {
        house.step(minutes(now)).await;
        assert_eq!(house.rows().await, once, "at {now}");
    }
    let week = 7 * 24 * 60;
    house.step(minutes(week)).await;
    assert_eq!(house.rows().await[1..], [(minutes(week), IssueState::Sending, 1, 3)]);
    // Ten years ahead, with nothing new; and back: the weeks between still come.
    house.step(minutes(520 * week)).await;
    assert_eq!(house.rows().await.len(), 3);
    house.publish("later", minutes(week + 10));
    house.scan(minutes(week + 20));
    house.step(minutes(2 * week)).await;
    assert_eq!(house.rows().await[2], (minutes(2 * week), IssueState::Sending, 1, 3));
}

#[tokio::test]
async fn what_could_not_be_read_when_a_digest_began_is_no_news() {
    let mut house = House::sqlite().await;
    let begun = minutes(-2000);
    let take_in = async |pages: &[Arc<Page>], problems: Vec<Problem>, digest: &str, now| {
        let main_sections = vec!["blog".to_owned()];
        let site = Site { main_sections, ..Site::default() };
        let scan = Scan { site, pages: pages.to_vec(), problems, bodies: Bodies::default() };
        publisher::take_in(&house.store, &scan, &[digest.to_owned()], now).await.unwrap()
    };
    for (name, at) in [("away", -3500), ("broken", -5000), ("draft", -100)] {
        house.pages.push(Arc::new(Page {
            path: format!("content/blog/{name}.md"),
            url: format!("https://harbour.example.org/blog/{name}/"),
            title: format!("Title of {name}"),
            published: Some(minutes(at).fixed_offset()),
            section: "blog".into(),
            source_hash: name.into(),
            ..Page::default()
        }));
    }
    let [old, away, ..] = &house.pages[..] else { panic!("four pages") };
    take_in(&[Arc::clone(old), Arc::clone(away)], Vec::new(), "weekly", minutes(-3000)).await;
    // A digest is added while a file of before is moved about, and two cannot be read.
    let broken = |name: &str| Problem::error(&format!("content/blog/{name}.md"), Some(2), "cannot be read", "mend it");
    let problems = vec![broken("broken"), broken("broken"), broken("draft")];
    take_in(&[Arc::clone(old)], problems, "daily", begun).await;
    let library = take_in(&house.pages, Vec::new(), "daily", minutes(0)).await;
    assert_eq!(library.posts.len(), 4);
    let daily = Digest { name: "daily".into(), ..digest() };
    let fresh = scheduler::fresh(&house.store, &daily, &library, minutes(0)).await.unwrap();
    // Only what says that it was published since.
    assert_eq!(fresh.iter().map(|post| post.title.as_str()).collect::<Vec<_>>(), ["Title of draft"]);
}

#[tokio::test]
async fn nothing_happens_before_the_first_scan() {
    let house = House::sqlite().await;
    house.parts.published.store(Arc::new(Published::default()));
    house.step(slot()).await;
    assert_eq!(house.rows().await, [], "no Library is not nothing new");
}

#[tokio::test]
async fn a_slot_with_nothing_new_is_skipped() {
    let mut house = House::sqlite().await;
    house.step(slot()).await;
    assert_eq!(house.rows().await, [(slot(), IssueState::Skipped, 0, 0)]);
    house.publish("late", minutes(5));
    house.scan(minutes(5));
    house.step(minutes(10)).await;
    assert_eq!(house.rows().await.len(), 1, "it waits for the next Slot");
}

#[tokio::test]
async fn a_post_of_the_very_minute_is_in_before_the_publisher_saw_it() {
    let mut house = House::sqlite().await;
    house.publish("timed", slot());
    house.scan(minutes(-60));
    assert_eq!(house.parts.published.load().library.posts.len(), 1, "not listed yet");
    house.step(slot()).await;
    assert_eq!(house.rows().await, [(slot(), IssueState::Sending, 1, 3)]);
}

#[tokio::test]
async fn a_missed_slot_is_made_up_within_catch_up_and_else_reported() {
    for (late, state, posts) in [(359, IssueState::Sending, 1), (361, IssueState::Skipped, 0)] {
        let mut house = House::sqlite().await;
        house.publish("new", minutes(-60));
        house.scan(minutes(late));
        house.step(minutes(late)).await;
        let rows = house.rows().await;
        assert_eq!((rows.len(), rows[0].0, rows[0].1, rows[0].2), (1, slot(), state, posts), "{late} minutes late");
        // What the skipped one would have announced comes with the next.
        let next = minutes(7 * 24 * 60);
        house.step(next).await;
        let wanted = if posts == 0 { IssueState::Sending } else { IssueState::Skipped };
        assert_eq!(house.rows().await[1].1, wanted);
    }
}

#[tokio::test]
async fn of_several_missed_slots_only_the_newest_is_made_up() {
    let mut house = House::sqlite().await;
    house.publish("new", minutes(-60));
    house.scan(minutes(0));
    let now = minutes(3 * 7 * 24 * 60 + 30);
    house.step(now).await;
    house.step(now).await;
    assert_eq!(house.rows().await, [(now - Duration::minutes(30), IssueState::Sending, 1, 3)]);
}

#[tokio::test]
async fn unusually_many_posts_wait_for_a_person() {
    let mut house = House::sqlite().await;
    for number in 0..4 {
        house.publish(&format!("new{number}"), minutes(-60));
    }
    house.scan(minutes(-10));
    house.step(slot()).await;
    assert_eq!(house.rows().await, [(slot(), IssueState::Held, 4, 3)]);
    assert!(house.store.claim("x", 10, Span::from_mins(1), minutes(1)).await.unwrap().is_empty());
    let issue = &house.issues().await[0];
    assert!(house.store.approve_issue(&issue.id, minutes(2)).await.unwrap());
    assert_eq!(house.store.claim("x", 10, Span::from_mins(1), minutes(3)).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_broken_template_stops_the_issue_before_its_first_mail() {
    let mut house = House::sqlite().await;
    house.publish("new", minutes(-60));
    house.scan(minutes(-10));
    let whole = Arc::clone(&house.parts.templates);
    let broken = BTreeMap::from([("email/letter/body.txt".to_owned(), "ok\n{{ posts[0].titel }}\n".to_owned())]);
    house.parts.templates = Arc::new(Templates::new(&broken).unwrap());
    house.step(slot()).await;
    assert_eq!(house.rows().await, [(slot(), IssueState::Held, 1, 3)]);
    let issue = house.issues().await[0].id.clone();
    let findings = house.store.judged(&issue).await.unwrap().unwrap().findings;
    let said: Vec<_> = findings.iter().map(|finding| (finding.reason, finding.what.as_str())).collect();
    assert_eq!(said, [(Reason::Template, "templates/email/letter/body.txt:2: unknown name in `posts[0].titel`")]);
    // Mended, it waits for a person; approved, it goes, in each language.
    house.store.accept_issue(&issue, &BTreeSet::from([Reason::Template])).await.unwrap();
    house.step(minutes(4)).await;
    assert_eq!(house.rows().await, [(slot(), IssueState::Held, 1, 3)]);
    house.parts.templates = whole;
    house.step(minutes(5)).await;
    assert_eq!(house.rows().await, [(slot(), IssueState::Sending, 1, 3)]);
    let renditions = house.store.issue_renditions(&issue).await.unwrap();
    assert!(renditions.len() == 2 && renditions.iter().all(|rendition| rendition.text.contains("new")));
}

#[tokio::test]
async fn readers_get_their_language() {
    let mut house = House::sqlite().await;
    house.publish("new", minutes(-60));
    house.scan(minutes(-10));
    house.read("d@example.org", Some("fr-CA")).await;
    house.read("e@example.org", Some("it")).await;
    house.step(slot()).await;
    let issue = &house.issues().await[0];
    let renditions = house.store.issue_renditions(&issue.id).await.unwrap();
    let languages: Vec<_> = renditions.iter().map(|rendition| rendition.language.as_str()).collect();
    assert_eq!(languages, ["zh-CN", "en", "fr-CA", "it"], "the digest's own first");
    assert!(renditions[0].html.contains("<html lang=\"zh-CN\"") && renditions[0].text.contains("退订"));
    assert!(renditions[2].html.contains("<html lang=\"fr\"") && renditions[2].text.contains("Se désabonner"));
    let italian = &renditions[3];
    assert!(italian.html.contains("<html lang=\"en\"") && italian.text.contains("Unsubscribe"), "told in English");
}

#[tokio::test]
async fn without_readers_the_issue_is_made_and_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::new(&databases::sqlite(folder.path()), folder).await;
    for address in ["a@example.org", "b@example.org", "c@example.org"] {
        assert!(house.store.remove(address, None, minutes(-100)).await.unwrap());
    }
    house.publish("new", minutes(-60));
    house.scan(minutes(-10));
    house.step(slot()).await;
    assert_eq!(house.rows().await, [(slot(), IssueState::Done, 1, 0)]);
}

#[tokio::test]
async fn on_publish_announces_each_new_post_once() {
    let mut house = House::sqlite().await;
    house.change(|digest| digest.trigger = Trigger::OnPublish);
    house.step(minutes(0)).await;
    assert_eq!(house.rows().await, []);
    house.publish("new", minutes(3));
    house.scan(minutes(3));
    let now = minutes(3) + Duration::seconds(42);
    house.step(now).await;
    house.step(now).await;
    assert_eq!(house.rows().await, [(minutes(3), IssueState::Sending, 1, 3)]);
}

#[tokio::test]
async fn a_site_that_is_copied_over_slowly_is_held_under_on_publish_too() {
    let mut house = House::sqlite().await;
    house.change(|digest| digest.trigger = Trigger::OnPublish);
    for minute in 0..5 {
        house.publish(&format!("a{minute}"), minutes(-3000 + minute));
        house.publish(&format!("b{minute}"), minutes(-3000 + minute));
        house.scan(minutes(minute));
        house.step(minutes(minute)).await;
    }
    // Three at once are let through.
    let states: Vec<_> = house.rows().await.iter().map(|row| row.1).collect();
    assert_eq!(states[..2], [IssueState::Sending, IssueState::Held]);
    assert!(states[2..].iter().all(|state| *state == IssueState::Held), "{states:?}");
    // The next day's post goes out by itself.
    house.publish("next", minutes(1440));
    house.scan(minutes(1440));
    house.step(minutes(1440)).await;
    assert_eq!(house.rows().await.last().unwrap().1, IssueState::Sending);
}

async fn two_machines(url: &str) {
    let mut one = House::new(url, tempfile::tempdir().unwrap()).await;
    one.publish("new", minutes(-60));
    one.scan(minutes(-10));
    let store = Store::open(&Settings { url: url.to_owned(), secret: None }).await.unwrap();
    let other = Parts { store, ..one.parts.clone() };
    let steps: Vec<_> = (0..8)
        .map(|at| {
            let parts = if at % 2 == 0 { one.parts.clone() } else { other.clone() };
            tokio::spawn(async move { scheduler::step(&parts, slot()).await })
        })
        .collect();
    for step in steps {
        step.await.unwrap().unwrap();
    }
    assert_eq!(one.rows().await, [(slot(), IssueState::Sending, 1, 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_machines_make_one_issue_on_postgres() {
    two_machines(&databases::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_machines_make_one_issue_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    two_machines(&databases::sqlite(folder.path())).await;
}

#[tokio::test]
async fn the_loop_follows_a_clock_that_is_moved() {
    let mut house = House::sqlite().await;
    house.publish("new", minutes(-60));
    house.scan(minutes(-10));
    let clock = Clock::fixed(minutes(-10));
    let Clock::Fixed(hand) = clock.clone() else { unreachable!() };
    let cancel = CancellationToken::new();
    let running = tokio::spawn(scheduler::run(house.parts.clone(), clock, cancel.clone()));
    let move_to = |at: DateTime<Utc>| hand.store(at.timestamp_millis(), std::sync::atomic::Ordering::SeqCst);
    let rung = house.parts.mail_queued.notified();
    move_to(slot());
    tokio::time::timeout(Span::from_secs(30), rung).await.expect("the deliverer is rung");
    assert_eq!(house.rows().await, [(slot(), IssueState::Sending, 1, 3)]);
    cancel.cancel();
    running.await.unwrap();
}
