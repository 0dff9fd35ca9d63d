//! One site, from its first start to a reader who leaves.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64::Engine as _;
use mail_parser::MessageParser;
use postrider::store::{Settings, Store};
use postrider::subscriber::{Address, State};

use crate::support::databases;
use crate::support::house::{Daemon, House, Sink, eventually};

const CONFIGURATION: &str = "digests:\n  weekly:\n    schedule: \"0 9 * * 5\"\n    timezone: Asia/Shanghai\n    \
                             template: letter\n    from: \"Harbour News <news@example.org>\"\n";

/// A mail that arrived, read by an independent parser.
struct Mail {
    to: String,
    subject: String,
    text: String,
    html: String,
    unsubscribe: String,
    one_click: String,
    id: String,
}

fn mails(sink: &Sink) -> Vec<Mail> {
    let read = |mail: &serde_json::Value| {
        let data = mail["data"].as_str().expect("the bytes");
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
        let message = MessageParser::default().parse(&bytes).expect("a message");
        let header = |name: &str| message.header_raw(name).unwrap_or_default().trim().to_owned();
        Mail {
            to: mail["to"][0].as_str().expect("an address").to_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: message.body_html(0).unwrap_or_default().into_owned(),
            unsubscribe: header("List-Unsubscribe"),
            one_click: header("List-Unsubscribe-Post"),
            id: message.message_id().unwrap_or_default().to_owned(),
        }
    };
    sink.mails().iter().map(read).collect()
}

/// The first link in a text that holds `part`.
fn link(text: &str, part: &str) -> String {
    text.split(|c: char| c.is_whitespace() || "<>\"()".contains(c))
        .find(|word| word.starts_with("http://") && word.contains(part))
        .unwrap_or_else(|| panic!("no link with {part} in {text}"))
        .to_owned()
}

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a text"))
}

async fn post(url: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let answer = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a text"))
}

/// Every `<input>` of a page that has a name: its name and value.
fn inputs(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(rest.split('"').next().unwrap_or_default().replace("&amp;", "&").replace("&#x2f;", "/"))
    };
    page.split("<input")
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap_or_default())
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect()
}

/// Fills in the sign-up form as a person does: what the page holds, the address, and a moment later the button.
async fn sign_up(house: &House, daemon: &Daemon, address: &str, moment: &str) {
    let (status, page) = get(&format!("{}subscribe", daemon.address)).await;
    assert_eq!(status, 200, "{page}");
    house.set_time(moment);
    let mut fields = inputs(&page);
    let field =
        fields.iter_mut().find(|(name, _)| name == "address" || name == "email").expect("a field for the address");
    address.clone_into(&mut field.1);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (status, page) = post(&format!("{}subscribe", daemon.address), &fields).await;
    assert!(status < 300, "{status} {page}");
}

