//! The data cascade: what all pages, folders, layouts and files give to a page.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Map, Value, json};

use crate::library::files::{File, Folder};
use crate::library::matter;
use crate::library::script::{Loader, Script, Value as Js};
use crate::post::links;
use crate::problem::Problem;
use crate::yaml;

use super::config::Config;

/// Stands for a `permalink` that cannot be read: where it is.
pub(super) const UNREAD: &str = "postrider: not read";

/// Layouts name layouts so often.
const MAX_LAYOUTS: usize = 10;

/// All data but the pages' own.
#[derive(Debug, Clone, Default)]
pub(super) struct Data {
    /// Of all pages.
    pub global: Map<String, Value>,
    /// By path of a page or folder, without extension: weakest first.
    local: BTreeMap<String, Vec<Map<String, Value>>>,
    /// Front matter of layouts, by path.
    layouts: BTreeMap<String, Map<String, Value>>,
}

impl Data {
    /// Reads every data file among `files`, and the layouts.
    pub fn read(folder: &Folder, config: &Config, files: &[File], problems: &mut Vec<Problem>) -> Self {
        let mut data = Self::default();
        let mut local: Vec<(usize, String, Map<String, Value>)> = Vec::new();
        for file in files {
            let path = &file.path;
            if !config.data.is_empty() && path.starts_with(&format!("{}/", config.data)) {
                data.add_global(folder, config, path, problems);
            } else if config.layouts.iter().any(|layouts| path.starts_with(&format!("{layouts}/"))) {
                let values = folder.read(path).ok().and_then(|text| Some(matter::cut(&text).ok()?.front_matter.values));
                data.layouts.insert(path.clone(), cleaned(values.unwrap_or_default()));
            } else if let Some((stem, rank)) = data_file(config, path)
                && let Some(Value::Object(values)) = load(folder, path, problems)
            {
                local.push((rank, stem, cleaned(values)));
            }
        }
        local.sort_by_key(|(rank, ..)| *rank);
        for (_, stem, values) in local {
            data.local.entry(stem).or_default().push(values);
        }
        for (key, value) in &config.global {
            merge_at(&mut data.global, key.split('.'), value.clone());
        }
        data
    }

    fn add_global(&mut self, folder: &Folder, config: &Config, path: &str, problems: &mut Vec<Problem>) {
        let Some((stem, ending)) = path[config.data.len() + 1..].rsplit_once('.') else { return };
        if (matches!(ending, "json" | "js" | "cjs" | "mjs") || config.yaml.iter().any(|yaml| yaml == ending))
            && let Some(value) = load(folder, path, problems)
        {
            merge_at(&mut self.global, stem.split('/'), value);
        }
    }

    /// Languages that folders or files give to pages.
    pub fn languages(&self) -> BTreeSet<String> {
        let local = self.local.values().flatten();
        local.filter_map(|values| values.get("lang")?.as_str()).map(str::to_owned).collect()
    }

    /// Changes with any of it.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{self:?}").hash(&mut hasher);
        hasher.finish()
    }

    /// What is known of a page: all that is given to it, and its own front matter on top.
    pub fn of(&self, config: &Config, path: &str, own: Map<String, Value>) -> Map<String, Value> {
        let own = cleaned(own);
        let mut local = Map::new();
        for values in stems(config, path).iter().filter_map(|stem| self.local.get(stem)).flatten() {
            merge(&mut local, values.clone(), config.deep);
        }
        let layout =
            [&own, &local, &self.global].iter().find_map(|values| values.get("layout")).and_then(Value::as_str);
        let mut merged = self.global.clone();
        for values in self.layouts_of(config, layout) {
            merge(&mut merged, values.clone(), config.deep);
        }
        merge(&mut merged, local, config.deep);
        merge(&mut merged, own, config.deep);
        merged
    }

    /// Front matter of a layout and of those that it is in, the outermost first.
    fn layouts_of(&self, config: &Config, name: Option<&str>) -> Vec<&Map<String, Value>> {
        let mut chain = Vec::new();
        let mut name = name.map(str::to_owned);
        while let Some(wanted) = name.take().filter(|_| chain.len() < MAX_LAYOUTS) {
            let wanted = config.aliases.get(&wanted).cloned().unwrap_or(wanted);
            let endings = ["", ".njk", ".liquid", ".html", ".md", ".11ty.js"];
            let paths = config
                .layouts
                .iter()
                .flat_map(|folder| endings.map(|ending| links::joined("", &format!("{folder}/{wanted}{ending}"))));
            let Some(values) = paths.flatten().find_map(|path| self.layouts.get(&path)) else { break };
            name = values.get("layout").and_then(Value::as_str).map(str::to_owned);
            chain.push(values);
        }
        chain.reverse();
        chain
    }
}

