//! Whether mail may leave at all: a person's pause, and the hold after a silence.
//!
//! While a daemon runs it says every minute until when what is planned may be sent unseen. Once that time has passed nothing is
//! handed out: this is a machine that slept, or an old state of the store that was put back, and what it holds may have been sent
//! long ago. The next daemon looks, and holds all mail where something could be stale. A copy of our own making is held from the
//! beginning, however young it is.

use chrono::{DateTime, Duration, Utc};
use sqlx::SqliteConnection;

use super::{Error, Result, Store, at, ms};

/// Why no mail leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// A person said `pause`.
    Paused(DateTime<Utc>),
    /// Nobody was here since this instant.
    Silent(DateTime<Utc>),
    /// This is a copy that [`Store::backup`] made at this instant: what is open in it was perhaps sent since.
    Copied(DateTime<Utc>),
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = |at: &DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        match self {
            Self::Paused(since) => write!(f, "mail is paused since {}", time(since)),
            Self::Silent(since) => write!(f, "mail is held: no daemon ran on this store since {}", time(since)),
            Self::Copied(at) => write!(f, "mail is held: this store is a copy made at {}", time(at)),
        }
    }
}

/// First word of the hold in a copy.
const COPIED: &str = "copied";

const PUT: &str = "insert into meta (name, value) values ($1, $2) on conflict (name) do nothing";
const SET: &str =
    "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
const GET: &str = "select value from meta where name = $1";

/// May nothing be handed out at `$1` ([`sortable`]), and may mail be due at `$2` that goes before Issues'? Seldom any is, and this costs
/// less than a look at it. (Its order leaves PostgreSQL no other index than that of what is due.)
pub(super) const HELD_OR_FIRST: &str = "select
    (select count(*) from meta where name = 'hold' or (name = 'unseen_until' and value < $1)),
    (select count(*) from (
        select id from deliveries where rank = 0 and wake_at <= $2 order by lane, wake_at, id limit 1) as first)";

impl Store {
    /// Why no mail leaves at `now`, if so: a hold, or a silence that no daemon has noticed yet.
    pub async fn held_by(&self, patience: Duration, now: DateTime<Utc>) -> Result<Option<Hold>> {
        let hold = self.hold().await?;
        if hold.is_some() {
            return Ok(hold);
        }
        Ok(self.silent_since(patience, now).await?.map(Hold::Silent))
    }

    /// The hold that is written down, if one is.
    pub async fn hold(&self) -> Result<Option<Hold>> {
        let text: Option<String> = on!(self, pool => sqlx::query_scalar(GET).bind("hold").fetch_optional(pool).await?);
        text.map(|text| {
            let (word, since) = text.split_once(' ').unwrap_or((&text, ""));
            let since = at(since.parse().map_err(|_| Error::row("hold", &text))?);
            match word {
                "paused" => Ok(Hold::Paused(since)),
                "silent" => Ok(Hold::Silent(since)),
                COPIED => Ok(Hold::Copied(since)),
                _ => Err(Error::row("hold", &text)),
            }
        })
        .transpose()
    }

    /// May nothing be handed out at `now`?
    pub async fn is_held(&self, now: DateTime<Utc>) -> Result<bool> {
        let held: (i64, i64) =
            on!(self, pool => sqlx::query_as(HELD_OR_FIRST).bind(sortable(now)).bind(ms(now)).fetch_one(pool).await?);
        Ok(held.0 > 0)
    }

    /// Is that for a silence, or in a copy? Then no Issue is made either: what it would announce may have been announced.
    pub async fn is_silent(&self, now: DateTime<Utc>) -> Result<bool> {
        const SILENT: &str = "select count(*) from meta
            where (name = 'hold' and value not like 'paused %') or (name = 'unseen_until' and value < $1)";
        let rows: i64 = on!(self, pool => sqlx::query_scalar(SILENT).bind(sortable(now)).fetch_one(pool).await?);
        Ok(rows > 0)
    }

    /// Nothing more is handed out; what is handed out already (at most a few hundred mails a machine) still leaves. False: held before.
    pub async fn pause(&self, now: DateTime<Utc>) -> Result<bool> {
        let hold = format!("paused {}", ms(now));
        unit!(self, tx => sqlx::query(PUT).bind("hold").bind(&hold).execute(&mut *tx).await?.rows_affected() == 1)
    }

    /// Lets mail leave again, also what was planned before a silence. False: nothing held it.
    pub async fn resume(&self, patience: Duration, now: DateTime<Utc>) -> Result<bool> {
        const GO: &str = "delete from meta where name = 'hold'";
        const LATER: &str = "update meta set value = $1 where name = 'unseen_until' and value < $1";
        unit!(self, tx => {
            let held = sqlx::query(GO).execute(&mut *tx).await?.rows_affected() == 1;
            sqlx::query(LATER).bind(sortable(now + patience)).execute(&mut *tx).await?.rows_affected() == 1 || held
        })
    }

    /// When the last daemon of this store was there; `None`: there was none yet, or it is there within its time.
    pub async fn silent_since(&self, patience: Duration, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let until: Option<String> =
            on!(self, pool => sqlx::query_scalar(GET).bind("unseen_until").fetch_optional(pool).await?);
        let until = until.map(|text| text.parse().map(at).map_err(|_| Error::row("time", &text))).transpose()?;
        Ok(until.filter(|until| *until < now).map(|until| until - patience))
    }

    /// A daemon is there at `now`, and what is planned may be sent unseen for `patience` more. After a silence that began at `since`
    /// all mail is held first, where `doubtful` says so or a mail planned before is still open. True: it is held now.
    pub async fn beat(
        &self,
        since: Option<DateTime<Utc>>,
        doubtful: bool,
        patience: Duration,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        const OPEN: &str = "select count(*) from deliveries where wake_at is not null";
        let until = sortable(now + patience);
        unit!(self, tx => {
            let mut held = false;
            if let Some(since) = since {
                let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&mut *tx).await?;
                if doubtful || open > 0 {
                    let hold = format!("silent {}", ms(since));
                    held = sqlx::query(PUT).bind("hold").bind(&hold).execute(&mut *tx).await?.rows_affected() == 1;
                }
            }
            sqlx::query(SET).bind("unseen_until").bind(&until).execute(&mut *tx).await?;
            held
        })
    }
}

/// Holds all mail of the copy behind `connection`, which was made at `now`.
pub(super) async fn hold_copy(connection: &mut SqliteConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(SET).bind("hold").bind(format!("{COPIED} {}", ms(now))).execute(connection).await?;
    Ok(())
}

/// Milliseconds since the epoch as a text that sorts as the number does.
pub(super) fn sortable(at: DateTime<Utc>) -> String {
    format!("{:020}", ms(at).max(0))
}
