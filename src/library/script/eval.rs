//! Expressions to values, as far as they are data.

use std::collections::HashMap;

use super::functions::written;
use super::syntax::{
    Binding, after_type, bindings, body, end_of_expression, first_parameter, function, operator, starts_statement,
};
use super::token::{Kind, Tokens};
use super::{Call, Map, Script, Value};

/// Values that one question may make; what needs more is not known.
pub(super) const MAX_STEPS: usize = 200_000;

/// Expressions nest so deep.
const MAX_DEPTH: usize = 64;

/// One question to a file.
pub(super) struct Run<'s> {
    script: &'s Script<'s>,
    /// Of the functions that are being looked into, the innermost last.
    scopes: Vec<HashMap<String, Binding>>,
    pub(super) steps: usize,
    depth: usize,
}

impl<'s> Run<'s> {
    pub(super) fn new(script: &'s Script<'_>) -> Self {
        Self { script, scopes: Vec::new(), steps: 0, depth: 0 }
    }

    pub(super) fn script(&self) -> &'s Script<'s> {
        self.script
    }

    /// Of the expression that begins at a token.
    pub(super) fn value(&mut self, at: usize) -> Value {
        let script = self.script;
        self.expression(&script.tokens, at).0
    }

    /// What the function at a token returns.
    pub(super) fn returned(&mut self, at: usize) -> Value {
        let script = self.script;
        let tokens = &script.tokens;
        let Some((from, to)) = body(tokens, at) else { return Value::Unknown(tokens.line(at)) };
        if !tokens.is(from, "{") {
            return self.value(from);
        }
        if self.scopes.len() >= 4 {
            return Value::Unknown(tokens.line(at));
        }
        self.steps += to - from;
        if self.steps > MAX_STEPS {
            return Value::Unknown(tokens.line(at));
        }
        self.scopes.push(bindings(tokens, from + 1, to));
        let mut value = Value::Undefined;
        let mut inner = from + 1;
        while inner < to {
            if tokens.name(inner) == Some("return") && !tokens.is(inner.wrapping_sub(1), ".") {
                value = self.value(inner + 1);
            }
            inner = tokens.after(inner);
        }
        self.scopes.pop();
        value
    }

    /// Calls of methods of the first parameter of the function at a token, in its own body.
    pub(super) fn calls(&mut self, at: usize) -> Vec<Call> {
        let script = self.script;
        let tokens = &script.tokens;
        let mut calls = Vec::new();
        let Some((from, to)) = body(tokens, at) else { return calls };
        let Some(parameter) = first_parameter(tokens, at) else { return calls };
        if !tokens.is(from, "{") {
            return calls;
        }
        self.scopes.push(bindings(tokens, from + 1, to));
        for inner in from + 1..to {
            if tokens.name(inner) != Some(parameter) || tokens.is(inner - 1, ".") {
                continue;
            }
            let line = tokens.line(inner);
            let mut method = String::new();
            let mut next = inner + 1;
            while tokens.is(next, ".") || tokens.is(next, "?.") {
                let Some(name) = tokens.name(next + 1) else { break };
                method.push_str(if method.is_empty() { "" } else { "." });
                method.push_str(name);
                next += 2;
            }
            if tokens.is(next, "(") && !method.is_empty() {
                let Value::List(arguments) = self.list(tokens, next) else { continue };
                calls.push(Call { method, arguments, line });
            }
        }
        self.scopes.pop();
        calls
    }

    /// The value of an expression and where it ends.
    pub(super) fn expression(&mut self, tokens: &Tokens, at: usize) -> (Value, usize) {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.depth >= MAX_DEPTH {
            return (Value::Unknown(tokens.line(at)), end_of_expression(tokens, at));
        }
        self.depth += 1;
        let result = self.choice(tokens, at);
        self.depth -= 1;
        result
    }

    fn choice(&mut self, tokens: &Tokens, at: usize) -> (Value, usize) {
        if let Some((_, end)) = function(tokens, at) {
            return (Value::Function(at), end);
        }
        let (value, next) = self.binary(tokens, at, 0);
        if tokens.is(next, "?") {
            let (yes, colon) = self.expression(tokens, next + 1);
            let behind = if tokens.is(colon, ":") { colon + 1 } else { colon };
            let (no, end) = self.expression(tokens, behind);
            let chosen = match value.truthy() {
                Some(true) => yes,
                Some(false) => no,
                None if yes == no => yes,
                None => Value::Unknown(tokens.line(at)),
            };
            return (chosen, end);
        }
        if tokens.is(next, "=") {
            return self.expression(tokens, next + 1);
        }
        (value, next)
    }

