//! What the links in a mail lead to: a GET shows, a POST acts, one click is enough and is never wrong.

use postrider::subscriber::State;
use postrider::subscriber::token::Purpose;

use super::harness::{Answer, FORM, Server, digest};

async fn state(server: &Server, address: &str) -> State {
    server.store.subscriber_by_address(address).await.unwrap().expect("a reader").subscriptions[0].state
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let server = Server::start().await;
    let pending = server.sign_up("pending@example.org").await;
    let reader = server.reader("reader@example.org").await;
    server.issue("weekly", "2021-10-15T01:00:00Z", false, "Number 1").await;
    let before = server.rows().await;
    for path in [
        server.link(Purpose::Confirm, &pending.confirmation),
        server.link(Purpose::Confirm, &reader.confirmation),
        server.link(Purpose::Unsubscribe, &reader.subscription),
        server.link(Purpose::Preferences, &reader.subscriber),
        format!("{}?List-Unsubscribe=One-Click", server.link(Purpose::Unsubscribe, &reader.subscription)),
        format!("{}?leave=1&save=1", server.link(Purpose::Preferences, &reader.subscriber)),
        "/subscribe?email=new@example.org&digest=weekly".to_owned(),
        "/archive/weekly/".to_owned(),
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
            let answer = server.ask(method, &path, &[], "").await;
            assert_eq!(answer.status, if matches!(method, "GET" | "HEAD") { 200 } else { 405 }, "{method} {path}");
            assert_eq!(server.rows().await, before, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn from_sign_up_to_unsubscribed() {
    let server = Server::start().await;
    let claim = server.sign_up("reader@example.org").await;
    let confirm = server.link(Purpose::Confirm, &claim.confirmation);
    let page = server.get(&confirm).await;
    assert!(page.body.contains("r•••@example.org") && !page.body.contains("reader@example.org"), "{}", page.body);
    assert!(page.body.contains("<form method=\"post\"><button") && page.header("x-robots-tag") == "noindex");
    let done = server.post(&confirm, "").await;
    assert_eq!(done.status, 200);
    assert!(done.body.contains("You are subscribed"), "{}", done.body);
    assert_eq!(state(&server, "reader@example.org").await, State::Confirmed);
    for again in [server.get(&confirm).await, server.post(&confirm, "").await] {
        assert!(again.status == 200 && again.body.contains("Already confirmed"), "{}", again.body);
    }
    let unsubscribe = server.link(Purpose::Unsubscribe, &claim.subscription);
    assert!(server.get(&unsubscribe).await.body.contains("name=\"List-Unsubscribe\" value=\"One-Click\""));
    let left = server.post(&unsubscribe, "List-Unsubscribe=One-Click").await;
    assert!(left.status == 200 && left.body.contains("You are unsubscribed"), "{}", left.body);
    assert_eq!(state(&server, "reader@example.org").await, State::Unsubscribed);
    // The old link neither revives nor offers to.
    for again in [server.get(&confirm).await, server.post(&confirm, "").await] {
        assert!(again.status == 200 && again.body.contains("You have left since"), "{}", again.body);
    }
    assert_eq!(state(&server, "reader@example.org").await, State::Unsubscribed);
}

#[tokio::test]
async fn one_click_in_every_shape() {
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let shapes: [(&[(&str, &str)], &str); 6] = [
        (&[FORM], "List-Unsubscribe=One-Click"),
        (&[("content-type", "multipart/form-data; boundary=x")], multipart),
        (&[FORM, ("origin", "https://mail.example"), ("sec-fetch-site", "cross-site")], "List-Unsubscribe=One-Click"),
        (&[FORM, ("referer", "https://mail.example/"), ("cookie", "a=b")], "List-Unsubscribe=One-Click"),
        (&[("content-type", "text/plain")], "List-Unsubscribe=One-Click"),
        (&[], ""),
    ];
    let server = Server::start().await;
    for (number, (headers, body)) in shapes.into_iter().enumerate() {
        let address = format!("reader{number}@example.org");
        let claim = server.reader(&address).await;
        let link = server.link(Purpose::Unsubscribe, &claim.subscription);
        let mut last: Option<Answer> = None;
        for _ in 0..3 {
            let answer = server.ask("POST", &link, headers, body).await;
            assert_eq!((answer.status, answer.header("location")), (200, ""), "{headers:?}");
            assert_eq!(state(&server, &address).await, State::Unsubscribed, "{headers:?}");
            assert!(last.is_none_or(|last| last.body == answer.body), "a repeat is answered alike");
            last = Some(answer);
        }
    }
}

#[tokio::test]
async fn one_click_works_for_ever_and_for_readers_who_are_gone() {
    let server = Server::start().await;
    let claim = server.reader("reader@example.org").await;
    let link = server.link(Purpose::Unsubscribe, &claim.subscription);
    server.pass(chrono::Duration::days(3650));
    assert_eq!(server.post(&link, "List-Unsubscribe=One-Click").await.status, 200);
    assert_eq!(state(&server, "reader@example.org").await, State::Unsubscribed);
    assert!(server.store.erase("reader@example.org", server.now()).await.unwrap());
    assert_eq!(server.post(&link, "List-Unsubscribe=One-Click").await.status, 200);
    assert_eq!(server.get(&link).await.status, 404);
    assert!(server.store.subscriber_by_address("reader@example.org").await.unwrap().is_none());
}

#[tokio::test]
async fn a_token_opens_its_own_page_only() {
    let server = Server::start().await;
    let claim = server.reader("reader@example.org").await;
    let before = server.rows().await;
    let good = server.link(Purpose::Unsubscribe, &claim.subscription);
    let token = good.rsplit('/').next().unwrap();
    let (last, other) = if token.ends_with('A') { ('A', 'B') } else { (token.chars().last().unwrap(), 'A') };
    let forged = format!("{}{other}", token.trim_end_matches(last));
    for text in [
        &claim.subscription,
        &claim.subscriber,
        &forged,
        "",
        "%00",
        "%ff",
        "..%2f",
        &"x".repeat(5000),
        &format!("{token}x"),
    ] {
        for page in ["confirm", "unsubscribe", "preferences"] {
            let path = format!("/{page}/{text}");
            assert!(matches!(server.get(&path).await.status, 400 | 404), "{path}");
            let answer = server.post(&path, "List-Unsubscribe=One-Click&leave=1&save=1").await;
            assert!(matches!(answer.status, 400 | 404), "{path} {}", answer.status);
        }
    }
    for purpose in ["confirm", "preferences"] {
        assert_eq!(server.post(&format!("/{purpose}/{token}"), "leave=1").await.status, 404, "{purpose}");
    }
    assert_eq!(server.rows().await, before);
}

#[tokio::test]
async fn a_confirmation_lasts_three_days() {
    let server = Server::start().await;
    let claim = server.sign_up("reader@example.org").await;
    let link = server.link(Purpose::Confirm, &claim.confirmation);
    server.pass(chrono::Duration::hours(72) + chrono::Duration::seconds(1));
    for answer in [server.get(&link).await, server.post(&link, "").await] {
        assert!(answer.body.contains("This link is too old"), "{}", answer.body);
    }
    assert_eq!(state(&server, "reader@example.org").await, State::Unconfirmed);
}

#[tokio::test]
async fn preferences_leave_and_take_up_again() {
    let server = Server::with(vec![digest("weekly", "Weekly", true), digest("daily", "Daily", true)], |_| ()).await;
    server.post("/subscribe", "digest=weekly&digest=daily&email=reader@example.org").await;
    let claims = server.store.claim("test", 10, std::time::Duration::from_mins(10), server.now()).await.unwrap();
    let weekly = claims.iter().map(|claim| &claim.confirmation).collect::<Vec<_>>();
    for confirmation in weekly {
        server.store.confirm(confirmation, server.now()).await.unwrap();
    }
    let link = server.link(Purpose::Preferences, &claims[0].subscriber);
    let standing = async || {
        let reader = server.store.subscriber_by_address("reader@example.org").await.unwrap().unwrap();
        let mut all: Vec<_> = reader.subscriptions.iter().map(|tie| (tie.digest.clone(), tie.state)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.into_iter().map(|(_, state)| state).collect::<Vec<_>>()
    };
    let (yes, no) = (State::Confirmed, State::Unsubscribed);
    assert_eq!(standing().await, [yes, yes]);
    let page = server.get(&link).await.body;
    assert!(page.contains("r•••@example.org") && !page.contains("reader@example.org"), "{page}");
    for (form, after) in [
        ("", [yes, yes]),
        ("digest=daily", [yes, yes]),
        ("save=1&digest=daily", [yes, no]),
        ("save=1&digest=daily&digest=weekly&digest=unknown", [yes, yes]),
        ("save=1", [no, no]),
        ("save=1&digest=weekly", [no, yes]),
        ("leave=1&digest=weekly", [no, no]),
        ("leave=1", [no, no]),
    ] {
        let answer = server.post(&link, form).await;
        assert_eq!(answer.status, 200, "{form}");
        assert_eq!(standing().await, after, "{form}");
    }
    let foreign = server.ask("POST", &link, &[FORM, ("origin", "https://evil.example")], "leave=1").await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn preferences_never_take_up_what_was_not_confirmed() {
    let server = Server::start().await;
    let claim = server.sign_up("reader@example.org").await;
    let link = server.link(Purpose::Preferences, &claim.subscriber);
    server.post(&link, "save=1&digest=weekly").await;
    assert_eq!(state(&server, "reader@example.org").await, State::Unconfirmed);
    server.post(&link, "leave=1").await;
    assert_eq!(state(&server, "reader@example.org").await, State::Unsubscribed);
    server.post(&link, "save=1&digest=weekly").await;
    assert_eq!(state(&server, "reader@example.org").await, State::Unsubscribed, "there never was a confirmation");
}

#[tokio::test]
async fn the_pages_speak_the_readers_language() {
    let server = Server::start().await;
    server.ask("POST", "/subscribe", &[FORM], "email=reader@example.org&language=zh-CN").await;
    let claim = server.store.claim("t", 1, std::time::Duration::from_mins(1), server.now()).await.unwrap().remove(0);
    let link = server.link(Purpose::Confirm, &claim.confirmation);
    assert!(server.get(&link).await.body.contains("<html lang=\"zh-CN\""), "the reader's, not the browser's");
    assert!(server.get(&format!("{link}?lang=en")).await.body.contains("<html lang=\"en\""), "unless asked for");
}
