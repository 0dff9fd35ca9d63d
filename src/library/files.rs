//! The site's folder as plain files: walked and read, never left.
//!
//! Only regular files are read, no link is followed, and a size limit holds, so that a link to `/etc`, a FIFO or a
//! device in the folder costs a Problem and nothing else.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use crate::problem::Problem;

use super::trace::{Asked, Log};

/// A larger page or configuration file is not read.
pub const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Folders nested deeper are not looked into.
const MAX_DEPTH: usize = 40;

/// A file that changes while it is read is read again so often.
const ATTEMPTS: usize = 3;

/// Tells whether a file is the one that was read before. What it cannot tell is a change within one tick of the file
/// system's clock: see [`Stamp::written`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    size: u64,
    inode: u64,
    seconds: i64,
    nanos: i64,
    /// Of the inode: `touch -d` and `rsync -t` set the other time, but never this one.
    written: (i64, i64),
    born: Option<i64>,
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        let born = metadata.created().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        Self {
            size: metadata.size(),
            inode: metadata.ino(),
            seconds: metadata.mtime(),
            nanos: metadata.mtime_nsec(),
            written: (metadata.ctime(), metadata.ctime_nsec()),
            born: born.and_then(|since| i64::try_from(since.as_secs()).ok()),
        }
    }

    /// When the file system last wrote anything of it, seconds since the epoch by its own clock.
    pub fn written(&self) -> i64 {
        self.written.0
    }

    /// There is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// When the file came to be, seconds since the epoch; the last change where the file system does not say.
    pub fn born(&self) -> i64 {
        self.born.unwrap_or(self.seconds)
    }

    /// Time of the last change, seconds since the epoch.
    pub fn changed(&self) -> i64 {
        self.seconds
    }
}

/// A regular file that was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct File {
    /// Relative to the site's folder, `/` between parts.
    pub path: String,
    /// When it was found.
    pub stamp: Stamp,
}

/// A site's folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    log: Option<Log>,
}

impl Folder {
    /// The folder at `root`, which must be there.
    pub fn open(root: &Path) -> Result<Self, Problem> {
        let shown = root.display().to_string();
        match fs_err::canonicalize(root) {
            Ok(root) if root.is_dir() => Ok(Self { root, log: None }),
            Ok(_) => {
                Err(Problem::error(&shown, None, "is not a folder", "give the folder that the site is built from"))
            }
            Err(_) => Err(Problem::error(
                &shown,
                None,
                "there is no such folder",
                "give the folder that the site is built from",
            )),
        }
    }

    /// The same folder, that writes down what it is asked.
    pub(super) fn logging(&self, log: &Log) -> Self {
        Self { root: self.root.clone(), log: Some(Arc::clone(log)) }
    }

    fn log(&self, asked: impl FnOnce() -> Asked) {
        if let Some(Ok(mut log)) = self.log.as_ref().map(|log| log.lock()) {
            log.push(asked());
        }
    }

    /// Where it is, without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether there is a regular file or folder at `path`.
    pub fn has(&self, path: &str) -> bool {
        let answer = self.inside(path).is_some();
        self.log(|| Asked::Has(path.to_owned(), answer));
        answer
    }

    /// The stamp of the file at `path`, if there is one.
    pub(super) fn stamp(&self, path: &str) -> Option<Stamp> {
        fs_err::symlink_metadata(self.root.join(path)).ok().map(|metadata| Stamp::of(&metadata))
    }

    /// Whether there is a folder at `path`.
    pub fn is_folder(&self, path: &str) -> bool {
        let answer = self.inside(path).is_some_and(|full| full.is_dir());
        self.log(|| Asked::IsFolder(path.to_owned(), answer));
        answer
    }

    /// The full path, unless it leads out of the folder by `..` or a link, or there is nothing.
    fn inside(&self, path: &str) -> Option<PathBuf> {
        let full = fs_err::canonicalize(self.root.join(path.trim_matches('/'))).ok()?;
        full.starts_with(&self.root).then_some(full)
    }

    /// Every regular file below `path`, ordered by path; names that begin with a dot are passed over.
    pub fn walk(&self, path: &str, problems: &mut Vec<Problem>) -> Vec<File> {
        self.walk_past(path, &|_| false, problems)
    }

    /// The same, but folders for which `past` is true (by their path) are not looked into: `node_modules` may hold more
    /// files than the site.
    pub fn walk_past(&self, path: &str, past: &dyn Fn(&str) -> bool, problems: &mut Vec<Problem>) -> Vec<File> {
        let (mut found, passed) = (Vec::new(), RefCell::new(BTreeSet::new()));
        let noted = |folder: &str| {
            let passes = past(folder);
            if passes {
                passed.borrow_mut().insert(folder.to_owned());
            }
            passes
        };
        let files = self.walked(path, &noted, &mut found);
        self.log(|| Asked::Walk {
            path: path.to_owned(),
            passed: passed.take(),
            files: files.clone(),
            problems: found.clone(),
        });
        problems.append(&mut found);
        files
    }

