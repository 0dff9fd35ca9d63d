//! One conversation with a relay: `lettre` writes and reads, the order and the meaning are ours.
//!
//! Where the relay offers PIPELINING (RFC 2920), MAIL, RCPT and DATA go in one write, and those of the next mail together
//! with the end of the message before: one round trip a mail. Every reply is read, whatever the one before it said.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use memchr::memmem;
use tokio::time::Instant;

use super::connect::{Failed, Relay};
use super::offers::{Offers, xtext};
use super::reply::{self, Refusal};
use super::transport::{Ahead, Attempt, Gate, Limits, Mail, Stage};
use super::wire::Watch;
use super::{Pipelining, Timeouts};
use crate::delivery::{Outcome, Verdict};
use crate::rope::Rope;

/// Servers change behind a name, and some count the age of connections: after this long a new one is made.
const OLDEST: Duration = Duration::from_mins(5);

/// A connection that has said EHLO and, where asked for, logged in.
pub struct Session {
    connection: AsyncSmtpConnection,
    watch: Watch,
    offers: Offers,
    timeouts: Timeouts,
    pipelining: Pipelining,
    since: Instant,
    mails: usize,
    most: usize,
    /// The server may still hold a sender and a reader of the last transaction.
    open_transaction: bool,
    in_step: bool,
    begun: bool,
}

/// The end of a message (RFC 5321 §4.1.1.4).
const DOT: &str = ".\r\n";

/// How far a transaction came.
struct Progress {
    stage: Stage,
    /// The final dot has left when so many octets have.
    dot_at: u64,
}

