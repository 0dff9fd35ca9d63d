use std::collections::HashSet;

use postrider::store::IssueState;

use super::*;

conform!(
    begins_a_digest_once,
    plans_everybody_once,
    gives_each_language_its_rendition,
    makes_one_issue_of_a_slot,
    announces_a_post_once,
    holds_until_approved,
    drops_a_held_issue,
    records_a_skipped_slot,
    is_done_when_nothing_is_open,
    keeps_an_archive,
    plans_a_hundred_thousand,
);

async fn begins_a_digest_once(bench: Bench) {
    let store = &bench.store;
    let posts: Vec<String> = ["b", "a", "b"].map(str::to_owned).into();
    assert_eq!(store.digest_begun("weekly").await.unwrap(), None);
    assert!(store.begin_digest("weekly", &posts, at(0)).await.unwrap());
    assert!(!store.begin_digest("weekly", &["c".to_owned()], at(1)).await.unwrap());
    assert!(store.begin_digest("other", &[], at(2)).await.unwrap());
    assert_eq!(store.digest_begun("weekly").await.unwrap(), Some(at(0)));
    assert_eq!(store.announced("weekly").await.unwrap(), HashSet::from(["a".to_owned(), "b".to_owned()]));
    assert_eq!(store.announced("other").await.unwrap(), HashSet::new());
    assert_eq!(store.last_slot("weekly").await.unwrap(), None);
}

async fn plans_everybody_once(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org", "c@example.org", "d@example.org"]).await;
    store.unsubscribe(&bench.subscription("b@example.org").await, at(1)).await.unwrap();
    store.suppress(&address("C@example.org"), "hard bounce", at(1)).await.unwrap();
    store
        .sign_up(
            &address("new@example.org"),
            Some("zh"),
            "weekly",
            &rendition(Kind::Confirmation, "zh", "confirm"),
            at(1),
        )
        .await
        .unwrap();
    store
        .import(
            &[Import { address: address("x@example.org"), name: String::new(), language: None }],
            "other",
            "import",
            at(1),
        )
        .await
        .unwrap();
    assert_eq!(store.audience("weekly").await.unwrap(), (vec![], 2));

    let new = issue(5, &["p2", "p1"]);
    assert!(store.create_issue(&new, at(5)).await.unwrap());
    let rows = store.deliveries(Some(&new.id), None, None, 100).await.unwrap();
    let mut to: Vec<_> = rows.iter().map(|row| row.address.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["a@example.org", "d@example.org"]);
    assert_eq!(store.announced("weekly").await.unwrap(), HashSet::from(["p1".to_owned(), "p2".to_owned()]));
    assert_eq!(store.last_slot("weekly").await.unwrap(), Some(at(5)));

    let kept = &store.issues(Some("weekly"), 10).await.unwrap()[0];
    assert_eq!((kept.id.as_str(), kept.state, kept.deliveries), (new.id.as_str(), IssueState::Sending, 2));
    assert_eq!(
        (kept.posts.as_slice(), kept.slot, kept.created_at),
        (&["p2".to_owned(), "p1".to_owned()][..], at(5), at(5))
    );
    assert_eq!(store.issues(Some("other"), 10).await.unwrap(), []);
    assert_eq!(store.rendition(&new.renditions[0].id).await.unwrap().as_ref(), Some(&new.renditions[0]));
    assert_eq!(store.rendition("none").await.unwrap(), None);
}

async fn gives_each_language_its_rendition(bench: Bench) {
    let store = &bench.store;
    let rows: Vec<Import> =
        [("a", None), ("b", Some("zh-CN")), ("c", Some("EN")), ("d", Some("fr")), ("e", Some("zh-tw"))]
            .map(|(name, language)| Import {
                address: address(&format!("{name}@example.org")),
                name: String::new(),
                language: language.map(str::to_owned),
            })
            .into();
    store.import(&rows, "weekly", "import", at(0)).await.unwrap();
    assert_eq!(store.audience("weekly").await.unwrap(), (["EN", "fr", "zh-CN", "zh-tw"].map(str::to_owned).into(), 5));
    let (first, en, zh) =
        (rendition(Kind::Issue, "de", "1"), rendition(Kind::Issue, "en", "2"), rendition(Kind::Issue, "zh", "3"));
    let tw = rendition(Kind::Issue, "zh-TW", "4");
    let expected = HashMap::from(
        [("a", &first), ("b", &zh), ("c", &en), ("d", &first), ("e", &tw)]
            .map(|(name, rendition)| (format!("{name}@example.org"), rendition.id.clone())),
    );
    let new = NewIssue { renditions: vec![first.clone(), en.clone(), zh.clone(), tw.clone()], ..issue(0, &[]) };
    assert!(store.create_issue(&new, at(0)).await.unwrap());
    let got: HashMap<String, String> =
        bench.claim(0).await.into_iter().map(|claim| (claim.address, claim.rendition)).collect();
    assert_eq!(got, expected);
}

