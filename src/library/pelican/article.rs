//! A file of a Pelican site: its metadata lines and what settings and path say of it, to a [`Page`].

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use url::Url;

use crate::library::generator::Reading;
use crate::library::{fields, home};
use crate::post::body::{Body, Dialect};
use crate::post::front_matter::FrontMatter;
use crate::post::{Author, Page, markdown};
use crate::problem::Problem;

use super::settings::Pelican;
use super::{Entry, rst, when};

/// Reads the file of an entry.
pub fn read(site: &Pelican, entry: &Entry, text: &str) -> Reading {
    let cut = if entry.path.rsplit('.').next() == Some("rst") { rst::cut(text) } else { cut(text) };
    let mut article = Article { site, entry, is_page: entry.is_page, values: values(site, entry), lines: Vec::new() };
    for (key, value, line) in cut.metadata {
        let known = article.lines.iter().position(|(known, _)| *known == key);
        match known {
            None => {
                article.lines.push((key.clone(), line));
                // An empty value of these says nothing.
                let listed = matches!(key.as_str(), "tags" | "status" | "category" | "author" | "authors" | "slug");
                if !listed || !value.is_empty() {
                    article.values.insert(key, value.into());
                }
            }
            // Of these the first counts; of all others each line does.
            Some(_) if ONCE.contains(&key.as_str()) => {}
            Some(_) => {
                let before = article.values.get(&key).and_then(Value::as_str).unwrap_or_default();
                let value = format!("{before}\n{value}");
                article.values.insert(key, value.into());
            }
        }
    }
    // What may be both is an article where it has a date.
    article.is_page &= !(entry.is_article && article.values.contains_key("date"));
    let body = Body { start: text.len() - cut.body.len(), line: cut.body_line, html: false, dialect: Dialect::Pelican };
    match article.page(body) {
        Ok(page) => Reading { page, problems: Vec::new() },
        Err(problem) => Reading { page: None, problems: vec![problem] },
    }
}

/// Keys that are there once.
const ONCE: [&str; 10] =
    ["tags", "date", "modified", "status", "category", "author", "save_as", "url", "authors", "slug"];

/// A file cut in two.
pub struct Cut<'t> {
    /// Key in lower case, value, line of the file.
    pub metadata: Vec<(String, String, usize)>,
    /// The rest.
    pub body: &'t str,
    /// Line of the file on which it begins, 1-based.
    pub body_line: usize,
}

/// `Key: value` lines from the first line on, with or without a fence around, to the first blank line; a line with four
/// blanks before it goes on with the value.
fn cut(text: &str) -> Cut<'_> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut metadata: Vec<(String, String, usize)> = Vec::new();
    let mut number = 1;
    loop {
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let line = &rest[..end];
        let after = rest[end..].strip_prefix("\r\n").or_else(|| rest.get(end + 1..)).unwrap_or_default();
        let is_first = number == 1;
        let is_fence = line.starts_with("---") || (!is_first && line.starts_with("..."));
        if rest.is_empty() || line.trim().is_empty() || (is_fence && !is_first) {
            return Cut { metadata, body: after, body_line: number + 1 };
        }
        let indent = line.bytes().take_while(|byte| *byte == b' ').count();
        let tabbed = line[indent..].starts_with('\t');
        let pair = line.split_once(':').filter(|_| indent < 4 && !tabbed);
        let key = pair.map(|(key, _)| key.trim_start()).filter(|key| {
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        });
        match (key, pair, metadata.last().map(|(key, ..)| key.clone())) {
            (Some(key), Some((_, value)), _) => metadata.push((key.to_lowercase(), value.trim().to_owned(), number)),
            (None, _, Some(key)) if indent >= 4 || tabbed => metadata.push((key, line.trim().to_owned(), number)),
            _ if is_fence => {}
            _ => return Cut { metadata, body: rest, body_line: number },
        }
        rest = after;
        number += 1;
    }
}

