//! Hugo's shortcodes: `{{< name … >}}` and `{{% name … %}}`, also inside of code, as Hugo has it.
//!
//! `{{</* … */>}}` is how authors write one to be read, and comes out as text. Other braces are text to Hugo.

use std::collections::HashMap;

use memchr::memmem;

use super::args::Args;
use super::known::{self, Call, Open};
use super::out::{Insert, Out};
use super::seek::{Seek, outside_quotes};
use super::{Around, Expanded, Start, What};
use crate::post::Page;
use crate::post::front_matter::text_of;

/// Whether there is anything to do.
pub fn has_calls(text: &str) -> bool {
    ["{{<", "{{%"].iter().any(|call| memmem::find(text.as_bytes(), call.as_bytes()).is_some())
}

/// A call as it stands in the text.
struct Written<'t> {
    name: &'t str,
    args: &'t str,
    /// `{{< /name >}}`
    closes: bool,
    /// `{{< name />}}`
    is_whole: bool,
    /// Behind its braces.
    end: usize,
}

/// The body without calls.
pub fn expand(text: &str, around: &Around<'_>) -> Expanded<'static> {
    let mut out = Out::new(text, around);
    let ends = ends(text);
    let mut open = Open::default();
    let mut closes = [Seek::new(text, ">}}"), Seek::new(text, "%}}")];
    let mut comments = Seek::new(text, "*/");
    let mut copied = 0;
    let mut at = 0;
    while let Some(start) = next(text, at) {
        out.copy(copied, start);
        let close = if text.as_bytes()[start + 2] == b'<' { ">}}" } else { "%}}" };
        let inner = &text[start + 3..];
        let comment = if inner.starts_with("/*") { comments.from(start + 5) } else { None };
        if let Some(end) = comment.filter(|end| text[end + 2..].starts_with(close)) {
            out.write(start, &format!("{}{}{close}", &text[start..start + 3], &text[start + 5..end]));
            (copied, at) = (end + 5, end + 5);
            continue;
        }
        let seek = &mut closes[usize::from(close == "%}}")];
        // Hugo takes a quote for one only where a value begins.
        let end = seek.from(start + 3).map(|first| outside_quotes(text, start + 3, first, close, b"\"`", is_call));
        let Some(end) = end else {
            // Hugo refuses the page: the braces alone go.
            out.tell(start, &text[start..start + 3], What::Unclosed);
            (copied, at) = (start + 3, start + 3);
            continue;
        };
        let call = written(&text[start + 3..end], end + 3);
        at = one(&mut out, &mut open, &ends, &call, start);
        copied = at;
    }
    out.finish(copied)
}

/// One call at `start`; where the text goes on.
fn one(
    out: &mut Out<'_, '_>,
    open: &mut Open,
    ends: &HashMap<&str, Vec<usize>>,
    call: &Written<'_>,
    start: usize,
) -> usize {
    let end = call.end;
    if call.closes {
        let html = open.close(call.name).unwrap_or_default();
        out.stand(start, end, Insert::block(html));
        return end;
    }
    let args = Args::parse(call.args, false);
    let behind = if call.is_whole {
        None
    } else {
        ends.get(call.name).and_then(|ends| ends.get(ends.partition_point(|at| *at < end)))
    };
    if call.name.ends_with(".inline") {
        // The code of a template.
        out.unknown(start, end, call.name);
        return behind.map_or(end, |at| behind_close(out.source, *at));
    }
    match (call.name, behind) {
        ("ref" | "relref", _) => {
            let address = reference(out, &args, start);
            out.insert(start, Insert::text(&address));
            end
        }
        ("param", _) => {
            let value = args.positional.first().and_then(|name| parameter(out.around(), name));
            if value.is_none() {
                out.tell(start, &format!("param {}", call.args.trim()), What::Unknown);
            }
            out.insert(start, Insert::text(&value.unwrap_or_default()));
            end
        }
        (name, behind) => match (known::call(name, &args, behind.is_some()), behind) {
            (Some(Call::Code(language)), Some(close)) => {
                let insert = known::code(&language, &out.source[end..*close]);
                let end = behind_close(out.source, *close);
                out.stand(start, end, insert);
                end
            }
            (Some(Call::Gone), Some(close)) => {
                let end = behind_close(out.source, *close);
                out.stand(start, end, Insert::inline(""));
                end
            }
            (Some(Call::Enclose(insert, owed)), _) => {
                out.stand(start, end, insert);
                open.push(name, owed);
                end
            }
            (Some(Call::Single(insert)), _) => {
                out.stand(start, end, insert);
                end
            }
            _ => {
                out.unknown(start, end, name);
                end
            }
        },
    }
}

/// What `ref` and `relref` name.
fn reference(out: &mut Out<'_, '_>, args: &Args, start: usize) -> String {
    let around = out.around();
    let Some(written) = args.at(0, &["path"]) else { return around.page.url.clone() };
    if written.contains("://") {
        return written.to_owned();
    }
    let found = match args.get(&["lang"]) {
        Some(language) => {
            let there = Page {
                language: language.to_owned(),
                path: around.page.path.clone(),
                url: around.page.url.clone(),
                ..Page::default()
            };
            Around::new(&there, "", around.site).address(written, Start::Anywhere)
        }
        None => around.address(written, Start::Anywhere),
    };
    found.unwrap_or_else(|| {
        if !around.site.links.is_folder(around.page, written) {
            out.tell(start, written, What::Broken);
        }
        around.guess(written)
    })
}

/// `{{< param a.b >}}`: of the page.
fn parameter(around: &Around<'_>, name: &str) -> Option<String> {
    let values = &around.front_matter().values;
    let mut keys = name.split('.');
    let first = keys.next()?.to_lowercase();
    let top = values.get(&first).or_else(|| {
        values.get("params")?.as_object()?.iter().find(|(key, _)| key.to_lowercase() == first).map(|(_, value)| value)
    })?;
    let value = keys.try_fold(top, |value, key| {
        value.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    })?;
    text_of(value)
}

fn is_call(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{{<") || bytes.starts_with(b"{{%")
}

/// Where the next call begins.
fn next(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text.get(at..)?.find("{{") {
        let start = at + found;
        if matches!(text.as_bytes().get(start + 2), Some(b'<' | b'%')) {
            return Some(start);
        }
        at = start + 1;
    }
    None
}

/// Where the calls begin that end another, by its name.
fn ends(text: &str) -> HashMap<&str, Vec<usize>> {
    let mut ends: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut at = 0;
    while let Some(start) = next(text, at) {
        at = start + 3;
        if let Some(name) = text[at..].trim_start().strip_prefix('/').filter(|rest| !rest.starts_with('*')) {
            ends.entry(name_of(name.trim_start())).or_default().push(start);
        }
    }
    ends
}

fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '>' | '%' | '{' | '}' | '"' | '='));
    &text[..end.unwrap_or(text.len())]
}

/// Behind the braces of the call that begins at `start` and ends another.
fn behind_close(text: &str, start: usize) -> usize {
    let close = if text.as_bytes()[start + 2] == b'<' { ">}}" } else { "%}}" };
    text[start..].find(close).map_or(text.len(), |at| start + at + 3)
}

fn written(inner: &str, end: usize) -> Written<'_> {
    let inner = inner.trim();
    let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner.trim_start()));
    let (is_whole, inner) = inner.strip_suffix('/').map_or((false, inner), |inner| (true, inner));
    let name = name_of(inner);
    Written { name: name.trim_end_matches('/'), args: &inner[name.len()..], closes, is_whole, end }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{shown, told};
    use crate::post::body::Dialect::Hugo;

    #[test]
    fn known_calls_are_shown_and_unknown_ones_give_what_they_enclose() {
        for (body, expected) in [
            ("a {{< x >}} b", "<p>a  b</p>"),
            ("{{% x \"a %}} b\" %}}\ninner *md*\n{{% /x %}}", "<p>inner <em>md</em></p>"),
            ("{{< fig\n  src=\"x.png\"\n>}}t", "<p><img src=\"x.png\" alt=\"\">t</p>"),
            ("{{</* ref \"x\" */>}}", "<p>{{&lt; ref &quot;x&quot; &gt;}}</p>"),
            ("`{{%/* x */%}}`", "<p><code>{{% x %}}</code></p>"),
            ("{{< x title=\"5' >}}t", "<p>t</p>"),
            ("{{ .Title }} stays", "<p>{{ .Title }} stays</p>"),
            ("{{{< x >}}}", "<p>{}</p>"),
            ("Use {{% in text", "<p>Use  in text</p>"),
            (
                "{{<youtube abc>}}",
                "<p><a href=\"https://www.youtube.com/watch?v=abc\">https://www.youtube.com/watch?v=abc</a></p>",
            ),
            (
                "{{< highlight go \"linenos=table\" >}}\na < b\n\n  c\n{{< / highlight >}}",
                "<pre><code class=\"language-go\">a &lt; b\n\n  c\n</code></pre>",
            ),
            (
                "{{< details summary=\"More\" open=true >}}\n- a\n{{< /details >}}\nz",
                "<details open><summary>More</summary><ul><li>a</li></ul></details><p>z</p>",
            ),
            (
                "{{% alert title=\"T\" color=\"x\" %}}\na **b**\n{{% /alert %}}",
                "<blockquote><p><strong>T</strong></p><p>a <strong>b</strong></p></blockquote>",
            ),
            ("{{< outer >}}{{< inner >}}t{{< /inner >}}{{< /outer >}}", "<p>t</p>"),
            ("{{< comment >}}gone {{< x >}}{{< /comment >}}t", "<p>t</p>"),
            ("```\n{{< x >}}y\n```", "<pre><code>y\n</code></pre>"),
            ("{{< t.inline >}}{{ .Page }}{{< /t.inline >}}u", "<p>u</p>"),
            ("{{< /stray >}}t", "<p>t</p>"),
            ("[a]({{< ref \"nope.md\" >}})", "<p><a href=\"https://example.org/nope\">a</a></p>"),
            ("{{< param \"who\" >}}|{{% param deep.key %}}|{{< param none >}}|", "<p>me|x||</p>"),
            ("<div>\n    {{< x >}}\n    <b>t</b></div>", "<div>    \n    <b>t</b></div>"),
            ("1. a\n\n   {{< x >}}\n   b {{< /x >}}\n2. c", "<ol><li><p>a</p>\n<p>b</p></li><li><p>c</p></li></ol>"),
        ] {
            assert_eq!(shown(Hugo, body), expected, "{body}");
        }
    }

    #[test]
    fn what_is_told() {
        assert_eq!(
            told(Hugo, "a\n{{< x\n >}}\n{{% y %}} {{< ref \"/z#f\" >}}\n{{< figure src=a >}}{{< open"),
            ["3 x Unknown", "5 y Unknown", "5 /z#f Broken", "6 {{< Unclosed"]
        );
    }
}
