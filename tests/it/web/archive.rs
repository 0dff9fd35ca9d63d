//! The web copies of Issues.

use super::harness::Server;

#[tokio::test]
async fn issues_are_listed_and_shown_without_anybodys_links() {
    let server = Server::start().await;
    server.reader("reader@example.org").await;
    server.issue("weekly", "2021-10-15T01:00:00Z", false, "Number 1").await;
    server.issue("weekly", "2021-10-15T02:00:00Z", false, "Number 2").await;
    // 00:30 of the next day in Shanghai.
    server.issue("weekly", "2021-10-15T16:30:00Z", false, "Number 3").await;
    server.issue("weekly", "2021-10-17T01:00:00Z", true, "Held").await;
    let list = server.get("/archive/weekly/").await;
    let hrefs: Vec<&str> =
        list.body.split("href=\"/news/archive/weekly/").skip(1).map(|x| &x[..x.find('"').unwrap()]).collect();
    assert_eq!(hrefs, ["2021-10-16/", "2021-10-15-2/", "2021-10-15/"], "{}", list.body);
    assert!(!list.body.contains("Held"));
    for (date, subject) in [("2021-10-15", "Number 1"), ("2021-10-15-2", "Number 2"), ("2021-10-16", "Number 3")] {
        let copy = server.get(&format!("/archive/weekly/{date}/")).await;
        assert_eq!(copy.status, 200, "{date}");
        assert!(copy.body.contains(&format!("<h1>{subject}</h1>")), "{date}: {}", copy.body);
        assert!(!copy.body.contains("hole-"), "{}", copy.body);
        for page in ["unsubscribe", "preferences"] {
            assert!(copy.body.contains(&format!("href=\"https://feeds.example.org/news/{page}\"")), "{}", copy.body);
            let instead = server.get(&format!("/{page}")).await;
            assert!(instead.status == 200 && instead.body.contains("The link is in your mail"), "{}", instead.body);
        }
        let policy = copy.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("allow-scripts")
        );
        assert!(policy.contains("form-action 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(copy.header("x-robots-tag"), "noindex", "its mails are still being sent");
    }
    for missing in
        ["/archive/weekly/2021-10-17/", "/archive/weekly/2021-10-15-3/", "/archive/weekly/x/", "/archive/none/"]
    {
        assert_eq!(server.get(missing).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn an_issue_that_nobody_got_is_there_too() {
    let server = Server::start().await;
    server.issue("weekly", "2021-10-15T01:00:00Z", false, "Number 1").await;
    let copy = server.get("/archive/weekly/2021-10-15/").await;
    assert_eq!((copy.status, copy.header("x-robots-tag")), (200, "all"));
}

#[tokio::test]
async fn hidden_digests_have_no_archive() {
    let server = Server::start().await;
    server.issue("inside", "2021-10-15T01:00:00Z", false, "Number 1").await;
    assert_eq!(server.get("/archive/inside/").await.status, 404);
    assert_eq!(server.get("/archive/inside/2021-10-15/").await.status, 404);
}
