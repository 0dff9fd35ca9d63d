//! Hugo's content tree: which files are pages, which are sections, which belong to a bundle, and where each stands.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::library::files::{File, Folder};
use crate::post::front_matter;
use crate::problem::Problem;

use super::cascade::{Rule, rules};
use super::config::{Config, Mount};

/// A file that may be a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The file.
    pub file: File,
    /// Key of its language.
    pub language: String,
    /// Below the content root, without a bundle's own.
    pub folders: Vec<String>,
    /// Without language and extension; a bundle's folder.
    pub name: String,
    /// `index.md` with its resources beside it.
    pub bundle: bool,
    /// Already HTML.
    pub html: bool,
    /// Path of the nearest section.
    pub sections: Vec<String>,
}

/// A folder with an `_index` file.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// What it hands down.
    pub cascade: Vec<Rule>,
    /// For `:sectionslugs`.
    pub slug_or_title: String,
}

/// All of a site's content.
#[derive(Debug, Default)]
pub struct Tree {
    /// Ordered by path.
    pub pages: Vec<Entry>,
    /// By language and path: `blog/2021`.
    sections: HashMap<(String, String), Section>,
    /// What was found on the way.
    pub problems: Vec<Problem>,
    /// Changes with anything that sections say.
    pub fingerprint: u64,
    by_path: HashMap<String, usize>,
}

/// A content file's name taken apart.
struct Name {
    stem: String,
    language: String,
    html: bool,
}

impl Tree {
    /// Walks every mount.
    pub fn new(folder: &Folder, config: &Config) -> Self {
        let mut tree = Self::default();
        let mut hasher = DefaultHasher::new();
        for mount in &config.mounts {
            if !folder.has(&mount.source) {
                // A language may have no content yet; a site without any is told below.
                continue;
            }
            let mut files = folder.walk(&mount.source, &mut tree.problems);
            // A folder that is mounted by itself belongs to its own mount.
            let inner = config.mounts.iter().filter(|other| other.source.len() > mount.source.len());
            let inner: Vec<String> = inner.map(|other| format!("{}/", other.source)).collect();
            files.retain(|file| !inner.iter().any(|inner| file.path.starts_with(inner)));
            tree.add(folder, config, mount, files, &mut hasher);
        }
        tree.pages.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        tree.pages.dedup_by(|a, b| a.file.path == b.file.path);
        if tree.pages.is_empty() {
            let sources: Vec<&str> = config.mounts.iter().map(|mount| mount.source.as_str()).collect();
            let what = format!("there are no Markdown files in {}", sources.join(", "));
            let hint = "look at `contentDir` in the generator's configuration";
            tree.problems.push(Problem::warning(sources.first().unwrap_or(&"content"), None, what, hint));
        }
        for at in 0..tree.pages.len() {
            tree.pages[at].sections = tree.nearest_section(&tree.pages[at]);
        }
        tree.by_path = tree.pages.iter().enumerate().map(|(at, entry)| (entry.file.path.clone(), at)).collect();
        tree.fingerprint = hasher.finish();
        tree
    }

    fn add(&mut self, folder: &Folder, config: &Config, mount: &Mount, files: Vec<File>, hasher: &mut DefaultHasher) {
        let prefix = if mount.source.is_empty() { 0 } else { mount.source.len() + 1 };
        let split = |file: &File| {
            let below = file.path.get(prefix..).unwrap_or_default();
            let (folders, name) = below.rsplit_once('/').unwrap_or(("", below));
            (folders.to_owned(), name.to_owned())
        };
        let mut bundles = HashSet::new();
        for file in &files {
            let (folders, name) = split(file);
            if !folders.is_empty() && Self::name(config, mount, &name).is_some_and(|name| is(&name, "index")) {
                bundles.insert(folders);
            }
        }
        let mut taken: BTreeMap<(String, String, String), String> = BTreeMap::new();
        for file in files {
            let (folders, file_name) = split(&file);
            let inside = ancestors(&folders).any(|above| bundles.contains(above));
            let in_bundle = inside || bundles.contains(&folders);
            let Some(name) = Self::name(config, mount, &file_name) else {
                self.other_notation(&file.path, &file_name, in_bundle);
                continue;
            };
            if inside || in_bundle && !is(&name, "index") || folders.is_empty() && is(&name, "index") {
                continue;
            }
            let mut parts = mount.target.clone();
            parts.extend(folders.split('/').filter(|part| !part.is_empty()).map(String::from));
            if is(&name, "_index") {
                self.section(folder, &file, name.language, &parts, hasher);
                continue;
            }
            if name.html && !config.html_pages {
                let hint = "Hugo builds it only with `security.allowContent`; or make it Markdown";
                self.problems.push(Problem::warning(&file.path, None, "is an HTML page, which Hugo refuses", hint));
                continue;
            }
            let bundle = is(&name, "index");
            let (parts, stem) = if bundle {
                let own = parts.pop().unwrap_or_default();
                (parts, own)
            } else {
                (parts, name.stem)
            };
            let place = (name.language.clone(), parts.join("/").to_lowercase(), stem.to_lowercase());
            if let Some(other) = taken.insert(place, file.path.clone()) {
                let what = format!("has the same name as {other}; Hugo publishes one of them");
                self.problems.push(Problem::warning(&file.path, None, what, "rename one of them"));
            }
            self.pages.push(Entry {
                file,
                language: name.language,
                folders: parts,
                name: stem,
                bundle,
                html: name.html,
                sections: Vec::new(),
            });
        }
    }

