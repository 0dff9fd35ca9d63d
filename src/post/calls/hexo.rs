//! Hexo's tags: Nunjucks over a body, but not over its code. `{% post_link %}`, `{% asset_img %}`, `{% codeblock %}` …

use std::collections::HashMap;

use super::args::Args;
use super::code::Code;
use super::known::{self, Call, Open, is_elsewhere};
use super::liquid::{ends, value::Scope, value::text as text_of_value};
use super::out::{Insert, Out, escape};
use super::seek::{Seek, outside_quotes};
use super::{Around, Expanded, Start, What};

/// The body without tags.
pub fn expand(text: &str, around: &Around<'_>) -> Expanded<'static> {
    let mut out = Out::new(text, around);
    let scope = Scope::new(around);
    let ends = ends(text);
    let mut code = Code::new(text);
    let mut open = Open::default();
    let mut closes = [Seek::new(text, "}}"), Seek::new(text, "%}"), Seek::new(text, "#}")];
    let (mut copied, mut at) = (0, 0);
    let mut spent = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        at = start + 1;
        let kind = match text.as_bytes().get(start + 1) {
            Some(b'{') => 0,
            Some(b'%') => 1,
            Some(b'#') => 2,
            _ => continue,
        };
        if let Some(end) = code.end(start) {
            at = end;
            continue;
        }
        let Some(first) = closes[kind].from(start + 2) else {
            if kind < 2 {
                // Hexo refuses the page: the braces alone go.
                out.copy(copied, start);
                out.tell(start, &text[start..start + 2], What::Unclosed);
                (copied, at) = (start + 2, start + 2);
            }
            continue;
        };
        let close = ["}}", "%}", "#}"][kind];
        let quotes: &[u8] = if kind == 0 { b"\"'" } else { b"" };
        let is_call = |bytes: &[u8]| bytes.starts_with(b"{{") || bytes.starts_with(b"{%");
        let end = outside_quotes(text, start + 2, first, close, quotes, is_call);
        out.copy(copied, start);
        let inner = text[start + 2..end].trim_matches('-').trim();
        copied = end + 2;
        match kind {
            0 => match scope.output(inner) {
                Some(value) => {
                    let shown = text_of_value(&value);
                    spent += shown.len();
                    out.insert(start, Insert::text(if spent > super::MOST { "" } else { &shown }));
                }
                None => out.tell(start, inner, What::Unknown),
            },
            1 => copied = tag(&mut out, &mut open, &ends, inner, start, end + 2),
            _ => {}
        }
        at = copied;
    }
    out.finish(copied)
}

