//! What mail services tell us: `POST /hooks/SERVICE`. A service that is not configured has no such address. Each request is
//! proven before its notices are read, and answered with 200 when the store has them: told again, they change nothing.

mod amazon;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::error::Failure;
use super::{Web, form};
use crate::bounce::provider::{Doubt, Notice, mailgun, postmark, sendgrid, ses};
use crate::bounce::verp;
use crate::crypto::Key;
use crate::store::{Became, Returned, Source, Who};

pub use amazon::Reach;

/// `mail.webhooks` of `postrider.yaml`. Holds secrets: its `Debug` shows nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// ARNs of the SNS topics that SES publishes to.
    pub ses: Vec<String>,
    /// `user:password` in the webhook's address.
    pub postmark: Option<String>,
    /// The webhook signing key.
    pub mailgun: Option<String>,
    /// The verification key, as SendGrid shows it.
    pub sendgrid: Option<String>,
    /// How Amazon's servers are reached.
    pub amazon: Reach,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhooks(..)")
    }
}

/// Octets of a request: SendGrid sends many events at once.
const MOST: usize = 1024 * 1024;

/// What is remembered between requests.
#[derive(Debug, Default)]
pub struct Memory {
    certificates: amazon::Certificates,
    tokens: Tokens,
}

/// Tokens of Mailgun's that were used, and with which notice: one is good for that one only.
#[derive(Debug, Default)]
struct Tokens(Mutex<HashMap<String, (i64, String)>>);

impl Tokens {
    /// More than come in the ten minutes that a token is remembered for.
    const MOST: usize = 100_000;

    /// Was `token` used for another notice lately?
    fn is_stolen(&self, token: &str, notice: &str, now: i64) -> bool {
        const REMEMBER: i64 = 600;
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= Self::MOST {
            used.retain(|_, (at, _)| now - *at < REMEMBER);
        }
        let (_, first) = used.entry(token.to_owned()).or_insert_with(|| (now, notice.to_owned()));
        first != notice
    }
}

/// POST `/hooks/ses`
pub(super) async fn ses(State(web): State<Web>, request: Request) -> Result<Response, Failure> {
    let settings = &web.app.settings.webhooks;
    if settings.ses.is_empty() {
        return Err(Failure::NotFound);
    }
    let body = form::body_up_to(MOST, request, web.limits.body).await?;
    let envelope = match ses::Envelope::open(&body, &settings.ses) {
        Ok(envelope) => envelope,
        Err(doubt) => return refused(&web, Source::Ses, doubt).await,
    };
    // Amazon's server that is away, and ours that cannot look it up, are no reason to lose a notice: it comes again.
    let key = web.webhooks.certificates.key(&envelope.certificate, &settings.amazon).await;
    let key = key.map_err(|what| Failure::Internal(format!("the certificate of a notice of SES: {what}")))?;
    match envelope.content(&key) {
        Ok(ses::Content::Notices(notices)) => taken(&web, Source::Ses, notices).await,
        Ok(ses::Content::Subscribe(address)) => {
            let asked = amazon::get(&address, &settings.amazon).await;
            asked.map_err(|what| Failure::Internal(format!("connecting to a topic of SNS: {what}")))?;
            tracing::info!("connected to a topic of SNS");
            Ok(done())
        }
        Err(doubt) => refused(&web, Source::Ses, doubt).await,
    }
}

/// POST `/hooks/postmark`
pub(super) async fn postmark(State(web): State<Web>, request: Request) -> Result<Response, Failure> {
    let Some(login) = &web.app.settings.webhooks.postmark else { return Err(Failure::NotFound) };
    let proven = postmark::is_proven(login, text(request.headers(), header::AUTHORIZATION.as_str()));
    let body = form::body_up_to(MOST, request, web.limits.body).await?;
    if !proven {
        return refused(&web, Source::Postmark, Doubt::Unsigned).await;
    }
    match postmark::read(&body) {
        Ok(notices) => taken(&web, Source::Postmark, notices).await,
        Err(doubt) => refused(&web, Source::Postmark, doubt).await,
    }
}

/// POST `/hooks/mailgun`
pub(super) async fn mailgun(State(web): State<Web>, request: Request) -> Result<Response, Failure> {
    let Some(key) = &web.app.settings.webhooks.mailgun else { return Err(Failure::NotFound) };
    let body = form::body_up_to(MOST, request, web.limits.body).await?;
    let now = web.app.clock.now();
    match mailgun::read(&Key::new(key.as_bytes()), &body, now) {
        // What is signed is the token, not the notice: with another notice it was stolen.
        Ok((token, notices))
            if notices.iter().any(|notice| web.webhooks.tokens.is_stolen(&token, &notice.id, now.timestamp())) =>
        {
            refused(&web, Source::Mailgun, Doubt::Unsigned).await
        }
        Ok((_, notices)) => taken(&web, Source::Mailgun, notices).await,
        Err(doubt) => refused(&web, Source::Mailgun, doubt).await,
    }
}

/// POST `/hooks/sendgrid`
pub(super) async fn sendgrid(State(web): State<Web>, request: Request) -> Result<Response, Failure> {
    let Some(key) = &web.app.settings.webhooks.sendgrid else { return Err(Failure::NotFound) };
    let [signature, timestamp] = ["signature", "timestamp"]
        .map(|name| text(request.headers(), &format!("x-twilio-email-event-webhook-{name}")).to_owned());
    let body = form::body_up_to(MOST, request, web.limits.body).await?;
    match sendgrid::read(key, &signature, &timestamp, &body, web.app.clock.now()) {
        Ok(notices) => taken(&web, Source::Sendgrid, notices).await,
        Err(doubt) => refused(&web, Source::Sendgrid, doubt).await,
    }
}

/// Every notice into the store; only then may the service forget them.
async fn taken(web: &Web, source: Source, notices: Vec<Notice>) -> Result<Response, Failure> {
    let (store, now) = (&web.app.store, web.app.clock.now());
    for notice in notices {
        let named = notice.sender.as_deref().and_then(|sender| verp::read(store.key(), sender));
        let who = match named {
            Some(named) => Who::Named(named),
            None => Who::Told { address: notice.address, message_id: notice.message_id },
        };
        store.returned(&Returned { id: notice.id, who, source, what: notice.what }, now).await?;
    }
    Ok(done())
}

async fn refused(web: &Web, source: Source, doubt: Doubt) -> Result<Response, Failure> {
    tracing::warn!(service = source.as_str(), ?doubt, "a notice was not believed");
    web.app.store.count_returned(source, Became::Unsigned).await?;
    Err(if doubt == Doubt::Malformed { Failure::Malformed } else { Failure::Unproven })
}

fn done() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "ok\n").into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_one_notice() {
        let tokens = Tokens::default();
        assert!(!tokens.is_stolen("t", "mailgun:1", 0));
        assert!(!tokens.is_stolen("t", "mailgun:1", 10));
        assert!(tokens.is_stolen("t", "mailgun:2", 20));
        assert!(!tokens.is_stolen("u", "mailgun:2", 20));
    }
}
