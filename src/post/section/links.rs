//! Things to read: a link a line, with the title as its text, or with the title before it, or above a linked picture.

use std::ops::Range;

use super::super::flow::{Flow, Line};
use super::{Between, Part, Reading, marks};

/// More than a title has.
const LONGEST_TITLE: usize = 200;

/// The entries among `lines` of the page.
pub fn parts(flow: &Flow<'_>, lines: Range<usize>) -> Vec<Part> {
    let mut out = Between::new(flow, lines.start);
    // A line that may be the title of the link below it.
    let mut title: Option<usize> = None;
    for at in lines.clone() {
        let line = &flow.lines[at];
        let titled: Vec<(String, String)> = named(line);
        if !titled.is_empty() {
            let shown: usize = titled.iter().map(|(title, _)| title.len()).sum();
            let note =
                if titled.len() == 1 && line.text.len() > shown { note(line, &titled[0].0) } else { String::new() };
            for (title, link) in titled {
                out.push(at, at + 1, Part::Reading(Reading { title, link, note: note.clone() }));
            }
            title = None;
        } else if let Some(link) = line.links.first() {
            let before = line.text.find("http").map_or(line.text.as_str(), |at| &line.text[..at]);
            let own = before.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '-'));
            let (from, own) = match title {
                _ if !own.is_empty() => (at, own),
                Some(above) => (above, flow.lines[above].text.trim_end_matches([':', '：'])),
                None => (at, line.pictures.first().map_or("", |picture| picture.text.as_str())),
            };
            if !own.is_empty() {
                let (title, link) = (own.to_owned(), link.url.clone());
                out.push(from, at + 1, Part::Reading(Reading { title, link, note: String::new() }));
            }
            title = None;
        } else {
            let may_be = !line.text.is_empty() && line.text.chars().count() <= LONGEST_TITLE;
            title = may_be.then_some(at);
        }
    }
    out.finish(lines.end)
}

/// The entries of a line that is nothing but links with titles.
pub fn of_line(line: &Line) -> Vec<Reading> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let titled = named(line);
    if letters(&line.text) > titled.iter().map(|(title, _)| letters(title)).sum() {
        return Vec::new();
    }
    titled.into_iter().map(|(title, link)| Reading { title, link, note: String::new() }).collect()
}

/// The links that have a text: all of a line that is nothing but links, else its first.
fn named(line: &Line) -> Vec<(String, String)> {
    let titled = line.links.iter().filter(|link| !marks::is_address(&link.text) && !link.url.is_empty());
    let all: Vec<(String, String)> = titled.map(|link| (link.text.clone(), link.url.clone())).collect();
    let in_links: usize = line.links.iter().map(|link| link.text.chars().filter(|c| c.is_alphanumeric()).count()).sum();
    let letters = line.text.chars().filter(|c| c.is_alphanumeric()).count();
    if letters > in_links { all.into_iter().take(1).collect() } else { all }
}

/// What a line says besides its title.
fn note(line: &Line, title: &str) -> String {
    let (before, after) = line.text.split_once(title).unwrap_or((&line.text, ""));
    let plain = |text: &str| {
        text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '-' | '–' | '—' | '·' | '《' | '》'))
            .to_owned()
    };
    [plain(before), plain(after)].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}
