//! Every regular file below a folder. No link is followed; what is odd is a Problem.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use super::{File, Stamp, looks_like_content};
use crate::library::threads;
use crate::problem::Problem;

/// Folders nested deeper are not looked into.
pub(super) const MAX_DEPTH: usize = 40;

/// Fewer folders are not worth a thread.
const FEW: usize = 8;

/// A folder: where it is, and what it is called for people.
type Place = (PathBuf, String);

/// What was found in a folder.
#[derive(Default)]
struct Found {
    /// Ordered by path.
    files: Vec<File>,
    folders: Vec<Place>,
    problems: Vec<Problem>,
}

/// The files below `start`, which is called `shown` and may be a file itself, ordered by path. Names that begin with a dot
/// are passed over, and so are folders for which `past` is true.
pub(super) fn walk(start: PathBuf, shown: &str, past: &dyn Fn(&str) -> bool, problems: &mut Vec<Problem>) -> Vec<File> {
    let mut files = Vec::new();
    let mut odd = Vec::new();
    let mut level = match std::fs::symlink_metadata(&start) {
        Ok(metadata) if metadata.is_file() => {
            return vec![File { path: shown.to_owned(), stamp: Stamp::of(&metadata) }];
        }
        _ => vec![(start, shown.to_owned())],
    };
    // Level by level: the folders of one are looked into side by side.
    for _ in 0..MAX_DEPTH {
        let found = if level.len() < FEW {
            level.iter().map(looked_into).collect()
        } else {
            threads::each(level.len(), |at| looked_into(&level[at]))
        };
        level.clear();
        for mut found in found {
            files.append(&mut found.files);
            odd.append(&mut found.problems);
            level.extend(found.folders.into_iter().filter(|(_, shown)| !past(shown)));
        }
    }
    // Each folder's files are in order already, which a stable sort makes use of.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    // Of whatever the file system's order is.
    odd.sort();
    problems.append(&mut odd);
    files
}

fn looked_into((full, shown): &Place) -> Found {
    let mut found = Found::default();
    let unreadable = |error: &io::Error| {
        Problem::error(shown, None, format!("cannot be looked into: {error}"), "check its permissions")
    };
    let is_text = full.to_str().is_some();
    match std::fs::read_dir(full) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => found.add(shown, is_text, &entry),
                    Err(error) => found.problems.push(unreadable(&error)),
                }
            }
        }
        Err(error) => found.problems.push(unreadable(&error)),
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Found {
    fn add(&mut self, folder: &str, is_text: bool, entry: &std::fs::DirEntry) {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            return;
        }
        let path = below(folder, &name);
        // A file system may keep the kind where it keeps the times.
        let Ok(kind) = entry.file_type() else { return };
        if kind.is_dir() {
            self.folders.push((entry.path(), path));
        } else if !is_text || name.to_str().is_none() {
            self.problems.push(Problem::warning(&path, None, "the file's name is not UTF-8", "rename it"));
        } else if kind.is_symlink() {
            if looks_like_content(&path) || entry.path().is_dir() {
                let hint = "copy what it points to into the folder";
                self.problems.push(Problem::warning(&path, None, "is a symbolic link, which is not followed", hint));
            }
        } else if !kind.is_file() {
            let hint = "remove it from the content folder";
            self.problems.push(Problem::warning(&path, None, "is not a regular file", hint));
        } else if let Ok(metadata) = entry.metadata() {
            self.files.push(File { path, stamp: Stamp::of(&metadata) });
        }
    }
}

fn below(folder: &str, name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let mut path = String::with_capacity(folder.len() + 1 + name.len());
    if !folder.is_empty() {
        path.push_str(folder);
        path.push('/');
    }
    path.push_str(&name);
    path
}
