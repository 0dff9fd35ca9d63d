//! What plays, as a link to it: no mail client plays films or sounds. For both parts of a mail, before either is made.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::CONTENT_WIDTH;
use crate::post::flow::{Tag, closed, is_inline, is_void, tags};
use crate::template::escape;

/// What a film and a sound are called in the post's language, with [`NAME`] where its name belongs.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// "Video: {}"
    pub film: String,
    /// "Audio: {}"
    pub sound: String,
}

/// Stands for what a film or a sound is named.
pub const NAME: &str = "{}";

/// Sanitised `html` with a link in the place of each `<video>` and `<audio>`: to the first of its files, with its poster and
/// its name. One without a file is what stands in for it.
pub fn as_links<'h>(html: &'h str, words: &Words) -> Cow<'h, str> {
    if !html.contains("<video") && !html.contains("<audio") {
        return Cow::Borrowed(html);
    }
    let all: Vec<Tag<'_>> = tags(html).collect();
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&str> = Vec::new();
    let (mut at, mut number) = (0, 0);
    while let Some(tag) = all.get(number) {
        number += 1;
        let plays = matches!(tag.name, "video" | "audio");
        if plays {
            out.push_str(&html[at..tag.range.start]);
            at = tag.range.end;
        }
        if plays && !tag.closes {
            let ends = |inner: &Tag<'_>| inner.closes && inner.name == tag.name;
            let end = all[number..].iter().position(ends).map_or(all.len(), |end| number + end);
            let files = all[number..end].iter().filter(|inner| inner.name == "source");
            let mut files = std::iter::once(tag).chain(files).filter_map(|tag| tag.attribute("src"));
            if let Some(file) = files.find(|file| file.starts_with("http")) {
                out.push_str(&link(tag, &file, words, &open));
                at = all.get(end).map_or(html.len(), |end| end.range.end);
                number = end + 1;
            }
        } else if tag.closes {
            closed(&mut open, tag.name);
        } else if !is_void(tag.name) {
            open.push(tag.name);
        }
    }
    out.push_str(&html[at..]);
    Cow::Owned(out)
}

/// In a paragraph of its own where it stands in none.
fn link(tag: &Tag<'_>, file: &str, words: &Words, open: &[&str]) -> String {
    let poster = tag
        .attribute("poster")
        .filter(|poster| poster.starts_with("http"))
        .map(|poster| format!("<img src=\"{}\" alt=\"\" width=\"{CONTENT_WIDTH}\"><br>", escape(&poster)));
    let kind = if tag.name == "video" { &words.film } else { &words.sound };
    let name = tag.attribute("title").filter(|title| !title.trim().is_empty()).unwrap_or_else(|| name(file));
    let shown = format!("{}▶ {}", poster.unwrap_or_default(), escape(kind).replace(NAME, &escape(&name)));
    // A link holds no other.
    let shown = if open.contains(&"a") { shown } else { format!("<a href=\"{}\">{shown}</a>", escape(file)) };
    let among_words = open.last().is_some_and(|name| {
        is_inline(name)
            || matches!(*name, "p" | "dt" | "summary" | "figcaption" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
    });
    if among_words { shown } else { format!("<p>{shown}</p>") }
}

/// The file's, else that of the host that it comes from.
fn name(file: &str) -> String {
    let path = file.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let host = file.split('/').nth(2).unwrap_or(file);
    let known = last.contains('.') && path.split('/').count() > 3;
    if known { percent_decode_str(last).decode_utf8_lossy().into_owned() } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(html: &str) -> String {
        let words = Words { film: "Video: {}".into(), sound: "Audio: {}".into() };
        as_links(html, &words).into_owned()
    }

    #[test]
    fn what_plays_is_a_link() {
        for (html, wanted) in [
            ("<p>a</p>", "<p>a</p>"),
            (
                "<video src=\"https://e.org/v/f.mp4\"></video>",
                "<p><a href=\"https://e.org/v/f.mp4\">▶ Video: f.mp4</a></p>",
            ),
            (
                "<p>a <audio controls=\"\"><source src=\"https://e.org/a%20b.mp3?x&amp;y\"> old?</audio> b</p>",
                "<p>a <a href=\"https://e.org/a%20b.mp3?x&amp;y\">▶ Audio: a b.mp3</a> b</p>",
            ),
            (
                "<div><video poster=\"https://e.org/p\"><source src=\"https://e.org/f\"><source src=\"https://e.org/g\"></video></div>",
                "<div><p><a href=\"https://e.org/f\"><img src=\"https://e.org/p\" alt=\"\" width=\"536\"><br>▶ Video: e.org</a></p></div>",
            ),
            ("<video><p>none</p></video>b", "<p>none</p>b"),
            ("<a href=\"x\"><video src=\"https://e.org/f.mp4\"></video></a>", "<a href=\"x\">▶ Video: f.mp4</a>"),
            ("<video src=\"https://e.org/f.mp4\">", "<p><a href=\"https://e.org/f.mp4\">▶ Video: f.mp4</a></p>"),
        ] {
            assert_eq!(made(html), wanted, "{html}");
        }
    }

    proptest! {
        #[test]
        fn none_is_left(html in "(<video>|</video>|<audio src=\"https://e.org/x\">|</audio>|<source src=\"https://e\">|<p>|</p>|<br>|[a-z中<>\"/]){0,30}") {
            let _ = made(&html);
        }
    }
}
