//! Dates as Python's `dateutil` reads them, which Pelican calls: months before days where both fit.
//!
//! What would need the day of the build (a month without a year) is no date here.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Longer texts are refused.
const LONGEST: usize = 100;

/// The instant that `text` names: in its own offset, else in `zone`'s.
pub fn parse(text: &str, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || !text.is_ascii() {
        return None;
    }
    let mut read = Read::default();
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while !rest.is_empty() {
        rest = read.next(rest)?;
    }
    let at = read.day()?.and_time(read.time()?);
    match read.offset {
        Some(seconds) => FixedOffset::east_opt(seconds)?.from_local_datetime(&at).single(),
        None => local(at, zone),
    }
}

/// The earlier of two where the clock was put back; after the gap where it was put forward.
pub fn local(at: NaiveDateTime, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let found = zone.from_local_datetime(&at).earliest().or_else(|| {
        let hour = TimeDelta::hours(1);
        zone.from_local_datetime(&at.checked_add_signed(hour)?).earliest()
    });
    found.map(|at| at.fixed_offset())
}

/// What was read so far.
#[derive(Debug, Default)]
struct Read {
    /// Numbers of the day in order, with how many digits they have.
    numbers: Vec<(u32, usize)>,
    /// How many numbers stood before the month's name, and the month.
    month: Option<(usize, u32)>,
    hour: Option<u32>,
    minute: u32,
    second: u32,
    nanos: u32,
    afternoon: Option<bool>,
    offset: Option<i32>,
}

impl Read {
    /// Reads the next part; what follows it. `None`: it is of no date.
    fn next<'t>(&mut self, rest: &'t str) -> Option<&'t str> {
        let first = rest.chars().next()?;
        if first.is_ascii_digit() {
            return self.number(rest);
        }
        if first.is_ascii_alphabetic() {
            let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            self.word(&rest[..length])?;
            return Some(&rest[length..]);
        }
        if matches!(first, '+' | '-') && self.hour.is_some() && self.offset.is_none() {
            let (seconds, rest) = offset(rest)?;
            self.offset = Some(seconds);
            return Some(rest);
        }
        matches!(first, ' ' | ',' | '-' | '/' | '.' | ';' | '(' | ')').then_some(&rest[1..])
    }

    fn number<'t>(&mut self, rest: &'t str) -> Option<&'t str> {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = rest.split_at(length);
        let two = |at: usize| digits.get(at..at + 2).and_then(|part| part.parse().ok());
        if rest.starts_with(':') && self.hour.is_none() {
            self.hour = Some(digits.parse().ok()?);
            return self.clock(&rest[1..]);
        }
        let has_day = !self.numbers.is_empty() || self.month.is_some();
        match length {
            // `20211015T1520`, `20211015152030`
            8 | 12 | 14 if !has_day => {
                self.numbers = vec![(digits[..4].parse().ok()?, 4), (two(4)?, 2), (two(6)?, 2)];
                if length > 8 {
                    (self.hour, self.minute, self.second) = (two(8), two(10)?, two(12).unwrap_or(0));
                }
            }
            4 | 6 if self.numbers.len() + usize::from(self.month.is_some()) >= 3 && self.hour.is_none() => {
                (self.hour, self.minute, self.second) = (two(0), two(2)?, two(4).unwrap_or(0));
            }
            _ => {
                let number = digits.parse().ok()?;
                let word: String = rest.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
                if matches!(word.as_str(), "am" | "pm" | "a" | "p" | "h") && self.hour.is_none() {
                    self.hour = Some(number);
                } else {
                    self.numbers.push((number, length));
                }
            }
        }
        Some(rest)
    }

    /// Minutes and what follows them.
    fn clock<'t>(&mut self, rest: &'t str) -> Option<&'t str> {
        let take = |rest: &'t str| {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            (length > 0).then(|| rest.split_at(length))
        };
        let (minute, mut rest) = take(rest)?;
        self.minute = minute.parse().ok()?;
        if let Some((second, after)) = rest.strip_prefix(':').and_then(take) {
            self.second = second.parse().ok()?;
            rest = after;
            if let Some((fraction, after)) = rest.strip_prefix(['.', ',']).and_then(take) {
                self.nanos = format!("{fraction:0<6}").get(..6)?.parse::<u32>().ok()? * 1000;
                rest = after;
            }
        }
        Some(rest)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let named = |names: &[&str]| {
            let full = |name: &&str| word == *name || (word.len() > 3 && word.starts_with(*name));
            names.iter().position(full)
        };
        match word {
            "am" | "a" if self.hour.is_some() => self.afternoon = Some(false),
            "pm" | "p" if self.hour.is_some() => self.afternoon = Some(true),
            "z" | "utc" | "gmt" if self.hour.is_some() => self.offset = Some(0),
            "t" | "st" | "nd" | "rd" | "th" | "of" | "and" | "at" | "on" | "h" | "m" | "s" => {}
            _ if self.month.is_none() && named(&MONTHS).is_some() => {
                self.month = Some((self.numbers.len(), u32::try_from(named(&MONTHS)?).ok()? + 1));
            }
            _ if named(&DAYS).is_some() => {}
            // Names of zones that are not known here are passed over, as there.
            _ if self.hour.is_some() && (3..=5).contains(&word.len()) => {}
            _ => return None,
        }
        Some(())
    }

    fn time(&self) -> Option<NaiveTime> {
        let hour = match (self.hour.unwrap_or(0), self.afternoon) {
            (hour, None) => hour,
            (hour @ 1..=12, Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
            _ => return None,
        };
        NaiveTime::from_hms_nano_opt(hour, self.minute, self.second, self.nanos)
    }

    /// Which number is which.
    fn day(&self) -> Option<NaiveDate> {
        let year = |(number, digits): (u32, usize)| {
            let number = i32::try_from(number).ok()?;
            // The century in which it is nearest to our time.
            Some(if digits > 2 {
                number
            } else if number >= 76 {
                1900 + number
            } else {
                2000 + number
            })
        };
        let is_year = |(number, digits): (u32, usize)| digits > 2 || number > 31;
        if let Some((before, month)) = self.month {
            let (first, second) = (*self.numbers.first()?, self.numbers.get(1).copied());
            let (day, of) = match second {
                None if is_year(first) => (1, first),
                None => return None,
                // `2021 Oct 15`, else the day first.
                Some(second) if is_year(first) && before > 0 || is_year(first) => (second.0, first),
                Some(second) => (first.0, second),
            };
            return NaiveDate::from_ymd_opt(year(of)?, month, day);
        }
        match self.numbers[..] {
            [a, b] if is_year(a) => NaiveDate::from_ymd_opt(year(a)?, b.0, 1),
            [a, b] if is_year(b) => NaiveDate::from_ymd_opt(year(b)?, a.0, 1),
            // 2021-10-15, and 2021-15-10 where it can be nothing else.
            [a, b, c] if is_year(a) => {
                let (month, day) = if b.0 > 12 && c.0 <= 12 { (c.0, b.0) } else { (b.0, c.0) };
                NaiveDate::from_ymd_opt(year(a)?, month, day)
            }
            // 10/15/2021; 15/10/2021 where it can be nothing else.
            [a, b, c] => {
                let (month, day) = if a.0 > 12 { (b.0, a.0) } else { (a.0, b.0) };
                NaiveDate::from_ymd_opt(year(c)?, month, day)
            }
            _ => None,
        }
    }
}

