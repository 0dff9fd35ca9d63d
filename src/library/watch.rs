//! Says when the site's files have changed and are whole. The one owner of `notify`.
//!
//! Events only say *when* to look; what has changed is the scan's business. A file is often written in several steps,
//! so a change counts once nothing has happened for a while and, where the system tells of it, every file that was written
//! to is closed. Where the system has no events to give (network drives, limits reached), the caller's slow full re-scan
//! is what remains, and one warning says so, and what to do.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// A change is settled when nothing has followed it for so long.
const SETTLE: Duration = Duration::from_millis(300);

/// Files that never rest are looked at after so long all the same.
pub const LONGEST: Duration = Duration::from_secs(10);

/// After so many changed files the whole site may as well be looked at.
const FEW: usize = 64;

/// The system's own, or in tests one that refuses.
type System = Box<dyn notify::Watcher + Send>;

/// Watches a site's content and configuration.
pub struct Watcher {
    /// As it was given: a link may lead elsewhere one day.
    given: PathBuf,
    /// `None`: the system gives no events.
    system: Option<System>,
    changes: mpsc::Receiver<()>,
    activity: Activity,
    /// What the system watches, relative to the root, whether with all below it, and which folder that was.
    followed: HashMap<(String, bool), Folder>,
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("given", &self.given).field("followed", &self.followed).finish_non_exhaustive()
    }
}

/// A folder, whatever its name: device and inode.
type Folder = (u64, u64);

/// What goes on in the site's files, as far as the system tells.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    seen: Arc<Mutex<Seen>>,
}

/// Shared with the system's thread.
#[derive(Debug, Default)]
struct Seen {
    /// The site's folder, without links.
    root: PathBuf,
    /// Relative to the root.
    watched: Vec<String>,
    /// The last event that mattered.
    last: Option<Instant>,
    /// The first of those that followed each other without a rest.
    first: Option<Instant>,
    /// Files that were written to and not closed yet.
    open: HashSet<PathBuf>,
    /// What has changed since somebody asked; `None`: too much to be named.
    changed: Option<HashSet<PathBuf>>,
    /// That there is something which the system does not watch has been said.
    told: bool,
}

impl Activity {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is writing at the moment; never said for longer than [`LONGEST`].
    pub fn is_busy(&self) -> bool {
        self.lock().is_busy(Instant::now())
    }

    /// Something has happened since `at`.
    pub fn since(&self, at: Instant) -> bool {
        self.lock().last.is_some_and(|last| last >= at)
    }

    /// What has changed since this was asked last, relative to the site's folder; `None` where that cannot be told.
    pub fn take_changed(&self) -> Option<Vec<String>> {
        let mut seen = self.lock();
        let changed = seen.changed.replace(HashSet::new())?;
        let below = |path: PathBuf| Some(path.strip_prefix(&seen.root).ok()?.to_str()?.to_owned());
        changed.into_iter().map(below).collect()
    }

    /// Says that there is something which the system does not watch: once.
    fn refused(&self, error: &notify::Error) {
        if !std::mem::replace(&mut self.lock().told, true) {
            tracing::warn!(
                %error,
                hint = hint(error),
                "the system does not tell of every change: the others are seen by the full re-scan, every `content.rescan`"
            );
        }
    }

    /// Whether the event means that somebody must look.
    fn note(&self, event: &notify::Result<Event>, now: Instant) -> bool {
        let mut seen = self.lock();
        // `None`: nobody knows what has changed.
        let named = event.as_ref().ok().filter(|event| !event.need_rescan()).map(|event| {
            let paths = event.paths.iter().filter(|_| changes_files(event.kind));
            paths.filter(|path| is_content(path, &seen.root, &seen.watched)).cloned().collect::<Vec<_>>()
        });
        let matters = named.as_ref().is_none_or(|paths| !paths.is_empty());
        if matters {
            seen.note(event.as_ref().ok(), named, now);
        }
        matters
    }
}

