//! Sites built by Jekyll 4: configuration, collections, defaults and page rules of Jekyll 4.3.
//!
//! What Jekyll refuses to build is a Problem of its own file here, and the rest goes on.

mod address;
mod config;
mod defaults;
mod page;
mod tree;
mod when;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use crate::problem::Problem;
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};
use super::generator::{Layout, Opened, Reading};
use super::home;
use config::Config;
use tree::{Entry, Tree};

/// Keys that only Hexo's file of the same name has.
const HEXO: [&str; 5] = ["source_dir", "public_dir", "new_post_name", "post_asset_folder", "category_dir"];

/// Opens a folder that has Jekyll's configuration, or a folder of posts where Jekyll looks for it.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Opened> {
    let named = home::is_named(settings, "jekyll");
    let (value, main) = match config::load(folder) {
        Some(Ok((value, main))) => (value, Some(main)),
        Some(Err(problem)) => return Some(Err(vec![problem])),
        None if folder.has("_posts") || named => (json!({}), None),
        None => return None,
    };
    if !named && HEXO.iter().any(|key| value.get(*key).is_some()) {
        return None;
    }
    Some(laid_out(folder, settings, &value, main))
}

fn laid_out(folder: &Folder, settings: &Settings, value: &Value, main: Option<String>) -> Opened {
    let config = Config::new(folder, settings, value, main)?;
    if !config.source.is_empty() && !folder.has(&config.source) {
        // Not a site without posts: a checkout under way, or a folder that is not mounted. What was published stays.
        let what = format!("there is no folder `{}`, which `source` names", config.source);
        let path = config.sources.first().map_or("_config.yml", String::as_str);
        return Err(vec![Problem::error(path, None, what, "it must be inside the site's folder")]);
    }
    let tree = Tree::new(folder, &config);
    Ok(Box::new(Jekyll { config, tree }))
}

struct Jekyll {
    config: Config,
    tree: Tree,
}

impl Layout for Jekyll {
    fn site(&self) -> Site {
        self.config.site.clone()
    }

    fn watched(&self) -> Vec<String> {
        let mut watched = self.tree.folders.clone();
        watched.extend(["_posts", "_drafts"].map(|name| self.config.in_folder(name)));
        watched.extend(self.config.sources.iter().cloned());
        watched.sort();
        watched.dedup();
        watched
    }

    fn files(&self) -> Vec<&File> {
        self.tree.entries.iter().map(|entry| &entry.file).collect()
    }

    fn context(&self, _: usize, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.config.fingerprint.hash(&mut hasher);
        self.tree.entry(&file.path).map(tree::Entry::fingerprint).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, _: usize, file: &File, text: &str) -> Reading {
        let entry = self.tree.entry(&file.path).map(|entry| Entry { file: file.clone(), ..entry.clone() });
        entry.map(|entry| page::read(&self.config, &entry, text)).unwrap_or_default()
    }

    fn problems(&self) -> Vec<Problem> {
        self.config.problems.iter().chain(&self.tree.problems).cloned().collect()
    }
}
