use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::*;

fn page(path: &str, url: &str, title: &str, day: u32, text: &str) -> Page {
    let published = DateTime::parse_from_rfc3339(&format!("2021-10-{day:02}T15:00:00+08:00")).ok();
    Page {
        path: path.into(),
        url: format!("https://example.org/{url}/"),
        title: title.into(),
        published,
        source_hash: text.into(),
        ..Page::default()
    }
}

fn remembered(pages: &[Arc<Page>], ids: &[PostId]) -> Vec<Known> {
    pages.iter().zip(ids).map(|(page, id)| Known::of(page, id.clone())).collect()
}

fn arcs(pages: Vec<Page>) -> Vec<Arc<Page>> {
    pages.into_iter().map(Arc::new).collect()
}

#[test]
fn a_new_id_is_a_tag_uri() {
    let mut one = page("a.md", "blog/%E4%BD%A0%20b", "T", 15, "x");
    one.url = "https://Example.ORG:8443/blog/%E4%BD%A0%20b/".into();
    assert_eq!(tag(&one), "tag:example.org,2021-10-15:/blog/%E4%BD%A0%20b/");
    one.published = None;
    assert_eq!(tag(&one), "tag:example.org,2000-01-01:/blog/%E4%BD%A0%20b/");
    one.url = String::new();
    assert_eq!(tag(&one), "tag:localhost,2000-01-01:/a.md");
}

#[test]
fn what_is_the_same_post_and_what_is_not() {
    let old = page("a.md", "a", "A", 1, "text:body");
    let known = remembered(&arcs(vec![old.clone()]), &["id".into()]);
    let same = |page: Page| assign(&known, &[Arc::new(page)])[0] == "id";
    assert!(same(Page { path: "b.md".into(), url: "https://example.org/b/".into(), ..old.clone() }), "renamed");
    assert!(same(page("a.md", "a", "Another title", 2, "other text")), "edited in place");
    assert!(same(page("a.md", "z", "Another title", 1, "other text")), "edited in place, with a new address");
    assert!(same(Page { url: "https://new.example/a/".into(), ..old.clone() }), "new domain");
    assert!(same(page("b.md", "a", "A", 1, "other")), "moved and edited, same address");
    assert!(
        same(Page { aliases: vec!["https://example.org/a/".into()], ..page("b.md", "b", "B", 3, "other") }),
        "alias"
    );
    assert!(same(page("b.md", "b", "A", 1, "other")), "same title and date");
    assert!(same(page("b.md", "b", "B", 9, "other:body")), "the same words under another title");
    let mut zone = page("b.md", "b", "A", 1, "other");
    zone.published = zone.published.map(|at| at + TimeDelta::hours(8));
    assert!(same(zone), "another generator reads its date in another zone");
    assert!(!same(page("b.md", "b", "A", 2, "other")), "a weekly's next issue");
    assert!(!same(page("a.md", "z", "New", 9, "new")), "a new post in an old file");
    assert!(
        !same(Page { url: String::new(), published: None, ..page("b.md", "", "A", 1, "other") }),
        "nothing to know it by"
    );
    let gone: Vec<Known> = known.iter().cloned().map(|known| Known { gone: true, ..known }).collect();
    let came = |page: Page| assign_among(&gone, &[Arc::new(page)], |_| false);
    assert_eq!(came(old).ids, ["id"], "restored");
    let new = came(page("a.md", "a", "New", 9, "new"));
    assert!(new.ids != ["id"] && new.doubts.is_empty(), "another post where one was: {new:?}");
    let template = came(page("c.md", "c", "New", 9, "new:body"));
    assert_eq!(template.doubts, [Doubt { new: template.ids.clone(), old: vec!["id".into()] }]);
}

