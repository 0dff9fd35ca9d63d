//! Where a Hugo site's content is: `contentDir`, a language's own, module mounts and what they leave out, themes'.

use serde_json::Value;

use super::themes::Theme;
use super::{at, sites};
use crate::library::fields::strings;
use crate::library::glob::{self, Style};
use crate::post::front_matter::text_of;

/// A folder of content: one language's, or all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mount {
    /// Relative to the site's folder.
    pub source: String,
    /// Folders below the content root that its files appear in.
    pub target: Vec<String>,
    /// Keys of its languages, unless a file's name says otherwise; its pages are read in the first.
    pub languages: Vec<String>,
    /// Patterns of files below it. One that begins with `! ` leaves out; the first that fits decides.
    files: Vec<String>,
}

impl Mount {
    /// Whether the file at this path below [`Mount::source`] is in it.
    pub fn takes(&self, below: &str) -> bool {
        if self.files.is_empty() {
            return true;
        }
        let below = below.to_lowercase();
        // Hugo walks: a folder that is not let in is not looked into.
        below.match_indices('/').all(|(at, _)| self.lets_in(&below[..at], true)) && self.lets_in(&below, false)
    }

    /// A file, or a folder on the way to it; in lower case.
    fn lets_in(&self, path: &str, is_folder: bool) -> bool {
        let mut some_wanted = false;
        for pattern in &self.files {
            let (wanted, pattern) = pattern.strip_prefix("! ").map_or((true, pattern.as_str()), |rest| (false, rest));
            let pattern = pattern.trim_start_matches('/').to_lowercase();
            if glob::matches(&pattern, path, Style::Go) {
                return wanted;
            }
            some_wanted |= wanted;
            let leads_there = |at: usize| glob::matches(&pattern[..at], path, Style::Go);
            if wanted && is_folder && pattern.match_indices('/').any(|(at, _)| leads_there(at)) {
                return true;
            }
        }
        !some_wanted
    }
}

/// All of a site's, in the order in which they win. `languages`: key and own configuration, the default first.
pub fn mounts(value: &Value, languages: &[(String, Value)], default: &str, themes: &[Theme]) -> Vec<Mount> {
    let mut mounts = configured("", at(value, &["module", "mounts"]), languages, default);
    if mounts.is_empty() {
        let root = tidy(&at(value, &["contentdir"]).and_then(text_of).unwrap_or_else(|| "content".into()));
        let plain = |source: String, language: &str| Mount {
            source,
            target: Vec::new(),
            languages: vec![language.to_owned()],
            files: Vec::new(),
        };
        for (key, own) in languages {
            match at(own, &["contentdir"]).and_then(text_of) {
                Some(own) => mounts.push(plain(tidy(&own), key)),
                // Languages without a folder of their own share one and are told by file names.
                None if mounts.iter().any(|mount| mount.source == root) => {}
                None => mounts.push(plain(root.clone(), &languages[0].0)),
            }
        }
    }
    for theme in themes.iter().filter(|theme| !theme.unmounted) {
        let list = theme.mounts.as_ref().or_else(|| at(&theme.value, &["module", "mounts"]));
        if list.and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
            mounts.extend(configured(&format!("{}/", theme.folder), list, languages, default));
        } else {
            let source = format!("{}/content", theme.folder);
            mounts.push(Mount { source, target: Vec::new(), languages: vec![default.to_owned()], files: Vec::new() });
        }
    }
    mounts
}

/// `[[module.mounts]]` that lead into `content`.
fn configured(below: &str, list: Option<&Value>, languages: &[(String, Value)], default: &str) -> Vec<Mount> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(|mount| {
            let target = at(mount, &["target"]).and_then(text_of).unwrap_or_default();
            let mut parts = target.split('/').filter(|part| !part.is_empty()).map(String::from);
            if parts.next().as_deref() != Some("content") {
                return None;
            }
            let source = at(mount, &["source"]).and_then(text_of).unwrap_or_default();
            let texts = |key: &str| at(mount, &[key]).map(strings).unwrap_or_default();
            let wanted = at(mount, &["sites", "matrix", "languages"]).or_else(|| at(mount, &["lang"]));
            let languages = match wanted.map(lower_case) {
                Some(wanted) => sites::chosen(Some(&wanted), languages.iter().map(|(key, _)| key.as_str()))?,
                None => vec![default.to_owned()],
            };
            // The older way: what is left out wins over what is let in.
            let excluded = texts("excludefiles").into_iter().map(|pattern| format!("! {pattern}"));
            let files = excluded.chain(texts("includefiles")).chain(texts("files")).collect();
            let source = tidy(&format!("{below}{source}"));
            Some(Mount { source, target: parts.collect(), languages, files })
        })
        .collect()
}

/// Patterns of languages, whose keys are in lower case.
fn lower_case(patterns: &Value) -> Value {
    strings(patterns).into_iter().map(|pattern| pattern.to_lowercase()).collect()
}

fn tidy(path: &str) -> String {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn first(mount: &Value) -> Mount {
        let languages = [("en".to_owned(), json!({})), ("de".to_owned(), json!({}))];
        mounts(&json!({"module": {"mounts": [mount]}}), &languages, "en", &[]).swap_remove(0)
    }

    #[test]
    fn what_a_mount_leaves_out() {
        let takes = |key: &str, patterns: Value, below: &str| {
            first(&json!({"source": "c", "target": "content", key: patterns})).takes(below)
        };
        assert!(!takes("excludefiles", json!("blog/**"), "blog/p.md"));
        assert!(takes("excludefiles", json!("blog/**"), "docs/p.md"));
        assert!(!takes("includefiles", json!(["docs/**"]), "blog/p.md"));
        assert!(takes("includefiles", json!(["/docs/**"]), "docs/p.md"));
        assert!(takes("files", json!(["**", "! blog/**"]), "blog/p.md"));
        assert!(!takes("files", json!(["! blog/p.md", "**"]), "blog/p.md"));
        assert!(takes("files", json!(["! blog/**"]), "docs/p.md"));
        assert!(!takes("files", json!(["blog/*"]), "blog/b/index.md"));
        // Folders are asked for as well, and case does not count.
        for (pattern, below, taken) in [
            ("! drafts", "drafts/b.md", false),
            ("! **/drafts", "x/drafts/b.md", false),
            ("! drafts/*", "drafts/sub/c.md", false),
            ("! *", "blog/d.md", false),
            ("**.md", "a.md", true),
            ("**.md", "blog/d.md", false),
            ("big/**", "Big/h.md", true),
            ("! BIG/**", "Big/h.md", false),
            ("!drafts/**", "blog/d.md", false),
            ("blog/**", "blog/sub/deep/f.md", true),
        ] {
            assert_eq!(takes("files", json!([pattern]), below), taken, "{pattern} {below}");
        }
    }

    #[test]
    fn whose_language_a_mount_is() {
        let of = |matrix: Value| {
            first(&json!({"source": "c", "target": "content", "sites": {"matrix": {"languages": matrix}}})).languages
        };
        assert_eq!(of(json!(["de"])), ["de"]);
        assert_eq!(of(json!("d*")), ["de"]);
        assert_eq!(of(json!(["**"])), ["en", "de"]);
        assert_eq!(of(json!(["! en"])), ["de"]);
        assert_eq!(first(&json!({"source": "./c/", "target": "content/x/y"})).target, ["x", "y"]);
    }
}
