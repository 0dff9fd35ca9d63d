//! For who runs it: is the process alive, can it do its work, and its figures for Prometheus. No address, no token, no
//! title is among them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::client::{self, Client};
use super::error::Failure;
use super::{App, Web};
use crate::delivery;
use crate::digest::Digest;
use crate::problem::Severity;
use crate::store::{self, IssueState};
use crate::subscriber::State as Standing;

/// What the store may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the store's figures are good for: a scraper in a hurry must not count rows without end.
const KEEP: Duration = Duration::from_secs(5);

/// `/healthz`: the process lives.
pub async fn health() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// `/readyz`: the first scan is done and the store answers; 503 with the reason if not.
pub async fn ready(State(web): State<Web>) -> Response {
    if web.app.published.load().scanned_at.is_none() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "not ready: the first scan of the site has not ended\n");
    }
    match timeout(PATIENCE, web.app.store.ping()).await {
        Ok(Ok(())) => plain(StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            plain(StatusCode::SERVICE_UNAVAILABLE, "not ready: the store does not answer\n")
        }
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "not ready: the store answers too slowly\n"),
    }
}

/// `/metrics`, Prometheus' text format 0.0.4. For this machine and private networks only: a site's number of readers is
/// its own affair.
pub async fn metrics(State(web): State<Web>, Client(client): Client) -> Result<Response, Failure> {
    if !client::is_private(client) {
        return Err(Failure::Private);
    }
    let mut out = Text::default();
    of_the_memory(&mut out, &web);
    out.0.push_str(&web.metrics.of_the_store(&web.app).await);
    let headers =
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, out.0).into_response())
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

/// What the server counts itself, and the store's figures for as long as they are good.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers by status class, 1xx first.
    answers: [AtomicU64; 5],
    faults: AtomicU64,
    of_the_store: Mutex<Option<(Instant, String)>>,
}

impl Metrics {
    /// One answer went out.
    pub fn count(&self, status: StatusCode) {
        if let Some(class) = self.answers.get(usize::from(status.as_u16() / 100).wrapping_sub(1)) {
            class.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One answer was our own fault.
    pub fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// The store's figures. While the store is away there is only `postrider_store_up 0`.
    async fn of_the_store(&self, app: &App) -> String {
        let mut kept = self.of_the_store.lock().await;
        if let Some((at, text)) = kept.as_ref()
            && at.elapsed() < KEEP
        {
            return text.clone();
        }
        let mut out = Text::default();
        let counted = timeout(PATIENCE, count_rows(app)).await;
        let up = matches!(counted, Ok(Ok(_)));
        out.metric("store_up", "gauge", "Does the store answer?", [(String::new(), u64::from(up))]);
        if let Ok(Ok(rows)) = counted {
            out.metric("subscriptions", "gauge", "Subscriptions by digest and state.", rows.subscriptions);
            out.metric("deliveries", "gauge", "Deliveries by state.", rows.deliveries);
            out.metric("issues", "gauge", "Issues by digest and state; held ones wait for a person.", rows.issues);
            out.metric("bounces", "gauge", "Mails that came back, by kind and reason.", rows.bounces);
            let help = "Reports by who brought them and what became of them; `unsigned` ones were not believed.";
            out.metric("returned_total", "counter", help, rows.returned);
        }
        *kept = Some((Instant::now(), out.0.clone()));
        out.0
    }
}

type Series = Vec<(String, u64)>;

struct Rows {
    subscriptions: Series,
    deliveries: Series,
    issues: Series,
    bounces: Series,
    returned: Series,
}

/// Counts with a zero where there is nothing: an alert cannot watch a series that is not there.
async fn count_rows(app: &App) -> store::Result<Rows> {
    let mut subscriptions = zeros(app, Standing::ALL.map(Standing::as_str));
    for (digest, state, count) in app.store.subscription_counts().await? {
        subscriptions.insert((digest, state.as_str()), count);
    }
    let mut issues = zeros(app, IssueState::ALL.map(IssueState::as_str));
    for (digest, state, count) in app.store.issue_counts().await? {
        issues.insert((digest, state.as_str()), count);
    }
    let mut deliveries: BTreeMap<&str, u64> = delivery::State::ALL.iter().map(|state| (state.as_str(), 0)).collect();
    deliveries.extend(app.store.delivery_counts(None).await?.iter().map(|(state, count)| (state.as_str(), *count)));
    let pairs = |names: [&'static str; 2], rows: Vec<(String, String, u64)>| {
        let line = move |(a, b, count): (String, String, u64)| {
            (format!("{}=\"{}\",{}=\"{}\"", names[0], label(&a), names[1], label(&b)), count)
        };
        rows.into_iter().map(line).collect()
    };
    let by_digest = |rows: BTreeMap<(String, &str), u64>| {
        let line = |((digest, state), count): ((String, &str), u64)| {
            (format!("digest=\"{}\",state=\"{state}\"", label(&digest)), count)
        };
        rows.into_iter().map(line).collect()
    };
    Ok(Rows {
        subscriptions: by_digest(subscriptions),
        deliveries: deliveries.into_iter().map(|(state, count)| (format!("state=\"{state}\""), count)).collect(),
        issues: by_digest(issues),
        bounces: pairs(["kind", "reason"], app.store.bounce_counts().await?),
        returned: pairs(["source", "became"], app.store.returned_counts().await?),
    })
}

fn zeros<const N: usize>(app: &App, states: [&'static str; N]) -> BTreeMap<(String, &'static str), u64> {
    let of = |digest: &Digest| states.map(|state| ((digest.name.clone(), state), 0));
    app.digests.iter().flat_map(of).collect()
}

fn of_the_memory(out: &mut Text, web: &Web) {
    let published = web.app.published.load();
    let problems = |severity: Severity| {
        let count = published.library.problems.iter().filter(|problem| problem.severity == severity).count();
        count as u64
    };
    let one = |value: u64| [(String::new(), value)];
    out.metric("posts", "gauge", "Posts that feeds and digests announce.", one(published.library.posts.len() as u64));
    out.metric("pages", "gauge", "Pages read, of whatever status.", one(published.library.all.len() as u64));
    let by_severity = [("error", Severity::Error), ("warning", Severity::Warning)]
        .map(|(name, severity)| (format!("severity=\"{name}\""), problems(severity)));
    out.metric("problems", "gauge", "Problems that the last scan found in the content.", by_severity);
    out.metric("feeds", "gauge", "Feeds, each in three formats.", one(published.listings.len() as u64));
    if let Some(at) = published.scanned_at {
        let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
        out.metric("last_scan_timestamp_seconds", "gauge", "When the last scan ended.", one(seconds));
    }
    let answers = web.metrics.answers.iter().enumerate().skip(1);
    let answers = answers.map(|(class, n)| (format!("class=\"{}xx\"", class + 1), n.load(Ordering::Relaxed)));
    out.metric("http_responses_total", "counter", "Answers by status class.", answers);
    let faults = web.metrics.faults.load(Ordering::Relaxed);
    out.metric("http_faults_total", "counter", "Answers that were our own fault; the log says why.", one(faults));
    let version = [(format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1)];
    out.metric("build_info", "gauge", "What is running.", version);
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn metric(&mut self, name: &str, kind: &str, help: &str, samples: impl IntoIterator<Item = (String, u64)>) {
        let _ = writeln!(self.0, "# HELP postrider_{name} {help}\n# TYPE postrider_{name} {kind}");
        for (labels, value) in samples {
            let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
            let _ = writeln!(self.0, "postrider_{name}{labels} {value}");
        }
    }
}

/// A label's value, escaped as the format wants it.
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
