//! The five fields of crontab(5) and its `@` names → the values that each field takes.
//!
//! As Debian's crontab(5): lists, ranges, steps after a range or `*`, names of months and days in any case, 0 and 7
//! for Sunday. Kindness beyond it: names in lists and ranges, and `fri-sun`.

/// What a schedule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    /// 0 to 6 from Sunday.
    weekdays: Vec<u32>,
    /// Does either field of days begin with `*`? Then a date must be in both; else in one of them.
    both_days: bool,
}

struct Field {
    what: &'static str,
    lowest: u32,
    highest: u32,
    names: &'static [&'static str],
    /// The number of the first name.
    first: u32,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { what: "minute", lowest: 0, highest: 59, names: &[], first: 0 },
    Field { what: "hour", lowest: 0, highest: 23, names: &[], first: 0 },
    Field { what: "day of the month", lowest: 1, highest: 31, names: &[], first: 0 },
    Field { what: "month", lowest: 1, highest: 12, names: &MONTHS, first: 1 },
    Field { what: "day of the week", lowest: 0, highest: 7, names: &DAYS, first: 0 },
];

const EXAMPLE: &str = "five fields are wanted: minute, hour, day of the month, month, day of the week; \
                       `0 9 * * 5` is every Friday at 09:00";

/// Reads an expression without blanks at its ends.
pub fn parse(expression: &str) -> Result<Fields, String> {
    let spelled = match expression.strip_prefix('@') {
        Some(name) => named(name, expression)?,
        None => expression,
    };
    let texts: Vec<&str> = spelled.split_ascii_whitespace().collect();
    let [minute, hour, day, month, weekday] = texts[..] else {
        return Err(match texts.len() {
            0 => format!("the schedule is empty: {EXAMPLE}"),
            6 | 7 => format!(
                "`{expression}` has {} fields, and crontab(5) knows no seconds or years: {EXAMPLE}",
                texts.len()
            ),
            1 => format!("`{expression}` is no schedule: {EXAMPLE}"),
            count => format!("`{expression}` has {count} fields: {EXAMPLE}"),
        });
    };
    let read = |field: &Field, text: &str| values(field, text).map_err(|what| format!("`{expression}`: {what}"));
    let mut weekdays = read(&FIELDS[4], weekday)?;
    for day in &mut weekdays {
        *day %= 7;
    }
    weekdays.sort_unstable();
    weekdays.dedup();
    Ok(Fields {
        minutes: read(&FIELDS[0], minute)?,
        hours: read(&FIELDS[1], hour)?,
        days: read(&FIELDS[2], day)?,
        months: read(&FIELDS[3], month)?,
        weekdays,
        both_days: day.starts_with('*') || weekday.starts_with('*'),
    })
}

fn named(name: &str, expression: &str) -> Result<&'static str, String> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "yearly" | "annually" => "0 0 1 1 *",
        "monthly" => "0 0 1 * *",
        "weekly" => "0 0 * * 0",
        "daily" | "midnight" => "0 0 * * *",
        "hourly" => "0 * * * *",
        "reboot" => return Err("`@reboot` is no time: a digest needs a schedule, e.g. `@weekly`".to_owned()),
        _ => {
            return Err(format!(
                "`{expression}` is unknown: there are `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`"
            ));
        }
    })
}

/// In order, each once.
fn values(field: &Field, text: &str) -> Result<Vec<u32>, String> {
    let mut found = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            // `*` of the days of the week is 0 to 6: 7 would be Sunday again.
            _ if range == "*" => (field.lowest, if field.names == DAYS { 6 } else { field.highest }),
            Some((from, to)) => {
                let (from, to) = (number(field, from, part)?, number(field, to, part)?);
                // `fri-sun` is what people write; `5-0` is not.
                (from, if to == 0 && from > 0 && range.to_ascii_lowercase().ends_with("-sun") { 7 } else { to })
            }
            None if step.is_some() => {
                let from = number(field, range, part)?;
                return Err(format!(
                    "a step follows `*` or a range in crontab(5): write `{from}-{}/{}` for `{part}`",
                    field.highest,
                    step.unwrap_or_default()
                ));
            }
            None => {
                let one = number(field, range, part)?;
                (one, one)
            }
        };
        if from > to {
            return Err(format!("the {} `{part}` runs backwards", field.what));
        }
        let step = match step {
            None => 1,
            Some(step) => digits(step)
                .filter(|step| *step > 0)
                .ok_or_else(|| format!("the step of the {} `{part}` is a number from 1 on", field.what))?,
        };
        found.extend((from..=to).step_by(usize::try_from(step).unwrap_or(usize::MAX)));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn number(field: &Field, text: &str, part: &str) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = field.names.iter().position(|name| *name == lower) {
        return Ok(field.first + u32::try_from(at).unwrap_or(0));
    }
    let Field { what, lowest, highest, .. } = field;
    let outside = || format!("the {what} `{part}` is outside {lowest}-{highest}");
    match digits(text) {
        Some(value) if (*lowest..=*highest).contains(&value) => Ok(value),
        Some(_) => Err(outside()),
        None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Err(outside()),
        None if text.is_empty() => Err(format!("a number is missing in the {what} `{part}`")),
        None if text.contains(['?', 'L', 'W', '#']) => Err(format!(
            "`{text}` in the {what} is not crontab(5) (`?`, `L`, `W` and `#` belong to other programs): {EXAMPLE}"
        )),
        None if lower.get(..3).is_some_and(|start| field.names.contains(&start)) => {
            Err(format!("names are three letters: write `{}` for `{text}`", &lower[..3]))
        }
        None if field.names.is_empty() => Err(format!("the {what} `{part}` is not a number")),
        None => Err(format!("the {what} `{part}` is neither a number nor a name ({})", field.names.join(", "))),
    }
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

