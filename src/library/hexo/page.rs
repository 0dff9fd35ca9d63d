//! A page of a Hexo site: front matter and file name to a [`Page`].

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};
use serde_json::{Map, Value};
use url::Url;

use crate::crypto;
use crate::library::files::File;
use crate::library::generator::Reading;
use crate::library::{fields, home};
use crate::post::body::{Body, Dialect};
use crate::post::front_matter::FrontMatter;
use crate::post::{Author, Page, markdown, slug};
use crate::problem::Problem;

use super::config::{Config, stem};
use super::header;
use super::{Kind, POSTS, date, value};

/// Reads a file.
pub fn read(config: &Config, file: &File, kind: Kind, text: &str) -> Reading {
    let cut = match header::cut(text, &file.path) {
        Ok(cut) => cut,
        Err(problem) => return Reading { page: None, problems: vec![problem] },
    };
    let line = 1 + text[..cut.start].matches('\n').count();
    let extension = file.path.rsplit('.').next().unwrap_or_default();
    let body = Body { start: cut.start, line, html: extension.starts_with("htm"), dialect: Dialect::Hexo };
    let source = config.below(&file.path);
    let below = source.strip_prefix("_posts/").or_else(|| source.strip_prefix("_drafts/")).unwrap_or(source);
    let found = if kind == Kind::Page { None } else { config.post_name.read(stem(below)) };
    let found: Vec<(&str, &str)> = found.unwrap_or_default();
    let mut header = Header {
        config,
        file,
        kind,
        below,
        written: &cut.front_matter,
        values: cut.front_matter.values.clone(),
        slug: String::new(),
        problems: Vec::new(),
    };
    header.take_names(&found);
    let published = header.published(&found);
    let page = header.page(published, body);
    Reading { page, problems: header.problems }
}

/// The front matter of one page, being read.
struct Header<'a> {
    config: &'a Config,
    file: &'a File,
    kind: Kind,
    /// The path below `_posts`, or below the source folder.
    below: &'a str,
    /// As it is written.
    written: &'a FrontMatter,
    /// With what the file's name says.
    values: Map<String, Value>,
    /// Hexo's `slug`: the title in the file's name.
    slug: String,
    problems: Vec<Problem>,
}

