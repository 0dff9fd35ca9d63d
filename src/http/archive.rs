//! The web copy of each Issue: the mail's own HTML, with the public pages where a reader's own links were.
//!
//! Only digests that anybody may sign up for have an archive. What a mail brings along is kept in a sandbox by its policy:
//! no script, no form, no frame.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, FixedOffset, Utc};

use super::error::Failure;
use super::pages::{self, DigestView, Page};
use super::visitor::Visitor;
use super::{App, Web};
use crate::digest::render::web_name;
use crate::digest::{Digest, Hole, Rendition, Trigger};
use crate::store::{ArchivedIssue, IssueState};

/// Issues that the archive shows.
const MOST: u32 = 1000;

#[derive(serde::Serialize)]
struct Archive {
    digest: DigestView,
    issues: Vec<IssueView>,
}

#[derive(serde::Serialize)]
struct IssueView {
    /// Last part of its address.
    name: String,
    subject: String,
    /// RFC 3339, in the digest's zone.
    at: String,
}

/// `/archive/DIGEST/`
pub async fn list(State(web): State<Web>, visitor: Visitor, Path(name): Path<String>) -> Result<Response, Failure> {
    let digest = find(&web.app, &name)?;
    let issues = named(digest, web.app.store.archive(&digest.name, MOST).await?)
        .into_iter()
        .map(|(name, issue)| IssueView { name, at: local(digest, issue.slot).to_rfc3339(), subject: issue.subject })
        .collect();
    let body = Archive { digest: DigestView::new(&web.app, &visitor, digest), issues };
    Page::new(&web, &visitor, body).public("web/archive.html")
}

/// `/archive/DIGEST/DATE/`: in the visitor's language where the Issue has it.
pub async fn issue(
    State(web): State<Web>,
    visitor: Visitor,
    Path((name, date)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let digest = find(&web.app, &name)?;
    let issues = named(digest, web.app.store.archive(&digest.name, MOST).await?);
    // By its place among the day's, or by its instant: a mail that is being made knows only that.
    let asked = |(name, issue): &(String, ArchivedIssue)| *name == date || web_name(digest, issue.slot) == date;
    let (place, issue) = issues.into_iter().find(asked).ok_or(Failure::NotFound)?;
    let renditions = web.app.store.issue_renditions(&issue.id).await?;
    let own = renditions.iter().find(|rendition| web.app.templates.nearest(&rendition.language) == visitor.language);
    let rendition = own.or(renditions.first()).ok_or(Failure::NotFound)?;
    let html = public_copy(&web.app, rendition);
    let policy = policy(&web.app);
    let canonical = format!("<{}archive/{name}/{place}/>; rel=\"canonical\"", web.app.settings.public_url);
    let robots = if issue.state == IssueState::Done { "all" } else { "noindex" };
    let headers = [
        (header::CONTENT_TYPE, pages::HTML),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(&policy).map_err(|e| Failure::Internal(e.to_string()))?,
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::VARY, HeaderValue::from_static("accept-language")),
        (
            header::CONTENT_LANGUAGE,
            HeaderValue::from_str(&rendition.language).unwrap_or(HeaderValue::from_static("und")),
        ),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static(robots)),
        // The one address of several that search engines are to tell (RFC 6596).
        (header::LINK, HeaderValue::from_str(&canonical).map_err(|e| Failure::Internal(e.to_string()))?),
    ];
    Ok((headers, html).into_response())
}

fn find<'a>(app: &'a App, name: &str) -> Result<&'a Digest, Failure> {
    app.digests.iter().find(|digest| digest.public && digest.name == name).ok_or(Failure::NotFound)
}

/// The Slot as the digest's own clock shows it.
fn local(digest: &Digest, slot: DateTime<Utc>) -> DateTime<FixedOffset> {
    match &digest.trigger {
        Trigger::Cron(schedule) => slot.with_timezone(&schedule.zone()).fixed_offset(),
        Trigger::OnPublish => slot.fixed_offset(),
    }
}

/// Each Issue with its place in the archive: the local date, and `-2` for the day's second. Counted from the day's first,
/// so that an address stays right when another follows.
fn named(digest: &Digest, newest_first: Vec<ArchivedIssue>) -> Vec<(String, ArchivedIssue)> {
    let mut of_the_day: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<(String, ArchivedIssue)> = newest_first
        .into_iter()
        .rev()
        .map(|issue| {
            let date = local(digest, issue.slot).format("%Y-%m-%d").to_string();
            let count = of_the_day.entry(date.clone()).or_default();
            *count += 1;
            (if *count == 1 { date } else { format!("{date}-{count}") }, issue)
        })
        .collect();
    all.reverse();
    all
}

/// The mail without anybody's links or address.
fn public_copy(app: &App, rendition: &Rendition) -> String {
    let page = |name: &str| format!("{}{name}", app.settings.public_url);
    Hole::ALL.into_iter().fold(rendition.html.clone(), |html, hole| {
        let instead = match hole {
            Hole::UnsubscribeUrl => page("unsubscribe"),
            Hole::PreferencesUrl => page("preferences"),
            Hole::ConfirmUrl => page("subscribe"),
            Hole::Address => app.templates.message(&rendition.language, "archive-reader", &[]),
        };
        html.replace(&hole.mark(&rendition.id), &crate::template::escape(&instead))
    })
}

/// A mail's styles stand in its elements; its pictures come from the site, which at home may be plain `http:`.
fn policy(app: &App) -> String {
    let site = url::Url::parse(&app.published.load().library.site.url);
    let site = site.ok().filter(|site| site.scheme() == "http").map(|site| site.origin().ascii_serialization());
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data: {}; form-action 'none'; \
         frame-ancestors 'none'; base-uri 'none'; \
         sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation",
        site.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Mailbox, Schedule};

    fn weekly() -> Digest {
        let zone = "Asia/Shanghai".parse().unwrap();
        let from = Mailbox { name: String::new(), address: "a@example.org".into() };
        Digest::new("weekly", from, Trigger::Cron(Schedule::parse("0 9 * * 5", zone).unwrap()))
    }

    #[test]
    fn issues_are_named_by_their_local_day() {
        let issue = |slot: &str| ArchivedIssue {
            id: slot.into(),
            slot: slot.parse().unwrap(),
            state: IssueState::Done,
            subject: String::new(),
        };
        let slots = ["2021-10-16T15:59:00Z", "2021-10-15T20:00:00Z", "2021-10-15T16:00:00Z", "2021-10-15T01:00:00Z"];
        let issues = named(&weekly(), slots.map(issue).into());
        let days: Vec<&str> = issues.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(days, ["2021-10-16-3", "2021-10-16-2", "2021-10-16", "2021-10-15"]);
        assert_eq!(issues[2].1.id, slots[2]);
    }
}
