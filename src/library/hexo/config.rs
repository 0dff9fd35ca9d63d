//! What Hexo's configuration says of the site, checked; what `postrider.yaml` says is on top.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::library::Settings;
use crate::library::fields::strings;
use crate::library::files::Folder;
use crate::library::home;
use crate::post::front_matter::text_of;
use crate::post::slug;
use crate::problem::Problem;
use crate::site::Site;
use crate::yaml;

use super::names::Pattern;
use super::value;

const NAMES: [&str; 3] = ["_config.yml", "_config.yaml", "_config.json"];

/// Keys that Hexo has and Jekyll has not, and the other way round.
const HEXO: [&str; 20] = [
    "new_post_name",
    "source_dir",
    "public_dir",
    "archive_dir",
    "category_dir",
    "tag_dir",
    "code_dir",
    "i18n_dir",
    "skip_render",
    "default_layout",
    "titlecase",
    "filename_case",
    "render_drafts",
    "post_asset_folder",
    "relative_link",
    "permalink_defaults",
    "pretty_urls",
    "default_category",
    "category_map",
    "tag_map",
];
const JEKYLL: [&str; 15] = [
    "baseurl",
    "collections",
    "collections_dir",
    "plugins",
    "gems",
    "markdown",
    "kramdown",
    "source",
    "destination",
    "layouts_dir",
    "plugins_dir",
    "safe",
    "show_drafts",
    "liquid",
    "excerpt_separator",
];

/// What the configuration says, checked.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of Hexo's configuration")]
pub struct Config {
    /// Its file.
    pub path: String,
    /// The site.
    pub site: Site,
    /// `source_dir`
    pub source: String,
    /// `permalink`
    pub permalink: Pattern,
    /// `permalink_defaults`
    pub permalink_defaults: Map<String, Value>,
    /// `pretty_urls.trailing_index`
    pub trailing_index: bool,
    /// `pretty_urls.trailing_html`
    pub trailing_html: bool,
    /// `new_post_name`
    new_post_name: String,
    /// The same without its extension.
    pub post_name: Pattern,
    /// `default_category`
    pub default_category: String,
    /// `category_map`
    pub category_map: Map<String, Value>,
    /// `filename_case`: 1 is lower, 2 is upper.
    filename_case: u64,
    /// `post_asset_folder`
    pub asset_folder: bool,
    /// `future`
    pub future: bool,
    /// `render_drafts`
    pub drafts: bool,
    /// `updated_option` is `date`.
    pub updated_is_date: bool,
    /// `use_slug_as_post_title`
    pub slug_is_title: bool,
    /// `timezone`
    pub zone: Tz,
    /// `author`
    pub author: Option<String>,
    /// `skip_render`
    pub skip_render: Vec<String>,
    /// `include`
    pub include: Vec<String>,
    /// `exclude`
    pub exclude: Vec<String>,
    /// `ignore`
    pub ignore: Vec<String>,
    /// `i18n_dir` before its `:lang`.
    pub language_folder: Option<String>,
    /// Languages that a folder of that kind can be in.
    pub languages: Vec<String>,
    /// What was repaired.
    pub problems: Vec<Problem>,
    /// Changes with anything of it.
    pub fingerprint: u64,
}

impl Config {
    /// The configuration in `folder`; `None` where it is not Hexo's.
    pub fn find(folder: &Folder, settings: &Settings) -> Option<Result<Self, Vec<Problem>>> {
        let path = NAMES.into_iter().find(|path| folder.has(path))?;
        let named = home::is_named(settings, "hexo") || is_hexo_package(folder);
        let text = match folder.read(path) {
            Ok(text) => text,
            Err(problem) => return named.then(|| Err(vec![problem])),
        };
        let value = match yaml::parse(text.trim_start_matches('\u{feff}'), 1024 * 1024) {
            Ok((value, _)) => value,
            Err(fault) if named => {
                let what = format!("Hexo's configuration cannot be read: {}", fault.what);
                let hint = "mend it; `hexo config` says the same";
                return Some(Err(vec![Problem::error(path, fault.line, what, hint)]));
            }
            Err(_) => return None,
        };
        (named || looks_like_hexo(folder, &value)).then(|| Self::new(folder, settings, path, &value))
    }

