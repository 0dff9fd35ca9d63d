//! Bodies: what calls, components and links between pages are shown as, on sites of ours and on every real one.

use std::collections::BTreeMap;
use std::path::Path;

use postrider::library::Scanner;
use postrider::post::Page;
use postrider::post::body::{self, Body, Dialect, Shown};
use postrider::post::calls::{Found, What};
use postrider::post::links::{Knowledge, Links};
use proptest::prelude::{any, proptest};

use super::{scan, site};

const DIALECTS: [Dialect; 8] = [
    Dialect::Plain,
    Dialect::Hugo,
    Dialect::Jekyll,
    Dialect::Zola,
    Dialect::Hexo,
    Dialect::Docusaurus,
    Dialect::Eleventy,
    Dialect::Pelican,
];

/// What the body of a page shows in the site in `root`.
fn shown(root: &Path, path: &str) -> Shown {
    let scan = scan(root);
    let knowledge = knowledge(&scan);
    let page = scan.pages.iter().find(|page| page.path == path).unwrap_or_else(|| panic!("{path} is no page"));
    let text = fs_err::read_to_string(root.join(path)).expect("the page's file");
    body::shown(page, &text, &knowledge)
}

fn knowledge(scan: &postrider::library::Scan) -> Knowledge {
    Knowledge {
        site: std::sync::Arc::new(scan.site.clone()),
        links: Links::new(scan.pages.clone()),
        ..Knowledge::default()
    }
}

/// A body alone, at `https://www.example.org/p/`.
fn alone(dialect: Dialect, body: &str) -> Shown {
    let at = Body { line: 1, dialect, ..Body::default() };
    let page = Page { url: "https://www.example.org/p/".into(), path: "p.md".into(), body: at, ..Page::default() };
    body::shown(&page, body, &Knowledge::default())
}

#[test]
fn hugo_links_between_pages() {
    let root = site(&[
        ("hugo.toml", b"baseURL = 'https://www.example.org/'\n"),
        ("content/blog/one/index.md", b"---\ndate: 2020-01-01\n---\n[a]({{< ref \"two.md#part\" >}}) [b]({{% relref \"/blog/two\" %}})\n[c](../two.md) [d]({{< ref \"/blog\" >}})\n\n[e]({{< ref \"/gone.md\" >}}) [f](gone.md)\n"),
        ("content/blog/two.md", b"---\ndate: 2020-01-01\nslug: second\n---\n"),
    ]);
    let shown = shown(root.path(), "content/blog/one/index.md");
    for (name, address) in [
        ("a", "https://www.example.org/blog/second/#part"),
        ("b", "https://www.example.org/blog/second/"),
        ("c", "https://www.example.org/blog/second/"),
        ("d", "https://www.example.org/blog"),
        ("e", "https://www.example.org/gone"),
        ("f", "https://www.example.org/blog/one/gone.md"),
    ] {
        assert!(shown.html.contains(&format!("<a href=\"{address}\">{name}</a>")), "{name}: {}", shown.html);
    }
    let found: Vec<(usize, &str, What)> =
        shown.found.iter().map(|found| (found.line, found.name.as_str(), found.what)).collect();
    assert_eq!(found, [(7, "/gone.md", What::Broken), (7, "gone.md", What::Broken)]);
}

#[test]
fn zola_links_between_pages() {
    let root = site(&[
        ("config.toml", b"base_url = 'https://www.example.org'\n"),
        ("content/blog/_index.md", b"+++\n+++\n"),
        ("content/blog/one.md", b"+++\ntitle = 'One'\ndate = 2020-01-01\n+++\n[a](@/blog/2020-02-02-two.md#part) [b](@/blog/_index.md) [c](@/blog/gone.md)\n"),
        ("content/blog/2020-02-02-two.md", b"+++\ntitle = 'Two'\n+++\n"),
        ("templates/page.html", b""),
    ]);
    let shown = shown(root.path(), "content/blog/one.md");
    for (name, address) in [
        ("a", "https://www.example.org/blog/two/#part"),
        ("b", "https://www.example.org/blog/"),
        ("c", "https://www.example.org/blog/gone"),
    ] {
        assert!(shown.html.contains(&format!("<a href=\"{address}\">{name}</a>")), "{name}: {}", shown.html);
    }
    let found: Vec<&str> = shown.found.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(found, ["@/blog/gone.md"]);
}

