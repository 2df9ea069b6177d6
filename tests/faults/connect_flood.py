#!/usr/bin/python3
"""20,000 connects come from one address at full rate, each with a request:
memory is flat, the talk is unharmed, and every honest connect succeeds."""

import collections
import socket
import struct
import threading
import time

import arena
from all_workers_killed import HEAD, is_served

HELD = 1500		# beyond the limit of an address


class Flood(threading.Thread):
    """Keeps the newest HELD open and resets the others."""

    def __init__(self, port, many, source):
        super().__init__(daemon=True)
        self.port, self.many, self.source = port, many, source
        self.made = self.failed = self.took = 0
        self.start()

    def run(self):
        held, begin = collections.deque(), time.monotonic()
        while self.made < self.many:
            held.append(self.connect())
            if len(held) > HELD:
                held.popleft().close()
        self.took = time.monotonic() - begin
        for sock in held:
            sock.close()

    def connect(self):
        sock = socket.socket()
        sock.settimeout(5)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        self.made += 1
        try:
            sock.bind((self.source, 0))
            sock.connect(("127.0.0.1", self.port))
            sock.send(HEAD.replace(b"/chat", b"/echo"))
        except OSError:
            self.failed += 1
        return sock


def row(it):
    honest, memory, rates = [], [], []
    seconds = 2 if it.short else 5
    many = it.count(20000, 2000)

    def play(fault):
        server = it.server("limits { message-rate = 0 loopback-exempt = no }")
        crowd = it.crowd(server, "-n", 200)
        base, begin = arena.memory_kb(server.pids()), time.monotonic()
        flood = Flood(server.port, many, "127.0.0.2") if fault else None
        most = 0
        while time.monotonic() < begin + seconds or (flood and flood.is_alive()):
            served = is_served(server.port)
            if fault:
                honest.append(served)
                most = max(most, arena.memory_kb(server.pids()) - base)
            time.sleep(0.1)
        if fault:
            memory.append(most)
            rates.append(many / flood.took)
            it.must_be("unanswered", flood.failed, 0)
        judge = crowd.stop()
        server.stop()
        return judge

    it.unharmed(play, 1 if it.short else 5)
    it.tell("connects/s", min(rates))
    it.tell("honest-connects", len(honest))
    it.must_be("honest-failed", honest.count(False), 0)
    it.must("memory-KB", max(memory), 4096)


arena.main(row)
