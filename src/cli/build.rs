//! `build`: every feed as a file, the same bytes as `serve` sends.
//!
//! Each file is replaced at once and only when its bytes differ. What an earlier `build` wrote and this one does not is
//! removed; files of others never are.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Context, Exit, counted};
use crate::crypto;
use crate::feed::{self, Document};
use crate::library::{Library, threads};
use crate::post::id;
use crate::problem::{Faults, Severity};

/// Lists what the last `build` wrote: a hash and a path a line.
const MANIFEST: &str = ".postrider-build";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to; made when missing. Files of other names stay
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    // Without a server of its own the site carries the feeds.
    let config = config.with_public_url(&scan.site.url);
    let known = match context.existing_store(&config).await? {
        Some(store) => store.known_posts().await?,
        None => Vec::new(),
    };
    let ids = id::assign(&known, &scan.pages);
    let library = Library::new(&scan, &ids, context.clock.now());
    for problem in library.problems.iter().filter(|problem| problem.severity == Severity::Error) {
        eprintln!("{problem}");
    }
    let feeds = feed::documents(&library.site, &library.posts, &config.feeds, &library.bodies, &BTreeMap::new())
        .map_err(|problem| Faults(vec![problem]))?;
    let tally = export(&arguments.out, &feeds.documents)?;
    say!(
        "{} of {} in {}: {} written, {} unchanged, {} removed",
        counted(feeds.listings.len() as u64, "feed"),
        counted(library.posts.len() as u64, "post"),
        arguments.out.display(),
        counted(tally.written as u64, "file"),
        tally.unchanged,
        tally.removed
    );
    // The program ends: nobody needs all that memory piece by piece.
    std::mem::forget((library, scan, feeds));
    Ok(Exit::Done)
}

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    written: usize,
    unchanged: usize,
    removed: usize,
}

/// Brings `out` to hold `documents`. Interrupted at any point, the next run completes it.
pub fn export(out: &Path, documents: &[Document]) -> io::Result<Tally> {
    fs_err::create_dir_all(out)?;
    let before = read_manifest(out)?;
    let hashes = threads::each(documents.len(), |at| crypto::sha256_hex(&documents[at].body));
    let now: BTreeMap<String, String> =
        documents.iter().zip(hashes).map(|(document, hash)| (document.path.clone(), hash)).collect();
    // First of all both: a run that ends too early must not forget what it may have written.
    let mut both = before.clone();
    both.extend(now.clone());
    write_manifest(out, &both)?;

    let write = |at: usize| {
        let document: &Document = &documents[at];
        let file = out.join(&document.path);
        let differs = !is(&file, &document.body);
        if differs {
            replace(&file, &document.body)?;
        }
        Ok::<bool, io::Error>(differs)
    };
    let mut tally = Tally::default();
    for written in threads::each(documents.len(), write) {
        *(if written? { &mut tally.written } else { &mut tally.unchanged }) += 1;
    }
    for (path, hash) in before.iter().filter(|(path, _)| !now.contains_key(*path)) {
        let file = out.join(path);
        // Somebody else's by now, if its bytes are not what was written here.
        if fs_err::read(&file).is_ok_and(|bytes| crypto::sha256_hex(&bytes) == *hash) {
            fs_err::remove_file(&file)?;
            tally.removed += 1;
            // Folders that are empty now; the first that is not ends it.
            let folders = file.ancestors().skip(1).take_while(|folder| *folder != out);
            let _ = folders.map(fs_err::remove_dir).take_while(Result::is_ok).count();
        }
    }
    write_manifest(out, &now)?;
    Ok(tally)
}

/// Does `file` hold these bytes already?
fn is(file: &Path, bytes: &[u8]) -> bool {
    let size = fs_err::metadata(file).map(|metadata| metadata.len());
    size.is_ok_and(|size| size == bytes.len() as u64) && fs_err::read(file).is_ok_and(|read| read == bytes)
}

