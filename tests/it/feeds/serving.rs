//! How prepared feeds are served: codings, conditional requests, methods, and what caches and browsers are told.

use std::cell::Cell;
use std::io::Read as _;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use chrono::{DateTime, Utc};
use postrider::feed::Document;
use postrider::http::feeds::{Asked, Feeds, Payload};
use postrider::http::served::Home;
use postrider::http::{Published, Served, Settings, webhooks};

type Response = axum::http::Response<Payload>;

const BASE: &str = "https://feeds.example.org/base/";
const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// Of which something is saved in every coding.
fn text() -> Vec<u8> {
    let items = (0..200).map(|number| format!("<item>the body of entry {number}</item>"));
    format!("<rss>{}</rss>", items.collect::<String>()).into_bytes()
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().expect("a time")
}

fn document(path: &str, content_type: &'static str, body: Vec<u8>) -> Document {
    let body = String::from_utf8(body).expect("UTF-8").into();
    Document { path: path.to_owned(), content_type, made_of: 0, immutable: false, entries: Vec::new(), body }
}

fn home() -> Home {
    Home { public_url: BASE.to_owned(), hubs: vec!["https://hub.example.net/".to_owned()] }
}

fn published() -> Published {
    let served = |path: &str, content_type| {
        let immutable = path.starts_with("archives/");
        let document = Document { immutable, ..document(path, content_type, text()) };
        Arc::new(Served::new(document, HASH.to_owned(), at("2026-11-20T10:00:00.900Z"), &home()).coded())
    };
    Published {
        documents: [
            ("rss.xml", "application/rss+xml; charset=utf-8"),
            ("atom.xml", "application/atom+xml; charset=utf-8"),
            ("feed.json", "application/feed+json"),
            ("tags/云 原生/rss.xml", "application/rss+xml; charset=utf-8"),
            ("archives/0123/rss.xml", "application/rss+xml; charset=utf-8"),
            ("feeds.opml", "text/x-opml; charset=utf-8"),
        ]
        .map(|(path, content_type)| (path.to_owned(), served(path, content_type)))
        .into(),
        ..Published::default()
    }
}

fn feeds(polls_per_hour: Option<usize>) -> Feeds {
    Feeds::new(&Settings {
        listen: String::new(),
        public_url: BASE.to_owned(),
        trusted_proxies: Vec::new(),
        webhooks: webhooks::Settings::default(),
        polls_per_hour,
    })
}

fn map(headers: &[(&str, &str)]) -> HeaderMap {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        all.append(name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"));
    }
    all
}

fn ask_at(time: &str, method: &Method, path: &str, headers: &[(&str, &str)]) -> Option<Response> {
    let client = || IpAddr::from([203, 0, 113, 9]);
    let asked = Asked { method, path, headers: &map(headers), client: &client, now: at(time) };
    feeds(None).answer(&published(), asked)
}

fn ask_as(method: &Method, path: &str, headers: &[(&str, &str)]) -> Option<Response> {
    ask_at("2026-11-26T12:00:00Z", method, path, headers)
}