    fn walked(&self, path: &str, past: &dyn Fn(&str) -> bool, problems: &mut Vec<Problem>) -> Vec<File> {
        let mut files = Vec::new();
        let Some(start) = self.inside(path) else { return files };
        let hidden =
            |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
        let walk =
            WalkDir::new(&start).max_depth(MAX_DEPTH).follow_links(false).follow_root_links(false).sort_by_file_name();
        let left_out = |entry: &walkdir::DirEntry| {
            hidden(entry) || entry.depth() > 0 && entry.file_type().is_dir() && past(&self.shown(entry.path()))
        };
        for entry in walk.into_iter().filter_entry(|entry| !left_out(entry)) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let at = error.path().map(|at| self.shown(at)).unwrap_or_default();
                    let why = error.io_error().map_or_else(|| "the folder is a loop".into(), ToString::to_string);
                    problems.push(Problem::error(
                        &at,
                        None,
                        format!("cannot be looked into: {why}"),
                        "check its permissions",
                    ));
                    continue;
                }
            };
            let kind = entry.file_type();
            if kind.is_dir() {
                continue;
            }
            let shown = self.shown(entry.path());
            if entry.path().to_str().is_none() {
                problems.push(Problem::warning(&shown, None, "the file's name is not UTF-8", "rename it"));
            } else if kind.is_symlink() {
                if looks_like_content(&shown) || entry.path().is_dir() {
                    let hint = "copy what it points to into the folder";
                    problems.push(Problem::warning(&shown, None, "is a symbolic link, which is not followed", hint));
                }
            } else if !kind.is_file() {
                problems.push(Problem::warning(
                    &shown,
                    None,
                    "is not a regular file",
                    "remove it from the content folder",
                ));
            } else if let Ok(metadata) = entry.metadata() {
                files.push(File { path: shown, stamp: Stamp::of(&metadata) });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// The text of a file and its octets' stamp.
    pub fn read(&self, path: &str) -> Result<String, Problem> {
        self.log(|| Asked::Read(path.to_owned(), self.stamp(path)));
        let bytes = self.read_bytes(path)?;
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = 1 + String::from_utf8_lossy(&error.as_bytes()[..valid]).matches('\n').count();
            Problem::error(path, Some(line), "is not UTF-8 text", "save it as UTF-8")
        })
    }

    /// The octets of a file that nobody wrote to meanwhile.
    fn read_bytes(&self, path: &str) -> Result<Vec<u8>, Problem> {
        for _ in 0..ATTEMPTS {
            if let Some(bytes) = self.read_once(path)? {
                return Ok(bytes);
            }
        }
        Err(Problem::error(path, None, "changes while it is read", "it is read again when it rests"))
    }

    /// `None`: it changed.
    fn read_once(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        let full = self.root.join(path);
        let unreadable = |error: std::io::Error| {
            Problem::error(path, None, format!("cannot be read: {}", plain(&error)), "check its permissions")
        };
        // Asked before it is opened: opening a FIFO would wait for a writer for ever.
        let found = fs_err::symlink_metadata(&full).map_err(unreadable)?;
        if !found.is_file() {
            return Err(Problem::error(path, None, "is not a regular file", "replace it by a plain file"));
        }
        let mut file = fs_err::File::open(&full).map_err(unreadable)?;
        let opened = file.metadata().map_err(unreadable)?;
        if (opened.dev(), opened.ino()) != (found.dev(), found.ino()) {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(opened.size().min(MAX_BYTES)).unwrap_or(0));
        (&mut file).take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            let what = format!("is larger than {} MB", MAX_BYTES / 1024 / 1024);
            return Err(Problem::error(path, None, what, "split it, or move data out of the page"));
        }
        let whole = bytes.len() as u64 == opened.size();
        let after = file.metadata().map_err(unreadable)?;
        Ok((whole && Stamp::of(&after) == Stamp::of(&opened)).then_some(bytes))
    }

    fn shown(&self, full: &Path) -> String {
        let relative = full.strip_prefix(&self.root).unwrap_or(full);
        relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }
}

/// All UTF-8 texts below `folder`, by their path below it (`/` between parts): the owner's templates.
pub fn texts(folder: &Path) -> std::io::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for entry in WalkDir::new(folder).max_depth(MAX_DEPTH) {
        let entry = entry?;
        if entry.file_type().is_file()
            && let Ok(below) = entry.path().strip_prefix(folder)
        {
            let name = below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            texts.insert(name, fs_err::read_to_string(entry.path())?);
        }
    }
    Ok(texts)
}

/// The system's words without the path, which the Problem has.
fn plain(error: &std::io::Error) -> String {
    error.kind().to_string()
}

fn looks_like_content(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| matches!(extension.as_str(), "md" | "markdown" | "mdown" | "mdx" | "html"))
}
