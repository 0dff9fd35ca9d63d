//! The few lines of plain text that stand for a page.

mod marker;
mod own;

use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation as _;

use super::flow::{decoded, raised};
use super::recurring::Own;
use super::section::Roles;
use super::{Page, markdown, sanitize};

/// Graphemes of a summary that is cut by us.
const LENGTH: usize = 200;

/// More of an excerpt that its author ends with a mark is left to the page.
const LONGEST: usize = 600;

/// The summary of `page`: what its header states, what stands before its author's mark in `written` (its body without
/// calls, of which `render` shows a part), else the first text of its `html` that is its own.
pub fn of(page: &Page, written: &str, render: impl Fn(&str) -> String, html: &str, own: &Own, roles: &Roles) -> String {
    // A description that repeats the title, or that the whole series has, tells nothing of the post.
    let stated = text_of_markup(&page.summary);
    if !stated.is_empty() && !own.recurs(&stated) && !says_the_same(&stated, &page.title) {
        return stated;
    }
    let mark = page.excerpt_end.as_deref();
    let before =
        marker::before(written, page.body.dialect, mark).map(|before| cut_at(&text(&render(before), false), LONGEST));
    if let Some(before) = before.filter(|before| !before.is_empty()) {
        return before;
    }
    if own.is_one_of_a_series() {
        let told = own::text(html, own, roles);
        if !told.is_empty() {
            return cut(&told);
        }
    }
    let first = first_text(html);
    if first.is_empty() { stated } else { first }
}

fn says_the_same(one: &str, other: &str) -> bool {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    letters(one) == letters(other)
}

/// The first text of sanitised `html`: paragraphs first, headings, tables and code only where there is nothing else.
pub fn first_text(html: &str) -> String {
    let text = text(html, true);
    if text.is_empty() { cut(&self::text(html, false)) } else { cut(&text) }
}

