//! How far an Issue's mail is: the rate of the last while, and the time that the rest takes at it.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};

/// What is looked back on.
const WINDOW: Duration = Duration::seconds(30);

/// Counts of mails at their end, as they were seen.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    seen: VecDeque<(DateTime<Utc>, u64)>,
}

impl Progress {
    /// At `now` so many are at their end.
    pub fn saw(&mut self, now: DateTime<Utc>, done: u64) {
        // A clock that was put back, or mails that are tried again: it begins anew.
        if self.seen.back().is_some_and(|(at, before)| *at > now || *before > done) {
            self.seen.clear();
        }
        self.seen.push_back((now, done));
        // One that is older than the window stays, so that the window is whole.
        while self.seen.get(1).is_some_and(|(at, _)| now - *at >= WINDOW) {
            self.seen.pop_front();
        }
    }

    /// Mails a second, of late; `None`: it was not looked at for long enough.
    pub fn rate(&self) -> Option<f64> {
        let ((first, before), (last, now)) = (self.seen.front()?, self.seen.back()?);
        let seconds = (*last - *first).as_seconds_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts of mails")]
        let mails = (now - before) as f64;
        (seconds >= 0.5).then(|| mails / seconds)
    }

    /// How long `open` more take at that rate; `None`: nobody knows.
    pub fn left(&self, open: u64) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "counts of mails")]
        let seconds = open as f64 / self.rate().filter(|rate| *rate > 0.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "below a thousand years")]
        Some(Duration::seconds(seconds.ceil().min(3e10) as i64))
    }
}

/// `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
pub fn span(time: Duration) -> String {
    let (days, hours, minutes, seconds) =
        (time.num_days(), time.num_hours() % 24, time.num_minutes() % 60, time.num_seconds() % 60);
    match (time.num_days(), time.num_hours(), time.num_minutes()) {
        (1.., _, _) => format!("{days} d {hours} h"),
        (_, 1.., _) => format!("{hours} h {minutes} min"),
        (_, _, 1..) => format!("{minutes} min"),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_rate_is_that_of_the_last_while() {
        let mut progress = Progress::default();
        progress.saw(at(0), 0);
        assert_eq!((progress.rate(), progress.left(10)), (None, None));
        for second in 1..=100 {
            progress.saw(at(second), 1000 * u64::try_from(second.min(50)).unwrap());
            let rate = progress.rate().unwrap();
            match second {
                1..=50 => assert!((rate - 1000.0).abs() < 1.0, "{second}: {rate}"),
                51..=79 => assert!(rate < 1000.0 && rate > 0.0, "{second}: {rate}"),
                _ => assert!(rate.abs() < 0.1, "{second}: {rate}"),
            }
            if second == 10 {
                assert_eq!(progress.left(90_000), Some(Duration::seconds(90)));
            }
        }
        assert_eq!(progress.left(5), None, "nothing moves");
        assert!(progress.seen.len() < 40);
    }

    #[test]
    fn it_begins_anew_when_something_goes_back() {
        let mut progress = Progress::default();
        progress.saw(at(0), 0);
        progress.saw(at(10), 100);
        progress.saw(at(11), 50);
        assert_eq!(progress.rate(), None);
        progress.saw(at(13), 70);
        assert_eq!(progress.rate(), Some(10.0));
        progress.saw(at(5), 80);
        assert_eq!(progress.rate(), None);
    }

    #[test]
    fn spans_are_for_people() {
        for (seconds, shown) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h")]
        {
            assert_eq!(span(Duration::seconds(seconds)), shown);
        }
    }
}
