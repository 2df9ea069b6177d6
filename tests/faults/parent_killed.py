#!/usr/bin/python3
"""The parent is killed while 500 talk: after 2 s no process is left, and the
port can be bound."""

import os
import signal
import socket
import time

import arena


def can_bind(port):
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
            sock.listen()
        except OSError:
            return False
    return True


def row(it):
    gone, free = [], []
    for _ in range(it.count(10, 1)):
        server = it.server()
        crowd = it.crowd(server, "-n", 500)
        pids = server.pids()
        begin = time.monotonic()
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()
        arena.eventually(lambda: not any(map(arena.is_alive, pids)),
                         "the end of all processes")
        gone.append((time.monotonic() - begin) * 1000)
        arena.eventually(lambda: can_bind(server.port), "a free port")
        free.append((time.monotonic() - begin) * 1000)
        crowd.process.kill()
        crowd.process.wait()
    it.tell("kills", len(gone))
    it.must("all-gone-max-ms", max(gone), 2000)
    it.must("port-free-max-ms", max(free), 2000)


arena.main(row)
