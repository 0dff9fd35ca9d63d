//! Where Hexo sees front matter: between fences of hyphens (YAML) or semicolons (JSON), the first of which may be missing.

use serde_json::Value;

use crate::post::front_matter::{self, Format, FrontMatter};
use crate::problem::Problem;

/// A file cut in two.
pub struct Cut {
    /// The header; keys as they are written.
    pub front_matter: FrontMatter,
    /// Offset of the body in bytes.
    pub start: usize,
}

/// Cuts a file. What is no front matter to Hexo is body.
pub fn cut(text: &str, path: &str) -> Result<Cut, Problem> {
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let whole = Cut { front_matter: FrontMatter::default(), start: text.len() - content.len() };
    let fence = content.len() - content.trim_start_matches('-').len();
    let semicolons = content.len() - content.trim_start_matches(';').len();
    let (fence, opened) = match (&content[..fence.max(semicolons)], line_end(&content[fence.max(semicolons)..])) {
        (fence, Some(end)) if fence.len() >= 3 => (fence, fence.len() + end),
        (fence, None) if fence.len() >= 3 => return Ok(whole),
        _ => ("", 0),
    };
    // At least one character, then a line that begins with the fence.
    let found = lines(content, opened).find_map(|(end, line)| {
        let closes = match fence {
            "" => ["---", ";;;"].into_iter().find(|fence| line.starts_with(fence)),
            fence => line.starts_with(fence).then_some(fence),
        };
        closes.map(|closing| (end, closing, content.len() - line.len()))
    });
    let Some((end, closing, fence_at)) = found else { return Ok(whole) };
    let json = closing.starts_with(';');
    // Without an opening fence the closing one is as long as it can be.
    let kind = if json { ';' } else { '-' };
    let after = if fence.is_empty() {
        content.len() - content[fence_at..].trim_start_matches(kind).len()
    } else {
        fence_at + fence.len()
    };
    let start = text.len() - content.len() + after + line_end(&content[after..]).unwrap_or(0);
    let header = &content[opened..end];
    let first_line = 1 + content[..opened].matches('\n').count();
    let (written, format) =
        if json { (format!("{{{header}}}"), Format::Json) } else { (tabs_widened(header), Format::Yaml) };
    if json && !serde_json::from_str::<Value>(&written).is_ok_and(|value| value.is_object()) {
        return Ok(whole);
    }
    match front_matter::header(&written, format, first_line) {
        Ok((front_matter, repeated)) => match repeated.into_iter().next() {
            // What is there twice is refused in YAML, and the last one wins in JSON.
            Some(fault) if !json => Err(refused(path, fault.line, "a key of the front matter is there twice")),
            _ => Ok(Cut { front_matter, start }),
        },
        // Text that is no `key: value` lines is no front matter.
        Err(fault) if fault.what.contains("is not `key: value` lines") => Ok(whole),
        Err(fault) => Err(refused(path, fault.line, &format!("the front matter cannot be read: {}", fault.what))),
    }
}

fn refused(path: &str, line: Option<usize>, what: &str) -> Problem {
    let hint = "mend it: Hexo leaves the page out; a line of `---` in a text without front matter ends one, too";
    Problem::error(path, line, what, hint)
}

/// Every line from the one after the first character behind `from`, with where the line before it ends.
fn lines(text: &str, from: usize) -> impl Iterator<Item = (usize, &str)> {
    text[from..].match_indices('\n').map(move |(at, _)| from + at).filter(move |at| *at > from).map(|at| {
        let before = if text[..at].ends_with('\r') { at - 1 } else { at };
        (before, &text[at + 1..])
    })
}

/// How long the line's end at the start of `text` is.
fn line_end(text: &str) -> Option<usize> {
    if text.starts_with('\n') { Some(1) } else { text.starts_with("\r\n").then_some(2) }
}

/// Hexo writes two blanks for each tab at the start of a line.
fn tabs_widened(header: &str) -> String {
    let mut out = String::with_capacity(header.len());
    for (at, line) in header.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let rest = if at > 0 { line.trim_start_matches('\t') } else { line };
        out.push_str(&"  ".repeat(line.len() - rest.len()));
        out.push_str(rest);
    }
    out
}
