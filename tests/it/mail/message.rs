//! Composed mails read back by parsers that are not ours: mail-parser here, Python's `email` in `tests/peers`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use mail_parser::{MessageParser, MimeHeaders as _};
use postrider::delivery::Kind;
use postrider::digest::{Hole, Mailbox, Rendition};
use postrider::mail::message::{Prepared, Recipient};
use postrider::mail::{Settings, Transport};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::peers;

const PUBLIC: &str = "https://feeds.example.org/";
const UNSUBSCRIBE: &str = "u+abcdefghijklmnopqrstuvwxyz.abcdefghijklmnop@bounce.example.org";
const ADDRESS: &str = "o'reader+news@xn--mnchen-3ya.example";

fn rendition(kind: Kind, subject: &str, name: &str, text: &str, html: &str) -> Rendition {
    Rendition {
        id: "abcdefghijklmnopqrstuvwxyz".to_owned(),
        kind,
        digest: "weekly".to_owned(),
        language: "zh-CN".to_owned(),
        from: Mailbox { name: name.to_owned(), address: "weekly@example.org".to_owned() },
        reply_to: Some(Mailbox { name: name.to_owned(), address: "editors@example.org".to_owned() }),
        subject: subject.to_owned(),
        html: html.to_owned(),
        text: text.to_owned(),
    }
}

pub fn settings() -> Settings {
    let mut settings = Settings::new(Transport::Folder("nowhere".into()), PUBLIC);
    settings.complaints_address = Some("complaints@example.org".to_owned());
    settings
}

pub fn recipient() -> Recipient {
    let link = |page: &str| Some(format!("{PUBLIC}{page}/abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEFGHIJKL"));
    Recipient {
        address: ADDRESS.to_owned(),
        message_id: "abcdefghijklmnopqrstuvwxyz@example.org".to_owned(),
        unsubscribe_url: link("unsubscribe"),
        unsubscribe_address: Some(UNSUBSCRIBE.to_owned()),
        preferences_url: link("preferences"),
        confirm_url: link("confirm"),
    }
}

pub fn date() -> DateTime<Utc> {
    DateTime::from_timestamp(1_634_288_400, 0).unwrap()
}

fn compose(rendition: &Rendition) -> String {
    Prepared::new(rendition, &settings()).compose(&recipient(), date()).unwrap().to_string()
}

const LISTED: [&str; 16] = [
    "Date",
    "To",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "CFBL-Feedback-ID",
    "From",
    "Reply-To",
    "Subject",
    "List-ID",
    "List-Archive",
    "Auto-Submitted",
    "Feedback-ID",
    "CFBL-Address",
    "MIME-Version",
    "Content-Type",
];

pub fn headers(kind: Kind) -> Vec<&'static str> {
    LISTED.into_iter().filter(|name| kind != Kind::Confirmation || !name.starts_with("List-")).collect()
}

/// What people try, and what editors do without meaning harm.
fn hostile() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        "SOFA Weekly",
        "SOFA Weekly | 本周 Contributor & QA 整理",
        "Joe\r\nBcc: everybody@example.net",
        "Joe\nX: 1",
        "Joe\rX: 1",
        "a\0b",
        "\r\n\r\n<b>body</b>",
        "=?utf-8?b?QmNjOiB4?=",
        "=?utf-8?q?a?= =?utf-8?q?b?=",
        "\u{202E}gro.elpmaxe\u{202C}",
        "a\u{2066}b\u{2069}\u{FEFF}c",
        "line\u{2028}separator\u{2029}paragraph\u{85}next",
        "\"quoted\" \\ (comment) <a@b>, c@d; e:",
        "é  é   two blanks",
        " leading and trailing ",
        "\t tabs\tinside\t",
        "👩‍👩‍👧‍👦 family 🇨🇳🇩🇪 e\u{301}\u{302}\u{303}",
        "עברית and العربية",
        "，。？！",
        ".",
        "From here",
        "%0d%0aBcc: x",
        "a,b",
        "--=_postrider_",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    values.extend(["x", "周", "é ", "word ", "e\u{301}", "👩‍👩‍👧‍👦", "=?", "\u{1}", "\""].map(|unit| unit.repeat(2000)));
    values.push("e".to_owned() + &"\u{301}".repeat(500));
    for length in (40..90).step_by(3) {
        values.push("w".repeat(length));
        values.push(format!("{} end", "é".repeat(length)));
        values.push(format!("{} 周报", "word ".repeat(length / 5)));
    }
    values
}

