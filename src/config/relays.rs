//! `mail.url`, `mail.relays`, and the limits of each: where mail goes, and how much of it.

use std::path::PathBuf;

use url::Url;

use super::reader::Reader;
use super::values;
use crate::delivery::pace::daily::Daily;
use crate::delivery::pace::{Limits, Quiet, WarmUp};
use crate::mail::{self, NamedRelay, Transport};

const EXAMPLE: &str = "e.g. `smtps://user@smtp.example.org`, `smtp://user@host:587` or `folder:mail`";

/// The relay of `mail.url` and those of `mail.relays`, in this order; a folder only where there is none.
pub fn transport(r: &mut Reader<'_>, at: &impl Fn(&str) -> PathBuf) -> Transport {
    let mut relays: Vec<NamedRelay> = Vec::new();
    for name in r.names("mail.relays") {
        if let Err(what) = values::digest_name(&name) {
            r.fault(&format!("mail.relays.{name}"), &what, "e.g. `second`");
            continue;
        }
        let section = format!("mail.relays.{name}");
        if name == mail::ONLY {
            r.fault(&section, "is the name of the relay in `mail.url`", "call it otherwise");
        }
        let connections = r.parsed(&format!("{section}.connections"), values::count).unwrap_or(1);
        let limits = limits(r, &section);
        let Some(url) = r.text(&format!("{section}.url")) else {
            r.fault(&format!("{section}.url"), "is missing", EXAMPLE);
            continue;
        };
        if let Some(relay) = relay(r, &section, &url) {
            relays.push(NamedRelay { name, relay, connections, limits });
        }
    }
    let url = r.text("mail.url").unwrap_or_default();
    if let Some(folder) = url.strip_prefix("folder:") {
        return if relays.is_empty() { Transport::Folder(at(folder)) } else { Transport::Relays(relays) };
    }
    match relay(r, "mail", &url) {
        None => Transport::Folder(PathBuf::new()),
        Some(relay) if relays.is_empty() => Transport::Smtp(relay),
        Some(relay) => {
            let connections = r.parsed("mail.connections", values::count).unwrap_or(1);
            let first = NamedRelay { name: mail::ONLY.to_owned(), relay, connections, limits: limits(r, "mail") };
            relays.insert(0, first);
            Transport::Relays(relays)
        }
    }
}

/// What the relay of `section` is given.
pub fn limits(r: &mut Reader<'_>, section: &str) -> Limits {
    let key = |rest: &str| format!("{section}.{rest}");
    let weight = if section == "mail" { None } else { r.parsed(&key("weight"), values::whole) };
    Limits {
        weight: weight.unwrap_or(1),
        per_second: r.parsed(&key("per_second"), values::rate),
        daily: Daily {
            most: r.parsed(&key("per_day"), values::count).map(|most| most as u64),
            warm_up: r.parsed(&key("warm_up"), str::parse::<WarmUp>),
        },
    }
}

/// When no digest leaves.
pub fn quiet(r: &mut Reader<'_>) -> Option<Quiet> {
    let zone = r.parsed("mail.quiet.timezone", values::zone)?;
    r.parsed("mail.quiet.hours", |text| Quiet::parse(text, zone))
}

fn relay(r: &mut Reader<'_>, section: &str, url: &str) -> Option<mail::Relay> {
    let password = r.text(&format!("{section}.password"));
    let trusted = r.text(&format!("{section}.ca"));
    match read(url, password, section) {
        Ok(relay) => Some(mail::Relay { trusted, ..relay }),
        Err(what) => {
            r.fault(&format!("{section}.url"), &what, EXAMPLE);
            None
        }
    }
}

fn read(text: &str, password: Option<String>, section: &str) -> Result<mail::Relay, String> {
    let url = Url::parse(text).map_err(|_| "is no address of a mail server".to_owned())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("names no server")?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (security, port) = match url.scheme() {
        "smtps" => (mail::Security::Implicit, 465),
        "smtp" if mail::is_loopback(&host) => (mail::Security::None, 25),
        "smtp" => (mail::Security::StartTls, 587),
        other => return Err(format!("`{other}` is no way to send mail")),
    };
    let login = match (url.username(), password.or_else(|| url.password().map(decoded))) {
        ("", None) => None,
        ("", Some(_)) => return Err("has a password but no user".to_owned()),
        (_, None) => return Err(format!("has a user but no password: set `{section}.password_file`")),
        (user, Some(password)) => Some((decoded(user), password)),
    };
    Ok(mail::Relay { host, port: url.port().unwrap_or(port), security, login, trusted: None })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::Config;
    use super::*;

    fn mail(text: &str) -> Result<mail::Settings, String> {
        Config::read(text, "postrider.yaml", Path::new("/site"), None, &BTreeMap::new())
            .map(|config| config.mail)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn several_relays_with_limits_of_their_own() {
        let settings = mail(
            "mail:\n  url: smtp://127.0.0.1:2500\n  per_second: 0.5\n  per_day: 300\n  relays:\n    second: { url: \
             \"smtps://me:secret@smtp.example.org\", weight: 0, connections: 2, warm_up: 20 to 2000 in 10d }\n  quiet: \
             { hours: \"22:00-07:00\", timezone: Asia/Shanghai }\nhttp: { public_url: \"https://f.example.org\" }\n",
        )
        .unwrap();
        let Transport::Relays(relays) = &settings.transport else { panic!("two relays") };
        let names: Vec<&str> = relays.iter().map(|named| named.name.as_str()).collect();
        assert_eq!(names, ["mail", "second"]);
        assert_eq!((relays[0].connections, relays[0].relay.port), (4, 2500));
        assert_eq!((relays[0].limits.weight, relays[0].limits.per_second), (1, Some(0.5)));
        assert_eq!((relays[0].limits.daily.most, relays[0].limits.daily.warm_up), (Some(300), None));
        assert_eq!((relays[1].connections, relays[1].limits.weight, relays[1].limits.per_second), (2, 0, None));
        assert_eq!(relays[1].limits.daily.warm_up, "20 to 2000 in 10d".parse().ok());
        assert_eq!(settings.quiet, Quiet::parse("22:00-07:00", chrono_tz::Asia::Shanghai).ok());
        // Where only they are named, the folder is not meant.
        let settings =
            mail("mail: { relays: { a: { url: smtp://localhost }, b: { url: smtp://localhost:26 } } }").unwrap();
        assert_eq!(settings.transport.relays().len(), 2);
    }

    #[test]
    fn what_is_wrong_with_them_is_told() {
        for (text, words) in [
            ("relays: { a: { weight: 1 } }", "relays.a.url` is missing"),
            ("relays: { a: { url: \"smtps://me@x.example\" } }", "mail.relays.a.password_file"),
            ("relays: { mail: { url: smtp://localhost } }", "is the name of the relay"),
            ("relays: { Big: { url: smtp://localhost } }", "small letters"),
            ("relays: { a: { url: smtp://localhost, wieght: 1 } }", "did you mean `weight`?"),
            ("per_second: 0", "is no number above 0"),
            ("warm_up: quickly", "is no warm-up"),
            ("quiet: { hours: at night }", "are no hours"),
            ("quiet: { timezone: Mars }", "is no time zone"),
        ] {
            let said = mail(&format!("mail: {{ {text} }}")).err().expect(text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
