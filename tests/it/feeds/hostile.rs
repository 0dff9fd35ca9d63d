//! Posts that hold what breaks feeds: each in one of the ways of `feed`'s own rules, all in one site.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use postrider::feed::{Document, Family, Listing, Settings};
use postrider::post::body::Shown;
use postrider::post::{Author, Cover, FullPost, Page, Post, Status};
use postrider::site::{Language, Site};

use super::agreement::{self, Folder};
use super::documents;

pub fn site() -> Site {
    let language = |key: &str, tag: &str, title: &str, path: &str| Language {
        key: key.to_owned(),
        tag: tag.to_owned(),
        title: title.to_owned(),
        url: format!("https://www.example.org/{path}"),
    };
    Site {
        url: "https://www.example.org/".to_owned(),
        title: "Cats & <Dogs>\u{8}".to_owned(),
        description: "What \u{1}happens & what <does> not".to_owned(),
        language: "zh-CN".to_owned(),
        languages: vec![
            language("zh", "zh-CN", "Cats & <Dogs>\u{8}", ""),
            language("en", "en", "The English \"side\"", "en/"),
        ],
        generator: "hugo".to_owned(),
        main_sections: vec!["blog".to_owned()],
    }
}

pub fn settings() -> Settings {
    Settings {
        entries: 1000,
        max_bytes: 50_000_000,
        public_url: "https://feeds.example.org/base/".to_owned(),
        ..Settings::default()
    }
}

fn date(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).expect("a date")
}

/// A page, and what it shows instead of what its header states.
pub struct Whole {
    pub page: Page,
    pub html: Arc<str>,
    pub summary: String,
    pub cover: Option<Cover>,
}

impl Deref for Whole {
    type Target = Page;
    fn deref(&self) -> &Page {
        &self.page
    }
}

impl DerefMut for Whole {
    fn deref_mut(&mut self) -> &mut Page {
        &mut self.page
    }
}

pub fn post(name: &str, change: impl FnOnce(&mut Whole)) -> FullPost {
    let page = Page {
        path: format!("content/blog/{name}.md"),
        url: format!("https://www.example.org/blog/{name}/"),
        title: format!("On {name}"),
        published: Some(date("2021-10-15T15:00:00+08:00")),
        section: "blog".to_owned(),
        tags: vec!["SOFA Weekly".to_owned()],
        categories: vec!["News".to_owned()],
        authors: vec![Author { name: "SOFA 团队".to_owned(), url: Some("https://github.com/sofastack".to_owned()) }],
        language: "zh".to_owned(),
        source_hash: postrider::crypto::sha256_hex(name.as_bytes()),
        ..Page::default()
    };
    let mut whole =
        Whole { page, html: "<p>Text of a post.</p>".into(), summary: format!("About {name}."), cover: None };
    change(&mut whole);
    let Whole { page, html, summary, cover } = whole;
    let id = format!("tag:www.example.org,2021:/blog/{name}");
    FullPost {
        post: Arc::new(Post { id, status: Status::Listed, page: Arc::new(page) }),
        shown: Arc::new(Shown { html, summary, cover, ..Shown::default() }),
    }
}

pub fn with_id(id: &str, mut post: FullPost) -> FullPost {
    id.clone_into(&mut Arc::make_mut(&mut post.post).id);
    post
}

/// Titles, and what a reader must show for them.
const TITLES: &[(&str, &str)] = &[
    ("Vec<T> & AT&T", "Vec<T> & AT&T"),
    ("a literal &amp; and &#8217; and &lt;b>", "a literal &amp; and &#8217; and &lt;b>"),
    ("an end </b> of <b>bold</b>", "an end </b> of <b>bold</b>"),
    ("控制\0\u{8}字\u{b}符\u{1f}\u{7f}\u{85}\u{92}\u{fffe}\u{ffff}\u{fdd0}\u{1fffe}\u{10ffff}", "控制字符"),
    ("two\nlines\r\nor\rthree\u{2028}four", "two lines or three four"),
    ("]]> and <![CDATA[ and ]]]]>", "]]> and <![CDATA[ and ]]]]>"),
    ("👩‍👩‍👧‍👦 🇨🇳 🏳️‍🌈", "👩‍👩‍👧‍👦 🇨🇳 🏳️‍🌈"),
    ("\u{202e}turned", "\u{202e}turned\u{202c}"),
    ("שלום עולם", "שלום עולם"),
    ("\u{feff}  \"quotes\" 'and' `ticks`  ", "\"quotes\" 'and' `ticks`"),
    ("<!-- no comment -->", "<!-- no comment -->"),
    ("<?php echo 1 ?>", "<?php echo 1 ?>"),
    ("&", "&"),
];

