use std::collections::HashSet;

use postrider::delivery::group::Group;
use postrider::delivery::pace::Ask;

use super::*;

conform!(
    hands_out_and_takes_back,
    sends_transactional_mail_first,
    takes_of_each_group_what_may_go,
    never_hands_out_twice,
    leases_end_and_fences_hold,
    leases_of_the_dead_end_at_once_where_one_daemon_may_run,
    what_is_being_sent_wakes_at_the_end_of_its_lease,
    releases_untouched,
    checks_again_in_the_claim,
    looks_behind_a_batch_that_ends_in_itself,
    expires_what_is_too_late,
    survives_the_death_of_its_process,
    lists_and_counts,
    queues_tests,
    claims_nothing_after_the_answer,
);

async fn hands_out_and_takes_back(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    let new = issue(1, &["p1"]);
    store.create_issue(&new, at(1)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(1)));
    assert_eq!(bench.claim(0).await, []);
    let claim = bench.claim(1).await.pop().unwrap();
    let reader = store.subscriber_by_address("a@example.org").await.unwrap().unwrap();
    assert_eq!(
        claim,
        Claim {
            id: format!("{}{}", new.id, reader.id),
            kind: Kind::Issue,
            rendition: new.renditions[0].id.clone(),
            address: "a@example.org".to_owned(),
            subscription: reader.subscriptions[0].id.clone(),
            confirmation: String::new(),
            message_id: format!("{}{}@example.org", new.id, reader.id),
            subscriber: reader.id,
            fence: 1,
            attempts: 0,
            uncertain: 0,
            expires_at: at(601),
        }
    );
    assert!(claim.message_id.split('@').next().unwrap().len() <= 60);
    assert_eq!(bench.claim(1).await, []);
    assert_eq!(store.next_due().await.unwrap(), Some(at(2)));
    // Refused for now: it comes back at its time, one attempt older, with the same Message-ID.
    assert_eq!(store.report(&[Report { due_at: Some(at(6)), ..said(&claim, State::Queued) }], at(1)).await.unwrap(), 1);
    let row = &store.deliveries(None, None, None, 9).await.unwrap()[0];
    assert_eq!(
        (row.state, row.attempts, row.code, row.text.as_str(), row.due_at),
        (State::Queued, 1, 451, "4.7.1 greylisted", at(6))
    );
    assert_eq!(store.next_due().await.unwrap(), Some(at(6)));
    assert_eq!(bench.claim(5).await, []);
    let again = bench.claim(6).await.pop().unwrap();
    assert_eq!((again.attempts, again.fence, &again.message_id), (1, 2, &claim.message_id));
    assert_eq!(store.report(&[said(&again, State::Sent)], at(6)).await.unwrap(), 1);
    assert_eq!(store.report(&[said(&again, State::Failed)], at(6)).await.unwrap(), 0);
    let row = &store.deliveries(None, None, None, 9).await.unwrap()[0];
    assert_eq!((row.state, row.attempts, row.code, row.changed_at), (State::Sent, 2, 250, at(6)));
    assert_eq!((store.next_due().await.unwrap(), bench.claim(999).await), (None, vec![]));
    assert_eq!(store.report(&[], at(7)).await.unwrap(), 0);
}

async fn sends_transactional_mail_first(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org"]).await;
    store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    store
        .sign_up(&address("new@example.org"), None, "weekly", &rendition(Kind::Confirmation, "en", "c"), at(5))
        .await
        .unwrap();
    let claims = store.claim("w", 2, LEASE, at(6)).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.kind).collect::<Vec<_>>(), [Kind::Confirmation, Kind::Issue]);
    assert_eq!(store.next_due().await.unwrap(), Some(at(0)));
}

async fn never_hands_out_twice(bench: Bench) {
    let addresses: Vec<String> = (0..300).map(|n| format!("r{n}@example.org")).collect();
    bench.readers(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    let mut workers = Vec::new();
    for worker in 0..8 {
        let store = if worker % 2 == 0 { bench.store.clone() } else { bench.again().await };
        workers.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claims = store.claim(&format!("w{worker}"), 7, LEASE, at(0)).await.unwrap();
                if claims.is_empty() {
                    return mine;
                }
                let reports: Vec<Report> = claims.iter().map(|claim| said(claim, State::Sent)).collect();
                assert_eq!(store.report(&reports, at(0)).await.unwrap(), claims.len() as u64);
                mine.extend(claims.into_iter().map(|claim| claim.id));
            }
        }));
    }
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), 300);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 300);
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Sent, 300)]));
}