#[test]
fn front_matter_ids_win_and_are_never_shared() {
    let own = |path: &str, id: &str| Page { own_id: Some(id.into()), ..page(path, path, path, 1, path) };
    let known = remembered(&arcs(vec![page("c", "c", "T", 1, "c")]), &["urn:x".into()]);
    let pages = arcs(vec![own("a", "urn:x"), own("b", "urn:x")]);
    let ids = assign(&known, &pages);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2, "{ids:?}");
    let ids = assign(&known, &pages[..1]);
    assert_eq!(ids, ["urn:x"], "it says which post it is");
    let pages = arcs(vec![own("a", "urn:x"), page("c", "c", "T", 1, "c")]);
    assert_eq!(assign(&known, &pages)[1], "urn:x", "what stands unchanged in its place keeps its id");
    let pages = arcs(vec![own("a", "urn:new"), own("b", "urn:new"), own("c", "一 名")]);
    let ids = assign(&[], &pages);
    assert_eq!(ids, ["urn:new", "tag:example.org,2021-10-01:/b/", "tag:example.org,2000-01-01:%E4%B8%80%20%E5%90%8D"]);
    let repeated = repeated_own_ids(&pages);
    assert_eq!((repeated.len(), repeated[0].0.path.as_str(), repeated[0].1.path.as_str()), (1, "b", "a"));
}

#[test]
fn a_name_in_the_front_matter_is_a_posts_own_in_its_language() {
    let own = |language: &str, day: u32| Page {
        own_id: Some("release".into()),
        language: language.into(),
        ..page(&format!("{language}/x.md"), &format!("{language}/x"), language, day, &format!("{language} {day}"))
    };
    let pages = arcs(vec![own("en", 1), own("zh", 1)]);
    let ids = assign(&[], &pages);
    assert_eq!(ids, ["tag:example.org,2000-01-01:en/release", "tag:example.org,2000-01-01:zh/release"]);
    assert_eq!(repeated_own_ids(&pages), []);
    // Nothing else stays the same: title, date, text, place.
    let known = remembered(&pages, &ids);
    let moved = |language: &str| Page {
        title: format!("New {language}"),
        path: format!("posts/{language}/y.md"),
        url: format!("https://example.net/{language}/y/"),
        ..own(language, 9)
    };
    assert_eq!(assign(&known, &arcs(vec![moved("zh"), moved("en")])), [ids[1].clone(), ids[0].clone()]);
}

#[test]
fn an_id_that_is_added_changed_or_taken_away() {
    let known = remembered(&arcs(vec![page("a.md", "a", "A", 1, "text")]), &["tag:old".into()]);
    let with = |id: &str, text: &str| Page { own_id: Some(id.into()), ..page("a.md", "a", "A", 1, text) };
    let added = arcs(vec![with("urn:x", "text with id")]);
    assert_eq!(assign(&known, &added), ["tag:old"], "readers know it by that");
    // From now on it finds its post by it, whatever else changes.
    let known = remembered(&added, &["tag:old".into()]);
    let elsewhere = Page { own_id: Some("urn:x".into()), ..page("b.md", "b", "B", 9, "other") };
    assert_eq!(assign(&known, &arcs(vec![elsewhere])), ["tag:old"]);
    assert_eq!(assign(&known, &arcs(vec![page("a.md", "a", "A", 1, "text")])), ["tag:old"], "taken away");
    // Another id is another post, by the author's word; but not one that is news.
    let changed = assign_among(&known, &arcs(vec![with("urn:y", "text with id y")]), |_| false);
    assert_eq!(changed.ids, ["urn:y"]);
    assert_eq!(changed.doubts[0], Doubt { new: vec!["urn:y".into()], old: vec!["tag:old".into()] });
}

#[test]
fn swapped_files_keep_their_posts() {
    let (a, b) = (page("a.md", "a", "A", 1, "a"), page("b.md", "b", "B", 2, "b"));
    let known = remembered(&arcs(vec![a.clone(), b.clone()]), &["A".into(), "B".into()]);
    for (of_a, of_b) in [("a", "b"), ("edited", "b"), ("edited", "too")] {
        let swapped = arcs(vec![
            Page { path: "a.md".into(), url: a.url.clone(), source_hash: of_b.into(), ..b.clone() },
            Page { path: "b.md".into(), url: b.url.clone(), source_hash: of_a.into(), ..a.clone() },
        ]);
        assert_eq!(assign(&known, &swapped), ["B", "A"], "{of_a} {of_b}");
    }
}

