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
            && (self.languages.is_empty() || self.languages.iter().any(|wanted| same_language(wanted, &post.language)))
    }
}

/// `zh` is every Chinese, and a site whose key is the bare `zh` means it by `zh-CN` too (RFC 4647 §3.3.1, both ways).
fn same_language(wanted: &str, key: &str) -> bool {
    let [wanted, key] = [wanted, key].map(|tag| tag.trim().to_lowercase().replace('_', "-"));
    let within =
        |tag: &str, range: &str| tag.strip_prefix(range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    within(&key, &wanted) || (!key.contains('-') && within(&wanted, &key))
}

#[cfg(test)]
mod tests {
    use super::same_language;

    #[test]
    fn languages_match_by_key_or_tag() {
        for (wanted, key, same) in [
            ("zh", "zh", true),
            ("ZH ", "zh", true),
            ("zh-CN", "zh", true),
            ("zh", "zh-cn", true),
            ("zh_CN", "zh-cn", true),
            ("zh-TW", "zh-cn", false),
            ("en", "zh", false),
            ("z", "zh", false),
            ("zha", "zh", false),
        ] {
            assert_eq!(same_language(wanted, key), same, "{wanted} {key}");
        }
    }
}
