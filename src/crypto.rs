//! Hashes, MACs, random ids and signatures: the one owner of the crypto library.

pub mod signing;

use aws_lc_rs::{digest, hmac, rand, signature};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// SHA-256 of `bytes`, 32 octets.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::of(bytes).finish()
}

/// A SHA-256 that may go on, with something else each time it is cloned.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Default for Sha256 {
    /// Of nothing.
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Sha256 {
    /// Of `bytes` so far.
    pub fn of(bytes: &[u8]) -> Self {
        Self::default().and(bytes)
    }

    /// Of `bytes` behind that, too.
    #[must_use]
    pub fn and(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// 32 octets.
    pub fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}

/// SHA-256 in lower-case hexadecimal, 64 characters.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// SHA-1 in lower-case hexadecimal, 40 characters: where a generator puts it into addresses, and nowhere else.
pub fn sha1_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
        out
    })
}

/// A key for [`mac`]. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// Any octets; 32 random ones are right.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

/// HMAC-SHA-256 (RFC 2104) of `message`, 32 octets. Callers cut it to 128 bits where it goes into an address.
pub fn mac(key: &Key, message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(&key.0, message).as_ref());
    out
}

/// Equality in constant time, for MACs and tokens; unequal lengths are unequal.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// `N` octets from the system's random source.
///
/// # Panics
/// When the system has no random source: nothing that we could do without would be safe.
pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    rand::fill(&mut out).expect("the system's random source answers");
    out
}

/// The digits of base32 (RFC 4648 §6) in lower case: some mail servers fold the case of addresses.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A new id for a row: 128 random bits, 26 characters of lower-case base32.
pub fn new_id() -> String {
    let bits = u128::from_be_bytes(random::<16>());
    (0..26).map(|i| char::from(BASE32[usize::try_from((bits >> (5 * i)) & 31).unwrap_or(0)])).collect()
}

/// Lower-case base32 without padding (RFC 4648 §6) of `bytes`, a multiple of five.
pub fn base32(bytes: &[u8]) -> String {
    bytes
        .chunks_exact(5)
        .flat_map(|five| {
            let bits = five.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
            (0..8).rev().map(move |i| char::from(BASE32[usize::try_from((bits >> (5 * i)) & 31).unwrap_or(0)]))
        })
        .collect()
}

/// Is `text` an id by [`new_id`], by its looks?
pub fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| BASE32.contains(&byte))
}

/// URL-safe base64 without padding (RFC 4648 §5).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The octets of [`base64url`]; `None` for anything else.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Base64 with or without padding (RFC 4648 §4), as other programs write it; `None` for anything else.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.trim().trim_end_matches('=')).ok()
}

/// Is `signature` (ASN.1) ECDSA over P-256 with SHA-256 of `message`? `key`: DER of SubjectPublicKeyInfo (RFC 5280).
pub fn is_signed_by_p256(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, key).verify(message, signature).is_ok()
}

/// Is `signature` RSA (PKCS #1 v1.5, at least 2048 bits) with SHA-256 of `message`? `key` as in [`is_signed_by_p256`].
pub fn is_signed_by_rsa(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature).is_ok()
}

/// The same with SHA-1, which Amazon's topics use unless they are told to use SHA-256.
pub fn is_signed_by_rsa_sha1(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let algorithm = &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY;
    signature::UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}
