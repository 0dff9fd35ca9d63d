//! Pictures that mails show: kept for as long as the mails may be opened, on whichever machine the request comes to.

use super::{Result, Store, ms};
use crate::digest::picture::{Kind, Picture};
use chrono::{DateTime, Utc};

#[derive(sqlx::FromRow)]
struct PictureOut {
    id: String,
    kind: String,
    width: i64,
    height: i64,
    bytes: Vec<u8>,
}

impl Store {
    /// Keeps a picture. One that is there already stays.
    pub async fn keep_picture(&self, picture: &Picture, now: DateTime<Utc>) -> Result<()> {
        const PUT: &str =
            "insert into pictures (id, kind, width, height, bytes, created_at) values ($1, $2, $3, $4, $5, $6)
            on conflict (id) do nothing";
        on!(self, pool => {
            sqlx::query(PUT)
            .bind(&picture.key)
            .bind(picture.kind.extension())
            .bind(i64::from(picture.width))
            .bind(i64::from(picture.height))
            .bind(picture.bytes.as_slice())
            .bind(ms(now))
            .execute(pool)
            .await?;
        });
        Ok(())
    }

    /// What the picture of that key is, and the size at which it is shown.
    pub async fn picture_head(&self, key: &str) -> Result<Option<(Kind, u32, u32)>> {
        const GET: &str = "select kind, width, height from pictures where id = $1";
        let row: Option<(String, i64, i64)> =
            on!(self, pool => sqlx::query_as(GET).bind(key).fetch_optional(pool).await?);
        Ok(row.and_then(|(kind, width, height)| {
            let kind = Kind::ALL.into_iter().find(|known| known.extension() == kind)?;
            Some((kind, u32::try_from(width).ok()?, u32::try_from(height).ok()?))
        }))
    }

    /// The picture of that key.
    pub async fn picture(&self, key: &str) -> Result<Option<Picture>> {
        const GET: &str = "select id, kind, width, height, bytes from pictures where id = $1";
        let row: Option<PictureOut> = on!(self, pool => sqlx::query_as(GET).bind(key).fetch_optional(pool).await?);
        Ok(row.and_then(|row| {
            Some(Picture {
                kind: Kind::ALL.into_iter().find(|kind| kind.extension() == row.kind)?,
                width: u32::try_from(row.width).ok()?,
                height: u32::try_from(row.height).ok()?,
                key: row.id,
                bytes: row.bytes,
            })
        }))
    }
}
