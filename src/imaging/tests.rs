use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, GenericImageView as _, ImageReader, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

/// Noise: what nothing but a JPEG makes small.
fn photo(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = u8::try_from(state >> 27).unwrap();
        Rgb([u8::try_from(x % 200).unwrap() + noise, u8::try_from(y % 200).unwrap() + noise, 90 + noise])
    })
}

/// Two fields of one colour each.
fn drawing(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([200, 30, 30]) } else { Rgb([250, 250, 245]) })
}

fn webp(image: &DynamicImage) -> Vec<u8> {
    let mut out = Vec::new();
    let kind = if image.color().has_alpha() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    WebPEncoder::new_lossless(&mut out).encode(image.as_bytes(), image.width(), image.height(), kind).unwrap();
    out
}

fn png(image: &RgbImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

/// A JPEG with an orientation in its Exif data (TIFF 6.0).
fn turned(image: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut plain = Vec::new();
    JpegEncoder::new_with_quality(&mut plain, 95).encode_image(image).unwrap();
    let exif =
        [&b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[orientation, 0, 0, 0], &[0; 4]].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat()
}

fn decoded(made: &Made) -> DynamicImage {
    let image = ImageReader::new(Cursor::new(&made.bytes)).with_guessed_format().unwrap().decode().unwrap();
    assert!(picture::is_shown_everywhere(&made.bytes), "every client shows it");
    image
}

fn seen(bytes: &[u8]) -> (Kind, u32, u32) {
    let made = made(bytes).unwrap();
    let image = decoded(&made);
    assert_eq!((image.width(), image.height()), (made.width, made.height));
    (made.kind, made.width, made.height)
}

#[test]
fn photographs_become_jpeg_drawings_png() {
    assert_eq!(seen(&webp(&photo(300, 200).into())), (Kind::Jpeg, 300, 200));
    assert_eq!(seen(&webp(&drawing(300, 200).into())), (Kind::Png, 300, 200));
    let mut glass = RgbaImage::from_pixel(30, 20, Rgba([9, 9, 9, 255]));
    assert_eq!(made(&webp(&glass.clone().into())).unwrap().kind, Kind::Png);
    glass.put_pixel(3, 3, Rgba([9, 9, 9, 100]));
    let made = made(&webp(&glass.into())).unwrap();
    assert_eq!((made.kind, decoded(&made).get_pixel(3, 3).0[3]), (Kind::Png, 100), "what shines through still does");
}

#[test]
fn wide_ones_get_narrower() {
    assert_eq!(seen(&webp(&drawing(2400, 600).into())), (Kind::Png, 1200, 300));
    assert_eq!(seen(&png(&photo(1800, 600))), (Kind::Jpeg, 1200, 400));
    assert_eq!(seen(&turned(&photo(1500, 20), 1)), (Kind::Jpeg, 1200, 16));
}

#[test]
fn photographs_stand_upright() {
    // Red at its left, which is above, below or right, as the camera was held.
    for (orientation, red) in [(1, (5, 20)), (2, (55, 20)), (3, (55, 20)), (5, (20, 5)), (6, (20, 5)), (8, (20, 55))] {
        let made = made(&turned(&drawing(60, 40), orientation)).unwrap();
        let image = decoded(&made);
        let expected = if orientation < 5 { (60, 40) } else { (40, 60) };
        assert_eq!((image.width(), image.height(), made.kind), (expected.0, expected.1, Kind::Jpeg), "{orientation}");
        let pixel = image.get_pixel(red.0, red.1).0;
        assert!(pixel[0] > 150 && pixel[1] < 90, "{orientation}: {pixel:?}");
        assert_eq!(picture::as_it_is(made.bytes).map(|picture| picture.width).ok(), Some(expected.0), "for good");
    }
}

#[test]
fn what_would_come_out_heavier_stays() {
    // Made by a better encoder than ours, as far as anybody can tell: no work makes it smaller.
    let small = include_bytes!("../../templates/demo/static/images/startup.png");
    assert_eq!(made(small).unwrap().bytes, small);
}

fn drawn(inside: &str, size: &str) -> Result<Made, String> {
    made(format!("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" {size}>{inside}</svg>").as_bytes())
}

#[test]
fn drawings_are_drawn_sharp() {
    let box_ = "<rect width=\"100%\" height=\"100%\" fill=\"#0b5cad\"/>";
    for (size, shown, pixels) in [
        ("width=\"100\" height=\"50\"", (100, 50), (200, 100)),
        ("viewBox=\"0 0 2400 1200\"", (1200, 600), (1200, 600)),
        ("width=\"900\" height=\"300\" viewBox=\"0 0 9 3\"", (900, 300), (1200, 400)),
    ] {
        let made = drawn(box_, size).unwrap();
        let image = decoded(&made);
        assert_eq!(((made.width, made.height), (image.width(), image.height())), (shown, pixels), "{size}");
        assert_eq!((made.kind, image.get_pixel(9, 9).0), (Kind::Png, [0x0b, 0x5c, 0xad, 255]), "{size}");
    }
    let open = drawn("<circle cx=\"5\" cy=\"5\" r=\"4\"/>", "width=\"10\" height=\"10\"").unwrap();
    assert_eq!((open.kind, decoded(&open).get_pixel(0, 0).0[3]), (Kind::Png, 0));
    let words = drawn(
        "<text x=\"5\" y=\"40\" font-family=\"No Such Font\" font-size=\"40\">Lamp 灯</text>",
        "width=\"200\" height=\"50\"",
    );
    let image = decoded(&words.unwrap());
    assert!(image.pixels().filter(|(.., pixel)| pixel.0[3] > 128).count() > 500, "its words are there");
}

#[test]
fn drawings_load_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret.png");
    fs_err::write(&file, png(&RgbImage::from_pixel(10, 10, Rgb([255, 0, 0])))).unwrap();
    let inside = format!(
        "<rect width=\"10\" height=\"10\" fill=\"#ffffff\"/><image href=\"{0}\" width=\"10\" height=\"10\"/>\
         <image xlink:href=\"file://{0}\" width=\"10\" height=\"10\"/><image href=\"http://127.0.0.1:1/x.png\" width=\"10\" height=\"10\"/>",
        file.display()
    );
    let made = drawn(&inside, "width=\"10\" height=\"10\"").unwrap();
    assert!(decoded(&made).pixels().all(|(.., pixel)| pixel.0 == [255, 255, 255, 255]), "nothing red");
    let entity = format!(
        "<!DOCTYPE svg [<!ENTITY x SYSTEM \"file://{}\">]><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><desc>&x;</desc></svg>",
        file.display()
    );
    drop(super::made(entity.as_bytes()));
}

#[test]
fn what_cannot_be_shown_is_named() {
    let bomb = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0"[..], &[0; 40]].concat();
    for (bytes, why) in [
        (&b"\0\0\0\x1cftypavif\0\0\0\0"[..], "AVIF"),
        (b"RIFF\0\0\0\0WEBPVP8L", "broken WebP"),
        (b"\xef\xbb\xbf<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/", "broken SVG"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"0\" height=\"0\"/>", "SVG"),
        (b"GIF89a\x40\x01\xc8\0\0\0\0", "GIF of more than 4 MB"),
        (b"#!/bin/sh", "no picture"),
        (b"", "no picture"),
        (&bomb, "PNG"),
    ] {
        let said = made(bytes).err().unwrap_or_default();
        assert!(said.contains(why), "{why}: {said}");
    }
    let said = made(&png(&RgbImage::new(9000, 9000))).err().unwrap_or_default();
    assert!(said.contains("9000 × 9000 pixels"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Errors, never a panic: the child would end by it, and its reason with it.
    #[test]
    fn damaged_files_do_no_harm(which in 0..4_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), end in any::<prop::sample::Index>()) {
        let mut bytes = match which {
            0 => webp(&drawing(40, 30).into()),
            1 => png(&photo(40, 30)),
            2 => turned(&photo(40, 30), 6),
            _ => b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><g filter=\"url(#f)\"><path d=\"M0 0L9 9z\"/></g><filter id=\"f\"><feGaussianBlur stdDeviation=\"2\"/></filter></svg>".to_vec(),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len()) + 1);
        drop(made(&bytes));
    }
}
