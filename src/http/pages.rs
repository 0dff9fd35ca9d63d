//! Pages without a form, and what all pages share: the frame with the site's name, the languages and the stylesheet.

pub mod feeds;

use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::Failure;
use super::visitor::Visitor;
use super::when::{When, when};
use super::{App, Web};
use crate::crypto;
use crate::digest::Digest;
use crate::template::direction;

/// The type of a page.
pub const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// A file that pages bring along.
struct Asset {
    content_type: &'static str,
    text: &'static str,
    /// Changes with the text, so that browsers may keep it for ever.
    version: String,
}

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/css; charset=utf-8", include_str!("../../templates/web/style.css")));
static COPY: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/javascript; charset=utf-8", include_str!("../../templates/web/copy.js")));

impl Asset {
    fn new(content_type: &'static str, text: &'static str) -> Self {
        Self { content_type, text, version: crypto::sha256_hex(text.as_bytes())[..12].to_owned() }
    }

    /// For ever where the version asked for is the present one.
    fn answer(&self, request: &Request) -> Response {
        let current = request.uri().query().is_some_and(|query| query == format!("v={}", self.version));
        let keep = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
        ([(header::CONTENT_TYPE, self.content_type), (header::CACHE_CONTROL, keep)], self.text).into_response()
    }
}

/// What every template of `templates/web` is given, with a page's own `body` beside it.
#[derive(serde::Serialize)]
pub struct Page<T> {
    /// Path at which our addresses begin: `/`.
    base: String,
    /// The same as the world says it: `https://feeds.example.org/`.
    public_url: String,
    style: &'static str,
    site: SiteView,
    /// The languages that this page can be had in.
    languages: Vec<LanguageView>,
    /// Can anybody sign up for anything?
    sign_up: bool,
    #[serde(flatten)]
    body: T,
    #[serde(skip)]
    language: String,
    #[serde(skip)]
    app: App,
}

#[derive(serde::Serialize)]
struct SiteView {
    /// Empty before the first scan.
    url: String,
    title: String,
    description: String,
    lang: String,
    dir: &'static str,
}

#[derive(serde::Serialize)]
struct LanguageView {
    tag: String,
    name: String,
}

impl<T: serde::Serialize> Page<T> {
    /// A page for `visitor`.
    pub fn new(web: &Web, visitor: &Visitor, body: T) -> Self {
        let app = web.app.clone();
        let public_url = app.settings.public_url.clone();
        let published = app.published.load();
        let site = &published.library.site;
        let host = || url::Url::parse(&public_url).ok()?.host_str().map(str::to_owned);
        let title = Some(site.title.clone()).filter(|title| !title.is_empty()).or_else(host).unwrap_or_default();
        Self {
            base: web.base.clone(),
            style: &STYLE.version,
            site: SiteView {
                url: site.url.clone(),
                title,
                description: site.description.clone(),
                lang: site.language.clone(),
                dir: direction(&site.language),
            },
            languages: languages(&app, visitor),
            sign_up: app.digests.iter().any(|digest| digest.public),
            body,
            language: visitor.language.clone(),
            public_url,
            app,
        }
    }

    /// The page's HTML. The error names the template, its line and the unknown word.
    pub fn render(&self, template: &str) -> Result<String, String> {
        self.app.templates.render(template, &self.language, self)
    }

    /// A page for one visitor alone: no cache keeps it.
    pub fn private(&self, template: &str) -> Result<Response, Failure> {
        let html = self.render(template).map_err(Failure::Internal)?;
        let headers = [
            (header::CONTENT_TYPE, HTML),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        ];
        Ok((headers, html).into_response())
    }

    /// A page for everybody.
    pub fn public(&self, template: &str) -> Result<Response, Failure> {
        let html = self.render(template).map_err(Failure::Internal)?;
        let headers = [
            (header::CONTENT_TYPE, HTML),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
            (header::VARY, HeaderValue::from_static("accept-language")),
        ];
        Ok((headers, html).into_response())
    }
}

/// The languages that Postrider speaks, named as their readers name them.
fn languages(app: &App, visitor: &Visitor) -> Vec<LanguageView> {
    let mut tags: Vec<&str> = app.templates.languages().collect();
    // A page in a language that nobody can choose would be a trap.
    if !tags.contains(&visitor.language.as_str()) {
        tags.push(&visitor.language);
    }
    tags.into_iter()
        .map(|tag| LanguageView { tag: tag.to_owned(), name: app.templates.message(tag, "language-name", &[]) })
        .collect()
}

/// A Digest as the pages show it.
#[derive(serde::Serialize)]
pub struct DigestView {
    name: String,
    title: String,
    description: String,
    when: When,
    lang: String,
    dir: &'static str,
}

impl DigestView {
    /// For `visitor`.
    pub fn new(app: &App, visitor: &Visitor, digest: &Digest) -> Self {
        Self {
            name: digest.name.clone(),
            title: digest.title.clone(),
            description: digest.description.clone(),
            when: when(&app.templates, digest, &visitor.language, app.clock.now()),
            lang: digest.language.clone(),
            dir: direction(&digest.language),
        }
    }

    /// Every Digest that anybody may sign up for.
    pub fn public(app: &App, visitor: &Visitor) -> Vec<Self> {
        app.digests.iter().filter(|digest| digest.public).map(|digest| Self::new(app, visitor, digest)).collect()
    }
}

#[derive(serde::Serialize)]
struct Home {
    digests: Vec<DigestView>,
    feed: Option<feeds::FeedView>,
    feeds: usize,
}

/// `/`: what is here.
pub async fn home(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let body = Home {
        digests: DigestView::public(&web.app, &visitor),
        feed: feeds::whole(&web.app),
        feeds: web.app.published.load().listings.len(),
    };
    Page::new(&web, &visitor, body).public("web/home.html")
}

/// `/assets/style.css`
pub async fn stylesheet(request: Request) -> Response {
    STYLE.answer(&request)
}

/// `/assets/copy.js`: the only script, of the one page that has something to copy.
pub async fn copy_script(request: Request) -> Response {
    COPY.answer(&request)
}

/// `/robots.txt`: the pages of single readers are nobody else's business.
pub async fn robots(State(web): State<Web>) -> Response {
    let rules = ["confirm/", "unsubscribe/", "preferences/"].map(|path| format!("Disallow: {}{path}\n", web.base));
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, format!("User-agent: *\n{}", rules.concat())).into_response()
}

/// The address that was meant: ours end in a slash.
pub async fn add_slash(State(web): State<Web>, request: Request) -> Response {
    let target = format!("{}{}/", web.base, request.uri().path().trim_start_matches('/'));
    let headers = [(header::LOCATION, HeaderValue::from_str(&target))];
    match headers {
        [(name, Ok(value))] => (StatusCode::PERMANENT_REDIRECT, [(name, value)]).into_response(),
        _ => Failure::NotFound.into_response(),
    }
}
