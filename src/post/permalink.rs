//! Addresses of pages by Hugo's rules: `url` of the front matter, else the section's pattern, else the path.
//!
//! Pure. What a pattern asks for and cannot be had (an unknown token) is an error for people.

mod pattern;

use chrono::{DateTime, FixedOffset};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use pattern::expand;

/// What stays as it is in a path (RFC 3986 §3.3 without `'()*!`, as Go writes it).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// What a page's file is called, where it is not the usual `index.html`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format<'a> {
    /// Before everything but the language: `amp`.
    pub path: &'a str,
    /// `index`
    pub base_name: &'a str,
    /// `.html`
    pub suffix: &'a str,
}

impl Default for Format<'_> {
    fn default() -> Self {
        Self { path: "", base_name: "index", suffix: ".html" }
    }
}

/// What a section is called in `:sectionslugs`: its slug, else its title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionName {
    /// May be empty.
    pub slug: String,
    /// May be empty.
    pub title: String,
}

/// How the site makes addresses for this page.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of Hugo's configuration")]
pub struct Shape<'a> {
    /// Absolute, may have a path: `https://example.org/sub/`.
    pub base: &'a str,
    /// `zh` where the language has a folder of its own in addresses.
    pub language_prefix: &'a str,
    /// The pattern of the page's section: `/:year/:month/:slug/`.
    pub pattern: Option<&'a str>,
    /// In which format the page is published.
    pub format: Format<'a>,
    /// `/p.html` instead of `/p/`.
    pub ugly: bool,
    /// Letters keep their case.
    pub keep_case: bool,
    /// Letters lose their marks.
    pub without_accents: bool,
    /// As before Hugo 0.123: blanks of a name become one hyphen, tokens in `url` stay as they are, `/` in a slug too.
    pub old: bool,
}

/// Where the page stands and what it is called.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// Folders below the content root ([`folder_name`]), without a bundle's own; the slug of a section that has one.
    pub folders: &'a [String],
    /// Its name in that folder, without language and extension; a bundle's folder.
    pub name: &'a str,
    /// What `:filename` gives: the same, mostly.
    pub file_name: &'a str,
    /// What `:contentbasename` gives: the same, mostly.
    pub base_name: &'a str,
    /// It is a folder of its own.
    pub bundle: bool,
    /// Folders that are sections, of the nearest one: `:sections`.
    pub sections: &'a [String],
    /// Of each section above the page that is one, from the top: `:sectionslugs`.
    pub section_names: &'a [SectionName],
    /// Plain.
    pub title: &'a str,
    /// Of the front matter; may be empty.
    pub slug: &'a str,
    /// In its own offset.
    pub date: Option<DateTime<FixedOffset>>,
}

/// The absolute, percent-encoded address of a page; `url` is the front matter's.
pub fn address(shape: &Shape<'_>, place: &Place<'_>, url: Option<&str>) -> Result<String, String> {
    let url = url.filter(|url| !url.is_empty());
    usual(shape, place, url).map_or_else(|| by_rules(shape, place, url), Ok)
}

/// Of most pages, whose folders and name are in their address as they are: [`by_rules`] has many steps to the same.
fn usual(shape: &Shape<'_>, place: &Place<'_>, url: Option<&str>) -> Option<String> {
    let base_name = shape.format.base_name;
    let has_pattern = shape.pattern.is_some_and(|pattern| !pattern.is_empty());
    let is_named = !place.name.is_empty() && place.name != base_name && place.slug.is_empty();
    let is_folder = !shape.ugly && shape.is_index(base_name) && shape.format.path.is_empty();
    let parts = || {
        let folders = place.folders.iter().map(String::as_str);
        [shape.language_prefix].into_iter().chain(folders).chain([place.name]).filter(|part| !part.is_empty())
    };
    if url.is_some() || has_pattern || !is_named || !is_folder || !parts().all(|part| part.bytes().all(is_plain)) {
        return None;
    }
    let base = shape.base.trim_end_matches('/');
    let mut address = String::with_capacity(base.len() + 2 + parts().map(|part| part.len() + 1).sum::<usize>());
    address.push_str(base);
    parts().for_each(|part| address.extend(["/", part]));
    address.push('/');
    Some(address)
}

