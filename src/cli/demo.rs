//! `demo`: a bundled weekly, from a new file to three readers' mails, with nothing configured and nothing leaving the machine.
//!
//! The daemon is the real one. The site starts without its newest issue; that file then appears as an editor would save
//! it, and what follows (feeds, Issue, mails) is what happens on any site.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use include_dir::{Dir, include_dir};

use super::{Context, Exit, Outside, build, serve};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::crypto;
use crate::daemon::{Daemon, signalled};
use crate::delivery::State;
use crate::feed::Document;
use crate::http::demo::Demo;
use crate::mail::read::read;
use crate::problem::Faults;
use crate::store::{Import, Store};
use crate::subscriber::Address;

static SITE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/demo");
/// The issue that appears while the demo runs.
const NEWEST: &str = "content/zh/weekly/2026-11-20.md";
/// When it was published: a machine whose clock is earlier would not show it yet.
const NEWEST_AT: &str = "2026-11-20T07:00:00Z";
/// Address, name and language; who names no language gets the digest's.
const READERS: [(&str, &str, Option<&str>); 3] = [
    ("xiaoman@example.org", "小满", Some("zh-CN")),
    ("elin@example.com", "Elin", Some("en")),
    ("harbour@example.net", "", None),
];
const LISTEN: &str = "127.0.0.1:8080";
/// Far more than it takes; a machine that is slower than this has another trouble.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Ends when the mails are written, instead of serving until Ctrl-C; what was made stays
    #[arg(long)]
    once: bool,
    /// Keeps what it makes in this folder, which must be new or empty [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080, or a free port where that is taken]
    #[arg(long, value_name = "ADDRESS", value_parser = config::listen)]
    listen: Option<String>,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let folder = Folder::make(arguments.dir.as_deref(), arguments.once)?;
    let result = Box::pin(show(context, &arguments, &folder)).await;
    folder.remove()?;
    result
}

async fn show(context: &Context, arguments: &Arguments, folder: &Folder) -> anyhow::Result<Exit> {
    let demo = Demo { site: folder.path.join("site"), mail: folder.path.join("mail") };
    unpack(&SITE, &demo.site)?;
    let config = configuration(&demo.site, arguments.listen.as_deref())?;
    serve::start_log(&config)?;
    let clock = clock(context);
    let store = Store::open(&config.store).await?;
    subscribe(&store, clock.now()).await?;
    drop(store);

    let mut stop = std::pin::pin!(signalled()?);
    let daemon = Daemon::start_demo(config, clock, demo.clone()).await?;
    let at = |path: &str| format!("{}{path}", daemon.public_url);
    say(&[
        "Postrider's demo: a weekly of an invented community, three readers, and no mail that leaves this machine.",
        "",
    ])?;
    // With `--once` nobody would answer there any more.
    let addresses = [
        format!("  overview    {}", at("")),
        format!("  feeds       {}", at("feeds/")),
        format!("              {}", at("rss.xml")),
        format!("              {}", at("atom.xml")),
        format!("              {}", at("feed.json")),
        format!("  sign up     {}", at("subscribe")),
        format!("  mails       {}", at("demo/mail/")),
        String::new(),
    ];
    if !arguments.once {
        say(&addresses.each_ref().map(String::as_str))?;
    }
    say(&[&format!("A new issue is saved: {}", demo.site.join(NEWEST).display())])?;
    write(&SITE, NEWEST, &demo.site)?;
    tokio::select! {
        sent = tokio::time::timeout(PATIENCE, sent(&daemon.store)) => {
            sent.map_err(|_| Outside("the mails were not written in time".to_owned()))??;
        }
        () = &mut stop => {
            daemon.run_until(std::future::ready(())).await?;
            return Ok(Exit::Done);
        }
    }
    let feeds = folder.path.join("feeds");
    export(&daemon, &feeds)?;
    say(&["It is in the feeds, and three mails were written:"])?;
    for file in mails(&demo.mail)? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let to = read(&fs_err::read(&file)?).map(|mail| mail.to).unwrap_or_default();
        say(&[&format!("  to {to}")])?;
        if !arguments.once {
            say(&[&format!("    {}", at(&format!("demo/mail/{name}/")))])?;
        }
        say(&[&format!("    {}", file.display())])?;
    }
    if arguments.once {
        daemon.run_until(std::future::ready(())).await?;
        say(&[
            &format!("The feeds are in {}", feeds.display()),
            &format!("All of it is kept in {}", folder.path.display()),
        ])?;
        return Ok(Exit::Done);
    }
    say(&[
        "",
        "Sign up with any address: the Confirmation comes to the mails above. Save a file of your own below",
        &format!("  {}", demo.site.join("content/zh/weekly").display()),
        "and see it mailed. Ctrl-C ends the demo.",
    ])?;
    daemon.run_until(stop).await?;
    Ok(Exit::Done)
}

