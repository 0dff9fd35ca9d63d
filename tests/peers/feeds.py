#!/usr/bin/env python3
"""Reads every feed below a folder the way readers do, and holds it against what validators complain of.

usage: feeds.py DIR PUBLIC_URL

Prints JSON: path -> parser -> [[id, title, date in seconds, link], ...], for the caller to compare. Ends with 1, and
one line a finding, when a document breaks a rule of its format, of the W3C feed validator's classes, or of ours.
"""
import calendar, datetime, email.utils, json, pathlib, re, sqlite3, subprocess, sys, tempfile, urllib.parse

import feedparser, html5lib, jsonschema, listparser
from lxml import etree

import w3c
from w3c import ATOM, DC

findings = []
def find(path, what): findings.append(f"{path}: {what}")

def epoch822(text): return calendar.timegm(email.utils.parsedate(text))
def epoch3339(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1)

def unique(path, what, values):
    for value in {v for v in values if values.count(v) > 1}: find(path, f"{what} {value!r} more than once")

def rss(path, text, root):
    channel = root.find("channel")
    outside = re.sub(r"<!\[CDATA\[.*?\]\]>", "", text, flags=re.S)
    if re.search(r"&(lt|gt|amp);", outside): find(path, "a named reference where the profile wants hexadecimal ones")
    items = channel.findall("item")
    if items and channel.find("lastBuildDate") is None: find(path, "no lastBuildDate")
    entries = []
    for item in items:
        guid, title, date, link = item.find("guid"), item.findtext("title"), item.findtext("pubDate"), item.findtext("link")
        if "\n" in title: find(path, f"a title of two lines: {title!r}")
        if not date.endswith(" GMT"): find(path, f"pubDate {date!r}")
        if item.find("author") is not None: find(path, "an author")
        if any(c.get("domain") is not None for c in item.findall("category")): find(path, "a category with a domain")
        if (guid.get("isPermaLink", "true") == "true") != (guid.text == link): find(path, f"isPermaLink of {guid.text}")
        if any(not (e.text or "").strip() for e in item.findall(DC + "creator")): find(path, "an empty creator")
        entries.append([guid.text, title, epoch822(date), link])
    return entries

def shown(element):
    """Text that a reader shows for an Atom text construct."""
    if element.get("type", "text") == "text": return element.text or ""
    if element.get("type") != "html": find("atom", f"type {element.get('type')}")
    return "".join(html5lib.parseFragment(element.text or "", namespaceHTMLElements=False).itertext())

def atom(path, root):
    entries, stamps = [], []
    for entry in root.findall(ATOM + "entry"):
        text = lambda name: entry.findtext(ATOM + name)
        title, updated, published = shown(entry.find(ATOM + "title")), text("updated"), text("published")
        if epoch3339(updated) < epoch3339(published): find(path, f"{title}: updated before published")
        stamps.append(updated)
        alternates = [l for l in entry.findall(ATOM + "link") if l.get("rel", "alternate") == "alternate"]
        if len(alternates) != 1: find(path, f"{len(alternates)} alternates")
        if entry.get("{http://www.w3.org/XML/1998/namespace}lang") is None: find(path, f"{title}: no xml:lang")
        entries.append([text("id"), title, epoch3339(published), alternates[0].get("href")])
    if stamps and epoch3339(root.findtext(ATOM + "updated")) != max(map(epoch3339, stamps)): find(path, "the feed's updated")
    return entries

def json_feed(path, feed, self, schema):
    for error in schema.iter_errors(feed): find(path, f"{error.json_path}: {error.message[:200]}")
    if feed.get("feed_url") != self: find(path, f"feed_url {feed.get('feed_url')} of {self}")
    for item in feed["items"]:
        for address in [item["url"], item.get("image", item["url"]), *(each["url"] for each in item.get("attachments", []))]:
            for event in w3c.uri_events(address): find(path, f"{item['title']}: {event}")
        for event in w3c.html_events(item.get("content_html", "")): find(path, f"{item['title']}: {event}")
    unique(path, "id", [item["id"] for item in feed["items"]])
    return [[i["id"], i["title"], epoch3339(i["date_published"]), i["url"]] for i in feed["items"]]

