//! Feeds as they were last published: since when each document has its bytes, which posts each held, what became of those that
//! are no more, and what hubs were told.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::posts::CHUNK;
use super::{Result, Store, at, json, ms};

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

/// A post that feeds hold, or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its permanent id.
    pub post: String,
    /// Folders of the feeds that it is in, or was in last, decoded; the site's own is not among them.
    pub folders: Vec<String>,
    /// When it was published; a millisecond's precision.
    pub published: DateTime<Utc>,
    /// Since when no feed has it.
    pub gone_at: Option<DateTime<Utc>>,
}

/// A feed of which a hub is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// Its address.
    pub hub: String,
    /// [`crate::feed::Document::path`]
    pub path: String,
    /// SHA-256 of the bytes that are news, hexadecimal.
    pub hash: String,
    /// How often this was tried, this time included.
    pub attempts: u32,
}

#[derive(Serialize)]
struct Version<'a> {
    path: &'a str,
    hash: &'a str,
}

#[derive(Serialize)]
struct ListedIn<'a> {
    post: &'a str,
    folders: String,
    published: i64,
    gone_at: Option<i64>,
}

#[derive(Serialize)]
struct WithdrawnIn<'a> {
    folder: &'a str,
    moved_to: Option<&'a str>,
}

#[derive(Serialize)]
struct PingIn<'a> {
    hub: &'a str,
    path: &'a str,
    hash: &'a str,
}

