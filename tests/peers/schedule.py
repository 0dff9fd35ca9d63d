"""Slots by croniter (PyPI), an implementation of crontab(5) that is not ours.

Reads a JSON array of {expression, zone, from, until} (seconds since the epoch), writes the array of their Slots.
`implement_cron_bug` is croniter's name for the rule of crontab(5) that a field of days which begins with `*` is not
"restricted".
"""

import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter

answers = []
for case in json.load(sys.stdin):
    start = datetime.fromtimestamp(case["from"], ZoneInfo(case["zone"]))
    slots = croniter(case["expression"], start, ret_type=datetime, implement_cron_bug=True)
    found = []
    while True:
        at = int(slots.get_next().timestamp())
        if at > case["until"]:
            break
        found.append(at)
    answers.append(found)
json.dump(answers, sys.stdout)
