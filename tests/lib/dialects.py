"""A server of one dialect of wschat-bench, as small as its documents allow:
`mqtt` or `nats` by the first argument, one room for each topic.

The second argument is a fault: none; refuse (the subscription); split (a
packet goes over the end of a message, which neither protocol's servers do).
Other packets share the message of each text.  Prints its port.
"""

import asyncio
import collections
import struct
import sys

import websockets

DIALECT, FAULT = sys.argv[1:3]
rooms = collections.defaultdict(set)      # topic: sockets


def mqtt_packets(data):
    """(type, body) of each in a message."""
    while data:
        size, at = data[1] & 0x7f, 2
        if data[1] & 0x80:
            size, at = size | data[2] << 7, 3
        yield data[0] >> 4, data[at:at + size]
        data = data[at + size:]


async def mqtt(socket, data):
    for kind, body in mqtt_packets(data):
        if kind == 1:
            assert body == b"\0\4MQTT\4\2\0\0\0\0", body
            await socket.send(b"\x20\2\0\0")
        elif kind == 8:
            size, = struct.unpack("!H", body[2:4])
            code = b"\x80" if FAULT == "refuse" else b"\0"
            rooms[body[4:4 + size]].add(socket)
            await socket.send(b"\x90\3" + body[:2] + code)
        elif kind == 3:
            size, = struct.unpack("!H", body[:2])
            await hand_on(body[2:2 + size], data)


async def nats(socket, data):
    while data:
        line, data = data.split(b"\r\n", 1)
        words = line.split(b" ")
        if words[0] == b"SUB":
            rooms[words[1]].add(socket)
        elif words[0] == b"PING":
            await socket.send(b"-ERR 'no'\r\n" if FAULT == "refuse"
                              else b"INFO {}\r\nPONG\r\nPING\r\n")
        elif words[0] == b"PONG":
            socket.has_ponged = True
        elif words[0] == b"PUB":
            assert getattr(socket, "has_ponged", False)
            size = int(words[2])
            await hand_on(words[1], b"MSG %s 1 %d\r\n%s\r\n" % (
                words[1], size, data[:size]))
            data = data[size + 2:]


async def hand_on(topic, packet):
    other = {"mqtt": b"\xd0\0", "nats": b"+OK\r\n"}[DIALECT]
    for member in list(rooms[topic]):
        if FAULT == "split":
            await member.send(packet[:20])
            await member.send(packet[20:])
        else:
            await member.send(other + packet + other)


async def serve(socket, *_):
    if DIALECT == "nats":
        await socket.send(b'INFO {"server_id":"doctored"}\r\n')
    try:
        async for data in socket:
            await {"mqtt": mqtt, "nats": nats}[DIALECT](socket, data)
    except websockets.exceptions.ConnectionClosed:
        pass
    finally:
        for members in rooms.values():
            members.discard(socket)


async def main():
    async with websockets.serve(
            serve, "127.0.0.1", 0,
            subprotocols=["mqtt"] if DIALECT == "mqtt" else None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