#[test]
fn of_two_with_the_same_words_the_date_says_which() {
    let original = page("1/post.md", "1", "Original", 1, "original:body");
    let copy = page("2/post.md", "2", "Copy", 2, "copy:body");
    let third = page("3/post.md", "3", "Third", 3, "third:third");
    let known = remembered(&arcs(vec![original, copy, third]), &["1", "2", "3"].map(str::to_owned));
    // The original is written anew where it is; the copy, with a new title, and the third change places.
    let pages = arcs(vec![
        page("1/post.md", "1", "Anew", 1, "anew:anew"),
        page("3/post.md", "3", "New title", 2, "new:body"),
        page("2/post.md", "2", "Third", 3, "third:third"),
    ]);
    assert_eq!(assign(&known, &pages), ["1", "2", "3"]);
}

#[test]
fn a_new_issue_where_another_was_taken_away_is_a_new_one() {
    let issue = |n: u32, day: u32| page(&format!("{n}.md"), &n.to_string(), "Weekly", day, &format!("{n} {day}:{n}"));
    let known = remembered(&arcs(vec![issue(1, 1), issue(2, 8)]), &["1", "2"].map(str::to_owned));
    let known: Vec<Known> = known.into_iter().map(|known| Known { gone: known.id == "2", ..known }).collect();
    let came = Page { source_hash: "new:new".into(), ..issue(2, 15) };
    let assigned = assign_among(&known, &arcs(vec![issue(1, 1), came.clone()]), |_| false);
    assert!(assigned.ids[0] == "1" && assigned.ids[1] != "2", "{assigned:?}");
    assert!(assigned.doubts.iter().any(|doubt| doubt.old == ["2"]), "{assigned:?}");
    // A title of its own says that it is back.
    let only: Vec<Known> = known.into_iter().filter(|known| known.gone).collect();
    assert_eq!(assign(&only, &arcs(vec![came])), ["2"]);
}

#[test]
fn who_cannot_be_told_apart_is_not_announced_again() {
    // Two files of the same text go, and two come where nothing says which is which.
    let twin = |path: &str| page(path, path, "T", 1, "same");
    let known = remembered(&arcs(vec![twin("a.md"), twin("b.md")]), &["A".into(), "B".into()]);
    let moved = arcs(vec![twin("x.md"), twin("y.md")]);
    let assigned = assign_among(&known, &moved, |_| false);
    assert!(assigned.ids.iter().all(|id| id != "A" && id != "B"), "{assigned:?}");
    let both = Doubt { new: assigned.ids.clone(), old: vec!["A".into(), "B".into()] };
    assert!(assigned.doubts.contains(&both), "{assigned:?}");
    // Their folders tell these apart.
    let known = remembered(&arcs(vec![twin("en/a.md"), twin("zh/a.md")]), &["EN".into(), "ZH".into()]);
    assert_eq!(assign(&known, &arcs(vec![twin("blog/zh/b.md"), twin("blog/en/b.md")])), ["ZH", "EN"]);
}

#[test]
fn a_series_dated_anew_keeps_its_posts() {
    let issue = |n: u32, day: u32| page(&format!("{n}.md"), &n.to_string(), "Weekly", day, &format!("{n} {day}:{n}"));
    let known = remembered(&arcs((1..5).map(|n| issue(n, n * 7)).collect()), &["1", "2", "3", "4"].map(str::to_owned));
    let later = arcs((1..5).map(|n| issue(n, n * 7 + 1)).collect());
    assert_eq!(assign(&known, &later), ["1", "2", "3", "4"]);
    let shifted = arcs((1..4).map(|n| issue(n, (n + 1) * 7)).collect());
    assert_eq!(assign(&known, &shifted), ["1", "2", "3"]);
    // With new words too, it may be that the files changed places.
    let edited =
        arcs((1..4).map(|n| Page { source_hash: format!("new {n}:new {n}"), ..issue(n, (n + 1) * 7) }).collect());
    let assigned = assign_among(&known, &edited, |_| false);
    assert!(assigned.ids.iter().all(|id| id.len() > 1), "{assigned:?}");
    for id in &assigned.ids {
        assert!(assigned.doubts.iter().any(|doubt| doubt.new.contains(id)), "{assigned:?}");
    }
}

