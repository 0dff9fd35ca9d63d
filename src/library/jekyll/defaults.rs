//! `defaults` of the configuration: front matter for all documents of a path and type, and which of two wins.

use serde_json::{Map, Value};

use crate::library::glob::{self, Style};
use crate::post::front_matter::text_of;

/// Values and what they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    path: String,
    kind: Option<String>,
    values: Map<String, Value>,
}

/// The scopes of the configuration, in order; what is none is left out.
pub fn scopes(defaults: Option<&Value>) -> Vec<Scope> {
    let sets = defaults.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    sets.iter().filter_map(scope).collect()
}

fn scope(set: &Value) -> Option<Scope> {
    let values = set.get("values")?.as_object()?.clone();
    let of = |key: &str| set.get("scope").and_then(|scope| scope.get(key)).and_then(text_of);
    let kind = of("type").map(|kind| match kind.as_str() {
        "page" | "post" | "draft" => format!("{kind}s"),
        _ => kind,
    });
    Some(Scope { path: of("path").unwrap_or_default(), kind, values })
}

/// What the scopes give to the document of type `kind` at `path`, which is relative to the collections' folder.
pub fn values(scopes: &[Scope], path: &str, kind: &str, collections: &str) -> Map<String, Value> {
    let mut values = Map::new();
    let mut before: Option<&Scope> = None;
    for scope in scopes.iter().filter(|scope| scope.takes(path, kind, collections)) {
        if before.is_none_or(|before| scope.precedes(before)) {
            merge(&mut values, &scope.values);
            before = Some(scope);
        } else {
            let mut under = scope.values.clone();
            merge(&mut under, &values);
            values = under;
        }
    }
    values
}

/// `over` wins, except by nothing; maps are merged.
pub fn merge(values: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, over) in over {
        match (values.get_mut(key), over) {
            (Some(_), Value::Null) => {}
            (Some(Value::Object(map)), Value::Object(over)) => merge(map, over),
            (Some(value), over) => *value = over.clone(),
            (None, over) => {
                values.insert(key.clone(), over.clone());
            }
        }
    }
}

impl Scope {
    fn takes(&self, path: &str, kind: &str, collections: &str) -> bool {
        let stripped = |path: &str| {
            let below = path.strip_prefix(collections).and_then(|rest| rest.strip_prefix('/'));
            below.filter(|_| !collections.is_empty()).unwrap_or(path).to_owned()
        };
        if self.kind.as_deref().is_some_and(|own| own != kind) {
            return false;
        }
        if !self.path.contains('*') {
            return path.starts_with(&stripped(&self.path));
        }
        // What the pattern finds are files and folders; what begins with one of them is taken.
        let in_source = |path: &str| match collections {
            "" => path.to_owned(),
            folder => format!("{folder}/{path}"),
        };
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let found = |path: &str| glob::matches(&self.path, path, Style::Parts);
        ends.into_iter().any(|end| found(&path[..end]) || found(&in_source(&path[..end])))
    }

    /// The longer path wins, then the one with a type, then the later one.
    fn precedes(&self, before: &Self) -> bool {
        let length = |scope: &Self| scope.path.strip_prefix('/').unwrap_or(&scope.path).chars().count();
        match length(self).cmp(&length(before)) {
            std::cmp::Ordering::Equal => self.kind.is_some() || before.kind.is_none(),
            order => order.is_gt(),
        }
    }
}
