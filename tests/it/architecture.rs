//! The arrows of ARCHITECTURE.md, read off the source: who may use whom, which outside crate has which one owner.

use std::path::{Path, PathBuf};

/// Layers from the bottom to the top; a module uses its own layer and those below it, where not said otherwise.
const VALUES: &[&str] = &[
    "crypto",
    "fingerprint",
    "rope",
    "problem",
    "sabotage",
    "yaml",
    "post",
    "site",
    "feed",
    "template",
    "digest",
    "subscriber",
    "delivery",
    "bounce",
    "clock",
];
const SHELL: &[&str] = &["library", "imaging", "store", "mail", "dns"];
const LOOPS: &[&str] = &["http", "inbox", "publisher", "scheduler", "deliverer", "websub"];
const PROGRAM: &[&str] = &["config", "daemon", "cli"];

/// Outside crates with one owner: the file, or the folder with it, that may name them.
const OWNERS: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("lettre", &["mail"]),
    ("mail_parser", &["mail"]),
    ("axum", &["http"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("tower", &["http"]),
    ("comrak", &["post/markdown"]),
    ("deunicode", &["post/slug"]),
    ("minijinja", &["template"]),
    ("fluent_bundle", &["template"]),
    ("serde_yaml", &["yaml"]),
    ("cron", &["digest/schedule"]),
    ("rss", &["feed/rss"]),
    ("atom_syndication", &["feed/atom"]),
    ("flate2", &["feed/coding"]),
    ("brotli", &["feed/coding"]),
    ("zstd", &["feed/coding"]),
    ("aws_lc_rs", &["crypto"]),
    ("notify", &["library/watch"]),
    ("rustix", &["library/files", "imaging", "config"]),
    ("twox_hash", &["fingerprint"]),
    ("image", &["imaging"]),
    ("resvg", &["imaging"]),
    ("re_rav1d", &["imaging/avif"]),
    ("hickory_resolver", &["dns"]),
    ("ammonia", &["post/sanitize"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
];

/// What the values may not touch: they are pure.
const IMPURE: &[&str] = &["tokio", "fs_err", "std::fs", "std::net", "std::env", "std::process"];

struct Source {
    /// Below `src`, without `.rs`: `post/markdown`.
    module: String,
    /// Without comments and without the tests at the foot.
    code: String,
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs_err::read_dir(folder).expect("a folder of src") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = fs_err::read_to_string(&path).expect("a source file");
            let text = text.split("\n#[cfg(test)]").next().unwrap_or_default();
            let code =
                text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
            let module = path.strip_prefix(&src).expect("below src").with_extension("").to_string_lossy().into_owned();
            Source { module, code }
        })
        .filter(|source| !matches!(source.module.as_str(), "lib" | "main"))
        .collect()
}

/// The top-level modules that `code` names: after `crate::`, also in `crate::{a, b::c}`.
fn uses(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            let mut reading = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.push(std::mem::take(&mut name));
                        reading = true;
                    }
                    c if depth == 0 && reading && (c.is_alphanumeric() || c == '_') => name.push(c),
                    c if depth == 0 && !c.is_whitespace() => reading = false,
                    _ => {}
                }
            }
            names.push(name);
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    names
}

fn named(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].trim_start();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '.' || c == '"')
            && (after.starts_with("::") || (code[..at].ends_with("use ") && after.starts_with([';', ' '])))
    })
}

#[test]
fn arrows_point_one_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let top = source.module.split('/').next().unwrap_or_default();
        let layer = |name: &str| [VALUES, SHELL, LOOPS, PROGRAM].iter().position(|layer| layer.contains(&name));
        let Some(own) = layer(top) else {
            wrong.push(format!("src/{}.rs: `{top}` has no layer in this test", source.module));
            continue;
        };
        for used in uses(&source.code) {
            let Some(other) = layer(&used) else { continue };
            let allowed = match (top, used.as_str()) {
                (a, b) if a == b => true,
                ("config", "cli" | "daemon") | ("daemon", "cli") => false,
                _ if SHELL.contains(&top) => other == 0,
                _ => other <= own,
            };
            if !allowed {
                wrong.push(format!("src/{}.rs uses `{used}`", source.module));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point the wrong way:\n{}", wrong.join("\n"));
}

#[test]
fn outside_crates_have_one_owner() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, owners) in OWNERS {
            let owns =
                owners.iter().any(|owner| source.module == *owner || source.module.starts_with(&format!("{owner}/")));
            // A module of ours may have the crate's name: `feed::rss`.
            let own_child = source.code.contains(&format!("mod {name};"));
            if !owns && !own_child && named(&source.code, name) {
                wrong.push(format!(
                    "src/{}.rs names `{name}`, which belongs to {}",
                    source.module,
                    owners.join(" and ")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "crates outside their owner:\n{}", wrong.join("\n"));
}

#[test]
fn values_are_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| VALUES.contains(&s.module.split('/').next().unwrap_or_default())) {
        for name in IMPURE {
            if named(&source.code, name) {
                wrong.push(format!("src/{}.rs names `{name}`", source.module));
            }
        }
        if source.code.contains("async fn") {
            wrong.push(format!("src/{}.rs has an `async fn`", source.module));
        }
    }
    assert!(wrong.is_empty(), "values that are not pure:\n{}", wrong.join("\n"));
}

#[test]
fn the_map_names_every_module() {
    let map = include_str!("../../ARCHITECTURE.md");
    for source in sources() {
        let top = source.module.split('/').next().unwrap_or_default();
        assert!(map.contains(&format!("`{top}`")), "ARCHITECTURE.md does not name `{top}`");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let map = include_str!("../../ARCHITECTURE.md");
    let manifest = include_str!("../../Cargo.toml");
    let dependencies = manifest.split("\n[dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next());
    for line in dependencies.expect("dependencies").lines().filter(|line| !line.is_empty()) {
        let name = line.split([' ', '=']).next().unwrap_or_default();
        assert!(map.contains(name), "ARCHITECTURE.md does not say why there is `{name}`");
    }
}

/// The reader of the arrows sees what it should: a test that cannot fail is none.
#[test]
fn uses_are_seen() {
    assert_eq!(uses("use crate::store::Store;"), ["store"]);
    assert_eq!(uses("use crate::{feed, http::App, mail::{a, b}, store};"), ["feed", "http", "mail", "store"]);
    assert_eq!(uses("let x = crate::library::scan();"), ["library"]);
    assert!(named("use sqlx::Row;", "sqlx") && named("x: sqlx::Error", "sqlx") && named("use rss;", "rss"));
    assert!(!named("crate::feed::rss::write()", "rss") && !named("mysqlx::x", "sqlx"));
}
