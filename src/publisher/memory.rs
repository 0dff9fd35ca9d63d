//! What feeds held when they were last published: who is gone since then, and what became of feeds that are no more. The store
//! keeps it, so that what happens while no daemon runs is noticed too.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::feed::past::{Folders, Past};
use crate::feed::{Gone, Held};
use crate::library::Library;
use crate::post::id::PostId;
use crate::store::{Listed, Store};

/// See the module; read from the store when it is first needed.
#[derive(Debug, Default)]
pub struct Memory(Option<Known>);

#[derive(Debug)]
struct Known {
    listed: HashMap<PostId, Listed>,
    past: Arc<Past>,
    /// Does `past` hold only what is no more?
    is_current: bool,
}

impl Memory {
    async fn known(&mut self, store: &Store) -> anyhow::Result<&mut Known> {
        let known = match self.0.take() {
            Some(known) => known,
            None => Known {
                listed: store.listed().await?.into_iter().map(|listed| (listed.post.clone(), listed)).collect(),
                past: Arc::new(Past::new(store.withdrawn().await?)),
                is_current: false,
            },
        };
        Ok(self.0.insert(known))
    }

    /// Posts that feeds held and that `library` has no more, each with since when. Who is `unread` may come back any moment.
    pub async fn gone(
        &mut self,
        store: &Store,
        library: &Library,
        unread: &HashSet<PostId>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<Gone>> {
        let known = self.known(store).await?;
        let dated = || library.posts.iter().filter(|post| post.published.is_some());
        // Mostly all are still there.
        if dated().filter(|post| known.listed.contains_key(&post.id)).count() == known.listed.len() {
            return Ok(Vec::new());
        }
        let present: HashSet<&str> = dated().map(|post| post.id.as_str()).collect();
        let lost = known.listed.values().filter(|listed| !present.contains(listed.post.as_str()));
        let gone =
            lost.filter(|listed| listed.gone_at.is_some() || !unread.contains(&listed.post)).map(|listed| Gone {
                id: listed.post.clone(),
                folders: listed.folders.clone(),
                published: listed.published,
                at: listed.gone_at.unwrap_or(now),
            });
        Ok(gone.collect())
    }

    /// Takes in that feeds hold these posts now; what is new is in the store when this returns. Gives what became of feeds.
    pub async fn keep(
        &mut self,
        store: &Store,
        held: &[Held],
        gone: &[Gone],
        unread: &HashSet<PostId>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Arc<Past>> {
        let known = self.known(store).await?;
        let mut changed: Vec<Listed> = Vec::new();
        for Held { id, folders, published } in held {
            // As the store keeps it.
            let published = DateTime::from_timestamp_millis(published.timestamp_millis()).unwrap_or_default();
            let is_same = known.listed.get(id).is_some_and(|listed| {
                listed.gone_at.is_none()
                    && listed.published == published
                    && listed.folders.len() == folders.len()
                    && listed.folders.iter().zip(folders).all(|(before, now)| *before == **now)
            });
            if !is_same {
                let folders = folders.iter().map(|folder| (**folder).to_owned()).collect();
                changed.push(Listed { post: id.clone(), folders, published, gone_at: None });
            }
        }
        for gone in gone.iter().filter(|gone| known.listed.get(&gone.id).is_some_and(|listed| listed.gone_at.is_none()))
        {
            let (folders, published) = (gone.folders.clone(), gone.published);
            changed.push(Listed { post: gone.id.clone(), folders, published, gone_at: Some(gone.at) });
        }
        // At the start too: what the store has of feeds that are back is of no use.
        if changed.is_empty() && known.is_current {
            return Ok(Arc::clone(&known.past));
        }
        let before: Folders = known
            .listed
            .values()
            .filter(|listed| listed.gone_at.is_none())
            .map(|listed| (listed.post.clone(), listed.folders.iter().map(|folder| folder.as_str().into()).collect()))
            .collect();
        let after: Folders = held.iter().map(|held| (held.id.clone(), held.folders.clone())).collect();
        let mut past = Past::clone(&known.past);
        let withdrawn = past.change(&before, &after, &unread.iter().map(String::as_str).collect());
        if !changed.is_empty() || !withdrawn.is_empty() {
            store.save_listed(&changed, &withdrawn, now).await?;
        }
        for (folder, moved_to) in &withdrawn {
            tracing::info!(folder, moved_to, "a feed is no more");
        }
        known.listed.extend(changed.into_iter().map(|listed| (listed.post.clone(), listed)));
        known.past = Arc::new(past);
        known.is_current = true;
        Ok(Arc::clone(&known.past))
    }
}
