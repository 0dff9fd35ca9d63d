//! An Entry: one Post as every format shows it, filtered and checked once; and the Channel that entries stand in.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{date, text};
use crate::post::{FullPost, Post};
use crate::site::Site;

/// Longest stand-in for a missing title, in characters as readers count them.
const TITLE: usize = 80;

/// What the writers put out. All text is clean, all addresses are absolute URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// An absolute IRI, the same in all formats.
    pub id: String,
    /// The page.
    pub url: String,
    /// One line of plain text, never empty.
    pub title: String,
    /// One line of plain text; may be empty.
    pub summary: String,
    /// May be empty.
    pub html: String,
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
    /// Categories, then tags; without repeats that differ in case only.
    pub categories: Vec<String>,
    /// The picture.
    pub cover: Option<Picture>,
}

/// A picture that stands for an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Of `http` or `https`.
    pub url: String,
    /// Known by the address's ending; else nobody has looked.
    pub media_type: Option<&'static str>,
}

impl Entry {
    /// `post`, which has a date. `stamp`: see [`Entry::stamp`].
    pub fn new(site: &Site, post: &FullPost, published: DateTime<FixedOffset>, stamp: DateTime<FixedOffset>) -> Self {
        let url = text::web_address(&post.url).unwrap_or_else(|| site.url.clone());
        let summary = text::line(&post.shown.summary);
        Self {
            id: text::identifier(&post.id).into_owned(),
            title: title(&text::line(&post.title), &summary, &url),
            summary,
            html: text::clean(post.shown.html.trim()).into_owned(),
            published: date::writable(published),
            updated: post.updated.filter(|updated| *updated > published).map(date::writable),
            stamp,
            language: language(site, post).map(str::to_owned),
            authors: post
                .authors
                .iter()
                .map(|author| (text::line(&author.name), author.url.as_deref().and_then(text::web_address)))
                .filter(|(name, _)| !name.is_empty())
                .collect(),
            categories: categories(post),
            cover: post
                .shown
                .cover
                .as_ref()
                .and_then(|cover| text::web_address(&cover.url))
                .map(|url| Picture { media_type: media_type(&url), url }),
            url,
        }
    }
}

/// BCP 47, where known.
pub fn language<'a>(site: &'a Site, post: &'a Post) -> Option<&'a str> {
    text::language(site.tag(&post.language)).or(text::language(&site.language))
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

fn categories(post: &Post) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = post.categories.iter().chain(&post.tags).map(|name| text::line(name));
    names.filter(|name| !name.is_empty() && seen.insert(name.to_lowercase())).collect()
}

fn media_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    match path.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        "avif" => Some("image/avif"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
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
    /// The newest [`Entry::stamp`]; never the time of writing.
    pub updated: Option<DateTime<FixedOffset>>,
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
        assert_eq!(media_type("https://example.org/a.JPG?w=1#x"), Some("image/jpeg"));
        assert_eq!(media_type("https://example.org/a"), None);
        assert_eq!(media_type("https://example.org/?a=.png"), None);
    }
}