/// All of the hostile posts, newest first, and the title that each must show (where the title is the point).
pub fn posts() -> (Vec<FullPost>, Vec<(String, String)>) {
    let mut posts = Vec::new();
    let mut titles = Vec::new();
    for (at, (title, shown)) in TITLES.iter().enumerate() {
        let post = post(&format!("title-{at}"), |page| (*title).clone_into(&mut page.title));
        titles.push((post.id.clone(), (*shown).to_owned()));
        posts.push(post);
    }
    let mut shows = |post: FullPost, shown: String| {
        titles.push((post.id.clone(), shown));
        posts.push(post);
    };
    // What the writers take for the place of an entry's HTML stands elsewhere as well.
    for (at, mark) in ["<content:encoded><![CDATA[.]]></content:encoded>", "<content type=\"html\">.</content>"]
        .into_iter()
        .enumerate()
    {
        let everywhere = post(&format!("mark-{at}"), |page| {
            mark.clone_into(&mut page.title);
            mark.clone_into(&mut page.summary);
            page.tags.push(mark.to_owned());
            page.authors.push(Author { name: mark.to_owned(), url: None });
        });
        shows(everywhere, mark.to_owned());
    }
    shows(post("title-long", |page| page.title = "长 ".repeat(5000)), "长 ".repeat(5000).trim().to_owned());
    shows(post("title-none", |page| " \u{0}\n".clone_into(&mut page.title)), "About title-none.".to_owned());
    shows(
        post("title-no%20thing", |page| {
            page.title.clear();
            page.summary.clear();
        }),
        "title-no thing".to_owned(),
    );

    let dates = [
        ("day-1", "2020-02-29T00:00:00+08:00"),
        ("day-2", "2020-02-29T00:00:00+08:00"),
        ("day-3", "2020-02-29T00:00:00+08:00"),
        ("nepal", "2026-01-05T00:15:00+05:45"),
        ("leap-second", "2016-12-31T23:59:60Z"),
        ("nanoseconds", "2016-12-30T23:59:59.123456789-03:30"),
        ("before-the-epoch", "1969-07-20T20:17:40Z"),
        ("first-year", "0001-01-01T00:00:00+14:00"),
        ("last-year", "9999-12-31T23:59:59-12:00"),
        ("dst", "2021-10-31T02:30:00+01:00"),
    ];
    posts.extend(dates.map(|(name, at)| post(name, |page| page.published = Some(date(at)))));
    posts.push(post("updated", |page| page.updated = Some(date("2021-12-01T00:00:00Z"))));
    posts.push(post("updated-before", |page| page.updated = Some(date("2001-12-01T00:00:00Z"))));

    posts.push(post("tags", |page| {
        let odd = [
            "C&C",
            "C++",
            "C#",
            "C",
            "c",
            "a/b",
            "?",
            "..",
            "100%",
            "Service Mesh",
            "Service mesh",
            " ",
            "\u{1}",
            "<b>x</b>",
            "🎉",
            "Kata\u{a0}Containers",
            "云 原生",
            "\"'",
            "&amp;",
            ".NET",
            "SOFA WEEKLY",
        ];
        page.tags = odd.into_iter().map(str::to_owned).chain(["长".repeat(300)]).collect();
        page.categories = vec!["云 原生".to_owned(), "tags".to_owned(), "a\\b".to_owned()];
    }));
    posts.push(post("authors", |page| {
        let author = |name: &str, url: Option<&str>| Author { name: name.to_owned(), url: url.map(str::to_owned) };
        page.authors = vec![
            author("A & <B>", Some("https://example.org/?a=1&b=\"2\"")),
            author(" \u{1} ", None),
            author("崔\u{8}伟协", Some("javascript:alert(1)")),
            author("./..", Some("/relative")),
        ];
    }));
    posts.push(post("no-author", |page| page.authors.clear()));
    let covers = [
        ("no-ending", "https://gw.example.com/afts/img/A*_ewiQbuzeOQ"),
        ("query", "https://img.example.com/a.JPG?w=1&h=2"),
        ("quote", "https://img.example.com/a.png?x=\" evil=\"1"),
        ("letters", "https://图片.example/图 1.webp"),
        ("data", "data:image/png;base64,AAAA"),
        ("relative", "/images/cover.png"),
    ];
    posts.extend(covers.map(|(name, url)| {
        post(&format!("cover-{name}"), |page| {
            page.cover = Some(Cover { url: url.to_owned(), alt: "<alt> & \"x\"".to_owned() });
        })
    }));

    let html = "<p>CDATA ]]&gt; ends ]]> here <![CDATA[</p>".replace("<![CDATA[", "&lt;![CDATA[");
    posts.push(post("html", |page| {
        page.html = format!(
            "{html}<p>ctrl\0\u{8}\u{b}\u{c}\u{92}\u{fffe}\u{fdd1}\u{feff}\u{2028} &amp;copy &amp;lt; 中文 👩‍👩‍👧</p>\n\
             <table><thead><tr><th style=\"text-align: left\">a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>\
             <pre><code>let x: Vec&lt;T&gt; = a &amp;&amp; b;\r\n</code></pre>\
             <p><img src=\"https://img.example.com/a.png?a=1&amp;b=2\" alt=\"&quot;x&quot;\"></p>"
        )
        .into();
        "Vec<T> & </p> ]]> \u{0}\u{85} <script>alert(1)</script>".clone_into(&mut page.summary);
    }));
    posts.push(post("no-html", |page| page.html = " \n".into()));
    posts.push(post("no-text-at-all", |page| {
        page.html = "".into();
        page.summary.clear();
    }));
    let urls =
        ["https://www.example.org/blog/a b/[c]|中文/?q=é#x y", "https://例え.jp/x", "https://WWW.Example.org/CASE"];
    for (at, url) in urls.into_iter().enumerate() {
        posts.push(post(&format!("url-{at}"), |page| url.clone_into(&mut page.url)));
    }
    let ids = [
        "0E0E0E0E-0000-4000-8000-000000000000",
        "my own id & <x>",
        "我的",
        "https://www.example.org/?p=12&x=y",
        "urn:isbn:0451450523",
    ];
    posts.extend(ids.map(|id| with_id(id, post(&postrider::crypto::hex(id.as_bytes())[..8], |_| {}))));
    posts.push(with_id("https://www.example.org/blog/permalink/", post("permalink", |_| {})));
    posts.push(post("english", |page| "en".clone_into(&mut page.language)));
    posts.push(post("unknown-language", |page| "tags".clone_into(&mut page.language)));
    posts.push(post("no-language", |page| page.language.clear()));

    posts.sort_by(|a, b| b.published.cmp(&a.published).then_with(|| a.path.cmp(&b.path)));
    (posts, titles)
}

