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

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use crate::post::body::Bodies;
use crate::post::{FullPost, Post};
use crate::problem::Problem;
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
    /// Changes whenever anything does that the bytes are made of.
    pub made_of: u64,
    /// The address holds these bytes for ever (RFC 8246): other bytes get another address.
    pub immutable: bool,
    /// Where each entry stands in the bytes, in their order; empty for what is no feed.
    pub entries: Vec<Range<usize>>,
    /// The bytes: the same content gives the same bytes.
    pub body: Vec<u8>,
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

/// All feeds of the listed `posts` (newest first).
///
/// The site's own feed holds the posts of all languages, each entry saying which; who wants one language takes that
/// language's feed. Names that make one folder's name (`Seata` and `seata`) share a feed, titled as the newest post
/// spells it.
///
/// Of each feed the three formats hold the same entries: as many of the newest as `settings` allow for the largest of
/// them, and always one. Posts without a date are left out. Besides: [`OPML`] and [`STYLESHEET`].
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
    let dated = dated(posts);
    let groups = group::groups(site, dated.iter().map(|(post, _)| post.as_ref()), &settings.by);
    let plan = Plan::new(site, settings, &dated, &groups, bodies);
    let plans: Vec<(&Group, Channel, u64)> = groups.iter().map(|group| plan.of(group)).collect();
    let is_kept =
        |group: &Group, made_of: u64| Format::ALL.iter().all(|format| kept.get(&group.path(*format)) == Some(&made_of));
    let needed: BTreeSet<usize> = plans
        .iter()
        .filter(|(group, _, made_of)| !is_kept(group, *made_of))
        .flat_map(|(group, ..)| plan.members(group))
        .copied()
        .collect();
    let needed: Vec<usize> = needed.into_iter().collect();
    let posts: Vec<Arc<Post>> = needed.iter().map(|at| Arc::clone(dated[*at].0)).collect();
    let write = |number: usize, full: &FullPost| {
        let at = needed[number];
        let entry = Entry::new(site, full, dated[at].1, plan.stamp(at));
        Format::ALL.iter().map(|format| format.entry(&entry)).collect()
    };
    let written = bodies.written(&posts, &write)?;
    let fragments: HashMap<usize, Vec<String>> = needed.iter().copied().zip(written).collect();

    let (mut documents, mut unchanged) = (Vec::with_capacity(groups.len() * Format::ALL.len() + 2), Vec::new());
    for (group, channel, made_of) in plans {
        if is_kept(group, made_of) {
            unchanged.extend(Format::ALL.map(|format| group.path(format)));
        } else {
            plan.write(group, &channel, made_of, &fragments, &mut documents);
        }
    }
    let outlines: Vec<_> = groups.iter().map(|group| (&group.listing, group.title.clone())).collect();
    let newest = groups.iter().flat_map(|group| plan.members(group)).map(|at| plan.stamp(*at)).max();
    let list = opml::document(&text::line(&site.title), &site.url, &settings.public_url, &outlines, newest);
    documents.push(whole(OPML, "text/x-opml; charset=utf-8", list));
    documents.push(whole(STYLESHEET, "text/css; charset=utf-8", include_bytes!("feed/browser.css").to_vec()));
    Ok(Feeds { documents, kept: unchanged, listings: groups.into_iter().map(|group| group.listing).collect() })
}

/// A document that is made anew each time.
fn whole(path: &str, content_type: &'static str, body: Vec<u8>) -> Document {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    Document {
        path: path.to_owned(),
        content_type,
        made_of: hasher.finish(),
        immutable: false,
        entries: Vec::new(),
        body,
    }
}

/// A post that feeds can hold, with its date.
type Dated<'a> = (&'a Arc<Post>, DateTime<FixedOffset>);

fn dated(posts: &[Arc<Post>]) -> Vec<Dated<'_>> {
    let mut seen = HashSet::with_capacity(posts.len());
    // Two entries with one id would be one to readers; ids are made unique before, this only makes sure.
    let dated = posts.iter().filter_map(|post| Some((post, post.published?)));
    dated.filter(|(post, _)| seen.insert(text::identifier(&post.id))).collect()
}

/// The later of a post's dates, before it is told apart from those of others.
fn latest((post, published): &Dated<'_>) -> DateTime<FixedOffset> {
    post.updated.map_or(*published, |updated| updated.max(*published))
}

/// What each feed holds, before anything of it is written.
struct Plan<'a> {
    site: &'a Site,
    settings: &'a Settings,
    stylesheet: String,
    dated: &'a [Dated<'a>],
    /// Of the posts that some feed shows, by their place among the dated.
    shown: HashMap<usize, Fact>,
}

