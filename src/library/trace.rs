//! What a generator looked at to find its site. As long as all of it is as it was, the site is laid out as it was.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use crate::problem::Problem;

use super::files::{File, Folder, Stamp};

/// Where a [`Folder`] writes down what it was asked.
pub(super) type Log = Arc<Mutex<Vec<Asked>>>;

/// A question to a [`Folder`], and its answer.
#[derive(Debug)]
pub(super) enum Asked {
    /// Is it there?
    Has(String, bool),
    /// Is it a folder?
    IsFolder(String, bool),
    /// What does it say?
    Read(String, Option<Stamp>),
    /// What files are below it?
    Walk {
        /// Of the folder.
        path: String,
        /// Folders below it that were not looked into.
        passed: BTreeSet<String>,
        /// The answer.
        files: Vec<File>,
        /// What was odd.
        problems: Vec<Problem>,
    },
}

impl Asked {
    /// The file at `path`, where this is the walk that found it.
    fn found(&self, path: &str) -> Option<&File> {
        let Self::Walk { files, .. } = self else { return None };
        let at = files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        Some(&files[at])
    }
}

/// Everything that was asked while a site was opened.
#[derive(Debug, Default)]
pub(super) struct Trace(Vec<Asked>);

impl Trace {
    /// What `log` holds.
    pub(super) fn new(log: &Log) -> Self {
        Self(log.lock().map(|mut asked| std::mem::take(&mut *asked)).unwrap_or_default())
    }

    /// Asks all of it again. The files that have another stamp now, if nothing else is another; files that were read while
    /// the site was opened must not be among them.
    pub(super) fn changes(&self, folder: &Folder) -> Option<HashMap<String, File>> {
        let mut changes = HashMap::new();
        for asked in &self.0 {
            match asked {
                Asked::Has(path, answer) => (folder.has(path) == *answer).then_some(())?,
                Asked::IsFolder(path, answer) => (folder.is_folder(path) == *answer).then_some(())?,
                Asked::Read(path, stamp) => (folder.stamp(path) == *stamp).then_some(())?,
                Asked::Walk { path, passed, files, problems } => {
                    let mut again = Vec::new();
                    let now = folder.walk_past(path, &|folder| passed.contains(folder), &mut again);
                    (now.len() == files.len() && again == *problems).then_some(())?;
                    for (now, before) in now.into_iter().zip(files) {
                        (now.path == before.path).then_some(())?;
                        if now.stamp != before.stamp {
                            changes.insert(now.path.clone(), now);
                        }
                    }
                }
            }
        }
        Some(changes)
    }

    /// The same of the files at `paths` alone; `None` too where one of them was not found by a walk, or is no file now.
    pub(super) fn changes_of(&self, folder: &Folder, paths: Vec<String>) -> Option<HashMap<String, File>> {
        let mut changes = HashMap::new();
        for path in paths {
            let is_read = |asked: &Asked| matches!(asked, Asked::Read(read, _) if *read == path);
            let before = self.0.iter().find_map(|asked| asked.found(&path)).filter(|_| !self.0.iter().any(is_read))?;
            let stamp = folder.file_stamp(&path)?;
            if stamp != before.stamp {
                changes.insert(path.clone(), File { path, stamp });
            }
        }
        Some(changes)
    }

    /// When the newest of the files that were read for it was written, seconds since the epoch.
    pub(super) fn written(&self) -> Option<i64> {
        let read =
            self.0.iter().filter_map(|asked| if let Asked::Read(_, stamp) = asked { stamp.as_ref() } else { None });
        read.map(Stamp::written).max()
    }

    /// From now on `changes` is how it was.
    pub(super) fn apply(&mut self, changes: &HashMap<String, File>) {
        for asked in &mut self.0 {
            let Asked::Walk { files, .. } = asked else { continue };
            for changed in changes.values() {
                if let Ok(at) = files.binary_search_by(|file| file.path.cmp(&changed.path)) {
                    files[at].clone_from(changed);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_passed_by_may_change_as_they_like() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        for path in ["a.md", "vendor/x.md", "posts/b.md", "posts/vendor/y.md"] {
            write(path, "x");
        }
        let folder = Folder::open(root.path()).unwrap();
        let log = Log::default();
        let past = |folder: &str| folder == "vendor";
        let found = folder.logging(&log).walk_past("", &past, &mut Vec::new());
        let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a.md", "posts/b.md", "posts/vendor/y.md"]);
        let trace = Trace::new(&log);
        let changed = || trace.changes(&folder).map(|changes| changes.into_keys().collect::<Vec<_>>());
        assert_eq!(changed(), Some(Vec::new()));
        write("vendor/x.md", "longer");
        write("vendor/deep/new.md", "new");
        std::os::unix::fs::symlink("/", root.path().join("vendor/out")).unwrap();
        assert_eq!(changed(), Some(Vec::new()), "nobody has looked there");
        write("posts/b.md", "longer");
        assert_eq!(changed(), Some(vec!["posts/b.md".to_owned()]));
        let of = |paths: &[&str]| {
            let paths = paths.iter().map(|path| (*path).to_owned()).collect();
            trace.changes_of(&folder, paths).map(|changes| changes.into_keys().collect::<Vec<_>>())
        };
        assert_eq!(of(&["posts/b.md", "a.md"]), Some(vec!["posts/b.md".to_owned()]));
        assert_eq!(of(&["a.md"]), Some(Vec::new()), "nobody asked for the other one");
        for unknown in ["vendor/x.md", "posts/none.md", "posts"] {
            assert_eq!(of(&["posts/b.md", unknown]), None, "{unknown}");
        }
        fs_err::remove_file(root.path().join("a.md")).unwrap();
        assert_eq!(of(&["a.md"]), None, "it is gone");
        std::os::unix::fs::symlink(root.path().join("posts/b.md"), root.path().join("a.md")).unwrap();
        assert_eq!(of(&["a.md"]), None, "it is a link now");
        fs_err::remove_file(root.path().join("a.md")).unwrap();
        write("a.md", "x");
        write("posts/vendor/new.md", "new");
        assert_eq!(changed(), None, "it is to be laid out anew");
    }
}
