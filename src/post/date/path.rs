//! Dates in the paths of files, by a pattern that the owner gives: `:year-:month-:day-:slug`, `:year/:month/:day/*`.

use chrono::{DateTime, FixedOffset, NaiveDate};

/// A pattern, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// From the last folder backwards: a path must end like this.
    parts: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `:year`, `:month`, …: so many digits at least and at most.
    Number(Unit, usize, usize),
    /// `:slug`
    Slug,
    /// `*`
    Anything,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

const UNITS: [(&str, Unit, usize, usize); 6] = [
    ("year", Unit::Year, 4, 4),
    ("month", Unit::Month, 1, 2),
    ("day", Unit::Day, 1, 2),
    ("hour", Unit::Hour, 1, 2),
    ("minute", Unit::Minute, 2, 2),
    ("second", Unit::Second, 2, 2),
];

impl Pattern {
    /// Reads a pattern. The error says what is wrong, and behind a semicolon what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Result<Vec<_>, String> = text.split('/').filter(|part| !part.is_empty()).map(pieces).collect();
        let parts = parts?;
        let has = |unit| parts.iter().flatten().any(|piece| matches!(piece, Piece::Number(own, ..) if *own == unit));
        if !(has(Unit::Year) && has(Unit::Month) && has(Unit::Day)) {
            return Err("does not name `:year`, `:month` and `:day`; write e.g. `:year-:month-:day-:slug`".into());
        }
        Ok(Self { parts })
    }

    /// The date and the slug in a path without extension, or in its end where the pattern has fewer parts.
    pub fn read(&self, path: &str) -> Option<(DateTime<FixedOffset>, Option<String>)> {
        let mut found = Found::default();
        let mut folders = path.rsplit('/');
        for pieces in self.parts.iter().rev() {
            let mut own = found.clone();
            taken(pieces, folders.next()?, &mut own).then_some(())?;
            found = own;
        }
        let [year, month, day, hour, minute, second] = found.numbers;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?)?;
        let at = date.and_hms_opt(hour.unwrap_or(0), minute.unwrap_or(0), second.unwrap_or(0))?;
        Some((at.and_utc().fixed_offset(), found.slug.filter(|slug| !slug.is_empty())))
    }
}

#[derive(Debug, Clone, Default)]
struct Found {
    numbers: [Option<u32>; 6],
    slug: Option<String>,
}

fn pieces(part: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        if c == '*' {
            pieces.push(Piece::Anything);
            rest = &rest[1..];
        } else if let Some(after) = rest.strip_prefix(':') {
            let unit = UNITS.iter().find(|(unit, ..)| after.starts_with(unit));
            let end = match unit {
                Some((name, unit, least, most)) => {
                    pieces.push(Piece::Number(*unit, *least, *most));
                    name.len()
                }
                None if after.starts_with("slug") => {
                    pieces.push(Piece::Slug);
                    "slug".len()
                }
                None => {
                    let name: String = after.chars().take_while(char::is_ascii_alphabetic).collect();
                    let known = "one of `:year :month :day :hour :minute :second :slug` and `*`";
                    return Err(format!("names `:{name}`, which is not known; {known}"));
                }
            };
            rest = &after[end..];
        } else {
            let end = rest.find([':', '*']).unwrap_or(rest.len());
            pieces.push(Piece::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    let open = |piece: &&Piece| matches!(piece, Piece::Slug | Piece::Anything);
    if pieces.iter().filter(open).count() > 1 {
        // One open end a part: what it takes follows from the rest, and costs nothing to find.
        return Err("has more than one `:slug` or `*` between two slashes; leave one of them out".into());
    }
    Ok(pieces)
}

/// Whether one part of a path is what its pieces say: from the front up to the open one, then from the end.
fn taken(pieces: &[Piece], text: &str, found: &mut Found) -> bool {
    let open = pieces.iter().position(|piece| matches!(piece, Piece::Slug | Piece::Anything));
    let (front, back) = pieces.split_at(open.unwrap_or(pieces.len()));
    let mut rest = text;
    for piece in front {
        let Some(after) = cut(piece, rest, found, false) else { return false };
        rest = after;
    }
    let Some((piece, back)) = back.split_first() else { return rest.is_empty() };
    for piece in back.iter().rev() {
        let Some(before) = cut(piece, rest, found, true) else { return false };
        rest = before;
    }
    if *piece == Piece::Slug {
        found.slug = Some(rest.to_owned());
    }
    true
}

/// Without what a piece takes from the front, or from the end.
fn cut<'t>(piece: &Piece, text: &'t str, found: &mut Found, end: bool) -> Option<&'t str> {
    match piece {
        Piece::Text(own) if end => text.strip_suffix(own.as_str()),
        Piece::Text(own) => text.strip_prefix(own.as_str()),
        Piece::Number(unit, least, most) => {
            let digits = |bytes: &mut dyn Iterator<Item = u8>| bytes.take(*most).take_while(u8::is_ascii_digit).count();
            let count = if end { digits(&mut text.bytes().rev()) } else { digits(&mut text.bytes()) };
            (count >= *least).then_some(())?;
            let (number, rest) = if end {
                let (rest, number) = text.split_at(text.len() - count);
                (number, rest)
            } else {
                text.split_at(count)
            };
            found.numbers[*unit as usize] = number.parse().ok();
            Some(rest)
        }
        Piece::Slug | Piece::Anything => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_paths() {
        for (pattern, path, answer) in [
            (":year-:month-:day-:slug", "news/2021-10-05-hello", "2021-10-05T00:00:00 hello"),
            (":year-:month-:day-:slug", "news/2021-1-5-a-b", "2021-01-05T00:00:00 a-b"),
            (":year-:month-:day-:slug", "hello", ""),
            (":year-:month-:day-:slug", "2021-13-05-hello", ""),
            (":year:month:day", "20211005", "2021-10-05T00:00:00 "),
            ("weekly-:year:month:day", "weekly-20211005", "2021-10-05T00:00:00 "),
            ("weekly-:year:month:day", "weekly-20211005b", ""),
            (":year/:month/:day/:slug", "x/2021/10/05/hello", "2021-10-05T00:00:00 hello"),
            (":year/:month/:day/:slug", "10/05/hello", ""),
            (":year/:month-:day*", "2021/10-05 Hello", "2021-10-05T00:00:00 "),
            (":slug.:year-:month-:day", "a.b.2021-10-05", "2021-10-05T00:00:00 a.b"),
            (":year-:month-:dayT:hour:minute-*", "2021-10-05T1530-x", "2021-10-05T15:30:00 "),
            ("日記-:year年:month月:day日", "日記-2021年1月5日", "2021-01-05T00:00:00 "),
        ] {
            let pattern = Pattern::parse(pattern).expect(pattern);
            let shown = pattern.read(path).map_or(String::new(), |(at, slug)| {
                format!("{} {}", at.format("%Y-%m-%dT%H:%M:%S"), slug.unwrap_or_default())
            });
            assert_eq!(shown, answer, "{path}");
        }
        for pattern in ["", ":slug", ":year-:month", ":year-:month-:day-:name", ":year-:month-:day-:slug-*"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
