//! `subscribers show`: everything that is known of one address.

use std::io::Write;

use super::done;
use crate::cli::Exit;
use crate::cli::deliveries::{line, time};
use crate::store::{Lifting, Store, Suppression};
use crate::subscriber::Address;

pub async fn run(store: &Store, address: &Address, json: bool) -> anyhow::Result<Exit> {
    let suppression = store.suppression(address.as_str()).await?;
    let liftings = store.liftings(address.as_str()).await?;
    let Some(reader) = store.subscriber_by_address(address.as_str()).await? else {
        return nobody(address, suppression.as_ref(), &liftings, json);
    };
    let mail = store.deliveries(None, Some(address.as_str()), None, 20).await?;
    let bounces = store.bounces(address.as_str(), 20).await?;
    let mut out = std::io::stdout().lock();
    if json {
        let mut shown = serde_json::to_value(&reader)?;
        shown["deliveries"] = serde_json::to_value(&mail)?;
        shown["bounces"] = serde_json::to_value(&bounces)?;
        shown["liftings"] = serde_json::to_value(&liftings)?;
        writeln!(out, "{shown}")?;
        return Ok(Exit::Done);
    }
    writeln!(out, "address      {}", reader.address)?;
    writeln!(out, "name         {}", or_dash(&reader.name))?;
    writeln!(out, "language     {}", or_dash(reader.language.as_deref().unwrap_or_default()))?;
    writeln!(out, "came by      {}, {}", reader.source, time(reader.created_at))?;
    standing(&mut out, suppression.as_ref(), &liftings)?;
    for tie in &reader.subscriptions {
        let since = time(tie.changed_at);
        writeln!(out, "digest       {}: {} since {since}", tie.digest, tie.state.as_str())?;
    }
    for row in &mail {
        writeln!(out, "mail         {}", line(row, false))?;
    }
    for row in &bounces {
        let words = [row.status.as_str(), row.words.as_str()].join(" ");
        let when = time(row.created_at);
        writeln!(out, "came back    {when}  {} {} (by {}) {}", row.kind, row.reason, row.source, words.trim())?;
    }
    Ok(Exit::Done)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// Of an address that is no subscriber's, there may be a word that it is not mailed.
fn nobody(
    address: &Address,
    suppression: Option<&Suppression>,
    liftings: &[Lifting],
    json: bool,
) -> anyhow::Result<Exit> {
    if suppression.is_none() && liftings.is_empty() {
        return done(false, "", address);
    }
    let mut out = std::io::stdout().lock();
    if json {
        let reason = suppression.map(|suppression| suppression.reason.as_str());
        let shown = serde_json::json!({ "address": address.as_str(), "suppressed": reason, "liftings": liftings });
        writeln!(out, "{shown}")?;
    } else {
        writeln!(out, "address      {} (no subscriber)", address.as_str())?;
        standing(&mut out, suppression, liftings)?;
    }
    Ok(Exit::Done)
}

fn standing(out: &mut impl Write, suppression: Option<&Suppression>, liftings: &[Lifting]) -> std::io::Result<()> {
    match suppression {
        Some(Suppression { reason, since }) => writeln!(out, "suppressed   {reason}, since {}", time(*since))?,
        None => writeln!(out, "suppressed   no")?,
    }
    for Lifting { reason, because, since, lifted_at } in liftings {
        writeln!(out, "lifted       {}: {because} (was: {reason}, since {})", time(*lifted_at), time(*since))?;
    }
    Ok(())
}
