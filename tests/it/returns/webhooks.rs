//! What mail services tell, signed by keys of the test's own.

use std::process::Command;

use postrider::http::webhooks::{Reach, Settings as Webhooks};
use postrider::store::Source;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::support::{peers, smtp};
use crate::web::harness::Server;

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:bounces";
const CERTIFICATE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem";

fn openssl(folder: &Path, arguments: &str, input: &[u8]) -> Vec<u8> {
    let output = folder.join("output");
    let words: Vec<String> =
        arguments.split(' ').map(|word| word.replace("OUT", &output.display().to_string())).collect();
    peers::run(Command::new("openssl").current_dir(folder).args(words), input);
    fs_err::read(&output).unwrap_or_default()
}

fn base64(folder: &Path, bytes: &[u8]) -> String {
    fs_err::write(folder.join("plain"), bytes).unwrap();
    String::from_utf8(openssl(folder, "base64 -A -in plain -out OUT", b"")).unwrap().trim().to_owned()
}

/// A web server with readers whose mail was handed over.
async fn web(webhooks: Webhooks) -> (Server, Harbour) {
    let harbour = Harbour::new(&["kim@example.com", "lee@example.com"]).await;
    let server = Server::with_webhooks(harbour.store.clone(), webhooks).await;
    (server, harbour)
}

