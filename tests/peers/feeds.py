#!/usr/bin/env python3
"""Reads every feed below a folder the way readers do, and holds it against what validators complain of.

usage: feeds.py DIR PUBLIC_URL

Prints JSON: path -> parser -> [[id, title, date in seconds, link], ...], for the caller to compare. Ends with 1, and
one line a finding, when a document breaks a rule of its format, of the W3C feed validator's classes, or of ours.
"""
import calendar, datetime, email.utils, json, pathlib, re, sqlite3, subprocess, sys, tempfile, urllib.parse

import feedparser, html5lib, jsonschema, listparser
from lxml import etree

ATOM, CONTENT, DC, MEDIA = ("{http://www.w3.org/2005/Atom}", "{http://purl.org/rss/1.0/modules/content/}",
                            "{http://purl.org/dc/elements/1.1/}", "{http://search.yahoo.com/mrss/}")
# Everything that XML 1.0 forbids, C1 controls, noncharacters, a byte order mark.
FORBIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufeff\ufffe\uffff" +
                       "".join(chr(plane << 16 | end) for plane in range(1, 17) for end in (0xfffe, 0xffff)) + "]")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+\Z")
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3]\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
                    r"[0-2]\d:[0-5]\d:[0-5]\d GMT\Z")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
# The validator's SecurityRisk elements and those that its HTML list does not know.
UNFIT = {"script", "style", "iframe", "object", "embed", "link", "meta", "slot", "bdo", "svg", "math", "rb", "rtc", "search",
         "nobr", "marquee", "form", "base", "frame", "frameset", "applet", "title", "head", "body", "html"}
ADDRESSES = ("href", "src", "poster", "cite", "data", "action", "longdesc", "background", "formaction")

findings = []
def find(path, what): findings.append(f"{path}: {what}")

def epoch822(text): return calendar.timegm(email.utils.parsedate(text))
def epoch3339(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1)

checked = set()
def check_html(path, entry, html):
    # The same body stands in many feeds.
    if html in checked: return
    checked.add(html)
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parseFragment(html, container="div")
    for (_, code, _) in parser.errors:
        find(path, f"{entry}: HTML: {code}")
    for element in tree.iter():
        if not isinstance(element.tag, str): continue
        if element.tag in UNFIT or "-" in element.tag: find(path, f"{entry}: <{element.tag}> in the content")
        for name, value in element.attrib.items():
            if name.lower().startswith("on"): find(path, f"{entry}: {name} in the content")
            if name in ADDRESSES and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", value):
                find(path, f"{entry}: relative {name}={value!r}")
            if name in ADDRESSES and re.match(r"(java|vb)script:", value, re.I): find(path, f"{entry}: {name}={value!r}")
            if name == "style" and not re.fullmatch(r"text-align: ?(left|right|center|justify);?", value):
                find(path, f"{entry}: style={value!r}")

def uri(path, what, text):
    if not URI.match(text or ""): find(path, f"{what} is no absolute URI: {text!r}")

def unique(path, what, values):
    for value in {v for v in values if values.count(v) > 1}: find(path, f"{what} {value!r} more than once")

