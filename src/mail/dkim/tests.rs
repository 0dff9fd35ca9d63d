use super::*;
use crate::crypto::sha256;

const HEAD: &str = "From: Weekly <weekly@example.org>\r\nTo: a@example.net\r\nSubject: =?utf-8?Q?n=C3=A9?=\r\n  folded\r\nList-Unsubscribe: <https://x/>\r\n";

fn settings() -> Settings {
    let key = |selector: &str, algorithm| {
        Arc::new(Key::new(selector, SigningKey::generate(algorithm).unwrap()).map_err(|why| panic!("{why}")).unwrap())
    };
    Settings { domain: None, keys: vec![key("r1", Algorithm::Rsa), key("e1", Algorithm::Ed25519)] }
}

fn signed(signer: &Signer, body: &str) -> String {
    let mut out = String::new();
    signer.sign(&mut out, HEAD, &Rope::from(body), DateTime::from_timestamp(1_634_288_400, 0).unwrap()).unwrap();
    [&out, HEAD, "\r\n", body].concat()
}

#[test]
fn both_signatures_hold_and_any_change_breaks_them() {
    let signer = Signer::new(&settings(), "weekly@example.org").unwrap();
    for body in ["", "\r\n", "a  b\t\r\n\r\n", "plain\r\n"] {
        let text = signed(&signer, body);
        assert_eq!(signer.check(text.as_bytes()), Ok(()));
        assert!(text.split("\r\n").all(|line| line.len() <= 78), "{text}");
        for (old, new) in [
            ("To: a@", "To: b@"),
            ("Subject:", "Subject: x\r\nSubject:"),
            ("From:", "Cc: x@example.net\r\nFrom:"),
            ("List-Unsubscribe", "List-Nothing"),
            ("\r\n\r\n", "\r\n\r\nx"),
        ] {
            assert!(signer.check(text.replacen(old, new, 1).as_bytes()).is_err(), "{old} -> {new}");
        }
        // Blanks that a relay runs together change nothing.
        assert_eq!(signer.check(text.replace("\r\n  folded", " \t folded").as_bytes()), Ok(()));
    }
    assert!(Signer::new(&Settings::default(), "weekly@example.org").is_none());
}

/// While keys change, those that go and those that come sign side by side.
#[test]
fn each_of_several_selectors_signs() {
    let (old, new) = (settings(), settings());
    let renamed = |key: &Arc<Key>| {
        let pem = key.key.to_pem().unwrap();
        Arc::new(Key::new(&format!("{}-old", key.selector()), SigningKey::from_pem(&pem).unwrap()).unwrap())
    };
    let keys = old.keys.iter().map(renamed).chain(new.keys.iter().cloned()).collect();
    let signer = Signer::new(&Settings { domain: None, keys }, "weekly@example.org").unwrap();
    let text = signed(&signer, "plain\r\n");
    assert_eq!(signer.check(text.as_bytes()), Ok(()));
    for selector in ["r1-old", "e1-old", "r1", "e1"] {
        assert_eq!(text.matches(&format!("s={selector};")).count(), 1, "{selector}");
    }
    // Whoever knows the new ones alone is content with them.
    assert_eq!(Signer::new(&new, "weekly@example.org").unwrap().check(text.as_bytes()), Ok(()));
}

#[test]
fn every_signed_header_is_named_once_more_than_it_occurs() {
    let signer = Signer::new(&settings(), "weekly@example.org").unwrap();
    let text = signed(&signer, "x\r\n").replace("\r\n ", "");
    let named = text.split(";h=").nth(1).unwrap().split(';').next().unwrap().split(':').collect::<Vec<_>>();
    let count = |name: &str| named.iter().filter(|named| **named == name).count();
    assert_eq!((count("From"), count("List-Unsubscribe"), count("Cc"), count("List-Unsubscribe-Post")), (2, 2, 1, 1));
    assert!(!text.contains(";l=") && !text.contains("; l="), "{text}");
}

#[test]
fn the_domain_is_the_senders_or_above_it() {
    let with = |domain: Option<&str>| Settings { domain: domain.map(str::to_owned), keys: Vec::new() };
    assert_eq!(with(None).domain_of("a@news.example.org"), "news.example.org");
    for (domain, aligned) in [
        (None, true),
        (Some("example.org"), true),
        (Some("news.example.org"), true),
        (Some("ews.example.org"), false),
        (Some("example.com"), false),
        (Some("a.news.example.org"), false),
    ] {
        assert_eq!(with(domain).is_aligned("a@news.example.org"), aligned, "{domain:?}");
    }
}

proptest::proptest! {
    /// Whatever of it was hashed beforehand.
    #[test]
    fn a_body_has_one_hash(
        known in "([ab \\t]{0,3}\r\n|[ab \\t]{1,3}){0,5}",
        more in "([ab \\t]{0,3}\r\n){0,5}",
        follows: bool,
        cuts in proptest::array::uniform2(0_usize..20),
    ) {
        let body = if follows { format!("{known}{more}") } else { more };
        let expected = sha256(&canonical::body(body.as_bytes()));
        // And whatever of it is a piece.
        let (first, rest) = body.split_at(cuts[0].min(body.len()));
        let (middle, last) = rest.split_at(cuts[1].min(rest.len()));
        let (mut pieces, shared) = (Rope::from(first), [middle.into(), last.into()]);
        for piece in &shared {
            pieces.share(piece);
        }
        proptest::prop_assert_eq!(Shared::new(&known, shared.iter()).of(&pieces), expected);
    }
}

#[test]
fn records_are_what_verifiers_look_up() {
    let settings = settings();
    let record = settings.keys[0].record("example.org");
    assert!(record.starts_with("r1._domainkey.example.org. IN TXT ( \"v=DKIM1; h=sha256; k=rsa; p=MII"), "{record}");
    assert_eq!(record.matches('"').count(), 4, "longer than one string may be");
    assert!(settings.keys[1].value().starts_with("v=DKIM1; h=sha256; k=ed25519; p="));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    fs_err::write(&file, SigningKey::generate(Algorithm::Ed25519).unwrap().to_pem().unwrap()).unwrap();
    for (mode, fine) in [(0o644, false), (0o640, false), (0o604, false), (0o600, true), (0o400, true)] {
        fs_err::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let read = Key::read("s1", &file);
        assert_eq!(read.is_ok(), fine, "{mode:o}");
        if let Err(why) = read {
            assert!(why.contains("chmod 600"), "{why}");
        }
    }
    assert!(Key::read("S 1", &file).is_err());
}
