//! Where addresses of the site lead: which of them lead nowhere, as far as a folder of content can tell.
//!
//! Lists, tags and whatever a theme makes have addresses that no file has. So an address is doubted only where pages lie
//! beside it, and a picture only where no folder holds it that generators copy.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::post::body::Shown;
use crate::post::calls::What;
use crate::post::links::{joined, split};
use crate::post::{Page, Status, flow};
use crate::problem::Problem;

use super::Bodies;
use super::files::Folder;

/// Where generators keep what they publish as it is; the site's folder itself last.
pub(super) const STATIC: [&str; 9] =
    ["static", "source", "content", "content/extra", "src", "public", "assets", "docs/static", ""];

/// What is known of the site's addresses: paths without the slashes at their ends, decoded.
#[derive(Debug, Default)]
pub(super) struct Leads {
    home: String,
    pages: HashSet<String>,
    /// Every folder above a page.
    folders: HashSet<String>,
    /// Folders in which a page is.
    parents: HashSet<String>,
}

impl Leads {
    pub(super) fn new<'p>(home: &str, pages: impl IntoIterator<Item = &'p Arc<Page>>) -> Self {
        let mut leads = Self { home: decoded(home), ..Self::default() };
        for page in pages {
            for url in std::iter::once(&page.url).chain(&page.aliases) {
                let Some(path) = leads.path(url) else { continue };
                let mut above = path.as_str();
                while let Some((folder, _)) = above.rsplit_once('/') {
                    if above == path && *url == page.url {
                        leads.parents.insert(folder.to_owned());
                    }
                    leads.folders.insert(folder.to_owned());
                    above = folder;
                }
                leads.pages.insert(path);
            }
        }
        leads
    }

    /// Of an address of the site.
    fn path(&self, address: &str) -> Option<String> {
        let address = decoded(split(address).0);
        let path = address.strip_prefix(&self.home)?;
        let path = path.trim_end_matches('/').strip_suffix("/index.html").unwrap_or(path.trim_end_matches('/'));
        Some(path.strip_suffix(".html").unwrap_or(path).to_owned())
    }

    /// What in that which `page` shows leads nowhere, but for what was found before; `file` is the whole text of the page.
    pub(super) fn broken(&self, page: &Page, file: &str, shown: &Shown, folder: &Folder) -> Vec<Problem> {
        let html = &shown.html;
        let is_told = |path: &str| {
            let last =
                |path: &str| path.rsplit('/').next().unwrap_or_default().split('.').next().map(str::to_lowercase);
            shown.found.iter().any(|found| found.what == What::Broken && last(&found.name) == last(path))
        };
        let mut told: BTreeMap<String, Problem> = BTreeMap::new();
        let mut tell = |address: &str, what: String, hint: &str| {
            let name = decoded(split(address).0);
            let name = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let at = file.find(name).filter(|_| !name.is_empty());
            let line = at.map(|at| 1 + file[..at].matches('\n').count());
            told.entry(what.clone()).or_insert_with(|| Problem::warning(&page.path, line, what, hint));
        };
        for address in attributes(html, " href=\"") {
            if let Some(path) = self.path(&address).filter(|path| self.leads_nowhere(path, folder) && !is_told(path)) {
                tell(
                    &address,
                    format!("the link to `/{path}` leads to no page"),
                    "look at the address: pages lie beside it, but not this one",
                );
            }
        }
        for address in attributes(html, " src=\"") {
            if self.lacks(page, &address, folder) {
                let shown = decoded(split(&address).0).replacen(&self.home, "/", 1);
                tell(
                    &address,
                    format!("the picture or sound `{shown}` is not in the site"),
                    "put the file there, or look at the path",
                );
            }
        }
        if let Some(cover) = page.cover.as_ref().filter(|cover| self.lacks(page, &cover.url, folder)) {
            let shown = decoded(split(&cover.url).0).replacen(&self.home, "/", 1);
            tell(
                &cover.url,
                format!("the cover `{shown}` is not in the site"),
                "put the file there, or look at the path",
            );
        }
        told.into_values().collect()
    }

    fn leads_nowhere(&self, path: &str, folder: &Folder) -> bool {
        let Some((parent, last)) = path.rsplit_once('/') else { return false };
        let is_known = self.pages.contains(path) || self.folders.contains(path) || !self.parents.contains(parent);
        !is_known && !last.contains('.') && last != "index" && STATIC.iter().all(|place| !has(folder, place, path))
    }

    /// Is `address`, which `page` shows, of this site, and no file of it?
    fn lacks(&self, page: &Page, address: &str, folder: &Folder) -> bool {
        if self.path(address).is_none() {
            return false;
        }
        let address = decoded(split(address).0);
        let beside = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let own = address.strip_prefix(&decoded(&page.url)).is_some_and(|rest| has(folder, beside, rest));
        let below = address.strip_prefix(&self.home).unwrap_or_default();
        !own && !STATIC.iter().any(|place| has(folder, place, below))
    }
}