def rss(path, text, root, self):
    channel = root.find("channel")
    names = [child.tag for child in channel]
    if "item" in names and set(names[names.index("item"):]) != {"item"}: find(path, "an item before the channel's end")
    for name in ("title", "link", "description"):
        if not (channel.findtext(name) or "").strip(): find(path, f"no channel {name}")
    outside = re.sub(r"<!\[CDATA\[.*?\]\]>", "", text, flags=re.S)
    if re.search(r"&(lt|gt|amp);", outside): find(path, "a named reference where the profile wants hexadecimal ones")
    own = [link.get("href") for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]
    if own != [self]: find(path, f"self link {own} of {self}")
    items = channel.findall("item")
    if items and not RFC822.match(channel.findtext("lastBuildDate") or ""): find(path, "lastBuildDate")
    entries = []
    for item in items:
        guid, tags = item.find("guid"), [child.tag for child in item]
        title, date, link = item.findtext("title"), item.findtext("pubDate"), item.findtext("link")
        if not (title or "").strip(): find(path, "an empty title")
        if "\n" in title: find(path, f"a title of two lines: {title!r}")
        if not RFC822.match(date or "") or email.utils.format_datetime(
                datetime.datetime.fromtimestamp(epoch822(date), datetime.timezone.utc), usegmt=True) != date:
            find(path, f"pubDate {date!r}")
        if CONTENT + "encoded" in tags and ("description" not in tags or
                tags.index("description") > tags.index(CONTENT + "encoded")):
            find(path, "content before the description")
        if item.find("author") is not None: find(path, "an author")
        if any(c.get("domain") is not None for c in item.findall("category")): find(path, "a category with a domain")
        if len(item.findall("enclosure")) > 1: find(path, "two enclosures")
        for enclosure in item.findall("enclosure"):
            uri(path, "enclosure", enclosure.get("url"))
            if enclosure.get("length") is None or "/" not in (enclosure.get("type") or ""): find(path, "enclosure incomplete")
        for media in item.findall(MEDIA + "content"): uri(path, "media:content", media.get("url"))
        uri(path, "guid", guid.text), uri(path, "link", link)
        if (guid.get("isPermaLink", "true") == "true") != (guid.text == link): find(path, f"isPermaLink of {guid.text}")
        for name in ("category", DC + "creator"):
            if any(not (e.text or "").strip() for e in item.findall(name)): find(path, f"an empty {name}")
        check_html(path, title, item.findtext(CONTENT + "encoded") or "")
        check_html(path, title, item.findtext("description") or "")
        entries.append([guid.text, title, epoch822(date), link])
    unique(path, "guid", [e[0] for e in entries])
    return entries

def shown(element):
    """Text that a reader shows for an Atom text construct."""
    if element.get("type", "text") == "text": return element.text or ""
    if element.get("type") != "html": find("atom", f"type {element.get('type')}")
    return "".join(html5lib.parseFragment(element.text or "", namespaceHTMLElements=False).itertext())

def atom(path, root, self):
    names = [child.tag for child in root]
    if ATOM + "entry" in names and set(names[names.index(ATOM + "entry"):]) != {ATOM + "entry"}: find(path, "misplaced metadata")
    own = [link.get("href") for link in root.findall(ATOM + "link") if link.get("rel") == "self"]
    if own != [self]: find(path, f"self link {own} of {self}")
    uri(path, "id", root.findtext(ATOM + "id"))
    entries, stamps = [], []
    for entry in root.findall(ATOM + "entry"):
        text = lambda name: entry.findtext(ATOM + name)
        title, updated, published = shown(entry.find(ATOM + "title")), text("updated"), text("published")
        if not title.strip(): find(path, "an empty title")
        for date in (updated, published):
            if not RFC3339.match(date): find(path, f"date {date!r}")
        if epoch3339(updated) < epoch3339(published): find(path, f"{title}: updated before published")
        stamps.append(updated)
        uri(path, "id", text("id"))
        alternates = [l for l in entry.findall(ATOM + "link") if l.get("rel", "alternate") == "alternate"]
        if len(alternates) != 1: find(path, f"{len(alternates)} alternates")
        for link in entry.findall(ATOM + "link"): uri(path, "link", link.get("href"))
        for media in entry.findall(MEDIA + "content"): uri(path, "media:content", media.get("url"))
        for name in ("summary", "content"):
            element = entry.find(ATOM + name)
            if element is not None and not (element.text or "").strip(): find(path, f"an empty {name}")
        check_html(path, title, text("content") or "")
        if entry.get("{http://www.w3.org/XML/1998/namespace}lang") is None: find(path, f"{title}: no xml:lang")
        entries.append([text("id"), title, epoch3339(published), alternates[0].get("href")])
    unique(path, "updated", stamps)
    unique(path, "id", [e[0] for e in entries])
    if stamps and epoch3339(root.findtext(ATOM + "updated")) != max(map(epoch3339, stamps)): find(path, "the feed's updated")
    return entries

def json_feed(path, feed, self, schema):
    for error in schema.iter_errors(feed): find(path, f"{error.json_path}: {error.message[:200]}")
    if feed.get("feed_url") != self: find(path, f"feed_url {feed.get('feed_url')} of {self}")
    for item in feed["items"]:
        for key in ("url", "image"):
            if key in item: uri(path, key, item[key])
        check_html(path, item["title"], item.get("content_html", ""))
    unique(path, "id", [item["id"] for item in feed["items"]])
    return [[i["id"], i["title"], epoch3339(i["date_published"]), i["url"]] for i in feed["items"]]

