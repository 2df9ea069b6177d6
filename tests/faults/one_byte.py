#!/usr/bin/python3
"""Clients read and write a byte at a time, and then every socket in the
server, its channels between processes included, gives and takes a byte at a
time: all is heard, the broker's death meanwhile included.  So it is in a tour
with TLS, compression and resuming.  Afterwards descriptors and users are
exactly what they were before."""

import os
import signal
import struct
import time

import arena
import tour
import wsproto

CALLS = ("recv", "recvmsg", "send", "sendmsg")      # as in fate.c


def cut_calls(fate):
    """How many of each call got less than they wanted."""
    with open(fate.path, "rb") as file:
        file.seek(struct.calcsize("q16sq"))
        return struct.unpack("4Q", file.read(32))


def descriptors(server):
    """The broker may be another."""
    return [arena.descriptors(pid) for pid in (
        server.pid, server.broker_pid(), *server.worker_pids())]


def as_before(server, before):
    wsproto.PORT = server.port
    wsproto.wait_for_users(0)
    arena.eventually(lambda: descriptors(server) == before,
                     "as many descriptors as before", pause=0.01)


def kill_broker(server):
    pid = server.broker_pid()
    os.kill(pid, signal.SIGKILL)
    arena.eventually(lambda: server.ready_ms(pid) is not None, "a new broker",
                     pause=0.01)


def crowd(it, fate, name, piece, ours):
    span = it.count(20, 2)
    server = it.server(env=fate.env)
    before = descriptors(server)
    fate.set(piece=piece)
    crowd = it.crowd(server, "-n", 30, "-r", 10, "-s", 10, "-w", 5,
                     "-b", ours)
    if piece:
        time.sleep(span / 2)
        kill_broker(server)
    time.sleep(span / 2)
    judge = crowd.stop()
    it.tell(f"{name}-said", len(judge.trace.said))
    it.must(f"{name}-ended", len(arena.ends_unasked(judge)), 0)
    it.judge(judge, f"{name}-")
    as_before(server, before)
    fate.set()
    server.stop()


def tours(it, fate):
    server = it.server(tour.CONFIG % {"folder": it.folder}, listen=None,
                       route=tour.ROUTE, env=fate.env)
    before = descriptors(server)
    fate.set(piece=1)
    guide, wrong = tour.Guide(server), []
    watchers = tour.Watchers(guide)
    for number in range(it.count(20, 2)):
        if number % 5 == 4:
            kill_broker(server)
        guide.tour()
        watchers.mark()
        wrong += guide.lost + guide.silent + watchers.lost + watchers.silent
    it.tell("tours", number + 1)
    it.must_be("tours-lost-or-silent", wrong, [])
    for guest in watchers.here.values():
        guest.cut()
    as_before(server, before)
    fate.set()
    server.stop()


def row(it):
    fate = arena.Fate(it)
    os.truncate(fate.path, 4096)    # room for what is counted
    for name, piece, ours in ("clients", 0, 1), ("server", 1, 4096), \
            ("both", 1, 1):
        crowd(it, fate, name, piece, ours)
    tours(it, fate)
    for name, count in zip(CALLS, cut_calls(fate)):
        it.tell(f"{name}-cut", count)
        if not count:
            it.wrong.append(f"no {name} has been cut")


arena.main(row)
