//! `digest`: what the digests will do, what their mail looks like, and a person's hand on an Issue.

pub(super) mod coming;
mod held;
mod judged;
mod list;
mod plan;
mod preview;
mod send;

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::{Context, Exit};
use crate::config::{Config, FILE_NAME};
use crate::digest::picture::Pictures;
use crate::digest::render;
use crate::library::Scan;
use crate::post::body::Bodies as _;
use crate::problem::Problem;
use crate::template::Templates;

pub(super) use judged::gate;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the digests, each with its next five Slots and its last five Issues
    List(list::Arguments),
    /// Says what the coming Issue will be: Slot, posts, readers, bytes, and what the gate has against it
    Plan(plan::Arguments),
    /// Shows the coming Issue's mail on one page, as clients do, with what the gate has against it; writes HTML, text and message
    Preview(preview::Arguments),
    /// Makes an Issue of what is new, now, and sends it
    Send(send::Arguments),
    /// Lets a held Issue go
    Approve(held::Approve),
    /// Drops the held Issue; without one, the coming Slot makes none
    Skip(held::Arguments),
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::List(arguments) => list::run(context, &arguments).await,
        Command::Plan(arguments) => plan::run(context, &arguments).await,
        Command::Preview(arguments) => preview::run(context, &arguments).await,
        Command::Send(arguments) => send::run(context, &arguments).await,
        Command::Approve(arguments) => held::approve(context, &arguments).await,
        Command::Skip(arguments) => held::skip(context, &arguments).await,
    }
}

/// Renders what every digest would have announced last, and its Confirmation: templates show most of their faults only then.
pub fn template_faults(config: &Config, templates: &Templates, scan: &Scan, now: DateTime<Utc>) -> Vec<Problem> {
    let mut faults = Vec::new();
    let mut missing = Vec::new();
    for digest in &config.digests {
        if !templates.contains(&format!("email/{}/body.html", digest.template)) {
            // Told even where nothing is to be announced yet: else the first mail would show it.
            let what = format!("`digests.{}.template`: there is no template `{}`", digest.name, digest.template);
            let hint =
                "write `digest`, `letter`, `plain`, or a folder of your own below `email/` in `templates.folder`";
            missing.push(Problem::error(FILE_NAME, None, what, hint));
            continue;
        }
        if let Some(latest) = coming::latest(scan, digest, now) {
            // A file that is gone by now is the next scan's business, not the templates'.
            let newest = &latest.posts[..latest.posts.len().min(render::MOST)];
            if let Ok(posts) = scan.bodies.full(newest) {
                let (slot, count) = (latest.slot, latest.posts.len());
                let issue = render::Issue { digest, slot, posts: &posts, count, pictures: &Pictures::default() };
                faults.extend(render::issue(templates, &scan.site, &issue, &digest.language).err());
            }
        }
        faults.extend(render::confirmation(templates, &scan.site, digest, &digest.language).err());
    }
    faults.sort();
    faults.dedup();
    missing.extend(faults.iter().map(String::as_str).map(template_fault));
    missing
}

/// `templates/email/digest/body.html:12: what` as a Problem of that line.
pub fn template_fault(fault: &str) -> Problem {
    let hint = "mend the template, or remove it where there is a built-in one";
    let mut parts = fault.splitn(3, ':');
    if let (Some(path), Some(line), Some(what)) = (parts.next(), parts.next(), parts.next())
        && let Ok(line) = line.parse()
    {
        return Problem::error(path, Some(line), what.trim(), hint);
    }
    Problem::error("templates", None, fault, hint)
}
