//! The first text of a page that is its own: what it shares with its series is passed over, and what tells most of an
//! issue (news, questions, titles) comes before its standing parts.

use super::super::flow::{Flow, Kind, Line};
use super::super::recurring::Own;
use super::super::section::{Entries, Roles, outline};
use super::LENGTH;

/// Sections of these roles tell what is in an issue; those of other roles come after them.
const TELLING: [&str; 4] = ["news", "questions", "releases", "reading"];

/// More than a summary needs, in bytes.
const ENOUGH: usize = LENGTH * 8;

/// The text, not cut yet; empty where the page has nothing of its own.
pub fn text(html: &str, own: &Own, roles: &Roles) -> String {
    let flow = Flow::of(html);
    let recurring = recurring(&flow, own);
    let parts = outline::parts(&flow, roles);
    let mut told = Told::default();
    let tells = |role: Option<&str>| role.is_none_or(|role| TELLING.contains(&role));
    for first in [true, false] {
        for part in parts.iter().filter(|part| tells(part.role.as_deref()) == first) {
            if told.text.len() > ENOUGH {
                return told.text;
            }
            match part.role.as_deref().and_then(Roles::entries) {
                Some(Entries::Questions) => questions(&flow, part, roles, &recurring, &mut told),
                _ => prose(&flow.lines[part.lines.clone()], &recurring[part.lines.clone()], &mut told),
            }
        }
    }
    told.text
}

/// Which lines are boilerplate: a whole block is, where most of its letters are.
fn recurring(flow: &Flow<'_>, own: &Own) -> Vec<bool> {
    let mut recurring = Vec::with_capacity(flow.lines.len());
    for block in flow.lines.chunk_by(|a, b| a.block == b.block) {
        let (mut all, mut shared) = (0, 0);
        for line in block {
            let letters = line.text.chars().filter(|c| c.is_alphabetic()).count();
            all += letters;
            shared += if own.recurs(&line.text) { letters } else { 0 };
        }
        recurring.extend(std::iter::repeat_n(all == 0 || shared * 2 > all, block.len()));
    }
    recurring
}

/// What has been gathered.
#[derive(Default)]
struct Told {
    text: String,
    after_item: bool,
}

impl Told {
    fn add(&mut self, text: &str, is_item: bool) {
        let text = without_addresses(text);
        if !text.chars().any(char::is_alphabetic) || self.text.len() > ENOUGH {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str(if is_item || self.after_item { " · " } else { " " });
        }
        self.text.push_str(text.trim_end_matches(if is_item { [';', '；', ':', '：'] } else { [' '; 4] }));
        self.after_item = is_item;
    }
}

/// The questions alone: who asked and what was answered is for those who read on.
fn questions(flow: &Flow<'_>, part: &outline::Part, roles: &Roles, recurring: &[bool], told: &mut Told) {
    let before = told.text.len();
    for question in super::super::section::questions_of(flow, part, roles) {
        if let Some(first) = question.exchanges.iter().find(|exchange| !exchange.question.text.is_empty()) {
            told.add(&first.question.text.replace('\n', " "), true);
        }
    }
    if told.text.len() == before {
        prose(&flow.lines[part.lines.clone()], &recurring[part.lines.clone()], told);
    }
}

fn prose(lines: &[Line], recurring: &[bool], told: &mut Told) {
    for (line, recurs) in lines.iter().zip(recurring) {
        let is_item = line.kind == Kind::Item;
        // A few words are a greeting or a label; as an item they may be a title.
        if !recurs
            && (is_item || line.kind == Kind::Text && unicode_width::UnicodeWidthStr::width(line.text.as_str()) > 16)
        {
            told.add(&line.text, is_item);
        }
    }
}

/// An address is nothing to read.
fn without_addresses(text: &str) -> String {
    if !text.contains("http") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("http") {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let is_address = found.starts_with("http://") || found.starts_with("https://");
        let end =
            if is_address { found.find(|c: char| c.is_whitespace() || !c.is_ascii()) } else { Some("http".len()) };
        let end = end.unwrap_or(found.len());
        if !is_address {
            out.push_str(&found[..end]);
        }
        rest = &found[end..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}
