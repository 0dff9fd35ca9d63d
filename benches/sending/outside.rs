//! Other people's programs, and what the system says of us.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Where Debian puts Postfix's programs, which is on few users' path.
fn program(name: &str) -> Option<String> {
    let places = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"];
    let found = places.iter().map(|place| format!("{place}/{name}")).find(|path| Path::new(path).is_file());
    if found.is_none() {
        println!("no `{name}`: it is in Debian's package `postfix` (`apt install postfix`, \"No configuration\")");
    }
    found
}

/// `smtp-sink`, which throws mail away; ends when dropped.
pub struct Sink {
    child: Child,
    source: String,
    pub port: u16,
}

impl Sink {
    /// On a free port. `None`, with a word why: it is not installed.
    pub fn start() -> Option<Self> {
        let (sink, source) = (program("smtp-sink")?, program("smtp-source")?);
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        let child = Command::new(sink)
            .args(["-u", &user, &format!("127.0.0.1:{port}"), "100"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "smtp-sink does not listen");
            std::thread::yield_now();
        }
        Some(Self { child, source, port })
    }

    /// How long `smtp-source` takes for as many mails of as many octets.
    pub fn source(&self, mails: usize, octets: usize, connections: usize) -> Duration {
        let begun = Instant::now();
        let status = Command::new(&self.source)
            .args(["-d", "-s", &connections.to_string(), "-l", &octets.to_string(), "-m", &mails.to_string()])
            .arg(format!("127.0.0.1:{}", self.port))
            .status()
            .expect("smtp-source runs");
        assert!(status.success());
        begun.elapsed()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port whose octets are carried to the port `to` of this machine, each way later by as long as they would take to a server far away. By threads
/// that sleep: a runtime's timers are late by up to a millisecond, which would be a longer way.
pub fn proxy(to: u16, delay: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.expect("a client"), TcpStream::connect(("127.0.0.1", to)).expect("the server"));
            for side in [&near, &far] {
                side.set_nodelay(true).expect("an option of every socket");
            }
            let [near_out, far_out] = [&near, &far].map(|side| side.try_clone().expect("another handle"));
            thread::spawn(move || carry(near, far_out, delay));
            thread::spawn(move || carry(far, near_out, delay));
        }
    });
    port
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (due, octets) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&octets).is_err() {
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut octets = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut octets) {
        if sender.send((Instant::now() + delay, octets[..read].to_vec())).is_err() {
            return;
        }
    }
}

/// What this thread has had of a processor.
pub fn processor_time() -> Duration {
    let text = fs_err::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    Duration::from_nanos(text.split(' ').next().and_then(|text| text.parse().ok()).expect("a number"))
}

/// What all threads of this process have had of the processors, to ten milliseconds.
pub fn processor_time_of_all() -> Duration {
    let text = fs_err::read_to_string("/proc/self/stat").expect("Linux tells");
    let fields = text.rsplit_once(')').expect("behind the name").1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(10 * ticks)
}

/// From now on [`peak`] counts afresh.
pub fn forget_peak() {
    fs_err::write("/proc/self/clear_refs", "5").expect("Linux forgets");
}

/// The most memory that this process has had at once, in KiB.
pub fn peak() -> usize {
    let status = fs_err::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

/// Runs the package beside us that composes and signs with lettre.
pub fn lettre() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/lettre/Cargo.toml");
    let run = Command::new("cargo").args(["run", "--release", "--quiet", "--manifest-path"]).arg(manifest).status();
    assert!(run.is_ok_and(|status| status.success()), "it does not run");
}
