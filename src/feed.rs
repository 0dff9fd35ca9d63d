//! Feeds: RFC 4287's words, used for RSS and JSON Feed too. Pure: a Library's posts in, bytes out.
//!
//! Every feed comes in three formats with the same entries. The same posts give the same bytes, at any time: a feed's
//! dates are its content's, never the time of writing.

pub mod entry;

pub mod faults;
mod history;
mod plan;

pub mod atom;
pub mod json;
pub mod opml;
pub mod rss;

pub mod address;
pub mod coding;
pub mod date;
pub mod legacy;
pub mod past;
pub mod text;
pub mod xml;

mod group;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::crypto::{self, Sha256};
use crate::post::Post;
use crate::post::body::Bodies;
use crate::post::id::PostId;
use crate::problem::Problem;
use crate::rope::Rope;
use crate::site::Site;
use entry::{Channel, Entry};
use plan::Plan;

/// Path of the stylesheet by which browsers show a feed.
pub const STYLESHEET: &str = "feed.css";
/// Path of the list of all feeds.
pub const OPML: &str = "feeds.opml";

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
    /// Which feeds have archives of all that was ever in them.
    pub archives: Archives,
    /// Who may copy what; plain text.
    pub copyright: Option<String>,
    /// A picture that stands for the site: an address, absolute or relative to the site's.
    pub image: Option<String>,
    /// A small square one.
    pub icon: Option<String>,
    /// Hubs that tell readers of news (WebSub): addresses.
    pub hubs: Vec<String>,
    /// Are readers of an earlier version given the new entries alone, where they ask for it (RFC 3229)?
    pub deltas: bool,
    /// Do Atom feeds name the posts that they lost (RFC 6721)?
    pub tombstones: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            entries: 50,
            max_bytes: 1_000_000,
            by: vec![Family::Tag, Family::Category, Family::Author, Family::Section, Family::Language],
            public_url: String::new(),
            archives: Archives::Site,
            copyright: None,
            image: None,
            icon: None,
            hubs: Vec::new(),
            deltas: false,
            tombstones: false,
        }
    }
}

impl Settings {
    /// So many of a site's newest posts stand in its feed and its archives.
    pub fn shown(&self) -> usize {
        if self.archives == Archives::None { self.entries } else { usize::MAX }
    }
}

/// Which feeds have archives (RFC 5005 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Archives {
    /// No feed.
    None,
    /// The site's own.
    Site,
    /// Every feed.
    All,
}

/// A family of feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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

impl Family {
    /// Below which the feeds of the family stand; those of languages stand beside everything.
    pub fn folder(self) -> Option<&'static str> {
        match self {
            Self::Tag => Some("tags"),
            Self::Category => Some("categories"),
            Self::Author => Some("authors"),
            Self::Section => Some("sections"),
            Self::Language => None,
        }
    }
}

/// A document ready to be served or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Below `public_url`, no leading slash, percent-decoded: `tags/sofa weekly/rss.xml`.
    pub path: String,
    /// With charset where it has one.
    pub content_type: &'static str,
    /// Changes whenever anything does that the bytes are made of.
    pub made_of: u64,
    /// The address holds these bytes for ever (RFC 8246): other bytes get another address.
    pub immutable: bool,
    /// Where each entry stands in the bytes, in their order; empty for what is no feed.
    pub entries: Vec<Range<usize>>,
    /// The text: the same content gives the same bytes.
    pub body: Rope,
}

impl Document {
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub fn sha256_hex(&self) -> String {
        let hash = self.body.pieces().fold(Sha256::default(), |hash, piece| hash.and(piece.as_bytes()));
        crypto::hex(&hash.finish())
    }
}

/// All feeds of a site.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feeds {
    /// What had to be made.
    pub documents: Vec<Document>,
    /// Paths of those that would be made of what they were made of before.
    pub kept: Vec<String>,
    /// What lists them.
    pub listings: Vec<Listing>,
    /// Where each post stands, newest first.
    pub held: Vec<Held>,
}

/// A post that feeds hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its permanent id.
    pub id: PostId,
    /// Folders of the feeds that hold it, decoded, beside the site's own.
    pub folders: Vec<Arc<str>>,
    /// When it was published.
    pub published: DateTime<Utc>,
}

/// A post that feeds held and no feed holds any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its permanent id.
    pub id: PostId,
    /// Folders of the feeds that held it, decoded, beside the site's own.
    pub folders: Vec<String>,
    /// When it was published.
    pub published: DateTime<Utc>,
    /// Since when it is gone.
    pub at: DateTime<Utc>,
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

/// In what a feed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RSS 2.0
    Rss,
    /// RFC 4287
    Atom,
    /// JSON Feed 1.1
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// The document's name in its feed's folder.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Rss => "rss.xml",
            Self::Atom => "atom.xml",
            Self::Json => "feed.json",
        }
    }

    /// For links.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// For HTTP; JSON is always UTF-8 and has no charset (RFC 8259 §11).
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    fn frame(self, channel: &Channel) -> (String, String) {
        match self {
            Self::Rss => self::rss::frame(channel),
            Self::Atom => self::atom::frame(channel),
            Self::Json => self::json::frame(channel),
        }
    }

    fn entry(self, entry: &Entry<'_>, public_url: &str) -> String {
        match self {
            Self::Rss => self::rss::item(entry),
            Self::Atom => self::atom::entry(entry, public_url),
            Self::Json => self::json::item(entry),
        }
    }

    /// What stands between two entries.
    fn joint(self) -> &'static str {
        match self {
            Self::Rss | Self::Atom => "\n",
            Self::Json => ",\n",
        }
    }
}

