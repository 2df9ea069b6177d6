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
JUMPS = YEARS, -YEARS, 0


class Timers:
    """Begins one of each, and tells how late it was."""

    def __init__(self, server, span_s):
        """`span_s` is what each is set to."""
        wsproto.PORT, self.span_s = server.port, span_s
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
        while word not in (line := self.watcher.hear_text(self.span_s + 20)):
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
        self.slow.settimeout(self.span_s + 20)
        got = self.slow.recv(100)
        handshake = time.monotonic() - self.handshake_at - self.span_s
        wsproto.eq(got[:12], b"HTTP/1.1 408", "answer to a slow handshake")
        while self.name not in self.hear("left"):
            pass
        return handshake, time.monotonic() - self.grace_at - self.span_s


def row(it):
    fate, span = arena.Fate(it), 2 if it.short else 3
    server = it.server(
        f"limits {{ message-rate = 0 handshake-time = {span}"
        " ping-interval = 1 ping-timeout = 1 }"
        f' route "/lab" {{ announce = yes grace = {span}'
        ' limits { ping-interval = 60 } }',
        env=fate.env)
    crowd = it.crowd(server, "-n", it.size(200), "-r", 50)
    late = []
    for shift in JUMPS[:it.count(3, 2)]:
        timers = Timers(server, span)
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
