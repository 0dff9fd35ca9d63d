//! Where generators and other programs used to put feeds: readers who have those addresses are sent to ours.
//!
//! Hugo's `index.xml`, Jekyll's `feed.xml` and `feed/by_tag/`, Zola's and Hexo's `atom.xml` and `rss2.xml`, Pelican's
//! `feeds/NAME.atom.xml`, Docusaurus' `blog/rss.xml`, Eleventy's `feed/feed.xml`, Ghost's `rss/`, WordPress' `feed/atom/`.

use super::{Family, Format, address};

/// The folder (decoded) and the format that `path` (decoded, below our own address, without its first slash) means, when `is_known`
/// knows a folder that it can mean.
pub fn target(path: &str, is_known: &dyn Fn(&str) -> bool) -> Option<(String, Format)> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (format, named, folders) = read(&segments)?;
    let known = |folder: String| is_known(&folder).then_some(folder);
    let found = match named {
        Named::Folder => folder(folders, &known),
        Named::Anything(name) => {
            let families = [Family::Category, Family::Author, Family::Tag];
            families.into_iter().find_map(|family| below(family, name, &known))
        }
        Named::Of(family, name) => below(family, name, &known),
    };
    Some((found?, format))
}

/// What the end of an address says.
enum Named<'a> {
    /// The folder before it says the rest.
    Folder,
    /// A category, an author or a tag.
    Anything(&'a str),
    /// One of that family.
    Of(Family, &'a str),
}

fn read<'p, 's>(segments: &'p [&'s str]) -> Option<(Format, Named<'s>, &'p [&'s str])> {
    let (last, before) = segments.split_last()?;
    if let ["feed", "by_tag"] = before {
        return Some((Format::Atom, Named::Of(Family::Tag, last.strip_suffix(".xml")?), &[]));
    }
    let (format, says_folder) = match *last {
        "index.xml" | "index.rss" | "index.rdf" | "rss.xml" | "rss2.xml" | "feed.rss" | "rss" | "rss2" | "feed" => {
            (Format::Rss, true)
        }
        "atom.xml" | "index.atom" | "feed.atom" | "atom" | "feed.xml" => (Format::Atom, true),
        "feed.json" => (Format::Json, true),
        _ => (Format::Rss, false),
    };
    if says_folder {
        // `x/feed/atom/`, `x/feed/feed.xml`
        let folders = before.strip_suffix(&["feed"]).unwrap_or(before);
        return Some((format, Named::Folder, folders));
    }
    let (name, format) = last
        .strip_suffix(".atom.xml")
        .map(|name| (name, Format::Atom))
        .or_else(|| Some((last.strip_suffix(".rss.xml")?, Format::Rss)))
        .or_else(|| Some((last.strip_suffix(".xml")?, Format::Atom)))?;
    match (before, name.split_once('-')) {
        (["feeds"], None) if name == "all" => Some((format, Named::Folder, &[])),
        (["feeds"], Some(("all", language))) => Some((format, Named::Of(Family::Language, language), &[])),
        (["feeds" | "feed"], _) => Some((format, Named::Anything(name), &[])),
        _ => None,
    }
}

/// The folder of ours that `segments` were.
fn folder(segments: &[&str], known: &dyn Fn(String) -> Option<String>) -> Option<String> {
    let family = |word: &str| match word.to_ascii_lowercase().as_str() {
        "tags" | "tag" => Some(Family::Tag),
        "categories" | "category" => Some(Family::Category),
        "authors" | "author" => Some(Family::Author),
        "sections" | "section" => Some(Family::Section),
        _ => None,
    };
    match segments {
        [] => known(String::new()),
        [first, names @ .., last] => match family(first) {
            // Of nested categories the innermost.
            Some(family) => below(family, last, known),
            // Of one language's part of the site: the same of all languages, or the language's own.
            None if below(Family::Language, first, known).is_some() => {
                let rest = &segments[1..];
                folder(rest, known).or_else(|| below(Family::Language, first, known))
            }
            None if names.is_empty() => below(Family::Section, &segments.join("/"), known)
                .or_else(|| folder(&segments[1..], known))
                .or_else(|| below(Family::Section, first, known)),
            None => below(Family::Section, first, known),
        },
        [only] => below(Family::Language, only, known).or_else(|| below(Family::Section, only, known)).or_else(|| {
            // The whole blog, where it is no section of its own.
            ["blog", "posts", "post", "news", "articles"].contains(only).then(|| known(String::new())).flatten()
        }),
    }
}

fn below(family: Family, name: &str, known: &dyn Fn(String) -> Option<String>) -> Option<String> {
    let slugged = address::slug(name);
    match family.folder() {
        Some(folder) => known(format!("{folder}/{slugged}/")),
        None => known(format!("{}/", address::language_folder(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_others() {
        let known = ["", "tags/sofa-weekly/", "categories/news/", "authors/ada/", "sections/blog/", "zh/", "en/"];
        let is_known = |folder: &str| known.contains(&folder);
        for (path, expected) in [
            // Hugo
            ("index.xml", "rss.xml"),
            ("zh/index.xml", "zh/rss.xml"),
            ("blog/index.xml", "sections/blog/rss.xml"),
            ("tags/sofa-weekly/index.xml", "tags/sofa-weekly/rss.xml"),
            ("tags/SOFA Weekly/index.xml", "tags/sofa-weekly/rss.xml"),
            ("en/tags/sofa-weekly/index.xml", "tags/sofa-weekly/rss.xml"),
            ("en/blog/index.xml", "sections/blog/rss.xml"),
            ("en/nothing/index.xml", "en/rss.xml"),
            // Jekyll
            ("feed.xml", "atom.xml"),
            ("feed/by_tag/sofa-weekly.xml", "tags/sofa-weekly/atom.xml"),
            ("feed/news.xml", "categories/news/atom.xml"),
            // Zola, Hexo, Docusaurus, Eleventy
            ("rss2.xml", "rss.xml"),
            ("blog/rss.xml", "sections/blog/rss.xml"),
            ("blog/feed.json", "sections/blog/feed.json"),
            ("news/atom.xml", "atom.xml"),
            ("feed/feed.xml", "atom.xml"),
            ("feed/feed.json", "feed.json"),
            // Pelican
            ("feeds/all.atom.xml", "atom.xml"),
            ("feeds/all.rss.xml", "rss.xml"),
            ("feeds/all-zh.atom.xml", "zh/atom.xml"),
            ("feeds/news.atom.xml", "categories/news/atom.xml"),
            ("feeds/ada.rss.xml", "authors/ada/rss.xml"),
            // WordPress, Ghost
            ("feed/", "rss.xml"),
            ("feed", "rss.xml"),
            ("feed/atom/", "atom.xml"),
            ("category/news/feed/", "categories/news/rss.xml"),
            ("category/parent/news/feed/", "categories/news/rss.xml"),
            ("tag/sofa-weekly/rss/", "tags/sofa-weekly/rss.xml"),
            ("author/ada/rss/", "authors/ada/rss.xml"),
            ("rss/", "rss.xml"),
            // No feeds, or none that there is.
            ("", ""),
            ("feeds/", ""),
            ("sitemap.xml", ""),
            ("tags/nothing/index.xml", ""),
            ("feeds/nothing.atom.xml", ""),
            ("blog/post/feed.html", ""),
            ("index.json", ""),
            ("archive/weekly/", ""),
        ] {
            let got = target(path, &is_known).map(|(folder, format)| format!("{folder}{}", format.file_name()));
            assert_eq!(got.unwrap_or_default(), expected, "{path}");
        }
    }
}
