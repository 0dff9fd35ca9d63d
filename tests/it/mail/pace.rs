//! Pace, from rows to mails, on both databases and a clock that the test moves: relays that share and stand in, receivers that want
//! less, quiet hours, so many a day and a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use postrider::deliverer::Deliverer;
use postrider::delivery::pace::daily::day_of;
use postrider::delivery::pace::{Limits, Quiet};
use postrider::delivery::{Kind, State};
use postrider::mail::{NamedRelay, Settings, Transport};
use postrider::store::Store;
use postrider::subscriber::Address;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::bench::{Hand, Place, at, issue, issue_of, on_both, parts, relay, rendition, step};
use crate::support::house::eventually;
use crate::support::smtp::{Act, Point, Server, say};

on_both!(
    one_relay_stands_in_for_another,
    relays_share_the_mail,
    a_group_that_wants_less_keeps_nobody_waiting,
    a_group_that_is_held_is_not_claimed,
    a_slow_domain_keeps_nobody_waiting,
    a_crowd_of_a_slow_domain_is_given_back,
    where_all_are_slow_nobody_is_given_back,
    at_night_only_transactional_mail_leaves,
    so_many_a_day_whoever_starts_again,
    a_warm_up_grows_day_by_day,
    so_many_a_second,
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

    /// An Issue, due at `at(0)`, to so many readers of each domain (`r0@DOMAIN` …).
    async fn issue(&self, domains: &[(&str, usize)]) {
        let readers = domains.iter().flat_map(|(domain, readers)| (0..*readers).map(move |n| format!("r{n}@{domain}")));
        issue(&self.store, readers, rendition(Kind::Issue), at(10 * 24 * 60)).await;
    }

    /// One that is due after all of those.
    async fn later_issue(&self, domain: &str, readers: usize) {
        let readers = (0..readers).map(|n| format!("r{n}@{domain}"));
        let slot = at(0) + chrono::Duration::seconds(30);
        issue_of(&self.store, "monthly", slot, readers, rendition(Kind::Issue), at(10 * 24 * 60)).await;
    }

    fn over(&self, transport: Transport, change: impl FnOnce(&mut Settings)) -> Deliverer {
        let mut settings = Settings::new(transport, "https://feeds.example.org/");
        change(&mut settings);
        Deliverer::new(parts(&self.store, settings), self.hand.clock())
    }

    /// A deliverer over two relays of these weights.
    fn over_two(&self, servers: [&Server; 2], weights: [u32; 2]) -> Deliverer {
        let names = ["first", "second"];
        let relays = (0..2).map(|place| NamedRelay {
            name: names[place].to_owned(),
            relay: relay(servers[place].address),
            connections: 2,
            limits: Limits { weight: weights[place], ..Limits::default() },
        });
        self.over(Transport::Relays(relays.collect()), |_| {})
    }

    fn over_one(&self, server: &Server, change: impl FnOnce(&mut Settings)) -> Deliverer {
        self.over(Transport::Smtp(relay(server.address)), change)
    }

    fn is(&self, now: DateTime<Utc>) {
        self.hand.set(now);
    }

    /// So long after the beginning.
    fn goes_on(&self, passed: Duration) {
        self.is(at(1) + chrono::Duration::from_std(passed).unwrap());
    }

    async fn counts(&self) -> HashMap<State, u64> {
        self.store.delivery_counts(None).await.unwrap().into_iter().collect()
    }

    /// How many wait that were handed out since they were planned.
    async fn touched(&self) -> usize {
        let rows = self.store.deliveries(None, None, Some(State::Queued), 99_999).await.unwrap();
        rows.iter().filter(|row| row.changed_at > at(0)).count()
    }

    /// Open ones at `domain`, and the most attempts that one of them had.
    async fn waiting(&self, domain: &str) -> (usize, u32) {
        let rows = self.store.deliveries(None, None, Some(State::Queued), 99_999).await.unwrap();
        let rows: Vec<_> = rows.iter().filter(|row| row.address.ends_with(domain)).collect();
        (rows.len(), rows.iter().map(|row| row.attempts).max().unwrap_or(0))
    }
}

/// Mails that it took to readers of `domain`.
fn taken(server: &Server, domain: &str) -> usize {
    server.kept().iter().filter(|kept| kept.to[0].ends_with(domain)).count()
}

fn named(server: &Server, domain: &str) -> usize {
    server.commands().iter().filter(|line| line.starts_with("RCPT") && line.contains(domain)).count()
}