async fn makes_one_issue_of_a_slot(bench: Bench) {
    bench.readers(&["a@example.org", "b@example.org"]).await;
    for round in 0..5 {
        let mut machines = Vec::new();
        for _ in 0..4 {
            let store = bench.again().await;
            machines.push(tokio::spawn(async move {
                let new = issue(round, &[&format!("p{round}")]);
                store.create_issue(&new, at(round)).await.unwrap().then_some(new.id)
            }));
        }
        let mut won = Vec::new();
        for machine in machines {
            won.extend(machine.await.unwrap());
        }
        assert_eq!(won.len(), 1);
        assert_eq!(bench.counts(Some(&won[0])).await, HashMap::from([(State::Queued, 2)]));
    }
    assert_eq!(bench.store.issues(None, 100).await.unwrap().len(), 5);
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Queued, 10)]));
}

async fn announces_a_post_once(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    assert!(store.create_issue(&issue(0, &["p1", "p2"]), at(0)).await.unwrap());
    let late = issue(1, &["p3", "p2"]);
    assert!(!store.create_issue(&late, at(1)).await.unwrap());
    assert_eq!(store.announced("weekly").await.unwrap().len(), 2);
    assert_eq!(store.last_slot("weekly").await.unwrap(), Some(at(0)));
    assert_eq!(store.rendition(&late.renditions[0].id).await.unwrap(), None);
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Queued, 1)]));
    // Another digest has its own memory.
    assert!(store.create_issue(&NewIssue { digest: "other".to_owned(), ..issue(1, &["p1"]) }, at(1)).await.unwrap());
    // The same post named twice is one post.
    assert!(store.create_issue(&issue(2, &["p4", "p4"]), at(2)).await.unwrap());
}

async fn holds_until_approved(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org"]).await;
    let new = NewIssue { held: true, ..issue(0, &["p1"]) };
    assert!(store.create_issue(&new, at(0)).await.unwrap());
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, IssueState::Held);
    assert_eq!(bench.claim(60).await, []);
    assert_eq!(store.next_due().await.unwrap(), None);
    store.unsubscribe(&bench.subscription("b@example.org").await, at(1)).await.unwrap();
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, IssueState::Held);

    assert!(!store.approve_issue("none", at(700)).await.unwrap());
    assert!(store.approve_issue(&new.id, at(700)).await.unwrap());
    assert!(!store.approve_issue(&new.id, at(700)).await.unwrap());
    assert!(!store.skip_issue(&new.id, at(700)).await.unwrap());
    assert_eq!(store.next_due().await.unwrap(), Some(at(700)));
    // Its ten hours begin when it is let go.
    let claims = bench.claim(700).await;
    assert_eq!(
        claims.iter().map(|claim| (claim.address.as_str(), claim.expires_at)).collect::<Vec<_>>(),
        [("a@example.org", at(1300))]
    );
}

async fn drops_a_held_issue(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    let new = NewIssue { held: true, ..issue(0, &["p1"]) };
    store.create_issue(&new, at(0)).await.unwrap();
    assert!(store.skip_issue(&new.id, at(1)).await.unwrap());
    assert!(!store.skip_issue(&new.id, at(1)).await.unwrap());
    assert!(!store.approve_issue(&new.id, at(1)).await.unwrap());
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, IssueState::Skipped);
    assert_eq!(bench.counts(Some(&new.id)).await, HashMap::from([(State::Suppressed, 1)]));
    assert!(store.announced("weekly").await.unwrap().contains("p1"));
    assert_eq!(bench.claim(2).await, []);
    assert_eq!(store.retry(Some(&new.id), None, at(900), at(3)).await.unwrap(), 0);
}

async fn records_a_skipped_slot(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    let skipped = NewIssue { renditions: vec![], ..issue(0, &["p1"]) };
    assert!(store.create_issue(&skipped, at(0)).await.unwrap());
    assert!(!store.create_issue(&issue(0, &["p2"]), at(1)).await.unwrap());
    let row = &store.issues(None, 9).await.unwrap()[0];
    assert_eq!((row.state, row.deliveries, row.posts.len()), (IssueState::Skipped, 0, 1));
    assert!(store.announced("weekly").await.unwrap().contains("p1"));
    assert_eq!(store.last_slot("weekly").await.unwrap(), Some(at(0)));
    assert_eq!(bench.claim(9).await, []);
}

