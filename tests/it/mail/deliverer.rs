//! From a row to a mail and back to a row, on both databases, against the scripted server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use postrider::bounce::{Named, ReturnPath, verp};
use postrider::clock::Clock;
use postrider::crypto::signing::{Algorithm, SigningKey};
use postrider::deliverer::{self, Deliverer, Parts};
use postrider::delivery::{Kind, State};
use postrider::digest::{Hole, Rendition};
use postrider::mail::{OnUncertain, Settings, Timeouts, Transport, dkim};
use postrider::store::{self, Store};
use postrider::subscriber::token::{self, Purpose};
use postrider::subscriber::{self, Address};
use sqlx::Connection as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::bench::{Hand, Place, at, issue, on_both, parts, relay, rendition, step};
use crate::support::house::eventually;
use crate::support::smtp::{Act, Point, Server, say};

on_both!(
    each_reader_gets_one_mail_of_their_own,
    mail_has_a_thread_of_its_own,
    refusals_become_states,
    each_mail_has_a_return_address_of_its_own,
    greylisted_mail_comes_back,
    a_refused_sender_stops_the_run_and_keeps_everybody,
    a_relay_that_is_down_costs_nobody,
    an_uncertain_mail_is_repeated_with_its_id,
    a_poison_row_fails_alone,
    a_broken_template_keeps_its_readers_waiting,
    confirmations_and_tests,
    who_leaves_in_time_gets_nothing,
    who_leaves_in_the_middle_of_an_issue_gets_nothing,
    who_leaves_while_the_relay_lets_us_wait_gets_nothing,
    what_a_dead_process_had_is_sent,
    a_store_that_is_away_for_a_while_repeats_nothing_and_delays_nobody,
    no_message_is_ended_while_the_store_is_away,
    claims_that_were_not_heard_of_are_given_back,
    an_issue_whose_end_was_missed_becomes_done,
    a_clock_that_jumps_ahead_repeats_nothing,
    a_clock_that_is_put_back_delays_nothing,
    what_only_ends_is_no_trial_of_a_relay_that_was_away,
    a_stop_begins_nothing_new,
    several_deliverers_send_each_mail_once,
    the_loop_wakes_for_new_mail_and_for_a_moved_clock,
    a_server_that_refuses_every_mail_stops_the_run,
);

struct Bench {
    store: Store,
    place: Place,
}

impl Bench {
    async fn open(place: Place) -> Self {
        Self { store: place.store().await, place }
    }

    /// An Issue to `readers` confirmed readers (`reader0@example.net` …), due at `at(0)`, expiring a day later.
    async fn issue(&self, readers: usize) {
        self.issue_as(readers, rendition(Kind::Issue)).await;
    }

    async fn issue_as(&self, readers: usize, rendition: Rendition) {
        let readers = (0..readers).map(|i| format!("reader{i}@example.net"));
        issue(&self.store, readers, rendition, at(24 * 60)).await;
    }

    fn parts(&self, server: &Server) -> Parts {
        let patience = Duration::from_secs(20);
        let mut settings = Settings::new(Transport::Smtp(relay(server.address)), "https://feeds.example.org/");
        (settings.connections, settings.messages_per_connection) = (3, 5);
        "client.example".clone_into(&mut settings.hello);
        settings.timeouts =
            Timeouts { connect: patience, command: patience, data: patience, body: patience, dot: patience };
        parts(&self.store, settings)
    }

    /// So many mails more, queued at that minute.
    async fn more(&self, mails: usize, minute: i64) {
        for number in 0..mails {
            let to = Address::parse(&format!("more{number}@example.net")).unwrap();
            self.store.queue_test(&rendition(Kind::Test), &to, at(24 * 60), at(minute)).await.unwrap();
        }
    }

    async fn counts(&self) -> HashMap<State, u64> {
        self.store.delivery_counts(None).await.unwrap().into_iter().collect()
    }
}

/// Readers whose mail the server took, sorted, one entry a mail.
fn taken(server: &Server) -> Vec<String> {
    let mut to: Vec<String> = server.kept().into_iter().map(|kept| kept.to.join(" ")).collect();
    to.sort();
    to
}

fn header<'a>(data: &'a str, name: &str) -> &'a str {
    data.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

