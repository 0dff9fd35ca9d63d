//! Amazon SES by way of SNS: an envelope in JSON, signed with RSA by a certificate at an address of Amazon's, and in its
//! `Message` the notice, in JSON again. Both of SES's forms are read: feedback notifications and event publishing.

use serde_json::Value;
use url::Url;

use super::{Doubt, Notice, bare, bounce, text};
use crate::bounce::{Reason, What};
use crate::crypto;

/// An envelope that is for one of our topics. Not proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where Amazon keeps the certificate of the signature.
    pub certificate: Url,
    body: Value,
}

/// What a proven envelope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Notices, maybe none.
    Notices(Vec<Notice>),
    /// The topic asks whether we want its notices: yes is a GET of this address.
    Subscribe(Url),
}

impl Envelope {
    /// Reads no more than where the proof is; `topics`: the ARNs that we listen to.
    pub fn open(body: &[u8], topics: &[String]) -> Result<Self, Doubt> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Doubt::Unsigned)?;
        let topic = text(&body, "/TopicArn");
        let certificate = text(&body, "/SigningCertURL");
        let is_pem = |url: &Url| url.path().rsplit_once('.').is_some_and(|(_, end)| end == "pem");
        let certificate = amazon(certificate).filter(is_pem).ok_or(Doubt::Unsigned)?;
        if !topics.iter().any(|known| known == topic) {
            return Err(Doubt::Unsigned);
        }
        Ok(Self { certificate, body })
    }

    /// The content, when the signature fits. `key`: the certificate's public key (DER of SubjectPublicKeyInfo).
    pub fn content(&self, key: &[u8]) -> Result<Content, Doubt> {
        let signature = crypto::from_base64(text(&self.body, "/Signature")).ok_or(Doubt::Unsigned)?;
        let signed = self.signed().ok_or(Doubt::Unsigned)?;
        let proven = match text(&self.body, "/SignatureVersion") {
            "1" => crypto::is_signed_by_rsa_sha1(key, signed.as_bytes(), &signature),
            "2" => crypto::is_signed_by_rsa(key, signed.as_bytes(), &signature),
            _ => false,
        };
        if !proven {
            return Err(Doubt::Unsigned);
        }
        match text(&self.body, "/Type") {
            "SubscriptionConfirmation" => {
                amazon(text(&self.body, "/SubscribeURL")).map(Content::Subscribe).ok_or(Doubt::Malformed)
            }
            "Notification" => {
                // SNS itself says in plain words that a topic was connected: no notice.
                let message = serde_json::from_str(text(&self.body, "/Message")).unwrap_or(Value::Null);
                Ok(Content::Notices(notices(&message)))
            }
            _ => Ok(Content::Notices(Vec::new())),
        }
    }

    /// The octets that are signed: these fields, in this order, each with its name, each on a line of its own.
    fn signed(&self) -> Option<String> {
        let fields: &[&str] = match text(&self.body, "/Type") {
            "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            }
            _ => return None,
        };
        let mut out = String::new();
        for name in fields {
            match self.body.get(*name).and_then(Value::as_str) {
                Some(value) => out.extend([*name, "\n", value, "\n"]),
                None if *name == "Subject" => {}
                None => return None,
            }
        }
        Some(out)
    }
}

/// An address of SNS: `https://sns.REGION.amazonaws.com/…`, and nothing that only looks like one.
fn amazon(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let region = host.strip_prefix("sns.")?;
    let region = region.strip_suffix(".amazonaws.com").or_else(|| region.strip_suffix(".amazonaws.com.cn"))?;
    let named = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let plain =
        url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none();
    (named && plain).then_some(url)
}

fn notices(message: &Value) -> Vec<Notice> {
    let kind = [text(message, "/notificationType"), text(message, "/eventType")].concat();
    let (body, recipients) = match kind.as_str() {
        "Bounce" => ("/bounce", "/bounce/bouncedRecipients"),
        "Complaint" => ("/complaint", "/complaint/complainedRecipients"),
        _ => return Vec::new(),
    };
    let body = message.pointer(body).unwrap_or(&Value::Null);
    let id = text(body, "/feedbackId");
    let recipients = message.pointer(recipients).and_then(Value::as_array).into_iter().flatten();
    recipients
        .filter(|recipient| !id.is_empty() && !text(recipient, "/emailAddress").is_empty())
        .map(|recipient| {
            let address = text(recipient, "/emailAddress").to_owned();
            Notice {
                id: format!("ses:{id}:{}", crypto::sha256_hex(address.as_bytes())),
                sender: Some(text(message, "/mail/source").to_owned()),
                message_id: bare(text(message, "/mail/commonHeaders/messageId")),
                what: if kind == "Bounce" { came_back(body, recipient) } else { What::Complaint },
                address,
            }
        })
        .collect()
}

