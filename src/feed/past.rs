//! Feeds that there were: where what they held is found now, or that it is nowhere.
//!
//! A tag that is spelled otherwise, or goes by another name, takes its posts along: its feed has moved. What no longer has any
//! post was withdrawn. Both are told by what each post was found under before and is found under now.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// By post: the folders of the feeds that hold it, decoded (`tags/sofa weekly/`), in order. The site's own is not among them.
pub type Folders = HashMap<String, Vec<Arc<str>>>;

/// See the module. By folder, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past(BTreeMap<String, Option<String>>);

/// What became of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate<'p> {
    /// Its posts are in that one.
    Moved(&'p str),
    /// They are nowhere.
    Withdrawn,
}

impl Past {
    /// Of what the store kept: folders, and where they moved to.
    pub fn new(known: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        Self(known.into_iter().collect())
    }

    /// What became of `folder`; `None`: it never was, or it is there.
    pub fn fate(&self, folder: &str) -> Option<Fate<'_>> {
        let mut next = self.0.get(folder)?;
        // A feed may have moved more than once, and back.
        for _ in 0..=self.0.len() {
            match next {
                None => return Some(Fate::Withdrawn),
                Some(now) => match self.0.get(now) {
                    None => return Some(Fate::Moved(now)),
                    Some(further) => next = further,
                },
            }
        }
        Some(Fate::Withdrawn)
    }

    /// Every folder that is no more, and what became of it.
    pub fn all(&self) -> impl Iterator<Item = (&str, Fate<'_>)> {
        self.0.keys().filter_map(|folder| Some((folder.as_str(), self.fate(folder)?)))
    }

    /// Takes in what changed between `before` and `after`; gives what is new or different: folders, and where they moved to.
    ///
    /// `unread`: posts whose files cannot be read at the moment. They are neither here nor gone, and so are the feeds that only
    /// they were in.
    pub fn change(
        &mut self,
        before: &Folders,
        after: &Folders,
        unread: &HashSet<&str>,
    ) -> Vec<(String, Option<String>)> {
        let there: BTreeSet<&str> = after.values().flatten().map(AsRef::as_ref).collect();
        self.0.retain(|folder, _| !there.contains(folder.as_str()));
        let changes = Changes::new(before, after, &there, unread);
        let mut changed = Vec::new();
        for (folder, posts) in &changes.lost {
            let now = changes.successor(folder, posts).map(str::to_owned);
            if self.0.get(*folder) != Some(&now) {
                changed.push(((*folder).to_owned(), now.clone()));
                self.0.insert((*folder).to_owned(), now);
            }
        }
        changed
    }
}

/// What happened between two states.
struct Changes<'a> {
    /// By folder that is no more: those of its posts that are still somewhere.
    lost: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// By folder: the posts that are newly in it.
    gained: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Folders that there were.
    existed: BTreeSet<&'a str>,
}

impl<'a> Changes<'a> {
    fn new(before: &'a Folders, after: &'a Folders, there: &BTreeSet<&str>, unread: &HashSet<&str>) -> Self {
        let (mut lost, mut gained): (BTreeMap<_, BTreeSet<&str>>, BTreeMap<_, BTreeSet<&str>>) = Default::default();
        let mut undecided = HashSet::new();
        for (post, had) in before {
            let now = after.get(post);
            for folder in had.iter().map(AsRef::as_ref).filter(|folder| !there.contains(folder)) {
                lost.entry(folder).or_default().extend(now.map(|_| post.as_str()));
                if unread.contains(post.as_str()) {
                    undecided.insert(folder);
                }
            }
            for folder in now.into_iter().flatten().filter(|folder| !had.contains(folder)) {
                gained.entry(folder.as_ref()).or_default().insert(post);
            }
        }
        lost.retain(|folder, _| !undecided.contains(folder));
        Self { lost, gained, existed: before.values().flatten().map(AsRef::as_ref).collect() }
    }

    /// The one folder that all `posts` of `folder` are newly found in.
    fn successor(&self, folder: &str, posts: &BTreeSet<&str>) -> Option<&'a str> {
        if posts.is_empty() {
            return None;
        }
        // A name that another lost one explains to the last post is that one's, and not of those that had a part of it.
        let is_anothers = |gained: &BTreeSet<&str>| gained != posts && self.lost.values().any(|lost| lost == gained);
        let fits = |(name, gained): (&&'a str, &BTreeSet<&str>)| {
            (posts.is_subset(gained) && !is_anothers(gained)).then_some(*name)
        };
        let common: Vec<&'a str> = self.gained.iter().filter_map(fits).collect();
        let only = |found: Vec<&'a str>| match found[..] {
            [one] => Some(one),
            _ => None,
        };
        let (family, name) = parts(folder);
        let related: Vec<&'a str> = common.iter().copied().filter(|new| parts(new).0 == family).collect();
        // Of several a name that nothing had before is the renamed one.
        let fresh: Vec<&'a str> = related.iter().copied().filter(|new| !self.existed.contains(new)).collect();
        // A whole family may have been renamed: what was a category is a tag now.
        let namesakes = || common.iter().copied().filter(|new| parts(new).1 == name).collect();
        only(related).or_else(|| only(fresh)).or_else(|| only(namesakes()))
    }
}

