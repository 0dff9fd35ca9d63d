//! What bodies hold besides Markdown: the calls of their generator. One small file a dialect.
//!
//! A theme's templates are not run. Known calls become plain HTML or Markdown, unknown ones give what they enclose, and
//! no braces of a call are shown. All of it takes time linear in the body's length.

mod hugo;

use std::borrow::Cow;

use super::Page;
use super::body::Dialect;
use super::links::Knowledge;

/// A call or link that `check` tells of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Found {
    /// Of the file, 1-based.
    pub line: usize,
    /// As it is written: `note`, `../x.md`.
    pub name: String,
    /// What is to be said of it.
    pub what: What,
}

/// See [`Found`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// A call that is not known: what it encloses is shown.
    Unknown,
    /// A link to a page that is not there.
    Broken,
}

/// What a body is read with.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The page.
    pub page: &'a Page,
    /// The whole text of its file: calls may name what its front matter says.
    pub file: &'a str,
    /// The rest of the site.
    pub site: &'a Knowledge,
}

/// A body without calls.
#[derive(Debug, Clone, Default)]
pub struct Expanded<'t> {
    /// Markdown (or HTML, where the body is).
    pub text: Cow<'t, str>,
    /// What `check` tells of.
    pub found: Vec<Found>,
}

/// `text`, the body of a page, without the calls of its dialect.
pub fn expand<'t>(text: &'t str, around: &Around<'_>) -> Expanded<'t> {
    match around.page.body.dialect {
        Dialect::Hugo => Expanded { text: hugo::resolve(text), found: Vec::new() },
        _ => Expanded { text: Cow::Borrowed(text), found: Vec::new() },
    }
}
