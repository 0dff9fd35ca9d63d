//! A connection to the relay, protected before anything of ours is said on it (RFC 8314, RFC 3207): TLS from the first
//! byte, STARTTLS that is required, or none at all to a loopback address.
//!
//! STARTTLS is spoken here and not by `lettre`, which would read replies that were slipped in before TLS began as if
//! they had come protected.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, crypto};

use super::reply::Refusal;
use super::transport::{Limits, Stage};
use super::wire::{self, Wire};
use super::{Pipelining, Security, Settings, Timeouts};

/// A relay with what all connections to it share.
pub struct Relay {
    /// As configured.
    pub settings: super::Relay,
    /// Name for EHLO.
    pub hello: String,
    /// See [`Timeouts`].
    pub timeouts: Timeouts,
    /// See [`Pipelining`].
    pub pipelining: Pipelining,
    /// Mails before a connection is closed.
    pub most: usize,
    tls: Option<Arc<ClientConfig>>,
    /// Which of its addresses was there the last time.
    last: Mutex<Option<SocketAddr>>,
}

/// Where it failed, and how.
pub type Failed = (Stage, Refusal);

impl Relay {
    /// Loads the certificates that are trusted.
    pub fn new(settings: super::Relay, all: &Settings) -> Result<Self, String> {
        let tls = match settings.security {
            Security::None => None,
            Security::Implicit | Security::StartTls => Some(Arc::new(client_config(settings.trusted.as_deref())?)),
        };
        let hello = if all.hello.is_empty() { "localhost".to_owned() } else { all.hello.clone() };
        let most = all.messages_per_connection.max(1);
        Ok(Self {
            settings,
            hello,
            timeouts: all.timeouts.clone(),
            pipelining: all.pipelining,
            most,
            tls,
            last: Mutex::new(None),
        })
    }

    /// Connects, and begins TLS where it is asked for. What it returns is safe to speak on.
    pub async fn connect(&self, limits: &Limits) -> Result<Wire, Failed> {
        let (mut stream, peer) = self.tcp(limits).await.map_err(|refusal| (Stage::Connect, refusal))?;
        let mut greeting = "";
        if self.settings.security == Security::StartTls {
            self.start_tls(&mut stream, limits).await.map_err(|refusal| (Stage::Hello, refusal))?;
            // `lettre` begins by reading a greeting; the server said its own before TLS.
            greeting = "220 \r\n";
        }
        let Some(config) = &self.tls else { return Ok(Wire::new(Box::new(stream), false, peer, greeting)) };
        let name = ServerName::try_from(self.settings.host.clone())
            .map_err(|_| (Stage::Connect, Refusal::ours("the relay's name is no name that a certificate can have")))?;
        let stream = limits
            .step(self.timeouts.connect, TlsConnector::from(Arc::clone(config)).connect(name, stream))
            .await
            .map_err(|text| (Stage::Connect, Refusal::lost(format!("TLS: {text}"))))?
            .map_err(|error| (Stage::Connect, tls_refusal(&error)))?;
        Ok(Wire::new(Box::new(stream), true, peer, greeting))
    }

    async fn tcp(&self, limits: &Limits) -> Result<(TcpStream, SocketAddr), Refusal> {
        let host = (self.settings.host.as_str(), self.settings.port);
        let limit = self.timeouts.connect;
        let unknown = |why: String| Refusal::lost(format!("looking up its name: {why}"));
        let found = limits.step(limit, tokio::net::lookup_host(host)).await.map_err(unknown)?;
        let plain = self.settings.security == Security::None;
        let mut addresses: Vec<SocketAddr> = found
            .map_err(|error| unknown(error.to_string()))?
            .filter(|address| !plain || address.ip().is_loopback())
            .collect();
        if addresses.is_empty() && plain {
            return Err(Refusal::ours(
                "mail leaves this machine over TLS only: plain `smtp://` is for a loopback address",
            ));
        }
        // Whoever waits for one that is away waits once, not with each connection.
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.sort_by_key(|address| Some(*address) != last);
        let (stream, address) = reach(&addresses, limit, limits, TcpStream::connect::<SocketAddr>).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
        // Without this the final dot waits 40 ms for an acknowledgement that the server delays.
        stream.set_nodelay(true).map_err(lost)?;
        Ok((stream, address))
    }

