//! Front matter as gray-matter cuts it, which Docusaurus and Eleventy use. Keys stay as they are written.

use crate::post::front_matter::{self, FrontMatter};
use crate::problem::Problem;
use crate::yaml::Fault;

/// A page cut in two.
#[derive(Debug, Clone, Default)]
pub struct Matter {
    /// The header; empty where there is none.
    pub front_matter: FrontMatter,
    /// Keys that are there twice, lines of the file.
    pub repaired: Vec<Fault>,
    /// Offset of the body in the text, octets.
    pub start: usize,
    /// Line on which the body begins, 1-based.
    pub line: usize,
}

/// Cuts a whole file. The fence must be its very first characters; a header that is never closed is the whole file.
pub fn cut(text: &str) -> Result<Matter, Fault> {
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let fault = |line, what: &str| Fault { line: Some(line), what: what.to_owned() };
    let Some(rest) = text[bom..].strip_prefix("---").filter(|rest| !rest.starts_with('-')) else {
        return Ok(Matter { start: bom, line: 1, ..Matter::default() });
    };
    let Some(line_end) = rest.find('\n') else {
        return if rest.trim().is_empty() {
            Ok(Matter { start: text.len(), line: 1, ..Matter::default() })
        } else {
            Err(fault(1, "its lines end in carriage returns alone, or it has no second line"))
        };
    };
    let language = rest[..line_end].trim();
    if !matches!(language.to_ascii_lowercase().as_str(), "" | "yaml" | "yml" | "json") {
        return Err(fault(1, &format!("`---{language}` is no notation that can be read here")));
    }
    let header_start = bom + 3 + line_end;
    let (header, mut start) = match text[header_start..].find("\n---") {
        Some(at) => (&text[header_start + 1..=header_start + at], header_start + at + 4),
        None => (&text[header_start + 1..], text.len()),
    };
    let (front_matter, repaired) = front_matter::yaml(header, 2)?;
    for end in ['\r', '\n'] {
        start += usize::from(text[start..].starts_with(end));
    }
    let line = 1 + text[..start].matches('\n').count();
    Ok(Matter { front_matter, repaired, start, line })
}

/// What to say of a header that cannot be read.
pub fn refused(path: &str, fault: &Fault, generator: &str) -> Problem {
    let what = format!("the front matter cannot be read: {}", fault.what);
    let hint = if fault.what.contains("mapping values") || fault.what.contains("quote") {
        "put the value in quotes".to_owned()
    } else {
        format!("mend it; {generator} refuses the page too")
    };
    Problem::error(path, fault.line, what, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts() {
        for (text, title, body, line) in [
            ("---\ntitle: A\n---\nBody", "A", "Body", 4),
            ("\u{feff}---\r\ntitle: A\r\n---\r\nBody", "A", "Body", 4),
            ("---yaml\ntitle: A\n---\n\nBody", "A", "\nBody", 4),
            ("---json\n{\"title\": \"A\"}\n---\nBody", "A", "Body", 4),
            ("---\ntitle: A\n--- x", "A", " x", 3),
            ("---\ntitle: A\n", "A", "", 3),
            ("---\n---\nBody", "", "Body", 3),
            ("---", "", "", 1),
            ("----\nBody", "", "----\nBody", 1),
            ("\n---\ntitle: A\n---\n", "", "\n---\ntitle: A\n---\n", 1),
            ("", "", "", 1),
        ] {
            let matter = cut(text).expect(text);
            let found = matter.front_matter.text(&["title"]).unwrap_or_default();
            assert_eq!((found.as_str(), &text[matter.start..], matter.line), (title, body, line), "{text:?}");
        }
        for (text, line) in [
            ("---toml\na = 1\n---\n", 1),
            ("---\na: b: c\n---\n", 2),
            ("---\rtitle: A\r---\r", 1),
            ("---\nx\n---\n", 2),
        ] {
            assert_eq!(cut(text).expect_err(text).line, Some(line), "{text:?}");
        }
    }
}
