//! What of a page's text had to be repaired or left out, with its lines, and what is too large: for `check`, which a site's
//! own CI runs.
//!
//! It reads the text as its author wrote it, and knows code from words only as far as fences and backticks show it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Feeds, Format, Settings, text};
use crate::post::{Page, Post, links, sanitize};
use crate::problem::Problem;

/// Elements of which nothing is shown.
const LEFT_OUT: [&str; 12] = [
    "applet", "base", "canvas", "form", "link", "meta", "noframes", "script", "select", "style", "template", "textarea",
];

/// A year before it is taken for a slip by every reader.
const EARLIEST: i32 = 1990;

/// The faults of `page`, of which `file` is the whole text.
pub fn faults(page: &Page, file: &str) -> Vec<Problem> {
    let mut problems = header(page, file);
    let mut told = Told { path: &page.path, first: BTreeMap::new() };
    characters(file, &mut told);
    let body = file.get(page.body.start..).unwrap_or_default();
    let first = page.body.line.max(1);
    let mut fence: Option<&str> = None;
    for (number, line) in body.lines().enumerate() {
        let at = first + number;
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) if !page.body.html => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, _) => words(&without_code(line), at, &mut told),
            _ => {}
        }
    }
    problems.extend(told.problems());
    problems
}

/// What is too large in the site's own feed, of which `posts` (newest first) are to be the entries.
pub fn oversized(feeds: &Feeds, posts: &[Arc<Post>], settings: &Settings) -> Vec<Problem> {
    let dated: Vec<&Arc<Post>> = posts.iter().filter(|post| post.published.is_some()).collect();
    let wanted = dated.len().min(settings.entries.max(1));
    let own = |format: Format| feeds.documents.iter().find(|document| document.path == format.file_name());
    let mut problems = Vec::new();
    let fewest = Format::ALL.into_iter().filter_map(own).min_by_key(|document| document.entries.len());
    if let Some(document) = fewest.filter(|document| document.entries.len() < wanted) {
        let (has, limit) = (document.entries.len(), kilobytes(settings.max_bytes));
        let what = format!("the feed holds {has} of {wanted} posts: more are larger than {limit}");
        let hint = "set `feeds.max_bytes` higher, or `feeds.entries` lower";
        problems.push(Problem::warning(&document.path, None, what, hint));
    }
    for (at, post) in dated.iter().enumerate().take(wanted) {
        let sizes = Format::ALL
            .into_iter()
            .filter_map(own)
            .filter_map(|document| document.entries.get(at).map(ExactSizeIterator::len));
        if let Some(size) = sizes.max().filter(|size| *size > settings.max_bytes / 2) {
            let what = format!("takes {} of a feed of {}", kilobytes(size), kilobytes(settings.max_bytes));
            problems.push(Problem::warning(
                &post.path,
                None,
                what,
                "shorten it, or split it: readers load it at every change",
            ));
        }
    }
    problems
}

fn kilobytes(bytes: usize) -> String {
    format!("{} kB", bytes.div_ceil(1000))
}

fn header(page: &Page, file: &str) -> Vec<Problem> {
    let line_of = |keys: &[&str]| {
        let header = file.get(..page.body.start).unwrap_or_default();
        let is_key = |line: &str| {
            let line = line.trim_start_matches(['"', ' ']).to_ascii_lowercase();
            keys.iter().any(|key| {
                line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', ' ']).starts_with([':', '=']))
            })
        };
        header.lines().position(is_key).map(|at| at + 1)
    };
    let mut problems = Vec::new();
    let mut warn = |keys: &[&str], what: String, hint: &str| {
        problems.push(Problem::warning(&page.path, line_of(keys), what, hint));
    };
    if page.title.trim().is_empty() {
        warn(&["title"], "has no title".into(), "give it one: feeds and mails show the first words instead");
    } else if text::looks_like_html(&page.title) {
        let hint = "write the title in Markdown or plain text: some readers strip what looks like HTML";
        warn(&["title"], "the title holds HTML".into(), hint);
    }
    let years = page.published.map(|date| date.format("%Y").to_string()).and_then(|year| year.parse::<i32>().ok());
    if let Some(year) = years.filter(|year| !(EARLIEST..=9999).contains(year)) {
        let hint = "look at the date: readers take it for a slip, and some sort the post to the end";
        warn(&["date", "pubdate", "published"], format!("is dated in the year {year}"), hint);
    }
    if page.updated < page.published && page.updated.is_some() {
        let hint = "look at both dates: feeds say the first only";
        warn(&["lastmod", "updated", "last_modified", "modified"], "is changed before it is published".into(), hint);
    }
    let covers = ["cover", "image", "images", "thumbnail", "featured_image"];
    let header = file.get(..page.body.start).unwrap_or_default();
    let is_inline = |line: &str| {
        line.split_once([':', '='])
            .is_some_and(|(_, value)| value.trim_start_matches([' ', '"', '\'']).starts_with("data:"))
    };
    if line_of(&covers).and_then(|at| header.lines().nth(at - 1)).is_some_and(is_inline) {
        let hint = "give a path of the site or a web address: feeds hold no pictures";
        warn(&covers, "the cover is written into the page".into(), hint);
    }
    problems
}

