//! Sites built by Docusaurus 3: its blogs, as a production build publishes them. The configuration is a program; it is
//! read and never run.

mod config;
mod name;
mod page;
mod tree;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::problem::Problem;
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};
use super::generator::{Layout, Opened, Reading};
use config::Config;
use tree::{Data, Entry};

/// Opens a folder that has a Docusaurus configuration.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Opened> {
    let endings = ["ts", "mts", "cts", "js", "mjs", "cjs"];
    let path = endings.map(|ending| format!("docusaurus.config.{ending}")).into_iter().find(|path| folder.has(path))?;
    Some(laid_out(folder, settings, &path))
}

fn laid_out(folder: &Folder, settings: &Settings, path: &str) -> Opened {
    let mut config = Config::read(folder, settings, path)?;
    let mut problems = std::mem::take(&mut config.problems);
    if !config.blogs.iter().any(|blog| folder.has(&blog.path)) {
        // Not a site without posts: a checkout under way, or a folder that is not mounted. What was published stays.
        let folders = config.blogs.iter().map(|blog| blog.path.as_str()).collect::<Vec<_>>().join(", ");
        let what = if folders.is_empty() {
            "names no blog: there is nothing to publish".to_owned()
        } else {
            format!("there is no folder of posts: {folders}")
        };
        let hint = "look at the blog plugin's `path`; it must be inside the site's folder";
        return Err(vec![Problem::error(path, None, what, hint)]);
    }
    let entries = tree::entries(folder, &config, &mut problems);
    let data = tree::data(folder, &config, &mut problems);
    let mut hasher = DefaultHasher::new();
    (config.fingerprint, &data).hash(&mut hasher);
    Ok(Box::new(Docusaurus { config, entries, data, problems, context: hasher.finish() }))
}

struct Docusaurus {
    config: Config,
    /// By path.
    entries: BTreeMap<String, Entry>,
    /// Authors and tags of each blog in each language.
    data: Data,
    problems: Vec<Problem>,
    /// Of the configuration and the data files.
    context: u64,
}

impl Layout for Docusaurus {
    fn site(&self) -> Site {
        self.config.site.clone()
    }

    fn watched(&self) -> Vec<String> {
        let blogs = self.config.blogs.iter();
        let mut watched: Vec<String> = blogs.flat_map(|blog| blog.folders(&self.config)).collect();
        watched.push(self.config.main.clone());
        watched.sort();
        watched.dedup();
        watched
    }

    fn files(&self) -> Vec<&File> {
        self.entries.values().map(|entry| &entry.file).collect()
    }

    fn context(&self, _: usize, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.context.hash(&mut hasher);
        self.entries.get(&file.path).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, _: usize, file: &File, text: &str) -> Reading {
        match self.entries.get(&file.path) {
            Some(entry) => page::read(&self.config, &self.data, entry, text),
            None => Reading::default(),
        }
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }
}
