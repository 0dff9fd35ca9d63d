//! Sites whose configuration is a program, and plain folders: what the answers of Docusaurus and Eleventy do not show.

use postrider::library::{Scan, Scanner, Settings};
use postrider::post::Page;

use super::{places, scan, settings, site};

fn page<'s>(scan: &'s Scan, path: &str) -> &'s Page {
    let found = scan.pages.iter().find(|page| page.path == path);
    found.unwrap_or_else(|| panic!("{path} is not read: {:?}", scan.problems))
}

fn day(page: &Page) -> String {
    page.published.map_or(String::new(), |at| at.format("%Y-%m-%d").to_string())
}

#[test]
fn an_address_that_takes_running_a_program_is_asked_for_with_its_line() {
    let post: (&str, &[u8]) = ("blog/2021-10-15-x.md", b"x");
    for (config, line) in [
        ("module.exports = {\n  url: makeUrl(),\n  baseUrl: '/', presets: ['classic']};", Some(2)),
        ("module.exports = {url: process.env.URL || 'http://localhost:3000', presets: ['classic']};", None),
        ("module.exports = load();", Some(1)),
        ("export default {title: 'T', presets: ['classic']}", None),
    ] {
        let folder = site(&[("docusaurus.config.js", config.as_bytes()), post]);
        let problems = Scanner::new(settings(folder.path())).scan().expect_err(config);
        assert_eq!((problems[0].path.as_str(), problems[0].line), ("docusaurus.config.js", line), "{config}");
        assert!(problems[0].hint.contains("site.url"), "{config}");
        let url = Some("https://given.example".to_owned());
        let scan = Scanner::new(Settings { url, ..settings(folder.path()) }).scan().expect(config);
        assert_eq!(page(&scan, post.0).url, "https://given.example/blog/2021/10/15/x", "{config}");
    }
}

#[test]
fn docusaurus_says_what_a_reader_is_shown() {
    let folder = site(&[
        ("docusaurus.config.ts", b"import type {Config} from '@docusaurus/types';\nconst config: Config = {url: 'https://e.org', baseUrl: '/', title: '*T*', tagline: 'Tag', i18n: {defaultLocale: 'pt-br', locales: ['pt-br'], localeConfigs: {'pt-br': {htmlLang: 'pt-BR'}}}, presets: [['classic', {}]]};\nexport default config;\n"),
        ("blog/2021-10-15-a.mdx", b"---\nimage: img/a.png\nlast_update:\n  date: 2022-01-02\nauthor: Ann\ndescription: 'D'\n---\n\n# Head\n\nWords\n"),
        ("blog/bad.md", b"---\ntitle: a: b\n---\n"),
        ("blog/tags.md", b"---\ntitle: T\ntags: one\n---\n"),
        ("blog/2021-10-16-b.md", b"---\nimage: ./beside.png\nslug: b\n---\nx"),
    ]);
    let scan = scan(folder.path());
    assert_eq!(
        (scan.site.title.as_str(), scan.site.description.as_str(), scan.site.language.as_str()),
        ("T", "Tag", "pt-BR")
    );
    assert_eq!(scan.site.main_sections, ["blog"]);
    let a = page(&scan, "blog/2021-10-15-a.mdx");
    assert_eq!((a.title.as_str(), a.summary.as_str(), a.body.line), ("Head", "D", 10));
    assert_eq!(a.cover.as_ref().map(|cover| cover.url.as_str()), Some("https://e.org/img/a.png"));
    assert_eq!(a.updated.map(|at| at.to_rfc3339()), Some("2022-01-02T00:00:00+00:00".into()));
    assert_eq!(a.authors[0].name, "Ann");
    // A picture beside the post gets an address that only a build knows.
    assert_eq!(page(&scan, "blog/2021-10-16-b.md").cover, None);
    assert_eq!(places(&scan.problems), ["blog/bad.md:2", "blog/tags.md:3"]);
}

