//! What each thing that a server can do, or fail to do, means for the mail on its way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use postrider::delivery::Verdict;
use postrider::mail::transport::{Attempt, Limits, Line, Mail, Open, Route, Stage};
use postrider::mail::{Relay, Security, Settings, Timeouts, Transport};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bench::relay;
use crate::support::smtp::{Act, Point, Server, Tls, say};

const LONG: Duration = Duration::from_secs(20);
/// For servers that never answer: the only waiting in these tests.
const SHORT: Duration = Duration::from_millis(150);

fn settings(address: SocketAddr, patience: Duration) -> Settings {
    let mut settings = Settings::new(Transport::Smtp(relay(address)), "https://feeds.example.org/");
    "client.example".clone_into(&mut settings.hello);
    settings.connections = 2;
    settings.timeouts = Timeouts { connect: LONG, command: patience, data: patience, body: patience, dot: patience };
    settings
}

fn line(settings: &Settings) -> Line {
    Route::all(settings).unwrap().remove(0).line()
}

const MESSAGE: &str = "Subject: a\r\n\r\nOne line.\r\n.\r\n..two\r\n";
/// The same on the wire.
const DOTTED: &[u8] = b"Subject: a\r\n\r\nOne line.\r\n..\r\n...two";

async fn send_to(line: &mut Line, to: &str) -> Attempt {
    let date = DateTime::from_timestamp(1_634_288_400, 0).unwrap();
    let text = &Arc::new(MESSAGE.into());
    let mail = Mail { from: "weekly@example.org", to, message_id: "one@example.org", text, date };
    line.send(&mail, &Limits { until: Instant::now() + 3 * LONG, stop: CancellationToken::new() }, &Open).await
}

/// The first mail meets `act` at `point` (once), the second meets a good server. One that offers PIPELINING leads to the same.
async fn meets(point: Point, act: Act, patience: Duration) -> (Attempt, Attempt, Server) {
    let alone = meets_offering(&[], point, act.clone(), patience).await;
    let grouped = meets_offering(&["pipelining"], point, act, patience).await;
    for (alone, grouped) in [(&alone.0, &grouped.0), (&alone.1, &grouped.1)] {
        let of = |attempt: &Attempt| (attempt.stage, attempt.outcome.verdict, attempt.outcome.code);
        assert_eq!(of(alone), of(grouped), "{point:?}: {alone:?} {grouped:?}");
    }
    if grouped.0.outcome.verdict != Verdict::Uncertain {
        well_again("grouped", &grouped.0, &grouped.1, &grouped.2);
    }
    alone
}

async fn meets_offering(offers: &[&str], point: Point, act: Act, patience: Duration) -> (Attempt, Attempt, Server) {
    let script = move |at, times, _: &str| if at == point && times == 0 { act.clone() } else { Act::Well };
    let server = Server::offering(offers, script).await;
    let mut settings = settings(server.address, patience);
    if let Transport::Smtp(relay) = &mut settings.transport {
        relay.login = Some(("user".to_owned(), "canary-password".to_owned()));
    }
    let mut line = line(&settings);
    let first = send_to(&mut line, "first@example.net").await;
    let second = send_to(&mut line, "second@example.net").await;
    line.close().await;
    (first, second, server)
}

fn verdict_of(point: Point, code: u16) -> Verdict {
    match (point, code) {
        (_, 400..=499) | (Point::Rcpt | Point::Data | Point::Dot, 552) => Verdict::Temporary,
        (Point::Greeting | Point::Ehlo | Point::Auth | Point::Mail, _) | (Point::Rcpt | Point::Data, 535) => {
            Verdict::Ours
        }
        _ => Verdict::Permanent,
    }
}

fn stage_of(point: Point) -> Stage {
    match point {
        Point::Greeting | Point::Ehlo | Point::StartTls => Stage::Hello,
        Point::Auth => Stage::Login,
        Point::Mail | Point::Rset | Point::Quit => Stage::Mail,
        Point::Rcpt => Stage::Rcpt,
        Point::Data => Stage::Data,
        Point::Body | Point::Dot => Stage::Dot,
    }
}

