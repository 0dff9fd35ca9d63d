//! Posts as they were last seen.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::digests::{ANNOUNCE, announced};
use super::{Result, Store, json, ms};
use crate::crypto;
use crate::post::id::{Doubt, Known};

/// Rows a statement: a few megabytes of parameters at most.
pub(super) const CHUNK: usize = 1000;

#[derive(Serialize)]
struct PostIn<'a> {
    id: &'a str,
    path: &'a str,
    url: &'a str,
    title: &'a str,
    published: Option<i64>,
    source_hash: &'a str,
    own_id: Option<&'a str>,
    gone: i64,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

#[derive(sqlx::FromRow)]
struct PostOut {
    id: String,
    path: String,
    url: String,
    title: String,
    published: Option<i64>,
    source_hash: String,
    own_id: Option<String>,
    gone: i64,
}

impl Store {
    /// Everything known of posts.
    pub async fn known_posts(&self) -> Result<Vec<Known>> {
        const ALL: &str = "select id, path, url, title, published, source_hash, own_id, gone from posts order by id";
        let rows: Vec<PostOut> = on!(self, pool => sqlx::query_as(ALL).fetch_all(pool).await?);
        Ok(rows
            .into_iter()
            .map(|row| Known {
                id: row.id,
                path: row.path,
                url: row.url,
                title: row.title,
                published: row.published,
                source_hash: row.source_hash,
                own_id: row.own_id,
                gone: row.gone != 0,
            })
            .collect())
    }

    /// Which state [`Store::known_posts`] are in. Asked before them it is never newer than they are.
    pub async fn posts_version(&self) -> Result<String> {
        const GET: &str = "select value from meta where name = 'posts'";
        Ok(on!(self, pool => sqlx::query_scalar(GET).fetch_one(pool).await?))
    }

    /// Inserts or updates; rows not named stay (a deleted file may come back). Where an `old` post of a doubt was announced,
    /// its `new` ones are, without a mail. All of it or nothing; gives the version that the posts are then in. `None`: they are
    /// not in `version` any more, somebody else saved meanwhile; nothing was written.
    pub async fn save_posts(
        &self,
        posts: &[Known],
        doubts: &[Doubt],
        version: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>> {
        const NEXT: &str = "update meta set value = $1 where name = 'posts' and value = $2";
        const SAVE: &str = "
            insert into posts (id, path, url, title, published, source_hash, own_id, gone, changed_at)
            select r.value ->> 'id', r.value ->> 'path', r.value ->> 'url', r.value ->> 'title',
                cast(r.value ->> 'published' as bigint), r.value ->> 'source_hash', r.value ->> 'own_id',
                cast(r.value ->> 'gone' as bigint), $2
            from {rows} as r where true
            on conflict (id) do update set path = excluded.path, url = excluded.url, title = excluded.title,
                published = excluded.published, source_hash = excluded.source_hash, own_id = excluded.own_id,
                gone = excluded.gone, changed_at = excluded.changed_at";
        const TOLD: &str = "
            select distinct a.digest from {rows} as r join announcements a on a.post = r.value ->> 'id' order by a.digest";
        // The last of several with one id wins, as it would row by row.
        let posts: std::collections::BTreeMap<&str, &Known> =
            posts.iter().map(|post| (post.id.as_str(), post)).collect();
        let rows: Vec<PostIn<'_>> = posts
            .into_values()
            .map(|post| PostIn {
                id: &post.id,
                path: &post.path,
                url: &post.url,
                title: &post.title,
                published: post.published,
                source_hash: &post.source_hash,
                own_id: post.own_id.as_deref(),
                gone: i64::from(post.gone),
            })
            .collect();
        let next = crypto::new_id();
        unit!(self, tx => {
            // First of all, so that two machines that save at once take turns.
            if sqlx::query(NEXT).bind(&next).bind(version).execute(&mut *tx).await?.rows_affected() == 0 {
                return Ok(None);
            }
            for rows in rows.chunks(CHUNK) {
                sqlx::query(self.sql(SAVE)).bind(json(rows)).bind(ms(now)).execute(&mut *tx).await?;
            }
            for doubt in doubts {
                let old: Vec<Named<'_>> = doubt.old.iter().map(|id| Named { id }).collect();
                let told: Vec<String> = sqlx::query_scalar(self.sql(TOLD)).bind(json(&old)).fetch_all(&mut *tx).await?;
                for digest in told {
                    let new = announced(&doubt.new);
                    sqlx::query(self.sql(ANNOUNCE)).bind(new).bind(digest).bind(None::<&str>).bind(ms(now)).execute(&mut *tx).await?;
                }
            }
            Some(next.clone())
        })
    }
}
