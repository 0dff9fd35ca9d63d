//! How fast receivers take mail: each group as a whole, and of everybody else each domain for itself, unless several of them in a row
//! want less: then it is the relay that speaks, or all are meant.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use super::group::GroupPace;
use super::heard::Heard;
use crate::delivery::group::Group;

/// So many domains in a row that want less are no accident.
const SEVERAL: usize = 3;
/// Of more domains than this no pace is kept; each of their mails has its own time then.
const MOST: usize = 1000;
/// What has its turn later than this comes again by then: the domain may be quicker.
const LONGEST: Duration = Duration::minutes(5);

/// Where a mail goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiver<'a> {
    /// Of the domain.
    pub group: Group,
    /// The reader's.
    pub domain: &'a str,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Receivers {
    groups: [GroupPace; Group::COUNT],
    /// Those of [`Group::Other`] that wanted less.
    domains: HashMap<String, GroupPace>,
    /// Domains of [`Group::Other`] that wanted less since one of them took a mail.
    in_a_row: Vec<String>,
}

impl Receivers {
    pub(super) fn afresh(&mut self) {
        self.groups.iter_mut().chain(self.domains.values_mut()).for_each(GroupPace::afresh);
    }

    fn own(&mut self, to: Receiver<'_>) -> Option<&mut GroupPace> {
        // Nearly always there are none.
        if to.group == Group::Other && !self.domains.is_empty() { self.domains.get_mut(to.domain) } else { None }
    }

    pub(super) fn are_held(&self, to: Receiver<'_>, now: DateTime<Utc>) -> bool {
        self.groups[to.group.number()].is_held(now)
            || (to.group == Group::Other && self.domains.get(to.domain).is_some_and(|own| own.is_held(now)))
    }

    pub(super) fn are_open(&mut self, to: Receiver<'_>, now: DateTime<Utc>) -> bool {
        self.groups[to.group.number()].is_open(now) && self.own(to).is_none_or(|own| own.is_open(now))
    }

    pub(super) fn begins(&mut self, to: Receiver<'_>, now: DateTime<Utc>) {
        self.groups[to.group.number()].begins(now);
        if let Some(own) = self.own(to) {
            own.begins(now);
        }
    }

    pub(super) fn ends(&mut self, to: Receiver<'_>) {
        self.groups[to.group.number()].ends();
        if let Some(own) = self.own(to) {
            own.ends();
        }
    }

    pub(super) fn took(&mut self, to: Receiver<'_>, now: DateTime<Utc>) {
        self.groups[to.group.number()].took(now);
        if to.group == Group::Other {
            self.in_a_row.clear();
        }
        if let Some(own) = self.own(to) {
            own.took(now);
        }
    }

    /// One of them wants less. Is it a word of the whole group?
    pub(super) fn are_meant(&mut self, to: Receiver<'_>) -> bool {
        if to.group != Group::Other {
            return true;
        }
        if self.in_a_row.len() < SEVERAL && !self.in_a_row.iter().any(|domain| domain == to.domain) {
            self.in_a_row.push(to.domain.to_owned());
        }
        self.in_a_row.len() >= SEVERAL
    }

    /// One of them wants less; `all`: the whole group does.
    pub(super) fn refuse(&mut self, to: Receiver<'_>, all: bool, now: DateTime<Utc>, random: f64) -> Heard {
        if to.group == Group::Other {
            if self.domains.len() >= MOST {
                self.domains.retain(|_, own| own.is_slowed_at(now));
            }
            if self.domains.len() < MOST || self.domains.contains_key(to.domain) {
                self.domains.entry(to.domain.to_owned()).or_default().refuses(now, random);
            }
        }
        if !all {
            return Heard::Nothing;
        }
        let group = &mut self.groups[to.group.number()];
        let before = group.rate();
        if group.refuses(now, random) {
            return Heard::Held;
        }
        group.rate().filter(|rate| Some(*rate) != before).map_or(Heard::Nothing, Heard::Slowed)
    }

    /// Those that something slows down, with their places.
    pub(super) fn slowed_groups(&mut self) -> impl Iterator<Item = (usize, &mut GroupPace)> {
        self.groups.iter_mut().enumerate().filter(|(_, group)| group.is_slowed())
    }

    /// Has no domain a pace of its own?
    pub(super) fn are_even(&self) -> bool {
        self.domains.is_empty()
    }

    /// How many mails this domain takes now; `None`: it has no pace of its own.
    pub(super) fn room(&mut self, domain: &str, now: DateTime<Utc>) -> Option<usize> {
        self.domains.get_mut(domain).filter(|own| own.is_slowed()).map(|own| own.ready(now))
    }

    /// When the `nth` (from 0) of those that it does not take now is about to have its turn.
    pub(super) fn turn(&mut self, domain: &str, nth: usize, now: DateTime<Utc>) -> DateTime<Utc> {
        let Some(own) = self.domains.get_mut(domain) else { return now };
        #[expect(clippy::cast_possible_truncation, reason = "at most ten seconds")]
        let each = Duration::milliseconds((1000.0 / own.rate().unwrap_or(1.0)) as i64);
        let after = each.checked_mul(i32::try_from(nth).unwrap_or(i32::MAX)).unwrap_or(LONGEST).min(LONGEST);
        own.opens(now).max(now + each) + after
    }
}
