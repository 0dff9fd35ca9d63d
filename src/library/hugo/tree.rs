//! Hugo's content tree: which files are pages, which are sections, which belong to a bundle, and where each stands.

mod names;
mod places;
mod sections;
mod twins;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use crate::library::files::{File, Folder};
use crate::problem::Problem;

use super::cascade::Rule;
use super::config::Config;
use super::mounts::Mount;
use names::Name;
use places::{Beside, below, bundles, placed, split};
pub use sections::Section;
use twins::Taken;

/// Does `ignoreFiles` fit the file, or a folder that it is in below its mount's?
fn is_ignored(folder: &Folder, config: &Config, mount: &Mount, path: &str) -> bool {
    if config.ignored.is_empty() {
        return false;
    }
    let full = format!("{}/{path}", folder.root().display());
    let start = full.len() - path.len() + mount.source.len() + 1;
    let above = full.match_indices('/').map(|(at, _)| at).filter(|at| *at >= start);
    let ends: Vec<usize> = above.chain([full.len()]).collect();
    config.ignored.iter().any(|ignored| ends.iter().any(|end| ignored.is_match(&full[..*end])))
}

/// A file that may be a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The file.
    pub file: File,
    /// Key of its language.
    pub language: String,
    /// Below the content root, without a bundle's own. The pages of a folder share them.
    pub folders: Arc<[String]>,
    /// [`Entry::folders`] as they are in addresses: a section may have a slug.
    pub path: Arc<[String]>,
    /// Without language and extension; a bundle's folder.
    pub name: String,
    /// `index.md` with its resources beside it.
    pub bundle: bool,
    /// Already HTML.
    pub html: bool,
    /// Path of the nearest section.
    pub sections: Arc<[String]>,
}

/// All of a site's content.
#[derive(Debug, Default)]
pub struct Tree {
    /// Ordered by path.
    pub pages: Vec<Entry>,
    /// By language, then by path: `blog/2021`.
    sections: HashMap<String, HashMap<String, Section>>,
    /// What was found on the way.
    pub problems: Vec<Problem>,
    /// Changes with anything that sections say.
    pub fingerprint: u64,
    /// By language and logical path: what is there, and from which mount.
    taken: HashMap<(String, String), Taken>,
    /// Numbers of pages whose place another one has taken.
    displaced: HashSet<usize>,
}

impl Tree {
    /// Walks every mount.
    pub fn new(folder: &Folder, config: &Config) -> Self {
        let mut tree = Self::default();
        let mut hasher = DefaultHasher::new();
        let mut found = Vec::new();
        for (number, mount) in config.mounts.iter().enumerate() {
            if !folder.has(&mount.source) {
                // A language may have no content yet; a site without any is told below.
                continue;
            }
            let mut files = folder.walk(&mount.source, &mut tree.problems);
            // A folder that is mounted by itself belongs to its own mount.
            let inner = config.mounts.iter().filter(|other| other.source.len() > mount.source.len());
            let inner: Vec<String> = inner.map(|other| format!("{}/", other.source)).collect();
            let start = below(mount);
            files.retain(|file| {
                let below = file.path.get(start..).unwrap_or_default();
                !inner.iter().any(|inner| file.path.starts_with(inner))
                    && mount.takes(below)
                    && !names::is_hidden(below)
                    && !is_ignored(folder, config, mount, &file.path)
            });
            found.push((number, mount, files));
        }
        // All mounts together are one folder to Hugo, and so a bundle of one takes in what another has there.
        let bundles = found.iter().flat_map(|(_, mount, files)| bundles(config, mount, files)).collect();
        for (number, mount, files) in found {
            tree.add((folder, config), (number, mount), files, &bundles, &mut hasher);
        }
        let mut number = 0..;
        let displaced = std::mem::take(&mut tree.displaced);
        tree.pages.retain(|_| number.next().is_some_and(|number| !displaced.contains(&number)) && !config.no_pages);
        tree.taken = HashMap::new();
        tree.pages.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        tree.pages.dedup_by(|a, b| a.file.path == b.file.path);
        tree.give_way(config);
        if tree.pages.is_empty() {
            let sources: Vec<&str> = config.mounts.iter().map(|mount| mount.source.as_str()).collect();
            let what = format!("there are no Markdown files in {}", sources.join(", "));
            let hint = "look at `contentDir` in the generator's configuration";
            tree.problems.push(Problem::warning(sources.first().unwrap_or(&"content"), None, what, hint));
        }
        for at in 0..tree.pages.len() {
            let (before, pages) = tree.pages.split_at(at);
            let page = &pages[0];
            let beside = before.last().filter(|other| other.folders == page.folders && other.language == page.language);
            let (sections, path) = match beside {
                Some(other) => (Arc::clone(&other.sections), Arc::clone(&other.path)),
                None => tree.stands(config, page),
            };
            (tree.pages[at].sections, tree.pages[at].path) = (sections, path);
        }
        tree.fingerprint = hasher.finish();
        tree
    }

