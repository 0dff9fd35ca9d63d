//! The real program on a site of its own, with a clock that the test moves (libfaketime) and SMTP servers to mail to.

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::peers;

/// Longer than anything here takes on a loaded machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks `probe` until it has an answer. Fails the test when none comes.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A site's folder, its configuration, and the time there.
pub struct House {
    folder: tempfile::TempDir,
    /// Variables for every run of the program.
    pub environment: Vec<(String, String)>,
}

impl House {
    /// A Hugo site with `postrider.yaml`; the clock stands at `time` (`2026-03-05 12:00:00`, UTC).
    pub fn new(configuration: &str, time: &str) -> Self {
        let house = Self { folder: tempfile::tempdir().expect("a folder"), environment: Vec::new() };
        fs_err::create_dir_all(house.site().join("content/news")).expect("the site's folder");
        let generator = "baseURL = \"https://harbour.example.org/\"\ntitle = \"Harbour News\"\nlanguageCode = \"en\"\n";
        fs_err::write(house.site().join("hugo.toml"), generator).expect("the generator's configuration");
        fs_err::write(house.site().join("postrider.yaml"), configuration).expect("the configuration");
        house.set_time(time);
        house
    }

    /// The site's folder.
    pub fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// Of a file beside the site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Moves the clock of every running and coming program; it stands there.
    pub fn set_time(&self, time: &str) {
        fs_err::write(self.path("time.new"), time).expect("the time");
        fs_err::rename(self.path("time.new"), self.path("time")).expect("the time in place");
    }

    /// A post's file, there at once and whole.
    pub fn publish(&self, name: &str, title: &str, date: &str, body: &str) {
        let text = format!("---\ntitle: \"{title}\"\ndate: {date}\n---\n{body}\n");
        fs_err::write(self.path("post.new"), text).expect("the post");
        fs_err::rename(self.path("post.new"), self.site().join(format!("content/news/{name}.md"))).expect("in place");
    }

    /// The program, about to run in the site's folder at the time there.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.other(env!("CARGO_BIN_EXE_postrider"));
        command.args(arguments);
        command
    }

    /// Another program, in the same place and at the same time.
    pub fn other(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.site())
            .env("LD_PRELOAD", libfaketime())
            .env("FAKETIME_TIMESTAMP_FILE", self.path("time"))
            .env("FAKETIME_NO_CACHE", "1")
            // Timers run as ever; only the calendar is ours. Files keep their real times.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
            .env("TZ", "UTC")
            .env("HOME", self.folder.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end; its standard output. Fails the test when it ends with anything but 0.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the program runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "postrider {arguments:?}: {}\n{out}\n{err}", output.status);
        out.into_owned()
    }

    /// `postrider serve`, listening.
    pub fn serve(&self) -> Daemon {
        Daemon::start(&mut self.command(&["serve"]), "listening on ", &self.path("log"))
    }
}

/// Debian's package `faketime`; the variant for programs with threads.
fn libfaketime() -> PathBuf {
    let folders = fs_err::read_dir("/usr/lib").expect("/usr/lib").filter_map(Result::ok).map(|entry| entry.path());
    let found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|file| file.is_file());
    found.expect("no libfaketime: run `tests/setup` first (`tests/run` does)")
}

/// A program that serves until it is stopped; killed when dropped.
pub struct Daemon {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
    /// `http://127.0.0.1:PORT/`
    pub address: String,
}

impl Daemon {
    /// Starts `command` and waits until it says its address behind `mark` on a line of standard output. Its standard
    /// error is added to `log`.
    pub fn start(command: &mut Command, mark: &str, log: &Path) -> Self {
        let file = fs_err::OpenOptions::new().create(true).append(true).open(log).expect("the log");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::from(file.into_parts().0))
            .spawn()
            .expect("the program starts");
        let lines = lines(&mut child);
        let mut daemon = Self { child, lines, log: log.to_owned(), address: String::new() };
        while daemon.address.is_empty() {
            match daemon.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    if let Some((_, address)) = line.split_once(mark) {
                        address.trim().clone_into(&mut daemon.address);
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no address came:\n{}", daemon.log()),
                Err(RecvTimeoutError::Disconnected) => panic!("the program ended:\n{}", daemon.log()),
            }
        }
        daemon
    }

    /// What it said on standard error, with what its predecessors on the same site said.
    pub fn log(&self) -> String {
        fs_err::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it says on standard output, up to the line that holds `mark`.
    pub fn lines_until(&mut self, mark: &str) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        while !said.last().is_some_and(|line| line.contains(mark)) {
            let line = self.lines.recv_timeout(PATIENCE);
            said.push(line.unwrap_or_else(|_| panic!("`{mark}` never came: {said:#?}\n{}", self.log())));
        }
        said
    }

    /// SIGTERM; how it ended and how long that took.
    pub fn stop(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        (self.child.wait().expect("it ends"), begun.elapsed())
    }

    /// SIGKILL; returns when it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("-- the program's log\n{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An SMTP server of `tests/peers`; ends with the test.
pub struct Sink {
    child: Child,
    lines: Receiver<String>,
    file: PathBuf,
    // Its end of the pipe tells the server that we are gone.
    _alive: ChildStdin,
    /// On 127.0.0.1.
    pub port: u16,
}

impl Sink {
    /// `tests/peers/SCRIPT FILE ARGUMENTS`: prints its port, and adds a JSON object a mail to `file`.
    pub fn start(script: &str, file: &Path, arguments: &[&str]) -> Self {
        let mut child = peers::python(script)
            .arg(file)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let lines = lines(&mut child);
        let port = lines.recv_timeout(PATIENCE).expect("its port").parse().expect("a port");
        let alive = child.stdin.take().expect("its standard input");
        Self { child, lines, file: file.to_owned(), _alive: alive, port }
    }

    /// The next line that it printed, if there is one.
    pub fn line(&self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// Every mail so far, in the order of arrival.
    pub fn mails(&self) -> Vec<serde_json::Value> {
        let text = fs_err::read_to_string(&self.file).unwrap_or_default();
        // The last line may be half written.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect("a mail")).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a program's standard output, as they come.
fn lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    let out = BufReader::new(child.stdout.take().expect("its standard output"));
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
