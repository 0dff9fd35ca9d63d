//! `theme` of `postrider.yaml`: the look of all mails.

use crate::digest::theme::{Colour, Palette, Theme};

use super::reader::Reader;

/// Reads it; colours that make text hard to read are faults.
pub fn read(r: &mut Reader<'_>) -> Theme {
    let own = Theme::default();
    Theme {
        light: palette(r, "theme", own.light),
        dark: palette(r, "theme.dark", own.dark),
        logo: r.parsed("theme.logo", logo).unwrap_or_default(),
        fonts: r.parsed("theme.fonts", fonts).unwrap_or_default(),
        footer: r.text("theme.footer").unwrap_or_default(),
        postal_address: r.text("theme.postal_address").unwrap_or_default(),
    }
}

fn palette(r: &mut Reader<'_>, section: &str, own: Palette) -> Palette {
    let mut colour =
        |name: &str, default: Colour| r.parsed(&format!("{section}.{name}"), Colour::parse).unwrap_or(default);
    let palette = Palette::new(
        colour("accent", own.accent),
        colour("ink", own.ink),
        colour("soft", own.soft),
        colour("card", own.card),
        colour("page", own.page),
    );
    for (text, ground, contrast) in palette.faults() {
        let what = format!("is hard to read on {ground}: its contrast is {contrast:.1}, and 4.5 are needed");
        r.fault(
            &format!("{section}.{text}"),
            &what,
            "take a darker one of the two for light mails, a lighter text for dark ones",
        );
    }
    palette
}

fn logo(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.starts_with("https://") || text.starts_with("http://") || text.starts_with('/') && !text.starts_with("//") {
        return Ok(text.to_owned());
    }
    Err("is no address of a picture: `https://…`, or `/images/logo.png` within the site".to_owned())
}

/// They stand in `style` attributes, so that nothing but names may be in them.
fn fonts(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches(',').replace('"', "'");
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | ',' | '\'');
    if text.is_empty() || !text.chars().all(plain) || text.matches('\'').count() % 2 == 1 {
        return Err("is no list of font families, as in `Georgia, 'Noto Serif SC', serif`".to_owned());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_cannot_leave_their_attribute() {
        assert_eq!(fonts("Georgia, \"Noto Serif SC\", serif").unwrap(), "Georgia, 'Noto Serif SC', serif");
        for text in ["", "a;color:red", "a\"b", "'a", "a<b", "url(x)", "a\\b"] {
            assert!(fonts(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_logo_is_an_address() {
        assert!(logo("/images/logo.png").is_ok() && logo("https://e.org/l.png").is_ok());
        assert!(logo("logo.png").is_err() && logo("//e.org/l.png").is_err() && logo("javascript:x").is_err());
    }
}
