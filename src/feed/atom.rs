//! Atom (RFC 4287) by `atom_syndication`, fenced: own prolog, escaped extension attributes, HTML content only.
//!
//! The crate writes an entry or a frame; documents are spliced of them, so that a post in ten feeds is written once.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{Category, Content, Feed, Generator, Link, Person, Text, WriteConfig};
use chrono::{DateTime, FixedOffset};

use super::entry::{Channel, Entry};
use super::{Format, date, text, xml};

const XMLNS: &str = " xmlns=\"http://www.w3.org/2005/Atom\"";
const NAMESPACES: [(&str, &str); 2] =
    [("fh", "http://purl.org/syndication/history/1.0"), ("media", "http://search.yahoo.com/mrss/")];
const END: &str = "</feed>";

/// Around an entry's HTML.
const CONTENT: (&str, &str) = ("<content type=\"html\">", "</content>");

/// What stands before and after the entries.
pub fn frame(channel: &Channel) -> (String, String) {
    let file = |folder: &str| format!("{folder}{}", Format::Atom.file_name());
    let this = file(&channel.folder);
    // The page first and alone: some readers take the last alternate for the feed's home.
    let mut links =
        vec![link("alternate", &channel.home, Some("text/html")), link("self", &this, Some(Format::Atom.media_type()))];
    links.extend(channel.hubs.iter().map(|hub| link("hub", hub, None)));
    links
        .extend(channel.history_links().map(|(rel, folder)| link(rel, &file(folder), Some(Format::Atom.media_type()))));
    let mark = super::history_mark(channel).map(|mark| {
        let element = extension(&format!("fh:{mark}"), &[]);
        ("fh".to_owned(), BTreeMap::from([(mark.to_owned(), vec![element])]))
    });
    let mut extensions: BTreeMap<String, BTreeMap<String, Vec<Extension>>> = mark.into_iter().collect();
    let mut namespaces: BTreeMap<String, String> =
        NAMESPACES.iter().map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect();
    if !channel.deleted.is_empty() {
        let element = |(id, when): &(String, DateTime<FixedOffset>)| {
            extension("at:deleted-entry", &[("ref", id.clone()), ("when", date::rfc3339(*when))])
        };
        let elements = channel.deleted.iter().map(element).collect();
        extensions.insert("at".to_owned(), [("deleted-entry".to_owned(), elements)].into());
        // Not where there is none: validators do not know it.
        namespaces.insert("at".to_owned(), "http://purl.org/atompub/tombstones/1.0".to_owned());
    }
    let feed = Feed {
        title: plain(&channel.title),
        subtitle: (channel.description != channel.title).then(|| plain(&channel.description)),
        updated: channel.updated.unwrap_or_else(never),
        authors: vec![Person { name: channel.publisher.clone(), uri: Some(channel.home.clone()), ..Person::default() }],
        generator: Some(Generator { value: "Postrider".to_owned(), uri: None, version: None }),
        links,
        // An archive is the same feed.
        id: file(channel.current()),
        icon: channel.icon.clone(),
        logo: channel.image.clone(),
        rights: channel.copyright.as_deref().map(plain),
        lang: channel.language.clone(),
        namespaces,
        extensions,
        ..Feed::default()
    };
    let written =
        feed.write_with_config(Vec::new(), WriteConfig { write_document_declaration: false, indent_size: None });
    let xml = xml::hexadecimal_references(&String::from_utf8_lossy(&written.unwrap_or_default()));
    let end = xml.rfind(END).unwrap_or(xml.len());
    (format!("{}{}", xml::prolog(&channel.stylesheet), &xml[..end]), xml[end..].to_owned())
}

/// One `<entry>`; the folders of tags and categories are below `public_url`.
pub fn entry(entry: &Entry<'_>, public_url: &str) -> String {
    let mut links = vec![link("alternate", &entry.url, Some("text/html"))];
    // Something must say in words what is there (RFC 4287 §4.1.2): the title, if nothing else does.
    let summary = if entry.summary.is_empty() && entry.html.is_empty() { &entry.title } else { &entry.summary };
    let mut atom = atom_syndication::Entry {
        title: plain(&entry.title),
        id: entry.id.clone(),
        updated: entry.stamp,
        published: Some(entry.published),
        authors: entry
            .authors
            .iter()
            .map(|(name, uri)| Person { name: name.clone(), uri: uri.clone(), ..Person::default() })
            .collect(),
        categories: entry
            .categories
            .iter()
            .map(|(family, name)| Category {
                term: name.clone(),
                scheme: family.folder().map(|folder| format!("{public_url}{folder}/")),
                label: Some(name.clone()),
            })
            .collect(),
        summary: (!summary.is_empty()).then(|| plain(summary)),
        content: (!entry.html.is_empty()).then(|| Content {
            value: Some(xml::STAND_IN.to_owned()),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        ..atom_syndication::Entry::default()
    };
    if let Some(cover) = &entry.cover {
        let length = cover.facts.map(|facts| facts.bytes.to_string());
        links.push(Link { length, ..link("enclosure", &cover.url, cover.media_type) });
    }
    links.extend(entry.media.iter().map(|(url, media_type)| link("enclosure", url, Some(media_type))));
    let media = super::media_elements(entry).into_iter().map(|(name, elements)| {
        let full = format!("media:{name}");
        (name.to_owned(), elements.iter().map(|attributes| extension(&full, attributes)).collect())
    });
    let media: BTreeMap<String, Vec<Extension>> = media.collect();
    if !media.is_empty() {
        atom.extensions = [("media".to_owned(), media)].into();
    }
    atom.links = links;
    let xml = String::from_utf8(atom.write_to(Vec::new()).unwrap_or_default()).unwrap_or_default();
    let xml = &xml[xml.find("<entry").unwrap_or(0)..];
    // What the crate cannot write: the language of one entry. The namespace is the feed's.
    let language = entry.language.as_ref().map(|tag| format!(" xml:lang=\"{tag}\"")).unwrap_or_default();
    let xml = xml::hexadecimal_references(&xml.replacen(XMLNS, &language, 1));
    if entry.html.is_empty() { xml } else { xml::with_html(xml, CONTENT, &entry.html, xml::push_escaped) }
}

/// Plain text; as HTML that shows it where a guessing reader would take it for HTML anyway and strip it.
fn plain(value: &str) -> Text {
    if text::looks_like_html(value) { Text::html(text::html(value)) } else { Text::plain(value) }
}

fn link(rel: &str, href: &str, media_type: Option<&str>) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), mime_type: media_type.map(str::to_owned), ..Link::default() }
}

/// The crate writes these attributes as they are, so they are escaped here.
fn extension(name: &str, attributes: &[(&str, String)]) -> Extension {
    Extension {
        name: name.to_owned(),
        attrs: attributes.iter().map(|(name, value)| ((*name).to_owned(), xml::attribute(value))).collect(),
        ..Extension::default()
    }
}

/// For a feed without entries: Atom demands a date, and the time of writing would change the bytes.
fn never() -> DateTime<FixedOffset> {
    DateTime::from_timestamp(946_684_800, 0).unwrap_or_default().fixed_offset()
}
