//! A page of an Eleventy site: the data cascade to a [`Page`].

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value, json};
use url::Url;

use crate::library::files::File;
use crate::library::generator::Reading;
use crate::library::{fields, home, matter};
use crate::post::body::{Body, Dialect};
use crate::post::date::ecma;
use crate::post::front_matter::{FrontMatter, text_of};
use crate::post::links;
use crate::post::{Page, markdown};
use crate::problem::Problem;
use crate::site::Site;

use super::config::Config;
use super::data::{Data, UNREAD};
use super::template::{self, Scope};

/// Reads a Markdown file.
pub(super) fn read(config: &Config, data: &Data, site: &Site, file: &File, text: &str) -> Reading {
    let path = &file.path;
    let cut = match matter::cut(text) {
        Ok(cut) => cut,
        Err(fault) => return Reading { page: None, problems: vec![matter::refused(path, &fault, "Eleventy")] },
    };
    let mut problems: Vec<Problem> = cut
        .repaired
        .iter()
        .map(|fault| {
            Problem::warning(path, fault.line, fault.what.clone(), "remove one of them: Eleventy refuses the page")
        })
        .collect();
    let mut values = cut.front_matter.clone();
    values.values = data.of(config, path, std::mem::take(&mut values.values));
    let below = path.strip_prefix(config.input.as_str()).unwrap_or(path).trim_start_matches('/');
    let mut header = Header { config, site, file, below, own: &cut.front_matter, values, problems: Vec::new() };
    let body = &text[cut.start..];
    let page = header.page(body);
    problems.append(&mut header.problems);
    let page = page.map(|page| Page {
        body: Body { start: cut.start, line: cut.line, html: false, dialect: Dialect::Eleventy },
        ..page
    });
    Reading { page, problems }
}

struct Header<'a> {
    config: &'a Config,
    site: &'a Site,
    file: &'a File,
    /// Path below the content's folder.
    below: &'a str,
    /// As the file has it.
    own: &'a FrontMatter,
    /// With all that is given to it.
    values: FrontMatter,
    problems: Vec<Problem>,
}

