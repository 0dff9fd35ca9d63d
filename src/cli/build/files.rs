//! The files of a `build`, and the list of them.
//!
//! Each file is replaced at once and only when its bytes differ; it is as old as its bytes, where the store knows how old they
//! are, so that a web server's `Last-Modified` is right. What an earlier `build` wrote and this one does not is removed; files
//! of others never are.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, IoSlice, Write as _};
use std::path::{Component, Path};
use std::time::SystemTime;

use crate::crypto;
use crate::feed::coding::Coding;
use crate::feed::{Document, Format};
use crate::fingerprint;
use crate::library::threads;
use crate::store::FeedVersion;

/// Lists what the last `build` wrote: a hash and a path a line; and [`GONE`] and a path for each feed that an earlier one wrote.
const MANIFEST: &str = ".postrider-build";
const GONE: &str = "gone";

/// How files are to be written.
#[derive(Debug, Default)]
pub struct Wanted {
    /// In every coding too, beside each file.
    pub coded: bool,
    /// What the store knows of documents, by path.
    pub versions: HashMap<String, FeedVersion>,
}

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub written: usize,
    pub unchanged: usize,
    pub removed: usize,
    /// Feeds that earlier runs wrote and that are no more.
    pub gone: BTreeSet<String>,
}

/// A file of ours: its path and the hash of its bytes.
type Written = (String, String);

/// Brings `out` to hold `documents`. Interrupted at any point, the next run completes it.
pub fn export(out: &Path, documents: &[Document], wanted: &Wanted) -> io::Result<Tally> {
    fs_err::create_dir_all(out)?;
    let before = Manifest::read(out)?;
    let hashes = threads::each(documents.len(), |at| fingerprint_of(&pieces(&documents[at])));
    let own: BTreeMap<String, String> =
        documents.iter().zip(&hashes).map(|(document, hash)| (document.path.clone(), hash.clone())).collect();
    // First of all both: a run that ends too early must not forget what it may have written.
    let mut both = Manifest { files: before.files.clone(), gone: before.gone.clone() };
    both.files.extend(own.clone());
    both.write(out)?;

    let bring = |at: usize| bring(out, &documents[at], &hashes[at], wanted, &before);
    let mut now = Manifest { files: own, gone: before.gone.clone() };
    let mut tally = Tally::default();
    for brought in threads::each(documents.len(), bring) {
        for (file, is_new) in brought? {
            *(if is_new { &mut tally.written } else { &mut tally.unchanged }) += 1;
            now.files.extend([file]);
        }
    }
    for (path, hash) in before.files.iter().filter(|(path, _)| !now.files.contains_key(*path)) {
        if is_feed(path) {
            now.gone.insert(path.clone());
        }
        let file = out.join(path);
        // Somebody else's by now, if its bytes are not what was written here.
        if fs_err::read(&file).is_ok_and(|bytes| fingerprint_of(&[&bytes]) == *hash) {
            fs_err::remove_file(&file)?;
            tally.removed += 1;
            // Folders that are empty now; the first that is not ends it.
            let folders = file.ancestors().skip(1).take_while(|folder| *folder != out);
            let _ = folders.map(fs_err::remove_dir).take_while(Result::is_ok).count();
        }
    }
    now.gone.retain(|path| !now.files.contains_key(path));
    now.write(out)?;
    tally.gone = now.gone;
    Ok(tally)
}

