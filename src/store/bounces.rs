//! What came back, believed once, and what follows for the address: its points, its end, its story.

use chrono::{DateTime, Utc};

use super::subscribers::key_of;
use super::suppressions::{DROP, SUPPRESS};
use super::{Error, Result, Store, at, clean, count, ms};
use crate::bounce::{Bounce, Named, Reason, What, classify, score};

/// A report on one mail, from somebody who is to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The reporter's own name for it: told again, it is the same and changes nothing.
    pub id: String,
    /// Whose mail.
    pub who: Who,
    /// Who brought it.
    pub source: Source,
    /// What it says.
    pub what: What,
}

/// Whose mail came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By an address that we signed.
    Named(Named),
    /// By what a mail service says, which has proved that it is the one.
    Told {
        /// As the service writes it.
        address: String,
        /// Ours, without angle brackets, where the service tells it.
        message_id: Option<String>,
    },
}

/// Who brings reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A message: `postrider bounce`, LMTP, IMAP.
    Mail,
    /// Our own relay, while a mail was handed over.
    Relay,
    /// Amazon SES.
    Ses,
    /// Postmark.
    Postmark,
    /// Mailgun.
    Mailgun,
    /// SendGrid.
    Sendgrid,
}

impl Source {
    /// The text in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Relay => "relay",
            Self::Ses => "ses",
            Self::Postmark => "postmark",
            Self::Mailgun => "mailgun",
            Self::Sendgrid => "sendgrid",
        }
    }
}

/// What a report changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It is on record; the address is still mailed.
    Recorded,
    /// With it the address is given up, or was before.
    Suppressed,
    /// Somebody left.
    Unsubscribed,
    /// It was known.
    Known,
    /// Nobody of ours (any more).
    Nobody,
    /// Nobody that could be believed: forged, or not signed.
    Unsigned,
    /// It says nothing that counts: an absence note, a delay, a receipt, a letter.
    Nothing,
}

impl Became {
    /// The text in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Suppressed => "suppressed",
            Self::Unsubscribed => "unsubscribed",
            Self::Known => "known",
            Self::Nobody => "nobody",
            Self::Unsigned => "unsigned",
            Self::Nothing => "nothing",
        }
    }
}

/// A row of `bounces`, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BounceRow {
    /// Row id of the Delivery; empty when it is not known.
    pub delivery: String,
    /// See [`Source`].
    pub source: String,
    /// `hard`, `soft` or `complaint`.
    pub kind: String,
    /// See [`Reason`]; of a complaint `complaint`.
    pub reason: String,
    /// Enhanced status code, or empty.
    pub status: String,
    /// The server's words.
    pub words: String,
    /// When it came.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct BounceOut {
    delivery: Option<String>,
    source: String,
    kind: String,
    reason: String,
    status: String,
    words: String,
    created_at: i64,
}

/// The mail that came back.
#[derive(sqlx::FromRow)]
struct Mailed {
    delivery: Option<String>,
    subscriber: Option<String>,
    hash: String,
    address: String,
    left_at: i64,
}

#[derive(sqlx::FromRow)]
struct StrikeOut {
    delivery: Option<String>,
    source: String,
    reason: String,
    words: String,
    created_at: i64,
}

macro_rules! select_mailed {
    ($tail:literal) => {
        concat!(
            "select d.id as delivery, d.subscriber, coalesce(s.hash, d.address_hash) as hash,
                coalesce(s.address, d.address) as address, d.changed_at as left_at
            from deliveries d left join subscribers s on s.id = d.subscriber
            where coalesce(s.hash, d.address_hash) is not null and ",
            $tail,
            " order by d.changed_at desc, d.id limit 1"
        )
    };
}

const BY_ISSUE: &str = select_mailed!("d.subscriber = $1 and substr(d.issue, 1, 10) = $2");
const BY_DELIVERY: &str = select_mailed!("d.id = $1 and ($2 is null or coalesce(s.hash, d.address_hash) = $2)");
const BY_SUBSCRIPTION: &str =
    select_mailed!("d.subscriber in (select subscriber from subscriptions where id = $1) and d.subscription = $1");
