//! A post's HTML → HTML that mail clients show: styles on the elements themselves, headings below the mail's own,
//! pictures of a known size that shrink, what no client can do degraded. Takes sanitised HTML with absolute links.

mod ahead;
pub mod cut;
pub mod media;

use std::borrow::Cow;

use lol_html::html_content::{Comment, ContentType, Element};
use lol_html::{
    DocumentContentHandlers, ElementContentHandlers, HandlerResult, RewriteStrSettings, Selector, rewrite_str,
};

use super::picture::Pictures;
use super::text::{is_back, is_file_name, is_within};
use super::theme::Palette;
use crate::post::sanitize;
use ahead::Ahead;

/// Columns of pixels that a post's content has.
const CONTENT_WIDTH: u32 = 536;

/// How a post sits in its mail.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The level of the post's highest heading: one below what stands above it.
    pub top: u8,
    /// Right to left?
    pub rtl: bool,
    /// Colours for everybody; those of the dark scheme come by class.
    pub colours: &'a Palette,
    /// Where pictures are shown from.
    pub pictures: &'a Pictures,
    /// The post's own address: a link into it leads nowhere in a mail that holds it.
    pub own: &'a str,
}

/// `html` as it goes into a mail. An error only where the parser gives up (memory).
pub fn for_mail(html: &str, setting: Setting<'_>) -> Result<String, String> {
    let mut content = Content {
        outline: Outline::below(setting.top),
        begins: html.trim_start().strip_prefix("<h").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())),
        ahead: Ahead::of(html),
    };
    let element = move |element: &mut Element<'_, '_>| style(element, setting, &mut content);
    let settings = RewriteStrSettings::new()
        .append_element_content_handler((selector("*")?, ElementContentHandlers::default().element(element)))
        .append_element_content_handler((selector("pre code")?, restyle("font-family:inherit;font-size:inherit")))
        // What already stands apart by its frame needs no more air inside.
        .append_element_content_handler((selector("blockquote p")?, closer("margin:0 0 6px")))
        .append_element_content_handler((selector("li p")?, closer("margin:0 0 6px")))
        .append_element_content_handler((selector("td p")?, closer("margin:0")))
        // On a ground of their own, in every scheme.
        .append_element_content_handler((selector("mark a")?, restyle("color:#1f2328;text-decoration:underline")))
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
fn restyle<'h>(style: &'static str) -> ElementContentHandlers<'h> {
    ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
        element.remove_attribute("class");
        set(element, style)
    })
}

/// Another margin than elsewhere.
fn closer<'h>(margin: &'static str) -> ElementContentHandlers<'h> {
    ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
        let rest =
            element.get_attribute("style").and_then(|style| style.split_once(';').map(|(_, rest)| rest.to_owned()));
        let rest = rest.map_or_else(String::new, |rest| format!(";{rest}"));
        set(element, &format!("{margin}{rest}"))
    })
}

/// What an element looks like for what stands around it.
struct Content {
    outline: Outline,
    /// Is the coming heading the first of all?
    begins: bool,
    ahead: Ahead,
}

/// Headings as a reader's ear takes them: each at most one level below the one that it stands under, whatever size their author
/// chose them for.
#[derive(Debug)]
pub struct Outline {
    top: u8,
    /// The levels, as they were written, of those that the coming one may stand under.
    open: Vec<u8>,
}

impl Outline {
    /// Whose highest headings have the level `top`.
    pub fn below(top: u8) -> Self {
        Self { top, open: Vec::new() }
    }

    /// The level of the next heading, which was written as `level`.
    pub fn level(&mut self, level: u8) -> u8 {
        self.open.retain(|open| *open < level);
        self.open.push(level);
        let deep = u8::try_from(self.open.len()).unwrap_or(u8::MAX) - 1;
        self.top.saturating_add(deep).min(6)
    }
}

/// Attributes that say something in a mail.
const KEPT: [&str; 16] = [
    "href", "title", "src", "alt", "width", "height", "start", "reversed", "value", "type", "colspan", "rowspan",
    "lang", "dir", "datetime", "scope",
];

const MONOSPACE: &str = "font-family:Menlo,Consolas,'Liberation Mono',monospace";

