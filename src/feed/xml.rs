//! How text stands in an XML document, where the crates leave it to us.

use memchr::memmem;

/// How a CDATA section begins and ends.
const CDATA: &str = "<![CDATA[";
const CDATA_END: &str = "]]>";

/// What the crates write in place of an entry's HTML: that is as long as all else ten times over, and needs none of their copies.
pub const STAND_IN: &str = ".";

/// `text` as the content of an XML element, escaped where XML 1.0 §2.4 asks for it, behind `out`.
pub fn push_escaped(out: &mut String, text: &str) {
    let mut from = 0;
    // Tags stand too near each other for whatever treats many bytes at once.
    for (at, byte) in text.bytes().enumerate() {
        let reference = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(reference);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

/// `text` within a CDATA section (XML 1.0 §2.7), behind `out`.
pub fn push_cdata(out: &mut String, text: &str) {
    let mut from = 0;
    for at in memmem::find_iter(text.as_bytes(), CDATA_END) {
        // Between the brackets of its end one section ends and another begins.
        let cut = at + "]]".len();
        out.extend([&text[from..cut], CDATA_END, CDATA]);
        from = cut;
    }
    out.push_str(&text[from..]);
}

/// `xml` with `html`, as `push` writes it, where [`STAND_IN`] stands between `start` and `end`. No text has a tag in it, so what
/// stands between these is that content and nothing else.
pub fn with_html(xml: String, (start, end): (&str, &str), html: &str, push: fn(&mut String, &str)) -> String {
    let stand_in = [start, STAND_IN, end].concat();
    let Some(at) = memmem::find(xml.as_bytes(), stand_in.as_bytes()) else { return xml };
    let mut out = String::with_capacity(xml.len() + html.len() * 5 / 4 + 64);
    out.push_str(&xml[..at + start.len()]);
    push(&mut out, html);
    out.push_str(&xml[at + stand_in.len() - end.len()..]);
    out
}

/// `text` as the value of an XML attribute: for the writers that put it out as it is.
pub fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            _ => out.push(c),
        }
    }
    out
}

/// The first lines of an XML document that browsers show by `stylesheet`. The crates' own lack the encoding.
pub fn prolog(stylesheet: &str) -> String {
    let href = attribute(stylesheet);
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<?xml-stylesheet type=\"text/css\" href=\"{href}\"?>\n")
}

/// `xml` with the named references of `& < >` as hexadecimal ones, which the RSS profile asks for (readers that decode
/// twice then show `AT&T` and `Vec<T>` right). CDATA sections are left alone. To XML it is the same document.
pub fn hexadecimal_references(xml: &str) -> String {
    const NAMED: [(&str, &str); 3] = [("&amp;", "&#x26;"), ("&lt;", "&#x3C;"), ("&gt;", "&#x3E;")];
    let mut out = String::with_capacity(xml.len() + 64);
    let mut rest = xml;
    while let Some(at) = memchr::memchr2(b'&', b'<', rest.as_bytes()) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let length = if let Some((name, number)) = NAMED.iter().find(|(name, _)| found.starts_with(name)) {
            out.push_str(number);
            name.len()
        } else {
            let end = || memmem::find(found.as_bytes(), CDATA_END.as_bytes()).map(|at| at + CDATA_END.len());
            let length = if found.starts_with(CDATA) { end().unwrap_or(found.len()) } else { 1 };
            out.push_str(&found[..length]);
            length
        };
        rest = &found[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_escaped_as_its_element_asks_for() {
        let (mut escaped, mut section) = (String::from("x"), String::from("x"));
        let html = "<p title=\"a]]>b\">c &amp; ]]]>>]]></p>";
        push_escaped(&mut escaped, html);
        push_cdata(&mut section, html);
        assert_eq!(escaped, "x&lt;p title=\"a]]&gt;b\"&gt;c &amp;amp; ]]]&gt;&gt;]]&gt;&lt;/p&gt;");
        let two = "]]]]><![CDATA[>";
        assert_eq!(section, format!("x<p title=\"a{two}b\">c &amp; ]{two}>{two}</p>"));
    }

    #[test]
    fn references_change_outside_cdata_only() {
        assert_eq!(
            hexadecimal_references(
                "<t>a &amp; b &lt;c&gt;</t><d><![CDATA[&amp; <p>]]]]><![CDATA[>&lt;]]></d><e>&amp;</e>"
            ),
            "<t>a &#x26; b &#x3C;c&#x3E;</t><d><![CDATA[&amp; <p>]]]]><![CDATA[>&lt;]]></d><e>&#x26;</e>"
        );
        assert_eq!(hexadecimal_references("<![CDATA[ &amp;"), "<![CDATA[ &amp;");
    }
}
