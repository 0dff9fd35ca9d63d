//! Addresses of pages by Hugo's rules: `url` of the front matter, else the section's pattern, else the path.
//!
//! Pure. What a pattern asks for and cannot be had (an unknown token) is an error for people.

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

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
    /// Folders below the content root, without a bundle's own; the slug of a section that has one.
    pub folders: &'a [String],
    /// Its name in that folder, without language and extension; a bundle's folder.
    pub name: &'a str,
    /// It is a folder of its own.
    pub bundle: bool,
    /// Folders that are sections, of the nearest one: `:sections`.
    pub sections: &'a [String],
    /// Slug, else title, of each of `sections` that has a page of its own: `:sectionslugs`.
    pub section_slugs: &'a [String],
    /// Plain.
    pub title: &'a str,
    /// Of the front matter; may be empty.
    pub slug: &'a str,
    /// In its own offset.
    pub date: Option<DateTime<FixedOffset>>,
}

/// The absolute, percent-encoded address of a page; `url` is the front matter's.
pub fn address(shape: &Shape<'_>, place: &Place<'_>, url: Option<&str>) -> Result<String, String> {
    let url = url.map(str::trim).filter(|url| !url.is_empty());
    if let Some(url) = url.filter(|url| url.starts_with("http:") || url.starts_with("https:")) {
        return Err(format!("`{url}` has a host; `url` is a path on this site"));
    }
    let path = match (url, shape.pattern.filter(|pattern| !pattern.is_empty())) {
        (Some(url), _) => given(shape, place, url)?,
        (None, Some(pattern)) => {
            let path = in_shape(&clean(&unescaped(&expand(shape, pattern, place)?)), shape);
            let is_file = shape.ugly || place.bundle;
            finished(shape, path.strip_suffix("/index").filter(|_| !is_file).unwrap_or(&path))
        }
        (None, None) => {
            let part = |part: &String| path_part(part, shape);
            let folders = place.folders.iter().map(part).collect::<Vec<_>>().join("/");
            let name = if place.slug.is_empty() {
                path_part(place.name, shape)
            } else {
                // `.` and `..` in a slug stay: only the folders are tidied.
                let slug = in_shape(place.slug, shape);
                slug.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
            };
            let name = if place.slug == "index" && (!place.bundle || shape.ugly) { "" } else { name.as_str() };
            let above = clean(&folders);
            // `/blog/index.html` is the folder to web servers.
            let shape = Shape { ugly: shape.ugly && !name.is_empty(), ..*shape };
            finished(&shape, &format!("{}/{name}", above.trim_end_matches('/')))
        }
    };
    Ok(format!("{}{}", shape.base.trim_end_matches('/'), encoded(&path)?))
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
    let parts: Vec<&str> = url.split('/').filter(|part| !part.is_empty()).collect();
    let slash = url.ends_with('/') || !url.contains('.');
    let prefix = shape.language_prefix;
    let prefixed = prefix.is_empty() || !relative;
    let mut path = if prefixed { String::new() } else { format!("/{prefix}") };
    path = format!("{path}/{}", parts.join("/"));
    if slash && !path.ends_with('/') {
        path.push('/');
    }
    // What web servers do with it: `/x/index.html` is `/x/`.
    Ok(path.strip_suffix("/index.html").map_or(path.clone(), |folder| format!("{folder}/")))
}

fn finished(shape: &Shape<'_>, path: &str) -> String {
    let path = match (shape.language_prefix, path.trim_matches('/')) {
        ("", path) => format!("/{path}"),
        (prefix, "") => format!("/{prefix}"),
        (prefix, path) => format!("/{prefix}/{path}"),
    };
    match path.as_str() {
        "/" => path,
        _ if shape.ugly => format!("{path}.html"),
        _ => format!("{path}/"),
    }
}

/// What most names are made of, and no rule changes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
}

