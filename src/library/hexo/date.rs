//! Dates as Hexo takes them: YAML's timestamps, else whatever JavaScript's `Date` reads.
//!
//! Hexo takes what the date's clock shows on the machine that builds the site and sets it in the site's time zone. That
//! machine is taken to stand in UTC, as hosted builders do.

use chrono::{
    DateTime, Datelike as _, FixedOffset, Months, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _,
};
use chrono_tz::Tz;
use serde_json::Value;

use super::value;

/// The date of a value of the front matter in the site's zone. `None`: JavaScript reads no date in it.
pub fn read(value: &Value, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let clock = match value {
        Value::Number(number) => DateTime::from_timestamp_millis(number.as_f64().map(whole)?)?.naive_utc(),
        Value::Bool(true) => DateTime::from_timestamp_millis(1)?.naive_utc(),
        Value::String(text) => parse(text)?,
        Value::Array(_) => parse(&value::text(value))?,
        _ => return None,
    };
    in_zone(clock, zone)
}

#[expect(clippy::cast_possible_truncation, reason = "JavaScript cuts it, too; what is out of range is no date")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// What `clock` shows, in `zone`: with the offset that the zone has when it is so late in UTC.
pub fn in_zone(clock: NaiveDateTime, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let offset = zone.offset_from_utc_datetime(&clock).fix();
    let at = clock.checked_sub_offset(offset)?;
    Some(zone.from_utc_datetime(&at).fixed_offset())
}

/// A day that may lie beyond its month's or year's end, as JavaScript counts.
pub fn day(year: i32, month: u32, day: u32) -> Option<NaiveDateTime> {
    let january = NaiveDate::from_ymd_opt(year, 1, 1)?.and_hms_opt(0, 0, 0)?;
    let months = if month == 0 {
        january.checked_sub_months(Months::new(1))?
    } else {
        january.checked_add_months(Months::new(month - 1))?
    };
    months.checked_add_signed(TimeDelta::days(i64::from(day) - 1))
}

fn parse(text: &str) -> Option<NaiveDateTime> {
    if text.len() > 100 {
        return None;
    }
    timestamp(text).or_else(|| legacy(text))
}

/// `2020-01-02`, `2020-1-2 3:04:05.6 +8`; overflowing days and hours are counted on. Also ISO's `2020-01`.
fn timestamp(text: &str) -> Option<NaiveDateTime> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = match rest.strip_prefix('-') {
        Some(rest) => digits(rest, 1, 2)?,
        None => (1, rest),
    };
    let (day_of_month, rest) = match rest.strip_prefix('-') {
        Some(rest) => digits(rest, 1, 2)?,
        None => (1, rest),
    };
    let day = day(i32::try_from(year).ok()?, month, day_of_month)?;
    if rest.is_empty() {
        return Some(day);
    }
    let rest = rest.strip_prefix(['T', 't']).or_else(|| rest.starts_with([' ', '\t']).then(|| rest.trim_start()))?;
    let (hour, rest) = digits(rest, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (millis, rest) = fraction(rest);
    let clock = day
        + TimeDelta::seconds(i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
        + TimeDelta::milliseconds(i64::from(millis));
    let zone = rest.trim_start_matches([' ', '\t']);
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(clock);
    }
    let (east, rest) = sign(zone)?;
    let (hours, rest) = digits(rest, 1, 2)?;
    let minutes = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2, 2).filter(|(_, rest)| rest.is_empty())?.0,
        None if rest.is_empty() => 0,
        None => digits(rest, 2, 2).filter(|(_, rest)| rest.is_empty())?.0,
    };
    Some(clock - TimeDelta::minutes(east * (i64::from(hours) * 60 + i64::from(minutes))))
}

/// What JavaScript engines take besides ISO 8601: `Jan 2, 2020`, `2020/1/2 3:04 PM`, `Thu, 02 Jan 2020 03:04:05 GMT+0800`.
fn legacy(text: &str) -> Option<NaiveDateTime> {
    let mut found = Found::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '0'..='9' => found.number(rest)?,
            '+' | '-' if found.clock.is_some() && rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                found.offset(rest)?
            }
            'a'..='z' | 'A'..='Z' => found.word(rest)?,
            '(' => rest.find(')').map_or("", |end| &rest[end + 1..]),
            ' ' | ',' | '/' | '-' | '.' | '\t' => &rest[1..],
            _ => return None,
        };
    }
    found.date()
}

#[derive(Default)]
struct Found {
    numbers: Vec<u32>,
    month: Option<u32>,
    /// Hour, minute, milliseconds.
    clock: Option<(u32, u32, u32)>,
    afternoon: Option<bool>,
    /// East of Greenwich, minutes.
    offset: i64,
}

