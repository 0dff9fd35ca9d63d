//! What each feed holds, before anything of it is written; and the writing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::entry::{Channel, Entry, History};
use super::group::Group;
use super::{Archives, Document, Feeds, Format, Gone, Held, STYLESHEET, Settings, date, text};
use crate::post::body::Bodies;
use crate::post::{FullPost, Post};
use crate::problem::Problem;
use crate::rope::Rope;
use crate::site::Site;

/// An entry in all formats, in their order.
pub(super) type Fragments = Vec<Arc<str>>;

/// Posts that a feed names as lost, at most.
const TOMBSTONES: usize = 50;

/// A post that feeds can hold, with its date.
pub(super) type Dated<'a> = (&'a Arc<Post>, DateTime<FixedOffset>);

pub(super) fn dated(posts: &[Arc<Post>]) -> Vec<Dated<'_>> {
    let mut seen = HashSet::with_capacity(posts.len());
    // Two entries with one id would be one to readers; ids are made unique before, this only makes sure.
    let dated = posts.iter().filter_map(|post| Some((post, post.published?)));
    dated.filter(|(post, _)| seen.insert(text::identifier(&post.id))).collect()
}

/// The later of a post's dates, before it is told apart from those of others.
fn latest((post, published): &Dated<'_>) -> DateTime<FixedOffset> {
    post.updated.map_or(*published, |updated| updated.max(*published))
}

/// All feeds, before they are written.
pub(super) struct Plan<'a> {
    pub(super) settings: &'a Settings,
    pub(super) kept: &'a BTreeMap<String, u64>,
    dated: &'a [Dated<'a>],
    gone: &'a [Gone],
    /// Of the posts that some feed or archive shows, by their place among the dated.
    shown: HashMap<usize, Fact>,
    site: &'a Site,
    bodies: &'a dyn Bodies,
    stylesheet: String,
    image: Option<String>,
    icon: Option<String>,
}

/// What a feed has to know of a post that it shows.
struct Fact {
    /// [`Entry::stamp`]
    stamp: DateTime<FixedOffset>,
    /// Changes whenever its entry does.
    version: u64,
}

