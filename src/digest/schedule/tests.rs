use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

fn schedule(expression: &str, zone: &str) -> Schedule {
    Schedule::parse(expression, zone.parse::<Tz>().unwrap()).unwrap_or_else(|error| panic!("{expression}: {error}"))
}

fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_utc()
}

/// `count` Slots after `from`, as wall clock and offset.
fn slots(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = schedule(expression, zone);
    let mut at = utc(from);
    (0..count)
        .map(|_| {
            at = schedule.next_after(at).unwrap();
            at.with_timezone(&schedule.zone()).format("%a %m-%d %H:%M%:z").to_string()
        })
        .collect()
}

#[test]
fn fridays_are_fridays() {
    assert_eq!(
        slots("0 9 * * 5", "Asia/Shanghai", "2021-10-14T00:00:00Z", 3),
        ["Fri 10-15 09:00+08:00", "Fri 10-22 09:00+08:00", "Fri 10-29 09:00+08:00"]
    );
    assert_eq!(slots("0 9 * * 0", "UTC", "2026-11-22T09:00:00Z", 1), ["Sun 11-29 09:00+00:00"]);
    assert_eq!(slots("0 9 * * 7", "UTC", "2026-11-22T08:59:59.999Z", 1), ["Sun 11-22 09:00+00:00"]);
}

#[test]
fn either_day_when_both_are_restricted() {
    assert_eq!(
        slots("0 0 13 * 5", "UTC", "2026-11-01T00:00:00Z", 5),
        [
            "Fri 11-06 00:00+00:00",
            "Fri 11-13 00:00+00:00",
            "Fri 11-20 00:00+00:00",
            "Fri 11-27 00:00+00:00",
            "Fri 12-04 00:00+00:00"
        ]
    );
    assert_eq!(
        slots("0 0 14 * 5", "UTC", "2026-11-10T00:00:00Z", 2),
        ["Fri 11-13 00:00+00:00", "Sat 11-14 00:00+00:00"]
    );
}

#[test]
fn a_time_in_a_gap_comes_right_after_it_and_one_in_an_overlap_once() {
    for (expression, zone, from, wanted) in [
        ("30 2 * * *", "America/New_York", "2024-03-09T12:00:00Z", ["Sun 03-10 03:00-04:00", "Mon 03-11 02:30-04:00"]),
        // Two times in one gap, and the gap's end itself: one Slot.
        (
            "0,30 2,3 * * *",
            "America/New_York",
            "2024-03-10T06:00:00Z",
            ["Sun 03-10 03:00-04:00", "Sun 03-10 03:30-04:00"],
        ),
        ("30 1 * * *", "America/New_York", "2024-11-02T12:00:00Z", ["Sun 11-03 01:30-04:00", "Mon 11-04 01:30-05:00"]),
        ("0 */3 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", ["Sun 10-25 03:00+01:00", "Sun 10-25 06:00+01:00"]),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2024-10-05T12:00:00Z",
            ["Sun 10-06 02:30+11:00", "Mon 10-07 02:15+11:00"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2024-04-06T12:00:00Z",
            ["Sun 04-07 01:45+11:00", "Mon 04-08 01:45+10:30"],
        ),
        ("0 0 * * *", "America/Santiago", "2024-09-07T12:00:00Z", ["Sun 09-08 01:00-03:00", "Mon 09-09 00:00-03:00"]),
        // The whole of 30 December 2011 was left out.
        ("30 9 * * *", "Pacific/Apia", "2011-12-29T20:00:00Z", ["Sat 12-31 00:00+14:00", "Sat 12-31 09:30+14:00"]),
        ("0 9 * * 5", "Pacific/Apia", "2011-12-29T20:00:00Z", ["Sat 12-31 00:00+14:00", "Fri 01-06 09:00+14:00"]),
        // Every hour keeps to real time.
        ("30 * * * *", "America/New_York", "2024-03-10T06:00:00Z", ["Sun 03-10 01:30-05:00", "Sun 03-10 03:30-04:00"]),
        ("0 * * * *", "America/New_York", "2024-11-03T04:30:00Z", ["Sun 11-03 01:00-04:00", "Sun 11-03 01:00-05:00"]),
    ] {
        assert_eq!(slots(expression, zone, from, 2), wanted, "{expression} {zone}");
    }
}

