//! Deliveries as people see them: lists, sums, another try, test mails.

use chrono::{DateTime, Utc};

use super::{Error, IssueRow, IssueState, Result, Store, at, count, ms};
use crate::crypto;
use crate::delivery::group::Group;
use crate::delivery::{Kind, State};
use crate::digest::Rendition;
use crate::subscriber::Address;

/// A row of `deliveries`, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeliveryRow {
    /// Row id.
    pub id: String,
    /// What kind of mail.
    pub kind: Kind,
    /// Name of the Digest.
    pub digest: String,
    /// Row id of the Issue; empty for transactional mail.
    pub issue: String,
    /// Where to; empty once the reader was erased.
    pub address: String,
    /// See [`State`].
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// SMTP reply code of the last attempt, 0: none.
    pub code: u16,
    /// The server's words.
    pub text: String,
    /// What came back of it afterwards, if anything did: `complaint`, or `hard` or `soft` and why.
    pub bounced: Option<String>,
    /// Not before.
    pub due_at: DateTime<Utc>,
    /// Last change.
    pub changed_at: DateTime<Utc>,
}

/// What became of an Issue's mail: `eligible` is the sum of `counts`, or something is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueSum {
    /// Row id.
    pub id: String,
    /// Name of the Digest.
    pub digest: String,
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// Where it is.
    pub state: IssueState,
    /// How many were to get it when it was planned.
    pub eligible: u64,
    /// Are more still being planned?
    pub planning: bool,
    /// Every state, in the order of [`State::ALL`].
    pub counts: Vec<(State, u64)>,
}

impl IssueSum {
    /// Not at their end.
    pub fn open(&self) -> u64 {
        let open = self.counts.iter().filter(|(state, _)| matches!(state, State::Queued | State::Sending));
        open.map(|(_, count)| count).sum()
    }

    /// In any state.
    pub fn all(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }
}

#[derive(sqlx::FromRow)]
struct DeliveryOut {
    id: String,
    kind: String,
    digest: String,
    issue: Option<String>,
    address: Option<String>,
    state: String,
    attempts: i64,
    code: i64,
    reply: String,
    bounced: Option<String>,
    due_at: i64,
    changed_at: i64,
}

macro_rules! beyond {
    () => {
        "zzzzzzzzzzzzzzzzzzzzzzzzzzz"
    };
}
/// After the id of each subscriber: its digits are `a` to `z` and `2` to `7`.
pub(super) const BEYOND: &str = beyond!();

/// What a Delivery of the Issue `$issue` has. Ids of Deliveries begin with the Issue's, and PostgreSQL has no other index that finds them:
/// each costs a mail what one entry costs.
macro_rules! of_issue {
    ($of:literal, $issue:literal) => {
        concat!(
            $of,
            "issue = ",
            $issue,
            " and ",
            $of,
            "id > ",
            $issue,
            " and ",
            $of,
            "id < ",
            $issue,
            " || '",
            beyond!(),
            "'"
        )
    };
}