#[test]
fn check_tells_each_unknown_call_once() {
    let root = site(&[
        ("hugo.toml", b"baseURL = 'https://www.example.org/'\n"),
        ("content/blog/a.md", b"---\ntitle: A\ndate: 2020-01-01\n---\n{{< card >}} {{< card >}}\n"),
        ("content/blog/b.md", b"---\ntitle: B\ndate: 2020-01-02\n---\n{{< card >}} [x]({{< ref \"gone\" >}})\n"),
    ]);
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_postrider")).arg("check").current_dir(root.path()).output();
    let output = output.expect("the program");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("warning")).collect();
    assert_eq!(
        lines,
        [
            "warning: content/blog/a.md:5: `card` is not known here: 3 times on 2 pages",
            "warning: content/blog/b.md:5: the link to `gone` leads to no page",
        ]
    );
    assert_eq!(output.status.code(), Some(0));
}

/// What is left of a call in the text that readers see, code apart.
fn raw_calls(html: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = html;
    let mut code = 0_usize;
    while let Some(at) = rest.find('<') {
        if code == 0 {
            text.push_str(&rest[..at]);
        }
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let tag = &rest[at..end];
        let name =
            tag.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if matches!(name, "code" | "pre" | "kbd" | "samp") {
            code = if tag.starts_with("</") { code.saturating_sub(1) } else { code + 1 };
        } else if matches!(name, "p" | "li" | "h1" | "h2" | "h3" | "h4" | "td" | "div") {
            text.push('\n');
        }
        rest = &rest[end..];
    }
    text.push_str(rest);
    let is_raw = |line: &&str| ["{{", "{%", ":::", "{:", "zQ"].iter().any(|mark| line.contains(mark));
    text.lines().filter(is_raw).map(|line| line.chars().take(160).collect()).collect()
}

/// Every page of every real site: nothing of a call is left to be seen but what its generator would show too.
#[test]
fn no_call_is_seen_on_any_real_site() {
    let Some(corpora) = crate::support::peers::corpora() else { return };
    let mut left: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (root, generator, dialect, pages) in SITES {
        let name = root.split('/').next().unwrap_or_default();
        let folder = tempfile::tempdir().expect("a folder");
        let archive = corpora.join(format!("{name}.tar.gz"));
        let unpacked = std::process::Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(folder.path()).status();
        assert!(unpacked.is_ok_and(|status| status.success()), "{name} cannot be unpacked");
        let root = folder.path().join(root);
        let mut settings = super::settings(&root);
        settings.url = Some("https://www.example.org/".into());
        settings.generator = generator.map(str::to_owned);
        let scan = Scanner::new(settings).scan().unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        assert!(scan.pages.len() >= pages, "{name}: only {} pages were read", scan.pages.len());
        let knowledge = knowledge(&scan);
        for page in &scan.pages {
            let page = &Page { body: Body { dialect, ..page.body }, ..Page::clone(page) };
            let text = fs_err::read_to_string(root.join(&page.path)).expect("a page's file");
            let shown = body::shown(page, &text, &knowledge);
            for line in raw_calls(&shown.html) {
                left.entry(format!("{name}/{}", page.path)).or_default().push(line);
            }
        }
    }
    left.retain(|path, _| !EXPLAINED.iter().any(|(explained, _)| path.ends_with(explained)));
    assert!(left.is_empty(), "{left:#?}");
}

