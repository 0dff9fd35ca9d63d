//! `digest send`: an Issue of what is new, now. Delivered in this process, unless a daemon has the store.

use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::judged;
use crate::cli::progress::{Shown, pause};
use crate::cli::{Context, Exit, counted, digest, outside};
use crate::config::Config;
use crate::daemon;
use crate::deliverer;
use crate::delivery::State;
use crate::http::Published;
use crate::publisher;
use crate::scheduler::{self, Made};
use crate::store::{self, IssueState, Store};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which digest
    name: String,
}

pub async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    let digest = digest(&config, &arguments.name)?.clone();
    let templates = config.templates().map_err(anyhow::Error::msg)?;
    let store = context.store(&config).await?;
    let now = context.clock.now();
    let library = publisher::take_in(&store, &scan, std::slice::from_ref(&digest.name), now).await?;
    let posts = scheduler::fresh(&store, &digest, &library, now).await?;
    if posts.is_empty() {
        anyhow::bail!(
            "nothing is new for `{0}`: every post that it selects was announced, or was there before it\n  hint: `postrider digest preview \
             {0} --out DIR` shows the latest one",
            digest.name
        );
    }
    let slot = scheduler::minute(now);
    let parts = scheduler::Parts {
        digests: Arc::new(vec![digest.clone()]),
        published: Arc::new(arc_swap::ArcSwap::from_pointee(Published::default())),
        templates: Arc::new(templates),
        store: store.clone(),
        mail_queued: Arc::new(Notify::new()),
        gate: Arc::new(judged::gate(&config)),
    };
    if scheduler::announce(&parts, &digest, &library, slot, posts, now).await? != Made::Issue {
        anyhow::bail!("an Issue of `{}` was made in this minute already: nothing was sent twice", digest.name);
    }
    let made = store.issues(Some(&digest.name), 50).await?.into_iter().find(|issue| issue.slot == slot);
    let Some(issue) = made else { anyhow::bail!("the Issue that was just written is gone") };
    say!("Issue of {} for {}", counted(issue.posts.len() as u64, "post"), counted(issue.deliveries, "reader"));
    if issue.state == IssueState::Held
        && let Some(judged) = store.judged(&issue.id).await?
    {
        judged::tell(&judged.findings, &parts.gate.accepted(&digest.name))?;
        say!(
            "it is held: mend what is said above, or accept it, then `postrider digest approve {0}`, or `postrider digest skip {0}`",
            digest.name
        );
        return Ok(Exit::Wrong);
    }
    if issue.state == IssueState::Held {
        say!(
            "it is held, as it announces more than `hold_above: {}` posts: `postrider digest approve {1}` or `postrider digest skip {1}`",
            digest.hold_above,
            digest.name
        );
        return Ok(Exit::Done);
    }
    match store.lock_daemon().await {
        Ok(()) => Box::pin(deliver(context, &config, &store, &issue.id, issue.deliveries)).await,
        Err(store::Error::Unusable(_)) => {
            say!("the running daemon delivers it");
            Ok(Exit::Done)
        }
        Err(error) => Err(error.into()),
    }
}

async fn deliver(context: &Context, config: &Config, store: &Store, issue: &str, readers: u64) -> anyhow::Result<Exit> {
    let parts = deliverer::Parts {
        store: store.clone(),
        settings: Arc::new(config.mail.clone()),
        owner: crate::crypto::new_id(),
        mail_queued: Arc::new(Notify::new()),
    };
    let stop = daemon::signalled()?;
    let cancel = CancellationToken::new();
    let mut shown = Shown::new("", None);
    let outcome = {
        let (clock, cancelled) = (context.clock.clone(), cancel.clone());
        let drain = deliverer::alone(parts, |parts| async move { deliverer::drain(&parts, clock, &cancelled).await });
        tokio::pin!(drain, stop);
        let mut stopped = false;
        let mut wait = pause(Duration::ZERO);
        loop {
            tokio::select! {
                outcome = &mut drain => break outcome.flatten(),
                () = &mut stop, if !stopped => {
                    stopped = true;
                    cancel.cancel();
                }
                () = tokio::time::sleep(wait) => {
                    let begun = Instant::now();
                    let left = open(&store.delivery_counts(Some(issue)).await?);
                    if let Some(line) = shown.update(context.clock.now(), readers.saturating_sub(left), readers, "") {
                        eprintln!("{line}");
                    }
                    wait = pause(begun.elapsed());
                }
            }
        }
    };
    shown.end();
    outcome.map_err(|error| outside(format!("{error:#}")))?;
    let counts = store.delivery_counts(Some(issue)).await?;
    let states: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
    say!("{}", if states.is_empty() { "nobody to mail".to_owned() } else { states.join(", ") });
    let left = open(&counts);
    if left > 0
        && let Some(hold) = store.held_by(daemon::patience(&config.digests), context.clock.now()).await?
    {
        say!("{hold}: {left} wait for `postrider resume`");
        return Ok(Exit::Done);
    }
    if left > 0
        && let Some(quiet) = config.mail.quiet
        && let now = context.clock.now()
        && quiet.is_quiet(now)
    {
        let until = quiet.ends(now).to_rfc3339_opts(SecondsFormat::Secs, true);
        say!("these are quiet hours: {left} wait until {until}, and leave with `postrider serve`");
        return Ok(Exit::Done);
    }
    if left > 0 {
        return Err(outside(format!(
            "{left} mails wait for another try\n  hint: `postrider serve` goes on with them; `postrider deliveries list` says what the server answered"
        )));
    }
    Ok(Exit::Done)
}

/// Not at their end.
fn open(counts: &[(State, u64)]) -> u64 {
    counts.iter().filter(|(state, _)| matches!(state, State::Queued | State::Sending)).map(|(_, count)| count).sum()
}
