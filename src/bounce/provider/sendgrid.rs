//! SendGrid's event webhook: a JSON array, signed with ECDSA over P-256 and SHA-256: the timestamp's header and the body.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Doubt, Notice, bare, bounce, is_fresh, text};
use crate::bounce::{Reason, What};
use crate::crypto;

/// The notices of a request. `key`: the verification key as SendGrid shows it (base64 of DER); `signature` and `timestamp`:
/// of the headers `X-Twilio-Email-Event-Webhook-*`.
pub fn read(
    key: &str,
    signature: &str,
    timestamp: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Vec<Notice>, Doubt> {
    let key = crypto::from_base64(key).ok_or(Doubt::Unsigned)?;
    let signature = crypto::from_base64(signature).ok_or(Doubt::Unsigned)?;
    let signed = [timestamp.as_bytes(), body].concat();
    if !crypto::is_signed_by_p256(&key, &signed, &signature) {
        return Err(Doubt::Unsigned);
    }
    if !is_fresh(timestamp, now) {
        return Err(Doubt::Stale);
    }
    let events: Vec<Value> = serde_json::from_slice(body).map_err(|_| Doubt::Malformed)?;
    // An event without a name or an address (a test of theirs) is nobody's.
    Ok(events.iter().filter_map(notice).collect())
}

fn notice(event: &Value) -> Option<Notice> {
    let (id, address) = (text(event, "/sg_event_id"), text(event, "/email"));
    (!id.is_empty() && !address.is_empty()).then(|| Notice {
        id: format!("sendgrid:{id}"),
        address: address.to_owned(),
        sender: None,
        message_id: bare(text(event, "/smtp-id")),
        what: what(event),
    })
}

fn what(event: &Value) -> What {
    let words = [text(event, "/reason"), text(event, "/response")].join(" ");
    match (text(event, "/event"), text(event, "/type")) {
        ("bounce", "blocked") => bounce(text(event, "/status"), &words, false, Reason::Policy),
        ("bounce", _) => bounce(text(event, "/status"), &words, true, Reason::Unknown),
        ("deferred", _) => What::Delayed,
        ("spamreport", _) => What::Complaint,
        ("unsubscribe" | "group_unsubscribe", _) => What::Unsubscribe,
        ("delivered", _) => What::Arrived,
        // `dropped` repeats what was told before: the address is on SendGrid's own list.
        _ => What::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events() {
        let of = |event: &str, kind: &str, status: &str, reason: &str| {
            let event = serde_json::json!({ "event": event, "type": kind, "status": status, "reason": reason,
                "sg_event_id": "e", "email": "a@example.org", "smtp-id": "<m@example.org>" });
            match notice(&event).unwrap().what {
                What::Bounce(bounce) => format!("{:?}", bounce.reason),
                what => format!("{what:?}"),
            }
        };
        assert_eq!(of("bounce", "bounce", "5.1.1", "550 5.1.1 user unknown"), "UserUnknown");
        assert_eq!(of("bounce", "bounce", "5.0.0", "no words"), "Unknown");
        assert_eq!(of("bounce", "blocked", "5.1.1", "550 5.1.1 user unknown"), "Unknown");
        assert_eq!(of("bounce", "blocked", "5.7.1", "550 blocked"), "Policy");
        assert_eq!(of("dropped", "", "", "Bounced Address"), "Other");
        assert_eq!(of("deferred", "", "", ""), "Delayed");
        assert_eq!(of("spamreport", "", "", ""), "Complaint");
        assert_eq!(of("group_unsubscribe", "", "", ""), "Unsubscribe");
        assert_eq!(of("open", "", "", ""), "Other");
        assert_eq!(notice(&serde_json::json!({ "event": "bounce" })), None);
    }

    #[test]
    fn nothing_unsigned_is_read() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for key in ["", "AAAA", "not base64"] {
            assert_eq!(read(key, "AAAA", "1790000000", b"[]", now), Err(Doubt::Unsigned));
        }
    }
}
