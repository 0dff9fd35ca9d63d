//! Feeds as the world reads them: seven independent parsers and validators, over hostile posts and over a real site; how
//! they are served; how the publisher keeps them; how `build` writes them.

mod agreement;
mod checked;
mod classes;
mod history;
pub mod hostile;
mod leaks;
mod mutation;
mod mutations;
mod nginx;
mod noise;
mod publishing;
mod serving;
mod sites;
mod websub;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use postrider::feed::{self, Document, Feeds, Listing, Settings};
use postrider::library::Library;
use postrider::post::body::{Bodies, Shown};
use postrider::post::{FullPost, Post};
use postrider::problem::Problem;
use postrider::site::Site;

/// What posts show that were made by hand.
struct Given {
    shown: HashMap<String, Arc<Shown>>,
    read: Cell<usize>,
}

impl Bodies for Given {
    fn full(&self, posts: &[Arc<Post>]) -> Result<Vec<FullPost>, Problem> {
        self.read.set(self.read.get() + posts.len());
        let full = |post: &Arc<Post>| FullPost { post: Arc::clone(post), shown: Arc::clone(&self.shown[&post.id]) };
        Ok(posts.iter().map(full).collect())
    }
}

fn documents(site: &Site, posts: &[FullPost], settings: &Settings) -> (Vec<Document>, Vec<Listing>) {
    let (feeds, _) = made(site, posts, settings, &[]);
    (feeds.documents, feeds.listings)
}

/// What is made where there is `kept` already, and how many posts are read for it.
fn made(site: &Site, posts: &[FullPost], settings: &Settings, kept: &[Document]) -> (Feeds, usize) {
    let shown = posts.iter().map(|full| (full.id.clone(), Arc::clone(&full.shown))).collect();
    let bodies = Given { shown, read: Cell::default() };
    let posts: Vec<Arc<Post>> = posts.iter().map(|full| Arc::clone(&full.post)).collect();
    let kept = kept.iter().map(|document| (document.path.clone(), document.made_of)).collect();
    let feeds = feed::documents(site, &posts, settings, &bodies, &kept).expect("bodies");
    (feeds, bodies.read.get())
}

fn of_library(library: &Library, settings: &Settings) -> (Vec<Document>, Vec<Listing>) {
    let feeds = feed::documents(&library.site, &library.posts, settings, &library.bodies, &BTreeMap::new());
    let feeds = feeds.expect("bodies");
    (feeds.documents, feeds.listings)
}
