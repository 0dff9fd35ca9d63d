//! Subscribers, their Subscriptions, Confirmations and Suppressions.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use super::deliveries::{QUEUE, content_hash};
use super::{Error, Result, Store, at, clean, count, json, ms};
use crate::crypto;
use crate::delivery::Kind;
use crate::digest::Rendition;
use crate::subscriber::{Address, State, Subscriber, Subscription};

/// What became of a sign-up. The visitor is told the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// A Confirmation was queued in the same transaction.
    ConfirmationQueued,
    /// Already confirmed: nothing to do.
    AlreadyConfirmed,
    /// Suppressed, or asked too often lately: no mail.
    Refused,
}

/// What became of a confirm, unsubscribe or preferences token's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The subscriber's address.
    pub address: String,
    /// BCP 47 tag, if known.
    pub language: Option<String>,
    /// Row id of the subscriber.
    pub subscriber: String,
    /// Name of the digest that the token is for (confirm, unsubscribe).
    pub digest: String,
    /// Where that subscription stands.
    pub state: State,
    /// Confirm only: the 72 hours are over.
    pub expired: bool,
}

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

/// How long a Confirmation's link is good, and how long its mail is tried.
const CONFIRM_WITHIN: Duration = Duration::hours(72);

/// What one mailbox may be asked by forms: once in a day, thrice in a month, for each digest.
const ASK_AGAIN: Duration = Duration::hours(24);
const ASK_WINDOW: Duration = Duration::days(30);
const ASK_AT_MOST: usize = 3;

#[derive(sqlx::FromRow)]
struct TokenOut {
    address: String,
    language: Option<String>,
    subscriber: String,
    digest: String,
    state: String,
    expires_at: Option<i64>,
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

/// What a token's row says; `$1` is the id.
const BY_CONFIRMATION: &str = "
    select s.address, s.language, s.id as subscriber, n.digest, n.state, c.expires_at
    from confirmations c join subscriptions n on n.id = c.subscription join subscribers s on s.id = n.subscriber where c.id = $1";
const BY_SUBSCRIPTION: &str = "
    select s.address, s.language, s.id as subscriber, n.digest, n.state, cast(null as bigint) as expires_at
    from subscriptions n join subscribers s on s.id = n.subscriber where n.id = $1";

impl Store {
    /// Subscribes (unconfirmed) and queues the Confirmation in one transaction. At most one Confirmation an address and digest in 24 hours,
    /// three in 30 days. `confirmation` is kept once per content.
    pub async fn sign_up(
        &self,
        address: &Address,
        language: Option<&str>,
        digest: &str,
        confirmation: &Rendition,
        now: DateTime<Utc>,
    ) -> Result<SignUp> {
        const STANDS: &str = "
            select n.state from subscribers s join subscriptions n on n.subscriber = s.id
            where s.hash = $1 and n.digest = $2 and n.state = 'confirmed'";
        // Written before it is read: whoever asks for the same mailbox at the same time waits here.
        const ASKED: &str = "
            insert into confirmation_limits (hash, asked, asked_at) values ($1, '', $2)
            on conflict (hash) do update set asked_at = excluded.asked_at returning asked";
        const ASK: &str = "update confirmation_limits set asked = $2 where hash = $1";
        const FORGET: &str = "delete from confirmation_limits where asked_at < $1";
        // Who gets mail already has chosen a language; a stranger who fills in the form does not change it.
        const SUBSCRIBER: &str = "
            insert into subscribers (id, address, address_key, hash, name, language, source, created_at)
            values ($1, $2, $3, $4, '', $5, 'form', $6)
            on conflict (address_key) do update set language = case
                when excluded.language is null or exists (
                    select 1 from subscriptions n where n.subscriber = subscribers.id and n.state = 'confirmed')
                then subscribers.language else excluded.language end
            returning id";
        const SUBSCRIPTION: &str = "
            insert into subscriptions (id, subscriber, digest, state, source, created_at, changed_at)
            values ($1, $2, $3, 'unconfirmed', 'form', $4, $4)
            on conflict (subscriber, digest) do update set state = 'unconfirmed',
                changed_at = case when subscriptions.state = 'unconfirmed' then subscriptions.changed_at else excluded.changed_at end
            where subscriptions.state <> 'confirmed' returning id";
        const CONFIRMATION: &str =
            "insert into confirmations (id, subscription, created_at, expires_at) values ($1, $2, $3, $4)";
        let key = address.key();
        let hash = self.address_hash(&key);
        let limit = self.keyed_hash("limit", &format!("{digest}:{}", address.mailbox()));
        let content = content_hash(confirmation);
        unit!(self, tx => {
            let suppressed: Option<String> = sqlx::query_scalar("select hash from suppressions where hash = $1")
                .bind(&hash)
                .fetch_optional(&mut *tx)
                .await?;
            if suppressed.is_some() {
                return Ok(SignUp::Refused);
            }
            let confirmed: Option<String> =
                sqlx::query_scalar(STANDS).bind(&hash).bind(digest).fetch_optional(&mut *tx).await?;
            if confirmed.is_some() {
                return Ok(SignUp::AlreadyConfirmed);
            }
            let asked: String = sqlx::query_scalar(ASKED).bind(&limit).bind(ms(now)).fetch_one(&mut *tx).await?;
            let Some(asked) = ask(&asked, now) else { return Ok(SignUp::Refused) };
            sqlx::query(ASK).bind(&limit).bind(asked).execute(&mut *tx).await?;
            sqlx::query(FORGET).bind(ms(now - ASK_WINDOW)).execute(&mut *tx).await?;
            let subscriber: String = sqlx::query_scalar(SUBSCRIBER)
                .bind(crypto::new_id())
                .bind(address.as_str())
                .bind(&key)
                .bind(&hash)
                .bind(language.map(clean))
                .bind(ms(now))
                .fetch_one(&mut *tx)
                .await?;
            let subscription: Option<String> = sqlx::query_scalar(SUBSCRIPTION)
                .bind(crypto::new_id())
                .bind(&subscriber)
                .bind(digest)
                .bind(ms(now))
                .fetch_optional(&mut *tx)
                .await?;
            let Some(subscription) = subscription else { return Ok(SignUp::AlreadyConfirmed) };
            insert_rendition!(confirmation, &content, now, None::<&str>, 0_i64).execute(&mut *tx).await?;
            let rendition: String = sqlx::query_scalar("select id from renditions where content = $1")
                .bind(&content)
                .fetch_one(&mut *tx)
                .await?;
            let token = crypto::new_id();
            sqlx::query(CONFIRMATION)
                .bind(&token)
                .bind(&subscription)
                .bind(ms(now))
                .bind(ms(now + CONFIRM_WITHIN))
                .execute(&mut *tx)
                .await?;
            sqlx::query(QUEUE)
                .bind(crypto::new_id())
                .bind(Kind::Confirmation.as_str())
                .bind(digest)
                .bind(&rendition)
                .bind(&subscriber)
                .bind(&subscription)
                .bind(&token)
                .bind(None::<&str>)
                .bind(None::<&str>)
                .bind(ms(now))
                .bind(ms(now + CONFIRM_WITHIN))
                .execute(&mut *tx)
                .await?;
            SignUp::ConfirmationQueued
        })
    }

