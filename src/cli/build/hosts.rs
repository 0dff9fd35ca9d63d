//! What those who serve the files have to be told, so that they serve them as we would: headers, and where feeds went.
//!
//! Netlify and Cloudflare Pages read `_headers` and `_redirects` at the top of what is deployed. What others wrote into them stays;
//! ours stands between two marks. nginx includes a file.

mod nginx;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::files::{is, replace};
use crate::feed::legacy;
use crate::feed::past::{Fate, Past};
use crate::feed::{Family, Feeds, Format, OPML, STYLESHEET, Settings, address};

/// Who serves the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Host {
    /// Writes .gz, .br and .zst files, and .postrider-nginx.conf to be included in a `server`
    Nginx,
    /// Writes into _headers and _redirects
    Netlify,
    /// Writes into _headers and _redirects
    Cloudflare,
}

/// As `serve` sends them.
const CACHE: &str = "public, max-age=900, stale-while-revalidate=3600, stale-if-error=86400";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const HEADERS: [(&str, &str); 4] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Last-Modified, Link"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'"),
];

const BEGIN: &str = "# postrider: begin (what is between the two marks is written anew by each build)";
const END: &str = "# postrider: end";

/// Redirects that Cloudflare Pages takes.
const MOST: usize = 2000;

/// Addresses that no file answers. All are paths below the public address, decoded.
#[derive(Debug, Default)]
pub struct Elsewhere {
    /// Where feeds are that had, or may be thought to have, another address.
    pub moved: BTreeMap<String, String>,
    /// Feeds that there were.
    pub withdrawn: BTreeSet<String>,
}

impl Elsewhere {
    /// `gone`: documents of earlier builds. A file of somebody else's in `out` is left to be served.
    pub fn new(out: &Path, feeds: &Feeds, past: &Past, gone: BTreeSet<String>) -> Self {
        let there: BTreeSet<&str> = feeds.documents.iter().map(|document| document.path.as_str()).collect();
        let mut elsewhere = Self { withdrawn: gone, ..Self::default() };
        for (folder, fate) in past.all() {
            for name in Format::ALL.map(Format::file_name) {
                let path = format!("{folder}{name}");
                match fate {
                    Fate::Moved(to) if there.contains(format!("{to}{name}").as_str()) => {
                        elsewhere.withdrawn.remove(&path);
                        elsewhere.moved.insert(path, format!("{to}{name}"));
                    }
                    Fate::Moved(_) | Fate::Withdrawn => drop(elsewhere.withdrawn.insert(path)),
                }
            }
        }
        let is_there = |folder: &str| there.contains(format!("{folder}{}", Format::Rss.file_name()).as_str());
        for path in feeds.listings.iter().flat_map(|listing| old_addresses(listing.family, &listing.folder)) {
            if let Some((folder, format)) = legacy::target(&path, &is_there) {
                elsewhere.moved.entry(path).or_insert_with(|| format!("{folder}{}", format.file_name()));
            }
        }
        elsewhere.moved.retain(|path, to| path != to && !there.contains(path.as_str()) && !out.join(path).is_file());
        elsewhere.withdrawn.retain(|path| !there.contains(path.as_str()));
        elsewhere
    }
}

/// Where generators put the feed of that folder (encoded), decoded.
fn old_addresses(family: Option<Family>, folder: &str) -> Vec<String> {
    let folder = percent_encoding::percent_decode_str(folder).decode_utf8_lossy();
    let names: &[&str] = match family {
        None => &["index.xml", "feed.xml", "rss2.xml", "feed/", "rss/", "feeds/all.atom.xml", "feeds/all.rss.xml"],
        Some(Family::Section) => &["index.xml", "feed.xml", "rss.xml", "atom.xml", "feed.json"],
        Some(_) => &["index.xml", "feed.xml"],
    };
    let folder = folder.strip_prefix("sections/").unwrap_or(&folder);
    names.iter().map(|name| format!("{folder}{name}")).collect()
}

impl Host {
    /// Writes what the host reads; whether anything had to be written, and what a person should know.
    pub fn write(self, out: &Path, settings: &Settings, elsewhere: &Elsewhere) -> io::Result<(bool, Option<String>)> {
        if self == Self::Nginx {
            let text = nginx::snippet(settings, elsewhere);
            let file = out.join(nginx::NAME);
            let differs = !is(&file, &[text.as_bytes()]);
            if differs {
                replace(&file, &[text.as_bytes()], None)?;
            }
            return Ok((differs, None));
        }
        let base = base(settings);
        let headers = set(&out.join("_headers"), &headers(&base))?;
        let limit = if self == Self::Cloudflare { MOST } else { usize::MAX };
        let redirects = set(&out.join("_redirects"), &redirects(&base, elsewhere, limit))?;
        let too_many = elsewhere.moved.len().saturating_sub(limit);
        let note = (too_many > 0).then(|| {
            format!(
                "_redirects: {too_many} old addresses of feeds are left out: Cloudflare Pages takes {MOST} redirects"
            )
        });
        Ok((headers || redirects, note))
    }
}

/// Path of the public address; ends in `/`.
fn base(settings: &Settings) -> String {
    url::Url::parse(&settings.public_url).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned())
}

