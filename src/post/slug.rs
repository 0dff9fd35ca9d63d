//! Names made fit for addresses, by the rules of the generators that write them in ASCII.
//!
//! Pure. Each takes any text; what is left may be empty.

use deunicode::deunicode_char;

/// Lower-case ASCII letters and digits with single hyphens between them; other scripts are transliterated
/// (Zola's `slugify = "on"`).
pub fn ascii(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    let mut push = |c: char| {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    };
    for c in text.chars() {
        if c.is_ascii() {
            push(c);
        } else {
            deunicode_char(c).unwrap_or("-").chars().for_each(&mut push);
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The same text in ASCII, other scripts transliterated; case, blanks and punctuation stay (Pelican's first step).
pub fn transliterated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(deunicode_char(c).unwrap_or(""));
        }
    }
    out
}

/// Blanks and punctuation become single hyphens, Latin letters lose their marks, other scripts stay (Hexo's rule).
pub fn without_marks(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some(base) = base_of(c) {
            slug.push_str(base);
        } else if is_separator(c) {
            if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        } else if !c.is_ascii_control() || c == '\u{7f}' {
            slug.push(c);
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// A folder's name as the title of a list: words with capitals, the last one in the plural where it is English.
pub fn list_title(name: &str, in_plural: bool) -> String {
    let name = name.to_lowercase();
    let start = name.rfind([' ', '-', '_']).map_or(0, |at| at + 1);
    let title = if in_plural { format!("{}{}", &name[..start], plural(&name[start..])) } else { name };
    let mut first = true;
    let capital = |c: char| {
        let was_first = std::mem::replace(&mut first, !c.is_alphanumeric());
        if was_first { c.to_uppercase().next().unwrap_or(c) } else { c }
    };
    title.chars().map(capital).collect()
}

/// The plural of an English noun; what is plural already stays.
fn plural(noun: &str) -> String {
    const OTHERWISE: [(&str, &str); 5] =
        [("person", "people"), ("child", "children"), ("man", "men"), ("woman", "women"), ("quiz", "quizzes")];
    const ALIKE: [&str; 12] = [
        "people",
        "children",
        "men",
        "women",
        "data",
        "media",
        "information",
        "equipment",
        "money",
        "fish",
        "sheep",
        "series",
    ];
    if ALIKE.contains(&noun) {
        return noun.to_owned();
    }
    if let Some((_, plural)) = OTHERWISE.iter().find(|(one, _)| *one == noun) {
        return (*plural).to_owned();
    }
    let ends = |with: &[&str]| with.iter().any(|end| noun.ends_with(end));
    match noun.strip_suffix('y') {
        Some(stem) if !stem.is_empty() && !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with("sis") => format!("{}es", &noun[..noun.len() - 2]),
        _ if ends(&["ss", "us", "x", "ch", "sh"]) => format!("{noun}es"),
        _ if noun.ends_with('s') => noun.to_owned(),
        _ => format!("{noun}s"),
    }
}

/// White space as JavaScript has it, but for the control characters, and ASCII punctuation.
fn is_separator(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, ' ' | '\u{a0}' | '\u{feff}')
        || c.is_whitespace() && !c.is_ascii() && c != '\u{85}'
}

/// Latin letters that keep their form.
const KEPT: &str = "Ð×Þð÷þĲĳĸŊŋƄƅƍƏƔƖƛƦƧƨƩƪƫƱƷƸƹƺƻƼƽƾƿǀǁǂǃǮǯǶǷȜȝȡȴȵȶȷȸȹɁɂɆẜẝẟỺỻỼỽ";

/// Single letters of blocks that mostly keep theirs.
const MORE: &str = "ɐɓɔɖɗɛɠɥɨɫɯɱɲɵɽʈʉʋʌᵹᵽↄⱠⱡⱢⱣⱤⱥⱦⱧⱨⱩⱪⱫⱬⱮⱯⱲⱳⱵⱶⱾⱿꜨꜩꜲꜳꜴꜵꜶꜷꜸꜹꜺꜻꜼꜽꜾꜿꝀꝁꝂꝃꝄꝅꝆꝇꝈꝉꝊꝋꝌꝍꝎꝏꝐꝑꝒꝓꝔꝕꝖꝗꝘꝙꝚꝛꝞꝟꝠꝡꝢꝣꝹꝺꝻꝼꝽꝾꝿꞀꞁꞂꞃꞄꞅꞆꞇꞍꞐꞑꞠꞡꞢꞣꞤꞥꞦꞧꞨꞩ";

/// Letters whose base is not what they sound like.
const OTHERWISE: [(char, &str); 31] = [
    ('ß', "s"),
    ('ẞ', "S"),
    ('ŉ', "n"),
    ('ſ', "l"),
    ('Ǝ', "E"),
    ('Ɯ', "M"),
    ('ǝ', "e"),
    ('Ʌ', "V"),
    ('Ɋ', "Q"),
    ('ɥ', "h"),
    ('ɯ', "m"),
    ('ʌ', "v"),
    ('Ꜩ', "TZ"),
    ('Ꜳ', "AA"),
    ('Ꜵ', "AO"),
    ('Ꜷ', "AU"),
    ('Ꜹ', "AV"),
    ('Ꜻ', "AV"),
    ('Ꜽ', "AY"),
    ('Ꝏ', "OO"),
    ('Ꝡ', "VY"),
    ('Ꝿ', "G"),
    ('ꝿ', "g"),
    ('Ꞁ', "L"),
    ('ꞁ', "l"),
    ('Ɥ', "H"),
    ('Ǆ', "DZ"),
    ('Ǳ', "DZ"),
    ('ǅ', "Dz"),
    ('ǲ', "Dz"),
    ('ꜩ', "tz"),
];

fn base_of(c: char) -> Option<&'static str> {
    let latin =
        matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1e9b}' | '\u{1e9e}'..='\u{1ef9}') && !KEPT.contains(c);
    let round_or_wide = matches!(c, 'Ⓐ'..='ⓩ' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    if !latin && !round_or_wide && !MORE.contains(c) {
        return None;
    }
    let otherwise = OTHERWISE.iter().find(|(letter, _)| *letter == c).map(|(_, base)| *base);
    otherwise.or_else(|| deunicode_char(c).map(|base| base.trim_end_matches(['.', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_ascii() {
        for (text, expected) in [
            ("My Post", "my-post"),
            ("  --a_-_B  ", "a-b"),
            ("日本", "ri-ben"),
            ("héhé", "hehe"),
            ("Æon & Ça", "aeon-ca"),
            ("dot. ", "dot"),
            ("🦄☣", "unicorn-biohazard"),
            ("!!!", ""),
            ("v1.2.3", "v1-2-3"),
        ] {
            assert_eq!(ascii(text), expected, "{text}");
        }
    }

    #[test]
    fn in_the_plural() {
        for (noun, expected) in [
            ("blog", "blogs"),
            ("posts", "posts"),
            ("news", "news"),
            ("story", "stories"),
            ("day", "days"),
            ("box", "boxes"),
            ("bus", "buses"),
            ("analysis", "analyses"),
            ("person", "people"),
            ("data", "data"),
            ("笔记", "笔记s"),
        ] {
            assert_eq!(plural(noun), expected, "{noun}");
        }
        assert_eq!(list_title("two words", true), "Two Words");
        assert_eq!(list_title("Case-study", true), "Case-Studies");
        assert_eq!(list_title("über", false), "Über");
    }

    #[test]
    fn in_their_own_script() {
        for (text, expected) in [
            ("Hello World", "Hello-World"),
            ("你好，世界", "你好，世界"),
            ("你好 世界!", "你好-世界"),
            ("Déjà Vu", "Deja-Vu"),
            ("Straße", "Strase"),
            ("a/b.c", "a-b-c"),
            ("--x--", "x"),
            ("Æther Þor", "AEther-Þor"),
            ("ｗｉｄｅ", "wide"),
            ("a\tb", "ab"),
            ("a\u{3000}b", "a-b"),
            ("...", ""),
        ] {
            assert_eq!(without_marks(text), expected, "{text}");
        }
    }
}
