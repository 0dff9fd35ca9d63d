//! How prepared feeds are served: codings, conditional requests, methods, and what caches and browsers are told.

use std::io::Read as _;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::Response;
use postrider::http::{Published, Served, feeds};

const BASE: &str = "https://feeds.example.org/base/";
const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const BODY: &[u8] = b"<rss>the body of a feed</rss>";

fn published() -> Published {
    let served = |content_type| {
        let mut gzip = Vec::new();
        flate2::read::GzEncoder::new(BODY, flate2::Compression::best()).read_to_end(&mut gzip).expect("compressed");
        Arc::new(Served {
            content_type,
            made_of: 0,
            identity: BODY.into(),
            gzip: gzip.into(),
            hash: HASH.to_owned(),
            changed_at: "2026-11-20T10:00:00.900Z".parse().expect("a time"),
        })
    };
    Published {
        documents: [
            ("rss.xml", "application/rss+xml; charset=utf-8"),
            ("atom.xml", "application/atom+xml; charset=utf-8"),
            ("feed.json", "application/feed+json"),
            ("tags/云 原生/rss.xml", "application/rss+xml; charset=utf-8"),
            ("feeds.opml", "text/x-opml; charset=utf-8"),
        ]
        .map(|(path, content_type)| (path.to_owned(), served(content_type)))
        .into(),
        ..Published::default()
    }
}

fn ask_as(method: &Method, path: &str, headers: &[(&str, &str)]) -> Option<Response> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value")))
        .fold(HeaderMap::new(), |mut all, (name, value)| {
            all.append(name, value);
            all
        });
    feeds::answer(&published(), BASE, method, path, &headers)
}

fn ask(path: &str, headers: &[(&str, &str)]) -> Response {
    ask_as(&Method::GET, path, headers).expect("a document")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

async fn body(response: Response) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body").to_vec()
}

#[tokio::test]
async fn a_plain_request() {
    let response = ask("/rss.xml", &[]);
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "application/rss+xml; charset=utf-8"),
        ("content-length", "29"),
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
         <https://feeds.example.org/base/feed.json>; rel=\"alternate\"; type=\"application/feed+json\""
    );
    assert_eq!(body(response).await, BODY);
}

#[tokio::test]
async fn gzip_for_whom_it_pleases() {
    for (accepted, gzip) in [
        (&["gzip"][..], true),
        (&["gzip, deflate, br"], true),
        (&["br, GZIP;q=0.5"], true),
        (&["x-gzip"], true),
        (&["*"], true),
        (&["deflate", "gzip"], true),
        (&["gzip;q=1.0, identity; q=0.5, *;q=0"], true),
        (&[], false),
        (&[""], false),
        (&["gzip;q=0"], false),
        (&["gzip; q=0.0, *"], false),
        (&["identity, gzip;q=0.5"], false),
        (&["br, deflate"], false),
        (&["*;q=0"], false),
        (&["gzipped"], false),
    ] {
        let headers: Vec<_> = accepted.iter().map(|value| ("accept-encoding", *value)).collect();
        let response = ask("/rss.xml", &headers);
        assert_eq!(header(&response, "content-encoding"), if gzip { "gzip" } else { "" }, "{accepted:?}");
        assert_eq!(header(&response, "vary"), "Accept-Encoding");
        let etag = format!("\"{HASH}{}\"", if gzip { "-gz" } else { "" });
        assert_eq!(header(&response, "etag"), etag);
        let length: usize = header(&response, "content-length").parse().expect("a number");
        let bytes = body(response).await;
        assert_eq!(bytes.len(), length);
        let mut plain = Vec::new();
        if gzip {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).expect("gzip");
        } else {
            plain = bytes;
        }
        assert_eq!(plain, BODY);
    }
}

#[tokio::test]
async fn not_modified() {
    let (own, gz, br) = (format!("\"{HASH}\""), format!("\"{HASH}-gz\""), format!("W/\"{HASH}-br\""));
    let (list, bare) = (format!("\"x\", W/\"y,z\" ,{gz}"), HASH.to_owned());
    let other = format!("\"{HASH}x\"");
    let (same, newer, older) =
        ("Fri, 20 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Fri, 20 Nov 2026 09:59:59 GMT");
    for (headers, fresh) in [
        (vec![("if-none-match", own.as_str())], true),
        (vec![("if-none-match", gz.as_str())], true),
        (vec![("if-none-match", br.as_str())], true),
        (vec![("if-none-match", list.as_str())], true),
        (vec![("if-none-match", "\"x\""), ("if-none-match", own.as_str())], true),
        (vec![("if-none-match", "*")], true),
        (vec![("if-none-match", bare.as_str())], true),
        (vec![("if-none-match", other.as_str())], false),
        (vec![("if-none-match", "\"\"")], false),
        (vec![("if-none-match", "")], false),
        (vec![("if-none-match", "\"x\""), ("if-modified-since", same)], false),
        (vec![("if-none-match", own.as_str()), ("if-modified-since", older)], true),
        (vec![("if-modified-since", same)], true),
        (vec![("if-modified-since", newer)], true),
        (vec![("if-modified-since", "Friday, 20-Nov-26 10:00:00 GMT")], true),
        (vec![("if-modified-since", "Fri Nov 20 10:00:00 2026")], true),
        (vec![("if-modified-since", older)], false),
        (vec![("if-modified-since", "Thu Nov  5 10:00:00 2026")], false),
        (vec![("if-modified-since", "yesterday")], false),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let response = ask_as(&method, "/rss.xml", &headers).expect("a document");
            assert_eq!(response.status(), if fresh { StatusCode::NOT_MODIFIED } else { StatusCode::OK }, "{headers:?}");
            for name in ["etag", "last-modified", "cache-control", "vary", "link"] {
                assert!(!header(&response, name).is_empty(), "{name} with {headers:?}");
            }
            if fresh {
                assert_eq!(header(&response, "content-type"), "");
                assert_eq!(header(&response, "content-length"), "");
            }
            let expected = if fresh || method == Method::HEAD { &b""[..] } else { BODY };
            assert_eq!(body(response).await, expected);
        }
    }
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
    for path in ["/", "/rss.xml/", "//rss.xml", "/RSS.xml", "/base", "/tags/%ff/rss.xml", "rss.xml", "/../rss.xml", ""]
    {
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
        assert_eq!(body(response).await, BODY);
    }
    assert_eq!(
        header(&ask("/rss.xml", &[("sec-fetch-dest", "empty")]), "content-type"),
        "application/rss+xml; charset=utf-8"
    );
    assert_eq!(header(&ask("/feeds.opml", &[]), "link"), "");
}
