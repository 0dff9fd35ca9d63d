//! A page of a Hugo site: front matter and body to a [`Page`].

use std::borrow::Cow;
use std::cell::LazyCell;

use serde_json::Value;
use url::Url;

use crate::library::fields;
use crate::library::generator::Reading;
use crate::post::body::{Body, Dialect};
use crate::post::front_matter::{self, Format, FrontMatter, text_of};
use crate::post::permalink::{self, Place, Shape};
use crate::post::{Page, markdown};
use crate::problem::Problem;

use super::config::{Config, LanguageRules, NEW_TREE};
use super::dates::{Dates, STRICT_YAML};
use super::outputs::Output;
use super::tree::{self, Entry, Tree};
use super::{cascade, sites};

/// Reads the file of an entry.
pub fn read(config: &Config, tree: &Tree, entry: &Entry, text: &str) -> Reading {
    let path = &entry.file.path;
    let parts = match front_matter::split(uncommented(config, text)) {
        Ok(parts) => parts,
        Err(fault) => {
            let what = format!("the front matter cannot be read: {}", fault.what);
            return Reading {
                page: None,
                problems: vec![Problem::error(path, fault.line, what, front_matter_hint(&fault.what))],
            };
        }
    };
    let mut problems = Vec::new();
    // An older Hugo took the last one without a word.
    if config.version >= STRICT_YAML {
        let hint = "remove one of them: Hugo refuses the page";
        problems
            .extend(parts.repaired.iter().map(|fault| Problem::warning(path, fault.line, fault.what.clone(), hint)));
    }
    let mut front_matter = parts.front_matter;
    let says_sites = sites::languages(&front_matter.values).is_some();
    let mut parameters = complete(&mut front_matter, config, tree, entry);
    let mut moved = Cow::Borrowed(entry);
    if let Some(chosen) = config.chosen(sites::languages(&front_matter.values)) {
        let language = sites::read_in(&chosen, &entry.language).unwrap_or_default();
        if chosen.len() > 1 && says_sites {
            let (what, hint) = sites::told("is", &chosen, &language);
            problems.push(Problem::warning(path, front_matter.line_of("sites"), what, hint));
        }
        if language != entry.language {
            moved = Cow::Owned(tree.moved(config, entry, language));
            // What the other language's sections hand down comes to the header as it is written.
            if let Ok(parts) = front_matter::split(uncommented(config, text)) {
                front_matter = parts.front_matter;
            }
            parameters = complete(&mut front_matter, config, tree, &moved);
        }
    }
    let entry = moved.as_ref();
    let mut header = Header {
        config,
        language: config.language(&entry.language),
        entry,
        values: &front_matter,
        parameters,
        problems: &mut problems,
    };
    if header.other_markup() {
        return Reading { page: None, problems };
    }
    let written = if uncommented(config, text).len() < text.len() {
        parts.body.strip_prefix("-->").unwrap_or(parts.body)
    } else {
        parts.body
    };
    let body =
        Body { start: text.len() - written.len(), line: parts.body_line, html: entry.html, dialect: Dialect::Hugo };
    let page = header.page(tree, body);
    Reading { page, problems }
}

/// Before Hugo 0.123 a header could stand in an HTML comment.
fn uncommented<'t>(config: &Config, text: &'t str) -> &'t str {
    let inside = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).strip_prefix("<!--");
    match inside.filter(|inside| config.version < NEW_TREE && inside.trim_start().starts_with(['-', '+'])) {
        Some(inside) => inside,
        None => text,
    }
}

