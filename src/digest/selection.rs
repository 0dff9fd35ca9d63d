//! Which posts a Digest announces.

use crate::post::Post;

/// Every list that is not empty must have a member that the post has (AND between lists, OR within one). Names are
/// compared without regard to case and surrounding blanks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// First folders below the content root.
    pub sections: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Author names.
    pub authors: Vec<String>,
    /// The generator's language keys, or BCP 47 tags.
    pub languages: Vec<String>,
}

impl Selection {
    /// Does the Digest announce this post?
    pub fn takes(&self, post: &Post) -> bool {
        fn any<'a>(wanted: &[String], mut have: impl Iterator<Item = &'a str>) -> bool {
            wanted.is_empty()
                || have.any(|name| wanted.iter().any(|w| w.trim().to_lowercase() == name.trim().to_lowercase()))
        }
        any(&self.sections, std::iter::once(post.section.as_str()))
            && any(&self.tags, post.tags.iter().map(String::as_str))
            && any(&self.categories, post.categories.iter().map(String::as_str))
            && any(&self.authors, post.authors.iter().map(|author| author.name.as_str()))
            && any(&self.languages, std::iter::once(post.language.as_str()))
    }
}
