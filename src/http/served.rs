//! A document with everything that its answers need, made once when it is published: the bytes in each coding, and the
//! values of its headers. Answering copies pointers.
//!
//! News need not wait for its codings, which take longer than all the rest: a document is served as it is first.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderValue;
use chrono::{DateTime, Utc};

use crate::feed::coding::Coding;
use crate::feed::{Document, Format, address};

/// See the module.
#[derive(Debug, Clone)]
pub struct Served {
    /// With charset.
    pub content_type: &'static str,
    /// [`crate::feed::Document::made_of`]
    pub made_of: u64,
    /// [`crate::feed::Document::immutable`]
    pub immutable: bool,
    /// Base of the strong ETags, without quotes.
    pub hash: String,
    /// Since when the bytes are what they are.
    pub changed_at: DateTime<Utc>,
    /// The bytes.
    pub body: Coded,
    /// The same instant for `Last-Modified`.
    pub last_modified: HeaderValue,
    /// RFC 8288: where the document is at home, its other formats, its hubs.
    pub link: Option<HeaderValue>,
    /// What readers of earlier versions lack.
    pub deltas: Vec<Delta>,
    /// Where each entry stands in the bytes.
    entries: Arc<[Range<usize>]>,
    is_coded: bool,
}

/// Bytes, as they are and in each coding that saves something.
#[derive(Debug, Clone)]
pub struct Coded {
    /// As they are.
    pub identity: Variant,
    /// In the order of [`Coding::ALL`].
    pub codings: [Option<Variant>; 3],
}

/// Bytes with the headers that tell of them.
#[derive(Debug, Clone)]
pub struct Variant {
    /// `None`: as they are.
    pub coding: Option<Coding>,
    /// What goes over the wire.
    pub bytes: Bytes,
    /// A strong one, of this coding alone (RFC 9110 §8.8.3.3).
    pub etag: HeaderValue,
    /// `Content-Length`.
    pub length: HeaderValue,
}

/// The document with those of its entries alone that an earlier version did not have (RFC 3229, A-IM: feed).
#[derive(Debug, Clone)]
pub struct Delta {
    /// Of the earlier version.
    pub hash: String,
    /// Its ETags are the whole document's.
    pub body: Coded,
    /// The entries of the earlier version.
    had: Arc<HashSet<u64>>,
}

/// Earlier versions that deltas are kept of.
const EARLIER: usize = 8;

impl Served {
    /// `document` as it is served since `changed_at`, in no coding yet. `hash`: of the bytes, hexadecimal.
    pub fn new(document: Document, hash: String, changed_at: DateTime<Utc>, home: &Home) -> Self {
        Self {
            content_type: document.content_type,
            made_of: document.made_of,
            immutable: document.immutable,
            body: Coded::plain(document.body.to_bytes().into(), &hash),
            last_modified: value(&changed_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            link: home.links(&document.path, document.immutable),
            deltas: Vec::new(),
            entries: document.entries.into(),
            is_coded: false,
            hash,
            changed_at,
        }
    }

    /// The same in every coding.
    #[must_use]
    pub fn coded(mut self) -> Self {
        self.body = self.body.in_codings(&self.hash);
        let deltas = self.deltas.into_iter();
        self.deltas = deltas.map(|delta| Delta { body: delta.body.in_codings(&self.hash), ..delta }).collect();
        self.is_coded = true;
        self
    }

    /// The same bytes, of something else.
    #[must_use]
    pub fn known_by(self, made_of: u64) -> Self {
        Self { made_of, ..self }
    }

    /// It is there in every coding.
    pub fn is_coded(&self) -> bool {
        self.is_coded
    }

    /// The same, for readers of `before` and of what went before that as well.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        if self.entries.is_empty() || self.immutable {
            return self;
        }
        let earlier = before.deltas.iter().map(|delta| (delta.hash.clone(), Arc::clone(&delta.had)));
        let had = before.entries.iter().map(|at| digest(&before.body.identity.bytes[at.clone()])).collect();
        let earlier = earlier.chain([(before.hash.clone(), Arc::new(had))]).filter(|(hash, _)| *hash != self.hash);
        let earlier: Vec<(String, Arc<HashSet<u64>>)> = earlier.collect();
        let newest = earlier.len().saturating_sub(EARLIER);
        self.deltas = earlier
            .into_iter()
            .skip(newest)
            .map(|(hash, had)| Delta { body: Coded::plain(self.without(&had).into(), &self.hash), hash, had })
            .collect();
        self
    }

    /// The bytes without the entries that are `had`.
    fn without(&self, had: &HashSet<u64>) -> Vec<u8> {
        let bytes = &self.body.identity.bytes;
        let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) else { return bytes.to_vec() };
        let joint = self.entries.get(1).map_or(&bytes[..0], |second| &bytes[first.end..second.start]);
        // It is not all that there is (RFC 5005 §2).
        let head = String::from_utf8_lossy(&bytes[..first.start]).replacen("<fh:complete></fh:complete>", "", 1);
        let mut out = head.into_bytes();
        let mut new = self.entries.iter().map(|at| &bytes[at.clone()]).filter(|entry| !had.contains(&digest(entry)));
        out.extend_from_slice(new.next().unwrap_or_default());
        for entry in new {
            out.extend_from_slice(joint);
            out.extend_from_slice(entry);
        }
        out.extend_from_slice(&bytes[last.end..]);
        out
    }

    /// Octets that it holds.
    pub fn size(&self) -> usize {
        self.body.size() + self.deltas.iter().map(|delta| delta.body.size()).sum::<usize>()
    }
}

