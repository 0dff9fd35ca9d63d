//! How large a picture is, by its head.

use super::{HEAVY, Kind, LARGEST_GIF, WIDEST};

/// What a file's head says of its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub kind: Kind,
    /// Columns, as clients show it that heed its Exif data.
    pub width: u32,
    /// Rows, likewise.
    pub height: u32,
    /// Does everybody show it the same way up, and in its own colours?
    pub plain: bool,
}

impl Head {
    /// Has it an extent?
    pub fn is_whole(self) -> bool {
        self.width > 0 && self.height > 0
    }

    /// Can mails show its file of so many octets as it is?
    pub fn is_fit(self, octets: usize) -> bool {
        match self.kind {
            // Nobody but its maker knows what of a moving picture can be left out.
            Kind::Gif => octets <= LARGEST_GIF,
            Kind::Jpeg | Kind::Png => self.plain && self.width <= WIDEST && octets <= HEAVY,
        }
    }
}

/// What the head says. `None` where it is none of ours, or broken off.
pub fn of(bytes: &[u8]) -> Option<Head> {
    let big = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let little = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16) == Some(b"IHDR") {
        return Some(Head { kind: Kind::Png, width: big(16)?, height: big(20)?, plain: true });
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        return Some(Head { kind: Kind::Gif, width: little(6)?, height: little(8)?, plain: true });
    }
    jpeg(bytes)
}

/// ITU T.81, annex B: segments one behind the other, of which a frame header says the size. A photograph that does not stand
/// upright says so in its Exif data, and only some clients turn it.
fn jpeg(bytes: &[u8]) -> Option<Head> {
    if !bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return None;
    }
    let mut turned = 1;
    let mut at = 2;
    loop {
        // Any number of fill bytes may stand before a marker.
        at += bytes.get(at..)?.iter().position(|byte| *byte != 0xff).filter(|fill| *fill > 0)?;
        let marker = *bytes.get(at)?;
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 1..at + 3)?.try_into().ok()?));
        let segment = bytes.get(at + 3..at + 1 + length)?;
        match marker {
            0xe1 => turned = orientation(segment).unwrap_or(turned),
            // Start of frame; the three between are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let length = |at: usize| Some(u32::from(u16::from_be_bytes(segment.get(at..at + 2)?.try_into().ok()?)));
                let (height, width) = (length(1)?, length(3)?);
                let (width, height) = if (5..=8).contains(&turned) { (height, width) } else { (width, height) };
                // Four colours are for printers, and clients show them wrong.
                let plain = !(2..=8).contains(&turned) && *segment.get(5)? <= 3;
                return Some(Head { kind: Kind::Jpeg, width, height, plain });
            }
            // The picture itself, or its end, before any size.
            0xda | 0xd9 => return None,
            _ => {}
        }
        at += 1 + length;
    }
}

/// Exif (TIFF 6.0): the orientation (tag 0x0112), of which 1 is upright and 5 to 8 lie on their side.
fn orientation(segment: &[u8]) -> Option<u16> {
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
        (short(at)? == 0x0112).then(|| short(at + 8)).flatten()
    })
}
