//! Nothing of what is no Post gets out by any door: documents in every coding, deltas, tombstones, listings, addresses of the
//! past, what hubs are told, exported files. In the fixture site all that is no Post says `secret`.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use postrider::clock::Clock;
use postrider::feed::coding::Coding;
use postrider::http::Published;
use postrider::http::served::Coded;
use postrider::library::{self, Scanner};
use postrider::publisher::{self, Parts};
use postrider::store::{self, Store};

use super::hostile::settings;
use crate::support::databases;

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

/// A copy of the site of everything that breaks feeds.
fn site(folder: &Path) -> std::path::PathBuf {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feeds");
    let copied = Command::new("cp").arg("-r").arg(fixture).arg(folder.join("site")).status().expect("cp");
    assert!(copied.success());
    folder.join("site")
}

/// The body as a reader gets it, in whatever coding: all are the same text.
fn texts(body: &Coded) -> Vec<String> {
    let decoded = body.all().map(|variant| {
        let bytes = &variant.bytes[..];
        let mut out = Vec::new();
        match variant.coding {
            None => out = bytes.to_vec(),
            Some(Coding::Gzip) => {
                std::io::copy(&mut flate2::read::GzDecoder::new(bytes), &mut out).expect("gzip");
            }
            Some(Coding::Brotli) => {
                std::io::copy(&mut brotli::Decompressor::new(bytes, 4096), &mut out).expect("brotli");
            }
            Some(Coding::Zstd) => zstd::stream::copy_decode(bytes, &mut out).expect("zstd"),
        }
        String::from_utf8(out).expect("UTF-8")
    });
    decoded.collect()
}

fn all_that_is_said(published: &Published) -> Vec<(String, String)> {
    let mut said: Vec<(String, String)> = Vec::new();
    for (path, served) in &published.documents {
        let bodies = std::iter::once(&served.body).chain(served.deltas.iter().map(|delta| &delta.body));
        for texts in bodies.map(texts) {
            assert!(texts.iter().all(|text| *text == texts[0]), "{path}: codings differ");
            said.push((path.clone(), format!("{path} {} {:?}", texts[0], served.link)));
        }
    }
    said.push(("listings".to_owned(), format!("{:?}", published.listings)));
    said.push(("the past".to_owned(), format!("{:?}", published.past)));
    said
}

fn assert_no_leak(published: &Published) {
    for (what, said) in all_that_is_said(published) {
        assert!(!said.to_lowercase().contains("secret"), "{what} holds what is no Post");
    }
}

#[tokio::test]
async fn by_no_door() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = site(folder.path());
    let store = store::Settings { url: databases::sqlite(folder.path()), secret: None };
    let mut parts = Parts {
        scanner: Scanner::new(library::Settings { root: root.clone(), ..library::Settings::default() }),
        store: Store::open(&store).await.expect("a store"),
        identities: publisher::Identities::default(),
        memory: publisher::Memory::default(),
        feeds: postrider::feed::Settings { deltas: true, tombstones: true, ..settings() },
        published: Arc::new(ArcSwap::default()),
        digests: Vec::new(),
        clock: Clock::fixed(now()),
        rescan: std::time::Duration::from_mins(5),
    };
    publisher::step(&mut parts, now()).await.expect("a step");
    let first = parts.published.load_full();
    assert_no_leak(&first);
    // A post is taken back, another is edited: deltas, tombstones and the past have something to say.
    let post = |name: &str| root.join(format!("content/zh/blog/{name}.md"));
    let text = fs_err::read_to_string(post("entities")).expect("read");
    fs_err::write(post("entities"), text.replacen("---\n", "---\ndraft: true\n", 1)).expect("written");
    let text = fs_err::read_to_string(post("markdown")).expect("read");
    fs_err::write(post("markdown"), format!("{text}\nMore words.\n")).expect("written");
    publisher::step(&mut parts, now() + chrono::Duration::minutes(1)).await.expect("a step");
    let second = parts.published.load_full();
    assert_no_leak(&second);
    assert!(second.documents.values().any(|served| !served.deltas.is_empty()));
    let atom = texts(&second.documents["atom.xml"].body).remove(0);
    assert_eq!(atom.matches("<at:deleted-entry").count(), 1);
    assert!(!atom.contains("AT&amp;T") && !atom.contains("AT&#x26;T"), "what was taken back is still shown");
    assert!(second.past.all().count() > 3, "{:?}", second.past);
}

#[test]
fn nor_by_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, out) = (site(folder.path()), folder.path().join("out"));
    let built = Command::new(env!("CARGO_BIN_EXE_postrider"))
        .arg("--site")
        .arg(&root)
        .args(["build", "--for", "netlify", "--for", "nginx", "--out"])
        .arg(&out)
        .output()
        .expect("the program");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut files = 0;
    for entry in walkdir::WalkDir::new(&out).into_iter().map(|entry| entry.expect("a file")) {
        assert!(!entry.path().to_string_lossy().to_lowercase().contains("secret"), "{}", entry.path().display());
        if entry.file_type().is_file() {
            files += 1;
            let bytes = fs_err::read(entry.path()).expect("read");
            let leak = String::from_utf8_lossy(&bytes).to_lowercase().contains("secret");
            assert!(!leak, "{} holds what is no Post", entry.path().display());
        }
    }
    assert!(files > 100, "{files}");
}
