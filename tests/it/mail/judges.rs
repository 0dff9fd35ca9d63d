//! Our mails before judges of spam that are not ours: rspamd, which looks up the sender in a DNS of the test's own, and
//! SpamAssassin's local tests.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use postrider::clock::Clock;
use postrider::crypto::signing::{Algorithm, SigningKey};
use postrider::mail::message::{Prepared, Recipient};
use postrider::mail::{Settings, Transport, dkim};
use serde_json::Value;

use crate::digests::clients::{HOSTILE_OWNER, real_samples, samples};
use crate::support::dns::Dns;

const DOMAIN: &str = "harbour.example.org";
const RELAY: &str = "192.0.2.10";
/// Both call 5 spam.
const BELOW: f64 = 2.0;

/// A mail by its name, as it arrives at a reader's mail server.
type Named = (String, Vec<u8>);
/// A name in DNS, and what it has.
type Record = (String, String);

/// Every sample and the real weeklies, signed; and the records of the keys.
fn mails() -> (Vec<Named>, Vec<Record>) {
    let key = |selector: &str, algorithm| {
        Arc::new(dkim::Key::new(selector, SigningKey::generate(algorithm).expect("a key")).expect("a selector"))
    };
    let keys = vec![key("rsa1", Algorithm::Rsa), key("ed1", Algorithm::Ed25519)];
    let records =
        keys.iter().map(|key| (format!("{}._domainkey.{DOMAIN}", key.selector()), format!("TXT {}", key.value())));
    let records = records.collect();
    let mut settings = Settings::new(Transport::Folder("nowhere".into()), "https://feeds.harbour.example.org/");
    settings.dkim = dkim::Settings { domain: None, keys };
    let link = |page: &str| {
        Some(format!("https://feeds.harbour.example.org/{page}/abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEFGHIJKL"))
    };
    // A mail that is looked at when it comes: neither judge likes one that is days old.
    let now = Clock::System.now();
    // Such a name has to be encoded, which a judge may well hold against its owner.
    let samples = samples().into_iter().filter(|(name, _)| name != HOSTILE_OWNER).chain(real_samples());
    let mails = samples.enumerate().map(|(number, (name, rendition))| {
        let reader = Recipient {
            address: "reader@example.net".to_owned(),
            message_id: format!("abcdefghijklmnopqrstuvwx{number:02}@{DOMAIN}"),
            unsubscribe_url: link("unsubscribe"),
            unsubscribe_address: None,
            preferences_url: link("preferences"),
            confirm_url: link("confirm"),
        };
        let message = Prepared::new(&rendition, &settings).compose(&reader, now).expect("a message").to_string();
        let received = format!(
            "Return-Path: <b@bounce.{DOMAIN}>\r\nReceived: from relay.{DOMAIN} (relay.{DOMAIN} [{RELAY}])\r\n by mx.example.net with ESMTPS \
             (version=TLSv1.3) id 4XyZ{number} for <reader@example.net>;\r\n {}\r\n",
            now.to_rfc2822()
        );
        (name, [received.as_bytes(), message.as_bytes()].concat())
    });
    (mails.collect(), records)
}

/// Debian's; ends with the test.
struct Rspamd {
    child: Child,
    folder: tempfile::TempDir,
}