fn style(element: &mut Element<'_, '_>, setting: Setting<'_>, content: &mut Content) -> HandlerResult {
    let tag = element.tag_name();
    let aligned = alignment(element, &tag);
    let names: Vec<String> = element.attributes().iter().map(lol_html::html_content::Attribute::name).collect();
    for name in names.iter().filter(|name| !KEPT.contains(&name.as_str())) {
        // A checked box is told from an open one below.
        if !(tag == "input" && name == "checked") {
            element.remove_attribute(name);
        }
    }
    let edge = if setting.rtl { "right" } else { "left" };
    let Palette { soft, code, line, quote, .. } = *setting.colours;
    let with = |style: &str| aligned.map_or_else(|| style.to_owned(), |lines| format!("{style};{lines}"));
    match tag.as_str() {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            let level = content.outline.level(tag.as_bytes()[1] - b'0');
            element.set_tag_name(&format!("h{level}"))?;
            let (size, line, above) = match level.saturating_sub(setting.top) {
                0 => (21, 29, 30),
                1 => (18, 26, 24),
                _ => (16, 25, 20),
            };
            let above = if std::mem::take(&mut content.begins) { 8 } else { above };
            let look = format!("margin:{above}px 0 12px;font-size:{size}px;line-height:{line}px;font-weight:700");
            set(element, &with(&look))
        }
        "p" | "dl" | "figure" => set(element, &with("margin:0 0 16px")),
        "ul" | "ol" => set(element, &format!("margin:0 0 16px;padding:0;padding-{edge}:24px")),
        "li" => {
            let boxed = content.ahead.boxed.next() == Some(true);
            set(element, if boxed { "margin:0 0 8px;list-style-type:none" } else { "margin:0 0 8px" })
        }
        "dd" => set(element, &format!("margin:0 0 8px;padding-{edge}:24px")),
        "dt" => set(element, "font-weight:700"),
        "blockquote" => {
            if content.ahead.wordless.next() == Some(true) {
                return set(element, "margin:0 0 16px");
            }
            element.set_attribute("class", "quote")?;
            let frame = format!("padding:4px 0 1px;padding-{edge}:16px;border-{edge}:3px solid {quote};color:{soft}");
            set(element, &format!("margin:0 0 16px;{frame}"))
        }
        "pre" => {
            element.set_attribute("class", "code")?;
            element.set_attribute("dir", "ltr")?;
            let frame = format!("padding:12px 14px;background-color:{code};border-radius:4px;{MONOSPACE}");
            let lines =
                "font-size:13px;line-height:20px;white-space:pre-wrap;word-wrap:break-word;overflow-wrap:anywhere";
            set(element, &format!("margin:0 0 16px;{frame};{lines};text-align:left"))
        }
        "code" | "kbd" | "samp" | "tt" => {
            if tag == "tt" {
                element.set_tag_name("code")?;
            }
            element.set_attribute("class", "code")?;
            set(
                element,
                &format!("padding:1px 4px;background-color:{code};border-radius:3px;{MONOSPACE};font-size:14px"),
            )
        }
        "table" => {
            element.set_attribute("class", "data")?;
            element.remove_attribute("width");
            element.remove_attribute("height");
            // One that is too wide for a telephone is moved under the finger; the mail is not made wider by it.
            element.before("<div style=\"overflow-x:auto\">", ContentType::Html);
            element.after("</div>", ContentType::Html);
            let is_wordy = content.ahead.wordy.next() == Some(true);
            let words = if is_wordy { "" } else { ";word-break:normal;overflow-wrap:break-word" };
            set(element, &format!("margin:0 0 16px;border-collapse:collapse;font-size:14px;line-height:21px{words}"))
        }
        "th" | "td" => {
            // The words of a heading stay whole beside a cell whose own do not.
            let weight = if tag == "th" { ";font-weight:700;word-break:normal;overflow-wrap:break-word" } else { "" };
            let lines = aligned.map_or_else(|| format!("text-align:{edge}"), str::to_owned);
            let cell = format!("padding:7px 10px;border:1px solid {line};{lines};vertical-align:top");
            set(element, &format!("{cell}{weight}"))
        }
        "img" => image(element, setting.pictures),
        "a" => link(element, setting),
        "hr" => {
            element.set_attribute("class", "rule")?;
            set(element, &format!("margin:24px 0;border:0;border-top:1px solid {line};height:0"))
        }
        "figcaption" => {
            element.set_attribute("class", "soft")?;
            set(element, &with(&format!("margin:6px 0 0;font-size:14px;line-height:20px;color:{soft}")))
        }
        // No client folds; all show the title, which may hold a heading, and then what it hid.
        "details" => Ok(element.set_tag_name("div")?),
        "summary" => {
            element.set_tag_name("div")?;
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
        // It says nothing in a mail, where it has no class; and a block in it is no HTML.
        "span" if element.attributes().is_empty() => {
            element.remove_and_keep_content();
            Ok(())
        }
        // What the HTML standard has given up.
        "strike" => Ok(element.set_tag_name("s")?),
        "acronym" => Ok(element.set_tag_name("abbr")?),
        "center" => {
            element.set_tag_name("div")?;
            set(element, "margin:0 0 16px;text-align:center")
        }
        "div" | "section" => aligned.map_or(Ok(()), |lines| set(element, lines)),
        "script" | "style" | "svg" | "math" | "form" | "link" | "meta" | "base" | "source" | "track" | "iframe"
        | "embed" | "object" => {
            element.remove();
            Ok(())
        }
        _ => Ok(()),
    }
}

