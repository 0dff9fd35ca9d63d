//! An Issue's posts → Renditions; a sign-up → the Confirmation's Rendition.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Digest, Rendition};
use crate::post::Post;
use crate::site::Site;
use crate::template::Templates;

/// What an Issue announces, and when.
#[derive(Debug, Clone)]
pub struct Issue<'a> {
    /// The series.
    pub digest: &'a Digest,
    /// Its instant.
    pub slot: DateTime<Utc>,
    /// Newest first; never empty.
    pub posts: &'a [Arc<Post>],
}

/// Renders `issue` with what Postrider says itself in `language` (BCP 47; the nearest known one is used). The error
/// names the template, its line and the unknown word.
pub fn issue(templates: &Templates, site: &Site, issue: &Issue<'_>, language: &str) -> Result<Rendition, String> {
    let _ = (templates, site, issue, language);
    todo!()
}

/// Renders the double opt-in mail for `digest`. Holds no text that the person who signed up typed.
pub fn confirmation(templates: &Templates, site: &Site, digest: &Digest, language: &str) -> Result<Rendition, String> {
    let _ = (templates, site, digest, language);
    todo!()
}
