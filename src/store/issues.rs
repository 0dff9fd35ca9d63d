//! Issues: made once a Slot, held, let go, done. Their Deliveries are `plan`'s.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::digests::{ANNOUNCE, announced};
use super::plan::{Plan, plan_batch};
use super::{Error, Result, Store, at, count, json, ms};
use crate::digest::Rendition;
use crate::post::id::PostId;
use crate::sabotage::{Plant, planted};

/// An Issue to be written, whole, in one transaction.
#[derive(Debug, Clone)]
pub struct NewIssue {
    /// Row id, by [`crate::crypto::new_id`].
    pub id: String,
    /// Name of the Digest.
    pub digest: String,
    /// Unique per digest.
    pub slot: DateTime<Utc>,
    /// Waits for a person before its Deliveries may be claimed.
    pub held: bool,
    /// After this its mails expire.
    pub expires_at: DateTime<Utc>,
    /// Newest first. Announced from now on, also by an Issue that is skipped: leave out what a later Issue may announce.
    pub posts: Vec<PostId>,
    /// One a language of the audience; the first serves everybody whose language has none of its own. Empty: the
    /// Issue is recorded as skipped (nothing new, or by a person), so that its Slot is not made again.
    pub renditions: Vec<Rendition>,
}

/// Where an Issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueState {
    /// Waits for `digest approve`.
    Held,
    /// Its Deliveries are being sent.
    Sending,
    /// Every Delivery is at its end.
    Done,
    /// Nothing was sent: nothing new, too late, or a person said so.
    Skipped,
}

impl IssueState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Held, Self::Sending, Self::Done, Self::Skipped];

    /// The text in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Skipped => "skipped",
        }
    }

    /// From the store's text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A row of `issues`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct IssueRow {
    /// Row id.
    pub id: String,
    /// Name of the Digest.
    pub digest: String,
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// See [`IssueState`].
    pub state: IssueState,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Post ids, newest first.
    pub posts: Vec<PostId>,
    /// Number of its Deliveries.
    pub deliveries: u64,
    /// Are there more to come, or is something still to be done to all of them?
    pub planning: bool,
}

/// An Issue in the public archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedIssue {
    /// Row id.
    pub id: String,
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// [`IssueState::Sending`] or [`IssueState::Done`].
    pub state: IssueState,
    /// Of its first Rendition.
    pub subject: String,
}

#[derive(sqlx::FromRow)]
struct IssueOut {
    id: String,
    digest: String,
    slot: i64,
    state: String,
    created_at: i64,
    planned: i64,
    todo: Option<String>,
}

impl Store {
    /// Writes the Issue, its announcements, Renditions and one Delivery for each reader who was confirmed and not suppressed then.
    /// False: another machine won the Slot (or, with another Slot, announced one of the posts meanwhile); nothing was written.
    /// Deliveries' Message-IDs are `{delivery id}@{domain of from}`.
    ///
    /// Many readers take several transactions, so that none of them keeps other writers waiting: see [`Self::work_off`]. What a death
    /// leaves half planned is finished by [`Self::finish_plans`].
    pub async fn create_issue(&self, issue: &NewIssue, now: DateTime<Utc>) -> Result<bool> {
        let won = self.begin_issue(issue, now).await?;
        if won {
            while self.work_off(&issue.id, now).await? {}
            self.finish_issues(now).await?;
        }
        Ok(won)
    }

    /// The first transaction of [`Self::create_issue`]: all of it but the Deliveries beyond the first batch.
    pub async fn begin_issue(&self, issue: &NewIssue, now: DateTime<Utc>) -> Result<bool> {
        const WIN: &str = "
            insert into issues (id, digest, slot, state, planned, expires_at, created_at, changed_at)
            values ($1, $2, $3, $4, 0, $5, $6, $6) on conflict (digest, slot) do nothing";
        let state = match (issue.renditions.is_empty(), issue.held) {
            (true, _) => IssueState::Skipped,
            (false, true) => IssueState::Held,
            (false, false) => IssueState::Sending,
        };
        let posts = announced(&issue.posts);
        let distinct = issue.posts.iter().collect::<HashSet<_>>().len() as u64;
        let plan = Plan {
            id: issue.id.clone(),
            digest: issue.digest.clone(),
            state: state.as_str().to_owned(),
            todo: "plan".to_owned(),
            todo_after: None,
            created_at: ms(now),
            expires_at: ms(issue.expires_at),
        };
        unit!(self, tx => {
            let won = sqlx::query(WIN)
                .bind(&issue.id)
                .bind(&issue.digest)
                .bind(ms(issue.slot))
                .bind(state.as_str())
                .bind(ms(issue.expires_at))
                .bind(ms(now))
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if won == 0 {
                return Ok(false);
            }
            // Two machines may give one post to two Slots (`on_publish`, a person's `digest send`): the first one announces it.
            let new = sqlx::query(self.sql(ANNOUNCE))
                .bind(&posts)
                .bind(&issue.digest)
                .bind(Some(&issue.id))
                .bind(ms(now))
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if new < distinct {
                return Ok(false);
            }
            for (rendition, position) in issue.renditions.iter().zip(0_i64..) {
                insert_rendition!(rendition, &rendition.id, now, Some(&issue.id), position).execute(&mut *tx).await?;
            }
            if !issue.renditions.is_empty() {
                let _more_is_left = plan_batch!(self, tx, plan, now);
            }
            true
        })
    }

