//! `postrider check`: what is wrong with configuration, posts and templates, and where.

use std::io::Write as _;

use super::{Context, Exit, Faults, counted, digest};
use crate::library::Scanner;
use crate::problem::Severity;
use crate::template::Templates;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// One JSON object a line: path, line, severity, what, hint
    #[arg(long)]
    json: bool,
    /// Warnings fail, too
    #[arg(long)]
    strict: bool,
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
            let templates = Templates::new(&config.templates);
            match Scanner::new(config.library.clone()).scan() {
                Ok(scan) => {
                    read = format!("{} read", counted(scan.pages.len() as u64, "page"));
                    if let Ok(templates) = &templates {
                        let config = config.for_site(&scan.site);
                        problems.extend(digest::template_faults(&config, templates, &scan, context.clock.now()));
                    }
                    let told = scan.bodies.told(&scan.pages);
                    problems.extend(scan.problems);
                    problems.extend(told);
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
