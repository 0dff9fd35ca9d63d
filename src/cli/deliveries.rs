//! `deliveries`: who got what, and another try for those who did not.

mod watch;

use std::collections::HashMap;
use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;

use super::{Context, Exit, Usage};
use crate::daemon;
use crate::delivery::{Kind, State};
use crate::store::{DeliveryRow, IssueRow, IssueSum, Store};
use crate::subscriber::Address;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists deliveries, newest first, and what became of all of them
    List {
        /// Only of this issue (`digest list` shows their ids)
        #[arg(long, value_name = "ID")]
        issue: Option<String>,
        /// Only in this state: queued, sending, sent, failed, suppressed, expired or uncertain
        #[arg(long, value_parser = state)]
        state: Option<State>,
        /// Only to this address
        #[arg(long, value_parser = Address::parse)]
        address: Option<Address>,
        /// At most so many rows
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        limit: u32,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Says what became of each issue's mail: everybody who was to get it is in one of the states
    Issues {
        /// At most so many, the newest
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Shows live how far the issues are that are being sent, how fast it goes and how long it takes, until they are at their end
    Watch {
        /// Only this issue
        #[arg(long, value_name = "ID")]
        issue: Option<String>,
    },
    /// Puts failed, expired and uncertain deliveries of an issue, or to an address, back into the queue
    #[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
    Retry {
        /// Only of this issue
        #[arg(long, value_name = "ID", group = "which")]
        issue: Option<String>,
        /// Only to this address
        #[arg(long, value_parser = Address::parse, group = "which")]
        address: Option<Address>,
    },
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let store = context.store(&config).await?;
    let patience = daemon::patience(&config.digests);
    match arguments.command {
        Command::List { issue, state, address, limit, json } => {
            known(&store, issue.as_deref()).await?;
            let address = address.as_ref().map(Address::as_str);
            let rows = store.deliveries(issue.as_deref(), address, state, limit).await?;
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            for row in &rows {
                if json {
                    serde_json::to_writer(&mut out, row)?;
                    writeln!(out)?;
                } else {
                    writeln!(out, "{}", line(row, true))?;
                }
            }
            let sum = equation(&store.delivery_counts(issue.as_deref()).await?);
            if !json {
                writeln!(out, "{sum}")?;
            }
            out.flush()?;
            if json {
                eprintln!("{sum}");
            }
            if rows.len() as u64 == u64::from(limit) {
                eprintln!("only the newest {limit} are listed (`--limit N` for more)");
            }
            Ok(Exit::Done)
        }
        Command::Issues { limit, json } => {
            for sum in store.issue_sums(limit).await? {
                if json {
                    say!("{}", object(&sum));
                } else {
                    let (slot, digest, state) = (time(sum.slot), &sum.digest, sum.state.as_str());
                    say!("{slot}  {digest}  {}  {state}: {} eligible = {}", sum.id, sum.eligible, terms(&sum.counts));
                }
            }
            if let Some(hold) = store.held_by(patience, context.clock.now()).await? {
                eprintln!("{hold}\n  hint: `postrider resume` lets it go");
            }
            Ok(Exit::Done)
        }
        Command::Watch { issue } => {
            known(&store, issue.as_deref()).await?;
            watch::run(context, &store, issue.as_deref(), patience).await
        }
        Command::Retry { issue, address } => {
            let issue = known(&store, issue.as_deref()).await?;
            let digest =
                issue.as_ref().and_then(|issue| config.digests.iter().find(|digest| digest.name == issue.digest));
            let live = digest.map_or(chrono::Duration::hours(72), |digest| digest.time_to_live);
            let now = context.clock.now();
            let id = issue.as_ref().map(|issue| issue.id.as_str());
            let again = store.retry(id, address.as_ref().map(Address::as_str), now + live, now).await?;
            say!("{again} deliver{} queued again", if again == 1 { "y" } else { "ies" });
            Ok(Exit::Done)
        }
    }
}

fn state(text: &str) -> Result<State, String> {
    State::parse(text)
        .ok_or_else(|| "it is one of queued, sending, sent, failed, suppressed, expired, uncertain".to_owned())
}

/// The issue of this id; wrong usage when there is none.
async fn known(store: &Store, id: Option<&str>) -> anyhow::Result<Option<IssueRow>> {
    let Some(id) = id else { return Ok(None) };
    let issues = store.issues(None, u32::MAX).await?;
    match issues.into_iter().find(|issue| issue.id == id) {
        Some(issue) => Ok(Some(issue)),
        None => Err(Usage(format!("there is no issue `{id}`\n  hint: `postrider digest list` shows their ids")).into()),
    }
}

/// When, what, where to (with `address`), and what became of it.
pub(super) fn line(row: &DeliveryRow, address: bool) -> String {
    let what = match row.kind {
        Kind::Issue => row.digest.clone(),
        Kind::Confirmation => format!("{} (confirmation)", row.digest),
        Kind::Test => "test".to_owned(),
    };
    let to = match (address, row.address.as_str()) {
        (false, _) => String::new(),
        (true, "") => "(erased)".to_owned() + "  ",
        (true, address) => format!("{address}  "),
    };
    let code = if row.code == 0 { String::new() } else { format!(" {}", row.code) };
    let text = if row.text.is_empty() { String::new() } else { format!(" {}", row.text) };
    let tries = match row.attempts {
        0 => String::new(),
        1 => ", 1 attempt".to_owned(),
        n => format!(", {n} attempts"),
    };
    let due = if row.state == State::Queued { format!(", due {}", time(row.due_at)) } else { String::new() };
    let bounced = row.bounced.as_ref().map(|why| format!(", came back ({why})")).unwrap_or_default();
    format!("{}  {to}{what}  {}{tries}{bounced}{due}{code}{text}", time(row.changed_at), row.state.as_str())
}

/// RFC 3339 in UTC, to the second.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Every Delivery is in one of the states, and the sum shows that none is missing.
fn equation(counts: &[(State, u64)]) -> String {
    format!("{} planned = {}", counts.iter().map(|(_, count)| count).sum::<u64>(), terms(counts))
}

/// `40 sent + 1 failed + …`
fn terms(counts: &[(State, u64)]) -> String {
    let counts: HashMap<State, u64> = counts.iter().copied().collect();
    let states = [
        State::Sent,
        State::Failed,
        State::Suppressed,
        State::Expired,
        State::Uncertain,
        State::Sending,
        State::Queued,
    ];
    let parts: Vec<String> =
        states.iter().map(|state| format!("{} {}", counts.get(state).copied().unwrap_or(0), state.as_str())).collect();
    parts.join(" + ")
}

/// An Issue's sum for programs.
fn object(sum: &IssueSum) -> serde_json::Value {
    let mut object = serde_json::json!({
        "issue": sum.id, "digest": sum.digest, "slot": time(sum.slot), "state": sum.state, "eligible": sum.eligible,
    });
    for (state, count) in &sum.counts {
        object[state.as_str()] = (*count).into();
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_names_every_state() {
        assert_eq!(
            equation(&[(State::Queued, 2), (State::Sent, 40), (State::Failed, 1)]),
            "43 planned = 40 sent + 1 failed + 0 suppressed + 0 expired + 0 uncertain + 0 sending + 2 queued"
        );
    }
}
