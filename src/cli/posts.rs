//! `postrider posts`: every page that was read, whatever its status and section.

use std::io::Write as _;

use serde::Serialize;

use super::{Context, Exit, counted};
use crate::library::{Library, Scan};
use crate::post::body::Bodies as _;
use crate::post::{Author, FullPost, Status, id};
use crate::problem::Faults;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// A line of `--json`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    path: &'a str,
    id: &'a str,
    url: &'a str,
    title: Option<&'a str>,
    published: Option<String>,
    updated: Option<String>,
    draft: bool,
    status: Status,
    section: &'a str,
    tags: &'a [String],
    categories: &'a [String],
    authors: &'a [Author],
    summary: &'a str,
    language: &'a str,
}

impl<'a> Line<'a> {
    fn of(post: &'a FullPost) -> Self {
        let time = |at: Option<chrono::DateTime<chrono::FixedOffset>>| at.map(|at| at.to_rfc3339());
        Self {
            path: &post.path,
            id: &post.id,
            url: post.written_url.as_deref().unwrap_or(&post.url),
            title: post.written_title.as_deref(),
            published: time(post.published),
            updated: time(post.updated),
            draft: post.draft,
            status: post.status,
            section: &post.section,
            tags: &post.tags,
            categories: &post.categories,
            authors: &post.authors,
            summary: &post.shown.summary,
            language: &post.language,
        }
    }
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let (_, scan) = context.site()?;
    print(&scan, context, &arguments)?;
    let errors =
        scan.problems.iter().filter(|problem| problem.severity == crate::problem::Severity::Error).count() as u64;
    if errors > 0 {
        eprintln!("{} could not be read: `postrider check` says why", counted(errors, "file"));
    }
    Ok(Exit::Done)
}

fn print(scan: &Scan, context: &Context, arguments: &Arguments) -> anyhow::Result<()> {
    let ids = id::assign(&[], &scan.pages);
    let library = Library::new(scan, &ids, context.clock.now());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if arguments.json {
        // So many at once that all threads have work, and no large site is in memory as a whole.
        for posts in library.all.chunks(1024) {
            for post in library.bodies.full(posts).map_err(|problem| Faults(vec![problem]))? {
                serde_json::to_writer(&mut out, &Line::of(&post))?;
                writeln!(out)?;
            }
        }
    } else {
        for post in &library.all {
            let date = post.published.map_or_else(|| "          ".to_owned(), |at| at.format("%Y-%m-%d").to_string());
            let status = match post.status {
                Status::Listed => "",
                Status::Draft => " [draft]",
                Status::Future => " [future]",
                Status::Expired => " [expired]",
                Status::Unlisted => " [unlisted]",
            };
            let title = if post.title.is_empty() { "(no title)" } else { &post.title };
            writeln!(out, "{date}  {title}{status}\n            {}", post.path)?;
        }
    }
    out.flush()?;
    Ok(())
}
