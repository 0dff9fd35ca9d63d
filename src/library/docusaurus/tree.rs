//! The files of the blogs, and their files of authors and tags.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::library::files::{File, Folder};
use crate::library::glob::{Style, matches};
use crate::problem::Problem;
use crate::yaml;

use super::config::{Blog, Config};

/// A file that is a post.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub file: File,
    /// Of the configuration.
    pub blog: usize,
    /// Of the configuration.
    pub locale: usize,
    /// Below the blog's folder.
    pub relative: String,
}

/// Authors and tags by blog and language.
pub(super) type Data = BTreeMap<(usize, usize), Known>;

/// What a blog's files of authors and tags say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Known {
    /// By key.
    pub authors: Map<String, Value>,
    /// Label by key; `None` where there is no file.
    pub tags: Option<BTreeMap<String, String>>,
}

/// All posts, by path. What is only there in translation is not published.
pub(super) fn entries(folder: &Folder, config: &Config, problems: &mut Vec<Problem>) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for (number, blog) in config.blogs.iter().enumerate() {
        let mut own: BTreeMap<String, File> = below(folder, &blog.path, blog, problems).into_iter().collect();
        let mut translations = Vec::new();
        for (locale, translated) in
            config.locales.iter().enumerate().filter_map(|(at, locale)| Some((at, blog.translated(locale)?)))
        {
            for (relative, file) in below(folder, &translated, blog, problems) {
                match own.get_mut(&relative) {
                    // The default language's translation stands for the file itself.
                    Some(original) if locale == 0 => *original = file,
                    Some(_) => translations.push((locale, relative, file)),
                    None => problems.push(Problem::warning(
                        &file.path,
                        None,
                        format!(
                            "translates no post: there is no {}/{relative}, and Docusaurus passes over it",
                            blog.path
                        ),
                        "give it the name and folder of the post that it translates",
                    )),
                }
            }
        }
        let own = own.into_iter().map(|(relative, file)| (0, relative, file));
        for (locale, relative, file) in own.chain(translations) {
            entries.entry(file.path.clone()).or_insert(Entry { file, blog: number, locale, relative });
        }
    }
    entries
}

/// Path below `path`, and file.
fn below(folder: &Folder, path: &str, blog: &Blog, problems: &mut Vec<Problem>) -> Vec<(String, File)> {
    let start = format!("{path}/");
    let any =
        |patterns: &[String], relative: &str| patterns.iter().any(|pattern| matches(pattern, relative, Style::Parts));
    // The usual patterns are simple enough to do without patterns, for every file of every scan.
    let taken = |relative: &str| {
        blog.include.as_ref().is_none_or(|include| any(include, relative))
            && match &blog.exclude {
                Some(exclude) => !any(exclude, relative),
                None => !relative.split('/').any(|part| part.starts_with('_')),
            }
    };
    let files = folder.walk(path, problems).into_iter();
    let files = files.filter_map(|file| {
        let relative = if path.is_empty() { file.path.as_str() } else { file.path.strip_prefix(&start)? };
        let markdown = matches!(relative.rsplit_once('.'), Some((_, "md" | "mdx")));
        (markdown && taken(relative)).then(|| (relative.to_owned(), file.clone()))
    });
    files.collect()
}

/// Reads the files of authors and tags; a translation's stands for the blog's.
pub(super) fn data(folder: &Folder, config: &Config, problems: &mut Vec<Problem>) -> Data {
    let mut data = Data::new();
    for (number, blog) in config.blogs.iter().enumerate() {
        for (at, locale) in config.locales.iter().enumerate() {
            let folders = [blog.translated(locale), Some(blog.path.clone())];
            let mut find = |name: &str| {
                let paths = folders.iter().flatten().map(|folder| format!("{folder}/{name}"));
                paths.into_iter().find(|path| folder.has(path)).and_then(|path| map(folder, &path, problems))
            };
            let authors = find(&blog.authors).unwrap_or_default();
            let tags = blog.tags.as_deref().and_then(&mut find).map(|tags| labels(&tags));
            data.insert((number, at), Known { authors, tags });
        }
    }
    data
}

fn labels(tags: &Map<String, Value>) -> BTreeMap<String, String> {
    let label = |key: &str, value: &Value| {
        let own = value.get("label").and_then(Value::as_str).filter(|label| !label.is_empty());
        own.map_or_else(|| capitalised(key), str::to_owned)
    };
    tags.iter().map(|(key, value)| (key.clone(), label(key, value))).collect()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect())
}

fn map(folder: &Folder, path: &str, problems: &mut Vec<Problem>) -> Option<Map<String, Value>> {
    let fault = |line, what: String| Problem::error(path, line, what, "mend it; Docusaurus refuses the site too");
    let text = match folder.read(path) {
        Ok(text) => text,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    match yaml::parse(text, 1024 * 1024) {
        Ok((Value::Object(map), _)) => Some(map),
        Ok((Value::Null, _)) => Some(Map::new()),
        Ok(_) => {
            problems.push(fault(None, "is no list of names and what they mean".into()));
            None
        }
        Err(error) => {
            problems.push(fault(error.line, format!("cannot be read: {}", error.what)));
            None
        }
    }
}