impl Seen {
    /// `named`: what of the site has changed by it.
    fn note(&mut self, event: Option<&Event>, named: Option<Vec<PathBuf>>, now: Instant) {
        if !self.is_busy(now) {
            (self.first, self.open) = (Some(now), HashSet::new());
        }
        self.last = Some(now);
        match (&mut self.changed, named) {
            (Some(changed), Some(named)) if changed.len() < FEW => changed.extend(named),
            (changed, _) => *changed = None,
        }
        let Some(event) = event else { return };
        for path in &event.paths {
            // Only inotify tells when a file is closed.
            if cfg!(target_os = "linux") && matches!(event.kind, EventKind::Modify(ModifyKind::Data(_))) {
                self.open.insert(path.clone());
            } else {
                self.open.remove(path);
            }
        }
    }

    fn is_busy(&self, now: Instant) -> bool {
        let since = |at: Option<Instant>| at.map(|at| now.duration_since(at));
        let goes_on = since(self.last).is_some_and(|quiet| quiet < SETTLE) || !self.open.is_empty();
        goes_on && since(self.first).is_some_and(|busy| busy < LONGEST)
    }
}

impl Watcher {
    /// Of the site in `root`; what to watch is told by [`Watcher::follow`].
    pub fn new(root: &Path) -> Self {
        // One waiting signal is enough: it means "look".
        let (sender, changes) = mpsc::channel(1);
        let activity = Activity::default();
        let seen = activity.clone();
        let handler = move |event: notify::Result<Event>| {
            // Of a folder that was made later.
            if let Err(error) = &event {
                seen.refused(error);
            }
            if seen.note(&event, Instant::now()) {
                let _ = sender.try_send(());
            }
        };
        let config = notify::Config::default().with_follow_symlinks(false);
        let system = <RecommendedWatcher as notify::Watcher>::new(handler, config);
        let system = system.inspect_err(|error| activity.refused(error)).ok();
        let mut watcher = Self::with(root, system.map(|system| Box::new(system) as System), changes, activity);
        watcher.follow(&[]);
        watcher
    }

    fn with(root: &Path, system: Option<System>, changes: mpsc::Receiver<()>, activity: Activity) -> Self {
        Self { given: root.to_owned(), system, changes, activity, followed: HashMap::new() }
    }

    /// One that never hears of anything, as on a drive that gives no events.
    #[cfg(test)]
    pub fn deaf(root: &Path) -> Self {
        Self::with(root, None, mpsc::channel(1).1, Activity::default())
    }

    /// One whose system watches no more folders than `limit` says, and never tells of a change.
    #[cfg(test)]
    pub fn limited(root: &Path, limit: &Arc<std::sync::atomic::AtomicUsize>) -> Self {
        let system = Box::new(tests::Limited::to(limit));
        let mut watcher = Self::with(root, Some(system), mpsc::channel(1).1, Activity::default());
        watcher.follow(&[]);
        watcher
    }

    /// What goes on in the files it watches.
    pub fn activity(&self) -> Activity {
        self.activity.clone()
    }

