//! `postrider.yaml` + environment + `*_FILE` → checked types. The only reader of the environment.
//!
//! Every fault is reported at once, with the file's line. Parts below the daemon never see [`Config`]: each gets its own
//! settings out of it.

mod feeds;
mod keys;
mod reader;
mod relays;
mod roles;
mod theme;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::bounce::ReturnPath;
use crate::digest::gate::Reason;
use crate::digest::{Digest, Mailbox, Schedule, Selection, Trigger};
use crate::problem::Problem;
use crate::{feed, http, inbox, library, mail, sabotage, store, websub};

pub use keys::{KEYS, Key};
use reader::Reader;
pub use reader::nearest;
pub use values::listen;

/// The file looked for in the site's folder.
pub const FILE_NAME: &str = "postrider.yaml";

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
    pub templates: BTreeMap<String, String>,
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

/// The environment, as far as it concerns us: `POSTRIDER_*`.
pub fn environment() -> BTreeMap<String, String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    let all = std::env::vars_os();
    // Other programs' variables may hold anything; `vars` panics at the first that is not UTF-8.
    all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .filter(|(name, _)| name.starts_with("POSTRIDER_"))
        .collect()
}

/// Takes what tests ask to be broken out of the environment (see [`sabotage`]). A release build leaves it there, as a variable
/// that it does not know.
pub fn take_sabotage(environment: &mut BTreeMap<String, String>) -> Result<(), String> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    match environment.remove(sabotage::VARIABLE) {
        Some(orders) => sabotage::arm(&orders, || std::process::abort(), stand_still),
        None => Ok(()),
    }
}

/// Until somebody continues this process.
fn stand_still() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
    // Another thread may be the one that takes the signal, a moment later.
    std::thread::sleep(std::time::Duration::from_secs(1));
}

/// Where temporary files go: `TMPDIR`, else `/tmp`.
pub fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
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
        let library = library::Settings {
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
        };
        let listen = r.parsed("http.listen", values::listen).unwrap_or_default();
        let given = r.parsed("http.public_url", values::base_url);
        let public_url_given = given.is_some();
        let public_url = given.unwrap_or_else(|| format!("http://{listen}/"));
        let feeds = feeds::read(r, &public_url);
        let private = r.parsed("feeds.private_hubs", values::truth).unwrap_or(false);
        let websub = websub::Settings { hubs: feeds.hubs.clone(), private };
        let store = store::Settings {
            url: r.parsed("store.url", |url| Ok(store_url(url, &at))).unwrap_or_default(),
            secret: r.parsed("store.secret", values::secret),
        };
        let transport = relays::transport(r, &at);
        let mail = mail::Settings {
            transport,
            connections: r.parsed("mail.connections", values::count).unwrap_or(1),
            limits: relays::limits(r, "mail"),
            quiet: relays::quiet(r),
            messages_per_connection: r.parsed("mail.messages_per_connection", values::count).unwrap_or(1),
            pipelining: r.parsed("mail.pipelining", values::pipelining).unwrap_or(mail::Pipelining::Full),
            hello: r.parsed("mail.hello", values::host).unwrap_or_else(|| host_of(&public_url)),
            public_url: public_url.clone(),
            bounce_address: r.parsed("mail.bounce_address", ReturnPath::parse),
            complaints_address: r.parsed("mail.complaints_address", values::address),
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
            .filter_map(|digest| read_digest(r, digest, library.language.as_deref()))
            .collect();
        for digest in &mut digests {
            digest.theme = Arc::clone(&theme);
            digest.public_url.clone_from(&public_url);
        }
        if let Some(digest) = digests.iter().find(|digest| !mail.dkim.is_aligned(&digest.from.address)) {
            let what = format!("is no domain that `{}` is at home in", digest.from.address);
            r.fault("mail.dkim.domain", &what, "name the domain of `from`, or leave it out: it is taken by itself");
        }
        let accept = digests.iter().map(|digest| (digest.name.clone(), read_accepted(r, &digest.name))).collect();
        let dns = r.parsed("dns.server", values::server);
        let templates = r.text("templates.folder").map(|folder| at(&folder)).map(|folder| read_templates(r, &folder));

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
            templates: templates.unwrap_or_default(),
            log_json: r.parsed("log.format", |format| values::one_of(format, &["text", "json"])).as_deref()
                == Some("json"),
            log_level: r.text("log.level").unwrap_or_default(),
            secrets: r.secrets(),
        };
        reader.finish().map(|()| config)
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