    /// `None`: not a content file.
    fn name(config: &Config, mount: &Mount, name: &str) -> Option<Name> {
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() || name.starts_with(['.', '#']) || name.ends_with(['~', '#']) {
            return None;
        }
        let html = match extension.to_lowercase().as_str() {
            "md" | "markdown" | "mdown" => false,
            "html" | "htm" => true,
            _ => return None,
        };
        let known = |key: &str| config.languages.iter().any(|language| language.key == key.to_lowercase());
        Some(match stem.rsplit_once('.') {
            Some((bare, language)) if known(language) && !bare.is_empty() => {
                Name { stem: bare.to_owned(), language: language.to_lowercase(), html }
            }
            _ => Name { stem: stem.to_owned(), language: mount.language.clone(), html },
        })
    }

    fn other_notation(&mut self, path: &str, name: &str, in_bundle: bool) {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
        if !in_bundle && matches!(extension.as_str(), "org" | "rst" | "adoc" | "asciidoc" | "ad" | "pandoc" | "pdc") {
            let what = format!("is written in `.{extension}`, which is not read");
            self.problems.push(Problem::warning(path, None, what, "make it Markdown to have it in the feeds"));
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
                section.slug_or_title = front_matter.text(&["slug", "title"]).unwrap_or_default();
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
        let path = parts.join("/");
        (&language, &path, &section.cascade, &section.slug_or_title).hash(hasher);
        self.sections.insert((language, path), section);
    }

    /// The entry of a file.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.by_path.get(path).map(|at| &self.pages[*at])
    }

    /// The section with this path, in a language.
    pub fn section_at(&self, language: &str, parts: &[String]) -> Option<&Section> {
        self.sections.get(&(language.to_owned(), parts.join("/")))
    }

    /// A top folder is a section by itself, a deeper one by its `_index` file.
    fn nearest_section(&self, entry: &Entry) -> Vec<String> {
        // A bundle at the top is a folder of its own.
        if entry.folders.is_empty() {
            return if entry.bundle { vec![entry.name.clone()] } else { Vec::new() };
        }
        let depth = (2..=entry.folders.len())
            .rev()
            .find(|depth| self.section_at(&entry.language, &entry.folders[..*depth]).is_some());
        entry.folders[..depth.unwrap_or(1)].to_vec()
    }

    /// What is handed down to an entry, the nearest first.
    pub fn handed_down<'t>(&'t self, config: &'t Config, entry: &'t Entry) -> impl Iterator<Item = &'t Rule> {
        let path =
            format!("/{}", [&entry.folders[..], std::slice::from_ref(&entry.name)].concat().join("/")).to_lowercase();
        let above = (0..=entry.folders.len())
            .rev()
            .filter_map(|depth| self.section_at(&entry.language, &entry.folders[..depth]));
        let rules = above.flat_map(|section| &section.cascade).chain(&config.cascade);
        rules.filter(move |rule| rule.takes(&path.replace(' ', "-"), &entry.language))
    }
}

fn is(name: &Name, stem: &str) -> bool {
    name.stem.eq_ignore_ascii_case(stem)
}

/// Every folder above `folders`, without the root.
fn ancestors(folders: &str) -> impl Iterator<Item = &str> {
    folders.match_indices('/').map(|(at, _)| &folders[..at])
}
