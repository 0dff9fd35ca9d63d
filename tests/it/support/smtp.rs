//! A scripted SMTP server: says what the test wants at the point where it wants it, and keeps what it was given.
//! It knows nothing of our client; it reads commands and message octets from the socket.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

/// Where in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// The connection was made.
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// In the middle of the message.
    Body,
    /// The final dot was read.
    Dot,
    Rset,
    Quit,
}

/// What it does there.
#[derive(Debug, Clone)]
pub enum Act {
    /// What a good server does.
    Well,
    /// These octets instead, and go on.
    Say(Vec<u8>),
    /// These octets, then the connection ends.
    SayAndDrop(Vec<u8>),
    /// The connection ends without a word.
    Drop,
    /// What a good server does, once this was rung.
    WellAfter(Arc<Notify>),
    /// Nothing is said any more, and nothing is read.
    Hang,
    /// This many octets without a line's end, then nothing more.
    Endless(usize),
    /// These octets instead, one by one with this long between them, and go on.
    Drip(Vec<u8>, std::time::Duration),
}

/// `Say` with a line's end.
pub fn say(reply: &str) -> Act {
    Act::Say(format!("{reply}\r\n").into_bytes())
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    None,
    Implicit,
    /// STARTTLS, offered after EHLO.
    Offered,
}

/// A message that the server said 250 to, or meant to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub from: String,
    pub to: Vec<String>,
    /// As sent, dots not undone, without the final dot.
    pub data: Vec<u8>,
}

/// The end of a message (RFC 5321 §4.1.1.4).
const RIGHT: &[u8] = b"\r\n.\r\n";

/// Decides by the point, how many times that point was reached before (counted over all connections) and the line.
type Script = Arc<dyn Fn(Point, usize, &str) -> Act + Send + Sync>;

/// A running server; ends with the test.
pub struct Server {
    pub address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct State {
    kept: Mutex<Vec<Kept>>,
    commands: Mutex<Vec<String>>,
    in_the_clear: Mutex<Vec<String>>,
    connections: AtomicUsize,
    reached: Mutex<std::collections::HashMap<Point, usize>>,
}

impl Server {
    /// Plain SMTP.
    pub async fn start(script: impl Fn(Point, usize, &str) -> Act + Send + Sync + 'static) -> Self {
        Self::with(Tls::None, "localhost", script).await
    }

    /// Plain SMTP that offers these extensions too (`PIPELINING`, `SIZE 1000` …).
    pub async fn offering(offers: &[&str], script: impl Fn(Point, usize, &str) -> Act + Send + Sync + 'static) -> Self {
        let offers = offers.iter().map(|offer| ["250-", offer, "\r\n"].concat()).collect();
        Self::serving(Tls::None, "localhost", offers, RIGHT, usize::MAX, script).await
    }

    /// Plain SMTP for so many connections at once; the others hear 421 for a greeting.
    pub async fn crowded(most: usize, script: impl Fn(Point, usize, &str) -> Act + Send + Sync + 'static) -> Self {
        Self::serving(Tls::None, "localhost", String::new(), RIGHT, most, script).await
    }

    /// Plain SMTP that takes `end` for the end of a message too, as some servers do (CVE-2023-51764 and its kin).
    pub async fn ending(end: &'static [u8]) -> Self {
        Self::serving(Tls::None, "localhost", String::new(), end, usize::MAX, |_, _, _| Act::Well).await
    }