/// Plain text of a few lines of Markdown or HTML: a description, a summary in the front matter.
pub fn text_of_markup(markup: &str) -> String {
    if markup.contains(['<', '&', '*', '_', '`', '[', '#', '\n']) {
        text_of_html(&markdown::to_html(markup))
    } else {
        markup.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn text_of_html(html: &str) -> String {
    static NOWHERE: LazyLock<Option<url::Url>> = LazyLock::new(|| url::Url::parse("https://localhost/").ok());
    NOWHERE.as_ref().map(|page| text(&sanitize::sanitize(html, page), false)).unwrap_or_default()
}

/// All text of sanitised HTML, one blank between blocks. `prose` leaves out headings, tables and code blocks.
pub fn text(html: &str, prose: bool) -> String {
    let mut out = String::new();
    let mut rest = html;
    // Enough for any summary; the rest of a long page need not be walked.
    while !rest.is_empty() && out.len() < LENGTH * 24 {
        let Some(open) = rest.find('<') else {
            out.push_str(&decoded(rest));
            break;
        };
        out.push_str(&decoded(&rest[..open]));
        let end = rest[open..].find('>').map_or(rest.len(), |end| open + end + 1);
        let whole = &rest[open..end];
        let tag = whole.trim_start_matches(['<', '/']);
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let closes = rest[open..].starts_with("</");
        rest = &rest[end..];
        if prose && !closes && matches!(name, "pre" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "figcaption")
        {
            let close = format!("</{name}>");
            rest = rest.split_once(&close).map_or("", |(_, after)| after);
        }
        if !closes && is_beside_the_text(name, whole) {
            rest = rest.split_once(&format!("</{name}>")).map_or("", |(_, after)| after);
        } else if !closes && name == "sup" {
            let (inside, after) = rest.split_once("</sup>").unwrap_or((rest, ""));
            rest = after;
            // A number that leads to a footnote is none of the text.
            if !inside.contains("<a ") && !inside.trim_start().starts_with('[') {
                out.push_str(&raised(&text(inside, false)));
            }
        }
        if !INLINE.contains(&name) {
            out.push(' ');
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands in for films and sounds, and the way back from a footnote.
fn is_beside_the_text(name: &str, tag: &str) -> bool {
    matches!(name, "video" | "audio") || name == "a" && tag.contains('#') && tag.contains("fnref")
}

const INLINE: [&str; 24] = [
    "a", "abbr", "b", "bdi", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "u", "var",
];

/// Cut at the end of a sentence where one is near, else between two words or characters with `…`.
pub fn cut(text: &str) -> String {
    cut_at(text, LENGTH)
}

fn cut_at(text: &str, length: usize) -> String {
    let Some(end) = end_of(text, length) else { return text.to_owned() };
    let head = &text[..end];
    let sentence = head.char_indices().rfind(|(at, c)| match c {
        '。' | '！' | '？' => true,
        '.' | '!' | '?' => head[at + 1..].starts_with(' '),
        _ => false,
    });
    if let Some((at, c)) = sentence
        && at >= end / 2
    {
        return head[..at + c.len_utf8()].to_owned();
    }
    let words = last_bound(text, end).unwrap_or(end);
    let kept = if words < end / 2 { head } else { &head[..words] };
    format!("{}…", kept.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';' | '；')))
}

/// The last place not behind `end` where one word ends and the next begins; between Chinese characters, any.
fn last_bound(text: &str, end: usize) -> Option<usize> {
    let head = &text[..end];
    // Words do not depend on those before them.
    let from = head.rfind(' ').map(|at| at + 1).filter(|at| head[*at..].starts_with(|c: char| c.is_ascii_graphic()));
    let from = from.unwrap_or(0);
    text[from..].split_word_bound_indices().map(|(at, _)| from + at).take_while(|at| *at <= end).last()
}

/// Where so many graphemes of `text` end; `None` where it has no more.
fn end_of(text: &str, graphemes: usize) -> Option<usize> {
    // Most text has one a character.
    for (number, (at, c)) in text.char_indices().enumerate() {
        if !stands_alone(c) {
            return text.grapheme_indices(true).nth(graphemes).map(|(end, _)| end);
        }
        if number == graphemes {
            return Some(at);
        }
    }
    None
}

/// Some of the characters that never are of one grapheme with others of them beside them (UAX #29 §3.1).
fn stands_alone(c: char) -> bool {
    matches!(c,
        ' '..='~' | '·' | '‐'..='‧' | 'À'..='ɏ' | 'А'..='я' | '、' | '。' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '！'..='～')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The short cuts find what a look at everything does.
        #[test]
        fn graphemes_and_words_end_where_all_of_the_text_says(text in "([a-zéА-я中。’…· ]|[_'.,0-9]|\\u{301}|\\u{200d}|👩|🇨|가|\\u{e33}|\\u{600}|\\u{ad}|\\PC){0,60}", length in 0_usize..40) {
            let text = super::super::flow::squeezed(&text);
            let end = text.grapheme_indices(true).nth(length).map(|(end, _)| end);
            prop_assert_eq!(end_of(&text, length), end);
            if let Some(end) = end {
                let bounds = text.split_word_bound_indices().map(|(at, _)| at);
                prop_assert_eq!(last_bound(&text, end), bounds.take_while(|at| *at <= end).last());
            }
        }
    }

    #[test]
    fn prose_first() {
        assert_eq!(
            first_text(
                "<h1>T</h1><pre><code>x</code></pre><p>One <b>two</b>\n&amp; three.</p><ul><li>a</li><li>b</li></ul>"
            ),
            "One two & three. a b"
        );
        assert_eq!(first_text("<h1>Only &lt;this&gt;</h1>"), "Only <this>");
        assert_eq!(first_text(""), "");
        assert_eq!(first_text("<p>a<br>b</p><p>c</p>"), "a b c");
        let notes = "<p>In 2021<sup><a href=\"https://e.org/p/#p1-fn-1\">1</a></sup> it was 10<sup><em>2</em></sup> <sup>[2]</sup>.\
                     <a href=\"https://e.org/p/#p1-fnref-1\">↩</a></p><video src=\"x\">No film?</video>";
        assert_eq!(first_text(notes), "In 2021 it was 10² .");
        let nobodys = super::super::recurring::Recurring::default().seen_from(&Page::default());
        assert_eq!(own::text(notes, &nobodys, &Roles::default()), "In 2021 it was 10² .");
    }

    #[test]
    fn cuts_where_people_would() {
        let chinese = "每周精选，筛选每周精华问答。".repeat(30);
        let cut_chinese = cut(&chinese);
        assert!(cut_chinese.ends_with('。') && cut_chinese.chars().count() <= 200, "{cut_chinese}");
        let unbroken = "字".repeat(300);
        assert_eq!(cut(&unbroken).chars().count(), 201);
        let english = "word ".repeat(100);
        assert!(cut(&english).ends_with("word…"));
        let sentences = "This is one sentence of some words. ".repeat(10);
        assert!(cut(&sentences).ends_with("words."));
        let family = "👩‍👩‍👧‍👦".repeat(250);
        assert_eq!(cut(&family).trim_end_matches('…').graphemes(true).count(), 200);
        assert_eq!(cut("short"), "short");
    }

    fn weekly(number: usize, own: &str) -> (Page, String) {
        let body = format!("Hello and welcome to issue {number}!\n\nWe are a weekly about ropes.\n\n{own}");
        let page = Page {
            title: format!("Issue {number}"),
            path: number.to_string(),
            summary: "All about ropes".into(),
            ..Page::default()
        };
        page.marks.found(super::super::recurring::marks("All about ropes", &body));
        (page, body)
    }

    #[test]
    fn an_issue_is_told_by_what_is_its_own() {
        let issues = [
            weekly(
                1,
                "## Q&A\n\nAda asks:\n\n> How to tie a knot?\n\nA: Slowly.\n\n## Links\n\n- [Splicing](https://e.org/1)\n",
            ),
            weekly(2, "## Links\n\n- [Hemp](https://e.org/2) that is\n  green\n- [Sisal](https://e.org/3)\n"),
            weekly(3, "The harbour was closed for a week.\n\n## Links\n\n- [Nylon](https://e.org/4)\n"),
        ];
        let recurring =
            super::super::recurring::Recurring::new(issues.iter().map(|(page, _)| page.clone().into()).collect());
        let told: Vec<String> = issues
            .iter()
            .map(|(page, body)| {
                let html = markdown::to_html(body);
                of(page, body, markdown::to_html, &html, &recurring.seen_from(page), &Roles::default())
            })
            .collect();
        assert_eq!(
            told,
            [
                "How to tie a knot? · Splicing",
                "Hemp that is green · Sisal",
                "The harbour was closed for a week. · Nylon"
            ]
        );
    }

    #[test]
    fn what_the_author_says_comes_first() {
        let none = super::super::recurring::Recurring::default();
        let of = |summary: &str, body: &str| {
            let page = Page { title: "The Title".into(), summary: summary.into(), ..Page::default() };
            let html = markdown::to_html(body);
            super::of(&page, body, markdown::to_html, &html, &none.seen_from(&page), &Roles::default())
        };
        assert_eq!(of("Stated *so*.", "a\n\n<!-- more -->\n\nb"), "Stated so.");
        assert_eq!(of("", "a\n\n<!-- more -->\n\nb"), "a");
        assert_eq!(of("the title", "a\n\nb"), "a b", "a description that is the title tells nothing");
        assert_eq!(of("the title", ""), "the title");
        assert_eq!(of("", "<!-- more -->\n\nb"), "b", "nothing stands before the mark");
    }

    #[test]
    fn each_dialects_mark_ends_the_summary() {
        use super::super::body::{Dialect, shown};
        for (dialect, mark) in [
            (Dialect::Hugo, "<!--more-->"),
            (Dialect::Zola, "<!-- more -->"),
            (Dialect::Hexo, "<!-- more -->"),
            (Dialect::Docusaurus, "<!-- truncate -->"),
            (Dialect::Docusaurus, "{/* truncate */}"),
            (Dialect::Jekyll, "<!-- more -->"),
            (Dialect::Eleventy, "<!-- excerpt -->"),
            (Dialect::Pelican, "<!-- PELICAN_END_SUMMARY -->"),
        ] {
            let mut page = Page { url: "https://e.org/p/".into(), ..Page::default() };
            page.body.dialect = dialect;
            let shown =
                shown(&page, &format!("One *two*.\n\n{mark}\n\nThree.\n"), &super::super::links::Knowledge::default());
            assert_eq!(shown.summary, "One two.", "{dialect:?}");
            assert!(shown.html.contains("Three") && !shown.html.contains("truncate"), "{dialect:?}: {}", shown.html);
        }
    }
}
