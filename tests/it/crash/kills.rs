//! Kills without number, at chance's choice and at every point: nobody is lost, and only what a connection had last in hand
//! comes twice. The short run is `tests/run`'s; the long one ten thousand kills.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;

use super::round::{Broken, Plan, Round};
use super::sink::Manners;
use super::{databases, long};
use crate::support::random::Random;

/// What was done to the processes, and what it cost.
#[derive(Debug, Default)]
pub struct Tally {
    pub rounds: u64,
    pub kills: u64,
    /// SIGTERM, after which nothing may come twice.
    pub stops: u64,
    /// SIGSTOP until the lease was over, and SIGCONT.
    pub zombies: u64,
    /// Points: how often a process died there, and how often one was to.
    pub points: BTreeMap<String, (u64, u64)>,
    pub mails: u64,
    pub repeats: u64,
    pub unanswered: u64,
}

/// SIGABRT: the process died at a point.
const ABORTED: i32 = 6;

pub fn plan(seed: u64) -> Plan {
    let manners = Manners { unanswered: 1, forgotten: 1, dropped: 1, later: 2, goodbye: 1, slow: 0 };
    Plan {
        readers: 240,
        connections: 4,
        leaving: 5,
        restless: 20,
        manners,
        haste: 600,
        idle_ms: 300,
        plant: None,
        seed,
    }
}

/// One Issue from its first mail to its last, one process after the other. `points`: where to die, and how often one life passes
/// there.
pub async fn one_by_one(round: &mut Round, points: &BTreeMap<String, u64>, tally: &mut Tally) -> Result<(), Broken> {
    tally.rounds += 1;
    loop {
        round.check(false).await?;
        if round.open().await.0 == 0 {
            break;
        }
        round.somebody_may_leave();
        live_and_die(round, points, tally).await?;
    }
    // The last look at the Issue may have died with its process.
    let mut machine = round.spawn("");
    while !round.open().await.1 {
        round.until(1, &mut machine).await;
    }
    round.bury(machine).await;
    round.check(true).await?;
    round.sum_up(tally);
    Ok(())
}

/// One life of a process, to the end that chance chooses: SIGKILL, a point, or SIGTERM.
pub async fn live_and_die(round: &mut Round, points: &BTreeMap<String, u64>, tally: &mut Tally) -> Result<(), Broken> {
    let moves = round.random.below(70);
    let kind = round.random.below(10);
    // The points that nobody has died at come first, then those that were tried least.
    let tried = |name: &String| tally.points.get(name).map_or((false, 0), |point| (point.0 > 0, point.1));
    let point = points.iter().min_by_key(|(name, _)| tried(name));
    if let (5..9, Some((name, times))) = (kind, point) {
        // Where it was tried and nobody died, the first time is the surest.
        let spared = tally.points.get(name).is_some_and(|point| point.0 == 0);
        let nth = if spared { 1 } else { 1 + round.random.below((*times).min(40)) };
        let mut machine = round.spawn(&format!("die={name}@{nth}"));
        round.until(u64::MAX, &mut machine).await;
        let died = machine.ended().is_some_and(|ended| ended.signal() == Some(ABORTED));
        round.bury(machine).await;
        // A point that this life did not come to is tried again, not for ever.
        let (dead, tried) = tally.points.entry(name.clone()).or_default();
        *dead += u64::from(died);
        *tried += 1;
        tally.kills += 1;
    } else {
        let mut machine = round.spawn("");
        round.until(moves, &mut machine).await;
        if kind == 9 && machine.has_begun() {
            round.end_well(machine).await?;
            tally.stops += 1;
        } else {
            round.bury(machine).await;
            tally.kills += 1;
        }
    }
    Ok(())
}

/// Those of `points` that nobody has died at.
fn spared<'p>(points: &'p BTreeMap<String, u64>, tally: &Tally) -> Vec<&'p String> {
    points.keys().filter(|name| tally.points.get(*name).is_none_or(|point| point.0 == 0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_on_sqlite() {
    let wanted = if long() { 10_000 } else { 150 };
    let mut tally = Tally::default();
    let mut points: BTreeMap<String, u64> = BTreeMap::new();
    let mut seeds = Random::new(if long() { u64::from(std::process::id()) } else { 1 });
    // A life may end before it comes to its point: there are more of them until somebody has died at each, but not for ever.
    while tally.kills < wanted || tally.kills < 8 * wanted && !spared(&points, &tally).is_empty() {
        let (seed, thousands) = (seeds.next(), tally.kills / 1000);
        let folder = tempfile::tempdir().unwrap();
        let mut round = Round::new(databases::sqlite(folder.path()), folder, plan(seed)).await;
        if points.is_empty() {
            points = round.trace(80).await;
            tally.kills += 1;
        }
        if let Err(broken) = one_by_one(&mut round, &points, &mut tally).await {
            panic!("seed {seed}, after {tally:?}: {broken}");
        }
        assert!(tally.repeats <= 4 * tally.kills + tally.unanswered);
        if long() && tally.kills / 1000 > thousands {
            eprintln!("{} kills, {} mails, {} repeats", tally.kills, tally.mails, tally.repeats);
        }
    }
    let missed = spared(&points, &tally);
    assert!(missed.is_empty(), "nobody died at {missed:?}");
    eprintln!("{tally:#?}");
}
