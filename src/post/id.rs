//! Permanent ids: which page of a scan is which post of the store.
//!
//! A page is the post that it shares the most with: its text, its title and date, its place, its address. Each kind of
//! evidence counts only where it names one page and one post; a post whose page is where it was and as it was is out of
//! the question for all others. What was not there at the last scan stands behind what was. A page that may be one of
//! several posts, or one of several pages that may be a post, gets an id of its own, and the doubt is told: it is not
//! announced again where one of them was.
//!
//! An id of the front matter is the author's word: it is the id of a page that has not been seen before, and finds its post
//! again whatever else has changed. Given to a post that is known already it does not change the id that readers have.

mod matching;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, FixedOffset};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use url::Url;

use super::Page;
use super::links::settled;

/// A post's id: an absolute IRI (`tag:` URI, RFC 4151, or what the front matter gave). Never changes.
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
    /// [`super::Page::own_id`] when last seen.
    pub own_id: Option<String>,
    /// It was not there at the last scan.
    pub gone: bool,
}

impl Known {
    /// The post `id`, as `page` shows it.
    pub fn of(page: &Page, id: PostId) -> Self {
        Self {
            id,
            path: page.path.clone(),
            url: page.url.clone(),
            title: page.title.clone(),
            published: millis(page),
            source_hash: page.source_hash.clone(),
            own_id: page.own_id.clone(),
            gone: false,
        }
    }

    /// Nothing of it has changed: `page` is this post, where it was and as it was.
    pub fn is_as(&self, page: &Page) -> bool {
        !self.gone
            && self.path == page.path
            && self.source_hash == page.source_hash
            && self.url == page.url
            && self.title == page.title
            && self.published == millis(page)
            && self.own_id == page.own_id
    }
}

/// Who the pages of a scan are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assigned {
    /// In the order of the pages.
    pub ids: Vec<PostId>,
    /// Posts that have an id of their own because nobody can tell which one they are.
    pub doubts: Vec<Doubt>,
}

/// Each of `new` may be one of `old`: where one of those was announced, these are not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// Ids that are in use from now on.
    pub new: Vec<PostId>,
    /// Ids of posts that are not there.
    pub old: Vec<PostId>,
}

/// Gives every page its id, in the order of `pages`: that of the `known` post that it is, or a new one. Two pages never get
/// one id; none that a known post has is given to another.
pub fn assign(known: &[Known], pages: &[Arc<Page>]) -> Vec<PostId> {
    assign_among(known, pages, |_| false).ids
}

/// [`assign`] for the pages that have changed, and the posts that they may be; `taken` are the ids of all others.
pub fn assign_among(known: &[Known], pages: &[Arc<Page>], taken: impl Fn(&str) -> bool) -> Assigned {
    let matched = matching::matched(known, pages);
    let mut new: Vec<usize> = (0..pages.len()).filter(|at| matched.posts[*at].is_none()).collect();
    // Whoever comes first may have the better id: the same one in whatever order the pages come.
    new.sort_by_key(|at| &pages[*at].path);
    let mut here: HashSet<PostId> = HashSet::new();
    if !new.is_empty() {
        here.reserve(known.len() + new.len());
        here.extend(known.iter().map(|known| known.id.clone()));
    }
    let mut minted: Vec<PostId> = vec![PostId::new(); pages.len()];
    for at in new {
        let is_free = |id: &PostId| !here.contains(id) && !taken(id);
        let own = own(&pages[at]).filter(is_free);
        let id = own.unwrap_or_else(|| first_free(tag(&pages[at]), is_free));
        here.insert(id.clone());
        minted[at] = id;
    }
    let doubts = matched.doubts.into_iter().map(|(new, old)| Doubt {
        new: new.iter().map(|at| &minted[*at]).filter(|id| !id.is_empty()).cloned().collect(),
        old: old.iter().map(|at| known[*at].id.clone()).collect(),
    });
    let doubts = doubts.collect();
    let ids = matched.posts.iter().zip(minted).map(|(post, minted)| post.map_or(minted, |post| known[post].id.clone()));
    Assigned { ids: ids.collect(), doubts }
}