def by_feedparser(path, data, content_type):
    feed = feedparser.parse(data, response_headers={"content-type": content_type}, sanitize_html=False, resolve_relative_uris=False)
    if feed.bozo: find(path, f"feedparser: {feed.bozo_exception}")
    def title(entry):
        # It hands out HTML for what an Atom feed says is HTML.
        if entry.title_detail.type == "text/html" and path.endswith("atom.xml"):
            return "".join(html5lib.parseFragment(entry.title, namespaceHTMLElements=False).itertext())
        return entry.title
    return [[e.id, title(e), calendar.timegm(e.published_parsed) if e.get("published_parsed") else None, e.link] for e in feed.entries]

def by_newsboat(paths):
    """One run for all feeds of one format: it keys entries by their id, so they collapse between feeds."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "urls").write_text("".join(f"file://{urllib.parse.quote(str(p))}\n" for p in paths))
        (folder / "config").write_text("ignore-mode \"display\"\n")
        run = subprocess.run(["newsboat", "-u", folder / "urls", "-c", folder / "cache.db", "-C", folder / "config", "-x", "reload"],
                             capture_output=True, text=True, timeout=600)
        if run.returncode: find("newsboat", run.stdout + run.stderr)
        with sqlite3.connect(folder / "cache.db") as database:
            rows = database.execute("select guid, title, pubDate, url from rss_item").fetchall()
            feeds = database.execute("select count(*) from rss_feed where title <> ''").fetchone()[0]
        if feeds != len(paths): find("newsboat", f"{feeds} of {len(paths)} feeds read")
        return [list(row) for row in rows]

def main(folder, public_url):
    folder = pathlib.Path(folder).resolve()
    schema = jsonschema.Draft202012Validator(
        json.loads((pathlib.Path(__file__).parent / "jsonfeed.schema.json").read_text()))
    out, formats = {}, {"rss.xml": [], "atom.xml": []}
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.name in ("rss.xml", "atom.xml", "feed.json")):
        path, data = file.relative_to(folder).as_posix(), file.read_bytes()
        self, text = public_url + urllib.parse.quote(path, safe="/~"), data.decode("utf-8")
        if FORBIDDEN.search(text): find(path, f"a forbidden character: {FORBIDDEN.search(text)[0]!r}")
        if file.name == "feed.json":
            out[path] = {"json": json_feed(path, json.loads(text), self, schema)}
            continue
        formats[file.name].append(file)
        if not text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<?xml-stylesheet type="text/css" href="/'):
            find(path, f"prolog {text[:100]!r}")
        root = etree.fromstring(data, etree.XMLParser(huge_tree=True, resolve_entities=False))
        own = rss(path, text, root, self) if file.name == "rss.xml" else atom(path, root, self)
        content_type = "application/rss+xml" if file.name == "rss.xml" else "application/atom+xml"
        out[path] = {"lxml": own, "feedparser": by_feedparser(path, data, content_type + "; charset=utf-8")}
    for name, files in formats.items():
        if files: out["newsboat " + name] = {"newsboat": by_newsboat(files)}
    opml = folder / "feeds.opml"
    text = opml.read_bytes()
    if b"<docs" in text: find("feeds.opml", "docs")
    listed = listparser.parse(text.decode())
    if listed.bozo: find("feeds.opml", f"listparser: {listed.bozo}")
    expected = {public_url + urllib.parse.quote(p, safe="/~") for p in out if p.endswith("rss.xml") and not p.startswith("newsboat")}
    if {feed.url for feed in listed.feeds} != expected: find("feeds.opml", "does not list what there is")
    for outline in etree.fromstring(text).iter("outline"):
        if outline.get("type") != "rss" or not all(outline.get(k) for k in ("text", "title", "xmlUrl", "htmlUrl")):
            find("feeds.opml", f"outline {dict(outline.attrib)}")
    json.dump(out, sys.stdout)
    for finding in findings: print(finding, file=sys.stderr)
    return 1 if findings else 0

sys.exit(main(*sys.argv[1:]))