fn hostile_documents() -> (Vec<Document>, Vec<Listing>) {
    documents(&site(), &posts().0, &settings())
}

#[test]
fn every_reader_and_validator_takes_hostile_posts_and_sees_the_same() {
    let (documents, listings) = hostile_documents();
    let folder = Folder::of(&documents);
    let read = agreement::of_all_parsers(&folder, &settings().public_url);
    let (posts, titles) = posts();
    let own = &read["rss.xml"];
    assert_eq!(own.len(), posts.len());
    for (id, shown) in &titles {
        let entry = own.iter().find(|entry| entry.id == *id).expect("its entry");
        assert_eq!(entry.title, *shown);
    }
    for listing in &listings {
        let path = percent_encoding::percent_decode_str(&listing.folder).decode_utf8_lossy().into_owned();
        assert_eq!(read[&format!("{path}rss.xml")].len(), listing.posts, "{path}");
    }
    let folders: Vec<&str> = listings.iter().map(|listing| listing.folder.as_str()).collect();
    for folder in [
        "",
        "en/",
        "zh/",
        "language-tags/",
        "sections/blog/",
        "tags/sofa-weekly/",
        "tags/c%2B%2B/",
        "tags/csharp/",
        "tags/c/",
        "tags/service-mesh/",
        "tags/%F0%9F%8E%89/",
        "categories/%E4%BA%91-%E5%8E%9F%E7%94%9F/",
        "categories/tags/",
        "authors/sofa-%E5%9B%A2%E9%98%9F/",
    ] {
        assert!(folders.contains(&folder), "no {folder} among {folders:?}");
    }
    assert_eq!(
        listings.iter().find(|listing| listing.folder == "tags/service-mesh/").map(|l| l.title.as_str()),
        Some("Service Mesh")
    );
    assert_eq!(
        listings.iter().find(|listing| listing.folder == "tags/sofa-weekly/").map(|l| l.posts),
        Some(posts.len())
    );
}

