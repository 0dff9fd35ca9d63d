//! Hugo's content tree: which files are pages, which are sections, which belong to a bundle, and where each stands.

mod names;
mod twins;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::library::files::{File, Folder};
use crate::post::front_matter::{self, text_of};
use crate::problem::Problem;

use super::cascade::{Rule, rules};
use super::config::{Config, NEW_TREE};
use super::mounts::Mount;
use super::page;
use names::Name;
use twins::Taken;

/// A section's slug is part of its pages' addresses from here on.
const SECTION_SLUGS: (u32, u32) = (0, 123);

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

/// A folder with an `_index` file.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// What it hands down.
    pub cascade: Vec<Rule>,
    /// Its own; may be empty.
    slug: String,
    /// For `:sectionslugs`.
    pub slug_or_title: String,
    /// Not ready.
    draft: bool,
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
        for (number, mount) in config.mounts.iter().enumerate() {
            if !folder.has(&mount.source) {
                // A language may have no content yet; a site without any is told below.
                continue;
            }
            let mut files = folder.walk(&mount.source, &mut tree.problems);
            // A folder that is mounted by itself belongs to its own mount.
            let inner = config.mounts.iter().filter(|other| other.source.len() > mount.source.len());
            let inner: Vec<String> = inner.map(|other| format!("{}/", other.source)).collect();
            let below = |path: &str| path.get(below(mount)..).unwrap_or_default().to_owned();
            files.retain(|file| {
                !inner.iter().any(|inner| file.path.starts_with(inner))
                    && mount.takes(&below(&file.path))
                    && !is_ignored(folder, config, mount, &file.path)
            });
            tree.add(folder, config, (number, mount), files, &mut hasher);
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
            let beside = before.last().filter(|other| Arc::ptr_eq(&other.folders, &page.folders));
            let (sections, path) = match beside.filter(|other| other.language == page.language) {
                Some(other) => (Arc::clone(&other.sections), Arc::clone(&other.path)),
                None => (tree.nearest_section(page).into(), tree.path(config, page)),
            };
            (tree.pages[at].sections, tree.pages[at].path) = (sections, path);
        }
        tree.fingerprint = hasher.finish();
        tree
    }

    fn add(
        &mut self,
        folder: &Folder,
        config: &Config,
        (number, mount): (usize, &Mount),
        files: Vec<File>,
        hasher: &mut DefaultHasher,
    ) {
        let is = |name: &Name, stem: &str| {
            if config.version < NEW_TREE { name.stem == stem } else { name.stem.eq_ignore_ascii_case(stem) }
        };
        self.pages.reserve(files.len());
        self.taken.reserve(files.len());
        let mut bundles = HashSet::new();
        for file in &files {
            let (folders, name) = split(mount, &file.path);
            let may_be = name.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("index"));
            if may_be && Self::name(config, mount, name).is_some_and(|name| is(&name, "index")) {
                bundles.insert(folders.to_owned());
            }
        }
        // Below the content root `index.md` is the home page, and everything else belongs to it.
        let home_is_bundle = mount.target.is_empty() && bundles.contains("");
        // The folder of the file before, its parts, and how Hugo names it: most files lie beside each other.
        let mut last: (String, Arc<[String]>, String) = (String::new(), Arc::default(), String::new());
        for file in files {
            let (folders, file_name) = split(mount, &file.path);
            let inside = home_is_bundle || ancestors(folders).any(|above| bundles.contains(above));
            let in_bundle = inside || bundles.contains(folders);
            let Some(name) = Self::name(config, mount, file_name) else {
                self.other_notation(&file.path, file_name, in_bundle);
                continue;
            };
            let bundle = is(&name, "index");
            if inside || in_bundle && !bundle {
                continue;
            }
            if last.0 != folders || last.1.is_empty() || file.path == mount.source {
                let mut parts = mount.target.clone();
                if file.path == mount.source {
                    parts.pop();
                }
                parts.extend(folders.split('/').filter(|part| !part.is_empty()).map(String::from));
                last = (folders.to_owned(), parts.as_slice().into(), key(&parts));
            }
            let parts = Arc::clone(&last.1);
            if is(&name, "_index") {
                self.section(folder, &file, name.language, &parts, hasher);
                continue;
            }
            if name.html && !config.html_pages {
                let hint = "Hugo builds it only with `security.allowContent`; or make it Markdown";
                self.problems.push(Problem::warning(&file.path, None, "is an HTML page, which Hugo refuses", hint));
                continue;
            }
            let rank = (bundle, name.own_language, name.markdown);
            let (parts, stem, above) = match parts.split_last().filter(|_| bundle) {
                Some((own, above)) => (above.into(), own.clone(), Cow::Owned(key(above))),
                None if bundle => (parts, String::new(), Cow::Borrowed(last.2.as_str())),
                None => (parts, name.stem, Cow::Borrowed(last.2.as_str())),
            };
            let place = (name.language.clone(), [above.as_ref(), "/", &named(stem.as_str().into())].concat());
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

    fn section(
        &mut self,
        folder: &Folder,
        file: &File,
        language: String,
        parts: &[String],
        hasher: &mut DefaultHasher,
    ) {
        let text = match folder.read(&file.path) {
            Ok(text) => text,
            Err(problem) => return self.problems.push(problem),
        };
        let mut section = Section::default();
        match front_matter::split(&text) {
            Ok(page) => {
                let front_matter = page.front_matter;
                section.cascade = front_matter.get(&["cascade"]).map(rules).unwrap_or_default();
                section.slug = front_matter.text(&["slug"]).unwrap_or_default();
                section.slug_or_title = front_matter.text(&["slug", "title"]).unwrap_or_default();
                section.draft = front_matter.get(&["draft"]).is_some_and(page::truth);
            }
            Err(fault) => {
                let what = format!("the section's front matter cannot be read: {}", fault.what);
                self.problems.push(Problem::error(
                    &file.path,
                    fault.line,
                    what,
                    "mend it; its pages are read without it",
                ));
            }
        }
        let path = key(parts);
        (&language, &path, &section.cascade, &section.slug, &section.slug_or_title, section.draft).hash(hasher);
        // Of several mounts, the first one's.
        self.sections.entry(language).or_default().entry(path).or_insert(section);
    }

    /// The entry of a file, which is number `at` unless somebody has counted wrong.
    pub fn entry(&self, at: usize, path: &str) -> Option<&Entry> {
        if let Some(entry) = self.pages.get(at).filter(|entry| entry.file.path == path) {
            return Some(entry);
        }
        let at = self.pages.binary_search_by(|entry| entry.file.path.as_str().cmp(path)).ok()?;
        Some(&self.pages[at])
    }

    /// The section with this path, in a language.
    pub fn section_at(&self, language: &str, parts: &[String]) -> Option<&Section> {
        self.sections.get(language)?.get(&key(parts))
    }

    /// A top folder is a section by itself, a deeper one by its `_index` file. A bundle at the top has none.
    fn nearest_section(&self, entry: &Entry) -> Vec<String> {
        let depth = (2..=entry.folders.len())
            .rev()
            .find(|depth| self.section_at(&entry.language, &entry.folders[..*depth]).is_some());
        entry.folders[..depth.unwrap_or(1).min(entry.folders.len())].to_vec()
    }

    /// The folders of an entry, those that are sections by their slug.
    fn path(&self, config: &Config, entry: &Entry) -> Arc<[String]> {
        if config.version < SECTION_SLUGS {
            return Arc::clone(&entry.folders);
        }
        let part = |depth: usize| {
            let own = &entry.folders[..depth];
            let section = self.section_at(&entry.language, own);
            let slug = section.map(|section| section.slug.clone()).filter(|slug| !slug.is_empty());
            let is_section = depth == 1 || section.is_some();
            let handed = || {
                // A section hands down to itself, too.
                let path = format!("/{}", key(own));
                let itself = section.into_iter().flat_map(|section| &section.cascade);
                let itself = itself.filter(|rule| rule.takes(&path, &entry.language, "section"));
                let mut rules =
                    itself.chain(self.rules(config, &entry.language, &own[..depth - 1], &own[depth - 1], "section"));
                text_of(rules.find_map(|rule| rule.values.get("slug"))?)
            };
            slug.or_else(|| is_section.then(handed)?).unwrap_or_else(|| own[depth - 1].clone())
        };
        (1..=entry.folders.len()).map(part).collect()
    }

    /// Whether a section above is not ready, and keeps all below it from being published (before Hugo 0.123).
    pub fn below_draft(&self, config: &Config, entry: &Entry) -> bool {
        let draft =
            |depth| self.section_at(&entry.language, &entry.folders[..depth]).is_some_and(|section| section.draft);
        config.version < NEW_TREE && (1..=entry.folders.len()).any(draft)
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

/// Bytes of a file's path that the mount itself takes.
fn below(mount: &Mount) -> usize {
    if mount.source.is_empty() { 0 } else { mount.source.len() + 1 }
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

/// The folders and the name of a file below its mount; it may be mounted by itself, under another name.
fn split<'p>(mount: &'p Mount, path: &'p str) -> (&'p str, &'p str) {
    let below = if path == mount.source {
        mount.target.last().map_or("", String::as_str)
    } else {
        path.get(below(mount)..).unwrap_or_default()
    };
    below.rsplit_once('/').unwrap_or(("", below))
}

/// Every folder above `folders`, without the root.
fn ancestors(folders: &str) -> impl Iterator<Item = &str> {
    folders.match_indices('/').map(|(at, _)| &folders[..at])
}
