//! What keeps all mail from leaving, the sum of each Issue, and copies of the store that are whole.

use postrider::store::Hold;

use super::*;

conform!(
    a_pause_holds_and_resume_lets_go,
    a_silence_holds_what_could_be_stale,
    a_silence_in_which_nothing_was_to_be_sent_holds_nothing,
    each_issue_has_its_sum,
    a_copy_is_whole_while_mail_is_sent,
);

fn hours(hours: i64) -> chrono::Duration {
    chrono::Duration::hours(hours)
}

async fn a_pause_holds_and_resume_lets_go(bench: Bench) {
    bench.readers(&["a@example.org", "b@example.org"]).await;
    bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    assert!(bench.ok(&["pause"]).starts_with("mail is paused"));
    assert!(bench.ok(&["pause"]).contains(" already"));
    assert!(matches!(bench.store.hold().await.unwrap(), Some(Hold::Paused(_))));
    assert!(bench.claim(3).await.is_empty());
    // A person's pause is no doubt about what is planned: Issues are made, and wait.
    assert!(!bench.store.is_silent(at(3)).await.unwrap());
    assert_eq!(bench.ok(&["resume"]), "mail leaves again; 2 mails wait\n");
    assert_eq!(bench.ok(&["resume"]), "nothing held mail; 2 mails wait\n");
    assert_eq!(bench.store.hold().await.unwrap(), None);
    assert_eq!(bench.claim(5).await.len(), 2);
}

async fn a_silence_holds_what_could_be_stale(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org"]).await;
    assert_eq!(store.silent_since(hours(6), at(0)).await.unwrap(), None, "nobody was ever here");
    assert!(!store.beat(None, true, hours(6), at(0)).await.unwrap());
    store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    assert_eq!(store.claim("test", 1, LEASE, at(359)).await.unwrap().len(), 1);
    // Later nothing is handed out, even before anybody looks.
    assert!(bench.claim(361).await.is_empty() && store.is_silent(at(361)).await.unwrap());
    let since = store.silent_since(hours(6), at(361)).await.unwrap();
    assert_eq!(since, Some(at(0)));
    assert!(store.beat(since, false, hours(6), at(361)).await.unwrap());
    assert_eq!(store.hold().await.unwrap(), Some(Hold::Silent(at(0))));
    // Another machine on the same store, a moment later; and a restart.
    for minute in [362, 400] {
        assert_eq!(store.silent_since(hours(6), at(minute)).await.unwrap(), None);
        assert!(!store.beat(None, false, hours(6), at(minute)).await.unwrap());
        assert!(bench.claim(minute).await.is_empty() && store.is_silent(at(minute)).await.unwrap());
    }
    assert!(store.resume(hours(6), at(401)).await.unwrap());
    assert!(!store.is_silent(at(402)).await.unwrap());
    assert_eq!(bench.claim(402).await.len(), 2);
    // Said while no daemon runs, it is good for the next one.
    assert!(store.is_silent(at(1000)).await.unwrap());
    assert!(store.resume(hours(6), at(1000)).await.unwrap());
    assert_eq!(store.silent_since(hours(6), at(1001)).await.unwrap(), None);
}

async fn a_silence_in_which_nothing_was_to_be_sent_holds_nothing(bench: Bench) {
    let store = &bench.store;
    assert!(!store.beat(None, false, hours(6), at(0)).await.unwrap());
    let since = store.silent_since(hours(6), at(9000)).await.unwrap();
    assert!(!store.beat(since, false, hours(6), at(9000)).await.unwrap());
    assert_eq!((store.hold().await.unwrap(), store.is_held(at(9001)).await.unwrap()), (None, false));
    // But where a Slot was missed its posts may have been told of.
    let since = store.silent_since(hours(6), at(20_000)).await.unwrap();
    assert!(store.beat(since, true, hours(6), at(20_000)).await.unwrap());
    assert!(store.is_held(at(20_001)).await.unwrap());
}