impl Header<'_> {
    fn page(&mut self, body: &str) -> Option<Page> {
        let published = self.date().ok()?;
        let (stem, slug) = names(self.below);
        let input =
            if self.file.path.starts_with("./") { self.file.path.clone() } else { format!("./{}", self.file.path) };
        let mut data = self.values.values.clone();
        let page = json!({
            "inputPath": input, "fileSlug": slug, "filePathStem": stem, "outputFileExtension": "html",
            "date": published.map(|at| at.to_rfc3339()),
        });
        data.insert("page".into(), page);
        let path = self.address(&data, published).ok()?;
        if let Some(computed) =
            data.get("eleventyComputed").and_then(|computed| computed.get("title")).and_then(text_of)
            && let Ok(title) = template::render(&computed, &self.scope(&data, published))
        {
            self.values.values.insert("title".into(), title.into());
        }
        let url = path.map(|path| home::below(&self.site.url, &path)).unwrap_or_default();
        let page_url = Url::parse(&url).or_else(|_| Url::parse(&self.site.url)).ok()?;
        let written = match self.values.values.get("title") {
            Some(Value::String(title)) => Some(title.clone()),
            other => other.and_then(text_of),
        };
        let title = written
            .clone()
            .filter(|title| !title.trim().is_empty())
            .or_else(|| fields::heading(body))
            .unwrap_or_else(|| slug.clone());
        let text = |keys: &[&str]| self.values.text(keys);
        let language = text(&["lang"]).filter(|lang| self.site.languages.iter().any(|language| language.key == *lang));
        let default = || self.site.languages.first().map(|language| language.key.clone()).unwrap_or_default();
        let tags = self.values.values.get("tags").map(fields::strings).unwrap_or_default();
        let mut seen = std::collections::HashSet::new();
        let is = |key: &str| self.values.values.get(key) == Some(&Value::Bool(true));
        let updated = text(&["updated", "modified", "lastmod", "lastModified", "last_modified"]);
        // Pictures beside a page have addresses that only a build knows; themes count the others from the root.
        let root = Url::parse(&self.site.url).ok()?;
        Some(Page {
            path: self.file.path.clone(),
            title: markdown::plain(&title),
            written_title: written,
            published,
            updated: updated.and_then(|date| ecma::timestamp(&date).or_else(|| luxon(&date))),
            // Eleventy itself knows no drafts; who writes this means it.
            draft: is("draft"),
            unlisted: is("eleventyExcludeFromCollections") || url.is_empty(),
            section: self.below.split_once('/').map(|(section, _)| section.to_owned()).unwrap_or_default(),
            tags: tags.into_iter().filter(|tag| seen.insert(tag.clone())).collect(),
            categories: self.values.values.get("categories").map(fields::strings).unwrap_or_default(),
            authors: fields::authors(&self.values, &|| &page_url),
            summary: text(&["description", "excerpt", "summary"]).unwrap_or_default(),
            language: language.unwrap_or_else(default),
            cover: fields::cover(&self.values, &|| &root),
            own_id: fields::own_id(self.own),
            url,
            ..Page::default()
        })
    }

    fn scope<'d>(&'d self, data: &'d Map<String, Value>, date: Option<DateTime<FixedOffset>>) -> Scope<'d> {
        Scope { data, date, filters: &self.config.filters }
    }

    fn refuse(&mut self, key: &str, what: String, hint: &str) {
        let line = self.own.values.get(key).and_then(|_| self.own.line_of(key));
        self.problems.push(Problem::error(&self.file.path, line, what, hint));
    }

    /// `date`, else the first date in the path. The time of a file is none: it changes with every copy.
    fn date(&mut self) -> Result<Option<DateTime<FixedOffset>>, ()> {
        let hint = "write it as in `2021-10-15` or `2021-10-15T09:00:00Z`";
        match self.values.values.get("date").cloned() {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(Value::String(text)) => {
                let timestamp = self.own.plain("date").and_then(ecma::timestamp);
                if let Some(at) = timestamp.or_else(|| luxon(&text)) {
                    return Ok(Some(at));
                }
                let lower = text.to_lowercase();
                if lower == "last modified" {
                    return Ok(DateTime::from_timestamp(self.file.stamp.changed(), 0).map(|at| at.fixed_offset()));
                }
                if matches!(lower.as_str(), "created" | "git created" | "git last modified") {
                    let what = format!("`date: {text}` is not kept in the file");
                    let line = self.own.values.get("date").and_then(|_| self.own.line_of("date"));
                    self.problems.push(Problem::warning(&self.file.path, line, what, hint));
                    return Ok(None);
                }
                let shown: String = text.chars().take(60).collect();
                self.refuse("date", format!("`date` is `{shown}`, which is no date that Eleventy takes"), hint);
                return Err(());
            }
            Some(_) => {
                self.refuse("date", "`date` is no date".into(), hint);
                return Err(());
            }
        }
        Ok(date_in(&self.file.path))
    }

    /// The path of the page's address; `None`: it is written nowhere. `Err`: it cannot be told, and a Problem says so.
    fn address(
        &mut self,
        data: &Map<String, Value>,
        date: Option<DateTime<FixedOffset>>,
    ) -> Result<Option<String>, ()> {
        if self.config.transformed {
            let what = "`addUrlTransform` in the configuration changes addresses, and takes running it to know";
            self.refuse("permalink", what.into(), "addresses must follow from `permalink` and the path");
            return Err(());
        }
        let own = data.get("permalink").filter(|value| !value.is_null());
        let computed = data.get("eleventyComputed").and_then(|computed| computed.get("permalink"));
        let mut permalink = computed.filter(|_| !matches!(own, Some(Value::Bool(_)))).or(own).cloned();
        if let Some(Value::Object(map)) = &permalink {
            if let Some(place) = map.get(UNREAD).and_then(Value::as_str) {
                let what = format!("`permalink` comes from {place}, which takes running Eleventy to know");
                self.refuse("permalink", what, "write it there as a text, or in this page");
                return Err(());
            }
            if map.is_empty() {
                permalink = None;
            } else if let Some(build) = map.get("build") {
                permalink = Some(build.clone());
            } else {
                return Ok(None);
            }
        }
        let written = match permalink {
            Some(Value::Bool(false)) => return Ok(None),
            Some(Value::Bool(true)) => {
                self.refuse("permalink", "`permalink` is `true`".into(), "write a path, or leave it out");
                return Err(());
            }
            None => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(other) => Some(text_of(&other).unwrap_or_default()),
        };
        let Some(written) = written else { return Ok(Some(usual(self.below))) };
        let hint = "write the address out, or use `page.fileSlug`, `page.date | date`, `title | slugify` and the like";
        let rendered = if data.get("dynamicPermalink") == Some(&Value::Bool(false)) {
            Ok(written.clone())
        } else {
            template::render(&written, &self.scope(data, date))
        };
        match rendered {
            Ok(path) if path.trim().is_empty() => Ok(None),
            Ok(path) if !self.config.any_name && !allowed_name(data, &path) => {
                let what = format!("`permalink` is `{path}`, neither a folder nor a file with an extension");
                self.refuse("permalink", what, "put a slash at its end");
                Err(())
            }
            Ok(path) => Ok(Some(href(&path))),
            Err(part) => {
                self.refuse(
                    "permalink",
                    format!("`permalink` holds `{part}`, which takes running Eleventy to know"),
                    hint,
                );
                Err(())
            }
        }
    }
}

