#!/usr/bin/python3
"""A chat of Python's websockets: who is on a path hears what is said there.

    chat.py PORT
"""

import asyncio
import collections
import sys

import websockets

rooms = collections.defaultdict(set)


async def serve(socket, *_):
    path = getattr(socket, "path", None) or socket.request.path
    rooms[path].add(socket)
    try:
        async for text in socket:
            websockets.broadcast(rooms[path], text)
    except websockets.exceptions.ConnectionClosed:
        pass
    finally:
        rooms[path].discard(socket)


async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]),
                                backlog=4096):
        await asyncio.Future()


asyncio.run(main())
