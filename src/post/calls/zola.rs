//! Zola's shortcodes: `{{ name(key="value") }}` and `{% name() %} … {% end %}`, also inside of code, as Zola has it.
//!
//! `{{/* … */}}` comes out as text; braces that hold no call are text to Zola.

use super::args::Args;
use super::known::{self, Call, Open};
use super::out::{Insert, Out};
use super::seek::{Seek, outside_quotes};
use super::{Around, Expanded};

/// Whether there may be anything to do.
pub fn has_calls(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// The body without calls.
pub fn expand(text: &str, around: &Around<'_>) -> Expanded<'static> {
    let mut out = Out::new(text, around);
    let mut open = Open::default();
    let mut closes = [Seek::new(text, "}}"), Seek::new(text, "%}")];
    let mut comments = [Seek::new(text, "*/}}"), Seek::new(text, "*/%}")];
    let mut ends = Seek::new(text, "{% end %}");
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        at = start + 1;
        let kind = match text.as_bytes().get(start + 1) {
            Some(b'{') => 0,
            Some(b'%') => 1,
            _ => continue,
        };
        let (close, braces) = (["}}", "%}"][kind], &text[start..start + 2]);
        if text[start + 2..].starts_with("/*") {
            if let Some(end) = comments[kind].from(start + 4) {
                out.copy(copied, start);
                out.write(start, &format!("{braces}{}{close}", &text[start + 4..end]));
                (copied, at) = (end + 4, end + 4);
            }
            continue;
        }
        let Some(first) = closes[kind].from(start + 2) else { continue };
        let inner = text[start + 2..].trim_start_matches('-').trim_start();
        let name = name_of(inner);
        let behind = inner[name.len()..].trim_start();
        if kind == 1 && name == "end" {
            out.copy(copied, start);
            let owed = open.last().map(str::to_owned).and_then(|name| open.close(&name));
            out.stand(start, first + 2, Insert::block(owed.unwrap_or_default()));
            (copied, at) = (first + 2, first + 2);
            continue;
        }
        if name.is_empty() || !behind.starts_with('(') {
            continue;
        }
        let from = text.len() - behind.len() + 1;
        let end = outside_quotes(text, from, first.max(from), close, b"\"'`", |bytes| {
            bytes.starts_with(b"{{") || bytes.starts_with(b"{%")
        });
        let Some(args) = text.get(from..end).and_then(|args| args.trim_end_matches('-').trim_end().strip_suffix(')'))
        else {
            continue;
        };
        out.copy(copied, start);
        let args = Args::parse(args, true);
        let end = end + 2;
        copied = end;
        let named = args.get(&["path", "url", "src", "page"]).filter(|value| value.starts_with("@/"));
        match known::call(name, &args, kind == 1) {
            Some(Call::Code(language)) if kind == 1 => {
                let stop = ends.from(end).unwrap_or(text.len());
                out.stand(start, end, known::code(&language, &text[end..stop]));
                copied = (stop + "{% end %}".len()).min(text.len());
            }
            Some(Call::Enclose(insert, owed)) => {
                out.stand(start, end, insert);
                open.push(name, owed);
            }
            Some(Call::Single(insert)) => out.stand(start, end, insert),
            _ if named.is_some() => {
                let address = super::internal(&mut out, start, named.unwrap_or_default());
                out.insert(start, Insert::text(&address));
            }
            _ => {
                out.unknown(start, end, name);
                if kind == 1 {
                    open.push(name, String::new());
                }
            }
        }
        at = copied;
    }
    out.finish(copied)
}

fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | ':' | '.' | '/'));
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{shown, told};
    use crate::post::body::Dialect::Zola;

    #[test]
    fn calls_are_shown_and_other_braces_are_text() {
        for (body, expected) in [
            (
                "{{ youtube(id=\"abc\") }}",
                "<p><a href=\"https://www.youtube.com/watch?v=abc\">https://www.youtube.com/watch?v=abc</a></p>",
            ),
            ("{{vimeo(id='1', class=\"c\")}}", "<p><a href=\"https://vimeo.com/1\">https://vimeo.com/1</a></p>"),
            (
                "{% quote(author=\"A\") %}\na **b**\n{% end %}\nz",
                "<blockquote><p>a <strong>b</strong></p><p>— A</p></blockquote><p>z</p>",
            ),
            ("{{/* youtube(id=\"x\") */}} and {%/* q() */%}", "<p>{{ youtube(id=&quot;x&quot;) }} and {% q() %}</p>"),
            (
                "`{{ page.title }}` {{ no_call }} {% if x %}",
                "<p><code>{{ page.title }}</code> {{ no_call }} {% if x %}</p>",
            ),
            ("{{ other(a=\"}}\",\n b=1) }}t", "<p>t</p>"),
            ("{% other() %}*in*{% end %}", "<p><em>in</em></p>"),
            ("{% a() %}{% note() %}x{% end %}{% end %}y", "<blockquote><p>x</p></blockquote><p>y</p>"),
            (
                "{{ figure(src=\"a.png\", alt=\"b\", caption=\"c\") }}",
                "<figure><img src=\"a.png\" alt=\"b\"><figcaption>c</figcaption></figure>",
            ),
            ("{{ unclosed(a=1", "<p>{{ unclosed(a=1</p>"),
            ("{% mermaid() %}\na --> b\n{% end %}", "<pre><code class=\"language-mermaid\">a --&gt; b\n</code></pre>"),
        ] {
            assert_eq!(shown(Zola, body), expected, "{body}");
        }
        assert_eq!(
            told(Zola, "a\n\n{{ other() }}\n{% more() %}{% end %} {{ link(path=\"@/no.md\") }}"),
            ["4 other Unknown", "5 more Unknown", "5 @/no.md Broken"]
        );
    }
}