fn by_rules(shape: &Shape<'_>, place: &Place<'_>, url: Option<&str>) -> Result<String, String> {
    if let Some(url) = url.filter(|url| url.starts_with("http:") || url.starts_with("https:")) {
        return Err(format!("`{url}` has a host; `url` is a path on this site"));
    }
    let base_name = shape.format.base_name;
    let path = match (url, shape.pattern.filter(|pattern| !pattern.is_empty())) {
        (Some(url), _) => given(shape, place, url)?,
        (None, Some(pattern)) => {
            let path = in_shape(&clean(&unescaped(&expand(shape, pattern, place)?)), shape);
            let is_folder = !shape.ugly && !place.bundle && place.slug == base_name && shape.is_index(base_name);
            match path.strip_suffix("/index").filter(|_| is_folder) {
                Some(folder) => in_folder(shape, folder),
                None if shape.ugly && path != "/" => format!("{}{}", below(shape, &path), shape.format.suffix),
                None => in_folder(shape, &path),
            }
        }
        (None, None) => {
            let above = folders(shape, place.folders);
            let own = if place.slug.is_empty() { place.name } else { place.slug };
            let ugly = shape.ugly || !place.bundle && own == base_name;
            let suffix = if ugly { shape.format.suffix } else { "" };
            if ugly && shape.is_index(own) {
                // `/blog/index.html` is the folder to web servers.
                format!("{}/", below(shape, &above))
            } else {
                let name = if place.slug.is_empty() {
                    path_part(place.name, shape) + suffix
                } else {
                    // `.` and `..` in a slug stay: only the folders are tidied.
                    in_shape(&format!("{}{suffix}", place.slug.trim_end_matches('/')), shape)
                };
                let path = above + &slashed(name.split('/'));
                if ugly { below(shape, &path) } else { in_folder(shape, &path) }
            }
        }
    };
    if path.contains(|c: char| c.is_ascii_control()) {
        return Err("there is a control character in the address".into());
    }
    Ok(format!("{}{}", shape.base.trim_end_matches('/'), encoded(&path)?))
}

impl Shape<'_> {
    /// Whether a file of this name is what web servers show for its folder.
    fn is_index(&self, name: &str) -> bool {
        name == "index" && self.format.suffix == ".html"
    }
}

/// The parts that are not empty, a slash before each.
fn slashed<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let mut path = String::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        path.push('/');
        path.push_str(part);
    }
    path
}

/// The folders as they are in addresses.
fn folders(shape: &Shape<'_>, folders: &[String]) -> String {
    let path = slashed(folders.iter().map(String::as_str));
    if path.bytes().all(|byte| is_plain(byte) || byte == b'/') {
        return path;
    }
    // As a whole: blanks at the end of a section's slug are a hyphen where something follows.
    slashed(in_shape(&path, shape).split('/'))
}

/// What a folder is called in [`Place::folders`]: blanks become hyphens one by one, those of a slug together.
pub fn folder_name(folder: &str) -> String {
    folder.replace(' ', "-")
}

/// The address that an alias of the front matter stands for: a path on this site, relative to the page's folder.
pub fn alias(shape: &Shape<'_>, place: &Place<'_>, alias: &str) -> String {
    let path = if alias.starts_with('/') {
        clean(alias)
    } else {
        let mut folders = place.folders.to_vec();
        if !shape.language_prefix.is_empty() {
            folders.insert(0, shape.language_prefix.to_owned());
        }
        clean(&format!("/{}/{alias}", folders.join("/")))
    };
    let extended = path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("html"));
    let slash = if extended || path.ends_with('/') { "" } else { "/" };
    format!("{}{}{slash}", shape.base.trim_end_matches('/'), escape(&path))
}

