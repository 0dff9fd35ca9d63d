//! Sites built by Hugo: configuration, content tree and page rules of Hugo 0.168.
//!
//! What Hugo refuses to build is a Problem of its own file here, and the rest goes on.

mod addresses;
mod cascade;
mod config;
mod dates;
mod load;
mod mounts;
mod outputs;
mod page;
mod sites;
mod themes;
mod told;
mod tree;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::problem::Problem;
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};
use super::generator::{Layout, Reading};
use config::Config;
use tree::{Entry, Tree};

/// Opens a folder that has a Hugo configuration.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Result<Box<dyn Layout>, Vec<Problem>>> {
    let loaded = load::load(folder)?;
    Some(loaded.map_err(|problem| vec![problem]).and_then(|files| laid_out(folder, settings, files)))
}

fn laid_out(folder: &Folder, settings: &Settings, files: load::Loaded) -> Result<Box<dyn Layout>, Vec<Problem>> {
    let config = Config::new(settings, files)?;
    if !config.mounts.iter().any(|mount| folder.has(&mount.source)) {
        // Not a site without posts: a checkout under way, or a folder that is not mounted. What was published stays.
        let sources = config.mounts.iter().map(|mount| mount.source.as_str()).collect::<Vec<_>>().join(", ");
        let what = format!("there is no content folder: {sources}");
        let hint = "look at `contentDir`; it must be inside the site's folder";
        return Err(vec![Problem::error(&config.main, None, what, hint)]);
    }
    let tree = Tree::new(folder, &config);
    let mut hasher = DefaultHasher::new();
    config.fingerprint.hash(&mut hasher);
    tree.fingerprint.hash(&mut hasher);
    Ok(Box::new(Hugo { context: hasher.finish(), config, tree }))
}

struct Hugo {
    config: Config,
    tree: Tree,
    /// Of the configuration and of all sections.
    context: u64,
}

impl Layout for Hugo {
    fn site(&self) -> Site {
        self.config.site.clone()
    }

    fn watched(&self) -> Vec<String> {
        let mut watched: Vec<String> = self.config.mounts.iter().map(|mount| mount.source.clone()).collect();
        watched.extend(self.config.sources.iter().cloned());
        watched.sort();
        watched.dedup();
        watched
    }

    fn files(&self) -> Vec<&File> {
        self.tree.pages.iter().map(|entry| &entry.file).collect()
    }

    fn context(&self, at: usize, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.context.hash(&mut hasher);
        self.tree.entry(at, &file.path).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, at: usize, file: &File, text: &str) -> Reading {
        match self.tree.entry(at, &file.path) {
            Some(entry) if entry.file == *file => page::read(&self.config, &self.tree, entry, text),
            Some(entry) => page::read(&self.config, &self.tree, &Entry { file: file.clone(), ..entry.clone() }, text),
            None => Reading::default(),
        }
    }

    fn problems(&self) -> Vec<Problem> {
        self.config.problems.iter().chain(&self.tree.problems).cloned().collect()
    }
}

/// The value at a path of lower-case keys.
fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(*key)).filter(|value| !value.is_null())
}