    /// What a confirm token's row says, changing nothing. `None`: no such row.
    pub async fn confirmation(&self, id: &str, now: DateTime<Utc>) -> Result<Option<TokenRow>> {
        let row: Option<TokenOut> =
            on!(self, pool => sqlx::query_as(BY_CONFIRMATION).bind(id).fetch_optional(pool).await?);
        row.map(|row| row.said(now)).transpose()
    }

    /// Confirms, if the row is unconfirmed and not expired; says how it stands afterwards. Never revives an unsubscribed one.
    pub async fn confirm(&self, id: &str, now: DateTime<Utc>) -> Result<Option<TokenRow>> {
        const CONFIRM: &str = "
            update subscriptions set state = 'confirmed', confirmed_at = $2, unsubscribed_at = null, changed_at = $2
            where state = 'unconfirmed' and id in (select subscription from confirmations where id = $1 and expires_at > $2)";
        let row: Option<TokenOut> = unit!(self, tx => {
            sqlx::query(CONFIRM).bind(id).bind(ms(now)).execute(&mut *tx).await?;
            sqlx::query_as(BY_CONFIRMATION).bind(id).fetch_optional(&mut *tx).await?
        })?;
        row.map(|row| row.said(now)).transpose()
    }

    /// What an unsubscribe token's row says, changing nothing.
    pub async fn subscription(&self, id: &str) -> Result<Option<TokenRow>> {
        let row: Option<TokenOut> =
            on!(self, pool => sqlx::query_as(BY_SUBSCRIPTION).bind(id).fetch_optional(pool).await?);
        row.map(|row| row.said(DateTime::<Utc>::MIN_UTC)).transpose()
    }

