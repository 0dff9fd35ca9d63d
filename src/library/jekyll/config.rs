//! What `_config.yml` says of the site, checked; what `postrider.yaml` says is on top.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono_tz::Tz;
use serde_json::{Map, Value};
use url::Url;

use crate::library::Settings;
use crate::library::fields::strings;
use crate::library::files::Folder;
use crate::library::home;
use crate::post::front_matter::{self, text_of};
use crate::problem::Problem;
use crate::site::Site;
use crate::yaml;

use super::address;
use super::defaults::{self, Scope};

/// Left out without being named.
const EXCLUDES: [&str; 9] = [
    ".sass-cache",
    ".jekyll-cache",
    "gemfiles",
    "Gemfile",
    "Gemfile.lock",
    "node_modules",
    "vendor/bundle/",
    "vendor/cache/",
    "vendor/gems/",
];

/// A collection whose documents have pages of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// `posts`; its folder has an underscore before it.
    pub label: String,
    /// Template of its addresses.
    pub permalink: String,
}

/// What the configuration says, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site.
    pub site: Site,
    /// The folder that it is built from, relative to the site's; empty where it is the same.
    pub source: String,
    /// Below `source`, where `_posts` and the collections are; empty where it is the same.
    pub collections_folder: String,
    /// Of dates without one, and of addresses.
    pub zone: Tz,
    /// `permalink`, as it is written.
    pub style: String,
    /// `posts` first.
    pub collections: Vec<Collection>,
    /// Front matter by path and type.
    pub scopes: Vec<Scope>,
    /// Patterns of what is left out.
    pub exclude: Vec<String>,
    /// Patterns of what is read though its name begins with an underscore.
    pub include: Vec<String>,
    /// Posts of the future are published.
    pub future: bool,
    /// Posts with `published: false` are published.
    pub unpublished: bool,
    /// Drafts are published.
    pub drafts: bool,
    /// Only so many of the newest posts are published; 0: all.
    pub limit: usize,
    /// Extensions of Markdown, without dots.
    pub markdown: Vec<String>,
    /// What ends the excerpt, where it is not a blank line.
    pub excerpt_end: Option<Arc<str>>,
    /// `_data/authors`: what `author: key` stands for.
    pub authors: Map<String, Value>,
    /// `author`: of posts that name nobody.
    pub author: Value,
    /// What was repaired.
    pub problems: Vec<Problem>,
    /// Files that it came from.
    pub sources: Vec<String>,
    /// Changes with anything of it.
    pub fingerprint: u64,
}

/// The configuration in `folder` as it is written, and its path. `None` where there is none.
pub fn load(folder: &Folder) -> Option<Result<(Value, String), Problem>> {
    let path = ["yml", "yaml", "toml"].map(|extension| format!("_config.{extension}"));
    let path = path.into_iter().find(|path| folder.has(path))?;
    Some(read(folder, &path).map(|value| (value, path)))
}

fn read(folder: &Folder, path: &str) -> Result<Value, Problem> {
    let text = folder.read(path)?;
    let text = text.trim_start_matches('\u{feff}');
    let value = if path.rsplit('.').next() == Some("toml") {
        front_matter::from_toml(text)
    } else {
        yaml::parse(text, 1024 * 1024).map(|(value, _)| value)
    };
    value.map_err(|fault| {
        let what = format!("Jekyll's configuration cannot be read: {}", fault.what);
        Problem::error(path, fault.line, what, "mend it; `jekyll doctor` says the same")
    })
}

