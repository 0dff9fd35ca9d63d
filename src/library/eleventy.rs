//! Sites built by Eleventy 3: its Markdown files with the data cascade. Configuration and data that are programs are
//! read and never run.

mod config;
mod data;
mod page;
mod slug;
mod template;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

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
    let ignored = ignored(folder, &config);
    let files = found.into_iter().filter(|file| is_page(&config, &file.path, &ignored));
    let files: BTreeMap<String, File> = files.map(|file| (file.path.clone(), file)).collect();
    let mut hasher = DefaultHasher::new();
    (config.fingerprint, data.fingerprint(), format!("{settings:?}")).hash(&mut hasher);
    Ok(Box::new(Eleventy { config, data, site, files, problems, context: hasher.finish() }))
}

/// Markdown that is neither a layout nor data nor ignored.
fn is_page(config: &Config, path: &str, ignored: &[String]) -> bool {
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    matches!(path.rsplit_once('.'), Some((_, "md")))
        && !config.reserved.iter().any(|folder| below(folder))
        && !path.split('/').any(|part| part == "node_modules")
        && !ignored.iter().any(|pattern| matches(pattern, path, Style::Parts))
}

/// Patterns of `.gitignore`, `.eleventyignore` and the configuration, as Eleventy understands them: from the file's
/// folder on, a name that is a folder with everything in it.
fn ignored(folder: &Folder, config: &Config) -> Vec<String> {
    let mut patterns = Vec::new();
    let own = format!("{}/.eleventyignore", config.input);
    let git = config.use_gitignore.then_some(".gitignore");
    let mut lines: Vec<(String, String)> = Vec::new();
    for file in git.into_iter().chain([".eleventyignore", &own]) {
        let base = file.rsplit_once('/').map_or("", |(base, _)| base);
        let text = folder.read(file).unwrap_or_default();
        let kept = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
        lines.extend(kept.map(|line| (base.to_owned(), line.to_owned())));
    }
    lines.extend(config.ignores.iter().map(|line| (String::new(), line.clone())));
    for (base, line) in lines {
        let path = config::tidy(&format!("{base}/{line}")).unwrap_or_default();
        if path.is_empty() {
            continue;
        }
        if !path.contains('*') && folder.is_folder(&path) {
            patterns.push(format!("{path}/**"));
        }
        patterns.push(path);
    }
    patterns.sort();
    patterns.dedup();
    patterns
}

struct Eleventy {
    config: Config,
    data: Data,
    site: Site,
    files: BTreeMap<String, File>,
    problems: Vec<Problem>,
    /// Of the configuration and all data.
    context: u64,
}

impl Layout for Eleventy {
    fn site(&self) -> Site {
        self.site.clone()
    }

    fn watched(&self) -> Vec<String> {
        vec![self.config.input.clone(), self.config.main.clone(), ".eleventyignore".into(), ".gitignore".into()]
    }

    fn files(&self) -> Vec<&File> {
        self.files.values().collect()
    }

    fn context(&self, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.context, &file.path).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, file: &File, text: &str) -> Reading {
        page::read(&self.config, &self.data, &self.site, file, text)
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }
}
