//! Scans: what has not changed since the last one is not read twice.

mod together;

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::post::{Page, body, recurring};
use crate::problem::Problem;

use super::bodies::Suspects;
use super::files::{File, Folder, Room};
use super::generator::{self, Layout, Reading};
use super::trace::{Log, Trace};
use super::{Bodies, Scan, Settings, threads};

/// No file system's clock ticks more slowly, in seconds.
const TICK: i64 = 2;

/// What was written in the tick in which it was read is read once more when this has passed.
const RACE: Duration = Duration::from_secs(5);

/// A file that is empty all of a sudden is about to be written, unless it stays so for so long.
const EMPTY: Duration = Duration::from_millis(300);

/// What a file said when it was last read.
#[derive(Debug, Clone)]
struct Known {
    file: File,
    context: u64,
    /// When it was read, if that was so soon after it was written that it may have been written once more in the same
    /// tick, which its stamp would not show.
    fresh_at: Option<Instant>,
    /// Since when it is empty, and is not believed to be.
    empty_since: Option<Instant>,
    page: Option<Arc<Page>>,
    problems: Vec<Problem>,
}

/// Reads a site again and again; what has not changed since the last time is not read twice.
#[derive(Debug)]
pub struct Scanner {
    settings: Settings,
    last: Option<Last>,
    watched: Vec<String>,
    /// Files that the last scan had to read.
    read: usize,
    unsettled: bool,
    suspects: Suspects,
    /// The next scan need not look at others.
    only: Option<Vec<String>>,
}

/// What a scan leaves to the next one.
struct Last {
    trace: Trace,
    layout: Box<dyn Layout>,
    /// Ordered by path.
    known: Vec<Known>,
    scan: Scan,
    /// When the site was opened, if what it was opened by was written just then.
    fresh_at: Option<Instant>,
    /// When something that was read is to be read once more, at the earliest.
    due_at: Option<Instant>,
}

impl fmt::Debug for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Last").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

