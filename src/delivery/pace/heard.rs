//! What the end of an attempt says of the way that the mail took, and what follows from that.

use chrono::{DateTime, Utc};

use super::{Pace, Receiver};

/// What the end of an attempt says about the way that the mail took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The mail was taken.
    Taken,
    /// A server answered, about this one mail, and did not refuse it for good.
    Answered,
    /// Nothing.
    Nothing,
    /// Nothing, and nobody heard of the mail.
    Unsaid,
    /// No connection was to be had: the relay is away, or has as many as it takes. Nobody heard of the reader.
    NoLine,
    /// The relay is in the way: the next mail would fare no better.
    Blocked,
    /// Refused for good for what it is or whom it is from, not for whom it is to.
    Policy,
    /// Refused for good when the reader was named.
    Refused,
    /// Come back later, said when the reader was named already: the receivers want less, or the relay does.
    Slower,
}

/// What follows from a [`Word`], for the log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heard {
    /// Nothing new.
    Nothing,
    /// The relay is left alone from now on.
    Blocked,
    /// The relay is left alone from now on: it refuses one mail after the other.
    Refused,
    /// The relay gets so many connections from now on.
    Narrowed(usize),
    /// The group gets so many mails a second from now on.
    Slowed(f64),
    /// The group is left alone from now on.
    Held,
}

/// What follows from a [`Word`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hearing {
    /// For the log.
    pub news: Heard,
    /// The mail is given back as it was: it was not refused for its own sake.
    pub untouched: bool,
}

impl Pace {
    /// A mail is at its end. `random`: 0..=1.
    pub fn heard(&mut self, at: usize, to: Receiver<'_>, word: Word, now: DateTime<Utc>, random: f64) -> Hearing {
        self.receivers.ends(to);
        let even = self.even(at, now);
        let Some(own) = self.ways.get_mut(at) else { return Hearing { news: Heard::Nothing, untouched: false } };
        own.in_flight = own.in_flight.saturating_sub(1);
        // Nobody knows whether a mail without an answer was taken.
        if !matches!(word, Word::Taken | Word::Nothing)
            && let Some(quota) = &mut own.quota
        {
            quota.give_back();
        }
        // Begun before the way was blocked: what becomes of it says nothing of how the way is since.
        let is_old = own.breaker.is_doubtful() && !std::mem::take(&mut own.probing);
        let untouched = match word {
            Word::Policy | Word::Refused => own.breaker.refuses(),
            Word::NoLine => own.connected > 0 || own.in_flight > 0,
            _ => false,
        };
        if word == Word::Taken {
            self.receivers.took(to, now);
        }
        let news = match word {
            // It does take mail, and has no more lines for us.
            Word::Taken if is_old && own.no_line => {
                own.breaker.clear();
                (own.is_there, own.no_line) = (true, false);
                own.narrow(now)
            }
            Word::Policy | Word::Refused => {
                own.breaker.refused();
                if own.breaker.refuses() && !(is_old && untouched) {
                    own.block(now, random, Heard::Refused)
                } else {
                    if !is_old {
                        own.breaker.answered();
                        own.is_there = true;
                    }
                    Heard::Nothing
                }
            }
            Word::Nothing | Word::Unsaid => Heard::Nothing,
            Word::Slower => {
                let all = self.receivers.are_meant(to);
                own.slower |= u32::from(all) << to.group.number();
                // One group after the other: it is the relay that speaks.
                if !is_old && (own.slower.count_ones() > 1 || own.breaker.is_doubtful()) {
                    own.block(now, random, Heard::Blocked)
                } else {
                    self.receivers.refuse(to, all, now, random)
                }
            }
            _ if is_old => Heard::Nothing,
            Word::Taken | Word::Answered => {
                if own.breaker.is_doubtful() {
                    own.catches_up(even);
                }
                if word == Word::Taken {
                    own.breaker.clear();
                } else {
                    own.breaker.answered();
                }
                (own.slower, own.is_there) = (0, true);
                Heard::Nothing
            }
            Word::NoLine if own.is_there && own.connected > 0 => own.narrow(now),
            Word::Blocked | Word::NoLine => {
                let news = own.block(now, random, Heard::Blocked);
                own.no_line = word == Word::NoLine;
                news
            }
        };
        Hearing { news, untouched }
    }
}
