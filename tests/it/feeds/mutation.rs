//! Real files with real faults: bytes flipped, cut, doubled, mixed and broken, thousands of times. Whatever becomes of a
//! page, nothing panics, and what is published is well-formed and harmless.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use postrider::feed::{self, Document};
use postrider::library::{self, Library, Scanner};
use postrider::post::id;

use super::agreement::{self, Folder};
use super::hostile::settings;
use super::noise::Noise;
use super::of_library;
use crate::support::peers;

/// What means something to one of the readers between a file and a feed.
const WORDS: [&[u8]; 32] = [
    b"---\n",
    b"+++\n",
    b"{\n",
    b"\n---\n\n",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xe4\xba",
    b"\0",
    b"\r",
    b"&a *a ",
    b"[[[[[[[[",
    b"{\"\":[",
    b"date: 9999999999-99-99\n",
    b"date: -0001-01-01T00:00:00+99:99\n",
    b"date: 12:30\n",
    b"tags: {a: [b, {c: d}]}\n",
    b"url: ../../../etc/passwd\n",
    b"slug: /\n",
    b"aliases: 7\n",
    b"<script>alert(1)</script>",
    b"<img src=x onerror=alert(1)>",
    b"<svg><style><img src=x onerror=alert(1)>",
    b"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=x onerror=alert(1)&gt;\">",
    b"<a href=\"java\tscript:alert(1)\">",
    b"[x](javascript:alert(1))",
    b"<table><tr><td>",
    b"<!--",
    b"]]>",
    b"```",
    b"{{< figure src=\"",
    b"{{% /x %}}",
    b"<plaintext>",
];

/// The file with some of its bytes changed; `other` is one to mix in.
pub fn mutated(noise: &mut Noise, mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
    for _ in 0..=noise.next(6) {
        // Most that can go wrong does so in the header.
        let near = if noise.next(2) == 0 { bytes.len().min(400) } else { bytes.len() };
        let at = noise.next(near + 1);
        let length = noise.next(60).min(bytes.len() - at);
        match noise.next(8) {
            0 => {
                bytes.drain(at..at + length);
            }
            1 => {
                let copy = bytes[at..at + length].repeat(1 + noise.next(50));
                bytes.splice(at..at, copy);
            }
            2 => bytes.truncate(at),
            3 if at < bytes.len() => bytes[at] ^= 1 << noise.next(8),
            4 => {
                let from = noise.next(other.len() + 1);
                let to = (from + noise.next(400)).min(other.len());
                bytes.splice(at..at + length, other[from..to].iter().copied());
            }
            5 => {
                bytes.splice(at..at, WORDS[noise.next(WORDS.len())].repeat(1 + noise.next(200)));
            }
            _ => {
                bytes.splice(at..at + length.min(3), WORDS[noise.next(WORDS.len())].iter().copied());
            }
        }
    }
    bytes
}

/// Every file of the real site, or of ours where there is none, and the site's folder.
fn files(into: &Path) -> (PathBuf, Vec<PathBuf>) {
    let root = into.join("site");
    if let Some(corpora) = peers::corpora() {
        let archive = corpora.join("sofastack.tar.gz");
        peers::run(Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(into), b"");
        fs_err::rename(into.join("sofastack"), &root).expect("in place");
    } else {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feeds");
        peers::run(Command::new("cp").arg("-R").arg(ours).arg(&root), b"");
    }
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|entry| entry.expect("an entry"));
    let files = files.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect();
    (root, files)
}

/// Feeds of whatever can be read there.
fn published(root: &Path) -> Vec<Document> {
    let url = Some("https://www.example.org/".to_owned());
    let begun = Instant::now();
    let scan = Scanner::new(library::Settings { root: root.to_owned(), url, ..library::Settings::default() }).scan();
    // A site whose own configuration is broken is a Problem and nothing more.
    let Ok(scan) = scan else { return Vec::new() };
    let ids = id::assign(&[], &scan.pages);
    let library = Library::new(&scan, &ids, "2026-11-22T12:00:00Z".parse().expect("a time"));
    let (documents, _) = of_library(&library, &feed::Settings { by: Vec::new(), ..settings() });
    // Not optimised, and beside other tests: only what is endless or quadratic takes longer.
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    documents
}

#[test]
fn broken_pages_of_a_real_site_in_every_parser() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, files) = files(folder.path());
    let whole: Vec<Vec<u8>> = files.iter().map(|file| fs_err::read(file).expect("a file")).collect();
    let is_page = |file: &Path| file.extension().is_some_and(|end| end == "md");
    let mut noise = Noise(0xb20c_e5ed);
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let rounds = if std::env::var_os("POSTRIDER_TEST_LONG").is_some() { 50 } else { 1 };
    for _ in 0..rounds {
        for (file, bytes) in files.iter().zip(&whole).filter(|(file, _)| is_page(file)) {
            let other = &whole[noise.next(whole.len())];
            fs_err::write(file, mutated(&mut noise, bytes.clone(), other)).expect("written");
        }
        let documents = published(&root);
        assert!(documents[0].body.len() > 10_000, "hardly a post is left");
        agreement::of_all_parsers(&Folder::of(&documents), &settings().public_url);
    }
    // Of the generator's configuration too; few posts will do.
    for file in files.iter().filter(|file| is_page(file)).skip(30) {
        fs_err::remove_file(file).expect("removed");
    }
    for _ in 0..rounds * 40 {
        for (file, bytes) in files.iter().zip(&whole).filter(|(file, _)| !is_page(file)) {
            fs_err::write(file, mutated(&mut noise, bytes.clone(), bytes)).expect("written");
        }
        for document in published(&root).iter().filter(|document| document.content_type.contains("xml")) {
            let read = feed_rs::parser::parse(document.body.to_bytes().as_slice());
            read.unwrap_or_else(|error| panic!("{}: {error}", document.path));
        }
    }
}
