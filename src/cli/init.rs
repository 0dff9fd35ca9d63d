//! `init`: a commented `postrider.yaml`, made of the example with what the site itself says.

use std::path::PathBuf;

use super::{Context, Exit};
use crate::config::FILE_NAME;
use crate::library::{Scanner, Settings};
use crate::problem::Severity;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site's folder [default: `--site`, or the current one]
    dir: Option<PathBuf>,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let root = arguments.dir.or_else(|| context.place.site.clone()).unwrap_or_else(|| PathBuf::from("."));
    let root = std::path::absolute(root)?;
    let file = root.join(FILE_NAME);
    let mut text = include_str!("../../deploy/postrider.example.yaml").to_owned();
    match Scanner::new(Settings { root: root.clone(), ..Settings::default() }).scan() {
        Ok(scan) => {
            let site = &scan.site;
            for (key, value) in [
                ("url", &site.url),
                ("title", &site.title),
                ("description", &site.description),
                ("language", &site.language),
                ("generator", &site.generator),
            ] {
                text = with_found(&text, key, value);
            }
            let sections =
                format!("[{}]", site.main_sections.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "));
            text = replace_line(&text, "sections", &sections);
            say!("found {}: {} pages in {}", site.generator, scan.pages.len(), root.display());
            let errors = scan.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
            if errors > 0 {
                say!("{errors} files cannot be read; `postrider check` names them");
            }
        }
        Err(problems) => {
            for problem in problems {
                eprintln!("{problem}");
            }
        }
    }
    // Never over a file that somebody wrote.
    let mut out = fs_err::OpenOptions::new().write(true).create_new(true).open(&file).map_err(|error| {
        let exists = error.kind() == std::io::ErrorKind::AlreadyExists;
        if exists {
            anyhow::anyhow!("{} is there already\n  hint: move it away first", file.display())
        } else {
            error.into()
        }
    })?;
    std::io::Write::write_all(&mut out, text.as_bytes())?;
    say!("wrote {}\nnext: look into it, then `postrider serve`", file.display());
    Ok(Exit::Done)
}

/// The first commented `key` of the example with the value found; an empty value changes nothing.
fn with_found(text: &str, key: &str, value: &str) -> String {
    if value.is_empty() { text.to_owned() } else { replace_line(text, key, &quoted(value)) }
}

fn replace_line(text: &str, key: &str, value: &str) -> String {
    let mut done = false;
    let start = format!("  #{key}:");
    text.lines()
        .map(|line| {
            if !done && line.starts_with(&start) {
                done = true;
                format!("{start} {value}\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect()
}

/// As a YAML double-quoted scalar, which JSON strings are.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}
