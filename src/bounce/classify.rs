//! What a server's words mean for the address: the enhanced code (RFC 3463) first, then phrases in the languages that
//! mail servers speak. Where the two disagree the milder reading is taken: a reader is not lost by a careless code.

mod sender;
mod words;

use super::{Bounce, Reason};

pub use words::reason as by_words;

/// Reads `text` (what the server said, or what a person was told), with the `status` that was given beside it.
pub fn bounce(status: &str, text: &str) -> Bounce {
    let text = one_line(text);
    let told = code_in(&text);
    // `5.0.0` beside `550 5.1.1 …`: a reporting server that knows no better than "no".
    let status = match (code(status), told) {
        (Some(given), Some(told)) if given.ends_with(".0.0") => told,
        (Some(given), _) => given,
        (None, Some(told)) => told,
        (None, None) => "",
    };
    Bounce { reason: reason(status, &text), status: status.to_owned(), text }
}

fn reason(status: &str, text: &str) -> Reason {
    if words::is_about_the_sender(text) {
        return Reason::Policy;
    }
    let found = match (by_code(status), by_words(text)) {
        // What a person reads on a full or guarded mailbox is worth more than a code that says there is none.
        (Some(code), Some(words)) if code.is_hard() && !words.is_hard() => words,
        // Microsoft says 5.1.10 of readers who are not there.
        (Some(Reason::NoMail) | None, Some(words)) => words,
        (Some(code), _) => code,
        (None, None) => by_reply(text).unwrap_or(Reason::Unknown),
    };
    // A passing refusal that was repeated to the end is no word that the address is wrong.
    if status.starts_with('4') && found.is_hard() { Reason::Expired } else { found }
}

/// RFC 3463 §3, and the codes registered since. `None`: the code says too little.
fn by_code(status: &str) -> Option<Reason> {
    let (_, rest) = status.split_once('.')?;
    Some(match rest {
        "1.1" | "1.3" => Reason::UserUnknown,
        // Of the sender's address.
        "1.7" | "1.8" => Reason::Policy,
        "1.2" | "4.4" | "4.3" => Reason::NoHost,
        "1.6" => Reason::Moved,
        "1.10" => Reason::NoMail,
        "2.1" => Reason::Disabled,
        "2.2" => Reason::MailboxFull,
        "2.3" | "3.4" => Reason::TooBig,
        "4.7" | "4.1" | "4.2" if !rest.is_empty() && (rest != "4.1" || status.starts_with('4')) => Reason::Expired,
        _ => match rest.split('.').next()? {
            "7" => Reason::Policy,
            "6" => Reason::Content,
            "3" if rest != "3.0" => Reason::System,
            "4" if matches!(rest, "4.5" | "4.6") => Reason::System,
            _ => return None,
        },
    })
}

/// The bare reply code, where nothing else is told (RFC 5321 §4.2.3): at the beginning, or of what somebody reports to have been said.
/// Any other number may be a rule's, a queue's or a house's.
fn by_reply(text: &str) -> Option<Reason> {
    let said = text.rsplit_once("said: ").map_or(text, |(_, said)| said);
    match said.split(|c: char| !c.is_ascii_digit()).next()? {
        "552" | "452" => Some(Reason::MailboxFull),
        "511" => Some(Reason::UserUnknown),
        "551" => Some(Reason::Moved),
        "556" => Some(Reason::NoMail),
        "512" => Some(Reason::NoHost),
        "571" | "530" | "535" => Some(Reason::Policy),
        _ => None,
    }
}

/// Is `said` (`550 5.1.1 …`), by its own leading code (RFC 2034), about the reader: the name or the mailbox? Codes further on may be
/// what somebody else said of somebody else.
pub fn names_the_reader(said: &str) -> bool {
    let rest = leading(said).and_then(|code| code.strip_prefix("5."));
    rest.is_some_and(|rest| {
        matches!(rest.split_once('.').unwrap_or((rest, "")), ("1", detail) if !matches!(detail, "7" | "8"))
            || rest.starts_with("2.")
    })
}

/// Does `said` leave no doubt that there is nobody, or no mail, of the reader's name?
pub fn is_certain(said: &str) -> bool {
    matches!(leading(said), Some("5.1.1" | "5.1.6" | "5.1.10"))
        || (leading(said).is_none_or(|code| code.ends_with(".0.0")) && words::says_nobody(said))
}

/// The enhanced code right behind the reply code.
fn leading(said: &str) -> Option<&str> {
    code(said.get(4..)?)
}

/// `5.1.1` of `5.1.1 (bad destination mailbox)`.
fn code(status: &str) -> Option<&str> {
    let start = status.trim_start();
    let end = start.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(start.len());
    Some(&start[..end]).filter(|code| is_code(code))
}

/// The first enhanced code in `text`, as servers write it: `550 5.1.1 …`, `550-5.1.1 …`, `(#5.1.1)`.
fn code_in(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|word| word.trim_end_matches('.'))
        .find(|word| is_code(word))
}

