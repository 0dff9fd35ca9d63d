//! One conversation with a relay: `lettre` writes and reads, the order and the meaning are ours.

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::transport::smtp::response::Response;

use super::Timeouts;
use super::connect::{Failed, Relay};
use super::reply::{self, Refusal};
use super::transport::{Attempt, Gate, Limits, Mail, Stage};
use super::wire::Written;
use crate::delivery::{Outcome, Verdict};

/// A connection that has said EHLO and, where asked for, logged in.
pub struct Session {
    connection: AsyncSmtpConnection,
    written: Written,
    timeouts: Timeouts,
    mails: usize,
    /// The server may still hold a sender and a reader of the last transaction.
    open_transaction: bool,
    in_step: bool,
}

impl Session {
    /// Connects, says EHLO and logs in.
    pub async fn open(relay: &Relay, limits: &Limits) -> Result<Self, Failed> {
        let wire = relay.connect(limits).await?;
        let written = wire.written();
        let timeouts = relay.timeouts.clone();
        let hello = ClientId::Domain(relay.hello.clone());
        let mut connection = limits
            .step(timeouts.command, AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello))
            .await
            .map_err(|text| (Stage::Hello, Refusal::lost(text)))?
            .map_err(|error| (Stage::Hello, error.into()))?;
        if let Some((user, password)) = &relay.settings.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            limits
                .step(timeouts.command, connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials))
                .await
                .map_err(|text| (Stage::Login, Refusal::lost(text)))?
                .map_err(|error| (Stage::Login, error.into()))?;
        }
        Ok(Self { connection, written, timeouts, mails: 0, open_transaction: false, in_step: true })
    }

    /// May another mail be sent on it?
    pub fn in_step(&self) -> bool {
        self.in_step
    }

    /// How many were attempted on it.
    pub fn mails(&self) -> usize {
        self.mails
    }

    /// One mail, one transaction. Afterwards see [`Session::in_step`].
    pub async fn attempt(&mut self, mail: &Mail<'_>, limits: &Limits, gate: &impl Gate) -> Attempt {
        self.mails += 1;
        let mut stage = Stage::Mail;
        let mut dot_at = u64::MAX;
        match self.transaction(mail, limits, gate, &mut stage, &mut dot_at).await {
            Ok(response) => Attempt {
                stage,
                outcome: Outcome {
                    verdict: Verdict::Accepted,
                    code: response.code().into(),
                    text: reply::one_line(&response.message().collect::<Vec<_>>().join(" ")),
                },
            },
            Err(refusal) => {
                // Without a reply, or with one to another question, nobody knows what comes next on this connection.
                let answered = (400..600).contains(&refusal.code) && !matches!(refusal.code, 421 | 503);
                self.in_step = answered || refusal.verdict == Some(Verdict::Unwanted);
                reply::attempt(stage, &refusal, self.written.get() >= dot_at)
            }
        }
    }

    async fn transaction(
        &mut self,
        mail: &Mail<'_>,
        limits: &Limits,
        gate: &impl Gate,
        stage: &mut Stage,
        dot_at: &mut u64,
    ) -> Result<Response, Refusal> {
        let Timeouts { command, data, body, dot, .. } = self.timeouts.clone();
        let utf8 = !mail.to.is_ascii() || !mail.from.is_ascii();
        if utf8 && !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            *stage = Stage::Rcpt;
            return Err(Refusal::said(553, "the relay takes no addresses beyond ASCII (SMTPUTF8)"));
        }
        if self.open_transaction {
            self.say(limits, command, "RSET\r\n").await?;
            self.open_transaction = false;
        }
        let parameter = if utf8 { " SMTPUTF8" } else { "" };
        let sender = format!("MAIL FROM:<{}>{parameter}\r\n", path(mail.from)?);
        limits.pass(gate).await?;
        self.open_transaction = true;
        self.say(limits, command, sender).await?;
        *stage = Stage::Rcpt;
        self.say(limits, command, format!("RCPT TO:<{}>\r\n", path(mail.to)?)).await?;
        *stage = Stage::Data;
        expect(self.say(limits, data, "DATA\r\n").await?, 354)?;
        *stage = Stage::Dot;
        let text = dotted(mail.bytes)?;
        *dot_at = self.written.get() + text.len() as u64;
        let response = expect(self.say(limits, body + dot, text).await?, 250)?;
        self.open_transaction = false;
        Ok(response)
    }

    /// One command and its reply.
    async fn say(
        &mut self,
        limits: &Limits,
        limit: std::time::Duration,
        command: impl std::fmt::Display,
    ) -> Result<Response, Refusal> {
        Ok(limits.step(limit, self.connection.command(command)).await.map_err(Refusal::lost)??)
    }

    /// Says goodbye; a server that does not answer soon is left.
    pub async fn quit(mut self) {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(5), self.connection.command("QUIT\r\n")).await;
    }
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
        return Err(Refusal::said(553, "the address cannot be written in an SMTP command"));
    }
    Ok(address)
}

/// The message with its dots doubled (RFC 5321 §4.5.2) and the final one: one write, so that no packet waits for
/// another's acknowledgement.
fn dotted(message: &[u8]) -> Result<String, Refusal> {
    let text = std::str::from_utf8(message).map_err(|_| Refusal::said(554, "the message is not text"))?;
    let mut out = String::with_capacity(text.len() + 16);
    if text.starts_with('.') {
        out.push('.');
    }
    let mut rest = text;
    while let Some(at) = rest.find("\r\n.") {
        let (now, later) = rest.split_at(at + 2);
        out.push_str(now);
        out.push('.');
        rest = later;
    }
    out.push_str(rest);
    if !out.ends_with("\r\n") {
        out.push_str("\r\n");
    }
    out.push_str(".\r\n");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_doubled_and_the_end_is_added() {
        assert_eq!(dotted(b".a\r\n.\r\n..b\r\nc.\r\n").unwrap(), "..a\r\n..\r\n...b\r\nc.\r\n.\r\n");
        assert_eq!(dotted(b"a").unwrap(), "a\r\n.\r\n");
    }

    #[test]
    fn no_address_becomes_a_command() {
        for address in ["", "a@x\r\nDATA", "a@x>", "a b@x", "a@x\0"] {
            assert!(path(address).is_err(), "{address:?}");
        }
    }
}
