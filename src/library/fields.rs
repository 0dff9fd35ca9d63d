//! Front matter that generators and themes agree on more or less: authors, cover, id.

use serde_json::Value;
use url::Url;

use crate::post::front_matter::{FrontMatter, text_of};
use crate::post::{Author, Cover, markdown, sanitize};

/// From `authors` or `author`: a text, a list or a map; addresses from `authorlink`.
/// `page`: its address, asked for where something is relative to it.
pub fn authors<'u>(values: &FrontMatter, page: &dyn Fn() -> &'u Url) -> Vec<Author> {
    let mut authors = Vec::new();
    for key in ["authors", "author"] {
        if let Some(value) = values.get(&[key]) {
            collect_authors(value, page, &mut authors);
        }
        if !authors.is_empty() {
            break;
        }
    }
    let links = values.get(&["authorlink", "authorlinks", "author_link", "authorurl"]);
    let links = links.map(strings).unwrap_or_default();
    for (author, link) in authors.iter_mut().zip(links) {
        author.url = author.url.take().or_else(|| sanitize::absolute(page(), &link));
    }
    authors
}

/// From the first of the keys that themes use. `beside`: what a relative address is relative to.
pub fn cover<'u>(values: &FrontMatter, beside: &dyn Fn() -> &'u Url) -> Option<Cover> {
    let keys = ["cover", "image", "images", "featured_image", "featuredimage", "thumbnail", "feature", "banner"];
    let alt = values.text(&["cover_alt", "coveralt", "image_alt", "imagealt"]).unwrap_or_default();
    keys.iter().filter_map(|key| values.get(&[key])).find_map(|value| picture(value, beside(), &alt))
}

/// An author's own id for the page: a UUID as a URN, everything else as it is written; [`crate::post::id`] makes a URI of it
/// that can stand in a feed. Lists, maps and whole paragraphs under these names are a theme's business.
pub fn own_id(values: &FrontMatter) -> Option<String> {
    const LONGEST: usize = 300;
    ["guid", "uuid", "id"].iter().filter_map(|key| values.text(&[key])).find_map(|id| {
        let id = id.trim();
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        if parts == [8, 4, 4, 4, 12] && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) {
            return Some(format!("urn:uuid:{}", id.to_lowercase()));
        }
        let usable = !id.is_empty() && id.len() <= LONGEST && !id.contains(char::is_control);
        usable.then(|| id.to_owned())
    })
}

/// A text or a list of texts.
pub fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(text_of).collect(),
        other => text_of(other).into_iter().collect(),
    }
}

/// The first heading of the first level in a body of Markdown, as written: the title of a page that has no other.
pub fn heading(body: &str) -> Option<String> {
    let mut fence: Option<&str> = None;
    let mut before: Option<&str> = None;
    // Further down it is no title any more.
    for line in body.lines().take(200) {
        let text = line.trim();
        if let Some(open) = fence {
            fence = Some(open).filter(|open| !text.starts_with(open));
            continue;
        }
        fence = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence));
        let title = text.strip_prefix('#').filter(|rest| rest.starts_with([' ', '\t']));
        let title = title.map(|title| title.trim().trim_end_matches('#').trim_end());
        let underlined = text.len() > 1 && text.bytes().all(|byte| byte == b'=');
        if let Some(title) = title.or(before.filter(|_| underlined)).filter(|title| !title.is_empty()) {
            return Some(title.to_owned());
        }
        before = Some(text);
    }
    None
}

/// Name or names in a text, a list or a map.
fn collect_authors<'u>(value: &Value, page: &dyn Fn() -> &'u Url, authors: &mut Vec<Author>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_authors(item, page, authors)),
        Value::Object(map) => {
            let text = |keys: &[&str]| keys.iter().find_map(|key| map.get(*key).and_then(text_of));
            if let Some(name) = text(&["name", "Name", "title"]) {
                let url =
                    text(&["url", "link", "homepage", "website"]).and_then(|link| sanitize::absolute(page(), &link));
                push_author(&name, url, authors);
            }
        }
        other => {
            if let Some(name) = text_of(other) {
                push_author(&name, None, authors);
            }
        }
    }
}

fn push_author(name: &str, url: Option<String>, authors: &mut Vec<Author>) {
    let name = markdown::plain(name);
    if !name.is_empty() && !authors.iter().any(|author| author.name == name) {
        authors.push(Author { name, url });
    }
}

/// An address, the first of a list, or a map with `src`, `url` or `image`.
fn picture(value: &Value, page: &Url, alt: &str) -> Option<Cover> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| picture(item, page, alt)),
        Value::Object(map) => {
            let text = |keys: &[&str]| keys.iter().find_map(|key| map.get(*key).and_then(text_of));
            let own = text(&["alt", "caption", "title"]).unwrap_or_default();
            picture(&Value::String(text(&["src", "url", "image", "path", "relative", "href"])?), page, &own)
        }
        Value::String(address) if !address.trim().is_empty() => {
            let url = sanitize::absolute(page, address).filter(|url| url.starts_with("http"))?;
            Some(Cover { url, alt: markdown::plain(alt) })
        }
        _ => None,
    }
}
