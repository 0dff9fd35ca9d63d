//! `build`: every feed as a file, the same bytes as `serve` sends; and, for the server that will send them, in codings and with
//! its headers and redirects.

mod files;
mod hosts;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use super::{Context, Exit, counted};
use crate::feed;
use crate::feed::past::Past;
use crate::library::Library;
use crate::post::id;
use crate::problem::{Faults, Severity};
use crate::publisher::Memory;

pub use files::{Wanted, export};
use hosts::Host;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to; made when missing. Files of other names stay
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Who will serve the files: adds headers, redirects and, for nginx, compressed files; may be repeated
    #[arg(long = "for", value_name = "HOST")]
    hosts: Vec<Host>,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    // Without a server of its own the site carries the feeds.
    let config = config.with_public_url(&scan.site.url);
    let store = context.existing_store(&config).await?;
    let known = match &store {
        Some(store) => store.known_posts().await?,
        None => Vec::new(),
    };
    let ids = id::assign(&known, &scan.pages);
    let now = context.clock.now();
    let library = Library::new(&scan, &ids, now);
    for problem in library.problems.iter().filter(|problem| problem.severity == Severity::Error) {
        eprintln!("{problem}");
    }
    // What the daemon knows: who is gone, where feeds went, since when each has its bytes.
    let (gone, past, versions) = match &store {
        Some(store) => (
            Memory::default().gone(store, &library, &HashSet::new(), now).await?,
            Past::new(store.withdrawn().await?),
            store.known_versions().await?,
        ),
        None => (Vec::new(), Past::default(), HashMap::new()),
    };
    let none = BTreeMap::new();
    let feeds = feed::documents_without(&library.site, &library.posts, &config.feeds, &library.bodies, &none, &gone)
        .map_err(|problem| Faults(vec![problem]))?;
    let wanted = Wanted { coded: arguments.hosts.contains(&Host::Nginx), versions };
    let mut tally = export(&arguments.out, &feeds.documents, &wanted)?;
    let elsewhere = hosts::Elsewhere::new(&arguments.out, &feeds, &past, tally.gone.clone());
    for host in &arguments.hosts {
        let (written, note) = host.write(&arguments.out, &config.feeds, &elsewhere)?;
        *(if written { &mut tally.written } else { &mut tally.unchanged }) += 1;
        if let Some(note) = note {
            eprintln!("{note}");
        }
    }
    say!(
        "{} of {} in {}: {} written, {} unchanged, {} removed",
        counted(feeds.listings.len() as u64, "feed"),
        counted(library.posts.len() as u64, "post"),
        arguments.out.display(),
        counted(tally.written as u64, "file"),
        tally.unchanged,
        tally.removed
    );
    // The program ends: nobody needs all that memory piece by piece.
    std::mem::forget((library, scan, feeds));
    Ok(Exit::Done)
}