const BY_ADDRESS: &str = select_mailed!(
    "(d.address_hash = $1 or d.subscriber = (select id from subscribers where hash = $1)) and d.state in ('sent', 'uncertain')"
);
/// Complained of before anything was mailed, or after its Delivery was forgotten: still somebody of ours.
const BY_SUBSCRIBER: &str = "
    select cast(null as text) as delivery, id as subscriber, hash, address, created_at as left_at from subscribers where hash = $1";

const INSERT: &str = "
    insert into bounces (id, delivery, hash, source, kind, reason, status, words, mailed_at, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing";

/// What came back of the address `$1` since a mail to it arrived (taken by `$2` at the latest, and never heard of again) and since a
/// person lifted its suppression.
const STRIKES: &str = "
    select b.delivery, b.source, b.reason, b.words, b.created_at from bounces b
    where b.hash = $1 and b.kind <> 'complaint' and b.mailed_at > coalesce((
        select max(d.changed_at) from deliveries d
        where (d.address_hash = $1 or d.subscriber = (select id from subscribers where hash = $1))
            and d.state = 'sent' and d.changed_at <= $2
            and not exists (select 1 from bounces o where o.delivery = d.id and o.kind <> 'complaint')), 0)
        and b.created_at > coalesce((select max(l.created_at) from liftings l where l.hash = $1), 0)
    order by b.created_at, b.id";

const COUNT: &str = "
    insert into returned (source, became, count) values ($1, $2, 1)
    on conflict (source, became) do update set count = returned.count + 1";

impl Store {
    /// Takes in a report. Believed once; a hard one or a complaint may end the address, and its queued mail with it.
    pub async fn returned(&self, report: &Returned, now: DateTime<Utc>) -> Result<Became> {
        let became = match &report.what {
            What::Bounce(bounce) => self.came_back(report, Some(bounce), now).await?,
            What::Complaint => self.came_back(report, None, now).await?,
            What::Unsubscribe => self.leaves(&report.who, now).await?,
            What::Delayed | What::Arrived | What::AutoReply | What::Other => Became::Nothing,
        };
        if became == Became::Suppressed {
            self.finish_issues(now).await?;
        }
        if !matches!(report.what, What::Arrived) {
            self.count_returned(report.source, became).await?;
        }
        Ok(became)
    }

    /// Counts what was looked at and changed nothing else.
    pub async fn count_returned(&self, source: Source, became: Became) -> Result<()> {
        unit!(self, tx => {
            sqlx::query(COUNT).bind(source.as_str()).bind(became.as_str()).execute(&mut *tx).await?;
        })
    }

    /// `bounce`: `None` is a complaint.
    async fn came_back(&self, report: &Returned, bounce: Option<&Bounce>, now: DateTime<Utc>) -> Result<Became> {
        let Some(mail) = self.mailed(&report.who).await? else { return Ok(Became::Nobody) };
        let (kind, reason, status, words) = match bounce {
            None => ("complaint", "complaint", "", String::new()),
            Some(bounce) => {
                let kind = if bounce.reason.is_hard() { "hard" } else { "soft" };
                (kind, bounce.reason.as_str(), bounce.status.as_str(), clean(&bounce.text))
            }
        };
        unit!(self, tx => {
            let new = sqlx::query(INSERT)
                .bind(clean(&report.id))
                .bind(&mail.delivery)
                .bind(&mail.hash)
                .bind(report.source.as_str())
                .bind(kind)
                .bind(reason)
                .bind(status)
                .bind(&words)
                .bind(mail.left_at)
                .bind(ms(now))
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if new == 0 {
                return Ok(Became::Known);
            }
            let mut ends = bounce.is_none();
            if !ends {
                let rows: Vec<StrikeOut> = sqlx::query_as(STRIKES)
                    .bind(&mail.hash)
                    .bind(ms(now - score::ARRIVED_AFTER))
                    .fetch_all(&mut *tx)
                    .await?;
                ends = score::gives_up(&strikes(rows)?, now);
            }
            if ends {
                let why = if bounce.is_some() { format!("bounced: {reason}") } else { reason.to_owned() };
                sqlx::query(SUPPRESS)
                    .bind(&mail.hash)
                    .bind(key_of(&mail.address))
                    .bind(&why)
                    .bind(ms(now))
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(DROP).bind(&mail.hash).bind(ms(now)).execute(&mut *tx).await?;
            }
            if ends { Became::Suppressed } else { Became::Recorded }
        })
    }

    async fn leaves(&self, who: &Who, now: DateTime<Utc>) -> Result<Became> {
        let gone = match who {
            Who::Named(Named::Unsubscribe(subscription)) => self.unsubscribe(subscription, now).await?.is_some(),
            who => match self.mailed(who).await? {
                Some(mail) if mail.subscriber.is_some() => self.remove(&mail.address, None, now).await?,
                _ => false,
            },
        };
        Ok(if gone { Became::Unsubscribed } else { Became::Nobody })
    }

    async fn mailed(&self, who: &Who) -> Result<Option<Mailed>> {
        match who {
            Who::Named(Named::Issue { issue, subscriber }) => self.find(BY_ISSUE, subscriber, Some(issue)).await,
            Who::Named(Named::Delivery(id)) => self.find(BY_DELIVERY, id, None).await,
            Who::Named(Named::Unsubscribe(subscription)) => self.find(BY_SUBSCRIPTION, subscription, None).await,
            Who::Told { address, message_id } => {
                let hash = self.address_hash(&key_of(address));
                let delivery = message_id.as_deref().and_then(|id| id.split('@').next()).unwrap_or_default();
                if let Some(mail) = self.find(BY_DELIVERY, &clean(delivery), Some(&hash)).await? {
                    return Ok(Some(mail));
                }
                match self.find(BY_ADDRESS, &hash, None).await? {
                    Some(mail) => Ok(Some(mail)),
                    None => self.find(BY_SUBSCRIBER, &hash, None).await,
                }
            }
        }
    }

    async fn find(&self, text: &'static str, first: &str, second: Option<&str>) -> Result<Option<Mailed>> {
        Ok(on!(self, pool => {
            let query = sqlx::query_as(text).bind(first);
            match text {
                BY_ISSUE | BY_DELIVERY => query.bind(second).fetch_optional(pool).await?,
                _ => query.fetch_optional(pool).await?,
            }
        }))
    }

    /// What came back of an address, newest first.
    pub async fn bounces(&self, address: &str, limit: u32) -> Result<Vec<BounceRow>> {
        const LIST: &str = "
            select delivery, source, kind, reason, status, words, created_at from bounces
            where hash = $1 order by created_at desc, id limit $2";
        let hash = self.address_hash(&key_of(address));
        let rows: Vec<BounceOut> =
            on!(self, pool => sqlx::query_as(LIST).bind(&hash).bind(i64::from(limit)).fetch_all(pool).await?);
        let row = |row: BounceOut| BounceRow {
            delivery: row.delivery.unwrap_or_default(),
            source: row.source,
            kind: row.kind,
            reason: row.reason,
            status: row.status,
            words: row.words,
            created_at: at(row.created_at),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Reports by kind and reason.
    pub async fn bounce_counts(&self) -> Result<Vec<(String, String, u64)>> {
        const SUM: &str = "select kind, reason, count(*) from bounces group by kind, reason order by kind, reason";
        let rows: Vec<(String, String, i64)> = on!(self, pool => sqlx::query_as(SUM).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|(kind, reason, rows)| (kind, reason, count(rows))).collect())
    }

    /// What was brought, by source and what became of it.
    pub async fn returned_counts(&self) -> Result<Vec<(String, String, u64)>> {
        const SUM: &str = "select source, became, count from returned order by source, became";
        let rows: Vec<(String, String, i64)> = on!(self, pool => sqlx::query_as(SUM).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|(source, became, rows)| (source, became, count(rows))).collect())
    }
}

/// One strike a mail: of several reports on one mail the heaviest counts.
fn strikes(rows: Vec<StrikeOut>) -> Result<Vec<score::Strike>> {
    let mut strikes: Vec<(Option<String>, score::Strike)> = Vec::new();
    for row in rows {
        let reason = Reason::parse(&row.reason).ok_or_else(|| Error::row("reason of a bounce", &row.reason))?;
        let own = row.source == Source::Relay.as_str() && classify::is_certain(&row.words);
        let strike = score::Strike { at: at(row.created_at), reason, own };
        let same = strikes.iter_mut().find(|(delivery, _)| delivery.is_some() && *delivery == row.delivery);
        match same {
            Some((_, kept)) if strike.weighs_more_than(kept) => *kept = strike,
            Some(_) => {}
            None => strikes.push((row.delivery, strike)),
        }
    }
    Ok(strikes.into_iter().map(|(_, strike)| strike).collect())
}
