//! Serving prepared feeds: conditional requests, codings, and what browsers and caches need to know.
//!
//! Every answer is made of bytes and a hash that the publisher left in memory; nothing is rendered and no store is asked.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDateTime, Utc};

use super::{App, Published, Served};
use crate::feed::{Format, address};

/// Readers ask again after a quarter of an hour; a cache may answer for us while it does, and for a day when we are away.
const CACHE_CONTROL: &str = "public, max-age=900, stale-while-revalidate=3600, stale-if-error=86400";
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// The answer for a document's path; 404 for any other. Query strings mean nothing here.
pub async fn serve(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    answer(&app.published.load(), &app.settings.public_url, &method, uri.path(), &headers)
        .unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// The answer for the document at `path` (as in the request line), or `None` when there is none of that path.
pub fn answer(
    published: &Published,
    public_url: &str,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Option<Response> {
    let (path, served) = find(published, public_url, path)?;
    let mut response = match *method {
        Method::GET | Method::HEAD => document(served, method, headers),
        Method::OPTIONS => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            set(&mut response, header::ALLOW, ALLOW);
            set(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, ALLOW);
            set(&mut response, header::ACCESS_CONTROL_ALLOW_HEADERS, "If-None-Match, If-Modified-Since");
            set(&mut response, header::ACCESS_CONTROL_MAX_AGE, "86400");
            response
        }
        _ => {
            let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
            set(&mut response, header::ALLOW, ALLOW);
            response
        }
    };
    set(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(&mut response, header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Last-Modified, Link");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // The document shows only itself and our stylesheet, whatever a post smuggled in.
    set(&mut response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'");
    if let Some(links) = links(published, public_url, path) {
        set(&mut response, header::LINK, &links);
    }
    Some(response)
}

/// The document that a request's path means: percent-decoded, with or without the public address's own path before it
/// (a proxy may strip that or not).
fn find<'a>(published: &'a Published, public_url: &str, path: &str) -> Option<(&'a str, &'a Served)> {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    let base = public_url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, base)| base);
    let below = decoded.strip_prefix('/')?;
    [Some(below), below.strip_prefix(base)]
        .into_iter()
        .flatten()
        .find_map(|path| published.documents.get_key_value(path))
        .map(|(path, served)| (path.as_str(), served.as_ref()))
}

/// 200 or 304.
fn document(served: &Served, method: &Method, headers: &HeaderMap) -> Response {
    let gzip = takes_gzip(headers);
    let fresh = is_fresh(headers, &served.hash, served.changed_at);
    let bytes = if gzip { &served.gzip } else { &served.identity };
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else if *method == Method::HEAD {
        Response::new(Body::empty())
    } else {
        Response::new(Body::from(Bytes::from_owner(std::sync::Arc::clone(bytes))))
    };
    if !fresh {
        set(&mut response, header::CONTENT_TYPE, content_type(served.content_type, headers));
        set(&mut response, header::CONTENT_LENGTH, &bytes.len().to_string());
        if gzip {
            set(&mut response, header::CONTENT_ENCODING, "gzip");
        }
    }
    // RFC 9110 §15.4.5: a 304 carries what a 200 would have to keep a cache right.
    set(&mut response, header::ETAG, &format!("\"{}{}\"", served.hash, if gzip { "-gz" } else { "" }));
    set(&mut response, header::LAST_MODIFIED, &served.changed_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    set(&mut response, header::CACHE_CONTROL, CACHE_CONTROL);
    set(&mut response, header::VARY, "Accept-Encoding");
    response
}

/// A browser that opens a feed is told `application/xml` (or JSON), or it would save the file instead of showing it. The
/// bytes are the same, so it does no harm when a cache mixes the two up.
fn content_type(content_type: &'static str, headers: &HeaderMap) -> &'static str {
    if headers.get("sec-fetch-dest").is_none_or(|dest| dest != "document") {
        return content_type;
    }
    match content_type.split(';').next() {
        Some("application/rss+xml" | "application/atom+xml") => "application/xml; charset=utf-8",
        Some("application/feed+json") => "application/json",
        _ => content_type,
    }
}

/// RFC 9110 §12.5.3: is gzip acceptable, and not less so than the bytes as they are?
fn takes_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for part in value.to_str().unwrap_or("").split(',') {
            let mut words = part.split(';').map(str::trim);
            let coding = words.next().unwrap_or("").to_ascii_lowercase();
            let quality = words.find_map(|word| word.strip_prefix("q=").or_else(|| word.strip_prefix("Q=")));
            let quality = quality.map_or(1.0, |quality| quality.trim().parse::<f32>().unwrap_or(0.0));
            match coding.as_str() {
                "gzip" | "x-gzip" => gzip = Some(quality),
                "identity" => identity = Some(quality),
                "*" => any = Some(quality),
                _ => {}
            }
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// RFC 9110 §13.2.2: If-None-Match decides where there is one, If-Modified-Since only where there is none.
fn is_fresh(headers: &HeaderMap, hash: &str, changed_at: DateTime<Utc>) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // Weak comparison, and any coding's suffix: the content behind them is the same. Some clients lose the quotes.
        return tags.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')).any(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            let suffix = tag.strip_prefix(hash);
            tag == "*" || suffix.is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('-'))
        });
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| http_date(value.to_str().ok()?));
    since.is_some_and(|since| changed_at.timestamp() <= since.timestamp())
}

/// The three forms of RFC 9110 §5.6.7.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.split(';').next().unwrap_or("").trim();
    DateTime::parse_from_rfc2822(text).map(|date| date.to_utc()).ok().or_else(|| {
        ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(|date| date.and_utc())
    })
}

/// RFC 8288: where the document is at home, and its other formats.
fn links(published: &Published, public_url: &str, path: &str) -> Option<String> {
    let folder = Format::ALL.iter().find_map(|format| path.strip_suffix(format.file_name()))?;
    let links: Vec<String> = Format::ALL
        .iter()
        .map(|format| (format, format!("{folder}{}", format.file_name())))
        .filter(|(_, other)| published.documents.contains_key(other))
        .map(|(format, other)| {
            let rel = if other == path { "self" } else { "alternate" };
            format!("<{public_url}{}>; rel=\"{rel}\"; type=\"{}\"", address::encoded(&other), format.media_type())
        })
        .collect();
    Some(links.join(", "))
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
