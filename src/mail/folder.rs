//! A folder of `.eml` files: every mail that would have left, to be looked at with any mail program.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::reply::{self, Refusal};
use super::transport::{Attempt, Mail, Stage};
use crate::crypto;
use crate::delivery::{Outcome, Verdict};
use crate::sabotage::point;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    /// Name of each Message-ID's file, so that a repeat replaces it.
    names: Arc<Mutex<HashMap<String, String>>>,
}

impl Folder {
    /// Makes the folder where there is none.
    pub fn open(path: &Path) -> Result<Self, String> {
        let names = Self::read(path).map_err(|error| format!("the mail folder cannot be used: {error}"))?;
        Ok(Self { path: path.to_owned(), names: Arc::new(Mutex::new(names)) })
    }

    fn read(path: &Path) -> io::Result<HashMap<String, String>> {
        fs_err::create_dir_all(path)?;
        let mut names = HashMap::new();
        for entry in fs_err::read_dir(path)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            if let Some((_, id)) = name.strip_suffix(".eml").and_then(|stem| stem.split_once('-')) {
                names.insert(id.to_owned(), name.clone());
            }
        }
        Ok(names)
    }

    /// Writes one mail: whole or not at all, and on disk when it counts as accepted.
    pub async fn send(&self, mail: &Mail<'_>) -> Attempt {
        let id = file_id(mail.message_id);
        let name = self.name(&id, mail.date);
        let (folder, text, file) = (self.path.clone(), mail.text.to_string(), name.clone());
        let written = tokio::task::spawn_blocking(move || write(&folder, &file, &text)).await;
        let error = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        match error {
            None => {
                self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(id, name.clone());
                let outcome = Outcome { verdict: Verdict::Accepted, code: 250, text: name };
                Attempt { stage: Stage::Dot, outcome }
            }
            // A full disk or a missing right can pass, and is no fault of this one mail.
            Some(error) => reply::attempt(Stage::Connect, &Refusal::lost(error), false),
        }
    }

    fn name(&self, id: &str, date: DateTime<Utc>) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(id).cloned().unwrap_or_else(|| format!("{}-{id}.eml", date.format("%Y%m%dT%H%M%S%.3fZ")))
    }
}

/// A Message-ID as part of a file's name: itself where that is safe, with a hash where something had to go.
fn file_id(message_id: &str) -> String {
    let safe: String = message_id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "@._+=".contains(c) { c } else { '_' })
        .take(120)
        .collect();
    if safe == message_id { safe } else { format!("{safe}_{}", &crypto::sha256_hex(message_id.as_bytes())[..16]) }
}

fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    // `.part` is no `.eml`: a program that watches the folder never sees half a mail. Its name has no date in it, so that the
    // next attempt at the same mail takes the place of one that died.
    let unfinished = folder.join(format!(".{}.part", name.split_once('-').map_or(name, |(_, id)| id)));
    let whole = (|| {
        // It holds an address and the links of its reader: for our own eyes only, as the database.
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        point!("before writing");
        file.write_all(text.as_bytes())?;
        point!("before sync");
        file.sync_all()?;
        point!("before renaming");
        fs_err::rename(&unfinished, folder.join(name))?;
        point!("after renaming");
        // The rename itself is on disk only when the folder is.
        fs_err::File::open(folder)?.sync_all()
    })();
    if whole.is_err() {
        let _ = fs_err::remove_file(&unfinished);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn mails_are_for_our_own_eyes() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "one.eml", "To: reader@example.org\r\n").expect("written");
        let mode = fs_err::metadata(folder.path().join("one.eml")).expect("the file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }

    #[test]
    fn names_are_safe_and_apart() {
        assert_eq!(file_id("abc@example.org"), "abc@example.org");
        assert!(file_id("../../etc/passwd").starts_with(".._.._etc_passwd_"));
        assert_ne!(file_id("a/b"), file_id("a:b"));
        assert!(file_id(&"x".repeat(400)).len() < 140);
    }
}
