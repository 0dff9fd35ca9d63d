//! `feeds`: what is in the feeds, and how they are published.

use super::reader::Reader;
use super::values;
use crate::feed::{Archives, Family, Settings};

/// The checked settings. `public_url` is where the feeds are served.
pub fn read(r: &mut Reader<'_>, public_url: &str) -> Settings {
    Settings {
        entries: r.parsed("feeds.entries", values::count).unwrap_or_default(),
        max_bytes: r.parsed("feeds.max_bytes", values::size).unwrap_or_default(),
        by: r.list("feeds.by").unwrap_or_default().iter().filter_map(|word| r.word("feeds.by", word)).collect(),
        public_url: public_url.to_owned(),
        archives: match r.parsed("feeds.archives", |word| values::one_of(word, &["none", "site", "all"])).as_deref() {
            Some("none") => Archives::None,
            Some("all") => Archives::All,
            _ => Archives::Site,
        },
        copyright: r.text("feeds.copyright"),
        image: r.text("feeds.image"),
        icon: r.text("feeds.icon"),
        hubs: hubs(r),
        tombstones: r.parsed("feeds.tombstones", values::truth).unwrap_or(false),
        deltas: r.parsed("feeds.deltas", values::truth).unwrap_or(false),
    }
}

fn hubs(r: &mut Reader<'_>) -> Vec<String> {
    let mut hubs = Vec::new();
    for text in r.list("feeds.hubs").unwrap_or_default() {
        match values::hub(&text) {
            Ok(hub) => hubs.push(hub),
            Err(what) => r.fault("feeds.hubs", &what, "e.g. `[https://pubsubhubbub.appspot.com/]`"),
        }
    }
    hubs
}

impl Reader<'_> {
    /// A word of a closed list, by serde's names.
    fn word(&mut self, key: &str, word: &str) -> Option<Family> {
        serde_json::from_value(serde_json::Value::String(word.to_owned()))
            .map_err(|_| {
                let hint = "one of tag, category, author, section, language";
                self.fault(key, &format!("does not know `{word}`"), hint);
            })
            .ok()
    }
}
