//! Pace: which mail may go now, over which relay, and how much more is worth claiming. Time comes in as a parameter, decisions
//! go out; nothing here waits, sends or stores.
//!
//! Two things hold mail up: a relay (it refuses, it takes so many a second or a day) and a group of receivers that says through
//! the relay that mail comes too fast. One relay without limits and no complaint cost a few comparisons a mail.

pub mod breaker;
pub mod bucket;
pub mod daily;
pub mod group;
pub mod queue;
pub mod quiet;
mod way;

use chrono::{DateTime, Utc};

use super::Kind;
use super::group::Group;
use daily::{Daily, day_of};
use group::GroupPace;
use way::WayPace;

pub use daily::WarmUp;
pub use quiet::Quiet;

/// What one relay is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Its share of the mail beside other relays; 0: only while no other one can.
    pub weight: u32,
    /// Mails a second.
    pub per_second: Option<f64>,
    /// Mails a day (of UTC).
    pub daily: Daily,
}

impl Default for Limits {
    fn default() -> Self {
        Self { weight: 1, per_second: None, daily: Daily::default() }
    }
}

/// A relay, as far as pace goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// What its owner calls it; the store counts its days by that.
    pub name: String,
    /// Connections at once.
    pub lines: usize,
    /// What it is given.
    pub limits: Limits,
}

/// What the end of an attempt says about the way that the mail took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The mail was taken.
    Taken,
    /// A server answered, about this one mail.
    Answered,
    /// Nothing.
    Nothing,
    /// Nothing, and nobody heard of the mail.
    Unsaid,
    /// The relay is in the way: the next mail would fare no better.
    Blocked,
    /// Refused for good for what it is, not for whom it is to.
    Policy,
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
    /// The relay is left alone from now on: it refuses one mail after the other for what it is.
    Refused,
    /// The group gets so many mails a second from now on.
    Slowed(f64),
    /// The group is left alone from now on.
    Held,
}

/// Whose turn it is to take the next mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Who asks.
    Now,
    /// The relay at this place, which is behind its share and has a connection that waits.
    Of(usize),
    /// Not who asks.
    No,
}

/// How much a claim may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// In all.
    pub most: usize,
    /// Of each [`Group`], transactional mail.
    pub transactional: [usize; Group::COUNT],
    /// Of each [`Group`], Issues' mail.
    pub issues: [usize; Group::COUNT],
}

impl From<usize> for Ask {
    fn from(most: usize) -> Self {
        Self { most, transactional: [most; Group::COUNT], issues: [most; Group::COUNT] }
    }
}

/// Mails of a day that a process wants to be its own before it sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which relay, by its place.
    pub way: usize,
    /// Its name.
    pub name: String,
    /// Counted from 1970.
    pub day: i64,
    /// What holds for it.
    pub daily: Daily,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    ways: Vec<WayPace>,
    groups: [GroupPace; Group::COUNT],
    quiet: Option<Quiet>,
}

impl Pace {
    /// Nothing was sent yet. `quiet`: no digest leaves then.
    pub fn new(ways: Vec<Way>, quiet: Option<Quiet>, now: DateTime<Utc>) -> Self {
        let ways = ways.into_iter().map(|way| WayPace::new(way, now));
        Self { ways: ways.collect(), groups: Default::default(), quiet }
    }

    /// Nothing is on its way any more, whatever was not heard of.
    pub fn afresh(&mut self) {
        self.ways.iter_mut().for_each(|pace| (pace.in_flight, pace.idle) = (0, 0));
        self.groups.iter_mut().for_each(GroupPace::afresh);
    }

    /// The relay at this place.
    pub fn way(&self, at: usize) -> Option<&Way> {
        self.ways.get(at).map(|pace| &pace.way)
    }

    /// Is there more than one relay?
    pub fn has_choice(&self) -> bool {
        self.ways.len() > 1
    }

