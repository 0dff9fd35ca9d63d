//! The pictures of an Issue's posts, made fit for mail and kept where the web server finds them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::digest::picture::{self, Kind, Picture, Pictures, Place};
use crate::digest::{Digest, render};
use crate::imaging;
use crate::library::Bodies;
use crate::post::FullPost;
use crate::problem::{CONFIGURATION, Problem};
use crate::site::Site;
use crate::store::Store;

/// Pictures of one Issue; what comes behind stays where it is.
const MOST: usize = 100;
/// For making over the pictures of one Issue. What was made is kept, so that the next try goes on from there.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the pictures go.
#[derive(Clone, Copy)]
pub enum Keep<'a> {
    /// Into the store, from which the web server shows them. One that is there already is not made again.
    In(&'a Store, DateTime<Utc>),
    /// To whoever only looks: each is handed over, made or found.
    Beside(Option<&'a Store>),
}

/// What `posts` show in mails of `digest`. Pictures are kept as `keep` says, and those of [`Keep::Beside`] handed to `seen`. A picture
/// that cannot be had stays where it is, with a Problem.
pub async fn pictures(
    bodies: &Bodies,
    site: &Site,
    digest: &Digest,
    posts: &[FullPost],
    keep: Keep<'_>,
    mut seen: impl FnMut(&Picture),
) -> anyhow::Result<Pictures> {
    let until = Instant::now() + PATIENCE;
    let mut pictures = Pictures::default();
    let mut known = BTreeSet::new();
    let mut wanted = render::pictures(site, digest, posts);
    wanted.retain(|(_, address)| known.insert(address.clone()));
    for (post, address) in wanted.into_iter().take(MOST) {
        // The logo is of no post: whoever wrote the configuration named it.
        let page = post.map_or_else(Arc::default, |post| Arc::clone(&posts[post].page));
        let named_in = if post.is_some() { page.path.clone() } else { CONFIGURATION.to_owned() };
        let (bodies, at) = (bodies.clone(), address.clone());
        let read = tokio::task::spawn_blocking(move || {
            let bytes = bodies.picture(&page, &at, picture::LARGEST);
            let lacks = bytes.is_none() && bodies.lacks(&page, &at);
            (bytes, lacks)
        });
        let (bytes, lacks) = read.await.context("reading a picture ended early")?;
        if lacks {
            let what = format!("the picture {address} is not in the site");
            let hint = "put the file there, or look at the path";
            pictures.problems.push(Problem::warning(&named_in, None, what, hint));
        }
        let Some(bytes) = bytes else { continue };
        let found = match keep {
            _ if bytes.len() as u64 > picture::LARGEST => Err("is larger than 20 MB: save it smaller".to_owned()),
            Keep::In(store, now) => kept(store, bytes, until, now).await?.map(|shape| place(digest, &shape)),
            Keep::Beside(store) => {
                let found = match store {
                    Some(store) => store.picture(&picture::key(&bytes)).await?,
                    None => None,
                };
                let picture = match found {
                    Some(picture) => Ok(picture),
                    None => fit(bytes, until).await?,
                };
                picture.map(|picture| {
                    seen(&picture);
                    place(digest, &Shape::of(&picture))
                })
            }
        };
        match found {
            Ok(place) => pictures.insert(&address, place),
            Err(what) => {
                let (what, remedy) = what.split_once(": ").unwrap_or((&what, "save it as JPEG or PNG"));
                let hint = format!(
                    "{remedy}; until then mails link to it where it is, and clients that do not know it show its alternative text"
                );
                let what = format!("the picture {address} {what}");
                pictures.problems.push(Problem::warning(&named_in, None, what, hint));
            }
        }
    }
    Ok(pictures)
}

/// What an address and its `<img>` are made of.
struct Shape {
    key: String,
    kind: Kind,
    width: u32,
    height: u32,
}

impl Shape {
    fn of(picture: &Picture) -> Self {
        Self { key: picture.key.clone(), kind: picture.kind, width: picture.width, height: picture.height }
    }
}

/// The picture of `bytes`, which is in the store from now on.
async fn kept(
    store: &Store,
    bytes: Vec<u8>,
    until: Instant,
    now: DateTime<Utc>,
) -> anyhow::Result<Result<Shape, String>> {
    let key = picture::key(&bytes);
    if let Some((kind, width, height)) = store.picture_head(&key).await? {
        return Ok(Ok(Shape { key, kind, width, height }));
    }
    let picture = match fit(bytes, until).await? {
        Ok(picture) => picture,
        Err(why) => return Ok(Err(why)),
    };
    store.keep_picture(&picture, now).await?;
    Ok(Ok(Shape::of(&picture)))
}

/// The picture of `bytes`, made over where it has to be and there is time for it.
async fn fit(bytes: Vec<u8>, until: Instant) -> anyhow::Result<Result<Picture, String>> {
    let bytes = match picture::as_it_is(bytes) {
        Ok(picture) => return Ok(Ok(picture)),
        Err(bytes) => bytes,
    };
    if Instant::now() >= until {
        let why = "comes behind others that took a minute to be made over: save them smaller, as JPEG or PNG";
        return Ok(Err(why.to_owned()));
    }
    tokio::task::spawn_blocking(move || imaging::fit(bytes)).await.context("making a picture over ended early")
}

fn place(digest: &Digest, shape: &Shape) -> Place {
    let url = format!("{}pictures/{}.{}", digest.public_url, shape.key, shape.kind.extension());
    Place { url, width: shape.width, height: shape.height }
}
