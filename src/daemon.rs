//! Builds the parts once, starts the loops, and drains them within bounds.
//!
//! A loop that ends by itself (an error that it could not live with, a panic) ends the daemon: whoever supervises it
//! starts it again, and the store says where everything stood.

mod silence;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::http::demo::Demo;
use crate::http::{self, App, Listener, Published};
use crate::library::Scanner;
use crate::problem::Faults;
use crate::store::Store;
use crate::{deliverer, inbox, publisher, scheduler, websub};

pub use silence::patience;

/// How long what is in flight may take to end.
pub const DRAIN: Duration = Duration::from_secs(30);

/// What this machine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four roles, each on or off by itself")]
pub struct Roles {
    /// Answers requests.
    pub web: bool,
    /// Keeps posts' ids, baselines and feeds up to date.
    pub publish: bool,
    /// Makes Issues.
    pub schedule: bool,
    /// Sends mail, and takes in what comes back.
    pub deliver: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self { web: true, publish: true, schedule: true, deliver: true };

    /// Web and schedule work on the Library, which the publisher loop keeps in this process's memory.
    fn needs_library(self) -> bool {
        self.web || self.publish || self.schedule
    }
}

/// Something outside (the network, a database, a mail server) did not do its part. The text is for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Outside(pub String);

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    /// Where the web server listens; `None` without the web role.
    pub address: Option<SocketAddr>,
    /// How the world reaches it, ends in `/`.
    pub public_url: String,
    /// What is being published.
    pub published: Arc<ArcSwap<Published>>,
    /// The store it works on.
    pub store: Store,
    cancel: CancellationToken,
    loops: JoinSet<(&'static str, anyhow::Result<()>)>,
}

impl Daemon {
    /// Opens the store, takes the daemon's lock, reads the site, and starts the loops of `roles`. Returns when the web
    /// server listens and the first feeds are there.
    pub async fn start(config: Config, roles: Roles, clock: Clock) -> anyhow::Result<Self> {
        Self::start_with(config, roles, clock, None).await
    }

    /// The same, in all roles, for a site that is at home nowhere else: its address is ours.
    pub async fn start_demo(config: Config, clock: Clock, demo: Demo) -> anyhow::Result<Self> {
        Self::start_with(config, Roles::ALL, clock, Some(demo)).await
    }