/// Paths of the data files of a page, without extension: from the content's folder down to its own.
fn stems(config: &Config, path: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let below = folder.strip_prefix(config.input.as_str()).unwrap_or(folder).trim_start_matches('/');
    let data_of = |folder: &str| {
        let name = config.folder_data.as_deref().unwrap_or_else(|| folder.rsplit('/').next().unwrap_or_default());
        format!("{folder}/{name}").trim_start_matches('/').to_owned()
    };
    let mut stems = Vec::new();
    if !config.input.is_empty() || config.folder_data.is_some() {
        stems.push(data_of(&config.input));
    }
    let mut at = config.input.clone();
    for part in below.split('/').filter(|part| !part.is_empty()) {
        at = if at.is_empty() { part.to_owned() } else { format!("{at}/{part}") };
        stems.push(data_of(&at));
    }
    stems.push(path.strip_suffix(name).unwrap_or_default().to_owned() + name.strip_suffix(".md").unwrap_or(name));
    stems
}

/// The page or folder that a file has data for, and how strong it is.
fn data_file(config: &Config, path: &str) -> Option<(String, usize)> {
    let (stem, ending) = path.rsplit_once('.')?;
    let (bare, marked) = match stem.strip_suffix(".11tydata") {
        Some(bare) => (bare, true),
        None => (stem, false),
    };
    let rank = match ending {
        _ if config.yaml.iter().any(|yaml| yaml == ending) => 0,
        "json" => 1,
        "mjs" if marked => 2,
        "cjs" if marked => 3,
        "js" if marked => 4,
        _ => return None,
    };
    Some((bare.to_owned(), rank + if marked { 5 } else { 0 }))
}

fn load(folder: &Folder, path: &str, problems: &mut Vec<Problem>) -> Option<Value> {
    let text = match folder.read(path) {
        Ok(text) => text,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    if matches!(path.rsplit_once('.'), Some((_, "js" | "cjs" | "mjs"))) {
        let script = Script::new(text, Loader(&|_| None));
        let value = script.exported();
        let mut json = value.to_json();
        if let (Js::Map(map), Some(Value::Object(known))) = (&value, &mut json) {
            // What decides about addresses must not be passed over in silence.
            for key in ["permalink", "tags", "date", "eleventyExcludeFromCollections"] {
                let Some(line) = script.line_of(&map.get(key)) else { continue };
                if key == "permalink" {
                    known.insert(key.into(), json!({UNREAD: format!("{path}:{line}")}));
                }
                let what = format!("`{key}` takes running the program to know");
                problems.push(Problem::warning(path, Some(line), what, "write it as plain data, or in each page"));
            }
        }
        return json;
    }
    if text.trim().is_empty() {
        return None;
    }
    match yaml::parse(text, 1024 * 1024) {
        Ok((value, _)) => Some(value),
        Err(fault) => {
            let what = format!("cannot be read: {}", fault.what);
            problems.push(Problem::error(path, fault.line, what, "mend it; Eleventy refuses the site too"));
            None
        }
    }
}

/// `tags` as a list of texts: a text is cut at its commas.
fn cleaned(mut values: Map<String, Value>) -> Map<String, Value> {
    if let Some(tags) = values.get_mut("tags") {
        let list: Vec<Value> = match tags {
            Value::String(text) if !text.is_empty() => text.split(',').map(Value::from).collect(),
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned).into()).collect()
            }
            _ => Vec::new(),
        };
        *tags = Value::Array(list);
    }
    values
}

/// `over` wins; maps are merged and lists joined, unless a key says `override:`.
pub(super) fn merge(values: &mut Map<String, Value>, over: Map<String, Value>, deep: bool) {
    for (key, over) in over {
        let (key, replaced) = match key.strip_prefix("override:") {
            Some(key) => (key.to_owned(), true),
            None => (key, !deep),
        };
        match (values.get_mut(&key), over) {
            (Some(Value::Array(items)), Value::Array(more)) if !replaced => items.extend(more),
            (Some(Value::Object(map)), Value::Object(more)) if !replaced => merge(map, more, true),
            (_, over) => {
                values.insert(key, over);
            }
        }
    }
}

fn merge_at<'k>(values: &mut Map<String, Value>, keys: impl DoubleEndedIterator<Item = &'k str>, value: Value) {
    let nested = keys.rev().fold(value, |value, key| Value::Object(std::iter::once((key.to_owned(), value)).collect()));
    if let Value::Object(map) = nested {
        merge(values, map, true);
    }
}
