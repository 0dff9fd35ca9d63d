//! What an Eleventy configuration says of folders, addresses and data.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value as Json;
use url::Url;

use crate::library::Settings;
use crate::library::files::Folder;
use crate::library::home::{self, Said};
use crate::library::script::{self, Call, Loader, Script, Value};
use crate::post::links;
use crate::problem::Problem;
use crate::site::Site;

use super::data::Data;

/// A configuration, read.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four switches, each on or off by itself")]
pub(super) struct Config {
    /// Folder of the content; empty: the site's own.
    pub input: String,
    /// Folder of data for all pages.
    pub data: String,
    /// Folders of layouts, in the order in which they are looked through.
    pub layouts: Vec<String>,
    /// Folders below which nothing is a page.
    pub reserved: Vec<String>,
    /// `pathPrefix`
    pub prefix: String,
    /// Patterns of files that are no pages.
    pub ignores: Vec<String>,
    /// `setUseGitIgnore`
    pub use_gitignore: bool,
    /// `setDataDeepMerge`
    pub deep: bool,
    /// Name of a folder's data, where it is not the folder's.
    pub folder_data: Option<String>,
    /// `addGlobalData`
    pub global: BTreeMap<String, Json>,
    /// Other names of layouts.
    pub aliases: BTreeMap<String, String>,
    /// Filters that the configuration makes or changes.
    pub filters: BTreeSet<String>,
    /// Endings of data files in YAML, where the configuration reads them.
    pub yaml: Vec<String>,
    /// Files without an extension may be written.
    pub any_name: bool,
    /// `addUrlTransform`: addresses are not what the rules say.
    pub transformed: bool,
    /// The feed plugin's `metadata`.
    pub feed: Option<Json>,
    /// Its file.
    pub main: String,
    pub fingerprint: u64,
}

impl Config {
    /// Reads the configuration at `path`.
    pub fn read(folder: &Folder, path: &str, problems: &mut Vec<Problem>) -> Result<Self, Problem> {
        let text = folder.read(path)?;
        let load = |name: &str| script::beside(folder, name);
        let script = Script::new(&text, Loader(&load));
        let (returned, named, calls) = (script.exported(), script.named("config"), script.calls());
        let get = |keys: &[&str]| match returned.at(keys) {
            Value::Undefined => named.at(keys),
            value => value,
        };
        let mut unread = |key: &str, line: usize, otherwise: &str| {
            let what = format!("`{key}` takes running the configuration to know: {otherwise}");
            problems.push(Problem::warning(path, Some(line), what, "write it as plain data there"));
        };
        let mut folders = ["input", "data", "includes", "layouts", "output"].map(|key| match get(&["dir", key]) {
            Value::Text(text) => Some(text),
            Value::Unknown(line) => {
                unread(&format!("dir.{key}"), line, "its default is used");
                None
            }
            _ => None,
        });
        let mut config = Self { use_gitignore: true, deep: true, main: path.to_owned(), ..Self::default() };
        for call in &calls {
            config.take(call, &mut folders);
        }
        let [input, data, includes, layouts, output] = folders;
        config.input = links::joined("", input.as_deref().unwrap_or(".")).unwrap_or_else(|| "..".into());
        let below = |name: Option<String>, default: &str| {
            links::joined("", &format!("{}/{}", config.input, name.unwrap_or_else(|| default.into())))
        };
        let data = below(data, "_data");
        let includes = below(includes, "_includes");
        let layouts = layouts.and_then(|layouts| below(Some(layouts), ""));
        let reserved = [&data, &includes, &layouts].into_iter().flatten().filter(|folder| **folder != config.input);
        config.reserved = reserved.cloned().collect();
        // Content that lies in the folder that is written to is not hidden by it.
        let output = links::joined("", &output.unwrap_or_else(|| "_site".into())).unwrap_or_default();
        let holds_input = output.is_empty() || format!("{}/", config.input).starts_with(&format!("{output}/"));
        config.reserved.extend(Some(output).filter(|_| !holds_input));
        config.layouts = [layouts, includes].into_iter().flatten().collect();
        config.data = data.unwrap_or_default();
        config.prefix = match get(&["pathPrefix"]) {
            Value::Text(prefix) => prefix,
            Value::Unknown(line) => {
                unread("pathPrefix", line, "addresses are taken to be without one");
                String::new()
            }
            _ => String::new(),
        };
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        config.fingerprint = hasher.finish();
        Ok(config)
    }

