//! The dates of a page of Hugo's: which key or file name each comes from, by `[frontmatter]`.

use chrono::{DateTime, Datelike as _, FixedOffset, SubsecRound as _, TimeZone as _};
use chrono_tz::Tz;
use serde_json::Value;

use super::config::NEW_TREE;
use super::page::{Header, is_flag};
use crate::post::date;
use crate::post::front_matter::{Format, text_of};
use crate::problem::Problem;

/// Hugo reads YAML 1.2, without repeated keys, from here on.
pub const STRICT_YAML: (u32, u32) = (0, 152);

/// Go's zero time, 0001-01-01T00:00:00Z.
const NEVER: i64 = -62_135_596_800;

/// What a header says of time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dates {
    /// The page's date.
    pub published: Option<DateTime<FixedOffset>>,
    /// Later change.
    pub updated: Option<DateTime<FixedOffset>>,
    /// Not shown before.
    pub visible_from: Option<DateTime<FixedOffset>>,
    /// Not shown from then on.
    pub visible_until: Option<DateTime<FixedOffset>>,
}

impl Header<'_> {
    /// All of them; `None` when one is refused. `slug`: the rest of a file name that begins with a date.
    pub fn dates(&mut self, slug: &mut Option<String>) -> Option<Dates> {
        let language = self.language;
        let handlers = &language.handlers;
        let [published, visible_from, visible_until] =
            [&handlers.date, &handlers.publish, &handlers.expiry].map(|keys| self.date(keys, true, slug));
        let (published, visible_from, visible_until) = (published.ok()?, visible_from.ok()?, visible_until.ok()?);
        let updated = self.date(&handlers.lastmod, false, &mut None).ok().flatten();
        // To the handlers after the first, what it has found stands under `date`.
        let visible_from = visible_from.or(published.filter(|_| handlers.publish.iter().any(|key| key == "date")));
        // Year 1 is how Go writes "never"; but a page is over at any other instant than its first.
        let [published, updated, visible_from] =
            [published, updated, visible_from].map(|at| at.filter(|at| at.year() > 1));
        let visible_until = visible_until.filter(|at| at.timestamp() != NEVER || at.timestamp_subsec_nanos() > 0);
        Some(Dates { published, updated, visible_from, visible_until })
    }

    /// The first of `handlers` that gives a date, be it "never". `Err`: one is refused, and the page with it when it `matters`.
    fn date(
        &mut self,
        handlers: &[String],
        matters: bool,
        slug: &mut Option<String>,
    ) -> Result<Option<DateTime<FixedOffset>>, ()> {
        let zone = self.language.zone;
        for handler in handlers {
            match handler.as_str() {
                ":filename" => {
                    if let Some((at, rest)) =
                        date_of_name(self.entry.file_name(), zone, self.config.version >= NEW_TREE)
                    {
                        if slug.is_none() && !rest.is_empty() {
                            *slug = Some(rest);
                        }
                        return Ok(Some(at));
                    }
                    continue;
                }
                ":filemodtime" => {
                    let at = DateTime::from_timestamp(self.entry.file.stamp.changed(), 0);
                    return Ok(at.map(|at| at.with_timezone(&zone).fixed_offset()));
                }
                _ => {}
            }
            let aliases: &[&str] = match handler.as_str() {
                "publishdate" => &["publishdate", "pubdate", "published"],
                "lastmod" => &["lastmod", "modified"],
                "expirydate" => &["expirydate", "unpublishdate"],
                other => &[other],
            };
            for key in aliases {
                let Some(value) = self.values.value(key) else { continue };
                if *key == "published" && is_flag(value) || self.parameters.iter().any(|parameter| parameter == key) {
                    continue;
                }
                // A number in JSON may have a fraction, and is no date for that.
                let number = value.is_number() && self.values.format() == Some(Format::Json);
                let read = if number { Err("write it as text".to_owned()) } else { date::read(value, zone) };
                let read = read.map(|at| if self.is_cut(value, zone) { at.map(|at| at.trunc_subsecs(0)) } else { at });
                match read {
                    Ok(Some(at)) => return Ok(Some(at)),
                    Ok(None) => {}
                    Err(hint) => {
                        self.refused(key, value, hint, matters);
                        // An older Hugo went on without the date.
                        if !matters || self.config.version >= STRICT_DATES {
                            return Err(());
                        }
                        return Ok(None);
                    }
                }
            }
        }
        Ok(None)
    }

    /// A time in TOML that has an offset and no quotes loses its fraction, unless it is UTC and the site's too.
    fn is_cut(&self, value: &Value, zone: Tz) -> bool {
        let Some(text) = value.as_str().filter(|text| text.contains('.')) else { return false };
        let Ok(at) = DateTime::parse_from_rfc3339(text) else { return false };
        let quoted = |quote: char| self.values.source().contains(&format!("{quote}{text}{quote}"));
        let alike = zone == Tz::UTC && at.offset().local_minus_utc() == 0;
        self.values.format() == Some(Format::Toml) && !alike && !quoted('"') && !quoted('\'')
    }

    fn refused(&mut self, key: &str, value: &Value, hint: String, matters: bool) {
        let shown = text_of(value).unwrap_or_else(|| value.to_string());
        let shown: String = shown.chars().take(60).collect();
        let what = format!("`{key}` is `{shown}`, which is no date that Hugo takes");
        let line = self.values.line_of(key);
        let path = &self.entry.file.path;
        let problem = if matters && self.config.version >= STRICT_DATES {
            Problem::error(path, line, what, hint)
        } else {
            Problem::warning(path, line, what, hint)
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Hugo refuses a page with a date that it cannot read from here on.
const STRICT_DATES: (u32, u32) = (0, 112);

/// `:filename`: `YYYY-MM-DD` or `YYYY-MM-DD-HH-MM-SS` before the name, and the rest of the name.
/// The time only where it is read so.
fn date_of_name(name: &str, zone: Tz, timed: bool) -> Option<(DateTime<FixedOffset>, String)> {
    let rest = |from: usize| name[from..].trim_matches([' ', '-', '_']).to_owned();
    let day = chrono::NaiveDate::parse_from_str(name.get(..10)?, "%Y-%m-%d").ok()?;
    let shaped = |shape: &str, text: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(have, want)| if want == b'9' { have.is_ascii_digit() } else { have == want })
    };
    if !shaped("9999-99-99", &name[..10]) {
        return None;
    }
    let timed = name.get(..19).filter(|text| timed && shaped("9999-99-99-99-99-99", text));
    let (at, used) = match timed.and_then(|text| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d-%H-%M-%S").ok())
    {
        Some(at) => (at, 19),
        None => (day.and_time(chrono::NaiveTime::MIN), 10),
    };
    let at = zone.from_local_datetime(&at).earliest()?.fixed_offset();
    Some((at, rest(used)))
}
