//! Lines of plain text, broken by display width: at blanks, and between the characters of scripts that write none
//! (Chinese, Japanese), where no line may begin with a closing mark or end with an opening one. Words are never cut.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns of a mail's text part (RFC 3676 §4.2 asks for at most 78).
pub const WIDTH: usize = 72;

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// One paragraph in lines of at most `columns`, but for single words that are longer. Line feeds in `text` are kept.
pub fn wrap(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        wrap_line(line, columns, &mut out);
    }
    out
}

fn wrap_line(line: &str, columns: usize, out: &mut String) {
    let mut used = 0;
    for (word, blank_before) in pieces(line) {
        let wide = word.width();
        let blank = usize::from(blank_before && used > 0);
        if used > 0 && used + blank + wide > columns {
            out.push('\n');
            used = 0;
        } else if blank > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += wide;
    }
}

/// What may not be cut, and whether a blank stands before it.
fn pieces(line: &str) -> impl Iterator<Item = (&str, bool)> {
    line.split([' ', '\t']).filter(|word| !word.is_empty()).flat_map(|word| {
        let mut cuts = vec![0];
        let mut before: Option<&str> = None;
        for (at, cluster) in word.grapheme_indices(true) {
            if before.is_some_and(|before| may_cut(before, cluster)) {
                cuts.push(at);
            }
            before = Some(cluster);
        }
        cuts.push(word.len());
        (0..cuts.len() - 1).map(move |i| (&word[cuts[i]..cuts[i + 1]], i == 0)).collect::<Vec<_>>()
    })
}

fn may_cut(before: &str, after: &str) -> bool {
    const CLOSING: &str = "，。、：；！？」』）】》〉〕〗”’…—～·ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;!?)]}%";
    const OPENING: &str = "「『（【《〈〔〖“‘([{";
    let any = |marks: &str, cluster: &str| cluster.chars().next().is_some_and(|char| marks.contains(char));
    (ideographic(before) || ideographic(after)) && !any(CLOSING, after) && !any(OPENING, before)
}

/// Of a script that is broken between any two characters. Hangul, though wide, is broken at blanks.
pub fn ideographic(cluster: &str) -> bool {
    cluster.chars().next().is_some_and(|char| {
        matches!(u32::from(char), 0x2E80..=0x30FF | 0x3190..=0x4DBF | 0x4E00..=0xA4CF | 0xF900..=0xFAFF
            | 0xFE30..=0xFE4F | 0xFF00..=0xFFEF | 0x20000..=0x3FFFF)
    })
}

/// At most `columns` of `text`, ended by `…` at a place where a line could be broken.
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for (word, blank_before) in pieces(text) {
        let blank = if blank_before && !out.is_empty() { " " } else { "" };
        if out.width() + blank.len() + word.width() + 1 > columns {
            break;
        }
        out.push_str(blank);
        out.push_str(word);
    }
    if out.is_empty() {
        for cluster in text.graphemes(true) {
            if out.width() + cluster.width() + 1 > columns {
                break;
            }
            out.push_str(cluster);
        }
    }
    let kept = out.trim_end_matches(|char: char| ",.;:，。；：、".contains(char) || char.is_whitespace()).len();
    out.truncate(kept);
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn breaks_where_readers_expect_it() {
        assert_eq!(wrap("one two  three\tfour", 9), "one two\nthree\nfour");
        assert_eq!(
            wrap("https://example.org/a/very/long/address yes", 10),
            "https://example.org/a/very/long/address\nyes"
        );
        assert_eq!(wrap("请问这里应该怎么解决？谢谢。", 10), "请问这里应\n该怎么解\n决？谢谢。");
        assert_eq!(wrap("使用「MOSN」来代理", 6), "使用\n「MOSN」\n来代理");
        assert_eq!(wrap("한국어 문장은 낱말로", 8), "한국어\n문장은\n낱말로");
        assert_eq!(wrap("a\nb", 5), "a\nb");
        assert_eq!(wrap("", 5), "");
        assert_eq!(wrap("👩‍👩‍👧 family", 5), "👩‍👩‍👧\nfamily");
    }

    #[test]
    fn cuts_with_an_ellipsis() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("one two, three four", 12), "one two…");
        assert_eq!(cut("蚂蚁集团技术风险代码化平台", 10), "蚂蚁集团…");
        assert_eq!(cut("onelongwordonly", 6), "onelo…");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_lines_fit(text in "[a-z中文，。「」 ]{0,200}", columns in 8..40_usize) {
            let wrapped = wrap(&text, columns);
            let bare = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&wrapped), bare(&text));
            for line in wrapped.lines() {
                let one_piece = pieces(line).count() == 1;
                prop_assert!(line.width() <= columns || one_piece, "{:?}", line);
            }
        }

        #[test]
        fn a_cut_is_never_longer(text in "\\PC{0,80}", columns in 2..40_usize) {
            prop_assert!(width(&cut(&text, columns)) <= columns);
        }
    }
}