    /// Newest first.
    pub async fn issues(&self, digest: Option<&str>, limit: u32) -> Result<Vec<IssueRow>> {
        const GET: &str = "
            select id, digest, slot, state, created_at, planned, todo from issues
            where cast($1 as text) is null or digest = $1 order by slot desc, id limit $2";
        const POSTS: &str = "
            select a.issue, a.post from {rows} as r join announcements a on a.issue = r.value ->> 'issue' order by a.issue, a.position";
        #[derive(Serialize)]
        struct Wanted<'a> {
            issue: &'a str,
        }
        let rows: Vec<IssueOut> =
            on!(self, pool => sqlx::query_as(GET).bind(digest).bind(i64::from(limit)).fetch_all(pool).await?);
        let wanted = json(&rows.iter().map(|row| Wanted { issue: &row.id }).collect::<Vec<_>>());
        let posts: Vec<(String, String)> =
            on!(self, pool => sqlx::query_as(self.sql(POSTS)).bind(&wanted).fetch_all(pool).await?);
        let mut of = std::collections::HashMap::<String, Vec<PostId>>::new();
        for (issue, post) in posts {
            of.entry(issue).or_default().push(post);
        }
        rows.into_iter()
            .map(|row| {
                Ok(IssueRow {
                    state: state_of(&row.state)?,
                    slot: at(row.slot),
                    created_at: at(row.created_at),
                    posts: of.remove(&row.id).unwrap_or_default(),
                    deliveries: count(row.planned),
                    planning: row.todo.is_some(),
                    id: row.id,
                    digest: row.digest,
                })
            })
            .collect()
    }

    /// Lets a held Issue go. False: it is not held (any more).
    pub async fn approve_issue(&self, id: &str, now: DateTime<Utc>) -> Result<bool> {
        self.end_hold(id, IssueState::Sending, "wake", now).await
    }

    /// Drops a held Issue: its queued Deliveries end as suppressed; its posts stay announced. False: not held.
    pub async fn skip_issue(&self, id: &str, now: DateTime<Utc>) -> Result<bool> {
        self.end_hold(id, IssueState::Skipped, "drop", now).await
    }

    async fn end_hold(&self, id: &str, state: IssueState, todo: &str, now: DateTime<Utc>) -> Result<bool> {
        const END_HOLD: &str = "
            update issues set state = $2, changed_at = $3, todo = $4 where id = $1 and state = 'held' and todo is null";
        // It may still be planned.
        while self.work_off(id, now).await? {}
        let held = unit!(self, tx => {
            let release = sqlx::query(END_HOLD).bind(id).bind(state.as_str()).bind(ms(now)).bind(todo);
            release.execute(&mut *tx).await?.rows_affected() == 1
        })?;
        if held {
            while self.work_off(id, now).await? {}
            self.finish_issues(now).await?;
        }
        Ok(held)
    }

    /// The Issues that are sent or being sent, newest first; whether or not anybody was there to read them.
    pub async fn archive(&self, digest: &str, limit: u32) -> Result<Vec<ArchivedIssue>> {
        const GET: &str = "
            select i.id, i.slot, i.state, coalesce(r.subject, '') as subject
            from issues i left join renditions r on r.issue = i.id and r.position = 0
            where i.digest = $1 and i.state in ('sending', 'done') order by i.slot desc, i.id limit $2";
        let rows: Vec<(String, i64, String, String)> =
            on!(self, pool => sqlx::query_as(GET).bind(digest).bind(i64::from(limit)).fetch_all(pool).await?);
        rows.into_iter()
            .map(|(id, slot, state, subject)| {
                Ok(ArchivedIssue { id, slot: at(slot), state: state_of(&state)?, subject })
            })
            .collect()
    }

    /// Issues of each digest by state.
    pub async fn issue_counts(&self) -> Result<Vec<(String, IssueState, u64)>> {
        const COUNT: &str = "select digest, state, count(*) from issues group by digest, state order by digest, state";
        let rows: Vec<(String, String, i64)> = on!(self, pool => sqlx::query_as(COUNT).fetch_all(pool).await?);
        rows.into_iter().map(|(digest, state, rows)| Ok((digest, state_of(&state)?, count(rows)))).collect()
    }

    /// Issues without open Deliveries become done. By itself after the transaction that ended some: two machines that end
    /// the last two Deliveries at once do not see each other's, whoever looks afterwards does.
    pub async fn finish_issues(&self, now: DateTime<Utc>) -> Result<()> {
        const OPEN: &str = "select count(*) from issues where state = 'sending' and todo is null
            and not exists (select 1 from deliveries d where d.issue = issues.id and d.wake_at is not null)";
        const DONE: &str = "update issues set state = 'done', changed_at = $1 where state = 'sending' and todo is null
            and not exists (select 1 from deliveries d where d.issue = issues.id and d.wake_at is not null)";
        if planted(Plant::DoneTooEarly) {
            unit!(self, tx => sqlx::query(TOO_EARLY).bind(ms(now)).execute(&mut *tx).await?.rows_affected())?;
        }
        let over: i64 = on!(self, pool => sqlx::query_scalar(OPEN).fetch_one(pool).await?);
        if over > 0 {
            unit!(self, tx => sqlx::query(DONE).bind(ms(now)).execute(&mut *tx).await?.rows_affected())?;
        }
        Ok(())
    }
}

/// Planted by the crash harness (see `sabotage`).
const TOO_EARLY: &str = "update issues set state = 'done', changed_at = $1 where state = 'sending'
    and exists (select 1 from deliveries d where d.issue = issues.id and d.state = 'sent')";

fn state_of(text: &str) -> Result<IssueState> {
    IssueState::parse(text).ok_or_else(|| Error::row("state of an issue", text))
}
