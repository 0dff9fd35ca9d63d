//! An append-only SMTP server in one thread: everything that it sees has one order, and a mark can be set in it.
//!
//! It sweeps over its connections and reads each until nothing is left. What was written to it before a mark was asked
//! for stands before the mark.

use std::collections::HashSet;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::support::random::Random;

/// How it treats its clients: chances of a hundred.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manners {
    /// A mail is taken, and the connection ends without an answer.
    pub unanswered: u64,
    /// A mail is read to its end and thrown away, and the connection ends without an answer.
    pub forgotten: u64,
    /// The connection ends without a word at DATA.
    pub dropped: u64,
    /// `450` at RCPT.
    pub later: u64,
    /// Milliseconds for each mail.
    pub slow: u64,
    /// `421` at MAIL, and the connection ends.
    pub goodbye: u64,
}

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub to: String,
    pub id: String,
    /// Name of the process that brought it.
    pub by: String,
    /// 250 was said.
    pub answered: bool,
}

impl Arrival {
    /// Its Delivery, which a Message-ID begins with.
    pub fn delivery(&self) -> &str {
        self.id.trim_matches(['<', '>']).split('@').next().unwrap_or_default()
    }
}

/// One connection from first to last.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The name that it said hello with.
    pub name: String,
    pub open: bool,
    /// Its last mail that was taken: an index of [`Log::arrivals`].
    pub last: Option<usize>,
}

/// Everything so far.
#[derive(Debug, Default)]
pub struct Log {
    pub connections: Vec<Connection>,
    pub arrivals: Vec<Arrival>,
    /// Each reader that was named, with the place of its MAIL in the one order.
    pub named: Vec<(u64, String)>,
}

#[derive(Default)]
struct Shared {
    log: Mutex<Log>,
    /// Counts what happens.
    order: AtomicU64,
    /// Marks asked for, and marks set.
    asked: AtomicU64,
    set: AtomicU64,
    over: AtomicBool,
}

