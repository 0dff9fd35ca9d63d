//! What a digest's coming Issue is, as of an instant.
//!
//! From now on the store says what was announced already. The past is told from the posts' own dates alone: what had
//! appeared since the Slot before.

use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::cli::{Context, Usage};
use crate::config::Config;
use crate::digest::{Digest, Schedule, Trigger};
use crate::library::{Library, Scan};
use crate::post::{Post, id};
use crate::scheduler;
use crate::store::{IssueState, Store};

/// An Issue that is not made yet.
pub struct Coming {
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// Newest first; may be empty.
    pub posts: Vec<Arc<Post>>,
    /// What the reader should know about how it was found; may be empty.
    pub note: String,
    /// The store, unless the past is asked about.
    pub store: Option<Store>,
}

/// The zone in which a digest thinks.
pub fn zone(digest: &Digest) -> Tz {
    match &digest.trigger {
        Trigger::Cron(schedule) => schedule.zone(),
        Trigger::OnPublish => Tz::UTC,
    }
}

/// Reads `--at`: RFC 3339, or `YYYY-MM-DD HH:MM` in `zone`, or `YYYY-MM-DD` for that day's last second in `zone`.
pub fn instant(text: &str, zone: Tz) -> anyhow::Result<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text.trim()) {
        return Ok(at.to_utc());
    }
    let spaced = text.trim().replacen('T', " ", 1);
    let end = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&spaced, format).ok())
        .or_else(|| NaiveDate::parse_from_str(&spaced, "%Y-%m-%d").ok().map(|day| day.and_time(end)));
    let at = local.and_then(|local| {
        // In a gap of daylight saving: as much later as the clock was put forward.
        (0..=26).find_map(|hours| zone.from_local_datetime(&(local + Duration::hours(hours))).earliest())
    });
    at.map(|at| at.to_utc()).ok_or_else(|| {
        Usage(format!(
            "`--at {text}` is no time\n  hint: write e.g. `2026-11-27T09:00:00+08:00`, or `2026-11-27 09:00` or `2026-11-27` in the \
             digest's own zone"
        ))
        .into()
    })
}

/// The coming Issue as of `at` (now, if not given).
pub async fn coming(
    context: &Context,
    config: &Config,
    scan: &Scan,
    digest: &Digest,
    at: Option<DateTime<Utc>>,
) -> anyhow::Result<Coming> {
    let now = context.clock.now();
    let at = at.unwrap_or(now);
    if at < now {
        let library = library(scan, &[], at);
        let (slot, after) = match &digest.trigger {
            Trigger::Cron(schedule) => around(schedule, at),
            Trigger::OnPublish => (scheduler::minute(at), None),
        };
        return Ok(Coming { slot, posts: appeared(&library, digest, after, at), note: String::new(), store: None });
    }
    let store = context.store(config).await?;
    let library = library(scan, &store.known_posts().await?, at);
    let slot = match &digest.trigger {
        Trigger::Cron(schedule) => {
            let skipped = skipped(&store, digest).await?;
            let mut slots = std::iter::successors(schedule.next_after(at), |slot| schedule.next_after(*slot));
            slots.find(|slot| !skipped.contains(slot)).unwrap_or(at)
        }
        Trigger::OnPublish => scheduler::minute(at),
    };
    let begun = store.digest_begun(&digest.name).await?.is_some();
    Ok(Coming {
        slot,
        posts: if begun { scheduler::fresh(&store, digest, &library, at).await? } else { Vec::new() },
        note: if begun {
            String::new()
        } else {
            "the daemon has not seen this digest yet: what is published when it first does is never mailed".to_owned()
        },
        store: Some(store),
    })
}

/// The Slots of which somebody said `digest skip`.
pub async fn skipped(store: &Store, digest: &Digest) -> anyhow::Result<Vec<DateTime<Utc>>> {
    let mut issues = store.issues(Some(&digest.name), 1000).await?;
    issues.retain(|issue| issue.state == IssueState::Skipped);
    Ok(issues.into_iter().map(|issue| issue.slot).collect())
}

/// The newest Issue up to `at` that would have had posts, told from their dates.
pub fn latest(scan: &Scan, digest: &Digest, at: DateTime<Utc>) -> Option<Coming> {
    let library = library(scan, &[], at);
    let newest = library
        .posts_at(at)
        .into_iter()
        .filter(|post| digest.selection.takes(post))
        .filter_map(|post| appears(&post))
        .max()?;
    let (slot, after) = match &digest.trigger {
        // The first Slot that was not before the newest post, and the one before that.
        Trigger::Cron(schedule) => {
            let slot = schedule.next_after(newest - Duration::seconds(1))?;
            (slot, schedule.last_until(newest - Duration::seconds(1)))
        }
        Trigger::OnPublish => (scheduler::minute(newest), Some(newest - Duration::seconds(1))),
    };
    let posts = appeared(&library, digest, after, slot.min(at));
    Some(Coming { slot, posts, note: String::new(), store: None })
}

/// The Slot at or after `at`, and the one before `at`.
fn around(schedule: &Schedule, at: DateTime<Utc>) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
    let just_before = at - Duration::seconds(1);
    (schedule.next_after(just_before).unwrap_or(at), schedule.last_until(just_before))
}

/// What is published at `at`, with the ids that the store knows.
pub fn library(scan: &Scan, known: &[id::Known], at: DateTime<Utc>) -> Library {
    Library::new(scan, &id::assign(known, &scan.pages), at)
}

fn appears(post: &Post) -> Option<DateTime<Utc>> {
    post.visible_from.or(post.published).map(|at| at.to_utc())
}

/// What the digest takes of what appeared after `after`, up to `until`; with no `after`, the newest alone.
fn appeared(library: &Library, digest: &Digest, after: Option<DateTime<Utc>>, until: DateTime<Utc>) -> Vec<Arc<Post>> {
    let mut posts = library.posts_at(until);
    posts.retain(|post| digest.selection.takes(post));
    match after {
        Some(after) => posts.retain(|post| appears(post).is_some_and(|at| at > after && at <= until)),
        None => posts.truncate(1),
    }
    posts
}
