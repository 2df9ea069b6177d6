#!/usr/bin/python3
"""The broker is killed again and again while 500 talk: nobody is
disconnected, the pause is at most 200 ms, and nothing is lost."""

import os
import signal
import time

import arena


def row(it):
    kills = it.count(100, 3)
    server = it.server()
    crowd = it.crowd(server, "-n", it.size(500), "-w", 10)
    time.sleep(1)
    moments = []
    for _ in range(kills):
        pid = arena.eventually(server.broker_pid, "a broker")
        moments.append(time.monotonic())
        os.kill(pid, signal.SIGKILL)
        arena.eventually(lambda: server.ready_ms(pid) is not None,
                         "a new broker", pause=0.01)
        time.sleep(0.3)     # past the age of a young death
    judge = crowd.stop()
    # What is said behind the next kill is the next one's.
    pauses = [arena.pause_ms(judge, at, 0.3) for at in moments]
    it.tell("kills", kills)
    it.tell("pause-median-ms", arena.share(pauses, 0.5))
    it.must("pause-p95-ms", arena.share(pauses, 0.95), 200, timing=True)
    it.tell("pause-max-ms", max(pauses))
    it.must_be("dropped", len(arena.ends_unasked(judge)), 0)
    it.judge(judge)


arena.main(row)
