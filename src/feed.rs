//! Feeds: RFC 4287's words, used for RSS and JSON Feed too. Pure: a Library's posts in, bytes out.

pub mod atom;
pub mod json;
pub mod opml;
pub mod rss;
pub mod text;

use std::sync::Arc;

use crate::post::Post;
use crate::site::Site;

/// `feeds` of `postrider.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// At most so many entries a feed. Default 50.
    pub entries: usize,
    /// At most so many bytes a document. Default 1 MB; the newest entry is always there.
    pub max_bytes: usize,
    /// Which families of feeds there are beside the site's own. Default: all.
    pub by: Vec<Family>,
    /// Address under which the feeds are served, ends in `/`: self links.
    pub public_url: String,
}

/// A family of feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// `/tags/NAME/`
    Tag,
    /// `/categories/NAME/`
    Category,
    /// `/authors/NAME/`
    Author,
    /// `/sections/NAME/`
    Section,
    /// `/LANGUAGE/`
    Language,
}

/// A document ready to be served or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Below `public_url`, no leading slash, percent-decoded: `tags/sofa weekly/rss.xml`.
    pub path: String,
    /// With charset where it has one.
    pub content_type: &'static str,
    /// The bytes: the same content gives the same bytes.
    pub body: Vec<u8>,
}

/// What the `/feeds/` page and the OPML file list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Listing {
    /// `None`: the site's own.
    pub family: Option<Family>,
    /// For people: the site's title, the tag, …
    pub title: String,
    /// Below `public_url`, ends in `/` unless empty, percent-encoded: `tags/sofa-weekly/`.
    pub folder: String,
    /// Posts in it.
    pub posts: usize,
    /// BCP 47.
    pub language: String,
}

/// All feeds of the listed `posts` (newest first), and what lists them.
pub fn documents(site: &Site, posts: &[Arc<Post>], settings: &Settings) -> (Vec<Document>, Vec<Listing>) {
    let _ = (site, posts, settings);
    todo!()
}
