//! What posts show, read from their files when a feed or a mail needs it: no body is kept in memory for its own sake.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};

use crate::feed::faults;
use crate::fingerprint;
use crate::post::body::{self, Shown};
use crate::post::calls;
use crate::post::links::{self, Knowledge, Links};
use crate::post::picture::{self, Facts};
use crate::post::recurring::Recurring;
use crate::post::{FullPost, Page, Post};
use crate::problem::Problem;
use crate::site::Site;

use super::files::{Folder, Room};
use super::leads::{Leads, STATIC};
use super::{Scan, Settings, threads};

/// The bodies of the posts of one scan.
#[derive(Debug, Clone, Default)]
pub struct Bodies {
    site: Option<Arc<Read>>,
}

/// What a scan left behind.
#[derive(Debug)]
struct Read {
    folder: Folder,
    knowledge: Knowledge,
    /// Of everything in `knowledge` that a body may show.
    fingerprint: u64,
    suspects: Suspects,
}

/// Paths of files that could not be read as they were scanned: the next scan reads them anew, whatever their stamp says.
pub(super) type Suspects = Arc<Mutex<Vec<String>>>;

impl Bodies {
    /// Of the site that was just scanned.
    pub(super) fn new(folder: Folder, scan: &Scan, settings: &Settings, suspects: Suspects) -> Self {
        let mut hasher = DefaultHasher::new();
        settings.roles.hash(&mut hasher);
        scan.site.url.hash(&mut hasher);
        let told = |print, page: &Arc<Page>| {
            [&page.path, &page.url, &page.language, &page.title]
                .iter()
                .fold(print, |print, text| fingerprint::text(print, text))
        };
        scan.pages.iter().fold(0, told).hash(&mut hasher);
        let knowledge = Knowledge {
            site: Arc::new(scan.site.clone()),
            links: Links::new(scan.pages.clone()),
            recurring: Arc::new(Recurring::new(scan.pages.clone())),
            roles: Arc::clone(&settings.roles),
        };
        Self { site: Some(Arc::new(Read { folder, knowledge, fingerprint: hasher.finish(), suspects })) }
    }

    /// What of `pages` had to be mended or left out, what their bodies hold that is not known here, and their links that lead
    /// nowhere.
    pub fn told(&self, pages: &[Arc<Page>]) -> Vec<Problem> {
        let Some(site) = &self.site else { return Vec::new() };
        site.compare(pages.iter().map(AsRef::as_ref));
        let leads = Leads::new(&site.knowledge.site.url, pages);
        let told = threads::each_with(pages.len(), Room::default, |room, at| {
            let page = &pages[at];
            let Ok((text, shown)) = site.read(page, room) else { return (Vec::new(), Vec::new()) };
            let mut problems = faults::faults(page, text);
            problems.extend(leads.broken(page, text, &shown, &site.folder));
            (shown.found, problems)
        });
        let (found, problems): (Vec<_>, Vec<_>) = told.into_iter().unzip();
        let mut problems: Vec<Problem> = problems.into_iter().flatten().collect();
        problems.extend(calls::problems(
            pages.iter().zip(&found).map(|(page, found)| (page.path.as_str(), found.as_slice())),
        ));
        problems.sort();
        problems
    }

    /// Where the posts' files are, and of which site.
    pub(super) fn place(&self) -> Option<(&Folder, &Site)> {
        self.site.as_ref().map(|read| (&read.folder, &*read.knowledge.site))
    }

    /// What `make` makes of what each of so many pages shows.
    fn shown<'p, T: Send>(
        &self,
        count: usize,
        page: impl Fn(usize) -> &'p Page + Sync,
        make: impl Fn(usize, Shown) -> T + Sync,
    ) -> Vec<Result<T, Problem>> {
        let Some(site) = &self.site else { return (0..count).map(|at| Ok(make(at, Shown::default()))).collect() };
        site.compare((0..count).map(&page));
        threads::each_with(count, Room::default, |room, at| site.show(page(at), room).map(|shown| make(at, shown)))
    }
}

