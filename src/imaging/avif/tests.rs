use std::io::Cursor;

use image::{GenericImageView as _, ImageReader};

use super::*;
use crate::digest::picture::Kind;

/// Made by the `make.sh` beside them.
fn fixture(name: &str) -> Vec<u8> {
    fs_err::read(format!("{}/tests/fixtures/avif/{name}.avif", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The same with one part of it, and what follows, replaced.
fn replaced(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = fixture(name);
    let at = bytes.windows(from.len()).position(|part| part == from).expect("a part");
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

const RED: [u8; 4] = [200, 30, 30, 255];
const GREEN: [u8; 4] = [40, 160, 60, 255];
const BLUE: [u8; 4] = [30, 60, 190, 255];
const PAPER: [u8; 4] = [230, 225, 215, 255];

/// The picture, and the middles of its four fields.
fn seen(bytes: &[u8]) -> (Made, DynamicImage, [[u8; 4]; 4]) {
    let made = super::super::made(bytes).unwrap_or_else(|why| panic!("{why}"));
    let image = ImageReader::new(Cursor::new(&made.bytes)).with_guessed_format().unwrap().decode().unwrap();
    let (width, height) = (image.width(), image.height());
    assert_eq!((width, height), (made.width, made.height));
    let fields = [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| image.get_pixel(width * x / 4, height * y / 4).0);
    (made, image, fields)
}

/// The encoder's loss and ours.
fn assert_near(name: &str, seen: [[u8; 4]; 4], wanted: [[u8; 4]; 4], most: u8) {
    let is_near =
        seen.as_flattened().iter().zip(wanted.as_flattened()).all(|(seen, wanted)| seen.abs_diff(*wanted) <= most);
    assert!(is_near, "{name}: {seen:?}, not {wanted:?}");
}

#[test]
fn colours_are_right_in_every_model() {
    for (name, most) in [
        ("8-420-601-full", 4),
        ("8-420-601-limited", 4),
        ("8-422-709-limited", 4),
        ("8-444-709-full", 4),
        ("8-444-identity", 2),
        ("10-420-2020-limited", 4),
        ("10-422-709-full", 4),
        ("12-444-2020-full", 4),
        ("12-420-601-limited", 4),
        ("12-444-identity", 2),
        ("grid", 4),
        ("moving", 4),
    ] {
        let (made, image, fields) = seen(&fixture(name));
        assert_near(name, fields, [RED, GREEN, BLUE, PAPER], most);
        let size = if name == "grid" { (160, 128) } else { (61, 43) };
        assert_eq!((image.dimensions(), made.kind), (size, Kind::Png), "{name}: fields of one colour are a drawing");
    }
    for name in ["8-grey-full", "10-grey-limited"] {
        let grey = |level| [level, level, level, 255];
        assert_near(name, seen(&fixture(name)).2, [grey(81), grey(113), grey(66), grey(225)], 2);
    }
}

/// Code points that H.273 keeps for later are as good as unsaid, in the boxes as in the stream alone.
#[test]
fn what_is_kept_for_later_changes_nothing() {
    for bytes in [fixture("reserved"), replaced("reserved", b"colr", b"free")] {
        assert_near("reserved", seen(&bytes).2, [RED, GREEN, BLUE, PAPER], 4);
    }
}

/// Colours that only a wide screen has come out as the nearest that every screen has.
#[test]
fn wide_colours_are_narrowed() {
    // By the chromaticities in ITU-T H.273, table 2, of the same numbers.
    let p3 = [[218, 0, 6, 255], [0, 163, 40, 255], [17, 61, 198, 255], [231, 225, 214, 255]];
    assert_near("p3", seen(&fixture("p3")).2, p3, 5);
    let bt2020 = [[249, 0, 9, 255], [0, 169, 32, 255], [0, 60, 199, 255], [234, 224, 214, 255]];
    assert_near("2020", seen(&fixture("2020")).2, bt2020, 12);
}

#[test]
fn what_shines_through_still_does() {
    for name in ["glass", "glass-premultiplied", "glass-10", "grid-glass"] {
        let (made, _, mut fields) = seen(&fixture(name));
        assert_eq!((made.kind, fields[3][3]), (Kind::Png, 0), "{name}");
        fields[3] = PAPER;
        assert_near(name, fields, [RED, [40, 160, 60, 128], BLUE, PAPER], 5);
    }
}

#[test]
fn pictures_stand_as_they_are_meant() {
    for (name, wanted, size) in [
        ("turned-1", [GREEN, PAPER, RED, BLUE], (43, 61)),
        ("turned-2", [PAPER, BLUE, GREEN, RED], (61, 43)),
        ("turned-3", [BLUE, RED, PAPER, GREEN], (43, 61)),
        ("mirrored-0", [BLUE, PAPER, RED, GREEN], (61, 43)),
        ("mirrored-1", [GREEN, RED, PAPER, BLUE], (61, 43)),
        ("turned-mirrored", [RED, BLUE, GREEN, PAPER], (43, 61)),
        ("cut-out", [GREEN; 4], (31, 20)),
    ] {
        let (_, image, fields) = seen(&fixture(name));
        assert_eq!(image.dimensions(), size, "{name}");
        assert_near(name, fields, wanted, 4);
    }
    assert_eq!(cut_out(&[(31, 1), (20, 1), (1, 2), (3, 2)], 60, 43), Some((15, 13, 31, 20)));
    for odd in [
        [(61, 1), (20, 1), (0, 1), (0, 1)],
        [(9, 0), (9, 1), (0, 1), (0, 1)],
        [(9, 1), (9, 1), (40, 1), (0, 1)],
        [(0, 1); 4],
    ] {
        assert_eq!(cut_out(&odd, 60, 43), None, "{odd:?}");
    }
}

#[test]
fn what_cannot_be_shown_is_named() {
    let why = |bytes: &[u8]| super::super::made(bytes).err().unwrap_or_default();
    assert!(why(&fixture("bright")).contains("HDR"));
    let one = "8-420-601-full";
    for (bytes, wanted) in [
        (replaced(one, b"av01", b"hvc1"), "HEIF of kind `hvc1`"),
        (
            replaced(one, b"ispe\0\0\0\0", b"ispe\0\0\0\0\x7f\xff\xff\xff\x7f\xff\xff\xff"),
            "2147483647 × 2147483647 pixels",
        ),
        (replaced("grid", b"ispe\0\0\0\0", b"ispe\0\0\0\0\0\0\xff\xff\0\0\xff\xff"), "65535 × 65535 pixels"),
        (replaced(one, b"pitm", b"free"), "says not which"),
        (replaced(one, b"meta", b"free"), "nothing of a picture"),
        (replaced(one, b"iloc", b"free"), "says not where"),
        (replaced("turned-1", b"irot", b"what"), "`what`, which is not known"),
        (replaced("grid", b"dimg", b"what"), "has not the tiles"),
        (replaced("reserved", b"nclx\0\x0d\0\x03\0\x06", b"nclx\0\x0d\0\x03\0\x03"), "mixed as is not known"),
    ] {
        let said = why(&bytes);
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

/// Errors, never a panic.
#[test]
fn damaged_files_do_no_harm() {
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for name in [
        "8-420-601-limited",
        "10-422-709-full",
        "12-444-identity",
        "glass-premultiplied",
        "grid-glass",
        "moving",
        "turned-mirrored",
        "cut-out",
        "reserved",
    ] {
        let whole = fixture(name);
        for end in (0..whole.len()).step_by(64) {
            drop(super::super::made(&whole[..end]));
        }
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                bytes[at] ^= 1 << random(8);
            }
            drop(super::super::made(&bytes));
        }
    }
}
