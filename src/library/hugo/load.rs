//! Hugo's own configuration: one file or a folder of them, in TOML, YAML or JSON, merged. Keys in lower case.

use serde_json::{Map, Value, json};

use crate::library::files::Folder;
use crate::post::front_matter;
use crate::problem::Problem;
use crate::yaml;

use super::themes::{self, Theme};

/// A merged configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Keys in lower case.
    pub value: Value,
    /// The files and folders that it came from.
    pub sources: Vec<String>,
    /// For messages: the file that has the root keys.
    pub main: String,
    /// Themes and modules in the site's folder, the first one winning. What they hand to the configuration is in it already.
    pub themes: Vec<Theme>,
}

const NAMES: [&str; 2] = ["hugo", "config"];
const EXTENSIONS: [&str; 4] = ["toml", "yaml", "yml", "json"];

/// The configuration in `folder`; `None` where there is none.
pub fn load(folder: &Folder) -> Option<Result<Loaded, Problem>> {
    let single = single(folder, "");
    let root_in = |below: &str| {
        NAMES.iter().any(|name| EXTENSIONS.iter().any(|end| folder.has(&format!("{below}/{name}.{end}"))))
    };
    if single.is_none() && !folder.has("config/_default") && !root_in("config/production") {
        return None;
    }
    Some(merged(folder, "", single).and_then(|loaded| themes::added(folder, loaded)))
}

/// The configuration of the theme whose folder is `root`, which ends with a slash; empty where it has none.
pub fn of_theme(folder: &Folder, root: &str) -> Result<Loaded, Problem> {
    merged(folder, root, single(folder, root))
}

/// The first of the files that hold a whole configuration; `below` is empty or ends with a slash.
fn single(folder: &Folder, below: &str) -> Option<String> {
    let names = NAMES.iter().flat_map(|name| EXTENSIONS.map(|extension| format!("{below}{name}.{extension}")));
    names.into_iter().find(|path| folder.has(path))
}

fn merged(folder: &Folder, root: &str, single: Option<String>) -> Result<Loaded, Problem> {
    let mut sources = Vec::new();
    let mut value = json!({});
    if let Some(path) = &single {
        merge(&mut value, read(folder, path)?);
        sources.push(path.clone());
    }
    let mut main = single;
    // `hugo` builds for the environment `production`.
    for below in ["config/_default", "config/production"].map(|below| format!("{root}{below}")) {
        if !folder.has(&below) {
            continue;
        }
        let files = folder.walk(&below, &mut Vec::new());
        sources.push(below);
        // The root's file first: the others fill in what it leaves open.
        let (root, parts): (Vec<_>, Vec<_>) = files.iter().partition(|file| NAMES.contains(&stem(&file.path).as_str()));
        for file in root.into_iter().chain(parts) {
            let Some((name, extension)) = file.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')) else {
                continue;
            };
            if !EXTENSIONS.contains(&extension.to_lowercase().as_str()) {
                continue;
            }
            let content = read(folder, &file.path)?;
            let name = name.to_lowercase();
            if NAMES.contains(&name.as_str()) {
                main.get_or_insert_with(|| file.path.clone());
                merge(&mut value, content);
            } else {
                merge(&mut value, keyed(&name, content));
            }
        }
    }
    let main = main.unwrap_or_else(|| format!("{root}config/_default"));
    Ok(Loaded { value, sources, main, themes: Vec::new() })
}

/// What a file of a split configuration holds, below its key: `NAME.LANGUAGE` is the language's own configuration,
/// whatever the name, but for its menus and parameters.
fn keyed(name: &str, mut content: Value) -> Value {
    match name.split_once('.') {
        Some(("menu" | "menus", language)) => json!({"languages": {language: {"menus": content}}}),
        Some(("params", language)) => json!({"languages": {language: {"params": content}}}),
        Some((_, language)) => json!({"languages": {language: content}}),
        None => {
            // `permalinks.toml` may say `[permalinks]` once more.
            let alone = content.as_object().is_some_and(|map| map.len() == 1);
            let inner = content.get_mut(name).filter(|_| alone).map(Value::take);
            json!({name: inner.unwrap_or(content)})
        }
    }
}

fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase()
}

fn read(folder: &Folder, path: &str) -> Result<Value, Problem> {
    let text = folder.read(path)?;
    let text = text.trim_start_matches('\u{feff}');
    let value = match path.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).as_deref() {
        Some("toml") => front_matter::from_toml(text),
        // JSON is YAML, and the YAML reader knows lines.
        _ => yaml::parse(text, 1024 * 1024).map(|(value, _)| value),
    };
    let value = value.map_err(|fault| {
        Problem::error(
            path,
            fault.line,
            format!("Hugo's configuration cannot be read: {}", fault.what),
            "mend it; `hugo config` says the same",
        )
    })?;
    if !value.is_object() && !value.is_null() {
        let hint = "write `key: value` lines";
        return Err(Problem::error(path, None, "Hugo's configuration is no map of keys", hint));
    }
    Ok(lower_case(value))
}

fn lower_case(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut lower = Map::new();
            for (key, value) in map {
                lower.insert(key.to_lowercase(), lower_case(value));
            }
            Value::Object(lower)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(lower_case).collect()),
        other => other,
    }
}

/// `over` wins; maps are merged.
fn merge(value: &mut Value, over: Value) {
    match (value, over) {
        (Value::Object(map), Value::Object(over)) => {
            for (key, over) in over {
                match map.get_mut(&key) {
                    Some(value) => merge(value, over),
                    None => {
                        map.insert(key, over);
                    }
                }
            }
        }
        // A file of nothing but comments.
        (_, Value::Null) => {}
        (value, over) => *value = over,
    }
}
