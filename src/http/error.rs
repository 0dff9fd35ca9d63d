//! What a visitor is told when there is nothing to show, and what the log is told instead.
//!
//! A handler returns a [`Failure`]; [`explain`] makes the page of it, in the visitor's language, and logs what only we
//! should know, once. Answers of others without a body (the router's 405) get their page here too.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;

use super::pages::{self, Page};
use super::visitor::Wish;
use super::{Web, operations};
use crate::store;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No such page, feed, digest or token.
    #[error("not found")]
    NotFound,
    /// The body is not what the form sends.
    #[error("malformed")]
    Malformed,
    /// A form that another site's page sent.
    #[error("cross-site request")]
    Foreign,
    /// No proof that it comes from whom it says.
    #[error("not proven")]
    Unproven,
    /// An answer for the operator alone.
    #[error("not for the public")]
    Private,
    /// The body did not come in time.
    #[error("the body came too slowly")]
    TooSlow,
    /// The body is larger than any form.
    #[error("the body is too large")]
    TooLarge,
    /// A body of another type than forms have.
    #[error("not a form")]
    Unsupported,
    /// Too many of these from there.
    #[error("too many requests")]
    TooMany,
    /// Our own fault. The words are for the log and are never shown.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unproven => StatusCode::UNAUTHORIZED,
            Self::Foreign | Self::Private => StatusCode::FORBIDDEN,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        let mut response = self.status().into_response();
        if self == Self::TooMany {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
        }
        // The rest of a body that was not read would be taken for the next request.
        if matches!(self, Self::TooLarge | Self::TooSlow) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(serde::Serialize)]
struct Explanation {
    status: u16,
    /// Of the messages `error-KEY-title` and `error-KEY-text`.
    key: &'static str,
}

/// Gives an error that has no body yet its page.
pub fn explain(web: &Web, wish: &Wish, response: Response<Body>) -> Response<Body> {
    let status = response.status();
    if let Some(Failure::Internal(what)) = response.extensions().get() {
        tracing::error!(what, "a request could not be answered");
        operations::Metrics::fault(&web.metrics);
    }
    if status.as_u16() < 400 || response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let key = match (response.extensions().get(), status) {
        (Some(Failure::Foreign), _) => "foreign",
        (Some(Failure::Private), _) => "private",
        (_, StatusCode::NOT_FOUND) => "not-found",
        (_, StatusCode::GONE) => "gone",
        (_, StatusCode::METHOD_NOT_ALLOWED) => "method",
        (_, StatusCode::REQUEST_TIMEOUT) => "slow",
        (_, StatusCode::PAYLOAD_TOO_LARGE) => "large",
        (_, StatusCode::TOO_MANY_REQUESTS) => "many",
        (_, status) if status.is_server_error() => "internal",
        _ => "malformed",
    };
    let visitor = wish.fulfil(&web.app);
    let page = Page::new(web, &visitor, Explanation { status: status.as_u16(), key });
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    match page.render("web/error.html") {
        Ok(html) => {
            parts.headers.insert(header::CONTENT_TYPE, pages::HTML);
            Response::from_parts(parts, Body::from(html))
        }
        Err(what) => {
            // The owner's own templates may be broken: then a plain word must do.
            tracing::error!(%what, "the error page cannot be made");
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            Response::from_parts(parts, Body::from(status.to_string()))
        }
    }
}
