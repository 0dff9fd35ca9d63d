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

    /// When the newest of the files that were read for it was written, seconds since the epoch.
    pub(super) fn written(&self) -> Option<i64> {
        let read =
            self.0.iter().filter_map(|asked| if let Asked::Read(_, stamp) = asked { stamp.as_ref() } else { None });
        read.map(Stamp::written).max()
    }

    /// From now on `changes` is how it was.
    pub(super) fn apply(&mut self, changes: &HashMap<String, File>) {
        for asked in &mut self.0 {
            if let Asked::Walk { files, .. } = asked {
                for file in files {
                    if let Some(changed) = changes.get(&file.path) {
                        file.clone_from(changed);
                    }
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
        write("posts/vendor/new.md", "new");
        assert_eq!(changed(), None, "it is to be laid out anew");
    }
}