/// Signs that no feed may hold.
fn characters(file: &str, told: &mut Told<'_>) {
    if text::clean(file).len() == file.len() && !file.contains('\u{fffd}') {
        return;
    }
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    for (number, line) in file.split('\n').enumerate() {
        for c in line.chars() {
            let mut buffer = [0; 4];
            if c == '\u{fffd}' {
                told.tell("unreadable", number + 1, || {
                    (
                        "U+FFFD stands for a sign that could not be read".into(),
                        "write the sign that is meant, in UTF-8".into(),
                    )
                });
            } else if text::clean(c.encode_utf8(&mut buffer)).is_empty() {
                told.tell("control", number + 1, || {
                    let what = format!("the control character U+{:04X} is left out", u32::from(c));
                    (what, "remove it: no feed may hold it".into())
                });
            }
        }
    }
}

/// Tags, pictures and addresses in a line of the body.
fn words(line: &str, at: usize, told: &mut Told<'_>) {
    for (start, _) in line.match_indices('<') {
        let rest = &line[start + 1..];
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())];
        let name = name.to_ascii_lowercase();
        let behind = rest[name.len()..].chars().next();
        if !behind.is_none_or(|c| c.is_ascii_whitespace() || c == '>' || c == '/') {
            continue;
        }
        if LEFT_OUT.contains(&name.as_str()) && !rest.contains("gist.github.com") && !rest.contains("math/tex") {
            told.tell(&name, at, || {
                (
                    format!("`<{name}>` is left out"),
                    "no reader of feeds or mails shows it: say in words what matters".into(),
                )
            });
        } else if name == "img"
            && sanitize::attribute_of(rest, "alt").is_none()
            && !rest.contains("{...")
            && rest.contains('>')
        {
            told.tell("alt", at, no_alt);
        }
        let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
        if let Some(handler) = tag.split_ascii_whitespace().skip(1).find(|word| {
            word.len() > 4
                && word[..2].eq_ignore_ascii_case("on")
                && word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase()))
        }) {
            let shown: String = handler.chars().take_while(|c| *c != '=').collect();
            told.tell("handler", at, || {
                (format!("`{shown}` is left out"), "no reader of feeds or mails runs scripts".into())
            });
        }
    }
    for (start, _) in line.match_indices("](") {
        let is_picture = line[..start].rfind('[').is_some_and(|open| line[..open].ends_with('!'));
        let address = line[start + 2..].split([')', ' ']).next().unwrap_or_default();
        if !is_picture && is_relative(address) {
            told.tell("relative", at, || {
                let shown: String = address.chars().take(60).collect();
                let hint =
                    "write it from the site's root, as in `/blog/name/`: made absolute, it follows the page's address";
                (format!("the link to `{shown}` is relative to its page"), hint.into())
            });
        }
    }
    if line.contains("![](") {
        told.tell("alt", at, no_alt);
    }
    let lower = line.to_ascii_lowercase();
    if ["(javascript:", "\"javascript:", "(vbscript:", "\"vbscript:"].iter().any(|scheme| lower.contains(scheme)) {
        told.tell("scheme", at, || {
            ("a link to a script is left out".into(), "link to a page that says or does the same".into())
        });
    }
}

