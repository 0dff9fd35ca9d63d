//! A feed's dates: guarded, written as each format wants them, and never twice the same in Atom's `updated`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, SecondsFormat, Timelike as _, Utc};

use crate::crypto;

/// `date` as every format can write it and parsers read it: whole seconds (some lose the offset behind a fraction), no
/// leap second, an offset of whole minutes and at most 14 hours (XML Schema's limit), a year from 1000 (some take 0021 for 2021) to 9999.
pub fn writable(date: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
    let (Some(first), Some(last)) = (midnight(1000, 1, 2), midnight(9999, 12, 30)) else { return date };
    let seconds = date.timestamp();
    let utc = DateTime::from_timestamp(seconds, 0).unwrap_or(first).clamp(first, last);
    let offset = date.offset().local_minus_utc();
    // Clamped, or an offset that cannot be written: the instant is what counts.
    if utc.timestamp() != seconds || offset % 60 != 0 || offset.abs() > 14 * 3600 {
        utc.fixed_offset()
    } else {
        utc.with_timezone(date.offset())
    }
}

fn midnight(year: i32, month: u32, day: u32) -> Option<DateTime<Utc>> {
    Some(NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?.and_utc())
}

/// RFC 822 as RSS wants it, four digits of year and always GMT: `Fri, 15 Oct 2021 07:00:00 GMT`.
pub fn rfc822(date: DateTime<FixedOffset>) -> String {
    writable(date).to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// RFC 3339 of a [`writable`] date, or one of [`distinct`], in its own offset: `2021-10-15T15:00:00+08:00`.
pub fn rfc3339(date: DateTime<FixedOffset>) -> String {
    date.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// For each `(id, date)` a date that no other has, so that no two entries are `updated` at once (readers that sort by it
/// would shuffle them, validators complain). Posts that say only the day get milliseconds out of their id, whether or not
/// they meet another today; of others that meet, all but one do.
pub fn distinct(dates: &BTreeMap<&str, DateTime<FixedOffset>>) -> BTreeMap<String, DateTime<FixedOffset>> {
    // By second and offset: the milliseconds that are given away.
    let mut taken: BTreeMap<(i64, i32), BTreeSet<i64>> = BTreeMap::new();
    let mut out = BTreeMap::new();
    for (id, date) in dates {
        let date = writable(*date);
        let taken = taken.entry((date.timestamp(), date.offset().local_minus_utc())).or_default();
        let day_only = date.num_seconds_from_midnight() == 0;
        let free = if !day_only && taken.is_empty() {
            0
        } else {
            let hash = crypto::sha256(id.as_bytes());
            let first = i64::from(u16::from_be_bytes([hash[0], hash[1]])) % 999;
            let mut places = (!day_only).then_some(0).into_iter().chain((0..999).map(|step| 1 + (first + step) % 999));
            // Where all of a second's places are taken, two equal dates do no harm any more.
            let full = taken.len() >= 999;
            places.find(|place| full || !taken.contains(place)).unwrap_or(0)
        };
        taken.insert(free);
        out.insert((*id).to_owned(), date + Duration::milliseconds(free));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> DateTime<FixedOffset> {
        text.parse().expect("a date")
    }

    #[test]
    fn both_forms() {
        for (given, rss, atom) in [
            ("2021-10-15T15:00:00+08:00", "Fri, 15 Oct 2021 07:00:00 GMT", "2021-10-15T15:00:00+08:00"),
            ("2026-01-05T00:15:00+05:45", "Sun, 04 Jan 2026 18:30:00 GMT", "2026-01-05T00:15:00+05:45"),
            ("2016-12-31T23:59:60Z", "Sat, 31 Dec 2016 23:59:59 GMT", "2016-12-31T23:59:59+00:00"),
            ("2021-10-15T15:00:00.123456789Z", "Fri, 15 Oct 2021 15:00:00 GMT", "2021-10-15T15:00:00+00:00"),
            ("2021-10-15T15:00:00+14:00", "Fri, 15 Oct 2021 01:00:00 GMT", "2021-10-15T15:00:00+14:00"),
            ("2021-10-15T15:00:00-14:01", "Sat, 16 Oct 2021 05:01:00 GMT", "2021-10-16T05:01:00+00:00"),
            ("2021-10-15T15:00:00+23:59", "Thu, 14 Oct 2021 15:01:00 GMT", "2021-10-14T15:01:00+00:00"),
            ("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59+00:00"),
        ] {
            assert_eq!(rfc822(date(given)), rss);
            assert_eq!(rfc3339(writable(date(given))), atom);
        }
    }

    #[test]
    fn years_out_of_range_are_clamped() {
        for naive in [NaiveDate::MIN, NaiveDate::MAX] {
            let far = naive.and_hms_opt(0, 0, 0).expect("midnight").and_utc().fixed_offset();
            assert_eq!(rfc3339(writable(far)).find('-'), Some(4));
            assert_eq!(rfc822(far).len(), "Fri, 15 Oct 2021 07:00:00 GMT".len(), "{}", rfc822(far));
        }
    }

    #[test]
    fn an_offset_with_seconds_becomes_utc() {
        let shanghai_of_1900 = FixedOffset::east_opt(8 * 3600 + 5 * 60 + 43).expect("an offset");
        let date = date("2000-01-01T00:00:00Z").with_timezone(&shanghai_of_1900);
        assert_eq!(rfc3339(writable(date)), "2000-01-01T00:00:00+00:00");
    }

    #[test]
    fn dates_that_meet_are_told_apart_and_others_stay() {
        let (noon, day) = (date("2021-10-15T12:00:00Z"), date("2021-10-15T00:00:00+08:00"));
        let ids: Vec<String> = (0..400).map(|i| format!("tag:example.org,2021:{i}")).collect();
        let dates = ids.iter().enumerate().map(|(i, id)| (id.as_str(), if i % 2 == 0 { noon } else { day })).collect();
        let out = distinct(&dates);
        assert_eq!(out.values().map(|date| rfc3339(*date)).collect::<BTreeSet<_>>().len(), 400);
        assert!(out.values().all(|date| (*date - noon).num_seconds() == 0 || (*date - day).num_seconds() == 0));
        let alone = distinct(&[("a", noon), ("b", day)].into());
        assert_eq!(alone["a"], noon);
        assert_ne!(alone["b"], day);
        assert_eq!(distinct(&[("b", day)].into())["b"], alone["b"], "a day's milliseconds depend on the id alone");
    }

    proptest! {
        #[test]
        fn every_date_can_be_written(secs in any::<i64>(), nanos in 0u32..2_000_000_000, offset in -86_399i32..86_400) {
            if let (Some(utc), Some(offset)) = (DateTime::from_timestamp(secs, nanos), FixedOffset::east_opt(offset)) {
                // Near the ends of time chrono itself cannot hold the local time.
                if utc.naive_utc().checked_add_offset(offset).is_some() {
                    let date = utc.with_timezone(&offset);
                    prop_assert_eq!(rfc822(date).len(), 29);
                    prop_assert!(DateTime::parse_from_rfc3339(&rfc3339(writable(date))).is_ok());
                }
            }
        }
    }
}
