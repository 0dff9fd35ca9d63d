//! The pictures of mails.

use postrider::digest::picture::{Kind, Picture};

use super::harness::Server;

#[tokio::test]
async fn pictures_are_served_for_ever() {
    let server = Server::start().await;
    let bytes = b"GIF89a".to_vec();
    let picture = Picture { key: "abc".into(), kind: Kind::Gif, width: 1, height: 1, bytes };
    server.store.keep_picture(&picture, server.now()).await.unwrap();
    let answer = server.get("/pictures/abc.gif").await;
    assert_eq!((answer.status, answer.body.as_str(), answer.header("content-type")), (200, "GIF89a", "image/gif"));
    assert!(answer.header("cache-control").contains("immutable"));
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let again = server.ask("GET", "/pictures/abc.gif", &[("if-none-match", answer.header("etag"))], "").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    for missing in ["/pictures/abc.png", "/pictures/abc", "/pictures/other.gif", "/pictures/", "/pictures/%2e%2e.gif"] {
        assert_eq!(server.get(missing).await.status, 404, "{missing}");
    }
}
