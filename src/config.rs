//! `postrider.yaml` + environment + `*_FILE` → checked types. The only reader of the environment.
//!
//! Every fault is reported at once, with the file's line. Parts below the daemon never see [`Config`]: each gets its own
//! settings out of it.

mod digests;
mod environment;
mod feeds;
mod keys;
mod reader;
mod relays;
mod roles;
#[cfg(test)]
mod tests;
mod theme;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::bounce::ReturnPath;
use crate::digest::Digest;
use crate::digest::gate::Reason;
use crate::problem::{CONFIGURATION, Problem};
use crate::template::Templates;
use crate::{feed, http, inbox, library, mail, store, websub};

pub use environment::{environment, take_sabotage, temporary_folder};
pub use keys::{KEYS, Key};
use reader::Reader;
pub use reader::nearest;
pub use values::listen;

/// The file looked for in the site's folder.
pub const FILE_NAME: &str = CONFIGURATION;

/// Everything that can be configured, checked.
#[derive(Clone)]
pub struct Config {
    /// `site`, `content`
    pub library: library::Settings,
    /// `content.rescan`: a full scan at least so often, whatever the file events said.
    pub rescan: Duration,
    /// `feeds`
    pub feeds: feed::Settings,
    /// `feeds.hubs`
    pub websub: websub::Settings,
    /// `digests`, in the order of their names. An empty `language` means the site's: see [`Config::for_site`].
    pub digests: Vec<Digest>,
    /// `digests.*.accept`, by the digest's name: what of the gate's warnings never holds an Issue.
    pub accept: BTreeMap<String, BTreeSet<Reason>>,
    /// `dns.server`: who is asked about the sender's domain. `None`: whom the machine asks.
    pub dns: Option<SocketAddr>,
    /// `mail`
    pub mail: mail::Settings,
    /// `mail.inbox`
    pub inbox: inbox::Settings,
    /// `store`
    pub store: store::Settings,
    /// `http`
    pub http: http::Settings,
    /// Was `http.public_url` given? Else it is made from `http.listen`.
    pub public_url_given: bool,
    /// The owner's templates: path below `templates.folder` → text.
    pub own_templates: BTreeMap<String, String>,
    /// `templates.folder` as it is written.
    pub templates_folder: String,
    /// Files that secrets were read from (`*_file`).
    pub secrets: Vec<PathBuf>,
    /// `log.format` is `json`.
    pub log_json: bool,
    /// `log.level`, in the syntax of `tracing`'s filter.
    pub log_level: String,
}

/// Where to look for the configuration: what the command line said.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// `--config FILE`, else `POSTRIDER_CONFIG`, else [`FILE_NAME`] in the site's folder, where it exists.
    pub file: Option<PathBuf>,
    /// `--site DIR`, else the current folder.
    pub site: Option<PathBuf>,
}

