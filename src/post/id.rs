//! Permanent ids: which page of a scan is which post of the store.

use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};
use url::Url;

use super::Page;

/// A post's id: an absolute IRI (`tag:` URI, RFC 4151) or what the front matter gave. Never changes.
pub type PostId = String;

/// What the store remembers of a post, to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The permanent id.
    pub id: PostId,
    /// Where its file was last seen.
    pub path: String,
    /// Its address when last seen.
    pub url: String,
    /// Its title when last seen.
    pub title: String,
    /// Its date when last seen, milliseconds since the epoch.
    pub published: Option<i64>,
    /// [`super::Page::source_hash`] when last seen.
    pub source_hash: String,
}

/// Gives every page its id, in the order of `pages`: from its front matter, from the `known` post that it is
/// (same content, same place, or same address, title and date), or a new `tag:` URI made of its host, date and path.
/// Two pages never get one id; a known id never moves to a page that is plainly another post.
pub fn assign(known: &[Known], pages: &[Arc<Page>]) -> Vec<PostId> {
    let mut matching = Matching::new(known, pages);
    matching.own_ids();
    let content = |hash: &str| (!hash.is_empty()).then(|| hash.to_owned());
    matching.pair(
        |known| Some((known.path.clone(), content(&known.source_hash)?)),
        |page| Some((page.path.clone(), content(&page.source_hash)?)),
    );
    matching.pair(|known| content(&known.source_hash), |page| content(&page.source_hash));
    matching.edited_in_place();
    matching.pair(|known| address(&known.url), |page| address(&page.url));
    matching.by_alias();
    matching.pair(|known| dated_title(&known.title, known.published), |page| dated_title(&page.title, millis(page)));
    matching.fresh()
}

/// What stands for the post of a file that cannot be read: its id is not known before it can be.
pub fn unread(path: &str) -> PostId {
    format!("unread:{path}")
}

/// Pages whose front matter gives an id that an earlier page of the same scan already has.
pub fn repeated_own_ids(pages: &[Arc<Page>]) -> Vec<(Arc<Page>, Arc<Page>)> {
    let mut first: HashMap<&str, &Arc<Page>> = HashMap::new();
    let mut repeated = Vec::new();
    for page in pages {
        let Some(id) = page.own_id.as_deref() else { continue };
        match first.get(id) {
            Some(earlier) => repeated.push((Arc::clone(page), Arc::clone(earlier))),
            None => {
                first.insert(id, page);
            }
        }
    }
    repeated
}

struct Matching<'a> {
    known: &'a [Known],
    pages: &'a [Arc<Page>],
    /// By page.
    ids: Vec<Option<PostId>>,
    /// By known post.
    used: Vec<bool>,
}

impl<'a> Matching<'a> {
    fn new(known: &'a [Known], pages: &'a [Arc<Page>]) -> Self {
        Self { known, pages, ids: vec![None; pages.len()], used: vec![false; known.len()] }
    }

    fn take(&mut self, page: usize, known: usize) {
        self.ids[page] = Some(self.known[known].id.clone());
        self.used[known] = true;
    }

    /// An id of the front matter is the author's word; the first page that says it has it.
    fn own_ids(&mut self) {
        let mut seen = HashSet::new();
        for (at, page) in self.pages.iter().enumerate() {
            let Some(id) = page.own_id.as_ref().filter(|id| seen.insert((*id).clone())) else { continue };
            self.ids[at] = Some(id.clone());
            for (place, known) in self.known.iter().enumerate() {
                self.used[place] |= known.id == *id;
            }
        }
    }

