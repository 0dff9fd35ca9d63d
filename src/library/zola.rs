//! Sites built by Zola: configuration, sections and page rules of Zola 0.22.
//!
//! What Zola refuses to build is a Problem of its own file here, and the rest goes on.

mod config;
mod date;
mod page;
mod tree;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::problem::Problem;
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};
use super::generator::{Layout, Opened, Reading};
use config::Config;
use tree::Tree;

/// Where Zola looks for pages.
const CONTENT: &str = "content";

/// Opens a folder that has a Zola configuration.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Opened> {
    let config = Config::find(folder, settings)?;
    Some(config.and_then(|config| laid_out(folder, config)))
}

fn laid_out(folder: &Folder, config: Config) -> Opened {
    if !folder.has(CONTENT) {
        // Not a site without posts: a checkout under way, or a folder that is not mounted. What was published stays.
        let hint = "Zola's pages are in `content` beside its configuration";
        return Err(vec![Problem::error(&config.path, None, "there is no content folder", hint)]);
    }
    let tree = Tree::new(folder, &config);
    Ok(Box::new(Zola { config, tree }))
}

struct Zola {
    config: Config,
    tree: Tree,
}

impl Layout for Zola {
    fn site(&self) -> Site {
        Site { main_sections: self.tree.main_sections.clone(), ..self.config.site.clone() }
    }

    fn watched(&self) -> Vec<String> {
        vec![CONTENT.into(), self.config.path.clone()]
    }

    fn files(&self) -> Vec<&File> {
        self.tree.pages.iter().map(|entry| &entry.file).collect()
    }

    fn context(&self, _: usize, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.config.fingerprint, self.tree.fingerprint).hash(&mut hasher);
        self.tree.entry(&file.path).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, _: usize, file: &File, text: &str) -> Reading {
        match self.tree.entry(&file.path) {
            Some(entry) => page::read(&self.config, &self.tree, entry, text),
            None => Reading::default(),
        }
    }

    fn problems(&self) -> Vec<Problem> {
        self.tree.problems.clone()
    }
}
