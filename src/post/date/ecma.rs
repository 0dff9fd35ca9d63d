//! Dates as programs in JavaScript read them: YAML's timestamps, and what `new Date(text)` makes of a text.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, TimeZone as _, Utc};

/// A plain (not quoted) YAML scalar that is a timestamp (YAML 1.1, as js-yaml reads it). Without a zone it is in UTC.
pub fn timestamp(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if !text.is_ascii() || text.len() > 64 {
        return None;
    }
    let mut scan = Scan { text };
    let year = scan.digits(4, 4)?;
    scan.sign('-')?;
    let month_digits = scan.digits(1, 2)?;
    scan.sign('-')?;
    let day = scan.digits(1, 2)?;
    if scan.text.is_empty() {
        // Only the long form may have one digit a part.
        return (text.len() == 10).then(|| instant(year, month_digits, day, 0, 0, 0, 0))?;
    }
    let blank = scan.text.len();
    if scan.sign('T').or_else(|| scan.sign('t')).is_none() {
        scan.blanks();
        if scan.text.len() == blank {
            return None;
        }
    }
    let hour = scan.digits(1, 2)?;
    scan.sign(':')?;
    let minute = scan.digits(2, 2)?;
    scan.sign(':')?;
    let second = scan.digits(2, 2)?;
    let millis = if scan.sign('.').is_some() { scan.fraction() } else { 0 };
    scan.blanks();
    let at = instant(year, month_digits, day, hour, minute, second, millis)?;
    if scan.text.is_empty() || scan.text == "Z" {
        return Some(at);
    }
    let ahead = scan.text.starts_with('+');
    scan.sign('+').or_else(|| scan.sign('-'))?;
    let hours = scan.digits(1, 2)?;
    let minutes = if scan.sign(':').is_some() { scan.digits(2, 2)? } else { 0 };
    scan.text.is_empty().then_some(())?;
    in_zone(at, ahead, hours * 60 + minutes)
}

/// What `new Date(text)` gives in a program that runs in UTC.
pub fn parse(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if !text.is_ascii() || text.len() > 100 {
        return None;
    }
    iso(text).or_else(|| legacy(text))
}

/// ECMAScript's own form: `2021`, `2021-10`, `2021-10-15`, `2021-10-15T10:00[:00[.000]][Z|+08:00]`.
fn iso(text: &str) -> Option<DateTime<FixedOffset>> {
    let mut scan = Scan { text };
    let year = scan.digits(4, 4)?;
    let month = if scan.sign('-').is_some() { scan.digits(2, 2)? } else { 1 };
    let day = if scan.sign('-').is_some() { scan.digits(2, 2)? } else { 1 };
    if scan.text.is_empty() {
        return valid(month, day).then(|| instant(year, month, day, 0, 0, 0, 0))?;
    }
    scan.sign('T').or_else(|| scan.sign('t'))?;
    let hour = scan.digits(2, 2)?;
    scan.sign(':')?;
    let minute = scan.digits(2, 2)?;
    let second = if scan.sign(':').is_some() { scan.digits(2, 2)? } else { 0 };
    let millis = if scan.sign('.').is_some() { scan.fraction() } else { 0 };
    let at = valid(month, day).then(|| instant(year, month, day, hour, minute, second, millis))??;
    if scan.text.is_empty() || matches!(scan.text, "Z" | "z") {
        return Some(at);
    }
    let ahead = scan.text.starts_with('+');
    scan.sign('+').or_else(|| scan.sign('-'))?;
    let hours = scan.digits(2, 2)?;
    let _ = scan.sign(':');
    let minutes = scan.digits(2, 2)?;
    scan.text.is_empty().then_some(())?;
    in_zone(at, ahead, hours * 60 + minutes)
}

