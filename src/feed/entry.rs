//! An Entry: one Post as every format shows it, filtered and checked once; and the Channel that entries stand in.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono::{DateTime, FixedOffset};
use memchr::memmem;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Family, date, text};
use crate::post::body::Shown;
use crate::post::picture::Facts;
use crate::post::{FullPost, Post, flow};
use crate::site::Site;

/// Longest stand-in for a missing title, in characters as readers count them.
const TITLE: usize = 80;

/// What the writers put out. All text is clean, all addresses are absolute URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// An absolute IRI, the same in all formats.
    pub id: String,
    /// The page.
    pub url: String,
    /// One line of plain text, never empty.
    pub title: String,
    /// One line of plain text; may be empty.
    pub summary: String,
    /// May be empty.
    pub html: Cow<'a, str>,
    /// In the offset in which it was written.
    pub published: DateTime<FixedOffset>,
    /// Only when later than `published`.
    pub updated: Option<DateTime<FixedOffset>>,
    /// The newer of both, told apart from every other entry's: see [`super::date::distinct`].
    pub stamp: DateTime<FixedOffset>,
    /// BCP 47, where known.
    pub language: Option<String>,
    /// Name and page of each.
    pub authors: Vec<(String, Option<String>)>,
    /// Categories, then tags, each with what it is; without repeats that differ in case only.
    pub categories: Vec<(Family, String)>,
    /// The picture.
    pub cover: Option<Picture>,
    /// Sounds and films in the body, in their order: address and media type.
    pub media: Vec<(String, &'static str)>,
}

/// A picture that stands for an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Of `http` or `https`.
    pub url: String,
    /// By its octets where the site has it, else by the address's ending; else nobody knows.
    pub media_type: Option<&'static str>,
    /// Octets and pixels, where the site has it.
    pub facts: Option<Facts>,
}

impl Picture {
    fn new(shown: &Shown) -> Option<Self> {
        let url = text::web_address(&shown.cover.as_ref()?.url)?;
        let media_type = shown.picture.map(|facts| facts.media_type).or_else(|| image_type(&url));
        Some(Self { media_type, url, facts: shown.picture })
    }
}

impl<'a> Entry<'a> {
    /// `post`, which has a date. `stamp`: see [`Entry::stamp`].
    pub fn new(
        site: &Site,
        post: &'a FullPost,
        published: DateTime<FixedOffset>,
        stamp: DateTime<FixedOffset>,
    ) -> Self {
        let url = text::web_address(&post.url).unwrap_or_else(|| site.url.clone());
        let summary = text::line(&post.shown.summary);
        Self {
            id: text::identifier(&post.id).into_owned(),
            title: title(&text::line(&post.title), &summary, &url),
            summary,
            html: text::markup(post.shown.html.trim()),
            media: media(&post.shown.html),
            published: date::writable(published),
            updated: post.updated.filter(|updated| *updated > published).map(date::writable),
            stamp,
            language: language(site, post).map(Cow::into_owned),
            authors: post
                .authors
                .iter()
                .map(|author| (text::name(&author.name), author.url.as_deref().and_then(text::web_address)))
                .filter(|(name, _)| !name.is_empty())
                .collect(),
            categories: categories(post),
            cover: Picture::new(&post.shown),
            url,
        }
    }
}

/// BCP 47, where known.
pub fn language<'a>(site: &'a Site, post: &'a Post) -> Option<Cow<'a, str>> {
    text::language(site.tag(&post.language)).or(text::language(&site.language)).or(text::language(&post.language))
}

fn title(title: &str, summary: &str, url: &str) -> String {
    if !title.is_empty() {
        return title.to_owned();
    }
    if summary.is_empty() {
        let last = url.trim_end_matches('/').rsplit('/').next().unwrap_or(url);
        return text::line(&percent_encoding::percent_decode_str(last).decode_utf8_lossy());
    }
    let mut short: String = summary.graphemes(true).take(TITLE).collect();
    if short.len() < summary.len() {
        short.push('…');
    }
    short
}

fn categories(post: &Post) -> Vec<(Family, String)> {
    let mut seen = HashSet::new();
    let categories = post.categories.iter().map(|name| (Family::Category, text::name(name)));
    let tags = post.tags.iter().map(|name| (Family::Tag, text::name(name)));
    let folded = |name: &str| {
        if name.is_ascii() { name.to_ascii_lowercase() } else { name.nfc().collect::<String>().to_lowercase() }
    };
    categories.chain(tags).filter(|(_, name)| !name.is_empty() && seen.insert(folded(name))).collect()
}

fn ending(url: &str) -> Option<String> {
    Some(url.split(['?', '#']).next()?.rsplit_once('.')?.1.to_ascii_lowercase())
}

