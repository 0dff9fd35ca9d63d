"""Reads messages with Python's own email package and compares them with what was meant.

Standard input: one JSON object a line, {"raw": base64, "headers": [names], "subject", "from", "reply_to": [name, address],
"to", "message_id", "list_unsubscribe": [addresses], "text", "html"}; subject and names as the author wrote them. Prints how many
were right; the first that is not ends it with 1.
"""

import base64
import email
import email.header
import email.policy
import email.utils
import json
import re
import sys
import unicodedata

DIRECTION = {chr(c) for c in [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]} | {"\ufeff", "\ufffe", "\uffff"}


def shown(text):
    """What a header may show of `text`."""
    text = "".join(c for c in text if c not in DIRECTION)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return re.sub(" +", " ", text).strip(" ")


def body(text):
    """What a text part may hold of `text`, lines ended by LF."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def decoded(value):
    return str(email.header.make_header(email.header.decode_header(value)))


def check(line, what, found, meant):
    if found != meant:
        sys.exit(f"message {line}: {what}:\n found {found!r}\n meant {meant!r}")


def one(line, meant):
    raw = base64.b64decode(meant["raw"])
    for at, octet in enumerate(raw):
        if octet == 13 and raw[at + 1 : at + 2] != b"\n" or octet == 10 and raw[at - 1 : at] != b"\r" or octet == 0:
            sys.exit(f"message {line}: a bare CR, LF or a NUL at {at}")
    longest = max(len(part) for part in raw.split(b"\r\n"))
    check(line, "longest line", longest <= 998, True)

    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    check(line, "header names", sorted(message.keys()), sorted(meant["headers"]))
    check(line, "defects", message.defects, [])
    unfolded = lambda name: re.sub("\r?\n(?=[ \t])", "", message[name])
    check(line, "subject", decoded(unfolded("Subject")), shown(meant["subject"]))
    check(line, "to", message["To"].strip(), meant["to"])
    check(line, "message id", message["Message-ID"].strip(), f"<{meant['message_id']}>")
    for name, mailbox in (("From", meant["from"]), ("Reply-To", meant["reply_to"])):
        if mailbox:
            pairs = email.utils.getaddresses([unfolded(name)])
            check(line, f"number of mailboxes in {name}", len(pairs), 1)
            check(line, name, [decoded(pairs[0][0]), pairs[0][1]], [shown(mailbox[0]), mailbox[1]])
    if message["List-Unsubscribe"]:
        found = [part.strip() for part in unfolded("List-Unsubscribe").split(",")]
        check(line, "unsubscribe", found, [f"<{address}>" for address in meant["list_unsubscribe"]])
    date = email.utils.parsedate_to_datetime(message["Date"])
    check(line, "zone", date.utcoffset() is not None, True)

    # The newer parser, which builds a tree of each header and notes what is wrong with it.
    strict = email.message_from_bytes(raw, policy=email.policy.default)
    for name in strict.keys():
        check(line, f"defects of {name}", [str(defect) for defect in strict[name].defects], [])
    check(line, "subject (strict)", str(strict["Subject"]), shown(meant["subject"]))
    # Between the encoded words of a display name this parser puts blanks (RFC 2047 §6.2 says none): without them.
    bare = lambda text: re.sub(r"\s", "", text)
    addresses = [(bare(address.display_name), address.addr_spec) for address in strict["From"].addresses]
    check(line, "From (strict)", addresses, [(bare(shown(meant["from"][0])), meant["from"][1])])
    check(line, "type", strict.get_content_type(), "multipart/alternative")
    parts = list(strict.iter_parts())
    check(line, "parts", [part.get_content_type() for part in parts], ["text/plain", "text/html"])
    for part, name in zip(parts, ("text", "html")):
        check(line, "charset", part.get_content_charset(), "utf-8")
        check(line, f"defects of {name}", part.defects, [])
        found = part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")
        check(line, name, found, body(meant[name]))


number = 0
for number, line in enumerate(sys.stdin, 1):
    one(number, json.loads(line))
print(number)