async fn each_reader_gets_one_mail_of_their_own(bench: Bench) {
    bench.issue(12).await;
    let server = Server::start(|_, _, _| Act::Well).await;
    let parts = bench.parts(&server);
    assert_eq!(deliverer::step(&parts, at(1)).await.unwrap(), 12);
    assert_eq!(deliverer::step(&parts, at(2)).await.unwrap(), 0);
    let mut everybody: Vec<String> = (0..12).map(|i| format!("reader{i}@example.net")).collect();
    everybody.sort();
    assert_eq!(taken(&server), everybody);
    assert!(server.connections() <= 3);
    let mut ids = std::collections::HashSet::new();
    for kept in server.kept() {
        let data = String::from_utf8(kept.data).unwrap();
        assert_eq!(header(&data, "To"), kept.to[0]);
        assert_eq!(header(&data, "Date"), "Fri, 15 Oct 2021 09:01:00 +0000");
        assert!(ids.insert(header(&data, "Message-ID").to_owned()));
        // The link in the header opens this reader's subscription and nothing else.
        let link = header(&data, "List-Unsubscribe").trim_matches(['<', '>']);
        let token = link.strip_prefix("https://feeds.example.org/unsubscribe/").unwrap();
        let row = token::read(bench.store.key(), Purpose::Unsubscribe, token).unwrap();
        assert_eq!(bench.store.subscription(&row).await.unwrap().unwrap().address, kept.to[0]);
        assert_eq!(token::read(bench.store.key(), Purpose::Confirm, token), None);
        assert!(data.contains(&kept.to[0]) && !data.contains("hole-"));
    }
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 12)]));
}

/// Slow signatures are made beside it, and the store is whole afterwards, also where it did not end well.
async fn mail_has_a_thread_of_its_own(bench: Bench) {
    bench.issue(40).await;
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut parts = bench.parts(&server);
    let key = dkim::Key::new("rsa", SigningKey::generate(Algorithm::Rsa).unwrap()).unwrap();
    Arc::make_mut(&mut parts.settings).dkim.keys.push(Arc::new(key));
    let step = |parts| async move {
        (std::thread::current().name().map(str::to_owned), deliverer::step(&parts, at(1)).await.unwrap())
    };
    let done = deliverer::alone(parts.clone(), step).await.unwrap();
    assert_eq!(done, (Some("mail".to_owned()), 40));
    let signed = |data: Vec<u8>| header(&String::from_utf8(data).unwrap(), "DKIM-Signature").contains("a=rsa-sha256");
    assert!(server.kept().into_iter().all(|kept| signed(kept.data)));
    assert!(deliverer::alone::<(), _, _>(parts, |_| async { panic!("a fault of ours") }).await.is_err());
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 40)]));
}

async fn refusals_become_states(bench: Bench) {
    bench.issue(4).await;
    let server = Server::start(|point, _, line| match (point, line) {
        (Point::Rcpt, line) if line.contains("reader0") => say("550 5.1.1 no such user"),
        (Point::Rcpt, line) if line.contains("reader1") => say("450 4.2.0 greylisted"),
        (Point::Rcpt, line) if line.contains("reader2") => say("552 5.2.2 full"),
        _ => Act::Well,
    })
    .await;
    assert_eq!(deliverer::step(&bench.parts(&server), at(1)).await.unwrap(), 4);
    assert_eq!(taken(&server), ["reader3@example.net"]);
    let rows = bench.store.deliveries(None, None, None, 9).await.unwrap();
    let row = |name: &str| rows.iter().find(|row| row.address.starts_with(name)).unwrap();
    assert_eq!((row("reader0").state, row("reader0").code), (State::Failed, 550));
    assert_eq!(row("reader0").text, "5.1.1 no such user");
    for name in ["reader1", "reader2"] {
        assert_eq!((row(name).state, row(name).attempts), (State::Queued, 1), "{name}");
        let minutes = (row(name).due_at - at(1)).num_seconds();
        assert!((270..=330).contains(&minutes), "{name}: {minutes}");
    }
    assert_eq!(row("reader3").state, State::Sent);
}

