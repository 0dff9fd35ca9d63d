//! Reading a form: bounded in size and time, and only from pages that may send it.

use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, Request, header};

use super::Web;
use super::error::Failure;

/// Octets of a form.
const MOST: usize = 64 * 1024;
/// Octets of a form that is too large which are read and thrown away: most clients look at the answer only when they
/// have sent all.
const LINGER: usize = 4 * 1024 * 1024;

const URLENCODED: &str = "application/x-www-form-urlencoded";

/// The fields of a form, in order.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The whole form of `request`, in UTF-8: `application/x-www-form-urlencoded`, or the `multipart/form-data` that a
    /// script on the owner's own site sends.
    pub async fn read(web: &Web, request: Request<Body>) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default().to_owned());
        let kind = kind.unwrap_or_else(|| URLENCODED.to_owned());
        let (essence, parameters) = kind.split_once(';').unwrap_or((&kind, ""));
        let bytes = async || body(request, web.limits.body).await;
        if essence.trim().eq_ignore_ascii_case(URLENCODED) {
            Ok(Self(url::form_urlencoded::parse(&bytes().await?).into_owned().collect()))
        } else if essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            let boundary = parameter(parameters, "boundary").ok_or(Failure::Malformed)?;
            Ok(Self(multipart(&String::from_utf8_lossy(&bytes().await?), boundary)))
        } else {
            Err(Failure::Unsupported)
        }
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

/// A request's body, of whatever type, no larger than a form.
pub async fn body(request: Request<Body>, patience: Duration) -> Result<Vec<u8>, Failure> {
    body_up_to(MOST, request, patience).await
}

/// A request's body of at most `most` octets.
pub async fn body_up_to(most: usize, request: Request<Body>, patience: Duration) -> Result<Vec<u8>, Failure> {
    let asks_first = request.headers().contains_key(header::EXPECT);
    let mut body = request.into_body();
    if body.size_hint().lower() > (if asks_first { most } else { LINGER }) as u64 {
        return Err(Failure::TooLarge);
    }
    let read = async {
        let mut bytes = Vec::new();
        let mut taken = 0;
        while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let Ok(data) = frame.map_err(|_| Failure::Malformed)?.into_data() else { continue };
            taken += data.len();
            if taken > LINGER {
                break;
            } else if taken <= most {
                bytes.extend_from_slice(&data);
            }
        }
        if taken > most { Err(Failure::TooLarge) } else { Ok(bytes) }
    };
    tokio::time::timeout(patience, read).await.map_err(|_| Failure::TooSlow)?
}

/// The text fields of a `multipart/form-data` body (RFC 7578); files are left out.
fn multipart(body: &str, boundary: &str) -> Vec<(String, String)> {
    let delimiter = format!("\r\n--{boundary}");
    let body = format!("\r\n{body}");
    let mut parts = body.split(delimiter.as_str());
    parts.next();
    parts
        .take_while(|part| !part.starts_with("--"))
        .filter_map(|part| {
            let (head, value) = part.split_once("\r\n\r\n")?;
            let disposition = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
            })?;
            let is_file = parameter(disposition, "filename").is_some();
            let name = parameter(disposition, "name").filter(|_| !is_file)?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// The value of `; NAME=value` or `; NAME="value"`.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"')).filter(|value| !value.is_empty())
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipart_fields() {
        let part = |head: &str, value: &str| format!("--b\r\n{head}\r\n\r\n{value}\r\n");
        let named = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
        let file = "content-disposition: form-data; name=\"f\"; filename=\"x\"\r\nContent-Type: text/plain";
        let body = [
            part(&named("email"), "a@b.example"),
            part(file, "in a file"),
            part(&named("digest"), "weekly\r\n--not the end"),
            part(&named("digest"), ""),
            "--b--\r\n".to_owned(),
            part(&named("after"), "the end"),
        ]
        .concat();
        let fields = Form(multipart(&body, "b"));
        assert_eq!(fields.field("email"), "a@b.example");
        assert_eq!(fields.fields("digest").collect::<Vec<_>>(), ["weekly\r\n--not the end", ""]);
        assert_eq!(fields.0.len(), 3);
        for broken in ["", "--b", "--b\r\n", "--b\r\n\r\n", "--b\r\nContent-Disposition\r\n\r\n--b--", "--c\r\n"] {
            assert!(multipart(broken, "b").is_empty(), "{broken:?}");
        }
    }

    #[test]
    fn parameters() {
        assert_eq!(parameter(" boundary=x", "boundary"), Some("x"));
        assert_eq!(parameter("charset=utf-8; Boundary=\"x y\"", "boundary"), Some("x y"));
        assert_eq!(parameter("boundary=", "boundary"), None);
        assert_eq!(parameter("form-data; filename=\"name=x\"", "name"), None);
    }
}
