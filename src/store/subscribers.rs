//! Subscribers as the owner sees and keeps them: lists, imports, removal by hand.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::deliveries::lane;
use super::{Error, Result, Store, at, clean, count, json, ms};
use crate::crypto;
use crate::subscriber::{Address, State, Subscriber, Subscription};

/// One line of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Whom.
    pub address: Address,
    /// May be empty.
    pub name: String,
    /// BCP 47.
    pub language: Option<String>,
}

/// What became of a batch of [`Import`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// New subscriptions, confirmed.
    pub added: u64,
    /// Already confirmed.
    pub unchanged: u64,
    /// Unsubscribed before: left so.
    pub unsubscribed: u64,
    /// Suppressed: left so.
    pub suppressed: u64,
}

#[derive(sqlx::FromRow)]
struct SubscriberOut {
    id: String,
    address: String,
    name: String,
    language: Option<String>,
    source: String,
    created_at: i64,
    suppressed: Option<String>,
}

#[derive(sqlx::FromRow)]
struct SubscriptionOut {
    id: String,
    subscriber: String,
    digest: String,
    state: String,
    changed_at: i64,
}

#[derive(sqlx::FromRow)]
struct Before {
    state: Option<String>,
    unsubscribed_at: Option<i64>,
    suppressed: Option<String>,
}

#[derive(Serialize)]
struct ImportIn<'a> {
    id: String,
    subscription: String,
    address: &'a str,
    key: &'a str,
    hash: String,
    name: &'a str,
    language: Option<&'a str>,
    lane: i64,
}

macro_rules! select_subscribers {
    ($tail:literal) => {
        concat!(
            "select s.id, s.address, s.name, s.language, s.source, s.created_at, x.reason as suppressed
            from subscribers s left join suppressions x on x.hash = s.hash ",
            $tail
        )
    };
}

impl Store {
    /// The subscriber of a preferences token, by row id.
    pub async fn subscriber(&self, id: &str) -> Result<Option<Subscriber>> {
        const GET: &str = select_subscribers!("where s.id = $1");
        let row: Option<SubscriberOut> = on!(self, pool => sqlx::query_as(GET).bind(id).fetch_optional(pool).await?);
        Ok(self.with_subscriptions(row.into_iter().collect()).await?.pop())
    }

    /// By address (case does not matter).
    pub async fn subscriber_by_address(&self, address: &str) -> Result<Option<Subscriber>> {
        const GET: &str = select_subscribers!("where s.address_key = $1");
        let row: Option<SubscriberOut> =
            on!(self, pool => sqlx::query_as(GET).bind(key_of(address)).fetch_optional(pool).await?);
        Ok(self.with_subscriptions(row.into_iter().collect()).await?.pop())
    }

    /// A page of subscribers ordered by address, after `after` (an address key; empty for the first page).
    pub async fn subscribers(
        &self,
        digest: Option<&str>,
        state: Option<State>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Subscriber>> {
        const ALL: &str = select_subscribers!("where s.address_key > $1 order by s.address_key limit $2");
        const SOME: &str = select_subscribers!(
            "where s.address_key > $1 and exists (select 1 from subscriptions n where n.subscriber = s.id
                and ($3 is null or n.digest = $3) and ($4 is null or n.state = $4)) order by s.address_key limit $2"
        );
        let (after, limit) = (clean(after), i64::from(limit));
        let rows: Vec<SubscriberOut> = if digest.is_none() && state.is_none() {
            on!(self, pool => sqlx::query_as(ALL).bind(after).bind(limit).fetch_all(pool).await?)
        } else {
            on!(self, pool => sqlx::query_as(SOME)
                .bind(after)
                .bind(limit)
                .bind(digest)
                .bind(state.map(State::as_str))
                .fetch_all(pool)
                .await?)
        };
        self.with_subscriptions(rows).await
    }