async fn each_mail_has_a_return_address_of_its_own(bench: Bench) {
    bench.issue(3).await;
    let server = Server::start(|point, _, line| match (point, line) {
        (Point::Rcpt, line) if line.contains("reader0") => say("550 5.1.1 no such user"),
        (Point::Rcpt, line) if line.contains("reader1") => say("550 5.7.1 not from you"),
        _ => Act::Well,
    })
    .await;
    let mut parts = bench.parts(&server);
    Arc::make_mut(&mut parts.settings).bounce_address = Some(ReturnPath::parse("@bounce.example.org").unwrap());
    assert_eq!(deliverer::step(&parts, at(1)).await.unwrap(), 3);
    let kept = server.kept().remove(0);
    let rows = bench.store.deliveries(None, Some("reader2@example.net"), None, 9).await.unwrap();
    let reader = bench.store.subscriber_by_address("reader2@example.net").await.unwrap().unwrap();
    let named = Named::Issue { issue: rows[0].issue[..10].to_owned(), subscriber: reader.id };
    assert_eq!(verp::read(bench.store.key(), &kept.from), Some(named));
    // What the relay itself says of a reader is a bounce, and enough; its policy is no word about a reader.
    let suppressed = async |name: &str| bench.store.subscriber_by_address(name).await.unwrap().unwrap().suppressed;
    assert_eq!(suppressed("reader0@example.net").await.as_deref(), Some("bounced: user-unknown"));
    assert_eq!(suppressed("reader1@example.net").await, None);
    assert_eq!(bench.store.bounces("reader0@example.net", 9).await.unwrap()[0].source, "relay");
}

async fn greylisted_mail_comes_back(bench: Bench) {
    bench.issue(1).await;
    let server = Server::start(
        |point, times, _| {
            if point == Point::Rcpt && times < 2 { say("450 4.2.0 greylisted") } else { Act::Well }
        },
    )
    .await;
    let parts = bench.parts(&server);
    let mut attempts = Vec::new();
    for minute in 0..60 {
        if deliverer::step(&parts, at(minute)).await.unwrap() > 0 {
            attempts.push(minute);
        }
    }
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    assert!((4..=6).contains(&attempts[1]) && (13..=18).contains(&(attempts[2] - attempts[1])), "{attempts:?}");
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 1)]));

    // And when its time is over, it expires.
    let bench = bench.fresh().await;
    bench.issue(1).await;
    let server = Server::start(|point, _, _| if point == Point::Rcpt { say("450 4.2.0 no") } else { Act::Well }).await;
    let parts = bench.parts(&server);
    for hour in 0..30 {
        deliverer::step(&parts, at(hour * 60)).await.unwrap();
    }
    assert_eq!(bench.counts().await, HashMap::from([(State::Expired, 1)]));
}

impl Bench {
    /// Another program's hand in the database.
    async fn spoil(&self, old: &str, new: &str) {
        const SPOIL: &str = "update subscribers set address = $2 where address = $1";
        let done = if self.place.url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&self.place.url).await.unwrap();
            sqlx::query(SPOIL).bind(old).bind(new).execute(&mut connection).await.unwrap().rows_affected()
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.place.url).await.unwrap();
            sqlx::query(SPOIL).bind(old).bind(new).execute(&mut connection).await.unwrap().rows_affected()
        };
        assert_eq!(done, 1);
    }

    async fn fresh(&self) -> Self {
        Self::open(self.place.another().await).await
    }
}

async fn a_refused_sender_stops_the_run_and_keeps_everybody(bench: Bench) {
    bench.issue(20).await;
    let server = Server::start(|point, times, _| {
        if point == Point::Mail && times < 3 { say("550 5.7.1 sender <weekly@example.org> refused") } else { Act::Well }
    })
    .await;
    let parts = bench.parts(&server);
    assert!(deliverer::step(&parts, at(1)).await.unwrap() <= 3);
    assert_eq!(bench.counts().await, HashMap::from([(State::Queued, 20)]));
    let rows = bench.store.deliveries(None, None, None, 99).await.unwrap();
    assert!(rows.iter().all(|row| row.attempts == 0 && row.due_at > at(1)), "{rows:?}");
    // Nobody is asked again at once.
    assert_eq!(deliverer::step(&parts, at(1)).await.unwrap(), 0);
    assert_eq!(deliverer::step(&parts, at(3)).await.unwrap(), 20);
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 20)]));
}

