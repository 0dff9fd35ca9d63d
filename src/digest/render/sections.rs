//! A post's sections as a mail's templates are given them: what belongs together stands together, and all HTML is fit
//! for mail.

use std::collections::HashSet;

use serde::Serialize;

use super::page::clean;
use crate::digest::html;
use crate::post::section::{self, Part, Reading, Task};
use crate::template::escape;

/// A section. Together they are the whole post.
#[derive(Debug, Serialize)]
pub struct Section {
    /// Empty before the first heading.
    heading: String,
    /// As the mail sets it: 2 to 6; 0 without a heading.
    level: u8,
    /// `questions`, `tasks`, `reading`, … or empty.
    role: String,
    /// All of it, where the template does not set the entries itself.
    html: String,
    /// The same once more: entries, and what stands between them.
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Entry {
    Prose {
        html: String,
    },
    Question(Question),
    /// Tasks of one project.
    Tasks(Project),
    /// A list of things to read.
    Reading {
        items: Vec<Reading>,
    },
}

#[derive(Debug, Serialize)]
struct Question {
    /// As it was written, with or without `@`.
    asker: String,
    issue: String,
    project: String,
    link: String,
    exchanges: Vec<Exchange>,
}

#[derive(Debug, Serialize)]
struct Exchange {
    /// HTML, as a quotation; may be empty.
    question: String,
    /// HTML.
    answers: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Project {
    /// May be empty.
    name: String,
    /// Where all of them are described; empty where each has its own.
    link: String,
    levels: Vec<Level>,
}

#[derive(Debug, Serialize)]
struct Level {
    /// May be empty.
    name: String,
    tasks: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    text: String,
    /// Where it is described, if not where the project is.
    link: String,
}

/// The sections with their entries; none where no section has any: then the post is shown as it is.
pub fn sections(sections: Vec<section::Section>, setting: html::Setting<'_>) -> Result<Vec<Section>, String> {
    if !have_entries(&sections) {
        return Ok(Vec::new());
    }
    let mut outline = html::Outline::below(setting.top);
    sections
        .into_iter()
        .map(|section| {
            let level = match section.level {
                0 => 0,
                level => outline.level(level),
            };
            // What quotes and answers have as headings stands under the section's own.
            let inside = html::Setting { top: (level + 1).clamp(setting.top, 6), ..setting };
            let fit = |html: &str| html::for_mail(html, inside);
            let mut entries = Vec::new();
            if tells_its_links(&section) {
                for part in section.parts {
                    add(&mut entries, part, &fit)?;
                }
            } else {
                entries.push(Entry::Prose { html: fit(&section.html)? });
            }
            Ok(Section {
                heading: clean(&section.heading),
                level,
                role: section.role.unwrap_or_default(),
                html: fit(&section.html)?,
                entries,
            })
        })
        .collect()
}

/// Is any of them more than prose?
pub fn have_entries(sections: &[section::Section]) -> bool {
    sections.iter().flat_map(|section| &section.parts).any(|part| !matches!(part, Part::Prose { .. }))
}

/// The sections as plain HTML, each entry set as what it is: what the text part is written from.
pub fn source(sections: &[section::Section]) -> String {
    let mut out = Vec::new();
    for section in sections {
        if !section.heading.is_empty() {
            let level = section.level.clamp(1, 6);
            out.push(format!("<h{level}>{}</h{level}>", escape(&section.heading)));
        }
        if tells_its_links(section) {
            write_parts(&mut out, &section.parts);
        } else {
            out.push(section.html.clone());
        }
    }
    // Items that follow each other are one list.
    out.concat().replace("</ul><ul>", "")
}

fn write_parts(out: &mut Vec<String>, parts: &[Part]) {
    let linked = |words: &str, link: &str| match link {
        "" => escape(words),
        link => format!("<a href=\"{}\">{}</a>", escape(link), escape(words)),
    };
    let (mut project, mut level) = (None, None);
    for part in parts {
        match part {
            Part::Prose { html } => out.push(html.clone()),
            Part::Question(asked) => {
                let number = if asked.issue.is_empty() { String::new() } else { format!(" #{}", asked.issue) };
                let about = format!("{}{number}", asked.project);
                let about = if about.is_empty() { asked.link.clone() } else { about.trim().to_owned() };
                let asker = format!("{}{}", if asked.handle { "@" } else { "" }, asked.asker);
                let head = [escape(&asker), linked(&about, &asked.link)];
                let head: Vec<String> = head.into_iter().filter(|words| !words.is_empty()).collect();
                out.push(format!("<p>{}</p>", head.join(" · ")));
                for exchange in &asked.exchanges {
                    if !exchange.question.html.is_empty() {
                        out.push(format!("<blockquote>{}</blockquote>", exchange.question.html));
                    }
                    out.extend(exchange.answers.iter().map(|answer| answer.html.clone()));
                }
            }
            Part::Task(task) => {
                let own = if task.project.is_empty() { "" } else { task.link.as_str() };
                if project != Some((task.project.as_str(), own)) && !task.project.is_empty() {
                    out.push(format!("<p>{}</p>", linked(&task.project, own)));
                    level = None;
                }
                project = Some((task.project.as_str(), own));
                if level != Some(task.level.as_str()) && !task.level.is_empty() {
                    out.push(format!("<p>{}</p>", escape(&task.level)));
                }
                level = Some(task.level.as_str());
                out.push(format!(
                    "<ul><li>{}</li></ul>",
                    linked(&task.text, if own.is_empty() { &task.link } else { "" })
                ));
            }
            Part::Reading(reading) => {
                let note =
                    if reading.note.is_empty() { String::new() } else { format!("<br>{}", escape(&reading.note)) };
                out.push(format!("<ul><li>{}{note}</li></ul>", linked(&reading.title, &reading.link)));
            }
        }
    }
}

/// Is every link of the section in its parts? What entries have no place for, as a link on somebody's name, is not lost: the
/// section is shown as it is written.
fn tells_its_links(section: &section::Section) -> bool {
    let parts = serde_json::to_string(&section.parts).unwrap_or_default();
    let told: HashSet<&str> = parts.split('"').map(|piece| piece.trim_end_matches('\\')).collect();
    section.links.iter().all(|link| told.contains(link.url.as_str()) || told.contains(&*link.url.replace('&', "&amp;")))
}

fn add(entries: &mut Vec<Entry>, part: Part, fit: &impl Fn(&str) -> Result<String, String>) -> Result<(), String> {
    match part {
        Part::Prose { html } => entries.push(Entry::Prose { html: fit(&html)? }),
        Part::Question(asked) => {
            let exchange = |exchange: section::Exchange| {
                let answers = exchange.answers.iter().map(|answer| fit(&answer.html)).collect::<Result<_, _>>()?;
                let quoted = format!("<blockquote>{}</blockquote>", exchange.question.html);
                let question = if exchange.question.html.is_empty() { String::new() } else { fit(&quoted)? };
                Ok(Exchange { question, answers })
            };
            entries.push(Entry::Question(Question {
                asker: format!("{}{}", if asked.handle { "@" } else { "" }, clean(&asked.asker)),
                issue: asked.issue,
                project: clean(&asked.project),
                link: asked.link,
                exchanges: asked.exchanges.into_iter().map(exchange).collect::<Result<_, String>>()?,
            }));
        }
        Part::Task(task) => add_task(entries, task),
        Part::Reading(reading) => match entries.last_mut() {
            Some(Entry::Reading { items }) => items.push(reading),
            _ => entries.push(Entry::Reading { items: vec![reading] }),
        },
    }
    Ok(())
}

fn add_task(entries: &mut Vec<Entry>, task: Task) {
    let own = if task.project.is_empty() { String::new() } else { task.link.clone() };
    let same = |project: &Project| project.name == task.project && project.link == own;
    if !matches!(entries.last(), Some(Entry::Tasks(project)) if same(project)) {
        entries.push(Entry::Tasks(Project { name: clean(&task.project), link: own.clone(), levels: Vec::new() }));
    }
    let Some(Entry::Tasks(project)) = entries.last_mut() else { return };
    if project.levels.last().is_none_or(|level| level.name != task.level) {
        project.levels.push(Level { name: clean(&task.level), tasks: Vec::new() });
    }
    let link = if own.is_empty() { task.link } else { String::new() };
    if let Some(level) = project.levels.last_mut() {
        level.tasks.push(Item { text: clean(&task.text), link });
    }
}
