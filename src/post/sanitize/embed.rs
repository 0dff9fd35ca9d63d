//! What stands in a frame, as a link to the page that shows it, with a picture of it where its address is known. No reader
//! of feeds and mails shows frames.

use std::borrow::Cow;

use super::escaped;

/// HTML of a link to what a frame with this address shows; both arguments are as written in an attribute, unescaped.
pub fn link(address: &str, title: &str) -> String {
    let address = address.trim();
    let (page, picture) = page(address);
    let title = title.trim();
    let shown = if title.is_empty() { page.trim_start_matches("//") } else { title };
    let picture = picture.map(|picture| format!("<img src=\"{}\" alt=\"\"><br>", escaped(&picture)));
    format!("<a href=\"{}\">{}{}</a>", escaped(&page), picture.unwrap_or_default(), escaped(shown))
}

/// The page for people instead of the player, and a still of it.
fn page(address: &str) -> (Cow<'_, str>, Option<String>) {
    let bare = address.strip_prefix("https:").or_else(|| address.strip_prefix("http:")).unwrap_or(address);
    let Some((host, path)) = bare.strip_prefix("//").and_then(|rest| rest.split_once('/')) else {
        return (Cow::Borrowed(address), None);
    };
    let host = host.strip_prefix("www.").unwrap_or(host);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let is_id =
        |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let known = match (host, parts.as_slice()) {
        ("youtube.com" | "youtube-nocookie.com", ["embed", "videoseries"]) => {
            let list = value("list").filter(|list| is_id(list));
            list.map(|list| (format!("https://www.youtube.com/playlist?list={list}"), None))
        }
        ("youtube.com" | "youtube-nocookie.com", ["embed" | "v", id]) if is_id(id) => Some((
            format!("https://www.youtube.com/watch?v={id}"),
            Some(format!("https://i.ytimg.com/vi/{id}/hqdefault.jpg")),
        )),
        ("player.vimeo.com", ["video", id]) if is_id(id) => Some((format!("https://vimeo.com/{id}"), None)),
        ("dailymotion.com", ["embed", "video", id]) if is_id(id) => Some((
            format!("https://www.dailymotion.com/video/{id}"),
            Some(format!("https://www.dailymotion.com/thumbnail/video/{id}")),
        )),
        ("player.bilibili.com", ["player.html"]) => {
            let id = value("bvid").map(str::to_owned).or_else(|| value("aid").map(|id| format!("av{id}")));
            id.filter(|id| is_id(id)).map(|id| (format!("https://www.bilibili.com/video/{id}"), None))
        }
        ("asciinema.org", ["a", id, "iframe" | "embed"]) if is_id(id) => {
            Some((format!("https://asciinema.org/a/{id}"), Some(format!("https://asciinema.org/a/{id}.svg"))))
        }
        ("open.spotify.com", ["embed", kind, id]) => Some((format!("https://open.spotify.com/{kind}/{id}"), None)),
        ("codepen.io", [user, "embed", id] | [user, "embed", "preview", id]) => {
            Some((format!("https://codepen.io/{user}/pen/{id}"), None))
        }
        ("codesandbox.io", ["embed", id]) => Some((format!("https://codesandbox.io/s/{id}"), None)),
        ("loom.com", ["embed", id]) => Some((format!("https://www.loom.com/share/{id}"), None)),
        ("w.soundcloud.com", ["player"]) => value("url").and_then(|url| {
            let url = percent_encoding::percent_decode_str(url).decode_utf8().ok()?;
            url.starts_with("https://soundcloud.com/").then(|| (url.into_owned(), None))
        }),
        _ => None,
    };
    known.map_or((Cow::Borrowed(address), None), |(page, picture)| (Cow::Owned(page), picture))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_become_pages() {
        for (address, expected) in [
            ("https://www.youtube.com/embed/aB_-9?start=3", "https://www.youtube.com/watch?v=aB_-9"),
            ("//www.youtube-nocookie.com/embed/x1", "https://www.youtube.com/watch?v=x1"),
            ("https://www.youtube.com/embed/videoseries?list=PL1", "https://www.youtube.com/playlist?list=PL1"),
            ("https://player.vimeo.com/video/12?h=a", "https://vimeo.com/12"),
            ("//player.bilibili.com/player.html?aid=7&bvid=BV1x", "https://www.bilibili.com/video/BV1x"),
            ("https://codepen.io/a/embed/b?x", "https://codepen.io/a/pen/b"),
            ("https://open.spotify.com/embed/episode/4", "https://open.spotify.com/episode/4"),
            ("https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/a/b&x=1", "https://soundcloud.com/a/b"),
            ("https://www.youtube.com/embed/a\"b", "https://www.youtube.com/embed/a\"b"),
            ("/own/player.html", "/own/player.html"),
        ] {
            assert_eq!(page(address).0, expected, "{address}");
        }
    }

    #[test]
    fn a_film_is_seen() {
        assert_eq!(
            link("https://www.youtube.com/embed/x", "A & B"),
            "<a href=\"https://www.youtube.com/watch?v=x\"><img src=\"https://i.ytimg.com/vi/x/hqdefault.jpg\" alt=\"\"><br>A &amp; B</a>"
        );
        assert_eq!(link("//a.example/?b&c", ""), "<a href=\"//a.example/?b&amp;c\">a.example/?b&amp;c</a>");
    }
}
