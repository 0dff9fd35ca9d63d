//! A file of a Jekyll site: front matter, defaults and name to a [`Page`].

mod cut;
mod dates;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value};
use url::Url;

use crate::library::fields;
use crate::library::generator::Reading;
use crate::library::home;
use crate::post::body::{Body, Dialect};
use crate::post::front_matter::{self, FrontMatter};
use crate::post::{Author, Cover, Page, markdown};
use crate::problem::Problem;
use crate::yaml::Fault;

use super::address::{self, Place};
use super::config::Config;
use super::defaults;
use super::tree::{Entry, Kind, date_and_slug};
use cut::{cut, has_header};

/// Reads the file of an entry.
pub fn read(config: &Config, entry: &Entry, text: &str) -> Reading {
    // Only posts are read without a header, and only posts may have an invisible mark before it.
    let of_posts = matches!(entry.kind, Kind::Post | Kind::Draft);
    if !of_posts && !has_header(text) {
        return Reading::default();
    }
    let path = &entry.file.path;
    let cut = cut(text);
    let (own, repaired) = match cut.header.map(|header| front_matter::yaml(header, 2)).transpose() {
        Ok(read) => read.unwrap_or_default(),
        Err(Fault { line, what }) => {
            let hint = if what.contains("mapping values") || what.contains("cannot start any token") {
                "put the value in quotes"
            } else {
                "mend it; Jekyll does not read it either"
            };
            let what = format!("the front matter cannot be read: {what}");
            return Reading { page: None, problems: vec![Problem::error(path, line, what, hint)] };
        }
    };
    let mut problems: Vec<Problem> = repaired
        .into_iter()
        .map(|fault| Problem::warning(path, fault.line, fault.what, "remove one of them"))
        .collect();
    let body = Body {
        start: text.len() - cut.body.len(),
        line: cut.body_line,
        html: !config.markdown.contains(&extension(path).trim_start_matches('.').to_lowercase()),
        dialect: Dialect::Jekyll,
    };
    let document = Document::new(config, entry, own);
    match document.page(body) {
        Ok(page) => Reading { page, problems },
        Err(problem) => {
            problems.push(problem);
            Reading { page: None, problems }
        }
    }
}

/// `.md`; empty where the name has none.
fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').filter(|at| *at > 0).map_or("", |at| &name[at..])
}

/// Text as Ruby writes a value.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The texts of a list and of the lists in it.
fn flat(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flat(item, into)),
        other => into.extend(written(other)),
    }
}

/// What Ruby takes for true: everything but `false` and nothing.
fn truth(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

struct Document<'a> {
    config: &'a Config,
    entry: &'a Entry,
    /// What the defaults give, and what the header says over it.
    values: FrontMatter,
    /// What the header alone says.
    own: Map<String, Value>,
    /// What the defaults alone give.
    given: Map<String, Value>,
}

impl<'a> Document<'a> {
    fn new(config: &'a Config, entry: &'a Entry, mut values: FrontMatter) -> Self {
        let kind = match entry.kind {
            Kind::Post | Kind::Draft => "posts",
            Kind::Document(place) => &config.collections[place].label,
            Kind::Page => "pages",
        };
        // YAML 1.1's words for true and false, where they are not quoted.
        for key in ["published", "title"] {
            let word = values.plain(key).map(str::to_lowercase);
            let word = word.filter(|_| values.values.get(key).is_some_and(Value::is_string));
            match word.as_deref() {
                Some("yes" | "on") => values.values.insert(key.to_owned(), Value::Bool(true)),
                Some("no" | "off") => values.values.insert(key.to_owned(), Value::Bool(false)),
                _ => None,
            };
        }
        let given = defaults::values(&config.scopes, &entry.path, kind, &config.collections_folder);
        let own = values.values.clone();
        let mut all = given.clone();
        defaults::merge(&mut all, &own);
        values.values = all;
        Self { config, entry, values, own, given }
    }

    fn problem(&self, key: &str, what: String, hint: &str) -> Problem {
        Problem::error(&self.entry.file.path, self.values.line_of(key), what, hint)
    }

