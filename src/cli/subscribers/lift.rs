//! `subscribers lift`: an address is mailed again, by a person's hand and for a reason.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::Usage;
use crate::cli::deliveries::time;
use crate::cli::{Context, Exit};
use crate::store::Store;
use crate::subscriber::{Address, State};

pub async fn run(context: &Context, store: &Store, address: &Address, because: Option<String>) -> anyhow::Result<Exit> {
    let Some(suppression) = store.suppression(address.as_str()).await? else {
        eprintln!("{}: is not suppressed", address.as_str());
        return Ok(Exit::Wrong);
    };
    eprintln!("{}: suppressed since {} ({})", address.as_str(), time(suppression.since), suppression.reason);
    let because = match because {
        Some(because) => because,
        None => asked()?,
    };
    if because.trim().is_empty() {
        return Err(Usage("say why it is lifted: `--because WORDS`".to_owned()).into());
    }
    if store.lift(address.as_str(), because.trim(), context.clock.now()).await?.is_none() {
        eprintln!("{}: somebody else was first", address.as_str());
        return Ok(Exit::Wrong);
    }
    say!("{}: may be mailed again", address.as_str());
    let reader = store.subscriber_by_address(address.as_str()).await?;
    let confirmed = reader.iter().flat_map(|reader| &reader.subscriptions).filter(|tie| tie.state == State::Confirmed);
    let digests: Vec<&str> = confirmed.map(|tie| tie.digest.as_str()).collect();
    match digests.as_slice() {
        [] => eprintln!("they get nothing yet: no digest is confirmed"),
        digests => eprintln!("they get {} again", digests.join(", ")),
    }
    Ok(Exit::Done)
}

/// On a terminal: a line.
fn asked() -> anyhow::Result<String> {
    let mut line = String::new();
    if std::io::stdin().is_terminal() {
        eprint!("why is it lifted? ");
        std::io::stderr().flush()?;
        std::io::stdin().lock().read_line(&mut line)?;
    }
    Ok(line)
}
