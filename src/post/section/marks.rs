//! The lines that tell who asks, where an answer begins, how hard a task is, which project is meant.

use super::super::flow::Line;
use super::roles::Roles;

/// A name of more characters is none.
const LONGEST_NAME: usize = 40;

/// Who asks, by a line of its own: `1、@Ada 提问：`, `Ada asks:`, `2. @ada #815`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asker {
    /// Without `@`; may be empty.
    pub name: String,
    /// Was there an `@`?
    pub handle: bool,
    /// Without `#`; may be empty.
    pub issue: String,
    /// Visible characters up to the question, where that stands on the same line.
    pub question: Option<usize>,
}

/// The asker whom a line names.
pub fn asker(text: &str, roles: &Roles) -> Option<Asker> {
    // Emphasis that Markdown did not take for one: `**1、@Ada **`.
    let plain = text.replacen("**", "", 2);
    let (numbered, rest) = without_number(plain.trim());
    let rest = rest.trim_start_matches('\\');
    let named = rest.trim_start_matches(['@', '＠']);
    let has_at = named.len() < rest.len();
    let head: &str = &named[..named.char_indices().nth(LONGEST_NAME + 12).map_or(named.len(), |(at, _)| at)];
    for word in roles.asker.iter().filter(|word| !word.is_empty()) {
        for (at, _) in head.match_indices(word.as_str()) {
            let (name, after) = (&named[..at], &named[at + word.len()..]);
            if word.starts_with(|c: char| c.is_ascii_alphanumeric()) && !name.ends_with(char::is_whitespace) {
                continue;
            }
            let after = after.trim_start();
            let question = after.strip_prefix(COLONS);
            if !(after.is_empty() || question.is_some()) {
                continue;
            }
            // "关于 X 的提问" is what a group of questions is about.
            if !has_at && name.trim_end().ends_with('的') {
                return None;
            }
            if !is_name(name) {
                continue;
            }
            let question = question.map(str::trim_start).filter(|question| !question.is_empty());
            let (name, issue) = with_issue(name);
            return Some(Asker {
                name: name.to_owned(),
                handle: has_at,
                issue: issue.to_owned(),
                question: question.map(|question| visible(text) - visible(question)),
            });
        }
    }
    // In an issue: its number stands for the word.
    let (name, issue) = with_issue(head.trim_end_matches(COLONS).trim_end());
    let whole = head.len() == named.len() && !issue.is_empty() && (numbered || has_at);
    let ends = whole && head.trim_end_matches(COLONS).trim_end().ends_with(issue);
    (ends && is_name(&format!("{name}#"))).then(|| Asker {
        name: name.into(),
        handle: has_at,
        issue: issue.into(),
        question: None,
    })
}

/// The asker whom a line names by standing above what is quoted: `1. Ada`, `@ada`.
pub fn asker_above(text: &str) -> Option<Asker> {
    let plain = text.replacen("**", "", 2);
    let (numbered, rest) = without_number(plain.trim());
    let named = rest.trim_start_matches(['@', '＠']);
    let has_at = named.len() < rest.len();
    let name = named.trim();
    let fits = is_name(name) && (numbered || has_at && !name.contains(char::is_whitespace));
    (fits && !name.ends_with(['!', '?', '！', '；', ';', '.'])).then(|| Asker {
        name: name.to_owned(),
        handle: has_at,
        ..Asker::default()
    })
}

const COLONS: [char; 3] = ['：', ':', '﹕'];

/// `Ada #815`
fn with_issue(name: &str) -> (&str, &str) {
    let name = name.trim();
    match name.rsplit_once('#') {
        Some((name, issue)) if !issue.is_empty() && issue.bytes().all(|byte| byte.is_ascii_digit()) => {
            (name.trim(), issue)
        }
        _ => (name, ""),
    }
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(['：', ':', '>', '。', '，', '？'])
}

/// `1、`, `2.`, `(3)`
fn without_number(text: &str) -> (bool, &str) {
    let digits = text.trim_start_matches(['(', '（']);
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == digits.len() {
        return (false, text);
    }
    match rest.trim_start().strip_prefix(['.', '、', '．', ',', '，', '：', ':', ')', '）']) {
        Some(rest) => (true, rest.trim_start()),
        None if rest.starts_with(char::is_whitespace) => (true, rest.trim_start()),
        None => (false, text),
    }
}