async fn a_relay_that_is_down_costs_nobody(bench: Bench) {
    bench.issue(20).await;
    let server =
        Server::start(|point, _, _| if point == Point::Greeting { say("421 4.3.2 busy") } else { Act::Well }).await;
    let parts = bench.parts(&server);
    let hand = Hand::at(at(1));
    let mut deliverer = Deliverer::new(parts, hand.clock());
    // An hour, a second at a time.
    for second in 0..3600 {
        hand.set(at(1) + chrono::Duration::seconds(second));
        step(&mut deliverer).await;
    }
    assert!((5..=20).contains(&server.connections()), "{}", server.connections());
    assert_eq!(bench.counts().await, HashMap::from([(State::Queued, 20)]));
    let rows = bench.store.deliveries(None, None, None, 99).await.unwrap();
    let tried = rows.iter().filter(|row| row.attempts > 0).count();
    assert!((1..=12).contains(&tried), "{tried}");
}

async fn an_uncertain_mail_is_repeated_with_its_id(bench: Bench) {
    bench.issue(1).await;
    let server =
        Server::start(|point, times, _| if point == Point::Dot && times == 0 { Act::Drop } else { Act::Well }).await;
    let parts = bench.parts(&server);
    assert_eq!(deliverer::step(&parts, at(1)).await.unwrap(), 1);
    assert_eq!(deliverer::step(&parts, at(15)).await.unwrap(), 0);
    assert_eq!(deliverer::step(&parts, at(16)).await.unwrap(), 1);
    let ids: Vec<String> = server
        .kept()
        .into_iter()
        .map(|kept| header(&String::from_utf8(kept.data).unwrap(), "Message-ID").to_owned())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 1)]));

    // A server that never says so does not give its readers one copy after the other.
    let bench = bench.fresh().await;
    bench.issue(1).await;
    let server = Server::start(|point, _, _| if point == Point::Dot { Act::Drop } else { Act::Well }).await;
    let parts = bench.parts(&server);
    for hour in 0..30 {
        deliverer::step(&parts, at(hour * 60 + 1)).await.unwrap();
    }
    assert_eq!(server.kept().len(), 2);
    assert_eq!(bench.counts().await, HashMap::from([(State::Uncertain, 1)]));

    // What a server said before does not count: greylisted twice, it still gets its second try.
    let bench = bench.fresh().await;
    bench.issue(1).await;
    let server = Server::start(|point, times, _| match (point, times) {
        (Point::Rcpt, 0 | 1) => say("450 4.2.0 later"),
        (Point::Dot, 0) => Act::Drop,
        _ => Act::Well,
    })
    .await;
    let parts = bench.parts(&server);
    for hour in 0..30 {
        deliverer::step(&parts, at(hour * 60 + 1)).await.unwrap();
    }
    assert_eq!((server.kept().len(), bench.counts().await), (2, HashMap::from([(State::Sent, 1)])));

    // Where a person is to decide, it is not repeated at all.
    let bench = bench.fresh().await;
    bench.issue(1).await;
    let server = Server::start(|point, _, _| if point == Point::Dot { Act::Drop } else { Act::Well }).await;
    let mut parts = bench.parts(&server);
    Arc::make_mut(&mut parts.settings).on_uncertain = OnUncertain::Hold;
    for hour in 0..30 {
        deliverer::step(&parts, at(hour * 60 + 1)).await.unwrap();
    }
    assert_eq!((server.kept().len(), bench.counts().await), (1, HashMap::from([(State::Uncertain, 1)])));
}

async fn a_poison_row_fails_alone(bench: Bench) {
    bench.issue(9).await;
    // What no sign-up lets in, and some other program wrote.
    for (at, address) in ["a@x>\r\nDATA", "two words@x", "a@x\nBcc: b@x"].into_iter().enumerate() {
        bench.spoil(&format!("reader{at}@example.net"), address).await;
    }
    let server = Server::start(|_, _, _| Act::Well).await;
    assert_eq!(deliverer::step(&bench.parts(&server), at(1)).await.unwrap(), 9);
    assert_eq!(taken(&server), (3..9).map(|i| format!("reader{i}@example.net")).collect::<Vec<_>>());
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 6), (State::Failed, 3)]));
}

