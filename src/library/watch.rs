//! Says when the site's files have changed and are whole. The one owner of `notify`.
//!
//! Events only say *when* to look; what has changed is the scan's business. A file is often written in several steps,
//! so a change counts once nothing has happened for a while. Where the system has no events to give (network drives,
//! limits reached), the caller's slow full re-scan is what remains, and one warning says so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// A change is settled when nothing has followed it for so long.
const SETTLE: Duration = Duration::from_millis(300);

/// Files that never rest are looked at after so long all the same.
const LONGEST: Duration = Duration::from_secs(10);

/// Watches a site's content and configuration.
#[derive(Debug)]
pub struct Watcher {
    root: PathBuf,
    /// `None`: the system gives no events.
    system: Option<RecommendedWatcher>,
    changes: mpsc::Receiver<()>,
    /// Relative to the root; shared with the system's thread.
    watched: Arc<Mutex<Vec<String>>>,
    /// Those of `watched` that the system watches.
    followed: Vec<String>,
    warned: bool,
}

impl Watcher {
    /// Of the site in `root`; what to watch is told by [`Watcher::follow`].
    pub fn new(root: &Path) -> Self {
        let root = fs_err::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let watched = Arc::new(Mutex::new(Vec::new()));
        // One waiting signal is enough: it means "look".
        let (sender, changes) = mpsc::channel(1);
        let (below, paths) = (root.clone(), Arc::clone(&watched));
        let handler = move |event: notify::Result<Event>| {
            let matters = event.map_or(true, |event| {
                let watched = paths.lock().unwrap_or_else(PoisonError::into_inner);
                event.need_rescan()
                    || changes_files(event.kind) && event.paths.iter().any(|path| is_content(path, &below, &watched))
            });
            if matters {
                let _ = sender.try_send(());
            }
        };
        let config = notify::Config::default().with_follow_symlinks(false);
        let mut watcher = Self { root, system: None, changes, watched, followed: Vec::new(), warned: false };
        match RecommendedWatcher::new(handler, config) {
            Ok(system) => watcher.system = Some(system),
            Err(error) => watcher.warn(&error),
        }
        // The folder itself, for configuration files and content folders that are made later.
        watcher.add("", RecursiveMode::NonRecursive);
        watcher
    }

    /// Watches what a scan was made from ([`super::Scanner::watched`]); call it after every scan.
    pub fn follow(&mut self, watched: &[String]) {
        watched.clone_into(&mut *self.watched.lock().unwrap_or_else(PoisonError::into_inner));
        // A folder that went away must be watched anew when it is back.
        let root = self.root.clone();
        self.followed.retain(|path| root.join(path).exists());
        for path in watched {
            if !self.followed.contains(path)
                && self.root.join(path).is_dir()
                && self.add(path, RecursiveMode::Recursive)
            {
                self.followed.push(path.clone());
            }
        }
    }

    /// Returns when files have changed and rest again. For ever pending where the system gives no events.
    pub async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        let first = Instant::now();
        while first.elapsed() < LONGEST {
            match timeout(SETTLE, self.changes.recv()).await {
                Ok(Some(())) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn add(&mut self, path: &str, mode: RecursiveMode) -> bool {
        let full = self.root.join(path);
        match self.system.as_mut().map(|system| system.watch(&full, mode)) {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                self.warn(&error);
                false
            }
            None => false,
        }
    }

    fn warn(&mut self, error: &notify::Error) {
        if !self.warned {
            self.warned = true;
            tracing::warn!(%error, "file events are not to be had: changes are seen by the full re-scan only");
        }
    }
}

/// Reading is no change; that a written file was closed is one.
fn changes_files(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// Whether a changed path can matter: a page, a configuration file, or a folder, inside what is watched. The store's
/// own files may stand in the same folder, and must not set off a scan that writes to them again.
fn is_content(path: &Path, root: &Path, watched: &[String]) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return false };
    let name = below.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let kind = match name.rsplit_once('.') {
        Some((stem, extension)) => {
            let content = matches!(
                extension,
                "md" | "markdown" | "mdown" | "mdx" | "html" | "htm" | "toml" | "yaml" | "yml" | "json"
            );
            content && !stem.is_empty() && !name.starts_with('#')
        }
        // A folder, or what was one.
        None => true,
    };
    let at_root = below.parent().is_some_and(|parent| parent.as_os_str().is_empty());
    kind && (at_root || watched.iter().any(|watched| below.starts_with(watched)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_scan_reads_matters() {
        let watched = ["content/zh".to_owned(), "config/_default".to_owned()];
        for (path, expected) in [
            ("/site/content/zh/blog/x.md", true),
            ("/site/content/zh/blog", true),
            ("/site/content/zh/x.png", false),
            ("/site/content/zh/.x.md.swp", false),
            ("/site/content/zh/x.md~", false),
            ("/site/hugo.toml", true),
            ("/site/postrider.yaml", true),
            ("/site/content", true),
            ("/site/postrider.db-wal", false),
            ("/site/mail/1.eml", false),
            ("/site/config/_default/params.toml", true),
            ("/elsewhere/x.md", false),
        ] {
            assert_eq!(is_content(Path::new(path), Path::new("/site"), &watched), expected, "{path}");
        }
        assert!(is_content(Path::new("/site/sub/x.md"), Path::new("/site"), &[String::new()]));
    }
}
