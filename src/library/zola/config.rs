//! What Zola's configuration says of the site, checked; what `postrider.yaml` says is on top.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::library::Settings;
use crate::library::fields::strings;
use crate::library::files::Folder;
use crate::library::home;
use crate::post::front_matter::{self, text_of};
use crate::post::slug;
use crate::problem::Problem;
use crate::site::Site;

/// `[slugify]`: what becomes of a name in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slugify {
    /// Lower-case ASCII.
    On,
    /// Only what file systems forbid is taken out.
    Safe,
    /// As it is.
    Off,
}

impl Slugify {
    /// The name as it stands in an address, not yet percent-encoded.
    pub fn apply(self, name: &str) -> String {
        match self {
            Self::On => slug::ascii(name),
            Self::Safe => {
                let name = name.trim_end_matches([' ', '.']);
                name.chars().filter(|c| !r#"<>:"/\|?*"#.contains(*c)).collect()
            }
            Self::Off => name.to_owned(),
        }
    }
}

/// What the configuration says, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its file.
    pub path: String,
    /// The site.
    pub site: Site,
    /// `default_language`
    pub language: String,
    /// The keys of `[languages]` but for the default one.
    pub others: Vec<String>,
    /// Names of the taxonomies of each language.
    pub taxonomies: HashMap<String, Vec<String>>,
    /// `slugify.paths`
    pub slugify: Slugify,
    /// `slugify.paths_keep_dates`
    pub keep_dates: bool,
    /// `ignored_content`
    pub ignored: Vec<String>,
    /// `author`
    pub author: Option<String>,
    /// Changes with anything of it.
    pub fingerprint: u64,
}

impl Config {
    /// The configuration in `folder`; `None` where it is not Zola's.
    pub fn find(folder: &Folder, settings: &Settings) -> Option<Result<Self, Vec<Problem>>> {
        let named = home::is_named(settings, "zola");
        let path = ["zola.toml", "config.toml"].into_iter().find(|path| folder.has(path))?;
        let text = match folder.read(path) {
            Ok(text) => text,
            Err(problem) => return (named || path == "zola.toml").then(|| Err(vec![problem])),
        };
        let value = match front_matter::from_toml(text.trim_start_matches('\u{feff}')) {
            Ok(value) => value,
            // Broken, it could be Hugo's as well; the key is looked for in the text.
            Err(_) if !named && path == "config.toml" && !has_line(&text, "base_url") => return None,
            Err(fault) => {
                let what = format!("Zola's configuration cannot be read: {}", fault.what);
                return Some(Err(vec![Problem::error(path, fault.line, what, "mend it; `zola check` says the same")]));
            }
        };
        // Hugo's key is `baseURL` in any case, and Zola refuses keys that it does not know.
        let hugo = value.as_object()?.keys().any(|key| key.eq_ignore_ascii_case("baseurl"))
            || ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json"].iter().any(|path| folder.has(path));
        let zola = path == "zola.toml" || value.get("base_url").is_some() && !hugo;
        (named || zola).then(|| Self::new(settings, path, &value))
    }

    fn new(settings: &Settings, path: &str, value: &Value) -> Result<Self, Vec<Problem>> {
        let text = |key: &str| value.get(key).and_then(text_of);
        let url = home::address(settings, text("base_url").as_deref(), "base_url", path)?;
        let language = text("default_language").unwrap_or_else(|| "en".into());
        let configured = value.get("languages").and_then(Value::as_object);
        let others: Vec<String> =
            configured.into_iter().flatten().map(|(key, _)| key.clone()).filter(|key| *key != language).collect();
        let of = |key: &str, name: &str| configured.and_then(|map| map.get(key)).and_then(|own| own.get(name));
        let mut languages = vec![(language.clone(), text("title"), String::new())];
        languages[0].1 = languages[0].1.take().or_else(|| of(&language, "title").and_then(text_of));
        languages.extend(others.iter().map(|key| (key.clone(), of(key, "title").and_then(text_of), key.clone())));
        let mut taxonomies = HashMap::new();
        for key in others.iter().chain([&language]) {
            let mut names = of(key, "taxonomies").map(taxonomy_names).unwrap_or_default();
            if *key == language {
                names.extend(value.get("taxonomies").map(taxonomy_names).unwrap_or_default());
            }
            taxonomies.insert(key.clone(), names);
        }
        let description = text("description").or_else(|| of(&language, "description").and_then(text_of));
        let slugify = value.get("slugify");
        let mut hasher = DefaultHasher::new();
        (value.to_string(), format!("{settings:?}")).hash(&mut hasher);
        Ok(Self {
            path: path.to_owned(),
            site: home::site(settings, "zola", home::Said { url, title: text("title"), description, languages }),
            language,
            others,
            taxonomies,
            slugify: match slugify.and_then(|table| table.get("paths")).and_then(Value::as_str) {
                Some("safe") => Slugify::Safe,
                Some("off") => Slugify::Off,
                _ => Slugify::On,
            },
            keep_dates: slugify.and_then(|table| table.get("paths_keep_dates")) == Some(&Value::Bool(true)),
            ignored: value.get("ignored_content").map(strings).unwrap_or_default(),
            author: text("author"),
            fingerprint: hasher.finish(),
        })
    }
}

fn taxonomy_names(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|taxonomy| taxonomy.get("name").and_then(text_of)).collect()
}

fn has_line(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_addresses() {
        for (name, on, safe) in [
            ("tes t", "tes-t", "tes t"),
            ("dot. ", "dot", "dot"),
            ("日本", "ri-ben", "日本"),
            ("a/b?c:d", "a-b-c-d", "abcd"),
            ("R&D (x)", "r-d-x", "R&D (x)"),
        ] {
            assert_eq!(Slugify::On.apply(name), on);
            assert_eq!(Slugify::Safe.apply(name), safe);
            assert_eq!(Slugify::Off.apply(name), name);
        }
    }
}
