//! `subscribers export`: one row a subscription, as CSV that `import` reads and a spreadsheet does not run.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::sheet::guard;
use super::{Exit, PAGE};
use crate::store::Store;
use crate::subscriber::Subscriber;

const HEAD: [&str; 8] = ["address", "name", "language", "digest", "state", "since", "source", "created"];

pub(super) async fn run(store: &Store, digest: Option<&str>, file: &Path) -> anyhow::Result<Exit> {
    let all: u64 = store
        .subscription_counts()
        .await?
        .iter()
        .filter(|(name, ..)| digest.is_none_or(|digest| digest == name))
        .map(|(.., rows)| rows)
        .sum();
    let bar = ProgressBar::new(all).with_style(
        ProgressStyle::with_template("{bar:40} {pos} of {len}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    if file == Path::new("-") {
        let rows = write(store, digest, std::io::stdout().lock(), &bar).await?;
        bar.finish_and_clear();
        eprintln!("{rows} rows");
        return Ok(Exit::Done);
    }
    // Beside it first: a full disk or a Ctrl-C leaves the old file as it was. Its owner's only, as it holds addresses.
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(beside)?;
    let rows = write(store, digest, &mut out, &bar).await;
    let rows = rows.and_then(|rows| out.sync_all().map(|()| rows).context("the file cannot be written"));
    match rows {
        Ok(rows) => {
            fs_err::rename(beside, file)?;
            bar.finish_and_clear();
            say!("{}: {rows} rows", file.display());
            Ok(Exit::Done)
        }
        Err(error) => {
            let _ = fs_err::remove_file(beside);
            Err(error)
        }
    }
}

async fn write(store: &Store, digest: Option<&str>, out: impl Write, bar: &ProgressBar) -> anyhow::Result<u64> {
    let mut sheet = csv::Writer::from_writer(out);
    sheet.write_record(HEAD)?;
    let (mut after, mut rows) = (String::new(), 0);
    loop {
        let page = store.subscribers(digest, None, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.address.to_lowercase();
        for reader in &page {
            for cells in cells(reader, digest) {
                sheet.write_record(cells.iter().map(|cell| guard(cell)))?;
                rows += 1;
            }
        }
        bar.set_position(rows);
    }
    sheet.flush()?;
    Ok(rows)
}

fn cells(reader: &Subscriber, digest: Option<&str>) -> Vec<[String; HEAD.len()]> {
    let ties = reader.subscriptions.iter().filter(|tie| digest.is_none_or(|digest| digest == tie.digest));
    ties.map(|tie| {
        // Whoever reads the sheet must not mail them either.
        let state = if reader.suppressed.is_some() { "suppressed" } else { tie.state.as_str() };
        [
            reader.address.clone(),
            reader.name.clone(),
            reader.language.clone().unwrap_or_default(),
            tie.digest.clone(),
            state.to_owned(),
            crate::cli::deliveries::time(tie.changed_at),
            reader.source.clone(),
            crate::cli::deliveries::time(reader.created_at),
        ]
    })
    .collect()
}
