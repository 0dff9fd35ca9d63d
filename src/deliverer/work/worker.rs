//! One worker: takes a job, composes its mail and sends it over its line, what follows in its hand.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tracing::{info, warn};

use super::super::door::{Door, kept};
use super::super::letter::{self, Content, Letter};
use super::super::{LEASE, RECORD_WITHIN, jitter};
use super::helpers::{Helpers, composed};
use super::{Done, Job, Work};
use crate::delivery::pace::{Heard, Hearing, Turn};
use crate::mail::transport::{Ahead, Attempt, Limits, Line, for_the_log};
use crate::sabotage;

/// How a worker is counted.
struct Is {
    /// It has a job.
    busy: bool,
    /// Its line is connected, or about to be.
    connected: bool,
}

impl Work {
    /// One worker, until nothing is to be done or begun any more. Gives its line back.
    pub async fn run(self: Arc<Self>, mut line: Line, results: mpsc::Sender<Done>) -> Line {
        let place = line.place();
        let mut is = Is { busy: false, connected: line.is_connected() };
        // The next one, and where the line goes ahead the one after it.
        let mut hand: VecDeque<Letter> = VecDeque::with_capacity(2);
        loop {
            if hand.is_empty() {
                let Some(job) = self.next(place, &mut is).await else { return line };
                match self.make(job, place, None).await {
                    Ok(letter) => hand.push_back(letter),
                    Err(failed) => {
                        let (done, recorded) = *failed;
                        self.stays(&line, &mut is);
                        if results.send(done).await.is_err() || !kept(recorded).await {
                            return line;
                        }
                        continue;
                    }
                }
            }
            self.reach(&line, &mut hand, &results).await;
            let Some(letter) = hand.pop_front() else { continue };
            let limits = Limits {
                until: letter.job.claimed + sabotage::really(LEASE.saturating_sub(RECORD_WITHIN)),
                stop: self.give_up.clone(),
            };
            let mail = letter.mail();
            let next = hand.front().map(|next| (next.mail(), &next.door));
            let ahead = next.as_ref().map(|(mail, gate)| Ahead { mail, gate: *gate });
            let begun = Instant::now();
            let attempt = line.send_before(&mail, &letter.door, ahead, &limits).await;
            self.stays(&line, &mut is);
            if letter.door.is_in_vain() {
                // The mail before it is not recorded, and this one has no end.
                hand.push_front(letter);
                self.put_back(&mut line, &mut hand, false);
                return line;
            }
            let next = hand.front().map(|next| next.job.domain());
            self.learned(&letter.job, begun.elapsed());
            let untouched = self.heard(place, &letter.job, &attempt, next);
            // No other message ends on this line until this one is recorded: what a crash repeats is at most one mail a
            // connection. Meanwhile what follows is made ready, and begun.
            let (done, recorded) = letter.done(attempt, place, untouched);
            let mut is_recorded = results.send(done).await.is_ok();
            if is_recorded && !hand.is_empty() {
                self.reach(&line, &mut hand, &results).await;
            }
            self.put_back(&mut line, &mut hand, is_recorded);
            match hand.front() {
                Some(next) => next.door.follows(recorded),
                None => is_recorded &= kept(recorded).await,
            }
            self.stays(&line, &mut is);
            if !is_recorded {
                return line;
            }
        }
    }

    /// Tells whether the line is still connected.
    fn stays(&self, line: &Line, is: &mut Is) {
        let connected = line.is_connected();
        if connected != is.connected {
            let _state = self.state();
            self.pace().connects(line.place(), connected);
            is.connected = connected;
        }
    }

    /// Takes and composes what follows the one that is in hand, where it can be begun early.
    async fn reach(&self, line: &Line, hand: &mut VecDeque<Letter>, results: &mpsc::Sender<Done>) {
        let [letter] = hand.make_contiguous() else { return };
        if !line.goes_ahead() {
            return;
        }
        let current = Some(letter.job.domain());
        let next = self.next_now(line.place(), current, &mut Is { busy: true, connected: true });
        let Some(job) = next else { return };
        match self.make(job, line.place(), current).await {
            Ok(letter) => hand.push_back(letter),
            // Nobody waits for it: nothing of it left.
            Err(failed) => _ = results.send(failed.0).await,
        }
    }

    /// Gives back what is not to be begun any more.
    fn put_back(&self, line: &mut Line, hand: &mut VecDeque<Letter>, is_recorded: bool) {
        for at in (0..hand.len()).rev() {
            let (job, is_begun) = (&hand[at].job, at == 0 && line.has_begun());
            let stopped = self.no_more.is_cancelled() || self.is_held(line.place(), job.to());
            if is_recorded && job.may_begin() && (is_begun || !stopped) {
                continue;
            }
            if is_begun {
                line.cut();
            }
            if let Some(letter) = hand.remove(at) {
                let mut state = self.state();
                self.pace().unsaid(line.place(), letter.job.to());
                if hand.front().is_none_or(|other| other.job.domain() != letter.job.domain()) {
                    state.jobs.ended(letter.job.domain());
                }
                state.returned.push(letter.job.claim);
                self.hungry.notify_one();
            }
        }
    }

