//! Who the pages of each scan are. What has not changed since the last one is not looked up again.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use anyhow::bail;
use chrono::{DateTime, Utc};

use crate::library::{Library, Scan};
use crate::post::id::{self, Doubt, Known, PostId};
use crate::post::{Page, Post};
use crate::problem::Severity;
use crate::store::Store;

/// Others save posts seldom: only when a site changes under two programs at once.
const TRIES: usize = 20;

/// The posts of the last scan, and the state of the store that has them.
#[derive(Debug, Default)]
pub struct Identities {
    /// Of the store's posts; `None`: they are to be read.
    version: Option<String>,
    /// What it is when the Library is made.
    next: Option<String>,
    /// Of the last scan.
    posts: Vec<Arc<Post>>,
    /// The store's other posts: those that the last scan did not have.
    others: Vec<Known>,
}

/// What a scan changes.
#[derive(Debug, Default)]
struct Change {
    ids: Vec<PostId>,
    save: Vec<Known>,
    doubts: Vec<Doubt>,
    others: Vec<Known>,
}

impl Identities {
    /// Every page's permanent id, in the order of the pages; the store has them when this returns. [`Identities::remember`] the
    /// Library that is made with them.
    pub async fn identify(&mut self, store: &Store, scan: &Scan, now: DateTime<Utc>) -> anyhow::Result<Vec<PostId>> {
        for _ in 0..TRIES {
            let version = store.posts_version().await?;
            if self.version.take().as_ref() != Some(&version) {
                (self.posts, self.others) = (Vec::new(), store.known_posts().await?);
            }
            let change = self.change(scan);
            let saved = if change.save.is_empty() && change.doubts.is_empty() {
                Some(version)
            } else {
                store.save_posts(&change.save, &change.doubts, &version, now).await?
            };
            if saved.is_some() {
                (self.next, self.others) = (saved, change.others);
                return Ok(change.ids);
            }
        }
        bail!("the posts of the store change all the time");
    }

    /// The Library made with the ids of the last [`Identities::identify`].
    pub fn remember(&mut self, library: &Library) {
        self.posts.clone_from(&library.all);
        self.version = self.next.take();
    }

    /// Ids of posts whose files are there and cannot be read at the moment.
    pub fn unread(&self, scan: &Scan) -> HashSet<PostId> {
        let paths = unread(scan);
        let others = self.others.iter().filter(|known| paths.contains(known.path.as_str()));
        others.map(|known| known.id.clone()).collect()
    }

    fn change(&mut self, scan: &Scan) -> Change {
        let mut ids: Vec<Option<&PostId>> = vec![None; scan.pages.len()];
        let mut known: Vec<Known> = std::mem::take(&mut self.others);
        let gone = known.len();
        let mut as_before: Vec<&PostId> = Vec::with_capacity(scan.pages.len());
        // Both are ordered by path; should they not be, more is looked at than need be.
        let mut at = 0;
        for post in &self.posts {
            while scan.pages.get(at).is_some_and(|page| page.path < post.path) {
                at += 1;
            }
            match scan.pages.get(at).filter(|page| is_same(&post.page, page)) {
                Some(_) => {
                    ids[at] = Some(&post.id);
                    as_before.push(&post.id);
                    at += 1;
                }
                None => known.push(Known::of(&post.page, post.id.clone())),
            }
        }
        if known.len() == gone && ids.iter().all(Option::is_some) && known.iter().all(|known| known.gone) {
            let ids = ids.into_iter().flatten().cloned().collect();
            return Change { ids, others: known, ..Change::default() };
        }
        let places: Vec<usize> = (0..scan.pages.len()).filter(|at| ids[*at].is_none()).collect();
        let pages: Vec<Arc<Page>> = places.iter().map(|at| Arc::clone(&scan.pages[*at])).collect();
        let taken = LazyCell::new(|| as_before.iter().map(|id| id.as_str()).collect::<HashSet<&str>>());
        let assigned = id::assign_among(&known, &pages, |id| taken.contains(id));
        let mut new = assigned.ids.iter();
        let ids: Vec<PostId> =
            ids.into_iter().map(|id| id.or_else(|| new.next()).cloned().unwrap_or_default()).collect();

        let mut change = Change { doubts: assigned.doubts, ..Change::default() };
        let mut known: HashMap<PostId, Known> = known.into_iter().map(|known| (known.id.clone(), known)).collect();
        for (page, id) in pages.iter().zip(&assigned.ids) {
            if !known.remove(id).is_some_and(|known| known.is_as(page)) {
                change.save.push(Known::of(page, id.clone()));
            }
        }
        // Who cannot be read at the moment is still there.
        let unread = unread(scan);
        let (lost, others): (Vec<Known>, Vec<Known>) =
            known.into_values().partition(|known| !known.gone && !unread.contains(known.path.as_str()));
        change.doubts.extend(id::copied(&lost.iter().collect::<Vec<_>>(), &scan.pages, &ids));
        let lost: Vec<Known> = lost.into_iter().map(|known| Known { gone: true, ..known }).collect();
        change.save.extend(lost.iter().cloned());
        change.others = others;
        change.others.extend(lost);
        change.ids = ids;
        change
    }
}

/// Nothing of it has changed that a post is known by.
fn is_same(before: &Arc<Page>, page: &Arc<Page>) -> bool {
    Arc::ptr_eq(before, page)
        || before.path == page.path
            && before.source_hash == page.source_hash
            && before.url == page.url
            && before.title == page.title
            && before.published == page.published
            && before.own_id == page.own_id
}

/// Paths of files that could not be read, and so are no pages.
pub(super) fn unread(scan: &Scan) -> BTreeSet<&str> {
    let errors = scan.problems.iter().filter(|problem| problem.severity == Severity::Error);
    let mut unread: BTreeSet<&str> = errors.map(|error| error.path.as_str()).collect();
    if !unread.is_empty() {
        scan.pages.iter().for_each(|page| {
            unread.remove(page.path.as_str());
        });
    }
    unread
}
