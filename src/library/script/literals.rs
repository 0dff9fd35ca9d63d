//! Arrays and objects.

use super::eval::{MAX_STEPS, Run};
use super::syntax::next_item;
use super::token::{Kind, Tokens};
use super::{Map, Value};

impl Run<'_> {
    /// Values between the bracket at `at` and its end, spreads opened.
    pub(super) fn list(&mut self, tokens: &Tokens, at: usize) -> Value {
        let end = tokens.after(at) - 1;
        let mut items = Vec::new();
        let mut next = at + 1;
        while next < end {
            let spread = tokens.is(next, "...");
            let start = next + usize::from(spread);
            let (value, stop) = self.expression(tokens, start);
            match value {
                Value::List(inner) if spread => items.extend(inner),
                _ if spread => items.push(Value::Unknown(tokens.line(next))),
                value => items.push(value),
            }
            next = next_item(tokens, stop.max(next + 1), end);
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Value::Unknown(tokens.line(at));
            }
        }
        Value::List(items)
    }

    pub(super) fn map(&mut self, tokens: &Tokens, at: usize) -> Value {
        let end = tokens.after(at) - 1;
        let mut map = Map::default();
        let mut next = at + 1;
        while next < end {
            let line = tokens.line(next);
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Value::Unknown(line);
            }
            if tokens.is(next, "...") {
                let (value, stop) = self.expression(tokens, next + 1);
                match value {
                    Value::Map(inner) => {
                        map.unread = map.unread.or(inner.unread);
                        for (key, value) in inner.entries {
                            map.set(key, value);
                        }
                    }
                    Value::Undefined | Value::Null | Value::Bool(false) => {}
                    _ => map.unread = Some(line),
                }
                next = next_item(tokens, stop.max(next + 1), end);
                continue;
            }
            let (key, behind) = match tokens.get(next).map(|token| &token.kind) {
                Some(Kind::Sign("[")) => (self.expression(tokens, next + 1).0.text(), tokens.after(next)),
                Some(Kind::Name(name) | Kind::Text(name)) => (Some(name.clone()), next + 1),
                Some(Kind::Number(number)) => (Some(number.to_string()), next + 1),
                _ => (None, next + 1),
            };
            let value = if tokens.is(behind, ":") {
                let (value, stop) = self.expression(tokens, behind + 1);
                next = next_item(tokens, stop.max(behind + 1), end);
                value
            } else if tokens.is(behind, ",") || behind >= end {
                next = behind + 1;
                key.as_deref().map_or(Value::Unknown(line), |name| self.lookup(name, line))
            } else {
                // A method, a getter, an asynchronous one.
                let method = tokens.is(behind, "(");
                next = next_item(tokens, behind, end);
                if !method {
                    map.unread = map.unread.or(Some(line));
                    continue;
                }
                Value::Unknown(line)
            };
            match key {
                Some(key) => map.set(key, value),
                None => map.unread = Some(line),
            }
        }
        Value::Map(map)
    }
}
