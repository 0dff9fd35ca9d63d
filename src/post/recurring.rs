//! Text and pictures that come back in the posts of a series: greetings, "about us", the code to scan. They say nothing
//! of the post at hand.
//!
//! Lines are compared by their letters alone, so that "Issue 123" and "Issue 124" are the same line, and so that a
//! line of the source ([`marks`]) is found again among the lines of its HTML ([`Own`]).
//!
//! In a long series a page is compared with those that were published around it: what a series says again and again
//! changes over the years, and a site of many thousand posts need not be read to show its newest.

mod marks;

pub use marks::marks;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Page;
use marks::{hash_of, read};

/// Of so many pages of one section and language, at least.
const PAGES: usize = 3;

/// A series of no more pages is compared as a whole.
const WHOLE: usize = 1024;

/// In a longer one a page is compared with so many that stand together, so many before these, and so many behind.
const BLOCK: usize = 128;

/// Will nearly all marks of so many pages be asked for, when so many of the newest are shown? A guess, since they may be of several
/// series.
pub fn are_all_wanted(pages: usize, shown: usize) -> bool {
    pages <= WHOLE || pages - BLOCK <= shown
}

/// A page's [`marks`], once somebody has asked for them. They follow from the rest of the page: two pages do not differ by
/// them.
#[derive(Debug, Clone, Default)]
pub struct Marks(OnceLock<Box<[u32]>>);

impl Marks {
    /// From now on they are known.
    pub fn found(&self, marks: Box<[u32]>) {
        // Whoever was first has found the same.
        let _ = self.0.set(marks);
    }

    fn are_known(&self) -> bool {
        self.0.get().is_some()
    }

    fn all(&self) -> &[u32] {
        self.0.get().map_or(&[], |marks| marks)
    }
}

impl PartialEq for Marks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Marks {}

/// What recurs in the posts of each series of a site. Nothing is compared before somebody asks.
#[derive(Debug, Default)]
pub struct Recurring {
    pages: Vec<Arc<Page>>,
    series: OnceLock<Series>,
    counted: Mutex<Counted>,
}

/// By first and last page: the marks that recur among them, ascending.
type Counted = HashMap<(usize, usize), Arc<[u32]>>;

/// Pages by section and language, then by date.
#[derive(Debug)]
struct Series {
    pages: Vec<Arc<Page>>,
    /// Where each of them begins.
    starts: Vec<usize>,
}

impl Series {
    fn of(pages: &[Arc<Page>]) -> Self {
        // A site has few series: their names are compared once a page.
        let names: BTreeSet<(&str, &str)> = pages.iter().map(|page| series(page)).collect();
        let names: Vec<(&str, &str)> = names.into_iter().collect();
        let place_of = |page: &Arc<Page>| (names.binary_search(&series(page)), place(page).0);
        let mut places: Vec<_> = pages.iter().map(|page| (place_of(page), page)).collect();
        places.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.path.cmp(&other.path)));
        let pages: Vec<Arc<Page>> = places.into_iter().map(|(_, page)| Arc::clone(page)).collect();
        let begins = |at: &usize| *at == 0 || series(&pages[*at - 1]) != series(&pages[*at]);
        let starts = (0..pages.len()).filter(begins).collect();
        Self { pages, starts }
    }

    /// The pages that one is compared with.
    fn around(&self, page: &Page) -> Option<Range<usize>> {
        let number = self.starts.partition_point(|start| series(&self.pages[*start]) <= series(page)).checked_sub(1)?;
        let start = self.starts[number];
        let end = self.starts.get(number + 1).copied().unwrap_or(self.pages.len());
        if end - start <= WHOLE {
            return Some(start..end);
        }
        let own = self.pages[start..end].binary_search_by(|other| place(other).cmp(&place(page))).ok()?;
        let block = own / BLOCK;
        Some(start + block.saturating_sub(1) * BLOCK..end.min(start + (block + 2) * BLOCK))
    }
}

/// What makes pages one series.
fn series(page: &Page) -> (&str, &str) {
    (&page.section, &page.language)
}

/// Where a page stands in its series.
fn place(page: &Page) -> (Option<i64>, &str) {
    (page.published.map(|at| at.timestamp()), &page.path)
}

impl Recurring {
    /// Of all pages of a site.
    pub fn new(pages: Vec<Arc<Page>>) -> Self {
        Self { pages, ..Self::default() }
    }

    fn series(&self) -> &Series {
        self.series.get_or_init(|| Series::of(&self.pages))
    }

