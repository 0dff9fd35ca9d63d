//! Reading folders: regular files only, links never followed.

use std::collections::BTreeMap;
use std::path::Path;

/// All UTF-8 texts below `folder`, by their path below it (`/` between parts): the owner's templates.
pub fn texts(folder: &Path) -> std::io::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file()
            && let Ok(below) = entry.path().strip_prefix(folder)
        {
            let name = below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            texts.insert(name, fs_err::read_to_string(entry.path())?);
        }
    }
    Ok(texts)
}
