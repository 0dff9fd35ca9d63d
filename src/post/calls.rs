//! What bodies hold besides Markdown: the calls of their generator. One small file a dialect.
//!
//! A theme's templates are not run. Known calls become plain HTML or Markdown, unknown ones give what they enclose, and
//! no braces of a call are shown. All of it takes time linear in the body's length.

mod args;
mod code;
mod hexo;
mod hugo;
mod jsx;
mod known;
mod kramdown;
mod liquid;
mod mdx;
mod out;
mod pelican;
mod seek;
mod told;
mod zola;

use std::borrow::Cow;
use std::cell::OnceCell;

use super::Page;
use super::body::Dialect;
use super::front_matter::{self, FrontMatter};
use super::links::{self, Knowledge, Start};
use out::Insert;

pub use told::problems;

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
    /// A call whose braces are not closed: the generator refuses the page.
    Unclosed,
    /// A link to a page that is not there.
    Broken,
}

/// What a body is read with.
#[derive(Debug)]
pub struct Around<'a> {
    /// The page.
    pub page: &'a Page,
    /// The whole text of its file: calls may name what its front matter says.
    pub file: &'a str,
    /// The rest of the site.
    pub site: &'a Knowledge,
    front_matter: OnceCell<FrontMatter>,
}

impl<'a> Around<'a> {
    /// Nothing is read before a call asks for it.
    pub fn new(page: &'a Page, file: &'a str, site: &'a Knowledge) -> Self {
        Self { page, file, site, front_matter: OnceCell::new() }
    }

    /// What the page's front matter says; empty where it cannot be read.
    pub fn front_matter(&self) -> &FrontMatter {
        self.front_matter
            .get_or_init(|| front_matter::split(self.file).map(|parts| parts.front_matter).unwrap_or_default())
    }

    /// The address of the page that `written` means, with the fragment it has.
    pub fn address(&self, written: &str, start: Start) -> Option<String> {
        let (path, rest) = links::split(written.trim());
        if path.is_empty() {
            return Some(format!("{}{rest}", self.page.url));
        }
        let page = self.site.links.find(self.page, path, start)?;
        Some(format!("{}{rest}", page.url))
    }

    /// The address that a path below the content's root probably has: of a section, of a file that no scan reads.
    pub fn guess(&self, written: &str) -> String {
        let (path, rest) = links::split(written.trim());
        let path = path.trim_start_matches("./").trim_start_matches('/');
        let path = ["_index.md", "index.md", ".md", ".mdx", ".markdown"]
            .iter()
            .find_map(|end| path.strip_suffix(end))
            .unwrap_or(path);
        format!("{}{path}{rest}", self.home())
    }

    /// The address of a path that is written from the site's root.
    pub fn below(&self, path: &str) -> String {
        format!("{}{}", self.site.site.url, path.trim_start_matches('/'))
    }

    /// Where the site begins in the page's language; ends in `/`.
    pub fn home(&self) -> &str {
        let languages = &self.site.site.languages;
        let own = languages.iter().find(|language| language.key == self.page.language);
        own.map_or(self.site.site.url.as_str(), |language| language.url.as_str())
    }
}

/// A body without calls.
#[derive(Debug, Clone, Default)]
pub struct Expanded<'t> {
    /// Markdown (or HTML, where the body is), with a word for each of `inserts`.
    pub text: Cow<'t, str>,
    /// What `check` tells of.
    pub found: Vec<Found>,
    /// Line of the file of the first line of `text`.
    first: usize,
    /// Lines of `text`, from 0, that are not the ones next in the file, and where they are in it.
    lines: Vec<(usize, usize)>,
    inserts: Vec<Insert>,
    /// How the words begin.
    token: String,
    /// What `text` was made of, where that was expanded too.
    before: Option<Box<Expanded<'static>>>,
}

impl Expanded<'_> {
    /// The line of the file that a line of `text`, from 0, was.
    pub fn line(&self, written: usize) -> usize {
        let behind = self.lines.partition_point(|(at, _)| *at <= written);
        let (at, line) = behind.checked_sub(1).map_or((0, self.first), |last| self.lines[last]);
        let line = line + (written - at);
        self.before.as_ref().map_or(line, |before| before.line(line))
    }

    /// `html`, made from (a part of) `text`, with the calls' own HTML in it.
    pub fn fill<'h>(&self, html: &'h str) -> Cow<'h, str> {
        match (out::fill(html, &self.token, &self.inserts), &self.before) {
            (filled, None) => filled,
            (Cow::Borrowed(html), Some(before)) => before.fill(html),
            (Cow::Owned(html), Some(before)) => Cow::Owned(before.fill(&html).into_owned()),
        }
    }

    /// The text once more without `:::` blocks.
    fn without_notes(self, around: &Around<'_>) -> Expanded<'static> {
        let mut next = mdx::notes(&self.text, around);
        let mut before = Expanded { text: Cow::Borrowed(""), ..self };
        for found in &mut next.found {
            found.line = before.line(found.line);
        }
        next.found.append(&mut before.found);
        let Expanded { found, first, lines, inserts, token, before: earlier, .. } = before;
        next.before =
            Some(Box::new(Expanded { text: Cow::Borrowed(""), found, first, lines, inserts, token, before: earlier }));
        next
    }
}