#[test]
fn a_copy_that_outlives_its_original_is_told() {
    let known = remembered(&arcs(vec![page("a.md", "a", "A", 1, "a")]), &["A".into()]);
    let pages = arcs(vec![page("b.md", "b", "A", 1, "a"), page("c.md", "c", "C", 1, "c")]);
    let ids = ["B".to_owned(), "C".to_owned()];
    let told = copied(&[&known[0]], &pages, &ids);
    assert_eq!(told, [Doubt { new: vec!["B".into()], old: vec!["A".into()] }]);
    assert_eq!(copied(&[], &pages, &ids), []);
}

/// Work grows with the pages, not with their square: the longest group is one of all.
#[test]
fn a_hundred_thousand_twins_take_no_square() {
    let twins =
        |at: &str| (0..100_000).map(|n| page(&format!("{at}{n}.md"), &format!("{at}{n}"), "T", 1, "t:b")).collect();
    let pages = arcs(twins("a"));
    let ids: Vec<PostId> = (0..100_000).map(|n| n.to_string()).collect();
    let known = remembered(&pages, &ids);
    assert_eq!(assign(&known, &pages), ids);
    let assigned = assign_among(&known, &arcs(twins("b")), |_| false);
    assert!(assigned.doubts.iter().all(|doubt| doubt.new.len() == 100_000 && doubt.old.len() == 100_000));
    // A tenth of a second where it is linear, a quarter of an hour where it is not.
}

/// What an editor does to a site.
#[derive(Debug, Clone)]
enum Step {
    Rename(usize),
    Edit(usize),
    Redate(usize),
    Retitle(usize),
    Delete(usize),
    Restore,
    Swap(usize, usize),
    Add,
    /// A new post in a series of one title.
    AddIssue,
    /// A copy that is edited into a post of its own.
    Copy(usize),
    Domain,
    Folder,
    Generator,
    GiveId(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0..40_usize;
    prop_oneof![
        at().prop_map(Step::Rename),
        at().prop_map(Step::Edit),
        at().prop_map(Step::Redate),
        at().prop_map(Step::Retitle),
        at().prop_map(Step::Delete),
        Just(Step::Restore),
        (at(), at()).prop_map(|(a, b)| Step::Swap(a, b)),
        Just(Step::Add),
        Just(Step::AddIssue),
        at().prop_map(Step::Copy),
        Just(Step::Domain),
        Just(Step::Folder),
        Just(Step::Generator),
        at().prop_map(Step::GiveId),
    ]
}

/// A post as its author knows it, and what of it has changed since the last scan.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that an editor did")]
#[derive(Debug, Clone)]
struct Truth {
    who: usize,
    page: Page,
    body: String,
    moved: bool,
    readdressed: bool,
    retitled: bool,
    redated: bool,
    edited: bool,
    /// It was there at the last scan; `None`: at none.
    seen: Option<bool>,
    /// Where it was then, and its words.
    last: Option<(String, String)>,
}

impl Truth {
    fn new(who: usize, title: &str, minutes: i64) -> Self {
        let mut page = page(&format!("blog/{who}.md"), &format!("blog/{who}"), title, 1, "");
        page.published = page.published.map(|at| at + TimeDelta::minutes(minutes));
        let body = format!("body {who}");
        Self {
            who,
            page,
            body,
            moved: false,
            readdressed: false,
            retitled: false,
            redated: false,
            edited: false,
            seen: None,
            last: None,
        }
    }

    /// The page as a scan finds it.
    fn found(&self) -> Page {
        let page = &self.page;
        let text = format!("{} {:?} {:?} {}", page.title, page.published, page.own_id, self.body).replace(':', ".");
        Page { source_hash: format!("{text}:{}", self.body), ..page.clone() }
    }

    /// Something is left by which anybody would know it.
    fn is_known(&self, bodies: &HashMap<&str, usize>) -> bool {
        let series = self.page.title == "Weekly";
        let there = self.seen == Some(true);
        let dated_title = !self.retitled && !self.redated;
        self.seen.is_none()
            || self.page.own_id.is_some()
            || dated_title && !series
            || dated_title && !self.moved
            || !self.edited && there && bodies[self.body.as_str()] == 1
            || !self.moved && !self.redated
            || !self.moved && !self.retitled && !series
            || !self.moved && !self.readdressed && there && !series
    }
}

#[derive(Debug, Default)]
struct World {
    posts: Vec<Truth>,
    deleted: Vec<Truth>,
    fresh: usize,
    generator: usize,
}

impl World {
    fn next(&mut self) -> usize {
        self.fresh += 1;
        self.fresh
    }

