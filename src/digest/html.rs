//! A post's HTML → HTML that mail clients show: styles on the elements themselves, headings below the mail's own,
//! pictures that shrink, what no client can do degraded. Takes sanitised HTML with absolute links.

use std::borrow::Cow;

use lol_html::html_content::{Comment, ContentType, Element};
use lol_html::{
    DocumentContentHandlers, ElementContentHandlers, HandlerResult, RewriteStrSettings, Selector, rewrite_str,
};

use super::text::is_file_name;
use crate::template::escape;

/// Columns of pixels that a post's content has.
const CONTENT_WIDTH: u32 = 536;

/// How a post sits in its mail.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The level of the post's highest heading: one below what stands above it.
    pub top: u8,
    /// Right to left?
    pub rtl: bool,
}

/// `html` as it goes into a mail. An error only where the parser gives up (memory).
pub fn for_mail(html: &str, setting: Setting) -> Result<String, String> {
    let shift = setting.top.saturating_sub(top_heading(html).unwrap_or(setting.top));
    let below = top_heading(html).map_or(0, |top| top.saturating_sub(setting.top));
    let element = move |element: &mut Element<'_, '_>| style(element, setting, shift, below);
    let settings = RewriteStrSettings::new()
        .append_element_content_handler((selector("*")?, ElementContentHandlers::default().element(element)))
        .append_element_content_handler((selector("pre code")?, restyle("font-family:inherit;font-size:inherit")))
        // What already stands apart by its frame needs no more air inside.
        .append_element_content_handler((selector("blockquote p")?, restyle("margin:0 0 6px")))
        .append_element_content_handler((selector("li p")?, restyle("margin:0 0 6px")))
        .append_element_content_handler((selector("td p")?, restyle("margin:0")))
        .append_document_content_handler(DocumentContentHandlers::default().comments(|comment: &mut Comment<'_>| {
            comment.remove();
            Ok(())
        }));
    rewrite_str(html, settings).map_err(|error| error.to_string())
}

fn selector(text: &str) -> Result<Cow<'static, Selector>, String> {
    text.parse().map(Cow::Owned).map_err(|error| format!("{text}: {error}"))
}

/// Another style than elsewhere.
fn restyle(style: &'static str) -> ElementContentHandlers<'static> {
    ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
        element.remove_attribute("class");
        set(element, style)
    })
}

fn top_heading(html: &str) -> Option<u8> {
    (1..=6).find(|level| html.contains(&format!("<h{level}")))
}

/// Attributes that say something in a mail.
const KEPT: [&str; 17] = [
    "href", "title", "src", "alt", "width", "height", "start", "reversed", "value", "type", "colspan", "rowspan",
    "align", "lang", "dir", "datetime", "scope",
];

