#!/usr/bin/python3
"""The server's standard error is a pipe that nobody reads, then one whose
reader is gone: it serves on, and says how many lines were dropped."""

import os
import re
import time

import arena
from all_workers_killed import is_served


def dropped_lines(reader, server):
    """Reads the pipe empty; each process says with its next line how many
    it had to drop.  More clients come so that there are next lines."""
    os.set_blocking(reader, False)
    text = b""
    for _ in range(40):
        try:
            while True:
                text += os.read(reader, 1 << 20)
        except BlockingIOError:
            is_served(server.port)
    return sum(map(int, re.findall(rb'log lines lost" lines=(\d+)', text)))


def play(it, close_it):
    reader, writer = os.pipe()
    server = it.server("log-level = debug limits { message-rate = 0 }",
                       stderr=writer)
    os.close(writer)
    text = b""
    while not server.find_ports(text.decode()):
        text += os.read(reader, 65536)
    arena.eventually(server.is_ready, "a ready server", pause=0.01)
    if close_it:
        os.close(reader)
    crowd = it.crowd(server, "-n", 200)
    # Hundreds of lines of the log each: far more than a pipe takes.
    for _ in range(10):
        crowd.drop(100)
        time.sleep(0.2)
    judge = crowd.stop()
    alive = arena.is_alive(server.pid) and len(server.worker_pids()) == 4
    dropped = None
    if not close_it:
        dropped = dropped_lines(reader, server)
        os.close(reader)
    server.stop()
    return judge, alive, dropped


def row(it):
    for name, close_it in ("unread-", False), ("closed-", True):
        judge, alive, dropped = play(it, close_it)
        it.must_be(name + "serves", alive, True)
        if dropped is not None:
            it.tell("lines-told-as-dropped", dropped)
            it.must_be("told", dropped > 0, True)
        it.judge(judge, name)


arena.main(row)
