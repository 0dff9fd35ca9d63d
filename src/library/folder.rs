//! A plain folder of Markdown, built by no generator that is known: addresses and dates follow the paths, or the patterns
//! of `content.permalink` and `content.date`.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use serde_json::Value;
use url::Url;

use crate::post::body::{Body, Dialect};
use crate::post::date::path::Pattern;
use crate::post::date::{self, ecma};
use crate::post::front_matter::{self, FrontMatter, text_of};
use crate::post::permalink::{self, Place, Shape};
use crate::post::{Page, markdown};
use crate::problem::{CONFIGURATION, Problem};
use crate::site::Site;

use super::files::{File, Folder};
use super::generator::{Layout, Opened, Reading};
use super::home::{self, Said};
use super::{Settings, fields};

/// What names begin with where `content.date` says nothing.
const USUAL: &str = ":year-:month-:day-:slug";

/// Opens any folder; `site.url` must be given.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Opened> {
    Some(laid_out(folder, settings))
}

fn laid_out(folder: &Folder, settings: &Settings) -> Opened {
    let fault = |what: String, hint: &str| vec![Problem::error(CONFIGURATION, None, what, hint)];
    if settings.url.is_none() {
        let what = "the site's address is not known: there is no generator's configuration here";
        let hint = "set `site.url` in postrider.yaml, as in `site: { url: https://www.example.org/ }`";
        return Err(fault(what.into(), hint));
    }
    let url = home::address(settings, None, "site.url", CONFIGURATION)?;
    let pattern = Pattern::parse(settings.date.as_deref().unwrap_or(USUAL))
        .map_err(|what| fault(format!("`content.date` {what}"), ""))?;
    let language = settings.language.clone().unwrap_or_else(|| "en".into());
    let languages = vec![(language, None, String::new())];
    let site = home::site(settings, "folder", Said { url, languages, ..Said::default() });
    let mut problems = Vec::new();
    let found = folder.walk("", &mut problems).into_iter();
    let found = found.filter(|file| {
        let ending = file.path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        matches!(ending.as_deref(), Some("md" | "markdown" | "mdown" | "mdx"))
    });
    let files: BTreeMap<String, File> = found.map(|file| (file.path.clone(), file)).collect();
    if files.is_empty() {
        let hint = "give the site's folder by `--site`";
        problems.push(Problem::warning(".", None, "there are no Markdown files here", hint));
    }
    let mut hasher = DefaultHasher::new();
    format!("{settings:?}").hash(&mut hasher);
    let permalink = settings.permalink.clone();
    Ok(Box::new(Plain { site, files, pattern, permalink, problems, context: hasher.finish() }))
}

struct Plain {
    site: Site,
    files: BTreeMap<String, File>,
    pattern: Pattern,
    permalink: Option<String>,
    problems: Vec<Problem>,
    /// Of the settings.
    context: u64,
}

impl Layout for Plain {
    fn site(&self) -> Site {
        self.site.clone()
    }

