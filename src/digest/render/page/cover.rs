//! A post's own picture, and how large it is shown.

use serde::Serialize;

use super::{TITLE_WIDTH, clean};
use crate::digest::picture::Pictures;
use crate::digest::{html, text};
use crate::post::FullPost;
use crate::template::wrap;

/// Columns and rows of pixels of a cover, above its post and beside a title.
const LARGE: (u32, u32) = (600, 480);
const SMALL: (u32, u32) = (120, 160);

/// As templates are given it.
#[derive(Debug, Serialize)]
pub struct Picture {
    url: String,
    alt: String,
    /// In pixels; 0 where it is not known.
    width: u32,
    height: u32,
    /// The same as it is shown above its post: as wide as the mail, but neither blown up nor taller than a screen.
    large: Size,
    /// And beside a title.
    small: Size,
    /// Does the content show it too?
    in_content: bool,
}

/// Pixels of a picture as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Size {
    width: u32,
    /// 0 where it is not known.
    height: u32,
}

impl Size {
    /// That of a picture of `width` and `height` inside of `most`; all of its width where the picture's is not known.
    fn within(most: (u32, u32), width: u32, height: u32) -> Self {
        if width == 0 || height == 0 {
            return Self { width: most.0, height: 0 };
        }
        let shown = width.min(most.0);
        let high = html::scaled(height, shown, width);
        if high <= most.1 {
            return Self { width: shown, height: high };
        }
        Self { width: html::scaled(width, most.1, height), height: most.1 }
    }
}

/// The one of `post`.
pub fn cover(post: &FullPost, pictures: &Pictures) -> Option<Picture> {
    let cover = post.shown.cover.as_ref()?;
    let html = &post.shown.html;
    let place = pictures.place(&cover.url);
    let (width, height) = place.map_or((0, 0), |place| (place.width, place.height));
    Some(Picture {
        url: place.map_or(&cover.url, |place| &place.url).clone(),
        alt: if text::is_file_name(&cover.alt) { String::new() } else { wrap::cut(&clean(&cover.alt), TITLE_WIDTH) },
        width,
        height,
        large: Size::within(LARGE, width, height),
        small: Size::within(SMALL, width, height),
        in_content: html.contains(&cover.url) || html.contains(&cover.url.replace('&', "&amp;")),
    })
}
