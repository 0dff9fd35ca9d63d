//! What is said of a configuration that can be read, but not as Hugo has it.

use serde_json::Value;

use super::config::{LanguageRules, truth};
use super::mounts::Mount;
use super::{at, sites};
use crate::library::fields::strings;
use crate::problem::Problem;

/// What this version of Hugo refuses, and is read all the same.
pub fn removed_keys(value: &Value, version: (u32, u32), main: &str) -> Vec<Problem> {
    let mounts = at(value, &["module", "mounts"]).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let keys = [
        ("excludefiles", "excludeFiles", "`files`"),
        ("includefiles", "includeFiles", "`files`"),
        ("lang", "lang", "`sites.matrix.languages`"),
    ];
    let is_used = |key: &str| version >= (0, 153) && mounts.iter().any(|mount| mount.get(key).is_some());
    keys.into_iter()
        .filter(|(key, ..)| is_used(key))
        .map(|(_, written, instead)| {
            let what = format!("`{written}` of a mount is not known to Hugo 0.153 and newer");
            let hint =
                format!("write {instead}, or name your Hugo by `site.generator_version`; it is read all the same");
            Problem::warning(main, None, what, hint)
        })
        .collect()
}

/// Dates that Hugo has from git: what changes which post is shown, and when.
pub fn from_git(value: &Value, main: &str) -> Vec<Problem> {
    if !at(value, &["enablegitinfo"]).is_some_and(truth) {
        // Then they say nothing to Hugo either.
        return Vec::new();
    }
    let languages = at(value, &["languages"]).and_then(Value::as_object).into_iter().flatten().map(|(_, own)| own);
    let mut problems = Vec::new();
    for (key, written) in [("date", "date"), ("publishdate", "publishDate"), ("expirydate", "expiryDate")] {
        let asks = |value: &Value| {
            let handlers = at(value, &["frontmatter", key]).map(strings).unwrap_or_default();
            handlers.iter().any(|handler| handler.eq_ignore_ascii_case(":git"))
        };
        if asks(value) || languages.clone().any(asks) {
            let what = format!("`frontmatter.{written}` takes dates from git, which are not read");
            let hint = "the handlers behind `:git` are used: write the date into the posts that should be in the feeds";
            problems.push(Problem::warning(main, None, what, hint));
        }
    }
    problems
}

/// Pages that Hugo publishes several times.
pub fn several_sites(value: &Value, mounts: &[Mount], languages: &[LanguageRules], main: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for mount in mounts.iter().filter(|mount| mount.languages.len() > 1) {
        let of = format!("the folder `{}` is", mount.source);
        let (what, hint) = sites::told(&of, &mount.languages, &mount.languages[0]);
        problems.push(Problem::warning(main, None, what, hint));
    }
    let rules = languages.first().map(|language| &language.cascade[..]).unwrap_or_default();
    if let Some(chosen) = sites::several(rules, &languages.iter().map(|language| language.key.as_str())) {
        let (what, hint) = sites::told_of_cascade(&chosen);
        problems.push(Problem::warning(main, None, what, hint));
    }
    for key in ["versions", "roles"] {
        if at(value, &[key]).and_then(Value::as_object).is_some_and(|map| map.len() > 1) {
            let what = format!("the site has several `{key}`; its pages are read as those of the default one");
            problems.push(Problem::warning(
                main,
                None,
                what,
                "pages of the others are in no feed under their own address",
            ));
        }
    }
    problems
}