impl Scanner {
    /// Of the site that `settings` name. Nothing is read yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            last: None,
            watched: Vec::new(),
            read: 0,
            unsettled: false,
            suspects: Suspects::default(),
            only: None,
        }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Folders and files, relative to the site's, that the last scan was made from: what is to be watched.
    pub fn watched(&self) -> &[String] {
        &self.watched
    }

    /// How many files the last scan read: the others had not changed.
    pub fn files_read(&self) -> usize {
        self.read
    }

    /// Whether the last scan came upon a file that somebody was about to write: another one is due soon.
    pub fn unsettled(&self) -> bool {
        self.unsettled
    }

    /// As far as the system tells, only these files (relative to the site's folder) changed since the last scan: the next one looks
    /// at no others, where it knows all of them.
    pub fn only(&mut self, paths: Vec<String>) {
        self.only = Some(paths);
    }

    /// [`Scanner::scan_at`] now.
    pub fn scan(&mut self) -> Result<Scan, Vec<Problem>> {
        self.scan_at(Instant::now())
    }

    /// Reads the site. An error only where there is no site to read (no folder, generator's configuration broken, no
    /// address): a broken post is a Problem.
    pub fn scan_at(&mut self, now: Instant) -> Result<Scan, Vec<Problem>> {
        let folder = Folder::open(&self.settings.root).map_err(|problem| vec![problem])?;
        let suspects = self.suspects.lock().map(|mut suspects| std::mem::take(&mut *suspects)).unwrap_or_default();
        let last = self.last.take();
        let opened = last.as_ref().filter(|last| last.fresh_at.is_none_or(|at| is_fresh(at, now)));
        let only = self.only.take();
        let changes = opened.and_then(|last| {
            let changes = only.and_then(|paths| last.trace.changes_of(&folder, paths));
            changes.or_else(|| last.trace.changes(&folder))
        });
        self.unsettled = false;
        let (mut seen, mut trace, layout, (fresh_at, opened)) = match (last, changes) {
            (Some(last), Some(changes))
                if changes.is_empty() && suspects.is_empty() && last.due_at.is_none_or(|due| now < due) =>
            {
                self.read = 0;
                let scan = last.scan.clone();
                self.last = Some(last);
                return Ok(scan);
            }
            // The same files, some of which say something else.
            (Some(Last { mut trace, layout, known, fresh_at, .. }), Some(mut changes)) => {
                trace.apply(&changes);
                let as_now = |known: Known| match changes.remove(&known.file.path) {
                    Some(file) => Seen::New(file, known.context, Some(known)),
                    None => Seen::Same(known.context, known),
                };
                (known.into_iter().map(as_now).collect(), trace, layout, (fresh_at, false))
            }
            (last, _) => {
                let log = Log::default();
                let layout = match generator::open(&folder.logging(&log), &self.settings) {
                    Ok(layout) => layout,
                    Err(problems) => {
                        self.last = last;
                        return Err(problems);
                    }
                };
                self.watched = layout.watched();
                let files = layout.files();
                let files = threads::each(files.len(), |at| (files[at].clone(), layout.context(at, files[at])));
                // Opened once more for its tick, it is past that.
                let again = last.as_ref().is_some_and(|last| last.fresh_at.is_some_and(|at| !is_fresh(at, now)));
                let known = last.map(|last| last.known).unwrap_or_default();
                (seen(known, files), Trace::new(&log), layout, ((!again).then_some(now), true))
            }
        };
        if !suspects.is_empty() {
            for seen in &mut seen {
                seen.doubt(&suspects);
            }
        }

        let mut scan = Scan {
            site: layout.site(),
            pages: Vec::with_capacity(seen.len()),
            problems: layout.problems(),
            bodies: Bodies::default(),
        };
        // The file system's clock is there already.
        let newest = seen.iter().map(|seen| seen.file().stamp.written()).max().into_iter().chain(trace.written()).max();
        let soon = newest.unwrap_or_default() - TICK;
        let with_marks = recurring::are_all_wanted(seen.len(), self.settings.shown);
        let reader = Reader { folder: &folder, layout: layout.as_ref(), with_marks };
        let update = updated(&reader, seen, soon, now);
        let known = update.known;
        self.read = update.read;
        self.unsettled = !update.held.is_empty();
        // What is not believed must be noticed again.
        trace.apply(&update.held);
        let fresh_at = fresh_at.filter(|_| !opened || trace.written().is_some_and(|written| written >= soon));
        let due =
            known.iter().filter_map(|known| Some(known.fresh_at? + RACE)).chain(fresh_at.map(|at| at + RACE)).min();
        let due_at = if self.unsettled { Some(now) } else { due };
        for known in &known {
            scan.pages.extend(known.page.clone());
            scan.problems.extend(known.problems.iter().cloned());
        }
        if let Some(sections) = &self.settings.sections {
            scan.site.main_sections.clone_from(sections);
        } else if scan.site.main_sections.is_empty() {
            scan.site.main_sections = vec![together::largest_section(&scan)];
        }
        together::same_addresses(&mut scan);
        together::same_ids(&mut scan);
        together::undated(&mut scan);
        scan.problems.sort();
        scan.problems.dedup();
        scan.bodies = Bodies::new(folder, &scan, &self.settings, Arc::clone(&self.suspects));
        self.last = Some(Last { trace, layout, known, scan: scan.clone(), fresh_at, due_at });
        Ok(scan)
    }
}

/// What is known of the files of a scan.
struct Update {
    /// Ordered by path.
    known: Vec<Known>,
    /// So many were read.
    read: usize,
    /// Files that are not taken for what they are, as they were before.
    held: HashMap<String, File>,
}

/// A file of a scan beside what is known of it.
enum Seen {
    /// It is as it was; its context now.
    Same(u64, Known),
    /// It was not there, or was another.
    New(File, u64, Option<Known>),
}

impl Seen {
    fn file(&self) -> &File {
        match self {
            Self::Same(_, known) => &known.file,
            Self::New(file, ..) => file,
        }
    }

    /// What is known of one of these files does not count.
    fn doubt(&mut self, suspects: &[String]) {
        if suspects.contains(&self.file().path) {
            let context = match self {
                Self::Same(context, _) | Self::New(_, context, _) => *context,
            };
            *self = Self::New(self.file().clone(), context, None);
        }
    }
}