fn ask(path: &str, headers: &[(&str, &str)]) -> Response {
    ask_as(&Method::GET, path, headers).expect("a document")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

async fn body(response: Response) -> Vec<u8> {
    axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.expect("a body").to_vec()
}

#[test]
fn who_wants_it_only_as_it_was_is_told_when_it_is_not() {
    let own = format!("\"{HASH}\"");
    for (name, value, status) in [
        ("if-match", own.as_str(), 200),
        ("if-match", "*", 200),
        ("if-match", "\"nope\"", 412),
        ("if-match", &format!("W/{own}"), 412),
        ("if-unmodified-since", "Fri, 20 Nov 2026 10:00:00 GMT", 200),
        ("if-unmodified-since", "Wed, 01 Jan 2020 00:00:00 GMT", 412),
        ("if-none-match", "\"*\"", 200),
    ] {
        assert_eq!(ask("/rss.xml", &[(name, value)]).status().as_u16(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_plain_request() {
    let response = ask("/rss.xml", &[]);
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "application/rss+xml; charset=utf-8"),
        ("content-length", &text().len().to_string()),
        ("content-encoding", ""),
        ("etag", &format!("\"{HASH}\"")),
        ("last-modified", "Fri, 20 Nov 2026 10:00:00 GMT"),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "*"),
        ("set-cookie", ""),
    ] {
        assert_eq!(header(&response, name), value, "{name}");
    }
    let cache = header(&response, "cache-control");
    for word in ["public", "max-age=900", "stale-while-revalidate=", "stale-if-error="] {
        assert!(cache.contains(word), "{cache}");
    }
    assert_eq!(
        header(&response, "link"),
        "<https://feeds.example.org/base/rss.xml>; rel=\"self\"; type=\"application/rss+xml\", \
         <https://feeds.example.org/base/atom.xml>; rel=\"alternate\"; type=\"application/atom+xml\", \
         <https://feeds.example.org/base/feed.json>; rel=\"alternate\"; type=\"application/feed+json\", \
         <https://hub.example.net/>; rel=\"hub\""
    );
    assert_eq!(body(response).await, text());
}

#[tokio::test]
async fn codings_for_whom_they_please() {
    for (accepted, coding) in [
        (&["gzip"][..], "gzip"),
        (&["gzip, deflate, br"], "br"),
        (&["gzip, deflate", "zstd"], "zstd"),
        (&["br;q=0.1, GZIP;q=0.5"], "gzip"),
        (&["*"], "gzip"),
        (&[], ""),
        (&["gzip;q=0"], ""),
        (&["identity, br;q=0.5"], ""),
        (&["deflate"], ""),
    ] {
        let headers: Vec<_> = accepted.iter().map(|value| ("accept-encoding", *value)).collect();
        let response = ask("/rss.xml", &headers);
        assert_eq!(header(&response, "content-encoding"), coding, "{accepted:?}");
        assert_eq!(header(&response, "vary"), "Accept-Encoding");
        let ending = match coding {
            "gzip" => "-gz",
            "br" => "-br",
            "zstd" => "-zst",
            _ => "",
        };
        assert_eq!(header(&response, "etag"), format!("\"{HASH}{ending}\""));
        let length: usize = header(&response, "content-length").parse().expect("a number");
        let bytes = body(response).await;
        assert_eq!(bytes.len(), length);
        let mut plain = Vec::new();
        match coding {
            "gzip" => drop(flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).expect("gzip")),
            "br" => drop(brotli::Decompressor::new(bytes.as_slice(), 4096).read_to_end(&mut plain).expect("brotli")),
            "zstd" => zstd::stream::copy_decode(bytes.as_slice(), &mut plain).expect("zstd"),
            _ => plain = bytes,
        }
        assert_eq!(plain, text());
    }
    for accepted in ["identity;q=0", "*;q=0", "identity;q=0, deflate"] {
        let refused = ask("/rss.xml", &[("accept-encoding", accepted)]);
        assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE, "{accepted}");
        assert_eq!(header(&refused, "vary"), "accept-encoding");
        assert!(body(refused).await.is_empty());
    }
}