    /// Watches what a scan was made from ([`super::Scanner::watched`]); call it after every scan.
    pub fn follow(&mut self, watched: &[String]) {
        let root = fs_err::canonicalize(&self.given).unwrap_or_else(|_| self.given.clone());
        let before = {
            let mut seen = self.activity.lock();
            watched.clone_into(&mut seen.watched);
            std::mem::replace(&mut seen.root, root.clone())
        };
        // The folder itself, for configuration files and content folders that are made later.
        let wanted = std::iter::once((String::new(), false)).chain(watched.iter().map(|path| (path.clone(), true)));
        let there = wanted.filter_map(|what| folder(&root.join(&what.0)).map(|is| (what, is)));
        let there: HashMap<(String, bool), Folder> = there.collect();
        // A folder that went away, or another one under its name, must be watched anew.
        let stale = self.followed.extract_if(|what, was| before != root || there.get(what) != Some(was));
        let stale: Vec<(String, bool)> = stale.map(|(what, _)| what).collect();
        if !stale.is_empty() || there.keys().any(|what| !self.followed.contains_key(what)) {
            // Nobody was told what happened there before.
            self.activity.lock().changed = None;
        }
        for (path, _) in stale {
            if let Some(system) = &mut self.system {
                // It is not there any more, or not what it was.
                let _ = system.unwatch(&before.join(path));
            }
        }
        for (what, is) in there {
            let mode = if what.1 { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            if !self.followed.contains_key(&what) && self.add(&root.join(&what.0), mode) {
                self.followed.insert(what, is);
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
                // Nothing happens, but a file may be open still.
                Err(_) if self.activity.is_busy() => {}
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn add(&mut self, path: &Path, mode: RecursiveMode) -> bool {
        match self.system.as_mut().map(|system| system.watch(path, mode)) {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                self.activity.refused(&error);
                false
            }
            None => false,
        }
    }
}

/// As many files are open, or as many watchers made, as may be: errno(3).
const EMFILE: i32 = 24;

/// What helps against a refusal.
fn hint(error: &notify::Error) -> &'static str {
    match &error.kind {
        ErrorKind::MaxFilesWatch => "every folder counts: raise `fs.inotify.max_user_watches` by `sysctl`",
        ErrorKind::Io(error) if error.raw_os_error() == Some(EMFILE) => {
            "raise `fs.inotify.max_user_instances` by `sysctl`, or the limit of open files"
        }
        _ => "a shorter `content.rescan` finds changes sooner",
    }
}

/// Which folder it is that stands at `path` now.
fn folder(path: &Path) -> Option<Folder> {
    let found = fs_err::metadata(path).ok()?;
    found.is_dir().then(|| (found.dev(), found.ino()))
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
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// See [`Watcher::limited`].
    pub(super) struct Limited {
        limit: Arc<AtomicUsize>,
        watched: usize,
    }

    impl Limited {
        pub(super) fn to(limit: &Arc<AtomicUsize>) -> Self {
            Self { limit: Arc::clone(limit), watched: 0 }
        }
    }

    impl notify::Watcher for Limited {
        fn new<F: notify::EventHandler>(_: F, _: notify::Config) -> notify::Result<Self> {
            Ok(Self::to(&Arc::default()))
        }

        fn watch(&mut self, _: &Path, _: RecursiveMode) -> notify::Result<()> {
            if self.watched == self.limit.load(Ordering::SeqCst) {
                return Err(notify::Error::new(ErrorKind::MaxFilesWatch));
            }
            self.watched += 1;
            Ok(())
        }

        fn unwatch(&mut self, _: &Path) -> notify::Result<()> {
            Ok(())
        }

        fn kind() -> notify::WatcherKind {
            notify::WatcherKind::NullWatcher
        }
    }

    #[test]
    fn what_the_system_refuses_is_told_once_and_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let content = ["content".to_owned()];
        fs_err::create_dir(folder.path().join("content")).unwrap();
        let log = tempfile::NamedTempFile::new().unwrap();
        let said = || fs_err::read_to_string(log.path()).unwrap();
        let writer = Mutex::new(log.reopen().unwrap());
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
        tracing::subscriber::with_default(subscriber, || {
            let limit = Arc::new(AtomicUsize::new(1));
            let mut watcher = Watcher::limited(folder.path(), &limit);
            watcher.follow(&content);
            watcher.follow(&content);
            assert_eq!(watcher.followed.len(), 1);
            let told = said();
            assert_eq!(told.lines().count(), 1, "{told}");
            for part in ["WARN", "OS file watch limit reached", "fs.inotify.max_user_watches", "`content.rescan`"] {
                assert!(told.contains(part), "{part}: {told}");
            }
            limit.store(2, Ordering::SeqCst);
            watcher.follow(&content);
            assert_eq!(watcher.followed.len(), 2);
        });
        let too_many = notify::Error::io(std::io::Error::from_raw_os_error(EMFILE));
        assert!(hint(&too_many).contains("max_user_instances"));
        assert!(hint(&notify::Error::generic("no events")).contains("content.rescan"));
    }

    /// The system's own events of a file that is written in pieces, with longer rests between them than a change takes to
    /// settle.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn who_writes_slowly_is_waited_for() {
        use std::io::Write as _;
        use std::sync::atomic::AtomicBool;

        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("content")).unwrap();
        let mut watcher = Watcher::new(folder.path());
        watcher.follow(&["content".to_owned()]);
        let (activity, whole) = (watcher.activity(), Arc::new(AtomicBool::new(false)));
        let (path, done) = (folder.path().join("content/x.md"), Arc::clone(&whole));
        let writer = std::thread::spawn(move || {
            let mut file = fs_err::File::create(path).unwrap();
            for piece in ["---\ntitle: Ha", "lf\n---\nTe"] {
                let begun = Instant::now();
                file.write_all(piece.as_bytes()).unwrap();
                let rests = |last: Instant| last >= begun && last.elapsed() > SETTLE * 3 / 2;
                while !activity.lock().last.is_some_and(rests) {
                    std::thread::yield_now();
                }
            }
            file.write_all(b"xt.\n").unwrap();
            done.store(true, Ordering::SeqCst);
        });
        watcher.changed().await;
        assert!(whole.load(Ordering::SeqCst), "half a file is no change");
        writer.join().unwrap();
    }

    fn event(kind: EventKind, path: &str) -> Event {
        Event::new(kind).add_path(PathBuf::from(path))
    }

    #[test]
    fn a_file_that_is_open_is_not_at_rest() {
        let activity = Activity::default();
        {
            let mut seen = activity.lock();
            (seen.root, seen.watched) = ("/site".into(), vec!["content".to_owned()]);
        }
        let written = EventKind::Modify(ModifyKind::Data(notify::event::DataChange::Any));
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let busy = |millis| activity.lock().is_busy(at(millis));
        assert!(!busy(0));
        assert!(!activity.note(&Ok(event(written, "/site/content/.x.md.swp")), at(0)) && !busy(0));
        assert!(activity.note(&Ok(event(written, "/site/content/x.md")), at(0)));
        assert!(busy(299) && busy(300) == cfg!(target_os = "linux"), "it is open");
        activity.note(&Ok(event(closed, "/site/content/x.md")), at(2000));
        assert!(busy(2299) && !busy(2300), "closed, and nothing has followed");
        // One that is never closed, and one that is renamed into its place.
        activity.note(&Ok(event(written, "/site/content/log.md")), at(5000));
        assert!(busy(14_999) == cfg!(target_os = "linux") && !busy(15_000), "not for ever");
        activity.note(&Ok(event(written, "/site/content/x.md")), at(20_000));
        activity.note(
            &Ok(event(EventKind::Modify(ModifyKind::Name(notify::event::RenameMode::To)), "/site/content/x.md")),
            at(20_000),
        );
        assert!(!busy(20_300));
        // What the system could not keep up with.
        let lost = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        assert_eq!(activity.take_changed(), None, "nobody had asked before");
        assert_eq!(activity.take_changed(), Some(Vec::new()));
        for (path, matters) in [("a.md", true), ("a.png", false), ("b/c.md", true)] {
            assert_eq!(activity.note(&Ok(event(closed, &format!("/site/content/{path}"))), at(30_000)), matters);
        }
        let mut changed = activity.take_changed().unwrap();
        changed.sort();
        assert_eq!(changed, ["content/a.md", "content/b/c.md"]);
        for number in 0..=FEW {
            activity.note(&Ok(event(closed, &format!("/site/content/{number}.md"))), at(30_000));
        }
        assert_eq!(activity.take_changed(), None, "too many to be named");
        assert!(activity.note(&Ok(lost), at(30_000)));
        assert_eq!(activity.take_changed(), None, "nobody knows which");
        assert!(activity.note(&Err(notify::Error::generic("lost")), at(30_000)));
        assert!(activity.since(at(30_000)) && !activity.since(at(30_001)));
    }

    #[test]
    fn another_folder_under_the_same_name_is_watched_anew() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("site");
        for name in ["one/content", "two/content"] {
            fs_err::create_dir_all(folder.path().join(name)).unwrap();
        }
        let point_to = |name: &str| {
            let _ = fs_err::remove_file(&root);
            std::os::unix::fs::symlink(folder.path().join(name), &root).unwrap();
        };
        point_to("one");
        let watched = ["content".to_owned()];
        let mut watcher = Watcher::new(&root);
        watcher.follow(&watched);
        let first = watcher.followed.clone();
        assert_eq!(first.len(), 2);
        watcher.follow(&watched);
        assert_eq!(watcher.followed, first);
        point_to("two");
        watcher.follow(&watched);
        assert!(watcher.followed.len() == 2 && watcher.followed.iter().all(|(what, is)| first[what] != *is));
        let content = root.join("content");
        fs_err::rename(&content, root.join("away")).unwrap();
        watcher.follow(&watched);
        assert_eq!(watcher.followed.len(), 1);
        fs_err::create_dir(&content).unwrap();
        watcher.follow(&watched);
        assert_eq!(watcher.followed.len(), 2);
    }
}