/// What the settings, the path and the name give.
fn values(site: &Pelican, entry: &Entry) -> Map<String, Value> {
    let path = &entry.path;
    let mut values = Map::new();
    let of_category = site.text("CATEGORY_SAVE_AS", "category/{slug}.html");
    values.extend(site.given(path));
    if !of_category.is_empty() {
        values.entry("category").or_insert_with(|| site.text("DEFAULT_CATEGORY", "misc").into());
    }
    match site.get("DEFAULT_DATE") {
        Some(Value::String(date)) if date != "fs" && !date.is_empty() => {
            values.insert("date".into(), date.clone().into());
        }
        Some(Value::Array(parts)) => {
            let parts: Vec<String> = parts.iter().map(|part| format!("{:0>2}", part.as_u64().unwrap_or(0))).collect();
            let (day, time) = parts.split_at(parts.len().min(3));
            let time = [time, &["00".to_owned(), "00".to_owned()]].concat();
            values.insert("date".into(), format!("{} {}", day.join("-"), time[..time.len().min(3)].join(":")).into());
        }
        _ => {}
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut said = Map::new();
    for (regex, text) in site.of_names.iter().zip([stem, path]) {
        let Some(regex) = regex else { continue };
        let Some(found) = regex.captures(text) else { continue };
        for group in regex.capture_names().flatten() {
            if let Some(value) = found.name(group).map(|value| value.as_str()) {
                said.entry(group.to_lowercase()).or_insert_with(|| value.into());
            }
        }
    }
    let subfolder = folder.rsplit('/').next().unwrap_or_default();
    if site.is_on("USE_FOLDER_AS_CATEGORY", true) && !of_category.is_empty() && !subfolder.is_empty() {
        said.entry("category").or_insert_with(|| subfolder.into());
    }
    said.retain(|_, value| value.as_str() != Some(""));
    values.extend(said);
    values
}

struct Article<'a> {
    site: &'a Pelican,
    entry: &'a Entry,
    values: Map<String, Value>,
    is_page: bool,
    /// Line of each key of the file.
    lines: Vec<(String, usize)>,
}

