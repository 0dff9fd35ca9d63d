//! What the first octets of a picture say: its kind and its size. An address's ending only claims; this knows.

/// Of a picture that is the site's own file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// `image/…`
    pub media_type: &'static str,
    /// Length of the file in octets.
    pub bytes: u64,
    /// Width and height in pixels, where they stand in the octets that were looked at.
    pub size: Option<(u32, u32)>,
}

/// So many octets of a file are enough, unless a camera wrote a long preface.
pub const HEAD: usize = 64 * 1024;

/// Of a file of this length that begins with `head`; `None` for what is no picture that browsers show.
pub fn facts(head: &[u8], bytes: u64) -> Option<Facts> {
    let (media_type, size) = if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        (
            "image/png",
            head.get(12..16).filter(|kind| kind == b"IHDR").and_then(|_| pair(big(head, 16, 4), big(head, 20, 4))),
        )
    } else if head.starts_with(b"\xff\xd8\xff") {
        ("image/jpeg", jpeg(head))
    } else if head.starts_with(b"GIF8") {
        ("image/gif", pair(little(head, 6, 2), little(head, 8, 2)))
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        ("image/webp", webp(head))
    } else if head.get(4..12).is_some_and(|kind| kind == b"ftypavif" || kind == b"ftypavis") {
        ("image/avif", avif(head))
    } else if is_svg(head) {
        ("image/svg+xml", None)
    } else {
        return None;
    };
    Some(Facts { media_type, bytes, size: size.filter(|(width, height)| *width > 0 && *height > 0) })
}

fn big(head: &[u8], at: usize, length: usize) -> Option<u32> {
    Some(head.get(at..at + length)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

fn little(head: &[u8], at: usize, length: usize) -> Option<u32> {
    Some(head.get(at..at + length)?.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

fn pair(width: Option<u32>, height: Option<u32>) -> Option<(u32, u32)> {
    width.zip(height)
}

/// ITU T.81 §B.2: segments, until one that begins a frame.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let kind = *head.get(at + 1).filter(|_| head[at] == 0xff)?;
        match kind {
            0xff => at += 1,
            0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                return pair(big(head, at + 7, 2), big(head, at + 5, 2));
            }
            0xd8 | 0x01 | 0xd0..=0xd7 => at += 2,
            _ => at += 2 + usize::try_from(big(head, at + 2, 2)?).ok()?.max(2),
        }
    }
}

/// RFC 9649 §2.5 to §2.7.
fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8X" => pair(little(head, 24, 3).map(|less| less + 1), little(head, 27, 3).map(|less| less + 1)),
        b"VP8L" => {
            let bits = little(head, 21, 4)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => pair(little(head, 26, 2).map(|size| size & 0x3fff), little(head, 28, 2).map(|size| size & 0x3fff)),
        _ => None,
    }
}

/// ISO/IEC 23008-12 §6.5.3: the property boxes that hold sizes, of tiles too; the picture's is the largest. §6.5.10: one that
/// says how often it is turned by 90°.
fn avif(head: &[u8]) -> Option<(u32, u32)> {
    let of_kind = |kind: &'static [u8; 4]| (0..).zip(head.windows(4)).filter(move |(_, found)| found == kind);
    let sizes = of_kind(b"ispe").filter_map(|(at, _)| pair(big(head, at + 8, 4), big(head, at + 12, 4)));
    let (width, height) = sizes.max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))?;
    let turns = of_kind(b"irot").find_map(|(at, _)| head.get(at + 4));
    Some(if turns.is_some_and(|turns| turns % 2 == 1) { (height, width) } else { (width, height) })
}

fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&head[..head.len().min(4096)]);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with("<svg") || (text.starts_with("<?xml") || text.starts_with("<!")) && text.contains("<svg")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn octets(text: &str) -> Vec<u8> {
        text.split_ascii_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    }

    #[test]
    fn every_kind_says_its_size() {
        for (head, media_type, size) in [
            ("89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52 00 00 02 80 00 00 01 68", "image/png", Some((640, 360))),
            ("ff d8 ff e0 00 04 00 00 ff c4 00 03 00 ff c2 00 11 08 01 68 02 80 03", "image/jpeg", Some((640, 360))),
            ("ff d8 ff e0 00 04", "image/jpeg", None),
            ("47 49 46 38 39 61 80 02 68 01", "image/gif", Some((640, 360))),
            (
                "52 49 46 46 00 00 00 00 57 45 42 50 56 50 38 58 0a 00 00 00 00 00 00 00 7f 02 00 67 01 00",
                "image/webp",
                Some((640, 360)),
            ),
            (
                "52 49 46 46 00 00 00 00 57 45 42 50 56 50 38 4c 0a 00 00 00 2f 7f c2 59 00",
                "image/webp",
                Some((640, 360)),
            ),
            (
                "52 49 46 46 00 00 00 00 57 45 42 50 56 50 38 20 0a 00 00 00 00 00 00 9d 01 2a 80 02 68 01",
                "image/webp",
                Some((640, 360)),
            ),
            (
                "00 00 00 1c 66 74 79 70 61 76 69 66 00 00 00 14 69 73 70 65 00 00 00 00 00 00 02 80 00 00 01 68",
                "image/avif",
                Some((640, 360)),
            ),
            (
                "00 00 00 1c 66 74 79 70 61 76 69 66 69 73 70 65 00 00 00 00 00 00 00 40 00 00 00 40 69 73 70 65 00 00 00 00 \
                 00 00 02 80 00 00 01 68 00 00 00 09 69 72 6f 74 03",
                "image/avif",
                Some((360, 640)),
            ),
            ("3c 73 76 67 20 77", "image/svg+xml", None),
        ] {
            assert_eq!(facts(&octets(head), 7), Some(Facts { media_type, bytes: 7, size }), "{head}");
        }
        assert_eq!(facts(b"<!DOCTYPE html><p>", 7), None);
        assert_eq!(facts(b"", 0), None);
    }

    proptest! {
        #[test]
        fn any_octets_are_looked_at(start in 0_usize..6, rest: Vec<u8>) {
            let starts: [&[u8]; 6] =
                [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF\0\0\0\0WEBPVP8", b"\0\0\0\0ftypavif", b""];
            let _ = facts(&[starts[start], &rest].concat(), 1);
        }
    }
}
