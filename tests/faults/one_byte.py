#!/usr/bin/python3
"""Clients read and write a byte at a time, and then every socket in the
server, its channels between processes included, gives and takes a byte at a
time: all is heard."""

import os
import signal
import time

import arena


def row(it):
    span = it.count(20, 2)
    fate = arena.Fate(it)
    for name, piece, ours in ("clients", 0, 1), ("server", 1, 4096), \
            ("both", 1, 1):
        server = it.server(env=fate.env)
        fate.set(piece=piece)
        crowd = it.crowd(server, "-n", 30, "-r", 10, "-s", 10, "-w", 5,
                         "-b", ours)
        if piece:
            time.sleep(span / 2)
            pid = server.broker_pid()
            os.kill(pid, signal.SIGKILL)
            arena.eventually(lambda: server.ready_ms(pid) is not None,
                             "a new broker", pause=0.01)
        time.sleep(span / 2)
        judge = crowd.stop()
        it.tell(f"{name}-said", len(judge.trace.said))
        it.must(f"{name}-ended", len(arena.ends_unasked(judge)), 0)
        it.judge(judge, f"{name}-")
        fate.set()
        server.stop()


arena.main(row)
