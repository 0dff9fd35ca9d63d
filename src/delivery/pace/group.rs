//! How fast one group of receivers takes mail: as fast as it can until it says that this is too fast; then half as fast, a tenth
//! more for every hundred mails that it takes (or those of ten seconds, where these are fewer), and for a while not at all when it
//! refuses one after the other.

use chrono::{DateTime, Duration, Utc};

use super::breaker::Breaker;
use super::bucket::Bucket;

/// No group is asked more seldom than this, in mails a second.
const SLOWEST: f64 = 0.1;
/// Above this, in mails a second, it is as if there were no limit.
const FASTEST: f64 = 1000.0;
/// So many that were taken make it a tenth faster, and those of so many seconds where these are fewer.
const STEP: f64 = 100.0;
const STEP_SECONDS: f64 = 10.0;
/// So many refusals in a row, and nothing goes there for a while.
const IN_A_ROW: u32 = 5;
/// After so long without a refusal nothing is held against it any more.
const FORGIVEN: Duration = Duration::hours(1);
/// Refusals within this time of one that has slowed us down are to mails that had left before it.
const ECHO: Duration = Duration::milliseconds(500);

/// See the module. Without a refusal it costs nothing but a count.
#[derive(Debug, Clone, Default)]
pub struct GroupPace {
    limit: Option<Bucket>,
    breaker: Breaker,
    taken: u32,
    in_a_row: u32,
    refused_at: Option<DateTime<Utc>>,
    /// Mails begun in the current second and in the one before it.
    second: (i64, u32, u32),
    /// Begun and not ended.
    in_flight: usize,
}

impl GroupPace {
    /// May another one be sent there now?
    pub fn is_open(&mut self, now: DateTime<Utc>) -> bool {
        if self.refused_at.is_none() {
            return true;
        }
        self.forgive(now);
        self.breaker.is_over(now)
            && (!self.breaker.is_doubtful() || self.in_flight == 0)
            && self.limit.as_mut().is_none_or(|limit| limit.has_one(now))
    }

    /// Is it left alone?
    pub fn is_held(&self, now: DateTime<Utc>) -> bool {
        !self.breaker.is_over(now)
    }

    /// Does anything slow it down? Then [`Self::ready`] says how much can go.
    pub fn is_slowed(&self) -> bool {
        self.refused_at.is_some()
    }

    /// The same, when what is old is forgiven.
    pub fn is_slowed_at(&mut self, now: DateTime<Utc>) -> bool {
        self.forgive(now);
        self.is_slowed()
    }

    /// How many may go now, beside those that are on their way.
    pub fn ready(&mut self, now: DateTime<Utc>) -> usize {
        self.forgive(now);
        if !self.breaker.is_over(now) {
            return 0;
        }
        if self.breaker.is_doubtful() {
            return usize::from(self.in_flight == 0);
        }
        self.limit.as_mut().map_or(usize::MAX, |limit| limit.ready(now))
    }

    /// When it is worth asking again.
    pub fn opens(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.breaker.until().filter(|_| !self.breaker.is_over(now)) {
            Some(until) => until,
            None => self.limit.as_mut().map_or(now, |limit| limit.opens(now)),
        }
    }

    /// One begins.
    pub fn begins(&mut self, now: DateTime<Utc>) {
        self.in_flight += 1;
        let second = now.timestamp();
        self.second = match second - self.second.0 {
            0 => (second, self.second.1 + 1, self.second.2),
            1 => (second, 1, self.second.1),
            _ => (second, 1, 0),
        };
        if let Some(limit) = &mut self.limit {
            limit.take(now);
        }
    }

    /// None is on its way.
    pub fn afresh(&mut self) {
        self.in_flight = 0;
    }

