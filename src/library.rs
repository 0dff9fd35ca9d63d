//! The Library: the immutable snapshot of all Posts, and its Problems. The one owner of the site's folder.

mod bodies;
pub mod docusaurus;
pub mod eleventy;
pub mod fields;
pub mod files;
pub mod folder;
pub mod generator;
pub mod glob;
pub mod hexo;
pub mod home;
pub mod hugo;
pub mod jekyll;
mod leads;
pub mod matter;
pub mod pelican;
mod pictures;
mod scanner;
pub mod script;
pub mod threads;
mod trace;
pub mod watch;
pub mod zola;

pub use bodies::Bodies;
pub use scanner::Scanner;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::post::section::Roles;
use crate::post::{Page, Post, id::PostId};
use crate::problem::Problem;
use crate::site::Site;

/// What `site` and `content` of `postrider.yaml` say; everything else comes from the generator's own configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The site's folder.
    pub root: PathBuf,
    /// `site.url`
    pub url: Option<String>,
    /// `site.title`
    pub title: Option<String>,
    /// `site.description`
    pub description: Option<String>,
    /// `site.language`, BCP 47
    pub language: Option<String>,
    /// `site.generator`
    pub generator: Option<String>,
    /// `site.generator_version`: where two versions read a site differently, this one's answer. The newest, where `None`.
    pub generator_version: Option<(u32, u32)>,
    /// `content.sections`
    pub sections: Option<Vec<String>>,
    /// `content.roles`, `content.marks`
    pub roles: Arc<Roles>,
    /// `content.permalink`: the pattern of addresses in a plain folder, with Hugo's tokens.
    pub permalink: Option<String>,
    /// `content.date`: the pattern of dates in the paths of a plain folder, see [`crate::post::date::path`].
    pub date: Option<String>,
    /// So many of the newest posts are shown in some feed, `usize::MAX`: all. Where that is most of them, what has to be known of
    /// all is found out while they are read.
    pub shown: usize,
}

/// What a scan found: the same files give the same Scan at any time.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// The site.
    pub site: Site,
    /// Every regular page, ordered by path.
    pub pages: Vec<Arc<Page>>,
    /// What could not be read, or had to be repaired, ordered by path and line.
    pub problems: Vec<Problem>,
    /// What the pages show.
    pub bodies: Bodies,
}

/// The snapshot at an instant.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The site.
    pub site: Arc<Site>,
    /// Every regular page, whatever its status and section, ordered by path.
    pub all: Vec<Arc<Post>>,
    /// Listed pages of the main sections, newest first: what feeds and digests announce.
    pub posts: Vec<Arc<Post>>,
    /// What could not be read.
    pub problems: Arc<Vec<Problem>>,
    /// What the posts show.
    pub bodies: Bodies,
    /// The next instant at which a page's status changes by itself.
    pub next_change: Option<DateTime<Utc>>,
}

impl Library {
    /// The Library of a scan at `now`; `ids` in the order of `scan.pages`.
    pub fn new(scan: &Scan, ids: &[PostId], now: DateTime<Utc>) -> Self {
        let all: Vec<Arc<Post>> = scan
            .pages
            .iter()
            .zip(ids)
            .map(|(page, id)| {
                // A change that is still to come is none yet.
                let early = page.updated.is_some_and(|at| at.to_utc() > now);
                let page = if early { Arc::new(Page { updated: None, ..Page::clone(page) }) } else { Arc::clone(page) };
                Arc::new(Post { id: id.clone(), status: page.status(now), page })
            })
            .collect();
        let posts = posts_at(&scan.site, &all, now);
        Self {
            site: Arc::new(scan.site.clone()),
            next_change: scan.pages.iter().filter_map(|page| page.next_change(now)).min(),
            problems: Arc::new(scan.problems.clone()),
            bodies: scan.bodies.clone(),
            all,
            posts,
        }
    }

    /// What [`Library::posts`] are, or were, at another instant: of the files as they are in this Library.
    pub fn posts_at(&self, at: DateTime<Utc>) -> Vec<Arc<Post>> {
        posts_at(&self.site, &self.all, at)
    }
}

fn posts_at(site: &Site, all: &[Arc<Post>], at: DateTime<Utc>) -> Vec<Arc<Post>> {
    let mut posts: Vec<Arc<Post>> = all
        .iter()
        .filter(|post| post.is_out(at) && site.main_sections.contains(&post.section))
        .filter(|post| post.published.is_some() && !post.url.is_empty())
        .cloned()
        .collect();
    posts.sort_by(|a, b| b.published.cmp(&a.published).then_with(|| a.path.cmp(&b.path)));
    posts
}