fn image_type(url: &str) -> Option<&'static str> {
    match ending(url)?.as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        "avif" => Some("image/avif"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// Of sounds and films, which say it by their address alone.
fn media_type(url: &str) -> Option<&'static str> {
    match ending(url)?.as_str() {
        "mp3" => Some("audio/mpeg"),
        "m4a" => Some("audio/mp4"),
        "ogg" | "oga" | "opus" => Some("audio/ogg"),
        "wav" => Some("audio/wav"),
        "flac" => Some("audio/flac"),
        "mp4" | "m4v" => Some("video/mp4"),
        "webm" => Some("video/webm"),
        "ogv" => Some("video/ogg"),
        "mov" => Some("video/quicktime"),
        _ => None,
    }
}

/// The sounds and films in HTML that was sanitised.
fn media(html: &str) -> Vec<(String, &'static str)> {
    const TAGS: [&str; 3] = ["<audio ", "<video ", "<source "];
    let mut found: Vec<(String, &'static str)> = Vec::new();
    // Most posts have none, which is soon said.
    if !TAGS.iter().any(|tag| memmem::find(html.as_bytes(), tag.as_bytes()).is_some()) {
        return found;
    }
    let mut at = 0;
    while let Some(next) = TAGS.iter().filter_map(|tag| html[at..].find(tag)).min() {
        let tag = &html[at + next..];
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        at += next + 1;
        let address = tag.split_once(" src=\"").and_then(|(_, rest)| rest.split_once('"'));
        let address = address.and_then(|(address, _)| text::web_address(&flow::decoded(address)));
        if let Some((address, media_type)) = address.and_then(|url| media_type(&url).map(|kind| (url, kind)))
            && found.iter().all(|(other, _)| *other != address)
        {
            found.push((address, media_type));
        }
    }
    found
}

/// What a document says of the feed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Channel {
    /// One line, never empty.
    pub title: String,
    /// One line, never empty.
    pub description: String,
    /// The site's, or the language's, home page.
    pub home: String,
    /// BCP 47, where known.
    pub language: Option<String>,
    /// Whom entries without an author are ascribed to: the site.
    pub publisher: String,
    /// Address of the folder that holds the three formats; ends in `/`.
    pub folder: String,
    /// Path of the stylesheet for browsers, on the same host.
    pub stylesheet: String,
    /// Below it stand the folders of tags and categories; ends in `/`.
    pub public_url: String,
    /// `feeds.copyright`
    pub copyright: Option<String>,
    /// Address of `feeds.image`.
    pub image: Option<String>,
    /// Address of `feeds.icon`.
    pub icon: Option<String>,
    /// Addresses of `feeds.hubs`; an archive has none.
    pub hubs: Vec<String>,
    /// When the feed last lost a post that stood in it.
    pub removed: Option<DateTime<FixedOffset>>,
    /// Ids of posts that it lost, each with when, newest first; where they are to be told (RFC 6721).
    pub deleted: Vec<(String, DateTime<FixedOffset>)>,
    /// How this document and others make up the whole.
    pub history: History,
    /// The newest [`Entry::stamp`], or [`Channel::removed`]; never the time of writing.
    pub updated: Option<DateTime<FixedOffset>>,
}

/// RFC 5005: where older entries are. All are addresses of folders, as [`Channel::folder`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct History {
    /// Every entry that there is stands in this document (§2).
    pub complete: bool,
    /// This is an archive (§4), and that is the feed to be subscribed to.
    pub current: Option<String>,
    /// The archive of the next older entries.
    pub previous: Option<String>,
    /// The archive of the next newer entries: only in the oldest.
    pub next: Option<String>,
}

impl Channel {
    /// The folder of the feed to be subscribed to, whichever document of it this is.
    pub fn current(&self) -> &str {
        self.history.current.as_deref().unwrap_or(&self.folder)
    }

    /// The relations and folders of [`Channel::history`], as links name them.
    pub fn history_links(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let History { current, previous, next, .. } = &self.history;
        let links = [("current", current), ("prev-archive", previous), ("next-archive", next)];
        links.into_iter().filter_map(|(rel, folder)| Some((rel, folder.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_title_is_made_up() {
        assert_eq!(title("T", "S", "https://example.org/x/"), "T");
        assert_eq!(title("", "中".repeat(100).as_str(), ""), format!("{}…", "中".repeat(80)));
        assert_eq!(title("", "👩‍👩‍👧", ""), "👩‍👩‍👧");
        assert_eq!(title("", "", "https://example.org/2021/a%20b/"), "a b");
    }

    #[test]
    fn pictures_by_ending() {
        assert_eq!(image_type("https://example.org/a.JPG?w=1#x"), Some("image/jpeg"));
        assert_eq!(image_type("https://example.org/a"), None);
        assert_eq!(image_type("https://example.org/?a=.png"), None);
    }

    #[test]
    fn sounds_and_films_of_a_body() {
        let html = "<audio src=\"https://a.example/b.mp3?c&amp;d\" controls=\"\"></audio><video controls=\"\"><source \
                    src=\"https://a.example/e.webm\"><source src=\"https://a.example/e.webm\"></video><source srcset=\"x\">";
        let expected = [("https://a.example/b.mp3?c&d", "audio/mpeg"), ("https://a.example/e.webm", "video/webm")];
        assert_eq!(media(html), expected.map(|(url, kind)| (url.to_owned(), kind)));
    }
}
