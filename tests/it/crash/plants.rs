//! Faults of ours, planted one at a time: the harness finds each of them, so it can find something.

use std::collections::BTreeMap;

use postrider::sabotage::Plant;

use super::databases;
use super::kills::{self, Tally, one_by_one};
use super::machines::{self, together};
use super::round::{Plan, Round};
use super::sink::Manners;
use crate::support::random::Random;

/// More rounds than any of them needs.
const ROUNDS: usize = 12;

/// What is said of the first promise that is broken with `plant` in the program.
async fn found(plant: Plant) -> Option<String> {
    let mut seeds = Random::new(plant as u64);
    for _ in 0..ROUNDS {
        let (folder, mut tally) = (tempfile::tempdir().unwrap(), Tally::default());
        let manners = Manners { unanswered: 6, forgotten: 6, dropped: 6, later: 2, goodbye: 0, slow: 0 };
        let wild = |plan: Plan| Plan { readers: 80, leaving: 40, restless: 100, manners, plant: Some(plant), ..plan };
        let ended = if matches!(plant, Plant::NoFence | Plant::LeaseIgnored) {
            let plan = Plan { readers: 200, ..wild(machines::plan(seeds.next())) };
            let mut round = Round::new(databases::postgres().await, folder, plan).await;
            together(&mut round, &mut tally).await
        } else {
            let plan = wild(kills::plan(seeds.next()));
            let mut round = Round::new(databases::sqlite(folder.path()), folder, plan).await;
            one_by_one(&mut round, &BTreeMap::new(), &mut tally).await
        };
        if let Err(broken) = ended {
            return Some(broken);
        }
    }
    None
}

/// And that it is found for what it is.
async fn is_found(plant: Plant, as_this: &[&str]) {
    let broken = found(plant).await.unwrap_or_else(|| panic!("{plant:?} is not found"));
    assert!(as_this.iter().any(|words| broken.contains(words)), "{plant:?} is found as: {broken}");
}

macro_rules! planted {
    ($($test:ident: $plant:ident, $as_this:expr;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $test() { is_found(Plant::$plant, &$as_this).await; })*
    };
}

planted! {
    a_cursor_that_moves_at_the_fetch_is_found: CursorAtFetch, ["is Sent"];
    no_look_at_the_subscription_is_found: NoRecheck, ["left at"];
    no_look_at_the_suppressions_is_found: SuppressionIgnored, ["left at"];
    no_fence_is_found: NoFence, ["mails for no reason", "is Suppressed", "is Sent"];
    a_result_before_250_is_found: ResultBefore250, ["is Sent"];
    a_lost_outcome_is_found: OutcomeLost, ["mails for no reason"];
    a_lease_that_nobody_heeds_is_found: LeaseIgnored, ["mails for no reason"];
    a_message_id_for_each_attempt_is_found: NewMessageId, ["another Message-ID"];
    an_issue_that_is_done_too_early_is_found: DoneTooEarly, ["are open, and the Issue is Done"];
    a_lost_answer_taken_for_a_refusal_is_found: UncertainFails, ["is Failed"];
    what_was_sent_and_is_sent_again_is_found: SentAgain, ["mails for no reason"];
}