async fn is_done_when_nothing_is_open(bench: Bench) {
    let store = &bench.store;
    let nobody = issue(0, &["p0"]);
    store.create_issue(&nobody, at(0)).await.unwrap();
    assert_eq!(store.issues(None, 1).await.unwrap()[0].state, IssueState::Done);

    bench.readers(&["a@example.org", "b@example.org", "c@example.org"]).await;
    let new = issue(1, &["p1"]);
    store.create_issue(&new, at(1)).await.unwrap();
    let state = async || store.issues(None, 1).await.unwrap()[0].state;
    let claims = bench.claim(1).await;
    store.report(&[said(&claims[0], State::Sent)], at(1)).await.unwrap();
    store.report(&[said(&claims[1], State::Failed)], at(1)).await.unwrap();
    assert_eq!(state().await, IssueState::Sending);
    store.report(&[Report { due_at: Some(at(5)), ..said(&claims[2], State::Queued) }], at(1)).await.unwrap();
    assert_eq!(state().await, IssueState::Sending);
    // The last one leaves: nothing more to send.
    store.unsubscribe(&bench.subscription(&claims[2].address).await, at(2)).await.unwrap();
    assert_eq!(state().await, IssueState::Done);
    assert_eq!(
        bench.counts(Some(&new.id)).await,
        HashMap::from([(State::Sent, 1), (State::Failed, 1), (State::Suppressed, 1)])
    );
    // And open again when a person tries again.
    assert_eq!(store.retry(Some(&new.id), None, at(900), at(3)).await.unwrap(), 1);
    assert_eq!(state().await, IssueState::Sending);
    let claims = bench.claim(3).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].attempts, 1);
    store.report(&[said(&claims[0], State::Sent)], at(3)).await.unwrap();
    assert_eq!(state().await, IssueState::Done);
}

async fn plans_a_hundred_thousand(bench: Bench) {
    let store = &bench.store;
    // A million in the long run.
    let batches: usize = if crate::support::long() { 200 } else { 20 };
    for batch in 0..batches {
        let rows: Vec<Import> = (0..5000)
            .map(|n| Import {
                address: address(&format!("r{}@example.org", batch * 5000 + n)),
                name: String::new(),
                language: Some(["en", "zh"][n % 2].to_owned()),
            })
            .collect();
        assert_eq!(store.import(&rows, "weekly", "import", at(0)).await.unwrap().added, 5000);
    }
    let new = NewIssue {
        renditions: vec![rendition(Kind::Issue, "en", "1"), rendition(Kind::Issue, "zh", "2")],
        ..issue(1, &["p"])
    };
    // Others write meanwhile, and have their turns.
    let (planning, begun) = (store.create_issue(&new, at(1)), std::time::Instant::now());
    tokio::pin!(planning);
    let mut writes = 0;
    let made = loop {
        let other = address(&format!("nobody{writes}@example.net"));
        tokio::select! {
            made = &mut planning => break made.unwrap(),
            done = store.suppress(&other, "by hand", at(1)) => {
                done.unwrap();
                writes += 1;
            }
        }
    };
    eprintln!("{} planned in {:?}, {writes} others wrote", batches * 5000, begun.elapsed());
    assert!(made && writes >= batches / 2, "{writes} others wrote");
    let readers = batches as u64 * 5000;
    assert_eq!(store.issues(None, 1).await.unwrap()[0].deliveries, readers);
    assert_eq!(bench.counts(Some(&new.id)).await, HashMap::from([(State::Queued, readers)]));
    assert_eq!(store.claim("a", 64, LEASE, at(1)).await.unwrap().len(), 64);
}

async fn keeps_an_archive(bench: Bench) {
    let store = &bench.store;
    let (second, first) = (rendition(Kind::Issue, "en", "b"), rendition(Kind::Issue, "zh", "a"));
    let nobody = NewIssue { renditions: vec![first.clone(), second.clone()], ..issue(0, &["p0"]) };
    store.create_issue(&nobody, at(0)).await.unwrap();
    bench.readers(&["a@example.org"]).await;
    let (sent, held) = (issue(1, &["p1"]), NewIssue { held: true, ..issue(2, &["p2"]) });
    store.create_issue(&sent, at(1)).await.unwrap();
    store.create_issue(&held, at(2)).await.unwrap();
    store.create_issue(&NewIssue { renditions: vec![], ..issue(3, &[]) }, at(3)).await.unwrap();
    store.create_issue(&NewIssue { digest: "other".to_owned(), ..issue(3, &[]) }, at(3)).await.unwrap();
    let archive = store.archive("weekly", 9).await.unwrap();
    assert_eq!(
        archive
            .iter()
            .map(|issue| (issue.id.as_str(), issue.slot, issue.state, issue.subject.as_str()))
            .collect::<Vec<_>>(),
        [
            (sent.id.as_str(), at(1), IssueState::Sending, "news №1"),
            (nobody.id.as_str(), at(0), IssueState::Done, "a №1")
        ]
    );
    assert_eq!(store.archive("weekly", 1).await.unwrap(), archive[..1]);
    assert_eq!(store.issue_renditions(&nobody.id).await.unwrap(), [first, second]);
    assert_eq!(store.issue_renditions("none").await.unwrap(), []);
    assert_eq!(
        store.issue_counts().await.unwrap(),
        [
            ("other".to_owned(), IssueState::Done, 1),
            ("weekly".to_owned(), IssueState::Done, 1),
            ("weekly".to_owned(), IssueState::Held, 1),
            ("weekly".to_owned(), IssueState::Sending, 1),
            ("weekly".to_owned(), IssueState::Skipped, 1)
        ]
    );
}
