//! WebSub (W3C Recommendation, §4, and the publishers' convention of its §7): hubs are told of every feed whose bytes are new,
//! once the new bytes are being served, again and again until they have heard it.
//!
//! The store knows what each hub was told of, so nothing is lost when the daemon ends in between, and of several machines
//! one tells it. A feed that is seen for the first time is no news: nobody can be subscribed to it yet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Clock;
use crate::feed::address;
use crate::http::Published;
use crate::http::outgoing::{self, Reach};
use crate::store::{Ping, Store};

/// How often the loop looks whether there is something new, or due.
const TICK: Duration = Duration::from_millis(500);
/// Nobody else tells a hub what one took upon itself for so long.
const LEASE: chrono::Duration = chrono::Duration::minutes(10);
/// The wait after the first failure; twice as long after each further one.
const FIRST: chrono::Duration = chrono::Duration::seconds(30);
const LONGEST: chrono::Duration = chrono::Duration::hours(6);
/// After so many failures (two days) the news is old.
const ATTEMPTS: u32 = 16;
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(10);

/// `feeds.hubs` and what belongs to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Addresses.
    pub hubs: Vec<String>,
    /// May a hub be on this machine or in a private network?
    pub private: bool,
}

/// What the loop works with.
#[derive(Debug)]
pub struct Parts {
    /// Whom it tells.
    pub settings: Settings,
    /// How the world reaches the feeds; ends in `/`.
    pub public_url: String,
    /// What is being served.
    pub published: Arc<ArcSwap<Published>>,
    /// Keeps what was told.
    pub store: Store,
    /// Time.
    pub clock: Clock,
}

/// Repeats [`step`] until `cancel`: when other feeds are served, and when it is time to try again.
pub async fn run(parts: Parts, cancel: CancellationToken) {
    let mut seen: Option<Arc<Published>> = None;
    let mut next: Option<DateTime<Utc>> = None;
    loop {
        let now = parts.clock.now();
        let published = parts.published.load_full();
        let is_new = !seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &published));
        let mut pause = TICK;
        if is_new || next.is_some_and(|at| at <= now) {
            match tell(&parts, now).await {
                Ok(due) => (seen, next) = (Some(published), due),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "hubs could not be told");
                    pause = PAUSE;
                }
            }
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn tell(parts: &Parts, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    step(parts, now).await?;
    Ok(parts.store.next_ping().await?)
}

/// Tells each hub of every feed that it does not know in the bytes that are served, and is due; how many it heard of.
pub async fn step(parts: &Parts, now: DateTime<Utc>) -> anyhow::Result<usize> {
    let published = parts.published.load_full();
    let feeds = published.documents.iter().filter(|(_, served)| served.link.is_some() && !served.immutable);
    let mut news = Vec::new();
    for (path, served) in feeds {
        news.extend(parts.settings.hubs.iter().map(|hub| (hub.clone(), path.clone(), served.hash.clone())));
    }
    let mut by_hub: BTreeMap<String, Vec<Ping>> = BTreeMap::new();
    for ping in parts.store.take_pings(&news, now, now + LEASE).await? {
        by_hub.entry(ping.hub.clone()).or_default().push(ping);
    }
    let mut heard = 0;
    for (hub, pings) in by_hub {
        heard += tell_hub(parts, &hub, &pings, now).await?;
    }
    Ok(heard)
}

async fn tell_hub(parts: &Parts, hub: &str, pings: &[Ping], now: DateTime<Utc>) -> anyhow::Result<usize> {
    let agent = format!("Postrider/{} (+{})", env!("CARGO_PKG_VERSION"), parts.public_url);
    let reach = Reach { private: parts.settings.private, trusted: None };
    let mut heard = 0;
    // One that fails once need not be waited for a hundred times.
    let mut failure: Option<String> = None;
    for ping in pings {
        if failure.is_none() {
            failure = match (Url::parse(hub), form(&parts.public_url, &ping.path)) {
                (Ok(hub), form) => match outgoing::post_form(&hub, form, &agent, &reach).await {
                    Ok(200..=299) => None,
                    Ok(status) => Some(format!("it answered {status}")),
                    Err(what) => Some(what),
                },
                (Err(error), _) => Some(error.to_string()),
            };
            if let Some(what) = &failure {
                tracing::warn!(hub, path = ping.path, attempts = ping.attempts, what, "a hub could not be told");
            }
        }
        if failure.is_none() {
            parts.store.settle_ping(ping, None).await?;
            heard += 1;
        } else if ping.attempts >= ATTEMPTS {
            tracing::error!(hub, path = ping.path, "a hub was never reached; it will be told of the next change");
            parts.store.settle_ping(ping, None).await?;
        } else {
            parts.store.settle_ping(ping, Some(now + wait(ping.attempts))).await?;
        }
    }
    if heard > 0 {
        tracing::info!(hub, feeds = heard, "a hub was told");
    }
    Ok(heard)
}

/// Half of the hubs that there are know a topic by one name, half by the other.
fn form(public_url: &str, path: &str) -> String {
    let topic = format!("{public_url}{}", address::encoded(path));
    let fields = [("hub.mode", "publish"), ("hub.url", topic.as_str()), ("hub.topic", topic.as_str())];
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn wait(attempts: u32) -> chrono::Duration {
    let doubled = 1_i32.checked_shl(attempts.saturating_sub(1)).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
    FIRST.checked_mul(doubled).map_or(LONGEST, |wait| wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_as_long_and_none_without_end() {
        let seconds: Vec<i64> = [1, 2, 3, 10, 11, 31, 32, 33, u32::MAX].map(|n| wait(n).num_seconds()).into();
        assert_eq!(seconds, [30, 60, 120, 15_360, 21_600, 21_600, 21_600, 21_600, 21_600]);
    }

    #[test]
    fn a_topic_is_named_as_its_own_links_name_it() {
        let expected = "hub.mode=publish&hub.url=https%3A%2F%2Fa.example%2Ftags%2F%25E4%25BA%2591%2Frss.xml\
                        &hub.topic=https%3A%2F%2Fa.example%2Ftags%2F%25E4%25BA%2591%2Frss.xml";
        assert_eq!(form("https://a.example/", "tags/云/rss.xml"), expected);
    }
}