async fn leases_end_and_fences_hold(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    let stale = store.claim("dead", 9, LEASE, at(0)).await.unwrap().pop().unwrap();
    let fresh = store.claim("alive", 9, LEASE, at(1)).await.unwrap().pop().unwrap();
    assert_eq!((&fresh.message_id, fresh.attempts, fresh.fence), (&stale.message_id, 1, 2));
    // The sleeper wakes: nothing that it says counts.
    assert_eq!(store.report(&[said(&stale, State::Failed)], at(1)).await.unwrap(), 0);
    store.release(&[given_back(&stale, at(1))], at(1)).await.unwrap();
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Sending, 1)]));
    assert_eq!(store.report(&[said(&stale, State::Failed), said(&fresh, State::Sent)], at(1)).await.unwrap(), 1);
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Sent, 1)]));

    // A lease that ended without another claim: the result is still the newest.
    store.create_issue(&issue(1, &["q"]), at(1)).await.unwrap();
    let slow = bench.claim(1).await.pop().unwrap();
    assert_eq!(store.report(&[said(&slow, State::Sent)], at(30)).await.unwrap(), 1);
}

async fn leases_of_the_dead_end_at_once_where_one_daemon_may_run(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org"]).await;
    store.create_issue(&issue(1, &["p1"]), at(1)).await.unwrap();
    let dead = store.claim("dead", 1, LEASE, at(1)).await.unwrap().pop().unwrap();
    let mine = store.claim("me", 1, LEASE, at(1)).await.unwrap().pop().unwrap();
    let ended = u64::from(bench.is_sqlite());
    assert_eq!(store.end_leases("me", at(1)).await.unwrap(), ended);
    let again = store.claim("me", 9, LEASE, at(1)).await.unwrap();
    assert_eq!(again.len() as u64, ended);
    for claim in again {
        assert_eq!((&claim.message_id, claim.attempts), (&dead.message_id, 1));
        assert_ne!(claim.id, mine.id);
    }
    // Also where the clock was put back meanwhile.
    assert_eq!(store.end_leases("next", at(0)).await.unwrap(), 2 * ended);
    assert_eq!(store.claim("next", 9, LEASE, at(0)).await.unwrap().len() as u64, 2 * ended);
}

async fn what_is_being_sent_wakes_at_the_end_of_its_lease(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org", "c@example.org"]).await;
    store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    assert_eq!((claims.len(), store.next_due().await.unwrap()), (3, Some(at(1))));
    // Before what is queued for later, and not before what is queued for now.
    assert_eq!(
        store.report(&[Report { due_at: Some(at(6)), ..said(&claims[0], State::Queued) }], at(0)).await.unwrap(),
        1
    );
    assert_eq!(store.next_due().await.unwrap(), Some(at(1)));
    store.release(&[given_back(&claims[1], at(0))], at(0)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(0)));
    assert_eq!(bench.claim(0).await.len(), 1);
    assert_eq!((bench.claim(0).await.len(), bench.claim(1).await.len()), (0, 2));
    assert_eq!((bench.claim(1).await.len(), store.next_due().await.unwrap()), (0, Some(at(2))));
}

async fn releases_untouched(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    let claim = bench.claim(0).await.pop().unwrap();
    store.release(&[given_back(&claim, at(3))], at(0)).await.unwrap();
    store.release(&[given_back(&claim, at(3))], at(0)).await.unwrap();
    store.release(&[], at(0)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(3)));
    let again = bench.claim(3).await.pop().unwrap();
    assert_eq!((again.attempts, again.fence), (0, 2));
}

