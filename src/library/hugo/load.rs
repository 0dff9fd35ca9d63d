//! Hugo's own configuration: one file or a folder of them, in TOML, YAML or JSON, merged. Keys in lower case.

use serde_json::{Map, Value, json};

use crate::library::files::Folder;
use crate::post::front_matter;
use crate::problem::Problem;
use crate::yaml;

/// A merged configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Keys in lower case.
    pub value: Value,
    /// The files and folders that it came from.
    pub sources: Vec<String>,
    /// For messages: the file that has the root keys.
    pub main: String,
}

const NAMES: [&str; 2] = ["hugo", "config"];
const EXTENSIONS: [&str; 4] = ["toml", "yaml", "yml", "json"];

/// A configuration made by hand, for folders that have none.
impl From<Value> for Loaded {
    fn from(value: Value) -> Self {
        Self { value: lower_case(value), sources: Vec::new(), main: "postrider.yaml".into() }
    }
}

/// The configuration in `folder`; `None` where there is none.
pub fn load(folder: &Folder) -> Option<Result<Loaded, Problem>> {
    let single = NAMES.iter().flat_map(|name| EXTENSIONS.map(|extension| format!("{name}.{extension}")));
    let single = single.into_iter().find(|path| folder.has(path));
    if single.is_none() && !folder.has("config/_default") {
        return None;
    }
    Some(merged(folder, single))
}

fn merged(folder: &Folder, single: Option<String>) -> Result<Loaded, Problem> {
    let mut sources = Vec::new();
    let mut value = json!({});
    if let Some(path) = &single {
        merge(&mut value, read(folder, path)?);
        sources.push(path.clone());
    }
    let mut main = single;
    // `hugo` builds for the environment `production`.
    for below in ["config/_default", "config/production"] {
        if !folder.has(below) {
            continue;
        }
        sources.push(below.to_owned());
        let files = folder.walk(below, &mut Vec::new());
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
                continue;
            }
            // `languages.pt-br.toml` is the language itself, `menus.en.toml` one key of it.
            let keyed = match name.split_once('.') {
                Some(("languages", language)) => json!({"languages": {language: content}}),
                Some((key, language)) => json!({"languages": {language: {key: content}}}),
                None => json!({name: content}),
            };
            merge(&mut value, keyed);
        }
    }
    let main = main.unwrap_or_else(|| "config/_default".into());
    Ok(Loaded { value, sources, main })
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
        (value, over) => *value = over,
    }
}
