//! The validator's complaints, each seen once: our copy of its rules finds every class in a feed that lacks its cure. That no
//! feed of ours has one is seen where sites are read (`sites`), whose fixture holds the cause of each.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::json;

use crate::support::peers;

const AT: &str = "https://feeds.example.org/x";

/// A sound RSS feed, with something more in its channel and in its item, and something else instead of something.
fn rss(channel: &str, item: &str, (this, that): (&str, &str)) -> String {
    let whole = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns:slash=\"http://purl.org/rss/1.0/modules/slash/\">\n\
         <channel><title>T</title><link>https://example.org/</link><description>D</description><language>en</language>\n\
         <atom:link rel=\"self\" type=\"application/rss+xml\" href=\"{AT}\"/>{channel}\n\
         <item><title>I</title>\n<link>https://example.org/1</link><guid>https://example.org/1</guid>\
         <pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate>{item}</item></channel></rss>"
    );
    whole.replacen(this, that, 1)
}

fn atom(feed: &str, entry: &str, (this, that): (&str, &str)) -> String {
    let whole = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\" \
         xmlns:fh=\"http://purl.org/syndication/history/1.0\" xmlns:media=\"http://search.yahoo.com/mrss/\">\n\
         <title>T</title><id>https://example.org/</id><updated>2026-01-05T10:00:00Z</updated><author><name>A</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{AT}\"/>{feed}\n\
         <entry><title>I</title>\n<id>https://example.org/1</id><updated>2026-01-05T10:00:00Z</updated>\
         <link href=\"https://example.org/1\"/><content type=\"html\">x</content>{entry}</entry></feed>"
    );
    whole.replacen(this, that, 1)
}

fn opml(outline: &str, (this, that): (&str, &str)) -> String {
    let whole = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><opml version=\"2.0\"><head><title>T</title></head><body>\
         <outline text=\"F\" title=\"F\" type=\"rss\" xmlUrl=\"https://example.org/f\" htmlUrl=\"https://example.org/\"/>{outline}</body></opml>"
    );
    whole.replacen(this, that, 1)
}

const SAME: (&str, &str) = ("", "");

/// A body in both formats.
fn bodies(class: &'static str, html: &str, documents: &mut Vec<(&'static str, String)>) {
    let escaped = html.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    documents.push((
        class,
        rss("", &format!("<description></description><content:encoded>{escaped}</content:encoded>"), SAME),
    ));
    documents.push((class, atom("", "", (">x</content>", &format!(">{escaped}</content>")))));
}