#[test]
fn the_same_posts_give_the_same_bytes() {
    assert_eq!(hostile_documents(), hostile_documents());
}

fn body(documents: &[Document], path: &str) -> String {
    let document = documents.iter().find(|document| document.path == path).unwrap_or_else(|| panic!("no {path}"));
    document.body.to_string()
}

#[test]
fn a_date_keeps_its_offset_and_a_cover_its_place() {
    let page = post("weekly", |page| {
        page.cover = Some(Cover { url: "https://img.example.com/a".to_owned(), alt: String::new() });
    });
    let (documents, _) = super::documents(&site(), &[page], &settings());
    let atom = body(&documents, "atom.xml");
    assert!(atom.contains("<updated>2021-10-15T15:00:00+08:00</updated><author>"), "{atom}");
    assert!(atom.contains("<published>2021-10-15T15:00:00+08:00</published>"), "{atom}");
    assert!(atom.contains("<link href=\"https://img.example.com/a\" rel=\"enclosure\"/>"), "{atom}");
    assert!(body(&documents, "feed.json").contains("\"date_published\":\"2021-10-15T15:00:00+08:00\""));
    let rss = body(&documents, "rss.xml");
    assert!(rss.contains("<pubDate>Fri, 15 Oct 2021 07:00:00 GMT</pubDate>"), "{rss}");
    assert!(rss.contains("<lastBuildDate>Fri, 15 Oct 2021 07:00:00 GMT</lastBuildDate>"), "{rss}");
    assert!(
        rss.contains("<media:content medium=\"image\" url=\"https://img.example.com/a\"></media:content>"),
        "{rss}"
    );
    assert!(!rss.contains("<enclosure"), "an enclosure must say its type");
}

/// The documents as they are, so that a change of any byte is seen and meant: every reader gets a changed feed anew.
#[test]
fn the_documents_of_two_posts_as_they_are() {
    let first = post("first", |page| {
        page.title = "AT&T </b>".to_owned();
        page.cover = Some(Cover { url: "https://img.example.com/a.png?x=1&y=2".to_owned(), alt: "A".to_owned() });
        page.updated = Some(date("2021-10-16T08:00:00+08:00"));
    });
    let second = post("second", |page| {
        page.published = Some(date("2021-10-08T00:00:00+08:00"));
        page.language = "en".to_owned();
        page.authors.clear();
        page.summary.clear();
    });
    let settings = Settings { by: vec![Family::Tag], ..settings() };
    let (documents, listings) = documents(&site(), &[first, second], &settings);
    for document in
        documents.iter().filter(|document| document.path != "feed.css" && !document.path.starts_with("tags/"))
    {
        insta::assert_snapshot!(document.path.clone(), document.body.to_string());
    }
    insta::assert_snapshot!("listings", serde_json::to_string_pretty(&listings).expect("JSON"));
}

#[test]
fn a_site_without_posts_has_valid_feeds() {
    let (documents, listings) = documents(&site(), &[], &settings());
    let read = agreement::of_all_parsers(&Folder::of(&documents), &settings().public_url);
    assert!(read["rss.xml"].is_empty());
    assert_eq!(listings.len(), 1);
    assert_eq!(documents, super::documents(&site(), &[], &settings()).0);
}

