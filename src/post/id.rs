//! Permanent ids: which page of a scan is which post of the store.

/// A post's id: an absolute IRI (`tag:` URI, RFC 4151) or what the front matter gave. Never changes.
pub type PostId = String;

/// What the store remembers of a post, to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The permanent id.
    pub id: PostId,
    /// Where its file was last seen.
    pub path: String,
    /// Its address when last seen.
    pub url: String,
    /// Its title when last seen.
    pub title: String,
    /// Its date when last seen, milliseconds since the epoch.
    pub published: Option<i64>,
    /// [`super::Page::source_hash`] when last seen.
    pub source_hash: String,
}

/// Gives every page its id, in the order of `pages`: from its front matter, from the `known` post that it is
/// (same content, same place, or same address, title and date), or a new `tag:` URI made of its host, date and path.
/// Two pages never get one id; a known id never moves to a page that is plainly another post.
pub fn assign(known: &[Known], pages: &[std::sync::Arc<super::Page>]) -> Vec<PostId> {
    let _ = (known, pages);
    todo!()
}
