//! MDX, as Docusaurus reads it: imports, `{expressions}`, components, and `:::note` blocks. Code is left as it is.
//!
//! Components are not run: known ones become HTML, others give what they enclose. HTML tags are JSX here, so that what stands
//! between them is Markdown.

use super::args::Args;
use super::code::Code;
use super::jsx::{self, Braces, Tag};
use super::known::{self, Call, Open};
use super::out::{Insert, Out, escape};
use super::seek::Seek;
use super::{Around, Expanded};
use crate::post::front_matter::text_of;

/// The body as Markdown.
pub fn expand(text: &str, around: &Around<'_>) -> Expanded<'static> {
    // `format: md` is plain Markdown with notes.
    let is_mdx = around.front_matter().values.get("format").and_then(text_of).as_deref() != Some("md");
    read(Out::new(text, around), is_mdx)
}

/// A text without `:::` blocks, which other readers of Markdown have as well; its lines are counted from 0.
pub fn notes(text: &str, around: &Around<'_>) -> Expanded<'static> {
    read(Out::over(text, around, 0), false)
}

fn read(out: Out<'_, '_>, is_mdx: bool) -> Expanded<'static> {
    let text = out.source;
    let mut run = Run {
        braces: if is_mdx { Braces::new(text) } else { Braces::default() },
        hidden: [Seek::new(text, "</style>"), Seek::new(text, "</script>")],
        code: Code::new(text),
        open: Open::default(),
        notes: Vec::new(),
        copied: 0,
        depth: 0,
        in_list: false,
        comment: 0,
        out,
    };
    run.out.tags_are_calls = is_mdx;
    let mut at = 0;
    let mut was_blank = true;
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
        let line = &text[at..end];
        if let Some(code) = run.code.end(at) {
            at = code.max(at + 1);
            was_blank = false;
            continue;
        }
        if is_mdx && was_blank && is_module(line) {
            // Up to the next blank line.
            run.out.copy(run.copied, at);
            while at < text.len() && !text[at..].trim_start_matches([' ', '\t', '\r']).starts_with('\n') {
                at = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
            }
            run.copied = at;
            continue;
        }
        let bare = line.trim();
        run.in_list = is_item(bare) || run.in_list && (bare.is_empty() || line.starts_with([' ', '\t']));
        was_blank = bare.is_empty();
        if bare.starts_with(":::") {
            run.note(at, line);
            at = end;
            continue;
        }
        // MDX has no code by indentation.
        if is_mdx && run.depth > 0 && !run.in_list && line.starts_with([' ', '\t']) {
            run.out.copy(run.copied, at);
            run.copied = at + line.len() - line.trim_start_matches([' ', '\t']).len();
        }
        at = if is_mdx { run.line(at.max(run.copied), end) } else { end };
    }
    if run.copied < text.len() {
        let copied = run.copied;
        run.out.copy(copied, text.len());
    }
    while let Some((_, end)) = run.notes.pop() {
        run.out.write(text.len(), "\n\n");
        run.out.insert(text.len(), Insert::block(end));
    }
    run.out.finish(text.len())
}

