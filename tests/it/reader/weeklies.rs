//! Real weeklies: summaries that tell the issues apart, and sections with roles against what a person read in them.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use postrider::post::body::{self, Body, Dialect, Shown};
use postrider::post::links::Knowledge;
use postrider::post::recurring::{self, Recurring};
use postrider::post::{Page, section::Roles};

use crate::support::peers::corpora;

/// The pages of a folder of a real site, each with what it shows, in the order of their paths.
fn shown(site: &str, folder: &str, dialect: Dialect, roles: &Roles) -> Option<Vec<(Page, Shown)>> {
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
    let recurring = Recurring::of(pages.iter().map(|(page, _)| page));
    let site = Knowledge { recurring: Arc::new(recurring), roles: Arc::new(roles.clone()), ..Knowledge::default() };
    Some(pages.into_iter().map(|(page, text)| (body::shown(&page, &text, &site), page)).map(|(a, b)| (b, a)).collect())
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
    Page {
        path: path.to_owned(),
        url: format!("https://www.example.org/{}/", name.replace(' ', "-")),
        title: value("title"),
        marks: recurring::marks(&summary, &text[start..]),
        summary,
        body: Body { start, line: 1, html: false, dialect },
        ..Page::default()
    }
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
    let Some(pages) = shown("sofastack", "sofastack/content/zh/blog", Dialect::Hugo, &Roles::default()) else { return };
    let weekly: Vec<_> = pages.iter().filter(|(page, _)| is_weekly(page)).collect();
    assert_eq!(weekly.len(), 192);
    tell_apart(&weekly, 95);
}

#[test]
fn summaries_of_an_english_weekly_tell_what_is_in_the_issue() {
    let Some(pages) = shown("this-week-in-rust", "this-week-in-rust", Dialect::Pelican, &Roles::default()) else {
        return;
    };
    let weekly: Vec<_> = pages.iter().filter(|(page, _)| page.path.contains("this-week-in-rust")).collect();
    tell_apart(&weekly, 95);
}
