//! What the links in a mail lead to. A GET shows a page with a button and changes nothing, because scanners open every
//! link; a POST acts. The token in the address is all that is needed: it came to the reader's own mailbox.
//!
//! Unsubscribing takes any POST from anywhere: RFC 8058 §3.2 lets mailbox providers send it without cookie, referrer or
//! anything of our page, and it is answered with 200 however often it comes.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::error::Failure;
use super::form::{self, Form, Origin};
use super::pages::{DigestView, Page};
use super::visitor::{self, Visitor};
use super::{App, Web};
use crate::store::TokenRow;
use crate::subscriber::token::{self, Purpose};
use crate::subscriber::{State as Standing, Subscriber};
use crate::template::direction;

/// A link's page: one template a purpose, which shows what `state` says.
#[derive(serde::Serialize)]
struct Link {
    /// `ask`, `done`, `already`, `expired`, `unsubscribed`, `unknown`, or `where` when there was no token.
    state: &'static str,
    digest: Option<DigestView>,
    /// The digest's name for people, also of one that is not configured any more.
    title: String,
    digest_lang: String,
    digest_dir: &'static str,
    masked: String,
    /// Path below the base of the page with all that the reader gets; empty when the reader is not known.
    preferences: String,
}

impl Link {
    /// Of nobody.
    fn bare(state: &'static str) -> Self {
        let (title, digest_lang, masked, preferences) = Default::default();
        Self { state, digest: None, title, digest_lang, digest_dir: "ltr", masked, preferences }
    }

    fn new(web: &Web, visitor: &Visitor, state: &'static str, row: &TokenRow) -> Self {
        let digest = web.app.digests.iter().find(|digest| digest.name == row.digest);
        let preferences = token::make(web.app.store.key(), Purpose::Preferences, &row.subscriber);
        Self {
            state,
            title: digest.map_or_else(|| row.digest.clone(), |digest| digest.title.clone()),
            digest_lang: digest.map(|digest| digest.language.clone()).unwrap_or_default(),
            digest_dir: digest.map_or("ltr", |digest| direction(&digest.language)),
            digest: digest.map(|digest| DigestView::new(&web.app, visitor, digest)),
            masked: masked(&row.address),
            preferences: format!("preferences/{preferences}"),
        }
    }

    fn page(self, web: &Web, visitor: &Visitor, template: &str) -> Result<Response, Failure> {
        Page::new(web, visitor, self).private(template)
    }

    fn unknown_page(web: &Web, visitor: &Visitor, template: &str, status: StatusCode) -> Result<Response, Failure> {
        let page = Self::bare("unknown").page(web, visitor, template)?;
        Ok((status, page).into_response())
    }
}

const CONFIRM: &str = "web/confirm.html";
const UNSUBSCRIBE: &str = "web/unsubscribe.html";
const PREFERENCES: &str = "web/preferences.html";

/// GET `/confirm/TOKEN`
pub async fn confirmation(
    State(web): State<Web>,
    visitor: Visitor,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let now = web.app.clock.now();
    let row = match open(&web.app, Purpose::Confirm, &text) {
        Some(id) => web.app.store.confirmation(&id, now).await?,
        None => None,
    };
    let Some(row) = row else { return Link::unknown_page(&web, &visitor, CONFIRM, StatusCode::NOT_FOUND) };
    let visitor = of_reader(&web.app, visitor, row.language.as_deref());
    let state = match row.state {
        Standing::Confirmed => "already",
        Standing::Unsubscribed => "unsubscribed",
        Standing::Unconfirmed if row.expired => "expired",
        Standing::Unconfirmed => "ask",
    };
    Link::new(&web, &visitor, state, &row).page(&web, &visitor, CONFIRM)
}

