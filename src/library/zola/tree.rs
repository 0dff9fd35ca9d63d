//! Zola's content folder: which files are pages, in which language, and what their sections say.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::library::files::{File, Folder};
use crate::library::glob::{self, Style};
use crate::problem::Problem;

use super::CONTENT;
use super::config::Config;
use super::page;

/// A file that may be a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The file.
    pub file: File,
    /// Key of its language.
    pub language: String,
    /// Folders below `content`, without a bundle's own.
    pub folders: Vec<String>,
    /// Without language and extension.
    pub name: String,
    /// What its address is made of: the name, or the folder's of an `index.md`.
    pub slug: String,
    /// A section above it is a draft.
    pub draft: bool,
    /// How the sections that list it are sorted; none where no section does.
    pub sorted_by: Vec<String>,
}

impl Entry {
    /// `content/index.md`, in any language: the site's home, which is a section's.
    pub fn is_at_root(&self) -> bool {
        self.name == "index" && self.file.path.matches('/').count() == 1
    }
}

/// What a section says of its pages.
#[derive(Debug, Default)]
struct Section {
    sort_by: String,
    transparent: bool,
}

/// All of a site's content.
#[derive(Debug, Default)]
pub struct Tree {
    /// Ordered by path.
    pub pages: Vec<Entry>,
    /// First folders of the sections that are sorted by date or have a feed: `blog`, or nothing for the root.
    pub main_sections: Vec<String>,
    /// By language and folder: `blog/2020`.
    sections: HashMap<(String, String), Section>,
    /// Addresses of sections: `fr/blog`.
    addresses: HashSet<String>,
    /// What was found on the way.
    pub problems: Vec<Problem>,
    by_path: HashMap<String, usize>,
    /// Changes with the sections.
    pub fingerprint: u64,
}

impl Tree {
    /// Walks the content folder.
    pub fn new(folder: &Folder, config: &Config) -> Self {
        let mut tree = Self::default();
        let files = folder.walk(CONTENT, &mut tree.problems);
        let mut drafts = Vec::new();
        let mut main = BTreeSet::new();
        for file in &files {
            let below = below(&file.path);
            let (folders, name) = below.rsplit_once('/').unwrap_or(("", below));
            if let Some(language) = section_language(config, name) {
                tree.section(folder, config, file, folders, language, &mut drafts, &mut main);
            }
        }
        tree.main_sections = main.into_iter().collect();
        for file in files {
            if let Some(entry) = tree.page(config, file, &drafts) {
                tree.pages.push(entry);
            }
        }
        if tree.pages.is_empty() {
            let hint = "Zola takes files that end in `.md`";
            tree.problems.push(Problem::warning(CONTENT, None, "there are no Markdown files", hint));
        }
        let mut addresses: Vec<&String> = tree.addresses.iter().collect();
        addresses.sort();
        let mut hasher = DefaultHasher::new();
        addresses.hash(&mut hasher);
        tree.fingerprint = hasher.finish();
        tree.by_path = tree.pages.iter().enumerate().map(|(at, entry)| (entry.file.path.clone(), at)).collect();
        tree
    }

    /// The page at a path.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.by_path.get(path).map(|at| &self.pages[*at])
    }

    /// Whether a section has this address below the site's, without slashes at its ends.
    pub fn has_section(&self, path: &str) -> bool {
        self.addresses.contains(path)
    }

    #[expect(clippy::too_many_arguments, reason = "one step of `new`, told apart for reading")]
    fn section(
        &mut self,
        folder: &Folder,
        config: &Config,
        file: &File,
        folders: &str,
        language: &str,
        drafts: &mut Vec<String>,
        main: &mut BTreeSet<String>,
    ) {
        let header = folder.read(&file.path).and_then(|text| page::cut(&text, &file.path).map(|cut| cut.front_matter));
        let header = match header {
            Ok(header) => header,
            Err(problem) => {
                self.problems.push(problem);
                return;
            }
        };
        let prefix = if language == config.language { "" } else { language };
        self.addresses.insert([prefix, folders].join("/").trim_matches('/').to_owned());
        let is = |key: &str| header.values.get(key) == Some(&Value::Bool(true));
        if is("draft") {
            drafts.push(folders.to_owned());
        }
        let sort_by = header.values.get("sort_by").and_then(Value::as_str).unwrap_or_default();
        let section = Section { sort_by: sort_by.to_owned(), transparent: is("transparent") };
        self.sections.insert((language.to_owned(), folders.to_owned()), section);
        if is("generate_feeds") || matches!(sort_by, "date" | "update_date") {
            main.insert(folders.split('/').next().unwrap_or_default().to_owned());
        }
    }

    fn page(&mut self, config: &Config, file: File, drafts: &[String]) -> Option<Entry> {
        let below = below(&file.path);
        let (folders, file_name) = below.rsplit_once('/').unwrap_or(("", below));
        let stem = file_name.strip_suffix(".md").filter(|_| !file_name.starts_with("_index."))?;
        // Zola matches the whole path on the machine, which is another one on each; this stands for all of them.
        let whole = format!("/site/{}", file.path);
        if config.ignored.iter().any(|pattern| glob::matches(pattern, &whole, Style::Whole)) {
            return None;
        }
        let draft = drafts.iter().any(|above| {
            above.is_empty() || folders.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let mut folders: Vec<String> =
            folders.split('/').filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect();
        let parent = folders.last().cloned();
        if stem.split('.').next() == Some("index") && parent.is_some() {
            folders.pop();
        }
        let (name, language) = match stem.split_once('.') {
            Some((_, code)) if config.others.is_empty() || code == config.language => (stem, config.language.as_str()),
            Some((name, code)) if config.others.iter().any(|other| other == code) => (name, code),
            Some((_, code)) => {
                let what = format!("`{code}` in its name is none of the site's languages");
                let hint = "rename it, or add the language to Zola's configuration: Zola refuses the page";
                self.problems.push(Problem::error(&file.path, None, what, hint));
                return None;
            }
            None => (stem, config.language.as_str()),
        };
        let slug = if name == "index" { parent.unwrap_or_else(|| CONTENT.into()) } else { name.to_owned() };
        let sorted_by = self.sorted_by(language, &folders);
        let (name, language) = (name.to_owned(), language.to_owned());
        Some(Entry { file, language, folders, name, slug, draft, sorted_by })
    }

    /// The section of a folder lists its pages, and the one above it, too, where it is transparent.
    fn sorted_by(&self, language: &str, folders: &[String]) -> Vec<String> {
        let mut sorted_by = Vec::new();
        for depth in (0..=folders.len()).rev() {
            let section = self.sections.get(&(language.to_owned(), folders[..depth].join("/")));
            sorted_by.extend(section.map(|section| section.sort_by.clone()));
            if !section.is_some_and(|section| section.transparent) {
                break;
            }
        }
        sorted_by
    }
}

/// The language of a section's file, `_index.md` or `_index.fr.md`; `None` for any other file.
fn section_language<'c>(config: &'c Config, name: &str) -> Option<&'c str> {
    let code = name.strip_prefix("_index.")?;
    if code == "md" {
        return Some(&config.language);
    }
    config.others.iter().find(|other| code.strip_suffix(".md") == Some(other)).map(String::as_str)
}

/// A file's path below the content folder, which may be a link to another.
fn below(path: &str) -> &str {
    path.strip_prefix(CONTENT).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
}
