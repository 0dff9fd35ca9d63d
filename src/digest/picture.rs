//! Pictures that every mail client shows: which they are, how large, and where mails show them from. Octets in, octets out.
//!
//! What comes in may be hostile: of a file only its head is read, and nothing is decoded. What has to be made over for mail is
//! told here, and made over by `imaging`.

mod size;

use std::collections::HashMap;

use crate::crypto;
use crate::problem::Problem;

/// A larger file is left where it is: nobody meant it for a page.
pub const LARGEST: u64 = 20 << 20;
/// Columns of pixels: twice a mail's.
pub const WIDEST: u32 = 1200;
/// Octets of a GIF that is shown as it is.
const LARGEST_GIF: usize = 4 << 20;
/// Octets of any other: nobody waits for more on a telephone.
const HEAVY: usize = 1 << 20;
/// How pictures are made over. A change of it gives them new addresses, as an address holds the same octets for ever.
const FORM: &[u8] = b"1 ";

/// A picture ready to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// [`key`] of the file.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// In pixels, as it is to be shown: a small drawing has twice as many. At least one.
    pub width: u32,
    /// The same.
    pub height: u32,
    /// The file that is served.
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

/// What a picture is found again by: the file that it was made of.
pub fn key(bytes: &[u8]) -> String {
    crypto::sha256_hex(&[FORM, bytes].concat())[..32].to_owned()
}

/// The picture in a file that needs no work: a JPEG or PNG that is upright, at most [`WIDEST`] columns wide and not heavy, or a
/// GIF, which may move. Else the file again.
pub fn as_it_is(bytes: Vec<u8>) -> Result<Picture, Vec<u8>> {
    match size::of(&bytes) {
        Some(head) if head.is_whole() && head.is_fit(bytes.len()) => {
            Ok(Picture { key: key(&bytes), kind: head.kind, width: head.width, height: head.height, bytes })
        }
        _ => Err(bytes),
    }
}

/// Would every client show `bytes`, however large they are?
pub fn is_shown_everywhere(bytes: &[u8]) -> bool {
    size::of(bytes).is_some_and(|head| head.is_whole() && head.is_fit(0))
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
