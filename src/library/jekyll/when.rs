//! Dates as Ruby's `Time.parse` reads them, which Jekyll calls for every date: forms of mail, of ISO 8601, of Unix tools
//! and of people, in the order in which Ruby tries them.
//!
//! What would need the day of the build (a month without a year, an hour without a day) is no date here.

mod day;

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _};
use chrono_tz::{OffsetName as _, Tz};

use day::{Day, Part};

/// Longer texts are refused, as Ruby does.
const LONGEST: usize = 128;

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Hours east of Greenwich of the names that Ruby's `Time` knows wherever it runs.
const ZONES: [(&str, i32); 12] = [
    ("utc", 0),
    ("ut", 0),
    ("gmt", 0),
    ("z", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// The instant that `text` names, in the offset that `zone` has then.
pub fn parse(text: &str, zone: Tz) -> Option<DateTime<FixedOffset>> {
    if text.len() > LONGEST {
        return None;
    }
    let mut text = cleaned(text);
    take_weekday(&mut text);
    let mut time = take_time(&mut text)?;
    let day = day::named(&text).or_else(|| day::numbered(&text)).or_else(|| joined(&text, &mut time))?;
    let day = day.checked()?;
    let at = time.after(day)?;
    let utc = match time.zone.as_deref().and_then(|name| offset(name, zone, &at)) {
        Some(seconds) if seconds.abs() >= 24 * 3600 => return None,
        Some(seconds) => at.checked_sub_signed(TimeDelta::seconds(i64::from(seconds)))?,
        None => return local(at, zone),
    };
    Some(zone.from_utc_datetime(&utc).fixed_offset())
}

/// The later of two where the clock was put back; after the gap where it was put forward.
pub fn local(at: NaiveDateTime, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let found = match zone.from_local_datetime(&at) {
        MappedLocalTime::None => {
            let before = zone.from_local_datetime(&at.checked_sub_signed(TimeDelta::hours(3))?).latest()?;
            zone.from_utc_datetime(
                &at.checked_sub_signed(TimeDelta::seconds(before.offset().fix().local_minus_utc().into()))?,
            )
        }
        other => other.latest()?,
    };
    Some(found.fixed_offset())
}

/// Lower case, one blank for everything that no date holds.
fn cleaned(text: &str) -> Vec<char> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || "-+',./:@[]".contains(c) {
            out.extend(c.to_lowercase());
        } else if out.last() != Some(&' ') {
            out.push(' ');
        }
    }
    out
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

/// Which of `names` begins at `at`.
fn name_at(text: &[char], at: usize, names: &[&str]) -> Option<usize> {
    let three: String = text.get(at..at + 3)?.iter().collect();
    names.iter().position(|name| *name == three)
}

fn digits(text: &[char], at: usize) -> usize {
    text[at.min(text.len())..].iter().take_while(|c| c.is_ascii_digit()).count()
}

fn blanks(text: &[char], at: usize) -> usize {
    text[at.min(text.len())..].iter().take_while(|c| **c == ' ').count()
}

fn number(text: &[char]) -> Option<u32> {
    text.iter().collect::<String>().parse().ok()
}

fn take_weekday(text: &mut Vec<char>) {
    let start =
        (0..text.len()).find(|at| (*at == 0 || !is_word(text.get(at - 1))) && name_at(text, *at, &DAYS).is_some());
    if let Some(start) = start {
        let rest =
            text[start + 3..].iter().take_while(|c| !c.is_ascii_digit() && !matches!(c, '-' | '/' | ' ')).count();
        text.splice(start..start + 3 + rest, [' ']);
    }
}

/// The time of the day, and its zone as it is written.
#[derive(Debug, Default)]
struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
    zone: Option<String>,
}

impl Time {
    /// This time of `day`; 24:00 and a leap second run over.
    fn after(&self, day: NaiveDate) -> Option<NaiveDateTime> {
        let whole = self.hour < 24 || (self.hour == 24 && self.minute == 0 && self.second == 0);
        if !whole || self.minute > 59 || self.second > 60 {
            return None;
        }
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let since = TimeDelta::seconds(seconds) + TimeDelta::nanoseconds(self.nanos.into());
        day.and_time(chrono::NaiveTime::MIN).checked_add_signed(since)
    }
}

