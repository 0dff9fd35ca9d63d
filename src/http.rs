//! Every route on one screen. The web server reads prepared feeds and calls the store; it renders no feed and starts no mail.

pub mod archive;
pub mod client;
pub mod error;
pub mod feeds;
pub mod operations;
pub mod server;
pub mod subscriptions;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::digest::Digest;
use crate::feed::Listing;
use crate::library::Library;
use crate::store::Store;
use crate::template::Templates;

/// `http` of `postrider.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Address to listen on; port 0 takes a free one.
    pub listen: String,
    /// How the world reaches us; ends in `/`.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` is believed. Default: [`client::Network::loopback`].
    pub trusted_proxies: Vec<client::Network>,
}

/// What is served, swapped whole: no reader sees half a rebuild.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// The Library that the documents were made of.
    pub library: Arc<Library>,
    /// When the last scan ended; `None` before the first.
    pub scanned_at: Option<DateTime<Utc>>,
    /// By path below `public_url`, percent-decoded.
    pub documents: HashMap<String, Arc<Served>>,
    /// For the `/feeds/` page.
    pub listings: Vec<Listing>,
}

/// A document with everything that its answers need.
#[derive(Debug, Clone)]
pub struct Served {
    /// With charset.
    pub content_type: &'static str,
    /// The bytes.
    pub identity: Arc<[u8]>,
    /// The same, gzip.
    pub gzip: Arc<[u8]>,
    /// Base of the strong ETags, without quotes.
    pub hash: String,
    /// Since when the bytes are what they are.
    pub changed_at: DateTime<Utc>,
}

/// What handlers share.
#[derive(Debug, Clone)]
pub struct App {
    /// See [`Settings`].
    pub settings: Arc<Settings>,
    /// What is being served now.
    pub published: Arc<ArcSwap<Published>>,
    /// All configured digests.
    pub digests: Arc<Vec<Digest>>,
    /// Pages and words.
    pub templates: Arc<Templates>,
    /// Rows.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Rung when a Delivery was queued, so that the deliverer looks at once.
    pub mail_queued: Arc<tokio::sync::Notify>,
}