/// Whether a file of this name may be written.
fn allowed_name(data: &Map<String, Value>, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.is_empty()
        || name.get(1..).is_some_and(|name| name.contains('.'))
        || data.get("eleventyAllowMissingExtension") == Some(&Value::Bool(true))
}

/// `page.filePathStem` and `page.fileSlug` of a path below the content's folder.
fn names(below: &str) -> (String, String) {
    // Eleventy takes a first folder of one letter for the dot of `./`.
    let mut letters = below.chars();
    let below = if letters.next().is_some() && letters.next() == Some('/') { letters.as_str() } else { below };
    let (folders, name) = below.rsplit_once('/').unwrap_or(("", below));
    let undated = |text: &str| {
        // The last part behind a date, wherever in the name the date is.
        let starts = (0..text.len()).filter(|at| text.is_char_boundary(*at));
        let behind = starts
            .filter_map(|at| text[at..].get(..11).filter(|date| shaped(date)).map(|_| text[at + 11..].to_owned()));
        behind.into_iter().next().unwrap_or_else(|| text.to_owned())
    };
    let raw = undated(name.strip_suffix(".md").unwrap_or(name));
    let slug = match (raw.as_str(), folders.rsplit('/').next().unwrap_or_default()) {
        ("index", "") => String::new(),
        ("index", folder) => undated(folder),
        _ => raw.clone(),
    };
    let stem = if folders.is_empty() { format!("/{raw}") } else { format!("/{folders}/{raw}") };
    (stem, slug)
}

/// `2021-10-15-`
fn shaped(text: &str) -> bool {
    let shape = "9999-99-99-";
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(have, want)| if want == b'9' { have.is_ascii_digit() } else { have == want })
}

/// The first date in a path.
fn date_in(path: &str) -> Option<DateTime<FixedOffset>> {
    let mut starts = (0..path.len()).filter_map(|at| path.get(at..at + 10));
    let date = starts.find(|date| shaped(&format!("{date}-")))?;
    luxon(date)
}

/// The address of a page that names none: its path, an own folder for it.
fn usual(below: &str) -> String {
    let (folders, name) = below.rsplit_once('/').unwrap_or(("", below));
    let name = name.strip_suffix(".md").unwrap_or(name);
    let folders = if folders.is_empty() { String::new() } else { format!("/{folders}") };
    let doubled = folders.rsplit('/').next() == Some(name);
    if name == "index" || doubled { format!("{folders}/") } else { format!("{folders}/{name}/") }
}

