//! nginx serving the exported files, and nginx as a cache before `serve`: readers notice no difference.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};

use crate::support::house::{Daemon, House, eventually};

const PUBLIC: &str = "https://feeds.example.org";

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter().map(|value| value.to_str().expect("text"));
        values.collect::<Vec<_>>().join(", ")
    }
}

/// Where a server listens.
enum Place {
    Socket(PathBuf),
    Port(String),
}

impl Place {
    fn of(daemon: &Daemon) -> Self {
        Self::Port(daemon.address.trim_start_matches("http://").trim_end_matches('/').to_owned())
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        match self {
            Self::Socket(path_of) => {
                ask(UnixStream::connect(path_of).await.expect("a connection"), method, path, headers).await
            }
            Self::Port(address) => {
                ask(TcpStream::connect(address).await.expect("a connection"), method, path, headers).await
            }
        }
    }
}

async fn ask<S>(stream: S, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    let driving = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "feeds.example.org");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = sender.send_request(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await.expect("a body").to_vec();
    driving.abort();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A running nginx; ends with the test.
struct Nginx {
    child: Child,
    place: Place,
    log: PathBuf,
}

impl Nginx {
    /// `server`: what stands in its one server; `http`: what stands around it.
    async fn start(house: &House, http: &str, server: &str) -> Self {
        let at = |name: &str| house.path(&format!("nginx-{name}"));
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};\n", at(what).display()));
        // Workers of another user could not read the test's folder.
        let configuration = format!(
            "user root;\n{environment}daemon off;\nworker_processes 1;\npid {pid};\nerror_log {log} warn;\nevents {{ }}\n\
             http {{\naccess_log off;\n{temporary}{http}\nserver {{\nlisten unix:{socket};\n{server}\n}}\n}}\n",
            // It forgets its environment, and with it the time.
            environment =
                ["LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC"]
                    .map(|name| format!("env {name};\n"))
                    .concat(),
            pid = at("pid").display(),
            log = at("log").display(),
            socket = at("socket").display(),
            temporary = temporary.concat(),
        );
        fs_err::write(at("conf"), &configuration).expect("its configuration");
        let mut command: Command = house.other("/usr/sbin/nginx");
        command.arg("-e").arg(at("log")).arg("-c").arg(at("conf")).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("nginx: run `tests/setup` first");
        let nginx = Self { child, place: Place::Socket(at("socket")), log: at("log") };
        eventually("nginx listens", || async { UnixStream::connect(at("socket")).await.ok() }).await;
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("-- nginx\n{}", fs_err::read_to_string(&self.log).unwrap_or_default());
        }
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

fn write(house: &House, name: &str, tags: &str, date: &str, body: &str) {
    let text = format!("---\ntitle: On {name}\ndate: {date}\ntags: [{tags}]\n---\n{body}\n");
    fs_err::write(house.site().join(format!("content/news/{name}.md")), text).expect("a post");
}

/// A site with a feed that moved, one that was withdrawn, and archives.
fn house() -> House {
    let configuration = format!(
        "http: {{ listen: \"127.0.0.1:0\", public_url: \"{PUBLIC}/\" }}\n\
         feeds: {{ entries: 4, polls_per_hour: off, hubs: [\"https://hub.example.net/?a=1\"] }}\n"
    );
    let house = House::new(&configuration, "2026-03-05 12:00:00");
    let words = "Enough words that every coding saves something. ".repeat(30);
    for number in 1..=9 {
        write(&house, &format!("post-{number}"), "云 原生, Old", &format!("2026-02-0{number}"), &words);
    }
    write(&house, "lonely", "Lonely", "2026-02-10", &words);
    drop(house.serve());
    for number in 1..=9 {
        write(&house, &format!("post-{number}"), "云 原生, New Name", &format!("2026-02-0{number}"), &words);
    }
    write(&house, "lonely", "", "2026-02-10", &words);
    house.set_time("2026-03-05 13:00:00");
    house
}

async fn archive(served: &Place) -> String {
    let feed: serde_json::Value =
        serde_json::from_slice(&served.ask("GET", "/feed.json", &[]).await.body).expect("JSON");
    let next = feed["next_url"].as_str().expect("an archive").strip_prefix(PUBLIC).expect("ours").to_owned();
    next.replace("feed.json", "atom.xml")
}

/// Headers that must be the same; ETags are each server's own.
const SAME: [&str; 12] = [
    "content-type",
    "content-encoding",
    "content-length",
    "last-modified",
    "cache-control",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "x-content-type-options",
    "content-security-policy",
    "link",
    "location",
    "set-cookie",
];

fn assert_same(what: &str, ours: &Answer, theirs: &Answer) {
    assert_eq!(ours.status, theirs.status, "{what}");
    if ours.status >= 400 {
        return;
    }
    for name in SAME {
        // Of redirects and 304 servers say the length of their own words or nothing.
        if ours.status != 200 && matches!(name, "content-length" | "content-type") {
            continue;
        }
        // A redirect is not a document.
        if ours.status == 301 && name != "location" {
            continue;
        }
        assert_eq!(ours.header(name), theirs.header(name), "{what}: {name}");
    }
    if ours.status == 200 {
        assert_eq!(ours.header("vary").to_lowercase(), theirs.header("vary").to_lowercase(), "{what}");
        assert!(ours.body == theirs.body, "{what}: other bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exported_files_are_served_as_we_serve_them() {
    let house = house();
    let daemon = house.serve();
    let served = Place::of(&daemon);
    let out = house.path("out");
    house.run(&["build", "--out", &out.display().to_string(), "--for", "nginx"]);
    let snippet = out.join(".postrider-nginx.conf");
    let server = format!("root {};\ninclude {};\nlocation / {{ return 404; }}", out.display(), snippet.display());
    let nginx = Nginx::start(&house, "", &server).await;

    let archive = archive(&served).await;
    let documents = [
        "/rss.xml",
        "/atom.xml",
        "/feed.json",
        "/feeds.opml",
        "/feed.css",
        "/tags/%E4%BA%91-%E5%8E%9F%E7%94%9F/rss.xml",
        "/tags/new-name/atom.xml",
        "/sections/news/feed.json",
        "/en/rss.xml?null",
        archive.as_str(),
    ];
    let others = [
        ("/index.xml", 301),
        ("/feed/", 301),
        ("/tags/old/rss.xml", 301),
        ("/tags/old/feed.json", 301),
        ("/news/index.xml", 301),
        ("/tags/lonely/atom.xml", 410),
        ("/tags/never/rss.xml", 404),
        ("/.postrider-nginx.conf", 404),
        ("/.postrider-build", 404),
    ];
    for path in documents {
        let plain = served.ask("GET", path, &[]).await;
        assert_eq!(plain.status, 200, "{path}");
        for method in ["GET", "HEAD"] {
            for headers in [
                &[][..],
                &[("accept-encoding", "gzip")],
                &[("accept-encoding", "identity")],
                &[("sec-fetch-dest", "document")],
                &[("accept-encoding", "gzip"), ("sec-fetch-dest", "document")],
                &[("if-modified-since", plain.header("last-modified").as_str())],
                &[("if-modified-since", "Thu, 05 Mar 2020 00:00:00 GMT")],
                &[("if-none-match", "\"another\"")],
                &[("if-none-match", "\"another\""), ("if-modified-since", plain.header("last-modified").as_str())],
                &[("if-none-match", "*")],
            ] {
                let what = format!("{method} {path} {headers:?}");
                let (ours, theirs) =
                    (served.ask(method, path, headers).await, nginx.place.ask(method, path, headers).await);
                assert_same(&what, &ours, &theirs);
            }
            // By each server's own ETag, in each coding.
            for coding in ["gzip", "identity"] {
                for place in [&served, &nginx.place] {
                    let first = place.ask(method, path, &[("accept-encoding", coding)]).await;
                    let tag = first.header("etag");
                    let again = [("accept-encoding", coding), ("if-none-match", tag.as_str())];
                    let again = place.ask(method, path, &again).await;
                    assert_eq!((again.status, again.header("etag")), (304, tag), "{method} {path} {coding}");
                    assert!(again.body.is_empty());
                }
            }
        }
    }
    for (path, status) in others {
        let (ours, theirs) = (served.ask("GET", path, &[]).await, nginx.place.ask("GET", path, &[]).await);
        assert_eq!(ours.status, status, "{path}");
        assert_same(path, &ours, &theirs);
    }

    // Nothing is written again, and what is withdrawn is removed.
    let run = || house.run(&["build", "--out", &out.display().to_string(), "--for", "nginx"]);
    assert!(run().contains(" 0 files written, "), "{}", run());
    let times = |path: &Path| fs_err::metadata(path).and_then(|meta| meta.modified()).expect("a time");
    let before = times(&out.join("tags/new-name/rss.xml.gz"));
    write(&house, "lonely", "Lonely", "2026-02-10", "Back again.");
    run();
    assert!(out.join("tags/lonely/rss.xml").is_file());
    assert_eq!(times(&out.join("tags/new-name/rss.xml.gz")), before);
    write(&house, "lonely", "", "2026-02-10", "Back again.");
    run();
    assert!(!out.join("tags/lonely").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_before_us_answers_as_we_do() {
    let house = house();
    let daemon = house.serve();
    let served = Place::of(&daemon);
    let cache = format!("proxy_cache_path {} keys_zone=feeds:1m;", house.path("nginx-cache").display());
    let server = format!(
        "location / {{\nproxy_pass {};\nproxy_http_version 1.1;\nproxy_cache feeds;\nproxy_cache_revalidate on;\n\
         proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;\n\
         add_header X-Cache $upstream_cache_status always;\n}}",
        daemon.address.trim_end_matches('/')
    );
    let nginx = Nginx::start(&house, &cache, &server).await;
    let archive = archive(&served).await;
    let cached = async |path: &str, headers: &[(&str, &str)]| {
        let answer = nginx.place.ask("GET", path, headers).await;
        let how = answer.header("x-cache");
        (answer, how)
    };
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/tags/new-name/rss.xml", archive.as_str()] {
        for coding in ["gzip", "br", "zstd", "identity", "gzip;q=0.5, br"] {
            let headers = [("accept-encoding", coding)];
            let ours = served.ask("GET", path, &headers).await;
            for how in ["MISS", "HIT", "HIT"] {
                let what = format!("{path} {coding}: {how}");
                let (theirs, was) = cached(path, &headers).await;
                assert_eq!(was, how, "{what}");
                assert_same(&what, &ours, &theirs);
                assert_eq!(ours.header("etag"), theirs.header("etag"), "{what}");
            }
            let (tag, time) = (ours.header("etag"), ours.header("last-modified"));
            for condition in [("if-none-match", tag.as_str()), ("if-modified-since", time.as_str())] {
                let (theirs, was) = cached(path, &[headers[0], condition]).await;
                assert_eq!((theirs.status, was.as_str()), (304, "HIT"), "{path} {condition:?}");
                assert_eq!(theirs.header("etag"), tag);
            }
        }
    }
    // When its time is over, the cache asks by ETag and keeps what it has.
    house.set_time("2026-03-05 13:20:00");
    let (kept, was) = cached("/rss.xml", &[("accept-encoding", "gzip")]).await;
    assert_eq!((kept.status, was.as_str()), (200, "REVALIDATED"));
    assert_eq!(cached("/rss.xml", &[("accept-encoding", "gzip")]).await.1, "HIT");
    assert_eq!(cached(&archive, &[("accept-encoding", "gzip")]).await.1, "HIT", "an archive is good for ever");
    // What changed meanwhile comes through.
    write(&house, "newest", "Old", "2026-03-04", "The newest words of all. ");
    // A new document is served as it is first, and coded a moment later.
    let ours = eventually("the daemon has seen it", || async {
        let ours = served.ask("GET", "/rss.xml", &[("accept-encoding", "gzip")]).await;
        let coded = ours.header("content-encoding") == "gzip";
        (coded && ours.header("etag") != kept.header("etag")).then_some(ours)
    })
    .await;
    let plain = served.ask("GET", "/rss.xml", &[]).await;
    assert!(String::from_utf8_lossy(&plain.body).contains("On newest"));
    house.set_time("2026-03-05 13:40:00");
    let (theirs, was) = cached("/rss.xml", &[("accept-encoding", "gzip")]).await;
    assert_eq!(was, "EXPIRED");
    assert_same("after a change", &ours, &theirs);
    assert_ne!(theirs.body, kept.body);
    // We are away: readers get the last good copy.
    house.set_time("2026-03-05 14:20:00");
    assert!(daemon.stop().0.success());
    let (stale, was) = cached("/rss.xml", &[("accept-encoding", "gzip")]).await;
    assert_eq!((stale.status, was.as_str(), stale.body == theirs.body), (200, "STALE", true));
}
