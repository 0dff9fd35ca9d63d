//! Requests of ours to servers of others, at addresses that somebody else chose: the name is looked up, every address that it
//! has is looked at, and only what was looked at is connected to. No redirect is followed.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::client;
use crate::mail::client_config;

/// For all of one request.
const PATIENCE: Duration = Duration::from_secs(15);

/// How servers are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// May they be on this machine or in a private network?
    pub private: bool,
    /// PEM certificates that are trusted besides the system's.
    pub trusted: Option<String>,
}

/// Posts a form to `address`; the status of the answer. The error says what failed.
pub async fn post_form(address: &Url, form: String, agent: &str, reach: &Reach) -> Result<u16, String> {
    match tokio::time::timeout(PATIENCE, post(address, form, agent, reach)).await {
        Ok(status) => status,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn post(address: &Url, form: String, agent: &str, reach: &Reach) -> Result<u16, String> {
    let stream = TcpStream::connect(&*addresses(address, reach.private).await?).await;
    let stream = stream.map_err(|error| format!("connecting: {error}"))?;
    if address.scheme() != "https" {
        return exchange(stream, address, form, agent).await;
    }
    let tls = TlsConnector::from(Arc::new(client_config(reach.trusted.as_deref())?));
    let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(|_| "no name that a certificate can have")?;
    let stream = tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
    exchange(stream, address, form, agent).await
}

async fn exchange<S>(stream: S, address: &Url, form: String, agent: &str) -> Result<u16, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let wrong = |error: hyper::Error| format!("HTTP: {error}");
    let host = match (address.host_str().unwrap_or_default(), address.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let target = match address.query() {
        Some(query) => format!("{}?{query}", address.path()),
        None => address.path().to_owned(),
    };
    let request = Request::post(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, agent)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::CONTENT_LENGTH, form.len())
        .header(header::CONNECTION, "close")
        .body(Body::from(form))
        .map_err(|error| error.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(wrong)?;
    let answer = async {
        let answered = sender.send_request(request).await.map_err(wrong)?;
        Ok(answered.status().as_u16())
    };
    let (mut answer, mut connection) = (pin!(answer), pin!(connection));
    // The connection moves only while it is polled, and goes when the answer is there; it may end with handing that over.
    tokio::select! {
        biased;
        answered = &mut answer => answered,
        ended = &mut connection => answer.await.map_err(|what| ended.err().map_or(what, wrong)),
    }
}

/// Every address of a host, when each is one of the public internet or need not be.
async fn addresses(address: &Url, private: bool) -> Result<Vec<SocketAddr>, String> {
    let port = address.port_or_known_default().ok_or("no port")?;
    let found: Vec<SocketAddr> = match address.host().ok_or("no host")? {
        Host::Ipv4(ip) => vec![(IpAddr::from(ip), port).into()],
        Host::Ipv6(ip) => vec![(IpAddr::from(ip), port).into()],
        Host::Domain(name) => {
            let found = tokio::net::lookup_host((name, port)).await;
            found.map_err(|error| format!("looking up its name: {error}"))?.collect()
        }
    };
    if !private && found.iter().any(|address| !client::is_public(address.ip())) {
        return Err("its name leads into a private network".to_owned());
    }
    if found.is_empty() { Err("its name has no address".to_owned()) } else { Ok(found) }
}
