//! Feeds read back by programs that know nothing of us, and what they must agree on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use postrider::feed::Document;

use crate::support::peers;

/// Documents written to a temporary folder.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub fn of(documents: &[Document]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for document in documents {
            let file = folder.path().join(&document.path);
            fs_err::create_dir_all(file.parent().expect("its folder")).expect("made");
            fs_err::write(file, document.body.to_bytes()).expect("written");
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Every file of that name.
    fn files(&self, name: &str) -> Vec<PathBuf> {
        let files =
            walkdir::WalkDir::new(self.path()).sort_by_file_name().into_iter().map(|entry| entry.expect("an entry"));
        files.filter(|entry| entry.file_name() == name).map(walkdir::DirEntry::into_path).collect()
    }
}

/// What a reader sees of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(from = "(String, String, Option<i64>, String)")]
pub struct Seen {
    pub id: String,
    pub title: String,
    /// Seconds since the epoch; `None` where the parser gave up on the year.
    pub published: Option<i64>,
    pub link: String,
}

impl From<(String, String, Option<i64>, String)> for Seen {
    fn from((id, title, published, link): (String, String, Option<i64>, String)) -> Self {
        Self { id, title, published, link }
    }
}

type Read = BTreeMap<String, BTreeMap<String, Vec<Seen>>>;

/// Runs every validator over the folder, reads every feed with every parser and demands that they see the same entries
/// in the same order in all three formats. Returns them by path.
pub fn of_all_parsers(folder: &Folder, public_url: &str) -> BTreeMap<String, Vec<Seen>> {
    let (rss, atom) = (folder.files("rss.xml"), folder.files("atom.xml"));
    assert!(!rss.is_empty() && rss.len() == atom.len() && rss.len() == folder.files("feed.json").len());
    peers::run(
        Command::new("xmllint")
            .args(["--noout", "--huge", "--nonet"])
            .args(&rss)
            .args(&atom)
            .arg(folder.path().join("feeds.opml")),
        b"",
    );
    for schema in schemas() {
        peers::run(Command::new("jing").arg("-c").arg(schema).args(&atom), b"");
    }

    let mut read: Read =
        serde_json::from_str(&peers::run(peers::python("feeds.py").arg(folder.path()).arg(public_url), b""))
            .expect("its JSON");
    let more: Read =
        serde_json::from_str(&peers::run(peers::node("feeds.js").arg(folder.path()), b"")).expect("its JSON");
    for (path, parsers) in more {
        read.entry(path).or_default().extend(parsers);
    }
    for file in rss.iter().chain(&atom).chain(&folder.files("feed.json")) {
        let path = file.strip_prefix(folder.path()).expect("below").to_string_lossy().into_owned();
        read.entry(path).or_default().insert("feed-rs".to_owned(), by_feed_rs(file));
    }
    let newsboat: BTreeMap<String, Vec<Seen>> = ["rss.xml", "atom.xml"]
        .map(|name| {
            (
                name.to_owned(),
                read.remove(&format!("newsboat {name}")).unwrap_or_default().remove("newsboat").unwrap_or_default(),
            )
        })
        .into();

    let mut out = BTreeMap::new();
    for (path, parsers) in read {
        let (base, file) = path.rsplit_once('/').map_or(("", path.as_str()), |(base, file)| (base, file));
        assert!(parsers.len() >= 3, "{path} was read by {:?} alone", parsers.keys());
        let own = |parser: &str| parsers.get(parser);
        let reference = own("lxml").or(own("json")).unwrap_or_else(|| panic!("{path} was not read")).clone();
        for (parser, entries) in &parsers {
            assert_eq!(entries.len(), reference.len(), "{parser} counts the entries of {path} differently");
            for (seen, expected) in entries.iter().zip(&reference) {
                let expected = as_seen_by(parser, file, expected);
                let seen = Seen { published: seen.published.and(expected.published), ..seen.clone() };
                assert_eq!(seen, expected, "{parser} in {path}");
            }
        }
        if let Some(before) = out.get(&format!("{base}{}atom.xml", if base.is_empty() { "" } else { "/" })) {
            assert_eq!(before, &reference, "{path} and atom.xml hold different entries");
        }
        out.insert(path, reference);
    }
    // Newsboat keys entries by their id, over all feeds.
    for (name, mut seen) in newsboat {
        let mut expected: Vec<Seen> = out
            .iter()
            .filter(|(path, _)| path.rsplit('/').next() == Some(&name))
            .flat_map(|(path, entries)| entries.iter().map(|entry| as_seen_by("newsboat", path, entry)))
            .collect();
        expected.sort();
        expected.dedup();
        seen.sort();
        // Its dates are 32 bits wide.
        let wide =
            |entry: &Seen| Seen { published: entry.published.filter(|at| u32::try_from(*at).is_ok()), ..entry.clone() };
        for (seen, expected) in seen.iter().zip(expected.iter().map(wide)) {
            let seen = Seen { published: seen.published.and(expected.published), ..seen.clone() };
            assert_eq!(seen, expected, "newsboat in {name}");
        }
        assert_eq!(seen.len(), expected.len(), "newsboat in {name}");
    }
    out
}

/// Known ways of parsers that are no fault of the feed.
fn as_seen_by(parser: &str, file: &str, entry: &Seen) -> Seen {
    let mut seen = entry.clone();
    // They do not tell that an Atom title says it is HTML.
    if matches!(parser, "rss-parser" | "feedsmith" | "rowanmanning") && file == "atom.xml" && entry.title.contains("</")
    {
        seen.title = postrider::feed::text::html(&entry.title);
    }
    // They take the dots out of addresses, as browsers do (URL Standard, path state).
    if let ("feed-rs" | "rowanmanning" | "newsboat", Ok(link)) = (parser, url::Url::parse(&entry.link)) {
        seen.link = link.into();
    }
    seen
}

/// Ours always, and RFC 4287's own appendix B where it is at hand.
fn schemas() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let theirs = root.join("../shared/checks/atom.rnc");
    std::iter::once(root.join("tests/peers/atom.rnc")).chain(theirs.is_file().then_some(theirs)).collect()
}

fn by_feed_rs(file: &Path) -> Vec<Seen> {
    let bytes = fs_err::read(file).expect("a feed");
    let feed =
        feed_rs::parser::parse(bytes.as_slice()).unwrap_or_else(|error| panic!("feed-rs: {}: {error}", file.display()));
    feed.entries
        .into_iter()
        .map(|entry| Seen {
            id: entry.id,
            title: entry.title.map(shown).unwrap_or_default(),
            published: entry.published.map(|date| date.timestamp()),
            link: entry.links.into_iter().next().map(|link| link.href).unwrap_or_default(),
        })
        .collect()
}

/// It hands out HTML for what an Atom feed says is HTML.
fn shown(title: feed_rs::model::Text) -> String {
    if title.content_type.subty() != "html" {
        return title.content;
    }
    title.content.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