impl Fields {
    /// Does it come in every hour of its days?
    pub fn every_hour(&self) -> bool {
        self.hours.len() == 24
    }

    /// The `cron` crate's six fields, numbers only: seconds first, Sunday is 1. It wants a date to be in both fields of days, so
    /// that "either" takes two.
    pub fn for_cron_crate(&self) -> Vec<String> {
        let list = |values: &[u32], add: u32| {
            values.iter().map(|value| (value + add).to_string()).collect::<Vec<_>>().join(",")
        };
        let line = |days: &str, weekdays: &str| {
            format!("0 {} {} {days} {} {weekdays}", list(&self.minutes, 0), list(&self.hours, 0), list(&self.months, 0))
        };
        let (days, weekdays) = (list(&self.days, 0), list(&self.weekdays, 1));
        if self.both_days { vec![line(&days, &weekdays)] } else { vec![line(&days, "*"), line("*", &weekdays)] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(expression: &str) -> Vec<String> {
        parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}")).for_cron_crate()
    }

    #[test]
    fn reads_what_crontab_says() {
        let all_days = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31";
        let months = "1,2,3,4,5,6,7,8,9,10,11,12";
        for (expression, wanted) in [
            ("0 9 * * 5", format!("0 0 9 {all_days} {months} 6")),
            ("0 9 * * fri", format!("0 0 9 {all_days} {months} 6")),
            ("0\t9  *  * FRI,Mon", format!("0 0 9 {all_days} {months} 2,6")),
            ("0 9 * * 0", format!("0 0 9 {all_days} {months} 1")),
            ("0 9 * * 7", format!("0 0 9 {all_days} {months} 1")),
            ("0 9 * * 5-7", format!("0 0 9 {all_days} {months} 1,6,7")),
            ("0 9 * * fri-sun", format!("0 0 9 {all_days} {months} 1,6,7")),
            ("0 9 * * sun-tue", format!("0 0 9 {all_days} {months} 1,2,3")),
            ("0 9 * * 0-7/7", format!("0 0 9 {all_days} {months} 1")),
            ("*/20,5 8-10 * jan-mar,12 *", format!("0 0,5,20,40 8,9,10 {all_days} 1,2,3,12 1,2,3,4,5,6,7")),
            ("10-50/15 */30 * * *", format!("0 10,25,40 0 {all_days} {months} 1,2,3,4,5,6,7")),
            ("0 0 */2 * 1", format!("0 0 0 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 {months} 2")),
            ("0 0 13 * */2", format!("0 0 0 13 {months} 1,3,5,7")),
            ("@weekly", format!("0 0 0 {all_days} {months} 1")),
            ("@midnight", format!("0 0 0 {all_days} {months} 1,2,3,4,5,6,7")),
            ("@Annually", "0 0 0 1 1 1,2,3,4,5,6,7".to_owned()),
        ] {
            assert_eq!(lines(expression), [wanted], "{expression}");
        }
        assert_eq!(lines("30 4 1,15 * 5"), [format!("0 30 4 1,15 {months} *"), format!("0 30 4 * {months} 6")]);
        assert!(parse("0 0-23 * * *").unwrap().every_hour() && parse("@hourly").unwrap().every_hour());
        assert!(!parse("0 */2 * * *").unwrap().every_hour());
    }

    #[test]
    fn refuses_what_it_does_not_say() {
        for (expression, wanted) in [
            ("", "the schedule is empty"),
            ("weekly", "is no schedule"),
            ("0 9 * *", "has 4 fields"),
            ("0 0 9 * * 5", "has 6 fields, and crontab(5) knows no seconds"),
            ("0 0 9 * * 5 2026", "has 7 fields"),
            ("@reboot", "is no time"),
            ("@fortnightly", "is unknown: there are `@hourly`"),
            ("60 9 * * *", "the minute `60` is outside 0-59"),
            ("0 24 * * *", "the hour `24` is outside 0-23"),
            ("0 9 0 * *", "the day of the month `0` is outside 1-31"),
            ("0 9 32 * *", "outside 1-31"),
            ("0 9 * 13 *", "the month `13` is outside 1-12"),
            ("0 9 * * 8", "the day of the week `8` is outside 0-7"),
            ("0 99999999999999 * * *", "outside 0-23"),
            ("0 9 ? * 5", "`?` in the day of the month is not crontab(5)"),
            ("0 9 L * *", "is not crontab(5)"),
            ("0 9 15W * *", "is not crontab(5)"),
            ("0 9 * * 5#2", "is not crontab(5)"),
            ("0 9 * * 5L", "is not crontab(5)"),
            ("0 9 * * friday", "write `fri` for `friday`"),
            ("0 9 * * foo", "is neither a number nor a name (sun, mon"),
            ("0 mon * * *", "the hour `mon` is not a number"),
            ("0 9 * * 5-1", "runs backwards"),
            ("0 17-9 * * *", "runs backwards"),
            ("0/15 * * * *", "write `0-59/15` for `0/15`"),
            ("*/0 * * * *", "the step of the minute `*/0`"),
            ("*/ * * * *", "the step of the minute"),
            ("*/-1 * * * *", "the step of the minute"),
            ("1, * * * *", "a number is missing in the minute"),
            (",, * * * *", "a number is missing"),
            ("-5 * * * *", "a number is missing"),
            ("1-2-3 * * * *", "is not a number"),
            ("+5 * * * *", "is not a number"),
            ("5* * * * *", "is not a number"),
            ("٣ * * * *", "is not a number"),
            ("1.5 * * * *", "is not a number"),
        ] {
            let error = parse(expression).expect_err(expression);
            assert!(error.contains(wanted), "{expression}: {error}");
        }
    }
}
