//! Drawings (SVG), drawn as pictures of pixels. Nothing beside the file is loaded but the machine's own fonts.

use std::sync::Arc;

use image::{DynamicImage, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Family, Query};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

use super::{Made, raster};
use crate::digest::picture::WIDEST;

/// Pixels to one of the drawing, where it is small: telephones have two or three in the place of one.
const SHARPNESS: f32 = 2.0;
/// Pixels of what is drawn.
const MOST_DRAWN: f32 = 12_000_000.0;

/// Draws it at most [`WIDEST`] columns wide.
pub fn made(bytes: &[u8]) -> Result<Made, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is an SVG whose text is not UTF-8: save it as PNG")?;
    let mut options = Options {
        image_href_resolver: ImageHrefResolver {
            // What an `<image>` names is neither read from this machine nor fetched; what it holds itself is drawn.
            resolve_string: Box::new(|_, _| None),
            ..ImageHrefResolver::default()
        },
        ..Options::default()
    };
    if text.contains("<text") {
        let fonts = fonts().ok_or(
            "is an SVG with words, and this machine has no font to draw them with: install one, or save it as PNG",
        )?;
        options.fontdb = Arc::new(fonts);
    }
    let tree = Tree::from_str(text, &options).map_err(|error| format!("is a broken SVG: {error}"))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    #[expect(clippy::cast_precision_loss, reason = "a small number of pixels")]
    let widest = WIDEST as f32;
    let scale = (widest / width).min(SHARPNESS).min((MOST_DRAWN / (width * height)).sqrt());
    let (columns, rows) = (whole(width * scale), whole(height * scale));
    let mut pixels = Pixmap::new(columns, rows).ok_or("is an SVG without a size: save it as PNG")?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let image =
        RgbaImage::from_raw(columns, rows, pixels.take_demultiplied()).ok_or("is an SVG that cannot be drawn")?;
    let (kind, bytes) =
        raster::encoded(DynamicImage::from(image), false, None).map_err(|error| format!("cannot be drawn: {error}"))?;
    let shown = (widest / width).min(1.0).min(scale);
    Ok(Made { kind, width: whole(width * shown), height: whole(height * shown), bytes })
}

/// The nearest number of pixels; at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and what is too large is refused"
)]
fn whole(length: f32) -> u32 {
    (length.round() as u32).max(1)
}

/// The machine's; `None` where it has none. A family that is not there is drawn in another one, not left out.
fn fonts() -> Option<Database> {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    let usual = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica"];
    let is_there =
        |family: &str| fonts.query(&Query { families: &[Family::Name(family)], ..Query::default() }).is_some();
    let first = || fonts.faces().find_map(|face| face.families.first().map(|(name, _)| name.clone()));
    let family = usual.iter().find(|family| is_there(family)).map(|family| (*family).to_owned()).or_else(first)?;
    for generic in [Family::Serif, Family::SansSerif, Family::Monospace, Family::Cursive, Family::Fantasy] {
        if fonts.query(&Query { families: &[generic], ..Query::default() }).is_some() {
            continue;
        }
        match generic {
            Family::Serif => fonts.set_serif_family(&family),
            Family::SansSerif => fonts.set_sans_serif_family(&family),
            Family::Monospace => fonts.set_monospace_family(&family),
            Family::Cursive => fonts.set_cursive_family(&family),
            _ => fonts.set_fantasy_family(&family),
        }
    }
    Some(fonts)
}
