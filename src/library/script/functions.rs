//! Functions and methods that give data from data.

use super::Value;
use super::eval::Run;
use super::token::Tokens;

impl Run<'_> {
    /// The functions that are known by name, and those of the file.
    pub(super) fn call(&mut self, tokens: &Tokens, callee: &Value, path: &str, at: usize) -> Value {
        let line = tokens.line(at);
        let Value::List(arguments) = self.list(tokens, at) else { return Value::Unknown(line) };
        match (path, callee, arguments.as_slice()) {
            ("require", _, [Value::Text(file)]) => {
                self.script().load.0(file).map_or(Value::Unknown(line), |json| Value::from(&json))
            }
            ("String", _, [value @ (Value::Text(_) | Value::Number(_))]) => Value::Text(written(value)),
            ("Boolean", _, [value]) => value.truthy().map_or(Value::Unknown(line), Value::Bool),
            (_, Value::Function(function), []) if std::ptr::eq(tokens, &raw const self.script().tokens) => {
                self.returned(*function)
            }
            // `defineConfig({ … })` and the like give back what they are given.
            (name, Value::Unknown(_), [Value::Map(map)]) if name.starts_with("define") => Value::Map(map.clone()),
            _ => Value::Unknown(line),
        }
    }

    pub(super) fn method(&mut self, tokens: &Tokens, on: &Value, path: &str, name: &str, at: usize) -> Option<Value> {
        let Value::List(arguments) = self.list(tokens, at) else { return None };
        let texts: Option<Vec<&str>> = arguments
            .iter()
            .map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
            .collect();
        match (path, name) {
            ("require", "resolve") => return arguments.first()?.text().map(Value::Text),
            ("path" | "path.posix", "join" | "resolve") => return Some(Value::Text(texts?.join("/"))),
            _ => {}
        }
        match (on, name, texts.as_deref()) {
            (Value::Text(text), "endsWith", Some([end])) => Some(Value::Bool(text.ends_with(end))),
            (Value::Text(text), "startsWith", Some([start])) => Some(Value::Bool(text.starts_with(start))),
            (Value::Text(text), "includes", Some([part])) => Some(Value::Bool(text.contains(part))),
            (Value::Text(text), "replace", Some([from, to])) => Some(Value::Text(text.replacen(from, to, 1))),
            (Value::Text(text), "trim", Some([])) => Some(Value::Text(text.trim().to_owned())),
            (Value::Text(text), "toLowerCase", Some([])) => Some(Value::Text(text.to_lowercase())),
            (Value::List(items), "filter", _) if tokens.name(at + 1) == Some("Boolean") => {
                Some(Value::List(items.iter().filter(|value| value.truthy() != Some(false)).cloned().collect()))
            }
            (Value::List(items), "concat", _) => {
                let mut items = items.clone();
                for argument in arguments {
                    if let Value::List(more) = argument { items.extend(more) } else { items.push(argument) }
                }
                Some(Value::List(items))
            }
            (Value::List(items), "join", Some([between])) => {
                Some(Value::Text(items.iter().map(written).collect::<Vec<_>>().join(between)))
            }
            _ => None,
        }
    }
}

/// A value as text.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null => "null".into(),
        Value::Undefined => "undefined".into(),
        _ => String::new(),
    }
}