async fn a_broken_template_keeps_its_readers_waiting(bench: Bench) {
    let mut broken = rendition(Kind::Issue);
    broken.html.push_str(&Hole::ConfirmUrl.mark(&broken.id));
    bench.issue_as(3, broken).await;
    let address = Address::parse("test@example.net").unwrap();
    bench.store.queue_test(&rendition(Kind::Test), &address, at(600), at(0)).await.unwrap();
    let server = Server::start(|_, _, _| Act::Well).await;
    assert_eq!(deliverer::step(&bench.parts(&server), at(1)).await.unwrap(), 4);
    // Nobody of the broken one is mailed or lost, and the others go on.
    assert_eq!(taken(&server), ["test@example.net"]);
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 1), (State::Queued, 3)]));
}

async fn confirmations_and_tests(bench: Bench) {
    let server = Server::start(|_, _, _| Act::Well).await;
    let parts = bench.parts(&server);
    let new = Address::parse("new@example.net").unwrap();
    bench.store.sign_up(&new, None, "weekly", &rendition(Kind::Confirmation), at(0)).await.unwrap();
    let tester = Address::parse("test@example.net").unwrap();
    bench.store.queue_test(&rendition(Kind::Test), &tester, at(600), at(0)).await.unwrap();
    assert_eq!(deliverer::step(&parts, at(1)).await.unwrap(), 2);
    for kept in server.kept() {
        let data = String::from_utf8(kept.data).unwrap().replace("=\r\n", "").replace("=3D", "=");
        if kept.to[0] == "new@example.net" {
            assert_eq!(header(&data, "List-Unsubscribe"), "");
            assert_eq!(header(&data, "Auto-Submitted"), "auto-generated");
            let token = data.split("/confirm/").nth(1).unwrap().get(..48).unwrap();
            let row = token::read(bench.store.key(), Purpose::Confirm, token).unwrap();
            let row = bench.store.confirm(&row, at(2)).await.unwrap().unwrap();
            assert_eq!(row.state, subscriber::State::Confirmed);
        } else {
            assert_eq!(header(&data, "List-Unsubscribe"), "<https://feeds.example.org/unsubscribe/test>");
        }
    }
}

async fn who_leaves_in_time_gets_nothing(bench: Bench) {
    bench.issue(3).await;
    let reader = bench.store.subscriber_by_address("reader1@example.net").await.unwrap().unwrap();
    bench.store.unsubscribe(&reader.subscriptions[0].id, at(0)).await.unwrap();
    bench.store.suppress(&Address::parse("reader2@example.net").unwrap(), "asked by telephone", at(0)).await.unwrap();
    let server = Server::start(|_, _, _| Act::Well).await;
    deliverer::step(&bench.parts(&server), at(1)).await.unwrap();
    assert_eq!(taken(&server), ["reader0@example.net"]);
}

impl Bench {
    /// As another process has it.
    async fn again(&self) -> Store {
        self.place.store().await
    }

    fn one_connection(&self, server: &Server) -> Parts {
        let mut parts = self.parts(server);
        let settings = Arc::get_mut(&mut parts.settings).unwrap();
        (settings.connections, settings.messages_per_connection) = (1, 100);
        parts
    }
}

async fn unsubscribe(store: &Store, address: &str) {
    let reader = store.subscriber_by_address(address).await.unwrap().unwrap();
    store.unsubscribe(&reader.subscriptions[0].id, at(1)).await.unwrap();
}

fn named(server: &Server) -> Vec<String> {
    let commands = server.commands();
    commands.iter().filter_map(|line| Some(line.strip_prefix("RCPT TO:<")?.strip_suffix('>')?.to_owned())).collect()
}

/// A server that waits at `point`, when it comes there for the first time, until this is rung.
async fn waiting_at(point: Point) -> (Server, Arc<Notify>) {
    waiting_and_offering(&[], point, 0).await
}

/// The same, when it comes there for the `nth` time, counted from 0.
async fn waiting_and_offering(offers: &[&str], point: Point, nth: usize) -> (Server, Arc<Notify>) {
    let go_on = Arc::new(Notify::new());
    let hold = Arc::clone(&go_on);
    let act = move |at, times, _: &str| {
        if (at, times) == (point, nth) { Act::WellAfter(Arc::clone(&hold)) } else { Act::Well }
    };
    (Server::offering(offers, act).await, go_on)
}

