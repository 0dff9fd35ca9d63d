//! What has to be known of elements before the tags in them are read: the rewriter sees one tag after the other.

use std::vec::IntoIter;

use crate::digest::text::is_file_name;
use crate::post::flow::{Tag, decoded, tags};
use crate::post::sanitize::CHECKBOXES;

/// Of all elements of a name, in order.
#[derive(Debug)]
pub struct Ahead {
    /// Does the item begin with a box to tick?
    pub boxed: IntoIter<bool>,
    /// Does the quotation show nothing to whoever sees no pictures?
    pub wordless: IntoIter<bool>,
    /// Has the table a word that is too long for a telephone?
    pub wordy: IntoIter<bool>,
}

impl Ahead {
    /// Of `html`.
    pub fn of(html: &str) -> Self {
        let (mut boxed, mut wordless, mut wordy) = (Vec::new(), Vec::new(), Vec::new());
        // Those that are open, by their number; of quotations, whether they have words.
        let mut tables: Vec<usize> = Vec::new();
        let mut quotes: Vec<(usize, bool)> = Vec::new();
        let mut said_to = 0;
        for tag in tags(html) {
            let text = &html[said_to..tag.range.start];
            said_to = tag.range.end;
            if !tables.is_empty() && is_long(text) {
                for table in &tables {
                    wordy[*table] = true;
                }
            }
            if !quotes.is_empty() && (says(text) || is_described(&tag)) {
                for (_, has_words) in &mut quotes {
                    *has_words = true;
                }
            }
            match (tag.name, tag.closes) {
                ("li", false) => {
                    let inside = html[tag.range.end..].trim_start();
                    boxed.push(inside.strip_prefix("<p>").unwrap_or(inside).trim_start().starts_with(CHECKBOXES));
                }
                ("table", false) => {
                    tables.push(wordy.len());
                    wordy.push(false);
                }
                ("table", true) => drop(tables.pop()),
                ("blockquote", false) => {
                    quotes.push((wordless.len(), false));
                    wordless.push(false);
                }
                ("blockquote", true) => {
                    if let Some((number, false)) = quotes.pop() {
                        wordless[number] = true;
                    }
                }
                _ => {}
            }
        }
        Self { boxed: boxed.into_iter(), wordless: wordless.into_iter(), wordy: wordy.into_iter() }
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
