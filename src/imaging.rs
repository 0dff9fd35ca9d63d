//! Pictures brought into a form that every mail client shows: decoded, turned upright, scaled, encoded as JPEG or PNG. The one
//! owner of `image`, `re_rav1d` and `resvg`.
//!
//! What comes in may be hostile, and a drawing can ask for any amount of work. So nothing is decoded in this process: a
//! second one of the same program does it (`worker`), with bounds of time and memory, no environment and no file but two pipes.

mod avif;
mod raster;
mod svg;
mod worker;

use image::ImageFormat;

use crate::digest::picture::{self, Kind, Picture};

pub use worker::{COMMAND, child};

/// Columns and rows together: more than any camera's, and about half a second's work.
const MOST_PIXELS: u64 = 60_000_000;

/// A picture that has been made over.
struct Made {
    kind: Kind,
    /// Size at which it is meant to be shown.
    width: u32,
    height: u32,
    bytes: Vec<u8>,
}

/// The picture in a file of at most [`picture::LARGEST`] octets, fit for mail: as it is, or made over by a process of its own.
/// Blocks for up to twenty seconds. The error says why mails cannot show it everywhere, and what to do.
pub fn fit(bytes: Vec<u8>) -> Result<Picture, String> {
    picture::as_it_is(bytes).or_else(|bytes| worker::made(&bytes))
}

/// The same, here and now.
fn made(bytes: &[u8]) -> Result<Made, String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    let made = match (bytes.get(4..8), bytes.get(8..12)) {
        (_, Some(b"WEBP")) if bytes.starts_with(b"RIFF") => raster::made(bytes, ImageFormat::WebP),
        _ if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => raster::made(bytes, ImageFormat::Png),
        _ if bytes.starts_with(&[0xff, 0xd8, 0xff]) => raster::made(bytes, ImageFormat::Jpeg),
        _ if head.starts_with('<') && head.contains("<svg") => svg::made(bytes),
        _ if bytes.starts_with(b"GIF8") => {
            Err("is a GIF of more than 4 MB: save it smaller, or as a film with a picture that leads to it".to_owned())
        }
        (Some(b"ftyp"), Some(b"avif" | b"avis" | b"mif1")) => avif::made(bytes),
        _ => Err("is no picture that mail clients show: save it as JPEG or PNG".to_owned()),
    }?;
    // What was only heavy may have come out heavier.
    if made.bytes.len() >= bytes.len() && picture::is_shown_everywhere(bytes) {
        return Ok(Made { bytes: bytes.to_vec(), ..made });
    }
    Ok(made)
}

/// Before anything is made room for.
fn bounded(width: u32, height: u32) -> Result<(), String> {
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!(
            "has {width} × {height} pixels, more than can be made smaller: save it at most 1,200 wide"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