impl Rspamd {
    /// With everything off that asks somebody elsewhere.
    fn start(dns: &Dns) -> Self {
        const ELSEWHERE: [&str; 15] = [
            "asn",
            "clickhouse",
            "fuzzy_check",
            "greylist",
            "history_redis",
            "milter_headers",
            "mx_check",
            "neural",
            "p0f",
            "ratelimit",
            "rbl",
            "replies",
            "reputation",
            "surbl",
            "url_redirector",
        ];
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs_err::create_dir_all(at("conf/override.d")).expect("a folder");
        for module in ELSEWHERE {
            fs_err::write(at(&format!("conf/override.d/{module}.conf")), "enabled = false;\n").expect("written");
        }
        fs_err::write(at("tld.dat"), "cn\ncom\nio\nnet\norg\ntech\n").expect("written");
        let configuration = format!(
            ".include \"$CONFDIR/common.conf\"\noptions {{\n pidfile = \"$RUNDIR/pid\";\n filters = \"chartable,dkim,regexp\";\n \
             url_tld = \"$RUNDIR/tld.dat\";\n disable_hyperscan = true;\n control_socket = \"$RUNDIR/control mode=0600\";\n \
             cache_file = \"$RUNDIR/cache\";\n history_file = \"$RUNDIR/history\";\n hs_cache_dir = \"$RUNDIR/\";\n tempdir = \"$RUNDIR\";\n \
             task_timeout = 30s;\n dns {{ nameserver = [\"{}:{}:10\"]; timeout = 5s; }}\n}}\n\
             logging {{ type = \"file\"; filename = \"$RUNDIR/log\"; level = \"info\"; }}\n\
             worker \"normal\" {{ bind_socket = \"$RUNDIR/socket mode=0600\"; count = 1; }}\n",
            dns.address.ip(),
            dns.address.port()
        );
        fs_err::write(at("rspamd.conf"), configuration).expect("written");
        let run = folder.path().display();
        // Root has to say that it means it.
        let root = Command::new("id").arg("-u").output().expect("who we are").stdout.starts_with(b"0\n");
        let child = Command::new("rspamd")
            .args(if root { &["-i", "-u", "root", "-g", "root"][..] } else { &[] })
            .args(["-f", "-c"])
            .arg(at("rspamd.conf"))
            .args(["RUNDIR", "DBDIR", "LOGDIR"].map(|name| format!("--var={name}={run}")))
            .arg(format!("--var=LOCAL_CONFDIR={run}/conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("no rspamd: run `tests/setup` first (`tests/run` does)");
        let mut rspamd = Self { child, folder };
        let begun = Instant::now();
        while UnixStream::connect(rspamd.socket()).is_err() {
            let ended = rspamd.child.try_wait().expect("its state").is_some();
            assert!(!ended && begun.elapsed() < Duration::from_mins(2), "rspamd does not listen:\n{}", rspamd.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        rspamd
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn log(&self) -> String {
        fs_err::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Its verdict on a mail that came from our relay.
    fn judge(&self, mail: &[u8]) -> Value {
        let mut stream = UnixStream::connect(self.socket()).expect("it listens");
        let head = format!(
            "POST /checkv2 HTTP/1.0\r\nIP: {RELAY}\r\nHelo: relay.{DOMAIN}\r\nHostname: relay.{DOMAIN}\r\nFrom: b@bounce.{DOMAIN}\r\n\
             Rcpt: reader@example.net\r\nContent-Length: {}\r\n\r\n",
            mail.len()
        );
        stream.write_all(&[head.as_bytes(), mail].concat()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}\n{}", self.log()))
    }
}

impl Drop for Rspamd {
    fn drop(&mut self) {
        // Its workers end with it only when it is asked.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

#[test]
fn rspamd_believes_the_sender_and_sees_no_spam() {
    let (mails, keys) = mails();
    let dns = Dns::start(&[
        (DOMAIN, "A 192.0.2.80"),
        (DOMAIN, "MX 10 mx.harbour.example.org"),
        ("mx.harbour.example.org", "A 192.0.2.25"),
        ("relay.harbour.example.org", "A 192.0.2.10"),
        ("feeds.harbour.example.org", "A 192.0.2.80"),
        ("bounce.harbour.example.org", "MX 10 mx.harbour.example.org"),
        ("bounce.harbour.example.org", "A 192.0.2.25"),
        ("bounce.harbour.example.org", "TXT v=spf1 ip4:192.0.2.10 -all"),
        ("_dmarc.harbour.example.org", "TXT v=DMARC1; p=reject; adkim=r; aspf=r"),
        ("10.2.0.192.in-addr.arpa", "PTR relay.harbour.example.org"),
    ]);
    for (name, record) in &keys {
        dns.add(name, record);
    }
    let rspamd = Rspamd::start(&dns);
    let mut worst = (0.0, String::new());
    for (name, mail) in &mails {
        let verdict = rspamd.judge(mail);
        let symbols = verdict["symbols"].as_object().expect("symbols");
        for symbol in ["R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"] {
            assert!(symbols.contains_key(symbol), "{name}: no {symbol} in {verdict:#}");
        }
        let keys = symbols["R_DKIM_ALLOW"]["options"].as_array().expect("whose").len();
        assert_eq!(keys, 2, "{name}: both signatures: {:#}", symbols["R_DKIM_ALLOW"]);
        let score = verdict["score"].as_f64().expect("a score");
        let why: Vec<String> = symbols
            .iter()
            .filter(|(_, symbol)| symbol["score"].as_f64() > Some(0.0))
            .map(|(name, symbol)| format!("{name} {} {}", symbol["score"], symbol["options"]))
            .collect();
        assert!(score < BELOW, "{name}: {score} for {why:?}");
        if score >= worst.0 {
            worst = (score, format!("{name} {why:?}"));
        }
    }
    eprintln!("rspamd, {} mails, at worst {:.2}: {}", mails.len(), worst.0, worst.1);
    // It can say no: the same mail with another word in it, and with another sender's name.
    let forged = String::from_utf8_lossy(&mails[0].1).replacen("Subject: ", "Subject: Cheap ", 1);
    let verdict = rspamd.judge(forged.as_bytes());
    assert!(verdict["symbols"]["R_DKIM_REJECT"].is_object(), "{verdict:#}");
}

#[test]
fn spamassassin_sees_no_spam() {
    let (mut mails, _) = mails();
    let spam = "From: x@example.com\r\nTo: undisclosed-recipients:;\r\nSubject: VIAGRA!!! 100% FREE $$$ MAKE MONEY FAST\r\n\r\n\
                XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n";
    mails.push(("spam".to_owned(), spam.as_bytes().to_vec()));
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<PathBuf> = mails
        .iter()
        .enumerate()
        .map(|(number, (_, mail))| {
            let file = folder.path().join(format!("{number:02}.eml"));
            fs_err::write(&file, mail).expect("written");
            file
        })
        .collect();
    // Local tests only; no preferences and no learning of anybody's.
    let output = Command::new("spamassassin")
        .args(["-L", "-t", "-p", "/dev/null"])
        .args(&files)
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("no SpamAssassin: run `tests/setup` first (`tests/run` does)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(Path::new("/usr/share/spamassassin").is_dir(), "its rules are there");
    let text = String::from_utf8_lossy(&output.stdout).replace("\n\t", " ");
    let scores: Vec<(f64, &str)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("X-Spam-Status: "))
        .map(|line| {
            let score = line.split("score=").nth(1).and_then(|rest| rest.split(' ').next()).expect("a score");
            (score.parse().expect("a number"), line)
        })
        .collect();
    assert_eq!(scores.len(), mails.len(), "{text}");
    for ((name, _), (score, line)) in mails.iter().zip(&scores) {
        let expected = if name == "spam" { *score > 100.0 } else { *score < BELOW };
        assert!(expected, "{name}: {line}");
    }
    let worst = scores[..scores.len() - 1].iter().map(|(score, _)| *score).fold(f64::MIN, f64::max);
    eprintln!("SpamAssassin, {} mails, at worst {worst:.1}", scores.len() - 1);
}
