//! Which files of a Jekyll site are posts, drafts, documents of collections and pages: `_posts` at any depth, and what
//! `exclude` and `include` say.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::library::files::{File, Folder};
use crate::library::glob::{self, Style};
use crate::problem::Problem;

use super::config::Config;

/// What Jekyll makes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// In `_posts`, its name a date and a slug.
    Post,
    /// In `_drafts`.
    Draft,
    /// Of the collection with this place in the configuration.
    Document(usize),
    /// Anywhere else.
    Page,
}

/// A file that may be a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The file.
    pub file: File,
    /// What it is.
    pub kind: Kind,
    /// Its path as Jekyll tells it: relative to the source, or to the folder of the collections.
    pub path: String,
}

/// All files that may be pages.
#[derive(Debug, Default)]
pub struct Tree {
    /// Ordered by path.
    pub entries: Vec<Entry>,
    /// Folders that posts and pages are in, relative to the site's.
    pub folders: Vec<String>,
    /// What was found on the way.
    pub problems: Vec<Problem>,
}

/// Posts with these extensions are no text.
const BINARY: [&str; 18] = [
    "yml", "yaml", "png", "jpg", "jpeg", "gif", "webp", "svg", "ico", "avif", "bmp", "pdf", "zip", "gz", "mp3", "mp4",
    "webm", "mov",
];

impl Tree {
    /// Of the files below the configuration's source.
    pub fn new(folder: &Folder, config: &Config) -> Self {
        let mut tree = Self::default();
        let below = |path: &str| match config.source.as_str() {
            "" => Some(path.to_owned()),
            source => path.strip_prefix(source).and_then(|rest| rest.strip_prefix('/')).map(String::from),
        };
        let past = |path: &str| below(path).is_some_and(|path| !config.enters(&path));
        let files = folder.walk_past(&config.source, &past, &mut tree.problems);
        for file in files {
            let Some(path) = below(&file.path) else { continue };
            let Some(kind) = config.kind(&path) else { continue };
            let extension =
                path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
            let extension = extension.unwrap_or_default().to_lowercase();
            let text = config.markdown.contains(&extension) || matches!(extension.as_str(), "html" | "htm" | "xhtml");
            let taken = match kind {
                Kind::Post => {
                    let is_post = date_and_slug(&path).is_some();
                    if !is_post && text && !path.ends_with("/README.md") {
                        let hint = "name it as in `2021-10-15-name.md`";
                        let what = "is no post: its name does not begin with a date";
                        tree.problems.push(Problem::warning(&file.path, None, what, hint));
                    }
                    is_post && !BINARY.contains(&extension.as_str())
                }
                Kind::Draft => !extension.is_empty() && !BINARY.contains(&extension.as_str()),
                Kind::Document(_) | Kind::Page => text,
            };
            if !taken {
                continue;
            }
            let part = path.split('/').next().filter(|part| part.len() < path.len()).map(|part| config.in_folder(part));
            tree.folders.extend(part.filter(|part| !tree.folders.contains(part)));
            let inner = path.strip_prefix(&config.collections_folder).and_then(|rest| rest.strip_prefix('/'));
            let inner = inner.filter(|_| kind != Kind::Page && !config.collections_folder.is_empty());
            tree.entries.push(Entry { path: inner.unwrap_or(&path).to_owned(), kind, file });
        }
        tree.limit(config.limit);
        tree
    }

    /// Keeps so many of the newest posts, by the dates of their names; all for 0.
    fn limit(&mut self, most: usize) {
        let day = |entry: &Entry| {
            let (date, _) = date_and_slug(&entry.path).filter(|_| entry.kind == Kind::Post)?;
            let parts: Vec<u32> = date.split('-').filter_map(|part| part.parse().ok()).collect();
            Some((parts, entry.path.clone()))
        };
        let mut days: Vec<_> = self.entries.iter().filter_map(day).collect();
        days.sort();
        if let Some(first) = days.len().checked_sub(most).filter(|_| most > 0).map(|at| days[at].clone()) {
            self.entries.retain(|entry| day(entry).is_none_or(|day| day >= first));
        }
    }

