//! What Hugo's configuration says of addresses: patterns of sections, and which of them end in `.html`.

use std::cmp::Reverse;

use serde_json::Value;

use super::at;
use super::cascade::Rule;
use super::config::truth;
use crate::post::front_matter::text_of;

/// `uglyURLs`: all, or by section.
pub fn ugly(value: &Value) -> (bool, Vec<String>) {
    match at(value, &["uglyurls"]) {
        Some(Value::Object(map)) => {
            (false, map.iter().filter(|(_, on)| truth(on)).map(|(section, _)| section.clone()).collect())
        }
        Some(other) => (truth(other), Vec::new()),
        None => (false, Vec::new()),
    }
}

/// `[permalinks]` in its three forms: by section, by kind and section, and a list of targets and patterns.
pub fn permalinks(value: &Value) -> Vec<(Rule, String)> {
    let mut out = Vec::new();
    match value {
        Value::Array(items) => {
            for item in items {
                if let Some(pattern) = at(item, &["pattern"]).and_then(text_of) {
                    out.push((Rule::target(at(item, &["target"])), pattern));
                }
            }
        }
        Value::Object(map) => {
            // The more exact section first.
            let by_kind = map.get("page").and_then(Value::as_object).into_iter().flatten();
            let mut sections: Vec<(&String, &Value)> = by_kind.collect();
            sections.extend(map.iter().filter(|(_, pattern)| pattern.is_string()));
            sections.sort_by_key(|(section, _)| {
                let section = section.trim_matches('/');
                (Reverse(section.matches('/').count()), Reverse(section))
            });
            out.extend(
                sections.iter().filter_map(|(section, pattern)| Some((Rule::section(section), text_of(pattern)?))),
            );
        }
        _ => {}
    }
    out
}
