//! The store's conformance suite: every method, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod bench;
mod bounces;
mod commands;
mod deliveries;
mod feeds;
mod gates;
mod holds;
mod issues;
mod leaving;
mod model;
mod opening;
mod pictures;
mod plan;
mod plans;
mod posts;
mod subscribers;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use postrider::crypto;
use postrider::delivery::{Kind, Outcome, State, Verdict};
use postrider::digest::{Hole, Mailbox, Rendition};
use postrider::store::{Back, Claim, Import, NewIssue, Report, Settings, Store};
use postrider::subscriber::Address;

/// Makes of each `async fn case(bench: Bench)` one test an engine.
macro_rules! conform {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(super::super::Bench::sqlite().await).await; })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(super::super::Bench::postgres().await).await; })*
        }
    };
}
use conform;

/// A fresh database, open, and what tests need again and again.
struct Bench {
    settings: Settings,
    store: Store,
    folder: tempfile::TempDir,
}

const LEASE: Duration = Duration::from_mins(1);

/// `minutes` after the tests' beginning of time.
fn at(minutes: i64) -> DateTime<Utc> {
    "2026-03-06T01:00:00Z".parse::<DateTime<Utc>>().unwrap() + chrono::Duration::minutes(minutes)
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn rendition(kind: Kind, language: &str, words: &str) -> Rendition {
    let id = crypto::new_id();
    let mark = Hole::UnsubscribeUrl.mark(&id);
    Rendition {
        kind,
        digest: "weekly".to_owned(),
        language: language.to_owned(),
        from: Mailbox { name: "周刊".to_owned(), address: "weekly@example.org".to_owned() },
        reply_to: Some(Mailbox { name: String::new(), address: "editor@example.org".to_owned() }),
        subject: format!("{words} №1"),
        html: format!("<p>{words}</p><a href={mark}>"),
        text: format!("{words}\n{mark}\n"),
        id,
    }
}

fn issue(slot: i64, posts: &[&str]) -> NewIssue {
    NewIssue {
        id: crypto::new_id(),
        digest: "weekly".to_owned(),
        slot: at(slot),
        held: false,
        expires_at: at(slot + 600),
        posts: posts.iter().map(|post| (*post).to_owned()).collect(),
        renditions: vec![rendition(Kind::Issue, "en", "news")],
    }
}

fn given_back(claim: &Claim, due_at: DateTime<Utc>) -> Back {
    Back { delivery: claim.id.clone(), fence: claim.fence, due_at }
}

fn said(claim: &Claim, state: State) -> Report {
    let (verdict, code, text) = match state {
        State::Sent => (Verdict::Accepted, 250, "2.0.0 queued as 4XyZ"),
        State::Failed => (Verdict::Permanent, 550, "5.1.1 no such user"),
        State::Uncertain => (Verdict::Uncertain, 0, "no answer after the final dot"),
        _ => (Verdict::Temporary, 451, "4.7.1 greylisted"),
    };
    Report {
        delivery: claim.id.clone(),
        fence: claim.fence,
        outcome: Outcome { verdict, code, text: text.to_owned() },
        state,
        due_at: None,
    }
}
