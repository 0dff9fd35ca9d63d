//! Every route on one screen; documents ([`feeds`]) are looked for before them. The web server reads prepared feeds and calls
//! the store; it renders no feed and starts no mail.
//!
//! Addresses start at the path of `http.public_url`. With `https://example.org/news/` a proxy may pass `/news/subscribe`
//! on as it is (better) or as `/subscribe`: both are answered alike. Only an address that is itself one of ours below the
//! path of the same name (`/feeds/` with `https://example.org/feeds/`) needs a proxy that leaves the path alone.
//! Links are made of `public_url`, never of a request's `Host`.

mod archive;
pub mod client;
pub mod demo;
mod error;
pub mod feeds;
pub mod fetch;
mod form;
mod operations;
pub mod outgoing;
mod pages;
mod pictures;
mod rate;
pub mod served;
pub mod server;
mod sign_up;
mod subscriptions;
mod visitor;
pub mod webhooks;
mod when;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Request, Response, Uri};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::clock::Clock;
use crate::digest::Digest;
use crate::feed::Listing;
use crate::feed::past::Past;
use crate::library::Library;
use crate::store::Store;
use crate::template::Templates;

use client::Client;
use error::Failure;
use feeds::Payload;
pub use served::Served;
pub use server::Listener;

/// `http` of `postrider.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Address to listen on; port 0 takes a free one.
    pub listen: String,
    /// How the world reaches us; ends in `/`.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` is believed. Default: [`client::Network::loopback`].
    pub trusted_proxies: Vec<client::Network>,
    /// Mail services that may tell what came back.
    pub webhooks: webhooks::Settings,
    /// How often a client may fetch the whole of one feed within an hour; `None`: as often as it likes.
    pub polls_per_hour: Option<usize>,
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
    /// What became of feeds that are no more.
    pub past: Arc<Past>,
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

/// Where a reader leaves a digest.
const WAY_OUT: &str = "/unsubscribe/{token}";

/// The token in `link`, where that opens the page with the button to leave, on a server that the world reaches at `public_url`.
pub fn way_out<'l>(public_url: &str, link: &'l str) -> Option<&'l str> {
    let url = url::Url::parse(public_url).ok()?;
    let path = link.strip_prefix(url.as_str().strip_suffix('/')?)?;
    let token = path.strip_prefix(WAY_OUT.strip_suffix("{token}")?)?;
    (!token.is_empty() && !token.contains(['/', '?', '#'])).then_some(token)
}

fn routes() -> Router<Web> {
    Router::new()
        .route("/", get(pages::home))
        .route("/feeds/", get(pages::feeds::list))
        .route("/feeds", get(pages::add_slash))
        .route("/assets/style.css", get(pages::stylesheet))
        .route("/assets/copy.js", get(pages::copy_script))
        .route("/pictures/{name}", get(pictures::serve))
        .route("/robots.txt", get(pages::robots))
        .route("/subscribe", get(sign_up::form).post(sign_up::submit))
        .route("/subscribe/", get(sign_up::form).post(sign_up::submit))
        .route("/confirm/{token}", get(subscriptions::confirmation).post(subscriptions::confirm))
        .route("/unsubscribe", get(subscriptions::where_links_are))
        .route(WAY_OUT, get(subscriptions::subscription).post(subscriptions::unsubscribe))
        .route("/preferences", get(subscriptions::where_links_are))
        .route("/preferences/{token}", get(subscriptions::preferences).post(subscriptions::change))
        .route("/archive/{digest}/", get(archive::list))
        .route("/archive/{digest}", get(pages::add_slash))
        .route("/archive/{digest}/{date}/", get(archive::issue))
        .route("/archive/{digest}/{date}", get(pages::add_slash))
        .route("/hooks/ses", post(webhooks::ses))
        .route("/hooks/postmark", post(webhooks::postmark))
        .route("/hooks/mailgun", post(webhooks::mailgun))
        .route("/hooks/sendgrid", post(webhooks::sendgrid))
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics))
}

/// Serves `app` on `listener` until `cancel`, then lets open requests end; the caller bounds how long.
pub async fn serve(listener: Listener, app: App, cancel: CancellationToken) {
    serve_routes(listener, app, routes(), cancel).await;
}

/// The same with the pages of `postrider demo`.
pub async fn serve_demo(listener: Listener, app: App, demo: demo::Demo, cancel: CancellationToken) {
    serve_routes(listener, app, routes().merge(demo::routes(demo)), cancel).await;
}

async fn serve_routes(listener: Listener, app: App, known: Router<Web>, cancel: CancellationToken) {
    let trusted = app.settings.trusted_proxies.clone();
    let web = Web::new(app, listener.limits);
    let router = known.with_state(web.clone());
    let answer = move |request, peer| answer(web.clone(), router.clone(), request, peer);
    listener.run(trusted, answer, cancel).await;
}