struct Run<'t, 'a> {
    out: Out<'t, 'a>,
    braces: Braces,
    /// The ends of what is not shown at all.
    hidden: [Seek<'t>; 2],
    code: Code,
    open: Open,
    /// How many colons each open note began with, and what ends it.
    notes: Vec<(usize, &'static str)>,
    copied: usize,
    /// How many elements are open.
    depth: usize,
    in_list: bool,
    /// Where the HTML comment ends that was last looked at.
    comment: usize,
}

impl Run<'_, '_> {
    /// The braces and tags of a line; where the next line begins, which is further when one of them goes over lines.
    fn line(&mut self, from: usize, end: usize) -> usize {
        let (mut at, mut end) = (from, end);
        while at < end {
            let text = self.out.source;
            let Some(found) = text[at..end].find(['{', '<', '\\', '`']) else { break };
            let start = at + found;
            if let Some(code) = self.code.end(start) {
                at = code;
            } else {
                at = match text.as_bytes()[start] {
                    b'\\' => start + 1 + text[start + 1..].chars().next().map_or(0, char::len_utf8),
                    b'{' => self.brace(start),
                    b'<' => self.angle(start),
                    _ => start + 1,
                };
            }
            if at > end {
                end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
                // A fence may begin there.
                if text.as_bytes()[at - 1] == b'\n' {
                    return at;
                }
            }
        }
        end
    }

    fn brace(&mut self, start: usize) -> usize {
        let text = self.out.source;
        // A heading's id, which Docusaurus takes before MDX sees it. It is not long: the rest is not searched each time.
        let near = &text[start..text.floor_char_boundary(start + 200)];
        let end = near.strip_prefix("{#").and_then(|id| id.find(|c: char| c == '}' || c.is_whitespace()));
        if let Some(end) = end.filter(|end| near.as_bytes()[2 + end] == b'}') {
            return start + 2 + end + 1;
        }
        let Some(end) = self.braces.end(start) else { return start + 1 };
        self.out.copy(self.copied, start);
        self.copied = end;
        let written = &text[start..end];
        let inner = written[1..written.len() - 1].trim();
        if let Some(comment) = inner.strip_prefix("/*").and_then(|inner| inner.strip_suffix("*/")) {
            if comment.trim() == "truncate" {
                self.out.write(start, "<!-- truncate -->");
            }
            return end;
        }
        let value = jsx::literal(written).or_else(|| {
            let key = inner.strip_prefix("frontMatter.").or_else(|| inner.strip_prefix("props.frontMatter."))?;
            text_of(self.out.around().front_matter().values.get(&key.to_lowercase())?)
        });
        if let Some(value) = value {
            self.out.insert(start, Insert::text(&value));
        }
        end
    }

    fn angle(&mut self, start: usize) -> usize {
        let text = self.out.source;
        if text[start..].starts_with("<!--") {
            if self.comment <= start {
                self.comment = text[start..].find("-->").map_or(text.len(), |end| start + end + 3);
            }
            return self.comment;
        }
        let Some(tag) = jsx::tag(text, start, &self.braces) else { return start + 1 };
        let end = start + tag.length;
        self.out.copy(self.copied, start);
        self.copied = end;
        if tag.closes {
            self.depth = self.depth.saturating_sub(1);
        } else if !tag.is_whole && !is_void(tag.name) {
            self.depth += 1;
        }
        if tag.name.is_empty() {
            return end;
        }
        if tag.name.starts_with(|c: char| c.is_ascii_lowercase()) && !tag.name.contains('.') {
            self.html(start, end, &tag);
        } else {
            self.component(start, end, &tag);
        }
        self.copied
    }

    /// A tag of HTML, its attributes as HTML has them.
    fn html(&mut self, start: usize, end: usize, tag: &Tag<'_>) {
        if matches!(tag.name, "style" | "script") && !tag.closes && !tag.is_whole {
            let close = self.hidden[usize::from(tag.name == "script")].from(end);
            let behind = close.map_or(end, |at| at + tag.name.len() + 3);
            self.depth = self.depth.saturating_sub(1);
            self.copied = behind;
            return;
        }
        let mut html = format!("<{}{}", if tag.closes { "/" } else { "" }, tag.name);
        for (key, written) in &tag.attributes {
            let key = match *key {
                "className" | "style" | "key" | "ref" => continue,
                key if key.starts_with("on") => continue,
                key => key,
            };
            if let Some(value) = jsx::literal(written) {
                let value = value.replace('"', "&quot;").replace('<', "&lt;");
                html.extend([" ", &key.to_ascii_lowercase(), "=\"", &value, "\""]);
            }
        }
        html.push('>');
        if tag.is_whole && !is_void(tag.name) {
            html.extend(["</", tag.name, ">"]);
        }
        if !BLOCKS.contains(&tag.name) {
            self.out.insert(start, Insert::inline(html));
        } else if self.out.is_alone(end) {
            self.out.stand(start, end, Insert::block(html));
        } else {
            self.out.insert(start, Insert::bare(html));
        }
    }

    fn component(&mut self, start: usize, end: usize, tag: &Tag<'_>) {
        let name = tag.name.rsplit('.').next().unwrap_or(tag.name);
        if tag.closes {
            let owed = self.open.close(name).unwrap_or_default();
            self.out.stand(
                start,
                end,
                Insert {
                    block: owed.is_empty() || owed.starts_with("</b") || owed.starts_with("</d"),
                    ..Insert::inline(owed)
                },
            );
            return;
        }
        let named = tag.attributes.iter().filter_map(|(key, value)| Some(((*key).to_owned(), jsx::literal(value)?)));
        let args = Args { positional: Vec::new(), named: named.collect() };
        let call = match name {
            "Link" | "A" => {
                let address = escape(args.get(&["to", "href"]).unwrap_or_default());
                let open = Insert::inline(format!("<a href=\"{address}\">"));
                if tag.is_whole { None } else { Some(Call::Enclose(open, "</a>".into())) }
            }
            "CodeBlock" if !tag.is_whole => Some(Call::Enclose(Insert::block("<pre><code>"), "</code></pre>".into())),
            "Head" | "TOCInline" => Some(Call::Single(Insert::inline(""))),
            "BrowserWindow" | "React.Fragment" | "Fragment" => Some(Call::Enclose(Insert::block(""), String::new())),
            _ => known::call(name, &args, !tag.is_whole),
        };
        match call {
            Some(Call::Enclose(insert, owed)) => {
                self.out.stand(start, end, insert);
                self.open.push(name, owed);
            }
            Some(Call::Code(_)) => {
                self.out.stand(start, end, Insert::block("<pre><code>"));
                self.open.push(name, "</code></pre>".into());
            }
            Some(Call::Single(insert)) => self.out.stand(start, end, insert),
            Some(Call::Gone) | None => self.out.unknown(start, end, tag.name),
        }
    }

    /// `:::note[Title]`, `:::tip Title`, and `:::`, which ends the innermost one.
    fn note(&mut self, at: usize, line: &str) {
        let bare = line.trim();
        let colons = bare.len() - bare.trim_start_matches(':').len();
        let said = bare[colons..].trim();
        let indent = line.len() - line.trim_start().len();
        let end = at + line.len();
        self.out.copy(self.copied, at + indent);
        self.copied = end;
        let room = format!("\n\n{}", &line[..indent]);
        if said.is_empty() {
            // A shorter mark does not end a longer one.
            if let Some((_, end)) = self.notes.pop_if(|(open, _)| *open <= colons) {
                self.out.write(at, &room);
                self.out.insert(at, Insert::block(end));
            }
            self.out.write(at, "\n\n");
            return;
        }
        let name_end = said.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_')).unwrap_or(said.len());
        let (name, rest) = said.split_at(name_end);
        let rest = rest.trim();
        let title = match rest.strip_prefix('[') {
            Some(title) => title.rsplit_once(']').map_or(title, |(title, _)| title),
            None => rest.split('{').next().unwrap_or_default().trim(),
        };
        // What is neither a note nor has a title says how something looks.
        let is_note = known::is_note(name) || !title.is_empty();
        self.notes.push((colons, if is_note { "</blockquote>" } else { "" }));
        self.out.insert(at, Insert::block(if is_note { "<blockquote>" } else { "" }));
        if is_note {
            let mut chars = name.chars();
            let own: String = chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
            self.out.write(at, &room);
            self.out.insert(at, Insert::inline("<strong>"));
            self.out.write(at, if title.is_empty() { &own } else { title });
            self.out.insert(at, Insert::inline("</strong>"));
        }
        self.out.write(at, "\n\n");
    }
}

/// `import …` and `export …`, not a sentence that begins so.
fn is_module(line: &str) -> bool {
    if let Some(rest) = line.strip_prefix("import ") {
        let rest = rest.trim();
        return rest.contains(" from ") || rest.starts_with(['{', '\'', '"', '*']);
    }
    line.strip_prefix("export ").is_some_and(|rest| {
        let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        matches!(word, "const" | "let" | "var" | "default" | "function" | "class" | "async")
            || rest.trim_start().starts_with(['{', '*'])
    })
}

fn is_item(bare: &str) -> bool {
    let number = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    bare.starts_with("- ")
        || bare.starts_with("* ")
        || bare.starts_with("+ ")
        || number.len() < bare.len() && number.starts_with(['.', ')'])
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "hr" | "img" | "input" | "source" | "track" | "wbr" | "link" | "meta" | "embed" | "col" | "area"
    )
}

/// Elements that hold paragraphs or stand beside them.
const BLOCKS: [&str; 36] = [
    "address",
    "article",
    "aside",
    "audio",
    "blockquote",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "iframe",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
];

#[cfg(test)]
mod tests {
    use super::super::tests::{shown, told};
    use crate::post::body::Dialect::{Docusaurus, Eleventy, Plain};

