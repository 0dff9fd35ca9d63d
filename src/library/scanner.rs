//! Scans: what has not changed since the last one is not read twice.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::post::recurring::{self, Recurring};
use crate::post::{Page, body, id};
use crate::problem::Problem;

use super::bodies::Suspects;
use super::files::{File, Folder};
use super::generator::{self, Layout, Reading};
use super::trace::{Log, Trace};
use super::{Bodies, Scan, Settings, threads};

/// What a file said when it was last read.
#[derive(Debug, Clone)]
struct Known {
    file: File,
    context: u64,
    page: Option<Arc<Page>>,
    problems: Vec<Problem>,
}

impl Known {
    /// Does it have the same in common with others as `other`?
    fn shares(&self, other: &Self) -> bool {
        match (&self.page, &other.page) {
            (Some(a), Some(b)) => {
                Arc::ptr_eq(a, b) || (&a.section, &a.language, &a.marks) == (&b.section, &b.language, &b.marks)
            }
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

/// Reads a site again and again; what has not changed since the last time is not read twice.
#[derive(Debug)]
pub struct Scanner {
    settings: Settings,
    last: Option<Last>,
    watched: Vec<String>,
    /// Files that the last scan had to read.
    read: usize,
    suspects: Suspects,
}

/// What a scan leaves to the next one.
struct Last {
    trace: Trace,
    layout: Box<dyn Layout>,
    /// Ordered by path.
    known: Vec<Known>,
    recurring: Arc<Recurring>,
    scan: Scan,
}

impl fmt::Debug for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Last").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

impl Scanner {
    /// Of the site that `settings` name. Nothing is read yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, last: None, watched: Vec::new(), read: 0, suspects: Suspects::default() }
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

    /// Reads the site. An error only where there is no site to read (no folder, generator's configuration broken, no
    /// address): a broken post is a Problem.
    pub fn scan(&mut self) -> Result<Scan, Vec<Problem>> {
        let folder = Folder::open(&self.settings.root).map_err(|problem| vec![problem])?;
        let suspects = self.suspects.lock().map(|mut suspects| std::mem::take(&mut *suspects)).unwrap_or_default();
        let last = self.last.take();
        let changes = last.as_ref().and_then(|last| last.trace.changes(&folder));
        let (mut known, mut recurring, trace, layout, files) = match (last, changes) {
            (Some(last), Some(changes)) if changes.is_empty() && suspects.is_empty() => {
                self.read = 0;
                let scan = last.scan.clone();
                self.last = Some(last);
                return Ok(scan);
            }
            // The same files, some of which say something else.
            (Some(Last { mut trace, layout, known, recurring, .. }), Some(changes)) => {
                let now = |known: &Known| changes.get(&known.file.path).unwrap_or(&known.file).clone();
                let files: Vec<(File, u64)> = known.iter().map(|known| (now(known), known.context)).collect();
                trace.apply(&changes);
                (known, recurring, trace, layout, files)
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
                let files =
                    layout.files().into_iter().map(|file| (file.clone(), layout.context(file))).collect::<Vec<_>>();
                let (known, recurring) = last.map(|last| (last.known, last.recurring)).unwrap_or_default();
                (known, recurring, Trace::new(&log), layout, files)
            }
        };
        known.retain(|known| !suspects.contains(&known.file.path));

        let mut scan = Scan {
            site: layout.site(),
            pages: Vec::with_capacity(files.len()),
            problems: layout.problems(),
            bodies: Bodies::default(),
        };
        let before = known;
        let read;
        (known, read) = updated(&folder, layout.as_ref(), &before, files);
        self.read = read;
        // What recurs is counted again only when a page's share of it has changed.
        let is_same = before.len() == known.len() && before.iter().zip(&known).all(|(before, now)| before.shares(now));
        if !is_same {
            recurring = Arc::new(Recurring::of(known.iter().filter_map(|known| known.page.as_deref())));
        }
        for known in &known {
            scan.pages.extend(known.page.clone());
            scan.problems.extend(known.problems.iter().cloned());
        }
        if let Some(sections) = &self.settings.sections {
            scan.site.main_sections.clone_from(sections);
        } else if scan.site.main_sections.is_empty() {
            scan.site.main_sections = vec![largest_section(&scan)];
        }
        same_addresses(&mut scan);
        same_ids(&mut scan);
        undated(&mut scan);
        scan.problems.sort();
        scan.problems.dedup();
        scan.bodies = Bodies::new(folder, &scan, &self.settings, Arc::clone(&recurring), Arc::clone(&self.suspects));
        self.last = Some(Last { trace, layout, known, recurring, scan: scan.clone() });
        Ok(scan)
    }
}

/// What is known of `files`: of those that are as they were, what was `before`; and how many were read.
fn updated(folder: &Folder, layout: &dyn Layout, before: &[Known], mut files: Vec<(File, u64)>) -> (Vec<Known>, usize) {
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    let mut old = before.iter().peekable();
    let kept: Vec<Option<&Known>> = files
        .iter()
        .map(|(file, context)| {
            while old.next_if(|old| old.file.path < file.path).is_some() {}
            old.next_if(|old| old.file.path == file.path).filter(|old| old.file == *file && old.context == *context)
        })
        .collect();
    let changed: Vec<&(File, u64)> =
        files.iter().zip(&kept).filter(|(_, kept)| kept.is_none()).map(|(file, _)| file).collect();
    let read = changed.len();
    let mut fresh = threads::each(read, |at| read_one(folder, layout, &changed[at].0, changed[at].1)).into_iter();
    (kept.into_iter().filter_map(|kept| kept.cloned().or_else(|| fresh.next())).collect(), read)
}

fn read_one(folder: &Folder, layout: &dyn Layout, file: &File, context: u64) -> Known {
    // A fault of ours in one page must not take the site down.
    let reading = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match folder.read(&file.path) {
        Ok(text) => {
            let mut reading = layout.read(file, &text);
            if let Some(page) = &mut reading.page {
                page.marks = recurring::marks(&page.summary, text.get(page.body.start..).unwrap_or_default());
                page.source_hash = body::source_hash(&text, page.body.start);
                let mut hasher = DefaultHasher::new();
                (file.stamp, context).hash(&mut hasher);
                page.version = hasher.finish();
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
    Known { file: file.clone(), context, page: reading.page.map(Arc::new), problems: reading.problems }
}

/// Hugo's rule for `mainSections`: the one with the most pages.
fn largest_section(scan: &Scan) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let language = scan.site.languages.first().map_or("", |language| language.key.as_str());
    for page in scan.pages.iter().filter(|page| !page.draft && (page.language == language || language.is_empty())) {
        *counts.entry(&page.section).or_default() += 1;
    }
    let largest =
        counts.into_iter().max_by_key(|(section, count)| (!section.is_empty(), *count, std::cmp::Reverse(*section)));
    largest.map(|(section, _)| section.to_owned()).unwrap_or_default()
}

/// Two pages at one address: readers see one of them.
fn same_addresses(scan: &mut Scan) {
    let mut first: HashMap<&str, &str> = HashMap::new();
    for page in scan.pages.iter().filter(|page| !page.url.is_empty() && !page.draft) {
        if let Some(other) = first.insert(&page.url, &page.path) {
            let what = format!("has the same address as {other}: {}", page.url);
            scan.problems.push(Problem::warning(&page.path, None, what, "give one of them another `slug` or `url`"));
        }
    }
}

/// A post without a date is left out of every feed and mail, which its author should not have to guess.
fn undated(scan: &mut Scan) {
    for page in &scan.pages {
        let is_post = !page.draft && !page.unlisted && !page.url.is_empty();
        if is_post && page.published.is_none() && scan.site.main_sections.contains(&page.section) {
            let hint = "write e.g. `date: 2021-10-15` into its front matter, or `draft: true`";
            scan.problems.push(Problem::warning(&page.path, None, "has no date: it is in no feed and no mail", hint));
        }
    }
}

/// Two pages with one id of their own: the second gets another.
fn same_ids(scan: &mut Scan) {
    for (page, earlier) in id::repeated_own_ids(&scan.pages) {
        let what = format!("has the same id as {}; it gets one of its own", earlier.path);
        scan.problems.push(Problem::warning(&page.path, None, what, "give every page its own `guid`, or none"));
    }
}