    async fn start_with(mut config: Config, roles: Roles, clock: Clock, demo: Option<Demo>) -> anyhow::Result<Self> {
        let store = Store::open(&config.store).await?;
        store.lock_daemon().await?;
        let templates = Arc::new(config.templates().map_err(anyhow::Error::msg)?);

        let listener = if roles.web { Some(Listener::bind(&config.http.listen).await.map_err(Outside)?) } else { None };
        let address = listener.as_ref().map(Listener::address);
        if let Some(address) = address {
            config = config.with_public_url(&format!("http://{address}/"));
        }
        if demo.is_some() {
            config.library.url = Some(config.http.public_url.clone());
        }

        // The site first: a digest's language may be the site's, and a site that cannot be read is better refused
        // here, where somebody is looking, than retried in the background.
        let mut scanner = Scanner::new(config.library.clone());
        let (scanner, scan) = tokio::task::spawn_blocking(move || {
            let scan = scanner.scan();
            (scanner, scan)
        })
        .await
        .context("the scan ended early")?;
        let scan = scan.map_err(Faults)?;
        let config = config.for_site(&scan.site);

        let published = Arc::new(ArcSwap::default());
        let digests = Arc::new(config.digests);
        let mail_queued = Arc::new(Notify::new());
        let cancel = CancellationToken::new();
        let mut loops = JoinSet::new();
        let lmtp = match &config.inbox.lmtp {
            Some(listen) if roles.deliver => Some(inbox::lmtp::Listener::bind(listen).await.map_err(Outside)?),
            _ => None,
        };

        if roles.schedule || roles.deliver {
            let silence =
                silence::Silence { store: store.clone(), digests: Arc::clone(&digests), clock: clock.clone() };
            silence.ends().await?;
            let cancel = cancel.clone();
            loops.spawn(async move {
                silence.watch(cancel).await;
                ("watch", Ok(()))
            });
        }
        if roles.needs_library() {
            let mut parts = publisher::Parts {
                scanner,
                store: store.clone(),
                identities: publisher::Identities::default(),
                memory: publisher::Memory::default(),
                feeds: config.feeds,
                published: Arc::clone(&published),
                digests: digests.iter().map(|digest| digest.name.clone()).collect(),
                clock: clock.clone(),
                rescan: config.rescan,
            };
            publisher::step(&mut parts, clock.now()).await?;
            let cancel = cancel.clone();
            loops.spawn(async move { ("publisher", publisher::run(parts, cancel).await) });
        }
        if roles.web && !config.websub.hubs.is_empty() {
            let parts = websub::Parts {
                settings: config.websub,
                public_url: config.http.public_url.clone(),
                published: Arc::clone(&published),
                store: store.clone(),
                clock: clock.clone(),
            };
            let cancel = cancel.clone();
            loops.spawn(async move {
                websub::run(parts, cancel).await;
                ("WebSub", Ok(()))
            });
        }
        if let Some(listener) = listener {
            let app = App {
                settings: Arc::new(config.http.clone()),
                published: Arc::clone(&published),
                digests: Arc::clone(&digests),
                templates: Arc::clone(&templates),
                store: store.clone(),
                clock: clock.clone(),
                mail_queued: Arc::clone(&mail_queued),
            };
            let cancel = cancel.clone();
            loops.spawn(async move {
                match demo {
                    Some(demo) => http::serve_demo(listener, app, demo, cancel).await,
                    None => http::serve(listener, app, cancel).await,
                }
                ("web", Ok(()))
            });
        }
        if roles.schedule {
            let gate = scheduler::gate::Gate {
                settings: Arc::new(config.mail.clone()),
                accept: config.accept,
                dns: config.dns,
            };
            let parts = scheduler::Parts {
                digests: Arc::clone(&digests),
                published: Arc::clone(&published),
                templates,
                store: store.clone(),
                mail_queued: Arc::clone(&mail_queued),
                gate: Arc::new(gate),
            };
            let (clock, cancel) = (clock.clone(), cancel.clone());
            loops.spawn(async move {
                scheduler::run(parts, clock, cancel).await;
                ("scheduler", Ok(()))
            });
        }
        if let Some(listener) = lmtp {
            let (store, clock, cancel) = (store.clone(), clock.clone(), cancel.clone());
            loops.spawn(async move {
                listener.run(store, clock, cancel).await;
                ("LMTP", Ok(()))
            });
        }
        if let Some((mailbox, every)) = config.inbox.imap.filter(|_| roles.deliver) {
            let (store, clock, cancel) = (store.clone(), clock.clone(), cancel.clone());
            loops.spawn(async move {
                inbox::imap::run(mailbox, every, store, clock, cancel).await;
                ("mailbox", Ok(()))
            });
        }
        if roles.deliver {
            let parts = deliverer::Parts {
                store: store.clone(),
                settings: Arc::new(config.mail),
                owner: crate::crypto::new_id(),
                mail_queued,
            };
            let cancel = cancel.clone();
            loops.spawn(async move {
                ("deliverer", deliverer::alone(parts, |parts| deliverer::run(parts, clock, cancel)).await)
            });
        }
        Ok(Self { address, public_url: config.http.public_url, published, store, cancel, loops })
    }

    /// Works until `stop` ends or a loop does, then drains: no new work is begun, and what is in flight has
    /// [`DRAIN`] to end. The error is the first loop's.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let mut first = Ok(());
        tokio::select! {
            () = stop => tracing::info!("stopping: what is in flight may end"),
            Some(ended) = self.loops.join_next() => first = outcome(ended),
        }
        self.cancel.cancel();
        let drained = tokio::time::timeout(DRAIN, async {
            while let Some(ended) = self.loops.join_next().await {
                let ended = outcome(ended);
                if first.is_ok() {
                    first = ended;
                }
            }
        });
        if drained.await.is_err() {
            tracing::warn!(
                seconds = DRAIN.as_secs(),
                "not everything ended in time; leases give back what was in flight"
            );
            self.loops.shutdown().await;
        }
        first
    }
}

fn outcome(ended: Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>) -> anyhow::Result<()> {
    let (name, result) = ended.context("a loop ended by a panic")?;
    result.with_context(|| format!("the {name} loop ended"))
}

/// A future that ends at SIGTERM or Ctrl-C. From this call on, not from its first poll: whoever is told that the program
/// runs may stop it at once.
pub fn signalled() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
