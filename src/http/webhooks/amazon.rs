//! Getting what is at an address of Amazon's (a certificate, a subscription's confirmation): only addresses that
//! [`crate::bounce::provider::ses`] let through, over TLS, on the public internet, small, and with a time limit. No
//! redirect is followed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;
use url::Url;

use crate::http::client;
use crate::http::fetch::{PATIENCE, exchange};
use crate::mail::client_config;

/// How Amazon's servers are reached: by the public DNS and the system's certificates, where nothing else is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Where every one of them is, instead of what DNS says.
    pub at: Option<SocketAddr>,
    /// PEM certificates that are trusted besides the system's.
    pub trusted: Option<String>,
}

/// Certificates that are kept: Amazon changes its own once in a while.
const KEPT: usize = 16;

/// Public keys by the address of their certificates.
#[derive(Debug, Default)]
pub struct Certificates(Mutex<HashMap<String, Arc<[u8]>>>);

impl Certificates {
    /// The public key (DER of SubjectPublicKeyInfo) of the certificate at `address`. The error says what failed.
    pub async fn key(&self, address: &Url, reach: &Reach) -> Result<Arc<[u8]>, String> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = kept().get(address.as_str()) {
            return Ok(Arc::clone(key));
        }
        let pem = get(address, reach).await?;
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_| "is no certificate")?;
        let parsed = ParsedCertificate::try_from(&certificate).map_err(|_| "is no certificate that can be read")?;
        let key: Arc<[u8]> = parsed.subject_public_key_info().as_ref().into();
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(address.as_str().to_owned(), Arc::clone(&key));
        Ok(key)
    }
}

/// What is at `address`.
pub async fn get(address: &Url, reach: &Reach) -> Result<Vec<u8>, String> {
    match tokio::time::timeout(PATIENCE, get_patiently(address, reach)).await {
        Ok(got) => got,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn get_patiently(address: &Url, reach: &Reach) -> Result<Vec<u8>, String> {
    let host = address.host_str().ok_or("no host")?;
    let tls = TlsConnector::from(Arc::new(client_config(reach.trusted.as_deref())?));
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "no name that a certificate can have")?;
    let at = match reach.at {
        Some(at) => at,
        None => public_address(host).await?,
    };
    let stream = TcpStream::connect(at).await.map_err(|error| format!("connecting: {error}"))?;
    let stream = tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
    exchange(stream, host, address).await.map_err(|error| error.to_string())
}

/// The first address of `host`, when none of its addresses is of a private network: DNS is not Amazon's word.
async fn public_address(host: &str) -> Result<SocketAddr, String> {
    let found = tokio::net::lookup_host((host, 443)).await.map_err(|error| format!("looking up its name: {error}"))?;
    let found: Vec<SocketAddr> = found.collect();
    if found.iter().any(|address| !client::is_public(address.ip())) {
        return Err("its name leads into a private network".to_owned());
    }
    found.first().copied().ok_or_else(|| "its name has no address".to_owned())
}
