//! How often: a limit for each of many keys, in bounded memory (the generic cell rate algorithm: one instant a key).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

/// Keys that are remembered at once; further ones share a limit until others are over.
const KEYS: usize = 20_000;

/// So many in any `period`, at once or spread.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How many.
    pub count: i32,
    /// In which time.
    pub period: Duration,
}

/// Counts by key.
#[derive(Debug)]
pub struct Limiter<K> {
    /// When a key's allowance is whole again. `None` stands for all that found no place.
    whole_at: Mutex<HashMap<Option<K>, DateTime<Utc>>>,
}

impl<K> Default for Limiter<K> {
    fn default() -> Self {
        Self { whole_at: Mutex::default() }
    }
}

impl<K: Hash + Eq> Limiter<K> {
    /// Takes one of the allowance of `key`; false when it is used up.
    pub fn take(&self, key: K, rate: Rate, now: DateTime<Utc>) -> bool {
        self.take_or_wait(key, rate, now).is_ok()
    }

    /// The same; the error is how long until there is one again.
    pub fn take_or_wait(&self, key: K, rate: Rate, now: DateTime<Utc>) -> Result<(), Duration> {
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Some(key);
        if whole_at.len() >= KEYS && !whole_at.contains_key(&key) {
            whole_at.retain(|_, at| *at > now);
            if whole_at.len() >= KEYS {
                key = None;
            }
        }
        // A clock that was set back must not lock anybody out for longer than the period.
        let latest = now + rate.period;
        let at = whole_at.entry(key).or_insert(now);
        *at = (*at).clamp(now, latest);
        let next = *at + rate.period / rate.count;
        if next > latest {
            return Err(next - latest);
        }
        *at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { count: 3, period: Duration::minutes(30) };

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_600_000_000 + minute * 60, 0).unwrap()
    }

    #[test]
    fn so_many_and_then_one_at_a_time() {
        let limiter = Limiter::default();
        let taken: Vec<bool> =
            [0, 0, 0, 0, 9, 10, 10, 40, 40, 40, 40].map(|minute| limiter.take("a", RATE, at(minute))).into();
        assert_eq!(taken, [true, true, true, false, false, true, false, true, true, true, false]);
        assert!(limiter.take("b", RATE, at(40)), "another key has its own allowance");
        assert_eq!(limiter.take_or_wait("a", RATE, at(43)), Err(Duration::minutes(7)));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let limiter = Limiter::default();
        assert!((0..3).all(|_| limiter.take("a", RATE, at(100_000))));
        assert!(!limiter.take("a", RATE, at(0)));
        assert!(limiter.take("a", RATE, at(10)), "a third of the period gives one back");
    }

    #[test]
    fn memory_is_bounded_and_strangers_share_a_limit() {
        let limiter = Limiter::default();
        assert!((0..KEYS).all(|key| limiter.take(key, RATE, at(0))));
        let allowed = (KEYS..KEYS + 1000).filter(|key| limiter.take(*key, RATE, at(0))).count();
        assert_eq!(allowed, 3);
        assert!(limiter.whole_at.lock().unwrap().len() <= KEYS + 1);
        assert!(limiter.take(KEYS + 5000, RATE, at(60)), "those that are over make place");
    }
}
