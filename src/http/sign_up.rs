//! `/subscribe`: the form, and what becomes of it. Every sign-up that can be mailed gets the same answer, whoever knows
//! the address already; what is refused is refused for reasons that say nothing about anybody's address.
//!
//! Against abuse: a field that only programs fill in, a signed stamp with the time at which the form was fetched, limits
//! for each neighbourhood of addresses, no forms of strangers' pages. A form on the owner's own site has no stamp: it
//! works, with a tighter limit. The Confirmation holds nothing that was typed.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, Utc};

use super::client::{self, Client};
use super::error::Failure;
use super::form::{Form, Origin};
use super::pages::{DigestView, Page};
use super::rate::{Limiter, Rate};
use super::visitor::{self, Visitor};
use super::{App, Web};
use crate::crypto::{self, Key};
use crate::digest::{Digest, render};
use crate::subscriber::Address;

/// Sign-ups with a stamp from one neighbourhood.
const WITH_STAMP: Rate = Rate { count: 30, period: Duration::hours(1) };
/// Sign-ups without a stamp from one neighbourhood.
const WITHOUT_STAMP: Rate = Rate { count: 10, period: Duration::hours(1) };
/// Sign-ups from everywhere: beyond this it is an attack, and our good name as a sender is at stake.
const ALL: Rate = Rate { count: 2000, period: Duration::hours(1) };

/// Nobody reads, types and presses in less.
const FASTEST: Duration = Duration::seconds(2);
/// After this a form must be fetched anew.
const SLOWEST: Duration = Duration::hours(24);

/// A field that people do not see; its name is one that programs like to fill in.
const TRAP: &str = "homepage";

/// What stands between the form and the store.
pub struct Guard {
    key: Key,
    with_stamp: Limiter<IpAddr>,
    without_stamp: Limiter<IpAddr>,
    all: Limiter<()>,
}

/// What a form's stamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    /// There is none.
    Missing,
    /// The form was fetched a reasonable time ago.
    Good,
    /// Sent faster than people can.
    Early,
    /// Forged, or fetched too long ago.
    Bad,
}

impl Guard {
    /// Stamps are made with `key`.
    pub fn new(key: Key) -> Self {
        Self { key, with_stamp: Limiter::default(), without_stamp: Limiter::default(), all: Limiter::default() }
    }

    fn stamp(&self, now: DateTime<Utc>) -> String {
        let at = now.timestamp_millis().to_be_bytes();
        crypto::base64url(&[&at[..], &self.mac(at)].concat())
    }

    fn read(&self, stamp: &str, now: DateTime<Utc>) -> Stamp {
        if stamp.is_empty() {
            return Stamp::Missing;
        }
        let octets = crypto::from_base64url(stamp).unwrap_or_default();
        let Some((at, mac)) = octets.split_first_chunk::<8>() else { return Stamp::Bad };
        if !crypto::same(mac, &self.mac(*at)) {
            return Stamp::Bad;
        }
        match DateTime::from_timestamp_millis(i64::from_be_bytes(*at)).map(|at| now - at) {
            Some(age) if age < FASTEST => Stamp::Early,
            Some(age) if age <= SLOWEST => Stamp::Good,
            _ => Stamp::Bad,
        }
    }

    fn mac(&self, at: [u8; 8]) -> [u8; 16] {
        let mut short = [0; 16];
        short.copy_from_slice(&crypto::mac(&self.key, &[b"form:", &at[..]].concat())[..16]);
        short
    }

    fn lets_in(&self, client: IpAddr, stamped: bool, now: DateTime<Utc>) -> bool {
        let place = client::neighbourhood(client);
        let of_the_place = if stamped {
            self.with_stamp.take(place, WITH_STAMP, now)
        } else {
            self.without_stamp.take(place, WITHOUT_STAMP, now)
        };
        of_the_place && self.all.take((), ALL, now)
    }
}

#[derive(serde::Serialize)]
struct FormView {
    digests: Vec<Choice>,
    /// As it was typed.
    address: String,
    stamp: String,
    trap: &'static str,
    /// Of the message `sign-up-fault-KEY`; empty when nothing is wrong.
    fault: &'static str,
    /// What is wrong with the address, in words.
    detail: String,
}

#[derive(serde::Serialize)]
struct Choice {
    #[serde(flatten)]
    digest: DigestView,
    chosen: bool,
}

impl FormView {
    fn new(web: &Web, visitor: &Visitor, chosen: &[&Digest]) -> Self {
        let public: Vec<&Digest> = public(&web.app).collect();
        let choices = public.iter().map(|digest| Choice {
            digest: DigestView::new(&web.app, visitor, digest),
            chosen: public.len() == 1 || chosen.iter().any(|one| one.name == digest.name),
        });
        Self {
            digests: choices.collect(),
            address: String::new(),
            stamp: web.sign_ups.stamp(web.app.clock.now()),
            trap: TRAP,
            fault: "",
            detail: String::new(),
        }
    }
}

fn public(app: &App) -> impl Iterator<Item = &Digest> {
    app.digests.iter().filter(|digest| digest.public)
}