    /// One ends, however.
    pub fn ends(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// One was taken.
    pub fn took(&mut self, now: DateTime<Utc>) {
        if self.refused_at.is_none() {
            return;
        }
        self.in_a_row = 0;
        self.breaker.clear();
        self.taken += 1;
        if let Some(limit) = &mut self.limit
            && f64::from(self.taken) >= (limit.rate() * STEP_SECONDS).min(STEP)
        {
            self.taken = 0;
            let rate = limit.rate() * 1.1;
            if rate > FASTEST {
                self.limit = None;
            } else {
                limit.set_rate(rate, now);
            }
        }
    }

    /// It said that this is too fast. True: it is left alone for a while from now on.
    pub fn refuses(&mut self, now: DateTime<Utc>, random: f64) -> bool {
        let is_echo = self.refused_at.is_some_and(|at| now >= at && now - at < ECHO) && self.limit.is_some();
        self.in_a_row += 1;
        self.taken = 0;
        if !is_echo {
            let rate = self.limit.as_ref().map_or_else(|| self.seen(), Bucket::rate);
            let mut limit = Bucket::new((rate / 2.0).max(SLOWEST), now);
            limit.drain(now);
            self.limit = Some(limit);
            self.refused_at = Some(now);
        }
        if self.breaker.is_doubtful() || self.in_a_row >= IN_A_ROW {
            let was_over = self.breaker.is_over(now);
            self.breaker.blocked(now, random);
            return was_over;
        }
        false
    }

    /// The rate that it is held to, in mails a second, if any.
    pub fn rate(&self) -> Option<f64> {
        self.limit.as_ref().map(Bucket::rate)
    }

    /// Mails a second, lately.
    fn seen(&self) -> f64 {
        f64::from(self.second.1.max(self.second.2))
    }

    fn forgive(&mut self, now: DateTime<Utc>) {
        if self.refused_at.is_some_and(|at| now - at > FORGIVEN || now < at - FORGIVEN) && !self.breaker.is_doubtful() {
            let (second, in_flight) = (self.second, self.in_flight);
            *self = Self { second, in_flight, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_000_000_000_000 + millis).unwrap()
    }

    /// A receiver that takes `most` in each second and refuses the rest; how many it took and refused.
    fn against(pace: &mut GroupPace, most: u32, seconds: i64) -> (u32, u32) {
        let (mut took, mut refused) = (0, 0);
        for second in 0..seconds {
            let mut now = 0;
            for millis in (0..1000).step_by(5) {
                let now_at = at(second * 1000 + millis);
                if !pace.is_open(now_at) {
                    continue;
                }
                pace.begins(now_at);
                pace.ends();
                now += 1;
                if now > most {
                    refused += 1;
                    pace.refuses(now_at, 0.5);
                } else {
                    took += 1;
                    pace.took(now_at);
                }
            }
        }
        (took, refused)
    }

    #[test]
    fn nothing_is_slow_before_somebody_says_so() {
        let mut pace = GroupPace::default();
        for millis in 0..10_000 {
            assert!(pace.is_open(at(millis)));
            pace.begins(at(millis));
            pace.took(at(millis));
        }
        assert!(!pace.is_slowed() && pace.rate().is_none());
    }

    #[test]
    fn a_refusal_halves_and_a_hundred_mails_bring_a_tenth() {
        let mut pace = GroupPace::default();
        (0..80).for_each(|n| pace.begins(at(n)));
        pace.refuses(at(100), 0.5);
        assert_eq!(pace.rate(), Some(40.0));
        // Those that had left before it say the same.
        pace.refuses(at(200), 0.5);
        assert_eq!(pace.rate(), Some(40.0));
        pace.took(at(300));
        pace.refuses(at(700), 0.5);
        assert_eq!(pace.rate(), Some(20.0));
        (0..100).for_each(|n| pace.took(at(1000 + n)));
        assert!((pace.rate().unwrap() - 22.0).abs() < 1e-9);
        assert!(pace.is_open(at(3_600_000 + 701)) && pace.rate().is_none(), "an hour later it is forgiven");
    }

    #[test]
    fn it_finds_what_the_receiver_takes() {
        let mut pace = GroupPace::default();
        let (took, refused) = against(&mut pace, 20, 600);
        assert!(took > 600 * 20 / 2, "{took} of {}", 600 * 20);
        assert!(refused * 20 < took, "{refused} beside {took}");
    }

    #[test]
    fn who_refuses_everything_is_left_alone() {
        let mut pace = GroupPace::default();
        let (took, refused) = against(&mut pace, 0, 3600);
        assert_eq!(took, 0);
        assert!((10..=20).contains(&refused), "{refused}");
        assert!(pace.opens(at(3_600_000)) > at(3_600_000));
        // And comes back.
        let mut took = 0;
        for second in 3600..7200 {
            if pace.is_open(at(second * 1000)) {
                pace.begins(at(second * 1000));
                pace.ends();
                pace.took(at(second * 1000));
                took += 1;
            }
        }
        assert!(took > 200, "{took}");
    }

    #[test]
    fn one_goes_ahead_after_a_hold() {
        let mut pace = GroupPace::default();
        for n in 0..5 {
            pace.begins(at(n * 20_000));
            pace.ends();
            let held = pace.refuses(at(n * 20_000), 0.5);
            assert_eq!(held, n == 4);
        }
        assert!(!pace.is_open(at(81_000)));
        let later = at(80_000 + 30_000);
        assert!(pace.is_open(later));
        assert_eq!(pace.ready(later), 1);
        pace.begins(later);
        assert!(!pace.is_open(later) && pace.ready(later) == 0, "the others wait for what becomes of it");
        pace.ends();
        pace.took(later);
        let next = later + Duration::seconds(10);
        assert!(!pace.is_open(later) && pace.is_open(next), "slowly, but not one by one any more");
        pace.begins(next);
        assert!(pace.opens(next) < next + Duration::seconds(10));
    }
}
