//! DNS: what a domain says of itself to those who get mail from it. The one owner of `hickory-resolver`.
//!
//! Asks the machine's own servers, or the one that is configured. Nothing is kept from one question to the next run.

pub mod sender;

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

/// For one try of a question.
const PATIENCE: Duration = Duration::from_secs(3);
/// Tries of a question.
const TRIES: usize = 2;

/// Who is asked.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// These records; at least one.
    Found(Vec<T>),
    /// The name has none of that kind, or is no name.
    Nothing,
    /// Nobody knows: no answer, or a server's failure.
    Unknown(String),
}

impl<T> Answer<T> {
    /// What was found.
    pub fn records(self) -> Vec<T> {
        match self {
            Self::Found(records) => records,
            Self::Nothing | Self::Unknown(_) => Vec::new(),
        }
    }
}

impl Resolver {
    /// Asks `server`, else those that the machine asks. The error says what is missing on it.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, String> {
        let failed = |error: NetError| format!("no DNS server is known: {error}");
        let mut builder = match server {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().map_err(failed)?,
        };
        let options = builder.options_mut();
        options.timeout = PATIENCE;
        options.attempts = TRIES;
        // What mail servers elsewhere see counts, not this machine's own names.
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self(builder.build().map_err(failed)?))
    }

    /// Texts, each put together of its strings.
    pub async fn texts(&self, name: &str) -> Answer<String> {
        self.ask(name, RecordType::TXT, |data| match data {
            RData::TXT(text) => {
                let octets: Vec<u8> = text.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
                Some(String::from_utf8_lossy(&octets).into_owned())
            }
            _ => None,
        })
        .await
    }

    /// Mail servers, by name; `.` says that the domain takes no mail (RFC 7505).
    pub async fn mail_servers(&self, name: &str) -> Answer<String> {
        self.ask(name, RecordType::MX, |data| match data {
            RData::MX(server) => Some(server.exchange.to_string()),
            _ => None,
        })
        .await
    }

    /// Is there an address of either kind?
    pub async fn addresses(&self, name: &str) -> Answer<String> {
        let four = self.ask(name, RecordType::A, |data| match data {
            RData::A(address) => Some(address.to_string()),
            _ => None,
        });
        match four.await {
            Answer::Nothing => {
                self.ask(name, RecordType::AAAA, |data| match data {
                    RData::AAAA(address) => Some(address.to_string()),
                    _ => None,
                })
                .await
            }
            found => found,
        }
    }

    async fn ask<T>(&self, name: &str, kind: RecordType, take: impl Fn(&RData) -> Option<T>) -> Answer<T> {
        // With its final dot, so that the machine's own domain is not tried behind it.
        let whole = format!("{}.", name.trim_end_matches('.'));
        match self.0.lookup(whole.as_str(), kind).await {
            Ok(lookup) => {
                let found: Vec<T> = lookup.answers().iter().filter_map(|record| take(&record.data)).collect();
                if found.is_empty() { Answer::Nothing } else { Answer::Found(found) }
            }
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => Answer::Nothing,
            Err(error) => Answer::Unknown(error.to_string()),
        }
    }
}
