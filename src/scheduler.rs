//! The scheduler loop: a due Slot becomes an Issue, exactly once.
//!
//! The store decides: an Issue is a row under a unique key of digest and Slot, written with all that belongs to it in
//! one transaction. So a restart, a second machine and a clock that jumps make no Slot twice. What cannot be rendered
//! makes no row, and is tried again until the Slot is too old.

pub mod gate;
mod leftovers;
mod pictures;
mod watch;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use chrono::{DateTime, SubsecRound as _, Timelike as _, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::crypto;
use crate::digest::{Digest, Schedule, Trigger, render};
use crate::http::Published;
use crate::library::{self, Library};
use crate::post::body::Bodies as _;
use crate::post::{FullPost, Post, id};
use crate::problem::Faults;
use crate::site::Site;
use crate::store::{NewIssue, Store};
use crate::template::Templates;
use leftovers::Leftovers;

pub use pictures::{Keep, pictures};
pub use watch::Watch;

/// What the loop works with. Holds a password: no `Debug`.
#[derive(Clone)]
pub struct Parts {
    /// All configured digests.
    pub digests: Arc<Vec<Digest>>,
    /// The Library to select from.
    pub published: Arc<ArcSwap<Published>>,
    /// Mails' templates.
    pub templates: Arc<Templates>,
    /// Rows.
    pub store: Store,
    /// Rung when Deliveries were queued.
    pub mail_queued: Arc<Notify>,
    /// Asked before an Issue is sent.
    pub gate: Arc<gate::Gate>,
}

/// How often the loop looks at the wall clock, which may jump.
const TICK: Duration = Duration::from_millis(500);
/// How often the Issues are looked at again that a person approved and the gate holds: what stands against them may be mended.
const RECHECK: Duration = Duration::from_secs(20);
/// After a failure a digest waits so long.
const PAUSE: Duration = Duration::from_secs(5);
/// Issues among which a Slot's own is looked for. Only Slots in the future (a clock that went back, a coming Slot skipped by
/// a person) and a person's own Issues can stand before it.
const LATEST: u32 = 50;

/// What became of a digest's due Slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// No Slot is due, or its Issue is there already.
    Nothing,
    /// An Issue was written.
    Issue,
    /// Another machine was first.
    Lost,
    /// All mail is held after a silence, or in a copy: what it would announce may have been announced.
    Held,
}

/// Makes the Issue of every Slot that is due at `now`. One digest's failure does not keep the others; the error is the
/// first. Does nothing before the first scan, but for Issues that were left half planned.
pub async fn step(parts: &Parts, now: DateTime<Utc>) -> anyhow::Result<()> {
    parts.store.finish_plans(false, now).await?;
    let published = parts.published.load_full();
    if published.scanned_at.is_none() {
        return Ok(());
    }
    let mut first = Ok(());
    for digest in parts.digests.iter() {
        let made = make(parts, digest, &published.library, now).await.map(drop);
        let gone = gate::recheck(parts, digest, &published.library, now).await;
        first = first.and(made).and(gone);
    }
    first
}

/// Repeats [`step`] until `cancel`; touches the database only when a Slot is due or, for `on_publish`, the Library changed, and
/// every half minute for what was left half planned.
pub async fn run(parts: Parts, clock: Clock, cancel: CancellationToken) {
    let mut watches: Vec<Watch> = parts.digests.iter().map(|_| Watch::default()).collect();
    let mut rechecks = tokio::time::interval(RECHECK);
    rechecks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut leftovers = Leftovers::default();
    loop {
        let now = clock.now();
        leftovers.look(&parts, now).await;
        let published = parts.published.load_full();
        if published.scanned_at.is_some() {
            for (digest, watch) in parts.digests.iter().zip(&mut watches) {
                if watch.is_due(&digest.trigger, Some(&published.library), now) {
                    match make(&parts, digest, &published.library, now).await {
                        Ok(Made::Nothing | Made::Issue) => {
                            watch.looked(&digest.trigger, Some(&published.library), now);
                        }
                        // Look again: there may be posts that the other machine's Issue does not have, or a person lets mail go.
                        Ok(Made::Lost | Made::Held) => watch.waits(PAUSE),
                        Err(error) => watch.failed(&digest.name, &format!("{error:#}"), PAUSE),
                    }
                }
            }
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
            _ = rechecks.tick(), if published.scanned_at.is_some() => {
                for digest in parts.digests.iter() {
                    if let Err(error) = gate::recheck(&parts, digest, &published.library, now).await {
                        tracing::warn!(digest = digest.name, "a held Issue could not be looked at again: {error:#}");
                    }
                }
            }
        }
    }
}