/// What expressions may add to a body in all, in bytes: a value that is written a thousand times is not.
const MOST: usize = 1_000_000;

/// `text`, the body of a page, without the calls of its dialect.
pub fn expand<'t>(text: &'t str, around: &Around<'_>) -> Expanded<'t> {
    let as_it_is =
        || Expanded { text: Cow::Borrowed(text), first: around.page.body.line.max(1), ..Expanded::default() };
    match around.page.body.dialect {
        Dialect::Hugo if hugo::has_calls(text) => hugo::expand(text, around),
        Dialect::Zola if zola::has_calls(text) => zola::expand(text, around),
        Dialect::Hexo if text.contains('{') => hexo::expand(text, around),
        Dialect::Jekyll => {
            let is_off =
                || around.front_matter().values.get("render_with_liquid") == Some(&serde_json::Value::Bool(false));
            let mut expanded =
                if liquid::has_calls(text) && !is_off() { liquid::expand(text, around) } else { as_it_is() };
            if let Some(text) = kramdown::without_lists(&expanded.text).filter(|_| !around.page.body.html) {
                expanded.text = Cow::Owned(text);
            }
            expanded
        }
        Dialect::Docusaurus => mdx::expand(text, around),
        Dialect::Pelican => match pelican::headings(text) {
            Some(text) => Expanded { text: Cow::Owned(text), ..as_it_is() },
            None => as_it_is(),
        },
        Dialect::Eleventy | Dialect::Plain => {
            let is_liquid = around.page.body.dialect == Dialect::Eleventy && liquid::has_calls(text);
            let expanded = if is_liquid { liquid::expand(text, around) } else { as_it_is() };
            if expanded.text.contains(":::") { expanded.without_notes(around) } else { expanded }
        }
        _ => as_it_is(),
    }
}

/// The address that a link in Markdown leads to, where it is not what is written: it names a file of the site.
pub fn link(around: &Around<'_>, written: &str, line: usize, found: &mut Vec<Found>) -> Option<String> {
    let (path, rest) = links::split(written);
    let mut broken = || found.push(Found { line, name: written.chars().take(80).collect(), what: What::Broken });
    match around.page.body.dialect {
        Dialect::Zola if path.starts_with("@/") => {
            let path = &written[2..];
            return Some(around.address(path, Start::Root).unwrap_or_else(|| {
                if !around.site.links.is_folder(around.page, path) {
                    broken();
                }
                around.guess(path)
            }));
        }
        Dialect::Pelican => {
            if let Some((kind, path)) = pelican::kind(written) {
                return Some(pelican::address(around, kind, path).unwrap_or_else(|| {
                    broken();
                    around.guess(path)
                }));
            }
        }
        _ => {}
    }
    if !links::is_markdown_file(path) {
        return None;
    }
    let start = if path.starts_with('/') { Start::Anywhere } else { Start::File };
    let address = around.address(written, start);
    if address.is_some() {
        return address;
    }
    match around.site.links.place(around.page, path) {
        // Its documentation, say, which is no part of what is announced.
        Some(place) if !is_among_pages(around, &place) => Some(format!("{}{rest}", around.guess(&place))),
        _ => {
            broken();
            None
        }
    }
}

/// Whether a file at `place` would be among those that were read.
fn is_among_pages(around: &Around<'_>, place: &str) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let place = folder(place);
    place == folder(&around.page.path) || around.site.links.is_folder(around.page, &place)
}

/// The address of `@/path.md`, Zola's way to name a page.
fn internal(out: &mut out::Out<'_, '_>, at: usize, written: &str) -> String {
    let mut found = Vec::new();
    let address = link(out.around(), written, 0, &mut found).unwrap_or_default();
    if !found.is_empty() {
        out.tell(at, written, What::Broken);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::body::Body;
    use crate::post::markdown;

    const FILE: &str = "---\nwho: me\ndeep: {key: x}\ntitle: The Title\n---\n";

    /// The HTML of a body before it is sanitised, and what was told.
    fn both(dialect: Dialect, body: &str) -> (String, Vec<Found>) {
        let body_at = Body { start: FILE.len(), line: 2, html: false, dialect };
        let url = "https://example.org/blog/p/".into();
        let path = "content/blog/p.md".into();
        let page = Page { url, path, written_title: Some("The Title".into()), body: body_at, ..Page::default() };
        let mut site = Knowledge::default();
        std::sync::Arc::make_mut(&mut site.site).url = "https://example.org/".into();
        let file = format!("{FILE}{body}");
        let around = Around::new(&page, &file, &site);
        let expanded = expand(body, &around);
        let html = markdown::read(&expanded.text, dialect, &mut |_, _| None);
        (expanded.fill(&html).into_owned(), expanded.found)
    }

    pub(super) fn shown(dialect: Dialect, body: &str) -> String {
        both(dialect, body).0.replace(">\n", ">").trim().to_owned()
    }

    /// `line name what` of each that was told.
    pub(super) fn told(dialect: Dialect, body: &str) -> Vec<String> {
        both(dialect, body).1.iter().map(|found| format!("{} {} {:?}", found.line, found.name, found.what)).collect()
    }
}
