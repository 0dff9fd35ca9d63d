//! The gate with what it has to know: a sample of each mail, where its links lead, what DNS says of the sender. And what becomes of
//! the Issues that it holds: they are looked at again, and go when nothing stands against them and a person has approved.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Keep, Mail, Parts, newest, pictures};
use crate::crypto::{self, Key};
use crate::digest::gate::{self, Finding, Reason, Sample};
use crate::digest::render::{self, Rendered};
use crate::digest::{Digest, Rendition};
use crate::dns::Resolver;
use crate::dns::sender::{self, Sender, State};
use crate::http;
use crate::library::{Bodies, Library};
use crate::mail;
use crate::mail::message::{Error, Prepared, Recipient};
use crate::post::{Page, Post};
use crate::store::IssueRow;
use crate::subscriber::token::{self, Purpose};

/// For all that is asked of DNS about one digest.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked before an Issue is sent.
#[derive(Clone)]
pub struct Gate {
    /// How its mails are made, and where they go.
    pub settings: Arc<mail::Settings>,
    /// Of each digest, by name, what its owner accepts always.
    pub accept: BTreeMap<String, BTreeSet<Reason>>,
    /// Who is asked about names; `None`: whom the machine asks.
    pub dns: Option<SocketAddr>,
}

/// The site that a mail is about.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Where its files are.
    pub bodies: &'a Bodies,
    /// Every regular page.
    pub pages: &'a [Arc<Page>],
    /// When the mail is there: the Slot, or now where that is over.
    pub at: DateTime<Utc>,
}

impl Gate {
    /// What the owner of `digest` accepts always.
    pub fn accepted(&self, digest: &str) -> BTreeSet<Reason> {
        self.accept.get(digest).cloned().unwrap_or_default()
    }

    /// What stands against sending `mails`, those of one Issue; links are made with `key`.
    pub async fn judge(
        &self,
        digest: &Digest,
        place: Place<'_>,
        mails: &[Mail],
        key: &Key,
        now: DateTime<Utc>,
    ) -> Vec<Finding> {
        let mut findings = self.dns(digest).await;
        for mail in mails {
            match mail {
                Ok(rendered) => {
                    let sample = self.sample(&rendered.rendition, place, key, now);
                    findings.extend(gate::judge(rendered, &sample));
                }
                Err(fault) => findings.push(Finding::template(fault)),
            }
        }
        findings.sort_by(|a, b| (b.severity, a).cmp(&(a.severity, b)));
        findings.dedup();
        findings
    }

    fn sample(&self, rendition: &Rendition, place: Place<'_>, key: &Key, now: DateTime<Utc>) -> Sample {
        let public_url = &self.settings.public_url;
        let subscription = crypto::new_id();
        let link =
            |page: &str, purpose: Purpose| format!("{public_url}{page}/{}", token::make(key, purpose, &subscription));
        let reader = Recipient {
            address: "reader@example.org".to_owned(),
            message_id: format!("{subscription}@example.org"),
            unsubscribe_url: Some(link("unsubscribe", Purpose::Unsubscribe)),
            unsubscribe_address: None,
            preferences_url: Some(link("preferences", Purpose::Preferences)),
            confirm_url: None,
        };
        let unsubscribe_url = reader.unsubscribe_url.clone().unwrap_or_default();
        let opened =
            http::way_out(public_url, &unsubscribe_url).and_then(|token| token::read(key, Purpose::Unsubscribe, token));
        let way_out = if opened.as_deref() == Some(&*subscription) {
            Ok(())
        } else {
            Err(format!("the link to unsubscribe, {public_url}unsubscribe/…, opens no page of ours"))
        };
        let prepared = Prepared::new(rendition, &self.settings);
        let composed = prepared.check(&reader, now).and_then(|()| prepared.compose(&reader, now));
        let message = composed.map(|message| message.to_string()).map_err(|error| {
            let reason = if matches!(error, Error::Signature(_)) { Reason::Signature } else { Reason::Message };
            (reason, error.to_string())
        });
        Sample {
            message,
            way_out,
            unsubscribe_url,
            to_the_world: self.settings.transport.is_to_the_world(),
            nowhere: place.bodies.nowhere(place.pages, place.at, gate::links(rendition)),
        }
    }

    /// What DNS says against mail of `digest`. Nobody is asked about mail that does not leave, unless a server is configured.
    async fn dns(&self, digest: &Digest) -> Vec<Finding> {
        if !self.settings.transport.is_to_the_world() && self.dns.is_none() {
            return Vec::new();
        }
        let asked = async {
            let resolver = Resolver::new(self.dns)?;
            Ok(sender::findings(&resolver, &self.sender(digest)).await)
        };
        let found = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(found) => found,
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let found = found.unwrap_or_else(|why: String| {
            // Not to be able to ask says nothing against the mail.
            tracing::warn!(digest = digest.name, %why, "DNS could not be asked about the sender");
            Vec::new()
        });
        let told = found.into_iter().filter_map(|found| {
            let what = format!("{} {}", found.name, found.what);
            match found.state {
                State::Good => None,
                State::Unknown => {
                    tracing::warn!(digest = digest.name, name = found.name, "{}", found.what);
                    None
                }
                State::Weak => Some(Finding::warning(Reason::Dns, what, found.hint)),
                State::Wrong => Some(Finding::error(Reason::Dns, what, found.hint)),
            }
        });
        told.collect()
    }