    /// Composes the mail of `job`. `current`: see [`crate::delivery::pace::queue::Queue::take`].
    async fn make(
        &self,
        job: Job,
        place: usize,
        current: Option<&str>,
    ) -> Result<Letter, Box<(Done, watch::Receiver<bool>)>> {
        let door = Door::new(&self.doorkeeper, &job.claim, job.claimed);
        match self.composed(&job).await {
            Ok(content) => Ok(Letter { job, content, door }),
            Err(attempt) => {
                self.heard(place, &job, &attempt, current);
                Err(Box::new(letter::done(&job, attempt, place)))
            }
        }
    }

    /// On another thread, where that is worth it and there is one: meanwhile this one sends.
    async fn composed(&self, job: &Job) -> Result<Content, Attempt> {
        if job.prepared.as_ref().is_some_and(|prepared| prepared.is_slow()) {
            let helpers = self.helpers.get_or_init(|| Helpers::new(&self.parts, &self.clock));
            if let Some(made) = helpers.compose(job).await {
                return made;
            }
        }
        composed(self.parts.store.key(), &self.parts.settings, job, &self.clock)
    }

    /// Waits for the next job; `None`: there is none and none will come. `is`: as it is counted.
    async fn next(&self, place: usize, is: &mut Is) -> Option<Job> {
        let more = self.more.get(place)?;
        loop {
            // Listens before it looks.
            let rung = more.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let job = self.next_now(place, None, is);
            let counts;
            {
                let mut state = self.state();
                match (&job, is.busy) {
                    (Some(_), false) => state.busy += 1,
                    (None, true) => state.busy -= 1,
                    _ => {}
                }
                is.busy = job.is_some();
                if !is.busy {
                    self.hungry.notify_one();
                }
                if job.is_some() || state.closed || self.no_more.is_cancelled() {
                    return job;
                }
                let mut pace = self.pace();
                // Nobody waits for a line that may not take what is left to it.
                counts = is.connected || pace.may_connect(place, self.clock.now());
                if counts {
                    pace.waits(place, true);
                }
            }
            tokio::select! { () = rung => {}, () = self.no_more.cancelled() => {} }
            if counts {
                self.pace().waits(place, false);
            }
        }
    }

    /// The next job that may begin now over the relay at `place`, if there is one. `current`: see [`crate::delivery::pace::queue::Queue::take`].
    fn next_now(&self, place: usize, current: Option<&str>, is: &mut Is) -> Option<Job> {
        if self.no_more.is_cancelled() {
            return None;
        }
        let (now, mut state) = (self.clock.now(), self.state());
        if state.jobs.is_empty() {
            return None;
        }
        let mut pace = self.pace();
        if !is.connected && !pace.may_connect(place, now) {
            return None;
        }
        match pace.turn(place, now) {
            Turn::Now => {}
            Turn::No => return None,
            Turn::Of(other) => {
                state.waived = true;
                self.more.get(other)?.notify_waiters();
                return None;
            }
        }
        let at = Instant::now().into_std();
        while let Some(job) = state.jobs.take(current, at, |job| pace.takes(job.to(), job.claim.kind, now)) {
            if state.jobs.len() <= self.low {
                self.hungry.notify_one();
            }
            if job.may_begin() {
                pace.begins(place, job.to(), now);
                if !std::mem::replace(&mut is.connected, true) {
                    pace.connects(place, true);
                }
                if std::mem::take(&mut state.waived) {
                    self.more.iter().for_each(Notify::notify_waiters);
                }
                return Some(job);
            }
            if current != Some(job.domain()) {
                state.jobs.ended(job.domain());
            }
            state.returned.push(job.claim);
            self.hungry.notify_one();
        }
        None
    }

    fn learned(&self, job: &Job, took: Duration) {
        self.state().jobs.learned(job.domain(), took, Instant::now().into_std());
    }

    /// An attempt is over: what it says of the way. Before anybody takes another job. `other`: the domain that its connection has
    /// another mail to. Is it given back as it was?
    fn heard(&self, place: usize, job: &Job, attempt: &Attempt, other: Option<&str>) -> bool {
        let (now, mut state, mut pace) = (self.clock.now(), self.state(), self.pace());
        if other != Some(job.domain()) {
            state.jobs.ended(job.domain());
        }
        let jitter = jitter(&attempt.outcome);
        let Hearing { news, untouched } = pace.heard(place, job.to(), attempt.word(job.group), now, jitter);
        if !pace.is_open(now) {
            self.no_more.cancel();
        }
        if news == Heard::Nothing {
            return untouched;
        }
        let over = match pace.way(place).filter(|_| pace.has_choice()) {
            Some(way) => format!(" over `{}`", way.name),
            None => String::new(),
        };
        drop((state, pace));
        let (stage, code, text) = (attempt.stage, attempt.outcome.code, for_the_log(&attempt.outcome.text));
        let group = job.group.name();
        match news {
            Heard::Nothing => {}
            Heard::Blocked => warn!(?stage, code, "mail{over} is paused: {text}"),
            Heard::Refused => {
                warn!(?stage, code, "mail{over} is paused: one after the other is refused: {text}");
            }
            Heard::Narrowed(lines) => {
                info!(?stage, code, lines, "mail{over} goes over fewer connections: it takes no more at once");
            }
            Heard::Slowed(rate) => info!(code, group, rate, "mail to them goes more slowly: {text}"),
            Heard::Held => warn!(code, group, "mail to them is paused: {text}"),
        }
        untouched
    }
}
