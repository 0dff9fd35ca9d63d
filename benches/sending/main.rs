//! Sending: what the README says of speed. `cargo bench --bench sending -- [WHAT] [MAILS] [WAY]`
//!
//! `sending` (the default; WAY: only those whose name holds it): mails of 30 kB, personal, signed and recorded, to Postfix's `smtp-sink`, beside Postfix's own
//! `smtp-source`, which neither composes, signs nor records. `distance`: the same through a proxy that delays. `composing`:
//! mails made for each second of one processor.
//! `beside`: the same, and in the same run lettre's builder and DKIM (a package of its own in `benches/lettre`). `million`:
//! planning and sending to a million readers, and the memory that takes. Medians and ratios;
//! machines are noisy. Debian's package `postfix` has the two programs; no daemon needs to run. A store on PostgreSQL is
//! measured where `tests/postgres start -c fsync=on` has been run.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark is told what to do and says what it found"
)]

mod house;
mod outside;

use std::time::{Duration, Instant};

use house::{House, Signed};
use outside::Sink;
use postrider::clock::Clock;
use postrider::deliverer;
use postrider::mail::message::Prepared;
use tokio_util::sync::CancellationToken;

/// Octets of a message, as it leaves.
const SIZE: usize = 30_000;
const CONNECTIONS: usize = 16;
const RUNS: usize = 3;
/// Of sending; each has all ways in turn, and ratios are taken within it: machines change their speed from one to the next.
const ROUNDS: usize = 7;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    let what = words.next().unwrap_or_else(|| "sending".to_owned());
    let mails = words.next().and_then(|word| word.parse().ok());
    let way = words.next().unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match what.as_str() {
        "sending" => runtime.block_on(sending(mails.unwrap_or(10_000), &way)),
        "distance" => runtime.block_on(distance(mails.unwrap_or(400))),
        "composing" => composing(mails.unwrap_or(20_000)),
        "million" => runtime.block_on(million(mails.unwrap_or(1_000_000))),
        "beside" => {
            composing(mails.unwrap_or(20_000));
            outside::lettre();
        }
        other => println!("there is no `{other}`: sending, distance, composing, million, beside"),
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "counts of mails")]
fn rate(mails: usize, took: Duration) -> f64 {
    mails as f64 / took.as_secs_f64()
}

/// Sends all that `house` has due, and says how long that took.
async fn send(house: &House, port: u16, connections: usize, mails: usize) -> Duration {
    let parts = house.parts(port, connections);
    let (begun, processor) = (Instant::now(), outside::processor_time_of_all());
    // As in the daemon.
    let drain = |parts| async move { deliverer::drain(&parts, Clock::System, &CancellationToken::new()).await };
    let sent = deliverer::alone(parts, drain).await.expect("it ends").expect("sent");
    let took = begun.elapsed();
    let each = outside::processor_time_of_all().saturating_sub(processor) / u32::try_from(mails).unwrap_or(u32::MAX);
    println!("{} microseconds of a processor each", each.as_micros());
    assert_eq!(sent, mails);
    house.all_sent(mails).await;
    took
}

