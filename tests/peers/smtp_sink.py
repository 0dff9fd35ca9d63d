"""An SMTP server that somebody else wrote (aiosmtpd), keeping all that it is given.

    python tests/peers/smtp_sink.py FILE

Listens on a free port of 127.0.0.1, prints the port on the first line, and appends one JSON object a message to FILE
({"from", "to", "data": base64 of what was between DATA and the final dot, "at": seconds since the epoch}), on disk
before the sender reads its 250. Stops on SIGTERM, SIGINT or the end of its standard input.
"""

import asyncio
import base64
import json
import os
import signal
import sys
import time

from aiosmtpd.smtp import SMTP


class Keep:
    def __init__(self, file):
        self.file = file

    async def handle_DATA(self, server, session, envelope):
        line = json.dumps(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "data": base64.b64encode(envelope.original_content).decode(),
                "at": time.time(),
            }
        )
        self.file.write(line + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        return "250 2.0.0 kept"


async def main(path):
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, done.set)
    with open(path, "a", encoding="ascii") as file:
        server = await loop.create_server(
            lambda: SMTP(Keep(file), hostname="sink.invalid", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        if not sys.stdin.isatty():
            # The test that started us may die without a word: its end of the pipe closes with it.
            try:
                loop.add_reader(sys.stdin.fileno(), lambda: sys.stdin.buffer.read1(4096) or done.set())
            except (PermissionError, ValueError, OSError):
                pass  # a file or /dev/null cannot be watched; signals still stop us
        await done.wait()
        server.close()


asyncio.run(main(sys.argv[1]))
