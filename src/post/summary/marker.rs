//! The marks by which authors say where a summary ends: each generator has its own.

use memchr::memmem;

use super::super::body::Dialect;

/// The text before the mark, where the body has one. `own` is a mark that the site names itself (Jekyll's
/// `excerpt_separator`).
pub fn before<'b>(body: &'b str, dialect: Dialect, own: Option<&str>) -> Option<&'b str> {
    if let Some(own) = own.filter(|own| !own.trim().is_empty()) {
        return body.split_once(own).map(|(before, _)| before);
    }
    let found = match dialect {
        // The bytes must be exactly these.
        Dialect::Hugo => memmem::find(body.as_bytes(), b"<!--more-->"),
        Dialect::Zola => comment(body, |word| word.trim().eq_ignore_ascii_case("more")),
        Dialect::Hexo => comment(body, |word| at_most_one_blank(word).eq_ignore_ascii_case("more")),
        Dialect::Docusaurus => {
            let html = comment(body, |word| word.trim() == "truncate");
            let mdx = enclosed(body, "{/*", "*/}", |word| word.trim() == "truncate");
            html.into_iter().chain(mdx).min()
        }
        Dialect::Eleventy => comment(body, |word| matches!(word.trim(), "excerpt" | "more")),
        Dialect::Pelican => {
            let end = comment(body, |word| word.trim() == "PELICAN_END_SUMMARY")?;
            let start = "<!-- PELICAN_BEGIN_SUMMARY -->";
            let begin = body[..end].find(start).map_or(0, |at| at + start.len());
            return Some(&body[begin..end]);
        }
        // It means nothing to the generator, but it does to the author: themes that know it are common.
        Dialect::Jekyll | Dialect::Plain => comment(body, |word| {
            let word = word.trim();
            ["more", "truncate", "excerpt", "end excerpt"].iter().any(|mark| word.eq_ignore_ascii_case(mark))
        }),
    };
    found.map(|at| &body[..at])
}

/// Where the first comment begins whose text `is_mark`.
fn comment(body: &str, is_mark: impl Fn(&str) -> bool) -> Option<usize> {
    enclosed(body, "<!--", "-->", is_mark)
}

fn enclosed(body: &str, open: &str, close: &str, is_mark: impl Fn(&str) -> bool) -> Option<usize> {
    /// A mark is no longer; so a comment that never ends is not searched through again and again.
    const LONGEST: usize = 80;
    memmem::find_iter(body.as_bytes(), open).find(|at| {
        let inner = &body[at + open.len()..];
        let inner = &inner[..inner.floor_char_boundary(LONGEST)];
        inner.split_once(close).is_some_and(|(word, _)| is_mark(word))
    })
}

/// ` more ` and `more`, as Hexo's ` ?more ?` has it.
fn at_most_one_blank(word: &str) -> &str {
    let word = word.strip_prefix(' ').unwrap_or(word);
    word.strip_suffix(' ').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generator_has_its_own() {
        for (dialect, written, is_mark) in [
            (Dialect::Hugo, "<!--more-->", true),
            (Dialect::Hugo, "<!-- more -->", false),
            (Dialect::Hugo, "<!--MORE-->", false),
            (Dialect::Zola, "<!-- more -->", true),
            (Dialect::Zola, "<!--\n  MORE-->", true),
            (Dialect::Zola, "<!-- more or less -->", false),
            (Dialect::Hexo, "<!-- More -->", true),
            (Dialect::Hexo, "<!--more-->", true),
            (Dialect::Hexo, "<!--  more-->", false),
            (Dialect::Docusaurus, "<!-- truncate -->", true),
            (Dialect::Docusaurus, "{/* truncate */}", true),
            (Dialect::Docusaurus, "{/*truncate*/}", true),
            (Dialect::Docusaurus, "<!-- TRUNCATE -->", false),
            (Dialect::Docusaurus, "<!-- more -->", false),
            (Dialect::Eleventy, "<!-- excerpt -->", true),
            (Dialect::Pelican, "<!-- PELICAN_END_SUMMARY -->", true),
            (Dialect::Pelican, "<!-- more -->", false),
            (Dialect::Jekyll, "<!--more-->", true),
            (Dialect::Plain, "<!-- truncate -->", true),
            (Dialect::Plain, "<!-- TODO: more -->", false),
        ] {
            let body = format!("One.\n\n{written}\n\nTwo.");
            assert_eq!(before(&body, dialect, None), is_mark.then_some("One.\n\n"), "{dialect:?} {written}");
        }
        let pelican = "Top.\n<!-- PELICAN_BEGIN_SUMMARY -->One.<!-- PELICAN_END_SUMMARY -->\nTwo.";
        assert_eq!(before(pelican, Dialect::Pelican, None), Some("One."));
    }

    #[test]
    fn a_mark_of_the_sites_own_is_the_only_one() {
        assert_eq!(before("a\n==cut==\nb <!--more--> c", Dialect::Jekyll, Some("==cut==")), Some("a\n"));
        assert_eq!(before("a <!--more--> c", Dialect::Jekyll, Some("==cut==")), None);
        assert_eq!(before("a\n\nb", Dialect::Jekyll, Some("\n\n")), None);
    }

    #[test]
    fn comments_that_never_end_are_cheap() {
        assert_eq!(before(&"<!--".repeat(200_000), Dialect::Zola, None), None);
    }
}
