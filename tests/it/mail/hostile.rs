//! Values that want to be more than a value, in every place where one can stand: no more than the header that was meant comes
//! out, whole and once. 3,000 of them, or with `POSTRIDER_TEST_LONG` 100,000.

use postrider::delivery::Kind;
use postrider::digest::{Hole, Mailbox, Rendition};
use postrider::mail::message::{Prepared, Recipient};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::message::{date, headers, recipient, settings};

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

#[test]
fn no_value_becomes_more_than_a_value() {
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let cases = if std::env::var_os("POSTRIDER_TEST_LONG").is_some() { 100_000 } else { 3_000 };
    let mut runner = TestRunner::deterministic();
    let settings = settings();
    let values = value();
    let mut composed = 0;
    for case in 0..cases {
        let value = values.new_tree(&mut runner).expect("a value").current();
        let mut rendition = Rendition {
            id: ID.to_owned(),
            kind: Kind::Issue,
            digest: "weekly".to_owned(),
            language: "en".to_owned(),
            from: Mailbox { name: "Weekly".to_owned(), address: "weekly@example.org".to_owned() },
            reply_to: Some(Mailbox { name: "Weekly".to_owned(), address: "weekly@example.org".to_owned() }),
            subject: "News".to_owned(),
            html: "<p>News</p>\n".to_owned(),
            text: "News\n".to_owned(),
        };
        let mut reader = recipient();
        match case % 9 {
            0 => rendition.subject.clone_from(&value),
            1 => rendition.from.name.clone_from(&value),
            2 => rendition.reply_to.as_mut().expect("it has one").name.clone_from(&value),
            3 => rendition.html.clone_from(&value),
            4 => rendition.text.clone_from(&value),
            5 => reader.address.clone_from(&value),
            6 => reader.message_id.clone_from(&value),
            7 => reader.unsubscribe_url = Some(value.clone()),
            _ => reader.unsubscribe_address = Some(value.clone()),
        }
        check(&Prepared::new(&rendition, &settings), &reader, case % 9 < 5, &value);
        composed += usize::from(Prepared::new(&rendition, &settings).compose(&reader, date()).is_ok());
    }
    // What is refused is refused for a reader's own address or links; titles and names never stop a mail.
    assert!(composed > cases / 2, "{composed} of {cases}");
}

fn check(prepared: &Prepared, reader: &Recipient, must: bool, value: &str) {
    let raw = match prepared.compose(reader, date()) {
        Ok(raw) => String::from_utf8(raw).expect("text"),
        Err(why) => return assert!(!must, "{why}: {value:?}"),
    };
    assert!(!raw.replace("\r\n", "").contains(['\r', '\n', '\0']), "a bare CR, LF or NUL: {value:?}");
    assert!(raw.split("\r\n").all(|line| line.len() <= 998 && !line.starts_with('.')), "{value:?}");
    let (mut found, mut meant) = (names(&raw), headers(Kind::Issue));
    found.sort_unstable();
    meant.sort_unstable();
    assert_eq!(found, meant, "{value:?}");
    assert_eq!(raw.matches("\r\n--=_postrider_").count(), 3, "{value:?}");
}