impl Coded {
    /// `bytes` as they are, with the ETag of a document whose hash is `hash`.
    pub fn plain(bytes: Bytes, hash: &str) -> Self {
        Self { identity: Variant::new(None, bytes, hash), codings: Default::default() }
    }

    /// The same in every coding, too.
    #[must_use]
    pub fn in_codings(self, hash: &str) -> Self {
        let codings = Coding::ALL.map(|coding| {
            let coded = coding.encode(&self.identity.bytes)?;
            Some(Variant::new(Some(coding), coded.into(), &format!("{hash}-{}", coding.ending())))
        });
        Self { codings, ..self }
    }

    /// The variant in `coding`, where that saves something.
    pub fn coded(&self, coding: Coding) -> Option<&Variant> {
        self.codings.iter().flatten().find(|variant| variant.coding == Some(coding))
    }

    /// Every variant.
    pub fn all(&self) -> impl Iterator<Item = &Variant> {
        std::iter::once(&self.identity).chain(self.codings.iter().flatten())
    }

    fn size(&self) -> usize {
        self.all().map(|variant| variant.bytes.len()).sum()
    }
}

impl Variant {
    fn new(coding: Option<Coding>, bytes: Bytes, tag: &str) -> Self {
        Self { coding, etag: value(&format!("\"{tag}\"")), length: HeaderValue::from(bytes.len()), bytes }
    }
}

/// What the links of documents are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// Ends in `/`.
    pub public_url: String,
    /// Of WebSub.
    pub hubs: Vec<String>,
}

impl Home {
    /// Of the document at `path`; `None` for what is no feed. An archive never changes: it has no hub.
    fn links(&self, path: &str, immutable: bool) -> Option<HeaderValue> {
        let folder = Format::ALL.iter().find_map(|format| path.strip_suffix(format.file_name()))?;
        let formats = Format::ALL.iter().map(|format| {
            let other = format!("{folder}{}", format.file_name());
            let rel = if other == path { "self" } else { "alternate" };
            let href = format!("{}{}", self.public_url, address::encoded(&other));
            format!("<{href}>; rel=\"{rel}\"; type=\"{}\"", format.media_type())
        });
        let hubs = self.hubs.iter().filter(|_| !immutable).map(|hub| format!("<{hub}>; rel=\"hub\""));
        HeaderValue::from_str(&formats.chain(hubs).collect::<Vec<_>>().join(", ")).ok()
    }
}

fn digest(entry: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    entry.hash(&mut hasher);
    hasher.finish()
}

/// Of text that is ours and ASCII.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
