//! Several commands in one write, and the next mail's behind the end of a message: faster, and nothing else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::DateTime;
use postrider::delivery::Verdict;
use postrider::mail::transport::{Ahead, Attempt, Gate, Limits, Line, Mail, Route, Stage};
use postrider::mail::{Pipelining, Settings, Transport};
use postrider::rope::Rope;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bench::relay;
use crate::support::smtp::{Act, Point, Server, say};

const OFFERS: &[&str] = &["PIPELINING"];
const READERS: [&str; 3] = ["a@example.net", "b@example.net", "c@example.net"];

fn line(server: &Server, change: impl FnOnce(&mut Settings)) -> Line {
    let mut settings = Settings::new(Transport::Smtp(relay(server.address)), "https://feeds.example.org/");
    change(&mut settings);
    Route::all(&settings).unwrap().remove(0).line()
}

/// A gate that the test opens and shuts.
struct Door(AtomicBool);

impl Door {
    fn open() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Gate for Door {
    async fn open_at(&self) -> Result<Option<Instant>, String> {
        Ok(self.0.load(Ordering::SeqCst).then(Instant::now))
    }
}

fn mail(to: &str) -> Mail<'_> {
    static TEXT: LazyLock<Arc<Rope>> = LazyLock::new(|| Arc::new("Subject: a\r\n\r\n.b\r\n".into()));
    let date = DateTime::from_timestamp(1_634_288_400, 0).unwrap();
    Mail { from: "weekly@example.org", to, message_id: "id@example.org", text: &TEXT, date }
}

fn limits() -> Limits {
    Limits { until: Instant::now() + Duration::from_mins(1), stop: CancellationToken::new() }
}

/// Sends to all, each in sight of the next, as a worker does. What became of each, and which were begun early.
async fn send(line: &mut Line, doors: &[Door; 3]) -> (Vec<Attempt>, Vec<bool>) {
    let mut attempts = Vec::new();
    let mut begun = Vec::new();
    for (at, to) in READERS.iter().enumerate() {
        begun.push(line.has_begun());
        let next = READERS.get(at + 1).map(|to| mail(to));
        let ahead = next.as_ref().map(|mail| Ahead { mail, gate: &doors[at + 1] });
        attempts.push(line.send_before(&mail(to), &doors[at], ahead, &limits()).await);
    }
    line.close().await;
    (attempts, begun)
}

fn doors() -> [Door; 3] {
    [Door::open(), Door::open(), Door::open()]
}

fn taken(server: &Server) -> Vec<String> {
    server.kept().into_iter().map(|kept| kept.to.join(" ")).collect()
}

fn verdicts(attempts: &[Attempt]) -> Vec<Verdict> {
    attempts.iter().map(|attempt| attempt.outcome.verdict).collect()
}

#[tokio::test]
async fn each_mail_is_begun_at_the_end_of_the_one_before() {
    let server = Server::offering(OFFERS, |_, _, _| Act::Well).await;
    let (attempts, begun) = send(&mut line(&server, |_| {}), &doors()).await;
    assert_eq!(verdicts(&attempts), [Verdict::Accepted; 3]);
    assert_eq!((begun, server.connections()), (vec![false, true, true], 1));
    assert_eq!(taken(&server), READERS);
    assert!(server.kept().iter().all(|kept| kept.data == b"Subject: a\r\n\r\n..b"), "{:?}", server.kept());
    let said: Vec<String> = server.commands().iter().map(|line| line[..4].to_owned()).collect();
    assert_eq!(said.join(" "), "EHLO MAIL RCPT DATA MAIL RCPT DATA MAIL RCPT DATA QUIT");
}

#[tokio::test]
async fn a_relay_that_dislikes_it_is_spared() {
    for (pipelining, offers) in
        [(Pipelining::Mail, OFFERS), (Pipelining::Off, OFFERS), (Pipelining::Full, &["SIZE 100000"][..])]
    {
        let server = Server::offering(offers, |_, _, _| Act::Well).await;
        let mut line = line(&server, |settings| settings.pipelining = pipelining);
        let (attempts, begun) = send(&mut line, &doors()).await;
        assert_eq!((verdicts(&attempts), begun), (vec![Verdict::Accepted; 3], vec![false; 3]), "{pipelining:?}");
        assert_eq!(taken(&server), READERS);
    }
    // A connection that has served its number of mails begins none.
    let server = Server::offering(OFFERS, |_, _, _| Act::Well).await;
    let (_, begun) = send(&mut line(&server, |settings| settings.messages_per_connection = 2), &doors()).await;
    assert_eq!((begun, server.connections()), (vec![false, true, false], 2));
    assert_eq!(taken(&server), READERS);
}

