//! What `deploy/` ships is right: each file is read by the program that it is for, and every name in it by our own
//! configuration.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use postrider::config::{Config, KEYS};
use serde_json::Value;

use crate::support::house::House;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs_err::read_to_string(project().join(path)).expect("a shipped file")
}

fn yaml(path: &str) -> Value {
    let (value, faults) = postrider::yaml::parse(&text(path), 1 << 20).expect("YAML");
    assert_eq!(faults, [], "{path}");
    value
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The configuration that `environment` makes, its `*_FILE`s below `/run/secrets` standing in a temporary folder.
fn configured(environment: &BTreeMap<String, String>, secret: impl Fn(&str) -> &'static str) -> Config {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = environment
        .iter()
        .map(|(name, value)| {
            let Some(secret_name) = value.strip_prefix("/run/secrets/") else { return (name.clone(), value.clone()) };
            let file = folder.path().join(secret_name);
            fs_err::write(&file, secret(secret_name)).expect("the secret");
            (name.clone(), file.display().to_string())
        })
        .collect();
    Config::read("", "postrider.yaml", Path::new("/site"), None, &environment)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        .expect("a configuration")
}

#[test]
fn no_file_names_a_variable_that_there_is_none_of() {
    let mut known: Vec<String> = vec!["POSTRIDER_CONFIG".into()];
    for key in KEYS.iter().filter(|key| !key.path.contains('*')) {
        let name = format!("POSTRIDER_{}", key.path.replace('.', "_").to_uppercase());
        if key.secret {
            known.push(format!("{name}_FILE"));
        }
        known.push(name);
    }
    let mut seen = 0;
    for entry in fs_err::read_dir(project().join("deploy")).expect("the folder") {
        let path = entry.expect("an entry").path();
        let text = fs_err::read_to_string(&path).expect("a text");
        for (at, _) in text.match_indices("POSTRIDER_") {
            let name: String =
                text[at..].chars().take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_').collect();
            assert!(known.contains(&name), "{}: {name}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn the_unit_has_few_rights_and_its_own_folder() {
    let unit = project().join("deploy/postrider.service");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20"])
        .arg(&unit)
        .output()
        .expect("systemd-analyze: run `tests/setup` first");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = text("deploy/postrider.service");
    // What its head tells people to write is a configuration.
    let (_, advice) = text.split_once("at least:\n#\n").expect("the advice");
    let advice: String =
        advice.lines().map_while(|line| line.strip_prefix("#   ")).flat_map(|line| [line, "\n"]).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let password = folder.path().join("password");
    fs_err::write(&password, "secret").expect("the password");
    let advice = advice.replace("/etc/postrider/smtp-password", &password.display().to_string());
    let config = Config::read(&advice, "postrider.yaml", Path::new("/etc/postrider"), None, &BTreeMap::new());
    let config = config.map_err(|faults| format!("{faults:?}")).expect("the advice is a configuration");
    assert_eq!(config.library.root, PathBuf::from("/srv/site"));
    assert_eq!(config.store.url, "sqlite:/var/lib/postrider/postrider.db");
    assert!(text.contains("\nStateDirectory=postrider\n") && text.contains("\nUser=postrider\n"));
    assert!(self::text("deploy/postrider.sysusers.conf").contains("\nu postrider "));
}

#[test]
fn the_compose_files_make_configurations_and_name_only_what_is_there() {
    for (path, store) in [
        ("deploy/compose.sqlite.yaml", "sqlite:/data/postrider.db"),
        ("deploy/compose.postgres.yaml", "postgres://postrider:p@postgres/postrider"),
    ] {
        let compose = yaml(path);
        let ours = &compose["services"]["postrider"];
        let environment: BTreeMap<String, String> = ours["environment"]
            .as_object()
            .expect("its environment")
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
            .collect();
        let config = configured(&environment, |name| match name {
            "store_url" => "postgres://postrider:p@postgres/postrider\n",
            "smtp_password" => "secret",
            "store_secret" => "c29tZXRoaW5nIHRoYXQgaXMgbG9uZyBlbm91Z2ggZm9yIGl0",
            other => panic!("{path}: a secret {other}"),
        });
        assert_eq!(config.store.url, store, "{path}");
        let relayed = matches!(config.mail.transport, postrider::mail::Transport::Smtp(relay) if relay.login.is_some());
        assert!(relayed && config.public_url_given, "{path}");

        for (name, service) in compose["services"].as_object().expect("services") {
            let at = format!("{path}: {name}");
            for secret in texts(&service["secrets"]) {
                assert!(compose["secrets"][secret]["file"].is_string(), "{at}: the secret {secret}");
            }
            for value in service["environment"].as_object().into_iter().flatten().filter_map(|(_, v)| v.as_str()) {
                if let Some(secret) = value.strip_prefix("/run/secrets/") {
                    assert!(texts(&service["secrets"]).contains(&secret), "{at}: {secret}");
                }
            }
            for volume in texts(&service["volumes"]).iter().filter(|volume| !volume.starts_with(['.', '/', '$'])) {
                let volume = volume.split(':').next().unwrap_or_default();
                assert!(compose["volumes"].get(volume).is_some(), "{at}: the volume {volume}");
            }
            for network in texts(&service["networks"]) {
                assert!(compose["networks"].get(network).is_some(), "{at}: the network {network}");
            }
            for needed in service["depends_on"].as_object().into_iter().flat_map(|map| map.keys()) {
                assert!(
                    compose["services"][needed]["healthcheck"].is_object(),
                    "{at}: {needed} says when it is healthy"
                );
            }
            assert_eq!(service["read_only"], true, "{at}");
            assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{at}");
            assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{at}");
        }
        let context = project().join("deploy").join(ours["build"]["context"].as_str().expect("a context"));
        assert!(context.join(ours["build"]["dockerfile"].as_str().expect("a Dockerfile")).is_file(), "{path}");
    }
}

#[test]
fn the_dockerfile_copies_what_is_there_and_runs_without_root() {
    let dockerfile = text("deploy/Dockerfile");
    let let_through = text("deploy/Dockerfile.dockerignore");
    let mut sources = 0;
    for line in dockerfile.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        for source in &words[..words.len() - 1] {
            assert!(project().join(source).exists(), "COPY {source}");
            assert!(let_through.lines().any(|line| line == format!("!{source}")), "{source} is not let through");
            sources += 1;
        }
    }
    assert!(sources >= 5);
    // Files outside `src` that the program embeds must be copied as well.
    for file in walkdir::WalkDir::new(project().join("src")).into_iter().filter_map(Result::ok) {
        if file.file_type().is_file() {
            let text = fs_err::read_to_string(file.path()).expect("a source file");
            for (_, rest) in text.match_indices("include_str!(\"").map(|(at, found)| text.split_at(at + found.len())) {
                let named = rest.split('"').next().unwrap_or_default();
                let embedded = file.path().parent().expect("its folder").join(named);
                let embedded = embedded.canonicalize().unwrap_or_else(|error| panic!("{named}: {error}"));
                let path = embedded.strip_prefix(project().canonicalize().expect("the project")).expect("inside");
                let copied =
                    let_through.lines().filter_map(|line| line.strip_prefix('!')).any(|kept| path.starts_with(kept));
                assert!(copied, "{} embeds {}", file.path().display(), path.display());
            }
        }
    }
    let cargo = text("Cargo.toml");
    let rust = cargo.lines().find_map(|line| line.strip_prefix("rust-version = \"")).expect("a version");
    assert!(dockerfile.contains(&format!("FROM rust:{}-alpine", rust.trim_end_matches('"'))));
    let (_, last) = dockerfile.rsplit_once("\nFROM ").expect("two stages");
    assert!(last.starts_with("scratch\n") && last.contains("\nUSER 65532:65532\n"));
    for line in last.lines().filter(|line| line.starts_with("ENTRYPOINT ") || line.starts_with("CMD ")) {
        assert!(line.contains("[\""), "there is no shell to read {line}");
    }
}

#[test]
fn nginx_reads_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=feeds.example.org", "-keyout", &at("key.pem"), "-out", &at("certificate.pem")])
        .output()
        .expect("openssl: run `tests/setup` first");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let certificates = "/etc/letsencrypt/live/feeds.example.org/";
    let site = text("deploy/nginx.conf")
        .replace(&format!("{certificates}fullchain.pem"), &at("certificate.pem"))
        .replace(&format!("{certificates}privkey.pem"), &at("key.pem"))
        .replace("/var/cache/nginx/", &at("cache-"))
        .replace("/srv/feeds", &at("feeds"))
        .replace("/var/log/nginx/", &at("log-"))
        // The test may run without the right to take ports below 1024.
        .replace(":80;", ":18080;")
        .replace("listen 80;", "listen 18080;")
        .replace(":443 ssl", ":18443 ssl")
        .replace("listen 443 ssl", "listen 18443 ssl");
    fs_err::write(at("site.conf"), site).expect("the site's file");
    let house = House::new("", "2026-03-05 12:00:00");
    house.publish("first", "The first", "2026-03-01", "Text.");
    house.run(&["build", "--out", &at("feeds"), "--for", "nginx"]);
    let paths =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|what| format!("{what}_temp_path {};", at(what)));
    let main = format!(
        "pid {};\nerror_log {};\nevents {{}}\nhttp {{ {}\ninclude {};\n}}\n",
        at("pid"),
        at("error.log"),
        paths.concat(),
        at("site.conf")
    );
    fs_err::write(at("nginx.conf"), main).expect("the main file");
    let output = Command::new("/usr/sbin/nginx")
        .args(["-t", "-q", "-e", &at("error.log"), "-c", &at("nginx.conf")])
        .output()
        .expect("nginx: run `tests/setup` first");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn a_variable_of_others_that_is_no_text_stops_nothing() {
    let house = House::new("", "2026-03-05 12:00:00");
    let other = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let output = house.command(&["posts"]).env("OTHER", other).env(other, "x").output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
