//! Which page is which known post: evidence by evidence, the strongest first.

mod face;

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Known;
use crate::post::Page;
use face::Part::{self, Address, Body, Date, Name, Own, Path, Text, Title};
use face::{Face, address};

/// What makes a page a post beyond doubt, whatever else has changed.
const STRONG: [&[Part]; 15] = [
    &[Own, Path],
    &[Own, Address],
    &[Own, Name],
    &[Own],
    &[Text, Address],
    &[Text, Name],
    &[Text],
    &[Body, Path],
    // Weeklies repeat their titles, so the date belongs to it.
    &[Title, Date, Path],
    &[Title, Date, Address],
    &[Title, Date, Name],
    &[Title, Date],
    &[Body, Date],
    &[Body, Name],
    &[Body],
];

/// Edited where it was. What is new of it must not be what another post has lost.
const IN_PLACE: [&[Part]; 5] = [&[Title, Path], &[Title, Address], &[Date, Path], &[Date, Address], &[Path, Address]];

/// A page that has this of a post that is not there, and is not known to be it, may be it.
const DOUBT: [&[Part]; 7] = [&[Own], &[Text], &[Title, Date], &[Body], &[Title, Path], &[Date, Path], &[Address]];

/// The same local time read in another zone differs by no more, in milliseconds.
const ZONES: i64 = 15 * 3600 * 1000;

/// In a larger group of pages that are alike nobody looks for likeness of their paths.
const GROUP: usize = 16;

/// By number: of each page its post, and which pages may be which posts.
pub(super) struct Matched {
    pub posts: Vec<Option<usize>>,
    pub doubts: Vec<(Vec<usize>, Vec<usize>)>,
}

