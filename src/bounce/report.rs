//! What a message is: a delivery report (RFC 3464), a complaint (RFC 5965), an absence note, or a bounce of the many mail
//! servers that follow neither.

use super::classify;
use super::verp::{self, Named};
use super::{Bounce, Message, Part, What};
use crate::crypto::Key;
use crate::subscriber::token;

/// Who `message` is about: the first signed address among its `recipients` (of the envelope), then in the headers where
/// mail systems write them. For a complaint also in what it says of the mail complained of, whose return and unsubscribe
/// addresses are signed as well. `None`: nobody that could be believed.
pub fn about(key: &Key, message: &Message, recipients: &[String]) -> Option<Named> {
    const TO: &[&str] = &["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc"];
    let headers = message.headers.iter().filter(|(name, _)| TO.contains(&name.as_str()));
    let found = recipients
        .iter()
        .map(String::as_str)
        .chain(headers.map(|(_, value)| value.as_str()))
        .flat_map(addresses)
        .find_map(|address| verp::read(key, address));
    found.or_else(|| {
        let report = part(message, "message/feedback-report")?;
        let fields = groups(&report.text).concat();
        let sender = field(&fields, "original-mail-from");
        let returned =
            message.returned.iter().filter(|(name, _)| matches!(name.as_str(), "return-path" | "list-unsubscribe"));
        let values: Vec<&str> = std::iter::once(sender).chain(returned.map(|(_, value)| value.as_str())).collect();
        let of_address = values.iter().copied().flat_map(addresses).find_map(|address| verp::read(key, address));
        of_address.or_else(|| {
            let links = values.iter().flat_map(|value| value.split(['<', '>', ',', ' ']));
            links
                .filter_map(|link| link.rsplit_once('/'))
                .find_map(|(_, last)| token::read(key, token::Purpose::Unsubscribe, last).map(Named::Unsubscribe))
        })
    })
}

/// What `message` says. `sender`: of its envelope, where that is known; `Some("")` is the null sender, which reports have.
pub fn read(message: &Message, sender: Option<&str>) -> What {
    if let Some(report) = part(message, "message/feedback-report") {
        return complaint(report);
    }
    if let Some(report) = message.parts.iter().find(|part| is_delivery_status(&part.kind)) {
        return delivery_status(&report.text, message);
    }
    if part(message, "message/disposition-notification").is_some() {
        return What::Other;
    }
    if is_absence(message) {
        return What::AutoReply;
    }
    let daemon = |address: &str| {
        let local = address.trim_matches(['<', '>', ' ']).split('@').next().unwrap_or_default().to_lowercase();
        local.is_empty() || DAEMONS.iter().any(|name| local.contains(name))
    };
    let from_daemon = match sender {
        Some(sender) => daemon(sender),
        None => addresses(message.header("return-path"))
            .next()
            .map_or_else(|| message.header("return-path").contains("<>"), daemon),
    } || addresses(message.header("from")).any(daemon);
    let failed = !message.header("x-failed-recipients").is_empty();
    let subject = message.header("subject").to_lowercase();
    if !failed
        && !(from_daemon && (RETURNED.iter().any(|words| subject.contains(words)) || sender.is_none_or(str::is_empty)))
    {
        return if is_automatic(message) { What::AutoReply } else { What::Other };
    }
    let text = words(message);
    let lower = text.to_lowercase();
    if DELAYED.iter().any(|words| subject.contains(words) || lower.contains(words)) {
        return What::Delayed;
    }
    let bounce = classify::bounce("", &telling(&text));
    let known = bounce.reason != super::Reason::Unknown || !bounce.status.is_empty();
    if failed || known || RETURNED.iter().any(|words| subject.contains(words)) {
        What::Bounce(bounce)
    } else if is_automatic(message) {
        What::AutoReply
    } else {
        What::Other
    }
}

