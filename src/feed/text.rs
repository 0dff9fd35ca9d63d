//! What may stand in a feed: the one filter that all text, addresses and ids of a feed go through.
//!
//! Neither `rss` nor `atom_syndication` filters anything, so what passes here is what readers get. Pure; nothing fails.

use std::borrow::Cow;

use memchr::memmem;
use url::Url;

use super::xml;
use crate::crypto;
use crate::post::links;

/// `text` without what XML 1.0 §2.2 forbids (control characters, U+FFFE, U+FFFF) and what feed validators report
/// besides: C1 controls, noncharacters, a byte order mark inside. Every line end becomes `\n`.
pub fn clean(text: &str) -> Cow<'_, str> {
    // Most of what is written in Latin letters: looked at many bytes at a time.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let all_plain = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & is_plain(byte));
    if text.as_bytes().chunks(256).all(all_plain) {
        return Cow::Borrowed(text);
    }
    let dubious =
        |c: char| matches!(c, '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f'..='\u{9f}' | '\u{feff}') || is_nonchar(c);
    if !text.contains(dubious) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{85}' => out.push('\n'),
            _ if dubious(c) => {}
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn is_nonchar(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Sanitised HTML as feeds carry it: clean, and the sign for what could not be read, which validators take for a fault of
/// the encoding, as a reference to it.
pub fn markup(html: &str) -> Cow<'_, str> {
    let html = clean(html);
    if memmem::find(html.as_bytes(), "\u{fffd}".as_bytes()).is_some() {
        Cow::Owned(html.replace('\u{fffd}', "&#xFFFD;"))
    } else {
        html
    }
}

