//! What a Docusaurus configuration says of addresses, languages and blogs.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use url::Url;

use crate::library::Settings;
use crate::library::files::Folder;
use crate::library::home::{self, Said};
use crate::library::script::{self, Loader, Script, Value};
use crate::post::links;
use crate::problem::Problem;
use crate::site::Site;

/// A language of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Locale {
    /// `uk`
    pub key: String,
    /// Absolute address of its home page, ends in `/`.
    pub base: String,
    /// Folder of its translations; `None` where there are none.
    pub folder: Option<String>,
}

/// An instance of the blog plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blog {
    /// Its folder in the folder of translations.
    pub translations: String,
    /// Its folder.
    pub path: String,
    /// Where it is below the site's address: `blog`; empty at the root.
    pub route: String,
    /// Patterns of files; `None`: `**/*.{md,mdx}`.
    pub include: Option<Vec<String>>,
    /// Patterns of files that are none of it; `None`: whatever is in a folder or file that begins with `_`.
    pub exclude: Option<Vec<String>>,
    /// The file of authors, relative to the blog's folder.
    pub authors: String,
    /// The file of tags; `None` where there is to be none.
    pub tags: Option<String>,
    /// `onInlineTags` is `throw`.
    pub known_tags_only: bool,
}

/// A configuration, read.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub site: Site,
    /// The default first.
    pub locales: Vec<Locale>,
    pub blogs: Vec<Blog>,
    /// `trailingSlash`
    pub slash: Option<bool>,
    pub problems: Vec<Problem>,
    /// Its file.
    pub main: String,
    pub fingerprint: u64,
}

impl Blog {
    /// The first part of its address: what feeds call the section.
    pub fn section(&self) -> &str {
        if self.route.is_empty() { self.path.rsplit('/').next().unwrap_or_default() } else { &self.route }
    }

    /// Its own folder and those of its translations.
    pub fn folders(&self, config: &Config) -> Vec<String> {
        let translated = config.locales.iter().filter_map(|locale| self.translated(locale));
        std::iter::once(self.path.clone()).chain(translated).collect()
    }

    /// The folder of its translations into a language.
    pub fn translated(&self, locale: &Locale) -> Option<String> {
        locale.folder.as_ref().map(|folder| format!("{folder}/{}", self.translations))
    }
}

impl Config {
    /// Reads the configuration at `path`.
    pub fn read(folder: &Folder, settings: &Settings, path: &str) -> Result<Self, Vec<Problem>> {
        let text = folder.read(path).map_err(|problem| vec![problem])?;
        let load = |name: &str| script::beside(folder, name);
        let value = Script::new(&text, Loader(&load)).exported();
        let mut problems = Vec::new();
        let url = address(settings, &value, path)?;
        let locales = locales(folder, settings, &value, &url);
        let mut site = home::site(
            settings,
            "docusaurus",
            Said {
                url,
                title: value.at(&["title"]).text(),
                description: value.at(&["tagline"]).text(),
                languages: locales.iter().map(|locale| (locale.key.clone(), None, String::new())).collect(),
            },
        );
        for (at, (language, locale)) in site.languages.iter_mut().zip(&locales).enumerate() {
            language.url.clone_from(&locale.base);
            let tag = value.at(&["i18n", "localeConfigs", &locale.key, "htmlLang"]).text();
            if let Some(tag) = tag.filter(|_| at > 0 || settings.language.is_none()) {
                language.tag = home::bcp47(&tag);
            }
        }
        site.language = site.languages.first().map(|language| language.tag.clone()).unwrap_or_default();
        let blogs = blogs(&value, path, &mut problems);
        site.main_sections = blogs.iter().map(|blog| blog.section().to_owned()).collect();
        let slash = match value.at(&["trailingSlash"]) {
            Value::Bool(slash) => Some(slash),
            Value::Unknown(line) => {
                problems.push(unread(path, line, "trailingSlash", "addresses are taken to be without one"));
                None
            }
            _ => None,
        };
        let mut hasher = DefaultHasher::new();
        (format!("{value:?}"), format!("{settings:?}")).hash(&mut hasher);
        let main = path.to_owned();
        Ok(Self { site, locales, blogs, slash, problems, main, fingerprint: hasher.finish() })
    }
}

fn unread(path: &str, line: usize, key: &str, otherwise: &str) -> Problem {
    let what = format!("`{key}` takes running the configuration to know: {otherwise}");
    Problem::warning(path, Some(line), what, "write it as plain data there")
}

/// `url` and `baseUrl`, or `site.url`.
fn address(settings: &Settings, value: &Value, path: &str) -> Result<String, Vec<Problem>> {
    let (url, base) = (value.at(&["url"]), value.at(&["baseUrl"]));
    let base = base.text().unwrap_or_default();
    if settings.url.is_some() {
        let own = home::address(settings, None, "url", path)?;
        return Ok(joined(&own, &base));
    }
    let hint = "set `site.url` in postrider.yaml, as in `site: { url: https://www.example.org/ }`";
    if let Some(line) = url.unknown().or_else(|| value.unknown()) {
        let what = "`url` takes running the configuration to know: feeds need the site's full address";
        return Err(vec![Problem::error(path, Some(line), what, hint)]);
    }
    let written = url.text();
    let own = home::address(settings, written.as_deref(), "url", path)?;
    let host = Url::parse(&own).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    if matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") {
        let what =
            format!("`url` is {own} where no environment variable says otherwise: feeds need the site's full address");
        return Err(vec![Problem::error(path, None, what, hint)]);
    }
    Ok(joined(&own, &base))
}

