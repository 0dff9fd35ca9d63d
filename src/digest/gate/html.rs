//! What of a mail's HTML would not do: its language, its pictures, its links.

use std::cell::RefCell;
use std::collections::BTreeSet;

use lol_html::html_content::Element;
use lol_html::{ElementContentHandlers, RewriteStrSettings, rewrite_str};
use url::{ParseError, Url};

use super::{Finding, Reason, Sample, is_at_home};
use crate::digest::{Hole, Rendition};

/// Findings of one kind that are told; a template's fault is in every row.
const MOST: usize = 20;

/// Where a mail leads and what it shows, as its HTML says it.
#[derive(Debug, Default)]
pub struct Addresses {
    /// Of links.
    pub links: BTreeSet<String>,
    /// Of pictures.
    pub pictures: BTreeSet<String>,
    /// Pictures without the attribute.
    nameless: BTreeSet<String>,
    language: Option<String>,
}

/// Reads them.
pub fn addresses(html: &str) -> Addresses {
    let found = RefCell::new(Addresses::default());
    let element = |element: &mut Element<'_, '_>| {
        let mut found = found.borrow_mut();
        let value = |name: &str| element.get_attribute(name).map(|value| value.replace("&amp;", "&").trim().to_owned());
        match element.tag_name().as_str() {
            "html" => found.language = value("lang"),
            "a" | "area" => found.links.extend(value("href")),
            "img" => {
                let shown = value("src").unwrap_or_default();
                if !element.has_attribute("alt") {
                    found.nameless.insert(shown.clone());
                }
                found.pictures.insert(shown);
            }
            _ => {}
        }
        Ok(())
    };
    if let Ok(every) = "*".parse() {
        let handler = ElementContentHandlers::default().element(element);
        let settings = RewriteStrSettings::new()
            .append_element_content_handler((std::borrow::Cow::<lol_html::Selector>::Owned(every), handler));
        // What the parser gives up on, it gave up on when the mail was rendered.
        let _ = rewrite_str(html, settings);
    }
    found.into_inner()
}

/// See the module.
pub fn judge(rendition: &Rendition, sample: &Sample, findings: &mut Vec<Finding>) {
    let Addresses { links, pictures, nameless, language } = addresses(&rendition.html);
    if language.is_none_or(|language| language.is_empty()) {
        let hint = "write `<html lang=\"{{ lang }}\" dir=\"{{ dir }}\">` in your template";
        findings.push(Finding::warning(Reason::Language, "the HTML does not say which language it is in", hint));
    }
    for picture in nameless.iter().take(MOST) {
        let hint = "write `alt=\"\"` where it only decorates";
        findings.push(Finding::warning(Reason::Alt, format!("the picture {picture} has no `alt`"), hint));
    }
    let marks = Hole::ALL.map(|hole| hole.mark(&rendition.id));
    for link in links.iter().filter(|link| !marks.contains(link)) {
        findings.extend(leads(link, sample));
    }
    for picture in &pictures {
        findings.extend(shows(picture, sample));
    }
    for reason in [Reason::Links, Reason::Picture] {
        let mut told = 0;
        findings.retain(|finding| {
            told += usize::from(finding.reason == reason);
            finding.reason != reason || told <= MOST
        });
    }
}

fn leads(link: &str, sample: &Sample) -> Option<Finding> {
    let absolute = "an address in a mail begins with `https://`: nothing is there that it could be relative to";
    let url = match Url::parse(link) {
        Ok(url) => url,
        Err(ParseError::RelativeUrlWithoutBase) => {
            return Some(Finding::error(Reason::Links, format!("the link to `{link}` is relative"), absolute));
        }
        Err(error) => {
            return Some(Finding::warning(
                Reason::Links,
                format!("the link to `{link}` is no address: {error}"),
                absolute,
            ));
        }
    };
    if matches!(url.scheme(), "javascript" | "file" | "data" | "vbscript" | "blob") {
        let what = format!("mail clients open no link that begins with `{}:`", url.scheme());
        return Some(Finding::error(Reason::Links, what, absolute));
    }
    if sample.to_the_world && is_at_home(&url) {
        let what = format!("the link to {link} leads to the reader's own machine");
        return Some(Finding::warning(Reason::Links, what, "look at `site.url` and `http.public_url`"));
    }
    sample.nowhere.iter().any(|nowhere| nowhere == link).then(|| {
        let hint = "look at the address: pages lie beside it, but not this one";
        Finding::warning(Reason::Links, format!("the link to {link} leads to no page of the site"), hint)
    })
}

fn shows(picture: &str, sample: &Sample) -> Option<Finding> {
    let Ok(url) = Url::parse(picture) else {
        let what = format!("the picture `{picture}` has no absolute address");
        return Some(Finding::error(Reason::Picture, what, "an address in a mail begins with `https://`"));
    };
    let hint = "put a JPEG or PNG in its place; pictures of the site itself are made over";
    match url.scheme() {
        "data" => Some(Finding::warning(
            Reason::Picture,
            "a picture stands in the HTML itself (`data:`), which Gmail does not show",
            hint,
        )),
        "http" | "https" if sample.to_the_world && is_at_home(&url) => {
            let what = format!("the picture {picture} is on the reader's own machine");
            Some(Finding::warning(Reason::Picture, what, "look at `site.url` and `http.public_url`"))
        }
        "http" | "https" => {
            let end = url.path().rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
            let strange = end.filter(|end| {
                matches!(end.as_str(), "webp" | "avif" | "svg" | "svgz" | "tif" | "tiff" | "heic" | "jxl")
            })?;
            let what = format!(
                "the picture {picture} is not made over, and by its name {}, which not all clients show",
                strange.to_uppercase()
            );
            Some(Finding::warning(Reason::Picture, what, hint))
        }
        other => {
            let what = format!("mail clients show no picture that begins with `{other}:`");
            Some(Finding::error(Reason::Picture, what, hint))
        }
    }
}