    /// Whose marks have to be known before one of `pages` is looked at, and are not.
    pub fn unread<'p>(&self, pages: impl IntoIterator<Item = &'p Page>) -> Vec<Arc<Page>> {
        let series = self.series();
        let around: BTreeSet<(usize, usize)> =
            pages.into_iter().filter_map(|page| series.around(page)).map(|range| (range.start, range.end)).collect();
        let mut all: Vec<usize> = around.into_iter().flat_map(|(start, end)| start..end).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(|at| &series.pages[at]).filter(|page| !page.marks.are_known()).cloned().collect()
    }

    /// As seen from `page`.
    pub fn seen_from(&self, page: &Page) -> Own {
        let Some(around) = self.series().around(page) else { return Own::default() };
        let mut own = Own { shared: self.shared(around), ..Own::default() };
        for mark in page.marks.all() {
            if own.has(*mark) {
                own.has_any = true;
                own.fingerprint = own.fingerprint.rotate_left(5) ^ u64::from(*mark);
            }
        }
        own
    }

    fn shared(&self, pages: Range<usize>) -> Arc<[u32]> {
        let key = (pages.start, pages.end);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let count = || {
            let mut all: Vec<u32> =
                self.series().pages[pages].iter().flat_map(|page| page.marks.all()).copied().collect();
            all.sort_unstable();
            all.chunk_by(|a, b| a == b).filter(|equal| equal.len() >= PAGES).map(|equal| equal[0]).collect()
        };
        Arc::clone(counted.entry(key).or_insert_with(count))
    }
}

/// Tells a page's own text from what it shares with its series.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// Of its series, ascending.
    shared: Arc<[u32]>,
    has_any: bool,
    fingerprint: u64,
}

impl Own {
    /// Changes whenever what of the page is its own does.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Is anything in it shared?
    pub fn is_one_of_a_series(&self) -> bool {
        self.has_any
    }

    /// Is this line, plain text, found in others of the series?
    pub fn recurs(&self, line: &str) -> bool {
        self.has_any && read(line).is_some_and(|mark| self.has(mark))
    }

    /// Is this picture, by its absolute address?
    pub fn picture_recurs(&self, url: &str) -> bool {
        let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or_default();
        let tails = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        self.has_any
            && (self.has(hash_of(url))
                || self.has(hash_of(path))
                || tails.take(16).any(|tail| self.has(hash_of(&format!("../{tail}")))))
    }

    fn has(&self, mark: u32) -> bool {
        self.shared.binary_search(&mark).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(section: &str, path: &str, body: &str) -> Arc<Page> {
        let page = Page { section: section.into(), path: path.into(), ..Page::default() };
        page.marks.found(marks("", body));
        Arc::new(page)
    }

    #[test]
    fn what_three_pages_of_a_series_share_is_not_their_own() {
        let body = |own: &str| {
            format!("Hello all!\n\n![](/qr.png)\n\n{own}\n\n<!--\nnever seen\n-->\n\n[ref]: https://e.org/\n")
        };
        let pages: Vec<Arc<Page>> =
            ["One thing", "Another", "A third"].iter().map(|own| page("weekly", own, &body(own))).collect();
        let recurring = Recurring::new(pages.clone());
        let own = recurring.seen_from(&pages[0]);
        assert!(own.is_one_of_a_series() && own.recurs("Hello all!") && !own.recurs("One thing"));
        assert!(!own.recurs("never seen"));
        assert!(own.picture_recurs("https://e.org/qr.png") && !own.picture_recurs("https://e.org/other.png"));
        let elsewhere = page("blog", "x", &body("x"));
        let all = Recurring::new([&pages[..], &[Arc::clone(&elsewhere)]].concat());
        assert!(!all.seen_from(&elsewhere).is_one_of_a_series(), "another section is another series");
        let two = Recurring::new(pages[..2].to_vec());
        assert!(!two.seen_from(&pages[0]).recurs("Hello all!"), "two are no series");
        assert_ne!(own.fingerprint(), two.seen_from(&pages[0]).fingerprint());
    }

    #[test]
    fn a_page_is_compared_with_those_around_it_and_only_they_are_read() {
        let dated = |number: usize, text: &str| {
            let page = Page::clone(&page("weekly", &format!("{number:04}"), text));
            let published = chrono::DateTime::from_timestamp(1_000_000 * i64::try_from(number).unwrap(), 0);
            Arc::new(Page { published: published.map(|at| at.fixed_offset()), ..page })
        };
        let text = |number: usize| if number < 3 { "The old greeting" } else { "The new greeting" };
        let pages: Vec<Arc<Page>> = (0..WHOLE + BLOCK * 2).map(|number| dated(number, text(number))).collect();
        let recurring = Recurring::new(pages.clone());
        let last = recurring.seen_from(&pages[WHOLE]);
        assert!(last.recurs("The new greeting") && !last.recurs("The old greeting"));
        assert!(recurring.seen_from(&pages[BLOCK]).recurs("The old greeting"));
        assert!(!recurring.seen_from(&pages[BLOCK * 2]).recurs("The old greeting"));

        let unread: Vec<Arc<Page>> =
            pages.iter().map(|page| Arc::new(Page { marks: Marks::default(), ..Page::clone(page) })).collect();
        let recurring = Recurring::new(unread.clone());
        let around = |numbers: &[usize]| recurring.unread(numbers.iter().map(|number| unread[*number].as_ref())).len();
        assert_eq!([around(&[0]), around(&[BLOCK]), around(&[0, WHOLE + BLOCK])], [BLOCK * 2, BLOCK * 3, BLOCK * 4]);
        unread[0].marks.found(marks("", "x"));
        assert_eq!(around(&[0]), BLOCK * 2 - 1);
        let whole = Recurring::new(pages[..WHOLE].to_vec());
        assert!(whole.seen_from(&pages[WHOLE - 1]).is_one_of_a_series());
        assert!(whole.seen_from(&pages[0]).recurs("The old greeting"));
    }
}
