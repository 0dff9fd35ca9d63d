//! Links between pages, as authors write them: by the path of a file, a name, a path below the content. Which page each
//! of them means, and at which address it is.
//!
//! Only the pages that a scan read are known; other files of the site get an address that is guessed, and are said to be.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};

use super::Page;
use super::recurring::Recurring;
use super::section::Roles;
use crate::site::Site;

/// What bodies may ask about the rest of the site.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The site.
    pub site: Arc<Site>,
    /// Its pages, to be linked.
    pub links: Links,
    /// What its series say again and again.
    pub recurring: Arc<Recurring>,
    /// What sections are for.
    pub roles: Arc<Roles>,
}

/// The pages of a site by what links call them. Two words of memory a page and name.
#[derive(Debug, Clone, Default)]
pub struct Links {
    pages: Vec<Arc<Page>>,
    /// Made when the first link is looked up: most sites have none.
    tables: OnceLock<Tables>,
}

#[derive(Debug, Clone, Default)]
struct Tables {
    /// Hash of the plain path (see [`plain`]) and number of the page, sorted.
    paths: Vec<(u64, usize)>,
    /// Hash of the last part of the plain path and number of the page, sorted.
    names: Vec<(u64, usize)>,
    /// Hashes of the plain paths of all folders that hold pages.
    folders: HashSet<u64>,
}

/// How the start of a written path is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// As a file's: `../x.md` from the linking file's folder, and nothing else.
    File,
    /// From the content's root, wherever the site keeps it; a leading `/` changes nothing.
    Root,
    /// `/x` from the content's root; anything else from the linking page's folder, then from those above it, then any
    /// page of that name if there is only one.
    Anywhere,
}

/// Candidates that are looked at where many pages have one name: more are ambiguous anyhow.
const MANY: usize = 64;

impl Tables {
    fn new(pages: &[Arc<Page>]) -> Self {
        let mut tables = Self::default();
        for (number, page) in pages.iter().enumerate() {
            let path = plain(&page.path);
            tables.add(number, &path);
            // `x.en.md` is called `x` by the pages of its language.
            if let Some(shared) = path.strip_suffix(&format!(".{}", page.language.to_lowercase())) {
                tables.add(number, shared);
                if let Some(bundle) = shared.strip_suffix("/index") {
                    tables.add(number, bundle);
                }
            }
            let mut folder = path.as_str();
            while let Some((above, _)) = folder.rsplit_once('/') {
                if !tables.folders.insert(hashed(above)) {
                    break;
                }
                folder = above;
            }
        }
        tables.paths.sort_unstable();
        tables.names.sort_unstable();
        tables
    }

    fn add(&mut self, number: usize, path: &str) {
        self.paths.push((hashed(path), number));
        self.names.push((hashed(last(path)), number));
    }
}

impl Links {
    /// Of all pages of a scan.
    pub fn new(pages: Vec<Arc<Page>>) -> Self {
        Self { pages, tables: OnceLock::new() }
    }

    fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| Tables::new(&self.pages))
    }

    /// The page that `written` means in the page `from`: a path without fragment and query. Only pages with an address.
    pub fn find(&self, from: &Page, written: &str, start: Start) -> Option<&Arc<Page>> {
        let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let decoded = percent_encoding::percent_decode_str(written).decode_utf8_lossy();
        let rooted = decoded.starts_with('/') || start == Start::Root;
        let wanted = decoded.trim_start_matches('/');
        if !rooted {
            let found = joined(folder, wanted).and_then(|path| self.at(from, &plain(&path)));
            if found.is_some() || start == Start::File {
                return found;
            }
        }
        // The content's root is one of the folders above.
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        let mut above: Vec<&str> = std::iter::once("").chain(ends.map(|end| &folder[..end])).take(MANY).collect();
        if !rooted {
            above.reverse();
        }
        let found = above.iter().find_map(|root| self.at(from, &plain(&joined(root, wanted)?)));
        found.or_else(|| self.named(from, &plain(wanted)))
    }

    /// Of the pages at a plain path, the one in `from`'s language.
    fn at(&self, from: &Page, path: &str) -> Option<&Arc<Page>> {
        let found = within(&self.tables().paths, hashed(path)).map(|number| &self.pages[number]);
        best(from, found.filter(|page| is_called(page, path)).take(MANY))
    }

    /// The page whose plain path ends in `tail`, if it is the only one of its language.
    fn named(&self, from: &Page, tail: &str) -> Option<&Arc<Page>> {
        let found = within(&self.tables().names, hashed(last(tail))).take(MANY).map(|number| &self.pages[number]);
        let mut same: Vec<&Arc<Page>> = found.filter(|page| ends_in(page, tail)).collect();
        same.dedup_by(|a, b| a.path == b.path);
        let own = same.iter().filter(|page| page.language == from.language).count();
        if own > 0 {
            same.retain(|page| page.language == from.language);
        }
        if same.len() == 1 { best(from, same.into_iter()) } else { None }
    }

    /// Where in the site's folder a file lies that `written` names from the file of `from`; whether it is there is not said.
    pub fn place(&self, from: &Page, written: &str) -> Option<String> {
        let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        joined(if written.starts_with('/') { "" } else { folder }, written)
    }

    /// Whether pages lie below the folder that `written` means in `from`: a section, that has an address but is no page.
    pub fn is_folder(&self, from: &Page, written: &str) -> bool {
        let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let wanted = plain(written.trim_start_matches('/'));
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        std::iter::once("").chain(ends.map(|end| &folder[..end])).take(MANY).any(|root| {
            joined(root, &wanted).is_some_and(|path| self.tables().folders.contains(&hashed(&path.to_lowercase())))
        })
    }
}

fn best<'p>(from: &Page, found: impl Iterator<Item = &'p Arc<Page>>) -> Option<&'p Arc<Page>> {
    let mut first = None;
    for page in found.filter(|page| !page.url.is_empty()) {
        if page.language == from.language {
            return Some(page);
        }
        first = first.or(Some(page));
    }
    first
}

fn is_called(page: &Page, path: &str) -> bool {
    let own = plain(&page.path);
    own == path || own.strip_prefix(path).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("/index."))
}

fn ends_in(page: &Page, tail: &str) -> bool {
    let own = plain(&page.path);
    let language = format!(".{}", page.language.to_lowercase());
    let own = own.strip_suffix(&language).unwrap_or(&own);
    let own = own.strip_suffix("/index").unwrap_or(own);
    own.strip_suffix(tail).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// The numbers that stand beside `hash`.
fn within(table: &[(u64, usize)], hash: u64) -> impl Iterator<Item = usize> + '_ {
    let first = table.partition_point(|(other, _)| *other < hash);
    table[first..].iter().take_while(move |(other, _)| *other == hash).map(|(_, number)| *number)
}

