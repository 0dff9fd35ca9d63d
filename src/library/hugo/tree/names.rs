//! What the name of a file in the tree says: page or not, which language, which notation.

use std::borrow::Cow;

use super::{Entry, Tree, lower_case};
use crate::library::hugo::config::{Config, NEW_TREE};
use crate::library::hugo::mounts::Mount;
use crate::problem::Problem;

/// A content file's name taken apart.
pub(super) struct Name {
    pub(super) stem: String,
    pub(super) language: String,
    /// The name says so.
    pub(super) own_language: bool,
    pub(super) html: bool,
    pub(super) markdown: bool,
}

impl Name {
    /// Whether it is called `index` or `_index`, in any case where this version of Hugo says so.
    pub(super) fn is(&self, config: &Config, stem: &str) -> bool {
        if config.version < NEW_TREE { self.stem == stem } else { self.stem.eq_ignore_ascii_case(stem) }
    }
}

/// Whether a folder on the way to a file is one that Hugo does not look into.
pub(super) fn is_hidden(below: &str) -> bool {
    let mut folders = below.rsplit('/').skip(1);
    folders.any(|folder| folder.starts_with(['.', '#']) || folder.ends_with('~'))
}

impl Entry {
    /// What `:filename` gives. A bundle is called by its folder, but only one that is written `index`.
    pub fn file_name(&self) -> &str {
        match self.index() {
            Some(index) if !index.starts_with("index.") => &index[..5],
            _ => &self.name,
        }
    }

    /// What `:contentbasename` gives: the same, unless the extension or the language has capitals.
    pub fn base_name(&self) -> &str {
        let file = self.file.path.rsplit('/').next().unwrap_or_default();
        let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let is_lower = |text: &str| !text.contains(char::is_uppercase);
        match self.index() {
            Some(index) if !index.starts_with("index.") || !is_lower(extension) => &index[..5],
            // A language in capitals is none here.
            None if stem.get(self.name.len()..).is_some_and(|language| !is_lower(language)) => stem,
            _ => &self.name,
        }
    }

    /// The name of a bundle's file.
    fn index(&self) -> Option<&str> {
        self.file
            .path
            .rsplit('/')
            .next()
            .filter(|name| self.bundle && name.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("index")))
    }
}

impl Tree {
    /// `None`: not a content file.
    pub(super) fn name(config: &Config, mount: &Mount, name: &str) -> Option<Name> {
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() || name.starts_with(['.', '#']) || name.ends_with(['~', '#']) {
            return None;
        }
        let extension =
            if config.version < NEW_TREE { Cow::Borrowed(extension) } else { lower_case(Cow::Borrowed(extension)) };
        let html = match extension.as_ref() {
            "md" | "markdown" | "mdown" => false,
            "html" | "htm" => true,
            _ => return None,
        };
        let markdown = extension == "md";
        let folded = |key: &str| if config.version < NEW_TREE { key.to_owned() } else { key.to_lowercase() };
        let known = |key: &str| config.languages.iter().any(|language| language.key == folded(key));
        Some(match stem.rsplit_once('.').filter(|(bare, _)| !bare.is_empty()) {
            Some((_, language)) if config.disabled.contains(&language.to_lowercase()) => return None,
            Some((bare, language)) if known(language) => {
                let language = language.to_lowercase();
                Name { stem: bare.to_owned(), language, own_language: true, html, markdown }
            }
            _ => {
                let language = mount.languages.first().cloned().unwrap_or_default();
                Name { stem: stem.to_owned(), language, own_language: false, html, markdown }
            }
        })
    }

    /// Names what is content to Hugo and is not read.
    pub(super) fn other_notation(&mut self, path: &str, name: &str, in_bundle: bool) {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
        if name.starts_with("_content.") && extension == "gotmpl" {
            let what = "makes pages by a template, which is not run";
            let hint = "pages that should be in the feeds need files of their own";
            self.problems.push(Problem::warning(path, None, what, hint));
        }
        if !in_bundle && matches!(extension.as_str(), "org" | "rst" | "adoc" | "asciidoc" | "ad" | "pandoc" | "pdc") {
            let what = format!("is written in `.{extension}`, which is not read");
            self.problems.push(Problem::warning(path, None, what, "make it Markdown to have it in the feeds"));
        }
    }
}