    fn new(folder: &Folder, settings: &Settings, path: &str, config: &Value) -> Result<Self, Vec<Problem>> {
        let get = |key: &str| config.get(key).filter(|value| !value.is_null());
        let text = |key: &str| get(key).and_then(text_of);
        let flag = |key: &str| get(key).is_some_and(value::is_true);
        let list = |key: &str| get(key).map(strings).unwrap_or_default();
        let map = |key: &str| get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        let url = home::address(settings, text("url").as_deref().map(|url| url.trim_end_matches('/')), "url", path)?;
        let mut problems = Vec::new();
        let mut languages = list("language");
        if languages.is_empty() {
            languages.push("en".into());
        }
        let shown = languages.iter().enumerate().map(|(at, key)| {
            let folder = if at == 0 { String::new() } else { key.clone() };
            (key.clone(), None, folder)
        });
        let said = home::Said {
            url,
            title: text("title"),
            description: text("description").or_else(|| text("subtitle")),
            languages: shown.collect(),
        };
        let new_post_name = text("new_post_name").unwrap_or_else(|| ":title.md".into());
        let is_off = |key: &str| {
            get("pretty_urls").and_then(|options| options.get(key)).is_some_and(|value| value == &Value::Bool(false))
        };
        let mut hasher = DefaultHasher::new();
        let of_theme = theme_languages(folder, &text("theme").unwrap_or_default());
        (config.to_string(), format!("{settings:?}"), &of_theme).hash(&mut hasher);
        Ok(Self {
            path: path.to_owned(),
            site: home::site(settings, "hexo", said),
            source: folder_name(&text("source_dir").unwrap_or_else(|| "source".into())),
            permalink: Pattern::new(&text("permalink").unwrap_or_else(|| ":year/:month/:day/:title/".into())),
            permalink_defaults: map("permalink_defaults"),
            trailing_index: !is_off("trailing_index"),
            trailing_html: !is_off("trailing_html"),
            post_name: Pattern::new(stem(&new_post_name)),
            new_post_name,
            default_category: text("default_category").unwrap_or_else(|| "uncategorized".into()),
            category_map: map("category_map"),
            filename_case: get("filename_case").and_then(Value::as_u64).unwrap_or(0),
            asset_folder: flag("post_asset_folder"),
            future: get("future").is_none_or(value::is_true),
            drafts: flag("render_drafts"),
            updated_is_date: text("updated_option").as_deref() == Some("date"),
            slug_is_title: flag("use_slug_as_post_title"),
            zone: home::zone(&text("timezone").unwrap_or_default(), "timezone", path, &mut problems),
            // The author that a new site's configuration comes with.
            author: text("author").filter(|author| author != "John Doe"),
            skip_render: list("skip_render"),
            include: list("include"),
            exclude: list("exclude"),
            ignore: list("ignore"),
            language_folder: text("i18n_dir")
                .unwrap_or_else(|| ":lang".into())
                .split_once(":lang")
                .map(|(before, _)| before.to_owned()),
            languages: of_theme.unwrap_or(languages),
            problems,
            fingerprint: hasher.finish(),
        })
    }

    /// A file's path below the source folder, which may be the site's own, or a link to another.
    pub fn below<'p>(&self, path: &'p str) -> &'p str {
        let below = path.strip_prefix(self.source.as_str()).and_then(|rest| rest.strip_prefix('/'));
        below.filter(|_| !self.source.is_empty()).unwrap_or(path)
    }

    /// Of the files that are posts where posts have folders of their own.
    pub fn new_post_extension(&self) -> Option<&str> {
        self.new_post_name.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension)
    }

    /// A name as it stands in the addresses of tags and categories.
    pub fn slugized(&self, name: &str) -> String {
        let slug = slug::without_marks(name);
        match self.filename_case {
            1 => slug.to_lowercase(),
            2 => slug.to_uppercase(),
            _ => slug,
        }
    }
}

/// A folder's path without `.` and slashes at its ends; nothing for the site's own folder.
fn folder_name(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

/// A path without its extension.
pub fn stem(path: &str) -> &str {
    let name_at = path.rfind('/').map_or(0, |at| at + 1);
    match path[name_at..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name_at + dot],
        _ => path,
    }
}

/// `package.json` is of a Hexo site: it says so, or needs Hexo.
fn is_hexo_package(folder: &Folder) -> bool {
    let text = if folder.has("package.json") { folder.read("package.json").unwrap_or_default() } else { String::new() };
    let package: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
    let needs = |key: &str| package.get(key).is_some_and(|packages| packages.get("hexo").is_some());
    package.get("hexo").is_some() || needs("dependencies") || needs("devDependencies")
}

/// Jekyll has a `_config.yml`, too.
fn looks_like_hexo(folder: &Folder, config: &Value) -> bool {
    let count = |keys: &[&str]| keys.iter().filter(|key| config.get(**key).is_some()).count();
    let (hexo, jekyll) = (count(&HEXO), count(&JEKYLL));
    let source = config.get("source_dir").and_then(Value::as_str).unwrap_or("source");
    let posts_in_source = folder.has(&format!("{}/_posts", folder_name(source)));
    let jekyll_s = ["_posts", "_layouts", "_includes", "Gemfile"].into_iter().any(|path| folder.has(path));
    hexo > jekyll || hexo == jekyll && posts_in_source && !jekyll_s
}

/// Names of the languages that the theme in `themes` has words for; `None` without one.
fn theme_languages(folder: &Folder, theme: &str) -> Option<Vec<String>> {
    if theme.is_empty() || theme.contains("..") || !folder.has(&format!("themes/{theme}")) {
        return None;
    }
    let files = folder.walk(&format!("themes/{theme}/languages"), &mut Vec::new());
    let names = files.iter().filter_map(|file| file.path.rsplit('/').next()).map(|name| stem(name).to_owned());
    Some(names.filter(|name| name != "default").collect())
}
