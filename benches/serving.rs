//! Serving and rebuilding: what the README says of them. `cargo bench --bench serving`
//!
//! The program serves a feed of 200 kB, and beside it nginx serves the files that `build --for nginx` wrote of the same feed, by
//! gzip_static; wrk asks both in turn, 64 connections, for the whole (gzip) and with the ETag that each gave. Needs nginx and wrk
//! (`apt-get install nginx-light wrk`). Then: how much of the feeds of 10,000 posts one changed post makes anew.

#![expect(clippy::print_stdout, reason = "a benchmark says what it found")]

#[path = "reading/site.rs"]
mod site;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use postrider::clock::Clock;
use postrider::feed;
use postrider::library::{Scanner, Settings};
use postrider::publisher;
use postrider::store::{self, Store};

/// Posts of 5 kB; the feed holds the newest as far as they fit.
const POSTS: usize = 200;
const FEED: usize = 200_000;
const ROUNDS: usize = 3;
const SECONDS: &str = "6s";

struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

impl Server {
    fn ours(root: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_postrider"))
            .args(["--site", &root.display().to_string(), "serve"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let said = lines.find_map(|line| line.ok()?.split_once("listening on ").map(|(_, address)| address.to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: said.expect("an address").trim().to_owned() }
    }

    fn nginx(folder: &Path, out: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};\n", folder.join(what).display()));
        let configuration = format!(
            "user root;\ndaemon off;\nworker_processes auto;\npid {pid};\nerror_log {log};\nevents {{ worker_connections 512; }}\n\
             http {{\naccess_log off;\nsendfile on;\ntcp_nopush on;\nkeepalive_requests 1000000000;\n\
             open_file_cache max=1000;\n{temporary}\
             server {{\nlisten 127.0.0.1:{port};\nroot {out};\ninclude {out}/.postrider-nginx.conf;\n}}\n}}\n",
            pid = folder.join("pid").display(),
            log = folder.join("log").display(),
            temporary = temporary.concat(),
            out = out.display(),
        );
        let file = folder.join("nginx.conf");
        fs_err::write(&file, configuration).expect("its configuration");
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-e").arg(folder.join("log")).arg("-c").arg(&file);
        let child = command.spawn().expect("nginx");
        let server = Self { child, address: format!("http://127.0.0.1:{port}/") };
        let begun = Instant::now();
        while TcpStream::connect(server.host()).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn host(&self) -> &str {
        self.address.trim_start_matches("http://").trim_end_matches('/')
    }

    /// An answer's head and body.
    fn ask(&self, headers: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.host()).expect("a connection");
        let request = format!("GET /rss.xml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an end of its head");
        (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
    }

    fn etag(&self) -> String {
        let (head, _) = self.ask("Accept-Encoding: gzip\r\n");
        let line = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag");
        line.to_owned()
    }

    fn load(&self, headers: &[String]) -> Load {
        let mut wrk = Command::new("wrk");
        wrk.args(["-t2", "-c64", "--latency", "-d", SECONDS]);
        for header in headers {
            wrk.args(["-H", header]);
        }
        let out = wrk.arg(format!("{}rss.xml", self.address)).output().expect("wrk");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let word = |mark: &str| {
            text.lines().find_map(|line| line.trim().strip_prefix(mark).map(|rest| rest.trim().to_owned()))
        };
        assert!(!text.contains("Socket errors"), "{text}");
        Load {
            rate: word("Requests/sec:").and_then(|rate| rate.parse().ok()).unwrap_or_else(|| panic!("{text}")),
            last: milliseconds(&word("99%").unwrap_or_else(|| panic!("{text}"))),
            refused: text.contains("Non-2xx"),
        }
    }

    /// Octets of memory that it holds itself.
    fn memory(&self) -> usize {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
        1024 * line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number")
    }
}

struct Load {
    rate: f64,
    /// Of the slowest of a hundred, milliseconds.
    last: f64,
    refused: bool,
}

/// `1.23ms`, `950.00us`, `2.10s`.
fn milliseconds(text: &str) -> f64 {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[number.len()..] {
        "us" => 0.001,
        "ms" => 1.0,
        _ => 1000.0,
    };
    number.parse::<f64>().expect("a number") * factor
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn beside_nginx(folder: &Path) {
    let root = folder.join("site");
    site::write(&root, POSTS);
    let configuration = format!(
        "http: {{ listen: \"127.0.0.1:0\", public_url: \"https://feeds.example.org/\" }}\n\
         feeds: {{ max_bytes: {FEED}, polls_per_hour: 1000000000 }}\nstore: {{ url: \"sqlite:{}\" }}\n",
        folder.join("serving.db").display()
    );
    fs_err::write(root.join("postrider.yaml"), configuration).expect("a configuration");
    let ours = Server::ours(&root);
    let out = folder.join("out");
    let built = Command::new(env!("CARGO_BIN_EXE_postrider"))
        .args(["--site", &root.display().to_string(), "build", "--for", "nginx", "--out", &out.display().to_string()])
        .output()
        .expect("the program");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let nginx = Server::nginx(folder, &out);

    let gzip = "Accept-Encoding: gzip".to_owned();
    let (our_head, our_body) = ours.ask(&format!("{gzip}\r\n"));
    let (nginx_head, nginx_body) = nginx.ask(&format!("{gzip}\r\n"));
    assert!(our_body == nginx_body && !our_body.is_empty(), "{our_head}\n{nginx_head}");
    let plain = ours.ask("").1.len();
    println!(
        "a feed of {plain} bytes, {} in gzip; heads of {} and {} bytes",
        our_body.len(),
        our_head.len(),
        nginx_head.len()
    );
    let files =
        walkdir::WalkDir::new(&out).into_iter().filter_map(Result::ok).filter_map(|entry| entry.metadata().ok());
    let held: usize =
        files.filter(std::fs::Metadata::is_file).map(|file| usize::try_from(file.len()).unwrap_or(0)).sum();
    let idle = ours.memory();

    println!(
        "{:24} {:>12} {:>12} {:>7} {:>10} {:>10} {:>7}",
        "64 connections", "ours /s", "nginx /s", "ratio", "p99 ms", "nginx's", "ratio"
    );
    for (name, headers) in [
        ("200, gzip", [vec![gzip.clone()], vec![gzip.clone()]]),
        ("304", [&ours, &nginx].map(|server| vec![gzip.clone(), format!("If-None-Match: {}", server.etag())])),
    ] {
        let mut loads: [Vec<Load>; 2] = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (which, server) in [&ours, &nginx].into_iter().enumerate() {
                let load = server.load(&headers[which]);
                // wrk counts every status from 400 on as one of these; a 304 is none.
                assert!(!load.refused, "{name}: refused");
                loads[which].push(load);
            }
        }
        let rate = |which: usize| median(loads[which].iter().map(|load| load.rate));
        let last = |which: usize| median(loads[which].iter().map(|load| load.last));
        println!(
            "{name:24} {:12.0} {:12.0} {:7.2} {:10.2} {:10.2} {:7.2}",
            rate(0),
            rate(1),
            rate(0) / rate(1),
            last(0),
            last(1),
            last(0) / last(1)
        );
    }
    let mib = |bytes: usize| bytes / 1024 / 1024;
    println!(
        "memory: {} MiB before, {} MiB after; of that {} MiB are documents in all codings",
        mib(idle),
        mib(ours.memory()),
        mib(held)
    );
}

/// One changed post among 10,000.
fn rebuilding(folder: &Path) {
    const MANY: usize = 10_000;
    let root: PathBuf = folder.join("large");
    site::write(&root, MANY);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let settings = store::Settings { url: format!("sqlite:{}", folder.join("large.db").display()), secret: None };
    let mut parts = publisher::Parts {
        scanner: Scanner::new(Settings { root: root.clone(), ..Settings::default() }),
        store: runtime.block_on(Store::open(&settings)).expect("a store"),
        identities: publisher::Identities::default(),
        memory: publisher::Memory::default(),
        feeds: feed::Settings { public_url: "https://feeds.example.org/".to_owned(), ..feed::Settings::default() },
        published: Arc::new(ArcSwap::default()),
        digests: Vec::new(),
        clock: Clock::System,
        rescan: Duration::from_mins(5),
    };
    let mut step = |what: &str| {
        let before = parts.published.load_full();
        let begun = Instant::now();
        runtime.block_on(publisher::step(&mut parts, Clock::System.now())).expect("published");
        let took = begun.elapsed();
        let after = parts.published.load_full();
        let is_new =
            |path: &String| !before.documents.get(path).is_some_and(|old| Arc::ptr_eq(old, &after.documents[path]));
        let new: Vec<_> =
            after.documents.iter().filter(|(path, _)| is_new(path)).map(|(_, served)| served.size()).collect();
        println!(
            "{what:44} {:9.1} ms, {} of {} documents, {} kB in all codings",
            took.as_secs_f64() * 1000.0,
            new.len(),
            after.documents.len(),
            new.iter().sum::<usize>() / 1000
        );
    };
    println!("\nfeeds of {MANY} posts");
    step("for the first time");
    step("nothing changed");
    let edit = |number: usize, words: &str| {
        let file = site::file(&root, number);
        let text = fs_err::read_to_string(&file).expect("a file");
        fs_err::write(&file, format!("{text}\n{words}\n")).expect("a file");
    };
    for run in 0..3 {
        edit(site::newest(MANY), &format!("Edit {run}."));
        step("the newest post changed");
    }
    edit(MANY / 2, "Edit.");
    step("an old post changed: archives after it too");
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    beside_nginx(folder.path());
    rebuilding(folder.path());
}
