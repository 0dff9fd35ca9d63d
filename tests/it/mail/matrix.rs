//! The fault matrix: each of fourteen things that a server does wrong, at each of the twelve points of a conversation over
//! STARTTLS. After the fault the Delivery is where it must be; once the server is well everybody has their mail.

use std::sync::Arc;
use std::time::Duration;

use postrider::crypto;
use postrider::deliverer::{self, Deliverer, Parts};
use postrider::delivery::{Kind, State};
use postrider::digest::{Mailbox, Rendition};
use postrider::mail::{Relay, Security, Settings, Timeouts, Transport};
use postrider::store::{self, DeliveryRow, Store};
use tokio::sync::Semaphore;

use super::bench::{Hand, at, step};
use crate::support::databases;
use crate::support::smtp::{Act, Point, Server, Tls, say};

/// The points, with the how-manieth EHLO where there are two.
const POINTS: [(Point, usize); 12] = [
    (Point::Greeting, 0),
    (Point::Ehlo, 0),
    (Point::StartTls, 0),
    // Over TLS.
    (Point::Ehlo, 1),
    (Point::Auth, 0),
    (Point::Mail, 0),
    (Point::Rcpt, 0),
    (Point::Data, 0),
    (Point::Body, 0),
    (Point::Dot, 0),
    (Point::Rset, 0),
    (Point::Quit, 0),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Says(u16),
    /// The connection ends in the middle of what the client says there.
    Drop,
    /// What the client says there is read, the final dot too, and the connection ends without an answer.
    DropAfter,
    Hang,
    /// One octet in ten seconds.
    Drip,
    Garbage,
    /// A line of a hundred megabytes, which does not end.
    Endless,
    /// The connection ends, and the next one says after STARTTLS what is no TLS.
    NoTls,
    /// The connection ends, and the next one offers no STARTTLS.
    Stripped,
}

const FAULTS: [Fault; 14] = [
    Fault::Says(421),
    Fault::Says(450),
    Fault::Says(451),
    Fault::Says(452),
    Fault::Says(535),
    Fault::Says(550),
    Fault::Drop,
    Fault::DropAfter,
    Fault::Hang,
    Fault::Drip,
    Fault::Garbage,
    Fault::Endless,
    Fault::NoTls,
    Fault::Stripped,
];

/// Seconds of RFC 5321 last this long here: five minutes are one and a half seconds.
const SECOND: Duration = Duration::from_millis(5);

/// Where the Delivery is after the attempt that met the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    /// Queued, the attempt counted.
    Later,
    /// Queued as if nothing had been tried: it is about the relay.
    Held,
    /// At its end: the server refused this mail.
    Failed,
}

#[expect(clippy::match_same_arms, reason = "a line says why, and two reasons may have one end")]
/// What must be, and whether the reader gets the mail twice in the end.
fn expected((point, nth): (Point, usize), fault: Fault) -> (Fate, bool) {
    use Fate::{Failed, Held, Later, Sent};
    match (point, fault) {
        // The mail is over, or this is a used connection: a new one is made for the next mail at once.
        (Point::Quit, _) => (Sent, false),
        (Point::Rset, Fault::NoTls | Fault::Stripped) => (Held, false),
        (Point::Rset, _) => (Sent, false),
        // Said there, it is heard behind the final dot.
        (Point::Body | Point::Dot, Fault::Says(500..)) => (Failed, false),
        (Point::Rcpt | Point::Data, Fault::Says(550)) => (Failed, false),
        (_, Fault::Says(500..)) => (Held, false),
        // The message is read to its end and counts as taken, and nobody said so.
        (Point::Dot, Fault::DropAfter | Fault::Hang | Fault::Endless | Fault::NoTls | Fault::Stripped) => (Later, true),
        // Within five minutes (two for DATA), each of them.
        (Point::Greeting | Point::StartTls | Point::Auth | Point::Mail | Point::Rcpt | Point::Dot, Fault::Drip) => {
            (Sent, false)
        }
        (Point::StartTls, Fault::NoTls) => (Held, false),
        (Point::Ehlo, Fault::Stripped) if nth == 0 => (Held, false),
        _ => (Later, false),
    }
}

