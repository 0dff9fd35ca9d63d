//! In which language a visitor is answered: `?lang=`, else `Accept-Language` (RFC 9110 §12.5.4), else the site's.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, Uri, header};

use super::{App, Web};

/// How a visitor is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The tag of a language that Postrider speaks.
    pub language: String,
    /// By `?lang=`: that goes before what is known of a reader.
    pub chosen: bool,
}

/// What a request says of the visitor's languages, kept while the request is being answered.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    query: Option<String>,
    accepted: Option<HeaderValue>,
}

impl Wish {
    /// What `request` says of them.
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::new(request.uri(), request.headers().get(header::ACCEPT_LANGUAGE))
    }

    fn new(uri: &Uri, accepted: Option<&HeaderValue>) -> Self {
        let query = uri.query().filter(|query| query.contains("lang=")).map(str::to_owned);
        Self { query, accepted: accepted.cloned() }
    }

    /// The first wish that can be fulfilled.
    pub fn fulfil(&self, app: &App) -> Visitor {
        let query = self.query.as_deref().unwrap_or_default();
        let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        if let Some(language) = asked.and_then(|(_, tag)| spoken(app, &tag)) {
            return Visitor { language, chosen: true };
        }
        let accepted = self.accepted.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let language = preferences(accepted)
            .iter()
            .find_map(|tag| spoken(app, tag))
            .unwrap_or_else(|| app.templates.nearest(&app.published.load().library.site.language).to_owned());
        Visitor { language, chosen: false }
    }
}

/// The tag of the language that Postrider speaks to readers of `tag`, if it is truly theirs and no stopgap.
pub fn spoken(app: &App, tag: &str) -> Option<String> {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let nearest = app.templates.nearest(tag);
    (primary(nearest) == primary(tag)).then(|| nearest.to_owned())
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Wish::new(&parts.uri, parts.headers.get(header::ACCEPT_LANGUAGE)).fulfil(&web.app))
    }
}

/// The tags of an `Accept-Language` header, best first; at most 20 are looked at.
fn preferences(header: &str) -> Vec<String> {
    let mut tags: Vec<(f32, String)> = header
        .split(',')
        .take(20)
        .filter_map(|item| {
            let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            let tag = tag.trim();
            (weight > 0.0 && !tag.is_empty() && tag != "*").then(|| (weight, tag.to_owned()))
        })
        .collect();
    tags.sort_by(|a, b| b.0.total_cmp(&a.0));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_in_the_order_of_their_weight() {
        for (header, tags) in [
            ("", &[][..]),
            ("zh-CN,zh;q=0.9,en;q=0.8", &["zh-CN", "zh", "en"]),
            ("en;q=0.2, fr ; q=0.7,*;q=0.1", &["fr", "en"]),
            ("de;q=0, en", &["en"]),
            ("de;q=nonsense, en;q=0.5", &["en"]),
            (",,;q=1,", &[]),
        ] {
            assert_eq!(preferences(header), tags, "{header}");
        }
    }
}