    fn readdress(truth: &mut Truth, path: String) {
        if truth.page.path != path {
            truth.page.url = format!("https://example.org/{}/", path.trim_end_matches(".md"));
            truth.page.path = path;
            (truth.moved, truth.readdressed) = (true, true);
        }
    }

    /// Does it to a copy of the world; the copy is what becomes of it where everybody is still known.
    fn done(&self, step: &Step) -> Self {
        let mut world = Self {
            posts: self.posts.clone(),
            deleted: self.deleted.clone(),
            fresh: self.fresh,
            generator: self.generator,
        };
        world.apply(step);
        world
    }

    fn apply(&mut self, step: &Step) {
        let fresh = self.next();
        let minutes = i64::try_from(fresh).unwrap();
        let count = self.posts.len().max(1);
        match step {
            Step::Rename(n) => {
                if let Some(truth) = self.posts.get_mut(n % count) {
                    Self::readdress(truth, format!("blog/renamed-{fresh}.md"));
                }
            }
            Step::Edit(n) => {
                if let Some(truth) = self.posts.get_mut(n % count) {
                    truth.body = format!("edit {fresh}");
                    truth.edited = true;
                }
            }
            Step::Redate(n) => {
                if let Some(truth) = self.posts.get_mut(n % count) {
                    truth.page.published = truth.page.published.map(|at| at + TimeDelta::seconds(minutes));
                    truth.redated = true;
                }
            }
            Step::Retitle(n) => {
                if let Some(truth) = self.posts.get_mut(n % count) {
                    truth.page.title = format!("title {fresh}");
                    truth.retitled = true;
                }
            }
            Step::Delete(n) => {
                if !self.posts.is_empty() {
                    let gone = self.posts.remove(n % count);
                    self.deleted.push(gone);
                }
            }
            Step::Restore => {
                if let Some(back) = self.deleted.pop()
                    && self.posts.iter().all(|truth| truth.page.path != back.page.path)
                {
                    self.posts.push(back);
                }
            }
            Step::Swap(a, b) => {
                let (a, b) = (a % count, b % count);
                if a != b {
                    let (one, other) = (self.posts[a].page.path.clone(), self.posts[b].page.path.clone());
                    Self::readdress(&mut self.posts[a], other);
                    Self::readdress(&mut self.posts[b], one);
                }
            }
            Step::Add => self.posts.push(Truth::new(fresh, &format!("T{fresh}"), minutes * 60 * 24 * 7)),
            Step::AddIssue => self.posts.push(Truth::new(fresh, "Weekly", minutes * 60 * 24 * 7)),
            Step::Copy(n) => {
                if let Some(original) = self.posts.get(n % count) {
                    let mut copy = Truth::new(fresh, &format!("copy {fresh}"), minutes * 60 * 24 * 7);
                    copy.body.clone_from(&original.body);
                    self.posts.push(copy);
                }
            }
            Step::Domain => {
                for truth in &mut self.posts {
                    truth.page.url = truth.page.url.replace("example.org", "example.net");
                }
            }
            Step::Folder => {
                for truth in &mut self.posts {
                    let path = format!("{fresh}/{}", truth.page.path.rsplit('/').next().unwrap());
                    Self::readdress(truth, path);
                }
            }
            Step::Generator => {
                self.generator += 1;
                let generator = self.generator;
                for truth in &mut self.posts {
                    let path = format!("_posts/{generator}/2021-10-01-{}.md", truth.who);
                    Self::readdress(truth, path);
                }
            }
            Step::GiveId(n) => {
                if let Some(truth) = self.posts.get_mut(n % count) {
                    // It is known by it from the next scan on.
                    if truth.seen.is_none() {
                        truth.page.own_id = Some(format!("post {fresh}"));
                    }
                }
            }
        }
    }

