//! The expressions that addresses are written with, in Liquid and Nunjucks: `{{ page.date | date: "%Y" }}/{{ title |
//! slugify }}/`. What is more than that is not guessed at.

use std::collections::BTreeSet;

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value};

use super::slug::{slug, slugify};

/// A longer template is no address.
const MAX_BYTES: usize = 4096;

/// Blocks in blocks are read so deep.
const MAX_DEPTH: usize = 16;

/// What expressions may name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The page's data, `page` among it.
    pub data: &'a Map<String, Value>,
    /// `page.date`
    pub date: Option<DateTime<FixedOffset>>,
    /// Filters that the configuration makes or changes: what they do is not known.
    pub filters: &'a BTreeSet<String>,
}

/// A template's text with its expressions filled in. `Err`: what cannot be read, as it is written.
pub(super) fn render(template: &str, scope: &Scope<'_>) -> Result<String, String> {
    if !template.contains("{{") && !template.contains("{%") {
        return Ok(template.to_owned());
    }
    if template.len() > MAX_BYTES {
        return Err(template.chars().take(40).collect());
    }
    let mut parts = parts(template)?.into_iter().peekable();
    let out = block(&mut parts, scope, 0)?;
    match parts.next() {
        Some(Part::Tag(tag)) => Err(tag.to_owned()),
        _ => Ok(out),
    }
}

