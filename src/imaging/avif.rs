//! AVIF: boxes around streams of AV1, which `re_rav1d` decodes. That holds `unsafe`, and is one of the reasons why nothing is
//! decoded in the program's own process.

mod boxes;

use std::panic::{self, AssertUnwindSafe};

use image::{DynamicImage, RgbaImage};
use re_rav1d::dav1d::pixel::{ColorPrimaries, MatrixCoefficients, TransferCharacteristic, YUVRange};
use re_rav1d::dav1d::{Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings};

use self::boxes::{Change, CodePoints, Tiles};
use super::{MOST_PIXELS, Made, raster};

/// How often a stream may ask for more before it gives its picture. Each layer asks once or twice.
const PATIENCE: usize = 64;

/// Decodes it, brings its colours to those of mails, turns it as it says, makes it at most [`WIDEST`] columns wide.
///
/// [`WIDEST`]: crate::digest::picture::WIDEST
pub fn made(bytes: &[u8]) -> Result<Made, String> {
    let file = boxes::read(bytes)?;
    let mut image = coloured(&file.colour, file.code_points, file.profile.is_some())?;
    if let Some(alpha) = &file.alpha {
        see_through(&mut image, alpha, file.premultiplied)?;
    }
    let image = file.changes.iter().fold(DynamicImage::from(image), changed);
    raster::fitted(image, false, file.profile.map(<[u8]>::to_vec)).map_err(|error| format!("is a broken AVIF: {error}"))
}

fn changed(image: DynamicImage, change: &Change) -> DynamicImage {
    match change {
        Change::Turn(1) => image.rotate270(),
        Change::Turn(2) => image.rotate180(),
        Change::Turn(3) => image.rotate90(),
        Change::Turn(_) => image,
        Change::TopToBottom => image.flipv(),
        Change::LeftToRight => image.fliph(),
        // One that makes no sense is passed over: better too much of a picture than nothing of it.
        Change::CutOut(cut) => match cut_out(cut, image.width(), image.height()) {
            Some((x, y, width, height)) => image.crop_imm(x, y, width, height),
            None => image,
        },
    }
}

/// ISO/IEC 14496-12 §12.1.4: left, top, width and height in whole pixels.
fn cut_out(cut: &[(i64, i64); 4], columns: u32, rows: u32) -> Option<(u32, u32, u32, u32)> {
    let side = |length: (i64, i64), offset: (i64, i64), of: u32| {
        let whole = length.0.checked_div(length.1)?;
        // Twice the distance from the edge, as the middle may lie between two pixels.
        let twice = i64::from(of) - whole + (2 * offset.0).checked_div(offset.1)?;
        let (from, whole) = (u32::try_from(twice / 2).ok()?, u32::try_from(whole).ok()?);
        (twice >= 0 && whole > 0 && from.checked_add(whole)? <= of).then_some((from, whole))
    };
    let (x, width) = side(cut[0], cut[2], columns)?;
    let (y, height) = side(cut[1], cut[3], rows)?;
    Some((x, y, width, height))
}

/// The picture in one stream.
fn decoded(stream: &[u8]) -> Result<Picture, String> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(u32::try_from(MOST_PIXELS).unwrap_or(u32::MAX));
    let mut decoder = Decoder::with_settings(&settings).map_err(why)?;
    let mut sent = decoder.send_data(stream.to_vec(), None, None, None);
    for _ in 0..PATIENCE {
        match sent {
            Ok(()) | Err(Error::Again) => {}
            Err(error) => return Err(why(error)),
        }
        match decoder.get_picture() {
            Err(Error::Again) => sent = decoder.send_pending_data(),
            picture => return picture.map_err(why),
        }
    }
    Err("is a broken AVIF: there is no picture in its stream".to_owned())
}

fn why(error: Error) -> String {
    match error {
        Error::NotEnoughMemory => "is an AVIF that takes too much memory: save it smaller",
        Error::UnsupportedBitstream => "is an AVIF of a kind that is not known here: save it as JPEG or PNG",
        _ => "is a broken AVIF: its stream cannot be decoded",
    }
    .to_owned()
}

