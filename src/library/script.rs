//! Configuration that is a program: JavaScript and TypeScript, read and never run.
//!
//! What is plain data is read (literals, constants of the same file, spreads, `||`, `? :`, templates), in the way in
//! which it would come out without any environment variable; the rest is [`Value::Unknown`] with its line. Never panics
//! on any text, and the work is bounded.

mod eval;
mod functions;
mod literals;
mod syntax;
mod token;

use std::collections::HashMap;

use token::Tokens;

use super::files::Folder;

/// A value as far as it can be told without running the program.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not there, `undefined`, or an environment variable.
    Undefined,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// Any number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(Map),
    /// A function: where it begins.
    Function(usize),
    /// It takes running the program to know: 1-based line.
    Unknown(usize),
}

/// An object's keys in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    entries: Vec<(String, Value)>,
    /// The line of a spread or key that could not be read: there may be more.
    pub unread: Option<usize>,
}

impl Map {
    /// The value of a key; what cannot be read may hold it.
    pub fn get(&self, key: &str) -> Value {
        let found = self.entries.iter().rfind(|(name, _)| name == key).map(|(_, value)| value.clone());
        found.unwrap_or(Value::Undefined)
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    fn set(&mut self, key: String, value: Value) {
        self.entries.retain(|(name, _)| *name != key);
        self.entries.push((key, value));
    }
}

impl Value {
    /// The value at a path of keys: [`Value::Undefined`] where there is none, unknown where that cannot be told.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Value {
        path.iter().fold(self.clone(), |value, key| match value {
            Value::Map(map) => map.get(key),
            Value::Unknown(line) => Value::Unknown(line),
            _ => Value::Undefined,
        })
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<String> {
        if let Value::Text(text) = self { Some(text.clone()) } else { None }
    }

    /// Texts of an array.
    pub fn texts(&self) -> Option<Vec<String>> {
        if let Value::List(items) = self { Some(items.iter().filter_map(Value::text).collect()) } else { None }
    }

    /// Line of what cannot be told.
    pub fn unknown(&self) -> Option<usize> {
        if let Value::Unknown(line) = self { Some(*line) } else { None }
    }

    /// As JSON; functions and what is not known are left out.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(truth) => (*truth).into(),
            Value::Number(number) => whole(*number).map_or_else(|| (*number).into(), Into::into),
            Value::Text(text) => text.clone().into(),
            Value::List(items) => items.iter().filter_map(Value::to_json).collect(),
            Value::Map(map) => {
                let pairs = map.iter().filter_map(|(key, value)| Some((key.to_owned(), value.to_json()?)));
                serde_json::Value::Object(pairs.collect())
            }
            Value::Undefined | Value::Function(_) | Value::Unknown(_) => return None,
        })
    }

    fn truthy(&self) -> Option<bool> {
        match self {
            Value::Undefined | Value::Null => Some(false),
            Value::Bool(truth) => Some(*truth),
            Value::Number(number) => Some(*number != 0.0),
            Value::Text(text) => Some(!text.is_empty()),
            Value::List(_) | Value::Map(_) | Value::Function(_) => Some(true),
            Value::Unknown(_) => None,
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(truth) => Value::Bool(*truth),
            serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap_or_default()),
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Value::from).collect()),
            serde_json::Value::Object(map) => {
                let entries = map.iter().map(|(key, value)| (key.clone(), Value::from(value))).collect();
                Value::Map(Map { entries, unread: None })
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a whole number within 53 bits")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A call of a method of a function's first parameter: `config.ignores.add("drafts")`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `ignores.add`
    pub method: String,
    /// In order.
    pub arguments: Vec<Value>,
    /// 1-based.
    pub line: usize,
}

/// A file that was read.
#[derive(Debug)]
pub struct Script<'l> {
    tokens: Tokens,
    /// Reads another file of data: `require("./x.json")`.
    load: Loader<'l>,
    /// Names of the file → where the value begins.
    names: HashMap<String, syntax::Binding>,
}

/// Gives the JSON that a module name means, relative to the file.
pub struct Loader<'l>(pub &'l dyn Fn(&str) -> Option<serde_json::Value>);

impl std::fmt::Debug for Loader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Loader")
    }
}

/// What a module's name means beside a site's configuration: JSON, and plain data of other programs.
pub fn beside(folder: &Folder, name: &str) -> Option<serde_json::Value> {
    let name = name.strip_prefix("./").filter(|name| !name.starts_with('.'))?;
    if matches!(name.rsplit_once('.'), Some((_, "json"))) {
        return serde_json::from_str(&folder.read(name).ok()?).ok();
    }
    let endings = ["", ".js", ".ts", ".mjs", ".cjs", ".json"];
    let path = endings
        .iter()
        .map(|ending| format!("{name}{ending}"))
        .find(|path| folder.has(path) && !folder.is_folder(path))?;
    let text = folder.read(&path).ok()?;
    if matches!(path.rsplit_once('.'), Some((_, "json"))) {
        return serde_json::from_str(&text).ok();
    }
    // One step only: a circle of files must end.
    Script::new(&text, Loader(&|_| None)).exported().to_json()
}

impl<'l> Script<'l> {
    /// Reads the text of a file.
    pub fn new(text: &str, load: Loader<'l>) -> Self {
        let tokens = Tokens::new(text);
        let names = syntax::bindings(&tokens, 0, tokens.len());
        Self { tokens, load, names }
    }

    /// What the file exports: `export default …`, `module.exports = …`; of a function, what it returns.
    pub fn exported(&self) -> Value {
        let mut run = eval::Run::new(self);
        let value = match syntax::export(&self.tokens, "default") {
            Some(at) => run.value(at),
            None => return Value::Undefined,
        };
        match value {
            Value::Function(at) => run.returned(at),
            value => value,
        }
    }

    /// `export const NAME = …` or `exports.NAME = …`
    pub fn named(&self, name: &str) -> Value {
        syntax::export(&self.tokens, name).map_or(Value::Undefined, |at| eval::Run::new(self).value(at))
    }

    /// The line of a value that takes running the program to know: of what is unknown, and of functions.
    pub fn line_of(&self, value: &Value) -> Option<usize> {
        match value {
            Value::Unknown(line) => Some(*line),
            Value::Function(at) => Some(self.tokens.line(*at)),
            _ => None,
        }
    }

    /// What the exported function asks of its first parameter, in order; conditional calls too.
    pub fn calls(&self) -> Vec<Call> {
        let mut run = eval::Run::new(self);
        match syntax::export(&self.tokens, "default").map(|at| run.value(at)) {
            Some(Value::Function(at)) => run.calls(at),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
