//! What the name of a file in the tree says: page or not, which language, which notation.

use std::borrow::Cow;

use super::{Tree, lower_case};
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
                let language = mount.language.clone();
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