/// Calls `each` with every tile and the place of its left upper corner; the size of the whole.
fn every_tile(
    tiles: &Tiles<'_>,
    mut each: impl FnMut(&Picture, (u32, u32), (u32, u32)) -> Result<(), String>,
) -> Result<(), String> {
    let mut first = None;
    for (at, stream) in (0_u32..).zip(&tiles.streams) {
        let tile = decoded(stream)?;
        let size = (tile.width(), tile.height());
        let (columns, rows) = *first.get_or_insert(size);
        let whole = tiles.size.unwrap_or(size);
        super::bounded(whole.0, whole.1)?;
        // None too few and none too many, of which each would cost work.
        let fit = |tile: u32, count: u32, whole: u32| whole > 0 && whole.div_ceil(tile.max(1)) == count;
        if size != (columns, rows) || !fit(columns, tiles.columns, whole.0) || !fit(rows, tiles.rows, whole.1) {
            return Err("is a broken AVIF: its tiles do not fit together".to_owned());
        }
        each(&tile, (at % tiles.columns * columns, at / tiles.columns * rows), whole)?;
    }
    Ok(())
}

/// All of it, seen through nowhere.
fn coloured(tiles: &Tiles<'_>, said: Option<CodePoints>, has_profile: bool) -> Result<RgbaImage, String> {
    let mut image = RgbaImage::default();
    let mut matrix = None;
    every_tile(tiles, |tile, (left, top), (width, height)| {
        if image.is_empty() {
            image = RgbaImage::new(width, height);
            matrix = if has_profile { None } else { gamut(tile, said)? };
        }
        let model = Model::of(tile, said)?;
        let planes = Planes::of(tile);
        let mut colours = [Vec::new(), Vec::new(), Vec::new()];
        for y in 0..tile.height().min(height.saturating_sub(top)) {
            planes.row(y, &mut colours);
            let columns = tile.width().min(width.saturating_sub(left));
            for x in 0..columns {
                let at = x as usize;
                let [red, green, blue] = model.rgb(colours[0][at], colours[1][at], colours[2][at]);
                image.put_pixel(left + x, top + y, image::Rgba([red, green, blue, u8::MAX]));
            }
        }
        Ok(())
    })?;
    if let Some(matrix) = matrix {
        narrowed(&mut image, matrix);
    }
    Ok(image)
}

/// What shines through, of a picture's own.
fn see_through(image: &mut RgbaImage, tiles: &Tiles<'_>, premultiplied: bool) -> Result<(), String> {
    every_tile(tiles, |tile, (left, top), size| {
        if size != image.dimensions() {
            return Err("is a broken AVIF: what shines through is of another size".to_owned());
        }
        let planes = Planes::of(tile);
        let scale = Scale::of(tile, tile.color_range() == YUVRange::Full);
        let mut colours = [Vec::new(), Vec::new(), Vec::new()];
        for y in 0..tile.height().min(size.1.saturating_sub(top)) {
            planes.row(y, &mut colours);
            for x in 0..tile.width().min(size.0.saturating_sub(left)) {
                let alpha = octet(scale.luma(colours[0][x as usize]));
                let pixel = image.get_pixel_mut(left + x, top + y);
                if premultiplied && alpha > 0 {
                    for colour in &mut pixel.0[..3] {
                        *colour = octet(f32::from(*colour) / f32::from(alpha));
                    }
                }
                pixel.0[3] = alpha;
            }
        }
        Ok(())
    })
}

/// From 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn octet(share: f32) -> u8 {
    (share * 255.0).round() as u8
}

/// The planes of a picture, of which those of colour may have half the columns and rows.
struct Planes {
    octets: Vec<re_rav1d::dav1d::Plane>,
    /// In octets: of the first plane, of the others.
    strides: [usize; 2],
    wide: bool,
    width: usize,
    height: usize,
    halved: (bool, bool),
}

