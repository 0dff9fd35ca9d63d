//! A page of a Zola site: front matter to a [`Page`].

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use crate::library::generator::Reading;
use crate::library::{fields, home};
use crate::post::body::{Body, Dialect};
use crate::post::front_matter::{self, Format, FrontMatter, text_of};
use crate::post::{Author, Page, markdown};
use crate::problem::Problem;

use super::config::Config;
use super::date;
use super::tree::{Entry, Tree};

/// A file cut in two.
pub struct Cut {
    /// The header; keys as they are written.
    pub front_matter: FrontMatter,
    /// Offset of the body in bytes.
    start: usize,
    format: Format,
}

/// Cuts a page's or section's file as Zola does: the fence may close anywhere in a line, as long as only blanks follow.
pub fn cut(text: &str, path: &str) -> Result<Cut, Problem> {
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let blank = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
    let opening = content.trim_start_matches(blank);
    let first_line = 1 + content[..content.len() - opening.len()].matches('\n').count();
    let (fence, format) = match opening.get(..3) {
        Some(fence @ "+++") => (fence, Format::Toml),
        Some(fence @ "---") => (fence, Format::Yaml),
        _ => {
            let hint = "begin it with a line of `+++`, the title, and a line of `+++`: Zola refuses the page";
            return Err(Problem::error(path, Some(first_line), "has no front matter", hint));
        }
    };
    let rest = &opening[3..];
    let unclosed = || {
        let what = format!("the front matter that begins here has no closing `{fence}`");
        let hint = format!("put a line of `{fence}` above and below it");
        Problem::error(path, Some(first_line), what, hint)
    };
    if !rest.starts_with('\n') && !rest.starts_with("\r\n") {
        return Err(unclosed());
    }
    // The header has its line's end at least.
    let from = rest.find('\n').map_or(0, |at| at + 1);
    let close = rest[from..].match_indices(fence).find_map(|(at, _)| {
        let after = &rest[from + at + 3..];
        let blanks = after.len() - after.trim_start_matches(blank).len();
        match after[..blanks].rfind('\n') {
            _ if blanks == after.len() => Some((from + at, rest.len())),
            Some(line) => Some((from + at, from + at + 3 + line + 1)),
            None => None,
        }
    });
    // Overlapping fences (`++++`) are found once; the second of them is what Zola's pattern would take, and refuse.
    let (end, body) = close.ok_or_else(unclosed)?;
    let header = &rest[from..end];
    let (front_matter, _) = front_matter::header(header, format, first_line + 1).map_err(|fault| {
        let what = format!("the front matter cannot be read: {}", fault.what);
        Problem::error(path, fault.line, what, "mend it; `zola check` says the same")
    })?;
    Ok(Cut { front_matter, start: text.len() - rest.len() + body, format })
}

/// Reads the file of an entry.
pub fn read(config: &Config, tree: &Tree, entry: &Entry, text: &str) -> Reading {
    let cut = match cut(text, &entry.file.path) {
        Ok(cut) => cut,
        Err(problem) => return Reading { page: None, problems: vec![problem] },
    };
    let line = 1 + text[..cut.start].matches('\n').count();
    let body = Body { start: cut.start, line, html: false, dialect: Dialect::Zola };
    let yaml = cut.format == Format::Yaml;
    let mut header = Header { config, tree, entry, values: &cut.front_matter, yaml, problems: Vec::new() };
    let page = header.page(body);
    Reading { page, problems: header.problems }
}

/// What a key must hold, or Zola refuses the page.
const KINDS: [(&str, Kind); 13] = [
    ("title", Kind::Text),
    ("description", Kind::Text),
    ("slug", Kind::Text),
    ("path", Kind::Text),
    ("template", Kind::Text),
    ("draft", Kind::Truth),
    ("render", Kind::Truth),
    ("in_search_index", Kind::Truth),
    ("weight", Kind::Number),
    ("authors", Kind::Texts),
    ("aliases", Kind::Texts),
    ("taxonomies", Kind::Map),
    ("extra", Kind::Map),
];

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Truth,
    Number,
    Texts,
    Map,
}

impl Kind {
    fn takes(self, value: &Value, yaml: bool) -> bool {
        let is_text = |value: &Value| value.is_string() || yaml && (value.is_number() || value.is_boolean());
        match self {
            Self::Text => is_text(value) || value.is_null(),
            Self::Truth => value.is_boolean(),
            Self::Number => value.is_u64() || value.is_null(),
            Self::Texts => value.as_array().is_some_and(|items| items.iter().all(is_text)),
            Self::Map => value.is_object(),
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Text => "write a text in quotes",
            Self::Truth => "write `true` or `false`",
            Self::Number => "write a whole number",
            Self::Texts => "write a list of texts: `[\"one\", \"two\"]`",
            Self::Map => "write a table of keys and values",
        }
    }
}

