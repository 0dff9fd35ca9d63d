//! What has to be known of elements before the tags in them are read: the rewriter sees one tag after the other.

use std::collections::HashSet;

use crate::digest::text::is_file_name;
use crate::post::flow::{Tag, decoded, tags};
use crate::post::sanitize::CHECKBOXES;

/// Elements by their number among those of their name.
#[derive(Debug, Default)]
pub struct Ahead {
    /// Items that begin with a box to tick.
    pub boxes: HashSet<usize>,
    /// Quotations that show nothing to whoever sees no pictures.
    pub wordless: HashSet<usize>,
    /// Tables with a word that is too long for a telephone.
    pub wordy: HashSet<usize>,
}

impl Ahead {
    /// Of `html`.
    pub fn of(html: &str) -> Self {
        let mut ahead = Self::default();
        let (mut items, mut quotes, mut tables) = (0, 0, 0);
        // Those that are open.
        let mut around: Vec<usize> = Vec::new();
        // Quotations that are open, and whether they have words.
        let mut open: Vec<(usize, bool)> = Vec::new();
        let mut said_to = 0;
        for tag in tags(html) {
            let text = &html[said_to..tag.range.start];
            said_to = tag.range.end;
            if !around.is_empty() && is_long(text) {
                ahead.wordy.extend(&around);
            }
            let words = says(text) || is_described(&tag);
            if words {
                for (_, has_words) in &mut open {
                    *has_words = true;
                }
            }
            match (tag.name, tag.closes) {
                ("li", false) => {
                    let inside = html[tag.range.end..].trim_start();
                    if inside.strip_prefix("<p>").unwrap_or(inside).trim_start().starts_with(CHECKBOXES) {
                        ahead.boxes.insert(items);
                    }
                    items += 1;
                }
                ("table", false) => {
                    around.push(tables);
                    tables += 1;
                }
                ("table", true) => drop(around.pop()),
                ("blockquote", false) => {
                    open.push((quotes, false));
                    quotes += 1;
                }
                ("blockquote", true) => {
                    if let Some((number, false)) = open.pop() {
                        ahead.wordless.insert(number);
                    }
                }
                _ => {}
            }
        }
        ahead
    }
}

fn says(text: &str) -> bool {
    decoded(text).contains(|char: char| !char.is_whitespace())
}

fn is_described(tag: &Tag<'_>) -> bool {
    tag.name == "img" && tag.attribute("alt").is_some_and(|alt| !alt.trim().is_empty() && !is_file_name(&alt))
}

/// Is a word too long for a telephone? Only then are those of its table broken anywhere: a client that may do so makes narrow columns
/// as narrow as a letter.
fn is_long(text: &str) -> bool {
    const LONG: usize = 24;
    text.split(|c: char| c.is_whitespace() || c >= '\u{2E80}').any(|word| word.chars().count() > LONG)
}