/// A name, of somebody or of a tag, as one clean line, without the tags and the mail address that front matter may have with it.
pub fn name(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        match after.split_once('>') {
            Some((tag, behind)) if is_markup(tag, text) => rest = behind,
            _ => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    line(&out)
}

/// Of what stands between `<` and `>` in `text`: an HTML tag or a mail address, no name in angle brackets.
fn is_markup(inner: &str, text: &str) -> bool {
    let tag = inner.trim_start_matches('/');
    let name = tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
    inner.contains('@') || is_name && text.contains(&format!("</{name}>"))
}

/// `text` as one clean line: runs of breaks, tabs and spaces become one space, the ends are trimmed, and bidirectional
/// controls left open are closed, so that a title does not turn the page around it.
pub fn line(text: &str) -> String {
    if is_line(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    // Plain text has no reference that could stand for the sign of what could not be read.
    let text = clean(text).replace('\u{fffd}', "?");
    for part in text.split([' ', '\t', '\n', '\u{2028}', '\u{2029}']).filter(|part| !part.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(part);
    }
    let trimmed = out.trim().to_owned();
    balanced(trimmed)
}

/// Most text is one already, which is seen at one look: nothing in it that [`line`] would change.
fn is_line(text: &str) -> bool {
    // Without other blanks, controls, marks of direction and what is no character.
    let is_kept = |c: char| {
        matches!(c, ' '..='~' | '\u{a1}'..='\u{167f}' | '\u{1681}'..='\u{1fff}' | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{205e}' | '\u{2070}'..='\u{2fff}' | '\u{3001}'..='\u{d7ff}' | '\u{ff01}'..='\u{ffef}')
    };
    let mut before = ' ';
    let is_single = |c: char| std::mem::replace(&mut before, c) != ' ' || c != ' ';
    text.chars().all(is_kept) && text.chars().all(is_single) && !text.ends_with(' ')
}

/// Closes embeddings and isolates (UAX #9 §2) that `text` leaves open, and drops closers that close nothing.
fn balanced(text: String) -> String {
    if !text.contains([
        '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ]) {
        return text;
    }
    let mut open = Vec::new();
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push('\u{202c}'),
            '\u{2066}'..='\u{2068}' => open.push('\u{2069}'),
            '\u{202c}' | '\u{2069}' => match open.iter().rposition(|closer| *closer == c) {
                Some(at) => {
                    while open.len() > at + 1 {
                        out.extend(open.pop());
                    }
                    open.pop();
                }
                None => continue,
            },
            _ => {}
        }
        out.push(c);
    }
    out.extend(open.into_iter().rev());
    out
}

/// `text` as HTML that shows it. Every `&` is escaped: some readers lose what follows a bare one.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    xml::push_escaped(&mut out, text);
    out
}

/// Does plain `text` hold what looks like the end of an HTML element? Readers that guess would strip it.
pub fn looks_like_html(text: &str) -> bool {
    text.match_indices("</").any(|(at, _)| text[at + 2..].starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// An absolute address as RFC 3986 wants it: what is right stays as it is, character by character; spaces, brackets and
/// other letters are percent-encoded, the host becomes ASCII. `None` for what is no absolute address.
pub fn uri(address: &str) -> Option<String> {
    if links::settled(address).is_some() {
        return Some(address.to_owned());
    }
    let address = clean(address.trim());
    let parsed = Url::parse(&address).ok()?;
    if address.bytes().all(is_uri_byte) && well_encoded(&address) && host_is_lower(&address, &parsed) {
        return Some(address.into_owned());
    }
    let mut out = String::new();
    let text = parsed.as_str();
    for (at, byte) in text.bytes().enumerate() {
        let stray = byte == b'%' && !is_escape(&text.as_bytes()[at..]);
        // Brackets are for IPv6 hosts alone.
        let bracket = matches!(byte, b'[' | b']') && !in_host(text, at);
        if stray || bracket || (!is_uri_byte(byte) && !matches!(byte, b'[' | b']')) {
            out.push_str(&percent_encoding::percent_encode_byte(byte).to_ascii_uppercase());
        } else {
            out.push(char::from(byte));
        }
    }
    Some(out)
}

/// Is `at` within the authority of `address`?
fn in_host(address: &str, at: usize) -> bool {
    address.find("//").is_some_and(|start| {
        let end = address[start + 2..].find(['/', '?', '#']).map_or(address.len(), |end| start + 2 + end);
        at > start && at < end
    })
}

fn host_is_lower(address: &str, parsed: &Url) -> bool {
    parsed.host_str().is_none_or(|host| address.contains(host))
}

fn is_uri_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'#'..=b';' | b'=' | b'?' | b'@' | b'!' | b'_' | b'~')
}

fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

fn well_encoded(address: &str) -> bool {
    let bytes = address.as_bytes();
    address.match_indices('%').all(|(at, _)| is_escape(&bytes[at..])) && address.matches('#').count() <= 1
}

/// An [`uri`] of the web.
pub fn web_address(address: &str) -> Option<String> {
    uri(address).filter(|uri| uri.starts_with("https://") || uri.starts_with("http://"))
}

/// Has the address a host with a dot in it, that is more than letters, digits and hyphens of a name? RSS validators ask for
/// it.
pub fn has_dotted_host(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    url.username().is_empty() && url.host_str().is_some_and(|host| host.contains('.') && host.split('.').all(plain))
}

/// A post's id as an absolute IRI, which Atom demands (RFC 4287 §4.2.6) and which is then the same in all formats.
///
/// An `http`, `tag` or `urn` id stays, in its canonical form. What the front matter gives may be anything: a UUID becomes
/// `urn:uuid:`, and other text the UUID (RFC 9562 §5.8) of its hash, so that it depends neither on the host nor on time.
pub fn identifier(id: &str) -> Cow<'_, str> {
    // Most are ours, and as they are to be.
    if is_tag(id) && id.bytes().all(|byte| is_uri_byte(byte) && byte != b'%') {
        return Cow::Borrowed(id);
    }
    let absolute = id.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    if absolute && id.bytes().all(is_uri_byte) && well_encoded(id) {
        let canonical = canonical(id);
        let is_web = (canonical.starts_with("https://") || canonical.starts_with("http://"))
            && web_address(&canonical).is_some();
        if is_web || is_tag(&canonical) || is_urn(&canonical) {
            return if canonical == id { Cow::Borrowed(id) } else { Cow::Owned(canonical) };
        }
    }
    if is_uuid(id) {
        return Cow::Owned(format!("urn:uuid:{}", id.to_ascii_lowercase()));
    }
    let mut octets = crypto::sha256(id.as_bytes());
    octets[6] = octets[6] & 0x0f | 0x80;
    octets[8] = octets[8] & 0x3f | 0x80;
    let hex = crypto::hex(&octets[..16]);
    Cow::Owned(format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

/// An address or URN that stays the same however it is written (RFC 3986 §6.2.2, §6.2.3): validators and readers compare
/// ids sign by sign.
fn canonical(id: &str) -> String {
    let Some((scheme, rest)) = id.split_once(':') else { return id.to_owned() };
    let scheme = scheme.to_ascii_lowercase();
    let unescaped = canonical_escapes(rest);
    match scheme.as_str() {
        "http" | "https" => Url::parse(&format!("{scheme}:{unescaped}")).map_or_else(|_| id.to_owned(), String::from),
        "tag" => match unescaped.split_once(',') {
            Some((authority, specific)) => format!("tag:{},{specific}", authority.to_ascii_lowercase()),
            None => format!("tag:{unescaped}"),
        },
        _ => format!("{scheme}:{unescaped}"),
    }
}

/// Upper-case escapes, and none of what needs none.
fn canonical_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let (digits, behind) = after.split_at(after.len().min(2));
        match u8::from_str_radix(digits, 16).map(char::from) {
            Ok(c) if c.is_ascii_alphanumeric() || "-._~".contains(c) => out.push(c),
            _ => {
                out.push('%');
                out.push_str(&digits.to_ascii_uppercase());
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Is it a `tag:` URI (RFC 4151 §2.1)?
fn is_tag(id: &str) -> bool {
    let Some((authority, specific)) = id.strip_prefix("tag:").and_then(|rest| rest.split_once(',')) else {
        return false;
    };
    let date = specific.split(':').next().unwrap_or_default();
    authority.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._@".contains(&byte))
        && matches!(date.len(), 4 | 7 | 10)
        && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && specific.contains(':')
}

fn is_urn(id: &str) -> bool {
    let Some((namespace, name)) = id.strip_prefix("urn:").and_then(|rest| rest.split_once(':')) else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let uuid = namespace != "uuid" || is_uuid(name);
    uuid && (2..=32).contains(&namespace.len())
        && namespace.bytes().all(plain)
        && !name.is_empty()
        && name.bytes().all(|byte| is_uri_byte(byte) && !b"/?#&~".contains(&byte))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `tag` as feeds carry it, if it is a well-formed language tag (RFC 5646 §2.1, without its rarest forms). A Chinese
/// language that has a code of its own stands behind that of Chinese (§2.2.2), which more programs know: `zh-yue`.
pub fn language(tag: &str) -> Option<Cow<'_, str>> {
    let tag = well_formed(tag)?;
    let first = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let is_chinese = matches!(first.as_str(), "cmn" | "gan" | "hak" | "hsn" | "nan" | "wuu" | "yue");
    Some(if is_chinese { Cow::Owned(format!("zh-{tag}")) } else { Cow::Borrowed(tag) })
}

fn well_formed(tag: &str) -> Option<&str> {
    let mut parts = tag.split('-');
    let first = parts.next()?;
    let first_is_good = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    let rest_is_good =
        parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    (first_is_good && rest_is_good).then_some(tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Production `Char` of XML 1.0 §2.2, written from the specification.
    fn is_xml(c: char) -> bool {
        matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
    }

    #[test]
    fn brackets_are_for_hosts_alone() {
        assert_eq!(uri("https://example.org/\\]").as_deref(), Some("https://example.org//%5D"));
        assert_eq!(uri("https://[::1]/[a] b").as_deref(), Some("https://[::1]/%5Ba%5D%20b"));
    }

    proptest! {
        #[test]
        fn what_is_a_line_stays_as_it_is(text in "([ -~é中· \u{a0}\u{3000}\u{200b}\u{2028}\u{202e}\u{2067}\u{feff}\u{fdd0}\u{fffd}\t\n\u{85}]|\\PC|.){0,12}") {
            if is_line(&text) {
                prop_assert!(!text.starts_with(char::is_whitespace) && !text.ends_with(char::is_whitespace));
                prop_assert_eq!(&line(&format!("{text}\u{feff}")), &text);
            }
        }

        #[test]
        fn nothing_forbidden_passes(text: String) {
            for out in [clean(&text).into_owned(), line(&text)] {
                let fine = |c| is_xml(c) && !is_nonchar(c) && !('\x7f'..='\u{9f}').contains(&c);
                prop_assert!(out.chars().all(fine), "{:?}", out);
            }
        }

        #[test]
        fn an_address_is_ascii_and_settled(path: String) {
            if let Some(once) = uri(&format!("https://example.org/{path}")) {
                prop_assert!(once.bytes().all(is_uri_byte), "{once}");
                prop_assert_eq!(uri(&once), Some(once.clone()));
            }
        }

        #[test]
        fn every_id_is_an_iri(id: String) {
            let out = identifier(&id);
            prop_assert!(Url::parse(&out).is_ok(), "{out}");
            prop_assert_eq!(identifier(&out), out.clone());
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in ["plain", "中文　全角", "👩‍👩‍👧‍👦 🇨🇳", "a\tb\nc", "\u{fffd}", "שלום", "e\u{301}", "\u{200b}"]
        {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn line_ends_and_controls() {
        assert_eq!(clean("a\r\nb\rc\u{85}d\0\x0b\x1f\x7f\u{92}\u{fffe}\u{fdd0}\u{1ffff}\u{feff}e"), "a\nb\nc\nde");
        assert_eq!(line("  a \r\n b\u{2028}c\t\td  "), "a b c d");
        assert_eq!(line("\u{202e}abc"), "\u{202e}abc\u{202c}");
        assert_eq!(line("a\u{202c}b\u{2069}"), "ab");
        assert_eq!(line("\u{2067}a\u{202b}b\u{2069}c"), "\u{2067}a\u{202b}b\u{202c}\u{2069}c");
    }

    #[test]
    fn names_are_names() {
        for (given, shown) in [
            ("A <a@b.example>", "A"),
            ("Théotime, <i lang=\"fr\">le savant</i> & B", "Théotime, le savant & B"),
            ("崔 & <伟协>", "崔 & <伟协>"),
            ("A & <B>", "A & <B>"),
            ("a < b > c", "a < b > c"),
        ] {
            assert_eq!(name(given), shown);
        }
        assert_eq!(markup("a\u{fffd}\u{1}"), "a&#xFFFD;");
        assert_eq!(line("a\u{fffd}"), "a?");
    }

    #[test]
    fn html_shows_the_text() {
        assert_eq!(html("a & b < c &amp; <b>"), "a &amp; b &lt; c &amp;amp; &lt;b&gt;");
    }

    #[test]
    fn addresses() {
        for (given, expected) in [
            ("https://example.org/a?b=c&d=e#f", Some("https://example.org/a?b=c&d=e#f")),
            ("https://example.org", Some("https://example.org")),
            ("https://example.org/a%2fb/../c", Some("https://example.org/a%2fb/../c")),
            ("https://example.org/a b", Some("https://example.org/a%20b")),
            ("https://example.org/中文/", Some("https://example.org/%E4%B8%AD%E6%96%87/")),
            ("https://例え.jp/x", Some("https://xn--r8jz45g.jp/x")),
            ("https://Example.ORG/Path", Some("https://example.org/Path")),
            ("https://example.org/a[1]|{}^`", Some("https://example.org/a%5B1%5D%7C%7B%7D%5E%60")),
            ("https://[::1]:8080/x[y]", Some("https://[::1]:8080/x%5By%5D")),
            ("https://example.org/100%", Some("https://example.org/100%25")),
            ("mailto:a@example.org", Some("mailto:a@example.org")),
            ("/relative", None),
            ("//host/x", None),
            ("", None),
        ] {
            assert_eq!(uri(given).as_deref(), expected, "{given}");
        }
        assert_eq!(web_address("javascript:alert(1)"), None);
        assert_eq!(web_address("data:image/png;base64,AA"), None);
    }

    #[test]
    fn ids() {
        for id in [
            "tag:example.org,2021:/blog/x",
            "https://example.org/?p=1",
            "urn:uuid:0e0e0e0e-0000-4000-8000-000000000000",
        ] {
            assert_eq!(identifier(id), id);
        }
        for (given, expected) in [
            ("HTTP://Example.ORG:80/%7Ea/../b%2fc", "http://example.org/b%2Fc"),
            ("https://example.org", "https://example.org/"),
            ("tag:Example.org,2021:/%7ex", "tag:example.org,2021:/~x"),
            ("URN:isbn:0451450523", "urn:isbn:0451450523"),
        ] {
            assert_eq!(identifier(given), expected);
        }
        for odd in
            ["post:12", "tag:example.org:12", "tag:localhost:1313,2021:/x", "urn:x", "mailto:a@b.example", "https://"]
        {
            assert!(identifier(odd).starts_with("urn:uuid:"), "{odd}");
        }
        assert_eq!(identifier("0E0E0E0E-0000-4000-8000-000000000000"), "urn:uuid:0e0e0e0e-0000-4000-8000-000000000000");
        // sha256sum of the three octets begins ba7816bf8f01cfea414140de5dae2223.
        assert_eq!(identifier("abc"), "urn:uuid:ba7816bf-8f01-8fea-8141-40de5dae2223");
        assert_ne!(identifier("a b"), identifier("a%20b"));
    }

    #[test]
    fn languages() {
        for tag in ["zh", "zh-CN", "zh-Hant-HK", "en-x-a", "de-1996"] {
            assert_eq!(language(tag).as_deref(), Some(tag));
        }
        assert_eq!(language("yue-Hant").as_deref(), Some("zh-yue-Hant"));
        for tag in ["", "english", "zh_CN", "zh-", "中文", "e"] {
            assert_eq!(language(tag), None, "{tag}");
        }
    }
}
