//! `postrider check`: what is wrong with configuration, posts and templates, and where.

use std::collections::BTreeMap;
use std::io::Write as _;

use chrono::{DateTime, Utc};

use super::{Context, Exit, Faults, counted, digest};
use crate::feed;
use crate::library::{Library, Scan, Scanner};
use crate::post::id;
use crate::problem::{Problem, Severity};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// One JSON object a line: path, line, severity, what, hint
    #[arg(long)]
    json: bool,
    /// Warnings fail, too
    #[arg(long)]
    strict: bool,
}

/// What is too large for the site's own feed, as it is now.
fn oversized(settings: &feed::Settings, scan: &Scan, now: DateTime<Utc>) -> Vec<Problem> {
    let library = Library::new(scan, &id::assign(&[], &scan.pages), now);
    let settings = feed::Settings { by: Vec::new(), archives: feed::Archives::None, ..settings.clone() };
    match feed::documents(&library.site, &library.posts, &settings, &library.bodies, &BTreeMap::new()) {
        Ok(feeds) => feed::faults::oversized(&feeds, &library.posts, &settings),
        Err(problem) => vec![problem],
    }
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let mut problems = Vec::new();
    let mut read = "the configuration has to be mended first: no page was read".to_owned();
    match context.config() {
        Err(error) => match error.downcast::<Faults>() {
            Ok(Faults(found)) => problems.extend(found),
            Err(error) => return Err(error),
        },
        Ok(config) => {
            let templates = config.templates();
            match Scanner::new(config.library.clone()).scan() {
                Ok(scan) => {
                    read = format!("{} read", counted(scan.pages.len() as u64, "page"));
                    let large = oversized(&config.feeds, &scan, context.clock.now());
                    if let Ok(templates) = &templates {
                        let config = config.for_site(&scan.site);
                        problems.extend(digest::template_faults(&config, templates, &scan, context.clock.now()));
                    }
                    let told = scan.bodies.told(&scan.pages);
                    problems.extend(scan.problems);
                    problems.extend(told);
                    problems.extend(large);
                }
                Err(found) => {
                    "the site could not be read".clone_into(&mut read);
                    problems.extend(found);
                }
            }
            if let Err(error) = templates {
                problems.push(digest::template_fault(&error));
            }
        }
    }
    let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count() as u64;
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for problem in &problems {
        if arguments.json {
            serde_json::to_writer(&mut out, problem)?;
            writeln!(out)?;
        } else {
            let kind = if problem.severity == Severity::Error { "error" } else { "warning" };
            writeln!(out, "{kind}: {problem}")?;
        }
    }
    out.flush()?;
    if !arguments.json {
        eprintln!("{read}, {}, {}", counted(errors, "error"), counted(warnings, "warning"));
    }
    Ok(if errors > 0 || arguments.strict && warnings > 0 { Exit::Wrong } else { Exit::Done })
}
