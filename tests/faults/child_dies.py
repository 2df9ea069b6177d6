#!/usr/bin/python3
"""A worker, then the broker, dies at every start: it is started again with
growing pauses, nothing else needs more than 1 % of a CPU, and when it is
mended it is there within 10 s."""

import os
import re
import signal
import time

import arena


def starve(it, server, fate, role, pid, span_s):
    """Lets every start of a role fail for so long; returns the share of a CPU
    that this costs, failed starts included, and the time to the recovery."""
    fate.set(dies=role)
    os.kill(pid, signal.SIGKILL)
    arena.eventually(lambda: not arena.is_alive(pid), "its end")
    before = spent_s(server)
    begin = time.monotonic()
    time.sleep(span_s)
    share = (spent_s(server) - before) / (time.monotonic() - begin) * 100
    starts = len(re.findall(r"msg=died .* status=70 ", server.log()))
    fate.set()
    begin = time.monotonic()
    arena.eventually(server.is_ready, f"a {role}", pause=0.02)
    it.tell(f"{role}-starts", starts)
    it.must(f"{role}-cpu-percent", share, 1, timing=True)
    it.must(f"{role}-recovery-s", time.monotonic() - begin, 10)


def spent_s(server):
    """CPU of all, with that of children which are gone."""
    gone = sum(map(int, arena.stat(server.pid)[13:15])) / arena.TICK
    return gone + arena.cpu_s(server.pids())


def row(it):
    span = it.count(30, 1)
    it.expected = " status=70 "
    for role in "worker", "broker":
        fate = arena.Fate(it)
        server = it.server(env=fate.env)
        crowd = it.crowd(server, "-n", 100, "-r", 0, "-p", 20)
        time.sleep(0.5)         # past the age of a young death
        pid = server.broker_pid() if role == "broker" else \
            min(server.worker_pids())
        starve(it, server, fate, role, pid, span)
        ended = len(arena.ends_unasked(crowd.stop()))
        it.must(f"{role}-ended", ended, 0 if role == "broker" else 25)
        server.stop()


arena.main(row)