const ANSWERED: [Point; 7] =
    [Point::Greeting, Point::Ehlo, Point::Auth, Point::Mail, Point::Rcpt, Point::Data, Point::Dot];

/// Whatever came before: the next mail is not lost, and nothing arrives that was not reported so.
fn well_again(case: &str, first: &Attempt, second: &Attempt, server: &Server) {
    assert_eq!(second.outcome.verdict, Verdict::Accepted, "{case}: {second:?}");
    let to: Vec<String> = server.kept().into_iter().map(|kept| kept.to.join(" ")).collect();
    let expected = match first.outcome.verdict {
        Verdict::Accepted | Verdict::Uncertain => vec!["first@example.net", "second@example.net"],
        _ => vec!["second@example.net"],
    };
    assert_eq!(to, expected, "{case}: {first:?} {second:?}");
}

#[tokio::test]
async fn every_refusal_at_every_point() {
    for point in ANSWERED {
        for reply in [
            "421 4.3.2 going down",
            "450 4.2.0 greylisted",
            "451 4.3.0 try later",
            "452 4.2.2 full",
            "535 5.7.8 no",
            "550 5.1.1 no such user",
            "552 5.2.2 full",
            "554-5.7.1 several\r\n554 5.7.1 lines",
        ] {
            let case = format!("{reply} at {point:?}");
            let code = reply[..3].parse().unwrap();
            let (first, second, server) = meets(point, say(reply), LONG).await;
            assert_eq!(first.outcome.verdict, verdict_of(point, code), "{case}: {first:?}");
            assert_eq!((first.outcome.code, first.stage), (code, stage_of(point)), "{case}");
            assert!(first.outcome.text.contains(&reply[4..9]), "{case}: {}", first.outcome.text);
            well_again(&case, &first, &second, &server);
        }
    }
}

#[tokio::test]
async fn refusals_of_one_reader_do_not_cost_the_connection() {
    for (point, reply) in [(Point::Rcpt, "550 5.1.1 no"), (Point::Data, "451 later"), (Point::Dot, "554 5.7.1 spam")] {
        let (_, _, server) = meets(point, say(reply), LONG).await;
        assert_eq!(server.connections(), 1, "{reply}");
    }
}

#[tokio::test]
async fn connections_that_end_without_a_word() {
    for point in ANSWERED {
        let case = format!("drop at {point:?}");
        let (first, second, server) = meets(point, Act::Drop, LONG).await;
        let expected = if point == Point::Dot { Verdict::Uncertain } else { Verdict::Temporary };
        assert_eq!(first.outcome.verdict, expected, "{case}: {first:?}");
        assert_eq!((first.outcome.code, first.stage), (0, stage_of(point)), "{case}");
        well_again(&case, &first, &second, &server);
    }
}

#[tokio::test]
async fn a_connection_that_ends_before_the_dot_has_delivered_nothing() {
    // More than the buffers on both sides hold: the dot cannot have left.
    let long = Arc::new("A line of a long message, and the next one.\r\n".repeat(500_000).into());
    for (act, patience) in [(Act::Drop, LONG), (Act::Hang, SHORT), (say("552 5.3.4 too long"), LONG)] {
        let server = Server::start(move |point, _, _| if point == Point::Body { act.clone() } else { Act::Well }).await;
        let mut line = line(&settings(server.address, patience));
        let date = DateTime::from_timestamp(0, 0).unwrap();
        let mail = Mail { from: "w@example.org", to: "a@example.net", message_id: "m@x", text: &long, date };
        let limits = Limits { until: Instant::now() + LONG, stop: CancellationToken::new() };
        let attempt = line.send(&mail, &limits, &Open).await;
        let expected = if attempt.outcome.code == 552 { Verdict::Permanent } else { Verdict::Temporary };
        assert_eq!((attempt.outcome.verdict, attempt.stage), (expected, Stage::Dot), "{attempt:?}");
    }
}

