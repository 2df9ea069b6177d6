"""Members of a chat, step by step, with Python's websockets as the client.

Tests import all of it (`from member import *`), and all of wsproto with it.
The library lives in an event loop of its own; a Member's calls wait for what
it does there.

Member    one connection: say, hear, expect, leave, vanish
"""
import asyncio
import ssl
import threading

import websockets

from wsproto import *

LOOP = asyncio.new_event_loop()
threading.Thread(target=LOOP.run_forever, daemon=True).start()


def run(awaitable, patience=PATIENCE):
    async def wait():
        return await asyncio.wait_for(awaitable, patience)
    return asyncio.run_coroutine_threadsafe(wait(), LOOP).result()


async def connect(*args, **options):
    return await websockets.connect(*args, **options)


class Member:
    def __init__(self, target="/ws", cookie=None, protocols=None, tls=False,
                 port=None, fields=(), source=None):
        """Connects.  `cookie` is a Cookie field, `fields` are others, as
        pairs, `source` is an address of ours; `set_cookie` is what the
        server gave."""
        context = None
        if tls:
            context = ssl._create_unverified_context()
        fields = dict(fields)
        if cookie is not None:
            fields["Cookie"] = cookie
        scheme = "wss" if tls else "ws"
        self.socket = run(connect(
            f"{scheme}://{HOST}:{port or PORT}{target}", extra_headers=fields,
            subprotocols=protocols, ping_interval=None, ssl=context,
            max_queue=None, local_addr=source and (source, 0)))
        answer = self.socket.response_headers
        eq(len(answer.get_all("Set-Cookie")) <= 1, True, "cookies given")
        self.set_cookie = answer.get("Set-Cookie")
        self.cookie = cookie
        if self.set_cookie:
            self.cookie = self.set_cookie.split(";")[0]

    def say(self, text):
        run(self.socket.send(text))

    def hear(self, patience=PATIENCE):
        """The next line; Silence, or Closed when there will be none."""
        try:
            return run(self.socket.recv(), patience)
        except asyncio.TimeoutError:
            raise Silence("nothing to hear") from None
        except websockets.ConnectionClosed as end:
            if end.rcvd is None:
                raise Ended("the connection is gone") from None
            raise Closed(end.rcvd.code, end.rcvd.reason) from None

    def expect(self, *lines):
        for line in lines:
            eq(self.hear(), line, "line")

    def expect_quiet(self):
        """Nothing waits for it: the answer to a question is what comes."""
        self.say("/ping")
        self.expect("[server::ping] pong")

    def expect_close(self, code):
        try:
            line = self.hear()
        except Closed as closed:
            eq(closed.code, code, "close code")
            return
        raise AssertionError(f"heard {line!r} instead of the end")

    def expect_token(self):
        """The line with a token, which is what this returns."""
        line = self.hear()
        match = re.fullmatch(
            r"\[server::resume\] token ([A-Za-z0-9_-]{22})", line)
        if not match:
            raise AssertionError(f"no token in {line!r}")
        return match[1]

    def leave(self, code=1000):
        run(self.socket.close(code))

    def vanish(self):
        """The connection is reset, without a close frame."""
        self.socket.transport.abort()
        run(self.socket.wait_closed())


def wait_for_who(one, names, what="who is there"):
    """Asks until these are in the room, in any order."""
    wanted = sorted(names)

    def asked():
        one.say("/who")
        return sorted(one.hear().split("] ")[1].split(", ")) == wanted
    eventually(asked, f"{what}: {wanted}")
