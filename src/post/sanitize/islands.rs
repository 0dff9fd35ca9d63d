//! What a parser of HTML reads by rules of its own: drawings, formulas, fallbacks, scripts that stand for something. They
//! are put into words that any reader shows, before the parser comes.

use std::borrow::Cow;

use super::{attribute_of, escaped, unescaped};

/// So far back a fallback looks for the picture that it may stand for.
const NEAR: usize = 2000;

/// More words of a drawing are not read.
const MANY: usize = 200;

const NAMES: [&str; 4] = ["svg", "math", "noscript", "script"];

/// `html` with its islands in words: a formula as its TeX, a drawing as what it says, a fallback as it is unless the picture
/// that it repeats is there. Linear in the length.
pub fn in_words(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    // An island that does not end takes no search for the next of its name.
    let mut endless = [false; NAMES.len()];
    while let Some(found) = html[at..].find('<') {
        let start = at + found;
        at = start + 1;
        if html[start..].starts_with("<!--") {
            at = html[start + 2..].find("-->").map_or(html.len(), |end| start + 2 + end);
            continue;
        }
        let Some(which) = NAMES.iter().position(|name| begins(&html[at..], name)).filter(|which| !endless[*which])
        else {
            continue;
        };
        let Some(island) = Island::at(html, start, NAMES[which]) else {
            endless[which] = true;
            continue;
        };
        let Some(words) = island.words(&html[..start]) else {
            at = island.end;
            continue;
        };
        out.push_str(&html[copied..start]);
        out.push_str(&words);
        (at, copied) = (island.end, island.end);
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

struct Island<'h> {
    name: &'static str,
    /// `<svg …>`
    tag: &'h str,
    inner: &'h str,
    end: usize,
}

impl<'h> Island<'h> {
    /// The element that begins at `start`, whose tag may stand in itself.
    fn at(html: &'h str, start: usize, name: &'static str) -> Option<Self> {
        let open = start + html[start..].find('>')? + 1;
        let tag = &html[start..open];
        if tag.ends_with("/>") && name != "noscript" && name != "script" {
            return Some(Self { name, tag, inner: "", end: open });
        }
        let (mut depth, mut at) = (1_usize, open);
        loop {
            let next = at + html[at..].find('<')?;
            at = next + 1;
            if begins(&html[at..], name) && name != "script" && name != "noscript" {
                depth += 1;
            } else if let Some(rest) = html[at..].strip_prefix('/').filter(|rest| begins(rest, name)) {
                depth -= 1;
                if depth == 0 {
                    let end = html.len() - rest.len() + rest.find('>')? + 1;
                    return Some(Self { name, tag, inner: &html[open..next], end });
                }
            }
        }
    }

    /// `None`: it stays, for others to judge.
    fn words(&self, before: &str) -> Option<String> {
        match self.name {
            "math" => Some(code(&self.tex())),
            "svg" => Some(self.drawing()),
            // One that ends in the middle of a tag is a trap.
            "noscript" if repeats_a_picture(self.inner, before) || self.inner.rfind('<') > self.inner.rfind('>') => {
                Some(String::new())
            }
            "noscript" => Some(self.inner.to_owned()),
            // Formulas as MathJax 2 keeps them, and what GitHub shows by a script.
            _ if attribute_of(self.tag, "type").is_some_and(|kind| kind.starts_with("math/tex")) => {
                Some(code(&escaped(self.inner)))
            }
            _ => {
                let address = attribute_of(self.tag, "src").filter(|src| src.contains("//gist.github.com/"))?;
                let address = address.split(".js").next().unwrap_or_default();
                Some(format!("<a href=\"{0}\">{0}</a>", escaped(&unescaped(address))))
            }
        }
    }

    /// As the author wrote it, where that is kept; else the signs in their order.
    fn tex(&self) -> String {
        let annotation = self.inner.match_indices("<annotation").take(MANY).find_map(|(at, _)| {
            let (tag, text) = self.inner[at..].split_once('>')?;
            tag.contains("tex").then(|| text.split('<').next().unwrap_or_default().to_owned())
        });
        annotation
            .or_else(|| attribute_of(self.tag, "alttext").map(str::to_owned))
            .unwrap_or_else(|| texts(self.inner).concat())
    }

    /// Its name; else what is written in it. What is marked as mere ornament is nothing.
    fn drawing(&self) -> String {
        if attribute_of(self.tag, "aria-hidden").is_some_and(|hidden| hidden != "false") {
            return String::new();
        }
        let title = || {
            let (_, rest) = self.inner.split_once("<title")?;
            Some(rest.split_once('>')?.1.split('<').next()?.to_owned())
        };
        let written = || {
            let parts = self.inner.match_indices("<text").take(MANY).filter_map(|(at, _)| {
                let (_, text) = self.inner[at..].split_once('>')?;
                Some(texts(text.split("</text").next()?).concat())
            });
            parts.collect::<Vec<_>>().join(" ")
        };
        attribute_of(self.tag, "aria-label")
            .map(str::to_owned)
            .or_else(title)
            .unwrap_or_else(written)
            .replace('<', "&lt;")
    }
}

/// Escaped text as code; nothing for nothing.
fn code(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() { String::new() } else { format!("<code>{}</code>", text.replace('<', "&lt;")) }
}

/// What stands between tags.
fn texts(html: &str) -> Vec<&str> {
    let behind =
        |(number, part): (usize, &'_ str)| if number == 0 { 0 } else { part.find('>').map_or(part.len(), |at| at + 1) };
    let parts = html.split('<').enumerate().map(|(number, part)| part[behind((number, part))..].trim());
    parts.filter(|text| !text.is_empty()).collect()
}

/// A page that loads its pictures late says each of them twice.
fn repeats_a_picture(inner: &str, before: &str) -> bool {
    let own = inner.find("<img").and_then(|at| attribute_of(&inner[at..], "src"));
    let Some(own) = own.filter(|own| !own.is_empty()) else { return false };
    let mut near = before.len().saturating_sub(NEAR);
    while !before.is_char_boundary(near) {
        near += 1;
    }
    let before = &before[near..];
    let Some(at) = before.rfind("<img") else { return false };
    let tag = &before[at..];
    let (tag, between) = tag.split_at(tag.find('>').map_or(tag.len(), |end| end + 1));
    let is_next = texts(between).is_empty() && !between.contains("<p");
    tag.contains(own) || is_next && super::LAZY.iter().any(|name| attribute_of(tag, name).is_some())
}

/// Does a tag of this name begin here?
fn begins(text: &str, name: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > name.len()
        && bytes[..name.len()].eq_ignore_ascii_case(name.as_bytes())
        && !bytes[name.len()].is_ascii_alphanumeric()
        && bytes[name.len()] != b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn islands_are_put_into_words() {
        for (html, expected) in [
            ("a<svg><path d='M0'/></svg>b", "ab"),
            ("<svg><title>A &amp; B</title><text>c</text></svg>", "A &amp; B"),
            ("<svg viewBox='0 0 1 1'><g><text x=1>in</text><text><tspan>out</tspan></text></g></svg>", "in out"),
            ("<svg aria-hidden=\"true\"><title>Icon</title></svg>", ""),
            ("<SVG><svg></svg>x</SVG>y", "y"),
            ("<svg/>z", "z"),
            ("<svg>never", "<svg>never"),
            ("<math><mi>x</mi><mo>&lt;</mo><mi>y</mi></math>", "<code>x&lt;y</code>"),
            ("<math alttext=\"a^2\"><mi>a</mi></math>", "<code>a^2</code>"),
            (
                "<math><semantics><mi>a</mi><annotation encoding=\"application/x-tex\">\\frac{a}{b}</annotation></semantics></math>",
                "<code>\\frac{a}{b}</code>",
            ),
            ("<script type=\"math/tex; mode=display\">a<b</script>", "<code>a&lt;b</code>"),
            ("<script>alert('<svg></svg>')</script>", "<script>alert('<svg></svg>')</script>"),
            (
                "<script src=\"https://gist.github.com/a/b.js?file=c\"></script>",
                "<a href=\"https://gist.github.com/a/b\">https://gist.github.com/a/b</a>",
            ),
            ("<noscript><img src=a></noscript>", "<img src=a>"),
            ("<img data-src=a><noscript><img src=a></noscript>c", "<img data-src=a>c"),
            ("<noscript><p title=\"</noscript><img src=x>\">", "<img src=x>\">"),
            ("<svg-x>y</svg-x> <mathematics>", "<svg-x>y</svg-x> <mathematics>"),
        ] {
            assert_eq!(in_words(html), expected, "{html}");
        }
    }

    #[test]
    fn endless_islands_are_cheap() {
        for html in ["<svg>", "<math><svg>", "<noscript>", "<svg></math>", "<math", "</svg>"] {
            assert!(in_words(&html.repeat(50_000)).len() <= html.len() * 50_000);
        }
    }
}
