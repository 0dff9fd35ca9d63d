//! Reading a form: bounded in size and time, and only from pages that may send it.

use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, Request, header};

use super::Web;
use super::error::Failure;

/// Octets of a form.
const MOST: usize = 64 * 1024;

/// The fields of a form, in order.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The whole form of `request`: `application/x-www-form-urlencoded`, in UTF-8.
    pub async fn read(web: &Web, request: Request<Body>) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
        let kind = kind.unwrap_or("application/x-www-form-urlencoded").split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Failure::Unsupported);
        }
        let bytes = body(request, web.limits.body).await?;
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    /// The first field of that name, without surrounding blanks; empty when there is none.
    pub fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// Every field of that name.
    pub fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }
}

/// A request's body, of whatever type.
pub async fn body(request: Request<Body>, patience: Duration) -> Result<Vec<u8>, Failure> {
    let mut body = request.into_body();
    if body.size_hint().lower() > MOST as u64 {
        return Err(Failure::TooLarge);
    }
    let read = async {
        let mut bytes = Vec::new();
        while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let Ok(data) = frame.map_err(|_| Failure::Malformed)?.into_data() else { continue };
            if bytes.len() + data.len() > MOST {
                return Err(Failure::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    };
    tokio::time::timeout(patience, read).await.map_err(|_| Failure::TooSlow)?
}

/// How a request stands to our own pages, by what browsers say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From our own page, or from the site's.
    Ours,
    /// Nobody says: a program, or a browser that was told to keep it to itself.
    Unsaid,
    /// From somebody else's page.
    Foreign,
}

impl Origin {
    /// Of a POST with `headers`. `Sec-Fetch-Site` comes from the browser itself and decides where it is given: our pages
    /// send no referrer, so that their own `Origin` is `null`.
    pub fn of(web: &Web, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let origin = text("origin");
        if origin.is_some_and(|origin| is_ours(web, origin)) {
            return Self::Ours;
        }
        match (text("sec-fetch-site"), origin) {
            (Some("same-origin" | "none"), Some("null") | None) => Self::Ours,
            (None, None | Some("null")) => Self::Unsaid,
            _ => Self::Foreign,
        }
    }
}

/// Our own origin, or one of the site: its sign-up form may stand on any of its pages.
fn is_ours(web: &Web, origin: &str) -> bool {
    let published = web.app.published.load();
    let site = &published.library.site;
    let languages = site.languages.iter().map(|language| language.url.as_str());
    [web.app.settings.public_url.as_str(), site.url.as_str()]
        .into_iter()
        .chain(languages)
        .filter_map(|known| url::Url::parse(known).ok())
        .any(|known| known.origin().is_tuple() && known.origin().ascii_serialization() == origin)
}