    async fn with_subscriptions(&self, rows: Vec<SubscriberOut>) -> Result<Vec<Subscriber>> {
        const GET: &str = "
            select n.id, n.subscriber, n.digest, n.state, n.changed_at
            from {rows} as r join subscriptions n on n.subscriber = r.value ->> 'id' order by n.digest";
        #[derive(Serialize)]
        struct Wanted<'a> {
            id: &'a str,
        }
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = json(&rows.iter().map(|row| Wanted { id: &row.id }).collect::<Vec<_>>());
        let ties: Vec<SubscriptionOut> =
            on!(self, pool => sqlx::query_as(self.sql(GET)).bind(&wanted).fetch_all(pool).await?);
        let mut of = HashMap::<String, Vec<Subscription>>::new();
        for tie in ties {
            of.entry(tie.subscriber).or_default().push(Subscription {
                state: state_of(&tie.state)?,
                changed_at: at(tie.changed_at),
                id: tie.id,
                digest: tie.digest,
            });
        }
        Ok(rows
            .into_iter()
            .map(|row| Subscriber {
                subscriptions: of.remove(&row.id).unwrap_or_default(),
                created_at: at(row.created_at),
                id: row.id,
                address: row.address,
                name: row.name,
                language: row.language,
                source: row.source,
                suppressed: row.suppressed,
            })
            .collect())
    }

    /// Adds confirmed subscriptions (a person says that they have consent), in one transaction. Never revives who unsubscribed or is suppressed.
    /// Of several rows with one address the first counts. Names and languages that are known already stay.
    pub async fn import(&self, rows: &[Import], digest: &str, source: &str, now: DateTime<Utc>) -> Result<Imported> {
        const SUBSCRIBERS: &str = "
            insert into subscribers (id, address, address_key, hash, name, language, source, created_at, lane)
            select r.value ->> 'id', r.value ->> 'address', r.value ->> 'key', r.value ->> 'hash', r.value ->> 'name',
                r.value ->> 'language', $2, $3, cast(r.value ->> 'lane' as bigint)
            from {rows} as r where not exists (select 1 from suppressions x where x.hash = r.value ->> 'hash')
            on conflict (address_key) do update set
                name = case when subscribers.name = '' then excluded.name else subscribers.name end,
                language = coalesce(subscribers.language, excluded.language)";
        const BEFORE: &str = "
            select n.state, n.unsubscribed_at, x.hash as suppressed from {rows} as r
            left join suppressions x on x.hash = r.value ->> 'hash'
            left join subscribers s on s.address_key = r.value ->> 'key'
            left join subscriptions n on n.subscriber = s.id and n.digest = $2";
        const SUBSCRIPTIONS: &str = "
            insert into subscriptions (id, subscriber, digest, state, source, created_at, changed_at, confirmed_at)
            select r.value ->> 'subscription', s.id, $2, 'confirmed', $3, $4, $4, $4
            from {rows} as r join subscribers s on s.address_key = r.value ->> 'key'
            left join suppressions x on x.hash = s.hash where x.hash is null
            on conflict (subscriber, digest) do update set state = 'confirmed', changed_at = excluded.changed_at,
                confirmed_at = excluded.confirmed_at
            where subscriptions.state = 'unconfirmed' and subscriptions.unsubscribed_at is null";
        let mut keys = std::collections::BTreeMap::new();
        for row in rows {
            keys.entry(row.address.key()).or_insert(row);
        }
        let again = rows.len() - keys.len();
        // In the order of their keys, so that two imports at once wait for each other instead of deadlocking.
        let rows: Vec<ImportIn<'_>> = keys
            .iter()
            .map(|(key, row)| ImportIn {
                id: crypto::new_id(),
                subscription: crypto::new_id(),
                address: row.address.as_str(),
                key,
                hash: self.address_hash(key),
                name: &row.name,
                language: row.language.as_deref(),
                lane: lane(&row.address),
            })
            .collect();
        let rows = json(&rows);
        let before: Vec<Before> = unit!(self, tx => {
            sqlx::query(self.sql(SUBSCRIBERS)).bind(&rows).bind(source).bind(ms(now)).execute(&mut *tx).await?;
            let before = sqlx::query_as(self.sql(BEFORE)).bind(&rows).bind(digest).fetch_all(&mut *tx).await?;
            sqlx::query(self.sql(SUBSCRIPTIONS)).bind(&rows).bind(digest).bind(source).bind(ms(now)).execute(&mut *tx).await?;
            before
        })?;
        let mut done = Imported { unchanged: again as u64, ..Imported::default() };
        for row in before {
            let state = row.state.as_deref().map(state_of).transpose()?;
            let left = state == Some(State::Unsubscribed)
                || (state == Some(State::Unconfirmed) && row.unsubscribed_at.is_some());
            *match (row.suppressed.is_some(), left, state) {
                (true, ..) => &mut done.suppressed,
                (_, true, _) => &mut done.unsubscribed,
                (_, _, Some(State::Confirmed)) => &mut done.unchanged,
                _ => &mut done.added,
            } += 1;
        }
        Ok(done)
    }

    /// Unsubscribes from one digest, or from all, by a person's hand; as final as [`Store::unsubscribe`]. False: nobody of that address (with that digest).
    pub async fn remove(&self, address: &str, digest: Option<&str>, now: DateTime<Utc>) -> Result<bool> {
        const THERE: &str = "
            select count(*) from subscribers s left join subscriptions n on n.subscriber = s.id
            where s.hash = $1 and ($2 is null or n.digest = $2)";
        const LEAVE: &str = "
            update subscriptions set state = 'unsubscribed', changed_at = $3, unsubscribed_at = $3
            where subscriber = (select id from subscribers where hash = $1) and ($2 is null or digest = $2)
                and state <> 'unsubscribed'";
        const VOID: &str = "
            update confirmations set expires_at = $3 where expires_at > $3 and subscription in (
                select n.id from subscriptions n join subscribers s on s.id = n.subscriber
                where s.hash = $1 and ($2 is null or n.digest = $2))";
        const DROP: &str = "
            update deliveries set state = 'suppressed', wake_at = null, changed_at = $3
            where state = 'queued' and subscriber = (select id from subscribers where hash = $1)
                and ($2 is null or digest = $2)";
        let hash = self.address_hash(&key_of(address));
        let there: i64 = unit!(self, tx => {
            for text in [LEAVE, VOID, DROP] {
                sqlx::query(text).bind(&hash).bind(digest).bind(ms(now)).execute(&mut *tx).await?;
            }
            sqlx::query_scalar(THERE).bind(&hash).bind(digest).fetch_one(&mut *tx).await?
        })?;
        let sending = self.is_sending(&hash).await?;
        self.finish_issues(now).await?;
        self.is_known_everywhere(sending).await;
        Ok(there > 0)
    }

    /// Confirmed, unconfirmed, unsubscribed subscriptions of each digest.
    pub async fn subscription_counts(&self) -> Result<Vec<(String, State, u64)>> {
        const COUNT: &str =
            "select digest, state, count(*) from subscriptions group by digest, state order by digest, state";
        let rows: Vec<(String, String, i64)> = on!(self, pool => sqlx::query_as(COUNT).fetch_all(pool).await?);
        rows.into_iter().map(|(digest, state, rows)| Ok((digest, state_of(&state)?, count(rows)))).collect()
    }
}

/// The key of an address as somebody typed it, so that it is found however it is spelled.
pub(super) fn key_of(address: &str) -> String {
    Address::parse(address).map_or_else(|_| clean(address).to_lowercase(), |address| address.key())
}

pub(super) fn state_of(text: &str) -> Result<State> {
    State::parse(text).ok_or_else(|| Error::row("state of a subscription", text))
}