async fn sending(mails: usize, way: &str) {
    let Some(sink) = Sink::start() else { return };
    let postgres = house::postgres_server();
    if postgres.as_deref().is_some_and(house::is_hasty) {
        println!("PostgreSQL does not wait for its disk here: `tests/postgres start -c fsync=on` makes one that does");
    }
    let mut ways = vec![("SQLite, unsigned", Signed::Not, None)];
    for (signed, sqlite, postgresql) in [
        (Signed::Ed25519, "SQLite, Ed25519", "PostgreSQL, Ed25519"),
        (Signed::Both, "SQLite, RSA-2048 and Ed25519", "PostgreSQL, RSA-2048 and Ed25519"),
    ] {
        // One after the other: they are compared.
        ways.push((sqlite, signed, None));
        ways.extend(postgres.as_deref().map(|server| (postgresql, signed, Some(server))));
    }
    ways.retain(|(name, ..)| name.contains(way));
    let mut source = Vec::new();
    let mut rates = vec![Vec::new(); ways.len()];
    // `None`: smtp-source. There and back, so that none of them always comes after the same other one.
    let mut order: Vec<Option<usize>> = std::iter::once(None).chain((0..ways.len()).map(Some)).collect();
    for round in 0..ROUNDS {
        for way in &order {
            let Some(way) = *way else {
                source.push(rate(mails, sink.source(mails, SIZE, CONNECTIONS)));
                continue;
            };
            let (name, signed, server) = ways[way];
            println!("{name}");
            let house = House::new(signed, SIZE, server).await;
            house.issue(mails).await;
            rates[way].push(rate(mails, send(&house, sink.port, CONNECTIONS, mails).await));
        }
        for ((name, ..), rates) in ways.iter().zip(&rates) {
            println!("round {round}: {name}: {:.0} (source {:.0})", rates[round], source[round]);
        }
        order.reverse();
    }
    println!(
        "\n{mails} mails of {SIZE} octets, {CONNECTIONS} connections, medians of {ROUNDS} rounds and of the ratios in each"
    );
    println!("{:44} {:9.0} mails/s", "smtp-source", median(source.clone()));
    for ((name, signed, server), own) in ways.iter().zip(&rates) {
        print!("{name:44} {:9.0} mails/s  {:.2} of smtp-source", median(own.clone()), ratio(own, &source));
        // The same on the other database.
        let other = ways.iter().position(|(_, other, server)| other == signed && server.is_none());
        match other.filter(|_| server.is_some()) {
            Some(other) => println!(", {:.2} of SQLite", ratio(own, &rates[other])),
            None => println!(),
        }
    }
}

/// The median of each round's.
fn ratio(own: &[f64], other: &[f64]) -> f64 {
    median(own.iter().zip(other).map(|(own, other)| own / other).collect())
}

async fn distance(mails: usize) {
    const ROUND_TRIP: Duration = Duration::from_millis(20);
    let Some(sink) = Sink::start() else { return };
    println!("round trip {} ms, Ed25519, SQLite", ROUND_TRIP.as_millis());
    for connections in [1, 16] {
        let mails = mails * connections;
        let port = outside::proxy(sink.port, ROUND_TRIP / 2);
        let house = House::new(Signed::Ed25519, SIZE, None).await;
        house.issue(mails).await;
        let own = rate(mails, send(&house, port, connections, mails).await);
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let each = own / connections as f64;
        println!("{connections:4} connections: {own:8.1} mails/s, {each:.1} each");
    }
}

/// Filling a prepared Rendition, and signing it.
fn composing(mails: usize) {
    for (name, signed) in
        [("unsigned", Signed::Not), ("Ed25519", Signed::Ed25519), ("RSA-2048 and Ed25519", Signed::Both)]
    {
        let prepared = Prepared::new(&house::rendition(SIZE), &house::settings(1, 1, signed));
        let mut octets = 0;
        let mut rates = Vec::new();
        for _ in 0..RUNS {
            let begun = outside::processor_time();
            for number in 0..mails {
                let reader = house::reader(number);
                octets = prepared.compose(&reader, Clock::System.now()).expect("a mail").len();
            }
            rates.push(rate(mails, outside::processor_time().saturating_sub(begun)));
        }
        println!("{name:24} {:9.0} mails of {octets} octets for each second of a processor", median(rates));
    }
}

async fn million(mails: usize) {
    let Some(sink) = Sink::start() else { return };
    let house = House::new(Signed::Ed25519, 2_000, None).await;
    let begun = Instant::now();
    house.readers(mails).await;
    println!("{mails} readers imported in {:.1} s", begun.elapsed().as_secs_f64());
    outside::forget_peak();
    let begun = Instant::now();
    house.plan().await;
    println!("planned in {:.1} s, peak {} MiB", begun.elapsed().as_secs_f64(), outside::peak() / 1024);
    outside::forget_peak();
    let took = send(&house, sink.port, CONNECTIONS, mails).await;
    println!(
        "sent in {:.0} s ({:.0} mails/s), peak {} MiB",
        took.as_secs_f64(),
        rate(mails, took),
        outside::peak() / 1024
    );
}