async fn state_of(store: &Store, address: &str) -> Option<State> {
    let subscriber = store.subscriber_by_address(address).await.expect("the store")?;
    subscriber.subscriptions.first().map(|subscription| subscription.state)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_file_to_inboxes_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    story(&databases::sqlite(folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_file_to_inboxes_on_postgres() {
    story(&databases::postgres().await).await;
}

async fn story(store_url: &str) {
    // Thursday evening in Shanghai.
    let mut house = House::new(CONFIGURATION, "2026-03-05 12:00:00");
    let sink = Sink::start("smtp_sink.py", &house.path("mails"), &[]);
    for (name, value) in [
        ("POSTRIDER_MAIL_URL", format!("smtp://127.0.0.1:{}", sink.port)),
        ("POSTRIDER_STORE_URL", store_url.to_owned()),
        ("POSTRIDER_HTTP_LISTEN", "127.0.0.1:0".to_owned()),
    ] {
        house.environment.push((name.into(), value));
    }
    house.publish("old", "The old lighthouse", "2026-03-01T08:00:00Z", "It has been there since before the mail.");
    let daemon = house.serve();
    // Later starts listen where the links in mails already sent lead.
    let port = daemon.address.trim_end_matches('/').rsplit(':').next().expect("a port").to_owned();
    house.environment.retain(|(name, _)| name != "POSTRIDER_HTTP_LISTEN");
    house.environment.push(("POSTRIDER_HTTP_LISTEN".into(), format!("127.0.0.1:{port}")));
    let store = Store::open(&Settings { url: store_url.to_owned(), secret: None }).await.expect("the store");

    // A new file is in the feeds.
    let feeds = ["rss.xml", "atom.xml", "feed.json"].map(|name| format!("{}{name}", daemon.address));
    for feed in &feeds {
        let (status, text) = get(feed).await;
        assert!(status == 200 && text.contains("The old lighthouse") && !text.contains("new quay"), "{feed}: {text}");
    }
    house.publish("quay", "A new quay", "2026-03-05T11:00:00Z", "Stone by stone, **since January**.");
    for feed in &feeds {
        eventually(&format!("the new post is in {feed}"), || async {
            get(feed).await.1.contains("A new quay").then_some(())
        })
        .await;
    }

    // Readers: one by a person's hand, one by the form; three who must get nothing.
    for address in ["ada@example.com", "dan@example.com", "eve@example.com"] {
        house.run(&["subscribers", "add", address, "--digest", "weekly", "--confirmed"]);
    }
    house.run(&["subscribers", "remove", "dan@example.com"]);
    store.suppress(&Address::parse("eve@example.com").expect("an address"), "complaint", now()).await.expect("done");
    sign_up(&house, &daemon, "cy@example.com", "2026-03-05 12:01:00").await;
    sign_up(&house, &daemon, "una@example.com", "2026-03-05 12:02:00").await;
    let confirmations =
        eventually("both Confirmations", || async { Some(mails(&sink)).filter(|mails| mails.len() == 2) }).await;
    let asked: BTreeSet<&str> = confirmations.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(asked, BTreeSet::from(["cy@example.com", "una@example.com"]));
    let for_cy = confirmations.iter().find(|mail| mail.to == "cy@example.com").expect("it");
    assert!(for_cy.unsubscribe.is_empty(), "who has not confirmed cannot leave");
    let confirm = link(&for_cy.text, "/confirm/");
    assert!(for_cy.html.contains(&confirm), "{}", for_cy.html);
    assert_eq!(get(&confirm).await.0, 200);
    assert_eq!(state_of(&store, "cy@example.com").await, Some(State::Unconfirmed), "a GET changed something");
    assert_eq!(post(&confirm, &[]).await.0, 200);
    assert_eq!(state_of(&store, "cy@example.com").await, Some(State::Confirmed));

    // The Slot comes: Friday, nine in the morning in Shanghai.
    house.set_time("2026-03-06 01:00:01");
    let issue = eventually("both readers' mails", || async {
        Some(mails(&sink).split_off(2)).filter(|mails| mails.len() >= 2)
    })
    .await;
    done(&store, 1).await;
    let got: Vec<&str> = issue.iter().map(|mail| mail.to.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!((got, mails(&sink).len()), (vec!["ada@example.com", "cy@example.com"], 4));
    for mail in &issue {
        assert!(mail.subject.contains("A new quay"), "{}", mail.subject);
        assert!(
            mail.html.contains("<strong>since January</strong>") && !mail.html.contains("lighthouse"),
            "{}",
            mail.html
        );
        assert!(mail.text.contains("Stone by stone"), "{}", mail.text);
        assert_eq!(mail.one_click, "List-Unsubscribe=One-Click");
    }
    assert_ne!(issue[0].id, issue[1].id);
    assert_ne!(issue[0].unsubscribe, issue[1].unsubscribe);

    // A restart repeats nothing: what is asked for after it arrives, and nothing else does.
    let (ended, took) = daemon.stop();
    assert!(ended.success() && took < Duration::from_secs(30), "{ended} after {took:?}");
    house.set_time("2026-03-06 01:10:00");
    let daemon = house.serve();
    sign_up(&house, &daemon, "late@example.com", "2026-03-06 01:11:00").await;
    eventually("the late Confirmation", || async {
        mails(&sink).iter().any(|mail| mail.to == "late@example.com").then_some(())
    })
    .await;
    assert_eq!(mails(&sink).len(), 5);

    // One click in the mail program: a POST to the header's own address, with no cookie and no page before it.
    let ada = issue.iter().find(|mail| mail.to == "ada@example.com").expect("her mail");
    let leave = link(&ada.unsubscribe, "/unsubscribe/");
    assert_eq!(get(&leave).await.0, 200);
    assert_eq!(state_of(&store, "ada@example.com").await, Some(State::Confirmed), "a GET changed something");
    assert_eq!(post(&leave, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    assert_eq!(state_of(&store, "ada@example.com").await, Some(State::Unsubscribed));
    assert_eq!(post(&leave, &[("List-Unsubscribe", "One-Click")]).await.0, 200, "once more is no fault");

    house.publish("ferry", "The ferry is back", "2026-03-12T09:00:00Z", "Twice a day, and on Sundays once.");
    eventually("the ferry is in the feed at its time", || async {
        house.set_time("2026-03-12 10:00:00");
        get(&feeds[0]).await.1.contains("The ferry is back").then_some(())
    })
    .await;
    house.set_time("2026-03-13 01:00:01");
    let next = eventually("the second Issue's mail", || async { mails(&sink).split_off(5).into_iter().next() }).await;
    done(&store, 2).await;
    assert_eq!((next.to.as_str(), mails(&sink).len()), ("cy@example.com", 6));
    assert!(next.subject.contains("ferry") && !next.html.contains("new quay"), "{}: {}", next.subject, next.html);
    let (ended, took) = daemon.stop();
    assert!(ended.success() && took < Duration::from_secs(30), "{ended} after {took:?}");
}

/// Waits until the digest has `number` Issues, all at their end.
async fn done(store: &Store, number: usize) {
    eventually("every Issue is done", || async {
        let issues = store.issues(Some("weekly"), 100).await.expect("issues");
        let done = issues.iter().filter(|issue| issue.state == postrider::store::IssueState::Done).count();
        (issues.len() == number && done == number).then_some(())
    })
    .await;
}

fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-03-05T12:00:00Z".parse().expect("a time")
}

#[test]
fn a_second_daemon_on_the_same_file_says_why_it_ends() {
    let house = House::new("http: { listen: \"127.0.0.1:0\" }\n", "2026-03-05 12:00:00");
    let first = house.serve();
    let begun = Instant::now();
    let second = house.command(&["serve"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success(), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(said.contains("postrider.db"), "{said}");
    // The first goes on, and its end makes room.
    assert!(first.stop().0.success());
    assert!(house.serve().stop().0.success());
}
