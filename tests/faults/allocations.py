#!/usr/bin/python3
"""Allocation number N fails after the start, for every N of a tour of all
that clients do: once, and from N on.  No process ends; one failure costs one
connection at most; when there is memory again all is as it was, and nothing
has leaked."""

import os
import re
import signal
import sys
import time

import arena
import tour
from scarcity import Scarcity

SETTLE = 0.02


def settled(scarcity):
    """Counts, when nothing changes any more."""
    before = None

    def now():
        nonlocal before
        was, before = before, [(role.blocks, role.calls)
                               for role in scarcity.roles.values()]
        return was == before
    arena.eventually(now, "quiet", pause=SETTLE)
    return {name: role.blocks for name, role in scarcity.roles.items()}


class Trial:
    def __init__(self, it):
        self.it = it
        tour.make_certificate(it.folder)
        self.scarcity = Scarcity(it.folder)
        self.server = it.server(
            tour.CONFIG % {"folder": it.folder}, workers=1, listen=None,
            route=tour.ROUTE, env=self.scarcity.env)
        self.guide = tour.Guide(self.server)
        self.watchers = tour.Watchers(self.guide)
        self.pids = self.now()
        self.lost = self.most = 0

    def now(self):
        return {name: role.pid for name, role in self.scarcity.roles.items()}

    def reload(self):
        """What the parent needs memory for; it may say that it has none."""
        def told():
            return len(re.findall(r"msg=reloaded|not reloaded",
                                  self.server.log()))
        before = told()
        os.kill(self.server.pid, signal.SIGHUP)
        arena.eventually(lambda: told() > before or not arena.is_alive(
            self.server.pid), "the end of a reload")

    def complain(self, role, number, goes_on, what):
        print(f"allocations: {role} {number}{' on' if goes_on else ''}: "
              f"{what}\n    {self.scarcity.roles[role].who()}",
              file=sys.stderr)
        self.it.wrong.append(f"{role} {number}")

    def fail(self, name, number, goes_on):
        """False: there were not so many."""
        role = self.scarcity.roles[name]
        # Without any memory there may be no answer; it is not waited for.
        tour.WAIT = 2 if goes_on else 20
        role.fail(number, goes_on)
        if name == "parent":
            self.reload()
        guide = self.guide.tour()
        marks = self.watchers.mark()
        failed = role.relent()
        if not failed:
            return False
        lost = guide.lost + marks.lost
        self.most = max(self.most, 0 if goes_on else len(lost))
        self.lost += len(lost)
        if not goes_on and len(lost) > 1:
            self.complain(name, number, goes_on, f"lost {lost}")
        if not goes_on and guide.silent + marks.silent:
            self.complain(name, number, goes_on,
                          f"silent {guide.silent + marks.silent}")
        if self.now() != self.pids or not arena.is_alive(self.server.pid):
            self.complain(name, number, goes_on, "a process has ended")
            arena.eventually(self.server.is_ready, "a ready server")
            self.pids = self.now()
            self.watchers.mark()
        self.watchers.fill()
        if goes_on:
            self.recover(name, number)
        return True

    def recover(self, name, number):
        """All is as it was."""
        tour.WAIT = 20
        again, marks = self.guide.tour(), self.watchers.mark()
        if again.lost + again.silent + marks.lost + marks.silent:
            self.complain(name, number, True, "does not recover: "
                          f"{again.lost + again.silent}"
                          f"{marks.lost + marks.silent}")


def row(it):
    trial = Trial(it)
    for _ in range(5):
        trial.reload()
        trial.guide.tour()
        trial.watchers.mark()
    before = settled(trial.scarcity)
    step = it.count(1, 97)
    for name in "parent", "broker", "worker":
        number = 1
        while trial.fail(name, number, False):
            trial.fail(name, number, True)
            # A reload has thousands.
            number += step * (4 if it.short and name == "parent" else 1)
        it.tell(f"{name}-allocations", number)
    for _ in range(3):
        trial.guide.tour()
        trial.watchers.mark()
    # Who was cut off in between is away for the grace time.
    end = time.monotonic() + 3
    while (after := settled(trial.scarcity)) != before and \
            time.monotonic() < end:
        time.sleep(0.2)
    it.tell("failures-cost-connections", trial.lost)
    it.must("connections-lost-by-one-failure", trial.most, 1)
    for name, blocks in before.items():
        it.tell(f"{name}-blocks", f"{blocks}->{after[name]}")


arena.main(row)