/// RFC 5965 §7.3: what readers complain of. `not-spam` takes a complaint back, `auth-failure` is about our DNS.
fn complaint(report: &Part) -> What {
    let fields = groups(&report.text).concat();
    match field(&fields, "feedback-type").to_ascii_lowercase().as_str() {
        "not-spam" | "auth-failure" | "dmarc" => What::Other,
        _ => What::Complaint,
    }
}

/// RFC 3464 §2: a group of fields for the message, then one a recipient. A mail of ours has one recipient; of several
/// groups the worst counts.
fn delivery_status(text: &str, message: &Message) -> What {
    let mut worst = None;
    for group in groups(text) {
        let action = field(&group, "action").to_ascii_lowercase();
        let found = match action.split([' ', ';', '(']).next().unwrap_or_default() {
            "failed" => {
                let (status, said) = (field(&group, "status"), field(&group, "diagnostic-code"));
                let said = said.split_once(';').map_or(said, |(_, said)| said).trim();
                let bounce = classify::bounce(status, said);
                (3, What::Bounce(better(bounce, status, message)))
            }
            "delayed" => (2, What::Delayed),
            "delivered" | "relayed" | "expanded" => (1, What::Arrived),
            _ => continue,
        };
        if worst.as_ref().is_none_or(|(rank, _)| *rank < found.0) {
            worst = Some(found);
        }
    }
    worst.map_or(What::Other, |(_, what)| what)
}

/// A report that says no more than "failed" is often told in full to the person.
fn better(bounce: Bounce, status: &str, message: &Message) -> Bounce {
    if bounce.reason != super::Reason::Unknown {
        return bounce;
    }
    let told = classify::bounce(status, &telling(&words(message)));
    if told.reason == super::Reason::Unknown { bounce } else { told }
}

/// Fields of each group; groups are apart by empty lines, and a line that begins with a blank goes on the one before.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(Vec::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = groups.last_mut().and_then(|group| group.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let (Some((name, value)), Some(group)) = (line.split_once(':'), groups.last_mut()) {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn field<'a>(group: &'a [(String, String)], name: &str) -> &'a str {
    group.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn part<'a>(message: &'a Message, kind: &str) -> Option<&'a Part> {
    message.parts.iter().find(|part| part.kind == kind)
}

/// `message/global-delivery-status` is RFC 6533's.
fn is_delivery_status(kind: &str) -> bool {
    matches!(kind, "message/delivery-status" | "message/global-delivery-status")
}

/// What people are told: every text, up to where the returned message begins.
fn words(message: &Message) -> String {
    let texts =
        message.parts.iter().filter(|part| part.kind.starts_with("text/") && part.kind != "text/rfc822-headers");
    texts.map(|part| before_the_copy(&part.text)).collect::<Vec<_>>().join("\n")
}

/// Mail servers without MIME put the returned message behind a line of their own.
fn before_the_copy(text: &str) -> &str {
    const MARKS: &[&str] = &[
        "--- Below this line is a copy of the message",
        "------ This is a copy of",
        "--- The header of the original message",
        "Original message follows",
        "----- Original message -----",
        "-----Original Message-----",
        "--- Original Message",
        "--- Mail Header follows",
        "Message header follows",
        "Return-Path:",
        "Received: from ",
    ];
    let end = MARKS.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    &text[..end]
}

/// The lines that a server said among those that are written for people: with a reply or status code, else all of them.
fn telling(text: &str) -> String {
    let is_said = |line: &&str| {
        let code = |word: &str| {
            let digits = word.trim_matches(|c: char| !c.is_ascii_digit());
            digits.len() >= 3 && digits.starts_with(['4', '5']) && (digits.len() == 3 || digits.contains('.'))
        };
        line.split([' ', '-', '#', '(']).any(code)
    };
    let mut lines = text.lines();
    let said: Vec<&str> = lines.by_ref().skip_while(|line| !is_said(line)).take(4).collect();
    if said.is_empty() || classify::by_words(&said.join(" ")).is_none() { text.to_owned() } else { said.join(" ") }
}

