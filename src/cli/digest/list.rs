//! `digest list`: every digest, when it comes, and its last Issues.

use chrono::{DateTime, FixedOffset, Utc};
use serde_json::json;

use super::coming;
use crate::cli::{Context, Exit, counted};
use crate::digest::{Digest, Trigger};
use crate::store::{IssueRow, IssueState};
use crate::template::DateStyle;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// As a JSON array
    #[arg(long)]
    json: bool,
    /// Slots after this time instead of now (RFC 3339, or `YYYY-MM-DD HH:MM` in each digest's zone)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Slots and Issues shown of each.
const SHOWN: usize = 5;

struct Row<'a> {
    digest: &'a Digest,
    slots: Vec<DateTime<FixedOffset>>,
    /// Those of `slots` that make no Issue.
    skipped: Vec<DateTime<Utc>>,
    /// The newest, newest first.
    issues: Vec<IssueRow>,
}

pub async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let templates = config.templates().map_err(anyhow::Error::msg)?;
    let store = context.existing_store(&config).await?;
    let mut rows = Vec::new();
    for digest in &config.digests {
        let at = match &arguments.at {
            Some(text) => coming::instant(text, coming::zone(digest))?,
            None => context.clock.now(),
        };
        let slots: Vec<_> = match &digest.trigger {
            Trigger::Cron(schedule) => {
                std::iter::successors(schedule.next_after(at), |slot| schedule.next_after(*slot))
                    .take(SHOWN)
                    .map(|slot| slot.with_timezone(&schedule.zone()).fixed_offset())
                    .collect()
            }
            Trigger::OnPublish => Vec::new(),
        };
        let (mut issues, mut skipped) = (Vec::new(), Vec::new());
        if let Some(store) = &store {
            skipped = coming::skipped(store, digest).await?;
            skipped.retain(|slot| slots.contains(&slot.fixed_offset()));
            skipped.sort();
            // A Slot that is skipped in advance is no Issue yet.
            issues = store.issues(Some(&digest.name), 1000).await?;
            issues.retain(|issue| issue.state != IssueState::Skipped || issue.slot <= context.clock.now());
            issues.truncate(SHOWN);
        }
        rows.push(Row { digest, slots, skipped, issues });
    }
    if arguments.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|Row { digest, slots, skipped, issues }| {
                json!({
                    "name": digest.name,
                    "title": digest.title,
                    "schedule": schedule(digest),
                    "timezone": coming::zone(digest).name(),
                    "template": digest.template,
                    "language": digest.language,
                    "public": digest.public,
                    "next": slots.iter().map(DateTime::to_rfc3339).collect::<Vec<_>>(),
                    "skipped": skipped.iter().map(|slot| slot.with_timezone(&coming::zone(digest)).to_rfc3339()).collect::<Vec<_>>(),
                    "issues": issues.iter().map(|issue| json!({
                        "id": issue.id,
                        "slot": issue.slot.with_timezone(&coming::zone(digest)).to_rfc3339(),
                        "state": issue.state.as_str(),
                        "posts": issue.posts,
                        "deliveries": issue.deliveries,
                    })).collect::<Vec<_>>(),
                })
            })
            .collect();
        say!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        say!(
            "there is no digest\n  hint: name one under `digests` in `postrider.yaml`; `postrider init` writes an example"
        );
    }
    for (at, Row { digest, slots, skipped, issues }) in rows.iter().enumerate() {
        if at > 0 {
            say!("");
        }
        say!("{}: {}", digest.name, digest.title);
        match &digest.trigger {
            Trigger::Cron(schedule) => say!("  {} in {}", schedule.expression(), schedule.zone()),
            Trigger::OnPublish => say!("  at once when something is published"),
        }
        for slot in slots {
            let skipped = if skipped.contains(&slot.to_utc()) { "  skipped" } else { "" };
            say!("    {} ({}){skipped}", templates.date("en", *slot, DateStyle::Time), slot.format("%:z"));
        }
        if !issues.is_empty() {
            say!("  last issues");
        }
        for issue in issues {
            let slot = issue.slot.with_timezone(&coming::zone(digest)).fixed_offset();
            say!(
                "    {} ({})  {}, {} to {}\n      {}",
                templates.date("en", slot, DateStyle::Time),
                slot.format("%:z"),
                issue.state.as_str(),
                counted(issue.posts.len() as u64, "post"),
                counted(issue.deliveries, "reader"),
                issue.id
            );
        }
    }
    Ok(Exit::Done)
}

fn schedule(digest: &Digest) -> &str {
    match &digest.trigger {
        Trigger::Cron(schedule) => schedule.expression(),
        Trigger::OnPublish => "on_publish",
    }
}
