//! An Issue as the gate sees it before it is made: its mails, and what stands against them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::coming::Coming;
use crate::cli::Context;
use crate::config::Config;
use crate::crypto::Key;
use crate::digest::gate::{Finding, Reason};
use crate::digest::picture::Picture;
use crate::digest::render::{self, Rendered};
use crate::digest::{Digest, gate};
use crate::library::Scan;
use crate::problem::Severity;
use crate::scheduler::gate::{Gate, Place};
use crate::scheduler::{self, Keep};

/// See the module.
pub struct Judged {
    /// The digest's language first; without those that the template makes none of.
    pub rendered: Vec<Rendered>,
    /// Errors first.
    pub findings: Vec<Finding>,
    /// What the owner accepts always.
    pub accepted: BTreeSet<Reason>,
    /// Pictures that the mails show.
    pub pictures: Vec<Picture>,
}

/// The gate of `config`.
pub fn gate(config: &Config) -> Gate {
    Gate { settings: Arc::new(config.mail.clone()), accept: config.accept.clone(), dns: config.dns }
}

/// Renders `issue` for the digest's language and `languages`, and judges it.
pub async fn judged(
    context: &Context,
    config: &Config,
    scan: &Scan,
    digest: &Digest,
    issue: &Coming,
    languages: &[String],
) -> anyhow::Result<Judged> {
    let templates = config.templates().map_err(anyhow::Error::msg)?;
    let newest = scheduler::newest(&scan.bodies, &issue.posts).await?;
    let mut seen = Vec::new();
    let see = |picture: &Picture| seen.push(picture.clone());
    let keep = Keep::Beside(issue.store.as_ref());
    let pictures = scheduler::pictures(&scan.bodies, &scan.site, digest, &newest, keep, see).await?;
    let wanted =
        render::Issue { digest, slot: issue.slot, posts: &newest, count: issue.posts.len(), pictures: &pictures };
    let spoken = scheduler::spoken(&templates, digest, languages);
    let mails = scheduler::renditions(&templates, &scan.site, &wanted, &spoken);
    let gate = gate(config);
    let now = context.clock.now();
    let place = Place { bodies: &scan.bodies, pages: &scan.pages, at: now.max(issue.slot) };
    let own = Key::new(b"nobody's link");
    let key = issue.store.as_ref().map_or(&own, |store| store.key());
    let findings = gate.judge(digest, place, &mails, key, now).await;
    let rendered = mails.into_iter().flatten().collect();
    Ok(Judged { rendered, findings, accepted: gate.accepted(&digest.name), pictures: seen })
}

impl Judged {
    /// Does the gate hold the Issue?
    pub fn holds(&self) -> bool {
        self.findings.iter().any(|finding| finding.holds(&self.accepted))
    }
}

/// `error`, `warning` or `accepted`.
pub fn weight(finding: &gate::Finding, accepted: &BTreeSet<Reason>) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning if accepted.contains(&finding.reason) => "accepted",
        Severity::Warning => "warning",
    }
}

/// Prints what stands against an Issue, each with what to do.
pub fn tell(findings: &[Finding], accepted: &BTreeSet<Reason>) -> std::io::Result<()> {
    for finding in findings {
        say!("  gate     {} {}: {}", weight(finding, accepted), finding.reason.as_str(), finding.what);
        if !finding.hint.is_empty() {
            say!("             hint: {}", finding.hint);
        }
    }
    Ok(())
}
