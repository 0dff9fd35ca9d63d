//! An e-mail address that can be mailed: parsed once, at the border.
//!
//! Its own grammar, because real mailboxes are not RFC 5322's: `a..b@docomo.ne.jp` and `a.@docomo.ne.jp` get mail,
//! `"a b"@example.org` and `a@[192.0.2.1]` are typing errors or worse. Blanks round it are the caller's to take away.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// A checked address: local part as given, domain in lower-case A-labels (RFC 5321 §4.1.2, RFC 5891).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

/// RFC 5321 §4.5.3.1.1, in octets.
const LOCAL_AT_MOST: usize = 64;
/// RFC 5321 §4.5.3.1.3, less the two angle brackets, in octets.
const ALL_AT_MOST: usize = 254;

impl Address {
    /// Reads an address; the error says what is wrong with it in words for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| Err(what.to_owned());
        if text.is_empty() {
            return wrong("the address is empty");
        }
        if text.chars().any(char::is_control) {
            return wrong("the address holds a line break or another control character");
        }
        if text.chars().any(char::is_whitespace) {
            return wrong("the address holds a blank");
        }
        if text.contains('"') {
            return wrong("addresses with quotation marks are not taken");
        }
        if text.contains(['<', '>', ',', ';', '(', ')']) {
            return wrong("type one address alone, like `name@example.org`, without brackets, commas or a name");
        }
        let Some((local, domain)) = text.split_once('@') else {
            return wrong("the address has no `@`");
        };
        if domain.contains('@') {
            return wrong("the address has more than one `@`");
        }
        check_local(local)?;
        let domain = check_domain(domain)?;
        if local.len() + 1 + domain.len() > ALL_AT_MOST {
            return wrong("the address is longer than 254 characters");
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// The address, `local@domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one mailbox share: the whole in lower case. Unique in the store.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// What many addresses of one mailbox share, for limits only: tags after `+` are cut, Gmail's dots taken out. Not unique:
    /// never to decide whose a subscription is.
    pub fn mailbox(&self) -> String {
        let key = self.key();
        let (local, domain) = key.rsplit_once('@').unwrap_or((&key, ""));
        let untagged = local.split('+').next().filter(|name| !name.is_empty()).unwrap_or(local);
        match domain {
            "gmail.com" | "googlemail.com" => format!("{}@gmail.com", untagged.replace('.', "")),
            _ => format!("{untagged}@{domain}"),
        }
    }

    /// The part behind the last `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

fn check_local(local: &str) -> Result<(), String> {
    if local.is_empty() {
        return Err("there is nothing before the `@`".to_owned());
    }
    if !local.is_ascii() {
        return Err(
            "the part before the `@` holds letters beyond a-z, which many mail servers do not take yet".to_owned()
        );
    }
    if local.len() > LOCAL_AT_MOST {
        return Err("the part before the `@` is longer than 64 characters".to_owned());
    }
    if local.starts_with('.') {
        return Err("the address begins with a dot".to_owned());
    }
    // RFC 5322 §3.2.3 atext, and dots wherever they are.
    match local.chars().find(|c| !c.is_ascii_alphanumeric() && !"!#$%&'*+-/=?^_`{|}~.".contains(*c)) {
        Some(other) => Err(format!("the part before the `@` holds `{other}`, which no address does")),
        None => Ok(()),
    }
}

fn check_domain(domain: &str) -> Result<String, String> {
    if domain.is_empty() {
        return Err("there is nothing after the `@`".to_owned());
    }
    if domain.starts_with('[') {
        return Err("after the `@` belongs the name of a domain, not a number".to_owned());
    }
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| "the part after the `@` is not the name of a domain".to_owned())?;
    let Some((_, last)) = ascii.rsplit_once('.') else {
        return Err("the part after the `@` has no dot; a domain is like `example.org`".to_owned());
    };
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("after the `@` belongs the name of a domain, not a number".to_owned());
    }
    Ok(ascii.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_what_gets_mail() {
        for (text, expected) in [
            ("a@example.org", "a@example.org"),
            ("First.Last+tag@Example.ORG", "First.Last+tag@example.org"),
            ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
            ("a.@docomo.ne.jp", "a.@docomo.ne.jp"),
            ("o'neill@example.ie", "o'neill@example.ie"),
            ("-a_!#$%&*/=?^`{|}~@a-b.example", "-a_!#$%&*/=?^`{|}~@a-b.example"),
            ("info@münchen.de", "info@xn--mnchen-3ya.de"),
            ("info@例え。jp", "info@xn--r8jz45g.jp"),
            ("info@ＥＸＡＭＰＬＥ.com", "info@example.com"),
            ("x@r3---sn.example", "x@r3---sn.example"),
            ("1@163.com", "1@163.com"),
            ("a@1.2.3.4.example", "a@1.2.3.4.example"),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.0), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest_in_words() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long = format!("a@{}", vec!["b".repeat(60); 5].join("."));
        for (text, word) in [
            ("", "empty"),
            ("a", "no `@`"),
            ("@example.org", "before"),
            ("a@", "after"),
            ("a@b@example.org", "more than one"),
            ("a b@example.org", "blank"),
            (" a@example.org", "blank"),
            ("a@example.org\u{a0}", "blank"),
            ("a@example.org\r\nBcc: b@example.org", "line break"),
            ("a\0@example.org", "control"),
            ("a@exam\u{85}ple.org", "control"),
            ("\"a\"@example.org", "quotation"),
            ("A <a@example.org>", "blank"),
            ("<a@example.org>", "alone"),
            ("a@example.org,b@example.org", "alone"),
            (".a@example.org", "begins with a dot"),
            ("é@example.org", "beyond a-z"),
            ("a\\b@example.org", "`\\`"),
            ("a:b@example.org", "`:`"),
            ("a@localhost", "no dot"),
            ("a@[192.0.2.1]", "not a number"),
            ("a@192.0.2.1", "not a number"),
            ("a@example..org", "not the name"),
            ("a@.example.org", "not the name"),
            ("a@example.org.", "not"),
            ("a@-b.example", "not the name"),
            ("a@b_c.example", "not the name"),
            ("a@exa%mple.org", "not the name"),
            ("a@xn--zzzzzzz999.example", "not the name"),
            (&long_local, "64"),
            (&long, "not the name"),
        ] {
            let said = Address::parse(text).expect_err(text);
            assert!(said.contains(word), "{text}: {said}");
        }
        assert!(Address::parse(&format!("{}@example.org", "a".repeat(64))).is_ok());
        let domain = format!("{}.example", vec!["b".repeat(60); 3].join("."));
        assert!(Address::parse(&format!("{}@{domain}", "a".repeat(253 - domain.len()))).is_ok());
        assert!(Address::parse(&format!("{}@{domain}", "a".repeat(254 - domain.len()))).unwrap_err().contains("254"));
    }

    #[test]
    fn limits_see_one_mailbox_behind_many_addresses() {
        let mailbox = |text: &str| Address::parse(text).unwrap().mailbox();
        for text in ["jdoe@gmail.com", "J.Doe@Gmail.com", "j.d.o.e+news@googlemail.com"] {
            assert_eq!(mailbox(text), "jdoe@gmail.com");
        }
        assert_eq!(mailbox("J.Doe+a@example.org"), "j.doe@example.org");
        assert_eq!(mailbox("+a@example.org"), "+a@example.org");
    }

    proptest! {
        #[test]
        fn never_panics_and_what_it_takes_is_safe_on_the_wire(text in "\\PC{0,8}[@a-z.\\-+é\r\n \"<]{0,12}@?\\PC{0,12}") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert!(address.0.is_ascii() && address.0.len() <= ALL_AT_MOST);
                prop_assert!(address.0.bytes().all(|byte| byte > b' ' && byte != 127 && !b"<>\"(),;\\".contains(&byte)));
                prop_assert_eq!(address.0.matches('@').count(), 1);
                prop_assert!(address.domain().contains('.'));
                prop_assert_eq!(Address::parse(&address.0), Ok(address.clone()));
                prop_assert_eq!(Address::parse(&address.key()).map(|again| again.key()), Ok(address.key()));
            }
        }

        #[test]
        fn takes_every_plain_address(local in "[a-zA-Z0-9][a-zA-Z0-9.+_-]{0,63}", domain in "([a-z0-9]{1,20}\\.){1,4}[a-z]{2,10}") {
            let text = format!("{local}@{domain}");
            prop_assert_eq!(Address::parse(&text).map(|address| address.0), Ok(text.clone()));
        }
    }
}