#[tokio::test]
async fn not_modified() {
    let tag = |ending: &str| format!("\"{HASH}{ending}\"");
    let (own, gz, br, apache) = (tag(""), tag("-gz"), format!("W/{}", tag("-br")), tag("-gzip"));
    let (list, bare, several) =
        (format!("\"x\", W/\"y,z\" ,{gz}"), HASH.to_owned(), format!("\"x\", {}, {gz}", tag("-zst")));
    let (other, inside, longer) = (tag("x"), format!("\"a,{HASH}\", \"{HASH} \""), format!("\"a{HASH}\""));
    let (same, newer, older) =
        ("Fri, 20 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Fri, 20 Nov 2026 09:59:59 GMT");
    // Behind each: what a 304 says of the asker's own tag, who takes gzip; nothing: it is sent whole.
    for (headers, kept) in [
        (vec![("if-none-match", own.as_str())], Some("")),
        (vec![("if-none-match", gz.as_str())], Some("-gz")),
        (vec![("if-none-match", br.as_str())], Some("-br")),
        (vec![("if-none-match", apache.as_str())], Some("-gz")),
        (vec![("if-none-match", list.as_str())], Some("-gz")),
        (vec![("if-none-match", several.as_str())], Some("-gz")),
        (vec![("if-none-match", "\"x\""), ("if-none-match", own.as_str())], Some("")),
        (vec![("if-none-match", "*")], Some("-gz")),
        (vec![("if-none-match", bare.as_str())], Some("")),
        (vec![("if-none-match", other.as_str())], None),
        (vec![("if-none-match", inside.as_str())], None),
        (vec![("if-none-match", longer.as_str())], None),
        (vec![("if-none-match", "\"\"")], None),
        (vec![("if-none-match", "")], None),
        (vec![("if-none-match", "\"x\""), ("if-modified-since", same)], None),
        (vec![("if-none-match", own.as_str()), ("if-modified-since", older)], Some("")),
        (vec![("if-modified-since", same)], Some("-gz")),
        (vec![("if-modified-since", newer)], Some("-gz")),
        (vec![("if-modified-since", "Friday, 20-Nov-26 10:00:00 GMT")], Some("-gz")),
        (vec![("if-modified-since", "Fri Nov 20 10:00:00 2026")], Some("-gz")),
        (vec![("if-modified-since", older)], None),
        (vec![("if-modified-since", "Thu Nov  5 10:00:00 2026")], None),
        (vec![("if-modified-since", "yesterday")], None),
    ] {
        let coded: Vec<_> = headers.iter().copied().chain([("accept-encoding", "gzip")]).collect();
        for method in [Method::GET, Method::HEAD] {
            let response = ask_as(&method, "/rss.xml", &coded).expect("a document");
            let status = if kept.is_some() { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
            assert_eq!(response.status(), status, "{headers:?}");
            for name in ["last-modified", "cache-control", "vary", "link"] {
                assert!(!header(&response, name).is_empty(), "{name} with {headers:?}");
            }
            assert_eq!(header(&response, "etag"), tag(kept.unwrap_or("-gz")), "{headers:?}");
            if kept.is_some() {
                for name in ["content-type", "content-length", "content-encoding"] {
                    assert_eq!(header(&response, name), "", "{name}");
                }
            }
            let is_sent = kept.is_none() && method == Method::GET;
            assert_ne!(body(response).await.is_empty(), is_sent);
        }
    }
}

#[test]
fn no_time_that_is_still_to_come() {
    // The clock was set back behind the last change.
    let (early, since) = ("2026-11-20T09:00:00Z", [("if-modified-since", "Fri, 20 Nov 2026 10:00:00 GMT")]);
    let response = ask_at(early, &Method::GET, "/rss.xml", &since).expect("a document");
    assert_eq!((response.status(), header(&response, "last-modified")), (StatusCode::OK, ""));
    let own = format!("\"{HASH}\"");
    let response = ask_at(early, &Method::GET, "/rss.xml", &[("if-none-match", &own)]).expect("a document");
    assert_eq!((response.status(), header(&response, "last-modified")), (StatusCode::NOT_MODIFIED, ""));
}

#[test]
fn an_archive_is_kept_for_ever() {
    for headers in [vec![], vec![("if-none-match", "*")]] {
        let response = ask("/archives/0123/rss.xml", &headers);
        assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
        assert!(!header(&response, "link").contains("hub"));
    }
}

#[test]
fn who_fetches_everything_again_and_again_has_to_wait() {
    let (feeds, published) = (feeds(Some(6)), published());
    let now = Cell::new(at("2026-11-26T12:00:00Z"));
    let ask = |method: &Method, path: &str, client: u8, headers: &[(&str, &str)]| {
        let client = || IpAddr::from([203, 0, 113, client]);
        let asked = Asked { method, path, headers: &map(headers), client: &client, now: now.get() };
        let response = feeds.answer(&published, asked).expect("a document");
        (response.status().as_u16(), header(&response, "retry-after").to_owned())
    };
    let get = Method::GET;
    let agent = [("user-agent", "Reader/1.0")];
    for _ in 0..6 {
        assert_eq!(ask(&get, "/rss.xml", 1, &agent).0, 200);
    }
    assert_eq!(ask(&get, "/rss.xml", 1, &agent), (429, "601".to_owned()));
    // Nobody else, and nothing else of the same client.
    assert_eq!(ask(&get, "/rss.xml", 2, &agent).0, 200);
    assert_eq!(ask(&get, "/atom.xml", 1, &agent).0, 200);
    assert_eq!(ask(&get, "/rss.xml", 1, &[("user-agent", "Other/1.0")]).0, 200);
    assert_eq!(ask(&Method::HEAD, "/rss.xml", 1, &agent).0, 200);
    let tag = format!("\"{HASH}\"");
    for _ in 0..20 {
        let conditional = [agent[0], ("if-none-match", tag.as_str())];
        assert_eq!(ask(&get, "/rss.xml", 1, &conditional).0, 304);
        let changed = [agent[0], ("if-none-match", "\"other\"")];
        assert_eq!(ask(&get, "/rss.xml", 1, &changed).0, 200);
        let since = [agent[0], ("if-modified-since", "Fri, 20 Nov 2026 09:00:00 GMT")];
        assert_eq!(ask(&get, "/rss.xml", 1, &since).0, 200);
    }
    now.set(now.get() + chrono::Duration::seconds(601));
    assert_eq!(ask(&get, "/rss.xml", 1, &agent).0, 200);
    assert_eq!(ask(&get, "/rss.xml", 1, &agent).0, 429);
}

/// A feed of these entries, as the publisher makes it after `before`.
fn version(hash: &str, entries: &[&str], before: Option<&Served>) -> Served {
    let mut body = b"<rss><fh:complete></fh:complete>".to_vec();
    let mut ranges = Vec::new();
    for entry in entries {
        if !ranges.is_empty() {
            body.push(b'\n');
        }
        let start = body.len();
        body.extend_from_slice(entry.as_bytes());
        ranges.push(start..body.len());
    }
    body.extend_from_slice(b"</rss>");
    let document = Document { entries: ranges, ..document("rss.xml", "application/rss+xml; charset=utf-8", body) };
    let served = Served::new(document, hash.to_owned(), at("2026-11-20T10:00:00Z"), &home());
    match before {
        Some(before) => served.after(before).coded(),
        None => served.coded(),
    }
}

#[tokio::test]
async fn who_asks_for_it_gets_what_is_new_alone() {
    let long = "<item>".to_owned() + &"a long entry ".repeat(100) + "</item>";
    let first = version("one", &["<b/>", "<a/>"], None);
    let second = version("two", &[&long, "<b/>", "<a/>"], Some(&first));
    let third = version("three", &["<d/>", &long, "<b2/>", "<a/>"], Some(&second));
    let published = Published { documents: [("rss.xml".to_owned(), Arc::new(third))].into(), ..Published::default() };
    let ask = |headers: &[(&str, &str)]| {
        let client = || IpAddr::from([203, 0, 113, 1]);
        let asked = Asked {
            method: &Method::GET,
            path: "/rss.xml",
            headers: &map(headers),
            client: &client,
            now: at("2026-11-26T12:00:00Z"),
        };
        feeds(None).answer(&published, asked).expect("a document")
    };
    // All that there is is in the whole one alone (RFC 5005 §2).
    let whole = format!("<rss><fh:complete></fh:complete><d/>\n{long}\n<b2/>\n<a/></rss>");
    for (wanted, had, delta) in [
        ("feed", "\"two\"", Some("<rss><d/>\n<b2/></rss>".to_owned())),
        ("vcdiff, FEED;q=0.5", "W/\"two-gz\"", Some("<rss><d/>\n<b2/></rss>".to_owned())),
        ("feed", "\"one\"", Some(format!("<rss><d/>\n{long}\n<b2/></rss>"))),
        ("feed", "\"nine\", \"two\"", Some("<rss><d/>\n<b2/></rss>".to_owned())),
        ("feed", "\"nine\"", None),
        ("feed;q=0", "\"two\"", None),
        ("vcdiff", "\"two\"", None),
    ] {
        let response = ask(&[("a-im", wanted), ("if-none-match", had)]);
        assert_eq!(response.status().as_u16(), if delta.is_some() { 226 } else { 200 }, "{wanted} {had}");
        assert_eq!(header(&response, "etag"), "\"three\"");
        if delta.is_some() {
            assert_eq!(header(&response, "im"), "feed");
            assert_eq!(header(&response, "cache-control"), "no-store, im");
            assert_eq!(header(&response, "vary"), "Accept-Encoding, A-IM, If-None-Match");
        } else {
            assert_eq!((header(&response, "im"), header(&response, "vary")), ("", "Accept-Encoding"));
        }
        let expected = delta.unwrap_or_else(|| whole.clone());
        assert_eq!(header(&response, "content-length"), expected.len().to_string());
        assert_eq!(String::from_utf8(body(response).await).expect("text"), expected);
    }
    assert_eq!(ask(&[("a-im", "feed"), ("if-none-match", "\"three\"")]).status().as_u16(), 304);
    assert_eq!(ask(&[("a-im", "feed")]).status().as_u16(), 200);
    let coded = ask(&[("a-im", "feed"), ("if-none-match", "\"one\""), ("accept-encoding", "gzip")]);
    assert_eq!((header(&coded, "content-encoding"), header(&coded, "etag")), ("gzip", "\"three-gz\""));
    // Of many versions the newest are known.
    let mut latest = version("v0", &["<a/>"], None);
    for number in 1..=12 {
        latest = version(&format!("v{number}"), &[&format!("<b{number}/>"), "<a/>"], Some(&latest));
    }
    let known: Vec<&str> = latest.deltas.iter().map(|delta| delta.hash.as_str()).collect();
    assert_eq!(known, ["v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11"]);
}

#[tokio::test]
async fn methods() {
    let head = ask_as(&Method::HEAD, "/rss.xml", &[]).expect("a document");
    let get = ask("/rss.xml", &[]);
    assert_eq!(head.headers(), get.headers());
    assert!(body(head).await.is_empty());

    let options = ask_as(&Method::OPTIONS, "/rss.xml", &[("origin", "https://reader.example")]).expect("a document");
    assert_eq!(options.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&options, "allow"), "GET, HEAD, OPTIONS");
    assert_eq!(header(&options, "access-control-allow-origin"), "*");
    assert!(header(&options, "access-control-allow-headers").contains("If-None-Match"));

    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let refused = ask_as(&method, "/rss.xml", &[("if-none-match", "*")]).expect("a document");
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&refused, "allow"), "GET, HEAD, OPTIONS");
    }
}

