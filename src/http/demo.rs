//! What only `postrider demo` serves: the bundled site's posts and pictures, and the mails that were written as files.
//!
//! Nothing here belongs to a real site: its own server shows its posts, and mail leaves.

use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Web;
use super::error::Failure;
use super::pages::{self, Page};
use super::visitor::Visitor;
use crate::mail::read::{ReadMail, read};
use crate::post::body::Bodies as _;

const STYLE: &str = include_str!("../../templates/web/demo.css");

/// Where the demo's things are.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The site's folder: its pictures are below `static/images`.
    pub site: PathBuf,
    /// Holds the `.eml` files.
    pub mail: PathBuf,
}

pub(super) fn routes(demo: Demo) -> Router<Web> {
    Router::new()
        .route("/demo/style.css", get(stylesheet))
        .route("/demo/mail/", get(mails))
        .route("/demo/mail", get(pages::add_slash))
        .route("/demo/mail/{name}/", get(mail))
        .route("/demo/mail/{name}/html", get(html))
        .route("/demo/mail/{name}/source", get(source))
        .route("/images/{name}", get(picture))
        .route("/weekly/{name}/", get(post))
        .route("/en/weekly/{name}/", get(post))
        .layer(Extension(Arc::new(demo)))
}

async fn stylesheet() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], STYLE).into_response()
}

#[derive(serde::Serialize)]
struct Mails {
    /// Where the files are.
    folder: String,
    mails: Vec<MailView>,
}

#[derive(serde::Serialize)]
struct MailView {
    /// Last part of its address: the file's name without `.eml`.
    name: String,
    from: String,
    to: String,
    subject: String,
    /// RFC 3339; may be empty.
    sent: String,
    html: String,
    text: String,
}

impl MailView {
    fn new(name: String, mail: ReadMail) -> Self {
        let ReadMail { from, to, subject, date, html, text } = mail;
        Self { name, from, to, subject, sent: date, html, text }
    }
}

/// `/demo/mail/`: every mail, newest first.
async fn mails(
    State(web): State<Web>,
    visitor: Visitor,
    Extension(demo): Extension<Arc<Demo>>,
) -> Result<Response, Failure> {
    let folder = demo.mail.clone();
    let mails = blocking(move || all(&folder)).await?;
    let body = Mails { folder: demo.mail.display().to_string(), mails };
    Page::new(&web, &visitor, body).private("web/demo-mails.html")
}

/// `/demo/mail/NAME/`: one mail as a mail program shows it.
async fn mail(
    State(web): State<Web>,
    visitor: Visitor,
    Extension(demo): Extension<Arc<Demo>>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let (_, mail) = open(&demo, &name).await?;
    let mut response = Page::new(&web, &visitor, MailView::new(name, mail)).private("web/demo-mail.html")?;
    let policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; frame-ancestors 'none'; \
                  base-uri 'none'; form-action 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// `/demo/mail/NAME/html`: its HTML part, for the frame on its page. No script, no form, nothing from elsewhere.
async fn html(Extension(demo): Extension<Arc<Demo>>, Path(name): Path<String>) -> Result<Response, Failure> {
    let (_, mail) = open(&demo, &name).await?;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; \
                  frame-ancestors 'self'; base-uri 'none'; \
                  sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";
    let headers = [
        (header::CONTENT_TYPE, pages::HTML),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // Links open beside the demo, not inside the frame.
    Ok((headers, mail.html.replacen("<head>", "<head><base target=\"_blank\">", 1)).into_response())
}

/// `/demo/mail/NAME/source`: the message's bytes, to be opened with a mail program.
async fn source(Extension(demo): Extension<Arc<Demo>>, Path(name): Path<String>) -> Result<Response, Failure> {
    let (bytes, _) = open(&demo, &name).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"mail.eml\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// `/images/NAME`: a picture of the site.
async fn picture(Extension(demo): Extension<Arc<Demo>>, Path(name): Path<String>) -> Result<Response, Failure> {
    let file = listed(demo.site.join("static/images"), ".png", name.trim_end_matches(".png").to_owned()).await?;
    let bytes = tokio::fs::read(file).await.map_err(|_| Failure::NotFound)?;
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, bytes).into_response())
}

#[derive(serde::Serialize)]
struct PostView {
    title: String,
    post_lang: String,
    post_dir: &'static str,
    authors: Vec<String>,
    /// RFC 3339; empty without a date.
    published: String,
    tags: Vec<String>,
    /// Sanitised when it was read.
    content: String,
}

/// A post's own page, so that the links in mails and feeds lead somewhere.
async fn post(State(web): State<Web>, visitor: Visitor, uri: axum::http::Uri) -> Result<Response, Failure> {
    let published = web.app.published.load();
    let url = format!("{}{}", web.app.settings.public_url, uri.path().trim_start_matches('/'));
    let post = published.library.posts.iter().find(|post| post.url == url).ok_or(Failure::NotFound)?;
    let full = published.library.bodies.full(std::slice::from_ref(post));
    let full = full.map_err(|problem| Failure::Internal(problem.to_string()))?;
    let lang = published.library.site.tag(&post.language).to_owned();
    let body = PostView {
        title: post.title.clone(),
        post_dir: crate::template::direction(&lang),
        post_lang: lang,
        authors: post.authors.iter().map(|author| author.name.clone()).collect(),
        published: post.published.map(|at| at.to_rfc3339()).unwrap_or_default(),
        tags: post.tags.clone(),
        content: full.iter().map(|post| post.shown.html.as_ref()).collect(),
    };
    Page::new(&web, &visitor, body).public("web/demo-post.html")
}

fn all(folder: &FilePath) -> io::Result<Vec<MailView>> {
    let mut mails = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some(name) = name.strip_suffix(".eml") else { continue };
        if let Some(mail) = read(&fs_err::read(entry.path())?) {
            mails.push(MailView::new(name.to_owned(), mail));
        }
    }
    // Their names begin with the time.
    mails.sort_by(|a, b| b.name.cmp(&a.name));
    Ok(mails)
}

async fn open(demo: &Demo, name: &str) -> Result<(Vec<u8>, ReadMail), Failure> {
    let file = listed(demo.mail.clone(), ".eml", name.to_owned()).await?;
    let bytes = tokio::fs::read(file).await.map_err(|_| Failure::NotFound)?;
    let mail = read(&bytes).ok_or(Failure::NotFound)?;
    Ok((bytes, mail))
}

/// The file `stem` + `end` of `folder`, if it is in the folder's list: what a visitor typed never becomes a path.
async fn listed(folder: PathBuf, end: &'static str, stem: String) -> Result<PathBuf, Failure> {
    let wanted = format!("{stem}{end}");
    let found = blocking(move || {
        for entry in fs_err::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_str() == Some(&wanted) {
                return Ok(Some(entry.path()));
            }
        }
        Ok(None)
    });
    found.await?.ok_or(Failure::NotFound)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Internal(error.to_string()))?;
    done.map_err(|error| Failure::Internal(error.to_string()))
}
