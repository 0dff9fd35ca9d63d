//! What posts show, read from their files when a feed or a mail needs it: no body is kept in memory for its own sake.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};

use crate::post::body::{self, Shown};
use crate::post::calls;
use crate::post::links::{Knowledge, Links};
use crate::post::recurring::Recurring;
use crate::post::{FullPost, Page, Post};
use crate::problem::Problem;

use super::files::Folder;
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
    pub(super) fn new(
        folder: Folder,
        scan: &Scan,
        settings: &Settings,
        recurring: Arc<Recurring>,
        suspects: Suspects,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        settings.roles.hash(&mut hasher);
        scan.site.url.hash(&mut hasher);
        for page in &scan.pages {
            (&page.path, &page.url, &page.language, &page.title).hash(&mut hasher);
        }
        let knowledge = Knowledge {
            site: Arc::new(scan.site.clone()),
            links: Links::new(scan.pages.clone()),
            recurring,
            roles: Arc::clone(&settings.roles),
        };
        Self { site: Some(Arc::new(Read { folder, knowledge, fingerprint: hasher.finish(), suspects })) }
    }

    /// What the bodies of `pages` hold that is not known here, and their links that lead nowhere.
    pub fn told(&self, pages: &[Arc<Page>]) -> Vec<Problem> {
        let found = threads::each(pages.len(), |at| self.show(&pages[at]).map(|shown| shown.found).unwrap_or_default());
        calls::problems(pages.iter().zip(&found).map(|(page, found)| (page.path.as_str(), found.as_slice())))
    }

    fn show(&self, page: &Page) -> Result<Shown, Problem> {
        let Some(site) = &self.site else { return Ok(Shown::default()) };
        let text = site.folder.read(&page.path).and_then(|text| {
            let hint = "it is read again by the next scan";
            let changed = || Problem::warning(&page.path, None, "changed while the site was read", hint);
            if body::source_hash(&text, page.body.start) == page.source_hash { Ok(text) } else { Err(changed()) }
        });
        let text = text.inspect_err(|_| {
            if let Ok(mut suspects) = site.suspects.lock() {
                suspects.push(page.path.clone());
            }
        })?;
        // A fault of ours in one page must not take the site down.
        let shown =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body::shown(page, &text, &site.knowledge)));
        Ok(shown.unwrap_or_else(|_| {
            tracing::error!(
                at = page.path,
                "cannot be shown: a fault of Postrider's own; please report it with this file"
            );
            Shown::default()
        }))
    }
}

impl body::Bodies for Bodies {
    fn version(&self, post: &Post) -> u64 {
        let mut hasher = DefaultHasher::new();
        post.version.hash(&mut hasher);
        if let Some(site) = &self.site {
            site.fingerprint.hash(&mut hasher);
            // What the others of its series say decides what of it is its own.
            site.knowledge.recurring.seen_from(&post.page).fingerprint().hash(&mut hasher);
        }
        hasher.finish()
    }

    fn full(&self, posts: &[Arc<Post>]) -> Result<Vec<FullPost>, Problem> {
        let shown = threads::each(posts.len(), |at| self.show(&posts[at].page));
        posts
            .iter()
            .zip(shown)
            .map(|(post, shown)| Ok(FullPost { post: Arc::clone(post), shown: Arc::new(shown?) }))
            .collect()
    }
}