impl Header<'_> {
    /// What the file's name says: the slug, and every name of the pattern that is not the date's.
    fn take_names(&mut self, found: &[(&str, &str)]) {
        for (name, value) in found {
            match *name {
                "title" => (*value).clone_into(&mut self.slug),
                "year" | "month" | "day" | "i_month" | "i_day" | "hash" => {}
                name => {
                    self.values.insert(name.to_owned(), Value::String((*value).to_owned()));
                }
            }
        }
        if self.slug.is_empty() {
            self.slug = slug::without_marks(stem(self.below));
        }
    }

    /// From the front matter, else the file's name, else when the file came to be.
    fn published(&mut self, found: &[(&str, &str)]) -> Option<DateTime<FixedOffset>> {
        let zone = self.config.zone;
        if let Some(written) = self.get("date").cloned() {
            let at = date::read(&written, zone);
            if at.is_none() {
                let shown: String = value::text(&written).chars().take(60).collect();
                let what = format!("`date` is `{shown}`, which is no date that Hexo takes: it uses the file's own");
                let hint = "write it as `2021-10-15 15:00:00`";
                self.problems.push(Problem::warning(&self.file.path, self.written.line_of("date"), what, hint));
            }
            if at.is_some() {
                return at;
            }
        } else {
            let number = |names: [&str; 2]| {
                let found = found.iter().find(|(name, _)| names.contains(name));
                found.and_then(|(_, value)| value.parse::<u32>().ok())
            };
            let parts = (number(["year", ""]), number(["month", "i_month"]), number(["day", "i_day"]));
            if let (Some(year), Some(month), Some(day)) = parts {
                let clock = i32::try_from(year).ok().and_then(|year| date::day(year, month, day));
                return clock.and_then(|clock| date::in_zone(clock, zone));
            }
        }
        // Pages are in no list, and their files' times mean nothing.
        let born = (self.kind != Kind::Page).then(|| self.file.stamp.born())?;
        Some(DateTime::from_timestamp(born, 0)?.with_timezone(&zone).fixed_offset())
    }

    fn page(&mut self, published: Option<DateTime<FixedOffset>>, body: Body) -> Option<Page> {
        let config = self.config;
        let title = self.title();
        let categories = self.categories();
        let path = match self.kind {
            Kind::Page => self.path_of_page(),
            Kind::Post | Kind::Draft => self.path_of_post(&title, published?, &categories)?,
        };
        let address = self.address(&path);
        let url = Url::parse(&address).ok()?;
        let mut seen = HashSet::new();
        let mut categories: Vec<String> = categories.into_iter().map(|category| category.name).collect();
        categories.retain(|name| seen.insert(name.clone()));
        let updated = self.get("updated").and_then(|value| date::read(value, config.zone));
        let lower = self.lower();
        let summary = ["excerpt", "description"].iter().find_map(|key| self.get(key)).map(value::text);
        Some(Page {
            path: self.file.path.clone(),
            title: markdown::plain(&title),
            written_title: Some(title),
            published,
            updated: if updated.is_none() && config.updated_is_date { published } else { updated },
            visible_from: published.filter(|_| !config.future),
            draft: self.kind != Kind::Page && !config.drafts && !self.is_published(),
            unlisted: self.kind == Kind::Page,
            section: match self.kind {
                Kind::Page => self.below.split_once('/').map(|(first, _)| first.to_owned()).unwrap_or_default(),
                Kind::Post | Kind::Draft => POSTS.to_owned(),
            },
            tags: self.tags(),
            categories,
            authors: self.authors(&lower, &url),
            summary: summary.unwrap_or_default(),
            language: self.language(&path),
            cover: fields::cover(&lower, &|| &url),
            own_id: fields::own_id(&lower),
            aliases: self.aliases(),
            url: address,
            body,
            ..Page::default()
        })
    }

    /// A value that JavaScript takes for true.
    fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| value::is_true(value))
    }

    fn title(&self) -> String {
        match self.values.get("title") {
            None if self.config.slug_is_title && self.kind != Kind::Page => self.slug.clone(),
            None | Some(Value::Null) => String::new(),
            Some(written) => {
                // A number with a zero before it is one to JavaScript's YAML.
                let plain = self.written.plain("title").unwrap_or_default();
                let digits = plain.strip_prefix(['-', '+']).unwrap_or(plain);
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return plain.parse().map_or_else(|_| value::text(written), value::number);
                }
                // A date that is not in quotes is one, and shown as JavaScript shows dates.
                let day = self.written.plain("title").filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
                let is_date = day.is_some_and(|text| text.len() >= 10 && text.as_bytes()[4] == b'-');
                let at = date::read(written, chrono_tz::UTC).filter(|_| is_date && written.is_string());
                at.map_or_else(
                    || value::text(written),
                    |at| at.format("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)").to_string(),
                )
            }
        }
    }

    fn is_published(&self) -> bool {
        match self.values.get("published") {
            _ if self.kind == Kind::Draft => false,
            None | Some(Value::Null) => true,
            Some(Value::String(text)) if text == "false" || text == "0" => false,
            Some(written) => value::is_true(written),
        }
    }

    /// The plural wins over the singular.
    fn terms(&self, plural: &str, singular: &str) -> Option<&Value> {
        self.get(plural).or_else(|| self.get(singular))
    }

    fn tags(&self) -> Vec<String> {
        let mut tags = self.terms("tags", "tag").map(value::texts).unwrap_or_default();
        let mut seen = HashSet::new();
        tags.retain(|tag| seen.insert(tag.clone()));
        tags
    }

    /// A list is a path from the top down; of lists in it, each is one, and what stands beside them is at the top.
    fn categories(&self) -> Vec<Category> {
        let Some(written) = self.terms("categories", "category") else { return Vec::new() };
        let items = written.as_array().map_or(std::slice::from_ref(written), Vec::as_slice);
        let paths: Vec<Vec<String>> = if items.iter().any(Value::is_array) {
            items.iter().map(value::texts).collect()
        } else {
            vec![value::texts(written)]
        };
        let mut categories: Vec<Category> = Vec::new();
        for path in paths {
            let mut slug = String::new();
            for (at, name) in path.iter().enumerate() {
                let mapped = self.config.category_map.get(name).filter(|value| value::is_true(value)).map(value::text);
                if at > 0 {
                    slug.push('/');
                }
                slug.push_str(&self.config.slugized(mapped.as_deref().unwrap_or(name)));
                let category = Category { name: name.clone(), slug: slug.clone() };
                if !categories.contains(&category) {
                    categories.push(category);
                }
            }
        }
        categories
    }

    /// Below the site's address, with a slash before it where the front matter gives it.
    fn path_of_post(
        &mut self,
        title: &str,
        published: DateTime<FixedOffset>,
        categories: &[Category],
    ) -> Option<String> {
        let config = self.config;
        let own = self.get("permalink").map(value::text);
        let path = match own {
            Some(own) if own.starts_with('/') => own,
            Some(own) => format!("/{own}"),
            None => {
                if config.permalink.names("id") && !self.values.contains_key("id") {
                    let what =
                        "has no `id`, which the site's `permalink` asks for: Hexo makes another one on each machine";
                    let hint = "write an `id` into its front matter";
                    self.problems.push(Problem::error(&self.file.path, None, what, hint));
                    return None;
                }
                config.permalink.write(|name| self.token(name, title, published, categories))
            }
        };
        let folder = config.asset_folder && !["/", ".html"].iter().any(|end| path.ends_with(end));
        Some(if folder { format!("{path}/") } else { path })
    }

    fn token(&self, name: &str, title: &str, published: DateTime<FixedOffset>, categories: &[Category]) -> String {
        // Its clock is the machine's that builds the site, not the site's.
        let at = published.to_utc();
        match name {
            "title" => self.slug.clone(),
            "name" => self.slug.rsplit('/').next().unwrap_or_default().to_owned(),
            "post_title" => slug::without_marks(title).to_lowercase(),
            "year" => format!("{:04}", at.year()),
            "month" => format!("{:02}", at.month()),
            "day" => format!("{:02}", at.day()),
            "hour" => format!("{:02}", at.hour()),
            "minute" => format!("{:02}", at.minute()),
            "second" => format!("{:02}", at.second()),
            "i_month" => at.month().to_string(),
            "i_day" => at.day().to_string(),
            "timestamp" => at.timestamp().to_string(),
            "hash" if self.slug.is_empty() => "null".into(),
            "hash" => crypto::sha1_hex(format!("{}{}", self.slug, at.timestamp()).as_bytes())[..12].to_owned(),
            "category" => {
                categories.last().map_or_else(|| self.config.default_category.clone(), |last| last.slug.clone())
            }
            name => match self.values.get(name).or_else(|| self.config.permalink_defaults.get(name)) {
                Some(written) => value::text(written),
                None if name == "layout" => "post".into(),
                None if name == "slug" => self.slug.clone(),
                None => "undefined".into(),
            },
        }
    }

    fn path_of_page(&self) -> String {
        let Some(own) = self.get("permalink").map(value::text) else { return format!("{}.html", stem(self.below)) };
        let own = if own.ends_with('/') { format!("{own}index") } else { own };
        if stem(&own) == own { format!("{own}.html") } else { own }
    }

    /// The whole address, with or without `index.html` and `.html` at its end.
    fn address(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let slash = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
        let mut path = format!("{}{slash}", parts.join("/"));
        let config = self.config;
        let index = path.ends_with("index.html");
        if index && !config.trailing_index {
            path.truncate(path.len() - "index.html".len());
        } else if !index && !config.trailing_html {
            path.truncate(path.strip_suffix(".html").map_or(path.len(), str::len));
        }
        home::below(&config.site.url, &path)
    }

    fn language(&self, path: &str) -> String {
        let config = self.config;
        let own = self.get("lang").or_else(|| self.get("language"));
        let path = path.trim_start_matches('/');
        let of_path = || {
            let folder = config.language_folder.as_ref()?;
            let (name, _) = path[path.find(folder.as_str())? + folder.len()..].split_once('/')?;
            config.languages.iter().find(|language| *language == name).cloned()
        };
        let default = || config.site.languages.first().map(|language| language.key.clone());
        own.map(value::text).or_else(of_path).or_else(default).unwrap_or_default()
    }

    fn authors(&self, values: &FrontMatter, url: &Url) -> Vec<Author> {
        let mut authors = fields::authors(values, &|| url);
        if authors.is_empty() {
            let name = self.config.author.as_deref().map(markdown::plain).filter(|name| !name.is_empty());
            authors.extend(name.map(|name| Author { name, url: None }));
        }
        authors
    }

    /// With keys in lower case, as themes' fields are looked for.
    fn lower(&self) -> FrontMatter {
        let mut lower = FrontMatter::default();
        for (key, value) in &self.values {
            lower.values.entry(key.to_lowercase()).or_insert_with(|| value.clone());
        }
        lower
    }

    /// hexo-generator-alias: paths from the site's root.
    fn aliases(&self) -> Vec<String> {
        let list = self.terms("aliases", "alias").map(value::texts).unwrap_or_default();
        list.iter().map(|alias| home::below(&self.config.site.url, alias)).collect()
    }
}

/// A category with the slugs of those above it.
#[derive(Debug, PartialEq, Eq)]
struct Category {
    name: String,
    slug: String,
}