/// The front matter of one page, being read.
struct Header<'a> {
    config: &'a Config,
    tree: &'a Tree,
    entry: &'a Entry,
    values: &'a FrontMatter,
    /// In YAML, every plain value is a text where one is asked for.
    yaml: bool,
    problems: Vec<Problem>,
}

impl Header<'_> {
    fn page(&mut self, body: Body) -> Option<Page> {
        self.check();
        let of_name = date::of_name(&self.entry.slug);
        let mut published = self.date("date");
        let updated = self.date("updated");
        if !self.problems.is_empty() {
            return None;
        }
        if self.text("date").is_none() {
            published = of_name.and_then(|(at, _)| at);
        }
        let path = self.path(of_name.and_then(|(_, slug)| slug));
        let dated = published.is_some();
        // A site whose pages have no dates may have them in its addresses.
        published = published.or_else(|| self.text("path").and_then(|path| date::of_path(&path)));
        let entry = self.entry;
        let is_index = entry.file.path.ends_with("/index.md");
        if is_index && (entry.is_at_root() || self.tree.has_section(path.trim_matches('/'))) {
            let what = "a page called `index.md` in the folder of a section";
            self.problems.push(Problem::error(
                &entry.file.path,
                None,
                what,
                "rename it, or its text belongs to `_index.md`",
            ));
            return None;
        }
        self.unknown_taxonomies();
        self.same_address_as_a_section(&path);
        let address = home::below(&self.config.site.url, &path);
        let url = Url::parse(&address).ok()?;
        let rendered = self.values.values.get("render") != Some(&Value::Bool(false));
        let sorted = self.is_sorted(dated);
        if rendered && !sorted {
            let what = "is left out by Zola: its section is sorted by something that it does not have";
            let hint = format!("give it what the section's `sort_by` asks for: {}", self.entry.sorted_by.join(", "));
            self.problems.push(Problem::warning(&entry.file.path, None, what, hint));
        }
        let render = rendered && sorted;
        let title = self.text("title");
        let with_extra = self.with_extra();
        Some(Page {
            path: entry.file.path.clone(),
            title: markdown::plain(title.as_deref().unwrap_or_default()),
            written_title: title,
            published,
            updated,
            draft: entry.draft || self.values.values.get("draft") == Some(&Value::Bool(true)),
            unlisted: !render,
            section: self.section(),
            tags: self.terms("tags"),
            categories: self.terms("categories"),
            authors: self.authors(),
            summary: self.text("description").unwrap_or_default(),
            language: entry.language.clone(),
            cover: fields::cover(&with_extra, &|| &url),
            own_id: fields::own_id(&with_extra),
            aliases: self.aliases(),
            url: if render { address } else { String::new() },
            body,
            ..Page::default()
        })
    }

    /// Names what Zola does not take.
    fn check(&mut self) {
        for (key, kind) in KINDS {
            let Some(value) = self.values.values.get(key).filter(|value| !kind.takes(value, self.yaml)) else {
                continue;
            };
            let shown: String = value.to_string().chars().take(60).collect();
            self.refuse(key, format!("`{key}` is `{shown}`, which Zola does not take"), kind.hint());
        }
        for key in ["slug", "path"] {
            if self.values.values.get(key).and_then(Value::as_str) == Some("") {
                self.refuse(key, format!("`{key}` is empty"), "give it a text, or leave it out");
            }
        }
        let terms = self.values.values.get("taxonomies").and_then(Value::as_object);
        for (name, terms) in terms.into_iter().flatten() {
            let is_term = |term: &Value| text_of(term).is_some();
            if !Kind::Texts.takes(terms, self.yaml) || !terms.as_array().is_some_and(|terms| terms.iter().all(is_term))
            {
                let what = format!("the terms of `{name}` are not a list of texts");
                self.refuse("taxonomies", what, Kind::Texts.hint());
            }
        }
    }

    fn refuse(&mut self, key: &str, what: String, hint: &str) {
        self.problems.push(Problem::error(&self.entry.file.path, self.values.line_of(key), what, hint));
    }

    fn date(&mut self, key: &str) -> Option<chrono::DateTime<chrono::FixedOffset>> {
        let value = self.values.values.get(key)?;
        let at = value.as_str().and_then(date::parse);
        if at.is_none() {
            let shown = text_of(value).unwrap_or_else(|| value.to_string());
            let shown: String = shown.chars().take(60).collect();
            let hint = "write it as `2021-10-15` or `2021-10-15T15:00:00+08:00`";
            self.refuse(key, format!("`{key}` is `{shown}`, which is no date that Zola takes"), hint);
        }
        at
    }

    /// Below the site's address, with slashes at both ends.
    fn path(&self, dated: Option<&str>) -> String {
        let (config, entry) = (self.config, self.entry);
        let path = if let Some(own) = self.text("path") {
            own.trim().to_owned()
        } else {
            let slug = match (self.text("slug"), dated.filter(|_| !config.keep_dates)) {
                (Some(slug), _) => config.slugify.apply(&slug),
                (None, Some(rest)) => config.slugify.apply(rest),
                (None, None) => config.slugify.apply(&entry.slug),
            };
            let mut parts: Vec<&str> = entry.folders.iter().map(String::as_str).collect();
            if !entry.is_at_root() {
                parts.push(&slug);
            }
            if entry.language != config.language {
                parts.insert(0, &entry.language);
            }
            parts.join("/")
        };
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        if path.ends_with('/') { path } else { format!("{path}/") }
    }

    /// Zola leaves out what no section can sort: a page without a date in one that is sorted by date.
    fn is_sorted(&self, dated: bool) -> bool {
        let has = |key: &str| self.values.values.get(key).is_some_and(|value| !value.is_null());
        let fits = |sort_by: &String| match sort_by.as_str() {
            "date" => dated,
            "update_date" => dated || has("updated"),
            "weight" => has("weight"),
            "title" | "title_bytes" => has("title"),
            _ => true,
        };
        self.entry.sorted_by.is_empty() || self.entry.sorted_by.iter().any(fits)
    }

    fn section(&self) -> String {
        self.entry.folders.first().cloned().unwrap_or_default()
    }

    /// Text as it is written, empty or not.
    fn text(&self, key: &str) -> Option<String> {
        match self.values.values.get(key)? {
            Value::String(text) => Some(text.clone()),
            // As it is written: `1.10` is no number here.
            other => self.values.plain(key).map(ToOwned::to_owned).or_else(|| text_of(other)),
        }
    }

    fn terms(&self, taxonomy: &str) -> Vec<String> {
        let terms = self.values.values.get("taxonomies").and_then(|all| all.get(taxonomy));
        let mut terms = terms.map(fields::strings).unwrap_or_default();
        let mut seen = HashSet::new();
        terms.retain(|term| seen.insert(term.clone()));
        terms
    }

    fn unknown_taxonomies(&mut self) {
        let used = self.values.values.get("taxonomies").and_then(Value::as_object);
        let known = self.config.taxonomies.get(&self.entry.language);
        let missing = used.into_iter().flatten().map(|(name, _)| name);
        let missing = missing.filter(|name| !known.is_some_and(|known| known.contains(name)));
        let path = &self.entry.file.path;
        let problems: Vec<Problem> = missing
            .map(|name| {
                let what = format!("`{name}` is no taxonomy of the site's configuration: Zola refuses the page");
                let hint = format!("add `{{name = \"{name}\"}}` to `taxonomies` in {}", self.config.path);
                Problem::warning(path, self.values.line_of("taxonomies"), what, hint)
            })
            .collect();
        self.problems.extend(problems);
    }

    fn same_address_as_a_section(&mut self, path: &str) {
        let path = path.trim_matches('/');
        let home = path.is_empty() || self.config.others.iter().any(|language| language == path);
        if home || self.tree.has_section(path) {
            let what = format!("has the same address as a section, `/{path}/`: Zola refuses both");
            let hint = "give it another `slug` or `path`";
            self.problems.push(Problem::warning(&self.entry.file.path, None, what, hint));
        }
    }

    fn authors(&self) -> Vec<Author> {
        let written = self.values.values.get("authors").map(fields::strings).filter(|names| !names.is_empty());
        let names = written.unwrap_or_else(|| self.terms("authors"));
        let fallback = self.config.author.iter().cloned();
        let names = if names.is_empty() { fallback.collect() } else { names };
        let mut authors: Vec<Author> = Vec::new();
        for name in names {
            let name = markdown::plain(of_mailbox(&name));
            if !name.is_empty() && !authors.iter().any(|author| author.name == name) {
                authors.push(Author { name, url: None });
            }
        }
        authors
    }

    /// The header with what `extra` has beside it, as themes use it.
    fn with_extra(&self) -> FrontMatter {
        let mut values = FrontMatter::default();
        let extra = self.values.values.get("extra").and_then(Value::as_object);
        for (key, value) in self.values.values.iter().chain(extra.into_iter().flatten()) {
            values.values.entry(key.to_lowercase()).or_insert_with(|| value.clone());
        }
        values
    }

    fn aliases(&self) -> Vec<String> {
        let list = self.values.values.get("aliases").map(fields::strings).unwrap_or_default();
        list.iter().map(|alias| home::below(&self.config.site.url, alias)).collect()
    }
}

/// RSS wants `ann@example.org (Ann)`; people want the name.
fn of_mailbox(author: &str) -> &str {
    let named = author.trim().strip_suffix(')').and_then(|author| author.split_once(" ("));
    named.filter(|(mail, _)| mail.contains('@') && !mail.contains(' ')).map_or(author, |(_, name)| name)
}
