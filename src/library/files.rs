//! The site's folder as plain files: walked and read, never left.
//!
//! Only regular files are read, no link is followed, and a size limit holds, so that a link to `/etc`, a FIFO or a
//! device in the folder costs a Problem and nothing else.

mod walk;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use walkdir::WalkDir;

use crate::problem::Problem;

use super::trace::{Asked, Log};

/// What is used again and again by who reads many files.
#[derive(Debug, Default)]
pub(super) struct Room {
    bytes: Vec<u8>,
    /// The folder of the last file, open: most files lie beside the one before.
    beside: Option<(String, OwnedFd)>,
}

/// A larger page or configuration file is not read.
pub const MAX_BYTES: u64 = 2 * 1024 * 1024;

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

    /// Of an open file; what the system says of its birth is not asked for.
    fn of_open(file: &std::fs::File) -> Option<(Self, FileType)> {
        let stat = rustix::fs::fstat(file).ok()?;
        let whole = |nanos| i64::try_from(nanos).unwrap_or_default();
        let stamp = Self {
            size: u64::try_from(stat.st_size).ok()?,
            inode: stat.st_ino,
            seconds: stat.st_mtime,
            nanos: whole(stat.st_mtime_nsec),
            written: (stat.st_ctime, whole(stat.st_ctime_nsec)),
            born: None,
        };
        Some((stamp, FileType::from_raw_mode(stat.st_mode)))
    }

    /// Whether that is the same file as it was, wherever either comes from.
    fn is(self, other: Self) -> bool {
        Self { born: None, ..self } == Self { born: None, ..other }
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

    /// The same, where that is a regular file and no link leads to it.
    pub(super) fn file_stamp(&self, path: &str) -> Option<Stamp> {
        let full = self.inside(path).filter(|full| *full == self.root.join(path))?;
        fs_err::symlink_metadata(full).ok().filter(std::fs::Metadata::is_file).map(|metadata| Stamp::of(&metadata))
    }

    /// Whether there is a folder at `path`.
    pub fn is_folder(&self, path: &str) -> bool {
        let answer = self.inside(path).is_some_and(|full| full.is_dir());
        self.log(|| Asked::IsFolder(path.to_owned(), answer));
        answer
    }

    /// The full path, unless it leads out of the folder by `..` or a link, or there is nothing.
    pub(super) fn inside(&self, path: &str) -> Option<PathBuf> {
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
        let Some(start) = self.inside(path) else { return Vec::new() };
        // By the name that was asked for: whoever asked cuts it off again, and what a link leads to has another one.
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let shown = if parts.contains(&"..") { self.shown(&start) } else { parts.join("/") };
        walk::walk(start, &shown, past, problems)
    }

    /// The text of a file and its octets' stamp.
    pub fn read(&self, path: &str) -> Result<String, Problem> {
        self.log(|| Asked::Read(path.to_owned(), self.stamp(path)));
        let bytes = self.read_bytes(path)?;
        String::from_utf8(bytes).map_err(|error| not_text(path, &error.as_bytes()[..error.utf8_error().valid_up_to()]))
    }

    /// The text of a file as a walk found it, read into `room`. Four calls of the system's, where nobody has written to it since.
    pub(super) fn read_found<'r>(&self, file: &File, room: &'r mut Room) -> Result<&'r str, Problem> {
        self.read_into(&file.path, Some(file.stamp), room)
    }

    /// The text of a file that was found before, as it is now.
    pub(super) fn read_again<'r>(&self, path: &str, room: &'r mut Room) -> Result<&'r str, Problem> {
        self.read_into(path, None, room)
    }

    fn read_into<'r>(&self, path: &str, found: Option<Stamp>, room: &'r mut Room) -> Result<&'r str, Problem> {
        let read = if let Some(read) = self.read_at_once(path, found, room) {
            read
        } else {
            room.bytes = self.read_bytes(path)?;
            room.bytes.len()
        };
        let bytes = &room.bytes[..read];
        std::str::from_utf8(bytes).map_err(|error| not_text(path, &bytes[..error.valid_up_to()]))
    }

    /// `None`: it has to be looked at more closely.
    fn read_at_once(&self, path: &str, found: Option<Stamp>, room: &mut Room) -> Option<usize> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if room.beside.as_ref().is_none_or(|(known, _)| known != folder) {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
            let open = rustix::fs::open(self.root.join(folder), flags, Mode::empty()).ok()?;
            room.beside = Some((folder.to_owned(), open));
        }
        let (_, beside) = room.beside.as_ref()?;
        // Whatever has taken the file's place is told by its stamp; until then a link is not followed, a FIFO not waited for.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let open = std::fs::File::from(rustix::fs::openat(beside, name, flags, Mode::empty()).ok()?);
        let stamp = match found {
            Some(stamp) => stamp,
            None => Stamp::of_open(&open).filter(|(_, kind)| kind.is_file())?.0,
        };
        let size = usize::try_from(stamp.size).ok().filter(|_| stamp.size <= MAX_BYTES)?;
        if room.bytes.len() <= size {
            // One more, so that the end is seen.
            room.bytes.resize(size + 1, 0);
        }
        let read = (&open).read(&mut room.bytes).ok()?;
        let (after, _) = Stamp::of_open(&open)?;
        (read == size && after.is(stamp)).then_some(read)
    }

    /// The first octets of the file at `path`, at most so many, and its length; `None` where there is no regular file in
    /// the folder.
    pub(super) fn head(&self, path: &str, most: usize) -> Option<(Vec<u8>, u64)> {
        let full = self.inside(path).filter(|full| full.is_file())?;
        let mut head = Vec::new();
        let file = fs_err::File::open(full).ok()?;
        let length = file.metadata().ok()?.len();
        file.take(most as u64).read_to_end(&mut head).ok()?;
        Some((head, length))
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

/// `valid` stands before the first byte that is no UTF-8.
fn not_text(path: &str, valid: &[u8]) -> Problem {
    let line = 1 + String::from_utf8_lossy(valid).matches('\n').count();
    Problem::error(path, Some(line), "is not UTF-8 text", "save it as UTF-8")
}

/// All UTF-8 texts below `folder`, by their path below it (`/` between parts): the owner's templates.
pub fn texts(folder: &Path) -> std::io::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for entry in WalkDir::new(folder).max_depth(walk::MAX_DEPTH) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_they_were_asked_for() {
        let root = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(root.path().join("real/blog")).unwrap();
        fs_err::write(root.path().join("real/blog/p.md"), "text").unwrap();
        std::os::unix::fs::symlink("real", root.path().join("content")).unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let found = folder.walk("./content/", &mut Vec::new());
        let [file] = &found[..] else { panic!("{found:?}") };
        assert_eq!(file.path, "content/blog/p.md");
        assert_eq!(folder.read_found(file, &mut Room::default()).unwrap(), "text");
    }
}
