//! Digests from their schedule to the rows of an Issue, and the commands about them.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod awkward;
pub mod clients;
mod commands;
mod gate;
mod identity;
mod leads;
mod oracle;
mod pictures;
mod property;
mod slots;

/// `postrider.yaml` of a weekly whose mails become files.
const WEEKLY: &str = "
site: { url: https://harbour.example.org/ }
content: { sections: [news] }
digests:
  weekly:
    title: Harbour Weekly
    schedule: \"0 9 * * 5\"
    template: letter
    from: \"Harbour <weekly@harbour.example.org>\"
mail: { url: \"folder:mails\" }
";