/// Percent-encodes a path as Go's `net/url` does: one that holds only what a path may hold stays as it is, whatever is
/// encoded in it; of any other, everything is encoded anew. `?` begins a query, `#` is a character.
fn encoded(path: &str) -> Result<String, String> {
    if path.bytes().all(|byte| is_plain(byte) || byte == b'/') {
        return Ok(path.to_owned());
    }
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let path = path.replace('#', "%23");
    let hex = |at: usize| path.as_bytes().get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    if let Some((at, _)) = path.match_indices('%').find(|(at, _)| !hex(*at)) {
        let shown: String = path[at..].chars().take(3).collect();
        return Err(format!("`{shown}` in the address is no percent-encoding"));
    }
    let may_stay = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~$&+,/:;=@!'()*[]%".contains(&byte);
    let mut out = if path.bytes().all(may_stay) { path.clone() } else { escape(&path) };
    if let Some(query) = query {
        out.push('?');
        out.push_str(&query.replace('#', "%23"));
    }
    Ok(out)
}

/// Percent-encodes a path; what is encoded already stays.
pub fn escape(path: &str) -> String {
    let valid = path.match_indices('%').all(|(at, _)| {
        path.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let decoded = if valid { percent_decode_str(path).decode_utf8().ok() } else { None };
    utf8_percent_encode(decoded.as_deref().unwrap_or(path), PATH).to_string()
}

/// From the front matter's `url`: case and blanks stay; a slash at the end unless there is an extension.
fn given(shape: &Shape<'_>, place: &Place<'_>, url: &str) -> Result<String, String> {
    // Without a slash before it, it is relative to the language's home.
    let relative = !url.starts_with('/');
    let mut url = if url.contains("..") { clean(&format!("/{url}")) } else { url.to_owned() };
    if url.contains(':') && !shape.old {
        url = unescaped(&expand(shape, &url, place)?);
    }
    let language = if relative { shape.language_prefix } else { "" };
    let mut path = slashed([language].into_iter().chain(shape.format.path.split('/')).chain(url.split('/')));
    if url.ends_with('/') || !url.contains('.') {
        path = format!("{path}/{}{}", shape.format.base_name, shape.format.suffix);
    }
    // What web servers do with it: `/x/index.html` is `/x/`.
    let path = path.strip_suffix("/index.html").map_or(path.clone(), |folder| format!("{folder}/"));
    Ok(if path.is_empty() { "/".into() } else { path })
}

/// A path with all that stands before it.
fn below(shape: &Shape<'_>, path: &str) -> String {
    let format = shape.format.path;
    let format = if format.is_empty() { String::new() } else { in_shape(format, shape) };
    let parts = [shape.language_prefix, &format, path].map(|part| part.trim_matches('/'));
    slashed(parts)
}

/// The page that has a folder of its own.
fn in_folder(shape: &Shape<'_>, path: &str) -> String {
    let Format { base_name, suffix, .. } = shape.format;
    let folder = below(shape, path);
    if shape.is_index(base_name) {
        return format!("{folder}/");
    }
    format!("{folder}/{}", in_shape(&format!("{base_name}{suffix}"), shape))
}

/// What most names are made of, and no rule changes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
}

/// A page's name: blanks become hyphens one by one before the rest is sanitised.
fn path_part(part: &str, shape: &Shape<'_>) -> String {
    if part.bytes().all(is_plain) {
        return part.to_owned();
    }
    if shape.keep_case || shape.old {
        return in_shape(part, shape);
    }
    in_shape(&folder_name(part), shape)
}

/// [`sanitized`], with case and marks as the site has them.
fn in_shape(text: &str, shape: &Shape<'_>) -> String {
    if !shape.without_accents {
        return sanitized(text, shape.keep_case);
    }
    let bare: String = text.nfd().filter(|c| c.general_category() != GeneralCategory::NonspacingMark).nfc().collect();
    sanitized(&bare, shape.keep_case)
}

/// Without empty parts, `.` and `..`; a leading slash, none at the end.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Letters, digits, marks and a few signs; blanks become one hyphen, everything else is dropped.
pub fn sanitized(text: &str, keep_case: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut hyphen_due, mut was_hyphen) = (false, false);
    for (at, c) in text.char_indices() {
        let encoded = c == '%'
            && text.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if encoded || allowed(c) {
            was_hyphen = c == '-';
            if hyphen_due && !was_hyphen {
                out.push('-');
            }
            hyphen_due = false;
            // One for one, as Go does it: `İ` is `i` without its dot above.
            out.extend(if keep_case { Some(c) } else { c.to_lowercase().next() });
        } else if !out.is_empty() && !was_hyphen && c.is_whitespace() {
            hyphen_due = true;
        }
    }
    out
}

