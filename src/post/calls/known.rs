//! What known calls become, whatever they are called in a dialect: plain HTML that a feed and a mail can show.

use std::collections::HashMap;

use super::args::Args;
use super::out::{Insert, escape};

/// What a call is shown as.
#[derive(Debug, PartialEq, Eq)]
pub enum Call {
    /// In its place.
    Single(Insert),
    /// Before and behind what it encloses.
    Enclose(Insert, String),
    /// What it encloses is code of this language, as it stands.
    Code(String),
    /// It goes, with what it encloses.
    Gone,
}

/// What a call of this name becomes in any dialect; `encloses` where an end of it follows. `None`: it is not known.
pub fn call(name: &str, args: &Args, encloses: bool) -> Option<Call> {
    let lower = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let label = || args.at(0, &["title", "summary", "header", "heading", "label", "name", "value"]).unwrap_or_default();
    if encloses {
        return Some(match lower.as_str() {
            "comment" => Call::Gone,
            "highlight" | "code" | "codeblock" | "code-block" => {
                Call::Code(args.at(0, &["lang", "language"]).unwrap_or_default().to_owned())
            }
            "mermaid" | "plantuml" | "graphviz" | "katex" | "latex" | "mathjax" | "chart" | "echarts" | "markmap" => {
                Call::Code(lower)
            }
            "quote" | "blockquote" | "pullquote" | "epigraph" => {
                let who = args.at(0, &["author", "cite", "by", "source"]).filter(|_| lower != "pullquote");
                let who = who.map(|who| format!("<p>— {}</p>", escape(who))).unwrap_or_default();
                Call::Enclose(Insert::block("<blockquote>"), format!("{who}</blockquote>"))
            }
            "details" | "expand" | "expandable" | "collapse" | "collapsible" | "spoiler" | "fold" | "folding"
            | "toggle" | "accordion" => {
                let open = args.get(&["open"]).is_some_and(|open| open != "false");
                Call::Enclose(details(label(), open), "</details>".into())
            }
            "tab" | "tabitem" | "codetab" => {
                let label = escape(args.at(0, &["label", "header", "name", "title", "value"]).unwrap_or_default());
                Call::Enclose(Insert::block(format!("<p><strong>{label}</strong></p>")), String::new())
            }
            "tabs" | "tabpane" | "tabgroup" | "codetabs" | "steps" | "columns" | "column" | "raw" | "center" => {
                Call::Enclose(Insert::block(""), String::new())
            }
            _ if is_note(&lower) => {
                let title = args.get(&["title", "heading", "header", "caption"]);
                let title = title.or(args.positional.get(usize::from(is_generic_note(&lower))).map(String::as_str));
                Call::Enclose(note(title.unwrap_or_default()), "</blockquote>".into())
            }
            _ if is_picture(&lower) => Call::Single(figure(args)?),
            _ => return None,
        });
    }
    let single = match lower.as_str() {
        _ if is_picture(&lower) => figure(args),
        "qr" => args.at(0, &["text"]).map(|text| {
            let shown = if text.starts_with("http") { link(text, "") } else { escape(text) };
            Insert { plain: escape(text), ..Insert::inline(shown) }
        }),
        _ if is_note(&lower) => args
            .at(0, &["text", "content", "message"])
            .filter(|text| text.contains(char::is_whitespace))
            .map(|text| Insert::block(format!("<blockquote><p>{}</p></blockquote>", escape(text)))),
        _ => elsewhere(name, args).or_else(|| media(name, args)),
    };
    single.map(Call::Single)
}

/// Calls that enclose something and are not closed yet.
#[derive(Debug, Default)]
pub struct Open {
    calls: Vec<(String, String)>,
    counts: HashMap<String, usize>,
}

impl Open {
    /// `html` is owed when the call of this name ends.
    pub fn push(&mut self, name: &str, html: String) {
        *self.counts.entry(name.to_owned()).or_default() += 1;
        self.calls.push((name.to_owned(), html));
    }

    /// What is owed at the end of `name`, and of all that was opened in it; `None` when none of that name is open.
    pub fn close(&mut self, name: &str) -> Option<String> {
        self.counts.get(name).filter(|count| **count > 0)?;
        let mut owed = String::new();
        while let Some((open, html)) = self.calls.pop() {
            *self.counts.entry(open.clone()).or_default() -= 1;
            owed.push_str(&html);
            if open == name {
                break;
            }
        }
        Some(owed)
    }

    /// The innermost name.
    pub fn last(&self) -> Option<&str> {
        self.calls.last().map(|(name, _)| name.as_str())
    }
}

/// A link on its own.
pub fn link(address: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escape(address), escape(if text.trim().is_empty() { address } else { text }))
}

/// Code as it stands, between the fence's line ends.
pub fn code(language: &str, text: &str) -> Insert {
    let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
    let class = if language.is_empty() { String::new() } else { format!(" class=\"language-{}\"", escape(language)) };
    Insert::block(format!("<pre><code{class}>{}\n</code></pre>", escape(text.trim_end())))
}