    /// Unsubscribes; the same answer however often. Queued Deliveries of that digest to the reader end as suppressed.
    pub async fn unsubscribe(&self, id: &str, now: DateTime<Utc>) -> Result<Option<TokenRow>> {
        const LEAVE: &str = "
            update subscriptions set state = 'unsubscribed', changed_at = $2, unsubscribed_at = $2
            where id = $1 and state <> 'unsubscribed'";
        const VOID: &str = "update confirmations set expires_at = $2 where subscription = $1 and expires_at > $2";
        const DROP: &str = "
            update deliveries set state = 'suppressed', wake_at = null, changed_at = $2
            where state = 'queued' and subscription = $1 and subscriber = (select subscriber from subscriptions where id = $1)";
        let row: Option<TokenOut> = unit!(self, tx => {
            for text in [LEAVE, VOID, DROP] {
                sqlx::query(text).bind(id).bind(ms(now)).execute(&mut *tx).await?;
            }
            sqlx::query_as(BY_SUBSCRIPTION).bind(id).fetch_optional(&mut *tx).await?
        })?;
        self.finish_issues(now).await?;
        row.map(|row| row.said(now)).transpose()
    }

    /// Makes an unsubscribed subscription that was confirmed before confirmed again, at the wish of the reader, who holds a
    /// preferences token from their own mail. Leaves every other state, and suppressed addresses, alone; says how it stands.
    pub async fn rejoin(&self, id: &str, now: DateTime<Utc>) -> Result<Option<TokenRow>> {
        const REJOIN: &str = "
            update subscriptions set state = 'confirmed', changed_at = $2, confirmed_at = $2, unsubscribed_at = null
            where id = $1 and state = 'unsubscribed' and confirmed_at is not null and not exists (
                select 1 from suppressions x join subscribers s on s.hash = x.hash where s.id = subscriptions.subscriber)";
        let row: Option<TokenOut> = unit!(self, tx => {
            sqlx::query(REJOIN).bind(id).bind(ms(now)).execute(&mut *tx).await?;
            sqlx::query_as(BY_SUBSCRIPTION).bind(id).fetch_optional(&mut *tx).await?
        })?;
        row.map(|row| row.said(now)).transpose()
    }

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
            insert into subscribers (id, address, address_key, hash, name, language, source, created_at)
            select r.value ->> 'id', r.value ->> 'address', r.value ->> 'key', r.value ->> 'hash', r.value ->> 'name',
                r.value ->> 'language', $2, $3
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

    /// Unsubscribes from one digest, or from all, by a person's hand. False: nobody of that address (with that digest).
    pub async fn remove(&self, address: &str, digest: Option<&str>, now: DateTime<Utc>) -> Result<bool> {
        const THERE: &str = "
            select count(*) from subscribers s left join subscriptions n on n.subscriber = s.id
            where s.hash = $1 and ($2 is null or n.digest = $2)";
        const LEAVE: &str = "
            update subscriptions set state = 'unsubscribed', changed_at = $3, unsubscribed_at = $3
            where subscriber in (select id from subscribers where hash = $1) and ($2 is null or digest = $2)
                and state <> 'unsubscribed'";
        const VOID: &str = "
            update confirmations set expires_at = $3 where expires_at > $3 and subscription in (
                select n.id from subscriptions n join subscribers s on s.id = n.subscriber
                where s.hash = $1 and ($2 is null or n.digest = $2))";
        const DROP: &str = "
            update deliveries set state = 'suppressed', wake_at = null, changed_at = $3
            where state = 'queued' and subscriber in (select id from subscribers where hash = $1)
                and ($2 is null or digest = $2)";
        let hash = self.address_hash(&key_of(address));
        let there: i64 = unit!(self, tx => {
            for text in [LEAVE, VOID, DROP] {
                sqlx::query(text).bind(&hash).bind(digest).bind(ms(now)).execute(&mut *tx).await?;
            }
            sqlx::query_scalar(THERE).bind(&hash).bind(digest).fetch_one(&mut *tx).await?
        })?;
        self.finish_issues(now).await?;
        Ok(there > 0)
    }

