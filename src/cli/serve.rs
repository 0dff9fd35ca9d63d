//! `serve`: the daemon, until SIGTERM or Ctrl-C.

use tracing_subscriber::EnvFilter;

use super::{Context, Exit};
use crate::config::Config;
use crate::daemon::{Daemon, Roles, signalled};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What this machine does, of several that share one PostgreSQL
    #[arg(long, value_delimiter = ',', value_name = "ROLES", default_value = "web,publish,schedule,deliver")]
    roles: Vec<Role>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// Feeds and pages (reads the site too)
    Web,
    /// Ids, baselines and feeds
    Publish,
    /// Issues when their time comes (reads the site too)
    Schedule,
    /// Mail
    Deliver,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    start_log(&config)?;
    let has = |role| arguments.roles.contains(&role);
    let roles = Roles {
        web: has(Role::Web),
        publish: has(Role::Publish),
        schedule: has(Role::Schedule),
        deliver: has(Role::Deliver),
    };
    let mut stop = std::pin::pin!(signalled()?);
    let daemon = tokio::select! {
        daemon = Daemon::start(config, roles, context.clock.clone()) => daemon?,
        // Nothing is in flight yet.
        () = &mut stop => return Ok(Exit::Done),
    };
    match daemon.address {
        Some(address) => say!("listening on http://{address}/"),
        None => say!("started"),
    }
    daemon.run_until(stop).await?;
    Ok(Exit::Done)
}

/// Log lines go to standard error, as text or JSON.
pub fn start_log(config: &Config) -> anyhow::Result<()> {
    // The database's own notices ("already exists, skipping") tell an operator nothing; `log.level` can ask for them.
    let filter = EnvFilter::try_new(format!("sqlx=warn,{}", config.log_level)).map_err(|error| {
        anyhow::anyhow!(
            "`log.level` cannot be read: {error}\n  hint: write e.g. `info` or `info,postrider::mail=debug`"
        )
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        lines.json().init();
    } else {
        lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
    Ok(())
}