/// Everything else that the usual engine takes: words, numbers in three orders, a time, a zone.
fn legacy(text: &str) -> Option<DateTime<FixedOffset>> {
    let mut scan = Scan { text };
    let mut numbers: Vec<u32> = Vec::new();
    let mut month = None;
    let mut time: Option<[u32; 4]> = None;
    let mut afternoon = None;
    let mut zone: Option<(bool, u32)> = None;
    while let Some(c) = scan.text.chars().next() {
        if c.is_ascii_digit() {
            let end = scan.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(scan.text.len());
            let number = scan.digits(1, end.min(9))?;
            if scan.text.starts_with(':') && time.is_none() {
                time = Some(scan.time(number)?);
            } else {
                numbers.push(number);
                if numbers.len() > 3 {
                    return None;
                }
            }
        } else if c.is_ascii_alphabetic() {
            let end = scan.text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(scan.text.len());
            let word = scan.text[..end].to_ascii_lowercase();
            scan.text = &scan.text[end..];
            let start = word.get(..3).unwrap_or(&word);
            if let Some(at) = MONTHS.iter().position(|name| *name == start) {
                month = u32::try_from(at + 1).ok();
            } else if let Some((_, ahead, minutes)) = ZONES.iter().find(|(name, ..)| *name == word) {
                zone = Some((*ahead, *minutes));
            } else if matches!(word.as_str(), "am" | "pm") {
                afternoon = Some(word == "pm");
            } else if !numbers.is_empty() || time.is_some() {
                return None;
            }
        } else if matches!(c, '+' | '-') && (time.is_some() || zone.is_some()) {
            scan.text = &scan.text[1..];
            let end = scan.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(scan.text.len());
            let number = scan.digits(1, 4)?;
            let minutes = if scan.sign(':').is_some() {
                number * 60 + scan.digits(2, 2)?
            } else if end <= 2 {
                number * 60
            } else {
                number / 100 * 60 + number % 100
            };
            zone = Some((c == '+', minutes));
        } else if c == '(' {
            scan.text = scan.text.split_once(')').map_or("", |(_, rest)| rest);
        } else {
            scan.text = &scan.text[1..];
        }
    }
    (!numbers.is_empty()).then_some(())?;
    // What is missing is one.
    numbers.resize(3, 1);
    let [first, second, third] = [numbers[0], numbers[1], numbers[2]];
    let day_first = (1..=31).contains(&first);
    let (year, month, day) = match month {
        Some(month) if day_first => (full_year(second), month, first),
        Some(month) => (full_year(first), month, second),
        None if day_first => (full_year(third), first, second),
        None => (full_year(first), second, third),
    };
    let [mut hour, minute, second, millis] = time.unwrap_or_default();
    if let Some(afternoon) = afternoon {
        (1..=12).contains(&hour).then_some(())?;
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    let at = valid(month, day).then(|| instant(year, month, day, hour, minute, second, millis))??;
    let (ahead, minutes) = zone.unwrap_or((true, 0));
    in_zone(at, ahead, minutes)
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Name, east of Greenwich, minutes.
const ZONES: [(&str, bool, u32); 12] = [
    ("z", true, 0),
    ("utc", true, 0),
    ("gmt", true, 0),
    ("ut", true, 0),
    ("est", false, 300),
    ("edt", false, 240),
    ("cst", false, 360),
    ("cdt", false, 300),
    ("mst", false, 420),
    ("mdt", false, 360),
    ("pst", false, 480),
    ("pdt", false, 420),
];

struct Scan<'t> {
    text: &'t str,
}

impl Scan<'_> {
    /// Between so many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let end = self.text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let number = (end >= least).then(|| self.text[..end].parse().ok())?;
        self.text = &self.text[end..];
        number
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.text = self.text.strip_prefix(sign)?;
        Some(())
    }

    fn blanks(&mut self) {
        self.text = self.text.trim_start_matches([' ', '\t']);
    }

    /// Digits behind a point, as milliseconds.
    fn fraction(&mut self) -> u32 {
        let end = self.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.text.len());
        let millis = format!("{:0<3}", &self.text[..end])[..3].parse().unwrap_or_default();
        self.text = &self.text[end..];
        millis
    }

    /// `:mm[:ss[.fff]]` behind the hour.
    fn time(&mut self, hour: u32) -> Option<[u32; 4]> {
        self.sign(':')?;
        let minute = self.digits(1, 2)?;
        let second = if self.sign(':').is_some() { self.digits(1, 2)? } else { 0 };
        let millis = if self.sign('.').is_some() { self.fraction() } else { 0 };
        Some([hour, minute, second, millis])
    }
}

fn full_year(year: u32) -> u32 {
    match year {
        0..=49 => 2000 + year,
        50..=99 => 1900 + year,
        year => year,
    }
}

fn valid(month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// In UTC. Days behind the month's end run into the next one.
fn instant(
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    millis: u32,
) -> Option<DateTime<FixedOffset>> {
    // The last instant of a day may be written as 24:00.
    if hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute, second, millis) != (0, 0, 0)) {
        return None;
    }
    let months = month.checked_sub(1)?;
    let year = i32::try_from(year + months / 12).ok()?;
    let first = NaiveDate::from_ymd_opt(year, months % 12 + 1, 1)?.and_hms_opt(0, 0, 0)?;
    let seconds = (i64::from(day) - 1) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    let at = first.checked_add_signed(TimeDelta::seconds(seconds) + TimeDelta::milliseconds(i64::from(millis)))?;
    Some(Utc.from_utc_datetime(&at).fixed_offset())
}

