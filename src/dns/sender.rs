//! What mail servers look up about a sender before they take its mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), and
//! whether the address that bounces go to can be mailed.

use std::collections::BTreeMap;

use super::{Answer, Resolver};

/// Look-ups that one SPF record may cost (RFC 7208 §4.6.4); one that needs more counts for nothing.
const MOST_LOOKUPS: usize = 10;

/// Whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Domain of the From address.
    pub from: String,
    /// Domain of the envelope's sender: SPF is looked up there.
    pub envelope: String,
    /// Domain that signs, and of each key its selector and the text of its record.
    pub signs: (String, Vec<(String, String)>),
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name that was asked for.
    pub name: String,
    /// What it is to others.
    pub state: State,
    /// What is there or is wrong, lower case, no full stop.
    pub what: String,
    /// What to do; empty where nothing is to be done.
    pub hint: String,
}

/// How a look-up turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Good,
    /// Nobody answered: nothing is known.
    Unknown,
    /// Mail is believed less for it.
    Weak,
    /// What we sign will be taken for forged.
    Wrong,
}

/// Everything about `sender`, in the order in which a mail server asks.
pub async fn findings(resolver: &Resolver, sender: &Sender) -> Vec<Finding> {
    let mut findings = vec![spf(resolver, &sender.envelope).await];
    let (domain, keys) = &sender.signs;
    for (selector, record) in keys {
        findings.push(key(resolver, domain, selector, record).await);
    }
    findings.push(dmarc(resolver, &sender.from).await);
    findings.push(reachable(resolver, &sender.envelope).await);
    findings
}

fn finding(name: &str, state: State, what: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { name: name.to_owned(), state, what: what.into(), hint: hint.into() }
}

fn unknown(name: &str, why: &str) -> Finding {
    finding(
        name,
        State::Unknown,
        format!("could not be looked up: {why}"),
        "is there a DNS server that answers? `dns.server` names another",
    )
}

async fn spf(resolver: &Resolver, domain: &str) -> Finding {
    let texts = match resolver.texts(domain).await {
        Answer::Unknown(why) => return unknown(domain, &why),
        answer => answer.records(),
    };
    let records: Vec<&String> = texts.iter().filter(|text| is_spf(text)).collect();
    let publish =
        "publish a TXT record like `v=spf1 include:RELAY -all`, with what your mail server's documentation says";
    let record = match records.as_slice() {
        [] => return finding(domain, State::Weak, "has no SPF record: nobody knows who may send for it", publish),
        [record] => record.as_str(),
        several => {
            let what = format!("has {} SPF records, and so none that counts", several.len());
            return finding(domain, State::Weak, what, "make one record of them");
        }
    };
    if let Some(term) = record.split_ascii_whitespace().skip(1).find(|term| !is_spf_term(term)) {
        let what = format!("has an SPF record with a term that nobody knows: `{term}`");
        return finding(domain, State::Weak, what, "a record with a wrong term counts for nothing: correct it");
    }
    if record.split_ascii_whitespace().any(|term| term.eq_ignore_ascii_case("+all") || term.eq_ignore_ascii_case("all"))
    {
        let what = "lets everybody send in its name (`+all`)";
        return finding(domain, State::Weak, what, "end the record with `-all` or `~all`");
    }
    match lookups(resolver, domain, record).await {
        Ok(count) if count > MOST_LOOKUPS => {
            let what =
                format!("has an SPF record that takes {count} look-ups, and no server makes more than {MOST_LOOKUPS}");
            finding(
                domain,
                State::Weak,
                what,
                "leave out what does not send for you, or write addresses in the place of `include`",
            )
        }
        Ok(_) => finding(domain, State::Good, format!("SPF: {record}"), ""),
        Err((name, why)) => unknown(&name, &why),
    }
}

fn is_spf(text: &str) -> bool {
    text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("v=spf1"))
        && matches!(text.as_bytes().get(6), None | Some(b' '))
}

/// A mechanism or modifier of RFC 7208 §5 and §6, or a modifier that is to be ignored.
fn is_spf_term(term: &str) -> bool {
    let plain = term.trim_start_matches(['+', '-', '~', '?']);
    let name = plain.split([':', '/']).next().unwrap_or_default().to_ascii_lowercase();
    let modifier = plain.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    });
    modifier || matches!(name.as_str(), "all" | "include" | "a" | "mx" | "ptr" | "ip4" | "ip6" | "exists")
}

/// How many look-ups `record` of `domain` takes, those of what it includes with it. The error is a name and why it cannot be known.
async fn lookups(resolver: &Resolver, domain: &str, record: &str) -> Result<usize, (String, String)> {
    let mut count = 0;
    // An include of an include of oneself ends when the count is too large.
    let mut open = vec![(domain.to_owned(), record.to_owned())];
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Some((_, record)) = open.pop() {
        for term in record.split_ascii_whitespace().skip(1) {
            let plain = term.trim_start_matches(['+', '-', '~', '?']).to_ascii_lowercase();
            let name = plain.split([':', '/', '=']).next().unwrap_or_default();
            if !matches!(name, "include" | "a" | "mx" | "ptr" | "exists" | "redirect") {
                continue;
            }
            count += 1;
            if count > MOST_LOOKUPS {
                return Ok(count);
            }
            let other = plain.strip_prefix("include:").or_else(|| plain.strip_prefix("redirect="));
            // Names with macros are another one for each mail.
            let Some(other) = other.filter(|other| !other.contains('%')) else { continue };
            if !known.contains_key(other) {
                let texts = match resolver.texts(other).await {
                    Answer::Unknown(why) => return Err((other.to_owned(), why)),
                    answer => answer.records(),
                };
                known.insert(other.to_owned(), texts.into_iter().filter(|text| is_spf(text)).collect());
            }
            open.extend(known[other].iter().take(1).map(|record| (other.to_owned(), record.clone())));
        }
    }
    Ok(count)
}

