//! Hours of the day, by a zone's wall clock, in which no digest leaves.

use chrono::{DateTime, Duration, Timelike as _, Utc};
use chrono_tz::Tz;

/// From one minute of the day to another, which may be on the next day; the last one is not quiet any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    zone: Tz,
    from: u32,
    to: u32,
}

impl Quiet {
    /// `22:00-07:00`, by the clocks of `zone`.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, String> {
        let wrong = || format!("are no hours: `{text}`; write e.g. `22:00-07:00`");
        let minute = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let number = |text: &str, most: u32| text.parse::<u32>().ok().filter(|n| *n <= most && text.len() == 2);
            let at = number(hour, 24)? * 60 + number(minute, 59)?;
            (at <= 24 * 60).then_some(at % (24 * 60))
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        match (minute(from), minute(to)) {
            (Some(from), Some(to)) if from != to => Ok(Self { zone, from, to }),
            _ => Err(wrong()),
        }
    }

    /// Is it quiet at `now`?
    pub fn is_quiet(&self, now: DateTime<Utc>) -> bool {
        let local = now.with_timezone(&self.zone);
        let minute = local.hour() * 60 + local.minute();
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }

    /// The first minute from `now` on that is not quiet. Clocks may be moved in between.
    pub fn ends(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let minute = now - Duration::milliseconds(now.timestamp_millis().rem_euclid(60_000));
        // A day with an hour more, and none longer than that.
        (1..=25 * 60)
            .map(|minutes| minute + Duration::minutes(minutes))
            .find(|at| !self.is_quiet(*at))
            .filter(|_| self.is_quiet(now))
            .unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_by_the_readers_clock() {
        let night = Quiet::parse("22:00-07:00", chrono_tz::Asia::Shanghai).unwrap();
        for (now, quiet) in [
            ("2026-03-06T13:59:59Z", false),
            ("2026-03-06T14:00:00Z", true),
            ("2026-03-06T22:59:59.999Z", true),
            ("2026-03-06T23:00:00Z", false),
        ] {
            assert_eq!(night.is_quiet(at(now)), quiet, "{now}");
        }
        assert_eq!(night.ends(at("2026-03-06T14:00:30Z")), at("2026-03-06T23:00:00Z"));
        assert_eq!(night.ends(at("2026-03-06T12:00:00Z")), at("2026-03-06T12:00:00Z"));
        let noon = Quiet::parse("12:00-14:30", chrono_tz::UTC).unwrap();
        assert!(noon.is_quiet(at("2026-03-06T14:29:59Z")) && !noon.is_quiet(at("2026-03-06T14:30:00Z")));
        let evening = Quiet::parse("18:00-24:00", chrono_tz::UTC).unwrap();
        assert!(evening.is_quiet(at("2026-03-06T23:59:59Z")) && !evening.is_quiet(at("2026-03-07T00:00:00Z")));
    }

    #[test]
    fn it_ends_by_the_wall_clock_when_clocks_are_moved() {
        let night = Quiet::parse("22:00-07:00", chrono_tz::Europe::Berlin).unwrap();
        // A night of eight hours, and one of ten.
        assert_eq!(night.ends(at("2026-03-28T21:00:00Z")), at("2026-03-29T05:00:00Z"));
        assert_eq!(night.ends(at("2026-10-24T20:00:00Z")), at("2026-10-25T06:00:00Z"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for wrong in ["", "22:00", "22-07", "22:00-22:00", "24:01-03:00", "25:00-03:00", "2:00-3:00", "02:60-03:00"] {
            assert!(Quiet::parse(wrong, chrono_tz::UTC).is_err(), "{wrong}");
        }
    }
}
