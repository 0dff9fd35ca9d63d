//! Dates as Hugo reads them: what it accepts is accepted, what it refuses is refused with a hint.
//!
//! A date keeps the offset in which it was written; one without gets the site's time zone.

pub mod ecma;
pub mod path;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use serde_json::Value;

/// The date that a value of the front matter means. `Ok(None)`: there is none (null, empty text). `Err`: a hint.
pub fn read(value: &Value, zone: Tz) -> Result<Option<DateTime<FixedOffset>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => parse(text.trim(), zone).map(Some).ok_or_else(|| hint(text.trim())),
        Value::Number(number) => {
            let seconds = number.as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
            seconds.map(|at| Some(at.fixed_offset())).ok_or_else(|| hint(&number.to_string()))
        }
        other => Err(hint(&other.to_string())),
    }
}

/// One date in any accepted form.
pub fn parse(text: &str, zone: Tz) -> Option<DateTime<FixedOffset>> {
    if text.len() > 64 || !text.is_ascii() {
        return None;
    }
    numeric(text, zone).or_else(|| named(text, zone))
}

/// `2021-10-15`, and what may follow it.
fn numeric(text: &str, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let day = text.get(..10)?;
    let date = fixed_digits(day, "9999-99-99").then(|| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())??;
    let rest = &text[10..];
    if rest.is_empty() {
        return local(date.and_time(NaiveTime::MIN), zone);
    }
    let separator = rest.chars().next().filter(|c| matches!(c, 'T' | ' '))?;
    let (time, rest) = clock(&rest[1..])?;
    let at = date.and_time(time);
    match rest {
        "" => local(at, zone),
        "Z" => at.and_utc().fixed_offset().into(),
        _ => {
            let (blank, rest) = match rest.strip_prefix(' ') {
                // RFC 3339 has no blank before the offset.
                Some(_) if separator == 'T' => return None,
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let (offset, rest) = offset(rest)?;
            // Go prints a time with the zone's name behind the offset.
            let named = rest.strip_prefix(' ').is_some_and(|name| blank && zone_name(name));
            (rest.is_empty() || named).then(|| offset.from_local_datetime(&at).single())?
        }
    }
}

/// The forms of mail and of Unix tools: RFC 1123, RFC 850, RFC 822, ANSI C, `date`, Ruby, `02 Jan 2006`.
fn named(text: &str, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let after_weekday = match words.split_first() {
        Some((first, rest)) if first.strip_suffix(',').is_some_and(weekday) => rest,
        Some((first, rest)) if weekday(first) => return unix(rest, zone),
        _ => &words,
    };
    // RFC 850 joins day, month and year by hyphens.
    let joined: Vec<&str>;
    let parts = match after_weekday.split_first() {
        Some((first, rest)) if first.contains('-') => {
            joined = first.split('-').chain(rest.iter().copied()).collect();
            &joined[..]
        }
        _ => after_weekday,
    };
    let (day, month, year, rest) = match parts {
        [day, month, year, rest @ ..] => (*day, *month, *year, rest),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year_number(year)?, month_number(month)?, small(day)?)?;
    match rest {
        [] => local(date.and_time(NaiveTime::MIN), zone),
        [time] => local(date.and_time(clock_or_minutes(time)?), zone),
        [time, zone_text] => zoned(date.and_time(clock_or_minutes(time)?), zone_text),
        _ => None,
    }
}

/// What follows the weekday in `Mon Jan _2 15:04:05 [MST|-0700] 2006`.
fn unix(words: &[&str], zone: Tz) -> Option<DateTime<FixedOffset>> {
    let (month, day, time, zone_text, year) = match words {
        [month, day, time, year] => (month, day, time, None, year),
        [month, day, time, zone_text, year] => (month, day, time, Some(*zone_text), year),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year_number(year)?, month_number(month)?, small(day)?)?;
    let (time, rest) = clock(time)?;
    if !rest.is_empty() {
        return None;
    }
    match zone_text {
        None => local(date.and_time(time), zone),
        Some(text) => zoned(date.and_time(time), text),
    }
}

/// `h:mm:ss` with an optional fraction, and what follows.
fn clock(text: &str) -> Option<(NaiveTime, &str)> {
    let (hour, rest) = text.split_once(':')?;
    let end = |from: usize| rest[from..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |at| from + at);
    let seconds = rest.get(..5).filter(|part| fixed_digits(part, "99:99"))?;
    let mut after = 5;
    let mut nanos = 0;
    if rest.as_bytes().get(5) == Some(&b'.') {
        after = end(6);
        let digits = rest.get(6..after).filter(|digits| !digits.is_empty())?;
        nanos = format!("{digits:0<9}").get(..9)?.parse().ok()?;
    }
    let time = NaiveTime::from_hms_nano_opt(small(hour)?, small(&seconds[..2])?, small(&seconds[3..])?, nanos)?;
    Some((time, &rest[after..]))
}

/// RFC 822 knows times without seconds.
fn clock_or_minutes(text: &str) -> Option<NaiveTime> {
    match clock(text) {
        Some((time, "")) => Some(time),
        Some(_) => None,
        None => {
            let (hour, minute) = text.split_once(':')?;
            NaiveTime::from_hms_opt(small(hour)?, small(minute).filter(|_| minute.len() == 2)?, 0)
        }
    }
}

/// `+0800`, `-05:00`, and what follows.
fn offset(text: &str) -> Option<(FixedOffset, &str)> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = small(text.get(1..3)?)?;
    let minutes_at = 3 + usize::from(text.as_bytes().get(3) == Some(&b':'));
    let minutes = small(text.get(minutes_at..minutes_at + 2)?)?;
    (hours < 24 && minutes < 60).then_some(())?;
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some((FixedOffset::east_opt(sign * seconds)?, &text[minutes_at + 2..]))
}