/// Whatever happens to one of three mails in a row: the others arrive, once, and what arrived is what was reported so.
#[tokio::test]
async fn whatever_meets_one_mail_costs_no_other() {
    let replies = [
        "421 4.3.2 going down",
        "450 4.2.0 greylisted",
        "452 4.2.2 full",
        "503 5.5.1 what?",
        "550 5.1.1 no such user",
        "554 5.7.1 no",
        "354 go on",
        "250 ok",
        "hello",
    ];
    let drops =
        [Act::Drop, Act::SayAndDrop(b"421 4.3.2 bye\r\n".to_vec()), Act::SayAndDrop(b"451 4.3.0 bye\r\n".to_vec())];
    let acts: Vec<Act> = replies.iter().map(|reply| say(reply)).chain(drops).collect();
    for point in [Point::Mail, Point::Rcpt, Point::Data, Point::Dot] {
        for which in 0..3 {
            for act in &acts {
                let case = format!("{act:?} at {point:?} of mail {which}");
                let meant = act.clone();
                let script = move |at: Point, times, _: &str| {
                    if at == point && times == which { meant.clone() } else { Act::Well }
                };
                let server = Server::offering(OFFERS, script).await;
                let (attempts, _) = send(&mut line(&server, |_| {}), &doors()).await;
                let mut arrived = Vec::new();
                for (at, attempt) in attempts.iter().enumerate() {
                    let verdict = attempt.outcome.verdict;
                    if at != which {
                        assert_eq!(verdict, Verdict::Accepted, "{case}: {attempts:?}");
                    }
                    arrived.extend(matches!(verdict, Verdict::Accepted).then_some(READERS[at]));
                }
                let mut kept = taken(&server);
                if attempts[which].outcome.verdict == Verdict::Uncertain {
                    kept.retain(|to| to != READERS[which]);
                }
                assert_eq!(kept, arrived, "{case}: {attempts:?}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_gets_an_empty_mail() {
    // A server that wants a message for a reader it has refused: it gets none.
    let script = |at, times, _: &str| match (at, times) {
        (Point::Rcpt, 1) => say("550 5.1.1 no such user"),
        (Point::Data, 1) => say("354 go on all the same"),
        _ => Act::Well,
    };
    let server = Server::offering(OFFERS, script).await;
    let (attempts, _) = send(&mut line(&server, |_| {}), &doors()).await;
    assert_eq!(verdicts(&attempts), [Verdict::Accepted, Verdict::Permanent, Verdict::Accepted]);
    assert_eq!((attempts[1].stage, attempts[1].outcome.code), (Stage::Rcpt, 550));
    assert_eq!(taken(&server), ["a@example.net", "c@example.net"]);
    assert_eq!(server.connections(), 2);
    assert!(server.commands().iter().all(|line| line != "."), "{:?}", server.commands());
}

#[tokio::test]
async fn a_shut_gate_lets_nothing_through_early_or_late() {
    let server = Server::offering(OFFERS, |_, _, _| Act::Well).await;
    let doors = doors();
    doors[1].0.store(false, Ordering::SeqCst);
    let (attempts, begun) = send(&mut line(&server, |_| {}), &doors).await;
    assert_eq!(verdicts(&attempts), [Verdict::Accepted, Verdict::Unwanted, Verdict::Accepted]);
    assert_eq!((begun, server.connections()), (vec![false; 3], 1));
    assert!(!server.commands().iter().any(|line| line.contains(READERS[1])));
}

#[tokio::test]
async fn what_was_begun_can_be_left() {
    let server = Server::offering(OFFERS, |_, _, _| Act::Well).await;
    let mut line = line(&server, |_| {});
    let (first, second) = (mail(READERS[0]), mail(READERS[1]));
    let door = Door::open();
    line.send_before(&first, &door, Some(Ahead { mail: &second, gate: &door }), &limits()).await;
    assert!(line.has_begun());
    line.cut();
    assert!(!line.has_begun());
    assert_eq!(line.send(&mail(READERS[2]), &limits(), &door).await.outcome.verdict, Verdict::Accepted);
    assert_eq!(taken(&server), [READERS[0], READERS[2]]);
}

/// Says whether its message may end when the test does.
struct Late(watch::Receiver<Option<bool>>);

impl Gate for Late {
    async fn open_at(&self) -> Result<Option<Instant>, String> {
        Ok(Some(Instant::now()))
    }

    async fn may_end(&self) -> bool {
        *self.0.clone().wait_for(Option::is_some).await.unwrap() == Some(true)
    }
}

#[tokio::test]
async fn a_message_leaves_before_it_may_end() {
    const TEXT: &str = "Subject: a\r\n\r\nb\r\n";
    for may in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings =
            Settings::new(Transport::Smtp(relay(listener.local_addr().unwrap())), "https://feeds.example.org/");
        let mut line = Route::all(&settings).unwrap().remove(0).line();
        let (say, heard) = watch::channel(None);
        let server = async {
            let mut stream = BufStream::new(listener.accept().await.unwrap().0);
            for (replies, lines) in [("220 hello\r\n", 1), ("250-localhost\r\n250 PIPELINING\r\n", 3)] {
                stream.write_all(replies.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                for _ in 0..lines {
                    stream.read_line(&mut String::new()).await.unwrap();
                }
            }
            stream.write_all(b"250 ok\r\n250 ok\r\n354 go on\r\n").await.unwrap();
            stream.flush().await.unwrap();
            let mut message = vec![0; TEXT.len()];
            stream.read_exact(&mut message).await.unwrap();
            // It is here, and the test has not said yet that it may end.
            say.send(Some(may)).unwrap();
            let mut end = String::new();
            if may {
                stream.read_line(&mut end).await.unwrap();
                stream.write_all(b"250 taken\r\n").await.unwrap();
                stream.flush().await.unwrap();
            } else {
                stream.read_to_string(&mut end).await.unwrap();
            }
            (String::from_utf8(message).unwrap(), end)
        };
        let mail = Mail { text: &Arc::new(TEXT.into()), ..mail(READERS[0]) };
        let (sent, (message, end)) = tokio::join!(
            async {
                let sent = line.send(&mail, &limits(), &Late(heard)).await;
                // What has no end is left at once.
                assert_eq!(line.is_connected(), may);
                sent
            },
            server
        );
        let (verdict, wanted) = if may { (Verdict::Accepted, ".\r\n") } else { (Verdict::Ours, "") };
        assert_eq!((sent.outcome.verdict, message.as_str(), end.as_str()), (verdict, TEXT, wanted));
    }
}

#[tokio::test]
async fn a_server_hears_what_it_asks_for() {
    let server = Server::offering(&["size 100", "dsn"], |_, _, _| Act::Well).await;
    let mut line = line(&server, |_| {});
    let door = Door::open();
    let accepted = line.send(&mail("a+b@example.net"), &limits(), &door).await;
    assert_eq!(accepted.outcome.verdict, Verdict::Accepted);
    let said = server.commands();
    assert!(said.contains(&"MAIL FROM:<weekly@example.org> SIZE=18 RET=HDRS ENVID=id".to_owned()), "{said:?}");
    let reader = "RCPT TO:<a+b@example.net> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb@example.net";
    assert!(said.contains(&reader.to_owned()), "{said:?}");
    // Too large a mail is not even begun; that is no fault of its reader, and no reason to stop.
    let large = Mail { text: &Arc::new("x".repeat(101).into()), ..mail(READERS[0]) };
    let refused = line.send(&large, &limits(), &door).await;
    assert_eq!((refused.outcome.verdict, refused.outcome.code), (Verdict::Temporary, 552));
    assert!(!refused.is_about_the_route() && !refused.is_about_policy());
    assert_eq!(server.commands().iter().filter(|line| line.starts_with("MAIL")).count(), 1);
}
