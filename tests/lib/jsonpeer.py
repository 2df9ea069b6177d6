"""JSON clients (subprotocol wschat.v1) over Python's websockets.

Nothing here is shared with the server.  What arrives is given as it came; to
judge it is the tests' business.

JsonClient   one connection; what comes beside the event that is waited for
             stays in `passed`, in its order
NotServed    no connection was made: refused, reset, 503 ...; try again
closed_with  the code of a close, 1006 when there was no close frame
run          of a coroutine, as asyncio.run; cuts off the clients that it
             leaves behind, which would be waited for
"""
import asyncio
import json
import socket
import struct

import websockets

from wsproto import HOST, PATIENCE, PORT

SUBPROTOCOL = "wschat.v1"


class NotServed(Exception):
    pass


class Unexpected(AssertionError):
    pass


def closed_with(error):
    return error.rcvd.code if error.rcvd else 1006


def target_of(path, token, after, offered):
    """Where the token goes: into the query, or among the subprotocols."""
    query = []
    if token is not None and not offered:
        query.append(f"resume={token}")
    if after is not None:
        query.append(f"after={after}")
    return path + ("?" + "&".join(query) if query else "")


async def run_and_cut(coroutine):
    try:
        return await coroutine
    finally:
        for client in JsonClient.all:
            client.reset()


def run(coroutine):
    return asyncio.run(run_and_cut(coroutine))


class JsonClient:
    all = []

    def __init__(self, socket_):
        JsonClient.all.append(self)
        self.socket = socket_
        self.port = socket_.local_address[1]
        self.passed = []        # heard while something else was waited for

    @classmethod
    async def dial(cls, path="/chat", token=None, after=None, offered=False,
                   patience=PATIENCE):
        """The handshake alone; `welcome` is yet to be heard."""
        url = f"ws://{HOST}:{PORT}" + target_of(path, token, after, offered)
        protocols = [SUBPROTOCOL]
        if token is not None and offered:
            protocols.append(f"wschat.resume.{token}")
        try:
            socket_ = await websockets.connect(
                url, subprotocols=protocols, compression=None, max_size=None,
                max_queue=None, ping_interval=None, open_timeout=patience,
                close_timeout=patience)
        except (OSError, EOFError, asyncio.TimeoutError,
                websockets.InvalidHandshake) as error:
            raise NotServed(repr(error)) from error
        if socket_.subprotocol != SUBPROTOCOL:
            raise Unexpected(f"subprotocol {socket_.subprotocol!r}")
        return cls(socket_)

    @classmethod
    async def open(cls, path="/chat", token=None, after=None, offered=False):
        """With `welcome` heard, which is the first that comes."""
        client = await cls.dial(path, token, after, offered)
        client.welcome = await client.hear()
        if client.welcome.get("type") != "welcome":
            raise Unexpected(f"first came {client.welcome}")
        client.token = client.welcome.get("resume", token)
        return client

    async def hear(self, patience=PATIENCE):
        """The next event; websockets.ConnectionClosed at the end."""
        if patience is None:
            raw = await self.socket.recv()
        else:
            raw = await asyncio.wait_for(self.socket.recv(), patience)
        if not isinstance(raw, str):
            raise Unexpected(f"a binary message: {raw[:80]!r}")
        event = json.loads(raw)
        if not isinstance(event, dict) or "type" not in event:
            raise Unexpected(f"not an event: {raw[:80]!r}")
        return event

    async def hear_type(self, *types):
        """The next event of these types; others are put into `passed`."""
        while True:
            event = await self.hear()
            if event["type"] in types:
                return event
            if event["type"] == "error":
                raise Unexpected(f"waiting for {types}: {event}")
            self.passed.append(event)

    async def send(self, kind, **members):
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def say(self, text, **members):
        await self.send("message", text=text, **members)

    async def say_and_hear(self, text):
        """Until one's own line is there; returns it."""
        await self.say(text)
        while True:
            event = await self.hear_type("message")
            if event["text"] == text:
                return event
            self.passed.append(event)

    # leaving

    async def leave(self):
        """A clean close: the member is gone at once.  When the worker dies
        meanwhile, the end is told to who hears."""
        try:
            await self.socket.close(1000)
        except websockets.ConnectionClosed:
            pass

    def reset(self):
        """A TCP reset."""
        if self.socket.transport.is_closing():
            return
        self.socket.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.transport.abort()

    def drop(self):
        """The end of TCP, without a close frame."""
        self.socket.transport.abort()