impl Config {
    /// Reads the configuration of `place`. The error holds every fault found.
    pub fn load(place: &Place, environment: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        let site = place.site.clone().unwrap_or_else(|| PathBuf::from("."));
        let named = place.file.clone().or_else(|| environment.get("POSTRIDER_CONFIG").map(PathBuf::from));
        let file = named.clone().unwrap_or_else(|| site.join(FILE_NAME));
        let shown = file.strip_prefix("./").unwrap_or(&file).display().to_string();
        let text = match fs_err::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => String::new(),
            Err(error) => {
                let what = format!("cannot be read: {}", reader::why(&error));
                return Err(vec![Problem::error(&shown, None, what, "name the file with `--config FILE`")]);
            }
        };
        // Paths in a file count from the file; without a file, from the site's folder.
        let base = if named.is_some() || place.site.is_none() {
            file.parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .map_or_else(|| PathBuf::from("."), Path::to_owned)
        } else {
            site.clone()
        };
        Self::read(&text, &shown, &base, place.site.as_deref(), environment)
    }

    /// Reads a configuration's text. `name` stands in messages, relative paths count from `base`, and `site` wins over
    /// `site.folder`.
    pub fn read(
        text: &str,
        name: &str,
        base: &Path,
        site: Option<&Path>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(text, name, base, environment)?;
        let r = &mut reader;
        let at = |path: &str| absolute(&base.join(path));

        let root = site.map_or_else(|| at(&r.text("site.folder").unwrap_or_default()), absolute);
        let mut library = library::Settings {
            root,
            url: r.parsed("site.url", values::base_url),
            title: r.text("site.title"),
            description: r.text("site.description"),
            language: r.text("site.language"),
            generator: r.text("site.generator"),
            generator_version: r.parsed("site.generator_version", values::version),
            sections: r.list("content.sections"),
            roles: Arc::new(roles::read(r)),
            permalink: r.parsed("content.permalink", values::permalink),
            date: r.parsed("content.date", values::date_pattern),
            // Said below.
            shown: 0,
        };
        let listen = r.parsed("http.listen", values::listen).unwrap_or_default();
        let given = r.parsed("http.public_url", values::base_url);
        let public_url_given = given.is_some();
        let public_url = given.unwrap_or_else(|| format!("http://{listen}/"));
        let feeds = feeds::read(r, &public_url);
        library.shown = feeds.shown();
        let private = r.parsed("feeds.private_hubs", values::truth).unwrap_or(false);
        let websub = websub::Settings { hubs: feeds.hubs.clone(), private };
        let store = store::Settings {
            url: r.parsed("store.url", |url| Ok(store_url(url, &at))).unwrap_or_default(),
            secret: r.parsed("store.secret", values::secret),
        };
        let transport = relays::transport(r, &at);
        let mut mail = mail::Settings {
            transport,
            connections: r.parsed("mail.connections", values::count).unwrap_or(1),
            limits: relays::limits(r, "mail"),
            quiet: relays::quiet(r),
            messages_per_connection: r.parsed("mail.messages_per_connection", values::count).unwrap_or(1),
            pipelining: r.parsed("mail.pipelining", values::pipelining).unwrap_or(mail::Pipelining::Full),
            on_uncertain: r.parsed("mail.on_uncertain", values::on_uncertain).unwrap_or(mail::OnUncertain::Repeat),
            hello: r.parsed("mail.hello", values::host).unwrap_or_else(|| host_of(&public_url)),
            public_url: public_url.clone(),
            bounce_address: r.parsed("mail.bounce_address", ReturnPath::parse),
            complaints_address: r.parsed("mail.complaints_address", values::address),
            hidden: BTreeSet::new(),
            dkim: read_dkim(r, &at),
            timeouts: mail::Timeouts::default(),
        };
        let inbox = inbox::Settings {
            lmtp: r.parsed("mail.inbox.lmtp", values::listen),
            imap: mailbox_of_returns(r).zip(r.parsed("mail.inbox.every", values::duration)),
        };
        let webhooks = http::webhooks::Settings {
            ses: r.list("mail.webhooks.ses").unwrap_or_default(),
            postmark: r.parsed("mail.webhooks.postmark", values::login),
            mailgun: r.text("mail.webhooks.mailgun"),
            sendgrid: r.parsed("mail.webhooks.sendgrid", values::public_key),
            amazon: http::webhooks::Reach::default(),
        };
        let theme = Arc::new(theme::read(r));
        let mut digests: Vec<Digest> = r
            .names("digests")
            .iter()
            .filter_map(|digest| digests::read(r, digest, library.language.as_deref()))
            .collect();
        for digest in &mut digests {
            digest.theme = Arc::clone(&theme);
            digest.public_url.clone_from(&public_url);
        }
        mail.hidden = digests.iter().filter(|digest| !digest.public).map(|digest| digest.name.clone()).collect();
        if let Some(digest) = digests.iter().find(|digest| !mail.dkim.is_aligned(&digest.from.address)) {
            let what = format!("is no domain that `{}` is at home in", digest.from.address);
            r.fault("mail.dkim.domain", &what, "name the domain of `from`, or leave it out: it is taken by itself");
        }
        let accept = digests.iter().map(|digest| (digest.name.clone(), digests::accepted(r, &digest.name))).collect();
        let dns = r.parsed("dns.server", values::server);
        let templates_folder = r.text("templates.folder");
        let own_templates = templates_folder.as_deref().map(at).map(|folder| read_templates(r, &folder));

        if mail.transport.is_to_the_world() && !public_url_given && !digests.is_empty() {
            r.fault(
                "http.public_url",
                "is needed to mail through a relay: the links in every mail lead there",
                "say how the world reaches this server, e.g. `public_url: https://feeds.example.org/`",
            );
        }
        let trusted_proxies = r.list("http.trusted_proxies").unwrap_or_default();
        let trusted_proxies = trusted_proxies
            .iter()
            .filter_map(|text| {
                let network = http::client::Network::parse(text);
                network.map_err(|what| r.fault("http.trusted_proxies", &what, "e.g. `[127.0.0.1, 10.0.0.0/8]`")).ok()
            })
            .collect();
        let polls_per_hour = r.parsed("feeds.polls_per_hour", values::limit).flatten();
        let config = Self {
            library,
            rescan: r.parsed("content.rescan", values::duration).unwrap_or_default(),
            feeds,
            websub,
            digests,
            accept,
            dns,
            mail,
            inbox,
            store,
            http: http::Settings { listen, public_url, trusted_proxies, webhooks, polls_per_hour },
            public_url_given,
            own_templates: own_templates.unwrap_or_default(),
            templates_folder: templates_folder.unwrap_or_default(),
            log_json: r.parsed("log.format", |format| values::one_of(format, &["text", "json"])).as_deref()
                == Some("json"),
            log_level: r.text("log.level").unwrap_or_default(),
            secrets: r.secrets(),
        };
        reader.finish().map(|()| config)
    }

    /// Postrider's templates with the owner's. The error names the file and line.
    pub fn templates(&self) -> Result<Templates, String> {
        Templates::of_folder(self.templates_folder.trim_end_matches('/'), &self.own_templates)
    }

    /// The digests with what they take from the site: its language, where they name none.
    #[must_use]
    pub fn for_site(mut self, site: &crate::site::Site) -> Self {
        for digest in &mut self.digests {
            if digest.language.is_empty() {
                let only = match digest.selection.languages.as_slice() {
                    [only] => site.tag(only),
                    _ => site.language.as_str(),
                };
                digest.language = only.to_owned();
            }
        }
        self
    }

    /// The same with another address for the world, where none was configured: a free port was taken.
    #[must_use]
    pub fn with_public_url(mut self, url: &str) -> Self {
        if !self.public_url_given {
            url.clone_into(&mut self.http.public_url);
            url.clone_into(&mut self.feeds.public_url);
            url.clone_into(&mut self.mail.public_url);
            for digest in &mut self.digests {
                url.clone_into(&mut digest.public_url);
            }
        }
        self
    }
}

