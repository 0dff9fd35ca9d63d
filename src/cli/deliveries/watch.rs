//! `deliveries watch`: the mail of Issues that are being sent, live, until it is at its end; then what became of it.

use std::collections::BTreeMap;

use indicatif::MultiProgress;
use tokio::time::Instant;

use super::{terms, time};
use crate::cli::progress::{Shown, pause};
use crate::cli::{Context, Exit};
use crate::daemon;
use crate::store::{IssueState, IssueSum, Store};

/// Issues that are looked at, the newest.
const LATEST: u32 = 50;

/// Ends when nothing is being sent any more, or by Ctrl-C.
pub async fn run(
    context: &Context,
    store: &Store,
    issue: Option<&str>,
    patience: chrono::Duration,
) -> anyhow::Result<Exit> {
    let stop = daemon::signalled()?;
    tokio::pin!(stop);
    let bars = MultiProgress::new();
    let mut shown: BTreeMap<String, Shown> = BTreeMap::new();
    let mut ended: BTreeMap<String, IssueSum> = BTreeMap::new();
    loop {
        let begun = Instant::now();
        let sums = sums(store, issue, &shown).await?;
        let hold = store.held_by(patience, context.clock.now()).await?;
        let hold = hold.map(|hold| format!(" ({hold})")).unwrap_or_default();
        let mut going = 0;
        for sum in sums {
            let is_going = sum.state == IssueState::Sending || sum.planning;
            let name = format!("{} {}  ", sum.digest, time(sum.slot));
            let bar = shown.entry(sum.id.clone()).or_insert_with(|| Shown::new(&name, Some(&bars)));
            let more = if sum.planning { ", still being planned".to_owned() } else { hold.clone() };
            let all = sum.all();
            if let Some(line) = bar.update(context.clock.now(), all - sum.open(), all, &more) {
                say!("{line}");
            }
            if is_going {
                going += 1;
            } else {
                bar.end();
            }
            ended.insert(sum.id.clone(), sum);
        }
        let stopped = going == 0
            || tokio::select! {
                () = &mut stop => true,
                () = tokio::time::sleep(pause(begun.elapsed())) => false,
            };
        if stopped {
            break;
        }
    }
    shown.values().for_each(Shown::end);
    if ended.is_empty() {
        say!("nothing is being sent (`postrider deliveries issues` says what became of earlier issues)");
    }
    for sum in ended.values() {
        let (slot, digest, state) = (time(sum.slot), &sum.digest, sum.state.as_str());
        say!("{slot}  {digest}  {}  {state}: {} eligible = {}", sum.id, sum.eligible, terms(&sum.counts));
    }
    Ok(Exit::Done)
}

/// Of the Issues that are being sent, or were when they were seen last; of `issue` in any case.
async fn sums(store: &Store, issue: Option<&str>, shown: &BTreeMap<String, Shown>) -> anyhow::Result<Vec<IssueSum>> {
    let mut sums = Vec::new();
    for row in store.issues(None, LATEST).await? {
        let is_wanted = match issue {
            Some(id) => row.id == id,
            None => row.state == IssueState::Sending || row.planning || shown.contains_key(&row.id),
        };
        if is_wanted {
            sums.push(store.sum(row).await?);
        }
    }
    Ok(sums)
}
