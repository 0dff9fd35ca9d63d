//! When a Digest's Slots are: crontab(5) in an IANA time zone.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// A crontab(5) expression (five fields, names, `@weekly` …) in a zone. The `cron` crate is fenced in here.
#[derive(Debug, Clone)]
pub struct Schedule {
    expression: String,
    zone: Tz,
}

impl Schedule {
    /// Reads an expression; the error says what is wrong with it and gives an example.
    pub fn parse(expression: &str, zone: Tz) -> Result<Self, String> {
        let _ = (expression, zone);
        todo!()
    }

    /// The first Slot strictly after `at`.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let _ = at;
        todo!()
    }

    /// The last Slot at or before `at`.
    pub fn last_until(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let _ = at;
        todo!()
    }

    /// As written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The zone of the fields.
    pub fn zone(&self) -> Tz {
        self.zone
    }
}
