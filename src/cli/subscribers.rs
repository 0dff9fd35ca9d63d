//! `subscribers`: the people who get the mail, looked at and looked after by hand.

mod export;
mod import;
mod lift;
mod sheet;
mod show;

pub use sheet::language;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;

use super::{Context, Exit, Usage};
use crate::config::Config;
use crate::digest::render;
use crate::store::{Import, SignUp, Store};
use crate::subscriber::{Address, State, Subscriber};

/// Readers read or written at a time.
const PAGE: u32 = 1000;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists subscribers, ordered by address
    List {
        /// Only of this digest
        #[arg(long, value_name = "NAME")]
        digest: Option<String>,
        /// Only in this state: unconfirmed, confirmed or unsubscribed
        #[arg(long, value_parser = state)]
        state: Option<State>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Signs somebody up: they get the mail with the confirmation link, as from the form
    Add {
        /// Whom to sign up
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// Which digest they get
        #[arg(long, value_name = "NAME")]
        digest: String,
        /// They agreed already, and you can prove it: no confirmation mail
        #[arg(long)]
        confirmed: bool,
        /// Their name (with `--confirmed`; a confirmation mail holds nothing that somebody typed)
        #[arg(long, requires = "confirmed", value_parser = sheet::name)]
        name: Option<String>,
        /// Their language, like `zh-CN`
        #[arg(long, value_parser = sheet::language)]
        language: Option<String>,
    },
    /// Adds everybody in a CSV file as confirmed; never who unsubscribed or is suppressed
    ///
    /// The first line names the columns (`email` or `address`, and `name`, `language` where there are any, in any order), or the
    /// file is a bare list of addresses. With a column `state`, as `export` writes it, only confirmed rows are taken.
    Import {
        /// The file; `-` reads standard input
        file: PathBuf,
        /// Which digest they get
        #[arg(long, value_name = "NAME")]
        digest: String,
    },
    /// Writes subscriptions as CSV, one a row
    Export {
        /// Only of this digest
        #[arg(long, value_name = "NAME")]
        digest: Option<String>,
        /// The file; `-` writes to standard output
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Shows everything that is known of one subscriber
    Show {
        /// Who
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Unsubscribes somebody from one digest, or from all
    Remove {
        /// Whom to unsubscribe
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// Only from this digest
        #[arg(long, value_name = "NAME")]
        digest: Option<String>,
    },
    /// Lets an address be mailed again that was given up or suppressed by hand; says why it was, and asks why it is no more
    Lift {
        /// Which address
        #[arg(value_parser = Address::parse)]
        address: Address,
        /// Why, for the record: what you know now that Postrider does not [asked for on a terminal]
        #[arg(long, value_name = "WORDS")]
        because: Option<String>,
    },
    /// Deletes everything about an address; only a keyed hash stays, so that it is never mailed again
    Erase {
        /// Whom to erase
        #[arg(value_parser = Address::parse)]
        address: Address,
    },
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let store = context.store(&config).await?;
    match arguments.command {
        Command::List { digest, state, json } => {
            known(&config, &store, digest.as_deref()).await?;
            list(&store, digest.as_deref(), state, json).await
        }
        Command::Add { address, digest, confirmed: true, name, language } => {
            super::digest(&config, &digest)?;
            let row = Import { address, name: name.unwrap_or_default(), language };
            add_confirmed(context, &store, row, &digest).await
        }
        Command::Add { address, digest, language, .. } => ask(context, &store, &address, &digest, language).await,
        Command::Import { file, digest } => {
            super::digest(&config, &digest)?;
            import::run(context, &store, &file, &digest).await
        }
        Command::Export { digest, file } => {
            known(&config, &store, digest.as_deref()).await?;
            export::run(&store, digest.as_deref(), &file).await
        }
        Command::Show { address, json } => show::run(&store, &address, json).await,
        Command::Remove { address, digest } => {
            known(&config, &store, digest.as_deref()).await?;
            let there = store.remove(address.as_str(), digest.as_deref(), context.clock.now()).await?;
            done(there, "unsubscribed", &address)
        }
        Command::Lift { address, because } => lift::run(context, &store, &address, because).await,
        Command::Erase { address } => {
            done(store.erase(address.as_str(), context.clock.now()).await?, "erased", &address)
        }
    }
}

fn state(text: &str) -> Result<State, String> {
    State::parse(text).ok_or_else(|| "it is one of unconfirmed, confirmed, unsubscribed".to_owned())
}

/// A digest that is configured, or was: its subscribers are still there.
async fn known(config: &Config, store: &Store, digest: Option<&str>) -> anyhow::Result<()> {
    let Some(name) = digest else { return Ok(()) };
    if let Err(unknown) = super::digest(config, name)
        && !store.subscription_counts().await?.iter().any(|(digest, ..)| digest == name)
    {
        return Err(unknown);
    }
    Ok(())
}

async fn list(store: &Store, digest: Option<&str>, state: Option<State>, json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut total: u64 = 0;
    let mut after = String::new();
    loop {
        let page = store.subscribers(digest, state, &after, PAGE).await?;
        for reader in &page {
            if json {
                serde_json::to_writer(&mut out, reader)?;
                writeln!(out)?;
            } else {
                writeln!(out, "{}", line(reader))?;
            }
        }
        total += page.len() as u64;
        match page.last() {
            Some(last) => after = last.address.to_lowercase(),
            None => break,
        }
    }
    out.flush()?;
    if !json {
        eprintln!("{total} subscriber{}", if total == 1 { "" } else { "s" });
    }
    Ok(Exit::Done)
}

/// Address, language, where each subscription stands.
fn line(reader: &Subscriber) -> String {
    let mut ties: Vec<String> =
        reader.subscriptions.iter().map(|tie| format!("{}: {}", tie.digest, tie.state.as_str())).collect();
    ties.extend(reader.suppressed.iter().map(|why| format!("suppressed ({why})")));
    let language = reader.language.as_deref().unwrap_or("-");
    format!("{:<36} {language:<7} {}", reader.address, ties.join(", "))
}

async fn add_confirmed(context: &Context, store: &Store, row: Import, digest: &str) -> anyhow::Result<Exit> {
    let address = row.address.clone();
    let now = context.clock.now();
    let done = store.import(&[row], digest, "command", now).await?;
    if done.suppressed > 0 {
        bail!("{}: suppressed, and never mailed again", address.as_str());
    }
    if done.unsubscribed > 0 {
        bail!(
            "{}: unsubscribed from `{digest}`, and stays so\n  hint: without `--confirmed` they are asked themselves",
            address.as_str()
        );
    }
    say!("{}: {}", address.as_str(), if done.added > 0 { "confirmed" } else { "was confirmed already" });
    Ok(Exit::Done)
}

async fn ask(
    context: &Context,
    store: &Store,
    address: &Address,
    digest: &str,
    language: Option<String>,
) -> anyhow::Result<Exit> {
    let (config, scan) = context.site()?;
    let digest = super::digest(&config, digest)?;
    let templates = config.templates().map_err(anyhow::Error::msg)?;
    let spoken = language.as_deref().unwrap_or(&digest.language);
    let mail = render::confirmation(&templates, &scan.site, digest, spoken).map_err(anyhow::Error::msg)?;
    let now = context.clock.now();
    match store.sign_up(address, language.as_deref(), &digest.name, &mail, now).await? {
        SignUp::ConfirmationQueued => say!("{}: the confirmation mail is queued", address.as_str()),
        SignUp::AlreadyConfirmed => say!("{}: is confirmed already", address.as_str()),
        SignUp::Refused => bail!(
            "{}: not asked: it is suppressed, or was asked within 24 hours or three times within 30 days",
            address.as_str()
        ),
    }
    Ok(Exit::Done)
}

fn done(there: bool, what: &str, address: &Address) -> anyhow::Result<Exit> {
    if there {
        say!("{}: {what}", address.as_str());
        return Ok(Exit::Done);
    }
    eprintln!("{}: nobody of this address is known", address.as_str());
    Ok(Exit::Wrong)
}

/// A file that cannot be what was meant.
fn unusable(what: impl Into<String>) -> anyhow::Error {
    Usage(what.into()).into()
}
