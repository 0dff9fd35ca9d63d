//! Sections: what their `_index` files say, and what their pages' addresses have of it.

use std::hash::{DefaultHasher, Hash as _};
use std::sync::Arc;

use super::{Entry, Tree, key, named, path_of};
use crate::library::files::{File, Folder};
use crate::library::hugo::cascade::{Rule, rules};
use crate::library::hugo::config::{Config, NEW_TREE};
use crate::library::hugo::{page, sites};
use crate::post::permalink::{self, SectionName};
use crate::post::{front_matter, slug};
use crate::problem::Problem;

/// A folder with an `_index` file.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// What it hands down.
    pub cascade: Vec<Rule>,
    /// What it says itself, be it nothing.
    slug: Option<String>,
    /// The same.
    title: Option<String>,
    /// Not ready.
    draft: bool,
}

impl Tree {
    pub(super) fn section(
        &mut self,
        (folder, config): (&Folder, &Config),
        file: &File,
        mut languages: Vec<String>,
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
                section.slug = front_matter.values.get("slug").map(page::slug);
                section.title = front_matter.values.get("title").map(page::text);
                languages = config.chosen(sites::languages(&front_matter.values)).unwrap_or(languages);
                let keys = config.languages.iter().map(|language| language.key.as_str());
                if let Some(chosen) = sites::several(&section.cascade, &keys) {
                    let (what, hint) = sites::told_of_cascade(&chosen);
                    self.problems.push(Problem::warning(&file.path, front_matter.line_of("cascade"), what, hint));
                }
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
        (&languages, &path, &section.cascade, &section.slug, &section.title, section.draft).hash(hasher);
        for language in languages {
            // Of several mounts, the first one's.
            self.sections.entry(language).or_default().entry(path.clone()).or_insert_with(|| section.clone());
        }
    }

    /// The section with this path, in a language.
    pub fn section_at(&self, language: &str, parts: &[String]) -> Option<&Section> {
        self.sections.get(language)?.get(&key(parts))
    }

    /// The sections above what is in the folder `path`, the nearest first: where in it each ends. A top folder is a section
    /// by itself, a deeper one by its `_index` file. Hugo compares texts: `/a/b` is the section of `/a/bb`, which is none.
    fn ends(&self, config: &Config, language: &str, path: &str) -> Vec<usize> {
        let sections = self.sections.get(language);
        let top = path.find('/').unwrap_or(path.len());
        let by_text = config.version >= NEW_TREE;
        let (mut ends, mut rest) = (Vec::new(), path);
        while !rest.is_empty() {
            let is_part = |end: usize| rest[end..].is_empty() || rest[end..].starts_with('/');
            let is_section = |end: &usize| {
                *end == top
                    || rest.is_char_boundary(*end)
                        && (by_text || is_part(*end))
                        && sections
                            .is_some_and(|sections| sections.contains_key(named((&rest[..*end]).into()).as_ref()))
            };
            let Some(end) = (1..=rest.len()).rev().find(is_section) else { break };
            ends.push(end);
            rest = rest[..end].rsplit_once('/').map_or("", |(above, _)| above);
        }
        ends
    }

    /// The path of an entry's nearest section (a bundle at the top has none), and its folders, those that are sections by their slug.
    pub(super) fn stands(&self, config: &Config, entry: &Entry) -> (Arc<[String]>, Arc<[String]>) {
        let names = joined(config, &entry.folders);
        let ends = self.ends(config, &entry.language, &names);
        let sections = ends.first().map(|end| parts(&names[..*end])).unwrap_or_default().into();
        if config.version < NEW_TREE {
            return (sections, Arc::clone(&entry.folders));
        }
        let keeps_blanks = config.language(&entry.language).keep_case;
        let mut path = if keeps_blanks { entry.folders.join("/") } else { names.clone() };
        // From the last to the first, so that what is before stays where it is.
        for end in ends {
            let slug = self.said_of_section(config, &entry.language, &parts(&names[..end]), "slug");
            if let Some(slug) = slug.filter(|slug| !slug.is_empty()) {
                let start = names[..end].rfind('/').map_or(0, |slash| slash + 1);
                path.replace_range(start..end, &slug);
            }
        }
        (sections, parts(&path).into())
    }

    /// What the sections of an entry are called in addresses, from the top.
    pub fn section_names(&self, config: &Config, entry: &Entry) -> Vec<SectionName> {
        let path = joined(config, &entry.folders);
        let ends = self.ends(config, &entry.language, &path);
        ends.iter().rev().map(|end| self.section_name(config, &entry.language, &parts(&path[..*end]))).collect()
    }

    fn section_name(&self, config: &Config, language: &str, own: &[String]) -> SectionName {
        let said = |key| self.said_of_section(config, language, own, key);
        let by_folder = || {
            let folder = own.last().filter(|_| self.section_at(language, own).is_none());
            folder.map(|folder| slug::list_title(folder, config.plural_titles)).unwrap_or_default()
        };
        SectionName { slug: said("slug").unwrap_or_default(), title: said("title").unwrap_or_else(by_folder) }
    }

    /// The `slug` or `title` of a section: what its file says, else what is handed down to it.
    fn said_of_section(&self, config: &Config, language: &str, own: &[String], key: &str) -> Option<String> {
        let (name, above) = own.split_last()?;
        let section = self.section_at(language, own);
        let itself = section.and_then(|section| if key == "slug" { &section.slug } else { &section.title }.clone());
        itself.or_else(|| {
            // A section hands down to itself, too.
            let path = path_of(above, name);
            let rules = section.into_iter().flat_map(|section| &section.cascade);
            let rules = rules.filter(|rule| rule.takes(&path, language, "section"));
            let mut rules = rules.chain(self.rules(config, language, above, name, "section"));
            let value = rules.find_map(|rule| rule.values.get(key))?;
            Some(if key == "slug" { page::slug(value) } else { page::text(value) })
        })
    }

    /// The entry as it is in another language.
    pub fn moved(&self, config: &Config, entry: &Entry, language: String) -> Entry {
        let mut moved = Entry { language, ..entry.clone() };
        (moved.sections, moved.path) = self.stands(config, &moved);
        moved
    }

    /// Whether a section above is not ready, and keeps all below it from being published (before Hugo 0.123).
    pub fn below_draft(&self, config: &Config, entry: &Entry) -> bool {
        let draft =
            |depth| self.section_at(&entry.language, &entry.folders[..depth]).is_some_and(|section| section.draft);
        config.version < NEW_TREE && (1..=entry.folders.len()).any(draft)
    }
}

/// A path as Hugo has it, in the case in which it is written.
fn joined(config: &Config, folders: &[String]) -> String {
    let path = folders.join("/");
    if config.version < NEW_TREE { path } else { permalink::folder_name(&path) }
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(String::from).collect()
}
