//! What a server's words mean for the address: the enhanced code (RFC 3463) first, then phrases in the languages that
//! mail servers speak. Where the two disagree the milder reading is taken: a reader is not lost by a careless code.

use super::{Bounce, Reason};

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
    let by_words = by_words(text);
    let by_code = by_code(status);
    let found = match (by_code, by_words) {
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

/// The bare reply code, where nothing else is told (RFC 5321 §4.2.3).
fn by_reply(text: &str) -> Option<Reason> {
    text.split(|c: char| !c.is_ascii_digit()).find_map(|word| match word {
        "552" | "452" => Some(Reason::MailboxFull),
        "511" => Some(Reason::UserUnknown),
        "551" => Some(Reason::Moved),
        "556" => Some(Reason::NoMail),
        "512" => Some(Reason::NoHost),
        "571" | "530" | "535" => Some(Reason::Policy),
        _ => None,
    })
}

/// Phrases, lower case; the first that is found decides, so that the milder and the more special ones come first.
const WORDS: &[(Reason, &[&str])] = &[
    (
        Reason::MailboxFull,
        &[
            "mailbox full",
            "mailbox is full",
            "mailbox has exceeded",
            "mailbox exceeds",
            "mailbox quota",
            "over quota",
            "overquota",
            "quota exceed",
            "exceeded storage",
            "exceeded its storage",
            "quota has been exceeded",
            "is over its quota",
            "insufficient disk space",
            "insufficient system storage",
            "not enough storage",
            "out of storage",
            "storage quota",
            "inbox is full",
            "user is over",
            "disk quota",
            "quota violation",
            "postfach ist voll",
            "postfach voll",
            "speicherplatz",
            "boîte aux lettres pleine",
            "boite pleine",
            "boîte pleine",
            "quota dépassé",
            "buzón lleno",
            "buzón está lleno",
            "casella piena",
            "caixa cheia",
            "邮箱已满",
            "邮箱空间不足",
            "邮箱容量",
            "信箱已滿",
            "容量を超え",
            "メールボックスがいっぱい",
            "почтовый ящик переполнен",
        ],
    ),
    (
        Reason::Policy,
        &[
            "spam",
            "blacklist",
            "black list",
            "blocklist",
            "block list",
            "blocked",
            "dnsbl",
            "spamhaus",
            "reputation",
            "dmarc",
            "unauthenticated",
            "spf check",
            "spf fail",
            "dkim",
            "relaying denied",
            "relay access denied",
            "relay not permitted",
            "not permitted to relay",
            "unable to relay",
            "relaying prohibited",
            "policy reasons",
            "security polic",
            "local policy",
            "against our polic",
            "too many connections",
            "rate limit",
            "greylist",
            "not authorized to send",
            "does not accept mail from",
            "not accepting mail from",
            "sender rejected",
            "sender denied",
            "client host rejected",
            "message refused",
            "message rejected due to",
            "unsolicited",
            "dt:spm",
            "550 rp:",
            "垃圾邮件",
            "拒收",
            "拒绝接收",
            "反垃圾",
            "黑名单",
            "迷惑メール",
        ],
    ),
    (
        Reason::NoHost,
        &[
            "host unknown",
            "unknown host",
            "host not found",
            "host or domain name not found",
            "domain not found",
            "no such domain",
            "unrouteable mail domain",
            "unroutable address",
            "unrouteable address",
            "couldn't find any host",
            "could not be found in the domain name system",
            "no mx",
            "does not resolve",
            "dns error",
            "domain does not exist",
            "domain name does not exist",
            "all relevant mx records point to non-existent hosts",
            "name service error",
            "nxdomain",
            "域名不存在",
            "找不到域名",
        ],
    ),
    (
        Reason::NoMail,
        &["null mx", "nullmx", "does not accept mail", "doesn't accept mail", "domain does not accept email"],
    ),
    (
        Reason::Expired,
        &[
            "retry timeout exceeded",
            "retry time not reached",
            "in the queue too long",
            "been in the queue",
            "message expired",
            "delivery time expired",
            "delivery expired",
            "could not be delivered within",
            "connection timed out",
            "operation timed out",
            "connection refused",
            "connection reset",
            "lost connection",
            "network is unreachable",
            "no route to host",
            "unable to connect",
            "gave up",
            "too old",
            "超时",
            "無法連線",
        ],
    ),
    (
        Reason::TooBig,
        &[
            "too large",
            "too big",
            "size limit",
            "message size exceeds",
            "exceeds size",
            "maximum message size",
            "邮件过大",
        ],
    ),
    (
        Reason::Moved,
        &[
            "has moved",
            "user moved",
            "new address",
            "no longer works here",
            "no longer with",
            "has been changed to",
            "address has changed",
        ],
    ),
    (
        Reason::Disabled,
        &[
            "disabled",
            "inactive",
            "suspended",
            "deactivated",
            "has been locked",
            "account is locked",
            "not active",
            "expired account",
            "account expired",
            "mailbox unavailable for this recipient",
            "帐号已停用",
            "账号被禁用",
            "冻结",
            "禁用",
        ],
    ),
    (
        Reason::UserUnknown,
        &[
            "user unknown",
            "unknown user",
            "no such user",
            "no such mailbox",
            "no such recipient",
            "no such address",
            "no such person",
            "no mailbox here",
            "user not found",
            "mailbox not found",
            "recipient not found",
            "recipientnotfound",
            "address not found",
            "account not found",
            "user does not exist",
            "account that you tried to reach does not exist",
            "account does not exist",
            "mailbox does not exist",
            "address does not exist",
            "recipient does not exist",
            "user doesn't exist",
            "doesn't have a",
            "does not have an account",
            "not a valid mailbox",
            "not a valid user",
            "invalid recipient",
            "invalid mailbox",
            "invalid address",
            "bad destination mailbox",
            "unknown address",
            "unknown recipient",
            "unknown local",
            "unknown mailbox",
            "addressee unknown",
            "address unknown",
            "recipient unknown",
            "mailbox unavailable",
            "recipient address rejected",
            "recipient rejected",
            "address rejected",
            "not listed in",
            "isn't listed in",
            "not our customer",
            "undeliverable address",
            "couldn't be found",
            "could not be found",
            "wasn't found",
            "was not found",
            "mail account not exist",
            "existiert nicht",
            "empfänger unbekannt",
            "unbekannter empfänger",
            "nicht gefunden",
            "n'existe pas",
            "destinataire inconnu",
            "introuvable",
            "no existe",
            "usuario desconocido",
            "non esiste",
            "utente sconosciuto",
            "não existe",
            "bestaat niet",
            "用户不存在",
            "用户未找到",
            "收件人不存在",
            "收件人邮件地址不存在",
            "地址不存在",
            "帐号不存在",
            "账号不存在",
            "邮箱不存在",
            "收件者不存在",
            "不存在",
            "宛先不明",
            "見つかりません",
            "存在しません",
            "не существует",
            "пользователь не найден",
            "не найден",
        ],
    ),
    (
        Reason::System,
        &[
            "mail loop",
            "too many hops",
            "loops back to myself",
            "system error",
            "internal error",
            "configuration error",
            "read-only file system",
            "i/o error",
        ],
    ),
];

/// What the words say; `None`: nothing that is known.
pub fn by_words(text: &str) -> Option<Reason> {
    let text = text.to_lowercase();
    WORDS.iter().find(|(_, phrases)| phrases.iter().any(|phrase| text.contains(phrase))).map(|(reason, _)| *reason)
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
            ("", "无法投递到 b@qq.com：收件人邮件地址不存在", UserUnknown),
            ("", "Das Postfach ist voll", MailboxFull),
        ] {
            assert_eq!(bounce(status, text).reason, expected, "{status} {text}");
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