/// Puts in what `params` gives, and what the sections above give and the page does not. Gives the keys of `params`.
fn complete(front_matter: &mut FrontMatter, config: &Config, tree: &Tree, entry: &Entry) -> Vec<String> {
    let mut parameters = Vec::new();
    if let Some(Value::Object(params)) = front_matter.value("params").cloned() {
        for (key, value) in params {
            let key = key.to_lowercase();
            // Those win over the same keys beside them.
            if !OWN_KEYS.contains(&key.as_str()) {
                front_matter.values.insert(key.clone(), value);
                parameters.push(key);
            }
        }
    }
    // What a page hands down reaches the page itself.
    let own = front_matter.get(&["cascade"]).map(cascade::rules).unwrap_or_default();
    let path = LazyCell::new(|| tree::path_of(&entry.folders, &entry.name));
    let own = own.iter().filter(|rule| rule.takes(&path, &entry.language, "page"));
    for rule in own.chain(tree.handed_down(config, entry)) {
        for (key, value) in &rule.values {
            front_matter.values.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    parameters
}

/// What Hugo reads from the header itself, never from its `params`.
const OWN_KEYS: [&str; 25] = [
    "title",
    "linktitle",
    "url",
    "slug",
    "type",
    "layout",
    "kind",
    "lang",
    "path",
    "markup",
    "weight",
    "draft",
    "headless",
    "aliases",
    "date",
    "publishdate",
    "pubdate",
    "published",
    "lastmod",
    "modified",
    "expirydate",
    "unpublishdate",
    "build",
    "_build",
    "cascade",
];

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
pub struct Header<'a> {
    /// The site's.
    pub config: &'a Config,
    /// The page's.
    pub language: &'a LanguageRules,
    /// The file.
    pub entry: &'a Entry,
    /// With what was handed down.
    pub values: &'a FrontMatter,
    /// Keys that come from `params`.
    pub parameters: Vec<String>,
    /// Found on the way.
    pub problems: &'a mut Vec<Problem>,
}

impl Header<'_> {
    fn page(&mut self, tree: &Tree, body: Body) -> Option<Page> {
        let written_title = self.values.value("title").map(text).unwrap_or_default();
        let mut slug_from_name = None;
        let Dates { published, updated, visible_from, visible_until } = self.dates(&mut slug_from_name)?;
        let own_slug = self.values.value("slug").map(slug).filter(|slug| !slug.is_empty());
        let own_slug = own_slug.or(slug_from_name).unwrap_or_default();

        let entry = self.entry;
        let own_url = self.values.value("url").map(text).filter(|url| !url.is_empty());
        let draft = self.draft();
        let (list, render) = self.build_options();
        let output = self.language.outputs.of(self.values.value("outputs"));
        let render = render && output.is_some();
        let shape = self.shape(output);
        // Only patterns ask for them.
        let asks = |token: &str| shape.pattern.into_iter().chain(own_url.as_deref()).any(|text| text.contains(token));
        let asked = if asks(":section") { &entry.sections[..] } else { &[] };
        let section_names = if asks(":sectionslug") { tree.section_names(self.config, entry) } else { Vec::new() };
        let sections: Vec<String> = asked.iter().map(|section| self.section_name(section)).collect();
        let place = Place {
            folders: &entry.path,
            name: &entry.name,
            file_name: entry.file_name(),
            base_name: entry.base_name(),
            bundle: entry.bundle,
            sections: &sections,
            section_names: &section_names,
            title: &written_title,
            slug: &own_slug,
            date: published,
        };
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
        let root = self.language.base_url.as_ref()?;
        let page_url = LazyCell::new(|| Url::parse(&address).unwrap_or_else(|_| root.clone()));
        let built = self.config.built;
        let section = entry.folders.first().map(String::as_str).unwrap_or_default();
        // A bundle's pictures lie beside its page; themes look for the others from the site's root.
        let cover = fields::cover(self.values, &|| if entry.bundle { &page_url } else { root });
        Some(Page {
            path: entry.file.path.clone(),
            title: markdown::plain(&written_title),
            written_title: Some(written_title.clone()),
            published,
            updated,
            visible_from: visible_from.filter(|_| !built.future),
            visible_until: visible_until.filter(|_| !built.expired),
            draft,
            draft_is_shown: built.drafts,
            unlisted: !list || tree.below_draft(self.config, entry),
            section: self.section_name(section),
            tags: self.terms("tags"),
            categories: self.terms("categories"),
            authors: fields::authors(self.values, &|| &page_url),
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

    /// A section's folder as Hugo calls it.
    fn section_name(&self, folder: &str) -> String {
        if self.config.version < NEW_TREE { folder.to_owned() } else { folder.to_lowercase().replace(' ', "-") }
    }

    fn shape<'s>(&'s self, output: Option<&'s Output>) -> Shape<'s> {
        let config = self.config;
        let path = LazyCell::new(|| tree::path_of(&self.entry.folders, &self.entry.name));
        let pattern = self.language.permalinks.iter().find(|(rule, _)| rule.takes(&path, &self.entry.language, "page"));
        let section = self.entry.sections.first().map(|section| self.section_name(section)).unwrap_or_default();
        let ugly = config.ugly || config.ugly_sections.contains(&section);
        Shape {
            base: &self.language.base,
            language_prefix: if output.is_some_and(|output| output.at_root) { "" } else { &self.language.prefix },
            pattern: pattern.map(|(_, pattern)| pattern.as_str()),
            format: output.map(Output::format).unwrap_or_default(),
            ugly: output.map_or(ugly, |output| (ugly || output.ugly) && !output.never_ugly),
            keep_case: self.language.keep_case,
            without_accents: config.without_accents,
            old: config.version < NEW_TREE,
        }
    }

    /// `draft`, else the opposite of `published` where that is no date.
    fn draft(&mut self) -> bool {
        let draft = self.values.get(&["draft"]).map(|value| self.truth(value));
        let published = self.values.value("published").filter(|value| is_flag(value));
        if let Some(value) = published.filter(|value| !value.is_null() && self.config.version >= NEW_TREE) {
            let hint = "`published` is a date to Hugo; say `draft: true` or leave it out";
            let line = self.values.line_of("published");
            let what = format!("`published` is `{value}`, which is no date");
            self.problems.push(Problem::warning(&self.entry.file.path, line, what, hint));
        }
        draft.unwrap_or_else(|| published.is_some_and(|value| !truth(value)))
    }

    /// As this version of Hugo reads it: YAML had `yes` and `on` once.
    fn truth(&self, value: &Value) -> bool {
        let yes = |text: &str| matches!(text.to_lowercase().as_str(), "yes" | "on" | "y");
        truth(value)
            || self.config.version < STRICT_YAML
                && self.values.format() == Some(Format::Yaml)
                && value.as_str().is_some_and(yes)
    }

    /// Whether the page is in lists, and whether it has an address.
    fn build_options(&mut self) -> (bool, bool) {
        let old = self.values.get(&["_build"]);
        if old.is_some() && self.config.version >= (0, 145) {
            let hint = "call it `build`, or name your Hugo by `site.generator_version`";
            let line = self.values.line_of("_build");
            let what = "`_build` is not known to Hugo 0.145 and newer";
            self.problems.push(Problem::warning(&self.entry.file.path, line, what, hint));
        }
        let new = self.values.get(&["build"]).filter(|_| self.config.version >= NEW_TREE);
        let options = new.or(old).and_then(Value::as_object);
        let is_never = |wanted: &str| {
            let option = options.into_iter().flatten().find(|(key, _)| key.to_lowercase() == wanted);
            match option.map(|(_, value)| value) {
                Some(Value::Bool(on)) => !on,
                Some(Value::String(text)) => matches!((wanted, text.as_str()), (_, "never") | ("list", "local")),
                _ => false,
            }
        };
        let bundled = self.entry.bundle || self.config.version >= NEW_TREE;
        let headless = bundled && self.values.get(&["headless"]).is_some_and(truth);
        // An address that only links know is one still.
        (!headless && !is_never("list"), !headless && !is_never("render"))
    }

    /// Whether the header says that the body is no Markdown; the Problem says why it is not read.
    fn other_markup(&mut self) -> bool {
        let Some(markup) = self.values.text(&["markup"]).map(|markup| markup.to_lowercase()) else { return false };
        let markdown = ["md", "markdown", "mdown", "goldmark", "text/markdown", "blackfriday", "mmark"];
        if self.entry.html || markdown.contains(&markup.as_str()) {
            return false;
        }
        let line = self.values.line_of("markup");
        let what = format!("`markup` is `{markup}`, which is not read");
        let hint = "make it Markdown to have it in the feeds";
        self.problems.push(Problem::warning(&self.entry.file.path, line, what, hint));
        true
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

/// What Go's `cast.ToString` makes of a value: blanks are text, a list is nothing.
pub fn text(value: &Value) -> String {
    value.as_str().map(String::from).or_else(|| text_of(value)).unwrap_or_default()
}

/// A `slug`: hyphens around it are none of it.
pub fn slug(value: &Value) -> String {
    text(value).trim_matches('-').to_owned()
}

/// What Go's `cast.ToBool` takes for true.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => matches!(text.as_str(), "1" | "t" | "T" | "TRUE" | "true" | "True"),
        _ => false,
    }
}

/// `true`, `"false"`, nothing: a truth where a date belongs.
pub fn is_flag(value: &Value) -> bool {
    value.is_boolean()
        || value.is_null()
        || value.as_str().is_some_and(|text| matches!(text.to_lowercase().as_str(), "true" | "false"))
}
