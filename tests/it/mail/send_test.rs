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