async fn one_relay_stands_in_for_another(bench: Bench) {
    bench.issue(&[("example.net", 40)]).await;
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = Arc::clone(&broken);
    let first = Server::start(move |point, _, _| {
        let now = is_broken.load(Ordering::SeqCst);
        if point == Point::Greeting && now { say("421 4.3.2 going down") } else { Act::Well }
    })
    .await;
    let second = Server::start(|_, _, _| Act::Well).await;
    let mut deliverer = bench.over_two([&first, &second], [9, 0]);
    step(&mut deliverer).await;
    // The second stands by, and everybody has their mail in the same minute, at the first attempt that was one.
    assert_eq!((taken(&first, ""), taken(&second, "")), (0, 40));
    assert!(first.connections() <= 2, "{}", first.connections());
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 40)]));
    let rows = bench.store.deliveries(None, None, None, 99).await.unwrap();
    assert!(rows.iter().all(|row| row.attempts == 1));
    // When the first is well again, it is used again.
    broken.store(false, Ordering::SeqCst);
    bench.is(at(3));
    let tester = Address::parse("test@example.net").unwrap();
    for mails in [1, 5] {
        for _ in 0..mails {
            bench.store.queue_test(&rendition(Kind::Test), &tester, at(600), at(3)).await.unwrap();
        }
        step(&mut deliverer).await;
    }
    assert_eq!((taken(&first, ""), taken(&second, "")), (6, 40));
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 46)]));
}

async fn relays_share_the_mail(bench: Bench) {
    bench.issue(&[("example.net", 400)]).await;
    let first = Server::start(|_, _, _| Act::Well).await;
    let second = Server::start(|_, _, _| Act::Well).await;
    let mut deliverer = bench.over_two([&first, &second], [3, 1]);
    assert_eq!(step(&mut deliverer).await, 400);
    let (one, two) = (taken(&first, ""), taken(&second, ""));
    assert_eq!(one + two, 400);
    assert!((280..=320).contains(&one), "{one} and {two}");
    assert!(first.connections() <= 2 * 5 && second.connections() <= 2 * 5);
}

/// Gmail's, who takes none.
fn too_fast(point: Point, line: &str) -> Act {
    match point {
        Point::Rcpt if line.contains("@gmail.com") => Act::SayAndDrop(
            b"421 4.7.28 our system has detected an unusual rate of unsolicited mail, please slow down\r\n".to_vec(),
        ),
        _ => Act::Well,
    }
}

async fn a_group_that_wants_less_keeps_nobody_waiting(bench: Bench) {
    bench.issue(&[("gmail.com", 150), ("example.net", 100), ("qq.com", 50)]).await;
    let strict = Arc::new(AtomicBool::new(true));
    let is_strict = Arc::clone(&strict);
    let server = Server::start(
        move |point, _, line| {
            if is_strict.load(Ordering::SeqCst) { too_fast(point, line) } else { Act::Well }
        },
    )
    .await;
    let mut deliverer = bench.over_one(&server, |_| {});
    step(&mut deliverer).await;
    assert_eq!((taken(&server, "@example.net"), taken(&server, "@qq.com")), (100, 50));
    let first = named(&server, "@gmail.com");
    assert!((1..=8).contains(&first), "as many as were on their way: {first}");
    // An hour of that is few attempts, most of its readers were never named, and nobody is lost.
    for second in 0..3600 {
        bench.is(at(1) + chrono::Duration::seconds(second));
        step(&mut deliverer).await;
    }
    assert!(named(&server, "@gmail.com") <= 60, "{}", named(&server, "@gmail.com"));
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 150), (State::Queued, 150)]));
    // Then it takes mail again, and gets more and more of it.
    strict.store(false, Ordering::SeqCst);
    let mut minutes = 62;
    while bench.counts().await.contains_key(&State::Queued) {
        assert!(minutes < 12 * 60, "{:?}", bench.counts().await);
        bench.is(at(minutes));
        step(&mut deliverer).await;
        minutes += 1;
    }
    assert_eq!(taken(&server, "@gmail.com"), 150);
}

async fn a_group_that_is_held_is_not_claimed(bench: Bench) {
    // Far more than is ever claimed at once, and older than what may go.
    bench.issue(&[("gmail.com", 3000), ("example.net", 30)]).await;
    let server = Server::start(|point, _, line| too_fast(point, line)).await;
    let mut deliverer = bench.over_one(&server, |_| {});
    step(&mut deliverer).await;
    assert_eq!(taken(&server, "@example.net"), 30);
    for minute in 2..20 {
        bench.is(at(minute));
        step(&mut deliverer).await;
    }
    let (waiting, attempts) = bench.waiting("@gmail.com").await;
    assert_eq!(waiting, 3000);
    assert!(attempts <= 3, "{attempts}");
    // New mail to others does not wait behind it, nor is it handed out to be given back.
    bench
        .store
        .queue_test(&rendition(Kind::Test), &Address::parse("t@example.net").unwrap(), at(600), at(20))
        .await
        .unwrap();
    bench.is(at(20));
    step(&mut deliverer).await;
    assert_eq!(taken(&server, "t@example.net"), 1);
    let touched = bench.touched().await;
    assert!(touched < 400, "{touched} of 3000 were handed out");
}

