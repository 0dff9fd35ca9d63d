//! Real weeklies: summaries that tell the issues apart, and sections with roles against what a person read in them.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use postrider::crypto;
use postrider::post::Page;
use postrider::post::body::{self, Body, Dialect, Shown};
use postrider::post::links::Knowledge;
use postrider::post::recurring::{self, Recurring};
use postrider::post::section::{Exchange, Question, Reading, Roles, Section, Task};
use serde_json::{Value, json};

use crate::support::peers::corpora;

/// The pages of a folder of a real site whose path has `part` in it, each with what it shows, in the order of their paths.
fn shown(site: &str, folder: &str, part: &str, dialect: Dialect, roles: &Roles) -> Option<Vec<(Page, Shown)>> {
    let corpora = corpora()?;
    let unpacked = tempfile::tempdir().expect("a folder");
    let archive = corpora.join(format!("{site}.tar.gz"));
    let tar = Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(unpacked.path()).status().expect("tar");
    assert!(tar.success(), "{}", archive.display());
    let mut files = Vec::new();
    markdown(&unpacked.path().join(folder), &mut files);
    files.sort();
    let pages: Vec<(Page, String)> = files
        .iter()
        .map(|file| {
            let text = fs_err::read_to_string(file).expect("a file");
            let path = file.strip_prefix(unpacked.path().join(folder)).expect("below").to_string_lossy().into_owned();
            (header(&path, &text, dialect), text)
        })
        .collect();
    let recurring = Recurring::new(pages.iter().map(|(page, _)| Arc::new(page.clone())).collect());
    let site = Knowledge { recurring: Arc::new(recurring), roles: Arc::new(roles.clone()), ..Knowledge::default() };
    let pages = pages.into_iter().filter(|(page, _)| page.path.contains(part));
    Some(
        pages.map(|(page, text)| (body::shown(&page, &text, &site), page)).map(|(shown, page)| (page, shown)).collect(),
    )
}

fn markdown(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs_err::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            markdown(&path, files);
        } else if path.extension().is_some_and(|end| end == "md") {
            files.push(path);
        }
    }
}

/// As much of a header as summaries depend on: what generators make of it is tested with them.
fn header(path: &str, text: &str, dialect: Dialect) -> Page {
    let text = text.trim_start_matches('\u{feff}');
    let (lines, start) = if let Some(rest) = text.strip_prefix("---\n") {
        let end = rest.find("\n---").map_or(rest.len(), |at| at + 1);
        (&rest[..end], text.len() - rest.len() + end + rest[end..].find('\n').map_or(0, |at| at + 1))
    } else {
        let end = text.find("\n\n").map_or(text.len(), |at| at + 1);
        (&text[..end], end)
    };
    let value = |name: &str| {
        let line = lines.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")));
        line.map(|line| line[name.len() + 1..].trim().trim_matches('"').to_owned()).unwrap_or_default()
    };
    let name = path.trim_end_matches(".md").trim_end_matches("/index");
    let summary =
        [value("summary"), value("description")].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let page = Page {
        path: path.to_owned(),
        url: format!("https://www.example.org/{}/", name.replace(' ', "-")),
        title: value("title"),
        body: Body { start, line: 1, html: false, dialect },
        summary,
        ..Page::default()
    };
    page.marks.found(recurring::marks(&page.summary, &text[start..]));
    page
}

fn is_weekly(page: &Page) -> bool {
    page.path.starts_with("sofa-weekly")
        || page.title.to_lowercase().contains("sofa weekly")
        || page.path.contains("special-weekly")
}

/// Says which summaries more than one page has, where too many have.
fn tell_apart(pages: &[&(Page, Shown)], least: usize) {
    let summaries: HashSet<&str> = pages.iter().map(|(_, shown)| shown.summary.as_str()).collect();
    let distinct = summaries.len();
    assert!(distinct * 100 >= pages.len() * least, "{distinct} of {} summaries are distinct", pages.len());
}

#[test]
fn summaries_of_a_chinese_weekly_tell_what_is_in_the_issue() {
    let Some(pages) = shown("sofastack", "sofastack/content/zh/blog", "weekly", Dialect::Hugo, &Roles::default())
    else {
        return;
    };
    let weekly: Vec<_> = pages.iter().filter(|(page, _)| is_weekly(page)).collect();
    assert_eq!(weekly.len(), 192);
    tell_apart(&weekly, 95);
}