impl Article<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = self.values.get(key)?;
        value.as_str().map(str::trim).map(String::from).or_else(|| value.as_i64().map(|number| number.to_string()))
    }

    fn problem(&self, key: &str, what: String, hint: &str) -> Problem {
        let line = self.lines.iter().find(|(known, _)| known == key).map(|(_, line)| *line);
        Problem::error(&self.entry.file.path, line, what, hint)
    }

    /// The names of a list: cut at semicolons where there are any, else at commas.
    fn list(&self, key: &str) -> Vec<String> {
        let names: Vec<String> = match self.values.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(String::from).collect(),
            Some(Value::String(text)) => {
                text.split(if text.contains(';') { ';' } else { ',' }).map(String::from).collect()
            }
            _ => Vec::new(),
        };
        let mut out: Vec<String> = Vec::new();
        for name in names {
            let name = name.trim();
            if !name.is_empty() && !out.iter().any(|other| other == name) {
                out.push(name.to_owned());
            }
        }
        out
    }

    /// `None`: the file says that it is not to be read.
    fn page(&self, body: Body) -> Result<Option<Page>, Problem> {
        let (site, entry) = (self.site, self.entry);
        let status = self.text("status").map_or_else(|| "published".into(), |status| status.to_lowercase());
        match status.as_str() {
            "skip" => return Ok(None),
            "published" | "draft" | "hidden" => {}
            other => {
                let hint = "one of `published`, `draft`, `hidden`, `skip`";
                return Err(self.problem(
                    "status",
                    format!("`Status` is `{other}`, which Pelican does not know"),
                    hint,
                ));
            }
        }
        let draft = status == "draft";
        // Lines that go on are one here.
        let title = self.text("title").map(|title| title.replace('\n', " "));
        let Some(written_title) = title else {
            return Err(self.problem(
                "title",
                "has no title: Pelican leaves it out".into(),
                "begin it with `Title: …`",
            ));
        };
        let zone = self.text("timezone").and_then(|zone| zone.parse().ok()).unwrap_or(site.zone);
        let published = self.date("date", zone)?;
        if published.is_none() && !draft && !self.is_page {
            let hint = "write e.g. `Date: 2021-10-15`, or `Status: draft`";
            return Err(self.problem("date", "has no date: Pelican leaves it out".into(), hint));
        }
        let updated = self.date("modified", zone)?;
        let language = self.text("lang").unwrap_or_else(|| site.language.clone());
        let mut authors = self.list("authors");
        if let Some(author) = self.text("author").filter(|author| !author.is_empty()) {
            authors = if authors.is_empty() { vec![author] } else { authors };
        }
        if authors.is_empty() {
            authors = site.author();
        }
        let slug = self.text("slug").unwrap_or_else(|| match site.text("SLUGIFY_SOURCE", "title").as_str() {
            "basename" => {
                let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
                site.slugs[0].slug(name.rsplit_once('.').map_or(name, |(stem, _)| stem))
            }
            _ => site.slugs[0].slug(&written_title),
        });
        let address = self.address(draft, &slug, &language, published, authors.first())?;
        let written_url = format!("{}{address}", site.site.url);
        let url = format!("{}{}", site.site.url, home::encoded(&address));
        let page_url = Url::parse(&url).or_else(|_| Url::parse(&site.site.url));
        let Ok(page_url) = page_url else { return Err(self.problem("url", "has no valid address".into(), "")) };

        let mut values = FrontMatter::default();
        values.values.clone_from(&self.values);
        values.values.extend([("authors".to_owned(), Value::from(authors))]);
        let authors: Vec<Author> = fields::authors(&values, &|| &page_url);
        let future = site.is_on("WITH_FUTURE_DATES", true) || self.is_page;
        let aliases = self.list("alias");
        Ok(Some(Page {
            path: entry.file.path.clone(),
            written_url: Some(written_url).filter(|written| *written != url),
            url,
            title: markdown::plain(&written_title),
            written_title: Some(written_title),
            published,
            updated,
            visible_from: published.filter(|_| !future),
            draft,
            unlisted: status == "hidden",
            section: if self.is_page { "pages" } else { "articles" }.into(),
            tags: self.list("tags"),
            categories: self.text("category").filter(|_| !self.is_page).into_iter().collect(),
            authors,
            summary: self.text("summary").or_else(|| self.text("description")).unwrap_or_default(),
            language,
            cover: fields::cover(&values, &|| &page_url),
            body,
            own_id: fields::own_id(&values),
            aliases: aliases.iter().map(|path| home::below(&site.site.url, path)).collect(),
            ..Page::default()
        }))
    }

    fn date(&self, key: &str, zone: Tz) -> Result<Option<DateTime<FixedOffset>>, Problem> {
        let from_file = key == "date" && self.site.text("DEFAULT_DATE", "") == "fs";
        let Some(text) = self.text(key) else {
            let at = DateTime::from_timestamp(self.entry.file.stamp.changed(), 0).filter(|_| from_file);
            return Ok(at.map(|at| at.with_timezone(&zone).fixed_offset()));
        };
        when::parse(&text.replace('_', " "), zone).map(Some).ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            let what = format!("`{key}` is `{shown}`, which is no date that Pelican takes");
            self.problem(key, what, "write it as in `2021-10-15 15:00`")
        })
    }

    /// By the pattern of its kind, status and language.
    fn address(
        &self,
        draft: bool,
        slug: &str,
        language: &str,
        date: Option<DateTime<FixedOffset>>,
        author: Option<&String>,
    ) -> Result<String, Problem> {
        if let Some(own) = self.text("url").filter(|own| !own.is_empty()) {
            return Ok(own);
        }
        let (kind, usual) = match (self.is_page, draft) {
            (false, false) => ("ARTICLE", ""),
            (false, true) => ("DRAFT", "drafts/"),
            (true, false) => ("PAGE", "pages/"),
            (true, true) => ("DRAFT_PAGE", "drafts/pages/"),
        };
        let pattern = if language == self.site.language {
            self.site.text(&format!("{kind}_URL"), &format!("{usual}{{slug}}.html"))
        } else {
            self.site.text(&format!("{kind}_LANG_URL"), &format!("{usual}{{slug}}-{{lang}}.html"))
        };
        let mut out = String::new();
        let mut rest = pattern.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                out.push_str(&rest[..1]);
                rest = &rest[2..];
                continue;
            }
            let hint = "see Pelican's list of URL settings";
            let Some(end) = rest.find('}').filter(|_| rest.starts_with('{')) else {
                return Err(self.problem(
                    "url",
                    format!("`{kind}_URL` is `{pattern}`, which has a brace too many"),
                    hint,
                ));
            };
            let (name, format) = rest[1..end].split_once(':').unwrap_or((&rest[1..end], ""));
            rest = &rest[end + 1..];
            match name {
                "slug" => out.push_str(slug),
                "lang" => out.push_str(language),
                "date" => out.push_str(&dated(date, format)),
                "date.year" => out.push_str(&dated(date, "%Y")),
                "category" => {
                    let category = self.text("category").unwrap_or_default();
                    out.push_str(&self.site.slugs[1].slug(&category));
                }
                "author" => out.push_str(&author.map(|author| self.site.slugs[2].slug(author)).unwrap_or_default()),
                "path" => out.push_str(&self.text("path").unwrap_or_else(|| self.entry.path.clone())),
                name => {
                    let Some(value) = self.text(name) else {
                        let what = format!("`{kind}_URL` asks for `{name}`, which is not among its metadata");
                        return Err(self.problem(name, what, hint));
                    };
                    out.push_str(&value);
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// C's format; `%-d` without a zero before it.
fn dated(date: Option<DateTime<FixedOffset>>, format: &str) -> String {
    let Some(at) = date else { return String::new() };
    let known = |c: char| "aAbBcdfGHIjmMpSUuVwWxXyYzZ%".contains(c);
    let mut out = String::new();
    let mut rest = format;
    while let Some(place) = rest.find('%') {
        out.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        let bare = rest.starts_with('-');
        let code = &rest[usize::from(bare)..];
        let Some(c) = code.chars().next() else { break };
        rest = &code[c.len_utf8()..];
        if !known(c) {
            out.extend(["%", if bare { "-" } else { "" }]);
            out.push(c);
            continue;
        }
        let text = at.format(&format!("%{c}")).to_string();
        let short = text.trim_start_matches('0');
        out.push_str(match (bare, short) {
            (false, _) => &text,
            (true, "") => "0",
            (true, short) => short,
        });
    }
    out + rest
}
