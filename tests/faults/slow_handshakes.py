#!/usr/bin/python3
"""1,000 handshakes arrive a byte at a time, as slowly as they may: memory is
flat, the talk is unharmed, and every honest connect succeeds meanwhile."""

import socket
import time

import arena
from all_workers_killed import HEAD, is_served


def drip(port, many):
    socks = []
    for _ in range(many):
        sock = socket.create_connection(("127.0.0.1", port), 5)
        sock.setblocking(False)
        socks.append(sock)
    return socks


def row(it):
    connects, memory = [], []
    many = it.count(1000, 200)

    def play(fault):
        server = it.server()
        crowd = it.crowd(server, "-n", 200, "-j", 100)
        socks = drip(server.port, many) if fault else []
        base = arena.memory_kb(server.pids())
        begin, at = time.monotonic(), 0
        while time.monotonic() < begin + 5:
            for sock in socks:
                try:
                    sock.send(HEAD[at % 80:at % 80 + 1])
                except OSError:
                    pass        # it was refused: 408
            at += 1
            if fault:
                connects.append(is_served(server.port))
            time.sleep(0.25)
        if fault:
            memory.append(arena.memory_kb(server.pids()) - base)
        judge = crowd.stop()
        for sock in socks:
            sock.close()
        server.stop()
        return judge

    it.unharmed(play, 1 if it.short else 5)
    it.tell("handshakes", many)
    it.must("memory-KB", max(memory), 2048)
    it.tell("honest-connects", len(connects))
    it.must_be("failed", connects.count(False), 0)


arena.main(row)
