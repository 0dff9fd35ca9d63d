//! `digests`: what is mailed when, by whom, to whom.

use std::collections::BTreeSet;

use super::reader::Reader;
use super::values;
use crate::digest::gate::Reason;
use crate::digest::{Digest, Mailbox, Schedule, Selection, Trigger};

/// `digests.NAME`.
pub fn read(r: &mut Reader<'_>, name: &str, language: Option<&str>) -> Option<Digest> {
    let key = |rest: &str| format!("digests.{name}.{rest}");
    if let Err(what) = values::digest_name(name) {
        r.fault(&format!("digests.{name}"), &what, "e.g. `weekly`");
        return None;
    }
    let zone = r.parsed(&key("timezone"), values::zone);
    let trigger = match r.text(&key("schedule")) {
        Some(text) if text == "on_publish" => Some(Trigger::OnPublish),
        Some(_) => {
            zone.and_then(|zone| r.parsed(&key("schedule"), |text| Schedule::parse(text, zone))).map(Trigger::Cron)
        }
        None => {
            r.fault(
                &key("schedule"),
                "is missing",
                "say when it is sent, e.g. `schedule: \"0 9 * * 5\"`, `@weekly` or `on_publish`",
            );
            None
        }
    };
    let from = r.parsed(&key("from"), mailbox);
    if from.is_none() && r.text(&key("from")).is_none() {
        r.fault(&key("from"), "is missing", "say who sends it, e.g. `from: \"SOFA Weekly <weekly@example.org>\"`");
    }
    let digest = Digest {
        title: r.text(&key("title")).unwrap_or_default(),
        description: r.text(&key("description")).unwrap_or_default(),
        selection: Selection {
            sections: r.list(&key("select.sections")).unwrap_or_default(),
            tags: r.list(&key("select.tags")).unwrap_or_default(),
            categories: r.list(&key("select.categories")).unwrap_or_default(),
            authors: r.list(&key("select.authors")).unwrap_or_default(),
            languages: r.list(&key("select.languages")).unwrap_or_default(),
        },
        template: r.text(&key("template")).unwrap_or_default(),
        reply_to: r.parsed(&key("reply_to"), mailbox),
        language: r.text(&key("language")).or_else(|| language.map(str::to_owned)).unwrap_or_default(),
        catch_up: r.parsed(&key("catch_up"), values::span).unwrap_or_default(),
        hold_above: r.parsed(&key("hold_above"), values::count).unwrap_or_default(),
        time_to_live: r.parsed(&key("time_to_live"), values::span).unwrap_or_default(),
        public: r.parsed(&key("public"), values::truth).unwrap_or(true),
        // Theme and public address are the same for all, once they are read.
        ..Digest::new(name, from?, trigger?)
    };
    let title = [&digest.title, &digest.from.name, &digest.name].into_iter().find(|title| !title.is_empty())?.clone();
    Some(Digest { title, ..digest })
}

/// `digests.NAME.accept`: findings of the gate that hold up nothing.
pub fn accepted(r: &mut Reader<'_>, digest: &str) -> BTreeSet<Reason> {
    let key = format!("digests.{digest}.accept");
    let words = r.list(&key).unwrap_or_default();
    let read = |word: &String| {
        let wrong = |fault: String| {
            let (what, hint) = fault.rsplit_once("; ").unwrap_or((&fault, ""));
            r.fault(&key, what, hint);
        };
        Reason::parse(word).map_err(wrong).ok()
    };
    words.iter().filter_map(read).collect()
}

/// `Name <a@b.c>` or `a@b.c`.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text.trim()),
    };
    if name.chars().any(char::is_control) {
        return Err("has a control character in the name".to_owned());
    }
    Ok(Mailbox { name: name.to_owned(), address: values::address(address)? })
}
