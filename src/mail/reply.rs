//! What a server's reply means at the stage where it came, and its words made fit to be kept.

use std::error::Error as _;

use lettre::transport::smtp::Error;

use super::transport::{Attempt, Stage};
use crate::bounce::{Reason, classify};
use crate::delivery::{Outcome, Verdict};

/// A step that did not go well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Reply code; 0: none was read, or it could not be understood.
    pub code: u16,
    /// The server's words, or what went wrong.
    pub text: String,
    /// What it means, where that is not told from the stage and the code.
    pub verdict: Option<Verdict>,
}

impl Refusal {
    /// No reply: the connection failed, or time ran out.
    pub fn lost(text: impl Into<String>) -> Self {
        Self { code: 0, text: text.into(), verdict: None }
    }

    /// Something that only we or our owner can put right.
    pub fn ours(text: impl Into<String>) -> Self {
        Self { code: 0, text: text.into(), verdict: Some(Verdict::Ours) }
    }

    /// Of this one mail, for a while: others may go.
    pub fn later(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), verdict: Some(Verdict::Temporary) }
    }

    /// This mail can never be said; no server has heard of it.
    pub fn unfit(text: impl Into<String>) -> Self {
        Self { code: 0, text: text.into(), verdict: Some(Verdict::Permanent) }
    }

    /// See [`Verdict::Unwanted`].
    pub fn unwanted() -> Self {
        Self { code: 0, text: String::new(), verdict: Some(Verdict::Unwanted) }
    }

    /// Does nobody know what comes next on its connection? Without a reply, after a goodbye, or when the reply is to another
    /// question.
    pub fn is_lost(&self) -> bool {
        self.verdict != Some(Verdict::Permanent) && !(400..600).contains(&self.code) || matches!(self.code, 421 | 503)
    }

    /// With a reply.
    pub fn said(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), verdict: None }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let words = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        match error.status() {
            Some(code) => Self::said(code.into(), words),
            None => Self { code: 0, text: words, verdict: error.is_client().then_some(Verdict::Ours) },
        }
    }
}

/// What `refusal` at `stage` means. `dot_sent`: the final dot may have reached the server.
pub fn attempt(stage: Stage, refusal: &Refusal, dot_sent: bool) -> Attempt {
    let text = one_line(&refusal.text);
    let verdict = refusal.verdict.unwrap_or_else(|| match verdict(stage, refusal.code, dot_sent) {
        Verdict::Permanent if is_full(refusal.code, &text) => Verdict::Temporary,
        verdict => verdict,
    });
    Attempt { stage, outcome: Outcome { verdict, code: refusal.code, text } }
}

/// Is it said that the mailbox is full? It is emptied some day, whatever the code.
fn is_full(code: u16, text: &str) -> bool {
    classify::bounce("", &format!("{code} {text}")).reason == Reason::MailboxFull
}

fn verdict(stage: Stage, code: u16, dot_sent: bool) -> Verdict {
    match (stage, code) {
        (Stage::Dot, 400..=499) => Verdict::Temporary,
        (Stage::Dot, 500..=599) => Verdict::Permanent,
        // Anything else after the dot, 2xx and 3xx too, is out of step: nobody knows.
        (Stage::Dot, _) if dot_sent => Verdict::Uncertain,
        // RFC 5321 §4.5.3.1.10: taken as 452. 503: the conversation is out of step, the reader is not to blame.
        (_, 503) | (Stage::Rcpt, 552) => Verdict::Temporary,
        // RFC 4954 §6: a login is asked for.
        (_, 530 | 534 | 535 | 538) => Verdict::Ours,
        (Stage::Rcpt | Stage::Data, 500..=599) => Verdict::Permanent,
        (_, 500..=599) => Verdict::Ours,
        _ => Verdict::Temporary,
    }
}

/// `text` as one line of at most 500 characters without control characters.
pub fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut out = String::new();
    let mut left = 500_usize;
    for word in words {
        if !out.is_empty() {
            out.push(' ');
            left -= 1;
        }
        let kept: String = word.chars().take(left).collect();
        left -= kept.chars().count();
        out.push_str(&kept);
        if left < 2 {
            break;
        }
    }
    out
}

/// `text` for the log: whatever may be an address is left out.
pub fn without_addresses(text: &str) -> String {
    text.split(' ').map(|word| if word.contains('@') { "…" } else { word }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_has_its_meaning_where_it_comes() {
        use Stage::{Connect, Data, Dot, Hello, Login, Mail, Rcpt};
        use Verdict::{Ours, Permanent, Temporary, Uncertain};
        for (stage, code, dot_sent, expected) in [
            (Connect, 0, false, Temporary),
            (Hello, 421, false, Temporary),
            (Hello, 554, false, Ours),
            (Login, 454, false, Temporary),
            (Login, 535, false, Ours),
            (Mail, 451, false, Temporary),
            (Mail, 550, false, Ours),
            (Mail, 0, false, Temporary),
            (Rcpt, 450, false, Temporary),
            (Rcpt, 550, false, Permanent),
            (Rcpt, 552, false, Temporary),
            (Rcpt, 530, false, Ours),
            (Rcpt, 503, false, Temporary),
            (Data, 250, false, Temporary),
            (Data, 451, false, Temporary),
            (Data, 554, false, Permanent),
            (Dot, 0, false, Temporary),
            (Dot, 0, true, Uncertain),
            (Dot, 354, true, Uncertain),
            (Dot, 252, true, Uncertain),
            (Dot, 452, true, Temporary),
            (Dot, 421, true, Temporary),
            (Dot, 552, true, Temporary),
            (Dot, 554, true, Permanent),
        ] {
            let found = attempt(stage, &Refusal::said(code, "words"), dot_sent).outcome.verdict;
            assert_eq!(found, expected, "{code} at {stage:?}");
        }
    }

    #[test]
    fn a_full_mailbox_is_full_for_a_while() {
        for (code, words, expected) in [
            (550, "5.2.2 over quota", Verdict::Temporary),
            (552, "5.2.2 mailbox full", Verdict::Temporary),
            (554, "mailbox is full", Verdict::Temporary),
            (552, "5.3.4 too big", Verdict::Permanent),
            (552, "5.7.0 blocked", Verdict::Permanent),
            (550, "daily sending quota exceeded", Verdict::Permanent),
        ] {
            let found = attempt(Stage::Dot, &Refusal::said(code, words), true).outcome.verdict;
            assert_eq!(found, expected, "{code} {words}");
        }
    }

    #[test]
    fn words_are_kept_on_one_short_line() {
        assert_eq!(one_line(" 5.1.1\r\nno\tsuch\0 user "), "5.1.1 no such user");
        assert_eq!(one_line(&"x".repeat(600)).chars().count(), 500);
        assert_eq!(one_line(&"周 ".repeat(600)).chars().count(), 499);
        assert_eq!(one_line(""), "");
    }

    #[test]
    fn addresses_are_left_out_of_the_log() {
        assert_eq!(without_addresses("5.7.1 <w@example.org>: sender refused"), "5.7.1 … sender refused");
    }
}
