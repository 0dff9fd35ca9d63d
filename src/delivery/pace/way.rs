//! One relay: what it may be given now, its share beside others, and whether it is left alone.

use chrono::{DateTime, Duration, Utc};

use super::breaker::Breaker;
use super::bucket::Bucket;
use super::daily::Quota;
use super::{Heard, Way};

/// A relay over which no mail was begun for so long, though some wait, has its hands full.
const STALLED: Duration = Duration::seconds(5);

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
            way,
        }
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
        self.slower = 0;
        if is_new { heard } else { Heard::Nothing }
    }
}
