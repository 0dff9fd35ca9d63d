//! Where sections begin, and what each is for.

use std::ops::Range;

use super::super::flow::{Flow, Kind, Line};
use super::{marks, roles::Roles};

/// More characters are a sentence in bold, not a heading.
const LONGEST_BOLD: usize = 60;

/// The level of a line in bold that serves as a heading.
const BOLD: u8 = 7;

/// A section as lines of the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Plain text.
    pub heading: String,
    /// See [`super::Section::level`].
    pub level: u8,
    /// Its own, else that of the nearest heading above it that has one.
    pub role: Option<String>,
    /// Without the heading's.
    pub lines: Range<usize>,
}

/// The sections of a page. What stands before the first heading is one only where it shows something.
pub fn parts(flow: &Flow<'_>, roles: &Roles) -> Vec<Part> {
    let mut parts = vec![Part::default()];
    // Headings that the current one stands below, outermost first: a level once at most.
    let mut above: Vec<(u8, Option<String>)> = Vec::new();
    let mut at = 0;
    while at < flow.lines.len() {
        let current = parts.last().and_then(|part| part.role.as_deref());
        let Some(heading) = heading(flow, at, roles, current) else {
            at += 1;
            continue;
        };
        while above.last().is_some_and(|(level, _)| *level >= heading.level) {
            above.pop();
        }
        let inherited = above.iter().rev().find_map(|(_, role)| role.clone());
        above.push((heading.level, heading.role.clone()));
        if let Some(last) = parts.last_mut() {
            last.lines.end = at;
        }
        parts.push(Part {
            heading: heading.text,
            level: heading.level,
            role: heading.role.or(inherited),
            lines: heading.end..heading.end,
        });
        at = heading.end;
    }
    if let Some(last) = parts.last_mut() {
        last.lines.end = flow.lines.len();
    }
    parts.retain(|part| part.level > 0 || !part.lines.is_empty());
    parts
}

struct Heading {
    text: String,
    level: u8,
    role: Option<String>,
    /// The line behind it.
    end: usize,
}

fn heading(flow: &Flow<'_>, at: usize, roles: &Roles, current: Option<&str>) -> Option<Heading> {
    let line = &flow.lines[at];
    let previous = at.checked_sub(1).map(|at| &flow.lines[at]);
    if previous.is_some_and(|previous| previous.block == line.block) {
        return None;
    }
    let role = |text: &str| roles.of_heading(text).map(str::to_owned);
    if let Kind::Heading(level) = line.kind {
        let end =
            (at + 1..flow.lines.len()).find(|next| flow.lines[*next].block != line.block).unwrap_or(flow.lines.len());
        let text = flow.lines[at..end].iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '*').to_owned();
        return (!text.is_empty()).then(|| Heading { role: role(&text), text, level, end });
    }
    if line.kind != Kind::Text || line.quoted || line.text.is_empty() || line.text.chars().nth(LONGEST_BOLD).is_some() {
        return None;
    }
    // `##Heading`, which Markdown takes for a paragraph.
    let bare = line.text.trim_start_matches('#');
    let hashes = line.text.len() - bare.len();
    if (2..=6).contains(&hashes) && !bare.starts_with(|c: char| c.is_ascii_digit()) && !bare.trim().is_empty() {
        let level = u8::try_from(hashes).unwrap_or(BOLD);
        return Some(Heading { text: bare.trim().to_owned(), level, role: role(bare), end: at + 1 });
    }
    let alone = flow.lines.get(at + 1).is_none_or(|next| next.block != line.block);
    is_bold_heading(line, alone, roles, current).then(|| Heading {
        text: line.text.clone(),
        level: BOLD,
        role: role(&line.text),
        end: at + 1,
    })
}

/// A line in bold that tells a role is a heading wherever it stands; another only where it stands alone and where bold
/// lines do not stand for something else: who asks, or a task's project.
fn is_bold_heading(line: &Line, alone: bool, roles: &Roles, current: Option<&str>) -> bool {
    if !line.bold || !line.pictures.is_empty() || marks::asker(&line.text, roles).is_some() {
        return false;
    }
    if marks::answer(&line.text, roles).is_some() || marks::question(&line.text, roles).is_some() {
        return false;
    }
    let is_label = line.text.contains([':', '：']);
    match (roles.of_heading(&line.text), current) {
        // What is numbered, or names what its section is, is an entry: `1. Version 2 released`, `Releases of this week:`
        (Some(role), Some(current)) => !(marks::is_numbered(&line.text) || is_label && role == current),
        (Some(_), None) => true,
        // A sentence in bold is a sentence.
        (None, current) => {
            let is_sentence = line.text.contains(['，', '。', '！', '；']) || line.text.ends_with(['.', '!', ',', ';']);
            alone && current.is_none() && !is_sentence && !line.text.ends_with([':', '：'])
        }
    }
}
