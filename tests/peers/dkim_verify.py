"""Verifies the DKIM signatures of messages with dkimpy.

Standard input: first a JSON object {DNS name: text of its record}, then one message a line in base64. Prints how many messages
had exactly two signatures that hold; the first that has not ends it with 1.
"""

import base64
import json
import sys

import dkim

records = json.loads(sys.stdin.readline())


def lookup(name, timeout=5):
    name = (name.decode() if isinstance(name, bytes) else name).rstrip(".")
    return records[name].encode() if name in records else None


number = 0
for number, line in enumerate(sys.stdin, 1):
    raw = base64.b64decode(line)
    head = raw.split(b"\r\n\r\n", 1)[0]
    found = head.lower().count(b"dkim-signature:")
    if found != 2:
        sys.exit(f"message {number}: {found} signatures")
    for at in range(found):
        if not dkim.DKIM(raw, minkey=2048).verify(at, lookup):
            sys.exit(f"message {number}: signature {at} does not hold:\n{head.decode()}")
print(number)