    fn watched(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn files(&self) -> Vec<&File> {
        self.files.values().collect()
    }

    fn context(&self, _: usize, _: &File) -> u64 {
        self.context
    }

    fn read(&self, _: usize, file: &File, text: &str) -> Reading {
        let path = &file.path;
        let parts = match front_matter::split(text) {
            Ok(parts) => parts,
            Err(fault) => {
                let what = format!("the front matter cannot be read: {}", fault.what);
                let hint = "put it between two lines of `---`, values with a colon in quotes";
                return Reading { page: None, problems: vec![Problem::error(path, fault.line, what, hint)] };
            }
        };
        let mut problems: Vec<Problem> = parts
            .repaired
            .iter()
            .map(|fault| Problem::warning(path, fault.line, fault.what.clone(), "remove one of them"))
            .collect();
        let start = text.len() - parts.body.len();
        let mut page = self.page(path, &parts.front_matter, parts.body, &mut problems);
        if let Some(page) = &mut page {
            page.body = Body { start, line: parts.body_line, html: false, dialect: Dialect::Plain };
        }
        Reading { page, problems }
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }
}

impl Plain {
    fn page(&self, path: &str, values: &FrontMatter, body: &str, problems: &mut Vec<Problem>) -> Option<Page> {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        // A page with pictures of its own is called by its folder.
        let stem = stem.strip_suffix("/index").unwrap_or(stem);
        let (folders, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let (from_path, from_name) = self.pattern.read(stem).map_or((None, None), |(at, slug)| (Some(at), slug));
        let published = read_date(path, values, &["date", "published", "pubdate"], problems).ok()?.or(from_path);
        let updated = read_date(path, values, &["updated", "lastmod", "modified"], problems).unwrap_or_default();
        let written = values.text(&["title"]).or_else(|| fields::heading(body));
        let shown = from_name.clone().unwrap_or_else(|| name.to_owned());
        let title = written.clone().unwrap_or_else(|| shown.replace(['-', '_'], " ").trim().to_owned());
        let own_slug = values.text(&["slug"]).unwrap_or_default();
        // A date that stands before the name is part of the path, unless a pattern says where it goes.
        let slug = match &self.permalink {
            Some(_) if own_slug.is_empty() => shown,
            _ => own_slug,
        };
        let folders: Vec<String> = folders.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let names: Vec<String> = folders.iter().map(|folder| permalink::folder_name(folder)).collect();
        let place = Place {
            folders: &names,
            name,
            file_name: name,
            base_name: name,
            sections: &folders,
            title: &title,
            slug: &slug,
            date: published,
            ..Place::default()
        };
        let shape = Shape { base: &self.site.url, pattern: self.permalink.as_deref(), ..Shape::default() };
        let own = values.text(&["url", "permalink"]);
        let url = match permalink::address(&shape, &place, own.as_deref().map(str::trim)) {
            Ok(url) => url,
            Err(what) => {
                let key = ["url", "permalink"].into_iter().find(|key| values.values.contains_key(*key));
                let line = key.and_then(|key| values.line_of(key));
                problems.push(Problem::error(path, line, what, "write a path on this site, as in `/blog/name/`"));
                return None;
            }
        };
        let page_url = Url::parse(&url).ok()?;
        let is = |key: &str, truth: bool| values.values.get(key) == Some(&Value::Bool(truth));
        Some(Page {
            path: path.to_owned(),
            title: markdown::plain(&title),
            written_title: written,
            published,
            updated,
            visible_from: published,
            draft: is("draft", true) || is("published", false),
            section: folders.first().cloned().unwrap_or_default(),
            tags: terms(values, &["tags", "tag"]),
            categories: terms(values, &["categories", "category"]),
            authors: fields::authors(values, &|| &page_url),
            summary: values.text(&["summary", "description", "excerpt"]).unwrap_or_default(),
            language: self.site.languages.first().map(|language| language.key.clone()).unwrap_or_default(),
            cover: fields::cover(values, &|| &page_url),
            own_id: fields::own_id(values),
            url,
            ..Page::default()
        })
    }
}

/// The first of `keys` that is a date in any usual form. `Err`: it is none, and a Problem says so.
fn read_date(
    path: &str,
    values: &FrontMatter,
    keys: &[&str],
    problems: &mut Vec<Problem>,
) -> Result<Option<DateTime<FixedOffset>>, ()> {
    for key in keys {
        let Some(value) = values.get(&[key]).filter(|value| !value.is_boolean()) else { continue };
        let text = text_of(value).unwrap_or_default();
        match date::read(value, Tz::UTC) {
            Ok(Some(at)) => return Ok(Some(at)),
            Ok(None) => {}
            Err(hint) => {
                let lenient = date::lenient(&text, Tz::UTC).or_else(|| ecma::timestamp(&text));
                if let Some(at) = lenient.or_else(|| ecma::parse(&text)) {
                    return Ok(Some(at));
                }
                let shown: String = text.chars().take(60).collect();
                let what = format!("`{key}` is `{shown}`, which is no date");
                problems.push(Problem::error(path, values.line_of(key), what, hint));
                return Err(());
            }
        }
    }
    Ok(None)
}

/// A list, or a text that is one term.
fn terms(values: &FrontMatter, keys: &[&str]) -> Vec<String> {
    let mut terms = values.get(keys).map(fields::strings).unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    terms.retain(|term| seen.insert(term.clone()));
    terms
}
