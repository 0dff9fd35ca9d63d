//! What an expression in a body says: of the page, of the site, and what the body itself assigned. `None`: it cannot be told
//! here, because the site's own configuration or a program would have to be asked.

use std::collections::HashMap;

use serde_json::Value;
use url::{Position, Url};

use crate::post::calls::Around;
use crate::post::calls::known::is_elsewhere;
use crate::post::front_matter::text_of;

/// Names and what they stand for.
pub struct Scope<'a> {
    around: &'a Around<'a>,
    assigned: HashMap<String, Option<Value>>,
}

impl<'a> Scope<'a> {
    /// Nothing is assigned yet.
    pub fn new(around: &'a Around<'a>) -> Self {
        Self { around, assigned: HashMap::new() }
    }

    /// `name = expression`
    pub fn assign(&mut self, text: &str) {
        if let Some((name, expression)) = text.split_once('=') {
            let value = self.output(expression).filter(|value| size(value) <= LARGEST);
            self.assigned.insert(name.trim().to_owned(), value);
        }
    }

    /// An expression with its filters.
    pub fn output(&self, text: &str) -> Option<Value> {
        let mut parts = split(text, '|').into_iter();
        let first = parts.next()?;
        let mut value = self.primary(first.trim());
        for filter in parts {
            value = self.filtered(value, filter.trim());
        }
        value
    }

    /// Whether a condition holds.
    pub fn holds(&self, text: &str) -> Option<bool> {
        // Read from the right: `a and b or c` is `a and (b or c)` to Liquid.
        let words: Vec<&str> = split(text, ' ').into_iter().filter(|word| !word.is_empty()).collect();
        let mut holds = None;
        let mut join: Option<&str> = None;
        let mut end = words.len();
        for at in (0..=words.len()).rev() {
            let is_join = at > 0 && matches!(words[at - 1], "and" | "or" | "&&" | "||");
            if !is_join && at > 0 {
                continue;
            }
            let one = self.compared(&words[at..end]);
            holds = match join {
                None => one,
                Some("and" | "&&") if one == Some(false) => Some(false),
                Some("and" | "&&") => {
                    if holds == Some(false) {
                        holds
                    } else {
                        one.and(holds)
                    }
                }
                _ if one == Some(true) => one,
                _ => {
                    if holds == Some(true) {
                        holds
                    } else {
                        one.and(holds)
                    }
                }
            };
            if at > 0 {
                join = Some(words[at - 1]);
                end = at - 1;
            }
        }
        holds
    }

