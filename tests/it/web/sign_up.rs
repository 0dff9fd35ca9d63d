//! `/subscribe`: what is taken, what is refused, and that nobody learns who reads.

use postrider::delivery::Kind;
use postrider::subscriber::{Address, State};

use super::harness::{FORM, Server, between, digest};

#[tokio::test]
async fn a_sign_up_is_a_row_and_a_mail() {
    let server = Server::start().await;
    let form = format!("{}&language=zh-CN&digest=weekly&address=Reader%40Example.ORG", server.stamped().await);
    let answer = server.post("/subscribe", &form).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("请查看您的邮箱"), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let reader = server.store.subscriber_by_address("reader@example.org").await.unwrap().expect("a row");
    assert_eq!((reader.language.as_deref(), reader.source.as_str()), (Some("zh-CN"), "form"));
    assert_eq!(reader.subscriptions[0].state, State::Unconfirmed);
    let mails = server.store.deliveries(None, None, None, 10).await.unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].kind, mails[0].digest.as_str()), (Kind::Confirmation, "weekly"));
}

#[tokio::test]
async fn a_static_form_of_the_owners_site_needs_an_address_only() {
    let server = Server::start().await;
    for (headers, status) in [
        (&[][..], 200),
        (&[("origin", "https://www.example.org")][..], 200),
        (&[("origin", "https://www.example.org"), ("sec-fetch-site", "cross-site")], 200),
        (&[("origin", "https://feeds.example.org"), ("sec-fetch-site", "same-origin")], 200),
        (&[("origin", "null"), ("sec-fetch-site", "same-origin")], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "https://www.example.org.evil.example")], 403),
        (&[("origin", "http://www.example.org")], 403),
        (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], 403),
        (&[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], 403),
        (&[("origin", "null"), ("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("origin", "null")], 403),
    ] {
        let address = format!("r{}@example.org", postrider::crypto::new_id());
        let headers: Vec<_> = headers.iter().copied().chain([FORM]).collect();
        let answer = server.ask("POST", "/subscribe", &headers, &format!("email={address}")).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(server.confirmations(&address).await, usize::from(status == 200), "{headers:?}");
    }
}

#[tokio::test]
async fn an_old_browser_that_hides_the_origin_needs_the_stamp() {
    let server = Server::start().await;
    let form = format!("{}&address=reader@example.org", server.stamped().await);
    assert_eq!(server.ask("POST", "/subscribe", &[FORM, ("origin", "null")], &form).await.status, 200);
}

#[tokio::test]
async fn whoever_signs_up_gets_the_same_bytes() {
    let server = Server::start().await;
    server.reader("confirmed@example.org").await;
    let left = server.reader("left@example.org").await;
    server.store.unsubscribe(&left.subscription, server.now()).await.unwrap();
    server.sign_up("pending@example.org").await;
    let never = Address::parse("never@example.org").unwrap();
    server.store.suppress(&never, "complaint", server.now()).await.unwrap();
    let before = server.store.deliveries(None, None, None, 100).await.unwrap().len();
    let fresh = server.post("/subscribe", "email=new@example.org").await;
    for known in ["confirmed", "pending", "never", "left"] {
        let answer = server.post("/subscribe", &format!("email={known}@example.org")).await;
        assert_eq!((answer.status, &answer.body), (fresh.status, &fresh.body), "{known}");
        let names = |answer: &super::harness::Answer| {
            let mut all: Vec<String> =
                answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
            all.retain(|line| !line.starts_with("date: "));
            all
        };
        assert_eq!(names(&answer), names(&fresh), "{known}");
    }
    assert_eq!(server.confirmations("confirmed@example.org").await, 1, "only the one of the beginning");
    assert_eq!(server.confirmations("pending@example.org").await, 1);
    assert_eq!(server.confirmations("never@example.org").await, 0);
    assert!(server.store.deliveries(None, None, None, 100).await.unwrap().len() > before);
}

#[tokio::test]
async fn what_cannot_be_taken_is_shown_again_with_the_reason() {
    let server = Server::with(vec![digest("weekly", "Weekly", true), digest("daily", "Daily", true)], |_| ()).await;
    for (form, reason) in [
        ("digest=weekly&address=", "Please say to which address."),
        ("digest=weekly", "Please say to which address."),
        ("digest=weekly&address=nobody", "This address cannot be used."),
        ("digest=weekly&address=a%40b%0d%0aBcc:x%40example.org", "This address cannot be used."),
        ("address=reader@example.org", "Please choose at least one."),
        ("digest=&address=reader@example.org", "Please choose at least one."),
        ("digest=monthly&address=reader@example.org", "does not exist here"),
        ("digest=weekly&digest=monthly&address=reader@example.org", "does not exist here"),
        ("stamp=forged&digest=weekly&address=reader@example.org", "open for a long time"),
    ] {
        let answer = server.post("/subscribe", form).await;
        assert_eq!(answer.status, 422, "{form}");
        assert!(answer.body.contains(reason), "{form}: {}", answer.body);
        assert!(answer.body.contains("role=\"alert\""), "{form}");
    }
    let again = server.post("/subscribe", "digest=daily&address=what+I%22typed").await.body;
    assert!(again.contains("value=\"what I&quot;typed\""), "{again}");
    assert!(again.contains("value=\"daily\" checked") && !again.contains("value=\"weekly\" checked"), "{again}");
    assert_eq!(server.rows().await, "[]\n[]\n[]");
}

#[tokio::test]
async fn a_hidden_digest_cannot_be_signed_up_for() {
    let server = Server::start().await;
    assert!(!server.get("/subscribe").await.body.contains("Inside"));
    assert_eq!(server.post("/subscribe", "digest=inside&email=reader@example.org").await.status, 422);
    assert_eq!(server.rows().await, "[]\n[]\n[]");
}

#[tokio::test]
async fn several_digests_at_once() {
    let server = Server::with(vec![digest("weekly", "Weekly", true), digest("daily", "Daily", true)], |_| ()).await;
    let form = "digest=weekly&digest=daily&digest=weekly&email=reader@example.org";
    assert_eq!(server.post("/subscribe", form).await.status, 200);
    let reader = server.store.subscriber_by_address("reader@example.org").await.unwrap().unwrap();
    let mut names: Vec<&str> = reader.subscriptions.iter().map(|tie| tie.digest.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["daily", "weekly"]);
}

#[tokio::test]
async fn programs_are_told_apart_from_people() {
    let server = Server::start().await;
    let page = server.get("/subscribe").await.body;
    let stamp = between(&page, "name=\"stamp\" value=\"", "\"").to_owned();
    let form = format!("stamp={stamp}&address=reader@example.org");
    let early = server.post("/subscribe", &form).await;
    assert_eq!(early.status, 422);
    assert!(early.body.contains("That was very quick") && early.body.contains(&stamp), "{}", early.body);
    // Who fills in everything is told what everybody is told.
    let trapped = server.post("/subscribe", &format!("{form}&homepage=https://spam.example")).await;
    assert_eq!(server.rows().await, "[]\n[]\n[]");
    server.pass(chrono::Duration::seconds(2));
    let taken = server.post("/subscribe", &form).await;
    assert_eq!((taken.status, &taken.body), (200, &trapped.body));
    assert_eq!(server.confirmations("reader@example.org").await, 1);
    server.pass(chrono::Duration::hours(24));
    let late = server.post("/subscribe", &form.replace("reader", "other")).await;
    assert!(late.status == 422 && late.body.contains("open for a long time") && !late.body.contains(&stamp));
}

#[tokio::test]
async fn a_neighbourhood_has_its_limit() {
    let server = Server::start().await;
    let count = async |client: &'static str, fields: &str, tries: usize| {
        let mut taken = 0;
        for _ in 0..tries {
            let form = format!("{fields}&email={}@example.org", postrider::crypto::new_id());
            let headers = [FORM, ("x-forwarded-for", client), ("accept-language", "en")];
            let answer = server.ask("POST", "/subscribe", &headers, &form).await;
            assert!(answer.status == 200 || (answer.status == 429 && answer.header("retry-after") == "3600"));
            taken += usize::from(answer.status == 200);
        }
        taken
    };
    assert_eq!(count("203.0.113.7", "", 15).await, 10);
    assert_eq!(count("203.0.113.8", "", 3).await, 0, "the same /24");
    assert_eq!(count("1.2.3.4, 203.0.113.9", "", 3).await, 0, "what the client itself typed counts for nothing");
    assert_eq!(count("2001:db8:1:1::1", "", 12).await, 10);
    assert_eq!(count("2001:db8:1:2::1", "", 3).await, 0, "the same /48");
    assert_eq!(count("198.51.100.7", "", 3).await, 3, "another neighbourhood");
    let stamp = server.stamped().await;
    assert_eq!(count("192.0.2.7", &stamp, 35).await, 30, "with a stamp");
    server.pass(chrono::Duration::hours(1));
    assert_eq!(count("203.0.113.7", "", 15).await, 10, "an hour later");
}

