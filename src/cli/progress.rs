//! How far mail is, shown while it goes: a bar on a terminal, a plain line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::time::Instant;

use crate::delivery::progress::{Progress, span};

/// Without a terminal a line so often.
const LINE: Duration = Duration::from_secs(10);
/// Looking takes at most this part of the time.
const PART: u32 = 10;

/// Of one Issue.
pub struct Shown {
    bar: Option<ProgressBar>,
    progress: Progress,
    name: String,
    last_line: Option<Instant>,
}

impl Shown {
    /// `name` stands before each line. `bars`: where several are shown below each other.
    pub fn new(name: &str, bars: Option<&MultiProgress>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let bar = bars.map_or_else(|| bar.clone(), |bars| bars.add(bar.clone()));
            if let Ok(style) = ProgressStyle::with_template("{prefix}{bar:30} {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(name.to_owned());
            bar
        });
        Self { bar, progress: Progress::default(), name: name.to_owned(), last_line: None }
    }

    /// So many of `all` are at their end. `more`: what else is to be said. The line, where it is time for one and there is no
    /// terminal.
    pub fn update(&mut self, now: DateTime<Utc>, done: u64, all: u64, more: &str) -> Option<String> {
        self.progress.saw(now, done);
        let words = words(&self.progress, done, all) + more;
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(done);
            bar.set_message(words);
            return None;
        }
        if self.last_line.is_some_and(|last| last.elapsed() < LINE) {
            return None;
        }
        self.last_line = Some(Instant::now());
        Some(format!("{}{words}", self.name))
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// When to look again, where looking took so long.
pub fn pause(took: Duration) -> Duration {
    (took * PART).max(Duration::from_millis(500))
}

/// `1200 of 5000 mails, 240/s, 16 s left`
fn words(progress: &Progress, done: u64, all: u64) -> String {
    let rate =
        progress.rate().map(|rate| if rate < 10.0 { format!(", {rate:.1}/s") } else { format!(", {rate:.0}/s") });
    let left = progress.left(all.saturating_sub(done)).filter(|_| done < all);
    let left = left.map(|left| format!(", {} left", span(left))).unwrap_or_default();
    format!("{done} of {all} mails{}{left}", rate.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap();
        let mut progress = Progress::default();
        progress.saw(at(0), 0);
        assert_eq!(words(&progress, 0, 5000), "0 of 5000 mails");
        progress.saw(at(5), 1200);
        assert_eq!(words(&progress, 1200, 5000), "1200 of 5000 mails, 240/s, 16 s left");
        progress.saw(at(5), 5000);
        assert_eq!(words(&progress, 5000, 5000), "5000 of 5000 mails, 1000/s");
        let mut slow = Progress::default();
        slow.saw(at(0), 0);
        slow.saw(at(4), 2);
        assert_eq!(words(&slow, 2, 3), "2 of 3 mails, 0.5/s, 2 s left");
    }

    #[test]
    fn looking_never_takes_most_of_the_time() {
        assert_eq!(pause(Duration::from_millis(1)), Duration::from_millis(500));
        assert_eq!(pause(Duration::from_secs(1)), Duration::from_secs(10));
    }
}