/// Posts that were there at the last scan and are not now, but for a copy that had another id already: somebody moved a
/// file by copying it, and a scan came between.
pub fn copied(left: &[&Known], pages: &[Arc<Page>], ids: &[PostId]) -> Vec<Doubt> {
    let mut doubts: BTreeMap<&str, Doubt> = BTreeMap::new();
    for known in left.iter().filter(|known| !known.source_hash.is_empty()) {
        let doubt = doubts.entry(&known.source_hash);
        doubt.or_insert(Doubt { new: Vec::new(), old: Vec::new() }).old.push(known.id.clone());
    }
    if doubts.is_empty() {
        return Vec::new();
    }
    for (page, id) in pages.iter().zip(ids) {
        if let Some(doubt) = doubts.get_mut(page.source_hash.as_str()) {
            doubt.new.push(id.clone());
        }
    }
    doubts.into_values().filter(|doubt| !doubt.new.is_empty()).collect()
}

/// What stands for the post of a file that cannot be read: its id is not known before it can be.
pub fn unread(path: &str) -> PostId {
    format!("unread:{path}")
}

/// Pages whose front matter gives an id that an earlier page of the same scan already has.
pub fn repeated_own_ids(pages: &[Arc<Page>]) -> Vec<(Arc<Page>, Arc<Page>)> {
    let mut first: HashMap<(&str, &str), &Arc<Page>> = HashMap::new();
    let mut repeated = Vec::new();
    for page in pages {
        let Some(id) = page.own_id.as_deref() else { continue };
        // Translations may share a name; they are told apart by their language.
        let language = if is_uri(id) { "" } else { page.language.as_str() };
        match first.get(&(language, id)) {
            Some(earlier) => repeated.push((Arc::clone(page), Arc::clone(earlier))),
            None => {
                first.insert((language, id), page);
            }
        }
    }
    repeated
}

/// Whether an id of the front matter is absolute, and so can stand in a feed as it is.
fn is_uri(id: &str) -> bool {
    id.is_ascii() && !id.contains(|c: char| c.is_whitespace() || c.is_control()) && Url::parse(id).is_ok()
}

/// The id that the front matter gives: an absolute URI as it is, a mere name as a `tag:` URI of the host, the language and
/// the name, and of nothing that an editor changes.
fn own(page: &Page) -> Option<PostId> {
    let id = page.own_id.as_deref()?;
    if is_uri(id) {
        return Some(id.to_owned());
    }
    let language =
        if page.language.is_empty() { String::new() } else { format!("{}/", escaped(page.language.as_bytes())) };
    Some(format!("tag:{},{NO_DATE}:{language}{}", host(page), escaped(id.as_bytes())))
}

/// Unreserved characters and what RFC 4151 allows beside them.
const SPECIFIC: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// In the `tag:` URI of what has no date.
const NO_DATE: &str = "2000-01-01";

fn escaped(bytes: &[u8]) -> String {
    percent_encode(bytes, SPECIFIC).to_string()
}

fn host(page: &Page) -> String {
    let url = Url::parse(&page.url).ok();
    url.as_ref().and_then(Url::host_str).unwrap_or("localhost").to_lowercase()
}

/// `tag:{host},{date}:{path}` (RFC 4151).
fn tag(page: &Page) -> PostId {
    // RFC 4151 knows years of four digits only.
    let date = page.published.filter(|at| (0..=9999).contains(&at.year()));
    let date = date.map_or(Cow::Borrowed(NO_DATE), |at| Cow::Owned(day(at)));
    if let Some((host, path)) = settled(&page.url) {
        return ["tag:", host, ",", &date, ":", path].concat();
    }
    let path = Url::parse(&page.url).map_or_else(|_| format!("/{}", page.path), |url| url.path().to_owned());
    format!("tag:{},{date}:{}", host(page), escaped(&percent_decode_str(&path).collect::<Vec<u8>>()))
}

/// `2021-10-15`, of a year of four digits.
fn day(at: DateTime<FixedOffset>) -> String {
    let year = u32::try_from(at.year()).unwrap_or_default();
    let digits = [year / 1000, year / 100, year / 10, year, at.month() / 10, at.month(), at.day() / 10, at.day()];
    let mut day = String::with_capacity(10);
    for (place, digit) in digits.into_iter().enumerate() {
        if matches!(place, 4 | 6) {
            day.push('-');
        }
        day.extend(char::from_digit(digit % 10, 10));
    }
    day
}

/// The id, or what it is when somebody has it: the second, the third …
fn first_free(id: PostId, is_free: impl Fn(&PostId) -> bool) -> PostId {
    if is_free(&id) {
        return id;
    }
    let mut number = 2_u64;
    loop {
        let numbered = format!("{id};{number}");
        if is_free(&numbered) {
            return numbered;
        }
        number += 1;
    }
}

fn millis(page: &Page) -> Option<i64> {
    page.published.map(|at| at.timestamp_millis())
}