    fn compared(&self, words: &[&str]) -> Option<bool> {
        match words {
            [] => Some(false),
            ["not" | "!", rest @ ..] => self.compared(rest).map(|holds| !holds),
            [one] => self.primary(one).map(|value| truth(&value)),
            [left, operator, right] => {
                let (left, right) = (self.primary(left)?, self.primary(right)?);
                let order = || left.as_f64()?.partial_cmp(&right.as_f64()?);
                match *operator {
                    "==" | "===" => Some(is_same(&left, &right)),
                    "!=" | "<>" | "!==" => Some(!is_same(&left, &right)),
                    ">" => Some(order()?.is_gt()),
                    "<" => Some(order()?.is_lt()),
                    ">=" => Some(order()?.is_ge()),
                    "<=" => Some(order()?.is_le()),
                    "contains" | "in" => Some(match &left {
                        Value::String(text) => text.contains(&self::text(&right)),
                        Value::Array(items) => items.contains(&right),
                        _ => false,
                    }),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A literal or a path.
    fn primary(&self, text: &str) -> Option<Value> {
        let text = text.trim();
        let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains(quote));
        if let Some(inner) = quoted('"').or_else(|| quoted('\'')) {
            return Some(Value::String(inner.to_owned()));
        }
        match text {
            "" | "nil" | "null" | "none" | "empty" | "blank" => return Some(Value::Null),
            "true" => return Some(Value::Bool(true)),
            "false" => return Some(Value::Bool(false)),
            _ => {}
        }
        if let Ok(number) = text.parse::<i64>() {
            return Some(number.into());
        }
        if let Ok(number) = text.parse::<f64>() {
            return serde_json::Number::from_f64(number).map(Value::Number);
        }
        let mut keys =
            text.split(['.', '[', ']']).map(|key| key.trim_matches(['"', '\'', ' '])).filter(|key| !key.is_empty());
        let is_path =
            |text: &str| text.chars().all(|c| c.is_alphanumeric() || "_-.[]\"' ".contains(c)) && !text.contains("  ");
        let first = keys.next().filter(|_| is_path(text))?;
        let value = match first {
            "site" => return self.of_site(&keys.collect::<Vec<_>>()),
            "page" => keys.next().map(|key| self.of_page(key)),
            "include" | "layout" | "forloop" | "loop" => Some(Value::Null),
            name => match self.assigned.get(name) {
                Some(value) => value.clone(),
                None => Some(self.of_page(name)),
            },
        };
        keys.try_fold(value?, |value, key| Some(part(&value, key)))
    }

    fn of_site(&self, keys: &[&str]) -> Option<Value> {
        let site = &self.around.site.site;
        let address = url::Url::parse(&site.url).ok();
        let text = match keys {
            ["title" | "name"] => site.title.clone(),
            ["description"] => site.description.clone(),
            ["lang" | "language"] => site.language.clone(),
            ["url"] => address.map(|url| url.origin().ascii_serialization())?,
            ["baseurl"] => address.map(|url| url.path().trim_end_matches('/').to_owned())?,
            _ => return None,
        };
        Some(Value::String(text))
    }

    /// What a page says of itself; what it does not say is nothing.
    fn of_page(&self, key: &str) -> Value {
        let page = self.around.page;
        let strings = |values: &[String]| Value::Array(values.iter().cloned().map(Value::String).collect());
        let front_matter = &self.around.front_matter().values;
        match key {
            "title" => page.written_title.clone().map_or(Value::Null, Value::String),
            "url" => Value::String(url::Url::parse(&page.url).map(|url| url.path().to_owned()).unwrap_or_default()),
            "path" | "inputPath" => Value::String(page.path.clone()),
            "name" => Value::String(page.path.rsplit('/').next().unwrap_or_default().to_owned()),
            "tags" => strings(&page.tags),
            "categories" => strings(&page.categories),
            "date" => Value::String(page.published.map(|date| date.format("%Y-%m-%d").to_string()).unwrap_or_default()),
            "lang" if !front_matter.contains_key("lang") => Value::String(page.language.clone()),
            "content" | "excerpt" if !front_matter.contains_key(key) => Value::Null,
            key => front_matter.get(&key.to_lowercase()).cloned().unwrap_or_default(),
        }
    }

    fn filtered(&self, value: Option<Value>, filter: &str) -> Option<Value> {
        let end = filter.find([':', '(', ' ']).unwrap_or(filter.len());
        let (name, rest) = filter.split_at(end);
        let rest = rest.trim().trim_start_matches([':', '(']).trim_end_matches(')');
        let args: Vec<Option<Value>> =
            split(rest, ',').into_iter().filter(|arg| !arg.trim().is_empty()).map(|arg| self.primary(arg)).collect();
        let arg = |at: usize| args.get(at).cloned().flatten().map(|value| text(&value)).unwrap_or_default();
        if name == "default" {
            return Some(value.filter(truth).filter(|value| !text(value).is_empty()).unwrap_or(Value::String(arg(0))));
        }
        let value = value?;
        let shown = text(&value);
        let grows = shown.len().saturating_mul(arg(0).len().max(arg(1).len()).max(1)) > 100 * LARGEST;
        if shown.len() > LARGEST || grows {
            return Some(value);
        }
        let home = self.around.site.site.url.trim_end_matches('/');
        let under = |path: &str| {
            let path = path.trim_start_matches('/');
            if is_elsewhere(path) { path.to_owned() } else { format!("{home}/{path}") }
        };
        Some(Value::String(match name {
            // A path, written as an address is.
            "relative_url" if !is_elsewhere(&shown) => {
                Url::parse(&under(&shown)).map_or(shown, |url| url[Position::BeforePath..].to_owned())
            }
            "absolute_url" => Url::parse(&under(&shown)).map_or_else(|_| under(&shown), String::from),
            "relative_url" | "url" | "htmlBaseUrl" => under(&shown),
            "upcase" | "upper" => shown.to_uppercase(),
            "downcase" | "lower" => shown.to_lowercase(),
            "capitalize" => {
                let mut chars = shown.chars();
                chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
            }
            "append" => shown + &arg(0),
            "prepend" => arg(0) + &shown,
            "replace" => shown.replace(&arg(0), &arg(1)),
            "replace_first" => shown.replacen(&arg(0), &arg(1), 1),
            "remove" if !arg(0).is_empty() => shown.replace(&arg(0), ""),
            "remove_first" => shown.replacen(&arg(0), "", 1),
            "strip" | "trim" => shown.trim().to_owned(),
            "lstrip" => shown.trim_start().to_owned(),
            "rstrip" => shown.trim_end().to_owned(),
            "strip_newlines" => shown.replace(['\r', '\n'], ""),
            "slugify" | "slug" => shown
                .to_lowercase()
                .split(|c: char| !c.is_alphanumeric())
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("-"),
            "url_encode" | "cgi_escape" | "uri_escape" | "urlencode" => {
                percent_encoding::utf8_percent_encode(&shown, percent_encoding::NON_ALPHANUMERIC).to_string()
            }
            "escape" | "xml_escape" | "escape_once" | "h" => crate::post::calls::out::escape(&shown),
            "size" | "length" => {
                return Some(match &value {
                    Value::Array(items) => items.len().into(),
                    _ => shown.chars().count().into(),
                });
            }
            "first" | "last" => return Some(part(&value, name)),
            "split" if !arg(0).is_empty() => {
                return Some(Value::Array(shown.split(&arg(0)).map(|part| Value::String(part.to_owned())).collect()));
            }
            "join" => match &value {
                Value::Array(items) => items
                    .iter()
                    .map(text)
                    .collect::<Vec<_>>()
                    .join(&args.first().cloned().flatten().map_or(" ".into(), |by| text(&by))),
                _ => shown,
            },
            "plus" | "minus" | "times" => {
                let (left, right) = (shown.parse::<i64>().ok()?, arg(0).parse::<i64>().ok()?);
                let result = match name {
                    "plus" => left.checked_add(right),
                    "minus" => left.checked_sub(right),
                    _ => left.checked_mul(right),
                };
                return result.map(Value::from);
            }
            "where" | "where_exp" | "sort" | "group_by" | "map" | "find" | "filter" | "concat" | "uniq" | "compact" => {
                return None;
            }
            _ => return Some(value),
        }))
    }
}

/// What an output writes.
pub fn text(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        other => text_of(other).unwrap_or_default(),
    }
}

/// What a body may make of values, in bytes: they do not grow without end.
const LARGEST: usize = 10_000;

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).sum::<usize>() + items.len(),
        Value::String(text) => text.len(),
        _ => 1,
    }
}

fn truth(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

/// `empty` and `nil` are one thing here: the same as nothing.
fn is_same(left: &Value, right: &Value) -> bool {
    let is_nothing = |value: &Value| {
        matches!(value, Value::Null) || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty)
    };
    left == right || is_nothing(left) && is_nothing(right)
}

fn part(value: &Value, key: &str) -> Value {
    let found = match (value, key) {
        (Value::Array(items), "first") => items.first(),
        (Value::Array(items), "last") => items.last(),
        (Value::Array(items), "size") => return items.len().into(),
        (Value::String(text), "size") => return text.chars().count().into(),
        (Value::Array(items), key) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
        (Value::Object(map), key) => map.get(key).or_else(|| map.get(&key.to_lowercase())),
        _ => None,
    };
    found.cloned().unwrap_or_default()
}

/// Parts between `mark` outside of quotes.
fn split(text: &str, mark: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == mark || mark == ' ' && c.is_whitespace() => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
