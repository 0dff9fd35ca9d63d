//! The socket below `lettre`: it says the message before what `lettre` says, counts what was handed over, keeps back what may not be said
//! any more, hears what the server offers, and makes replies readable that `lettre` cannot parse (text that is not UTF-8, `250` with
//! nothing behind it, bare LF, lines without end).

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::rope::Rope;
use crate::sabotage::point;

/// More of a reply's line than this is thrown away (RFC 5321 §4.5.3.1.5 allows 512 octets).
const LINE: usize = 900;

/// So many pieces are handed over at once.
const PIECES: usize = 32;

/// TCP, or TLS over it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// What both sides have said so far. Readable while `lettre` owns the stream.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Said>);

#[derive(Debug)]
struct Said {
    written: AtomicU64,
    rules: Mutex<Rules>,
}

/// What is to be done with what is said.
#[derive(Debug)]
struct Rules {
    lead: Option<Lead>,
    held: Option<Held>,
    stop: Option<Stop>,
    /// Lines of the answer to EHLO; `None` once they were taken.
    offers: Option<Vec<String>>,
}

/// A message that is said before anything else.
#[derive(Debug, Clone)]
struct Lead {
    /// Offset of its first octet.
    from: u64,
    text: Arc<Rope>,
}

/// Words that may be said for a while only.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Offset of their first octet.
    from: u64,
    until: Instant,
    /// Nothing else is written before them.
    alone: bool,
    /// It was too late for them: none was said.
    late: bool,
}

/// Where writing stands still.
#[derive(Debug)]
struct Stop {
    /// Offset of the first octet that is not said.
    at: u64,
    /// It never will be.
    for_good: bool,
    /// Who writes.
    waits: Option<Waker>,
}

impl Watch {
    fn new() -> Self {
        let rules = Mutex::new(Rules { lead: None, held: None, stop: None, offers: Some(Vec::new()) });
        Self(Arc::new(Said { written: AtomicU64::new(0), rules }))
    }

    /// What is written next goes behind `text`, and leaves with it: as it is, for nobody copies a message. What led before has been said.
    pub fn lead(&self, text: Arc<Rope>) {
        let from = self.written();
        self.rules().lead = Some(Lead { from, text });
    }

    /// That, and how much of it was said.
    fn leading(&self) -> Option<(Arc<Rope>, usize)> {
        self.rules().lead.as_ref().map(|lead| (Arc::clone(&lead.text), between(lead.from, self.written())))
    }

    /// So many octets more were taken.
    fn wrote(&self, octets: usize) {
        let all = self.0.written.fetch_add(octets as u64, Ordering::SeqCst) + octets as u64;
        // A connection that waits keeps no message.
        self.rules().lead.take_if(|lead| between(lead.from, all) >= lead.text.len());
    }

    /// Writing stands still before the offset `at` until [`Watch::go_on`].
    pub fn stop(&self, at: u64) {
        self.rules().stop = Some(Stop { at, for_good: false, waits: None });
    }

    /// Writing goes on, or fails.
    pub fn go_on(&self, may: bool) {
        let mut rules = self.rules();
        let waits = rules.stop.as_mut().and_then(|stop| {
            stop.for_good = !may;
            stop.waits.take()
        });
        if may {
            rules.stop = None;
        }
        drop(rules);
        if let Some(waits) = waits {
            waits.wake();
        }
    }

    /// How many more octets may be written now; waits where there are none.
    fn goes(&self, cx: &Context<'_>) -> Poll<io::Result<usize>> {
        match &mut self.rules().stop {
            None => Poll::Ready(Ok(usize::MAX)),
            Some(stop) if stop.at > self.written() => Poll::Ready(Ok(between(self.written(), stop.at))),
            Some(Stop { for_good: true, .. }) => Poll::Ready(Err(io::Error::other("it is not to be said"))),
            Some(stop) => {
                stop.waits = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// What is written from the offset `from` on may begin to leave until then only: a server that reads slowly, or a process that
    /// stands still, may make it late. Then it is kept back: see [`Watch::was_late`]. With nothing before it, writing it fails.
    pub fn hold(&self, from: u64, until: Instant) {
        self.rules().held = Some(Held { from, until, alone: from == self.written(), late: false });
    }

    /// Was it kept back? Nothing is held any more.
    pub fn was_late(&self) -> bool {
        self.rules().held.take().is_some_and(|held| held.late)
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Octets that the stream has taken since the connection began.
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::SeqCst)
    }

    /// The lines of the answer to EHLO, each with its code and CRLF. Nothing is listened to any more.
    pub fn offers(&self) -> Vec<String> {
        self.rules().offers.take().unwrap_or_default()
    }

    /// Keywords of EHLO come in any case, and `lettre` knows those of AUTH in capitals only.
    fn hear(&self, line: &mut str) {
        if line.starts_with("250")
            && let Some(lines) = self.rules().offers.as_mut()
        {
            line.make_ascii_uppercase();
            lines.push(line.to_owned());
        }
    }
}

/// Octets from one offset to another; none where that is not behind it.
fn between(from: u64, to: u64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)
}

/// See the module.
pub struct Wire {
    stream: Box<dyn Stream>,
    /// It takes more than the socket does, as TLS does.
    buffers: bool,
    peer: SocketAddr,
    watch: Watch,
    /// The line being received.
    line: Vec<u8>,
    /// Whole lines that `lettre` has not read yet, from `read` on.
    lines: Vec<u8>,
    read: usize,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({})", self.peer)
    }
}