/// Makes the Issue of the digest's newest due Slot, if it has none.
async fn make(parts: &Parts, digest: &Digest, library: &Library, now: DateTime<Utc>) -> anyhow::Result<Made> {
    let Some(begun) = parts.store.digest_begun(&digest.name).await? else { return Ok(Made::Nothing) };
    if parts.store.is_silent(now).await? {
        return Ok(Made::Held);
    }
    match &digest.trigger {
        Trigger::OnPublish => {
            let posts = fresh(&parts.store, digest, library, now).await?;
            if posts.is_empty() {
                return Ok(Made::Nothing);
            }
            announce(parts, digest, library, minute(now), posts, now).await
        }
        Trigger::Cron(schedule) => {
            let issues = parts.store.issues(Some(&digest.name), LATEST).await?;
            let is_made = |slot| issues.iter().any(|issue| issue.slot == slot);
            let Some(slot) = due(schedule, begun, now, is_made) else { return Ok(Made::Nothing) };
            let before = issues.iter().map(|issue| issue.slot).find(|made| *made < slot).unwrap_or(begun).max(begun);
            let made = make_slot(parts, digest, library, slot, now).await?;
            if made == Made::Issue {
                report_missed(digest, schedule, before, slot);
            }
            Ok(made)
        }
    }
}

/// The Slot that an Issue is to be made of at `now`: the newest one, where the digest had begun before it and it has none.
pub fn due(
    schedule: &Schedule,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
    is_made: impl Fn(DateTime<Utc>) -> bool,
) -> Option<DateTime<Utc>> {
    schedule.last_until(now).filter(|slot| *slot > begun && !is_made(*slot))
}