/// What becomes of a permalink: without `.`, `..`, empty parts and `index.html`.
fn href(permalink: &str) -> String {
    let folder = permalink.ends_with('/');
    let parts = links::joined("", permalink).unwrap_or_default();
    let path = match (folder, parts.as_str()) {
        (true, "") => "/".to_owned(),
        (true, parts) => format!("/{parts}/"),
        (false, parts) => format!("/{parts}"),
    };
    let index = path.strip_suffix("/index.html").or_else(|| path.strip_suffix("/index"));
    index.map_or(path.clone(), |start| format!("{start}/"))
}

/// ISO 8601 as Eleventy reads texts: a `T` before the time, UTC without a zone.
fn luxon(text: &str) -> Option<DateTime<FixedOffset>> {
    let compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if compact { format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]) } else { text.to_owned() };
    if text.contains(' ') || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (date, time) = text.split_once(['T', 't']).map_or((text.as_str(), None), |(date, time)| (date, Some(time)));
    let exact = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok() && date.len() == 10;
    let short = time.is_none() && (date.len() == 4 || date.len() == 7);
    // Only an hour, and an offset without minutes.
    let text = match time {
        Some(time) if time.len() == 2 => format!("{date}T{time}:00"),
        Some(time) if time.rfind(['+', '-']).is_some_and(|at| time.len() == at + 3) => format!("{date}T{time}:00"),
        _ => text.clone(),
    };
    if exact || short { ecma::parse(&text.replace(',', ".")) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        for (below, stem, slug, address) in [
            ("a.md", "/a", "a", "/a/"),
            ("index.md", "/index", "", "/"),
            ("blog/2021-10-15-x.md", "/blog/x", "x", "/blog/2021-10-15-x/"),
            ("blog/2021-10-15-x/index.md", "/blog/2021-10-15-x/index", "x", "/blog/2021-10-15-x/"),
            ("blog/x/x.md", "/blog/x/x", "x", "/blog/x/"),
            ("blog/blog.md", "/blog/blog", "blog", "/blog/"),
            ("p/x.md", "/x", "x", "/p/x/"),
            ("éé/v1-2021-10-15-é.md", "/éé/é", "é", "/éé/v1-2021-10-15-é/"),
        ] {
            assert_eq!((names(below), usual(below)), ((stem.into(), slug.into()), address.into()), "{below}");
        }
        for (permalink, address) in [
            ("/x/", "/x/"),
            ("x", "/x"),
            ("/x/index.html", "/x/"),
            ("/x.html", "/x.html"),
            ("//a//b/", "/a/b/"),
            ("/a/../b/", "/b/"),
            ("/index/", "/index/"),
            ("/a/index", "/a/"),
            ("/", "/"),
        ] {
            assert_eq!(href(permalink), address, "{permalink}");
        }
    }

    #[test]
    fn dates_of_texts() {
        for (text, answer) in [
            ("2021-10-15", "2021-10-15T00:00:00+00:00"),
            ("20211015", "2021-10-15T00:00:00+00:00"),
            ("2021-10", "2021-10-01T00:00:00+00:00"),
            ("2021-10-15T10:00", "2021-10-15T10:00:00+00:00"),
            ("2021-10-15T10", "2021-10-15T10:00:00+00:00"),
            ("2021-10-15T10:00:00+08", "2021-10-15T10:00:00+08:00"),
            ("2021-10-15T10:00:00.5+0800", "2021-10-15T10:00:00.500+08:00"),
            ("2021-10-15 10:00", ""),
            ("2021-1-5", ""),
            ("2021-02-30", ""),
            ("tomorrow", ""),
            ("", ""),
            ("2021/10/15", ""),
        ] {
            assert_eq!(luxon(text).map_or(String::new(), |at| at.to_rfc3339()), answer, "{text}");
        }
    }
}