async fn checks_again_in_the_claim(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org", "c@example.org", "d@example.org", "e@example.org"]).await;
    let new = issue(0, &["p"]);
    store.create_issue(&new, at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    assert_eq!(claims.len(), 5);
    // All five are with a worker when they leave by different doors; it dies, and nobody is handed out again.
    store.unsubscribe(&bench.subscription("a@example.org").await, at(0)).await.unwrap();
    store.suppress(&address("b@example.org"), "complaint", at(0)).await.unwrap();
    assert!(store.erase("c@example.org", at(0)).await.unwrap());
    assert!(store.remove("D@Example.org", Some("weekly"), at(0)).await.unwrap());
    let left: Vec<_> = bench.claim(1).await.into_iter().map(|claim| claim.address).collect();
    assert_eq!(left, ["e@example.org"]);
    assert_eq!(bench.counts(Some(&new.id)).await, HashMap::from([(State::Suppressed, 4), (State::Sending, 1)]));
    let erased = claims.iter().find(|claim| claim.address == "c@example.org").unwrap();
    assert_eq!(store.report(&[said(erased, State::Sent)], at(1)).await.unwrap(), 0);

    // A Confirmation is not sent to who confirmed, left, or was suppressed meanwhile.
    let confirmation = rendition(Kind::Confirmation, "en", "c");
    let mut tokens = Vec::new();
    for name in ["f", "g", "h", "i"] {
        store.sign_up(&address(&format!("{name}@example.org")), None, "weekly", &confirmation, at(2)).await.unwrap();
    }
    for claim in bench.claim(2).await {
        tokens.push((claim.address.clone(), claim.confirmation.clone(), claim.subscription.clone()));
    }
    let token = |name: &str| tokens.iter().find(|token| token.0.starts_with(name)).unwrap();
    store.confirm(&token("f").1, at(2)).await.unwrap();
    store.unsubscribe(&token("g").2, at(2)).await.unwrap();
    store.suppress(&address("h@example.org"), "complaint", at(2)).await.unwrap();
    let left: Vec<_> =
        bench.claim(3).await.into_iter().map(|claim| claim.address).filter(|to| to != "e@example.org").collect();
    assert_eq!(left, ["i@example.org"]);
}

async fn looks_behind_a_batch_that_ends_in_itself(bench: Bench) {
    let store = &bench.store;
    let addresses: Vec<String> = (0..40).map(|n| format!("r{n}@example.org")).collect();
    bench.readers(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    for claim in &claims[..35] {
        store.unsubscribe(&claim.subscription, at(0)).await.unwrap();
    }
    assert_eq!(store.claim("w", 4, LEASE, at(1)).await.unwrap().len(), 4);
    assert_eq!(store.claim("w", 4, LEASE, at(1)).await.unwrap().len(), 1);
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Suppressed, 35), (State::Sending, 5)]));
}

async fn expires_what_is_too_late(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    let new = issue(0, &["p"]);
    store.create_issue(&new, at(0)).await.unwrap();
    assert_eq!(bench.claim(600).await, []);
    assert_eq!(bench.counts(Some(&new.id)).await, HashMap::from([(State::Expired, 1)]));
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, postrider::store::IssueState::Done);
    assert_eq!(store.retry(Some(&new.id), Some("A@example.org"), at(900), at(700)).await.unwrap(), 1);
    assert_eq!(bench.claim(700).await[0].expires_at, at(900));
}

