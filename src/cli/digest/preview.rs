//! `digest preview`: the mail itself, as files.

use std::path::PathBuf;

use super::coming::{self, coming, latest};
use super::plan::reader;
use crate::cli::subscribers::language;
use crate::cli::{Context, Exit, digest};
use crate::digest::picture::Picture;
use crate::digest::{Hole, render};
use crate::mail::message::Prepared;
use crate::scheduler;
use crate::template::{DateStyle, Templates, escape};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which digest
    name: String,
    /// Where to write `index.html`, `mail.txt` and `mail.eml`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// As of this time (RFC 3339, or `YYYY-MM-DD HH:MM` or `YYYY-MM-DD` in the digest's zone) [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// What Postrider itself says in it, as a BCP 47 tag [default: the digest's language]
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Option<String>,
}

pub async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    let digest = digest(&config, &arguments.name)?;
    let templates = Templates::new(&config.templates).map_err(anyhow::Error::msg)?;
    let zone = coming::zone(digest);
    let at = arguments.at.as_deref().map(|text| coming::instant(text, zone)).transpose()?;
    let mut issue = coming(context, &config, &scan, digest, at).await?;
    if issue.posts.is_empty() {
        let note = std::mem::take(&mut issue.note);
        let at = at.unwrap_or_else(|| context.clock.now());
        let Some(before) = latest(&scan, digest, at) else {
            let what = format!("no post that `{}` selects was published by then", digest.name);
            let hint = "`postrider posts` lists what there is; `select` in `postrider.yaml` says what the digest takes";
            anyhow::bail!("{what}\n  hint: {hint}");
        };
        issue = before;
        say!(
            "nothing new: this is the Issue of {}",
            templates.date("en", issue.slot.with_timezone(&zone).fixed_offset(), DateStyle::Time)
        );
        if !note.is_empty() {
            say!("note: {note}");
        }
    }

    let language = arguments.language.as_ref().unwrap_or(&digest.language);
    let newest = scheduler::newest(&scan.bodies, &issue.posts).await?;
    let mut seen = Vec::new();
    let see = |picture: &Picture| seen.push(picture.clone());
    let pictures = scheduler::pictures(&scan.bodies, &scan.site, digest, &newest, None, see).await?;
    let wanted =
        render::Issue { digest, slot: issue.slot, posts: &newest, count: issue.posts.len(), pictures: &pictures };
    let rendition = render::issue(&templates, &scan.site, &wanted, language).map_err(anyhow::Error::msg)?.rendition;
    let reader = reader(&config.mail.public_url);
    let message = Prepared::new(&rendition, &config.mail).compose(&reader, issue.slot)?;
    let fill = |text: &str, escape: &dyn Fn(&str) -> String| {
        Hole::ALL.iter().fold(text.to_owned(), |text, hole| {
            let value = match hole {
                Hole::UnsubscribeUrl => reader.unsubscribe_url.as_deref(),
                Hole::PreferencesUrl => reader.preferences_url.as_deref(),
                Hole::ConfirmUrl => reader.confirm_url.as_deref(),
                Hole::Address => Some(reader.address.as_str()),
            };
            text.replace(&hole.mark(&rendition.id), &escape(value.unwrap_or_default()))
        })
    };
    // The web server has them only when the Issue is made.
    let beside = fill(&rendition.html, &escape).replace(&format!("{}pictures/", digest.public_url), "pictures/");
    fs_err::create_dir_all(arguments.out.join("pictures"))?;
    for picture in &seen {
        let name = format!("pictures/{}.{}", picture.key, picture.kind.extension());
        fs_err::write(arguments.out.join(name), &picture.bytes)?;
    }
    for (name, bytes) in [
        ("index.html", beside.into_bytes()),
        ("mail.txt", fill(&rendition.text, &str::to_owned).into_bytes()),
        ("mail.eml", message),
    ] {
        let file = arguments.out.join(name);
        fs_err::write(&file, bytes)?;
        say!("{}", file.display());
    }
    say!("subject: {}", fill(&rendition.subject, &str::to_owned));
    Ok(Exit::Done)
}