fn documents() -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("", rss("", "", SAME)),
        ("", atom("", "", SAME)),
        ("", opml("", SAME)),
        ("SAXError", rss("", "", ("<title>I", "<title>I\u{8}"))),
        ("SAXError", rss("", "<itunes:x/>", SAME)),
        ("SAXError", rss("", "<media:content url=\"https://example.org/a?b&c\"/>", SAME)),
        ("BadCharacters", rss("", "", ("<title>I", "<title>I\u{92}"))),
        ("BadCharacters", atom("", "", ("<title>I", "<title>I\u{fffd}"))),
        ("BadCharacters", atom("", "", (">x<", ">\u{fdd0}<"))),
        ("MissingEncoding", rss("", "", (" encoding=\"utf-8\"", ""))),
        ("InvalidUriChar", rss("", "", ("<link>https://example.org/1", "<link>https://example.org/a b"))),
        ("InvalidUriChar", atom("<icon>https://example.org/[1]</icon>", "", SAME)),
        ("UriNotIri", rss("", "", ("<link>https://example.org/1", "<link>https://例え.jp/1"))),
        ("ContainsHTML", rss("", "", ("<title>I", "<title>an &#x3C;/b&#x3E; end"))),
        ("ContainsHTML", rss("", "<category>a &amp;amp; b</category>", SAME)),
        ("ContainsUndeclaredHTML", atom("", "", ("<title>I", "<title>an &#x3C;/b&#x3E; end"))),
        ("CharacterData", rss("", "", ("<title>I", "<title>Vec&lt;T>"))),
        ("MissingAtomSelfLink", rss("", "", ("rel=\"self\"", "rel=\"related\""))),
        ("MissingSelf", atom("", "", ("rel=\"self\"", "rel=\"related\""))),
        ("SelfDoesntMatchLocation", atom("", "", ("example.org/x", "example.org/y"))),
        ("SelfNotAtom", rss("", "", ("application/rss+xml", "text/xml"))),
        ("NonCanonicalURI", atom("", "", ("<id>https://example.org/1", "<id>https://Example.org/1"))),
        ("NonCanonicalURI", atom("", "", ("<id>https://example.org/1", "<id>https://example.org:443/1"))),
        ("NonCanonicalURI", atom("", "", ("<id>https://example.org/1", "<id>https://example.org/a/../1"))),
        ("NonCanonicalURI", atom("", "", ("<id>https://example.org/1", "<id>https://example.org/%e4"))),
        ("NonCanonicalURI", atom("", "", ("<id>https://example.org/1", "<id>https://example.org/%7Ex"))),
        ("NonCanonicalURI", atom("", "", ("<id>https://example.org/1", "<id>https://example.org"))),
        (
            "InvalidTAG",
            rss("", "", ("<guid>https://example.org/1", "<guid isPermaLink=\"true\">tag:Example.org,2021:1")),
        ),
        ("SchemeNotIANARegistered", atom("", "", ("<id>https://example.org/1", "<id>post:1"))),
        ("InvalidUUID", atom("", "", ("<id>https://example.org/1", "<id>urn:uuid:1"))),
        ("ImplausibleDate", rss("", "", ("05 Jan 2026", "05 Jan 2043"))),
        ("ImplausibleDate", atom("", "<published>1969-07-20T20:17:40Z</published>", SAME)),
        ("InvalidRFC2822Date", rss("", "", ("Mon, 05 Jan 2026 10:00:00 GMT", "2026-01-05T10:00:00Z"))),
        ("IncorrectDOW", rss("", "", ("Mon, 05", "Tue, 05"))),
        ("ProblematicalRFC822Date", rss("", "", ("10:00:00 GMT", "10:00:00 +0545"))),
        ("InvalidRFC3339Date", atom("", "<published>2026-01-05</published>", SAME)),
        ("InvalidRFC3339Date", atom("", "<published>2026-01-05t10:00:00z</published>", SAME)),
        ("InvalidContact", rss("", "<author>A</author>", SAME)),
        ("MissingRealName", rss("<managingEditor>a@b.example</managingEditor>", "", SAME)),
        ("EmailFormat", rss("", "<author>A &#x3C;a@b.example&#x3E;</author>", SAME)),
        ("DuplicateItemSemantics", rss("", "<author>a@b.example (A)</author><dc:creator>A</dc:creator>", SAME)),
        (
            "DuplicateElement",
            rss(
                "",
                "<atom:author><atom:name>A</atom:name></atom:author><atom:author><atom:name>B</atom:name></atom:author>",
                SAME,
            ),
        ),
        ("NeedDescriptionBeforeContent", rss("", "<content:encoded>x</content:encoded><description/>", SAME)),
        ("NotBlank", rss("", "<category></category>", SAME)),
        ("NotBlank", atom("", "", (">x</content>", "></content>"))),
        ("NotBlank", atom("", "", ("<name>A", "<name>"))),
        ("InvalidLanguage", rss("", "", (">en<", ">english<"))),
        ("InvalidLanguage", atom("", "", ("lang=\"en\"", "lang=\"yue-Hant\""))),
        ("MissingDCLanguage", rss("", "", ("<language>en</language>", ""))),
        ("MissingDCLanguage", atom("", "", (" xml:lang=\"en\"", ""))),
        ("ContainsEmail", atom("", "", ("<name>A", "<name>A &#x3C;a@b.example&#x3E;"))),
        ("MissingTextualContent", atom("", "", ("<content type=\"html\">x</content>", ""))),
        ("MissingAttribute", rss("", "<enclosure url=\"https://example.org/a\" type=\"image/png\"/>", SAME)),
        (
            "DuplicateEnclosure",
            rss("", &"<enclosure url=\"https://example.org/a\" type=\"image/png\" length=\"0\"/>".repeat(2), SAME),
        ),
        (
            "InvalidURLAttribute",
            rss("", "<enclosure url=\"http://localhost/a\" type=\"image/png\" length=\"0\"/>", SAME),
        ),
        ("InvalidPositiveInteger", rss("<ttl>0</ttl>", "", SAME)),
        ("InvalidPositiveInteger", rss("", "<media:content url=\"https://example.org/a\" fileSize=\"0\"/>", SAME)),
        ("UnregisteredAtomLinkRel", atom("<link rel=\"prev\" href=\"https://example.org/0\"/>", "", SAME)),
        ("FeedHistoryRelInEntry", atom("", "<link rel=\"previous\" href=\"https://example.org/0\"/>", SAME)),
        (
            "FeedRelInCompleteFeed",
            atom("<fh:complete/><link rel=\"prev-archive\" href=\"https://example.org/0\"/>", "", SAME),
        ),
        (
            "CurrentNotSelfInCompleteFeed",
            atom("<fh:complete/><link rel=\"current\" href=\"https://example.org/0\"/>", "", SAME),
        ),
        ("ArchiveIncomplete", atom("<fh:archive/><link rel=\"current\" href=\"https://example.org/0\"/>", "", SAME)),
        (
            "MissingCurrentInArchive",
            atom("<fh:archive/><link rel=\"prev-archive\" href=\"https://example.org/0\"/>", "", SAME),
        ),
        (
            "LinkPastEnd",
            atom(
                &format!("<link rel=\"last\" href=\"{AT}\"/><link rel=\"next\" href=\"https://example.org/0\"/>"),
                "",
                SAME,
            ),
        ),
        ("DuplicateAtomLink", atom("", "<link href=\"https://example.org/2\"/>", SAME)),
        ("MisplacedMetadata", atom("", "", ("</entry>", "</entry><subtitle>S</subtitle>"))),
        ("MisplacedItem", rss("", "", ("</item>", "</item><ttl>60</ttl>"))),
        (
            "UnknownNamespace",
            atom("", "", (" xmlns:fh=", " xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" xmlns:fh=")),
        ),
        ("AvoidNamespacePrefix", atom("", "", (" xmlns:fh=", " xmlns:a=\"http://www.w3.org/2005/Atom\" xmlns:fh="))),
        ("NonstdPrefix", rss("", "", ("xmlns:slash", "xmlns:slush"))),
        (
            "MisplacedXHTMLContent",
            rss("<script xmlns=\"http://www.w3.org/1999/xhtml\" src=\"https://example.org/x\"/>", "", SAME),
        ),
        ("SlashDate", rss("", "<slash:comments>1</slash:comments>", SAME)),
        ("UndefinedElement", opml("", ("</title>", "</title><docs>https://example.org/</docs>"))),
        ("InvalidOutlineVersion", opml("", ("type=\"rss\"", "type=\"rss\" version=\"ATOM1\""))),
        ("MissingTitleAttr", opml("", (" title=\"F\"", ""))),
        ("MissingXmlURL", opml("<outline text=\"G\" title=\"G\" type=\"rss\"/>", SAME)),
    ];
    let image = |title: &str, link: &str, url: &str, more: &str| {
        rss(&format!("<image><url>{url}</url><title>{title}</title><link>{link}</link>{more}</image>"), "", SAME)
    };
    let (home, picture) = ("https://example.org/", "https://example.org/a.png");
    all.extend([
        ("", image("T", home, picture, "")),
        ("ImageTitleDoesntMatch", image("U", home, picture, "")),
        ("ImageLinkDoesntMatch", image("T", "https://example.org/u", picture, "")),
        ("ImageUrlFormat", image("T", home, "https://example.org/a.svg", "")),
        ("InvalidWidth", image("T", home, picture, "<width>200</width>")),
        ("InvalidHeight", image("T", home, picture, "<height>401</height>")),
    ]);
    let entry = "<entry><title>J</title>\n<id>https://example.org/2</id><updated>2026-01-05T10:00:00Z</updated>\
                 <link href=\"https://example.org/2\"/><content type=\"html\">x</content></entry></feed>";
    all.push(("DuplicateUpdated", atom("", "", ("</feed>", entry))));
    let same = entry.replace("/2</id>", "/1</id>").replace("10:00:00Z", "10:00:01Z");
    all.push(("DuplicateEntries", atom("", "", ("</feed>", &same))));
    let item = "<item><title>J</title>\n<guid>https://example.org/1</guid></item></channel>";
    all.push(("DuplicateValue", rss("", "", ("</channel>", item))));
    for html in [
        "<p>a<div>b</div></p>",
        "<a href=\"https://a.example/\">a<a href=\"https://a.example/\">b</a></a>",
        "<td>x</td>",
        "<div>",
        "<b>x<i>y</b>z</i>",
        "<p id=a id=b>x</p>",
        "<div/>",
        "<?php x ?>",
        "<!-- a -- b -->",
        "<!DOCTYPE html>",
        "&unknown;",
        "&copy x",
        "<a href=\"https://a.example/?a=1&copy=2\">x</a>",
        "<svg></svg>",
        "<math></math>",
        "<ruby><rb>x</rb></ruby>",
        "<search>x</search>",
        "<nobr>x</nobr>",
        "<marquee>x</marquee>",
        "<x-card>x</x-card>",
    ] {
        bodies("NotHtml", html, &mut all);
    }
    for tag in ["script", "style", "iframe", "object", "slot", "bdo"] {
        bodies("SecurityRisk", &format!("<{tag}></{tag}>"), &mut all);
    }
    for html in ["<embed>", "<link>", "<meta>"] {
        bodies("SecurityRisk", html, &mut all);
    }
    bodies("SecurityRiskAttr", "<p onclick=\"x\">x</p>", &mut all);
    for style in [
        "--a:b",
        "background:url(/x)",
        "margin:-1px",
        "max-width:1px",
        "aspect-ratio:1",
        "display:flex",
        "position:fixed",
    ] {
        bodies("DangerousStyleAttr", &format!("<p style=\"{style}\">x</p>"), &mut all);
    }
    for html in [
        "<a href=\"/x\">x</a>",
        "<a class=\"c\" href=\"x\">x</a>",
        "<a href=\"#x\">x</a>",
        "<a href=\"//a.example/\">x</a>",
        "<img src=\"x\">",
        "<img srcset=\"/x 2x\">",
        "<video poster=\"/x\"></video>",
        "<blockquote cite=\"/x\">x</blockquote>",
        "<img longdesc=\"/x\">",
    ] {
        bodies("ContainsRelRef", html, &mut all);
    }
    bodies("InvalidUriChar", "<a href=\"https://a.example/a b\">x</a>", &mut all);
    all
}

#[test]
fn every_class_is_found_where_its_cure_is_missing() {
    let documents = documents();
    let given: BTreeMap<String, _> = documents
        .iter()
        .enumerate()
        .map(|(at, (_, text))| (at.to_string(), json!({ "at": AT, "text": text })))
        .collect();
    let given = serde_json::to_vec(&given).expect("JSON");
    let mut script: Command = peers::python("w3c.py");
    let found: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&peers::run(script.arg("--each"), &given)).expect("its JSON");
    for (at, (class, text)) in documents.iter().enumerate() {
        let events = &found[&at.to_string()];
        let expected: Vec<&str> = Some(*class).filter(|class| !class.is_empty()).into_iter().collect();
        // Some causes are more than one fault: an attribute that is no HTML's is a risk as well.
        let seen = expected.iter().all(|class| events.iter().any(|event| event == class));
        assert!(seen && (!expected.is_empty() || events.is_empty()), "{class} expected, {events:?} found in {text}");
    }
}