/// What the server does at the point. `endless`: octets of the line without end.
fn act(point: Point, nth: usize, fault: Fault, endless: usize) -> Act {
    match fault {
        Fault::Says(code) => say(&format!("{code} no")),
        Fault::Hang => Act::Hang,
        Fault::Drip => {
            let words = match point {
                Point::Greeting => "220 a\r\n",
                Point::StartTls => "220 b\r\n",
                Point::Auth => "235 c\r\n",
                Point::Mail | Point::Rcpt | Point::Dot | Point::Rset => "250 d\r\n",
                Point::Quit => "221 e\r\n",
                // Six hundred seconds and more.
                Point::Ehlo => "250-scripted.example.org\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
                Point::Data => "354 go ahead, whenever you like to\r\n",
                Point::Body => return Act::Hang,
            };
            Act::Drip(words.as_bytes().to_vec(), 10 * SECOND)
        }
        Fault::Garbage => Act::Say(b"\x16\x03\x01 was it you?\r\n".to_vec()),
        Fault::Endless => Act::Endless(endless),
        Fault::NoTls if point == Point::StartTls => Act::SayAndDrop(b"220 go on\r\nthis is no TLS\r\n".to_vec()),
        Fault::Stripped if point == Point::Ehlo && nth == 0 => say("250-scripted\r\n250 8BITMIME"),
        Fault::Drop | Fault::DropAfter | Fault::NoTls | Fault::Stripped => Act::Drop,
    }
}

fn rendition() -> Rendition {
    Rendition {
        kind: Kind::Issue,
        digest: "weekly".to_owned(),
        language: "en".to_owned(),
        from: Mailbox { name: "Weekly".to_owned(), address: "weekly@example.org".to_owned() },
        reply_to: None,
        subject: "News".to_owned(),
        html: "<p>news</p>\n".to_owned(),
        text: "news\n".to_owned(),
        id: crypto::new_id(),
    }
}

/// A store with one Issue to `readers`, due at `at(0)`.
async fn issue(url: &str, readers: &[&str]) -> Store {
    let store = Store::open(&store::Settings { url: url.to_owned(), secret: None }).await.unwrap();
    let readers = readers.iter().map(|address| (*address).to_owned());
    super::bench::issue(&store, readers, rendition(), at(72 * 60)).await;
    store
}

fn parts(store: &Store, server: &Server, security: Security, timeouts: Timeouts) -> Parts {
    let relay = Relay {
        host: "localhost".to_owned(),
        port: server.address.port(),
        security,
        login: (security != Security::None).then(|| ("user".to_owned(), "password".to_owned())),
        trusted: Some(include_str!("../../fixtures/tls/authority.pem").to_owned()),
    };
    let mut settings = Settings::new(Transport::Smtp(relay), "https://feeds.example.org/");
    settings.connections = 1;
    settings.timeouts = timeouts;
    super::bench::parts(store, settings)
}

/// The default ones, in the time of [`SECOND`]; those that no fault here makes last are long.
fn timeouts(fault: Fault) -> Timeouts {
    let long = Duration::from_mins(1);
    if !matches!(fault, Fault::Hang | Fault::Drip | Fault::Endless) {
        return Timeouts { connect: long, command: long, data: long, body: long, dot: long };
    }
    let Timeouts { command, data, body, dot, .. } = Timeouts::default();
    let shorter = |time: Duration| SECOND * u32::try_from(time.as_secs()).unwrap();
    Timeouts { connect: long, command: shorter(command), data: shorter(data), body: shorter(body), dot: shorter(dot) }
}

async fn row(store: &Store, reader: &str) -> DeliveryRow {
    store.deliveries(None, Some(reader), None, 1).await.unwrap().remove(0)
}

