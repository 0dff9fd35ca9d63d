//! What the example and the environment say, and what is said of faults.

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
    include_str!("../../deploy/postrider.example.yaml").lines().map(live).collect::<Vec<_>>().join("\n")
}

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::read(text, "postrider.yaml", Path::new("/site"), None, &environment)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn the_environment_reaches_every_depth() {
    let imap = ("POSTRIDER_MAIL_INBOX_IMAP", "imaps://bounce%40example.org:secret@imap.example.org/Returned%20Mail");
    let config =
        read("mail: { inbox: { lmtp: 127.0.0.1:1, every: 1m } }", &[("POSTRIDER_MAIL_INBOX_LMTP", "[::1]:24"), imap]);
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
    let faults =
        read("", &[("POSTRIDER_HTTP_LISTN", "x"), ("POSTRIDER_FEEDS_ENTRIES", "-1")]).map(|_| ()).expect_err("faults");
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
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
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