impl Bodies {
    /// Of `addresses` those that lead nowhere on the site at the instant `at`, as far as a folder of content can tell, with `pages`
    /// in it: a draft is nowhere, and so is a page whose time has not come or is over.
    pub fn nowhere(
        &self,
        pages: &[Arc<Page>],
        at: DateTime<Utc>,
        addresses: impl IntoIterator<Item = String>,
    ) -> Vec<String> {
        let Some((folder, site)) = self.place().filter(|(_, site)| !site.url.is_empty()) else { return Vec::new() };
        let is_out = |page: &&Arc<Page>| matches!(page.status(at), Status::Listed | Status::Unlisted);
        let (out, held): (Vec<_>, Vec<_>) = pages.iter().partition(is_out);
        let leads = Leads::new(&site.url, out);
        let held: HashSet<String> = held.iter().filter_map(|page| leads.path(&page.url)).collect();
        let is_held = |path: &String| held.contains(path) && !leads.pages.contains(path);
        let nowhere = |path: String| is_held(&path) || leads.leads_nowhere(&path, folder);
        addresses.into_iter().filter(|address| leads.path(address).is_some_and(nowhere)).collect()
    }

    /// Is `address`, which `page` shows, of this site, and no file of it?
    pub fn lacks(&self, page: &Page, address: &str) -> bool {
        let Some((folder, site)) = self.place().filter(|(_, site)| !site.url.is_empty()) else { return false };
        Leads::new(&site.url, []).lacks(page, address, folder)
    }
}

fn has(folder: &Folder, place: &str, path: &str) -> bool {
    joined(place, path).is_some_and(|path| !path.is_empty() && folder.has(&path))
}

fn decoded(address: &str) -> String {
    percent_encoding::percent_decode_str(address).decode_utf8_lossy().into_owned()
}

/// The values of an attribute in HTML that was sanitised.
fn attributes<'h>(html: &'h str, name: &'static str) -> impl Iterator<Item = String> + 'h {
    html.match_indices(name).filter_map(move |(at, _)| {
        let (value, _) = html[at + name.len()..].split_once('"')?;
        Some(flow::decoded(value).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_wrong_is_doubted() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(folder.path().join("static/img")).unwrap();
        fs_err::write(folder.path().join("static/img/a b.png"), "x").unwrap();
        fs_err::create_dir_all(folder.path().join("content/p")).unwrap();
        fs_err::write(folder.path().join("content/p/own.png"), "x").unwrap();
        let page = |url: &str| {
            let url = format!("https://example.org/base/{url}");
            Arc::new(Page { path: "content/p/index.md".into(), url, ..Page::default() })
        };
        let pages = [page("blog/one/"), page("blog/2021/two.html"), page("blog/%E4%B8%AD/")];
        let leads = Leads::new("https://example.org/base/", &pages);
        let file = "---\n---\nto nowhere\n";
        for (html, expected) in [
            ("<a href=\"https://example.org/base/blog/one/#x\">", &[][..]),
            ("<a href=\"https://example.org/base/blog/2021/two\">", &[]),
            ("<a href=\"https://example.org/base/blog/中/\">", &[]),
            ("<a href=\"https://example.org/base/blog/2021/\">", &[]),
            ("<a href=\"https://example.org/base/tags/x/\">", &[]),
            ("<a href=\"https://example.org/blog/nowhere/\">", &[]),
            ("<a href=\"https://example.org/base/blog/feed.xml\">", &[]),
            (
                "<a href=\"https://example.org/base/blog/nowhere/?a\">",
                &["3 the link to `/blog/nowhere` leads to no page"],
            ),
            (
                "<img src=\"https://example.org/base/img/a%20b.png\"><img src=\"https://example.org/base/blog/one/own.png\">",
                &[],
            ),
            (
                "<img src=\"https://example.org/base/img/c.png\"><img src=\"https://example.org/base/img/c.png?x\">",
                &["0 the picture or sound `/img/c.png` is not in the site"],
            ),
        ] {
            let folder = Folder::open(folder.path()).unwrap();
            let shown = Shown { html: html.into(), ..Shown::default() };
            let told = leads.broken(&pages[0], file, &shown, &folder);
            let told: Vec<String> = told.iter().map(|one| format!("{} {}", one.line.unwrap_or(0), one.what)).collect();
            assert_eq!(told, expected, "{html}");
        }
    }
}