/// How its lines are set, as its style says, or its attribute, which is taken away.
fn alignment(element: &mut Element<'_, '_>, tag: &str) -> Option<&'static str> {
    let said = element.get_attribute("style").and_then(|style| sanitize::alignment(&style));
    let side = element.get_attribute("align").filter(|_| tag != "img");
    element.remove_attribute("align");
    said.or_else(|| sanitize::alignment(&format!("text-align:{}", side?)))
}

fn set(element: &mut Element<'_, '_>, style: &str) -> HandlerResult {
    Ok(element.set_attribute("style", style)?)
}

fn link(element: &mut Element<'_, '_>, setting: Setting<'_>) -> HandlerResult {
    let within = |href: &str| is_within(href, setting.own);
    match element.get_attribute("href") {
        // The arrow from a footnote back to its place.
        Some(href) if within(&href) && is_back(&href) => {
            element.remove();
            return Ok(());
        }
        Some(href) if !within(&href) => {}
        _ => {
            element.remove_and_keep_content();
            return Ok(());
        }
    }
    element.set_attribute("class", "link")?;
    let accent = setting.colours.accent;
    set(element, &format!("color:{accent};text-decoration:underline;word-break:break-word;overflow-wrap:anywhere"))
}

/// The pictures that stand for films in sanitised `html`.
pub fn posters(html: &str) -> impl Iterator<Item = String> {
    html.split(" poster=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.replace("&amp;", "&")))
}

const IMAGE: &str = "max-width:100%;height:auto;border:0";

/// Says what it shows or nothing, never its file name; at most as wide as the column, in Outlook by its attribute.
fn image(element: &mut Element<'_, '_>, pictures: &Pictures) -> HandlerResult {
    let alt = element.get_attribute("alt").unwrap_or_default();
    if is_file_name(&alt) || !element.has_attribute("alt") {
        element.set_attribute("alt", "")?;
    }
    let written = |name: &str| element.get_attribute(name);
    let mut width = written("width").and_then(|width| columns(&width)).filter(|width| *width > 0);
    let mut height = written("height").and_then(|height| pixels(&height));
    let src = element.get_attribute("src").map(|src| src.replace("&amp;", "&"));
    if let Some(place) = src.and_then(|src| pictures.place(&src)) {
        element.set_attribute("src", &place.url)?;
        let width = *width.get_or_insert(place.width);
        height = Some(scaled(place.height, width, place.width));
    }
    if let Some(wide) = width.filter(|width| *width > CONTENT_WIDTH) {
        height = height.map(|height| scaled(height, CONTENT_WIDTH, wide));
        width = Some(CONTENT_WIDTH);
    }
    // Without the other, a height would be taken from one picture and forced on it in a narrower window.
    for (name, value) in [("width", width), ("height", height.filter(|_| width.is_some()))] {
        match value {
            Some(value) => element.set_attribute(name, &value.to_string())?,
            None => element.remove_attribute(name),
        }
    }
    set(element, IMAGE)
}

fn pixels(value: &str) -> Option<u32> {
    value.trim().trim_end_matches("px").parse().ok()
}

/// A width in pixels, or as a share of the column.
fn columns(width: &str) -> Option<u32> {
    let Some(share) = width.trim().strip_suffix('%') else { return pixels(width) };
    let share = share.parse().ok().filter(|share| (1..=100).contains(share))?;
    Some(scaled(CONTENT_WIDTH, share, 100))
}

/// `length` at so many parts of `whole`; at least one pixel.
pub(super) fn scaled(length: u32, part: u32, whole: u32) -> u32 {
    let scaled = (u64::from(length) * u64::from(part) + u64::from(whole) / 2) / u64::from(whole.max(1));
    u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