    /// With the certificate `tests/fixtures/tls/NAME.pem`.
    pub async fn with(
        tls: Tls,
        certificate: &str,
        script: impl Fn(Point, usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::serving(tls, certificate, String::new(), RIGHT, usize::MAX, script).await
    }

    async fn serving(
        tls: Tls,
        certificate: &str,
        offers: String,
        end: &'static [u8],
        most: usize,
        script: impl Fn(Point, usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State::default());
        let script: Script = Arc::new(script);
        let acceptor = acceptor(certificate);
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            // Each connection has one; they say how many there are.
            let seat = Arc::new(());
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.set_nodelay(true).expect("an option of every socket");
                shared.connections.fetch_add(1, Ordering::SeqCst);
                if Arc::strong_count(&seat) > most {
                    let _ = stream.write_all(b"421 4.7.0 too many connections from you\r\n").await;
                    continue;
                }
                let seat = Arc::clone(&seat);
                let (state, script, acceptor) = (Arc::clone(&shared), Arc::clone(&script), acceptor.clone());
                let offers = offers.clone();
                tokio::spawn(async move {
                    let talk = Talk { state, script, offers, end, offers_tls: tls == Tls::Offered };
                    match tls {
                        Tls::None => drop(talk.serve(BufStream::new(stream)).await),
                        Tls::Implicit => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                drop(talk.serve(BufStream::new(stream)).await);
                            }
                        }
                        Tls::Offered => {
                            let state = Arc::clone(&talk.state);
                            let script = Arc::clone(&talk.script);
                            if let Some(stream) = talk.serve(BufStream::new(stream)).await
                                && let Ok(stream) = acceptor.accept(stream.into_inner()).await
                            {
                                let talk = Talk { state, script, offers: String::new(), end, offers_tls: false };
                                drop(talk.serve_after_tls(BufStream::new(stream)).await);
                            }
                        }
                    }
                    drop(seat);
                });
            }
        });
        Self { address, state, task }
    }

    /// What it took.
    pub fn kept(&self) -> Vec<Kept> {
        self.state.kept.lock().unwrap().clone()
    }

    /// Every command line, in order, of all connections.
    pub fn commands(&self) -> Vec<String> {
        self.state.commands.lock().unwrap().clone()
    }

    /// Where STARTTLS is offered: what was said before it that must not be.
    pub fn in_the_clear(&self) -> Vec<String> {
        self.state.in_the_clear.lock().unwrap().clone()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    acceptor_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(certificate))
}

