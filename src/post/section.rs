//! A page's sections: what stands below each of its headings, what it is for, and its entries.
//!
//! Read from the sanitised HTML, so that the page's notation does not matter. Together the sections are the whole page, in
//! order. Which headings and marks mean what is configuration ([`Roles`]).

mod links;
mod marks;
pub mod outline;
mod pieces;
mod questions;
pub mod roles;
mod tasks;

use serde::Serialize;

use super::flow::Flow;
pub use super::flow::Link;
pub use roles::{Entries, Roles};

/// A section of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Section {
    /// Plain text; empty for what stands before the first heading.
    pub heading: String,
    /// 1 to 6 as in HTML; 7 for a line in bold that serves as a heading; 0 before the first.
    pub level: u8,
    /// What it is for, where its heading or one above it says so: `questions`, `tasks`, `reading`, …
    pub role: Option<String>,
    /// Sanitised, without the heading.
    pub html: String,
    /// Plain text, a line a line.
    pub text: String,
    /// Every link in it, in order.
    pub links: Vec<Link>,
    /// The whole of `html` once more: its entries, and what stands between them. One [`Part::Prose`] where the role has no
    /// entries.
    pub parts: Vec<Part>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Part {
    /// Whatever is no entry.
    Prose {
        /// Sanitised.
        html: String,
    },
    /// Of [`Entries::Questions`].
    Question(Question),
    /// Of [`Entries::Tasks`].
    Task(Task),
    /// Of [`Entries::Links`].
    Reading(Reading),
}

/// What one person asked, and the answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Question {
    /// A name without `@`; empty where nobody is named.
    pub asker: String,
    /// Is the name written with `@`?
    pub handle: bool,
    /// The number of the issue that was asked in, without `#`; empty where none is named.
    pub issue: String,
    /// Questions with what was answered, in order. Never empty.
    pub exchanges: Vec<Exchange>,
    /// The project that it is about; empty where none is named. One line may name it for several entries above it.
    pub project: String,
    /// The project's address, or the issue's; may be empty.
    pub link: String,
}

/// A question and its answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Exchange {
    /// May be empty: an answer to what the heading says.
    pub question: Piece,
    /// Without their marks. Empty: not answered, or thanks.
    pub answers: Vec<Piece>,
}

/// Some lines of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Piece {
    /// Sanitised blocks.
    pub html: String,
    /// Plain text, a line a line.
    pub text: String,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Task {
    /// May be empty.
    pub project: String,
    /// As the site's word list writes it: `Easy`. May be empty.
    pub level: String,
    /// Plain text.
    pub text: String,
    /// Where it is described; may be empty.
    pub link: String,
}

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Reading {
    /// Plain text; never empty.
    pub title: String,
    /// Absolute.
    pub link: String,
    /// The rest of its line, plain text; may be empty.
    pub note: String,
}

impl Section {
    /// Its questions.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.parts.iter().filter_map(|part| if let Part::Question(question) = part { Some(question) } else { None })
    }

    /// Its tasks.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.parts.iter().filter_map(|part| if let Part::Task(task) = part { Some(task) } else { None })
    }

    /// What it tells to read.
    pub fn reading(&self) -> impl Iterator<Item = &Reading> {
        self.parts.iter().filter_map(|part| if let Part::Reading(reading) = part { Some(reading) } else { None })
    }
}

/// The sections of sanitised `html`, in order. Linear in its length, whatever it is.
pub fn sections(html: &str, roles: &Roles) -> Vec<Section> {
    let flow = Flow::of(html);
    outline::parts(&flow, roles).into_iter().map(|part| section(&flow, roles, part)).collect()
}

fn section(flow: &Flow<'_>, roles: &Roles, part: outline::Part) -> Section {
    let lines = &flow.lines[part.lines.clone()];
    let entries = part.role.as_deref().and_then(Roles::entries);
    let parts = match entries {
        Some(Entries::Questions) => questions::parts(flow, part.lines.clone(), roles),
        Some(Entries::Tasks) => tasks::parts(flow, part.lines.clone(), roles, &part.heading),
        Some(Entries::Links) => links::parts(flow, part.lines.clone()),
        None => vec![],
    };
    let html = pieces::html(flow, part.lines.clone());
    let parts = match parts {
        parts if parts.is_empty() && !html.is_empty() => vec![Part::Prose { html: html.clone() }],
        parts => parts,
    };
    Section {
        text: pieces::text(lines),
        links: lines.iter().flat_map(|line| line.links.iter().cloned()).collect(),
        html,
        parts,
        heading: part.heading,
        level: part.level,
        role: part.role,
    }
}

/// The questions of a part of a page whose role is that.
pub fn questions_of(flow: &Flow<'_>, part: &outline::Part, roles: &Roles) -> Vec<Question> {
    let parts = questions::parts(flow, part.lines.clone(), roles).into_iter();
    parts.filter_map(|part| if let Part::Question(question) = part { Some(question) } else { None }).collect()
}

/// What the entries of a role are taken out of: lines, some of which are entries. What lies between is prose.
struct Between<'f, 'h> {
    flow: &'f Flow<'h>,
    parts: Vec<Part>,
    /// The first line that is in no part yet.
    next: usize,
}

impl<'f, 'h> Between<'f, 'h> {
    fn new(flow: &'f Flow<'h>, start: usize) -> Self {
        Self { flow, parts: Vec::new(), next: start }
    }

    /// Adds an entry made of the lines `from..to`, and what stood before it.
    fn push(&mut self, from: usize, to: usize, part: Part) {
        self.prose(from);
        self.parts.push(part);
        self.next = self.next.max(to);
    }

    /// Leaves out a line that entries tell already.
    fn skip(&mut self, at: usize) {
        self.prose(at);
        self.next = self.next.max(at + 1);
    }

    fn prose(&mut self, to: usize) {
        if to > self.next {
            let html = pieces::html(self.flow, self.next..to);
            if !html.is_empty() {
                self.parts.push(Part::Prose { html });
            }
            self.next = to;
        }
    }

    fn finish(mut self, end: usize) -> Vec<Part> {
        self.prose(end);
        self.parts
    }
}

#[cfg(test)]
mod tests;