async fn survives_the_death_of_its_process(bench: Bench) {
    bench.readers(&["a@example.org", "b@example.org"]).await;
    let new = issue(0, &["p"]);
    bench.store.create_issue(&new, at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    bench.store.report(&[said(&claims[0], State::Sent)], at(0)).await.unwrap();
    bench.store.close().await;
    let store = bench.again().await;
    assert_eq!(store.claim("next", 9, LEASE, at(0)).await.unwrap(), []);
    let again = store.claim("next", 9, LEASE, at(1)).await.unwrap();
    assert_eq!(
        again.iter().map(|claim| (&claim.message_id, claim.attempts)).collect::<Vec<_>>(),
        [(&claims[1].message_id, 1)]
    );
}

async fn lists_and_counts(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org"]).await;
    let (one, two) = (issue(0, &["p"]), issue(10, &["q"]));
    store.create_issue(&one, at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    let to_a = claims.iter().find(|claim| claim.address == "a@example.org").unwrap();
    store.report(&[said(to_a, State::Uncertain)], at(0)).await.unwrap();
    store.create_issue(&two, at(10)).await.unwrap();
    let list = async |issue: Option<&str>, to: Option<&str>, state, limit| {
        let rows = store.deliveries(issue, to, state, limit).await.unwrap();
        rows.into_iter().map(|row| (row.issue, row.address, row.state)).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, None, 9).await.len(), 4);
    assert_eq!(list(None, None, None, 9).await[0].0, two.id);
    assert_eq!(list(None, None, None, 1).await.len(), 1);
    let a = (one.id.clone(), "a@example.org".to_owned(), State::Uncertain);
    assert_eq!(list(Some(&one.id), Some("A@EXAMPLE.org"), None, 9).await, *std::slice::from_ref(&a));
    assert_eq!(list(None, None, Some(State::Uncertain), 9).await, [a]);
    assert_eq!(list(None, Some("nobody@example.org"), None, 9).await, []);
    assert_eq!(bench.counts(Some(&one.id)).await, HashMap::from([(State::Uncertain, 1), (State::Sending, 1)]));
    assert_eq!(
        bench.counts(None).await,
        HashMap::from([(State::Uncertain, 1), (State::Sending, 1), (State::Queued, 2)])
    );
    assert_eq!(store.retry(None, Some("b@example.org"), at(99), at(11)).await.unwrap(), 0);
    assert_eq!(store.retry(None, None, at(99), at(11)).await.unwrap(), 1);
}

async fn queues_tests(bench: Bench) {
    let store = &bench.store;
    let mail = rendition(Kind::Test, "en", "test");
    let id = store.queue_test(&mail, &address("Me@example.net"), at(60), at(0)).await.unwrap();
    let claim = bench.claim(0).await.pop().unwrap();
    assert_eq!(
        (claim.id.as_str(), claim.kind, claim.address.as_str(), claim.subscriber.as_str()),
        (id.as_str(), Kind::Test, "Me@example.net", "")
    );
    assert_eq!(
        (claim.rendition.as_str(), claim.message_id.as_str()),
        (mail.id.as_str(), format!("{id}@example.org").as_str())
    );
    assert_eq!(store.deliveries(None, Some("me@example.net"), None, 9).await.unwrap().len(), 1);
    store.suppress(&address("me@example.net"), "complaint", at(0)).await.unwrap();
    assert_eq!(bench.claim(2).await, []);
    assert!(store.erase("me@example.net", at(3)).await.unwrap());
    assert_eq!(store.deliveries(None, None, None, 9).await.unwrap()[0].address, "");
}

async fn claims_nothing_after_the_answer(bench: Bench) {
    use std::time::Instant;
    let addresses: Vec<String> = (0..120).map(|n| format!("r{n}@example.org")).collect();
    bench.readers(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    let worker = |store: Store| {
        tokio::spawn(async move {
            let mut seen = Vec::new();
            loop {
                let asked = Instant::now();
                let claims = store.claim("w", 3, LEASE, at(0)).await.unwrap();
                if claims.is_empty() {
                    return seen;
                }
                seen.extend(claims.into_iter().map(|claim| (claim.address, asked)));
            }
        })
    };
    let workers = [worker(bench.store.clone()), worker(bench.again().await)];
    let mut left = HashMap::new();
    for to in addresses.iter().rev() {
        bench.store.remove(to, None, at(0)).await.unwrap();
        left.insert(to.clone(), Instant::now());
    }
    for worker in workers {
        for (to, asked) in worker.await.unwrap() {
            assert!(asked < left[&to], "handed out after the answer");
        }
    }
}

async fn takes_of_each_group_what_may_go(bench: Bench) {
    let store = &bench.store;
    let names: Vec<String> =
        (0..400).map(|n| format!("r{n}@{}", if n < 300 { "gmail.com" } else { "example.org" })).collect();
    bench.readers(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    store.create_issue(&issue(1, &["p1"]), at(1)).await.unwrap();
    store.queue_test(&rendition(Kind::Test, "en", "t"), &address("t@gmail.com"), at(600), at(1)).await.unwrap();
    let claim = async |ask: Ask| {
        let found = store.hand_out("a", ask, LEASE, at(2)).await.unwrap();
        assert_eq!(found.seen, found.claims.len());
        let gmail = found.claims.iter().filter(|claim| claim.address.ends_with("@gmail.com")).count();
        let tests = found.claims.iter().filter(|claim| claim.kind == Kind::Test).count();
        (found.claims.len() - gmail, gmail - tests, tests)
    };
    let mut ask = Ask::from(60);
    ask.issues[Group::Gmail.number()] = 0;
    ask.transactional = ask.issues;
    assert_eq!(claim(ask).await, (60, 0, 0));
    ask.issues[Group::Gmail.number()] = 7;
    let (mut others, mut gmail) = (60, 0);
    while others < 100 {
        let found = claim(Ask { most: 30, ..ask }).await;
        assert!(found.1 <= 7 && found.0 + found.1 > 0 && found.2 == 0, "{found:?}");
        (others, gmail) = (others + found.0, gmail + found.1);
    }
    // Of others nothing is left; what may go is found, and when more may go, that is as well.
    assert_eq!(claim(ask).await, (0, 7, 0));
    assert_eq!(claim(Ask::from(100)).await, (0, 99, 1));
    assert_eq!(claim(Ask::from(0)).await, (0, 0, 0));
    assert_eq!(claim(Ask::from(1000)).await, (0, 300 - gmail - 7 - 99, 0));
    assert_eq!(claim(Ask::from(1000)).await, (0, 0, 0));
}