/// Ends when dropped.
pub struct Sink {
    pub port: u16,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Sink {
    pub fn start(manners: Manners, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let mine = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let mut sweep = Sweep { listener, shared: mine, manners, random: Random::new(seed), talks: Vec::new() };
            while !sweep.shared.over.load(Ordering::SeqCst) {
                if !sweep.once() {
                    std::thread::park_timeout(Duration::from_micros(300));
                }
            }
        });
        Self { port, shared, thread: Some(thread) }
    }

    /// How much has happened: commands, mails, connections.
    pub fn moves(&self) -> u64 {
        self.shared.order.load(Ordering::SeqCst)
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap()
    }

    /// A place in the order, behind everything that was written to the server before this was called.
    pub async fn mark(&self) -> u64 {
        let mine = self.shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
        while self.shared.set.load(Ordering::SeqCst) < mine {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.shared.order.fetch_add(1, Ordering::SeqCst)
    }

    /// Waits until every connection of the process that said hello as `name`, and is gone, has been read to its end. One that never
    /// said its name was closed with the process: it has been read by the mark.
    pub async fn is_done_with(&self, name: &str) {
        self.mark().await;
        while self.log().connections.iter().any(|c| c.open && c.name == name) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Talk {
    stream: TcpStream,
    number: usize,
    input: Vec<u8>,
    in_message: bool,
    to: String,
    mail_at: u64,
    over: bool,
}

struct Sweep {
    listener: TcpListener,
    shared: Arc<Shared>,
    manners: Manners,
    random: Random,
    talks: Vec<Talk>,
}

impl Sweep {
    /// Reads everything that is there. False: nothing was.
    fn once(&mut self) -> bool {
        let asked = self.shared.asked.load(Ordering::SeqCst);
        let mut moved = false;
        while let Ok((stream, _)) = self.listener.accept() {
            moved = true;
            stream.set_nonblocking(true).unwrap();
            stream.set_nodelay(true).unwrap();
            let mut log = self.shared.log.lock().unwrap();
            let number = log.connections.len();
            log.connections.push(Connection { open: true, ..Connection::default() });
            drop(log);
            let (input, to) = (Vec::new(), String::new());
            let mut talk = Talk { stream, number, input, in_message: false, to, mail_at: 0, over: false };
            talk.say("220 sink");
            self.talks.push(talk);
        }
        let mut talks = std::mem::take(&mut self.talks);
        for talk in &mut talks {
            moved |= self.listen(talk);
        }
        let log = &self.shared.log;
        talks.retain(|talk| {
            if talk.over {
                log.lock().unwrap().connections[talk.number].open = false;
            }
            !talk.over
        });
        self.talks = talks;
        self.shared.set.store(asked, Ordering::SeqCst);
        moved
    }

    fn listen(&mut self, talk: &mut Talk) -> bool {
        let mut moved = false;
        let mut octets = [0; 1 << 14];
        let mut ended = false;
        while !talk.over && !ended {
            match talk.stream.read(&mut octets) {
                Ok(0) => ended = true,
                Ok(some) => talk.input.extend_from_slice(&octets[..some]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => ended = true,
            }
            moved = true;
            while !talk.over && self.step(talk) {
                self.shared.order.fetch_add(1, Ordering::SeqCst);
            }
        }
        talk.over |= ended;
        moved
    }

    /// One command or message of what was read. False: it is not there as a whole yet.
    fn step(&mut self, talk: &mut Talk) -> bool {
        let end: &[u8] = if talk.in_message { b"\r\n.\r\n" } else { b"\r\n" };
        let Some(at) = talk.input.windows(end.len()).position(|window| window == end) else { return false };
        let taken: Vec<u8> = talk.input.drain(..at + end.len()).collect();
        let text = String::from_utf8_lossy(&taken).into_owned();
        if talk.in_message {
            talk.in_message = false;
            self.take(talk, &text);
            return true;
        }
        let line = text.trim_end().to_ascii_uppercase();
        if line.starts_with("EHLO") {
            let name = text.trim_end().split_once(' ').map_or("", |(_, name)| name).to_owned();
            self.shared.log.lock().unwrap().connections[talk.number].name = name;
            talk.say("250-sink\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 8BITMIME");
        } else if line.starts_with("MAIL") {
            talk.mail_at = self.shared.order.load(Ordering::SeqCst);
            talk.to.clear();
            if self.random.chance(self.manners.goodbye) {
                talk.say("421 4.3.2 come back later");
                talk.over = true;
            } else {
                talk.say("250 2.1.0 sender ok");
            }
        } else if line.starts_with("RCPT") {
            let to = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(to, _)| to);
            self.shared.log.lock().unwrap().named.push((talk.mail_at, to.to_owned()));
            if to.starts_with("gone") {
                talk.say("550 5.1.1 no such reader");
            } else if self.random.chance(self.manners.later) {
                talk.say("450 4.2.0 greylisted");
            } else {
                to.clone_into(&mut talk.to);
                talk.say("250 2.1.5 reader ok");
            }
        } else if line.starts_with("DATA") && talk.to.is_empty() {
            talk.say("503 5.5.1 nobody is to get it");
        } else if line.starts_with("DATA") && self.random.chance(self.manners.dropped) {
            talk.over = true;
        } else if line.starts_with("DATA") {
            talk.in_message = true;
            talk.say("354 go ahead");
        } else if line.starts_with("RSET") {
            talk.to.clear();
            talk.say("250 forgotten");
        } else if line.starts_with("QUIT") {
            talk.say("221 bye");
            talk.over = true;
        } else {
            talk.say("500 what?");
        }
        true
    }

    fn take(&mut self, talk: &mut Talk, message: &str) {
        let to = std::mem::take(&mut talk.to);
        std::thread::sleep(Duration::from_millis(self.manners.slow));
        if self.random.chance(self.manners.forgotten) {
            talk.over = true;
            return;
        }
        let answered = !self.random.chance(self.manners.unanswered);
        let id = message.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default().to_owned();
        let mut log = self.shared.log.lock().unwrap();
        let index = log.arrivals.len();
        log.connections[talk.number].last = Some(index);
        let by = log.connections[talk.number].name.clone();
        log.arrivals.push(Arrival { to, id, by, answered });
        drop(log);
        if answered {
            talk.say("250 2.0.0 taken");
        } else {
            talk.over = true;
        }
    }
}

impl Talk {
    fn say(&mut self, reply: &str) {
        // A client that is gone hears nothing, which ends the connection at the next read.
        let _ = self.stream.write_all(format!("{reply}\r\n").as_bytes());
    }
}

impl Log {
    /// The mails of which a repeat is nobody's fault: not answered, or the last one of a connection whose process was killed, or
    /// stopped until others took its mail over (`cut`).
    pub fn excused(&self, cut: &HashSet<String>) -> HashSet<usize> {
        let unanswered = self.arrivals.iter().enumerate().filter(|(_, arrival)| !arrival.answered).map(|(at, _)| at);
        let last = self.connections.iter().filter(|c| cut.contains(&c.name)).filter_map(|c| c.last);
        unanswered.chain(last).collect()
    }
}
