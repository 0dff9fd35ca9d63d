//! A signature read back from a message as its receiver reads it (RFC 6376 §6.1), with nothing of what the signer knew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canonical::{self, Fields};
use crate::crypto::sha256;
use crate::crypto::signing::{Algorithm, verifies};

/// Does `message` hold a signature by `selector` of `domain` that the public key `public` agrees with?
pub fn verify(
    message: &[u8],
    domain: &str,
    selector: &str,
    algorithm: Algorithm,
    public: &[u8],
) -> Result<(), &'static str> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").ok_or("the message has no body")?;
    let (head, body) = (&message[..end + 2], &message[end + 4..]);
    let fields = Fields::read(head);
    let (whole, tags) = fields
        .all("DKIM-Signature")
        .map(|whole| (whole, tags(whole)))
        .find(|(_, tags)| tag(tags, "s") == Some(selector) && tag(tags, "d") == Some(domain))
        .ok_or("it is not there")?;
    if tag(&tags, "bh") != Some(STANDARD.encode(sha256(&canonical::body(body))).as_str()) {
        return Err("the hash of the body is another");
    }
    let names: Vec<&str> = tag(&tags, "h").unwrap_or_default().split(':').collect();
    if !names.iter().any(|name| name.eq_ignore_ascii_case("from")) {
        return Err("From is not signed");
    }
    let mut data = Vec::new();
    fields.select(&names, &mut data);
    // The signature's own field, with nothing behind `b=`.
    let own = whole.windows(5).rposition(|five| five == b"\r\n b=").ok_or("it has no `b=`")?;
    canonical::field(&whole[..own + 5], &mut data);
    data.truncate(data.len() - 2);
    let signature = STANDARD.decode(tag(&tags, "b").unwrap_or_default()).map_err(|_| "it is no base64")?;
    if verifies(algorithm, public, &data, &signature) { Ok(()) } else { Err("key and header do not agree") }
}

/// The tags of a DKIM-Signature field, without blanks.
fn tags(whole: &[u8]) -> Vec<(String, String)> {
    let text: String = String::from_utf8_lossy(whole).chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let value = text.split_once(':').map_or("", |(_, value)| value);
    value.split(';').filter_map(|pair| pair.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn tag<'a>(tags: &'a [(String, String)], name: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.0 == name).map(|tag| tag.1.as_str())
}
