//! What a mail shows of one post: all of it, its beginning, a sentence or two, or its title.

use serde::Serialize;

use super::sections::{self, Section};
use crate::digest::html::{self, cut};
use crate::digest::text;
use crate::post::{FullPost, section};

/// How much of a post is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Everything.
    Full,
    /// The first blocks, and a link to the rest.
    Beginning,
    /// A sentence or two.
    Excerpt,
    /// The title alone.
    Title,
}

impl Shape {
    /// For people: what of a post is shown.
    pub fn words(self) -> &'static str {
        match self {
            Self::Full => "everything",
            Self::Beginning => "only the beginning",
            Self::Excerpt => "only the summary",
            Self::Title => "only the title",
        }
    }
}

/// A post's content for the templates of a mail.
#[derive(Debug, Default)]
pub struct Content {
    /// Fit for mail. `None`: not to be shown.
    pub html: Option<String>,
    /// By its sections; see [`sections::sections`].
    pub sections: Vec<Section>,
    /// As plain text.
    pub text: String,
    /// The addresses that the text's numbers stand for.
    pub links: Vec<String>,
    /// Octets of the post's own HTML that all this was made of.
    pub of: usize,
}

/// Of a post of more HTML than this only the beginning is looked at: no mail holds more.
const LONGEST: usize = 300_000;

impl Content {
    /// What of `post` fits into `limit` octets of its own HTML. Links in the text are numbered from `first` on.
    pub fn of(post: &FullPost, setting: html::Setting<'_>, first: usize, limit: usize) -> Result<Self, String> {
        let whole: &str = &post.shown.html;
        let source = cut::beginning(whole, limit.min(LONGEST));
        if source.is_empty() && !whole.is_empty() {
            return Ok(Self::default());
        }
        let unfit = |error: String| format!("{}: its HTML cannot be made fit for mail: {error}", post.path);
        let parts = section::sections(source, &post.shown.roles);
        let told = sections::have_entries(&parts).then(|| sections::source(&parts));
        let text::Text { body, links } = text::text(told.as_deref().unwrap_or(source), &post.url, first);
        Ok(Self {
            html: Some(html::for_mail(source, setting).map_err(unfit)?),
            sections: sections::sections(parts, setting).map_err(unfit)?,
            text: body,
            links,
            of: source.len(),
        })
    }
}
