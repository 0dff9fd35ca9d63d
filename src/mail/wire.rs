//! The socket below `lettre`: it counts what was handed over, hears what the server offers, and makes replies readable that
//! `lettre` cannot parse (text that is not UTF-8, `250` with nothing behind it, bare LF, lines without end).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::sabotage::point;

/// More of a reply's line than this is thrown away (RFC 5321 §4.5.3.1.5 allows 512 octets).
const LINE: usize = 900;

/// TCP, or TLS over it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// What both sides have said so far. Readable while `lettre` owns the stream.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Said>);

#[derive(Debug)]
struct Said {
    written: AtomicU64,
    /// Lines of the answer to EHLO; `None` once they were taken.
    offers: Mutex<Option<Vec<String>>>,
}

impl Watch {
    fn new() -> Self {
        Self(Arc::new(Said { written: AtomicU64::new(0), offers: Mutex::new(Some(Vec::new())) }))
    }

    /// Octets that the stream has taken since the connection began.
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::SeqCst)
    }

    /// The lines of the answer to EHLO, each with its code and CRLF. Nothing is listened to any more.
    pub fn offers(&self) -> Vec<String> {
        self.0.offers.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// Keywords of EHLO come in any case, and `lettre` knows those of AUTH in capitals only.
    fn hear(&self, line: &mut str) {
        if line.starts_with("250")
            && let Some(lines) = self.0.offers.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        {
            line.make_ascii_uppercase();
            lines.push(line.to_owned());
        }
    }
}

/// See the module.
pub struct Wire {
    stream: Box<dyn Stream>,
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
    /// Wraps `stream`. `greeting` is read before anything of it: the greeting that was already read before STARTTLS.
    pub fn new(stream: Box<dyn Stream>, peer: SocketAddr, greeting: &str) -> Self {
        let lines = greeting.as_bytes().to_vec();
        Self { stream, peer, watch: Watch::new(), line: Vec::new(), lines, read: 0 }
    }

    /// See [`Watch`].
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    fn take(&mut self, octets: &[u8]) {
        for &octet in octets {
            if octet == b'\n' {
                let mut line = readable(&self.line);
                self.watch.hear(&mut line);
                self.lines.extend_from_slice(line.as_bytes());
                self.line.clear();
            } else if self.line.len() < LINE {
                self.line.push(octet);
            }
        }
    }
}

/// A line of a reply (without its LF) as `lettre` parses it: three digits, a blank or `-`, text, CRLF. What is no reply is
/// left recognisably so.
pub fn readable(line: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line))
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match text.split_at_checked(3) {
        Some((code, rest)) if code.bytes().all(|byte| byte.is_ascii_digit()) => match rest.chars().next() {
            None => format!("{code} \r\n"),
            Some('-' | ' ') => format!("{code}{rest}\r\n"),
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
        point!("before a write");
        let taken = ready!(Pin::new(&mut self.stream).poll_write(cx, octets))?;
        point!("after a write");
        self.watch.0.written.fetch_add(taken as u64, Ordering::SeqCst);
        Poll::Ready(Ok(taken))
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
    use super::readable;

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