#[test]
fn summaries_of_an_english_weekly_tell_what_is_in_the_issue() {
    let Some(pages) = shown("this-week-in-rust", "this-week-in-rust", "", Dialect::Pelican, &Roles::default()) else {
        return;
    };
    let weekly: Vec<_> = pages.iter().filter(|(page, _)| page.path.contains("this-week-in-rust")).collect();
    tell_apart(&weekly, 95);
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn hash(text: &str) -> String {
    crypto::sha256_hex(text.as_bytes())[..12].to_owned()
}

/// The first letters of a piece, hashed.
fn start(text: &str) -> String {
    hash(&letters(text).chars().take(6).collect::<String>())
}

fn of_link(reading: &Reading) -> Value {
    let url = reading.link.replace("https://www.example.org", "").replace("https://www.sofastack.tech", "");
    let url = url.replace("http://www.sofastack.tech", "");
    let chars: Vec<char> = url.chars().collect();
    let ends: String = chars.iter().take(40).chain(&chars[chars.len().saturating_sub(12)..]).collect();
    json!([hash(&letters(&reading.title)), hash(&ends)])
}

fn of_question(question: &Question) -> Value {
    let answers = |exchange: &Exchange| exchange.answers.iter().filter(|answer| !answer.text.is_empty()).count();
    let count: usize = question.exchanges.iter().map(answers).sum();
    let first = question.exchanges.iter().find_map(|exchange| exchange.answers.first());
    json!([
        question.asker,
        question.issue,
        question.exchanges.len(),
        count,
        question.project,
        start(&question.exchanges[0].question.text),
        first.map(|answer| start(&answer.text)).unwrap_or_default(),
    ])
}

/// `tests/fixtures/sections/sofa-weekly.jsonl` is what a person read in thirty issues: of all 191 by date and path, each
/// number `i * 191 / 30`. Names, counts and hashes of first words; nothing of the issues' text.
fn sample(roles: &Roles) {
    let Some(pages) = shown("sofastack", "sofastack/content/zh/blog", "weekly", Dialect::Hugo, roles) else { return };
    let truth = include_str!("../../fixtures/sections/sofa-weekly.jsonl");
    let (mut wanted, mut found) = ([0; 4], [0; 4]);
    let mut missed = String::new();
    for issue in truth.lines() {
        let issue: Value = serde_json::from_str(issue).expect("JSON");
        let path = format!("{}/index.md", issue["path"].as_str().expect("a path"));
        let (_, shown) = pages.iter().find(|(page, _)| page.path == path).unwrap_or_else(|| panic!("no {path}"));
        let sections = shown.sections();
        let reads = |role: &str| {
            let of =
                sections.iter().filter(|section| (section.role.as_deref() == Some("series")) == (role == "series"));
            of.flat_map(Section::reading).map(of_link).collect::<Vec<_>>()
        };
        let task = |task: &Task| {
            assert!(!task.link.is_empty(), "{path}: {}", task.text);
            json!([task.project, task.level, hash(&letters(&task.text))])
        };
        let have = [
            ("questions", sections.iter().flat_map(Section::questions).map(of_question).collect()),
            ("tasks", sections.iter().flat_map(Section::tasks).map(task).collect()),
            ("reading", reads("reading")),
            ("series", reads("series")),
        ];
        for (kind, (name, mut have)) in have.into_iter().enumerate() {
            for want in issue[name].as_array().expect("a list") {
                wanted[kind] += 1;
                if let Some(at) = have.iter().position(|have| have == want) {
                    have.remove(at);
                    found[kind] += 1;
                } else {
                    let _ = writeln!(missed, "{path}: {name}: {want}");
                }
            }
            for extra in have {
                let _ = writeln!(missed, "{path}: {name} not in the issue: {extra}");
            }
        }
    }
    let share = |kind: usize| found[kind] * 100 / wanted[kind];
    assert_eq!(wanted, [73, 44, 106, 33]);
    assert!(share(0) >= 97 && share(1) == 100 && share(2) >= 95 && share(3) >= 95, "{found:?} of {wanted:?}\n{missed}");
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn questions_tasks_and_reading_lists_are_those_that_a_person_finds() {
    sample(&Roles::preset("sofa-weekly").expect("the preset"));
}

#[test]
fn the_default_words_find_the_same() {
    sample(&Roles::default());
}
