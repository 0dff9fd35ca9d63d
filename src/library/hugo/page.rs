//! A page of a Hugo site: front matter and body to a [`Page`].

use chrono::{DateTime, Datelike as _, FixedOffset, TimeZone as _};
use serde_json::Value;
use url::Url;

use crate::library::fields;
use crate::library::generator::Reading;
use crate::post::body::{Body, Dialect};
use crate::post::front_matter::{self, FrontMatter, text_of};
use crate::post::permalink::{self, Place, Shape};
use crate::post::{Page, date, markdown};
use crate::problem::Problem;

use super::config::{Config, LanguageRules};
use super::tree::{Entry, Tree};

/// Reads the file of an entry.
pub fn read(config: &Config, tree: &Tree, entry: &Entry, text: &str) -> Reading {
    let path = &entry.file.path;
    let parts = match front_matter::split(text) {
        Ok(parts) => parts,
        Err(fault) => {
            let what = format!("the front matter cannot be read: {}", fault.what);
            return Reading {
                page: None,
                problems: vec![Problem::error(path, fault.line, what, front_matter_hint(&fault.what))],
            };
        }
    };
    let mut problems: Vec<Problem> = parts
        .repaired
        .iter()
        .map(|fault| {
            Problem::warning(path, fault.line, fault.what.clone(), "remove one of them: Hugo refuses the page")
        })
        .collect();
    let mut front_matter = parts.front_matter;
    complete(&mut front_matter, config, tree, entry);
    let mut header = Header {
        config,
        language: config.language(&entry.language),
        entry,
        values: &front_matter,
        problems: &mut problems,
    };
    let body =
        Body { start: text.len() - parts.body.len(), line: parts.body_line, html: entry.html, dialect: Dialect::Hugo };
    let page = header.page(tree, body);
    Reading { page, problems }
}

/// Puts in what `params` and the sections above give and the page does not.
fn complete(front_matter: &mut FrontMatter, config: &Config, tree: &Tree, entry: &Entry) {
    if let Some(Value::Object(params)) = front_matter.values.get("params").cloned() {
        for (key, value) in params {
            front_matter.values.entry(key.to_lowercase()).or_insert(value);
        }
    }
    for rule in tree.handed_down(config, entry) {
        for (key, value) in &rule.values {
            front_matter.values.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}

fn front_matter_hint(what: &str) -> &'static str {
    if what.contains("no closing") || what.contains("fence") {
        "put a line of `---` above and below the front matter"
    } else if what.contains("mapping values") || what.contains("quote") || what.contains("cannot start any token") {
        "put the value in quotes"
    } else {
        "mend it; `hugo` refuses the page too"
    }
}

/// The front matter of one page, being read.
struct Header<'a> {
    config: &'a Config,
    language: &'a LanguageRules,
    entry: &'a Entry,
    values: &'a FrontMatter,
    problems: &'a mut Vec<Problem>,
}