impl Wire {
    /// Wraps `stream`, which `buffers` (takes more than the socket does, as TLS does). `greeting` is read before anything of it: the
    /// greeting that was already read before STARTTLS.
    pub fn new(stream: Box<dyn Stream>, buffers: bool, peer: SocketAddr, greeting: &str) -> Self {
        let lines = greeting.as_bytes().to_vec();
        Self { stream, buffers, peer, watch: Watch::new(), line: Vec::new(), lines, read: 0 }
    }

    /// See [`Watch`].
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    fn take(&mut self, octets: &[u8]) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            let (piece, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |piece| (piece, true));
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if ends {
                let mut line = readable(&self.line);
                self.watch.hear(&mut line);
                self.lines.extend_from_slice(line.as_bytes());
                self.line.clear();
            }
        }
    }
}

/// A line of a reply (without its LF) as `lettre` parses it: three digits, a blank or `-`, text, CRLF. What is no reply is
/// left recognisably so.
pub fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    let text = if text.contains(char::is_control) { text.replace(char::is_control, " ").into() } else { text };
    match text.split_at_checked(3) {
        Some((code, rest)) if code.bytes().all(|byte| byte.is_ascii_digit()) => match rest.chars().next() {
            None => format!("{code} \r\n"),
            Some('-' | ' ') => [&*text, "\r\n"].concat(),
            Some(_) => format!("?{text}\r\n"),
        },
        _ => format!("?{text}\r\n"),
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.read == this.lines.len() {
            this.lines.clear();
            this.read = 0;
            let mut octets = [0; 4096];
            let mut received = ReadBuf::new(&mut octets);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut received))?;
            if received.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            point!("after a read");
            this.take(received.filled());
        }
        let amount = buf.remaining().min(this.lines.len() - this.read);
        buf.put_slice(&this.lines[this.read..this.read + amount]);
        this.read += amount;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        loop {
            point!("before a write");
            let mut most = match this.watch.goes(cx) {
                Poll::Ready(goes) => goes?,
                Poll::Pending => {
                    // What is before it arrives.
                    ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
                    return Poll::Pending;
                }
            };
            let lead = this.watch.leading();
            let held = this.watch.rules().held;
            if let Some(mut held) = held.filter(|held| held.from >= this.watch.written()) {
                let before = between(this.watch.written(), held.from);
                if before == 0 && this.buffers {
                    ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
                }
                let late = Instant::now() >= held.until;
                if before == 0 && late {
                    held.late = true;
                    this.watch.rules().held = Some(held);
                    let nothing = || Err(io::Error::new(io::ErrorKind::TimedOut, "it was too late to say it"));
                    return Poll::Ready(if held.alone { nothing() } else { Ok(octets.len().min(most)) });
                }
                if before > 0 && (late || this.buffers) {
                    most = most.min(before);
                }
            }
            let left = lead.as_ref().map_or(0, |(text, at)| text.len() - at);
            let pieces = lead.iter().flat_map(|(text, at)| text.rest(*at)).chain([octets]);
            let mut slices = [IoSlice::new(&[]); PIECES];
            let mut count = 0;
            for (slice, piece) in slices.iter_mut().zip(pieces) {
                let piece = &piece[..piece.len().min(most)];
                most -= piece.len();
                *slice = IoSlice::new(piece);
                count += 1;
            }
            let taken = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, &slices[..count]))?;
            point!("after a write");
            this.watch.wrote(taken);
            if taken == 0 || taken > left {
                return Poll::Ready(Ok(taken.saturating_sub(left)));
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    /// What a server reads that begins `after` so long, where its socket takes 16 octets, and whether the second half was kept back.
    async fn read(buffers: bool, first: &'static str, after: Duration) -> (String, bool, bool) {
        let (ours, mut theirs) = duplex(16);
        let mut wire = Wire::new(Box::new(ours), buffers, ([127, 0, 0, 1], 25).into(), "");
        let watch = wire.watch();
        watch.hold(first.len() as u64, Instant::now() + Duration::from_millis(250));
        // The message leads.
        let (message, end) = first.split_at(first.len().saturating_sub(3));
        watch.lead(Arc::new(message.into()));
        let words = format!("{end}MAIL FROM:<a@b.c>");
        let writing = tokio::spawn(async move { wire.write_all(words.as_bytes()).await.is_ok() });
        tokio::time::sleep(after).await;
        let mut all = String::new();
        theirs.read_to_string(&mut all).await.unwrap();
        (all, writing.await.unwrap(), watch.was_late())
    }

    #[tokio::test]
    async fn what_is_too_late_is_kept_back() {
        const BODY: &str = "a body that is longer than what the socket takes at once\r\n.\r\n";
        let (soon, late) = (Duration::from_millis(100), Duration::from_millis(300));
        for buffers in [false, true] {
            let said = format!("{BODY}MAIL FROM:<a@b.c>");
            assert_eq!(read(buffers, BODY, soon).await, (said, true, false), "{buffers}");
            assert_eq!(read(buffers, BODY, late).await, (BODY.to_owned(), true, true), "{buffers}");
            // What has begun is said to its end.
            assert_eq!(read(buffers, "", late).await, ("MAIL FROM:<a@b.c>".to_owned(), true, false), "{buffers}");
        }
        let (ours, mut theirs) = duplex(16);
        let mut wire = Wire::new(Box::new(ours), false, ([127, 0, 0, 1], 25).into(), "");
        let watch = wire.watch();
        watch.hold(0, Instant::now());
        assert!(wire.write_all(b"MAIL").await.is_err() && watch.was_late() && !watch.was_late());
        wire.write_all(b"NOOP").await.unwrap();
        drop(wire);
        let mut all = String::new();
        theirs.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "NOOP");
    }

    #[tokio::test]
    async fn a_message_leads_in_however_many_pieces() {
        for (count, room) in
            [(0, 16), (1, 16), (PIECES - 1, 1024), (PIECES, 1024), (PIECES + 1, 1024), (99, 1024), (99, 1)]
        {
            let (ours, mut theirs) = duplex(room);
            let mut wire = Wire::new(Box::new(ours), false, ([127, 0, 0, 1], 25).into(), "");
            let mut message = Rope::default();
            (0..count).for_each(|at| message.share(&at.to_string().into()));
            let expected = format!("{message}.\r\nMAIL");
            wire.watch().lead(Arc::new(message));
            let writing = tokio::spawn(async move {
                wire.write_all(b".\r\n").await.unwrap();
                wire.write_all(b"MAIL").await.unwrap();
                wire.watch().written()
            });
            let mut all = String::new();
            theirs.read_to_string(&mut all).await.unwrap();
            assert_eq!(
                (all.as_str(), writing.await.unwrap()),
                (expected.as_str(), expected.len() as u64),
                "{count} {room}"
            );
        }
    }

    #[tokio::test]
    async fn writing_stands_still_where_it_is_told_to() {
        for case in 0..8 {
            let (buffers, may, leads) = (case & 1 > 0, case & 2 > 0, case & 4 > 0);
            let (ours, mut theirs) = duplex(16);
            let mut wire = Wire::new(Box::new(ours), buffers, ([127, 0, 0, 1], 25).into(), "");
            let watch = wire.watch();
            watch.stop(20);
            if leads {
                watch.lead(Arc::new("twenty octets before".into()));
            }
            let words = if leads { "." } else { "twenty octets before." };
            let writing = tokio::spawn(async move { wire.write_all(words.as_bytes()).await.is_ok() });
            let mut before = [0; 20];
            theirs.read_exact(&mut before).await.unwrap();
            assert!(&before == b"twenty octets before" && !writing.is_finished());
            watch.go_on(may);
            assert_eq!(writing.await.unwrap(), may, "{buffers}");
            let mut rest = String::new();
            theirs.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, if may { "." } else { "" }, "{buffers}");
        }
    }

    #[test]
    fn replies_become_readable_and_garbage_stays_garbage() {
        assert_eq!(readable(b"250"), "250 \r\n");
        assert_eq!(readable(b"250\r"), "250 \r\n");
        assert_eq!(readable(b"250-SIZE 1\r"), "250-SIZE 1\r\n");
        assert!(readable(b"550 \xd3\xc3\xbb\xa7\r").starts_with("550 "), "GBK");
        assert_eq!(readable(b"2500 x"), "?2500 x\r\n");
        assert_eq!(readable(b"250\tok"), "250 ok\r\n");
        assert_eq!(readable("é50 x".as_bytes()), "?é50 x\r\n");
        assert_eq!(readable(b"HTTP/1.1 400"), "?HTTP/1.1 400\r\n");
        assert_eq!(readable(b""), "?\r\n");
    }
}