/// What a feed has to know of a post that it shows.
struct Fact {
    /// [`Entry::stamp`]
    stamp: DateTime<FixedOffset>,
    /// Changes whenever its entry does.
    version: u64,
}

impl<'a> Plan<'a> {
    fn new(
        site: &'a Site,
        settings: &'a Settings,
        dated: &'a [Dated<'a>],
        groups: &[Group],
        bodies: &dyn Bodies,
    ) -> Self {
        let base = settings.public_url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let stylesheet = format!("/{}{STYLESHEET}", base.map_or("", |(_, path)| path));
        let mut plan = Self { site, settings, stylesheet, dated, shown: HashMap::new() };
        let shown: BTreeSet<usize> = groups.iter().flat_map(|group| plan.members(group)).copied().collect();
        let stamps = stamps(dated, &shown);
        let posts: Vec<&Post> = shown.iter().map(|at| dated[*at].0.as_ref()).collect();
        for (at, version) in shown.into_iter().zip(bodies.versions(&posts)) {
            let (post, published) = dated[at];
            let stamp = stamps.get(&post.id).copied().unwrap_or(published);
            let mut hasher = DefaultHasher::new();
            (&post.id, version, stamp).hash(&mut hasher);
            plan.shown.insert(at, Fact { stamp, version: hasher.finish() });
        }
        plan
    }

    fn stamp(&self, at: usize) -> DateTime<FixedOffset> {
        self.shown.get(&at).map_or(self.dated[at].1, |fact| fact.stamp)
    }

    fn members<'g>(&self, group: &'g Group) -> &'g [usize] {
        &group.members[..group.members.len().min(self.settings.entries.max(1))]
    }

    fn of<'g>(&self, group: &'g Group) -> (&'g Group, Channel, u64) {
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
        let mut hasher = DefaultHasher::new();
        (self.settings.max_bytes, &channel, &self.site.language, &self.site.url).hash(&mut hasher);
        for at in self.members(group) {
            // An entry's language is told by the site's name of it.
            let version = self.shown.get(at).map(|fact| fact.version);
            (version, self.site.tag(&self.dated[*at].0.language)).hash(&mut hasher);
        }
        (group, channel, hasher.finish())
    }

    fn write(
        &self,
        group: &Group,
        channel: &Channel,
        made_of: u64,
        fragments: &HashMap<usize, Vec<String>>,
        documents: &mut Vec<Document>,
    ) {
        // The date is filled in when it is known which entries fit; its length does not depend on that by more than this.
        let slack = 64;
        let frames = Format::ALL.map(|format| format.frame(channel));
        let mut sizes = frames.map(|(start, end)| start.len() + end.len() + slack);
        let members = self.members(group).iter().filter_map(|at| Some((at, fragments.get(at)?)));
        let fits = members.enumerate().take_while(|(place, (_, fragments))| {
            for (size, fragment) in sizes.iter_mut().zip(fragments.iter()) {
                *size += fragment.len() + 2;
            }
            *place == 0 || sizes.iter().all(|size| *size <= self.settings.max_bytes)
        });
        let (members, fragments): (Vec<usize>, Vec<&Vec<String>>) =
            fits.map(|(_, (at, fragments))| (*at, fragments)).unzip();
        let updated = members.iter().map(|at| self.stamp(*at)).max();
        let channel = Channel { updated, ..channel.clone() };
        for (which, format) in Format::ALL.into_iter().enumerate() {
            let (start, end) = format.frame(&channel);
            // Large ones are not copied again and again while they grow.
            let mut body = String::with_capacity(sizes[which] + slack);
            body.push_str(&start);
            let mut entries = Vec::with_capacity(fragments.len());
            for fragments in &fragments {
                if !entries.is_empty() {
                    body.push_str(format.joint());
                }
                let at = body.len();
                body.push_str(&fragments[which]);
                entries.push(at..body.len());
            }
            body.push_str(&end);
            documents.push(Document {
                path: group.path(format),
                content_type: format.content_type(),
                made_of,
                immutable: false,
                entries,
                body: body.into_bytes(),
            });
        }
    }
}

/// The stamps of the posts that are shown, by id. Whose second is nobody's that is shown need not be told apart from them.
fn stamps(dated: &[Dated<'_>], shown: &BTreeSet<usize>) -> BTreeMap<String, DateTime<FixedOffset>> {
    let second = |dated: &Dated<'_>| date::writable(latest(dated)).timestamp();
    let seconds: HashSet<i64> = shown.iter().map(|at| second(&dated[*at])).collect();
    let meeting = dated.iter().filter(|dated| seconds.contains(&second(dated)));
    date::distinct(&meeting.map(|dated| (dated.0.id.as_str(), latest(dated))).collect())
}
