//! In which formats Hugo publishes pages, as far as their addresses depend on it: `outputFormats`, `outputs`, `mediaTypes`.

use serde_json::Value;

use super::at;
use super::config::truth;
use crate::library::fields::strings;
use crate::post::front_matter::text_of;
use crate::post::permalink;

/// Of one language.
#[derive(Debug, Clone)]
pub struct Outputs {
    formats: Vec<Output>,
    /// Names of those of pages that say nothing.
    of_pages: Vec<String>,
}

/// A format as addresses need it.
#[derive(Debug, Clone)]
pub struct Output {
    /// Lower case.
    name: String,
    path: String,
    base_name: String,
    suffix: String,
    /// `/p.html` instead of `/p/`, whatever the site says.
    pub ugly: bool,
    /// `/p/` whatever the site says.
    pub never_ugly: bool,
    /// Not in the language's folder.
    pub at_root: bool,
}

impl Outputs {
    /// `of`: a key of the language's, else of the site's configuration.
    pub fn new<'v>(of: impl Fn(&str) -> Option<&'v Value>) -> Self {
        let media = of("mediatypes");
        let built_in = BUILT_IN.iter().map(|(name, path, base_name, media_type)| Output {
            name: (*name).into(),
            path: (*path).into(),
            base_name: (*base_name).into(),
            suffix: known_suffix(media_type),
            ugly: *name == "sitemap",
            never_ugly: *name == "rss",
            at_root: false,
        });
        let mut formats: Vec<Output> = built_in.collect();
        for (name, own) in of("outputformats").and_then(Value::as_object).into_iter().flatten() {
            if !own.is_object() {
                continue;
            }
            let at_place = formats.iter().position(|format| format.name == *name).unwrap_or(formats.len());
            if at_place == formats.len() {
                let (path, base_name) = (String::new(), "index".to_owned());
                let suffix = ".html".to_owned();
                let name = name.clone();
                formats.push(Output { name, path, base_name, suffix, ugly: false, never_ugly: false, at_root: false });
            }
            let format = &mut formats[at_place];
            // An empty name is one, too.
            let text =
                |key: &str| own.get(key).and_then(|value| value.as_str().map(String::from).or_else(|| text_of(value)));
            if let Some(path) = text("path") {
                format.path = path;
            }
            if let Some(base_name) = text("basename") {
                format.base_name = base_name;
            }
            if let Some(media_type) = text("mediatype") {
                format.suffix = suffix(media, &media_type.to_lowercase());
            }
            for (key, switch) in
                [("ugly", &mut format.ugly), ("nougly", &mut format.never_ugly), ("root", &mut format.at_root)]
            {
                if let Some(value) = own.get(key) {
                    *switch = truth(value);
                }
            }
        }
        let of_pages = of("outputs").and_then(|outputs| at(outputs, &["page"])).map(names);
        Self { formats, of_pages: of_pages.unwrap_or_else(|| vec!["html".into()]) }
    }

    /// The one whose address is the page's: HTML, else the first. `own`: `outputs` of its header. `None`: it is in none.
    pub fn of(&self, own: Option<&Value>) -> Option<&Output> {
        let own = own.map(names).filter(|own| !own.is_empty());
        let wanted = own.as_ref().unwrap_or(&self.of_pages);
        let name = wanted.iter().find(|name| *name == "html").or_else(|| wanted.first())?;
        self.formats.iter().find(|format| format.name == *name).or_else(|| self.formats.first())
    }
}

impl Output {
    /// For addresses.
    pub fn format(&self) -> permalink::Format<'_> {
        permalink::Format { path: &self.path, base_name: &self.base_name, suffix: &self.suffix }
    }
}

/// Name, path, base name and media type; HTML first.
const BUILT_IN: [(&str, &str, &str, &str); 11] = [
    ("html", "", "index", "text/html"),
    ("amp", "amp", "index", "text/html"),
    ("calendar", "", "index", "text/calendar"),
    ("css", "", "styles", "text/css"),
    ("csv", "", "index", "text/csv"),
    ("json", "", "index", "application/json"),
    ("markdown", "", "index", "text/markdown"),
    ("robots", "", "robots", "text/plain"),
    ("rss", "", "index", "application/rss+xml"),
    ("sitemap", "", "sitemap", "application/xml"),
    ("webappmanifest", "", "manifest", "application/manifest+json"),
];

/// What files of a media type end with, the dot before it: what the site says of it, else what Hugo knows.
fn suffix(media: Option<&Value>, media_type: &str) -> String {
    let Some(own) = media.and_then(|media| media.get(media_type)) else { return known_suffix(media_type) };
    let suffixes = at(own, &["suffixes"]).map(strings).unwrap_or_default();
    let first = suffixes.iter().flat_map(|suffix| suffix.split(',')).next().map(str::trim);
    let delimiter = at(own, &["delimiter"]).and_then(Value::as_str).unwrap_or(".");
    first.map(|first| format!("{delimiter}{first}")).unwrap_or_default()
}

fn known_suffix(media_type: &str) -> String {
    let suffix = match media_type {
        "text/html" => "html",
        "text/plain" => "txt",
        "text/markdown" => "md",
        "text/calendar" => "ics",
        "text/javascript" => "js",
        "text/asciidoc" => "adoc",
        "application/manifest+json" => "webmanifest",
        "application/rss+xml" => "xml",
        "image/svg+xml" => "svg",
        other => other.rsplit(['/', '-']).next().unwrap_or("html"),
    };
    format!(".{suffix}")
}

fn names(value: &Value) -> Vec<String> {
    strings(value).into_iter().map(|name| name.to_lowercase()).collect()
}
