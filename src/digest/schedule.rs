//! When a Digest's Slots are: crontab(5) in an IANA time zone. The `cron` crate is fenced in here: it is asked about
//! dates without a zone only, in its own numbering; fields, days and daylight saving are ours.
//!
//! Daylight saving is what Debian's cron(8) says. A schedule that names its hours keeps to the wall clock: a time in a
//! gap comes right after it, a time in an overlap comes once, the first time. One of every hour keeps to real time:
//! nothing is added at a gap, both passes of an overlap count.

mod crontab;

use std::str::FromStr as _;

use chrono::{DateTime, Duration, NaiveDateTime, Offset as _, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;

/// The `cron` crate's years, and a margin in which the arithmetic of dates cannot overflow.
fn within(at: DateTime<Utc>) -> DateTime<Utc> {
    at.clamp(DateTime::UNIX_EPOCH - Duration::days(2), DateTime::UNIX_EPOCH + Duration::days(365 * 132))
}

/// Further than any zone's clock was ever moved.
const LARGEST_SHIFT: Duration = Duration::hours(26);

/// A crontab(5) expression (five fields, names, `@weekly` …) in a zone. Slots are whole local minutes from 1970 to 2100.
#[derive(Debug, Clone)]
pub struct Schedule {
    expression: String,
    zone: Tz,
    /// A date that any of these takes is one of ours: crontab(5) takes either day when both are restricted.
    dates: Vec<cron::Schedule>,
    every_hour: bool,
}

impl Schedule {
    /// Reads an expression; the error says what is wrong with it and gives an example.
    pub fn parse(expression: &str, zone: Tz) -> Result<Self, String> {
        let expression = expression.trim();
        let fields = crontab::parse(expression)?;
        let dates = fields
            .for_cron_crate()
            .iter()
            .map(|line| cron::Schedule::from_str(line).map_err(|error| format!("`{expression}`: {error}")))
            .collect::<Result<Vec<_>, _>>()?;
        let schedule = Self { expression: expression.to_owned(), zone, dates, every_hour: fields.every_hour() };
        match schedule.next_after(DateTime::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(format!("`{expression}` never comes: no month of it has such a day")),
        }
    }

    /// The first Slot strictly after `at`. `None` only from 2100 on.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = within(at);
        if self.every_hour { self.next_by_real_time(at) } else { self.next_by_wall_clock(at) }
    }

    /// The last Slot at or before `at`. `None` only before 1970.
    pub fn last_until(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = within(at);
        let comes = |from: DateTime<Utc>| self.next_after(from).filter(|slot| *slot <= at);
        let mut after = Duration::minutes(1);
        while comes(at - after).is_none() {
            after = after * 2;
            if at - after < DateTime::UNIX_EPOCH {
                after = at - within(DateTime::<Utc>::MIN_UTC);
                comes(at - after)?;
                break;
            }
        }
        // The last slot is the one that follows the latest instant which still has one behind it.
        let (mut with, mut without) = (at - after, at);
        while without - with > Duration::seconds(1) {
            let middle = with + (without - with) / 2;
            if comes(middle).is_some() { with = middle } else { without = middle }
        }
        comes(with)
    }

    /// As written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The zone of the fields.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// What a wall clock in the zone shows.
    fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    fn offset(&self, at: DateTime<Utc>) -> i32 {
        self.zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
    }

    fn next_local(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        self.dates.iter().filter_map(|dates| dates.after(&after.and_utc()).next()).min().map(|at| at.naive_utc())
    }

    fn is_local(&self, at: NaiveDateTime) -> bool {
        self.dates.iter().any(|dates| dates.includes(at.and_utc()))
    }

    /// Every local date has one instant: its own, its first, or the end of the gap it is in. That never goes back as dates
    /// go on, so the first date whose instant is late enough is the answer.
    fn next_by_wall_clock(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut date = self.local(at);
        loop {
            date = self.next_local(date)?;
            let slot = self
                .zone
                .from_local_datetime(&date)
                .earliest()
                .map_or_else(|| self.gap_end(date), |slot| slot.to_utc());
            if slot > at {
                return Some(slot);
            }
        }
    }

    /// The first instant at which a wall clock shows more than `date`, which it never shows.
    fn gap_end(&self, date: NaiveDateTime) -> DateTime<Utc> {
        let (mut before, mut after) = (date.and_utc() - LARGEST_SHIFT, date.and_utc() + LARGEST_SHIFT);
        while after - before > Duration::seconds(1) {
            let middle = before + Duration::seconds((after - before).num_seconds() / 2);
            if self.local(middle) > date { after = middle } else { before = middle }
        }
        after
    }

    fn next_by_real_time(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut at = at;
        let soon = at + LARGEST_SHIFT;
        if self.offset(at) != self.offset(soon) {
            // The clock is about to be moved, and may show again what it has shown: look at every minute.
            while at < soon {
                let seconds = i64::from(self.local(at).second());
                at = at - Duration::nanoseconds(i64::from(at.nanosecond())) + Duration::seconds(60 - seconds);
                if self.is_local(self.local(at)) {
                    return Some(at);
                }
            }
        }
        let mut date = self.local(at);
        loop {
            date = self.next_local(date)?;
            let instants = self.zone.from_local_datetime(&date);
            let slot = [instants.earliest(), instants.latest()].into_iter().flatten().map(|slot| slot.to_utc());
            if let Some(slot) = slot.filter(|slot| *slot > at).min() {
                return Some(slot);
            }
        }
    }
}

#[cfg(test)]
mod tests;
