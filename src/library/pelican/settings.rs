//! What `pelicanconf.py` and, over it, `publishconf.py` say of the site, checked; what `postrider.yaml` says is on top.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono_tz::Tz;
use regex::Regex;
use serde_json::{Map, Value};

use crate::library::Settings;
use crate::library::fields::strings;
use crate::library::files::Folder;
use crate::library::home;
use crate::post::front_matter::text_of;
use crate::problem::Problem;
use crate::site::Site;

use super::python;
use super::slug::{self, Rules};

/// The settings' files, in the order in which they are read.
pub const FILES: [&str; 2] = ["pelicanconf.py", "publishconf.py"];

/// What the settings say, checked.
#[derive(Debug, Clone)]
pub struct Pelican {
    /// The site.
    pub site: Site,
    /// Everything that is set.
    names: HashMap<String, Value>,
    /// `PATH`, relative to the site's folder; empty where it is the same.
    pub content: String,
    /// Folders of articles and of pages, relative to `content`.
    pub articles: Vec<String>,
    /// See `articles`.
    pub pages: Vec<String>,
    /// Folders without articles, and without pages.
    pub excludes: [Vec<String>; 2],
    /// Patterns of names of files and folders that are passed over.
    pub ignored: Vec<String>,
    /// Of dates without one.
    pub zone: Tz,
    /// `DEFAULT_LANG`
    pub language: String,
    /// Of titles, and of categories and authors.
    pub slugs: [Rules; 3],
    /// What a file's name, and what its path says.
    pub of_names: [Option<Regex>; 2],
    /// What was repaired.
    pub problems: Vec<Problem>,
    /// Files that it came from.
    pub sources: Vec<String>,
    /// Changes with anything of it.
    pub fingerprint: u64,
}

