//! An Issue's posts → Renditions; a sign-up → the Confirmation's Rendition.
//!
//! The same posts give the same bytes, but for the marks of what differs between readers. What a template is given is
//! listed at `Mail`.

pub mod budget;
mod content;
mod fonts;
mod page;
mod sections;

use chrono::{DateTime, FixedOffset, Utc};
use serde::Serialize;
use url::Url;

use super::html;
use super::picture::Pictures;
use super::{Digest, Hole, Rendition, Trigger};
use crate::crypto;
use crate::delivery::Kind;
use crate::post::{FullPost, flow, sanitize};
use crate::problem::Problem;
use crate::site::Site;
use crate::template::{Templates, wrap};
pub use content::Shape;
pub use page::MOST;
use page::{Holes, Mail, clean};

/// Columns of a subject that any client shows before it cuts; ours is cut at a word.
const SUBJECT_WIDTH: usize = 120;

/// What an Issue announces, and when.
#[derive(Debug, Clone)]
pub struct Issue<'a> {
    /// The series.
    pub digest: &'a Digest,
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// The newest that it announces, newest first: [`MOST`], or all. Never empty.
    pub posts: &'a [FullPost],
    /// How many it announces in all.
    pub count: usize,
    /// Where the posts' pictures are shown from, if not from where they are.
    pub pictures: &'a Pictures,
}

/// A Rendition, and what whoever plans it should know.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The mail.
    pub rendition: Rendition,
    /// Posts that are shown shorter than the template would, so that no client cuts the mail.
    pub cuts: Vec<Cut>,
    /// Pictures that not every client shows.
    pub pictures: Vec<Problem>,
    /// Pictures that say nothing to whoever does not see them.
    pub nameless: Vec<Problem>,
}

impl Rendered {
    /// What readers will miss.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.pictures.iter().chain(&self.nameless)
    }
}

/// A post that is shown shorter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// Of the post.
    pub title: String,
    /// Where all of it is.
    pub url: String,
    /// What is left.
    pub shape: Shape,
}

/// Renders `issue` with what Postrider says itself in `language` (BCP 47; the nearest known one is used), within
/// [`budget`]. The error names the template, its line and the unknown word.
pub fn issue(templates: &Templates, site: &Site, issue: &Issue<'_>, language: &str) -> Result<Rendered, String> {
    let id = crypto::new_id();
    let words = templates.nearest(language);
    let digest = issue.digest;
    let mut mail = Mail::new(site, digest, words, Holes::new(&id)).with_posts(templates, site, issue, words)?;
    let folder = digest.template.as_str();
    let subject = subject(templates, folder, words, &mail)?;
    let make = |mail: &Mail| body(templates, folder, words, mail);
    let mut html = make(&mail)?;
    while budget::excess(&html) > 0
        && let Some(shorter) = mail.shorten(issue, &html, make)?
    {
        html = shorter;
    }
    let text = text(templates, folder, words, &mail)?;
    let cuts = mail.cuts();
    let pictures = issue.pictures.problems.clone();
    let nameless = issue.posts.iter().take(MOST).filter_map(nameless).collect();
    let rendition = rendition(id, Kind::Issue, digest, language, subject, html, text);
    Ok(Rendered { rendition, cuts, pictures, nameless })
}

/// What stands in the place of a mail that its template does not make, until it does: an Issue needs one for each language.
pub fn blank(digest: &Digest, language: &str) -> Rendition {
    let nothing = String::new;
    rendition(crypto::new_id(), Kind::Issue, digest, language, nothing(), nothing(), nothing())
}

/// Pictures that say nothing to whoever does not see them, but for those in a link that says something: the still of a film
/// above its title.
fn nameless(post: &FullPost) -> Option<Problem> {
    let html = &post.shown.html;
    let without = |alt: &str| alt.trim().is_empty() || super::text::is_file_name(alt);
    let mut nameless: Vec<String> = Vec::new();
    // Of the link that is open: where its words begin, and how many there were before it.
    let mut link = None;
    for tag in flow::tags(html) {
        match (tag.name, tag.closes) {
            ("img", _) if without(&tag.attribute("alt").unwrap_or_default()) => nameless.extend(tag.attribute("src")),
            ("a", false) => link = Some((tag.range.end, nameless.len())),
            ("a", true) => {
                if let Some((start, before)) = link.take()
                    && before < nameless.len()
                    && !super::text::words(&html[start..tag.range.start]).is_empty()
                {
                    nameless.truncate(before);
                }
            }
            _ => {}
        }
    }
    let (first, more) = nameless.split_first()?;
    let others = match more.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let what = format!("the picture {first} has no alternative text{others}");
    Some(Problem::warning(&post.path, None, what, "say in its brackets what it shows: many read mail without pictures"))
}

