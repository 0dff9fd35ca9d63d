//! How large a picture is, by its head.

use super::Kind;

/// What it is, columns and rows. `None` where it is none of ours, or broken off.
pub fn of(bytes: &[u8]) -> Option<(Kind, u32, u32)> {
    let big = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let little = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16) == Some(b"IHDR") {
        return Some((Kind::Png, big(16)?, big(20)?));
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        return Some((Kind::Gif, little(6)?, little(8)?));
    }
    let (width, height) = jpeg(bytes)?;
    Some((Kind::Jpeg, width, height))
}

/// ITU T.81, annex B: segments one behind the other, of which a frame header says the size. A photograph that lies on its side
/// says so in its Exif data, and clients turn it.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    if !bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return None;
    }
    let mut on_its_side = false;
    let mut at = 2;
    loop {
        // Any number of fill bytes may stand before a marker.
        at += bytes.get(at..)?.iter().position(|byte| *byte != 0xff).filter(|fill| *fill > 0)?;
        let marker = *bytes.get(at)?;
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 1..at + 3)?.try_into().ok()?));
        let segment = bytes.get(at + 3..at + 1 + length)?;
        match marker {
            0xe1 => on_its_side |= lies(segment).unwrap_or(false),
            // Start of frame; the three between are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let length = |at: usize| Some(u32::from(u16::from_be_bytes(segment.get(at..at + 2)?.try_into().ok()?)));
                let (height, width) = (length(1)?, length(3)?);
                return Some(if on_its_side { (height, width) } else { (width, height) });
            }
            // The picture itself, or its end, before any size.
            0xda | 0xd9 => return None,
            _ => {}
        }
        at += 1 + length;
    }
}

/// Exif (TIFF 6.0): is the orientation (tag 0x0112) one of the four with columns and rows changed?
fn lies(segment: &[u8]) -> Option<bool> {
    let tiff = segment.strip_prefix(b"Exif\0\0")?;
    let little = tiff.starts_with(b"II");
    let short = |at: usize| {
        let pair: [u8; 2] = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let long = |at: usize| {
        let four: [u8; 4] = tiff.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }).ok()
    };
    let entries = long(4)?;
    let entry = |number: usize| entries.checked_add(2 + number * 12);
    (0..usize::from(short(entries)?)).find_map(|number| {
        let at = entry(number)?;
        (short(at)? == 0x0112).then(|| short(at + 8).is_some_and(|turned| (5..=8).contains(&turned)))
    })
}