impl Planes {
    fn of(picture: &Picture) -> Self {
        use PlanarImageComponent::{U, V, Y};
        let layout = picture.pixel_layout();
        let kinds = if layout == PixelLayout::I400 { &[Y][..] } else { &[Y, U, V] };
        Self {
            octets: kinds.iter().map(|kind| picture.plane(*kind)).collect(),
            strides: [Y, U].map(|kind| picture.stride(kind) as usize),
            wide: picture.bit_depth() > 8,
            width: picture.width() as usize,
            height: picture.height() as usize,
            halved: (matches!(layout, PixelLayout::I420 | PixelLayout::I422), layout == PixelLayout::I420),
        }
    }

    /// The three samples of every pixel in row `y`. What lies between two samples of a smaller plane is mixed of both; one that is
    /// not there is zero.
    fn row(&self, y: u32, out: &mut [Vec<f32>; 3]) {
        let y = y as usize;
        for (plane, out) in out.iter_mut().enumerate() {
            out.clear();
            let Some(octets) = self.octets.get(plane) else {
                out.resize(self.width, 0.0);
                continue;
            };
            let (octets, stride): (&[u8], _) = (octets, self.strides[plane.min(1)]);
            let sample = |x: usize, y: usize| {
                if self.wide {
                    let at = y * stride + 2 * x;
                    f32::from(u16::from_ne_bytes([octets[at], octets[at + 1]]))
                } else {
                    f32::from(octets[y * stride + x])
                }
            };
            let halved = if plane == 0 { (false, false) } else { self.halved };
            let (near, far) = pair(y, self.height, halved.1);
            let mixed = |x: usize| 0.75 * sample(x, near) + 0.25 * sample(x, far);
            out.extend((0..self.width).map(|x| match pair(x, self.width, halved.0) {
                (near, far) if near == far => mixed(near),
                (near, far) => 0.75 * mixed(near) + 0.25 * mixed(far),
            }));
        }
    }
}

/// The samples to both sides of pixel `at`, the nearer one first, of a plane with one for two pixels, which stands between them.
fn pair(at: usize, of: usize, is_halved: bool) -> (usize, usize) {
    if !is_halved {
        return (at, at);
    }
    let near = at / 2;
    let far = if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(of.div_ceil(2) - 1) };
    (near, far)
}

/// What a sample means (ITU-T H.273 §8.3).
#[derive(Clone, Copy)]
struct Scale {
    /// Least of luma, its range, middle of chroma, its range.
    luma: (f32, f32),
    chroma: (f32, f32),
}

impl Scale {
    fn of(picture: &Picture, is_full: bool) -> Self {
        let bits = picture.bits_per_component().map_or(8, |bits| bits.0);
        let one = f32::from(1_u16 << (bits.clamp(8, 12) - 8));
        let most = 256.0 * one - 1.0;
        if is_full {
            Self { luma: (0.0, most), chroma: (128.0 * one, most) }
        } else {
            Self { luma: (16.0 * one, 219.0 * one), chroma: (128.0 * one, 224.0 * one) }
        }
    }

    /// From 0 to 1.
    fn luma(self, sample: f32) -> f32 {
        (sample - self.luma.0) / self.luma.1
    }

    /// From -½ to ½.
    fn chroma(self, sample: f32) -> f32 {
        (sample - self.chroma.0) / self.chroma.1
    }
}

/// What the stream says; `None` for a code point that H.273 keeps for later, at which the decoder's own table panics.
fn known<T>(ask: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(ask)).ok()
}

/// How samples become red, green and blue.
struct Model {
    scale: Scale,
    matrix: Matrix,
}

enum Matrix {
    Grey,
    /// Green, blue and red as they are.
    Identity,
    /// Shares of red and blue in luma.
    Luma(f32, f32),
}

