//! A post of a Docusaurus blog: front matter and name to a [`Page`].

use serde_json::Value;
use url::Url;

use crate::library::generator::Reading;
use crate::library::{fields, home, matter};
use crate::post::body::{Body, Dialect};
use crate::post::date::ecma;
use crate::post::front_matter::{FrontMatter, text_of};
use crate::post::{Author, Cover, Page, markdown, sanitize};
use crate::problem::Problem;

use super::config::Config;
use super::name::{self, Name};
use super::tree::{Data, Entry, Known};

/// Reads the file of an entry.
pub(super) fn read(config: &Config, data: &Data, entry: &Entry, text: &str) -> Reading {
    let path = &entry.file.path;
    let cut = match matter::cut(text) {
        Ok(cut) => cut,
        Err(fault) => return Reading { page: None, problems: vec![matter::refused(path, &fault, "Docusaurus")] },
    };
    let mut problems: Vec<Problem> = cut
        .repaired
        .iter()
        .map(|fault| {
            Problem::warning(path, fault.line, fault.what.clone(), "remove one of them: Docusaurus refuses the page")
        })
        .collect();
    let none = Known::default();
    let known = data.get(&(entry.blog, entry.locale)).unwrap_or(&none);
    let mut header = Header { config, entry, known, values: &cut.front_matter, problems: Vec::new() };
    let heading = heading(&text[cut.start..]);
    let page = header.page(heading.as_ref().map(|(title, _)| title.as_str()));
    problems.append(&mut header.problems);
    let page = page.map(|page| {
        // The title is shown above the post, and not once more in it.
        let removed = heading.map_or(0, |(_, end)| end);
        let line = cut.line + text[cut.start..cut.start + removed].matches('\n').count();
        let body = Body { start: cut.start + removed, line, html: false, dialect: Dialect::Docusaurus };
        Page { body, ..page }
    });
    Reading { page, problems }
}

struct Header<'a> {
    config: &'a Config,
    entry: &'a Entry,
    known: &'a Known,
    values: &'a FrontMatter,
    problems: Vec<Problem>,
}