/// A picture with its caption: `figure` and the names that themes give it.
pub fn figure(args: &Args) -> Option<Insert> {
    let source = args.at(0, &["src", "path", "url", "image", "img", "file", "href"])?;
    let caption = args.at(2, &["caption", "title"]).map(str::trim).filter(|caption| !caption.is_empty());
    let title = args.get(&["title"]).filter(|title| Some(*title) != caption);
    let alt = args.at(1, &["alt"]).or(caption).unwrap_or_default();
    let mut picture = format!("<img src=\"{}\" alt=\"{}\">", escape(source), escape(alt));
    if let Some(to) = args.get(&["link"]) {
        picture = format!("<a href=\"{}\">{picture}</a>", escape(to));
    }
    let mut words = String::new();
    words.extend(title.map(|title| format!("<strong>{}</strong> ", escape(title))));
    words.extend(caption.map(escape));
    if let Some(attribution) = args.get(&["attr"]) {
        let attribution = args.get(&["attrlink"]).map_or_else(|| escape(attribution), |to| link(to, attribution));
        words.extend([if words.is_empty() { "" } else { " " }, &attribution]);
    }
    if !words.trim().is_empty() {
        picture = format!("<figure>{picture}<figcaption>{}</figcaption></figure>", words.trim());
        return Some(Insert { plain: escape(source), ..Insert::block(picture) });
    }
    Some(Insert { plain: escape(source), ..Insert::inline(picture) })
}

/// Videos, posts and other things that live elsewhere: a link to where they do. `None`: `name` is none of them.
pub fn elsewhere(name: &str, args: &Args) -> Option<Insert> {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    let id = args
        .at(0, &["id", "videoid", "video", "code", "slug", "url", "src", "href", "tweetid", "tweetlink"])
        .map(str::trim);
    let second = args.positional.get(1).map(String::as_str).filter(|value| !value.is_empty());
    let whole = id.filter(|id| id.starts_with("https://") || id.starts_with("http://"));
    let address = match name.as_str() {
        "youtube" | "youtubelite" | "liteyoutube" | "liteyoutubeembed" | "youtubeembed" | "youtubeplayer" | "yt" => {
            let id = id.map(|id| id.trim_start_matches("v="));
            let list = args.get(&["list", "playlist"]);
            match (id, list) {
                (Some(id), _) => format!("https://www.youtube.com/watch?v={id}"),
                (None, list) => format!("https://www.youtube.com/playlist?list={}", list?),
            }
        }
        "vimeo" | "vimeosimple" | "vimeoplayer" => format!("https://vimeo.com/{}", id?),
        "streamable" => format!("https://streamable.com/{}", id?),
        "bilibili" | "bili" => {
            let id = args.at(0, &["bvid", "aid", "id"])?;
            let is_number = id.chars().all(|c| c.is_ascii_digit());
            format!("https://www.bilibili.com/video/{}{id}", if is_number { "av" } else { "" })
        }
        "gist" => match (id?, args.get(&["user", "username"]).or(second)) {
            // Jekyll's and Hexo's: `user/id`, or the id and a file.
            (id, Some(second)) if args.get(&["user"]).is_none() && !id.contains('/') && !second.contains('.') => {
                format!("https://gist.github.com/{id}/{second}")
            }
            (id, Some(user)) if args.get(&["user", "username"]).is_some() => {
                format!("https://gist.github.com/{user}/{id}")
            }
            (id, _) => format!("https://gist.github.com/{id}"),
        },
        "x" | "tweet" | "twitter" | "xsimple" | "twittersimple" | "xcom" | "twitterembed" | "tweetembed" => {
            let user = args.get(&["user"]).unwrap_or("i");
            format!("https://x.com/{}/status/{}", user.trim_start_matches('@'), id?)
        }
        "instagram" | "instagramsimple" => format!("https://www.instagram.com/p/{}", id?),
        "asciinema" => format!("https://asciinema.org/a/{}", id?),
        "jsfiddle" => format!("https://jsfiddle.net/{}/", id?),
        "codesandbox" => format!("https://codesandbox.io/s/{}", id?),
        "codepen" => format!("https://codepen.io/{}/pen/{}", args.get(&["user"]).unwrap_or("team"), id?),
        "spotify" => format!("https://open.spotify.com/{}/{}", args.get(&["type"]).unwrap_or("track"), id?),
        "mastodon" | "toot" | "iframe" | "embed" | "oembed" | "reddit" | "linkedin" | "pdf" => whole?.to_owned(),
        _ => return None,
    };
    let address = whole.map_or(address, str::to_owned);
    let title = args.get(&["title", "caption", "alt"]).unwrap_or(&address);
    Some(Insert { plain: escape(&address), ..Insert::inline(link(&address, title)) })
}

