//! Slots compared with croniter's (PyPI), over a table of expressions and the daylight saving of six zones.
//!
//! croniter agrees with Debian's cron(8) at gaps (right after them, nothing added for a job of every hour), but not at
//! overlaps: it runs a job that names its hours in both passes, where cron(8) says "running the same job twice is
//! avoided". There the second run of the same wall clock is taken out of croniter's answer.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use postrider::digest::Schedule;

use crate::support::peers;

const EXPRESSIONS: [&str; 34] = [
    "0 9 * * 5",
    "0 9 * * fri",
    "0 9 * * 0",
    "0 9 * * 7",
    "0 9 * * 1-5",
    "0 9 * * 6,0",
    "0 9 * * 5-7",
    "0 0 1 * *",
    "0 0 31 * *",
    "0 0 29 2 *",
    "15 10 13 * 5",
    "0 12 1,15 * wed",
    "0 0 */2 * 1",
    "0 0 13 * */2",
    "0 0 1-7 * 1",
    "*/20 8-10 * * *",
    "5,35 */6 * * *",
    "10-50/20 3 * jan-mar *",
    "0 0 * 12 sun",
    "30 2 * * *",
    "15 2 * * *",
    "45 1 * * *",
    "30 1 * * *",
    "0 0 * * *",
    "30 0 * * *",
    "0,30 2,3 * * *",
    "0 */3 * * *",
    "30 23 * * 6",
    "0 * * * *",
    "30 * * * *",
    "*/15 * * * *",
    "7 */2 * * *",
    "@weekly",
    "@hourly",
];

const TRANSITIONS: [(&str, [&str; 2]); 7] = [
    ("America/New_York", ["2024-03-10T07:00:00Z", "2024-11-03T06:00:00Z"]),
    ("Europe/Berlin", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
    ("Australia/Lord_Howe", ["2024-10-05T15:30:00Z", "2024-04-06T15:00:00Z"]),
    ("Africa/Casablanca", ["2024-04-14T02:00:00Z", "2024-03-10T02:00:00Z"]),
    ("America/Santiago", ["2024-09-08T04:00:00Z", "2024-04-07T03:00:00Z"]),
    ("Pacific/Apia", ["2011-12-30T10:00:00Z", "2012-03-31T14:00:00Z"]),
    // No daylight saving: what remains is the expressions themselves, over a year.
    ("Asia/Shanghai", ["2024-01-01T00:00:00Z", "2028-01-15T00:00:00Z"]),
];

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn slots_are_those_of_an_independent_cron() {
    let mut cases = Vec::new();
    for (zone, instants) in TRANSITIONS {
        for instant in instants {
            for expression in EXPRESSIONS {
                let (before, after) = if zone == "Asia/Shanghai" { (0, 400) } else { (4, 9) };
                let often = expression.starts_with('*') || expression.split(' ').nth(1) == Some("*");
                let after = if often { after.min(9) } else { after };
                let (from, until) = (utc(instant) - Duration::days(before), utc(instant) + Duration::days(after));
                cases.push((expression, zone, from, until));
            }
        }
    }
    let asked: Vec<_> = cases
        .iter()
        .map(|(expression, zone, from, until)| {
            serde_json::json!({"expression": expression, "zone": zone, "from": from.timestamp(), "until": until.timestamp()})
        })
        .collect();
    let said = peers::run(&mut peers::python("schedule.py"), serde_json::to_string(&asked).unwrap().as_bytes());
    let theirs: Vec<Vec<i64>> = serde_json::from_str(&said).unwrap();

    let mut compared = 0;
    for ((expression, zone, from, until), theirs) in cases.into_iter().zip(theirs) {
        let tz: Tz = zone.parse().unwrap();
        let schedule = Schedule::parse(expression, tz).unwrap();
        let ours: Vec<i64> = std::iter::successors(schedule.next_after(from), |slot| schedule.next_after(*slot))
            .take_while(|slot| *slot <= until)
            .map(|slot| slot.timestamp())
            .collect();
        let every_hour = matches!(expression, "@hourly") || expression.split(' ').nth(1) == Some("*");
        let mut shown = HashSet::new();
        let theirs: Vec<i64> = theirs
            .into_iter()
            .filter(|at| {
                every_hour || shown.insert(DateTime::from_timestamp(*at, 0).unwrap().with_timezone(&tz).naive_local())
            })
            .collect();
        assert_eq!(ours, theirs, "{expression} in {zone} from {from}");
        compared += ours.len();
    }
    assert!(compared > 10_000, "{compared} Slots are too few to mean anything");
}
