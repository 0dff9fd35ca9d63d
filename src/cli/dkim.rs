//! `dkim`: keys that mail is signed with, and the DNS records that belong to them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Context, Exit, Usage};
use crate::config::Config;
use crate::crypto::signing::{Algorithm, SigningKey};
use crate::mail::dkim::Key;
use crate::subscriber::Address;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Makes a pair of keys (RSA and Ed25519), and says which DNS records and configuration they need
    Keygen(Keygen),
    /// Prints the DNS records of the configured keys
    Records,
}

#[derive(Debug, clap::Args)]
struct Keygen {
    /// How the names of the two keys begin [default: year and month, like `202611`]
    name: Option<String>,
    /// Where to write the keys
    #[arg(long, value_name = "DIR", default_value = "dkim")]
    out: PathBuf,
    /// Whose mail they sign [default: the domains of all digests' `from`]
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    domain: Option<String>,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Keygen(arguments) => keygen(context, arguments),
        Command::Records => records(context),
    }
}

fn domain(text: &str) -> Result<String, String> {
    Ok(Address::parse(&format!("a@{text}"))?.domain().to_owned())
}

fn keygen(context: &Context, arguments: Keygen) -> anyhow::Result<Exit> {
    let domains = match arguments.domain {
        Some(domain) => BTreeSet::from([domain]),
        None => context.config().map(|config| domains(&config)).unwrap_or_default(),
    };
    let Some(first) = domains.first() else {
        let whose = "whose mail shall they sign? Say `--domain example.org`, the domain of your digests' `from`";
        return Err(Usage(whose.to_owned()).into());
    };
    let name = arguments.name.unwrap_or_else(|| context.clock.now().format("%Y%m").to_string());
    let mut made = Vec::new();
    for (algorithm, kind) in [(Algorithm::Rsa, "rsa"), (Algorithm::Ed25519, "ed")] {
        let selector = format!("{name}-{kind}");
        let key = SigningKey::generate(algorithm).map_err(anyhow::Error::msg)?;
        let text = key.to_pem().map_err(anyhow::Error::msg)?;
        let key = Key::new(&selector, key).map_err(Usage)?;
        made.push((arguments.out.join(format!("{selector}.pem")), text, selector, key));
    }
    fs_err::create_dir_all(&arguments.out)?;
    for (file, text, ..) in &made {
        write(file, text)?;
    }
    say!("1. publish in DNS:\n");
    for domain in &domains {
        for (.., key) in &made {
            say!("{}\n", key.record(domain));
        }
    }
    say!("2. when `dig TXT {}._domainkey.{first}` shows the first one, in `postrider.yaml`:\n", made[0].2);
    say!("mail:\n  dkim:\n    keys:");
    for (file, _, selector, _) in &made {
        say!("      {selector}: {}", file.display());
    }
    say!("\n3. keys that these take the place of leave `postrider.yaml` now, and their records leave DNS in two weeks");
    Ok(Exit::Done)
}

fn records(context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    if config.mail.dkim.keys.is_empty() {
        anyhow::bail!(
            "no key is configured: mail is not signed by Postrider\n  hint: `postrider dkim keygen` makes keys"
        );
    }
    for domain in domains(&config) {
        for key in &config.mail.dkim.keys {
            say!("{}", key.record(&domain));
        }
    }
    Ok(Exit::Done)
}

/// Every `d=` that mail is signed with.
fn domains(config: &Config) -> BTreeSet<String> {
    config.digests.iter().map(|digest| config.mail.dkim.domain_of(&digest.from.address).to_owned()).collect()
}

/// For its owner's eyes only, and never over a key that is there: mail signed with that one may be on its way.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(mut open) => Ok(open.write_all(text.as_bytes()).and_then(|()| open.sync_all())?),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            anyhow::bail!("{} is there already\n  hint: give the new keys another name", file.display())
        }
        Err(error) => Err(error.into()),
    }
}
