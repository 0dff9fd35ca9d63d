//! RSS 2.0 by the `rss` crate, with the RSS Board's profile: plain text in hexadecimal references, the description before
//! the content, GMT, no item author but `dc:creator`.
//!
//! The crate writes an item or a frame; documents are spliced of them, so that a post in ten feeds is written once.

use std::collections::BTreeMap;

use ::rss as crates;
use crates::extension::Extension;
use crates::extension::dublincore::DublinCoreExtension;

use super::entry::{Channel, Entry};
use super::{Format, date, text, xml};

const NAMESPACES: [(&str, &str); 6] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("fh", "http://purl.org/syndication/history/1.0"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
];
const END: &str = "</channel></rss>";

/// Around an entry's HTML.
const CONTENT: (&str, &str) = ("<content:encoded><![CDATA[", "]]></content:encoded>");

/// What stands before and after the items.
pub fn frame(channel: &Channel) -> (String, String) {
    let link = |rel: &str, href: &str, media_type: &str| {
        extension("atom:link", &[("href", href), ("rel", rel), ("type", media_type)])
    };
    let this = format!("{}{}", channel.folder, Format::Rss.file_name());
    let mut links = vec![link("self", &this, Format::Rss.media_type()), link("alternate", &channel.home, "text/html")];
    links.extend(channel.hubs.iter().map(|hub| extension("atom:link", &[("href", hub), ("rel", "hub")])));
    links.extend(
        channel
            .history_links()
            .map(|(rel, folder)| link(rel, &format!("{folder}{}", Format::Rss.file_name()), Format::Rss.media_type())),
    );
    let mut extensions: BTreeMap<String, BTreeMap<String, Vec<Extension>>> =
        [("atom".to_owned(), [("link".to_owned(), links)].into())].into();
    if let Some(mark) = super::history_mark(channel) {
        let mark_of = extension(&format!("fh:{mark}"), &[]);
        extensions.insert("fh".to_owned(), [(mark.to_owned(), vec![mark_of])].into());
    }
    if channel.history.current.is_none() {
        // As `ttl` says it in minutes. The crate's own type would add a base of 1970, which validators doubt.
        let say = |name: &str, value: &str| {
            let element = Extension { value: Some(value.to_owned()), ..extension(&format!("sy:{name}"), &[]) };
            (name.to_owned(), vec![element])
        };
        extensions.insert("sy".to_owned(), [say("updatePeriod", "hourly"), say("updateFrequency", "1")].into());
    }
    let frame = crates::Channel {
        title: channel.title.clone(),
        link: channel.home.clone(),
        description: channel.description.clone(),
        language: channel.language.clone(),
        last_build_date: channel.updated.map(date::rfc822),
        generator: Some("Postrider".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some("60".to_owned()),
        copyright: channel.copyright.clone(),
        image: channel.image.as_ref().filter(|image| shows_in_rss(image)).map(|url| crates::Image {
            url: url.clone(),
            title: channel.title.clone(),
            link: channel.home.clone(),
            ..crates::Image::default()
        }),
        extensions,
        namespaces: NAMESPACES.iter().map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect(),
        ..crates::Channel::default()
    };
    let xml = xml::hexadecimal_references(&frame.to_string());
    let start = xml.find("<rss").unwrap_or(0);
    let end = xml.rfind(END).unwrap_or(xml.len());
    (format!("{}{}", xml::prolog(&channel.stylesheet), &xml[start..end]), xml[end..].to_owned())
}

/// One `<item>`.
pub fn item(entry: &Entry<'_>) -> String {
    let mut extensions: BTreeMap<String, BTreeMap<String, Vec<Extension>>> = BTreeMap::new();
    if let Some(updated) = entry.updated {
        let updated = Extension { value: Some(date::rfc3339(updated)), ..extension("atom:updated", &[]) };
        extensions.insert("atom".to_owned(), [("updated".to_owned(), vec![updated])].into());
    }
    let media = super::media_elements(entry).into_iter().map(|(name, elements)| {
        let full = format!("media:{name}");
        let element = |attributes: &Vec<(&str, String)>| {
            let attributes: Vec<_> = attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
            extension(&full, &attributes)
        };
        (name.to_owned(), elements.iter().map(element).collect())
    });
    let media: BTreeMap<String, Vec<Extension>> = media.collect();
    if !media.is_empty() {
        extensions.insert("media".to_owned(), media);
    }
    let has_text = !entry.html.is_empty() || !entry.summary.is_empty();
    let item = crates::Item {
        title: Some(entry.title.clone()),
        link: Some(entry.url.clone()),
        // Readers take it for HTML. Validators want one before the content, be it empty.
        description: has_text.then(|| text::html(&entry.summary)),
        content: (!entry.html.is_empty()).then(|| xml::STAND_IN.to_owned()),
        categories: entry
            .categories
            .iter()
            // No domain: a widely used parser turns a category that has one into an object.
            .map(|(_, name)| crates::Category { name: name.clone(), domain: None })
            .collect(),
        guid: Some(crates::Guid { value: entry.id.clone(), permalink: entry.id == entry.url }),
        pub_date: Some(date::rfc822(entry.published)),
        enclosure: enclosure(entry),
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
    let xml = xml::hexadecimal_references(&xml[start..end]);
    if entry.html.is_empty() { xml } else { xml::with_html(xml, CONTENT, &entry.html, xml::push_cdata) }
}

/// One, of which kind, address and length are known (0 where it is not): a sound or film before the picture.
fn enclosure(entry: &Entry<'_>) -> Option<crates::Enclosure> {
    let media = entry.media.iter().map(|(url, media_type)| (url, *media_type, 0));
    let cover = entry
        .cover
        .iter()
        .filter_map(|cover| Some((&cover.url, cover.media_type?, cover.facts.map_or(0, |facts| facts.bytes))));
    let (url, media_type, bytes) = media.chain(cover).find(|(url, ..)| text::has_dotted_host(url))?;
    Some(crates::Enclosure { url: url.clone(), length: bytes.to_string(), mime_type: media_type.to_owned() })
}

/// The kinds of pictures that RSS 2.0 allows for a channel.
fn shows_in_rss(image: &str) -> bool {
    let path = image.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".png", ".jpg", ".jpeg", ".gif"].iter().any(|end| path.ends_with(end))
}

fn extension(name: &str, attributes: &[(&str, &str)]) -> Extension {
    Extension {
        name: name.to_owned(),
        attrs: attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Extension::default()
    }
}
