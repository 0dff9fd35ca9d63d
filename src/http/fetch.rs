//! Getting what is at an address: a request of one line, an answer that is small and comes whole. No redirect is followed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Url;

use crate::mail::client_config;

/// For all of one request.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Octets of an answer.
const MOST: u64 = 64 * 1024;

/// What is at `address`, of `http:` or `https:`, wherever it is. The error says what failed.
pub async fn get(address: &Url) -> Result<Vec<u8>, String> {
    match tokio::time::timeout(PATIENCE, get_patiently(address)).await {
        Ok(got) => got,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn get_patiently(address: &Url) -> Result<Vec<u8>, String> {
    let host = address.host_str().ok_or("it names no host")?;
    let port = address.port_or_known_default().ok_or("it names no port")?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, port)).await.map_err(|error| format!("connecting: {error}"))?;
    let answer = if address.scheme() == "https" {
        let tls = TlsConnector::from(Arc::new(client_config(None)?));
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| "its name is none that a certificate can have")?;
        let stream = tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
        exchange(stream, host, address).await
    } else {
        exchange(stream, host, address).await
    };
    answer.map_err(|error| error.to_string())
}

/// HTTP/1.0, so that the answer comes whole and ends with the connection.
pub async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    host: &str,
    address: &Url,
) -> io::Result<Vec<u8>> {
    let path = address.query().map_or_else(|| address.path().to_owned(), |query| format!("{}?{query}", address.path()));
    let host = address.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n\r\n").as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    match (&mut stream).take(MOST).read_to_end(&mut answer).await {
        // Many end without TLS's own goodbye; what is cut short does not parse.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        _ => {}
    }
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" || head.contains("transfer-encoding") {
        return Err(io::Error::other(format!("the answer's status is `{status}`")));
    }
    Ok(answer[end + 4..].to_vec())
}