    /// What a call on Eleventy's configuration object says.
    fn take(&mut self, call: &Call, folders: &mut [Option<String>; 5]) {
        let text = |at: usize| call.arguments.get(at).and_then(Value::text);
        let folder = match call.method.as_str() {
            "setInputDirectory" => Some(0),
            "setDataDirectory" => Some(1),
            "setIncludesDirectory" => Some(2),
            "setLayoutsDirectory" => Some(3),
            "setOutputDirectory" => Some(4),
            _ => None,
        };
        if let (Some(at), Some(name)) = (folder, text(0)) {
            folders[at] = Some(name);
        }
        match (call.method.as_str(), text(0)) {
            ("ignores.add", Some(pattern)) => self.ignores.push(pattern),
            ("setUseGitIgnore", _) => self.use_gitignore = call.arguments.first() != Some(&Value::Bool(false)),
            ("setDataDeepMerge", _) => self.deep = call.arguments.first() != Some(&Value::Bool(false)),
            ("setDataFileBaseName", name) => self.folder_data = name,
            ("addGlobalData", Some(key)) => {
                if let Some(value) = call.arguments.get(1).and_then(Value::to_json) {
                    self.global.insert(key, value);
                }
            }
            ("addLayoutAlias", Some(alias)) => {
                self.aliases.extend(text(1).map(|layout| (alias, layout)));
            }
            (method, Some(name)) if method.starts_with("add") && method.ends_with("Filter") => {
                self.filters.insert(name);
            }
            ("addDataExtension", Some(endings)) => {
                let endings = endings.split(',').map(str::trim).filter(|ending| matches!(*ending, "yaml" | "yml"));
                self.yaml.extend(endings.map(str::to_owned));
            }
            ("configureErrorReporting", _) => {
                let options = call.arguments.first().cloned().unwrap_or(Value::Undefined);
                self.any_name = options.at(&["allowMissingExtensions"]) == Value::Bool(true);
            }
            ("addUrlTransform", _) => self.transformed = true,
            ("addPlugin", _) => {
                let metadata = call.arguments.get(1).map(|options| options.at(&["metadata"]));
                self.feed = metadata.and_then(|metadata| metadata.to_json()).or(self.feed.take());
            }
            _ => {}
        }
    }

    /// The site: Eleventy itself knows neither address nor title, so they come from the usual data files.
    pub fn site(&self, folder: &Folder, settings: &Settings, data: &Data) -> Result<Site, Vec<Problem>> {
        let places: Vec<&Json> = ["metadata", "site", "meta", "config"]
            .iter()
            .filter_map(|key| data.global.get(*key))
            .chain(&self.feed)
            .collect();
        let find = |keys: &[&str]| {
            let texts = places.iter().flat_map(|place| keys.iter().map(|key| place.get(*key)));
            texts.flatten().filter_map(Json::as_str).find(|text| !text.trim().is_empty()).map(str::to_owned)
        };
        let url = find(&["url", "baseUrl", "baseURL", "base", "siteUrl", "siteURL", "origin"]);
        if settings.url.is_none() && url.is_none() {
            let what = "says no address of the site: feeds need it, and Eleventy has no place for it";
            let hint = "set `site.url` in postrider.yaml, as in `site: { url: https://www.example.org/ }`";
            return Err(vec![Problem::error(&self.main, None, what, hint)]);
        }
        let written = home::address(settings, url.as_deref(), "url", &self.data)?;
        let prefix = self.prefix.trim_matches('/');
        let root = Url::parse(&written).is_ok_and(|url| url.path() == "/");
        let url = if root && !prefix.is_empty() { format!("{written}{}/", home::encoded(prefix)) } else { written };
        let default =
            settings.language.clone().or_else(|| find(&["language", "lang", "locale"])).unwrap_or_else(|| "en".into());
        let mut languages = vec![(default.clone(), None, String::new())];
        languages
            .extend(data.languages().into_iter().filter(|key| *key != default).map(|key| (key, None, String::new())));
        let mut site = home::site(
            settings,
            "eleventy",
            Said { url, title: find(&["title", "name"]), description: find(&["description", "subtitle"]), languages },
        );
        // What a folder of posts is called by those who start from an example.
        let usual = ["blog", "posts", "post", "articles", "news", "writing"];
        let usual =
            usual.into_iter().filter(|name| folder.is_folder(format!("{}/{name}", self.input).trim_start_matches('/')));
        site.main_sections = usual.map(str::to_owned).collect();
        Ok(site)
    }
}
