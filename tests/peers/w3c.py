#!/usr/bin/env python3
"""The W3C feed validator's complaints, as far as a feed of ours could earn them: rules written anew, named as it names them.

usage: w3c.py DIR PUBLIC_URL        every feed and OPML file below DIR; a line an event, and 1 when there is one
       w3c.py --each < documents    {name: {"at": address, "text": document}} in, {name: [event, ...]} out

What no feed can avoid is told and does no harm: see UNAVOIDABLE.
"""
import datetime, email.utils, json, pathlib, re, sys, urllib.parse

import html5lib
from lxml import etree

NAMES = {"http://www.w3.org/2005/Atom": "atom", "http://purl.org/rss/1.0/modules/content/": "content",
         "http://purl.org/dc/elements/1.1/": "dc", "http://search.yahoo.com/mrss/": "media",
         "http://purl.org/rss/1.0/modules/syndication/": "sy", "http://purl.org/syndication/history/1.0": "fh",
         "http://purl.org/rss/1.0/modules/slash/": "slash", "http://www.w3.org/XML/1998/namespace": "xml"}
ATOM, DC, CONTENT, MEDIA, FH, SY, SLASH = ("{%s}" % uri for prefix in ("atom", "dc", "content", "media", "fh", "sy", "slash")
                                          for uri, known in NAMES.items() if known == prefix)
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# (event, element): a title that holds an end tag, and the true date of what is old.
UNAVOIDABLE = {("ContainsHTML", "title"), ("ImplausibleDate", "old")}

# --- characters -----------------------------------------------------------------------------------------------------
BAD = re.compile("[\x7f-\x9f\ufdd0-\ufdef\ufffd\ufeff" +
                 "".join(chr(plane << 16 | end) for plane in range(1, 17) for end in (0xfffe, 0xffff)) + "]")

# --- HTML -----------------------------------------------------------------------------------------------------------
HTML = set("""a abbr acronym address applet area article aside audio b base basefont bdi bdo big blockquote body br button canvas
    caption center cite code col colgroup command data datalist dd del details dfn dialog dir div dl dt em embed fieldset
    figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd
    label legend li link main mark map menu meta meter nav noframes noscript object ol optgroup option output p param picture
    plaintext pre progress q rp rt ruby s samp script section select slot small source span strike strong style sub summary sup
    table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp""".split())
RISKY = set("""applet base basefont bdo body embed frame frameset head html iframe link meta noframes object param plaintext script
    slot style title xmp""".split())
ATTRIBUTES = set("""abbr align alt char charoff charset checked cite class color cols colspan controls coords data datetime dir
    disabled headers height hidden href hreflang id ismap kind label lang loop media name open poster preload rel reversed rows
    rowspan scope sizes span src srclang srcset start summary target title translate type usemap valign value width xmlns""".split())
ADDRESSES = ("href", "src", "poster", "cite", "data", "action", "longdesc", "background", "formaction", "xlink:href")
ABSOLUTE = re.compile(r"\w+:")
LINK_OR_PICTURE = re.compile(r"""<(?:a\s+href|img\s+[^>]*src)=(?:"([^"]*)"|'([^']*)'|([\w-]+))[\s>]""", re.I)
STYLE = re.compile(r"\s*text-align\s*:\s*(left|right|center|justify)\s*;?\s*\Z", re.I)

known_html = {}
def html_events(html):
    """Each body is looked at once, in however many feeds it stands."""
    if html not in known_html: known_html[html] = list(find_in_html(html))
    return known_html[html]

def find_in_html(html):
    try:
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)
    except html5lib.html5parser.ParseError as error:
        yield "NotHtml", str(error)
        return
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag == "DOCUMENT_FRAGMENT": continue
        tag = element.tag.rsplit("}")[-1].lower()
        if tag not in HTML: yield "NotHtml", f"<{tag}>"
        elif tag in RISKY: yield "SecurityRisk", f"<{tag}>"
        for name, value in element.attrib.items():
            name = name.lower()
            if name == "style":
                if not STYLE.match(value): yield "DangerousStyleAttr", value
            elif name not in ATTRIBUTES and not name.startswith("data-"): yield "SecurityRiskAttr", name
            listed = [part.split()[0] for part in value.split(",") if part.strip()] if name == "srcset" else []
            for address in listed or ([value.strip()] if name in ADDRESSES else []):
                if not ABSOLUTE.match(address): yield "ContainsRelRef", f"{name}={address!r}"
                elif re.match("(java|vb)script:|data:text", address, re.I): yield "SecurityRiskAttr", f"{name}={address!r}"
                elif not URI.match(address): yield "InvalidUriChar", address