    #[test]
    fn mdx_becomes_markdown() {
        for (body, expected) in [
            (
                "import A from 'a';\nimport B from 'b';\n\nText\n\nexport const x = {\n  y: 1\n};\n\nmore",
                "<p>Text</p><p>more</p>",
            ),
            ("import things carefully", "<p>import things carefully</p>"),
            ("a {/* gone */} b {1 + 1} c {'str'} d {frontMatter.who}{' '}e", "<p>a  b  c str d me e</p>"),
            (
                "`{code} <A>` and\n\n```jsx\n<B c={d} />\n{e}\n```",
                "<p><code>{code} &lt;A&gt;</code> and</p><pre><code class=\"language-jsx\">&lt;B c={d} /&gt;\n{e}</code></pre>",
            ),
            (
                "<Tabs>\n  <TabItem value=\"a\" label=\"One\">\n\n    **x**\n\n  </TabItem>\n</Tabs>",
                "<p><strong>One</strong></p><p><strong>x</strong></p>",
            ),
            ("<Foo bar={{a: '}'}} {...b}>in *it*</Foo>", "<p>in <em>it</em></p>"),
            (
                "<img src={require('./a.png').default} width={280} style={{margin: 10}} />",
                "<p><img src=\"./a.png\" width=\"280\"></p>",
            ),
            ("<div className=\"x\">\n  **b**\n</div>", "<div><p><strong>b</strong></p></div>"),
            (
                ":::note[A [l](/b)]\n\nx\n\n:::\ny",
                "<blockquote><p><strong>A <a href=\"/b\">l</a></strong></p><p>x</p></blockquote><p>y</p>",
            ),
            (
                "::::tip\na\n:::info Title\nb\n:::\nc\n::::\nd",
                "<blockquote><p><strong>Tip</strong></p><p>a</p><blockquote><p><strong>Title</strong></p><p>b</p></blockquote><p>c</p></blockquote><p>d</p>",
            ),
            (":::warning\nnever closed", "<blockquote><p><strong>Warning</strong></p><p>never closed</p></blockquote>"),
            ("a\n\n{/* truncate */}\n\nb", "<p>a</p><!-- truncate --><p>b</p>"),
            (
                "<YouTube id=\"abc\" />",
                "<p><a href=\"https://www.youtube.com/watch?v=abc\">https://www.youtube.com/watch?v=abc</a></p>",
            ),
            (
                "## H {#id}\n\n\\{x\\} 1 < 2 <https://a.example>",
                "<h2>H</h2><p>{x} 1 &lt; 2 <a href=\"https://a.example\">https://a.example</a></p>",
            ),
            ("<details>\n<summary>S</summary>\n\nx\n\n</details>", "<details><summary>S</summary><p>x</p></details>"),
            (
                "- a\n  :::note\n  b\n  :::\n- c",
                "<ul><li><p>a</p><blockquote><p><strong>Note</strong></p><p>b</p></blockquote></li><li><p>c</p></li></ul>",
            ),
            ("{unclosed", "<p>{unclosed</p>"),
            ("<Link to=\"/x\">t</Link> <>f</>", "<p><a href=\"/x\">t</a> f</p>"),
            ("<!-- {a} <B> --> c", "<!-- {a} <B> --> c"),
        ] {
            assert_eq!(shown(Docusaurus, body).replace("\n<", "<"), expected, "{body}");
        }
        for dialect in [Eleventy, Plain] {
            let html = shown(dialect, "{a} <b>c</b>\n\n::: note Title\n\nd\n\n:::\n\n:::wrap\n|e|\n|-|\n:::");
            let html = html.replace("\n<", "<");
            let expected = "<p>{a} <b>c</b></p><blockquote><p><strong>Title</strong></p><p>d</p></blockquote><table>";
            assert!(html.starts_with(expected), "{dialect:?} {html}");
        }
        assert_eq!(told(Eleventy, "a\n\n{% foo %}\n:::note\n:::"), ["4 foo Unknown"]);
        assert_eq!(told(Docusaurus, "a\n\n<Foo>\n<Tabs>x</Tabs></Foo>"), ["4 Foo Unknown"]);
    }
}
