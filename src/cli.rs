//! The command line: one small file a command.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 something is wrong with the
//! content or configuration, 2 wrong usage, 3 an outside service (database, mail server, file system) failed.

/// `println!` for commands: a reader that went away (`postrider posts | head`) is an error, never a panic.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::to_stdout(format_args!($($words)*))? };
}

mod backup;
mod bounce;
mod build;
mod check;
mod deliveries;
mod demo;
mod digest;
mod dkim;
mod doctor;
mod init;
mod pause;
mod posts;
mod progress;
mod send_test;
mod serve;
mod subscribers;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{self, Config, Place};
use crate::daemon::Outside;
use crate::digest::Digest;
use crate::imaging;
use crate::library::{Scan, Scanner};
use crate::problem::Faults;
use crate::store::{self, Store};

/// Carries a site's posts to the people who asked for them: feeds and e-mail digests from a folder of Markdown.
#[derive(Debug, Parser)]
#[command(name = "postrider", version, max_term_width = 100)]
struct Arguments {
    /// The configuration [default: postrider.yaml in the site's folder, where there is one]
    #[arg(long, global = true, value_name = "FILE", help_heading = "For all commands")]
    config: Option<PathBuf>,
    /// The site's folder [default: the current one]
    #[arg(long, global = true, value_name = "DIR", help_heading = "For all commands")]
    site: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows all of it at once: a bundled weekly, its feeds, and one mail to three readers
    Demo(demo::Arguments),
    /// Writes a commented `postrider.yaml` from what it finds in the site's folder
    Init(init::Arguments),
    /// Reads configuration, posts and templates, and says what is wrong with them
    Check(check::Arguments),
    /// Lists every page that was read
    Posts(posts::Arguments),
    /// Writes every feed into a folder
    Build(build::Arguments),
    /// Runs the daemon: feeds, sign-up pages, schedule and mail
    Serve(serve::Arguments),
    /// Plans, shows and sends digests
    Digest(digest::Arguments),
    /// Looks after the people who get the mail
    Subscribers(subscribers::Arguments),
    /// Says who got what
    Deliveries(deliveries::Arguments),
    /// Mails what a subscriber would get to one address
    SendTest(send_test::Arguments),
    /// Lets no mail leave until `resume`
    Pause(pause::Arguments),
    /// Lets mail leave again that a person paused, or that was held after a silence or in a copy that was put back
    Resume(pause::Arguments),
    /// Copies the store into a new file, also while mail is being sent. Put back, the copy mails nobody before `resume`
    Backup(backup::Arguments),
    /// Makes the keys that mail is signed with
    Dkim(dkim::Arguments),
    /// Looks whether everything outside is as it should be: store, mail server, DNS, public address, files of keys
    Doctor(doctor::Arguments),
    /// Takes in a message that came back, from standard input: for a mail server's alias or pipe
    Bounce(bounce::Arguments),
    /// Makes the picture on standard input over for mail: Postrider's own business
    #[command(name = imaging::COMMAND, hide = true)]
    MakePicture,
}

/// How a command ended, when nothing failed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: the content or configuration is at fault, and the command has said so.
    Wrong,
    /// 3: an outside service is at fault, and the command has said so.
    Outside,
    /// 75: a mail server is to bring the same message again.
    Later,
}

/// An error of an outside service, exit code 3.
pub fn outside(what: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Outside(what.into()))
}

/// What was typed names nothing that there is: exit code 2, like clap's own findings.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// The configured digest of this name; the error (exit code 2) names the nearest one.
pub fn digest<'a>(config: &'a Config, name: &str) -> anyhow::Result<&'a Digest> {
    if let Some(digest) = config.digests.iter().find(|digest| digest.name == name) {
        return Ok(digest);
    }
    let names = || config.digests.iter().map(|digest| digest.name.as_str());
    let hint = match config::nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if config.digests.is_empty() => "`digests` in `postrider.yaml` names them; there are none".to_owned(),
        None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Usage(format!("there is no digest `{name}`\n  hint: {hint}")).into())
}

/// What every command starts from.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where the configuration is.
    pub place: Place,
    /// `POSTRIDER_*`
    pub environment: BTreeMap<String, String>,
    /// The machine's.
    pub clock: Clock,
}