#[test]
fn what_never_comes_is_refused() {
    for expression in ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 4 */1"] {
        let error = Schedule::parse(expression, Tz::UTC).expect_err(expression);
        assert!(error.contains("never comes"), "{error}");
    }
    assert_eq!(
        slots("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 2),
        ["Tue 02-29 00:00+00:00", "Sun 02-29 00:00+00:00"]
    );
    assert_eq!(slots("0 0 30 2 1", "UTC", "2026-01-30T00:00:00Z", 1), ["Mon 02-02 00:00+00:00"]);
    let yearly = schedule("@yearly", "UTC");
    assert_eq!(yearly.next_after(utc("2100-06-01T00:00:00Z")), None);
    assert_eq!(yearly.last_until(utc("1969-06-01T00:00:00Z")), None);
    assert_eq!(yearly.last_until(utc("2150-06-01T00:00:00Z")), Some(utc("2100-01-01T00:00:00Z")));
    assert_eq!(yearly.next_after(DateTime::<Utc>::MAX_UTC - Duration::days(2)), None);
    assert_eq!(yearly.next_after(DateTime::<Utc>::MIN_UTC + Duration::days(2)), Some(utc("1970-01-01T00:00:00Z")));
}

/// The plainest reading of the rules: look at every minute of real time, and at what the wall clock left out before it.
fn by_walking(schedule: &Schedule, from: DateTime<Utc>, minutes: i64) -> Vec<DateTime<Utc>> {
    let matches = |date: NaiveDateTime| schedule.is_local(date);
    let mut found = Vec::new();
    let mut shown = schedule.local(from - Duration::hours(30));
    let mut before = shown;
    for minute in -30 * 60..minutes {
        let at = from + Duration::minutes(minute);
        let now = schedule.local(at);
        let skipped = (1..(now - before).num_minutes()).any(|back| matches(now - Duration::minutes(back)));
        let repeated = now <= shown && minute > -30 * 60;
        let due = if schedule.every_hour { matches(now) } else { skipped || (matches(now) && !repeated) };
        if due && minute >= 0 {
            found.push(at);
        }
        shown = shown.max(now);
        before = now;
    }
    found
}

const ZONES: [(&str, &[&str]); 8] = [
    ("America/New_York", &["2024-03-10T07:00:00Z", "2024-11-03T06:00:00Z"]),
    ("Europe/Berlin", &["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
    ("Australia/Lord_Howe", &["2024-10-05T15:30:00Z", "2024-04-06T15:00:00Z"]),
    ("Africa/Casablanca", &["2024-03-10T02:00:00Z", "2024-04-14T02:00:00Z"]),
    ("America/Santiago", &["2024-09-08T04:00:00Z", "2024-04-07T03:00:00Z"]),
    ("America/Havana", &["2024-03-10T05:00:00Z", "2024-11-03T05:00:00Z"]),
    ("Pacific/Apia", &["2011-12-30T10:00:00Z", "2012-03-31T14:00:00Z"]),
    ("Antarctica/Troll", &["2024-03-31T01:00:00Z", "2024-10-27T01:00:00Z"]),
];

fn field(range: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = String> {
    let (low, high) = range.clone().into_inner();
    prop_oneof![
        3 => Just("*".to_owned()),
        3 => range.clone().prop_map(|value| value.to_string()),
        1 => (1..high).prop_map(|step| format!("*/{step}")),
        1 => (range.clone(), range.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (range.clone(), 1..high).prop_map(move |(a, step)| format!("{low}-{}/{step}", a.max(low))),
        1 => (range.clone(), range).prop_map(|(a, b)| format!("{a},{b}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn agrees_with_a_walk_over_every_minute(
        (minute, hour, day, weekday) in (field(0..=59), field(0..=23), field(1..=31), field(0..=7)),
        zone in 0..ZONES.len(), transition in 0..2_usize, before in 0..3000_i64,
    ) {
        let (zone, transitions) = ZONES[zone];
        let schedule = schedule(&format!("{minute} {hour} {day} * {weekday}"), zone);
        let from = utc(transitions[transition]) - Duration::minutes(before);
        let minutes = 5000;
        let walked = by_walking(&schedule, from, minutes);
        let mut at = from - Duration::seconds(1);
        let mut found = Vec::new();
        while let Some(next) = schedule.next_after(at).filter(|next| *next < from + Duration::minutes(minutes)) {
            prop_assert!(next > at, "strictly increasing");
            at = next;
            found.push(next);
        }
        prop_assert_eq!(&found, &walked, "{} {}", schedule.expression(), zone);
        for pair in found.windows(2).step_by(1 + found.len() / 5) {
            prop_assert_eq!(schedule.last_until(pair[1]), Some(pair[1]));
            prop_assert_eq!(schedule.last_until(pair[1] - Duration::seconds(1)), Some(pair[0]));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-0-9*/, @a-zA-Z?#]{0,30}", words in proptest::collection::vec("[-0-9*/,?LW]{1,6}", 5)) {
        let _ = Schedule::parse(&text, Tz::Europe__Berlin);
        let _ = Schedule::parse(&words.join(" "), Tz::Europe__Berlin);
    }
}
