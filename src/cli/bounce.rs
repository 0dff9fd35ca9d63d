//! `bounce`: takes in one message from a mail server's pipe or alias.
//!
//! Whatever happens, the mail server must not send a bounce of a bounce: the end is 0 (done), or 75, which mail servers know
//! from `sysexits.h` as "keep it and try again later".

use std::io::Read as _;
use std::process::ExitCode;

use super::{Context, Exit};
use crate::inbox::{self, Envelope};
use crate::store::Became;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whom it was sent to, where the mail server tells (Postfix: `${recipient}`); else its headers say it
    #[arg(long, value_name = "ADDRESS")]
    recipient: Vec<String>,
    /// Who sent it, by its envelope (Postfix: `${sender}`, empty for reports)
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
}

/// `EX_TEMPFAIL` of `sysexits.h`.
pub fn later() -> ExitCode {
    ExitCode::from(75)
}

/// Was this command meant, however wrong the rest of the line is?
pub fn is_meant() -> bool {
    std::env::args_os().skip(1).any(|argument| argument == "bounce")
}

pub async fn run(context: &Context, arguments: Arguments) -> Exit {
    let context = context.clone();
    // A task of its own: a fault of ours that panics must not end with a code of its own.
    let taken = tokio::spawn(async move { take(&context, arguments).await }).await;
    match taken.map_err(anyhow::Error::new).flatten() {
        Ok(became) => {
            eprintln!("{}", words(became));
            Exit::Done
        }
        Err(error) => {
            eprintln!("{error:#}\n  hint: the mail server keeps the message and brings it again");
            Exit::Later
        }
    }
}

async fn take(context: &Context, arguments: Arguments) -> anyhow::Result<Became> {
    let mut bytes = Vec::new();
    {
        let mut input = std::io::stdin().lock();
        (&mut input).take(inbox::LARGEST as u64).read_to_end(&mut bytes)?;
        // A mail server that cannot write all of it would take that for a failure.
        std::io::copy(&mut input, &mut std::io::sink())?;
    }
    let store = context.store(&context.config()?).await?;
    let envelope = Envelope { sender: arguments.sender, recipients: arguments.recipient };
    Ok(inbox::take(&store, &envelope, &bytes, context.clock.now()).await?)
}

fn words(became: Became) -> &'static str {
    match became {
        Became::Recorded => "recorded",
        Became::Suppressed => "recorded; the address is not mailed any more",
        Became::Unsubscribed => "unsubscribed",
        Became::Known => "known already",
        Became::Nobody => "about nobody who is known",
        Became::Unsigned => "not to one of our signed addresses: nothing is changed",
        Became::Nothing => "nothing that counts",
    }
}