impl Pelican {
    /// Reads the settings' files in `folder`; `settings` win over them.
    pub fn new(folder: &Folder, settings: &Settings) -> Result<Self, Vec<Problem>> {
        let mut names = HashMap::new();
        let mut sources = Vec::new();
        for path in FILES.into_iter().filter(|path| folder.has(path)) {
            let text = folder.read(path).map_err(|problem| vec![problem])?;
            python::read(&text, &mut names);
            sources.push(path.to_owned());
        }
        let main = sources.first().cloned().unwrap_or_else(|| FILES[0].into());
        let text = |key: &str| names.get(key).and_then(text_of);
        let mut problems = Vec::new();
        let url = home::address(settings, text("SITEURL").as_deref(), "SITEURL", &main)?;
        let language = text("DEFAULT_LANG").unwrap_or_else(|| "en".into()).to_lowercase();
        let said = home::Said {
            url,
            title: text("SITENAME"),
            description: text("SITESUBTITLE").or_else(|| text("SITEDESCRIPTION")),
            languages: vec![(language.clone(), None, String::new())],
        };
        let list = |key: &str, usual: &[&str]| match names.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(inner).collect(),
            _ => usual.iter().map(|path| (*path).to_owned()).collect::<Vec<String>>(),
        };
        // The names before 3.4 are still taken.
        let old = |key: &str, old: &str, usual: &str| match (names.contains_key(key), text(old)) {
            (false, Some(path)) => vec![inner(&path)],
            _ => list(key, &[usual]),
        };
        let articles = old("ARTICLE_PATHS", "ARTICLE_DIR", "");
        let pages = old("PAGE_PATHS", "PAGE_DIR", "pages");
        let excludes = [
            [list("ARTICLE_EXCLUDES", &[]), pages.clone()].concat(),
            [list("PAGE_EXCLUDES", &[]), articles.clone()].concat(),
        ]
        .map(|folders| folders.into_iter().filter(|folder| !folder.is_empty()).collect());
        let zone = home::zone(&text("TIMEZONE").unwrap_or_default(), "TIMEZONE", &main, &mut problems);
        let mut unknown = Vec::new();
        let rules = |key: &str, unknown: &mut Vec<String>| {
            let pairs = names.get(key).or_else(|| names.get("SLUG_REGEX_SUBSTITUTIONS")).and_then(Value::as_array);
            let pair = |pair: &Value| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
            let pairs: Option<Vec<(String, String)>> = pairs.map(|pairs| pairs.iter().filter_map(pair).collect());
            let mut rules = match &pairs {
                Some(pairs) => Rules::new(pairs.iter().map(|(find, put)| (find.as_str(), put.as_str())), unknown),
                None => Rules::new(slug::USUAL.into_iter(), unknown),
            };
            rules.unicode = names.get("SLUGIFY_USE_UNICODE").is_some_and(python::truth);
            rules.keep_case = names.get("SLUGIFY_PRESERVE_CASE").is_some_and(python::truth);
            rules
        };
        let slugs = ["SLUG_REGEX_SUBSTITUTIONS", "CATEGORY_REGEX_SUBSTITUTIONS", "AUTHOR_REGEX_SUBSTITUTIONS"]
            .map(|key| rules(key, &mut unknown));
        let of_names =
            [("FILENAME_METADATA", r"(?P<date>\d{4}-\d{2}-\d{2}).*"), ("PATH_METADATA", "")].map(|(key, usual)| {
                let pattern = match names.get(key) {
                    Some(Value::String(pattern)) => pattern.as_str(),
                    _ => usual,
                };
                let pattern = Some(pattern).filter(|pattern| !pattern.is_empty())?;
                let read = slug::expression(&format!("^(?:{pattern})"), false);
                if read.is_none() {
                    unknown.push(pattern.to_owned());
                }
                read
            });
        for pattern in unknown {
            let what = format!("the expression `{pattern}` cannot be read");
            problems.push(Problem::warning(&main, None, what, "look-around and references are not known here"));
        }
        let mut hasher = DefaultHasher::new();
        let sorted: std::collections::BTreeMap<_, _> =
            names.iter().map(|(key, value)| (key, value.to_string())).collect();
        (sorted, format!("{settings:?}")).hash(&mut hasher);
        Ok(Self {
            site: Site { main_sections: vec!["articles".into()], ..home::site(settings, "pelican", said) },
            // Who does not name it gives it to `pelican` itself, and calls it so.
            content: match text("PATH") {
                Some(path) => inner(&path),
                None if folder.has("content") => "content".into(),
                None => String::new(),
            },
            articles,
            pages,
            excludes,
            ignored: list("IGNORE_FILES", &[]),
            zone,
            language,
            slugs,
            of_names,
            problems,
            sources,
            fingerprint: hasher.finish(),
            names,
        })
    }

    /// A setting.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.names.get(key)
    }

    /// A setting's text; `usual` where there is none.
    pub fn text(&self, key: &str, usual: &str) -> String {
        match self.names.get(key) {
            Some(Value::String(text)) => text.clone(),
            _ => usual.to_owned(),
        }
    }

    /// Whether a setting is on.
    pub fn is_on(&self, key: &str, usual: bool) -> bool {
        self.names.get(key).map_or(usual, python::truth)
    }

    /// What `DEFAULT_METADATA` and `EXTRA_PATH_METADATA` give to the file at `path`, relative to the content.
    pub fn given(&self, path: &str) -> Map<String, Value> {
        let mut given = Map::new();
        if let Some(Value::Object(map)) = self.names.get("DEFAULT_METADATA") {
            given.extend(map.clone());
        }
        if let Some(Value::Object(paths)) = self.names.get("EXTRA_PATH_METADATA") {
            let mut paths: Vec<_> = paths.iter().collect();
            paths.sort_by_key(|(path, _)| (*path).clone());
            for (of, values) in paths {
                let below = path.strip_prefix(of.trim_end_matches('/'));
                if let Value::Object(values) = values
                    && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                {
                    given.extend(values.clone());
                }
            }
        }
        given
    }

    /// The author whom articles have that name none.
    pub fn author(&self) -> Vec<String> {
        self.names.get("AUTHOR").map(strings).unwrap_or_default()
    }
}

/// A folder inside the site's, without slashes around it; empty for the site's own.
fn inner(folder: &str) -> String {
    let parts = folder.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}
