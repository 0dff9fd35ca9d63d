//! Keys that sign: RSA and Ed25519, read from PEM, made new, and their public halves. They have no `Debug`.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::sha256;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2).
    Rsa,
    /// Ed25519 of the SHA-256 hash (RFC 8463 §3).
    Ed25519,
}

/// Shorter RSA keys are refused (RFC 8301 §3.2 lets verifiers do so).
const LEAST_BITS: usize = 2048;
/// Characters in a line of PEM (RFC 7468 §2).
const PEM_LINE: usize = 64;

/// A private key.
pub struct SigningKey(Pair);

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new one; RSA with 2048 bits.
    pub fn generate(algorithm: Algorithm) -> Result<Self, String> {
        let failed = |_| "no key could be made".to_owned();
        Ok(Self(match algorithm {
            Algorithm::Rsa => Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?)),
            Algorithm::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        }))
    }

    /// Reads PEM: `PRIVATE KEY` (PKCS #8) or `RSA PRIVATE KEY` (PKCS #1). The error says what is wrong and shows nothing of it.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let (label, der) = pem(text).ok_or("holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`)")?;
        let pair = match label {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok().map(|pair| Pair::Rsa(Box::new(pair))),
            "PRIVATE KEY" => Ed25519KeyPair::from_pkcs8(&der)
                .ok()
                .map(Pair::Ed25519)
                .or_else(|| RsaKeyPair::from_pkcs8(&der).ok().map(|pair| Pair::Rsa(Box::new(pair)))),
            _ => return Err(format!("holds a `{label}`, and is to hold a `PRIVATE KEY` (not encrypted)")),
        };
        match pair {
            Some(Pair::Rsa(pair)) if pair.public_modulus_len() * 8 < LEAST_BITS => {
                Err(format!("holds an RSA key of fewer than {LEAST_BITS} bits"))
            }
            Some(pair) => Ok(Self(pair)),
            None => Err(format!("holds neither an RSA key of {LEAST_BITS} bits or more nor an Ed25519 key")),
        }
    }

    /// The private key as PEM (PKCS #8).
    pub fn to_pem(&self) -> Result<String, String> {
        let der = match &self.0 {
            Pair::Rsa(pair) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        };
        let text = STANDARD.encode(der.map_err(|_| "the key cannot be written".to_owned())?);
        let mut out = "-----BEGIN PRIVATE KEY-----\n".to_owned();
        for line in text.as_bytes().chunks(PEM_LINE) {
            out.extend(line.iter().map(|byte| char::from(*byte)));
            out.push('\n');
        }
        out.push_str("-----END PRIVATE KEY-----\n");
        Ok(out)
    }

    /// See [`Algorithm`].
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Pair::Rsa(_) => Algorithm::Rsa,
            Pair::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The public half as DKIM's records have it: of RSA the SubjectPublicKeyInfo (RFC 5280), of Ed25519 its 32 octets (RFC
    /// 8463 §4).
    pub fn public(&self) -> Vec<u8> {
        match &self.0 {
            Pair::Rsa(pair) => {
                let der: Result<PublicKeyX509Der<'_>, _> = pair.public_key().as_der();
                der.map(|der| der.as_ref().to_vec()).unwrap_or_default()
            }
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// Signs the SHA-256 hash of `data`.
    pub fn sign(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .map_err(|_| "signing failed".to_owned())?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => Ok(pair.sign(&sha256(data)).as_ref().to_vec()),
        }
    }
}

/// Did the owner of the public half `public` (see [`SigningKey::public`]) sign the SHA-256 hash of `data`?
pub fn verifies(algorithm: Algorithm, public: &[u8], data: &[u8], signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::Rsa => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .is_ok_and(|key| key.verify_sig(data, signature).is_ok()),
        Algorithm::Ed25519 => {
            ParsedPublicKey::new(&ED25519, public).is_ok_and(|key| key.verify_sig(&sha256(data), signature).is_ok())
        }
    }
}

/// The first block of PEM: its label and its octets.
fn pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_ascii_whitespace().collect();
    Some((label, STANDARD.decode(body).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_text_and_sign() {
        for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
            let key = SigningKey::generate(algorithm).unwrap();
            let again = SigningKey::from_pem(&key.to_pem().unwrap()).map_err(|why| panic!("{why}")).unwrap();
            assert_eq!(again.algorithm(), algorithm);
            assert_eq!(again.public(), key.public());
            let signature = again.sign(b"data").unwrap();
            assert!(verifies(algorithm, &key.public(), b"data", &signature));
            assert!(!verifies(algorithm, &key.public(), b"other", &signature));
            assert!(!verifies(algorithm, b"", b"data", &signature));
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        for (text, word) in [
            ("", "PEM"),
            ("canary", "PEM"),
            ("-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----", "neither"),
            ("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", "PEM"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "not encrypted"),
        ] {
            let Err(why) = SigningKey::from_pem(text) else { panic!("{text}") };
            assert!(why.contains(word) && !why.contains("canary") && !why.contains("Y2FuYXJ5"), "{why}");
        }
    }
}