/// Cuts the first time of day out of `text`; midnight where there is none. `None`: a number that is none.
fn take_time(text: &mut Vec<char>) -> Option<Time> {
    let mut at = 0;
    while at < text.len() {
        let length = digits(text, at);
        if length == 0 {
            at += 1;
            continue;
        }
        if let Some((time, end)) = time_at(text, at, length) {
            let time = time?;
            text.splice(at..end, [' ']);
            return Some(time);
        }
        at += length;
    }
    Some(Time::default())
}

/// The time that begins with `length` digits at `at`, and where it ends. The inner `None`: it is out of range.
fn time_at(text: &[char], at: usize, length: usize) -> Option<(Option<Time>, usize)> {
    let hour = number(&text[at..at + length]);
    let mut time = Time::default();
    let mut end = at + length;
    let next = end + blanks(text, end);
    let half = |from: usize| {
        let at = from + blanks(text, from);
        let is_half = matches!(text.get(at), Some('a' | 'p'));
        let dotted = text.get(at + 1) == Some(&'.') && text.get(at + 2) == Some(&'m') && text.get(at + 3) == Some(&'.');
        let plain = text.get(at + 1) == Some(&'m') && !is_word(text.get(at + 2));
        (is_half && (dotted || plain)).then(|| (text[at] == 'p', at + if dotted { 4 } else { 2 }))
    };
    let more = |from: usize, sign: char| {
        let at = from + blanks(text, from);
        let at = if sign == ' ' { at } else { (text.get(at) == Some(&sign)).then(|| at + 1 + blanks(text, at + 1))? };
        let length = digits(text, at);
        (length > 0).then_some((at, at + length))
    };
    match text.get(next) {
        Some(':') => {
            let (from, to) = more(end, ':')?;
            time.minute = number(&text[from..to])?;
            end = to;
            if let Some((from, to)) = more(end, ':') {
                time.second = number(&text[from..to])?;
                end = to;
                if matches!(text.get(end), Some('.' | ',')) {
                    let length = digits(text, end + 1);
                    let fraction: String = text[end + 1..end + 1 + length].iter().collect();
                    time.nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
                    end += 1 + length;
                }
            }
        }
        Some('h') => {
            end = next + 1;
            if let Some((from, to)) = more(end, ' ') {
                time.minute = number(&text[from..to])?;
                end = to + usize::from(text.get(to) == Some(&'m'));
                if let Some((from, to)) = more(end, ' ') {
                    time.second = number(&text[from..to])?;
                    end = to + usize::from(text.get(to) == Some(&'s'));
                }
            }
        }
        _ => {
            half(end)?;
        }
    }
    time.hour = hour.unwrap_or(99);
    if let Some((afternoon, after)) = half(end) {
        time.hour = time.hour % 12 + if afternoon { 12 } else { 0 };
        end = after;
    }
    if let Some((from, to)) = zone_at(text, end) {
        time.zone = Some(text[from..to].iter().collect());
        end = to;
    }
    Some((Some(time), end))
}

/// A zone behind a time: `+0800`, `gmt-3`, `cest`.
fn zone_at(text: &[char], end: usize) -> Option<(usize, usize)> {
    let from = end + blanks(text, end);
    let prefix = ["gmt", "utc", "ut", ""]
        .iter()
        .find(|prefix| {
            text[from..].iter().zip(prefix.chars()).filter(|(have, want)| *have == want).count() == prefix.len()
        })
        .map_or(0, |prefix| prefix.len());
    let sign = from + prefix;
    if matches!(text.get(sign), Some('+' | '-')) && digits(text, sign + 1) > 0 {
        let mut to = sign + 1 + digits(text, sign + 1);
        for _ in 0..2 {
            if matches!(text.get(to), Some(':' | ',' | '.')) && digits(text, to + 1) > 0 {
                to += 1 + digits(text, to + 1);
            }
        }
        return Some((from, to));
    }
    let letters = text[from..].iter().take_while(|c| c.is_alphabetic()).count();
    (letters > 0 && !is_word(text.get(from + letters))).then_some((from, from + letters))
}

