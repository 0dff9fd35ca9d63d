//! The boxes of an AVIF file (ISO/IEC 14496-12 and 23008-12, AV1 Image File Format 1.1): where its pictures lie, and how they are to
//! be shown. Strict and small: what a picture cannot be shown without and is not known here is an error, not a guess.

use std::borrow::Cow;

use crate::imaging::bounded;

/// Tiles of one picture.
const MOST_TILES: usize = 1024;
/// Both names of an auxiliary picture that says what shines through.
const ALPHA: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
const SHORT: &str = "is a broken AVIF: its boxes are cut short";

type Result<T> = std::result::Result<T, String>;

/// What an AVIF file shows.
#[derive(Debug)]
pub struct File<'a> {
    pub colour: Tiles<'a>,
    /// One plane of the same size: how little shines through.
    pub alpha: Option<Tiles<'a>>,
    /// Colours are already multiplied by it.
    pub premultiplied: bool,
    pub code_points: Option<CodePoints>,
    /// ICC
    pub profile: Option<&'a [u8]>,
    /// In the order in which they are to be done.
    pub changes: Vec<Change>,
}

/// A picture, whole or in tiles of one size, row by row.
#[derive(Debug)]
pub struct Tiles<'a> {
    pub columns: u32,
    pub rows: u32,
    /// Of the whole in pixels, which the tiles at its right and lower edge may exceed; `None` where it is the one tile's.
    pub size: Option<(u32, u32)>,
    /// One AV1 stream each.
    pub streams: Vec<Cow<'a, [u8]>>,
}

/// ITU-T H.273, as the file says them; the stream may say others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePoints {
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    pub full_range: bool,
}

/// What is done to a picture before it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// So many quarters against the clock.
    Turn(u8),
    /// The upper and the lower half change places.
    TopToBottom,
    /// The left and the right half change places.
    LeftToRight,
    /// Only this is shown: width, height, and the offset of its middle from the picture's, as fractions.
    CutOut([(i64, i64); 4]),
}

#[derive(Debug, Clone, Copy)]
enum Property<'a> {
    Size(u32, u32),
    Code(CodePoints),
    Profile(&'a [u8]),
    Auxiliary(&'a [u8]),
    Change(Change),
    /// Nothing that is needed to show it.
    Passed,
    Unknown([u8; 4]),
}

#[derive(Debug, Default)]
struct Meta<'a> {
    primary: Option<u32>,
    /// Number and kind.
    items: Vec<(u32, [u8; 4])>,
    places: Vec<(u32, Place)>,
    /// Kind, from, to.
    references: Vec<([u8; 4], u32, Vec<u32>)>,
    properties: Vec<Property<'a>>,
    /// Item, and whether it cannot be shown without it, and which.
    belongs: Vec<(u32, bool, usize)>,
    idat: &'a [u8],
}

#[derive(Debug)]
struct Place {
    in_idat: bool,
    /// Offset and length.
    extents: Vec<(u64, u64)>,
}

/// Octets that are read from the front.
#[derive(Clone, Copy)]
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(head)
    }

    /// A number of up to eight octets.
    fn number(&mut self, octets: usize) -> Result<u64> {
        Ok(self.take(octets)?.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn short(&mut self) -> Result<u16> {
        let octets = self.take(2)?;
        Ok(u16::from_be_bytes([octets[0], octets[1]]))
    }

    fn long(&mut self) -> Result<u32> {
        let octets = self.take(4)?;
        Ok(u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]))
    }

    fn kind(&mut self) -> Result<[u8; 4]> {
        Ok(self.long()?.to_be_bytes())
    }

    /// An item's number, which got wider in later versions of a box.
    fn item(&mut self, wide: bool) -> Result<u32> {
        if wide { self.long() } else { self.short().map(u32::from) }
    }

    /// The version and the flags that many boxes begin with.
    fn version(&mut self) -> Result<(u8, u32)> {
        let both = self.long()?.to_be_bytes();
        Ok((both[0], u32::from_be_bytes([0, both[1], both[2], both[3]])))
    }

    /// The next box's kind and what is in it; `None` at the end.
    fn next_box(&mut self) -> Result<Option<([u8; 4], Octets<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let size = self.long()?;
        let kind = self.kind()?;
        let length = match size {
            0 => self.0.len(),
            1 => usize::try_from(self.number(8)?).ok().and_then(|size| size.checked_sub(16)).ok_or(SHORT)?,
            _ => usize::try_from(size).ok().and_then(|size| size.checked_sub(8)).ok_or(SHORT)?,
        };
        Ok(Some((kind, Octets(self.take(length)?))))
    }
}