fn filled(text: &str, id: &str, html: bool) -> String {
    let recipient = recipient();
    let values = [
        (Hole::UnsubscribeUrl, recipient.unsubscribe_url.unwrap()),
        (Hole::PreferencesUrl, recipient.preferences_url.unwrap()),
        (Hole::ConfirmUrl, recipient.confirm_url.unwrap()),
        (Hole::Address, if html { ADDRESS.replace('\'', "&#39;") } else { ADDRESS.to_owned() }),
    ];
    values.iter().fold(text.to_owned(), |text, (hole, value)| text.replace(&hole.mark(id), value))
}

/// One line for `read_mail.py`.
fn expected(rendition: &Rendition, raw: &str) -> String {
    serde_json::json!({
        "raw": STANDARD.encode(raw),
        "headers": headers(rendition.kind),
        "subject": rendition.subject,
        "from": [rendition.from.name, rendition.from.address],
        "reply_to": [rendition.from.name, "editors@example.org"],
        "to": ADDRESS,
        "message_id": recipient().message_id,
        "list_unsubscribe": [recipient().unsubscribe_url.unwrap(), format!("mailto:{UNSUBSCRIBE}")],
        "text": filled(&rendition.text, &rendition.id, false),
        "html": filled(&rendition.html, &rendition.id, true),
    })
    .to_string()
}

fn body(value: &str, id: &str) -> (String, String) {
    let [unsubscribe, preferences, _, address] = Hole::ALL.map(|hole| hole.mark(id));
    (
        format!("{value}\n\n{value}\n-- \nFor {address}\n{unsubscribe}\n\n{preferences}"),
        format!("<p>{value}</p>\n<a href=\"{unsubscribe}\">x</a> <a href=\"{preferences}\">{address}</a>\n{value}\n"),
    )
}

/// 900 mails with everything in every place, the same in each run.
pub fn awkward() -> Vec<Rendition> {
    let mut mails = Vec::new();
    let mut add = |kind: Kind, subject: &str, name: &str, content: &str| {
        let (text, html) = body(content, "abcdefghijklmnopqrstuvwxyz");
        mails.push(rendition(kind, subject, name, &text, &html));
    };
    let values = hostile();
    for (at, value) in values.iter().enumerate() {
        let other = &values[(at * 7 + 3) % values.len()];
        add(Kind::Issue, value, other, value);
        add(Kind::Confirmation, other, value, other);
    }
    let mut runner = TestRunner::deterministic();
    let any = (".{0,120}", ".{0,60}", "(?s).{0,400}");
    for _ in 2 * values.len()..900 {
        let (subject, name, content) = any.new_tree(&mut runner).unwrap().current();
        add(Kind::Issue, &subject, &name, &content);
    }
    mails
}

#[test]
fn two_parsers_read_what_was_meant_in_900_awkward_mails() {
    let mut lines = String::new();
    let mails = awkward();
    for rendition in &mails {
        let raw = compose(rendition);
        writeln!(lines, "{}", expected(rendition, &raw)).unwrap();
        mail_parser_reads(rendition, &raw);
    }
    assert_eq!(mails.len(), 900);
    let said = peers::run(&mut peers::python("read_mail.py"), lines.as_bytes());
    assert_eq!(said.trim(), "900");
}