#[tokio::test]
async fn a_goodbye_with_its_reason_is_heard() {
    for point in [Point::Greeting, Point::Mail, Point::Rcpt, Point::Data, Point::Dot] {
        let (first, second, server) = meets(point, Act::SayAndDrop(b"421 4.3.2 bye\r\n".to_vec()), LONG).await;
        assert_eq!((first.outcome.verdict, first.outcome.code), (Verdict::Temporary, 421), "{point:?}: {first:?}");
        well_again(&format!("goodbye at {point:?}"), &first, &second, &server);
    }
}

#[tokio::test]
async fn servers_that_never_answer() {
    for point in ANSWERED.into_iter().chain([Point::Body]) {
        let case = format!("hang at {point:?}");
        let (first, second, server) = meets(point, Act::Hang, SHORT).await;
        // A server that stops reading in mid-message has a short one in its buffers, dot and all: nobody knows.
        let unknown = matches!(point, Point::Dot | Point::Body);
        let expected = if unknown { Verdict::Uncertain } else { Verdict::Temporary };
        assert_eq!(first.outcome.verdict, expected, "{case}: {first:?}");
        assert_eq!(second.outcome.verdict, Verdict::Accepted, "{case}: {second:?}");
        assert_eq!(server.kept().last().unwrap().to, ["second@example.net"], "{case}");
    }
}

#[tokio::test]
async fn replies_that_nobody_should_send() {
    // GBK text, no text, bare LF, text with control characters: understood.
    for (point, reply, verdict, code) in [
        (Point::Rcpt, &b"550 \xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda\r\n"[..], Verdict::Permanent, 550),
        (Point::Dot, b"250 \xb3\xc9\xb9\xa6\r\n", Verdict::Accepted, 250),
        (Point::Dot, b"250\r\n", Verdict::Accepted, 250),
        (Point::Dot, b"250\n", Verdict::Accepted, 250),
        (Point::Dot, b"250-several\n250 lines\n", Verdict::Accepted, 250),
        (Point::Rcpt, b"550\r\n", Verdict::Permanent, 550),
        (Point::Mail, b"451\r\n", Verdict::Temporary, 451),
        (Point::Rcpt, b"550 a\0b\x1b[31mc\rd\r\n", Verdict::Permanent, 550),
        (Point::Data, b"354\r\n", Verdict::Accepted, 250),
    ] {
        let case = format!("{} at {point:?}", reply.escape_ascii());
        let (first, second, server) = meets(point, Act::Say(reply.to_vec()), LONG).await;
        assert_eq!((first.outcome.verdict, first.outcome.code), (verdict, code), "{case}: {first:?}");
        assert!(!first.outcome.text.contains(char::is_control), "{case}: {:?}", first.outcome.text);
        well_again(&case, &first, &second, &server);
    }
    // No reply at all, or one to another question: out of step, so the connection goes.
    for (point, reply, verdict) in [
        (Point::Mail, &b"HTTP/1.1 400 Bad Request\r\n"[..], Verdict::Temporary),
        (Point::Rcpt, b"hello\r\n", Verdict::Temporary),
        (Point::Data, b"250 ok\r\n", Verdict::Temporary),
        (Point::Dot, b"what?\r\n", Verdict::Uncertain),
        (Point::Dot, b"354 go ahead\r\n", Verdict::Uncertain),
        (Point::Dot, b"250-one\r\n550 other\r\n", Verdict::Uncertain),
        (Point::Dot, b"999 nine\r\n", Verdict::Uncertain),
        (Point::Rcpt, b"503 5.5.1 MAIL first\r\n", Verdict::Temporary),
    ] {
        let case = format!("{} at {point:?}", reply.escape_ascii());
        let (first, second, server) = meets(point, Act::Say(reply.to_vec()), LONG).await;
        assert_eq!(first.outcome.verdict, verdict, "{case}: {first:?}");
        assert_eq!(second.outcome.verdict, Verdict::Accepted, "{case}: {second:?}");
        assert_eq!(server.connections(), 2, "{case}");
    }
}

