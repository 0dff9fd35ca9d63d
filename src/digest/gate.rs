//! The gate before an Issue is sent: what of its mails would not do, told before the first one leaves.
//!
//! A warning is the editor's to accept, for one Issue or in the configuration; an error nobody's. Judges what it is given: the
//! mail, a sample of the message, and what was found out about addresses and DNS. Asks nobody.

mod html;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::render::{Rendered, Shape, budget};
use super::{Hole, Rendition};
use crate::problem::{Problem, Severity};
use crate::template::wrap;

/// What a finding is about: the word by which it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// A picture that says nothing to whoever does not see it.
    Alt,
    /// A post is shown shorter, so that the mail is not cut.
    Cut,
    /// What DNS says of the sender.
    Dns,
    /// The mail does not say which language it is in.
    Language,
    /// A link that leads nowhere.
    Links,
    /// The message cannot be made.
    Message,
    /// A picture that not every client shows.
    Picture,
    /// What is signed does not hold.
    Signature,
    /// Too long for some mailbox.
    Size,
    /// Too long for an inbox's list.
    Subject,
    /// A template that makes no mail.
    Template,
    /// No way out of the list.
    Unsubscribe,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Alt,
        Self::Cut,
        Self::Dns,
        Self::Language,
        Self::Links,
        Self::Message,
        Self::Picture,
        Self::Signature,
        Self::Size,
        Self::Subject,
        Self::Template,
        Self::Unsubscribe,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alt => "alt",
            Self::Cut => "cut",
            Self::Dns => "dns",
            Self::Language => "language",
            Self::Links => "links",
            Self::Message => "message",
            Self::Picture => "picture",
            Self::Signature => "signature",
            Self::Size => "size",
            Self::Subject => "subject",
            Self::Template => "template",
            Self::Unsubscribe => "unsubscribe",
        }
    }

    /// From the word. The error names all of them.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text.trim()).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("is no reason that the gate gives: `{text}`; there are {known}")
        })
    }
}

/// What would not do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// An error is nobody's to accept.
    pub severity: Severity,
    /// What it is about.
    pub reason: Reason,
    /// Lower case, no full stop; begins with a file where one is meant.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl Finding {
    /// The editor may accept it.
    pub fn warning(reason: Reason, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, reason, what: what.into(), hint: hint.into() }
    }

    /// Nobody may.
    pub fn error(reason: Reason, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(reason, what, hint) }
    }

    /// Does it hold the Issue, where these are accepted?
    pub fn holds(&self, accepted: &BTreeSet<Reason>) -> bool {
        self.severity == Severity::Error || !accepted.contains(&self.reason)
    }

    /// Why a template makes no mail: `fault` of [`super::render::issue`].
    pub fn template(fault: &str) -> Self {
        Self::error(
            Reason::Template,
            fault,
            "mend it: `postrider check` says whether it makes a mail then, and `postrider serve` reads it when it starts",
        )
    }

    fn of(reason: Reason, problem: &Problem) -> Self {
        Self::warning(reason, format!("{}: {}", problem.path, problem.what), problem.hint.clone())
    }
}

/// A sample of the message, and what was found out about it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// As one reader gets it. The error says why it cannot be composed, or that its signatures do not hold.
    pub message: Result<String, (Reason, String)>,
    /// That reader's link to leave.
    pub unsubscribe_url: String,
    /// Does the link in it open the page with the button? The error says why not.
    pub way_out: Result<(), String>,
    /// Does it leave for the world, and not for a folder or a program on this machine?
    pub to_the_world: bool,
    /// Of the addresses that the mail leads to ([`links`]) those that lead nowhere on the site.
    pub nowhere: Vec<String>,
}

/// Columns of a subject that a desktop shows of it; telephones show half as much.
const SUBJECT: usize = 100;
/// Octets of a message that most servers take.
const HEAVIEST: usize = 10_000_000;

