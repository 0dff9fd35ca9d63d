//! Where a mount's files stand below the content root, and which folders there are bundles.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Tree, key};
use crate::library::files::File;
use crate::library::hugo::config::Config;
use crate::library::hugo::mounts::Mount;

/// Bytes of a file's path that the mount itself takes.
pub(super) fn below(mount: &Mount) -> usize {
    if mount.source.is_empty() { 0 } else { mount.source.len() + 1 }
}

/// The folders and the name of a file below its mount; it may be mounted by itself, under another name.
pub(super) fn split<'p>(mount: &'p Mount, path: &'p str) -> (&'p str, &'p str) {
    let below = if path == mount.source {
        mount.target.last().map_or("", String::as_str)
    } else {
        path.get(below(mount)..).unwrap_or_default()
    };
    below.rsplit_once('/').unwrap_or(("", below))
}

/// The folders of a file below the content root.
pub(super) fn placed(mount: &Mount, path: &str) -> Vec<String> {
    let mut parts = mount.target.clone();
    if path == mount.source {
        parts.pop();
    }
    let (folders, _) = split(mount, path);
    parts.extend(folders.split('/').filter(|part| !part.is_empty()).map(String::from));
    parts
}

/// The folders that are bundles, below the content root.
pub(super) fn bundles(config: &Config, mount: &Mount, files: &[File]) -> Vec<String> {
    let holds = |file: &&File| {
        let (_, name) = split(mount, &file.path);
        let may_be = name.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("index"));
        may_be && Tree::name(config, mount, name).is_some_and(|name| name.is(config, "index"))
    };
    files.iter().filter(holds).map(|file| placed(mount, &file.path).join("/")).collect()
}

/// What the files of one folder share.
pub(super) struct Beside {
    pub(super) parts: Arc<[String]>,
    /// How Hugo names the folder.
    pub(super) key: String,
    /// It is a bundle.
    pub(super) bundle: bool,
    /// One above it is, and everything here belongs to it.
    pub(super) below_bundle: bool,
}

impl Beside {
    pub(super) fn new(parts: Vec<String>, bundles: &HashSet<String>) -> Self {
        let path = parts.join("/");
        // At the content root `index.md` is the home page.
        let mut above = path.match_indices('/').map(|(at, _)| &path[..at]).chain([""]);
        Self {
            key: key(&parts),
            bundle: !path.is_empty() && bundles.contains(&path),
            below_bundle: above.any(|above| bundles.contains(above)),
            parts: parts.into(),
        }
    }
}
