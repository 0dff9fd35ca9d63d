//! Sites built by Hexo: configuration, folders and page rules of Hexo 8.
//!
//! What Hexo leaves out with an error is a Problem of its own file here. Plugins are not known, but for what they need in
//! the front matter (`abbrlink`, `alias`).

mod config;
mod date;
mod header;
mod names;
mod page;
mod value;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::problem::Problem;
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};
use super::generator::{Layout, Opened, Reading};
use super::glob::{self, Style};
use config::Config;

/// The section of all posts, whatever folder they are in.
const POSTS: &str = "posts";

/// What hexo-renderer-marked, and every other renderer of Markdown, takes.
const MARKDOWN: [&str; 7] = ["md", "markdown", "mkd", "mkdn", "mdwn", "mdtxt", "mdtext"];

/// Opens a folder that has a Hexo configuration.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Opened> {
    let config = Config::find(folder, settings)?;
    Some(config.and_then(|config| laid_out(folder, config)))
}

fn laid_out(folder: &Folder, config: Config) -> Opened {
    if !folder.has(&config.source) {
        // Not a site without posts: a checkout under way, or a folder that is not mounted. What was published stays.
        let what = format!("there is no folder `{}`", config.source);
        return Err(vec![Problem::error(&config.path, None, what, "Hexo's posts are in it; look at `source_dir`")]);
    }
    let mut problems = config.problems.clone();
    let files = folder.walk(&config.source, &mut problems);
    let files: Vec<(File, Kind)> =
        files.into_iter().filter_map(|file| kind(&config, &file.path).map(|kind| (file, kind))).collect();
    if !files.iter().any(|(_, kind)| *kind == Kind::Post) {
        let hint = "Hexo takes them from `_posts`";
        problems.push(Problem::warning(&config.source, None, "there are no posts", hint));
    }
    let by_path = files.iter().enumerate().map(|(at, (file, _))| (file.path.clone(), at)).collect();
    Ok(Box::new(Hexo { config, files, by_path, problems }))
}

/// What Hexo makes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// In `_posts`.
    Post,
    /// In `_drafts`.
    Draft,
    /// Anywhere else.
    Page,
}

/// What the file at `path` is; `None`: nothing that is read.
fn kind(config: &Config, path: &str) -> Option<Kind> {
    let below = config.below(path);
    let (_, extension) = below.rsplit_once('.').filter(|(_, extension)| !extension.contains('/'))?;
    let matches = |patterns: &[String], text: &str| {
        patterns.iter().any(|pattern| match pattern.strip_prefix('!') {
            Some(other) => !glob::matches(other, text, Style::Parts),
            None => glob::matches(pattern, text, Style::Parts),
        })
    };
    // Hexo matches the whole path on the machine, of every folder, too; this stands for all of them.
    let whole = format!("/site/{path}");
    let above = whole.match_indices('/').skip(2).map(|(at, _)| &whole[..at]);
    if above.chain([whole.as_str()]).any(|path| matches(&config.ignore, path)) {
        return None;
    }
    let written = MARKDOWN.contains(&extension) || matches!(extension, "html" | "htm");
    if !written || below.ends_with(['~', '%']) || matches(&config.skip_render, below) {
        return None;
    }
    let posts = [("_posts/", Kind::Post), ("_drafts/", Kind::Draft)];
    let in_posts = posts.iter().find_map(|(folder, kind)| Some((below.strip_prefix(folder)?, *kind)));
    match in_posts {
        Some((rest, _)) if is_hidden(rest) => None,
        // Beside a post's own pictures, other notations are pictures of a kind.
        Some(_) if config.asset_folder && config.new_post_extension() != Some(extension) => None,
        Some((_, kind)) => Some(kind),
        None if matches(&config.exclude, below) || is_hidden(below) && !matches(&config.include, below) => None,
        None => Some(Kind::Page),
    }
}

/// A part of the path begins with `_` or a dot.
fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with(['_', '.']))
}

struct Hexo {
    config: Config,
    /// Ordered by path.
    files: Vec<(File, Kind)>,
    by_path: HashMap<String, usize>,
    problems: Vec<Problem>,
}

impl Layout for Hexo {
    fn site(&self) -> Site {
        Site { main_sections: vec![POSTS.into()], ..self.config.site.clone() }
    }

    fn watched(&self) -> Vec<String> {
        vec![self.config.source.clone(), self.config.path.clone()]
    }

    fn files(&self) -> Vec<&File> {
        self.files.iter().map(|(file, _)| file).collect()
    }

    fn context(&self, _: usize, file: &File) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.config.fingerprint, self.by_path.get(&file.path).map(|at| self.files[*at].1)).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, _: usize, file: &File, text: &str) -> Reading {
        match self.by_path.get(&file.path) {
            Some(at) => page::read(&self.config, file, self.files[*at].1, text),
            None => Reading::default(),
        }
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }
}
