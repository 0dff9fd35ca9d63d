//! Where feeds are: the folder of a tag, an author, …, and how it is written in a link.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

use crate::crypto;

/// What no language's folder may be called: the addresses beside them.
const RESERVED: [&str; 18] = [
    "admin",
    "api",
    "archive",
    "archives",
    "assets",
    "authors",
    "categories",
    "confirm",
    "feeds",
    "healthz",
    "metrics",
    "preferences",
    "readyz",
    "sections",
    "static",
    "subscribe",
    "tags",
    "unsubscribe",
];

/// Longest name of a folder in octets; file systems take 255.
const LONGEST: usize = 120;

/// The folder's name for a tag's (author's, …) `name`: lower case, blanks as hyphens, nothing that a URL, a shell or a
/// file system reads as something else. Other letters stay: `SOFA Weekly` → `sofa-weekly`, `C#` → `csharp`, `云原生` as it
/// is. Never empty.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    let mut gap = false;
    for c in super::text::line(name).nfc().flat_map(char::to_lowercase) {
        let word = match c {
            '#' => "sharp",
            '%' => "percent",
            '.' if out.is_empty() => "dot",
            '/' | '\\' | '?' | ':' | '*' | '"' | '<' | '>' | '|' | '-' => "",
            // Marks of direction and invisible formatting; joiners stay, emoji and Indic scripts need them.
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => {
                continue;
            }
            c if c.is_whitespace() => "",
            c => {
                if std::mem::take(&mut gap) && !out.is_empty() {
                    out.push('-');
                }
                out.push(c);
                continue;
            }
        };
        if word.is_empty() {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) && !out.is_empty() {
            out.push('-');
        }
        out.push_str(word);
    }
    while out.ends_with(['.', '-']) {
        out.pop();
    }
    if out.is_empty() || out.len() > LONGEST {
        let hash = crypto::sha256_hex(name.as_bytes());
        let mut end = out.len().min(LONGEST - 9);
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        let joint = if out.is_empty() { "" } else { "-" };
        let _ = write!(out, "{joint}{}", &hash[..8]);
    }
    out
}

/// The folder of a language, beside everything else that has an address.
pub fn language_folder(key: &str) -> String {
    let slug = slug(key);
    if RESERVED.contains(&slug.as_str()) || slug.contains('.') { format!("language-{slug}") } else { slug }
}

/// `path` (below the public address, decoded) as it stands in a link: everything but RFC 3986's unreserved characters
/// and the slashes is percent-encoded.
pub fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            ("SOFA Weekly", "sofa-weekly"),
            ("剖析 | SOFARPC 框架", "剖析-sofarpc-框架"),
            ("Kata\u{a0}Containers", "kata-containers"),
            ("SOFARegistry ", "sofaregistry"),
            ("HTTP/3", "http-3"),
            ("C++", "c++"),
            ("C#", "csharp"),
            ("C", "c"),
            (".NET", "dotnet"),
            ("Node.js", "node.js"),
            ("..", "dot"),
            ("100%", "100percent"),
            ("a\\b?c", "a-b-c"),
            ("etc.", "etc"),
            ("C&C", "c&c"),
            ("🎉", "🎉"),
            ("👩‍👩‍👧", "👩‍👩‍👧"),
            ("İstanbul", "i̇stanbul"),
            ("a\u{202e}b", "ab"),
            ("--a--", "a"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert_eq!(slug("?").len(), 8);
        assert_ne!(slug("?"), slug("/"));
        assert!(slug(&"长".repeat(10_000)).len() <= LONGEST);
        assert_ne!(slug(&"长".repeat(10_000)), slug(&"长".repeat(10_001)));
    }

    #[test]
    fn languages_keep_out_of_the_way() {
        assert_eq!(language_folder("zh"), "zh");
        assert_eq!(language_folder("zh-CN"), "zh-cn");
        assert_eq!(language_folder("tags"), "language-tags");
        assert_eq!(language_folder("rss.xml"), "language-rss.xml");
    }

    #[test]
    fn links() {
        assert_eq!(encoded("tags/云原生/rss.xml"), "tags/%E4%BA%91%E5%8E%9F%E7%94%9F/rss.xml");
        assert_eq!(encoded("tags/c++/feed.json"), "tags/c%2B%2B/feed.json");
    }

    proptest! {
        #[test]
        fn a_slug_is_one_safe_name(name: String) {
            let out = slug(&name);
            prop_assert!(!out.is_empty() && out.len() <= LONGEST);
            prop_assert!(!out.contains(|c: char| "/\\?#%:*\"<>|".contains(c) || c.is_control() || c.is_whitespace()), "{out}");
            prop_assert!(!out.starts_with('.') && !out.ends_with('.'));
        }
    }
}
