#!/usr/bin/python3
"""2,000 readers stall where no process may have more than 128 MiB of address
space, by default and with limits.memory so low that it is short: nobody else
loses anything, and parent, broker and workers live."""

import time

import arena
from stalled_readers import LargeTalk

CEILING = ["prlimit", f"--as={128 << 20}"]
LINE = 20_000
HONEST = 100


def play(it, many, memory):
    server = it.server('log-level = debug log-size = "4M" '
                       f"limits {{ message-rate = 0 memory = {memory} }}",
                       before=CEILING)
    crowd = it.crowd(server, "-n", HONEST + many, "-S", many, "-j",
                     HONEST // 2, "-s", 50, "-r", 50)
    pids = server.pids()
    base = arena.memory_kb(pids)
    talk, begin, most = LargeTalk(server, LINE, 10), time.monotonic(), 0
    while time.monotonic() < begin + 15:
        most = max(most, arena.memory_kb(pids) - base)
        if server.closed_for("backlog") + server.closed_for("memory") >= many:
            break
        time.sleep(0.1)
    talk.stop()
    judge = crowd.stop()
    name = "low-" if memory else ""
    backlog, short = map(server.closed_for, ("backlog", "memory"))
    it.tell(name + "closed-for-backlog", backlog)
    it.tell(name + "closed-for-memory", short)
    it.must_be(name + "closed", backlog + short, many)
    if memory:
        it.must(name + "memory-MiB", most / 1024, 2 * memory / 2**20)
        it.must_be(name + "was-short", short > 0, True)
    else:
        it.tell("memory-MiB", most / 1024)
    it.judge(judge, name)
    it.must_be(name + "others-ended", len(arena.ends_unasked(judge)), 0)
    it.must_be(name + "same-processes", server.pids() == pids, True)
    server.stop()


def row(it):
    many = it.count(2000, 400)
    play(it, many, 0)
    play(it, many, 6144 * many)


arena.main(row)