    /// Pairs what is alike and unlike everything else on both sides.
    fn pair<K: Hash + Eq>(&mut self, of_known: impl Fn(&Known) -> Option<K>, of_page: impl Fn(&Page) -> Option<K>) {
        let mut sides: HashMap<K, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, known) in self.known.iter().enumerate().filter(|(at, _)| !self.used[*at]) {
            if let Some(key) = of_known(known) {
                sides.entry(key).or_default().0.push(at);
            }
        }
        for (at, page) in self.pages.iter().enumerate().filter(|(at, _)| self.ids[*at].is_none()) {
            if let Some(key) = of_page(page) {
                sides.entry(key).or_default().1.push(at);
            }
        }
        for (known, pages) in sides.into_values() {
            if let ([known], [page]) = (&known[..], &pages[..]) {
                self.take(*page, *known);
            }
        }
    }

    /// The file is where it was and says something else: edited, unless nothing of it is as it was.
    fn edited_in_place(&mut self) {
        let known: HashMap<&str, usize> = self
            .known
            .iter()
            .enumerate()
            .filter(|(at, _)| !self.used[*at])
            .map(|(at, known)| (known.path.as_str(), at))
            .collect();
        for at in 0..self.pages.len() {
            let page = &self.pages[at];
            if self.ids[at].is_none()
                && let Some(&place) = known.get(page.path.as_str())
                && !self.used[place]
                && !another_post(&self.known[place], page)
            {
                self.take(at, place);
            }
        }
    }

    fn by_alias(&mut self) {
        let known: HashMap<String, usize> = self
            .known
            .iter()
            .enumerate()
            .filter(|(at, _)| !self.used[*at])
            .filter_map(|(at, known)| Some((address(&known.url)?, at)))
            .collect();
        for at in 0..self.pages.len() {
            if self.ids[at].is_some() {
                continue;
            }
            let place = self.pages[at].aliases.iter().find_map(|alias| known.get(&address(alias)?).copied());
            if let Some(place) = place.filter(|place| !self.used[*place]) {
                self.take(at, place);
            }
        }
    }

    /// New ids for the rest; none that a known post has, present or gone.
    fn fresh(self) -> Vec<PostId> {
        let mut taken: HashSet<String> = self.known.iter().map(|known| known.id.clone()).collect();
        taken.extend(self.ids.iter().flatten().cloned());
        self.ids
            .into_iter()
            .zip(self.pages)
            .map(|(id, page)| {
                id.unwrap_or_else(|| {
                    let new = tag(page);
                    let mut id = new.clone();
                    let mut number = 2;
                    while !taken.insert(id.clone()) {
                        id = format!("{new};{number}");
                        number += 1;
                    }
                    id
                })
            })
            .collect()
    }
}

/// Address, title and date are all others: somebody wrote a new post into an old file.
fn another_post(known: &Known, page: &Page) -> bool {
    address(&known.url) != address(&page.url) && known.title != page.title && known.published != millis(page)
}

fn millis(page: &Page) -> Option<i64> {
    page.published.map(|at| at.timestamp_millis())
}

/// Path of an address: the same on a new domain. `None`: a page without one is like no other.
fn address(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.path().trim_end_matches('/').to_owned())
}

/// Weeklies repeat their titles, so the date belongs to it.
fn dated_title(title: &str, published: Option<i64>) -> Option<(String, i64)> {
    Some((title.to_owned(), published?)).filter(|(title, _)| !title.is_empty())
}