#[test]
fn paths() {
    for path in [
        "/rss.xml",
        "/base/rss.xml",
        "/%72ss.xml",
        "/tags/%E4%BA%91%20%E5%8E%9F%E7%94%9F/rss.xml",
        "/base/tags/%e4%ba%91%20%e5%8e%9f%e7%94%9f/rss.xml",
    ] {
        assert!(ask_as(&Method::GET, path, &[]).is_some(), "{path}");
    }
    for path in ["/rss.xml/", "//rss.xml", "/index.xml", "/base/index.xml", "/base//feed/"] {
        let answer = ask(path, &[]);
        assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY, "{path}");
        assert_eq!(header(&answer, "location"), "https://feeds.example.org/base/rss.xml", "{path}");
        assert!(ask_as(&Method::POST, path, &[]).is_none(), "{path}");
    }
    for path in ["/", "/RSS.xml", "/base", "/tags/%ff/rss.xml", "rss.xml", "/../rss.xml", ""] {
        assert!(ask_as(&Method::GET, path, &[]).is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_browser_gets_the_same_bytes_as_something_it_shows() {
    for (path, content_type) in [
        ("/rss.xml", "application/xml; charset=utf-8"),
        ("/atom.xml", "application/xml; charset=utf-8"),
        ("/feed.json", "application/json"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
    ] {
        let response = ask(path, &[("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")]);
        assert_eq!(header(&response, "content-type"), content_type);
        assert_eq!(header(&response, "etag"), format!("\"{HASH}\""));
        assert_eq!(body(response).await, text());
    }
    assert_eq!(
        header(&ask("/rss.xml", &[("sec-fetch-dest", "empty")]), "content-type"),
        "application/rss+xml; charset=utf-8"
    );
    assert_eq!(header(&ask("/feeds.opml", &[]), "link"), "");
}
