//! Liquid, as Jekyll and Eleventy run it over a body before Markdown is read: outputs, and tags that decide what is shown.
//!
//! Outputs are what the page and the site say. Conditions that cannot be told here hold; loops are not run. Code is no
//! shelter from Liquid, only `{% raw %}` is.

pub mod value;

use std::collections::HashMap;

use serde_json::Value;
use url::{Position, Url};

use super::args::Args;
use super::known::{self, Call, Open};
use super::out::{Insert, Out};
use super::seek::Seek;
use super::{Around, Expanded, Start, What};
use value::Scope;

/// Whether there is anything to do.
pub fn has_calls(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// The body as Liquid leaves it.
pub fn expand(text: &str, around: &Around<'_>) -> Expanded<'static> {
    let mut run = Run {
        out: Out::new(text, around),
        scope: Scope::new(around),
        ends: ends(text),
        open: Open::default(),
        blocks: Vec::new(),
        dead: 0,
        copied: 0,
        spent: 0,
    };
    let mut closes = [Seek::new(text, "}}"), Seek::new(text, "%}")];
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        at = start + 1;
        let kind = match text.as_bytes().get(start + 1) {
            Some(b'{') => 0,
            Some(b'%') => 1,
            _ => continue,
        };
        let Some(end) = closes[kind].from(start + 2) else {
            // Liquid refuses the page: the braces alone go.
            run.text(start);
            run.out.tell(start, &text[start..start + 2], What::Unclosed);
            (run.copied, at) = (start + 2, start + 2);
            continue;
        };
        let inner = &text[start + 2..end];
        // `{{-` and `-}}` take the blanks beside them.
        let (inner, takes_before) = inner.strip_prefix('-').map_or((inner, false), |inner| (inner, true));
        let (inner, takes_behind) = inner.strip_suffix('-').map_or((inner, false), |inner| (inner, true));
        let before = &text[run.copied..start];
        run.text(if takes_before { run.copied + before.trim_end().len() } else { start });
        run.copied = end + 2;
        if kind == 0 {
            run.output(inner, start);
        } else {
            run.tag(inner.trim(), start, end + 2);
        }
        if takes_behind {
            run.copied += text[run.copied..].len() - text[run.copied..].trim_start().len();
        }
        at = run.copied;
    }
    run.text(text.len());
    let copied = run.copied;
    run.out.finish(copied)
}

/// A tag that is open and decides whether what is in it is shown.
struct Block {
    /// A branch was shown.
    taken: bool,
    /// This branch is not shown.
    dead: bool,
    /// Of `case`.
    value: Option<Value>,
}

struct Run<'t, 'a> {
    out: Out<'t, 'a>,
    scope: Scope<'a>,
    ends: HashMap<&'t str, Vec<usize>>,
    open: Open,
    blocks: Vec<Block>,
    /// How many of `blocks` are dead.
    dead: usize,
    copied: usize,
    /// Bytes that outputs wrote.
    spent: usize,
}

impl Run<'_, '_> {
    /// The text up to `end`, where it is shown.
    fn text(&mut self, end: usize) {
        if self.dead == 0 && self.copied < end {
            self.out.copy(self.copied, end);
        }
        self.copied = end;
    }

    fn output(&mut self, inner: &str, start: usize) {
        if self.dead > 0 || inner.trim().is_empty() {
            return;
        }
        match self.scope.output(inner) {
            Some(value) => {
                let shown = value::text(&value);
                self.spent += shown.len();
                if self.spent <= super::MOST {
                    self.out.write(start, &shown);
                }
            }
            None => self.out.tell(start, inner.trim(), What::Unknown),
        }
    }

    fn tag(&mut self, inner: &str, start: usize, end: usize) {
        let name_end = inner.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(name_end);
        let rest = rest.trim();
        // These hold what is not Liquid.
        if let ("raw" | "comment" | "verbatim" | "schema", Some((from, to))) = (name, self.end_of(name, end)) {
            if self.dead == 0 && matches!(name, "raw" | "verbatim") {
                self.out.copy(end, from);
            }
            self.copied = to;
            return;
        }
        if self.flow(name, rest) || self.dead > 0 {
            return;
        }
        match name {
            "" | "assign" | "set" | "increment" | "decrement" | "cycle" | "break" | "continue" | "liquid"
            | "render" | "layout" | "endraw" | "endcomment" | "seo" | "feed_meta" => {
                if matches!(name, "assign" | "set") {
                    self.scope.assign(rest);
                }
            }
            "echo" => self.output(rest, start),
            "link" | "post_url" => {
                let address = self.address(name, rest, start);
                // A path, as Jekyll gives it: `{{ site.url }}{% post_url … %}`.
                let address = Url::parse(&address).map_or(address, |url| url[Position::BeforePath..].to_owned());
                self.out.write(start, &address);
            }
            "include" | "include_relative" | "include_cached" | "extends" | "import" | "from" => {
                let shown: String = inner.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
                self.out.tell(start, &shown, What::Unknown);
            }
            _ if name.starts_with("end") => {
                if let Some(owed) = self.open.close(&name[3..]).filter(|owed| !owed.is_empty()) {
                    self.out.stand(start, end, Insert::block(owed));
                }
            }
            _ => self.call(name, rest, start, end),
        }
    }

    /// Calls that plugins bring, and `highlight`.
    fn call(&mut self, name: &str, rest: &str, start: usize, end: usize) {
        let args = Args::parse(rest, true);
        let behind = self.end_of(name, end);
        match (known::call(name, &args, behind.is_some()), behind) {
            (Some(Call::Code(language)), Some((from, to))) => {
                let code = &self.out.source[end..from];
                // `{% highlight html %}{% raw %}` is how Liquid is kept out.
                let bare = code.trim();
                let raw = bare.strip_prefix("{% raw %}").and_then(|code| code.strip_suffix("{% endraw %}"));
                let code = raw.map_or_else(|| without_raw(code), str::to_owned);
                self.out.stand(start, to, known::code(&language, &code));
                self.copied = to;
            }
            (Some(Call::Gone), Some((_, to))) => self.copied = to,
            (Some(Call::Enclose(insert, owed)), _) => {
                self.out.stand(start, end, insert);
                self.open.push(name, owed);
            }
            (Some(Call::Single(insert)), _) => self.out.stand(start, end, insert),
            _ => self.out.tell(start, name, What::Unknown),
        }
    }

    /// Conditions, loops and captures. Whether `name` is a part of one.
    fn flow(&mut self, name: &str, rest: &str) -> bool {
        let living = self.dead == 0;
        match name {
            "if" | "unless" | "ifchanged" => {
                let holds = if living { self.scope.holds(rest) } else { None };
                let shown = holds.is_none_or(|holds| holds == (name != "unless"));
                self.enter(!shown, shown, None);
            }
            "case" | "switch" => {
                let value = if living { self.scope.output(rest) } else { None };
                self.enter(true, false, value);
            }
            "for" | "tablerow" | "asyncEach" | "capture" | "macro" | "block" | "call" | "paginate" => {
                let shown = name == "block";
                self.enter(!shown, shown, None);
            }
            "elsif" | "elseif" | "elif" | "else" | "when" => {
                let scope = &self.scope;
                let Some(block) = self.blocks.last_mut() else { return true };
                let holds = match (name, &block.value) {
                    (_, _) if block.taken => Some(false),
                    ("when", Some(value)) => {
                        let mut options = rest.split([',']).flat_map(|part| part.split(" or "));
                        Some(options.any(|option| scope.output(option).is_some_and(|option| option == *value)))
                    }
                    ("else" | "when", _) => Some(true),
                    _ => scope.holds(rest),
                };
                let shown = holds != Some(false);
                let was = std::mem::replace(&mut block.dead, !shown);
                block.taken |= shown;
                self.dead = self.dead + usize::from(!shown) - usize::from(was);
            }
            "endif" | "endunless" | "endifchanged" | "endcase" | "endswitch" | "endfor" | "endtablerow" | "endeach"
            | "endcapture" | "endmacro" | "endblock" | "endcall" | "endset" | "endpaginate" => {
                if let Some(block) = self.blocks.pop() {
                    self.dead -= usize::from(block.dead);
                }
            }
            _ => return false,
        }
        true
    }

    fn enter(&mut self, dead: bool, taken: bool, value: Option<Value>) {
        self.dead += usize::from(dead);
        self.blocks.push(Block { taken, dead, value });
    }

    /// Where the end tag of `name` begins and ends that comes next.
    fn end_of(&self, name: &str, from: usize) -> Option<(usize, usize)> {
        let ends = self.ends.get(name)?;
        let at = *ends.get(ends.partition_point(|at| *at < from))?;
        let behind = self.out.source[at..].find("%}").map_or(self.out.source.len(), |end| at + end + 2);
        Some((at, behind))
    }

    /// What `link` and `post_url` name.
    fn address(&mut self, name: &str, rest: &str, start: usize) -> String {
        let around = self.out.around();
        let written = rest.trim_matches(['"', '\'']);
        let written = if written.contains("{{") { String::new() } else { written.to_owned() };
        let found = if name == "post_url" {
            let path = written.trim_start_matches('/');
            around.address(&format!("{path}.md"), Start::Anywhere).or_else(|| around.address(path, Start::Anywhere))
        } else {
            around.address(&written, Start::Root)
        };
        found.unwrap_or_else(|| {
            let is_post = name == "post_url" || written.contains("_posts/") || written.contains("_drafts/");
            if is_post {
                self.out.tell(start, &written, What::Broken);
            }
            around.guess(&written)
        })
    }
}

/// `{% endNAME %}` by NAME: where they begin.
pub fn ends(text: &str) -> HashMap<&str, Vec<usize>> {
    let mut ends: HashMap<&str, Vec<usize>> = HashMap::new();
    for (start, _) in text.match_indices("{%") {
        let inner = text[start + 2..].trim_start_matches('-').trim_start();
        if let Some(name) = inner.strip_prefix("end") {
            let end = name.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(name.len());
            ends.entry(&name[..end]).or_default().push(start);
        }
    }
    ends
}

/// Code in which some of it is kept from Liquid.
fn without_raw(code: &str) -> String {
    ["{% raw %}", "{% endraw %}", "{%raw%}", "{%endraw%}"]
        .iter()
        .fold(code.to_owned(), |code, tag| code.replace(tag, ""))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{shown, told};
    use crate::post::body::Dialect::Jekyll;

    #[test]
    fn liquid_is_run_as_far_as_it_can_be() {
        for (body, expected) in [
            (
                "{{ page.title }} {{site.url}}{{ site.baseurl }}/x {{ page.none }}|",
                "<p>The Title <a href=\"https://example.org/x\">https://example.org/x</a> |</p>",
            ),
            (
                "{{ page.who | upcase | append: '!' }} {{ 'a' | prepend: \"b\" }} {{ nil | default: 'd' }}",
                "<p>ME! ba d</p>",
            ),
            (
                "[a]({{ '/docs/x/' | relative_url }}) [b]({{ \"y\" | absolute_url }})",
                "<p><a href=\"/docs/x/\">a</a> <a href=\"https://example.org/y\">b</a></p>",
            ),
            (
                "`{{ page.who }}` {% raw %}`{{ page.who }}`{% endraw %}",
                "<p><code>me</code> <code>{{ page.who }}</code></p>",
            ),
            (
                "{% highlight ruby linenos %}\nputs <1>\n\n  x\n{% endhighlight %}\ny",
                "<pre><code class=\"language-ruby\">puts &lt;1&gt;\n\n  x\n</code></pre><p>y</p>",
            ),
            (
                "{% highlight liquid %}{% raw %}\n{{ x }}\n{% endraw %}{% endhighlight %}",
                "<pre><code class=\"language-liquid\">{{ x }}\n</code></pre>",
            ),
            (
                "{% if page.who == 'me' %}yes{% else %}no{% endif %}{% if page.none %}a{% elsif page.who contains 'm' %}b{% else %}c{% endif %}",
                "<p>yesb</p>",
            ),
            ("{% unless page.who %}a{% else %}b{% endunless %}{% if site.other %}c{% else %}d{% endif %}", "<p>bc</p>"),
            ("{% case page.who %}{% when 'you', 'me' %}1{% when 'x' %}2{% else %}3{% endcase %}", "<p>1</p>"),
            (
                "{% assign a = 'v' %}{{ a }}{% for x in site.y %}{{ x }} {% if z %}q{% endif %}{% endfor %}{% capture b %}c{% endcapture %}|",
                "<p>v|</p>",
            ),
            ("{% comment %}a {% b %}{% endcomment %}c {%- assign x = 1 -%} d", "<p>cd</p>"),
            ("{% githubify x %}in **b**{% endgithubify %}", "<p>in <strong>b</strong></p>"),
            ("{% gist a/1 %}", "<p><a href=\"https://gist.github.com/a/1\">https://gist.github.com/a/1</a></p>"),
            ("a {{ b", "<p>a  b</p>"),
            (
                "[x]({% link docs/a.md %}) [y]({% post_url 2020-01-01-no %})",
                "<p><a href=\"/docs/a\">x</a> <a href=\"/2020-01-01-no\">y</a></p>",
            ),
            ("{% endif %}{% else %}{% endfor %}a{% elsif x %}", "<p>a</p>"),
            (
                "{% if page.who and page.none or page.who %}a{% endif %}{% if page.none or page.who %}b{% endif %}",
                "<p>ab</p>",
            ),
            (
                "* TOC\n{:toc}\n\nText\n{: .lead}\n\n[a](/b){:target=\"_blank\"} c{:.d}",
                "<p>Text</p><p><a href=\"/b\">a</a> c</p>",
            ),
        ] {
            assert_eq!(shown(Jekyll, body), expected, "{body}");
        }
        assert_eq!(
            told(Jekyll, "{% include a.html b=1 %}\n{{ site.repository }}\n{% post_url 2020-01-01-x %}{% foo %}{{"),
            [
                "2 include a.html Unknown",
                "3 site.repository Unknown",
                "4 2020-01-01-x Broken",
                "4 foo Unknown",
                "4 {{ Unclosed"
            ]
        );
    }

    #[test]
    fn values_do_not_grow_without_end() {
        let body = "{% assign a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}".to_owned()
            + &"{% assign a = a | append: a %}".repeat(60)
            + &"{{ a }}{{ a | replace: 'x', a }}".repeat(5_000);
        assert!(shown(Jekyll, &body).len() < 2_000_000);
    }
}
