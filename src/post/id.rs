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
    matching.pair(|known| (known.path.clone(), known.source_hash.clone()), |page| Some((page.path.clone(), page.source_hash.clone())));
    matching.pair(|known| known.source_hash.clone(), |page| Some(page.source_hash.clone()));
    matching.edited_in_place();
    matching.pair(|known| address(&known.url), |page| Some(address(&page.url)));
    matching.by_alias();
    matching.pair(|known| (known.title.clone(), known.published), |page| {
        (!page.title.is_empty() && page.published.is_some()).then(|| (page.title.clone(), millis(page)))
    });
    matching.fresh()
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
    fn pair<K: Hash + Eq>(&mut self, of_known: impl Fn(&Known) -> K, of_page: impl Fn(&Page) -> Option<K>) {
        let mut sides: HashMap<K, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, known) in self.known.iter().enumerate().filter(|(at, _)| !self.used[*at]) {
            sides.entry(of_known(known)).or_default().0.push(at);
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
        let known: HashMap<&str, usize> =
            self.known.iter().enumerate().filter(|(at, _)| !self.used[*at]).map(|(at, known)| (known.path.as_str(), at)).collect();
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
            .filter(|(at, known)| !self.used[*at] && !known.url.is_empty())
            .map(|(at, known)| (address(&known.url), at))
            .collect();
        for at in 0..self.pages.len() {
            if self.ids[at].is_some() {
                continue;
            }
            let place = self.pages[at].aliases.iter().find_map(|alias| known.get(&address(alias)).copied());
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

/// Path of an address: the same on a new domain.
fn address(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.path().trim_end_matches('/').to_owned())
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
