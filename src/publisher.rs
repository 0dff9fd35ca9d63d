//! The publisher loop: content → Library → feeds in memory, by file events with a slow full re-scan behind them, and
//! by a timer for pages whose time comes.
//!
//! What is served is swapped whole, and only after the store knows every post's id and every document's time. When the
//! site cannot be read, or the store is away, the old feeds stay.

mod identities;
mod memory;
#[cfg(test)]
mod tests;

pub use identities::Identities;
pub use memory::Memory;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::feed::{self, Document};
use crate::http::served::Home;
use crate::http::{Published, Served};
use crate::library::watch::{LONGEST, Watcher};
use crate::library::{self, Library, Scan, Scanner, threads};
use crate::post::id::{self, PostId};
use crate::problem::{Faults, Problem, Severity};
use crate::store::Store;

/// How often the loop looks at the wall clock, which may jump: no timer of the runtime's follows it.
const TICK: Duration = Duration::from_millis(500);
/// After a failure the loop waits so long before it tries again by itself.
const PAUSE: Duration = Duration::from_secs(10);
/// So many new Problems are logged one by one; `postrider check` lists all.
const LOGGED: usize = 20;

/// What the loop works with.
#[derive(Debug)]
pub struct Parts {
    /// Reads the site.
    pub scanner: Scanner,
    /// Keeps ids and times.
    pub store: Store,
    /// Who the pages of the last scan are.
    pub identities: Identities,
    /// What feeds held before.
    pub memory: Memory,
    /// `feeds` of the configuration.
    pub feeds: feed::Settings,
    /// What it fills.
    pub published: Arc<ArcSwap<Published>>,
    /// Names of the digests whose baseline is taken at the first scan.
    pub digests: Vec<String>,
    /// Time.
    pub clock: Clock,
    /// A full scan at least so often, whatever the file events said.
    pub rescan: Duration,
}

/// Repeats [`step`] until `cancel`: when files change, when a page's time comes, and every [`Parts::rescan`]; never what is
/// being written at the moment, as far as the system tells.
pub async fn run(parts: Parts, cancel: CancellationToken) -> anyhow::Result<()> {
    let watcher = Watcher::new(&parts.scanner.settings().root);
    run_with(parts, watcher, cancel).await
}

async fn run_with(mut parts: Parts, mut watcher: Watcher, cancel: CancellationToken) -> anyhow::Result<()> {
    watcher.follow(parts.scanner.watched());
    let activity = watcher.activity();
    // What changed before the watcher looked is found by a first scan, when the loop is a tick old.
    let mut scanned: Option<Instant> = None;
    let mut failure: Option<(String, Instant)> = None;
    // Since when every scan came upon files that somebody was writing.
    let mut disturbed: Option<Instant> = None;
    loop {
        let woken = {
            // One future over all ticks: it waits until the files rest, and dropped in between it would forget them.
            let changed = watcher.changed();
            tokio::pin!(changed);
            loop {
                tokio::select! {
                    () = cancel.cancelled() => return Ok(()),
                    () = &mut changed => break true,
                    () = tokio::time::sleep(TICK) => {}
                }
                let next = parts.published.load().library.next_change;
                let due = scanned.is_none_or(|at| at.elapsed() >= parts.rescan)
                    || parts.scanner.unsettled()
                    || next.is_some_and(|at| at <= parts.clock.now());
                if due && !activity.is_busy() && failure.as_ref().is_none_or(|(_, at)| at.elapsed() >= PAUSE) {
                    break false;
                }
            }
        };
        if let Some(paths) = activity.take_changed().filter(|_| woken) {
            parts.scanner.only(paths);
        }
        let begun = Instant::now();
        let patient = disturbed.is_none_or(|since| since.elapsed() < LONGEST);
        let rests = || !patient || !activity.since(begun);
        let now = parts.clock.now();
        match attempts(&mut parts, now, &rests).await {
            // The signal of what has happened waits: there will be another scan when the files rest.
            Ok(false) => disturbed = disturbed.or(Some(begun)),
            Ok(true) => (failure, disturbed) = (None, None),
            Err(error) => {
                let said = format!("{error:#}");
                if failure.as_ref().is_none_or(|(before, _)| *before != said) {
                    tracing::error!(error = %said, "the site was not read again; what was published before stays");
                }
                failure = Some((said, Instant::now()));
            }
        }
        scanned = Some(Instant::now());
        watcher.follow(parts.scanner.watched());
    }
}

