//! A plain folder of Markdown, built by no generator that is known: addresses follow the paths.

use serde_json::json;

use crate::problem::Problem;

use super::Settings;
use super::files::Folder;
use super::generator::Layout;
use super::hugo;

/// Opens any folder; `site.url` must be given.
pub fn open(folder: &Folder, settings: &Settings) -> Option<Result<Box<dyn Layout>, Vec<Problem>>> {
    Some(hugo::laid_out(folder, settings, "folder", json!({"contentDir": "."}).into()))
}