/// Seconds east of Greenwich; `None` where Ruby does not know the name either, and takes the local time.
fn offset(name: &str, zone: Tz, at: &NaiveDateTime) -> Option<i32> {
    if let Some(sign) = name.chars().next().filter(|c| matches!(c, '+' | '-')) {
        let sign = if sign == '-' { -1 } else { 1 };
        let parts: Vec<&str> = name[1..].split(':').collect();
        let pairs: Vec<&str> = match parts[..] {
            [all] if matches!(all.len(), 2 | 4 | 6) => {
                (0..all.len() / 2).filter_map(|at| all.get(2 * at..2 * at + 2)).collect()
            }
            [_, _] | [_, _, _] => parts,
            _ => return None,
        };
        let mut seconds = 0;
        for (pair, worth) in pairs.iter().zip([3600, 60, 1]) {
            let digits = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_digit());
            seconds += worth * digits.then(|| pair.parse::<i32>().ok())??;
        }
        return Some(sign * seconds);
    }
    if let Some((_, hours)) = ZONES.iter().find(|(known, _)| *known == name) {
        return Some(hours * 3600);
    }
    if let [letter @ b'a'..=b'y'] = name.as_bytes() {
        // The military alphabet has no J.
        let place = i32::from(letter - b'a') + 1 - i32::from(*letter > b'j');
        return match letter {
            b'j' => None,
            _ if place <= 12 => Some(place * 3600),
            _ => Some((12 - place) * 3600),
        };
    }
    let year = chrono::Datelike::year(at);
    [1, 7].into_iter().find_map(|month| {
        let then = zone
            .from_local_datetime(&NaiveDate::from_ymd_opt(year, month, 1)?.and_time(chrono::NaiveTime::MIN))
            .latest()?;
        let called = then.offset().abbreviation()?.to_lowercase();
        (called == name).then(|| then.offset().fix().local_minus_utc())
    })
}

