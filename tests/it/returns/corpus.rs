//! The corpus of returned mail (`tests/fixtures/bounces`, of our own making) is read as its index says, and Sisimai, an
//! independent reader, agrees but for what `disagreements.tsv` explains.

use std::collections::BTreeMap;
use std::process::Command;

use postrider::bounce::{self, Named, What};
use postrider::crypto::{self, Key};
use postrider::mail::read::taken_apart;

use super::*;
use crate::support::peers;

fn table(name: &str) -> BTreeMap<String, String> {
    let text = fs_err::read_to_string(fixtures().join(name)).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line}")))
        .map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        .collect()
}

fn words(what: &What) -> String {
    match what {
        What::Bounce(bounce) => {
            format!("{} {}", if bounce.reason.is_hard() { "hard" } else { "soft" }, bounce.reason.as_str())
        }
        What::Complaint => "complaint".into(),
        What::Delayed => "delayed".into(),
        What::Arrived => "arrived".into(),
        What::AutoReply => "auto-reply".into(),
        What::Unsubscribe | What::Other => "other".into(),
    }
}

/// A signed address for a mail that exists nowhere, and what it names.
fn signed() -> (Key, String, Named) {
    let key = Key::new(b"key");
    let (issue, subscriber) = (crypto::new_id(), crypto::new_id());
    let address = path().sender(&key, Kind::Issue, &format!("{issue}{subscriber}"), &subscriber);
    let named = Named::Issue { issue: issue[..10].to_owned(), subscriber };
    (key, address, named)
}

#[test]
fn each_message_is_read_as_what_it_is() {
    let (key, address, named) = signed();
    let mut wrong = Vec::new();
    for (name, expected) in table("expected.tsv") {
        let message = taken_apart(&message(&name, &address));
        // As a pipe or mailbox brings it, without an envelope, and as LMTP does.
        let sender = message.header("return-path").trim_matches(['<', '>']).to_owned();
        for sender in [None, Some(sender.as_str())] {
            let what = bounce::read(&message, sender);
            if words(&what) != expected {
                wrong.push(format!("{name} is {expected}, and was read as {what:?} (sender {sender:?})"));
            }
        }
        assert_eq!(bounce::about(&key, &message, &[]), Some(named.clone()), "{name}");
        assert_eq!(bounce::about(&Key::new(b"other"), &message, &[]), None, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_class_and_mail_system_is_in_it() {
    let all = table("expected.tsv");
    for class in [
        "hard user-unknown",
        "hard disabled",
        "hard no-mail",
        "soft no-host",
        "soft mailbox-full",
        "soft expired",
        "soft too-big",
        "soft policy",
        "soft system",
        "soft unknown",
        "complaint",
        "delayed",
        "arrived",
        "auto-reply",
        "other",
    ] {
        assert!(all.values().any(|expected| expected == class), "{class}");
    }
    for system in
        ["postfix", "exim", "qmail", "sendmail", "exchange", "gmail", "yahoo", "qq", "163", "notes", "arf", "away"]
    {
        assert!(all.keys().any(|name| name.starts_with(system)), "{system}");
    }
    let files = fs_err::read_dir(fixtures()).unwrap().filter_map(Result::ok);
    let messages = files.filter(|file| file.path().extension().is_some_and(|end| end == "eml")).count();
    assert_eq!(messages, all.len());
}

/// Sisimai's word for each reason of ours.
fn agrees(ours: &str, theirs: &str) -> bool {
    let known: &[&str] = match ours {
        "hard user-unknown" => &["userunknown"],
        "hard disabled" => &["suspend"],
        "hard moved" => &["hasmoved"],
        "hard no-mail" => &["notaccept"],
        "soft no-host" => &["hostunknown"],
        "soft mailbox-full" => &["mailboxfull"],
        "soft expired" => &["expired", "networkerror"],
        "soft too-big" => &["mesgtoobig", "exceedlimit"],
        "soft policy" => &["blocked", "spamdetected", "norelaying", "policyviolation", "securityerror", "rejected"],
        "soft content" => &["contenterror", "virusdetected"],
        "soft system" => &["systemerror", "mailererror", "systemfull"],
        "soft unknown" => &["undefined", "onhold"],
        "complaint" => &["feedback"],
        // It knows no delays: it reads them as the end.
        "delayed" => &["expired", "networkerror", "-"],
        "arrived" => &["delivered"],
        "auto-reply" => &["vacation", "-"],
        _ => &["-"],
    };
    theirs.split(',').any(|word| known.contains(&word))
}

#[test]
fn an_independent_reader_agrees() {
    let (_, address, _) = signed();
    let folder = tempfile::tempdir().unwrap();
    for name in table("expected.tsv").keys() {
        fs_err::write(folder.path().join(format!("{name}.eml")), message(name, &address)).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/bounces.pl");
    let told = peers::run(Command::new("perl").arg(script).arg(folder.path()), b"");
    let theirs: BTreeMap<&str, &str> = told.lines().filter_map(|line| line.split_once('\t')).collect();
    let explained = table("disagreements.tsv");
    let mut open = Vec::new();
    let mut agreed = 0;
    for (name, ours) in table("expected.tsv") {
        let theirs = theirs[name.as_str()];
        let because = explained.get(&name).map(|line| line.split('\t').next().unwrap_or_default());
        match (agrees(&ours, theirs), because) {
            (true, None) => agreed += 1,
            (false, Some(known)) if known == theirs => {}
            _ => open.push(format!("{name}\t{theirs}\twe say {ours}")),
        }
    }
    assert!(open.is_empty(), "not explained, or explained in vain:\n{}", open.join("\n"));
    assert!(agreed >= 65, "{agreed}");
}

#[test]
fn whatever_comes_is_read_without_a_panic() {
    let (key, address, _) = signed();
    for name in table("expected.tsv").keys() {
        let whole = message(name, &address);
        for cut in (0..whole.len()).step_by(37) {
            let message = taken_apart(&whole[..cut]);
            bounce::read(&message, Some(""));
            bounce::about(&key, &message, &[]);
            // The same with an octet that is none of its charset's.
            let mut broken = whole.clone();
            broken[cut] ^= 0xa5;
            bounce::read(&taken_apart(&broken), None);
        }
    }
}
