//! Pictures that every mail client shows: which they are, how large, and where mails show them from. Octets in, octets out.
//!
//! What comes in may be hostile: of a file only its head is read, and nothing is decoded.

mod size;

use std::collections::HashMap;

use crate::crypto;
use crate::problem::Problem;

/// A larger file is left where it is: nobody waits for it on a telephone.
pub const LARGEST: u64 = 4 << 20;

/// A picture ready to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// [`key`] of the file.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// In pixels; at least one.
    pub width: u32,
    /// In pixels; at least one.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The forms that every client shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/gif`
    Gif,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Gif];

    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
        }
    }

    /// The end of its name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
        }
    }
}

/// What a file is found again by: the same octets have the same key for ever.
pub fn key(bytes: &[u8]) -> String {
    crypto::sha256_hex(bytes)[..32].to_owned()
}

/// The picture in a file of at most [`LARGEST`] octets. The error says why mails cannot show it everywhere.
pub fn fit(bytes: Vec<u8>) -> Result<Picture, String> {
    let (kind, width, height) = match size::of(&bytes) {
        Some((kind, width, height)) if width > 0 && height > 0 => (kind, width, height),
        _ => return Err(format!("is {}: save it as PNG or JPEG", strange(&bytes))),
    };
    Ok(Picture { key: key(&bytes), kind, width, height, bytes })
}

/// What a file is that is none of ours, by its first octets: a name may say anything, or nothing.
fn strange(bytes: &[u8]) -> &'static str {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    match (bytes.get(4..8), bytes.get(8..12)) {
        (_, Some(b"WEBP")) if bytes.starts_with(b"RIFF") => "WebP, which Outlook for Windows does not show",
        (Some(b"ftyp"), Some(b"avif" | b"avis")) => "AVIF, which few mail clients show",
        _ if head.starts_with('<') && head.contains("<svg") => "SVG, which Gmail and Outlook do not show",
        _ => "no picture that mail clients show",
    }
}

/// Where mails show pictures from: by the address that a post gives them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pictures {
    places: HashMap<String, Place>,
    /// What stays as it is, and why.
    pub problems: Vec<Problem>,
}

/// Where a picture is shown from, and how large it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Absolute.
    pub url: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Pictures {
    /// From now on the picture at `address` is shown from `place`.
    pub fn insert(&mut self, address: &str, place: Place) {
        self.places.insert(address.to_owned(), place);
    }

    /// `None`: from where it is.
    pub fn place(&self, address: &str) -> Option<&Place> {
        self.places.get(address)
    }
}

#[cfg(test)]
mod tests;