fn hashed(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// A path as links and files have it in common: lower case, without ending, `index` and `_index`.
fn plain(path: &str) -> String {
    let mut path = path.trim_end_matches('/').to_lowercase();
    for ending in ENDINGS {
        if let Some(kept) = path.strip_suffix(ending) {
            path.truncate(kept.len());
            break;
        }
    }
    for index in ["/index", "/_index"] {
        if let Some(kept) = path.strip_suffix(index) {
            path.truncate(kept.len());
            break;
        }
    }
    path
}

/// Of files that are pages.
const ENDINGS: [&str; 9] = [".md", ".markdown", ".mdx", ".html", ".htm", ".mdown", ".mkd", ".mkdn", ".rst"];

/// Whether an address as it is written leads to a file of Markdown: without scheme, host, fragment and query.
pub fn is_markdown_file(path: &str) -> bool {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    !path.contains(':') && !path.starts_with("//") && matches!(end, "md" | "mdx" | "markdown" | "mdown")
}

/// `path` from `folder`, without `.` and `..`; `None` when it leads out of the site.
pub fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The path and what follows it: `?query#fragment`.
pub fn split(address: &str) -> (&str, &str) {
    address.split_at(address.find(['?', '#']).unwrap_or(address.len()))
}

/// Host and path of an absolute address in which nothing has to be decoded or encoded, which most are: parsed and written again it is
/// the same.
pub fn settled(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    // A name that ends in a number is an address of another kind.
    let is_name = host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()));
    let is_host = is_name && host.bytes().all(is_plain) && !host.as_bytes().windows(4).any(|part| part == b"xn--");
    let is_path =
        path.bytes().all(|byte| is_plain(byte) || byte.is_ascii_uppercase() || matches!(byte, b'_' | b'~' | b'/'));
    let has_dots = path.as_bytes().windows(2).any(|part| part == b"/.");
    (is_host && is_path && !has_dots).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, language: &str) -> Arc<Page> {
        let url = format!("https://example.org/{language}/{}/", plain(path));
        Arc::new(Page { path: path.into(), language: language.into(), url, ..Page::default() })
    }

    #[test]
    fn pages_are_found_by_all_their_names() {
        let pages: Vec<Arc<Page>> = [
            ("content/en/blog/one/index.md", "en"),
            ("content/en/blog/Two.md", "en"),
            ("content/en/news/two.md", "en"),
            ("content/zh/blog/one/index.md", "zh"),
            ("content/en/three.en.md", "en"),
            ("content/en/three.zh.md", "zh"),
            ("content/zh/only.md", "zh"),
            ("content/en/a b.md", "en"),
        ]
        .map(|(path, language)| page(path, language))
        .into();
        let links = Links::new(pages.clone());
        let find = |from: usize, written: &str, start: Start| {
            links.find(&pages[from], written, start).map_or("", |page| page.path.as_str())
        };
        for (from, written, start, expected) in [
            (0, "/blog/two", Start::Anywhere, "content/en/blog/Two.md"),
            (0, "/blog/two.md", Start::Anywhere, "content/en/blog/Two.md"),
            (0, "blog/one/index.md", Start::Anywhere, "content/en/blog/one/index.md"),
            (3, "/blog/one", Start::Anywhere, "content/zh/blog/one/index.md"),
            (1, "../news/two.md", Start::File, "content/en/news/two.md"),
            (0, "../Two.md", Start::File, "content/en/blog/Two.md"),
            (0, "two.md", Start::File, ""),
            (2, "one", Start::Anywhere, "content/en/blog/one/index.md"),
            (0, "only.md", Start::Anywhere, "content/zh/only.md"),
            (0, "/three", Start::Anywhere, "content/en/three.en.md"),
            (3, "three.md", Start::Anywhere, "content/en/three.zh.md"),
            (0, "three.zh.md", Start::Anywhere, "content/en/three.zh.md"),
            (0, "blog/two.md", Start::Root, "content/en/blog/Two.md"),
            (0, "../../a%20b.md", Start::File, "content/en/a b.md"),
            (0, "../../../../../etc/passwd", Start::File, ""),
            (0, "nowhere", Start::Anywhere, ""),
        ] {
            assert_eq!(find(from, written, start), expected, "{written} from {from}");
        }
        assert!(links.is_folder(&pages[0], "/blog") && links.is_folder(&pages[0], "blog/_index.md"));
        assert!(!links.is_folder(&pages[0], "/blob"));
    }

    #[test]
    fn a_name_of_many_pages_is_no_name() {
        let pages: Vec<Arc<Page>> = (0..5000).map(|n| page(&format!("content/{n}/same.md"), "en")).collect();
        let links = Links::new(pages.clone());
        assert!(links.find(&pages[0], "nowhere/same.md", Start::Anywhere).is_none());
        assert_eq!(
            links.find(&pages[7], "same.md", Start::Anywhere).map(|page| page.path.as_str()),
            Some("content/7/same.md")
        );
    }

    #[test]
    fn what_leads_to_markdown() {
        for (address, yes) in [
            ("x.md", true),
            ("../a/b.mdx", true),
            ("https://a.example/x.md", false),
            ("//a/x.md", false),
            ("x.html", false),
        ] {
            assert_eq!(is_markdown_file(address), yes, "{address}");
        }
        assert_eq!(split("x.md?a#b"), ("x.md", "?a#b"));
    }
}
