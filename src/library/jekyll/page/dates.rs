//! The dates of a page of Jekyll's: of the header, the name or the file.

use chrono::{DateTime, FixedOffset, Timelike as _};

use super::super::tree::Kind;
use super::super::when;
use super::{Document, written};
use crate::problem::Problem;

impl Document<'_> {
    /// Front matter, else the name, else (a draft's) the file's own time.
    pub(super) fn date(&self, named: Option<&str>) -> Result<Option<DateTime<FixedOffset>>, Problem> {
        let zone = self.config.zone;
        let Some(value) = self.values.values.get("date") else {
            let hint = "name it as in `2021-10-15-name.md`";
            return match named {
                Some(day) => when::parse(day, zone).map(Some).ok_or_else(|| {
                    Problem::error(&self.entry.file.path, None, format!("there is no day `{day}`"), hint)
                }),
                None if self.entry.kind == Kind::Draft => {
                    let at = DateTime::from_timestamp(self.entry.file.stamp.changed(), 0);
                    Ok(at.map(|at| at.with_timezone(&zone).fixed_offset()))
                }
                None => Ok(None),
            };
        };
        let text = written(value).unwrap_or_default();
        // A whole time that is not quoted is YAML's own kind of value, and UTC where it has no zone.
        let in_utc = self.values.plain("date").is_some_and(|plain| plain == text) && is_whole_time(&text);
        let at = when::parse(&text, if in_utc { chrono_tz::Tz::UTC } else { zone });
        match at {
            // Jekyll keeps no fractions.
            Some(at) => Ok(at.with_timezone(&zone).fixed_offset().with_nanosecond(0)),
            None if self.entry.kind == Kind::Page => Ok(None),
            None => {
                let shown: String = text.chars().take(60).collect();
                let hint = "write it as in `2021-10-15 15:00:00 +0800`";
                Err(self.problem("date", format!("`date` is `{shown}`, which is no date that Jekyll takes"), hint))
            }
        }
    }

    /// `last_modified_at`, which the plugins for sitemaps and search engines read.
    pub(super) fn updated(&self) -> Option<DateTime<FixedOffset>> {
        let text = self.values.text(&["last_modified_at", "updated", "modified"])?;
        when::parse(&text, self.config.zone)
    }
}

/// `YYYY-M-D H:MM:SS` and what YAML allows behind it: a fraction, a zone.
fn is_whole_time(text: &str) -> bool {
    // Least and most digits of each part, and what stands behind it.
    const PARTS: [(usize, usize, &[char]); 6] =
        [(4, 4, &['-']), (1, 2, &['-']), (1, 2, &['T', 't', ' ', '\t']), (1, 2, &[':']), (2, 2, &[':']), (2, 2, &[])];
    let mut rest = text;
    for (least, most, behind) in PARTS {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest = &rest[length..];
        if !(least..=most).contains(&length) || !(behind.is_empty() || rest.starts_with(behind)) {
            return false;
        }
        rest = if behind.contains(&' ') && !rest.starts_with(['T', 't']) {
            rest.trim_start_matches([' ', '\t'])
        } else {
            rest.get(usize::from(!behind.is_empty())..).unwrap_or_default()
        };
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let zone = rest.trim_start();
    let digits = zone.strip_prefix(['+', '-']).map(|digits| digits.replacen(':', "", 1));
    zone.is_empty()
        || zone == "Z"
        || digits
            .is_some_and(|digits| (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_times() {
        for (text, expected) in [
            ("2021-10-15 15:00:00", true),
            ("2021-1-5T5:00:00.25Z", true),
            ("2021-10-15  15:00:00 +08:00", true),
            ("2021-10-15 15:00:00 -8", true),
            ("2021-10-15 15:00:00 2021 -0800", false),
            ("2021-10-15 15:00", false),
            ("2021-10-15", false),
            ("2021-10-15 15:00:00 CST", false),
        ] {
            assert_eq!(is_whole_time(text), expected, "{text}");
        }
    }
}
