//! `subscribers import`: a CSV file into the store, a batch a transaction; what is wrong with a row is said, the rest goes in.

use std::io::{BufReader, Read};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::sheet::{Row, Sheet};
use super::{Context, Exit, unusable};
use crate::store::{Import, Imported, Store};

/// Rows a transaction.
const BATCH: usize = 1000;
/// Faults printed one by one.
const FAULTS_SHOWN: u64 = 200;

pub(super) async fn run(context: &Context, store: &Store, file: &Path, digest: &str) -> anyhow::Result<Exit> {
    let shown = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let (input, size): (Box<dyn Read + Send>, u64) = if file == Path::new("-") {
        (Box::new(std::io::stdin()), 0)
    } else {
        let input = fs_err::File::open(file)?;
        let size = input.metadata()?.len();
        (Box::new(input), size)
    };
    let mut sheet = Sheet::new(BufReader::with_capacity(1 << 16, input), digest)
        .map_err(|what| unusable(format!("{shown}: {what}")))?;
    let bar = ProgressBar::new(size).with_style(
        ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let (mut total, mut left_out, mut faults) = (Imported::default(), 0_u64, 0_u64);
    let mut batch: Vec<Import> = Vec::with_capacity(BATCH);
    loop {
        let row = sheet.next().map_err(|error| unusable(format!("{shown}: {error}")))?;
        let ended = row.is_none();
        match row {
            Some(Row::Good(row)) => batch.push(row),
            Some(Row::LeftOut) => left_out += 1,
            Some(Row::Bad(line, what, hint)) => {
                faults += 1;
                if faults <= FAULTS_SHOWN {
                    bar.suspend(|| eprintln!("{shown}:{line}: {what} ({hint})"));
                }
            }
            None => {}
        }
        if batch.len() >= BATCH || (ended && !batch.is_empty()) {
            let done = store.import(&batch, digest, "import", context.clock.now()).await?;
            batch.clear();
            total.added += done.added;
            total.unchanged += done.unchanged;
            total.unsubscribed += done.unsubscribed;
            total.suppressed += done.suppressed;
            bar.set_position(sheet.position());
            bar.set_message(format!("{} added", total.added));
        }
        if ended {
            break;
        }
    }
    bar.finish_and_clear();
    if faults > FAULTS_SHOWN {
        eprintln!("{shown}: and {} more rows like these", faults - FAULTS_SHOWN);
    }
    say!("{}", summary(total, left_out, faults));
    Ok(if faults == 0 { Exit::Done } else { Exit::Wrong })
}

/// What became of the rows, without those kinds that there were none of.
fn summary(total: Imported, left_out: u64, faults: u64) -> String {
    let kinds = [
        (total.unchanged, "confirmed already"),
        (total.unsubscribed, "unsubscribed before, left so"),
        (total.suppressed, "suppressed, left so"),
        (left_out, "left out by their `state` or `digest`"),
        (faults, "with faults"),
    ];
    let rest = kinds.iter().filter(|(rows, _)| *rows > 0).map(|(rows, what)| format!(", {rows} {what}"));
    format!("{} added{}", total.added, rest.collect::<String>())
}