async fn who_leaves_in_the_middle_of_an_issue_gets_nothing(bench: Bench) {
    bench.issue(6).await;
    let (server, go_on) = waiting_at(Point::Rcpt).await;
    let parts = bench.one_connection(&server);
    let step = tokio::spawn(async move { deliverer::step(&parts, at(1)).await.unwrap() });
    let first = eventually("the first mail is on its way", || async { named(&server).pop() }).await;
    // All six are claimed. Four leave, each by another door, and so does the one whose message is about to follow.
    let others: Vec<String> = (0..6).map(|i| format!("reader{i}@example.net")).filter(|to| *to != first).collect();
    let elsewhere = bench.again().await;
    unsubscribe(&elsewhere, &first).await;
    unsubscribe(&elsewhere, &others[0]).await;
    elsewhere.suppress(&Address::parse(&others[1]).unwrap(), "asked by telephone", at(1)).await.unwrap();
    assert!(elsewhere.remove(&others[2], None, at(1)).await.unwrap());
    assert!(elsewhere.erase(&others[3], at(1)).await.unwrap());
    go_on.notify_one();
    step.await.unwrap();
    assert_eq!(named(&server), [first.clone(), others[4].clone()]);
    assert_eq!(taken(&server), [others[4].clone()]);
    assert_eq!(server.commands().iter().filter(|line| line.starts_with("MAIL")).count(), 2);
    // The server had been told to wait for the message of the one who left.
    assert_eq!(server.connections(), 2, "who left before MAIL costs no connection");
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 1), (State::Suppressed, 5)]));
    let issues = bench.store.issues(None, 9).await.unwrap();
    assert_eq!(issues[0].state, store::IssueState::Done);
}

async fn who_leaves_while_the_relay_lets_us_wait_gets_nothing(bench: Bench) {
    bench.issue(1).await;
    let (server, go_on) = waiting_at(Point::Ehlo).await;
    let parts = bench.one_connection(&server);
    let step = tokio::spawn(async move { deliverer::step(&parts, at(1)).await.unwrap() });
    eventually("it says hello", || async { server.commands().pop() }).await;
    unsubscribe(&bench.again().await, "reader0@example.net").await;
    go_on.notify_one();
    step.await.unwrap();
    assert!(!server.commands().iter().any(|line| line.starts_with("MAIL")));
    assert_eq!(bench.counts().await, HashMap::from([(State::Suppressed, 1)]));
}

impl Bench {
    /// Another program's hand in the database.
    async fn sql(&self, statement: &'static str) {
        if self.place.url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&self.place.url).await.unwrap();
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.place.url).await.unwrap();
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
    }
}

async fn a_store_that_is_away_for_a_while_repeats_nothing_and_delays_nobody(bench: Bench) {
    is_away_for_a_while(bench, &[], 0).await;
}

async fn no_message_is_ended_while_the_store_is_away(bench: Bench) {
    // The first mail makes the connection, and the second one knows that it goes ahead.
    is_away_for_a_while(bench, &["PIPELINING"], 1).await;
}

/// While the mail number `nth` is handed over.
async fn is_away_for_a_while(bench: Bench, offers: &[&str], nth: usize) {
    bench.issue(4).await;
    let (server, go_on) = waiting_and_offering(offers, Point::Dot, nth).await;
    let mut deliverer = Deliverer::new(bench.one_connection(&server), Clock::fixed(at(1)));
    let begun = tokio::spawn(async move {
        let failed = deliverer.step(&CancellationToken::new()).await.is_err();
        (deliverer, failed)
    });
    eventually("a mail is handed over", || async { server.kept().get(nth).cloned() }).await;
    bench.sql("alter table deliveries rename to away").await;
    go_on.notify_one();
    let (mut deliverer, failed) = begun.await.unwrap();
    assert!(failed);
    assert!(deliverer.step(&CancellationToken::new()).await.is_err(), "still away");
    assert_eq!(server.kept().len(), 1 + nth, "nothing is handed over while it is");
    // Where the next mail goes ahead it was begun, and left without an end.
    assert_eq!(named(&server).len(), 1 + nth + offers.len());
    bench.sql("alter table away rename to deliveries").await;
    assert_eq!(deliverer.step(&CancellationToken::new()).await.unwrap(), 3 - nth);
    assert_eq!(taken(&server), (0..4).map(|i| format!("reader{i}@example.net")).collect::<Vec<_>>());
    let rows = bench.store.deliveries(None, None, Some(State::Sent), 9).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.attempts).collect::<Vec<_>>(), [1; 4]);
}