/// Digits without anything between them: `20150712`, with a time `20150712T102030`; and `2015-193`.
fn joined(text: &[char], time: &mut Time) -> Option<Day> {
    let start = text.iter().position(char::is_ascii_digit)?;
    let length = digits(text, start);
    let part = |from: usize, length: usize| -> Option<Part> {
        let digits: String = text.get(start + from..start + from + length)?.iter().collect();
        Some(Part::plain(digits))
    };
    let of_year = |year: Part, day: &Part| {
        let first = NaiveDate::from_yo_opt(year.digits.parse().ok()?, day.digits.parse().ok()?)?;
        let (month, day) = (chrono::Datelike::month(&first) as usize, chrono::Datelike::day(&first) as usize);
        Some(Day { year: Some(year), month: Some(Part::of(month)), of_month: Some(Part::of(day)) })
    };
    match length {
        4 if text.get(start + 4) == Some(&'-') && digits(text, start + 5) == 3 => of_year(part(0, 4)?, &part(5, 3)?),
        7 => of_year(part(0, 4)?, &part(4, 3)?),
        6 => Some(Day { year: part(0, 2), month: part(2, 2), of_month: part(4, 2) }),
        8 | 10 | 12 | 14 => {
            let behind = start + length + blanks(text, start + length);
            let behind = behind + usize::from(text.get(behind) == Some(&'t'));
            let clock: String = match length {
                8 => text[behind.min(text.len())..].iter().take_while(|c| c.is_ascii_digit()).collect(),
                _ => text[start + 8..start + length].iter().collect(),
            };
            let two = |at: usize| clock.get(at..at + 2).and_then(|text| text.parse().ok());
            if let Some(hour) = two(0) {
                (time.hour, time.minute, time.second) = (hour, two(2).unwrap_or(0), two(4).unwrap_or(0));
                let end = if length == 8 { behind + clock.len() } else { start + length };
                time.zone = zone_at(text, end).map(|(from, to)| text[from..to].iter().collect());
            }
            Some(Day { year: part(0, 4), month: part(4, 2), of_month: part(6, 2) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ruby 3.1's answers, in Los Angeles. It gives what has no year or no day the day of the build.
    #[test]
    fn dates_are_read_as_ruby_reads_them() {
        let mut wrong = Vec::new();
        for (text, expected) in [
            ("2015-07-12", "2015-07-12T00:00:00-07:00"),
            ("2015-7-5", "2015-07-05T00:00:00-07:00"),
            ("2015/07/12", "2015-07-12T00:00:00-07:00"),
            ("2015/7/5 10:20", "2015-07-05T10:20:00-07:00"),
            ("15-07-12", "2015-07-12T00:00:00-07:00"),
            ("08-02-03", "2008-02-03T00:00:00-08:00"),
            ("70-02-03", "1970-02-03T00:00:00-08:00"),
            ("12/25/2015", "-"),
            ("7/12/2015", "2015-12-07T00:00:00-08:00"),
            ("25/12/2015", "2015-12-25T00:00:00-08:00"),
            ("Jul 12, 2015", "2015-07-12T00:00:00-07:00"),
            ("July 12 2015", "2015-07-12T00:00:00-07:00"),
            ("12 July 2015", "2015-07-12T00:00:00-07:00"),
            ("12 Jul 15", "2015-07-12T00:00:00-07:00"),
            ("Sun, 12 Jul 2015 10:20:30 +0200", "2015-07-12T01:20:30-07:00"),
            ("Sunday, 12-Jul-15 10:20:30 GMT", "2015-07-12T03:20:30-07:00"),
            ("Sun Jul 12 10:20:30 PDT 2015", "2015-07-12T10:20:30-07:00"),
            ("Sun Jul 12 10:20:30 2015", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12T10:20:30Z", "2015-07-12T03:20:30-07:00"),
            ("2015-07-12T10:20", "2015-07-12T10:20:00-07:00"),
            ("2015-07-12 10:20", "2015-07-12T10:20:00-07:00"),
            ("2015-07-12 10:20 AM", "2015-07-12T10:20:00-07:00"),
            ("2015-07-12 10:20pm", "2015-07-12T22:20:00-07:00"),
            ("2015-07-12 10pm", "2015-07-12T22:00:00-07:00"),
            ("2015-07-12 10:20:30.5 +0800", "2015-07-11T19:20:30.500-07:00"),
            ("2015-07-12 10:20:30 EST", "2015-07-12T08:20:30-07:00"),
            ("2015-07-12 10:20:30 CEST", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 10:20:30 PST", "2015-07-12T11:20:30-07:00"),
            ("2015-07-12 10:20:30 JST", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 10:20:30 +8", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 10:20:30 +08", "2015-07-11T19:20:30-07:00"),
            ("2015-07-12 10:20:30+8:00", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 10:20:30 UTC+8", "2015-07-12T10:20:30-07:00"),
            ("20150712", "2015-07-12T00:00:00-07:00"),
            ("20150712T102030", "2015-07-12T10:20:30-07:00"),
            ("20150712102030", "2015-07-12T10:20:30-07:00"),
            ("201507121020", "2015-07-12T10:20:00-07:00"),
            ("2015-07", "-"),
            ("2015", "-"),
            ("2015-193", "2015-07-12T00:00:00-07:00"),
            ("2015-W28-7", "-"),
            ("12.07.2015", "2015-07-12T00:00:00-07:00"),
            ("2015.07.12", "2015-07-12T00:00:00-07:00"),
            ("today", "-"),
            ("", "-"),
            ("10:20", "-"),
            ("2015-07-12 25:00", "-"),
            ("2015-13-12", "-"),
            ("2015-02-30", "2015-03-02T00:00:00-08:00"),
            ("2015-02-31 10:00", "2015-03-03T10:00:00-08:00"),
            ("2015-07-12T10：20：30", "2015-07-12T00:00:00-07:00"),
            ("July 2015", "2015-07-01T00:00:00-07:00"),
            ("Jul 12", "-"),
            ("2015-07-12 10:20:30 -0700 PDT", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 10:20:60", "2015-07-12T10:21:00-07:00"),
            ("2015-07-12 24:00:00", "2015-07-13T00:00:00-07:00"),
            ("12th July 2015", "2015-07-12T00:00:00-07:00"),
            ("July 12th, 2015", "2015-07-12T00:00:00-07:00"),
            ("2015-07-12 at 10:20", "2015-07-12T10:20:00-07:00"),
            ("2015-07-12, 10:20", "2015-07-12T10:20:00-07:00"),
            ("Mon 2015-07-12", "2015-07-12T00:00:00-07:00"),
            ("2015 July 12", "2015-07-12T00:00:00-07:00"),
            ("12-Jul-2015", "2015-07-12T00:00:00-07:00"),
            ("Jul-12-2015", "2015-07-12T00:00:00-07:00"),
            ("2015-Jul-12", "2015-07-12T00:00:00-07:00"),
            ("1436690000", "-"),
            ("2015-07-12 10h20", "2015-07-12T10:20:00-07:00"),
            ("2015年07月12日", "-"),
            ("5-7-2015", "2015-07-05T00:00:00-07:00"),
            ("05-07-2015", "2015-07-05T00:00:00-07:00"),
            ("99-12-31", "1999-12-31T00:00:00-08:00"),
            ("2015-07-12 10:20:30 Z", "2015-07-12T03:20:30-07:00"),
            ("2015-07-12T10:20:30-07", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12T10:20:30.123456789-0700", "2015-07-12T10:20:30.123456789-07:00"),
            ("2015-11-01 01:30", "2015-11-01T01:30:00-08:00"),
            ("2015-03-08 02:30", "2015-03-08T03:30:00-07:00"),
            ("2015-07-12 00:00:00 America/New_York", "2015-07-12T00:00:00-07:00"),
            ("garbage", "-"),
            ("0000-00-00", "-"),
            ("2015-00-10", "-"),
            ("2015-07-12 10:20:30 GMT+2", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 12:00 noon", "2015-07-12T12:00:00-07:00"),
            ("2015-07-12 12am", "2015-07-12T00:00:00-07:00"),
            ("12am 2015-07-12", "2015-07-12T00:00:00-07:00"),
            ("10:20 2015-07-12", "2015-07-12T10:20:00-07:00"),
            ("'15 July 12", "2015-07-12T00:00:00-07:00"),
            ("July 12 '15", "2015-07-12T00:00:00-07:00"),
            ("2015 07 12", "-"),
            ("12 07 2015", "-"),
            ("2015-7", "-"),
            ("1 2015", "-"),
            ("2015-07-12-10-20", "2015-07-12T00:00:00-07:00"),
            ("2015_07_12", "-"),
            ("2015-07-12 10.20.30", "2015-07-12T00:00:00-07:00"),
            ("2015-07-12T102030Z", "2015-07-12T00:00:00-07:00"),
            ("2015-07-12 1020", "2015-07-12T00:00:00-07:00"),
            ("07/2015", "2015-07-01T00:00:00-07:00"),
            ("7/12", "-"),
            ("12/7/15", "2012-07-15T00:00:00-07:00"),
            ("2015/07/12 10:20:30 +0900", "2015-07-11T18:20:30-07:00"),
            ("Nov 5, 2015 10:20 PM", "2015-11-05T22:20:00-08:00"),
            ("2015-07-12 10:20:30 Asia", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 10:20:30 a", "2015-07-12T02:20:30-07:00"),
            ("2015-07-12 10:20:30 MSK", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 10:20:30 +05:30", "2015-07-11T21:50:30-07:00"),
            ("2015-07-12 10:20:30 +0530 IST", "2015-07-11T21:50:30-07:00"),
            ("2015-07-12 10:20:30 +2500", "-"),
            ("2015-07-12 10:20:30 PDT (x)", "2015-07-12T10:20:30-07:00"),
            ("2015-07-12 (Sun)", "2015-07-12T00:00:00-07:00"),
        ] {
            let at = parse(text, Tz::America__Los_Angeles).map_or_else(|| "-".to_owned(), |at| at.to_rfc3339());
            if at != expected {
                wrong.push(format!("{text:?}: expected {expected}, read {at}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
