"""A chat server that does one thing wrong, for a test of who should notice.

Hands texts on to all that are connected, whatever the path.  With the tenth
message its third client suffers what the argument says: lose, repeat, swap
(with the eleventh), garble, stray (a text of another room, kept from it
before), cut (the connection).  The word "none" is a server without a fault.
"""

import asyncio
import sys

import websockets

FAULT = sys.argv[1]
VICTIM, WHEN = 2, 10


class Room:
    def __init__(self):
        self.members, self.said, self.kept = [], 0, None


rooms = {}


def doctored(room, text):
    """What the victim gets for one message."""
    if FAULT == "swap" and room.said == WHEN + 1:
        return [text, room.kept]
    if room.said != WHEN or FAULT == "none":
        return [text]
    room.kept = text
    other = next((r for r in rooms.values() if r is not room), room)
    return {"lose": [], "repeat": [text, text], "swap": [],
            "garble": [text.replace("~", "-")], "cut": [],
            "stray": [text, other.last]}[FAULT]


async def hand_on(room, text):
    room.said += 1
    room.last = text
    for place, member in enumerate(list(room.members)):
        if place != VICTIM:
            await member.send(text)
            continue
        if FAULT == "cut" and room.said == WHEN:
            member.transport.abort()
            continue
        for line in doctored(room, text):
            await member.send(line)


async def serve(socket, *_):
    path = getattr(socket, "path", None) or socket.request.path
    room = rooms.setdefault(path, Room())
    room.members.append(socket)
    try:
        async for text in socket:
            await hand_on(room, text)
    except websockets.exceptions.ConnectionClosed:
        pass
    finally:
        room.members.remove(socket)


async def main():
    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
