//! When a way is blocked, by the relay or by a group of receivers: nothing goes there for a while, then one mail goes ahead
//! to see.

use chrono::{DateTime, Duration, Utc};

/// Pauses of 30 s, 1 min, 2 min … at most 15 min, each ±10 %, until a mail gets through.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    failures: u32,
    refused: u32,
    until: Option<DateTime<Utc>>,
}

impl Breaker {
    /// The way was blocked at `now`. Several reports from one pause count once. `random`: 0..=1.
    pub fn blocked(&mut self, now: DateTime<Utc>, random: f64) {
        if !self.is_over(now) {
            return;
        }
        let seconds = (30.0 * 2_f64.powi(self.failures.min(10).cast_signed())).min(900.0);
        self.failures += 1;
        #[expect(clippy::cast_possible_truncation, reason = "at most 990,000")]
        let wait = Duration::milliseconds((seconds * 1000.0 * (0.9 + 0.2 * random)) as i64);
        self.until = Some(now + wait);
    }

    /// A mail was refused for good, and none was taken since the last one that was. See [`Self::refuses`].
    pub fn refused(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }

    /// Were so many refused in a row that the next one would be as well, and readers are being lost for what is not theirs?
    pub fn refuses(&self) -> bool {
        const MOST: u32 = 10;
        self.refused >= MOST
    }

    /// A mail was taken: the way is clear.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// A server answered, about one mail: the way to it is clear, whatever it does with mail.
    pub fn answered(&mut self) {
        if !self.refuses() {
            *self = Self { refused: self.refused, ..Self::default() };
        }
    }

    /// May something be claimed at `now`? Also when the end is further away than any pause is long: then the clock was
    /// put back.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        const LONGEST: Duration = Duration::minutes(20);
        self.until.is_none_or(|until| until <= now || now + LONGEST < until)
    }

    /// Was the way blocked the last time? Then one mail is enough to find out.
    pub fn is_doubtful(&self) -> bool {
        self.failures > 0
    }

    /// When it ends.
    pub fn until(&self) -> Option<DateTime<Utc>> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_refusals_makes_few_attempts() {
        let start = DateTime::from_timestamp(0, 0).unwrap();
        let mut pause = Breaker::default();
        let mut attempts = 0;
        for second in 0..3600 {
            let now = start + Duration::seconds(second);
            if pause.is_over(now) {
                attempts += 1;
                assert_eq!(pause.is_doubtful(), attempts > 1);
                pause.blocked(now, 0.5);
                pause.blocked(now, 0.5);
            }
        }
        assert_eq!(attempts, 8);
        pause.clear();
        assert!(pause.is_over(start) && !pause.is_doubtful());
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_make_a_pause_of_days() {
        let start = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let mut pause = Breaker::default();
        (0..20).for_each(|day| pause.blocked(start + Duration::days(day), 1.0));
        let (last, yesterday) = (start + Duration::days(19), start + Duration::days(18));
        assert!(!pause.is_over(last + Duration::minutes(16)));
        assert!(pause.is_over(yesterday));
        pause.blocked(yesterday, 1.0);
        assert!(!pause.is_over(yesterday + Duration::minutes(16)) && pause.is_over(yesterday + Duration::minutes(17)));
    }
}