    /// Deletes everything about the address; a keyed hash stays, so that it is never mailed again. False: nobody.
    pub async fn erase(&self, address: &str, now: DateTime<Utc>) -> Result<bool> {
        const THERE: &str = "
            select (select count(*) from subscribers where hash = $1) + (select count(*) from suppressions where hash = $1 and address <> '')
                + (select count(*) from deliveries where address_hash = $1)";
        const SUPPRESS: &str = "
            insert into suppressions (hash, address, reason, created_at) values ($1, '', 'erased', $2)
            on conflict (hash) do update set address = ''";
        // The rows stay without the person, so that an Issue's sums still hold. A mail in flight is not reported any more: the
        // server's words may name the address.
        const DELIVERIES: &str = "
            update deliveries set address = null, address_hash = null, subscriber = null, subscription = null, confirmation = null,
                reply = '', fence = fence + 1, changed_at = $2, wake_at = null,
                state = case when state in ('queued', 'sending') then 'suppressed' else state end
            where address_hash = $1 or subscriber in (select id from subscribers where hash = $1)";
        const SUBSCRIBER: &str = "delete from subscribers where hash = $1";
        let hash = self.address_hash(&key_of(address));
        let there = unit!(self, tx => {
            let there: i64 = sqlx::query_scalar(THERE).bind(&hash).fetch_one(&mut *tx).await?;
            if there > 0 {
                sqlx::query(SUPPRESS).bind(&hash).bind(ms(now)).execute(&mut *tx).await?;
                sqlx::query(DELIVERIES).bind(&hash).bind(ms(now)).execute(&mut *tx).await?;
                sqlx::query(SUBSCRIBER).bind(&hash).execute(&mut *tx).await?;
            }
            there > 0
        })?;
        if there {
            self.finish_issues(now).await?;
            self.forget().await?;
        }
        Ok(there)
    }

    /// Never mails the address again.
    pub async fn suppress(&self, address: &Address, reason: &str, now: DateTime<Utc>) -> Result<()> {
        const SUPPRESS: &str = "
            insert into suppressions (hash, address, reason, created_at) values ($1, $2, $3, $4) on conflict (hash) do nothing";
        const DROP: &str = "
            update deliveries set state = 'suppressed', wake_at = null, changed_at = $2
            where state = 'queued' and (address_hash = $1 or subscriber in (select id from subscribers where hash = $1))";
        let hash = self.address_hash(&address.key());
        unit!(self, tx => {
            sqlx::query(SUPPRESS).bind(&hash).bind(address.key()).bind(clean(reason)).bind(ms(now)).execute(&mut *tx).await?;
            sqlx::query(DROP).bind(&hash).bind(ms(now)).execute(&mut *tx).await?;
        })?;
        self.finish_issues(now).await
    }

    /// Confirmed, unconfirmed, unsubscribed subscriptions of each digest.
    pub async fn subscription_counts(&self) -> Result<Vec<(String, State, u64)>> {
        const COUNT: &str =
            "select digest, state, count(*) from subscriptions group by digest, state order by digest, state";
        let rows: Vec<(String, String, i64)> = on!(self, pool => sqlx::query_as(COUNT).fetch_all(pool).await?);
        rows.into_iter().map(|(digest, state, rows)| Ok((digest, state_of(&state)?, count(rows)))).collect()
    }
}

impl TokenOut {
    fn said(self, now: DateTime<Utc>) -> Result<TokenRow> {
        Ok(TokenRow {
            state: state_of(&self.state)?,
            expired: self.expires_at.is_some_and(|end| end <= ms(now)),
            address: self.address,
            language: self.language,
            subscriber: self.subscriber,
            digest: self.digest,
        })
    }
}

/// The instants at which a mailbox was asked, with `now` added; `None` when it may not be asked now.
fn ask(asked: &str, now: DateTime<Utc>) -> Option<String> {
    let lately = |window: Duration| {
        asked.split(' ').filter_map(|at| at.parse::<i64>().ok()).filter(move |at| *at > ms(now - window))
    };
    if lately(ASK_AGAIN).next().is_some() || lately(ASK_WINDOW).count() >= ASK_AT_MOST {
        return None;
    }
    let all: Vec<String> = lately(ASK_WINDOW).chain([ms(now)]).map(|at| at.to_string()).collect();
    Some(all.join(" "))
}

/// The key of an address as somebody typed it, so that it is found however it is spelled.
pub(super) fn key_of(address: &str) -> String {
    Address::parse(address).map_or_else(|_| clean(address).to_lowercase(), |address| address.key())
}

fn state_of(text: &str) -> Result<State> {
    State::parse(text).ok_or_else(|| Error::row("state of a subscription", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_asked_once_a_day_and_thrice_a_month() {
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let at = |hours: i64| start + Duration::hours(hours);
        let mut asked = String::new();
        let mut taken = Vec::new();
        for hour in 0..24 * 62 {
            if let Some(more) = ask(&asked, at(hour)) {
                asked = more;
                taken.push(hour);
            }
        }
        assert_eq!(taken, [0, 24, 48, 720, 744, 768, 1440, 1464]);
    }
}