/// `tags/x/` → (`tags`, `x`); `zh/` → (``, `zh`).
fn parts(folder: &str) -> (&str, &str) {
    let folder = folder.trim_end_matches('/');
    folder.split_once('/').unwrap_or(("", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(posts: &[(&str, &[&str])]) -> Folders {
        let of =
            |(post, folders): &(&str, &[&str])| ((*post).to_owned(), folders.iter().map(|at| Arc::from(*at)).collect());
        posts.iter().map(of).collect()
    }

    /// What became of `tags/x/` when the first became the second.
    fn fate(before: &[(&str, &[&str])], after: &[(&str, &[&str])]) -> Option<String> {
        let mut past = Past::default();
        past.change(&folders(before), &folders(after), &HashSet::new());
        past.fate("tags/x/").map(|fate| match fate {
            Fate::Moved(to) => to.to_owned(),
            Fate::Withdrawn => "withdrawn".to_owned(),
        })
    }

    #[test]
    fn renamed_merged_split_dropped_and_deleted() {
        let two: &[(&str, &[&str])] =
            &[("a", &["tags/x/", "zh/"]), ("b", &["tags/x/", "tags/o/", "zh/"]), ("c", &["tags/y/"])];
        for (after, expected) in [
            (two, None),
            (&[("a", &["zh/"]), ("b", &["tags/x/"])], None),
            // Another name, one that there was already, one more that somebody else had.
            (&[("a", &["tags/n/", "zh/"]), ("b", &["tags/n/", "tags/o/"])], Some("tags/n/")),
            (&[("a", &["tags/y/", "zh/"]), ("b", &["tags/y/", "tags/o/"]), ("c", &["tags/y/"])], Some("tags/y/")),
            (&[("a", &["tags/n/", "tags/y/"]), ("b", &["tags/n/", "tags/y/"]), ("c", &["tags/y/"])], Some("tags/n/")),
            (&[("b", &["tags/n/"])], Some("tags/n/")),
            (&[("a", &["categories/x/"]), ("b", &["categories/x/", "categories/z/"])], Some("categories/x/")),
            // Under several names, under none, under what they had all along.
            (&[("a", &["tags/n/", "tags/m/"]), ("b", &["tags/n/", "tags/m/"])], Some("withdrawn")),
            (&[("a", &["tags/n/"]), ("b", &["tags/m/"])], Some("withdrawn")),
            (&[("a", &["zh/"]), ("b", &["zh/", "tags/o/"])], Some("withdrawn")),
            (&[("b", &["zh/", "tags/o/"])], Some("withdrawn")),
            (&[("c", &["tags/y/"])], Some("withdrawn")),
            (&[], Some("withdrawn")),
        ] as [(&[(&str, &[&str])], Option<&str>); 13]
        {
            assert_eq!(fate(two, after).as_deref(), expected, "{after:?}");
        }
    }

    #[test]
    fn one_tag_less_and_another_renamed_are_two_things() {
        let before = folders(&[
            ("a", &["tags/x/"]),
            ("b", &["tags/x/", "tags/mail/"]),
            ("c", &["tags/p/"]),
            ("d", &["tags/q/"]),
        ]);
        let after = folders(&[("a", &["tags/n/"]), ("b", &["tags/n/"]), ("c", &["tags/r/"]), ("d", &["tags/r/"])]);
        let mut past = Past::default();
        past.change(&before, &after, &HashSet::new());
        assert_eq!(past.fate("tags/x/"), Some(Fate::Moved("tags/n/")));
        assert_eq!(past.fate("tags/mail/"), Some(Fate::Withdrawn));
        // Two that became one.
        assert_eq!(past.fate("tags/p/"), Some(Fate::Moved("tags/r/")));
        assert_eq!(past.fate("tags/q/"), Some(Fate::Moved("tags/r/")));
    }

    #[test]
    fn what_moves_again_is_followed_and_what_comes_back_is_there() {
        let mut past = Past::default();
        let state = |name: &str| folders(&[("a", &[name])]);
        let none = HashSet::new();
        let said = past.change(&state("tags/x/"), &state("tags/y/"), &none);
        assert_eq!(said, [("tags/x/".to_owned(), Some("tags/y/".to_owned()))]);
        past.change(&state("tags/y/"), &state("tags/z/"), &none);
        assert_eq!(past.fate("tags/x/"), Some(Fate::Moved("tags/z/")));
        assert_eq!(past.all().count(), 2);
        past.change(&state("tags/z/"), &Folders::new(), &none);
        assert_eq!(past.fate("tags/x/"), Some(Fate::Withdrawn));
        past.change(&Folders::new(), &state("tags/x/"), &none);
        assert_eq!((past.fate("tags/x/"), past.fate("tags/y/")), (None, Some(Fate::Withdrawn)));
        // A circle, as a store of other versions might hold it.
        let circle = [("a/", "b/"), ("b/", "a/")].map(|(from, to)| (from.to_owned(), Some(to.to_owned())));
        assert_eq!(Past::new(circle).fate("a/"), Some(Fate::Withdrawn));
    }

    #[test]
    fn what_cannot_be_read_at_the_moment_is_not_withdrawn() {
        let (mut past, before) = (Past::default(), folders(&[("a", &["tags/x/"]), ("b", &["tags/y/"])]));
        let said = past.change(&before, &Folders::new(), &HashSet::from(["a"]));
        assert_eq!(said, [("tags/y/".to_owned(), None)]);
        assert_eq!(past.fate("tags/x/"), None);
    }
}