#[tokio::test]
async fn one_address_gets_one_confirmation_a_day_whoever_asks() {
    let server = Server::start().await;
    for number in 0..20 {
        let client = format!("10.1.{number}.1");
        let headers = [FORM, ("x-forwarded-for", client.as_str())];
        assert_eq!(server.ask("POST", "/subscribe", &headers, "email=victim@example.org").await.status, 200);
    }
    assert_eq!(server.confirmations("victim@example.org").await, 1);
}

#[tokio::test]
async fn forms_are_small_and_are_forms() {
    let server = Server::start().await;
    for size in [65, 1024, 4 * 1024] {
        let large = format!("email=reader@example.org&x={}", "x".repeat(size * 1024 - 100));
        assert_eq!(server.post("/subscribe", &large).await.status, 413, "{size} KiB");
    }
    let json = ("content-type", "application/json");
    assert_eq!(server.ask("POST", "/subscribe", &[json], "{}").await.status, 415);
    assert_eq!(server.rows().await, "[]\n[]\n[]");
    let multipart = [("content-type", "multipart/form-data; boundary=b")];
    let parts = "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nscript@example.org\r\n--b--\r\n";
    assert_eq!(server.ask("POST", "/subscribe", &multipart, parts).await.status, 200);
    assert_eq!(server.confirmations("script@example.org").await, 1);
    assert_eq!(server.ask("POST", "/subscribe", &[("content-type", "multipart/form-data")], parts).await.status, 400);
    let fits = format!("email=reader@example.org&x={}", "x".repeat(60 * 1024));
    assert_eq!(server.post("/subscribe", &fits).await.status, 200);
}

#[tokio::test]
async fn the_deliverer_is_rung() {
    let server = Server::start().await;
    let rung = server.mail_queued.notified();
    server.post("/subscribe", "email=reader@example.org").await;
    tokio::time::timeout(std::time::Duration::from_secs(5), rung).await.expect("rung");
}