pub(super) fn matched(all: &[Known], pages: &[Arc<Page>]) -> Matched {
    if all.is_empty() {
        return Matched { posts: vec![None; pages.len()], doubts: Vec::new() };
    }
    let mut posts = as_they_were(all, pages);
    let mut used = vec![false; all.len()];
    posts.iter().flatten().for_each(|post| used[*post] = true);
    // Only what is left is looked at more closely; of most scans it is next to nothing.
    let known: Vec<(usize, Face<'_>)> =
        (0..all.len()).filter(|at| !used[*at]).map(|at| (at, Face::of_known(&all[at]))).collect();
    let pages: Vec<(usize, Face<'_>)> =
        (0..pages.len()).filter(|at| posts[*at].is_none()).map(|at| (at, Face::of_page(&pages[at]))).collect();
    let (numbers, known): (Vec<usize>, Vec<Face<'_>>) = known.into_iter().unzip();
    let (places, pages): (Vec<usize>, Vec<Face<'_>>) = pages.into_iter().unzip();
    let mut matching = Matching {
        posts: vec![None; pages.len()],
        used: vec![false; known.len()],
        disputed: vec![false; known.len()],
        all,
        repeated: OnceCell::new(),
        known: &known,
        pages: &pages,
    };
    for parts in STRONG {
        matching.pair(parts);
    }
    matching.by_alias();
    matching.nearest_dates();
    for parts in IN_PLACE {
        matching.in_place(parts);
    }
    matching.disputed.fill(false);
    let doubts = matching.doubts().into_iter().map(|(pages, known)| {
        (pages.into_iter().map(|at| places[at]).collect(), known.into_iter().map(|at| numbers[at]).collect())
    });
    let doubts = doubts.collect();
    for (page, post) in matching.posts.iter().enumerate() {
        posts[places[page]] = post.map(|post| numbers[post]);
    }
    Matched { posts, doubts }
}

/// Pages that are where they were and say what they said: no other page can be their posts.
fn as_they_were(known: &[Known], pages: &[Arc<Page>]) -> Vec<Option<usize>> {
    let mut by_path: HashMap<&str, Vec<usize>> = HashMap::with_capacity(known.len());
    for (at, known) in known.iter().enumerate().filter(|(_, known)| !known.source_hash.is_empty()) {
        by_path.entry(&known.path).or_default().push(at);
    }
    let post_of = |page: &Arc<Page>| {
        let here = by_path.get(page.path.as_str())?;
        let same: Vec<usize> = here.iter().copied().filter(|at| known[*at].source_hash == page.source_hash).collect();
        let present: Vec<usize> = same.iter().copied().filter(|at| !known[*at].gone).collect();
        match (&present[..], &same[..]) {
            ([one], _) | ([], [one]) => Some(*one),
            _ => None,
        }
    };
    pages.iter().map(post_of).collect()
}

/// Pages and posts that are alike in something.
type Group = (Vec<usize>, Vec<usize>);

struct Matching<'a> {
    known: &'a [Face<'a>],
    pages: &'a [Face<'a>],
    /// By page.
    posts: Vec<Option<usize>>,
    /// By known post.
    used: Vec<bool>,
    /// By known post: two pages have as much of it, and neither is to have it.
    disputed: Vec<bool>,
    /// Also those that are as they were.
    all: &'a [Known],
    /// Titles of more than one of all; few scans ask for them.
    repeated: OnceCell<HashSet<&'a str>>,
}

impl<'a> Matching<'a> {
    fn take(&mut self, page: usize, known: usize) {
        if self.pages[page].may_be(&self.known[known]) && self.posts[page].is_none() && !self.used[known] {
            self.posts[page] = Some(known);
            self.used[known] = true;
        }
    }

    fn take_all(&mut self, pairs: &[(usize, usize)]) {
        for (page, post) in pairs {
            self.take(*page, *post);
        }
    }

    fn open_pages(&self) -> impl Iterator<Item = usize> + use<'_, 'a> {
        (0..self.pages.len()).filter(|at| self.posts[*at].is_none())
    }

    fn open_known(&self) -> impl Iterator<Item = usize> + use<'_, 'a> {
        (0..self.known.len()).filter(|at| !self.used[*at] && !self.disputed[*at])
    }

    /// What is not matched yet, by what it has of `parts`: only groups with something on both sides.
    fn groups(&self, parts: &[Part]) -> Vec<Group> {
        let (known, pages) = (self.known, self.pages);
        let mut groups: HashMap<[&str; 3], Group> = HashMap::new();
        for at in self.open_pages() {
            if let Some(key) = pages[at].key(parts) {
                groups.entry(key).or_default().0.push(at);
            }
        }
        for at in self.open_known() {
            if let Some(group) = known[at].key(parts).and_then(|key| groups.get_mut(&key)) {
                group.1.push(at);
            }
        }
        groups.into_values().filter(|(_, known)| !known.is_empty()).collect()
    }

    /// The one post of a group that a single page of it can be: what was there at the last scan comes first.
    fn only(&self, known: &[usize]) -> Option<usize> {
        let mut present = known.iter().filter(|at| !self.known[**at].gone);
        match (present.next(), present.next(), known) {
            (Some(one), None, _) | (None, None, [one]) => Some(*one),
            _ => None,
        }
    }

    /// Pairs what is alike in `parts` and, in that, unlike everything else.
    fn pair(&mut self, parts: &[Part]) {
        let mut found = Vec::new();
        for (pages, known) in self.groups(parts) {
            match (&pages[..], self.only(&known)) {
                ([page], Some(post)) => found.push((*page, post)),
                _ => found.extend(self.by_likeness(&pages, &known)),
            }
        }
        match parts {
            // A copy under the old name, with a title and date of its own; those of the post are elsewhere.
            [Body, Path] => {
                let dated: HashSet<[&str; 2]> =
                    self.open_pages().map(|at| [self.pages[at].title, self.pages[at].date.as_str()]).collect();
                found.retain(|(page, post)| {
                    let (page, post) = (&self.pages[*page], &self.known[*post]);
                    page.title == post.title || page.date == post.date || !dated.contains(&[post.title, &post.date])
                });
            }
            // Template texts come again with other posts.
            [Body] | [Body, Name | Date] => {
                let mine: HashSet<&str> = self.open_known().map(|at| self.known[at].body).collect();
                let edited = self.open_pages().map(|at| &self.pages[at]).filter(|page| !mine.contains(page.body));
                let edited = here(edited);
                found.retain(|(_, post)| !self.known[*post].gone);
                let disputed: Vec<(usize, usize)> =
                    found.extract_if(.., |(_, post)| stays(&edited, &self.known[*post])).collect();
                for (page, post) in disputed {
                    let (page, known) = (&self.pages[page], &self.known[post]);
                    // Its words and its date here, its title there: who can say?
                    self.disputed[post] |= page.title == known.title || page.date == known.date;
                }
            }
            [Title, Date] | [Title, Date, Name] => self.leave_what_stayed(&mut found),
            _ => {}
        }
        self.take_all(&found);
    }

    /// Takes out pairs of different places where the place says something else: the page stands where another post of the
    /// same title was (a series was dated anew, or its files changed places), or the post may be where it was.
    fn leave_what_stayed(&self, found: &mut Vec<(usize, usize)>) {
        let known = self.open_known().map(|at| &self.known[at]).filter(|known| !known.gone);
        let was: HashSet<[&str; 2]> = known.map(|known| [known.path, known.title]).collect();
        let is = here(self.open_pages().map(|at| &self.pages[at]));
        found.retain(|(page, post)| {
            let (page, post) = (&self.pages[*page], &self.known[*post]);
            page.path == post.path || !stays(&is, post) && !was.contains(&[page.path, page.title])
        });
    }

    /// Of several that are alike those that stand closest to each other: `en/x.md` is `blog/en/x.md`, not `zh/x.md`.
    fn by_likeness(&self, pages: &[usize], known: &[usize]) -> Vec<(usize, usize)> {
        if pages.len() > GROUP || known.len() > GROUP {
            return Vec::new();
        }
        let likeness = |page: usize, post: usize| self.pages[page].likeness(&self.known[post]);
        pages
            .iter()
            .filter_map(|page| Some((*page, best(known, |post| likeness(*page, post))?)))
            .filter(|(page, post)| best(pages, |page| likeness(page, *post)) == Some(*page))
            .collect()
    }

    /// Aliases are the author's word for where a page was.
    fn by_alias(&mut self) {
        let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
        for at in self.open_known().filter(|at| !self.known[*at].address.is_empty()) {
            known.entry(&self.known[at].address).or_default().push(at);
        }
        let mut claims: HashMap<usize, Vec<usize>> = HashMap::new();
        for page in self.open_pages() {
            let mut was = self.pages[page].aliases.iter().filter_map(|alias| known.get(address(alias).as_str()));
            if let Some(post) = was.find_map(|posts| self.only(posts)) {
                claims.entry(post).or_default().push(page);
            }
        }
        let alone = claims.into_iter().filter(|(_, pages)| pages.len() == 1);
        self.take_all(&alone.map(|(post, pages)| (pages[0], post)).collect::<Vec<_>>());
    }

    /// One title, and times that differ by what two generators make of a time without a zone.
    fn nearest_dates(&mut self) {
        let mut found = Vec::new();
        for (pages, mut known) in self.groups(&[Title]) {
            known.retain(|at| !self.known[*at].gone);
            let dated = |faces: &[Face<'_>], all: Vec<usize>| {
                let mut dated: Vec<(i64, usize)> =
                    all.into_iter().filter_map(|at| Some((faces[at].published?, at))).collect();
                dated.sort_unstable();
                dated
            };
            let (pages, known) = (dated(self.pages, pages), dated(self.known, known));
            for (at, page) in &pages {
                let Some((there, post)) = nearest(&known, *at) else { continue };
                if nearest(&pages, there).is_some_and(|(_, back)| back == *page) {
                    found.push((*page, post));
                }
            }
        }
        self.leave_what_stayed(&mut found);
        self.take_all(&found);
    }

    /// Pairs by place, unless what is new of the page is what another post has lost.
    fn in_place(&mut self, parts: &[Part]) {
        let mut lost: HashSet<[&str; 2]> = HashSet::new();
        for at in self.open_known().filter(|at| !self.known[*at].gone) {
            let known = &self.known[at];
            lost.extend([[known.title, ""], ["", &known.date], [known.title, &known.date]]);
        }
        let mut found = Vec::new();
        for (pages, known) in self.groups(parts) {
            let ([page], Some(post)) = (&pages[..], self.only(&known)) else { continue };
            let (face, was) = (&self.pages[*page], &self.known[post]);
            let of_another = |value: [&str; 2]| lost.contains(&value);
            let same_title = was.title == face.title;
            let same_date = was.date == face.date;
            let title = !face.title.is_empty() && !same_title && of_another([face.title, ""]);
            let date = !face.date.is_empty() && !same_date && of_another(["", &face.date]);
            let both = !same_date && of_another([face.title, &face.date]);
            let contradicted = match parts {
                // A weekly has its title again and again: one that comes where another was taken away is the next.
                [Title, ..] => both || was.gone && self.is_repeated(was.title),
                [Date, ..] => title,
                // Everything else is new: of a post that was taken away that is another one.
                _ => title || date || was.gone,
            };
            if !contradicted {
                found.push((*page, post));
            }
        }
        self.take_all(&found);
    }

    /// Does more than one post have it, or did?
    fn is_repeated(&self, title: &str) -> bool {
        let repeated = self.repeated.get_or_init(|| {
            let mut seen = HashSet::with_capacity(self.all.len());
            self.all.iter().map(|known| known.title.as_str()).filter(|title| !seen.insert(*title)).collect()
        });
        repeated.contains(title)
    }

    fn doubts(&self) -> Vec<Group> {
        let mut doubts = Vec::new();
        for parts in DOUBT {
            for (pages, mut known) in self.groups(parts) {
                // A post that was taken away, and a new one at its address, are two.
                if matches!(parts, [Address]) {
                    known.retain(|at| !self.known[*at].gone);
                }
                if !known.is_empty() {
                    doubts.push((pages, known));
                }
            }
        }
        doubts.sort();
        doubts
    }
}

/// Which titles and dates stand where.
fn here<'a>(pages: impl Iterator<Item = &'a Face<'a>>) -> HashSet<[&'a str; 3]> {
    pages.flat_map(|page| [[page.path, page.title, ""], [page.path, "", page.date.as_str()]]).collect()
}

