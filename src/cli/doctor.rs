//! `doctor`: whether everything outside is as it should be, before the first mail shows that it is not. Sends no mail and changes
//! nothing.

mod outside;

use std::io::Write as _;

use serde::Serialize;

use super::{Context, Exit, Faults, counted};
use crate::config::Config;
use crate::library::Scanner;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// One JSON object a line: check, state, what, hint
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Seen {
    /// What was looked at: `store`, `mail`, `dns` …
    check: &'static str,
    state: State,
    what: String,
    /// Empty where nothing is to be done.
    hint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// It works, or nobody can tell, and a person should look.
    Warning,
    /// Files and configuration of our own.
    Wrong,
    /// A service that is not ours.
    Failed,
}

impl Seen {
    fn new(check: &'static str, state: State, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, state, what: what.into(), hint: hint.into() }
    }

    fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, State::Good, what, "")
    }
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let mut checks = Vec::new();
    match context.config() {
        Ok(config) => {
            checks.push(Seen::good("configuration", counted(config.digests.len() as u64, "digest")));
            checks.extend(files(&config));
            let config = site(config, &mut checks);
            checks.extend(outside::store(context, &config).await);
            checks.extend(outside::mail(&config).await);
            checks.extend(outside::dns(&config).await);
            checks.extend(outside::public_url(&config).await);
        }
        Err(error) => match error.downcast::<Faults>() {
            Ok(Faults(faults)) => checks.extend(faults.into_iter().map(|fault| {
                let at = fault.line.map_or_else(|| fault.path.clone(), |line| format!("{}:{line}", fault.path));
                Seen::new("configuration", State::Wrong, format!("{at}: {}", fault.what), fault.hint)
            })),
            Err(error) => return Err(error),
        },
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for check in &checks {
        if arguments.json {
            serde_json::to_writer(&mut out, check)?;
            writeln!(out)?;
            continue;
        }
        let state = match check.state {
            State::Good => "good   ",
            State::Warning => "warning",
            State::Wrong | State::Failed => "error  ",
        };
        writeln!(out, "{state}  {:<13}  {}", check.check, check.what)?;
        if !check.hint.is_empty() {
            writeln!(out, "                        hint: {}", check.hint)?;
        }
    }
    out.flush()?;
    let has = |state| checks.iter().any(|check| check.state == state);
    Ok(match (has(State::Failed), has(State::Wrong)) {
        (true, _) => Exit::Outside,
        (false, true) => Exit::Wrong,
        (false, false) => Exit::Done,
    })
}

/// Who may read what nobody else is to know. Keys of DKIM that others may read are a fault of the configuration already.
fn files(config: &Config) -> Vec<Seen> {
    let database = config.store.url.strip_prefix("sqlite:").map(std::path::PathBuf::from);
    let mut checks = Vec::new();
    for file in config.secrets.iter().chain(&database) {
        let Ok(data) = fs_err::metadata(file) else { continue };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = data.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let what = format!("others may read `{}` (mode {mode:03o})", file.display());
                checks.push(Seen::new("files", State::Wrong, what, format!("run `chmod 600 {}`", file.display())));
            }
        }
        #[cfg(not(unix))]
        let _ = data;
    }
    if checks.is_empty() {
        let keys = config.mail.dkim.keys.len() as u64;
        checks
            .push(Seen::good("files", format!("{}, secrets and database for our own eyes only", counted(keys, "key"))));
    }
    checks
}

/// The site and the templates can be read.
fn site(config: Config, checks: &mut Vec<Seen>) -> Config {
    if let Err(fault) = config.templates() {
        checks.push(Seen::new("templates", State::Wrong, fault, "mend the template"));
    }
    match Scanner::new(config.library.clone()).scan() {
        Ok(scan) => {
            checks
                .push(Seen::good("site", format!("{} of {}", counted(scan.pages.len() as u64, "page"), scan.site.url)));
            config.for_site(&scan.site)
        }
        Err(faults) => {
            checks.extend(
                faults.into_iter().map(|fault| {
                    Seen::new("site", State::Wrong, format!("{}: {}", fault.path, fault.what), fault.hint)
                }),
            );
            config
        }
    }
}
