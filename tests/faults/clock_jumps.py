#!/usr/bin/python3
"""The wall clock is moved by ten years, forth and back: no timer of the
server is early or late, and what was said is not said again."""

import json
import re
import socket
import time

import arena
import wsproto
from wsproto import Peer

YEARS = 10 * 365 * 86400
SPAN_S = 3              # of each timer that is watched
JUMPS = YEARS, -YEARS, 0


class Timers:
    """Begins one of each, and tells how late it was."""

    def __init__(self, server):
        wsproto.PORT = server.port
        self.slow = socket.create_connection(("127.0.0.1", server.port), 10)
        self.slow.sendall(b"GET /lab HT")
        self.handshake_at = time.monotonic()
        self.watcher = Peer("/lab")
        one = Peer("/lab?resume=new")
        one.send_text("hello")
        self.name = re.search(r"user\d+", self.hear("hello"))[0]
        one.sock.close()
        self.grace_at = time.monotonic()
        self.json = Peer("/lab", fields=[
            "Sec-WebSocket-Protocol: wschat.v1"])
        self.say()

    def hear(self, word):
        while word not in (line := self.watcher.hear_text(SPAN_S * 3)):
            pass
        return line

    def say(self):
        """The number of the message; said again it is still this."""
        self.json.send_text(json.dumps(
            {"type": "message", "text": "x", "id": "once"}))
        while (got := json.loads(self.json.hear_text()))["type"] != "ack":
            pass
        return got["seq"]

    def late_s(self):
        self.slow.settimeout(SPAN_S * 3)
        got = self.slow.recv(100)
        handshake = time.monotonic() - self.handshake_at - SPAN_S
        wsproto.eq(got[:12], b"HTTP/1.1 408", "answer to a slow handshake")
        while self.name not in self.hear("left"):
            pass
        return handshake, time.monotonic() - self.grace_at - SPAN_S


def row(it):
    fate = arena.Fate(it)
    server = it.server(
        f"limits {{ message-rate = 0 handshake-time = {SPAN_S}"
        " ping-interval = 1 ping-timeout = 1 }"
        f' route "/lab" {{ announce = yes grace = {SPAN_S}'
        ' limits { ping-interval = 60 } }',
        env=fate.env)
    crowd = it.crowd(server, "-n", it.size(200), "-r", 50)
    late = []
    for shift in JUMPS[:it.count(3, 2)]:
        timers = Timers(server)
        seq = timers.say()
        time.sleep(1)
        fate.set(wall_shift_s=shift)
        it.must_be("said-again", timers.say() - seq, 0)
        late += timers.late_s()
        timers.watcher.sock.close()
        timers.json.sock.close()
    time.sleep(3)           # idle clients are pinged meanwhile
    judge = crowd.stop()
    years = {int(year) for year in re.findall(r"^time=(\d{4})", server.log(),
                                              re.M)}
    it.must_be("years-apart", max(years) - min(years) >= 9, True)
    it.must("early-s", -min(late), 0.1)
    it.must("late-s", max(late), 1.5, timing=True)
    it.must_be("ended", len(arena.ends_unasked(judge)), 0)
    it.judge(judge)


arena.main(row)