#[tokio::test]
async fn a_line_without_end_takes_no_memory_and_ends() {
    let (first, second, server) = meets(Point::Rcpt, Act::Endless(100 << 20), Duration::from_secs(2)).await;
    assert_eq!(first.outcome.verdict, Verdict::Temporary, "{first:?}");
    well_again("endless", &first, &second, &server);
}

#[tokio::test]
async fn two_replies_to_one_question_never_make_a_refused_mail_sent() {
    let server = Server::start(|point, times, _| match (point, times) {
        (Point::Dot, 0) => Act::Say(b"250 ok\r\n250 ok again\r\n".to_vec()),
        (Point::Rcpt, 1) => say("550 5.1.1 no such user"),
        _ => Act::Well,
    })
    .await;
    let mut line = line(&settings(server.address, LONG));
    assert_eq!(send_to(&mut line, "first@example.net").await.outcome.verdict, Verdict::Accepted);
    let second = send_to(&mut line, "second@example.net").await;
    assert_ne!(second.outcome.verdict, Verdict::Accepted, "{second:?}");
    assert_eq!(server.kept().len(), 1);
}

#[tokio::test]
async fn the_message_arrives_octet_for_octet() {
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut line = line(&settings(server.address, LONG));
    let attempt = send_to(&mut line, "first@example.net").await;
    assert_eq!(attempt.outcome.text, "2.0.0 queued as 4711");
    assert_eq!(server.kept()[0].data, DOTTED);
    assert_eq!(server.kept()[0].from, "weekly@example.org");
}

#[tokio::test]
async fn a_connection_serves_its_number_of_mails_and_says_goodbye() {
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut few = settings(server.address, LONG);
    few.messages_per_connection = 3;
    let mut line = line(&few);
    for _ in 0..7 {
        assert_eq!(send_to(&mut line, "a@example.net").await.outcome.verdict, Verdict::Accepted);
    }
    line.close().await;
    assert_eq!(server.connections(), 3);
    assert_eq!(server.commands().iter().filter(|command| *command == "QUIT").count(), 3);
}

#[tokio::test]
async fn a_used_connection_that_has_ended_costs_the_next_mail_nothing() {
    for act in [Act::SayAndDrop(b"421 4.4.2 idle too long\r\n".to_vec()), Act::Drop, say("550 5.7.0 enough for one")] {
        let server = Server::start(
            move |point, times, _| if point == Point::Mail && times == 1 { act.clone() } else { Act::Well },
        )
        .await;
        let mut line = line(&settings(server.address, LONG));
        for _ in 0..2 {
            assert_eq!(send_to(&mut line, "a@example.net").await.outcome.verdict, Verdict::Accepted);
        }
        assert_eq!((server.kept().len(), server.connections()), (2, 2));
    }
}

#[tokio::test]
async fn no_server_at_all() {
    let server = Server::start(|_, _, _| Act::Well).await;
    let address = server.address;
    drop(server);
    tokio::task::yield_now().await;
    let attempt = send_to(&mut line(&settings(address, LONG)), "a@example.net").await;
    assert_eq!((attempt.outcome.verdict, attempt.stage), (Verdict::Temporary, Stage::Connect), "{attempt:?}");
}

#[tokio::test]
async fn a_stop_ends_every_wait() {
    for (point, expected) in [(Point::Mail, Verdict::Temporary), (Point::Dot, Verdict::Uncertain)] {
        let stop = CancellationToken::new();
        let pull = stop.clone();
        let server = Server::start(move |at, _, _| {
            if at == point {
                pull.cancel();
                return Act::Hang;
            }
            Act::Well
        })
        .await;
        let mut line = line(&settings(server.address, LONG));
        let date = DateTime::from_timestamp(0, 0).unwrap();
        let mail = Mail {
            from: "w@example.org",
            to: "a@example.net",
            message_id: "m@x",
            text: &Arc::new(MESSAGE.into()),
            date,
        };
        let attempt = line.send(&mail, &Limits { until: Instant::now() + LONG, stop }, &Open).await;
        assert_eq!(attempt.outcome.verdict, expected, "{attempt:?}");
    }
}