impl Store {
    /// Since when each document has its bytes: keeps the time of those whose hash is known, gives `now` to the others, and at
    /// least a second more than they had, for HTTP tells no two times apart that are closer. Returns all of `documents` (path,
    /// hash) in their order.
    pub async fn feed_versions(&self, documents: &[(String, String)], now: DateTime<Utc>) -> Result<Vec<FeedVersion>> {
        const SAVE: &str = "
            insert into feed_versions (path, hash, changed_at)
            select r.value ->> 'path', r.value ->> 'hash', $2 from {rows} as r where true
            on conflict (path) do update set hash = excluded.hash,
                changed_at = case when feed_versions.changed_at + 1000 > excluded.changed_at
                    then feed_versions.changed_at + 1000 else excluded.changed_at end
            where feed_versions.hash <> excluded.hash";
        const GET: &str = "
            select f.path, f.changed_at from {rows} as r join feed_versions f on f.path = r.value ->> 'path'";
        let sorted: BTreeMap<&str, &str> =
            documents.iter().map(|(path, hash)| (path.as_str(), hash.as_str())).collect();
        let rows: Vec<Version<'_>> = sorted.into_iter().map(|(path, hash)| Version { path, hash }).collect();
        let times = unit!(self, tx => {
            let mut times = HashMap::with_capacity(rows.len());
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

    /// The versions that are known, of every document that ever was, by path.
    pub async fn known_versions(&self) -> Result<HashMap<String, FeedVersion>> {
        const ALL: &str = "select path, hash, changed_at from feed_versions";
        let rows: Vec<(String, String, i64)> = on!(self, pool => sqlx::query_as(ALL).fetch_all(pool).await?);
        let version = |(path, hash, changed_at): (String, String, i64)| {
            (path.clone(), FeedVersion { path, hash, changed_at: at(changed_at) })
        };
        Ok(rows.into_iter().map(version).collect())
    }

    /// Every post that feeds hold or held, by id.
    pub async fn listed(&self) -> Result<Vec<Listed>> {
        const ALL: &str = "select post, folders, published, gone_at from listed order by post";
        type Row = (String, String, i64, Option<i64>);
        let rows: Vec<Row> = on!(self, pool => sqlx::query_as(ALL).fetch_all(pool).await?);
        let listed = |(post, folders, published, gone_at): Row| Listed {
            post,
            folders: serde_json::from_str(&folders).unwrap_or_default(),
            published: at(published),
            gone_at: gone_at.map(at),
        };
        Ok(rows.into_iter().map(listed).collect())
    }

    /// Folders of feeds that are no more, each with the one that has its posts now.
    pub async fn withdrawn(&self) -> Result<Vec<(String, Option<String>)>> {
        const ALL: &str = "select folder, moved_to from withdrawn order by folder";
        Ok(on!(self, pool => sqlx::query_as(ALL).fetch_all(pool).await?))
    }

    /// Keeps what changed of both. All of it or nothing.
    pub async fn save_listed(
        &self,
        posts: &[Listed],
        withdrawn: &[(String, Option<String>)],
        now: DateTime<Utc>,
    ) -> Result<()> {
        const LISTED: &str = "
            insert into listed (post, folders, published, gone_at)
            select r.value ->> 'post', r.value ->> 'folders', cast(r.value ->> 'published' as bigint),
                cast(r.value ->> 'gone_at' as bigint)
            from {rows} as r where true
            on conflict (post) do update set folders = excluded.folders, published = excluded.published,
                gone_at = excluded.gone_at";
        const WITHDRAWN: &str = "
            insert into withdrawn (folder, moved_to, withdrawn_at)
            select r.value ->> 'folder', r.value ->> 'moved_to', $2 from {rows} as r where true
            on conflict (folder) do update set moved_to = excluded.moved_to, withdrawn_at = excluded.withdrawn_at";
        let posts: BTreeMap<&str, &Listed> = posts.iter().map(|listed| (listed.post.as_str(), listed)).collect();
        let posts: Vec<ListedIn<'_>> = posts
            .into_values()
            .map(|listed| ListedIn {
                post: &listed.post,
                folders: json(&listed.folders),
                published: ms(listed.published),
                gone_at: listed.gone_at.map(ms),
            })
            .collect();
        let folders: BTreeMap<&str, Option<&str>> =
            withdrawn.iter().map(|(folder, moved_to)| (folder.as_str(), moved_to.as_deref())).collect();
        let folders: Vec<WithdrawnIn<'_>> =
            folders.into_iter().map(|(folder, moved_to)| WithdrawnIn { folder, moved_to }).collect();
        unit!(self, tx => {
            for rows in posts.chunks(CHUNK) {
                sqlx::query(self.sql(LISTED)).bind(json(rows)).execute(&mut *tx).await?;
            }
            for rows in folders.chunks(CHUNK) {
                sqlx::query(self.sql(WITHDRAWN)).bind(json(rows)).bind(ms(now)).execute(&mut *tx).await?;
            }
        })
    }

    /// Takes those of `news` (hub, path, hash) that the hub was not told of and that are due: nobody else gets them before
    /// `until`. What is seen for the first time counts as told. In the order of hubs and paths.
    pub async fn take_pings(
        &self,
        news: &[(String, String, String)],
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<Ping>> {
        const FIRST: &str = "
            insert into pings (hub, path, hash, told, attempts, due_at)
            select r.value ->> 'hub', r.value ->> 'path', r.value ->> 'hash', 1, 0, 0 from {rows} as r where true
            on conflict (hub, path) do nothing";
        // Other bytes than those that could not be told of are other news: they need not wait.
        const TAKE: &str = "
            insert into pings (hub, path, hash, told, attempts, due_at)
            select r.value ->> 'hub', r.value ->> 'path', r.value ->> 'hash', 0, 1, $3 from {rows} as r where true
            on conflict (hub, path) do update set hash = excluded.hash, told = 0, due_at = excluded.due_at,
                attempts = case when pings.hash = excluded.hash then pings.attempts + 1 else 1 end
            where pings.hash <> excluded.hash or (pings.told = 0 and pings.due_at <= $2)
            returning hub, path, hash, attempts";
        let sorted: BTreeMap<(&str, &str), &str> =
            news.iter().map(|(hub, path, hash)| ((hub.as_str(), path.as_str()), hash.as_str())).collect();
        let rows: Vec<PingIn<'_>> = sorted.into_iter().map(|((hub, path), hash)| PingIn { hub, path, hash }).collect();
        let taken = unit!(self, tx => {
            let mut taken: Vec<(String, String, String, i64)> = Vec::new();
            for rows in rows.chunks(CHUNK) {
                let rows = json(rows);
                sqlx::query(self.sql(FIRST)).bind(&rows).execute(&mut *tx).await?;
                let take = sqlx::query_as(self.sql(TAKE)).bind(rows).bind(ms(now)).bind(ms(until));
                taken.extend(take.fetch_all(&mut *tx).await?);
            }
            taken
        })?;
        let ping = |(hub, path, hash, attempts): (String, String, String, i64)| Ping {
            hub,
            path,
            hash,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        };
        let mut taken: Vec<Ping> = taken.into_iter().map(ping).collect();
        taken.sort_by(|a, b| (&a.hub, &a.path).cmp(&(&b.hub, &b.path)));
        Ok(taken)
    }

    /// The hub knows of it now, or (`again`) is to be told then.
    pub async fn settle_ping(&self, ping: &Ping, again: Option<DateTime<Utc>>) -> Result<()> {
        const SET: &str = "update pings set told = $4, due_at = $5 where hub = $1 and path = $2 and hash = $3";
        on!(self, pool => {
            sqlx::query(SET)
                .bind(&ping.hub)
                .bind(&ping.path)
                .bind(&ping.hash)
                .bind(i64::from(again.is_none()))
                .bind(again.map_or(0, ms))
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// When the next of those that failed is due.
    pub async fn next_ping(&self) -> Result<Option<DateTime<Utc>>> {
        const NEXT: &str = "select min(due_at) from pings where told = 0";
        let next: Option<i64> = on!(self, pool => sqlx::query_scalar(NEXT).fetch_one(pool).await?);
        Ok(next.map(at))
    }
}
