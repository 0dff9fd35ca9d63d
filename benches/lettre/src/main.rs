//! Mails of 30 kB made by lettre's builder and signed by lettre's DKIM, for each second of one processor.

use std::process::Command;
use std::time::Duration;

use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
};
use lettre::message::{Message, MultiPart, header::HeaderName};

const MAILS: u32 = 500;
const SENTENCE: &str = "Boats came in before dawn, and the keeper wrote a letter to everybody who had asked for one. ";

fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    Duration::from_nanos(text.split(' ').next().and_then(|text| text.parse().ok()).expect("a number"))
}

fn config(algorithm: DkimSigningAlgorithm) -> DkimConfig {
    let key = match algorithm {
        DkimSigningAlgorithm::Rsa => {
            let made = Command::new("openssl").args(["genrsa", "-traditional", "2048"]).output().expect("openssl");
            String::from_utf8(made.stdout).expect("PEM")
        }
        DkimSigningAlgorithm::Ed25519 => "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned(),
    };
    let key = DkimSigningKey::new(&key, algorithm).expect("a key");
    let headers = ["From", "To", "Subject", "Date", "Message-ID"];
    let headers = headers.into_iter().map(HeaderName::new_from_ascii_str).collect();
    let relaxed =
        DkimCanonicalization { header: DkimCanonicalizationType::Relaxed, body: DkimCanonicalizationType::Relaxed };
    DkimConfig::new("s1".to_owned(), "example.org".to_owned(), key, headers, relaxed)
}

fn main() {
    let (text, html) = (SENTENCE.repeat(55), format!("<p>{}</p>\n", SENTENCE.repeat(2)).repeat(115));
    let ways = [
        ("unsigned", None),
        ("Ed25519", Some(config(DkimSigningAlgorithm::Ed25519))),
        ("RSA-2048", Some(config(DkimSigningAlgorithm::Rsa))),
    ];
    for (name, config) in ways {
        let begun = processor_time();
        let mut octets = 0;
        for number in 0..MAILS {
            let mut mail = Message::builder()
                .from("Weekly <weekly@example.org>".parse().expect("a mailbox"))
                .to(format!("reader{number}@example.net").parse().expect("a mailbox"))
                .message_id(Some(format!("<{number}@example.org>")))
                .subject("News from the harbour")
                .multipart(MultiPart::alternative_plain_html(format!("{text}{number}\n"), format!("{html}{number}\n")))
                .expect("a mail");
            if let Some(config) = &config {
                mail.sign(config);
            }
            octets = mail.formatted().len();
        }
        let rate = f64::from(MAILS) / (processor_time() - begun).as_secs_f64();
        println!("lettre, {name:9} {rate:8.0} mails of {octets} octets for each second of a processor");
    }
}