/// What is to be said against sending `rendered`, of which `sample` is a message. Errors first.
pub fn judge(rendered: &Rendered, sample: &Sample) -> Vec<Finding> {
    let rendition = &rendered.rendition;
    let mut findings = Vec::new();
    findings.extend(rendered.pictures.iter().map(|problem| Finding::of(Reason::Picture, problem)));
    findings.extend(rendered.nameless.iter().map(|problem| Finding::of(Reason::Alt, problem)));
    for cut in rendered.cuts.iter().filter(|cut| cut.shape != Shape::Full) {
        let what = format!("of `{}` {} is shown, as the mail would be too long", cut.title, cut.shape.words());
        findings.push(Finding::warning(Reason::Cut, what, "shorten the post, or let fewer posts into one mail"));
    }
    size(rendition, sample, &mut findings);
    subject(rendition, &mut findings);
    way_out(rendition, sample, &mut findings);
    html::judge(rendition, sample, &mut findings);
    if let Err((reason, why)) = &sample.message {
        let hint = match reason {
            Reason::Signature => "are the keys of `mail.dkim.keys` whole? `postrider dkim keygen` makes new ones",
            _ => "no mail can be made of it",
        };
        findings.push(Finding::error(*reason, why, hint));
    }
    findings.sort_by(|a, b| (b.severity, a).cmp(&(a.severity, b)));
    findings.dedup();
    findings
}

/// Where the mail leads, but for what differs between its readers.
pub fn links(rendition: &Rendition) -> BTreeSet<String> {
    html::addresses(&rendition.html).links
}

fn size(rendition: &Rendition, sample: &Sample, findings: &mut Vec<Finding>) {
    if budget::excess(&rendition.html) > 0 {
        let kilobytes = budget::encoded(&rendition.html) / 1000;
        let what = format!(
            "the HTML has {kilobytes} kB as it travels: Gmail cuts it, and its end with the way out of the list is lost"
        );
        findings.push(Finding::warning(
            Reason::Size,
            what,
            "shorten what your template shows; posts were shortened already",
        ));
    }
    if let Ok(message) = &sample.message
        && message.len() > HEAVIEST
    {
        let what = format!("the message has {} MB, and many servers take no more than 10", message.len() / 1_000_000);
        findings.push(Finding::error(Reason::Size, what, "take pictures out of the HTML itself (`data:`)"));
    }
}

fn subject(rendition: &Rendition, findings: &mut Vec<Finding>) {
    let columns = wrap::width(&rendition.subject);
    if columns > SUBJECT {
        let what = format!("the subject has {columns} columns, and inboxes show 40 to {SUBJECT}");
        findings.push(Finding::warning(
            Reason::Subject,
            what,
            "say what matters in a shorter title, or in `subject.txt` of your template",
        ));
    }
}

/// RFC 8058, and a link that a person finds.
fn way_out(rendition: &Rendition, sample: &Sample, findings: &mut Vec<Finding>) {
    let mark = Hole::UnsubscribeUrl.mark(&rendition.id);
    for (part, text) in [("HTML", &rendition.html), ("text", &rendition.text)] {
        if !text.contains(&mark) {
            let what = format!("the {part} has no link to unsubscribe");
            let hint = "your template is to show `holes.unsubscribe_url`, as the built-in footer does";
            findings.push(Finding::error(Reason::Unsubscribe, what, hint));
        }
    }
    if let Err(why) = &sample.way_out {
        findings.push(Finding::error(Reason::Unsubscribe, why, "look at `http.public_url`"));
    }
    let Ok(message) = &sample.message else { return };
    let headers = headers(message);
    let header =
        |name: &str| headers.iter().find_map(|(own, value)| own.eq_ignore_ascii_case(name).then_some(value.as_str()));
    let link = header("List-Unsubscribe").is_some_and(|links| links.contains(&format!("<{}>", sample.unsubscribe_url)));
    if !link || header("List-Unsubscribe-Post") != Some("List-Unsubscribe=One-Click") {
        findings.push(Finding::error(
            Reason::Unsubscribe,
            "the message has no header to unsubscribe with one click",
            "this is a fault of Postrider's",
        ));
    }
    if sample.to_the_world && !sample.unsubscribe_url.starts_with("https://") {
        let what = "the link to unsubscribe is no `https:` one: mailboxes show no button for it (RFC 8058)";
        findings.push(Finding::error(
            Reason::Unsubscribe,
            what,
            "let the world reach Postrider over TLS, and say so in `http.public_url`",
        ));
    }
}

/// Names and values of a message's header, in its order, unfolded.
pub fn headers(message: &str) -> Vec<(String, String)> {
    let head = message.split_once("\r\n\r\n").map_or(message, |(head, _)| head);
    head.replace("\r\n ", " ")
        .replace("\r\n\t", " ")
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Is `url` of this machine, so that it leads nobody else anywhere?
fn is_at_home(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
