//! Four deliverers on one PostgreSQL, which are killed, told to end, and stopped until their leases are over and then continued.

use std::time::{Duration, Instant};

use super::kills::Tally;
use super::round::{Broken, Plan, Round};
use super::sink::Manners;
use super::{databases, long};
use crate::support::random::Random;

const MACHINES: usize = 4;
/// A lease is twenty minutes; after this long others have what a stopped machine had.
const TAKEN_OVER: chrono::Duration = chrono::Duration::minutes(22);

pub fn plan(seed: u64) -> Plan {
    let manners = Manners { unanswered: 1, forgotten: 1, dropped: 1, later: 2, goodbye: 1, slow: 0 };
    Plan {
        readers: 400,
        connections: 2,
        leaving: 8,
        restless: 30,
        manners,
        haste: 300,
        idle_ms: 300,
        plant: None,
        seed,
    }
}

/// One Issue by several machines at once.
pub async fn together(round: &mut Round, tally: &mut Tally) -> Result<(), Broken> {
    tally.rounds += 1;
    // One is stopped in the middle of what it has claimed, in any case: the others come when it has.
    let first = round.spawn("");
    let begun = Instant::now();
    while round.sink.moves() < 8 {
        assert!(begun.elapsed() < Duration::from_mins(1), "the first one sends nothing:\n{}", first.said());
        pass(round, 8).await;
    }
    round.stop(&first);
    tally.zombies += 1;
    let mut fleet = vec![first];
    fleet.extend((1..MACHINES).map(|_| round.spawn("")));
    let mut stopped = Some((0, round.now() + TAKEN_OVER));
    loop {
        let moves = round.random.below(80);
        pass(round, moves).await;
        round.check(false).await?;
        if round.open().await.0 == 0 && stopped.is_none() {
            break;
        }
        round.somebody_may_leave();
        for machine in &mut fleet {
            if machine.ended().is_some() {
                let fresh = round.spawn("");
                round.bury(std::mem::replace(machine, fresh)).await;
                tally.kills += 1;
            }
        }
        if let Some((at, until)) = stopped
            && round.now() >= until
        {
            round.others_have_what_it_had();
            fleet[at].signal("-CONT");
            stopped = None;
        }
        let at = usize::try_from(round.random.below(MACHINES as u64)).unwrap();
        let is_stopped = stopped.is_some_and(|(stopped, _)| stopped == at);
        match round.random.below(10) {
            0..=4 if !is_stopped => {
                // The next one may die by itself, at whichever point comes then.
                let nth = 1 + round.random.below(500);
                let orders = if round.random.chance(50) { format!("die=@{nth}") } else { String::new() };
                let fresh = round.spawn(&orders);
                round.bury(std::mem::replace(&mut fleet[at], fresh)).await;
                tally.kills += 1;
            }
            5 if !is_stopped => {
                let mut old = round.spawn("");
                std::mem::swap(&mut fleet[at], &mut old);
                if old.may_die {
                    round.bury(old).await;
                } else {
                    round.end_well(old).await?;
                    tally.stops += 1;
                }
            }
            6..=8 if stopped.is_none() && fleet[at].has_begun() => {
                round.stop(&fleet[at]);
                stopped = Some((at, round.now() + TAKEN_OVER));
                tally.zombies += 1;
            }
            _ => {}
        }
    }
    let begun = Instant::now();
    while !round.open().await.1 {
        assert!(begun.elapsed() < Duration::from_mins(1), "the Issue never becomes done");
        pass(round, 1).await;
    }
    for machine in fleet {
        // One that was to die at a point may do so yet.
        round.bury(machine).await;
    }
    round.check(true).await?;
    round.sum_up(tally);
    Ok(())
}

/// Waits until `moves` more things have happened on the wire, or nothing happens for a while.
async fn pass(round: &Round, moves: u64) {
    let first = round.sink.moves();
    let mut last = (first, Instant::now());
    while round.sink.moves() - first < moves && last.1.elapsed() < round.idle() {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if round.sink.moves() != last.0 {
            last = (round.sink.moves(), Instant::now());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_machines_lose_nobody_on_postgres() {
    let (wanted, zombies) = if long() { (1000, 100) } else { (20, 2) };
    let mut tally = Tally::default();
    let mut seeds = Random::new(if long() { u64::from(std::process::id()) } else { 2 });
    while tally.kills < wanted || tally.zombies < zombies {
        let seed = seeds.next();
        let mut round = Round::new(databases::postgres().await, tempfile::tempdir().unwrap(), plan(seed)).await;
        if let Err(broken) = together(&mut round, &mut tally).await {
            panic!("seed {seed}, after {tally:?}: {broken}");
        }
    }
    eprintln!("{tally:#?}");
}

/// What a machine holds locked in the middle of a transaction, others have once the server has ended that.
#[tokio::test(flavor = "multi_thread")]
async fn who_stands_still_in_a_transaction_holds_up_nobody() {
    let calm = Plan { readers: 40, leaving: 0, restless: 0, manners: Manners::default(), ..plan(5) };
    let mut round = Round::new(databases::postgres().await, tempfile::tempdir().unwrap(), calm).await;
    let still = round.spawn("stop=store::claims::hand_out before commit@1");
    let begun = Instant::now();
    let soon = |what: &str| assert!(begun.elapsed() < Duration::from_mins(1), "{what}:\n{}", still.said());
    while !still.is_stopped() {
        soon("it never stops");
        pass(&round, 1).await;
    }
    let other = round.spawn("");
    while round.open().await != (0, true) {
        soon("the other one waits for ever");
        pass(&round, 1).await;
    }
    round.end_well(other).await.unwrap();
    still.signal("-CONT");
    round.end_well(still).await.unwrap();
    round.check(true).await.unwrap();
}
