//! `digest approve` and `digest skip`: a person's word on a held Issue, or on the coming Slot.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Notify;

use super::{coming, judged};
use crate::cli::{Context, Exit, counted, digest};
use crate::digest::gate::{Finding, Reason};
use crate::digest::{Digest, Trigger};
use crate::http::Published;
use crate::problem::Severity;
use crate::scheduler::{self, gate};
use crate::store::{IssueRow, IssueState, Judged, Store};
use crate::template::{DateStyle, Templates};

#[derive(Debug, clap::Args)]
pub struct Approve {
    /// Which digest
    name: String,
    /// What the gate warns of and may go all the same, for this Issue alone: `alt`, `links`, `size` and the like
    #[arg(long, value_name = "REASON", value_delimiter = ',', num_args = 1.., value_parser = Reason::parse)]
    accept: Vec<Reason>,
}

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which digest
    name: String,
}

pub async fn approve(context: &Context, arguments: &Approve) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let digest = digest(&config, &arguments.name)?;
    let store = context.store(&config).await?;
    let held = held(&store, digest).await?;
    let Some(oldest) = held.last() else {
        anyhow::bail!(
            "no Issue of `{0}` is held\n  hint: `postrider digest plan {0}` shows the coming one",
            digest.name
        );
    };
    let gone = match store.judged(&oldest.id).await? {
        None => store.approve_issue(&oldest.id, context.clock.now()).await?,
        Some(judged) => {
            let accept: BTreeSet<Reason> = arguments.accept.iter().copied().collect();
            match at_the_gate(context, &store, oldest, &judged, accept).await? {
                Some(gone) => gone,
                None => return Ok(Exit::Wrong),
            }
        }
    };
    if !gone {
        anyhow::bail!("somebody else has decided about this Issue in this moment");
    }
    say!("approved: the Issue of {} goes to {}", when(digest, oldest), counted(oldest.deliveries, "reader"));
    say!("the running daemon delivers it, or the next `postrider serve`");
    more(&held)?;
    Ok(Exit::Done)
}

/// Looks again at what the gate holds. `None`: it still does, and it was said why.
async fn at_the_gate(
    context: &Context,
    store: &Store,
    issue: &IssueRow,
    before: &Judged,
    accept: BTreeSet<Reason>,
) -> anyhow::Result<Option<bool>> {
    let (config, scan) = context.site()?;
    let digest = digest(&config, &issue.digest)?;
    let now = context.clock.now();
    let parts = scheduler::Parts {
        digests: Arc::new(vec![digest.clone()]),
        published: Arc::new(arc_swap::ArcSwap::from_pointee(Published::default())),
        templates: Arc::new(config.templates().map_err(anyhow::Error::msg)?),
        store: store.clone(),
        mail_queued: Arc::new(Notify::new()),
        gate: Arc::new(judged::gate(&config)),
    };
    let library = coming::library(&scan, &store.known_posts().await?, now);
    let again = gate::again(&parts, digest, &library, issue, now).await?;
    let mut accepted = parts.gate.accepted(&digest.name);
    accepted.extend(before.accepted.iter().flatten().copied());
    accepted.extend(&accept);
    let holds: Vec<&Finding> = again.findings.iter().filter(|finding| finding.holds(&accepted)).collect();
    if holds.is_empty() {
        return Ok(Some(gate::release(&parts, issue, &again, now).await?));
    }
    judged::tell(&again.findings, &accepted)?;
    let warned: BTreeSet<&str> = holds
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .map(|finding| finding.reason.as_str())
        .collect();
    if warned.is_empty() {
        accepted
            .retain(|reason| accept.contains(reason) || before.accepted.iter().flatten().any(|known| known == reason));
        store.accept_issue(&issue.id, &accepted).await?;
        say!(
            "held: errors are nobody's to accept. Your approval is noted: the daemon lets the Issue go once they are mended"
        );
    } else {
        let words = warned.into_iter().collect::<Vec<_>>().join(",");
        say!("held: mend this, or accept it: `postrider digest approve {} --accept {words}`", digest.name);
    }
    Ok(None)
}

pub async fn skip(context: &Context, arguments: &Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let digest = digest(&config, &arguments.name)?;
    let store = context.store(&config).await?;
    let now = context.clock.now();
    let held = held(&store, digest).await?;
    if let Some(oldest) = held.last() {
        if !store.skip_issue(&oldest.id, now).await? {
            anyhow::bail!("somebody else has decided about this Issue in this moment");
        }
        say!(
            "skipped: the Issue of {}; its {} posts are not announced again",
            when(digest, oldest),
            oldest.posts.len()
        );
        more(&held)?;
        return Ok(Exit::Done);
    }
    let Trigger::Cron(schedule) = &digest.trigger else {
        anyhow::bail!(
            "no Issue of `{}` is held, and it comes when something is published: there is no Slot to skip",
            digest.name
        );
    };
    // Those before it may have been skipped already.
    let mut slot = now;
    for _ in 0..100 {
        let Some(next) = schedule.next_after(slot) else { break };
        slot = next;
        if store.create_issue(&scheduler::skipped(digest, slot, now), now).await? {
            say!("skipped: the Slot of {} makes no mail; its posts wait for the next", words(digest, slot));
            return Ok(Exit::Done);
        }
    }
    anyhow::bail!("the coming Slots of `{}` are all skipped already", digest.name)
}

/// Newest first.
async fn held(store: &Store, digest: &Digest) -> anyhow::Result<Vec<IssueRow>> {
    let mut issues = store.issues(Some(&digest.name), 1000).await?;
    issues.retain(|issue| issue.state == IssueState::Held);
    Ok(issues)
}

fn more(held: &[IssueRow]) -> std::io::Result<()> {
    if held.len() > 1 {
        say!("{} more held: say it again for the next", held.len() - 1);
    }
    Ok(())
}

fn when(digest: &Digest, issue: &IssueRow) -> String {
    words(digest, issue.slot)
}

fn words(digest: &Digest, slot: chrono::DateTime<chrono::Utc>) -> String {
    let slot = slot.with_timezone(&coming::zone(digest)).fixed_offset();
    match Templates::new(&std::collections::BTreeMap::new()) {
        Ok(templates) => templates.date("en", slot, DateStyle::Time),
        Err(_) => slot.to_rfc3339(),
    }
}
