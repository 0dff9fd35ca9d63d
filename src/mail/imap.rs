//! A mailbox looked into by IMAP (RFC 3501): the seven commands that this takes, over TLS from the first byte only.
//!
//! What is taken out is deleted for good, one by one, by its UID, and only when the caller says that it is done with it.
//! Everything else stays as it is, with a keyword so that it is not looked at again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::connect::client_config;

/// Where a mailbox is. Holds a password: no `Debug`.
#[derive(Clone)]
pub struct Mailbox {
    /// Name of the server.
    pub host: String,
    /// 993, where nothing else is said.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// With what.
    pub password: String,
    /// Name of the folder, in ASCII (RFC 3501 §5.1.3 writes other letters so).
    pub folder: String,
    /// PEM certificates that are trusted besides the system's.
    pub trusted: Option<String>,
}

/// An open folder.
pub struct Session {
    stream: BufReader<TlsStream<TcpStream>>,
    tag: u32,
    /// RFC 4315: can single messages be expunged?
    uidplus: bool,
    /// Can messages be marked with a keyword of ours?
    keywords: bool,
}

/// One response: its text with `{}` where literals were, and the literals.
#[derive(Debug, Default)]
struct Response {
    text: String,
    literals: Vec<Vec<u8>>,
}

/// For each step with the server.
const PATIENCE: Duration = Duration::from_mins(1);
/// Octets of a response's text, and of a literal: more is none that we asked for.
const LINE: u64 = 1 << 20;
const LITERAL: usize = 8 << 20;
/// Marks what was looked at and left alone.
const SEEN: &str = "PostriderSeen";

/// A step, at most [`PATIENCE`]; the error is for people.
async fn step<T>(what: &str, done: impl Future<Output = io::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, done).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{what}: {error}")),
        Err(_) => Err(format!("{what}: no answer within {} s", PATIENCE.as_secs())),
    }
}

impl Session {
    /// Connects, logs in and opens the folder.
    pub async fn open(mailbox: &Mailbox) -> Result<Self, String> {
        let connector = TlsConnector::from(Arc::new(client_config(mailbox.trusted.as_deref())?));
        let name = ServerName::try_from(mailbox.host.clone())
            .map_err(|_| format!("`{}` is no name that a certificate can have", mailbox.host))?;
        let tcp = step("connecting", TcpStream::connect((mailbox.host.as_str(), mailbox.port))).await?;
        let stream = step("TLS", connector.connect(name, tcp)).await?;
        let mut session = Self { stream: BufReader::new(stream), tag: 0, uidplus: false, keywords: false };
        let greeting = step("the greeting", session.response()).await?;
        if !greeting.text.starts_with("* OK") {
            return Err(format!("the greeting: {}", greeting.text));
        }
        step("logging in", session.log_in(&mailbox.user, &mailbox.password)).await?;
        let can = step("asking what it can", session.command("CAPABILITY")).await?;
        session.uidplus = can.iter().any(|line| line.text.to_ascii_uppercase().contains("UIDPLUS"));
        // Checked by the configuration to be plain.
        let select = format!("SELECT \"{}\"", mailbox.folder);
        let folder = step("opening the folder", session.command(&select)).await?;
        session.keywords = folder.iter().any(|line| line.text.contains("PERMANENTFLAGS") && line.text.contains("\\*"));
        Ok(session)
    }

    /// UIDs of what was not looked at yet, oldest first.
    pub async fn new_messages(&mut self) -> Result<Vec<u32>, String> {
        let mut query = "UID SEARCH UNDELETED".to_owned();
        if self.keywords {
            query = format!("{query} UNKEYWORD {SEEN}");
        }
        let found = step("searching", self.command(&query)).await?;
        let mut uids: Vec<u32> = found
            .iter()
            .filter_map(|line| line.text.strip_prefix("* SEARCH"))
            .flat_map(|line| line.split_ascii_whitespace().filter_map(|uid| uid.parse().ok()))
            .collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// The first `most` octets of a message, without marking it as read. `None`: somebody took it away.
    pub async fn fetch(&mut self, uid: u32, most: usize) -> Result<Option<Vec<u8>>, String> {
        let query = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{most}>)");
        let found = step("reading a message", self.command(&query)).await?;
        let ours = found.into_iter().find(|line| {
            let mut words = line.text.split([' ', '(', ')']);
            words.any(|word| word == "FETCH")
                && words.skip_while(|word| *word != "UID").nth(1) == Some(&uid.to_string())
        });
        Ok(ours.map(|line| line.literals.into_iter().next().unwrap_or_default()))
    }

