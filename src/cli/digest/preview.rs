//! `digest preview`: the mail on one page, as clients show it, with what the gate has against it; and the mail itself, as files.

mod views;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::coming::{self, Coming, coming, latest};
use super::judged::{self, Judged, judged};
use super::plan::reader;
use crate::cli::subscribers::language;
use crate::cli::{Context, Exit, digest};
use crate::config;
use crate::crypto;
use crate::digest::Digest;
use crate::digest::gate::headers;
use crate::digest::render::{Cut, Shape};
use crate::library::Scan;
use crate::mail::message::Prepared;
use crate::template::{DateStyle, Templates};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which digest
    name: String,
    /// Where to write the page (`index.html`) and the mail: `mail.html`, `mail.txt`, `mail.eml` and its pictures [default: a folder of
    /// its own among the temporary ones]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Opens the page in the browser [default: where a person looks and no `--out` is given]
    #[arg(long)]
    open: bool,
    /// As of this time (RFC 3339, or `YYYY-MM-DD HH:MM` or `YYYY-MM-DD` in the digest's zone) [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// What Postrider itself says in it, as a BCP 47 tag [default: the digest's language]
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Option<String>,
}

pub async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    let mut digest = digest(&config, &arguments.name)?.clone();
    let templates = config.templates().map_err(anyhow::Error::msg)?;
    let issue = chosen(context, &config, &scan, &digest, arguments.at.as_deref(), &templates).await?;
    if let Some(language) = &arguments.language {
        digest.language.clone_from(language);
    }

    let judged = judged(context, &config, &scan, &digest, &issue, &[]).await?;
    let Some(first) = judged.rendered.first() else {
        judged::tell(&judged.findings, &judged.accepted)?;
        return Ok(Exit::Wrong);
    };
    let reader = reader(&config.mail.public_url);
    let message = Prepared::new(&first.rendition, &config.mail).compose(&reader, issue.slot);
    // A message that cannot be made is the gate's to tell; the page is there to show it.
    let message = message.unwrap_or_default().to_string();
    let mail = views::filled(&first.rendition, &reader, &digest.public_url);
    let page = Page {
        digest: &digest.title,
        name: &digest.name,
        subject: &mail.subject,
        slot: templates.date("en", issue.slot.with_timezone(&coming::zone(&digest)).fixed_offset(), DateStyle::Time),
        held: judged.holds(),
        gate: gate(&judged),
        cuts: first.cuts.iter().filter(|cut| cut.shape != Shape::Full).map(|cut| (cut, cut.shape.words())).collect(),
        sizes: [first.rendition.html.len(), first.rendition.text.len(), message.len()].map(kilobytes),
        views: views::views(&mail.html),
        text: &mail.text,
        headers: headers(&message),
    };
    let page = templates.render("preview/page.html", "en", &page).map_err(anyhow::Error::msg)?;

    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => config::temporary_folder().join(format!("postrider-preview-{}", crypto::new_id())),
    };
    fs_err::create_dir_all(out.join("pictures"))?;
    for picture in &judged.pictures {
        let name = format!("pictures/{}.{}", picture.key, picture.kind.extension());
        fs_err::write(out.join(name), &picture.bytes)?;
    }
    let files = [("index.html", page), ("mail.html", mail.html), ("mail.txt", mail.text), ("mail.eml", message)];
    for (name, text) in files {
        let file = out.join(name);
        fs_err::write(&file, text)?;
        say!("{}", file.display());
    }
    say!("subject: {}", mail.subject);
    judged::tell(&judged.findings, &judged.accepted)?;
    if arguments.open || arguments.out.is_none() && std::io::stdout().is_terminal() {
        open(&out.join("index.html"));
    }
    Ok(Exit::Done)
}

/// The coming Issue, else the latest one.
async fn chosen(
    context: &Context,
    config: &config::Config,
    scan: &Scan,
    digest: &Digest,
    at: Option<&str>,
    templates: &Templates,
) -> anyhow::Result<Coming> {
    let zone = coming::zone(digest);
    let at = at.map(|text| coming::instant(text, zone)).transpose()?;
    let issue = coming(context, config, scan, digest, at).await?;
    if !issue.posts.is_empty() {
        return Ok(issue);
    }
    let Some(before) = latest(scan, digest, at.unwrap_or_else(|| context.clock.now())) else {
        let what = format!("no post that `{}` selects was published by then", digest.name);
        let hint = "`postrider posts` lists what there is; `select` in `postrider.yaml` says what the digest takes";
        anyhow::bail!("{what}\n  hint: {hint}");
    };
    say!(
        "nothing new: this is the Issue of {}",
        templates.date("en", before.slot.with_timezone(&zone).fixed_offset(), DateStyle::Time)
    );
    if !issue.note.is_empty() {
        say!("note: {}", issue.note);
    }
    Ok(Coming { store: issue.store, ..before })
}

/// What the page's template is given.
#[derive(Serialize)]
struct Page<'a> {
    digest: &'a str,
    name: &'a str,
    subject: &'a str,
    slot: String,
    held: bool,
    gate: Vec<Row<'a>>,
    cuts: Vec<(&'a Cut, &'static str)>,
    /// Of HTML, text and the whole message.
    sizes: [String; 3],
    views: Vec<views::View>,
    text: &'a str,
    headers: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Row<'a> {
    /// `error`, `warning` or `accepted`.
    weight: &'static str,
    reason: &'static str,
    what: &'a str,
    hint: &'a str,
}

fn gate(judged: &Judged) -> Vec<Row<'_>> {
    let rows = judged.findings.iter().map(|finding| Row {
        weight: judged::weight(finding, &judged.accepted),
        reason: finding.reason.as_str(),
        what: &finding.what,
        hint: &finding.hint,
    });
    rows.collect()
}

#[expect(clippy::cast_precision_loss, reason = "a mail's size, shown with one digit")]
fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}

/// In whatever the desktop opens pages with; where there is none, the path that was printed is all.
fn open(page: &Path) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let null = std::process::Stdio::null;
    let _ = std::process::Command::new(program).arg(page).stdin(null()).stdout(null()).stderr(null()).spawn();
}