async fn each_issue_has_its_sum(bench: Bench) {
    bench.readers(&["a@example.org", "b@example.org", "c@example.org"]).await;
    let (old, new) = (issue(0, &["p"]), issue(60, &["q"]));
    bench.store.create_issue(&old, at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    let reports: Vec<_> = [State::Sent, State::Failed, State::Uncertain]
        .iter()
        .zip(&claims)
        .map(|(state, claim)| said(claim, *state))
        .collect();
    bench.store.report(&reports, at(1)).await.unwrap();
    bench.store.create_issue(&new, at(60)).await.unwrap();
    let list = bench.ok(&["deliveries", "issues"]);
    let lines: Vec<&str> = list.lines().collect();
    let rest = "0 suppressed + 0 expired + 1 uncertain + 0 sending + 0 queued";
    assert_eq!(
        lines[1],
        format!("{}  weekly  {}  done: 3 eligible = 1 sent + 1 failed + {rest}", "2026-03-06T01:00:00Z", old.id)
    );
    assert!(lines[0].contains("  sending: 3 eligible = 0 sent") && lines[0].ends_with("3 queued"), "{list}");
    for line in bench.ok(&["deliveries", "issues", "--json"]).lines() {
        let sum: serde_json::Value = serde_json::from_str(line).unwrap();
        let total: u64 = State::ALL.iter().map(|state| sum[state.as_str()].as_u64().unwrap()).sum();
        assert_eq!((sum["eligible"].as_u64().unwrap(), total), (3, 3), "{line}");
    }
}

async fn a_copy_is_whole_while_mail_is_sent(bench: Bench) {
    let copy = bench.folder.path().join("copy.db");
    let shown = copy.display().to_string();
    if !bench.is_sqlite() {
        let said = bench.run(&["backup", &shown], "");
        assert!(said.code == 3 && said.err.contains("pg_dump"), "{}: {}", said.code, said.err);
        return;
    }
    let names: Vec<String> = (0..300).map(|i| format!("reader{i}@example.org")).collect();
    bench.readers(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.store.create_issue(&issue(0, &["p"]), at(0)).await.unwrap();
    let store = bench.again().await;
    let sending = tokio::spawn(async move {
        for _ in 0..300 {
            let claims = store.claim("test", 1, LEASE, at(1)).await.unwrap();
            store.report(&[said(&claims[0], State::Sent)], at(1)).await.unwrap();
        }
    });
    let mut partly = 0;
    for round in 0.. {
        let copy = bench.folder.path().join(format!("copy{round}.db"));
        bench.store.backup(&copy, at(2)).await.unwrap();
        let restored = Bench {
            settings: Settings { url: format!("sqlite:{}", copy.display()), secret: None },
            store: Store::open(&Settings { url: format!("sqlite:{}", copy.display()), secret: None }).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        assert_eq!(restored.store.hold().await.unwrap(), Some(Hold::Copied(at(2))), "some of it is sent since");
        assert!(restored.store.is_held(at(3)).await.unwrap() && restored.store.is_silent(at(3)).await.unwrap());
        assert_eq!(bench.store.hold().await.unwrap(), None);
        let counts = restored.counts(None).await;
        assert_eq!(counts.values().sum::<u64>(), 300, "{counts:?}");
        partly += u32::from(counts.contains_key(&State::Sent) && counts.contains_key(&State::Queued));
        if sending.is_finished() {
            break;
        }
    }
    sending.await.unwrap();
    assert!(partly > 0, "no copy was made in the middle");
    // By the command: told of, for its owner's eyes, and never over another file.
    assert!(bench.ok(&["backup", &shown]).ends_with("bytes, whole and checked\n"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs_err::metadata(&copy).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    let said = bench.run(&["backup", &shown], "");
    assert!(said.code == 3 && said.err.contains("there already"), "{}", said.err);
    assert!(!bench.folder.path().join("copy.db.part").exists());
}
