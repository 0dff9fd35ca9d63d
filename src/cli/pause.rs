//! `pause` and `resume`: a person's hand on all mail.

use super::{Context, Exit, counted};
use crate::daemon;
use crate::delivery::State;

#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Nothing leaves any more.
pub async fn pause(context: &Context, _arguments: Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let store = context.store(&config).await?;
    if store.pause(context.clock.now()).await? {
        say!("mail is paused; what is being sent this minute may still leave (`postrider resume` lets the rest go)");
    } else if let Some(hold) = store.hold().await? {
        say!("{hold} already (`postrider resume` lets it go)");
    }
    Ok(Exit::Done)
}

/// Mail leaves again, whatever held it.
pub async fn resume(context: &Context, _arguments: Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let store = context.store(&config).await?;
    let held = store.resume(daemon::patience(&config.digests), context.clock.now()).await?;
    let counts = store.delivery_counts(None).await?;
    let open = counts.iter().filter(|(state, _)| matches!(state, State::Queued | State::Sending));
    let waiting: u64 = open.map(|row| row.1).sum();
    let mails = counted(waiting, "mail");
    if held {
        say!("mail leaves again; {mails} wait{}", if waiting == 1 { "s" } else { "" });
    } else {
        say!("nothing held mail; {mails} wait{}", if waiting == 1 { "s" } else { "" });
    }
    Ok(Exit::Done)
}