/// POST `/confirm/TOKEN`
pub async fn confirm(
    State(web): State<Web>,
    visitor: Visitor,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    not_foreign(&web, &request)?;
    form::body(request, web.limits.body).await?;
    let now = web.app.clock.now();
    let (before, row) = match open(&web.app, Purpose::Confirm, &text) {
        Some(id) => (web.app.store.confirmation(&id, now).await?, web.app.store.confirm(&id, now).await?),
        None => (None, None),
    };
    let Some(row) = row else { return Link::unknown_page(&web, &visitor, CONFIRM, StatusCode::NOT_FOUND) };
    let visitor = of_reader(&web.app, visitor, row.language.as_deref());
    let state = match row.state {
        Standing::Confirmed if before.is_some_and(|before| before.state == Standing::Confirmed) => "already",
        Standing::Confirmed => "done",
        Standing::Unsubscribed => "unsubscribed",
        Standing::Unconfirmed => "expired",
    };
    Link::new(&web, &visitor, state, &row).page(&web, &visitor, CONFIRM)
}

/// GET `/unsubscribe` and `/preferences`: where the readers' own links are. The web copy of a mail leads here.
pub async fn where_links_are(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    Link::bare("where").page(&web, &visitor, UNSUBSCRIBE)
}

/// GET `/unsubscribe/TOKEN`
pub async fn subscription(
    State(web): State<Web>,
    visitor: Visitor,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let row = match open(&web.app, Purpose::Unsubscribe, &text) {
        Some(id) => web.app.store.subscription(&id).await?,
        None => None,
    };
    let Some(row) = row else { return Link::unknown_page(&web, &visitor, UNSUBSCRIBE, StatusCode::NOT_FOUND) };
    let visitor = of_reader(&web.app, visitor, row.language.as_deref());
    let state = if row.state == Standing::Unsubscribed { "already" } else { "ask" };
    Link::new(&web, &visitor, state, &row).page(&web, &visitor, UNSUBSCRIBE)
}

/// POST `/unsubscribe/TOKEN`: from the page's button, or from a mailbox provider (RFC 8058), whose body is
/// `List-Unsubscribe=One-Click` in whatever type. The body adds nothing to what the address says, so any will do.
pub async fn unsubscribe(
    State(web): State<Web>,
    visitor: Visitor,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let Some(id) = open(&web.app, Purpose::Unsubscribe, &text) else {
        return Link::unknown_page(&web, &visitor, UNSUBSCRIBE, StatusCode::NOT_FOUND);
    };
    // The wish counts from when the token was read: a body that is late or broken does not undo it.
    let row = web.app.store.unsubscribe(&id, web.app.clock.now()).await?;
    form::body(request, web.limits.body).await?;
    // A reader whose row is gone gets no mail either: to a mailbox provider that is the same success.
    let Some(row) = row else { return Link::unknown_page(&web, &visitor, UNSUBSCRIBE, StatusCode::OK) };
    let visitor = of_reader(&web.app, visitor, row.language.as_deref());
    Link::new(&web, &visitor, "done", &row).page(&web, &visitor, UNSUBSCRIBE)
}

#[derive(serde::Serialize)]
struct Preferences {
    /// `unknown` (the token names nobody), `shown` or `saved`.
    state: &'static str,
    masked: String,
    /// The address is never mailed, whatever is chosen.
    suppressed: bool,
    subscriptions: Vec<Choice>,
    /// Does the reader get anything at all?
    any: bool,
}

#[derive(serde::Serialize)]
struct Choice {
    name: String,
    title: String,
    description: String,
    lang: String,
    dir: &'static str,
    state: Standing,
    /// Configured still: only then can it be chosen anew.
    offered: bool,
}

/// GET `/preferences/TOKEN`
pub async fn preferences(
    State(web): State<Web>,
    visitor: Visitor,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let reader = match open(&web.app, Purpose::Preferences, &text) {
        Some(id) => web.app.store.subscriber(&id).await?,
        None => None,
    };
    show_preferences(&web, visitor, reader, false)
}