impl Header<'_> {
    fn page(&mut self, tree: &Tree, body: Body) -> Option<Page> {
        let written_title = self.values.text(&["title"]).unwrap_or_default();
        let mut slug_from_name = None;
        let handlers = &self.config.handlers;
        let dates = [&handlers.date, &handlers.publish, &handlers.expiry];
        let [published, visible_from, visible_until] = dates.map(|keys| self.date(keys, true, &mut slug_from_name));
        let (published, visible_from, visible_until) = (published.ok()?, visible_from.ok()?, visible_until.ok()?);
        let updated = self.date(&handlers.lastmod, false, &mut None).ok().flatten();
        let slug = self.values.text(&["slug"]).or(slug_from_name).unwrap_or_default();
        let slug = slug.trim_matches('-');

        let entry = self.entry;
        let section_slugs: Vec<String> = (1..=entry.sections.len())
            .filter_map(|depth| tree.section_at(&entry.language, &entry.sections[..depth]))
            .map(|section| section.slug_or_title.clone())
            .collect();
        let place = Place {
            folders: &entry.folders,
            name: &entry.name,
            sections: &entry.sections,
            section_slugs: &section_slugs,
            title: &written_title,
            slug,
            date: published,
        };
        let draft = self.draft();
        let shape = self.shape();
        let own_url = self.values.text(&["url"]);
        let (list, render) = self.build_options();
        let address = match permalink::address(&shape, &place, own_url.as_deref()) {
            Ok(address) => address,
            Err(what) => {
                let key = if own_url.is_some() { "url" } else { "slug" };
                let line = self.values.line_of(key).filter(|_| own_url.is_some());
                self.problems.push(Problem::error(
                    &entry.file.path,
                    line,
                    what,
                    "write a path on this site, as in `/blog/name/`",
                ));
                return None;
            }
        };
        let page_url = Url::parse(&address).or_else(|_| Url::parse(&self.language.base)).ok()?;

        // A bundle's pictures lie beside its page; themes look for the others from the site's root.
        let root = Url::parse(&self.language.base).ok().filter(|_| !entry.bundle);
        let cover = fields::cover(self.values, root.as_ref().unwrap_or(&page_url));
        Some(Page {
            path: entry.file.path.clone(),
            title: markdown::plain(&written_title),
            written_title: Some(written_title.clone()),
            published,
            updated,
            visible_from,
            visible_until,
            draft,
            unlisted: !list,
            section: entry
                .folders
                .first()
                .cloned()
                .unwrap_or_else(|| entry.sections.first().cloned().unwrap_or_default()),
            tags: self.terms("tags"),
            categories: self.terms("categories"),
            authors: fields::authors(self.values, &page_url),
            summary: self.values.text(&["summary", "description"]).unwrap_or_default(),
            language: entry.language.clone(),
            cover,
            own_id: fields::own_id(self.values),
            aliases: self.aliases(&shape, &place),
            url: if render { address } else { String::new() },
            body,
            ..Page::default()
        })
    }

    fn shape(&self) -> Shape<'_> {
        let config = self.config;
        let path = format!("/{}", [&self.entry.folders[..], std::slice::from_ref(&self.entry.name)].concat().join("/"));
        let path = path.to_lowercase().replace(' ', "-");
        let pattern = self.language.permalinks.iter().find(|(rule, _)| rule.takes(&path, &self.entry.language));
        let section = self.entry.sections.first().map(|section| section.to_lowercase()).unwrap_or_default();
        Shape {
            base: &self.language.base,
            language_prefix: &self.language.prefix,
            pattern: pattern.map(|(_, pattern)| pattern.as_str()),
            ugly: config.ugly || config.ugly_sections.contains(&section),
            keep_case: config.keep_case,
        }
    }

    /// The first of `handlers` that gives a date. `Err`: one is refused, and the page with it when it `matters`.
    fn date(
        &mut self,
        handlers: &[String],
        matters: bool,
        slug: &mut Option<String>,
    ) -> Result<Option<DateTime<FixedOffset>>, ()> {
        let zone = self.language.zone;
        for handler in handlers {
            match handler.as_str() {
                ":filename" => {
                    if let Some((at, rest)) = date_of_name(&self.entry.name, zone) {
                        if slug.is_none() && !rest.is_empty() {
                            *slug = Some(rest);
                        }
                        return Ok(Some(at));
                    }
                    continue;
                }
                ":filemodtime" => {
                    let at = DateTime::from_timestamp(self.entry.file.stamp.changed(), 0);
                    return Ok(at.map(|at| at.with_timezone(&zone).fixed_offset()));
                }
                _ => {}
            }
            let aliases: &[&str] = match handler.as_str() {
                "publishdate" => &["publishdate", "pubdate", "published"],
                "lastmod" => &["lastmod", "modified"],
                "expirydate" => &["expirydate", "unpublishdate"],
                other => &[other],
            };
            for key in aliases {
                let Some(value) = self.values.values.get(*key) else { continue };
                if *key == "published" && is_flag(value) {
                    continue;
                }
                match date::read(value, zone) {
                    // Year 1 is how Go writes "never".
                    Ok(Some(at)) if at.year() <= 1 => {}
                    Ok(Some(at)) => return Ok(Some(at)),
                    Ok(None) => {}
                    Err(hint) => {
                        let shown = text_of(value).unwrap_or_else(|| value.to_string());
                        let shown: String = shown.chars().take(60).collect();
                        let what = format!("`{key}` is `{shown}`, which is no date that Hugo takes");
                        let line = self.values.line_of(key);
                        let path = &self.entry.file.path;
                        let problem = if matters {
                            Problem::error(path, line, what, hint)
                        } else {
                            Problem::warning(path, line, what, hint)
                        };
                        if !self.problems.contains(&problem) {
                            self.problems.push(problem);
                        }
                        return Err(());
                    }
                }
            }
        }
        Ok(None)
    }

    fn draft(&mut self) -> bool {
        let draft = self.values.get(&["draft"]).is_some_and(truth);
        let Some(published) = self.values.values.get("published").filter(|value| is_flag(value)) else { return draft };
        let hint = "`published` is a date to Hugo; say `draft: true` or leave it out";
        let line = self.values.line_of("published");
        self.problems.push(Problem::warning(&self.entry.file.path, line, "`published` is not a date", hint));
        draft || !truth(published)
    }

    /// Whether the page is in lists, and whether it has an address.
    fn build_options(&self) -> (bool, bool) {
        let options = self.values.get(&["build", "_build"]);
        let is_never = |key: &str| {
            let value = options.and_then(|options| options.get(key));
            match value {
                Some(Value::Bool(on)) => !on,
                Some(Value::String(text)) => matches!(text.as_str(), "never" | "local" | "false"),
                _ => false,
            }
        };
        let headless = self.entry.bundle && self.values.get(&["headless"]).is_some_and(truth);
        (!headless && !is_never("list"), !headless && !is_never("render"))
    }

    /// A scalar is one term; of a list, texts, numbers and truths.
    fn terms(&self, key: &str) -> Vec<String> {
        let mut terms = match self.values.get(&[key]) {
            Some(Value::Array(items)) => items.iter().filter_map(text_of).collect(),
            Some(other) => text_of(other).into_iter().collect::<Vec<_>>(),
            None => Vec::new(),
        };
        let mut seen = std::collections::HashSet::new();
        terms.retain(|term| seen.insert(term.clone()));
        terms
    }

    fn aliases(&self, shape: &Shape<'_>, place: &Place<'_>) -> Vec<String> {
        let Some(value) = self.values.get(&["aliases"]) else { return Vec::new() };
        let list = fields::strings(value);
        list.iter().filter(|alias| !alias.contains("://")).map(|alias| permalink::alias(shape, place, alias)).collect()
    }
}