def history(folder, public_url):
    """Every entry that is in a feed or its archives, found the way a program finds it: from archive to archive (RFC 5005)."""
    here = lambda address: folder / urllib.parse.unquote(address.removeprefix(public_url))
    for file in sorted(folder.rglob("atom.xml")):
        if "archives" in file.relative_to(folder).parts[:-1]: continue
        for name, marks in (("atom.xml", ATOM + "entry/" + ATOM + "id"), ("rss.xml", "channel/item/guid")):
            start, seen, walked, newer = file.with_name(name), [], [], None
            at = start
            while at is not None:
                path = at.relative_to(folder).as_posix()
                if at in walked: find(path, "an archive leads to itself"); break
                walked.append(at)
                root = etree.parse(str(at), etree.XMLParser(huge_tree=True)).getroot()
                links = {link.get("rel"): link.get("href") for link in root.iter(ATOM + "link")}
                seen += [mark.text for mark in root.findall(marks)]
                if newer and links.get("current") != public_url + urllib.parse.quote(start.relative_to(folder).as_posix(), safe="/~"):
                    find(path, f"current {links.get('current')}")
                if newer and root.find(".//" + w3c.FH + "archive") is None: find(path, "no fh:archive")
                if "next-archive" in links and here(links["next-archive"]) != newer: find(path, "next-archive")
                newer, at = at, here(links["prev-archive"]) if "prev-archive" in links else None
            # The order of the whole: what an older document has is older, but for what two documents have.
            of[start.relative_to(folder).as_posix()] = list(dict.fromkeys(seen))
        feed, ids = file.with_name("feed.json"), []
        while feed is not None:
            page = json.loads(feed.read_text())
            ids += [item["id"] for item in page["items"]]
            feed = here(page["next_url"]) if "next_url" in page else None
        whole = of[file.relative_to(folder).as_posix()]
        if list(dict.fromkeys(ids)) != whole or whole != of[file.with_name("rss.xml").relative_to(folder).as_posix()]:
            find(file.relative_to(folder).as_posix(), "the history of the three formats differs")

of = {}

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
        if file.name == "feed.json":
            out[path] = {"json": json_feed(path, json.loads(text), self, schema)}
            continue
        formats[file.name].append(file)
        if not text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<?xml-stylesheet type="text/css" href="/'):
            find(path, f"prolog {text[:100]!r}")
        root = etree.fromstring(data, etree.XMLParser(huge_tree=True, resolve_entities=False))
        own = rss(path, text, root) if file.name == "rss.xml" else atom(path, root)
        for event in w3c.events(self, text):
            # Tests put whole sites into one feed, and posts of any year.
            if not w3c.is_unavoidable(*event) and event[0] not in ("TooBig", "ImplausibleDate"): find(path, "W3C: " + " ".join(event)[:300])
        content_type = "application/rss+xml" if file.name == "rss.xml" else "application/atom+xml"
        out[path] = {"lxml": own, "feedparser": by_feedparser(path, data, content_type + "; charset=utf-8")}
    for name, files in formats.items():
        if files: out["newsboat " + name] = {"newsboat": by_newsboat(files)}
    history(folder, public_url)
    opml = folder / "feeds.opml"
    text = opml.read_bytes()
    for event in w3c.events(public_url + "feeds.opml", text.decode()):
        # A hostile site is dated as it likes; the rest of the rules holds for its list too.
        if event[0] != "ImplausibleDate": find("feeds.opml", "W3C: " + " ".join(event)[:300])
    listed = listparser.parse(text.decode())
    if listed.bozo: find("feeds.opml", f"listparser: {listed.bozo}")
    expected = {public_url + urllib.parse.quote(p, safe="/~") for p in out
                if p.endswith("rss.xml") and "newsboat" not in p and "archives" not in p.split("/")[:-1]}
    if {feed.url for feed in listed.feeds} != expected: find("feeds.opml", "does not list what there is")
    for outline in etree.fromstring(text).iter("outline"):
        if outline.get("type") != "rss" or not all(outline.get(k) for k in ("text", "title", "xmlUrl", "htmlUrl")):
            find("feeds.opml", f"outline {dict(outline.attrib)}")
    json.dump(out, sys.stdout)
    for finding in findings: print(finding, file=sys.stderr)
    return 1 if findings else 0

sys.exit(main(*sys.argv[1:]))
