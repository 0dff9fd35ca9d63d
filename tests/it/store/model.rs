//! Random lives of a store beside a model of a few lines: nobody who does not want it is mailed, nothing is handed out
//! twice, nothing is lost, the sums hold.

use postrider::store::IssueState;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

#[derive(Debug, Clone)]
enum Act {
    Import(usize),
    Leave(usize),
    Rejoin(usize),
    Suppress(usize),
    Erase(usize),
    Plan {
        held: bool,
    },
    Approve,
    Skip,
    Claim(u32),
    /// The how-manieth claim ever made, and what is said of it.
    Report(usize, State),
    Release(usize),
    Retry,
    Wait(i64),
}

const PEOPLE: usize = 4;

fn act() -> impl Strategy<Value = Act> {
    let who = 0..PEOPLE;
    let said = prop_oneof![
        3 => Just(State::Sent),
        1 => Just(State::Failed),
        1 => Just(State::Queued),
        1 => Just(State::Expired),
        1 => Just(State::Uncertain)
    ];
    prop_oneof![
        4 => who.clone().prop_map(Act::Import),
        2 => who.clone().prop_map(Act::Leave),
        1 => who.clone().prop_map(Act::Rejoin),
        1 => who.clone().prop_map(Act::Suppress),
        1 => who.prop_map(Act::Erase),
        4 => any::<bool>().prop_map(|held| Act::Plan { held }),
        2 => Just(Act::Approve),
        1 => Just(Act::Skip),
        6 => (1..6_u32).prop_map(Act::Claim),
        8 => (0..8_usize, said).prop_map(|(back, state)| Act::Report(back, state)),
        1 => (0..8_usize).prop_map(Act::Release),
        1 => Just(Act::Retry),
        3 => prop_oneof![Just(0), Just(1), Just(2), Just(700)].prop_map(Act::Wait),
    ]
}

/// What is known of one reader.
#[derive(Debug, Clone, Default)]
struct Person {
    subscription: Option<String>,
    wants: bool,
    never_again: bool,
}

#[derive(Debug, Default)]
struct Model {
    now: i64,
    people: Vec<Person>,
    /// Claims in order, with the end of their leases; `None` once a report or a release of it counted.
    claims: Vec<(Claim, Option<i64>)>,
    planned: HashMap<String, u64>,
    held: Vec<String>,
    skipped: Vec<String>,
    ended: std::collections::HashSet<String>,
}

impl Model {
    fn readers(&self) -> u64 {
        self.people.iter().filter(|person| person.wants && !person.never_again).count() as u64
    }

    fn person(text: &str) -> usize {
        text[1..2].parse().unwrap()
    }
}

fn who(person: usize) -> Address {
    address(&format!("p{person}@example.org"))
}