impl Context {
    /// The configuration; every fault of it otherwise. A digest's language may still be empty: see [`Context::site`].
    pub fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(&self.place, &self.environment).map_err(Faults)?)
    }

    /// The configuration completed by the site, and the site itself.
    pub fn site(&self) -> anyhow::Result<(Config, Scan)> {
        let config = self.config()?;
        // A program that looks once ends soon: nobody needs all that memory piece by piece.
        let mut scanner = ManuallyDrop::new(Scanner::new(config.library.clone()));
        let scan = scanner.scan().map_err(Faults)?;
        Ok((config.for_site(&scan.site), scan))
    }

    /// The configured store, opened.
    pub async fn store(&self, config: &Config) -> anyhow::Result<Store> {
        Ok(Store::open(&config.store).await?)
    }

    /// [`Context::store`] for commands that only look: none where SQLite's file would have to be made.
    pub async fn existing_store(&self, config: &Config) -> anyhow::Result<Option<Store>> {
        match config.store.url.strip_prefix("sqlite:") {
            Some(path) if !Path::new(path).exists() => Ok(None),
            _ => self.store(config).await.map(Some),
        }
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // To a mail server every other exit code is a reason to send a bounce.
        Err(error) if error.use_stderr() && bounce::is_meant() => {
            let _ = error.print();
            return bounce::later();
        }
        Err(error) => error.exit(),
    };
    // It has no business with anything but its pipes.
    if matches!(arguments.command, Command::MakePicture) {
        return imaging::child();
    }
    let mut environment = config::environment();
    if let Err(wrong) = config::take_sabotage(&mut environment) {
        return failed(&Usage(wrong).into());
    }
    let context =
        Context { place: Place { file: arguments.config, site: arguments.site }, environment, clock: Clock::System };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let ended = runtime.block_on(async {
        match arguments.command {
            Command::Demo(arguments) => Box::pin(demo::run(&context, arguments)).await,
            Command::Init(arguments) => init::run(&context, arguments).await,
            Command::Check(arguments) => check::run(&context, arguments).await,
            Command::Posts(arguments) => posts::run(&context, arguments).await,
            Command::Build(arguments) => build::run(&context, arguments).await,
            Command::Serve(arguments) => Box::pin(serve::run(&context, arguments)).await,
            Command::Digest(arguments) => digest::run(&context, arguments).await,
            Command::Subscribers(arguments) => subscribers::run(&context, arguments).await,
            Command::Deliveries(arguments) => deliveries::run(&context, arguments).await,
            Command::SendTest(arguments) => send_test::run(&context, arguments).await,
            Command::Pause(arguments) => pause::pause(&context, arguments).await,
            Command::Resume(arguments) => pause::resume(&context, arguments).await,
            Command::Backup(arguments) => backup::run(&context, arguments).await,
            Command::Dkim(arguments) => dkim::run(&context, arguments).await,
            Command::Doctor(arguments) => doctor::run(&context, arguments).await,
            Command::Bounce(arguments) => Ok(bounce::run(&context, arguments).await),
            Command::MakePicture => Ok(Exit::Done),
        }
    });
    // A blocked file system call must not keep an ended program alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match ended {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Wrong) => ExitCode::from(1),
        Ok(Exit::Outside) => ExitCode::from(3),
        Ok(Exit::Later) => bounce::later(),
        Err(error) => failed(&error),
    }
}

/// One line of a command's result.
fn to_stdout(line: std::fmt::Arguments<'_>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
}

/// `1 post`, `3 posts`.
fn counted(count: impl Into<u64>, one: &str) -> String {
    let count = count.into();
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Prints what failed and why; the exit code by whose fault it is.
fn failed(error: &anyhow::Error) -> ExitCode {
    // `postrider posts | head` ends the reader first; that is no fault.
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let kind = io.or_else(|| cause.downcast_ref::<serde_json::Error>()?.io_error_kind());
        kind == Some(std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    let mut causes = error.chain();
    if let Some(first) = causes.next() {
        eprintln!("{first}");
    }
    for cause in causes {
        eprintln!("  because {cause}");
    }
    if error.chain().any(<dyn std::error::Error>::is::<Usage>) {
        return ExitCode::from(2);
    }
    let is_outside = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<Outside>() || cause.is::<store::Error>() || cause.is::<std::io::Error>()
    };
    ExitCode::from(if error.chain().any(is_outside) { 3 } else { 1 })
}