    /// `None`: a page that is no HTML.
    fn page(&self, body: Body) -> Result<Option<Page>, Problem> {
        let (config, entry) = (self.config, self.entry);
        let path = &entry.path;
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.strip_suffix(extension(name)).unwrap_or(name);
        let (named_date, named_slug) = match date_and_slug(path) {
            Some((date, slug)) if entry.kind != Kind::Page => (Some(date), slug),
            _ => (None, stem),
        };
        let named_slug = named_slug.trim_end_matches('.');
        let slug = self.text("slug").unwrap_or_else(|| named_slug.to_owned());
        let title = self.text("title");
        let written_title = match entry.kind {
            Kind::Page => title.unwrap_or_default(),
            _ => title.unwrap_or_else(|| titleized(named_slug)),
        };
        let published = self.date(named_date)?;
        let categories = if entry.kind == Kind::Page { Vec::new() } else { self.categories()? };
        let address = self.address(&slug, stem, published, &categories)?;
        let written_url = format!("{}{address}", config.site.url.trim_end_matches('/'));
        let url = home::encoded(&written_url);
        let page_url = Url::parse(&url).or_else(|_| Url::parse(&config.site.url));
        let Ok(page_url) = page_url else { return Err(self.problem("permalink", "has no valid address".into(), "")) };

        let of_page = entry.kind == Kind::Page;
        if of_page && !address.ends_with('/') && !matches!(self.built(), ".html" | ".htm" | ".xhtml") {
            return Ok(None);
        }
        let is_published = if of_page { self.own.get("published") } else { self.values.values.get("published") };
        let draft = entry.kind == Kind::Draft;
        Ok(Some(Page {
            path: entry.file.path.clone(),
            written_url: Some(written_url).filter(|written| *written != url),
            url,
            title: markdown::plain(&written_title),
            written_title: Some(written_title),
            published,
            updated: self.updated(),
            visible_from: published.filter(|_| !config.future && !of_page),
            draft: draft && !config.drafts,
            unlisted: !config.unpublished && is_published.is_some_and(|value| !truth(value)),
            section: match entry.kind {
                Kind::Post | Kind::Draft => "posts".into(),
                Kind::Document(place) => config.collections[place].label.clone(),
                Kind::Page => path.split_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default(),
            },
            tags: self.terms("tag", "tags"),
            categories,
            authors: self.authors(&page_url),
            summary: self.values.text(&["excerpt", "description", "summary"]).unwrap_or_default(),
            language: self.text("lang").unwrap_or_else(|| config.site.languages[0].key.clone()),
            cover: self.cover(),
            body,
            excerpt_end: self.text("excerpt_separator").map(Arc::from).or_else(|| config.excerpt_end.clone()),
            own_id: fields::own_id(&self.values),
            aliases: self.aliases(),
            ..Page::default()
        }))
    }

    /// The value of a key as text; nothing for `false` and nothing, as Ruby's `||` has it.
    fn text(&self, key: &str) -> Option<String> {
        self.values.values.get(key).filter(|value| **value != Value::Bool(false)).and_then(written)
    }

    /// `permalink` of the header or the defaults.
    fn permalink(&self) -> Option<String> {
        self.values.values.get("permalink").filter(|value| truth(value)).and_then(written)
    }

    /// The extension of the file that is built: an address with one of its own keeps it.
    fn built(&self) -> &str {
        let written = self.values.values.get("permalink").and_then(Value::as_str);
        let last = written.and_then(|permalink| permalink.rsplit('/').next()).unwrap_or_default();
        let own = last.rfind('.').filter(|at| *at > 0 && at + 1 < last.len()).map(|at| &last[at..]);
        let extension = extension(&self.entry.path);
        let is_markdown = self.config.markdown.contains(&extension.trim_start_matches('.').to_lowercase());
        own.unwrap_or_else(|| address::built(extension, is_markdown))
    }

    fn address(
        &self,
        slug: &str,
        stem: &str,
        date: Option<DateTime<FixedOffset>>,
        categories: &[String],
    ) -> Result<String, Problem> {
        let (config, entry) = (self.config, self.entry);
        let extension = extension(&entry.path);
        let permalink = self.permalink();
        let built = self.built();
        let without = &entry.path[..entry.path.len() - extension.len()];
        let Some(collection) = (match entry.kind {
            Kind::Post | Kind::Draft => config.collections.first(),
            Kind::Document(place) => config.collections.get(place),
            Kind::Page => None,
        }) else {
            let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let stem = stem.trim_end_matches('.');
            let template = permalink.clone().unwrap_or_else(|| match (built, stem) {
                (".html" | ".htm" | ".xhtml", "index") => "/:path/".into(),
                (".html" | ".htm" | ".xhtml", _) => format!("/:path/:basename{}", address::suffix(&config.style)),
                _ => "/:path/:basename:output_ext".into(),
            });
            let place = Place { name: stem, path: folder, extension: built, ..Place::default() };
            return Ok(address::of_page(&template, &place));
        };
        let path = without.replacen(&format!("_{}", collection.label), "", 1);
        let place = Place {
            date,
            slug,
            name: stem,
            path: path.trim_end_matches('.'),
            collection: &collection.label,
            categories,
            extension: built,
        };
        let template = permalink.as_deref().unwrap_or(&collection.permalink);
        address::of_document(template, &place)
            .map_err(|what| self.problem("permalink", what, "see Jekyll's list of permalink placeholders"))
    }