/// RFC 3463 §2: class 2, 4 or 5, a subject up to 7, a detail up to 999. An IP address has one number more.
fn is_code(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let [class, subject, detail] = parts[..] else { return false };
    matches!(class, "2" | "4" | "5")
        && matches!(subject, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7")
        && (1..=3).contains(&detail.len())
}

/// One line of at most 500 characters without control characters.
fn one_line(text: &str) -> String {
    let mut words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        out.push(' ');
        out.push_str(word);
        if out.len() > 2000 {
            break;
        }
    }
    out.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words() {
        use Reason::{
            Content, Disabled, Expired, MailboxFull, Moved, NoHost, NoMail, Policy, System, TooBig, Unknown,
            UserUnknown,
        };
        for (status, text, expected) in [
            (
                "5.1.1",
                "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table",
                UserUnknown,
            ),
            ("5.0.0", "550-5.1.1 The email account that you tried to reach does not exist.", UserUnknown),
            ("", "550 No such user here", UserUnknown),
            (
                "5.0.0",
                "554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0]",
                UserUnknown,
            ),
            ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", UserUnknown),
            ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", UserUnknown),
            (
                "5.1.10",
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
                UserUnknown,
            ),
            ("5.1.10", "556 5.1.10 nullMX", NoMail),
            ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", Disabled),
            ("5.1.1", "550 5.1.1 mailbox is full", MailboxFull),
            ("5.2.2", "552-5.2.2 The email account that you tried to reach is over quota.", MailboxFull),
            ("4.2.2", "452 4.2.2 mailbox full", MailboxFull),
            ("", "552 no more", MailboxFull),
            ("5.7.1", "550 5.7.1 message rejected: user unknown to our policy", Policy),
            ("5.7.26", "550-5.7.26 This mail is unauthenticated", Policy),
            ("", "554 DT:SPM 163 smtp20", Policy),
            ("5.1.1", "550 5.1.1 blocked by spamhaus", Policy),
            ("4.4.7", "delivery time expired", Expired),
            ("4.1.1", "450 4.1.1 user unknown", Expired),
            ("5.4.4", "Host or domain name not found. Name service error for name=x.example type=A", NoHost),
            ("5.1.2", "bad destination system", NoHost),
            ("5.3.4", "message too big", TooBig),
            ("5.6.0", "malformed", Content),
            ("5.4.6", "routing loop detected", System),
            ("5.1.6", "moved", Moved),
            ("5.0.0", "", Unknown),
            ("", "", Unknown),
            ("", "from [5.9.1.2] hello", Unknown),
            // Who sends is not the reader, whatever else is said.
            ("", "550 5.1.7 <b@c.example>: Sender address rejected: User unknown in virtual mailbox table", Policy),
            (
                "5.1.1",
                "550-Verification failed for <w@c.example> 550 5.1.1 User unknown 550 Sender verify failed",
                Policy,
            ),
            ("5.1.8", "Domain of sender does not exist", Policy),
            ("5.1.7", "bad return path", Policy),
            ("", "550 Sorry, your mail server was not found in our whitelist", Policy),
            ("", "550-Requested action not taken: mailbox unavailable 550 invalid DNS MX", Policy),
            ("", "550 relaying to <a@b.example> prohibited", Policy),
            ("", "550 Domain c.example has exceeded the max emails per hour", Policy),
            ("5.4.5", "550 5.4.5 Daily user sending quota exceeded", Policy),
            ("", "550 发件人地址不存在", Policy),
            // Two things at once, or nothing at all.
            ("", "550 Mailbox unavailable or access denied", Unknown),
            ("", "550 it was not found", Unknown),
            ("", "550 rejected by rule 551", Unknown),
            ("", "554 queue 556", Unknown),
            ("", "host mx.example said: 552 no", MailboxFull),
            // A name is no word.
            ("", "550 <helo.spam@blacklist.example>: no such user", UserUnknown),
            ("", "550 <disabled@b.example> no", Unknown),
            ("", "无法投递到 b@qq.com：收件人邮件地址不存在", UserUnknown),
            ("", "Das Postfach ist voll", MailboxFull),
        ] {
            assert_eq!(bounce(status, text).reason, expected, "{status} {text}");
        }
    }

    #[test]
    fn little_is_certain() {
        for (said, certain, named) in [
            ("550 5.1.1 no", true, true),
            ("550 5.1.1 <a@b.example>: Recipient address rejected: User unknown", true, true),
            ("550 no such user here", true, false),
            ("550 5.0.0 user unknown", true, false),
            ("556 5.1.10 null MX", true, true),
            ("550 5.5.0 mailbox unavailable", false, false),
            ("550 mailbox unavailable", false, false),
            ("550 5.7.1 user unknown", false, false),
            ("550 5.1.7 user unknown", false, false),
            ("550 5.2.1 disabled", false, true),
            ("552 5.2.2 full", false, true),
            ("550 not by us 5.1.1", false, false),
            ("550", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_certain(said), names_the_reader(said)), (certain, named), "{said}");
        }
    }

    #[test]
    fn the_code_is_found_where_servers_write_it() {
        for (text, code) in [
            ("550-5.1.1 no", "5.1.1"),
            ("mailbox (#5.2.2).", "5.2.2"),
            ("said: 550 5.7.509: denied", "5.7.509"),
            ("host 5.9.1.2[5.9.1.2] said: 4.7.0 later", "4.7.0"),
            ("version 3.1.1, 5.9.1, 5.1.1234", ""),
        ] {
            assert_eq!(code_in(text).unwrap_or_default(), code, "{text}");
        }
        assert_eq!(bounce("5.1.1 (bad mailbox)", "no\r\n way").text, "no way");
        assert_eq!(bounce("", &"周 ".repeat(900)).text.chars().count(), 500);
    }
}