/// One tag; where the text goes on.
fn tag(
    out: &mut Out<'_, '_>,
    open: &mut Open,
    ends: &HashMap<&str, Vec<usize>>,
    inner: &str,
    start: usize,
    end: usize,
) -> usize {
    let (name, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let behind = ends.get(name).and_then(|ends| ends.get(ends.partition_point(|at| *at < end))).copied();
    let behind_close = |at: usize| out.source[at..].find("%}").map_or(out.source.len(), |found| at + found + 2);
    let args = Args::parse(rest, false);
    let words: Vec<&str> = args.positional.iter().map(String::as_str).collect();
    if let Some(name) = name.strip_prefix("end") {
        let owed = open.close(name).unwrap_or_default();
        out.stand(start, end, Insert::block(owed));
        return end;
    }
    match (name, behind) {
        ("raw", Some(close)) => {
            let (raw, to) = (out.source[end..close].to_owned(), behind_close(close));
            out.stand(start, to, Insert { block: raw.contains('\n'), ..Insert::inline(raw) });
            return to;
        }
        ("codeblock" | "code", Some(close)) => {
            let language = args.get(&["lang"]).map(str::to_owned);
            let to = behind_close(close);
            let insert = known::code(&language.unwrap_or_default(), &out.source[end..close]);
            out.stand(start, to, insert);
            return to;
        }
        ("blockquote" | "quote", Some(_)) => {
            let by = credit(&words);
            out.stand(start, end, Insert::block("<blockquote>"));
            open.push(name, format!("{by}</blockquote>"));
        }
        ("cq" | "centerquote" | "pullquote", Some(_)) => {
            out.stand(start, end, Insert::block("<blockquote>"));
            open.push(name, "</blockquote>".into());
        }
        ("note", Some(_)) => {
            let words: Vec<&str> = words.iter().copied().filter(|word| !is_style(word)).collect();
            out.stand(start, end, known::note(&words.join(" ")));
            open.push(name, "</blockquote>".into());
        }
        ("post_link" | "post_path", _) => {
            let (address, title) = post(out, words.first().copied().unwrap_or_default(), start);
            let shown = words.get(1).map_or(title, |title| (*title).to_owned());
            let insert = if name == "post_path" {
                Insert::text(&address)
            } else {
                Insert::inline(known::link(&address, &shown))
            };
            out.insert(start, Insert { plain: escape(&address), ..insert });
        }
        ("asset_path" | "asset_img" | "asset_link", _) => {
            let file = words.iter().find(|word| word.contains('.')).copied().unwrap_or_default();
            let address = beside(out.around(), file);
            let behind: Vec<&str> =
                words.iter().copied().skip_while(|word| *word != file).skip(1).filter(|word| !is_size(word)).collect();
            out.insert(start, asset(name, &address, &behind));
        }
        ("img", _) => {
            let source = words.iter().find(|word| word.contains(['.', '/'])).copied().unwrap_or_default();
            let behind: Vec<&str> = words
                .iter()
                .copied()
                .skip_while(|word| *word != source)
                .skip(1)
                .filter(|word| !is_size(word))
                .collect();
            let address = if is_elsewhere(source) { source.to_owned() } else { out.around().below(source) };
            out.insert(start, asset("asset_img", &address, &behind));
        }
        ("link" | "linkto" | "anchor" | "url", _) => {
            let address = words.iter().find(|word| is_elsewhere(word) || word.starts_with('/')).copied();
            let text: Vec<&str> = words.iter().copied().take_while(|word| Some(*word) != address).collect();
            out.insert(start, Insert::inline(known::link(address.unwrap_or_default(), &text.join(" "))));
        }
        ("label", _) => out.write(start, rest.split_once('@').map_or(rest, |(_, text)| text)),
        ("btn" | "button", _) => {
            let mut parts = rest.split(',').map(str::trim);
            let (address, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            out.insert(start, Insert::inline(known::link(address, text)));
        }
        ("set" | "more", _) => {}
        _ => match (known::call(name, &args, behind.is_some()), behind) {
            (Some(Call::Code(language)), Some(close)) => {
                let to = behind_close(close);
                let insert = known::code(&language, &out.source[end..close]);
                out.stand(start, to, insert);
                return to;
            }
            (Some(Call::Gone), Some(close)) => return behind_close(close),
            (Some(Call::Enclose(insert, owed)), _) => {
                out.stand(start, end, insert);
                open.push(name, owed);
            }
            (Some(Call::Single(insert)), _) => out.stand(start, end, insert),
            _ => out.unknown(start, end, name),
        },
    }
    end
}

/// Who is quoted: `Author, Book https://a.example Title`.
fn credit(words: &[&str]) -> String {
    let address = words.iter().position(|word| is_elsewhere(word));
    let who = words[..address.unwrap_or(words.len())].join(" ");
    let work = address.map(|at| known::link(words[at], &words[at + 1..].join(" "))).unwrap_or_default();
    match (who.is_empty(), work.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("<p>— {work}</p>"),
        (false, true) => format!("<p>— {}</p>", escape(&who)),
        (false, false) => format!("<p>— {}, {work}</p>", escape(&who)),
    }
}

/// The address and title of the post that is called `slug`.
fn post(out: &mut Out<'_, '_>, slug: &str, start: usize) -> (String, String) {
    let (path, rest) = crate::post::links::split(slug);
    let around = out.around();
    if let Some(page) = around.site.links.find(around.page, path, Start::Anywhere) {
        return (format!("{}{rest}", page.url), page.title.clone());
    }
    out.tell(start, slug, What::Broken);
    (around.guess(slug), slug.to_owned())
}

/// A file of the post's own folder.
fn beside(around: &Around<'_>, file: &str) -> String {
    let url = around.page.url.as_str();
    let folder = url.strip_suffix(".html").unwrap_or(url).trim_end_matches('/');
    format!("{folder}/{file}")
}

fn asset(name: &str, address: &str, words: &[&str]) -> Insert {
    let plain = escape(address);
    let insert = match name {
        "asset_img" => {
            let alt = words.last().map(|words| words.trim_matches(['"', '\''])).unwrap_or_default();
            Insert::inline(format!("<img src=\"{plain}\" alt=\"{}\">", escape(alt)))
        }
        "asset_link" => {
            let file = address.rsplit('/').next().unwrap_or_default();
            Insert::inline(known::link(address, words.first().copied().unwrap_or(file)))
        }
        _ => Insert::text(address),
    };
    Insert { plain, ..insert }
}

fn is_size(word: &str) -> bool {
    word.trim_end_matches(['%', 'p', 'x']).parse::<f64>().is_ok()
}

fn is_style(word: &str) -> bool {
    matches!(
        word,
        "default"
            | "primary"
            | "success"
            | "info"
            | "warning"
            | "danger"
            | "no-icon"
            | "simple"
            | "modern"
            | "flat"
            | "warn"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{shown, told};
    use crate::post::body::Dialect::Hexo;

    #[test]
    fn tags_are_shown_and_code_is_left() {
        for (body, expected) in [
            (
                "`{{ title }}` `{% foo %}`\n\n```\n{% raw %} {{ x }}\n```",
                "<p><code>{{ title }}</code> <code>{% foo %}</code></p><pre><code>{% raw %} {{ x }}\n</code></pre>",
            ),
            ("{{ title }} {{ page.who }} {# c #}{{ fn(1) }}z", "<p>The Title me z</p>"),
            ("{% raw %}{{ lit }} **b**{% endraw %}", "<p>{{ lit }} **b**</p>"),
            (
                "{% blockquote Ann, Book https://q.example Title %}\nq **t**\n{% endblockquote %}",
                "<blockquote><p>q <strong>t</strong></p><p>— Ann, Book, <a href=\"https://q.example\">Title</a></p></blockquote>",
            ),
            (
                "{% codeblock lang:js title %}\nlet a = \"{{ b }}\";\n{% endcodeblock %}",
                "<pre><code class=\"language-js\">let a = &quot;{{ b }}&quot;;\n</code></pre>",
            ),
            (
                "{% asset_img a.png 100 200 \"Alt text\" %}",
                "<p><img src=\"https://example.org/blog/p/a.png\" alt=\"Alt text\"></p>",
            ),
            (
                "{% asset_link a.png Title %} {% asset_path a.png %}",
                "<p><a href=\"https://example.org/blog/p/a.png\">Title</a> https://example.org/blog/p/a.png</p>",
            ),
            ("{% link text https://l.example true T %}", "<p><a href=\"https://l.example\">text</a></p>"),
            (
                "{% youtube abc %}",
                "<p><a href=\"https://www.youtube.com/watch?v=abc\">https://www.youtube.com/watch?v=abc</a></p>",
            ),
            ("{% note info %}\n**n**\n{% endnote %}", "<blockquote><p><strong>n</strong></p></blockquote>"),
            ("{% foo %}in{% endfoo %}", "<p>in</p>"),
            ("{% img left /i.png 10 20 \"t\" \"a\" %}", "<p><img src=\"https://example.org/i.png\" alt=\"a\"></p>"),
            ("{% post_link nope 'x y' %}", "<p><a href=\"https://example.org/nope\">x y</a></p>"),
            ("a {% b", "<p>a  b</p>"),
            ("a\nb", "<p>a<br />b</p>"),
        ] {
            assert_eq!(shown(Hexo, body), expected, "{body}");
        }
        assert_eq!(
            told(Hexo, "{% foo %}\n{% post_link nope %}\n{{ fn(1) }}"),
            ["2 foo Unknown", "3 nope Broken", "4 fn(1) Unknown"]
        );
    }
}