    /// Those of the folders above `_posts`, of the defaults and of the header.
    fn categories(&self) -> Result<Vec<String>, Problem> {
        let special = if self.entry.kind == Kind::Draft { "_drafts" } else { "_posts" };
        let mut categories: Vec<Value> = Vec::new();
        if matches!(self.entry.kind, Kind::Post | Kind::Draft) && !self.entry.path.starts_with(special) {
            let above = self.entry.path.find(special).map_or("", |at| &self.entry.path[..at]);
            categories.extend(above.split('/').filter(|part| !part.is_empty()).map(Value::from));
        }
        for from in [&self.given, &self.own] {
            match from.get("categories") {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => categories.extend(text.split_whitespace().map(Value::from)),
                Some(list @ Value::Array(_)) => {
                    let mut names = Vec::new();
                    flat(list, &mut names);
                    categories.extend(names.into_iter().map(Value::from));
                }
                Some(_) => {
                    let what = "`categories` is neither a text nor a list".to_owned();
                    return Err(self.problem("categories", what, "write it as a list, as in `categories: [news]`"));
                }
            }
        }
        let mut names: Vec<String> = categories.iter().map(|value| written(value).unwrap_or_default()).collect();
        names.extend(self.terms("category", "categories"));
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        Ok(names)
    }

    /// The one of the singular key, else those of the plural one: a text is cut at blanks.
    fn terms(&self, singular: &str, plural: &str) -> Vec<String> {
        let mut terms = Vec::new();
        if let Some(value) = self.values.values.get(singular).filter(|value| truth(value)) {
            flat(value, &mut terms);
            return terms;
        }
        match self.values.values.get(plural) {
            Some(Value::String(text)) => terms.extend(text.split_whitespace().map(String::from)),
            Some(list @ Value::Array(_)) => flat(list, &mut terms),
            _ => {}
        }
        terms
    }

    /// With what `_data/authors` says of each; the site's own where the page names nobody.
    fn authors(&self, page: &Url) -> Vec<Author> {
        let known = |value: &Value| -> Value {
            let name = value.as_str().and_then(|key| Some((key, self.config.authors.get(key)?.as_object()?)));
            let Some((key, map)) = name else { return value.clone() };
            let mut map = map.clone();
            map.entry("name").or_insert_with(|| key.into());
            Value::Object(map)
        };
        let resolved = |value: &Value| match value {
            Value::Array(items) => Value::Array(items.iter().map(known).collect()),
            other => known(other),
        };
        let mut values = FrontMatter::default();
        for key in ["author", "authors"] {
            if let Some(value) = self.values.get(&[key]) {
                values.values.insert(key.into(), resolved(value));
            }
        }
        let mut authors = fields::authors(&values, &|| page);
        if authors.is_empty() && self.entry.kind != Kind::Page && !self.config.author.is_null() {
            values.values.insert("author".into(), resolved(&self.config.author));
            authors = fields::authors(&values, &|| page);
        }
        authors
    }

    /// Themes look for pictures from the site's root.
    fn cover(&self) -> Option<Cover> {
        let root = Url::parse(&self.config.site.url).ok()?;
        let cover = fields::cover(&self.values, &|| &root).or_else(|| {
            let header = self.values.get(&["header"])?;
            let picture = ["image", "overlay_image", "teaser"].iter().find_map(|key| header.get(*key))?;
            let mut values = FrontMatter::default();
            values.values.insert("image".into(), picture.clone());
            fields::cover(&values, &|| &root)
        })?;
        let origin = format!("{}/", root.origin().ascii_serialization());
        let below = cover.url.strip_prefix(&origin).filter(|_| !cover.url.starts_with(root.as_str()));
        Some(match below {
            Some(below) => Cover { url: format!("{root}{below}"), alt: cover.alt },
            None => cover,
        })
    }

    /// `redirect_from` of the plugin of that name.
    fn aliases(&self) -> Vec<String> {
        let from = self.values.get(&["redirect_from"]).map(fields::strings).unwrap_or_default();
        let root = self.config.site.url.trim_end_matches('/');
        from.iter()
            .filter(|path| !path.contains("://"))
            .map(|path| format!("{root}{}", home::encoded(&address::of_page(path, &Place::default()))))
            .collect()
    }
}

/// `name-of-post` as a title: words with a capital first.
fn titleized(slug: &str) -> String {
    let parts: Vec<&str> = slug.trim_end_matches('-').split('-').collect();
    let capitalized = |word: &&str| {
        let mut letters = word.chars();
        let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        first + &letters.flat_map(char::to_lowercase).collect::<String>()
    };
    parts.iter().map(capitalized).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_slugs() {
        assert_eq!(titleized("a-bC--éd-"), "A Bc  Éd");
    }
}