#[derive(Debug, Clone, Copy)]
enum Part<'t> {
    Text(&'t str),
    Expression(&'t str),
    Tag(&'t str),
}

fn parts(template: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let expression = rest[at..].starts_with("{{");
        let end = rest[at..].find(if expression { "}}" } else { "%}" }).ok_or_else(|| rest[at..].to_owned())?;
        let before = &rest[..at];
        let inner = &rest[at + 2..at + end];
        rest = &rest[at + end + 2..];
        let before = if inner.starts_with('-') { before.trim_end() } else { before };
        if inner.ends_with('-') {
            rest = rest.trim_start();
        }
        let inner = inner.trim_matches('-').trim();
        parts.push(Part::Text(before));
        parts.push(if expression { Part::Expression(inner) } else { Part::Tag(inner) });
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

type Parts<'t> = std::iter::Peekable<std::vec::IntoIter<Part<'t>>>;

/// Up to a tag that ends or divides the block, which is left.
fn block(parts: &mut Parts<'_>, scope: &Scope<'_>, depth: usize) -> Result<String, String> {
    let mut out = String::new();
    while let Some(part) = parts.peek().copied() {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Expression(expression) => out.push_str(&written(&evaluate(expression, scope)?)),
            Part::Tag(tag) => {
                let (word, condition) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
                match word {
                    "if" | "unless" if depth < MAX_DEPTH => {
                        parts.next();
                        out.push_str(&choice(parts, scope, depth, word == "unless", condition)?);
                        continue;
                    }
                    "else" | "elsif" | "elif" | "endif" | "endunless" => return Ok(out),
                    _ => return Err(format!("{{% {tag} %}}")),
                }
            }
        }
        parts.next();
    }
    Ok(out)
}

/// The branch that is taken, up to and with the end of the choice. What is in the others need not be known.
fn choice(
    parts: &mut Parts<'_>,
    scope: &Scope<'_>,
    depth: usize,
    negated: bool,
    condition: &str,
) -> Result<String, String> {
    let mut taken = None;
    let mut holds = test(condition, scope)? != negated;
    loop {
        let inside = block(parts, scope, depth + 1);
        if holds && taken.is_none() {
            taken = Some(inside?);
        } else if inside.is_err() {
            skip(parts);
        }
        let Some(Part::Tag(tag)) = parts.next() else { return Err(format!("{{% if {condition} %}}")) };
        let (word, condition) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        match word {
            "endif" | "endunless" => return Ok(taken.unwrap_or_default()),
            "else" => holds = true,
            _ => holds = taken.is_none() && test(condition, scope)?,
        }
    }
}

/// Up to the tag that ends or divides the block.
fn skip(parts: &mut Parts<'_>) {
    let mut depth = 0_usize;
    while let Some(part) = parts.peek() {
        if let Part::Tag(tag) = part {
            match tag.split_whitespace().next().unwrap_or_default() {
                "if" | "unless" => depth += 1,
                "endif" | "endunless" if depth > 0 => depth -= 1,
                "else" | "elsif" | "elif" | "endif" | "endunless" if depth == 0 => return,
                _ => {}
            }
        }
        parts.next();
    }
}

fn test(condition: &str, scope: &Scope<'_>) -> Result<bool, String> {
    for (sign, equal) in [("===", true), ("!==", false), ("==", true), ("!=", false)] {
        if let Some((left, right)) = condition.split_once(sign) {
            return Ok((evaluate(left, scope)? == evaluate(right, scope)?) == equal);
        }
    }
    if let Some(rest) = condition.trim().strip_prefix("not ") {
        return Ok(!test(rest, scope)?);
    }
    Ok(truthy(&evaluate(condition, scope)?))
}

fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != ""
}

/// A value with its filters; `a or b`, `a + b`, `a ~ b`, `a if b else c` of Nunjucks.
fn evaluate(expression: &str, scope: &Scope<'_>) -> Result<Value, String> {
    let refused = || format!("{{{{ {} }}}}", expression.trim());
    if let Some((value, rest)) = outside_quotes(expression, " if ") {
        let (condition, otherwise) = outside_quotes(rest, " else ").unwrap_or((rest, "''"));
        return if test(condition, scope)? { evaluate(value, scope) } else { evaluate(otherwise, scope) };
    }
    if let Some((first, second)) = outside_quotes(expression, " or ") {
        let first = evaluate(first, scope)?;
        return if truthy(&first) { Ok(first) } else { evaluate(second, scope) };
    }
    for sign in ["+", "~"] {
        if let Some((first, second)) = outside_quotes(expression, sign) {
            let (first, second) = (evaluate(first, scope)?, evaluate(second, scope)?);
            return Ok(Value::String(written(&first) + &written(&second)));
        }
    }
    let mut steps = split_outside_quotes(expression, '|').into_iter();
    let start = steps.next().unwrap_or_default().trim();
    // A date keeps its instant up to the filter that writes it.
    let mut date = (start == "page.date" || start == "date").then_some(scope.date).flatten();
    let mut value = operand(start, scope).ok_or_else(refused)?;
    for step in steps {
        let step = step.trim();
        let name_end = step.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(step.len());
        let (name, rest) = step.split_at(name_end);
        let rest = rest.trim();
        let rest = rest.strip_prefix(':').or_else(|| rest.strip_prefix('(')?.strip_suffix(')')).unwrap_or(rest);
        let arguments = split_outside_quotes(rest, ',').into_iter().map(str::trim).filter(|text| !text.is_empty());
        let arguments: Option<Vec<Value>> = arguments.map(|argument| operand(argument, scope)).collect();
        let arguments = arguments.ok_or_else(refused)?;
        if scope.filters.contains(name) {
            return Err(refused());
        }
        value = filtered(name, &value, &arguments, date.take()).ok_or_else(refused)?;
    }
    Ok(value)
}

/// A literal or a path of names; a name that is not there is nothing.
fn operand(text: &str, scope: &Scope<'_>) -> Option<Value> {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(literal) = quoted('"').or_else(|| quoted('\'')) {
        return Some(literal.into());
    }
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    match text {
        "true" => return Some(true.into()),
        "false" => return Some(false.into()),
        "nil" | "null" | "none" => return Some(Value::Null),
        _ => {}
    }
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '$'));
    if text.is_empty() || !plain {
        return None;
    }
    let mut keys = text.split('.');
    let first = scope.data.get(keys.next()?);
    let found = first.and_then(|first| keys.try_fold(first, |value, key| value.get(key)));
    Some(found.cloned().unwrap_or(Value::Null))
}

