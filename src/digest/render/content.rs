//! What a mail shows of one post: all of it, its beginning, a sentence or two, or its title.

use serde::Serialize;

use super::budget;
use super::sections::{self, Section};
use crate::digest::html::{self, cut, media};
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
/// Octets of one post's HTML that are too many for any mail.
const PLENTY: usize = budget::DECODED / 4 * 5;
/// Beginnings that are tried to come near it.
const TRIES: usize = 8;

impl Content {
    /// What of `post` is looked at: all, or a beginning that is too long for a mail in any case. Ten posts of any length would take a
    /// template too long to write. Links in the text are numbered from `first` on.
    pub fn most_of(
        post: &FullPost,
        setting: html::Setting<'_>,
        words: &media::Words,
        first: usize,
    ) -> Result<Self, String> {
        let mut content = Self::of(post, setting, words, first, LONGEST)?;
        let mut low = 0;
        for _ in 0..TRIES {
            let made = content.length();
            if made <= PLENTY {
                return Ok(content);
            }
            let share = content.of * usize::midpoint(budget::DECODED, PLENTY) / made;
            let limit = if low == 0 { share } else { usize::midpoint(low, content.of) };
            let shorter = Self::of(post, setting, words, first, limit)?;
            if shorter.length() > budget::DECODED {
                content = shorter;
            } else {
                low = limit;
            }
        }
        // It can be cut at no such place.
        if content.length() > 2 * PLENTY { Self::of(post, setting, words, first, low) } else { Ok(content) }
    }

    fn length(&self) -> usize {
        self.html.as_ref().map_or(0, String::len)
    }

    /// How many octets of `post`'s own HTML [`Self::of`] shows within `limit`.
    pub fn reach(post: &FullPost, limit: usize) -> usize {
        cut::beginning(&post.shown.html, limit.min(LONGEST)).1
    }

    /// What of `post` fits into `limit` octets of its own HTML.
    pub fn of(
        post: &FullPost,
        setting: html::Setting<'_>,
        words: &media::Words,
        first: usize,
        limit: usize,
    ) -> Result<Self, String> {
        let whole: &str = &post.shown.html;
        let (source, of) = cut::beginning(whole, limit.min(LONGEST));
        if source.is_empty() && !whole.is_empty() {
            return Ok(Self::default());
        }
        let source = media::as_links(&source, words);
        let unfit = |error: String| format!("{}: its HTML cannot be made fit for mail: {error}", post.path);
        let parts = section::sections(&source, &post.shown.roles);
        let told = sections::have_entries(&parts).then(|| sections::source(&parts));
        let text::Text { body, links } = text::text(told.as_deref().unwrap_or(&source), &post.url, first);
        Ok(Self {
            html: Some(html::for_mail(&source, setting).map_err(unfit)?),
            sections: sections::sections(parts, setting).map_err(unfit)?,
            text: body,
            links,
            of,
        })
    }
}
