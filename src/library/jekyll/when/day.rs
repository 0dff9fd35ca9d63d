//! The day of a date as Ruby's `Time.parse` finds it: with a month's name, or of numbers, any of which may be the year.

use chrono::NaiveDate;

use super::{blanks, digits, name_at};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A day as it is written: each part may be in the place of another.
#[derive(Debug, Default)]
pub(super) struct Day {
    pub(super) year: Option<Part>,
    pub(super) month: Option<Part>,
    pub(super) of_month: Option<Part>,
}

/// Digits, with an apostrophe or a sign before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    quoted: bool,
    negative: bool,
    pub(super) digits: String,
}

impl Part {
    pub(super) fn of(number: usize) -> Self {
        Self::plain(number.to_string())
    }

    /// Digits alone.
    pub(super) fn plain(digits: String) -> Self {
        Self { quoted: false, negative: false, digits }
    }

    /// The one at `at`, and where it ends.
    fn at(text: &[char], at: usize) -> Option<(Self, usize)> {
        let quoted = text.get(at) == Some(&'\'');
        let at = at + usize::from(quoted);
        let negative = text.get(at) == Some(&'-');
        let at = at + usize::from(negative);
        let length = digits(text, at);
        let part = Self { quoted, negative, digits: text.get(at..at + length)?.iter().collect() };
        (length > 0).then_some((part, at + length))
    }

    fn is_year(&self) -> bool {
        self.quoted || self.digits.len() > 2
    }
}

impl Day {
    /// As year, month, day: what cannot be a day of the month or a month is the year.
    fn ordered(mut year: Option<Part>, mut month: Option<Part>, mut day: Option<Part>) -> Self {
        if year.is_none() && day.as_ref().is_some_and(Part::is_year) {
            std::mem::swap(&mut year, &mut day);
        }
        if month.as_ref().is_some_and(Part::is_year) {
            (year, month, day) = (month, day, year);
        }
        if day.as_ref().is_some_and(Part::is_year) {
            std::mem::swap(&mut year, &mut day);
        }
        Self { year, month, of_month: day }
    }

    /// The first of the month where no day is named. A day that a short month does not have is one of the next.
    pub(super) fn checked(&self) -> Option<NaiveDate> {
        let year = self.year.as_ref()?;
        let mut number: i32 = year.digits.parse().ok()?;
        if year.negative {
            number = -number;
        } else if year.digits.len() <= 2 {
            number += if number >= 69 { 1900 } else { 2000 };
        }
        let part = |part: &Option<Part>| part.as_ref().map_or(Some(1), |part| part.digits.parse::<u32>().ok());
        let (month, day) = (part(&self.month)?, part(&self.of_month)?);
        let first = NaiveDate::from_ymd_opt(number, month, 1)?;
        (1..=31).contains(&day).then(|| first.checked_add_days(chrono::Days::new(u64::from(day) - 1)))?
    }
}

/// With a month's name: `12 Jul 2015`, `July 12th, 2015`, `2015-Jul-12`, `July 2015`.
pub(super) fn named(text: &[char]) -> Option<Day> {
    let at = (0..text.len())
        .find(|at| name_at(text, *at, &MONTHS).is_some() && (*at == 0 || !text[at - 1].is_alphabetic()))?;
    let month = Some(Part::of(name_at(text, at, &MONTHS)? + 1));
    let after = at + text[at..].iter().take_while(|c| c.is_alphabetic() || **c == '.').count();
    let skip = |from: usize, signs: &[char]| from + text[from..].iter().take_while(|c| signs.contains(c)).count();
    // Behind the month: its year, or its day.
    let (second, end) = match Part::at(text, skip(after, &[' ', '-', '/', ','])) {
        Some((part, end)) => (Some(part), end),
        None => (None, after),
    };
    if let Some(first) = before(text, at) {
        return Some(Day::ordered(second, month, Some(first)));
    }
    let ordinal = skip(end, &['s', 't', 'n', 'd', 'r', 'h']);
    let third = Part::at(text, skip(ordinal, &[' ', ',', '-', '/'])).map(|(part, _)| part);
    Some(Day::ordered(third, month, second))
}

/// The number before `at`, with nothing but an ordinal's letters, blanks and hyphens between.
fn before(text: &[char], at: usize) -> Option<Part> {
    let mut end = at;
    while end > 0 && matches!(text[end - 1], ' ' | '-' | '/' | ',' | '.') {
        end -= 1;
    }
    while end > 0 && text[end - 1].is_alphabetic() {
        end -= 1;
    }
    let start = end - text[..end].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let start = if start > 0 && text[start - 1] == '\'' { start - 1 } else { start };
    Part::at(&text[..end], start).map(|(part, _)| part)
}

/// Three numbers joined by `-`, `/` or `.`; two by `/`.
pub(super) fn numbered(text: &[char]) -> Option<Day> {
    let starts: Vec<usize> = (0..text.len())
        .filter(|at| text[*at].is_ascii_digit() && (*at == 0 || !text[at - 1].is_ascii_digit()))
        .map(|at| if at > 0 && text[at - 1] == '\'' { at - 1 } else { at })
        .collect();
    for sign in ['-', '/', '.'] {
        for &start in &starts {
            let joined = |from: usize| {
                let from = (text.get(from) == Some(&sign)).then_some(from + 1)?;
                Part::at(text, if sign == '-' { from } else { from + blanks(text, from) })
            };
            let Some((first, end)) = Part::at(text, start) else { continue };
            let Some((second, end)) = joined(end).filter(|(part, _)| !part.negative) else { continue };
            match joined(end) {
                Some((third, _)) => return Some(Day::ordered(Some(first), Some(second), Some(third))),
                None if sign == '/' => return Some(Day::ordered(None, Some(first), Some(second))),
                None => {}
            }
        }
    }
    None
}
