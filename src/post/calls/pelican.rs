//! Pelican's links, `{filename}x.md`, `{static}/x.png`, and the headings of its Markdown, `#Title`.

use url::Url;

use super::code::Code;
use super::{Around, Start};

/// What a link names, in Pelican's words, and the path behind it: `{filename}/x.md`, or `|filename|/x.md` as it was.
pub fn kind(written: &str) -> Option<(&str, &str)> {
    let (kind, path) = match written.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => written.strip_prefix('|')?.split_once('|')?,
    };
    matches!(kind, "filename" | "static" | "attach" | "index" | "tag" | "category" | "author").then_some((kind, path))
}

/// Where it leads; `None` when there is no such page.
pub fn address(around: &Around<'_>, kind: &str, path: &str) -> Option<String> {
    match kind {
        "filename" => {
            let start = if path.starts_with('/') { Start::Root } else { Start::File };
            around.address(path, start)
        }
        "attach" => {
            let name = path.rsplit('/').next().unwrap_or_default();
            Url::parse(&around.page.url).and_then(|page| page.join(name)).map(Into::into).ok()
        }
        "static" if path.starts_with('/') => Some(around.below(path)),
        // Beside the file, in the folder of the content, which is the first one.
        "static" => {
            let place = around.site.links.place(around.page, path)?;
            Some(around.below(place.split_once('/').map_or(place.as_str(), |(_, below)| below)))
        }
        "index" => Some(around.home().to_owned()),
        kind => Some(around.below(&format!("{kind}/{path}.html"))),
    }
}

/// The text with a blank behind each heading's marks, where there are some without.
pub fn headings(text: &str) -> Option<String> {
    let lacks = |line: &str| {
        let title = line.trim_start_matches('#');
        let marks = line.len() - title.len();
        ((1..=6).contains(&marks) && !title.starts_with([' ', '\t', '\r', '\n']) && !title.is_empty()).then_some(marks)
    };
    if !text.lines().any(|line| lacks(line).is_some()) {
        return None;
    }
    let mut code = Code::new(text);
    let mut out = String::with_capacity(text.len() + 100);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marks = lacks(line).filter(|_| code.end(at).is_none()).unwrap_or(0);
        at += line.len();
        out.push_str(&line[..marks]);
        if marks > 0 {
            out.push(' ');
        }
        out.push_str(&line[marks..]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_get_their_blank() {
        assert_eq!(
            headings("#T\n\n##  U\n```\n#x\n```\n####### no").as_deref(),
            Some("# T\n\n##  U\n```\n#x\n```\n####### no")
        );
        assert_eq!(headings("# T\n#\n"), None);
    }

    #[test]
    fn kinds_of_links() {
        assert_eq!(kind("{static}/a.png"), Some(("static", "/a.png")));
        assert_eq!(kind("|filename|a.md"), Some(("filename", "a.md")));
        assert_eq!((kind("{other}a"), kind("a")), (None, None));
    }
}