    fn binary(&mut self, tokens: &Tokens, at: usize, least: u8) -> (Value, usize) {
        let (mut left, mut next) = self.unary(tokens, at);
        loop {
            next = after_type(tokens, next);
            let Some((sign, rank)) = operator(tokens, next).filter(|(_, rank)| *rank >= least) else {
                return (left, next);
            };
            let line = tokens.line(next);
            self.steps += 1;
            let (right, end) = self.binary(tokens, next + 1, rank + 1);
            if end <= next {
                return (Value::Unknown(line), next + 1);
            }
            left = combined(sign, left, right, line);
            next = end;
        }
    }

    fn unary(&mut self, tokens: &Tokens, at: usize) -> (Value, usize) {
        let line = tokens.line(at);
        // A chain of signs must not be a chain of calls.
        let mut start = at;
        let mut applied = Vec::new();
        loop {
            match tokens.get(start).map(|token| &token.kind) {
                Some(Kind::Sign(sign @ ("!" | "-" | "+" | "~" | "++" | "--"))) => applied.push(*sign),
                Some(Kind::Name(name)) if name == "await" => applied.push("await"),
                Some(Kind::Name(name)) if matches!(name.as_str(), "typeof" | "void" | "delete" | "new" | "yield") => {
                    applied.push("?");
                }
                _ => break,
            }
            start += 1;
        }
        let (mut value, end) = self.postfix(tokens, start);
        for sign in applied.into_iter().rev() {
            value = match (sign, value) {
                ("await", value) => value,
                ("!", value) => value.truthy().map_or(Value::Unknown(line), |truth| Value::Bool(!truth)),
                ("-", Value::Number(number)) => Value::Number(-number),
                ("+", Value::Number(number)) => Value::Number(number),
                _ => Value::Unknown(line),
            };
        }
        (value, end)
    }

    fn postfix(&mut self, tokens: &Tokens, at: usize) -> (Value, usize) {
        let (mut value, mut next) = self.primary(tokens, at);
        // The names before a call, to know the few functions that are known.
        let mut path = tokens.name(at).unwrap_or_default().to_owned();
        loop {
            let line = tokens.line(next);
            let optional = tokens.is(next, "?.");
            if optional && (tokens.is(next + 1, "(") || tokens.is(next + 1, "[")) {
                next += 1;
            }
            if (tokens.is(next, ".") || tokens.is(next, "?.")) && tokens.name(next + 1).is_some() {
                let name = tokens.name(next + 1).unwrap_or_default();
                if tokens.is(next + 2, "(") {
                    let called = self.method(tokens, &value, &path, name, next + 2);
                    path = String::new();
                    value = called.unwrap_or(Value::Unknown(line));
                    next = tokens.after(next + 2);
                    continue;
                }
                path = if path.is_empty() { String::new() } else { format!("{path}.{name}") };
                value = match value {
                    // What is set on the machine that builds is not known; unset is what it is without it.
                    _ if path.starts_with("process.env.") => Value::Undefined,
                    Value::Map(map) => match (map.get(name), map.unread) {
                        (Value::Undefined, Some(line)) => Value::Unknown(line),
                        (value, _) => value,
                    },
                    Value::Undefined if optional => Value::Undefined,
                    _ => Value::Unknown(line),
                };
                next += 2;
            } else if tokens.is(next, "[") && tokens.line(next) == tokens.line(next.saturating_sub(1)) {
                let (key, _) = self.expression(tokens, next + 1);
                value = match (&value, key) {
                    (Value::Map(map), Value::Text(key)) => map.get(&key),
                    (Value::List(items), Value::Number(number)) => super::whole(number)
                        .and_then(|at| items.get(usize::try_from(at).ok()?).cloned())
                        .unwrap_or(Value::Undefined),
                    _ if path == "process.env" => Value::Undefined,
                    _ => Value::Unknown(line),
                };
                path = String::new();
                next = tokens.after(next);
            } else if tokens.is(next, "(") {
                value = self.call(tokens, &value, &path, next);
                path = String::new();
                next = tokens.after(next);
            } else if tokens.is(next, "!") && !tokens.is(next + 1, "=") {
                next += 1;
            } else if matches!(tokens.get(next).map(|token| &token.kind), Some(Kind::Template(..)))
                && matches!(value, Value::Unknown(_) | Value::Function(_))
            {
                value = Value::Unknown(line);
                next += 1;
            } else {
                return (value, next);
            }
        }
    }

