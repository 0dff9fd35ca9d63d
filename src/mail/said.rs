//! What the end of an attempt says beyond its own mail: of the reader, of the relay, of the way to a group of receivers.

use super::transport::{Attempt, Stage};
use crate::bounce::{Bounce, Reason, classify};
use crate::delivery::group::Group;
use crate::delivery::pace::Word;
use crate::delivery::{Outcome, Verdict};

impl Attempt {
    /// What a server that refused says of the reader, or of the mail; `None`: it said nothing of either.
    pub fn bounce(&self) -> Option<Bounce> {
        let Outcome { verdict, code, text } = &self.outcome;
        let is_refused = matches!(verdict, Verdict::Permanent | Verdict::Temporary) && *code != 0;
        if !is_refused || self.stage < Stage::Rcpt {
            return None;
        }
        let said = format!("{code} {text}");
        let mut bounce = classify::bounce("", &said);
        // Who has seen the message may mean that, where his code does not say otherwise.
        if self.stage > Stage::Rcpt && !is_about_mail(bounce.reason) && !classify::names_the_reader(&said) {
            bounce.reason = Reason::Content;
        }
        Some(bounce)
    }

    /// Was it refused for good for what it is or whom it is from, not for whom it is to?
    pub fn is_about_policy(&self) -> bool {
        self.outcome.verdict == Verdict::Permanent && self.bounce().is_some_and(|bounce| is_about_mail(bounce.reason))
    }

    /// Is it about the way to the relay, not about this mail? Then the next mail would fare no better.
    pub fn is_about_the_route(&self) -> bool {
        match self.outcome.verdict {
            Verdict::Ours => true,
            Verdict::Temporary => self.stage <= Stage::Mail,
            Verdict::Accepted | Verdict::Permanent | Verdict::Uncertain | Verdict::Unwanted => false,
        }
    }

    /// What it says about the way to readers of `group`. 421, or a word about policy (RFC 3463 §3.8), once the reader was named: mail
    /// comes too fast. Many small servers say the latter to whom they do not know yet, each for itself.
    pub fn word(&self, group: Group) -> Word {
        let Outcome { verdict, code, text } = &self.outcome;
        let is_greylisted = || ["greylist", "graylist"].iter().any(|word| text.to_ascii_lowercase().contains(word));
        let too_fast = || *code == 421 || (group != Group::Other && text.starts_with("4.7.") && !is_greylisted());
        match verdict {
            Verdict::Accepted => Word::Taken,
            Verdict::Unwanted => Word::Unsaid,
            // 432: so say who counts connections when the sender is named. A used connection that hears it is given up for a new one.
            Verdict::Temporary if self.stage <= Stage::Login => Word::NoLine,
            Verdict::Temporary if self.stage == Stage::Mail && matches!(code, 421 | 432) => Word::NoLine,
            _ if self.is_about_the_route() => Word::Blocked,
            Verdict::Permanent if *code != 0 => {
                if self.is_about_policy() {
                    Word::Policy
                } else {
                    Word::Refused
                }
            }
            Verdict::Temporary if too_fast() => Word::Slower,
            _ if *code != 0 => Word::Answered,
            _ => Word::Nothing,
        }
    }
}

/// The mail, or who sends it: no word about the reader.
fn is_about_mail(reason: Reason) -> bool {
    matches!(reason, Reason::Policy | Reason::Content | Reason::TooBig)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(stage: Stage, verdict: Verdict, code: u16, text: &str) -> Word {
        let outcome = Outcome { verdict, code, text: text.to_owned() };
        Attempt { stage, outcome }.word(Group::Other)
    }

    #[test]
    fn a_refusal_is_of_the_reader_the_mail_or_the_way() {
        use Verdict::{Ours, Permanent, Temporary};
        for (stage, verdict, code, text, expected) in [
            (Stage::Connect, Temporary, 0, "no answer", Word::NoLine),
            (Stage::Hello, Temporary, 421, "4.7.0 too many connections", Word::NoLine),
            (Stage::Hello, Ours, 554, "no", Word::Blocked),
            (Stage::Login, Temporary, 454, "too many logins", Word::NoLine),
            (Stage::Mail, Temporary, 432, "4.3.2 too many connections", Word::NoLine),
            (Stage::Mail, Temporary, 452, "4.3.1 no room", Word::Blocked),
            (Stage::Mail, Temporary, 0, "it hung up", Word::Blocked),
            (Stage::Rcpt, Permanent, 550, "5.1.1 no such user", Word::Refused),
            (Stage::Rcpt, Permanent, 550, "nein", Word::Refused),
            (Stage::Rcpt, Permanent, 550, "relay not permitted", Word::Policy),
            (Stage::Rcpt, Permanent, 550, "5.1.7 user unknown", Word::Policy),
            (Stage::Rcpt, Permanent, 0, "it cannot be written", Word::Nothing),
            (Stage::Rcpt, Temporary, 450, "4.2.0 greylisted", Word::Answered),
            (Stage::Rcpt, Temporary, 421, "too fast", Word::Slower),
            (Stage::Dot, Permanent, 554, "no", Word::Policy),
            (Stage::Dot, Permanent, 550, "user unknown", Word::Policy),
            (Stage::Dot, Permanent, 550, "5.1.1 user unknown", Word::Refused),
        ] {
            assert_eq!(word(stage, verdict, code, text), expected, "{code} {text} at {stage:?}");
        }
    }
}