/// Finds the picture that `bytes` show, and nothing of what else they hold. Of a moving one, the one that stands for it.
pub fn read(bytes: &[u8]) -> Result<File<'_>> {
    let mut rest = Octets(bytes);
    let mut meta = None;
    while let Some((kind, inside)) = rest.next_box()? {
        if kind == *b"meta" {
            meta = Some(read_meta(inside)?);
            break;
        }
    }
    meta.ok_or("is a broken AVIF: it says nothing of a picture")?.file(bytes)
}

fn read_meta(mut rest: Octets<'_>) -> Result<Meta<'_>> {
    let mut meta = Meta::default();
    rest.version()?;
    while let Some((kind, mut inside)) = rest.next_box()? {
        match &kind {
            b"pitm" => {
                let (version, _) = inside.version()?;
                meta.primary = Some(inside.item(version > 0)?);
            }
            b"iinf" => {
                let (version, _) = inside.version()?;
                inside.item(version > 0)?;
                while let Some((kind, mut entry)) = inside.next_box()? {
                    let (version, _) = entry.version()?;
                    if kind != *b"infe" || version < 2 {
                        continue;
                    }
                    let number = entry.item(version > 2)?;
                    if entry.short()? == 0 {
                        meta.items.push((number, entry.kind()?));
                    }
                }
            }
            b"iloc" => read_places(inside, &mut meta.places)?,
            b"iref" => {
                let (version, _) = inside.version()?;
                while let Some((kind, mut reference)) = inside.next_box()? {
                    let from = reference.item(version > 0)?;
                    let count = reference.short()?;
                    let to = (0..count).map(|_| reference.item(version > 0)).collect::<Result<_>>()?;
                    meta.references.push((kind, from, to));
                }
            }
            b"iprp" => {
                while let Some((kind, mut inside)) = inside.next_box()? {
                    match &kind {
                        b"ipco" => {
                            while let Some((kind, inside)) = inside.next_box()? {
                                meta.properties.push(read_property(kind, inside)?);
                            }
                        }
                        b"ipma" => read_belongings(inside, &mut meta.belongs)?,
                        _ => {}
                    }
                }
            }
            b"idat" => meta.idat = inside.0,
            _ => {}
        }
    }
    Ok(meta)
}

/// ISO/IEC 14496-12 §8.11.3.
fn read_places(mut inside: Octets<'_>, places: &mut Vec<(u32, Place)>) -> Result<()> {
    let (version, _) = inside.version()?;
    let sizes = inside.short()?;
    let size = |shift: u16| usize::from(sizes >> shift & 15);
    let (offset, length, base) = (size(12), size(8), size(4));
    let index = if version == 0 { 0 } else { size(0) };
    if [offset, length, base, index].into_iter().any(|size| !matches!(size, 0 | 4 | 8)) {
        return Err("is a broken AVIF: it has numbers of no length".into());
    }
    let count = if version < 2 { u32::from(inside.short()?) } else { inside.long()? };
    for _ in 0..count {
        let item = inside.item(version > 1)?;
        let method = if version == 0 { 0 } else { inside.short()? & 15 };
        let elsewhere = inside.short()? != 0;
        let begin = inside.number(base)?;
        let extents = inside.short()?;
        let extents = (0..extents)
            .map(|_| {
                inside.take(index)?;
                let at = inside.number(offset)?.checked_add(begin).ok_or(SHORT)?;
                Ok((at, inside.number(length)?))
            })
            .collect::<Result<_>>()?;
        // What lies in another file, or is made of other items, is as good as not there.
        if method < 2 && !elsewhere {
            places.push((item, Place { in_idat: method == 1, extents }));
        }
    }
    Ok(())
}

/// ISO/IEC 23008-12 §9.3.
fn read_belongings(mut inside: Octets<'_>, belongs: &mut Vec<(u32, bool, usize)>) -> Result<()> {
    let (version, flags) = inside.version()?;
    for _ in 0..inside.long()? {
        let item = inside.item(version > 0)?;
        for _ in 0..inside.byte()? {
            let (is_needed, index) = if flags & 1 == 1 {
                let both = inside.short()?;
                (both >> 15 == 1, both & 0x7fff)
            } else {
                let both = inside.byte()?;
                (both >> 7 == 1, u16::from(both & 0x7f))
            };
            belongs.push((item, is_needed, usize::from(index)));
        }
    }
    Ok(())
}

fn read_property(kind: [u8; 4], mut inside: Octets<'_>) -> Result<Property<'_>> {
    Ok(match &kind {
        b"ispe" => {
            inside.version()?;
            Property::Size(inside.long()?, inside.long()?)
        }
        b"colr" => match &inside.kind()? {
            b"nclx" => Property::Code(CodePoints {
                primaries: inside.short()?,
                transfer: inside.short()?,
                matrix: inside.short()?,
                full_range: inside.byte()? >> 7 == 1,
            }),
            b"prof" | b"rICC" => Property::Profile(inside.0),
            _ => Property::Passed,
        },
        b"auxC" => {
            inside.version()?;
            Property::Auxiliary(inside.0.split(|octet| *octet == 0).next().unwrap_or_default())
        }
        b"irot" => Property::Change(Change::Turn(inside.byte()? & 3)),
        b"imir" if inside.byte()? & 1 == 0 => Property::Change(Change::TopToBottom),
        b"imir" => Property::Change(Change::LeftToRight),
        b"clap" => {
            let mut fraction = || {
                let (above, below) = (inside.long()?, inside.long()?);
                Ok::<_, String>((i64::from(above.cast_signed()), i64::from(below)))
            };
            Property::Change(Change::CutOut([fraction()?, fraction()?, fraction()?, fraction()?]))
        }
        // Which layer is shown, of a picture that comes in layers: the last, where it is not said otherwise.
        b"lsel" if inside.short()? == u16::MAX => Property::Passed,
        b"a1op" if inside.byte()? == 0 => Property::Passed,
        b"av1C" | b"pixi" | b"pasp" | b"a1lx" | b"clli" | b"mdcv" | b"cclv" | b"amve" => Property::Passed,
        _ => Property::Unknown(kind),
    })
}

impl<'a> Meta<'a> {
    fn file(&self, bytes: &'a [u8]) -> Result<File<'a>> {
        let primary = self.primary.ok_or("is a broken AVIF: it says not which picture it shows")?;
        let mut file = File {
            colour: self.tiles(primary, bytes)?,
            alpha: None,
            premultiplied: false,
            code_points: None,
            profile: None,
            changes: Vec::new(),
        };
        for property in self.of(primary)? {
            match property {
                Property::Code(points) => file.code_points = Some(points),
                Property::Profile(profile) => file.profile = Some(profile),
                Property::Change(change) => file.changes.push(change),
                _ => {}
            }
        }
        let alpha = self
            .references
            .iter()
            .find(|(kind, from, to)| kind == b"auxl" && to.contains(&primary) && self.is_alpha(*from));
        if let Some((_, alpha, _)) = alpha {
            file.alpha = Some(self.tiles(*alpha, bytes)?);
            file.premultiplied = self
                .references
                .iter()
                .any(|(kind, from, to)| kind == b"prem" && *from == primary && to.contains(alpha));
        }
        Ok(file)
    }

    fn is_alpha(&self, item: u32) -> bool {
        let mut of = self.belongs.iter().filter(|(of, ..)| *of == item).map(|(.., index)| index.checked_sub(1));
        of.any(|index| {
            let property = index.and_then(|index| self.properties.get(index));
            matches!(property, Some(Property::Auxiliary(name)) if ALPHA.contains(name))
        })
    }

    /// The properties of an item, in their order.
    fn of(&self, item: u32) -> Result<Vec<Property<'a>>> {
        let mut found = Vec::new();
        for (_, is_needed, index) in self.belongs.iter().filter(|(of, ..)| *of == item) {
            // None.
            if *index == 0 {
                continue;
            }
            match self.properties.get(index - 1) {
                Some(Property::Unknown(kind)) if *is_needed => {
                    let kind = kind.escape_ascii();
                    return Err(format!("is an AVIF with `{kind}`, which is not known here: save it as JPEG or PNG"));
                }
                Some(property) => found.push(*property),
                None => return Err("is a broken AVIF: it names a property that is not there".into()),
            }
        }
        Ok(found)
    }

    fn tiles(&self, item: u32, bytes: &'a [u8]) -> Result<Tiles<'a>> {
        let kind = self.kind(item)?;
        for property in self.of(item)? {
            if let Property::Size(width, height) = property {
                bounded(width, height)?;
            }
        }
        match &kind {
            b"av01" => Ok(Tiles { columns: 1, rows: 1, size: None, streams: vec![self.data(item, bytes)?] }),
            // ISO/IEC 23008-12 §6.6.2.3.
            b"grid" => {
                let data = self.data(item, bytes)?;
                let mut data = Octets(&data);
                let flags = data.short()?;
                let (rows, columns) = (u32::from(data.byte()?) + 1, u32::from(data.byte()?) + 1);
                let (width, height) = (data.item(flags & 1 == 1)?, data.item(flags & 1 == 1)?);
                bounded(width, height)?;
                let tiles = self.references.iter().find(|(kind, from, _)| kind == b"dimg" && *from == item);
                let tiles = tiles.map_or(&[][..], |(.., to)| to);
                if tiles.len() > MOST_TILES || Ok(tiles.len()) != usize::try_from(rows * columns) {
                    return Err("is a broken AVIF: it has not the tiles that it should have".into());
                }
                let streams = tiles.iter().map(|tile| {
                    self.of(*tile)?;
                    if self.kind(*tile)? == *b"av01" { self.data(*tile, bytes) } else { Err(SHORT.into()) }
                });
                Ok(Tiles { columns, rows, size: Some((width, height)), streams: streams.collect::<Result<_>>()? })
            }
            _ => {
                let kind = kind.escape_ascii();
                Err(format!("is no AVIF but a HEIF of kind `{kind}`: save it as JPEG or PNG"))
            }
        }
    }

    fn kind(&self, item: u32) -> Result<[u8; 4]> {
        let kind = self.items.iter().find(|(number, _)| *number == item);
        Ok(kind.ok_or("is a broken AVIF: it names a picture that is not there")?.1)
    }

    fn data(&self, item: u32, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let place = self.places.iter().find(|(number, _)| *number == item);
        let (_, place) = place.ok_or("is a broken AVIF: it says not where its picture lies")?;
        let whole = if place.in_idat { self.idat } else { bytes };
        let part = |(at, length): &(u64, u64)| {
            let (at, length) = (usize::try_from(*at).ok()?, usize::try_from(*length).ok()?);
            whole.get(at..at.checked_add(length)?).filter(|part| !part.is_empty())
        };
        let parts = place.extents.iter().map(part).collect::<Option<Vec<_>>>().ok_or(SHORT)?;
        match parts[..] {
            [] => Err(SHORT.into()),
            [one] => Ok(Cow::Borrowed(one)),
            // Each octet at most once: what is larger than the file repeats itself to cost memory.
            _ if parts.iter().map(|part| part.len()).sum::<usize>() > whole.len() => Err(SHORT.into()),
            _ => Ok(Cow::Owned(parts.concat())),
        }
    }
}