    async fn start_tls(&self, stream: &mut TcpStream, limits: &Limits) -> Result<(), Refusal> {
        let conversation = async {
            let greeting = Reply::read(stream).await?;
            greeting.expect(220)?;
            stream.write_all(format!("EHLO {}\r\n", self.hello).as_bytes()).await.map_err(lost)?;
            let offers = Reply::read(stream).await?;
            offers.expect(250)?;
            if !offers.lines.iter().any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
                return Err(Refusal::ours("the relay offers no STARTTLS, and mail is sent over TLS only"));
            }
            stream.write_all(b"STARTTLS\r\n").await.map_err(lost)?;
            Reply::read(stream).await?.expect(220)
        };
        limits.step(self.timeouts.command, conversation).await.map_err(Refusal::lost)?
    }
}

/// The first of `addresses` that is there. Each has `limit` for itself: one that is silent must not keep us from the others.
async fn reach<T, Connecting: Future<Output = io::Result<T>>>(
    addresses: &[SocketAddr],
    limit: Duration,
    limits: &Limits,
    connect: impl Fn(SocketAddr) -> Connecting,
) -> Result<(T, SocketAddr), Refusal> {
    let mut failed = Refusal::lost("its name has no address");
    for address in addresses {
        failed = match limits.step(limit, connect(*address)).await {
            Ok(Ok(stream)) => return Ok((stream, *address)),
            Ok(Err(error)) => Refusal::lost(format!("connecting: {error}")),
            Err(text) => Refusal::lost(text),
        };
    }
    Err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "it is a function for map_err")]
fn lost(error: io::Error) -> Refusal {
    Refusal::lost(error.to_string())
}

/// A refused certificate or no common version is for our owner to put right; a broken connection is not.
fn tls_refusal(error: &io::Error) -> Refusal {
    let text = format!("TLS: {error}");
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) {
        Refusal::ours(text)
    } else {
        Refusal::lost(text)
    }
}

/// TLS as a client: by the system's certificates, and those in `trusted` (PEM). The error is for people.
pub fn client_config(trusted: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let extra = CertificateDer::pem_slice_iter(trusted.unwrap_or_default().as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("`ca` holds no PEM certificates: {error}"))?;
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
        .map_err(|error| format!("no certificates to verify the relay with: {error}"))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        // The platform's own verifier, with its checks of name, time and chain: nothing is skipped here.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// A reply before TLS.
struct Reply {
    code: u16,
    /// Text behind the code.
    lines: Vec<String>,
}

impl Reply {
    /// Reads octet by octet, so that nothing behind the reply is taken for protected later.
    async fn read(stream: &mut TcpStream) -> Result<Self, Refusal> {
        const MOST: usize = 100_000;
        let mut lines = Vec::new();
        let mut line = Vec::new();
        for _ in 0..MOST {
            let octet = stream.read_u8().await.map_err(lost)?;
            if octet != b'\n' {
                line.push(octet);
                continue;
            }
            let text = wire::readable(&line);
            line.clear();
            let Some((code, rest)) = text.split_at_checked(3) else { break };
            let Ok(code) = code.parse() else { break };
            lines.push(rest.get(1..).unwrap_or_default().trim().to_owned());
            if !rest.starts_with('-') {
                return Ok(Self { code, lines });
            }
        }
        Err(Refusal::lost("what it said is no SMTP reply"))
    }

    fn expect(&self, code: u16) -> Result<(), Refusal> {
        if self.code == code { Ok(()) } else { Err(Refusal::said(self.code, self.lines.join(" "))) }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[tokio::test]
    async fn a_silent_address_keeps_nobody_from_the_others() {
        let addresses = ["192.0.2.1:25", "192.0.2.2:25", "192.0.2.3:25"].map(|text| text.parse().unwrap());
        let limits = Limits { until: Instant::now() + Duration::from_mins(1), stop: CancellationToken::new() };
        let limit = Duration::from_millis(20);
        let [silent, refuses, there] = addresses;
        let connect = |address| async move {
            match address {
                address if address == silent => pending().await,
                address if address == refuses => Err(io::ErrorKind::ConnectionRefused.into()),
                _ => Ok("stream"),
            }
        };
        assert_eq!(reach(&addresses, limit, &limits, connect).await.unwrap(), ("stream", there));
        let none = reach(&addresses[..1], limit, &limits, connect).await.unwrap_err();
        assert_eq!((none.code, none.text.as_str()), (0, "no answer within 0 s"));
        // What nobody waits for any more is not tried.
        limits.stop.cancel();
        assert!(reach(&addresses[..1], Duration::from_mins(1), &limits, connect).await.is_err());
    }
}