impl Header<'_> {
    /// `None`: Docusaurus refuses the page, and a Problem says why.
    fn page(&mut self, heading: Option<&str>) -> Option<Page> {
        let (config, entry) = (self.config, self.entry);
        let (blog, locale) = (&config.blogs[entry.blog], &config.locales[entry.locale]);
        let name = name::read(&entry.relative);
        let title = self.text("title", true).ok()?;
        let slug = self.text("slug", false).ok()?;
        let draft = self.flag("draft")?;
        let unlisted = self.flag("unlisted")?;
        if draft && unlisted {
            self.refuse("unlisted", "is both draft and unlisted", "leave one of them out");
            return None;
        }
        let published = self.date(&name).ok()?;
        let tags = self.tags().ok()?;
        let written_title = title.or_else(|| heading.map(str::to_owned)).unwrap_or_else(|| name.text.clone());
        let url = address(config, &locale.base, &[&blog.route, slug.as_deref().unwrap_or(&name.slug)]);
        let page_url = Url::parse(&url).or_else(|_| Url::parse(&locale.base)).ok()?;
        let authors = self.authors(&page_url).ok()?;
        let updated = self.values.values.get("last_update").and_then(|update| update.get("date")).and_then(text_of);
        let summary = self.text("description", true).ok()?;
        Some(Page {
            path: entry.file.path.clone(),
            title: markdown::plain(&written_title),
            written_title: Some(written_title),
            published,
            updated: updated.and_then(|date| ecma::timestamp(&date).or_else(|| ecma::parse(&date))),
            draft,
            unlisted,
            section: blog.section().to_owned(),
            tags,
            authors,
            summary: summary.unwrap_or_default(),
            language: locale.key.clone(),
            cover: self.cover(&locale.base),
            own_id: fields::own_id(self.values),
            url,
            ..Page::default()
        })
    }

    fn refuse(&mut self, key: &str, what: &str, hint: &str) {
        let line = self.values.line_of(key);
        self.problems.push(Problem::error(&self.entry.file.path, line, what, hint));
    }

    /// Texts and numbers; what YAML makes of a date is what a program prints of it.
    fn text(&mut self, key: &str, may_be_empty: bool) -> Result<Option<String>, ()> {
        match self.values.values.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => {
                let plain = self.values.plain(key).unwrap_or_default();
                if let Some(date) = ecma::timestamp(plain) {
                    let shown = date.to_utc().format("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)");
                    return Ok(Some(shown.to_string()));
                }
                // Numbers lose the noughts before them.
                if plain.len() > 1 && plain.len() < 16 && plain.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Ok(plain.parse::<u64>().ok().map(|number| number.to_string()));
                }
                if text.is_empty() && !may_be_empty {
                    self.refuse(key, &format!("`{key}` is empty"), "write a text, or leave it out");
                    return Err(());
                }
                Ok(Some(text.clone()))
            }
            Some(value @ Value::Number(_)) => Ok(text_of(value)),
            Some(_) => {
                self.refuse(
                    key,
                    &format!("`{key}` is no text"),
                    "write a text, in quotes where needed, or leave it out",
                );
                Err(())
            }
        }
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        match self.values.values.get(key) {
            None => Some(false),
            Some(Value::Bool(on)) => Some(*on),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
            Some(_) => {
                self.refuse(key, &format!("`{key}` is neither `true` nor `false`"), "write `true` or `false`");
                None
            }
        }
    }

    /// `date`, else the name's. Whatever zone a text that is no YAML timestamp names, Docusaurus takes it for UTC.
    fn date(&mut self, name: &Name) -> Result<Option<chrono::DateTime<chrono::FixedOffset>>, ()> {
        let hint = "write it as in `2021-10-15` or `2021-10-15T09:00:00Z`, without quotes";
        match self.values.values.get("date") {
            None => {}
            Some(Value::String(text)) => {
                let timestamp = self.values.plain("date").and_then(ecma::timestamp);
                if let Some(at) = timestamp.or_else(|| ecma::parse(&format!("{text}Z"))) {
                    return Ok(Some(at));
                }
                let shown: String = text.chars().take(60).collect();
                self.refuse("date", &format!("`date` is `{shown}`, which is no date that Docusaurus takes"), hint);
                return Err(());
            }
            Some(_) => {
                self.refuse("date", "`date` is no date", hint);
                return Err(());
            }
        }
        match &name.date {
            Ok(date) => Ok(*date),
            Err(written) => {
                let what = format!("the name has `{written}`, which is no date");
                self.problems.push(Problem::error(&self.entry.file.path, None, what, "rename it"));
                Err(())
            }
        }
    }

    /// Labels, from the file of tags where they are there.
    fn tags(&mut self) -> Result<Vec<String>, ()> {
        let items = match self.values.values.get("tags") {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.refuse("tags", "`tags` is no list", "write `tags: [one, two]`");
                return Err(());
            }
        };
        let mut tags: Vec<String> = Vec::new();
        for item in items {
            let (label, inline) = match item {
                Value::String(key) if !key.is_empty() => {
                    match self.known.tags.as_ref().and_then(|tags| tags.get(key)) {
                        Some(label) => (Some(label.clone()), false),
                        None => (Some(key.clone()), true),
                    }
                }
                Value::Number(_) => (text_of(item), true),
                Value::Object(map) if map.contains_key("permalink") => (map.get("label").and_then(text_of), true),
                _ => (None, true),
            };
            let Some(label) = label else {
                self.refuse("tags", "one of `tags` is no name", "write `tags: [one, two]`");
                return Err(());
            };
            if inline && self.known.tags.is_some() && self.config.blogs[self.entry.blog].known_tags_only {
                self.refuse(
                    "tags",
                    &format!("the tag `{label}` is not in the file of tags"),
                    "add it there, or take it out here",
                );
                return Err(());
            }
            if !tags.contains(&label) {
                tags.push(label);
            }
        }
        Ok(tags)
    }

    /// From `authors` by key, name or both; from `author` in the older notation.
    fn authors(&mut self, page: &Url) -> Result<Vec<Author>, ()> {
        let mut authors = Vec::new();
        let items = match self.values.values.get("authors") {
            Some(Value::Array(items)) => items.clone(),
            Some(item) => vec![item.clone()],
            None => Vec::new(),
        };
        for item in &items {
            let (key, own) = match item {
                Value::String(key) if !key.is_empty() => (Some(key.as_str()), None),
                Value::Object(own)
                    if ["key", "name", "image_url", "imageURL"].iter().any(|key| own.contains_key(*key)) =>
                {
                    (own.get("key").and_then(Value::as_str), Some(own))
                }
                _ => {
                    let hint = "write the key of an author in the file of authors, or `name:` and `url:`";
                    self.refuse("authors", "one of `authors` is no author", hint);
                    return Err(());
                }
            };
            let known = key.map(|key| self.known.authors.get(key));
            if let (Some(key), Some(None)) = (key, known) {
                let file = &self.config.blogs[self.entry.blog].authors;
                self.refuse("authors", &format!("there is no author `{key}` in {file}"), "add the author there");
                return Err(());
            }
            let of =
                |name: &str| own.and_then(|own| own.get(name)).or_else(|| known.flatten()?.get(name)).and_then(text_of);
            push(&mut authors, of("name"), of("url"), page);
        }
        let older = ["author", "author_url", "authorURL"].map(|key| self.values.values.get(key).and_then(text_of));
        let [name, url, other_url] = older;
        if !items.is_empty() && (name.is_some() || url.is_some() || other_url.is_some()) {
            self.refuse("author", "has both `authors` and `author`", "keep `authors` alone");
            return Err(());
        }
        if authors.is_empty() {
            push(&mut authors, name, url.or(other_url), page);
        }
        Ok(authors)
    }

    /// `image`, unless it is beside the post: those get an address that only a build knows.
    fn cover(&self, base: &str) -> Option<Cover> {
        let image = self.values.values.get("image").and_then(text_of)?;
        if image.starts_with('.') || image.starts_with('@') {
            return None;
        }
        let base = Url::parse(base).ok()?;
        let url = match Url::parse(&image) {
            Ok(url) => url.to_string(),
            Err(_) => base.join(image.trim_start_matches('/')).ok()?.to_string(),
        };
        url.starts_with("http").then(|| Cover { url, alt: String::new() })
    }
}