async fn live(bench: &Bench, acts: &[Act]) {
    let store = &bench.store;
    let mut model = Model { people: vec![Person::default(); PEOPLE], ..Model::default() };
    // Most lives begin with readers and an issue on its way; the rest is chance.
    let begin = [Act::Import(0), Act::Import(1), Act::Import(2), Act::Plan { held: false }, Act::Claim(5)];
    for (step, act) in begin.iter().chain(acts).enumerate() {
        let now = at(model.now);
        match act {
            Act::Import(person) => {
                let row = Import { address: who(*person), name: String::new(), language: None };
                let done = store.import(&[row], "weekly", "import", now).await.unwrap();
                let known = &mut model.people[*person];
                if known.never_again {
                    assert_eq!(done.suppressed, 1);
                } else if known.subscription.is_none() {
                    assert_eq!(done.added, 1);
                    known.wants = true;
                    known.subscription = Some(bench.subscription(who(*person).as_str()).await);
                } else {
                    assert_eq!((done.unchanged, done.unsubscribed), (u64::from(known.wants), u64::from(!known.wants)));
                }
            }
            Act::Leave(person) => {
                if let Some(id) = &model.people[*person].subscription {
                    store.unsubscribe(id, now).await.unwrap();
                    model.people[*person].wants = false;
                }
            }
            Act::Rejoin(person) => {
                if let Some(id) = &model.people[*person].subscription {
                    let row = store.rejoin(id, now).await.unwrap();
                    let known = &mut model.people[*person];
                    known.wants |= row.is_some() && !known.never_again;
                }
            }
            Act::Suppress(person) => {
                store.suppress(&who(*person), "complaint", now).await.unwrap();
                model.people[*person].never_again = true;
            }
            Act::Erase(person) => {
                if store.erase(who(*person).as_str(), now).await.unwrap() {
                    model.people[*person] = Person { never_again: true, ..Person::default() };
                    // Nothing that is said of their mail counts any more.
                    let theirs = |claim: &Claim| Model::person(&claim.address) == *person;
                    for (claim, lease) in model.claims.iter_mut().filter(|(claim, _)| theirs(claim)) {
                        *lease = None;
                        model.ended.insert(claim.id.clone());
                    }
                }
            }
            Act::Plan { held } => {
                let slot = i64::try_from(step).unwrap();
                let new = NewIssue {
                    held: *held,
                    expires_at: now + chrono::Duration::minutes(600),
                    ..issue(slot, &[&format!("post{step}")])
                };
                assert!(store.create_issue(&new, now).await.unwrap());
                assert!(!store.create_issue(&issue(slot, &[]), now).await.unwrap());
                model.planned.insert(new.id.clone(), model.readers());
                if *held {
                    model.held.push(new.id);
                }
            }
            Act::Approve => {
                if let Some(id) = model.held.pop() {
                    assert!(store.approve_issue(&id, now).await.unwrap());
                }
            }
            Act::Skip => {
                if let Some(id) = model.held.pop() {
                    assert!(store.skip_issue(&id, now).await.unwrap());
                    model.skipped.push(id);
                }
            }
            Act::Claim(limit) => {
                for claim in store.claim("w", *limit, LEASE, now).await.unwrap() {
                    let person = &model.people[Model::person(&claim.address)];
                    assert!(person.wants && !person.never_again, "{act:?} mails who does not want it");
                    assert!(!model.ended.contains(&claim.id), "{act:?} repeats what is at its end");
                    assert!(!model.held.iter().chain(&model.skipped).any(|id| claim.id.starts_with(id.as_str())));
                    for (earlier, lease) in model.claims.iter_mut().filter(|(earlier, _)| earlier.id == claim.id) {
                        assert!(earlier.fence < claim.fence && earlier.message_id == claim.message_id);
                        assert!(lease.is_none_or(|end| end <= model.now), "handed out twice at once");
                        // From now on only the newest counts.
                        *lease = None;
                    }
                    model.claims.push((claim, Some(model.now + 1)));
                }
            }
            Act::Report(back, state) => {
                let Some(index) = model.claims.len().checked_sub(back + 1) else { continue };
                let (claim, lease) = &mut model.claims[index];
                let due_at = (*state == State::Queued).then(|| at(model.now + 1));
                let taken = store.report(&[Report { due_at, ..said(claim, *state) }], now).await.unwrap();
                // A claim whose Delivery the claim of somebody else ended meanwhile has no lease that we know of.
                if lease.is_none() {
                    assert_eq!(taken, 0, "{act:?} of {claim:?}");
                }
                if taken == 1 {
                    *lease = None;
                    if *state != State::Queued {
                        model.ended.insert(claim.id.clone());
                    }
                }
            }
            Act::Release(back) => {
                let Some(index) = model.claims.len().checked_sub(back + 1) else { continue };
                let (claim, lease) = &mut model.claims[index];
                store.release(&[given_back(claim, now)], now).await.unwrap();
                *lease = None;
            }
            Act::Retry => {
                store.retry(None, None, now + chrono::Duration::minutes(600), now).await.unwrap();
                let sent = store.deliveries(None, None, Some(State::Sent), 1000).await.unwrap();
                let sent: std::collections::HashSet<String> = sent.into_iter().map(|row| row.id).collect();
                model.ended.retain(|id| sent.contains(id));
            }
            Act::Wait(minutes) => model.now += minutes,
        }
        check(bench, &model).await;
    }
}

async fn check(bench: &Bench, model: &Model) {
    assert_eq!(bench.store.audience("weekly").await.unwrap().1, model.readers());
    for issue in bench.store.issues(None, 1000).await.unwrap() {
        let counts = bench.counts(Some(&issue.id)).await;
        let open: u64 = [State::Queued, State::Sending].iter().filter_map(|state| counts.get(state)).sum();
        assert_eq!(counts.values().sum::<u64>(), model.planned[&issue.id], "the sum of {issue:?}");
        let expected = if model.held.contains(&issue.id) {
            IssueState::Held
        } else if model.skipped.contains(&issue.id) {
            IssueState::Skipped
        } else if open == 0 {
            IssueState::Done
        } else {
            IssueState::Sending
        };
        assert_eq!(issue.state, expected);
    }
}

fn run(cases: u32, open: impl AsyncFn() -> Bench) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() });
    runner
        .run(&proptest::collection::vec(act(), 1..50), |acts| {
            runtime.block_on(async { live(&open().await, &acts).await });
            Ok(())
        })
        .unwrap();
}

#[test]
fn sqlite_lives_like_the_model() {
    run(40, Bench::sqlite);
}

#[test]
fn postgres_lives_like_the_model() {
    run(15, Bench::postgres);
}
