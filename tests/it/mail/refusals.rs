//! Refusals that are not about the reader: of our sender, of relaying, of so many mails or connections. On both databases and a
//! clock that the test moves: readers are neither lost nor given up for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postrider::deliverer::{self, Deliverer, Parts};
use postrider::delivery::{Kind, State};
use postrider::mail::{Settings, Transport};
use postrider::store::{DeliveryRow, Store};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::bench::{Hand, Place, at, issue, on_both, parts, relay, rendition, step};
use crate::support::house::eventually;
use crate::support::smtp::{Act, Point, Server, say};

on_both!(
    who_refuses_everybody_loses_ten_and_gives_up_nobody,
    readers_who_are_gone_among_others_are_given_up,
    what_is_refused_while_mail_is_paused_is_given_back,
    a_relay_with_few_connections_is_given_few,
    small_domains_that_want_less_slow_nobody_else,
    one_domain_that_wants_less_is_asked_seldom,
    a_full_mailbox_is_tried_again,
    who_says_after_the_message_that_the_reader_is_gone_is_believed,
    an_unanswered_goodbye_is_waited_for_once,
);

struct Bench {
    store: Store,
    place: Place,
    hand: Hand,
}

impl Bench {
    async fn open(place: Place) -> Self {
        Self { store: place.store().await, place, hand: Hand::at(at(1)) }
    }

    async fn fresh(&self) -> Self {
        Self::open(self.place.another().await).await
    }

    /// To `r0@example.net`, `r1@example.net` …
    async fn issue(&self, readers: usize) {
        self.issue_to((0..readers).map(|n| format!("r{n}@example.net"))).await;
    }

    async fn issue_to(&self, readers: impl Iterator<Item = String>) {
        issue(&self.store, readers, rendition(Kind::Issue), at(10 * 24 * 60)).await;
    }

    fn parts(&self, server: &Server, connections: usize) -> Parts {
        let mut settings = Settings::new(Transport::Smtp(relay(server.address)), "https://feeds.example.org/");
        settings.connections = connections;
        parts(&self.store, settings)
    }

    fn over(&self, server: &Server, connections: usize) -> Deliverer {
        Deliverer::new(self.parts(server, connections), self.hand.clock())
    }

    fn is(&self, minutes: i64) {
        self.hand.set(at(minutes));
    }

    /// Steps from one minute to another.
    async fn goes_on(&self, deliverer: &mut Deliverer, minutes: std::ops::Range<i64>) {
        for minute in minutes {
            self.is(minute);
            step(deliverer).await;
        }
    }

    async fn counts(&self) -> HashMap<State, u64> {
        self.store.delivery_counts(None).await.unwrap().into_iter().collect()
    }

    async fn row(&self, address: &str) -> DeliveryRow {
        self.store.deliveries(None, Some(address), None, 1).await.unwrap().remove(0)
    }

    /// Readers who are given up.
    async fn given_up(&self, readers: usize) -> usize {
        let mut given_up = 0;
        for n in 0..readers {
            let reader = self.store.subscriber_by_address(&format!("r{n}@example.net")).await.unwrap().unwrap();
            given_up += usize::from(reader.suppressed.is_some());
        }
        given_up
    }
}

/// Replies to RCPT, whoever the reader is.
const TO_EVERYBODY: [&str; 16] = [
    "550 5.1.7 <b+x@bounce.example.org>: Sender address rejected: User unknown in virtual mailbox table",
    "553 5.1.8 <weekly@example.org>: Sender address rejected: Domain not found",
    "550-Verification failed for <weekly@example.org>\r\n550-Called:   192.0.2.1\r\n\
     550-Response: 550 5.1.1 <weekly@example.org>: User unknown\r\n550 Sender verify failed",
    "550 Sorry, your mail server was not found in our whitelist",
    "550-Requested action not taken: mailbox unavailable\r\n550 invalid DNS MX or A/AAAA resource record",
    "550 Mailbox unavailable or access denied",
    "550 Rejected by rule 551",
    "554 Too many recipients in queue 556",
    "550 relay not permitted",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "550 authentication required",
    "550 Domain example.org has exceeded the max emails per hour",
    "550 5.4.5 Daily user sending quota exceeded",
    "550 relaying to <r@example.net> prohibited",
    // Nobody can tell by the words; that it is said to everybody tells.
    "550 5.1.1 User unknown",
    "550 nein",
];

