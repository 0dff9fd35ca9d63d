//! A Digest: a configured series of mails. Which posts, when, in which form, under whose name.

pub mod gate;
pub mod html;
pub mod picture;
pub mod render;
pub mod schedule;
pub mod selection;
pub mod text;
pub mod theme;

use std::sync::Arc;

use chrono::Duration;

use crate::delivery::Kind;

pub use schedule::Schedule;
pub use selection::Selection;
pub use theme::Theme;

/// One series, checked. Made by `config` from `digests.NAME`.
#[derive(Debug, Clone)]
pub struct Digest {
    /// The key in `postrider.yaml`: `[a-z0-9][a-z0-9-]{0,63}`. Part of addresses and of the List-ID; never changes.
    pub name: String,
    /// For people; the site's title where the configuration has none.
    pub title: String,
    /// One sentence for the sign-up page; may be empty.
    pub description: String,
    /// When.
    pub trigger: Trigger,
    /// Which posts.
    pub selection: Selection,
    /// `digest`, `letter`, `plain`, or the name of the owner's own folder below `templates/email`.
    pub template: String,
    /// Under whose name.
    pub from: Mailbox,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Mailbox>,
    /// BCP 47 tag of what Postrider itself says in the mail, for subscribers who named none.
    pub language: String,
    /// A Slot missed by less than this is made up once.
    pub catch_up: Duration,
    /// An Issue of more posts than this waits for a person; under `on_publish` those of the last hour count together.
    pub hold_above: usize,
    /// After this an Issue's mails that are still refused expire.
    pub time_to_live: Duration,
    /// May people sign up on the public page?
    pub public: bool,
    /// How its mails look.
    pub theme: Arc<Theme>,
    /// How the world reaches Postrider, where its pictures and its web copies are; ends in `/`.
    pub public_url: String,
}

impl Digest {
    /// Of every post, sent by `from` in English, with what the configuration has where nothing is said.
    pub fn new(name: &str, from: Mailbox, trigger: Trigger) -> Self {
        Self {
            name: name.to_owned(),
            title: name.to_owned(),
            description: String::new(),
            trigger,
            selection: Selection::default(),
            template: "digest".to_owned(),
            from,
            reply_to: None,
            language: "en".to_owned(),
            catch_up: Duration::hours(6),
            hold_above: 10,
            time_to_live: Duration::hours(72),
            public: true,
            theme: Arc::default(),
            public_url: String::new(),
        }
    }
}

/// What makes an Issue.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// A crontab(5) schedule in a time zone.
    Cron(Schedule),
    /// Every new post at once.
    OnPublish,
}

/// A name and an address as a header shows them. The name holds no control characters.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mailbox {
    /// May be empty.
    pub name: String,
    /// An address that [`crate::subscriber::Address`] takes.
    pub address: String,
}

/// One mail as all of its readers get it: rendered once, kept in the store, so that every attempt and every machine
/// sends the same bytes. `subject`, `html` and `text` hold marks for what differs between readers; see [`Hole::mark`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Row id.
    pub id: String,
    /// What it is for.
    pub kind: Kind,
    /// Name of the Digest, for List-ID and the log.
    pub digest: String,
    /// BCP 47 tag of the mail's own words.
    pub language: String,
    /// Sender.
    pub from: Mailbox,
    /// Where answers go.
    pub reply_to: Option<Mailbox>,
    /// One line.
    pub subject: String,
    /// A whole document.
    pub html: String,
    /// Lines end in `\n`.
    pub text: String,
}

/// What differs between the readers of a Rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// Page with the button to leave this digest.
    UnsubscribeUrl,
    /// Page where a reader changes what they get.
    PreferencesUrl,
    /// Page with the button that confirms (Confirmation only).
    ConfirmUrl,
    /// The reader's address, as text.
    Address,
}

impl Hole {
    /// Every hole.
    pub const ALL: [Self; 4] = [Self::UnsubscribeUrl, Self::PreferencesUrl, Self::ConfirmUrl, Self::Address];

    /// The mark of this hole in a Rendition with the id `rendition`: letters, digits and hyphens only, so that no
    /// escaping and no wrapping changes it; the id's 128 random bits keep a post from holding it.
    pub fn mark(self, rendition: &str) -> String {
        let what = match self {
            Self::UnsubscribeUrl => "unsubscribe",
            Self::PreferencesUrl => "preferences",
            Self::ConfirmUrl => "confirm",
            Self::Address => "address",
        };
        format!("hole-{rendition}-{what}")
    }
}
