//! Issues to more readers than one transaction plans.

use std::collections::HashSet;

use postrider::store::IssueState;

use super::*;

conform!(
    a_half_planned_issue_is_finished_exactly_once,
    several_machines_plan_one_issue_together,
    a_held_issue_of_many_is_woken_whole,
    a_held_issue_of_many_is_dropped_whole,
);

/// More than two batches.
const MANY: usize = 12_000;

fn name(n: usize) -> String {
    format!("r{n}@{}", ["example.org", "gmail.com", "163.com"][n % 3])
}

impl Bench {
    async fn many(&self) {
        for start in (0..MANY).step_by(4000) {
            let rows: Vec<Import> = (start..start + 4000)
                .map(|n| Import {
                    address: address(&name(n)),
                    name: String::new(),
                    language: Some(["en", "zh-CN", "fr"][n % 3].to_owned()),
                })
                .collect();
            assert_eq!(self.store.import(&rows, "weekly", "import", at(0)).await.unwrap().added, 4000);
        }
    }

    async fn rows(&self, issue: &str) -> Vec<postrider::store::DeliveryRow> {
        self.store.deliveries(Some(issue), None, None, 100_000).await.unwrap()
    }
}

fn spoken(slot: i64) -> NewIssue {
    let renditions = vec![rendition(Kind::Issue, "en", "1"), rendition(Kind::Issue, "zh", "2")];
    NewIssue { renditions, ..issue(slot, &["p"]) }
}

async fn a_half_planned_issue_is_finished_exactly_once(bench: Bench) {
    let store = &bench.store;
    bench.many().await;
    let new = spoken(1);
    // It dies behind the first transaction.
    assert!(store.begin_issue(&new, at(1)).await.unwrap());
    let row = &store.issues(None, 1).await.unwrap()[0];
    assert_eq!((row.deliveries, row.planning, row.state), (5000, true, IssueState::Sending));
    // Everything that is there is sent, and the Issue is not done.
    let mut mailed = HashSet::new();
    while let claims = store.claim("a", 1000, LEASE, at(2)).await.unwrap()
        && !claims.is_empty()
    {
        let reports: Vec<Report> = claims.iter().map(|claim| said(claim, State::Sent)).collect();
        store.report(&reports, at(2)).await.unwrap();
        mailed.extend(claims.into_iter().map(|claim| claim.address));
    }
    assert_eq!(mailed.len(), 5000);
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, IssueState::Sending);
    // Meanwhile one leaves who was planned and one who was not, one is suppressed, and one comes.
    let unplanned: Vec<String> = (0..MANY).map(name).filter(|name| !mailed.contains(name)).collect();
    let planned: Vec<String> = mailed.iter().cloned().collect();
    store.unsubscribe(&bench.subscription(&planned[0]).await, at(3)).await.unwrap();
    store.unsubscribe(&bench.subscription(&unplanned[0]).await, at(3)).await.unwrap();
    store.suppress(&address(&unplanned[1]), "complaint", at(3)).await.unwrap();
    bench.readers_at(&["late@example.org"], 3).await;

    // Not while somebody may still be at it; then whoever starts next, also two at once.
    assert_eq!(store.finish_plans(false, at(1)).await.unwrap(), 0);
    let (one, two) = (bench.again().await, bench.again().await);
    let (one, two) = tokio::join!(one.finish_plans(true, at(4)), two.finish_plans(true, at(4)));
    assert!(one.unwrap() + two.unwrap() >= 1);
    assert_eq!(store.finish_plans(true, at(4)).await.unwrap(), 0);
    let row = &store.issues(None, 1).await.unwrap()[0];
    assert_eq!((row.deliveries, row.planning), (MANY as u64 - 2, false));
    let rows = bench.rows(&new.id).await;
    let addresses: HashSet<&str> = rows.iter().map(|row| row.address.as_str()).collect();
    assert_eq!((rows.len(), addresses.len()), (MANY - 2, MANY - 2));
    for absent in [&unplanned[0], &unplanned[1], "late@example.org"] {
        assert!(!addresses.contains(absent), "{absent}");
    }
    let mut again = HashSet::new();
    while let claims = store.claim("b", 1000, LEASE, at(5)).await.unwrap()
        && !claims.is_empty()
    {
        let reports: Vec<Report> = claims.iter().map(|claim| said(claim, State::Sent)).collect();
        store.report(&reports, at(5)).await.unwrap();
        for claim in claims {
            let n: usize = claim.address[1..].split('@').next().unwrap().parse().unwrap();
            let expected = &new.renditions[usize::from(n % 3 == 1)].id;
            assert_eq!(&claim.rendition, expected, "{}", claim.address);
            assert!(!mailed.contains(&claim.address) && again.insert(claim.address), "twice");
        }
    }
    assert_eq!(mailed.len() + again.len(), MANY - 2);
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, IssueState::Done);
}

impl Bench {
    async fn readers_at(&self, addresses: &[&str], minutes: i64) {
        let row = |text: &&str| Import { address: address(text), name: String::new(), language: None };
        let rows: Vec<Import> = addresses.iter().map(row).collect();
        self.store.import(&rows, "weekly", "import", at(minutes)).await.unwrap();
    }
}

async fn several_machines_plan_one_issue_together(bench: Bench) {
    bench.many().await;
    let new = spoken(1);
    assert!(bench.store.begin_issue(&new, at(1)).await.unwrap());
    let mut machines = Vec::new();
    for _ in 0..4 {
        let (store, id) = (bench.again().await, new.id.clone());
        machines.push(tokio::spawn(async move { while store.work_off(&id, at(1)).await.unwrap() {} }));
    }
    for machine in machines {
        machine.await.unwrap();
    }
    assert_eq!(bench.store.issues(None, 1).await.unwrap()[0].deliveries, MANY as u64);
    assert_eq!(bench.counts(Some(&new.id)).await, HashMap::from([(State::Queued, MANY as u64)]));
}

async fn a_held_issue_of_many_is_woken_whole(bench: Bench) {
    bench.many().await;
    let new = NewIssue { held: true, ..spoken(1) };
    // Half planned, and let go all the same.
    assert!(bench.store.begin_issue(&new, at(1)).await.unwrap());
    assert_eq!(bench.claim(2).await, []);
    assert!(bench.store.approve_issue(&new.id, at(100)).await.unwrap());
    let row = &bench.store.issues(None, 1).await.unwrap()[0];
    assert_eq!((row.deliveries, row.planning, row.state), (MANY as u64, false, IssueState::Sending));
    let rows = bench.rows(&new.id).await;
    assert!(rows.len() == MANY && rows.iter().all(|row| row.due_at == at(100)));
    let claims = bench.store.claim("a", 20_000, LEASE, at(100)).await.unwrap();
    assert_eq!(claims.len(), MANY);
    // Its ten hours begin when it is let go.
    assert!(claims.iter().all(|claim| claim.expires_at == at(700)));
}

async fn a_held_issue_of_many_is_dropped_whole(bench: Bench) {
    bench.many().await;
    let new = NewIssue { held: true, ..spoken(1) };
    assert!(bench.store.create_issue(&new, at(1)).await.unwrap());
    assert!(bench.store.skip_issue(&new.id, at(2)).await.unwrap());
    assert_eq!(bench.counts(Some(&new.id)).await, HashMap::from([(State::Suppressed, MANY as u64)]));
    assert_eq!(bench.store.issues(None, 1).await.unwrap()[0].state, IssueState::Skipped);
    assert_eq!(bench.claim(3).await, []);
}
