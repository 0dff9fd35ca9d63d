//! One relay: what it may be given now, its share beside others, and whether it is left alone.

use chrono::{DateTime, Duration, Utc};

use super::breaker::Breaker;
use super::bucket::Bucket;
use super::daily::Quota;
use super::{Heard, Way};

/// A relay over which no mail was begun for so long, though some wait, has its hands full.
const STALLED: Duration = Duration::seconds(5);
/// A relay that took no more lines is tried with one more after each of these.
const WIDENS: Duration = Duration::minutes(5);

#[derive(Debug, Clone)]
pub(super) struct WayPace {
    pub(super) way: Way,
    pub(super) breaker: Breaker,
    pub(super) bucket: Option<Bucket>,
    pub(super) quota: Option<Quota>,
    pub(super) in_flight: usize,
    /// Connections that wait for a mail.
    pub(super) idle: usize,
    /// Mails begun, for its share.
    pub(super) begun: f64,
    /// When the last one was.
    pub(super) begun_at: Option<DateTime<Utc>>,
    /// Groups that wanted less since it last took a mail.
    pub(super) slower: u32,
    /// Lines that are connected, or about to be.
    pub(super) connected: usize,
    /// One mail is on its way to see whether a way that was blocked is clear.
    pub(super) probing: bool,
    /// It spoke of a reader or took a mail since it was blocked, so that it is there.
    pub(super) is_there: bool,
    /// It was blocked because a line could not be had.
    pub(super) no_line: bool,
    /// So many lines it took when it took no more, and when that was.
    narrowed: Option<(usize, DateTime<Utc>)>,
}

impl WayPace {
    pub(super) fn new(way: Way, now: DateTime<Utc>) -> Self {
        Self {
            bucket: way.limits.per_second.map(|rate| Bucket::new(rate, now)),
            quota: way.limits.daily.is_some().then(|| Quota::new(way.limits.daily)),
            breaker: Breaker::default(),
            in_flight: 0,
            idle: 0,
            begun: 0.0,
            begun_at: None,
            slower: 0,
            connected: 0,
            probing: false,
            is_there: false,
            no_line: false,
            narrowed: None,
            way,
        }
    }

    /// Nothing is on its way any more.
    pub(super) fn afresh(&mut self) {
        (self.in_flight, self.idle, self.connected, self.probing) = (0, 0, 0, false);
    }

    /// How many lines it may have.
    pub(super) fn lines(&self, now: DateTime<Utc>) -> usize {
        let Some((lines, at)) = self.narrowed else { return self.way.lines };
        let more = (now - at).num_seconds() / WIDENS.num_seconds();
        self.way.lines.min(lines.saturating_add(usize::try_from(more).unwrap_or(0)))
    }

    /// It takes no more lines than it has.
    pub(super) fn narrow(&mut self, now: DateTime<Utc>) -> Heard {
        /// It is said again after this long.
        const TOLD: Duration = Duration::hours(1);
        let lines = self.connected.max(1);
        let is_known = self.narrowed.is_some_and(|(known, at)| known == lines && now - at < TOLD);
        self.narrowed = Some((lines, now));
        if is_known { Heard::Nothing } else { Heard::Narrowed(lines) }
    }

    /// Is it left alone for no reason of its own? One that was blocked before is tried with one mail.
    pub(super) fn is_up(&self, now: DateTime<Utc>) -> bool {
        self.breaker.is_over(now)
            && (!self.breaker.is_doubtful() || self.in_flight == 0)
            && self.quota.as_ref().is_none_or(|quota| quota.left(now) > 0)
    }

    pub(super) fn is_open(&mut self, now: DateTime<Utc>) -> bool {
        self.is_up(now) && self.bucket.as_mut().is_none_or(|bucket| bucket.has_one(now))
    }

    /// What it may be given now.
    pub(super) fn ready(&mut self, now: DateTime<Utc>) -> usize {
        if !self.breaker.is_over(now) {
            return 0;
        }
        let quota =
            self.quota.as_ref().map_or(usize::MAX, |quota| usize::try_from(quota.left(now)).unwrap_or(usize::MAX));
        self.bucket.as_mut().map_or(usize::MAX, |bucket| bucket.ready(now)).min(quota)
    }

    pub(super) fn opens(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let breaker = self.breaker.until().filter(|_| !self.breaker.is_over(now)).unwrap_or(now);
        let quota = self.quota.as_ref().map_or(now, |quota| quota.opens(now));
        self.bucket.as_mut().map_or(now, |bucket| bucket.opens(now)).max(breaker).max(quota)
    }

    pub(super) fn share(&self) -> f64 {
        self.begun / f64::from(self.way.limits.weight.max(1))
    }

    /// Does it take mail? One that hangs is waited for by nobody.
    pub(super) fn moves(&self, now: DateTime<Utc>) -> bool {
        self.begun_at.is_none_or(|at| (now - at).abs() < STALLED)
    }

    /// What it missed while it was away is not made up for. `even`: the least share of the others.
    pub(super) fn catches_up(&mut self, even: f64) {
        if even.is_finite() {
            self.begun = self.begun.max(even * f64::from(self.way.limits.weight.max(1)));
        }
    }

    pub(super) fn block(&mut self, now: DateTime<Utc>, random: f64, heard: Heard) -> Heard {
        let is_new = self.breaker.is_over(now);
        self.breaker.blocked(now, random);
        (self.slower, self.is_there, self.no_line) = (0, false, false);
        if is_new { heard } else { Heard::Nothing }
    }
}
