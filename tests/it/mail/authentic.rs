//! Signed mails before verifiers that are not ours: dkimpy and mailauth.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postrider::crypto::signing::{Algorithm, SigningKey};
use postrider::mail::dkim;
use postrider::mail::message::Prepared;

use super::message::{awkward, date, recipient, settings};
use crate::support::peers;

/// A key of each kind, and what DNS says of them.
fn keys() -> (dkim::Settings, serde_json::Value) {
    let key = |selector: &str, algorithm| {
        let key = SigningKey::generate(algorithm).expect("a key");
        Arc::new(dkim::Key::new(selector, key).expect("a selector"))
    };
    let keys = vec![key("rsa1", Algorithm::Rsa), key("ed1", Algorithm::Ed25519)];
    let records = serde_json::json!({
        "rsa1._domainkey.example.org": keys[0].value(),
        "ed1._domainkey.example.org": keys[1].value(),
    });
    (dkim::Settings { domain: None, keys }, records)
}

#[test]
fn two_verifiers_agree_with_both_signatures_of_900_awkward_mails() {
    let (dkim, records) = keys();
    let mut settings = settings();
    settings.dkim = dkim;
    let mut input = format!("{records}\n");
    let renditions = awkward();
    for rendition in &renditions {
        let prepared = Prepared::new(rendition, &settings);
        prepared.check(&recipient(), date()).expect("what we sign holds before ourselves");
        let raw = prepared.compose(&recipient(), date()).expect("a message").to_string();
        writeln!(input, "{}", STANDARD.encode(raw)).expect("a string");
    }
    assert_eq!(renditions.len(), 900);
    for mut peer in [peers::python("dkim_verify.py"), peers::node("dkim_verify.js")] {
        assert_eq!(peers::run(&mut peer, input.as_bytes()).trim(), "900", "{peer:?}");
    }
}