impl Read {
    /// Looks up what has to be known of other pages before one of `pages` is shown.
    fn compare<'p>(&self, pages: impl IntoIterator<Item = &'p Page>) {
        let unread = self.knowledge.recurring.unread(pages);
        threads::each_with(unread.len(), Room::default, |room, at| {
            let page = unread[at].as_ref();
            // One that has changed is read by the next scan, and compared then.
            if let Ok(text) = self.text(page, room) {
                page.find_marks(text);
            }
        });
    }

    /// The text of the page's file, which is as it was when it was scanned.
    fn text<'r>(&self, page: &Page, room: &'r mut Room) -> Result<&'r str, Problem> {
        let text = self.folder.read_again(&page.path, room).and_then(|text| {
            let hint = "it is read again by the next scan";
            let changed = || Problem::warning(&page.path, None, "changed while the site was read", hint);
            if body::source_hash(text, page.body.start) == page.source_hash { Ok(text) } else { Err(changed()) }
        });
        text.inspect_err(|_| {
            if let Ok(mut suspects) = self.suspects.lock() {
                suspects.push(page.path.clone());
            }
        })
    }

    fn show(&self, page: &Page, room: &mut Room) -> Result<Shown, Problem> {
        self.read(page, room).map(|(_, shown)| shown)
    }

    /// The text of a page's file, and what the page shows.
    fn read<'r>(&self, page: &Page, room: &'r mut Room) -> Result<(&'r str, Shown), Problem> {
        let text = self.text(page, room)?;
        // A fault of ours in one page must not take the site down.
        let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body::shown(page, text, &self.knowledge)));
        let mut shown = shown.unwrap_or_else(|_| {
            tracing::error!(
                at = page.path,
                "cannot be shown: a fault of Postrider's own; please report it with this file"
            );
            Shown::default()
        });
        shown.picture = shown.cover.as_ref().and_then(|cover| self.picture(page, &cover.url));
        Ok((text, shown))
    }

    /// What the file behind a picture's address says, where it is one of the site's.
    fn picture(&self, page: &Page, address: &str) -> Option<Facts> {
        let address = address.split(['?', '#']).next()?;
        let decoded = percent_encoding::percent_decode_str(address).decode_utf8().ok()?;
        let decoded_url = percent_encoding::percent_decode_str(&page.url).decode_utf8().ok()?;
        let beside = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let own = decoded.strip_prefix(&*decoded_url).filter(|_| page.url.ends_with('/')).map(|rest| (beside, rest));
        let below = decoded.strip_prefix(&*self.knowledge.site.url);
        let places = own.into_iter().chain(STATIC.iter().filter_map(|folder| Some((*folder, below?))));
        let mut heads = places.filter_map(|(folder, path)| {
            let path = links::joined(folder, path)?;
            self.folder.head(&path, picture::HEAD)
        });
        heads.next().and_then(|(head, length)| picture::facts(&head, length))
    }

    fn version(&self, post: &Post) -> u64 {
        let mut hasher = DefaultHasher::new();
        (post.version, self.fingerprint).hash(&mut hasher);
        // What the others of its series say decides what of it is its own.
        self.knowledge.recurring.seen_from(&post.page).fingerprint().hash(&mut hasher);
        hasher.finish()
    }
}

impl body::Bodies for Bodies {
    fn versions(&self, posts: &[&Post]) -> Vec<u64> {
        match &self.site {
            None => posts.iter().map(|post| post.version).collect(),
            Some(site) => {
                site.compare(posts.iter().map(|post| post.page.as_ref()));
                posts.iter().map(|post| site.version(post)).collect()
            }
        }
    }

    fn full(&self, posts: &[Arc<Post>]) -> Result<Vec<FullPost>, Problem> {
        let full = |at: usize, shown| FullPost { post: Arc::clone(&posts[at]), shown: Arc::new(shown) };
        self.shown(posts.len(), |at| posts[at].page.as_ref(), full).into_iter().collect()
    }

    fn written(&self, posts: &[Arc<Post>], write: body::Write<'_>) -> Result<Vec<Vec<Arc<str>>>, Problem> {
        let written = |at: usize, shown| write(at, &FullPost { post: Arc::clone(&posts[at]), shown: Arc::new(shown) });
        self.shown(posts.len(), |at| posts[at].page.as_ref(), written).into_iter().collect()
    }
}
