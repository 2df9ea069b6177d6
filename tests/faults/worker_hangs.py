#!/usr/bin/python3
"""A worker is stopped for 30 s: after 5 s it is killed and replaced, and the
clients of the others are unharmed."""

import os
import signal
import time

import arena


def hang(server, find):
    """Stops a process that has answered a ping; returns it, and how long it
    took until it was dead, and until the next of its kind was ready."""
    time.sleep(1.5)
    pid = find()
    begin = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    arena.eventually(lambda: not arena.is_alive(pid), "its end", 30)
    dead = time.monotonic() - begin
    arena.eventually(lambda: server.ready_ms(pid) is not None,
                     "a replacement", pause=0.01)
    return pid, dead, server.ready_ms(pid)


def row(it):
    deaths, replaced = [], []

    def play(fault):
        server = it.server()
        crowd = it.crowd(server, "-n", 500)
        if fault:
            _, dead, ready = hang(server, lambda: min(server.worker_pids()))
            deaths.append(dead)
            replaced.append(ready)
            time.sleep(1)
        else:
            time.sleep(8)
        judge = crowd.stop()
        server.stop()
        return judge

    it.unharmed(play, it.count(5, 1))
    it.must("killed-after-s", max(deaths), 6.5, timing=True)
    it.tell("replaced-max-ms", max(replaced))


if __name__ == "__main__":
    arena.main(row)