/// A folder or file name: blanks become hyphens one by one before the rest is sanitised.
fn path_part(part: &str, shape: &Shape<'_>) -> String {
    if part.bytes().all(is_plain) {
        return part.to_owned();
    }
    if shape.keep_case || shape.old {
        return in_shape(part, shape);
    }
    in_shape(&part.replace(char::is_whitespace, "-"), shape)
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

/// A pattern with its `:tokens` filled in; `\:` is a colon.
fn expand(shape: &Shape<'_>, pattern: &str, place: &Place<'_>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find([':', '\\']) {
        out.push_str(&rest[..at]);
        if let Some(after) = rest[at..].strip_prefix("\\:") {
            out.push(':');
            rest = after;
            continue;
        }
        let name_end = rest[at + 1..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(rest.len(), |end| at + 1 + end);
        let name = &rest[at + 1..name_end];
        if name.is_empty() || rest[at..].starts_with('\\') {
            out.push_str(&rest[at..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        let cut = rest[name_end..].strip_prefix('[').and_then(|tail| tail.split_once(']')).map(|(cut, _)| cut);
        rest = &rest[name_end + cut.map_or(0, |cut| cut.len() + 2)..];
        let value =
            token(shape, name, cut, place).ok_or_else(|| format!("`:{name}` in `{pattern}` is no permalink token"))?;
        out.push_str(&value);
    }
    out.push_str(rest);
    Ok(out)
}

fn token(shape: &Shape<'_>, name: &str, cut: Option<&str>, place: &Place<'_>) -> Option<String> {
    // Hugo's zero time, where the page has none.
    let date = place.date.or_else(|| {
        let zero = chrono::NaiveDate::from_ymd_opt(1, 1, 1)?.and_hms_opt(0, 0, 0)?;
        Some(zero.and_utc().fixed_offset())
    })?;
    // A slash in a title would make a folder of it; in a slug it is meant. `c#` is an address with an empty fragment.
    let one_part = |text: &str| {
        let part = in_shape(&text.replace('/', "-"), shape);
        escape(part.strip_suffix('#').filter(|head| !head.contains('#')).unwrap_or(&part))
    };
    let slugged = |slug: &str| slug.split('/').map(one_part).collect::<Vec<_>>().join("/");
    let or = |slug: &str, other: &str| if slug.is_empty() { one_part(other) } else { slugged(slug) };
    Some(match (name, cut) {
        ("year", _) => date.year().to_string(),
        ("month", _) => format!("{:02}", date.month()),
        ("monthname", _) => date.format("%B").to_string(),
        ("day", _) => format!("{:02}", date.day()),
        ("weekday", _) => date.weekday().num_days_from_sunday().to_string(),
        ("weekdayname", _) => date.format("%A").to_string(),
        ("yearday", _) => date.ordinal().to_string(),
        ("section", _) => place.sections.first().cloned().unwrap_or_default(),
        // It begins at the site's root, also behind other text.
        ("sections", None) => format!("/{}", place.sections.join("/")),
        ("sections", Some(cut)) => slice(place.sections, cut).join("/"),
        ("sectionslug", _) => place.section_slugs.first().map(|slug| one_part(slug)).unwrap_or_default(),
        ("sectionslugs", cut) => {
            let slugs = cut.map_or(place.section_slugs, |cut| slice(place.section_slugs, cut));
            slugs.iter().map(|slug| one_part(slug)).collect::<Vec<_>>().join("/")
        }
        ("title", _) => one_part(place.title),
        ("slug", _) => or(place.slug, place.title),
        ("slugorfilename" | "slugorcontentbasename", _) => or(place.slug, place.name),
        ("filename" | "contentbasename", _) => one_part(place.name),
        ("MST", _) if date.offset().local_minus_utc() == 0 => "utc".to_owned(),
        ("MST", _) => date.format("%z").to_string(),
        (layout, _) => go_layout(layout, date)?,
    })
}

/// `[1:]`, `[:last]`, `[2]`, `[last]` of a list, lenient where it is too short.
fn slice<'l>(list: &'l [String], cut: &str) -> &'l [String] {
    let bound = |text: &str| match text.trim() {
        "last" => list.len().checked_sub(1),
        text => text.parse().ok(),
    };
    match cut.split_once(':') {
        Some((low, high)) => {
            let low = if low.trim().is_empty() { Some(0) } else { bound(low).filter(|low| *low < list.len()) };
            let high =
                if high.trim().is_empty() { list.len() } else { bound(high).unwrap_or(list.len()).min(list.len()) };
            low.and_then(|low| list.get(low..high)).unwrap_or_default()
        }
        None => bound(cut).and_then(|at| list.get(at..=at)).unwrap_or_default(),
    }
}

/// A layout of Go's `time` package; `None` when nothing in it is one.
fn go_layout(layout: &str, date: DateTime<FixedOffset>) -> Option<String> {
    const PARTS: [(&str, &str); 21] = [
        ("January", "%B"),
        ("Jan", "%b"),
        ("Monday", "%A"),
        ("Mon", "%a"),
        ("2006", "%Y"),
        ("002", "%j"),
        ("01", "%m"),
        ("02", "%d"),
        ("03", "%I"),
        ("04", "%M"),
        ("05", "%S"),
        ("06", "%y"),
        ("15", "%H"),
        ("PM", "%p"),
        ("pm", "%P"),
        ("_2", "%e"),
        ("1", "%-m"),
        ("2", "%-d"),
        ("3", "%-I"),
        ("4", "%-M"),
        ("5", "%-S"),
    ];
    let (mut out, mut rest, mut found) = (String::new(), layout, false);
    'text: while let Some(c) = rest.chars().next() {
        for (go, chrono) in PARTS {
            if let Some(after) = rest.strip_prefix(go) {
                out.push_str(&date.with_nanosecond(0)?.format(chrono).to_string());
                (rest, found) = (after, true);
                continue 'text;
            }
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
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
        match address(&shape, &place, url) {
            Ok(url) => url.strip_prefix("https://example.org").map_or(url.clone(), String::from),
            Err(error) => format!("refused: {error}"),
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
    fn aliases() {
        let folders = list("blog");
        let shape = Shape { base: "https://example.org/sub/", ..Shape::default() };
        let place = Place { folders: &folders, ..Place::default() };
        assert_eq!(alias(&shape, &place, "/old/"), "https://example.org/sub/old/");
        assert_eq!(alias(&shape, &place, "old"), "https://example.org/sub/blog/old/");
        assert_eq!(alias(&shape, &place, "/旧.html"), "https://example.org/sub/%E6%97%A7.html");
    }
}
