//! JSON Feed 1.1 (jsonfeed.org/version/1.1) by serde.

use serde::Serialize;

use super::entry::{Channel, Entry};
use super::{Format, date};

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the format's names")]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    authors: [Author<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    // Last, so that items can be spliced in.
    items: [(); 0],
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    // The format demands one of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
}

/// What stands before and after the items.
pub fn frame(channel: &Channel) -> (String, String) {
    let file = |folder: &str| format!("{folder}{}", Format::Json.file_name());
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &channel.title,
        home_page_url: &channel.home,
        feed_url: file(&channel.folder),
        description: &channel.description,
        next_url: channel.history.previous.as_deref().map(file),
        icon: channel.image.as_deref(),
        favicon: channel.icon.as_deref(),
        language: channel.language.as_deref(),
        authors: [Author { name: &channel.publisher, url: Some(&channel.home) }],
        hubs: channel.hubs.iter().map(|url| Hub { r#type: "WebSub", url }).collect(),
        items: [],
    };
    let mut json = write(&feed, 1024);
    let end = json.split_off(json.len().saturating_sub("]}".len()));
    (json, end)
}

/// One item. Between two of them stands a comma.
pub fn item(entry: &Entry<'_>) -> String {
    let has_html = !entry.html.is_empty();
    let text = if entry.summary.is_empty() { &entry.title } else { &entry.summary };
    let item = Item {
        id: &entry.id,
        url: &entry.url,
        title: &entry.title,
        content_html: has_html.then_some(&entry.html),
        content_text: (!has_html).then_some(text),
        summary: &entry.summary,
        image: entry.cover.as_ref().map(|cover| cover.url.as_str()),
        date_published: date::rfc3339(entry.published),
        date_modified: entry.updated.map(date::rfc3339),
        authors: entry.authors.iter().map(|(name, url)| Author { name, url: url.as_deref() }).collect(),
        tags: entry.categories.iter().map(|(_, name)| name.as_str()).collect(),
        language: entry.language.as_deref(),
        attachments: entry.media.iter().map(|(url, mime_type)| Attachment { url, mime_type }).collect(),
    };
    write(&item, entry.html.len() * 9 / 8 + 1024)
}

/// `room`: in bytes, for what is probably written.
fn write(value: &impl Serialize, room: usize) -> String {
    let mut json = Vec::with_capacity(room);
    // Writing to memory does not fail, nor do these values; what serde writes is UTF-8.
    let _ = serde_json::to_writer(&mut json, value);
    String::from_utf8(json).unwrap_or_default()
}