impl Found {
    /// A number of a date, or a time of day with what follows its colons.
    fn number<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (number, rest) = digits(text, 1, 6)?;
        let Some(after) = rest.strip_prefix(':').filter(|_| self.clock.is_none()) else {
            self.numbers.push(number);
            return (self.numbers.len() <= 3).then_some(rest);
        };
        let (minute, rest) = digits(after, 1, 2)?;
        let (second, rest) = match rest.strip_prefix(':') {
            Some(rest) => digits(rest, 1, 2)?,
            None => (0, rest),
        };
        let (millis, rest) = fraction(rest);
        self.clock = Some((number, minute, second * 1000 + millis));
        (number <= 24 && minute < 60 && second < 60).then_some(rest)
    }

    fn word<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        const ZONES: [(&str, i64); 11] = [
            ("z", 0),
            ("ut", 0),
            ("utc", 0),
            ("gmt", 0),
            ("est", -5),
            ("edt", -4),
            ("cst", -6),
            ("cdt", -5),
            ("mst", -7),
            ("mdt", -6),
            ("pst", -8),
        ];
        let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
        let word = text[..end].to_ascii_lowercase();
        let rest = &text[end..];
        let month = MONTHS.iter().position(|month| word.starts_with(month)).and_then(|at| u32::try_from(at + 1).ok());
        let zone = ZONES.iter().chain(&[("pdt", -7)]).find(|(name, _)| *name == word);
        if let Some(month) = month {
            self.month = Some(month);
        } else if matches!(word.as_str(), "am" | "pm") && self.clock.is_some() {
            self.afternoon = Some(word == "pm");
        } else if let Some((_, hours)) = zone.filter(|_| self.clock.is_some() || !self.numbers.is_empty()) {
            self.offset = hours * 60;
        } else if word == "t" && self.numbers.len() == 3 && self.clock.is_none() {
        } else if !self.numbers.is_empty() {
            // Before the first number any word is passed over, as a weekday's name is.
            return None;
        }
        Some(rest)
    }

    /// `+0800`, `+08:00`, `+8`
    fn offset<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (east, rest) = sign(text)?;
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = digits(rest, 1, 4)?;
        let (hours, minutes, rest) = match rest.strip_prefix(':') {
            Some(rest) => {
                let (minutes, rest) = digits(rest, 2, 2)?;
                (number, minutes, rest)
            }
            None if count > 2 => (number / 100, number % 100, rest),
            None => (number, 0, rest),
        };
        self.offset = east * (i64::from(hours) * 60 + i64::from(minutes));
        Some(rest)
    }

    fn date(&self) -> Option<NaiveDateTime> {
        let is_day = |number: u32| (1..=31).contains(&number);
        // What is missing is the first, of a month or of the century.
        let [first, second, third] = [0, 1, 2].map(|at| self.numbers.get(at).copied().unwrap_or(1));
        let (year, month, day_of_month) = match self.month {
            _ if self.numbers.is_empty() => return None,
            Some(month) if is_day(first) => (second, month, first),
            Some(month) => (first, month, second),
            None if is_day(first) => (third, first, second),
            None => (first, second, third),
        };
        let year = match year {
            0..=49 => 2000 + year,
            50..=99 => 1900 + year,
            year => year,
        };
        if !(1..=12).contains(&month) || !is_day(day_of_month) {
            return None;
        }
        let (mut hour, minute, millis) = self.clock.unwrap_or_default();
        match self.afternoon {
            Some(afternoon) if (1..=12).contains(&hour) => hour = hour % 12 + if afternoon { 12 } else { 0 },
            Some(_) => return None,
            None => {}
        }
        let day = day(i32::try_from(year).ok()?, month, day_of_month).filter(|day| day.year() < 10_000)?;
        Some(
            day + TimeDelta::minutes(i64::from(hour) * 60 + i64::from(minute) - self.offset)
                + TimeDelta::milliseconds(i64::from(millis)),
        )
    }
}

fn sign(text: &str) -> Option<(i64, &str)> {
    match text.as_bytes().first()? {
        b'+' => Some((1, &text[1..])),
        b'-' => Some((-1, &text[1..])),
        _ => None,
    }
}

/// So many digits as a number, and what follows.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let number = text.get(..count).filter(|_| count >= least)?;
    Some((number.parse().ok()?, &text[count..]))
}

/// Milliseconds, and what follows.
fn fraction(text: &str) -> (u32, &str) {
    let Some(rest) = text.strip_prefix('.') else { return (0, text) };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    (format!("{:0<3}", &rest[..count.min(3)]).parse().unwrap_or(0), &rest[count..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_date() {
        let long = "1 ".repeat(60);
        for text in ["", "soon", "2020年1月2日", "2020-01-02 03：04：05", "1 2 3 4", "40/50/60", "Jan", "25:00", &long]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(read(&json!(null), Tz::UTC), None);
        assert_eq!(read(&json!(1e300), Tz::UTC), None);
        assert_eq!(
            read(&json!("9999-99-99 99:99:99"), Tz::UTC).map(|at| at.to_rfc3339()),
            Some("+10007-06-11T04:40:39+00:00".into())
        );
    }
}