/// `files` with their contexts beside what is `known`, which is ordered by path; the result is, too.
fn seen(known: Vec<Known>, mut files: Vec<(File, u64)>) -> Vec<Seen> {
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    let mut known = known.into_iter().peekable();
    let beside = |(file, context): (File, u64)| {
        while known.next_if(|known| known.file.path < file.path).is_some() {}
        match known.next_if(|known| known.file.path == file.path) {
            Some(known) if known.file == file => Seen::Same(context, known),
            known => Seen::New(file, context, known),
        }
    };
    files.into_iter().map(beside).collect()
}

/// What is to be done about a file.
enum Next {
    Keep(Known),
    /// In its context; whether that is for its tick.
    Read(File, u64, bool),
}

/// What is known of all files now. What was written before `soon` was so long before it was read.
fn updated(reader: &Reader<'_>, seen: Vec<Seen>, soon: i64, now: Instant) -> Update {
    let mut held = HashMap::new();
    let decide = |seen: Seen| match seen {
        Seen::Same(context, old) => {
            let again = old.fresh_at.is_none_or(|at| !is_fresh(at, now));
            let stays = old.context == context && (old.fresh_at.is_none() || !again);
            if stays { Next::Keep(old) } else { Next::Read(old.file, context, again) }
        }
        // Editors that write a file anew empty it first.
        Seen::New(file, _, Some(old))
            if file.stamp.is_empty()
                && old.page.is_some()
                && now.duration_since(old.empty_since.unwrap_or(now)) < EMPTY =>
        {
            held.insert(file.path, old.file.clone());
            Next::Keep(Known { empty_since: Some(old.empty_since.unwrap_or(now)), ..old })
        }
        Seen::New(file, context, _) => Next::Read(file, context, false),
    };
    let next: Vec<Next> = seen.into_iter().map(decide).collect();
    let reads = (0..).zip(&next).filter_map(|(number, next)| match next {
        Next::Keep(_) => None,
        Next::Read(file, context, again) => Some((number, file, *context, *again)),
    });
    let reads: Vec<(usize, &File, u64, bool)> = reads.collect();
    let read = reads.len();
    let read_again = |room: &mut Room, at: usize| {
        let (number, file, context, again) = reads[at];
        let known = reader.read(number, file, context, room);
        // Read once more for its tick, it is past that.
        Known { fresh_at: (!again && file.stamp.written() >= soon).then_some(now), ..known }
    };
    let mut fresh = threads::each_with(read, Room::default, read_again).into_iter();
    let mut known = Vec::with_capacity(next.len());
    known.extend(next.into_iter().filter_map(|next| match next {
        Next::Keep(known) => Some(known),
        Next::Read(..) => fresh.next(),
    }));
    Update { known, read, held }
}

/// Somebody may have written once more within the tick of what was read `at` that time.
fn is_fresh(at: Instant, now: Instant) -> bool {
    now.duration_since(at) < RACE
}

/// How files are read.
struct Reader<'s> {
    folder: &'s Folder,
    layout: &'s dyn Layout,
    /// The marks of most pages will be asked for: they are found while the text is there.
    with_marks: bool,
}

impl Reader<'_> {
    fn read(&self, number: usize, file: &File, context: u64, room: &mut Room) -> Known {
        // A fault of ours in one page must not take the site down.
        let reading =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match self.folder.read_found(file, room) {
                Ok(text) => {
                    let mut reading = self.layout.read(number, file, text);
                    if let Some(page) = &mut reading.page {
                        let source_hash = body::source_hash(text, page.body.start);
                        let mut hasher = DefaultHasher::new();
                        (&source_hash, body::beyond_hash(text, page.body.start), context).hash(&mut hasher);
                        (page.source_hash, page.version) = (source_hash, hasher.finish());
                        if self.with_marks {
                            page.find_marks(text);
                        }
                    }
                    reading
                }
                Err(problem) => Reading { page: None, problems: vec![problem] },
            }))
            .unwrap_or_else(|_| {
                let what = "cannot be read: a fault of Postrider's own";
                let hint = "please report it with this file; the other pages are not affected";
                Reading { page: None, problems: vec![Problem::error(&file.path, None, what, hint)] }
            });
        Known {
            file: file.clone(),
            context,
            fresh_at: None,
            empty_since: None,
            page: reading.page.map(Arc::new),
            problems: reading.problems,
        }
    }
}
