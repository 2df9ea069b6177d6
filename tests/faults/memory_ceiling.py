#!/usr/bin/python3
"""2,000 readers stall where no process may have more than 128 MiB of address
space: nobody else loses anything, and parent, broker and workers live."""

import time

import arena
from stalled_readers import LargeTalk

CEILING = ["prlimit", f"--as={128 << 20}"]
LINE = 20_000
HONEST = 100


def row(it):
    many = it.count(2000, 400)
    server = it.server('log-level = debug log-size = "4M" '
                       "limits { message-rate = 0 }", before=CEILING)
    crowd = it.crowd(server, "-n", HONEST + many, "-S", many, "-j",
                     HONEST // 2, "-s", 50, "-r", 50)
    pids = server.pids()
    base = arena.memory_kb(pids)
    talk = LargeTalk(server, LINE, 20 if it.short else 10)
    begin, most = time.monotonic(), 0
    while time.monotonic() < begin + 60:
        most = max(most, arena.memory_kb(pids) - base)
        if server.closed_for("backlog") + server.closed_for("memory") >= many:
            break
        time.sleep(0.1)
    talk.stop()
    judge = crowd.stop()
    backlog, short = map(server.closed_for, ("backlog", "memory"))
    it.tell("closed-for-backlog", backlog)
    it.tell("closed-for-memory", short)
    it.must_be("closed", backlog + short, many)
    it.tell("memory-MiB", most / 1024)
    it.judge(judge)
    it.must_be("others-ended", len(arena.ends_unasked(judge)), 0)
    it.must_be("same-processes", server.pids() == pids, True)
    server.stop()


arena.main(row)