/// With the certificate `STEM.pem` and its key `STEM.key`.
pub fn acceptor_of(stem: &Path) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_file(stem.with_extension("pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(stem.with_extension("key")).expect("its key");
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

struct Talk {
    state: Arc<State>,
    script: Script,
    /// Lines of the answer to EHLO.
    offers: String,
    /// What it takes for the end of a message, beside the right one.
    end: &'static [u8],
    offers_tls: bool,
}

impl Talk {
    async fn serve<S: AsyncBufRead + AsyncWrite + Unpin>(&self, mut stream: S) -> Option<S> {
        self.answer(&mut stream, Point::Greeting, "", b"220 scripted ESMTP\r\n").await?;
        self.serve_after_tls(stream).await
    }

    /// Until the connection ends (`None`) or TLS is to begin.
    async fn serve_after_tls<S: AsyncBufRead + AsyncWrite + Unpin>(&self, mut stream: S) -> Option<S> {
        let mut from = String::new();
        let mut to = Vec::new();
        let mut has_sender = false;
        loop {
            let line = until(&mut stream, b"\r\n").await?;
            // Who takes less than CRLF for an end finds the rest of it here.
            let line = String::from_utf8_lossy(&line).trim_start_matches('\n').to_owned();
            self.state.commands.lock().unwrap().push(line.clone());
            let upper = line.to_ascii_uppercase();
            if self.offers_tls && !["EHLO", "STARTTLS", "QUIT"].iter().any(|word| upper.starts_with(word)) {
                self.state.in_the_clear.lock().unwrap().push(line.clone());
            }
            let path = || line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(path, _)| path);
            if upper.starts_with("EHLO") {
                let offers = if self.offers_tls { "250-STARTTLS\r\n" } else { "250-AUTH PLAIN LOGIN\r\n" };
                let well = format!("250-scripted\r\n250-SMTPUTF8\r\n{offers}{}250 8BITMIME\r\n", self.offers);
                self.answer(&mut stream, Point::Ehlo, &line, well.as_bytes()).await?;
            } else if upper.starts_with("STARTTLS") {
                self.answer(&mut stream, Point::StartTls, &line, b"220 go on\r\n").await?;
                return Some(stream);
            } else if upper.starts_with("AUTH") {
                self.answer(&mut stream, Point::Auth, &line, b"235 2.7.0 welcome\r\n").await?;
            } else if upper.starts_with("MAIL") {
                path().clone_into(&mut from);
                to.clear();
                has_sender = self.answer(&mut stream, Point::Mail, &line, b"250 2.1.0 sender ok\r\n").await?;
            } else if upper.starts_with("RCPT") {
                let well: &[u8] = if has_sender { b"250 2.1.5 reader ok\r\n" } else { b"503 5.5.1 MAIL first\r\n" };
                if self.answer(&mut stream, Point::Rcpt, &line, well).await? && has_sender {
                    to.push(path().to_owned());
                }
            } else if upper.starts_with("DATA") {
                let well: &[u8] =
                    if to.is_empty() { b"554 5.5.1 no valid recipients\r\n" } else { b"354 go ahead\r\n" };
                if !self.answer(&mut stream, Point::Data, &line, well).await? || to.is_empty() {
                    continue;
                }
                let act = self.act(Point::Body, &line);
                // Who speaks too early hears the rest, and says no more.
                let spoke_early = matches!(act, Act::Say(_));
                if !matches!(act, Act::Well) {
                    stream.read_exact(&mut [0; 20]).await.ok()?;
                    self.perform(&mut stream, act, b"").await?;
                }
                // An empty message is the dot alone: the line end of the command counts as the one before it.
                let data = message(&mut stream, self.end).await?;
                if spoke_early {
                    return None;
                }
                let kept = Kept { from: from.clone(), to: std::mem::take(&mut to), data };
                has_sender = false;
                let act = self.act(Point::Dot, &line);
                let taken = match &act {
                    Act::Say(words) | Act::SayAndDrop(words) => words.starts_with(b"2"),
                    _ => true,
                };
                if taken {
                    self.state.kept.lock().unwrap().push(kept);
                }
                self.perform(&mut stream, act, b"250 2.0.0 queued as 4711\r\n").await?;
            } else if upper.starts_with("RSET") {
                to.clear();
                has_sender = false;
                self.answer(&mut stream, Point::Rset, &line, b"250 forgotten\r\n").await?;
            } else if upper.starts_with("QUIT") {
                self.answer(&mut stream, Point::Quit, &line, b"221 bye\r\n").await?;
                return None;
            } else {
                stream.write_all(b"500 what?\r\n").await.ok()?;
            }
        }
    }

    fn act(&self, point: Point, line: &str) -> Act {
        let mut reached = self.state.reached.lock().unwrap();
        let times = reached.entry(point).or_default();
        *times += 1;
        (self.script)(point, *times - 1, line)
    }

    /// `None`: the connection is over. `Some(false)`: something else was said than a good server says.
    async fn answer<S: AsyncBufRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        point: Point,
        line: &str,
        well: &[u8],
    ) -> Option<bool> {
        let act = self.act(point, line);
        self.perform(stream, act, well).await
    }

    async fn perform<S: AsyncBufRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        act: Act,
        well: &[u8],
    ) -> Option<bool> {
        if let Act::WellAfter(ring) = &act {
            ring.notified().await;
        }
        match act {
            Act::Well | Act::WellAfter(_) => {
                stream.write_all(well).await.ok()?;
                stream.flush().await.ok()?;
                Some(true)
            }
            Act::Say(words) => {
                stream.write_all(&words).await.ok()?;
                stream.flush().await.ok()?;
                Some(words.get(..3) == well.get(..3))
            }
            Act::SayAndDrop(words) => {
                stream.write_all(&words).await.ok()?;
                stream.shutdown().await.ok()?;
                None
            }
            Act::Drip(words, pause) => {
                for octet in &words {
                    tokio::time::sleep(pause).await;
                    stream.write_all(&[*octet]).await.ok()?;
                    stream.flush().await.ok()?;
                }
                Some(words.get(..3) == well.get(..3))
            }
            Act::Drop => None,
            Act::Hang => std::future::pending().await,
            Act::Endless(octets) => {
                let chunk = vec![b'2'; 1 << 16];
                for _ in 0..octets >> 16 {
                    stream.write_all(&chunk).await.ok()?;
                }
                std::future::pending().await
            }
        }
    }
}

/// Reads to the right end or to `end`; it is taken away.
async fn message<S: AsyncBufRead + Unpin>(stream: &mut S, end: &[u8]) -> Option<Vec<u8>> {
    if end == RIGHT {
        return until(stream, RIGHT).await;
    }
    let mut octets = Vec::new();
    loop {
        octets.push(stream.read_u8().await.ok()?);
        if let Some(end) = [RIGHT, end].into_iter().find(|end| octets.ends_with(end)) {
            octets.truncate(octets.len() - end.len());
            return Some(octets);
        }
    }
}

/// Reads to `end` (which ends in LF); it is taken away.
async fn until<S: AsyncBufRead + Unpin>(stream: &mut S, end: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    while !octets.ends_with(end) {
        if stream.read_until(b'\n', &mut octets).await.ok()? == 0 {
            return None;
        }
    }
    octets.truncate(octets.len() - end.len());
    Some(octets)
}
