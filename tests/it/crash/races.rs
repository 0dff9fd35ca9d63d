//! Readers who leave at the very moment when their mail is being sent, by every door: once they were answered, no process says
//! MAIL for them any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use postrider::sabotage::Plant;

use super::kills::{self, Tally};
use super::machine::Machine;
use super::round::{Broken, Plan, Round};
use super::sink::Manners;
use super::{databases, long};
use crate::support::random::Random;

fn plan(seed: u64) -> Plan {
    Plan { readers: 250, leaving: 0, restless: 0, manners: Manners::default(), ..kills::plan(seed) }
}

/// One Issue, of whose readers everybody leaves about when it is their turn. How many were answered.
async fn race(round: &mut Round, machines: usize) -> Result<u64, Broken> {
    let readers = round.in_their_order().await;
    for (place, reader) in readers.iter().enumerate() {
        // A mail is four things on the wire.
        let jitter = round.random.below(160);
        round.leaves_after(reader, (4 * place as u64 + jitter).saturating_sub(80));
    }
    let mut fleet: Vec<Machine> = (0..machines).map(|_| round.spawn("")).collect();
    let sink = Arc::clone(&round.sink);
    while round.open().await.0 > 0 {
        let moves = sink.moves();
        round.until(40, &mut fleet[0]).await;
        if sink.moves() == moves {
            // Nothing is sent any more: who still waits for their turn leaves now.
            round.everybody_goes_on();
        }
        round.check(false).await?;
    }
    round.everybody_goes_on();
    for machine in fleet {
        round.end_well(machine).await?;
    }
    while !round.open().await.1 {
        let mut machine = round.spawn("");
        round.until(1, &mut machine).await;
        round.end_well(machine).await?;
    }
    round.check(true).await?;
    Ok(readers.len() as u64)
}

async fn races(postgres: bool, machines: usize, wanted: u64) {
    let mut seeds = Random::new(if long() { u64::from(std::process::id()) } else { 3 });
    let (mut run, mut tally) = (0, Tally::default());
    let mut sent = BTreeMap::new();
    while run < wanted {
        let (seed, folder) = (seeds.next(), tempfile::tempdir().unwrap());
        let url = if postgres { databases::postgres().await } else { databases::sqlite(folder.path()) };
        let mut round = Round::new(url, folder, plan(seed)).await;
        match race(&mut round, machines).await {
            Ok(races) => run += races,
            Err(broken) => panic!("seed {seed}, after {run} races: {broken}"),
        }
        round.sum_up(&mut tally);
        for (state, rows) in round.store.delivery_counts(None).await.unwrap() {
            *sent.entry(state.as_str()).or_insert(0) += rows;
        }
    }
    assert_eq!(tally.repeats, 0, "nobody died");
    // Races that nobody wins, or nobody loses, are none.
    assert!(sent["sent"] > wanted / 20 && sent["suppressed"] > wanted / 20, "{sent:?}");
    eprintln!("{run} races: {sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_hears_no_more_on_sqlite() {
    races(false, 1, if long() { 100_000 } else { 500 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_hears_no_more_on_postgres() {
    races(true, 4, if long() { 20_000 } else { 250 }).await;
}

/// The look at the last moment is what decides them: where what is handed out takes longer to send than who leaves waits.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_last_look_they_would_hear_more() {
    let folder = tempfile::tempdir().unwrap();
    let manners = Manners { slow: 15, ..Manners::default() };
    let plan = Plan { connections: 1, manners, haste: 60, plant: Some(Plant::NoLastLook), ..plan(4) };
    let mut round = Round::new(databases::sqlite(folder.path()), folder, plan).await;
    let broken = race(&mut round, 1).await.expect_err("a finding");
    assert!(broken.contains("left at"), "{broken}");
}