/// One feed, before it is written.
pub(super) struct Planned<'g> {
    pub(super) group: &'g Group,
    /// It is there already.
    pub(super) kept: bool,
    channel: Channel,
    made_of: u64,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        site: &'a Site,
        settings: &'a Settings,
        dated: &'a [Dated<'a>],
        groups: &[Group],
        bodies: &'a dyn Bodies,
        kept: &'a BTreeMap<String, u64>,
        gone: &'a [Gone],
    ) -> Self {
        let base = settings.public_url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let stylesheet = format!("/{}{STYLESHEET}", base.map_or("", |(_, path)| path));
        let home = url::Url::parse(&site.url).ok();
        let address = |given: &Option<String>| {
            let given = given.as_deref()?.trim();
            let absolute = home.as_ref().and_then(|home| home.join(given).ok());
            text::web_address(absolute.as_ref().map_or(given, url::Url::as_str))
        };
        let (image, icon) = (address(&settings.image), address(&settings.icon));
        let shown = HashMap::new();
        let mut plan = Self { settings, kept, dated, gone, shown, site, bodies, stylesheet, image, icon };
        let shown: BTreeSet<usize> = groups.iter().flat_map(|group| plan.all_shown(group)).copied().collect();
        let stamps = stamps(dated, &shown);
        let posts: Vec<&Post> = shown.iter().map(|at| dated[*at].0.as_ref()).collect();
        for (at, version) in shown.into_iter().zip(bodies.versions(&posts)) {
            let (post, published) = dated[at];
            let stamp = stamps.get(&post.id).copied().unwrap_or(published);
            let mut hasher = DefaultHasher::new();
            (&post.id, version, stamp).hash(&mut hasher);
            // An entry's language is told by the site's name of it.
            (site.tag(&post.language), &site.language, &site.url, &settings.public_url).hash(&mut hasher);
            plan.shown.insert(at, Fact { stamp, version: hasher.finish() });
        }
        plan
    }

    pub(super) fn stamp(&self, at: usize) -> DateTime<FixedOffset> {
        self.shown.get(&at).map_or(self.dated[at].1, |fact| fact.stamp)
    }

    /// Changes whenever the post's entry does.
    pub(super) fn version(&self, at: usize) -> u64 {
        self.shown.get(&at).map_or(0, |fact| fact.version)
    }

    /// The posts that a feed shows, or its archives do.
    fn all_shown<'g>(&self, group: &'g Group) -> &'g [usize] {
        if self.has_archives(group) { &group.members } else { self.members(group) }
    }

    /// The newest posts of a feed, as many as the feed may hold.
    pub(super) fn members<'g>(&self, group: &'g Group) -> &'g [usize] {
        &group.members[..group.members.len().min(self.settings.entries.max(1))]
    }

    /// Which feeds hold each post.
    pub(super) fn held(&self, groups: &[Group]) -> Vec<Held> {
        let mut folders = vec![Vec::new(); self.dated.len()];
        for group in groups.iter().filter(|group| group.listing.family.is_some()) {
            let folder: Arc<str> = group.folder.as_str().into();
            for at in &group.members {
                folders[*at].push(Arc::clone(&folder));
            }
        }
        let held = self.dated.iter().zip(folders);
        held.map(|((post, published), folders)| Held { id: post.id.clone(), folders, published: published.to_utc() })
            .collect()
    }

    /// The posts that a feed lost, of those that would stand in it now; newest loss first.
    fn lost(&self, group: &Group) -> Vec<&Gone> {
        let members = self.members(group);
        // Where the feed has room for all, or its archives have, each would.
        let all = members.len() == group.members.len() || self.has_archives(group);
        let oldest = members.last().map(|at| self.dated[*at].1);
        let stood = |gone: &&Gone| {
            (all || oldest.is_none_or(|oldest| gone.published >= oldest))
                && (group.folder.is_empty() || gone.folders.contains(&group.folder))
        };
        let mut lost: Vec<&Gone> = self.gone.iter().filter(stood).collect();
        lost.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
        lost
    }

    fn channel(&self, group: &Group) -> Channel {
        let lost = self.lost(group);
        let when = |gone: &Gone| date::writable(gone.at.fixed_offset());
        let told = if self.settings.tombstones { TOMBSTONES } else { 0 };
        Channel {
            removed: lost.first().map(|gone| when(gone)),
            deleted: lost.iter().take(told).map(|gone| (text::identifier(&gone.id).into_owned(), when(gone))).collect(),
            title: group.title.clone(),
            description: Some(text::line(&self.site.description))
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| text::name(&group.title)),
            home: group.home.clone(),
            language: text::language(&group.listing.language).map(std::borrow::Cow::into_owned),
            publisher: text::name(&self.site.title),
            folder: format!("{}{}", self.settings.public_url, group.listing.folder),
            stylesheet: self.stylesheet.clone(),
            public_url: self.settings.public_url.clone(),
            copyright: self.settings.copyright.as_deref().map(text::name).filter(|text| !text.is_empty()),
            image: self.image.clone(),
            icon: self.icon.clone(),
            hubs: self.settings.hubs.clone(),
            history: History::default(),
            updated: None,
        }
    }

    pub(super) fn of<'g>(&self, group: &'g Group) -> Planned<'g> {
        let channel = self.channel(group);
        let mut hasher = DefaultHasher::new();
        (self.settings.max_bytes, self.settings.entries, self.has_archives(group), &channel).hash(&mut hasher);
        // What is older stands in archives; the document says which is the newest of them, and that depends on all.
        let members = self.all_shown(group);
        for at in members {
            self.version(*at).hash(&mut hasher);
        }
        (members.len() < group.members.len()).hash(&mut hasher);
        let made_of = hasher.finish();
        let kept = Format::ALL.iter().all(|format| self.kept.get(&group.path(*format)) == Some(&made_of));
        Planned { group, kept, channel, made_of }
    }

    fn has_archives(&self, group: &Group) -> bool {
        match self.settings.archives {
            Archives::None => false,
            Archives::Site => group.listing.family.is_none(),
            Archives::All => true,
        }
    }

    /// The entries of these posts, written.
    pub(super) fn fragments(&self, posts: &[usize]) -> Result<HashMap<usize, Fragments>, Problem> {
        let (site, dated, public_url) = (self.site, self.dated, self.settings.public_url.as_str());
        let stamps: Vec<DateTime<FixedOffset>> = posts.iter().map(|at| self.stamp(*at)).collect();
        let write = |number: usize, full: &FullPost| {
            let entry = Entry::new(site, full, dated[posts[number]].1, stamps[number]);
            Format::ALL.iter().map(|format| format.entry(&entry, public_url).into()).collect()
        };
        let asked: Vec<Arc<Post>> = posts.iter().map(|at| Arc::clone(dated[*at].0)).collect();
        let written = self.bodies.written(&asked, &write)?;
        Ok(posts.iter().copied().zip(written).collect())
    }

    /// Writes a feed with its archives, or says that they are there.
    pub(super) fn write(
        &self,
        planned: Planned<'_>,
        fragments: &HashMap<usize, Fragments>,
        feeds: &mut Feeds,
    ) -> Result<(), Problem> {
        let Planned { group, kept, mut channel, made_of } = planned;
        if kept {
            feeds.kept.extend(Format::ALL.map(|format| group.path(format)));
            let archives = super::history::folder(group);
            let below = self.kept.range(archives.clone()..).map(|(path, _)| path);
            feeds.kept.extend(below.take_while(|path| path.starts_with(&archives)).cloned());
            return Ok(());
        }
        let budget = Budget { entries: self.settings.entries.max(1), bytes: self.settings.max_bytes };
        let members = self.members(group).iter().filter_map(|at| Some((*at, fragments.get(at)?)));
        let members: Vec<(usize, &Fragments)> = budget.first(&channel, members);
        channel.history.complete = members.len() == group.members.len();
        if !channel.history.complete && self.has_archives(group) {
            channel.history.previous = super::history::write(self, group, &channel, fragments, feeds)?;
        }
        self.write_documents(&group.folder, channel, made_of, &members, feeds);
        Ok(())
    }

    /// One document a format, in the folder.
    pub(super) fn write_documents(
        &self,
        folder: &str,
        channel: Channel,
        made_of: u64,
        members: &[(usize, &Fragments)],
        feeds: &mut Feeds,
    ) {
        let updated = members.iter().map(|(at, _)| self.stamp(*at)).max().max(channel.removed);
        let channel = Channel { updated, ..channel };
        for (which, format) in Format::ALL.into_iter().enumerate() {
            let (start, end) = format.frame(&channel);
            let mut body = Rope::with_capacity(start.len() + members.len() * format.joint().len() + end.len());
            body.push(&start);
            let mut entries = Vec::with_capacity(members.len());
            for (_, fragments) in members {
                if !entries.is_empty() {
                    body.push(format.joint());
                }
                let at = body.len();
                body.share(&fragments[which]);
                entries.push(at..body.len());
            }
            body.push(&end);
            feeds.documents.push(Document {
                path: format!("{folder}{}", format.file_name()),
                content_type: format.content_type(),
                made_of,
                immutable: channel.history.current.is_some(),
                entries,
                body,
            });
        }
    }
}

