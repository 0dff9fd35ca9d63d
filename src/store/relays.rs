//! How much of a relay's day is used: asked for before it is sent, so that neither a restart nor a second machine sends more
//! than the day's.

use super::{Result, Store, count};
use crate::delivery::pace::daily::Daily;

impl Store {
    /// Makes mails of `day` ours: a small portion of what its limit leaves; 0: it leaves nothing. The limit may grow with the number of
    /// days on which mail was sent over `relay` before.
    pub async fn reserve(&self, relay: &str, day: i64, daily: &Daily) -> Result<u64> {
        // Written before it is read: whoever asks at the same time waits here.
        const TODAY: &str = "
            insert into relay_days (relay, day, sent) values ($1, $2, 0)
            on conflict (relay, day) do update set sent = relay_days.sent returning sent";
        const BEFORE: &str = "select count(*) from relay_days where relay = $1 and day < $2 and sent > 0";
        const TAKE: &str = "update relay_days set sent = sent + $3 where relay = $1 and day = $2";
        unit!(self, tx => {
            let sent: i64 = sqlx::query_scalar(TODAY).bind(relay).bind(day).fetch_one(&mut *tx).await?;
            let before: i64 = sqlx::query_scalar(BEFORE).bind(relay).bind(day).fetch_one(&mut *tx).await?;
            let limit = daily.limit(u32::try_from(before).unwrap_or(u32::MAX));
            let portion = Daily::portion(limit, count(sent));
            if portion > 0 {
                let more = i64::try_from(portion).unwrap_or(i64::MAX);
                sqlx::query(TAKE).bind(relay).bind(day).bind(more).execute(&mut *tx).await?;
            }
            portion
        })
    }

    /// Gives back what was reserved and not used.
    pub async fn give_back(&self, relay: &str, day: i64, mails: u64) -> Result<()> {
        const BACK: &str = "
            update relay_days set sent = case when sent > $3 then sent - $3 else 0 end where relay = $1 and day = $2";
        let mails = i64::try_from(mails).unwrap_or(i64::MAX);
        unit!(self, tx => {
            sqlx::query(BACK).bind(relay).bind(day).bind(mails).execute(&mut *tx).await?;
        })
    }

    /// Mails of `day` over `relay`, as far as they are counted, and on how many days before mail was sent over it.
    pub async fn relay_day(&self, relay: &str, day: i64) -> Result<(u64, u64)> {
        const TODAY: &str = "select cast(coalesce(sum(case when day = $2 then sent else 0 end), 0) as bigint),
            cast(coalesce(sum(case when day < $2 and sent > 0 then 1 else 0 end), 0) as bigint)
            from relay_days where relay = $1";
        let (sent, before): (i64, i64) =
            on!(self, pool => sqlx::query_as(TODAY).bind(relay).bind(day).fetch_one(pool).await?);
        Ok((count(sent), count(before)))
    }
}
