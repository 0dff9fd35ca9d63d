//! Dates as Zola takes them: TOML's, YAML's timestamps, and the date before a file's name. Without a zone they are UTC.

use chrono::{DateTime, FixedOffset, NaiveDate};

/// A date of the front matter; `None`: Zola refuses it.
pub fn parse(text: &str) -> Option<DateTime<FixedOffset>> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    if rest.is_empty() {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc().fixed_offset());
    }
    let rest = match rest.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None => rest.strip_prefix([' ', '\t'])?.trim_start_matches([' ', '\t']),
    };
    let (hour, rest) = digits(rest, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2, 2)?,
        None => (0, rest),
    };
    let (nanos, rest) = fraction(rest)?;
    let at = date.and_hms_nano_opt(hour, minute, second, nanos)?;
    let zone = rest.trim_start_matches([' ', '\t']);
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(at.and_utc().fixed_offset());
    }
    let east = match zone.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(&zone[1..], 1, 2)?;
    let minutes = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2, 2).filter(|(_, rest)| rest.is_empty())?.0,
        None if rest.is_empty() => 0,
        None => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|_| hours < 24 && minutes < 60)?;
    at.and_local_timezone(FixedOffset::east_opt(east * seconds)?).single()
}

/// `YYYY-MM-DD` or a whole RFC 3339 date before a file's name: the date, and the rest behind `-` or `_`, where there is
/// one. `None`: the name begins with no date. A day that does not exist is still cut from the name.
pub fn of_name(name: &str) -> Option<(Option<DateTime<FixedOffset>>, Option<&str>)> {
    let day = name.get(..10).filter(|day| shaped(day, "9999-99-99"))?;
    let number = |range: std::ops::Range<usize>| day[range].parse::<u32>().unwrap_or(0);
    if !(1..=12).contains(&number(5..7)) || !(1..=31).contains(&number(8..10)) {
        return None;
    }
    let after_time = time(&name[10..]);
    let end = after_time.map_or(10, |rest| name.len() - rest.len());
    let rest = &name[end..];
    let blank = rest.strip_prefix(char::is_whitespace).unwrap_or(rest);
    let slug = blank.strip_prefix(['-', '_']).filter(|slug| !slug.is_empty() && !slug.starts_with('\n'));
    Some((parse(&name[..end]), slug))
}

/// What follows `T10:20:30Z` at the start.
fn time(text: &str) -> Option<&str> {
    let clock = text.get(..9).filter(|clock| shaped(clock, "T99:99:99"))?;
    let in_range = &clock[1..3] < "24" && &clock[4..6] < "60" && &clock[7..9] <= "60";
    let mut rest = text.get(9..).filter(|_| in_range)?;
    if let Some(after) = rest.strip_prefix('.') {
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        rest = after.get(end..).filter(|_| end > 0)?;
    }
    if let Some(rest) = rest.strip_prefix('Z') {
        return Some(rest);
    }
    let zone = rest.get(..6).filter(|zone| shaped(zone, "+99:99") || shaped(zone, "-99:99"))?;
    (&zone[1..3] < "24" && &zone[4..6] < "60").then(|| &rest[6..])
}

/// So many digits as a number, and what follows.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let number = text.get(..count).filter(|_| count >= least)?;
    Some((number.parse().ok()?, &text[count..]))
}

fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let kept = &rest[..count.min(9)];
    Some((format!("{kept:0<9}").parse().ok()?, &rest[count..]))
}

/// Whether `text` has digits where `shape` has nines, and the same elsewhere.
fn shaped(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(have, want)| if want == b'9' { have.is_ascii_digit() } else { have == want })
}

/// The date in an address that has one, `inside/2014/12/12/name`: what a site without dates has of them.
pub fn of_path(path: &str) -> Option<DateTime<FixedOffset>> {
    let parts: Vec<&str> = path.split('/').collect();
    let day =
        parts.windows(3).find(|parts| shaped(parts[0], "9999") && shaped(parts[1], "99") && shaped(parts[2], "99"))?;
    let date = NaiveDate::parse_from_str(&day.join("-"), "%Y-%m-%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_front_matter() {
        for (text, expected) in [
            ("2020-01-02", "2020-01-02T00:00:00+00:00"),
            ("2020-1-2", "2020-01-02T00:00:00+00:00"),
            ("2020-01-02T03:04:05", "2020-01-02T03:04:05+00:00"),
            ("2020-01-02 3:04:05.5 -5", "2020-01-02T03:04:05.500-05:00"),
            ("2020-01-02t03:04:05+05:30", "2020-01-02T03:04:05+05:30"),
            ("2020-01-02T03:04", "2020-01-02T03:04:00+00:00"),
            ("2020-01-02T03:04:05z", "2020-01-02T03:04:05+00:00"),
        ] {
            assert_eq!(parse(text).map(|at| at.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "2020", "2020/01/02", "2020-13-01", "2020-02-30", "2020-01-02T03", "2020-01-02x", "10:00:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn of_names() {
        let of = |name: &'static str| of_name(name).map(|(at, slug)| (at.map(|at| at.to_rfc3339()), slug));
        let day = Some("2018-10-10T00:00:00+00:00".to_owned());
        assert_eq!(of("2018-10-10-hello"), Some((day.clone(), Some("hello"))));
        assert_eq!(of("2018-10-10_hello"), Some((day.clone(), Some("hello"))));
        assert_eq!(of("2018-10-10 - hello"), Some((day.clone(), Some(" hello"))));
        assert_eq!(of("2018-10-10 hello"), Some((day.clone(), None)));
        assert_eq!(of("2018-10-10"), Some((day, None)));
        assert_eq!(of("2018-10-10T01:02:03+02:00-x"), Some((Some("2018-10-10T01:02:03+02:00".into()), Some("x"))));
        assert_eq!(of("2018-02-30-x"), Some((None, Some("x"))));
        assert_eq!((of("2018-13-10-x"), of("12-10-10-x"), of("hello")), (None, None, None));
        assert_eq!(of_path("2014/12/12/x").unwrap().to_rfc3339(), "2014-12-12T00:00:00+00:00");
        assert_eq!(of_path("/in/2014/12/12/x").unwrap().to_rfc3339(), "2014-12-12T00:00:00+00:00");
        assert_eq!((of_path("2014/13/12/x"), of_path("x"), of_path("2014/1/2")), (None, None, None));
    }
}