/// A server that answers for no reader of `slow.example` and what is below it before it is rung, while it is slow.
async fn slow_for_some() -> (Server, Arc<Notify>, Arc<AtomicBool>) {
    let (go_on, is_slow) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(true)));
    let (ring, slow) = (Arc::clone(&go_on), Arc::clone(&is_slow));
    let server = Server::start(move |point, _, line| {
        let waits = point == Point::Rcpt && line.contains("slow.example") && slow.load(Ordering::SeqCst);
        if waits { Act::WellAfter(Arc::clone(&ring)) } else { Act::Well }
    })
    .await;
    (server, go_on, is_slow)
}

/// It is slow no more, and rung until `so_far`.
async fn is_quick(what: &str, go_on: &Notify, is_slow: &AtomicBool, so_far: impl Fn() -> bool) {
    is_slow.store(false, Ordering::SeqCst);
    eventually(what, || async {
        go_on.notify_waiters();
        so_far().then_some(())
    })
    .await;
}

async fn a_slow_domain_keeps_nobody_waiting(bench: Bench) {
    bench.issue(&[("slow.example", 60), ("quick.example", 60)]).await;
    let (server, go_on, is_slow) = slow_for_some().await;
    let mut deliverer = bench.over_one(&server, |_| {});
    let running = tokio::spawn(async move { step(&mut deliverer).await });
    eventually("everybody else has their mail", || async { (taken(&server, "@quick.example") == 60).then_some(()) })
        .await;
    assert_eq!(taken(&server, "@slow.example"), 0);
    is_quick("the slow ones follow", &go_on, &is_slow, || taken(&server, "@slow.example") == 60).await;
    assert_eq!(running.await.unwrap(), 120);
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 120)]));
}

async fn a_crowd_of_a_slow_domain_is_given_back(bench: Bench) {
    // All that is claimed is the slow one's, again and again.
    bench.issue(&[("slow.example", 2500)]).await;
    bench.later_issue("quick.example", 40).await;
    let (server, go_on, is_slow) = slow_for_some().await;
    let mut deliverer = bench.over_one(&server, |_| {});
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let running = tokio::spawn(async move {
        deliverer.step(&stop).await.unwrap();
    });
    let begun = Instant::now();
    eventually("everybody else has their mail", || {
        // The clock goes on: where this machine is slow, a quick domain may seem to be a slow one, whose turn comes a little later.
        bench.goes_on(begun.elapsed());
        async { (taken(&server, "@quick.example") == 40).then_some(()) }
    })
    .await;
    assert_eq!(taken(&server, "@slow.example"), 0);
    // What is handed out stays a handful, whatever waits.
    let counts = bench.counts().await;
    assert!(counts[&State::Sending] <= 1200, "{counts:?}");
    cancel.cancel();
    is_quick("it ends", &go_on, &is_slow, || running.is_finished()).await;
    let counts = bench.counts().await;
    assert_eq!(counts.values().sum::<u64>(), 2540);
    assert!(!counts.contains_key(&State::Sending), "{counts:?}");
    assert_eq!(bench.waiting("@slow.example").await.1, 0, "nobody's attempt is counted that was none");
}

async fn where_all_are_slow_nobody_is_given_back(bench: Bench) {
    /// A mail that takes so long tells that its domain is slow.
    const SLOW: Duration = Duration::from_millis(1100);
    bench.issue(&["one.slow.example", "two.slow.example", "three.slow.example"].map(|domain| (domain, 1000))).await;
    let (server, go_on, is_slow) = slow_for_some().await;
    let mut deliverer = bench.over_one(&server, |_| {});
    let running = tokio::spawn(async move { step(&mut deliverer).await });
    // Every connection has its hands full, so that there is nobody to look for others.
    let mut rung = Instant::now();
    eventually("some have their mail", || {
        if rung.elapsed() >= SLOW {
            rung = Instant::now();
            go_on.notify_waiters();
        }
        async { (taken(&server, "") >= 40).then_some(()) }
    })
    .await;
    let counts = bench.counts().await;
    assert!(counts[&State::Sending] <= 300, "{counts:?}");
    assert_eq!(bench.touched().await, 0);
    is_quick("it ends", &go_on, &is_slow, || taken(&server, "") == 3000).await;
    assert_eq!(running.await.unwrap(), 3000);
}

