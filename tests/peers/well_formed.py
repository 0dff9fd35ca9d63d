#!/usr/bin/env python3
"""Are these documents what they say they are, to expat, libxml2, feedparser and a JSON parser?

usage: well_formed.py quick|all ENTRIES FILE...
Every file must hold so many entries. `quick` leaves feedparser out.
"""
import json, sys
from xml.parsers import expat

import feedparser
from lxml import etree

wrong = 0
for name in sys.argv[3:]:
    data = open(name, "rb").read()
    if name.endswith(".json"):
        counts = {"json": len(json.loads(data)["items"])}
    else:
        expat.ParserCreate().Parse(data, True)
        root = etree.fromstring(data, etree.XMLParser(huge_tree=True, resolve_entities=False))
        counts = {"libxml2": sum(1 for e in root.iter("item", "{http://www.w3.org/2005/Atom}entry"))}
        if sys.argv[1] == "all":
            # Its own cleaning of HTML is not what is asked here, and slow.
            feed = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)
            if feed.bozo: print(f"{name}: feedparser: {feed.bozo_exception}"); wrong = 1
            counts["feedparser"] = len(feed.entries)
    for parser, count in counts.items():
        if count != int(sys.argv[2]): print(f"{name}: {count} entries to {parser}"); wrong = 1
sys.exit(wrong)