/// Films and sounds that the site has itself.
pub fn media(name: &str, args: &Args) -> Option<Insert> {
    let tag = match name.to_ascii_lowercase().as_str() {
        "video" | "html5video" | "mp4" => "video",
        "audio" | "mp3" => "audio",
        _ => return None,
    };
    let source = args.at(0, &["src", "url", "file", "mp4", "webm", "path", "link"])?;
    let poster = args.get(&["poster"]).map_or(String::new(), |poster| format!(" poster=\"{}\"", escape(poster)));
    let inner = link(source, args.get(&["title", "caption", "alt"]).unwrap_or_default());
    let html = format!("<{tag} src=\"{}\"{poster} controls>{inner}</{tag}>", escape(source));
    Some(Insert { plain: escape(source), ..Insert::block(html) })
}

/// The start of a note in the margin: `note`, `warning` and their like, with a title where there is one.
pub fn note(title: &str) -> Insert {
    let title = title.trim();
    let title = if title.is_empty() { String::new() } else { format!("<p><strong>{}</strong></p>", escape(title)) };
    Insert::block(format!("<blockquote>{title}"))
}

/// Whether an address names where it leads by itself.
pub fn is_elsewhere(address: &str) -> bool {
    address.contains("://") || address.starts_with("//") || address.starts_with("mailto:")
}

/// Whether calls of this name enclose a note in the margin.
pub fn is_note(name: &str) -> bool {
    const NOTES: [&str; 19] = [
        "note",
        "notice",
        "alert",
        "callout",
        "admonition",
        "tip",
        "info",
        "warning",
        "warn",
        "danger",
        "caution",
        "important",
        "hint",
        "attention",
        "success",
        "error",
        "message",
        "infobox",
        "aside",
    ];
    NOTES.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether the first value of such a note says of which kind it is, and only the next one its title.
fn is_generic_note(name: &str) -> bool {
    matches!(name, "alert" | "callout" | "admonition" | "notice" | "note" | "message")
}

/// Whether calls of this name show a picture.
pub fn is_picture(name: &str) -> bool {
    const PICTURES: [&str; 11] = [
        "figure",
        "img",
        "image",
        "fig",
        "picture",
        "imgproc",
        "photo",
        "imgur",
        "figureimage",
        "img-caption",
        "responsive-image",
    ];
    PICTURES.contains(&name.to_ascii_lowercase().as_str())
}

/// The start of what a reader may open.
pub fn details(summary: &str, open: bool) -> Insert {
    let summary = if summary.trim().is_empty() { "Details" } else { summary.trim() };
    let open = if open { " open" } else { "" };
    Insert::block(format!("<details{open}><summary>{}</summary>", escape(summary)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_elsewhere_are_links() {
        for (name, args, expected) in [
            ("youtube", "abc", "https://www.youtube.com/watch?v=abc"),
            ("YouTube", "id=\"abc\"", "https://www.youtube.com/watch?v=abc"),
            ("youtube", "https://youtu.be/abc", "https://youtu.be/abc"),
            ("youtube", "playlist=\"p\"", "https://www.youtube.com/playlist?list=p"),
            ("vimeo", "12", "https://vimeo.com/12"),
            ("gist", "user 12", "https://gist.github.com/user/12"),
            ("gist", "user/12 file.rb", "https://gist.github.com/user/12"),
            ("gist", "12 file.rb", "https://gist.github.com/12"),
            ("gist", "url=\"https://gist.github.com/u/1\"", "https://gist.github.com/u/1"),
            ("x", "user=\"@u\" id=1", "https://x.com/u/status/1"),
            ("tweet", "1", "https://x.com/i/status/1"),
            ("instagram", "a", "https://www.instagram.com/p/a"),
            ("bilibili", "BV1", "https://www.bilibili.com/video/BV1"),
        ] {
            let insert = elsewhere(name, &Args::parse(args, true)).unwrap_or_default();
            assert_eq!(insert.html, link(expected, ""), "{name} {args}");
        }
        assert_eq!(elsewhere("other", &Args::parse("x", true)), None);
        assert_eq!(elsewhere("vimeo", &Args::default()), None);
    }

    #[test]
    fn figures_have_captions() {
        for (args, expected) in [
            ("src=\"a.png\" alt=\"x\"", "<img src=\"a.png\" alt=\"x\">"),
            (
                "src=a.png title=\"T\" caption=\"C & D\" link=\"/l\" attr=\"A\" attrlink=\"/m\"",
                "<figure><a href=\"/l\"><img src=\"a.png\" alt=\"C &amp; D\"></a><figcaption><strong>T</strong> C &amp; D <a href=\"/m\">A</a></figcaption></figure>",
            ),
            ("/a.png \"alt\" \"cap\"", "<figure><img src=\"/a.png\" alt=\"alt\"><figcaption>cap</figcaption></figure>"),
        ] {
            assert_eq!(figure(&Args::parse(args, true)).unwrap_or_default().html, expected, "{args}");
        }
        assert_eq!(figure(&Args::default()), None);
    }
}