impl Model {
    fn of(picture: &Picture, said: Option<CodePoints>) -> Result<Self, String> {
        use MatrixCoefficients as Of;
        let is_full = said.map_or(picture.color_range() == YUVRange::Full, |said| said.full_range);
        let matrix = said.map_or(2, |said| said.matrix);
        let layout = picture.pixel_layout();
        let unknown =
            || Err("is an AVIF whose colours are mixed as is not known here: save it as JPEG or PNG".to_owned());
        let matrix = match (matrix, known(|| picture.matrix_coefficients()).unwrap_or(Of::Unspecified)) {
            _ if layout == PixelLayout::I400 => Matrix::Grey,
            (0, _) | (2, Of::Identity) if layout == PixelLayout::I444 => Matrix::Identity,
            (1, _) | (2, Of::BT709) => Matrix::Luma(0.2126, 0.0722),
            (4, _) | (2, Of::BT470M) => Matrix::Luma(0.30, 0.11),
            (5 | 6, _) | (2, Of::BT470BG | Of::ST170M | Of::Unspecified) => Matrix::Luma(0.299, 0.114),
            (7, _) | (2, Of::ST240M) => Matrix::Luma(0.212, 0.087),
            (9, _) | (2, Of::BT2020NonConstantLuminance) => Matrix::Luma(0.2627, 0.0593),
            _ => return unknown(),
        };
        Ok(Self { scale: Scale::of(picture, is_full), matrix })
    }

    fn rgb(&self, first: f32, second: f32, third: f32) -> [u8; 3] {
        let luma = self.scale.luma(first);
        match self.matrix {
            Matrix::Grey => [octet(luma); 3],
            Matrix::Identity => [octet(self.scale.luma(third)), octet(luma), octet(self.scale.luma(second))],
            Matrix::Luma(red, blue) => {
                let (b, r) = (self.scale.chroma(second), self.scale.chroma(third));
                let (b, r) = (luma + 2.0 * (1.0 - blue) * b, luma + 2.0 * (1.0 - red) * r);
                let g = (luma - red * r - blue * b) / (1.0 - red - blue);
                [octet(r), octet(g), octet(b)]
            }
        }
    }
}

/// From linear light of Display P3 to that of sRGB.
const P3: [[f32; 3]; 3] = [[1.2249, -0.2249, 0.0], [-0.0420, 1.0420, 0.0], [-0.0197, -0.0786, 1.0983]];
/// The same from BT.2020.
const BT2020: [[f32; 3]; 3] = [[1.6605, -0.5877, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1188]];

/// What brings the colours to those that a JPEG without a profile has; `None` where they are, or nearly.
fn gamut(picture: &Picture, said: Option<CodePoints>) -> Result<Option<[[f32; 3]; 3]>, String> {
    use TransferCharacteristic as Of;
    match (said.map_or(2, |said| said.transfer), known(|| picture.transfer_characteristic()).unwrap_or(Of::Unspecified))
    {
        (8 | 9 | 10 | 16 | 17 | 18, _)
        | (
            2,
            Of::Linear
            | Of::Logarithmic100
            | Of::Logarithmic316
            | Of::PerceptualQuantizer
            | Of::ST428
            | Of::HybridLogGamma,
        ) => {
            return Err("is an AVIF of more brightness than mails show (HDR): save it as JPEG".to_owned());
        }
        _ => {}
    }
    Ok(
        match (
            said.map_or(2, |said| said.primaries),
            known(|| picture.color_primaries()).unwrap_or(ColorPrimaries::Unspecified),
        ) {
            (11 | 12, _) | (2, ColorPrimaries::P3DCI | ColorPrimaries::P3Display) => Some(P3),
            (9, _) | (2, ColorPrimaries::BT2020) => Some(BT2020),
            _ => None,
        },
    )
}

fn narrowed(image: &mut RgbaImage, matrix: [[f32; 3]; 3]) {
    // IEC 61966-2-1.
    let linear: Vec<f32> = (0..=u8::MAX)
        .map(|octet| {
            let share = f32::from(octet) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        })
        .collect();
    for pixel in image.pixels_mut() {
        let [red, green, blue] = [0, 1, 2].map(|at| linear[usize::from(pixel.0[at])]);
        for (colour, row) in pixel.0.iter_mut().zip(matrix) {
            let share = (row[0] * red + row[1] * green + row[2] * blue).clamp(0.0, 1.0);
            *colour = octet(if share <= 0.003_130_8 { 12.92 * share } else { 1.055 * share.powf(1.0 / 2.4) - 0.055 });
        }
    }
}

#[cfg(test)]
mod tests;