/// The same clock in another zone, kept in the offset in which it was written.
fn in_zone(at: DateTime<FixedOffset>, ahead: bool, minutes: u32) -> Option<DateTime<FixedOffset>> {
    let seconds = i32::try_from(minutes * 60).ok()?;
    let offset = FixedOffset::east_opt(if ahead { seconds } else { -seconds })?;
    offset.from_local_datetime(&at.naive_utc()).single()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(at: Option<DateTime<FixedOffset>>) -> String {
        at.map_or_else(|| "invalid".into(), |at| at.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }

    /// What Node 20 answered in UTC.
    #[test]
    fn texts_as_the_engine_reads_them() {
        for (text, answer) in [
            ("2021-01-01 10:00:00 +0800Z", "2021-01-01T10:00:00.000Z"),
            ("2021-01-01 10:00:00 +08:00Z", "2021-01-01T10:00:00.000Z"),
            ("2021-01-01 10:00:00 +08:00", "2021-01-01T02:00:00.000Z"),
            ("2021-01-01T10:00:00+08:00Z", "invalid"),
            ("2021-1-5Z", "2021-01-05T00:00:00.000Z"),
            ("2021/10/15Z", "2021-10-15T00:00:00.000Z"),
            ("Oct 15, 2021Z", "2021-10-15T00:00:00.000Z"),
            ("2021-10-15 10:00Z", "2021-10-15T10:00:00.000Z"),
            ("2021-10-15T10:00Z", "2021-10-15T10:00:00.000Z"),
            ("2021-10-15T10:00:00ZZ", "invalid"),
            ("2021-10-15T1:00:00Z", "invalid"),
            ("2021-10-15T10:00:00 +08:00", "invalid"),
            ("2021-10-15T10:00:00+0800", "2021-10-15T02:00:00.000Z"),
            ("2021-10-15t24:00:00z", "2021-10-16T00:00:00.000Z"),
            ("2021-13-45Z", "invalid"),
            ("2021-02-30Z", "2021-03-02T00:00:00.000Z"),
            ("2021-02-30", "2021-03-02T00:00:00.000Z"),
            ("15 Oct 2021Z", "2021-10-15T00:00:00.000Z"),
            ("2021-10-15 10:00:00 UTCZ", "invalid"),
            ("Fri, 15 Oct 2021 10:00:00 GMT", "2021-10-15T10:00:00.000Z"),
            ("Fri, 15 Oct 2021 10:00:00 GMTZ", "invalid"),
            ("2021", "2021-01-01T00:00:00.000Z"),
            ("2021-10", "2021-10-01T00:00:00.000Z"),
            ("2021-10-15 9:00:00Z", "2021-10-15T09:00:00.000Z"),
            ("2021-10-15T10:00:00.1239Z", "2021-10-15T10:00:00.123Z"),
            ("October 15 2021 10:00 pm Z", "2021-10-15T22:00:00.000Z"),
            ("2021-10-15 10:00:00 +0800 CSTZ", "invalid"),
            ("2021-10-15 10:00:00-0500Z", "2021-10-15T10:00:00.000Z"),
            ("10/15/2021", "2021-10-15T00:00:00.000Z"),
            ("20211015Z", "invalid"),
            ("2021-10Z", "2021-10-01T00:00:00.000Z"),
            ("2021Z", "2021-01-01T00:00:00.000Z"),
            ("Oct 2021", "2021-10-01T00:00:00.000Z"),
            ("10/15", "2001-10-15T00:00:00.000Z"),
            ("tomorrow", "invalid"),
            ("", "invalid"),
        ] {
            assert_eq!(shown(parse(text)), answer, "{text}");
        }
    }

    #[test]
    fn timestamps_of_yaml() {
        for (text, answer) in [
            ("2021-10-15", "2021-10-15T00:00:00.000Z"),
            ("2021-1-5", "invalid"),
            ("2021-1-5 3:04:05", "2021-01-05T03:04:05.000Z"),
            ("2021-10-15T10:00:00Z", "2021-10-15T10:00:00.000Z"),
            ("2021-10-15t10:00:00.5 +08:00", "2021-10-15T02:00:00.500Z"),
            ("2021-10-15 10:00:00 -5", "2021-10-15T15:00:00.000Z"),
            ("2021-10-15 10:00:00 +0800", "invalid"),
            ("2021-10-15T10:00", "invalid"),
            ("2021-02-30", "2021-03-02T00:00:00.000Z"),
            ("2021-10-15 \u{e9}", "invalid"),
        ] {
            assert_eq!(shown(timestamp(text)), answer, "{text}");
        }
    }
}
