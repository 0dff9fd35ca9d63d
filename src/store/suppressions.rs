//! Who is never mailed again, and what is forgotten of them.

use chrono::{DateTime, Utc};

use super::subscribers::key_of;
use super::{Result, Store, at, clean, ms};
use crate::crypto;
use crate::delivery::FRESH;
use crate::subscriber::Address;

/// An address that is never mailed again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Suppression {
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A suppression that a person lifted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lifting {
    /// Why it was suppressed.
    pub reason: String,
    /// Why it is not any more, in the person's words.
    pub because: String,
    /// When it was suppressed.
    pub since: DateTime<Utc>,
    /// When it was lifted.
    pub lifted_at: DateTime<Utc>,
}

/// Of a hash, an address, a reason and now. The first reason stays.
pub(super) const SUPPRESS: &str = "
    insert into suppressions (hash, address, reason, created_at) values ($1, $2, $3, $4) on conflict (hash) do nothing";
/// Ends what is queued for a hash.
pub(super) const DROP: &str = "
    update deliveries set state = 'suppressed', wake_at = null, changed_at = $2
    where state = 'queued' and (address_hash = $1 or subscriber = (select id from subscribers where hash = $1))";

impl Store {
    /// Deletes everything about the address; a keyed hash stays, so that it is never mailed again. False: nobody.
    pub async fn erase(&self, address: &str, now: DateTime<Utc>) -> Result<bool> {
        const THERE: &str = "
            select (select count(*) from subscribers where hash = $1) + (select count(*) from suppressions where hash = $1 and address <> '')
                + (select count(*) from deliveries where address_hash = $1)";
        const FORGET: &str = "
            insert into suppressions (hash, address, reason, created_at) values ($1, '', 'erased', $2)
            on conflict (hash) do update set address = ''";
        const BOUNCES: &str = "delete from bounces where hash = $1";
        const LIFTINGS: &str = "delete from liftings where hash = $1";
        // The rows stay without the person, so that an Issue's sums still hold. A mail in flight is not reported any more: the
        // server's words may name the address.
        const DELIVERIES: &str = "
            update deliveries set address = null, address_hash = null, subscriber = null, subscription = null, confirmation = null,
                reply = '', fence = fence + 1, changed_at = $2, wake_at = null,
                state = case when state in ('queued', 'sending') then 'suppressed' else state end
            where address_hash = $1 or subscriber = (select id from subscribers where hash = $1)";
        const SUBSCRIBER: &str = "delete from subscribers where hash = $1";
        let hash = self.address_hash(&key_of(address));
        let there = unit!(self, tx => {
            let there: i64 = sqlx::query_scalar(THERE).bind(&hash).fetch_one(&mut *tx).await?;
            if there > 0 {
                sqlx::query(FORGET).bind(&hash).bind(ms(now)).execute(&mut *tx).await?;
                sqlx::query(DELIVERIES).bind(&hash).bind(ms(now)).execute(&mut *tx).await?;
                sqlx::query(BOUNCES).bind(&hash).execute(&mut *tx).await?;
                sqlx::query(LIFTINGS).bind(&hash).execute(&mut *tx).await?;
                sqlx::query(SUBSCRIBER).bind(&hash).execute(&mut *tx).await?;
            }
            there > 0
        })?;
        if there {
            self.finish_issues(now).await?;
            // No row says any more what was handed out.
            self.is_known_everywhere(true).await;
            self.forget().await?;
        }
        Ok(there)
    }

    /// Never mails the address again.
    pub async fn suppress(&self, address: &Address, reason: &str, now: DateTime<Utc>) -> Result<()> {
        let hash = self.address_hash(&address.key());
        unit!(self, tx => {
            sqlx::query(SUPPRESS).bind(&hash).bind(address.key()).bind(clean(reason)).bind(ms(now)).execute(&mut *tx).await?;
            sqlx::query(DROP).bind(&hash).bind(ms(now)).execute(&mut *tx).await?;
        })?;
        let sending = self.is_sending(&hash).await?;
        self.finish_issues(now).await?;
        self.is_known_everywhere(sending).await;
        Ok(())
    }

    /// Why the address is never mailed again, and since when, if so.
    pub async fn suppression(&self, address: &str) -> Result<Option<Suppression>> {
        const GET: &str = "select reason, created_at from suppressions where hash = $1";
        let hash = self.address_hash(&key_of(address));
        let row: Option<(String, i64)> = on!(self, pool => sqlx::query_as(GET).bind(&hash).fetch_optional(pool).await?);
        Ok(row.map(|(reason, since)| Suppression { reason, since: at(since) }))
    }

    /// Lets the address be mailed again, as a person says `because` of something; subscriptions stay what they are, and what came
    /// back before counts no more. What was lifted; `None`: it was not suppressed.
    pub async fn lift(&self, address: &str, because: &str, now: DateTime<Utc>) -> Result<Option<Suppression>> {
        const LIFT: &str = "delete from suppressions where hash = $1 returning reason, created_at";
        const KEEP: &str = "
            insert into liftings (id, hash, reason, because, suppressed_at, created_at) values ($1, $2, $3, $4, $5, $6)";
        let hash = self.address_hash(&key_of(address));
        let lifted: Option<(String, i64)> = unit!(self, tx => {
            let lifted: Option<(String, i64)> = sqlx::query_as(LIFT).bind(&hash).fetch_optional(&mut *tx).await?;
            if let Some((reason, since)) = &lifted {
                sqlx::query(KEEP)
                    .bind(crypto::new_id())
                    .bind(&hash)
                    .bind(reason)
                    .bind(clean(because))
                    .bind(since)
                    .bind(ms(now))
                    .execute(&mut *tx)
                    .await?;
            }
            lifted
        })?;
        Ok(lifted.map(|(reason, since)| Suppression { reason, since: at(since) }))
    }

    /// Suppressions of the address that were lifted, newest first.
    pub async fn liftings(&self, address: &str) -> Result<Vec<Lifting>> {
        const LIST: &str = "
            select reason, because, suppressed_at, created_at from liftings where hash = $1 order by created_at desc, id";
        let hash = self.address_hash(&key_of(address));
        let rows: Vec<(String, String, i64, i64)> =
            on!(self, pool => sqlx::query_as(LIST).bind(&hash).fetch_all(pool).await?);
        let lifting = |(reason, because, since, lifted): (String, String, i64, i64)| Lifting {
            reason,
            because,
            since: at(since),
            lifted_at: at(lifted),
        };
        Ok(rows.into_iter().map(lifting).collect())
    }

    /// Are mails to the reader of this hash handed out to a process, or may they be? Asked when it is committed that the reader leaves: on
    /// PostgreSQL a claim that was under way before may not know it, and what it takes may have been planned, or given back,
    /// while the reader left.
    pub(super) async fn is_sending(&self, hash: &str) -> Result<bool> {
        const SENDING: &str = "
            select count(*) from deliveries where state in ('queued', 'sending')
                and (address_hash = $1 or subscriber = (select id from subscribers where hash = $1))";
        let sending: i64 = on!(self, pool => sqlx::query_scalar(SENDING).bind(hash).fetch_one(pool).await?);
        Ok(sending > 0)
    }

    /// Waits, where mails to a reader who left are `sending`, until whoever asked for them before the reader left
    /// (see [`Store::still_wanted`]) has said MAIL or must ask again.
    pub(super) async fn is_known_everywhere(&self, sending: bool) {
        if sending {
            tokio::time::sleep(2 * FRESH).await;
        }
    }
}
