//! Digests as the store knows them: since when, what each has announced, who reads it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Result, Store, at, count, json, ms};
use crate::post::id::PostId;

#[derive(Serialize)]
struct Announced<'a> {
    post: &'a str,
    position: usize,
}

impl Store {
    /// On the first sight of a digest: records `posts` as its baseline, announced without a mail, and returns true.
    /// Known digests are left alone: false.
    pub async fn begin_digest(&self, digest: &str, posts: &[PostId], now: DateTime<Utc>) -> Result<bool> {
        const BEGIN: &str = "insert into digests (name, begun_at) values ($1, $2) on conflict (name) do nothing";
        let posts = announced(posts);
        unit!(self, tx => {
            let new = sqlx::query(BEGIN).bind(digest).bind(ms(now)).execute(&mut *tx).await?.rows_affected() == 1;
            if new {
                sqlx::query(self.sql(ANNOUNCE)).bind(&posts).bind(digest).bind(None::<&str>).bind(ms(now)).execute(&mut *tx).await?;
            }
            new
        })
    }

    /// When the digest was first seen.
    pub async fn digest_begun(&self, digest: &str) -> Result<Option<DateTime<Utc>>> {
        const GET: &str = "select begun_at from digests where name = $1";
        let begun: Option<i64> = on!(self, pool => sqlx::query_scalar(GET).bind(digest).fetch_optional(pool).await?);
        Ok(begun.map(at))
    }

    /// Posts that the digest never announces again.
    pub async fn announced(&self, digest: &str) -> Result<HashSet<PostId>> {
        const GET: &str = "select post from announcements where digest = $1";
        let posts: Vec<String> = on!(self, pool => sqlx::query_scalar(GET).bind(digest).fetch_all(pool).await?);
        Ok(posts.into_iter().collect())
    }

    /// The newest Slot that has an Issue of any state.
    pub async fn last_slot(&self, digest: &str) -> Result<Option<DateTime<Utc>>> {
        const GET: &str = "select max(slot) from issues where digest = $1";
        let slot: Option<i64> = on!(self, pool => sqlx::query_scalar(GET).bind(digest).fetch_one(pool).await?);
        Ok(slot.map(at))
    }

    /// Languages that confirmed, unsuppressed subscribers of the digest named, each once, sorted, and how many readers there are in all.
    pub async fn audience(&self, digest: &str) -> Result<(Vec<String>, u64)> {
        const GET: &str = readers!(
            "select s.language, count(*) as readers",
            "where n.digest = $1 and n.state = 'confirmed' and x.hash is null group by s.language"
        );
        let rows: Vec<(Option<String>, i64)> =
            on!(self, pool => sqlx::query_as(GET).bind(digest).fetch_all(pool).await?);
        let readers = rows.iter().map(|row| count(row.1)).sum();
        let mut languages: Vec<String> = rows.into_iter().filter_map(|row| row.0).collect();
        languages.sort();
        Ok((languages, readers))
    }
}

/// Rows, digest, issue, now. What was announced before stays with its issue.
pub(super) const ANNOUNCE: &str = "
    insert into announcements (digest, post, issue, position, announced_at)
    select $2, r.value ->> 'post', $3, cast(r.value ->> 'position' as bigint), $4 from {rows} as r where true
    on conflict (digest, post) do nothing";

/// Rows of announcements, in an order that is the same for every machine (see `save_posts`).
pub(super) fn announced(posts: &[PostId]) -> String {
    let mut rows: Vec<Announced<'_>> =
        posts.iter().enumerate().map(|(position, post)| Announced { post, position }).collect();
    rows.sort_by(|a, b| a.post.cmp(b.post));
    json(&rows)
}
