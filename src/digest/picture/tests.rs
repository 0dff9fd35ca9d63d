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
    as_it_is(bytes.to_vec()).ok().map(|picture| (picture.kind, picture.width, picture.height))
}

#[test]
fn sizes_are_read_from_heads() {
    for (bytes, wanted) in [
        (png(1200, 900), (Kind::Png, 1200, 900)),
        (b"GIF89a\x40\x01\xc8\0\0\0\0".to_vec(), (Kind::Gif, 320, 200)),
        (jpeg(800, 600, 1), (Kind::Jpeg, 800, 600)),
    ] {
        assert_eq!(seen(&bytes), Some(wanted));
        for end in 0..8 {
            assert_eq!(seen(&bytes[..end]), None, "broken off");
        }
    }
}

#[test]
fn what_needs_work_is_told() {
    for turned in 1..=8 {
        let bytes = jpeg(800, 600, turned);
        assert_eq!(seen(&bytes).is_some(), turned == 1, "{turned}");
        let head = size::of(&bytes).unwrap();
        assert_eq!((head.width, head.height), if turned < 5 { (800, 600) } else { (600, 800) }, "{turned}");
    }
    assert_eq!(seen(&png(1201, 5)), None, "wide");
    assert_eq!(seen(&[png(1200, 5), vec![0; HEAVY]].concat()), None, "heavy");
    let mut four = jpeg(800, 600, 1);
    let frame = four.len() - 4;
    four[frame] = 4;
    assert_eq!(seen(&four), None, "colours of print");
    assert_ne!(
        seen(&[&b"GIF89a\xff\x0f\xc8\0"[..], &vec![0; LARGEST_GIF - 10]].concat()),
        None,
        "whatever moves stays"
    );
    assert_eq!(seen(&[&b"GIF89a\xff\x0f\xc8\0"[..], &vec![0; LARGEST_GIF]].concat()), None);
}

#[test]
fn real_files_are_read() {
    const FILES: [&[u8]; 2] = [
        include_bytes!("../../../templates/demo/static/images/startup.png"),
        include_bytes!("../../../templates/demo/static/images/cover-2026-11-20.png"),
    ];
    for bytes in FILES.map(<[u8]>::to_vec) {
        let picture = as_it_is(bytes.clone()).unwrap();
        assert!(picture.kind == Kind::Png && picture.width >= 800 && picture.height >= 300, "{picture:?}");
        assert_eq!((picture.key, picture.bytes), (key(&bytes), bytes));
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
        drop(as_it_is(bytes));
    }
}
