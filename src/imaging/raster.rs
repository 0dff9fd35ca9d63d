//! Pictures of pixels: JPEG, PNG and WebP.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as Filter, PngEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader, Limits};

use super::Made;
use crate::digest::picture::{Kind, WIDEST};

/// Octets that decoding may take, beside the picture itself.
const ROOM: u64 = 512 << 20;
/// Of a JPEG, on the encoder's scale of 100.
const QUALITY: u8 = 85;

/// Decodes it, turns it upright (Exif), makes it at most [`WIDEST`] columns wide. Of a moving one the first picture.
pub fn made(bytes: &[u8], format: ImageFormat) -> Result<Made, String> {
    let broken = |error: image::ImageError| format!("is a broken {}: {error}", name(format));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(ROOM);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    super::bounded(width, height)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let profile = decoder.icc_profile().ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    image.apply_orientation(orientation);
    fitted(image, format == ImageFormat::Jpeg, profile).map_err(broken)
}

/// A picture that stands upright, at most [`WIDEST`] columns wide, and [`encoded`].
pub fn fitted(mut image: DynamicImage, photo: bool, profile: Option<Vec<u8>>) -> image::ImageResult<Made> {
    if image.width() > WIDEST {
        let rows = u64::from(image.height()) * u64::from(WIDEST) / u64::from(image.width());
        let rows = u32::try_from(rows).unwrap_or(u32::MAX).max(1);
        image = image.resize_exact(WIDEST, rows, FilterType::Lanczos3);
    }
    let (width, height) = (image.width(), image.height());
    let (kind, bytes) = encoded(image, photo, profile)?;
    Ok(Made { kind, width, height, bytes })
}

/// As PNG where something shines through, as JPEG where it was one; else as what it turns out to be: a drawing is about as small as
/// a PNG, a photograph far smaller as a JPEG.
pub fn encoded(image: DynamicImage, photo: bool, profile: Option<Vec<u8>>) -> image::ImageResult<(Kind, Vec<u8>)> {
    // Grey and CMYK pictures are RGB by now, and their profiles no longer theirs.
    let profile = profile.filter(|profile| profile.get(16..20) == Some(b"RGB "));
    let shines_through = image.color().has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] != u8::MAX);
    if shines_through {
        return Ok((Kind::Png, png(&DynamicImage::from(image.into_rgba8()), profile)?));
    }
    let image = DynamicImage::from(image.into_rgb8());
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    if let Some(profile) = &profile {
        let _ = encoder.set_icc_profile(profile.clone());
    }
    image.write_with_encoder(encoder)?;
    if photo {
        return Ok((Kind::Jpeg, jpeg));
    }
    let png = png(&image, profile)?;
    Ok(if png.len() <= jpeg.len() / 4 * 5 { (Kind::Png, png) } else { (Kind::Jpeg, jpeg) })
}

fn png(image: &DynamicImage, profile: Option<Vec<u8>>) -> image::ImageResult<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Default, Filter::Adaptive);
    if let Some(profile) = profile {
        let _ = encoder.set_icc_profile(profile);
    }
    image.write_with_encoder(encoder)?;
    Ok(out)
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        _ => "WebP",
    }
}
