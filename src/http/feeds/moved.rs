//! Addresses of feeds that are not ours any more, or never were: renamed, withdrawn, spelled otherwise, or the old generator's.

use crate::feed::Format;
use crate::feed::legacy;
use crate::feed::past::Fate;
use crate::http::Published;

/// Where the feed is that an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// The path of a document that there is, decoded.
    At(String),
    /// There was one, and it was withdrawn.
    Nowhere,
}

/// For a `path` (decoded, without its first slash) that no document has. `None`: it means no feed that there is or was.
pub fn find(published: &Published, path: &str) -> Option<Elsewhere> {
    let is_there = |folder: &str| published.documents.contains_key(&format!("{folder}{}", Format::Rss.file_name()));
    let format = Format::ALL.into_iter().find(|format| path.strip_suffix(format.file_name()).is_some_and(is_folder));
    let own = format.map(|format| (path.strip_suffix(format.file_name()).unwrap_or(path), format));
    // An archive of a feed that is no more is where the feed is.
    let own = own.map(|(folder, format)| (folder.split("archives/").next().unwrap_or(folder).to_owned(), format));
    let of_the_past = own.filter(|(folder, _)| published.past.fate(folder).is_some());
    let is_known = |folder: &str| is_there(folder) || published.past.fate(folder).is_some();
    let (folder, format) = of_the_past.or_else(|| legacy::target(path, &is_known))?;
    match published.past.fate(&folder) {
        Some(Fate::Withdrawn) => Some(Elsewhere::Nowhere),
        Some(Fate::Moved(to)) if is_there(to) => Some(Elsewhere::At(format!("{to}{}", format.file_name()))),
        Some(Fate::Moved(_)) => None,
        None => Some(Elsewhere::At(format!("{folder}{}", format.file_name()))),
    }
}

fn is_folder(before: &str) -> bool {
    before.is_empty() || before.ends_with('/')
}
