//! Sites built by Eleventy 3: its Markdown files with the data cascade. Configuration and data that are programs are
//! read and never run.

mod config;
mod data;
mod page;
mod slug;
mod template;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::post::links;
use crate::problem::Problem;
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};
use super::generator::{Layout, Opened, Reading};
use super::glob::{Style, matches};
use config::Config;
use data::Data;

/// Opens a folder that has an Eleventy configuration.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Opened> {
    let names = [".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs"];
    let path = names.into_iter().find(|path| folder.has(path))?;
    Some(laid_out(folder, settings, path))
}

fn laid_out(folder: &Folder, settings: &Settings, path: &str) -> Opened {
    let mut problems = Vec::new();
    let config = Config::read(folder, path, &mut problems).map_err(|problem| vec![problem])?;
    if !folder.has(&config.input) {
        let what = format!("there is no folder of content: {}", config.input);
        let hint = "look at `dir.input`; it must be inside the site's folder";
        return Err(vec![Problem::error(path, None, what, hint)]);
    }
    let found = folder.walk(&config.input, &mut problems);
    let data = Data::read(folder, &config, &found, &mut problems);
    let site = config.site(folder, settings, &data)?;
    let [dropped, kept_back] = ignored(folder, &config);
    let any = |patterns: &[String], path: &str| patterns.iter().any(|pattern| takes(pattern, path));
    let files = found.into_iter().filter(|file| is_page(&config, &file.path) && !any(&dropped, &file.path));
    let files: BTreeMap<String, (File, bool)> = files
        .map(|file| {
            let kept_back = any(&kept_back, &file.path);
            (file.path.clone(), (file, kept_back))
        })
        .collect();
    let mut hasher = DefaultHasher::new();
    (config.fingerprint, data.fingerprint(), format!("{settings:?}")).hash(&mut hasher);
    Ok(Box::new(Eleventy { config, data, site, files, problems, context: hasher.finish() }))
}

/// Markdown that is neither a layout nor data.
fn is_page(config: &Config, path: &str) -> bool {
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    matches!(path.rsplit_once('.'), Some((_, "md")))
        && !config.reserved.iter().any(|folder| below(folder))
        && !path.split('/').any(|part| part == "node_modules")
}

/// Patterns of `.gitignore`, and those of `.eleventyignore` and the configuration, which is how authors keep a page back:
/// those are read as drafts. From the file's folder on, a name that is a folder with everything in it.
fn ignored(folder: &Folder, config: &Config) -> [Vec<String>; 2] {
    let lines = |file: &str| {
        let base = file.rsplit_once('/').map_or("", |(base, _)| base).to_owned();
        let text = folder.read(file).unwrap_or_default();
        let kept = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
        kept.map(|line| format!("{base}/{line}")).collect::<Vec<_>>()
    };
    let git = if config.use_gitignore { lines(".gitignore") } else { Vec::new() };
    let mut own = lines(".eleventyignore");
    own.extend(lines(&format!("{}/.eleventyignore", config.input)));
    own.extend(config.ignores.iter().cloned());
    [git, own].map(|lines| {
        let mut patterns = Vec::new();
        for path in lines.iter().filter_map(|line| links::joined("", line)).filter(|path| !path.is_empty()) {
            patterns.push(if !path.contains('*') && folder.is_folder(&path) { format!("{path}/**") } else { path });
        }
        patterns.sort();
        patterns.dedup();
        patterns
    })
}

/// Whether a path is what a pattern means; what its plain start and end rule out costs nothing, for every file of every scan.
fn takes(pattern: &str, path: &str) -> bool {
    let special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\');
    let (Some(first), Some(last)) = (pattern.find(special), pattern.rfind(special)) else { return pattern == path };
    let folder = pattern.strip_suffix("/**").filter(|_| first + 2 == pattern.len());
    path.starts_with(&pattern[..first])
        && path.ends_with(&pattern[last + 1..])
        && (folder.is_some() || matches(pattern, path, Style::Parts))
}

struct Eleventy {
    config: Config,
    data: Data,
    site: Site,
    /// By path; whether the page is kept back.
    files: BTreeMap<String, (File, bool)>,
    problems: Vec<Problem>,
    /// Of the configuration and all data.
    context: u64,
}

impl Eleventy {
    fn kept_back(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|(_, kept_back)| *kept_back)
    }
}

impl Layout for Eleventy {
    fn site(&self) -> Site {
        self.site.clone()
    }

    fn watched(&self) -> Vec<String> {
        vec![self.config.input.clone(), self.config.main.clone(), ".eleventyignore".into(), ".gitignore".into()]
    }

    fn files(&self) -> Vec<&File> {
        self.files.values().map(|(file, _)| file).collect()
    }

    fn context(&self, _: usize, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.context, self.kept_back(&file.path)).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, _: usize, file: &File, text: &str) -> Reading {
        let mut reading = page::read(&self.config, &self.data, &self.site, file, text);
        if let Some(page) = reading.page.as_mut().filter(|page| self.kept_back(&page.path)) {
            page.draft = true;
        }
        reading
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }
}
