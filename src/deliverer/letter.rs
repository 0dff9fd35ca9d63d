//! A claimed mail made ready to leave: composed, signed, with its envelope and its gate.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::door::Door;
use super::work::{Done, Job};
use crate::crypto::Key;
use crate::delivery::{Kind, Outcome, Verdict};
use crate::mail;
use crate::mail::message::{Error, Recipient};
use crate::mail::transport::{Attempt, Mail, Stage};
use crate::rope::Rope;
use crate::store::Claim;
use crate::subscriber::token::{self, Purpose};

/// See the module.
pub struct Letter {
    pub job: Job,
    pub content: Content,
    pub door: Door,
}

/// What leaves.
pub struct Content {
    from: String,
    text: Arc<Rope>,
    date: DateTime<Utc>,
}

impl Letter {
    /// As the transport takes it.
    pub fn mail(&self) -> Mail<'_> {
        let claim = &self.job.claim;
        let Content { from, text, date } = &self.content;
        Mail { from, to: &claim.address, message_id: &claim.message_id, text, date: *date }
    }

    /// With what became of it.
    pub fn done(&self, attempt: Attempt, place: usize, untouched: bool) -> (Done, watch::Receiver<bool>) {
        let (done, recorded) = done(&self.job, attempt, place);
        (Done { untouched, ..done }, recorded)
    }
}

/// `job` with what became of it, and whether that is recorded.
pub fn done(job: &Job, attempt: Attempt, place: usize) -> (Done, watch::Receiver<bool>) {
    let (recorded, is_recorded) = watch::channel(false);
    let digest = job.prepared.as_ref().map(|prepared| prepared.digest.clone()).unwrap_or_default();
    let (claim, claimed) = (job.claim.clone(), job.claimed);
    (Done { claim, claimed, digest, attempt, place, untouched: false, recorded }, is_recorded)
}

/// Composes and signs; `key` is the store's. The error is the end of the attempt.
pub fn compose(key: &Key, settings: &mail::Settings, job: &Job, date: DateTime<Utc>) -> Result<Content, Attempt> {
    let Some(prepared) = &job.prepared else { return Err(not_composed("its rendition is gone")) };
    let claim = &job.claim;
    let text = prepared.compose(&recipient(key, settings, claim), date).map_err(|error| match error {
        Error::Recipient => not_composed(&error.to_string()),
        Error::Rendition(_) | Error::Signature(_) => fault_of_all(&error.to_string()),
    })?;
    let path = settings.bounce_address.as_ref();
    let from = path.map(|path| path.sender(key, claim.kind, &claim.id, &claim.subscriber));
    Ok(Content { from: from.unwrap_or_else(|| prepared.from.clone()), text: Arc::new(text), date })
}

/// Whom `claim` goes to, with the links that are theirs.
pub fn recipient(key: &Key, settings: &mail::Settings, claim: &Claim) -> Recipient {
    let link = |page: &str, purpose: Purpose, row: &str| {
        let token = match (row, claim.kind) {
            // A test mail belongs to no reader; its links show what a reader's look like and open nothing.
            ("", Kind::Test) => "test".to_owned(),
            ("", _) => return None,
            (row, _) => token::make(key, purpose, row),
        };
        Some(format!("{}{page}/{token}", settings.public_url))
    };
    Recipient {
        address: claim.address.clone(),
        message_id: claim.message_id.clone(),
        unsubscribe_url: link("unsubscribe", Purpose::Unsubscribe, &claim.subscription),
        unsubscribe_address: Some(&claim.subscription)
            .filter(|row| !row.is_empty())
            .and_then(|row| settings.bounce_address.as_ref()?.unsubscribe(key, row)),
        preferences_url: link("preferences", Purpose::Preferences, &claim.subscriber),
        confirm_url: link("confirm", Purpose::Confirm, &claim.confirmation),
    }
}

/// A mail that can never be made fails alone.
pub fn not_composed(why: &str) -> Attempt {
    let text = format!("the message could not be made: {why}");
    Attempt { stage: Stage::Data, outcome: Outcome { verdict: Verdict::Permanent, code: 0, text } }
}

/// Every mail of the Rendition would have it: they wait for a person, others go on.
fn fault_of_all(why: &str) -> Attempt {
    let text = format!("the message could not be made: {why}");
    Attempt { stage: Stage::Data, outcome: Outcome { verdict: Verdict::Temporary, code: 0, text } }
}
