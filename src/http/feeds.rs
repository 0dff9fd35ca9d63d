//! Serving prepared feeds: conditional requests, codings, and what browsers and caches need to know.
//!
//! Every answer is made of bytes and headers that the publisher left in memory; nothing is rendered, no store is asked, and no
//! other part of the web server is passed through.

mod coding;
mod conditions;
pub mod moved;

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Response, StatusCode};
use chrono::{DateTime, Duration, Utc};
use hyper::body::{Frame, SizeHint};

use super::rate::{Limiter, Rate};
use super::served::{Coded, Served, Variant};
use super::{Published, Settings};
use crate::feed::address;
use moved::Elsewhere;

/// Readers ask again after a quarter of an hour; a cache may answer for us while it does, and for a day when we are away.
const CACHE_CONTROL: HeaderValue =
    HeaderValue::from_static("public, max-age=900, stale-while-revalidate=3600, stale-if-error=86400");
/// RFC 8246.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ALLOW: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const ANYBODY: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("ETag, Last-Modified, Link");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// The document shows only itself and our stylesheet, whatever a post smuggled in.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'self'");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");

/// What of an answer goes to the client: bytes that are there whole, or what a page's handler gives.
#[derive(Debug)]
pub enum Payload {
    /// Of a document.
    Whole(Option<Bytes>),
    /// Of a page.
    Page(Body),
}

impl hyper::body::Body for Payload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Page(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Page(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Page(body) => body.size_hint(),
        }
    }
}

/// A request, as far as documents are concerned.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// How.
    pub method: &'a Method,
    /// As in the request line, without the query, which means nothing here.
    pub path: &'a str,
    /// All of them.
    pub headers: &'a HeaderMap,
    /// Who asks; asked for only where it matters.
    pub client: &'a dyn Fn() -> IpAddr,
    /// When.
    pub now: DateTime<Utc>,
}

/// What answers for documents.
#[derive(Debug)]
pub struct Feeds {
    /// Path of the public address without its first slash, decoded: empty, or `news/`.
    base: String,
    /// Ends in `/`.
    public_url: String,
    polls: Option<Rate>,
    limiter: Limiter<u64>,
    /// Of the limiter's keys.
    hasher: RandomState,
}

impl Feeds {
    /// For a server of these settings.
    pub fn new(settings: &Settings) -> Self {
        let base = settings.public_url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let base = base.map_or("", |(_, base)| base);
        let count = settings.polls_per_hour.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        Self {
            base: percent_encoding::percent_decode_str(base).decode_utf8_lossy().into_owned(),
            public_url: settings.public_url.clone(),
            polls: count.map(|count| Rate { count, period: Duration::hours(1) }),
            limiter: Limiter::default(),
            hasher: RandomState::new(),
        }
    }

    /// The answer for the document that is asked for, or where it went; `None` when there is none of that path and never was.
    /// An error has no body yet.
    pub fn answer(&self, published: &Published, asked: Asked<'_>) -> Option<Response<Payload>> {
        let path = asked.path.strip_prefix('/')?;
        let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
        let Some(served) = self.find(published, &path) else { return self.elsewhere(published, &path, asked.method) };
        let mut response = match *asked.method {
            Method::GET | Method::HEAD => self.document(served, asked),
            Method::OPTIONS => {
                let mut response = empty(StatusCode::NO_CONTENT);
                let headers = response.headers_mut();
                headers.insert(header::ALLOW, ALLOW);
                headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOW);
                let allowed = HeaderValue::from_static("If-None-Match, If-Modified-Since, A-IM");
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
                response
            }
            _ => {
                let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
                response.headers_mut().insert(header::ALLOW, ALLOW);
                response
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if let Some(link) = &served.link {
            headers.insert(header::LINK, link.clone());
        }
        Some(response)
    }

    /// The document that a request's path means, with or without the public address's own path before it (a proxy may strip
    /// that or not).
    fn find<'p>(&self, published: &'p Published, path: &str) -> Option<&'p Served> {
        published.documents.get(path).or_else(|| published.documents.get(self.below(path)?)).map(AsRef::as_ref)
    }

    fn below<'r>(&self, path: &'r str) -> Option<&'r str> {
        path.strip_prefix(self.base.as_str()).filter(|_| !self.base.is_empty())
    }

    /// 301 or 410.
    fn elsewhere(&self, published: &Published, path: &str, method: &Method) -> Option<Response<Payload>> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let mut response = match moved::find(published, self.below(path).unwrap_or(path))? {
            Elsewhere::At(path) => {
                let mut response = empty(StatusCode::MOVED_PERMANENTLY);
                let location = format!("{}{}", self.public_url, address::encoded(&path));
                response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&location).ok()?);
                response
            }
            Elsewhere::Nowhere => empty(StatusCode::GONE),
        };
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
        // It may come back.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=900"));
        Some(response)
    }

    /// 200, 226, 304, 406, 412 or 429.
    fn document(&self, served: &Served, asked: Asked<'_>) -> Response<Payload> {
        let Some(chosen) = coding::choose(&served.body, asked.headers) else {
            let mut response = empty(StatusCode::NOT_ACCEPTABLE);
            vary(&mut response, header::ACCEPT_ENCODING.as_str());
            return response;
        };
        if conditions::fails(asked.headers, served) {
            return empty(StatusCode::PRECONDITION_FAILED);
        }
        if let Some(etag) = conditions::unchanged(asked.headers, served, chosen, asked.now) {
            let mut response = empty(StatusCode::NOT_MODIFIED);
            tell(&mut response, served, etag, asked.now);
            return response;
        }
        if let Some(wait) = self.is_too_often(asked) {
            let mut response = empty(StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return response;
        }
        if let Some(variant) = delta(served, asked.headers) {
            let mut response = whole(StatusCode::IM_USED, variant, served, asked);
            response.headers_mut().insert(IM, HeaderValue::from_static("feed"));
            // Caches that know nothing of deltas must not keep it (RFC 3229 §10.6.2).
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, im"));
            vary(&mut response, "Accept-Encoding, A-IM, If-None-Match");
            return response;
        }
        whole(StatusCode::OK, chosen, served, asked)
    }

    /// Seconds to wait, for those who fetch everything again and again. A HEAD or a conditional request costs next to nothing.
    fn is_too_often(&self, asked: Asked<'_>) -> Option<u32> {
        let rate = self.polls?;
        if *asked.method == Method::HEAD || conditions::is_conditional(asked.headers) {
            return None;
        }
        // Many readers may share an address; few of them share a program and ask for the same.
        let agent = asked.headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
        let key = self.hasher.hash_one(((asked.client)(), agent, asked.path));
        let wait = self.limiter.take_or_wait(key, rate, asked.now).err()?;
        u32::try_from(wait.num_seconds() + 1).ok()
    }
}