    fn primary(&mut self, tokens: &Tokens, at: usize) -> (Value, usize) {
        let line = tokens.line(at);
        let Some(token) = tokens.get(at) else { return (Value::Undefined, at) };
        match &token.kind {
            Kind::Text(text) => (Value::Text(text.clone()), at + 1),
            Kind::Number(number) => (Value::Number(*number), at + 1),
            Kind::Template(texts, holes) => (self.template(texts, holes, line), at + 1),
            Kind::Name(name) => (self.lookup(name, line), at + 1),
            Kind::Sign("(") => {
                let mut value = Value::Undefined;
                let mut inner = at + 1;
                // The last of several counts.
                while inner < token.close {
                    let (found, next) = self.expression(tokens, inner);
                    value = found;
                    inner = if tokens.is(next, ",") { next + 1 } else { next.max(inner + 1) };
                }
                (value, token.close + 1)
            }
            Kind::Sign("[") => (self.list(tokens, at), token.close + 1),
            Kind::Sign("{") => (self.map(tokens, at), token.close + 1),
            // A closing bracket or a comma ends what is asked for.
            Kind::Sign("}" | ")" | "]" | "," | ";" | ":") => (Value::Undefined, at),
            _ => (Value::Unknown(line), at + 1),
        }
    }

    fn template(&mut self, texts: &[String], holes: &[Tokens], line: usize) -> Value {
        let mut out = texts.first().cloned().unwrap_or_default();
        for (hole, text) in holes.iter().zip(texts.iter().skip(1)) {
            match self.expression(hole, 0).0 {
                Value::Unknown(_) | Value::Function(_) | Value::Map(_) | Value::List(_) => return Value::Unknown(line),
                value => out.push_str(&written(&value)),
            }
            out.push_str(text);
            if out.len() > 64 * 1024 {
                return Value::Unknown(line);
            }
        }
        Value::Text(out)
    }

    pub(super) fn lookup(&mut self, name: &str, line: usize) -> Value {
        match name {
            "undefined" => return Value::Undefined,
            "null" => return Value::Null,
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "__dirname" => return Value::Text(".".into()),
            _ => {}
        }
        let inner = self.scopes.iter().rposition(|scope| scope.contains_key(name));
        let found = match inner {
            Some(scope) => self.scopes[scope].get(name).cloned(),
            None => self.script.names.get(name).cloned(),
        };
        let value = match found {
            Some(Binding::At(at)) => {
                // A name that stands for itself, straight or round about, ends at the depth.
                let script = self.script;
                self.expression(&script.tokens, at).0
            }
            Some(Binding::Part { of, key, otherwise }) => {
                let script = self.script;
                let environment =
                    script.tokens.name(of) == Some("process") && script.tokens.name(of + 2) == Some("env");
                let whole = self.expression(&script.tokens, of).0;
                let part = match whole {
                    _ if environment => Value::Undefined,
                    Value::Map(map) if map.unread.is_none() || map.get(&key) != Value::Undefined => map.get(&key),
                    _ => Value::Unknown(line),
                };
                match (part, otherwise) {
                    (Value::Undefined, Some(at)) => self.expression(&script.tokens, at).0,
                    (part, _) => part,
                }
            }
            Some(Binding::File(file)) => {
                self.script.load.0(&file).map_or(Value::Unknown(line), |json| Value::from(&json))
            }
            Some(Binding::Unclear(line)) => Value::Unknown(line),
            None => Value::Unknown(line),
        };
        match value {
            Value::Map(map) if inner.is_none() => Value::Map(self.completed(name, map)),
            value => value,
        }
    }

    /// With what statements of the file put in: `config.url = "…"`.
    fn completed(&mut self, name: &str, mut map: Map) -> Map {
        let script = self.script;
        let tokens = &script.tokens;
        let mut at = 0;
        while at < tokens.len() && self.steps <= MAX_STEPS {
            self.steps += 1;
            if tokens.name(at) == Some(name)
                && tokens.is(at + 1, ".")
                && tokens.is(at + 3, "=")
                && starts_statement(tokens, at)
                && let Some(key) = tokens.name(at + 2)
            {
                let (value, _) = self.expression(tokens, at + 4);
                map.set(key.to_owned(), value);
            }
            at = tokens.after(at);
        }
        map
    }
}

fn combined(sign: &str, left: Value, right: Value, line: usize) -> Value {
    match sign {
        "||" => match left.truthy() {
            Some(true) => left,
            Some(false) => right,
            None => Value::Unknown(line),
        },
        "&&" => match left.truthy() {
            Some(true) => right,
            Some(false) => left,
            None => Value::Unknown(line),
        },
        "??" => match left {
            Value::Undefined | Value::Null => right,
            left => left,
        },
        "===" | "==" | "!==" | "!=" if left.truthy().is_some() && right.truthy().is_some() => {
            let loose =
                sign.len() == 2 && [&left, &right].iter().all(|value| matches!(value, Value::Undefined | Value::Null));
            Value::Bool((loose || left == right) == sign.starts_with('='))
        }
        "+" => match (&left, &right) {
            (Value::Number(a), Value::Number(b)) => Value::Number(a + b),
            (Value::Text(_), Value::Text(_) | Value::Number(_)) | (Value::Number(_), Value::Text(_)) => {
                Value::Text(written(&left) + &written(&right))
            }
            _ => Value::Unknown(line),
        },
        _ => Value::Unknown(line),
    }
}