/// GET: the form. `?digest=NAME` chooses beforehand.
pub async fn form(State(web): State<Web>, visitor: Visitor, request: Request) -> Result<Response, Failure> {
    let query = request.uri().query().unwrap_or_default();
    let asked: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "digest")
        .map(|(_, value)| value.into_owned())
        .collect();
    let chosen: Vec<&Digest> = public(&web.app).filter(|digest| asked.contains(&digest.name)).collect();
    let view = FormView::new(&web, &visitor, &chosen);
    Page::new(&web, &visitor, view).private("web/subscribe.html")
}

/// POST: fields `address` (or `email`), `digest` (repeated; may be left out where there is only one), and from our own
/// form `stamp`, `language` and the trap.
pub async fn submit(
    State(web): State<Web>,
    visitor: Visitor,
    Client(client): Client,
    request: Request,
) -> Result<Response, Failure> {
    let origin = Origin::of(&web, request.headers());
    if origin == Origin::Foreign {
        return Err(Failure::Foreign);
    }
    let sandboxed = origin == Origin::Unsaid && request.headers().contains_key("origin");
    let form = Form::read(&web, request).await?;
    let visitor = visitor::spoken(&web.app, form.field("language"))
        .map_or(visitor, |language| Visitor { language, chosen: true });
    if !form.field(TRAP).is_empty() {
        return thanks(&web, &visitor);
    }
    let now = web.app.clock.now();
    let stamp = web.sign_ups.read(form.field("stamp"), now);
    // Browsers that do not say where a form comes from hide the origin of our own pages, and of a stranger's sandbox.
    if sandboxed && stamp == Stamp::Missing {
        return Err(Failure::Foreign);
    }

    let typed = [form.field("address"), form.field("email")].into_iter().find(|typed| !typed.is_empty());
    let typed = typed.unwrap_or_default();
    let (chosen, all_known) = choose(&web.app, &form);
    let again = |fault: &'static str, detail: String| {
        let mut view = FormView::new(&web, &visitor, &chosen);
        view.address = typed.chars().take(320).collect();
        (view.fault, view.detail) = (fault, detail);
        if stamp == Stamp::Early {
            form.field("stamp").clone_into(&mut view.stamp);
        }
        let page = Page::new(&web, &visitor, view).private("web/subscribe.html")?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if chosen.is_empty() || !all_known {
        return again(if all_known { "choose" } else { "unknown" }, String::new());
    }
    let address = match Address::parse(typed) {
        Ok(address) => address,
        Err(_) if typed.is_empty() => return again("empty", String::new()),
        Err(detail) => return again("address", detail),
    };
    match stamp {
        Stamp::Early => return again("early", String::new()),
        Stamp::Bad => return again("late", String::new()),
        Stamp::Good | Stamp::Missing => {}
    }
    if !web.sign_ups.lets_in(client, stamp == Stamp::Good, now) {
        return Err(Failure::TooMany);
    }
    let site = web.app.published.load().library.site.clone();
    for digest in chosen {
        let mail = render::confirmation(&web.app.templates, &site, digest, &visitor.language);
        let mail = mail.map_err(Failure::Internal)?;
        web.app.store.sign_up(&address, Some(&visitor.language), &digest.name, &mail, now).await?;
    }
    web.app.mail_queued.notify_one();
    thanks(&web, &visitor)
}

/// The digests that the form names, each once, and whether every name is one that may be signed up for. Without a name
/// it is the only one there is.
fn choose<'a>(app: &'a App, form: &Form) -> (Vec<&'a Digest>, bool) {
    let named: Vec<&str> = form.fields("digest").filter(|name| !name.is_empty()).collect();
    let all: Vec<&Digest> = public(app).collect();
    if named.is_empty() {
        return if all.len() == 1 { (all, true) } else { (Vec::new(), true) };
    }
    let all_known = named.iter().all(|name| all.iter().any(|digest| digest.name == *name));
    (all.into_iter().filter(|digest| named.contains(&digest.name.as_str())).collect(), all_known)
}

/// The one answer: it depends on nothing but the visitor's language.
fn thanks(web: &Web, visitor: &Visitor) -> Result<Response, Failure> {
    #[derive(serde::Serialize)]
    struct Nothing {}
    Page::new(web, visitor, Nothing {}).private("web/subscribed.html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_hold_for_a_day_and_only_with_our_key() {
        let guard = Guard::new(Key::new(b"k"));
        let now = DateTime::from_timestamp(1_600_000_000, 0).unwrap();
        let stamp = guard.stamp(now);
        for (after, read) in [
            (Duration::zero(), Stamp::Early),
            (Duration::milliseconds(1999), Stamp::Early),
            (Duration::seconds(2), Stamp::Good),
            (Duration::hours(24), Stamp::Good),
            (Duration::hours(24) + Duration::milliseconds(1), Stamp::Bad),
        ] {
            assert_eq!(guard.read(&stamp, now + after), read, "{after}");
        }
        let later = now + Duration::minutes(1);
        assert_eq!(Guard::new(Key::new(b"other")).read(&stamp, later), Stamp::Bad);
        assert_eq!(guard.read("", later), Stamp::Missing);
        let mut forged = crypto::from_base64url(&stamp).unwrap();
        forged[7] ^= 1;
        for wrong in ["x".to_owned(), "AAAA".to_owned(), stamp[1..].to_owned(), crypto::base64url(&forged)] {
            assert_eq!(guard.read(&wrong, later), Stamp::Bad, "{wrong}");
        }
    }
}
