//! Archives: all that was ever in a feed, in documents that do not change (RFC 5005 §4).
//!
//! They are filled from the oldest entry on, so that what an archive holds stays in it when others come. Where an archive
//! stands is the hash of what it holds and of the archive before it: who has it has it for ever, and an entry that changes
//! gives its archive and all that come after it other addresses. So no archive can name the one after it, but for the
//! oldest, whose address is the hash of both; validators want one link in each.
//!
//! An archive holds half of what the feed itself may hold: what is in none yet, and the archive before it, fit the feed.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::entry::{Channel, History};
use super::group::Group;
use super::plan::{Budget, Fragments, Plan, add, sizes};
use super::{Feeds, Format, address};
use crate::crypto::{self, Sha256};
use crate::problem::Problem;

/// So many posts are read at once.
const BATCH: usize = 100;

/// Below which the archives of a feed stand, decoded.
pub(super) fn folder(group: &Group) -> String {
    format!("{}archives/", group.folder)
}

/// The entries of one archive, oldest first.
struct Chunk {
    /// The place of the first among the group's members, counted from the oldest.
    from: usize,
    entries: Vec<(usize, Fragments)>,
}

/// Writes the archives of a feed, or says that they are there; the folder of the newest, if there is any.
///
/// There are two or none: a lone one would have no other to name.
pub(super) fn write(
    plan: &Plan<'_>,
    group: &Group,
    channel: &Channel,
    known: &HashMap<usize, Fragments>,
    feeds: &mut Feeds,
) -> Result<Option<String>, Problem> {
    let members: Vec<usize> = group.members.iter().rev().copied().collect();
    // What never changes needs nobody to tell of its changes; and other hubs, or losses, give no archive another address.
    let channel = &Channel { hubs: Vec::new(), removed: None, deleted: Vec::new(), ..channel.clone() };
    let budget = Budget { entries: plan.settings.entries.max(2) / 2, bytes: plan.settings.max_bytes / 2 };
    let mut writer = Writer { plan, group, channel, budget, feeds, before: None };
    let kept = writer.keep(&members);
    let mut filled = Filler { plan, channel, budget, members: &members, known, read: HashMap::new(), next: kept };
    if kept == 0 {
        let Some(first) = filled.next_chunk(true)? else { return Ok(None) };
        // The second is written even if it is not full yet, when there is no other.
        let Some(second) = filled.next_chunk(false)? else { return Ok(None) };
        writer.pair(&members, &first, &second);
    }
    while let Some(chunk) = filled.next_chunk(true)? {
        writer.one(&members, &chunk);
    }
    Ok(writer.before)
}

/// Takes entries out of the members, oldest first, until a chunk is full.
struct Filler<'p, 'a> {
    plan: &'p Plan<'a>,
    channel: &'p Channel,
    budget: Budget,
    members: &'p [usize],
    known: &'p HashMap<usize, Fragments>,
    read: HashMap<usize, Fragments>,
    next: usize,
}

impl Filler<'_, '_> {
    /// `None` at the end; where it must be `full`, also when the rest does not fill one.
    fn next_chunk(&mut self, full: bool) -> Result<Option<Chunk>, Problem> {
        let from = self.next;
        let mut sizes = sizes(self.channel);
        let mut entries = Vec::new();
        while let Some(post) = self.members.get(from + entries.len()).copied() {
            let fragments = self.take(from + entries.len())?;
            add(&mut sizes, &fragments);
            if !entries.is_empty() && sizes.iter().any(|size| *size > self.budget.bytes) {
                self.read.insert(post, fragments);
                self.next = from + entries.len();
                return Ok(Some(Chunk { from, entries }));
            }
            entries.push((post, fragments));
            if entries.len() == self.budget.entries {
                self.next = from + entries.len();
                return Ok(Some(Chunk { from, entries }));
            }
        }
        self.next = self.members.len();
        Ok((!full && !entries.is_empty()).then_some(Chunk { from, entries }))
    }

    fn take(&mut self, place: usize) -> Result<Fragments, Problem> {
        let post = self.members[place];
        if let Some(known) = self.known.get(&post) {
            return Ok(known.clone());
        }
        if !self.read.contains_key(&post) {
            let wanted: Vec<usize> = self.members[place..]
                .iter()
                .take(BATCH)
                .filter(|post| !self.known.contains_key(post))
                .copied()
                .collect();
            self.read.extend(self.plan.fragments(&wanted)?);
        }
        Ok(self.read.remove(&post).unwrap_or_default())
    }
}

