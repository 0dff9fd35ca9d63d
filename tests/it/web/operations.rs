//! Health, readiness, figures.

use std::sync::Arc;

use super::harness::{FORM, Server};

#[tokio::test]
async fn alive_at_once_and_ready_after_the_first_scan() {
    let server = Server::start().await;
    let published = server.published.load_full();
    server.published.store(Arc::default());
    assert_eq!(server.get("/healthz").await.status, 200);
    let early = server.get("/readyz").await;
    assert_eq!(early.status, 503);
    assert!(early.body.contains("first scan"), "{}", early.body);
    server.published.store(published);
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn figures_in_prometheus_own_format_without_anybodys_address() {
    let server = Server::start().await;
    server.reader("reader@example.org").await;
    server.issue("weekly", "2021-10-15T01:00:00Z", true, "Number 1").await;
    server.get("/nothing").await;
    let answer = server.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    let lines: Vec<&str> = answer.body.lines().collect();
    for line in [
        "postrider_feeds 2",
        "postrider_problems{severity=\"error\"} 0",
        "postrider_subscriptions{digest=\"weekly\",state=\"confirmed\"} 1",
        "postrider_issues{digest=\"weekly\",state=\"held\"} 1",
        "postrider_issues{digest=\"inside\",state=\"held\"} 0",
        "postrider_deliveries{state=\"failed\"} 0",
        "postrider_deliveries{state=\"sending\"} 1",
        "postrider_deliveries{state=\"queued\"} 1",
        "postrider_http_responses_total{class=\"4xx\"} 1",
        "postrider_last_scan_timestamp_seconds 1634284800",
        "postrider_store_up 1",
    ] {
        assert!(lines.contains(&line), "{line} is missing in\n{}", answer.body);
    }
    // Each family: HELP, TYPE, then its samples and nothing else.
    let mut family = "";
    for line in lines {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split(' ').next().unwrap();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(rest == format!("{family} gauge") || rest == format!("{family} counter"), "{line}");
            assert_eq!(rest.ends_with(" counter"), family.ends_with("_total"), "{line}");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next(), Some(family), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    assert!(!answer.body.contains('@'));
}

#[tokio::test]
async fn figures_are_not_for_the_public() {
    let server = Server::start().await;
    for (client, status) in [("203.0.113.7", 403), ("10.0.0.7", 200), ("fd00::7", 200)] {
        let answer = server.ask("GET", "/metrics", &[("x-forwarded-for", client)], "").await;
        assert_eq!(answer.status, status, "{client}");
    }
}

#[tokio::test]
async fn a_fault_of_ours_is_told_without_its_words() {
    let server = Server::start().await;
    server.break_store().await;
    let answer = server.ask("POST", "/subscribe", &[FORM, ("accept-language", "en")], "email=reader@example.org").await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("Something went wrong here"), "{}", answer.body);
    for inside in ["sql", "SQL", "table", "database", "reader@"] {
        assert!(!answer.body.contains(inside), "{inside}: {}", answer.body);
    }
    assert_eq!(server.get("/rss.xml").await.status, 200, "feeds need no store");
    assert!(server.get("/metrics").await.body.contains("postrider_http_faults_total 1"));
}