fn allowed(c: char) -> bool {
    match c {
        '.' | '/' | '\\' | '_' | '#' | '+' | '~' | '-' | '@' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => {
            matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
                || c.general_category() == GeneralCategory::DecimalNumber
        }
    }
}

/// As in a query: Hugo does this to an expanded pattern, and so `+` becomes a blank.
fn unescaped(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map_or(spaced.clone(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(parts: &str) -> Vec<String> {
        parts.split('/').filter(|part| !part.is_empty()).map(String::from).collect()
    }

    /// The path of `folder/name` with what the test changes.
    fn path(change: impl Fn(&mut Shape<'_>, &mut Place<'_>), url: Option<&str>) -> String {
        let folders = list("blog");
        let date = DateTime::parse_from_rfc3339("2021-10-05T01:02:03Z").unwrap();
        let mut shape = Shape { base: "https://example.org/", ..Shape::default() };
        let mut place = Place {
            folders: &folders,
            name: "p",
            sections: &folders,
            title: "T",
            date: Some(date),
            ..Place::default()
        };
        change(&mut shape, &mut place);
        (place.file_name, place.base_name) = (place.name, place.name);
        match address(&shape, &place, url) {
            Ok(url) => url.strip_prefix("https://example.org").map_or(url.clone(), String::from),
            Err(error) => format!("refused: {error}"),
        }
    }

    proptest! {
        #[test]
        fn the_usual_address_is_that_by_rules(
            folders in "(/(index|a-b|1.2|A|é|))*", name in "index|p|\\.\\.|a_b.c|B|", slug in "|s", prefix in "|zh|zh-Hans", pattern in "|/:slug/",
            base in "https://e.org/(sub/)?", bundle: bool, ugly: bool, keep_case: bool, old: bool,
        ) {
            let folders = list(&folders);
            let shape = Shape {
                base: &base, language_prefix: &prefix, pattern: Some(&pattern), ugly, keep_case, old, ..Shape::default()
            };
            let place = Place { folders: &folders, name: &name, slug: &slug, bundle, ..Place::default() };
            if let Some(address) = usual(&shape, &place, None) {
                prop_assert_eq!(Ok(address), by_rules(&shape, &place, None));
            }
        }
    }

    #[test]
    fn names_become_paths() {
        for (name, expected) in [
            ("My Post", "/blog/my-post/"),
            ("v1.2.3", "/blog/v1.2.3/"),
            ("你好", "/blog/%E4%BD%A0%E5%A5%BD/"),
            ("cafe\u{301}", "/blog/cafe%CC%81/"),
            ("a&b", "/blog/ab/"),
            ("a%20b", "/blog/a%20b/"),
            ("a  b", "/blog/a--b/"),
            ("x & y", "/blog/x--y/"),
            ("-a-", "/blog/-a-/"),
            ("R&D,x", "/blog/rdx/"),
            ("完整｜（一）②", "/blog/%E5%AE%8C%E6%95%B4%E4%B8%80/"),
            ("a@b+c", "/blog/a@b+c/"),
            ("İ", "/blog/i/"),
        ] {
            let name = name.to_owned();
            assert_eq!(
                path(|_, place| place.name = Box::leak(name.clone().into_boxed_str()), None),
                expected,
                "{name}"
            );
        }
        assert_eq!(path(|shape, place| (shape.keep_case, place.name) = (true, "Foo Bar"), None), "/blog/Foo-Bar/");
        let bare = |shape: &mut Shape<'_>, place: &mut Place<'_>| {
            (shape.without_accents, place.name) = (true, "e\u{301}t\u{e9}-\u{d55c}\u{f8}");
        };
        assert_eq!(path(bare, None), "/blog/ete-%ED%95%9C%C3%B8/");
        assert_eq!(path(|shape, _| shape.ugly = true, None), "/blog/p.html");
        assert_eq!(path(|shape, _| shape.language_prefix = "zh", None), "/zh/blog/p/");
        assert_eq!(path(|shape, _| shape.base = "https://example.org/sub", None), "/sub/blog/p/");
        assert_eq!(path(|_, place| (place.folders, place.name) = (&[], ""), None), "/");
        // What is relative to the language's home is so whatever it begins with.
        assert_eq!(path(|shape, _| shape.language_prefix = "en", Some("en/4")), "/en/en/4/");
        let accents = |shape: &mut Shape<'_>, place: &mut Place<'_>| {
            (shape.without_accents, place.title) = (true, "\u{dc} \u{f6}");
        };
        assert_eq!(path(accents, Some("/x/:title/\u{e9}/")), "/x/u-o/%C3%A9/");
        // Only an empty fragment goes.
        assert_eq!(path(|_, place| place.title = "C# & F#", Some("/:title/")), "/c%23-f%23/");
    }

    #[test]
    fn slugs() {
        for (slug, expected) in [
            ("foo/bar", "/blog/foo/bar/"),
            ("你好 世界", "/blog/%E4%BD%A0%E5%A5%BD-%E4%B8%96%E7%95%8C/"),
            ("a?b#c", "/blog/ab%23c/"),
            ("a\tb", "/blog/a-b/"),
            ("foo--bar", "/blog/foo--bar/"),
            ("...", "/blog/.../"),
            ("index", "/blog/"),
            ("a/../b", "/blog/a/../b/"),
            ("/x//y/", "/blog/x/y/"),
        ] {
            assert_eq!(path(|_, place| place.slug = slug, None), expected, "{slug}");
        }
        assert_eq!(path(|_, place| (place.slug, place.bundle) = ("index", true), None), "/blog/index/");
        assert_eq!(path(|_, place| place.slug = "Index", None), "/blog/index/");
        assert_eq!(path(|shape, place| (shape.ugly, place.slug) = (true, "index"), None), "/blog/");
        let ugly = |shape: &mut Shape<'_>, place: &mut Place<'_>| {
            (shape.ugly, shape.pattern, place.slug) = (true, Some("/x/:slug/"), "index");
        };
        assert_eq!(path(ugly, None), "/x/index.html");
    }

    #[test]
    fn url_of_the_front_matter() {
        for (url, expected) in [
            ("foo", "/foo/"),
            ("/foo/", "/foo/"),
            ("foo.html", "/foo.html"),
            ("/Foo/Bar/", "/Foo/Bar/"),
            ("/你好 x/", "/%E4%BD%A0%E5%A5%BD%20x/"),
            ("/:year/:slug/", "/2021/t/"),
            ("/foo#x", "/foo%23x/"),
            ("../foo", "/foo/"),
            ("/a//b/", "/a/b/"),
            ("/foo/.", "/foo/."),
            ("/a%20b", "/a%20b/"),
            ("/a%2Fb/", "/a%2Fb/"),
            ("/x!y(z)", "/x!y(z)/"),
            ("/é!", "/%C3%A9%21/"),
            ("/x?y=1", "/x?y=1/"),
            ("/%zz/", "refused: `%zz` in the address is no percent-encoding"),
            ("/../../etc/passwd", "/etc/passwd/"),
            ("https://x.org/y", "refused: `https://x.org/y` has a host; `url` is a path on this site"),
            ("/:what/", "refused: `:what` in `/:what/` is no permalink token"),
        ] {
            assert_eq!(path(|_, _| {}, Some(url)), expected, "{url}");
        }
        assert_eq!(path(|shape, _| shape.language_prefix = "zh", Some("/u/")), "/u/");
        assert_eq!(path(|shape, _| shape.language_prefix = "zh", Some("u")), "/zh/u/");
        assert_eq!(path(|shape, _| shape.base = "https://example.org/sub/", Some("/foo/")), "/sub/foo/");
    }

    #[test]
    fn patterns() {
        let title = "Hello, World: C++ & Foo/Bar 你好";
        let sections = list("blog/sub");
        for (pattern, expected) in [
            ("/:year/:monthname/:day/:filename/", "/2021/october/05/2021-my-post/"),
            ("/posts/:slug", "/posts/hello-world-c-foo-bar-%E4%BD%A0%E5%A5%BD/"),
            ("/:contentbasename/", "/2021-my-post/"),
            ("/:yearday/:weekday/:weekdayname/", "/278/2/tuesday/"),
            ("/:section/:sections[1:]/:title", "/blog/sub/hello-world-c-foo-bar-%E4%BD%A0%E5%A5%BD/"),
            ("/:sections[last]/:sections[:1]/:sections[7]/x", "/sub/blog/x/"),
            ("/:2006/:01/:Jan/x\\:y", "/2021/10/oct/xy/"),
            ("/:section/x#y/", "/blog/x%23y/"),
            ("/x-:sections/:sections[1:]", "/x-/blog/sub/sub/"),
            ("/:bogus/", "refused: `:bogus` in `/:bogus/` is no permalink token"),
        ] {
            let have = path(
                |shape, place| {
                    shape.pattern = Some(pattern);
                    (place.title, place.name, place.sections) =
                        (title, "2021-my Post", Box::leak(sections.clone().into_boxed_slice()));
                },
                None,
            );
            assert_eq!(have, expected, "{pattern}");
        }
        for (slug, expected) in [("a/b", "/a/b/"), ("/a/../b", "/b/"), ("x/", "/x/"), ("index", "/")] {
            assert_eq!(path(|shape, place| (shape.pattern, place.slug) = (Some("/:slug/"), slug), None), expected);
        }
        let kept = |shape: &mut Shape<'_>, place: &mut Place<'_>| {
            (shape.keep_case, shape.pattern, place.title) = (true, Some("/:title/:section/"), "Hello World");
        };
        assert_eq!(path(kept, None), "/Hello-World/blog/");
        for (title, expected) in [("C#", "/c/"), ("C# tips", "/c%23-tips/")] {
            assert_eq!(path(|shape, place| (shape.pattern, place.title) = (Some("/:title/"), title), None), expected);
        }
        assert_eq!(path(|shape, _| shape.pattern = Some(""), None), "/blog/p/");
        assert_eq!(path(|shape, _| (shape.pattern, shape.ugly) = (Some("/:year/:slug/"), true), None), "/2021/t.html");
        assert_eq!(path(|shape, place| (shape.pattern, place.date) = (Some("/:year/:month/"), None), None), "/1/01/");
    }

    #[test]
    fn formats() {
        let format = |path, base_name, suffix| Format { path, base_name, suffix };
        let in_format = |format: Format<'static>, ugly: bool, slug: &'static str, url: Option<&str>| {
            path(|shape, place| (shape.format, shape.ugly, place.slug) = (format, ugly, slug), url)
        };
        let amp = format("amp", "index", ".html");
        assert_eq!(in_format(amp, false, "", None), "/amp/blog/p/");
        assert_eq!(in_format(amp, true, "", Some("/own/")), "/amp/own/");
        assert_eq!(path(|shape, _| (shape.format, shape.language_prefix) = (amp, "de"), Some("u")), "/de/amp/u/");
        let main = format("", "main", ".html");
        assert_eq!(in_format(main, false, "", None), "/blog/p/main.html");
        assert_eq!(in_format(main, true, "", None), "/blog/p.html");
        assert_eq!(in_format(main, false, "main", None), "/blog/main.html");
        assert_eq!(in_format(main, true, "index", None), "/blog/");
        assert_eq!(in_format(main, false, "", Some("/own")), "/own/main.html");
        assert_eq!(in_format(format("", "index", ".json"), false, "index", None), "/blog/index.json");
    }

    #[test]
    fn blanks() {
        for (url, expected) in
            [(" /a b/ ", "/%20/a%20b/%20/"), ("a ", "/a%20/"), (" ", "/%20/"), (" a.html", "/%20a.html")]
        {
            assert_eq!(path(|_, _| {}, Some(url)), expected, "{url}");
        }
        for (slug, ugly, expected) in [
            (" a b ", false, "/blog/a-b/"),
            (" a b ", true, "/blog/a-b-.html"),
            (" ", false, "/blog/"),
            ("/a /b", false, "/blog/a-/b/"),
        ] {
            assert_eq!(path(|shape, place| (shape.ugly, place.slug) = (ugly, slug), None), expected, "{slug}");
        }
        assert_eq!(path(|shape, place| (shape.pattern, place.slug) = (Some("/:slug/"), "/a /b"), None), "/a-/b/");
        let sections = list(" a b / c ");
        let named = |place: &mut Place<'_>| place.folders = Box::leak(sections.clone().into_boxed_slice());
        assert_eq!(path(|_, place| named(place), None), "/-a-b-/-c/p/");
        assert_eq!(path(|_, _| {}, Some("/a\n")), "refused: there is a control character in the address");
    }

    #[test]
    fn sections_in_patterns() {
        let sections = list("blog/sub/deep");
        let name = |slug: &str, title: &str| SectionName { slug: slug.into(), title: title.into() };
        let names = [name("b/s", "B"), name("", "S/T"), name("", "")];
        for (pattern, expected) in [
            ("/:sectionslug/", "/b/s/"),
            ("/:sectionslugs/", "/b/s/s-t/"),
            ("/:sectionslugs[1]/:sectionslugs[last]/x", "/s-t/x/"),
            ("/:sections[x]/:sections[-1]/", "/blog/blog/"),
            ("/:sections[]/", "/blog/sub/deep/"),
            ("/:sections[2:1]/x", "/x/"),
            ("/:sections[LAST:]/", "/deep/"),
            ("/:title[1]/", "refused: `:title[1]` in `/:title[1]/` is no permalink token"),
        ] {
            let have = path(
                |shape, place| {
                    shape.pattern = Some(pattern);
                    place.sections = Box::leak(sections.clone().into_boxed_slice());
                    place.section_names = Box::leak(names.to_vec().into_boxed_slice());
                },
                None,
            );
            assert_eq!(have, expected, "{pattern}");
        }
    }

    #[test]
    fn aliases() {
        let folders = list("blog");
        let shape = Shape { base: "https://example.org/sub/", ..Shape::default() };
        let place = Place { folders: &folders, ..Place::default() };
        assert_eq!(alias(&shape, &place, "/old/"), "https://example.org/sub/old/");
        assert_eq!(alias(&shape, &place, "old"), "https://example.org/sub/blog/old/");
        assert_eq!(alias(&shape, &place, "/旧.html"), "https://example.org/sub/%E6%97%A7.html");
    }
}
