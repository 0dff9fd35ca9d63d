//! Things to do: a project's name, its levels, a task a line, and where they are described.

use std::ops::Range;

use super::super::flow::{Flow, Kind, Line};
use super::roles::Roles;
use super::{Between, Part, Task, marks};

/// A project's name is no longer than this.
const LONGEST_NAME: usize = 40;

#[derive(Default)]
struct State<'r> {
    project: String,
    /// The level's place among the words, its word, and in how many lists its line stood.
    level: Option<(usize, &'r str, u8)>,
    /// Tasks without an address yet, by their place among the parts.
    open: Vec<usize>,
    /// The line of an address that the line before announced.
    address: Option<usize>,
}

/// The entries among `lines` of the page; `heading` is the section's.
pub fn parts(flow: &Flow<'_>, lines: Range<usize>, roles: &Roles, heading: &str) -> Vec<Part> {
    let mut out = Between::new(flow, lines.start);
    let mut state = State::default();
    if roles.of_heading(heading).is_none() {
        // The heading of a part of the section names what the part is about.
        heading.clone_into(&mut state.project);
    }
    for at in lines.clone() {
        let line = &flow.lines[at];
        if let Some((place, level)) = marks::level(&line.text, roles) {
            state.level = Some((place, level, line.depth));
            out.skip(at);
            continue;
        }
        if state.address.take_if(|address| *address == at).is_some() {
            out.skip(at);
            continue;
        }
        let next = (at + 1..lines.end).find(|next| !flow.lines[*next].text.is_empty());
        if marks::is_details(&line.text, roles) {
            let announced = || next.and_then(|next| Some((marks::bare_address(&flow.lines[next])?, Some(next))));
            let address = match line.links.as_slice() {
                [] => announced(),
                [link] => Some((link.url.as_str(), None)),
                _ => None,
            };
            // Tasks take their address; where none wants one, it is prose.
            if let Some((address, place)) = address.filter(|_| !state.open.is_empty()) {
                describe(&mut out.parts, &mut state.open, address);
                out.skip(at);
                state.address = place;
            }
            state.level = None;
            continue;
        }
        let next_level = next.and_then(|next| marks::level(&flow.lines[next].text, roles)).map(|(place, _)| place);
        if is_project(line, next_level, &state) {
            line.text.trim_end_matches([':', '：']).trim().clone_into(&mut state.project);
            state.level = None;
            state.open.clear();
            out.skip(at);
        } else if is_task(line, &state) {
            let link = line.links.iter().find(|link| !link.url.is_empty());
            let task = Task {
                project: state.project.clone(),
                level: state.level.map(|(_, level, _)| level.to_owned()).unwrap_or_default(),
                text: line.text.clone(),
                link: link.map(|link| link.url.clone()).unwrap_or_default(),
            };
            let without_address = task.link.is_empty();
            out.push(at, at + 1, Part::Task(task));
            if without_address {
                state.open.push(out.parts.len() - 1);
            }
        }
    }
    out.finish(lines.end)
}

/// A bold line names a project; so does any short one above the first level.
fn is_project(line: &Line, next_level: Option<usize>, state: &State<'_>) -> bool {
    let is_short = !line.text.is_empty() && line.text.chars().count() <= LONGEST_NAME && line.links.is_empty();
    let begins_anew = next_level.is_some_and(|next| state.level.is_none_or(|(level, ..)| next <= level));
    is_short && line.kind == Kind::Text && (begins_anew || line.bold && !line.text.ends_with(['。', '.', '!', '！']))
}

/// Under a level every line is a task; without one, the items of a list are.
fn is_task(line: &Line, state: &State<'_>) -> bool {
    if line.text.is_empty() || line.quoted || !matches!(line.kind, Kind::Text | Kind::Item) {
        return false;
    }
    match state.level {
        Some((_, _, depth)) => line.depth <= depth + 1,
        None => line.kind == Kind::Item && line.depth <= 1,
    }
}

fn describe(parts: &mut [Part], open: &mut Vec<usize>, address: &str) {
    for at in open.drain(..) {
        if let Some(Part::Task(task)) = parts.get_mut(at) {
            address.clone_into(&mut task.link);
        }
    }
}
