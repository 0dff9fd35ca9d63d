//! Themes and modules that lie in a Hugo site's folder, and those that they import: where each is, and what of its
//! configuration the site takes over. What Hugo would fetch from elsewhere is not here to be read.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::at;
use super::config::truth;
use super::load::{Loaded, of_theme};
use crate::library::fields::strings;
use crate::library::files::Folder;
use crate::post::front_matter::text_of;
use crate::post::links::joined;
use crate::problem::Problem;

/// A theme, or a module that is one.
#[derive(Debug, Clone)]
pub struct Theme {
    /// `themes/NAME`, `_vendor/example.org/module`
    pub folder: String,
    /// Its own configuration, keys in lower case.
    pub value: Value,
    /// What the import says of mounts in place of its own.
    pub mounts: Option<Value>,
    /// Nothing of it is mounted.
    pub unmounted: bool,
}

/// Adds those of `loaded`, and what the configuration takes over from theirs.
pub fn added(folder: &Folder, loaded: Loaded) -> Result<Loaded, Problem> {
    let value = loaded.value.clone();
    let text = |path: &[&str]| at(&value, path).and_then(text_of);
    let replacements = at(&value, &["module", "replacements"]).map(strings).unwrap_or_default();
    let pairs = replacements.iter().flat_map(|list| list.split(',')).filter_map(|pair| pair.split_once("->"));
    let mut search = Search {
        folder,
        below: text(&["themesdir"]).unwrap_or_else(|| "themes".into()).trim_matches('/').to_owned(),
        replacements: pairs.map(|(path, by)| (path.trim().to_owned(), by.trim().to_owned())).collect(),
        vendored: Vec::new(),
        owners: HashMap::new(),
        seen: HashSet::new(),
        loaded,
    };
    search.vendor("")?;
    search.follow("", &value)?;
    Ok(search.loaded)
}

struct Search<'f> {
    folder: &'f Folder,
    /// `themesDir` of the site; a theme's own counts for nothing.
    below: String,
    /// `module.replacements`: a module's path, and the folder that it is read from.
    replacements: Vec<(String, String)>,
    /// Path and folder of those that `hugo mod vendor` has put into the site or a theme.
    vendored: Vec<(String, String)>,
    /// By path: who imports it; empty for the site.
    owners: HashMap<String, String>,
    /// Who imports what, as it is written.
    seen: HashSet<(String, String)>,
    loaded: Loaded,
}

impl Search<'_> {
    /// Adds what the configuration `value` of `owner` imports: each with all that it imports itself before the next one.
    fn follow(&mut self, owner: &str, value: &Value) -> Result<(), Problem> {
        let imports = at(value, &["module", "imports"]).and_then(Value::as_array).into_iter().flatten().cloned();
        let themes = value.get("theme").map(strings).unwrap_or_default().into_iter().map(|name| json!({"path": name}));
        for import in imports.chain(themes) {
            let is = |key: &str| at(&import, &[key]).is_some_and(truth);
            let path = at(&import, &["path"]).and_then(text_of).unwrap_or_default();
            let path = path.trim_matches('/');
            if path.is_empty() || is("disable") {
                continue;
            }
            // Whoever names it first has it; in two ways, if so it is named.
            let first = self.owners.entry(path.to_owned()).or_insert_with(|| owner.to_owned());
            if first != owner || !self.seen.insert((owner.into(), import.to_string())) {
                continue;
            }
            let Some(place) = self.place(path) else { continue };
            let root = format!("{place}/");
            let own = if is("ignoreconfig") { None } else { Some(of_theme(self.folder, &root)?) };
            let (value, sources) = own.map_or_else(|| (json!({}), Vec::new()), |own| (own.value, own.sources));
            take_over(&mut self.loaded.value, &value);
            self.loaded.sources.extend(sources);
            self.vendor(&root)?;
            let mounts =
                at(&import, &["mounts"]).filter(|mounts| mounts.as_array().is_some_and(|list| !list.is_empty()));
            self.loaded.themes.push(Theme {
                folder: place,
                value: value.clone(),
                mounts: mounts.cloned(),
                unmounted: is("nomounts"),
            });
            if !is("ignoreimports") {
                self.follow(&root, &value)?;
            }
        }
        Ok(())
    }

    /// Where the theme or module with this path lies, if it is here.
    fn place(&self, path: &str) -> Option<String> {
        let vendored = self.vendored.iter().find(|(name, _)| name == path).map(|(_, place)| place.clone());
        let replaced = self.replacements.iter().find(|(name, _)| name == path).map(|(_, by)| by.as_str());
        let place = match vendored {
            Some(place) => place,
            None => inside(&format!("{}/{}", self.below, replaced.unwrap_or(path)))?,
        };
        self.folder.has(&place).then_some(place)
    }

    /// Adds what lies in `_vendor` of the folder `root`, which is empty or ends with a slash.
    fn vendor(&mut self, root: &str) -> Result<(), Problem> {
        let list = format!("{root}_vendor/modules.txt");
        if !self.folder.has(&list) {
            return Ok(());
        }
        for line in self.folder.read(&list)?.lines() {
            // `# PATH VERSION`; one without a version is none.
            let mut words = line.strip_prefix("# ").unwrap_or_default().split_whitespace();
            if let (Some(path), Some(_)) = (words.next(), words.next()) {
                self.vendored.extend(inside(&format!("{root}_vendor/{path}")).map(|place| (path.to_owned(), place)));
            }
        }
        self.loaded.sources.push(list);
        Ok(())
    }
}

/// A path in the site's folder; `None` where it leads out of it, or is it.
fn inside(path: &str) -> Option<String> {
    joined("", path).filter(|path| !path.is_empty())
}

/// A theme's values where the site has none: those that Hugo takes by itself, and what `_merge` names.
fn take_over(site: &mut Value, theme: &Value) {
    let strategy = |value: Option<&Value>| value.and_then(|value| value.get("_merge")?.as_str().map(str::to_lowercase));
    let all = strategy(Some(site));
    let (Some(theme), Some(site)) = (theme.as_object(), site.as_object_mut()) else { return };
    // What a theme is made of is its own.
    for (key, value) in theme.iter().filter(|(key, _)| !matches!(key.as_str(), "module" | "theme" | "themesdir")) {
        let default = match key.as_str() {
            "params" => "deep",
            "outputformats" | "mediatypes" => "shallow",
            // Only where the site has none at all.
            "languages" if !site.contains_key(key) => "deep",
            _ => "none",
        };
        let own = strategy(site.get(key)).or_else(|| all.clone());
        match own.as_deref().unwrap_or(default) {
            "deep" => match site.get_mut(key) {
                Some(own) => fill(own, value),
                None => {
                    site.insert(key.clone(), value.clone());
                }
            },
            "shallow" => match (site.get_mut(key), value) {
                (Some(Value::Object(own)), Value::Object(value)) => {
                    for (key, value) in value {
                        own.entry(key).or_insert_with(|| value.clone());
                    }
                }
                (Some(_), _) => {}
                (None, value) => {
                    site.insert(key.clone(), value.clone());
                }
            },
            _ => {}
        }
    }
}

/// What `value` leaves open.
fn fill(value: &mut Value, from: &Value) {
    if let (Value::Object(map), Value::Object(from)) = (value, from) {
        for (key, from) in from {
            match map.get_mut(key) {
                Some(value) => fill(value, from),
                None => {
                    map.insert(key.clone(), from.clone());
                }
            }
        }
    }
}
