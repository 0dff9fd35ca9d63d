//! The pictures of an Issue's posts, made fit for mail and kept where the web server finds them.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::digest::picture::{self, Picture, Pictures, Place};
use crate::digest::{Digest, render};
use crate::library::Bodies;
use crate::post::FullPost;
use crate::problem::Problem;
use crate::site::Site;
use crate::store::Store;

/// Pictures of one Issue; what comes behind stays where it is.
const MOST: usize = 100;

/// What `posts` show in mails of `digest`. Pictures are kept in `store`; without one (somebody only looks) they are handed to
/// `seen`. A picture that cannot be had stays where it is, with a Problem.
pub async fn pictures(
    bodies: &Bodies,
    site: &Site,
    digest: &Digest,
    posts: &[FullPost],
    store: Option<(&Store, DateTime<Utc>)>,
    mut seen: impl FnMut(&Picture),
) -> anyhow::Result<Pictures> {
    let mut pictures = Pictures::default();
    let mut known = BTreeSet::new();
    let mut wanted = render::pictures(site, digest, posts);
    wanted.retain(|(_, address)| known.insert(address.clone()));
    for (post, address) in wanted.into_iter().take(MOST) {
        let (bodies, page, at) = (bodies.clone(), Arc::clone(&posts[post].page), address.clone());
        let read = tokio::task::spawn_blocking(move || bodies.picture(&page, &at, picture::LARGEST));
        let Some(bytes) = read.await.context("reading a picture ended early")? else { continue };
        match picture::fit(bytes) {
            Ok(picture) => {
                if let Some((store, now)) = store {
                    store.keep_picture(&picture, now).await?;
                }
                seen(&picture);
                let name = format!("pictures/{}.{}", picture.key, picture.kind.extension());
                let url = format!("{}{name}", digest.public_url);
                pictures.insert(&address, Place { url, width: picture.width, height: picture.height });
            }
            Err(what) => {
                let hint = "mails link to it where it is; clients that do not know it show its alternative text";
                let what = format!("the picture {address} {what}");
                pictures.problems.push(Problem::warning(&posts[post].path, None, what, hint));
            }
        }
    }
    Ok(pictures)
}