#[test]
fn eleventy_asks_for_what_it_cannot_tell() {
    let config: (&str, &[u8]) = ("eleventy.config.js", b"export default function (config) {}");
    let folder = site(&[config, ("a.md", b"x")]);
    let problems = Scanner::new(settings(folder.path())).scan().expect_err("no address");
    assert_eq!((problems.len(), problems[0].path.as_str()), (1, "eleventy.config.js"));
    assert!(problems[0].hint.contains("site.url"));

    let folder = site(&[
        ("eleventy.config.js", b"export default function (config) {\n  config.addPlugin(feedPlugin, {type: 'atom', metadata: {language: 'de', title: 'Feed', base: 'https://feed.example/'}});\n}"),
        ("posts/posts.11tydata.js", b"module.exports = {\n  tags: ['post'],\n  permalink: (data) => `/${data.page.fileSlug}/`,\n};"),
        ("posts/d.md", b"---\ntitle: D\n---\n"),
        ("posts/2021-10-15-a.md", b"---\npermalink: /a/\ntags: own\nauthor: Ann\ncover: /c.png\n---\n# Head\n"),
        ("posts/b.md", b"---\ntitle: B\ndate: 2021-10-16\npermalink: /{{ title | shout }}/\n---\n"),
        ("posts/c.md", b"---\ntitle: C\npermalink: /c/\ndate: git Created\ndraft: true\n---\n"),
    ]);
    let scan = scan(folder.path());
    assert_eq!(
        (scan.site.url.as_str(), scan.site.title.as_str(), scan.site.language.as_str()),
        ("https://feed.example/", "Feed", "de")
    );
    assert_eq!(scan.site.main_sections, ["posts"]);
    let a = page(&scan, "posts/2021-10-15-a.md");
    assert_eq!((a.title.as_str(), a.written_title.as_deref(), a.tags.join(",")), ("Head", None, "post,own".into()));
    assert_eq!(a.cover.as_ref().map(|cover| cover.url.as_str()), Some("https://feed.example/c.png"));
    assert!(page(&scan, "posts/c.md").draft);
    assert_eq!(places(&scan.problems), ["posts/b.md:4", "posts/c.md:4", "posts/d.md:0", "posts/posts.11tydata.js:3"]);
}

#[test]
fn a_plain_folder_has_addresses_and_dates_by_pattern() {
    let folder = site(&[
        ("2021/10/05/hello-world.md", b"Words.\n"),
        ("2021/10/06/second/index.md", b"# The *second*\n\nWords.\n"),
        (
            "2021/10/07/third.md",
            b"---\ntitle: Third\ndate: 2020-01-02\nslug: tres\ntags: [a, b, a]\ndraft: true\n---\n",
        ),
        ("2021/10/08/fourth.md", b"---\nurl: /own/\ndate: Oct 15, 2021\n---\n"),
        ("about.md", b"Words.\n"),
        ("bad.md", b"---\ntitle: T\ndate: soon\n---\n"),
    ]);
    let of = |permalink: Option<&str>, date: Option<&str>| {
        let own = Settings {
            url: Some("https://e.org".into()),
            permalink: permalink.map(str::to_owned),
            date: date.map(str::to_owned),
            ..settings(folder.path())
        };
        Scanner::new(own).scan().expect("a site")
    };
    let scan = of(Some("/:year/:month/:slug/"), Some(":year/:month/:day/:slug"));
    let shown = |path: &str| {
        let page = page(&scan, path);
        (page.url.clone(), day(page), page.title.clone())
    };
    let told = |url: &str, day: &str, title: &str| (format!("https://e.org{url}"), day.to_owned(), title.to_owned());
    assert_eq!(shown("2021/10/05/hello-world.md"), told("/2021/10/hello-world/", "2021-10-05", "hello world"));
    assert_eq!(shown("2021/10/06/second/index.md"), told("/2021/10/second/", "2021-10-06", "The second"));
    assert_eq!(shown("2021/10/07/third.md"), told("/2020/01/tres/", "2020-01-02", "Third"));
    assert_eq!(shown("2021/10/08/fourth.md"), told("/own/", "2021-10-15", "fourth"));
    assert!(page(&scan, "2021/10/07/third.md").draft);
    assert_eq!(page(&scan, "2021/10/07/third.md").tags, ["a", "b"]);
    assert!(places(&scan.problems).contains(&"bad.md:3".into()), "{:?}", scan.problems);
    let plain = of(None, None);
    assert_eq!(page(&plain, "2021/10/05/hello-world.md").url, "https://e.org/2021/10/05/hello-world/");
    assert_eq!(day(page(&plain, "2021/10/05/hello-world.md")), "");
}

#[test]
fn the_usual_date_in_a_name_needs_no_pattern() {
    let folder = site(&[("posts/2021-10-05-hello.md", b"Words.\n")]);
    let url = Some("https://e.org".to_owned());
    let scan = Scanner::new(Settings { url, ..settings(folder.path()) }).scan().expect("a site");
    let hello = page(&scan, "posts/2021-10-05-hello.md");
    assert_eq!((hello.url.as_str(), day(hello).as_str()), ("https://e.org/posts/2021-10-05-hello/", "2021-10-05"));
    assert_eq!(hello.title, "hello");
}