async fn claims_that_were_not_heard_of_are_given_back(bench: Bench) {
    bench.issue(2).await;
    bench.spoil("reader1@example.net", "").await;
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut deliverer = Deliverer::new(bench.one_connection(&server), Clock::fixed(at(1)));
    // The claim ends a Delivery, and what follows that fails.
    bench.sql("alter table issues rename to away").await;
    assert!(deliverer.step(&CancellationToken::new()).await.is_err());
    bench.sql("alter table away rename to issues").await;
    assert_eq!(deliverer.step(&CancellationToken::new()).await.unwrap(), 1);
    assert_eq!(taken(&server), ["reader0@example.net"]);
}

async fn an_issue_whose_end_was_missed_becomes_done(bench: Bench) {
    bench.issue(1).await;
    // What a process leaves that dies between the last outcome and the look at the Issue.
    bench.sql("update deliveries set state = 'sent', wake_at = null").await;
    let server = Server::start(|_, _, _| Act::Well).await;
    assert_eq!(deliverer::step(&bench.parts(&server), at(1)).await.unwrap(), 0);
    assert_eq!(bench.store.issues(None, 9).await.unwrap()[0].state, store::IssueState::Done);
}

async fn what_a_dead_process_had_is_sent(bench: Bench) {
    bench.issue(5).await;
    let server = Server::start(|_, _, _| Act::Well).await;
    // It claimed, and died before it could send or say so.
    let claims = bench.store.claim("dead", 3, Duration::from_mins(20), at(1)).await.unwrap();
    assert_eq!(claims.len(), 3);
    let parts = bench.parts(&server);
    deliverer::step(&parts, at(2)).await.unwrap();
    assert_eq!(server.kept().len(), 2);
    assert_eq!(deliverer::step(&parts, at(22)).await.unwrap(), 3);
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 5)]));
    for claim in claims {
        let id = format!("Message-ID: <{}>", claim.message_id);
        let found = server.kept().iter().filter(|kept| String::from_utf8_lossy(&kept.data).contains(&id)).count();
        assert_eq!(found, 1);
    }
}

async fn a_clock_that_jumps_ahead_repeats_nothing(bench: Bench) {
    bench.issue(9).await;
    let (server, go_on) = waiting_at(Point::Dot).await;
    let hand = Hand::at(at(1));
    let cancel = CancellationToken::new();
    let running = tokio::spawn(deliverer::run(bench.parts(&server), hand.clock(), cancel.clone()));
    let sent = async |mails: u64| (bench.counts().await.get(&State::Sent) == Some(&mails)).then_some(());
    eventually("the others are sent", || sent(8)).await;
    // A laptop that slept, or a virtual machine: beyond every lease, with one mail in the server's hand.
    hand.set(at(61));
    bench.more(2, 61).await;
    eventually("what came then is sent", || sent(10)).await;
    go_on.notify_one();
    eventually("all of it is", || sent(11)).await;
    cancel.cancel();
    running.await.unwrap();
    let kept = taken(&server);
    assert_eq!(kept.len(), 11, "{kept:?}");
    let rows = bench.store.deliveries(None, None, None, 99).await.unwrap();
    assert!(rows.iter().all(|row| row.attempts == 1), "{rows:?}");
}

async fn a_clock_that_is_put_back_delays_nothing(bench: Bench) {
    bench.issue(3).await;
    let server = Server::start(|_, _, _| Act::Well).await;
    // A daemon that begins when the clock is right again.
    assert_eq!(deliverer::step(&bench.parts(&server), at(-300)).await.unwrap(), 3);
    // One that is running when somebody puts it right.
    let hand = Hand::at(at(1));
    let mut deliverer = Deliverer::new(bench.parts(&server), hand.clock());
    assert_eq!(step(&mut deliverer).await, 0);
    bench.more(2, 1).await;
    hand.set(at(-200));
    assert_eq!(step(&mut deliverer).await, 2);
}

async fn what_only_ends_is_no_trial_of_a_relay_that_was_away(bench: Bench) {
    bench.issue(30).await;
    let mut parts = bench.parts(&Server::start(|_, _, _| Act::Well).await);
    let Transport::Smtp(relay) = &mut Arc::make_mut(&mut parts.settings).transport else { unreachable!("a relay") };
    relay.port = 9;
    let hand = Hand::at(at(1));
    let mut deliverer = Deliverer::new(parts, hand.clock());
    step(&mut deliverer).await;
    // Longer than their time: all of them come to their end in one step.
    hand.set(at(60 * 24 * 30));
    step(&mut deliverer).await;
    let counts = bench.counts().await;
    assert_eq!(counts, HashMap::from([(State::Expired, 30)]));
}