/// What the handlers share beyond [`App`]: everything that lives as long as the server and no longer.
#[derive(Clone)]
struct Web(Arc<Shared>);

struct Shared {
    app: App,
    /// Path of `public_url`: `/`, or `/news/`.
    base: String,
    limits: server::Limits,
    feeds: feeds::Feeds,
    sign_ups: sign_up::Guard,
    metrics: operations::Metrics,
    webhooks: webhooks::Memory,
}

impl std::ops::Deref for Web {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<Web> for App {
    fn from_ref(web: &Web) -> Self {
        web.app.clone()
    }
}

impl Web {
    fn new(app: App, limits: server::Limits) -> Self {
        let base = url::Url::parse(&app.settings.public_url).map_or_else(|_| "/".into(), |url| url.path().to_owned());
        let sign_ups = sign_up::Guard::new(app.store.key().clone());
        Self(Arc::new(Shared {
            feeds: feeds::Feeds::new(&app.settings),
            app,
            base,
            limits,
            sign_ups,
            metrics: operations::Metrics::default(),
            webhooks: webhooks::Memory::default(),
        }))
    }
}

/// All that is done around every answer, in the order in which it is done.
async fn answer(web: Web, router: Router, request: Request<Incoming>, peer: SocketAddr) -> Response<Payload> {
    let client = || client::address(peer.ip(), request.headers(), &web.app.settings.trusted_proxies);
    let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
    let asked = feeds::Asked { method, path, headers, client: &client, now: web.app.clock.now() };
    let answered = {
        let published = web.app.published.load();
        web.feeds.answer(&published, asked)
    };
    let mut response = match answered {
        Some(response) if response.status().as_u16() < 400 => response,
        Some(error) => {
            let visitor = visitor::Wish::of(&request);
            error::explain(&web, &visitor, error.map(|_| Body::empty())).map(Payload::Page)
        }
        None => {
            let client = Client(client());
            page(&web, router, request.map(Body::new), client).await.map(Payload::Page)
        }
    };
    protect(&web, response.headers_mut());
    web.metrics.count(response.status());
    response
}

/// The answer of a route.
async fn page(web: &Web, router: Router, mut request: Request<Body>, client: Client) -> Response<Body> {
    request.extensions_mut().insert(client);
    if let Some(uri) = below(&web.base, request.uri()) {
        *request.uri_mut() = uri;
    }
    let visitor = visitor::Wish::of(&request);
    let answered = unless_it_panics(async { router.oneshot(request).await.unwrap_or_else(|never| match never {}) });
    let response = answered.await.unwrap_or_else(|what| Failure::Internal(what).into_response());
    error::explain(web, &visitor, response)
}

/// The address below `base`; `None` where it is the same or does not lie below it.
fn below(base: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let rest = path.strip_prefix(base).or_else(|| (path == base.trim_end_matches('/')).then_some(""));
    let rest = rest.filter(|_| base != "/")?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{rest}{query}").parse().ok()
}

/// What a page may bring along: nothing that runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https: data:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// The headers that no answer goes without. A page that says otherwise itself (the web copy of a mail) is left alone.
fn protect(web: &Web, headers: &mut axum::http::HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if web.app.settings.public_url.starts_with("https:") {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

/// What `answered` gives, or the words of its panic: one request's fault must not cost the connection its answer.
async fn unless_it_panics<T>(answered: impl Future<Output = T>) -> Result<T, String> {
    let mut answered = Box::pin(answered);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answered.as_mut().poll(context))) {
        Ok(progress) => progress.map(Ok),
        Err(panic) => {
            let what = panic.downcast_ref::<String>().map(String::as_str);
            let what = what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of an unknown kind");
            std::task::Poll::Ready(Err(format!("a handler panicked: {what}")))
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_public_address_may_be_there_or_not() {
        for (base, asked, seen) in [
            ("/", "/subscribe?x=1", "/subscribe?x=1"),
            ("/news/", "/news/subscribe?x=1", "/subscribe?x=1"),
            ("/news/", "/subscribe?x=1", "/subscribe?x=1"),
            ("/news/", "/news/", "/"),
            ("/news/", "/news", "/"),
            ("/news/", "/newsletter", "/newsletter"),
            ("/news/", "/news/news/rss.xml", "/news/rss.xml"),
            ("/news/", "/news//evil.example/", "//evil.example/"),
            ("/feeds/", "/feeds/feeds/", "/feeds/"),
        ] {
            let uri: Uri = asked.parse().unwrap();
            let got = below(base, &uri).unwrap_or(uri);
            assert_eq!(got.to_string(), seen, "{base} {asked}");
        }
    }

    #[tokio::test]
    async fn a_panic_becomes_an_error() {
        assert_eq!(unless_it_panics(async { 1 }).await, Ok(1));
        let words = unless_it_panics(async { panic!("hay {}", 7) }).await.map(|()| 0);
        assert_eq!(words, Err("a handler panicked: hay 7".to_owned()));
    }
}
