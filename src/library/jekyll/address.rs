//! Addresses by Jekyll's templates: tokens filled in, what is not for an address escaped, dots and slashes cleaned away.

use chrono::{DateTime, Datelike as _, FixedOffset};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// What a filled-in token keeps: RFC 3986's characters of a path, and `?`. A percent sign is escaped.
const TOKEN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/')
    .remove(b'?');

/// What tokens stand for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// In the site's own time; `None` where there is none.
    pub date: Option<DateTime<FixedOffset>>,
    /// `slug` of the front matter, else of the name without its date.
    pub slug: &'a str,
    /// The file's name without its extension.
    pub name: &'a str,
    /// Below the collection's folder, without extension: `/sub/name`.
    pub path: &'a str,
    /// `posts`
    pub collection: &'a str,
    /// In order.
    pub categories: &'a [String],
    /// With its dot: `.html`.
    pub extension: &'a str,
}

/// `permalink` of the configuration where it is a style's name, as a template.
pub fn style(name: &str) -> &str {
    match name {
        "date" => "/:categories/:year/:month/:day/:title:output_ext",
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "ordinal" => "/:categories/:year/:y_day/:title:output_ext",
        "weekdate" => "/:categories/:year/W:week/:short_day/:title:output_ext",
        "none" => "/:categories/:title:output_ext",
        template => template,
    }
}

/// What the style of the posts' addresses puts behind those of other documents and pages.
pub fn suffix(style: &str) -> &'static str {
    match style {
        "pretty" => "/",
        "date" | "ordinal" | "none" => ":output_ext",
        template if template.ends_with('/') => "/",
        template if template.ends_with(":output_ext") => ":output_ext",
        _ => "",
    }
}

/// The path that a document's template gives, which may hold what is not for an address as it is. An error for people: what the template asks for and cannot be had.
pub fn of_document(template: &str, place: &Place<'_>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let length = after[1..].bytes().take_while(|byte| byte.is_ascii_lowercase() || *byte == b'_').count();
        let name = &after[1..=length];
        rest = &after[1 + length..];
        if name.is_empty() {
            out.push(':');
            continue;
        }
        // An underscore at the end may be the template's own.
        let shorter = name.strip_suffix('_');
        match (token(name, place), shorter.map(|name| token(name, place))) {
            (Some(value), _) => out.push_str(&escaped(&value?)),
            (None, Some(Some(value))) => {
                out.push_str(&escaped(&value?));
                out.push('_');
            }
            _ => return Err(format!("`permalink` has `:{name}`, which Jekyll does not know")),
        }
    }
    out.push_str(rest);
    Ok(cleaned(&out))
}

/// The path of a page: `path` is its folder, `name` without extension.
pub fn of_page(template: &str, place: &Place<'_>) -> String {
    let tokens = [(":path", place.path), (":basename", place.name), (":output_ext", place.extension)];
    // What is put in is not searched again.
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        if let Some((name, value)) = tokens.iter().find(|(name, _)| after.starts_with(name)) {
            out.push_str(&escaped(value));
            rest = &after[name.len()..];
        } else {
            out.push(':');
            rest = &after[1..];
        }
    }
    out.push_str(rest);
    cleaned(&out)
}

/// The extension that a file has when it is built.
pub fn built(extension: &str, markdown: bool) -> &str {
    match extension {
        _ if markdown => ".html",
        ".scss" | ".sass" => ".css",
        ".coffee" => ".js",
        other => other,
    }
}

