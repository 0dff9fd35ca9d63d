#!/usr/bin/env python3
"""Reads feeds where they are served, as feedparser and newsboat do by themselves.

usage: readers.py ID < FILE, which holds one address a line

Prints JSON: {"feedparser": {address: {"ids": [...], "entry": {...} or null}}, "newsboat": {"feeds": [...], "ids": [...],
"entry": {...}}}. `entry` is what the reader knows of the entry with ID. Newsboat reads all feeds in one run, as for a
person who follows them all.
"""
import calendar, json, pathlib, sqlite3, subprocess, sys, tempfile

import feedparser

def by_feedparser(address, wanted):
    feed = feedparser.parse(address, sanitize_html=False, resolve_relative_uris=False)
    if feed.bozo or feed.get("status") != 200: raise SystemExit(f"{address}: {feed.get('status')} {feed.get('bozo_exception')}")
    entry = next((e for e in feed.entries if e.id == wanted), None)
    return {"ids": [e.id for e in feed.entries], "entry": entry and {
        "title": entry.title, "date": entry.published, "published": calendar.timegm(entry.published_parsed),
        "link": entry.link, "author": entry.author, "tags": [tag.term for tag in entry.get("tags", [])],
        "cover": [media["url"] for media in entry.get("media_content", [])], "content": entry.content[0].value}}

def by_newsboat(addresses, wanted):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "urls").write_text("".join(address + "\n" for address in addresses))
        (folder / "config").write_text("reload-threads 4\n")
        run = subprocess.run(["newsboat", "-u", folder / "urls", "-c", folder / "cache.db", "-C", folder / "config", "-x", "reload"],
                             capture_output=True, text=True, timeout=300)
        if run.returncode: raise SystemExit(f"newsboat: {run.stdout}{run.stderr}")
        with sqlite3.connect(folder / "cache.db") as database:
            feeds = [row[0] for row in database.execute("select rssurl from rss_feed where title <> ''")]
            # An entry that stands in several feeds is kept once.
            ids = [row[0] for row in database.execute("select guid from rss_item")]
            entry = database.execute("select title, author, pubDate, url, content from rss_item where guid = ?", [wanted]).fetchone()
        return {"feeds": feeds, "ids": ids,
                "entry": entry and dict(zip(("title", "author", "published", "link", "content"), entry))}

addresses = sys.stdin.read().split()
json.dump({"feedparser": {address: by_feedparser(address, sys.argv[1]) for address in addresses},
           "newsboat": by_newsboat(addresses, sys.argv[1])}, sys.stdout)
