//! What sections and the configuration hand down to pages, and to which pages: `cascade` and its targets.

use serde_json::{Map, Value};

use super::at;
use crate::library::fields::strings;

/// Values and the pages that they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Rule {
    paths: Vec<String>,
    kinds: Vec<String>,
    languages: Vec<String>,
    environments: Vec<String>,
    /// What is handed down; keys in lower case.
    pub values: Map<String, Value>,
}

/// `cascade`: one map, or a list of them.
pub fn rules(value: &Value) -> Vec<Rule> {
    match value {
        Value::Array(items) => items.iter().flat_map(rules).collect(),
        Value::Object(map) => {
            let mut rule = Rule::target(at(value, &["target"]).or_else(|| at(value, &["_target"])));
            for (key, value) in map {
                let key = key.to_lowercase();
                match value {
                    _ if matches!(key.as_str(), "target" | "_target") => {}
                    // Parameters are front matter keys like any other.
                    Value::Object(params) if key == "params" => {
                        rule.values.extend(params.iter().map(|(key, value)| (key.to_lowercase(), value.clone())));
                    }
                    value => {
                        rule.values.insert(key, value.clone());
                    }
                }
            }
            vec![rule]
        }
        _ => Vec::new(),
    }
}

impl Rule {
    /// What `target` selects; all without one.
    pub fn target(target: Option<&Value>) -> Self {
        let list = |keys: &[&str]| -> Vec<String> {
            let found = keys.iter().find_map(|key| target.and_then(|target| at(target, &[key])));
            found.map(strings).unwrap_or_default().into_iter().map(|text| text.to_lowercase()).collect()
        };
        Self {
            paths: list(&["path"]),
            kinds: list(&["kind"]),
            languages: list(&["lang"]),
            environments: list(&["environment"]),
            values: Map::new(),
        }
    }

    /// All pages below a section; `/` for those at the root.
    pub fn section(section: &str) -> Self {
        let section = section.trim_matches([' ', '/']).to_lowercase();
        let path = if section.is_empty() { "/*".to_owned() } else { format!("/{{{section},{section}/**}}") };
        Self { paths: vec![path], ..Self::default() }
    }

    /// Whether it is for the regular page at `path` (lower case, `/blog/p`).
    pub fn takes(&self, path: &str, language: &str) -> bool {
        let any = |globs: &[String], text: &str| globs.is_empty() || globs.iter().any(|pattern| glob(pattern, text));
        any(&self.paths, path)
            && any(&self.kinds, "page")
            && any(&self.languages, language)
            && any(&self.environments, "production")
    }
}

/// `*` within a part, `**` across parts, `?`, `{a,b}`. A fixed number of steps bounds what a hostile pattern costs.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut steps = 100_000;
    alternatives(pattern).iter().any(|pattern| matches(pattern.as_bytes(), text.as_bytes(), &mut steps))
}

/// `a{b,c{d,e}}f` written out; at most 64.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut todo = vec![pattern.to_owned()];
    let mut done = Vec::new();
    while let Some(pattern) = todo.pop() {
        let close = pattern.find('}');
        let open = close.and_then(|close| pattern[..close].rfind('{'));
        match (open, close) {
            (Some(open), Some(close)) if todo.len() + done.len() < 64 => {
                todo.extend(
                    pattern[open + 1..close]
                        .split(',')
                        .map(|part| format!("{}{part}{}", &pattern[..open], &pattern[close + 1..])),
                );
            }
            _ => done.push(pattern),
        }
    }
    done
}

fn matches(pattern: &[u8], text: &[u8], steps: &mut usize) -> bool {
    *steps = steps.saturating_sub(1);
    if *steps == 0 {
        return false;
    }
    match pattern {
        [] => text.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=text.len()).any(|skip| matches(rest, &text[skip..], steps)),
        [b'*', rest @ ..] => {
            let part = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (0..=part).any(|skip| matches(rest, &text[skip..], steps))
        }
        [b'?', rest @ ..] => text.first().is_some_and(|byte| *byte != b'/') && matches(rest, &text[1..], steps),
        [byte, rest @ ..] => text.first() == Some(byte) && matches(rest, &text[1..], steps),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("/blog/**", "/blog/a/b", true),
            ("/blog/*", "/blog/a/b", false),
            ("/blog/*", "/blog/a", true),
            ("/{blog,blog/**}", "/blog/a/b", true),
            ("/{blog,blog/**}", "/blogs/a", false),
            ("**", "/x/y", true),
            ("/b?og/*", "/blog/x", true),
            ("/*", "/about", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
        let hostile = "**a".repeat(50);
        let start = std::time::Instant::now();
        assert!(!glob(&hostile, &"a".repeat(49)));
        assert!(start.elapsed().as_millis() < 500);
    }

    #[test]
    fn targets() {
        let rules = rules(
            &json!([{"target": {"path": "/blog/**", "lang": "en"}, "draft": true, "params": {"A": 1}}, {"type": "x"}]),
        );
        assert!(
            rules[0].takes("/blog/p", "en") && !rules[0].takes("/blog/p", "zh") && !rules[0].takes("/docs/p", "en")
        );
        assert!(rules[1].takes("/any", "zh"));
        assert_eq!(rules[0].values["a"], json!(1));
    }
}
