//! Postmark: JSON, with a user and password in the webhook's address (HTTP's basic authentication) for a proof.

use serde_json::Value;

use super::{Doubt, Notice, bounce, text};
use crate::bounce::{Reason, What};
use crate::crypto;

/// Does the header `Authorization` prove that it is Postmark? `login`: `user:password`.
pub fn is_proven(login: &str, authorization: &str) -> bool {
    let given = authorization.strip_prefix("Basic ").and_then(|given| crypto::from_base64(given.trim()));
    given.is_some_and(|given| crypto::same(&given, login.as_bytes()))
}

/// The notices of a request that [`is_proven`].
pub fn read(body: &[u8]) -> Result<Vec<Notice>, Doubt> {
    let record: Value = serde_json::from_slice(body).map_err(|_| Doubt::Malformed)?;
    let kind = text(&record, "/RecordType");
    let (address, id) = match kind {
        "Bounce" | "SpamComplaint" => {
            (text(&record, "/Email"), record.get("ID").map(Value::to_string).unwrap_or_default())
        }
        // Streams for many readers have no other word of bounces.
        "SubscriptionChange" => {
            let told = ["/Recipient", "/ChangedAt", "/SuppressionReason"].map(|path| text(&record, path)).join(":");
            (text(&record, "/Recipient"), crypto::sha256_hex(told.as_bytes()))
        }
        _ => return Ok(Vec::new()),
    };
    if id.is_empty() || address.is_empty() {
        return Err(Doubt::Malformed);
    }
    let (id, address) = (format!("postmark:{id}"), address.to_owned());
    Ok(vec![Notice { id, address, sender: None, message_id: None, what: what(kind, &record) }])
}

fn what(kind: &str, record: &Value) -> What {
    let words = [text(record, "/Details"), text(record, "/Description")].join(" ");
    let known = |reason| What::Bounce(crate::bounce::Bounce { reason, status: String::new(), text: words.clone() });
    if kind == "SubscriptionChange" {
        let suppresses = record.get("SuppressSending").and_then(Value::as_bool).unwrap_or_default();
        return match (suppresses, text(record, "/SuppressionReason"), text(record, "/Origin")) {
            (true, "HardBounce", _) => known(Reason::UserUnknown),
            (true, "SpamComplaint", _) => What::Complaint,
            (true, "ManualSuppression", "Recipient") => What::Unsubscribe,
            _ => What::Other,
        };
    }
    match text(record, "/Type") {
        "HardBounce" | "BadEmailAddress" => bounce("", &words, true, Reason::UserUnknown),
        "SoftBounce" | "Unknown" | "Undeliverable" => bounce("", &words, false, Reason::Unknown),
        "DnsError" => known(Reason::NoHost),
        "SpamNotification" | "Blocked" | "DMARCPolicy" => known(Reason::Policy),
        "VirusNotification" => known(Reason::Content),
        "SpamComplaint" => What::Complaint,
        "Unsubscribe" => What::Unsubscribe,
        "AutoResponder" | "AddressChange" | "ChallengeVerification" | "OpenRelayTest" => What::AutoReply,
        "Transient" => What::Delayed,
        _ => What::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_with_the_password() {
        assert!(is_proven("user:secret", "Basic dXNlcjpzZWNyZXQ="));
        for wrong in ["", "Basic ", "Basic dXNlcjpzZWNyZXR=", "Bearer dXNlcjpzZWNyZXQ=", "Basic dXNlcjpzZWNyZQ=="] {
            assert!(!is_proven("user:secret", wrong), "{wrong}");
        }
    }

    #[test]
    fn records() {
        let of = |record: &str| {
            let notices = read(record.as_bytes()).unwrap();
            notices.first().map_or_else(String::new, |notice| match &notice.what {
                What::Bounce(bounce) => format!("{} {:?}", notice.address, bounce.reason),
                what => format!("{} {what:?}", notice.address),
            })
        };
        let bounced = |kind: &str, details: &str| {
            of(&format!(
                r#"{{"RecordType":"Bounce","ID":42,"Type":"{kind}","Email":"a@b.example","Details":"{details}","New":1}}"#
            ))
        };
        assert_eq!(bounced("HardBounce", "smtp;550 5.1.1 The email account does not exist"), "a@b.example UserUnknown");
        assert_eq!(bounced("HardBounce", ""), "a@b.example UserUnknown");
        assert_eq!(bounced("HardBounce", "smtp;552 5.2.2 over quota"), "a@b.example MailboxFull");
        assert_eq!(bounced("SoftBounce", "smtp;550 5.1.1 user unknown"), "a@b.example Unknown");
        assert_eq!(bounced("DnsError", ""), "a@b.example NoHost");
        assert_eq!(bounced("AutoResponder", ""), "a@b.example AutoReply");
        assert_eq!(bounced("Transient", ""), "a@b.example Delayed");
        assert_eq!(
            of(r#"{"RecordType":"SpamComplaint","ID":43,"Type":"SpamComplaint","Email":"a@b.example"}"#),
            "a@b.example Complaint"
        );
        let change = |reason: &str, origin: &str, on: bool| {
            of(&format!(
                r#"{{"RecordType":"SubscriptionChange","Recipient":"a@b.example","SuppressSending":{on},"SuppressionReason":"{reason}","Origin":"{origin}","ChangedAt":"2026-01-01T00:00:00Z"}}"#
            ))
        };
        assert_eq!(change("HardBounce", "System", true), "a@b.example UserUnknown");
        assert_eq!(change("ManualSuppression", "Recipient", true), "a@b.example Unsubscribe");
        assert_eq!(change("ManualSuppression", "Customer", true), "a@b.example Other");
        assert_eq!(change("HardBounce", "System", false), "a@b.example Other");
        assert_eq!(of(r#"{"RecordType":"Open","Recipient":"a@b.example"}"#), "");
        assert_eq!(read(b"{\"RecordType\":\"Bounce\"}"), Err(Doubt::Malformed));
        assert_eq!(read(b"no"), Err(Doubt::Malformed));
    }
}
