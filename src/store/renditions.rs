//! Renditions: each mail as all of its readers get it.

use super::{Error, Result, Store, clean, json};
use crate::crypto;
use crate::delivery::Kind;
use crate::digest::{Hole, Mailbox, Rendition};

/// A row of `renditions`.
#[derive(sqlx::FromRow)]
struct RenditionOut {
    id: String,
    kind: String,
    digest: String,
    language: String,
    from_name: String,
    from_address: String,
    reply_name: Option<String>,
    reply_address: Option<String>,
    subject: String,
    html: String,
    plain: String,
}

macro_rules! select_renditions {
    ($tail:literal) => {
        concat!(
            "select id, kind, digest, language, from_name, from_address, reply_name, reply_address, subject, html, plain
            from renditions ",
            $tail
        )
    };
}

impl Store {
    /// The Renditions of an Issue in the order of [`super::NewIssue::renditions`], for the web copy.
    pub async fn issue_renditions(&self, issue: &str) -> Result<Vec<Rendition>> {
        const GET: &str = select_renditions!("where issue = $1 order by position");
        let rows: Vec<RenditionOut> = on!(self, pool => sqlx::query_as(GET).bind(issue).fetch_all(pool).await?);
        rows.into_iter().map(Rendition::try_from).collect()
    }

    /// The Rendition of a Delivery.
    pub async fn rendition(&self, id: &str) -> Result<Option<Rendition>> {
        const GET: &str = select_renditions!("where id = $1");
        let row: Option<RenditionOut> = on!(self, pool => sqlx::query_as(GET).bind(id).fetch_optional(pool).await?);
        row.map(Rendition::try_from).transpose()
    }
}

impl TryFrom<RenditionOut> for Rendition {
    type Error = Error;

    fn try_from(row: RenditionOut) -> Result<Self> {
        Ok(Self {
            kind: Kind::parse(&row.kind).ok_or_else(|| Error::row("kind of mail", &row.kind))?,
            from: Mailbox { name: row.from_name, address: row.from_address },
            reply_to: row.reply_address.map(|address| Mailbox { name: row.reply_name.unwrap_or_default(), address }),
            id: row.id,
            digest: row.digest,
            language: row.language,
            subject: row.subject,
            html: row.html,
            text: row.plain,
        })
    }
}

/// What two Renditions of one content share: a hash of everything but the id, which is in the marks of its holes too.
pub(super) fn content_hash(rendition: &Rendition) -> String {
    let own = |text: &str| {
        Hole::ALL.into_iter().fold(clean(text), |text, hole| text.replace(&hole.mark(&rendition.id), &hole.mark("")))
    };
    let reply = rendition.reply_to.as_ref();
    let parts = [
        rendition.kind.as_str().to_owned(),
        rendition.digest.clone(),
        rendition.language.clone(),
        rendition.from.name.clone(),
        rendition.from.address.clone(),
        reply.map(|reply| reply.name.clone()).unwrap_or_default(),
        reply.map(|reply| reply.address.clone()).unwrap_or_default(),
        own(&rendition.subject),
        own(&rendition.html),
        own(&rendition.text),
    ];
    crypto::sha256_hex(json(&parts).as_bytes())
}
