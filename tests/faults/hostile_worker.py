#!/usr/bin/python3
"""A worker that has turned against the server, in a build where there is one,
sends a million records to broker and parent: what any worker may, out of
order, then what none may.  It is ended each time, nobody else is touched, and
memory stays as it is."""

import mmap
import os
import re
import signal
import struct
import time

import arena

HOSTILE = os.environ.get("HOSTILE_SERVER", os.path.join(
    os.path.dirname(arena.WSCHATD), "tests/faults/hostile"))
OPTIONS = """log-size = "8M" limits { message-rate = 0 }
route "/evil" { kind = chat }"""


def row(it):
    flag, path = (os.path.join(it.folder, name) for name in ("on", "count"))
    with open(path, "wb") as file:
        file.truncate(8)
    with open(path, "r+b") as file:
        count = mmap.mmap(file.fileno(), 8)
    server = it.server(OPTIONS, program=HOSTILE, env={
        **os.environ, "HOSTILE": flag, "HOSTILE_COUNT": path})
    # The worker that has nobody: those of the crowd come and go with theirs.
    victim = max(server.worker_pids())
    crowd = it.crowd(server, "-n", it.size(200), "-w", 10)
    broker, want = server.broker_pid(), it.count(1000000, 20000)
    lives, ended, memory = 0, 0, 0
    while struct.unpack("<Q", count[:])[0] < want:
        with open(flag, "wb"):
            pass
        os.kill(victim, signal.SIGKILL)
        arena.eventually(lambda: not os.path.exists(flag), "a hostile one")
        lives += 1
        bad = max(server.worker_pids())
        arena.eventually(lambda: not arena.is_alive(bad), "its end", 10)
        arena.eventually(server.is_ready, "a ready server")
        victim = max(server.worker_pids())
        if lives == 3:
            memory = arena.memory_kb([server.pid, broker])
    grown = arena.memory_kb([server.pid, broker]) - memory
    judge = crowd.stop()
    it.tell("records", struct.unpack("<Q", count[:])[0])
    it.tell("lives", lives)
    it.must_be("the-same-broker", server.broker_pid() == broker, True)
    it.must_be("workers-given-up", len(re.findall(
        r"msg=killed child=worker", server.log())), lives)
    # A sample has too few lives to tell what the first ones take.
    if memory:
        it.must("memory-grown-KB", grown, 1024)
    it.judge(judge)


arena.main(row)
