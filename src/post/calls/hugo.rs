//! Hugo's shortcodes in a body: `{{< name … >}}` and `{{% name … %}}`.
//!
//! Their templates belong to the site's theme, so they are not run: a call goes, what it encloses stays. No braces of a
//! call are ever shown; `{{</* … */>}}` is how authors write one to be read, and comes out as text.

use std::borrow::Cow;

/// The body without calls.
pub fn resolve(body: &str) -> Cow<'_, str> {
    if !body.contains("{{<") && !body.contains("{{%") {
        return Cow::Borrowed(body);
    }
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    let mut unclosed = [false; 2];
    while let Some(at) = rest.find("{{") {
        let (before, call) = rest.split_at(at);
        out.push_str(before);
        let (open, close) = match call.as_bytes().get(2) {
            Some(b'<') => ("{{<", ">}}"),
            Some(b'%') => ("{{%", "%}}"),
            _ => {
                out.push('{');
                rest = &call[1..];
                continue;
            }
        };
        let inner = &call[3..];
        if unclosed[usize::from(close == "%}}")] {
            out.push_str(open);
            rest = inner;
            continue;
        }
        if let Some((shown, after)) = inner.strip_prefix("/*").and_then(|inner| inner.split_once(&format!("*/{close}")))
        {
            out.push_str(open);
            out.push_str(shown);
            out.push_str(close);
            rest = after;
            continue;
        }
        if let Some(end) = end_of_call(inner, close) {
            rest = &inner[end + 3..];
        } else {
            // Never closed: text, as it seems; and so is all that begins like it.
            out.push_str(open);
            rest = inner;
            unclosed[usize::from(close == "%}}")] = true;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where `close` stands outside of quotes.
fn end_of_call(inner: &str, close: &str) -> Option<usize> {
    let bytes = inner.as_bytes();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (None, _) if bytes[at..].starts_with(close.as_bytes()) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    // A quote that never closes was an apostrophe or an inch.
    inner.find(close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_go_and_what_they_enclose_stays() {
        for (body, expected) in [
            ("a {{< x >}} b", "a  b"),
            ("{{% note \"a >}} b\" %}}\ninner\n{{% /note %}}", "\ninner\n"),
            ("{{< fig\n  src=\"x\"\n>}}t", "t"),
            ("{{</* ref \"x\" */>}}", "{{< ref \"x\" >}}"),
            ("{{%/* x */%}}", "{{% x %}}"),
            ("{{< x title=\"5' >}}t", "t"),
            ("Use {{% in text", "Use {{% in text"),
            ("{{ .Title }} stays", "{{ .Title }} stays"),
            ("{{{< x >}}}", "{}"),
        ] {
            assert_eq!(resolve(body), expected, "{body}");
        }
    }
}
