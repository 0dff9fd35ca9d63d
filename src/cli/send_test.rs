//! `send-test`: what a subscriber would get, to one address, now, with what the mail server said about it.
//!
//! It goes past the queue on purpose: it is there to find out whether the way works, and waits behind nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::digest::coming::{coming, latest};
use super::subscribers::language;
use super::{Context, Exit, Usage, digest, outside};
use crate::bounce::ReturnPath;
use crate::config::Config;
use crate::crypto;
use crate::delivery::{Kind, Verdict};
use crate::digest::{Digest, render};
use crate::mail;
use crate::mail::message::{Prepared, Recipient};
use crate::mail::transport::{Limits, Mail, Open, Route, Stage};
use crate::scheduler;
use crate::subscriber::Address;

/// Whoever types it waits for it.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to
    #[arg(value_parser = Address::parse)]
    address: Address,
    /// Which digest [default: the only one]
    #[arg(long, value_name = "NAME")]
    digest: Option<String>,
    /// What Postrider itself says in it, as a BCP 47 tag [default: the digest's language]
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Option<String>,
    /// Over which relay of `mail.relays` [default: the first]
    #[arg(long, value_name = "NAME")]
    relay: Option<String>,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    let digest = chosen(&config, arguments.digest.as_deref())?;
    let templates = config.templates().map_err(anyhow::Error::msg)?;
    let now = context.clock.now();
    let mut issue = coming(context, &config, &scan, digest, None).await?;
    if issue.posts.is_empty() {
        issue = latest(&scan, digest, now).ok_or_else(|| {
            anyhow::anyhow!(
                "no post that `{}` selects is published\n  hint: `postrider posts` lists what there is; `select` in `postrider.yaml` says \
                 what the digest takes",
                digest.name
            )
        })?;
    }
    let language = arguments.language.as_deref().unwrap_or(&digest.language);
    let newest = scheduler::newest(&scan.bodies, &issue.posts).await?;
    // Kept, so that whoever gets the mail sees them.
    let store = context.store(&config).await?;
    let keep = scheduler::Keep::In(&store, now);
    let pictures = scheduler::pictures(&scan.bodies, &scan.site, digest, &newest, keep, |_| ()).await?;
    let wanted =
        render::Issue { digest, slot: issue.slot, posts: &newest, count: issue.posts.len(), pictures: &pictures };
    let mut rendition = render::issue(&templates, &scan.site, &wanted, language).map_err(anyhow::Error::msg)?.rendition;
    rendition.kind = Kind::Test;
    rendition.subject.insert_str(0, "[Test] ");

    let link = |page: &str| Some(format!("{}{page}/test", config.mail.public_url));
    let domain = digest.from.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let reader = Recipient {
        address: arguments.address.as_str().to_owned(),
        message_id: format!("{}@{domain}", crypto::new_id()),
        unsubscribe_url: link("unsubscribe"),
        // As a reader's looks; it stands for no subscription.
        unsubscribe_address: config
            .mail
            .bounce_address
            .as_ref()
            .and_then(|path| path.unsubscribe(store.key(), &crypto::new_id())),
        preferences_url: link("preferences"),
        confirm_url: None,
    };
    let prepared = Prepared::new(&rendition, &config.mail);
    let text = Arc::new(prepared.compose(&reader, now)?);
    let from = config.mail.bounce_address.as_ref().map(ReturnPath::plain);
    let sent = Mail {
        from: from.as_deref().unwrap_or(&prepared.from),
        to: &reader.address,
        message_id: &reader.message_id,
        text: &text,
        date: now,
    };
    let routes = Route::all(&config.mail).map_err(outside)?;
    let route = match &arguments.relay {
        Some(name) => routes.iter().find(|route| route.way().name == *name).ok_or_else(|| {
            let names: Vec<&str> = routes.iter().map(|route| route.way().name.as_str()).collect();
            Usage(format!("no relay is called `{name}`; there is {}", names.join(", ")))
        })?,
        None => routes.first().ok_or_else(|| Usage("no relay is configured: see `mail.relays`".to_owned()))?,
    };
    let mut line = route.line();
    let limits = Limits { until: Instant::now() + PATIENCE, stop: CancellationToken::new() };
    let attempt = line.send(&sent, &limits, &Open).await;
    line.close().await;
    let outcome = attempt.outcome;
    if outcome.verdict == Verdict::Accepted {
        say!("sent, {} bytes: {} {}", text.len(), outcome.code, outcome.text);
        return Ok(Exit::Done);
    }
    let code = if outcome.code == 0 { String::new() } else { format!("{} ", outcome.code) };
    Err(outside(format!(
        "the mail was not taken ({}): {code}{}{}",
        attempt.stage.words(),
        outcome.text.trim_start_matches("connecting: "),
        hint(outcome.verdict, attempt.stage, &mail::section(&route.way().name))
    )))
}

fn chosen<'a>(config: &'a Config, name: Option<&str>) -> anyhow::Result<&'a Digest> {
    match (name, config.digests.as_slice()) {
        (Some(name), _) => digest(config, name),
        (None, [only]) => Ok(only),
        (None, []) => anyhow::bail!("no digest is configured\n  hint: `postrider init` shows how one is written"),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|digest| digest.name.as_str()).collect();
            Err(Usage(format!("which digest? Name one with `--digest`: {}", names.join(", "))).into())
        }
    }
}

/// `section` of the configuration has the relay.
fn hint(verdict: Verdict, stage: Stage, section: &str) -> String {
    let hint = match (verdict, stage) {
        (Verdict::Uncertain, _) => {
            "the connection ended after the message; it may have arrived all the same".to_owned()
        }
        (_, Stage::Connect | Stage::Hello) => format!("see `{section}.url`: name, port, `smtps://` or `smtp://`"),
        (_, Stage::Login) => format!("see the user in `{section}.url` and `{section}.password_file`"),
        (_, Stage::Mail) => "may this login send as the digest's `from`, or as `mail.bounce_address`?".to_owned(),
        _ => return String::new(),
    };
    format!("\n  hint: {hint}")
}