/// A server that says `reply` at `point` for as long as what comes with it is true.
async fn refusing(point: Point, reply: &'static str) -> (Server, Arc<AtomicBool>) {
    let refuses = Arc::new(AtomicBool::new(true));
    let is_refused = Arc::clone(&refuses);
    let server = Server::start(
        move |at, _, _| {
            if at == point && is_refused.load(Ordering::SeqCst) { say(reply) } else { Act::Well }
        },
    )
    .await;
    (server, refuses)
}

async fn who_refuses_everybody_loses_ten_and_gives_up_nobody(bench: Bench) {
    for reply in TO_EVERYBODY {
        let bench = bench.fresh().await;
        bench.issue(40).await;
        let (server, refuses) = refusing(Point::Rcpt, reply).await;
        let mut deliverer = bench.over(&server, 4);
        bench.goes_on(&mut deliverer, 1..120).await;
        assert_eq!(bench.counts().await, HashMap::from([(State::Failed, 10), (State::Queued, 30)]), "{reply}");
        let rows = bench.store.deliveries(None, None, Some(State::Queued), 99).await.unwrap();
        assert!(rows.iter().all(|row| row.attempts == 0), "{reply}: given back as they were");
        let asked = server.commands().iter().filter(|line| line.starts_with("RCPT")).count();
        assert!(asked <= 30, "{reply}: {asked}");
        // Once it is mended, nobody else waits for long.
        refuses.store(false, Ordering::SeqCst);
        bench.goes_on(&mut deliverer, 120..180).await;
        assert_eq!(bench.counts().await, HashMap::from([(State::Failed, 10), (State::Sent, 30)]), "{reply}");
        assert_eq!(bench.given_up(40).await, 0, "{reply}");
    }
}

async fn readers_who_are_gone_among_others_are_given_up(bench: Bench) {
    bench.issue(30).await;
    let gone = |line: &str| (0..30).step_by(3).any(|n| line.contains(&format!("<r{n}@")));
    let server =
        Server::start(
            move |point, _, line| {
                if point == Point::Rcpt && gone(line) { say("550 5.1.1 no such user") } else { Act::Well }
            },
        )
        .await;
    // One after the other: when ten in a row are gone, by chance, mail is paused.
    bench.goes_on(&mut bench.over(&server, 1), 1..60).await;
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 20), (State::Failed, 10)]));
    assert_eq!(bench.given_up(30).await, 10);
}

async fn what_is_refused_while_mail_is_paused_is_given_back(bench: Bench) {
    for reply in ["554 5.7.1 account suspended", "554 no"] {
        let bench = bench.fresh().await;
        bench.issue(60).await;
        let (server, refuses) = refusing(Point::Dot, reply).await;
        let mut deliverer = bench.over(&server, 8);
        bench.goes_on(&mut deliverer, 1..240).await;
        assert_eq!(bench.counts().await, HashMap::from([(State::Failed, 10), (State::Queued, 50)]), "{reply}");
        refuses.store(false, Ordering::SeqCst);
        bench.goes_on(&mut deliverer, 240..300).await;
        assert_eq!(bench.counts().await, HashMap::from([(State::Failed, 10), (State::Sent, 50)]), "{reply}");
    }
}

async fn a_relay_with_few_connections_is_given_few(bench: Bench) {
    bench.issue(300).await;
    let server = Server::crowded(4, |_, _, _| Act::Well).await;
    let mut deliverer = bench.over(&server, 8);
    for second in 0..120 {
        bench.hand.set(at(1) + chrono::Duration::seconds(second));
        step(&mut deliverer).await;
    }
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 300)]));
    let rows = bench.store.deliveries(None, None, None, 999).await.unwrap();
    let again = rows.iter().filter(|row| row.attempts > 1).count();
    assert_eq!(again, 0, "a connection that was one too many is no attempt");
    // A connection is good for a hundred mails.
    assert!(server.connections() <= 8 + 8, "{}", server.connections());
}

async fn small_domains_that_want_less_slow_nobody_else(bench: Bench) {
    bench.issue_to((0..400).map(|n| format!("reader@d{n}.example"))).await;
    let busy = |line: &str| (0..400).step_by(40).any(|n| line.contains(&format!("@d{n}.example")));
    let server =
        Server::start(
            move |point, _, line| {
                if point == Point::Rcpt && busy(line) { say("421 4.3.2 busy, come back") } else { Act::Well }
            },
        )
        .await;
    step(&mut bench.over(&server, 4)).await;
    // In the same second.
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 390), (State::Queued, 10)]));
}