fn style(element: &mut Element<'_, '_>, setting: Setting, shift: u8, below: u8) -> HandlerResult {
    let tag = element.tag_name();
    let names: Vec<String> = element.attributes().iter().map(lol_html::html_content::Attribute::name).collect();
    for name in names.iter().filter(|name| !KEPT.contains(&name.as_str())) {
        // A checked box is told from an open one below.
        if !(tag == "input" && name == "checked") {
            element.remove_attribute(name);
        }
    }
    let edge = if setting.rtl { "right" } else { "left" };
    match tag.as_str() {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            let level = (tag.as_bytes()[1] - b'0' + shift).saturating_sub(below).clamp(setting.top, 6);
            element.set_tag_name(&format!("h{level}"))?;
            let (size, line, above) = match level - setting.top {
                0 => (21, 29, 30),
                1 => (18, 26, 24),
                _ => (16, 25, 20),
            };
            set(element, &format!("margin:{above}px 0 12px;font-size:{size}px;line-height:{line}px;font-weight:700"))
        }
        "p" | "dl" | "figure" => set(element, "margin:0 0 16px"),
        "ul" | "ol" => set(element, &format!("margin:0 0 16px;padding:0;padding-{edge}:24px")),
        "li" => set(element, "margin:0 0 8px"),
        "dd" => set(element, &format!("margin:0 0 8px;padding-{edge}:24px")),
        "dt" => set(element, "font-weight:700"),
        "blockquote" => {
            element.set_attribute("class", "quote")?;
            set(
                element,
                &format!(
                    "margin:0 0 16px;padding:4px 0 1px;padding-{edge}:16px;border-{edge}:3px solid #c9d4e3;color:#4a5460"
                ),
            )
        }
        "pre" => {
            element.set_attribute("class", "code")?;
            element.set_attribute("dir", "ltr")?;
            set(
                element,
                "margin:0 0 16px;padding:12px 14px;background-color:#f1f3f5;border-radius:4px;font-family:Menlo,Consolas,'Liberation Mono',monospace;\
                 font-size:13px;line-height:20px;white-space:pre-wrap;word-wrap:break-word;overflow-wrap:anywhere;text-align:left",
            )
        }
        "code" | "kbd" | "samp" => {
            element.set_attribute("class", "code")?;
            set(
                element,
                "padding:1px 4px;background-color:#f1f3f5;border-radius:3px;font-family:Menlo,Consolas,'Liberation Mono',monospace;font-size:14px",
            )
        }
        "table" => {
            element.set_attribute("class", "data")?;
            element.remove_attribute("width");
            element.remove_attribute("height");
            set(element, "margin:0 0 16px;border-collapse:collapse;font-size:14px;line-height:21px")
        }
        "th" | "td" => {
            let weight = if tag == "th" { ";font-weight:700" } else { "" };
            let align = match element.get_attribute("align").as_deref() {
                Some("center") => "center",
                Some("right") => "right",
                _ => edge,
            };
            element.remove_attribute("align");
            set(
                element,
                &format!("padding:7px 10px;border:1px solid #d6dae0;text-align:{align};vertical-align:top{weight}"),
            )
        }
        "img" => image(element),
        "a" => {
            // In one's own page there would be nothing to jump to.
            if element.get_attribute("href").is_none_or(|href| href.starts_with('#')) {
                element.remove_and_keep_content();
                return Ok(());
            }
            element.set_attribute("class", "link")?;
            set(element, "color:#0b5cad;text-decoration:underline;word-break:break-word;overflow-wrap:anywhere")
        }
        "hr" => {
            element.set_attribute("class", "rule")?;
            set(element, "margin:24px 0;border:0;border-top:1px solid #dfe3e8;height:0")
        }
        "figcaption" => {
            element.set_attribute("class", "soft")?;
            set(element, "margin:6px 0 0;font-size:14px;line-height:20px;color:#525c67")
        }
        // No client folds; all show the title and then what it hid.
        "details" => Ok(element.set_tag_name("div")?),
        "summary" => {
            element.set_tag_name("p")?;
            set(element, "margin:0 0 8px;font-weight:700")
        }
        "sup" | "sub" => set(element, "font-size:12px;line-height:0"),
        "mark" => set(element, "background-color:#fff1a8;color:#1f2328"),
        "input" => {
            let shown = match element.get_attribute("type").as_deref() {
                Some("checkbox") if element.has_attribute("checked") => "&#9745;",
                Some("checkbox") => "&#9744;",
                _ => "",
            };
            element.replace(shown, ContentType::Html);
            Ok(())
        }
        "video" | "audio" | "iframe" | "embed" | "object" => {
            let linked = element.get_attribute("src").filter(|src| src.starts_with("http")).map(|src| {
                let host = src.split('/').nth(2).unwrap_or(&src);
                format!(
                    "<p style=\"margin:0 0 16px\"><a class=\"link\" href=\"{0}\" style=\"color:#0b5cad\">&#9654; {1}</a></p>",
                    escape(&src.replace("&amp;", "&")),
                    escape(host)
                )
            });
            element.replace(&linked.unwrap_or_default(), ContentType::Html);
            Ok(())
        }
        "script" | "style" | "svg" | "math" | "form" | "link" | "meta" | "base" | "source" | "track" => {
            element.remove();
            Ok(())
        }
        _ => Ok(()),
    }
}

fn set(element: &mut Element<'_, '_>, style: &str) -> HandlerResult {
    Ok(element.set_attribute("style", style)?)
}

/// Says what it shows or nothing, never its file name; at most as wide as the column, in Outlook by its attribute.
fn image(element: &mut Element<'_, '_>) -> HandlerResult {
    let alt = element.get_attribute("alt").unwrap_or_default();
    if is_file_name(&alt) || !element.has_attribute("alt") {
        element.set_attribute("alt", "")?;
    }
    let pixels =
        |name: &str| element.get_attribute(name).and_then(|value| value.trim_end_matches("px").parse::<u32>().ok());
    match pixels("width") {
        Some(width) if width > CONTENT_WIDTH => {
            element.remove_attribute("height");
            element.set_attribute("width", &CONTENT_WIDTH.to_string())?;
        }
        Some(_) => {}
        None => {
            element.remove_attribute("width");
            element.remove_attribute("height");
        }
    }
    set(element, "max-width:100%;height:auto;border:0")
}

#[cfg(test)]
mod tests;
