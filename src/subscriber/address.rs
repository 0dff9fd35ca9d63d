//! An e-mail address that can be mailed: parsed once, at the border.

/// A checked address: local part as given, domain in lower-case A-labels (RFC 5321 §4.1.2, RFC 5891).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

impl Address {
    /// Reads an address; the error says what is wrong with it in words for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let _ = text;
        todo!()
    }

    /// The address, `local@domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one mailbox share: the whole in lower case. Unique in the store.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The part behind the last `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}