    fn add(
        &mut self,
        (folder, config): (&Folder, &Config),
        (number, mount): (usize, &Mount),
        files: Vec<File>,
        bundles: &HashSet<String>,
        hasher: &mut DefaultHasher,
    ) {
        let is = |name: &Name, stem: &str| name.is(config, stem);
        self.pages.reserve(files.len());
        self.taken.reserve(files.len());
        // Most files lie beside the one before.
        let mut last: Option<(String, Beside)> = None;
        for file in files {
            let (folders, file_name) = split(mount, &file.path);
            if last.as_ref().is_none_or(|(known, _)| known != folders) || file.path == mount.source {
                last = Some((folders.to_owned(), Beside::new(placed(mount, &file.path), bundles)));
            }
            let Some((_, beside)) = &last else { continue };
            let in_bundle = beside.below_bundle || beside.bundle;
            let Some(name) = Self::name(config, mount, file_name) else {
                self.other_notation(&file.path, file_name, in_bundle);
                continue;
            };
            let bundle = is(&name, "index");
            if beside.below_bundle || in_bundle && !bundle {
                continue;
            }
            if is(&name, "_index") {
                let languages = if name.own_language { vec![name.language] } else { mount.languages.clone() };
                self.section((folder, config), &file, languages, &beside.parts, hasher);
                continue;
            }
            if name.html && !config.html_pages {
                let hint = "Hugo builds it only with `security.allowContent`; or make it Markdown";
                self.problems.push(Problem::warning(&file.path, None, "is an HTML page, which Hugo refuses", hint));
                continue;
            }
            let rank = (bundle, name.own_language, name.markdown);
            let parts = Arc::clone(&beside.parts);
            // Where letters keep their case, only `index` itself is called by its folder.
            let by_folder = bundle && (name.stem == "index" || !config.language(&name.language).keep_case);
            let logical = if bundle {
                beside.key.clone()
            } else {
                [&beside.key, "/", &named(name.stem.as_str().into())].concat()
            };
            let (parts, stem) = match parts.split_last().filter(|_| by_folder) {
                Some((own, above)) => (above.into(), own.clone()),
                None if by_folder => (parts, String::new()),
                None => (parts, name.stem),
            };
            let place = (name.language.clone(), logical.trim_start_matches('/').to_owned());
            if self.is_taken(place, &file.path, number, rank) {
                continue;
            }
            self.pages.push(Entry {
                file,
                language: name.language,
                folders: parts,
                path: Arc::default(),
                name: stem,
                bundle,
                html: name.html,
                sections: Arc::default(),
            });
        }
    }

    /// The entry of a file, which is number `at` unless somebody has counted wrong.
    pub fn entry(&self, at: usize, path: &str) -> Option<&Entry> {
        if let Some(entry) = self.pages.get(at).filter(|entry| entry.file.path == path) {
            return Some(entry);
        }
        let at = self.pages.binary_search_by(|entry| entry.file.path.as_str().cmp(path)).ok()?;
        Some(&self.pages[at])
    }

    /// What is handed down to an entry, the nearest first.
    pub fn handed_down<'t>(&'t self, config: &'t Config, entry: &'t Entry) -> impl Iterator<Item = &'t Rule> {
        self.rules(config, &entry.language, &entry.folders, &entry.name, "page")
    }

    /// The rules for the page or section of this name in these folders.
    fn rules<'t>(
        &'t self,
        config: &'t Config,
        language: &'t str,
        folders: &[String],
        name: &str,
        kind: &'static str,
    ) -> impl Iterator<Item = &'t Rule> + use<'t> {
        let above = (0..=folders.len()).rev().filter_map(|depth| self.section_at(language, &folders[..depth]));
        let rules = above.flat_map(|section| &section.cascade).chain(&config.language(language).cascade);
        let rules: Vec<&Rule> = rules.collect();
        let path = if rules.is_empty() { String::new() } else { path_of(folders, name) };
        rules.into_iter().filter(move |rule| rule.takes(&path, language, kind))
    }
}

/// A path as Hugo names it: lower case, hyphens for blanks.
pub fn key(parts: &[String]) -> String {
    named(parts.join("/").into()).into_owned()
}

fn named(path: Cow<'_, str>) -> Cow<'_, str> {
    let path = lower_case(path);
    if path.contains(' ') { Cow::Owned(path.replace(' ', "-")) } else { path }
}

/// Most names are in lower case as they are.
fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { text } else { Cow::Owned(text.to_lowercase()) }
}

/// The path by which rules know a page or section: `/blog/p`.
pub fn path_of(folders: &[String], name: &str) -> String {
    let above = key(folders);
    let slash = if above.is_empty() { "" } else { "/" };
    format!("/{above}{slash}{}", named(name.into()))
}