impl Config {
    /// Checks what was loaded; `settings` win over it. `main` is its path, for messages.
    pub fn new(
        folder: &Folder,
        settings: &Settings,
        value: &Value,
        main: Option<String>,
    ) -> Result<Self, Vec<Problem>> {
        let at = |key: &str| value.get(key).filter(|value| !value.is_null());
        let text = |key: &str| at(key).and_then(text_of);
        let shown = main.clone().unwrap_or_else(|| "_config.yml".into());
        let source = text("source").map(|source| inner(&source)).unwrap_or_default();
        let mut problems = Vec::new();
        let cname = format!("{source}/CNAME");
        let cname = cname.trim_start_matches('/');
        let host = if folder.has(cname) { folder.read(cname).ok() } else { None };
        let url = address_of(settings, text("url").as_deref(), host.as_deref(), text("baseurl").as_deref(), &shown)?;

        let zone = home::zone(&text("timezone").unwrap_or_default(), "timezone", &shown, &mut problems);
        let style = text("permalink").unwrap_or_else(|| "date".into());
        let list = |key: &str| at(key).map(strings).unwrap_or_default();
        let include = list("include");
        let mut exclude = list("exclude");
        exclude.extend(EXCLUDES.map(String::from));
        exclude.push("vendor/ruby/".into());
        exclude.push(text("destination").map_or_else(|| "_site".into(), |folder| inner(&folder)));
        exclude.retain(|pattern| !pattern.is_empty() && !include.contains(pattern));

        let data = ["yml", "yaml", "json"].map(|extension| {
            let folder = text("data_dir").unwrap_or_else(|| "_data".into());
            format!("{source}/{folder}/authors.{extension}").trim_start_matches('/').to_owned()
        });
        let data = data.into_iter().find(|path| folder.has(path));
        let authors = match data.as_ref().map(|path| read(folder, path)) {
            Some(Ok(Value::Object(map))) => map,
            Some(Err(problem)) => {
                problems.push(problem);
                Map::new()
            }
            _ => Map::new(),
        };
        let sources: Vec<String> = main.into_iter().chain(data).collect();
        let mut hasher = DefaultHasher::new();
        (value.to_string(), format!("{settings:?}"), Value::Object(authors.clone()).to_string(), &url)
            .hash(&mut hasher);
        Ok(Self {
            site: site(settings, value, url),
            source,
            collections_folder: text("collections_dir").map(|folder| inner(&folder)).unwrap_or_default(),
            zone,
            collections: collections(at("collections"), &style),
            style,
            scopes: defaults::scopes(at("defaults")),
            exclude,
            include,
            future: at("future").is_some_and(truth),
            unpublished: at("unpublished").is_some_and(truth),
            drafts: at("show_drafts").is_some_and(truth),
            limit: at("limit_posts").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0),
            markdown: text("markdown_ext")
                .unwrap_or_else(|| "markdown,mkdown,mkdn,mkd,md".into())
                .split(',')
                .map(|extension| extension.trim().to_lowercase())
                .collect(),
            excerpt_end: value.get("excerpt_separator").and_then(Value::as_str).map(Arc::from),
            authors,
            author: at("author").cloned().unwrap_or_default(),
            problems,
            sources,
            fingerprint: hasher.finish(),
        })
    }

    /// The path relative to the site's folder of one relative to the source.
    pub fn in_folder(&self, path: &str) -> String {
        if self.source.is_empty() { path.to_owned() } else { format!("{}/{path}", self.source) }
    }
}

/// A folder inside the site's, without slashes around it; empty for the site's own.
fn inner(folder: &str) -> String {
    let parts = folder.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}

/// What Ruby takes for true: everything but `false` and nothing. The words are YAML 1.1's.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::Null => false,
        Value::String(text) => !matches!(text.to_lowercase().as_str(), "no" | "off" | "false"),
        _ => true,
    }
}

fn collections(written: Option<&Value>, style: &str) -> Vec<Collection> {
    let mut posts = Collection { label: "posts".into(), permalink: address::style(style).to_owned() };
    let mut others = Vec::new();
    if let Some(Value::Object(map)) = written {
        for (label, own) in map {
            let permalink = own.get("permalink").and_then(text_of);
            let label: String = label.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).collect();
            if label == "posts" {
                posts.permalink = permalink.unwrap_or(posts.permalink);
            } else if label != "data" && own.get("output").is_some_and(truth) {
                let permalink = permalink.unwrap_or_else(|| format!("/:collection/:path{}", address::suffix(style)));
                others.push(Collection { label, permalink });
            }
        }
    }
    others.insert(0, posts);
    others
}

/// The site's address with its `baseurl`, ends in a slash. `host`: of GitHub's `CNAME`, for who has no `url`.
fn address_of(
    settings: &Settings,
    url: Option<&str>,
    host: Option<&str>,
    base: Option<&str>,
    main: &str,
) -> Result<String, Vec<Problem>> {
    let host = host.map(|host| format!("https://{}/", host.trim()));
    let found = home::address(settings, url.or(host.as_deref()), "url", main)?;
    let base = base.map(|base| base.trim_matches(['/', ' '])).filter(|base| !base.is_empty());
    // Who gives an address of his own in place of another gives all of it; who has none in the configuration gives the
    // host, perhaps with a path.
    let has_path = Url::parse(&found).is_ok_and(|url| url.path() != "/");
    let whole = settings.url.is_some() && (url.is_some_and(|url| url.contains("://")) || has_path);
    Ok(match base.filter(|_| !whole) {
        Some(base) => home::below(&found, &format!("{base}/")),
        None => found,
    })
}

fn site(settings: &Settings, value: &Value, url: String) -> Site {
    let text = |keys: &[&str]| keys.iter().find_map(|key| value.get(*key).and_then(text_of));
    let default = text(&["default_lang", "lang", "locale", "language"]).unwrap_or_else(|| "en".into());
    let mut languages = vec![(default, None, String::new())];
    for other in value.get("languages").map(strings).unwrap_or_default() {
        if languages.iter().all(|(key, ..)| *key != other) {
            languages.push((other, None, String::new()));
        }
    }
    let said =
        home::Said { url, title: text(&["title", "name"]), description: text(&["description", "tagline"]), languages };
    Site { main_sections: vec!["posts".into()], ..home::site(settings, "jekyll", said) }
}