/// The demo's folder, as absolute path.
struct Folder {
    path: PathBuf,
    /// Taken away at the end.
    temporary: bool,
}

impl Folder {
    fn make(given: Option<&Path>, once: bool) -> anyhow::Result<Self> {
        let path = match given {
            Some(path) => std::path::absolute(path)?,
            None => config::temporary_folder().join(format!("postrider-demo-{}", &crypto::new_id()[..8])),
        };
        if path.exists() && fs_err::read_dir(&path)?.next().is_some() {
            anyhow::bail!("{} is not empty\n  hint: name a new folder, or take away what is in it", path.display());
        }
        fs_err::create_dir_all(&path)?;
        Ok(Self { path, temporary: given.is_none() && !once })
    }

    fn remove(&self) -> anyhow::Result<()> {
        if self.temporary {
            fs_err::remove_dir_all(&self.path)?;
        }
        Ok(())
    }
}

/// Everything but the newest issue.
fn unpack(from: &Dir<'_>, to: &Path) -> anyhow::Result<()> {
    for file in from.files().filter(|file| file.path() != Path::new(NEWEST)) {
        write(from, &file.path().to_string_lossy(), to)?;
    }
    for folder in from.dirs() {
        unpack(folder, to)?;
    }
    Ok(())
}

/// One file of the site, there at once and whole.
fn write(from: &Dir<'_>, name: &str, to: &Path) -> anyhow::Result<()> {
    let file = from.get_file(name).with_context(|| format!("{name} is not part of this program"))?;
    let path = to.join(name);
    let unfinished = to.join(".unfinished");
    fs_err::create_dir_all(path.parent().unwrap_or(to))?;
    fs_err::write(&unfinished, file.contents())?;
    Ok(fs_err::rename(unfinished, path)?)
}

/// The site's own `postrider.yaml`, at an address that is free.
fn configuration(site: &Path, listen: Option<&str>) -> anyhow::Result<Config> {
    let free = TcpListener::bind(LISTEN).is_ok();
    let listen = listen.unwrap_or(if free { LISTEN } else { "127.0.0.1:0" });
    let environment = [("POSTRIDER_HTTP_LISTEN", listen), ("POSTRIDER_LOG_LEVEL", "warn")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let file = site.join(config::FILE_NAME);
    let text = fs_err::read_to_string(&file)?;
    let name = file.display().to_string();
    Ok(Config::read(&text, &name, site, Some(site), &environment.into()).map_err(Faults)?)
}

/// The machine's; one that is late stands at the newest issue's hour.
fn clock(context: &Context) -> Clock {
    let needed: DateTime<Utc> = NEWEST_AT.parse().unwrap_or_default();
    if context.clock.now() > needed { context.clock.clone() } else { Clock::fixed(needed) }
}

async fn subscribe(store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    let rows: Vec<Import> = READERS
        .iter()
        .map(|(address, name, language)| {
            let address = Address::parse(address).map_err(anyhow::Error::msg)?;
            Ok(Import { address, name: (*name).to_owned(), language: language.map(str::to_owned) })
        })
        .collect::<anyhow::Result<_>>()?;
    store.import(&rows, "weekly", "demo", now).await?;
    Ok(())
}

/// Ends when every reader's mail is written.
async fn sent(store: &Store) -> anyhow::Result<()> {
    loop {
        let counts = store.delivery_counts(None).await?;
        if counts.iter().any(|(state, n)| *state == State::Sent && *n >= READERS.len() as u64) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What is being served, as files.
fn export(daemon: &Daemon, out: &Path) -> anyhow::Result<()> {
    let published = daemon.published.load();
    let documents = published.documents.iter().map(|(path, served)| Document {
        path: path.clone(),
        content_type: served.content_type,
        made_of: served.made_of,
        immutable: served.immutable,
        entries: Vec::new(),
        body: String::from_utf8_lossy(&served.body.identity.bytes).into_owned().into(),
    });
    build::export(out, &documents.collect::<Vec<_>>(), &build::Wanted::default())?;
    Ok(())
}

fn mails(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs_err::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "eml"));
    files.sort();
    Ok(files)
}

fn say(lines: &[&str]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
