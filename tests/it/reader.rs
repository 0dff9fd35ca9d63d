//! Reading sites: real ones against what their own generator says, small ones of ours, and hostile ones.

mod calls;
mod corpora;
mod generators;
mod hugo;
mod programs;
mod sites;
mod watching;
mod weeklies;
mod zola_hexo;

use std::path::Path;

use postrider::library::{Library, Scan, Scanner, Settings};
use postrider::post::body::{Bodies as _, Shown};
use postrider::post::id;
use postrider::problem::Problem;

/// A scan of the site in `root`, at `https://www.example.org/` unless its configuration says otherwise.
fn scan(root: &Path) -> Scan {
    Scanner::new(settings(root)).scan().unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn settings(root: &Path) -> Settings {
    Settings { root: root.to_owned(), ..Settings::default() }
}

/// A site's folder with these files.
fn site(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, content) in files {
        let path = folder.path().join(path);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs_err::write(path, content).expect("a file");
    }
    folder
}

/// `path:line` of each Problem, and the first word that tells it apart.
fn places(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|problem| format!("{}:{}", problem.path, problem.line.unwrap_or(0))).collect()
}

/// What each page shows, in the order of the pages.
fn shown(scan: &Scan) -> Vec<std::sync::Arc<Shown>> {
    let library = Library::new(scan, &id::assign(&[], &scan.pages), chrono::DateTime::UNIX_EPOCH);
    let full = scan.bodies.full(&library.all).unwrap_or_else(|problem| panic!("{problem}"));
    full.into_iter().map(|full| full.shown).collect()
}

/// What the page at `path` shows.
fn shown_at(scan: &Scan, path: &str) -> std::sync::Arc<Shown> {
    let at = scan.pages.iter().position(|page| page.path == path).unwrap_or_else(|| panic!("no {path}"));
    shown(scan).swap_remove(at)
}
