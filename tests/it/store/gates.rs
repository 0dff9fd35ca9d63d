//! What the gate holds.

use std::collections::BTreeSet;

use postrider::digest::gate::{Finding, Reason};
use postrider::store::IssueState;

use super::{Bench, at, conform, issue};

conform!(findings_stay_until_a_person_and_the_gate_agree, renditions_change_only_while_held);

async fn findings_stay_until_a_person_and_the_gate_agree(bench: Bench) {
    let store = &bench.store;
    let mut held = issue(0, &["a"]);
    held.held = true;
    let findings = [
        Finding::error(Reason::Links, "the link to `/x` is relative\0", "write it whole"),
        Finding::warning(Reason::Alt, "no alt", ""),
    ];
    store.judge_issue(&held.id, &findings, at(0)).await.unwrap();
    assert!(store.create_issue(&held, at(0)).await.unwrap());
    let judged = store.judged(&held.id).await.unwrap().unwrap();
    assert_eq!((judged.findings.len(), &judged.accepted, judged.judged_at), (2, &None, at(0)));
    assert_eq!(judged.findings[0].what, "the link to `/x` is relative", "without what PostgreSQL takes not");
    assert_eq!(store.issues_at_the_gate("weekly").await.unwrap(), Vec::<String>::new(), "nobody has approved");

    let accepted = BTreeSet::from([Reason::Alt, Reason::Size]);
    store.accept_issue(&held.id, &accepted).await.unwrap();
    assert_eq!(store.issues_at_the_gate("weekly").await.unwrap(), [held.id.clone()]);
    assert_eq!(store.issues_at_the_gate("daily").await.unwrap(), Vec::<String>::new());
    store.judge_issue(&held.id, &findings[1..], at(5)).await.unwrap();
    let judged = store.judged(&held.id).await.unwrap().unwrap();
    assert_eq!((judged.findings, judged.accepted, judged.judged_at), (findings[1..].to_vec(), Some(accepted), at(5)));
    assert!(store.approve_issue(&held.id, at(6)).await.unwrap());
    assert_eq!(store.issues_at_the_gate("weekly").await.unwrap(), Vec::<String>::new(), "it has gone");
    assert_eq!(store.judged("none").await.unwrap(), None);
}

async fn renditions_change_only_while_held(bench: Bench) {
    let store = &bench.store;
    let mut held = issue(0, &["a"]);
    held.held = true;
    assert!(store.create_issue(&held, at(0)).await.unwrap());
    let mut other = held.renditions[0].clone();
    other.html = other.html.replace("news", "better news");
    other.subject = "Better".into();
    assert!(store.replace_renditions(&held.id, std::slice::from_ref(&other)).await.unwrap());
    assert_eq!(store.issue_renditions(&held.id).await.unwrap(), [other.clone()]);
    let mut strange = other.clone();
    strange.id = "of no Issue".into();
    assert!(store.replace_renditions(&held.id, &[strange]).await.unwrap());
    assert_eq!(store.issue_renditions(&held.id).await.unwrap(), [other.clone()], "only what is there changes");
    assert!(store.approve_issue(&held.id, at(1)).await.unwrap());
    assert!(!store.replace_renditions(&held.id, &held.renditions).await.unwrap(), "what is being sent stays as it is");
    assert_eq!(store.issue_renditions(&held.id).await.unwrap(), [other]);
    assert!(matches!(store.issues(Some("weekly"), 9).await.unwrap()[0].state, IssueState::Sending | IssueState::Done));
}