/// A site that is being written to is read so many times before the loop waits.
const ATTEMPTS: usize = 3;

/// One scan, and the feeds of what it found swapped in whole. Takes the baseline of digests never seen before.
///
/// The error is [`Faults`] when there is no site to read; whatever the error, the old feeds stay.
pub async fn step(parts: &mut Parts, now: DateTime<Utc>) -> anyhow::Result<()> {
    attempts(parts, now, &|| true).await.map(drop)
}

/// False: the files did not rest while they were read, and nothing was published.
async fn attempts(parts: &mut Parts, now: DateTime<Utc>, rests: &(dyn Fn() -> bool + Sync)) -> anyhow::Result<bool> {
    let mut attempt = 1;
    loop {
        match publish(parts, now, rests).await {
            // A file is not any more what it was when it was scanned.
            Err(error) if attempt < ATTEMPTS && error.is::<Faults>() => attempt += 1,
            result => return result,
        }
    }
}

async fn publish(parts: &mut Parts, now: DateTime<Utc>, rests: &(dyn Fn() -> bool + Sync)) -> anyhow::Result<bool> {
    let scan = scan(parts).await?;
    if parts.scanner.files_read() > 0 && !rests() {
        return Ok(false);
    }
    let library = taken_in(&parts.store, &mut parts.identities, &scan, &parts.digests, now).await?;
    let old = parts.published.load_full();
    log_problems(&old.library.problems, &library.problems);

    let unchanged = old.scanned_at.is_some() && old.library.site == library.site && old.library.posts == library.posts;
    let library = Arc::new(library);
    let published = if unchanged {
        Published { library, scanned_at: Some(now), ..Published::clone(&old) }
    } else {
        let unread = parts.identities.unread(&scan);
        render(parts, &old, library, &unread, now).await?
    };
    parts.published.store(Arc::new(published));
    code(&parts.published).await?;
    Ok(true)
}

/// Puts those of the published documents into their codings that are in none yet: nobody had to wait for that.
async fn code(published: &ArcSwap<Published>) -> anyhow::Result<()> {
    let plain = published.load_full();
    let news: Vec<(String, Arc<Served>)> = plain
        .documents
        .iter()
        .filter(|(_, served)| !served.is_coded())
        .map(|(path, served)| (path.clone(), Arc::clone(served)))
        .collect();
    if news.is_empty() {
        return Ok(());
    }
    let changed = news.len();
    let coded = tokio::task::spawn_blocking(move || {
        threads::each(news.len(), |at| {
            let (path, served) = &news[at];
            (path.clone(), Arc::new(Served::clone(served).coded()))
        })
    })
    .await
    .context("coding the feeds ended early")?;
    let mut documents = plain.documents.clone();
    documents.extend(coded);
    let bytes: usize = documents.values().map(|served| served.size()).sum();
    tracing::info!(posts = plain.library.posts.len(), documents = documents.len(), changed, bytes, "feeds published");
    published.store(Arc::new(Published { documents, ..Published::clone(&plain) }));
    Ok(())
}

/// The Library of a scan: every page gets its permanent id, and digests never seen before their baseline; the store knows
/// both when this returns.
pub async fn take_in(store: &Store, scan: &Scan, digests: &[String], now: DateTime<Utc>) -> anyhow::Result<Library> {
    taken_in(store, &mut Identities::default(), scan, digests, now).await
}

async fn taken_in(
    store: &Store,
    identities: &mut Identities,
    scan: &Scan,
    digests: &[String],
    now: DateTime<Utc>,
) -> anyhow::Result<Library> {
    let ids = identities.identify(store, scan, now).await?;
    let library = Library::new(scan, &ids, now);
    identities.remember(&library);
    // Before anybody sees the posts: what is listed at a digest's first sight is never announced by it.
    for digest in digests {
        if store.digest_begun(digest).await?.is_none() {
            let baseline = baseline(store, scan, &library, now).await?;
            if store.begin_digest(digest, &baseline, now).await? {
                tracing::info!(
                    digest,
                    posts = baseline.len(),
                    "first sight of the digest: what is published now is its baseline"
                );
            }
        }
    }
    Ok(library)
}

