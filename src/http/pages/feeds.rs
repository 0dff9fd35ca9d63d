//! `/feeds/`: every feed with its addresses, what is in it, and how a site's own pages name it.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::{COPY, Page};
use crate::feed::{Family, Listing, entry, text};
use crate::http::error::Failure;
use crate::http::visitor::Visitor;
use crate::http::{App, POLICY, Web};
use crate::post::Post;
use crate::site::Site;
use crate::template::direction;

/// A feed as the pages show it.
#[derive(serde::Serialize)]
pub struct FeedView {
    title: String,
    posts: usize,
    rss: String,
    atom: String,
    json: String,
    lang: String,
    dir: &'static str,
}

impl FeedView {
    fn new(app: &App, listing: &Listing) -> Self {
        let at = |name: &str| format!("{}{}{name}", app.settings.public_url, listing.folder);
        // A language that we speak is called what its readers call it.
        let language = &listing.language;
        let spoken = listing.family == Some(Family::Language) && app.templates.nearest(language) == *language;
        let name = spoken.then(|| app.templates.message(language, "language-name", &[]));
        Self {
            title: name.unwrap_or_else(|| listing.title.clone()),
            posts: listing.posts,
            rss: at("rss.xml"),
            atom: at("atom.xml"),
            json: at("feed.json"),
            lang: listing.language.clone(),
            dir: direction(&listing.language),
        }
    }
}

/// The feed of all there is.
pub fn whole(app: &App) -> Option<FeedView> {
    app.published.load().listings.iter().find(|listing| listing.family.is_none()).map(|all| FeedView::new(app, all))
}

#[derive(serde::Serialize)]
struct Feeds {
    feed: Option<FeedView>,
    groups: Vec<Group>,
    /// What is in the feed of all there is.
    newest: Vec<PostView>,
    /// Address of the OPML file, where there is one.
    opml: Option<String>,
    /// Version of the script.
    copy: &'static str,
}

/// A post by its title.
#[derive(serde::Serialize)]
struct PostView {
    url: String,
    title: String,
    /// RFC 3339, in the offset in which it was written.
    at: String,
    lang: String,
    dir: &'static str,
}

impl PostView {
    /// `None`: it is in no feed, which needs a date.
    fn new(site: &Site, post: &Post) -> Option<Self> {
        let url = text::web_address(&post.url).unwrap_or_else(|| site.url.clone());
        let title = Some(text::line(&post.title)).filter(|title| !title.is_empty());
        let lang = entry::language(site, post).map(Cow::into_owned).unwrap_or_default();
        Some(Self {
            title: title.unwrap_or_else(|| url.clone()),
            at: post.published?.to_rfc3339(),
            dir: direction(&lang),
            url,
            lang,
        })
    }
}

/// Posts that the page names of a feed.
const NEWEST: usize = 5;

#[derive(serde::Serialize)]
struct Group {
    /// Of the message `feeds-FAMILY`.
    family: Family,
    feeds: Vec<FeedView>,
    /// How many are not shown.
    more: usize,
}

/// Feeds of one family that the page shows: nobody reads on, and a site may have thousands of tags.
const SHOWN: usize = 250;

impl Group {
    /// The feeds of `family` with the most posts, in their own order.
    fn new(app: &App, listings: &[Listing], family: Family) -> Self {
        let mut all: Vec<(usize, &Listing)> =
            listings.iter().filter(|listing| listing.family == Some(family)).enumerate().collect();
        let more = all.len().saturating_sub(SHOWN);
        if more > 0 {
            all.sort_by_key(|(_, listing)| std::cmp::Reverse(listing.posts));
            all.truncate(SHOWN);
            all.sort_by_key(|(place, _)| *place);
        }
        Self { family, feeds: all.into_iter().map(|(_, listing)| FeedView::new(app, listing)).collect(), more }
    }
}

/// `/feeds/`: every feed, for people.
pub async fn list(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    const OPML: &str = "feeds.opml";
    let published = web.app.published.load();
    let groups = [Family::Language, Family::Section, Family::Category, Family::Tag, Family::Author]
        .into_iter()
        .map(|family| Group::new(&web.app, &published.listings, family))
        .filter(|group| !group.feeds.is_empty())
        .collect();
    let library = &published.library;
    let newest = library.posts.iter().filter_map(|post| PostView::new(&library.site, post)).take(NEWEST).collect();
    let opml = published.documents.contains_key(OPML).then(|| format!("{}{OPML}", web.app.settings.public_url));
    let body = Feeds { feed: whole(&web.app), groups, newest, opml, copy: &COPY.version };
    let mut response = Page::new(&web, &visitor, body).public("web/feeds.html")?;
    let policy = HeaderValue::try_from(format!("{POLICY}; script-src 'self'"));
    let policy = policy.map_err(|error| Failure::Internal(error.to_string()))?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