/// `:filename`: `YYYY-MM-DD` or `YYYY-MM-DD-HH-MM-SS` before the name, and the rest of the name.
fn date_of_name(name: &str, zone: chrono_tz::Tz) -> Option<(DateTime<FixedOffset>, String)> {
    let rest = |from: usize| name[from..].trim_matches([' ', '-', '_']).to_owned();
    let day = chrono::NaiveDate::parse_from_str(name.get(..10)?, "%Y-%m-%d").ok()?;
    let shaped = |shape: &str, text: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(have, want)| if want == b'9' { have.is_ascii_digit() } else { have == want })
    };
    if !shaped("9999-99-99", &name[..10]) {
        return None;
    }
    let timed = name.get(..19).filter(|text| shaped("9999-99-99-99-99-99", text));
    let (at, used) = match timed.and_then(|text| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d-%H-%M-%S").ok())
    {
        Some(at) => (at, 19),
        None => (day.and_time(chrono::NaiveTime::MIN), 10),
    };
    let at = zone.from_local_datetime(&at).earliest()?.fixed_offset();
    Some((at, rest(used)))
}

/// What Go's `cast.ToBool` takes for true.
fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => matches!(text.as_str(), "1" | "t" | "T" | "TRUE" | "true" | "True"),
        _ => false,
    }
}

/// `true`, `"false"`: a truth where a date belongs.
fn is_flag(value: &Value) -> bool {
    value.is_boolean() || value.as_str().is_some_and(|text| matches!(text.to_lowercase().as_str(), "true" | "false"))
}
