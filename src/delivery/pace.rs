//! Pace: which mail may go now, over which relay, and how much more is worth claiming. Time comes in as a parameter, decisions
//! go out; nothing here waits, sends or stores.
//!
//! Two things hold mail up: a relay (it refuses, it takes so many a second, a day or at once) and a group of receivers, or a small
//! domain, that says through the relay that mail comes too fast. One relay without limits and no complaint cost a few comparisons a mail.

pub mod breaker;
pub mod bucket;
pub mod daily;
pub mod group;
pub mod queue;
pub mod quiet;

mod heard;
mod receivers;
mod way;

use chrono::{DateTime, Utc};

use super::Kind;
use super::group::Group;
use daily::{Daily, Quota, day_of};
use receivers::Receivers;
use way::WayPace;

pub use daily::WarmUp;
pub use heard::{Heard, Hearing, Word};
pub use quiet::Quiet;
pub use receivers::Receiver;

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
    receivers: Receivers,
    quiet: Option<Quiet>,
}

impl Pace {
    /// Nothing was sent yet. `quiet`: no digest leaves then.
    pub fn new(ways: Vec<Way>, quiet: Option<Quiet>, now: DateTime<Utc>) -> Self {
        let ways = ways.into_iter().map(|way| WayPace::new(way, now));
        Self { ways: ways.collect(), receivers: Receivers::default(), quiet }
    }

    /// Nothing is on its way any more, whatever was not heard of.
    pub fn afresh(&mut self) {
        self.ways.iter_mut().for_each(WayPace::afresh);
        self.receivers.afresh();
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

    /// Does a connection wait for a mail, of whichever relay?
    pub fn has_idle(&self) -> bool {
        self.ways.iter().any(|own| own.idle > 0)
    }

    /// May a line of this relay connect that is not connected? It may be known that it takes fewer.
    pub fn may_connect(&self, at: usize, now: DateTime<Utc>) -> bool {
        self.ways.get(at).is_some_and(|own| own.connected < own.lines(now))
    }

    /// A line of this relay is connected, or about to be; or not any more.
    pub fn connects(&mut self, at: usize, begins: bool) {
        if let Some(own) = self.ways.get_mut(at) {
            own.connected = if begins { own.connected + 1 } else { own.connected.saturating_sub(1) };
        }
    }

    /// Is this relay, or are these receivers, left alone now?
    pub fn is_held(&self, at: usize, to: Receiver<'_>, now: DateTime<Utc>) -> bool {
        self.ways.get(at).is_none_or(|pace| !pace.breaker.is_over(now)) || self.receivers.are_held(to, now)
    }

    /// Does this relay refuse everybody?
    pub fn refuses_everybody(&self, at: usize) -> bool {
        self.ways.get(at).is_some_and(|pace| pace.breaker.refuses())
    }

    /// May a mail of this kind to this receiver begin now, whatever the relay?
    pub fn takes(&mut self, to: Receiver<'_>, kind: Kind, now: DateTime<Utc>) -> bool {
        self.receivers.are_open(to, now) && !(kind == Kind::Issue && self.is_quiet(now))
    }

    /// Has no domain a pace of its own, beside its group's?
    pub fn is_even(&self) -> bool {
        self.receivers.are_even()
    }

    /// How many mails this domain takes now; `None`: it has no pace of its own.
    pub fn room(&mut self, domain: &str, now: DateTime<Utc>) -> Option<usize> {
        self.receivers.room(domain, now)
    }

    /// When the `nth` (from 0) of those that this domain does not take now is about to have its turn.
    pub fn turn_at(&mut self, domain: &str, nth: usize, now: DateTime<Utc>) -> DateTime<Utc> {
        self.receivers.turn(domain, nth, now)
    }

    /// A mail begins.
    pub fn begins(&mut self, at: usize, to: Receiver<'_>, now: DateTime<Utc>) {
        self.receivers.begins(to, now);
        let even = self.even(at, now);
        let Some(own) = self.ways.get_mut(at) else { return };
        if !own.moves(now) {
            own.catches_up(even);
        }
        own.in_flight += 1;
        own.probing |= own.breaker.is_doubtful();
        own.begun += 1.0;
        own.begun_at = Some(now);
        own.bucket.iter_mut().for_each(|bucket| bucket.take(now));
        own.quota.iter_mut().for_each(Quota::take);
    }

    /// A mail that had begun was given back before anything was said of it.
    pub fn unsaid(&mut self, at: usize, to: Receiver<'_>) {
        self.receivers.ends(to);
        if let Some(own) = self.ways.get_mut(at) {
            own.in_flight = own.in_flight.saturating_sub(1);
            own.probing &= own.in_flight > 0;
            if let Some(quota) = &mut own.quota {
                quota.give_back();
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
        for (place, group) in self.receivers.slowed_groups() {
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
        let slowed = self.receivers.slowed_groups();
        let group = slowed.map(|(_, group)| group.opens(now)).filter(|at| *at > now).min().unwrap_or(now);
        self.returns(now).max(group)
    }
}

#[cfg(test)]
mod tests;