struct Writer<'p, 'a, 'f> {
    plan: &'p Plan<'a>,
    group: &'p Group,
    channel: &'p Channel,
    budget: Budget,
    feeds: &'f mut Feeds,
    /// The address of the archive that was written last.
    before: Option<String>,
}

impl Writer<'_, '_, '_> {
    /// Says of all archives that are there already and still right that they are; how many of the oldest entries they hold.
    fn keep(&mut self, members: &[usize]) -> usize {
        let folder = folder(self.group);
        let mut there: BTreeMap<u64, &str> = BTreeMap::new();
        for (path, made_of) in self.plan.kept.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder))
        {
            if let Some(own) = path.strip_suffix(Format::Rss.file_name()) {
                there.insert(*made_of, own);
            }
        }
        let mut at = 0;
        while !there.is_empty() {
            let most = if at == 0 { 2 * self.budget.entries } else { self.budget.entries };
            let ends = (at + 1..=members.len()).take(most);
            let found = ends.filter_map(|end| {
                let made_of = self.made_of(members, at, end);
                // The second of a pair is the one that others are written after.
                let last = if at == 0 { made_of.wrapping_add(1) } else { made_of };
                let paths = (there.get(&made_of)?, there.get(&last)?);
                Some((end, paths))
            });
            let Some((end, (first, last))) = found.last() else { break };
            let pair = if at == 0 { vec![*first, *last] } else { vec![*last] };
            for own in pair {
                self.feeds.kept.extend(Format::ALL.map(|format| format!("{own}{}", format.file_name())));
            }
            self.before = Some(format!("{}{}", self.plan.settings.public_url, address::encoded(last)));
            at = end;
        }
        at
    }

    /// Of an archive, or of the two oldest together. Where it holds fewer entries than it may, it is the size of the one behind
    /// it that ends it.
    fn made_of(&self, members: &[usize], from: usize, to: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.channel, self.plan.settings.entries, self.plan.settings.max_bytes, &self.before, from).hash(&mut hasher);
        let is_full = from > 0 && to - from == self.budget.entries;
        for at in &members[from..(to + usize::from(!is_full)).min(members.len())] {
            self.plan.version(*at).hash(&mut hasher);
        }
        (to - from).hash(&mut hasher);
        hasher.finish()
    }

    fn pair(&mut self, members: &[usize], first: &Chunk, second: &Chunk) {
        let made_of = self.made_of(members, 0, second.from + second.entries.len());
        let oldest = self.name(&[first, second], None);
        let next = self.name(&[second], Some(&oldest));
        let (oldest_folder, next_folder) = (self.address(&oldest), self.address(&next));
        let links = History { next: Some(next_folder.clone()), ..History::default() };
        self.push(&oldest, links, made_of, first);
        let links = History { previous: Some(oldest_folder), ..History::default() };
        self.push(&next, links, made_of.wrapping_add(1), second);
        self.before = Some(next_folder);
    }

    fn one(&mut self, members: &[usize], chunk: &Chunk) {
        let made_of = self.made_of(members, chunk.from, chunk.from + chunk.entries.len());
        let before = self.before.clone();
        let name = self.name(&[chunk], before.as_deref());
        let links = History { previous: before, ..History::default() };
        self.push(&name, links, made_of, chunk);
        self.before = Some(self.address(&name));
    }

    /// The hash of all that the documents are made of but their own address.
    fn name(&self, chunks: &[&Chunk], before: Option<&str>) -> String {
        let frames = Format::ALL.map(|format| format.frame(self.channel));
        let frames = frames.iter().flat_map(|(start, end)| [start.as_str(), end]).chain(before);
        let entries = chunks.iter().flat_map(|chunk| &chunk.entries).flat_map(|(_, fragments)| fragments);
        let made_of =
            frames.chain(entries.map(AsRef::as_ref)).fold(Sha256::default(), |hash, text| hash.and(text.as_bytes()));
        crypto::hex(&made_of.finish()[..8])
    }

    fn address(&self, name: &str) -> String {
        format!("{}archives/{name}/", self.channel.folder)
    }

    fn push(&mut self, name: &str, links: History, made_of: u64, chunk: &Chunk) {
        let history = History { current: Some(self.channel.folder.clone()), ..links };
        let channel = Channel { folder: self.address(name), history, ..self.channel.clone() };
        // Newest first, as in every feed.
        let members: Vec<(usize, &Fragments)> =
            chunk.entries.iter().rev().map(|(post, fragments)| (*post, fragments)).collect();
        let folder = format!("{}{name}/", folder(self.group));
        self.plan.write_documents(&folder, channel, made_of, &members, self.feeds);
    }
}