/// How much a document may hold; one entry always.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

impl Budget {
    /// As many of the first of `entries` as it allows, in every format.
    pub(super) fn first<'f>(
        self,
        channel: &Channel,
        entries: impl Iterator<Item = (usize, &'f Fragments)>,
    ) -> Vec<(usize, &'f Fragments)> {
        let mut sizes = sizes(channel);
        let fits = entries.take(self.entries).enumerate().take_while(|(place, (_, fragments))| {
            add(&mut sizes, fragments);
            *place == 0 || sizes.iter().all(|size| *size <= self.bytes)
        });
        fits.map(|(_, entry)| entry).collect()
    }
}

/// Of documents without entries. What is filled in when their entries are known makes them no longer than this.
pub(super) fn sizes(channel: &Channel) -> [usize; 3] {
    let slack = 200 + 4 * (channel.folder.len() + 100);
    Format::ALL.map(|format| format.frame(channel)).map(|(start, end)| start.len() + end.len() + slack)
}

pub(super) fn add(sizes: &mut [usize; 3], fragments: &[Arc<str>]) {
    for (size, fragment) in sizes.iter_mut().zip(fragments) {
        *size += fragment.len() + 2;
    }
}

/// The stamps of the posts that are shown, by id. Whose second is nobody's that is shown need not be told apart from them.
fn stamps(dated: &[Dated<'_>], shown: &BTreeSet<usize>) -> BTreeMap<String, DateTime<FixedOffset>> {
    let second = |dated: &Dated<'_>| date::writable(latest(dated)).timestamp();
    let seconds: HashSet<i64> = shown.iter().map(|at| second(&dated[*at])).collect();
    let meeting = dated.iter().filter(|dated| seconds.contains(&second(dated)));
    date::distinct(&meeting.map(|dated| (dated.0.id.as_str(), latest(dated))).collect())
}
