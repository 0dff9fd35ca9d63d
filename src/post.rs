//! What a page of the site says, and what makes it a Post: identity and status.
//!
//! A [`Page`] is what one Markdown file says, before time and identity. A [`Post`] is a page with its permanent id
//! and its status at an instant; only listed ones are shown to anybody.

pub mod body;
pub mod calls;
pub mod date;
pub mod flow;
pub mod front_matter;
pub mod id;
pub mod links;
pub mod markdown;
pub mod permalink;
pub mod picture;
pub mod recurring;
pub mod sanitize;
pub mod section;
pub mod slug;
pub mod summary;

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};

/// A regular page as its generator would publish it, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Of the file, relative to the site's folder, `/` between parts: `content/zh/blog/x/index.md`.
    pub path: String,
    /// Absolute and percent-encoded; empty when the generator gives it none (`build.render: never`).
    pub url: String,
    /// The address as the generator writes it, where that is not percent-encoded.
    pub written_url: Option<String>,
    /// Plain text, inline Markdown taken away. May be empty.
    pub title: String,
    /// The title exactly as the front matter has it, which is what the generator calls the title. `None` where a page
    /// without one has none at all (Zola); to others it is empty.
    pub written_title: Option<String>,
    /// The page's date, in the offset in which it was written.
    pub published: Option<DateTime<FixedOffset>>,
    /// Later change, where the front matter names one.
    pub updated: Option<DateTime<FixedOffset>>,
    /// Not shown before this instant (Hugo's `publishDate`, else `published`).
    pub visible_from: Option<DateTime<FixedOffset>>,
    /// Not shown from this instant on (Hugo's `expiryDate`).
    pub visible_until: Option<DateTime<FixedOffset>>,
    /// The author says it is not ready.
    pub draft: bool,
    /// The site shows drafts all the same (Hugo's `buildDrafts`).
    pub draft_is_shown: bool,
    /// Reachable by its address, but in no list (Hugo's `build.list: never`).
    pub unlisted: bool,
    /// First folder below the content root: `blog`. Empty at the root.
    pub section: String,
    /// As written, in order, without repeats.
    pub tags: Vec<String>,
    /// As written, in order, without repeats.
    pub categories: Vec<String>,
    /// In order; may be empty.
    pub authors: Vec<Author>,
    /// The one that the header states, Markdown and all; else empty.
    pub summary: String,
    /// The generator's name of the language: `zh`.
    pub language: String,
    /// The picture that the header states.
    pub cover: Option<Cover>,
    /// The mark behind which the summary ends, where the site names one of its own (Jekyll's `excerpt_separator`).
    pub excerpt_end: Option<Arc<str>>,
    /// Where the text stands.
    pub body: body::Body,
    /// Changes whenever the file does, or what it is read by. Filled in by who scans.
    pub version: u64,
    /// What of the text may come back in other pages: looked up where a body is shown.
    pub marks: recurring::Marks,
    /// An id that the front matter gives, verbatim: an absolute URI or a mere name.
    pub own_id: Option<String>,
    /// Absolute addresses that the page had before (Hugo's `aliases`).
    pub aliases: Vec<String>,
    /// [`body::source_hash`] of the file: finds a renamed one again. Filled in by who scans.
    pub source_hash: String,
}

/// Who wrote a page.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Author {
    /// Never empty.
    pub name: String,
    /// Absolute, where known.
    pub url: Option<String>,
}

/// A picture that stands for a page.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Cover {
    /// Absolute.
    pub url: String,
    /// May be empty.
    pub alt: String,
}

/// What a page is at an instant. Only [`Status::Listed`] makes it a Post that anybody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Published.
    Listed,
    /// Marked as not ready.
    Draft,
    /// Its time has not come.
    Future,
    /// Its time is over.
    Expired,
    /// Published, but in no list.
    Unlisted,
}

impl Page {
    /// Whether it is a draft that nobody is shown.
    pub fn is_held_back(&self) -> bool {
        self.draft && !self.draft_is_shown
    }

    /// What the page is at `now`.
    pub fn status(&self, now: DateTime<Utc>) -> Status {
        if self.is_held_back() {
            Status::Draft
        } else if self.visible_until.is_some_and(|until| until <= now) {
            Status::Expired
        } else if self.visible_from.is_some_and(|from| from > now) {
            Status::Future
        } else if self.unlisted {
            Status::Unlisted
        } else {
            Status::Listed
        }
    }

    /// Listed, and of no later date than `now`: some generators show what is of the future, but a feed or a mail is news of what is there.
    pub fn is_out(&self, now: DateTime<Utc>) -> bool {
        self.status(now) == Status::Listed && self.published.is_none_or(|date| date.to_utc() <= now)
    }

    /// Looks up [`Page::marks`] in `text`, the whole of its file.
    pub fn find_marks(&self, text: &str) {
        self.marks.found(recurring::marks(&self.summary, text.get(self.body.start..).unwrap_or_default()));
    }

    /// The next instant after `now` at which [`Page::status`], or what is said of the page's dates, changes by itself.
    pub fn next_change(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_held_back() {
            return None;
        }
        let dates = [self.visible_from, self.visible_until, self.published, self.updated];
        dates.into_iter().flatten().map(|at| at.to_utc()).filter(|at| *at > now).min()
    }
}

/// A page with its permanent id, and its status when the Library was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The same in every feed, for ever.
    pub id: id::PostId,
    /// At the Library's instant.
    pub status: Status,
    /// What the file says.
    pub page: Arc<Page>,
}

impl Deref for Post {
    type Target = Page;
    fn deref(&self) -> &Page {
        &self.page
    }
}

/// A Post with what its body shows: what feeds and mails are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullPost {
    /// Who and when.
    pub post: Arc<Post>,
    /// What.
    pub shown: Arc<body::Shown>,
}

impl Deref for FullPost {
    type Target = Post;
    fn deref(&self) -> &Post {
        &self.post
    }
}