/// A base path below an address that has none of its own.
fn joined(url: &str, base: &str) -> String {
    let root = Url::parse(url).is_ok_and(|url| url.path() == "/");
    let base = base.trim_matches('/');
    if root && !base.is_empty() { format!("{url}{}/", home::encoded(base)) } else { url.to_owned() }
}

fn locales(folder: &Folder, settings: &Settings, value: &Value, url: &str) -> Vec<Locale> {
    let i18n = value.at(&["i18n"]);
    let default = i18n.at(&["defaultLocale"]).text().unwrap_or_else(|| "en".into());
    let mut keys = i18n.at(&["locales"]).texts().unwrap_or_default();
    keys.retain(|key| *key != default);
    keys.insert(0, default.clone());
    let translations = i18n.at(&["path"]).text().unwrap_or_else(|| "i18n".into());
    let locale = |key: String| {
        let own = i18n.at(&["localeConfigs", &key]);
        let below = own.at(&["path"]).text().unwrap_or_else(|| key.clone());
        let below = format!("{}/{below}", links::joined("", &translations).unwrap_or_default());
        let translated = match own.at(&["translate"]) {
            Value::Bool(translated) => translated,
            _ => folder.has(&below),
        };
        let host = own.at(&["url"]).text().filter(|_| settings.url.is_none());
        let host = host.map_or_else(|| url.to_owned(), |host| host.trim_end_matches('/').to_owned() + "/");
        let base = match own.at(&["baseUrl"]).text().map(|base| base.trim_matches('/').to_owned()) {
            Some(base) => {
                let root = Url::parse(&host).and_then(|host| host.join("/")).map_or(host, |root| root.to_string());
                if base.is_empty() { root } else { format!("{root}{}/", home::encoded(&base)) }
            }
            None if key == default => host,
            None => format!("{host}{}/", home::encoded(&key)),
        };
        Locale { key, base, folder: translated.then_some(below) }
    };
    keys.into_iter().map(locale).collect()
}

/// Blogs of the presets and the plugins.
fn blogs(value: &Value, path: &str, problems: &mut Vec<Problem>) -> Vec<Blog> {
    let mut blogs: Vec<Blog> = Vec::new();
    let mut add = |options: &Value, problems: &mut Vec<Problem>| {
        if let Some(blog) = blog(options, path, problems)
            && !blogs.iter().any(|other| (&other.path, &other.route) == (&blog.path, &blog.route))
        {
            blogs.push(blog);
        }
    };
    let parts = |item: &Value| match item {
        Value::Text(name) => (Some(name.clone()), Value::Undefined),
        Value::List(items) => (items.first().and_then(Value::text), items.get(1).cloned().unwrap_or(Value::Undefined)),
        _ => (None, Value::Undefined),
    };
    let (presets, plugins) = (value.at(&["presets"]), value.at(&["plugins"]));
    if let Value::List(presets) = &presets {
        for preset in presets {
            let (name, options) = parts(preset);
            if name.is_some_and(|name| name.contains("classic")) {
                match options.at(&["blog"]) {
                    Value::Bool(false) | Value::Null => {}
                    options => add(&options, problems),
                }
            }
        }
    }
    if let Value::List(plugins) = &plugins {
        for plugin in plugins {
            let (name, options) = parts(plugin);
            let name = name.unwrap_or_default();
            // A wrapper of one's own takes the same options.
            let wrapped = name.starts_with('.')
                && name.to_lowercase().contains("blog")
                && ["path", "routeBasePath", "blogTitle"].iter().any(|key| options.at(&[key]).text().is_some());
            if name.contains("content-blog") || wrapped {
                add(&options, problems);
            }
        }
    }
    let unknown = value.unknown().or_else(|| presets.unknown()).or_else(|| plugins.unknown());
    if let (true, Some(line)) = (blogs.is_empty(), unknown) {
        problems.push(unread(path, line, "presets", "the blog is looked for in `blog`"));
        blogs.extend(blog(&Value::Undefined, path, problems));
    }
    blogs
}

fn blog(options: &Value, path: &str, problems: &mut Vec<Problem>) -> Option<Blog> {
    if let Some(line) = options.unknown() {
        problems.push(unread(path, line, "blog", "its defaults are used"));
    }
    let text = |key: &str, default: &str, problems: &mut Vec<Problem>| match options.at(&[key]) {
        Value::Text(text) => text,
        Value::Unknown(line) if options.unknown().is_none() => {
            problems.push(unread(path, line, key, &format!("`{default}` is used")));
            default.to_owned()
        }
        _ => default.to_owned(),
    };
    let id = text("id", "default", problems);
    let written = text("path", "blog", problems);
    let Some(folder) = links::joined("", &written) else {
        let what = format!("the blog's `path` is `{written}`, outside of the site's folder");
        let hint = "only what is inside the site's folder is read";
        problems.push(Problem::error(path, None, what, hint));
        return None;
    };
    let plugin = "docusaurus-plugin-content-blog";
    Some(Blog {
        translations: if id == "default" { plugin.to_owned() } else { format!("{plugin}-{id}") },
        path: folder,
        route: text("routeBasePath", "blog", problems).trim_matches('/').to_owned(),
        include: options.at(&["include"]).texts(),
        exclude: options.at(&["exclude"]).texts(),
        authors: text("authorsMapPath", "authors.yml", problems),
        tags: match options.at(&["tags"]) {
            Value::Bool(false) | Value::Null => None,
            Value::Text(file) => Some(file),
            _ => Some("tags.yml".into()),
        },
        known_tags_only: options.at(&["onInlineTags"]).text().as_deref() == Some("throw"),
    })
}
