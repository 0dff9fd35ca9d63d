//! So many a day: a fixed number, or one that grows while a sender is new and nobody knows it yet.

use std::str::FromStr;

use chrono::{DateTime, Duration, Utc};

/// A limit that grows by the same factor each day on which mail is sent, and is none after its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// Mails of the first day.
    pub first: u64,
    /// Mails of the last day.
    pub last: u64,
    /// How many days.
    pub days: u32,
}

impl WarmUp {
    /// Mails of a day, where mail was sent on `before` days before it; `None`: as many as you like.
    pub fn limit(&self, before: u32) -> Option<u64> {
        if before >= self.days {
            return None;
        }
        let share = f64::from(before) / f64::from((self.days - 1).max(1));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let (first, last) = (self.first as f64, self.last as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between `first` and `last`")]
        let limit = (first * (last / first).powf(share)).round() as u64;
        Some(limit)
    }
}

impl FromStr for WarmUp {
    type Err = String;

    /// `200 to 200000 in 42d`
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("is no warm-up: `{text}`; write e.g. `200 to 200000 in 42d`");
        let words: Vec<&str> = text.split_whitespace().collect();
        let [first, "to", last, "in", days] = words[..] else { return Err(wrong()) };
        let number = |text: &str| text.parse::<u64>().ok().filter(|n| (1..=1_000_000_000).contains(n));
        let days = days.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| (1..=365).contains(days));
        match (number(first), number(last), days) {
            (Some(first), Some(last), Some(days)) if first <= last => Ok(Self { first, last, days }),
            _ => Err(wrong()),
        }
    }
}

/// What may leave in a day (of UTC).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Daily {
    /// Mails a day, in any case.
    pub most: Option<u64>,
    /// While it is new.
    pub warm_up: Option<WarmUp>,
}

impl Daily {
    /// Is there any limit at all?
    pub fn is_some(&self) -> bool {
        self.most.is_some() || self.warm_up.is_some()
    }

    /// Mails of a day, where mail was sent on `before` days before it.
    pub fn limit(&self, before: u32) -> u64 {
        let grown = self.warm_up.and_then(|warm_up| warm_up.limit(before));
        self.most.into_iter().chain(grown).min().unwrap_or(u64::MAX)
    }

    /// How many of what is left of `limit` one process takes at once: few enough that a crash, which loses them, loses little.
    pub fn portion(limit: u64, sent: u64) -> u64 {
        const MOST: u64 = 100;
        (limit / 20).clamp(1, MOST).min(limit.saturating_sub(sent))
    }
}

/// The day of `now`, counted from 1970 in UTC.
pub fn day_of(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(86_400)
}

/// The mails that this process may send today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    daily: Daily,
    day: i64,
    left: u64,
    /// The day has no more.
    is_over: bool,
}

impl Quota {
    /// None yet.
    pub fn new(daily: Daily) -> Self {
        Self { daily, day: i64::MIN, left: 0, is_over: false }
    }

    /// The limits behind it.
    pub fn daily(&self) -> Daily {
        self.daily
    }

    /// Should more be asked for, before anything else is begun?
    pub fn is_low(&self, now: DateTime<Utc>) -> bool {
        self.day != day_of(now) || (self.left == 0 && !self.is_over)
    }

    /// `more` of `day` are ours; 0: the day has no more. True: that is new.
    pub fn granted(&mut self, day: i64, more: u64) -> bool {
        if day != self.day {
            *self = Self { day, ..Self::new(self.daily) };
        }
        self.left += more;
        let was_over = std::mem::replace(&mut self.is_over, more == 0 && self.left == 0);
        self.is_over && !was_over
    }

    /// How many may leave now.
    pub fn left(&self, now: DateTime<Utc>) -> u64 {
        if self.day == day_of(now) { self.left } else { 0 }
    }

    /// Is nothing left of this day, for anybody?
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.is_over && self.day == day_of(now)
    }

    /// One leaves.
    pub fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// One that left was not taken by anybody.
    pub fn give_back(&mut self) {
        self.left += 1;
        self.is_over = false;
    }

    /// What is ours and was not used, with its day; from now on nothing is.
    pub fn unused(&mut self) -> Option<(i64, u64)> {
        let left = std::mem::take(&mut self.left);
        (left > 0).then_some((self.day, left))
    }

    /// When the next day begins.
    pub fn opens(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if !self.is_over(now) {
            return now;
        }
        DateTime::from_timestamp((day_of(now) + 1) * 86_400, 0).unwrap_or(now + Duration::days(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_grows_by_one_factor_and_ends() {
        let curve: WarmUp = "200 to 200000 in 42d".parse().unwrap();
        let limits: Vec<u64> = (0..42).filter_map(|day| curve.limit(day)).collect();
        assert_eq!((limits[0], limits[1], limits[41], limits.len()), (200, 237, 200_000, 42));
        assert!(limits.is_sorted());
        assert_eq!(curve.limit(42), None);
        let day: WarmUp = "5 to 5 in 1d".parse().unwrap();
        assert_eq!((day.limit(0), day.limit(1)), (Some(5), None));
        for wrong in ["", "200", "200 to 100 in 3d", "0 to 5 in 3d", "1 to 5 in 0d", "1 to 5 in 3", "1 - 5 in 3d"] {
            assert!(wrong.parse::<WarmUp>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_smaller_limit_holds() {
        let daily = Daily { most: Some(300), warm_up: "200 to 200000 in 42d".parse().ok() };
        assert_eq!((daily.limit(0), daily.limit(1), daily.limit(9), daily.limit(99)), (200, 237, 300, 300));
        assert_eq!(Daily::default().limit(0), u64::MAX);
        assert_eq!((Daily::portion(5, 0), Daily::portion(5, 5), Daily::portion(9, 12)), (1, 0, 0));
        assert_eq!((Daily::portion(100_000, 99_950), Daily::portion(400, 0)), (50, 20));
    }

    #[test]
    fn a_day_has_its_own_mails() {
        let at = |hours: i64| DateTime::from_timestamp(1_700_000_000 + hours * 3600, 0).unwrap();
        let mut quota = Quota::new(Daily { most: Some(3), warm_up: None });
        assert!(quota.is_low(at(0)));
        assert!(!quota.granted(day_of(at(0)), 2));
        assert_eq!((quota.left(at(0)), quota.is_low(at(0))), (2, false));
        quota.take();
        quota.take();
        assert!(quota.is_low(at(0)));
        assert!(quota.granted(day_of(at(0)), 0), "the day is over");
        assert!(!quota.granted(day_of(at(0)), 0), "which is no news the second time");
        assert!(!quota.is_low(at(0)) && quota.is_over(at(0)));
        let morning = quota.opens(at(0));
        assert_eq!((day_of(morning), morning.timestamp() % 86_400), (day_of(at(0)) + 1, 0));
        assert!(quota.is_low(morning) && !quota.is_over(morning));
        // What an older day had is not of this one.
        quota.give_back();
        assert_eq!(quota.left(morning), 0);
        assert!(!quota.granted(day_of(morning), 1));
        assert_eq!((quota.left(morning), quota.unused(), quota.unused()), (1, Some((day_of(morning), 1)), None));
    }
}