# --- text -----------------------------------------------------------------------------------------------------------
END_TAG = re.compile(r"</(\w+)>")
ENTITY = re.compile(r"&(#?\w+)")
def text_events(value, is_hexadecimal, event, is_rss):
    """Of text that is no HTML. What is written in hexadecimal references is taken for what it says."""
    if any(tag.lower() in HTML for tag in END_TAG.findall(value)): yield event, value[:80]
    elif is_hexadecimal: return
    elif any(name in html5lib.constants.entities or name + ";" in html5lib.constants.entities or not name.isalpha()
             for name in ENTITY.findall(value)): yield event, value[:80]
    elif is_rss and re.search("&#[x0-9]|<[/a-zA-Z]", value): yield "CharacterData", value[:80]

# --- addresses ------------------------------------------------------------------------------------------------------
URI = re.compile(r"[a-zA-Z][0-9a-zA-Z+.-]*:(//)?[0-9a-zA-Z;/?:@&=+$._!~*'()%,#-]+\Z")
REFERENCE = re.compile(r"([a-zA-Z][0-9a-zA-Z+.-]*:)?/{0,2}[0-9a-zA-Z;/?:@&=+$._!~*'()%,#-]*\Z")
TAG = re.compile(r"tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:([0-9a-zA-Z;/?:@&=+$._!~*'(),-]|%[0-9a-fA-F]{2})*\Z")
URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:([a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+\Z", re.I)
UUID = re.compile(r"urn:uuid:[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}\Z", re.I)
SCHEMES = {"http", "https", "tag", "urn", "mailto", "data", "tel", "ftp", "info", "news", "xmpp", "geo", "cid", "mid"}
ENCLOSURE = re.compile(r"https?://(([0-9]{1,3}\.){3}|([a-z0-9-]+\.)+)[a-z0-9][a-z0-9-]*(:\d+)?(/|\Z)", re.I)

def uri_events(value, whole=True):
    scheme = value.split(":")[0].lower()
    if scheme == "tag": return [] if TAG.match(value) else [("InvalidTAG", value)]
    if scheme == "urn":
        if value.lower().startswith("urn:uuid:"): return [] if UUID.match(value) else [("InvalidUUID", value)]
        return [] if URN.match(value) else [("InvalidURN", value)]
    if not (URI if whole else REFERENCE).match(value):
        return [("InvalidUriChar" if value.isascii() else "UriNotIri", value)]
    if scheme in ("http", "https", "ftp"): return [] if re.match(r"\w+://[^/]", value) else [("InvalidFullLink", value)]
    return [("SchemeNotIANARegistered", value)] if scheme not in SCHEMES else []

def canonical(value):
    """RFC 3986 6.2.2 and 6.2.3, as far as an id can need it."""
    upper = lambda match: chr(int(match[1], 16)) if re.match(r"[A-Za-z0-9._~-]\Z", chr(int(match[1], 16))) else match[0].upper()
    value = re.sub("%([0-9A-Fa-f]{2})", upper, value)
    scheme, _, rest = value.partition(":")
    if not rest.startswith("//"): return scheme.lower() + ":" + rest
    parts = urllib.parse.urlsplit(value)
    host = parts.netloc.lower().removesuffix({"http": ":80", "https": ":443"}.get(parts.scheme, ":")).removesuffix(":")
    folders = []
    for part in parts.path.split("/")[1:]:
        if part == "..": folders = folders[:-1]
        elif part != ".": folders.append(part)
    if re.search(r"/\.\.?\Z", parts.path): folders.append("")
    return urllib.parse.urlunsplit((scheme.lower(), host, "/" + "/".join(folders), parts.query, parts.fragment))

# --- dates, languages -----------------------------------------------------------------------------------------------
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
                    r"\d\d:\d\d:\d\d (GMT|[+-]\d\d[03]0)\Z")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
def date822_events(text):
    if not RFC822.match(text):
        old = re.match(r"(\w{3}, )?\d\d? \w{3} \d{2,4} \d\d:\d\d(:\d\d)? ([+-]\d{4}|\w+)\Z", text)
        return [("ProblematicalRFC822Date" if old else "InvalidRFC2822Date", text)]
    try: date = datetime.date(*email.utils.parsedate(text)[:3])
    except ValueError: return [("InvalidRFC2822Date", text)]
    if date.strftime("%a") != text[:3]: return [("IncorrectDOW", text)]
    return plausible(date.year, email.utils.parsedate_to_datetime(text), text, 600)

def date3339_events(text):
    if not RFC3339.match(text): return [("InvalidRFC3339Date", text)]
    try: date = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError: return [("InvalidRFC3339Date", text)]
    return plausible(date.year, date, text, 86400)

def plausible(year, date, text, ahead):
    # Python's clock cannot hold year 9999 in every zone; nor need it.
    late = year > 9000 or date.timestamp() > datetime.datetime.now().timestamp() + ahead
    return [("ImplausibleDate", "old " + text if year < 1990 else text)] if year < 1990 or late else []

# Two letters; of the others the validator knows few. Extended languages stand behind that of their family: zh-yue.
def language_events(tag):
    return [] if re.match(r"[a-z]{2}(-[A-Za-z0-9]{1,8})*\Z", tag, re.I) else [("InvalidLanguage", tag)]

# --- what RSS and Atom have in common -------------------------------------------------------------------------------
RELATIONS = set("""alternate current describedby edit edit-media enclosure first hub last license next next-archive payment
    prev-archive previous related replies search self service up via""".split())
HISTORY = {"current", "first", "last", "next", "next-archive", "prev-archive", "previous"}

class Document:
    def __init__(self, at, text):
        self.at, self.events = at, []
        self.hexadecimal = ["&#x" in line for line in text.split("\n")]

    def add(self, events, where=""):
        self.events += [(event, where, detail) for event, detail in events]

    def event(self, event, where="", detail=""): self.events.append((event, where, detail))

    def text(self, element, event="ContainsHTML", is_rss=True, blank=True):
        value = element.text or ""
        name = element.tag.rsplit("}")[-1]
        if not value.strip() and blank: self.event("NotBlank", name)
        # Elements end on the line on which they begin, or their text is looked for line by line.
        lines = self.hexadecimal[element.sourceline - 1:element.sourceline + value.count("\n")]
        self.add(text_events(value, any(lines), event, is_rss), name)

    def uri(self, value, where): self.add(uri_events(value or ""), where)

    def links(self, links, in_entry):
        seen = set()
        for link in links:
            rel, kind = link.get("rel", "alternate"), link.get("type", "")
            if rel not in RELATIONS: self.event("UnregisteredAtomLinkRel", "link", rel)
            if rel in HISTORY and in_entry: self.event("FeedHistoryRelInEntry", "link", rel)
            if "type" in link.attrib and not re.match(r"[\w.+-]+/[\w.+-]+\Z", kind): self.event("InvalidMIMEType", "link", kind)
            if rel == "self" and kind not in ("application/atom+xml", "application/rss+xml"): self.event("SelfNotAtom", "link", kind)
            if link.get("href") is None: self.event("MissingHref", "link")
            else: self.uri(link.get("href"), "link")
            if "length" in link.attrib and not link.get("length").isdigit(): self.event("InvalidNonNegativeInteger", "length")
            if rel == "alternate" and (kind, link.get("hreflang")) in seen: self.event("DuplicateAtomLink", "link", kind)
            if rel == "alternate": seen.add((kind, link.get("hreflang")))

    def feed_links(self, links, root, missing):
        own = [link.get("href") for link in links if link.get("rel") == "self"]
        if not own: self.event(missing)
        elif own != [self.at]: self.event("SelfDoesntMatchLocation", "link", str(own))
        rels = {link.get("rel", "alternate"): link.get("href") for link in links}
        complete, archive = (root.find(FH + name) is not None for name in ("complete", "archive"))
        if complete:
            for rel in HISTORY & set(rels):
                if rel != "current": self.event("FeedRelInCompleteFeed", "link", rel)
                elif rels[rel] != self.at: self.event("CurrentNotSelfInCompleteFeed")
        for end, beyond in (("first", "previous"), ("last", "next")):
            if rels.get(end) == self.at and beyond in rels: self.event("LinkPastEnd", "link", beyond)
        if archive and not complete:
            if not {"prev-archive", "next-archive"} & set(rels): self.event("ArchiveIncomplete")
            if "current" not in rels: self.event("MissingCurrentInArchive")

    def media(self, element):
        for media in element.iter(MEDIA + "content", MEDIA + "thumbnail"):
            self.uri(media.get("url"), "media")
            for name in ("width", "height", "fileSize"):
                if name in media.attrib and not re.match(r"[1-9]\d*\Z", media.get(name)):
                    self.event("InvalidPositiveInteger", name, media.get(name))
            if media.get("medium", "image") not in ("image", "audio", "video", "document", "executable"):
                self.event("InvalidMediaMedium", "media", media.get("medium"))

    def html(self, value, where): self.add(html_events(value), where)

    def namespaces(self, root):
        prefixes = {(prefix, uri) for element in root.iter() if isinstance(element.tag, str) for prefix, uri in element.nsmap.items()}
        for prefix, uri in prefixes:
            if uri not in NAMES: self.event("UnknownNamespace", "xmlns", uri)
            elif root.tag == ATOM + "feed" and NAMES[uri] == "atom":
                if prefix: self.event("AvoidNamespacePrefix", "xmlns", prefix)
            elif prefix != NAMES[uri]: self.event("NonstdPrefix", "xmlns", prefix)

# --- RSS ------------------------------------------------------------------------------------------------------------
def rss(document, root):
    channel = root.find("channel")
    names = [child.tag for child in channel]
    if "item" in names and set(names[names.index("item"):]) != {"item"}: document.event("MisplacedItem")
    for name in ("title", "link", "description"):
        if channel.find(name) is None: document.event("MissingElement", name)
    for name in ("title", "description", "copyright"):
        for element in channel.findall(name): document.text(element, blank=name == "title")
    for name in ("link", "docs"):
        for element in channel.findall(name): document.uri(element.text, name)
    for name in set(names) - {"item", "category", ATOM + "link", DC + "creator"}:
        if names.count(name) > 1: document.event("DuplicateElement", name)
    if channel.find("language") is None: document.event("MissingDCLanguage")
    for element in channel.findall("language"): document.add(language_events(element.text), "language")
    for element in channel.findall("lastBuildDate"): document.add(date822_events(element.text), "lastBuildDate")
    for element in channel.iter("ttl", SY + "updateFrequency"):
        if not re.match(r"[1-9]\d*\Z", element.text or ""): document.event("InvalidPositiveInteger", "ttl", element.text)
    for element in channel.findall("managingEditor") + channel.findall("webMaster"): document.add(contact_events(element.text or ""))
    for element in channel.findall(SY + "updateBase"):
        if (element.text or "") < "1990": document.event("ImplausibleDate", "updateBase", element.text)
    for element in channel.findall(SY + "updatePeriod"):
        if element.text not in ("hourly", "daily", "weekly", "monthly", "yearly"): document.event("InvalidUpdatePeriod")
    if channel.find("textInput") is not None: document.event("AvoidTextInput")
    for image in channel.findall("image"):
        for name, event in (("title", "ImageTitleDoesntMatch"), ("link", "ImageLinkDoesntMatch")):
            if image.findtext(name) != channel.findtext(name): document.event(event, "image")
        kind = (image.findtext("url") or "").rsplit(".")[-1].lower()
        if re.match(r"\w+\Z", kind) and kind not in ("jpg", "jpeg", "gif", "png"): document.event("ImageUrlFormat", "image")
        document.uri(image.findtext("url"), "image")
        for name, most in (("width", 144), ("height", 400)):
            size = image.findtext(name)
            if size is not None and not (size.isdigit() and 0 < int(size) <= most): document.event("Invalid" + name.title(), "image")
    links = channel.findall(ATOM + "link")
    document.links(links, False), document.feed_links(links, channel, "MissingAtomSelfLink")
    guids = [item.findtext("guid") for item in channel.findall("item")]
    for guid in {guid for guid in guids if guids.count(guid) > 1}: document.event("DuplicateValue", "guid", guid)
    for item in channel.findall("item"): rss_item(document, item, channel)

def contact_events(text):
    if "@" not in text: return [("InvalidContact", text)]
    return [] if text.endswith(")") else [("EmailFormat" if " " in text else "MissingRealName", text)]

def rss_item(document, item, channel):
    tags = [child.tag for child in item]
    if not {"title", "description"} & set(tags): document.event("ItemMustContainTitleOrDescription")
    if "guid" not in tags: document.event("MissingGuid")
    for element in item.findall("title") + item.findall("category"): document.text(element)
    for name in set(tags) - {"category", DC + "creator", ATOM + "link", MEDIA + "content", MEDIA + "thumbnail", "enclosure"}:
        if tags.count(name) > 1: document.event("DuplicateElement", name)
    for element in item.findall("link"): document.uri(element.text, "link")
    for guid in item.findall("guid"):
        if guid.get("isPermaLink", "true") == "true":
            document.uri(guid.text, "guid")
            if re.match("tag:|urn:uuid:", guid.text or ""): document.event("InvalidPermalink", "guid", guid.text)
        elif len(guid.text or "") < 9 and (guid.text or "").isdigit(): document.event("NotSufficientlyUnique", "guid", guid.text)
    for element in item.findall("pubDate"): document.add(date822_events(element.text or ""), "pubDate")
    for element in item.findall(ATOM + "updated"): document.add(date3339_events(element.text or ""), "updated")
    for element in item.findall(DC + "language"): document.add(language_events(element.text or ""), "language")
    for author in item.findall("author"):
        document.add(contact_events(author.text or ""), "author")
        if DC + "creator" in tags: document.event("DuplicateItemSemantics", "author")
    if len(item.findall(ATOM + "author")) > 1: document.event("DuplicateElement", "author")
    encoded = CONTENT + "encoded"
    if encoded in tags and "description" not in tags[:tags.index(encoded)]: document.event("NeedDescriptionBeforeContent")
    if item.find(SLASH + "comments") is not None and channel.find("lastBuildDate") is None: document.event("SlashDate")
    if len(item.findall("enclosure")) > 1: document.event("DuplicateEnclosure")
    for enclosure in item.findall("enclosure"):
        for name in {"url", "length", "type"} - set(enclosure.attrib): document.event("MissingAttribute", "enclosure", name)
        url = enclosure.get("url") or ""
        if not ENCLOSURE.match(url) or not URI.match(url): document.event("InvalidURLAttribute", "enclosure", url)
        if not (enclosure.get("length") or "0").isdigit(): document.event("InvalidIntegerAttribute", "enclosure")
    document.links(item.findall(ATOM + "link"), True), document.media(item)
    for name in ("description", encoded):
        for element in item.findall(name):
            document.html(element.text or "", name)
            for found in LINK_OR_PICTURE.findall(element.text or ""):
                if not ABSOLUTE.match("".join(found).strip()): document.event("ContainsRelRef", name, "".join(found))

# --- Atom -----------------------------------------------------------------------------------------------------------
def construct(document, element):
    kind = element.get("type", "text")
    if not any(XML_LANG in node.attrib for node in (element, *element.iterancestors())): document.event("MissingDCLanguage", element.tag)
    if kind == "text": document.text(element, "ContainsUndeclaredHTML", False)
    else:
        if not element.text: document.event("NotBlank", element.tag)
        document.html(element.text or "", element.tag.rsplit("}")[-1])

def atom(document, root):
    names = [child.tag for child in root]
    entries = root.findall(ATOM + "entry")
    after = names[names.index(ATOM + "entry"):] if entries else []
    if any(name != ATOM + "entry" and name.startswith(ATOM) for name in after): document.event("MisplacedMetadata")
    for name in ("title", "id", "updated"):
        if names.count(ATOM + name) != 1: document.event("MissingElement", name)
    for node in root.iter():
        if XML_LANG in node.attrib: document.add(language_events(node.get(XML_LANG)), "lang")
    for name in ("title", "subtitle", "rights"):
        for element in root.findall(ATOM + name): construct(document, element)
    for name in ("icon", "logo"):
        for element in root.findall(ATOM + name): document.uri(element.text, name)
    links = root.findall(ATOM + "link")
    document.links(links, False), document.feed_links(links, root, "MissingSelf")
    atom_common(document, root)
    document.add(date3339_events(root.findtext(ATOM + "updated") or ""), "updated")
    ids, stamps = ([entry.findtext(ATOM + name) for entry in entries] for name in ("id", "updated"))
    for value in {value for value in ids if ids.count(value) > 1}: document.event("DuplicateEntries", "id", value)
    for value in {value for value in stamps if stamps.count(value) > 1}: document.event("DuplicateUpdated", "updated", value)
    for entry in entries:
        for name in ("title", "id", "updated"):
            if entry.find(ATOM + name) is None: document.event("MissingElement", name)
        if entry.find(ATOM + "author") is None and root.find(ATOM + "author") is None: document.event("MissingElement", "author")
        for name in ("title", "summary", "content", "rights"):
            for element in entry.findall(ATOM + name): construct(document, element)
        if entry.find(ATOM + "content") is None and entry.find(ATOM + "summary") is None: document.event("MissingTextualContent")
        for name in ("updated", "published"):
            for element in entry.findall(ATOM + name): document.add(date3339_events(element.text or ""), name)
        document.links(entry.findall(ATOM + "link"), True), document.media(entry)
        atom_common(document, entry)

def atom_common(document, parent):
    for element in parent.findall(ATOM + "id"):
        document.uri(element.text, "id")
        if canonical(element.text or "") != element.text: document.event("NonCanonicalURI", "id", element.text)
    for author in parent.findall(ATOM + "author"):
        for element in author.findall(ATOM + "name"):
            document.text(element, "ContainsUndeclaredHTML", False)
            if re.search(r"<[\w.+'-]+@[\w.-]+>", element.text or ""): document.event("ContainsEmail", "name", element.text)
        for element in author.findall(ATOM + "uri"): document.uri(element.text, "uri")
    for category in parent.findall(ATOM + "category"):
        for name in ("term", "label"):
            if not category.get(name, "x").strip(): document.event("AttrNotBlank", name)
        if category.get("scheme"): document.uri(category.get("scheme"), "scheme")
        label, lines = category.get("label", ""), document.hexadecimal[category.sourceline - 1:category.sourceline]
        document.add(text_events(label, any(lines), "ContainsHTML", False), "label")

# --- OPML -----------------------------------------------------------------------------------------------------------
def opml(document, root):
    if root.get("version") not in ("1.0", "1.1", "2.0"): document.event("InvalidOPMLVersion")
    known = set("title dateCreated dateModified ownerName ownerEmail ownerId expansionState vertScrollState windowTop windowLeft windowBottom windowRight".split())
    for child in root.find("head"):
        if child.tag not in known: document.event("UndefinedElement", "head", child.tag)
    for element in root.iter("dateCreated", "dateModified"): document.add(date822_events(element.text or ""), "date")
    outlines = list(root.iter("outline"))
    if not outlines: document.event("MissingElement", "outline")
    for outline in outlines:
        if outline.get("text") is None: document.event("MissingAttribute", "outline", "text")
        if outline.get("type") == "rss" and outline.get("xmlUrl") is None: document.event("MissingXmlURL", "outline")
        if outline.get("type") == "rss" and outline.get("title") is None: document.event("MissingTitleAttr", "outline")
        if outline.get("version", "RSS2") not in ("RSS", "RSS1", "RSS2", "scriptingNews"): document.event("InvalidOutlineVersion", "outline")
        if outline.get("type") is None and set(outline.attrib) & {"title", "xmlUrl", "htmlUrl"}: document.event("MissingOutlineType", "outline")
        for name in ("xmlUrl", "htmlUrl"):
            if outline.get(name): document.uri(outline.get(name), name)

# --------------------------------------------------------------------------------------------------------------------
def events(at, text):
    """[(event, element, detail), ...] of the document that is served at this address."""
    document = Document(at, text)
    try: root = etree.fromstring(text.encode(), etree.XMLParser(huge_tree=True, resolve_entities=False))
    except etree.XMLSyntaxError as error: return [("SAXError", "", str(error))]
    if not re.match(r"<\?xml [^>]*encoding=", text): document.event("MissingEncoding")
    if len(text.encode()) > 5_000_000: document.event("TooBig")
    for character in set(BAD.findall(text)): document.event("BadCharacters", "", repr(character))
    if any(isinstance(node.tag, str) and node.tag.startswith("{http://www.w3.org/1999/xhtml}") for node in root.iter()):
        document.event("MisplacedXHTMLContent")
    document.namespaces(root)
    {"rss": rss, ATOM + "feed": atom, "opml": opml}[root.tag](document, root)
    return document.events

def is_unavoidable(event, where, detail):
    return (event, where) in UNAVOIDABLE or (event, detail.split(" ")[0]) in UNAVOIDABLE

def main():
    if sys.argv[1] == "--each":
        given = json.load(sys.stdin)
        json.dump({name: sorted({event for event, *_ in events(each["at"], each["text"])}) for name, each in given.items()}, sys.stdout)
        return 0
    folder, public_url, found = pathlib.Path(sys.argv[1]), sys.argv[2], 0
    for file in sorted(p for p in folder.rglob("*") if p.suffix in (".xml", ".opml") and p.is_file()):
        path = file.relative_to(folder).as_posix()
        for event in events(public_url + urllib.parse.quote(path, safe="/~"), file.read_bytes().decode()):
            harmless = is_unavoidable(*event)
            found += not harmless
            print(f"{path}: {event[0]}: {event[1]} {event[2][:200]}" + (" (unavoidable)" if harmless else ""))
    return 1 if found else 0

if __name__ == "__main__":
    sys.exit(main())
