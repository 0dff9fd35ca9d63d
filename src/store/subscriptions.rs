//! What readers do themselves: sign up, confirm, leave, come back.

use chrono::{DateTime, Duration, Utc};

use super::deliveries::{QUEUE, lane};
use super::renditions::content_hash;
use super::subscribers::state_of;
use super::{Result, Store, clean, ms};
use crate::crypto;
use crate::delivery::Kind;
use crate::digest::Rendition;
use crate::subscriber::{Address, State};

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
            insert into subscribers (id, address, address_key, hash, name, language, source, created_at, lane)
            values ($1, $2, $3, $4, '', $5, 'form', $6, $7)
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
                .bind(lane(address))
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
                .bind(lane(address))
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

    /// Unsubscribes; the same answer however often. Queued Deliveries of that digest to the reader end as suppressed. When this
    /// returns no process says MAIL for one of them any more.
    pub async fn unsubscribe(&self, id: &str, now: DateTime<Utc>) -> Result<Option<TokenRow>> {
        const LEAVE: &str = "
            update subscriptions set state = 'unsubscribed', changed_at = $2, unsubscribed_at = $2
            where id = $1 and state <> 'unsubscribed'";
        const VOID: &str = "update confirmations set expires_at = $2 where subscription = $1 and expires_at > $2";
        const DROP: &str = "
            update deliveries set state = 'suppressed', wake_at = null, changed_at = $2
            where state = 'queued' and subscription = $1 and subscriber = (select subscriber from subscriptions where id = $1)";
        const SENDING: &str = "
            select count(*) from deliveries
            where state in ('queued', 'sending') and subscriber = (select subscriber from subscriptions where id = $1)";
        let row: Option<TokenOut> = unit!(self, tx => {
            for text in [LEAVE, VOID, DROP] {
                sqlx::query(text).bind(id).bind(ms(now)).execute(&mut *tx).await?;
            }
            sqlx::query_as(BY_SUBSCRIPTION).bind(id).fetch_optional(&mut *tx).await?
        })?;
        let sending: i64 = on!(self, pool => sqlx::query_scalar(SENDING).bind(id).fetch_one(pool).await?);
        self.finish_issues(now).await?;
        self.is_known_everywhere(sending > 0).await;
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
