//! An Issue's posts → Renditions; a sign-up → the Confirmation's Rendition.
//!
//! The same posts give the same bytes, but for the marks of what differs between readers. What a template is given is
//! listed at `Mail`.

mod page;
mod sections;

use chrono::{DateTime, Utc};

use super::{Digest, Hole, Rendition, Trigger};
use crate::crypto;
use crate::delivery::Kind;
use crate::post::FullPost;
use crate::site::Site;
use crate::template::{Templates, wrap};
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
}

/// Renders `issue` with what Postrider says itself in `language` (BCP 47; the nearest known one is used). The error
/// names the template, its line and the unknown word.
pub fn issue(templates: &Templates, site: &Site, issue: &Issue<'_>, language: &str) -> Result<Rendition, String> {
    let id = crypto::new_id();
    let zone = match &issue.digest.trigger {
        Trigger::Cron(schedule) => schedule.zone(),
        Trigger::OnPublish => chrono_tz::UTC,
    };
    let date = issue.slot.with_timezone(&zone).fixed_offset();
    let words = templates.nearest(language);
    let mail = Mail::new(site, issue.digest, words, Holes::new(&id)).with_posts(templates, site, issue, date, words)?;
    let (subject, html, text) = parts(templates, &issue.digest.template, words, &mail)?;
    Ok(rendition(id, Kind::Issue, issue.digest, language, subject, html, text))
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

/// Subject, HTML and text of the mail's folder of templates.
fn parts(templates: &Templates, folder: &str, language: &str, mail: &Mail) -> Result<(String, String, String), String> {
    let file = |name: &str| templates.render(&format!("email/{folder}/{name}"), language, mail);
    let subject = wrap::cut(&clean(&file("subject.txt")?), SUBJECT_WIDTH);
    if subject.is_empty() {
        return Err(format!("templates/email/{folder}/subject.txt: the subject is empty"));
    }
    Ok((subject, squeeze(&file("body.html")?), tidy(&file("body.txt")?)))
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