/// Words of a header that may be addresses: also `<a@b>` and `mailto:a@b?subject=x`.
fn addresses(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([' ', '\t', ',', ';', '<', '>', '"', '(', ')'])
        .map(|word| word.strip_prefix("mailto:").unwrap_or(word))
        .map(|word| word.strip_prefix("rfc822:").unwrap_or(word))
        .map(|word| word.split('?').next().unwrap_or_default())
        .filter(|word| word.contains('@'))
}

/// Senders of reports.
const DAEMONS: &[&str] = &[
    "mailer-daemon",
    "mailerdaemon",
    "mail-daemon",
    "mailer_daemon",
    "postmaster",
    "mail delivery",
    "microsoftexchange",
];

/// Subjects of returned mail, lower case.
const RETURNED: &[&str] = &[
    "undeliver",
    "undelivered",
    "non-delivery",
    "nondeliverable",
    "not delivered",
    "delivery status notification",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery notification",
    "delivery report",
    "delivery problem",
    "delivery error",
    "failure notice",
    "failure delivery",
    "failed mail",
    "mail failure",
    "mail error",
    "mail system error",
    "message you sent blocked",
    "returned mail",
    "returned to sender",
    "return receipt (ndn)",
    "could not be delivered",
    "unzustellbar",
    "nicht zugestellt",
    "échec de la remise",
    "non remis",
    "no se pudo entregar",
    "no entregado",
    "mancato recapito",
    "não entregue",
    "onbestelbaar",
    "退信",
    "投递失败",
    "投遞失敗",
    "无法投递",
    "配信不能",
    "配信できません",
    "недоставленное",
    "не доставлено",
];

/// Told while it is still being tried.
const DELAYED: &[&str] = &[
    "delayed",
    "delivery delay",
    "warning: could not send",
    "warning: message",
    "will keep trying",
    "will continue to try",
    "will be retried",
    "still being retried",
    "no action is required on your part",
    "you do not need to resend",
    "delivery attempts will continue",
];

/// Beginnings of an absence note's subject, lower case.
const AWAY: &[&str] = &[
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "auto-response",
    "autoresponse",
    "auto:",
    "out of office",
    "out of the office",
    "out-of-office",
    "away from",
    "on vacation",
    "vacation",
    "on leave",
    "automatische antwort",
    "abwesenheit",
    "abwesend",
    "nicht im büro",
    "réponse automatique",
    "absence du bureau",
    "absent",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "resposta automática",
    "ausência",
    "automatisch antwoord",
    "afwezig",
    "automatiskt svar",
    "autosvar",
    "automaattinen vastaus",
    "automatická odpověď",
    "odpowiedź automatyczna",
    "autoodpowiedź",
    "автоответ",
    "автоматический ответ",
    "otomatik yanıt",
    "自动回复",
    "自動回覆",
    "自動応答",
    "自動返信",
    "不在通知",
    "休假",
    "자동 회신",
    "부재중",
];

/// A person's absence note: also when it comes with the null sender, as RFC 3834 §3.3 wants.
fn is_absence(message: &Message) -> bool {
    let subject = message.header("subject").to_lowercase();
    let subject = subject.trim_start_matches(['[', '【', '(', ' ', '*']);
    let bare = subject.trim_start_matches("re:").trim_start_matches("aw:").trim_start();
    AWAY.iter().any(|words| bare.starts_with(words))
        || message.header("x-autoreply").eq_ignore_ascii_case("yes")
        || !message.header("x-autorespond").is_empty()
        || message.header("precedence").eq_ignore_ascii_case("auto_reply")
        || message.header("auto-submitted").to_ascii_lowercase().contains("vacation")
}

/// RFC 3834 §5: sent by a program.
fn is_automatic(message: &Message) -> bool {
    let said = message.header("auto-submitted");
    !said.is_empty() && !said.eq_ignore_ascii_case("no")
}
