//! Return addresses that say which mail came back, and unsubscribe addresses that say who leaves (VERP): a row's ids and
//! a MAC over them in the local part. Nothing is stored and nothing is believed of an address whose MAC is wrong.
//!
//! `b+ISSUE.SUBSCRIBER.MAC` for an Issue's mail, `b+DELIVERY.MAC` for any other, `u+SUBSCRIPTION.MAC` to unsubscribe: at
//! most 64 octets (RFC 5321 §4.5.3.1.1), lower-case base32 only, because some mail servers fold the case.

use crate::crypto::{self, Key};
use crate::delivery::Kind;
use crate::subscriber::Address;

/// `mail.bounce_address`: where mail that cannot be delivered comes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPath {
    /// What stands before the signed part for bounces and for unsubscribing; `None`: one plain address for all mail.
    before: Option<(String, String)>,
    /// The local part without anything signed.
    plain: String,
    domain: String,
}

/// What a signed address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The mail of an Issue to a subscriber.
    Issue {
        /// The first [`ISSUE`] characters of the Issue's row id.
        issue: String,
        /// Row id.
        subscriber: String,
    },
    /// Any other mail, by its Delivery's row id.
    Delivery(String),
    /// Whoever has this subscription leaves.
    Unsubscribe(String),
}

/// So much of an Issue's id goes into an address: among one subscriber's Issues it is enough.
pub const ISSUE: usize = 10;
/// What is left for the owner's own part: 64 less ISSUE.SUBSCRIBER.MAC.
const OWN_AT_MOST: usize = 64 - (ISSUE + 1 + 26 + 1 + 16);

impl ReturnPath {
    /// `bounce@example.org` (one address for all), `@bounce.example.org` (a domain whose mail all comes to us) or
    /// `bounce+@example.org` (an address that takes whatever follows its plus or hyphen). The error is for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: String| format!("is no address for bounces: {why}");
        if let Some(domain) = text.strip_prefix('@') {
            let address = Address::parse(&format!("b@{domain}")).map_err(wrong)?;
            let before = Some(("b+".to_owned(), "u+".to_owned()));
            return Ok(Self { before, plain: "b".to_owned(), domain: address.domain().to_owned() });
        }
        let address = Address::parse(text).map_err(wrong)?;
        let domain = address.domain().to_owned();
        let local = address.as_str().rsplit_once('@').map_or("", |(local, _)| local);
        let plain = local.trim_end_matches(['+', '-']);
        if plain.len() == local.len() {
            return Ok(Self { before: None, plain: plain.to_owned(), domain });
        }
        if plain.is_empty() || local.len() > OWN_AT_MOST {
            return Err(wrong(format!("before its `@` there may be 2 to {OWN_AT_MOST} characters; e.g. `bounce+`")));
        }
        Ok(Self { before: Some((local.to_owned(), local.to_owned())), plain: plain.to_owned(), domain })
    }

    /// The envelope sender of a Delivery.
    pub fn sender(&self, key: &Key, kind: Kind, delivery: &str, subscriber: &str) -> String {
        let Some((before, _)) = &self.before else { return self.plain() };
        let body = match (kind, delivery.get(..ISSUE)) {
            (Kind::Issue, Some(issue)) if crypto::is_id(subscriber) => format!("{issue}.{subscriber}"),
            _ => delivery.to_owned(),
        };
        format!("{before}{body}.{}@{}", tag(key, Purpose::Bounce, &body), self.domain)
    }

    /// A mail to this address unsubscribes; `None` where no address can be signed.
    pub fn unsubscribe(&self, key: &Key, subscription: &str) -> Option<String> {
        let (_, before) = self.before.as_ref()?;
        let tag = tag(key, Purpose::Unsubscribe, subscription);
        Some(format!("{before}{subscription}.{tag}@{}", self.domain))
    }

    /// The address with nothing signed: for mail that belongs to nobody.
    pub fn plain(&self) -> String {
        format!("{}@{}", self.plain, self.domain)
    }
}

#[derive(Clone, Copy)]
enum Purpose {
    Bounce,
    Unsubscribe,
}