// ---- TLS ----

fn secure(server: &Server, security: Security) -> Settings {
    let authority = include_str!("../../fixtures/tls/authority.pem").to_owned();
    let mut settings = settings(server.address, LONG);
    settings.transport = Transport::Smtp(Relay {
        host: "localhost".to_owned(),
        port: server.address.port(),
        security,
        login: Some(("user".to_owned(), "canary-password".to_owned())),
        trusted: Some(authority),
    });
    settings
}

#[tokio::test]
async fn mail_over_tls_both_ways() {
    for (tls, security) in [(Tls::Implicit, Security::Implicit), (Tls::Offered, Security::StartTls)] {
        let server = Server::with(tls, "localhost", |_, _, _| Act::Well).await;
        let mut line = line(&secure(&server, security));
        for _ in 0..2 {
            let attempt = send_to(&mut line, "a@example.net").await;
            assert_eq!(attempt.outcome.verdict, Verdict::Accepted, "{tls:?}: {attempt:?}");
        }
        assert_eq!((server.kept().len(), server.connections()), (2, 1), "{tls:?}");
        assert!(server.commands().iter().any(|command| command.starts_with("AUTH PLAIN")), "{tls:?}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_cannot_prove_its_name() {
    for certificate in ["other", "expired", "selfsigned"] {
        for (tls, security) in [(Tls::Implicit, Security::Implicit), (Tls::Offered, Security::StartTls)] {
            let server = Server::with(tls, certificate, |_, _, _| Act::Well).await;
            let attempt = send_to(&mut line(&secure(&server, security)), "a@example.net").await;
            assert_eq!((attempt.outcome.verdict, attempt.stage), (Verdict::Ours, Stage::Connect), "{certificate}");
            assert!(attempt.outcome.text.contains("certificate"), "{certificate}: {}", attempt.outcome.text);
            nothing_said(&server, certificate);
        }
    }
}

#[tokio::test]
async fn starttls_is_required() {
    let expected = [
        // Taken out of the offer by somebody in between.
        (Point::Ehlo, say("250-scripted\r\n250 8BITMIME"), Verdict::Ours),
        (Point::StartTls, say("454 4.7.0 not now"), Verdict::Temporary),
        (Point::StartTls, say("502 5.5.1 what?"), Verdict::Ours),
        (Point::StartTls, Act::Drop, Verdict::Temporary),
        // Replies slipped in before TLS begins are no replies.
        (Point::StartTls, say("220 go on\r\n250-evil\r\n250 AUTH PLAIN"), Verdict::Ours),
    ];
    for (at, act, verdict) in expected {
        let case = format!("{act:?}");
        let server = Server::with(
            Tls::Offered,
            "localhost",
            move |point, _, _| if point == at { act.clone() } else { Act::Well },
        )
        .await;
        let attempt = send_to(&mut line(&secure(&server, Security::StartTls)), "a@example.net").await;
        assert_eq!(attempt.outcome.verdict, verdict, "{case}: {attempt:?}");
        nothing_said(&server, &case);
    }
}

#[tokio::test]
async fn plain_smtp_is_for_loopback_only() {
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut settings = settings(server.address, LONG);
    if let Transport::Smtp(relay) = &mut settings.transport {
        // TEST-NET-1 (RFC 5737): nobody's address, and not loopback.
        "192.0.2.1".clone_into(&mut relay.host);
    }
    let attempt = send_to(&mut line(&settings), "a@example.net").await;
    assert_eq!((attempt.outcome.verdict, attempt.stage), (Verdict::Ours, Stage::Connect), "{attempt:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_login_that_the_server_does_not_offer_is_not_tried() {
    let server = Server::start(|point, _, _| match point {
        Point::Ehlo => say("250-scripted\r\n250 AUTH CRAM-MD5"),
        _ => Act::Well,
    })
    .await;
    let mut settings = settings(server.address, LONG);
    if let Transport::Smtp(relay) = &mut settings.transport {
        relay.login = Some(("user".to_owned(), "canary-password".to_owned()));
    }
    let attempt = send_to(&mut line(&settings), "a@example.net").await;
    assert_eq!((attempt.outcome.verdict, attempt.stage), (Verdict::Ours, Stage::Login), "{attempt:?}");
    nothing_said(&server, "CRAM-MD5");
}

fn nothing_said(server: &Server, case: &str) {
    let said = server.commands();
    let secret = said.iter().find(|command| command.starts_with("AUTH") || command.starts_with("MAIL"));
    assert_eq!(secret, None, "{case}");
    assert!(server.kept().is_empty(), "{case}");
}

// ---- addresses ----

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_takes_them() {
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut taken = line(&settings(server.address, LONG));
    assert_eq!(send_to(&mut taken, "用户@example.net").await.outcome.verdict, Verdict::Accepted);
    assert!(server.commands().contains(&"MAIL FROM:<weekly@example.org> SMTPUTF8".to_owned()));

    let server = Server::start(|point, _, _| if point == Point::Ehlo { say("250 old") } else { Act::Well }).await;
    let mut refused = line(&settings(server.address, LONG));
    let attempt = send_to(&mut refused, "用户@example.net").await;
    assert_eq!(attempt.outcome.verdict, Verdict::Permanent, "{attempt:?}");
    assert_eq!(send_to(&mut refused, "a@example.net").await.outcome.verdict, Verdict::Accepted);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_address_with_a_line_end_never_becomes_a_command() {
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut line = line(&settings(server.address, LONG));
    for address in ["a@x\r\nRCPT TO:<b@x>", "a@x> NOTIFY=NEVER", "a b@x", ""] {
        assert_eq!(send_to(&mut line, address).await.outcome.verdict, Verdict::Permanent, "{address:?}");
    }
    assert_eq!(send_to(&mut line, "c@example.net").await.outcome.verdict, Verdict::Accepted);
    assert!(!server.commands().iter().any(|command| command.contains("b@x") || command.contains("NOTIFY")));
}

// ---- the folder ----

#[tokio::test]
async fn a_folder_keeps_each_mail_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail");
    let mut settings = settings("127.0.0.1:1".parse().unwrap(), LONG);
    settings.transport = Transport::Folder(path.clone());
    let mut first = line(&settings);
    assert_eq!(send_to(&mut first, "a@example.net").await.outcome.verdict, Verdict::Accepted);
    assert_eq!(send_to(&mut first, "a@example.net").await.outcome.verdict, Verdict::Accepted);
    // A later run knows the file too.
    let mut second = line(&settings);
    let date = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let mail = Mail { from: "w@x", to: "a@x", message_id: "one@example.org", text: &Arc::new("again".into()), date };
    let limits = Limits { until: Instant::now() + LONG, stop: CancellationToken::new() };
    assert_eq!(second.send(&mail, &limits, &Open).await.outcome.verdict, Verdict::Accepted);
    let files: Vec<_> = fs_err::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["20211015T090000.000Z-one@example.org.eml"]);
    assert_eq!(fs_err::read(path.join(&files[0])).unwrap(), b"again");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail");
    let mut settings = settings("127.0.0.1:1".parse().unwrap(), LONG);
    settings.transport = Transport::Folder(path.clone());
    let mut line = line(&settings);
    fs_err::remove_dir(&path).unwrap();
    let attempt = send_to(&mut line, "a@example.net").await;
    assert_eq!(attempt.outcome.verdict, Verdict::Temporary, "{attempt:?}");
    assert!(attempt.is_about_the_route());
}
