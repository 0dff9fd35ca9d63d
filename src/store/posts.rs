//! Posts as they were last seen, and since when each feed has its bytes.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::digests::{ANNOUNCE, announced};
use super::{Result, Store, at, json, ms};
use crate::crypto;
use crate::post::id::{Doubt, Known};

/// Rows a statement: a few megabytes of parameters at most.
const CHUNK: usize = 1000;

/// A document's bytes and since when they are what they are (Last-Modified).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedVersion {
    /// [`crate::feed::Document::path`].
    pub path: String,
    /// SHA-256 of the body, hexadecimal.
    pub hash: String,
    /// Since when.
    pub changed_at: DateTime<Utc>,
}

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

#[derive(Serialize)]
struct Document<'a> {
    path: &'a str,
    hash: &'a str,
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

    /// Since when each document has its bytes: keeps the time of those whose hash is known, gives `now` to the others
    /// (never earlier than before), returns all of `documents` (path, hash) in order.
    pub async fn feed_versions(&self, documents: &[(String, String)], now: DateTime<Utc>) -> Result<Vec<FeedVersion>> {
        const SAVE: &str = "
            insert into feed_versions (path, hash, changed_at)
            select r.value ->> 'path', r.value ->> 'hash', $2 from {rows} as r where true
            on conflict (path) do update set hash = excluded.hash,
                changed_at = case when feed_versions.changed_at > excluded.changed_at
                    then feed_versions.changed_at else excluded.changed_at end
            where feed_versions.hash <> excluded.hash";
        const GET: &str = "
            select f.path, f.changed_at from {rows} as r join feed_versions f on f.path = r.value ->> 'path'";
        let sorted: std::collections::BTreeMap<&str, &str> =
            documents.iter().map(|(path, hash)| (path.as_str(), hash.as_str())).collect();
        let rows: Vec<Document<'_>> = sorted.into_iter().map(|(path, hash)| Document { path, hash }).collect();
        let times = unit!(self, tx => {
            let mut times = std::collections::HashMap::with_capacity(rows.len());
            for rows in rows.chunks(CHUNK) {
                let rows = json(rows);
                sqlx::query(self.sql(SAVE)).bind(&rows).bind(ms(now)).execute(&mut *tx).await?;
                let found: Vec<(String, i64)> = sqlx::query_as(self.sql(GET)).bind(&rows).fetch_all(&mut *tx).await?;
                times.extend(found);
            }
            times
        })?;
        Ok(documents
            .iter()
            .map(|(path, hash)| FeedVersion {
                path: path.clone(),
                hash: hash.clone(),
                changed_at: times.get(path).map_or(now, |time| at(*time)),
            })
            .collect())
    }
}