fn headers(base: &str) -> String {
    let mut out = String::new();
    let mut rule = |path: &str, content_type: &str, cache: &str| {
        let _ = writeln!(out, "{base}{path}\n  Content-Type: {content_type}\n  Cache-Control: {cache}");
        for (name, value) in HEADERS {
            let _ = writeln!(out, "  {name}: {value}");
        }
    };
    let folders = ["", ":language/", "tags/:name/", "categories/:name/", "authors/:name/", "sections/:name/"];
    for folder in folders {
        for format in Format::ALL {
            rule(&format!("{folder}{}", format.file_name()), format.content_type(), CACHE);
            rule(&format!("{folder}archives/:hash/{}", format.file_name()), format.content_type(), FOR_EVER);
        }
    }
    rule(OPML, "text/x-opml; charset=utf-8", CACHE);
    rule(STYLESHEET, "text/css; charset=utf-8", CACHE);
    out
}

fn redirects(base: &str, elsewhere: &Elsewhere, limit: usize) -> String {
    let encoded = address::encoded;
    let moved = elsewhere.moved.iter().take(limit);
    let moved = moved.map(|(path, to)| format!("{base}{} {base}{} 301\n", encoded(path), encoded(to)));
    // Neither host says 410; without a file they say 404.
    let withdrawn = elsewhere.withdrawn.iter().map(|path| format!("# withdrawn: {base}{}\n", encoded(path)));
    moved.chain(withdrawn).collect()
}

/// Puts `ours` between the marks in `file`; was it not there?
fn set(file: &Path, ours: &str) -> io::Result<bool> {
    let before = match fs_err::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let ours = format!("{BEGIN}\n{ours}{END}\n");
    let text = match (before.find(BEGIN), before.find(END)) {
        (Some(begin), Some(end)) if begin < end => {
            let rest = &before[end + END.len()..];
            format!("{}{ours}{}", &before[..begin], rest.strip_prefix('\n').unwrap_or(rest))
        }
        // Of several rules for one address the first counts: the owner's.
        _ if before.is_empty() || before.ends_with('\n') => format!("{before}{ours}"),
        _ => format!("{before}\n{ours}"),
    };
    if text == before {
        return Ok(false);
    }
    replace(file, &[text.as_bytes()], None)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere() -> Elsewhere {
        let moved = [("index.xml", "rss.xml"), ("tags/云/rss.xml", "tags/cloud native/rss.xml")];
        Elsewhere {
            moved: moved.map(|(from, to)| (from.to_owned(), to.to_owned())).into(),
            withdrawn: ["tags/x/rss.xml".to_owned()].into(),
        }
    }

    fn settings() -> Settings {
        Settings { public_url: "https://www.example.org/blog/".to_owned(), ..Settings::default() }
    }

    #[test]
    fn what_others_wrote_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, elsewhere) = (folder.path().join("_redirects"), elsewhere());
        fs_err::write(&file, "/mine /yours 302").expect("written");
        let write =
            |elsewhere: &Elsewhere| Host::Netlify.write(folder.path(), &settings(), elsewhere).expect("written").0;
        assert!(write(&elsewhere));
        assert!(!write(&elsewhere));
        let text = |name: &str| fs_err::read_to_string(folder.path().join(name)).expect("read");
        let expected = format!(
            "/mine /yours 302\n{BEGIN}\n/blog/index.xml /blog/rss.xml 301\n\
             /blog/tags/%E4%BA%91/rss.xml /blog/tags/cloud%20native/rss.xml 301\n# withdrawn: /blog/tags/x/rss.xml\n{END}\n"
        );
        assert_eq!(text("_redirects"), expected);
        fs_err::write(&file, format!("{expected}/more /yours\n")).expect("written");
        assert!(write(&Elsewhere::default()));
        assert_eq!(text("_redirects"), format!("/mine /yours 302\n{BEGIN}\n{END}\n/more /yours\n"));

        let headers = text("_headers");
        // Cloudflare Pages takes 100 rules.
        assert_eq!(headers.lines().filter(|line| line.starts_with('/')).count(), 38);
        let rule = "/blog/tags/:name/atom.xml\n  Content-Type: application/atom+xml; charset=utf-8\n  Cache-Control: public, max-age=900,";
        assert!(headers.contains(rule), "{headers}");
        assert!(headers.contains("/blog/:language/archives/:hash/feed.json\n  Content-Type: application/feed+json\n  Cache-Control: public, max-age=31536000, immutable\n"));
    }

    #[test]
    fn more_redirects_than_the_host_takes_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let moved = (0..MOST + 5).map(|number| (format!("old/{number}"), "rss.xml".to_owned())).collect();
        let (_, note) = Host::Cloudflare
            .write(folder.path(), &settings(), &Elsewhere { moved, ..Elsewhere::default() })
            .expect("written");
        assert!(note.is_some_and(|note| note.contains("5 old addresses")));
        let text = fs_err::read_to_string(folder.path().join("_redirects")).expect("read");
        assert_eq!(text.lines().filter(|line| line.ends_with(" 301")).count(), MOST);
    }
}