fn hmac(key: &str, text: &str, folder: &Path) -> String {
    fs_err::write(folder.join("text"), text).unwrap();
    let said = openssl(folder, &format!("dgst -sha256 -hmac {key} -r -out OUT text"), b"");
    String::from_utf8(said).unwrap().split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_not_configured_is_not_there() {
    let (server, harbour) = web(Webhooks::default()).await;
    let before = harbour.rows().await;
    for service in ["ses", "postmark", "mailgun", "sendgrid", "other"] {
        let path = format!("/hooks/{service}");
        assert!(matches!(server.ask("POST", &path, &[], "{}").await.status, 404 | 405), "{service}");
        assert!(matches!(server.get(&path).await.status, 404 | 405), "{service}");
    }
    assert_eq!(harbour.rows().await, before);
}

#[tokio::test]
async fn mailgun() {
    let folder = tempfile::tempdir().unwrap();
    let (server, harbour) = web(Webhooks { mailgun: Some("signing-key".into()), ..Webhooks::default() }).await;
    let now = server.now().timestamp();
    let body = |key: &str, timestamp: i64, token: &str, event: Value| {
        let signature = hmac(key, &format!("{timestamp}{token}"), folder.path());
        json!({ "signature": { "timestamp": timestamp.to_string(), "token": token, "signature": signature }, "event-data": event })
            .to_string()
    };
    let post = async |body: String| server.ask("POST", "/hooks/mailgun", &[], &body).await.status;
    let failed = |id: &str| {
        json!({ "event": "failed", "severity": "permanent", "id": id, "recipient": "Kim@Example.com", "reason": "bounce",
            "delivery-status": { "code": 550, "message": "5.1.1 no such user" }, "something": "new" })
    };
    let before = harbour.rows().await;
    for (what, body) in [
        ("another key", body("other-key", now, "t1", failed("e1"))),
        ("too old", body("signing-key", now - 301, "t1", failed("e1"))),
        ("from the future", body("signing-key", now + 360, "t1", failed("e1"))),
        ("no signature", json!({ "event-data": failed("e1") }).to_string()),
        ("no JSON", "event=failed".to_owned()),
        ("nothing", String::new()),
    ] {
        assert_eq!(post(body).await, 401, "{what}");
    }
    assert_eq!(harbour.rows().await, before);
    assert_eq!(harbour.returned("mailgun", "unsigned").await, 6);

    assert_eq!(post(body("signing-key", now, "t1", failed("e1"))).await, 200);
    // Told again it is the same; the same token for something else was stolen.
    assert_eq!(post(body("signing-key", now, "t2", failed("e1"))).await, 200);
    assert_eq!(post(body("signing-key", now, "t1", failed("e2"))).await, 401);
    let rows = harbour.store.bounces("kim@example.com", 9).await.unwrap();
    assert_eq!((rows.len(), rows[0].kind.as_str(), rows[0].reason.as_str()), (1, "hard", "user-unknown"));
    assert_eq!(harbour.returned("mailgun", "known").await, 1);
    assert_eq!(harbour.suppressed("kim@example.com").await, None);

    let complained = json!({ "event": "complained", "id": "e3", "recipient": "kim@example.com" });
    assert_eq!(post(body("signing-key", now, "t3", complained)).await, 200);
    assert_eq!(harbour.suppressed("kim@example.com").await.as_deref(), Some("complaint"));
    let left = json!({ "event": "unsubscribed", "id": "e4", "recipient": "lee@example.com" });
    assert_eq!(post(body("signing-key", now, "t4", left)).await, 200);
    assert_eq!(harbour.returned("mailgun", "unsubscribed").await, 1);
    // Somebody else's reader, on a shared account.
    let stranger = json!({ "event": "complained", "id": "e5", "recipient": "stranger@example.com" });
    assert_eq!(post(body("signing-key", now, "t5", stranger)).await, 200);
    assert_eq!(harbour.returned("mailgun", "nobody").await, 1);
    let metrics = server.get("/metrics").await.body;
    for line in [
        "postrider_bounces{kind=\"complaint\",reason=\"complaint\"} 1",
        "postrider_bounces{kind=\"hard\",reason=\"user-unknown\"} 1",
        "postrider_returned_total{source=\"mailgun\",became=\"unsigned\"} 7",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn a_notice_is_forgotten_only_when_the_store_has_it() {
    use sqlx::Connection as _;
    let login = Some("postrider:secret".to_owned());
    let (server, harbour) = web(Webhooks { postmark: login, ..Webhooks::default() }).await;
    let body =
        json!({ "RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "Email": "kim@example.com" }).to_string();
    let right = ("authorization", "Basic cG9zdHJpZGVyOnNlY3JldA==");
    for wrong in [&[][..], &[("authorization", "Basic cG9zdHJpZGVyOnNlY3JldB==")], &[("authorization", "Bearer x")]] {
        assert_eq!(server.ask("POST", "/hooks/postmark", wrong, &body).await.status, 401);
    }
    let mut connection = sqlx::SqliteConnection::connect(&databases::sqlite(harbour.folder.path())).await.unwrap();
    sqlx::query("alter table bounces rename to gone").execute(&mut connection).await.unwrap();
    assert_eq!(server.ask("POST", "/hooks/postmark", &[right], &body).await.status, 500);
    sqlx::query("alter table gone rename to bounces").execute(&mut connection).await.unwrap();
    for _ in 0..2 {
        assert_eq!(server.ask("POST", "/hooks/postmark", &[right], &body).await.status, 200);
    }
    assert_eq!(harbour.store.bounces("kim@example.com", 9).await.unwrap().len(), 1);
    let large = "x".repeat(2 << 20);
    assert_eq!(server.ask("POST", "/hooks/postmark", &[right], &large).await.status, 413);
}

#[tokio::test]
async fn sendgrid() {
    let folder = tempfile::tempdir().unwrap();
    openssl(folder.path(), "ecparam -name prime256v1 -genkey -noout -out key.pem", b"");
    let key = base64(folder.path(), &openssl(folder.path(), "ec -in key.pem -pubout -outform DER -out OUT", b""));
    let (server, harbour) = web(Webhooks { sendgrid: Some(key), ..Webhooks::default() }).await;
    let now = server.now().timestamp();
    let row = harbour.store.deliveries(None, Some("kim@example.com"), None, 1).await.unwrap().remove(0);
    let events = json!([
        { "event": "bounce", "type": "bounce", "sg_event_id": "e1", "email": "kim@example.com", "status": "5.1.1",
          "reason": "550 5.1.1 unknown", "smtp-id": format!("<{}@harbour.example.org>", row.id) },
        { "event": "spamreport", "sg_event_id": "e2", "email": "lee@example.com" },
        { "event": "delivered", "sg_event_id": "e3", "email": "lee@example.com" },
        { "event": "open", "email": "lee@example.com" },
    ])
    .to_string();
    let post = async |timestamp: i64, signed: &str, body: &str| {
        fs_err::write(folder.path().join("text"), format!("{timestamp}{signed}")).unwrap();
        let signature = openssl(folder.path(), "dgst -sha256 -sign key.pem -out OUT text", b"");
        let (signature, timestamp) = (base64(folder.path(), &signature), timestamp.to_string());
        let headers = [
            ("x-twilio-email-event-webhook-signature", signature.as_str()),
            ("x-twilio-email-event-webhook-timestamp", timestamp.as_str()),
        ];
        server.ask("POST", "/hooks/sendgrid", &headers, body).await.status
    };
    let before = harbour.rows().await;
    assert_eq!(server.ask("POST", "/hooks/sendgrid", &[], &events).await.status, 401);
    assert_eq!(post(now, &events, &events.replace("kim", "lee")).await, 401);
    assert_eq!(post(now - 360, &events, &events).await, 401);
    assert_eq!(harbour.rows().await, before);
    for _ in 0..2 {
        assert_eq!(post(now, &events, &events).await, 200);
    }
    let rows = harbour.store.bounces("kim@example.com", 9).await.unwrap();
    assert_eq!((rows.len(), rows[0].delivery.as_str()), (1, row.id.as_str()));
    assert_eq!(harbour.suppressed("lee@example.com").await.as_deref(), Some("complaint"));
}

/// Amazon's server: gives the certificate, counts who asks for what.
async fn amazon(folder: &Path, pem: Vec<u8>) -> (std::net::SocketAddr, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&asked);
    let acceptor = smtp::acceptor_of(&folder.join("amazon"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            seen.lock().unwrap().push(request.lines().next().unwrap().to_owned());
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", pem.len());
            stream.write_all(&[head.as_bytes(), &pem].concat()).await.unwrap();
            let _ = stream.shutdown().await;
        }
    });
    (address, asked)
}

/// An authority, and what it signs for the name of Amazon's server: `amazon.pem`. Gives the authority's certificate.
fn certify(folder: &Path) -> String {
    fs_err::write(folder.join("leaf"), "subjectAltName=DNS:sns.eu-west-1.amazonaws.com\n").unwrap();
    for step in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=authority",
        "req -newkey rsa:2048 -nodes -keyout amazon.key -out amazon.csr -subj /CN=amazon",
        "x509 -req -in amazon.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf -out amazon.pem",
    ] {
        openssl(folder, step, b"");
    }
    fs_err::read_to_string(folder.join("ca.pem")).unwrap()
}

#[tokio::test]
async fn ses() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out OUT -days 30 -subj /CN=sns.amazonaws.com";
    let pem = openssl(folder.path(), certificate, b"");
    let trusted = certify(folder.path());
    let (address, asked) = amazon(folder.path(), pem).await;
    let amazon = Reach { at: Some(address), trusted: Some(trusted) };
    let (server, harbour) = web(Webhooks { ses: vec![TOPIC.into()], amazon, ..Webhooks::default() }).await;
    let signed = |version: &str, message: &Value, topic: &str| {
        let fields = [
            ("Message", message.to_string()),
            ("MessageId", "m".into()),
            ("Timestamp", "2026-11-02T09:05:00.000Z".into()),
        ];
        let fields = fields.into_iter().chain([("TopicArn", topic.to_owned()), ("Type", "Notification".into())]);
        let fields: Vec<(&str, String)> = fields.collect();
        let text: String = fields.iter().flat_map(|(name, value)| [*name, "\n", value.as_str(), "\n"]).collect();
        fs_err::write(folder.path().join("text"), text).unwrap();
        let hash = if version == "1" { "sha1" } else { "sha256" };
        let signature = openssl(folder.path(), &format!("dgst -{hash} -sign key.pem -out OUT text"), b"");
        let mut body = json!({ "SignatureVersion": version, "Signature": base64(folder.path(), &signature),
            "SigningCertURL": CERTIFICATE, "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?x" });
        for (name, value) in fields {
            body[name] = value.into();
        }
        body
    };
    let post = async |body: &Value| server.ask("POST", "/hooks/ses", &[], &body.to_string()).await.status;
    let sender = harbour.return_address("kim@example.com").await;
    let bounce = json!({
        "notificationType": "Bounce",
        "bounce": { "bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "f1", "bouncedRecipients": [
            { "emailAddress": "kim@example.com", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown" } ] },
        "mail": { "source": sender },
    });
    let before = harbour.rows().await;
    let good = signed("2", &bounce, TOPIC);
    // Nobody is asked for a certificate that is not Amazon's, or for a topic that is not ours.
    for (name, value) in [
        ("SigningCertURL", "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem"),
        ("SigningCertURL", "http://169.254.169.254/a.pem"),
        ("TopicArn", "arn:aws:sns:eu-west-1:123456789012:others"),
    ] {
        let mut body = good.clone();
        body[name] = value.into();
        assert_eq!(post(&body).await, 401, "{name}");
    }
    assert!(asked.lock().unwrap().is_empty());
    for (name, value) in [
        ("Message", good["Message"].as_str().unwrap().replace("kim@", "lee@")),
        ("Signature", "AAAA".into()),
        ("Signature", String::new()),
        ("SignatureVersion", "3".into()),
        ("Type", "SubscriptionConfirmation".into()),
    ] {
        let mut body = good.clone();
        body[name] = value.into();
        assert_eq!(post(&body).await, 401, "{name}");
    }
    assert_eq!(harbour.rows().await, before);
    for version in ["2", "1", "2"] {
        assert_eq!(post(&signed(version, &bounce, TOPIC)).await, 200, "{version}");
    }
    // The certificate was fetched once.
    assert_eq!(*asked.lock().unwrap(), ["GET /SimpleNotificationService-0123.pem HTTP/1.0"]);
    assert_eq!(harbour.store.bounces("kim@example.com", 9).await.unwrap().len(), 1);
    assert_eq!(harbour.returned(Source::Ses.as_str(), "known").await, 2);

    // A topic that asks is answered; one that asks for an address elsewhere is not.
    let asks = |address: &str| {
        let fields = [
            ("Message", "You have chosen to subscribe"),
            ("MessageId", "m"),
            ("SubscribeURL", address),
            ("Timestamp", "t"),
            ("Token", "k"),
            ("TopicArn", TOPIC),
            ("Type", "SubscriptionConfirmation"),
        ];
        let text: String = fields.iter().flat_map(|(name, value)| [*name, "\n", *value, "\n"]).collect();
        fs_err::write(folder.path().join("text"), text).unwrap();
        let signature = openssl(folder.path(), "dgst -sha256 -sign key.pem -out OUT text", b"");
        let mut body = json!({ "SignatureVersion": "2", "Signature": base64(folder.path(), &signature), "SigningCertURL": CERTIFICATE });
        for (name, value) in fields {
            body[name] = value.into();
        }
        body
    };
    assert_eq!(post(&asks("https://evil.example/confirm")).await, 400);
    assert_eq!(post(&asks("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=k")).await, 200);
    assert_eq!(asked.lock().unwrap().last().unwrap(), "GET /?Action=ConfirmSubscription&Token=k HTTP/1.0");
}