    /// The entry of a file.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.file.path.as_str().cmp(path)).ok().map(|at| &self.entries[at])
    }
}

impl Entry {
    /// Changes with anything but the file's text.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.kind, &self.path).hash(&mut hasher);
        hasher.finish()
    }
}

impl Config {
    /// What the file at `path`, relative to the source, is to Jekyll.
    pub fn kind(&self, path: &str) -> Option<Kind> {
        if let Some((place, entry)) = self.document(path) {
            let folder = format!("_{}", self.collections[place].label);
            return self.passes(entry, &folder).then_some(Kind::Document(place));
        }
        let mut base = "";
        let mut from = 0;
        while let Some(end) = path[from..].find('/').map(|at| from + at) {
            let (part, rest) = (&path[from..end], &path[end + 1..]);
            if base.starts_with(&self.collections_folder) {
                let kind = match part {
                    "_posts" => Some(Kind::Post),
                    "_drafts" => Some(Kind::Draft),
                    _ => None,
                };
                if kind.is_some() {
                    return kind.filter(|_| self.passes(rest, &path[..end]));
                }
            }
            if !self.passes(part, base) {
                return None;
            }
            base = &path[..end];
            from = end + 1;
        }
        self.passes(&path[from..], base).then_some(Kind::Page)
    }

    /// Whether there can be pages in the folder at `path`.
    pub fn enters(&self, path: &str) -> bool {
        let of_collections = self.collections_folder.starts_with(path);
        of_collections || path.ends_with("/_posts") || path == "_posts" || self.kind(&format!("{path}/x")).is_some()
    }

    /// The collection that `path` is in, and its path there.
    fn document<'p>(&self, path: &'p str) -> Option<(usize, &'p str)> {
        let inner = match self.collections_folder.as_str() {
            "" => path,
            folder => path.strip_prefix(folder)?.strip_prefix('/')?,
        };
        let (folder, entry) = inner.strip_prefix('_')?.split_once('/')?;
        let place = self.collections.iter().skip(1).position(|collection| collection.label == folder)?;
        Some((place + 1, entry))
    }

    /// Whether an entry of the folder `base` is read at all.
    fn passes(&self, entry: &str, base: &str) -> bool {
        let name = entry.rsplit('/').next().unwrap_or(entry);
        let special = |name: &str| name.starts_with(['.', '_', '#', '~']);
        if entry.ends_with('.') {
            return false;
        }
        if listed(&self.include, entry) || listed(&self.include, name) {
            return true;
        }
        !listed(&self.exclude, &format!("{base}/{entry}")) && !special(entry) && !special(name) && !entry.ends_with('~')
    }
}

/// Whether `path` is, or begins as, what a pattern says.
fn listed(patterns: &[String], path: &str) -> bool {
    let path = path.trim_start_matches('/');
    patterns.iter().map(|pattern| pattern.trim_start_matches('/')).any(|pattern| {
        path.starts_with(pattern)
            || pattern.strip_suffix('/') == Some(path)
            || glob::matches(pattern, path, Style::Whole)
    })
}

/// `2021-1-5` and `name` of a path that ends in `2021-1-5-name.md`.
pub fn date_and_slug(path: &str) -> Option<(&str, &str)> {
    let name = path.rsplit('/').next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let mut end = 0;
    for (place, most) in [(0, 4), (1, 2), (2, 2)] {
        let digits = stem[end..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0
            || digits > most
            || (place == 0 && digits < 2)
            || stem.as_bytes().get(end + digits) != Some(&b'-')
        {
            return None;
        }
        end += digits + 1;
    }
    (!extension.is_empty()).then(|| (&stem[..end - 1], &stem[end..]))
}