async fn one_domain_that_wants_less_is_asked_seldom(bench: Bench) {
    let of = |domain: &'static str, readers| (0..readers).map(move |n| format!("r{n}@{domain}"));
    bench.issue_to(of("busy.example", 300).chain(of("quick.example", 100))).await;
    let server = Server::start(|point, _, line| {
        let busy = point == Point::Rcpt && line.contains("@busy.example");
        if busy { say("421 4.3.2 busy, come back") } else { Act::Well }
    })
    .await;
    let mut deliverer = bench.over(&server, 4);
    step(&mut deliverer).await;
    assert_eq!(server.kept().len(), 100, "nobody else waits");
    for second in 0..3600 {
        bench.hand.set(at(1) + chrono::Duration::seconds(second));
        step(&mut deliverer).await;
    }
    let asked = server.commands().iter().filter(|line| line.contains("@busy.example")).count();
    assert!((8..=60).contains(&asked), "{asked}");
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 100), (State::Queued, 300)]));
}

async fn a_full_mailbox_is_tried_again(bench: Bench) {
    let replies = [
        (Point::Rcpt, "552 5.2.2 full", State::Queued),
        (Point::Rcpt, "550 5.2.2 over quota", State::Queued),
        (Point::Rcpt, "554 mailbox is full", State::Queued),
        (Point::Dot, "552 5.2.2 mailbox full", State::Queued),
        (Point::Dot, "552 no", State::Queued),
        (Point::Dot, "552 5.3.4 message too big", State::Failed),
        (Point::Dot, "552 5.7.0 its content presents a potential security issue", State::Failed),
    ];
    bench.issue(replies.len()).await;
    let server = Server::start(move |point, times, _| {
        // One connection: their order is that of the mails that come so far.
        let of = replies.iter().filter(|(at, ..)| *at == point);
        let skip = if point == Point::Dot { times } else { times.min(99) };
        of.map(|(_, reply, _)| say(reply)).nth(skip).unwrap_or(Act::Well)
    })
    .await;
    step(&mut bench.over(&server, 1)).await;
    let rows = bench.store.deliveries(None, None, None, 99).await.unwrap();
    for (_, reply, state) in replies {
        let row = rows.iter().find(|row| format!("{} {}", row.code, row.text) == reply).unwrap();
        assert_eq!(row.state, state, "{reply}");
    }
}

async fn who_says_after_the_message_that_the_reader_is_gone_is_believed(bench: Bench) {
    bench.issue(12).await;
    let last = std::sync::Mutex::new(String::new());
    let server = Server::start(move |point, _, line| {
        let mut last = last.lock().unwrap();
        match point {
            Point::Rcpt => line.clone_into(&mut last),
            Point::Dot if last.contains("<r1@") => return say("550 5.1.1 no such user"),
            Point::Dot if last.contains("<r2@") => return say("550 user unknown to our filter"),
            _ => {}
        }
        Act::Well
    })
    .await;
    step(&mut bench.over(&server, 1)).await;
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 10), (State::Failed, 2)]));
    assert_eq!(bench.row("r1@example.net").await.state, State::Failed);
    // Whoever has read the message may mean that, where no code says otherwise.
    assert_eq!(bench.given_up(12).await, 1);
    assert_eq!(bench.store.bounces("r1@example.net", 9).await.unwrap().len(), 1);
    assert_eq!(bench.store.bounces("r2@example.net", 9).await.unwrap().len(), 0);
}

async fn an_unanswered_goodbye_is_waited_for_once(bench: Bench) {
    const LINES: usize = 4;
    bench.issue(40).await;
    let (all, ring) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (gathered, silent) = (Arc::clone(&all), Arc::clone(&ring));
    let server = Server::start(move |point, times, _| match point {
        // Each line has a mail before any goes on.
        Point::Dot if times + 1 < LINES => Act::WellAfter(Arc::clone(&gathered)),
        Point::Dot => {
            gathered.notify_waiters();
            Act::Well
        }
        Point::Quit => Act::WellAfter(Arc::clone(&silent)),
        _ => Act::Well,
    })
    .await;
    let cancel = CancellationToken::new();
    let running = tokio::spawn(deliverer::run(bench.parts(&server, LINES), bench.hand.clock(), cancel.clone()));
    let goodbyes = || server.commands().iter().filter(|line| *line == "QUIT").count();
    eventually("it says goodbye", || async { (goodbyes() > 0).then_some(()) }).await;
    let begun = std::time::Instant::now();
    eventually("on every line", || async { (goodbyes() == server.connections()).then_some(()) }).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(server.connections(), LINES);
    ring.notify_waiters();
    cancel.cancel();
    running.await.unwrap();
}
