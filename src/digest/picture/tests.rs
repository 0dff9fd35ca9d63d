use proptest::prelude::*;

use super::*;

fn png(width: u32, height: u32) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", &width.to_be_bytes()[..], &height.to_be_bytes(), b"\x08\x02\0\0\0"].concat()
}

/// With an orientation in Exif data, and a thumbnail's frame inside it.
fn jpeg(width: u16, height: u16, turned: u8) -> Vec<u8> {
    let exif =
        [b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[turned, 0, 0, 0][..], b"\xff\xc0\0\x11"].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let frame =
        [&[0xff, 0xff, 0xc2, 0, 11, 8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
    [&[0xff, 0xd8, 0xff, 0xe1], &length[..], &exif, &[0xff, 0xc4, 0, 3, 0], &frame].concat()
}

fn seen(bytes: &[u8]) -> Option<(Kind, u32, u32)> {
    fit(bytes.to_vec()).ok().map(|picture| (picture.kind, picture.width, picture.height))
}

#[test]
fn sizes_are_read_from_heads() {
    for (bytes, wanted) in [
        (png(1600, 900), (Kind::Png, 1600, 900)),
        (b"GIF89a\x40\x01\xc8\0\0\0\0".to_vec(), (Kind::Gif, 320, 200)),
        (jpeg(800, 600, 1), (Kind::Jpeg, 800, 600)),
        (jpeg(800, 600, 6), (Kind::Jpeg, 600, 800)),
    ] {
        assert_eq!(seen(&bytes), Some(wanted));
        for end in 0..8 {
            assert_eq!(seen(&bytes[..end]), None, "broken off");
        }
    }
}

#[test]
fn real_files_are_read() {
    const FILES: [&[u8]; 2] = [
        include_bytes!("../../../templates/demo/static/images/startup.png"),
        include_bytes!("../../../templates/demo/static/images/cover-2026-11-20.png"),
    ];
    for bytes in FILES.map(<[u8]>::to_vec) {
        let picture = fit(bytes.clone()).unwrap();
        assert!(picture.kind == Kind::Png && picture.width >= 800 && picture.height >= 300, "{picture:?}");
        assert_eq!((picture.key, picture.bytes), (key(&bytes), bytes));
    }
}

#[test]
fn what_few_clients_show_is_named() {
    for (bytes, why) in [
        (&b"\0\0\0\x1cftypavif\0\0\0\0"[..], "AVIF"),
        (b"RIFF\0\0\0\0WEBPVP8L", "WebP"),
        (b"\xef\xbb\xbf<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG"),
        (b"#!/bin/sh", "no picture"),
        (b"", "no picture"),
        (&png(0, 5), "no picture"),
    ] {
        let said = fit(bytes.to_vec()).unwrap_err();
        assert!(said.contains(why), "{why}: {said}");
    }
}

proptest! {
    #[test]
    fn damaged_files_do_no_harm(which in 0..3_usize, changes in prop::collection::vec((0..80_usize, any::<u8>()), 0..6), end in 0..80_usize) {
        let mut bytes = match which {
            0 => jpeg(800, 600, 6),
            1 => png(1600, 900),
            _ => b"GIF89a\x40\x01\xc8\0\0\0\0".to_vec(),
        };
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at % length] = byte;
        }
        bytes.truncate(end.max(4).min(length));
        drop(fit(bytes));
    }
}
