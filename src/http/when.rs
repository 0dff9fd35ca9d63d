//! When a Digest comes, in words: `every Friday at 09:00 (Asia/Shanghai)`. Schedules that have no simple words are
//! told by their next Slot alone.

use chrono::{DateTime, Utc};

use crate::digest::{Digest, Trigger};
use crate::template::Templates;

/// For the sign-up page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct When {
    /// May be empty.
    pub words: String,
    /// The next Slot, RFC 3339 in the Digest's own zone; empty where there is none.
    pub next: String,
}

/// When `digest` comes after `now`, for readers of `language`.
pub fn when(templates: &Templates, digest: &Digest, language: &str, now: DateTime<Utc>) -> When {
    let schedule = match &digest.trigger {
        Trigger::OnPublish => {
            return When { words: templates.message(language, "when-published", &[]), next: String::new() };
        }
        Trigger::Cron(schedule) => schedule,
    };
    let next = schedule.next_after(now).map(|slot| slot.with_timezone(&schedule.zone()).to_rfc3339());
    let zone = schedule.zone().name().replace('_', " ");
    let words = Rhythm::of(schedule.expression()).map(|rhythm| {
        let time = format!("{:02}:{:02}", rhythm.hour, rhythm.minute);
        let join = |names: Vec<String>| names.join(&templates.message(language, "list-separator", &[]));
        let day = |day: &u32| templates.message(language, &format!("weekday-{day}"), &[]);
        let (key, days) = match rhythm.days {
            Days::Every => ("when-daily", String::new()),
            Days::Week(days) => ("when-weekly", join(days.iter().map(day).collect())),
            Days::Month(days) => ("when-monthly", join(days.iter().map(u32::to_string).collect())),
        };
        templates.message(language, key, &[("days", &days), ("time", &time), ("zone", &zone)])
    });
    When { words: words.unwrap_or_default(), next: next.unwrap_or_default() }
}

/// A crontab(5) expression that people have words for: one time of day, on days of one kind.
#[derive(Debug, PartialEq, Eq)]
struct Rhythm {
    hour: u32,
    minute: u32,
    days: Days,
}

#[derive(Debug, PartialEq, Eq)]
enum Days {
    Every,
    /// 1 is Monday, 7 is Sunday.
    Week(Vec<u32>),
    Month(Vec<u32>),
}

impl Rhythm {
    fn of(expression: &str) -> Option<Self> {
        let expression = match expression.trim().to_ascii_lowercase().as_str() {
            "@daily" | "@midnight" => "0 0 * * *".to_owned(),
            "@weekly" => "0 0 * * 0".to_owned(),
            "@monthly" => "0 0 1 * *".to_owned(),
            other => other.to_owned(),
        };
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let [minute, hour, month_day, "*", week_day] = fields[..] else { return None };
        let days = match (month_day, week_day) {
            ("*", "*") => Days::Every,
            ("*", days) => {
                let mut days: Vec<u32> =
                    values(days, week_number)?.into_iter().map(|day| if day % 7 == 0 { 7 } else { day }).collect();
                days.sort_unstable();
                days.dedup();
                if days.len() == 7 { Days::Every } else { Days::Week(days) }
            }
            (days, "*") => Days::Month(values(days, |day| day.parse().ok())?),
            // Either of the two, says crontab(5): no simple words.
            _ => return None,
        };
        Some(Self { hour: hour.parse().ok()?, minute: minute.parse().ok()?, days })
    }
}

/// `1,3-5` as numbers; `None` for steps and what else there may be.
fn values(list: &str, number: impl Fn(&str) -> Option<u32>) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for item in list.split(',') {
        let (from, to) = item.split_once('-').unwrap_or((item, item));
        let days = number(from)?..=number(to)?;
        if days.is_empty() || *days.end() > 31 {
            return None;
        }
        all.extend(days);
    }
    Some(all)
}

fn week_number(day: &str) -> Option<u32> {
    const WEEK: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let by_name = WEEK.iter().position(|name| *name == day).and_then(|at| u32::try_from(at).ok());
    by_name.or_else(|| day.parse().ok().filter(|day| *day <= 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_schedules_have_words() {
        let week = |days: &[u32]| Some((9, 0, Days::Week(days.into())));
        for (expression, rhythm) in [
            ("0 9 * * 5", week(&[5])),
            ("0 9 * * FRI", week(&[5])),
            ("0 9 * * 1-5", week(&[1, 2, 3, 4, 5])),
            ("0 9 * * 0,1", week(&[1, 7])),
            ("0 9 * * 5-7", week(&[5, 6, 7])),
            ("0 9 * * 0-6", Some((9, 0, Days::Every))),
            ("30 18 * * *", Some((18, 30, Days::Every))),
            ("0 8 1,15 * *", Some((8, 0, Days::Month(vec![1, 15])))),
            ("@weekly", Some((0, 0, Days::Week(vec![7])))),
            ("@monthly", Some((0, 0, Days::Month(vec![1])))),
            ("*/5 * * * *", None),
            ("0 9 * 1 5", None),
            ("0 9 1 * 5", None),
            ("0 9 * * 1-5/2", None),
            ("0 9-17 * * *", None),
            ("", None),
        ] {
            let expected = rhythm.map(|(hour, minute, days)| Rhythm { hour, minute, days });
            assert_eq!(Rhythm::of(expression), expected, "{expression}");
        }
    }
}
