//! What sections and the configuration hand down to pages, and to which pages: `cascade` and its targets.

use serde_json::{Map, Value};

use super::{at, sites};
use crate::library::fields::strings;
use crate::library::glob::{self, Style};

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
        let list = |paths: &[&[&str]]| -> Vec<String> {
            let found = paths.iter().find_map(|path| target.and_then(|target| at(target, path)));
            found.map(strings).unwrap_or_default().into_iter().map(|text| text.to_lowercase()).collect()
        };
        Self {
            paths: list(&[&["path"]]),
            kinds: list(&[&["kind"]]),
            languages: list(&[&["sites", "matrix", "languages"], &["lang"]]),
            environments: list(&[&["environment"]]),
            values: Map::new(),
        }
    }

    /// All pages below a section; `/` for those at the root.
    pub fn section(section: &str) -> Self {
        let section = section.trim_matches([' ', '/']).to_lowercase();
        let path = if section.is_empty() { "/*".to_owned() } else { format!("/{{{section},{section}/**}}") };
        Self { paths: vec![path], ..Self::default() }
    }

    /// Whether it is for the page of this kind (`page`, `section`) at `path` (lower case, `/blog/p`).
    pub fn takes(&self, path: &str, language: &str, kind: &str) -> bool {
        let any = |globs: &[String], text: &str| {
            globs.is_empty() || globs.iter().any(|pattern| glob::matches(pattern, text, Style::Go))
        };
        any(&self.paths, path)
            && any(&self.kinds, kind)
            && sites::lets_in(&self.languages, language)
            && any(&self.environments, "production")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn targets() {
        let rules = rules(&json!([
            {"target": {"path": "/blog/**", "lang": "en"}, "draft": true, "params": {"A": 1}},
            {"type": "x"},
            {"target": {"kind": "{section,home}", "sites": {"matrix": {"languages": ["d*"]}}}},
        ]));
        let takes = |at: usize, path, language, kind| rules[at].takes(path, language, kind);
        assert!(takes(0, "/blog/p", "en", "page"));
        assert!(!takes(0, "/blog/p", "zh", "page") && !takes(0, "/docs/p", "en", "page"));
        assert!(takes(1, "/any", "zh", "page"));
        assert!(takes(2, "/any", "de", "section") && !takes(2, "/any", "de", "page"));
        assert!(!takes(2, "/any", "en", "section"));
        assert_eq!(rules[0].values["a"], json!(1));
    }
}
