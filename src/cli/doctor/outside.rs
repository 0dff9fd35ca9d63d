//! What is not ours: the database, the mail server, DNS, the way from the world to us.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Seen, State};
use crate::cli::digest::gate;
use crate::cli::{Context, counted};
use crate::config::Config;
use crate::daemon;
use crate::dns::Resolver;
use crate::dns::sender::{self, State as Found};
use crate::http::fetch;
use crate::mail::transport::{Limits, Stage};
use crate::mail::{ONLY, Relay, Security, Transport, section, visit};
use crate::store::{IssueState, Store};

/// For the mail server, from connecting to logging in.
const PATIENCE: Duration = Duration::from_secs(30);

/// The database answers, and nothing in it waits for a person.
pub async fn store(context: &Context, config: &Config) -> Vec<Seen> {
    let store = match context.existing_store(config).await {
        Ok(Some(store)) => store,
        Ok(None) => return vec![Seen::good("store", "not there yet: `postrider serve` makes it")],
        Err(error) => {
            let hint = "look at `store.url`; is the database running, and may this user write there?";
            return vec![Seen::new("store", State::Failed, format!("{error:#}"), hint)];
        }
    };
    waiting(context, config, &store)
        .await
        .unwrap_or_else(|error| vec![Seen::new("store", State::Failed, error.to_string(), "")])
}

async fn waiting(context: &Context, config: &Config, store: &Store) -> crate::store::Result<Vec<Seen>> {
    let mut checks = vec![Seen::good("store", "it answers")];
    if let Some(hold) = store.held_by(daemon::patience(&config.digests), context.clock.now()).await? {
        checks.push(Seen::new("store", State::Warning, hold.to_string(), "`postrider resume` lets mail leave"));
    }
    for (digest, state, count) in store.issue_counts().await? {
        if state == IssueState::Held {
            let what = format!("{} of `{digest}` held", counted(count, "Issue"));
            let hint = format!("`postrider digest plan {digest}` says why");
            checks.push(Seen::new("store", State::Warning, what, hint));
        }
    }
    Ok(checks)
}

/// The mail servers take our login.
pub async fn mail(config: &Config) -> Vec<Seen> {
    let relays = match &config.mail.transport {
        Transport::Folder(path) => return vec![folder(config, path)],
        Transport::Smtp(relay) => vec![(section(ONLY), relay)],
        Transport::Relays(relays) => relays.iter().map(|named| (section(&named.name), &named.relay)).collect(),
    };
    let mut seen = Vec::new();
    for (section, relay) in relays {
        seen.push(called_at(config, &section, relay).await);
    }
    seen
}

fn folder(config: &Config, path: &Path) -> Seen {
    if path.exists() && !path.is_dir() {
        return Seen::new("mail", State::Wrong, format!("`{}` is no folder", path.display()), "look at `mail.url`");
    }
    let what = format!("every mail becomes a file in `{}`: nobody gets it", path.display());
    let state = if config.digests.is_empty() { State::Good } else { State::Warning };
    Seen::new("mail", state, what, "`mail.url` names the server that takes mail")
}

/// `section` of the configuration has `relay`.
async fn called_at(config: &Config, section: &str, relay: &Relay) -> Seen {
    let Relay { host, port, .. } = relay;
    let limits = Limits { until: Instant::now() + PATIENCE, stop: CancellationToken::new() };
    match visit::visit(relay, &config.mail, &limits).await {
        Err(why) => Seen::new("mail", State::Wrong, why, format!("look at `{section}.ca` and `{section}.url`")),
        Ok(Ok(())) => {
            let how = match (&relay.login, relay.security) {
                (Some(_), _) => "takes our login",
                (None, Security::None) => "answers; no TLS and no login are asked for",
                (None, _) => "answers; no login is asked for",
            };
            Seen::good("mail", format!("{host}:{port} {how}"))
        }
        Ok(Err(attempt)) => {
            let code = if attempt.outcome.code == 0 { String::new() } else { format!("{} ", attempt.outcome.code) };
            let said = attempt.outcome.text.trim_start_matches("connecting: ");
            let what = format!("{host}:{port}, {}: {code}{said}", attempt.stage.words());
            let hint = match attempt.stage {
                Stage::Login => format!("look at the user in `{section}.url` and at `{section}.password_file`"),
                _ => format!("look at `{section}.url`: name, port, `smtps://` or `smtp://`"),
            };
            Seen::new("mail", State::Failed, what, hint)
        }
    }
}

/// What others find in DNS about each sender.
pub async fn dns(config: &Config) -> Vec<Seen> {
    let at_home = !config.mail.transport.is_to_the_world();
    if config.digests.is_empty() || at_home && config.dns.is_none() {
        return vec![Seen::good(
            "dns",
            "not asked: no mail leaves this machine (`dns.server` has it asked all the same)",
        )];
    }
    let resolver = match Resolver::new(config.dns) {
        Ok(resolver) => resolver,
        Err(why) => return vec![Seen::new("dns", State::Failed, why, "`dns.server` names one")],
    };
    let gate = gate(config);
    // Several digests may have one sender.
    let senders: BTreeMap<String, sender::Sender> = config
        .digests
        .iter()
        .map(|digest| gate.sender(digest))
        .map(|sender| (format!("{} {} {}", sender.from, sender.envelope, sender.signs.0), sender))
        .collect();
    let mut checks = Vec::new();
    for sender in senders.values() {
        if sender.signs.1.is_empty() {
            let what = format!("no key signs mail of {}: does your mail server sign it?", sender.from);
            checks.push(Seen::new("dns", State::Warning, what, "`postrider dkim keygen` makes keys"));
        }
        for found in sender::findings(&resolver, sender).await {
            let state = match found.state {
                Found::Good => State::Good,
                Found::Weak => State::Warning,
                Found::Wrong | Found::Unknown => State::Failed,
            };
            checks.push(Seen::new("dns", state, format!("{} {}", found.name, found.what), found.hint));
        }
    }
    checks
}

/// The world reaches us where mails say that we are.
pub async fn public_url(config: &Config) -> Vec<Seen> {
    const CHECK: &str = "public url";
    let address = &config.http.public_url;
    if !config.public_url_given {
        let what = format!("`http.public_url` is not set: links in mails lead to {address}");
        return vec![Seen::new(CHECK, State::Warning, what, "say how the world reaches this server")];
    }
    let mut checks = Vec::new();
    let url = Url::parse(address).and_then(|url| url.join("healthz"));
    match url {
        Err(error) => checks.push(Seen::new(CHECK, State::Wrong, format!("{address}: {error}"), "")),
        Ok(url) => checks.push(match fetch::get(&url).await {
            Ok(body) if body == b"ok\n" => Seen::good(CHECK, format!("{address} answers")),
            Ok(_) => Seen::new(
                CHECK,
                State::Failed,
                format!("{url} is answered by something else"),
                "does the proxy pass its path on to Postrider?",
            ),
            Err(why) => {
                let hint = "is `postrider serve` running, and does the proxy pass requests on to `http.listen`?";
                Seen::new(CHECK, State::Failed, format!("{url} does not answer: {why}"), hint)
            }
        }),
    }
    if address.starts_with("http:") && config.mail.transport.is_to_the_world() {
        let what = "is no `https:` address: mailboxes show no button to unsubscribe (RFC 8058)";
        checks.push(Seen::new(CHECK, State::Wrong, format!("{address} {what}"), "put a proxy with TLS before it"));
    }
    checks
}