#[test]
fn the_budgets_hold_and_the_newest_entry_is_always_there() {
    let (posts, _) = posts();
    let big = post("big", |page| {
        page.html = format!("<p>{}</p>", "x".repeat(100_000)).into();
        page.published = Some(date("9999-12-31T23:59:59Z"));
    });
    let posts: Vec<_> = std::iter::once(big).chain(posts).collect();
    let entries = |settings: &Settings| {
        let documents = super::documents(&site(), &posts, settings).0;
        let json: serde_json::Value = serde_json::from_str(&body(&documents, "feed.json")).expect("JSON");
        let count = json["items"].as_array().map_or(0, Vec::len);
        assert_eq!(body(&documents, "rss.xml").matches("<item>").count(), count);
        assert_eq!(body(&documents, "atom.xml").matches("<entry ").count(), count);
        assert_eq!(json["items"][0]["title"], "On big");
        let feeds = documents.into_iter().filter(|document| document.path != "feeds.opml");
        (count, feeds.map(|document| document.body.len()).max().unwrap_or(0))
    };
    assert_eq!(entries(&Settings { entries: 7, ..settings() }).0, 7);
    assert_eq!(entries(&Settings { entries: 0, ..settings() }).0, 1);
    assert_eq!(entries(&Settings { max_bytes: 10, ..settings() }).0, 1);
    let (count, largest) = entries(&Settings { max_bytes: 120_000, ..settings() });
    assert!((2..posts.len()).contains(&count), "{count}");
    assert!(largest <= 120_000, "{largest}");
}

/// `atom_syndication` writes the attributes of extensions as they are, so we escape them. When it begins to, this fails:
/// take the escaping away then.
#[test]
fn the_atom_crate_still_does_not_escape_extension_attributes() {
    use atom_syndication::extension::Extension;
    let extension = Extension {
        name: "x:y".to_owned(),
        attrs: [("url".to_owned(), "a&b".to_owned())].into(),
        ..Extension::default()
    };
    let entry = atom_syndication::Entry {
        extensions: [("x".to_owned(), [("y".to_owned(), vec![extension])].into())].into(),
        ..atom_syndication::Entry::default()
    };
    let written = String::from_utf8(entry.write_to(Vec::new()).expect("written")).expect("UTF-8");
    assert!(written.contains("url=\"a&b\""), "{written}");
}

#[test]
fn only_feeds_of_what_changed_are_made_and_only_their_posts_are_read() {
    let post = |name: &str, tag: &str| {
        post(name, |page| {
            page.published = Some(date(&format!("2021-10-15T15:00:0{}+08:00", name.len())));
            page.tags = vec![tag.to_owned()];
            page.categories.clear();
            page.authors.clear();
        })
    };
    let mut posts = [post("dddd", "x"), post("ccc", "y"), post("bb", "y"), post("a", "z")];
    let settings = Settings { by: vec![Family::Tag], ..settings() };
    let (all, _) = documents(&site(), &posts, &settings);
    let made = |posts: &[FullPost], settings: &Settings| {
        let (feeds, read) = super::made(&site(), posts, settings, &all);
        assert_eq!(feeds.documents.len() + feeds.kept.len(), all.len());
        let mut made: Vec<String> = feeds.documents.into_iter().map(|document| document.path).collect();
        made.retain(|path| path.ends_with("rss.xml"));
        (made, read)
    };
    assert_eq!(made(&posts, &settings), (vec![], 0));
    Arc::make_mut(&mut Arc::make_mut(&mut posts[1].post).page).version = 1;
    assert_eq!(made(&posts, &settings), (vec!["rss.xml".to_owned(), "tags/y/rss.xml".to_owned()], 4));
    let newest = Settings { entries: 1, ..settings.clone() };
    let (all_of_one, _) = documents(&site(), &posts, &newest);
    let (feeds, read) = super::made(&site(), &posts[1..], &newest, &all_of_one);
    let paths: Vec<&str> = feeds.documents.iter().map(|document| document.path.as_str()).collect();
    assert_eq!((paths, read), (vec!["rss.xml", "atom.xml", "feed.json", "feeds.opml", "feed.css"], 1));
}