/// `+08:00`, `-0500`, `+8`, and what follows.
fn offset(text: &str) -> Option<(i32, &str)> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let length = digits(&text[1..]);
    let number = &text[1..=length];
    let (hours, minutes, end) = match length {
        1 | 2 if text[1 + length..].starts_with(':') && digits(&text[2 + length..]) == 2 => {
            (number, &text[2 + length..4 + length], 4 + length)
        }
        1 | 2 => (number, "0", 1 + length),
        4 => (&number[..2], &number[2..], 5),
        _ => return None,
    };
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    (seconds < 24 * 3600).then_some((sign * seconds, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_dateutil_reads_them() {
        for (text, expected) in [
            ("2021-03-04", "2021-03-04T00:00:00-05:00"),
            ("2021-03-04 05:06:07.25", "2021-03-04T05:06:07.250-05:00"),
            ("March 4th, 2021 at 5:06 pm", "2021-03-04T17:06:00-05:00"),
            ("4 Mar 2021", "2021-03-04T00:00:00-05:00"),
            ("03/04/2021", "2021-03-04T00:00:00-05:00"),
            ("13/04/2021", "2021-04-13T00:00:00-04:00"),
            ("20210304T0506", "2021-03-04T05:06:00-05:00"),
            ("Thu, 04 Mar 2021 05:06:07 +0100", "2021-03-04T05:06:07+01:00"),
            ("2021-03-14 02:30", "2021-03-14T03:30:00-04:00"),
            ("2021-11-07 01:30", "2021-11-07T01:30:00-04:00"),
            ("2021-02-30", "-"),
            ("never", "-"),
            ("Mar 4", "-"),
            ("12", "-"),
            ("2021-03-04 25:00", "-"),
            ("2021-03-04 10：00", "-"),
            ("99999999999999999999", "-"),
        ] {
            let at = parse(text, Tz::America__New_York).map_or_else(|| "-".to_owned(), |at| at.to_rfc3339());
            assert_eq!(at, expected, "{text}");
        }
    }
}
