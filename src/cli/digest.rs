//! `digest`: what the digests will do, what their mail looks like, and a person's hand on an Issue.

pub(super) mod coming;
mod held;
mod list;
mod plan;
mod preview;
mod send;

use clap::Subcommand;

use super::{Context, Exit};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the digests, each with its next five Slots
    List(list::Arguments),
    /// Says what the coming Issue will be: Slot, posts, readers, bytes
    Plan(plan::Arguments),
    /// Writes the coming Issue's mail into a folder: HTML, text and the whole message
    Preview(preview::Arguments),
    /// Makes an Issue of what is new, now, and sends it
    Send(send::Arguments),
    /// Lets a held Issue go
    Approve(held::Arguments),
    /// Drops the held Issue; without one, the coming Slot makes none
    Skip(held::Arguments),
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::List(arguments) => list::run(context, &arguments),
        Command::Plan(arguments) => plan::run(context, &arguments).await,
        Command::Preview(arguments) => preview::run(context, &arguments).await,
        Command::Send(arguments) => send::run(context, &arguments).await,
        Command::Approve(arguments) => held::approve(context, &arguments).await,
        Command::Skip(arguments) => held::skip(context, &arguments).await,
    }
}
