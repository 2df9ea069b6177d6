#!/usr/bin/python3
"""The broker is stopped for 10 s: after 5 s it is killed and replaced, nobody
is disconnected and nothing is lost."""

import arena
from worker_hangs import hang


def row(it):
    server = it.server()
    crowd = it.crowd(server, "-n", 500, "-w", 10)
    deaths, replaced = [], []
    for _ in range(it.count(5, 1)):
        _, dead, ready = hang(server, server.broker_pid)
        deaths.append(dead)
        replaced.append(ready)
    judge = crowd.stop()
    pauses = [(one.last - one.due) / 1e6
              for one in judge.trace.said.values() if one.last]
    it.tell("hangs", len(deaths))
    it.must("killed-after-s", max(deaths), 6.5, timing=True)
    it.tell("replaced-max-ms", max(replaced))
    it.tell("pause-max-s", max(pauses))
    it.must_be("dropped", len(arena.ends_unasked(judge)), 0)
    it.judge(judge)


arena.main(row)