    /// Is any relay left to be used at `now`, though perhaps not in this very second?
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.ways
            .iter()
            .any(|pace| pace.breaker.is_over(now) && !pace.quota.as_ref().is_some_and(|quota| quota.is_over(now)))
    }

    /// Could a mail that this relay did not take go over another one now?
    pub fn has_another(&self, at: usize, now: DateTime<Utc>) -> bool {
        self.ways.iter().enumerate().any(|(other, pace)| other != at && pace.is_up(now))
    }

    /// Was every relay that may be used blocked before? Then one mail is enough to find out.
    pub fn is_doubtful(&self, now: DateTime<Utc>) -> bool {
        let mut open = self.ways.iter().filter(|pace| pace.breaker.is_over(now)).peekable();
        open.peek().is_some() && open.all(|pace| pace.breaker.is_doubtful())
    }

    /// Could a mail begin over any relay now?
    pub fn could_begin(&mut self, now: DateTime<Utc>) -> bool {
        self.ways.iter_mut().any(|pace| pace.is_open(now))
    }

    /// May a mail begin over this relay now, as far as the relays go?
    pub fn turn(&mut self, at: usize, now: DateTime<Utc>) -> Turn {
        /// So many mails a relay may be before its share.
        const AHEAD: f64 = 4.0;
        let Some(own) = self.ways.get_mut(at) else { return Turn::No };
        if !own.is_open(now) {
            return Turn::No;
        }
        let weight = own.way.limits.weight;
        let share = own.share() - AHEAD / f64::from(weight.max(1));
        for (place, other) in self.ways.iter_mut().enumerate().filter(|(place, _)| *place != at) {
            if other.way.limits.weight == 0 {
                continue;
            }
            if weight == 0 {
                // Also one that is to be tried with one mail.
                if other.is_up(now) {
                    return if other.idle > 0 { Turn::Of(place) } else { Turn::No };
                }
            } else if other.share() < share
                && !other.breaker.is_doubtful()
                && (other.idle > 0 || other.moves(now))
                && other.is_open(now)
            {
                return Turn::Of(place);
            }
        }
        Turn::Now
    }

    /// A connection of this relay waits for a mail, or does not any more.
    pub fn waits(&mut self, at: usize, begins: bool) {
        if let Some(own) = self.ways.get_mut(at) {
            own.idle = if begins { own.idle + 1 } else { own.idle.saturating_sub(1) };
        }
    }

    /// Is this relay, or this group, left alone now?
    pub fn is_held(&self, at: usize, group: Group, now: DateTime<Utc>) -> bool {
        self.ways.get(at).is_none_or(|pace| !pace.breaker.is_over(now)) || self.groups[group.number()].is_held(now)
    }

    /// May a mail of this kind to this group begin now, whatever the relay?
    pub fn takes(&mut self, group: Group, kind: Kind, now: DateTime<Utc>) -> bool {
        self.groups[group.number()].is_open(now) && !(kind == Kind::Issue && self.is_quiet(now))
    }

    /// A mail begins.
    pub fn begins(&mut self, at: usize, group: Group, now: DateTime<Utc>) {
        self.groups[group.number()].begins(now);
        let even = self.even(at, now);
        let Some(own) = self.ways.get_mut(at) else { return };
        if !own.moves(now) {
            own.catches_up(even);
        }
        own.in_flight += 1;
        own.begun += 1.0;
        own.begun_at = Some(now);
        if let Some(bucket) = &mut own.bucket {
            bucket.take(now);
        }
        if let Some(quota) = &mut own.quota {
            quota.take();
        }
    }

    /// A mail that had begun was given back before anything was said of it.
    pub fn unsaid(&mut self, at: usize, group: Group) {
        self.groups[group.number()].ends();
        if let Some(own) = self.ways.get_mut(at) {
            own.in_flight = own.in_flight.saturating_sub(1);
            if let Some(quota) = &mut own.quota {
                quota.give_back();
            }
        }
    }

    /// A mail is at its end. `random`: 0..=1.
    pub fn heard(&mut self, at: usize, group: Group, word: Word, now: DateTime<Utc>, random: f64) -> Heard {
        let place = group.number();
        self.groups[place].ends();
        let even = self.even(at, now);
        let Some(own) = self.ways.get_mut(at) else { return Heard::Nothing };
        own.in_flight = own.in_flight.saturating_sub(1);
        // Nobody knows whether a mail without an answer was taken.
        if !matches!(word, Word::Taken | Word::Nothing)
            && let Some(quota) = &mut own.quota
        {
            quota.give_back();
        }
        match word {
            Word::Taken | Word::Answered => {
                if own.breaker.is_doubtful() {
                    own.catches_up(even);
                }
                own.breaker.clear();
                own.slower = 0;
                if word == Word::Taken {
                    self.groups[place].took(now);
                }
                Heard::Nothing
            }
            Word::Blocked => own.block(now, random, Heard::Blocked),
            Word::Policy if own.breaker.refused() => own.block(now, random, Heard::Refused),
            Word::Policy | Word::Nothing | Word::Unsaid => Heard::Nothing,
            Word::Slower => {
                own.slower |= 1 << place;
                // One group after the other: it is the relay that speaks.
                if own.slower.count_ones() > 1 || own.breaker.is_doubtful() {
                    return own.block(now, random, Heard::Blocked);
                }
                let before = self.groups[place].rate();
                if self.groups[place].refuses(now, random) {
                    return Heard::Held;
                }
                let rate = self.groups[place].rate();
                rate.filter(|_| rate != before).map_or(Heard::Nothing, Heard::Slowed)
            }
        }
    }

    /// The least share of the other relays that are used.
    fn even(&self, at: usize, now: DateTime<Utc>) -> f64 {
        if self.ways.len() < 2 {
            return f64::INFINITY;
        }
        let others = self
            .ways
            .iter()
            .enumerate()
            .filter(|(place, pace)| *place != at && pace.way.limits.weight > 0 && pace.is_up(now));
        others.map(|(_, pace)| pace.share()).fold(f64::INFINITY, f64::min)
    }

    /// How much is worth claiming, where `wanted` more would be good and so many of each group wait already.
    pub fn ask(&mut self, wanted: usize, waiting: &[usize; Group::COUNT], now: DateTime<Utc>) -> Ask {
        let in_all: usize = waiting.iter().sum();
        let room = self.ways.iter_mut().map(|pace| pace.ready(now)).fold(0, usize::saturating_add);
        let most = wanted.min(room.saturating_sub(in_all));
        let mut ask = Ask::from(most);
        for (place, group) in self.groups.iter_mut().enumerate().filter(|(_, group)| group.is_slowed()) {
            ask.issues[place] = most.min(group.ready(now).saturating_sub(waiting[place]));
        }
        ask.transactional = ask.issues;
        if self.is_quiet(now) {
            ask.issues = [0; Group::COUNT];
        }
        ask
    }

    /// Of which days mails must be asked for before more can begin.
    pub fn wants(&self, now: DateTime<Utc>) -> Vec<Wanted> {
        let low = self.ways.iter().enumerate().filter_map(|(way, pace)| {
            let quota = pace.quota.as_ref().filter(|quota| quota.is_low(now) && pace.breaker.is_over(now))?;
            Some(Wanted { way, name: pace.way.name.clone(), day: day_of(now), daily: quota.daily() })
        });
        low.collect()
    }

    /// So many of them are ours. True: the day has no more, which is new.
    pub fn granted(&mut self, wanted: &Wanted, more: u64) -> bool {
        let quota = self.ways.get_mut(wanted.way).and_then(|pace| pace.quota.as_mut());
        quota.is_some_and(|quota| quota.granted(wanted.day, more))
    }

    /// Name, day and number of what is ours and was not used; from now on nothing is.
    pub fn unused(&mut self) -> Vec<(String, i64, u64)> {
        let unused = self.ways.iter_mut().filter_map(|pace| {
            let (day, left) = pace.quota.as_mut()?.unused()?;
            Some((pace.way.name.clone(), day, left))
        });
        unused.collect()
    }

    /// Does no digest leave now?
    pub fn is_quiet(&self, now: DateTime<Utc>) -> bool {
        self.quiet.is_some_and(|quiet| quiet.is_quiet(now))
    }

    /// When the first relay may be used again; `now`: one may.
    pub fn returns(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.ways.iter_mut().map(|pace| pace.opens(now)).min().unwrap_or(now)
    }

    /// When it is worth looking again for mail that cannot go at `now`: the first relay that opens, the first group. `now`
    /// where nothing is held up.
    pub fn opens(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        // A group may be all there is, or none of what waits.
        let slowed = self.groups.iter_mut().filter(|group| group.is_slowed());
        let group = slowed.map(|group| group.opens(now)).filter(|at| *at > now).min().unwrap_or(now);
        self.returns(now).max(group)
    }
}

#[cfg(test)]
mod tests;