macro_rules! select_deliveries {
    ($to:literal) => {
        concat!(
            "select d.id, d.kind, d.digest, d.issue, coalesce(s.address, d.address) as address, d.state, d.attempts, d.code, d.reply,
                d.due_at, d.changed_at,
                (select case when b.kind = b.reason then b.kind else b.kind || ' ' || b.reason end from bounces b where b.delivery = d.id order by b.created_at desc, b.id limit 1) as bounced
            from deliveries d left join subscribers s on s.id = d.subscriber
            where ($1 is null or ",
            of_issue!("d.", "$1"),
            ") and ($2 is null or d.state = $2)",
            $to,
            " order by d.created_at desc, d.id desc limit $3"
        )
    };
}

impl Store {
    /// Newest first, filtered by issue, address or state.
    pub async fn deliveries(
        &self,
        issue: Option<&str>,
        address: Option<&str>,
        state: Option<State>,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>> {
        const ALL: &str = select_deliveries!("");
        const TO: &str = select_deliveries!(
            " and (d.address_hash = $4 or d.subscriber = (select id from subscribers where hash = $4))"
        );
        let hash = address.map(|address| self.address_hash(&super::subscribers::key_of(address)));
        let text = if hash.is_some() { TO } else { ALL };
        let rows: Vec<DeliveryOut> = on!(self, pool => {
            let query = sqlx::query_as(text).bind(issue).bind(state.map(State::as_str)).bind(i64::from(limit));
            match &hash {
                Some(hash) => query.bind(hash).fetch_all(pool).await?,
                None => query.fetch_all(pool).await?,
            }
        });
        rows.into_iter()
            .map(|row| {
                Ok(DeliveryRow {
                    kind: Kind::parse(&row.kind).ok_or_else(|| Error::row("kind of mail", &row.kind))?,
                    state: state_of(&row.state)?,
                    issue: row.issue.unwrap_or_default(),
                    address: row.address.unwrap_or_default(),
                    attempts: attempts(row.attempts),
                    code: u16::try_from(row.code).unwrap_or(0),
                    text: row.reply,
                    bounced: row.bounced,
                    due_at: at(row.due_at),
                    changed_at: at(row.changed_at),
                    id: row.id,
                    digest: row.digest,
                })
            })
            .collect()
    }

    /// Deliveries by state: of one Issue, or of all.
    pub async fn delivery_counts(&self, issue: Option<&str>) -> Result<Vec<(State, u64)>> {
        const ALL: &str = "select state, count(*) from deliveries where $1 is null group by state order by state";
        const OF: &str = concat!(
            "select state, count(*) from deliveries where ",
            of_issue!("", "$1"),
            " group by state order by state"
        );
        let text = if issue.is_some() { OF } else { ALL };
        let rows: Vec<(String, i64)> = on!(self, pool => sqlx::query_as(text).bind(issue).fetch_all(pool).await?);
        rows.into_iter().map(|(state, rows)| Ok((state_of(&state)?, count(rows)))).collect()
    }

    /// What became of each Issue's mail, newest first.
    pub async fn issue_sums(&self, limit: u32) -> Result<Vec<IssueSum>> {
        let mut sums = Vec::new();
        for issue in self.issues(None, limit).await? {
            sums.push(self.sum(issue).await?);
        }
        Ok(sums)
    }

    /// The same of one Issue.
    pub async fn sum(&self, issue: IssueRow) -> Result<IssueSum> {
        let counted = self.delivery_counts(Some(&issue.id)).await?;
        let mut sum = IssueSum {
            id: issue.id,
            digest: issue.digest,
            slot: issue.slot,
            state: issue.state,
            eligible: issue.deliveries,
            planning: issue.planning,
            counts: State::ALL.map(|state| (state, 0)).to_vec(),
        };
        for (state, rows) in counted {
            sum.counts.iter_mut().filter(|(kept, _)| *kept == state).for_each(|(_, kept)| *kept = rows);
        }
        Ok(sum)
    }

    /// Puts failed, expired or uncertain Deliveries back into the queue. Returns how many.
    pub async fn retry(
        &self,
        issue: Option<&str>,
        address: Option<&str>,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        const AGAIN: &str = concat!(
            "update deliveries set state = 'queued', due_at = $3, wake_at = $3, expires_at = $4, changed_at = $3
            where state in ('failed', 'expired', 'uncertain') and ($1 is null or ",
            of_issue!("", "$1"),
            ")
                and ($2 is null or address_hash = $2 or subscriber = (select id from subscribers where hash = $2))"
        );
        const OPEN: &str = "update issues set state = 'sending', changed_at = $1 where state = 'done'
            and exists (select 1 from deliveries d where d.issue = issues.id and d.wake_at is not null)";
        let hash = address.map(|address| self.address_hash(&super::subscribers::key_of(address)));
        unit!(self, tx => {
            let again = sqlx::query(AGAIN)
                .bind(issue)
                .bind(&hash)
                .bind(ms(now))
                .bind(ms(expires_at))
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if again > 0 {
                sqlx::query(OPEN).bind(ms(now)).execute(&mut *tx).await?;
            }
            again
        })
    }

    /// Queues a test mail. Returns the Delivery's row id.
    pub async fn queue_test(
        &self,
        rendition: &Rendition,
        address: &Address,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<String> {
        let id = crypto::new_id();
        let hash = self.address_hash(&address.key());
        unit!(self, tx => {
            insert_rendition!(rendition, &rendition.id, now, None::<&str>, 0_i64).execute(&mut *tx).await?;
            sqlx::query(QUEUE)
                .bind(&id)
                .bind(Kind::Test.as_str())
                .bind(&rendition.digest)
                .bind(&rendition.id)
                .bind(None::<&str>)
                .bind(None::<&str>)
                .bind(None::<&str>)
                .bind(address.as_str())
                .bind(&hash)
                .bind(ms(now))
                .bind(ms(expires_at))
                .bind(lane(address))
                .execute(&mut *tx)
                .await?;
        })?;
        Ok(id)
    }
}

/// One transactional Delivery, due at once: id, kind, digest, rendition, subscriber, subscription, confirmation, address,
/// address hash, now, expiry, lane.
pub(super) const QUEUE: &str = "
    insert into deliveries (id, rank, kind, digest, rendition, subscriber, subscription, confirmation, address, address_hash, state,
        attempts, fence, owner, code, reply, due_at, wake_at, expires_at, created_at, changed_at, lane)
    values ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', 0, 0, '', 0, '', $10, $10, $11, $10, $10, $12)";

/// The group that `address` belongs to, by its number.
pub(super) fn lane(address: &Address) -> i64 {
    i64::try_from(Group::of_domain(address.domain()).number()).unwrap_or(0)
}

pub(super) fn attempts(row: i64) -> u32 {
    u32::try_from(row.max(0)).unwrap_or(u32::MAX)
}

fn state_of(text: &str) -> Result<State> {
    State::parse(text).ok_or_else(|| Error::row("state of a delivery", text))
}