/// Whoever opens `file` meanwhile finds the old bytes or the new ones.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(io::Error::other(format!("{} is no file's name", file.display())));
    };
    fs_err::create_dir_all(folder)?;
    let new = folder.join(format!(".{}.new", name.to_string_lossy()));
    fs_err::write(&new, bytes)?;
    fs_err::rename(&new, file)
}

fn read_manifest(out: &Path) -> io::Result<BTreeMap<String, String>> {
    let text = match fs_err::read_to_string(out.join(MANIFEST)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    // A path that leads elsewhere was not written here.
    let below = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    Ok(text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, path)| below(path))
        .map(|(hash, path)| (path.to_owned(), hash.to_owned()))
        .collect())
}

fn write_manifest(out: &Path, files: &BTreeMap<String, String>) -> io::Result<()> {
    let lines: Vec<String> = files.iter().map(|(path, hash)| format!("{hash} {path}\n")).collect();
    let text = lines.concat();
    let file = out.join(MANIFEST);
    if fs_err::read(&file).is_ok_and(|bytes| bytes == text.as_bytes()) {
        Ok(())
    } else {
        replace(&file, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, body: &str) -> Document {
        Document {
            path: path.to_owned(),
            content_type: "text/plain",
            made_of: 0,
            immutable: false,
            entries: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs_err::read_dir(next).expect("a folder") {
                let path = entry.expect("an entry").path();
                let name = path.strip_prefix(folder).expect("below").display().to_string();
                if path.is_dir() {
                    folders.push(path);
                    names.push(format!("{name}/"));
                } else if name != MANIFEST {
                    names.push(name);
                }
            }
        }
        names.sort();
        names
    }

    fn tally(written: usize, unchanged: usize, removed: usize) -> Tally {
        Tally { written, unchanged, removed }
    }

    #[test]
    fn only_what_differs_is_written_and_only_what_is_ours_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("deep/out");
        let (a, b) = (document("rss.xml", "a"), document("tags/x/rss.xml", "b"));
        assert_eq!(export(&out, &[a.clone(), b.clone()]).expect("written"), tally(2, 0, 0));
        let stamp = || fs_err::metadata(out.join("rss.xml")).and_then(|meta| meta.modified()).expect("a time");
        let before = stamp();
        fs_err::write(out.join("index.html"), "theirs").expect("written");
        fs_err::create_dir(out.join("tags/y")).expect("made");
        fs_err::write(out.join("tags/y/rss.xml"), "theirs").expect("written");

        let changed = document("tags/x/rss.xml", "B");
        assert_eq!(export(&out, &[a.clone(), changed]).expect("written"), tally(1, 1, 0));
        assert_eq!(stamp(), before);
        assert_eq!(fs_err::read(out.join("tags/x/rss.xml")).expect("read"), b"B");

        assert_eq!(export(&out, std::slice::from_ref(&a)).expect("written"), tally(0, 1, 1));
        assert_eq!(files(&out), ["index.html", "rss.xml", "tags/", "tags/y/", "tags/y/rss.xml"]);
    }

    #[test]
    fn a_file_that_somebody_else_replaced_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        export(folder.path(), &[document("tags/x/rss.xml", "ours")]).expect("written");
        fs_err::write(folder.path().join("tags/x/rss.xml"), "theirs").expect("written");
        assert_eq!(export(folder.path(), &[]).expect("written"), tally(0, 0, 0));
        assert_eq!(files(folder.path()), ["tags/", "tags/x/", "tags/x/rss.xml"]);
    }

    #[test]
    fn a_manifest_that_leads_out_of_the_folder_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        fs_err::create_dir(&out).expect("made");
        let outside = folder.path().join("precious");
        fs_err::write(&outside, "x").expect("written");
        let hash = crypto::sha256_hex(b"x");
        let lines = format!("{hash} ../precious\n{hash} {}\nnonsense\n", outside.display());
        fs_err::write(out.join(MANIFEST), lines).expect("written");
        assert_eq!(export(&out, &[]).expect("written"), tally(0, 0, 0));
        assert!(outside.exists());
    }
}