/// Brings one document's files to be right; each, and whether it had to be written.
fn bring(
    out: &Path,
    document: &Document,
    hash: &str,
    wanted: &Wanted,
    before: &Manifest,
) -> io::Result<Vec<(Written, bool)>> {
    let file = out.join(&document.path);
    // Hashing takes as long as writing: only where somebody may know the bytes by it.
    let changed_at = wanted.versions.get(&document.path).filter(|version| version.hash == document.sha256_hex());
    let changed_at = changed_at.map(|version| SystemTime::from(version.changed_at));
    let body = pieces(document);
    let differs = !is(&file, &body);
    if differs {
        replace(&file, &body, changed_at)?;
    } else if let Some(changed_at) = changed_at {
        date(&file, changed_at)?;
    }
    let mut files = vec![((document.path.clone(), hash.to_owned()), differs)];
    if !wanted.coded {
        return Ok(files);
    }
    let changed_at = fs_err::metadata(&file)?.modified()?;
    let bytes = LazyCell::new(|| body.concat());
    for coding in Coding::ALL {
        let path = format!("{}.{}", document.path, coding.ending());
        let file = out.join(&path);
        let kept = before.files.get(&path).filter(|_| !differs);
        let kept = kept.filter(|hash| fs_err::read(&file).is_ok_and(|bytes| fingerprint_of(&[&bytes]) == **hash));
        if let Some(hash) = kept {
            date(&file, changed_at)?;
            files.push(((path, hash.clone()), false));
        } else if let Some(coded) = coding.encode(&bytes) {
            let is_new = !is(&file, &[&coded]);
            if is_new {
                replace(&file, &[&coded], Some(changed_at))?;
            }
            files.push(((path, fingerprint_of(&[&coded])), is_new));
        }
    }
    Ok(files)
}

fn pieces(document: &Document) -> Vec<&[u8]> {
    document.body.pieces().map(str::as_bytes).collect()
}

/// What the manifest knows a file's bytes by.
fn fingerprint_of(pieces: &[&[u8]]) -> String {
    crypto::hex(&fingerprint::stable_of(pieces.iter().copied()))
}

/// Does `file` hold these bytes already?
pub fn is(file: &Path, pieces: &[&[u8]]) -> bool {
    let size: usize = pieces.iter().map(|piece| piece.len()).sum();
    if fs_err::metadata(file).ok().is_none_or(|metadata| metadata.len() != size as u64) {
        return false;
    }
    fs_err::read(file).is_ok_and(|read| {
        let mut rest = read.as_slice();
        pieces.iter().all(|piece| rest.strip_prefix(*piece).map(|behind| rest = behind).is_some()) && rest.is_empty()
    })
}

/// Whoever opens `file` meanwhile finds the old bytes or the new ones.
pub fn replace(file: &Path, pieces: &[&[u8]], changed_at: Option<SystemTime>) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(io::Error::other(format!("{} is no file's name", file.display())));
    };
    fs_err::create_dir_all(folder)?;
    let new = folder.join(format!(".{}.new", name.to_string_lossy()));
    write(&new, pieces)?;
    if let Some(changed_at) = changed_at {
        date(&new, changed_at)?;
    }
    fs_err::rename(&new, file)
}

/// Many pieces at once: a large feed has thousands.
fn write(file: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut out = fs_err::File::create(file)?;
    let filled = pieces.iter().filter(|piece| !piece.is_empty());
    let mut slices: Vec<IoSlice<'_>> = filled.map(|piece| IoSlice::new(piece)).collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match out.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Gives `file` that time of change, where it has another.
fn date(file: &Path, changed_at: SystemTime) -> io::Result<()> {
    if fs_err::metadata(file)?.modified()? == changed_at {
        return Ok(());
    }
    fs_err::OpenOptions::new().write(true).open(file)?.file().set_modified(changed_at)
}

/// Is it a feed that people subscribe to?
fn is_feed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    Format::ALL.iter().any(|format| format.file_name() == name) && !path.split('/').any(|part| part == "archives")
}

/// See [`MANIFEST`].
#[derive(Debug, Default)]
struct Manifest {
    files: BTreeMap<String, String>,
    gone: BTreeSet<String>,
}

