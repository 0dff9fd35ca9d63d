//! So many in a second, by the clock that is told: a bucket that fills steadily and holds what one second brings.

use chrono::{DateTime, Duration, Utc};

/// Fills by `rate` a second, holds a second's worth and at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    rate: f64,
    level: f64,
    at: DateTime<Utc>,
}

impl Bucket {
    /// A full one. `rate`: mails a second, above 0.
    pub fn new(rate: f64, now: DateTime<Utc>) -> Self {
        Self { rate, level: rate.max(1.0), at: now }
    }

    /// Mails a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// From now on at another rate. What there is in it stays, up to what it holds then.
    pub fn set_rate(&mut self, rate: f64, now: DateTime<Utc>) {
        self.fill(now);
        self.rate = rate;
        self.level = self.level.min(rate.max(1.0));
    }

    /// Takes everything out.
    pub fn drain(&mut self, now: DateTime<Utc>) {
        (self.level, self.at) = (0.0, now);
    }

    /// May one leave now?
    pub fn has_one(&mut self, now: DateTime<Utc>) -> bool {
        self.fill(now);
        self.level >= 1.0
    }

    /// One leaves. Where [`Self::has_one`] was not asked, later ones wait for it.
    pub fn take(&mut self, now: DateTime<Utc>) {
        self.fill(now);
        self.level -= 1.0;
    }

    /// How many may leave now.
    pub fn ready(&mut self, now: DateTime<Utc>) -> usize {
        self.fill(now);
        whole(self.level)
    }

    /// When the next quarter of a second's worth, or one, is in it.
    pub fn opens(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.fill(now);
        let missing = (self.rate / 4.0).max(1.0) - self.level;
        if missing <= 0.0 { now } else { now + millis(missing / self.rate) }
    }

    fn fill(&mut self, now: DateTime<Utc>) {
        // A clock that is put back brings nothing, and the time until then is not waited for again.
        let seconds = (now - self.at).as_seconds_f64().max(0.0);
        self.at = now;
        self.level = (self.level + seconds * self.rate).min(self.rate.max(1.0));
    }
}

/// `seconds` as a span, rounded up to the next millisecond, at most a day.
fn millis(seconds: f64) -> Duration {
    #[expect(clippy::cast_possible_truncation, reason = "within a day")]
    Duration::milliseconds((seconds * 1000.0).ceil().clamp(0.0, 86_400_000.0) as i64)
}

fn whole(level: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count, 0 at least")]
    let count = level.clamp(0.0, 1e9) as usize;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_000_000_000 + millis).unwrap()
    }

    /// How many leave in `seconds`, one every millisecond if they may.
    fn leave(bucket: &mut Bucket, from: i64, seconds: i64) -> usize {
        let mut left = 0;
        for millis in from..from + seconds * 1000 {
            if bucket.has_one(at(millis)) {
                bucket.take(at(millis));
                left += 1;
            }
        }
        left
    }

    #[test]
    fn so_many_a_second_and_no_more() {
        let mut bucket = Bucket::new(5.0, at(0));
        // What is in it, and what a minute brings.
        let left = leave(&mut bucket, 0, 60);
        assert!((304..=305).contains(&left), "{left}");
        let mut slow = Bucket::new(0.1, at(0));
        let left = leave(&mut slow, 0, 100);
        assert!((10..=11).contains(&left), "{left}");
    }

    #[test]
    fn a_pause_gathers_a_second_and_no_more() {
        let mut bucket = Bucket::new(5.0, at(0));
        leave(&mut bucket, 0, 10);
        assert_eq!(leave(&mut bucket, 3_600_000, 1), 9);
    }

    #[test]
    fn a_clock_that_goes_back_neither_fills_nor_stops() {
        let mut bucket = Bucket::new(1.0, at(0));
        bucket.take(at(0));
        assert!(!bucket.has_one(at(-86_400_000)));
        assert!(bucket.has_one(at(-86_400_000 + 1000)));
    }

    #[test]
    fn it_says_when_to_come_again() {
        let mut bucket = Bucket::new(8.0, at(0));
        bucket.drain(at(0));
        assert_eq!(bucket.opens(at(0)), at(250));
        assert!(bucket.has_one(at(250)));
        let mut slow = Bucket::new(0.1, at(0));
        slow.take(at(0));
        assert_eq!(slow.opens(at(0)), at(10_000));
        assert_eq!((slow.ready(at(0)), slow.ready(at(9_500)), slow.ready(at(10_000))), (0, 0, 1));
    }

    #[test]
    fn another_rate_keeps_what_there_is() {
        let mut bucket = Bucket::new(100.0, at(0));
        bucket.set_rate(10.0, at(0));
        assert_eq!(bucket.ready(at(0)), 10);
        bucket.drain(at(0));
        bucket.set_rate(20.0, at(0));
        assert_eq!((bucket.has_one(at(0)), bucket.ready(at(0)), bucket.ready(at(500))), (false, 0, 10));
    }
}