/// The pictures that mails of `digest` with `posts` show, as the posts address them, each with the number of its post; the logo,
/// which is of none, first.
pub fn pictures(site: &Site, digest: &Digest, posts: &[FullPost]) -> Vec<(Option<usize>, String)> {
    let logo = logo(site, digest).into_iter().map(|url| (None, url));
    let shown = posts.iter().take(MOST).enumerate().flat_map(|(number, post)| {
        let cover = post.shown.cover.iter().map(|cover| cover.url.clone());
        let inside = sanitize::pictures(&post.shown.html).map(|picture| picture.url);
        let posters = html::posters(&post.shown.html);
        cover.chain(inside).chain(posters).map(move |url| (Some(number), url))
    });
    logo.chain(shown).collect()
}

/// The logo's address.
fn logo(site: &Site, digest: &Digest) -> Option<String> {
    let logo = digest.theme.logo.as_str();
    let base = Url::parse(&site.url).ok()?;
    // A path counts from the site's own, as links on the site are written.
    let joined = logo.strip_prefix('/').map_or_else(|| Url::parse(logo), |path| base.join(path));
    joined.ok().filter(|_| !logo.is_empty()).map(String::from)
}

/// Renders the double opt-in mail for `digest`. Holds no text that the person who signed up typed. The same content has
/// the same id, so that the store keeps it once.
pub fn confirmation(templates: &Templates, site: &Site, digest: &Digest, language: &str) -> Result<Rendition, String> {
    let words = templates.nearest(language);
    let with = |id: &str| {
        let mail = Mail::new(site, digest, words, Holes::new(id));
        parts(templates, "confirmation", words, &mail)
    };
    // The id is the hash of the mail as it is with marks of no id, together with all that the mail's header is made of.
    let (subject, html, text) = with("")?;
    let header = (&digest.name, &digest.from, &digest.reply_to, language);
    let content = serde_json::to_vec(&(header, subject, html, text)).map_err(|error| error.to_string())?;
    let id = crypto::sha256_hex(&content)[..32].to_owned();
    let (subject, html, text) = with(&id)?;
    Ok(rendition(id, Kind::Confirmation, digest, language, subject, html, text))
}

fn rendition(
    id: String,
    kind: Kind,
    digest: &Digest,
    language: &str,
    subject: String,
    html: String,
    text: String,
) -> Rendition {
    Rendition {
        id,
        kind,
        digest: digest.name.clone(),
        language: language.to_owned(),
        from: digest.from.clone(),
        reply_to: digest.reply_to.clone(),
        subject,
        html,
        text,
    }
}

/// The Slot on the digest's own clock.
fn local(digest: &Digest, slot: DateTime<Utc>) -> DateTime<FixedOffset> {
    match &digest.trigger {
        Trigger::Cron(schedule) => slot.with_timezone(&schedule.zone()).fixed_offset(),
        Trigger::OnPublish => slot.fixed_offset(),
    }
}

/// The name of an Issue's web copy that is known before it is sent: its Slot on the digest's own clock, to the minute.
pub fn web_name(digest: &Digest, slot: DateTime<Utc>) -> String {
    local(digest, slot).format("%Y-%m-%d-%H%M").to_string()
}

/// Subject, HTML and text of the mail's folder of templates.
fn parts(templates: &Templates, folder: &str, language: &str, mail: &Mail) -> Result<(String, String, String), String> {
    let subject = subject(templates, folder, language, mail)?;
    Ok((subject, body(templates, folder, language, mail)?, text(templates, folder, language, mail)?))
}

fn subject(templates: &Templates, folder: &str, language: &str, mail: &Mail) -> Result<String, String> {
    let file = format!("email/{folder}/subject.txt");
    let subject = wrap::cut(&clean(&templates.render(&file, language, mail)?), SUBJECT_WIDTH);
    if subject.is_empty() { Err(format!("{}: the subject is empty", templates.place(&file))) } else { Ok(subject) }
}

fn body(templates: &Templates, folder: &str, language: &str, mail: &Mail) -> Result<String, String> {
    templates.render(&format!("email/{folder}/body.html"), language, mail).map(|html| squeeze(&html))
}

fn text(templates: &Templates, folder: &str, language: &str, mail: &Mail) -> Result<String, String> {
    templates.render(&format!("email/{folder}/body.txt"), language, mail).map(|text| tidy(&text))
}

/// Without the indentation and the blank lines of the templates; what stands in `<pre>` is left alone.
fn squeeze(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut pre = 0_usize;
    for line in html.lines() {
        let shown = if pre > 0 { line.trim_end() } else { line.trim() };
        pre = (pre + line.matches("<pre").count()).saturating_sub(line.matches("</pre>").count());
        if !shown.is_empty() || pre > 0 {
            out.push_str(shown);
            out.push('\n');
        }
    }
    out
}

/// No blanks at the ends of lines, at most two blank lines in a row, none at the ends.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.trim().lines().map(str::trim_end) {
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank <= 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

impl Holes {
    /// The marks, as templates name them.
    fn new(rendition: &str) -> Self {
        Self {
            unsubscribe_url: Hole::UnsubscribeUrl.mark(rendition),
            preferences_url: Hole::PreferencesUrl.mark(rendition),
            confirm_url: Hole::ConfirmUrl.mark(rendition),
            address: Hole::Address.mark(rendition),
        }
    }
}

#[cfg(test)]
mod tests;