fn push(authors: &mut Vec<Author>, name: Option<String>, url: Option<String>, page: &Url) {
    let name = name.map(|name| markdown::plain(&name)).unwrap_or_default();
    if !name.is_empty() && !authors.iter().any(|author| author.name == name) {
        authors.push(Author { name, url: url.and_then(|url| sanitize::absolute(page, &url)) });
    }
}

/// Below a language's home page; `trailingSlash` adds or takes the last slash.
fn address(config: &Config, base: &str, parts: &[&str]) -> String {
    let joined = parts.join("/");
    let last = if joined.ends_with('/') { "/" } else { "" };
    let path = joined.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let path = match config.slash {
        _ if path.is_empty() => path,
        Some(true) => format!("{path}/"),
        Some(false) => path,
        None => format!("{path}{last}"),
    };
    home::below(base, &path)
}

/// The heading that a body begins with, and where it ends in the body.
fn heading(body: &str) -> Option<(String, usize)> {
    let mut rest = body.trim_start();
    let mut imports = false;
    // Blocks that begin with `import`, each up to an empty line.
    while rest.strip_prefix("import").is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
        let lines = rest.split_inclusive('\n').take_while(|line| !matches!(*line, "\n" | "\r\n"));
        let block: usize = lines.map(str::len).sum();
        if block == rest.len() {
            return None;
        }
        rest = rest[block..].trim_start();
        imports = true;
    }
    let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
    let line = line.strip_suffix('\r').unwrap_or(line);
    let underline = after.split('\n').next().unwrap_or_default().trim_end_matches('\r');
    let (title, lines) =
        match line.strip_prefix('#').filter(|rest| rest.starts_with([' ', '\t']) && !rest.trim().is_empty()) {
            Some(title) => (without_id(title.trim()), 1),
            None if !underline.is_empty() && underline.bytes().all(|byte| byte == b'=') => (line.trim().to_owned(), 2),
            None => return None,
        };
    // Imports stay in the body, so that the heading cannot be cut off before them.
    let end = if imports {
        0
    } else {
        let skipped: usize = rest.split_inclusive('\n').take(lines).map(str::len).sum();
        body.len() - rest.len() + skipped
    };
    Some((unquoted(&title), end))
}

/// Without `{#an-id}` or hashes at its end.
fn without_id(title: &str) -> String {
    let hashes = title.trim_end_matches('#');
    if hashes.len() < title.len() {
        return hashes.trim_end().to_owned();
    }
    let id = title.strip_suffix('}').and_then(|inner| inner.rsplit_once('{'));
    match id {
        Some((before, id))
            if !id.trim_start_matches('#').is_empty()
                && id.trim_start_matches('#').chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) =>
        {
            before.trim_end().to_owned()
        }
        _ => title.to_owned(),
    }
}

/// Code without its backticks.
fn unquoted(title: &str) -> String {
    let mut parts: Vec<&str> = title.split('`').collect();
    let odd = if parts.len().is_multiple_of(2) { parts.pop() } else { None };
    let text = parts.concat();
    odd.map_or(text.clone(), |rest| format!("{text}`{rest}")).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings() {
        for (body, title, rest) in [
            ("# Hello\n\nText", "Hello", "\nText"),
            ("\n\n#\tHello `code` {#id}\r\nText", "Hello code", "Text"),
            ("Hello\n===\nText", "Hello", "Text"),
            ("# A ## \nText", "A", "Text"),
            ("# a `b\nText", "a `b", "Text"),
            (
                "import X from 'x';\nimport Y from 'y';\n\n# Hello\nText",
                "Hello",
                "import X from 'x';\nimport Y from 'y';\n\n# Hello\nText",
            ),
            ("# Only", "Only", ""),
        ] {
            let (found, end) = heading(body).expect(body);
            assert_eq!((found.as_str(), &body[end..]), (title, rest), "{body:?}");
        }
        for body in ["Text\n# Later", "## Two", "#None", "", "# \nText", "import x from 'y'\n# No blank"] {
            assert_eq!(heading(body), None, "{body:?}");
        }
    }
}
