//! Values that want to be more than a value, in every place where one can stand: no more than the header that was meant comes
//! out, whole and once, and no more than the envelope that was meant reaches a server. 3,000 of them, or with
//! `POSTRIDER_TEST_LONG` 100,000.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postrider::config::Config;
use postrider::delivery::{Kind, Verdict};
use postrider::digest::{Hole, Mailbox, Rendition};
use postrider::mail::message::{Prepared, Recipient};
use postrider::mail::transport::{Attempt, Limits, Line, Mail, Open, Route};
use postrider::mail::{Settings, Transport};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bench::relay;
use super::message::{date, headers, recipient, settings};
use crate::support::long;
use crate::support::smtp::{Act, Server};

const ID: &str = "abcdefghijklmnopqrstuvwxyz";

/// Pieces that ends of lines, of headers, of words and of messages are made of.
fn value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\0".to_owned()),
        Just("\r\n.\r\n".to_owned()),
        Just("\r\n\r\n".to_owned()),
        Just("Bcc: all@example.net".to_owned()),
        Just("DKIM-Signature: v=1".to_owned()),
        Just("=?utf-8?b?DQpCY2M6IHg=?=".to_owned()),
        Just("=?utf-8?q?=0D=0A?=".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("\u{85}".to_owned()),
        Just("\u{202E}".to_owned()),
        Just("\"\\".to_owned()),
        Just("<x@y>,".to_owned()),
        Just("> \r\n <".to_owned()),
        Just("--=_postrider_".to_owned()),
        Just(Hole::Address.mark(ID)),
        Just(Hole::ConfirmUrl.mark(ID)),
        "[ -~]{0,90}",
        "\\PC{0,40}",
        ".{0,20}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Names of the headers, read octet by octet: what any server would see.
fn names(raw: &str) -> Vec<&str> {
    let head = raw.split("\r\n\r\n").next().expect("a head");
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap_or_else(|| panic!("no header: {line:?}")).0)
        .collect()
}

/// A mail before it is composed.
struct Draft {
    settings: Settings,
    rendition: Rendition,
    reader: Recipient,
    /// Titles and names never stop a mail.
    must: bool,
}

fn rendition() -> Rendition {
    let mailbox = || Mailbox { name: "Weekly".to_owned(), address: "weekly@example.org".to_owned() };
    Rendition {
        id: ID.to_owned(),
        kind: Kind::Issue,
        digest: "weekly".to_owned(),
        language: "en".to_owned(),
        from: mailbox(),
        reply_to: Some(mailbox()),
        subject: "News".to_owned(),
        html: "<p>News</p>\n".to_owned(),
        text: "News\n".to_owned(),
    }
}

const SLOTS: usize = 17;

/// With `value` in one of its slots. `None`: the configuration does not take it there.
fn draft(slot: usize, value: &str) -> Option<Draft> {
    let mut draft = Draft { settings: settings(), rendition: rendition(), reader: recipient(), must: slot < 6 };
    let Draft { rendition, reader, .. } = &mut draft;
    match slot {
        0 => value.clone_into(&mut rendition.subject),
        1 => rendition.subject = format!("{value}{}", Hole::Address.mark(ID)),
        2 => value.clone_into(&mut rendition.from.name),
        3 => value.clone_into(&mut rendition.reply_to.as_mut().expect("it has one").name),
        4 => value.clone_into(&mut rendition.html),
        5 => value.clone_into(&mut rendition.text),
        6 => value.clone_into(&mut reader.address),
        7 => reader.address = format!("{value}@example.net"),
        8 => value.clone_into(&mut reader.message_id),
        9 => reader.unsubscribe_url = Some(value.to_owned()),
        10 => reader.unsubscribe_address = Some(value.to_owned()),
        11 => return configured(value, "weekly", "weekly@example.org", "editors@example.org"),
        12 => return configured("complaints@example.org", value, "weekly@example.org", "editors@example.org"),
        13 => return configured("complaints@example.org", "weekly", value, "editors@example.org"),
        14 => {
            let from = format!("{value} <weekly@example.org>");
            return configured("complaints@example.org", "weekly", &from, "editors@example.org");
        }
        15 => {
            let reply_to = format!("{value} <editors@example.org>");
            return configured("complaints@example.org", "weekly", "weekly@example.org", &reply_to);
        }
        _ => {
            let address = format!("{value}@example.org");
            return configured(&address, "weekly", &address, &address);
        }
    }
    Some(draft)
}

/// By way of `postrider.yaml`.
fn configured(complaints: &str, digest: &str, from: &str, reply_to: &str) -> Option<Draft> {
    let text = serde_json::json!({
        "http": { "public_url": "https://feeds.example.org/" },
        "mail": { "url": "folder:nowhere", "complaints_address": complaints },
        "digests": { digest: { "schedule": "@weekly", "from": from, "reply_to": reply_to } },
    });
    let config = Config::read(&text.to_string(), "postrider.yaml", Path::new("/site"), None, &BTreeMap::new()).ok()?;
    let digest = config.digests.into_iter().next()?;
    let rendition = Rendition { digest: digest.name, from: digest.from, reply_to: digest.reply_to, ..rendition() };
    Some(Draft { settings: config.mail, rendition, reader: recipient(), must: true })
}