fn filtered(name: &str, value: &Value, arguments: &[Value], date: Option<DateTime<FixedOffset>>) -> Option<Value> {
    let text = written(value);
    let argument = |at: usize| arguments.get(at).map(written);
    Some(Value::String(match name {
        "slugify" if arguments.is_empty() => slugify(&text),
        "slug" if arguments.is_empty() => slug(&text),
        "date" => {
            let format = argument(0)?;
            let at = date?.to_utc();
            if StrftimeItems::new(&format).any(|item| matches!(item, Item::Error)) {
                return None;
            }
            at.format(&format).to_string()
        }
        "downcase" | "lower" => text.to_lowercase(),
        "upcase" | "upper" => text.to_uppercase(),
        "strip" | "trim" => text.trim().to_owned(),
        "append" => text + &argument(0)?,
        "prepend" => argument(0)? + &text,
        "replace" => text.replace(&argument(0)?, &argument(1)?),
        "remove" => text.replace(&argument(0)?, ""),
        "default" if truthy(value) => return Some(value.clone()),
        "default" => return arguments.first().cloned(),
        "safe" | "string" | "raw" => text,
        _ => return None,
    }))
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((part, after)) = outside_quotes(rest, separator.encode_utf8(&mut [0; 4])) {
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// What is before and behind the first `separator` that is in no quotes and brackets.
fn outside_quotes<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 && text[at..].starts_with(separator) => {
                return Some((&text[..at], &text[at + separator.len()..]));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn render_with(template: &str) -> Result<String, String> {
        let data = json!({"title": "Big News", "draft": false, "n": 3, "page": {"fileSlug": "x", "filePathStem": "/b/x"}, "site": {"url": "u"}, "list": ["a", "b"]});
        let own = BTreeSet::from(["mine".to_owned(), "slug".to_owned()]);
        let date = DateTime::parse_from_rfc3339("2021-10-05T23:30:00-02:00").ok();
        render(template, &Scope { data: data.as_object().expect("a map"), date, filters: &own })
    }

    #[test]
    fn expressions() {
        for (template, answer) in [
            ("/plain/", "/plain/"),
            ("/{{ title | slugify }}/", "/big-news/"),
            ("/{{page.date|date:'%Y/%m/%d'}}/{{- page.fileSlug -}} /", "/2021/10/06/x/"),
            ("/{{ page.date | date: \"%-d\" }}/", "/6/"),
            ("{{ page.filePathStem }}.html", "/b/x.html"),
            ("/{{ slug_ or page.fileSlug }}/", "/x/"),
            ("/{{ none | default: 'd' | upcase }}/", "/D/"),
            ("/{{ title | replace(' ', '_') | lower }}/", "/big_news/"),
            ("/{{ 'a|b' | append: '+' }}/", "/a|b+/"),
            ("{{ '/p/' + page.fileSlug + '/' }}", "/p/x/"),
            ("/{% if draft %}no{% else %}yes{% endif %}/", "/yes/"),
            ("/{% if n == 3 %}{% if list %}in{% endif %}{% elsif n %}b{% else %}{% odd %}{% endif %}/", "/in/"),
            ("/{% unless draft %}x{% endunless %}/", "/x/"),
            ("/{{ 'a' if draft else 'b' }}/", "/b/"),
            ("/{{ missing.deep }}/", "//"),
        ] {
            assert_eq!(render_with(template).as_deref(), Ok(answer), "{template}");
        }
        for template in [
            "/{{ title | mine }}/",
            "/{{ title | slug }}/",
            "/{{ title | unknown }}/",
            "/{{ title.toLowerCase() }}/",
            "/{{ open",
            "/{% for a in b %}{% endfor %}/",
            "/{% if n %}x/",
            "/{{ title | date: '%Y' }}/",
            "/{% endif %}",
            "/{{ page.date | date: '%!' }}/",
        ] {
            assert!(render_with(template).is_err(), "{template}");
        }
        let deep = "{% if n %}".repeat(20_000);
        assert!(render_with(&deep).is_err());
        assert!(render_with(&"{{ a or ".repeat(20_000)).is_err());
    }
}