async fn a_stop_begins_nothing_new(bench: Bench) {
    bench.issue(30).await;
    let cancel = CancellationToken::new();
    let pull = cancel.clone();
    let server = Server::start(move |point, times, _| {
        if point == Point::Dot && times == 4 {
            pull.cancel();
        }
        Act::Well
    })
    .await;
    deliverer::run(bench.parts(&server), Clock::fixed(at(1)), cancel).await;
    // The fifth and what the other two connections were at.
    let sent = server.kept().len() as u64;
    assert!((5..=7).contains(&sent), "{sent}");
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, sent), (State::Queued, 30 - sent)]));
    let rows = bench.store.deliveries(None, None, Some(State::Queued), 99).await.unwrap();
    assert!(rows.iter().all(|row| row.attempts == 0 && row.due_at <= at(1)), "given back as they were");
}

async fn the_loop_wakes_for_new_mail_and_for_a_moved_clock(bench: Bench) {
    let server =
        Server::start(
            |point, times, _| {
                if point == Point::Rcpt && times == 0 { say("450 4.2.0 greylisted") } else { Act::Well }
            },
        )
        .await;
    let parts = bench.parts(&server);
    let (ring, hand, cancel) = (Arc::clone(&parts.mail_queued), Hand::at(at(1)), CancellationToken::new());
    let running = tokio::spawn(deliverer::run(parts, hand.clock(), cancel.clone()));
    let is = |state: State, attempts: u32| {
        let store = bench.store.clone();
        async move {
            let rows = store.deliveries(None, None, None, 9).await.unwrap();
            rows.first().filter(|row| row.state == state && row.attempts == attempts).map(|_| ())
        }
    };
    bench.issue(1).await;
    ring.notify_one();
    eventually("it rings, and the mail is tried", || is(State::Queued, 1)).await;
    hand.set(at(30));
    eventually("its time comes, and it is tried again", || is(State::Sent, 2)).await;
    cancel.cancel();
    running.await.unwrap();
    assert_eq!(server.commands().iter().filter(|command| *command == "QUIT").count(), server.connections());
}

async fn a_server_that_refuses_every_mail_stops_the_run(bench: Bench) {
    for (at_point, reply) in [(Point::Dot, "554 spam"), (Point::Rcpt, "554 5.7.1 relay access denied")] {
        let bench = bench.fresh().await;
        bench.issue(60).await;
        let server = Server::start(move |point, _, _| if point == at_point { say(reply) } else { Act::Well }).await;
        deliverer::step(&bench.parts(&server), at(1)).await.unwrap();
        let counts = bench.counts().await;
        // Ten in a row; what the other connections were at is given back.
        assert_eq!(counts, HashMap::from([(State::Failed, 10), (State::Queued, 50)]), "{reply}");
    }
    // Readers who are gone are no reason to stop, while others are there.
    bench.issue(60).await;
    let server =
        Server::start(
            |point, times, _| {
                if point == Point::Rcpt && times % 3 < 2 { say("550 5.1.1 no such user") } else { Act::Well }
            },
        )
        .await;
    deliverer::step(&bench.parts(&server), at(1)).await.unwrap();
    assert_eq!(bench.counts().await, HashMap::from([(State::Failed, 40), (State::Sent, 20)]));
}

async fn several_deliverers_send_each_mail_once(bench: Bench) {
    bench.issue(150).await;
    let server = Server::start(|_, _, _| Act::Well).await;
    let machines: Vec<Parts> = (0..3).map(|_| bench.parts(&server)).collect();
    let work = machines.iter().map(|parts| {
        let parts = parts.clone();
        tokio::spawn(async move { while deliverer::step(&parts, at(1)).await.unwrap() > 0 {} })
    });
    for machine in work.collect::<Vec<_>>() {
        machine.await.unwrap();
    }
    let mut once = taken(&server);
    assert_eq!(once.len(), 150);
    once.dedup();
    assert_eq!(once.len(), 150);
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 150)]));
}
