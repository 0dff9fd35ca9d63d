//! `digest plan`: the coming Issue, before anything of it is written.

use serde_json::json;

use super::coming::{self, coming};
use super::judged::{self, judged};
use crate::cli::{Context, Exit, digest};
use crate::digest::gate::Finding;
use crate::digest::render::{Cut, Rendered, Shape, budget};
use crate::mail::message::{Prepared, Recipient};
use crate::problem::Problem;
use crate::store::{IssueRow, IssueState};
use crate::template::DateStyle;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which digest
    name: String,
    /// As of this time (RFC 3339, or `YYYY-MM-DD HH:MM` or `YYYY-MM-DD` in the digest's zone) [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// As a JSON object
    #[arg(long)]
    json: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    let digest = digest(&config, &arguments.name)?;
    let templates = config.templates().map_err(anyhow::Error::msg)?;
    let zone = coming::zone(digest);
    let at = arguments.at.as_deref().map(|text| coming::instant(text, zone)).transpose()?;
    let issue = coming(context, &config, &scan, digest, at).await?;

    let (mut languages, mut readers, mut held) = (Vec::new(), None, Vec::new());
    if let Some(store) = &issue.store {
        let audience = store.audience(&digest.name).await?;
        languages = audience.0;
        readers = Some(audience.1);
        held = store.issues(Some(&digest.name), 50).await?;
        held.retain(|issue| issue.state == IssueState::Held);
    }
    let (mut rendered, mut findings, mut at_the_gate) = (Vec::new(), Vec::new(), false);
    if !issue.posts.is_empty() {
        let judged = judged(context, &config, &scan, digest, &issue, &languages).await?;
        at_the_gate = judged.holds();
        (rendered, findings) = (judged.rendered, judged.findings);
    }
    let accepted = config.accept.get(&digest.name).cloned().unwrap_or_default();
    let mails: Vec<Mail> = rendered.into_iter().map(|rendered| Mail::of(rendered, &config.mail)).collect();
    let many = issue.posts.len() > digest.hold_above;
    let mut waiting: Vec<(&IssueRow, Vec<Finding>)> = Vec::new();
    for held in &held {
        let judged = match &issue.store {
            Some(store) => store.judged(&held.id).await?,
            None => None,
        };
        waiting.push((held, judged.map(|judged| judged.findings).unwrap_or_default()));
    }
    let slot = issue.slot.with_timezone(&zone).fixed_offset();

    let shown = |finding: &Finding| {
        json!({
            "severity": judged::weight(finding, &accepted), "reason": finding.reason, "what": finding.what, "hint": finding.hint,
        })
    };
    if arguments.json {
        let posts: Vec<_> = issue
            .posts
            .iter()
            .map(|post| {
                json!({
                    "id": post.id, "path": post.path, "url": post.url, "title": post.title,
                    "published": post.published.map(|at| at.to_rfc3339()), "language": post.language,
                })
            })
            .collect();
        let plan = json!({
            "digest": digest.name,
            "slot": slot.to_rfc3339(),
            "timezone": zone.name(),
            "posts": posts,
            "recipients": readers,
            "held": many || at_the_gate,
            "gate": findings.iter().map(shown).collect::<Vec<_>>(),
            "waiting": held.iter().map(|issue| issue.slot.with_timezone(&zone).to_rfc3339()).collect::<Vec<_>>(),
            "reasons": waiting.iter().map(|(_, findings)| findings.iter().map(shown).collect::<Vec<_>>()).collect::<Vec<_>>(),
            "mails": mails,
            "note": issue.note,
        });
        say!("{}", serde_json::to_string_pretty(&plan)?);
        return Ok(Exit::Done);
    }

    say!("{}: {}", digest.name, digest.title);
    say!("  slot     {} ({}, {zone})", templates.date("en", slot, DateStyle::Time), slot.format("%:z"));
    say!("  posts    {}", issue.posts.len());
    for post in &issue.posts {
        say!("    {}  {}", post.published.map_or(String::new(), |at| at.format("%Y-%m-%d").to_string()), post.title);
        say!("                {}", post.url);
    }
    match readers {
        Some(readers) => say!("  readers  {readers}"),
        None => say!("  readers  not told of the past"),
    }
    for mail in &mails {
        say!(
            "  mail     {}: {}\n           HTML {}, text {}, whole message {}",
            mail.language,
            mail.subject,
            kilobytes(mail.html_bytes),
            kilobytes(mail.text_bytes),
            kilobytes(mail.message_bytes)
        );
        for cut in &mail.cuts {
            if cut.shape != Shape::Full {
                say!("           cut: of `{}` {} is shown, with a link to the rest", cut.title, cut.shape.words());
            }
        }
        if mail.clip_risk {
            say!("           risk: so much HTML Gmail cuts, and its readers see no end of the mail");
        }
    }
    judged::tell(&findings, &accepted)?;
    if at_the_gate {
        say!(
            "  held     by the gate: mend what it says, or accept warnings with `postrider digest approve {} --accept REASON` when the Issue is there",
            digest.name
        );
    }
    if many {
        say!(
            "  held     {} posts are more than `hold_above: {}`: it waits for `postrider digest approve {}`",
            issue.posts.len(),
            digest.hold_above,
            digest.name
        );
    }
    for (waiting, findings) in &waiting {
        say!(
            "  waiting  the Issue of {} with {} posts is held: `postrider digest approve {2}` or `postrider digest skip {2}`",
            templates.date("en", waiting.slot.with_timezone(&zone).fixed_offset(), DateStyle::Time),
            waiting.posts.len(),
            digest.name
        );
        judged::tell(findings, &accepted)?;
    }
    if issue.posts.is_empty() {
        say!("  nothing new: if it stays so, the Slot is skipped");
    }
    if !issue.note.is_empty() {
        say!("  note     {}", issue.note);
    }
    Ok(Exit::Done)
}

#[derive(serde::Serialize)]
struct Mail {
    language: String,
    subject: String,
    html_bytes: usize,
    text_bytes: usize,
    message_bytes: usize,
    clip_risk: bool,
    /// Posts that are shown shorter, so that the mail is not cut.
    cuts: Vec<Cut>,
    /// What its readers will miss.
    problems: Vec<Problem>,
}

impl Mail {
    fn of(rendered: Rendered, settings: &crate::mail::Settings) -> Self {
        let problems = rendered.problems().cloned().collect();
        let Rendered { rendition, cuts, .. } = rendered;
        let reader = reader(&settings.public_url);
        let message = Prepared::new(&rendition, settings).compose(&reader, chrono::DateTime::UNIX_EPOCH);
        Self {
            language: rendition.language.clone(),
            subject: rendition.subject.clone(),
            html_bytes: rendition.html.len(),
            text_bytes: rendition.text.len(),
            message_bytes: message.map_or(0, |text| text.len()),
            clip_risk: budget::excess(&rendition.html) > 0,
            cuts,
            problems,
        }
    }
}

/// Somebody to fill a mail's holes with.
pub fn reader(public_url: &str) -> Recipient {
    Recipient {
        address: "reader@example.org".to_owned(),
        message_id: "preview@example.org".to_owned(),
        unsubscribe_url: Some(format!("{public_url}unsubscribe/preview")),
        unsubscribe_address: None,
        preferences_url: Some(format!("{public_url}preferences/preview")),
        confirm_url: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mail's size, shown with one digit")]
fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}