/// Where each real site lies in its archive, its generator where its folder does not tell, whose calls are in its bodies, whoever
/// reads its headers, and how many pages it has at least.
const SITES: [(&str, Option<&str>, Dialect, usize); 15] = [
    ("bitcoincore", None, Dialect::Jekyll, 400),
    ("grpc", None, Dialect::Hugo, 59),
    ("helm", None, Dialect::Docusaurus, 59),
    ("hexo-site", None, Dialect::Hexo, 58),
    ("jekyll-docs/docs", None, Dialect::Jekyll, 102),
    ("jekyll-testsite/test/source", Some("jekyll"), Dialect::Jekyll, 60),
    ("letsencrypt", None, Dialect::Hugo, 121),
    ("linkerd/linkerd.io", None, Dialect::Hugo, 157),
    ("react-native/website", None, Dialect::Docusaurus, 94),
    ("rust-blog", None, Dialect::Zola, 700),
    ("sofastack", None, Dialect::Hugo, 582),
    ("this-week-in-rust", None, Dialect::Pelican, 610),
    ("v8", None, Dialect::Eleventy, 150),
    ("vitess", None, Dialect::Hugo, 76),
    ("zola-docs/docs", None, Dialect::Zola, 170),
];

/// Pages on which braces are to be seen, and why.
const EXPLAINED: &[(&str, &str)] = &[];

proptest! {
    #[test]
    fn any_text_is_shown(text in any::<String>()) {
        for dialect in DIALECTS {
            alone(dialect, &text);
        }
    }

    #[test]
    fn any_row_of_braces_is_shown(parts in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..40)) {
        let text: String = parts.concat();
        for dialect in DIALECTS {
            let shown = alone(dialect, &text);
            proptest::prop_assert!(!shown.html.contains("zQ"), "{dialect:?} {text}");
        }
    }
}

/// What calls are made of.
const PIECES: [&str; 48] = [
    "{{< ",
    "{{% ",
    " >}}",
    " %}}",
    "{{</* ",
    " */>}}",
    "{{",
    "}}",
    "{% ",
    " %}",
    "{%- ",
    " -%}",
    "{#",
    "#}",
    "{: .a}",
    "{:toc}",
    "raw",
    "endraw",
    "highlight",
    "endhighlight",
    "if",
    "else",
    "endif",
    "for",
    "endfor",
    "note",
    "/note",
    "end",
    "ref \"a\"",
    "youtube(id=\"x\")",
    "q()",
    "\"",
    "'",
    "`",
    "\n",
    "\n\n",
    "```\n",
    ":::note\n",
    ":::\n",
    "<Tabs>",
    "</Tabs>",
    "<div>",
    "</div>",
    "{/*",
    "*/}",
    "- ",
    "    ",
    "text",
];

/// Bodies thirty thousand bytes long that begin things and never end them. What they show stays small.
#[test]
fn hostile_bodies_are_read_once() {
    let long = 30_000;
    for piece in [
        "{#",
        "{{< x \"",
        "{{< highlight >}}",
        "{{</* ",
        "{{< x >}}{{< /y >}}",
        "{% raw %}",
        "{% if x %}",
        "{{ a | append: '",
        "{% for",
        "{",
        "{{",
        "{%",
        "<a b={",
        "<a b='",
        "<A ",
        "{/* ",
        ":::note\n",
        "`",
        "``` ",
        "{\"",
        "{% note %}{% endfoo %}",
        "{{ f(\"",
        "{% q() %}",
        "{% end %}",
        "<style>",
        "import {\n\n",
        "{:a",
        "* a\n{:toc}\n",
        "[a](x.md) ",
        "{{< ref \"x\" >}}",
        "{% highlight %}{% endhighlight ",
        "{'\\'",
        "<!--",
        "{{ 'a' | replace: 'a', 'aaaaaaaaaaaaaaaa' }}",
        "$$",
        "[a](@/x.md)",
        "[a]({filename}x.md)",
        "#x\n",
        "{.a}\n",
    ] {
        let text = piece.repeat(long / piece.len());
        for dialect in DIALECTS {
            let shown = alone(dialect, &text);
            assert!(shown.html.len() < 60 * long, "{piece} {dialect:?}: {}", shown.html.len());
        }
    }
}

#[test]
fn what_is_found_is_told_once_a_place() {
    let shown = alone(Dialect::Hugo, "{{< a >}}\n{{< a >}} {{< b >}}\n");
    let lines: Vec<(usize, &str)> = shown.found.iter().map(|Found { line, name, .. }| (*line, name.as_str())).collect();
    assert_eq!(lines, [(1, "a"), (2, "a"), (2, "b")]);
}
