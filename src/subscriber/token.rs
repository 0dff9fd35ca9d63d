//! Tokens in links: a row's id and a MAC over it and its purpose. Opaque, URL-safe, at most 64 characters.
//!
//! Nothing is stored: a token is right when its MAC is. Purposes are apart, so that the token of one link never
//! opens another. What a token may do is decided by the row that it names.

use crate::crypto::{self, Key};

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Names a confirmation.
    Confirm,
    /// Names a subscription.
    Unsubscribe,
    /// Names a subscriber.
    Preferences,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Unsubscribe => "unsubscribe",
            Self::Preferences => "preferences",
        }
    }
}

/// Row ids are 26 characters ([`crypto::new_id`]); the MAC's first 128 bits follow as 22.
const ID: usize = 26;

/// The token for the row `id`: 48 characters.
pub fn make(key: &Key, purpose: Purpose, id: &str) -> String {
    format!("{id}{}", tag(key, purpose, id))
}

/// The row id that `token` names, when it was made for `purpose` with `key`.
pub fn read(key: &Key, purpose: Purpose, token: &str) -> Option<String> {
    let (id, given) = token.split_at_checked(ID)?;
    crypto::same(given.as_bytes(), tag(key, purpose, id).as_bytes()).then(|| id.to_owned())
}

fn tag(key: &Key, purpose: Purpose, id: &str) -> String {
    crypto::base64url(&crypto::mac(key, format!("{}:{id}", purpose.label()).as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_it_was_made_for() {
        let key = Key::new(b"k");
        let id = crypto::new_id();
        let token = make(&key, Purpose::Unsubscribe, &id);
        assert_eq!(token.len(), 48);
        assert_eq!(read(&key, Purpose::Unsubscribe, &token), Some(id.clone()));
        assert_eq!(read(&key, Purpose::Confirm, &token), None);
        assert_eq!(read(&Key::new(b"other"), Purpose::Unsubscribe, &token), None);
        let mut other = token.clone();
        other.replace_range(0..1, if token.starts_with('a') { "b" } else { "a" });
        assert_eq!(read(&key, Purpose::Unsubscribe, &other), None);
        for junk in ["", "a", "é", &"é".repeat(30), &token[..47], &format!("{token}x")] {
            assert_eq!(read(&key, Purpose::Unsubscribe, junk), None, "{junk}");
        }
    }
}
