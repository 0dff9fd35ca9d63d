//! `init`: a commented `postrider.yaml`, made of the example with what the site itself says.

use std::path::PathBuf;

use super::{Context, Exit, counted};
use crate::config::FILE_NAME;
use crate::library::{Scanner, Settings};
use crate::problem::{Faults, Severity};

/// What the example says to whoever reads it in the repository, and what the file says in the site's folder.
const HOW_TO_COPY: &str = "Copy this file into your site's folder as `postrider.yaml` and take the `#` away\n# from what you want to change; without the file, feeds work all the same.";
const HOW_TO_USE: &str =
    "Take the `#` away from what you want to change; without the file, feeds work\n# all the same.";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site's folder [default: `--site`, or the current one]
    dir: Option<PathBuf>,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let root = arguments.dir.or_else(|| context.place.site.clone()).unwrap_or_else(|| PathBuf::from("."));
    let root = std::path::absolute(root)?;
    let file = root.join(FILE_NAME);
    if file.exists() {
        anyhow::bail!("{} is there already\n  hint: move it away first", file.display());
    }
    let example = include_str!("../../deploy/postrider.example.yaml");
    let mut text = example.replacen(HOW_TO_COPY, HOW_TO_USE, 1);
    let mut next = "look into it, then `postrider serve`";
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
            say!("found {}: {} in {}", site.generator, counted(scan.pages.len() as u64, "page"), root.display());
            let errors = scan.problems.iter().filter(|problem| problem.severity == Severity::Error).count() as u64;
            if errors > 0 {
                say!("{} cannot be read: `postrider check` says why", counted(errors, "file"));
            }
        }
        Err(problems) if !root.is_dir() => return Err(Faults(problems).into()),
        Err(problems) => {
            next = "mend in it what is said above, then `postrider check`";
            for problem in problems {
                eprintln!("{problem}");
            }
        }
    }
    // Never over a file that somebody wrote.
    let mut out = fs_err::OpenOptions::new().write(true).create_new(true).open(&file)?;
    std::io::Write::write_all(&mut out, text.as_bytes())?;
    say!("wrote {}\nnext: {next}", file.display());
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