/// All feeds of the listed `posts` (newest first).
///
/// The site's own feed holds the posts of all languages, each entry saying which; who wants one language takes that
/// language's feed. Names that make one folder's name (`Seata` and `seata`) share a feed, titled as the newest post
/// spells it.
///
/// Of each feed the three formats hold the same entries: as many of the newest as `settings` allow for the largest of
/// them, and always one. Posts without a date are left out. All that was ever in a feed is in its archives, where it has
/// them (see `history`). Besides: [`OPML`] and [`STYLESHEET`].
///
/// `kept`: of the documents that there are already, [`Document::made_of`] by path. What would be made of the same is not
/// made again, and only the posts of what is made are read from `bodies`, whose Problem is the error.
pub fn documents(
    site: &Site,
    posts: &[Arc<Post>],
    settings: &Settings,
    bodies: &dyn Bodies,
    kept: &BTreeMap<String, u64>,
) -> Result<Feeds, Problem> {
    documents_without(site, posts, settings, bodies, kept, &[])
}

/// The same, where posts are `gone` that feeds held: a feed's date is then not before that of its last loss.
pub fn documents_without(
    site: &Site,
    posts: &[Arc<Post>],
    settings: &Settings,
    bodies: &dyn Bodies,
    kept: &BTreeMap<String, u64>,
    gone: &[Gone],
) -> Result<Feeds, Problem> {
    let dated = plan::dated(posts);
    let groups = group::groups(site, dated.iter().map(|(post, _)| post.as_ref()), &settings.by);
    let plan = Plan::new(site, settings, &dated, &groups, bodies, kept, gone);
    let planned: Vec<_> = groups.iter().map(|group| plan.of(group)).collect();
    let needed: BTreeSet<usize> = planned
        .iter()
        .filter(|planned| !planned.kept)
        .flat_map(|planned| plan.members(planned.group))
        .copied()
        .collect();
    let fragments = plan.fragments(&needed.into_iter().collect::<Vec<_>>())?;

    let mut feeds = Feeds { held: plan.held(&groups), ..Feeds::default() };
    for planned in planned {
        plan.write(planned, &fragments, &mut feeds)?;
    }
    let outlines: Vec<_> = groups.iter().map(|group| (&group.listing, group.title.clone())).collect();
    let newest = groups.iter().flat_map(|group| plan.members(group)).map(|at| plan.stamp(*at)).max();
    let list = opml::document(&text::line(&site.title), &site.url, &settings.public_url, &outlines, newest);
    feeds.documents.push(whole(OPML, "text/x-opml; charset=utf-8", list));
    feeds.documents.push(whole(STYLESHEET, "text/css; charset=utf-8", include_str!("feed/browser.css").to_owned()));
    feeds.listings = groups.into_iter().map(|group| group.listing).collect();
    Ok(feeds)
}

/// A document that is made anew each time.
fn whole(path: &str, content_type: &'static str, body: String) -> Document {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    Document {
        path: path.to_owned(),
        content_type,
        made_of: hasher.finish(),
        immutable: false,
        entries: Vec::new(),
        body: body.into(),
    }
}

/// The element of RFC 5005's that marks this document: `complete`, `archive`.
fn history_mark(channel: &Channel) -> Option<&'static str> {
    if channel.history.current.is_some() { Some("archive") } else { channel.history.complete.then_some("complete") }
}

/// An element's attributes.
type Attributes = Vec<(&'static str, String)>;

/// Media RSS of an entry: local names of elements, and the attributes of each of that name.
fn media_elements(entry: &Entry<'_>) -> Vec<(&'static str, Vec<Attributes>)> {
    let (mut contents, mut thumbnails) = (Vec::new(), Vec::new());
    if let Some(cover) = &entry.cover {
        let size = cover.facts.and_then(|facts| facts.size);
        let pixels = |attributes: &mut Attributes| {
            if let Some((width, height)) = size {
                attributes.extend([("width", width.to_string()), ("height", height.to_string())]);
            }
        };
        let mut content = vec![("url", cover.url.clone()), ("medium", "image".to_owned())];
        content.extend(cover.media_type.map(|media_type| ("type", media_type.to_owned())));
        let bytes = cover.facts.map(|facts| facts.bytes).filter(|bytes| *bytes > 0);
        content.extend(bytes.map(|bytes| ("fileSize", bytes.to_string())));
        pixels(&mut content);
        let mut thumbnail = vec![("url", cover.url.clone())];
        pixels(&mut thumbnail);
        contents.push(content);
        thumbnails.push(thumbnail);
    }
    contents.extend(entry.media.iter().map(|(url, media_type)| {
        let medium = media_type.split('/').next().unwrap_or_default();
        vec![("url", url.clone()), ("medium", medium.to_owned()), ("type", (*media_type).to_owned())]
    }));
    [("content", contents), ("thumbnail", thumbnails)]
        .into_iter()
        .filter(|(_, elements)| !elements.is_empty())
        .collect()
}