#[tokio::test]
async fn no_value_becomes_more_than_a_value() {
    const A_SERVER: usize = 1_000;
    let cases = if long() { 100_000 } else { 3_000 };
    let mut runner = TestRunner::deterministic();
    let values = value();
    let (mut composed, mut taken) = (0, 0);
    for first in (0..cases).step_by(A_SERVER) {
        let server = Server::offering(&["PIPELINING", "SIZE 99999999", "DSN"], |_, _, _| Act::Well).await;
        let mut line = line(&server);
        let mut sent = Vec::new();
        for case in first..first + A_SERVER {
            let value = values.new_tree(&mut runner).expect("a value").current();
            let Some(Draft { settings, rendition, reader, must }) = draft(case % SLOTS, &value) else { continue };
            taken += 1;
            let prepared = Prepared::new(&rendition, &settings);
            let raw = match prepared.compose(&reader, date()) {
                Ok(raw) => raw.to_string(),
                Err(why) => {
                    assert!(!must, "{why}: {value:?}");
                    // What no message is made for is no reader for a server either.
                    let refused = send(&mut line, &prepared.from, &reader.address, "Subject: a\r\n\r\nb\r\n").await;
                    if refused.outcome.verdict == Verdict::Accepted {
                        sent.push((prepared.from.clone(), reader.address.clone(), b"Subject: a\r\n\r\nb".to_vec()));
                    }
                    continue;
                }
            };
            composed += 1;
            let is_meant = |name: &&str| match *name {
                "Reply-To" => rendition.reply_to.is_some(),
                "CFBL-Address" | "CFBL-Feedback-ID" => settings.complaints_address.is_some(),
                _ => true,
            };
            let meant: Vec<&str> = headers(Kind::Issue).into_iter().filter(is_meant).collect();
            check(&raw, meant, &value);
            let attempt = send(&mut line, &prepared.from, &reader.address, &raw).await;
            assert_eq!(attempt.outcome.verdict, Verdict::Accepted, "{attempt:?}: {value:?}");
            let without_end = raw.strip_suffix("\r\n").expect("a line's end");
            sent.push((prepared.from, reader.address, without_end.as_bytes().to_vec()));
        }
        line.close().await;
        let kept: Vec<_> = server.kept().into_iter().map(|kept| (kept.from, kept.to.join(" "), kept.data)).collect();
        assert!(kept == sent, "a server got {} mails of {}, or others", kept.len(), sent.len());
        let known = ["EHLO ", "MAIL FROM:<", "RCPT TO:<", "DATA", "RSET", "QUIT"];
        for command in server.commands() {
            assert!(known.iter().any(|known| command.starts_with(known)), "{command:?}");
        }
    }
    // What is refused is refused for an address or a link; titles and names never stop a mail.
    assert!(composed > cases / 3, "{composed} composed, {taken} of {cases} taken");
}

fn line(server: &Server) -> Line {
    let mut settings = Settings::new(Transport::Smtp(relay(server.address)), "https://feeds.example.org/");
    settings.messages_per_connection = 100_000;
    Route::all(&settings).unwrap().remove(0).line()
}

async fn send(line: &mut Line, from: &str, to: &str, text: &str) -> Attempt {
    let mail = Mail { from, to, message_id: "one@example.org", text: &Arc::new(text.into()), date: date() };
    let limits = Limits { until: Instant::now() + Duration::from_secs(20), stop: CancellationToken::new() };
    line.send(&mail, &limits, &Open).await
}

fn check(raw: &str, mut meant: Vec<&str>, value: &str) {
    assert!(!raw.replace("\r\n", "").contains(['\r', '\n', '\0']), "a bare CR, LF or NUL: {value:?}");
    assert!(raw.split("\r\n").all(|line| line.len() <= 998 && !line.starts_with('.')), "{value:?}");
    let mut found = names(raw);
    found.sort_unstable();
    meant.sort_unstable();
    assert_eq!(found, meant, "{value:?}");
    assert_eq!(raw.matches("\r\n--=_postrider_").count(), 3, "{value:?}");
}

/// What servers take for the end of a message that is none (CVE-2023-51764 and its kin); last the right one.
const ENDS: [&[u8]; 9] = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r\n.\r",
    b"\r\r\n.\r\r\n",
    b"\0.\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\r\n",
];

#[tokio::test]
async fn no_server_sees_two_messages_in_one() {
    let second = "MAIL FROM:<evil@example.net>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\nSubject: smuggled\r\n\r\nx";
    for end in ENDS {
        let server = Server::ending(end).await;
        let mut line = line(&server);
        let end = std::str::from_utf8(end).expect("text");
        for filler in ["text", "周报周报周报周报"] {
            let content = format!("{filler}{end}{second}{end}{filler}");
            let mut rendition = rendition();
            for text in [&mut rendition.subject, &mut rendition.from.name, &mut rendition.html, &mut rendition.text] {
                content.clone_into(text);
            }
            let raw =
                Prepared::new(&rendition, &settings()).compose(&recipient(), date()).expect("a message").to_string();
            let attempt = send(&mut line, "weekly@example.org", "reader@example.net", &raw).await;
            assert_eq!(attempt.outcome.verdict, Verdict::Accepted, "{end:?}: {attempt:?}");
        }
        line.close().await;
        let kept = server.kept();
        assert_eq!(kept.len(), 2, "{end:?}");
        for kept in kept {
            assert_eq!((kept.from.as_str(), kept.to.join(" ").as_str()), ("weekly@example.org", "reader@example.net"));
        }
        // The server is what it is said to be: for who writes the octets as they are, the message ends there.
        let server = Server::ending(end.as_bytes()).await;
        let mut stream = TcpStream::connect(server.address).await.expect("it listens");
        let first = "EHLO x\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nSubject: a\r\n\r\nx";
        let said = format!("{first}{end}{second}\r\n.\r\nQUIT\r\n");
        stream.write_all(said.as_bytes()).await.expect("it reads");
        stream.read_to_end(&mut Vec::new()).await.expect("it says goodbye");
        assert_eq!(server.kept().len(), 2, "{end:?}");
    }
}
