#!/usr/bin/python3
"""Workers are killed one by one, by SIGKILL and SIGSEGV in turn, while 500
talk: only the clients of the dead one end, it is replaced within 100 ms, and
who resumes has lost nothing."""

import os
import signal
import time

import arena


def row(it):
    kills = it.count(100, 2)
    # A sanitizer would catch the signal and end the worker by an exit.
    arena.tell_sanitizer("handle_segv=0")
    server = it.server()
    base = min(map(arena.descriptors, server.worker_pids()))
    crowd = it.crowd(server, "-n", it.size(500), "-w", 10)
    time.sleep(1)
    had, took = 0, []
    for number in range(kills):
        arena.eventually(lambda: len(server.worker_pids()) == 4,
                         "four workers")
        pid = min(server.worker_pids())     # the oldest: each in its turn
        os.kill(pid, signal.SIGSTOP)        # so that the count is exact
        had += arena.descriptors(pid) - base
        begin = time.time()
        if number % 2 == 0:
            os.kill(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGSEGV)
            os.kill(pid, signal.SIGCONT)    # who is stopped dumps no core
        arena.eventually(lambda: server.ready_ms(pid) is not None,
                         "a replacement", pause=0.01)
        took.append(server.ready_ms(pid, begin))
        # Else who comes back may come to the next that is killed; and who
        # dies young is restarted later.
        crowd.gather()
        time.sleep(0.3)
    judge = crowd.stop()
    ended = len(arena.ends_unasked(judge))
    it.tell("kills", kills)
    it.must("replaced-p95-ms", arena.share(took, 0.95), 100, timing=True)
    it.tell("replaced-max-ms", max(took))
    it.tell("ended", ended)
    it.must("ended-of-others", max(0, ended - had), 0)
    resumed = judge.trace.notes["resumed"]
    it.tell("resumes", len(resumed))
    over_tls = len(arena.over_tls(judge, resumed))
    it.tell("resumes-over-tls", over_tls)
    it.must_be("some-over-tls", over_tls > 0, True)
    it.must_be("refused", len(judge.trace.notes["refused"]), 0)
    it.judge(judge)


arena.main(row)