async fn at_night_only_transactional_mail_leaves(bench: Bench) {
    bench.issue(&[("example.net", 20)]).await;
    let new = Address::parse("new@example.net").unwrap();
    bench.store.sign_up(&new, None, "weekly", &rendition(Kind::Confirmation), at(0)).await.unwrap();
    let server = Server::start(|_, _, _| Act::Well).await;
    // Nine in the morning in Greenwich is evening in Shanghai.
    let quiet = Quiet::parse("17:00-07:30", chrono_tz::Asia::Shanghai).unwrap();
    let mut deliverer = bench.over_one(&server, |settings| settings.quiet = Some(quiet));
    assert_eq!(step(&mut deliverer).await, 1);
    assert_eq!(taken(&server, "new@example.net"), 1);
    let morning = quiet.ends(at(1));
    assert_eq!(morning, at(14 * 60 + 30));
    bench.is(morning - chrono::Duration::seconds(1));
    assert_eq!(step(&mut deliverer).await, 0);
    bench.is(morning);
    assert_eq!(step(&mut deliverer).await, 20);
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 21)]));
}

async fn so_many_a_day_whoever_starts_again(bench: Bench) {
    bench.issue(&[("example.net", 60)]).await;
    let gone = |point, _: usize, line: &str| {
        if point == Point::Rcpt && line.contains("r7@") { say("550 5.1.1 no such user") } else { Act::Well }
    };
    let server = Server::start(gone).await;
    let start = || bench.over_one(&server, |settings| settings.limits.daily.most = Some(25));
    let mut deliverer = start();
    while step(&mut deliverer).await > 0 {}
    let told = usize::from(bench.counts().await.contains_key(&State::Failed));
    assert_eq!(taken(&server, ""), 25);
    // It dies without a word; another process, and another machine, have nothing more to send.
    drop(deliverer);
    let mut others = [start(), start()];
    for other in &mut others {
        assert_eq!(step(other).await, 0);
    }
    assert_eq!(taken(&server, ""), 25);
    assert_eq!(bench.store.relay_day("mail", day_of(at(1))).await.unwrap().0, 25);
    let rows = bench.store.deliveries(None, None, Some(State::Queued), 99).await.unwrap();
    assert_eq!(rows.len(), 60 - 25 - told);
    assert!(rows.iter().all(|row| row.attempts == 0));
    // Both together have the next day's.
    bench.is(at(24 * 60));
    while step(&mut others[0]).await + step(&mut others[1]).await > 0 {}
    assert_eq!(taken(&server, ""), 50);
    bench.is(at(2 * 24 * 60));
    while step(&mut others[0]).await + step(&mut others[1]).await > 0 {}
    assert_eq!(bench.counts().await, HashMap::from([(State::Sent, 59), (State::Failed, 1)]));
}

async fn a_warm_up_grows_day_by_day(bench: Bench) {
    bench.issue(&[("example.net", 60)]).await;
    let server = Server::start(|_, _, _| Act::Well).await;
    let warm_up = "3 to 12 in 3d".parse().ok();
    let mut sent = Vec::new();
    // The second day is one on which nobody sends: it does not count.
    for day in [0, 2, 3, 4] {
        bench.is(at(1 + day * 24 * 60));
        let mut deliverer = bench.over_one(&server, |settings| settings.limits.daily.warm_up = warm_up);
        while step(&mut deliverer).await > 0 {}
        sent.push(taken(&server, ""));
    }
    assert_eq!(sent, [3, 3 + 6, 3 + 6 + 12, 60]);
}

async fn so_many_a_second(bench: Bench) {
    bench.issue(&[("example.net", 50)]).await;
    let server = Server::start(|_, _, _| Act::Well).await;
    let mut deliverer = bench.over_one(&server, |settings| settings.limits.per_second = Some(5.0));
    for second in 0..10 {
        bench.is(at(1) + chrono::Duration::seconds(second));
        step(&mut deliverer).await;
        assert_eq!(taken(&server, ""), 5 * usize::try_from(second + 1).unwrap());
        assert_eq!(step(&mut deliverer).await, 0, "not within the same second");
    }
    let rows = bench.store.deliveries(None, None, None, 99).await.unwrap();
    assert!(rows.iter().all(|row| row.attempts == 1 && row.state == State::Sent), "{}", bench.place.url);
    assert!(server.connections() <= 4, "connections are kept for what goes soon: {}", server.connections());
}
