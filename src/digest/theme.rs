//! The look of a digest's mails as far as its owner chooses it: colours for light and dark, a logo, a typeface, words at
//! the foot. Colours that make text hard to read are a fault.

use std::fmt;

use serde::Serialize;

/// One look. `config` makes it of `theme`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Theme {
    /// What every client shows.
    pub light: Palette,
    /// What those show that know `prefers-color-scheme`, or Outlook's own marks of it.
    pub dark: Palette,
    /// Address of a picture, absolute or within the site; empty for none.
    pub logo: String,
    /// Families that stand before the system's own, as in CSS; may be empty.
    pub fonts: String,
    /// Plain text above why the mail came; may be empty.
    pub footer: String,
    /// Where the sender can be found, as many laws ask of mail to many; may be empty.
    pub postal_address: String,
}

/// The colours of one scheme, and what is mixed of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Palette {
    /// Links, buttons, the band at the top.
    pub accent: Colour,
    /// Text.
    pub ink: Colour,
    /// Lesser text.
    pub soft: Colour,
    /// What text stands on.
    pub card: Colour,
    /// Around the card; the footer stands on it.
    pub page: Colour,
    /// Behind code, and where a picture will be.
    pub code: Colour,
    /// Rules and borders.
    pub line: Colour,
    /// Beside a quotation.
    pub quote: Colour,
}

/// Red, green, blue. Written with six digits: Outlook knows no other form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(u8, u8, u8);

/// WCAG 2.2, 1.4.3.
const READABLE: f64 = 4.5;

impl Default for Theme {
    fn default() -> Self {
        // Neither is pure black or white: clients that invert colours keep the contrast then.
        let light = [
            Colour(11, 92, 173),
            Colour(31, 35, 40),
            Colour(82, 92, 103),
            Colour(253, 253, 252),
            Colour(238, 240, 243),
        ];
        let dark = [
            Colour(130, 184, 245),
            Colour(231, 233, 236),
            Colour(169, 177, 187),
            Colour(26, 29, 33),
            Colour(16, 18, 20),
        ];
        let palette = |[accent, ink, soft, card, page]: [Colour; 5]| Palette::new(accent, ink, soft, card, page);
        Self {
            light: palette(light),
            dark: palette(dark),
            logo: String::new(),
            fonts: String::new(),
            footer: String::new(),
            postal_address: String::new(),
        }
    }
}

impl Palette {
    /// With the lesser colours mixed.
    pub fn new(accent: Colour, ink: Colour, soft: Colour, card: Colour, page: Colour) -> Self {
        let (code, line, quote) = (card.towards(ink, 6), card.towards(ink, 14), card.towards(accent, 35));
        Self { accent, ink, soft, card, page, code, line, quote }
    }

    /// What text cannot be read on: the names of both, as in `theme`, and their contrast.
    pub fn faults(&self) -> Vec<(&'static str, &'static str, f64)> {
        let pairs = [
            ("ink", self.ink, "card", self.card),
            ("soft", self.soft, "card", self.card),
            ("accent", self.accent, "card", self.card),
            // Links in code.
            ("accent", self.accent, "the ground of code", self.code),
            ("soft", self.soft, "page", self.page),
            ("ink", self.ink, "the ground of code", self.code),
            ("soft", self.soft, "the ground of a picture", self.code),
        ];
        let contrast = pairs.map(|(text, ink, ground, colour)| (text, ground, ink.contrast(colour)));
        contrast.into_iter().filter(|(_, _, contrast)| *contrast < READABLE).collect()
    }
}

impl Colour {
    /// `#0b5cad` or `#05a`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is no colour: `#` and six hexadecimal digits are wanted".to_owned();
        let digits = text.trim().strip_prefix('#').ok_or_else(wrong)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let value = |digits: &str| u8::from_str_radix(digits, 16).map_err(|_| wrong());
        let at = |from: usize, to: usize| digits.get(from..to).map_or_else(|| Err(wrong()), value);
        match digits.len() {
            6 => Ok(Self(at(0, 2)?, at(2, 4)?, at(4, 6)?)),
            3 => Ok(Self(at(0, 1)? * 17, at(1, 2)? * 17, at(2, 3)? * 17)),
            _ => Err(wrong()),
        }
    }

    /// How well text of this colour stands out on `ground`: 1 to 21 (WCAG 2.2, "contrast ratio").
    pub fn contrast(self, ground: Self) -> f64 {
        let (a, b) = (self.luminance(), ground.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(self.0) + 0.7152 * part(self.1) + 0.0722 * part(self.2)
    }

    /// So many hundredths of the way to another.
    fn towards(self, other: Self, percent: u16) -> Self {
        let mix = |from: u8, to: u8| {
            let sum = u16::from(from) * (100 - percent) + u16::from(to) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Serialize for Colour {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written() {
        for (text, wanted) in [("#0b5cad", Some("#0b5cad")), (" #05A ", Some("#0055aa")), ("#FDFDFC", Some("#fdfdfc"))]
        {
            assert_eq!(Colour::parse(text).ok().map(|colour| colour.to_string()).as_deref(), wanted, "{text}");
        }
        for text in ["", "red", "0b5cad", "#0b5ca", "#0b5cadff", "#ggg", "#é1", "#+1+1+1"] {
            assert!(Colour::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        let of = |a: &str, b: &str| Colour::parse(a).unwrap().contrast(Colour::parse(b).unwrap());
        assert!((of("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((of("#777777", "#ffffff") - 4.478).abs() < 1e-3 && (of("#ffffff", "#777777") - 4.478).abs() < 1e-3);
    }

    #[test]
    fn our_own_colours_can_be_read_and_bad_ones_are_named() {
        let own = Theme::default();
        assert_eq!((own.light.faults(), own.dark.faults()), (vec![], vec![]));
        let pale = Palette::new(
            Colour::parse("#ffd400").unwrap(),
            own.light.ink,
            own.light.soft,
            own.light.card,
            own.light.page,
        );
        let faults: Vec<_> = pale.faults().into_iter().map(|(text, ground, _)| (text, ground)).collect();
        assert_eq!(faults, [("accent", "card"), ("accent", "the ground of code")]);
        let (accent, own) = (Colour::parse("#1474d4").unwrap(), own.light);
        let faults = Palette::new(accent, own.ink, own.soft, own.card, own.page).faults();
        let faults: Vec<_> = faults.into_iter().map(|(text, ground, _)| (text, ground)).collect();
        assert_eq!(faults, [("accent", "the ground of code")]);
    }
}
