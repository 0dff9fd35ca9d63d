//! Exactly one Issue a Slot, over chance's choice of schedules, zones, downtimes and jumps of the clock, beside an oracle that
//! walks minute by minute and shares nothing with our code but the database of zones.
//!
//! A case is one thing that happens to a machine (it runs on, is down for a while, its clock jumps), after which the Issues that
//! exist are those that the oracle names. The short run makes some thousands of them, the long one a million.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Duration, NaiveDate, NaiveDateTime, TimeZone as _, Timelike as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use postrider::digest::{Schedule, Trigger};
use postrider::scheduler::{self, Watch};

use crate::support::long;
use crate::support::random::Random;

/// A schedule as text, and as what the text means.
#[derive(Debug, Clone)]
struct Wanted {
    text: String,
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
    both_days: bool,
}

/// A field: `*`, `*/n`, a number, a list, a range, a range with steps.
fn field(random: &mut Random, low: u32, high: u32, any: u64) -> (String, Vec<u32>) {
    let number = |random: &mut Random| low + u32::try_from(random.below(u64::from(high - low + 1))).unwrap();
    if random.chance(any) {
        return ("*".to_owned(), (low..=high).collect());
    }
    let step = |random: &mut Random| 2 + usize::try_from(random.below(20)).unwrap();
    match random.below(10) {
        0 => {
            let step = step(random);
            (format!("*/{step}"), (low..=high).step_by(step).collect())
        }
        1..=5 => {
            let one = number(random);
            (one.to_string(), vec![one])
        }
        6 | 7 => {
            let mut all: Vec<u32> = (0..2 + random.below(3)).map(|_| number(random)).collect();
            all.sort_unstable();
            all.dedup();
            (all.iter().map(u32::to_string).collect::<Vec<_>>().join(","), all)
        }
        kind => {
            let (a, b) = (number(random), number(random));
            let (a, b) = (a.min(b), a.max(b));
            let step = if kind == 8 { 1 } else { step(random) };
            let text = if kind == 8 { format!("{a}-{b}") } else { format!("{a}-{b}/{step}") };
            (text, (a..=b).step_by(step).collect())
        }
    }
}

fn schedule(random: &mut Random) -> Wanted {
    let often = random.chance(30);
    let (minute, minutes) = field(random, 0, 59, if often { 20 } else { 2 });
    let (hour, hours) = field(random, 0, 23, if often { 60 } else { 10 });
    let (day, days) = field(random, 1, 31, 70);
    let (month, months) = field(random, 1, 12, 85);
    let (weekday, weekdays) = field(random, 0, 6, 50);
    let both_days = day.starts_with('*') || weekday.starts_with('*');
    Wanted {
        text: format!("{minute} {hour} {day} {month} {weekday}"),
        minutes,
        hours,
        days,
        months,
        weekdays,
        both_days,
    }
}

impl Wanted {
    fn is_day(&self, date: NaiveDate) -> bool {
        let day = self.days.contains(&date.day());
        let weekday = self.weekdays.contains(&date.weekday().num_days_from_sunday());
        self.months.contains(&date.month()) && if self.both_days { day && weekday } else { day || weekday }
    }

    fn is(&self, at: NaiveDateTime) -> bool {
        self.minutes.contains(&at.minute()) && self.hours.contains(&at.hour()) && self.is_day(at.date())
    }

    /// Is the minute that begins at `at` a Slot? crontab(5) of Debian: what names its hours keeps to the wall clock (right after
    /// a gap, the first time in an overlap), what comes in every hour keeps to real time.
    fn is_slot(&self, zone: Tz, at: DateTime<Utc>) -> bool {
        let shown = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
        let now = shown(at);
        if self.hours.len() == 24 {
            return self.is(now);
        }
        if self.is(now) && zone.from_local_datetime(&now).earliest().is_some_and(|first| first == at) {
            return true;
        }
        let before = shown(at - Duration::minutes(1));
        let mut skipped = before + Duration::minutes(1);
        while skipped < now {
            if self.is(skipped) {
                return true;
            }
            skipped += Duration::minutes(1);
        }
        false
    }

    /// The newest Slot at or before `at`, looked for in the two months before; and whether it was found there.
    fn newest(&self, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut minute = at.with_second(0).unwrap().with_nanosecond(0).unwrap();
        for _ in 0..62 {
            // A day back reaches into the date before the last one where the clock was put forward, by up to a day.
            let date = minute.with_timezone(&zone).date_naive();
            let near = (-3..=1).any(|days| self.is_day(date + Duration::days(days)));
            let until = minute - Duration::days(1);
            while minute > until {
                if near && self.is_slot(zone, minute) {
                    return Some(minute);
                }
                minute -= Duration::minutes(if near { 1 } else { 1440 });
            }
        }
        None
    }
}