/// The value of a token; `None` where there is none of the name.
fn token(name: &str, place: &Place<'_>) -> Option<Result<String, String>> {
    let date = |format: &str| {
        let at = place.date.ok_or_else(|| format!("the address asks for `:{name}`, and there is no date"));
        at.map(|at| match format {
            // C's years have as many digits as they need.
            "%Y" => format!("{:04}", at.year()),
            format => at.format(format).to_string(),
        })
    };
    Some(match name {
        "title" => Ok(slugify(place.slug, true)),
        "slug" => Ok(slugify(place.slug, false)),
        "name" => Ok(slugify(place.name, false)),
        "path" => Ok(place.path.to_owned()),
        "collection" => Ok(place.collection.to_owned()),
        "output_ext" => Ok(place.extension.to_owned()),
        "categories" => Ok(joined(place.categories.iter().map(|name| lower(name)))),
        "slugified_categories" => Ok(joined(place.categories.iter().map(|name| slugify(name, false)))),
        "year" => date("%Y"),
        "month" => date("%m"),
        "day" => date("%d"),
        "hour" => date("%H"),
        "minute" => date("%M"),
        "second" => date("%S"),
        "i_day" => date("%-d"),
        "i_month" => date("%-m"),
        "short_month" => date("%b"),
        "long_month" => date("%B"),
        "short_year" => date("%y"),
        "w_year" => date("%G"),
        "week" => date("%V"),
        "w_day" => date("%u"),
        "short_day" => date("%a"),
        "long_day" => date("%A"),
        "y_day" => date("%j"),
        _ => return None,
    })
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let mut out: Vec<String> = Vec::new();
    for part in parts {
        if !out.contains(&part) {
            out.push(part);
        }
    }
    out.join("/")
}

/// Letters, digits and marks stay, one hyphen for everything between. `pretty` keeps case and more signs.
fn slugify(text: &str, pretty: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        let kept = matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
            || c.general_category() == GeneralCategory::DecimalNumber
            || (pretty && "._~!$&'()+,;=@".contains(c));
        if !kept {
            gap = true;
            continue;
        }
        if gap && !out.is_empty() {
            out.push('-');
        }
        gap = false;
        if pretty { out.push(c) } else { out.extend(c.to_lowercase()) }
    }
    out
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, TOKEN).to_string()
}

/// One slash at the start and never two; no way up.
fn cleaned(path: &str) -> String {
    let path = format!("/{path}").replace("..", "/").replace("./", "");
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_filled_in() {
        let categories = ["Ruby On".to_owned(), "web".to_owned(), "WEB".to_owned()];
        let date = DateTime::parse_from_rfc3339("2021-01-03T04:05:06+08:00").ok();
        let place = Place {
            date,
            slug: "A.b c--d_É",
            name: "2021-01-03-x",
            path: "/sub dir/2021-01-03-x",
            collection: "posts",
            categories: &categories,
            extension: ".html",
        };
        for (template, expected) in [
            (style("date"), "/ruby%20on/web/2021/01/03/A.b-c-d_%C3%89.html"),
            (style("pretty"), "/ruby%20on/web/2021/01/03/A.b-c-d_%C3%89/"),
            (style("ordinal"), "/ruby%20on/web/2021/003/A.b-c-d_%C3%89.html"),
            (style("weekdate"), "/ruby%20on/web/2021/W53/Sun/A.b-c-d_%C3%89.html"),
            (style("none"), "/ruby%20on/web/A.b-c-d_%C3%89.html"),
            (":slugified_categories/:slug", "/ruby-on/web/a-b-c-d-%C3%A9"),
            ("/:w_year/:i_month/:i_day/:short_year-:hour:minute:second", "/2020/1/3/21-040506"),
            ("/:month_:day:path/:name", "/01_03/sub%20dir/2021-01-03-x/2021-01-03-x"),
            ("/ü //%2e/:short_month.:long_day/../x", "/%C3%BC%20/%2e/Jan.Sunday/x"),
            ("a:b", "-"),
            (": x", "/:%20x"),
        ] {
            let path =
                of_document(template, &place).map_or_else(|_| "-".into(), |path| crate::library::home::encoded(&path));
            assert_eq!(path, expected, "{template}");
        }
        assert!(of_document(":year", &Place::default()).unwrap_err().contains("no date"));
    }
}
