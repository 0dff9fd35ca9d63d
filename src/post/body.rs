//! A page's body, as it is written and as it is shown.
//!
//! Who reads a site keeps only where each body stands ([`Body`]); what it shows is made when a feed or a mail needs it.

use std::borrow::Cow;
use std::sync::Arc;

use url::Url;

use super::calls::{self, Around, Found};
use super::links::Knowledge;
use super::picture::Facts;
use super::section::{self, Roles, Section};
use super::{Cover, FullPost, Page, Post, markdown, sanitize, summary};
use crate::crypto;
use crate::fingerprint;
use crate::problem::Problem;

/// Where a page's body stands in its file, and in which notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Body {
    /// Offset in bytes into the file's text.
    pub start: usize,
    /// Line of the file on which it begins, 1-based.
    pub line: usize,
    /// HTML as it is, not Markdown.
    pub html: bool,
    /// Whose calls and markers are in it.
    pub dialect: Dialect,
}

/// What a body holds besides Markdown: the calls and the marker of the generator that builds the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Markdown alone.
    #[default]
    Plain,
    /// `{{< figure >}}`, `<!--more-->`
    Hugo,
    /// Liquid, kramdown; the excerpt ends at the first blank line
    Jekyll,
    /// `{{ youtube(id="x") }}`, `<!-- more -->`
    Zola,
    /// Nunjucks tags, `<!-- more -->`
    Hexo,
    /// MDX, admonitions, `<!-- truncate -->`
    Docusaurus,
    /// Liquid or Nunjucks
    Eleventy,
    /// `{filename}` links
    Pelican,
}

/// What a body shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// Sanitised HTML, every link and picture absolute.
    pub html: Arc<str>,
    /// Plain text of a few lines; may be empty.
    pub summary: String,
    /// The picture that stands for the page.
    pub cover: Option<Cover>,
    /// What the cover's file says of it, where the site has it. Filled in by who reads files.
    pub picture: Option<Facts>,
    /// Calls that are not known and links that lead nowhere, by line.
    pub found: Vec<Found>,
    /// What its sections are told by.
    pub roles: Arc<Roles>,
}

/// Where what posts show comes from.
pub trait Bodies {
    /// Of each of `posts`, in their order: changes whenever what it shows may have changed.
    fn versions(&self, posts: &[&Post]) -> Vec<u64> {
        posts.iter().map(|post| post.version).collect()
    }

    /// `posts`, in their order, with what they show. The Problem is of a file that cannot be read any more, or is not the
    /// one that was scanned: another scan is due.
    fn full(&self, posts: &[Arc<Post>]) -> Result<Vec<FullPost>, Problem>;

    /// What `write` makes of each of `posts` with what it shows, in their order; called side by side where there are many.
    /// The Problem is that of [`Bodies::full`].
    fn written(&self, posts: &[Arc<Post>], write: Write<'_>) -> Result<Vec<Vec<Arc<str>>>, Problem> {
        Ok(self.full(posts)?.iter().enumerate().map(|(at, full)| write(at, full)).collect())
    }
}

/// Makes texts of a post and its place among those that were asked for.
pub type Write<'w> = &'w (dyn Fn(usize, &FullPost) -> Vec<Arc<str>> + Sync);

/// So much of a file tells it from all others, together with its size.
const HEAD: usize = 4096;

/// A shorter body may be another post's too.
const TELLING: usize = 120;

/// Finds a renamed file again, of which `text` is the whole and the body begins at `start`: hashes of its sizes and beginnings,
/// hexadecimal; behind a colon that of the body alone, where it is long enough to be nobody else's.
pub fn source_hash(text: &str, start: usize) -> String {
    fn head(text: &str) -> &[u8] {
        &text.as_bytes()[..text.len().min(HEAD)]
    }
    let (header, body) = text.split_at_checked(start).unwrap_or((text, ""));
    let sized = |text: &str, more: &[u8]| {
        // No room on the heap: every file of a scan is told so.
        let (mut parts, length) = ([0; 8 + 16 + 16], 8 + 16 + more.len());
        parts[..8].copy_from_slice(&(text.len() as u64).to_le_bytes());
        parts[8..24].copy_from_slice(&fingerprint::stable(head(text)));
        parts[24..length].copy_from_slice(more);
        fingerprint::stable(&parts[..length])
    };
    let of_body = sized(body, &[]);
    let mut hash = crypto::hex(&sized(header, &of_body));
    if body.trim().len() >= TELLING {
        hash.push(':');
        hash.push_str(&crypto::hex(&of_body));
    }
    hash
}

/// Of what of the file [`source_hash`] does not see.
pub fn beyond_hash(text: &str, start: usize) -> u64 {
    let (header, body) = text.split_at_checked(start).unwrap_or((text, ""));
    let of = |part: &str| fingerprint::octets(part.as_bytes().get(HEAD..).unwrap_or_default());
    let (header, body) = (of(header), of(body));
    header.rotate_left(1) ^ body
}

/// What `page` shows, of which `file` is the whole text, in the site that `site` knows.
pub fn shown(page: &Page, file: &str, site: &Knowledge) -> Shown {
    let around = Around::new(page, file, site);
    let mut expanded = calls::expand(file.get(page.body.start..).unwrap_or_default(), &around);
    let mut found = std::mem::take(&mut expanded.found);
    // A page without an address is shown to nobody, but its words are told.
    let url = Url::parse(&page.url).or_else(|_| Url::parse("https://localhost/"));
    let render = |text: &str, found: &mut Vec<Found>| {
        let raw = if page.body.html {
            Cow::Borrowed(text)
        } else {
            let mut on_link = |address: &str, line: usize| calls::link(&around, address, expanded.line(line), found);
            Cow::Owned(markdown::read(text, page.body.dialect, &mut on_link))
        };
        url.as_ref().map(|url| sanitize::sanitize(&expanded.fill(&raw), url)).unwrap_or_default()
    };
    let html = render(&expanded.text, &mut found);
    found.sort_by_key(|found| found.line);
    let own = site.recurring.seen_from(page);
    let excerpt = |before: &str| render(before, &mut Vec::new());
    let summary = summary::of(page, &expanded.text, excerpt, &html, &own, &site.roles);
    let first = || sanitize::pictures(&html).find(|cover| !own.picture_recurs(&cover.url));
    let cover = page.cover.clone().or_else(first);
    Shown { html: html.into(), summary, cover, picture: None, found, roles: Arc::clone(&site.roles) }
}

impl Shown {
    /// What stands below each of its headings.
    pub fn sections(&self) -> Vec<Section> {
        section::sections(&self.html, &self.roles)
    }
}
