//! A mailbox that is looked into every few minutes: what is signed by us is taken in and then deleted; everything else is
//! left to its owner.

use std::time::Duration;

use anyhow::anyhow;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Envelope, LARGEST, take};
use crate::clock::Clock;
use crate::mail::imap::{Mailbox, Session};
use crate::store::{Became, Store};

/// Looks into `mailbox` once. Returns how many messages were taken in.
pub async fn step(mailbox: &Mailbox, store: &Store, clock: &Clock) -> anyhow::Result<usize> {
    let mut session = Session::open(mailbox).await.map_err(|what| anyhow!(what))?;
    let mut taken = 0;
    for uid in session.new_messages().await.map_err(|what| anyhow!(what))? {
        let Some(bytes) = session.fetch(uid, LARGEST).await.map_err(|what| anyhow!(what))? else { continue };
        // The sender of the envelope is what the mailbox's own server wrote into Return-Path.
        let became = take(store, &Envelope::default(), &bytes, clock.now()).await?;
        // Only now that the store has it.
        let done = match became {
            Became::Unsigned => session.leave(uid).await,
            _ => session.delete(uid).await,
        };
        done.map_err(|what| anyhow!(what))?;
        taken += usize::from(became != Became::Unsigned);
    }
    session.close().await;
    Ok(taken)
}

/// Repeats [`step`] until `cancel`.
pub async fn run(mailbox: Mailbox, every: Duration, store: Store, clock: Clock, cancel: CancellationToken) {
    let mut failing = false;
    loop {
        let looked = tokio::select! {
            () = cancel.cancelled() => return,
            looked = step(&mailbox, &store, &clock) => looked,
        };
        match &looked {
            Ok(0) => {}
            Ok(taken) => info!(taken, "mail that came back was taken from the mailbox"),
            Err(error) if !failing => warn!("the mailbox could not be looked into, and is again: {error:#}"),
            Err(_) => {}
        }
        failing = looked.is_err();
        tokio::select! { () = cancel.cancelled() => return, () = tokio::time::sleep(every) => {} }
    }
}