fn read_digest(r: &mut Reader<'_>, name: &str, language: Option<&str>) -> Option<Digest> {
    let key = |rest: &str| format!("digests.{name}.{rest}");
    if let Err(what) = values::digest_name(name) {
        r.fault(&format!("digests.{name}"), &what, "e.g. `weekly`");
        return None;
    }
    let zone = r.parsed(&key("timezone"), values::zone);
    let trigger = match r.text(&key("schedule")) {
        Some(text) if text == "on_publish" => Some(Trigger::OnPublish),
        Some(_) => {
            zone.and_then(|zone| r.parsed(&key("schedule"), |text| Schedule::parse(text, zone))).map(Trigger::Cron)
        }
        None => {
            r.fault(
                &key("schedule"),
                "is missing",
                "say when it is sent, e.g. `schedule: \"0 9 * * 5\"`, `@weekly` or `on_publish`",
            );
            None
        }
    };
    let from = r.parsed(&key("from"), mailbox);
    if from.is_none() && r.text(&key("from")).is_none() {
        r.fault(&key("from"), "is missing", "say who sends it, e.g. `from: \"SOFA Weekly <weekly@example.org>\"`");
    }
    let digest = Digest {
        title: r.text(&key("title")).unwrap_or_default(),
        description: r.text(&key("description")).unwrap_or_default(),
        selection: Selection {
            sections: r.list(&key("select.sections")).unwrap_or_default(),
            tags: r.list(&key("select.tags")).unwrap_or_default(),
            categories: r.list(&key("select.categories")).unwrap_or_default(),
            authors: r.list(&key("select.authors")).unwrap_or_default(),
            languages: r.list(&key("select.languages")).unwrap_or_default(),
        },
        template: r.text(&key("template")).unwrap_or_default(),
        reply_to: r.parsed(&key("reply_to"), mailbox),
        language: r.text(&key("language")).or_else(|| language.map(str::to_owned)).unwrap_or_default(),
        catch_up: r.parsed(&key("catch_up"), values::span).unwrap_or_default(),
        hold_above: r.parsed(&key("hold_above"), values::count).unwrap_or_default(),
        time_to_live: r.parsed(&key("time_to_live"), values::span).unwrap_or_default(),
        public: r.parsed(&key("public"), values::truth).unwrap_or(true),
        // Theme and public address are the same for all, once they are read.
        ..Digest::new(name, from?, trigger?)
    };
    let title = [&digest.title, &digest.from.name, &digest.name].into_iter().find(|title| !title.is_empty())?.clone();
    Some(Digest { title, ..digest })
}