/// A page with the title or the date of `post` stands where that was: a page elsewhere that is like it is a copy.
fn stays(here: &HashSet<[&str; 3]>, post: &Face<'_>) -> bool {
    here.contains(&[post.path, post.title, ""]) || here.contains(&[post.path, "", &post.date])
}

/// The one of `all` with the highest value, if it is alone.
fn best(all: &[usize], value: impl Fn(usize) -> usize) -> Option<usize> {
    let highest = all.iter().map(|at| value(*at)).max()?;
    let mut with = all.iter().filter(|at| value(**at) == highest);
    with.next().filter(|_| with.next().is_none()).copied()
}

/// The one nearest to `at` of times in their order, if it is alone and within [`ZONES`].
fn nearest(times: &[(i64, usize)], at: i64) -> Option<(i64, usize)> {
    let after = times.partition_point(|(time, _)| *time < at);
    let around = &times[after.saturating_sub(2)..times.len().min(after + 2)];
    let closest = around.iter().map(|(time, _)| time.abs_diff(at)).min()?;
    let mut with = around.iter().filter(|(time, _)| time.abs_diff(at) == closest);
    let one = with.next().filter(|_| with.next().is_none() && i64::try_from(closest).is_ok_and(|by| by <= ZONES));
    one.copied()
}
