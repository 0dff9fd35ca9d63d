//! Mail by LMTP (RFC 2033), from a mail server of ours: an accept loop with limits, one small conversation a connection.
//!
//! A recipient is accepted whatever it is: a refusal would make the mail server send a bounce of a bounce. Its message is
//! answered 250 when the store has it, 451 when the store is away: then the mail server keeps it and comes again.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Envelope, LARGEST, take};
use crate::clock::Clock;
use crate::store::Store;

/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 16;
/// For a command, and for a line of a message.
const PATIENCE: Duration = Duration::from_mins(1);
/// For a whole message.
const MESSAGE_WITHIN: Duration = Duration::from_mins(5);
/// Octets of a command (RFC 5321 §4.5.3.1.4 gives 512; addresses may be longer now).
const COMMAND: usize = 2048;
/// Octets of a message that are read at all; from [`LARGEST`] on they are thrown away.
const MESSAGE: usize = 64 * 1024 * 1024;
/// RFC 5321 §4.5.3.1.8
const RECIPIENTS: usize = 100;
/// Commands that are none, before the connection is ended.
const MISTAKES: usize = 10;

/// A socket that is listened on and not yet served.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Takes `listen` (`127.0.0.1:2424`). The error is for people.
    pub async fn bind(listen: &str) -> Result<Self, String> {
        let socket = TcpListener::bind(listen).await;
        socket.map(Self).map_err(|error| format!("cannot listen on `{listen}` (`mail.inbox.lmtp`): {error}"))
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.0.local_addr()
    }

    /// Takes mail until `cancel`; then conversations that are between two messages end, and those within one go on to
    /// its answer.
    pub async fn run(self, store: Store, clock: Clock, cancel: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut talks = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = cancel.cancelled() => break,
                _ = talks.join_next(), if !talks.is_empty() => continue,
                accepted = accept(&self.0, &places) => accepted,
            };
            match accepted {
                Ok((stream, place)) => {
                    let talk = Talk { store: store.clone(), clock: clock.clone(), cancel: cancel.clone() };
                    talks.spawn(async move {
                        // Its errors are the other side's doing, and it will come again.
                        let _ = talk.serve(BufStream::new(stream)).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    warn!(%error, "a connection with mail could not be accepted");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
        drop(self.0);
        while talks.join_next().await.is_some() {}
    }
}

async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = socket.accept().await?;
    Ok((stream, place))
}

struct Talk {
    store: Store,
    clock: Clock,
    cancel: CancellationToken,
}

type Stream = BufStream<TcpStream>;

impl Talk {
    async fn serve(&self, mut stream: Stream) -> std::io::Result<()> {
        say(&mut stream, "220 postrider LMTP").await?;
        let mut envelope: Option<Envelope> = None;
        let mut greeted = false;
        let mut mistakes = 0;
        while mistakes < MISTAKES {
            let line = tokio::select! {
                () = self.cancel.cancelled() => return say(&mut stream, "421 4.3.2 going away").await,
                line = command(&mut stream) => line?,
            };
            let Some(line) = line else {
                mistakes += 1;
                say(&mut stream, "500 5.5.2 the line is too long").await?;
                continue;
            };
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let reply = match (verb.as_str(), &mut envelope) {
                ("LHLO", _) => {
                    greeted = true;
                    "250-postrider\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SMTPUTF8"
                }
                ("MAIL", _) if !greeted => "503 5.5.1 LHLO comes first",
                ("MAIL", None) => match path(&line, "FROM:") {
                    Some(sender) => {
                        envelope = Some(Envelope { sender: Some(sender), recipients: Vec::new() });
                        "250 2.1.0 ok"
                    }
                    None => "501 5.5.4 MAIL FROM:<address>",
                },
                ("MAIL", Some(_)) => "503 5.5.1 one mail at a time",
                ("RCPT", Some(envelope)) if envelope.recipients.len() >= RECIPIENTS => "452 4.5.3 too many recipients",
                ("RCPT", Some(envelope)) => match path(&line, "TO:") {
                    Some(recipient) => {
                        envelope.recipients.push(recipient);
                        "250 2.1.5 ok"
                    }
                    None => "501 5.5.4 RCPT TO:<address>",
                },
                ("DATA", Some(open)) if !open.recipients.is_empty() => {
                    say(&mut stream, "354 end with a dot").await?;
                    let message = tokio::time::timeout(MESSAGE_WITHIN, message(&mut stream)).await??;
                    let whole = envelope.take().unwrap_or_default();
                    self.answer(&mut stream, &whole, &message).await?;
                    continue;
                }
                ("RCPT" | "DATA", _) => "503 5.5.1 MAIL and RCPT come first",
                ("RSET", _) => {
                    envelope = None;
                    "250 2.0.0 ok"
                }
                ("NOOP", _) => "250 2.0.0 ok",
                ("VRFY", _) => "252 2.5.0 send it and see",
                ("QUIT", _) => return say(&mut stream, "221 2.0.0 bye").await,
                ("HELO" | "EHLO", _) => "500 5.5.1 this is LMTP: LHLO",
                _ => "500 5.5.1 no such command",
            };
            mistakes += usize::from(reply.starts_with('5'));
            say(&mut stream, reply).await?;
        }
        say(&mut stream, "421 4.7.0 too many mistakes").await
    }

    /// RFC 2033 §4.2: one reply for each recipient, in order.
    async fn answer(&self, stream: &mut Stream, whole: &Envelope, message: &[u8]) -> std::io::Result<()> {
        for recipient in &whole.recipients {
            let envelope = Envelope { sender: whole.sender.clone(), recipients: vec![recipient.clone()] };
            match take(&self.store, &envelope, message, self.clock.now()).await {
                Ok(_) => say(stream, "250 2.0.0 taken").await?,
                Err(error) => {
                    warn!(%error, "mail that came back could not be recorded; it comes again");
                    say(stream, "451 4.3.0 try again later").await?;
                }
            }
        }
        Ok(())
    }
}

async fn say(stream: &mut Stream, reply: &str) -> std::io::Result<()> {
    let written = async {
        stream.write_all(reply.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
        stream.flush().await
    };
    tokio::time::timeout(PATIENCE, written).await?
}

/// One command without its end; `None`: too long, and read over. An error when the other side is gone or too slow.
async fn command(stream: &mut Stream) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = async { (&mut *stream).take(COMMAND as u64).read_until(b'\n', &mut line).await };
    tokio::time::timeout(PATIENCE, read).await??;
    if line.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    if !line.ends_with(b"\n") {
        if line.len() < COMMAND {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        // The rest of the line is none of ours, and must not be taken for the next one.
        tokio::time::timeout(PATIENCE, over(stream, MESSAGE)).await??;
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}

/// Reads to the line's end and throws it away.
async fn over(stream: &mut Stream, most: usize) -> std::io::Result<()> {
    let mut left = most;
    loop {
        let seen = stream.fill_buf().await?;
        let end = seen.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(seen.len(), |at| at + 1);
        if length == 0 || length > left {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        left -= length;
        stream.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// The message up to its final dot, with its dots undone; only its first [`LARGEST`] octets are kept. A line ends with CRLF
/// alone: a dot between other line ends is text (RFC 5321 §4.1.1.4), so that no message smuggles a second one in.
async fn message(stream: &mut Stream) -> std::io::Result<Vec<u8>> {
    let mut out: Vec<u8> = Vec::new();
    let mut line = Vec::new();
    let mut total = 0;
    let mut fresh = true;
    loop {
        line.clear();
        let most = 64 * 1024;
        let read = async { (&mut *stream).take(most).read_until(b'\n', &mut line).await };
        let length = tokio::time::timeout(PATIENCE, read).await??;
        total += length;
        if length == 0 || total > MESSAGE {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if fresh && line == b".\r\n" {
            return Ok(out);
        }
        let text = if fresh && line.starts_with(b".") { &line[1..] } else { &line[..] };
        let room = LARGEST - out.len();
        out.extend_from_slice(&text[..text.len().min(room)]);
        fresh = line.ends_with(b"\r\n");
    }
}

/// The path behind `FROM:` or `TO:`; what follows it (`BODY=8BITMIME`) is no matter.
fn path(line: &str, word: &str) -> Option<String> {
    let (_, rest) = line.split_once(' ')?;
    let rest = rest.trim_start();
    let rest = rest.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word)).map(|_| &rest[word.len()..])?;
    let (path, _) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    Some(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn paths() {
        assert_eq!(path("MAIL FROM:<>", "FROM:").as_deref(), Some(""));
        assert_eq!(path("mail from: <a@b.example> BODY=8BITMIME", "FROM:").as_deref(), Some("a@b.example"));
        assert_eq!(path("RCPT TO:<b+x@b.example>", "TO:").as_deref(), Some("b+x@b.example"));
        for wrong in ["MAIL", "MAIL FROM", "MAIL FROM:a@b.example", "MAIL FROM:<a", "MAIL TO:<a>", "MAIL é"] {
            assert_eq!(path(wrong, "FROM:"), None, "{wrong}");
        }
    }
}
