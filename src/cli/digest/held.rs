//! `digest approve` and `digest skip`: a person's word on a held Issue, or on the coming Slot.

use super::coming;
use crate::cli::{Context, Exit, counted, digest};
use crate::digest::{Digest, Trigger};
use crate::scheduler;
use crate::store::{IssueRow, IssueState, Store};
use crate::template::{DateStyle, Templates};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which digest
    name: String,
}

pub async fn approve(context: &Context, arguments: &Arguments) -> anyhow::Result<Exit> {
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
    if !store.approve_issue(&oldest.id, context.clock.now()).await? {
        anyhow::bail!("somebody else has decided about this Issue in this moment");
    }
    say!("approved: the Issue of {} goes to {}", when(digest, oldest), counted(oldest.deliveries, "reader"));
    say!("the running daemon delivers it, or the next `postrider serve`");
    more(&held)?;
    Ok(Exit::Done)
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