fn read_accepted(r: &mut Reader<'_>, digest: &str) -> BTreeSet<Reason> {
    let key = format!("digests.{digest}.accept");
    let words = r.list(&key).unwrap_or_default();
    let read = |word: &String| {
        let wrong = |fault: String| {
            let (what, hint) = fault.rsplit_once("; ").unwrap_or((&fault, ""));
            r.fault(&key, what, hint);
        };
        Reason::parse(word).map_err(wrong).ok()
    };
    words.iter().filter_map(read).collect()
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

/// `Name <a@b.c>` or `a@b.c`.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text.trim()),
    };
    if name.chars().any(char::is_control) {
        return Err("has a control character in the name".to_owned());
    }
    Ok(Mailbox { name: name.to_owned(), address: values::address(address)? })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::signing::{Algorithm, SigningKey};
    use crate::digest::theme::Colour;
    use crate::feed::Family;
    use crate::yaml;

    /// The example with every key live: `#key: value` becomes `key: value`.
    fn example() -> String {
        let live = |line: &str| {
            let rest = line.trim_start();
            match rest.strip_prefix('#') {
                Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    format!("{}{key}", &line[..line.len() - rest.len()])
                }
                _ => line.to_owned(),
            }
        };
        include_str!("../deploy/postrider.example.yaml").lines().map(live).collect::<Vec<_>>().join("\n")
    }

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(text, "postrider.yaml", Path::new("/site"), None, &environment)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_environment_reaches_every_depth() {
        let imap =
            ("POSTRIDER_MAIL_INBOX_IMAP", "imaps://bounce%40example.org:secret@imap.example.org/Returned%20Mail");
        let config = read(
            "mail: { inbox: { lmtp: 127.0.0.1:1, every: 1m } }",
            &[("POSTRIDER_MAIL_INBOX_LMTP", "[::1]:24"), imap],
        );
        let Ok(config) = config else { panic!("{:?}", config.err()) };
        assert_eq!(config.inbox.lmtp.as_deref(), Some("[::1]:24"));
        let (mailbox, every) = config.inbox.imap.expect("a mailbox");
        assert_eq!((mailbox.host.as_str(), mailbox.port, every), ("imap.example.org", 993, Duration::from_mins(1)));
        assert_eq!((mailbox.user.as_str(), mailbox.folder.as_str()), ("bounce@example.org", "Returned Mail"));
        // Also where the file has sections without a line in them, as a commented example does.
        let text = "theme:\n  # dark:\nmail:\ndigests:\n  a: { schedule: \"@weekly\", from: a@example.org }\n";
        let set = [("POSTRIDER_THEME_DARK_ACCENT", "#ffffff"), ("POSTRIDER_MAIL_DKIM_DOMAIN", "example.org")];
        let config = read(text, &set).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(config.digests[0].theme.dark.accent, Colour::parse("#ffffff").expect("a colour"));
        assert_eq!(config.mail.dkim.domain.as_deref(), Some("example.org"));
        for (wrong, word) in [
            ("imap: imap://a:b@c.example/", "imaps"),
            ("imap: imaps://c.example/", "no user"),
            ("imap: imaps://a@c.example/", "no password"),
            ("imap: \"imaps://a:b@c.example/%22\"", "quotation"),
        ] {
            let faults = read(&format!("mail: {{ inbox: {{ {wrong} }} }}"), &[]).err().expect(wrong);
            assert!(faults.iter().any(|fault| fault.contains(word)), "{wrong}: {faults:?}");
        }
    }

    #[test]
    fn the_example_lists_every_key_with_its_default() {
        let text = example();
        let (tree, repeated) = yaml::parse(&text, 1 << 20).expect("the example is YAML");
        assert_eq!(repeated, []);
        for key in KEYS {
            let path =
                key.path.replace("roles.*", "roles.questions").replace("keys.*", "keys.rsa2026").replace('*', "weekly");
            let path = path.replace("relays.weekly", "relays.second");
            let value = path.split('.').try_fold(&tree, |value, part| value.get(part));
            let value = value.unwrap_or_else(|| panic!("`{path}` is not in deploy/postrider.example.yaml"));
            let shown = match value {
                serde_json::Value::Array(items) => {
                    items.iter().map(|item| item.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", ")
                }
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if let Some(default) = key.default {
                assert_eq!(shown, default, "the default of `{path}`");
            }
        }
        let words = |value: &serde_json::Value| serde_json::from_value::<Vec<String>>(value.clone()).expect("a list");
        let roles = tree["content"]["roles"].as_object().expect("roles").iter();
        let listed: Vec<(String, Vec<String>)> = roles.map(|(role, list)| (role.clone(), words(list))).collect();
        assert_eq!(listed, crate::post::section::Roles::default().headings(), "the words of the roles");
        let folder = tempfile::tempdir().expect("a folder");
        fs_err::create_dir(folder.path().join("templates")).expect("the owner's templates");
        fs_err::create_dir(folder.path().join("dkim")).expect("the owner's keys");
        for name in ["rsa2026", "ed2026"] {
            let key = SigningKey::generate(Algorithm::Ed25519).and_then(|key| key.to_pem()).expect("a key");
            let file = folder.path().join(format!("dkim/{name}.pem"));
            fs_err::write(&file, key).expect("its file");
            fs_err::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its mode");
        }
        let read = Config::read(&text, "postrider.yaml", folder.path(), None, &BTreeMap::new());
        read.map(|_| ()).expect("no key in the example that the code does not know");
    }

    #[test]
    fn nothing_configured_is_a_configuration() {
        let config = read("", &[]).map_err(|faults| faults.join("\n")).expect("the defaults");
        assert_eq!(config.feeds.entries, 50);
        assert_eq!(config.feeds.max_bytes, 1_000_000);
        assert_eq!(config.feeds.by.len(), 5);
        assert_eq!(config.http.public_url, "http://127.0.0.1:8080/");
        assert_eq!(config.store.url, "sqlite:/site/postrider.db");
        assert!(
            matches!(&config.mail.transport, mail::Transport::Folder(path) if path == Path::new("/site/postrider-mail"))
        );
        assert_eq!(config.library.root, Path::new("/site"));
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_line() {
        let text = "site:\n  titel: x\n  url: example.org\nfeeds: { entries: none, by: [tags] }\ndigests:\n  weekly:\n    \
                    schedule: \"0 9 * *\"\n    timezone: Asia/Shangai\n    from: nobody\n  Bad: {}\nmail: smtp\n";
        let faults = read(text, &[]).map(|_| ()).expect_err("faults");
        let lines: Vec<&str> = faults.iter().map(|fault| fault.lines().next().unwrap_or_default()).collect();
        for start in [
            "postrider.yaml:2: `site.titel` is no key",
            "postrider.yaml:3: `site.url` is no absolute address",
            "postrider.yaml:4: `feeds.by` does not know `tags`",
            "postrider.yaml:4: `feeds.entries` is no whole number",
            "postrider.yaml:8: `digests.weekly.timezone` is no time zone",
            "postrider.yaml:9: `digests.weekly.from` ",
            "postrider.yaml:10: `digests.Bad` may hold small letters",
            "postrider.yaml:11: `mail` is no map",
        ] {
            assert!(lines.iter().any(|line| line.starts_with(start)), "{start}: {lines:#?}");
        }
        assert!(faults[0].contains("did you mean `title`?"), "{faults:#?}");
    }

    #[test]
    fn the_environment_wins_and_is_checked_too() {
        let config = read(
            "http: { listen: \"127.0.0.1:1\" }",
            &[("POSTRIDER_HTTP_LISTEN", "127.0.0.1:2"), ("POSTRIDER_FEEDS_BY", "tag, author")],
        );
        let config = config.map_err(|faults| faults.join("\n")).expect("a configuration");
        assert_eq!(config.http.listen, "127.0.0.1:2");
        assert_eq!(config.feeds.by, [Family::Tag, Family::Author]);
        let faults = read("", &[("POSTRIDER_HTTP_LISTN", "x"), ("POSTRIDER_FEEDS_ENTRIES", "-1")])
            .map(|_| ())
            .expect_err("faults");
        assert!(
            faults[0].starts_with("POSTRIDER_FEEDS_ENTRIES: is no whole number") || faults[0].contains("feeds.entries"),
            "{faults:?}"
        );
        assert!(faults.iter().any(|fault| fault.contains("did you mean `POSTRIDER_HTTP_LISTEN`?")), "{faults:?}");
    }

    #[test]
    fn files_with_secrets_count_from_the_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        fs_err::write(folder.path().join("secret"), "0123456789abcdef0123456789abcdef\n").expect("the secret");
        let read = |text: &str, environment: &[(&str, &str)]| {
            let environment =
                environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Config::read(text, "postrider.yaml", folder.path(), None, &environment)
        };
        for (text, environment) in
            [("store: { secret_file: secret }", &[][..]), ("", &[("POSTRIDER_STORE_SECRET_FILE", "secret")])]
        {
            let config = read(text, environment).map_err(|faults| format!("{faults:?}")).expect("a configuration");
            assert_eq!(config.store.secret.as_deref(), Some("0123456789abcdef0123456789abcdef"));
        }
        let faults = read("store: { secret: monkey }", &[]).map(|_| ()).expect_err("a secret that can be guessed");
        let shown = faults[0].to_string();
        assert!(shown.contains("32") && !shown.contains("monkey"), "{shown}");
    }

    #[test]
    fn secrets_come_from_files_and_relays_from_addresses() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("smtp");
        fs_err::write(&file, "s3cret\n").expect("the secret");
        let text = format!(
            "mail: {{ url: \"smtps://me%40x@smtp.example.org\", password_file: {} }}\nhttp: {{ public_url: \"https://f.example.org\" }}",
            file.display()
        );
        let config = read(&text, &[]).map_err(|faults| faults.join("\n")).expect("a configuration");
        let mail::Transport::Smtp(relay) = config.mail.transport else { panic!("a relay") };
        assert_eq!((relay.host.as_str(), relay.port), ("smtp.example.org", 465));
        assert_eq!(relay.login, Some(("me@x".into(), "s3cret".into())));
        assert_eq!(config.mail.hello, "f.example.org");
        for (url, fault) in [
            ("smtps://me@smtp.example.org", "password"),
            ("http://smtp.example.org", "no way to send mail"),
            ("smtp.example.org", "no address of a mail server"),
        ] {
            let faults = read(&format!("mail: {{ url: \"{url}\" }}"), &[]).map(|_| ()).expect_err("a fault");
            assert!(faults[0].contains(fault), "{url}: {faults:?}");
        }
    }
}