/// As the header may show it; written apart from the composer's own.
fn shown(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| {
            !"\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}\u{FEFF}\u{FFFE}\u{FFFF}"
                .contains(*c)
        })
        .map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c })
        .collect();
    visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn lines_are_lines(text: &str) {
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "bare CR, LF or NUL");
    assert!(text.split("\r\n").all(|line| line.len() <= 998));
}

/// What a text part may hold of `text`, lines ended by LF.
fn kept(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

fn mail_parser_reads(rendition: &Rendition, raw: &str) {
    lines_are_lines(raw);
    let message = MessageParser::default().parse(raw).expect("a message");
    let mut names: Vec<_> = message.headers_raw().map(|(name, _)| name.to_owned()).collect();
    let mut meant: Vec<_> = headers(rendition.kind).into_iter().map(str::to_owned).collect();
    names.sort();
    meant.sort();
    assert_eq!(names, meant);
    assert_eq!(message.subject().unwrap_or_default(), shown(&rendition.subject));
    let from = message.from().and_then(|from| from.first()).expect("a sender");
    let name = shown(&rendition.from.name);
    assert_eq!((from.name().unwrap_or_default(), from.address()), (name.as_str(), Some("weekly@example.org")));
    let to = message.to().and_then(|to| to.first()).expect("a reader");
    assert_eq!(to.address(), Some(ADDRESS));
    assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1));
    for (part, text, html) in
        [(message.text_body[0], &rendition.text, false), (message.html_body[0], &rendition.html, true)]
    {
        let part = message.part(part).expect("a part");
        assert_eq!(part.content_type().and_then(|kind| kind.attribute("charset")), Some("utf-8"));
        let found = part.text_contents().expect("text").replace("\r\n", "\n");
        assert_eq!(found, kept(&filled(text, &rendition.id, html)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn mail_parser_reads_any_value(subject in ".{0,200}", name in ".{0,80}", content in "(?s).{0,300}") {
        let (text, html) = body(&content, "abcdefghijklmnopqrstuvwxyz");
        let rendition = rendition(Kind::Issue, &subject, &name, &text, &html);
        mail_parser_reads(&rendition, &compose(&rendition));
    }
}

#[test]
fn the_same_mail_has_the_same_bytes() {
    let (text, html) = body("周报", "abcdefghijklmnopqrstuvwxyz");
    let rendition = rendition(Kind::Issue, "周报", "SOFA", &text, &html);
    assert_eq!(compose(&rendition), compose(&rendition));
}

#[test]
fn a_link_that_the_reader_does_not_have_is_never_left_open() {
    let rendition = rendition(Kind::Issue, "s", "n", &Hole::ConfirmUrl.mark("abcdefghijklmnopqrstuvwxyz"), "");
    let date = DateTime::from_timestamp(0, 0).unwrap();
    let prepared = Prepared::new(&rendition, &settings());
    assert!(prepared.compose(&Recipient { confirm_url: None, ..recipient() }, date).is_err());
    for address in ["", "a b@x", "a@x\r\nBcc: y", "a@x>"] {
        assert!(
            prepared.compose(&Recipient { address: address.to_owned(), ..recipient() }, date).is_err(),
            "{address:?}"
        );
    }
}

#[test]
fn a_whole_message() {
    let (text, html) = body("Three posts. 三篇文章。", "abcdefghijklmnopqrstuvwxyz");
    let rendition = rendition(Kind::Issue, "SOFA Weekly | 本周 Contributor", "SOFA Weekly", &text, &html);
    insta::assert_snapshot!(compose(&rendition).replace('\r', ""));
}

#[test]
fn a_digest_without_an_archive_leads_to_none() {
    let rendition = rendition(Kind::Issue, "s", "n", "text", "<p>html</p>");
    let with = |settings: &Settings| {
        let raw = Prepared::new(&rendition, settings).compose(&recipient(), date()).unwrap().to_string();
        raw.contains("\r\nList-Archive: ")
    };
    let hidden = Settings { hidden: [rendition.digest.clone()].into(), ..settings() };
    assert!(with(&settings()) && !with(&hidden));
}