impl Manifest {
    fn read(out: &Path) -> io::Result<Self> {
        let text = match fs_err::read_to_string(out.join(MANIFEST)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        // A path that leads elsewhere was not written here.
        let below = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        let mut manifest = Self::default();
        for (hash, path) in text.lines().filter_map(|line| line.split_once(' ')).filter(|(_, path)| below(path)) {
            if hash == GONE {
                manifest.gone.insert(path.to_owned());
            } else {
                manifest.files.insert(path.to_owned(), hash.to_owned());
            }
        }
        Ok(manifest)
    }

    fn write(&self, out: &Path) -> io::Result<()> {
        let gone = self.gone.iter().map(|path| format!("{GONE} {path}\n"));
        let files = self.files.iter().map(|(path, hash)| format!("{hash} {path}\n"));
        let text: String = gone.chain(files).collect();
        let file = out.join(MANIFEST);
        let text = [text.as_bytes()];
        if is(&file, &text) { Ok(()) } else { replace(&file, &text, None) }
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
            body: body.into(),
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

    fn export(out: &Path, documents: &[Document]) -> io::Result<(usize, usize, usize)> {
        super::export(out, documents, &Wanted::default()).map(|tally| (tally.written, tally.unchanged, tally.removed))
    }

    #[test]
    fn only_what_differs_is_written_and_only_what_is_ours_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("deep/out");
        let (a, b) = (document("rss.xml", "a"), document("tags/x/rss.xml", "b"));
        assert_eq!(export(&out, &[a.clone(), b.clone()]).expect("written"), (2, 0, 0));
        let stamp = || fs_err::metadata(out.join("rss.xml")).and_then(|meta| meta.modified()).expect("a time");
        let before = stamp();
        fs_err::write(out.join("index.html"), "theirs").expect("written");
        fs_err::create_dir(out.join("tags/y")).expect("made");
        fs_err::write(out.join("tags/y/rss.xml"), "theirs").expect("written");

        let changed = document("tags/x/rss.xml", "B");
        assert_eq!(export(&out, &[a.clone(), changed]).expect("written"), (1, 1, 0));
        assert_eq!(stamp(), before);
        assert_eq!(fs_err::read(out.join("tags/x/rss.xml")).expect("read"), b"B");

        assert_eq!(export(&out, std::slice::from_ref(&a)).expect("written"), (0, 1, 1));
        assert_eq!(files(&out), ["index.html", "rss.xml", "tags/", "tags/y/", "tags/y/rss.xml"]);
    }

    #[test]
    fn a_file_that_somebody_else_replaced_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        export(folder.path(), &[document("tags/x/rss.xml", "ours")]).expect("written");
        fs_err::write(folder.path().join("tags/x/rss.xml"), "theirs").expect("written");
        assert_eq!(export(folder.path(), &[]).expect("written"), (0, 0, 0));
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
        assert_eq!(export(&out, &[]).expect("written"), (0, 0, 0));
        assert!(outside.exists());
    }

    #[test]
    fn coded_files_stand_beside_and_are_as_old_as_their_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let body = "<item>words</item>".repeat(500);
        let document = document("tags/x/rss.xml", &body);
        let hash = crypto::sha256_hex(body.as_bytes());
        let changed_at = "2026-11-20T10:00:00.5Z".parse().expect("a time");
        let version = FeedVersion { path: document.path.clone(), hash, changed_at };
        let wanted = Wanted { coded: true, versions: [(version.path.clone(), version)].into() };
        let run = |documents: &[Document]| {
            let tally = super::export(folder.path(), documents, &wanted).expect("written");
            ((tally.written, tally.unchanged, tally.removed), tally.gone.into_iter().collect::<Vec<_>>())
        };
        let all =
            ["tags/", "tags/x/", "tags/x/rss.xml", "tags/x/rss.xml.br", "tags/x/rss.xml.gz", "tags/x/rss.xml.zst"];
        assert_eq!(run(std::slice::from_ref(&document)), ((4, 0, 0), vec![]));
        assert_eq!(files(folder.path()), all);
        let time =
            |name: &str| fs_err::metadata(folder.path().join(name)).and_then(|meta| meta.modified()).expect("a time");
        for name in &all[2..] {
            assert_eq!(time(name), SystemTime::from(changed_at), "{name}");
        }
        // A coded file that is not ours any more is made again.
        fs_err::write(folder.path().join("tags/x/rss.xml.gz"), "theirs").expect("written");
        assert_eq!(run(std::slice::from_ref(&document)), ((1, 3, 0), vec![]));
        let other = Document { body: format!("{body}!").into(), ..document.clone() };
        assert_eq!(run(&[other]), ((4, 0, 0), vec![]));
        assert!(time("tags/x/rss.xml.br") == time("tags/x/rss.xml") && time("tags/x/rss.xml") > changed_at.into());
        // What was there once is remembered.
        assert_eq!(run(&[]), ((0, 0, 4), vec!["tags/x/rss.xml".to_owned()]));
        assert_eq!(run(&[]), ((0, 0, 0), vec!["tags/x/rss.xml".to_owned()]));
        assert_eq!(run(&[document]), ((4, 0, 0), vec![]));
    }
}
