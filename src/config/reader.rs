//! Takes values out of the YAML tree by their dotted names, and collects what is wrong with them, each with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::keys;
use crate::problem::Problem;
use crate::yaml;

/// More than any honest configuration.
const MAX_BYTES: usize = 1 << 20;

/// See the module.
pub struct Reader<'a> {
    text: &'a str,
    name: &'a str,
    /// Relative paths count from here.
    base: &'a Path,
    tree: Value,
    /// Key → where its value came from, for those that the environment set.
    from_environment: BTreeMap<String, String>,
    faults: Vec<Problem>,
    /// Files that secrets were read from.
    secrets: BTreeSet<PathBuf>,
}

impl<'a> Reader<'a> {
    /// Parses `text`, lays the environment over it and notes unknown keys.
    pub fn new(
        text: &'a str,
        name: &'a str,
        base: &'a Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Problem>> {
        let (tree, repeated) = yaml::parse(text, MAX_BYTES).map_err(|fault| {
            vec![Problem::error(
                name,
                fault.line,
                fault.what,
                "see https://yaml.org for how lists and maps are written",
            )]
        })?;
        let tree = if tree.is_null() { Value::Object(serde_json::Map::new()) } else { tree };
        let mut reader = Self {
            text,
            name,
            base,
            tree,
            from_environment: BTreeMap::new(),
            faults: Vec::new(),
            secrets: BTreeSet::new(),
        };
        for fault in repeated {
            reader.faults.push(Problem::error(name, fault.line, fault.what, "keep one of them"));
        }
        reader.unknown_keys(&reader.tree.clone(), "");
        reader.take_environment(environment);
        Ok(reader)
    }

    fn unknown_keys(&mut self, value: &Value, section: &str) {
        let Value::Object(map) = value else {
            if !value.is_null() {
                let what = if section.is_empty() { "the file is no map of keys" } else { "is no map of keys" };
                self.fault(section, what, "write `key: value` lines below it");
            }
            return;
        };
        for (name, value) in map {
            let path = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
            if keys::find(&path).is_some() {
            } else if keys::is_section(&path) {
                self.unknown_keys(value, &path);
            } else {
                let known = keys::below(section);
                let hint = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.fault(&path, "is no key of Postrider", &hint);
            }
        }
    }

    /// `POSTRIDER_MAIL_URL` sets `mail.url`; `POSTRIDER_MAIL_URL_FILE` names the file that holds it.
    fn take_environment(&mut self, environment: &BTreeMap<String, String>) {
        let settable = keys::KEYS.iter().filter(|key| !key.path.contains('*'));
        let names: BTreeMap<String, &str> = settable
            .flat_map(|key| {
                let name = format!("POSTRIDER_{}", key.path.replace('.', "_").to_uppercase());
                [(format!("{name}_FILE"), key.path), (name, key.path)]
            })
            .collect();
        for (name, value) in environment {
            if matches!(name.as_str(), "POSTRIDER_CONFIG")
                || name.starts_with("POSTRIDER_TEST_")
                || name == "POSTRIDER_PEERS"
            {
                continue;
            }
            let Some(path) = names.get(name) else {
                let hint =
                    nearest(name, names.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
                self.faults.push(Problem::error(name, None, "is no variable of Postrider", hint.unwrap_or_default()));
                continue;
            };
            let Some((section, key)) = path.rsplit_once('.') else { continue };
            let last = if name.ends_with("_FILE") { format!("{key}_file") } else { key.to_owned() };
            self.from_environment.insert(format!("{section}.{last}"), name.clone());
            let empty = || Value::Object(serde_json::Map::new());
            let map = section.split('.').try_fold(&mut self.tree, |tree, part| {
                let below = tree.as_object_mut()?.entry(part).or_insert_with(empty);
                // A section whose lines are all comments.
                if below.is_null() {
                    *below = empty();
                }
                Some(below)
            });
            if let Some(Value::Object(map)) = map {
                // What the environment says wins over both forms of the key in the file.
                map.remove(key);
                map.remove(&format!("{key}_file"));
                map.insert(last, Value::String(value.clone()));
            }
        }
    }

    fn value(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.tree, |value, part| value.get(part)).filter(|value| !value.is_null())
    }