/// A zone by offset or name. A name other than UTC's and GMT's is not known to Hugo either: it reads it as offset zero.
fn zoned(at: NaiveDateTime, text: &str) -> Option<DateTime<FixedOffset>> {
    match offset(text) {
        Some((offset, "")) => offset.from_local_datetime(&at).single(),
        Some(_) => None,
        None => zone_name(text).then(|| at.and_utc().fixed_offset()),
    }
}

fn zone_name(text: &str) -> bool {
    let numeric = offset(text).is_some_and(|(_, rest)| rest.is_empty());
    numeric || ((3..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// The earlier of two where the clock was put back; after the gap where it was put forward.
fn local(at: NaiveDateTime, zone: Tz) -> Option<DateTime<FixedOffset>> {
    zone.from_local_datetime(&at)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(at + chrono::TimeDelta::hours(1))).earliest())
        .map(|at| at.fixed_offset())
}

/// Whether `text` has digits where `shape` has nines, and the same elsewhere.
fn fixed_digits(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(have, want)| if want == b'9' { have.is_ascii_digit() } else { have == want })
}

fn small(text: &str) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

fn year_number(text: &str) -> Option<i32> {
    let year: i32 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    match text.len() {
        4 => Some(year),
        // Two digits as Go reads them.
        2 => Some(if year >= 69 { 1900 + year } else { 2000 + year }),
        _ => None,
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn month_number(text: &str) -> Option<u32> {
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(text))?;
    u32::try_from(at + 1).ok()
}

fn weekday(text: &str) -> bool {
    DAYS.iter().any(|day| day.eq_ignore_ascii_case(text) || day[..3].eq_ignore_ascii_case(text))
}

const FORMS: &str = "`2021-10-15` or `2021-10-15T15:00:00+08:00`";

/// What to write instead.
fn hint(text: &str) -> String {
    let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    match digits[..] {
        [year, month, day, ref time @ ..] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
            let part = |at: usize| time.get(at).filter(|part| part.len() <= 2).unwrap_or(&"0");
            let guess = format!("{year}-{month:0>2}-{day:0>2}");
            if guess.parse::<NaiveDate>().is_err() {
                return format!("there is no such day; write it as {FORMS}");
            }
            match time {
                [] => format!("write `{guess}`"),
                _ => format!(
                    "write `{guess}T{:0>2}:{:0>2}:{:0>2}` and the offset, as in `+08:00`",
                    part(0),
                    part(1),
                    part(2)
                ),
            }
        }
        _ => format!("write it as {FORMS}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn utc(text: &str) -> String {
        parse(text, Tz::UTC).map_or_else(|| "refused".into(), |at| at.to_rfc3339())
    }

    #[test]
    fn accepted() {
        for (text, expected) in [
            ("2021-10-15T15:00:00+08:00", "2021-10-15T15:00:00+08:00"),
            ("2021-10-15T15:00:00+0800", "2021-10-15T15:00:00+08:00"),
            ("2021-10-15T15:00:00.123Z", "2021-10-15T15:00:00.123+00:00"),
            ("2021-10-15T15:00:00", "2021-10-15T15:00:00+00:00"),
            ("2021-10-15 15:00:00", "2021-10-15T15:00:00+00:00"),
            ("2021-10-15 3:04:05", "2021-10-15T03:04:05+00:00"),
            ("2021-10-15 15:00:00 +0800", "2021-10-15T15:00:00+08:00"),
            ("2021-10-15 15:00:00+08:00", "2021-10-15T15:00:00+08:00"),
            ("2021-10-15 15:00:00 -0500 EST", "2021-10-15T15:00:00-05:00"),
            ("2021-10-15 15:00:00.5 +0000 UTC", "2021-10-15T15:00:00.500+00:00"),
            ("2021-10-15", "2021-10-15T00:00:00+00:00"),
            ("Fri, 15 Oct 2021 15:00:00 +0800", "2021-10-15T15:00:00+08:00"),
            ("Fri, 15 Oct 2021 15:00:00 GMT", "2021-10-15T15:00:00+00:00"),
            ("Friday, 15-Oct-21 15:00:00 UTC", "2021-10-15T15:00:00+00:00"),
            ("15 Oct 21 15:00 +0100", "2021-10-15T15:00:00+01:00"),
            ("15 Oct 21 15:00 CEST", "2021-10-15T15:00:00+00:00"),
            ("Fri Oct 15 15:00:00 2021", "2021-10-15T15:00:00+00:00"),
            ("Fri Oct  5 15:00:00 CEST 2021", "2021-10-05T15:00:00+00:00"),
            ("Fri Oct 15 15:00:00 +0200 2021", "2021-10-15T15:00:00+02:00"),
            ("15 Oct 2021", "2021-10-15T00:00:00+00:00"),
            ("9999-12-31", "9999-12-31T00:00:00+00:00"),
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
    }

    #[test]
    fn refused_with_a_hint() {
        for (text, expected) in [
            ("2021-10-15 15:00", "write `2021-10-15T15:00:00` and the offset, as in `+08:00`"),
            ("2021-10-15T15:00", "write `2021-10-15T15:00:00` and the offset, as in `+08:00`"),
            ("2021-1-5", "write `2021-01-05`"),
            ("2021/10/15", "write `2021-10-15`"),
            ("2021-13-45", "there is no such day; write it as `2021-10-15` or `2021-10-15T15:00:00+08:00`"),
            ("2021-02-29", "there is no such day; write it as `2021-10-15` or `2021-10-15T15:00:00+08:00`"),
            ("2019-12-09T13：00：00-08：00", "write `2019-12-09T13:00:00` and the offset, as in `+08:00`"),
            ("Oct 15, 2021", "write it as `2021-10-15` or `2021-10-15T15:00:00+08:00`"),
            ("October 15, 2021", ""),
            ("1634281200", ""),
            ("2021-10-15t15:00:00z", ""),
            ("2021-10-15T15:00:00 +0800", ""),
            ("2021-10-15 15:00:00 CST", ""),
            ("2021-13-45", ""),
            ("2021-02-29", ""),
            ("2021-10-15 25:00:00", ""),
            ("now", ""),
            ("2021-10-15 15:00:00 +99:00", ""),
        ] {
            let said = read(&json!(text), Tz::UTC).unwrap_err();
            assert!(expected.is_empty() && !said.is_empty() || said == expected, "{text}: {said}");
        }
        assert!(read(&json!({"a": 1}), Tz::UTC).is_err());
    }

    #[test]
    fn zones_numbers_and_nothing() {
        let shanghai = Tz::Asia__Shanghai;
        assert_eq!(parse("2021-10-15 15:00:00", shanghai).unwrap().to_rfc3339(), "2021-10-15T15:00:00+08:00");
        assert_eq!(parse("2021-10-15T15:00:00Z", shanghai).unwrap().to_rfc3339(), "2021-10-15T15:00:00+00:00");
        // 02:30 was skipped that night.
        assert_eq!(parse("2021-03-28 02:30:00", Tz::Europe__Berlin).unwrap().to_rfc3339(), "2021-03-28T03:30:00+02:00");
        assert_eq!(read(&json!(2021), Tz::UTC).unwrap().unwrap().timestamp(), 2021);
        assert_eq!(read(&json!(null), Tz::UTC), Ok(None));
        assert_eq!(read(&json!(" "), Tz::UTC), Ok(None));
    }
}