/// What `address` stands for, when it was signed with `key`. Whatever stands before the signed part (the owner's own
/// part, what a forwarder put there) and behind the `@` is no matter: the MAC decides.
pub fn read(key: &Key, address: &str) -> Option<Named> {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase();
    let signed = local.rsplit(['+', '-']).next()?;
    let (body, given) = signed.rsplit_once('.')?;
    let is = |purpose| crypto::same(given.as_bytes(), tag(key, purpose, body).as_bytes());
    if is(Purpose::Unsubscribe) {
        return Some(Named::Unsubscribe(body.to_owned()));
    }
    if !is(Purpose::Bounce) {
        return None;
    }
    Some(match body.split_once('.') {
        Some((issue, subscriber)) => Named::Issue { issue: issue.to_owned(), subscriber: subscriber.to_owned() },
        None => Named::Delivery(body.to_owned()),
    })
}

/// 80 bits: an address is tried over a network, one bounce at a time.
fn tag(key: &Key, purpose: Purpose, body: &str) -> String {
    let label = match purpose {
        Purpose::Bounce => "bounce",
        Purpose::Unsubscribe => "unsubscribe by mail",
    };
    crypto::base32(&crypto::mac(key, format!("{label}:{body}").as_bytes())[..10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> Key {
        Key::new(b"k")
    }

    #[test]
    fn three_forms() {
        let id = crypto::new_id();
        let plain = ReturnPath::parse("Bounce@Example.org").unwrap();
        assert_eq!(plain.sender(&key(), Kind::Test, &id, ""), "Bounce@example.org");
        assert_eq!(plain.unsubscribe(&key(), &id), None);
        let domain = ReturnPath::parse("@Bounce.example.org").unwrap();
        assert!(domain.sender(&key(), Kind::Test, &id, "").starts_with(&format!("b+{id}.")));
        assert!(domain.unsubscribe(&key(), &id).unwrap().starts_with(&format!("u+{id}.")));
        assert_eq!(domain.plain(), "b@bounce.example.org");
        for own in ["bounce+", "b-", "bounces.x-"] {
            let tagged = ReturnPath::parse(&format!("{own}@example.org")).unwrap();
            assert!(tagged.sender(&key(), Kind::Confirmation, &id, &id).starts_with(&format!("{own}{id}.")));
            assert!(tagged.unsubscribe(&key(), &id).unwrap().ends_with("@example.org"));
        }
        for wrong in
            ["", "@", "@localhost", "bounce", "+@example.org", "bounces-of-ours+@example.org", "a b@example.org"]
        {
            assert!(ReturnPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_address_fits_and_is_read_back_in_any_case() {
        let (issue, subscriber) = (crypto::new_id(), crypto::new_id());
        let delivery = format!("{issue}{subscriber}");
        for own in ["@bounce.example.org", "bounce.of+@example.org", "bounce-@example.org"] {
            let path = ReturnPath::parse(own).unwrap();
            let sender = path.sender(&key(), Kind::Issue, &delivery, &subscriber);
            assert!(sender.split('@').next().unwrap().len() <= 64, "{sender}");
            let named = Named::Issue { issue: issue[..ISSUE].to_owned(), subscriber: subscriber.clone() };
            assert_eq!(read(&key(), &sender), Some(named.clone()));
            assert_eq!(read(&key(), &sender.to_uppercase()), Some(named.clone()));
            assert_eq!(read(&key(), &format!("prvs=12345abc={sender}")), Some(named));
            let leave = path.unsubscribe(&key(), &subscriber).unwrap();
            assert_eq!(read(&key(), &leave), Some(Named::Unsubscribe(subscriber.clone())));
        }
    }

    #[test]
    fn nothing_else_is_believed() {
        let id = crypto::new_id();
        let path = ReturnPath::parse("@bounce.example.org").unwrap();
        let sender = path.sender(&key(), Kind::Test, &id, "");
        assert_eq!(read(&key(), &sender), Some(Named::Delivery(id.clone())));
        assert_eq!(read(&Key::new(b"other"), &sender), None);
        for at in 2..sender.find('@').unwrap() {
            let mut forged = sender.clone();
            forged.replace_range(at..=at, if &sender[at..=at] == "a" { "b" } else { "a" });
            assert_eq!(read(&key(), &forged), None, "{forged}");
        }
        // A bounce's MAC does not unsubscribe, and the other way round.
        let moved = sender.replacen("b+", "u+", 1);
        assert_eq!(read(&key(), &moved), Some(Named::Delivery(id)));
        for junk in ["", "@", "+@", "b+.@x", ".", "a.b", "é+é.é@é"] {
            assert_eq!(read(&key(), junk), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}") {
            prop_assert_eq!(read(&key(), &text), None);
            let _ = ReturnPath::parse(&text);
        }
    }
}