/// POST `/preferences/TOKEN`: `save` with every `digest` that the reader wants, or `leave` for none at all. A digest can be
/// taken up again only by who had confirmed it before; new ones go by the sign-up page and its Confirmation.
pub async fn change(
    State(web): State<Web>,
    visitor: Visitor,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    not_foreign(&web, &request)?;
    let form = Form::read(&web, request).await?;
    let (store, now) = (&web.app.store, web.app.clock.now());
    let Some(id) = open(&web.app, Purpose::Preferences, &text) else {
        return show_preferences(&web, visitor, None, false);
    };
    let Some(reader) = store.subscriber(&id).await? else { return show_preferences(&web, visitor, None, false) };
    let leaves = form.fields("leave").next().is_some();
    // A request without a button's name changes nothing: it would otherwise read as "none of them".
    let saves = leaves || form.fields("save").next().is_some();
    for tie in reader.subscriptions.iter().filter(|_| saves) {
        let wanted = !leaves && form.fields("digest").any(|name| name == tie.digest);
        match tie.state {
            Standing::Confirmed if !wanted => drop(store.unsubscribe(&tie.id, now).await?),
            Standing::Unconfirmed if leaves => drop(store.unsubscribe(&tie.id, now).await?),
            Standing::Unsubscribed if wanted && offered(&web.app, &tie.digest) => {
                drop(store.rejoin(&tie.id, now).await?);
            }
            _ => {}
        }
    }
    let reader = store.subscriber(&id).await?;
    show_preferences(&web, visitor, reader, saves)
}

fn show_preferences(web: &Web, visitor: Visitor, reader: Option<Subscriber>, saved: bool) -> Result<Response, Failure> {
    let Some(reader) = reader else {
        let (masked, subscriptions) = Default::default();
        let body = Preferences { state: "unknown", masked, suppressed: false, subscriptions, any: false };
        let page = Page::new(web, &visitor, body).private(PREFERENCES)?;
        return Ok((StatusCode::NOT_FOUND, page).into_response());
    };
    let visitor = of_reader(&web.app, visitor, reader.language.as_deref());
    let choices = reader.subscriptions.iter().map(|tie| {
        let digest = web.app.digests.iter().find(|digest| digest.name == tie.digest);
        Choice {
            name: tie.digest.clone(),
            title: digest.map_or_else(|| tie.digest.clone(), |digest| digest.title.clone()),
            description: digest.map(|digest| digest.description.clone()).unwrap_or_default(),
            lang: digest.map(|digest| digest.language.clone()).unwrap_or_default(),
            dir: digest.map_or("ltr", |digest| direction(&digest.language)),
            state: tie.state,
            offered: digest.is_some(),
        }
    });
    let body = Preferences {
        state: if saved { "saved" } else { "shown" },
        masked: masked(&reader.address),
        suppressed: reader.suppressed.is_some(),
        any: reader.subscriptions.iter().any(|tie| tie.state != Standing::Unsubscribed),
        subscriptions: choices.collect(),
    };
    Page::new(web, &visitor, body).private(PREFERENCES)
}

fn open(app: &App, purpose: Purpose, text: &str) -> Option<String> {
    token::read(app.store.key(), purpose, text)
}

fn offered(app: &App, digest: &str) -> bool {
    app.digests.iter().any(|known| known.name == digest)
}

fn not_foreign(web: &Web, request: &Request) -> Result<(), Failure> {
    if Origin::of(web, request.headers()) == Origin::Foreign { Err(Failure::Foreign) } else { Ok(()) }
}

/// The reader's own language, where they chose one at sign-up and none just now.
fn of_reader(app: &App, visitor: Visitor, language: Option<&str>) -> Visitor {
    if visitor.chosen {
        return visitor;
    }
    language.and_then(|tag| visitor::spoken(app, tag)).map_or(visitor, |language| Visitor { language, chosen: false })
}

/// Enough of an address to know it by, for a page that a forwarded mail may open to others.
fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or(("", address));
    let shown: String = if local.chars().count() > 1 { local.chars().take(1).collect() } else { String::new() };
    format!("{shown}•••@{domain}")
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn addresses_are_masked() {
        assert_eq!(masked("reader@example.org"), "r•••@example.org");
        assert_eq!(masked("r@example.org"), "•••@example.org");
        assert_eq!(masked("\"a@b\"@example.org"), "\"•••@example.org");
        assert_eq!(masked("读者@example.org"), "读•••@example.org");
    }
}
