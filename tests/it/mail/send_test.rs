//! `postrider send-test`: the real program against a real server, and against servers that say no.

use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::MessageParser;

use crate::support::house::{House, Sink, eventually};
use crate::support::smtp::{Act, Point, Server, say};

const CONFIGURATION: &str = "digests:\n  weekly:\n    schedule: \"0 9 * * 5\"\n    template: letter\n    \
                             from: \"Harbour <news@example.org>\"\n";

fn house(url: &str, more: &str) -> House {
    let mut house = House::new(&format!("{CONFIGURATION}{more}"), "2026-03-06 12:00:00");
    house.publish("boats", "Boats 船", "2026-03-05T07:00:00Z", "Boats, and [more](/boats/).");
    house.environment.push(("POSTRIDER_MAIL_URL".into(), url.to_owned()));
    house
}

fn send(house: &House, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = house.command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn arrives_marked_as_a_test() {
    let mut house = house("smtp://127.0.0.1:1", "");
    let sink = Sink::start("smtp_sink.py", &house.path("kept"), &[]);
    house.environment.push(("POSTRIDER_MAIL_URL".into(), format!("smtp://127.0.0.1:{}", sink.port)));
    let (code, out, err) = send(&house, &["send-test", "me@example.net"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.starts_with("sent, ") && out.contains("250 2.0.0 kept"), "{out}");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["from"], "news@example.org");
    assert_eq!(mails[0]["to"][0], "me@example.net");
    let raw = STANDARD.decode(mails[0]["data"].as_str().unwrap()).unwrap();
    let message = MessageParser::default().parse(&raw).unwrap();
    assert!(message.subject().unwrap().starts_with("[Test] "), "{:?}", message.subject());
    let html = message.body_html(0).unwrap();
    assert!(html.contains("Boats 船") && html.contains("me@example.net") && !html.contains("hole-"), "{html}");
}

/// Header (without signatures) and both parts, without what is one reader's own.
fn anybodys(raw: &[u8], reader: &str) -> (Vec<(String, String)>, [String; 2]) {
    let message = MessageParser::default().parse(raw).unwrap();
    let plain = |text: &str| {
        let mut text = text.replace(reader, "READER");
        for page in ["unsubscribe/", "preferences/"] {
            let mut pieces = text.split(page);
            let first = pieces.next().unwrap().to_owned();
            let rest = pieces.map(|piece| piece.trim_start_matches(|c: char| c.is_alphanumeric() || "-_".contains(c)));
            text = rest.fold(first, |text, piece| format!("{text}{page}{piece}"));
        }
        text
    };
    let own = ["Date", "Message-ID", "Feedback-ID", "CFBL-Feedback-ID", "Content-Type", "DKIM-Signature"];
    let head = message.headers_raw().map(|(name, value)| {
        let value = match name {
            "Subject" => message.subject().unwrap().to_owned(),
            // Its address is signed for one subscription.
            "List-Unsubscribe" => plain(value).split("u+").next().unwrap().to_owned(),
            name if own.contains(&name) => String::new(),
            _ => plain(value),
        };
        (name.to_owned(), value)
    });
    (head.collect(), [message.body_text(0), message.body_html(0)].map(|part| plain(&part.unwrap())))
}

/// But for the mark in its subject it is what a subscriber gets.
#[tokio::test(flavor = "multi_thread")]
async fn is_what_a_subscriber_gets() {
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut house = house(&format!("smtp://{}", server.address), "http: { listen: \"127.0.0.1:0\" }\n");
    house.run(&["dkim", "keygen", "s", "--out", "keys", "--domain", "example.org"]);
    let signed = "mail: { bounce_address: \"@bounce.example.org\", complaints_address: c@example.org, dkim: { keys: { s-ed: keys/s-ed.pem } } }\n";
    let with =
        CONFIGURATION.to_owned() + "    reply_to: editors@example.org\nhttp: { listen: \"127.0.0.1:0\" }\n" + signed;
    fs_err::write(house.site().join("postrider.yaml"), with).unwrap();
    house.environment.push(("POSTRIDER_HTTP_PUBLIC_URL".into(), "https://feeds.example.org/".into()));
    house.set_time("2026-03-06 05:00:00");
    fs_err::remove_file(house.site().join("content/news/boats.md")).unwrap();
    assert!(house.serve().stop().0.success());
    house.run(&["subscribers", "add", "reader@example.net", "--digest", "weekly", "--confirmed"]);
    house.publish("boats", "Boats 船", "2026-03-06T07:00:00Z", "Boats, and [more](https://example.net/boats/).");
    house.set_time("2026-03-06 08:00:00");
    house.run(&["send-test", "me@example.net"]);
    house.set_time("2026-03-06 09:00:10");
    let daemon = house.serve();
    eventually("the Issue is sent", || async { (server.kept().len() == 2).then_some(()) }).await;
    assert!(daemon.stop().0.success());
    let kept = server.kept();
    let (mut test, test_parts) = anybodys(&kept[0].data, "me@example.net");
    let (head, parts) = anybodys(&kept[1].data, "reader@example.net");
    assert!(head.iter().any(|(name, _)| name == "DKIM-Signature") && head.len() > 15, "{head:?}");
    assert!(head.iter().any(|(name, value)| name == "List-Unsubscribe" && value.contains("mailto:")), "{head:?}");
    for (name, value) in &mut test {
        if name == "Subject" {
            *value = value.strip_prefix("[Test] ").expect("marked").to_owned();
        }
    }
    assert_eq!((test, test_parts), (head, parts));
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_the_server_said() {
    for (point, reply, words, hint) in [
        (Point::Mail, "550 5.7.1 not your sender", "naming the sender", "from"),
        (Point::Rcpt, "550 5.1.1 no such user", "naming the reader", ""),
        (Point::Greeting, "554 5.3.2 go away", "saying hello", "mail.url"),
    ] {
        let server = Server::start(move |at, _, _| if at == point { say(reply) } else { Act::Well }).await;
        let house = house(&format!("smtp://{}", server.address), "");
        let (code, out, err) = send(&house, &["send-test", "me@example.net"]);
        assert_eq!((code, out.as_str()), (Some(3), ""), "{reply}");
        assert!(err.contains(words) && err.contains(reply) && err.contains(hint), "{err}");
    }
}

/// Promise 8, with everything that the program and its libraries can be made to say.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_token_or_address_is_logged() {
    let server = Server::start(|point, times, line| match point {
        Point::Rcpt if times == 0 => say(&format!("450 4.2.0 {line}: greylisted")),
        _ => Act::Well,
    })
    .await;
    let mut house = House::new(
        "digests:\n  daily:\n    schedule: \"0 9 * * *\"\n    template: letter\n    from: \"Harbour <news@example.org>\"\n\
         http: { listen: \"127.0.0.1:0\" }\n",
        "2026-03-05 08:00:00",
    );
    for (name, value) in [
        ("POSTRIDER_MAIL_URL", format!("smtp://canary-user@{}", server.address)),
        ("POSTRIDER_MAIL_PASSWORD", "canary-password".to_owned()),
        ("POSTRIDER_STORE_SECRET", "canary-secret-canary-secret-canary-secret".to_owned()),
        ("POSTRIDER_LOG_LEVEL", "trace".to_owned()),
    ] {
        house.environment.push((name.into(), value));
    }
    assert!(house.serve().stop().0.success());
    for reader in ["canary-one@example.net", "canary-two@example.net"] {
        house.run(&["subscribers", "add", reader, "--digest", "daily", "--confirmed"]);
    }
    house.publish("boats", "Boats", "2026-03-05T07:00:00Z", "Boats.");
    house.set_time("2026-03-05 09:00:30");
    let daemon = house.serve();
    eventually("one is sent and one comes back", || async { (server.kept().len() == 1).then_some(()) }).await;
    house.set_time("2026-03-05 09:10:00");
    eventually("both are sent", || async { (server.kept().len() == 2).then_some(()) }).await;
    let log = daemon.log();
    assert!(daemon.stop().0.success());
    let log = format!("{log}{}", fs_err::read_to_string(house.path("log")).unwrap());
    assert!(log.contains("DEBUG") && log.contains("sent"), "it says little: {log}");
    let token = String::from_utf8(server.kept()[0].data.clone()).unwrap();
    let token = token.split("/unsubscribe/").nth(1).unwrap().get(..48).unwrap().to_owned();
    let login = STANDARD.encode("\0canary-user\0canary-password");
    for secret in ["canary-password", "canary-secret", "canary-one", "canary-two", &token, &login] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "`{secret}` is in the log");
    }
}

#[test]
fn asks_which_digest_and_refuses_what_is_no_address() {
    let other = "  daily:\n    schedule: \"@daily\"\n    from: news@example.org\n";
    let house = house("folder:out", other);
    let (code, _, err) = send(&house, &["send-test", "me@example.net"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("--digest") && err.contains("weekly") && err.contains("daily"), "{err}");
    let (code, _, err) = send(&house, &["send-test", "nobody"]);
    assert_eq!(code, Some(2), "{err}");
    let (code, out, err) = send(&house, &["send-test", "me@example.net", "--digest", "daily"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let files: Vec<_> = fs_err::read_dir(house.site().join("out")).unwrap().collect();
    assert_eq!(files.len(), 1);
}