async fn case((point, nth): (Point, usize), fault: Fault, endless: usize) {
    let shown = format!("{fault:?} at {point:?} {nth}");
    let folder = tempfile::tempdir().unwrap();
    let reader = "reader@example.net";
    // RSET is said between a mail that was refused and the next one.
    let readers: &[&str] = if point == Point::Rset { &["gone@example.net", reader] } else { &[reader] };
    let mut store = issue(&databases::sqlite(folder.path()), readers).await;
    while row(&store, reader).await.id < row(&store, readers[0]).await.id {
        // Chance has put the reader first.
        let again = tempfile::tempdir_in(folder.path()).unwrap().keep();
        store = issue(&databases::sqlite(&again), readers).await;
    }
    // In the middle of the message.
    let place = if (point, fault) == (Point::Dot, Fault::Drop) { Point::Body } else { point };
    let server = Server::with(Tls::Offered, "localhost", move |at, times, line| match fault {
        _ if at == Point::Rcpt && line.contains("gone@") => say("550 5.1.1 no such user"),
        _ if at == place && times == nth => act(point, nth, fault, endless),
        // The connection after the one that ended at the point: its StartTls, its first EHLO.
        Fault::NoTls if at == Point::StartTls && times == usize::from(begun_tls(point, nth)) => {
            Act::SayAndDrop(b"220 go on\r\nthis is no TLS\r\n".to_vec())
        }
        Fault::Stripped if at == Point::Ehlo && times == ehlos(point, nth) => say("250-scripted\r\n250 8BITMIME"),
        _ => Act::Well,
    })
    .await;
    let parts = parts(&store, &server, Security::StartTls, timeouts(fault));
    // Until the reader's own mail has met it.
    let mut steps = 0;
    while row(&store, reader).await.changed_at == at(0) && steps < 3 {
        steps += 1;
        deliverer::step(&parts, at(steps)).await.unwrap();
    }
    let (fate, twice) = expected((point, nth), fault);
    let now = row(&store, reader).await;
    let found = match (now.state, now.attempts) {
        (State::Sent, _) => Fate::Sent,
        (State::Failed, _) => Fate::Failed,
        (State::Queued, 0) => Fate::Held,
        (State::Queued, _) => Fate::Later,
        (other, _) => panic!("{shown}: {other:?}"),
    };
    assert_eq!(found, fate, "{shown}: {} {}", now.code, now.text);
    // From here on the server is well, and time goes on.
    let mut tries = 0;
    while let Some(due) = store.next_due().await.unwrap() {
        tries += 1;
        assert!(tries < 10, "{shown}: it never comes to an end");
        deliverer::step(&parts, due.max(at(9))).await.unwrap();
    }
    let last = if fate == Fate::Failed { State::Failed } else { State::Sent };
    assert_eq!(row(&store, reader).await.state, last, "{shown}");
    let mails: Vec<_> = server.kept().into_iter().filter(|kept| kept.to == [reader]).collect();
    let wanted = usize::from(fate != Fate::Failed) + usize::from(twice);
    assert_eq!(mails.len(), wanted, "{shown}: the mails that came");
    let id = |data: &[u8]| {
        let text = String::from_utf8_lossy(data).into_owned();
        text.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned)
    };
    assert!(mails.iter().all(|mail| id(&mail.data) == id(&mails[0].data)), "{shown}: one Message-ID");
    assert_eq!(server.in_the_clear(), Vec::<String>::new(), "{shown}: said before TLS");
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, store::IssueState::Done, "{shown}");
}

/// Had the connection that ended at the point said STARTTLS?
fn begun_tls(point: Point, nth: usize) -> bool {
    !matches!((point, nth), (Point::Greeting | Point::StartTls, _) | (Point::Ehlo, 0))
}

/// How often it had said EHLO.
fn ehlos(point: Point, nth: usize) -> usize {
    match (point, nth) {
        (Point::Greeting, _) => 0,
        (Point::StartTls, _) | (Point::Ehlo, 0) => 1,
        _ => 2,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_at_each_point() {
    let long = crate::support::long();
    // What a step may take is short here: a few at a time, so that no other one takes it.
    let turns = Arc::new(Semaphore::new(8));
    let mut cases = Vec::new();
    for point in POINTS {
        for fault in FAULTS {
            // All of them meet the whole hundred megabytes in the long run only.
            let endless = if long || point.0 == Point::Mail { 100 << 20 } else { 1 << 20 };
            let turns = Arc::clone(&turns);
            cases.push(tokio::spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                case(point, fault, endless).await;
            }));
        }
    }
    assert_eq!(cases.len(), 168);
    for case in cases {
        case.await.unwrap();
    }
}

#[tokio::test]
async fn an_hour_of_421_is_an_hour_of_few_connections() {
    for point in [Point::Greeting, Point::Ehlo, Point::Mail, Point::Rcpt, Point::Dot] {
        let folder = tempfile::tempdir().unwrap();
        let readers: Vec<String> = (0..40).map(|i| format!("reader{i}@example.net")).collect();
        let store =
            issue(&databases::sqlite(folder.path()), &readers.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let server = Server::start(move |at, _, _| {
            if at == point { Act::SayAndDrop(b"421 4.3.2 come back later\r\n".to_vec()) } else { Act::Well }
        })
        .await;
        let hand = Hand::at(at(0));
        let parts = parts(&store, &server, Security::None, Timeouts::default());
        let mut deliverer = Deliverer::new(parts, hand.clock());
        for second in 0..3600 {
            hand.set(at(0) + chrono::Duration::seconds(second));
            step(&mut deliverer).await;
        }
        assert!((2..=60).contains(&server.connections()), "{point:?}: {} connections", server.connections());
        let counts = store.delivery_counts(None).await.unwrap();
        assert_eq!(counts, [(State::Queued, 40)], "{point:?}: everybody waits");
    }
}