/// Does a number begin the line?
pub fn is_numbered(text: &str) -> bool {
    without_number(text).0
}

fn visible(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// How many visible characters of a line mark an answer.
pub fn answer(text: &str, roles: &Roles) -> Option<usize> {
    mark(text, &roles.answer)
}

/// How many visible characters of a line mark a question.
pub fn question(text: &str, roles: &Roles) -> Option<usize> {
    mark(text, &roles.question)
}

/// `A：`, `Q1: `
fn mark(text: &str, words: &[String]) -> Option<usize> {
    words.iter().filter(|word| !word.is_empty()).find_map(|word| {
        let rest = text.trim_start_matches('*').strip_prefix(word.as_str())?.trim_start_matches('*');
        let rest = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let rest = rest.strip_prefix(COLONS)?.trim_start_matches('*');
        Some(visible(&text[..text.len() - rest.len()]))
    })
}

/// The level that a line names, as the words write it, with its place among them: `-Easy`, `Hard:`.
pub fn level<'r>(text: &str, roles: &'r Roles) -> Option<(usize, &'r str)> {
    let word = text.trim_matches(|c: char| !c.is_alphanumeric());
    let mut levels = roles.levels.iter().enumerate();
    levels.find(|(_, level)| level.to_lowercase() == word.to_lowercase()).map(|(at, level)| (at, level.as_str()))
}

/// Does a line say where tasks are described: `「详细参考」：`?
pub fn is_details(text: &str, roles: &Roles) -> bool {
    let text = text.trim_start_matches(['「', '【', '[', '-', '*', ' ']);
    roles.details.iter().any(|word| {
        !word.is_empty()
            && text.strip_prefix(word.as_str()).is_some_and(|rest| {
                let rest = rest.trim_start_matches(['」', '】', ']', ' ']);
                rest.is_empty() || rest.starts_with(COLONS) || rest.starts_with("http")
            })
    })
}

/// The project that a line names and its address: `「MOSN」：https://…`. The address is empty where a line names the
/// project in brackets alone.
pub fn project(line: &Line) -> Option<(String, String)> {
    let text = line.text.trim_start_matches(['-', '*', ' ']);
    let at = text.find("http://").or_else(|| text.find("https://")).or_else(|| text.find("https:/"));
    let (head, url) = match at {
        Some(at) => (&text[..at], &text[at..]),
        None => (text, ""),
    };
    if url.contains(char::is_whitespace) && line.links.len() > 1 {
        return None;
    }
    let head = head.trim_end_matches(|c: char| c.is_whitespace() || c == '*');
    let colon = head.strip_suffix(COLONS);
    let name = colon.unwrap_or(head).trim_matches(|c: char| c.is_whitespace() || c == '*');
    let inner = name.trim_start_matches(['「', '【']).trim_end_matches(['」', '】']).trim();
    let bracketed = inner.len() < name.len();
    // Words of any script are a name only in brackets and before an address: a line of Chinese with a colon is many things.
    let may_be_any = bracketed && !url.is_empty();
    let is_letter = |c: char| c.is_ascii_alphanumeric() || may_be_any && c.is_alphanumeric();
    let is_project = inner.starts_with(|c: char| c.is_ascii_alphabetic() || may_be_any && c.is_alphabetic())
        && inner.chars().count() <= 31
        && inner.chars().count() >= 2
        && inner.chars().all(|c| is_letter(c) || matches!(c, ' ' | '_' | '.' | '&' | '+' | '-'));
    if !is_project || !(bracketed || colon.is_some() && !url.is_empty()) {
        return None;
    }
    let link = line
        .links
        .last()
        .map_or_else(|| url.split_whitespace().next().unwrap_or_default().to_owned(), |link| link.url.clone());
    Some((inner.to_owned(), link))
}

/// Is a line nothing but an address? Which one.
pub fn bare_address(line: &Line) -> Option<&str> {
    let [link] = line.links.as_slice() else { return None };
    (is_address(&link.text) && line.text == link.text).then_some(link.url.as_str())
}

/// Is this text an address, or nothing?
pub fn is_address(text: &str) -> bool {
    text.is_empty() || ["http://", "https://", "www."].iter().any(|start| text.starts_with(start))
}
