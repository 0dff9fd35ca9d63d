//! Scans: what has not changed since the last one is not read twice.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::post::recurring::{self, Recurring};
use crate::post::{Page, body, id};
use crate::problem::Problem;

use super::bodies::Suspects;
use super::files::{File, Folder, Stamp};
use super::generator::{self, Layout, Reading};
use super::{Bodies, Scan, Settings, threads};

/// What a file said when it was last read.
#[derive(Debug, Clone)]
struct Known {
    stamp: Stamp,
    context: u64,
    page: Option<Arc<Page>>,
    problems: Vec<Problem>,
}

/// Reads a site again and again; what has not changed since the last time is not read twice.
#[derive(Debug)]
pub struct Scanner {
    settings: Settings,
    known: HashMap<String, Known>,
    watched: Vec<String>,
    /// Pages that the last scan had to read.
    read: usize,
    suspects: Suspects,
    /// Of the last scan.
    recurring: Arc<Recurring>,
}

impl Scanner {
    /// Of the site that `settings` name. Nothing is read yet.
    pub fn new(settings: Settings) -> Self {
        let (known, watched, suspects, recurring) = Default::default();
        Self { settings, known, watched, read: 0, suspects, recurring }
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
        let layout = generator::open(&folder, &self.settings)?;
        self.watched = layout.watched();
        let files = layout.files();
        let contexts: Vec<u64> = files.iter().map(|file| layout.context(file)).collect();
        for path in self.suspects.lock().map(|mut suspects| std::mem::take(&mut *suspects)).unwrap_or_default() {
            self.known.remove(&path);
        }
        let changed: Vec<usize> = (0..files.len())
            .filter(|at| {
                let known = self.known.get(&files[*at].path);
                !known.is_some_and(|known| known.stamp == files[*at].stamp && known.context == contexts[*at])
            })
            .collect();
        self.read = changed.len();
        let read = |at: usize| read_one(&folder, layout.as_ref(), files[changed[at]], contexts[changed[at]]);
        let mut fresh = changed.iter().zip(threads::each(changed.len(), read)).peekable();
        let mut scan = Scan {
            site: layout.site(),
            pages: Vec::with_capacity(files.len()),
            problems: layout.problems(),
            bodies: Bodies::default(),
        };
        let mut known = HashMap::with_capacity(files.len());
        for (at, file) in files.iter().enumerate() {
            let entry = match fresh.next_if(|(changed, _)| **changed == at) {
                Some((_, entry)) => Some((file.path.clone(), entry)),
                None => self.known.remove_entry(&file.path),
            };
            if let Some((path, entry)) = entry {
                scan.pages.extend(entry.page.clone());
                scan.problems.extend(entry.problems.iter().cloned());
                known.insert(path, entry);
            }
        }
        let is_same = changed.is_empty() && self.known.is_empty();
        if !is_same {
            self.recurring = Arc::new(Recurring::of(scan.pages.iter().map(Arc::as_ref)));
        }
        self.known = known;
        drop(files);
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
        scan.bodies =
            Bodies::new(folder, &scan, &self.settings, Arc::clone(&self.recurring), Arc::clone(&self.suspects));
        Ok(scan)
    }
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
    Known { stamp: file.stamp, context, page: reading.page.map(Arc::new), problems: reading.problems }
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