fn came_back(body: &Value, recipient: &Value) -> What {
    let words = text(recipient, "/diagnosticCode");
    let words = words.split_once(';').map_or(words, |(_, words)| words);
    let (permanent, otherwise) = match (text(body, "/bounceType"), text(body, "/bounceSubType")) {
        // Also of the lists of addresses that SES keeps itself: it will not mail them, whatever we ask.
        ("Permanent", _) => (true, Reason::UserUnknown),
        (_, "MailboxFull") => (false, Reason::MailboxFull),
        (_, "MessageTooLarge") => (false, Reason::TooBig),
        (_, "ContentRejected" | "AttachmentRejected") => (false, Reason::Content),
        // Absence notes are among these.
        _ => (false, Reason::Unknown),
    };
    bounce(text(recipient, "/status"), words, permanent, otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_amazon() {
        for good in [
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
        ] {
            assert!(amazon(good).is_some(), "{good}");
        }
        for wrong in [
            "",
            "http://sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
            "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
            "https://x@sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.amazonaws.com/a.pem",
            "https://sns..amazonaws.com/a.pem",
            "https://sns.a.b.amazonaws.com/a.pem",
            "https://mybucket.s3.amazonaws.com/a.pem",
            "https://127.0.0.1/a.pem",
            "file:///etc/a.pem",
        ] {
            assert!(amazon(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_for_us_is_not_opened() {
        let topics = ["arn:aws:sns:eu-west-1:1:ours".to_owned()];
        let body = |topic: &str, address: &str| {
            serde_json::json!({ "TopicArn": topic, "SigningCertURL": address }).to_string().into_bytes()
        };
        let address = "https://sns.eu-west-1.amazonaws.com/a.pem";
        assert!(Envelope::open(&body(&topics[0], address), &topics).is_ok());
        assert_eq!(Envelope::open(&body("arn:aws:sns:eu-west-1:1:theirs", address), &topics), Err(Doubt::Unsigned));
        assert_eq!(Envelope::open(&body(&topics[0], "https://evil.example/a.pem"), &topics), Err(Doubt::Unsigned));
        assert_eq!(Envelope::open(b"{", &topics), Err(Doubt::Unsigned));
        let unsigned = Envelope::open(&body(&topics[0], address), &topics).unwrap();
        assert_eq!(unsigned.content(b"no key"), Err(Doubt::Unsigned));
    }

    #[test]
    fn bounces_of_several_readers() {
        let message = serde_json::json!({
            "notificationType": "Bounce",
            "bounce": {
                "bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "f1", "reportingMTA": "x", "new": 1,
                "bouncedRecipients": [
                    { "emailAddress": "a@example.org", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown" },
                    { "emailAddress": "b@example.org" },
                    { "emailAddress": "c@example.org", "status": "5.2.2", "diagnosticCode": "smtp; 552 5.2.2 over quota" },
                ],
            },
            "mail": { "source": "b+x@bounce.example.org", "commonHeaders": { "messageId": "<m@example.org>" } },
        });
        let found = notices(&message);
        let reasons: Vec<Reason> = found
            .iter()
            .map(|notice| if let What::Bounce(bounce) = &notice.what { bounce.reason } else { unreachable!("bounces") })
            .collect();
        assert_eq!(reasons, [Reason::UserUnknown, Reason::UserUnknown, Reason::MailboxFull]);
        assert_eq!(found[0].sender.as_deref(), Some("b+x@bounce.example.org"));
        assert_eq!(found[0].message_id.as_deref(), Some("m@example.org"));
        assert_ne!(found[0].id, found[1].id);

        let event = serde_json::json!({ "eventType": "Complaint", "complaint": { "feedbackId": "f2", "complaintFeedbackType": "abuse",
            "complainedRecipients": [{ "emailAddress": "a@example.org" }] } });
        assert_eq!(notices(&event)[0].what, What::Complaint);
        for nothing in [serde_json::json!({ "eventType": "Open" }), Value::Null, serde_json::json!([])] {
            assert!(notices(&nothing).is_empty());
        }
    }

    #[test]
    fn what_passes_is_never_hard() {
        let of = |kind: &str, sub: &str, status: &str, words: &str| {
            let body = serde_json::json!({ "bounceType": kind, "bounceSubType": sub });
            let recipient = serde_json::json!({ "status": status, "diagnosticCode": words });
            match came_back(&body, &recipient) {
                What::Bounce(bounce) => bounce.reason,
                what => unreachable!("{what:?}"),
            }
        };
        assert_eq!(of("Transient", "MailboxFull", "", ""), Reason::MailboxFull);
        assert_eq!(of("Transient", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"), Reason::Unknown);
        assert_eq!(of("Undetermined", "Undetermined", "", ""), Reason::Unknown);
        assert_eq!(
            of("Permanent", "OnAccountSuppressionList", "5.1.1", "Amazon SES did not send the message"),
            Reason::UserUnknown
        );
        assert_eq!(of("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 blocked"), Reason::Policy);
    }
}
