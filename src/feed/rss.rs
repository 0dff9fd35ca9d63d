//! RSS 2.0 by the `rss` crate, with the RSS Board's profile: plain text in hexadecimal references, the description before
//! the content, GMT, no item author but `dc:creator`.
//!
//! The crate writes an item or a frame; documents are spliced of them, so that a post in ten feeds is written once.

use std::collections::BTreeMap;

use ::rss as crates;
use crates::extension::Extension;
use crates::extension::dublincore::DublinCoreExtension;

use super::entry::{Channel, Entry};
use super::{Format, date, text};

const NAMESPACES: [(&str, &str); 4] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", "http://search.yahoo.com/mrss/"),
];
const END: &str = "</channel></rss>";

/// What stands before and after the items.
pub fn frame(channel: &Channel) -> (String, String) {
    let link = |rel: &str, href: &str, media_type: &str| {
        extension("atom:link", &[("href", href), ("rel", rel), ("type", media_type)])
    };
    let this = format!("{}{}", channel.folder, Format::Rss.file_name());
    let links = vec![link("self", &this, Format::Rss.media_type()), link("alternate", &channel.home, "text/html")];
    let frame = crates::Channel {
        title: channel.title.clone(),
        link: channel.home.clone(),
        description: channel.description.clone(),
        language: channel.language.clone(),
        last_build_date: channel.updated.map(date::rfc822),
        generator: Some("Postrider".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some("60".to_owned()),
        extensions: [("atom".to_owned(), [("link".to_owned(), links)].into())].into(),
        namespaces: NAMESPACES.iter().map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect(),
        ..crates::Channel::default()
    };
    let xml = text::hexadecimal_references(&frame.to_string());
    let start = xml.find("<rss").unwrap_or(0);
    let end = xml.rfind(END).unwrap_or(xml.len());
    (format!("{}{}", text::prolog(&channel.stylesheet), &xml[start..end]), xml[end..].to_owned())
}

/// One `<item>`.
pub fn item(entry: &Entry) -> String {
    let mut extensions: BTreeMap<String, BTreeMap<String, Vec<Extension>>> = BTreeMap::new();
    if let Some(updated) = entry.updated {
        let updated = Extension { value: Some(date::rfc3339(updated)), ..extension("atom:updated", &[]) };
        extensions.insert("atom".to_owned(), [("updated".to_owned(), vec![updated])].into());
    }
    if let Some(cover) = &entry.cover {
        let mut attributes = vec![("url", cover.url.as_str()), ("medium", "image")];
        attributes.extend(cover.media_type.map(|media_type| ("type", media_type)));
        let content = extension("media:content", &attributes);
        extensions.insert("media".to_owned(), [("content".to_owned(), vec![content])].into());
    }
    let has_text = !entry.html.is_empty() || !entry.summary.is_empty();
    let item = crates::Item {
        title: Some(entry.title.clone()),
        link: Some(entry.url.clone()),
        // Readers take it for HTML. Validators want one before the content, be it empty.
        description: has_text.then(|| text::html(&entry.summary)),
        content: (!entry.html.is_empty()).then(|| entry.html.clone()),
        categories: entry
            .categories
            .iter()
            // No domain: a widely used parser turns a category that has one into an object.
            .map(|name| crates::Category { name: name.clone(), domain: None })
            .collect(),
        guid: Some(crates::Guid { value: entry.id.clone(), permalink: entry.id == entry.url }),
        pub_date: Some(date::rfc822(entry.published)),
        enclosure: entry.cover.as_ref().and_then(|cover| {
            let mime_type = cover.media_type?.to_owned();
            Some(crates::Enclosure { url: cover.url.clone(), length: "0".to_owned(), mime_type })
        }),
        dublin_core_ext: Some(DublinCoreExtension {
            creators: entry.authors.iter().map(|(name, _)| name.clone()).collect(),
            languages: entry.language.iter().cloned().collect(),
            ..DublinCoreExtension::default()
        }),
        extensions,
        ..crates::Item::default()
    };
    let xml = crates::Channel { items: vec![item], ..crates::Channel::default() }.to_string();
    let (start, end) = (xml.find("<item>").unwrap_or(0), xml.rfind(END).unwrap_or(xml.len()));
    text::hexadecimal_references(&xml[start..end])
}

fn extension(name: &str, attributes: &[(&str, &str)]) -> Extension {
    Extension {
        name: name.to_owned(),
        attrs: attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Extension::default()
    }
}