impl Session {
    /// Connects, says EHLO and logs in.
    pub async fn open(relay: &Relay, limits: &Limits) -> Result<Self, Failed> {
        let wire = relay.connect(limits).await?;
        let watch = wire.watch();
        let timeouts = relay.timeouts.clone();
        let hello = ClientId::Domain(relay.hello.clone());
        let mut connection = limits
            .step(timeouts.command, AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello))
            .await
            .map_err(|text| (Stage::Hello, Refusal::lost(text)))?
            .map_err(|error| (Stage::Hello, error.into()))?;
        let offers = Offers::read(&watch.offers());
        if let Some((user, password)) = &relay.settings.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            limits
                .step(timeouts.command, connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials))
                .await
                .map_err(|text| (Stage::Login, Refusal::lost(text)))?
                .map_err(|error| (Stage::Login, error.into()))?;
        }
        Ok(Self {
            connection,
            watch,
            pipelining: if offers.pipelining { relay.pipelining } else { Pipelining::Off },
            offers,
            timeouts,
            since: Instant::now(),
            mails: 0,
            most: relay.most,
            open_transaction: false,
            in_step: true,
            begun: false,
        })
    }

    /// May another mail be sent on it?
    pub fn in_step(&self) -> bool {
        self.in_step
    }

    /// Has it neither served its number of mails nor its time?
    pub fn has_room(&self) -> bool {
        self.mails < self.most && self.since.elapsed() < OLDEST
    }

    /// Can the next mail's MAIL travel with the end of a message?
    pub fn goes_ahead(&self) -> bool {
        self.pipelining == Pipelining::Full && self.in_step
    }

    /// Was MAIL of the next mail said already? Then nothing else can be said before that mail.
    pub fn has_begun(&self) -> bool {
        self.begun && self.in_step
    }

    /// One mail, one transaction. With room for one more, `ahead` is begun at its end, if its gate is open then: its own
    /// attempt has to follow on this session. Afterwards see [`Session::in_step`] and [`Session::has_begun`].
    pub async fn attempt<G: Gate>(
        &mut self,
        mail: &Mail<'_>,
        gate: &G,
        ahead: Option<Ahead<'_, G>>,
        limits: &Limits,
    ) -> Attempt {
        self.mails += 1;
        let mut progress = Progress { stage: Stage::Mail, dot_at: u64::MAX };
        match self.transaction(mail, gate, ahead, limits, &mut progress).await {
            Ok(response) => Attempt {
                stage: progress.stage,
                outcome: Outcome {
                    verdict: Verdict::Accepted,
                    code: response.code().into(),
                    text: reply::one_line(&response.message().collect::<Vec<_>>().join(" ")),
                },
            },
            Err(refusal) => {
                self.in_step &= !refusal.is_lost() || refusal.verdict == Some(Verdict::Unwanted);
                reply::attempt(progress.stage, &refusal, self.watch.written() >= progress.dot_at)
            }
        }
    }

    async fn transaction<G: Gate>(
        &mut self,
        mail: &Mail<'_>,
        gate: &G,
        ahead: Option<Ahead<'_, G>>,
        limits: &Limits,
        progress: &mut Progress,
    ) -> Result<Response, Refusal> {
        if std::mem::take(&mut self.begun) {
            self.replies(None, limits, &mut progress.stage).await?;
        } else {
            let [sender, reader] = self.envelope(mail).map_err(|(stage, refusal)| {
                progress.stage = stage;
                refusal
            })?;
            if std::mem::take(&mut self.open_transaction) {
                self.say(limits, self.timeouts.command, "RSET\r\n").await?;
            }
            let is_grouped = self.pipelining != Pipelining::Off;
            let words = if is_grouped { format!("{sender}{reader}DATA\r\n") } else { sender };
            let said = self.begin(&words, gate, limits).await?;
            self.open_transaction = true;
            if is_grouped {
                self.replies(Some(said), limits, &mut progress.stage).await?;
            } else {
                said?;
                progress.stage = Stage::Rcpt;
                self.say(limits, self.timeouts.command, reader).await?;
                progress.stage = Stage::Data;
                expect(self.say(limits, self.timeouts.data, "DATA\r\n").await?, 354)?;
            }
        }
        // A server may take its time for these replies, and the message before it for its own.
        let until = match limits.pass(gate).await {
            Ok(until) => until,
            Err(refusal) => {
                // It waits for a message that does not come.
                self.in_step = false;
                return Err(refusal);
            }
        };
        progress.stage = Stage::Dot;
        let text = dotted(mail.text);
        let end = self.watch.written() + text.len() as u64;
        progress.dot_at = end + DOT.len() as u64;
        let mut words = DOT.to_owned();
        let watch = self.watch.clone();
        watch.stop(end);
        watch.lead(text);
        if let Some(Ahead { mail, gate }) = ahead
            && self.goes_ahead()
            && self.has_room()
            && let Ok([sender, reader]) = self.envelope(mail)
            // Whatever is wrong there is said when its turn comes.
            && let Ok(until) = limits.pass(gate).await
        {
            self.begun = true;
            // The server may take its time to read the message.
            self.watch.hold(progress.dot_at, until);
            words.extend([&sender, &reader, "DATA\r\n"]);
        }
        // The server reads the message while it is not known yet whether that may end.
        let ends = async {
            let may = may_end(gate, until, limits).await;
            watch.go_on(may.is_ok());
            may
        };
        let (may, said) = tokio::join!(ends, self.say(limits, self.timeouts.body + self.timeouts.dot, words));
        self.begun &= !self.watch.was_late();
        if let Err(refusal) = may {
            self.in_step = false;
            return Err(refusal);
        }
        let response = expect(said?, 250)?;
        self.open_transaction = self.begun;
        Ok(response)
    }

    /// `words`, which begin with MAIL, and the reply to that. The error is the gate's: nothing was said.
    async fn begin<G: Gate>(
        &mut self,
        words: &str,
        gate: &G,
        limits: &Limits,
    ) -> Result<Result<Response, Refusal>, Refusal> {
        loop {
            let until = limits.pass(gate).await?;
            self.watch.hold(self.watch.written(), until);
            let said = self.say(limits, self.timeouts.command, words).await;
            if !self.watch.was_late() {
                return Ok(said);
            }
        }
    }

    /// The three replies to MAIL, RCPT and DATA that were written together; `first`, where it was heard already. All are read: after a
    /// refusal the others say nothing new, but they come (RFC 2920 §3.1).
    async fn replies(
        &mut self,
        first: Option<Result<Response, Refusal>>,
        limits: &Limits,
        stage: &mut Stage,
    ) -> Result<(), Refusal> {
        let Timeouts { command, data, .. } = self.timeouts;
        let mut first = first;
        let mut refused = None;
        for (at, limit) in [(Stage::Mail, command), (Stage::Rcpt, command), (Stage::Data, data)] {
            let reply = match first.take() {
                Some(reply) => reply,
                None => self.hear(limits, limit).await,
            };
            if refused.is_none() {
                *stage = at;
            }
            let reply = if at == Stage::Data { reply.and_then(|reply| expect(reply, 354)) } else { reply };
            match (reply, &refused) {
                (Ok(_), None) => {}
                // It waits for a message that is for nobody. RFC 2920 lets us send an empty one; servers are known that would
                // not throw it away. So it gets none, and the connection goes.
                (Ok(_), Some(_)) => self.in_step &= at != Stage::Data,
                (Err(refusal), _) => {
                    // 503 is the right answer to what follows a refusal.
                    let lost = refusal.is_lost() && !(refusal.code == 503 && refused.is_some());
                    refused.get_or_insert(refusal);
                    if lost {
                        self.in_step = false;
                        break;
                    }
                }
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// MAIL and RCPT, with the parameters that the server knows.
    fn envelope(&self, mail: &Mail<'_>) -> Result<[String; 2], Failed> {
        let Mail { from, to, text: message, message_id, .. } = *mail;
        let offers = &self.offers;
        let utf8 = !to.is_ascii() || !from.is_ascii();
        if utf8 && !offers.smtputf8 {
            let text = "the relay takes no addresses beyond ASCII (SMTPUTF8)";
            return Err((Stage::Rcpt, Refusal::unfit(text)));
        }
        if let Some(most) = offers.most.filter(|most| message.len() > *most) {
            let text = format!("the mail has {} octets, and the relay takes no more than {most}", message.len());
            return Err((Stage::Data, Refusal::later(552, text)));
        }
        let mut sender =
            format!("MAIL FROM:<{}>", path(from).map_err(|refusal| (Stage::Mail, Refusal::ours(refusal.text)))?);
        let mut reader = format!("RCPT TO:<{}>", path(to).map_err(|refusal| (Stage::Rcpt, refusal))?);
        if offers.size {
            let _ = write!(sender, " SIZE={}", message.len());
        }
        if utf8 {
            sender.push_str(" SMTPUTF8");
            if offers.eight_bit && !message.pieces().all(str::is_ascii) {
                sender.push_str(" BODY=8BITMIME");
            }
        } else if offers.dsn {
            // RFC 3461: a notice of failure only, with the header of the mail, and with names that we know it by.
            let id: String = message_id.split('@').next().unwrap_or_default().chars().take(60).collect();
            let _ = write!(sender, " RET=HDRS ENVID={}", xtext(&id));
            let _ = write!(reader, " NOTIFY=FAILURE ORCPT=rfc822;{}", xtext(to));
        }
        Ok([sender + "\r\n", reader + "\r\n"])
    }

    /// One or more commands, and the reply to the first.
    async fn say(
        &mut self,
        limits: &Limits,
        limit: Duration,
        command: impl std::fmt::Display,
    ) -> Result<Response, Refusal> {
        Ok(limits.step(limit, self.connection.command(command)).await.map_err(Refusal::lost)??)
    }

    /// The next reply.
    async fn hear(&mut self, limits: &Limits, limit: Duration) -> Result<Response, Refusal> {
        Ok(limits.step(limit, self.connection.read_response()).await.map_err(Refusal::lost)??)
    }

    /// Says goodbye; a server that does not answer soon is left.
    pub async fn quit(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.connection.command("QUIT\r\n")).await;
    }
}

/// Waits until the message may end that `gate` let out: if that takes longer than `until`, the gate is asked once more.
async fn may_end(gate: &impl Gate, until: Instant, limits: &Limits) -> Result<(), Refusal> {
    if !gate.may_end().await {
        return Err(Refusal::ours("what became of the mail before it could not be recorded"));
    }
    if Instant::now() >= until {
        limits.pass(gate).await?;
    }
    Ok(())
}

fn expect(response: Response, code: u16) -> Result<Response, Refusal> {
    let said = response.code().into();
    if said == code {
        return Ok(response);
    }
    Err(Refusal::said(said, format!("out of step: {said} where {code} was due")))
}

/// An address as it may stand between angle brackets. Addresses are checked where they come in; this keeps a fault
/// there from becoming a command of its own here.
fn path(address: &str) -> Result<&str, Refusal> {
    let wrong = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
    if address.is_empty() || address.contains(wrong) {
        return Err(Refusal::unfit("the address cannot be written in an SMTP command"));
    }
    Ok(address)
}

/// The message with its dots doubled (RFC 5321 §4.5.2), and a line end at its own.
fn dotted(message: &Arc<Rope>) -> Arc<Rope> {
    // Most need neither. The last octets so far: it begins as a line does.
    let mut end = (b'\r', b'\n');
    let dots = message.rest(0).any(|piece| {
        let begins = end.1 == b'\n' && piece[0] == b'.';
        end = piece[piece.len().saturating_sub(2)..].iter().fold(end, |(_, last), byte| (last, *byte));
        begins || memmem::find(piece, b"\n.").is_some()
    });
    if !dots && end == (b'\r', b'\n') {
        return Arc::clone(message);
    }
    let mut out = String::with_capacity(message.len() + 64);
    for line in message.to_string().split_inclusive('\n') {
        if line.starts_with('.') {
            out.push('.');
        }
        out.push_str(line);
    }
    if !out.ends_with("\r\n") {
        out.push_str("\r\n");
    }
    Arc::new(Rope::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_doubled_and_the_end_is_added() {
        let dotted = |text: &str| dotted(&Arc::new(Rope::from(text))).to_string();
        assert_eq!(dotted(".a\r\n.\r\n..b\r\nc.\r\n"), "..a\r\n..\r\n...b\r\nc.\r\n");
        assert_eq!(dotted("a"), "a\r\n");
        assert_eq!(dotted("a.\r\n"), "a.\r\n");
        // Also where pieces meet.
        for (first, then, expected) in
            [("a\r\n", ".\r\n", "a\r\n..\r\n"), ("a", ".\r\n", "a.\r\n"), ("a\r", "\n", "a\r\n")]
        {
            let mut rope = Rope::from(first);
            rope.share(&then.into());
            assert_eq!(super::dotted(&Arc::new(rope)).to_string(), expected);
        }
    }

    #[test]
    fn no_address_becomes_a_command() {
        for address in ["", "a@x\r\nDATA", "a@x>", "a b@x", "a@x\0"] {
            assert!(path(address).is_err(), "{address:?}");
        }
    }
}
