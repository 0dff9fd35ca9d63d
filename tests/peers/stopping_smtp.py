"""An SMTP server that stops dead at one chosen point, so that a test can kill the sender exactly there.

    python tests/peers/stopping_smtp.py FILE STAGE NTH

Listens on a free port of 127.0.0.1 and prints the port. When STAGE is reached for the NTH time, every connection goes
silent and one line tells how things stand: {"stopped": STAGE, "in_flight": [addresses]}, those whose mail had been begun
and after which its connection has said nothing more. The silence ends with the last of the silent connections, and
never comes again.

Stages: greeting, EHLO, MAIL, RCPT, DATA, body (half of it read), dot (the whole of it read, no answer), answered (the
answer is out), QUIT, next (the MAIL after another mail on the same connection).

A mail counts as arrived once its final dot was read, answered or not: {"to": address, "id": Message-ID} goes to FILE.
"""

import asyncio
import json
import os
import re
import socket
import sys


class Sink:
    def __init__(self, file, stage, nth):
        self.file, self.stage, self.left = file, stage, nth
        self.stopped, self.silent, self.begun = False, 0, {}

    async def reached(self, stage, reader):
        """Ends here, silently, where this is the point to stop at or another connection has stopped."""
        if stage == self.stage and self.left:
            self.left -= 1
            if not self.left:
                self.stopped = True
                in_flight = sorted(to for to in self.begun.values() if to)
                print(json.dumps({"stopped": stage, "in_flight": in_flight}), flush=True)
        if self.stopped:
            await self.silence(reader)

    async def silence(self, reader):
        self.silent += 1
        try:
            while await reader.read(1 << 16):
                pass
        except ConnectionError:
            pass
        self.silent -= 1
        if not self.silent:
            self.stopped = False
        raise ConnectionResetError

    async def serve(self, reader, writer):
        try:
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.begun.pop(writer, None)
            writer.close()

    async def talk(self, reader, writer):
        async def say(text):
            if self.stopped:
                await self.silence(reader)
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        mails = 0
        if self.stopped:
            await self.silence(reader)
        await say("220 sink.invalid ESMTP")
        await self.reached("greeting", reader)
        while line := await reader.readline():
            words = line.decode("utf-8", "replace").strip()
            verb = words[:4].upper()
            if self.stopped:
                await self.silence(reader)
            if verb in ("EHLO", "HELO"):
                await self.reached("EHLO", reader)
                await say("250-sink.invalid\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == "MAIL":
                self.begun[writer] = None
                await self.reached("next" if mails else "", reader)
                await self.reached("MAIL", reader)
                await say("250 2.1.0 ok")
            elif verb == "RCPT":
                self.begun[writer] = re.search(r"<(.*?)>", words).group(1)
                await self.reached("RCPT", reader)
                await say("250 2.1.5 ok")
            elif verb == "DATA":
                await self.reached("DATA", reader)
                await say("354 go on")
                data = await reader.readexactly(2000)
                await self.reached("body", reader)
                while not data.endswith(b"\r\n.\r\n"):
                    if not (line := await reader.readline()):
                        return
                    data += line
                headers = data.split(b"\r\n\r\n", 1)[0]
                name = re.search(rb"(?im)^message-id:\s*<(.*?)>", headers).group(1).decode()
                self.file.write(json.dumps({"to": self.begun[writer], "id": name}) + "\n")
                self.file.flush()
                os.fsync(self.file.fileno())
                await self.reached("dot", reader)
                await say("250 2.0.0 kept")
                mails += 1
                await self.reached("answered", reader)
            elif verb == "QUIT":
                self.begun[writer] = None
                await self.reached("QUIT", reader)
                await say("221 2.0.0 bye")
                return
            else:
                await say("250 2.0.0 ok")


async def main(path, stage, nth):
    with open(path, "a", encoding="utf-8") as file:
        listener = socket.socket()
        # Small, so that a body cannot hide in the kernel: half read here is half sent there.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(Sink(file, stage, int(nth)).serve, sock=listener, limit=4096)
        print(listener.getsockname()[1], flush=True)
        # The test that started us may die without a word: its end of the pipe closes with it.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        server.close()
        os._exit(0)


asyncio.run(main(*sys.argv[1:]))
