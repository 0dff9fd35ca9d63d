//! Feeds: RFC 4287's words, used for RSS and JSON Feed too. Pure: a Library's posts in, bytes out.
//!
//! Every feed comes in three formats with the same entries. The same posts give the same bytes, at any time: a feed's
//! dates are its content's, never the time of writing.

pub mod entry;

pub mod atom;
pub mod json;
pub mod opml;
pub mod rss;

pub mod address;
pub mod date;
pub mod text;

mod group;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::post::Post;
use crate::site::Site;
use entry::{Channel, Entry};
use group::Group;

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

    fn entry(self, entry: &Entry) -> String {
        match self {
            Self::Rss => self::rss::item(entry),
            Self::Atom => self::atom::entry(entry),
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

/// All feeds of the listed `posts` (newest first), and what lists them.
///
/// The site's own feed holds the posts of all languages, each entry saying which; who wants one language takes that
/// language's feed. Names that make one folder's name (`Seata` and `seata`) share a feed, titled as the newest post
/// spells it.
///
/// Of each feed the three formats hold the same entries: as many of the newest as `settings` allow for the largest of
/// them, and always one. Posts without a date are left out. Besides: [`OPML`] and [`STYLESHEET`].
pub fn documents(site: &Site, posts: &[Arc<Post>], settings: &Settings) -> (Vec<Document>, Vec<Listing>) {
    let writer = Writer::new(site, posts, settings);
    let groups = group::groups(site, writer.posts(), &settings.by);
    let mut documents = Vec::with_capacity(groups.len() * Format::ALL.len() + 2);
    for group in &groups {
        writer.write(group, &mut documents);
    }
    let outlines: Vec<_> = groups.iter().map(|group| (&group.listing, group.title.clone())).collect();
    documents.push(Document {
        path: OPML.to_owned(),
        content_type: "text/x-opml; charset=utf-8",
        body: opml::document(
            &text::line(&site.title),
            &site.url,
            &settings.public_url,
            &outlines,
            writer.newest(&groups),
        ),
    });
    documents.push(Document {
        path: STYLESHEET.to_owned(),
        content_type: "text/css; charset=utf-8",
        body: include_bytes!("feed/browser.css").to_vec(),
    });
    (documents, groups.into_iter().map(|group| group.listing).collect())
}

/// Writes each entry once, however many feeds it is in.
struct Writer<'a> {
    site: &'a Site,
    settings: &'a Settings,
    stylesheet: String,
    entries: Vec<(&'a Post, Entry, OnceCell<[String; 3]>)>,
}

impl<'a> Writer<'a> {
    fn new(site: &'a Site, posts: &'a [Arc<Post>], settings: &'a Settings) -> Self {
        let mut seen = HashSet::new();
        // Two entries with one id would be one to readers; ids are made unique before, this only makes sure.
        let dated: Vec<_> = posts
            .iter()
            .filter_map(|post| Some((post.as_ref(), post.published?)))
            .filter(|(post, _)| seen.insert(text::identifier(&post.id)))
            .collect();
        let newest: BTreeMap<_, _> = dated
            .iter()
            .map(|(post, published)| {
                (post.id.as_str(), post.updated.map_or(*published, |updated| updated.max(*published)))
            })
            .collect();
        let stamps = date::distinct(&newest);
        let entries = dated
            .into_iter()
            .map(|(post, published)| {
                let stamp = stamps.get(&post.id).copied().unwrap_or(published);
                (post, Entry::new(site, post, published, stamp), OnceCell::new())
            })
            .collect();
        let base = settings.public_url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let stylesheet = format!("/{}{STYLESHEET}", base.map_or("", |(_, path)| path));
        Self { site, settings, stylesheet, entries }
    }

    fn posts(&self) -> impl Iterator<Item = (&'a Post, &Entry)> {
        self.entries.iter().map(|(post, entry, _)| (*post, entry))
    }

    /// The newest change of what the feeds hold.
    fn newest(&self, groups: &[Group]) -> Option<chrono::DateTime<chrono::FixedOffset>> {
        let members = groups.iter().flat_map(|group| group.members.iter().take(self.settings.entries.max(1)));
        members.map(|at| self.entries[*at].1.stamp).max()
    }

    fn write(&self, group: &Group, documents: &mut Vec<Document>) {
        let members = &group.members[..group.members.len().min(self.settings.entries.max(1))];
        let channel = Channel {
            title: group.title.clone(),
            description: Some(text::line(&self.site.description))
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| group.title.clone()),
            home: group.home.clone(),
            language: text::language(&group.listing.language).map(str::to_owned),
            publisher: text::line(&self.site.title),
            folder: format!("{}{}", self.settings.public_url, group.listing.folder),
            stylesheet: self.stylesheet.clone(),
            updated: None,
        };
        // The date is filled in when it is known which entries fit; its length does not depend on that by more than this.
        let slack = 64;
        let frames = Format::ALL.map(|format| format.frame(&channel));
        let mut sizes = frames.map(|(start, end)| start.len() + end.len() + slack);
        let fits = members.iter().enumerate().take_while(|(place, at)| {
            for (size, fragment) in sizes.iter_mut().zip(self.fragments(**at)) {
                *size += fragment.len() + 2;
            }
            *place == 0 || sizes.iter().all(|size| *size <= self.settings.max_bytes)
        });
        let members: Vec<usize> = fits.map(|(_, at)| *at).collect();
        let updated = members.iter().map(|at| self.entries[*at].1.stamp).max();
        let channel = Channel { updated, ..channel };
        for (which, format) in Format::ALL.into_iter().enumerate() {
            let (start, end) = format.frame(&channel);
            let fragments: Vec<&str> = members.iter().map(|at| self.fragments(*at)[which].as_str()).collect();
            documents.push(Document {
                path: format!("{}{}", group.folder, format.file_name()),
                content_type: format.content_type(),
                body: [start, fragments.join(format.joint()), end].concat().into_bytes(),
            });
        }
    }

    fn fragments(&self, at: usize) -> &[String; 3] {
        let (_, entry, fragments) = &self.entries[at];
        fragments.get_or_init(|| Format::ALL.map(|format| format.entry(entry)))
    }
}