    /// Deletes a message for good.
    pub async fn delete(&mut self, uid: u32) -> Result<(), String> {
        step("deleting a message", self.command(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"))).await?;
        // Without UIDPLUS an expunge would take away what others have marked, too: it is left to them.
        if self.uidplus {
            step("deleting a message", self.command(&format!("UID EXPUNGE {uid}"))).await?;
        }
        Ok(())
    }

    /// Leaves a message where it is, and does not look at it again.
    pub async fn leave(&mut self, uid: u32) -> Result<(), String> {
        if self.keywords {
            step("marking a message", self.command(&format!("UID STORE {uid} +FLAGS.SILENT ({SEEN})"))).await?;
        }
        Ok(())
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        let _ = step("leaving", self.command("LOGOUT")).await;
    }

    /// Both as literals, which need no quoting whatever they hold.
    async fn log_in(&mut self, user: &str, password: &str) -> io::Result<()> {
        self.tag += 1;
        self.write(format!("a{} LOGIN {{{}}}\r\n", self.tag, user.len()).as_bytes()).await?;
        for (word, next) in [(user, format!(" {{{}}}\r\n", password.len())), (password, "\r\n".to_owned())] {
            self.go_on().await?;
            self.write(&[word.as_bytes(), next.as_bytes()].concat()).await?;
        }
        self.end().await.map(drop)
    }

    /// Waits until the server wants the literal.
    async fn go_on(&mut self) -> io::Result<()> {
        loop {
            let line = self.response().await?;
            if line.text.starts_with('+') {
                return Ok(());
            } else if !line.text.starts_with('*') {
                return Err(io::Error::other(line.text));
            }
        }
    }

    /// One command; what was said before its end.
    async fn command(&mut self, command: &str) -> io::Result<Vec<Response>> {
        self.tag += 1;
        self.write(format!("a{} {command}\r\n", self.tag).as_bytes()).await?;
        self.end().await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Responses up to the one that ends the last command; an error when that is not OK.
    async fn end(&mut self) -> io::Result<Vec<Response>> {
        let tag = format!("a{} ", self.tag);
        let mut said = Vec::new();
        loop {
            let line = self.response().await?;
            match line.text.strip_prefix(&tag) {
                Some(end) if end.starts_with("OK") => return Ok(said),
                Some(end) => return Err(io::Error::other(end.to_owned())),
                None => said.push(line),
            }
        }
    }

    async fn response(&mut self) -> io::Result<Response> {
        let mut out = Response::default();
        loop {
            let mut line = Vec::new();
            (&mut self.stream).take(LINE).read_until(b'\n', &mut line).await?;
            if !line.ends_with(b"\n") {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended"));
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            let Some(length) = literal(line) else {
                out.text.push_str(line);
                return Ok(out);
            };
            if length > LITERAL {
                return Err(io::Error::other("more than was asked for"));
            }
            out.text.push_str(&line[..line.rfind('{').unwrap_or(line.len())]);
            out.text.push_str("{}");
            let mut bytes = vec![0; length];
            self.stream.read_exact(&mut bytes).await?;
            out.literals.push(bytes);
        }
    }
}

/// The length of the literal that `line` announces at its end (RFC 3501 §4.3).
fn literal(line: &str) -> Option<usize> {
    line.strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn literals_are_announced_at_the_end() {
        assert_eq!(literal("* 1 FETCH (UID 5 BODY[]<0> {1234}"), Some(1234));
        for line in ["", "* OK {5} done", "* 1 FETCH (UID 5)", "{-1}", "{x}", "}"] {
            assert_eq!(literal(line), None, "{line}");
        }
    }
}