/// Unreserved characters and what RFC 4151 allows beside them.
const SPECIFIC: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// `tag:{host},{date}:{path}` (RFC 4151).
fn tag(page: &Page) -> PostId {
    let url = Url::parse(&page.url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("localhost").to_lowercase();
    let date = page.published.map_or_else(|| "2000-01-01".to_owned(), |at| at.format("%Y-%m-%d").to_string());
    // RFC 4151 knows years of four digits only.
    let date = if date.len() == 10 { date } else { "2000-01-01".to_owned() };
    let path = url.as_ref().map_or_else(|| format!("/{}", page.path), |url| url.path().to_owned());
    let path = percent_decode_str(&path).collect::<Vec<u8>>();
    format!("tag:{host},{date}:{}", percent_encoding::percent_encode(&path, SPECIFIC))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
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
        let known = |(page, id): (&Arc<Page>, &PostId)| Known {
            id: id.clone(),
            path: page.path.clone(),
            url: page.url.clone(),
            title: page.title.clone(),
            published: millis(page),
            source_hash: page.source_hash.clone(),
        };
        pages.iter().zip(ids).map(known).collect()
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
        let old = page("a.md", "a", "A", 1, "text");
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
        assert!(!same(page("b.md", "b", "A", 2, "other")), "a weekly's next issue");
        assert!(!same(page("a.md", "z", "New", 9, "new")), "a new post in an old file");
        assert!(
            !same(Page { url: String::new(), published: None, ..page("b.md", "", "A", 1, "other") }),
            "nothing to know it by"
        );
    }

    #[test]
    fn front_matter_ids_win_and_are_never_shared() {
        let own = |path: &str, id: &str| Page { own_id: Some(id.into()), ..page(path, path, "T", 1, path) };
        let known = remembered(&arcs(vec![page("c", "c", "T", 1, "c")]), &["urn:x".into()]);
        let pages = arcs(vec![own("a", "urn:x"), own("b", "urn:x"), page("c", "c", "T", 1, "c")]);
        let ids = assign(&known, &pages);
        assert_eq!(ids[0], "urn:x");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 3, "{ids:?}");
        let repeated = repeated_own_ids(&pages);
        assert_eq!((repeated.len(), repeated[0].0.path.as_str(), repeated[0].1.path.as_str()), (1, "b", "a"));
    }

    #[test]
    fn swapped_files_keep_their_posts() {
        let (a, b) = (page("a.md", "a", "A", 1, "a"), page("b.md", "b", "B", 2, "b"));
        let known = remembered(&arcs(vec![a.clone(), b.clone()]), &["A".into(), "B".into()]);
        let swapped = arcs(vec![Page { path: "a.md".into(), ..b }, Page { path: "b.md".into(), ..a }]);
        assert_eq!(assign(&known, &swapped), ["B", "A"]);
    }

    /// What an editor does to a site between two scans.
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
        Domain,
    }

    fn step() -> impl Strategy<Value = Step> {
        let at = 0..40_usize;
        prop_oneof![
            at.clone().prop_map(Step::Rename),
            at.clone().prop_map(Step::Edit),
            at.clone().prop_map(Step::Redate),
            at.clone().prop_map(Step::Retitle),
            at.clone().prop_map(Step::Delete),
            Just(Step::Restore),
            (at.clone(), at).prop_map(|(a, b)| Step::Swap(a, b)),
            Just(Step::Add),
            Just(Step::Domain),
        ]
    }

    proptest! {
        /// One step a scan: every post keeps the id that it was first given, two never share one, and the order of
        /// the pages does not matter.
        #[test]
        fn ids_last(steps in prop::collection::vec(step(), 1..40)) {
            let mut pages: Vec<(usize, Page)> = (0..4_usize).zip(1..).map(|(n, day)| (n, page(&format!("{n}.md"), &n.to_string(), &format!("T{n}"), day, &format!("text {n}")))).collect();
            let mut deleted = Vec::new();
            let mut store: Vec<Known> = Vec::new();
            let mut given: HashMap<usize, PostId> = HashMap::new();
            let mut fresh = 100;
            for step in std::iter::once(Step::Edit(0)).chain(steps) {
                fresh += 1;
                let count = pages.len().max(1);
                match step {
                    Step::Rename(n) => if let Some((_, page)) = pages.get_mut(n % count) {
                        page.path = format!("{fresh}.md");
                        page.url = format!("https://example.org/{fresh}/");
                    },
                    Step::Edit(n) => if let Some((_, page)) = pages.get_mut(n % count) { page.source_hash = format!("edit {fresh}"); },
                    Step::Redate(n) => if let Some((_, page)) = pages.get_mut(n % count) {
                        page.published = page.published.map(|at| at + chrono::TimeDelta::minutes(fresh));
                        page.source_hash = format!("redate {fresh}");
                    },
                    Step::Retitle(n) => if let Some((_, page)) = pages.get_mut(n % count) {
                        page.title = format!("title {fresh}");
                        page.source_hash = format!("retitle {fresh}");
                    },
                    Step::Delete(n) => if !pages.is_empty() { deleted.push(pages.remove(n % count)); },
                    Step::Restore => pages.extend(deleted.pop()),
                    Step::Swap(a, b) => if !pages.is_empty() {
                        let (a, b) = (a % count, b % count);
                        let (one, other) = (pages[a].1.path.clone(), pages[b].1.path.clone());
                        (pages[a].1.path, pages[b].1.path) = (other, one);
                    },
                    Step::Add => pages.push((usize::try_from(fresh).unwrap(), page(&format!("n{fresh}.md"), &format!("n{fresh}"), &format!("N{fresh}"), 9, &format!("new {fresh}")))),
                    Step::Domain => for (_, page) in &mut pages { page.url = page.url.replace("example.org", "example.net"); },
                }
                let arcs: Vec<Arc<Page>> = pages.iter().map(|(_, page)| Arc::new(page.clone())).collect();
                let ids = assign(&store, &arcs);
                prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
                let mut backwards: Vec<Arc<Page>> = arcs.clone();
                backwards.reverse();
                let mut of_backwards = assign(&store, &backwards);
                of_backwards.reverse();
                prop_assert_eq!(&ids, &of_backwards);
                for ((who, _), id) in pages.iter().zip(&ids) {
                    let first = given.entry(*who).or_insert_with(|| id.clone());
                    prop_assert_eq!(&*first, id);
                }
                // The store keeps what is gone, so that a restored post is known again.
                for known in remembered(&arcs, &ids) {
                    match store.iter_mut().find(|other| other.id == known.id) {
                        Some(other) => *other = known,
                        None => store.push(known),
                    }
                }
            }
        }
    }
}
