#!/usr/bin/python3
"""The parent has no descriptor left for what it accepts: it does not spin,
who connects gets a 503, those inside are unharmed, and new ones are served
within a second after there are descriptors again."""

import os
import resource
import socket
import time

import arena


def answer(port):
    """The first bytes of the answer to a request; b"" for none."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as sock:
            sock.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
            return sock.recv(100)
    except OSError:
        return b""


def row(it):
    server = it.server()
    used = arena.descriptors(server.pid)
    crowd = it.crowd(server, "-n", it.size(200))
    arena.eventually(lambda: arena.descriptors(server.pid) == used,
                     "all connections passed on")
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    # They lie side by side, so that not one more can be had.
    top = max(int(fd) for fd in os.listdir(f"/proc/{server.pid}/fd"))
    it.must_be("free-below-the-limit", top + 1 - used, 0)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used, hard))
    begin, busy = time.monotonic(), arena.cpu_s([server.pid])
    waiting = [socket.create_connection(("127.0.0.1", server.port), 2)
               for _ in range(50)]
    kinds = {}
    while time.monotonic() < begin + (1 if it.short else 3):
        got = answer(server.port)[9:12].decode() or "none"
        kinds[got] = kinds.get(got, 0) + 1
        time.sleep(0.2)
    spent = arena.cpu_s([server.pid]) - busy
    cpu = 100 * spent / (time.monotonic() - begin)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))
    begin = time.monotonic()
    arena.eventually(lambda: answer(server.port)[9:12] == b"200", "service")
    again = (time.monotonic() - begin) * 1000
    for sock in waiting:
        sock.close()
    judge = crowd.stop()
    it.tell("answers", ",".join(f"{n}x{k}" for k, n in kinds.items()))
    it.must("parent-cpu-%", cpu, 5, timing=True)
    it.must_be("others-than-503", sum(n for k, n in kinds.items()
                                      if k != "503"), 0)
    it.must("serves-again-ms", again, 1000, timing=True)
    it.judge(judge)


arena.main(row)
