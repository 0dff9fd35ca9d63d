//! One mail as different clients show it: made from its HTML, so that a browser shows what they would.

use serde::Serialize;

use crate::digest::{Hole, Rendition};
use crate::mail::message::Recipient;
use crate::template::escape;

/// A mail as one reader gets it.
pub struct Filled {
    pub subject: String,
    /// Its pictures lie beside it, in `pictures/`: the web server has them only when the Issue is made.
    pub html: String,
    pub text: String,
}

/// One window of the page.
#[derive(Serialize)]
pub struct View {
    /// For people.
    title: &'static str,
    /// In pixels.
    width: u32,
    /// Ground of the window: `light` or `dark`.
    scheme: &'static str,
    html: String,
}

/// `rendition` filled for `reader`.
pub fn filled(rendition: &Rendition, reader: &Recipient, public_url: &str) -> Filled {
    let fill = |text: &str, escape: &dyn Fn(&str) -> String| {
        Hole::ALL.iter().fold(text.to_owned(), |text, hole| {
            let value = match hole {
                Hole::UnsubscribeUrl => reader.unsubscribe_url.as_deref(),
                Hole::PreferencesUrl => reader.preferences_url.as_deref(),
                Hole::ConfirmUrl => reader.confirm_url.as_deref(),
                Hole::Address => Some(reader.address.as_str()),
            };
            text.replace(&hole.mark(&rendition.id), &escape(value.unwrap_or_default()))
        })
    };
    Filled {
        subject: fill(&rendition.subject, &str::to_owned),
        html: fill(&rendition.html, &escape).replace(&format!("{public_url}pictures/"), "pictures/"),
        text: fill(&rendition.text, &str::to_owned),
    }
}

/// The windows, in the order in which most readers see them. What a client would take from the system is written into each, so
/// that it shows the same on every machine.
pub fn views(html: &str) -> Vec<View> {
    const DARK: &str = "(prefers-color-scheme:dark)";
    let light = html.replace(DARK, "not all");
    let dark = html.replace(DARK, "all").replace("color-scheme:light dark", "color-scheme:dark");
    let view = |title, width, scheme, html: &str| View { title, width, scheme, html: html.to_owned() };
    vec![
        view("Phone", 375, "light", &light),
        view("Phone, dark", 375, "dark", &dark),
        view("Phone, images off", 375, "light", &without_pictures(&light)),
        view("Phone, styles cut away (as Gmail does with long mails)", 375, "light", &without_styles(&light)),
        view("Desktop", 720, "light", &light),
        view("Desktop, dark", 720, "dark", &dark),
        view("Desktop, images off", 720, "light", &without_pictures(&light)),
    ]
}

/// Every `<img>` shows its alternative text.
fn without_pictures(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut parts = html.split("<img ");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str("<img ");
        let end = part.find('>').unwrap_or(part.len());
        out.push_str(&part[..end].replacen("src=\"", "data-src=\"", 1));
        out.push_str(&part[end..]);
    }
    out
}

fn without_styles(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, style)) = rest.split_once("<style") {
        out.push_str(before);
        rest = style.split_once("</style>").map_or("", |(_, after)| after);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_show_what_clients_would() {
        let html = "<style>@media (prefers-color-scheme:dark){a{b:c}}</style><p>x<img src=\"a.png\" alt=\"A > B\"><style>d</style>y";
        let views = views(html);
        assert!(views[0].html.contains("@media not all{") && views[1].html.contains("@media all{"));
        assert!(views[2].html.contains("<img data-src=\"a.png\" alt=\"A"), "{}", views[2].html);
        assert_eq!(views[3].html, "<p>x<img src=\"a.png\" alt=\"A > B\">y");
    }
}