/// A document's bytes, or what a GET would say of them.
fn whole(status: StatusCode, variant: &Variant, served: &Served, asked: Asked<'_>) -> Response<Payload> {
    let bytes = (*asked.method != Method::HEAD).then(|| variant.bytes.clone());
    let mut response = prepared(status, Payload::Whole(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(served.content_type, asked.headers));
    headers.insert(header::CONTENT_LENGTH, variant.length.clone());
    if let Some(coding) = variant.coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
    }
    tell(&mut response, served, variant.etag.clone(), asked.now);
    response
}

/// RFC 9110 §15.4.5: a 304 carries what a 200 would have to keep a cache right.
fn tell(response: &mut Response<Payload>, served: &Served, etag: HeaderValue, now: DateTime<Utc>) {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    // Never later than Date (§8.8.2.1), whatever became of the clock.
    if served.changed_at.timestamp() <= now.timestamp() {
        headers.insert(header::LAST_MODIFIED, served.last_modified.clone());
    }
    headers.insert(header::CACHE_CONTROL, if served.immutable { FOR_EVER } else { CACHE_CONTROL });
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // A browser takes the headers of a 304 over into what it has.
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
}

/// RFC 3229: what the asker's version lacks, where deltas are kept and one is wanted.
fn delta<'s>(served: &'s Served, headers: &HeaderMap) -> Option<&'s Variant> {
    if served.deltas.is_empty() || !wants_delta(headers) {
        return None;
    }
    let body: &Coded = conditions::hashes(headers)
        .find_map(|hash| served.deltas.iter().find(|delta| delta.hash == hash))
        .map(|delta| &delta.body)?;
    coding::choose(body, headers)
}

fn wants_delta(headers: &HeaderMap) -> bool {
    let values = headers.get_all(A_IM).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|list| list.split(',')).any(|word| {
        let mut words = word.split(';').map(str::trim);
        words.next().is_some_and(|name| name.eq_ignore_ascii_case("feed"))
            && words.all(|weight| !matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// A browser that opens a feed is told `application/xml` (or JSON), or it would save the file instead of showing it. The
/// bytes are the same, so it does no harm when a cache mixes the two up.
fn content_type(content_type: &'static str, headers: &HeaderMap) -> HeaderValue {
    let shown = headers.get(FETCH_DEST).is_some_and(|dest| dest == "document");
    let media_type = content_type.split(';').next().filter(|_| shown);
    HeaderValue::from_static(match media_type {
        Some("application/rss+xml" | "application/atom+xml") => "application/xml; charset=utf-8",
        Some("application/feed+json") => "application/json",
        _ => content_type,
    })
}

fn empty(status: StatusCode) -> Response<Payload> {
    prepared(status, Payload::Whole(None))
}

fn prepared(status: StatusCode, payload: Payload) -> Response<Payload> {
    let mut response = Response::new(payload);
    *response.status_mut() = status;
    // At once for all that will stand in it.
    response.headers_mut().reserve(16);
    response
}

fn vary(response: &mut Response<Payload>, on: &'static str) {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(on));
}
