#!/usr/bin/python3
"""For 20 minutes 50 connections a second come, say something and go, by a
close, a reset or a FIN, some of them to come back: memory grows by at most 1 %
an hour behind the first quarter, and descriptors are exactly what they were.
--rounds is the number of seconds."""

import random
import socket
import struct
import time

import arena
import wsproto
from wsproto import CLOSE, TEXT, frame, upgrade_head

RATE, STAY_S = 50, 2.0


class Visit:
    """One connection; it goes when its time has come."""

    def __init__(self, port, now):
        self.ends = now + random.uniform(0.1, STAY_S)
        room = random.choice(["", "", "/a", f"/{random.randrange(100)}"])
        path = random.choice(["/chat" + room, "/chat" + room + "?resume=new",
                              "/echo", "/ws"])
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.sock.sendall(upgrade_head(path))
        wsproto.eq(self.sock.recv(4096)[:12], b"HTTP/1.1 101", "status")
        self.sock.sendall(frame(TEXT, "churn"))
        self.sock.setblocking(False)

    def end(self):
        how = random.randrange(3)
        try:
            if how == 0:
                self.sock.send(frame(CLOSE, b"\x03\xe8"))
            elif how == 1:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.sock.close()


def slope(points):
    """Least squares: what the second of each pair grows by a second."""
    n = len(points)
    x, y = (sum(p[i] for p in points) / n for i in (0, 1))
    square = sum((p[0] - x) ** 2 for p in points)
    return sum((p[0] - x) * (p[1] - y) for p in points) / square \
        if square else 0


def row(it):
    span = it.count(1200, 3)
    # A log that is soon full, so that its pages do not count as growth.
    server = it.server('log-size = "1M" limits { message-rate = 0 } route "/ws" { kind = chat'
                       ' grace = 5 identity = session }'
                       ' route "/chat" { grace = 5 }')
    pids = server.pids()
    fds = [arena.descriptors(pid) for pid in pids]
    visits, points, came = [], [], 0
    begin = measured = time.monotonic()
    while (now := time.monotonic()) < begin + span or visits:
        while came < (now - begin) * RATE and now < begin + span:
            visits.append(Visit(server.port, now))
            came += 1
        for visit in [v for v in visits if v.ends <= now]:
            visits.remove(visit)
            visit.end()
        if now > measured + span / 240:
            points.append((now - begin, arena.memory_kb(pids)))
            measured = now
        time.sleep(0.005)
    arena.eventually(lambda: [arena.descriptors(p) for p in pids] == fds,
                     "as many descriptors as before", 40, 0.1)
    warm = [point for point in points if span / 4 < point[0] < span]
    level = sum(kb for _, kb in warm) / len(warm)
    it.tell("connections", came)
    it.tell("memory-KB", level)
    it.must("growth-percent-per-hour", slope(warm) * 3600 / level * 100, 1,
            timing=True)
    it.must_be("pids", server.pids(), pids)


arena.main(row)