    fn is_known(&self) -> bool {
        let taken: BTreeSet<&str> = self.posts.iter().map(|truth| truth.page.path.as_str()).collect();
        let mut bodies: HashMap<&str, usize> = HashMap::new();
        for truth in self.posts.iter().chain(&self.deleted) {
            *bodies.entry(&truth.body).or_default() += 1;
        }
        // Taken away since the last scan: a new post in their place, or with their words, is the old one rewritten.
        let taken_away: Vec<&Truth> = self.deleted.iter().filter(|truth| truth.seen == Some(true)).collect();
        let replaces = |truth: &Truth| {
            taken_away
                .iter()
                .filter_map(|old| old.last.as_ref())
                .any(|(path, body)| *path == truth.page.path || *body == truth.body)
        };
        // A new post of a series under the name of another that has moved may be that one.
        let follows = |truth: &Truth| {
            let of_series = |old: &&Truth| old.page.title == truth.page.title || old.retitled;
            let old = self.posts.iter().filter(of_series).filter_map(|old| old.last.as_ref());
            truth.page.title == "Weekly" && old.map(|(path, _)| path).any(|path| *path == truth.page.path)
        };
        taken.len() == self.posts.len()
            && self.posts.iter().all(|truth| truth.is_known(&bodies))
            && !self.posts.iter().any(|truth| truth.seen.is_none() && (replaces(truth) || follows(truth)))
    }

    fn scanned(&mut self) {
        for truth in &mut self.posts {
            (truth.moved, truth.readdressed, truth.retitled) = (false, false, false);
            (truth.redated, truth.edited) = (false, false);
        }
        for truth in &mut self.posts {
            (truth.seen, truth.last) = (Some(true), Some((truth.page.path.clone(), truth.body.clone())));
        }
        self.deleted.iter_mut().for_each(|truth| truth.seen = truth.seen.map(|_| false));
    }
}

/// What the store would keep after the scan.
fn keep(store: &mut Vec<Known>, pages: &[Arc<Page>], ids: &[PostId]) {
    for known in store.iter_mut() {
        known.gone = true;
    }
    for known in remembered(pages, ids) {
        match store.iter_mut().find(|other| other.id == known.id) {
            Some(other) => *other = known,
            None => store.push(known),
        }
    }
}

proptest! {
    #[test]
    fn a_settled_address_is_taken_apart_as_any_other(
        url in "(https?|ftp)://([a-z0-9.-]{0,5}|example.org|e.0x1|xn--a.b|A.b)(:80)?/([a-zA-Z0-9_~-]{1,3}|\\.|\\.\\.|%41|é|/| |#|\\?){0,6}"
    ) {
        if let Some((host, path)) = settled(&url) {
            let parsed = Url::parse(&url).expect("an address");
            prop_assert_eq!((parsed.host_str(), parsed.path()), (Some(host), path));
            prop_assert_eq!(parsed.as_str(), &url);
            prop_assert_eq!(escaped(path.as_bytes()), path);
        }
    }
}

proptest! {
    /// Whatever happens between two scans, as long as anybody could say which post is which: every post keeps the id
    /// that it was first given, two never share one, and the order of the pages does not matter.
    #[test]
    fn ids_last(batches in prop::collection::vec(prop::collection::vec(step(), 1..5), 1..16)) {
        let mut world = World::default();
        let mut store: Vec<Known> = Vec::new();
        let mut given: HashMap<usize, PostId> = HashMap::new();
        let first = vec![Step::Add, Step::Add, Step::AddIssue, Step::AddIssue, Step::AddIssue];
        for batch in std::iter::once(first).chain(batches) {
            for step in &batch {
                let next = world.done(step);
                if next.is_known() {
                    world = next;
                }
            }
            let arcs: Vec<Arc<Page>> = world.posts.iter().map(|truth| Arc::new(truth.found())).collect();
            let assigned = assign_among(&store, &arcs, |_| false);
            let ids = assigned.ids;
            prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
            let mut backwards: Vec<Arc<Page>> = arcs.clone();
            backwards.reverse();
            let mut of_backwards = assign(&store, &backwards);
            of_backwards.reverse();
            prop_assert_eq!(&ids, &of_backwards);
            for (truth, id) in world.posts.iter().zip(&ids) {
                let first = given.entry(truth.who).or_insert_with(|| id.clone());
                prop_assert_eq!(&*first, id, "{:?}", truth);
            }
            let owners: HashSet<&PostId> = given.values().collect();
            prop_assert_eq!(owners.len(), given.len(), "an id has two posts");
            keep(&mut store, &arcs, &ids);
            world.scanned();
        }
    }
}
