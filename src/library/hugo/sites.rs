//! In which of a site's languages a page is: `sites.matrix` of headers, cascades and mounts.
//!
//! To Hugo one file can be pages of several languages. Here it is one: in its own language where that is among them.

use serde_json::{Map, Value};

use super::at;
use super::cascade::Rule;
use super::config::Config;
use crate::library::fields::strings;
use crate::library::glob::{self, Style};

const HINT: &str = "give a language that has its own feed or mail files of its own";

/// What a header or a cascade says of languages.
pub fn languages(values: &Map<String, Value>) -> Option<&Value> {
    values.get("sites").and_then(|sites| at(sites, &["matrix", "languages"]))
}

/// Whether patterns let a text in; one that begins with `! ` leaves out. All is in where none says what is.
pub fn lets_in(patterns: &[String], text: &str) -> bool {
    let fits = |pattern: &str| glob::matches(pattern, text, Style::Go);
    let mut wanted = patterns.iter().filter(|pattern| !pattern.starts_with("! ")).peekable();
    let is_out = patterns.iter().filter_map(|pattern| pattern.strip_prefix("! ")).any(fits);
    !is_out && (wanted.peek().is_none() || wanted.any(|pattern| fits(pattern)))
}

/// Those of `keys` that `patterns` let in, in their order; `None` where that is none, or nothing is said.
pub fn chosen<'k>(patterns: Option<&Value>, keys: impl Iterator<Item = &'k str>) -> Option<Vec<String>> {
    let patterns = patterns.map(strings).filter(|patterns| !patterns.is_empty())?;
    let chosen: Vec<String> = keys.filter(|key| lets_in(&patterns, key)).map(String::from).collect();
    Some(chosen).filter(|chosen| !chosen.is_empty())
}

impl Config {
    /// The site's languages that `patterns` choose.
    pub fn chosen(&self, patterns: Option<&Value>) -> Option<Vec<String>> {
        chosen(patterns, self.languages.iter().map(|language| language.key.as_str()))
    }
}

/// Of several languages the one that a page is read in: its own, else the first.
pub fn read_in(chosen: &[String], own: &str) -> Option<String> {
    chosen.iter().find(|key| *key == own).or_else(|| chosen.first()).cloned()
}

/// What is said where a file is a page of several languages.
pub fn told(of: &str, chosen: &[String], read: &str) -> (String, String) {
    let others = chosen.iter().filter(|key| *key != read).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let what = format!("{of} published in {others} too; it is read in `{read}` alone");
    (what, HINT.into())
}

/// The languages that the first of `rules` to name several of `keys` gives to its pages.
pub fn several<'k>(rules: &[Rule], keys: &(impl Iterator<Item = &'k str> + Clone)) -> Option<Vec<String>> {
    rules.iter().filter_map(|rule| chosen(languages(&rule.values), keys.clone())).find(|chosen| chosen.len() > 1)
}

/// What is said where a cascade makes its pages those of several languages.
pub fn told_of_cascade(chosen: &[String]) -> (String, String) {
    let all = chosen.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    (format!("`cascade` has its pages published in {all}; each is read in one of them alone"), HINT.into())
}