/// What is out at `now`, and what this scan alone does not show. A post whose file cannot be read
/// at the moment, or is not there, is no news when it comes back.
async fn baseline(store: &Store, scan: &Scan, library: &Library, now: DateTime<Utc>) -> anyhow::Result<Vec<PostId>> {
    let listed = library.all.iter().filter(|post| post.is_out(now)).map(|post| post.id.clone());
    let present: HashSet<&str> = library.all.iter().map(|post| post.id.as_str()).collect();
    let known = store.known_posts().await?.into_iter();
    let gone = known.filter(|known| {
        !present.contains(known.id.as_str()) && known.published.is_some_and(|at| at <= now.timestamp_millis())
    });
    let unread = identities::unread(scan).into_iter().map(id::unread);
    Ok(listed.chain(gone.map(|known| known.id)).chain(unread).collect())
}

/// Reads the site, off the threads that serve.
async fn scan(parts: &mut Parts) -> anyhow::Result<Scan> {
    let mut scanner = std::mem::replace(&mut parts.scanner, Scanner::new(library::Settings::default()));
    let (scanner, scan) = tokio::task::spawn_blocking(move || {
        let scan = scanner.scan();
        (scanner, scan)
    })
    .await
    .context("the scan ended early")?;
    parts.scanner = scanner;
    Ok(scan.map_err(Faults)?)
}

/// The documents of `library`, with the times that the store keeps; those whose bytes are the old ones are the old
/// objects.
async fn render(
    parts: &mut Parts,
    old: &Arc<Published>,
    library: Arc<Library>,
    unread: &HashSet<PostId>,
    now: DateTime<Utc>,
) -> anyhow::Result<Published> {
    let gone = parts.memory.gone(&parts.store, &library, unread, now).await?;
    let lost = gone.clone();
    let (site, posts, bodies) = (Arc::clone(&library.site), library.posts.clone(), library.bodies.clone());
    let (settings, before) = (parts.feeds.clone(), Arc::clone(old));
    let (mut feeds, hashes) = tokio::task::spawn_blocking(move || {
        let kept = before.documents.iter().map(|(path, served)| (path.clone(), served.made_of)).collect();
        let feeds = feed::documents_without(&site, &posts, &settings, &bodies, &kept, &lost)?;
        let hash = |document: &Document| (document.path.clone(), document.sha256_hex());
        let hashes = threads::each(feeds.documents.len(), |at| hash(&feeds.documents[at]));
        Ok::<_, Problem>((feeds, hashes))
    })
    .await
    .context("rendering the feeds ended early")?
    .map_err(|problem| Faults(vec![problem]))?;
    let versions = parts.store.feed_versions(&hashes, now).await?;
    let past = parts.memory.keep(&parts.store, &feeds.held, &gone, unread, now).await?;
    let listings = std::mem::take(&mut feeds.listings);
    let home = Home { public_url: parts.feeds.public_url.clone(), hubs: parts.feeds.hubs.clone() };
    let deltas = parts.feeds.deltas;
    let kept = feeds.kept.iter().filter_map(|path| Some((path.clone(), Arc::clone(old.documents.get(path)?))));
    let mut documents: HashMap<String, Arc<Served>> = kept.collect();
    for (document, version) in feeds.documents.into_iter().zip(versions) {
        let path = document.path.clone();
        let before = old.documents.get(&path);
        let served = match before.filter(|before| before.hash == version.hash) {
            Some(before) if before.made_of == document.made_of => Arc::clone(before),
            // The same bytes of something else: from now on it is known by that.
            Some(before) => Arc::new(Served::clone(before).known_by(document.made_of)),
            None => {
                let served = Served::new(document, version.hash, version.changed_at, &home);
                Arc::new(match before.filter(|_| deltas) {
                    Some(before) => served.after(before),
                    None => served,
                })
            }
        };
        documents.insert(path, served);
    }
    Ok(Published { library, scanned_at: Some(now), documents, listings, past })
}

/// Says what is newly wrong, and no more of it than a person reads.
fn log_problems(old: &[Problem], new: &[Problem]) {
    let fresh: Vec<&Problem> = new.iter().filter(|problem| !old.contains(problem)).collect();
    for problem in fresh.iter().take(LOGGED) {
        let at = problem.line.map_or_else(|| problem.path.clone(), |line| format!("{}:{line}", problem.path));
        match problem.severity {
            Severity::Error => tracing::error!(%at, hint = problem.hint, "{}", problem.what),
            Severity::Warning => tracing::warn!(%at, hint = problem.hint, "{}", problem.what),
        }
    }
    if fresh.len() > LOGGED {
        tracing::warn!(more = fresh.len() - LOGGED, "more problems: `postrider check` lists them");
    }
}
