//! The accept loop: slow, greedy and broken clients, and the end.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::harness::{Server, digest};

/// Longer than any test's limit, so that a server without the limit fails the test instead of hanging it.
const LONG: Duration = Duration::from_secs(10);

fn weekly() -> Vec<postrider::digest::Digest> {
    vec![digest("weekly", "Weekly", true)]
}

/// All that the server says until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A reset is an end too.
    let _ = timeout(LONG, stream.read_to_end(&mut said)).await.expect("the server ends the connection");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn slow_headers_are_cut_off() {
    let server = Server::with(weekly(), |limits| limits.header = Duration::from_millis(300)).await;
    for beginning in ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let said = rest(&mut stream).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{beginning:?}: {said}");
    }
    // An idle connection is closed after its answer too.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_slow_body_is_cut_off() {
    let server = Server::with(weekly(), |limits| limits.body = Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nemail=";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 408"));
    assert_eq!(server.rows().await, "[]\n[]\n[]");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = Server::with(weekly(), |_| ()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let mut sent = 0;
    while sent < 100 << 20 {
        match timeout(LONG, stream.write_all(chunk.as_bytes())).await {
            Ok(Ok(())) => sent += chunk.len(),
            Ok(Err(_)) => break,
            Err(tokio::time::error::Elapsed { .. }) => panic!("the server neither reads nor closes"),
        }
    }
    assert!(sent < 32 << 20, "{sent} octets were taken");
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_off() {
    let server = Server::with(weekly(), |limits| limits.write = Duration::from_millis(300)).await;
    let published = server.published.load_full();
    let mut published = (*published).clone();
    let mut feed = (**published.documents.get("rss.xml").unwrap()).clone();
    feed.body.identity.bytes = vec![b'x'; 64 << 20].into();
    feed.body.identity.length = (64 << 20).into();
    published.documents.insert("rss.xml".into(), std::sync::Arc::new(feed));
    server.published.store(std::sync::Arc::new(published));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /rss.xml HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // The server's own end is what closes: seen when it drains, because nothing else is open.
    server.cancel.cancel();
    timeout(LONG, server.running).await.expect("the place is given back").unwrap();
}

#[tokio::test]
async fn there_are_places_for_so_many_and_the_next_wait() {
    let server = Server::with(weekly(), |limits| limits.connections = 2).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    second.read_exact(&mut byte).await.unwrap();
    let mut third = TcpStream::connect(server.address).await.unwrap();
    third.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(timeout(Duration::from_millis(200), third.read_exact(&mut byte)).await.is_err(), "it waits");
    drop(first);
    assert!(rest(&mut third).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn nonsense_is_no_request() {
    let server = Server::with(weekly(), |_| ()).await;
    for nonsense in [
        "\r\n\r\n\0\0\0\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "EHLO x\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n", "X: x\r\n".repeat(1000)),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(nonsense.as_bytes()).await;
        let said = rest(&mut stream).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn the_end_waits_for_open_requests_only() {
    let server = Server::with(weekly(), |_| ()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut byte = [0];
    idle.read_exact(&mut byte).await.unwrap();
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 24\r\n\r\n";
    busy.write_all(head.as_bytes()).await.unwrap();
    // The server has it once the answer to a later request on another connection is there.
    assert_eq!(server.get("/healthz").await.status, 200);
    server.cancel.cancel();
    busy.write_all(b"email=reader@example.org").await.unwrap();
    assert!(rest(&mut busy).await.starts_with("HTTP/1.1 200"));
    rest(&mut idle).await;
    timeout(LONG, server.running).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    assert_eq!(server.store.deliveries(None, None, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_port_in_use_is_said() {
    let server = Server::with(weekly(), |_| ()).await;
    let listen = server.address.to_string();
    let error = postrider::http::Listener::bind(&listen).await.expect_err("in use");
    assert!(error.starts_with(&format!("cannot listen on `{listen}`: ")), "{error}");
}