/// One machine and its store: what is remembered, and the Issues that were made.
struct Life {
    wanted: Wanted,
    zone: Tz,
    schedule: Schedule,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
    watch: Watch,
    made: BTreeSet<DateTime<Utc>>,
    expected: BTreeSet<DateTime<Utc>>,
}

fn instant(random: &mut Random) -> DateTime<Utc> {
    let seconds = i64::try_from(random.below(50 * 366 * 86_400)).unwrap();
    DateTime::from_timestamp(631_152_000 + seconds, 0).unwrap()
}

impl Life {
    fn new(random: &mut Random) -> Self {
        loop {
            let (wanted, zone) =
                (schedule(random), TZ_VARIANTS[usize::try_from(random.below(TZ_VARIANTS.len() as u64)).unwrap()]);
            // 31 February is refused.
            let Ok(schedule) = Schedule::parse(&wanted.text, zone) else { continue };
            let mut begun = instant(random);
            if random.chance(50) {
                // Near a change of the clocks, where there is one within a year.
                let offset = |at: DateTime<Utc>| chrono::Offset::fix(&zone.offset_from_utc_datetime(&at.naive_utc()));
                let change = (0..366)
                    .map(|days| begun + Duration::days(days))
                    .find(|at| offset(*at) != offset(*at + Duration::days(1)));
                begun = change.unwrap_or(begun);
            }
            let (watch, made, expected) = (Watch::default(), BTreeSet::new(), BTreeSet::new());
            return Self { now: begun, wanted, zone, schedule, begun, watch, made, expected };
        }
    }

    /// Something happens, and the machine looks.
    fn goes_on(&mut self, random: &mut Random) {
        let upto = |random: &mut Random, most: i64| {
            Duration::seconds(i64::try_from(random.below(u64::try_from(most).unwrap())).unwrap())
        };
        let day = 86_400;
        let by = match random.below(12) {
            // It runs on: half a second, minutes, hours.
            0..=2 => Duration::milliseconds(500),
            3..=5 => upto(random, 3600),
            6 => upto(random, day),
            // It was down.
            7 | 8 => {
                self.watch = Watch::default();
                upto(random, 10 * day)
            }
            // Its clock is moved, or it sleeps.
            9 => upto(random, 3 * day),
            10 => -upto(random, 3 * day),
            _ => {
                let years = upto(random, 3 * 365 * day);
                if random.chance(50) { years } else { -years }
            }
        };
        let (first, last) =
            (DateTime::from_timestamp(600_000_000, 0).unwrap(), DateTime::from_timestamp(3_900_000_000, 0).unwrap());
        self.now = (self.now + by).clamp(first, last);
        let trigger = Trigger::Cron(self.schedule.clone());
        if self.watch.is_due(&trigger, None, self.now) {
            let due = scheduler::due(&self.schedule, self.begun, self.now, |slot| self.made.contains(&slot));
            if let Some(slot) = due {
                assert!(self.made.insert(slot), "{}: two Issues of {slot}", self.shown());
            }
            self.watch.looked(&trigger, None, self.now);
        }
        match self.wanted.newest(self.zone, self.now) {
            Some(slot) if slot > self.begun => drop(self.expected.insert(slot)),
            Some(_) => {}
            // Further back than the oracle looks: ours is further back too.
            None => {
                let ours = self.schedule.last_until(self.now);
                assert!(ours.is_none_or(|slot| slot < self.now - Duration::days(59)), "{}: {ours:?}", self.shown());
                self.expected.extend(ours.filter(|slot| *slot > self.begun));
            }
        }
        assert!(self.made == self.expected, "{}: {:?}", self.shown(), self.made.symmetric_difference(&self.expected));
    }

    fn shown(&self) -> String {
        format!("`{}` in {} begun {} at {}", self.wanted.text, self.zone, self.begun, self.now)
    }
}

#[test]
fn each_slot_makes_one_issue_whatever_happens() {
    let cases: u64 = if long() { 1_000_000 } else { 6_000 };
    let threads = 2;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let mut random = Random::new(if long() { u64::from(std::process::id()) } else { 5 } + thread);
                let (mut done, mut issues) = (0, 0);
                while done < cases / threads {
                    let mut life = Life::new(&mut random);
                    for _ in 0..20 {
                        life.goes_on(&mut random);
                        done += 1;
                    }
                    issues += life.made.len() as u64;
                }
                assert!(issues > done / 20, "{issues} Issues in {done} cases are too few to mean anything");
            });
        }
    });
}
