//! Mailgun: JSON with a `signature` (HMAC-SHA-256 in hexadecimal of timestamp and token) beside `event-data`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Doubt, Notice, bare, bounce, is_fresh, text};
use crate::bounce::{Reason, What};
use crate::crypto::{self, Key};

/// The notices of a request's `body`, and the token that it may be sent with once. `key`: the webhook signing key.
pub fn read(key: &Key, body: &[u8], now: DateTime<Utc>) -> Result<(String, Vec<Notice>), Doubt> {
    // The proof is inside the JSON: it alone is looked at before it holds.
    let body: Value = serde_json::from_slice(body).map_err(|_| Doubt::Unsigned)?;
    let (timestamp, token) = (text(&body, "/signature/timestamp"), text(&body, "/signature/token"));
    let right = crypto::hex(&crypto::mac(key, format!("{timestamp}{token}").as_bytes()));
    if token.is_empty() || !crypto::same(right.as_bytes(), text(&body, "/signature/signature").as_bytes()) {
        return Err(Doubt::Unsigned);
    }
    if !is_fresh(timestamp, now) {
        return Err(Doubt::Stale);
    }
    let event = body.get("event-data").ok_or(Doubt::Malformed)?;
    let (id, address) = (text(event, "/id"), text(event, "/recipient"));
    if id.is_empty() || address.is_empty() {
        return Err(Doubt::Malformed);
    }
    let notice = Notice {
        id: format!("mailgun:{id}"),
        address: address.to_owned(),
        sender: None,
        message_id: bare(text(event, "/message/headers/message-id")),
        what: what(event),
    };
    Ok((token.to_owned(), vec![notice]))
}

fn what(event: &Value) -> What {
    let status = event.get("delivery-status").unwrap_or(&Value::Null);
    let code = status.get("code").and_then(Value::as_i64).unwrap_or_default();
    let words = [text(status, "/message"), text(status, "/description")].join(" ");
    let reason = text(event, "/reason");
    match (text(event, "/event"), text(event, "/severity")) {
        ("failed", _) if reason.starts_with("suppress-") || (605..=607).contains(&code) => What::Other,
        ("failed", "permanent") if reason == "old" => bounce("4.4.7", &words, false, Reason::Expired),
        ("failed", "permanent") => {
            bounce(text(status, "/enhanced-code"), &format!("{code} {words}"), true, Reason::Unknown)
        }
        ("failed", _) => What::Delayed,
        ("complained", _) => What::Complaint,
        ("unsubscribed", _) => What::Unsubscribe,
        ("delivered", _) => What::Arrived,
        _ => What::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn signed(key: &Key, timestamp: i64, event: &Value) -> Vec<u8> {
        let token = "0123456789abcdef";
        let signature = crypto::hex(&crypto::mac(key, format!("{timestamp}{token}").as_bytes()));
        serde_json::json!({
            "signature": { "timestamp": timestamp.to_string(), "token": token, "signature": signature },
            "event-data": event,
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn believes_only_what_is_signed_and_fresh() {
        let (key, now) = (Key::new(b"signing key"), DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        let event = serde_json::json!({ "event": "complained", "id": "e1", "recipient": "a@example.org" });
        let at = |seconds: i64| {
            read(&key, &signed(&key, now.timestamp() + seconds, &event), now).map(|(_, n)| n[0].what.clone())
        };
        assert_eq!(at(0), Ok(What::Complaint));
        assert_eq!(at(-300), Ok(What::Complaint));
        assert_eq!(at(-301), Err(Doubt::Stale));
        assert_eq!(read(&Key::new(b"other"), &signed(&key, now.timestamp(), &event), now), Err(Doubt::Unsigned));
        for junk in [&b""[..], b"{}", b"[1]", b"\xff"] {
            assert_eq!(read(&key, junk, now), Err(Doubt::Unsigned));
        }
        assert_eq!(read(&key, &signed(&key, now.timestamp(), &Value::Null), now), Err(Doubt::Malformed));
    }

    #[test]
    fn events() {
        let key = Key::new(b"k");
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let of = |event: Value| {
            let mut event = event;
            event["id"] = "x".into();
            event["recipient"] = "a@example.org".into();
            event["message"] = serde_json::json!({ "headers": { "message-id": "<m@example.org>" } });
            let (_, notices) = read(&key, &signed(&key, now.timestamp(), &event), now).unwrap();
            assert_eq!(notices[0].message_id.as_deref(), Some("m@example.org"));
            match &notices[0].what {
                What::Bounce(bounce) => format!("{:?}", bounce.reason),
                what => format!("{what:?}"),
            }
        };
        let failed = |severity: &str, reason: &str, code: i64, message: &str| {
            of(serde_json::json!({ "event": "failed", "severity": severity, "reason": reason,
                "delivery-status": { "code": code, "message": message, "description": "" } }))
        };
        assert_eq!(failed("permanent", "bounce", 550, "5.1.1 The email account does not exist"), "UserUnknown");
        assert_eq!(failed("permanent", "bounce", 552, "5.2.2 mailbox full"), "MailboxFull");
        assert_eq!(failed("permanent", "generic", 554, "5.7.1 blocked"), "Policy");
        assert_eq!(failed("permanent", "old", 602, "Too old"), "Expired");
        assert_eq!(
            failed("permanent", "suppress-bounce", 605, "Not delivering to previously bounced address"),
            "Other"
        );
        assert_eq!(failed("temporary", "generic", 451, "4.7.1 try later"), "Delayed");
        assert_eq!(of(serde_json::json!({ "event": "delivered" })), "Arrived");
        assert_eq!(of(serde_json::json!({ "event": "unsubscribed" })), "Unsubscribe");
        assert_eq!(of(serde_json::json!({ "event": "opened" })), "Other");
    }
}