    /// Whom mail servers take the sender of `digest` for.
    pub fn sender(&self, digest: &Digest) -> Sender {
        let domain = |address: &str| address.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_owned());
        let address = &digest.from.address;
        let dkim = &self.settings.dkim;
        let keys = dkim.keys.iter().map(|key| (key.selector().to_owned(), key.value())).collect();
        Sender {
            from: domain(address),
            envelope: self
                .settings
                .bounce_address
                .as_ref()
                .map_or_else(|| domain(address), |path| domain(&path.plain())),
            signs: (dkim.domain_of(address).to_owned(), keys),
        }
    }
}

/// A held Issue as it would be sent now.
pub struct Again {
    /// What stands against it.
    pub findings: Vec<Finding>,
    /// Its mails, under the ids that they had.
    renditions: Vec<Rendition>,
}

/// Renders the held `issue` anew and judges it; both are kept.
pub async fn again(
    parts: &Parts,
    digest: &Digest,
    library: &Library,
    issue: &IssueRow,
    now: DateTime<Utc>,
) -> anyhow::Result<Again> {
    let by_id: BTreeMap<&str, &Arc<Post>> = library.all.iter().map(|post| (post.id.as_str(), post)).collect();
    let posts: Vec<Arc<Post>> =
        issue.posts.iter().filter_map(|id| by_id.get(id.as_str()).map(|post| Arc::clone(post))).collect();
    let old = parts.store.issue_renditions(&issue.id).await?;
    let (mut mails, mut findings) = (Vec::new(), Vec::new());
    if posts.is_empty() {
        let hint = format!("`postrider digest skip {}` drops the Issue", digest.name);
        findings.push(Finding::error(Reason::Message, "none of its posts is there any more", hint));
    } else {
        let newest = newest(&library.bodies, &posts).await?;
        let keep = Keep::In(&parts.store, now);
        let pictures = pictures(&library.bodies, &library.site, digest, &newest, keep, |_| ()).await?;
        let wanted =
            render::Issue { digest, slot: issue.slot, posts: &newest, count: posts.len(), pictures: &pictures };
        let again = |old: &Rendition| {
            render::issue(&parts.templates, &library.site, &wanted, &old.language).map(|new| under(new, &old.id))
        };
        mails.extend(old.iter().map(again));
        let pages: Vec<Arc<Page>> = library.all.iter().map(|post| Arc::clone(&post.page)).collect();
        let place = Place { bodies: &library.bodies, pages: &pages, at: now.max(issue.slot) };
        findings.extend(parts.gate.judge(digest, place, &mails, parts.store.key(), now).await);
    }
    parts.store.judge_issue(&issue.id, &findings, now).await?;
    Ok(Again { findings, renditions: mails.into_iter().flatten().map(|rendered| rendered.rendition).collect() })
}

/// The same under another id, which is in the marks of its holes too.
fn under(mut rendered: Rendered, id: &str) -> Rendered {
    let rendition = &mut rendered.rendition;
    for text in [&mut rendition.subject, &mut rendition.html, &mut rendition.text] {
        *text = text.replace(&rendition.id, id);
    }
    id.clone_into(&mut rendition.id);
    rendered
}

/// Lets the held Issue go as it was looked at `again`. False: somebody else has decided meanwhile.
pub async fn release(parts: &Parts, issue: &IssueRow, again: &Again, now: DateTime<Utc>) -> anyhow::Result<bool> {
    Ok(parts.store.replace_renditions(&issue.id, &again.renditions).await?
        && parts.store.approve_issue(&issue.id, now).await?)
}

/// Looks again at the Issues of `digest` that a person approved and the gate still holds.
pub async fn recheck(parts: &Parts, digest: &Digest, library: &Library, now: DateTime<Utc>) -> anyhow::Result<()> {
    let waiting = parts.store.issues_at_the_gate(&digest.name).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let issues = parts.store.issues(Some(&digest.name), super::LATEST).await?;
    for issue in issues.iter().filter(|issue| waiting.contains(&issue.id)) {
        let before = parts.store.judged(&issue.id).await?;
        let mut accepted = parts.gate.accepted(&digest.name);
        accepted.extend(before.as_ref().and_then(|judged| judged.accepted.clone()).unwrap_or_default());
        let again = again(parts, digest, library, issue, now).await?;
        if again.findings.iter().any(|finding| finding.holds(&accepted)) {
            if before.is_none_or(|before| before.findings != again.findings) {
                report(digest, issue.slot, &again.findings, &accepted);
            }
            continue;
        }
        if release(parts, issue, &again, now).await? {
            tracing::info!(digest = digest.name, slot = %issue.slot, "nothing stands against the approved Issue any more: it goes");
            parts.mail_queued.notify_one();
        }
    }
    Ok(())
}

/// Says why an Issue is held.
pub fn report(digest: &Digest, slot: DateTime<Utc>, findings: &[Finding], accepted: &BTreeSet<Reason>) {
    for finding in findings.iter().filter(|finding| finding.holds(accepted)) {
        let (reason, hint) = (finding.reason.as_str(), &finding.hint);
        tracing::warn!(digest = digest.name, %slot, reason, hint, "the gate holds the Issue: {}", finding.what);
    }
}