    /// The owner's names below `section`, sorted.
    pub fn names(&self, section: &str) -> Vec<String> {
        self.value(section).and_then(Value::as_object).map(|map| map.keys().cloned().collect()).unwrap_or_default()
    }

    /// A scalar as text: the value, else the content of the file that `KEY_file` names, else the key's default. Blank is none.
    pub fn text(&mut self, path: &str) -> Option<String> {
        let known = keys::find(path);
        let found = match self.value(path) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(truth)) => Some(truth.to_string()),
            Some(_) => {
                self.fault(path, "is no single value", "write it on one line behind the colon");
                return None;
            }
            None => None,
        };
        let file = format!("{path}_file");
        let from_file = match self.value(&file) {
            Some(Value::String(name)) if known.is_some_and(|key| key.secret) => Some(name.clone()),
            _ => None,
        };
        let found = match (found, from_file) {
            (Some(_), Some(_)) => {
                self.fault(&file, "is given beside the value itself", "keep one of them");
                None
            }
            (None, Some(name)) => match fs_err::read_to_string(self.base.join(&name)) {
                Ok(text) => {
                    self.secrets.insert(self.base.join(&name));
                    Some(text.trim_end_matches(['\r', '\n']).to_owned())
                }
                Err(error) => {
                    self.fault(
                        &file,
                        &format!("cannot be read: `{name}`: {}", why(&error)),
                        "is the path right, and may this user read it?",
                    );
                    None
                }
            },
            (found, None) => found,
        };
        found.filter(|text| !text.trim().is_empty()).or_else(|| known.and_then(|key| key.default).map(str::to_owned))
    }

    /// [`Reader::text`] through `parse`; a fault of the value is noted.
    pub fn parsed<T>(&mut self, path: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(path)?;
        parse(&text)
            .map_err(|fault| {
                // What to write instead stands behind the semicolon: on a command line it is the same sentence.
                let (what, hint) = fault.rsplit_once("; ").unwrap_or((&fault, ""));
                self.fault(path, what, hint);
            })
            .ok()
    }

    /// A list of texts, or one text (the environment's, with commas).
    pub fn list(&mut self, path: &str) -> Option<Vec<String>> {
        if let Some(Value::Array(items)) = self.value(path) {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect();
            if texts.is_none() {
                self.fault(path, "is no list of names", "write e.g. `[news, blog]`");
            }
            return texts;
        }
        let is_file_value = self.value(path).is_some() && !self.from_environment.contains_key(path);
        let text = self.text(path)?;
        Some(if is_file_value { vec![text] } else { text.split(',').map(|part| part.trim().to_owned()).collect() })
    }

    /// Notes a fault of the key `path`, at its line in the file or with the variable that set it.
    pub fn fault(&mut self, path: &str, what: &str, hint: &str) {
        let variable = self.from_environment.get(path).or_else(|| self.from_environment.get(&format!("{path}_file")));
        let problem = if let Some(variable) = variable {
            Problem::error(variable, None, what, hint)
        } else {
            // A missing key is shown at its section.
            let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
            let line = (1..=parts.len()).rev().find_map(|n| yaml::line_of(self.text, &parts[..n]));
            let what = if path.is_empty() { what.to_owned() } else { format!("`{path}` {what}") };
            Problem::error(self.name, line, what, hint)
        };
        if !self.faults.contains(&problem) {
            self.faults.push(problem);
        }
    }

    /// Files that secrets were read from so far.
    pub fn secrets(&self) -> Vec<PathBuf> {
        self.secrets.iter().cloned().collect()
    }

    /// All faults, in the order of their lines.
    pub fn finish(mut self) -> Result<(), Vec<Problem>> {
        self.faults.sort();
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}

/// Why a file cannot be read, without its name, which every message has already.
pub fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        kind => kind.to_string(),
    }
}

/// The name nearest to `word`, when it is near enough to be meant.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let word = word.to_lowercase();
    names
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min()
        .map(|(_, name)| name)
}
