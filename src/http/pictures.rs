//! The pictures of mails. An address says what it holds by a hash, so that an answer is good for ever.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use super::Web;
use super::error::Failure;

/// `/pictures/KEY.jpg`
pub async fn serve(State(web): State<Web>, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let (key, extension) = name.split_once('.').ok_or(Failure::NotFound)?;
    let picture = web.app.store.picture(key).await?.filter(|picture| picture.kind.extension() == extension);
    let picture = picture.ok_or(Failure::NotFound)?;
    let tag = format!("\"{key}\"");
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|tags| tags.as_bytes().windows(tag.len()).any(|w| w == tag.as_bytes()));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, picture.kind.media_type())], picture.bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    // Mail is read on other people's pages.
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    Ok(response)
}