async fn key(resolver: &Resolver, domain: &str, selector: &str, record: &str) -> Finding {
    let name = format!("{selector}._domainkey.{domain}");
    let texts = match resolver.texts(&name).await {
        Answer::Unknown(why) => return unknown(&name, &why),
        answer => answer.records(),
    };
    let publish = "`postrider dkim records` prints what to publish";
    let wanted = tags(record);
    let [text] = texts.as_slice() else {
        let what = match texts.len() {
            0 => "has no DKIM record: mail signed with this key looks forged".to_owned(),
            several => format!("has {several} records, and so none that counts"),
        };
        return finding(&name, State::Wrong, what, publish);
    };
    let found = tags(text);
    let of = |tags: &BTreeMap<String, String>, tag: &str, default: &str| {
        tags.get(tag).map_or(default.to_owned(), Clone::clone)
    };
    if of(&found, "p", "") != of(&wanted, "p", "") {
        let what = if of(&found, "p", "").is_empty() {
            "says that this key was given up"
        } else {
            "has the record of another key: mail signed with ours looks forged"
        };
        return finding(&name, State::Wrong, what, publish);
    }
    if of(&found, "k", "rsa") != of(&wanted, "k", "rsa") {
        return finding(&name, State::Wrong, "names another kind of key (`k=`)", publish);
    }
    if found.get("h").is_some_and(|hashes| !hashes.split(':').any(|hash| hash == "sha256")) {
        return finding(&name, State::Wrong, "allows no SHA-256 (`h=`)", publish);
    }
    if found.get("t").is_some_and(|flags| flags.split(':').any(|flag| flag == "y")) {
        return finding(
            &name,
            State::Weak,
            "says that DKIM is only being tried out (`t=y`)",
            "take `t=y` out when mail arrives",
        );
    }
    finding(&name, State::Good, "DKIM: the record of our key", "")
}

async fn dmarc(resolver: &Resolver, domain: &str) -> Finding {
    let publish = "publish at least `v=DMARC1; p=none; rua=mailto:YOU`, and `p=quarantine` or `p=reject` when the reports are clean";
    // RFC 7489 §6.6.3: the domain's own, else that of the organisation above it. Which one that is takes a list; each one above is
    // tried, but never a name of one label.
    let mut at = domain;
    loop {
        let name = format!("_dmarc.{at}");
        let texts = match resolver.texts(&name).await {
            Answer::Unknown(why) => return unknown(&name, &why),
            answer => answer.records(),
        };
        let records: Vec<&String> =
            texts.iter().filter(|text| tags(text).get("v").is_some_and(|v| v == "DMARC1")).collect();
        match records.as_slice() {
            [record] => {
                let found = tags(record);
                return match found.get("p").map(String::as_str) {
                    Some("none" | "quarantine" | "reject") => {
                        finding(&name, State::Good, format!("DMARC: {record}"), "")
                    }
                    _ => finding(&name, State::Weak, "has a DMARC record without a policy (`p=`)", publish),
                };
            }
            [] => {}
            several => {
                let what = format!("has {} DMARC records, and so none that counts", several.len());
                return finding(&name, State::Weak, what, "keep one of them");
            }
        }
        match at.split_once('.') {
            Some((_, above)) if above.contains('.') => at = above,
            _ => {
                let name = format!("_dmarc.{domain}");
                let what = "has no DMARC record: Gmail, Yahoo and Microsoft refuse such mail once there is much of it";
                return finding(&name, State::Weak, what, publish);
            }
        }
    }
}

/// Can bounces be mailed there? Many servers take no mail from a domain that takes none.
async fn reachable(resolver: &Resolver, domain: &str) -> Finding {
    let hint = "publish an MX record for it: bounces go there";
    match resolver.mail_servers(domain).await {
        Answer::Unknown(why) => unknown(domain, &why),
        Answer::Found(servers) if servers.iter().all(|server| server == ".") => {
            finding(domain, State::Weak, "says that it takes no mail (a null MX): bounces have nowhere to go", hint)
        }
        Answer::Found(servers) => {
            let servers: Vec<&str> = servers.iter().map(|server| server.trim_end_matches('.')).collect();
            finding(domain, State::Good, format!("MX: {}", servers.join(", ")), "")
        }
        Answer::Nothing => match resolver.addresses(domain).await {
            Answer::Unknown(why) => unknown(domain, &why),
            Answer::Found(addresses) => {
                finding(domain, State::Good, format!("no MX, but the address {}", addresses[0]), "")
            }
            Answer::Nothing => {
                finding(domain, State::Weak, "has neither MX nor address: bounces have nowhere to go", hint)
            }
        },
    }
}

/// `a=b; c=d`, without blanks (RFC 6376 §3.2).
fn tags(record: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    record
        .split(';')
        .filter_map(|tag| tag.split_once('='))
        .map(|(name, value)| (plain(name).to_lowercase(), plain(value)))
        .collect()
}