fn read_dkim(r: &mut Reader<'_>, at: &impl Fn(&str) -> PathBuf) -> mail::dkim::Settings {
    let domain = r.parsed("mail.dkim.domain", |text| {
        values::address(&format!("a@{text}"))
            .map(|address| address[2..].to_owned())
            .map_err(|_| "is no domain".to_owned())
    });
    let mut keys = Vec::new();
    for selector in r.names("mail.dkim.keys") {
        let key = |file: &str| mail::dkim::Key::read(&selector, &at(file));
        keys.extend(r.parsed(&format!("mail.dkim.keys.{selector}"), key).map(Arc::new));
    }
    mail::dkim::Settings { domain, keys }
}

/// `mail.inbox.imap`: `imaps://USER@HOST/FOLDER`.
fn mailbox_of_returns(r: &mut Reader<'_>) -> Option<mail::imap::Mailbox> {
    let text = r.text("mail.inbox.imap")?;
    let password = r.text("mail.inbox.password");
    let trusted = r.text("mail.ca");
    let read = || {
        let url = Url::parse(&text).map_err(|_| "is no address of a mailbox")?;
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        if url.scheme() != "imaps" {
            return Err("does not begin with `imaps://`: mail is read over TLS only");
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("names no server")?;
        let user = Some(decoded(url.username())).filter(|user| !user.is_empty()).ok_or("names no user")?;
        let password = password.or_else(|| url.password().map(decoded));
        let folder = decoded(url.path().trim_matches('/'));
        if !folder.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
            return Err("names a folder with other characters than ASCII's, or with quotation marks");
        }
        Ok(mail::imap::Mailbox {
            host: host.to_owned(),
            port: url.port().unwrap_or(993),
            user,
            password: password.ok_or("has a user but no password: set `mail.inbox.password_file`")?,
            folder: if folder.is_empty() { "INBOX".to_owned() } else { folder },
            trusted,
        })
    };
    read().map_err(|what| r.fault("mail.inbox.imap", what, "e.g. `imaps://bounce@imap.example.org/INBOX`")).ok()
}

/// SQLite paths count from the configuration's folder; everything else goes to the store as it is.
fn store_url(url: &str, at: &impl Fn(&str) -> PathBuf) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", at(path.trim_start_matches("//")).display()),
        None => url.to_owned(),
    }
}

fn read_templates(r: &mut Reader<'_>, folder: &Path) -> BTreeMap<String, String> {
    library::files::texts(folder).unwrap_or_else(|error| {
        r.fault("templates.folder", &error.to_string(), "name a folder that is laid out like `templates/`");
        BTreeMap::new()
    })
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "localhost".to_owned())
}
