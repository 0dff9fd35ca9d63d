//! What Postrider knows of the site as a whole: from the generator's own configuration, `postrider.yaml` on top.

/// The site that the posts belong to.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Site {
    /// Absolute, ends in `/`; may have a path (`https://example.org/blog/`).
    pub url: String,
    /// Never empty: the host's name where the configuration has none.
    pub title: String,
    /// Plain text; may be empty.
    pub description: String,
    /// BCP 47 tag of the default language, e.g. `zh-CN`.
    pub language: String,
    /// The default language first. Never empty.
    pub languages: Vec<Language>,
    /// `hugo`, `jekyll`, … or `folder`.
    pub generator: String,
    /// The sections that feeds and digests announce.
    pub main_sections: Vec<String>,
}

/// One language of a site.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Language {
    /// The generator's own name of it, as in [`crate::post::Page::language`]: `zh`.
    pub key: String,
    /// BCP 47: `zh-CN`.
    pub tag: String,
    /// Title of the site in this language.
    pub title: String,
    /// Absolute address of the language's home page, ends in `/`.
    pub url: String,
}

impl Site {
    /// The BCP 47 tag of a language key; the key itself where the site does not declare it.
    pub fn tag<'a>(&'a self, key: &'a str) -> &'a str {
        self.languages.iter().find(|language| language.key == key).map_or(key, |language| language.tag.as_str())
    }
}