/// Of an address in Markdown: by the page's own, and no file of the site that generators find by its path.
fn is_relative(address: &str) -> bool {
    let path = links::split(address).0;
    address.starts_with(|c: char| c.is_alphanumeric() || c == '.')
        && !path.contains(':')
        && !path.contains(['{', '$', '%'])
        && !links::is_markdown_file(path)
}

fn no_alt() -> (String, String) {
    let hint = "say in `alt`, or between `![` and `]`, what it shows; `alt=\"\"` if it is mere ornament";
    ("a picture says nothing to who cannot see it".into(), hint.into())
}

/// A line without what stands in backticks.
fn without_code(line: &str) -> String {
    if !line.contains('`') {
        return line.to_owned();
    }
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// Each kind of fault once a page, with how often.
struct Told<'p> {
    path: &'p str,
    first: BTreeMap<String, (Problem, usize)>,
}

impl Told<'_> {
    fn tell(&mut self, kind: &str, line: usize, say: impl FnOnce() -> (String, String)) {
        if let Some((_, count)) = self.first.get_mut(kind) {
            *count += 1;
            return;
        }
        let (what, hint) = say();
        self.first.insert(kind.to_owned(), (Problem::warning(self.path, Some(line), what, hint), 1));
    }

    fn problems(self) -> impl Iterator<Item = Problem> {
        self.first.into_values().map(|(mut problem, count)| {
            if count > 1 {
                problem.what = format!("{}: {count} times", problem.what);
            }
            problem
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::body::Body;

    fn told(header: &str, body: &str, change: impl FnOnce(&mut Page)) -> Vec<String> {
        let file = format!("{header}{body}");
        let line = 1 + header.matches('\n').count();
        let body = Body { start: header.len(), line, ..Body::default() };
        let mut page = Page { path: "p.md".into(), title: "T".into(), body, ..Page::default() };
        change(&mut page);
        let faults = faults(&page, &file);
        faults.iter().map(|fault| format!("{} {}", fault.line.unwrap_or(0), fault.what)).collect()
    }

    #[test]
    fn what_had_to_be_mended_is_told_with_its_line() {
        let header = "---\ntitle: x\nlastmod: 1\n---\n";
        for (body, expected) in [
            ("fine <https://a.example> `<script>` ![a](b)\n\n```html\n<script>\n```\n", &[][..]),
            ("a\n\u{8}b\u{92}\n\u{8}", &["6 the control character U+0008 is left out: 3 times"]),
            ("\u{fffd}", &["5 U+FFFD stands for a sign that could not be read"]),
            ("x\r\ny\r", &[]),
            ("\n<script src=x></script>\n<Script>", &["6 `<script>` is left out: 2 times"]),
            ("<p onclick=\"x()\">", &["5 `onclick` is left out"]),
            (
                "![](a.png)\n<img src=b>\n<img src=c alt=\"\">",
                &["5 a picture says nothing to who cannot see it: 2 times"],
            ),
            ("[x](javascript:y)", &["5 a link to a script is left out"]),
            (
                "[a](/b) [c](#d) [e](mailto:f) ![g](h) [i](j.md)\n[k](../l/) [m](n)",
                &["6 the link to `../l/` is relative to its page: 2 times"],
            ),
            ("<scripted> <script-x>", &[]),
        ] {
            assert_eq!(told(header, body, |_| {}), expected, "{body:?}");
        }
        let odd = |page: &mut Page| {
            page.title = "an end </b>".into();
            page.published = Some("1970-01-01T00:00:00Z".parse().unwrap());
            page.updated = Some("1969-01-01T00:00:00Z".parse().unwrap());
        };
        assert_eq!(
            told(header, "", odd),
            ["2 the title holds HTML", "0 is dated in the year 1970", "3 is changed before it is published",]
        );
        assert_eq!(
            told("---\ncover: \"data:image/png;base64,AA\"\n---\n", "", |_| {}),
            ["2 the cover is written into the page"]
        );
        assert_eq!(told(header, "", |page| page.title.clear()), ["2 has no title"]);
    }
}