async fn make_slot(
    parts: &Parts,
    digest: &Digest,
    library: &Library,
    slot: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<Made> {
    if now - slot > digest.catch_up {
        tracing::warn!(
            digest = digest.name, %slot, late_minutes = (now - slot).num_minutes(),
            "the Slot was missed by more than `catch_up`: skipped; its posts are announced by the next one"
        );
        return skip(&parts.store, digest, slot, now).await;
    }
    let posts = fresh(&parts.store, digest, library, now).await?;
    if posts.is_empty() {
        tracing::info!(digest = digest.name, %slot, "nothing new: the Slot is skipped");
        return skip(&parts.store, digest, slot, now).await;
    }
    announce(parts, digest, library, slot, posts, now).await
}

/// One line for all the Slots between `before` and `slot`: the newest is made up for all of them.
fn report_missed(digest: &Digest, schedule: &Schedule, before: DateTime<Utc>, slot: DateTime<Utc>) {
    let missed = std::iter::successors(schedule.next_after(before), |at| schedule.next_after(*at));
    // A daemon that slept for a year under `* * * * *` need not be counted out.
    let missed: Vec<_> = missed.take_while(|at| *at < slot).take(1000).collect();
    if let (Some(first), Some(last)) = (missed.first(), missed.last()) {
        tracing::warn!(
            digest = digest.name, slots = missed.len(), %first, %last,
            "earlier Slots were missed and are not made up one by one"
        );
    }
}

async fn skip(store: &Store, digest: &Digest, slot: DateTime<Utc>, now: DateTime<Utc>) -> anyhow::Result<Made> {
    let issue = skipped(digest, slot, now);
    Ok(if store.create_issue(&issue, now).await? { Made::Issue } else { Made::Lost })
}

/// The record that a Slot makes no mail. Its posts wait for the next one.
pub fn skipped(digest: &Digest, slot: DateTime<Utc>, now: DateTime<Utc>) -> NewIssue {
    NewIssue {
        id: crypto::new_id(),
        digest: digest.name.clone(),
        slot,
        held: false,
        expires_at: now,
        posts: Vec::new(),
        renditions: Vec::new(),
    }
}

/// What the digest would announce at `now`, newest first: listed then, selected, and never announced by it.
pub async fn fresh(
    store: &Store,
    digest: &Digest,
    library: &Library,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Arc<Post>>> {
    let announced = store.announced(&digest.name).await?;
    let begun = store.digest_begun(&digest.name).await?;
    // Could not be read when the digest began, and says that it was published before.
    let was_there = |post: &Post| {
        announced.contains(&id::unread(&post.path)) && post.published.zip(begun).is_some_and(|(at, begun)| at <= begun)
    };
    // By each page's own times: the publisher may need a moment more to see that one has come.
    let mut posts = library.posts_at(now);
    posts.retain(|post| digest.selection.takes(post) && !announced.contains(&post.id) && !was_there(post));
    if !posts.is_empty() {
        // A file that is copied, to be moved or to be edited into another post, is no news before it says something else.
        let told = library.all.iter().filter(|post| announced.contains(&post.id) && !post.source_hash.is_empty());
        let told: HashSet<&str> = told.map(|post| post.source_hash.as_str()).collect();
        posts.retain(|post| !told.contains(post.source_hash.as_str()));
    }
    Ok(posts)
}

/// Writes the Issue of `slot`, with everything that its mails are made of.
pub async fn announce(
    parts: &Parts,
    digest: &Digest,
    library: &Library,
    slot: DateTime<Utc>,
    posts: Vec<Arc<Post>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Made> {
    let (languages, readers) = parts.store.audience(&digest.name).await?;
    let newest = newest(&library.bodies, &posts).await?;
    let keep = Keep::In(&parts.store, now);
    let pictures = pictures(&library.bodies, &library.site, digest, &newest, keep, |_| ()).await?;
    let announced = render::Issue { digest, slot, posts: &newest, count: posts.len(), pictures: &pictures };
    let languages = spoken(&parts.templates, digest, &languages);
    let mails = renditions(&parts.templates, &library.site, &announced, &languages);
    if let Some(Ok(first)) = mails.first() {
        report_losses(digest, first);
    }
    let pages: Vec<_> = library.all.iter().map(|post| Arc::clone(&post.page)).collect();
    let place = gate::Place { bodies: &library.bodies, pages: &pages, at: now.max(slot) };
    let findings = parts.gate.judge(digest, place, &mails, parts.store.key(), now).await;
    let accepted = parts.gate.accepted(&digest.name);
    let at_the_gate = findings.iter().any(|finding| finding.holds(&accepted));
    let or_blank = |(mail, language): (Mail, &&str)| match mail {
        Ok(rendered) => rendered.rendition,
        // The gate has an error against it, so that nobody gets it.
        Err(_) => render::blank(digest, language),
    };
    let renditions = mails.into_iter().zip(&languages).map(or_blank).collect();
    let lately = match &digest.trigger {
        Trigger::OnPublish => announced_lately(&parts.store, digest, now).await?,
        Trigger::Cron(_) => 0,
    };
    let many = lately + posts.len() > digest.hold_above;
    let issue = NewIssue {
        id: crypto::new_id(),
        digest: digest.name.clone(),
        slot,
        held: many || at_the_gate,
        expires_at: now + digest.time_to_live,
        posts: posts.iter().map(|post| post.id.clone()).collect(),
        renditions,
    };
    if at_the_gate {
        // Before the Issue: one that is held for reasons never stands there without them.
        parts.store.judge_issue(&issue.id, &findings, now).await?;
    }
    if !parts.store.create_issue(&issue, now).await? {
        return Ok(Made::Lost);
    }
    if at_the_gate {
        gate::report(digest, slot, &findings, &accepted);
        tracing::warn!(
            digest = digest.name, %slot, posts = posts.len(), readers,
            "the Issue is held: look at it with `postrider digest preview {0}`, mend what is said above or accept it with \
             `postrider digest approve {0} --accept REASON`, or drop it with `postrider digest skip {0}`", digest.name
        );
    } else if many {
        tracing::warn!(
            digest = digest.name, %slot, posts = posts.len(), hold_above = digest.hold_above, readers,
            "the Issue is held, as it announces unusually many posts: look at it with `postrider digest plan {0}`, then \
             `postrider digest approve {0}` or `postrider digest skip {0}`", digest.name
        );
    } else {
        tracing::info!(digest = digest.name, %slot, posts = posts.len(), readers, "Issue made");
        parts.mail_queued.notify_one();
    }
    Ok(Made::Issue)
}

/// What readers of the Issue will not see as it was meant. All languages lose about the same.
fn report_losses(digest: &Digest, rendered: &render::Rendered) {
    for cut in &rendered.cuts {
        let shape = cut.shape;
        tracing::warn!(
            digest = digest.name,
            url = cut.url,
            ?shape,
            "a post is shown shorter: the mail would be too long"
        );
    }
    for problem in rendered.problems() {
        tracing::warn!(digest = digest.name, at = problem.path, hint = problem.hint, "{}", problem.what);
    }
}

/// How many posts the digest's Issues of the last hour announce that nobody was asked about. A site that is copied over
/// slowly comes in many scans, each with few new posts: under `on_publish` they count together.
async fn announced_lately(store: &Store, digest: &Digest, now: DateTime<Utc>) -> anyhow::Result<usize> {
    const LATELY: chrono::Duration = chrono::Duration::hours(1);
    let issues = store.issues(Some(&digest.name), LATEST).await?;
    let lately = issues.iter().filter(|issue| issue.created_at > now - LATELY).map(|issue| issue.posts.len());
    Ok(lately.filter(|posts| *posts <= digest.hold_above).sum())
}

/// Of the posts of an Issue those that its mails show, with what they show.
pub async fn newest(bodies: &library::Bodies, posts: &[Arc<Post>]) -> anyhow::Result<Vec<FullPost>> {
    let (bodies, posts) = (bodies.clone(), posts[..posts.len().min(render::MOST)].to_vec());
    let full =
        tokio::task::spawn_blocking(move || bodies.full(&posts)).await.context("reading the posts ended early")?;
    Ok(full.map_err(|problem| Faults(vec![problem]))?)
}

/// One of an Issue's mails, or why its template makes none.
pub type Mail = Result<render::Rendered, String>;

/// In which languages an Issue is rendered: the digest's, which serves everybody without one of their own, then each of `languages`
/// that Postrider says something else in.
pub fn spoken<'a>(templates: &Templates, digest: &'a Digest, languages: &'a [String]) -> Vec<&'a str> {
    let same = templates.nearest(&digest.language);
    let others = languages.iter().filter(|language| templates.nearest(language) != same);
    std::iter::once(&digest.language).chain(others).map(String::as_str).collect()
}

/// Its mail in each of them.
pub fn renditions(templates: &Templates, site: &Site, issue: &render::Issue<'_>, languages: &[&str]) -> Vec<Mail> {
    languages.iter().map(|language| render::issue(templates, site, issue, language)).collect()
}

/// The Slot of an Issue that no schedule makes.
pub fn minute(now: DateTime<Utc>) -> DateTime<Utc> {
    now.trunc_subsecs(0).with_second(0).unwrap_or(now)
}
