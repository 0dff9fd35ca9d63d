//! What the gate has against Issues that it holds, and a person's word on it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Error, Result, Store, at, clean, json, ms};
use crate::digest::Rendition;
use crate::digest::gate::{Finding, Reason};

/// A row of `gates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What stands against sending.
    pub findings: Vec<Finding>,
    /// What a person accepted who approved it; `None`: nobody did yet.
    pub accepted: Option<BTreeSet<Reason>>,
    /// When it was last looked at.
    pub judged_at: DateTime<Utc>,
}

impl Store {
    /// Keeps what stands against the Issue of that id, which may be written only after it. A person's word stays.
    pub async fn judge_issue(&self, issue: &str, findings: &[Finding], now: DateTime<Utc>) -> Result<()> {
        const PUT: &str = "insert into gates (issue, findings, judged_at) values ($1, $2, $3)
            on conflict (issue) do update set findings = excluded.findings, judged_at = excluded.judged_at";
        let findings = json(findings);
        unit!(self, tx => {
            sqlx::query(PUT).bind(issue).bind(&findings).bind(ms(now)).execute(&mut *tx).await?;
        })
    }

    /// What stands against an Issue; `None`: nothing did.
    pub async fn judged(&self, issue: &str) -> Result<Option<Judged>> {
        const GET: &str = "select findings, accepted, judged_at from gates where issue = $1";
        let row: Option<(String, Option<String>, i64)> =
            on!(self, pool => sqlx::query_as(GET).bind(issue).fetch_optional(pool).await?);
        row.map(|(findings, accepted, judged)| {
            Ok(Judged {
                findings: serde_json::from_str(&findings).map_err(|_| Error::row("findings", &findings))?,
                accepted: accepted
                    .map(|text| serde_json::from_str(&text).map_err(|_| Error::row("reasons", &text)))
                    .transpose()?,
                judged_at: at(judged),
            })
        })
        .transpose()
    }

    /// Keeps a person's word: the Issue goes once nothing but `accepted` stands against it.
    pub async fn accept_issue(&self, issue: &str, accepted: &BTreeSet<Reason>) -> Result<()> {
        const SET: &str = "update gates set accepted = $2 where issue = $1";
        let accepted = json(&accepted.iter().collect::<Vec<_>>());
        unit!(self, tx => {
            sqlx::query(SET).bind(issue).bind(&accepted).execute(&mut *tx).await?;
        })
    }

    /// The Issues of `digest` that a person approved and the gate still holds, oldest first.
    pub async fn issues_at_the_gate(&self, digest: &str) -> Result<Vec<String>> {
        const GET: &str = "select i.id from gates g join issues i on i.id = g.issue
            where i.state = 'held' and i.digest = $1 and g.accepted is not null order by i.slot, i.id";
        on!(self, pool => Ok(sqlx::query_scalar(GET).bind(digest).fetch_all(pool).await?))
    }

    /// Puts `renditions`, each rendered under the id of one that is there, in its place, while the Issue is held. False: it is not
    /// (any more), and nothing was changed.
    pub async fn replace_renditions(&self, issue: &str, renditions: &[Rendition]) -> Result<bool> {
        // Written, so that nobody lets the Issue go meanwhile.
        const HELD: &str = "update issues set changed_at = changed_at where id = $1 and state = 'held'";
        const SET: &str =
            "update renditions set subject = $3, html = $4, plain = $5, from_name = $6, from_address = $7,
            reply_name = $8, reply_address = $9 where issue = $1 and id = $2";
        unit!(self, tx => {
            if sqlx::query(HELD).bind(issue).execute(&mut *tx).await?.rows_affected() == 0 {
                return Ok(false);
            }
            for rendition in renditions {
                sqlx::query(SET)
                    .bind(issue)
                    .bind(&rendition.id)
                    .bind(clean(&rendition.subject))
                    .bind(clean(&rendition.html))
                    .bind(clean(&rendition.text))
                    .bind(clean(&rendition.from.name))
                    .bind(&rendition.from.address)
                    .bind(rendition.reply_to.as_ref().map(|reply| clean(&reply.name)))
                    .bind(rendition.reply_to.as_ref().map(|reply| reply.address.clone()))
                    .execute(&mut *tx)
                    .await?;
            }
            true
        })
    }
}
