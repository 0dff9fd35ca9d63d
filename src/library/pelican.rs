//! Sites built by Pelican 4: settings, metadata lines and page rules of Pelican 4.12.
//!
//! The settings are Python; they are read, never run. What Pelican leaves out is a Problem of its own file here.

mod article;
mod python;
mod rst;
mod settings;
mod slug;
mod when;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::problem::Problem;
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};
use super::generator::{Layout, Opened, Reading};
use super::glob::{self, Style};
use settings::{FILES, Pelican};

/// Opens a folder that has Pelican's settings.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Opened> {
    FILES.iter().any(|path| folder.has(path)).then(|| laid_out(folder, settings))
}

fn laid_out(folder: &Folder, settings: &Settings) -> Opened {
    let site = Pelican::new(folder, settings)?;
    if !site.content.is_empty() && !folder.has(&site.content) {
        // Not a site without posts: a checkout under way, or a folder that is not mounted. What was published stays.
        let what = format!("there is no folder `{}`, which `PATH` names", site.content);
        return Err(vec![Problem::error(FILES[0], None, what, "it must be inside the site's folder")]);
    }
    let mut problems = Vec::new();
    let entries = entries(folder, &site, &mut problems);
    Ok(Box::new(Laid { site, entries, problems }))
}

/// A file that may be an article or a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    file: File,
    /// Relative to the content.
    path: String,
    is_article: bool,
    is_page: bool,
}

fn entries(folder: &Folder, site: &Pelican, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let below = |path: &str| match site.content.as_str() {
        "" => path.to_owned(),
        content => path.strip_prefix(content).map(|rest| rest.trim_start_matches('/').to_owned()).unwrap_or_default(),
    };
    let is_in = |path: &str, folder: &str| {
        let rest = path.strip_prefix(folder);
        folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // An excluded folder counts below the one that is looked through.
    let found = |path: &str, roots: &[String], excludes: &[String]| {
        let past =
            |root: &str| excludes.iter().any(|folder| folder != root && is_in(folder, root) && is_in(path, folder));
        roots.iter().any(|root| is_in(path, root) && !past(root))
    };
    let mut entries = Vec::new();
    let past = |path: &str| matches!(path, "output" | "node_modules" | "venv" | "__pycache__");
    for file in folder.walk_past(&site.content, &past, problems) {
        let path = below(&file.path);
        let name = path.rsplit('/').next().unwrap_or(&path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if path.split('/').any(|part| site.ignored.iter().any(|ignored| glob::matches(ignored, part, Style::Whole))) {
            continue;
        }
        let is_article = found(&path, &site.articles, &site.excludes[0]);
        let is_page = found(&path, &site.pages, &site.excludes[1]);
        if !is_article && !is_page {
            continue;
        }
        match extension {
            "md" | "markdown" | "mkd" | "mdown" | "rst" => entries.push(Entry { file, path, is_article, is_page }),
            _ => {}
        }
    }
    entries
}

struct Laid {
    site: Pelican,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl Laid {
    fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.file.path.as_str().cmp(path)).ok().map(|at| &self.entries[at])
    }
}

impl Layout for Laid {
    fn site(&self) -> Site {
        self.site.site.clone()
    }

    fn watched(&self) -> Vec<String> {
        let folder = Some(&self.site.content).filter(|content| !content.is_empty());
        let mut watched: Vec<String> = folder.into_iter().chain(&self.site.sources).cloned().collect();
        if folder.is_none() {
            let tops = self.entries.iter().filter_map(|entry| entry.path.split_once('/'));
            watched.extend(tops.map(|(top, _)| top.to_owned()));
        }
        watched.sort();
        watched.dedup();
        watched
    }

    fn files(&self) -> Vec<&File> {
        self.entries.iter().map(|entry| &entry.file).collect()
    }

    fn context(&self, _: usize, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.site.fingerprint.hash(&mut hasher);
        self.entry(&file.path).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, _: usize, file: &File, text: &str) -> Reading {
        self.entry(&file.path).map(|entry| article::read(&self.site, entry, text)).unwrap_or_default()
    }

    fn problems(&self) -> Vec<Problem> {
        self.site.problems.iter().chain(&self.problems).cloned().collect()
    }
}
